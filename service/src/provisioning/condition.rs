//! A filter as a condition of a query: names come from here, values are bound.

use sea_orm::Value;
use uuid::Uuid;

use super::Refusal;
use super::filter::{Attribute, Filter, Literal, Operator};
use crate::sql::folded;

/// What an attribute is in the query.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    /// A text in which case doesn't matter, as it is written beside the one that is shown: folded.
    Folded(&'static str),
    /// A text in which it does.
    Exact(&'static str),
    /// An id.
    Id(&'static str),
    /// True or false.
    Boolean(&'static str),
    /// Always this text.
    Always(&'static str),
    /// Always true.
    Yes,
    /// One of several ids: a condition with the place of the id for `{}`.
    AmongIds(&'static str),
    /// One of several texts.
    AmongTexts(&'static str),
}

/// Finds an attribute's column by name and part.
pub(super) type Columns = fn(&str, Option<&str>) -> Option<Column>;

/// The values of a query, in the order of their places.
#[derive(Default)]
pub(super) struct Values(pub(super) Vec<Value>);

impl Values {
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn text(&mut self, value: &str) -> String {
        let place = self.place(value);
        format!("cast({place} as text)")
    }
}

/// The condition that a filter comes to.
///
/// # Errors
/// [`Refusal::Filter`] for an attribute that the resource lacks, or that can't be compared like this.
pub(super) fn condition(
    filter: &Filter,
    schema: &str,
    columns: Columns,
    values: &mut Values,
) -> Result<String, Refusal> {
    write(filter, None, &Scope { schema, columns }, values)
}

struct Scope<'a> {
    schema: &'a str,
    columns: Columns,
}

impl Scope<'_> {
    fn column(&self, attribute: &Attribute, within: Option<&str>) -> Result<Column, Refusal> {
        let known = attribute.schema.as_deref().is_none_or(|schema| schema == self.schema);
        let column = match within {
            Some(outer) if attribute.part.is_none() => (self.columns)(outer, Some(&attribute.name)),
            Some(_) => None,
            None => (self.columns)(&attribute.name, attribute.part.as_deref()),
        };
        column
            .filter(|_| known)
            .ok_or_else(|| Refusal::Filter(format!("There is no `{}` here", attribute.name)))
    }
}

fn write(
    filter: &Filter,
    within: Option<&str>,
    scope: &Scope<'_>,
    values: &mut Values,
) -> Result<String, Refusal> {
    let mut joined = |parts: &[Filter], word: &str| -> Result<String, Refusal> {
        let parts: Result<Vec<String>, Refusal> =
            parts.iter().map(|part| write(part, within, scope, values)).collect();
        Ok(format!("({})", parts?.join(word)))
    };
    match filter {
        Filter::And(parts) => joined(parts, " and "),
        Filter::Or(parts) => joined(parts, " or "),
        Filter::Not(inner) => Ok(format!("(not {})", write(inner, within, scope, values)?)),
        Filter::Within(attribute, inner) => {
            if within.is_some() || attribute.part.is_some() {
                return Err(Refusal::Filter("Square brackets stand in each other".into()));
            }
            write(inner, Some(&attribute.name), scope, values)
        }
        Filter::Present(attribute) => Ok(match scope.column(attribute, within)? {
            Column::Folded(sql) | Column::Exact(sql) => format!("({sql} is not null)"),
            Column::Id(_) | Column::Boolean(_) | Column::Always(_) | Column::Yes => "(1 = 1)".to_owned(),
            Column::AmongIds(_) | Column::AmongTexts(_) => {
                return Err(Refusal::Filter(format!("`{}` can only be compared by eq", attribute.name)));
            }
        }),
        Filter::Compare(attribute, operator, literal) => {
            let column = scope.column(attribute, within)?;
            compare(column, *operator, literal, values)
                .ok_or_else(|| Refusal::Filter(format!("`{}` can't be compared like this", attribute.name)))
        }
    }
}

fn compare(column: Column, operator: Operator, literal: &Literal, values: &mut Values) -> Option<String> {
    let truth = |holds: bool| if holds { "(1 = 1)" } else { "(1 = 0)" }.to_owned();
    let equal_or_not = match operator {
        Operator::Equal => Some(true),
        Operator::NotEqual => Some(false),
        _ => None,
    };
    match (column, literal) {
        (Column::Folded(sql) | Column::Exact(sql), Literal::Null) => {
            equal_or_not.map(|equal| format!("({sql} is {}null)", if equal { "" } else { "not " }))
        }
        (Column::Folded(sql), Literal::Text(text)) => Some(of_text(sql, operator, &folded(text), values)),
        (Column::Exact(sql), Literal::Text(text)) => Some(of_text(sql, operator, text, values)),
        (Column::Id(sql), Literal::Text(text)) => equal_or_not.map(|equal| match Uuid::try_parse(text) {
            Ok(id) => format!("({sql} {} {})", if equal { "=" } else { "<>" }, values.place(id)),
            Err(_) => truth(!equal),
        }),
        (Column::Boolean(sql), literal) => {
            let wanted = boolean(literal)?;
            equal_or_not.map(|equal| if wanted == equal { sql.to_owned() } else { format!("(not {sql})") })
        }
        (Column::Yes, literal) => {
            let wanted = boolean(literal)?;
            equal_or_not.map(|equal| truth(wanted == equal))
        }
        (Column::Always(value), Literal::Text(text)) => {
            let text = folded(text);
            Some(truth(match operator {
                Operator::Equal => text == value,
                Operator::NotEqual => text != value,
                Operator::Contains => value.contains(&text),
                Operator::StartsWith => value.starts_with(&text),
                Operator::EndsWith => value.ends_with(&text),
                _ => return None,
            }))
        }
        (Column::AmongIds(sql), Literal::Text(text)) => (operator == Operator::Equal).then(|| {
            Uuid::try_parse(text).map_or_else(|_| truth(false), |id| sql.replace("{}", &values.place(id)))
        }),
        (Column::AmongTexts(sql), Literal::Text(text)) => {
            (operator == Operator::Equal).then(|| sql.replace("{}", &values.text(text)))
        }
        _ => None,
    }
}

/// True and false; some programs write them as texts.
fn boolean(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Boolean(value) => Some(*value),
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn of_text(sql: &str, operator: Operator, text: &str, values: &mut Values) -> String {
    let place = values.text(text);
    let compared = match operator {
        // Every text has nothing in it, and no function says so on both databases.
        Operator::Contains | Operator::StartsWith | Operator::EndsWith if text.is_empty() => {
            format!("{sql} is not null and {place} is not null")
        }
        Operator::Equal => format!("{sql} = {place}"),
        Operator::NotEqual => return format!("coalesce({sql} <> {place}, true)"),
        Operator::Contains => format!("replace({sql}, {place}, '') <> {sql}"),
        Operator::StartsWith => format!("substr({sql}, 1, length({place})) = {place}"),
        Operator::EndsWith => format!(
            "length({sql}) >= length({place}) and substr({sql}, length({sql}) - length({place}) + 1) = {place}"
        ),
        Operator::Greater => format!("{sql} > {place}"),
        Operator::GreaterOrEqual => format!("{sql} >= {place}"),
        Operator::Less => format!("{sql} < {place}"),
        Operator::LessOrEqual => format!("{sql} <= {place}"),
    };
    format!("coalesce({compared}, false)")
}
