//! The wasm entry point: hydrates the pages, nothing else.

/// Called by the page once script and wasm are there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
