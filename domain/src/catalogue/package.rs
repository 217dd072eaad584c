//! What a package can say about itself: languages and operating systems that pages have words for.

/// Tags of languages, in the order of their names in English; `mul` is a package of several.
pub const PACKAGE_LANGUAGES: [&str; 38] = [
    "ar", "bg", "zh-Hans", "zh-Hant", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "he", "hi",
    "hu", "id", "it", "ja", "ko", "lv", "lt", "nb", "pl", "pt-BR", "pt-PT", "ro", "ru", "sr", "sk", "sl",
    "es", "sv", "th", "tr", "uk", "mul",
];

/// Codes of operating systems; `any` is a package for each of them.
pub const OPERATING_SYSTEMS: [&str; 10] = [
    "windows_x64",
    "windows_x86",
    "windows_arm64",
    "macos",
    "linux_x64",
    "linux_x86",
    "linux_arm64",
    "android",
    "ios",
    "any",
];

/// Under which key the words for a package's language stand.
#[must_use]
pub fn language_key(tag: &str) -> String {
    format!("language_{}", tag.to_ascii_lowercase().replace('-', "_"))
}

/// Under which key the words for a package's operating system stand.
#[must_use]
pub fn system_key(code: &str) -> String {
    format!("system_{code}")
}
