//! Attempts that the rights refuse: in the trail, but not more of them than fit a disk.

use domain::ids::OrganizationId;
use domain::{AuditAction, ErrorCode};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Event, lock_head};
use crate::change::{Change, programme_chain};
use crate::failure::Failure;
use crate::request::{Actor, Request};
use crate::{Outcome, Service, sql};

/// So many denied attempts of one account are recorded in an hour. The last of them says so; what comes
/// after it is in the log only, until an hour has passed.
pub const DENIED_AN_HOUR: i64 = 60;

const HOUR_SECONDS: i64 = 3600;

/// Records that somebody who is signed in was refused for lack of a right: by the role, by the side, by
/// rule 3. Any other refusal, and anybody else, leaves nothing.
///
/// `attempt` is the code of the form or the route. It is a transaction of its own, because the one that
/// was refused is gone; where it can't be written the attempt stays refused, and the log has it.
pub async fn denied(service: &Service, request: &Request, attempt: &str, failure: &Failure) {
    let Failure::Refused(error) = failure else { return };
    let code = error.code;
    if !matches!(
        code,
        ErrorCode::RoleNeeded
            | ErrorCode::RoleNotGrantable
            | ErrorCode::LastGlobalAdmin
            | ErrorCode::LastProgrammeAdmin
            | ErrorCode::WrongSide
    ) {
        return;
    }
    let (chain, account) = match &request.actor {
        Actor::Person(person) => (person.organization, person.account.0),
        Actor::Operator(operator) => (programme_chain(), operator.account.0),
        Actor::Token(token) => (token.organization, token.id.0),
        Actor::Nobody | Actor::Worker => return,
    };
    let recorded = record(service, request, chain, account, attempt, code).await;
    match recorded {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(request = %request.id, %account, attempt, code = code.code(), "denied; the hour's events are used up");
        }
        Err(cause) => {
            tracing::error!(request = %request.id, %account, attempt, code = code.code(), %cause, "a denied attempt could not be recorded");
        }
    }
}

/// Whether it was recorded: it isn't once the hour's events are used up.
async fn record(
    service: &Service,
    request: &Request,
    chain: OrganizationId,
    account: Uuid,
    attempt: &str,
    code: ErrorCode,
) -> Outcome<bool> {
    // Asked before the transaction as well: whoever goes on and on takes nobody else's turn to write.
    if within_the_hour(service, service.database.reader(), account).await? >= DENIED_AN_HOUR {
        return Ok(false);
    }
    let mut change = Change::begin_unasked(service, request).await?;
    // Attempts at the same moment wait for each other here, so that the bound holds.
    lock_head(service, &change.transaction, chain.0).await?;
    let before = within_the_hour(service, &change.transaction, account).await?;
    if before >= DENIED_AN_HOUR {
        return Ok(false);
    }
    let after = if before + 1 == DENIED_AN_HOUR {
        format!("{}; further ones of this hour are in the log only", code.code())
    } else {
        code.code().to_owned()
    };
    change.record(Event::new(chain, AuditAction::Denied, "form", attempt).after(after));
    change.commit(true).await
}

async fn within_the_hour(
    service: &Service,
    connection: &impl ConnectionTrait,
    account: Uuid,
) -> Outcome<i64> {
    let since = service.now().plus_seconds(-HOUR_SECONDS);
    let text = format!(
        "select count(*) as number from (select 1 as one from audit_event
            where actor_id = $1 and action = 'denied' and at > $2 limit {DENIED_AN_HOUR}) denied"
    );
    Ok(sql::number(connection, &text, [account.into(), since.0.into()]).await?)
}
