use leptos::prelude::*;
use locales::format;

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// Pages to link: the first, the last, this one and its neighbours; none stands for a gap.
fn window_of(page: u32, last: u32) -> Vec<Option<u32>> {
    let mut pages: Vec<Option<u32>> = Vec::new();
    let mut before = 0;
    let near = page.saturating_sub(1)..=page.saturating_add(1);
    let shown = std::iter::once(1)
        .chain(near.filter(|page| (2..last).contains(page)))
        .chain((last > 1).then_some(last));
    for page in shown {
        // A gap of one page is no longer than the page itself.
        if page.saturating_sub(before) == 2 {
            pages.push(Some(before + 1));
        } else if page.saturating_sub(before) > 2 {
            pages.push(None);
        }
        pages.push(Some(page));
        before = page;
    }
    pages
}

/// First and last row of a page, from 1; zero and zero where there is none.
fn range_of(page: u32, per_page: u32, total: i64) -> (i64, i64) {
    let first = i64::from(page.max(1) - 1) * i64::from(per_page);
    if total <= first {
        return (0, 0);
    }
    (first + 1, total.min(first + i64::from(per_page)))
}

/// Pages of a list: which rows these are, and links to the others.
#[component]
pub fn Pagination<F>(
    /// This page, from 1.
    page: u32,
    /// Rows of a page.
    per_page: u32,
    /// Rows of the list.
    total: i64,
    /// Address of a page.
    href: F,
) -> impl IntoView
where
    F: Fn(u32) -> String + Send + Sync + 'static,
{
    let texts = texts();
    let number = |value| format::number(texts.language(), value);
    let (first, end) = range_of(page, per_page, total);
    let per_page = i64::from(per_page.max(1));
    let last = u32::try_from((total.max(1) + per_page - 1) / per_page).unwrap_or(u32::MAX);
    let page = page.clamp(1, last);
    let links: Vec<_> = window_of(page, last)
        .into_iter()
        .map(|shown| match shown {
            None => view! { <li><span aria-hidden="true">"…"</span></li> }.into_any(),
            Some(shown) if shown == page => {
                view! { <li><span aria-current="page">{shown}</span></li> }.into_any()
            }
            Some(shown) => {
                let label = texts.component_page_number(number(i64::from(shown)));
                view! { <li><a href=href(shown) aria-label=label>{shown}</a></li> }.into_any()
            }
        })
        .collect();
    let step = |to: u32, label: &'static str, icon| {
        let href = href(to);
        view! { <li><a href=href aria-label=label><Icon name=icon/></a></li> }
    };
    let previous = (page > 1).then(|| step(page - 1, texts.common_previous_page(), IconName::Left));
    let next = (page < last).then(|| step(page + 1, texts.common_next_page(), IconName::Right));
    view! {
        <nav class="pages" aria-label=texts.component_pages()>
            <span>{texts.common_range_of(number(first), number(end), number(total))}</span>
            <ul>{previous}{links}{next}</ul>
        </nav>
    }
}

/// The pages before and after this one, of a list whose pages begin at a row: rows come and go while somebody reads,
/// so the pages have no numbers.
#[component]
pub fn Neighbours(
    /// Rows in front of this page.
    before: i64,
    /// Rows of this page.
    rows: usize,
    /// Rows of the list.
    total: i64,
    /// Address of the page before, if there is one.
    previous: Option<String>,
    /// Address of the page after, if there is one.
    next: Option<String>,
) -> impl IntoView {
    let texts = texts();
    let number = |value| format::number(texts.language(), value);
    let end = before.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
    let first = if rows == 0 { 0 } else { before.saturating_add(1) };
    let step = |href: String, way: &'static str, label: &'static str, icon| {
        view! { <li><a href=href rel=way aria-label=label><Icon name=icon/></a></li> }
    };
    let previous = previous.map(|href| step(href, "prev", texts.common_previous_page(), IconName::Left));
    let next = next.map(|href| step(href, "next", texts.common_next_page(), IconName::Right));
    view! {
        <nav class="pages" aria-label=texts.component_pages()>
            <span>{texts.common_range_of(number(first), number(end), number(total.max(end)))}</span>
            <ul>{previous}{next}</ul>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::{range_of, window_of};

    fn shown(page: u32, last: u32) -> String {
        let words: Vec<String> = window_of(page, last)
            .into_iter()
            .map(|page| page.map_or_else(|| "…".to_owned(), |page| page.to_string()))
            .collect();
        words.join(" ")
    }

    #[test]
    fn the_first_the_last_and_the_neighbours_are_linked() {
        assert_eq!(shown(1, 1), "1");
        assert_eq!(shown(1, 2), "1 2");
        assert_eq!(shown(2, 3), "1 2 3");
        assert_eq!(shown(1, 7), "1 2 … 7");
        assert_eq!(shown(4, 7), "1 2 3 4 5 6 7");
        assert_eq!(shown(50, 100), "1 … 49 50 51 … 100");
        assert_eq!(shown(100, 100), "1 … 99 100");
        assert_eq!(shown(u32::MAX, u32::MAX), "1 … 4294967294 4294967295");
    }

    #[test]
    fn the_range_ends_with_the_list() {
        assert_eq!(range_of(1, 50, 312), (1, 50));
        assert_eq!(range_of(7, 50, 312), (301, 312));
        assert_eq!(range_of(1, 50, 0), (0, 0));
        assert_eq!(range_of(9, 50, 312), (0, 0));
        assert_eq!(range_of(0, 50, 10), (1, 10));
    }
}
