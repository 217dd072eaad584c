//! Texts that came from a form, checked once and carried as types. Lengths count characters.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, Field, FieldError};

/// The longest mail address, in characters.
pub const EMAIL_MAX: usize = 254;
/// The longest name of a person, in characters.
pub const PERSON_NAME_MAX: usize = 120;
/// The most hours of one engagement.
pub const ENGAGEMENT_HOURS_MAX: i64 = 25;
/// The longest phone number with its spaces and signs, in characters.
const PHONE_MAX: usize = 40;
/// Digits of an Access ID and of a Contract ID.
const SUPPORT_ID_DIGITS: usize = 9;

const fn fault(field: Field, code: ErrorCode) -> FieldError {
    FieldError { field, code, number: None }
}

fn counted(field: Field, code: ErrorCode, number: usize) -> FieldError {
    FieldError { field, code, number: i64::try_from(number).ok() }
}

fn check_length(field: Field, text: &str, max: usize) -> Result<(), FieldError> {
    if text.chars().count() > max {
        return Err(counted(field, ErrorCode::TooLong, max));
    }
    Ok(())
}

/// Characters that reorder the text around them: with them a name can pass for another.
const fn reorders_text(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Marks without a shape of their own: joiners, direction marks, variation selectors.
const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

const fn breaks_line(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || is_invisible(letter))
}

fn check_single_line(field: Field, raw: &str, max: usize) -> Result<String, FieldError> {
    let text = raw.trim();
    if is_blank(text) {
        return Err(fault(field, ErrorCode::Required));
    }
    let forbidden = |letter: char| letter.is_control() || breaks_line(letter) || reorders_text(letter);
    if text.chars().any(forbidden) {
        return Err(fault(field, ErrorCode::ControlCharacters));
    }
    check_length(field, text, max)?;
    Ok(text.to_owned())
}

/// Digits and signs as they are typed with a Chinese or Japanese keyboard, as plain ones; marks
/// that come along when a number is copied from an address book are dropped.
fn plain_number(raw: &str) -> String {
    raw.chars()
        .filter(|letter| !reorders_text(*letter) && !is_invisible(*letter))
        .map(|letter| match letter {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            other if other.is_whitespace() && !other.is_control() => ' ',
            other => other,
        })
        .collect()
}

macro_rules! text_type {
    ($name:ident, $parse:expr) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                $parse(&text).map_err(|error: FieldError| error.code.code())
            }
        }
    };
}

/// The checked value of a field that may be left empty.
///
/// # Errors
/// Those of the parser that is passed, where there is a text.
pub fn optional<T>(
    raw: &str,
    parse: impl FnOnce(&str) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    if is_blank(raw) { Ok(None) } else { parse(raw).map(Some) }
}

/// A mail address in the form in which it was typed. Compare with [`Email::key`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

text_type!(Email, |text| Email::parse(Field::Email, text));

impl Email {
    /// The trimmed address. Internationalized domains are fine; quoted local parts aren't.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooLong`] above 254 characters,
    /// [`ErrorCode::MalformedEmail`].
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        let text = raw.trim();
        if is_blank(text) {
            return Err(fault(field, ErrorCode::Required));
        }
        check_length(field, text, EMAIL_MAX)?;
        let valid = text
            .split_once('@')
            .is_some_and(|(local, domain)| is_local_part(local) && is_mail_domain(domain));
        if valid { Ok(Self(text.to_owned())) } else { Err(fault(field, ErrorCode::MalformedEmail)) }
    }

    /// The form in which addresses are compared: without case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

fn is_address_letter(letter: char) -> bool {
    !letter.is_whitespace()
        && !letter.is_control()
        && !breaks_line(letter)
        && !reorders_text(letter)
        && !is_invisible(letter)
}

fn is_local_part(local: &str) -> bool {
    (1..=64).contains(&local.chars().count())
        && local.split('.').all(|atom| !atom.is_empty())
        && local.chars().all(|letter| {
            is_address_letter(letter)
                && !matches!(letter, '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | ',' | '"' | '\\' | '@')
        })
}

fn is_mail_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.chars().count())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|letter| {
                    if letter.is_ascii() {
                        letter.is_ascii_alphanumeric() || letter == '-'
                    } else {
                        is_address_letter(letter)
                    }
                })
        })
}

/// A person's full name, 1 to 120 characters. Any script, apostrophes and emoji are fine.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

text_type!(PersonName, |text| PersonName::parse(Field::Name, text));

impl PersonName {
    /// The trimmed name.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooLong`], [`ErrorCode::ControlCharacters`] for
    /// control characters and for those that reorder the text around them.
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        check_single_line(field, raw, PERSON_NAME_MAX).map(Self)
    }
}

/// A single line of text. The limit is the form's: what was read from a row isn't measured again.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

text_type!(Line, |text| Line::parse(Field::Title, text, usize::MAX));

impl Line {
    /// The trimmed line, of at most `max` characters.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooLong`], [`ErrorCode::ControlCharacters`].
    pub fn parse(field: Field, raw: &str, max: usize) -> Result<Self, FieldError> {
        check_single_line(field, raw, max).map(Self)
    }
}

/// Text of several lines. The limit is the form's, as with [`Line`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Paragraph(String);

text_type!(Paragraph, |text| Paragraph::parse(Field::Description, text, usize::MAX));

impl Paragraph {
    /// The trimmed text, of at most `max` characters, line ends included; every line ends with
    /// `\n`, whichever way the browser sent it.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooLong`], [`ErrorCode::ControlCharacters`].
    pub fn parse(field: Field, raw: &str, max: usize) -> Result<Self, FieldError> {
        let text = raw.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
        let text = text.trim();
        if is_blank(text) {
            return Err(fault(field, ErrorCode::Required));
        }
        let forbidden =
            |letter: char| (letter.is_control() && letter != '\n' && letter != '\t') || reorders_text(letter);
        if text.chars().any(forbidden) {
            return Err(fault(field, ErrorCode::ControlCharacters));
        }
        check_length(field, text, max)?;
        Ok(Self(text.to_owned()))
    }
}

/// A phone number with country code: `+`, then 6 to 15 digits with spaces, brackets, dots, hyphens.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

text_type!(Phone, |text| Phone::parse(Field::Phone, text));

impl Phone {
    /// The trimmed number in plain digits and signs.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::MalformedPhone`].
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        let text = plain_number(raw);
        let text = text.trim();
        if text.is_empty() {
            return Err(fault(field, ErrorCode::Required));
        }
        let valid = text.strip_prefix('+').is_some_and(|rest| {
            let digits = rest.chars().filter(char::is_ascii_digit).count();
            (6..=15).contains(&digits)
                && rest
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || matches!(letter, ' ' | '(' | ')' | '-' | '.'))
        });
        if valid && text.chars().count() <= PHONE_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(fault(field, ErrorCode::MalformedPhone))
        }
    }
}

/// An Access ID or a Contract ID: nine digits. Kept out of logs, so `Debug` doesn't show them.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NineDigits(String);

text_type!(NineDigits, |text| NineDigits::parse(Field::AccessId, text));

impl NineDigits {
    /// The nine digits; spaces and hyphens between them are ignored.
    ///
    /// # Errors
    /// [`ErrorCode::Required`]; [`ErrorCode::NineDigits`] with how many digits there are;
    /// [`ErrorCode::MalformedNumber`] where the nine digits have something else among them.
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        let text = plain_number(raw);
        let text: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
        if text.is_empty() {
            return Err(fault(field, ErrorCode::Required));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.len() != SUPPORT_ID_DIGITS {
            return Err(counted(field, ErrorCode::NineDigits, digits.len()));
        }
        if digits != text {
            return Err(fault(field, ErrorCode::MalformedNumber));
        }
        Ok(Self(digits))
    }

    /// In groups of three, as people read it aloud: `482 016 344`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let mut text = String::with_capacity(11);
        for (at, digit) in self.0.chars().enumerate() {
            if at > 0 && at % 3 == 0 {
                text.push(' ');
            }
            text.push(digit);
        }
        text
    }
}

impl fmt::Debug for NineDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NineDigits(hidden)")
    }
}

/// Hours of one engagement, 1 to 25.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Hours(i64);

impl Hours {
    /// The hours of a form's field.
    ///
    /// # Errors
    /// [`ErrorCode::Required`]; [`ErrorCode::EngagementTooLong`] with the limit;
    /// [`ErrorCode::MalformedNumber`] for anything but a whole number from 1 on.
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        whole_number(field, raw, 1..=i64::MAX).and_then(|hours| Self::new(field, hours))
    }

    /// The hours of a number.
    ///
    /// # Errors
    /// As [`Hours::parse`].
    pub fn new(field: Field, hours: i64) -> Result<Self, FieldError> {
        if hours < 1 {
            return Err(fault(field, ErrorCode::MalformedNumber));
        }
        if hours > ENGAGEMENT_HOURS_MAX {
            return Err(FieldError {
                field,
                code: ErrorCode::EngagementTooLong,
                number: Some(ENGAGEMENT_HOURS_MAX),
            });
        }
        Ok(Self(hours))
    }

    /// How many.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Hours> for i64 {
    fn from(hours: Hours) -> Self {
        hours.0
    }
}

impl TryFrom<i64> for Hours {
    type Error = &'static str;

    fn try_from(hours: i64) -> Result<Self, Self::Error> {
        Self::new(Field::Hours, hours).map_err(|error| error.code.code())
    }
}

/// A whole number of a form's field, within its range. Digits too many for the type count as the
/// largest number.
///
/// # Errors
/// [`ErrorCode::Required`], [`ErrorCode::MalformedNumber`].
pub fn whole_number(field: Field, raw: &str, range: RangeInclusive<i64>) -> Result<i64, FieldError> {
    let text = plain_number(raw);
    let text = text.trim();
    if text.is_empty() {
        return Err(fault(field, ErrorCode::Required));
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault(field, ErrorCode::MalformedNumber));
    }
    let largest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    let number = text.parse().unwrap_or(largest);
    if range.contains(&number) { Ok(number) } else { Err(fault(field, ErrorCode::MalformedNumber)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(raw: &str) -> Result<Email, ErrorCode> {
        Email::parse(Field::Email, raw).map_err(|error| error.code)
    }

    fn name(raw: &str) -> Result<String, ErrorCode> {
        PersonName::parse(Field::Name, raw).map(String::from).map_err(|error| error.code)
    }

    #[test]
    fn addresses_keep_their_form_and_compare_without_case() {
        let typed = email("  Anna.Berg+x@Fjord-IT.example ").expect("an address");
        assert_eq!(typed.as_str(), "Anna.Berg+x@Fjord-IT.example");
        assert_eq!(typed.key(), "anna.berg+x@fjord-it.example");
        for fine in ["o'neil@example.com", "info@bücher.example", "林@例子.台灣", "a@b.co"] {
            assert!(email(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for (raw, code) in [
            ("", ErrorCode::Required),
            (" \u{200B} ", ErrorCode::Required),
            ("anna", ErrorCode::MalformedEmail),
            ("@example.com", ErrorCode::MalformedEmail),
            ("anna@", ErrorCode::MalformedEmail),
            ("anna@localhost", ErrorCode::MalformedEmail),
            ("anna@@example.com", ErrorCode::MalformedEmail),
            ("anna@b@example.com", ErrorCode::MalformedEmail),
            ("an na@example.com", ErrorCode::MalformedEmail),
            ("anna@exa mple.com", ErrorCode::MalformedEmail),
            ("anna@example.com\r\nBcc: x@y.zz", ErrorCode::MalformedEmail),
            ("an\u{0}na@example.com", ErrorCode::MalformedEmail),
            ("anna@example..com", ErrorCode::MalformedEmail),
            ("anna@-example.com", ErrorCode::MalformedEmail),
            ("anna@example-.com", ErrorCode::MalformedEmail),
            ("anna@exam_ple.com", ErrorCode::MalformedEmail),
            (".anna@example.com", ErrorCode::MalformedEmail),
            ("an..na@example.com", ErrorCode::MalformedEmail),
            ("Anna <anna@example.com>", ErrorCode::MalformedEmail),
            ("a@b.co,c@d.co", ErrorCode::MalformedEmail),
            ("an\u{202E}na@example.com", ErrorCode::MalformedEmail),
            ("an\u{200B}na@example.com", ErrorCode::MalformedEmail),
            ("anna@exam\u{200D}ple.com", ErrorCode::MalformedEmail),
        ] {
            assert_eq!(email(raw), Err(code), "{raw:?}");
        }
        let label = "a".repeat(63);
        let local = "l".repeat(64);
        assert!(email(&format!("{local}@{label}.example")).is_ok());
        assert!(email(&format!("{local}l@{label}.example")).is_err());
        assert!(email(&format!("a@{label}a.example")).is_err());
        let exact = format!("{local}@{label}.{label}.{}", "b".repeat(61));
        assert_eq!(exact.len(), 254);
        assert!(email(&exact).is_ok());
        let error = Email::parse(Field::AlternateEmail, &format!("{exact}b")).expect_err("long");
        let expected =
            FieldError { field: Field::AlternateEmail, code: ErrorCode::TooLong, number: Some(254) };
        assert_eq!(error, expected);
    }

    #[test]
    fn names_of_every_kind_are_fine() {
        for fine in
            ["Siobhán O’Neil", "D'Arcy", "林美玲", "محمد العلي", "שרה \u{200F}כהן", "Zoë 👩\u{200D}💻", "李"]
        {
            assert_eq!(name(&format!(" {fine} ")).as_deref(), Ok(fine));
        }
        assert!(name(&"林".repeat(120)).is_ok());
        assert_eq!(name(&"林".repeat(121)), Err(ErrorCode::TooLong));
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for empty in ["", "   ", "\u{3000}", "\u{200B}\u{FEFF}", "\u{FE0F}"] {
            assert_eq!(name(empty), Err(ErrorCode::Required), "{empty:?}");
        }
        for letter in ('\u{202A}'..='\u{202E}').chain('\u{2066}'..='\u{2069}') {
            assert_eq!(name(&format!("An{letter}na")), Err(ErrorCode::ControlCharacters));
        }
        for letter in ['\0', '\n', '\r', '\t', '\u{7F}', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert_eq!(name(&format!("An{letter}na")), Err(ErrorCode::ControlCharacters));
        }
    }

    #[test]
    fn lines_and_paragraphs_count_characters() {
        let line = |raw: &str| Line::parse(Field::Title, raw, 5);
        assert_eq!(line(" 你好世界吗 ").expect("five").as_str(), "你好世界吗");
        let error = line("sechs!").expect_err("six");
        assert_eq!((error.code, error.number), (ErrorCode::TooLong, Some(5)));
        assert_eq!(line("\u{200B}").expect_err("empty").code, ErrorCode::Required);
        assert_eq!(line("a\nb").expect_err("two lines").code, ErrorCode::ControlCharacters);
        assert_eq!(optional(" ", line), Ok(None));
        assert!(optional("sechs!", line).is_err());
        assert!(optional("fünf", line).is_ok_and(|line| line.is_some()));

        let text = |raw: &str| Paragraph::parse(Field::Description, raw, 9);
        assert_eq!(text("\r\na\r\nb\rc\u{2028}d\te \n").expect("a text").as_str(), "a\nb\nc\nd\te");
        assert_eq!(text("0123456789").expect_err("ten").number, Some(9));
        for bad in ["a\u{0}b", "a\u{1B}b", "a\u{202E}b"] {
            let error = text(bad).expect_err("refused");
            assert_eq!(error.code, ErrorCode::ControlCharacters, "{bad:?}");
        }
        assert_eq!(text("\n \n").expect_err("empty").code, ErrorCode::Required);
    }

    #[test]
    fn phones_have_a_country_code() {
        for (raw, kept) in [
            ("+47 22 33 44 55", "+47 22 33 44 55"),
            ("+1 (425) 882-8080", "+1 (425) 882-8080"),
            ("+886.2.1234.5678", "+886.2.1234.5678"),
            ("＋８６ １０ １２３４５６", "+86 10 123456"),
            ("\u{202A}+4722334455\u{202C}", "+4722334455"),
            ("+123456", "+123456"),
            ("+123456789012345", "+123456789012345"),
        ] {
            let phone = Phone::parse(Field::Phone, raw).map(String::from);
            assert_eq!(phone.as_deref(), Ok(kept), "{raw}");
        }
        for raw in [
            "22334455",
            "0047 22334455",
            "+12345",
            "+1234567890123456",
            "+47 22 33 44 55 ext 3",
            "+47+22334455",
            "+47\n22334455",
            "+١٢٣٤٥٦٧",
            "+(((((((((((((((((((((((((((((((((((123456",
        ] {
            let error = Phone::parse(Field::Phone, raw).expect_err(raw);
            assert_eq!(error.code, ErrorCode::MalformedPhone, "{raw}");
        }
        assert_eq!(Phone::parse(Field::Phone, " ").expect_err("empty").code, ErrorCode::Required);
    }

    #[test]
    fn rule_13_access_and_contract_ids_have_nine_digits() {
        for raw in ["482016344", " 482 016 344 ", "482-016-344", "４８２０１６３４４"] {
            let id = NineDigits::parse(Field::AccessId, raw).expect(raw);
            assert_eq!(id.as_str(), "482016344");
            assert_eq!(id.grouped(), "482 016 344");
            assert!(!format!("{id:?}").contains("482"));
        }
        for (raw, code, number) in [
            ("", ErrorCode::Required, None),
            ("48201634", ErrorCode::NineDigits, Some(8)),
            ("4820163445", ErrorCode::NineDigits, Some(10)),
            ("48201634a", ErrorCode::NineDigits, Some(8)),
            ("482016344a", ErrorCode::MalformedNumber, None),
            ("none", ErrorCode::NineDigits, Some(0)),
        ] {
            let expected = FieldError { field: Field::ContractId, code, number };
            assert_eq!(NineDigits::parse(Field::ContractId, raw), Err(expected), "{raw}");
        }
    }

    #[test]
    fn rule_15_an_engagement_has_1_to_25_hours() {
        for (raw, hours) in [("1", 1), (" 25 ", 25), ("１０", 10), ("007", 7)] {
            assert_eq!(Hours::parse(Field::Hours, raw).map(Hours::get), Ok(hours), "{raw}");
        }
        for (raw, code) in [
            ("", ErrorCode::Required),
            ("0", ErrorCode::MalformedNumber),
            ("-3", ErrorCode::MalformedNumber),
            ("2.5", ErrorCode::MalformedNumber),
            ("+3", ErrorCode::MalformedNumber),
            ("ten", ErrorCode::MalformedNumber),
            ("26", ErrorCode::EngagementTooLong),
            ("99999999999999999999999", ErrorCode::EngagementTooLong),
        ] {
            assert_eq!(Hours::parse(Field::Hours, raw).expect_err(raw).code, code, "{raw}");
        }
    }

    #[test]
    fn whole_numbers_stay_within_their_range() {
        assert_eq!(whole_number(Field::Quantity, "0", 0..=9), Ok(0));
        assert_eq!(whole_number(Field::Quantity, "-1", -2..=9), Ok(-1));
        for raw in ["10", "-1", "-", "--1", "1-", "99999999999999999999"] {
            let error = whole_number(Field::Quantity, raw, 0..=9).expect_err(raw);
            assert_eq!(error.code, ErrorCode::MalformedNumber, "{raw}");
        }
    }

    #[test]
    fn what_comes_over_the_wire_is_checked_too() {
        assert!(serde_json::from_str::<Email>("\"anna@example.com\"").is_ok());
        assert!(serde_json::from_str::<Email>("\"anna\"").is_err());
        assert!(serde_json::from_str::<Line>("\"a\\nb\"").is_err());
        assert!(serde_json::from_str::<Hours>("26").is_err());
        assert_eq!(serde_json::to_string(&Hours(3)).expect("json"), "3");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_fail_badly(raw in any::<String>()) {
            if let Ok(email) = Email::parse(Field::Email, &raw) {
                prop_assert!(!email.as_str().chars().any(|c| c.is_control() || c.is_whitespace()));
                let again = Email::parse(Field::Email, email.as_str());
                prop_assert_eq!(again, Ok(email));
            }
            if let Ok(name) = PersonName::parse(Field::Name, &raw) {
                prop_assert!((1..=120).contains(&name.as_str().chars().count()));
            }
            if let Ok(text) = Paragraph::parse(Field::Description, &raw, 40) {
                prop_assert!(!text.as_str().contains('\r'));
            }
            let _ = Phone::parse(Field::Phone, &raw);
            let _ = NineDigits::parse(Field::AccessId, &raw);
            let _ = Hours::parse(Field::Hours, &raw);
        }

        #[test]
        fn nine_digits_survive_grouping(digits in "[0-9]{9}") {
            let id = NineDigits::parse(Field::AccessId, &digits).expect("nine digits");
            prop_assert_eq!(NineDigits::parse(Field::AccessId, &id.grouped()), Ok(id));
        }
    }
}
