//! The outbox: every mail with its state, what failed first.

use domain::view::operator::{MailRow, MailState, OutboxPage, OutboxQuery};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::format;

use super::item::when;
use crate::components::{
    ButtonTone, Choice, Column, DisabledButton, Empty, Filter, FilterBar, FilterChip, Find, Ledger,
    StatusByCode, SubmitButton, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::operator::outbox;
use crate::words;

const PATH: &str = "/operator/outbox";

fn read(parameters: &ParamsMap) -> OutboxQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    OutboxQuery {
        find: get("find").unwrap_or_default().chars().take(100).collect(),
        state: get("state").and_then(|state| MailState::from_code(&state)),
        after: get("after").and_then(|after| after.parse().ok()),
    }
}

fn write(query: &OutboxQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if !query.find.is_empty() {
        pairs.push(("find", query.find.clone()));
    }
    if let Some(state) = query.state {
        pairs.push(("state", state.code().to_owned()));
    }
    if let Some(after) = query.after {
        pairs.push(("after", after.to_string()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// Where a mail stands, by the code of its words.
const fn status(state: MailState) -> &'static str {
    match state {
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

#[component]
fn Page(query: Memo<OutboxQuery>, page: Signal<OutboxPage>) -> impl IntoView {
    let texts = texts();
    let figure = move |of: fn(&OutboxPage) -> i64| move || format::number(texts.language(), page.with(of));
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.operator_outbox_find().to_owned(),
    });
    let filters = Memo::new(move |_| {
        let states = MailState::ALL
            .iter()
            .map(|state| Choice::new(state.code(), texts.find_status(status(*state)).unwrap_or_default()));
        vec![Filter {
            name: "state",
            label: texts.common_status().to_owned(),
            choices: std::iter::once(Choice::new("", texts.common_all())).chain(states).collect(),
            selected: query
                .with(|query| query.state)
                .map(|state| state.code().to_owned())
                .unwrap_or_default(),
        }]
    });
    let count = Signal::derive(move || texts.operator_outbox_count(page.with(|page| page.total)));
    let chips = Signal::derive(move || {
        let base = OutboxQuery { after: None, ..query.get() };
        let mut chips = Vec::new();
        if !base.find.is_empty() {
            chips.push(FilterChip {
                text: base.find.clone(),
                href: write(&OutboxQuery { find: String::new(), ..base }),
            });
        }
        if let Some(state) = base.state {
            chips.push(FilterChip {
                text: texts.find_status(status(state)).unwrap_or_default().to_owned(),
                href: write(&OutboxQuery { state: None, ..base }),
            });
        }
        chips
    });
    view! {
        <Title text=texts.common_page_title(texts.navigation_outbox())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.navigation_outbox()}</h1><p>{texts.operator_outbox_lead()}</p></div>
                <dl class="totals">
                    <div><dt>{texts.operator_total_failed()}</dt><dd>{figure(|page| page.failed)}</dd></div>
                    <div><dt>{texts.operator_total_waiting()}</dt><dd>{figure(|page| page.waiting)}</dd></div>
                </dl>
            </div>
            <FilterBar action=PATH find=find filters=filters count=count chips=chips clear=PATH/>
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
        Column::silent(texts.common_actions()),
    ];
    // A mail is written anew when something about it changed, and only then.
    let keys = move || {
        page.with(|page| page.rows.iter().map(|row| (row.id, row.state, row.attempts)).collect::<Vec<_>>())
    };
    let pages = move || {
        let query = query.get();
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
            when=move || page.with(|page| !page.rows.is_empty())
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
                <For each=keys key=|key| *key let:key>
                    {move || {
                        let row = page.with_untracked(|page| page.rows.iter().find(|row| row.id == key.0).cloned());
                        row.map(|row| view! { <Mail row=row page=page/> })
                    }}
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

#[component]
fn Mail(row: MailRow, page: Signal<OutboxPage>) -> impl IntoView {
    let texts = texts();
    let why_not = page.with_untracked(|page| page.why_not.clone());
    let waits = row.state != MailState::Sent;
    let id = row.id;
    let (subject, recipient) = (row.subject.clone(), row.recipient.clone());
    let again = waits.then(|| match why_not {
        None => {
            let form = Form::new("send_again", id);
            view! {
                <PostForm form=form>
                    <SubmitButton
                        label=texts.operator_send_again()
                        tone=ButtonTone::Secondary
                        busy=form.pending
                        described=texts.operator_send_again_named(recipient, subject)
                    />
                </PostForm>
            }
            .into_any()
        }
        Some(error) => {
            let why = format!("no-{id}");
            view! {
                <DisabledButton label=texts.operator_send_again() describedby=why.clone()/>
                <Why id=why kind=WhyKind::Right text=words::refusal(texts, &error)/>
            }
            .into_any()
        }
    });
    view! {
        <tr role="row" id=id.to_string()>
            <th role="rowheader" scope="row">
                <span lang=row.language.tag()>{row.subject}</span>
                <small>{row.organization}</small>
            </th>
            <td role="cell" data-label=texts.operator_column_recipient()>{row.recipient}</td>
            <td role="cell" data-label=texts.common_status()>
                <div>
                    <StatusByCode code=status(row.state)/>
                    {row.last_error.map(|error| view! { <small>{texts.operator_mail_error(error)}</small> })}
                </div>
            </td>
            <td role="cell" data-label=texts.operator_column_attempts()>
                {format::number(texts.language(), row.attempts)}
            </td>
            <td role="cell" data-label=texts.operator_column_written()>{when(row.written)}</td>
            <td role="cell" class="end act">{again}</td>
        </tr>
    }
}
