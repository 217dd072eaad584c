//! Enrolling a company (rules 4 and 19): each step has an address of its own, and can be left and come
//! back to.

mod agreement;
mod contact;
mod found;
mod profile;
mod shell;
mod status;
mod summary;

use domain::Field;
use domain::enrolment::Step;
use domain::view::enrolment::{EnrolmentCompany, EnrolmentPage, EnrolmentReader};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use locales::Texts;

use crate::components::{
    ButtonTone, EmailField, LinkButton, Notice, Point, PointKind, Points, SubmitButton, TextField, Tone, Why,
    WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::enrolment::enrolment;
use crate::words;
use shell::Shell;

pub use contact::Contact;
pub use found::Found;
pub(in crate::pages) use profile::ProfileFields;
pub(in crate::pages) use summary::facts;

/// What to have at hand.
#[component]
pub fn Welcome() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <WelcomeStep page=page/> })
}

/// Signing in, or creating a new tenant.
#[component]
pub fn Account() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <AccountStep page=page/> })
}

/// Legal profile and primary contact.
#[component]
pub fn Profile() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <OfCompany step=Step::Profile page=page/> })
}

/// What was said so far, and **Enroll now**.
#[component]
pub fn Summary() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <OfCompany step=Step::Summary page=page/> })
}

/// The agreement.
#[component]
pub fn Agreement() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <OfCompany step=Step::Agreement page=page/> })
}

/// What is done and what is pending.
#[component]
pub fn Status() -> impl IntoView {
    load(|| (), |()| enrolment(), |page| view! { <OfCompany step=Step::Status page=page/> })
}

/// The step that is next to be done.
fn next(reader: &EnrolmentReader) -> Step {
    match reader {
        EnrolmentReader::Nobody | EnrolmentReader::Operator => Step::Account,
        EnrolmentReader::Person(company) => company.state.map_or(Step::Profile, |state| state.step()),
    }
}

fn why_join(page: &EnrolmentPage) -> Option<AnyView> {
    if page.points.is_empty() {
        return None;
    }
    let points = page
        .points
        .iter()
        .map(|point| Point { kind: PointKind::Met, title: point.title.clone(), text: point.text.clone() })
        .collect::<Vec<_>>();
    let tiers = page
        .tiers
        .iter()
        .map(|tier| view! { <dt>{tier.title.clone()}</dt> <dd>{tier.text.clone()}</dd> })
        .collect_view();
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts().offers_why_join()}</h2></div>
                <div class="in"><Points points=points/></div>
            </section>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts().enrol_memberships()}</h2></div>
                <div class="in"><dl class="facts">{tiers}</dl></div>
            </section>
        }
        .into_any(),
    )
}

#[component]
fn WelcomeStep(page: Signal<EnrolmentPage>) -> impl IntoView {
    let texts = texts();
    let first = page.get_untracked();
    let signed_in = !matches!(first.reader, EnrolmentReader::Nobody);
    let answered = use_query_map().get_untracked().get("answered");
    let thanks = answered.map(|answer| {
        let text = if answer == "yes" { texts.enrol_answered_yes() } else { texts.enrol_answered_no() };
        view! { <Notice tone=Tone::Info role="status"><p>{text}</p></Notice> }
    });
    // Whoever has just answered for somebody else's enrolment doesn't begin one.
    let way = thanks.is_none().then(|| go_on(texts, &first.reader));
    let points = why_join(&first);
    view! {
        <Shell
            programme=first.programme.clone()
            title=texts.enrol_welcome_title(&first.programme)
            lead=texts.enrol_welcome_lead().to_owned()
            signed_in=signed_in
            step=(Step::Welcome, next(&first.reader))
        >
            {thanks}
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.enrol_at_hand()}</h2></div>
                <ul class="in bulleted">
                    <li>{texts.enrol_at_hand_directory()}</li>
                    <li>{texts.enrol_at_hand_company()}</li>
                    <li>{texts.enrol_at_hand_authority()}</li>
                    <li>{texts.enrol_at_hand_contact()}</li>
                </ul>
            </section>
            {way}
            {points}
        </Shell>
    }
}

/// How whoever reads goes on from the welcome.
fn go_on(texts: Texts, reader: &EnrolmentReader) -> AnyView {
    match reader {
        EnrolmentReader::Nobody => {
            view! { <div class="row"><LinkButton href=Step::Account.path() label=texts.enrol_next() tone=ButtonTone::Primary/></div> }
                .into_any()
        }
        EnrolmentReader::Operator => {
            view! { <Notice tone=Tone::Wait><p>{texts.enrol_operator()}</p></Notice> }.into_any()
        }
        EnrolmentReader::Person(company) => of_company(texts, company),
    }
}

fn of_company(texts: Texts, company: &EnrolmentCompany) -> AnyView {
    let name = company.name.clone();
    if let Some(error) = company.why_not.as_ref().filter(|_| !company.member) {
        return view! { <Why kind=WhyKind::Right text=words::refusal(texts, error)/> }.into_any();
    }
    match company.state {
        _ if company.member => view! {
            <Notice tone=Tone::Good>
                <p>{texts.enrol_member(name)}</p>
                <div class="row"><LinkButton href="/membership" label=texts.navigation_membership()/></div>
            </Notice>
        }
        .into_any(),
        Some(state) => {
            view! { <div class="row"><LinkButton href=state.step().path() label=texts.enrol_next() tone=ButtonTone::Primary/></div> }
                .into_any()
        }
        None if company.can_begin => {
            let form = Form::new("start_enrolment", "");
            view! {
                <PostForm form=form>
                    <div class="row"><SubmitButton label=texts.enrol_next() busy=form.pending/></div>
                </PostForm>
            }
            .into_any()
        }
        None => view! { <Notice tone=Tone::Wait><p>{texts.enrol_not_invited()}</p></Notice> }.into_any(),
    }
}

#[component]
fn AccountStep(page: Signal<EnrolmentPage>) -> impl IntoView {
    let texts = texts();
    let first = page.get_untracked();
    let signed_in = !matches!(first.reader, EnrolmentReader::Nobody);
    let sent = use_query_map().get_untracked().get("sent").is_some();
    let content = if signed_in {
        view! { <Notice tone=Tone::Info><p>{texts.enrol_signed_in()}</p></Notice> {go_on(texts, &first.reader)} }
            .into_any()
    } else if sent {
        let days = domain::enrolment::LINK_DAYS;
        view! {
            <Notice tone=Tone::Info role="status">
                <b>{texts.enrol_sent_title()}</b>
                <p>{texts.enrol_sent(days)}</p>
            </Notice>
            <p><a href=Step::Account.path()>{texts.enrol_sent_again()}</a></p>
        }
        .into_any()
    } else {
        view! { <Ways/> }.into_any()
    };
    view! {
        <Shell
            programme=first.programme.clone()
            title=texts.enrol_account_title().to_owned()
            lead=texts.enrol_account_lead().to_owned()
            signed_in=signed_in
            step=(Step::Account, next(&first.reader))
        >
            {content}
        </Shell>
    }
}

/// The two ways of whoever isn't signed in.
#[component]
fn Ways() -> impl IntoView {
    let texts = texts();
    let form = Form::new("begin_enrolment", "");
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_create_title()}</h2></div>
            <div class="in stack">
                <p class="muted">{texts.enrol_create_lead()}</p>
                <PostForm form=form class="stack" whole_page=true>
                    <TextField
                        id=form.id(Field::CompanyDomain)
                        name=Field::CompanyDomain.code()
                        label=label(Field::CompanyDomain)
                        value=form.value(Field::CompanyDomain, "")
                        help=texts.enrol_domain_help()
                        error=form.field_error(Field::CompanyDomain)
                        autocomplete="off"
                        required=true
                    />
                    <TextField
                        id=form.id(Field::Name)
                        name=Field::Name.code()
                        label=label(Field::Name)
                        value=form.value(Field::Name, "")
                        error=form.field_error(Field::Name)
                        autocomplete="name"
                        required=true
                    />
                    <EmailField
                        id=form.id(Field::Email)
                        name=Field::Email.code()
                        label=texts.enrol_business_address()
                        value=form.value(Field::Email, "")
                        help=texts.enrol_address_help()
                        error=form.field_error(Field::Email)
                        autocomplete="email"
                        required=true
                    />
                    <div class="row"><SubmitButton label=texts.enrol_create() busy=form.pending/></div>
                </PostForm>
            </div>
        </section>
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_sign_in_title()}</h2></div>
            <div class="in stack">
                <p class="muted">{texts.enrol_sign_in_lead()}</p>
                <super::directory::Address
                    then=Step::Welcome.path().to_owned()
                    email=String::new()
                    choices=Vec::new()
                />
                <p class="small"><a href="/sign-in?then=%2Fenrol">{texts.enrol_sign_in_password()}</a></p>
            </div>
        </section>
    }
}

/// A step of somebody who enrols a company; where it isn't its turn, the way to the one whose turn it is.
#[component]
fn OfCompany(step: Step, page: Signal<EnrolmentPage>) -> impl IntoView {
    let texts = texts();
    let key = Memo::new(move |_| page.with(|page| page.reader.clone()));
    move || {
        let reader = key.get();
        let next = next(&reader);
        let programme = page.with_untracked(|page| page.programme.clone());
        let (title, lead, content) = match &reader {
            EnrolmentReader::Person(company) => {
                let turn = company.why_not.is_none()
                    && company.state.is_some_and(|state| match step {
                        Step::Profile => state.is_open(),
                        Step::Summary | Step::Agreement => state.step() == Step::Summary,
                        Step::Status => {
                            !matches!(state.step(), Step::Summary) && company.pending.accepted.is_some()
                        }
                        Step::Welcome | Step::Account => true,
                    });
                let content = if turn {
                    let company = (**company).clone();
                    match step {
                        Step::Profile => view! { <profile::Profile company=company/> }.into_any(),
                        Step::Summary => view! { <summary::Summary company=company/> }.into_any(),
                        Step::Agreement => view! { <agreement::Agreement company=company/> }.into_any(),
                        _ => view! { <status::Status company=company/> }.into_any(),
                    }
                } else {
                    view! {
                        <Notice tone=Tone::Info><p>{texts.enrol_not_its_turn()}</p></Notice>
                        {of_company(texts, company)}
                    }
                    .into_any()
                };
                let lead = match step {
                    Step::Profile => texts.enrol_profile_lead(),
                    Step::Summary => texts.enrol_summary_lead(),
                    Step::Agreement => texts.enrol_agreement_lead(),
                    _ => texts.enrol_status_lead(),
                };
                (shell::title(texts, step), lead, content)
            }
            other => (shell::title(texts, step), texts.enrol_status_lead(), go_on(texts, other)),
        };
        view! {
            <Shell
                programme=programme
                title=title.to_owned()
                lead=lead.to_owned()
                signed_in=true
                step=(step, next)
            >
                {content}
            </Shell>
        }
    }
}
