//! Legal profile and primary contact of a member, kept up to date.

use domain::view::enrolment::LegalProfilePage;
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use super::enrol::{ProfileFields, facts};
use crate::components::{SubmitButton, Why, WhyKind};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::enrolment::legal_profile;
use crate::words;

/// The page **Legal business profile**.
#[component]
pub fn LegalProfile() -> impl IntoView {
    load(|| (), |()| legal_profile(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<LegalProfilePage>) -> impl IntoView {
    let texts = texts();
    let page = Memo::new(move |_| page.get());
    view! {
        <Title text=texts.common_page_title(texts.enrol_legal_profile())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/membership">{texts.navigation_membership()}</a></li>
                        <li aria-current="page">{texts.enrol_legal_profile()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{texts.enrol_legal_profile()}</h1><p>{texts.legal_profile_lead()}</p></div>
                </div>
            </div>
            {move || view! { <Content page=page.get()/> }}
        </main>
    }
}

#[component]
fn Content(page: LegalProfilePage) -> impl IntoView {
    let texts = texts();
    let LegalProfilePage { profile, version, saved, why_not } = page;
    let saved = match saved {
        Some((by, day)) => texts.legal_profile_saved(by, format::date(texts.language(), day)),
        None => texts.legal_profile_none().to_owned(),
    };
    let saved = view! { <p class="muted">{saved}</p> };
    if let Some(error) = why_not {
        let known = (version > 0).then(|| facts(texts, &profile));
        return view! {
            <section class="sheet narrow">
                <div class="in stack">
                    {saved}
                    {known}
                    <Why kind=WhyKind::Right text=words::refusal(texts, &error)/>
                </div>
            </section>
        }
        .into_any();
    }
    let form = Form::new("change_legal_profile", "");
    view! {
        {saved}
        <PostForm form=form class="stack loose">
            <input type="hidden" name="version" value=version/>
            <ProfileFields form=form profile=profile contact_lead=texts.legal_profile_contact_lead()/>
            <div class="row"><SubmitButton label=texts.common_save() busy=form.pending/></div>
        </PostForm>
    }
    .into_any()
}
