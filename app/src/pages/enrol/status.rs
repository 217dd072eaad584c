//! What is done and what is pending of an enrolment (rules 4 and 19).

use domain::enrolment::{EnrolmentState, Step as Stage};
use domain::view::enrolment::EnrolmentCompany;
use leptos::prelude::*;
use locales::format;

use crate::components::{ButtonTone, LinkButton, Notice, Step, StepState, Steps, SubmitButton, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// What is done and what is pending.
#[component]
pub(super) fn Status(company: EnrolmentCompany) -> impl IntoView {
    let texts = texts();
    let date = |day| format::date(texts.language(), day);
    let again = Form::new("ask_contact_again", "");
    let apply = Form::new("start_enrolment", "");
    let EnrolmentCompany { state, pending, profile, name, .. } = company;
    let Some(state) = state else { return ().into_any() };
    let accepted = pending.accepted.map(|(signer, day)| texts.enrol_status_accepted_note(date(day), signer));
    let contact_note = match (pending.answered, pending.asked) {
        (Some(day), _) => texts.enrol_status_answered(date(day)),
        (None, Some(day)) => texts.enrol_status_asked(date(day), &profile.contact_email),
        (None, None) => String::new(),
    };
    let reviewed = matches!(state, EnrolmentState::Accepted | EnrolmentState::Rejected);
    let review_note = match &pending.review {
        Some((number, day)) => texts.enrol_status_review_note(date(*day), *number),
        // The day of an earlier decision says nothing about the one to come.
        None => pending.decided.filter(|_| reviewed).map(date).unwrap_or_default(),
    };
    let done = |is: bool, now: bool| match (is, now) {
        (true, _) => StepState::Done,
        (false, true) => StepState::Current,
        (false, false) => StepState::Later,
    };
    let waits = state == EnrolmentState::Contact;
    let steps = vec![
        Step {
            title: texts.enrol_status_accepted().to_owned(),
            note: accepted.unwrap_or_default(),
            state: StepState::Done,
        },
        Step {
            title: texts.enrol_status_contact().to_owned(),
            note: contact_note,
            state: done(pending.answered.is_some() && state != EnrolmentState::Disputed, waits),
        },
        Step {
            title: texts.enrol_status_review().to_owned(),
            note: review_note,
            state: done(reviewed, state == EnrolmentState::Review),
        },
    ];
    let told = match state {
        EnrolmentState::Contact => (Tone::Wait, texts.enrol_pending_contact(&profile.contact_email)),
        EnrolmentState::Review => (Tone::Wait, texts.enrol_pending_review().to_owned()),
        EnrolmentState::Accepted => (Tone::Good, texts.enrol_member(&name)),
        EnrolmentState::Rejected => {
            (Tone::Stop, texts.enrol_rejected(&name, pending.reason.clone().unwrap_or_default()))
        }
        EnrolmentState::Changes => {
            (Tone::Wait, texts.enrol_changes(pending.reason.clone().unwrap_or_default()))
        }
        EnrolmentState::Disputed => (Tone::Stop, texts.enrol_disputed().to_owned()),
        EnrolmentState::Profile | EnrolmentState::Agreement => {
            (Tone::Info, texts.enrol_not_its_turn().to_owned())
        }
    };
    let (tone, text) = told;
    let membership = (state == EnrolmentState::Accepted)
        .then(|| view! { <div class="row"><LinkButton href="/membership" label=texts.navigation_membership()/></div> });
    let mend = matches!(state, EnrolmentState::Changes | EnrolmentState::Disputed)
        .then(|| view! { <div class="row"><LinkButton href=Stage::Profile.path() label=texts.enrol_change()/></div> });
    let anew = state.begun_again().map(|_| {
        view! {
            <PostForm form=apply>
                <div class="row">
                    <SubmitButton
                        label=texts.enrol_apply_again()
                        tone=ButtonTone::Secondary
                        busy=apply.pending
                    />
                </div>
            </PostForm>
        }
    });
    let contact = waits.then(|| {
        view! {
            <div class="row">
                <PostForm form=again>
                    <SubmitButton
                        label=texts.enrol_ask_again()
                        tone=ButtonTone::Secondary
                        busy=again.pending
                    />
                </PostForm>
                <LinkButton href=Stage::Profile.path() label=texts.enrol_change() tone=ButtonTone::Quiet/>
            </div>
        }
    });
    let agent = (!pending.admin_agent).then(|| {
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.enrol_agent_title()}</h2></div>
                <div class="in stack">
                    <p>{texts.enrol_agent_lead()}</p>
                    <div class="row"><LinkButton href="/account/users" label=texts.enrol_agent_open()/></div>
                </div>
            </section>
        }
    });
    view! {
        <Notice tone=tone role="status"><p>{text}</p> {membership} {mend} {anew} {contact}</Notice>
        {agent}
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_pending_title()}</h2></div>
            <div class="in"><Steps label=texts.enrol_pending_title() steps=steps/></div>
        </section>
    }
    .into_any()
}
