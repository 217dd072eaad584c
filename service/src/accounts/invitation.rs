//! Invitations: a single-use link, behind which one chooses a password.

use domain::audit::ActorKind;
use domain::error::Faults;
use domain::ids::AccountId;
use domain::moment::Zone;
use domain::older_portal::PortalState;
use domain::view::people::Invited;
use domain::{AuditAction, ErrorCode, Field, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::live::Changed;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, passwords, sessions, sql};

/// What somebody chose behind the link.
pub struct Accept {
    /// The token in the link, never logged.
    pub token: String,
    /// The password, never logged.
    pub password: String,
    /// The password again.
    pub repeat: String,
    /// The browser's name, for the list of sessions.
    pub agent: String,
}

#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
    organization_id: Option<Uuid>,
    person_id: Option<Uuid>,
    expires_at: i64,
    full_name: String,
    email: String,
    organization: Option<String>,
    portal_state: Option<String>,
    time_zone: Option<String>,
}

impl Row {
    /// Whether the company is to be enrolled by whoever accepts (rule 22).
    fn enrols(&self) -> bool {
        let state = self.portal_state.as_deref().and_then(PortalState::from_code);
        state.is_some_and(PortalState::can_begin_to_enrol)
    }
}

/// What follows from an accepted invitation.
pub struct Accepted {
    /// The token of a new session.
    pub token: String,
    /// Whether it goes on with the company's enrolment (rule 22).
    pub enrols: bool,
}

/// Who is invited.
///
/// # Errors
/// [`ErrorCode::InvitationEnded`] for a token that was used, withdrawn, has expired or never was.
pub async fn open(service: &Service, token: &str) -> Outcome<Invited> {
    let row = find(service.database.reader(), token, service.now()).await?;
    let zone = Zone::named(row.time_zone.as_deref().unwrap_or_default());
    let by_directory =
        sessions::needs_directory(service.database.reader(), AccountId(row.account_id)).await?;
    Ok(Invited {
        by_directory,
        enrols: row.enrols(),
        name: row.full_name,
        email: row.email,
        organization: row.organization.unwrap_or_default(),
        until: zone.day_of(Moment(row.expires_at)),
    })
}

/// Accepts the invitation: the account gets its password and is active wherever it was added; gives
/// the token of a new session and how it goes on. All of the account's invitations end with it.
///
/// # Errors
/// [`ErrorCode::InvitationEnded`]; [`ErrorCode::DirectoryRequired`] where a password would open nothing;
/// [`ErrorCode::Invalid`] with the faults of each field.
pub async fn accept(service: &Service, request: &Request, input: Accept) -> Outcome<Accepted> {
    let reader = service.database.reader();
    let row = find(reader, &input.token, service.now()).await?;
    if sessions::needs_directory(reader, AccountId(row.account_id)).await? {
        return Err(ErrorCode::DirectoryRequired.into());
    }
    let mut faults = Faults::default();
    let own = [row.full_name.as_str(), &row.email, row.organization.as_deref().unwrap_or_default()];
    let field = Field::NewPassword;
    let password = passwords::choose(&mut faults, field, &input.password, &row.email, &own).await?;
    if input.password != input.repeat {
        faults.add(Field::RepeatPassword, ErrorCode::PasswordsDiffer);
    }
    faults.check()?;
    let Some(password) = password else { return Err(ErrorCode::Invalid.into()) };
    let hash = passwords::hash(service, password.as_str()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "update invitation set used_at = $2
        where token_hash = $1 and used_at is null and expires_at > $2";
    let values = [hash_token(&input.token).into(), change.now.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::InvitationEnded.into());
    }
    let text = "update account set password_hash = $2, status = 'active', row_version = row_version + 1
        where id = $1 and status = 'invited'";
    if sql::run(&change.transaction, text, [row.account_id.into(), hash.into()]).await? == 0 {
        return Err(ErrorCode::InvitationEnded.into());
    }
    let text = "update person set status = 'active', row_version = row_version + 1
        where account_id = $1 and status = 'invited'";
    sql::run(&change.transaction, text, [row.account_id.into()]).await?;
    let text = "update invitation set used_at = $2 where account_id = $1 and used_at is null";
    sql::run(&change.transaction, text, [row.account_id.into(), change.now.0.into()]).await?;
    let chain = row.organization_id.map_or_else(programme_chain, Into::into);
    let kind = if row.organization_id.is_some() { ActorKind::Person } else { ActorKind::Operator };
    let event = Event::new(chain, AuditAction::InvitationAccepted, "account", row.account_id)
        .by(kind, AccountId(row.account_id));
    change.record(Event { person: row.person_id, ..event });
    change.tell(Changed::Organization(chain));
    let token = sessions::open(&mut change, request, AccountId(row.account_id), &input.agent).await?;
    change.commit(()).await?;
    Ok(Accepted { token, enrols: row.enrols() })
}

async fn find(connection: &impl ConnectionTrait, token: &str, now: Moment) -> Outcome<Row> {
    if token.len() != 64 {
        return Err(ErrorCode::InvitationEnded.into());
    }
    let text =
        "select i.account_id, i.organization_id, p.id as person_id, i.expires_at, a.full_name, a.email,
            coalesce(o.name, (select t.name from programme_text t where t.language = a.language))
                as organization, o.portal_state, o.time_zone
        from invitation i
        join account a on a.id = i.account_id and a.status = 'invited'
        left join organization o on o.id = i.organization_id
        left join person p on p.account_id = i.account_id and p.organization_id = i.organization_id
        where i.token_hash = $1 and i.used_at is null and i.expires_at > $2";
    let values = [hash_token(token).into(), now.0.into()];
    Ok(sql::one::<Row>(connection, text, values).await?.ok_or(ErrorCode::InvitationEnded)?)
}
