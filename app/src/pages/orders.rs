//! The company's orders, and one order with its payment and documents.

use domain::Field;
use domain::order::{DeclineCode, OrderKind, OrderState, PROOF_MAX_BYTES, PaymentMethod, PaymentState};
use domain::view::orders::{
    Document, DocumentKind, OrderPage, OrderRow, OrdersPage, OrdersQuery, PaymentRow, ProofRow,
};
use domain::{Error, ErrorCode};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::{Texts, format};

use super::offers::terms;
use super::tier_change::done;
use crate::components::{
    ButtonTone, Choice, Column, Confirm, Empty, Ledger, LinkButton, Notice, SelectField, StatusByCode,
    SubmitButton, Tone,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::orders::{order, orders};
use crate::words;

/// The page **Orders**.
#[component]
pub fn Orders() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| OrdersQuery {
        before: parameters.with(|map| map.get("before").and_then(|number| number.parse().ok())),
    });
    load(move || query.get(), orders, |page| view! { <List page=page/> })
}

#[component]
fn List(page: Signal<OrdersPage>) -> impl IntoView {
    let texts = texts();
    let any = Memo::new(move |_| page.with(|page| !page.orders.is_empty()));
    let rows = move || page.with(|page| page.orders.iter().map(|order| row(texts, order)).collect_view());
    let more = move || {
        page.with(|page| {
            page.next.map(|number| {
                view! {
                    <nav class="pages" aria-label=texts.component_pages()>
                        <ul>
                            <li><a href=format!("/orders?before={number}")>{texts.orders_earlier()}</a></li>
                        </ul>
                    </nav>
                }
            })
        })
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_orders())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_orders()}</h1><p>{texts.orders_lead()}</p></div>
                <LinkButton href="/offers" label=texts.navigation_offers()/>
            </div>
            <section class="sheet">
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! { <Empty title=texts.orders_none_title() text=texts.orders_none_text()/> }
                    }
                >
                    <Ledger
                        caption=texts.navigation_orders()
                        columns=vec![
                            Column::new(texts.orders_column_order()),
                            Column::new(texts.orders_column_offer()),
                            Column::new(texts.orders_column_ordered()),
                            Column::new(texts.orders_column_amount()),
                            Column::new(texts.common_status()),
                            Column::new(texts.orders_documents()),
                        ]
                    >
                        {rows}
                    </Ledger>
                    {more}
                </Show>
            </section>
        </main>
    }
}

fn date(texts: Texts, day: domain::Day) -> String {
    format::date(texts.language(), day)
}

/// The offer, with its competency areas.
fn offer(texts: Texts, order: &OrderRow) -> String {
    let offer = if order.areas.is_empty() {
        order.offer.clone()
    } else {
        texts.cancel_offer_areas(format::list_and(texts.language(), &order.areas), &order.offer)
    };
    match order.kind {
        OrderKind::Purchase => offer,
        OrderKind::Renewal => texts.orders_renewal_of(offer),
        OrderKind::TierChange => texts.orders_change_of(offer),
    }
}

fn amount(texts: Texts, order: &OrderRow) -> String {
    match order.price_minor {
        0 => texts.membership_next_free().to_owned(),
        minor => format::money_in_full(texts.language(), minor, &order.currency),
    }
}

/// The code under which a state has its word and its sign.
const fn status(state: OrderState) -> &'static str {
    match state {
        OrderState::Placed => "unpaid",
        OrderState::Paid => "paid",
        OrderState::Refunded => "refunded",
        OrderState::Expired => "expired",
        OrderState::Cancelled => "cancelled",
    }
}

/// An invoice or a credit note by its name, to be taken along.
fn paper(texts: Texts, kind: DocumentKind, number: i64) -> impl IntoView {
    let name = match kind {
        DocumentKind::Invoice => texts.orders_invoice(number),
        DocumentKind::CreditNote => texts.orders_credit_note(number),
    };
    view! { <a href=format!("/invoices/{number}") rel="external">{name}</a> }
}

fn row(texts: Texts, order: &OrderRow) -> AnyView {
    let pay_by = order.pay_by.map(|day| view! { <small>{texts.orders_pay_by(date(texts, day))}</small> });
    let papers = if order.documents.is_empty() {
        view! { <span class="muted">{texts.common_none()}</span> }.into_any()
    } else {
        let papers = order.documents.iter().map(|(kind, number)| paper(texts, *kind, *number));
        view! { <div class="stack">{papers.collect_view()}</div> }.into_any()
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=format!("/orders/{}", order.number)>{order.number}</a>
            </th>
            <td role="cell" data-label=texts.orders_column_offer()>{offer(texts, order)}</td>
            <td role="cell" data-label=texts.orders_column_ordered()>
                <div>
                    {date(texts, order.ordered)}
                    {order.ordered_by.clone().map(|name| view! { <small>{name}</small> })}
                </div>
            </td>
            <td role="cell" data-label=texts.orders_column_amount()>{amount(texts, order)}</td>
            <td role="cell" data-label=texts.common_status()>
                <div><StatusByCode code=status(order.state)/> {pay_by}</div>
            </td>
            <td role="cell" data-label=texts.orders_documents()>{papers}</td>
        </tr>
    }
    .into_any()
}

/// One order.
#[component]
pub fn Order() -> impl IntoView {
    let parameters = use_params_map();
    // What is no number is no order.
    let number = Memo::new(move |_| {
        parameters.with(|map| map.get("number").and_then(|number| number.parse().ok()).unwrap_or(0))
    });
    load(move || number.get(), order, |page| view! { <One page=page/> })
}

#[component]
fn One(page: Signal<OrderPage>) -> impl IntoView {
    let texts = texts();
    let parameters = use_query_map();
    let number = page.with_untracked(|page| page.order.number);
    let title = texts.orders_title(number);
    // What stands in a form stays until the order itself changed.
    let payment = Memo::new(move |_| page.get());
    let fault = move || {
        let code = parameters.with(|map| map.get("fault").and_then(|code| ErrorCode::from_code(&code)))?;
        // What went wrong before it was paid is of no use afterwards.
        page.with(|page| page.order.state == OrderState::Placed).then_some(())?;
        let text = words::refusal(texts, &Error::new(code));
        Some(view! { <Notice tone=Tone::Stop role="alert"><p>{text}</p></Notice> })
    };
    view! {
        <Title text=texts.common_page_title(&title)/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/orders">{texts.navigation_orders()}</a></li>
                        <li aria-current="page">{title.clone()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{title}</h1>
                        <p>{move || page.with(|page| offer(texts, &page.order))}</p>
                    </div>
                    {move || page.with(|page| view! { <StatusByCode code=status(page.order.state)/> })}
                </div>
            </div>
            {fault}
            {move || page.with(|page| facts(texts, page))}
            {move || payment.with(|page| pay(texts, page))}
            {move || {
                payment
                    .with(|page| {
                        let change = page.tier_change.as_ref()?;
                        Some(done(texts, page.order.number, page.version, change))
                    })
            }}
            {move || page.with(|page| payments(texts, &page.payments))}
            {move || page.with(|page| documents(texts, &page.documents))}
            {move || page.with(|page| page.agreement.as_ref().map(|agreement| terms(texts, agreement)))}
        </main>
    }
}

fn facts(texts: Texts, page: &OrderPage) -> AnyView {
    let order = &page.order;
    let by = order.ordered_by.clone().map_or_else(
        || date(texts, order.ordered),
        |name| texts.orders_ordered_by(date(texts, order.ordered), name),
    );
    let paid = page.paid.map(|day| view! { <dt>{texts.orders_paid()}</dt> <dd>{date(texts, day)}</dd> });
    let pay_by =
        order.pay_by.map(|day| view! { <dt>{texts.orders_pay_until()}</dt> <dd>{date(texts, day)}</dd> });
    let next = (order.state == OrderState::Paid).then(|| {
        view! {
            <div class="row">
                <LinkButton href="/membership" label=texts.navigation_membership()/>
                <LinkButton href="/benefits/software" label=texts.navigation_benefits()/>
            </div>
        }
    });
    view! {
        <section class="sheet">
            <div class="in stack">
                <dl class="facts">
                    <dt>{texts.orders_column_amount()}</dt>
                    <dd>{amount(texts, order)}</dd>
                    <dt>{texts.orders_column_ordered()}</dt>
                    <dd>{by}</dd>
                    {pay_by}
                    {paid}
                </dl>
                {next}
            </div>
        </section>
    }
    .into_any()
}

/// What can be done about the payment of an order that waits.
fn pay(texts: Texts, page: &OrderPage) -> Option<AnyView> {
    if page.order.state != OrderState::Placed {
        return None;
    }
    let (number, version) = (page.order.number, page.version);
    let open = page.open.as_ref();
    let state = open.map(|payment| (payment.method, payment.state));
    let by_transfer = matches!(state, Some((PaymentMethod::BankTransfer, _)));
    let undecided = match state {
        Some((PaymentMethod::Card, PaymentState::Started | PaymentState::Unknown)) => {
            Some(view! { <Notice tone=Tone::Wait><p>{texts.orders_unknown()}</p></Notice> }.into_any())
        }
        Some((PaymentMethod::Card, PaymentState::Confirmation)) => {
            Some(view! { <Confirmation number=number/> }.into_any())
        }
        _ => None,
    };
    let last = page.payments.first().filter(|_| open.is_none());
    let declined = last.filter(|payment| payment.state == PaymentState::Declined).map(|payment| {
        let text = decline(texts, payment.decline);
        view! { <Notice tone=Tone::Stop><p>{text}</p></Notice> }
    });
    let card = (!page.cards.is_empty() && (open.is_none() || by_transfer)).then(
        || view! { <ByCard number=number version=version cards=page.cards.clone() by_transfer=by_transfer/> },
    );
    let transfer = match (&page.bank_details, by_transfer) {
        (Some(details), true) => Some(awaited(texts, page, details)),
        (Some(_), false) if undecided.is_none() || matches!(state, Some((_, PaymentState::Confirmation))) => {
            Some(view! { <ByTransfer number=number version=version/> }.into_any())
        }
        _ => None,
    };
    let nothing = (page.cards.is_empty() && page.bank_details.is_none())
        .then(|| view! { <p>{texts.orders_no_method()}</p> });
    let cancel = (undecided.is_none()).then(|| view! { <Cancel number=number version=version/> });
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.orders_payment()}</h2></div>
                <div class="in stack">{declined} {undecided} {nothing} {card} {transfer} {cancel}</div>
            </section>
        }
        .into_any(),
    )
}

fn decline(texts: Texts, code: Option<DeclineCode>) -> &'static str {
    match code {
        Some(DeclineCode::InsufficientFunds) => texts.orders_decline_insufficient_funds(),
        Some(DeclineCode::NotConfirmed) => texts.orders_decline_not_confirmed(),
        Some(DeclineCode::NotCharged) => texts.orders_decline_not_charged(),
        Some(DeclineCode::Declined) | None => texts.orders_decline_declined(),
    }
}

#[component]
fn ByCard(number: i64, version: i64, cards: Vec<String>, by_transfer: bool) -> impl IntoView {
    let texts = texts();
    let form = Form::new("pay_by_card", number);
    let choices = cards
        .into_iter()
        .map(|card| {
            let name = texts.find_test_card(&card).unwrap_or(&card).to_owned();
            Choice::new(card, name)
        })
        .collect::<Vec<_>>();
    view! {
        <h3>{texts.orders_by_card()}</h3>
        <p class="muted small">{texts.orders_test_cards()}</p>
        {by_transfer.then(|| view! { <p>{texts.orders_card_ends_transfer()}</p> })}
        <PostForm form=form class="form">
            <input type="hidden" name="version" value=version/>
            <SelectField
                id=form.id(Field::Card)
                name=Field::Card.code()
                label=texts.find_field(Field::Card.code()).unwrap_or_default()
                choices=choices
                selected=form.value(Field::Card, "pays")
                error=form.field_error(Field::Card)
                required=true
            />
            <div class="form-foot"><SubmitButton label=texts.orders_pay() busy=form.pending/></div>
        </PostForm>
    }
}

#[component]
fn Confirmation(number: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("confirm_card", number);
    view! {
        <Notice tone=Tone::Wait><p>{texts.orders_confirmation()}</p></Notice>
        <PostForm form=form>
            <div class="row">
                <SubmitButton
                    label=texts.orders_confirm()
                    busy=form.pending
                    name="decision"
                    value="confirmed"
                />
                <SubmitButton
                    label=texts.orders_decline()
                    busy=form.pending
                    tone=ButtonTone::Secondary
                    name="decision"
                    value="declined"
                />
            </div>
        </PostForm>
    }
}

#[component]
fn ByTransfer(number: i64, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("pay_by_transfer", number);
    view! {
        <h3>{texts.orders_by_transfer()}</h3>
        <p>{texts.orders_transfer_lead()}</p>
        <PostForm form=form>
            <input type="hidden" name="version" value=version/>
            <SubmitButton
                label=texts.orders_choose_transfer()
                busy=form.pending
                tone=ButtonTone::Secondary
            />
        </PostForm>
    }
}

/// Where the money goes, and the proofs that it went there.
fn awaited(texts: Texts, page: &OrderPage, details: &str) -> AnyView {
    let number = page.order.number;
    let proofs = (!page.proofs.is_empty()).then(|| proofs(texts, &page.proofs, "/payment-proofs"));
    let megabytes = i64::try_from(PROOF_MAX_BYTES / (1024 * 1024)).unwrap_or(0);
    let action = format!("/orders/{number}/proof");
    view! {
        <h3>{texts.orders_by_transfer()}</h3>
        <Notice tone=Tone::Wait><p>{texts.orders_transfer_awaited(number)}</p></Notice>
        <dl class="facts">
            <dt>{texts.orders_transfer_to()}</dt>
            <dd><blockquote>{details.to_owned()}</blockquote></dd>
            <dt>{texts.orders_column_amount()}</dt>
            <dd>{amount(texts, &page.order)}</dd>
            <dt>{texts.orders_transfer_reference()}</dt>
            <dd>{number}</dd>
        </dl>
        {proofs}
        <form method="post" action=action enctype="multipart/form-data" class="form">
            <div class="field">
                <label for="proof-file">{texts.orders_proof_choose()}</label>
                <input
                    type="file"
                    id="proof-file"
                    aria-describedby="proof-limits"
                    name="file"
                    accept=".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
                    required
                />
                <p class="small muted" id="proof-limits">{texts.orders_proof_limits(megabytes)}</p>
            </div>
            <div class="form-foot">
                <SubmitButton label=texts.orders_proof_send() tone=ButtonTone::Secondary/>
            </div>
        </form>
    }
    .into_any()
}

/// Proofs of a transfer, each a link to its file in the folder that the reader may open.
pub(crate) fn proofs(texts: Texts, proofs: &[ProofRow], folder: &str) -> AnyView {
    let rows = proofs
        .iter()
        .map(|proof| {
            let by = match &proof.by {
                Some(name) => texts.orders_ordered_by(date(texts, proof.day), name),
                None => date(texts, proof.day),
            };
            view! {
                <li>
                    <a href=format!("{folder}/{}", proof.id) rel="external">{proof.name.clone()}</a>
                    " "
                    <small class="muted">{by}</small>
                </li>
            }
        })
        .collect_view();
    view! { <p><b>{texts.orders_proofs()}</b></p> <ul class="stack">{rows}</ul> }.into_any()
}

#[component]
fn Cancel(number: i64, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("cancel_order", number);
    view! {
        <Confirm
            id=format!("cancel-order-{number}")
            label=texts.orders_cancel()
            tone=ButtonTone::Secondary
            question=texts.orders_cancel_question(number)
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton
                            label=texts.orders_cancel()
                            tone=ButtonTone::DangerPrimary
                            busy=form.pending
                        />
                    </PostForm>
                }
                    .into_any()
            }
        >
            <p>{texts.orders_cancel_text()}</p>
        </Confirm>
    }
}

fn payments(texts: Texts, payments: &[PaymentRow]) -> Option<AnyView> {
    if payments.is_empty() {
        return None;
    }
    let rows = payments
        .iter()
        .map(|payment| {
            let method = match payment.method {
                PaymentMethod::Card => texts.orders_by_card(),
                PaymentMethod::BankTransfer => texts.orders_by_transfer(),
            };
            let state = match payment.state {
                PaymentState::Started | PaymentState::Confirmation | PaymentState::Unknown => "waiting",
                PaymentState::Paid => "paid",
                PaymentState::Declined => "failed",
                PaymentState::Cancelled => "cancelled",
            };
            let why = (payment.state == PaymentState::Declined)
                .then(|| view! { <small>{decline(texts, payment.decline)}</small> });
            let back = match (payment.refunded, payment.refund_due) {
                (Some(day), _) => Some(texts.orders_refunded(date(texts, day))),
                (None, Some(_)) => Some(texts.orders_refund_due().to_owned()),
                (None, None) => None,
            };
            let back = back.map(|text| view! { <small>{text}</small> });
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{method}</th>
                    <td role="cell" data-label=texts.orders_column_begun()>
                        <div>
                            {date(texts, payment.started)}
                            {payment.by.clone().map(|name| view! { <small>{name}</small> })}
                        </div>
                    </td>
                    <td role="cell" data-label=texts.common_status()>
                        <div><StatusByCode code=state/> {why} {back}</div>
                    </td>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.orders_payments()}</h2></div>
                <Ledger
                    caption=texts.orders_payments()
                    columns=vec![
                        Column::new(texts.orders_column_method()),
                        Column::new(texts.orders_column_begun()),
                        Column::new(texts.common_status()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
        .into_any(),
    )
}

fn documents(texts: Texts, documents: &[Document]) -> Option<AnyView> {
    if documents.is_empty() {
        return None;
    }
    let rows = documents
        .iter()
        .map(|document| {
            let name = paper(texts, document.kind, document.number);
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">
                        {name}
                    </th>
                    <td role="cell" data-label=texts.orders_column_issued()>
                        {date(texts, document.issued)}
                    </td>
                    <td role="cell" data-label=texts.orders_column_amount()>
                        {format::money_in_full(texts.language(), document.amount_minor, &document.currency)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.orders_documents()}</h2></div>
                <Ledger
                    caption=texts.orders_documents()
                    columns=vec![
                        Column::new(texts.orders_column_document()),
                        Column::new(texts.orders_column_issued()),
                        Column::new(texts.orders_column_amount()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
        .into_any(),
    )
}
