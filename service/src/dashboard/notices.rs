//! Notices in the portal: written beside the mail, read here.

use domain::ids::AccountId;
use domain::moment::Zone;
use domain::view::dashboard::{Notice, Notices};
use domain::{ErrorCode, Moment};
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
}

fn view(row: Row, zone: &Zone) -> Notice {
    Notice {
        id: row.id.to_string(),
        title: row.title,
        link: row.link,
        day: zone.day_of(Moment(row.created_at)),
        read: row.read_at.is_some(),
    }
}

/// The latest unread notices of an account.
pub(super) async fn unread(service: &Service, account: AccountId, zone: &Zone) -> Outcome<Vec<Notice>> {
    let text = "select id, title, link, created_at, read_at from notice
        where account_id = $1 and read_at is null order by created_at desc, id desc limit 6";
    let rows = sql::all::<Row>(service.database.reader(), text, [account.0.into()]).await?;
    Ok(rows.into_iter().map(|row| view(row, zone)).collect())
}

/// Fifty notices of whoever asks, the latest first, from the one after `after`.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`] for nobody; [`ErrorCode::NotFound`] for a malformed `after`.
pub async fn list(service: &Service, request: &Request, after: Option<&str>) -> Outcome<Notices> {
    let account = request.account()?;
    let zone = match &request.actor {
        Actor::Person(person) => person.zone(),
        _ => Zone::named("UTC"),
    };
    let mut values: Vec<Value> = vec![account.0.into()];
    let from = match after {
        None => "",
        Some(id) => {
            values.push(Uuid::try_parse(id).map_err(|_| ErrorCode::NotFound)?.into());
            // Ids are ordered by time, so the id alone says where to go on.
            " and id < $2"
        }
    };
    let text = format!(
        "select id, title, link, created_at, read_at from notice where account_id = $1{from}
        order by id desc limit {}",
        PAGE + 1
    );
    let rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let more = rows.len() > PAGE;
    let notices: Vec<Notice> = rows.into_iter().take(PAGE).map(|row| view(row, &zone)).collect();
    let older = notices.last().filter(|_| more).map(|notice| notice.id.clone());
    Ok(Notices { notices, older })
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
