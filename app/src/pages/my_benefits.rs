//! One's own benefits.

use domain::Field;
use domain::ids::SeatId;
use domain::view::form::Shown;
use domain::view::own::{Askable, OwnBenefits, OwnEarlierSeat, OwnRequest, OwnSeat, OwnSupport};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::benefits::software::KeyPane;
use crate::components::{
    ButtonTone, Column, Deadline, Empty, Icon, IconName, Identifier, Ledger, ProcessingClock, StatusByCode,
    SubmitButton, TextField,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::dashboard::own_benefits;

/// What an employee sees: seats, keys, instructions, Access ID and Contract ID, asking for a seat.
#[component]
pub fn MyBenefits() -> impl IntoView {
    let parameters = use_query_map();
    let open = Memo::new(move |_| parameters.get().get("open").and_then(|open| open.parse::<SeatId>().ok()));
    load(move || open.get(), own_benefits, |own| view! { <Page own=own/> })
}

#[component]
fn Page(own: Signal<OwnBenefits>) -> impl IntoView {
    let texts = texts();
    let none = move || own.with(|own| own.seats.is_empty() && own.support.is_empty());
    view! {
        <Title text=texts.common_page_title(texts.own_title())/>
        <main class="page" id="main">
            <div class="head"><div><h1>{texts.own_title()}</h1><p>{texts.own_lead()}</p></div></div>
            <Show when=none>
                <section class="sheet"><Empty title=texts.own_none_title() text=texts.own_none_text()/></section>
            </Show>
            <div class="grants">
                <For each=move || own.with(|own| own.seats.clone()) key=|seat| (seat.seat, seat.key.is_some()) let:seat>
                    <Seat seat=seat own=own/>
                </For>
            </div>
            <Show when=move || own.with(|own| !own.support.is_empty())>
                <section class="sheet">
                    <div class="sheet-head"><h2>{texts.own_support()}</h2></div>
                    <div class="in stack">
                        <p>{texts.own_support_text()}</p>
                        <For each=move || own.with(|own| own.support.clone()) key=|support| support.grant let:support>
                            <Support support=support/>
                        </For>
                    </div>
                </section>
            </Show>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.own_ask()}</h2></div>
                <div class="in stack">
                    <p class="muted">{texts.own_ask_lead()}</p>
                    <Show
                        when=move || own.with(|own| !own.available.is_empty())
                        fallback=move || view! { <p>{texts.own_ask_none()}</p> }
                    >
                        <For each=move || own.with(|own| own.available.clone()) key=|grant| grant.grant let:grant>
                            <Ask grant=grant/>
                        </For>
                    </Show>
                </div>
            </section>
            {move || requests(own.with(|own| own.requests.clone()))}
            {move || earlier(own.with(|own| own.earlier.clone()))}
        </main>
    }
}

#[component]
fn Seat(seat: OwnSeat, own: Signal<OwnBenefits>) -> impl IntoView {
    let texts = texts();
    let since = locales::format::date(texts.language(), seat.since);
    let source = locales::source(texts, &seat.source, seat.source_name.as_deref());
    view! {
        <section class="sheet" id=seat.seat.to_string()>
            <div class="sheet-head">
                <div>
                    <h2>{seat.name.clone()}</h2>
                    <p class="small muted">{seat.summary} " · " {source}</p>
                </div>
                {seat.processing.map(|(day, target)| view! { <ProcessingClock day=day target=target/> })}
            </div>
            <div class="in split">
                <div class="stack">
                    <p class="small">{texts.own_since(since, seat.assigned_by)}</p>
                    {(!seat.instructions.is_empty())
                        .then(|| {
                            view! {
                                <h3>{texts.own_steps()}</h3>
                                <ol class="numbered">
                                    {seat.instructions.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
                                </ol>
                            }
                        })}
                    {match seat.key {
                        Some(key) => {
                            let (form, id) = (Form::new("reveal_key", seat.seat), seat.seat);
                            let following = Signal::derive(move || {
                                let found = own.with(|own| own.seats.iter().find(|seat| seat.seat == id).cloned());
                                found.and_then(|seat| seat.key).unwrap_or_else(|| key.clone())
                            });
                            view! { <KeyPane form=form key=following/> }.into_any()
                        }
                        None if seat.has_key => {
                            let href = format!("/my-benefits?open={id}#{id}", id = seat.seat);
                            view! { <p><a class="button" href=href>{texts.own_key()}</a></p> }.into_any()
                        }
                        None => ().into_any(),
                    }}
                    {seat
                        .portal_url
                        .map(|url| {
                            view! {
                                <p>
                                    <a class="button" href=url rel="noreferrer">
                                        <Icon name=IconName::Out/>
                                        <span>{texts.seats_portal()}</span>
                                    </a>
                                    <span class="sr">{texts.common_new_window()}</span>
                                </p>
                            }
                        })}
                </div>
                <dl class="facts">
                    <dt>{texts.own_expires()}</dt>
                    <dd><Deadline date=seat.expires days_left=seat.expires_days/></dd>
                </dl>
            </div>
        </section>
    }
}

#[component]
fn Support(support: OwnSupport) -> impl IntoView {
    let texts = texts();
    let form = Form::new("show_support_ids", support.grant);
    let source = locales::source(texts, &support.source, support.source_name.as_deref());
    let shown = form.shown();
    view! {
        <div class="stack" id=support.grant.to_string()>
            <p><b>{support.name}</b> <span class="muted small">" " {source}</span></p>
            {move || match shown.get() {
                Some(Shown::SupportIds { access_id, contract_id, .. }) => view! {
                    <dl class="ids">
                        <Identifier name=texts.own_access_id() id=access_id/>
                        <Identifier name=texts.own_contract_id() id=contract_id/>
                    </dl>
                }
                .into_any(),
                _ => view! {
                    <PostForm form=form>
                        <SubmitButton label=texts.own_show_ids() tone=ButtonTone::Secondary busy=form.pending/>
                    </PostForm>
                }
                .into_any(),
            }}
        </div>
    }
}

#[component]
fn Ask(grant: Askable) -> impl IntoView {
    let texts = texts();
    let form = Form::new("ask_for_seat", grant.grant);
    let source = locales::source(texts, &grant.source, grant.source_name.as_deref());
    let left = match grant.left {
        None => texts.common_unlimited().to_owned(),
        Some(0) => texts.own_none_left().to_owned(),
        Some(left) => texts.own_left(left),
    };
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="row between">
                <span><b>{grant.name.clone()}</b> <span class="muted small">" " {source.clone()} " · " {left}</span></span>
                <span class="button quiet">{texts.own_ask()}</span>
            </summary>
            <PostForm form=form class="stack" label=texts.own_ask_for(grant.name, source)>
                <TextField
                    id=form.id(Field::Description)
                    name=Field::Description.code()
                    label=texts.own_note()
                    value=form.value(Field::Description, "")
                    error=form.field_error(Field::Description)
                    maxlength=500_u32
                />
                <div class="row"><SubmitButton label=texts.own_ask() busy=form.pending/></div>
            </PostForm>
        </details>
    }
}

fn requests(requests: Vec<OwnRequest>) -> Option<impl IntoView> {
    let texts = texts();
    (!requests.is_empty()).then(|| {
        let rows = requests
            .into_iter()
            .map(|request| {
                view! {
                    <tr role="row">
                        <th role="rowheader" scope="row">
                            {request.name}
                            {request.reason.map(|reason| view! { <small>{reason}</small> })}
                        </th>
                        <td role="cell" data-label=texts.own_asked()>
                            {locales::format::date(texts.language(), request.asked)}
                        </td>
                        <td role="cell" data-label=texts.common_status()><StatusByCode code=request.state/></td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.own_requests()}</h2></div>
                <Ledger
                    caption=texts.own_requests()
                    columns=vec![
                        Column::new(texts.common_benefit_name()),
                        Column::new(texts.own_asked()),
                        Column::new(texts.common_status()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
    })
}

fn earlier(seats: Vec<OwnEarlierSeat>) -> Option<impl IntoView> {
    let texts = texts();
    (!seats.is_empty()).then(|| {
        let count = seats.len() as i64;
        let rows = seats
            .into_iter()
            .map(|seat| {
                let date = |day| locales::format::date(texts.language(), day);
                let reason = texts.find_release_reason(&seat.reason).unwrap_or_default();
                view! {
                    <tr role="row">
                        <th role="rowheader" scope="row">{seat.name}</th>
                        <td role="cell" data-label=texts.seats_since()>{date(seat.since)}</td>
                        <td role="cell" data-label=texts.seats_until()>{date(seat.until)}</td>
                        <td role="cell" data-label=texts.seats_reason()>{reason}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <details>
                <summary class="row small"><Icon name=IconName::Right/><span>{texts.own_earlier(count)}</span></summary>
                <div class="sheet">
                    <Ledger
                        caption=texts.own_earlier(count)
                        columns=vec![
                            Column::new(texts.common_benefit_name()),
                            Column::new(texts.seats_since()),
                            Column::new(texts.seats_until()),
                            Column::new(texts.seats_reason()),
                        ]
                    >
                        {rows}
                    </Ledger>
                </div>
            </details>
        }
    })
}
