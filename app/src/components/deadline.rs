use domain::Day;
use leptos::prelude::*;
use locales::{Texts, format};

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// How near a date is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Nearness {
    Plain,
    Near,
    Late,
}

/// A deadline: plain, ochre within 30 days, red within 7; plain again when it is over, because
/// the status says so then.
fn of_deadline(days_left: Option<i64>) -> Nearness {
    match days_left {
        Some(0..=7) => Nearness::Late,
        Some(8..=30) => Nearness::Near,
        _ => Nearness::Plain,
    }
}

/// A target of the queue: red once it is passed, ochre on its day and the day before.
fn of_target(days_left: i64) -> Nearness {
    match days_left {
        ..=-1 => Nearness::Late,
        0..=1 => Nearness::Near,
        _ => Nearness::Plain,
    }
}

fn days(texts: Texts, days_left: i64) -> String {
    match days_left {
        0 => texts.common_today().to_owned(),
        ..=-1 => texts.common_days_late(days_left.saturating_neg()),
        _ => texts.common_days_left(days_left),
    }
}

/// The date, machine-readable, and the days beside it.
fn dated(texts: Texts, date: Day, days_left: Option<i64>) -> impl IntoView {
    let time = view! { <time datetime=date.to_string()>{format::date(texts.language(), date)}</time> };
    let sentence = days_left.map(|left| texts.component_dated('\u{1}', days(texts, left)));
    let (before, after) = sentence
        .as_deref()
        .and_then(|sentence| sentence.split_once('\u{1}'))
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .unzip();
    view! { <span>{before}{time}{after}</span> }
}

/// The last day of something; the days that are left beside it when they are few.
#[component]
pub fn Deadline(
    /// The day; none where nothing ends.
    date: Option<Day>,
    /// Days until then; negative once it is over.
    days_left: Option<i64>,
) -> impl IntoView {
    let texts = texts();
    let Some(date) = date else {
        return view! { <span class="muted">{texts.common_none()}</span> }.into_any();
    };
    match of_deadline(days_left) {
        Nearness::Plain => dated(texts, date, None).into_any(),
        nearness => {
            let class = if nearness == Nearness::Late { "status late" } else { "status near" };
            view! { <span class=class><Icon name=IconName::Date/>{dated(texts, date, days_left)}</span> }
                .into_any()
        }
    }
}

/// The day by which somebody should have done something, always with the days.
#[component]
pub fn Target(
    /// The day.
    date: Day,
    /// Days until then; negative once it is passed.
    days_left: i64,
) -> impl IntoView {
    let class = match of_target(days_left) {
        Nearness::Plain => "status",
        Nearness::Near => "status near",
        Nearness::Late => "status late",
    };
    let mark = (of_target(days_left) == Nearness::Late).then(|| view! { <Icon name=IconName::Warn/> });
    view! { <span class=class>{mark}{dated(texts(), date, Some(days_left))}</span> }
}

#[cfg(test)]
mod tests {
    use super::Nearness::{Late, Near, Plain};
    use super::{of_deadline, of_target};

    #[test]
    fn deadlines_colour_at_30_and_7_days() {
        for (days, nearness) in [
            (None, Plain),
            (Some(31), Plain),
            (Some(30), Near),
            (Some(8), Near),
            (Some(7), Late),
            (Some(0), Late),
            (Some(-1), Plain),
        ] {
            assert_eq!(of_deadline(days), nearness, "{days:?}");
        }
    }

    #[test]
    fn targets_turn_red_once_passed() {
        for (days, nearness) in [(2, Plain), (1, Near), (0, Near), (-1, Late), (i64::MIN, Late)] {
            assert_eq!(of_target(days), nearness, "{days}");
        }
    }
}
