//! How product keys look: five groups of five letters and digits.

use std::fmt;

/// Groups of a key, and characters of a group.
const GROUPS: usize = 5;

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
    pub fn parse(raw: &str) -> Option<Self> {
        let groups: Vec<&str> = raw.split(is_separator).filter(|group| !group.is_empty()).collect();
        let shape = match groups.as_slice() {
            [whole] => whole.len() == GROUPS * GROUPS,
            groups => groups.len() == GROUPS && groups.iter().all(|group| group.len() == GROUPS),
        };
        let letters = groups.concat().to_ascii_uppercase();
        if !shape || !letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut key = String::with_capacity(letters.len() + GROUPS - 1);
        for (at, letter) in letters.chars().enumerate() {
            if at > 0 && at % GROUPS == 0 {
                key.push('-');
            }
            key.push(letter);
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
            let key = KeyText::parse(raw).expect(raw);
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
            assert_eq!(KeyText::parse(raw), None, "{raw}");
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
            if let Some(key) = KeyText::parse(&raw) {
                prop_assert_eq!(KeyText::parse(key.as_str()), Some(key));
            }
            let key = KeyText::parse(&letters).expect("a key");
            prop_assert_eq!(key.as_str().len(), 29);
            prop_assert_eq!(KeyText::parse(key.as_str()), Some(key));
        }
    }
}
