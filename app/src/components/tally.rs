use std::fmt::Write as _;

use leptos::prelude::*;
use locales::format;

use crate::i18n::texts;

/// Ticks at most; above, each is a share of 4 %.
const TICKS: i64 = 25;

/// How a quantity is drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Drawing {
    width: u32,
    used: String,
    left: String,
}

/// Ticks that stand for what is used and for all: never none when something is used, never all
/// when something is left.
fn ticks(used: i64, quantity: i64) -> (u32, u32) {
    let quantity = quantity.max(0);
    let used = used.clamp(0, quantity);
    let all = quantity.min(TICKS);
    let filled = if quantity <= TICKS {
        used
    } else {
        let (share, quantity) = (i128::from(used) * i128::from(TICKS), i128::from(quantity));
        let rounded = i64::try_from((share + quantity / 2) / quantity).unwrap_or(TICKS);
        match used {
            0 => 0,
            _ if i128::from(used) == quantity => TICKS,
            _ => rounded.clamp(1, TICKS - 1),
        }
    };
    (u32::try_from(filled).unwrap_or(0), u32::try_from(all).unwrap_or(0))
}

/// Twice the middle of a tick, so that it is whole: 4 apart, 2 more after each fifth.
const fn middle_twice(at: u32) -> u32 {
    3 + 8 * at + 4 * (at / 5)
}

/// The line of the ticks from one to before another.
fn line(from: u32, to: u32, top: u32) -> String {
    let mut path = String::new();
    let height = 12 - top;
    for at in from..to {
        // Writing to a string doesn't fail.
        let _ = if at == from {
            write!(path, "M{}.5 {top}v{height}", middle_twice(at) / 2)
        } else {
            write!(path, "m{}-{height}v{height}", (middle_twice(at) - middle_twice(at - 1)) / 2)
        };
    }
    path
}

fn drawing(used: i64, quantity: i64) -> Option<Drawing> {
    let (filled, all) = ticks(used, quantity);
    let last = all.checked_sub(1)?;
    Some(Drawing { width: middle_twice(last) / 2 + 2, used: line(0, filled, 0), left: line(filled, all, 8) })
}

/// The sentence around its main figure, so that the figure can stand out in every language.
fn around(sentence: &str, figure: &str) -> (String, String, String) {
    match sentence.split_once('\u{1}') {
        Some((before, after)) => (before.to_owned(), figure.to_owned(), after.to_owned()),
        None => (sentence.to_owned(), String::new(), String::new()),
    }
}

/// Used and left: tall ticks are used, short ones are left, and the figures in words below.
#[component]
pub fn Tally(
    /// Used.
    used: i64,
    /// Granted; none is unlimited.
    quantity: Option<i64>,
) -> impl IntoView {
    let texts = texts();
    let Some(quantity) = quantity else {
        return view! { <span class="small">{texts.common_unlimited()}</span> }.into_any();
    };
    let number = |value| format::number(texts.language(), value);
    let sentence = if used > quantity {
        texts.component_over_quantity(number(used.saturating_sub(quantity)), number(quantity), '\u{1}')
    } else {
        texts.common_used_of(number(quantity.saturating_sub(used)), number(quantity), '\u{1}')
    };
    let (before, figure, after) = around(&sentence, &number(used));
    let drawn = drawing(used, quantity).map(|Drawing { width, used, left }| {
        let path = |class: &'static str, line: String| {
            (!line.is_empty()).then(|| view! { <path class=class d=line></path> })
        };
        view! {
            <svg class="tally" width=width height="12" viewBox=format!("0 0 {width} 12") aria-hidden="true">
                {path("used", used)}
                {path("left", left)}
            </svg>
        }
    });
    view! { <div class="meter">{drawn}<span>{before}<b>{figure}</b>{after}</span></div> }.into_any()
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::{around, drawing, ticks};

    #[test]
    fn one_tick_a_unit_up_to_25() {
        assert_eq!(ticks(0, 10), (0, 10));
        assert_eq!(ticks(6, 10), (6, 10));
        assert_eq!(ticks(17, 25), (17, 25));
        assert_eq!(ticks(25, 25), (25, 25));
        assert_eq!(ticks(0, 0), (0, 0));
    }

    #[test]
    fn shares_are_never_empty_when_used_nor_full_when_left() {
        for quantity in [26, 64, 100, 1000, 1_000_000, i64::MAX] {
            assert_eq!(ticks(0, quantity), (0, 25));
            assert_eq!(ticks(1, quantity).0, 1, "{quantity}");
            assert_eq!(ticks(quantity - 1, quantity).0, 24, "{quantity}");
            assert_eq!(ticks(quantity, quantity), (25, 25));
        }
        assert_eq!(ticks(63, 100).0, 16);
        assert_eq!(ticks(7, 100).0, 2);
    }

    #[test]
    fn over_allocated_is_full_and_nonsense_is_nothing() {
        assert_eq!(ticks(12, 10), (10, 10));
        assert_eq!(ticks(500, 100), (25, 25));
        assert_eq!(ticks(-4, 10), (0, 10));
        assert_eq!(drawing(3, 0), None);
        assert_eq!(drawing(3, -1), None);
    }

    #[test]
    fn ticks_stand_in_fives() {
        let drawn = drawing(6, 10).expect("ten ticks");
        assert_eq!(drawn.width, 41);
        assert_eq!(drawn.used, "M1.5 0v12m4-12v12m4-12v12m4-12v12m4-12v12m6-12v12");
        assert_eq!(drawn.left, "M27.5 8v4m4-4v4m4-4v4m4-4v4");
        let all = drawing(3, 3).expect("three ticks");
        assert_eq!((all.width, all.left.as_str()), (11, ""));
        assert_eq!(drawing(0, 25).expect("25 ticks").width, 107);
        assert_eq!(drawing(0, 1).expect("one tick").width, 3);
    }

    #[test]
    fn the_figure_stands_where_the_sentence_has_it() {
        assert_eq!(around("\u{1} of 10", "6"), (String::new(), "6".to_owned(), " of 10".to_owned()));
        assert_eq!(around("none", "6"), ("none".to_owned(), String::new(), String::new()));
    }
}
