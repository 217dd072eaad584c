//! The reader's language: decided by the server, carried by `<html lang>`.

use domain::Language;
use leptos::prelude::*;
use locales::Texts;

/// The reader's language.
#[cfg(feature = "ssr")]
#[must_use]
pub fn language() -> Language {
    use_context::<Language>().unwrap_or_default()
}

/// The reader's language.
#[cfg(not(feature = "ssr"))]
#[must_use]
pub fn language() -> Language {
    thread_local! {
        static LANGUAGE: Language = document()
            .document_element()
            .and_then(|root| root.get_attribute("lang"))
            .and_then(|tag| Language::from_tag(&tag))
            .unwrap_or_default();
    }
    LANGUAGE.with(|language| *language)
}

/// Every text in the reader's language.
#[must_use]
pub fn texts() -> Texts {
    locales::texts(language())
}
