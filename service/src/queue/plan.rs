//! Planning an engagement: which consultant comes when, and for how many hours (rule 15).

use domain::error::Faults;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::support::EngagementPlan;
use domain::text::{Hours, Line};
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, Day, ErrorCode, Field, FieldError};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Wanted, claim};
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// The longest name of a consultant, in characters.
pub const CONSULTANT_MAX: usize = 100;
/// The longest note, in characters.
pub const NOTE_MAX: usize = 200;

/// A plan, as it was typed.
#[derive(Clone, Debug)]
pub struct PlanAdvisory {
    /// Which request.
    pub wanted: Wanted,
    /// Who comes.
    pub consultant: String,
    /// On which day.
    pub day: String,
    /// For how many hours.
    pub hours: String,
    /// How and where; can be empty. The partner reads it.
    pub note: String,
}

/// Plans an engagement, or plans it anew; whoever asked is told. Nothing is taken off the balance before it
/// is delivered. Gives the number of the request.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`],
/// [`ErrorCode::AlreadyDecided`], [`ErrorCode::Stale`]; [`ErrorCode::Invalid`] with the faults of each field,
/// among them a day that is over.
pub async fn plan(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: PlanAdvisory,
) -> Outcome<i64> {
    #[derive(FromQueryResult)]
    struct Company {
        time_zone: String,
    }
    let operator = request.operator()?;
    let operation = Operation::new(operation, "plan_advisory", &input);
    let mut faults = Faults::default();
    let consultant = faults.take(Line::parse(Field::Consultant, &input.consultant, CONSULTANT_MAX));
    let day = faults.take(match (Day::parse(&input.day), input.day.trim()) {
        (Some(day), _) => Ok(day),
        (None, "") => Err(FieldError { field: Field::Day, code: ErrorCode::Required, number: None }),
        (None, _) => Err(FieldError { field: Field::Day, code: ErrorCode::MalformedDate, number: None }),
    });
    let hours = faults.take(Hours::parse(Field::PlannedHours, &input.hours));
    let note = if input.note.trim().is_empty() {
        Some(String::new())
    } else {
        faults.take(Line::parse(Field::Place, &input.note, NOTE_MAX)).map(String::from)
    };
    faults.check()?;
    let (Some(consultant), Some(day), Some(hours), Some(note)) = (consultant, day, hours, note) else {
        return Err(ErrorCode::Invalid.into());
    };
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, input.wanted, Some(RequestKind::Advisory)).await?;
    let text = "select time_zone from organization where id = $1";
    let company = sql::one::<Company>(&change.transaction, text, [item.organization_id.into()])
        .await?
        .ok_or_else(|| Failure::broken("service_request", "organization_id", item.id))?;
    if day < Zone::named(&company.time_zone).day_of(change.now) {
        return Err(FieldError { field: Field::Day, code: ErrorCode::DateOrder, number: None }.into());
    }
    let text =
        "insert into advisory_plan (request_id, consultant, planned_on, hours, note, saved_by, saved_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (request_id) do update set consultant = excluded.consultant,
            planned_on = excluded.planned_on, hours = excluded.hours, note = excluded.note,
            saved_by = excluded.saved_by, saved_at = excluded.saved_at";
    let values = [
        item.id.into(),
        consultant.as_str().to_owned().into(),
        day.to_string().into(),
        hours.get().into(),
        note.clone().into(),
        operator.account.0.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "update service_request set state = $2, owner_id = coalesce(owner_id, $3),
        row_version = row_version + 1 where id = $1";
    let values = [item.id.into(), RequestState::Processing.code().into(), operator.account.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let path = format!("/requests?open={}#request-{}", item.id, item.number);
    change.post(item.letter(
        "advisory_planned",
        &path,
        [
            ("title", item.title.clone()),
            ("consultant", consultant.as_str().to_owned()),
            ("day", locales::format::date(item.language(), day)),
            ("hours", hours.to_string()),
            ("note", note),
        ],
    ));
    change.record(item.event(AuditAction::AdvisoryPlanned).after(format!("{day} {hours} hours")));
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}

/// What is planned for a request.
pub(crate) async fn of(connection: &impl ConnectionTrait, request: Uuid) -> Outcome<Option<EngagementPlan>> {
    #[derive(FromQueryResult)]
    struct Row {
        consultant: String,
        planned_on: String,
        hours: i64,
        note: String,
    }
    let text = "select consultant, planned_on, hours, note from advisory_plan where request_id = $1";
    let Some(row) = sql::one::<Row>(connection, text, [request.into()]).await? else { return Ok(None) };
    let day =
        Day::parse(&row.planned_on).ok_or_else(|| Failure::broken("advisory_plan", "planned_on", request))?;
    Ok(Some(EngagementPlan { consultant: row.consultant, day, hours: row.hours, note: row.note }))
}
