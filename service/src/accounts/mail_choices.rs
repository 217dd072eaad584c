//! Which mail one gets, and what stands in the portal only.

use domain::AuditAction;
use domain::ids::AccountId;
use domain::mail_topic::MailTopic;
use domain::operation::OperationId;
use domain::reminder::ReminderCadence;
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

/// How an account gets reminders.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn cadence(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Outcome<ReminderCadence> {
    #[derive(FromQueryResult)]
    struct Chosen {
        reminders: String,
    }
    let text = "select reminders from account where id = $1";
    let chosen = sql::one::<Chosen>(connection, text, [account.0.into()]).await?;
    chosen
        .and_then(|chosen| ReminderCadence::from_code(&chosen.reminders))
        .ok_or_else(|| Failure::broken("account", "reminders", account.0))
}

/// Keeps what one gets by mail: the topics that are named, and no others; and how reminders come. What waits
/// to be sent together goes out at once where they come one by one from now on.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody.
pub async fn choose(
    service: &Service,
    request: &Request,
    operation: OperationId,
    by_mail: &[MailTopic],
    reminders: ReminderCadence,
) -> Outcome<()> {
    let account = request.account()?;
    let operation = Operation::new(operation, "choose_mail", &(by_mail, reminders));
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
    let text = "update account set reminders = $2 where id = $1";
    sql::run(&change.transaction, text, [account.0.into(), reminders.code().into()]).await?;
    if reminders == ReminderCadence::Single {
        let text = "update collected_reminder set due_at = $2 where account_id = $1";
        sql::run(&change.transaction, text, [account.0.into(), change.now.0.into()]).await?;
    }
    let chosen = MailTopic::ALL.iter().filter(|topic| by_mail.contains(topic)).map(|topic| topic.code());
    let chosen = chosen.chain([reminders.code()]).collect::<Vec<_>>().join(" ");
    change.record(Event::new(chain(request), AuditAction::MailChosen, "account", account).after(chosen));
    change.commit(()).await
}
