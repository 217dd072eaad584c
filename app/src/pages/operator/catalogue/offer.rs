//! Offers of a draft: their list on its page, and a page for each with price and texts.

use domain::Language;
use domain::catalogue::OfferTier;
use domain::ids::CatalogueDraftId;
use domain::view::benefits::WhyNot;
use domain::view::catalogue::{
    DraftOfferPage, DraftOfferQuery, DraftOfferRow, DraftPage, DraftTierRow, OfferForm, OfferWords,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::{Texts, format};

use super::{PATH, Version, part, save};
use crate::components::{
    ButtonTone, Choice, Column, Confirm, Empty, Ledger, LinkButton, SelectField, SubmitButton, TextArea,
    TextField,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::catalogue::catalogue_offer;
use crate::words;

/// The offers on the draft's page.
pub(super) fn list(texts: Texts, page: &DraftPage) -> AnyView {
    let draft = page.row.id.to_string();
    let add = page.why_not.is_none().then(|| {
        let href = format!("{PATH}/{draft}/offer");
        view! { <div class="row"><LinkButton href=href label=texts.catalogue_new_offer()/></div> }
    });
    let table = if page.offers.is_empty() {
        view! { <Empty title=texts.catalogue_no_offers()/> }.into_any()
    } else {
        let rows = page.offers.iter().map(|offer| row(texts, &draft, &page.tiers, offer)).collect_view();
        view! {
            <Ledger
                caption=texts.catalogue_offers()
                columns=vec![
                    Column::new(texts.common_name()),
                    Column::new(texts.find_catalogue_field("tier").unwrap_or_default()),
                    Column::new(texts.catalogue_column_price()),
                ]
            >
                {rows}
            </Ledger>
        }
        .into_any()
    };
    view! {
        <section class="sheet" id="offers">
            <div class="sheet-head"><h2>{texts.catalogue_offers()}</h2></div>
            <div class="in stack"><p>{texts.catalogue_offers_lead()}</p>{add}</div>
            {table}
        </section>
    }
    .into_any()
}

fn tier_name(tiers: &[DraftTierRow], tier: OfferTier) -> String {
    let row = tiers.iter().find(|row| row.code == tier);
    row.map_or_else(|| tier.code().to_owned(), |row| row.name.clone())
}

fn row(texts: Texts, draft: &str, tiers: &[DraftTierRow], row: &DraftOfferRow) -> AnyView {
    let href = format!("{PATH}/{draft}/offer?code={}", words::encode(&row.code));
    let price = format::money(texts.language(), row.price_minor, &row.currency);
    view! {
        <tr role="row">
            <th role="rowheader" scope="row"><a href=href>{row.name.clone()}</a></th>
            <td role="cell" data-label=texts.find_catalogue_field("tier").unwrap_or_default()>
                {tier_name(tiers, row.tier)}
            </td>
            <td role="cell" data-label=texts.catalogue_column_price()>{price}</td>
        </tr>
    }
    .into_any()
}

/// The page of an offer.
#[component]
pub fn Offer() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let wanted = Memo::new(move |_| DraftOfferQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
        offer: query.with(|map| map.get("code")).unwrap_or_default().chars().take(200).collect(),
    });
    load(move || wanted.get(), catalogue_offer, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftOfferPage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    let shown = Memo::new(move |_| {
        page.with(|page| {
            let (offer, tiers) = (page.offer.clone(), page.tiers.clone());
            (page.row.id, page.row.title.clone(), offer, tiers, page.why_not.clone())
        })
    });
    move || {
        shown.with(|(draft, of, offer, tiers, why_not)| {
            let at = Language::ALL.iter().position(|language| *language == texts.language()).unwrap_or(0);
            let title = match offer {
                Some(offer) => offer.words.get(at).map(|words| words.name.clone()).unwrap_or_default(),
                None => texts.catalogue_new_offer().to_owned(),
            };
            let edit = view! {
                <Edit
                    draft=*draft
                    offer=offer.clone()
                    tiers=tiers.clone()
                    why_not=why_not.clone()
                    version=version
                />
            };
            view! {
                <Title text=texts.common_page_title(texts.catalogue_offer())/>
                <main class="page" id="main">
                    {part::head(texts, *draft, of.clone(), title, texts.catalogue_offer_lead())}
                    <section class="sheet narrow">
                        <div class="in stack">{edit}</div>
                    </section>
                </main>
            }
        })
    }
}

#[component]
fn Edit(
    draft: CatalogueDraftId,
    offer: Option<OfferForm>,
    tiers: Vec<DraftTierRow>,
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    let known = offer.is_some();
    let offer = offer.unwrap_or(OfferForm {
        code: String::new(),
        tier: OfferTier::Isv,
        price: String::new(),
        currency: String::new(),
        words: Default::default(),
    });
    let target = format!("{draft}:{}", offer.code);
    // What is new shows nothing that somebody else could have changed.
    let form = if known {
        Form::of_what_stands("save_catalogue_offer", &target)
    } else {
        Form::new("save_catalogue_offer", &target)
    };
    let kept =
        move |name: &str, otherwise: &str| form.kept_named(name).unwrap_or_else(|| otherwise.to_owned());
    let what = if known {
        view! {
            <input type="hidden" name="tier" value=offer.tier.code()/>
            <dl class="facts">
                <div><dt>{texts.catalogue_product_code()}</dt><dd><code>{offer.code.clone()}</code></dd></div>
                <div>
                    <dt>{texts.find_catalogue_field("tier").unwrap_or_default()}</dt>
                    <dd>{tier_name(&tiers, offer.tier)}</dd>
                </div>
            </dl>
        }
        .into_any()
    } else {
        let tiers = tiers.into_iter().map(|tier| Choice::new(tier.code.code(), tier.name)).collect();
        view! {
            <TextField
                id=form.fault_id("code")
                name="offer_code"
                label=texts.catalogue_product_code()
                value=kept("offer_code", "")
                help=texts.catalogue_product_code_help()
                error=form.fault("code")
                maxlength=60_u32
                required=true
            />
            <SelectField
                id=form.fault_id("tier")
                name="tier"
                label=texts.find_catalogue_field("tier").unwrap_or_default()
                choices=tiers
                selected=kept("tier", offer.tier.code())
                help=texts.catalogue_offer_tier_help()
                error=form.fault("tier")
                required=true
            />
        }
        .into_any()
    };
    let languages = Language::ALL
        .iter()
        .zip(&offer.words)
        .map(|(language, words)| words_of(texts, form, *language, words))
        .collect_view();
    let remove = (known && why_not.is_none()).then(|| {
        let name = offer.words.first().map(|words| words.name.clone()).unwrap_or_default();
        view! { <Remove target=target name=name version=version/> }
    });
    view! {
        <PostForm form=form class="form">
            <Version version=version/>
            {what}
            <TextField
                id=form.fault_id("price_minor")
                name="price"
                label=texts.find_catalogue_field("price_minor").unwrap_or_default()
                value=kept("price", &offer.price)
                help=texts.catalogue_offer_price_help()
                error=form.fault("price_minor")
                inputmode="decimal"
                maxlength=16_u32
                required=true
            />
            <TextField
                id=form.fault_id("currency")
                name="currency"
                label=texts.find_catalogue_field("currency").unwrap_or_default()
                value=kept("currency", &offer.currency)
                help=texts.catalogue_offer_currency_help()
                error=form.fault("currency")
                maxlength=3_u32
                required=true
            />
            {languages}
            <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-offer")}</div>
        </PostForm>
        {remove}
    }
}

/// The texts in a language.
fn words_of(texts: Texts, form: Form, language: Language, words: &OfferWords) -> AnyView {
    let tag = language.tag();
    let description = format!("description.{tag}");
    let said = form.kept_named(&description).unwrap_or_else(|| words.description.clone());
    view! {
        <fieldset class="form" lang=tag>
            <legend>{language.own_name()}</legend>
            {part::name_field(texts, form, "name", language, &words.name)}
            <TextArea
                id=form.fault_id(&description)
                name=description.clone()
                label=texts.find_catalogue_field("description").unwrap_or_default()
                value=said
                error=form.fault(description.clone())
                maxlength=1000_u32
                required=true
            />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Remove(target: String, name: String, version: Signal<i64>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("remove_catalogue_offer", target);
    let confirmed = move || {
        view! {
            <PostForm form=form>
                <Version version=version/>
                <SubmitButton
                    label=texts.catalogue_remove_offer()
                    tone=ButtonTone::DangerPrimary
                    busy=form.pending
                />
            </PostForm>
        }
    };
    view! {
        <Confirm
            id="remove-offer"
            label=texts.catalogue_remove_offer()
            tone=ButtonTone::Danger
            question=texts.catalogue_remove_question(name)
            form=confirmed
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
        >
            <p>{texts.catalogue_remove_offer_text()}</p>
        </Confirm>
    }
}
