//! How long before their last day a company is reminded of its benefits.

use domain::ids::OrganizationId;
use domain::operation::OperationId;
use domain::reminder::{LeadTimes, ReminderTimes};
use domain::rights::Action;
use domain::{AuditAction, ErrorCode};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::roles;
use crate::request::Request;
use crate::{Failure, Outcome, Service, policies, rights, sql};

#[derive(FromQueryResult)]
struct Row {
    ending_first: Option<i64>,
    ending_second: Option<i64>,
    unused_first: Option<i64>,
    unused_second: Option<i64>,
}

/// The lead times of a company.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn times(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<ReminderTimes> {
    let text =
        "select ending_first, ending_second, unused_first, unused_second from organization where id = $1";
    let row = sql::one::<Row>(connection, text, [organization.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
    let days = |days: Option<i64>| {
        days.map(u16::try_from)
            .transpose()
            .map_err(|_| Failure::broken("organization", "lead", organization.0))
    };
    Ok(ReminderTimes {
        ending: LeadTimes { first: days(row.ending_first)?, second: days(row.ending_second)? },
        unused: LeadTimes { first: days(row.unused_first)?, second: days(row.unused_second)? },
    })
}

/// Sets the lead times of the company of whoever asks. What was told before isn't told again.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever doesn't decide about benefits; [`ErrorCode::Stale`] where `version` isn't
/// that of the times in force; [`ErrorCode::ReadOnly`].
pub async fn set(
    service: &Service,
    request: &Request,
    operation: OperationId,
    version: i64,
    times: ReminderTimes,
) -> Outcome<()> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetReminders, &policies).await?;
    let operation = Operation::new(operation, "set_reminders", &(version, times));
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    rights::check_member(&change.transaction, person).await?;
    let before = self::times(&change.transaction, person.organization).await?;
    if before.version() != version {
        return Err(ErrorCode::Stale.into());
    }
    if before != times {
        let days = |days: Option<u16>| Value::from(days.map(i64::from));
        let text = "update organization set ending_first = $2, ending_second = $3, unused_first = $4,
                unused_second = $5, row_version = row_version + 1
            where id = $1";
        let values = [
            person.organization.0.into(),
            days(times.ending.first),
            days(times.ending.second),
            days(times.unused.first),
            days(times.unused.second),
        ];
        sql::run(&change.transaction, text, values).await?;
        let written = |times: &ReminderTimes| serde_json::to_string(times).unwrap_or_default();
        change.record(
            Event::new(person.organization, AuditAction::RemindersSet, "organization", person.organization)
                .before(written(&before))
                .after(written(&times)),
        );
        change.tell(Changed::Organization(person.organization));
    }
    change.commit(()).await
}
