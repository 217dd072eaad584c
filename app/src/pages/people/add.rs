//! Adding a user.

use domain::view::people::AddUserPage;
use domain::{Field, Language, Role};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{INVITATION_DAYS, SetupNotice, role_choices};
use crate::components::{
    Choice, ChoiceGroup, DisabledButton, EmailField, LinkButton, SelectField, SubmitButton, TextField, Why,
    WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::{language, texts};
use crate::load::load;
use crate::server_fns::people::add_user_page;
use crate::words;

/// **Add user**; `then` in the address says where to go on with the new person chosen (rule 11).
#[component]
pub fn AddUser() -> impl IntoView {
    load(|| (), |()| add_user_page(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<AddUserPage>) -> impl IntoView {
    let texts = texts();
    let then = use_query_map().get_untracked().get("then").unwrap_or_default();
    let why_not = Memo::new(move |_| page.with(|page| page.why_not.clone()));
    let setup = Signal::derive(move || page.with(|page| page.setup.clone()));
    view! {
        <Title text=texts.common_page_title(texts.navigation_add_user())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li><a href="/account/users">{texts.navigation_user_management()}</a></li>
                        <li aria-current="page">{texts.navigation_add_user()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{texts.navigation_add_user()}</h1>
                        <p>{texts.people_add_lead(INVITATION_DAYS)}</p>
                    </div>
                </div>
            </div>
            <SetupNotice setup=setup with_form=false/>
            <section class="sheet narrow">
                <div class="in">
                    {move || match why_not.get() {
                        Some(error) => view! {
                            <div class="stack">
                                <DisabledButton label=texts.navigation_add_user() describedby="no-add"/>
                                <Why id="no-add" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                            </div>
                        }
                            .into_any(),
                        None => view! { <Fields page=page then=then.clone()/> }.into_any(),
                    }}
                </div>
            </section>
        </main>
    }
}

#[component]
fn Fields(page: Signal<AddUserPage>, then: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("add_user", "");
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    let languages = Language::ALL.map(|language| Choice::new(language.tag(), language.own_name())).to_vec();
    let back = if then.is_empty() { "/account/users".to_owned() } else { then.clone() };
    let comes_back = !then.is_empty();
    let roles = if form.error.with_untracked(Option::is_some) {
        form.kept_all(Field::Roles)
    } else {
        vec![Role::Employee.code().to_owned()]
    };
    view! {
        <PostForm form=form class="form">
            <input type="hidden" name="then" value=then/>
            <TextField
                id=form.id(Field::Name)
                name=Field::Name.code()
                label=label(Field::Name)
                value=form.value(Field::Name, "")
                error=form.field_error(Field::Name)
                autocomplete="off"
                maxlength=120_u32
                required=true
            />
            <EmailField
                id=form.id(Field::Email)
                name=Field::Email.code()
                label=label(Field::Email)
                value=form.value(Field::Email, "")
                error=form.field_error(Field::Email)
                autocomplete="off"
                required=true
            />
            <SelectField
                id=form.id(Field::Language)
                name=Field::Language.code()
                label=texts.people_language()
                choices=languages
                selected=form.value(Field::Language, language().tag())
                error=form.field_error(Field::Language)
            />
            <ChoiceGroup
                id=form.id(Field::Roles)
                name=Field::Roles.code()
                label=label(Field::Roles)
                choices=page.with_untracked(|page| role_choices(&page.grantable))
                selected=roles
                several=true
                help=texts.people_roles_help()
                error=form.field_error(Field::Roles)
            />
            <div class="form-foot">
                <div class="row">
                    <SubmitButton label=texts.navigation_add_user() busy=form.pending/>
                    <LinkButton href=safe(&back) label=texts.common_back()/>
                </div>
                {comes_back.then(|| view! { <p class="small muted">{texts.people_add_then()}</p> })}
            </div>
        </PostForm>
    }
}

/// A path of this portal, whatever the address says.
fn safe(path: &str) -> String {
    let fits = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if fits { path.to_owned() } else { "/account/users".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn back_never_leads_away() {
        assert_eq!(safe("/benefits/cloud?open=1"), "/benefits/cloud?open=1");
        for path in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
            assert_eq!(safe(path), "/account/users", "{path}");
        }
    }
}
