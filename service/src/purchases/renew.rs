//! Renewing a holding: an order of its next year (rules 2, 21), and where each renewal stands.

use std::collections::HashMap;

use domain::ids::HoldingId;
use domain::membership::Tier;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::order::{OrderKind, OrderState};
use domain::renewal::{self, RenewalCondition, RenewalFacts};
use domain::rights::Action;
use domain::view::renewal::{RenewalRow, RenewalState};
use domain::{Error, ErrorCode, Field, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::offers::{self, Standing};
use super::place;
use super::settle::NewOrder;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::{Outcome, Service, people, policies, rights, sql};

/// What is renewed.
#[derive(Clone, Debug)]
pub struct RenewHolding {
    /// The holding.
    pub holding: HoldingId,
    /// Version of the agreement that was shown.
    pub agreement: i64,
    /// Whether it was accepted, with the authority to.
    pub accepted: bool,
}

/// Holdings that can have a next year here, with what was done about it: the others come with a contract.
/// `$1` language, `$2` organization.
const HOLDINGS: &str =
    "select h.id, h.areas, h.anniversary_at, f.id as offer_id, f.code, f.tier, f.price_minor,
        f.currency, f.listed, t.name as offer, l.state as line_state, o.number, n.starts_at as next_starts_at,
        n.anniversary_at as next_ends_at
    from holding h
    join offer f on f.id = h.offer_id and f.tier in ('network', 'action_pack', 'silver', 'gold')
    join offer_text t on t.offer_id = f.id and t.language = $1
    left join order_line l on l.of_holding_id = h.id and l.state in ('placed', 'active')
    left join orders o on o.id = l.order_id
    left join holding n on n.order_line_id = l.id
    where h.organization_id = $2 and h.state = 'active'";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    areas: String,
    anniversary_at: i64,
    offer_id: Uuid,
    code: String,
    tier: String,
    price_minor: i64,
    currency: String,
    listed: bool,
    offer: String,
    line_state: Option<String>,
    number: Option<i64>,
    next_starts_at: Option<i64>,
    next_ends_at: Option<i64>,
}

impl Row {
    fn facts(&self, standing: &Standing, zone: &Zone, now: Moment) -> Outcome<RenewalFacts> {
        let tier =
            Tier::from_code(&self.tier).ok_or_else(|| Failure::broken("offer", "tier", self.offer_id))?;
        let waiting = self.line_state.as_deref() == Some(OrderState::Placed.code());
        Ok(RenewalFacts {
            tier,
            member: standing.is_member(),
            offered: self.listed,
            has_network: standing.has_network(),
            attained: standing.attained_in(tier, &self.areas),
            anniversary: zone.day_of(Moment(self.anniversary_at)),
            today: zone.day_of(now),
            renewed: self.line_state.is_some() && !waiting,
            waiting,
        })
    }

    fn view(
        self,
        standing: &Standing,
        areas: &ProgrammeNames,
        zone: &Zone,
        now: Moment,
    ) -> Outcome<RenewalRow> {
        let facts = self.facts(standing, zone, now)?;
        let unmet: Vec<RenewalCondition> = renewal::conditions(&facts)
            .into_iter()
            .filter(|(_, met)| !met)
            .map(|(condition, _)| condition)
            .collect();
        let day = |at: i64| zone.day_of(Moment(at));
        let state = match (self.number, self.next_starts_at, self.next_ends_at) {
            (Some(order), Some(starts), Some(ends)) => {
                RenewalState::Renewed { order, begins: day(starts), ends: day(ends) }
            }
            (Some(order), ..) => RenewalState::Waiting(order),
            _ if unmet.is_empty() => RenewalState::Possible,
            _ if facts.today < renewal::first_day(facts.anniversary) => {
                RenewalState::From(renewal::first_day(facts.anniversary))
            }
            _ => RenewalState::NotPossible(unmet),
        };
        Ok(RenewalRow {
            holding: HoldingId(self.id),
            offer_code: self.code,
            offer: self.offer,
            areas: areas.each(&self.areas),
            price_minor: self.price_minor,
            currency: self.currency,
            until: renewal::last_day(facts.anniversary),
            next: renewal::next_anniversary(facts.anniversary),
            state,
        })
    }
}

/// Where the renewal of each of the company's holdings stands.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a code that isn't known.
pub(crate) async fn rows(
    connection: &impl ConnectionTrait,
    person: &Person,
    language: Language,
    now: Moment,
) -> Outcome<HashMap<Uuid, RenewalRow>> {
    let standing = offers::standing(connection, person.organization).await?;
    let areas = ProgrammeNames::of(connection, language).await?;
    let zone = person.zone();
    let values: [Value; 2] = [language.tag().into(), person.organization.0.into()];
    sql::all::<Row>(connection, HOLDINGS, values)
        .await?
        .into_iter()
        .map(|row| Ok((row.id, row.view(&standing, &areas, &zone, now)?)))
        .collect()
}

/// Orders the next year of a holding; what is free is settled at once. Gives the number of the order.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with [`ErrorCode::AgreementNotAccepted`];
/// [`ErrorCode::NotFound`] for a holding that isn't the company's, is over, or has no next year here;
/// [`ErrorCode::Stale`] where another agreement is in force; [`ErrorCode::RenewalNotPossible`].
pub async fn renew(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: RenewHolding,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let operation = Operation::new(operation, "renew_holding", &input);
    if !input.accepted {
        return Err(Error::field(Field::Accept, ErrorCode::AgreementNotAccepted).into());
    }
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // One order after the other: whether one waits already is decided under this lock.
    people::roles::lock(&change, person.organization).await?;
    if place::agreement_in_force(&change.transaction, change.now).await? != input.agreement {
        return Err(ErrorCode::Stale.into());
    }
    let text = format!("{HOLDINGS} and h.id = $3");
    let values: [Value; 3] =
        [Language::English.tag().into(), person.organization.0.into(), input.holding.0.into()];
    let holding = sql::one::<Row>(&change.transaction, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    let standing = offers::standing(&change.transaction, person.organization).await?;
    renewal::check(&holding.facts(&standing, &person.zone(), change.now)?)?;
    let new = NewOrder {
        organization: person.organization,
        by: Some(person.id),
        offer: holding.offer_id,
        areas: &holding.areas,
        price_minor: holding.price_minor,
        currency: &holding.currency,
        agreement: input.agreement,
        kind: OrderKind::Renewal,
        of: Some(input.holding),
    };
    let number = place::put(&mut change, &new, &holding.code).await?;
    change.commit(number).await
}
