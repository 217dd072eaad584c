//! Every text a person reads, in English, Simplified and Traditional Chinese.
//!
//! The texts stand in `locales/<language>/<area>.toml`; `README.md` there says how to add one. Each
//! becomes a method of [`Texts`], so a missing text, key or value is a failed build. The browser's
//! module has the methods without the texts: it loads those of the reader's language beside it
//! ([`load`]).

use domain::Language;

pub mod format;
mod refusal;

pub use refusal::{field_refusal, refusal};

/// The texts in one language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Texts(Language);

/// The texts in a language.
#[must_use]
pub const fn texts(language: Language) -> Texts {
    Texts(language)
}

impl Texts {
    /// The language of these texts.
    #[must_use]
    pub const fn language(self) -> Language {
        self.0
    }

    // Not inlined: a call is smaller than the choice, and there is one for every text.
    #[cfg(not(target_family = "wasm"))]
    #[inline(never)]
    fn at(self, number: usize) -> &'static str {
        let texts = generated::ALL.get(number);
        texts.map_or("", |texts| match self.0 {
            Language::English => texts[0],
            Language::SimplifiedChinese => texts[1],
            Language::TraditionalChinese => texts[2],
        })
    }

    #[cfg(target_family = "wasm")]
    #[inline(never)]
    fn at(self, number: usize) -> &'static str {
        LOADED.get().and_then(|texts| texts.get(number)).copied().unwrap_or_default()
    }

    fn find_in(self, keys: &'static [&'static str], first: usize, key: &str) -> Option<&'static str> {
        keys.binary_search(&key).ok().map(|at| self.at(first + at))
    }
}

/// The texts that the browser has loaded, by number.
#[cfg(target_family = "wasm")]
static LOADED: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();

/// Takes the texts of the page's language as the site's file has them, once and for good.
#[cfg(target_family = "wasm")]
pub fn load(file: String) {
    // They live as long as the page: every text is handed out as such.
    let file: &'static str = file.leak();
    let _ = LOADED.set(file.split('\0').collect());
}

/// A text with its `{name}` places filled in.
///
/// A place whose name isn't among the values stays as it is; a value is never read for places.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, inside)) = rest.split_once('{') {
        text.push_str(before);
        let value = inside.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
        });
        if let Some((value, after)) = value {
            text.push_str(value);
            rest = after;
        } else {
            text.push('{');
            rest = inside;
        }
    }
    text.push_str(rest);
    text
}

/// A source of a benefit in words: as the programme calls it, or what has no name there.
#[must_use]
pub fn source(texts: Texts, source: &str, name: Option<&str>) -> String {
    name.or_else(|| texts.find_source(source)).unwrap_or(source).to_owned()
}

// A text may name more values than a hand-written function should take.
#[allow(clippy::too_many_arguments)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));
}

#[cfg(test)]
mod tests {
    use super::{Language, fill, texts};

    #[test]
    fn values_fill_their_places_once() {
        let values = [("used", "6"), ("left", "{used}")];
        assert_eq!(fill("{used} used · {left} left", &values), "6 used · {used} left");
        assert_eq!(fill("{used}{used}", &values), "66");
        assert_eq!(fill("{unknown} {", &values), "{unknown} {");
        assert_eq!(fill("", &values), "");
    }

    #[test]
    fn a_code_is_found_in_its_language() {
        for (language, text) in [
            (Language::English, "Active"),
            (Language::SimplifiedChinese, "活动"),
            (Language::TraditionalChinese, "作用中"),
        ] {
            assert_eq!(texts(language).find("status", "active"), Some(text));
            assert_eq!(texts(language).status_active(), text);
        }
        let texts = texts(Language::English);
        assert_eq!(texts.find("status", "nothing"), None);
        assert_eq!(texts.find("common", "save"), None, "not an area to look up");
    }

    #[test]
    fn a_count_chooses_the_form() {
        let [english, simplified, _] = Language::ALL.map(texts);
        assert_eq!(english.common_days_left(1), "1 day left");
        assert_eq!(english.common_days_left(0), "0 days left");
        assert_eq!(english.common_days_left(1200), "1,200 days left");
        assert_eq!(simplified.common_days_left(1), "剩 1 天");
    }

    #[test]
    fn values_go_where_the_language_has_them() {
        let [english, _, traditional] = Language::ALL.map(texts);
        // In alphabetical order of the names: left, quantity, used.
        assert_eq!(english.common_used_of(4, 10, 6), "6 of 10 used · 4 left");
        assert_eq!(traditional.common_used_of(4, 10, 6), "已用 6/10 · 剩餘 4");
    }
}
