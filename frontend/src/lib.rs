//! The wasm entry point: hydrates the pages, nothing else.

/// Called by the page once script and wasm are there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    // Without its texts the app would empty the page; as it is, every form of it works.
    if app::i18n::load_texts().await.is_ok() {
        leptos::mount::hydrate_body(app::App);
    }
}
