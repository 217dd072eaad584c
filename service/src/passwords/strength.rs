//! How soon a password would be guessed, by the words, names, dates and key patterns that guessers try
//! first: the estimator of `zxcvbn` with its bundled lists, and the owner's own words.

use domain::error::ErrorCode;
use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

/// Own words are told apart from this length on: `li` stands in too much else.
const OWN_WORD_MIN: usize = 3;
/// So many characters a password has beside the owner's words: the estimator takes two of them with a mark
/// between for three, which is enough for it.
const BESIDE_OWN_MIN: usize = 8;

/// Why the password would be guessed too soon: in less than 10^8 guesses; none where it wouldn't.
pub(super) fn fault(password: &str, own: &[String]) -> Option<ErrorCode> {
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    if beside(password, &own).is_some_and(|left| left < BESIDE_OWN_MIN) {
        return Some(ErrorCode::PasswordWords);
    }
    let estimate = zxcvbn(password, &own);
    if estimate.score() >= Score::Three {
        return None;
    }
    Some(match estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => ErrorCode::PasswordCommon,
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess
            | Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
            | Warning::SequencesLikeAbcAreEasyToGuess
            | Warning::RecentYearsAreEasyToGuess
            | Warning::DatesAreOftenEasyToGuess,
        ) => ErrorCode::PasswordPattern,
        Some(
            Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        )
        | None => ErrorCode::PasswordWords,
    })
}

/// How many characters are left beside the owner's words; none where it has no such word.
fn beside(password: &str, own: &[&str]) -> Option<usize> {
    let typed = password.to_lowercase();
    let mut left = typed.clone();
    // The longest first: an address before its parts.
    let mut words = own.to_vec();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        left = left.replace(word, "");
    }
    (left != typed).then(|| left.chars().count())
}

/// The words of names, addresses and companies, each by itself, the parts of an address, and the whole.
pub(super) fn own_words(texts: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for text in texts {
        let text = text.trim().to_lowercase();
        let parts =
            text.split(|letter: char| !letter.is_alphanumeric()).chain(text.split('@')).chain([&*text]);
        words.extend(parts.map(str::to_owned).filter(|word| word.chars().count() >= OWN_WORD_MIN));
    }
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(password: &str) -> Option<ErrorCode> {
        let own =
            own_words(&["Ottoline Vance-Ørsted", "ottoline.vance@fernhollow.example", "Fernhollow Systems"]);
        fault(password, &own)
    }

    #[test]
    fn several_words_that_dont_belong_together_are_taken() {
        for password in [
            "a quiet lamp over the harbour",
            "eleven herons on the quay",
            "a long enough sentence",
            "another lamp, another harbour",
            "k7#Trog plum",
            "你好今天天气很好我们走吧",
        ] {
            assert_eq!(told(password), None, "{password}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused_with_its_reason() {
        for (password, code) in [
            ("P@ssw0rd1234", ErrorCode::PasswordCommon),
            ("qwertyuiop!2", ErrorCode::PasswordCommon),
            ("zxcvfdsaqwer", ErrorCode::PasswordPattern),
            ("01/02/199901/02/1999", ErrorCode::PasswordPattern),
        ] {
            assert_eq!(told(password), Some(code), "{password}");
        }
    }

    #[test]
    fn ones_own_name_address_and_company_are_no_password() {
        for password in [
            "ottolinevance",
            "Fernhollow2026",
            "vancefernhollow",
            "OttolineFernhollow",
            "OttolineFernhollow1",
            "vance-ottoline",
            "Fernhollow-2026!",
            "fernhollow.example",
        ] {
            assert_eq!(told(password), Some(ErrorCode::PasswordWords), "{password}");
            assert_eq!(told(&format!("{password} walks past nine gates")), None);
        }
    }

    #[test]
    fn no_text_takes_long_or_panics() {
        let begun = std::time::Instant::now();
        for password in ["a1".repeat(128), "密".repeat(256), "19991231".repeat(32), "\u{0}".repeat(256)] {
            let _ = told(&password);
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
