//! One's own sessions: what they are, and ending them.

use domain::agent::Agent;
use domain::ids::SessionId;
use domain::operation::OperationId;
use domain::view::security::{OwnSession, Security};
use domain::{AuditAction, ErrorCode, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{chain, second_factor, stamp, zone};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, sessions, sql};

/// More sessions than anybody looks through.
const MOST: usize = 100;

#[derive(FromQueryResult)]
struct Row {
    token_hash: Vec<u8>,
    id: Uuid,
    created_at: i64,
    last_seen_at: i64,
    address: String,
    agent: String,
}

/// Sessions and second factor of whoever asks; `token` is that of the session that asks.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody.
pub async fn security(service: &Service, request: &Request, token: &str) -> Outcome<Security> {
    let account = request.account()?;
    let (zone, time_zone) = zone(request);
    let text = format!(
        "select token_hash, id, created_at, last_seen_at, address, agent from session
        where account_id = $1 and expires_at > $2 order by last_seen_at desc, id desc limit {MOST}"
    );
    let values = [account.0.into(), service.now().0.into()];
    let rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let own = hash_token(token);
    let mut sessions: Vec<OwnSession> = rows
        .into_iter()
        .map(|row| {
            let agent = Agent::read(&row.agent);
            OwnSession {
                id: row.id.into(),
                browser: agent.browser.map(str::to_owned),
                system: agent.system.map(str::to_owned),
                begun: stamp(&zone, row.created_at),
                seen: stamp(&zone, row.last_seen_at),
                address: row.address,
                here: row.token_hash == own,
            }
        })
        .collect();
    sessions.sort_by_key(|session| !session.here);
    let second_factor = second_factor::state(service, account, &zone).await?;
    Ok(Security { sessions, time_zone, second_factor })
}

/// Ends one of one's other sessions.
///
/// # Errors
/// [`ErrorCode::NotFound`] for a session of somebody else, one that has ended, and the one that asks:
/// that one is signed out of.
pub async fn end_one(
    service: &Service,
    request: &Request,
    operation: OperationId,
    session: SessionId,
    token: &str,
) -> Outcome<()> {
    let account = request.account()?;
    let operation = Operation::new(operation, "end_session", &session);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let condition = "id = $1 and account_id = $2 and token_hash <> $3";
    let values = [session.0.into(), account.0.into(), hash_token(token).into()];
    if sessions::end_some(&mut change, condition, values).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    change.record(Event::new(chain(request), AuditAction::SessionEnded, "session", session));
    change.commit(()).await
}

/// Ends all of one's other sessions, and says how many there were.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody.
pub async fn end_others(
    service: &Service,
    request: &Request,
    operation: OperationId,
    token: &str,
) -> Outcome<i64> {
    let account = request.account()?;
    let operation = Operation::new(operation, "end_other_sessions", &());
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let values = [account.0.into(), hash_token(token).into()];
    let ended = sessions::end_some(&mut change, "account_id = $1 and token_hash <> $2", values).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    if ended > 0 {
        let event = Event::new(chain(request), AuditAction::OtherSessionsEnded, "account", account);
        change.record(event.after(ended));
    }
    change.commit(ended).await
}

/// Removes what nobody finishes any more: half sign-ins, links, secrets that weren't confirmed; the
/// worker's work.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn sweep(service: &Service) -> Outcome<()> {
    let now = service.now();
    let begun = Moment(now.0 - domain::second_factor::SETUP_MINUTES * 60_000);
    let transaction = service.database.begin().await?;
    for (text, before) in [
        ("delete from sign_in_step where expires_at <= $1", now),
        ("delete from password_reset where expires_at <= $1", now),
        ("delete from second_factor where confirmed_at is null and begun_at <= $1", begun),
    ] {
        sql::run(&transaction, text, [before.0.into()]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
