//! The outbox: every mail with its state, what failed first.

use domain::ids::MailId;
use domain::mail_kind::MailKind;
use domain::view::operator::{MailRow, MailState, OutboxPage, OutboxQuery, SUBJECTS_LOOKED_AT};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::item::when;
use super::outbox_item::Item;
use crate::components::{
    Choice, Column, Empty, Filter, FilterBar, FilterChip, Find, Ledger, Opener, OpeningRow, StatusByCode,
};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::operator::outbox;

const PATH: &str = "/operator/outbox";
const COLUMNS: usize = 6;

fn read(parameters: &ParamsMap) -> OutboxQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    OutboxQuery {
        find: get("find").unwrap_or_default().chars().take(100).collect(),
        state: get("state").and_then(|state| MailState::from_code(&state)),
        kind: get("kind").and_then(|kind| MailKind::from_code(&kind)),
        recipient: get("recipient").unwrap_or_default().chars().take(254).collect(),
        company: get("company").and_then(|company| company.parse().ok()),
        after: get("after").and_then(|after| after.parse().ok()),
        open: get("open").and_then(|open| open.parse().ok()),
    }
}

pub(super) fn write(query: &OutboxQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if !query.find.is_empty() {
        pairs.push(("find", query.find.clone()));
    }
    if let Some(state) = query.state {
        pairs.push(("state", state.code().to_owned()));
    }
    if let Some(kind) = query.kind {
        pairs.push(("kind", kind.code().to_owned()));
    }
    if !query.recipient.is_empty() {
        pairs.push(("recipient", query.recipient.clone()));
    }
    if let Some(company) = query.company {
        pairs.push(("company", company.to_string()));
    }
    if let Some(after) = query.after {
        pairs.push(("after", after.to_string()));
    }
    if let Some(open) = query.open {
        pairs.push(("open", open.to_string()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    let address = format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default());
    match query.open {
        Some(open) => format!("{address}#{open}"),
        None => address,
    }
}

/// Where a mail stands, by the code of its words.
const fn status(state: MailState) -> &'static str {
    match state {
        MailState::Bounced => "bounced",
        MailState::Failed => "failed",
        MailState::Waiting => "queued",
        MailState::Sent => "sent",
    }
}

/// The outbox.
#[component]
pub fn Outbox() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), outbox, move |page| view! { <Page query=query page=page/> })
}

/// How many mails there are, as far as they are counted.
fn counted(texts: Texts, total: i64, counted: i64) -> String {
    if total > counted {
        texts.operator_outbox_count_more(format::number(texts.language(), counted))
    } else {
        texts.operator_outbox_count(total)
    }
}

#[component]
fn Page(query: Memo<OutboxQuery>, page: Signal<OutboxPage>) -> impl IntoView {
    let texts = texts();
    let figure = move |of: fn(&OutboxPage) -> i64| move || format::number(texts.language(), page.with(of));
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.outbox_find().to_owned(),
    });
    let filters = Memo::new(move |_| {
        let states = MailState::ALL
            .iter()
            .map(|state| Choice::new(state.code(), texts.find_status(status(*state)).unwrap_or_default()));
        let kinds = MailKind::ALL
            .iter()
            .map(|kind| Choice::new(kind.code(), texts.find_mail_kind(kind.code()).unwrap_or_default()));
        let all = || std::iter::once(Choice::new("", texts.common_all()));
        let query = query.get();
        vec![
            Filter {
                name: "state",
                label: texts.common_status().to_owned(),
                choices: all().chain(states).collect(),
                selected: query.state.map(|state| state.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "kind",
                label: texts.common_kind().to_owned(),
                choices: all().chain(kinds).collect(),
                selected: query.kind.map(|kind| kind.code().to_owned()).unwrap_or_default(),
            },
        ]
    });
    // Whose mail is looked at stays while something else is filtered for.
    let kept = Signal::derive(move || {
        query.with(|query| {
            let recipient = Some(query.recipient.clone()).filter(|recipient| !recipient.is_empty());
            let company = query.company.map(|company| company.to_string());
            [("recipient".to_owned(), recipient), ("company".to_owned(), company)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect::<Vec<_>>()
        })
    });
    let count = Signal::derive(move || {
        let (total, most) = page.with(|page| (page.total, page.counted));
        counted(texts, total, most)
    });
    let chips = Signal::derive(move || {
        let base = OutboxQuery { after: None, open: None, ..query.get() };
        let mut chips = Vec::new();
        if !base.find.is_empty() {
            chips.push(FilterChip {
                text: base.find.clone(),
                href: write(&OutboxQuery { find: String::new(), ..base.clone() }),
            });
        }
        if let Some(state) = base.state {
            chips.push(FilterChip {
                text: texts.find_status(status(state)).unwrap_or_default().to_owned(),
                href: write(&OutboxQuery { state: None, ..base.clone() }),
            });
        }
        if let Some(kind) = base.kind {
            chips.push(FilterChip {
                text: texts.find_mail_kind(kind.code()).unwrap_or_default().to_owned(),
                href: write(&OutboxQuery { kind: None, ..base.clone() }),
            });
        }
        if !base.recipient.is_empty() {
            chips.push(FilterChip {
                text: texts.outbox_recipient_only(&base.recipient),
                href: write(&OutboxQuery { recipient: String::new(), ..base.clone() }),
            });
        }
        if let Some(company) = page.with(|page| page.company.clone()) {
            chips.push(FilterChip {
                text: texts.outbox_company_only(company),
                href: write(&OutboxQuery { company: None, ..base.clone() }),
            });
        }
        chips
    });
    view! {
        <Title text=texts.common_page_title(texts.navigation_outbox())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.navigation_outbox()}</h1><p>{texts.outbox_lead(format::number(texts.language(), i64::from(SUBJECTS_LOOKED_AT)))}</p></div>
                <dl class="totals">
                    <div><dt>{texts.operator_total_failed()}</dt><dd>{figure(|page| page.failed)}</dd></div>
                    <div><dt>{texts.operator_total_waiting()}</dt><dd>{figure(|page| page.waiting)}</dd></div>
                    <div><dt>{texts.outbox_total_bouncing()}</dt><dd>{figure(|page| page.bouncing)}</dd></div>
                </dl>
            </div>
            <FilterBar action=PATH find=find filters=filters kept=kept count=count chips=chips clear=PATH/>
            <section class="sheet"><Rows query=query page=page/></section>
        </main>
    }
}

#[component]
fn Rows(query: Memo<OutboxQuery>, page: Signal<OutboxPage>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.operator_column_mail()),
        Column::new(texts.operator_column_recipient()),
        Column::new(texts.common_status()),
        Column::new(texts.operator_column_attempts()),
        Column::new(texts.operator_column_written()),
        Column::silent(texts.common_details()),
    ];
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let mut ids: Vec<MailId> = page.rows.iter().map(|row| row.id).collect();
            // An open row that the filters hide stands on top, so that its address always works.
            if let Some(item) = &page.item
                && !ids.contains(&item.row.id)
            {
                ids.insert(0, item.row.id);
            }
            ids
        })
    });
    let pages = move || {
        let query = OutboxQuery { open: None, ..query.get() };
        let first = query.after.is_some().then(|| {
            let href = write(&OutboxQuery { after: None, ..query.clone() });
            view! { <li><a href=href>{texts.operator_outbox_first()}</a></li> }
        });
        let next = page.with(|page| page.next).map(|next| {
            let href = write(&OutboxQuery { after: Some(next), ..query.clone() });
            view! { <li><a href=href>{texts.operator_outbox_older()}</a></li> }
        });
        (first.is_some() || next.is_some()).then(|| {
            view! { <nav class="pages" aria-label=texts.component_pages()><ul>{first}{next}</ul></nav> }
        })
    };
    view! {
        <Show
            when=move || !ids.with(Vec::is_empty)
            fallback=move || {
                let filtered = query.with(|query| *query != OutboxQuery::default());
                if filtered {
                    view! {
                        <Empty title=texts.common_no_results()>
                            <a class="button" href=PATH>{texts.common_clear_all()}</a>
                        </Empty>
                    }
                        .into_any()
                } else {
                    view! {
                        <Empty title=texts.operator_outbox_empty() text=texts.operator_outbox_empty_text()/>
                    }
                        .into_any()
                }
            }
        >
            <Ledger caption=texts.navigation_outbox() columns=columns.clone()>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Mail id=id query=query page=page/>
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

#[component]
fn Mail(id: MailId, query: Memo<OutboxQuery>, page: Signal<OutboxPage>) -> impl IntoView {
    let texts = texts();
    let found = move |page: &OutboxPage| {
        let open = page.item.as_ref().map(|item| &item.row);
        page.rows.iter().chain(open).find(|row| row.id == id).cloned()
    };
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.item.as_ref().is_some_and(|item| item.row.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| write(&OutboxQuery { open, ..query.clone() }))
    });
    let cells = move || row.with(|row| cells(texts, row, link, open));
    let detail = move || {
        let of_row = move |page: &OutboxPage| {
            page.item.as_ref().filter(|item| item.row.id == id).map(|item| (**item).clone())
        };
        part_of(page, of_row).map(|item| {
            let why_not = Signal::derive(move || page.with(|page| page.why_not.clone()));
            view! { <Item item=item.into() why_not=why_not/> }
        })
    };
    view! { <OpeningRow id=id.to_string() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(texts: Texts, row: &MailRow, link: Memo<String>, open: Memo<bool>) -> AnyView {
    let status = if row.held { "on_hold" } else { status(row.state) };
    let error =
        row.last_error.as_ref().map(|error| view! { <small>{texts.operator_mail_error(error)}</small> });
    view! {
        <th role="rowheader" scope="row">
            <a href=move || link.get() lang=row.language.tag()>{row.subject.clone()}</a>
            <small>{row.organization.clone()}</small>
        </th>
        <td role="cell" data-label=texts.operator_column_recipient()>{row.recipient.clone()}</td>
        <td role="cell" data-label=texts.common_status()>
            <div><StatusByCode code=status/> {error}</div>
        </td>
        <td role="cell" data-label=texts.operator_column_attempts()>
            {format::number(texts.language(), row.attempts)}
        </td>
        <td role="cell" data-label=texts.operator_column_written()>{when(row.written)}</td>
        <td role="cell" class="end">
            <Opener href=link open=open name=row.subject.clone() source=row.recipient.clone()/>
        </td>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::mail_kind::MailKind;
    use domain::view::operator::{MailState, OutboxQuery};
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let query = OutboxQuery {
            find: "Brücke & 云".to_owned(),
            state: Some(MailState::Bounced),
            kind: Some(MailKind::SeatAssigned),
            recipient: "a+b@mail.example".to_owned(),
            company: id.parse().ok(),
            after: id.parse().ok(),
            open: id.parse().ok(),
        };
        let address = write(&query);
        let pairs = address.split_once('?').and_then(|(_, rest)| rest.split_once('#')).expect("has both").0;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }
}
