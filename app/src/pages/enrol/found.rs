//! Behind the link to the founder: a password, the company's directory, or the account that is there.

use domain::Field;
use domain::enrolment::Step;
use domain::password::PASSWORD_MIN;
use domain::view::enrolment::FoundingPage;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use locales::format;

use super::shell::Shell;
use crate::components::{ButtonTone, LinkButton, Notice, PasswordField, SubmitButton, TextField, Tone};
use crate::forms::{Form, NewPassword, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::enrolment::founding;

/// The page behind the link to the founder.
#[component]
pub fn Found() -> impl IntoView {
    let parameters = use_params_map();
    let token = Memo::new(move |_| parameters.get().get("token").unwrap_or_default());
    load(move || token.get(), founding, move |page| view! { <Page page=page token=token/> })
}

#[component]
fn Page(page: Signal<FoundingPage>, token: Memo<String>) -> impl IntoView {
    let texts = texts();
    let FoundingPage { name, email, domain, until, redirect_uri, has_account, is_reader, other_reader } =
        page.get_untracked();
    let token = token.get_untracked();
    let content = if has_account {
        view! { <WithAccount token=token email=email.clone() is_reader=is_reader other_reader=other_reader/> }
            .into_any()
    } else {
        view! {
            <ByPassword token=token.clone() email=email.clone()/>
            <ByDirectory token=token redirect_uri=redirect_uri/>
        }
        .into_any()
    };
    view! {
        <Shell
            programme=texts.common_product_name().to_owned()
            title=texts.enrol_found_title(&domain)
            lead=texts.enrol_found_lead(&email, &name)
            signed_in=is_reader || other_reader
            step=(Step::Account, Step::Account)
        >
            {content}
            <p class="small muted">{texts.people_invitation_until(format::date(texts.language(), until))}</p>
        </Shell>
    }
}

#[component]
fn WithAccount(token: String, email: String, is_reader: bool, other_reader: bool) -> impl IntoView {
    let texts = texts();
    if is_reader {
        let form = Form::new("found_by_account", token);
        return view! {
            <PostForm form=form class="stack" whole_page=true>
                <p>{texts.enrol_found_account(email)}</p>
                <div class="row"><SubmitButton label=texts.enrol_found_go_on() busy=form.pending/></div>
            </PostForm>
        }
        .into_any();
    }
    if other_reader {
        let form = Form::new("sign_out", "enrolment");
        return view! {
            <Notice tone=Tone::Info>
                <p>{texts.enrol_found_other(email)}</p>
                <PostForm form=form whole_page=true>
                    <div class="row">
                        <SubmitButton
                            label=texts.navigation_sign_out()
                            tone=ButtonTone::Secondary
                            busy=form.pending
                        />
                    </div>
                </PostForm>
            </Notice>
        }
        .into_any();
    }
    let query = serde_html_form::to_string([("then", format!("/enrol/link/{token}"))]).unwrap_or_default();
    view! {
        <Notice tone=Tone::Info>
            <p>{texts.enrol_found_has_account(email)}</p>
            <div class="row">
                <LinkButton href=format!("/sign-in?{query}") label=texts.navigation_sign_in()/>
            </div>
        </Notice>
    }
    .into_any()
}

#[component]
fn ByPassword(token: String, email: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("found_by_password", token);
    let help = texts.people_password_help(format::number(texts.language(), PASSWORD_MIN as i64));
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_found_password()}</h2></div>
            <div class="in">
                <PostForm form=form class="stack" whole_page=true>
                    // For the browser's password manager: whose password this is.
                    <input type="text" name="username" autocomplete="username" value=email hidden/>
                    <NewPassword form=form help=help/>
                    <div class="row"><SubmitButton label=texts.enrol_found_go_on() busy=form.pending/></div>
                </PostForm>
            </div>
        </section>
    }
}

#[component]
fn ByDirectory(token: String, redirect_uri: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("found_by_directory", token);
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    view! {
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.enrol_found_directory()}</h2></div>
            <div class="in stack">
                <p class="muted">{texts.enrol_found_directory_lead()}</p>
                <p>{texts.enrol_found_redirect()} " " <code class="break">{redirect_uri}</code></p>
                <PostForm form=form class="stack" whole_page=true>
                    <TextField
                        id=form.id(Field::Issuer)
                        name=Field::Issuer.code()
                        label=label(Field::Issuer)
                        value=form.value(Field::Issuer, "")
                        error=form.field_error(Field::Issuer)
                        kind="url"
                        autocomplete="off"
                        required=true
                    />
                    <TextField
                        id=form.id(Field::ClientId)
                        name=Field::ClientId.code()
                        label=label(Field::ClientId)
                        value=form.value(Field::ClientId, "")
                        error=form.field_error(Field::ClientId)
                        autocomplete="off"
                        required=true
                    />
                    <PasswordField
                        id=form.id(Field::ClientSecret)
                        name=Field::ClientSecret.code()
                        label=label(Field::ClientSecret)
                        error=form.field_error(Field::ClientSecret)
                        new=true
                    />
                    <div class="row">
                        <SubmitButton
                            label=texts.enrol_found_at_directory()
                            tone=ButtonTone::Secondary
                            busy=form.pending
                        />
                    </div>
                </PostForm>
            </div>
        </section>
    }
}
