//! What a draft says about the programme itself: its name, where transfers go, its policies.

use domain::Language;
use domain::ids::CatalogueDraftId;
use domain::view::benefits::WhyNot;
use domain::view::catalogue::{
    DraftPage, DraftProgrammePage, DraftProgrammeQuery, PolicyRow, ProgrammeWords,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Texts;

use super::{PATH, Version, part, save};
use crate::components::{Choice, ChoiceGroup, LinkButton, TextArea, TextField};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::pages::operator::policy_words;
use crate::server_fns::catalogue::catalogue_programme;

/// What the names of the policies' fields begin with.
pub const POLICY: &str = "policy:";

/// The way to the programme on the draft's page.
pub(super) fn link(texts: Texts, page: &DraftPage) -> AnyView {
    let href = format!("{PATH}/{}/programme", page.row.id);
    view! {
        <section class="sheet narrow" id="programme">
            <div class="sheet-head"><h2>{texts.catalogue_programme()}</h2></div>
            <div class="in stack">
                <p>{texts.catalogue_programme_lead()}</p>
                <div class="row"><LinkButton href=href label=texts.catalogue_open_programme()/></div>
            </div>
        </section>
    }
    .into_any()
}

/// The page of the programme.
#[component]
pub fn Programme() -> impl IntoView {
    let parameters = use_params_map();
    let wanted = Memo::new(move |_| DraftProgrammeQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
    });
    load(move || wanted.get(), catalogue_programme, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftProgrammePage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    let head = Memo::new(move |_| page.with(|page| (page.row.id, page.row.title.clone())));
    let words = Memo::new(move |_| page.with(|page| (page.row.id, page.words.clone(), page.why_not.clone())));
    let policies =
        Memo::new(move |_| page.with(|page| (page.row.id, page.policies.clone(), page.why_not.clone())));
    view! {
        <Title text=texts.common_page_title(texts.catalogue_programme())/>
        <main class="page" id="main">
            {move || {
                let (draft, of) = head.get();
                part::head(texts, draft, of, texts.catalogue_programme().to_owned(), texts.catalogue_programme_lead())
            }}
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.catalogue_programme_texts()}</h2></div>
                <div class="in">
                    {move || {
                        let (draft, words, why_not) = words.get();
                        view! { <Words draft=draft words=words why_not=why_not version=version/> }
                    }}
                </div>
            </section>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.navigation_policies()}</h2></div>
                <div class="in stack">
                    <p>{texts.catalogue_policies_lead()}</p>
                    {move || {
                        let (draft, policies, why_not) = policies.get();
                        view! { <Policies draft=draft policies=policies why_not=why_not version=version/> }
                    }}
                </div>
            </section>
        </main>
    }
}

#[component]
fn Words(
    draft: CatalogueDraftId,
    words: [ProgrammeWords; 3],
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    let form = Form::of_what_stands("save_catalogue_programme", format!("{draft}:programme"));
    let languages = Language::ALL
        .iter()
        .zip(&words)
        .map(|(language, words)| words_of(texts, form, *language, words))
        .collect_view();
    view! {
        <PostForm form=form class="form">
            <Version version=version/>
            {languages}
            <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-texts")}</div>
        </PostForm>
    }
}

/// The texts in a language.
fn words_of(texts: Texts, form: Form, language: Language, words: &ProgrammeWords) -> AnyView {
    let tag = language.tag();
    let details = format!("bank_details.{tag}");
    let said = form.kept_named(&details).unwrap_or_else(|| words.bank_details.clone());
    view! {
        <fieldset class="form" lang=tag>
            <legend>{language.own_name()}</legend>
            {part::name_field(texts, form, "name", language, &words.name)}
            <TextArea
                id=form.fault_id(&details)
                name=details.clone()
                label=texts.find_catalogue_field("bank_details").unwrap_or_default()
                value=said
                help=texts.catalogue_bank_details_help()
                error=form.fault(details.clone())
                optional=true
            />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Policies(
    draft: CatalogueDraftId,
    policies: Vec<PolicyRow>,
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    let form = Form::of_what_stands("save_catalogue_policies", format!("{draft}:policies"));
    let fields = policies.iter().map(|policy| field_of(texts, form, policy)).collect_view();
    view! {
        <PostForm form=form class="stack loose">
            <Version version=version/>
            {fields}
            <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-policies")}</div>
        </PostForm>
    }
}

/// A policy: its values to choose from, or a number.
fn field_of(texts: Texts, form: Form, policy: &PolicyRow) -> AnyView {
    let name = format!("{POLICY}{}", policy.name);
    let value = form.kept_named(&name).or_else(|| policy.value.clone()).unwrap_or_default();
    let label = policy_words::label(texts, &policy.name);
    let help = policy_words::help(texts, &policy.name);
    let mut choices = policy_words::choices(texts, &policy.name);
    if choices.is_empty() {
        return view! {
            <TextField
                id=form.fault_id(&policy.name)
                name=name
                label=label
                value=value
                help=help.unwrap_or_default()
                error=form.fault(policy.name.clone())
                inputmode="numeric"
                maxlength=10_u32
            />
        }
        .into_any();
    }
    if policy.value.is_none() {
        choices.push(Choice::new("", texts.catalogue_policy_stays()));
    }
    let id = form.fault_id(&policy.name);
    let error = form.fault(policy.name.clone());
    let selected = vec![value];
    match help {
        Some(help) => view! {
            <ChoiceGroup id=id name=name label=label choices=choices selected=selected help=help error=error/>
        }
        .into_any(),
        None => view! {
            <ChoiceGroup id=id name=name label=label choices=choices selected=selected error=error/>
        }
        .into_any(),
    }
}
