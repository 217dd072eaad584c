use domain::Day;
use leptos::prelude::*;
use locales::format;

use crate::i18n::texts;

/// A month on the rail, in pixels.
const MONTH: i64 = 12;

/// How far the year is: the months to the anniversary, then the 30 days after it. Never nothing
/// once it has begun.
fn gone(day: i64) -> i64 {
    let day = day.clamp(0, 395);
    let (within, after) = (day.min(365), (day - 365).max(0));
    let up = |share: i64, whole: i64| (share + whole - 1) / whole;
    up(within * 12 * MONTH, 365) + up(after * MONTH, 30)
}

/// The membership's year: tall ticks are start and anniversary, the last is the 30 days after.
#[component]
pub fn MembershipRail(
    /// The membership: "Gold membership".
    #[prop(into)]
    name: String,
    /// Anniversary.
    renews: Day,
    /// Days since the start.
    day: i64,
) -> impl IntoView {
    let texts = texts();
    let ticks: Vec<_> = (0..=13)
        .map(|month| {
            let tall = month % 12 == 0;
            let (top, height) = if tall { (0, 12) } else { (6, 6) };
            view! { <rect class="month" x=month * MONTH y=top width="1.5" height=height></rect> }
        })
        .collect();
    let sentence = texts.navigation_membership_renews('\u{1}');
    let (before, after) = sentence.split_once('\u{1}').unwrap_or((&sentence, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    view! {
        <div class="year rail">
            <b>{name}</b>
            <svg width="158" height="12" viewBox="0 0 158 12" aria-hidden="true">
                {ticks}
                <rect class="gone" x="0" y="9" width=gone(day) height="3"></rect>
            </svg>
            <span>
                {before}<time datetime=renews.to_string()>{format::date(texts.language(), renews)}</time>{after}
            </span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::gone;

    #[test]
    fn the_year_fills_month_by_month() {
        assert_eq!(gone(-3), 0);
        assert_eq!(gone(0), 0);
        assert_eq!(gone(1), 1);
        assert_eq!(gone(11), 5);
        assert_eq!(gone(365), 144);
        assert_eq!(gone(366), 145);
        assert_eq!(gone(395), 156);
        assert_eq!(gone(i64::MAX), 156);
        assert!((0..395).all(|day| gone(day) <= gone(day + 1)));
    }
}
