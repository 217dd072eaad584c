//! The second factor: codes of an authenticator app (RFC 6238) and recovery codes.
//!
//! How a code is computed stands in `service`; here is what is typed, what counts and how often one may
//! fail. The numbers are those of RFC 6238 and of OWASP ASVS 5.0, chapter 6.

use std::fmt;

use crate::Moment;
use crate::error::{ErrorCode, Field, FieldError};

/// So many recovery codes there are at a time.
pub const RECOVERY_CODES: usize = 10;
/// So many characters has a recovery code: 120 bits, which need no slow hash.
pub const RECOVERY_LENGTH: usize = 24;
/// So many digits has the code of an app.
pub const DIGITS: usize = 6;
/// Between password and code one may take so many minutes.
pub const STEP_MINUTES: i64 = 10;
/// A secret that was shown and not confirmed is forgotten after so many minutes.
pub const SETUP_MINUTES: i64 = 60;
/// After so many wrong codes in a row the account waits.
pub const FAILURES_MOST: i64 = 5;
/// So long, in seconds.
pub const WAIT_SECONDS: i64 = 15 * 60;

/// Letters and digits that nobody mistakes for each other: base32 of RFC 4648.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What somebody typed as a second factor. It is a secret: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// Six digits of an app.
    App(String),
    /// A recovery code, without the marks between its groups.
    Recovery(String),
}

impl Code {
    /// A code as it was typed: spaces, hyphens and case don't matter.
    ///
    /// # Errors
    /// [`ErrorCode::Required`]; [`ErrorCode::CodeWrong`] for what is neither kind.
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        let fault = |code| Err(FieldError { field, code, number: None });
        // Longer than any code with marks between all its letters.
        if raw.len() > 4 * RECOVERY_LENGTH {
            return fault(ErrorCode::CodeWrong);
        }
        let typed: String = raw
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        if typed.is_empty() {
            return fault(ErrorCode::Required);
        }
        if typed.len() == DIGITS && typed.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::App(typed));
        }
        if typed.len() == RECOVERY_LENGTH && typed.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Ok(Self::Recovery(typed));
        }
        fault(ErrorCode::CodeWrong)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

/// Bytes as base32 (RFC 4648), without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits) as usize & 31]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits)) as usize & 31]));
    }
    text
}

/// A code in groups of four, as it is read and typed.
#[must_use]
pub fn in_groups(code: &str, mark: char) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / 4);
    for (at, letter) in code.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(mark);
        }
        text.push(letter);
    }
    text
}

/// What an account's wrong codes have come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures {
    /// In a row.
    pub count: i64,
    /// No code counts before, the right one neither.
    pub locked_until: Option<Moment>,
}

impl Failures {
    /// The whole seconds that are left to wait; none where a code may be tried.
    #[must_use]
    pub fn wait(self, now: Moment) -> Option<i64> {
        let left = self.locked_until?.0 - now.0;
        (left > 0).then(|| left.div_euclid(1000) + i64::from(left % 1000 > 0))
    }

    /// After one more wrong code.
    #[must_use]
    pub fn and_another(self, now: Moment) -> Self {
        let count = self.count + 1;
        if count < FAILURES_MOST {
            return Self { count, locked_until: None };
        }
        Self { count: 0, locked_until: Some(now.plus_seconds(WAIT_SECONDS)) }
    }
}

/// What an authenticator app reads from the square: the key URI format that all of them know.
#[must_use]
pub fn key_uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (encoded(issuer), encoded(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

fn encoded(text: &str) -> String {
    use fmt::Write;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str) -> Result<Code, ErrorCode> {
        Code::parse(Field::Code, raw).map_err(|error| error.code)
    }

    #[test]
    fn spaces_marks_and_case_of_a_code_dont_matter() {
        for raw in ["123456", " 123 456 ", "123-456", "12 34\u{a0}56"] {
            assert_eq!(parse(raw), Ok(Code::App("123456".to_owned())), "{raw:?}");
        }
        let code = "ABCDEFGHIJKLMNOPQRSTUV23".to_owned();
        for raw in
            ["ABCDEFGHIJKLMNOPQRSTUV23", "abcd-efgh-ijkl-mnop-qrst-uv23", " ABCD EFGH IJKL MNOP QRST UV23 "]
        {
            assert_eq!(parse(raw), Ok(Code::Recovery(code.clone())), "{raw:?}");
        }
    }

    #[test]
    fn what_is_no_code_is_a_wrong_one() {
        assert_eq!(parse(""), Err(ErrorCode::Required));
        assert_eq!(parse(" - "), Err(ErrorCode::Required));
        for raw in [
            "12345",
            "1234567",
            "12345a",
            "١٢٣٤٥٦",
            "ABCD-EFGH",
            "ABCDEFGHIJKLMNOPQRSTUV01",
            &"1".repeat(5000),
        ] {
            assert_eq!(parse(raw), Err(ErrorCode::CodeWrong), "{raw:?}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expected);
        }
    }

    #[test]
    fn the_fifth_wrong_code_in_a_row_makes_the_account_wait() {
        let now = Moment(1_000_000);
        let mut failures = Failures { count: 0, locked_until: None };
        for count in 1..FAILURES_MOST {
            failures = failures.and_another(now);
            assert_eq!((failures.count, failures.wait(now)), (count, None));
        }
        failures = failures.and_another(now);
        assert_eq!(failures.wait(now), Some(WAIT_SECONDS));
        assert_eq!(failures.wait(Moment(now.0 + 1)), Some(WAIT_SECONDS));
        assert_eq!(failures.wait(now.plus_seconds(WAIT_SECONDS - 1)), Some(1));
        assert_eq!(failures.wait(now.plus_seconds(WAIT_SECONDS)), None);
    }

    #[test]
    fn the_square_says_whose_code_it_is() {
        assert_eq!(
            key_uri("Benefits Center", "a+b@fjord.example", "MZXW6"),
            "otpauth://totp/Benefits%20Center:a%2Bb%40fjord.example?secret=MZXW6&issuer=Benefits%20Center\
            &algorithm=SHA1&digits=6&period=30"
        );
    }

    proptest! {
        #[test]
        fn a_recovery_code_is_read_as_it_is_shown(bytes in proptest::array::uniform15(any::<u8>())) {
            let code = base32(&bytes);
            prop_assert_eq!(code.len(), RECOVERY_LENGTH);
            let shown = in_groups(&code, '-');
            prop_assert_eq!(Code::parse(Field::Code, &shown), Ok(Code::Recovery(code)));
            prop_assert_eq!(format!("{:?}", Code::parse(Field::Code, &shown).unwrap()), "Code(hidden)");
        }
    }
}
