//! Mail: written beside the change that causes it, delivered by the worker, retried with backoff.

use std::future::Future;
use std::pin::Pin;

use domain::ids::{AccountId, MailId, OrganizationId};
use domain::mail_topic::MailTopic;
use domain::{Error, ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use crate::accounts::mail_choices;
use crate::entity::mail;
use crate::failure::Failure;
use crate::reminders::calendar::{self, Date};
use crate::reminders::digest;
use crate::{Outcome, Service, sql};

/// After so many attempts a mail is given up, and operators see it as failed.
pub const MAX_ATTEMPTS: i64 = 12;

/// A mail to be written: which text of `locales/` area `mail`, for whom, in which language.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The tenant that it is about.
    pub organization: Option<OrganizationId>,
    /// The account that gets the notice in the portal; none for an alternate address.
    pub account: Option<AccountId>,
    /// Where it goes.
    pub recipient: String,
    /// The reader's language.
    pub language: Language,
    /// Key of the text: `{kind}_subject` and `{kind}_body`.
    pub kind: &'static str,
    /// What the text's places are filled with.
    pub values: Vec<(&'static str, String)>,
    /// Path in the portal, behind `{link}`.
    pub path: String,
    /// A token that completes the path; sealed until delivery.
    pub secret: Option<String>,
    /// Days for the reader's calendar.
    pub dates: Vec<Date>,
}

impl Letter {
    /// The notice that stands in the portal beside the mail: account, title, path.
    pub(crate) fn notice(&self) -> Option<(AccountId, String, String)> {
        if self.secret.is_some() || self.kind == digest::KIND {
            return None;
        }
        Some((self.account?, self.subject(), self.path.clone()))
    }

    /// Its subject.
    pub(crate) fn subject(&self) -> String {
        self.text("subject")
    }

    fn text(&self, part: &str) -> String {
        let key = format!("{}_{part}", self.kind);
        let template = locales::texts(self.language).find("mail", &key).unwrap_or_default();
        let values: Vec<(&str, &str)> =
            self.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        locales::fill(template, &values)
    }
}

/// Writes letters into the outbox, in the caller's transaction.
pub(crate) async fn write(
    service: &Service,
    transaction: &DatabaseTransaction,
    letters: Vec<Letter>,
    now: Moment,
) -> Outcome<()> {
    let letters = wanted(transaction, letters).await?;
    let letters = digest::set_aside(service, transaction, letters, now).await?;
    if letters.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(letters.len());
    for letter in letters {
        let id = service.new_id();
        let link = format!("{}{}", service.base_url, letter.path);
        let mut body = letter.text("body");
        let secret = match &letter.secret {
            Some(token) => {
                Some(service.vault.seal(&*service.random, &place(id), &format!("{link}{token}"))?)
            }
            None => {
                body = locales::fill(&body, &[("link", &link)]);
                None
            }
        };
        let signature = locales::texts(letter.language).find("mail", "signature").unwrap_or_default();
        rows.push(mail::ActiveModel {
            id: Set(id),
            organization_id: Set(letter.organization.map(|id| id.0)),
            account_id: Set(letter.account.map(|id| id.0)),
            kind: Set(letter.kind.to_owned()),
            subject: Set(letter.subject()),
            recipient: Set(letter.recipient),
            language: Set(letter.language.tag().to_owned()),
            body: Set(format!("{}\n\n{signature}\n", body.trim_end())),
            secret: Set(secret),
            calendar: Set(calendar::file(&letter.dates, now)),
            state: Set("waiting".to_owned()),
            attempts: Set(0),
            next_attempt_at: Set(now.0),
            last_error: Set(None),
            created_at: Set(now.0),
            sent_at: Set(None),
        });
    }
    mail::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(())
}

/// The letters without those that their readers have in the portal only. The notice there is written in
/// any case, and a letter to an alternate address is nobody's choice.
async fn wanted(transaction: &DatabaseTransaction, letters: Vec<Letter>) -> Outcome<Vec<Letter>> {
    let choice = |letter: &Letter| MailTopic::of(letter.kind).zip(letter.account);
    let mut accounts: Vec<Uuid> = letters.iter().filter_map(choice).map(|(_, account)| account.0).collect();
    if accounts.is_empty() {
        return Ok(letters);
    }
    accounts.sort_unstable();
    accounts.dedup();
    let mut without = Vec::new();
    for some in accounts.chunks(ACCOUNTS_AT_ONCE) {
        without.extend(mail_choices::without(transaction, some).await?);
    }
    let by_mail =
        |letter: &Letter| choice(letter).is_none_or(|(topic, account)| !without.contains(&(account, topic)));
    Ok(letters.into_iter().filter(by_mail).collect())
}

/// A query has so many places at most on either database, with room to spare.
const ACCOUNTS_AT_ONCE: usize = 1000;

/// A mail ready to go.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id; the Message-ID is made of it, so that a repeated delivery can be told.
    pub id: MailId,
    /// Where it goes.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Plain text, links filled in.
    pub body: String,
    /// Language of the text.
    pub language: Language,
    /// Days for the reader's calendar, as an `.ics` file has them.
    pub calendar: Option<String>,
}

/// Takes mail out of the house.
pub trait Mailer: Send + Sync {
    /// Hands a message over; an error is kept for the operators and the message tried again.
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
}

/// Delivers what is due, at most 20 messages; says how many were handed over.
///
/// A message is claimed before it is sent, so that a second worker doesn't send it too; whoever
/// dies in between leaves it to be tried again, under the same Message-ID.
///
/// # Errors
/// [`Failure::Database`].
pub async fn deliver_due(service: &Service, mailer: &dyn Mailer) -> Outcome<usize> {
    let now = service.now();
    let due = claim(service, now).await?;
    let mut sent = 0;
    for row in &due {
        let result = match message(service, row) {
            Ok(message) => mailer.send(&message).await,
            Err(failure) => Err(failure.to_string()),
        };
        sent += usize::from(result.is_ok());
        settle(service, row, result).await?;
    }
    if !due.is_empty() {
        service.live.tell(crate::live::Changed::Queue);
    }
    Ok(sent)
}

/// So long, in milliseconds, a claimed message is left to whoever claimed it: longer than a full round
/// of slow deliveries takes.
const LEASE: i64 = 10 * 60_000;

/// Seconds until the next attempt: a minute after the first, twice as long after each, six hours at
/// most.
fn pause(attempts: i64) -> i64 {
    60 * if attempts > 9 { 360 } else { 1 << (attempts - 1).clamp(0, 8) }
}

async fn claim(service: &Service, now: Moment) -> Outcome<Vec<mail::Model>> {
    let lock = if service.database.is_postgres() { " for update skip locked" } else { "" };
    let text = format!(
        "update mail set attempts = attempts + 1, next_attempt_at = $1 + {LEASE}
        where id in (select id from mail where state = 'waiting' and next_attempt_at <= $1
            order by next_attempt_at, id limit 20{lock})
        returning *"
    );
    let transaction = service.database.begin().await?;
    let rows = sql::all::<mail::Model>(&transaction, &text, [now.0.into()]).await?;
    transaction.commit().await?;
    Ok(rows)
}

fn message(service: &Service, row: &mail::Model) -> Outcome<Message> {
    let body = match &row.secret {
        Some(sealed) => locales::fill(&row.body, &[("link", &service.vault.open(&place(row.id), sealed)?)]),
        None => row.body.clone(),
    };
    let language =
        Language::from_tag(&row.language).ok_or_else(|| Failure::broken("mail", "language", row.id))?;
    Ok(Message {
        id: MailId(row.id),
        recipient: row.recipient.clone(),
        subject: row.subject.clone(),
        body,
        language,
        calendar: row.calendar.clone(),
    })
}

async fn settle(service: &Service, row: &mail::Model, result: Result<(), String>) -> Outcome<()> {
    let transaction = service.database.begin().await?;
    match result {
        Ok(()) => {
            // The link has gone out: it needn't stay here, even sealed.
            let text = "update mail set state = 'sent', sent_at = $2, last_error = null, secret = null
                where id = $1 and state = 'waiting'";
            sql::run(&transaction, text, [row.id.into(), service.now().0.into()]).await?;
        }
        Err(error) => {
            tracing::warn!(mail = %row.id, attempt = row.attempts, ?error, "mail was not delivered");
            let error: String = error.chars().take(400).collect();
            // Not where somebody else has taken or delivered it meanwhile.
            let text = "update mail set last_error = $2, next_attempt_at = $4,
                    state = case when attempts >= $3 then 'failed' else 'waiting' end
                where id = $1 and state = 'waiting' and attempts = $5";
            let next = service.now().plus_seconds(pause(row.attempts)).0;
            let values = [row.id.into(), error.into(), MAX_ATTEMPTS.into(), next.into(), row.attempts.into()];
            sql::run(&transaction, text, values).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Puts a failed or waiting mail up for delivery now; the operator's **Send again**.
///
/// # Errors
/// [`ErrorCode::NotFound`] if there is no such mail, [`ErrorCode::WrongState`] if it was sent.
pub(crate) async fn retry(connection: &impl ConnectionTrait, id: MailId, now: Moment) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Row {
        state: String,
    }
    let row = sql::one::<Row>(connection, "select state from mail where id = $1", [id.0.into()]).await?;
    match row {
        None => Err(ErrorCode::NotFound.into()),
        Some(row) if row.state == "sent" => Err(Error::new(ErrorCode::WrongState).into()),
        Some(_) => {
            let text = "update mail set state = 'waiting', attempts = 0, next_attempt_at = $2
                where id = $1 and state <> 'sent'";
            if sql::run(connection, text, [id.0.into(), now.0.into()]).await? == 0 {
                return Err(Error::new(ErrorCode::WrongState).into());
            }
            Ok(())
        }
    }
}

fn place(id: Uuid) -> String {
    format!("mail/{id}")
}
