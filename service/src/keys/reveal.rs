//! Get keys: draws one key for good, and shows it (rules 8 and 9).
//!
//! A key is drawn once and bound to its grant or seat; showing it again is recorded and draws
//! nothing. The key itself stands in the answer only: what the operation stores is the key's id.

use domain::benefit::{may_start, may_use};
use domain::ids::{GrantId, OrganizationId, PersonId, ProductId, ProductKeyId, SeatId};
use domain::rights::{Action, may_get_key};
use domain::{AuditAction, Error, ErrorCode, Field, FieldError, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refund;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::{Failure, Outcome, Service, policies, rights, sql};

/// What a key is drawn for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyOf {
    /// The company's key of a grant.
    Grant(GrantId),
    /// The key of one seat, for its holder.
    Seat(SeatId),
}

/// Which key to show.
#[derive(Clone, Debug)]
pub struct RevealKey {
    /// What it is drawn for.
    pub of: KeyOf,
    /// Whether the reader accepts that a refund ends with it; asked only then (rule 20).
    pub consequence_accepted: bool,
}

/// A key in the open: for the answer only, never for a view, a log or a row.
#[derive(Clone)]
pub struct RevealedKey {
    /// Its id.
    pub id: ProductKeyId,
    /// The key.
    pub key: String,
    /// Whether it was drawn just now.
    pub first: bool,
    /// Whether a refund ended with it.
    pub refund_ended: bool,
}

impl std::fmt::Debug for RevealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevealedKey")
            .field("id", &self.id)
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

/// What the operation remembers: which key, not the key.
#[derive(Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) key: ProductKeyId,
    pub(super) first: bool,
    pub(super) refund_ended: bool,
}

/// A seat, as far as its key is concerned.
#[derive(FromQueryResult)]
pub(crate) struct KeySeat {
    pub(crate) id: Uuid,
    pub(crate) grant_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) released_at: Option<i64>,
}

/// The key that is bound to a grant or a seat.
#[derive(FromQueryResult)]
pub(crate) struct BoundKey {
    pub(crate) id: Uuid,
    pub(crate) revealed_at: Option<i64>,
    pub(crate) revealed_by: Option<String>,
    /// Whether it opened, enlarged or prolonged a subscription.
    pub(crate) redeemed: bool,
    /// Whether its batch was withdrawn.
    pub(crate) withdrawn: bool,
    /// Whether another one was put aside for it because it didn't work.
    pub(crate) replaced_before: bool,
}

#[derive(FromQueryResult)]
pub(super) struct Sealed {
    pub(super) id: Uuid,
    ciphertext: Vec<u8>,
}

/// Shows a key, and draws it before where none is bound yet.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may neither get the company's keys nor holds the seat;
/// [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`], [`ErrorCode::SeatReleased`];
/// [`ErrorCode::ConsequenceNotAccepted`] where a refund ends and that wasn't accepted;
/// [`ErrorCode::NoKeyLeft`]; for a first reveal those of [`may_start`] and [`ErrorCode::NothingGranted`], else those
/// of [`may_use`].
pub async fn reveal(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: RevealKey,
) -> Outcome<RevealedKey> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    check_rights(service, person, input.of, &policies).await?;
    let operation = Operation::new(operation, "reveal_key", &input);
    let mut change = match Change::begin::<Remembered>(service, request, operation).await? {
        Begun::Before(before) => return reopen(service, person.organization, input.of, before).await,
        Begun::New(change) => change,
    };
    lock(&change, input.of).await?;
    let (grant, seat) = find(&change.transaction, person.organization, input.of).await?;
    let bound = bound_key(&change.transaction, grant.id, seat).await?;
    let (sealed, first, refund_ended) = match bound {
        Some(bound) => {
            may_use(&grant.facts, change.now)?;
            (sealed(&change.transaction, person.organization, bound.id).await?, false, false)
        }
        None => {
            may_start(&grant.facts, change.now)?;
            if seat.is_none() {
                grant.capacity.check_any()?;
            }
            let stake = refund::at_stake(&change.transaction, &grant, &person.zone(), change.now).await?;
            let ends = stake.is_some_and(|stake| stake.by_reveal);
            if ends && !input.consequence_accepted {
                return Err(not_accepted().into());
            }
            (draw(&change, person, &grant, seat).await?, true, ends)
        }
    };
    // Opened before the commit: a key that can't be read isn't drawn.
    let key = open(service, &sealed)?;
    let id = ProductKeyId(sealed.id);
    let order = if first { "first" } else { "again" };
    change.record(
        Event::new(person.organization, AuditAction::KeyRevealed, "product_key", id)
            .grant(grant.id)
            .after(order),
    );
    if first {
        change.tell(Changed::Grant(person.organization, grant.id));
    }
    let Remembered { key: id, first, refund_ended } =
        change.commit(Remembered { key: id, first, refund_ended }).await?;
    Ok(RevealedKey { id, key, first, refund_ended })
}

/// Whether the person may have the key shown: by role, or as the holder of its seat.
pub(super) async fn check_rights(
    service: &Service,
    person: &Person,
    of: KeyOf,
    policies: &Policies,
) -> Outcome<()> {
    let reader = service.database.reader();
    let holds = match of {
        KeyOf::Grant(_) => false,
        KeyOf::Seat(seat) => {
            let seat = find_seat(reader, person.organization, seat).await?;
            seat.released_at.is_none() && PersonId(seat.person_id) == person.id
        }
    };
    if may_get_key(&person.roles, holds, policies).is_ok() {
        return Ok(());
    }
    rights::check(reader, person, Action::GetKeys, policies).await
}

/// The refusal, for the page's head and for the tick itself.
fn not_accepted() -> Error {
    let code = ErrorCode::ConsequenceNotAccepted;
    Error { fields: vec![FieldError { field: Field::Accept, code, number: None }], ..Error::new(code) }
}

/// Makes two reveals of one thing wait for each other, so that the second finds the first one's key
/// instead of holding another one meanwhile. SQLite has one writer anyway.
pub(super) async fn lock(change: &Change<'_>, of: KeyOf) -> Outcome<()> {
    if !change.service().database.is_postgres() {
        return Ok(());
    }
    match of {
        KeyOf::Grant(grant) => grants::hold(change, grant).await,
        KeyOf::Seat(seat) => {
            // The grant first, as its withdrawal takes it.
            for text in [
                "select g.id from benefit_grant g join seat s on s.grant_id = g.id
                where s.id = $1 for no key update of g",
                "select id from seat where id = $1 for no key update",
            ] {
                sql::run(&change.transaction, text, [seat.0.into()]).await?;
            }
            Ok(())
        }
    }
}

pub(super) async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    of: KeyOf,
) -> Outcome<(Grant, Option<SeatId>)> {
    match of {
        KeyOf::Grant(grant) => {
            let grant = grants::find(connection, organization, grant).await?;
            if grant.kind.has_key() { Ok((grant, None)) } else { Err(ErrorCode::WrongKind.into()) }
        }
        KeyOf::Seat(seat) => {
            let seat = find_seat(connection, organization, seat).await?;
            if seat.released_at.is_some() {
                return Err(ErrorCode::SeatReleased.into());
            }
            let grant = grants::find(connection, organization, seat.grant_id.into()).await?;
            if !has_key_pool(connection, grant.product).await? {
                return Err(ErrorCode::WrongKind.into());
            }
            Ok((grant, Some(SeatId(seat.id))))
        }
    }
}

async fn find_seat(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    seat: SeatId,
) -> Outcome<KeySeat> {
    let text = "select id, grant_id, person_id, released_at from seat where id = $1 and organization_id = $2";
    let seat = sql::one::<KeySeat>(connection, text, [seat.0.into(), organization.0.into()]).await?;
    seat.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Whether keys of the product are handed out at all: then seats have keys of their own too.
pub(crate) async fn has_key_pool(connection: &impl ConnectionTrait, product: ProductId) -> Outcome<bool> {
    let text = "select count(*) as number from key_pool where product_id = $1";
    Ok(sql::number(connection, text, [product.0.into()]).await? > 0)
}

/// The key that was drawn for a grant, or for one of its seats.
pub(crate) async fn bound_key(
    connection: &impl ConnectionTrait,
    grant: GrantId,
    seat: Option<SeatId>,
) -> Outcome<Option<BoundKey>> {
    let (of, id) = match seat {
        None => ("grant_id = $1 and seat_id is null", grant.0),
        Some(seat) => ("seat_id = $1", seat.0),
    };
    let text = format!(
        "select k.id, k.revealed_at, a.full_name as revealed_by,
            exists (select 1 from redemption r where r.product_key_id = k.id) as redeemed,
            exists (select 1 from key_batch b where b.id = k.key_batch_id and b.withdrawn_at is not null) as withdrawn,
            exists (select 1 from product_key where {of} and replacement = 'faulty') as replaced_before
        from product_key k
            left join person p on p.id = k.revealed_by left join account a on a.id = p.account_id
        where k.{of} and k.state in ('held', 'spent')"
    );
    Ok(sql::one::<BoundKey>(connection, &text, [id.into()]).await?)
}

/// Draws one free key and binds it; whoever comes second takes another one.
pub(super) async fn draw(
    change: &Change<'_>,
    person: &Person,
    grant: &Grant,
    seat: Option<SeatId>,
) -> Outcome<Sealed> {
    let postgres = change.service().database.is_postgres();
    let locks: &[&str] = if postgres {
        // The second time it waits: a key that another transaction holds may come back.
        &["for update of k skip locked", "for update of k"]
    } else {
        &[""]
    };
    for lock in locks {
        let text = format!(
            "update product_key set state = 'held', organization_id = $2, grant_id = $3, seat_id = $4,
                drawn_at = $5, revealed_at = $5, revealed_by = $6, row_version = row_version + 1
            where id = (select k.id from product_key k join key_pool p on p.id = k.key_pool_id
                where p.product_id = $1 and k.state = 'free' order by k.id limit 1 {lock})
            and state = 'free'
            returning id, ciphertext"
        );
        let values = [
            grant.product.0.into(),
            person.organization.0.into(),
            grant.id.0.into(),
            seat.map(|seat| seat.0).into(),
            change.now.0.into(),
            person.id.0.into(),
        ];
        if let Some(sealed) = sql::one::<Sealed>(&change.transaction, &text, values).await? {
            return Ok(sealed);
        }
    }
    Err(ErrorCode::NoKeyLeft.into())
}

async fn sealed(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    key: Uuid,
) -> Outcome<Sealed> {
    let text = "select id, ciphertext from product_key where id = $1 and organization_id = $2";
    let sealed = sql::one::<Sealed>(connection, text, [key.into(), organization.0.into()]).await?;
    sealed.ok_or_else(|| ErrorCode::NotFound.into())
}

pub(super) fn open(service: &Service, sealed: &Sealed) -> Result<String, Failure> {
    service.vault.open(&format!("product_key/{}", sealed.id), &sealed.ciphertext)
}

/// The answer once more, for a form that was sent twice; not where the seat or the grant ended meanwhile.
pub(super) async fn reopen(
    service: &Service,
    organization: OrganizationId,
    of: KeyOf,
    before: Remembered,
) -> Outcome<RevealedKey> {
    let reader = service.database.reader();
    let (grant, seat) = find(reader, organization, of).await?;
    may_use(&grant.facts, service.now())?;
    let bound = bound_key(reader, grant.id, seat).await?.filter(|bound| bound.id == before.key.0);
    let bound = bound.ok_or(ErrorCode::NotFound)?;
    let key = open(service, &sealed(reader, organization, bound.id).await?)?;
    Ok(RevealedKey { id: before.key, key, first: before.first, refund_ended: before.refund_ended })
}
