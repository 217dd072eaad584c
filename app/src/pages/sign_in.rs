//! Signing in.

use domain::Field;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{Column, EmailField, Ledger, Mark, Notice, PasswordField, SubmitButton, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::{language, texts};
use crate::load::load;
use crate::server_fns::portal::{DemoAccount, Door, door};

/// The sign-in page; in demo mode it lists the accounts of the sample programme.
#[component]
pub fn SignIn() -> impl IntoView {
    load(|| (), |()| door(), |door| view! { <Page door=door/> })
}

#[component]
fn Page(door: Signal<Door>) -> impl IntoView {
    let texts = texts();
    let then = super::directory::then();
    let then_there = then.clone();
    let reset = use_query_map().get_untracked().get("reset").is_some();
    let form = Form::new("sign_in", "");
    let Door { programme, demo } = door.get_untracked();
    view! {
        <Title text=texts.common_page_title(texts.sign_in_title())/>
        <main class="door" id="main">
            <div class="door-brand"><Mark/><span>{programme}</span></div>
            <div class="door-grid">
                <section class="sheet">
                    <div class="in stack loose">
                        <div class="stack">
                            <h1 class="h2">{texts.sign_in_title()}</h1>
                            <p class="muted">{texts.sign_in_lead()}</p>
                        </div>
                        {reset
                            .then(|| {
                                view! {
                                    <Notice tone=Tone::Good role="status"><p>{texts.entry_reset_done()}</p></Notice>
                                }
                            })}
                        <PostForm form=form class="stack" whole_page=true>
                            <input type="hidden" name="then" value=then/>
                            <EmailField
                                id=form.id(Field::Email)
                                name=Field::Email.code()
                                label=texts.sign_in_email()
                                value=form.value(Field::Email, "")
                                error=form.field_error(Field::Email)
                                autocomplete="username"
                                required=true
                            />
                            <PasswordField
                                id=form.id(Field::Password)
                                name=Field::Password.code()
                                label=texts.sign_in_password()
                                error=form.field_error(Field::Password)
                            />
                            <div class="row"><SubmitButton label=texts.sign_in_submit() busy=form.pending/></div>
                        </PostForm>
                        <p class="small"><a href="/forgotten-password">{texts.entry_forgotten()}</a></p>
                        <p class="small muted">{texts.sign_in_invited()}</p>
                    </div>
                </section>
                <super::directory::Door then=then_there/>
                {demo.map(|demo| view! { <DemoAccounts accounts=demo.accounts password=demo.password/> })}
            </div>
            <div class="door-foot small">
                <span class="muted">{texts.sign_in_foot()}</span>
                <Languages/>
            </div>
        </main>
    }
}

/// The languages, for whoever isn't signed in.
#[component]
pub(super) fn Languages() -> impl IntoView {
    let form = Form::new("choose_language", "");
    view! {
        <PostForm form=form whole_page=true class="row">
            {domain::Language::ALL
                .map(|choice| {
                    view! {
                        <button
                            type="submit"
                            class="button quiet"
                            name=Field::Language.code()
                            value=choice.tag()
                            lang=choice.tag()
                            aria-current=(choice == language()).then_some("true")
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
fn DemoAccounts(accounts: Vec<DemoAccount>, password: String) -> impl IntoView {
    let texts = texts();
    let rows = accounts
        .into_iter()
        .map(|account| {
            let roles: Vec<String> = account
                .roles
                .iter()
                .map(|role| texts.find_role(role).unwrap_or(role).to_owned())
                .collect();
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row"><code>{account.email}</code><small>{account.company}</small></th>
                    <td role="cell" data-label=texts.sign_in_demo_roles()>
                        {locales::format::list_and(texts.language(), &roles)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.sign_in_demo_title()}</h2></div>
            <div class="in"><p>{texts.sign_in_demo_lead(password)}</p></div>
            <Ledger
                caption=texts.sign_in_demo_title()
                keep=true
                columns=vec![Column::new(texts.sign_in_demo_account()), Column::new(texts.sign_in_demo_roles())]
            >
                {rows}
            </Ledger>
        </section>
    }
}
