//! How product keys look: five groups of five letters and digits, where the product says nothing else.

use std::fmt;

/// Groups of a key, and characters of a group.
const GROUPS: usize = 5;

/// So many groups can a key have.
const GROUPS_MAX: usize = 12;
/// So many letters and digits can a key have: fewer are no secret.
const LETTERS: std::ops::RangeInclusive<usize> = 8..=64;

/// How the keys of a product look: the lengths of their groups of letters and digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyFormat(Vec<usize>);

impl KeyFormat {
    /// The format of a pattern such as `XXXX-XXXX-XXXX`; none where it isn't one.
    #[must_use]
    pub fn parse(pattern: &str) -> Option<Self> {
        let groups: Vec<usize> = pattern.split('-').map(str::len).collect();
        let letters = pattern.bytes().all(|byte| matches!(byte, b'X' | b'-'));
        let fits = groups.len() <= GROUPS_MAX
            && groups.iter().all(|group| *group > 0)
            && LETTERS.contains(&groups.iter().sum::<usize>());
        (letters && fits).then_some(Self(groups))
    }
}

impl Default for KeyFormat {
    fn default() -> Self {
        Self(vec![GROUPS; GROUPS])
    }
}

/// A product key in its one form, `ABCDE-12345-FGHIJ-67890-KLMNO`. It is a secret: neither `Debug` nor
/// anything else writes it by chance.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyText(String);

impl KeyText {
    /// Whether a product key stands anywhere in a text: it doesn't belong where others read. Five words of five letters
    /// are a key only with a digit among them.
    #[must_use]
    pub fn stands_in(text: &str) -> bool {
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        words.iter().any(|word| word.len() == GROUPS * GROUPS)
            || words.windows(GROUPS).any(|groups| {
                groups.iter().all(|group| group.len() == GROUPS)
                    && groups.iter().any(|group| group.bytes().any(|byte| byte.is_ascii_digit()))
            })
    }

    /// The key of a text; none where it isn't one. Small letters become capitals. The groups may be
    /// separated by any hyphen or dash or by spaces, or not at all.
    #[must_use]
    pub fn parse(raw: &str, format: &KeyFormat) -> Option<Self> {
        let KeyFormat(lengths) = format;
        let groups: Vec<&str> = raw.split(is_separator).filter(|group| !group.is_empty()).collect();
        let shape = match groups.as_slice() {
            [whole] => whole.len() == lengths.iter().sum::<usize>(),
            groups => groups.iter().map(|group| group.len()).eq(lengths.iter().copied()),
        };
        let letters = groups.concat().to_ascii_uppercase();
        if !shape || !letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut key = String::with_capacity(letters.len() + lengths.len());
        let mut letters = letters.chars();
        for length in lengths {
            if !key.is_empty() {
                key.push('-');
            }
            key.extend(letters.by_ref().take(*length));
        }
        Some(Self(key))
    }

    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(hidden)")
    }
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "ABCDE-12345-FGHIJ-67890-KLMNO";

    #[test]
    fn rule_08_keys_are_five_groups_of_five() {
        for raw in [
            KEY,
            " abcde-12345-fghij-67890-klmno\r\n",
            "ABCDE12345FGHIJ67890KLMNO",
            "ABCDE 12345 FGHIJ 67890 KLMNO",
            "ABCDE–12345–FGHIJ–67890–KLMNO",
            "\u{FEFF}ABCDE-12345-FGHIJ-67890-KLMNO",
        ] {
            let key = KeyText::parse(raw, &KeyFormat::default()).expect(raw);
            assert_eq!(key.as_str(), KEY);
            assert!(!format!("{key:?}").contains("ABCDE"));
        }
        for raw in [
            "",
            "-",
            "ABCDE-12345-FGHIJ-67890",
            "ABCDE-12345-FGHIJ-67890-KLMNO-PQRST",
            "ABCDE-12345-FGHIJ-67890-KLMN",
            "ABCD-E12345-FGHIJ-67890-KLMNO",
            "ABCDE12345-FGHIJ67890-KLMNO",
            "ABCDE12345FGHIJ67890KLMN!",
            "ABCDE-12345-FGHIJ-67890-KLMÉ",
            "ABCDE_12345_FGHIJ_67890_KLMNO",
            "ABCDE12345FGHIJ67890KLMNOP",
        ] {
            assert_eq!(KeyText::parse(raw, &KeyFormat::default()), None, "{raw}");
        }
    }

    #[test]
    fn a_product_can_say_how_its_keys_look() {
        let format = KeyFormat::parse("XXXX-XXXXXXXX-XX").expect("a format");
        for raw in ["AB12-CDEF3456-GH", "ab12 cdef3456 gh", "ab12cdef3456gh"] {
            let key = KeyText::parse(raw, &format).expect(raw);
            assert_eq!(key.as_str(), "AB12-CDEF3456-GH");
            assert_eq!(KeyText::parse(raw, &KeyFormat::default()), None);
        }
        for raw in [KEY, "AB12-CDEF3456", "AB12CDEF-3456-GH", "AB12-CDEF3456-GH-I", "AB12-CDEF345!-GH", ""] {
            assert_eq!(KeyText::parse(raw, &format), None, "{raw}");
        }
        assert_eq!(KeyFormat::parse("XXXXX-XXXXX-XXXXX-XXXXX-XXXXX"), Some(KeyFormat::default()));
        assert!(KeyFormat::parse(&"X".repeat(64)).is_some());
        for wrong in [
            "",
            "XXXX",
            "XXXXX-",
            "-XXXXXXXX",
            "XXXX--XXXX",
            "xxxxx-xxxxx",
            "XXXXX XXXXX",
            "AAAAA-12345",
            &"X".repeat(65),
            &["X"; 13].join("-"),
        ] {
            assert_eq!(KeyFormat::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_seen_wherever_it_stands_in_a_text() {
        for text in [
            KEY,
            "ABCDE12345FGHIJ67890KLMNO",
            "Ours (ABCDE-12345-FGHIJ-67890-KLMNO).",
            "密钥abcde-12345-fghij-67890-klmno，不能用",
            "It says ABCDE 12345 FGHIJ 67890 KLMNO is used up",
        ] {
            assert!(KeyText::stands_in(text), "{text}");
        }
        for text in [
            "",
            "Order 12345",
            "These words often weigh fewer bytes",
            "2026-11-22 to 2027-11-22",
            "ABCDE-12345",
        ] {
            assert!(!KeyText::stands_in(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn rule_08_a_keys_form_is_stable(raw in any::<String>(), letters in "[A-Za-z0-9]{25}") {
            let format = KeyFormat::default();
            if let Some(key) = KeyText::parse(&raw, &format) {
                prop_assert_eq!(KeyText::parse(key.as_str(), &format), Some(key));
            }
            let key = KeyText::parse(&letters, &format).expect("a key");
            prop_assert_eq!(key.as_str().len(), 29);
            prop_assert_eq!(KeyText::parse(key.as_str(), &format), Some(key));
        }
    }
}
