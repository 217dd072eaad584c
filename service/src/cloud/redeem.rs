//! Redeeming a cloud key: a new subscription, more seats, or a later end (rule 9).

use domain::benefit::{ProductKind, may_start};
use domain::cloud::{KeyUse, Subscription, preview};
use domain::ids::{GrantId, OrganizationId, SubscriptionId};
use domain::rights::Action;
use domain::{AuditAction, Day, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products;
use crate::change::{Begun, Change};
use crate::entity::{redemption, subscription};
use crate::keys::activations::{lock_pool, recorded_in_pool};
use crate::keys::reveal::bound_key;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Failure, Outcome, Service, policies, rights, sql};

/// What a grant's key is used for.
#[derive(Clone, Debug)]
pub struct RedeemKey {
    /// The grant whose key it is.
    pub grant: GrantId,
    /// What for.
    pub used_for: KeyUse,
    /// The subscription to change, with its version as the page showed it; none for a new one.
    pub subscription: Option<(SubscriptionId, i64)>,
}

/// The subscription afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RedeemedKey {
    /// Which.
    pub subscription: SubscriptionId,
    /// Its seats.
    pub seats: u32,
    /// Its last day.
    pub ends: Day,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    product_id: Uuid,
    seats: i64,
    ends_on: String,
    row_version: i64,
}

/// Redeems the key of a grant; whoever redeems it gets the instructions by mail.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`];
/// [`ErrorCode::WrongState`] before the key is revealed; [`ErrorCode::NoSeatLeft`] where it brings none;
/// [`ErrorCode::KeyRedeemed`]; [`ErrorCode::Stale`] if the subscription changed since the page was
/// read; [`ErrorCode::Required`] where the subscription isn't chosen; those of [`preview`] and
/// [`may_start`].
pub async fn redeem(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: RedeemKey,
) -> Outcome<RedeemedKey> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::GetKeys, &policies).await?;
    let operation = Operation::new(operation, "redeem_key", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, input.grant).await?;
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    if grant.kind != ProductKind::CloudLicense {
        return Err(ErrorCode::WrongKind.into());
    }
    may_start(&grant.facts, change.now)?;
    let key = bound_key(&change.transaction, grant.id, None).await?.ok_or(ErrorCode::WrongState)?;
    let text = "select count(*) as number from redemption where product_key_id = $1";
    if sql::number(&change.transaction, text, [key.id.into()]).await? > 0 {
        return Err(ErrorCode::KeyRedeemed.into());
    }
    lock_pool(&change, grant.pool).await?;
    let seats = key_seats(&change.transaction, &grant).await?.ok_or(ErrorCode::NoSeatLeft)?;
    let today = person.zone().day_of(change.now);
    let (id, after) = match (input.used_for, input.subscription) {
        (KeyUse::NewSubscription, _) => {
            let after = preview(KeyUse::NewSubscription, None, seats, today)?;
            (open(&change, &grant, after).await?, after)
        }
        (_, None) => return Err(Error::field(Field::Subscription, ErrorCode::Required).into()),
        (used_for, Some((id, version))) => {
            let row = find(&change.transaction, person.organization, id).await?;
            if row.product_id != grant.product.0 {
                return Err(ErrorCode::NotFound.into());
            }
            if row.row_version != version {
                return Err(ErrorCode::Stale.into());
            }
            let after = preview(used_for, Some(facts(row.id, row.seats, &row.ends_on)?), seats, today)?;
            update(&change, id, version, after).await?;
            (row.id, after)
        }
    };
    let row = redemption::ActiveModel {
        product_key_id: Set(key.id),
        organization_id: Set(grant.organization.0),
        grant_id: Set(grant.id.0),
        subscription_id: Set(id),
        used_for: Set(input.used_for.code().to_owned()),
        seats: Set(i64::from(seats)),
        redeemed_by: Set(person.id.0),
        redeemed_at: Set(change.now.0),
    };
    redemption::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    let text = "update product_key set state = 'spent', row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [key.id.into()]).await?;
    let subscription = SubscriptionId(id);
    let texts = products::texts(&change.transaction, grant.product).await?;
    change.post(letter(person, &grant, after, &texts)?);
    change.record(
        Event::new(grant.organization, AuditAction::CloudKeyRedeemed, "subscription", subscription)
            .grant(grant.id)
            .after(format!(
                "{} key {} seats {} ends {}",
                input.used_for.code(),
                key.id,
                after.seats,
                after.ends
            )),
    );
    // The subscription stands in every row of the same product.
    change.tell(Changed::Organization(grant.organization));
    change.tell(Changed::Grant(grant.organization, grant.id));
    change.commit(RedeemedKey { subscription, seats: after.seats, ends: after.ends }).await
}

/// Seats that the grant's key brings: what its pool has and nothing else has taken; none where
/// nothing is left, or where the grant has no number.
pub(crate) async fn key_seats(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<Option<u32>> {
    let Some(quantity) = grant.capacity.quantity else { return Ok(None) };
    let left = quantity - recorded_in_pool(connection, grant.pool).await?;
    Ok(u32::try_from(left).ok().filter(|seats| *seats > 0))
}

/// A row as the rule sees it.
pub(crate) fn facts(id: Uuid, seats: i64, ends_on: &str) -> Result<Subscription, Failure> {
    Ok(Subscription {
        seats: u32::try_from(seats).map_err(|_| Failure::broken("subscription", "seats", id))?,
        ends: Day::parse(ends_on).ok_or_else(|| Failure::broken("subscription", "ends_on", id))?,
    })
}

/// Two choices for one key wait for each other. SQLite has one writer anyway.
async fn lock(change: &Change<'_>, grant: GrantId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from benefit_grant where id = $1 for no key update";
        sql::run(&change.transaction, text, [grant.0.into()]).await?;
    }
    Ok(())
}

async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    id: SubscriptionId,
) -> Outcome<Row> {
    let text = "select id, product_id, seats, ends_on, row_version from subscription
        where id = $1 and organization_id = $2";
    let row = sql::one::<Row>(connection, text, [id.0.into(), organization.0.into()]).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

async fn open(change: &Change<'_>, grant: &Grant, after: Subscription) -> Outcome<Uuid> {
    let id = change.service().new_id();
    let row = subscription::ActiveModel {
        id: Set(id),
        organization_id: Set(grant.organization.0),
        product_id: Set(grant.product.0),
        seats: Set(i64::from(after.seats)),
        ends_on: Set(after.ends.to_string()),
        opened_at: Set(change.now.0),
        row_version: Set(1),
    };
    subscription::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    Ok(id)
}

async fn update(change: &Change<'_>, id: SubscriptionId, version: i64, after: Subscription) -> Outcome<()> {
    let text = "update subscription set seats = $3, ends_on = $4, row_version = row_version + 1
        where id = $1 and row_version = $2";
    let values = [id.0.into(), version.into(), i64::from(after.seats).into(), after.ends.to_string().into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    Ok(())
}

fn letter(
    person: &Person,
    grant: &Grant,
    after: Subscription,
    texts: &products::ProductTexts,
) -> Outcome<Letter> {
    let language = person.language;
    let product = texts.of(language)?;
    Ok(Letter {
        organization: Some(grant.organization),
        account: Some(person.account),
        recipient: person.email.clone(),
        language,
        kind: "cloud_key_redeemed",
        values: vec![
            ("person", person.name.clone()),
            ("product", product.name.clone()),
            ("seats", locales::format::number(language, i64::from(after.seats))),
            ("ends", locales::format::date(language, after.ends)),
            ("instructions", products::numbered(&product.instructions)),
        ],
        path: format!("/benefits/cloud?open={}", grant.id),
        secret: None,
        dates: Vec::new(),
    })
}
