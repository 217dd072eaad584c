//! Accepting an invitation: the one page besides signing in that needs no session.

use domain::enrolment::Step;
use domain::password::PASSWORD_MIN;
use domain::view::people::Invited;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::format;

use super::sign_in::Languages;
use crate::components::{Mark, SubmitButton};
use crate::forms::{Form, NewPassword, PostForm};
use crate::i18n::texts;
use crate::load::load_part;
use crate::server_fns::people::invited;

/// The page behind the link of an invitation.
#[component]
pub fn Invitation() -> impl IntoView {
    let texts = texts();
    let parameters = use_params_map();
    let token = Memo::new(move |_| parameters.get().get("token").unwrap_or_default());
    view! {
        <Title text=texts.common_page_title(texts.people_invitation_page())/>
        <main class="door" id="main">
            <div class="door-brand"><Mark/><span>{texts.common_product_name()}</span></div>
            <div class="stack narrow">
                {load_part(move || token.get(), invited, move |who| {
                    if who.with_untracked(|who| who.by_directory) {
                        view! { <ByDirectory who=who/> }.into_any()
                    } else {
                        view! { <Choose who=who token=token/> }.into_any()
                    }
                })}
            </div>
            <div class="door-foot small">
                <a href="/sign-in">{texts.navigation_sign_in()}</a>
                <Languages/>
            </div>
        </main>
    }
}

/// Where the company requires its directory there is no password to choose.
#[component]
fn ByDirectory(who: Signal<Invited>) -> impl IntoView {
    let texts = texts();
    let Invited { name, email, organization, enrols, .. } = who.get_untracked();
    let then = if enrols { Step::Welcome.path().to_owned() } else { String::new() };
    view! {
        <section class="sheet">
            <div class="in stack loose">
                <div class="stack">
                    <h1 class="h2">{texts.people_invitation_title(organization)}</h1>
                    <p class="muted">{texts.people_invitation_by_directory_lead(&email, name)}</p>
                </div>
                <super::directory::Address then=then email=email choices=Vec::new()/>
            </div>
        </section>
    }
}

#[component]
fn Choose(who: Signal<Invited>, token: Memo<String>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("accept_invitation", token.get_untracked());
    let Invited { name, email, organization, until, .. } = who.get_untracked();
    let help = texts.people_password_help(format::number(texts.language(), PASSWORD_MIN as i64));
    view! {
        <section class="sheet">
            <div class="in stack loose">
                <div class="stack">
                    <h1 class="h2">{texts.people_invitation_title(organization)}</h1>
                    <p class="muted">{texts.people_invitation_lead(&email, name)}</p>
                </div>
                <PostForm form=form class="stack" whole_page=true>
                    // For the browser's password manager: whose password this is.
                    <input type="text" name="username" autocomplete="username" value=email hidden/>
                    <NewPassword form=form help=help/>
                    <div class="row"><SubmitButton label=texts.people_choose_password() busy=form.pending/></div>
                </PostForm>
                <p class="small muted">{texts.people_invitation_until(format::date(texts.language(), until))}</p>
            </div>
        </section>
    }
}
