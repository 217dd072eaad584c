//! Countries of a postal address, and what an address has in each (ISO 3166-1; Universal Postal Union).

/// Codes of countries and areas, ISO 3166-1 alpha-2; their names stand in `locales/`.
pub const COUNTRIES: &[&str] = &[
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA",
    "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV",
    "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU",
    "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES",
    "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM",
    "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE",
    "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM",
    "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY",
    "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT",
    "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU",
    "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM",
    "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL",
    "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

/// Countries whose addresses have no postal code, or where it is seldom known.
const WITHOUT_POSTAL_CODE: &[&str] = &[
    "AE", "AG", "AO", "AQ", "AW", "BF", "BI", "BJ", "BO", "BQ", "BS", "BV", "BW", "BZ", "CD", "CF", "CG",
    "CI", "CK", "CM", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GN", "GQ", "GY", "HK", "HM",
    "IE", "JM", "KI", "KM", "KN", "KP", "LY", "ML", "MO", "MR", "MW", "NA", "NR", "NU", "PA", "QA", "RW",
    "SB", "SC", "SL", "SR", "SS", "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TV", "UG", "VU",
    "WS", "YE", "ZW",
];

/// Countries where a letter needs the state, province or prefecture.
const WITH_REGION: &[&str] = &["AU", "BR", "CA", "CN", "ID", "IN", "IT", "JP", "MX", "MY", "US"];

/// Whether the code is a country's.
#[must_use]
pub fn is_country(code: &str) -> bool {
    COUNTRIES.binary_search(&code).is_ok()
}

/// Whether an address there needs a postal code.
#[must_use]
pub fn needs_postal_code(code: &str) -> bool {
    WITHOUT_POSTAL_CODE.binary_search(&code).is_err()
}

/// Whether an address there needs a state, province or prefecture.
#[must_use]
pub fn needs_region(code: &str) -> bool {
    WITH_REGION.binary_search(&code).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_can_be_searched_and_name_countries_only() {
        for table in [COUNTRIES, WITHOUT_POSTAL_CODE, WITH_REGION] {
            assert!(table.is_sorted_by(|one, next| one < next));
            assert!(table.iter().all(|code| is_country(code)));
        }
        assert_eq!(COUNTRIES.len(), 249);
    }

    #[test]
    fn rule_19_an_address_has_what_its_country_needs() {
        assert!(needs_postal_code("NO") && !needs_region("NO"));
        assert!(needs_postal_code("US") && needs_region("US"));
        assert!(!needs_postal_code("HK") && !needs_region("HK"));
        assert!(!is_country("XX") && !is_country("no") && !is_country(""));
    }
}
