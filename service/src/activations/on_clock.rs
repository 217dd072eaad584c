//! What the clock does to activations: their time is over (rules 13, 16).

use domain::benefit::{ActivationStep, By};
use domain::{AuditAction, Moment};
use sea_orm::ConnectionTrait;

use super::{complete, move_to, settle_grant, state_of};
use crate::audit::Event;
use crate::change::Change;
use crate::entity::activation::Model as Activation;
use crate::live::Changed;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many are ended in one transaction.
const BATCH: usize = 100;

/// So many days before its end the contact of a go-to-market benefit is told.
pub const REMINDED_DAYS: i64 = 14;

/// Ends the activations whose last moment is over, and tells the marketing contact of go-to-market
/// benefits. Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what earlier batches ended stays ended.
pub async fn expire_due(service: &Service) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut ended = 0;
    loop {
        // Most of the time there is nothing to do, and that is found out without taking the writer.
        if due(service, service.database.reader(), service.now(), "").await?.is_empty() {
            return Ok(ended);
        }
        let count = expire_batch(service, &request).await?;
        ended += count;
        if count < BATCH {
            return Ok(ended);
        }
    }
}

async fn due(
    service: &Service,
    connection: &impl ConnectionTrait,
    now: Moment,
    lock: &str,
) -> Outcome<Vec<Activation>> {
    let lock = if service.database.is_postgres() { lock } else { "" };
    let text = format!(
        "select * from activation where state = 'active' and expires_at < $1
        order by expires_at, id limit {BATCH}{lock}"
    );
    Ok(sql::all::<Activation>(connection, &text, [now.0.into()]).await?)
}

async fn expire_batch(service: &Service, request: &Request) -> Outcome<usize> {
    let mut change = Change::begin_unasked(service, request).await?;
    let due = due(service, &change.transaction, change.now, " for update skip locked").await?;
    let count = due.len();
    for activation in due {
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
            Event::new(
                subject.organization,
                AuditAction::ActivationExpired,
                "activation",
                subject.activation.id,
            )
            .grant(subject.grant)
            .before(before.code())
            .after(state.code()),
        );
        change.tell(Changed::Grant(subject.organization, subject.grant));
    }
    change.commit(count).await
}

/// Tells the marketing contact, once, which go-to-market benefits end within [`REMINDED_DAYS`]
/// (rule 16). Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what earlier batches told stays told.
pub async fn remind_due(service: &Service) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut told = 0;
    loop {
        if due_soon(service, service.database.reader(), service.now(), "").await?.is_empty() {
            return Ok(told);
        }
        let count = remind_batch(service, &request).await?;
        told += count;
        if count < BATCH {
            return Ok(told);
        }
    }
}

async fn due_soon(
    service: &Service,
    connection: &impl ConnectionTrait,
    now: Moment,
    lock: &str,
) -> Outcome<Vec<Activation>> {
    let lock = if service.database.is_postgres() { lock } else { "" };
    let text = format!(
        "select a.* from activation a join benefit_grant g on g.id = a.grant_id
        where a.state = 'active' and a.reminded_at is null and a.expires_at >= $1 and a.expires_at <= $2
            and g.category = 'go_to_market'
            and exists (select 1 from marketing_contact c where c.organization_id = a.organization_id)
        order by a.expires_at, a.id limit {BATCH}{lock}"
    );
    let values = [now.0.into(), now.plus_days(REMINDED_DAYS).0.into()];
    Ok(sql::all::<Activation>(connection, &text, values).await?)
}

async fn remind_batch(service: &Service, request: &Request) -> Outcome<usize> {
    let mut change = Change::begin_unasked(service, request).await?;
    let due = due_soon(service, &change.transaction, change.now, " for update of a skip locked").await?;
    let count = due.len();
    for activation in due {
        let (id, last) = (activation.id, activation.expires_at.unwrap_or(change.now.0));
        let subject = complete::of(&change.transaction, activation).await?;
        let day = subject.zone.day_of(Moment(last));
        if let Some(letter) = subject.to_contact(&change.transaction, "marketing_expiring", day).await? {
            change.post(letter);
        }
        let text = "update activation set reminded_at = $2 where id = $1";
        sql::run(&change.transaction, text, [id.into(), change.now.0.into()]).await?;
        change.record(
            Event::new(subject.organization, AuditAction::ActivationReminded, "activation", id)
                .grant(subject.grant),
        );
    }
    change.commit(count).await
}
