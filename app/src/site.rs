//! Where the site's own files are: under a digest, so that they can be cached for good.

use leptos::prelude::*;

/// Folder of the assets, such as `/pkg/0f3a…`; the server knows it, the page carries it.
#[derive(Clone, Debug)]
pub struct AssetBase(pub String);

/// Address of an asset.
#[must_use]
pub fn asset(name: &str) -> String {
    format!("{}/{name}", base())
}

#[cfg(feature = "ssr")]
fn base() -> String {
    use_context::<AssetBase>().map(|base| base.0).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn base() -> String {
    thread_local! {
        static BASE: String = document()
            .document_element()
            .and_then(|root| root.get_attribute("data-assets"))
            .unwrap_or_default();
    }
    BASE.with(Clone::clone)
}
