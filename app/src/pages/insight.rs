//! How a company uses its benefits: granted against used, what lies idle, and what to do about it at once.

pub(crate) mod usage;

use domain::benefit::Category;
use domain::insight::Span;
use domain::view::insight::{After, IdleSeat, InsightPage, InsightQuery, UnusedBenefit};
use domain::{Day, Error};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Column, Confirm, Deadline, DisabledButton, Empty, Ledger, Status, StatusKind, SubmitButton,
    Tally, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::insight::insight;
use crate::words;

const PATH: &str = "/insight";

fn read(parameters: &ParamsMap) -> InsightQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    InsightQuery {
        category: get("category").and_then(|code| Category::from_code(&code)),
        span: get("span").and_then(|code| Span::from_code(&code)).unwrap_or_default(),
        benefits_after: get("benefits_after").and_then(|after| after.parse().ok()),
        seats_after: get("seats_after").and_then(|after| after.parse().ok()),
    }
}

fn write(query: &InsightQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if let Some(category) = query.category {
        pairs.push(("category", category.code().to_owned()));
    }
    if query.span != Span::default() {
        pairs.push(("span", query.span.code().to_owned()));
    }
    if let Some(after) = query.benefits_after {
        pairs.push(("benefits_after", after.to_string()));
    }
    if let Some(after) = query.seats_after {
        pairs.push(("seats_after", after.to_string()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// The page **Insight**.
#[component]
pub fn Insight() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), insight, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<InsightQuery>, page: Signal<InsightPage>) -> impl IntoView {
    let texts = texts();
    let shown = Memo::new(move |_| page.with(|page| page.usage.clone()));
    let counted =
        move || shown.with(|shown| usage::counted(texts, shown)).map(|text| view! { <p>{text}</p> });
    let spans = move || {
        let query = query.get();
        usage::spans(texts, query.span, |span| write(&InsightQuery { span, ..query.clone() }))
    };
    let used = move || {
        let query = query.get();
        let href = |category| write(&InsightQuery { category: Some(category), ..query.clone() });
        shown.with(|shown| usage::usage(texts, shown, href))
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_insight())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_insight()}</h1><p>{texts.insight_lead()}</p>{counted}</div>
                {move || shown.with(|shown| usage::totals(texts, &shown.values))}
            </div>
            {spans}
            {move || usage::files(texts, PATH, query.with(|query| query.span))}
            {used}
            <Unused query=query page=page/>
            <Idle query=query page=page/>
            <p class="small muted">{texts.insight_meaning()}</p>
        </main>
    }
}

/// Links to the first rows of the list of that name and to those that follow.
fn more(texts: Texts, list: &'static str, first: Option<String>, next: Option<String>) -> Option<AnyView> {
    if first.is_none() && next.is_none() {
        return None;
    }
    let first = first.map(|href| view! { <li><a href=href>{texts.insight_first()}</a></li> });
    let next = next.map(|href| view! { <li><a href=href>{texts.insight_more()}</a></li> });
    Some(view! { <nav class="pages" aria-label=list><ul>{first}{next}</ul></nav> }.into_any())
}

/// Why the reader can't do what the rows offer, once for all of them.
fn why(texts: Texts, id: &str, error: Option<&Error>) -> Option<AnyView> {
    let text = words::refusal(texts, error?);
    let id = id.to_owned();
    Some(view! { <Why id=id kind=WhyKind::Right text=text/> }.into_any())
}

#[component]
fn Unused(query: Memo<InsightQuery>, page: Signal<InsightPage>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.common_benefit_name()),
        Column::new(texts.common_source()),
        Column::new(texts.common_quantity()),
        Column::new(texts.insight_ends()),
        Column::new(texts.insight_reminded()),
        Column::silent(texts.common_actions()),
    ];
    // A row stands as long as nothing that it shows has changed, the reader's rights included.
    let rows = move || {
        page.with(|page| {
            let may = page.why_not_remind.is_none();
            page.unused.iter().map(|row| (row.clone(), may)).collect::<Vec<_>>()
        })
    };
    let any = Memo::new(move |_| page.with(|page| !page.unused.is_empty()));
    let reason = move || page.with(|page| why(texts, "why-remind", page.why_not_remind.as_ref()));
    let pages = move || {
        let query = query.get();
        let at = |benefits_after: Option<After>| write(&InsightQuery { benefits_after, ..query.clone() });
        let first = query.benefits_after.is_some().then(|| at(None));
        let next = page.with(|page| page.unused_next).map(|after| at(Some(after)));
        more(texts, texts.insight_unused_title(), first, next)
    };
    view! {
        <section class="sheet" aria-labelledby="unused-title">
            <div class="sheet-head"><h2 id="unused-title">{texts.insight_unused_title()}</h2></div>
            <div class="in stack"><p class="muted">{texts.insight_unused_text()}</p>{reason}</div>
            <Show
                when=move || any.get()
                fallback=move || view! { <Empty title=texts.insight_unused_none()/> }
            >
                <Ledger caption=texts.insight_unused_title() columns=columns.clone()>
                    <For each=rows key=Clone::clone let:row>
                        <UnusedRow row=row.0 may=row.1/>
                    </For>
                </Ledger>
            </Show>
            {pages}
        </section>
    }
}

/// When somebody was reminded.
pub(crate) fn reminded(texts: Texts, day: Option<Day>) -> AnyView {
    match day {
        Some(day) => {
            view! { <time datetime=day.to_string()>{format::date(texts.language(), day)}</time> }.into_any()
        }
        None => texts.insight_never().into_any(),
    }
}

/// The button that reminds somebody, or from when on they can be reminded again.
#[component]
pub(crate) fn Remind(
    /// Code of the form.
    code: &'static str,
    /// What it is about.
    target: String,
    /// The button's name, which says of what or whom.
    described: String,
    /// From when on they can be reminded again; none where that is now.
    again: Option<Day>,
) -> impl IntoView {
    let texts = texts();
    if let Some(day) = again {
        let text = texts.insight_again(format::date(texts.language(), day));
        return view! { <span class="small muted">{text}</span> }.into_any();
    }
    let form = Form::new(code, target);
    view! {
        <PostForm form=form>
            <SubmitButton
                label=texts.insight_remind()
                described=described
                tone=ButtonTone::Quiet
                busy=form.pending
            />
        </PostForm>
    }
    .into_any()
}

#[component]
fn UnusedRow(row: UnusedBenefit, may: bool) -> impl IntoView {
    let texts = texts();
    let source = locales::source(texts, &row.source, row.source_name.as_deref());
    let path = format!("/benefits/{0}?open={1}#{1}", row.category.code().replace('_', "-"), row.grant);
    let action = if may {
        view! {
            <Remind
                code="remind_administrators"
                target=row.grant.to_string()
                described=texts.insight_remind_about(row.name.clone())
                again=row.remind_again
            />
        }
        .into_any()
    } else {
        view! { <DisabledButton label=texts.insight_remind() describedby="why-remind"/> }.into_any()
    };
    view! {
        <tr role="row" id=row.grant.to_string()>
            <th role="rowheader" scope="row">
                <a href=path>{row.name.clone()}</a>
                <small>{usage::unit(texts, row.unit)}</small>
            </th>
            <td role="cell" data-label=texts.common_source()>{source}</td>
            <td role="cell" data-label=texts.common_quantity()>
                <Tally used=row.used quantity=Some(row.quantity)/>
            </td>
            <td role="cell" data-label=texts.insight_ends()>
                <Deadline date=row.ends days_left=row.days_left/>
            </td>
            <td role="cell" data-label=texts.insight_reminded()>{reminded(texts, row.reminded)}</td>
            <td role="cell" class="end act"><div class="row">{action}</div></td>
        </tr>
    }
}

#[component]
fn Idle(query: Memo<InsightQuery>, page: Signal<InsightPage>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.seats_holder()),
        Column::new(texts.common_benefit_name()),
        Column::new(texts.seats_since()),
        Column::new(texts.insight_sign()),
        Column::new(texts.insight_ends()),
        Column::new(texts.insight_reminded()),
        Column::silent(texts.common_actions()),
    ];
    let rows = move || {
        page.with(|page| {
            let (remind, reclaim) = (page.why_not_remind.is_none(), page.why_not_reclaim.is_none());
            page.idle.iter().map(|row| (row.clone(), remind, reclaim)).collect::<Vec<_>>()
        })
    };
    let any = Memo::new(move |_| page.with(|page| !page.idle.is_empty()));
    let reason = move || page.with(|page| why(texts, "why-reclaim", page.why_not_reclaim.as_ref()));
    let pages = move || {
        let query = query.get();
        let at = |seats_after: Option<After>| write(&InsightQuery { seats_after, ..query.clone() });
        let first = query.seats_after.is_some().then(|| at(None));
        let next = page.with(|page| page.idle_next).map(|after| at(Some(after)));
        more(texts, texts.insight_idle_title(), first, next)
    };
    view! {
        <section class="sheet" aria-labelledby="idle-title">
            <div class="sheet-head"><h2 id="idle-title">{texts.insight_idle_title()}</h2></div>
            <div class="in stack"><p class="muted">{texts.insight_idle_text()}</p>{reason}</div>
            <Show
                when=move || any.get()
                fallback=move || view! { <Empty title=texts.insight_idle_none()/> }
            >
                <Ledger caption=texts.insight_idle_title() columns=columns.clone()>
                    <For each=rows key=Clone::clone let:row>
                        <IdleRow row=row.0 remind=row.1 reclaim=row.2/>
                    </For>
                </Ledger>
            </Show>
            {pages}
        </section>
    }
}

#[component]
fn IdleRow(row: IdleSeat, remind: bool, reclaim: bool) -> impl IntoView {
    let texts = texts();
    let date = |day| format::date(texts.language(), day);
    let source = locales::source(texts, &row.source, row.source_name.as_deref());
    let sign = if row.without_key { texts.insight_sign_key() } else { texts.insight_sign_portal() };
    let reminder = if remind {
        view! {
            <Remind
                code="remind_holder"
                target=row.seat.to_string()
                described=texts.insight_remind_named(row.name.clone())
                again=row.remind_again
            />
        }
        .into_any()
    } else {
        view! { <DisabledButton label=texts.insight_remind() describedby="why-remind"/> }.into_any()
    };
    let taking = match (reclaim, row.locked_until) {
        (false, _) => {
            view! { <DisabledButton label=texts.insight_reclaim() describedby="why-reclaim"/> }.into_any()
        }
        (true, Some(until)) => {
            view! { <Status kind=StatusKind::Locked text=texts.seats_locked_until(date(until))/> }.into_any()
        }
        (true, None) => view! { <Reclaim row=row.clone()/> }.into_any(),
    };
    view! {
        <tr role="row" id=row.seat.to_string()>
            <th role="rowheader" scope="row">{row.name.clone()}<small>{row.email.clone()}</small></th>
            <td role="cell" data-label=texts.common_benefit_name()>
                <div>{row.product.clone()}<small>{source}</small></div>
            </td>
            <td role="cell" data-label=texts.seats_since()>
                <time datetime=row.since.to_string()>{date(row.since)}</time>
            </td>
            <td role="cell" data-label=texts.insight_sign()>{sign}</td>
            <td role="cell" data-label=texts.insight_ends()>
                <Deadline date=row.ends days_left=row.days_left/>
            </td>
            <td role="cell" data-label=texts.insight_reminded()>{reminded(texts, row.reminded)}</td>
            <td role="cell" class="end act stacked"><div class="row">{reminder}{taking}</div></td>
        </tr>
    }
}

/// Takes a seat back: the form that removes any holder.
#[component]
fn Reclaim(row: IdleSeat) -> impl IntoView {
    let texts = texts();
    let form = Form::new("release_seat", row.seat);
    let done = Signal::derive(move || form.done.with(Option::is_some));
    let version = row.version;
    view! {
        <Confirm
            id=format!("reclaim-{}", row.seat)
            label=texts.insight_reclaim()
            described=texts.insight_reclaim_named(row.name.clone())
            question=texts.seats_remove_question(row.name.clone())
            done=done
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton
                            label=texts.insight_reclaim()
                            tone=ButtonTone::DangerPrimary
                            busy=form.pending
                        />
                    </PostForm>
                }
            }
        >
            <p>{texts.seats_remove_text(row.name.clone(), row.product.clone())}</p>
        </Confirm>
    }
}

#[cfg(test)]
mod tests {
    use domain::benefit::Category;
    use domain::insight::Span;
    use domain::view::insight::{After, InsightQuery};
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let after = |ends| {
            let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().ok()?;
            Some(After { ends, id })
        };
        let query = InsightQuery {
            category: Some(Category::GoToMarket),
            span: Span::TwoYears,
            benefits_after: after(i64::MAX),
            seats_after: after(1_795_165_200_000),
        };
        assert!(query.benefits_after.is_some());
        let address = write(&query);
        let pairs = address.split_once('?').expect("a query").1;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }
}
