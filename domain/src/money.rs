//! Amounts of money: kept in the smallest unit of their currency, written and typed in the currency itself.

/// How many digits stand behind the point of a currency (ISO 4217): two, but for these.
#[must_use]
pub fn minor_digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Whether an earlier version, which knew two currencies without a smaller unit and no other digits, read the amounts of a
/// currency in hundredths although it has none.
#[must_use]
pub fn was_in_hundredths(currency: &str) -> bool {
    minor_digits(currency) != 2 && !matches!(currency, "JPY" | "KRW")
}

/// How many of its smallest unit make one of a currency.
#[must_use]
pub fn minor_units(currency: &str) -> i64 {
    match minor_digits(currency) {
        0 => 1,
        2 => 100,
        3 => 1_000,
        _ => 10_000,
    }
}

/// An amount as it stands in a field: `4730.00`, `1500` in a currency without a smaller unit.
#[must_use]
pub fn typed(minor: i64, currency: &str) -> String {
    let (sign, digits) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs().to_string());
    let behind = minor_digits(currency);
    if behind == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>least$}", least = behind + 1);
    let (whole, fraction) = digits.split_at(digits.len() - behind);
    format!("{sign}{whole}.{fraction}")
}

/// The amount that was typed, in the smallest unit: `4730`, `4730.5` and `4730.50` are the same. None for what isn't
/// an amount of the currency, or is too large.
#[must_use]
pub fn parse(text: &str, currency: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let behind = minor_digits(currency);
    let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all(whole) || !all(fraction) || fraction.len() > behind || text.ends_with('.') {
        return None;
    }
    let amount: i64 = format!("{whole}{fraction:0<behind$}").parse().ok()?;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_digits_agree() {
        for currency in ["JPY", "USD", "KWD", "CLF"] {
            assert_eq!(minor_units(currency).to_string().len(), minor_digits(currency) + 1, "{currency}");
        }
    }

    #[test]
    fn an_earlier_version_read_some_currencies_otherwise() {
        for (currency, otherwise) in
            [("USD", false), ("JPY", false), ("KRW", false), ("VND", true), ("KWD", true), ("CLF", true)]
        {
            assert_eq!(was_in_hundredths(currency), otherwise, "{currency}");
        }
    }

    #[test]
    fn an_amount_is_read_as_it_is_written() {
        for (minor, currency, text) in [
            (473_000, "USD", "4730.00"),
            (5, "USD", "0.05"),
            (0, "EUR", "0.00"),
            (-550, "USD", "-5.50"),
            (1500, "JPY", "1500"),
            (0, "KRW", "0"),
            (1_000_000, "VND", "1000000"),
            (-1_005, "KWD", "-1.005"),
            (5, "CLF", "0.0005"),
        ] {
            assert_eq!(typed(minor, currency), text);
            assert_eq!(parse(text, currency), Some(minor), "{text}");
        }
        assert_eq!(parse(" 4730 ", "USD"), Some(473_000));
        assert_eq!(parse("4730.5", "USD"), Some(473_050));
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for (text, currency) in [
            ("", "USD"),
            ("many", "USD"),
            ("4730.", "USD"),
            (".5", "USD"),
            ("4,730", "USD"),
            ("1.005", "USD"),
            ("1.5", "JPY"),
            ("1.5", "XOF"),
            ("1.0005", "BHD"),
            ("--1", "USD"),
            ("99999999999999999999", "USD"),
        ] {
            assert_eq!(parse(text, currency), None, "{text}");
        }
    }
}
