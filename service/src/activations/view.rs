//! What an open row of a technical benefit shows (rules 13 to 15); no number is among it.

use domain::benefit::{ActivationState, By, ProductKind, Unit, may_start};
use domain::moment::Zone;
use domain::rights::Action;
use domain::support::{self, SupportKind, left, used};
use domain::view::technical::{ActivationFacts, Balance, BalanceEntry, TechnicalDetail};
use domain::{Error, Language, Moment, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::request::first_step;
use super::{ids, latest, state_or_available};
use crate::benefits::grants::Grant;
use crate::benefits::list::processing;
use crate::benefits::products;
use crate::entity::activation::Model as Activation;
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::request::Person;
use crate::requests::{advisory, list};
use crate::{Outcome, Service, rights, sql};

/// So many entries of a ledger are listed; the sums are over all.
const ENTRIES: u32 = 50;

/// A technical benefit in edition C.
///
/// # Errors
/// [`Failure::Database`], [`Failure::Broken`].
pub async fn technical(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    language: Language,
) -> Outcome<TechnicalDetail> {
    let reader = service.database.reader();
    let activation = latest(reader, grant.id).await?;
    let state = shown_state(activation.as_ref(), service.now())?;
    let has_ids = match &activation {
        Some(activation) => ids::can_show(activation, service.now())?,
        None => false,
    };
    let texts = products::texts(reader, grant.product).await?;
    Ok(TechnicalDetail {
        state,
        why_not: rights::why_not(reader, person, Action::ActivateTechnical, policies).await?,
        why_closed: why_closed(grant, state, service.now()),
        why_no_ids: rights::why_not(reader, person, Action::ViewSupportIds, policies).await?,
        activation: match &activation {
            Some(activation) => Some(facts(service, activation, &person.zone()).await?),
            None => None,
        },
        has_ids,
        company: company(reader, person).await?,
        kind: grant.kind,
        guidance: texts.of(language)?.guidance.clone(),
        balance: balance(service, grant, &person.zone()).await?,
        portal_url: grant.portal_url.clone(),
        takes_requests: advisory::takes_requests(grant.kind),
        available_to: available_to(reader, grant.kind, language).await?,
        requests: list::of_grant(service, person, grant.id, language).await?,
        target_days: policies.target_days.activation,
    })
}

/// Which tiers have such support, by their names.
pub(crate) async fn available_to(
    connection: &impl ConnectionTrait,
    kind: ProductKind,
    language: Language,
) -> Outcome<Vec<String>> {
    let names = ProgrammeNames::of(connection, language).await?;
    let tiers = support::available_to(SupportKind::of(kind));
    Ok(tiers.iter().map(|tier| names.tier(tier.code())).collect())
}

/// The state as it is at the moment: the worker may not have ended yet what is over.
pub(crate) fn shown_state(activation: Option<&Activation>, now: Moment) -> Outcome<ActivationState> {
    let state = state_or_available(activation)?;
    let over = activation.and_then(|activation| activation.expires_at).is_some_and(|last| now.0 > last);
    Ok(if state == ActivationState::Active && over { ActivationState::Expired } else { state })
}

/// Why nobody can activate it now; none where it can be asked for, also while it runs already.
pub(crate) fn why_closed(grant: &Grant, state: ActivationState, now: Moment) -> Option<Error> {
    if state.is_open() || state == ActivationState::Active {
        return None;
    }
    let closed = may_start(&grant.facts, now).and_then(|()| grant.capacity.check_any());
    closed.err().or_else(|| state.step(first_step(state), By::Partner).err())
}

/// When it was asked for, by whom, and how far it is.
pub(crate) async fn facts(
    service: &Service,
    activation: &Activation,
    zone: &Zone,
) -> Outcome<ActivationFacts> {
    #[derive(FromQueryResult)]
    struct Row {
        full_name: String,
        number: Option<i64>,
    }
    let text = "select a.full_name,
            (select r.number from service_request r where r.activation_id = $2) as number
        from person p join account a on a.id = p.account_id where p.id = $1";
    let values = [activation.requested_by.into(), activation.id.into()];
    let row = sql::one::<Row>(service.database.reader(), text, values)
        .await?
        .ok_or_else(|| Failure::broken("activation", "requested_by", activation.id))?;
    let day = |at: i64| zone.day_of(Moment(at));
    let open = super::state_of(activation)?.is_open();
    Ok(ActivationFacts {
        number: row.number,
        requested: day(activation.requested_at),
        requested_time: zone.time_of(Moment(activation.requested_at)),
        requested_by: row.full_name,
        target: day(activation.target_at),
        processing: processing(
            Some(activation.requested_at).filter(|_| open),
            Some(activation.target_at),
            zone,
            service.now(),
        ),
        completed: activation.completed_at.map(day),
        expires: activation.expires_at.map(day),
        reason: activation.reason.clone(),
    })
}

async fn company(connection: &impl ConnectionTrait, person: &Person) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let text = "select name from organization where id = $1";
    sql::one::<Row>(connection, text, [person.organization.0.into()])
        .await?
        .map(|row| row.name)
        .ok_or_else(|| Failure::broken("organization", "id", person.organization))
}

async fn balance(service: &Service, grant: &Grant, zone: &Zone) -> Outcome<Balance> {
    #[derive(FromQueryResult)]
    struct UnitRow {
        unit: String,
    }
    #[derive(FromQueryResult)]
    struct EntryRow {
        amount: i64,
        reason: String,
        recorded_at: i64,
    }
    let reader = service.database.reader();
    let text = "select unit from product where id = $1";
    let unit = sql::one::<UnitRow>(reader, text, [grant.product.0.into()])
        .await?
        .and_then(|row| Unit::from_code(&row.unit))
        .ok_or_else(|| Failure::broken("product", "unit", grant.product))?;
    // Grants of one pool draw on the same hours or incidents.
    let text = "select cast(sum(b.amount) as bigint) as number from balance_entry b
        join benefit_grant g on g.id = b.grant_id where g.pool_id = $1 and b.kind in ('hour', 'incident')";
    let sum = sql::number(reader, text, [grant.pool.0.into()]).await?;
    let text = format!(
        "select b.amount, b.reason, b.recorded_at from balance_entry b join benefit_grant g on g.id = b.grant_id
        where g.pool_id = $1 and b.kind in ('hour', 'incident') order by b.recorded_at desc, b.id desc limit {ENTRIES}"
    );
    let entries = sql::all::<EntryRow>(reader, &text, [grant.pool.0.into()]).await?;
    let granted = grant.capacity.quantity;
    Ok(Balance {
        unit,
        granted,
        used: used([sum]),
        left: left(granted, [sum]),
        entries: entries
            .into_iter()
            .map(|row| BalanceEntry {
                day: zone.day_of(Moment(row.recorded_at)),
                amount: row.amount,
                reason: row.reason,
            })
            .collect(),
    })
}
