//! An open row of seats: assign, who holds what since when, who held it before, who asks for one.

use domain::seat::Shortage;
use domain::view::benefits::{DetailKind, GrantDetail};
use domain::view::seats::{EarlierHolder, Holder, SeatRequestRow, SeatsDetail};
use domain::{ErrorCode, Field};
use leptos::prelude::*;
use locales::Texts;

use crate::components::field::Choice;
use crate::components::{
    ButtonTone, Column, Confirm, DisabledButton, EmailField, Icon, IconName, Ledger, LinkButton,
    PeopleChooser, PersonOption, ProcessingClock, SelectField, Status, StatusKind, SubmitButton, TextField,
    Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::server_fns::people::search_people;
use crate::words;

/// The seats of the open grant.
#[component]
pub fn SeatsPane(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let seats = Memo::new(move |last: Option<&Option<SeatsDetail>>| match detail.get().kind {
        DetailKind::Seats(seats) => Some(*seats),
        DetailKind::Software(software) => software.seats.map(|seats| *seats),
        _ => last.cloned().flatten(),
    });
    let Some(first) = seats.get_untracked() else { return ().into_any() };
    let seats = Signal::derive(move || seats.get().unwrap_or_else(|| first.clone()));
    let requests = Memo::new(move |_| seats.with(|seats| seats.requests.clone()));
    let portal = Memo::new(move |_| seats.with(|seats| seats.portal_url.clone()));
    view! {
        <div class="stack loose">
            {move || portal.get().map(portal_link)}
            <AssignPane detail=detail seats=seats/>
            <Show when=move || requests.with(|requests| !requests.is_empty())>
                <SeatRequests seats=seats/>
            </Show>
            <Holders detail=detail seats=seats/>
            <Earlier seats=seats/>
        </div>
    }
    .into_any()
}

/// The way to the vendor's portal, for whoever holds a seat (rule 9).
fn portal_link(url: String) -> impl IntoView {
    let texts = texts();
    view! {
        <div class="row">
            <LinkButton href=url label=texts.seats_portal() icon=IconName::Out/>
            <span class="sr">{texts.common_new_window()}</span>
        </div>
    }
}

/// What is left of the grant; none is unlimited.
fn left(detail: &GrantDetail) -> Option<i64> {
    detail.row.quantity.map(|quantity| (quantity - detail.row.used).max(0))
}

#[component]
fn AssignPane(detail: Signal<GrantDetail>, seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let why_not =
        Memo::new(move |_| seats.with(|seats| seats.why_not_assign.clone().or(seats.why_closed.clone())));
    let right = Memo::new(move |_| seats.with(|seats| seats.why_not_assign.is_some()));
    move || match why_not.get() {
        Some(error) => {
            let id = detail.with_untracked(|detail| format!("why-{}", detail.row.id));
            let kind = if right.get() { WhyKind::Right } else { WhyKind::State };
            view! {
                <div class="stack">
                    <h2 class="h3">{texts.seats_assign()}</h2>
                    <div class="row"><DisabledButton label=texts.seats_assign() describedby=id.clone()/></div>
                    <Why id=id kind=kind text=words::refusal(texts, &error)/>
                </div>
            }
            .into_any()
        }
        None => view! { <AssignForm detail=detail seats=seats/> }.into_any(),
    }
}

#[component]
fn AssignForm(detail: Signal<GrantDetail>, seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let first = seats.get_untracked();
    let grant = detail.with_untracked(|detail| detail.row.id);
    let form = Form::new("assign_seats", grant);
    let people: Vec<PersonOption> =
        first.people.iter().cloned().map(|choice| PersonOption::of(texts, choice)).collect();
    let mut kept = form.kept_all(Field::People);
    if !form.refused() {
        // Somebody who was just added is chosen on return (rule 11).
        kept.extend(first.chosen.map(|chosen| chosen.to_string()));
    }
    let chosen =
        RwSignal::new(people.iter().filter(|person| kept.contains(&person.id)).cloned().collect::<Vec<_>>());
    Effect::new(move |_| {
        // Once they are assigned nobody is chosen any more.
        if form.done.with(Option::is_some) {
            chosen.set(Vec::new());
        }
    });
    let search = move |typed: String| async move {
        search_people(grant, typed)
            .await
            .and_then(|found| found.open())
            .map(|found| found.into_iter().map(|choice| PersonOption::of(texts, choice)).collect())
            .map_err(|refusal| words::refusal(texts, &refusal.0))
    };
    let left = Memo::new(move |_| detail.with(left));
    let label = Signal::derive(move || match chosen.with(Vec::len) {
        0 | 1 => texts.seats_assign().to_owned(),
        count => texts.seats_assign_count(count as i64),
    });
    let add = format!("/account/users/add?then={}", words::encode(&detail.with_untracked(super::address_of)));
    let help = move || {
        view! {
            {texts.seats_not_listed()}
            " "
            <a href=add>{texts.seats_add_user()}</a>
            ", "
            {texts.seats_then_back()}
        }
    };
    let by_support = first.wants_alternate_email;
    let lock = move || {
        seats.with(|seats| match seats.locked_until {
            Some(date) => texts.seats_locked_note(locales::format::date(texts.language(), date)),
            None => texts.seats_any_time().to_owned(),
        })
    };
    let myself = move || {
        seats
            .with(|seats| seats.myself.clone())
            .filter(|myself| !myself.refused && !by_support && left.get() != Some(0))
            .map(|myself| view! { <AssignMyself grant=grant.to_string() person=myself.id.to_string()/> })
    };
    let short = move || {
        form.error.with(|error| error.as_ref().is_some_and(|error| error.code == ErrorCode::NoSeatLeft))
    };
    view! {
        <div class="split">
            <PostForm form=form class="stack">
                <h2 class="h3">{texts.seats_assign()}</h2>
                <PeopleChooser
                    id=form.id(Field::People)
                    label=texts.seats_who()
                    people=people
                    chosen=chosen
                    left=left
                    single=by_support
                    search=search
                    help=help
                    error=form.field_error(Field::People)
                />
                {by_support
                    .then(|| {
                        view! {
                            <EmailField
                                id=form.id(Field::AlternateEmail)
                                name=Field::AlternateEmail.code()
                                label=texts.seats_alternate_email()
                                value=form.value(Field::AlternateEmail, "")
                                help=texts.seats_alternate_email_help()
                                error=form.field_error(Field::AlternateEmail)
                                required=true
                            />
                        }
                    })}
                <Show when=move || short() && left.get() != Some(0)>
                    <SelectField
                        id=form.id(Field::Shortage)
                        name=Field::Shortage.code()
                        label=texts.seats_shortage()
                        choices=vec![
                            shortage(Shortage::None, texts.seats_shortage_none()),
                            shortage(Shortage::FirstN, texts.seats_shortage_first()),
                        ]
                        error=form.field_error(Field::Shortage)
                    />
                </Show>
                <div class="row">
                    <SubmitButton label=label busy=form.pending/>
                </div>
            </PostForm>
            <div class="stack">
                <div class="row">{myself}</div>
                <p class="why">
                    <Icon name=IconName::Info/>
                    <span>{texts.seats_mail_note()} " " {lock}</span>
                </p>
            </div>
        </div>
    }
}

fn shortage(value: Shortage, text: &str) -> Choice {
    Choice { value: value.code().to_owned(), text: text.to_owned(), note: String::new(), refused: false }
}

#[component]
fn AssignMyself(grant: String, person: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("assign_seats", grant);
    // The form above shows what came of it.
    form.reset();
    view! {
        <PostForm form=form>
            <input type="hidden" name=Field::People.code() value=person/>
            <SubmitButton label=texts.seats_assign_myself() tone=ButtonTone::Secondary busy=form.pending/>
        </PostForm>
    }
}

#[component]
fn SeatRequests(seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| seats.with(|seats| seats.why_not_assign.clone()));
    view! {
        <div class="stack">
            <h2 class="h3">{texts.seats_requests()}</h2>
            <For
                each=move || seats.with(|seats| seats.requests.clone())
                key=|request| request.id
                let:request
            >
                <SeatRequest request=request allowed=why_not.with_untracked(Option::is_none)/>
            </For>
        </div>
    }
}

/// A request for a seat with the form that decides it.
#[component]
pub fn SeatRequest(
    /// The request.
    request: SeatRequestRow,
    /// Whether the reader may decide it.
    allowed: bool,
) -> impl IntoView {
    let texts = texts();
    let form = Form::new("decide_seat_request", request.id);
    let asked = locales::format::date(texts.language(), request.asked);
    view! {
        <div class="sheet">
            <div class="in stack">
                <p>
                    <b>{texts.seats_request_from(asked, request.name)}</b>
                    <span class="muted small">" " {request.email}</span>
                </p>
                {(!request.note.is_empty()).then(|| view! { <p>{request.note}</p> })}
                {allowed
                    .then(|| {
                        view! {
                            <PostForm form=form class="stack">
                                <TextField
                                    id=form.id(Field::Reason)
                                    name=Field::Reason.code()
                                    label=texts.seats_refuse_reason()
                                    value=form.value(Field::Reason, "")
                                    error=form.field_error(Field::Reason)
                                    maxlength=500_u32
                                />
                                <div class="row">
                                    <SubmitButton
                                        label=texts.seats_grant_request()
                                        busy=form.pending
                                        name="decision"
                                        value="granted"
                                    />
                                    <SubmitButton
                                        label=texts.seats_refuse_request()
                                        tone=ButtonTone::Danger
                                        busy=form.pending
                                        name="decision"
                                        value="refused"
                                    />
                                </div>
                            </PostForm>
                        }
                    })}
            </div>
        </div>
    }
}

#[component]
fn Holders(detail: Signal<GrantDetail>, seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let first = detail.get_untracked();
    let source = locales::source(texts, &first.row.source, first.row.source_name.as_deref());
    let caption = texts.seats_holders_of(first.row.name.clone(), source);
    let product = first.row.name;
    let columns = vec![
        Column::new(texts.seats_holder()),
        Column::new(texts.seats_since()),
        Column::new(texts.seats_assigned_by()),
        Column::new(texts.common_status()),
        Column::silent(texts.common_actions()),
    ];
    let none = move || seats.with(|seats| seats.holders.is_empty());
    let figure = move || {
        detail.with(|detail| match detail.row.quantity {
            Some(quantity) => texts.common_left_of(
                locales::format::number(texts.language(), seats.with(|seats| seats.holders.len() as i64)),
                locales::format::number(texts.language(), quantity),
            ),
            None => locales::format::number(texts.language(), seats.with(|seats| seats.holders.len() as i64)),
        })
    };
    view! {
        <div class="stack">
            <div class="row">
                <h2 class="h3">{texts.seats_holders()}</h2>
                <span class="muted small">{figure}</span>
            </div>
            <Show when=none>
                <p class="muted">{texts.seats_holders_none()}</p>
            </Show>
            <div class="sheet" hidden=none>
                <Ledger caption=caption columns=columns>
                    <For
                        each=move || seats.with(|seats| seats.holders.clone())
                        key=|holder| (holder.seat, holder.version, holder.mail_waiting)
                        let:holder
                    >
                        <HolderRow holder=holder product=product.clone() seats=seats/>
                    </For>
                </Ledger>
            </div>
        </div>
    }
}

#[component]
fn HolderRow(holder: Holder, product: String, seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let date = |day| locales::format::date(texts.language(), day);
    let may = seats.with_untracked(|seats| seats.why_not_assign.is_none());
    let status = match (holder.processing, holder.locked_until) {
        (Some((day, target)), _) => {
            view! { <ProcessingClock day=day target=target text=texts.seats_processing(day, target)/> }
                .into_any()
        }
        (None, Some(until)) => {
            let mail = holder.mail_waiting.then(|| view! { <small>{texts.seats_mail_waiting()}</small> });
            view! { <Status kind=StatusKind::Locked text=texts.seats_locked_until(date(until))/> {mail} }
                .into_any()
        }
        (None, None) if holder.mail_waiting => {
            view! { <Status kind=StatusKind::Waiting text=texts.seats_mail_waiting()/> }.into_any()
        }
        (None, None) => {
            view! { <Status kind=StatusKind::Active text=texts.find_status("active").unwrap_or_default()/> }
                .into_any()
        }
    };
    let actions = (may && holder.locked_until.is_none()).then(|| {
        let holder = holder.clone();
        view! {
            <div class="row">
                <Reassign holder=holder.clone() seats=seats/>
                <Remove holder=holder product=product/>
            </div>
        }
    });
    view! {
        <tr role="row" id=holder.seat.to_string()>
            <th role="rowheader" scope="row">{holder.name.clone()}<small>{holder.email.clone()}</small></th>
            <td role="cell" data-label=texts.seats_since()>
                <time datetime=holder.since.to_string()>{date(holder.since)}</time>
            </td>
            <td role="cell" data-label=texts.seats_assigned_by()>{holder.assigned_by.clone()}</td>
            <td role="cell" data-label=texts.common_status()>{status}</td>
            <td role="cell" class="end act">{actions}</td>
        </tr>
    }
}

#[component]
fn Remove(holder: Holder, product: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("release_seat", holder.seat);
    let done = Signal::derive(move || form.done.with(Option::is_some));
    let version = holder.version;
    view! {
        <Confirm
            id=format!("remove-{}", holder.seat)
            label=texts.seats_remove()
            described=texts.seats_remove_named(holder.name.clone())
            question=texts.seats_remove_question(holder.name.clone())
            done=done
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton label=texts.seats_remove() tone=ButtonTone::DangerPrimary busy=form.pending/>
                    </PostForm>
                }
            }
        >
            <p>{texts.seats_remove_text(holder.name.clone(), product)}</p>
        </Confirm>
    }
}

#[component]
fn Reassign(holder: Holder, seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("reassign_seat", holder.seat);
    let version = holder.version;
    let by_support = seats.with_untracked(|seats| seats.wants_alternate_email);
    let choices: Vec<Choice> = seats.with_untracked(|seats| {
        seats
            .people
            .iter()
            .filter(|person| person.id != holder.person)
            .map(|person| Choice {
                value: person.id.to_string(),
                text: format!("{} ({})", person.name, person.email),
                note: words::seat_note(texts, person.note).to_owned(),
                refused: person.refused,
            })
            .collect()
    });
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="button quiet" aria-label=texts.seats_reassign_named(holder.name)>
                {texts.seats_reassign()}
            </summary>
            <PostForm form=form class="stack">
                <input type="hidden" name="version" value=version/>
                <SelectField
                    id=form.id(Field::Person)
                    name=Field::Person.code()
                    label=texts.seats_reassign_to()
                    choices=choices
                    selected=form.value(Field::Person, "")
                    empty=texts.seats_choose()
                    error=form.field_error(Field::Person)
                />
                {by_support
                    .then(|| {
                        view! {
                            <EmailField
                                id=form.id(Field::AlternateEmail)
                                name=Field::AlternateEmail.code()
                                label=texts.seats_alternate_email()
                                value=form.value(Field::AlternateEmail, "")
                                error=form.field_error(Field::AlternateEmail)
                                required=true
                            />
                        }
                    })}
                <div class="row">
                    <SubmitButton label=texts.seats_reassign() busy=form.pending/>
                </div>
            </PostForm>
        </details>
    }
}

#[component]
fn Earlier(seats: Signal<SeatsDetail>) -> impl IntoView {
    let texts = texts();
    let earlier = Memo::new(move |_| seats.with(|seats| seats.earlier.clone()));
    view! {
        <Show when=move || earlier.with(|earlier| !earlier.is_empty())>
            <details>
                <summary class="row small">
                    <Icon name=IconName::Right/>
                    <span>{move || texts.seats_earlier(earlier.with(Vec::len) as i64)}</span>
                </summary>
                <div class="sheet">
                    <Ledger
                        caption=texts.seats_earlier(earlier.with_untracked(Vec::len) as i64)
                        columns=vec![
                            Column::new(texts.seats_holder()),
                            Column::new(texts.seats_since()),
                            Column::new(texts.seats_until()),
                            Column::new(texts.seats_reason()),
                        ]
                    >
                        <For each=move || earlier.get() key=|holder| holder.seat let:holder>
                            {earlier_row(texts, holder)}
                        </For>
                    </Ledger>
                </div>
            </details>
        </Show>
    }
}

fn earlier_row(texts: Texts, holder: EarlierHolder) -> impl IntoView {
    let date = |day| locales::format::date(texts.language(), day);
    let code = holder.reason.code();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{holder.name}</th>
            <td role="cell" data-label=texts.seats_since()>{date(holder.since)}</td>
            <td role="cell" data-label=texts.seats_until()>{date(holder.until)}</td>
            <td role="cell" data-label=texts.seats_reason()>{texts.find_release_reason(code).unwrap_or(code)}</td>
        </tr>
    }
}
