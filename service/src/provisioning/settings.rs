//! What a company chose about provisioning: the seats of who is deactivated, the roles of who is new.

use domain::departure::SeatFate;
use domain::ids::OrganizationId;
use domain::operation::OperationId;
use domain::rights::Action;
use domain::view::provisioning::GROUP_ROLES;
use domain::{AuditAction, Error, ErrorCode, Field, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::add::codes;
use crate::people::roles;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// What is in force.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Whether who is deactivated keeps the seats.
    pub(super) keep_seats: bool,
    /// Roles of who is new.
    pub(super) roles: Roles,
    /// Version of the row; 0 as long as the company chose nothing.
    pub(super) version: i64,
}

/// What a company chooses.
#[derive(Clone, Debug)]
pub struct SaveProvisioning {
    /// Version that the page showed.
    pub version: i64,
    /// What becomes of the seats of who is deactivated: kept or released.
    pub seats: SeatFate,
    /// Roles of who is new; at least one.
    pub roles: Vec<Role>,
}

/// What the company chose, or the defaults: seats are released, everybody new is an Employee.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn in_force(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Settings> {
    #[derive(FromQueryResult)]
    struct Row {
        seats: String,
        gives_user_admin: bool,
        gives_admin_agent: bool,
        gives_employee: bool,
        row_version: i64,
    }
    let text = "select seats, gives_user_admin, gives_admin_agent, gives_employee, row_version
        from provisioning_setting where organization_id = $1";
    let row = sql::one::<Row>(connection, text, [organization.0.into()]).await?;
    Ok(row.map_or(Settings { keep_seats: false, roles: Roles::new([Role::Employee]), version: 0 }, |row| {
        Settings {
            keep_seats: row.seats == SeatFate::Keep.code(),
            roles: Roles::new(
                [
                    (row.gives_user_admin, Role::UserAdmin),
                    (row.gives_admin_agent, Role::AdminAgent),
                    (row.gives_employee, Role::Employee),
                ]
                .into_iter()
                .filter_map(|(given, role)| given.then_some(role)),
            ),
            version: row.row_version,
        }
    }))
}

/// Saves what the company chooses.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::UnknownChoice`] for a role that a program can't give
/// (rule 3) or for seats that would be handed over; [`ErrorCode::Required`] without a role;
/// [`ErrorCode::Stale`].
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SaveProvisioning,
) -> Outcome<()> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ConfigureSignIn, &policies).await?;
    let after = Roles::new(input.roles.iter().copied());
    if after.is_empty() {
        return Err(Error::field(Field::Roles, ErrorCode::Required).into());
    }
    if after.iter().any(|role| !GROUP_ROLES.contains(&role)) || input.seats == SeatFate::HandOver {
        return Err(ErrorCode::UnknownChoice.into());
    }
    let operation = Operation::new(operation, "save_provisioning", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    let before = in_force(&change.transaction, person.organization).await?;
    if before.version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let text = "insert into provisioning_setting
            (organization_id, seats, gives_user_admin, gives_admin_agent, gives_employee, row_version)
        values ($1, $2, $3, $4, $5, 1)
        on conflict (organization_id) do update set seats = excluded.seats,
            gives_user_admin = excluded.gives_user_admin, gives_admin_agent = excluded.gives_admin_agent,
            gives_employee = excluded.gives_employee, row_version = provisioning_setting.row_version + 1";
    let values = [
        person.organization.0.into(),
        input.seats.code().into(),
        after.has(Role::UserAdmin).into(),
        after.has(Role::AdminAgent).into(),
        after.has(Role::Employee).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let kept = |keep| if keep { SeatFate::Keep } else { SeatFate::Release }.code();
    change.record(
        Event::new(
            person.organization,
            AuditAction::ProvisioningChanged,
            "organization",
            person.organization,
        )
        .before(format!("seats {} roles {}", kept(before.keep_seats), codes(&before.roles)))
        .after(format!("seats {} roles {}", input.seats.code(), codes(&after))),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(()).await
}
