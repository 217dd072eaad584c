//! What an open row of software shows. The key itself is never among it.

use domain::benefit::{ProductKind, may_start, may_use};
use domain::ids::{PersonId, SeatId};
use domain::key_replacement::{last_day, may_replace};
use domain::moment::Zone;
use domain::rights::{Action, may_get_key};
use domain::view::benefits::WhyNot;
use domain::view::software::{
    ActivationEntry, Activations, KeyDetail, KeyState, Package, RefundEnds, Replacement, Revealed,
};
use domain::{ErrorCode, Language, Moment, Policies};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::downloads::THERE;
use super::reveal::{BoundKey, bound_key, has_key_pool};
use super::{activations, refund, replace};
use crate::benefits::grants::Grant;
use crate::request::Person;
use crate::{Outcome, Service, assignments, rights, sql};

/// So many records are listed.
const ENTRIES: u32 = 100;

#[derive(FromQueryResult)]
struct EntryRow {
    full_name: String,
    recorded_at: i64,
    amount: i64,
    reason: String,
}

#[derive(FromQueryResult)]
struct PackageRow {
    id: Uuid,
    version: String,
    language: String,
    operating_system: String,
    file_name: String,
    bytes: i64,
}

/// The key, seats, activations and downloads of a software grant.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn detail(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    language: Language,
    chosen: Option<PersonId>,
) -> Outcome<KeyDetail> {
    let now = service.now();
    let reader = service.database.reader();
    let why_role = rights::why_not(reader, person, Action::GetKeys, policies).await?;
    let bound = if grant.kind.has_key() { bound_key(reader, grant.id, None).await? } else { None };
    let drawn = bound.is_some();
    let (refund, by_reveal) = at_stake(service, person, grant, language).await?;
    let key = grant.kind.has_key().then(|| {
        let ends = refund.clone().filter(|_| by_reveal && !drawn);
        let zone = person.zone();
        key_state(grant, bound, why_role.clone(), ends, None, &zone, now)
    });
    let activations = if grant.kind == ProductKind::MultipleActivationKey {
        Some(recorded(service, person, grant, policies, drawn).await?)
    } else {
        None
    };
    let seats = if grant.kind.takes_seats(grant.unit, policies) {
        Some(Box::new(assignments::view::seats(service, person, grant, policies, chosen).await?))
    } else {
        None
    };
    Ok(KeyDetail {
        kind: grant.kind,
        key,
        seats,
        activations,
        own: match own_seat(service, person, grant).await? {
            Some(seat) => own_key(service, person, grant, seat, policies, language).await?,
            None => None,
        },
        downloads: packages(service, grant).await?,
        why_not_download: why_role.or_else(|| may_use(&grant.facts, now).err()),
        refund,
    })
}

/// The reader's active seat of the grant.
async fn own_seat(service: &Service, person: &Person, grant: &Grant) -> Outcome<Option<SeatId>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let text = "select id from seat where grant_id = $1 and person_id = $2 and released_at is null";
    let values = [grant.id.0.into(), person.id.0.into()];
    Ok(sql::one::<Row>(service.database.reader(), text, values).await?.map(|row| SeatId(row.id)))
}

/// The key of the reader's own seat; none where seats of the product have no keys.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn own_key(
    service: &Service,
    person: &Person,
    grant: &Grant,
    seat: SeatId,
    policies: &Policies,
    language: Language,
) -> Outcome<Option<KeyState>> {
    let reader = service.database.reader();
    if !has_key_pool(reader, grant.product).await? {
        return Ok(None);
    }
    let text = "select count(*) as number from seat where id = $1 and grant_id = $2 and person_id = $3
        and released_at is null";
    let values = [seat.0.into(), grant.id.0.into(), person.id.0.into()];
    if sql::number(reader, text, values).await? == 0 {
        return Ok(None);
    }
    let why_role = may_get_key(&person.roles, true, policies).err();
    let bound = bound_key(reader, grant.id, Some(seat)).await?;
    let (refund, by_reveal) = at_stake(service, person, grant, language).await?;
    let ends = refund.filter(|_| by_reveal && bound.is_none());
    Ok(Some(key_state(grant, bound, why_role, ends, Some(seat), &person.zone(), service.now())))
}

async fn at_stake(
    service: &Service,
    person: &Person,
    grant: &Grant,
    language: Language,
) -> Outcome<(Option<RefundEnds>, bool)> {
    let reader = service.database.reader();
    match refund::at_stake(reader, grant, &person.zone(), service.now()).await? {
        None => Ok((None, false)),
        Some(stake) => Ok((Some(refund::told(reader, &stake, language).await?), stake.by_reveal)),
    }
}

/// A key's state, and why it can't be shown: the role first, then what the dates of the grant say.
pub(crate) fn key_state(
    grant: &Grant,
    bound: Option<BoundKey>,
    why_role: WhyNot,
    refund: Option<RefundEnds>,
    own_seat: Option<SeatId>,
    zone: &Zone,
    now: Moment,
) -> KeyState {
    let by_date = match (&bound, own_seat) {
        (Some(_), _) => may_use(&grant.facts, now),
        (None, Some(_)) => may_start(&grant.facts, now),
        (None, None) => may_start(&grant.facts, now).and_then(|()| grant.capacity.check_any()),
    };
    let facts = bound.as_ref().and_then(|bound| replace::facts(bound, zone, now));
    let replacement = facts.map(|facts| Replacement {
        until: last_day(facts.revealed),
        withdrawn: facts.withdrawn,
        why_not: why_role.clone().or_else(|| by_date.clone().err()).or_else(|| may_replace(&facts).err()),
    });
    let revealed = bound.map(|bound| {
        let at = Moment(bound.revealed_at.unwrap_or_default());
        Revealed { by: bound.revealed_by.unwrap_or_default(), day: zone.day_of(at), time: zone.time_of(at) }
    });
    KeyState {
        revealed,
        refund,
        activations: match grant.kind {
            ProductKind::MultipleActivationKey if own_seat.is_none() => activations::limit(grant),
            _ => None,
        },
        why_not: why_role.or(by_date.err()),
        replacement,
        own_seat,
    }
}

async fn recorded(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    drawn: bool,
) -> Outcome<Activations> {
    let reader = service.database.reader();
    let zone = person.zone();
    let text = format!(
        "select a.full_name, b.recorded_at, b.amount, b.reason from balance_entry b
            join account a on a.id = b.recorded_by
        where b.grant_id = $1 and b.kind = 'activation'
        order by b.recorded_at desc, b.id desc limit {ENTRIES}"
    );
    let entries = sql::all::<EntryRow>(reader, &text, [grant.id.0.into()]).await?;
    let why_role = rights::why_not(reader, person, Action::RecordActivations, policies).await?;
    let why_closed = match may_use(&grant.facts, service.now()) {
        Ok(()) if !drawn => Some(ErrorCode::WrongState.into()),
        Ok(()) => None,
        Err(error) => Some(error),
    };
    Ok(Activations {
        limit: activations::limit(grant),
        used: activations::used(reader, grant).await?,
        left: activations::left(reader, grant).await?.map(|left| left.max(0)),
        entries: entries
            .into_iter()
            .map(|row| ActivationEntry {
                by: row.full_name,
                day: zone.day_of(Moment(row.recorded_at)),
                amount: row.amount,
                note: row.reason,
            })
            .collect(),
        why_not_record: why_role.or(why_closed),
    })
}

async fn packages(service: &Service, grant: &Grant) -> Outcome<Vec<Package>> {
    if !grant.kind.has_download() {
        return Ok(Vec::new());
    }
    let text = format!(
        "select id, version, language, operating_system, file_name, bytes from product_download
        where product_id = $1 and {THERE}
        order by version desc, language, operating_system desc, file_name"
    );
    let rows = sql::all::<PackageRow>(service.database.reader(), &text, [grant.product.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Package {
            id: row.id.to_string(),
            version: row.version,
            language: row.language,
            operating_system: row.operating_system,
            file_name: row.file_name,
            bytes: row.bytes,
        })
        .collect())
}
