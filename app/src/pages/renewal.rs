//! The next year of a holding: renew it, or read from when, until when, or why not. Stands on the pages
//! Membership and Offers.

use domain::renewal::RenewalCondition;
use domain::view::renewal::{RenewalRow, RenewalState};
use domain::{Day, Error, Field};
use leptos::prelude::*;
use locales::{Texts, format};

use crate::components::{DisabledButton, LinkButton, SubmitButton, Tick, Why, WhyKind};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// The next year of a holding.
#[component]
pub fn Renewal(
    /// The holding, and where its renewal stands.
    row: RenewalRow,
    /// Version of the agreement that a purchase is made under now.
    agreement: Option<i64>,
    /// Why the reader can't buy.
    why_not: Option<Error>,
) -> impl IntoView {
    let texts = texts();
    let id = format!("no-renewal-{}", row.holding);
    let date = |day: Day| format::date(texts.language(), day);
    let until = date(row.until);
    let body = match &row.state {
        RenewalState::Renewed { order, begins, ends } => view! {
            <p>{texts.renewal_renewed(date(*begins), date(*ends))}</p>
            <div><LinkButton href=format!("/orders/{order}") label=texts.renewal_renewed_order(*order)/></div>
        }
        .into_any(),
        RenewalState::Waiting(order) => view! {
            <p>{texts.renewal_waiting(*order, until)}</p>
            <div><LinkButton href=format!("/orders/{order}") label=texts.offers_pay_order(*order)/></div>
        }
        .into_any(),
        RenewalState::From(from) => view! { <p>{from_day(texts, &row, date(*from), until)}</p> }.into_any(),
        RenewalState::NotPossible(unmet) => {
            let reasons: Vec<&str> = unmet.iter().map(|condition| reason(texts, *condition)).collect();
            view! {
                <div><DisabledButton label=texts.renewal_renew() describedby=id.clone()/></div>
                <Why id=id kind=WhyKind::State text=reasons.join(" ")/>
            }
            .into_any()
        }
        RenewalState::Possible => {
            let action = match (why_not, agreement) {
                (Some(error), _) => view! {
                    <div><DisabledButton label=texts.renewal_renew() describedby=id.clone()/></div>
                    <Why id=id kind=WhyKind::Right text=words::refusal(texts, &error)/>
                }
                .into_any(),
                (None, None) => view! {
                    <div><DisabledButton label=texts.renewal_renew() describedby=id.clone()/></div>
                    <Why id=id kind=WhyKind::State text=texts.renewal_no_agreement()/>
                }
                .into_any(),
                (None, Some(version)) => view! { <Renew row=row.clone() version=version/> }.into_any(),
            };
            view! { <p>{possible(texts, &row, date(row.next), until)}</p> {action} }.into_any()
        }
    };
    view! { <div class="stack"><h3>{texts.renewal_title()}</h3> {body}</div> }
}

fn price(texts: Texts, row: &RenewalRow) -> String {
    format::money(texts.language(), row.price_minor, &row.currency)
}

fn from_day(texts: Texts, row: &RenewalRow, from: String, until: String) -> String {
    if row.price_minor == 0 {
        texts.renewal_from_free(from, until)
    } else {
        texts.renewal_from(from, price(texts, row), until)
    }
}

fn possible(texts: Texts, row: &RenewalRow, next: String, until: String) -> String {
    if row.price_minor == 0 {
        texts.renewal_possible_free(next, until)
    } else {
        texts.renewal_possible(next, price(texts, row), until)
    }
}

/// Why it isn't possible, and what to do.
fn reason(texts: Texts, condition: RenewalCondition) -> &'static str {
    match condition {
        RenewalCondition::Member => texts.renewal_condition_member(),
        RenewalCondition::InTime => texts.renewal_condition_in_time(),
        RenewalCondition::Offered => texts.renewal_condition_offered(),
        RenewalCondition::NetworkFirst => texts.renewal_condition_network_first(),
        RenewalCondition::Attained => texts.renewal_condition_attained(),
        RenewalCondition::NotRenewed => texts.renewal_condition_not_renewed(),
        RenewalCondition::NoneWaiting => texts.renewal_condition_none_waiting(),
    }
}

#[component]
fn Renew(row: RenewalRow, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("renew_holding", row.holding);
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=version/>
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.renewal_accept(&row.offer)
                checked=form.kept(Field::Accept).is_some()
                error=form.field_error(Field::Accept)
                required=true
            />
            <div class="row">
                <SubmitButton label=texts.renewal_renew() busy=form.pending/>
                <a href="/offers#agreement" rel="external">{texts.offers_read_agreement()}</a>
            </div>
        </PostForm>
    }
}
