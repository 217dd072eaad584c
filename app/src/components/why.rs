use domain::{Error, ErrorCode};
use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// Why something isn't possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhyKind {
    /// A right is missing.
    Right,
    /// The state doesn't allow it, or there is more to know.
    State,
}

impl WhyKind {
    /// A right that is missing, else the state that stands in the way.
    #[must_use]
    pub const fn of(error: &Error) -> Self {
        match error.code {
            ErrorCode::RoleNeeded | ErrorCode::RoleNotGrantable => Self::Right,
            _ => Self::State,
        }
    }
}

/// The reason below an action, always visible (rule 6). The action names its id in
/// `aria-describedby`.
#[component]
pub fn Why(
    /// Id for `aria-describedby`; empty where nothing refers to it.
    #[prop(optional, into)]
    id: String,
    /// What kind of reason.
    kind: WhyKind,
    /// The reason in words.
    #[prop(into)]
    text: String,
    /// A link after it, such as the way to ask.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let icon = match kind {
        WhyKind::Right => IconName::Lock,
        WhyKind::State => IconName::Info,
    };
    view! {
        <p class="why" id=(!id.is_empty()).then_some(id)>
            <Icon name=icon/>
            <span>{text} {children.map(|children| (" ", children()))}</span>
        </p>
    }
}
