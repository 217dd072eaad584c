//! Mail: written beside the change that causes it, delivered by the worker, retried with backoff.

use std::future::Future;
use std::pin::Pin;

use domain::ids::{AccountId, MailId, OrganizationId};
use domain::mail_topic::MailTopic;
use domain::{Error, ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, Set, Value};
use uuid::Uuid;

use crate::accounts::mail_choices;
use crate::entity::mail;
use crate::failure::Failure;
use crate::reminders::calendar::{self, Date};
use crate::reminders::digest;
use crate::wording::{self, Wordings};
use crate::{Outcome, Service, sql};

/// Name of the file that has the days for the reader's calendar.
pub const CALENDAR_FILE: &str = "membership.ics";

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
    pub(crate) fn notice(&self, wordings: &Wordings) -> Option<(AccountId, String, String)> {
        if self.secret.is_some() || self.kind == digest::KIND {
            return None;
        }
        Some((self.account?, self.subject(wordings), self.path.clone()))
    }

    /// Its subject.
    pub(crate) fn subject(&self, wordings: &Wordings) -> String {
        wording::subject(&wordings.in_force(self.kind, self.language), &self.values())
    }

    /// Its text; a link that is sealed until it leaves stays open.
    pub(crate) fn text(&self, wordings: &Wordings, link: Option<&str>) -> String {
        wording::text(&wordings.in_force(self.kind, self.language), self.language, &self.values(), link)
    }

    fn values(&self) -> Vec<(&str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

/// Writes letters into the outbox, in the caller's transaction.
pub(crate) async fn write(
    service: &Service,
    transaction: &DatabaseTransaction,
    letters: Vec<Letter>,
    wordings: &Wordings,
    now: Moment,
) -> Outcome<()> {
    let letters = wanted(transaction, letters).await?;
    let letters = digest::set_aside(service, transaction, letters, wordings, now).await?;
    if letters.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(letters.len());
    for letter in letters {
        let id = service.new_id();
        let link = format!("{}{}", service.base_url, letter.path);
        let secret = match &letter.secret {
            Some(token) => {
                Some(service.vault.seal(&*service.random, &place(id), &format!("{link}{token}"))?)
            }
            None => None,
        };
        let subject = letter.subject(wordings);
        let body = letter.text(wordings, letter.secret.is_none().then_some(link.as_str()));
        rows.push(mail::ActiveModel {
            id: Set(id),
            organization_id: Set(letter.organization.map(|id| id.0)),
            account_id: Set(letter.account.map(|id| id.0)),
            kind: Set(letter.kind.to_owned()),
            subject_key: Set(sql::folded(&subject)),
            subject: Set(subject),
            recipient_key: Set(sql::folded(&letter.recipient)),
            recipient: Set(letter.recipient),
            language: Set(letter.language.tag().to_owned()),
            body: Set(body),
            secret: Set(secret),
            calendar: Set(calendar::file(&letter.dates, now)),
            state: Set("waiting".to_owned()),
            attempts: Set(0),
            next_attempt_at: Set(now.0),
            last_error: Set(None),
            created_at: Set(now.0),
            sent_at: Set(None),
            bounced_at: Set(None),
            bounce_reason: Set(None),
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

/// Why a message wasn't taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undelivered {
    /// What the mail server said, for the operators.
    pub words: String,
    /// Whether another attempt is refused as well.
    pub for_good: bool,
}

impl From<String> for Undelivered {
    fn from(words: String) -> Self {
        Self { words, for_good: false }
    }
}

/// Takes mail out of the house.
pub trait Mailer: Send + Sync {
    /// Hands a message over; an error is kept for the operators, and the message tried again unless it is
    /// refused for good.
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>>;
}

/// Delivers what is due, at most 20 messages; says how many were handed over.
///
/// A message is claimed before it is sent, so that a second worker doesn't send it too; whoever
/// dies in between leaves it to be tried again, under the same Message-ID. Mail to an address that mail
/// doesn't reach waits until an operator clears the address.
///
/// # Errors
/// [`Failure::Database`].
pub async fn deliver_due(service: &Service, mailer: &dyn Mailer) -> Outcome<usize> {
    deliver_while(service, mailer, || true).await
}

/// As [`deliver_due`], as long as `going` says so: what was claimed and isn't under way by then is given back, and goes
/// out with the next server.
///
/// # Errors
/// [`Failure::Database`].
pub async fn deliver_while(
    service: &Service,
    mailer: &dyn Mailer,
    going: impl Fn() -> bool + Send,
) -> Outcome<usize> {
    let due = claim(service, service.now()).await?;
    let mut sent = 0;
    for (at, (row, attempt)) in due.iter().enumerate() {
        if !going() {
            give_back(service, due.get(at..).unwrap_or_default()).await?;
            break;
        }
        // A slow server may have taken the time of those behind it.
        if at > 0 && !hold(service, row, *attempt).await? {
            continue;
        }
        let result = match message(service, row) {
            Ok(message) => mailer.send(&message).await,
            Err(failure) => Err(failure.to_string().into()),
        };
        sent += usize::from(result.is_ok());
        settle(service, row, *attempt, result).await?;
    }
    if !due.is_empty() {
        service.live.tell(crate::live::Changed::Mail);
    }
    Ok(sent)
}

/// So long, in milliseconds, a claimed message is left to whoever claimed it: longer than a mail server may take with
/// one.
const LEASE: i64 = 15 * 60_000;

/// Whether an attempt, `$3`, is the latest of a message `mail`: nobody else has claimed it since. How many attempts
/// there were doesn't say so, because an operator may have had it sent again in between.
const LATEST: &str = "not exists (select 1 from mail_attempt n join mail_attempt a on a.id = $3
    where n.mail_id = mail.id and n.started_at > a.started_at)";

/// Goes on holding a claimed message; not where its time was over and somebody else has it.
async fn hold(service: &Service, row: &mail::Model, attempt: Uuid) -> Outcome<bool> {
    let text =
        format!("update mail set next_attempt_at = $2 where id = $1 and state = 'waiting' and {LATEST}");
    let until = service.now().0.saturating_add(LEASE);
    let transaction = service.database.begin().await?;
    let held = sql::run(&transaction, &text, [row.id.into(), until.into(), attempt.into()]).await?;
    transaction.commit().await?;
    Ok(held > 0)
}

/// Gives claimed messages back untried.
async fn give_back(service: &Service, untried: &[(mail::Model, Uuid)]) -> Outcome<()> {
    let transaction = service.database.begin().await?;
    for (row, attempt) in untried {
        let text = format!(
            "update mail set attempts = attempts - 1, next_attempt_at = $2
            where id = $1 and state = 'waiting' and attempts > 0 and {LATEST}"
        );
        let values = [row.id.into(), service.now().0.into(), (*attempt).into()];
        sql::run(&transaction, &text, values).await?;
        sql::run(&transaction, "delete from mail_attempt where id = $1", [(*attempt).into()]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Seconds until the next attempt: a minute after the first, twice as long after each, six hours at
/// most.
fn pause(attempts: i64) -> i64 {
    60 * if attempts > 9 { 360 } else { 1 << (attempts - 1).clamp(0, 8) }
}

/// Mail that waits because its address is marked as one that mail doesn't reach. What its reader has just asked for,
/// and what tells of a change to the account, is tried all the same.
pub(crate) const HELD: &str = "(kind not in ('password_reset', 'password_reset_invited', 'enrolment_link',
        'enrolment_known', 'enrolment_known_nobody', 'password_changed', 'second_factor_on', 'second_factor_off',
        'recovery_code_used')
    and exists (select 1 from bouncing_address b where b.address_key = mail.recipient_key))";

/// What is due, with the attempt that begins for each.
async fn claim(service: &Service, now: Moment) -> Outcome<Vec<(mail::Model, Uuid)>> {
    let lock = if service.database.is_postgres() { " for update skip locked" } else { "" };
    let text = format!(
        "update mail set attempts = attempts + 1, next_attempt_at = $1 + {LEASE}
        where id in (select id from mail where state = 'waiting' and next_attempt_at <= $1
            and not {HELD}
            order by next_attempt_at, id limit 20{lock})
        returning *"
    );
    let transaction = service.database.begin().await?;
    let rows = sql::all::<mail::Model>(&transaction, &text, [now.0.into()]).await?;
    let due: Vec<(mail::Model, Uuid)> = rows.into_iter().map(|row| (row, service.new_id())).collect();
    if !due.is_empty() {
        let mut values: Vec<Value> = vec![now.0.into()];
        let mut attempts = Vec::with_capacity(due.len());
        for (row, attempt) in &due {
            values.extend([(*attempt).into(), row.id.into()]);
            attempts.push(format!("(${}, ${}, $1)", values.len() - 1, values.len()));
        }
        let text =
            format!("insert into mail_attempt (id, mail_id, started_at) values {}", attempts.join(", "));
        sql::run(&transaction, &text, values).await?;
    }
    transaction.commit().await?;
    Ok(due)
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

async fn settle(
    service: &Service,
    row: &mail::Model,
    attempt: Uuid,
    result: Result<(), Undelivered>,
) -> Outcome<()> {
    let shortened = |words: &str| words.chars().take(400).collect::<String>();
    let transaction = service.database.begin().await?;
    let error = result.as_ref().err().map(|error| shortened(&error.words));
    let text = "update mail_attempt set ended_at = $2, error = $3 where id = $1";
    sql::run(&transaction, text, [attempt.into(), service.now().0.into(), error.into()]).await?;
    match result {
        Ok(()) => {
            // The link has gone out: it needn't stay here, even sealed.
            let text = "update mail set state = 'sent', sent_at = $2, last_error = null, secret = null
                where id = $1 and state = 'waiting'";
            sql::run(&transaction, text, [row.id.into(), service.now().0.into()]).await?;
        }
        Err(error) => {
            let Undelivered { words: error, for_good } = error;
            tracing::warn!(mail = %row.id, attempt = row.attempts, for_good, ?error, "mail was not delivered");
            let last = if for_good { row.attempts } else { MAX_ATTEMPTS };
            // Not where somebody else has taken or delivered it meanwhile.
            let text = format!(
                "update mail set last_error = $2, next_attempt_at = $4,
                    state = case when attempts >= $5 then 'failed' else 'waiting' end
                where id = $1 and state = 'waiting' and {LATEST}"
            );
            let next = service.now().plus_seconds(pause(row.attempts)).0;
            let values = [row.id.into(), shortened(&error).into(), attempt.into(), next.into(), last.into()];
            sql::run(&transaction, &text, values).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Puts a mail that wasn't delivered, or that came back, up for delivery now; the operator's **Send again**.
///
/// # Errors
/// [`ErrorCode::NotFound`] if there is no such mail, [`ErrorCode::WrongState`] if it was sent, is on its way, or came
/// back with a link that has left with it; [`ErrorCode::AddressBounces`] as long as its address is marked.
pub(crate) async fn retry(connection: &impl ConnectionTrait, id: MailId, now: Moment) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Row {
        again: bool,
        bounces: bool,
        on_its_way: bool,
    }
    // Whoever goes on holding it moves its time on; an attempt that was never ended is over with that time.
    let text = format!(
        "select ({AGAIN}) as again,
            exists (select 1 from bouncing_address b where b.address_key = m.recipient_key) as bounces,
            (m.state = 'waiting' and m.next_attempt_at > $2 and exists (select 1 from mail_attempt a
                where a.mail_id = m.id and a.ended_at is null and not exists (select 1 from mail_attempt n
                    where n.mail_id = m.id and n.started_at > a.started_at))) as on_its_way
        from mail m where m.id = $1"
    );
    let row = sql::one::<Row>(connection, &text, [id.0.into(), now.0.into()]).await?;
    let row = row.ok_or(ErrorCode::NotFound)?;
    // Whoever holds it may be sending it at this moment.
    if !row.again || row.on_its_way {
        return Err(Error::new(ErrorCode::WrongState).into());
    }
    if row.bounces {
        return Err(Error::new(ErrorCode::AddressBounces).into());
    }
    let text = "update mail set state = 'waiting', attempts = 0, next_attempt_at = $2, sent_at = null,
            bounced_at = null, bounce_reason = null
        where id = $1 and (state <> 'sent' or bounced_at is not null)";
    if sql::run(connection, text, [id.0.into(), now.0.into()]).await? == 0 {
        return Err(Error::new(ErrorCode::WrongState).into());
    }
    Ok(())
}

/// Whether a mail `m` can be sent again: not where it arrived, and not where its link is gone.
pub(crate) const AGAIN: &str = "m.state <> 'sent'
    or (m.bounced_at is not null and (m.secret is not null or m.body not like '%{link}%'))";

fn place(id: Uuid) -> String {
    format!("mail/{id}")
}
