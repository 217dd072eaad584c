//! An open row of the queue: what to know on one side, the forms that decide it on the other.

use domain::view::operator::{ItemFacts, QueueItem, Stamp};
use domain::view::requests::RequestState;
use leptos::prelude::*;
use locales::format;

use super::decide::{Activation, Advisory, Cancellation, GiveBack, GlobalAdmin, Payment, Refuse, Take};
use super::enrolment::Enrolment;
use super::history::{History, Message, Note};
use super::queue::{kind_text, write};
use crate::components::{Step, StepState, Steps, Why, WhyKind};
use crate::i18n::texts;
use crate::words;

/// What an open row shows; it is built once and follows its data, so that what is typed stays.
#[component]
pub(super) fn Item(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| item.with(|item| item.why_not.clone()));
    let open = Memo::new(move |_| item.with(|item| item.row.open));
    let notes = Memo::new(move |_| item.with(|item| item.why_no_note.is_none()));
    view! {
        <div class="split">
            <div class="stack loose">
                {move || match (open.get(), why_not.get()) {
                    (true, None) => view! { <Forms item=item/> }.into_any(),
                    (true, Some(error)) => view! {
                        <h2 class="h3">{item.with_untracked(|item| kind_text(item.row.kind))}</h2>
                        <Why kind=WhyKind::Right text=words::refusal(texts, &error)/>
                    }
                        .into_any(),
                    (false, _) => view! { <Decided item=item/> }.into_any(),
                }}
                <Show when=move || notes.get()>
                    <Note item=item/>
                </Show>
            </div>
            <div class="stack loose">
                {move || steps(&item.get())}
                {move || facts(&item.get())}
                <History item=item/>
            </div>
        </div>
    }
}

#[component]
fn Forms(item: Signal<QueueItem>) -> impl IntoView {
    let form = match item.get_untracked().facts {
        ItemFacts::Activation(_) => view! { <Activation item=item/> }.into_any(),
        ItemFacts::Advisory(_) => view! { <Advisory item=item/> }.into_any(),
        ItemFacts::Cancellation(_) => view! { <Cancellation item=item/> }.into_any(),
        ItemFacts::GlobalAdmin(_) => view! { <GlobalAdmin item=item/> }.into_any(),
        ItemFacts::Payment(_) => view! { <Payment item=item/> }.into_any(),
        ItemFacts::Enrolment(_) => view! { <Enrolment item=item/> }.into_any(),
    };
    view! {
        {form}
        <Take item=item/>
        <GiveBack item=item/>
        <Message item=item/>
        <Refuse item=item/>
    }
}

/// A moment in words.
pub(super) fn when(stamp: Stamp) -> String {
    format::date_time(texts().language(), stamp.day, stamp.time)
}

#[component]
fn Decided(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    move || {
        let item = item.get();
        let state = texts.find_status(item.row.state.code()).unwrap_or_default();
        let told = item.decided.map(|stamp| {
            texts.operator_decided(item.decided_by.clone().unwrap_or_default(), state, when(stamp))
        });
        view! {
            <h2 class="h3">{kind_text(item.row.kind)}</h2>
            <p>{told}</p>
            {item.reason.map(|reason| view! { <blockquote>{reason}</blockquote> })}
        }
    }
}

fn steps(item: &QueueItem) -> impl IntoView + use<> {
    let texts = texts();
    let asked = Step {
        title: texts.operator_step_asked().to_owned(),
        note: texts.operator_step_note(&item.row.requester, when(item.requested)),
        state: StepState::Done,
    };
    let taken = match (&item.row.owner, item.row.mine) {
        (_, true) => Some(texts.operator_step_taken_you().to_owned()),
        (Some(name), false) => Some(texts.operator_step_taken(name)),
        (None, false) => None,
    };
    let is_taken = taken.is_some();
    let taken = Step {
        title: taken.unwrap_or_else(|| texts.operator_step_take().to_owned()),
        note: String::new(),
        state: match (item.row.open, is_taken) {
            (true, _) => StepState::Current,
            (false, _) => StepState::Done,
        },
    };
    let end = if item.row.open {
        Step {
            title: texts.operator_step_completed().to_owned(),
            note: texts.operator_step_completed_note(&item.row.requester),
            state: StepState::Later,
        }
    } else {
        Step {
            title: texts.find_status(item.row.state.code()).unwrap_or_default().to_owned(),
            note: item
                .decided
                .map(|stamp| {
                    texts.operator_step_note(item.decided_by.clone().unwrap_or_default(), when(stamp))
                })
                .unwrap_or_default(),
            state: StepState::Done,
        }
    };
    // Whoever withdrew it needed no operator.
    let middle = (item.row.state != RequestState::Withdrawn || is_taken).then_some(taken);
    let steps: Vec<Step> = std::iter::once(asked).chain(middle).chain([end]).collect();
    view! { <Steps label=texts.operator_steps() steps=steps/> }
}

fn facts(item: &QueueItem) -> impl IntoView + use<> {
    let texts = texts();
    let tier = item.tier.clone();
    let others = (item.other_open > 0).then(|| {
        let query = domain::view::operator::QueueQuery {
            organization: Some(item.row.organization_id),
            ..Default::default()
        };
        view! {
            <dt>{texts.operator_other_open()}</dt>
            <dd><a href=write(&query)>{texts.operator_requests_count(item.other_open)}</a></dd>
        }
    });
    view! {
        <dl class="facts">
            <dt>{texts.operator_column_organization()}</dt>
            <dd>{texts.operator_organization_tier(&item.row.organization, tier)}</dd>
            <dt>{texts.operator_asked_by()}</dt>
            <dd>{texts.operator_person_email(&item.requester_email, &item.row.requester)}</dd>
            {others}
        </dl>
    }
}
