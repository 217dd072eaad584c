use domain::view::form::Extent;
use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// What a notice is about.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Tone {
    /// Good to know.
    #[default]
    Info,
    /// Somebody should act.
    Wait,
    /// Something went wrong.
    Stop,
    /// Something worked.
    Good,
}

impl Tone {
    /// The tone in which an answer says how much was done.
    #[must_use]
    pub const fn of(extent: Extent) -> Self {
        match extent {
            Extent::Whole => Self::Good,
            Extent::Part => Self::Wait,
            Extent::Nothing => Self::Stop,
        }
    }

    /// The role of an answer in this tone: what didn't work is said at once.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Info | Self::Good => "status",
            Self::Wait | Self::Stop => "alert",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Info => "notice",
            Self::Wait => "notice wait",
            Self::Stop => "notice stop",
            Self::Good => "notice good",
        }
    }

    const fn icon(self) -> IconName {
        match self {
            Self::Info => IconName::Info,
            Self::Wait | Self::Stop => IconName::Warn,
            Self::Good => IconName::Check,
        }
    }
}

/// A notice; at most one stands over a table.
#[component]
pub fn Notice(
    /// What it is about.
    #[prop(optional)]
    tone: Tone,
    /// `alert` where it answers what the reader just did, `status` where it can wait its turn.
    #[prop(optional, into)]
    role: Option<String>,
    /// Its words, in elements of their own.
    children: Children,
) -> impl IntoView {
    view! { <div class=tone.class() role=role><Icon name=tone.icon()/>{children()}</div> }
}
