//! A product of a draft: what it is, its texts in each language, its downloads.

use domain::benefit::{ProductKind, Unit};
use domain::catalogue::{OPERATING_SYSTEMS, PACKAGE_LANGUAGES};
use domain::ids::CatalogueDraftId;
use domain::view::benefits::WhyNot;
use domain::view::catalogue::{DraftProductPage, DraftProductQuery, ProductForm, ProductWords};
use domain::{Field, Language};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::Texts;

use super::{Version, part, save};
use crate::components::{ButtonTone, Choice, Confirm, SelectField, SubmitButton, TextArea, TextField};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::catalogue::catalogue_product;

/// The page of a product.
#[component]
pub fn Product() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let wanted = Memo::new(move |_| DraftProductQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
        product: query.with(|map| map.get("code")).unwrap_or_default().chars().take(200).collect(),
    });
    load(move || wanted.get(), catalogue_product, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftProductPage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    let shown = Memo::new(move |_| {
        page.with(|page| (page.row.id, page.row.title.clone(), page.product.clone(), page.why_not.clone()))
    });
    move || {
        shown.with(|(draft, of, product, why_not)| {
            let at = Language::ALL.iter().position(|language| *language == texts.language()).unwrap_or(0);
            let title = match product {
                Some(product) => product.words.get(at).map(|words| words.name.clone()).unwrap_or_default(),
                None => texts.catalogue_new_product().to_owned(),
            };
            let edit = view! {
                <Edit draft=*draft product=product.clone() why_not=why_not.clone() version=version/>
            };
            view! {
                // What somebody typed doesn't stand there: the title of a page isn't escaped.
                <Title text=texts.common_page_title(texts.catalogue_column_product())/>
                <main class="page" id="main">
                    {part::head(texts, *draft, of.clone(), title, texts.catalogue_product_lead())}
                    <section class="sheet narrow">
                        <div class="in stack">{edit}</div>
                    </section>
                </main>
            }
        })
    }
}

fn code_words(texts: Texts, kind: ProductKind) -> String {
    texts.find_product_kind(kind.code()).unwrap_or_default().to_owned()
}

#[component]
fn Edit(
    draft: CatalogueDraftId,
    product: Option<ProductForm>,
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    let known = product.is_some();
    let product = product.unwrap_or(ProductForm {
        code: String::new(),
        kind: ProductKind::Subscription,
        unit: Unit::Seat,
        activations: String::new(),
        key_format: String::new(),
        portal_url: String::new(),
        words: Default::default(),
        downloads: String::new(),
    });
    let target = format!("{draft}:{}", product.code);
    // What is new shows nothing that somebody else could have changed.
    let form = if known {
        Form::of_what_stands("save_catalogue_product", &target)
    } else {
        Form::new("save_catalogue_product", &target)
    };
    let kept =
        move |name: &str, otherwise: &str| form.kept_named(name).unwrap_or_else(|| otherwise.to_owned());
    let what = if known {
        let unit = texts.find_unit_word(product.unit.code()).unwrap_or_default();
        view! {
            <input type="hidden" name="product_code" value=product.code.clone()/>
            <input type="hidden" name="kind" value=product.kind.code()/>
            <input type="hidden" name="unit" value=product.unit.code()/>
            <dl class="facts">
                <div><dt>{texts.catalogue_product_code()}</dt><dd><code>{product.code.clone()}</code></dd></div>
                <div><dt>{texts.catalogue_product_kind()}</dt><dd>{code_words(texts, product.kind)}</dd></div>
                <div><dt>{texts.catalogue_product_unit()}</dt><dd>{unit}</dd></div>
            </dl>
        }
        .into_any()
    } else {
        let kinds =
            ProductKind::ALL.iter().map(|kind| Choice::new(kind.code(), code_words(texts, *kind))).collect();
        let (taken, used) = (form.field_error(Field::Code), form.fault("code"));
        let code_error = Signal::derive(move || taken.get().or_else(|| used.get()));
        let units = Unit::ALL
            .iter()
            .map(|unit| Choice::new(unit.code(), texts.find_unit_word(unit.code()).unwrap_or_default()))
            .collect();
        view! {
            <TextField
                id=form.fault_id("code")
                name="product_code"
                label=texts.catalogue_product_code()
                value=kept("product_code", "")
                help=texts.catalogue_product_code_help()
                error=code_error
                maxlength=60_u32
                required=true
            />
            <SelectField
                id="product-kind"
                name="kind"
                label=texts.catalogue_product_kind()
                choices=kinds
                selected=kept("kind", product.kind.code())
                required=true
            />
            <SelectField
                id="product-unit"
                name="unit"
                label=texts.catalogue_product_unit()
                choices=units
                selected=kept("unit", product.unit.code())
                required=true
            />
        }
        .into_any()
    };
    let several = !known || product.kind == ProductKind::MultipleActivationKey;
    let keys = !known || product.kind.has_key();
    let downloads = !known || product.kind.has_download();
    let languages = Language::ALL
        .iter()
        .zip(&product.words)
        .map(|(language, words)| words_of(texts, form, *language, words))
        .collect_view();
    let remove = (known && why_not.is_none()).then(|| {
        let name = product.words.first().map(|words| words.name.clone()).unwrap_or_default();
        view! { <Remove target=target code=product.code.clone() name=name version=version/> }
    });
    view! {
        <PostForm form=form class="form">
            <Version version=version/>
            {what}
            {several.then(|| view! {
                <TextField
                    id=form.id(Field::Quantity)
                    name="activations"
                    label=texts.catalogue_product_activations()
                    value=kept("activations", &product.activations)
                    help=texts.catalogue_product_activations_help()
                    error=form.field_error(Field::Quantity)
                    inputmode="numeric"
                    maxlength=10_u32
                    optional=true
                />
            })}
            {keys.then(|| view! {
                <TextField
                    id="product-key-format"
                    name="key_format"
                    label=texts.catalogue_product_key_format()
                    value=kept("key_format", &product.key_format)
                    help=texts.catalogue_product_key_format_help()
                    maxlength=80_u32
                    optional=true
                />
            })}
            <TextField
                id="product-portal"
                name="portal_url"
                label=texts.catalogue_product_portal()
                value=kept("portal_url", &product.portal_url)
                help=texts.catalogue_product_portal_help()
                inputmode="url"
                maxlength=1000_u32
                optional=true
            />
            {languages}
            {downloads.then(|| view! {
                <TextArea
                    id="product-downloads"
                    name="downloads"
                    label=texts.catalogue_product_downloads()
                    value=kept("downloads", &product.downloads)
                    help=downloads_help(texts)
                    optional=true
                />
            })}
            <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-product")}</div>
        </PostForm>
        {remove}
    }
}

/// What a line of the downloads says, and what there is to choose from.
fn downloads_help(texts: Texts) -> String {
    texts.catalogue_product_downloads_help(PACKAGE_LANGUAGES.join(", "), OPERATING_SYSTEMS.join(", "))
}

/// The texts in a language.
fn words_of(texts: Texts, form: Form, language: Language, words: &ProductWords) -> AnyView {
    let tag = language.tag();
    let name = move |field: &str| format!("{field}.{tag}");
    let kept = move |field: &str, otherwise: &str| {
        form.kept_named(&name(field)).unwrap_or_else(|| otherwise.to_owned())
    };
    view! {
        <fieldset class="form" lang=tag>
            <legend>{language.own_name()}</legend>
            <TextField
                id=format!("product-name-{tag}")
                name=name("name")
                label=texts.find_catalogue_field("name").unwrap_or_default()
                value=kept("name", &words.name)
                maxlength=120_u32
                required=true
            />
            <TextField
                id=format!("product-summary-{tag}")
                name=name("summary")
                label=texts.find_catalogue_field("summary").unwrap_or_default()
                value=kept("summary", &words.summary)
                maxlength=1000_u32
                required=true
            />
            <TextArea
                id=format!("product-instructions-{tag}")
                name=name("instructions")
                label=texts.find_catalogue_field("instructions").unwrap_or_default()
                value=kept("instructions", &words.instructions)
                help=texts.catalogue_product_instructions_help()
                required=true
            />
            <TextArea
                id=format!("product-guidance-{tag}")
                name=name("guidance")
                label=texts.find_catalogue_field("guidance").unwrap_or_default()
                value=kept("guidance", &words.guidance)
                optional=true
            />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Remove(target: String, code: String, name: String, version: Signal<i64>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("remove_catalogue_product", target);
    let confirmed = move || {
        view! {
            <PostForm form=form>
                <Version version=version/>
                <input type="hidden" name="product_code" value=code/>
                <SubmitButton
                    label=texts.catalogue_remove_product()
                    tone=ButtonTone::DangerPrimary
                    busy=form.pending
                />
            </PostForm>
        }
    };
    view! {
        <Confirm
            id="remove-product"
            label=texts.catalogue_remove_product()
            tone=ButtonTone::Danger
            question=texts.catalogue_remove_question(name)
            form=confirmed
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
        >
            <p>{texts.catalogue_remove_text()}</p>
        </Confirm>
    }
}
