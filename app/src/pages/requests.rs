//! Requests: for a seat, and to the operators.

mod open;

use domain::ids::ServiceRequestId;
use domain::view::benefits::PAGE_ROWS;
use domain::view::requests::{
    OwnSeatRequest, RequestKind, RequestsPage, RequestsQuery, ServiceRequestRow, WaitingSeatRequest,
};
use domain::view::seats::SeatRequestRow;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use self::open::Opened;
use super::benefits::seats::SeatRequest;
use crate::components::{
    Column, Empty, IconName, Ledger, LinkButton, Opener, OpeningRow, Pagination, StatusByCode, Target, Why,
    WhyKind,
};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::requests::requests;
use crate::words;

const PATH: &str = "/requests";
const COLUMNS: usize = 6;

/// Requests that the reader decides, made, or may see.
#[component]
pub fn Requests() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), requests, move |list| view! { <Page query=query list=list/> })
}

fn read(parameters: &ParamsMap) -> RequestsQuery {
    RequestsQuery {
        page: parameters.get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1).max(1),
        open: parameters.get("open").and_then(|open| open.parse().ok()),
    }
}

/// The address that asks for it, and leads to the row with the number where one is open; what is as it is by
/// default isn't said.
fn write(query: RequestsQuery, number: i64) -> String {
    let page = (query.page > 1).then(|| format!("page={}", query.page));
    let open = query.open.map(|open| format!("open={open}"));
    let pairs: Vec<String> = page.into_iter().chain(open).collect();
    let anchor = query.open.map(|_| format!("#request-{number}")).unwrap_or_default();
    if pairs.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}{anchor}", pairs.join("&")) }
}

#[component]
fn Page(query: Memo<RequestsQuery>, list: Signal<RequestsPage>) -> impl IntoView {
    let texts = texts();
    let of_company = Memo::new(move |_| list.with(|list| list.of_company));
    let own = Memo::new(move |_| list.with(|list| list.own_seats.clone()));
    view! {
        <Title text=texts.common_page_title(texts.requests_title())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.requests_title()}</h1><p>{texts.requests_lead()}</p></div>
                <LinkButton href="/technical-request" label=texts.requests_new_advisory() icon=IconName::Request/>
            </div>
            <Show when=move || of_company.get()>
                <Waiting list=list/>
            </Show>
            {move || own_seats(own.get())}
            <Service query=query list=list/>
        </main>
    }
}

/// Employees' requests, each with the form that decides it.
#[component]
fn Waiting(list: Signal<RequestsPage>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| list.with(|list| list.why_not_decide.clone()));
    let none = Memo::new(move |_| list.with(|list| list.seats.is_empty()));
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.requests_seats()}</h2></div>
            <div class="in stack">
                {move || {
                    (!none.get())
                        .then(|| why_not.get())
                        .flatten()
                        .map(|error| view! { <Why kind=WhyKind::Right text=words::refusal(texts, &error)/> })
                }}
                <Show when=move || !none.get() fallback=move || view! { <p class="muted">{texts.requests_seats_none()}</p> }>
                    <For each=move || list.with(|list| list.seats.clone()) key=|request| request.id let:request>
                        <WaitingSeat request=request allowed=why_not.with_untracked(Option::is_none)/>
                    </For>
                </Show>
            </div>
        </section>
    }
}

#[component]
fn WaitingSeat(request: WaitingSeatRequest, allowed: bool) -> impl IntoView {
    let texts = texts();
    let source = locales::source(texts, &request.source, request.source_name.as_deref());
    let left = match request.left {
        Some(left) => texts.requests_seat_left(format::number(texts.language(), left)),
        None => texts.common_unlimited().to_owned(),
    };
    let row = SeatRequestRow {
        id: request.id,
        name: request.name,
        email: request.email,
        note: request.note,
        asked: request.asked,
    };
    view! {
        <div class="stack">
            <h3>{request.product} <span class="muted small">" " {source} " · " {left}</span></h3>
            <SeatRequest request=row allowed=allowed/>
        </div>
    }
}

fn own_seats(requests: Vec<OwnSeatRequest>) -> Option<impl IntoView> {
    let texts = texts();
    (!requests.is_empty()).then(|| {
        let date = |day| format::date(texts.language(), day);
        let rows = requests
            .into_iter()
            .map(|request| {
                let decided = request.decided.map(|day| match request.decided_by {
                    Some(name) => texts.requests_decided_by(date(day), name),
                    None => date(day),
                });
                view! {
                    <tr role="row">
                        <th role="rowheader" scope="row">
                            {request.product} {request.reason.map(|reason| view! { <small>{reason}</small> })}
                        </th>
                        <td role="cell" data-label=texts.requests_asked()>{date(request.asked)}</td>
                        <td role="cell" data-label=texts.common_status()><StatusByCode code=request.state/></td>
                        <td role="cell" data-label=texts.requests_decided()>
                            {decided.unwrap_or_else(|| texts.common_none().to_owned())}
                        </td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.requests_own_seats()}</h2></div>
                <Ledger
                    caption=texts.requests_own_seats()
                    columns=vec![
                        Column::new(texts.common_benefit_name()),
                        Column::new(texts.requests_asked()),
                        Column::new(texts.common_status()),
                        Column::new(texts.requests_decided()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
    })
}

/// Service requests, each with what was written about it once it is open.
#[component]
fn Service(query: Memo<RequestsQuery>, list: Signal<RequestsPage>) -> impl IntoView {
    let texts = texts();
    let title = move || {
        if list.with(|list| list.of_company) {
            texts.requests_company_service()
        } else {
            texts.requests_own_service()
        }
    };
    let ids = Memo::new(move |_| {
        list.with(|list| {
            let mut ids: Vec<ServiceRequestId> = list.service.iter().map(|row| row.id).collect();
            // An open request that is on another page stands on top.
            if let Some(item) = &list.item
                && !ids.contains(&item.row.id)
            {
                ids.insert(0, item.row.id);
            }
            ids
        })
    });
    let pages = move || {
        let (page, total) = list.with(|list| (list.page, list.total));
        (total > i64::from(PAGE_ROWS)).then(|| {
            view! {
                <Pagination
                    page=page
                    per_page=PAGE_ROWS
                    total=total
                    href=|page| write(RequestsQuery { page, open: None }, 0)
                />
            }
        })
    };
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{title}</h2></div>
            <Show
                when=move || !ids.with(Vec::is_empty)
                fallback=move || {
                    view! {
                        <Empty title=texts.requests_service_none_title() text=texts.requests_service_none_text()/>
                    }
                }
            >
                <Ledger caption=title() columns=columns(texts, true)>
                    <For each=move || ids.get() key=|id| *id let:id>
                        <Row id=id query=query list=list/>
                    </For>
                </Ledger>
            </Show>
            {pages}
        </section>
    }
}

#[component]
fn Row(id: ServiceRequestId, query: Memo<RequestsQuery>, list: Signal<RequestsPage>) -> impl IntoView {
    let texts = texts();
    let found = move |list: &RequestsPage| {
        let open = list.item.as_ref().map(|item| &item.row);
        list.service.iter().chain(open).find(|row| row.id == id).cloned()
    };
    let Some(row) = part_of(list, found) else { return ().into_any() };
    let number = row.with_untracked(|row| row.number);
    let open = Memo::new(move |_| list.with(|list| list.item.as_ref().is_some_and(|item| item.row.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| write(RequestsQuery { open, ..*query }, number))
    });
    let shown = move || {
        row.with(|row| {
            view! {
                {cells(texts, row)}
                <td role="cell" class="end">
                    <Opener href=link open=open name=row.title.clone() source=number.to_string()/>
                </td>
            }
        })
        .into_any()
    };
    let detail = move || {
        let of_row = move |list: &RequestsPage| {
            list.item.as_ref().filter(|item| item.row.id == id).map(|item| (**item).clone())
        };
        part_of(list, of_row).map(|item| view! { <Opened item=item.into()/> })
    };
    view! { <OpeningRow id=format!("request-{number}") columns=COLUMNS open=open cells=shown detail=detail/> }
        .into_any()
}

/// What a service request is about, in a word.
#[must_use]
pub fn kind(texts: Texts, kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Activation => texts.requests_kind_activation(),
        RequestKind::Advisory => texts.requests_kind_advisory(),
        RequestKind::Cancellation => texts.requests_kind_cancellation(),
        RequestKind::GlobalAdmin => texts.requests_kind_global_admin(),
        RequestKind::Payment => texts.requests_kind_payment(),
        RequestKind::Enrolment => texts.requests_kind_enrolment(),
    }
}

/// Service requests as a table.
pub fn service_rows(caption: &'static str, requests: Vec<ServiceRequestRow>) -> AnyView {
    let texts = texts();
    let rows = requests
        .into_iter()
        .map(|request| {
            view! { <tr role="row" id=format!("request-{}", request.number)>{cells(texts, &request)}</tr> }
        })
        .collect_view();
    view! { <Ledger caption=caption columns=columns(texts, false)>{rows}</Ledger> }.into_any()
}

fn columns(texts: Texts, opens: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::new(texts.requests_subject()),
        Column::new(texts.requests_asked_by()),
        Column::new(texts.requests_asked()),
        Column::new(texts.common_status()),
        Column::new(texts.requests_target()),
    ];
    if opens {
        columns.push(Column::silent(texts.common_details()));
    }
    columns
}

fn cells(texts: Texts, request: &ServiceRequestRow) -> impl IntoView + use<> {
    let date = |day| format::date(texts.language(), day);
    let expected = if request.open {
        let late = (request.target_days < 0).then(|| view! { <small>{texts.queue_late()}</small> });
        view! { <div><Target date=request.target days_left=request.target_days/>{late}</div> }.into_any()
    } else {
        request.decided.map(|day| view! { <time datetime=day.to_string()>{date(day)}</time> }).into_any()
    };
    view! {
        <th role="rowheader" scope="row">
            {request.title.clone()}
            <small>{request.number} " · " {kind(texts, request.kind)}</small>
            {request.reason.clone().map(|reason| view! { <small>{reason}</small> })}
        </th>
        <td role="cell" data-label=texts.requests_asked_by()>{request.requested_by.clone()}</td>
        <td role="cell" data-label=texts.requests_asked()>
            <time datetime=request.requested.to_string()>{date(request.requested)}</time>
        </td>
        <td role="cell" data-label=texts.common_status()><StatusByCode code=request.state.code()/></td>
        <td
            role="cell"
            data-label=if request.open { texts.requests_target() } else { texts.requests_decided() }
        >
            {expected}
        </td>
    }
}
