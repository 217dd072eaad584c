//! What an address without a page answers.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::i18n::texts;

/// There is no such page; the same for a page that isn't the reader's to see.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>() {
        options.set_status(http::StatusCode::NOT_FOUND);
    }
    let texts = texts();
    view! {
        <Title text=texts.common_page_title(texts.page_not_found_title())/>
        <main class="page" id="main">
            <div class="head">
                <div>
                    <h1>{texts.page_not_found_title()}</h1>
                    <p>{texts.page_not_found_text()}</p>
                </div>
            </div>
            <p><a class="button" href="/">{texts.page_to_dashboard()}</a></p>
        </main>
    }
}
