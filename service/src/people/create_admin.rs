//! The programme's first admin: made by a command, because nobody can sign in before.

use domain::error::Faults;
use domain::text::{Email, PersonName};
use domain::{AuditAction, ErrorCode, Field, Language};
use sea_orm::{EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::entity::account;
use crate::request::{Actor, Request};
use crate::{Outcome, Service, operators, passwords, sessions, sql};

/// Who becomes a programme admin.
pub struct CreateAdmin {
    /// Mail address to sign in with.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Tag of the language.
    pub language: String,
    /// Password, never logged.
    pub password: String,
}

#[derive(FromQueryResult)]
struct Known {
    id: Uuid,
    partner: bool,
}

/// Makes a programme admin. The account of an operator who exists already gets the password and the
/// role, and its second factor ends: whoever runs the command owns the installation and may have lost the
/// way in.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field; [`ErrorCode::WrongSide`] for the address of
/// somebody of a partner company (rule 1).
pub async fn create_admin(service: &Service, input: CreateAdmin) -> Outcome<()> {
    let mut faults = Faults::default();
    let email = faults.take(Email::parse(Field::Email, &input.email));
    let name = faults.take(PersonName::parse(Field::Name, &input.name));
    let language = Language::from_tag(&input.language);
    if language.is_none() {
        faults.add(Field::Language, ErrorCode::UnknownChoice);
    }
    let own = [input.name.as_str(), &input.email];
    let field = Field::NewPassword;
    let password = passwords::choose(&mut faults, field, &input.password, &input.email, &own).await?;
    faults.check()?;
    let (Some(email), Some(name), Some(language), Some(password)) = (email, name, language, password) else {
        return Err(ErrorCode::Invalid.into());
    };
    let hash = passwords::hash(service, password.as_str()).await?;
    let request = Request { actor: Actor::Worker, address: String::new(), id: "create-admin".to_owned() };
    let mut change = Change::begin_unasked(service, &request).await?;
    operators::lock(&change).await?;
    let text = "select id, exists (select 1 from person p where p.account_id = account.id) as partner
        from account where email_key = $1";
    let known = sql::one::<Known>(&change.transaction, text, [email.key().into()]).await?;
    let id = match known {
        Some(known) if known.partner => return Err(ErrorCode::WrongSide.into()),
        Some(known) => {
            let text = "update account set password_hash = $2, status = 'active',
                row_version = row_version + 1 where id = $1";
            sql::run(&change.transaction, text, [known.id.into(), hash.into()]).await?;
            sessions::end_all(&mut change, known.id.into()).await?;
            // The phone may be lost as well.
            for text in [
                "delete from second_factor where account_id = $1",
                "delete from recovery_code where account_id = $1",
            ] {
                sql::run(&change.transaction, text, [known.id.into()]).await?;
            }
            known.id
        }
        None => {
            let id = service.new_id();
            let row = account::ActiveModel {
                id: Set(id),
                email: Set(email.as_str().to_owned()),
                email_key: Set(email.key()),
                full_name: Set(name.as_str().to_owned()),
                name_key: Set(sql::folded(name.as_str())),
                language: Set(language.tag().to_owned()),
                password_hash: Set(Some(hash)),
                status: Set("active".to_owned()),
                created_at: Set(change.now.0),
                row_version: Set(1),
            };
            account::Entity::insert(row).exec_without_returning(&change.transaction).await?;
            id
        }
    };
    let text =
        "insert into operator_role (account_id, role) values ($1, 'programme_admin') on conflict do nothing";
    sql::run(&change.transaction, text, [id.into()]).await?;
    change.record(Event::new(programme_chain(), AuditAction::ProgrammeAdminCreated, "account", id));
    change.commit(()).await
}
