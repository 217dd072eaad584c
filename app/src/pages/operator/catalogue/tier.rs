//! What a draft calls the tiers: their list on its page, and a page for each with its names.

use domain::Language;
use domain::catalogue::OfferTier;
use domain::ids::CatalogueDraftId;
use domain::view::benefits::WhyNot;
use domain::view::catalogue::{DraftPage, DraftTierPage, DraftTierQuery, DraftTierRow, SOURCES, TierWords};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use locales::Texts;

use super::{PATH, Version, part, save};
use crate::components::{Column, Ledger};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::catalogue::catalogue_tier;

/// What each of the core sources is called, in their order.
pub(super) fn source_names(tiers: &[DraftTierRow]) -> Vec<String> {
    SOURCES
        .iter()
        .map(|source| {
            let tier = tiers.iter().find(|tier| tier.code.source() == *source);
            tier.map_or_else(|| source.code().to_owned(), |tier| tier.source_name.clone())
        })
        .collect()
}

/// The tiers on the draft's page.
pub(super) fn list(texts: Texts, page: &DraftPage) -> AnyView {
    let draft = page.row.id;
    let [name, source_name] = columns(texts);
    let rows = page
        .tiers
        .iter()
        .map(|tier| {
            let href = format!("{PATH}/{draft}/tiers/{}", tier.code.code());
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row"><a href=href>{tier.name.clone()}</a></th>
                    <td role="cell" data-label=source_name>{tier.source_name.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="sheet" id="tiers">
            <div class="sheet-head"><h2>{texts.catalogue_tiers()}</h2></div>
            <div class="in stack"><p>{texts.catalogue_tiers_lead()}</p></div>
            <Ledger
                caption=texts.catalogue_tiers()
                columns=vec![Column::new(name), Column::new(source_name)]
            >
                {rows}
            </Ledger>
        </section>
    }
    .into_any()
}

/// The words for the two names.
fn columns(texts: Texts) -> [&'static str; 2] {
    ["name", "source_name"].map(|field| texts.find_catalogue_field(field).unwrap_or_default())
}

/// The page of a tier.
#[component]
pub fn Tier() -> impl IntoView {
    let parameters = use_params_map();
    let wanted = Memo::new(move |_| DraftTierQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
        tier: parameters.with(|map| map.get("tier").and_then(|code| OfferTier::from_code(&code))),
    });
    load(move || wanted.get(), catalogue_tier, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftTierPage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    let back = Memo::new(move |_| page.with(|page| (page.row.id, page.row.title.clone())));
    let title = Memo::new(move |_| page.with(|page| page.tier.name.clone()));
    let named = Memo::new(move |_| {
        page.with(|page| (page.row.id, page.tier.code, page.words.clone(), page.why_not.clone()))
    });
    view! {
        <Title text=texts.common_page_title(texts.catalogue_tier())/>
        <main class="page" id="main">
            {move || {
                let (draft, of) = back.get();
                part::head(texts, draft, of, title.get(), texts.catalogue_tier_lead())
            }}
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.common_name()}</h2></div>
                <div class="in">
                    {move || {
                        let (draft, tier, words, why_not) = named.get();
                        view! { <Names draft=draft tier=tier words=words why_not=why_not version=version/> }
                    }}
                </div>
            </section>
        </main>
    }
}

/// The form for its names.
#[component]
fn Names(
    draft: CatalogueDraftId,
    tier: OfferTier,
    words: [TierWords; 3],
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    let form = Form::of_what_stands("name_catalogue_tier", format!("{draft}:{}", tier.code()));
    let languages = Language::ALL
        .iter()
        .zip(&words)
        .map(|(language, words)| words_of(texts, form, *language, words))
        .collect_view();
    view! {
        <PostForm form=form class="form">
            <Version version=version/>
            {languages}
            <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-names")}</div>
        </PostForm>
    }
}

/// The names in a language.
fn words_of(texts: Texts, form: Form, language: Language, words: &TierWords) -> AnyView {
    let name = |field, said| part::name_field(texts, form, field, language, said);
    view! {
        <fieldset class="form" lang=language.tag()>
            <legend>{language.own_name()}</legend>
            {name("name", &words.name)}
            {name("source_name", &words.source_name)}
        </fieldset>
    }
    .into_any()
}
