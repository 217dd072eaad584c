//! Filters and paths of RFC 7644 (sections 3.4.2.2 and 3.5.2), read into a tree. Length, depth and the
//! number of comparisons are bounded, whatever is sent.

use super::Refusal;

/// So many characters a filter may have.
pub const LENGTH_MAX: usize = 2_000;
/// So deep brackets may stand in each other.
const DEPTH_MAX: usize = 16;
/// So many comparisons a filter may make.
const COMPARISONS_MAX: usize = 50;

/// What compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Contains.
    Contains,
    /// Starts with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
}

/// What is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// A text.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A number, as it was written.
    Number(String),
    /// No value.
    Null,
}

/// An attribute, in lower case: names have no case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The schema named before it.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// A part of it.
    pub part: Option<String>,
}

/// What resources have to match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filter {
    /// A comparison.
    Compare(Attribute, Operator, Literal),
    /// The attribute has a value.
    Present(Attribute),
    /// One value of the attribute matches all of it.
    Within(Attribute, Box<Filter>),
    /// All of them.
    And(Vec<Filter>),
    /// One of them.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

/// Where a change is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The attribute; the part stands behind the brackets, where there are some.
    pub attribute: Attribute,
    /// Which of its values.
    pub filter: Option<Filter>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`Refusal::Filter`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader::new(text).map_err(Refusal::Filter)?;
        let filter = reader.any(0).and_then(|filter| reader.end().map(|()| filter));
        filter.map_err(|why| Refusal::Filter(format!("{why} at character {}", reader.at + 1)))
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`Refusal::Path`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader::new(text).map_err(Refusal::Path)?;
        let path = reader.path().and_then(|path| reader.end().map(|()| path));
        path.map_err(|why| Refusal::Path(format!("{why} at character {}", reader.at + 1)))
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
    comparisons: usize,
}

type Read<T> = Result<T, String>;

impl Reader {
    fn new(text: &str) -> Read<Self> {
        if text.chars().count() > LENGTH_MAX {
            return Err(format!("More than {LENGTH_MAX} characters"));
        }
        Ok(Self { text: text.chars().collect(), at: 0, comparisons: 0 })
    }

    fn spaces(&mut self) {
        while self.text.get(self.at).is_some_and(|character| character.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.spaces();
        self.text.get(self.at).copied()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, expected: char) -> Read<()> {
        if self.take(expected) { Ok(()) } else { Err(format!("`{expected}` is missing")) }
    }

    fn end(&mut self) -> Read<()> {
        if self.peek().is_none() { Ok(()) } else { Err("Something follows that doesn't belong there".into()) }
    }

    /// The word that follows, without taking it.
    fn word(&mut self) -> String {
        self.spaces();
        let letters = self.text.iter().skip(self.at).take_while(|letter| letter.is_ascii_alphabetic());
        letters.map(char::to_ascii_lowercase).collect()
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.word() == keyword;
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn any(&mut self, depth: usize) -> Read<Filter> {
        let mut parts = vec![self.all(depth)?];
        while self.keyword("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn all(&mut self, depth: usize) -> Read<Filter> {
        let mut parts = vec![self.term(depth)?];
        while self.keyword("and") {
            parts.push(self.term(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn term(&mut self, depth: usize) -> Read<Filter> {
        if depth > DEPTH_MAX {
            return Err("Too many brackets in each other".into());
        }
        if self.take('(') {
            let inner = self.any(depth + 1)?;
            self.expect(')')?;
            return Ok(inner);
        }
        let start = self.at;
        if self.keyword("not") {
            if self.take('(') {
                let inner = self.any(depth + 1)?;
                self.expect(')')?;
                return Ok(Filter::Not(Box::new(inner)));
            }
            // An attribute may begin like this.
            self.at = start;
        }
        self.comparison(depth)
    }

    fn comparison(&mut self, depth: usize) -> Read<Filter> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return Err(format!("More than {COMPARISONS_MAX} comparisons"));
        }
        let mut attribute = self.attribute()?;
        if self.take('[') {
            let inner = self.any(depth + 1)?;
            self.expect(']')?;
            // Some programs write the filter of a path here: emails[type eq "work"].value eq "…".
            if self.text.get(self.at) == Some(&'.') {
                self.at += 1;
                attribute.part = Some(self.name()?);
                let compared = self.operation(attribute.clone())?;
                let whole = Attribute { part: None, ..attribute };
                return Ok(Filter::And(vec![Filter::Within(whole, Box::new(inner)), compared]));
            }
            return Ok(Filter::Within(attribute, Box::new(inner)));
        }
        self.operation(attribute)
    }

    fn operation(&mut self, attribute: Attribute) -> Read<Filter> {
        let word = self.word();
        let operator = match word.as_str() {
            "pr" => {
                self.at += word.len();
                return Ok(Filter::Present(attribute));
            }
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => return Err("An operator is missing".into()),
        };
        self.at += word.len();
        Ok(Filter::Compare(attribute, operator, self.literal()?))
    }

    fn name(&mut self) -> Read<String> {
        let start = self.at;
        if self.text.get(self.at).is_some_and(|first| first.is_ascii_alphabetic() || *first == '$') {
            self.at += 1;
            while self
                .text
                .get(self.at)
                .is_some_and(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
            {
                self.at += 1;
            }
        }
        if start == self.at {
            return Err("The name of an attribute is missing".into());
        }
        Ok(self.text[start..self.at].iter().collect::<String>().to_ascii_lowercase())
    }

    fn attribute(&mut self) -> Read<Attribute> {
        self.spaces();
        let schema = if self.word() == "urn" && self.text.get(self.at + 3) == Some(&':') {
            let rest = &self.text[self.at..];
            let length = rest
                .iter()
                .take_while(|letter| {
                    letter.is_ascii_alphanumeric() || matches!(letter, ':' | '.' | '-' | '_')
                })
                .count();
            let colon = rest[..length].iter().rposition(|letter| *letter == ':').unwrap_or(0);
            let schema: String = rest[..colon].iter().collect();
            self.at += colon + 1;
            Some(schema.to_ascii_lowercase())
        } else {
            None
        };
        let name = self.name()?;
        let part = if self.text.get(self.at) == Some(&'.') {
            self.at += 1;
            Some(self.name()?)
        } else {
            None
        };
        Ok(Attribute { schema, name, part })
    }

    fn path(&mut self) -> Read<Path> {
        let mut attribute = self.attribute()?;
        let mut filter = None;
        if attribute.part.is_none() && self.take('[') {
            filter = Some(self.any(0)?);
            self.expect(']')?;
            if self.text.get(self.at) == Some(&'.') {
                self.at += 1;
                attribute.part = Some(self.name()?);
            }
        }
        Ok(Path { attribute, filter })
    }

    fn literal(&mut self) -> Read<Literal> {
        match self.peek() {
            Some('"') => {
                let start = self.at;
                self.at += 1;
                let mut escaped = false;
                while let Some(letter) = self.text.get(self.at) {
                    self.at += 1;
                    match letter {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => {
                            let quoted: String = self.text[start..self.at].iter().collect();
                            return serde_json::from_str(&quoted)
                                .map(Literal::Text)
                                .map_err(|_| "A text can't be read".into());
                        }
                        _ => {}
                    }
                }
                Err("A text doesn't end".into())
            }
            Some('-' | '0'..='9') => {
                let start = self.at;
                while self.text.get(self.at).is_some_and(|letter| {
                    letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.' | 'e' | 'E')
                }) {
                    self.at += 1;
                }
                let number: String = self.text[start..self.at].iter().collect();
                number.parse::<f64>().map(|_| Literal::Number(number)).map_err(|_| "Not a number".into())
            }
            _ if self.keyword("true") => Ok(Literal::Boolean(true)),
            _ if self.keyword("false") => Ok(Literal::Boolean(false)),
            _ if self.keyword("null") => Ok(Literal::Null),
            _ => Err("A value is missing".into()),
        }
    }
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(name: &str, part: Option<&str>) -> Attribute {
        Attribute { schema: None, name: name.into(), part: part.map(Into::into) }
    }

    fn equal(name: &str, value: &str) -> Filter {
        Filter::Compare(plain(name, None), Operator::Equal, Literal::Text(value.into()))
    }

    #[test]
    fn and_binds_closer_than_or_and_brackets_closest() {
        let read = |text| Filter::parse(text).expect("a filter");
        assert_eq!(
            read(r#"a eq "1" or b eq "2" and c eq "3""#),
            Filter::Or(vec![equal("a", "1"), Filter::And(vec![equal("b", "2"), equal("c", "3")])])
        );
        assert_eq!(
            read(r#"(a eq "1" or b eq "2") and not (c eq "3")"#),
            Filter::And(vec![
                Filter::Or(vec![equal("a", "1"), equal("b", "2")]),
                Filter::Not(Box::new(equal("c", "3"))),
            ])
        );
    }

    #[test]
    fn names_and_operators_have_no_case_and_texts_are_kept() {
        assert_eq!(
            Filter::parse(r#"userName EQ "A \"quoted\" 沈""#).ok(),
            Some(equal("username", "A \"quoted\" 沈"))
        );
        let with_schema = "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName pr";
        let attribute = Attribute {
            schema: Some("urn:ietf:params:scim:schemas:core:2.0:user".into()),
            ..plain("name", Some("familyname"))
        };
        assert_eq!(Filter::parse(with_schema).ok(), Some(Filter::Present(attribute)));
    }

    #[test]
    fn a_path_names_attribute_values_and_part() {
        let path = Path::parse(r#"emails[type eq "work"].value"#).expect("a path");
        assert_eq!(path.attribute, plain("emails", Some("value")));
        assert_eq!(path.filter, Some(equal("type", "work")));
        let path = Path::parse("name.givenName").expect("a path");
        assert_eq!((path.attribute, path.filter), (plain("name", Some("givenname")), None));
        for broken in ["", "a.", "a[", "a[b eq \"1\"", "a b", "[x pr]", "a.b[c pr]", "1a"] {
            assert!(matches!(Path::parse(broken), Err(Refusal::Path(_))), "{broken}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for broken in [
            "",
            "a",
            "a eq",
            "a eq \"",
            "a eq \"\\\"",
            "a xx \"1\"",
            "(a pr",
            "a pr)",
            "a pr b pr",
            "not a pr",
        ] {
            assert!(matches!(Filter::parse(broken), Err(Refusal::Filter(_))), "{broken}");
        }
        let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
        assert!(Filter::parse(&deep).is_err());
        assert!(Filter::parse(&["a pr"; 51].join(" or ")).is_err());
        assert!(Filter::parse(&["a pr"; 50].join(" or ")).is_ok());
        assert!(Filter::parse(&format!("a eq \"{}\"", "x".repeat(LENGTH_MAX))).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            let _ = Filter::parse(&text);
            let _ = Path::parse(&text);
        }

        #[test]
        fn nothing_that_looks_like_a_filter_makes_it_panic(
            text in "([a-z.:\\[\\]()\" \\\\]|eq |and |or |not|urn:|true|-1e9){0,60}"
        ) {
            let _ = Filter::parse(&text);
            let _ = Path::parse(&text);
        }

        #[test]
        fn any_text_is_read_as_it_was_written(value in any::<String>()) {
            let quoted = serde_json::to_string(&value).expect("a text");
            let read = Filter::parse(&format!("userName eq {quoted}"));
            prop_assume!(quoted.chars().count() < LENGTH_MAX - 20);
            prop_assert_eq!(read.ok(), Some(equal("username", &value)));
        }
    }
}
