//! The benefits tables: one page a category, the same table for all.

mod address;

pub use address::path;

pub mod cloud;
pub mod marketing;
pub mod seats;
pub mod software;
mod table;
pub mod technical;

use domain::benefit::Category;
use domain::view::benefits::GrantDetail;
use leptos::prelude::*;

use table::CategoryPage;

/// Address of a grant's open row, with nothing else: other pages lead back to it.
pub(crate) fn address_of(detail: &GrantDetail) -> String {
    format!("{}?open={}", address::path(detail.category), detail.row.id)
}

/// Software.
#[component]
pub fn Software() -> impl IntoView {
    view! { <CategoryPage category=Category::Software/> }
}

/// Cloud.
#[component]
pub fn Cloud() -> impl IntoView {
    view! { <CategoryPage category=Category::Cloud/> }
}

/// Visual Studio subscriptions.
#[component]
pub fn VisualStudio() -> impl IntoView {
    view! { <CategoryPage category=Category::VisualStudio/> }
}

/// Technical benefits; Support in edition A.
#[component]
pub fn Technical() -> impl IntoView {
    view! { <CategoryPage category=Category::Technical/> }
}

/// Go-to-market benefits.
#[component]
pub fn GoToMarket() -> impl IntoView {
    view! { <CategoryPage category=Category::GoToMarket/> }
}
