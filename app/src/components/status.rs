use leptos::prelude::*;

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// What a status looks like. Its word says more; the shape is never alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusKind {
    /// Can be used: ring.
    Ready,
    /// In use, done: dot.
    Active,
    /// Somebody waits: clock on ochre.
    Waiting,
    /// Nothing left: square.
    Used,
    /// Over: slashed ring.
    Ended,
    /// Refused, failed: triangle on red.
    Failed,
    /// Can only be read: lock.
    Locked,
}

impl StatusKind {
    /// The kind of a code of `status.toml`.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        match code {
            "active" | "approved" | "completed" | "granted" | "in_force" | "paid" | "published"
            | "refunded" | "sent" => Self::Active,
            "processing" | "requested" | "pending" | "on_hold" | "renewal_window" | "queued" | "invited"
            | "expiring" | "unpaid" | "waiting" => Self::Waiting,
            "all_used" | "held" | "spent" => Self::Used,
            "expired" | "ended" | "withdrawn" | "cancelled" | "removed" | "released" | "replaced"
            | "suspended" => Self::Ended,
            "refused" | "failed" | "bounced" | "over_allocated" | "late" => Self::Failed,
            "read_only" => Self::Locked,
            _ => Self::Ready,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Ready => "status ready",
            Self::Active => "status active",
            Self::Waiting => "status processing",
            Self::Used => "status used",
            Self::Ended => "status ended",
            Self::Failed => "status failed",
            Self::Locked => "status locked",
        }
    }

    const fn icon(self) -> Option<IconName> {
        match self {
            Self::Ready => Some(IconName::Ring),
            Self::Active => Some(IconName::Dot),
            Self::Waiting => None,
            Self::Used => Some(IconName::Full),
            Self::Ended => Some(IconName::Ended),
            Self::Failed => Some(IconName::Warn),
            Self::Locked => Some(IconName::Lock),
        }
    }
}

/// A status in a shape and a word.
#[component]
pub fn Status(
    /// What it looks like.
    kind: StatusKind,
    /// What it says.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let shape = match kind.icon() {
        Some(name) => view! { <Icon name=name/> }.into_any(),
        None => view! { <Clock eighths=2/> }.into_any(),
    };
    view! { <span class=kind.class()>{shape}<span>{text}</span></span> }
}

/// A status by its code in `status.toml`.
#[component]
pub fn StatusByCode(
    /// The code.
    #[prop(into)]
    code: String,
) -> impl IntoView {
    let text = texts().find_status(&code).map_or_else(|| code.clone(), str::to_owned);
    view! { <Status kind=StatusKind::of_code(&code) text=text/> }
}

/// How much of the clock is filled, in eighths: full only past the target, never empty.
fn eighths(day: i64, target: i64) -> u8 {
    if day > target {
        return 8;
    }
    let share = i128::from(day.max(0)) * 8 / i128::from(target.max(1));
    u8::try_from(share.clamp(1, 7)).unwrap_or(7)
}

/// A pie that is filled in eighths.
#[component]
pub fn Clock(
    /// How much of it, 0 to 8.
    eighths: u8,
) -> impl IntoView {
    view! {
        <svg class="clock" viewBox="0 0 16 16" aria-hidden="true">
            <circle class="face" cx="8" cy="8" r="6.25"></circle>
            <circle
                class="arc"
                cx="8"
                cy="8"
                r="2"
                pathLength="8"
                stroke-dasharray=format!("{} 8", eighths.min(8))
                transform="rotate(-90 8 8)"
            ></circle>
        </svg>
    }
}

/// How long something is under way already: "Processing, day 2 of 5".
///
/// Past the target it is red and the day goes on counting.
#[component]
pub fn ProcessingClock(
    /// Which day this is, from 1.
    day: i64,
    /// Days that it should take.
    target: i64,
    /// What it says instead of "Processing, day 2 of 5".
    #[prop(optional, into)]
    text: Option<String>,
) -> impl IntoView {
    let text = text.unwrap_or_else(|| texts().status_processing_day(day, target));
    let class = if day > target { "status late" } else { "status processing" };
    view! { <span class=class><Clock eighths=eighths(day, target)/><span>{text}</span></span> }
}

#[cfg(test)]
mod tests {
    use super::{StatusKind, eighths};

    #[test]
    fn the_clock_is_full_only_past_the_target() {
        let filled: Vec<u8> = (0..=8).map(|day| eighths(day, 5)).collect();
        assert_eq!(filled, [1, 1, 3, 4, 6, 7, 8, 8, 8]);
        assert_eq!(eighths(1, 100), 1);
        assert_eq!(eighths(1, 0), 8);
        assert_eq!(eighths(i64::MAX, i64::MAX), 7);
        assert_eq!(eighths(i64::MIN, 5), 1);
    }

    #[test]
    fn every_status_with_words_has_its_kind() {
        let english = locales::texts(domain::Language::English);
        for (code, kind) in [
            ("ready", StatusKind::Ready),
            ("active", StatusKind::Active),
            ("requested", StatusKind::Waiting),
            ("all_used", StatusKind::Used),
            ("expired", StatusKind::Ended),
            ("refused", StatusKind::Failed),
            ("read_only", StatusKind::Locked),
        ] {
            assert!(english.find_status(code).is_some(), "{code}");
            assert_eq!(StatusKind::of_code(code), kind, "{code}");
        }
    }
}
