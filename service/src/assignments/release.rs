//! Removing a holder and reassigning a seat (rule 10). The old seat stays listed, with its reason.

use domain::benefit::may_start;
use domain::ids::{PersonId, SeatId};
use domain::rights::Action;
use domain::seat::{ReleaseReason, check_assign, check_release};
use domain::{AuditAction, Error, ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::assign::{candidates, give};
use super::letters::{self, Holder};
use crate::audit::Event;
use crate::benefits::{grants, products};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::{Outcome, Service, activations, policies, rights, sql};

/// Which holder to remove.
#[derive(Clone, Debug)]
pub struct ReleaseSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its version as the page showed it.
    pub version: i64,
}

/// Which seat goes to whom.
#[derive(Clone, Debug)]
pub struct ReassignSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its version as the page showed it.
    pub version: i64,
    /// Who holds it next.
    pub person: PersonId,
    /// Support by assignment: the next person's other address.
    pub alternate_email: Option<String>,
}

/// A seat with its holder.
#[derive(FromQueryResult)]
pub(crate) struct HeldSeat {
    pub(crate) id: Uuid,
    pub(crate) grant_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) row_version: i64,
    pub(crate) locked_until: Option<i64>,
    pub(crate) released_at: Option<i64>,
    pub(crate) account_id: Uuid,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) language: String,
}

/// Columns of a [`HeldSeat`].
pub(crate) const HELD_SEAT: &str =
    "select s.id, s.grant_id, s.person_id, s.row_version, s.locked_until, s.released_at,
        p.account_id, a.full_name, a.email, a.language
    from seat s join person p on p.id = s.person_id join account a on a.id = p.account_id";

/// Removes a holder; the seat is free at once and the holder is told. Gives the holder's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::SeatLocked`] with the date;
/// [`ErrorCode::Stale`] if the seat changed since the page was read.
pub async fn release(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: ReleaseSeat,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AssignUser, &policies).await?;
    let operation = Operation::new(operation, "release_seat", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let held = checked(&change, person, input.seat, input.version).await?;
    let grant = grants::find(&change.transaction, person.organization, held.grant_id.into()).await?;
    if grant.facts.read_only {
        return Err(ErrorCode::ReadOnly.into());
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    end(&mut change, &held, &grant, ReleaseReason::Removed, &texts).await?;
    change.commit(held.full_name).await
}

/// Takes a seat from its holder and gives it to somebody else, in one step: nobody else gets it in
/// between. Gives the names of both.
///
/// # Errors
/// Those of [`release`] and of [`super::assign::assign`].
pub async fn reassign(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: ReassignSeat,
) -> Outcome<(String, String)> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AssignUser, &policies).await?;
    let operation = Operation::new(operation, "reassign_seat", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let held = checked(&change, person, input.seat, input.version).await?;
    let grant = grants::find(&change.transaction, person.organization, held.grant_id.into()).await?;
    may_start(&grant.facts, change.now)?;
    let next = candidates(&change.transaction, person.organization, &grant, &[input.person]).await?;
    for candidate in &next {
        check_assign(&candidate.facts(), &policies)
            .map_err(|error| error.with_detail(candidate.full_name.clone()))?;
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    end(&mut change, &held, &grant, ReleaseReason::Reassigned, &texts).await?;
    give(&mut change, person, &grant, &policies, &next, input.alternate_email.as_deref(), &texts).await?;
    let name = next.into_iter().next().map(|candidate| candidate.full_name).unwrap_or_default();
    change.commit((held.full_name, name)).await
}

async fn checked(change: &Change<'_>, person: &Person, seat: SeatId, version: i64) -> Outcome<HeldSeat> {
    let text = format!("{HELD_SEAT} where s.id = $1 and s.organization_id = $2");
    let values = [seat.0.into(), person.organization.0.into()];
    let held = sql::one::<HeldSeat>(&change.transaction, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    if held.released_at.is_some() {
        return Err(ErrorCode::SeatReleased.into());
    }
    if held.row_version != version {
        return Err(ErrorCode::Stale.into());
    }
    let locked = held.locked_until.map(Moment);
    check_release(locked, change.now).map_err(|error| match locked {
        Some(until) => error.with_detail(person.zone().day_of(until).to_string()),
        None => error,
    })?;
    Ok(held)
}

/// Ends a seat and tells its holder; the one place where a seat ends.
pub(crate) async fn end(
    change: &mut Change<'_>,
    held: &HeldSeat,
    grant: &grants::Grant,
    reason: ReleaseReason,
    texts: &products::ProductTexts,
) -> Outcome<()> {
    let account = match change.request().account() {
        Ok(account) => Some(account.0),
        Err(_) => None,
    };
    let text = "update seat set released_at = $2, released_by = $3, release_reason = $4,
        row_version = row_version + 1 where id = $1 and released_at is null and row_version = $5";
    let values =
        [held.id.into(), change.now.0.into(), account.into(), reason.code().into(), held.row_version.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(Error::new(ErrorCode::Stale).into());
    }
    activations::by_assignment::withdraw_for_seat(&change.transaction, grant.id, held.id).await?;
    release_key(&change.transaction, held.id).await?;
    let holder = Holder {
        organization: grant.organization,
        account: held.account_id.into(),
        name: &held.full_name,
        email: &held.email,
        language: Language::from_tag(&held.language).unwrap_or_default(),
    };
    let product = texts.of(holder.language)?;
    change.post(letters::ended(&holder, product, reason));
    change.record(
        Event::new(grant.organization, AuditAction::SeatReleased, "seat", held.id)
            .grant(grant.id)
            .person(held.person_id)
            .after(format!("reason {}", reason.code())),
    );
    change.tell(Changed::Grant(grant.organization, grant.id));
    Ok(())
}

/// Ends every active seat of a grant, the oldest first, each as [`end`] does.
pub(crate) async fn end_all(
    change: &mut Change<'_>,
    grant: &grants::Grant,
    reason: ReleaseReason,
    texts: &products::ProductTexts,
) -> Outcome<()> {
    while end_some(change, grant, reason, texts, SOME).await? == SOME {}
    Ok(())
}

/// So many seats are read at once.
const SOME: usize = 500;

/// Ends so many active seats of a grant, the oldest first. Says how many there were.
pub(crate) async fn end_some(
    change: &mut Change<'_>,
    grant: &grants::Grant,
    reason: ReleaseReason,
    texts: &products::ProductTexts,
    limit: usize,
) -> Outcome<usize> {
    let text = format!(
        "{HELD_SEAT} where s.grant_id = $1 and s.released_at is null
        order by s.assigned_at, s.id limit {limit}"
    );
    let seats = sql::all::<HeldSeat>(&change.transaction, &text, [grant.id.0.into()]).await?;
    for held in &seats {
        end(change, held, grant, reason, texts).await?;
    }
    Ok(seats.len())
}

/// A key that was bound to the seat has been seen: it is spent, not free.
async fn release_key(connection: &impl ConnectionTrait, seat: Uuid) -> Outcome<()> {
    let text = "update product_key set state = 'spent', row_version = row_version + 1
        where seat_id = $1 and state = 'held'";
    sql::run(connection, text, [seat.into()]).await?;
    Ok(())
}
