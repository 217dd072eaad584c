//! Signing in with a company's own directory: at the door, and its settings.

mod settings;

use domain::Field;
use domain::view::directory::DirectoryChoice;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{ButtonTone, EmailField, LinkButton, Mark, SubmitButton};
use crate::forms::{Form, PostForm, Posted};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::directory::directory_choices;

pub use settings::Settings;

/// Where somebody wants to go after signing in: the address says so, or the form that was refused.
pub(super) fn then() -> String {
    let asked = use_query_map().get_untracked().get("then").filter(|then| !then.is_empty());
    asked.unwrap_or_else(|| {
        let posted = use_context::<Posted>().map(|posted| posted.values).unwrap_or_default();
        posted.into_iter().find(|(name, _)| name == "then").map(|(_, then)| then).unwrap_or_default()
    })
}

/// The other way in, beside the password.
#[component]
pub(super) fn Door(then: String) -> impl IntoView {
    let texts = texts();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.directory_sign_in()}</h2></div>
            <div class="in stack">
                <p class="muted">{texts.directory_sign_in_lead()}</p>
                <Address then=then email=String::new() choices=Vec::new()/>
            </div>
        </section>
    }
}

/// The form: an address, and a button for each directory where there are several.
#[component]
pub(super) fn Address(then: String, email: String, choices: Vec<DirectoryChoice>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("directory_sign_in", "");
    let several = choices.len() > 1;
    view! {
        <PostForm form=form class="stack" whole_page=true>
            <input type="hidden" name="then" value=then/>
            <EmailField
                id=form.id(Field::Email)
                name=Field::Email.code()
                label=texts.directory_sign_in_address()
                value=form.value(Field::Email, email)
                error=form.field_error(Field::Email)
                autocomplete="email"
                required=true
            />
            {if several {
                let buttons = choices
                    .into_iter()
                    .map(|DirectoryChoice { id, name }| {
                        view! {
                            <SubmitButton
                                label=texts.directory_sign_in_with(name)
                                tone=ButtonTone::Secondary
                                name=Field::Directory.code()
                                value=id.to_string()
                            />
                        }
                    })
                    .collect_view();
                view! { <div class="row">{buttons}</div> }.into_any()
            } else {
                view! {
                    <div class="row">
                        <SubmitButton label=texts.directory_sign_in() tone=ButtonTone::Secondary/>
                    </div>
                }
                    .into_any()
            }}
        </PostForm>
    }
}

/// The choice between the directories of a company that has several.
#[component]
pub fn Choose() -> impl IntoView {
    let parameters = use_query_map();
    let email = Memo::new(move |_| parameters.get().get("email").unwrap_or_default());
    load(move || email.get(), directory_choices, move |choices| view! { <Page choices=choices email=email/> })
}

#[component]
fn Page(choices: Signal<Vec<DirectoryChoice>>, email: Memo<String>) -> impl IntoView {
    let texts = texts();
    let then = then();
    let several = choices.with_untracked(|choices| choices.len() > 1);
    let lead = if several { texts.directory_sign_in_choose() } else { texts.directory_sign_in_lead() };
    let sign_in = if then.is_empty() {
        "/sign-in".to_owned()
    } else {
        let query = serde_html_form::to_string([("then", &then)]).unwrap_or_default();
        format!("/sign-in?{query}")
    };
    view! {
        <Title text=texts.common_page_title(texts.directory_sign_in())/>
        <main class="door" id="main">
            <div class="door-brand"><Mark/></div>
            <div class="door-grid">
                <section class="sheet">
                    <div class="in stack loose">
                        <div class="stack">
                            <h1 class="h2">{texts.directory_sign_in()}</h1>
                            <p class="muted">{lead}</p>
                        </div>
                        <Address
                            then=then
                            email=email.get_untracked()
                            choices=choices.get_untracked()
                        />
                        <div><LinkButton href=sign_in label=texts.directory_sign_in_password() tone=ButtonTone::Quiet/></div>
                    </div>
                </section>
            </div>
            <div class="door-foot small"><super::sign_in::Languages/></div>
        </main>
    }
}
