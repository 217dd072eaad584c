//! What can be joined or bought: each offer with its price and its conditions, and the order itself.

use domain::order::OfferCondition;
use domain::view::orders::{Agreement, OfferCard, OfferChoice, OffersPage, Point};
use domain::{Error, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use super::renewal::Renewal;
use crate::components::{
    DisabledButton, Empty, LinkButton, Point as Condition, PointKind, Points, Status, StatusKind,
    SubmitButton, Tick, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::orders::offers;
use crate::words;

/// The page **Offers**.
#[component]
pub fn Offers() -> impl IntoView {
    load(|| (), |()| offers(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<OffersPage>) -> impl IntoView {
    let texts = texts();
    // An offer is written anew when something about it changed, and only then: what was ticked elsewhere stays.
    let cards = move || {
        page.with(|page| {
            let about = |offer: &OfferCard| {
                let version = page.agreement.as_ref().map(|agreement| agreement.version);
                (offer.code.clone(), serde_json::to_string(&(offer, version)).unwrap_or_default())
            };
            page.offers.iter().map(about).collect::<Vec<_>>()
        })
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_offers())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_offers()}</h1><p>{texts.offers_lead()}</p></div>
                <LinkButton href="/orders" label=texts.navigation_orders()/>
            </div>
            {move || page.with(|page| why_join(texts, &page.points))}
            <Show
                when=move || page.with(|page| !page.offers.is_empty())
                fallback=move || {
                    view! {
                        <section class="sheet">
                            <Empty title=texts.offers_none_title() text=texts.offers_none_text()/>
                        </section>
                    }
                }
            >
                <For each=cards key=|key| key.clone() let:key>
                    <Offer code=key.0 page=page/>
                </For>
            </Show>
            {move || page.with(|page| page.agreement.as_ref().map(|agreement| terms(texts, agreement)))}
        </main>
    }
}

fn why_join(texts: Texts, points: &[Point]) -> Option<AnyView> {
    if points.is_empty() {
        return None;
    }
    let points = points
        .iter()
        .map(|point| Condition { kind: PointKind::Met, title: point.title.clone(), text: point.text.clone() })
        .collect::<Vec<_>>();
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.offers_why_join()}</h2></div>
                <div class="in"><Points points=points/></div>
            </section>
        }
        .into_any(),
    )
}

/// The agreement in full; the tick beside an order leads here.
pub(super) fn terms(texts: Texts, agreement: &Agreement) -> AnyView {
    let paragraphs =
        agreement.text.split("\n\n").map(|part| view! { <p>{part.to_owned()}</p> }).collect_view();
    view! {
        <section class="sheet" id="agreement">
            <div class="sheet-head"><h2>{texts.offers_agreement(agreement.version)}</h2></div>
            <div class="in prose">{paragraphs}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Offer(code: String, page: Signal<OffersPage>) -> impl IntoView {
    let texts = texts();
    let (offer, why_not, agreement) = page.with_untracked(|page| {
        let offer = page.offers.iter().find(|offer| offer.code == code).cloned();
        (offer, page.why_not.clone(), page.agreement.as_ref().map(|agreement| agreement.version))
    });
    let Some(offer) = offer else { return ().into_any() };
    let price = match offer.price_minor {
        0 => texts.membership_next_free().to_owned(),
        minor => texts.membership_next_price(format::money(texts.language(), minor, &offer.currency)),
    };
    let title = format!("offer-{}", offer.code);
    let labelled = title.clone();
    let choices = offer
        .choices
        .iter()
        .map(|choice| {
            view! {
                <OneChoice offer=offer.clone() choice=choice.clone() why_not=why_not.clone() agreement=agreement/>
            }
        })
        .collect_view();
    view! {
        <section class="sheet" aria-labelledby=labelled>
            <div class="sheet-head">
                <h2 id=title>{offer.name.clone()}</h2>
                <span class="muted small">{price}</span>
            </div>
            <div class="in stack"><p>{offer.description.clone()}</p> {choices}</div>
        </section>
    }
    .into_any()
}

#[component]
fn OneChoice(
    offer: OfferCard,
    choice: OfferChoice,
    why_not: Option<Error>,
    agreement: Option<i64>,
) -> impl IntoView {
    let texts = texts();
    let (area, area_name) = choice.area.clone().map(|area| (area.code, area.name)).unzip();
    let heading = area_name.clone().map(|name| view! { <h3>{name}</h3> });
    let others = (!choice.others.is_empty()).then(|| {
        let mut names = choice.others.clone();
        names.sort_unstable();
        let names = format::list_and(texts.language(), &names);
        view! { <h3>{texts.offers_other_areas()}</h3> <p class="muted">{names}</p> }
    });
    let name = match &area_name {
        Some(area) => texts.cancel_offer_areas(area, &offer.name),
        None => offer.name.clone(),
    };
    let id = format!("no-{}-{}", offer.code, area.as_deref().unwrap_or("any"));
    let points = choice
        .conditions
        .iter()
        .map(|(condition, met)| {
            let kind = if *met { PointKind::Met } else { PointKind::NotMet };
            let (title, remedy) = words(texts, *condition);
            Condition {
                kind,
                title: title.to_owned(),
                text: if *met { String::new() } else { remedy.to_owned() },
            }
        })
        .collect::<Vec<_>>();
    if choice.is_held() && choice.waiting_order.is_none() {
        // What one has needs no conditions but those of its next year.
        let renewal =
            choice.renewal.map(|row| view! { <Renewal row=row agreement=agreement why_not=why_not/> });
        return view! {
            <div class="stack">
                {heading}
                <div class="row">
                    <Status kind=StatusKind::Active text=texts.offers_held()/>
                    <a href="/membership">{texts.offers_held_days()}</a>
                </div>
                {renewal}
            </div>
        }
        .into_any();
    }
    let action = match (choice.waiting_order, why_not, choice.possible(), agreement) {
        (Some(number), ..) => {
            view! { <div><LinkButton href=format!("/orders/{number}") label=texts.offers_pay_order(number)/></div> }
                .into_any()
        }
        (None, _, false, _) => view! {
            <div><DisabledButton label=texts.offers_order() describedby=id.clone()/></div>
            <Why id=id kind=WhyKind::State text=texts.offers_not_possible()/>
        }
        .into_any(),
        (None, Some(error), ..) => view! {
            <div><DisabledButton label=texts.offers_order() describedby=id.clone()/></div>
            <Why id=id kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any(),
        (None, None, true, Some(version)) => {
            view! { <Order code=offer.code area=area name=name version=version/> }.into_any()
        }
        (None, None, true, None) => view! {
            <div><DisabledButton label=texts.offers_order() describedby=id.clone()/></div>
            <Why id=id kind=WhyKind::State text=texts.offers_no_agreement()/>
        }
        .into_any(),
    };
    view! {
        <div class="stack">
            {heading}
            {others}
            <Points points=points/>
            {action}
        </div>
    }
    .into_any()
}

/// A condition, and what to do where it isn't met.
fn words(texts: Texts, condition: OfferCondition) -> (&'static str, &'static str) {
    match condition {
        OfferCondition::Member => (texts.offers_condition_member(), texts.offers_remedy_member()),
        OfferCondition::NetworkFirst => {
            (texts.offers_condition_network_first(), texts.offers_remedy_network_first())
        }
        OfferCondition::Attained => (texts.offers_condition_attained(), texts.offers_remedy_attained()),
        OfferCondition::NotHeld => (texts.offers_condition_not_held(), texts.offers_remedy_not_held()),
        OfferCondition::NoOtherLevel => {
            (texts.offers_condition_no_other_level(), texts.offers_remedy_no_other_level())
        }
        OfferCondition::NoneWaiting => {
            (texts.offers_condition_none_waiting(), texts.offers_remedy_none_waiting())
        }
    }
}

#[component]
fn Order(code: String, area: Option<String>, name: String, version: i64) -> impl IntoView {
    let texts = texts();
    let area = area.unwrap_or_default();
    let form = Form::new("place_order", format!("{code}{}{area}", if area.is_empty() { "" } else { ":" }));
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=version/>
            <input type="hidden" name=Field::Area.code() value=area/>
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.offers_accept(name)
                checked=form.kept(Field::Accept).is_some()
                error=form.field_error(Field::Accept)
                required=true
            />
            <div class="row">
                <SubmitButton label=texts.offers_order() busy=form.pending/>
                <a href="#agreement" rel="external">{texts.offers_read_agreement()}</a>
            </div>
        </PostForm>
    }
}
