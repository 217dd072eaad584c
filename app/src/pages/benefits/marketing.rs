//! Go-to-market: the marketing contact on top of the page, and an open row.

use domain::benefit::ActivationState;
use domain::ids::PersonId;
use domain::view::benefits::{DetailKind, GrantDetail};
use domain::view::marketing::{ContactPane, MarketingContactView, MarketingDetail};
use domain::view::seats::PersonChoice;
use domain::{Field, Language};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use locales::format;

use super::technical::{Activate, Withdraw, activated, over, steps_to_use, way};
use crate::components::{
    ButtonTone, Choice, DisabledButton, EmailField, Icon, IconName, LinkButton, Notice, SelectField,
    SubmitButton, TextField, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load_part;
use crate::server_fns::marketing::marketing_contact;
use crate::words;

/// The marketing contact with the forms that add, update and change it (rule 16).
#[component]
pub fn MarketingContactPane() -> impl IntoView {
    let parameters = use_query_map();
    let chosen = Memo::new(move |_| parameters.get().get("chosen").and_then(|chosen| chosen.parse().ok()));
    load_part(move || chosen.get(), marketing_contact, |pane| view! { <Contact pane=pane/> })
}

#[component]
fn Contact(pane: Signal<ContactPane>) -> impl IntoView {
    let texts = texts();
    let contact = Memo::new(move |_| pane.with(|pane| pane.contact.clone()));
    let why_not = Memo::new(move |_| pane.with(|pane| pane.why_not.clone()));
    // The forms are built anew only when the contact itself changes: what is typed stays.
    let forms = move || {
        let contact = contact.get();
        let (people, chosen) = pane.with_untracked(|pane| (pane.people.clone(), pane.chosen));
        match (why_not.get(), contact) {
            (Some(error), contact) => {
                let label = if contact.is_some() { texts.marketing_update() } else { texts.marketing_add() };
                view! {
                    <div class="row"><DisabledButton label=label describedby="why-marketing-contact"/></div>
                    <Why id="why-marketing-contact" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                }
                .into_any()
            }
            (None, None) => view! { <ContactForm purpose=Purpose::Add contact=None people=people chosen=chosen/> }.into_any(),
            (None, Some(contact)) => view! {
                {(!contact.inactive)
                    .then(|| {
                        view! { <ContactForm purpose=Purpose::Update contact=Some(contact.clone()) people=people.clone() chosen=None/> }
                    })}
                <ContactForm purpose=Purpose::Change contact=Some(contact.clone()) people=people.clone() chosen=chosen/>
            }
            .into_any(),
        }
    };
    view! {
        <section class="sheet" id="marketing-contact">
            <div class="sheet-head">
                <h2>{texts.marketing_contact()}</h2>
                <span class="muted small">{texts.marketing_contact_lead()}</span>
            </div>
            <div class="in stack">
                {move || match contact.get() {
                    Some(contact) => facts(contact).into_any(),
                    None => view! { <Notice tone=Tone::Wait><p>{texts.marketing_contact_none()}</p></Notice> }.into_any(),
                }}
                {forms}
            </div>
        </section>
    }
}

fn facts(contact: MarketingContactView) -> impl IntoView {
    let texts = texts();
    let fact = |label: &'static str, value: String| {
        view! { <div><dt>{label}</dt><dd class="plain">{value}</dd></div> }
    };
    let gone = contact.inactive.then(|| {
        let text = texts.marketing_contact_inactive(contact.name.clone());
        view! { <Notice tone=Tone::Wait><p>{text}</p></Notice> }
    });
    view! {
        {gone}
        <dl class="ids contact">
            {fact(texts.marketing_person(), contact.name)}
            {fact(texts.marketing_alternate_email(), contact.alternate_email)}
            {fact(texts.marketing_phone(), contact.phone)}
            {fact(texts.marketing_language(), contact.language.own_name().to_owned())}
        </dl>
    }
}

/// What a form of the contact is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Add,
    Update,
    Change,
}

#[component]
fn ContactForm(
    purpose: Purpose,
    contact: Option<MarketingContactView>,
    people: Vec<PersonChoice>,
    chosen: Option<PersonId>,
) -> impl IntoView {
    let texts = texts();
    let (code, label) = match purpose {
        Purpose::Add => ("add", texts.marketing_add()),
        Purpose::Update => ("update", texts.marketing_update()),
        Purpose::Change => ("change", texts.marketing_change()),
    };
    let form = Form::new("save_marketing_contact", code);
    let version = contact.as_ref().map(|contact| contact.version.to_string()).unwrap_or_default();
    let former = contact.as_ref().map(|contact| contact.person.to_string()).unwrap_or_default();
    // Somebody else has another address and phone; only the same person's are filled in.
    let same = contact.filter(|_| purpose == Purpose::Update);
    let language = same.as_ref().map_or_else(crate::i18n::language, |same| same.language);
    let person = match &same {
        Some(_) => view! { <input type="hidden" name=Field::Person.code() value=former.clone()/> }.into_any(),
        None => {
            let choices: Vec<Choice> = people
                .into_iter()
                .filter(|person| person.id.to_string() != former)
                .map(|person| {
                    Choice::new(person.id.to_string(), format!("{} ({})", person.name, person.email))
                })
                .collect();
            view! {
                <SelectField
                    id=form.id(Field::Person)
                    name=Field::Person.code()
                    label=texts.marketing_person()
                    choices=choices
                    selected=form.value(Field::Person, chosen.map(|chosen| chosen.to_string()).unwrap_or_default())
                    empty=texts.common_choose()
                    help=texts.marketing_person_help()
                    error=form.field_error(Field::Person)
                    required=true
                />
            }
            .into_any()
        }
    };
    let languages: Vec<Choice> =
        Language::ALL.iter().map(|language| Choice::new(language.tag(), language.own_name())).collect();
    let fields = view! {
        <PostForm form=form class="form" label=label>
            <input type="hidden" name="version" value=version/>
            {person}
            <EmailField
                id=form.id(Field::AlternateEmail)
                name=Field::AlternateEmail.code()
                label=texts.marketing_alternate_email()
                value=form.value(Field::AlternateEmail, same.as_ref().map(|same| same.alternate_email.clone()).unwrap_or_default())
                help=texts.marketing_alternate_email_help()
                error=form.field_error(Field::AlternateEmail)
                autocomplete="off"
                required=true
            />
            <TextField
                id=form.id(Field::Phone)
                name=Field::Phone.code()
                label=texts.marketing_phone()
                value=form.value(Field::Phone, same.as_ref().map(|same| same.phone.clone()).unwrap_or_default())
                help=texts.marketing_phone_help()
                error=form.field_error(Field::Phone)
                kind="tel"
                autocomplete="off"
                inputmode="tel"
                required=true
            />
            <SelectField
                id=form.id(Field::Language)
                name=Field::Language.code()
                label=texts.marketing_language()
                choices=languages
                selected=form.value(Field::Language, language.tag())
                error=form.field_error(Field::Language)
            />
            <div class="form-foot">
                <SubmitButton label=label busy=form.pending/>
                {match purpose {
                    Purpose::Change => Some(view! { <span class="muted small">{texts.marketing_change_note()}</span> }),
                    Purpose::Add | Purpose::Update => None,
                }}
                {(purpose != Purpose::Update)
                    .then(|| {
                        view! { <a class="small" href="/account/users/add?then=%2Fbenefits%2Fgo-to-market">{texts.marketing_not_listed()}</a> }
                    })}
            </div>
        </PostForm>
    };
    let open = chosen.is_some() || form.refused();
    view! {
        <details class="disclose" open=open>
            <summary class="row"><span class="button">{label}</span></summary>
            {fields}
        </details>
    }
}

/// The go-to-market benefit of the open row.
#[component]
pub fn MarketingDetailPane(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let marketing = Memo::new(move |last: Option<&Option<MarketingDetail>>| match detail.get().kind {
        DetailKind::Marketing(marketing) => Some(*marketing),
        _ => last.cloned().flatten(),
    });
    let Some(first) = marketing.get_untracked() else { return ().into_any() };
    let marketing = Signal::derive(move || marketing.get().unwrap_or_else(|| first.clone()));
    let state = Memo::new(move |_| marketing.with(|marketing| marketing.state));
    view! {
        <div class="split">
            {move || match state.get() {
                ActivationState::Requested | ActivationState::Processing => {
                    view! { <OnItsWay detail=detail marketing=marketing/> }.into_any()
                }
                ActivationState::Active => view! { <InUse detail=detail marketing=marketing/> }.into_any(),
                _ => view! { <NotYet detail=detail marketing=marketing/> }.into_any(),
            }}
            <dl class="facts">
                {move || marketing.with(|marketing| activated(texts(), marketing.state, marketing.activation.as_ref()))}
            </dl>
        </div>
    }
    .into_any()
}

#[component]
fn NotYet(detail: Signal<GrantDetail>, marketing: Signal<MarketingDetail>) -> impl IntoView {
    let texts = texts();
    let again = marketing.with_untracked(|marketing| marketing.activation.is_some());
    let why_not = Memo::new(move |_| {
        marketing.with(|marketing| (marketing.why_not.clone(), marketing.why_closed.clone()))
    });
    let note = move || {
        marketing.with(|marketing| match &marketing.contact {
            Some((name, email)) => {
                texts.marketing_activate_note(marketing.target_days, email.clone(), name.clone())
            }
            None => texts.marketing_activate_note_missing(marketing.target_days),
        })
    };
    view! {
        <div class="stack">
            {move || marketing.with(|marketing| over(texts, marketing.state, marketing.activation.as_ref()))}
            <p class="why"><Icon name=IconName::Info/><span>{note}</span></p>
            {move || {
                let (why_not, why_closed) = why_not.get();
                view! { <Activate detail=detail why_not=why_not why_closed=why_closed again=again/> }
            }}
        </div>
    }
}

#[component]
fn OnItsWay(detail: Signal<GrantDetail>, marketing: Signal<MarketingDetail>) -> impl IntoView {
    let texts = texts();
    let steps = move || {
        marketing.with(|marketing| {
            let activation = marketing.activation.as_ref()?;
            let expected = texts.marketing_step_active(format::date(texts.language(), activation.target));
            Some(way(texts, activation, expected))
        })
    };
    let why_not = Memo::new(move |_| marketing.with(|marketing| marketing.why_not.clone()));
    view! {
        <div class="stack">
            {steps}
            <p>{texts.technical_nothing_to_do()}</p>
            {move || {
                let number = marketing
                    .with_untracked(|marketing| marketing.activation.as_ref().and_then(|activation| activation.number));
                why_not.get().is_none().then(|| view! { <Withdraw detail=detail number=number.unwrap_or_default()/> })
            }}
        </div>
    }
}

#[component]
fn InUse(detail: Signal<GrantDetail>, marketing: Signal<MarketingDetail>) -> impl IntoView {
    let texts = texts();
    let first = marketing.get_untracked();
    let until = first.activation.as_ref().and_then(|activation| activation.expires);
    let instructions = detail.with_untracked(|detail| detail.instructions.clone());
    view! {
        <div class="stack">
            {until.map(|date| view! { <p>{texts.marketing_use_until(format::date(texts.language(), date))}</p> })}
            {first.contact.map(|(name, email)| {
                view! { <p class="muted small">{texts.marketing_instructions_sent(email, name)}</p> }
            })}
            {steps_to_use(texts, instructions)}
            {first
                .portal_url
                .map(|url| {
                    view! {
                        <div class="row">
                            <LinkButton href=url label=texts.marketing_use() tone=ButtonTone::Primary icon=IconName::Out/>
                            <span class="sr">{texts.common_new_window()}</span>
                        </div>
                    }
                })}
        </div>
    }
}
