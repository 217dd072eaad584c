//! Codes turned into words.

use locales::Texts;

pub use locales::{field_refusal as field, refusal};

/// A source in words: "Gold Core", or the competency area that added it.
#[must_use]
pub fn source(texts: Texts, source: &str, area: Option<&str>) -> String {
    let area = area.map(|area| texts.find_area(area).unwrap_or(area)).unwrap_or_default();
    let template = texts.find_source(source).unwrap_or(source);
    locales::fill(template, &[("area", area)])
}

/// Makes a text fit for the value of a query parameter.
#[must_use]
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
