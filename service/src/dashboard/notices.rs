//! Notices in the portal: written beside the mail, read here.

use domain::ids::{AccountId, NoticeId};
use domain::mail_topic::MailTopic;
use domain::moment::Zone;
use domain::view::dashboard::{Notice, NoticeFilter, Notices, NoticesQuery};
use domain::{Day, ErrorCode, Moment};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::change::Change;
use crate::request::{Actor, Request};
use crate::{Outcome, Service, sql};

const PAGE: usize = 50;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    title: String,
    link: String,
    created_at: i64,
    read_at: Option<i64>,
    kind: String,
    due_on: Option<String>,
}

const COLUMNS: &str = "id, title, link, created_at, read_at, kind, due_on";

fn view(row: Row, zone: &Zone) -> Notice {
    Notice {
        id: row.id.to_string(),
        title: row.title,
        link: row.link,
        day: zone.day_of(Moment(row.created_at)),
        read: row.read_at.is_some(),
        due: row.due_on.as_deref().and_then(Day::parse),
        topic: MailTopic::of(&row.kind),
        mandatory: !row.kind.is_empty() && MailTopic::of(&row.kind).is_none(),
    }
}

/// The latest unread notices of an account.
pub(super) async fn unread(service: &Service, account: AccountId, zone: &Zone) -> Outcome<Vec<Notice>> {
    let text = format!(
        "select {COLUMNS} from notice
        where account_id = $1 and read_at is null order by created_at desc, id desc limit 6"
    );
    let rows = sql::all::<Row>(service.database.reader(), &text, [account.0.into()]).await?;
    Ok(rows.into_iter().map(|row| view(row, zone)).collect())
}

/// Fifty notices of whoever asks, from the one after `after`: the latest first, or the nearest day first.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody; [`ErrorCode::NotFound`] for a malformed `after`.
pub async fn list(service: &Service, request: &Request, query: &NoticesQuery) -> Outcome<Notices> {
    let account = request.account()?;
    let zone = match &request.actor {
        Actor::Person(person) => person.zone(),
        _ => Zone::named("UTC"),
    };
    let mut values: Vec<Value> = vec![account.0.into()];
    let mut parts = String::new();
    let order = match query.show {
        Some(NoticeFilter::Due) => {
            values.push(zone.day_of(service.now()).to_string().into());
            parts.push_str(&format!(" and due_on >= ${}", values.len()));
            "due_on, id"
        }
        Some(NoticeFilter::Unread) => {
            parts.push_str(" and read_at is null");
            "id desc"
        }
        None => "id desc",
    };
    if let Some(id) = &query.after {
        values.push(Uuid::try_parse(id).map_err(|_| ErrorCode::NotFound)?.into());
        let at = values.len();
        parts.push_str(&match query.show {
            Some(NoticeFilter::Due) => {
                format!(" and (due_on, id) > (select c.due_on, c.id from notice c where c.id = ${at})")
            }
            // Ids are ordered by time, so the id alone says where to go on.
            _ => format!(" and id < ${at}"),
        });
    }
    let text = format!(
        "select {COLUMNS} from notice where account_id = $1{parts} order by {order} limit {}",
        PAGE + 1
    );
    let rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let more = rows.len() > PAGE;
    let notices: Vec<Notice> = rows.into_iter().take(PAGE).map(|row| view(row, &zone)).collect();
    let older = notices.last().filter(|_| more).map(|notice| notice.id.clone());
    Ok(Notices { notices, older })
}

/// Marks one notice of whoever asks as read.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody; [`ErrorCode::NotFound`] for somebody else's.
pub async fn mark_one_read(service: &Service, request: &Request, notice: NoticeId) -> Outcome<()> {
    let account = request.account()?;
    let change = Change::begin_unasked(service, request).await?;
    let text = "update notice set read_at = coalesce(read_at, $3) where id = $1 and account_id = $2";
    let values = [notice.0.into(), account.0.into(), change.now.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    change.commit(()).await
}

/// Marks every notice of whoever asks as read.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody.
pub async fn mark_read(service: &Service, request: &Request) -> Outcome<()> {
    let account = request.account()?;
    let change = Change::begin_unasked(service, request).await?;
    let text = "update notice set read_at = $2 where account_id = $1 and read_at is null";
    sql::run(&change.transaction, text, [account.0.into(), change.now.0.into()]).await?;
    change.commit(()).await
}
