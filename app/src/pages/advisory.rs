//! The form for presales assistance and advisory hours (rule 15).

use domain::Field;
use domain::support::{ANSWER_MAX, DESCRIPTION_MAX, Environment, Phase, TITLE_MAX};
use domain::text::ENGAGEMENT_HOURS_MAX;
use domain::view::technical::{AdvisoryPage, ChargeChoice};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use super::requests::service_rows;
use crate::components::{
    Choice, ChoiceGroup, Empty, Notice, SelectField, SubmitButton, TextArea, TextField, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::requests::advisory;
use crate::words;

/// The request form.
#[component]
pub fn Advisory() -> impl IntoView {
    let parameters = use_query_map();
    let grant = Memo::new(move |_| parameters.get().get("grant").filter(|grant| !grant.is_empty()));
    load(move || grant.get(), advisory, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<AdvisoryPage>) -> impl IntoView {
    let texts = texts();
    let requests = Memo::new(move |_| page.with(|page| page.requests.clone()));
    let days = page.with_untracked(|page| page.target_days);
    view! {
        <Title text=texts.common_page_title(texts.technical_form_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/requests">{texts.requests_title()}</a></li>
                        <li aria-current="page">{texts.technical_form_heading()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{texts.technical_form_title()}</h1><p>{texts.technical_form_lead(days)}</p></div>
                </div>
            </div>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.technical_form_heading()}</h2></div>
                {body(texts, page)}
            </section>
            {move || {
                let rows = requests.get();
                (!rows.is_empty())
                    .then(|| {
                        view! {
                            <section class="sheet">
                                <div class="sheet-head"><h2>{texts.technical_form_requests()}</h2></div>
                                {service_rows(texts.technical_form_requests(), rows)}
                            </section>
                        }
                    })
            }}
        </main>
    }
}

fn body(texts: Texts, page: Signal<AdvisoryPage>) -> AnyView {
    let first = page.get_untracked();
    if let Some(error) = first.why_not {
        return view! {
            <div class="in"><Why kind=WhyKind::Right text=words::refusal(texts, &error)/></div>
        }
        .into_any();
    }
    if first.grants.is_empty() {
        let tiers = format::list_and(texts.language(), &first.available_to);
        let text = texts.technical_form_none_text(tiers);
        return view! { <Empty title=texts.technical_form_none_title() text=text/> }.into_any();
    }
    let form = Form::new("submit_advisory", "");
    let days = first.target_days;
    view! {
        {move || match form.done.get() {
            Some(done) => view! {
                <div class="in stack">
                    <Notice tone=Tone::Good role="status">
                        <p><b>{texts.technical_submitted_title()}</b></p>
                        <p>{done.message}</p>
                        <p>{texts.technical_submitted_next(days)}</p>
                    </Notice>
                    <div class="row">
                        // A full load: the next request is another operation.
                        <a class="button" href="/technical-request" rel="external">{texts.technical_another()}</a>
                    </div>
                </div>
            }
            .into_any(),
            None => view! { <Fields form=form page=page/> }.into_any(),
        }}
    }
    .into_any()
}

fn charge(texts: Texts, grant: ChargeChoice) -> Choice {
    let source = locales::source(texts, &grant.source, grant.source_name.as_deref());
    let text = match grant.left {
        None => texts.technical_charged_unlimited(grant.name, source),
        Some(left) => {
            texts.technical_charged_left(format::number(texts.language(), left), grant.name, source)
        }
    };
    match grant.why_closed {
        None => Choice::new(grant.grant, text),
        Some(error) => Choice::refused(grant.grant, text, words::refusal(texts, &error)),
    }
}

#[component]
fn Fields(form: Form, page: Signal<AdvisoryPage>) -> impl IntoView {
    let texts = texts();
    let first = page.get_untracked();
    let phases = [
        (Phase::Presales, texts.technical_phase_presales()),
        (Phase::Design, texts.technical_phase_design()),
        (Phase::Deployment, texts.technical_phase_deployment()),
        (Phase::AppDevelopment, texts.technical_phase_app_development()),
    ];
    let phases: Vec<Choice> =
        phases.into_iter().map(|(phase, text)| Choice::new(phase.code(), text)).collect();
    let environments = [
        (Environment::Cloud, texts.technical_environment_cloud()),
        (Environment::Hybrid, texts.technical_environment_hybrid()),
    ];
    let environments: Vec<Choice> =
        environments.into_iter().map(|(place, text)| Choice::new(place.code(), text)).collect();
    let grants: Vec<Choice> = first.grants.into_iter().map(|grant| charge(texts, grant)).collect();
    let answer = limit(ANSWER_MAX);
    view! {
        <PostForm form=form class="form in" label=texts.technical_form_heading()>
            <ChoiceGroup
                id=form.id(Field::Phase)
                name=Field::Phase.code()
                label=texts.technical_phase()
                choices=phases
                selected=form.kept_all(Field::Phase)
                error=form.field_error(Field::Phase)
            />
            <ChoiceGroup
                id=form.id(Field::Environment)
                name=Field::Environment.code()
                label=texts.technical_environment()
                choices=environments
                selected=form.kept_all(Field::Environment)
                error=form.field_error(Field::Environment)
            />
            <TextField
                id=form.id(Field::Title)
                name=Field::Title.code()
                label=texts.technical_case_title()
                value=form.value(Field::Title, "")
                error=form.field_error(Field::Title)
                maxlength=limit(TITLE_MAX)
                required=true
                wide=true
            />
            <TextArea
                id=form.id(Field::Description)
                name=Field::Description.code()
                label=texts.technical_description()
                value=form.value(Field::Description, "")
                help=texts.technical_description_help()
                error=form.field_error(Field::Description)
                maxlength=limit(DESCRIPTION_MAX)
                required=true
            />
            <TextField
                id=form.id(Field::Product)
                name=Field::Product.code()
                label=texts.technical_product()
                value=form.value(Field::Product, "")
                error=form.field_error(Field::Product)
                maxlength=answer
                required=true
            />
            <TextField
                id=form.id(Field::Country)
                name=Field::Country.code()
                label=texts.technical_country()
                value=form.value(Field::Country, "")
                error=form.field_error(Field::Country)
                autocomplete="country-name"
                maxlength=answer
                required=true
            />
            <TextField
                id=form.id(Field::Language)
                name=Field::Language.code()
                label=texts.technical_language()
                value=form.value(Field::Language, texts.language().own_name())
                error=form.field_error(Field::Language)
                maxlength=answer
                required=true
            />
            <TextField
                id=form.id(Field::Phone)
                name=Field::Phone.code()
                label=texts.technical_phone()
                value=form.value(Field::Phone, "")
                help=texts.technical_phone_help()
                error=form.field_error(Field::Phone)
                kind="tel"
                autocomplete="tel"
                inputmode="tel"
                required=true
            />
            <TextField
                id=form.id(Field::TimeZone)
                name=Field::TimeZone.code()
                label=texts.technical_time_zone()
                value=form.value(Field::TimeZone, first.time_zone)
                error=form.field_error(Field::TimeZone)
                maxlength=answer
                required=true
            />
            <TextField
                id=form.id(Field::WorkingHours)
                name=Field::WorkingHours.code()
                label=texts.technical_working_hours()
                value=form.value(Field::WorkingHours, "")
                help=texts.technical_working_hours_help()
                error=form.field_error(Field::WorkingHours)
                maxlength=answer
                required=true
            />
            <SelectField
                id=form.id(Field::Grant)
                name=Field::Grant.code()
                label=texts.technical_charged()
                choices=grants
                selected=form.value(Field::Grant, first.chosen.unwrap_or_default())
                empty=texts.common_choose()
                error=form.field_error(Field::Grant)
                required=true
            />
            <TextField
                id=form.id(Field::Hours)
                name=Field::Hours.code()
                label=texts.technical_hours()
                value=form.value(Field::Hours, "")
                help=texts.technical_hours_help(ENGAGEMENT_HOURS_MAX)
                error=form.field_error(Field::Hours)
                inputmode="numeric"
                required=true
            />
            <div class="form-foot">
                <SubmitButton label=texts.common_submit_request() busy=form.pending/>
            </div>
        </PostForm>
    }
}

/// A limit of the rules as an attribute; limits are small.
fn limit(characters: usize) -> u32 {
    u32::try_from(characters).unwrap_or(u32::MAX)
}
