//! What the clock does to activations: their time is over (rules 13, 16).

use domain::benefit::{ActivationStep, By};
use domain::{AuditAction, Moment};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{complete, move_to, settle_grant, state_of};
use crate::audit::Event;
use crate::change::Change;
use crate::entity::activation::Model as Activation;
use crate::live::Changed;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many are looked up at once.
const BATCH: usize = 100;

/// So many days before its end the contact of a go-to-market benefit is told.
pub const REMINDED_DAYS: i64 = 14;

/// What the clock has to do with an activation.
#[derive(Clone, Copy)]
enum Due {
    /// Its time is over.
    Expire,
    /// Its contact is to be told that it ends.
    Remind,
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    expires_at: i64,
}

impl Due {
    /// Where such activations are, with the values of that text.
    fn place(self, now: Moment) -> (&'static str, Vec<Value>) {
        match self {
            Self::Expire => {
                let from = "from activation a where a.state = 'active' and a.expires_at < $1";
                (from, vec![now.0.into()])
            }
            Self::Remind => {
                let from = "from activation a join benefit_grant g on g.id = a.grant_id
                    where a.state = 'active' and a.reminded_at is null and a.expires_at >= $1
                        and a.expires_at <= $2 and g.category = 'go_to_market'
                        and exists (select 1 from marketing_contact c
                            where c.organization_id = a.organization_id)";
                (from, vec![now.0.into(), now.plus_days(REMINDED_DAYS).0.into()])
            }
        }
    }

    /// The next of them after the last that was seen, the earliest end first.
    async fn after(self, service: &Service, (at, id): (i64, Uuid)) -> Outcome<Vec<Found>> {
        let (from, mut values) = self.place(service.now());
        values.extend([at.into(), id.into()]);
        let text = format!(
            "select a.id, a.expires_at {from} and (a.expires_at, a.id) > (${}, ${})
            order by a.expires_at, a.id limit {BATCH}",
            values.len() - 1,
            values.len()
        );
        Ok(sql::all::<Found>(service.database.reader(), &text, values).await?)
    }

    /// One of them, if it still is one and nobody else is at it.
    async fn claim(self, change: &Change<'_>, id: Uuid) -> Outcome<Option<Activation>> {
        let (from, mut values) = self.place(change.now);
        values.push(id.into());
        let lock = if change.service().database.is_postgres() { " for update of a skip locked" } else { "" };
        let text = format!("select a.* {from} and a.id = ${}{lock}", values.len());
        Ok(sql::one::<Activation>(&change.transaction, &text, values).await?)
    }
}

/// Ends the activations whose last moment is over, each by itself, and tells the marketing contact of go-to-market
/// benefits. Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was ended before stays ended.
pub async fn expire_due(service: &Service) -> Outcome<usize> {
    see_to(service, Due::Expire).await
}

/// Tells the marketing contact, once, which go-to-market benefits end within [`REMINDED_DAYS`]
/// (rule 16). Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was told before stays told.
pub async fn remind_due(service: &Service) -> Outcome<usize> {
    see_to(service, Due::Remind).await
}

async fn see_to(service: &Service, due: Due) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let (mut seen_to, mut after) = (0, (i64::MIN, Uuid::nil()));
    loop {
        // Most of the time there is nothing to do, and that is found out without taking the writer.
        let found = due.after(service, after).await?;
        for activation in &found {
            let done = match due {
                Due::Expire => expire(service, &request, activation.id).await,
                Due::Remind => remind(service, &request, activation.id).await,
            };
            match done {
                Ok(done) => seen_to += usize::from(done),
                // The others don't wait for it.
                Err(failure) => {
                    tracing::error!(activation = %activation.id, cause = %failure, "an activation could not be seen to");
                }
            }
        }
        match found.last() {
            Some(last) if found.len() == BATCH => after = (last.expires_at, last.id),
            _ => return Ok(seen_to),
        }
    }
}

async fn expire(service: &Service, request: &Request, id: Uuid) -> Outcome<bool> {
    let mut change = Change::begin_unasked(service, request).await?;
    let Some(activation) = Due::Expire.claim(&change, id).await? else { return Ok(false) };
    let subject = complete::of(&change.transaction, activation).await?;
    let before = state_of(&subject.activation)?;
    let state = before.step(ActivationStep::Expire, By::Clock)?;
    move_to(&change, &subject.activation, state).await?;
    settle_grant(&change.transaction, subject.grant).await?;
    if subject.is_marketing() {
        let last = Moment(subject.activation.expires_at.unwrap_or(change.now.0));
        let day = subject.zone.day_of(last);
        // Without a contact nobody is to be told.
        if let Some(letter) = subject.to_contact(&change.transaction, "marketing_expired", day).await? {
            change.post(letter);
        }
    }
    change.record(
        Event::new(subject.organization, AuditAction::ActivationExpired, "activation", id)
            .grant(subject.grant)
            .before(before.code())
            .after(state.code()),
    );
    change.tell(Changed::Grant(subject.organization, subject.grant));
    change.commit(true).await
}

async fn remind(service: &Service, request: &Request, id: Uuid) -> Outcome<bool> {
    let mut change = Change::begin_unasked(service, request).await?;
    let Some(activation) = Due::Remind.claim(&change, id).await? else { return Ok(false) };
    let last = Moment(activation.expires_at.unwrap_or(change.now.0));
    let subject = complete::of(&change.transaction, activation).await?;
    let day = subject.zone.day_of(last);
    if let Some(letter) = subject.to_contact(&change.transaction, "marketing_expiring", day).await? {
        change.post(letter);
    }
    let text = "update activation set reminded_at = $2 where id = $1";
    sql::run(&change.transaction, text, [id.into(), change.now.0.into()]).await?;
    change.record(
        Event::new(subject.organization, AuditAction::ActivationReminded, "activation", id)
            .grant(subject.grant),
    );
    change.commit(true).await
}
