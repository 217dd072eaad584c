use leptos::prelude::*;

use super::icon::{Icon, IconName};
use super::status::Clock;

/// What a button looks like; one primary in a pane.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ButtonTone {
    /// What the pane is for.
    #[default]
    Primary,
    /// Something else that can be done.
    Secondary,
    /// In rows.
    Quiet,
    /// Removes or ends something, in the step before the last.
    Danger,
    /// Removes or ends something, in the last step.
    DangerPrimary,
}

impl ButtonTone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Secondary => "button",
            Self::Quiet => "button quiet",
            Self::Danger => "button danger",
            Self::DangerPrimary => "button danger primary",
        }
    }
}

/// Sends the form that it stands in. While an answer is awaited it keeps its width, shows a clock
/// and does nothing.
#[component]
pub fn SubmitButton(
    /// Verb first, and the same words in toast and mail.
    #[prop(into)]
    label: Signal<String>,
    /// What it looks like.
    #[prop(optional)]
    tone: ButtonTone,
    /// Whether an answer is awaited.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Icon before the label.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Field that says which of several buttons was pressed.
    #[prop(optional, into)]
    name: Option<String>,
    /// Its value.
    #[prop(optional, into)]
    value: Option<String>,
    /// Id of the form, where the button stands outside of it.
    #[prop(optional, into)]
    form: Option<String>,
    /// Name where the label alone doesn't say whom it is about: "Remove Kofi Anselmsen".
    #[prop(optional, into)]
    described: Option<String>,
    /// Id of the text that says what happens then.
    #[prop(optional, into)]
    describedby: Option<String>,
) -> impl IntoView {
    view! {
        <button
            class=tone.class()
            type="submit"
            name=name
            value=value
            form=form
            aria-label=described
            aria-describedby=describedby
            aria-busy=move || busy.get().then_some("true")
            on:click=move |event| {
                if busy.get_untracked() {
                    event.prevent_default();
                }
            }
        >
            {icon.map(|name| view! { <Icon name=name/> })}
            <span>{move || label.get()}</span>
            {move || busy.get().then(|| view! { <Clock eighths=2/> })}
        </button>
    }
}

/// A button that can't be pressed and says why: it stays focusable and does nothing.
#[component]
pub fn DisabledButton(
    /// The words it would have.
    #[prop(into)]
    label: String,
    /// Id of the [`Why`](super::why::Why) that says why not.
    #[prop(into)]
    describedby: String,
    /// Icon before the label.
    #[prop(optional, into)]
    icon: Option<IconName>,
) -> impl IntoView {
    view! {
        <button class="button" type="button" aria-disabled="true" aria-describedby=describedby>
            {icon.map(|name| view! { <Icon name=name/> })}
            <span>{label}</span>
        </button>
    }
}

/// A link that looks like a button: it goes somewhere and changes nothing.
#[component]
pub fn LinkButton(
    /// Where to.
    #[prop(into)]
    href: String,
    /// Its words.
    #[prop(into)]
    label: String,
    /// What it looks like.
    #[prop(default = ButtonTone::Secondary)]
    tone: ButtonTone,
    /// Icon before the label.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// Name where the label alone doesn't say what it is about.
    #[prop(optional, into)]
    described: Option<String>,
) -> impl IntoView {
    view! {
        <a class=tone.class() href=href aria-label=described>
            {icon.map(|name| view! { <Icon name=name/> })}
            <span>{label}</span>
        </a>
    }
}
