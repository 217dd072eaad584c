//! Reads pages as far as the tests need it: elements with their attributes, and forms with their
//! fields as a browser without JavaScript would send them.

/// An opening or closing tag.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Name in lower case, with a slash before it where it closes.
    pub name: String,
    /// Attributes, decoded.
    pub attributes: Vec<(String, String)>,
    /// Text behind the tag up to the next one, as it stands in the source.
    pub text: String,
}

impl Tag {
    /// An attribute's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Replaces the entities that the pages use.
pub fn decode(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// All tags in their order; the content of scripts is the script tag's text.
pub fn tags(source: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let (name, attributes, after) = tag(rest);
        let end = if name == "script" { after.find("</script") } else { after.find('<') };
        let text = &after[..end.unwrap_or(after.len())];
        tags.push(Tag { name, attributes, text: text.to_owned() });
        rest = &after[text.len()..];
    }
    tags
}

fn tag(source: &str) -> (String, Vec<(String, String)>, &str) {
    let name_end = source.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(source.len());
    let name = source[..name_end].trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut rest = &source[name_end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return (name, attributes, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (name, attributes, after);
        }
        let key_end =
            rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>' || c == '/').unwrap_or(rest.len());
        let key = rest[..key_end].to_owned();
        rest = &rest[key_end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (found, left) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => {
                    after.split_at(after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len()))
                }
            };
            value = decode(found);
            rest = left;
        }
        attributes.push((key, value));
    }
}

/// What a text area holds: browsers drop the line break behind its tag.
pub fn content(area: &Tag) -> String {
    decode(area.text.strip_prefix('\n').unwrap_or(&area.text))
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct PageForm {
    /// What the browser would send, in order.
    pub fields: Vec<(String, String)>,
    /// Where a press of a button adds name and value.
    pub buttons: Vec<(String, String)>,
}

impl PageForm {
    /// A field's first value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The form with another value in a field; added where it wasn't ticked or chosen.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some(field) => field.1 = value.to_owned(),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

/// The forms of a page.
pub fn forms(source: &str) -> Vec<PageForm> {
    let mut forms = Vec::new();
    let mut form: Option<PageForm> = None;
    let mut select: Option<(String, Option<String>, Option<String>)> = None;
    for tag in tags(source) {
        let name = tag.get("name").unwrap_or_default().to_owned();
        let value = tag.get("value").unwrap_or_default().to_owned();
        match (tag.name.as_str(), form.as_mut()) {
            ("form", _) => form = Some(PageForm { fields: Vec::new(), buttons: Vec::new() }),
            ("/form", _) => forms.extend(form.take()),
            ("input", Some(form)) if !name.is_empty() && tag.get("disabled").is_none() => {
                let ticks = matches!(tag.get("type"), Some("radio" | "checkbox"));
                if !ticks || tag.get("checked").is_some() {
                    form.fields.push((name, value));
                }
            }
            ("textarea", Some(form)) => form.fields.push((name, content(&tag))),
            ("select", Some(_)) => select = Some((name, None, None)),
            ("option", Some(_)) => {
                if let Some((_, first, chosen)) = select.as_mut() {
                    first.get_or_insert_with(|| value.clone());
                    if tag.get("selected").is_some() {
                        *chosen = Some(value);
                    }
                }
            }
            ("/select", Some(form)) => {
                if let Some((name, first, chosen)) = select.take() {
                    form.fields.push((name, chosen.or(first).unwrap_or_default()));
                }
            }
            ("button", Some(form)) if !name.is_empty() => form.buttons.push((name, value)),
            _ => {}
        }
    }
    forms
}
