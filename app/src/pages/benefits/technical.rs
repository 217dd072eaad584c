//! An open row of a technical benefit in edition C: activate, wait, use; balance and requests.

use domain::benefit::{ActivationState, ProductKind};
use domain::support::SupportKind;
use domain::view::benefits::{DetailKind, GrantDetail};
use domain::view::form::Shown;
use domain::view::technical::{ActivationFacts, Balance, TechnicalDetail};
use leptos::prelude::*;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Column, Confirm, DisabledButton, Icon, IconName, Identifier, Ledger, LinkButton, Notice,
    Step, StepState, Steps, SubmitButton, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::pages::requests::service_rows;
use crate::words;

/// The technical benefit of the open row.
#[component]
pub fn TechnicalDetailPane(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let technical = Memo::new(move |last: Option<&Option<TechnicalDetail>>| match detail.get().kind {
        DetailKind::Technical(technical) => Some(*technical),
        _ => last.cloned().flatten(),
    });
    let Some(first) = technical.get_untracked() else { return ().into_any() };
    let technical = Signal::derive(move || technical.get().unwrap_or_else(|| first.clone()));
    let state = Memo::new(move |_| technical.with(|technical| technical.state));
    let requests = Memo::new(move |_| technical.with(|technical| technical.requests.clone()));
    let texts = texts();
    view! {
        <div class="stack loose">
            <div class="split">
                {move || match state.get() {
                    ActivationState::Requested | ActivationState::Processing => {
                        view! { <OnItsWay detail=detail technical=technical/> }.into_any()
                    }
                    ActivationState::Active => view! { <InUse detail=detail technical=technical/> }.into_any(),
                    _ => view! { <NotYet detail=detail technical=technical/> }.into_any(),
                }}
                <Facts technical=technical/>
            </div>
            {move || entries(&technical.with(|technical| technical.balance.clone()))}
            {move || {
                let rows = requests.get();
                (!rows.is_empty())
                    .then(|| {
                        view! {
                            <div class="stack">
                                <h2 class="h3">{texts.technical_requests()}</h2>
                                <div class="sheet">{service_rows(texts.technical_requests(), rows)}</div>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// Before it is asked for, and after it was refused or taken back.
#[component]
fn NotYet(detail: Signal<GrantDetail>, technical: Signal<TechnicalDetail>) -> impl IntoView {
    let texts = texts();
    let first = technical.get_untracked();
    let note = texts.technical_activate_note(first.company.clone(), first.target_days);
    let why_not = Memo::new(move |_| {
        technical.with(|technical| (technical.why_not.clone(), technical.why_closed.clone()))
    });
    view! {
        <div class="stack">
            {move || earlier(texts, &technical.get())}
            <p>{first.guidance}</p>
            <p class="why"><Icon name=IconName::Info/><span>{note}</span></p>
            {move || {
                let (why_not, why_closed) = why_not.get();
                view! { <Activate detail=detail why_not=why_not why_closed=why_closed again=first.activation.is_some()/> }
            }}
            {first.takes_requests.then(|| request_link(texts, detail))}
        </div>
    }
}

/// What became of the activation before this one.
fn earlier(texts: Texts, technical: &TechnicalDetail) -> Option<AnyView> {
    over(texts, technical.state, technical.activation.as_ref())
}

/// Why an activation was refused, or until when it lasted.
pub(super) fn over(
    texts: Texts,
    state: ActivationState,
    activation: Option<&ActivationFacts>,
) -> Option<AnyView> {
    let activation = activation?;
    match state {
        ActivationState::Refused => {
            let reason = activation.reason.clone().unwrap_or_default();
            Some(
                view! {
                    <Notice tone=Tone::Stop>
                        <p><b>{texts.technical_refused()}</b></p>
                        <p>{texts.technical_refused_reason(reason)}</p>
                    </Notice>
                }
                .into_any(),
            )
        }
        ActivationState::Expired => activation.expires.map(|date| {
            view! { <Notice><p>{texts.technical_expired(format::date(texts.language(), date))}</p></Notice> }
                .into_any()
        }),
        _ => None,
    }
}

/// The button that asks for the activation, or why it can't be pressed.
#[component]
pub(super) fn Activate(
    /// The open row.
    detail: Signal<GrantDetail>,
    /// Why the reader's roles don't allow it.
    why_not: Option<domain::Error>,
    /// Why nobody can.
    why_closed: Option<domain::Error>,
    /// Whether it was asked for before.
    again: bool,
) -> impl IntoView {
    let texts = texts();
    let label = if again { texts.technical_activate_again() } else { texts.technical_activate() };
    let grant = detail.with_untracked(|detail| detail.row.id);
    let kind = if why_not.is_some() { WhyKind::Right } else { WhyKind::State };
    match why_not.or(why_closed) {
        Some(error) => {
            let id = format!("why-{grant}");
            view! {
                <div class="row"><DisabledButton label=label describedby=id.clone()/></div>
                <Why id=id kind=kind text=words::refusal(texts, &error)/>
            }
            .into_any()
        }
        None => {
            let form = Form::new("activate", grant);
            view! {
                <PostForm form=form>
                    <input type="hidden" name="version" value=move || detail.with(|detail| detail.version)/>
                    <div class="row"><SubmitButton label=label busy=form.pending/></div>
                </PostForm>
            }
            .into_any()
        }
    }
}

/// Asked for and not completed: an operator is at work on it.
#[component]
fn OnItsWay(detail: Signal<GrantDetail>, technical: Signal<TechnicalDetail>) -> impl IntoView {
    let texts = texts();
    let steps = move || {
        technical.with(|technical| {
            let activation = technical.activation.as_ref()?;
            let date = format::date(texts.language(), activation.target);
            let name = activation.requested_by.clone();
            let break_fix =
                matches!(technical.kind, ProductKind::BreakFixSignature | ProductKind::BreakFixIncidents);
            Some(way(
                texts,
                activation,
                if break_fix {
                    texts.technical_step_active_ids(date, name)
                } else {
                    texts.technical_step_active_mail(date, name)
                },
            ))
        })
    };
    let why_not = Memo::new(move |_| technical.with(|technical| technical.why_not.clone()));
    view! {
        <div class="stack">
            {steps}
            <p>{texts.technical_nothing_to_do()}</p>
            {move || {
                let number = technical
                    .with_untracked(|technical| technical.activation.as_ref().and_then(|activation| activation.number));
                why_not.get().is_none().then(|| view! { <Withdraw detail=detail number=number.unwrap_or_default()/> })
            }}
        </div>
    }
}

/// The steps from asked for to active.
pub(super) fn way(texts: Texts, activation: &ActivationFacts, expected: String) -> AnyView {
    let when = format::date_time(texts.language(), activation.requested, activation.requested_time);
    let number = activation.number.map(|number| number.to_string()).unwrap_or_default();
    let (day, target) = activation.processing.unwrap_or((1, 1));
    let steps = vec![
        Step {
            title: texts.technical_step_requested().to_owned(),
            note: texts.technical_step_requested_note(activation.requested_by.clone(), number, when),
            state: StepState::Done,
        },
        Step {
            title: texts.technical_step_processing().to_owned(),
            note: texts.technical_step_processing_note(day, target),
            state: StepState::Current,
        },
        Step { title: texts.technical_step_active().to_owned(), note: expected, state: StepState::Later },
    ];
    view! { <Steps label=texts.technical_way() steps=steps/> }.into_any()
}

/// Takes the request back.
#[component]
pub(super) fn Withdraw(
    /// The open row.
    detail: Signal<GrantDetail>,
    /// Number of the request.
    number: i64,
) -> impl IntoView {
    let texts = texts();
    let grant = detail.with_untracked(|detail| detail.row.id);
    let form = Form::new("withdraw_activation", grant);
    let done = Signal::derive(move || form.done.with(Option::is_some));
    view! {
        <Confirm
            id=format!("withdraw-{grant}")
            label=texts.common_withdraw_request()
            tone=ButtonTone::Secondary
            question=texts.technical_withdraw_question(number)
            done=done
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=move || detail.with(|detail| detail.version)/>
                        <SubmitButton label=texts.common_withdraw_request() tone=ButtonTone::DangerPrimary busy=form.pending/>
                    </PostForm>
                }
            }
        >
            <p>{texts.technical_withdraw_text()}</p>
        </Confirm>
    }
}

/// Active: the numbers on request, and how to use it.
#[component]
fn InUse(detail: Signal<GrantDetail>, technical: Signal<TechnicalDetail>) -> impl IntoView {
    let texts = texts();
    let first = technical.get_untracked();
    let grant = detail.with_untracked(|detail| detail.row.id);
    let form = Form::new("show_support_ids", grant);
    let shown = form.shown();
    let may_show = first.has_ids && first.why_no_ids.is_none();
    let company = first.company.clone();
    let numbers = move || match shown.get() {
        Some(Shown::SupportIds { access_id, contract_id, .. }) => view! {
            <div role="status">
                <dl class="ids">
                    <Identifier name=texts.technical_access_id() id=access_id/>
                    <Identifier name=texts.technical_contract_id() id=contract_id/>
                </dl>
            </div>
        }
        .into_any(),
        _ => view! {
            <PostForm form=form>
                <div class="row"><SubmitButton label=texts.technical_show_ids() busy=form.pending/></div>
                <p class="why"><Icon name=IconName::Info/><span>{texts.technical_show_ids_note()}</span></p>
            </PostForm>
        }
        .into_any(),
    };
    let why = first.why_no_ids.clone().map(|error| {
        view! { <Why kind=WhyKind::Right text=words::refusal(texts, &error)/> }
    });
    let instructions = detail.with_untracked(|detail| detail.instructions.clone());
    view! {
        <div class="stack">
            <h2 class="h3">{texts.technical_ids()}</h2>
            {if may_show {
                view! {
                    {numbers}
                    <p class="why"><Icon name=IconName::People/><span>{texts.technical_ids_shared(company)}</span></p>
                }
                    .into_any()
            } else if first.has_ids {
                why.into_any()
            } else {
                view! { <p class="muted">{texts.technical_no_ids()}</p> }.into_any()
            }}
            {steps_to_use(texts, instructions)}
            <div class="row">
                {first
                    .portal_url
                    .map(|url| {
                        view! {
                            <LinkButton href=url label=texts.technical_open_portal() icon=IconName::Out/>
                            <span class="sr">{texts.common_new_window()}</span>
                        }
                    })}
                {first.takes_requests.then(|| request_link(texts, detail))}
            </div>
        </div>
    }
}

/// The product's own instructions.
pub(super) fn steps_to_use(texts: Texts, instructions: Vec<String>) -> Option<impl IntoView> {
    (!instructions.is_empty()).then(|| {
        view! {
            <h3>{texts.technical_instructions()}</h3>
            <ol class="numbered">
                {instructions.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
            </ol>
        }
    })
}

fn request_link(texts: Texts, detail: Signal<GrantDetail>) -> impl IntoView {
    let href = format!("/technical-request?grant={}", detail.with_untracked(|detail| detail.row.id));
    view! { <LinkButton href=href label=texts.technical_request_hours() icon=IconName::Request/> }
}

/// Kind of support, who has it, what is left.
#[component]
fn Facts(technical: Signal<TechnicalDetail>) -> impl IntoView {
    let texts = texts();
    let kind = SupportKind::of(technical.with_untracked(|technical| technical.kind));
    let needs = match kind {
        SupportKind::BreakFixSignature => texts.technical_needs_cloud(),
        SupportKind::BreakFixIncidents => texts.technical_needs_on_premises(),
        SupportKind::PresalesDeployment | SupportKind::AdvisoryHours => texts.technical_needs_none(),
    };
    let about = match kind {
        SupportKind::BreakFixSignature => texts.technical_kind_break_fix_signature(),
        SupportKind::BreakFixIncidents => texts.technical_kind_break_fix_incidents(),
        SupportKind::PresalesDeployment => texts.technical_kind_presales_deployment(),
        SupportKind::AdvisoryHours => texts.technical_kind_advisory_hours(),
    };
    let tiers =
        technical.with_untracked(|technical| format::list_and(texts.language(), &technical.available_to));
    view! {
        <dl class="facts">
            <dt>{texts.technical_support_kind()}</dt>
            <dd>{about}</dd>
            <dt>{texts.technical_available_to()}</dt>
            <dd>{tiers}</dd>
            <dt>{texts.technical_needs()}</dt>
            <dd>{needs}</dd>
            {move || balance(texts, &technical.with(|technical| technical.balance.clone()))}
            {move || technical.with(|technical| activated(texts, technical.state, technical.activation.as_ref()))}
        </dl>
    }
}

fn balance(texts: Texts, balance: &Balance) -> impl IntoView + use<> {
    let number = |amount| format::number(texts.language(), amount);
    let or_unlimited =
        |amount: Option<i64>| amount.map_or_else(|| texts.common_unlimited().to_owned(), number);
    view! {
        <dt>{texts.technical_granted()}</dt>
        <dd>{or_unlimited(balance.granted)}</dd>
        <dt>{texts.technical_used()}</dt>
        <dd>{number(balance.used)}</dd>
        <dt>{texts.technical_left()}</dt>
        <dd>{or_unlimited(balance.left)}</dd>
    }
}

/// When an active benefit was set up, for whom, and until when.
pub(super) fn activated(
    texts: Texts,
    state: ActivationState,
    activation: Option<&ActivationFacts>,
) -> Option<impl IntoView + use<>> {
    let activation = activation.filter(|_| state == ActivationState::Active)?.clone();
    let date = |day| format::date(texts.language(), day);
    let when =
        activation.completed.map(|day| texts.technical_activated_by(date(day), activation.requested_by));
    Some(view! {
        {when.map(|when| view! { <dt>{texts.technical_activated()}</dt><dd>{when}</dd> })}
        {activation
            .expires
            .map(|day| {
                view! {
                    <dt>{texts.technical_active_until()}</dt>
                    <dd><time datetime=day.to_string()>{date(day)}</time></dd>
                }
            })}
    })
}

fn entries(balance: &Balance) -> impl IntoView + use<> {
    let texts = texts();
    let rows: Vec<_> = balance
        .entries
        .iter()
        .cloned()
        .map(|entry| {
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">
                        <time datetime=entry.day.to_string()>{format::date(texts.language(), entry.day)}</time>
                    </th>
                    <td role="cell" data-label=texts.technical_entry_amount()>
                        {format::number(texts.language(), entry.amount)}
                    </td>
                    <td role="cell" data-label=texts.technical_entry_reason()>{entry.reason}</td>
                </tr>
            }
        })
        .collect();
    let columns = vec![
        Column::new(texts.common_date()),
        Column::new(texts.technical_entry_amount()),
        Column::new(texts.technical_entry_reason()),
    ];
    view! {
        <div class="stack">
            <h2 class="h3">{texts.technical_entries()}</h2>
            {if rows.is_empty() {
                view! { <p class="muted">{texts.technical_entries_none()}</p> }.into_any()
            } else {
                view! {
                    <div class="sheet">
                        <Ledger caption=texts.technical_entries() columns=columns keep=true>{rows}</Ledger>
                    </div>
                }
                    .into_any()
            }}
        </div>
    }
}
