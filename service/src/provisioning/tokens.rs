//! Tokens: the way in of a program that keeps a company's people. Only their hashes stay here.

use domain::ids::{OrganizationId, ProvisioningTokenId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::text::Line;
use domain::view::provisioning::{LIFETIMES, TOKEN_NAME_MAX, TOKENS_MAX};
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::roles;
use crate::request::{Request, Token};
use crate::vault::hash_token;
use crate::{Outcome, Service, policies, random, rights, sql};

/// Every token begins like this, so that one that got lost is found by whoever looks for secrets.
const PREFIX: &str = "bcp_";
/// The last use is noted once in so many seconds.
const NOTED_EVERY_SECONDS: i64 = 60;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct MakeToken {
    /// What it is called: the program that gets it.
    pub name: String,
    /// Days until it ends, one of [`LIFETIMES`]; none for as long as it isn't revoked.
    pub days: Option<i64>,
}

/// Makes a token. It is given this once; a repeated operation gives none.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] about the name; [`ErrorCode::UnknownChoice`] for
/// another lifetime; [`ErrorCode::WrongState`] where there are [`TOKENS_MAX`] already.
pub async fn make(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: MakeToken,
) -> Outcome<Option<String>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ConfigureSignIn, &policies).await?;
    let name = Line::parse(Field::Name, &input.name, TOKEN_NAME_MAX)?;
    if input.days.is_some_and(|days| !LIFETIMES.contains(&days)) {
        return Err(Error::field(Field::Expires, ErrorCode::UnknownChoice).into());
    }
    let operation = Operation::new(operation, "make_provisioning_token", &input);
    let mut change = match Change::begin::<()>(service, request, operation).await? {
        Begun::Before(()) => return Ok(None),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    let text = "select count(*) as number from provisioning_token
        where organization_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
    let values = [person.organization.0.into(), change.now.0.into()];
    if sql::number(&change.transaction, text, values).await? >= TOKENS_MAX {
        return Err(ErrorCode::WrongState.into());
    }
    let id = service.new_id();
    let token = format!("{PREFIX}{}", random::token(&*service.random));
    let text = "insert into provisioning_token
            (id, organization_id, name, token_hash, created_at, created_by, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    let expires = input.days.map(|days| change.now.plus_days(days).0);
    let values = [
        id.into(),
        person.organization.0.into(),
        name.as_str().into(),
        hash_token(&token).into(),
        change.now.0.into(),
        person.id.0.into(),
        expires.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let lasts = input.days.map_or_else(|| "until revoked".to_owned(), |days| format!("{days} days"));
    change.record(
        Event::new(person.organization, AuditAction::ProvisioningTokenMade, "provisioning_token", id)
            .after(lasts),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(()).await?;
    Ok(Some(token))
}

/// Revokes a token: from now on it opens nothing. Gives its name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a token of somebody else, and for one that
/// was revoked before.
pub async fn revoke(
    service: &Service,
    request: &Request,
    operation: OperationId,
    token: ProvisioningTokenId,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ConfigureSignIn, &policies).await?;
    let operation = Operation::new(operation, "revoke_provisioning_token", &token);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // Who changes people waits here too: what began with the token ends before it is revoked.
    roles::lock(&change, person.organization).await?;
    let text = "select name from provisioning_token
        where id = $1 and organization_id = $2 and revoked_at is null";
    let values = [token.0.into(), person.organization.0.into()];
    let row = sql::one::<Row>(&change.transaction, text, values).await?.ok_or(ErrorCode::NotFound)?;
    let text = "update provisioning_token set revoked_at = $2 where id = $1";
    sql::run(&change.transaction, text, [token.0.into(), change.now.0.into()]).await?;
    change.record(Event::new(
        person.organization,
        AuditAction::ProvisioningTokenRevoked,
        "provisioning_token",
        token,
    ));
    change.tell(Changed::Organization(person.organization));
    change.commit(row.name).await
}

/// Whose token it is; none for one that is unknown, revoked or at its end.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn find(service: &Service, token: &str) -> Outcome<Option<Token>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        organization_id: Uuid,
        name: String,
        last_used_at: Option<i64>,
    }
    if !token.starts_with(PREFIX) || token.len() > 100 {
        return Ok(None);
    }
    let now = service.now();
    let text = "select id, organization_id, name, last_used_at from provisioning_token
        where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";
    let values = [hash_token(token).into(), now.0.into()];
    let Some(row) = sql::one::<Row>(service.database.reader(), text, values).await? else {
        return Ok(None);
    };
    if row.last_used_at.is_none_or(|used| now.plus_seconds(-NOTED_EVERY_SECONDS).0 >= used) {
        let transaction = service.database.begin().await?;
        let text = "update provisioning_token set last_used_at = $2 where id = $1";
        sql::run(&transaction, text, [row.id.into(), now.0.into()]).await?;
        transaction.commit().await?;
    }
    let organization = OrganizationId(row.organization_id);
    Ok(Some(Token { id: ProvisioningTokenId(row.id), organization, name: row.name }))
}
