//! Every morning a company's benefits are looked at: those in use that end, and those that were never used
//! while their last day to begin comes near.

use domain::ids::{GrantId, OrganizationId};
use domain::moment::Zone;
use domain::reminder::{ReminderKind, ReminderTimes, ReminderTurn, next_morning};
use domain::{AuditAction, Category, Day, Language, Moment};
use locales::format;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::calendar::Date;
use super::readers::{Reader, readers};
use super::settings;
use crate::audit::Event;
use crate::benefits::list::ROWS;
use crate::change::Change;
use crate::outbox::Letter;
use crate::people::add::organization_name;
use crate::request::Request;
use crate::wording::Wordings;
use crate::{Failure, Outcome, Service, sql};

/// So many companies are looked at in a round.
const ROUND: u32 = 100;
/// So many benefits are named in a mail; how many more there are is said.
const NAMED: usize = 20;
/// Where a mail about several benefits leads: what ends and what is unused stands there first.
const PAGE: &str = "/";

#[derive(FromQueryResult)]
struct Company {
    id: Uuid,
    time_zone: String,
    next_reminders_at: i64,
}

/// Looks at the benefits of every company whose morning has come, and tells whoever decides about them what is
/// due, once. Says how many letters there were.
///
/// # Errors
/// [`Failure::Database`]; what was sent before stays sent.
pub async fn remind_due(service: &Service) -> Outcome<usize> {
    let text = format!(
        "select id, time_zone, next_reminders_at from organization
        where portal_state = 'member' and next_reminders_at <= $1
        order by next_reminders_at, id limit {ROUND}"
    );
    let mut letters = 0;
    for company in sql::all::<Company>(service.database.reader(), &text, [service.now().0.into()]).await? {
        match remind(service, &company).await {
            Ok(written) => letters += written,
            // The others don't wait for it.
            Err(failure) => {
                tracing::error!(organization = %company.id, cause = %failure, "a company could not be reminded");
            }
        }
    }
    Ok(letters)
}

/// A benefit that could be told of.
#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    category: String,
    name: String,
    source: String,
    source_name: Option<String>,
    unused: bool,
    begin_by: Option<i64>,
    expires_at: Option<i64>,
}

/// A benefit that its company is to be told of.
struct Due {
    row: Row,
    kind: ReminderKind,
    last: Moment,
    last_day: Day,
    turn: ReminderTurn,
}

async fn remind(service: &Service, company: &Company) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let zone = Zone::named(&company.time_zone);
    let text = "update organization set next_reminders_at = $3 where id = $1 and next_reminders_at = $2";
    let next = next_morning(change.now, &zone);
    let values = [company.id.into(), company.next_reminders_at.into(), next.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        // Another server looks at it.
        return Ok(0);
    }
    if company.next_reminders_at == 0 {
        // A company is looked at from its first morning on.
        return change.commit(0).await;
    }
    let organization = OrganizationId(company.id);
    let due = due(&change, organization, &zone).await?;
    if due.is_empty() {
        return change.commit(0).await;
    }
    note(&mut change, organization, &due).await?;
    let name = organization_name(&change.transaction, organization).await?;
    let readers = readers(&change.transaction, organization).await?;
    let kinds = ["benefit_ending", "benefits_ending", "benefit_unused", "benefits_unused"];
    let wordings = Wordings::of(&change.transaction, kinds).await?;
    let mut letters = 0;
    for language in Language::ALL {
        let of: Vec<&Reader> = readers.iter().filter(|reader| reader.language == language).collect();
        if of.is_empty() {
            continue;
        }
        let rows = rows(&change, organization, language).await?;
        for kind in ReminderKind::ALL {
            let told: Vec<(&Due, &Row)> = due
                .iter()
                .filter(|due| due.kind == *kind)
                .filter_map(|due| rows.iter().find(|row| row.id == due.row.id).map(|row| (due, row)))
                .collect();
            if told.is_empty() {
                continue;
            }
            for reader in &of {
                change.post(letter(service, organization, &name, reader, *kind, &told, &wordings)?);
                letters += 1;
            }
        }
    }
    change.commit(letters).await
}

/// Whether nobody ever had a seat of it.
const NEVER: &str = "not exists (select 1 from seat s where s.grant_id = t.id)";

/// What could be told of, in a language: what is in use and ends, and what was never used.
async fn rows(change: &Change<'_>, organization: OrganizationId, language: Language) -> Outcome<Vec<Row>> {
    // Of a go-to-market benefit the marketing contact is told (rule 16); where the next year is bought, holders
    // keep what they have. Nothing begins after the holding's year, whatever the benefit says (rule 21).
    let text = format!(
        "select t.id, t.category, t.name, t.source, t.source_name, t.expires_at,
            (t.status = 'ready' and t.used = 0 and {NEVER}) as unused,
            case when t.activate_by < t.holding_ends_at or t.holding_ends_at is null
                then t.activate_by else t.holding_ends_at end as begin_by
        from ({ROWS} where not r.followed) t
        where t.status = 'ready' and t.used = 0 and {NEVER}
            or t.status in ('active', 'all_used', 'over_allocated') and t.category <> 'go_to_market'
                and t.expires_at is not null and not exists (select 1 from benefit_grant g
                    join holding n on n.follows_id = g.holding_id and n.state = 'coming' where g.id = t.id)
        order by t.sort_name, t.id"
    );
    let values = [organization.0.into(), language.tag().into(), change.now.0.into()];
    Ok(sql::all::<Row>(&change.transaction, &text, values).await?)
}

#[derive(FromQueryResult)]
struct Sent {
    grant_id: Uuid,
    kind: String,
    last_at: i64,
    turn: String,
}

/// What is due and hasn't been told, by its last day.
async fn due(change: &Change<'_>, organization: OrganizationId, zone: &Zone) -> Outcome<Vec<Due>> {
    let times = settings::times(&change.transaction, organization).await?;
    let text = "select r.grant_id, r.kind, r.last_at, r.turn from benefit_reminder r
        join benefit_grant g on g.id = r.grant_id where g.organization_id = $1";
    let sent = sql::all::<Sent>(&change.transaction, text, [organization.0.into()]).await?;
    let today = zone.day_of(change.now);
    let mut due: Vec<Due> = rows(change, organization, Language::default())
        .await?
        .into_iter()
        .filter_map(|row| one(row, times, zone, today))
        .filter(|due| {
            !sent.iter().any(|sent| {
                sent.grant_id == due.row.id
                    && sent.kind == due.kind.code()
                    && sent.last_at == due.last.0
                    && (sent.turn == due.turn.code() || sent.turn == ReminderTurn::Second.code())
            })
        })
        .collect();
    due.sort_by_key(|due| due.last_day);
    Ok(due)
}

fn one(row: Row, times: ReminderTimes, zone: &Zone, today: Day) -> Option<Due> {
    let (kind, last) = if row.unused {
        (ReminderKind::Unused, row.begin_by.or(row.expires_at)?)
    } else {
        (ReminderKind::Ending, row.expires_at?)
    };
    let last_day = zone.day_of(Moment(last));
    let turn = times.of(kind).due(last_day, today)?;
    Some(Due { row, kind, last: Moment(last), last_day, turn })
}

/// Keeps that they were told, and says so in the activity.
async fn note(change: &mut Change<'_>, organization: OrganizationId, due: &[Due]) -> Outcome<()> {
    for some in due.chunks(NOTED_AT_ONCE) {
        let mut values: Vec<Value> = vec![change.now.0.into()];
        let mut rows = Vec::new();
        for due in some {
            values.extend([
                due.row.id.into(),
                due.kind.code().into(),
                due.last.0.into(),
                due.turn.code().into(),
            ]);
            let last = values.len();
            rows.push(format!("(${}, ${}, ${}, ${last}, $1)", last - 3, last - 2, last - 1));
        }
        let text = format!(
            "insert into benefit_reminder (grant_id, kind, last_at, turn, sent_at) values {}",
            rows.join(", ")
        );
        sql::run(&change.transaction, &text, values).await?;
    }
    for due in due {
        change.record(
            Event::new(organization, AuditAction::BenefitReminded, "grant", due.row.id)
                .grant(GrantId(due.row.id))
                .after(due.kind.code()),
        );
    }
    Ok(())
}

/// So many rows are written in one statement.
const NOTED_AT_ONCE: usize = 100;

fn letter(
    service: &Service,
    organization: OrganizationId,
    company: &str,
    reader: &Reader,
    kind: ReminderKind,
    told: &[(&Due, &Row)],
    wordings: &Wordings,
) -> Outcome<Letter> {
    let language = reader.language;
    let texts = locales::texts(language);
    let number = |number: usize| format::number(language, i64::try_from(number).unwrap_or(i64::MAX));
    let mut lines: Vec<String> = told
        .iter()
        .take(NAMED)
        .map(|(due, row)| {
            let source = locales::source(texts, &row.source, row.source_name.as_deref());
            texts.mail_benefit_line(format::date(language, due.last_day), &row.name, source)
        })
        .collect();
    if told.len() > NAMED {
        lines.push(texts.mail_benefits_more(number(told.len() - NAMED)));
    }
    let (what, path) = match told {
        [(_, row)] => {
            let category = Category::from_code(&row.category)
                .ok_or_else(|| Failure::broken("benefit_grant", "category", &row.category))?;
            let page = category.code().replace('_', "-");
            (row.name.clone(), format!("/benefits/{page}?open={0}#{0}", row.id))
        }
        _ => (texts.mail_benefits_number(number(told.len())), PAGE.to_owned()),
    };
    let first = told.iter().map(|(due, _)| due.last_day).min();
    let mut letter = Letter {
        organization: Some(organization),
        account: Some(reader.account),
        recipient: reader.email.clone(),
        language,
        kind: match (kind, told.len()) {
            (ReminderKind::Ending, 1) => "benefit_ending",
            (ReminderKind::Ending, _) => "benefits_ending",
            (ReminderKind::Unused, 1) => "benefit_unused",
            (ReminderKind::Unused, _) => "benefits_unused",
        },
        values: vec![
            ("person", reader.name.clone()),
            ("company", company.to_owned()),
            ("what", what),
            ("day", first.map(|day| format::date(language, day)).unwrap_or_default()),
            ("benefits", lines.join("\n")),
        ],
        path,
        secret: None,
        dates: Vec::new(),
    };
    let link = format!("{}{}", service.base_url, letter.path);
    let title = letter.subject(wordings);
    letter.dates.extend(first.map(|day| Date {
        id: format!("{organization}-{}-{day}", kind.code()),
        day,
        title,
        link,
    }));
    Ok(letter)
}
