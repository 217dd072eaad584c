use std::time::Duration;

use leptos::prelude::*;

use super::browser;
use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// How long the button says that it has copied.
const SAID: Duration = Duration::from_secs(2);

/// Copies a text and says so, in the button and to assistive technology. Without JavaScript it
/// isn't there: the text beside it can be selected.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
    /// What it is called: "Access ID".
    #[prop(into)]
    name: String,
    /// Without a word, for rows.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let texts = texts();
    let ready = browser::hydrated();
    // What came of the last press.
    let copied = RwSignal::new(None::<bool>);
    let label = texts.common_copy_named(&name);
    let text = StoredValue::new(text);
    let press = move |_| {
        browser::copy(&text.get_value(), move |worked| {
            if copied.try_set(Some(worked)).is_none() {
                // The button may be gone by then.
                let quiet = move || {
                    copied.try_set(None);
                };
                set_timeout(quiet, SAID);
            }
        });
    };
    let shape = move || if copied.get() == Some(true) { IconName::Check } else { IconName::Copy };
    let word = move || {
        (!compact).then(|| match copied.get() {
            Some(true) => texts.common_copied(),
            _ => texts.common_copy(),
        })
    };
    let said = move || match copied.get() {
        Some(true) => texts.component_copied_named(&name),
        Some(false) => texts.component_copy_failed().to_owned(),
        None => String::new(),
    };
    view! {
        <button
            class=if compact { "button quiet" } else { "button" }
            type="button"
            hidden=move || !ready.get()
            aria-label=label
            on:click=press
        >
            {move || view! { <Icon name=shape()/> }}
            {move || word().map(|word| view! { <span>{word}</span> })}
        </button>
        <span class="sr" role="status">{said}</span>
    }
}
