//! The wasm entry point: hydrates the pages, nothing else.

/// Takes the page over, with the texts of its language; called by the page once all of it is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate(texts: String) {
    console_error_panic_hook::set_once();
    locales::load(texts);
    leptos::mount::hydrate_body(app::App);
}
