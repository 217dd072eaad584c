//! What waits for operators beside the requests: one statement for each kind, and only where its list may be read.

use domain::catalogue::Publication;
use domain::ids::{CatalogueDraftId, MailId};
use domain::moment::Zone;
use domain::rights::{OperatorAction, operator_may};
use domain::view::also_waiting::{COUNTED, ROWS, WaitingGroup, WaitingKind, WaitingPlace, WaitingRow};
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::outbox_list::PLACE;
use crate::outbox::HELD;
use crate::request::Operator;
use crate::{Outcome, policies, sql};

/// What has an id.
#[derive(FromQueryResult)]
struct ById {
    id: Uuid,
    name: String,
    note: String,
    language: Option<String>,
    since: i64,
    number: i64,
}

/// What has a code.
#[derive(FromQueryResult)]
struct ByCode {
    code: String,
    name: String,
    since: i64,
    number: i64,
}

/// What waits, by kind; a kind of which nothing waits is left out.
pub(super) async fn listed(
    connection: &impl ConnectionTrait,
    operator: &Operator,
    language: Language,
    now: Moment,
) -> Outcome<Vec<WaitingGroup>> {
    let may = |action| operator_may(&operator.roles, action).is_ok();
    let zone = Zone::named("UTC");
    let mut groups = Vec::new();
    if may(OperatorAction::ReadCatalogue) {
        groups.push(drafts(connection, operator, &zone, now).await?);
    }
    if may(OperatorAction::ReadKeyPools) {
        groups.push(key_pools(connection, language, &zone, now).await?);
    }
    if may(OperatorAction::ReadMail) {
        groups.push(failed_mail(connection, &zone, now).await?);
        groups.push(held_mail(connection, &zone, now).await?);
    }
    groups.retain(|group| !group.rows.is_empty());
    Ok(groups)
}

/// How many rows a condition leaves, counted no further than it is said.
fn counted(rows: &str) -> String {
    format!("(select count(*) from (select 1 {rows} limit {}) counted)", COUNTED + 1)
}

/// Whole days from a moment until now.
fn age(zone: &Zone, since: i64, now: Moment) -> i64 {
    zone.day_of(Moment(since)).days_until(zone.day_of(now))
}

/// Where a second person publishes: drafts that somebody changed, that began from the version in force and in which the
/// reader had no hand. Whether such a draft has faults its own page says.
async fn drafts(
    connection: &impl ConnectionTrait,
    operator: &Operator,
    zone: &Zone,
    now: Moment,
) -> Outcome<WaitingGroup> {
    let kind = WaitingKind::CatalogueDraft;
    if policies::in_force(connection).await?.catalogue_publication != Publication::SecondPerson {
        return Ok(WaitingGroup { kind, total: 0, rows: Vec::new() });
    }
    let from = "from catalogue_draft d where d.state = 'draft'
        and d.base_version = (select catalogue_version from programme where id = 1)
        and exists (select 1 from catalogue_editor e where e.catalogue_draft_id = d.id)
        and not exists (select 1 from catalogue_editor e
            where e.catalogue_draft_id = d.id and e.account_id = $1)";
    let text = format!(
        "select d.id, d.title as name, (select a.full_name from account a where a.id = d.changed_by) as note,
            cast(null as text) as language, d.changed_at as since, {} as number
        {from} order by d.changed_at, d.id limit {ROWS}",
        counted(from)
    );
    let rows = sql::all::<ById>(connection, &text, [operator.account.0.into()]).await?;
    let place = |id| WaitingPlace::Draft(CatalogueDraftId(id));
    Ok(group_by_id(kind, rows, place, zone, now))
}

/// Pools that the operators were told of and that aren't full again.
async fn key_pools(
    connection: &impl ConnectionTrait,
    language: Language,
    zone: &Zone,
    now: Moment,
) -> Outcome<WaitingGroup> {
    let text = format!(
        "select p.code, t.name, k.low_since as since, {} as number
        from key_pool k join product p on p.id = k.product_id
        join product_text t on t.product_id = p.id and t.language = $1
        where k.low_since is not null order by k.low_since, k.id limit {ROWS}",
        counted("from key_pool k where k.low_since is not null")
    );
    let rows = sql::all::<ByCode>(connection, &text, [language.tag().into()]).await?;
    Ok(group_by_code(WaitingKind::KeyPool, rows, WaitingPlace::KeyPool, zone, now))
}

/// Mail that was given up, the earliest first: ids are ordered by time.
async fn failed_mail(connection: &impl ConnectionTrait, zone: &Zone, now: Moment) -> Outcome<WaitingGroup> {
    let from = format!("from mail m where ({PLACE}) < 1");
    let text = format!(
        "select m.id, m.subject as name, m.recipient as note, m.language, m.created_at as since, {} as number
        {from} order by m.id limit {ROWS}",
        counted(&from)
    );
    let rows = sql::all::<ById>(connection, &text, []).await?;
    let place = |id| WaitingPlace::Mail(MailId(id));
    Ok(group_by_id(WaitingKind::FailedMail, rows, place, zone, now))
}

/// Addresses on hold that mail waits for: clearing one lets all of its mail go out.
async fn held_mail(connection: &impl ConnectionTrait, zone: &Zone, now: Moment) -> Outcome<WaitingGroup> {
    let from = format!(
        "from bouncing_address a where exists (select 1 from mail
            where mail.recipient_key = a.address_key and mail.state = 'waiting' and {HELD})"
    );
    let text = format!(
        "select a.address_key as code, a.address_key as name, a.since, {} as number
        {from} order by a.since, a.address_key limit {ROWS}",
        counted(&from)
    );
    let rows = sql::all::<ByCode>(connection, &text, []).await?;
    Ok(group_by_code(WaitingKind::HeldMail, rows, WaitingPlace::Address, zone, now))
}

fn group_by_id(
    kind: WaitingKind,
    rows: Vec<ById>,
    place: impl Fn(Uuid) -> WaitingPlace,
    zone: &Zone,
    now: Moment,
) -> WaitingGroup {
    let total = rows.first().map_or(0, |row| row.number);
    let rows = rows
        .into_iter()
        .map(|row| WaitingRow {
            place: place(row.id),
            name: row.name,
            language: row.language.as_deref().and_then(Language::from_tag),
            note: Some(row.note),
            age: age(zone, row.since, now),
        })
        .collect();
    WaitingGroup { kind, total, rows }
}

fn group_by_code(
    kind: WaitingKind,
    rows: Vec<ByCode>,
    place: impl Fn(String) -> WaitingPlace,
    zone: &Zone,
    now: Moment,
) -> WaitingGroup {
    let total = rows.first().map_or(0, |row| row.number);
    let rows = rows
        .into_iter()
        .map(|row| WaitingRow {
            place: place(row.code),
            name: row.name,
            language: None,
            note: None,
            age: age(zone, row.since, now),
        })
        .collect();
    WaitingGroup { kind, total, rows }
}
