//! Mail that came back: an operator says so, and no more mail goes to its address until somebody clears it.

use domain::ids::MailId;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::{AuditAction, Error, ErrorCode};
use sea_orm::{FromQueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

use super::refuse::reason;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// A mail that came back.
#[derive(Clone, Debug, Serialize)]
pub struct MarkBounced {
    /// Which one.
    pub mail: MailId,
    /// Why: operators and the company's administrators read it.
    pub reason: String,
}

#[derive(FromQueryResult)]
struct Row {
    recipient: String,
    recipient_key: String,
    organization_id: Option<Uuid>,
    state: String,
    bounced: bool,
}

/// Marks a mail as bounced, and its address: mail to it waits from now on. Gives the address.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] for a mail that waits or is
/// marked; [`ErrorCode::ReasonNeeded`] on the reason.
pub async fn mark(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: MarkBounced,
) -> Outcome<String> {
    check(request)?;
    let operation = Operation::new(operation, "mark_bounced", &input);
    let reason = reason(&input.reason)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let row = find(&change, input.mail).await?;
    if row.bounced || row.state == "waiting" {
        return Err(Error::new(ErrorCode::WrongState).into());
    }
    let (now, id) = (change.now.0, input.mail.0);
    let text = "update mail set bounced_at = $2, bounce_reason = $3
        where id = $1 and state <> 'waiting' and bounced_at is null";
    if sql::run(&change.transaction, text, [id.into(), now.into(), reason.clone().into()]).await? == 0 {
        return Err(Error::new(ErrorCode::WrongState).into());
    }
    let text = "insert into bouncing_address (address_key, mail_id, reason, since) values ($1, $2, $3, $4)
        on conflict (address_key) do update set mail_id = excluded.mail_id, reason = excluded.reason";
    let values: [Value; 4] = [row.recipient_key.clone().into(), id.into(), reason.into(), now.into()];
    sql::run(&change.transaction, text, values).await?;
    change.record(Event::new(programme_chain(), AuditAction::MailBounced, "mail", input.mail));
    tell(&mut change, &row);
    change.commit(row.recipient).await
}

/// Clears the address of a mail: what waits for it goes out. Gives the address.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] for an address that isn't
/// marked.
pub async fn clear(
    service: &Service,
    request: &Request,
    operation: OperationId,
    mail: MailId,
) -> Outcome<String> {
    check(request)?;
    let operation = Operation::new(operation, "clear_address", &mail);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let row = find(&change, mail).await?;
    let text = "delete from bouncing_address where address_key = $1";
    if sql::run(&change.transaction, text, [row.recipient_key.clone().into()]).await? == 0 {
        return Err(Error::new(ErrorCode::WrongState).into());
    }
    change.record(Event::new(programme_chain(), AuditAction::AddressCleared, "mail", mail));
    tell(&mut change, &row);
    change.commit(row.recipient).await
}

fn check(request: &Request) -> Outcome<()> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadMail)?;
    rights::check_operator(operator, OperatorAction::WorkQueue)
}

async fn find(change: &Change<'_>, mail: MailId) -> Outcome<Row> {
    let text = "select recipient, recipient_key, organization_id, state, bounced_at is not null as bounced
        from mail where id = $1";
    let row = sql::one::<Row>(&change.transaction, text, [mail.0.into()]).await?;
    Ok(row.ok_or(ErrorCode::NotFound)?)
}

fn tell(change: &mut Change<'_>, row: &Row) {
    change.tell(Changed::Queue);
    if let Some(company) = row.organization_id {
        change.tell(Changed::Organization(company.into()));
    }
}
