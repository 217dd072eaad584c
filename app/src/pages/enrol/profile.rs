//! The form of legal profile and primary contact.

use domain::country::COUNTRIES;
use domain::enrolment::{EnrolmentState, ProfileDraft};
use domain::view::enrolment::EnrolmentCompany;
use domain::{Field, Language};
use leptos::prelude::*;
use locales::Texts;

use crate::components::{Choice, EmailField, Notice, SelectField, SubmitButton, TextField, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// A country's name in the reader's language.
pub(in crate::pages) fn country_name(texts: Texts, code: &str) -> String {
    texts.find_country(&code.to_ascii_lowercase()).unwrap_or(code).to_owned()
}

fn countries(texts: Texts) -> Vec<Choice> {
    let mut choices: Vec<(String, &str)> =
        COUNTRIES.iter().map(|code| (country_name(texts, code), *code)).collect();
    choices.sort();
    choices.into_iter().map(|(name, code)| Choice::new(code, name)).collect()
}

/// Legal profile and primary contact.
#[component]
pub(super) fn Profile(company: EnrolmentCompany) -> impl IntoView {
    let texts = texts();
    let form = Form::new("save_legal_profile", "");
    let EnrolmentCompany { profile, version, state, pending, .. } = company;
    let told = match state {
        Some(EnrolmentState::Disputed) => Some((Tone::Stop, texts.enrol_disputed().to_owned())),
        Some(EnrolmentState::Changes) => {
            Some((Tone::Wait, texts.enrol_changes(pending.reason.unwrap_or_default())))
        }
        Some(EnrolmentState::Contact) => Some((Tone::Wait, texts.enrol_profile_again().to_owned())),
        _ => None,
    };
    view! {
        {told.map(|(tone, text)| view! { <Notice tone=tone><p>{text}</p></Notice> })}
        <PostForm form=form class="stack loose">
            <input type="hidden" name="version" value=version/>
            <ProfileFields form=form profile=profile contact_lead=texts.enrol_primary_contact_lead()/>
            <div class="row"><SubmitButton label=texts.enrol_save() busy=form.pending/></div>
        </PostForm>
    }
}

/// The fields of legal profile and primary contact.
#[component]
pub(in crate::pages) fn ProfileFields(
    /// The form that they stand in.
    form: Form,
    /// What they hold at first.
    profile: ProfileDraft,
    /// What the primary contact is for.
    contact_lead: &'static str,
) -> impl IntoView {
    let texts = texts();
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    let line =
        move |field: Field, label: &'static str, value: &str, autocomplete: &'static str, needed: bool| {
            view! {
                <TextField
                    id=form.id(field)
                    name=field.code()
                    label=label
                    value=form.value(field, value)
                    error=form.field_error(field)
                    autocomplete=autocomplete
                    required=needed
                    optional=!needed
                />
            }
        };
    let languages = Language::ALL
        .iter()
        .map(|language| Choice::new(language.tag(), language.own_name()))
        .collect::<Vec<_>>();
    view! {
        <section class="sheet" role="group" aria-labelledby="legal-profile">
            <div class="sheet-head"><h2 id="legal-profile">{texts.enrol_legal_profile()}</h2></div>
            <div class="in stack">
                {line(Field::Company, texts.enrol_legal_name(), &profile.company, "organization", true)}
                {line(Field::Street, label(Field::Street), &profile.street, "address-line1", true)}
                {line(
                    Field::StreetMore,
                    label(Field::StreetMore),
                    &profile.street_more,
                    "address-line2",
                    false,
                )}
                <SelectField
                    id=form.id(Field::Country)
                    name=Field::Country.code()
                    label=label(Field::Country)
                    choices=countries(texts)
                    selected=form.value(Field::Country, profile.country.clone())
                    empty=texts.enrol_choose_country()
                    error=form.field_error(Field::Country)
                    required=true
                />
                <TextField
                    id=form.id(Field::PostalCode)
                    name=Field::PostalCode.code()
                    label=label(Field::PostalCode)
                    value=form.value(Field::PostalCode, profile.postal_code.clone())
                    help=texts.enrol_postal_code_help()
                    error=form.field_error(Field::PostalCode)
                    autocomplete="postal-code"
                />
                {line(Field::City, label(Field::City), &profile.city, "address-level2", true)}
                <TextField
                    id=form.id(Field::Region)
                    name=Field::Region.code()
                    label=label(Field::Region)
                    value=form.value(Field::Region, profile.region.clone())
                    help=texts.enrol_region_help()
                    error=form.field_error(Field::Region)
                    autocomplete="address-level1"
                />
                {line(
                    Field::RegistrationNumber,
                    label(Field::RegistrationNumber),
                    &profile.registration,
                    "off",
                    false,
                )}
                <TextField
                    id=form.id(Field::TimeZone)
                    name=Field::TimeZone.code()
                    label=label(Field::TimeZone)
                    value=form.value(Field::TimeZone, profile.time_zone.clone())
                    help=texts.enrol_time_zone_help()
                    error=form.field_error(Field::TimeZone)
                    autocomplete="off"
                    required=true
                />
            </div>
        </section>
        <section class="sheet" role="group" aria-labelledby="primary-contact">
            <div class="sheet-head"><h2 id="primary-contact">{texts.enrol_primary_contact()}</h2></div>
            <div class="in stack">
                <p class="muted">{contact_lead}</p>
                {line(Field::Name, label(Field::Name), &profile.contact_name, "off", true)}
                <EmailField
                    id=form.id(Field::Email)
                    name=Field::Email.code()
                    label=texts.enrol_business_address()
                    value=form.value(Field::Email, profile.contact_email.clone())
                    error=form.field_error(Field::Email)
                    autocomplete="off"
                    required=true
                />
                <TextField
                    id=form.id(Field::Phone)
                    name=Field::Phone.code()
                    label=label(Field::Phone)
                    value=form.value(Field::Phone, profile.contact_phone.clone())
                    help=texts.enrol_phone_help()
                    error=form.field_error(Field::Phone)
                    kind="tel"
                    autocomplete="off"
                    required=true
                />
                <SelectField
                    id=form.id(Field::Language)
                    name=Field::Language.code()
                    label=label(Field::Language)
                    choices=languages
                    selected=form.value(Field::Language, profile.contact_language.clone())
                    error=form.field_error(Field::Language)
                    required=true
                />
            </div>
        </section>
    }
}
