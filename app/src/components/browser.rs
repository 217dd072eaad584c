//! What only a browser can do; nothing happens on the server.

use leptos::prelude::*;

/// Whether the browser has taken the page over: what needs JavaScript appears only then.
///
/// False while the page is rendered and on the first render in the browser, so that both are alike.
#[must_use]
pub fn hydrated() -> ReadSignal<bool> {
    let (is, set) = signal(false);
    Effect::new(move |_| set.set(true));
    is
}

/// Puts a text on the clipboard and tells whether that went well.
#[cfg(feature = "hydrate")]
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    use wasm_bindgen::{JsCast, JsValue};

    // Without TLS there is no clipboard at all.
    let clipboard = js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("clipboard"))
        .ok()
        .filter(JsValue::is_object)
        .map(JsCast::unchecked_into::<web_sys::Clipboard>);
    let Some(clipboard) = clipboard else {
        done(false);
        return;
    };
    let copying = js_sys::futures::JsFuture::from(clipboard.write_text(text));
    leptos::task::spawn_local(async move { done(copying.await.is_ok()) });
}

/// Puts a text on the clipboard and tells whether that went well.
#[cfg(not(feature = "hydrate"))]
pub fn copy(_text: &str, done: impl FnOnce(bool) + 'static) {
    done(false);
}

/// The fields of a form as a query, those without a value left out.
#[cfg(feature = "hydrate")]
pub fn query_of(form: &leptos::web_sys::HtmlFormElement) -> String {
    use wasm_bindgen::JsCast;

    let pairs = web_sys::FormData::new_with_form(form)
        .and_then(|data| web_sys::UrlSearchParams::new_with_str_sequence_sequence(data.unchecked_ref()));
    let Ok(pairs) = pairs else { return String::new() };
    let pairs = String::from(pairs.to_string());
    pairs.split('&').filter(|pair| !pair.is_empty() && !pair.ends_with('=')).collect::<Vec<_>>().join("&")
}

/// Whether the element has the focus.
#[must_use]
pub fn has_focus(element: &leptos::web_sys::Element) -> bool {
    document().active_element().is_some_and(|active| active.is_same_node(Some(element)))
}
