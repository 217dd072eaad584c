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

/// Name of the file with a language's texts among the site's assets.
#[must_use]
pub fn texts_file(language: Language) -> String {
    format!("texts.{}.txt", language.tag())
}

/// Loads the texts of the page's language; nothing is shown by the app before.
///
/// # Errors
/// What the browser says where the file doesn't come.
#[cfg(feature = "hydrate")]
pub async fn load_texts() -> Result<(), wasm_bindgen::JsValue> {
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;
    let address = crate::site::asset(&texts_file(language()));
    let answer: web_sys::Response = JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
    if !answer.ok() {
        return Err(answer.status_text().into());
    }
    let text = JsFuture::from(answer.text()?).await?;
    locales::load(text.as_string().unwrap_or_default());
    Ok(())
}

/// Every text in the reader's language.
#[must_use]
pub fn texts() -> Texts {
    locales::texts(language())
}
