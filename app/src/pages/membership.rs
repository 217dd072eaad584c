//! The membership: what the company holds and how far its year is, where its benefits come from, what
//! another tier would change.

use domain::Day;
use domain::enrolment::EnrolmentState;
use domain::entitlement::{Amount, DifferenceKind};
use domain::membership::{RENEWAL_WINDOW_DAYS, Tier, YearPhase};
use domain::view::membership::{
    DifferenceRow, HoldingRow, HoldingState, MembershipPage, NextTier, SourceRow, YearDay,
};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use super::reminders::Reminders;
use super::renewal::Renewal;
use crate::components::{
    Column, Empty, Ledger, LinkButton, Notice, StatusByCode, Step, StepState, Steps, Tone,
};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::membership::membership;
use crate::words;

/// The page **Membership**.
#[component]
pub fn Membership() -> impl IntoView {
    load(|| (), |()| membership(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<MembershipPage>) -> impl IntoView {
    let texts = texts();
    let company = page.with_untracked(|page| page.organization.clone());
    // A holding is written anew when something about it changed, and only then: what is ticked stays.
    let active = move || {
        page.with(|page| {
            let about = |holding: &HoldingRow| {
                let rest = (holding, page.today, page.agreement, &page.why_not);
                (holding.id.clone(), serde_json::to_string(&rest).unwrap_or_default())
            };
            page.holdings.iter().filter(|holding| gives(holding)).map(about).collect::<Vec<_>>()
        })
    };
    let one = move |id: &str| {
        page.with_untracked(|page| {
            let holding = page.holdings.iter().find(|holding| holding.id == id)?;
            Some(held(texts, holding, page))
        })
    };
    let profile = page.with_untracked(|page| page.member).then(|| {
        view! { <LinkButton href="/membership/profile" label=texts.enrol_legal_profile()/> }
    });
    let any = Memo::new(move |_| page.with(|page| page.holdings.iter().any(gives)));
    let times = Memo::new(move |_| page.with(|page| (page.reminders, page.why_not_reminders.clone())));
    let reminders = move || {
        let (times, why_not) = times.get();
        view! { <Reminders times=times why_not=why_not/> }
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_membership())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_membership()}</h1><p>{texts.membership_lead(company)}</p></div>
                {profile}
            </div>
            <Show
                when=move || any.get()
                fallback=move || {
                    view! {
                        {move || {
                            page.with(|page| {
                                pending(texts, page.enrolment, page.contact.as_deref())
                                    .unwrap_or_else(|| none(texts))
                            })
                        }}
                    }
                }
            >
                <For each=active key=|key| key.clone() let:key>{one(&key.0)}</For>
            </Show>
            {move || page.with(|page| sources(texts, &page.sources))}
            {reminders}
            {move || page.with(|page| next(texts, &page.next))}
            {move || page.with(|page| earlier(texts, &page.holdings))}
        </main>
    }
}

fn none(texts: Texts) -> AnyView {
    view! {
        <section class="sheet">
            <Empty title=texts.membership_none_title() text=texts.membership_none_text()/>
        </section>
    }
    .into_any()
}

/// What an enrolment waits for (rule 19).
fn pending(texts: Texts, state: Option<EnrolmentState>, contact: Option<&str>) -> Option<AnyView> {
    let state = state?;
    let text = match state {
        EnrolmentState::Contact => texts.enrol_pending_contact(contact.unwrap_or_default()),
        EnrolmentState::Review => texts.enrol_pending_review().to_owned(),
        EnrolmentState::Disputed => texts.enrol_disputed().to_owned(),
        EnrolmentState::Changes => texts.membership_pending_changes().to_owned(),
        EnrolmentState::Rejected => texts.membership_pending_rejected().to_owned(),
        EnrolmentState::Profile | EnrolmentState::Agreement => texts.membership_pending_begun().to_owned(),
        EnrolmentState::Accepted => return None,
    };
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.membership_pending()}</h2></div>
                <div class="in stack">
                    <p>{text}</p>
                    <div class="row"><LinkButton href=state.step().path() label=texts.membership_pending_open()/></div>
                </div>
            </section>
        }
        .into_any(),
    )
}

/// Whether it still gives benefits.
fn gives(holding: &HoldingRow) -> bool {
    holding.state == HoldingState::Active && holding.phase != YearPhase::Ended
}

fn day(texts: Texts, day: Day) -> String {
    format::date(texts.language(), day)
}

fn areas(texts: Texts, names: &[String]) -> String {
    format::list_and(texts.language(), names)
}

fn order(texts: Texts, holding: &HoldingRow) -> String {
    match &holding.ordered_by {
        Some(name) => texts.membership_order_by(name, holding.order),
        None => texts.membership_order(holding.order),
    }
}

fn held(texts: Texts, holding: &HoldingRow, page: &MembershipPage) -> AnyView {
    let today = page.today;
    let change = holding
        .renewal
        .as_ref()
        .filter(|_| matches!(Tier::from_code(&holding.tier), Some(Tier::Silver | Tier::Gold)))
        .map(|row| {
            let href = format!("/membership/change?holding={}", row.holding);
            view! { <div><LinkButton href=href label=texts.tier_change_title()/></div> }
        });
    let renewal = holding.renewal.clone().map(|row| {
        view! { <Renewal row=row agreement=page.agreement why_not=page.why_not.clone()/> }
    });
    let title = format!("{}-title", holding.id);
    let state = match holding.phase {
        YearPhase::Current if holding.days_left == 0 => texts.membership_last_day().to_owned(),
        YearPhase::Current | YearPhase::Ended => texts.membership_days_left(holding.days_left.max(0)),
        YearPhase::RenewalWindow => {
            let ended = holding.days.iter().find(|(of, _)| *of == YearDay::Anniversary);
            let date = ended.map(|(_, date)| day(texts, *date)).unwrap_or_default();
            match RENEWAL_WINDOW_DAYS + holding.days_left {
                ..=0 => texts.membership_in_window_last(date),
                left => texts.membership_in_window(left, date),
            }
        }
    };
    let area_names = areas(texts, &holding.areas);
    let in_areas =
        (!area_names.is_empty()).then(|| view! { <dt>{texts.membership_areas()}</dt> <dd>{area_names}</dd> });
    let state = if holding.phase == YearPhase::RenewalWindow {
        view! { <Notice tone=Tone::Wait><p>{state}</p></Notice> }.into_any()
    } else {
        view! { <p>{state}</p> }.into_any()
    };
    let labelled = title.clone();
    view! {
        <section class="sheet" aria-labelledby=labelled>
            <div class="sheet-head">
                <h2 id=title>{holding.offer.clone()}</h2>
                <span class="muted small">{texts.membership_gives(holding.benefits)}</span>
            </div>
            <div class="in split">
                <div class="stack">
                    {state}
                    <dl class="facts">
                        {in_areas}
                        <dt>{texts.common_source()}</dt>
                        <dd>{order(texts, holding)}</dd>
                    </dl>
                    {renewal}
                    {change}
                </div>
                <Steps label=texts.membership_year_of(&holding.offer) steps=steps(texts, holding, today)/>
            </div>
        </section>
    }
    .into_any()
}

/// The days of the year: what is behind, the next one, and what comes later.
fn steps(texts: Texts, holding: &HoldingRow, today: Day) -> Vec<Step> {
    let next = holding.days.iter().position(|(_, date)| *date >= today);
    holding
        .days
        .iter()
        .enumerate()
        .map(|(at, (of, date))| Step {
            title: match of {
                YearDay::Began => texts.membership_day_began(),
                YearDay::FirstReminder => texts.membership_day_first_reminder(),
                YearDay::Anniversary => texts.membership_day_anniversary(),
                YearDay::SecondReminder => texts.membership_day_second_reminder(),
                YearDay::LastUse => texts.membership_day_last_use(),
            }
            .to_owned(),
            note: day(texts, *date),
            state: match next {
                Some(next) if at == next => StepState::Current,
                Some(next) if at > next => StepState::Later,
                _ => StepState::Done,
            },
        })
        .collect()
}

fn sources(texts: Texts, sources: &[SourceRow]) -> AnyView {
    if sources.is_empty() {
        return ().into_any();
    }
    let rows = sources
        .iter()
        .map(|row| {
            let benefits: Vec<String> = row
                .benefits
                .iter()
                .map(|(category, count)| {
                    texts.membership_category_count(
                        words::category(texts, *category),
                        format::number(texts.language(), *count),
                    )
                })
                .collect();
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">
                        {locales::source(texts, &row.source, row.source_name.as_deref())}
                    </th>
                    <td role="cell" data-label=texts.membership_source_benefits()>
                        {format::list_and(texts.language(), &benefits)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head">
                <h2>{texts.membership_sources()}</h2>
                <span class="muted small">{texts.membership_sources_lead()}</span>
            </div>
            <Ledger
                caption=texts.membership_sources()
                columns=vec![Column::new(texts.common_source()), Column::new(texts.membership_source_benefits())]
            >
                {rows}
            </Ledger>
        </section>
    }
    .into_any()
}

fn next(texts: Texts, next: &[NextTier]) -> AnyView {
    let tiers = next.iter().map(|tier| one(texts, tier)).collect_view();
    let none = next.is_empty().then(|| view! { <p>{texts.membership_next_none()}</p> });
    view! {
        <section class="sheet">
            <div class="sheet-head">
                <h2>{texts.membership_next()}</h2>
                <span class="muted small">{texts.membership_next_lead()}</span>
            </div>
            <div class="in stack">
                {none}
                {tiers}
                <div class="row"><LinkButton href="/offers" label=texts.navigation_offers()/></div>
            </div>
        </section>
    }
    .into_any()
}

fn one(texts: Texts, tier: &NextTier) -> AnyView {
    let price = match tier.price_minor {
        0 => texts.membership_next_free().to_owned(),
        minor => texts.membership_next_price(format::money(texts.language(), minor, &tier.currency)),
    };
    let replaces =
        tier.replaces_silver.then(|| view! { <p class="muted">{texts.membership_next_replaces()}</p> });
    let body = if tier.differences.is_empty() {
        view! { <p>{texts.membership_next_nothing()}</p> }.into_any()
    } else {
        let rows = tier.differences.iter().map(|row| difference(texts, row)).collect_view();
        view! {
            <Ledger
                caption=tier.offer.clone()
                columns=vec![
                    Column::new(texts.membership_product()),
                    Column::new(texts.membership_change()),
                    Column::new(texts.membership_now()),
                    Column::new(texts.membership_then()),
                ]
            >
                {rows}
            </Ledger>
        }
        .into_any()
    };
    view! {
        <details class="disclose">
            <summary class="row">
                <span class="button">{tier.offer.clone()}</span>
                <span class="muted">{price}</span>
            </summary>
            <div class="stack">{replaces} {body}</div>
        </details>
    }
    .into_any()
}

fn difference(texts: Texts, row: &DifferenceRow) -> AnyView {
    let kind = match row.kind {
        DifferenceKind::Gained => texts.membership_kind_gained(),
        DifferenceKind::Changed => texts.membership_kind_changed(),
        DifferenceKind::Lost => texts.membership_kind_lost(),
    };
    let category = words::category(texts, row.category);
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{row.product.clone()}<small>{category}</small></th>
            <td role="cell" data-label=texts.membership_change()>{kind}</td>
            <td role="cell" data-label=texts.membership_now()>{amount(texts, row, row.before)}</td>
            <td role="cell" data-label=texts.membership_then()>{amount(texts, row, row.after)}</td>
        </tr>
    }
    .into_any()
}

fn amount(texts: Texts, row: &DifferenceRow, amount: Option<Amount>) -> String {
    match amount {
        None => texts.membership_nothing().to_owned(),
        Some(Amount::Unlimited) => texts.membership_unlimited().to_owned(),
        Some(Amount::Of(number)) => words::amount(texts, row.unit, number),
    }
}

fn earlier(texts: Texts, holdings: &[HoldingRow]) -> AnyView {
    let rows: Vec<_> = holdings
        .iter()
        .filter(|holding| !gives(holding))
        .map(|holding| {
            let ended = holding.days.iter().find(|(of, _)| *of == YearDay::Anniversary);
            let ended = ended.map(|(_, date)| day(texts, *date)).unwrap_or_default();
            let status = match holding.state {
                HoldingState::Cancelled => HoldingState::Cancelled.code(),
                HoldingState::Active | HoldingState::Coming | HoldingState::Ended => {
                    HoldingState::Ended.code()
                }
            };
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">
                        {holding.offer.clone()}<small>{areas(texts, &holding.areas)}</small>
                    </th>
                    <td role="cell" data-label=texts.common_status()>
                        <StatusByCode code=status/>
                    </td>
                    <td role="cell" data-label=texts.membership_day_anniversary()>{ended}</td>
                    <td role="cell" data-label=texts.common_source()>{order(texts, holding)}</td>
                </tr>
            }
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.membership_earlier()}</h2></div>
            <Ledger
                caption=texts.membership_earlier()
                columns=vec![
                    Column::new(texts.membership_product()),
                    Column::new(texts.common_status()),
                    Column::new(texts.membership_day_anniversary()),
                    Column::new(texts.common_source()),
                ]
            >
                {rows}
            </Ledger>
        </section>
    }
    .into_any()
}
