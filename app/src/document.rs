//! The HTML document around the app.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::i18n;
use crate::routes::App;
use crate::site::asset;

/// Whether the page carries the browser's half. A page that answers a form's post does not: it is
/// plain HTML, and what it shows once stands in no script.
#[derive(Clone, Copy, Debug)]
pub struct Scripts(pub bool);

/// Has the browser take the page over.
const HYDRATE: &str = include_str!("hydrate.js");

/// The whole document.
pub fn document() -> impl IntoView {
    let scripts = use_context::<Scripts>().is_none_or(|scripts| scripts.0);
    view! {
        <!DOCTYPE html>
        <html lang=i18n::language().tag() data-assets=asset("").trim_end_matches('/').to_owned()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href=asset("favicon.svg")/>
                <link rel="stylesheet" href=asset("style.css")/>
                {scripts.then(|| view! { <script type="module" nonce=use_nonce()>{HYDRATE}</script> })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
