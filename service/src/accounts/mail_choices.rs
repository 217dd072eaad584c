//! Which mail one gets, and what stands in the portal only.

use domain::AuditAction;
use domain::ids::AccountId;
use domain::mail_topic::MailTopic;
use domain::operation::OperationId;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::chain;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::request::Request;
use crate::{Failure, Outcome, Service, sql};

#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
    topic: String,
}

/// What these accounts do without.
pub(crate) async fn without(
    connection: &impl ConnectionTrait,
    accounts: &[Uuid],
) -> Outcome<Vec<(AccountId, MailTopic)>> {
    let places: Vec<String> = (1..=accounts.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select account_id, topic from mail_choice where account_id in ({}) and not by_mail",
        places.join(", ")
    );
    let values: Vec<Value> = accounts.iter().map(|account| (*account).into()).collect();
    let rows = sql::all::<Row>(connection, &text, values).await?;
    rows.into_iter()
        .map(|row| {
            MailTopic::from_code(&row.topic)
                .map(|topic| (AccountId(row.account_id), topic))
                .ok_or_else(|| Failure::broken("mail_choice", "topic", row.account_id))
        })
        .collect()
}

/// Keeps what one gets by mail: the topics that are named, and no others.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody.
pub async fn choose(
    service: &Service,
    request: &Request,
    operation: OperationId,
    by_mail: &[MailTopic],
) -> Outcome<()> {
    let account = request.account()?;
    let operation = Operation::new(operation, "choose_mail", &by_mail);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let mut rows = Vec::new();
    let mut values: Vec<Value> = vec![account.0.into()];
    for topic in MailTopic::ALL {
        values.push(topic.code().into());
        values.push(by_mail.contains(topic).into());
        rows.push(format!("($1, ${}, ${})", values.len() - 1, values.len()));
    }
    let text = format!(
        "insert into mail_choice (account_id, topic, by_mail) values {}
        on conflict (account_id, topic) do update set by_mail = excluded.by_mail",
        rows.join(", ")
    );
    sql::run(&change.transaction, &text, values).await?;
    let chosen = MailTopic::ALL.iter().filter(|topic| by_mail.contains(topic)).map(|topic| topic.code());
    let chosen = chosen.collect::<Vec<_>>().join(" ");
    change.record(Event::new(chain(request), AuditAction::MailChosen, "account", account).after(chosen));
    change.commit(()).await
}
