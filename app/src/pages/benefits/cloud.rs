//! An open row of licence-based cloud: the key, and what it can be used for, each choice with its
//! outcome before it is made (rule 9).

use domain::Field;
use domain::benefit::Unit;
use domain::cloud::{KeyUse, Subscription};
use domain::view::benefits::{DetailKind, GrantDetail};
use domain::view::cloud::{CloudKeyDetail, Redeemed, SubscriptionRow};
use leptos::prelude::*;
use locales::{Texts, format};

use super::software::{Instructions, KeyPane, refused};
use crate::components::field::{Choice, ChoiceGroup};
use crate::components::{Column, Deadline, Ledger, SubmitButton, Voucher};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// A cloud key with its subscriptions.
#[component]
pub fn CloudKeyDetailPane(
    /// The open row.
    detail: Signal<GrantDetail>,
) -> impl IntoView {
    let cloud = Memo::new(move |last: Option<&Option<CloudKeyDetail>>| match detail.get().kind {
        DetailKind::CloudKey(cloud) => Some(*cloud),
        _ => last.cloned().flatten(),
    });
    let Some(first) = cloud.get_untracked() else { return ().into_any() };
    let cloud = Signal::derive(move || cloud.get().unwrap_or_else(|| first.clone()));
    let grant = detail.with_untracked(|detail| detail.row.id);
    let reveal = Form::new("reveal_key", grant);
    let key = Signal::derive(move || cloud.with(|cloud| cloud.key.clone()));
    let seats = Signal::derive(move || cloud.with(|cloud| cloud.seats.map(i64::from)));
    view! {
        <div class="stack loose">
            <div class="split">
                <div class="wide stack loose">
                    <KeyPane form=reveal key=key seats=seats/>
                    <Redeem grant=grant.to_string() cloud=cloud/>
                </div>
                <div class="stack">
                    <Facts detail=detail cloud=cloud/>
                    <Instructions detail=detail/>
                </div>
            </div>
            <Subscriptions cloud=cloud/>
        </div>
    }
    .into_any()
}

fn date(texts: Texts, day: domain::Day) -> String {
    format::date(texts.language(), day)
}

#[component]
fn Facts(detail: Signal<GrantDetail>, cloud: Signal<CloudKeyDetail>) -> impl IntoView {
    let texts = texts();
    let granted = move || {
        detail.with(|detail| {
            let source = locales::source(texts, &detail.row.source, detail.row.source_name.as_deref());
            texts.software_granted_from(date(texts, detail.granted), source)
        })
    };
    let seats = move || {
        cloud.with(|cloud| {
            cloud.seats.map(|seats| {
                view! {
                    <dt>{texts.cloud_brings()}</dt>
                    <dd>{count_of_seats(texts, i64::from(seats))}</dd>
                }
            })
        })
    };
    view! {
        <dl class="facts">
            <dt>{texts.software_kind()}</dt>
            <dd>{texts.software_kind_cloud_license()}</dd>
            <dt>{texts.software_granted()}</dt>
            <dd>{granted}</dd>
            {seats}
            <dt>{texts.common_use_by()}</dt>
            <dd>
                {move || {
                    let (date, left) = detail.with(|detail| (detail.row.expires, detail.row.expires_days));
                    view! { <Deadline date=date days_left=left/> }
                }}
            </dd>
        </dl>
    }
}

fn count_of_seats(texts: Texts, count: i64) -> String {
    words::amount(texts, Unit::Seat, count)
}

/// What the redeeming pane shows.
#[derive(Clone, PartialEq)]
enum Phase {
    KeyFirst,
    Choose,
    Refused(domain::Error),
    Done(Redeemed),
}

#[component]
fn Redeem(grant: String, cloud: Signal<CloudKeyDetail>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("redeem_key", grant);
    let phase = Memo::new(move |_| {
        cloud.with(|cloud| match (&cloud.redeemed, &cloud.why_not_redeem) {
            (Some(redeemed), _) => Phase::Done(redeemed.clone()),
            (None, _) if cloud.key.revealed.is_none() => Phase::KeyFirst,
            (None, Some(error)) => Phase::Refused(error.clone()),
            (None, None) => Phase::Choose,
        })
    });
    move || match phase.get() {
        Phase::KeyFirst => view! { <Outcomes cloud=cloud/> }.into_any(),
        Phase::Choose => view! { <RedeemForm form=form cloud=cloud/> }.into_any(),
        Phase::Refused(error) => {
            let button = refused(texts, texts.cloud_redeem_button(), form.id(Field::Reason), error);
            view! { <div class="stack"><h2 class="h4">{texts.cloud_redeem()}</h2>{button}</div> }.into_any()
        }
        Phase::Done(redeemed) => {
            let by = texts.cloud_redeemed_by(date(texts, redeemed.day), redeemed.by);
            view! {
                <div class="stack">
                    <h2 class="h4">{texts.cloud_redeemed()}</h2>
                    <p>{use_name(texts, redeemed.used_for)}</p>
                    <p class="small muted">{by}</p>
                </div>
            }
            .into_any()
        }
    }
}

fn use_name(texts: Texts, used_for: KeyUse) -> &'static str {
    match used_for {
        KeyUse::NewSubscription => texts.cloud_use_new_subscription(),
        KeyUse::MoreSeats => texts.cloud_use_more_seats(),
        KeyUse::LaterEnd => texts.cloud_use_later_end(),
    }
}

/// What the key could be used for, before there is a key to use.
#[component]
fn Outcomes(cloud: Signal<CloudKeyDetail>) -> impl IntoView {
    let texts = texts();
    let choices = Memo::new(move |_| cloud.with(|cloud| choices(texts, cloud)));
    view! {
        <div class="stack">
            <h2 class="h4">{texts.cloud_choose()}</h2>
            <p class="muted">{texts.cloud_get_key_first()}</p>
            <ul class="stack">
                {move || {
                    choices
                        .get()
                        .into_iter()
                        .map(|choice| {
                            view! { <li><b>{choice.text}</b> <p class="small muted">{choice.note}</p></li> }
                        })
                        .collect_view()
                }}
            </ul>
        </div>
    }
}

#[component]
fn RedeemForm(form: Form, cloud: Signal<CloudKeyDetail>) -> impl IntoView {
    let texts = texts();
    // Built anew only when an outcome changes: then the choice has to be looked at again.
    let offered = Memo::new(move |_| cloud.with(|cloud| choices(texts, cloud)));
    let group = move || {
        let choices = offered.get();
        let selected = form.kept(Field::Subscription).into_iter().collect();
        view! {
            <ChoiceGroup
                id=form.id(Field::Subscription)
                name=Field::Subscription.code()
                label=texts.cloud_choose()
                choices=choices
                selected=selected
                error=form.field_error(Field::Subscription)
            />
        }
    };
    let stub = move || {
        view! {
            <SubmitButton label=texts.cloud_redeem_button() busy=form.pending/>
            <p class="small muted">{texts.common_cant_be_undone()}</p>
        }
    };
    view! {
        <PostForm form=form class="wide">
            <Voucher stub=stub>
                <h2 class="h3">{texts.cloud_redeem()}</h2>
                <p class="small">{texts.cloud_redeem_text()}</p>
                {group}
            </Voucher>
        </PostForm>
    }
}

/// Every choice with its outcome, or with the reason why it can't be made.
fn choices(texts: Texts, cloud: &CloudKeyDetail) -> Vec<Choice> {
    let mut choices = Vec::with_capacity(1 + 2 * cloud.subscriptions.len());
    if let Some(new) = cloud.new {
        choices.push(Choice {
            value: KeyUse::NewSubscription.code().to_owned(),
            text: texts.cloud_new_subscription().to_owned(),
            note: texts.cloud_new_subscription_outcome(i64::from(new.seats), date(texts, new.ends)),
            refused: false,
        });
    }
    for row in &cloud.subscriptions {
        for (used_for, outcome) in [(KeyUse::MoreSeats, &row.more_seats), (KeyUse::LaterEnd, &row.later_end)]
        {
            if let Some(outcome) = outcome {
                choices.push(choice(texts, row, used_for, outcome));
            }
        }
    }
    choices
}

fn choice(
    texts: Texts,
    row: &SubscriptionRow,
    used_for: KeyUse,
    outcome: &Result<Subscription, domain::Error>,
) -> Choice {
    let opened = date(texts, row.opened);
    let text = match used_for {
        KeyUse::LaterEnd => texts.cloud_later_end(opened),
        KeyUse::MoreSeats | KeyUse::NewSubscription => texts.cloud_more_seats(opened),
    };
    let value = format!("{}:{}:{}", used_for.code(), row.id, row.version);
    match outcome {
        Err(error) => Choice::refused(value, text, words::refusal(texts, error)),
        Ok(after) => {
            let seats = |count: u32| format::number(texts.language(), i64::from(count));
            let (ends, before) = (date(texts, after.ends), date(texts, row.now.ends));
            let note = match used_for {
                KeyUse::LaterEnd => texts.cloud_later_end_outcome(ends, before, seats(after.seats)),
                KeyUse::MoreSeats | KeyUse::NewSubscription => {
                    texts.cloud_more_seats_outcome(seats(row.now.seats), ends, before, seats(after.seats))
                }
            };
            Choice { note, ..Choice::new(value, text) }
        }
    }
}

#[component]
fn Subscriptions(cloud: Signal<CloudKeyDetail>) -> impl IntoView {
    let texts = texts();
    let rows = Memo::new(move |_| cloud.with(|cloud| cloud.subscriptions.clone()));
    let columns = vec![
        Column::new(texts.cloud_opened()),
        Column::new(texts.cloud_seats()),
        Column::new(texts.cloud_ends()),
    ];
    let row = move |row: SubscriptionRow| {
        view! {
            <tr role="row">
                <th role="rowheader" scope="row">
                    <time datetime=row.opened.to_string()>{date(texts, row.opened)}</time>
                </th>
                <td role="cell" data-label=texts.cloud_seats()>
                    {format::number(texts.language(), i64::from(row.now.seats))}
                </td>
                <td role="cell" data-label=texts.cloud_ends()>
                    <time datetime=row.now.ends.to_string()>{date(texts, row.now.ends)}</time>
                </td>
            </tr>
        }
    };
    view! {
        <div class="stack">
            <h2 class="h4">{texts.cloud_subscriptions()}</h2>
            <Show
                when=move || rows.with(|rows| !rows.is_empty())
                fallback=move || view! { <p class="muted">{texts.cloud_no_subscriptions()}</p> }
            >
                <div class="sheet">
                    <Ledger caption=texts.cloud_subscriptions() columns=columns.clone() keep=true>
                        {move || rows.get().into_iter().map(row).collect_view()}
                    </Ledger>
                </div>
            </Show>
        </div>
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use domain::cloud::Subscription;
    use domain::ids::SubscriptionId;
    use domain::view::cloud::{CloudKeyDetail, SubscriptionRow};
    use domain::view::software::KeyState;
    use domain::{Day, Error, ErrorCode, Language};

    use super::choices;

    #[test]
    fn rule_09_every_choice_shows_its_outcome_or_why_it_cant_be_made() {
        let day = |text| Day::parse(text).expect("a day");
        let now = Subscription { seats: 1, ends: day("2027-05-21") };
        let row = SubscriptionRow {
            id: SubscriptionId(uuid::Uuid::nil()),
            version: 4,
            opened: day("2026-05-21"),
            now,
            more_seats: Some(Ok(Subscription { seats: 6, ends: day("2027-10-21") })),
            later_end: Some(Err(Error::new(ErrorCode::ExtensionTooLarge).with_number(3))),
        };
        let key = KeyState {
            revealed: None,
            refund: None,
            activations: None,
            why_not: None,
            own_seat: None,
            replacement: None,
        };
        let cloud = CloudKeyDetail {
            key,
            seats: Some(5),
            new: Some(Subscription { seats: 5, ends: day("2027-11-21") }),
            subscriptions: vec![row],
            redeemed: None,
            why_not_redeem: None,
        };
        let choices = choices(locales::texts(Language::English), &cloud);
        assert_eq!(choices.len(), 3);
        assert_eq!(choices[0].value, "new_subscription");
        assert_eq!(choices[0].note, "5 seats until 21 Nov 2027");
        assert_eq!(choices[1].value, format!("more_seats:{}:4", uuid::Uuid::nil()));
        assert_eq!(choices[1].note, "6 seats instead of 1, until 21 Oct 2027 instead of 21 May 2027");
        assert!(!choices[1].refused && choices[2].refused);
        assert!(choices[2].note.contains("three times"));
    }
}
