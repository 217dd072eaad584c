//! What needs attention: ending, unused, waiting, unread.

use domain::Language;
use domain::benefit::Category;
use domain::rights::Action;
use domain::view::benefits::BenefitRow;
use domain::view::dashboard::{Dashboard, Waiting};
use sea_orm::FromQueryResult;

use super::notices;
use crate::benefits::list::{ROWS, Row, processing, view};
use crate::request::{Actor, Request};
use crate::{Failure, Outcome, Service, people, policies, rights, sql};

/// So many rows of each kind are shown.
const SHOWN: u32 = 6;
/// What ends within so many days is shown.
const SOON_DAYS: i64 = 60;

#[derive(FromQueryResult)]
struct RequestRow {
    number: i64,
    title: String,
    kind: String,
    requested_at: i64,
    target_at: i64,
}

/// The dashboard of whoever asks.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody, [`domain::ErrorCode::WrongSide`] for operators.
pub async fn attention(service: &Service, request: &Request, language: Language) -> Outcome<Dashboard> {
    let Actor::Person(person) = &request.actor else {
        return Err(request.person().err().unwrap_or(Failure::broken("session", "actor", "person")));
    };
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let now = service.now();
    let zone = person.zone();
    let unread = notices::unread(service, person.account, &zone).await?;
    let opens_benefits = domain::rights::may(&person.roles, Action::OpenBenefits, &policies).is_ok();
    let values = || [person.organization.0.into(), language.tag().into(), now.0.into()];
    let rows = |rows: Vec<Row>| -> Outcome<Vec<(Category, BenefitRow)>> {
        rows.into_iter()
            .map(|row| {
                let category = Category::from_code(&row.category)
                    .ok_or_else(|| Failure::broken("benefit_grant", "category", &row.category))?;
                Ok((category, view(row, &zone, now)?))
            })
            .collect()
    };
    let soon = now.plus_days(SOON_DAYS).0;
    // An employee is told of what they hold themselves, and of their own requests.
    let (held, asked) = if opens_benefits {
        ("", "")
    } else {
        (
            " and exists (select 1 from seat s where s.grant_id = t.id and s.person_id = $4 and s.released_at is null)",
            " and r.requested_by = $3",
        )
    };
    let own = || (!opens_benefits).then(|| sea_orm::Value::from(person.id.0));
    let text = format!(
        "select * from ({ROWS}) t where t.expires_at >= $3 and t.expires_at <= {soon}
            and t.status not in ('withdrawn', 'expired', 'read_only'){held}
        order by t.expires_at, t.sort_name, t.id limit {SHOWN}"
    );
    let expiring = rows(sql::all::<Row>(reader, &text, values().into_iter().chain(own())).await?)?;
    let text = format!(
        "select r.number, coalesce(t.name, ft.name, r.title) as title, r.kind, r.requested_at, r.target_at
        from service_request r
        left join benefit_grant g on g.id = r.grant_id and r.kind = 'activation'
        left join product_text t on t.product_id = g.product_id and t.language = $2
        left join order_line l on l.id = r.order_line_id
        left join offer_text ft on ft.offer_id = l.offer_id and ft.language = $2
        where r.organization_id = $1 and r.open{asked} order by r.target_at, r.id limit {SHOWN}"
    );
    let asked = [person.organization.0.into(), language.tag().into()].into_iter().chain(own());
    let requests =
        sql::all::<RequestRow>(reader, &text, asked).await?.into_iter().map(|row| Waiting::Request {
            number: row.number,
            title: row.title,
            kind: row.kind,
            processing: processing(Some(row.requested_at), Some(row.target_at), &zone, now).unwrap_or((1, 1)),
        });
    if !opens_benefits {
        return Ok(Dashboard {
            expiring,
            unused: Vec::new(),
            waiting: requests.collect(),
            unread,
            opens_benefits,
            setup: None,
        });
    }
    let text = format!(
        "select * from ({ROWS}) t where t.status = 'ready' and t.used = 0
        order by case when t.expires_at is null then 1 else 0 end, t.expires_at, t.sort_name, t.id limit {SHOWN}"
    );
    let unused = rows(sql::all::<Row>(reader, &text, values()).await?)?;
    let mut waiting = Vec::new();
    if rights::why_not(reader, person, Action::AssignUser, &policies).await?.is_none() {
        let text =
            "select count(*) as number from seat_request where organization_id = $1 and state = 'requested'";
        let seats = sql::number(reader, text, [person.organization.0.into()]).await?;
        if seats > 0 {
            waiting.push(Waiting::SeatRequests(seats));
        }
    }
    waiting.extend(requests);
    let setup = Some(people::list::setup(reader, person).await?).filter(|setup| !setup.finished);
    Ok(Dashboard { expiring, unused, waiting, unread, opens_benefits, setup })
}
