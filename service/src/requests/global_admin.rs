//! How to become a Global admin: the existing ones are asked; where there is none, the operators
//! (rule 5).

use domain::ids::OrganizationId;
use domain::operation::OperationId;
use domain::rights::Action;
use domain::view::requests::{GlobalAdminPage, RequestKind};
use domain::{AuditAction, Day, Error, ErrorCode, Moment, Role};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::{NewRequest, open, target};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

#[derive(FromQueryResult)]
struct Admin {
    full_name: String,
    email: String,
}

async fn active_admins(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<Admin>> {
    let text = "select a.full_name, a.email from person p
        join account a on a.id = p.account_id
        join person_role r on r.person_id = p.id and r.role = 'global_admin'
        where r.organization_id = $1 and p.status = 'active' and a.status = 'active'
        order by p.sort_name, p.id";
    Ok(sql::all::<Admin>(connection, text, [organization.0.into()]).await?)
}

/// The existing Global admins, and the reader's own request if it waits.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`].
pub async fn page(service: &Service, request: &Request) -> Outcome<GlobalAdminPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    Ok(GlobalAdminPage {
        admins: active_admins(reader, person.organization)
            .await?
            .into_iter()
            .map(|admin| (admin.full_name, admin.email))
            .collect(),
        is_one: person.roles.has(Role::GlobalAdmin),
        waiting: waiting(reader, person).await?,
        target_days: policies::in_force(reader).await?.target_days.global_admin,
    })
}

/// The person's own request if it waits: its number and when it is decided at the latest.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn waiting(
    connection: &impl ConnectionTrait,
    person: &Person,
) -> Outcome<Option<(i64, Day)>> {
    #[derive(FromQueryResult)]
    struct Row {
        number: i64,
        target_at: i64,
    }
    let text = "select number, target_at from service_request
        where requested_by = $1 and kind = 'global_admin' and open";
    let row = sql::one::<Row>(connection, text, [person.id.0.into()]).await?;
    Ok(row.map(|row| (row.number, person.zone().day_of(Moment(row.target_at)))))
}

/// Asks the operators to make the reader Global admin of a company that has none. Gives the number
/// of the request.
///
/// # Errors
/// [`ErrorCode::WrongState`] with their names where there is an active Global admin;
/// [`ErrorCode::AlreadyRequested`].
pub async fn ask(service: &Service, request: &Request, operation: OperationId) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::RequestGlobalAdmin, &policies).await?;
    let operation = Operation::new(operation, "ask_global_admin", &person.id);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let admins = active_admins(&change.transaction, person.organization).await?;
    if !admins.is_empty() {
        let colleagues = admins.into_iter().map(|admin| admin.full_name).collect();
        return Err(Error { colleagues, ..Error::new(ErrorCode::WrongState) }.into());
    }
    let target = target(&change, RequestKind::GlobalAdmin, &person.zone()).await?;
    let new = NewRequest {
        kind: RequestKind::GlobalAdmin,
        grant: None,
        activation: None,
        title: person.name.clone(),
        details: "{}".to_owned(),
        target,
    };
    let number = open(&mut change, person, new).await?;
    change.record(
        Event::new(person.organization, AuditAction::GlobalAdminRequested, "service_request", number)
            .person(person.id),
    );
    change.commit(number).await
}
