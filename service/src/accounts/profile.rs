//! One's own name.

use domain::ids::OrganizationId;
use domain::mail_topic::MailTopic;
use domain::operation::OperationId;
use domain::text::PersonName;
use domain::view::security::Profile;
use domain::{AuditAction, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Own, chain, mail_choices};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// The profile of whoever asks.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody.
pub async fn profile(service: &Service, request: &Request) -> Outcome<Profile> {
    let account = request.account()?;
    let reader = service.database.reader();
    let own = Own::find(reader, account).await?;
    let without = mail_choices::without(reader, &[account.0]).await?;
    let topics = MailTopic::ALL
        .iter()
        .map(|topic| (*topic, !without.iter().any(|(_, refused)| refused == topic)))
        .collect();
    let reminders = mail_choices::cadence(reader, account).await?;
    Ok(Profile { name: own.full_name, email: own.email, topics, reminders })
}

#[derive(FromQueryResult)]
struct Serves {
    organization_id: Uuid,
}

/// Changes one's own name, wherever it stands; gives it as it is now. The event names nobody: names stand
/// in no trail.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody; [`domain::ErrorCode::Invalid`] for what is no name.
pub async fn change_name(
    service: &Service,
    request: &Request,
    operation: OperationId,
    name: &str,
) -> Outcome<String> {
    let account = request.account()?;
    let name = PersonName::parse(Field::Name, name)?;
    let operation = Operation::new(operation, "change_name", &name);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let name_key = sql::folded(name.as_str());
    let text = "update account set full_name = $2, name_key = $3, row_version = row_version + 1
        where id = $1 and full_name <> $2";
    let values = [account.0.into(), name.as_str().into(), name_key.as_str().into()];
    if sql::run(&change.transaction, text, values).await? > 0 {
        let text = "update person set sort_name = $2, row_version = row_version + 1
            where account_id = $1 returning organization_id";
        let values = [account.0.into(), name_key.into()];
        let serves = sql::all::<Serves>(&change.transaction, text, values).await?;
        if serves.is_empty() {
            change.record(Event::new(chain(request), AuditAction::NameChanged, "account", account));
        }
        for Serves { organization_id } in serves {
            // Each company's trail has it: the name is read in all of them.
            let organization = OrganizationId(organization_id);
            change.record(Event::new(organization, AuditAction::NameChanged, "account", account));
            change.tell(Changed::Organization(organization));
        }
    }
    change.commit(name.as_str().to_owned()).await
}
