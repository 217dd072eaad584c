//! The forms that take, complete, approve or refuse a request.

use domain::Field;
use domain::support::AdvisoryDraft;
use domain::view::operator::{
    ActivationItem, AdvisoryItem, CancellationItem, GlobalAdminItem, ItemFacts, PaymentItem, QueueItem,
};
use leptos::prelude::*;
use locales::{Texts, format};

use super::item::when;
use crate::components::{
    ButtonTone, Confirm, DateField, DisabledButton, Notice, Points, SubmitButton, TextField, Tone, Why,
    WhyKind,
};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::pages::cancel::{conditions, ends, reason_text};

/// The version that every form about the request carries; it follows the row.
#[component]
pub(super) fn Version(item: Signal<QueueItem>) -> impl IntoView {
    let version = Memo::new(move |_| item.with(|item| item.row.version));
    view! { <input type="hidden" name="version" value=move || version.get().to_string()/> }
}

pub(super) fn label(texts: Texts, field: Field) -> &'static str {
    texts.find_field(field.code()).unwrap_or_default()
}

/// Taking a request, from nobody or from a colleague.
#[component]
pub(super) fn Take(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("take_request", item.with_untracked(|item| item.row.id));
    let owner = Memo::new(move |_| item.with(|item| (item.row.owner.clone(), item.row.mine)));
    let caption = Signal::derive(move || match owner.get().0 {
        Some(name) => texts.operator_take_over(name),
        None => texts.operator_take().to_owned(),
    });
    view! {
        <Show when=move || !owner.with(|(_, mine)| *mine)>
            <PostForm form=form>
                <Version item=item/>
                <SubmitButton label=caption tone=ButtonTone::Secondary busy=form.pending/>
            </PostForm>
        </Show>
    }
}

/// Giving a request back, so that nobody has it.
#[component]
pub(super) fn GiveBack(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("hand_over_request", item.with_untracked(|item| item.row.id));
    let taken = Memo::new(move |_| item.with(|item| item.row.owner.is_some()));
    view! {
        <Show when=move || taken.get()>
            <PostForm form=form>
                <Version item=item/>
                <SubmitButton
                    label=texts.queue_give_back()
                    tone=ButtonTone::Secondary
                    busy=form.pending
                    name="decision"
                    value="release"
                />
            </PostForm>
        </Show>
    }
}

/// Planning an engagement; what is planned stands in the fields.
#[component]
fn Plan(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("plan_advisory", item.with_untracked(|item| item.row.id));
    let plan = Memo::new(move |_| item.with(|item| of_advisory(item).and_then(|facts| facts.plan)));
    let planned = move || {
        plan.get().map(|plan| {
            let day = format::date(texts.language(), plan.day);
            view! {
                <p>{texts.queue_plan_line(plan.consultant, plan.hours, day)}</p>
                {(!plan.note.is_empty()).then_some(view! { <p class="muted">{plan.note}</p> })}
            }
        })
    };
    let fields = move || {
        let plan = plan.get();
        let of = |of: fn(domain::support::EngagementPlan) -> String| plan.clone().map(of).unwrap_or_default();
        view! {
            <TextField
                id=form.id(Field::Consultant)
                name=Field::Consultant.code()
                label=label(texts, Field::Consultant)
                value=form.value(Field::Consultant, of(|plan| plan.consultant))
                error=form.field_error(Field::Consultant)
                maxlength=100_u32
                required=true
            />
            <DateField
                id=form.id(Field::Day)
                name=Field::Day.code()
                label=label(texts, Field::Day)
                value=form.value(Field::Day, of(|plan| plan.day.to_string()))
                error=form.field_error(Field::Day)
                required=true
            />
            <TextField
                id=form.id(Field::PlannedHours)
                name=Field::PlannedHours.code()
                label=label(texts, Field::PlannedHours)
                value=form.value(Field::PlannedHours, of(|plan| plan.hours.to_string()))
                error=form.field_error(Field::PlannedHours)
                inputmode="numeric"
                required=true
            />
            <TextField
                id=form.id(Field::Place)
                name=Field::Place.code()
                label=label(texts, Field::Place)
                value=form.value(Field::Place, of(|plan| plan.note))
                help=texts.operator_delivery_help()
                error=form.field_error(Field::Place)
                maxlength=200_u32
                optional=true
            />
        }
    };
    view! {
        <div class="stack">
            <h2 class="h3">{texts.queue_plan()}</h2>
            {planned}
            <details class="disclose" open=form.refused()>
                <summary class="button">{texts.queue_plan_open()}</summary>
                <PostForm form=form class="form">
                    <Version item=item/>
                    {fields}
                    <div class="form-foot">
                        <SubmitButton label=texts.queue_plan_save() busy=form.pending/>
                    </div>
                </PostForm>
            </details>
        </div>
    }
}

/// Refusing a request, with the reason that whoever asked reads.
#[component]
pub(super) fn Refuse(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("refuse_request", item.with_untracked(|item| item.row.id));
    let requester = item.with_untracked(|item| item.row.requester.clone());
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="button danger">{texts.operator_refuse_open()}</summary>
            <PostForm form=form class="stack">
                <Version item=item/>
                <ReasonField form=form help=texts.operator_refuse_help(requester)/>
                <div class="row">
                    <SubmitButton
                        label=texts.operator_refuse()
                        tone=ButtonTone::DangerPrimary
                        busy=form.pending
                    />
                </div>
            </PostForm>
        </details>
    }
}

/// Setting an activation up (rules 13, 16).
#[component]
pub(super) fn Activation(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let first = item.get_untracked();
    let ItemFacts::Activation(facts) = first.facts else { return ().into_any() };
    let ActivationItem {
        source,
        source_name,
        takes_ids,
        needs_ids,
        holder,
        contact,
        marketing,
        starts,
        expires,
    } = *facts;
    let form = Form::new("complete_activation", first.row.id);
    let zone = first.time_zone;
    let help = match expires {
        Some(day) => texts.operator_expires_help_until(format::date(texts.language(), day), &zone),
        None => texts.operator_expires_help(&zone),
    };
    let ids = takes_ids.then(|| {
        let number = |field: Field| {
            view! {
                <TextField
                    id=form.id(field)
                    name=field.code()
                    label=label(texts, field)
                    value=form.value(field, "")
                    help=texts.operator_nine_digits()
                    error=form.field_error(field)
                    inputmode="numeric"
                    autocomplete="off"
                    required=needs_ids
                    optional=!needs_ids
                />
            }
        };
        (number(Field::AccessId), number(Field::ContractId))
    });
    let missing = marketing && contact.is_none();
    view! {
        <div class="stack">
            <h2 class="h3">{texts.operator_activation_title()}</h2>
            <dl class="facts">
                <dt>{texts.common_source()}</dt>
                <dd>{locales::source(texts, &source, source_name.as_deref())}</dd>
                {holder
                    .map(|(name, alternate)| {
                        let told = match alternate {
                            Some(address) => texts.operator_person_email(address, name),
                            None => name,
                        };
                        view! { <dt>{texts.operator_holder()}</dt> <dd>{told}</dd> }
                    })}
                {contact
                    .map(|(name, address)| {
                        view! {
                            <dt>{texts.operator_contact()}</dt>
                            <dd>{texts.operator_person_email(address, name)}</dd>
                        }
                    })}
            </dl>
            {missing
                .then(|| view! { <Notice tone=Tone::Wait><p>{texts.operator_contact_missing()}</p></Notice> })}
            <PostForm form=form class="form">
                <Version item=item/>
                {ids}
                <DateField
                    id=form.id(Field::Starts)
                    name=Field::Starts.code()
                    label=texts.operator_starts()
                    value=form.value(Field::Starts, starts.to_string())
                    error=form.field_error(Field::Starts)
                    required=true
                />
                <DateField
                    id=form.id(Field::Expires)
                    name=Field::Expires.code()
                    label=label(texts, Field::Expires)
                    value=form.value(Field::Expires, expires.map(|day| day.to_string()).unwrap_or_default())
                    help=help
                    error=form.field_error(Field::Expires)
                    required=true
                />
                <div class="form-foot">
                    <SubmitButton label=texts.operator_complete() busy=form.pending/>
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}

fn hours_left(texts: Texts, left: Option<i64>) -> String {
    match left {
        Some(left) => texts.operator_hours_left(left),
        None => texts.operator_hours_unlimited().to_owned(),
    }
}

fn of_advisory(item: &QueueItem) -> Option<AdvisoryItem> {
    match &item.facts {
        ItemFacts::Advisory(facts) => Some((**facts).clone()),
        _ => None,
    }
}

/// Recording deliveries of an engagement, and ending it (rule 15).
#[component]
pub(super) fn Advisory(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let Some(first) = item.with_untracked(of_advisory) else { return ().into_any() };
    let id = item.with_untracked(|item| item.row.id);
    let deliver = Form::new("record_delivery", id);
    let end = Form::new("complete_advisory", id);
    let now = Memo::new(move |_| item.with(of_advisory));
    let left = move || now.get().map(|facts| hours_left(texts, facts.left));
    let recorded = move || now.with(|facts| facts.as_ref().map_or(0, recorded_hours));
    let deliveries = move || {
        let lines: Vec<_> = now
            .get()
            .map(|facts| facts.deliveries)
            .unwrap_or_default()
            .into_iter()
            .map(|delivery| {
                let day = format::date(texts.language(), delivery.day);
                view! { <li>{texts.operator_delivery_line(delivery.hours, day, delivery.by, delivery.note)}</li> }
            })
            .collect();
        if lines.is_empty() {
            view! { <p class="muted">{texts.operator_deliveries_none()}</p> }.into_any()
        } else {
            view! { <ul class="plain">{lines}</ul> }.into_any()
        }
    };
    let source = locales::source(texts, &first.source, first.source_name.as_deref());
    view! {
        <div class="stack">
            <h2 class="h3">{first.draft.title.clone()}</h2>
            <p class="lines">{first.draft.description.clone()}</p>
            {draft_facts(texts, &first.draft)}
            <dl class="facts">
                <dt>{texts.operator_charged()}</dt>
                <dd>{texts.operator_benefit_source(&first.benefit, source)}</dd>
                <dt>{texts.common_balance()}</dt>
                <dd>{left}</dd>
            </dl>
        </div>
        <Plan item=item/>
        <div class="stack">
            <h2 class="h3">{texts.operator_deliveries()}</h2>
            {deliveries}
        </div>
        <div class="stack">
            <h2 class="h3">{texts.operator_delivery_title()}</h2>
            <PostForm form=deliver class="form">
                <Version item=item/>
                <TextField
                    id=deliver.id(Field::Hours)
                    name=Field::Hours.code()
                    label=label(texts, Field::Hours)
                    value=deliver.value(Field::Hours, "")
                    error=deliver.field_error(Field::Hours)
                    inputmode="numeric"
                    required=true
                />
                <TextField
                    id=deliver.id(Field::Description)
                    name=Field::Description.code()
                    label=texts.operator_delivery_note()
                    value=deliver.value(Field::Description, "")
                    help=texts.operator_delivery_help()
                    error=deliver.field_error(Field::Description)
                    maxlength=200_u32
                    required=true
                />
                <div class="form-foot">
                    <SubmitButton label=texts.operator_record_hours() busy=deliver.pending/>
                </div>
            </PostForm>
        </div>
        <div class="stack">
            <h2 class="h3">{texts.operator_advisory_complete_title()}</h2>
            <p>{move || texts.operator_advisory_complete_note(recorded())}</p>
            <PostForm form=end>
                <Version item=item/>
                <SubmitButton label=texts.operator_complete() tone=ButtonTone::Secondary busy=end.pending/>
            </PostForm>
        </div>
    }
    .into_any()
}

fn recorded_hours(facts: &AdvisoryItem) -> i64 {
    facts.deliveries.iter().fold(0_i64, |sum, delivery| sum.saturating_add(delivery.hours))
}

fn draft_facts(texts: Texts, draft: &AdvisoryDraft) -> impl IntoView + use<> {
    let phase = match draft.phase.as_str() {
        "presales" => texts.technical_phase_presales(),
        "design" => texts.technical_phase_design(),
        "deployment" => texts.technical_phase_deployment(),
        "app_development" => texts.technical_phase_app_development(),
        _ => "",
    };
    let environment = match draft.environment.as_str() {
        "cloud" => texts.technical_environment_cloud(),
        "hybrid" => texts.technical_environment_hybrid(),
        _ => "",
    };
    let language =
        domain::Language::from_tag(&draft.language).map_or(draft.language.as_str(), |of| of.own_name());
    let rows: Vec<_> = [
        (label(texts, Field::Phase), phase),
        (label(texts, Field::Environment), environment),
        (label(texts, Field::Product), draft.product.as_str()),
        (texts.operator_hours_wanted(), draft.hours.as_str()),
        (label(texts, Field::Country), draft.country.as_str()),
        (label(texts, Field::Language), language),
        (label(texts, Field::Phone), draft.phone.as_str()),
        (label(texts, Field::TimeZone), draft.time_zone.as_str()),
        (label(texts, Field::WorkingHours), draft.working_hours.as_str()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| view! { <dt>{name}</dt> <dd>{value.to_owned()}</dd> })
    .collect();
    view! { <dl class="facts">{rows}</dl> }
}

/// Approving a cancellation, with its conditions as the rule sees them (rule 20).
#[component]
pub(super) fn Cancellation(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let first = item.get_untracked();
    let id = first.row.id;
    let form = Form::new("decide_cancellation", id);
    let organization = first.row.organization.clone();
    let facts = Memo::new(move |_| {
        item.with(|item| match &item.facts {
            ItemFacts::Cancellation(facts) => Some((**facts).clone()),
            _ => None,
        })
    });
    let asked = first.requested;
    let zone = first.time_zone;
    let told = move || {
        facts.get().map(|CancellationItem { line, reason, note }| {
            let deadline = format::date(texts.language(), line.deadline);
            let refundable = line.refundable();
            view! {
                <h2 class="h3">{line.offer.clone()}</h2>
                <p class="muted">
                    {format::money(texts.language(), line.price_minor, &line.currency)}
                    " · "
                    {texts.operator_asked_in_time(when(asked), deadline)}
                </p>
                <dl class="facts">
                    <dt>{texts.common_reason()}</dt>
                    <dd>{reason.map(|reason| reason_text(texts, reason))}</dd>
                </dl>
                {(!note.is_empty()).then(|| view! { <blockquote>{note}</blockquote> })}
                <Points points=conditions(texts, &line, &zone)/>
                <Points points=ends(texts, &line)/>
                {(!refundable)
                    .then(|| view! { <Why kind=WhyKind::State text=texts.operator_not_refundable()/> })}
            }
        })
    };
    let possible =
        Memo::new(move |_| facts.with(|facts| facts.as_ref().is_some_and(|facts| facts.line.refundable())));
    let offer = facts
        .with_untracked(|facts| facts.as_ref().map(|facts| facts.line.offer.clone()).unwrap_or_default());
    view! {
        <div class="stack">{told}</div>
        {move || {
            possible
                .get()
                .then(|| {
                    let (offer, organization) = (offer.clone(), organization.clone());
                    view! {
                        <div class="row">
                            <Confirm
                                id=format!("approve-{id}")
                                label=texts.operator_approve_refund()
                                tone=ButtonTone::Primary
                                question=texts.operator_approve_question(offer)
                                done=Signal::derive(move || form.done.with(Option::is_some))
                                open=form.refused()
                                form=move || {
                                    view! {
                                        <PostForm form=form>
                                            <Version item=item/>
                                            <SubmitButton
                                                label=texts.operator_approve_refund()
                                                tone=ButtonTone::DangerPrimary
                                                busy=form.pending
                                                name="decision"
                                                value="approved"
                                            />
                                        </PostForm>
                                    }
                                        .into_any()
                                }
                            >
                                <p>{texts.operator_approve_text(organization)}</p>
                            </Confirm>
                        </div>
                    }
                })
        }}
    }
}

/// Making whoever asked Global admin, as long as the company has none (rule 5).
#[component]
pub(super) fn GlobalAdmin(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let first = item.get_untracked();
    let ItemFacts::GlobalAdmin(GlobalAdminItem { roles, admins, active }) = first.facts else {
        return ().into_any();
    };
    let form = Form::new("decide_global_admin", first.row.id);
    let roles: Vec<&str> =
        roles.iter().map(|role| texts.find_role(role.code()).unwrap_or_default()).collect();
    let why = if !admins.is_empty() {
        Some(texts.operator_admins_there(format::list_and(texts.language(), &admins)))
    } else if active {
        None
    } else {
        Some(texts.operator_asker_inactive(&first.row.requester))
    };
    let why_id = format!("no-admin-{}", first.row.id);
    view! {
        <div class="stack">
            <h2 class="h3">{first.row.requester.clone()}</h2>
            <dl class="facts">
                <dt>{label(texts, Field::Roles)}</dt>
                <dd>{format::list_and(texts.language(), &roles)}</dd>
            </dl>
            {match why {
                Some(why) => view! {
                    <div><DisabledButton label=texts.operator_grant_admin() describedby=why_id.clone()/></div>
                    <Why id=why_id kind=WhyKind::State text=why/>
                }
                    .into_any(),
                None => view! {
                    <p>{texts.operator_grant_admin_note(&first.row.requester, &first.row.organization)}</p>
                    <PostForm form=form>
                        <Version item=item/>
                        <SubmitButton
                            label=texts.operator_grant_admin()
                            busy=form.pending
                            name="decision"
                            value="approved"
                        />
                    </PostForm>
                }
                    .into_any(),
            }}
        </div>
    }
    .into_any()
}

/// Confirming that the money of a bank transfer is here.
#[component]
pub(super) fn Payment(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let first = item.get_untracked();
    let ItemFacts::Payment(PaymentItem {
        order,
        state,
        offer,
        areas,
        price_minor,
        currency,
        ordered,
        proofs,
        refund,
    }) = first.facts
    else {
        return ().into_any();
    };
    let form = Form::new("decide_payment", first.row.id);
    let offer = if areas.is_empty() {
        offer
    } else {
        texts.cancel_offer_areas(format::list_and(texts.language(), &areas), offer)
    };
    let why_id = format!("no-payment-{}", first.row.id);
    let proofs = (!proofs.is_empty())
        .then(|| crate::pages::orders::proofs(texts, &proofs, "/operator/payment-proofs"));
    let waits = refund || state == domain::order::OrderState::Placed;
    let (note, label) = if refund {
        (texts.operator_refund_note(&first.row.organization), texts.operator_refund_sent())
    } else {
        (texts.operator_payment_note(&first.row.organization), texts.operator_payment_here())
    };
    view! {
        <div class="stack">
            <h2 class="h3">{texts.orders_title(order)}</h2>
            <dl class="facts">
                <dt>{texts.orders_column_offer()}</dt>
                <dd>{offer}</dd>
                <dt>{texts.orders_column_amount()}</dt>
                <dd>{format::money(texts.language(), price_minor, &currency)}</dd>
                <dt>{texts.orders_transfer_reference()}</dt>
                <dd>{order}</dd>
                <dt>{texts.orders_column_ordered()}</dt>
                <dd>{format::date(texts.language(), ordered)}</dd>
            </dl>
            {proofs}
            {if waits {
                view! {
                    <p>{note}</p>
                    <PostForm form=form>
                        <Version item=item/>
                        <SubmitButton
                            label=label
                            busy=form.pending
                            name="decision"
                            value="approved"
                        />
                    </PostForm>
                }
                    .into_any()
            } else {
                view! {
                    <div><DisabledButton label=texts.operator_payment_here() describedby=why_id.clone()/></div>
                    <Why id=why_id kind=WhyKind::State text=texts.operator_payment_over()/>
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}
