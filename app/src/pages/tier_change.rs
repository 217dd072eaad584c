//! Changing the level of a competency: what would go on, who would lose what, and the order; on the page of the
//! order what became of it, and taking it back.

use domain::Field;
use domain::entitlement::Amount;
use domain::ids::HoldingId;
use domain::tier_change::{TakeBackCondition, TierChangeCondition};
use domain::view::tier_change::{
    EndsRow, GoesOnRow, TierChangeChoice, TierChangeDone, TierChangePage, TierChangePreview, TierChangeQuery,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Column, Confirm, DisabledButton, Empty, Ledger, LinkButton, Point, PointKind, Points,
    SubmitButton, Tick, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::tier_change::tier_change;
use crate::words;

/// The page **Change level**.
#[component]
pub fn TierChange() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| TierChangeQuery {
        holding: parameters.with(|map| map.get("holding").and_then(|id| id.parse::<HoldingId>().ok())),
    });
    load(move || query.get(), tier_change, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<TierChangePage>) -> impl IntoView {
    let texts = texts();
    // The form is written anew when what it is about changed, and only then.
    let preview =
        Memo::new(move |_| page.with(|page| (page.preview.clone(), page.agreement, page.why_not.clone())));
    view! {
        <Title text=texts.common_page_title(texts.tier_change_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/membership">{texts.navigation_membership()}</a></li>
                        <li aria-current="page">{texts.tier_change_title()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{texts.tier_change_title()}</h1><p>{texts.tier_change_lead()}</p></div>
                </div>
            </div>
            {move || {
                preview
                    .with(|(preview, agreement, why_not)| {
                        preview.as_ref().map(|preview| one(texts, preview, *agreement, why_not.as_ref()))
                    })
            }}
            {move || page.with(|page| choices(texts, page))}
        </main>
    }
}

/// The offer with its areas.
fn named(texts: Texts, offer: &str, areas: &[String]) -> String {
    if areas.is_empty() {
        offer.to_owned()
    } else {
        texts.cancel_offer_areas(format::list_and(texts.language(), areas), offer)
    }
}

fn change(texts: Texts, choice: &TierChangeChoice) -> String {
    texts.tier_change_to(named(texts, &choice.offer, &choice.areas), &choice.target)
}

fn choices(texts: Texts, page: &TierChangePage) -> AnyView {
    let shown = page.preview.as_ref().map(|preview| preview.choice.holding);
    let rest: Vec<_> = page.choices.iter().filter(|choice| Some(choice.holding) != shown).collect();
    if rest.is_empty() {
        if shown.is_some() {
            return ().into_any();
        }
        return view! {
            <section class="sheet">
                <Empty title=texts.tier_change_none_title() text=texts.tier_change_none_text()/>
            </section>
        }
        .into_any();
    }
    let rows = rest
        .into_iter()
        .map(|choice| {
            let label = change(texts, choice);
            view! {
                <li><a href=format!("/membership/change?holding={}", choice.holding)>{label}</a></li>
            }
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.tier_change_choose()}</h2></div>
            <div class="in"><ul class="stack">{rows}</ul></div>
        </section>
    }
    .into_any()
}

fn one(
    texts: Texts,
    preview: &TierChangePreview,
    agreement: Option<i64>,
    why_not: Option<&domain::Error>,
) -> AnyView {
    let money = |minor| format::money(texts.language(), minor, &preview.currency);
    let discount = (preview.price_minor < preview.full_price_minor).then(|| {
        let discount = texts.tier_change_discount(&preview.choice.offer, money(preview.full_price_minor));
        view! { <p class="muted">{discount}</p> }
    });
    let anniversary = format::date(texts.language(), preview.anniversary);
    let elsewhere =
        (preview.elsewhere > 0).then(|| view! { <p>{texts.tier_change_elsewhere(preview.elsewhere)}</p> });
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{change(texts, &preview.choice)}</h2></div>
            <div class="in stack">
                <p>{texts.tier_change_price(anniversary, money(preview.price_minor))}</p>
                {discount}
                <h3>{texts.tier_change_conditions()}</h3>
                <Points points=points(texts, preview)/>
            </div>
        </section>
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.tier_change_ends()}</h2></div>
            {ends(texts, &preview.ends)}
        </section>
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.tier_change_goes_on()}</h2></div>
            {goes_on(texts, &preview.goes_on)}
            <div class="in stack">{elsewhere}</div>
        </section>
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.tier_change_told()}</h2></div>
            <div class="in stack">
                <p>{texts.tier_change_told_text(format::list_and(texts.language(), &preview.told))}</p>
                <p>{texts.tier_change_after()}</p>
                {action(texts, preview, agreement, why_not)}
            </div>
        </section>
    }
    .into_any()
}

fn points(texts: Texts, preview: &TierChangePreview) -> Vec<Point> {
    preview
        .conditions
        .iter()
        .map(|(condition, met)| {
            let (title, remedy) = condition_words(texts, *condition);
            Point {
                kind: if *met { PointKind::Met } else { PointKind::NotMet },
                title: title.to_owned(),
                text: if *met { String::new() } else { remedy.to_owned() },
            }
        })
        .collect()
}

/// A condition, and what to do where it isn't met.
fn condition_words(texts: Texts, condition: TierChangeCondition) -> (&'static str, &'static str) {
    match condition {
        TierChangeCondition::Member => {
            (texts.tier_change_condition_member(), texts.tier_change_remedy_member())
        }
        TierChangeCondition::InForce => {
            (texts.tier_change_condition_in_force(), texts.tier_change_remedy_in_force())
        }
        TierChangeCondition::NetworkFirst => {
            (texts.tier_change_condition_network_first(), texts.tier_change_remedy_network_first())
        }
        TierChangeCondition::Attained => {
            (texts.tier_change_condition_attained(), texts.tier_change_remedy_attained())
        }
        TierChangeCondition::NotRenewed => {
            (texts.tier_change_condition_not_renewed(), texts.tier_change_remedy_not_renewed())
        }
        TierChangeCondition::NoneWaiting => {
            (texts.tier_change_condition_none_waiting(), texts.tier_change_remedy_none_waiting())
        }
    }
}

fn action(
    texts: Texts,
    preview: &TierChangePreview,
    agreement: Option<i64>,
    why_not: Option<&domain::Error>,
) -> AnyView {
    let id = "no-change";
    let refused = |kind: WhyKind, text: String| {
        view! {
            <div><DisabledButton label=texts.tier_change_order() describedby=id/></div>
            <Why id=id kind=kind text=text/>
        }
        .into_any()
    };
    let possible = preview.conditions.iter().all(|(_, met)| *met);
    match (preview.waiting_order, why_not, agreement) {
        (Some(number), ..) => {
            view! { <div><LinkButton href=format!("/orders/{number}") label=texts.offers_pay_order(number)/></div> }
                .into_any()
        }
        _ if !possible => refused(WhyKind::State, texts.tier_change_not_possible().to_owned()),
        (None, Some(error), _) => refused(WhyKind::Right, words::refusal(texts, error)),
        (None, None, None) => refused(WhyKind::State, texts.tier_change_no_agreement().to_owned()),
        (None, None, Some(version)) => {
            view! { <Order choice=preview.choice.clone() version=version/> }.into_any()
        }
    }
}

#[component]
fn Order(choice: TierChangeChoice, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("change_tier", choice.holding);
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=version/>
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.tier_change_accept(&choice.target)
                checked=form.kept(Field::Accept).is_some()
                error=form.field_error(Field::Accept)
                required=true
            />
            <div class="row">
                <SubmitButton label=texts.tier_change_order() busy=form.pending/>
                <a href="/offers#agreement" rel="external">{texts.offers_read_agreement()}</a>
            </div>
        </PostForm>
    }
}

fn ends(texts: Texts, ends: &[EndsRow]) -> AnyView {
    if ends.is_empty() {
        return view! { <div class="in"><p>{texts.tier_change_ends_none()}</p></div> }.into_any();
    }
    let rows = ends
        .iter()
        .map(|row| {
            let holders = if row.holders.is_empty() {
                texts.tier_change_holders_none().to_owned()
            } else {
                format::list_and(texts.language(), &row.holders)
            };
            let category = words::category(texts, row.category);
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{row.product.clone()}<small>{category}</small></th>
                    <td role="cell" data-label=texts.tier_change_holders()>{holders}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Ledger
            caption=texts.tier_change_ends()
            columns=vec![Column::new(texts.tier_change_benefit()), Column::new(texts.tier_change_holders())]
        >
            {rows}
        </Ledger>
    }
    .into_any()
}

fn goes_on(texts: Texts, goes_on: &[GoesOnRow]) -> AnyView {
    if goes_on.is_empty() {
        return view! { <div class="in"><p>{texts.tier_change_goes_on_none()}</p></div> }.into_any();
    }
    let amount = |row: &GoesOnRow, amount: Amount| match amount {
        Amount::Unlimited => texts.membership_unlimited().to_owned(),
        Amount::Of(number) => words::amount(texts, row.unit, number),
    };
    let rows = goes_on
        .iter()
        .map(|row| {
            let category = words::category(texts, row.category);
            let over = row
                .is_over_allocated()
                .then(|| view! { <small>{texts.tier_change_over_allocated()}</small> });
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{row.product.clone()}<small>{category}</small></th>
                    <td role="cell" data-label=texts.tier_change_now()>{amount(row, row.before)}</td>
                    <td role="cell" data-label=texts.tier_change_then()>
                        <div>{amount(row, row.after)} {over}</div>
                    </td>
                    <td role="cell" data-label=texts.tier_change_held()>
                        {format::number(texts.language(), row.held)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Ledger
            caption=texts.tier_change_goes_on()
            columns=vec![
                Column::new(texts.tier_change_benefit()),
                Column::new(texts.tier_change_now()),
                Column::new(texts.tier_change_then()),
                Column::new(texts.tier_change_held()),
            ]
        >
            {rows}
        </Ledger>
    }
    .into_any()
}

/// What became of a change, on the page of its order.
pub(super) fn done(texts: Texts, number: i64, version: i64, change: &TierChangeDone) -> AnyView {
    let file = (change.former > 0).then(|| {
        let href = format!("/orders/{number}/former-holders.csv");
        view! { <p><a href=href rel="external">{texts.tier_change_former_file()}</a></p> }
    });
    let id = format!("no-take-back-{number}");
    let refused = |kind: WhyKind, text: String| {
        view! {
            <div><DisabledButton label=texts.tier_change_take_back() describedby=id.clone()/></div>
            <Why id=id.clone() kind=kind text=text/>
        }
        .into_any()
    };
    let unmet = |conditions: &[(TakeBackCondition, bool)]| {
        conditions.iter().find(|(_, met)| !met).map(|(condition, _)| match condition {
            TakeBackCondition::WithinThirtyDays => texts.tier_change_take_back_late(),
            TakeBackCondition::NothingStarted => texts.tier_change_take_back_started(),
        })
    };
    let back = change.take_back.as_ref().map(|conditions| match (unmet(conditions), &change.why_not) {
        (Some(reason), _) => refused(WhyKind::State, reason.to_owned()),
        (None, Some(error)) => refused(WhyKind::Right, words::refusal(texts, error)),
        (None, None) => {
            let deadline = format::date(texts.language(), change.deadline);
            view! {
                <p>{texts.tier_change_take_back_until(deadline)}</p>
                <TakeBack number=number version=version/>
            }
            .into_any()
        }
    });
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.tier_change_done()}</h2></div>
            <div class="in stack"><p>{texts.tier_change_former(change.former)}</p> {file} {back}</div>
        </section>
    }
    .into_any()
}

#[component]
fn TakeBack(number: i64, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("take_back_tier_change", number);
    view! {
        <Confirm
            id=format!("take-back-{number}")
            label=texts.tier_change_take_back()
            tone=ButtonTone::Secondary
            question=texts.tier_change_take_back_question(number)
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton
                            label=texts.tier_change_take_back()
                            tone=ButtonTone::DangerPrimary
                            busy=form.pending
                        />
                    </PostForm>
                }
                    .into_any()
            }
        >
            <p>{texts.tier_change_take_back_text()}</p>
        </Confirm>
    }
}
