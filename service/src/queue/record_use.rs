//! What was delivered and used: hours of an engagement, support incidents (rules 14, 15). Balances
//! fall here and nowhere else.

use domain::benefit::{ProductKind, may_use};
use domain::error::Faults;
use domain::ids::{GrantId, OrganizationId};
use domain::rights::OperatorAction;
use domain::support::{self, charge};
use domain::text::{Hours, Line, whole_number};
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, ErrorCode, Field};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::{Item, Wanted, claim};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products;
use crate::change::{Begun, Change};
use crate::entity::balance_entry;
use crate::keys::activations::lock_pool;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Operator, Request};
use crate::{Failure, Outcome, Service, rights, sql};

/// The longest note, in characters.
pub const NOTE_MAX: usize = 200;
/// So many incidents are recorded at once.
const INCIDENTS_AT_ONCE: i64 = 1000;

/// Hours that were delivered for a request, as they were typed.
#[derive(Clone, Debug)]
pub struct RecordDelivery {
    /// Which request.
    pub wanted: Wanted,
    /// How many hours.
    pub hours: String,
    /// What was done; the partner reads it.
    pub note: String,
}

/// Incidents that were used, as they were typed.
#[derive(Clone, Debug)]
pub struct RecordIncident {
    /// Which grant.
    pub grant: GrantId,
    /// How many.
    pub incidents: String,
    /// What it was about; the partner reads it.
    pub note: String,
}

/// Records hours of an engagement and takes them off the balance; there can be several until it is
/// completed. Gives the number of the request.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`],
/// [`ErrorCode::AlreadyDecided`], [`ErrorCode::Stale`]; [`ErrorCode::Invalid`] with the faults of
/// each field, among them more than 25 hours for one engagement; [`ErrorCode::BalanceTooLow`].
pub async fn delivery(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: RecordDelivery,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "record_delivery", &input);
    let mut faults = Faults::default();
    let hours = faults.take(Hours::parse(Field::Hours, &input.hours));
    let note = faults.take(Line::parse(Field::Description, &input.note, NOTE_MAX));
    faults.check()?;
    let (Some(hours), Some(note)) = (hours, note) else { return Err(ErrorCode::Invalid.into()) };
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, input.wanted, Some(RequestKind::Advisory)).await?;
    let grant = item.grant_id.ok_or_else(|| Failure::broken("service_request", "grant_id", item.id))?;
    let grant = locked(&change, item.organization(), GrantId(grant)).await?;
    let before = recorded(&change.transaction, &item).await?;
    Hours::new(Field::Hours, before.saturating_add(hours.get()))?;
    let left = left(&change.transaction, &grant).await?;
    charge(left, hours.get())?;
    let reason = format!("{}{}", prefix(item.number), note.as_str());
    write(&mut change, operator, &grant, "hour", hours.get(), reason).await?;
    let text = "update service_request set state = $2, owner_id = coalesce(owner_id, $3),
        row_version = row_version + 1 where id = $1";
    let values = [item.id.into(), RequestState::Processing.code().into(), operator.account.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let language = item.language();
    let product = products::texts(&change.transaction, grant.product).await?.of(language)?.name.clone();
    let left = match left {
        Some(left) => locales::format::number(language, left - hours.get()),
        None => locales::texts(language).common_unlimited().to_owned(),
    };
    change.post(item.letter(
        "hours_recorded",
        "/requests",
        [
            ("title", item.title.clone()),
            ("hours", hours.to_string()),
            ("note", note.as_str().to_owned()),
            ("product", product),
            ("left", left),
        ],
    ));
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}

/// Records used incidents of a break-fix grant. Gives how many are left; none is unlimited.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::WrongKind`] for a benefit that
/// isn't counted in incidents; [`ErrorCode::Invalid`] with the faults of each field;
/// [`ErrorCode::BalanceTooLow`].
pub async fn incident(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: RecordIncident,
) -> Outcome<Option<i64>> {
    #[derive(FromQueryResult)]
    struct Owner {
        organization_id: Uuid,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    let operation = Operation::new(operation, "record_incident", &input);
    let mut faults = Faults::default();
    let count = faults.take(whole_number(Field::Quantity, &input.incidents, 1..=INCIDENTS_AT_ONCE));
    let note = faults.take(Line::parse(Field::Description, &input.note, NOTE_MAX));
    faults.check()?;
    let (Some(count), Some(note)) = (count, note) else { return Err(ErrorCode::Invalid.into()) };
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select organization_id from benefit_grant where id = $1";
    let owner = sql::one::<Owner>(&change.transaction, text, [input.grant.0.into()])
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let grant = locked(&change, OrganizationId(owner.organization_id), input.grant).await?;
    if !matches!(grant.kind, ProductKind::BreakFixSignature | ProductKind::BreakFixIncidents) {
        return Err(ErrorCode::WrongKind.into());
    }
    let left = left(&change.transaction, &grant).await?;
    charge(left, count)?;
    write(&mut change, operator, &grant, "incident", count, note.as_str().to_owned()).await?;
    change.commit(left.map(|left| left - count)).await
}

/// The grant, for this change alone: two records at the same moment see each other.
async fn locked(change: &Change<'_>, organization: OrganizationId, grant: GrantId) -> Outcome<Grant> {
    if change.service().database.is_postgres() {
        let text = "select cast(1 as bigint) as number from benefit_grant where id = $1 for update";
        sql::number(&change.transaction, text, [grant.0.into()]).await?;
    }
    let grant = grants::find(&change.transaction, organization, grant).await?;
    may_use(&grant.facts, change.now)?;
    // Grants that share a pool share what is left.
    lock_pool(change, grant.pool).await?;
    Ok(grant)
}

/// Which entries `b` of the ledger count towards the limit of hours or incidents.
pub(super) const COUNTED: &str = "b.kind in ('hour', 'incident')";

/// What the ledger of a grant leaves; none is unlimited.
pub(super) async fn left(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<Option<i64>> {
    // What shares the pool shares the limit.
    let text = format!(
        "select cast(sum(b.amount) as bigint) as number from balance_entry b
        join benefit_grant g on g.id = b.grant_id
        where g.pool_id = $1 and {COUNTED}"
    );
    let used = sql::number(connection, &text, [grant.pool.0.into()]).await?;
    Ok(support::left(grant.capacity.quantity, [used]))
}

/// With this the reason of an entry begins that was recorded for a request.
pub(crate) fn prefix(number: i64) -> String {
    format!("{number}: ")
}

/// Hours that are on record for a request, on whichever benefit they were charged to: a renewal hands the
/// request over to the next year's.
pub(super) async fn recorded(connection: &impl ConnectionTrait, item: &Item) -> Outcome<i64> {
    let text = "select cast(sum(amount) as bigint) as number from balance_entry
        where grant_id in (select id from benefit_grant where organization_id = $1) and kind = 'hour'
            and reason like $2";
    let values = [item.organization_id.into(), format!("{}%", prefix(item.number)).into()];
    Ok(sql::number(connection, text, values).await?)
}

async fn write(
    change: &mut Change<'_>,
    operator: &Operator,
    grant: &Grant,
    kind: &'static str,
    amount: i64,
    reason: String,
) -> Outcome<()> {
    let id = change.service().new_id();
    let row = balance_entry::ActiveModel {
        id: Set(id),
        organization_id: Set(grant.organization.0),
        grant_id: Set(grant.id.0),
        kind: Set(kind.to_owned()),
        amount: Set(amount),
        reason: Set(reason),
        recorded_by: Set(operator.account.0),
        recorded_at: Set(change.now.0),
    };
    balance_entry::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.record(
        Event::new(grant.organization, AuditAction::UseRecorded, "grant", grant.id)
            .grant(grant.id)
            .after(format!("{kind} {amount}")),
    );
    change.tell(Changed::Grant(grant.organization, grant.id));
    Ok(())
}
