//! New passwords: long, and neither common nor the address itself.

use std::fmt;

use crate::error::{ErrorCode, Field, FieldError};

/// The fewest characters of a password.
pub const PASSWORD_MIN: usize = 12;
/// The most characters of a password.
pub const PASSWORD_MAX: usize = 256;
/// The longest text whose repetition is still a pattern: `abcdabcdabcd`.
const REPEATED_MAX: usize = 4;

/// A password that may be set. It is a secret: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// The password exactly as it was typed, spaces included; compared without case with what is
    /// common and with the account's address.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooShort`] below 12 and [`ErrorCode::TooLong`] above
    /// 256 characters, [`ErrorCode::PasswordCommon`].
    pub fn parse(field: Field, raw: &str, address: &str) -> Result<Self, FieldError> {
        let fault = |code, number| Err(FieldError { field, code, number });
        if raw.is_empty() {
            return fault(ErrorCode::Required, None);
        }
        let length = raw.chars().count();
        if length < PASSWORD_MIN {
            return fault(ErrorCode::TooShort, i64::try_from(PASSWORD_MIN).ok());
        }
        if length > PASSWORD_MAX {
            return fault(ErrorCode::TooLong, i64::try_from(PASSWORD_MAX).ok());
        }
        let password = raw.trim().to_lowercase();
        let address = address.trim().to_lowercase();
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        if password == address || password == local || is_common(&password) || is_pattern(&password) {
            return fault(ErrorCode::PasswordCommon, None);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The password.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(hidden)")
    }
}

fn is_common(password: &str) -> bool {
    COMMON.split_ascii_whitespace().any(|common| common == password)
}

/// One short text over and over, or a run along the alphabet, the digits or a row of the keyboard,
/// forwards or backwards, around its end and again.
fn is_pattern(password: &str) -> bool {
    let letters: Vec<char> = password.chars().collect();
    let repeats = |length: usize| letters.iter().zip(letters.iter().skip(length)).all(|(a, b)| a == b);
    if (1..=REPEATED_MAX).any(repeats) {
        return true;
    }
    let backwards: String = letters.iter().rev().collect();
    RUNS.iter().any(|run| {
        let endless = run.repeat(PASSWORD_MAX / run.len() + 2);
        endless.contains(password) || endless.contains(&backwards)
    })
}

/// Runs that a finger follows.
const RUNS: [&str; 7] = [
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "1234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// The most common passwords of twelve and more characters, in small letters.
const COMMON: &str = "
    123456789abc 123456789qwe 123456789qwerty 123456qwerty 1234567890qwe 1234qwerasdf 12345qwert12345
    123qweasdzxc 123qwe123qwe 123qweasd123 123456789zxc 12345678qwerty 1234567qwerty 123abc123abc
    123321123321 123456654321 112233445566 111222333444 121212121212a 147258369147 159357159357
    789456123789 987654321abc 987654321qwe 741852963741 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i
    1q2w3e4r5t6y7u8i9o0p 1q2w3e4r1q2w3e4r 1qaz2wsx3edc4 1qazxsw23edc 1qaz1qaz1qaz1 1qaz2wsx1qaz2wsx
    zaq12wsxcde3 zaq1xsw2cde3 zaqxswcdevfr zxcvbnm12345 zxcvbnm123456 zxcvbnm123456789 zxcvbnmasdfghjkl
    asdfghjkl123 asdfghjkl1234 asdfghjkl12345 asdfghjkl123456 asdfghjklzxcvbnm asdfasdfasdf1 asdf1234asdf
    asdfqwerzxcv asdqwe123456 qazwsxedc123 qazwsxedcrfv qazwsxedcrfvtgb qazwsxedcrfvtgbyhn qazwsx123456
    qwe123qwe123 qwe123asd456 qweasdzxc123 qweasd123456 qwerasdfzxcv qwer1234qwer qwer1234asdf qwertyqwerty
    qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789 qwerty1234567890 qwertyuiop12 qwertyuiop123
    qwertyuiop1234 qwertyuiop12345 qwertyuiop123456 qwertyuiop[] qwertyuiop10 qwertyasdfgh qwertyasdfzxcv
    qwertyzxcvbn qwertzuiop123 azertyuiop123 azertyuiopqs azerty123456 aqwzsxedcrfv abcd12345678 abc123456789
    abc123abc123 abcd1234abcd abcdefgh1234 abcdefg12345 abcdef123456 abcdefghijk1 abcdefghijkl1 a1b2c3d4e5f6
    a1b2c3d4e5f6g7 a123456789012 a12345678901 aa1234567890 aa123456789a aaa123456789 as1234567890 q1w2e3r4t5y6
    q1w2e3r4t5y6u7i8 password1234 password12345 password123456 password1234567 password12345678
    password123456789 password1234! password123! password2020 password2021 password2022 password2023
    password2024 password2025 password2026 password2027 passwordpassword password.123 password@123
    password@1234 password_123 password!123 password#123 passw0rd1234 passw0rd123! p@ssw0rd1234 p@ssw0rd123!
    p@ssword1234 p@ssword123! p@$$w0rd1234 pa55word1234 pa$$word1234 mypassword12 mypassword123 mypassword1234
    newpassword1 newpassword123 thepassword1 yourpassword defaultpassword temppassword temppassword1
    temporarypassword changepassword changethispassword secretpassword securepassword strongpassword
    longpassword longpassword1 testpassword testpassword1 testpassword123 adminpassword adminpassword1
    rootpassword userpassword passwordadmin password4321 passphrase123 letmein12345 letmein123456 letmeinletmein
    letmeinplease welcome12345 welcome123456 welcome1234! welcome@1234 welcome@12345 welcomewelcome
    welcomehome1 welcometohell changeme1234 changeme12345 changeme123! changemenow1 changemeplease
    administrator administrator1 administrator123 administrador admin1234567 admin12345678 admin123456789
    admin@123456 admin@1234567 adminadminadmin adminadmin123 superadmin123 supervisor123 superman1234
    superman12345 iloveyou1234 iloveyou12345 iloveyou123456 iloveyou4ever iloveyouforever iloveyousomuch
    iloveyou2023 iloveyou2024 iloveyou2025 ilovemyfamily ilovemymother ilovejesus123 jesuschrist1 jesusislord1
    jesuslovesme godisgood123 lovelovelove1 loveyouforever forever12345 football1234 football12345 baseball1234
    baseball12345 basketball12 basketball123 sunshine1234 sunshine12345 princess1234 princess12345 dragon123456
    monkey123456 monkey1234567 shadow123456 master123456 michael12345 charlie12345 jennifer1234 computer1234
    computer12345 internet1234 internet12345 microsoft123 microsoft1234 windows12345 windows10pro google123456
    facebook1234 starwars1234 starwars12345 pokemon12345 liverpool123 liverpool1234 manchester123 chocolate123
    chocolate1234 butterfly123 butterfly1234 trustno12345 correcthorsebatterystaple correct-horse-battery-staple
    thisismypassword thisisapassword thisispassword ihatepasswords idontknow123 idontremember whatever1234
    nopassword123 unbelievable1 summer202024 summer2024!! winter2024!! spring2024!! autumn2024!! summer2025!!
    winter2025!! company12345 company1234! partner12345 partner1234! partnercenter benefitscenter woaini1314520
    woaini123456 woaini5201314 5201314woaini 5201314520131 52013141314520 a5201314520131 wodemima123456
    mima12345678 zhang1234567 wang12345678
";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str) -> Result<(), (ErrorCode, Option<i64>)> {
        NewPassword::parse(Field::NewPassword, raw, "Anna.Lindqvist.Berg@fjord.example")
            .map(|password| assert_eq!(password.as_str(), raw))
            .map_err(|error| (error.code, error.number))
    }

    #[test]
    fn new_passwords_have_12_to_256_characters() {
        assert_eq!(check(""), Err((ErrorCode::Required, None)));
        assert_eq!(check("k7#Trog plum"), Ok(()));
        assert_eq!(check("k7#Trog plu"), Err((ErrorCode::TooShort, Some(12))));
        assert_eq!(check("你好今天天气很好我们走吧"), Ok(()));
        let text: String = ('a'..='z').cycle().step_by(7).take(256).collect();
        assert_eq!(check(&text), Ok(()));
        assert_eq!(check(&format!("{text}x")), Err((ErrorCode::TooLong, Some(256))));
        assert_eq!(check("  spaces stay as typed  "), Ok(()));
    }

    #[test]
    fn new_passwords_are_not_the_address() {
        let common = Err((ErrorCode::PasswordCommon, None));
        assert_eq!(check("anna.lindqvist.berg@fjord.example"), common);
        assert_eq!(check(" ANNA.Lindqvist.Berg@Fjord.example "), common);
        assert_eq!(check("Anna.Lindqvist.Berg"), common);
        assert_eq!(check("Anna.Lindqvist.Berg walks"), Ok(()));
    }

    #[test]
    fn new_passwords_are_not_common() {
        let common = Err((ErrorCode::PasswordCommon, None));
        for raw in
            ["password1234", "PassWord1234", " password1234 ", "Administrator", "correcthorsebatterystaple"]
        {
            assert_eq!(check(raw), common, "{raw}");
        }
    }

    #[test]
    fn new_passwords_are_no_patterns() {
        for raw in [
            "aaaaaaaaaaaa",
            "............",
            "AaAaAaAaAaAa",
            "123123123123",
            "abcdabcdabcda",
            "abcdefghijkl",
            "lkjihgfedcba",
            "mnopqrstuvwxyzab",
            "123456789012",
            "012345678901",
            "987654321098",
            "098765432109",
            "qwertyuiopas",
            "poiuytrewqmnbvcxzlkjh",
            "[poiuytrewq=-",
            "3edc4rfv5tgb6",
        ] {
            assert_eq!(check(raw), Err((ErrorCode::PasswordCommon, None)), "{raw}");
        }
        for raw in ["abcdefghijkm", "123456789013", "aaaaaaaaaaab", "abcdeabcdeab"] {
            assert_eq!(check(raw), Ok(()), "{raw}");
        }
    }

    #[test]
    fn the_list_holds_what_a_new_password_can_be() {
        let all: Vec<&str> = COMMON.split_ascii_whitespace().collect();
        assert!(all.len() >= 200, "{}", all.len());
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for common in all {
            assert!(common.chars().count() >= PASSWORD_MIN, "{common}");
            assert_eq!(common.to_lowercase(), common);
            assert_eq!(check(common), Err((ErrorCode::PasswordCommon, None)));
        }
    }

    proptest! {
        #[test]
        fn every_repetition_of_a_short_text_is_a_pattern(text in "[a-zA-Z0-9#]{1,4}", times in 12_usize..40) {
            prop_assert_eq!(check(&text.repeat(times)), Err((ErrorCode::PasswordCommon, None)));
        }

        #[test]
        fn no_password_is_shown_by_debug(raw in "[a-z ]{12,40}") {
            if let Ok(password) = NewPassword::parse(Field::NewPassword, &raw, "") {
                prop_assert_eq!(format!("{password:?}"), "NewPassword(hidden)");
            }
        }
    }
}
