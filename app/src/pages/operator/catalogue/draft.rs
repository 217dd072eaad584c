//! A draft: what it changes, whom that reaches, what is wrong with it, its quantities, and publishing it.

use domain::catalogue::{Fault, Publication};
use domain::view::catalogue::{DraftPage, DraftQuery, DraftState};
use domain::{Category, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::{Texts, format};

use super::quantities::Quantities;
use super::{PATH, area, difference, offer, programme, reach, tier};
use crate::components::{
    ButtonTone, Choice, ChoiceGroup, Column, Confirm, DateField, DisabledButton, Empty, ErrorSummary, Ledger,
    LinkButton, Notice, StatusByCode, SubmitButton, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::{OperationBase, load};
use crate::server_fns::catalogue::catalogue_draft;
use crate::words;

/// The page of a draft.
#[component]
pub fn Draft() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let wanted = Memo::new(move |_| DraftQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
        category: query
            .with(|map| map.get("category").and_then(|code| Category::from_code(&code)))
            .unwrap_or(Category::VisualStudio),
    });
    load(move || wanted.get(), catalogue_draft, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftPage>) -> impl IntoView {
    let texts = texts();
    let title = Memo::new(move |_| page.with(|page| page.row.title.clone()));
    let state = Memo::new(move |_| page.with(|page| page.row.state));
    let file = page.with_untracked(|page| format!("/operator/catalogue.toml?draft={}", page.row.id));
    // The forms are written anew when the draft changed, and only then.
    let deciding = Memo::new(move |_| {
        page.with(|page| {
            let outdated = page.base_version != page.in_force;
            (page.row_version, outdated, page.why_not.clone(), page.why_not_publish.clone())
        })
    });
    view! {
        // What somebody typed doesn't stand there: the title of a page isn't escaped.
        <Title text=texts.common_page_title(texts.catalogue_draft())/>
        <main class="page" id="main" data-density="compact">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href=PATH>{texts.navigation_catalogue()}</a></li>
                        <li aria-current="page">{move || title.get()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{move || title.get()}</h1>
                        <p>{move || page.with(|page| lead(texts, page))}</p>
                    </div>
                    <div class="row">
                        {move || view! { <StatusByCode code=state.get().code()/> }}
                        <a class="button" href=file rel="external" download="catalogue.toml">
                            {texts.catalogue_export()}
                        </a>
                    </div>
                </div>
            </div>
            {move || page.with(|page| faults(texts, page))}
            {move || page.with(|page| earlier_faults(texts, page))}
            {move || {
                deciding.track();
                page.with_untracked(|page| decide(texts, page))
            }}
            <section class="sheet">
                <div class="sheet-head">
                    <h2>{texts.catalogue_differences()}</h2>
                    <span>{move || page.with(|page| texts.catalogue_difference_count(page.difference_count))}</span>
                </div>
                {move || page.with(|page| differences(texts, page))}
            </section>
            {move || page.with(|page| over_allocated(texts, page))}
            <Quantities page=page/>
            {move || page.with(|page| tier::list(texts, page))}
            {move || page.with(|page| offer::list(texts, page))}
            {move || page.with(|page| area::list(texts, page))}
            {move || page.with(|page| programme::link(texts, page))}
            {move || {
                deciding.track();
                page.with_untracked(|page| {
                    page.why_not
                        .is_none()
                        .then(|| view! { <Replace id=page.row.id.to_string() version=page.row_version/> })
                })
            }}
        </main>
    }
}

fn lead(texts: Texts, page: &DraftPage) -> String {
    let since = page.row.from.map(|day| format::date(texts.language(), day));
    let reach = reach(texts, &page.row);
    match (page.row.state, page.row.version, since) {
        (DraftState::Published, _, Some(day)) => texts.catalogue_waits_for(day, reach),
        (_, Some(version), Some(day)) => texts.catalogue_in_force_since(day, reach, version),
        _ => texts.catalogue_based_on(page.base_version),
    }
}

fn faults(texts: Texts, page: &DraftPage) -> Option<AnyView> {
    let said = texts.catalogue_fault_count(count(&page.faults));
    fault_list(texts, texts.catalogue_faults(), (Tone::Stop, said), &page.faults)
}

/// What the version in force has as well: nobody has to mend it first.
fn earlier_faults(texts: Texts, page: &DraftPage) -> Option<AnyView> {
    let said = texts.catalogue_earlier_fault_count(count(&page.earlier_faults));
    fault_list(texts, texts.catalogue_earlier_faults(), (Tone::Wait, said), &page.earlier_faults)
}

fn count(faults: &[Fault]) -> i64 {
    i64::try_from(faults.len()).unwrap_or(i64::MAX)
}

fn fault_list(
    texts: Texts,
    title: &'static str,
    (tone, said): (Tone, String),
    faults: &[Fault],
) -> Option<AnyView> {
    if faults.is_empty() {
        return None;
    }
    let rows = faults
        .iter()
        .map(|fault| {
            let what = texts.find_catalogue_fault(fault.code.code()).unwrap_or_default();
            view! { <li><code>{fault.place.clone()}</code>" "{what}</li> }
        })
        .collect_view();
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{title}</h2></div>
                <div class="in">
                    <Notice tone=tone><p>{said}</p></Notice>
                    <ul class="bulleted">{rows}</ul>
                </div>
            </section>
        }
        .into_any(),
    )
}

fn differences(texts: Texts, page: &DraftPage) -> AnyView {
    if page.differences.is_empty() {
        return view! {
            <Empty title=texts.catalogue_unchanged_title() text=texts.catalogue_unchanged_text()/>
        }
        .into_any();
    }
    let rows = page.differences.iter().map(|row| difference::row(texts, row)).collect_view();
    let shown = i64::try_from(page.differences.len()).unwrap_or(i64::MAX);
    let more = (shown < page.difference_count).then(|| {
        view! { <p class="in muted">{texts.catalogue_more_differences(page.difference_count - shown)}</p> }
    });
    view! {
        <Ledger
            caption=texts.catalogue_differences()
            columns=vec![
                Column::new(texts.catalogue_column_subject()),
                Column::new(texts.catalogue_column_change()),
                Column::new(texts.catalogue_column_values()),
            ]
        >
            {rows}
        </Ledger>
        {more}
    }
    .into_any()
}

fn over_allocated(texts: Texts, page: &DraftPage) -> Option<AnyView> {
    if page.over_allocated.is_empty() {
        return None;
    }
    let rows = page.over_allocated.iter().map(|row| difference::over_allocated(texts, row)).collect_view();
    let count =
        texts.catalogue_over_allocated_count(page.over_allocated_companies, page.over_allocated_seats);
    Some(
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.catalogue_over_allocated()}</h2></div>
                <div class="in"><Notice tone=Tone::Wait><p>{count}</p></Notice></div>
                <Ledger
                    caption=texts.catalogue_over_allocated()
                    columns=vec![
                        Column::new(texts.find_field(Field::Company.code()).unwrap_or_default()),
                        Column::new(texts.catalogue_column_product()),
                        Column::new(texts.catalogue_column_used()),
                        Column::new(texts.catalogue_column_quantity()),
                        Column::new(texts.catalogue_column_anniversary()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
        .into_any(),
    )
}

/// Publishing, bringing up to date, withdrawing: as far as the state has it.
fn decide(texts: Texts, page: &DraftPage) -> Option<AnyView> {
    if !matches!(page.row.state, DraftState::Draft | DraftState::Published) {
        return None;
    }
    let outdated = page.base_version != page.in_force;
    let id = page.row.id.to_string();
    let publish = (page.row.state == DraftState::Draft).then(|| match &page.why_not_publish {
        Some(error) => view! {
            <div><DisabledButton label=texts.catalogue_publish() describedby="no-publish"/></div>
            <Why id="no-publish" kind=WhyKind::of(error) text=words::refusal(texts, error)/>
        }
        .into_any(),
        None if outdated => ().into_any(),
        None => view! { <Publish id=id.clone() page=page.clone()/> }.into_any(),
    });
    let may_withdraw = match page.row.state {
        DraftState::Draft => page.why_not.is_none(),
        _ => page.why_not_publish.as_ref().is_some_and(|error| error.code == domain::ErrorCode::WrongState),
    };
    let may_draft = page.why_not.is_none();
    let withdraw = may_withdraw
        .then(|| view! { <Withdraw id=id.clone() version=page.row_version title=page.row.title.clone()/> });
    let behind = texts.catalogue_outdated(page.base_version, page.in_force);
    let update = (outdated && page.row.state == DraftState::Draft).then(|| {
        view! {
            <Notice tone=Tone::Wait><p>{behind}</p></Notice>
            {may_draft.then(|| view! { <Update id=id.clone() version=page.row_version/> })}
        }
    });
    let product = may_draft.then(|| {
        view! {
            <LinkButton href=format!("{PATH}/{id}/product") label=texts.catalogue_new_product()/>
        }
    });
    Some(
        view! {
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.catalogue_publish()}</h2></div>
                <div class="in stack loose">
                    {update}
                    {publish}
                    <div class="row">{product}{withdraw}</div>
                </div>
            </section>
        }
        .into_any(),
    )
}

#[component]
fn Publish(id: String, page: DraftPage) -> impl IntoView {
    let texts = texts();
    let form = Form::new("publish_catalogue_draft", id);
    let second = (page.publication == Publication::SecondPerson && page.mine).then(|| {
        view! { <Notice tone=Tone::Wait><p>{texts.error_second_person_needed()}</p></Notice> }
    });
    let chosen = form.kept_named("reach").unwrap_or_else(|| "new".to_owned());
    view! {
        {second}
        <PostForm form=form class="form">
            <input type="hidden" name="version" value=page.row_version.to_string()/>
            <DateField
                id=form.id(Field::Starts)
                name=Field::Starts.code()
                label=texts.catalogue_column_from()
                value=form.value(Field::Starts, "")
                first=page.today
                help=texts.catalogue_from_help()
                error=form.field_error(Field::Starts)
                optional=true
            />
            <ChoiceGroup
                id="catalogue-reach"
                name="reach"
                label=texts.catalogue_column_reach()
                choices=vec![
                    Choice::new("new", texts.catalogue_reach_new()),
                    Choice::new("existing", texts.catalogue_reach_existing()),
                ]
                selected=vec![chosen]
                help=texts.catalogue_reach_help()
            />
            <div class="form-foot"><SubmitButton label=texts.catalogue_publish() busy=form.pending/></div>
        </PostForm>
    }
}

#[component]
fn Update(id: String, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("bring_catalogue_draft_up_to_date", id);
    view! {
        <PostForm form=form>
            <input type="hidden" name="version" value=version.to_string()/>
            <SubmitButton label=texts.catalogue_update() busy=form.pending/>
        </PostForm>
    }
}

#[component]
fn Withdraw(id: String, version: i64, title: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("withdraw_catalogue_draft", id);
    let confirmed = move || {
        view! {
            <PostForm form=form>
                <input type="hidden" name="version" value=version.to_string()/>
                <SubmitButton
                    label=texts.catalogue_withdraw()
                    tone=ButtonTone::DangerPrimary
                    busy=form.pending
                />
            </PostForm>
        }
    };
    view! {
        <Confirm
            id="withdraw-draft"
            label=texts.catalogue_withdraw()
            tone=ButtonTone::Danger
            question=texts.catalogue_withdraw_question(title)
            form=confirmed
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
        >
            <p>{texts.catalogue_withdraw_text()}</p>
        </Confirm>
    }
}

/// A file in the place of what the draft says. A browser sends it: nothing else can.
#[component]
fn Replace(id: String, version: i64) -> impl IntoView {
    let texts = texts();
    let form = Form::new("replace_catalogue_draft", &id);
    let refused = form
        .error
        .get_untracked()
        .map(|error| view! { <ErrorSummary message=words::refusal(texts, &error)/> });
    let base = use_context::<OperationBase>().map(|base| base.0).unwrap_or_default();
    view! {
        <section class="sheet narrow" id="file">
            <div class="sheet-head"><h2>{texts.catalogue_replace()}</h2></div>
            <div class="in stack">
                <p>{texts.catalogue_replace_lead()}</p>
                <form
                    method="post"
                    action=format!("{PATH}/{id}")
                    enctype="multipart/form-data"
                    class="form"
                >
                    {refused}
                    <input type="hidden" name="operation" value=format!("{base}:replace_catalogue_draft:{id}")/>
                    <input type="hidden" name="version" value=version.to_string()/>
                    <div class="field full">
                        <label for="catalogue-file">{texts.catalogue_replace_file()}</label>
                        <input
                            type="file"
                            id="catalogue-file"
                            name="file"
                            accept=".toml,application/toml,text/plain"
                            required
                        />
                    </div>
                    <div class="form-foot"><SubmitButton label=texts.catalogue_replace()/></div>
                </form>
            </div>
        </section>
    }
}
