//! Recording used incidents: no request of the partner's waits for that.

use domain::Field;
use domain::view::operator::{INCIDENT_GRANTS, IncidentGrant, QueuePage, QueueQuery};
use leptos::prelude::*;

use super::ticks::Ticks;
use crate::components::{Choice, DisabledButton, SelectField, SubmitButton, TextField, Why, WhyKind};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// Finds a company's break-fix grants and records what was used of one.
#[component]
pub(super) fn Incidents(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let company = query.get_untracked().company;
    let grants = Memo::new(move |_| page.with(|page| page.incidents.clone()));
    view! {
        <section class="sheet" id="incidents">
            <div class="sheet-head"><h2>{texts.operator_incident_title()}</h2></div>
            <div class="in stack">
                <p>{texts.operator_incident_lead()}</p>
                <form method="get" action="/operator/queue#incidents" class="row narrow">
                    <div class="field">
                        <label for="incident-company">{texts.operator_column_organization()}</label>
                        <input id="incident-company" name="company" type="search" value=company required/>
                    </div>
                    {move || {
                        let ticked = ticks.code();
                        (!ticked.is_empty())
                            .then(|| view! { <input type="hidden" name="ticked" value=ticked/> })
                    }}
                    <button class="button" type="submit">{texts.common_find()}</button>
                </form>
                {move || {
                    grants
                        .get()
                        .map(|grants| {
                            if grants.is_empty() {
                                view! { <p class="muted" role="status">{texts.operator_incident_none()}</p> }.into_any()
                            } else {
                                view! { <Record grants=grants page=page/> }.into_any()
                            }
                        })
                }}
            </div>
        </section>
    }
}

fn choice(grant: IncidentGrant) -> Choice {
    let texts = texts();
    let left = match grant.left {
        Some(left) => texts.operator_incidents_left(left),
        None => texts.common_unlimited().to_owned(),
    };
    let source = locales::source(texts, &grant.source, grant.source_name.as_deref());
    let text = texts.operator_incident_grant(left, grant.name, grant.organization, source);
    Choice::new(grant.id.to_string(), text)
}

#[component]
fn Record(grants: Vec<IncidentGrant>, page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("record_incident", "");
    let why_not = page.with_untracked(|page| page.why_not.clone());
    let more = (grants.len() >= INCIDENT_GRANTS as usize)
        .then(|| view! { <p class="muted">{texts.operator_incident_more(INCIDENT_GRANTS)}</p> });
    let choices: Vec<Choice> = grants.into_iter().map(choice).collect();
    view! {
        {more}
        <PostForm form=form class="form">
            <SelectField
                id=form.id(Field::Grant)
                name=Field::Grant.code()
                label=texts.find_field(Field::Grant.code()).unwrap_or_default()
                choices=choices
                empty=texts.common_choose()
                selected=form.value(Field::Grant, "")
                error=form.field_error(Field::Grant)
                required=true
                wide=true
            />
            <TextField
                id=form.id(Field::Quantity)
                name=Field::Quantity.code()
                label=texts.operator_incidents()
                value=form.value(Field::Quantity, "1")
                error=form.field_error(Field::Quantity)
                inputmode="numeric"
                required=true
            />
            <TextField
                id=form.id(Field::Description)
                name=Field::Description.code()
                label=texts.operator_incident_note()
                value=form.value(Field::Description, "")
                help=texts.operator_delivery_help()
                error=form.field_error(Field::Description)
                maxlength=200_u32
                required=true
            />
            <div class="form-foot">
                {match why_not {
                    None => {
                        view! { <SubmitButton label=texts.operator_record_incidents() busy=form.pending/> }.into_any()
                    }
                    Some(error) => view! {
                        <DisabledButton label=texts.operator_record_incidents() describedby="no-incident"/>
                        <Why id="no-incident" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                    }
                        .into_any(),
                }}
            </div>
        </PostForm>
    }
}
