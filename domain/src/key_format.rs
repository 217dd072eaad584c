//! How product keys look: five groups of five letters and digits, where the product says nothing else.

use std::fmt;

/// Groups of a key, and characters of a group.
const GROUPS: usize = 5;

/// So many groups can a key have.
const GROUPS_MAX: usize = 12;
/// So many letters and digits can a key have: fewer are no secret.
const LETTERS: std::ops::RangeInclusive<usize> = 8..=64;

/// No word of a language is so long: it's a key without a digit, too.
const LONG: usize = GROUPS * GROUPS;

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

impl KeyFormat {
    /// Whether a key of this format is among words, or words of a sentence make one up. Words alone are a key only with
    /// a digit among them.
    fn stands_in(&self, words: &[&str]) -> bool {
        let Self(lengths) = self;
        let whole: usize = lengths.iter().sum();
        let has_digit = |group: &str| group.bytes().any(|byte| byte.is_ascii_digit());
        let is_whole = |word: &str| word.len() == whole && (whole >= LONG || has_digit(word));
        words.iter().any(|word| is_whole(word))
            || words.windows(lengths.len()).any(|groups| {
                groups.iter().map(|group| group.len()).eq(lengths.iter().copied())
                    && groups.iter().any(|group| has_digit(group))
            })
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
    /// Whether a product key of one of the formats stands anywhere in a text: it doesn't belong where others read.
    #[must_use]
    pub fn stands_in(text: &str, formats: &[KeyFormat]) -> bool {
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        formats.iter().any(|format| format.stands_in(&words))
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
        Some(Self(grouped(&letters, lengths.iter().copied())))
    }

    /// What two keys are compared by, however their products group them: the letters in groups of five.
    #[must_use]
    pub fn identity(&self) -> String {
        grouped(&self.0.replace('-', ""), std::iter::repeat(GROUPS))
    }

    /// The [`identity`](Self::identity) of a key that may be of any product; none for what can't be a key.
    #[must_use]
    pub fn identity_of(raw: &str) -> Option<String> {
        let letters: String = raw.split(is_separator).collect::<String>().to_ascii_uppercase();
        let fits =
            LETTERS.contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| grouped(&letters, std::iter::repeat(GROUPS)))
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

/// Letters in groups with hyphens between them, as long as there are letters.
fn grouped(letters: &str, lengths: impl Iterator<Item = usize>) -> String {
    let mut key = String::with_capacity(2 * letters.len());
    let mut letters = letters.chars().peekable();
    for length in lengths {
        if letters.peek().is_none() {
            break;
        }
        if !key.is_empty() {
            key.push('-');
        }
        key.extend(letters.by_ref().take(length));
    }
    key
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
            assert!(KeyText::stands_in(text, &[KeyFormat::default()]), "{text}");
        }
        let own = ["XXXX-XXXX-XXXX", "XXXXXXXX"].map(|format| KeyFormat::parse(format).expect("a format"));
        for text in ["AB12-CD34-EF56 says no", "ab12cd34ef56", "Ours is ABCD1234."] {
            assert!(KeyText::stands_in(text, &own), "{text}");
            assert!(!KeyText::stands_in(text, &[KeyFormat::default()]), "{text}");
        }
        assert!(!KeyText::stands_in("some more text that remained", &own));
        for text in [
            "",
            "Order 12345",
            "These words often weigh fewer bytes",
            "2026-11-22 to 2027-11-22",
            "ABCDE-12345",
        ] {
            assert!(!KeyText::stands_in(text, &[KeyFormat::default()]), "{text}");
        }
    }

    #[test]
    fn a_key_is_the_same_however_it_is_grouped() {
        let whole = KeyFormat::parse(&"X".repeat(25)).expect("a format");
        let fours = KeyFormat::parse("XXXX-XXXX-XXXX").expect("a format");
        let letters = KEY.replace('-', "");
        assert_eq!(KeyText::parse(&letters, &whole).expect("a key").identity(), KEY);
        assert_eq!(KeyText::parse(KEY, &KeyFormat::default()).expect("a key").identity(), KEY);
        let short = KeyText::parse("AB12-CD34-EF56", &fours).expect("a key").identity();
        assert_eq!(short, "AB12C-D34EF-56");
        assert_eq!(KeyText::identity_of(" ab12 cd34–ef56\n"), Some(short));
        for wrong in ["", "ABCD-12", "ABCD-1234-ÄÖ", &"A".repeat(65)] {
            assert_eq!(KeyText::identity_of(wrong), None, "{wrong}");
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
