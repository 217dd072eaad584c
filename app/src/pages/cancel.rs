//! Cancelling a purchase: its conditions, what ends, the request (rule 20).

use domain::Field;
use domain::ids::OrderLineId;
use domain::refund::REFUND_DAYS;
use domain::view::purchases::{
    CancellationReason, PurchaseLine, PurchasesPage, SoftwareUse, UseKind, WaitingCancellation,
};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Choice, Column, Confirm, Deadline, DisabledButton, Empty, Ledger, Point, PointKind, Points,
    SelectField, Status, StatusByCode, StatusKind, SubmitButton, TextArea, Tick, Voucher, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::purchases::purchases;
use crate::words;

/// The page **Cancel a benefit**.
#[component]
pub fn Cancel() -> impl IntoView {
    load(|| (), |()| purchases(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<PurchasesPage>) -> impl IntoView {
    let texts = texts();
    // A purchase is written anew when something about it changed, and only then: what somebody is
    // typing about another one stays.
    let lines = move || {
        page.with(|page| page.lines.iter().map(|line| (line.id, fingerprint(line))).collect::<Vec<_>>())
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_cancel())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/benefits/software">{texts.navigation_benefits()}</a></li>
                        <li aria-current="page">{texts.navigation_cancel()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{texts.navigation_cancel()}</h1>
                        <p>{texts.cancel_lead(REFUND_DAYS)}</p>
                    </div>
                </div>
            </div>
            <Show
                when=move || page.with(|page| !page.lines.is_empty())
                fallback=move || {
                    view! {
                        <section class="sheet">
                            <Empty title=texts.cancel_empty_title() text=texts.cancel_empty_text()/>
                        </section>
                    }
                }
            >
                <For each=lines key=|key| key.clone() let:key>
                    <Line id=key.0 page=page/>
                </For>
            </Show>
            {move || earlier(page.get())}
        </main>
    }
}

/// Everything about a purchase that the page shows.
fn fingerprint(line: &PurchaseLine) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

fn date(texts: Texts, day: domain::Day) -> String {
    format::date(texts.language(), day)
}

#[component]
fn Line(id: OrderLineId, page: Signal<PurchasesPage>) -> impl IntoView {
    let texts = texts();
    let found = page.with_untracked(|page| page.lines.iter().find(|line| line.id == id).cloned());
    let Some(line) = found else { return ().into_any() };
    let (why_not, zone) = page.with_untracked(|page| (page.why_not.clone(), page.time_zone.clone()));
    let price = format::money(texts.language(), line.price_minor, &line.currency);
    let bought = date(texts, line.bought);
    let order = match &line.bought_by {
        Some(name) => texts.cancel_order_by(bought, name, line.order, price),
        None => texts.cancel_order(bought, line.order, price),
    };
    let name = offer(texts, &line);
    let aloud = name.clone();
    let possible = line.refundable();
    let head = if line.refunded {
        view! { <StatusByCode code="refunded"/> }.into_any()
    } else if possible {
        view! {
            <Status kind=StatusKind::Active text=texts.cancel_both_met()/>
            <Deadline date=Some(line.deadline) days_left=Some(line.days_left)/>
        }
        .into_any()
    } else {
        view! { <Status kind=StatusKind::Failed text=texts.cancel_no_refund()/> }.into_any()
    };
    let ends = possible.then(|| {
        view! {
            <hr class="line"/>
            <h3>{texts.cancel_if_cancel()}</h3>
            <Points points=ends(texts, &line)/>
        }
    });
    let conditions = (!line.refunded).then(|| view! { <Points points=conditions(texts, &line, &zone)/> });
    let stub_line = line.clone();
    let stub = (!line.refunded).then_some(move || match (&stub_line.waiting, why_not, possible) {
        (Some(waiting), why_not, _) => {
            view! { <Waiting line=stub_line.clone() waiting=waiting.clone() allowed=why_not.is_none()/> }
                .into_any()
        }
        (None, Some(error), _) => {
            let id = format!("no-{}", stub_line.id);
            view! {
                <DisabledButton label=texts.common_submit_request() describedby=id.clone()/>
                <Why id=id kind=WhyKind::Right text=words::refusal(texts, &error)/>
            }
            .into_any()
        }
        (None, None, false) => {
            let id = format!("no-{}", stub_line.id);
            view! {
                <DisabledButton label=texts.common_submit_request() describedby=id.clone()/>
                <Why id=id kind=WhyKind::State text=why_impossible(texts, &stub_line)/>
            }
            .into_any()
        }
        (None, None, true) => view! { <Submit line=stub_line/> }.into_any(),
    });
    view! {
        <section class="stack" id=id.to_string() aria-label=aloud>
            <div class="row"><h2>{name}</h2><span class="muted">{order}</span></div>
            {match stub {
                Some(stub) => view! {
                    <Voucher on_page=true stub=stub>
                        <div class="row">{head}</div>
                        {conditions}
                        {ends}
                    </Voucher>
                }
                    .into_any(),
                None => view! { <div class="sheet"><div class="in row">{head}</div></div> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

/// The offer, with its competency areas.
fn offer(texts: Texts, line: &PurchaseLine) -> String {
    if line.areas.is_empty() {
        line.offer.clone()
    } else {
        texts.cancel_offer_areas(format::list_and(texts.language(), &line.areas), &line.offer)
    }
}

/// Each condition, met or not, with its fact.
pub(super) fn conditions(texts: Texts, line: &PurchaseLine, zone: &str) -> Vec<Point> {
    let kind = |met| if met { PointKind::Met } else { PointKind::NotMet };
    let within = if line.in_time {
        texts.cancel_within_yes(date(texts, line.deadline), line.day, REFUND_DAYS, zone)
    } else {
        texts.cancel_within_no(-line.days_left, date(texts, line.deadline))
    };
    let untouched = match (line.untouched, line.software) {
        (true, 0) => texts.cancel_untouched_none().to_owned(),
        (true, software) => texts.cancel_untouched_yes(software),
        (false, _) => uses(texts, line),
    };
    vec![
        Point { kind: kind(line.in_time), title: texts.cancel_within(REFUND_DAYS), text: within },
        Point { kind: kind(line.untouched), title: texts.cancel_untouched().to_owned(), text: untouched },
    ]
}

fn uses(texts: Texts, line: &PurchaseLine) -> String {
    let named: Vec<String> = line
        .uses
        .iter()
        .map(|SoftwareUse { kind, product, day, by }| {
            let name = by.as_deref().unwrap_or_else(|| texts.cancel_somebody());
            let day = date(texts, *day);
            match kind {
                UseKind::Revealed => texts.cancel_use_revealed(day, name, product),
                UseKind::Downloaded => texts.cancel_use_downloaded(day, name, product),
                UseKind::Activated => texts.cancel_use_activated(day, name, product),
                UseKind::UsedBefore => texts.cancel_use_before(product),
            }
        })
        .collect();
    let named = named.join(texts.cancel_use_separator());
    match line.more_uses {
        0 => texts.cancel_uses_end(named),
        more => texts.cancel_uses_more(more, named),
    }
}

/// What ends with an approval.
pub(super) fn ends(texts: Texts, line: &PurchaseLine) -> Vec<Point> {
    let holders = match line.holders {
        0 => texts.cancel_ends_nobody().to_owned(),
        holders => texts.cancel_ends_holders(holders),
    };
    let mut points = Vec::new();
    if line.benefits > 0 || line.going_on == 0 {
        points.push(Point {
            kind: PointKind::Heed,
            title: texts.cancel_ends_benefits(line.benefits),
            text: holders,
        });
    }
    if line.going_on > 0 {
        points.push(Point {
            kind: PointKind::Met,
            title: texts.cancel_goes_on(line.going_on),
            text: texts.cancel_goes_on_text().to_owned(),
        });
    }
    if let Some(tier) = &line.tier_after {
        points.push(Point {
            kind: PointKind::Heed,
            title: texts.cancel_tier_back(tier),
            text: texts.cancel_tier_rest().to_owned(),
        });
    }
    points
}

fn why_impossible(texts: Texts, line: &PurchaseLine) -> String {
    if line.over {
        return texts.cancel_over().to_owned();
    }
    if line.needed && line.in_time && line.untouched {
        return texts.cancel_needed().to_owned();
    }
    let Some(ends) = line.ends else { return texts.cancel_why_plain().to_owned() };
    let ends = date(texts, ends);
    match (line.in_time, line.untouched) {
        (false, true) => texts.cancel_why_late(ends, REFUND_DAYS),
        (true, false) => texts.cancel_why_used(ends),
        _ => texts.cancel_why_neither(ends),
    }
}

#[component]
fn Submit(line: PurchaseLine) -> impl IntoView {
    let texts = texts();
    let form = Form::new("submit_cancellation", line.id);
    let reasons = CancellationReason::ALL
        .iter()
        .map(|reason| Choice::new(reason.code(), reason_text(texts, *reason)))
        .collect::<Vec<_>>();
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=line.version/>
            <SelectField
                id=form.id(Field::Reason)
                name=Field::Reason.code()
                label=label(Field::Reason)
                choices=reasons
                empty=texts.common_choose()
                selected=form.value(Field::Reason, "")
                error=form.field_error(Field::Reason)
                required=true
            />
            <TextArea
                id=form.id(Field::Description)
                name=Field::Description.code()
                label=texts.cancel_note()
                value=form.value(Field::Description, "")
                help=texts.cancel_note_help()
                error=form.field_error(Field::Description)
                maxlength=500_u32
            />
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.cancel_sure(offer(texts, &line))
                checked=form.kept(Field::Accept).is_some()
                error=form.field_error(Field::Accept)
                required=true
            />
            <SubmitButton label=texts.common_submit_request() tone=ButtonTone::DangerPrimary busy=form.pending/>
            <p class="small muted">{texts.cancel_withdraw_note()}</p>
        </PostForm>
    }
}

/// A reason in words.
pub(super) fn reason_text(texts: Texts, reason: CancellationReason) -> &'static str {
    match reason {
        CancellationReason::BoughtByMistake => texts.cancel_reason_bought_by_mistake(),
        CancellationReason::OtherMembership => texts.cancel_reason_other_membership(),
        CancellationReason::Other => texts.cancel_reason_other(),
    }
}

#[component]
fn Waiting(line: PurchaseLine, waiting: WaitingCancellation, allowed: bool) -> impl IntoView {
    let texts = texts();
    let form = Form::new("take_back_cancellation", waiting.id);
    let told = texts.cancel_waiting(date(texts, waiting.asked), &waiting.asked_by, waiting.number);
    let (number, version) = (waiting.number, waiting.version);
    view! {
        <StatusByCode code="requested"/>
        <p>{told}</p>
        {allowed
            .then(|| {
                view! {
                    <Confirm
                        id=format!("take-back-{number}")
                        label=texts.common_withdraw_request()
                        tone=ButtonTone::Secondary
                        question=texts.cancel_take_back_question(number)
                        done=Signal::derive(move || form.done.with(Option::is_some))
                        open=form.refused()
                        form=move || {
                            view! {
                                <PostForm form=form>
                                    <input type="hidden" name="version" value=version/>
                                    <SubmitButton
                                        label=texts.common_withdraw_request()
                                        tone=ButtonTone::DangerPrimary
                                        busy=form.pending
                                    />
                                </PostForm>
                            }
                                .into_any()
                        }
                    >
                        <p>{texts.cancel_take_back_text(date(texts, line.deadline), offer(texts, &line))}</p>
                    </Confirm>
                }
            })}
    }
}

fn earlier(page: PurchasesPage) -> Option<impl IntoView> {
    let texts = texts();
    if page.earlier.is_empty() {
        return None;
    }
    let rows = page
        .earlier
        .into_iter()
        .map(|request| {
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{request.number}</th>
                    <td role="cell" data-label=texts.cancel_column_purchase()>{request.offer}</td>
                    <td role="cell" data-label=texts.cancel_column_asked()>
                        <time datetime=request.asked.to_string()>{date(texts, request.asked)}</time>
                    </td>
                    <td role="cell" data-label=texts.common_status()>
                        <div>
                            <StatusByCode code=request.state.code()/>
                            {request.reason.map(|reason| view! { <small>{reason}</small> })}
                        </div>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let columns = vec![
        Column::new(texts.cancel_column_request()),
        Column::new(texts.cancel_column_purchase()),
        Column::new(texts.cancel_column_asked()),
        Column::new(texts.common_status()),
    ];
    Some(view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.cancel_earlier()}</h2></div>
            <Ledger caption=texts.cancel_earlier() columns=columns>{rows}</Ledger>
        </section>
    })
}
