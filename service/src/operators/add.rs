//! Making somebody an operator, with a link to choose a password where there is none yet.

use domain::error::Faults;
use domain::ids::AccountId;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::role::operator_roles;
use domain::text::{Email, PersonName};
use domain::{AuditAction, Error, ErrorCode, Field, Language, OperatorRole};
use sea_orm::{EntityTrait, Set};
use serde::{Deserialize, Serialize};

use super::{Held, claim, codes, grant, held, words};
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::entity::invitation;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::people::add::{INVITATION_DAYS, account_of};
use crate::request::{Operator, Request};
use crate::vault::hash_token;
use crate::{Outcome, Service, random, rights, sql};

/// Who becomes an operator, as it was typed.
#[derive(Clone, Debug)]
pub struct AddOperator {
    /// Mail address to sign in with.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Tag of the language of mail and pages.
    pub language: String,
    /// Roles; at least one.
    pub roles: Vec<OperatorRole>,
}

/// Who became an operator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Added {
    /// The account.
    pub account: AccountId,
    /// Full name, as it stands on the account.
    pub name: String,
    /// Address that the mail goes to.
    pub email: String,
}

/// Makes somebody an operator. Whoever has no password yet gets a mail with a single-use link to choose one;
/// whoever was an operator before signs in with the password from then, and is told.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with the faults of each field, among them
/// [`ErrorCode::AlreadyOperator`], and [`ErrorCode::WrongSide`] for the address of somebody who is or was of a
/// partner company: an operator never acts as a partner (rule 1).
pub async fn add(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: AddOperator,
) -> Outcome<Added> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManageOperators)?;
    let mut faults = Faults::default();
    let name = faults.take(PersonName::parse(Field::Name, &input.name));
    let email = faults.take(Email::parse(Field::Email, &input.email));
    let language = Language::from_tag(&input.language);
    if language.is_none() {
        faults.add(Field::Language, ErrorCode::UnknownChoice);
    }
    let roles = operator_roles(input.roles.iter().copied());
    if roles.is_empty() {
        faults.add(Field::Roles, ErrorCode::Required);
    }
    faults.check()?;
    let (Some(name), Some(email), Some(language)) = (name, email, language) else {
        return Err(ErrorCode::Invalid.into());
    };
    let operation = Operation::new(operation, "add_operator", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    claim(&change, operator).await?;
    let known = account_of(&change, &email, &name, language).await?;
    if known.operator {
        return Err(Error::field(Field::Email, ErrorCode::AlreadyOperator).into());
    }
    if serves_a_company(&change, AccountId(known.id)).await? {
        return Err(Error::field(Field::Email, ErrorCode::WrongSide).into());
    }
    if known.status == "suspended" {
        return Err(Error::field(Field::Email, ErrorCode::WrongState).into());
    }
    grant(&change.transaction, AccountId(known.id), &roles).await?;
    let held = held(&change, AccountId(known.id)).await?;
    if held.status == "invited" {
        invite(&mut change, operator, &held).await?;
    } else {
        let letter = held.letter(&change, "operator_added", operator, "/").await?;
        change.post(with_roles(letter, &held));
    }
    change.record(
        Event::new(programme_chain(), AuditAction::OperatorAdded, "account", held.account())
            .after(codes(&roles)),
    );
    change.tell(Changed::Queue);
    let added = Added { account: held.account(), name: held.full_name, email: held.email };
    change.commit(added).await
}

/// Whether the account is a person of any company, or was: then it stays on that side. Nobody makes it one until
/// this transaction ends.
async fn serves_a_company(change: &Change<'_>, account: AccountId) -> Outcome<bool> {
    if change.service().database.is_postgres() {
        // A row that refers to the account waits for this, which a weaker lock wouldn't make it do.
        let text = "select cast(1 as bigint) as number from account where id = $1 for update";
        sql::number(&change.transaction, text, [account.0.into()]).await?;
    }
    let text = "select count(*) as number from person where account_id = $1";
    Ok(sql::number(&change.transaction, text, [account.0.into()]).await? > 0)
}

fn with_roles(mut letter: Letter, held: &Held) -> Letter {
    letter.values.push(("roles", words(letter.language, &held.roles())));
    letter
}

/// Writes an invitation and its mail. Only the hash of the link's token stays here.
async fn invite(change: &mut Change<'_>, by: &Operator, held: &Held) -> Outcome<()> {
    let letter = held.letter(change, "operator_invited", by, "/invitation/").await?;
    let mut letter = with_roles(letter, held);
    letter.values.push(("days", INVITATION_DAYS.to_string()));
    let token = random::token(&*change.service().random);
    let row = invitation::ActiveModel {
        token_hash: Set(hash_token(&token)),
        account_id: Set(held.id),
        organization_id: Set(None),
        created_at: Set(change.now.0),
        expires_at: Set(change.now.plus_days(INVITATION_DAYS).0),
        used_at: Set(None),
    };
    invitation::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.post(Letter { secret: Some(token), ..letter });
    Ok(())
}

/// Ends the links that an account could still choose a password with.
pub(super) async fn end_invitations(change: &Change<'_>, account: AccountId) -> Outcome<()> {
    let text = "update invitation set expires_at = $2
        where account_id = $1 and organization_id is null and used_at is null and expires_at > $2";
    sql::run(&change.transaction, text, [account.0.into(), change.now.0.into()]).await?;
    Ok(())
}

/// Sends another link to an operator who hasn't chosen a password yet; those before end. Gives the name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] for somebody who has a
/// password already.
pub async fn invite_again(
    service: &Service,
    request: &Request,
    operation: OperationId,
    invited: AccountId,
) -> Outcome<String> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManageOperators)?;
    let operation = Operation::new(operation, "invite_operator_again", &invited);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    claim(&change, operator).await?;
    let held = held(&change, invited).await?;
    if held.status != "invited" {
        return Err(ErrorCode::WrongState.into());
    }
    end_invitations(&change, invited).await?;
    invite(&mut change, operator, &held).await?;
    change.record(Event::new(
        programme_chain(),
        AuditAction::OperatorInvitedAgain,
        "account",
        held.account(),
    ));
    change.tell(Changed::Queue);
    change.commit(held.full_name).await
}
