//! What waits beside the requests, below the queue: drafts, key pools and mail, each with where it is done.

use domain::Language;
use domain::view::also_waiting::{COUNTED, WaitingGroup, WaitingKind, WaitingPlace, WaitingRow};
use domain::view::operator::{MailState, OutboxQuery, QueuePage};
use leptos::prelude::*;
use locales::{Texts, format};

use super::outbox;
use crate::components::{Column, Ledger};
use crate::i18n::texts;

/// Where the list stands on the page.
const ID: &str = "also-waiting";

/// The way down to what else waits; nothing where nothing does.
#[component]
pub(super) fn ToAlsoWaiting(page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let any = Memo::new(move |_| page.with(|page| !page.also.is_empty()));
    view! {
        <Show when=move || any.get()>
            <p class="row between"><a href=format!("#{ID}")>{texts.operator_also()}</a></p>
        </Show>
    }
}

/// What else waits; nothing where nothing does.
#[component]
pub(super) fn AlsoWaiting(page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let groups = Memo::new(move |_| page.with(|page| page.also.clone()));
    let any = Memo::new(move |_| groups.with(|groups| !groups.is_empty()));
    let columns = vec![
        Column::new(texts.operator_also_column()),
        Column::new(texts.common_kind()),
        Column::new(texts.operator_column_age()),
    ];
    let lists = move || groups.with(|groups| groups.iter().map(|group| list(texts, group)).collect_view());
    let rows = move || {
        groups.with(|groups| {
            let rows = groups.iter().flat_map(|group| group.rows.iter().map(move |row| (group.kind, row)));
            rows.map(|(kind, row)| self::row(texts, kind, row)).collect_view()
        })
    };
    view! {
        <Show when=move || any.get()>
            <section class="sheet" id=ID>
                <div class="sheet-head">
                    <h2>{texts.operator_also()}</h2>
                    <nav aria-label=texts.operator_also_lists()><ul class="chips">{lists}</ul></nav>
                </div>
                <Ledger caption=texts.operator_also() columns=columns.clone()>{rows}</Ledger>
            </section>
        </Show>
    }
}

fn kind_text(texts: Texts, kind: WaitingKind) -> &'static str {
    match kind {
        WaitingKind::CatalogueDraft => texts.operator_also_draft(),
        WaitingKind::KeyPool => texts.operator_also_key_pool(),
        WaitingKind::FailedMail => texts.operator_also_failed(),
        WaitingKind::HeldMail => texts.operator_also_held(),
    }
}

fn mail_in(state: MailState, recipient: &str) -> String {
    outbox::write(&OutboxQuery {
        state: Some(state),
        recipient: recipient.to_owned(),
        ..OutboxQuery::default()
    })
}

/// The link to all that waits of a kind, and how many there are.
fn list(texts: Texts, group: &WaitingGroup) -> AnyView {
    let kind = kind_text(texts, group.kind);
    let name = if group.total > COUNTED {
        texts.operator_also_all_more(kind, format::number(texts.language(), COUNTED))
    } else {
        texts.operator_also_all(kind, format::number(texts.language(), group.total))
    };
    let href = match group.kind {
        WaitingKind::CatalogueDraft => "/operator/catalogue".to_owned(),
        WaitingKind::KeyPool => "/operator/keys".to_owned(),
        WaitingKind::FailedMail => mail_in(MailState::Failed, ""),
        WaitingKind::HeldMail => mail_in(MailState::Waiting, ""),
    };
    view! { <li><a class="chip" href=href>{name}</a></li> }.into_any()
}

/// Where something is done.
fn address(place: &WaitingPlace) -> String {
    match place {
        WaitingPlace::Draft(draft) => format!("/operator/catalogue/{draft}"),
        WaitingPlace::KeyPool(product) => format!("/operator/keys/{product}"),
        WaitingPlace::Mail(mail) => {
            outbox::write(&OutboxQuery { open: Some(*mail), ..OutboxQuery::default() })
        }
        WaitingPlace::Address(address) => mail_in(MailState::Waiting, address),
    }
}

fn row(texts: Texts, kind: WaitingKind, row: &WaitingRow) -> AnyView {
    let age = if row.age < 1 { texts.common_today().to_owned() } else { texts.operator_days(row.age) };
    let note = row.note.clone().map(|note| view! { <small>{note}</small> });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=address(&row.place) lang=row.language.map(Language::tag)>{row.name.clone()}</a>
                {note}
            </th>
            <td role="cell" data-label=texts.common_kind()>{kind_text(texts, kind)}</td>
            <td role="cell" data-label=texts.operator_column_age()>{age}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::ids::MailId;
    use domain::view::also_waiting::WaitingPlace;

    use super::address;

    #[test]
    fn what_waits_is_done_where_its_link_leads() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let mail: MailId = id.parse().expect("an id");
        for (place, href) in [
            (WaitingPlace::KeyPool("visio".to_owned()), "/operator/keys/visio".to_owned()),
            (WaitingPlace::Mail(mail), format!("/operator/outbox?open={id}#{id}")),
            (
                WaitingPlace::Address("a+b@mail.example".to_owned()),
                "/operator/outbox?state=waiting&recipient=a%2Bb%40mail.example".to_owned(),
            ),
        ] {
            assert_eq!(address(&place), href);
        }
    }
}
