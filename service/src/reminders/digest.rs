//! Reminders that somebody gets together: set aside where mail is written, sent in one mail in the morning.

use domain::ids::{AccountId, OrganizationId};
use std::collections::HashSet;

use domain::mail_topic::MailTopic;
use domain::moment::Zone;
use domain::reminder::{ReminderCadence, collected_at};
use domain::{Language, Moment};
use locales::format;
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::calendar::Date;
use crate::change::Change;
use crate::failure::Failure;
use crate::outbox::Letter;
use crate::request::Request;
use crate::wording::Wordings;
use crate::{Outcome, Service, sql};

/// The mail that has several reminders.
pub(crate) const KIND: &str = "reminders_collected";
/// So many people get theirs in a round.
const ROUND: u32 = 200;
/// Where the mail leads: what needs attention stands there.
const PAGE: &str = "/";

#[derive(FromQueryResult)]
struct Chosen {
    id: Uuid,
    reminders: String,
    organization_id: Option<Uuid>,
    time_zone: Option<String>,
}

/// Sets aside the reminders of whoever gets them together, and gives the other letters.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn set_aside(
    service: &Service,
    transaction: &DatabaseTransaction,
    letters: Vec<Letter>,
    wordings: &Wordings,
    now: Moment,
) -> Outcome<Vec<Letter>> {
    let reminder =
        |letter: &Letter| letter.kind != KIND && MailTopic::of(letter.kind) == Some(MailTopic::Reminders);
    let mut asked: Vec<(AccountId, Option<OrganizationId>)> = letters
        .iter()
        .filter(|letter| reminder(letter))
        .filter_map(|letter| letter.account.map(|account| (account, letter.organization)))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let chosen = chosen(transaction, &asked).await?;
    if chosen.is_empty() {
        return Ok(letters);
    }
    let mut others = Vec::new();
    for letter in letters {
        let who = letter.account.map(|account| (account.0, letter.organization.map(|id| id.0)));
        let choice =
            chosen.iter().find(|row| reminder(&letter) && who == Some((row.id, row.organization_id)));
        let due = choice.and_then(|row| {
            let cadence = ReminderCadence::from_code(&row.reminders)?;
            let zone = Zone::named(row.time_zone.as_deref().unwrap_or_default());
            let about = letter.dates.iter().map(|date| date.day).min();
            collected_at(cadence, now, &zone, about)
        });
        match (due, letter.account) {
            (Some(due), Some(account)) => {
                let title = letter.subject(wordings);
                keep(service, transaction, (account, title), letter, now, due).await?;
            }
            _ => others.push(letter),
        }
    }
    Ok(others)
}

/// Who of them gets reminders together.
async fn chosen(
    transaction: &DatabaseTransaction,
    asked: &[(AccountId, Option<OrganizationId>)],
) -> Outcome<Vec<Chosen>> {
    let mut chosen = Vec::new();
    for some in asked.chunks(ASKED_AT_ONCE) {
        let mut values: Vec<Value> = Vec::new();
        let mut pairs = Vec::new();
        for (account, organization) in some {
            values.push(account.0.into());
            values.push(organization.map_or_else(Uuid::nil, |id| id.0).into());
            pairs.push(format!("(a.id = ${} and o.id = ${})", values.len() - 1, values.len()));
        }
        let text = format!(
            "select a.id, a.reminders, o.id as organization_id, o.time_zone from account a, organization o
            where a.reminders <> 'single' and ({})",
            pairs.join(" or ")
        );
        chosen.extend(sql::all::<Chosen>(transaction, &text, values).await?);
    }
    Ok(chosen)
}

/// So many are asked about in one query.
const ASKED_AT_ONCE: usize = 100;

async fn keep(
    service: &Service,
    transaction: &DatabaseTransaction,
    (account, title): (AccountId, String),
    letter: Letter,
    now: Moment,
    due: Moment,
) -> Outcome<()> {
    let dates =
        serde_json::to_string(&letter.dates).map_err(|_| Failure::broken("letter", "dates", account.0))?;
    let text = "insert into collected_reminder
            (id, account_id, organization_id, title, path, dates, created_at, due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values: [Value; 8] = [
        service.new_id().into(),
        account.0.into(),
        letter.organization.map(|id| id.0).into(),
        title.into(),
        letter.path.into(),
        dates.into(),
        now.0.into(),
        due.0.into(),
    ];
    sql::run(transaction, text, values).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Account {
    account_id: Uuid,
}

/// Sends what was set aside to everybody for whom some of it is due, all of theirs in one mail. Says how many
/// mails there were.
///
/// # Errors
/// [`Failure::Database`]; what was sent before stays sent.
pub async fn send_due(service: &Service) -> Outcome<usize> {
    let text = format!(
        "select account_id from collected_reminder where due_at <= $1
        group by account_id order by min(due_at), account_id limit {ROUND}"
    );
    let due = sql::all::<Account>(service.database.reader(), &text, [service.now().0.into()]).await?;
    let mut sent = 0;
    for Account { account_id } in due {
        match send(service, AccountId(account_id)).await {
            Ok(mails) => sent += mails,
            // The others don't wait for it.
            Err(failure) => {
                tracing::error!(account = %account_id, cause = %failure, "reminders could not be sent together");
            }
        }
    }
    Ok(sent)
}

#[derive(FromQueryResult)]
struct Item {
    id: Uuid,
    organization_id: Option<Uuid>,
    title: String,
    path: String,
    dates: String,
    created_at: i64,
}

async fn send(service: &Service, account: AccountId) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Who {
        full_name: String,
        email: String,
        language: String,
    }
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    // Whoever deletes them sends them: another server finds none.
    let text = "delete from collected_reminder where account_id = $1
        returning id, organization_id, title, path, dates, created_at";
    let mut items = sql::all::<Item>(&change.transaction, text, [account.0.into()]).await?;
    items.sort_unstable_by_key(|item| (item.created_at, item.id));
    let text = "select full_name, email, language from account where id = $1 and status = 'active'";
    let Some(who) = sql::one::<Who>(&change.transaction, text, [account.0.into()]).await? else {
        return change.commit(0).await;
    };
    // What concerns a company is for whoever decides about it now.
    let companies = readable(&change, account).await?;
    items.retain(|item| item.organization_id.is_none_or(|company| companies.contains(&company)));
    let Some(first) = items.first() else { return change.commit(0).await };
    let language = Language::from_tag(&who.language).unwrap_or_default();
    let one_company = items.iter().all(|item| item.organization_id == first.organization_id);
    let lines: Vec<String> =
        items.iter().map(|item| format!("{}\n{}{}", item.title, service.base_url, item.path)).collect();
    let dates =
        items.iter().flat_map(|item| serde_json::from_str::<Vec<Date>>(&item.dates).unwrap_or_default());
    change.post(Letter {
        organization: first.organization_id.filter(|_| one_company).map(OrganizationId),
        account: Some(account),
        recipient: who.email,
        language,
        kind: KIND,
        values: vec![
            ("person", who.full_name),
            ("number", format::number(language, i64::try_from(items.len()).unwrap_or(i64::MAX))),
            ("reminders", lines.join("\n\n")),
        ],
        path: PAGE.to_owned(),
        secret: None,
        dates: dates.collect(),
    });
    change.commit(1).await
}

/// The companies whose reminders an account gets.
async fn readable(change: &Change<'_>, account: AccountId) -> Outcome<HashSet<Uuid>> {
    #[derive(FromQueryResult)]
    struct Company {
        organization_id: Uuid,
    }
    let text = "select p.organization_id from person p where p.account_id = $1 and p.status = 'active'
        and exists (select 1 from person_role r where r.person_id = p.id
            and r.role in ('global_admin', 'partner_admin'))";
    let companies = sql::all::<Company>(&change.transaction, text, [account.0.into()]).await?;
    Ok(companies.into_iter().map(|company| company.organization_id).collect())
}
