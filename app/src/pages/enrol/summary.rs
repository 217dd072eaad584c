//! What was said so far, and **Enroll now**.

use domain::Language;
use domain::enrolment::{ProfileDraft, Step};
use domain::view::enrolment::EnrolmentCompany;
use leptos::prelude::*;
use locales::Texts;

use super::profile::country_name;
use crate::components::{ButtonTone, LinkButton};
use crate::i18n::texts;

/// Legal profile and primary contact, as whoever enrols and whoever reviews reads them.
pub(in crate::pages) fn facts(texts: Texts, profile: &ProfileDraft) -> AnyView {
    let lines = profile
        .postal_lines()
        .into_iter()
        .chain([country_name(texts, &profile.country)])
        .map(|line| view! { <span>{line}</span> <br/> })
        .collect_view();
    let registration = (!profile.registration.is_empty()).then(|| {
        view! {
            <dt>{texts.find_field("registration_number").unwrap_or_default()}</dt>
            <dd>{profile.registration.clone()}</dd>
        }
    });
    let language = Language::from_tag(&profile.contact_language).unwrap_or_default().own_name();
    view! {
        <dl class="facts">
            <dt>{texts.enrol_legal_name()}</dt>
            <dd>{profile.company.clone()}</dd>
            <dt>{texts.enrol_address()}</dt>
            <dd>{lines}</dd>
            {registration}
            <dt>{texts.find_field("time_zone").unwrap_or_default()}</dt>
            <dd>{profile.time_zone.clone()}</dd>
            <dt>{texts.enrol_primary_contact()}</dt>
            <dd>{texts.operator_person_email(&profile.contact_email, &profile.contact_name)}</dd>
            <dt>{texts.find_field("phone").unwrap_or_default()}</dt>
            <dd>{profile.contact_phone.clone()}</dd>
            <dt>{texts.find_field("language").unwrap_or_default()}</dt>
            <dd>{language}</dd>
        </dl>
    }
    .into_any()
}

/// What was said so far.
#[component]
pub(super) fn Summary(company: EnrolmentCompany) -> impl IntoView {
    let texts = texts();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_legal_profile()}</h2></div>
            <div class="in">{facts(texts, &company.profile)}</div>
        </section>
        <div class="row">
            <LinkButton href=Step::Agreement.path() label=texts.enrol_now() tone=ButtonTone::Primary/>
            <LinkButton href=Step::Profile.path() label=texts.enrol_change() tone=ButtonTone::Quiet/>
        </div>
    }
}
