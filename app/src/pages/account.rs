//! Account settings: one's own password, language, session.

use domain::password::PASSWORD_MIN;
use domain::view::portal::{Portal, Reader};
use domain::{Error, ErrorCode, Field, Language};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use crate::components::{ButtonTone, Failed, PasswordField, SubmitButton};
use crate::forms::{Form, PostForm};
use crate::i18n::{language, texts};
use crate::load::load;
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
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.account_password()}</h2></div>
                <div class="in"><Password/></div>
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
fn Password() -> impl IntoView {
    let texts = texts();
    let form = Form::new("change_password", "");
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    let help = texts.account_password_help(format::number(texts.language(), PASSWORD_MIN as i64));
    view! {
        <PostForm form=form class="stack">
            <PasswordField
                id=form.id(Field::CurrentPassword)
                name=Field::CurrentPassword.code()
                label=label(Field::CurrentPassword)
                error=form.field_error(Field::CurrentPassword)
            />
            <PasswordField
                id=form.id(Field::NewPassword)
                name=Field::NewPassword.code()
                label=label(Field::NewPassword)
                help=help
                error=form.field_error(Field::NewPassword)
                new=true
            />
            <PasswordField
                id=form.id(Field::RepeatPassword)
                name=Field::RepeatPassword.code()
                label=label(Field::RepeatPassword)
                error=form.field_error(Field::RepeatPassword)
                new=true
            />
            <div class="form-foot">
                <SubmitButton label=texts.account_password() busy=form.pending/>
                <p class="small muted">{texts.account_password_note()}</p>
            </div>
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
