//! Dates, numbers, money and lists as a language writes them.

use domain::{Day, Language};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day: `12 Dec 2026`, `2026年12月12日`.
#[must_use]
pub fn date(language: Language, day: Day) -> String {
    let (year, month, number) = (day.year(), day.month(), day.day());
    match language {
        Language::English => {
            let name = MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
            format!("{number} {name} {year}")
        }
        Language::SimplifiedChinese | Language::TraditionalChinese => {
            format!("{year}年{month}月{number}日")
        }
    }
}

/// A month: `Dec 2026`, `2026年12月`.
#[must_use]
pub fn month(language: Language, month: domain::insight::Month) -> String {
    let day = month.first_day();
    match language {
        Language::English => {
            let name = MONTHS.get(usize::from(day.month()).wrapping_sub(1)).copied().unwrap_or_default();
            format!("{name} {}", day.year())
        }
        Language::SimplifiedChinese | Language::TraditionalChinese => {
            format!("{}年{}月", day.year(), day.month())
        }
    }
}

/// A day with hour and minute of the same zone: `20 Nov 2026, 09:41`, `2026年11月20日 09:41`.
#[must_use]
pub fn date_time(language: Language, day: Day, (hour, minute): (u8, u8)) -> String {
    let comma = if language == Language::English { "," } else { "" };
    format!("{}{comma} {hour:02}:{minute:02}", date(language, day))
}

/// A whole number in groups of three: `1,000`. The three languages write it alike.
#[must_use]
pub fn number(_language: Language, number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// An amount in the smallest unit of its currency (ISO 4217 code): 10000 of `USD` is `US$100`, and
/// `100 美元` in Chinese. The fraction is left out where it is zero.
#[must_use]
pub fn money(language: Language, minor: i64, currency: &str) -> String {
    let whole = minor.unsigned_abs().is_multiple_of(domain::money::minor_units(currency).unsigned_abs());
    written(language, minor, currency, !whole)
}

/// The same with every digit of the currency, `US$100.00`: for amounts that stand below each other, and their sums.
#[must_use]
pub fn money_in_full(language: Language, minor: i64, currency: &str) -> String {
    written(language, minor, currency, domain::money::minor_digits(currency) > 0)
}

fn written(language: Language, minor: i64, currency: &str, fraction: bool) -> String {
    let (prefix, simplified, traditional) = match currency {
        "AUD" => ("A$", "澳元", "澳幣"),
        "CAD" => ("CA$", "加元", "加幣"),
        "CHF" => ("CHF ", "瑞士法郎", "瑞士法郎"),
        "CNY" => ("CN¥", "人民币", "人民幣"),
        "DKK" => ("DKK ", "丹麦克朗", "丹麥克朗"),
        "EUR" => ("€", "欧元", "歐元"),
        "GBP" => ("£", "英镑", "英鎊"),
        "HKD" => ("HK$", "港元", "港幣"),
        "INR" => ("₹", "印度卢比", "印度盧比"),
        "JPY" => ("¥", "日元", "日圓"),
        "KRW" => ("₩", "韩元", "韓元"),
        "NOK" => ("NOK ", "挪威克朗", "挪威克朗"),
        "PLN" => ("PLN ", "波兰兹罗提", "波蘭茲羅提"),
        "SEK" => ("SEK ", "瑞典克朗", "瑞典克朗"),
        "SGD" => ("S$", "新加坡元", "新加坡幣"),
        "TWD" => ("NT$", "新台币", "新台幣"),
        "USD" => ("US$", "美元", "美元"),
        _ => ("", currency, currency),
    };
    let (amount, units) = (minor.unsigned_abs(), domain::money::minor_units(currency).unsigned_abs());
    let amount = if fraction {
        let digits = domain::money::minor_digits(currency);
        format!("{}.{:0>digits$}", grouped(amount / units), amount % units)
    } else {
        grouped(amount / units)
    };
    let sign = if minor < 0 { "-" } else { "" };
    match language {
        Language::English if prefix.is_empty() => format!("{sign}{currency} {amount}"),
        Language::English => format!("{sign}{prefix}{amount}"),
        Language::SimplifiedChinese => format!("{sign}{amount} {simplified}"),
        Language::TraditionalChinese => format!("{sign}{amount} {traditional}"),
    }
}

/// All of them: `A, B and C`, `A、B 和 C`. Nothing where there is none.
#[must_use]
pub fn list_and(language: Language, items: &[impl AsRef<str>]) -> String {
    list(language, items, if language == Language::English { "and" } else { "和" })
}

/// Any of them: `A, B or C`, `A、B 或 C`. Nothing where there is none.
#[must_use]
pub fn list_or(language: Language, items: &[impl AsRef<str>]) -> String {
    list(language, items, if language == Language::English { "or" } else { "或" })
}

fn list(language: Language, items: &[impl AsRef<str>], word: &str) -> String {
    let separator = if language == Language::English { ", " } else { "、" };
    let Some((last, before)) = items.split_last() else { return String::new() };
    let last = last.as_ref();
    let mut text = String::new();
    for (at, item) in before.iter().enumerate() {
        if at > 0 {
            text.push_str(separator);
        }
        text.push_str(item.as_ref());
    }
    if !text.is_empty() {
        // Chinese sets a space only beside Latin letters and figures.
        let spaced = |neighbour: Option<char>| {
            language == Language::English || neighbour.is_some_and(|c| c < '\u{2e80}')
        };
        if spaced(text.chars().next_back()) {
            text.push(' ');
        }
        text.push_str(word);
        if spaced(last.chars().next()) {
            text.push(' ');
        }
    }
    text.push_str(last);
    text
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use domain::Language::{English, SimplifiedChinese, TraditionalChinese};
    use domain::{Day, Language};

    use super::{date, date_time, list_and, list_or, money, money_in_full, number};

    #[test]
    fn days_read_as_in_the_language() {
        let day = Day::new(2026, 12, 1).expect("a day");
        assert_eq!(date(English, day), "1 Dec 2026");
        assert_eq!(date(SimplifiedChinese, day), "2026年12月1日");
        assert_eq!(date(TraditionalChinese, day), "2026年12月1日");
        assert_eq!(date_time(English, day, (9, 4)), "1 Dec 2026, 09:04");
        assert_eq!(date_time(TraditionalChinese, day, (23, 41)), "2026年12月1日 23:41");
        let months: Vec<String> =
            (1..=12).filter_map(|month| Day::new(2026, month, 15)).map(|day| date(English, day)).collect();
        assert_eq!(months.first().map(String::as_str), Some("15 Jan 2026"));
        assert_eq!(months.last().map(String::as_str), Some("15 Dec 2026"));
        assert_eq!(months.len(), 12);
    }

    #[test]
    fn numbers_stand_in_groups_of_three() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-12_345, "-12,345"),
            (100_000, "100,000"),
            (1_234_567, "1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            for language in Language::ALL {
                assert_eq!(number(language, value), text);
            }
        }
    }

    #[test]
    fn money_names_its_currency() {
        assert_eq!(money(English, 10_000, "USD"), "US$100");
        assert_eq!(money(SimplifiedChinese, 10_000, "USD"), "100 美元");
        assert_eq!(money(English, 473_005, "USD"), "US$4,730.05");
        assert_eq!(money(English, -50, "EUR"), "-€0.50");
        assert_eq!(money(English, 1500, "JPY"), "¥1,500");
        assert_eq!(money(TraditionalChinese, 1500, "JPY"), "1,500 日圓");
        assert_eq!(money(English, 1_000_000, "VND"), "VND 1,000,000");
        assert_eq!(money(English, 12_005, "KWD"), "KWD 12.005");
        assert_eq!(money(English, 120_000, "NOK"), "NOK 1,200");
        assert_eq!(money(English, 120_000, "XTS"), "XTS 1,200");
        assert_eq!(money(TraditionalChinese, 120_050, "XTS"), "1,200.50 XTS");
    }

    #[test]
    fn amounts_below_each_other_have_every_digit() {
        for (minor, currency, text) in [
            (192_100, "USD", "US$1,921.00"),
            (112_189, "USD", "US$1,121.89"),
            (0, "EUR", "€0.00"),
            (-5, "USD", "-US$0.05"),
            (1500, "JPY", "¥1,500"),
            (12_000, "KWD", "KWD 12.000"),
        ] {
            assert_eq!(money_in_full(English, minor, currency), text);
        }
        assert_eq!(money_in_full(SimplifiedChinese, 10_000, "USD"), "100.00 美元");
        assert_eq!(money_in_full(TraditionalChinese, 1500, "JPY"), "1,500 日圓");
    }

    #[test]
    fn lists_end_with_their_word() {
        let names = ["A", "B", "C"];
        assert_eq!(list_or(English, &names), "A, B or C");
        assert_eq!(list_and(English, &names[..2]), "A and B");
        assert_eq!(list_or(SimplifiedChinese, &names), "A、B 或 C");
        assert_eq!(list_and(TraditionalChinese, &["系統", "人員"]), "系統和人員");
        assert_eq!(list_or(SimplifiedChinese, &["全局管理员", "MPN"]), "全局管理员或 MPN");
        assert_eq!(list_and(English, &names[..1]), "A");
        assert_eq!(list_and(English, &[] as &[String]), "");
    }
}
