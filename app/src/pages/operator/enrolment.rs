//! The review of a company that enrols (rule 19): what it says of itself, and accepting it or asking for
//! changes.

use domain::Field;
use domain::view::operator::{ItemFacts, QueueItem};
use leptos::prelude::*;

use super::decide::{Version, label};
use super::item::when;
use crate::components::{ButtonTone, SubmitButton};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::pages::enrol::facts;

/// What to know, and the two forms; turning the company down is a refusal like any other.
#[component]
pub(super) fn Enrolment(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let first = item.get_untracked();
    let ItemFacts::Enrolment(enrolment) = first.facts else { return ().into_any() };
    let accept = Form::new("accept_enrolment", first.row.id);
    let changes = Form::new("return_enrolment", first.row.id);
    let answered = enrolment.answered.map(|stamp| {
        view! {
            <dt>{texts.operator_enrolment_answered()}</dt>
            <dd>{when(stamp)}</dd>
        }
    });
    let from = if enrolment.imported {
        texts.operator_enrolment_imported()
    } else {
        texts.operator_enrolment_founded()
    };
    let signed = texts.operator_enrolment_signed(
        &enrolment.accepted_name,
        enrolment.agreement,
        when(enrolment.accepted),
    );
    view! {
        <div class="stack">
            <h2 class="h3">{enrolment.profile.company.clone()}</h2>
            {facts(texts, &enrolment.profile)}
            <dl class="facts">
                <dt>{label(texts, Field::CompanyDomain)}</dt>
                <dd>{enrolment.domain.clone()}</dd>
                <dt>{texts.operator_enrolment_from()}</dt>
                <dd>{from}</dd>
                <dt>{texts.operator_enrolment_agreement()}</dt>
                <dd>{signed}</dd>
                {answered}
            </dl>
            <p>{texts.operator_enrolment_note(&first.row.organization)}</p>
            <PostForm form=accept>
                <Version item=item/>
                <SubmitButton label=texts.operator_enrolment_accept() busy=accept.pending/>
            </PostForm>
        </div>
        <details class="disclose" open=changes.refused()>
            <summary class="button">{texts.operator_enrolment_changes_open()}</summary>
            <PostForm form=changes class="stack">
                <Version item=item/>
                <ReasonField
                    form=changes
                    label=texts.operator_enrolment_changes_label()
                    help=texts.operator_refuse_help(first.row.requester)
                />
                <div class="row">
                    <SubmitButton
                        label=texts.operator_enrolment_changes()
                        tone=ButtonTone::Secondary
                        busy=changes.pending
                    />
                </div>
            </PostForm>
        </details>
    }
    .into_any()
}
