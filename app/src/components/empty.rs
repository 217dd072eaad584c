use domain::Error;
use leptos::prelude::*;
use leptos_meta::Title;

use super::button::LinkButton;
use super::notice::{Notice, Tone};
use crate::i18n::texts;
use crate::words;

/// A list without rows: what would be here, or which filter hides it, with one action at most.
#[component]
pub fn Empty(
    /// What isn't there.
    #[prop(into)]
    title: String,
    /// What would be here, and how it comes here.
    #[prop(optional, into)]
    text: String,
    /// One action.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2 class="h3">{title}</h2>
            {(!text.is_empty()).then(|| view! { <p>{text}</p> })}
            {children.map(|children| children())}
        </div>
    }
}

/// The list's own lines in grey, not before 400 ms.
#[component]
pub fn Loading() -> impl IntoView {
    let label = texts().common_loading();
    view! {
        <div class="sheet">
            <div class="in stack" role="status" aria-busy="true" aria-label=label>
                <div class="ghost"></div>
                <div class="ghost short"></div>
                <div class="ghost"></div>
                <div class="ghost short"></div>
            </div>
        </div>
    }
}

/// Something could not be loaded: why, and the way on.
#[component]
pub fn Failed(
    /// The refusal.
    error: Error,
    /// Whether it stands for the whole page, and is its heading.
    #[prop(optional)]
    page: bool,
) -> impl IntoView {
    let texts = texts();
    let said = words::refusal(texts, &error);
    // The id under which the log has the cause.
    let request_id = words::request_id(texts, &error);
    let said = if page {
        let title = if error.code == domain::ErrorCode::NotFound {
            texts.page_not_found_title()
        } else {
            texts.page_refused_title()
        };
        view! {
            <Title text=texts.common_page_title(title)/>
            <h1 class="h3">{said}</h1>
        }
        .into_any()
    } else {
        view! { <p>{said}</p> }.into_any()
    };
    let again = error.code != domain::ErrorCode::NotFound && error.code != domain::ErrorCode::RoleNeeded;
    view! {
        <Notice tone=Tone::Stop role="alert">
            {said}
            {request_id.map(|id| view! { <p class="small muted">{id}</p> })}
            {again
                .then(|| {
                    // An empty address is the page itself.
                    view! { <p><LinkButton href="" label=texts.common_try_again()/></p> }
                })}
            {(page && !again).then(|| view! { <p><a href="/">{texts.page_to_dashboard()}</a></p> })}
        </Notice>
    }
}
