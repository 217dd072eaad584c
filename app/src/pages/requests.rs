//! Requests: for a seat, and to the operators.

use domain::view::benefits::PAGE_ROWS;
use domain::view::requests::{
    OwnSeatRequest, RequestKind, RequestsPage, ServiceRequestRow, WaitingSeatRequest,
};
use domain::view::seats::SeatRequestRow;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use super::benefits::seats::SeatRequest;
use crate::components::{
    Column, Empty, IconName, Ledger, LinkButton, Pagination, StatusByCode, Target, Why, WhyKind,
};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::requests::requests;
use crate::words;

/// Requests that the reader decides, made, or may see.
#[component]
pub fn Requests() -> impl IntoView {
    let parameters = use_query_map();
    let page = Memo::new(move |_| {
        parameters.get().get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1).max(1)
    });
    load(move || page.get(), requests, |list| view! { <Page list=list/> })
}

#[component]
fn Page(list: Signal<RequestsPage>) -> impl IntoView {
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
            {move || service(texts, list.get())}
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
    let source = locales::source(texts, &request.source, request.area.as_deref());
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

fn service(texts: Texts, list: RequestsPage) -> impl IntoView {
    let title = if list.of_company { texts.requests_company_service() } else { texts.requests_own_service() };
    let pages = (list.total > i64::from(PAGE_ROWS)).then(|| {
        view! {
            <Pagination
                page=list.page
                per_page=PAGE_ROWS
                total=list.total
                href=|page| format!("/requests?page={page}")
            />
        }
    });
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{title}</h2></div>
            {if list.service.is_empty() {
                view! { <Empty title=texts.requests_service_none_title() text=texts.requests_service_none_text()/> }
                    .into_any()
            } else {
                service_rows(title, list.service)
            }}
            {pages}
        </section>
    }
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
    let date = |day| format::date(texts.language(), day);
    let rows = requests
        .into_iter()
        .map(|request| {
            let expected = if request.open {
                view! { <Target date=request.target days_left=request.target_days/> }.into_any()
            } else {
                request.decided.map(|day| view! { <time datetime=day.to_string()>{date(day)}</time> }).into_any()
            };
            view! {
                <tr role="row" id=format!("request-{}", request.number)>
                    <th role="rowheader" scope="row">
                        {request.title}
                        <small>{request.number} " · " {kind(texts, request.kind)}</small>
                        {request.reason.map(|reason| view! { <small>{reason}</small> })}
                    </th>
                    <td role="cell" data-label=texts.requests_asked_by()>{request.requested_by}</td>
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
                </tr>
            }
        })
        .collect_view();
    view! {
        <Ledger
            caption=caption
            columns=vec![
                Column::new(texts.requests_subject()),
                Column::new(texts.requests_asked_by()),
                Column::new(texts.requests_asked()),
                Column::new(texts.common_status()),
                Column::new(texts.requests_target()),
            ]
        >
            {rows}
        </Ledger>
    }
    .into_any()
}
