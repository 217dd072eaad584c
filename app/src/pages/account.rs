//! Account settings: one's own name, mail, language, session.

use domain::mail_topic::MailTopic;
use domain::reminder::ReminderCadence;
use domain::view::portal::{Portal, Reader};
use domain::view::security::Profile;
use domain::{Error, ErrorCode, Field, Language};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use crate::components::{ButtonTone, Choice, ChoiceGroup, Failed, LinkButton, SubmitButton, TextField};
use crate::forms::{Form, PostForm};
use crate::i18n::{language, texts};
use crate::load::{load, load_part};
use crate::server_fns::account::profile;
use crate::server_fns::portal::portal;

/// Account settings.
#[component]
pub fn Account() -> impl IntoView {
    load(|| (), |()| portal(), |portal| view! { <Page portal=portal/> })
}

#[component]
fn Page(portal: Signal<Portal>) -> impl IntoView {
    let texts = texts();
    let (who, roles, person) = match portal.get_untracked().reader {
        Reader::Nobody => {
            return view! {
                <main class="page" id="main"><Failed error=Error::new(ErrorCode::SignInNeeded)/></main>
            }
            .into_any();
        }
        Reader::Person(person) => (
            texts.account_signed_in_email(&person.email, &person.name),
            person.roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
            true,
        ),
        Reader::Operator(operator) => (
            texts.account_signed_in(&operator.name),
            operator.roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
            false,
        ),
    };
    let roles: Vec<&str> = roles.into_iter().map(|code| texts.find_role(code).unwrap_or(code)).collect();
    let roles = format::list_and(texts.language(), &roles);
    view! {
        <Title text=texts.common_page_title(texts.navigation_account_settings())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_account_settings()}</h1><p>{texts.account_lead()}</p></div>
            </div>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.common_account()}</h2></div>
                <div class="in stack">
                    <p>{who}</p>
                    <dl class="facts"><dt>{texts.account_your_roles()}</dt><dd>{roles}</dd></dl>
                    {person
                        .then(|| {
                            view! {
                                <p><a href="/account/access">{texts.access_title()}</a></p>
                                <p><a href="/account/activity">{texts.navigation_activity()}</a></p>
                                <p><a href="/account/provisioning">{texts.provisioning_title()}</a></p>
                            }
                        })}
                </div>
            </section>
            {load_part(|| (), |()| profile(), |profile| view! { <Own profile=profile/> })}
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.security_title()}</h2></div>
                <div class="in stack">
                    <p>{texts.account_security_lead()}</p>
                    <div class="row"><LinkButton href="/account/security" label=texts.security_title()/></div>
                </div>
            </section>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.common_language()}</h2></div>
                <div class="in stack"><p>{texts.account_language_lead()}</p> <Languages/></div>
            </section>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.navigation_sign_out()}</h2></div>
                <div class="in stack"><p>{texts.account_sign_out_lead()}</p> <SignOut/></div>
            </section>
        </main>
    }
    .into_any()
}

#[component]
fn Own(profile: Signal<Profile>) -> impl IntoView {
    let texts = texts();
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.find_field(Field::Name.code()).unwrap_or_default()}</h2></div>
            <div class="in"><Name profile=profile/></div>
        </section>
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.account_mail()}</h2></div>
            <div class="in"><Mail profile=profile/></div>
        </section>
    }
}

#[component]
fn Name(profile: Signal<Profile>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("change_name", "");
    let label = texts.find_field(Field::Name.code()).unwrap_or_default();
    view! {
        <PostForm form=form class="stack">
            <TextField
                id=form.id(Field::Name)
                name=Field::Name.code()
                label=label
                value=form.value(Field::Name, profile.get_untracked().name)
                help=texts.account_name_lead()
                error=form.field_error(Field::Name)
                autocomplete="name"
                maxlength=120_u32
                required=true
            />
            <div class="row"><SubmitButton label=texts.common_save() busy=form.pending/></div>
        </PostForm>
    }
}

#[component]
fn Mail(profile: Signal<Profile>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("choose_mail", "");
    let Profile { topics, reminders, .. } = profile.get_untracked();
    let cadences = ReminderCadence::ALL
        .iter()
        .map(|cadence| {
            let text = match cadence {
                ReminderCadence::Single => texts.account_reminders_single(),
                ReminderCadence::Daily => texts.account_reminders_daily(),
                ReminderCadence::Weekly => texts.account_reminders_weekly(),
            };
            Choice::new(cadence.code(), text)
        })
        .collect();
    let text = |topic: MailTopic| texts.find_mail_topic(topic.code()).unwrap_or_default();
    let always = [
        Choice::refused("always", texts.account_always(), texts.account_always_why()),
        Choice::refused("answers", texts.account_answers(), texts.account_answers_why()),
    ];
    let own = topics.iter().map(|(topic, _)| Choice::new(topic.code(), text(*topic)));
    let choices = own.chain(always).collect();
    let selected: Vec<String> = if form.refused() {
        form.kept_all(Field::MailTopics)
    } else {
        topics.iter().filter(|(_, by_mail)| *by_mail).map(|(topic, _)| topic.code().to_owned()).collect()
    };
    let selected: Vec<String> =
        selected.into_iter().chain(["always", "answers"].map(str::to_owned)).collect();
    view! {
        <PostForm form=form class="stack">
            <ChoiceGroup
                id=form.id(Field::MailTopics)
                name=Field::MailTopics.code()
                label=texts.find_field(Field::MailTopics.code()).unwrap_or_default()
                choices=choices
                selected=selected
                several=true
                help=texts.account_mail_lead()
                error=form.field_error(Field::MailTopics)
            />
            <ChoiceGroup
                id=form.id(Field::Reminders)
                name=Field::Reminders.code()
                label=texts.find_field(Field::Reminders.code()).unwrap_or_default()
                choices=cadences
                selected=vec![form.value(Field::Reminders, reminders.code().to_owned())]
                help=texts.account_reminders_help()
                error=form.field_error(Field::Reminders)
            />
            <div class="row"><SubmitButton label=texts.common_save() busy=form.pending/></div>
        </PostForm>
    }
}

#[component]
fn Languages() -> impl IntoView {
    let now = language();
    // The bar has the same form; its own target keeps the two apart.
    let form = Form::new("choose_language", "account");
    view! {
        <PostForm form=form whole_page=true class="row">
            {Language::ALL
                .map(|choice| {
                    view! {
                        <button
                            type="submit"
                            class="button"
                            name=Field::Language.code()
                            value=choice.tag()
                            lang=choice.tag()
                            aria-current=(choice == now).then_some("true")
                        >
                            {choice.own_name()}
                        </button>
                    }
                })
                .collect_view()}
        </PostForm>
    }
}

#[component]
fn SignOut() -> impl IntoView {
    let form = Form::new("sign_out", "account");
    view! {
        <PostForm form=form whole_page=true class="row">
            <SubmitButton label=texts().navigation_sign_out() tone=ButtonTone::Secondary/>
        </PostForm>
    }
}
