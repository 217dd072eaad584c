use leptos::prelude::*;

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// Which way a column is sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// The head of a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    label: String,
    href: Option<String>,
    direction: Option<Direction>,
    silent: bool,
}

impl Column {
    /// A column with its name.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None, direction: None, silent: false }
    }

    /// A column whose head sorts: a link, and the way in which it is sorted now.
    #[must_use]
    pub fn sorts(label: impl Into<String>, href: impl Into<String>, direction: Option<Direction>) -> Self {
        Self { href: Some(href.into()), direction, ..Self::new(label) }
    }

    /// A column whose name is only read aloud: details, actions, choice.
    #[must_use]
    pub fn silent(label: impl Into<String>) -> Self {
        Self { silent: true, ..Self::new(label) }
    }
}

fn head(column: Column) -> impl IntoView {
    let Column { label, href, direction, silent } = column;
    let sort = direction.map(|direction| match direction {
        Direction::Ascending => "ascending",
        Direction::Descending => "descending",
    });
    let arrow = direction.map(|direction| match direction {
        Direction::Ascending => view! { <Icon name=IconName::Sort/> }.into_any(),
        Direction::Descending => view! { <span class="turned"><Icon name=IconName::Sort/></span> }.into_any(),
    });
    let content = match href {
        Some(href) => view! { <a href=href>{label}{arrow}</a> }.into_any(),
        None if silent => view! { <span class="sr">{label}</span> }.into_any(),
        None => label.into_any(),
    };
    view! { <th role="columnheader" scope="col" aria-sort=sort>{content}</th> }
}

/// A table that becomes cards where it is narrow. Its rows are `<tr role="row">` with a
/// `<th role="rowheader" scope="row">` and cells `<td role="cell" data-label="…">`: the roles are
/// spelled out because a changed `display` can drop them, the label stands beside the value in a card.
#[component]
pub fn Ledger(
    /// What the table lists, read aloud.
    #[prop(into)]
    caption: String,
    /// Heads, from the start to the end.
    #[prop(into)]
    columns: Signal<Vec<Column>>,
    /// Stays a table also where it is narrow: up to three narrow columns.
    #[prop(optional)]
    keep: bool,
    /// Stays a table of figures, which scrolls by itself where it is wider than its place.
    #[prop(optional)]
    figures: bool,
    /// Rows.
    children: Children,
) -> impl IntoView {
    let class = match (figures, keep) {
        (true, _) => "ledger keep figures-only",
        (false, true) => "ledger keep",
        (false, false) => "ledger",
    };
    // What scrolls has to be reached by the keyboard, too, and then to have a name.
    let (role, label, tabindex) =
        if figures { (Some("region"), Some(caption.clone()), Some("0")) } else { (None, None, None) };
    view! {
        <div class=class role=role aria-label=label tabindex=tabindex>
            <table role="table">
                <caption class="sr">{caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        {move || columns.get().into_iter().map(head).collect_view()}
                    </tr>
                </thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
        </div>
    }
}

/// A row with what belongs to it below, once it is open.
#[component]
pub fn OpeningRow(
    /// Id of the row, which its address names.
    #[prop(into)]
    id: String,
    /// Columns of the table.
    columns: usize,
    /// Whether it is open.
    #[prop(into)]
    open: Signal<bool>,
    /// The cells; they follow their data together, which costs a page of rows less than each alone.
    #[prop(into)]
    cells: ViewFn,
    /// What belongs to the row; built when it opens.
    #[prop(into)]
    detail: ViewFn,
) -> impl IntoView {
    view! {
        <tr role="row" id=id class:open=move || open.get()>
            {move || cells.run()}
        </tr>
        {move || {
            open.get()
                .then(|| {
                    let detail = detail.run();
                    view! { <DetailRow columns=columns>{detail}</DetailRow> }
                })
        }}
    }
}

/// The arrow at the end of a row: a link that opens what belongs to it.
#[component]
pub fn Opener(
    /// `?open=id#id`, or the address without it where the row is open.
    #[prop(into)]
    href: Signal<String>,
    /// Whether the row is open.
    #[prop(into)]
    open: Signal<bool>,
    /// Name of the row.
    #[prop(into)]
    name: String,
    /// Source of the row: the same product from two sources is two rows.
    #[prop(into)]
    source: String,
) -> impl IntoView {
    let label = texts().common_details_of(name, source);
    view! {
        <a
            class="opener"
            data-noscroll=""
            prop:replace=true
            href=move || href.get()
            aria-expanded=move || if open.get() { "true" } else { "false" }
            aria-label=label
        >
            <Icon name=IconName::Down/>
        </a>
    }
}

/// The row below an open one.
#[component]
fn DetailRow(
    /// Columns of the table.
    columns: usize,
    /// What belongs to the row.
    children: Children,
) -> impl IntoView {
    view! {
        <tr role="row" class="detail">
            <td role="cell" colspan=columns.to_string()>
                {children()}
            </td>
        </tr>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::prelude::*;

    use super::{Column, Direction, Ledger, Opener};

    #[test]
    fn a_ledger_is_a_table_for_everybody() {
        let html = Owner::new().with(|| {
            let columns = vec![
                Column::sorts("Name", "?sort=-name", Some(Direction::Ascending)),
                Column::new("Source"),
                Column::silent("Details"),
            ];
            view! {
                <Ledger caption="Software" columns=columns>
                    <tr role="row">
                        <td role="cell" class="end">
                            <Opener href="?open=1#1" open=true name="Visio" source="Gold Core"/>
                        </td>
                    </tr>
                </Ledger>
            }
            .into_view()
            .to_html()
        });
        assert_eq!(html.matches("role=\"columnheader\"").count(), 3, "{html}");
        assert_eq!(html.matches("aria-sort=\"ascending\"").count(), 1, "{html}");
        assert_eq!(html.matches("aria-sort").count(), 1, "{html}");
        assert!(html.contains("href=\"?sort=-name\""), "{html}");
        assert!(html.contains("<span class=\"sr\">Details"), "{html}");
        assert!(
            html.contains("aria-expanded=\"true\"") && html.contains("Details: Visio, Gold Core"),
            "{html}"
        );
    }
}
