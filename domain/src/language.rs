//! The three languages, and which one a browser asks for.

use serde::{Deserialize, Serialize};

/// A language of the portal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// 简体中文.
    #[serde(rename = "zh-Hans")]
    SimplifiedChinese,
    /// 繁體中文.
    #[serde(rename = "zh-Hant")]
    TraditionalChinese,
}

impl Language {
    /// Every language, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::English, Self::SimplifiedChinese, Self::TraditionalChinese];

    /// The tag for `lang` attributes, rows and files.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-Hans",
            Self::TraditionalChinese => "zh-Hant",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::SimplifiedChinese => "简体中文",
            Self::TraditionalChinese => "繁體中文",
        }
    }

    /// The language of a stored tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language of a tag that a browser sends: Taiwan, Hong Kong, Macao and the traditional
    /// script read Traditional Chinese, all other Chinese reads Simplified.
    #[must_use]
    pub fn from_browser_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split(['-', '_']);
        match parts.next()? {
            "en" => Some(Self::English),
            "zh" => {
                let parts: Vec<&str> = parts.collect();
                if parts.contains(&"hans") {
                    Some(Self::SimplifiedChinese)
                } else if parts.iter().any(|part| matches!(*part, "hant" | "tw" | "hk" | "mo")) {
                    Some(Self::TraditionalChinese)
                } else {
                    Some(Self::SimplifiedChinese)
                }
            }
            _ => None,
        }
    }

    /// The best language for an `Accept-Language` header; English where none fits.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best = (0.0_f32, Self::English);
        for entry in accept_language.split(',').take(16) {
            let mut parts = entry.split(';');
            let Some(language) = parts.next().and_then(Self::from_browser_tag) else { continue };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, SimplifiedChinese, TraditionalChinese};

    #[test]
    fn browsers_get_their_script() {
        for (header, language) in [
            ("zh-TW,zh;q=0.9,en;q=0.8", TraditionalChinese),
            ("zh-HK", TraditionalChinese),
            ("zh-MO", TraditionalChinese),
            ("zh-Hant-CN", TraditionalChinese),
            ("zh-Hans-TW", SimplifiedChinese),
            ("zh-CN,zh;q=0.9", SimplifiedChinese),
            ("zh-SG", SimplifiedChinese),
            ("zh", SimplifiedChinese),
            ("de-DE,de;q=0.9,en;q=0.5", English),
            ("fr", English),
            ("en;q=0.4,zh-TW;q=0.7", TraditionalChinese),
            ("", English),
            ("zh;q=x,en;q=0.1", English),
        ] {
            assert_eq!(Language::negotiate(header), language, "{header}");
        }
    }
}
