//! What an open row of licence-based cloud shows: the key's state, and every choice with its outcome.

use domain::benefit::may_start;
use domain::cloud::{KeyUse, preview};
use domain::rights::Action;
use domain::view::cloud::{CloudKeyDetail, Redeemed, SubscriptionRow};
use domain::{ErrorCode, Language, Moment, Policies};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::redeem::{facts, key_seats};
use crate::benefits::grants::Grant;
use crate::failure::Failure;
use crate::keys::reveal::bound_key;
use crate::keys::view::key_state;
use crate::request::Person;
use crate::{Outcome, Service, rights, sql};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    seats: i64,
    ends_on: String,
    opened_at: i64,
    row_version: i64,
}

#[derive(FromQueryResult)]
struct RedemptionRow {
    subscription_id: Uuid,
    used_for: String,
    full_name: String,
    redeemed_at: i64,
}

/// The key and the subscriptions that it can change.
///
/// # Errors
/// [`Failure::Database`].
pub async fn detail(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    _language: Language,
) -> Outcome<CloudKeyDetail> {
    let reader = service.database.reader();
    let now = service.now();
    let zone = person.zone();
    let today = zone.day_of(now);
    let why_role = rights::why_not(reader, person, Action::GetKeys, policies).await?;
    let bound = bound_key(reader, grant.id, None).await?;
    let redeemed = match &bound {
        Some(key) => redemption(service, person, key.id).await?,
        None => None,
    };
    let seats = key_seats(reader, grant).await?;
    let why_state = match (&bound, &redeemed, seats) {
        (_, Some(_), _) => Some(ErrorCode::KeyRedeemed.into()),
        (None, ..) => Some(ErrorCode::WrongState.into()),
        (.., None) => Some(ErrorCode::NoSeatLeft.into()),
        _ => None,
    };
    let why_not_redeem = why_role.clone().or_else(|| may_start(&grant.facts, now).err()).or(why_state);
    // A key that is spent changes nothing any more.
    let brings = seats.filter(|_| redeemed.is_none());
    let text = "select id, seats, ends_on, opened_at, row_version from subscription
        where organization_id = $1 and product_id = $2 order by ends_on desc, opened_at desc, id";
    let rows = sql::all::<Row>(reader, text, [grant.organization.0.into(), grant.product.0.into()]).await?;
    let mut subscriptions = Vec::with_capacity(rows.len());
    for row in rows {
        let present = facts(row.id, row.seats, &row.ends_on)?;
        let outcome = |used_for| brings.map(|seats| preview(used_for, Some(present), seats, today));
        subscriptions.push(SubscriptionRow {
            id: row.id.into(),
            version: row.row_version,
            opened: zone.day_of(Moment(row.opened_at)),
            now: present,
            more_seats: outcome(KeyUse::MoreSeats),
            later_end: outcome(KeyUse::LaterEnd),
        });
    }
    Ok(CloudKeyDetail {
        key: key_state(grant, bound, why_role, None, None, &zone, now),
        seats,
        new: brings.and_then(|seats| preview(KeyUse::NewSubscription, None, seats, today).ok()),
        subscriptions,
        redeemed,
        why_not_redeem,
    })
}

async fn redemption(service: &Service, person: &Person, key: Uuid) -> Outcome<Option<Redeemed>> {
    let text = "select r.subscription_id, r.used_for, a.full_name, r.redeemed_at from redemption r
            join person p on p.id = r.redeemed_by join account a on a.id = p.account_id
        where r.product_key_id = $1";
    let Some(row) = sql::one::<RedemptionRow>(service.database.reader(), text, [key.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(Redeemed {
        used_for: KeyUse::from_code(&row.used_for)
            .ok_or_else(|| Failure::broken("redemption", "used_for", key))?,
        subscription: row.subscription_id.into(),
        by: row.full_name,
        day: person.zone().day_of(Moment(row.redeemed_at)),
    }))
}
