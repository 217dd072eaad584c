//! The HTML document around the app.

use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::i18n;
use crate::routes::App;
use crate::site::asset;

/// Whether the page carries the browser's half. A page that answers a form's post does not: it is
/// plain HTML, and what it shows once stands in no script.
#[derive(Clone, Copy, Debug)]
pub struct Scripts(pub bool);

/// The whole document.
pub fn document(options: LeptosOptions) -> impl IntoView {
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
                {scripts
                    .then(|| {
                        // The app asks for it, and would do so only once it is there itself.
                        let texts = asset(&i18n::texts_file(i18n::language()));
                        view! {
                            <link rel="preload" r#as="fetch" crossorigin="anonymous" href=texts/>
                            <HydrationScripts options=options.clone()/>
                        }
                    })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
