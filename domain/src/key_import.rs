//! What stands in a file of product keys: one key a line, or a table whose heads say where the key is.

use crate::error::{Error, ErrorCode};
use crate::key_format::{KeyFormat, KeyText};

/// So many keys can be imported at once.
pub const KEYS_MAX: usize = 100_000;
/// So large may their file be.
pub const KEY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// So many activations may a file say that a key has.
pub const ACTIVATIONS_MAX: i64 = 1_000_000;
/// The longest name of a batch and of a source, in characters.
pub const BATCH_NAME_MAX: usize = 80;
/// So many keys left can be the threshold of a warning.
pub const THRESHOLD_MAX: i64 = 10_000;

/// What a column of keys is called in files, in the three languages.
const KEY_HEADS: &[&str] = &[
    "key",
    "keys",
    "product key",
    "product_key",
    "license key",
    "密钥",
    "产品密钥",
    "产品许可密钥",
    "金鑰",
    "產品金鑰",
    "產品授權金鑰",
];
/// What a column of activations is called.
const COUNT_HEADS: &[&str] = &["count", "activations", "次数", "激活次数", "次數", "啟用次數"];

/// A line that should have a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Which line of the file, from 1.
    pub number: i64,
    /// What stands where the key should be.
    pub key: &'a str,
    /// What stands where the count should be; empty where there is nothing.
    pub count: &'a str,
}

/// A key with the activations that the file says it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedKey {
    /// The key.
    pub key: KeyText,
    /// How many activations; none where the file doesn't say.
    pub activations: Option<i64>,
}

/// The lines of a file; those without any text aren't lines.
///
/// # Errors
/// [`ErrorCode::TooLarge`]; [`ErrorCode::NotText`]; [`ErrorCode::NoRows`]; [`ErrorCode::TooManyRows`] with how
/// many there can be.
pub fn lines(content: &[u8]) -> Result<Vec<Line<'_>>, Error> {
    if content.len() > KEY_BYTES_MAX {
        return Err(ErrorCode::TooLarge.into());
    }
    let text = std::str::from_utf8(content).map_err(|_| Error::new(ErrorCode::NotText))?;
    if text.contains('\0') {
        return Err(ErrorCode::NotText.into());
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut numbered = text
        .lines()
        .zip(1_i64..)
        .map(|(line, number)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .peekable();
    let mut columns = (0, Some(1));
    if let Some(found) = numbered.peek().and_then(|(_, line)| heads(line)) {
        columns = found;
        numbered.next();
    }
    let mut lines = Vec::new();
    for (number, line) in numbered {
        if lines.len() == KEYS_MAX {
            let most = i64::try_from(KEYS_MAX).unwrap_or(i64::MAX);
            return Err(Error::new(ErrorCode::TooManyRows).with_number(most));
        }
        let cell = |at: usize| cells(line).nth(at).unwrap_or_default();
        lines.push(Line { number, key: cell(columns.0), count: columns.1.map_or("", cell) });
    }
    if lines.is_empty() {
        return Err(ErrorCode::NoRows.into());
    }
    Ok(lines)
}

/// The key of a line; none where it isn't one, or its count isn't a count. Only multiple-activation keys
/// have counts: what else stands behind a key isn't read.
#[must_use]
pub fn parse(line: Line<'_>, format: &KeyFormat, takes_counts: bool) -> Option<ImportedKey> {
    let key = KeyText::parse(line.key, format)?;
    let activations = match line.count {
        "" => None,
        _ if !takes_counts => None,
        count => Some(count.parse::<i64>().ok().filter(|count| (1..=ACTIVATIONS_MAX).contains(count))?),
    };
    Some(ImportedKey { key, activations })
}

/// The cells of a line. Neither keys nor counts have what stands between cells, or quotes.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"').trim())
}

/// Where keys and counts stand, if the line is one of heads.
fn heads(line: &str) -> Option<(usize, Option<usize>)> {
    let at = |names: &[&str]| cells(line).position(|cell| names.contains(&cell.to_lowercase().as_str()));
    Some((at(KEY_HEADS)?, at(COUNT_HEADS)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "ABCDE-12345-FGHIJ-67890-KLMNO";

    fn read(text: &str) -> Vec<(i64, &str, &str)> {
        let lines = lines(text.as_bytes()).expect("lines");
        lines.into_iter().map(|line| (line.number, line.key, line.count)).collect()
    }

    #[test]
    fn a_file_has_a_key_a_line_or_heads() {
        assert_eq!(read("one\r\n\r\n two \n"), [(1, "one", ""), (3, "two", "")]);
        assert_eq!(read("\u{FEFF}one,5\n\"two\";\"6\""), [(1, "one", "5"), (2, "two", "6")]);
        assert_eq!(read("Product key,Activations\none,5"), [(2, "one", "5")]);
        assert_eq!(read("No;次數;金鑰\n1;5;one\n2;6"), [(2, "one", "5"), (3, "", "6")]);
        assert_eq!(read("key\none\tmore"), [(2, "one", "")]);
    }

    #[test]
    fn what_is_no_file_of_keys_is_said() {
        let code = |content: &[u8]| lines(content).err().map(|error| error.code);
        assert_eq!(code(b""), Some(ErrorCode::NoRows));
        assert_eq!(code(b"key\n \n"), Some(ErrorCode::NoRows));
        assert_eq!(code(b"\xff\xfe"), Some(ErrorCode::NotText));
        assert_eq!(code(b"a\0b"), Some(ErrorCode::NotText));
        assert_eq!(code(&vec![b'a'; KEY_BYTES_MAX + 1]), Some(ErrorCode::TooLarge));
        let most = "a\n".repeat(KEYS_MAX);
        assert_eq!(lines(most.as_bytes()).expect("lines").len(), KEYS_MAX);
        let error = lines(format!("{most}a").as_bytes()).err().expect("too many");
        assert_eq!((error.code, error.number), (ErrorCode::TooManyRows, Some(100_000)));
    }

    #[test]
    fn rule_08_counts_belong_to_multiple_activation_keys() {
        let line = |count| Line { number: 1, key: KEY, count };
        let count =
            |count, takes| parse(line(count), &KeyFormat::default(), takes).map(|key| key.activations);
        assert_eq!(count("", true), Some(None));
        assert_eq!(count("25", true), Some(Some(25)));
        for wrong in ["0", "-1", "many", "1000001", "1.5"] {
            assert_eq!(count(wrong, true), None, "{wrong}");
            assert_eq!(count(wrong, false), Some(None), "{wrong}");
        }
        assert_eq!(parse(Line { key: "ABCDE", ..line("") }, &KeyFormat::default(), false), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(lines) = lines(text.as_bytes()) {
                prop_assert!(!lines.is_empty());
                prop_assert!(lines.windows(2).all(|two| two[0].number < two[1].number));
                for line in lines {
                    prop_assert!(!line.key.contains(['\t', '\n']) && !line.count.contains(['\t', '\n']));
                }
            }
        }
    }
}
