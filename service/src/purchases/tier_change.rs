//! Changing the level of a competency: what it would do, its order, and taking it back (rules 2, 20, 21).

use std::collections::HashMap;

use domain::benefit::{Category, Unit};
use domain::entitlement::{Amount, Edition, Entitlement, granted};
use domain::ids::{HoldingId, OrganizationId};
use domain::membership::{Tier, Year};
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::order::{OrderKind, OrderState};
use domain::rights::Action;
use domain::tier_change::{
    self, Benefit, TakeBackCondition, TierChangeFacts, successors, take_back_conditions,
};
use domain::view::tier_change::{
    EndsRow, GoesOnRow, TierChangeChoice, TierChangeDone, TierChangePage, TierChangePreview, TierChangeQuery,
};
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment, Policies, refund};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::offers::{self, Standing};
use super::place::{self, WantedOrder};
use super::settle::NewOrder;
use super::withdraw;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::membership::catalogue::{self, Editions};
use crate::membership::entitle;
use crate::membership::tier_change::{FORMER, FormerHolder, former, of_holding};
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::reminders::readers::readers;
use crate::request::{Person, Request};
use crate::{Outcome, Service, people, policies, rights, sql};

/// So many of those who are told are named.
const NAMED: usize = 20;

/// Which level is changed.
#[derive(Clone, Debug)]
pub struct ChangeTier {
    /// The holding.
    pub holding: HoldingId,
    /// Version of the agreement that was shown.
    pub agreement: i64,
    /// Whether agreement and consequences were accepted, with the authority to.
    pub accepted: bool,
}

/// Holdings that have a level, with the offer of the other one, and what waits for them. `$1` language,
/// `$2` organization.
const HOLDINGS: &str = "select h.id, h.order_line_id, h.areas, h.anniversary_at, f.tier, t.name as offer,
        n.id as target_id, n.code as target_code, n.tier as target_tier, n.price_minor, n.currency,
        tn.name as target, l.state as line_state, o.number
    from holding h
    join offer f on f.id = h.offer_id and f.tier in ('silver', 'gold')
    join offer_text t on t.offer_id = f.id and t.language = $1
    join offer n on n.tier in ('silver', 'gold') and n.tier <> f.tier and n.listed
    join offer_text tn on tn.offer_id = n.id and tn.language = $1
    left join order_line l on l.of_holding_id = h.id and l.state in ('placed', 'active')
    left join orders o on o.id = l.order_id
    where h.organization_id = $2 and h.state = 'active'";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    order_line_id: Uuid,
    areas: String,
    anniversary_at: i64,
    tier: String,
    offer: String,
    target_id: Uuid,
    target_code: String,
    target_tier: String,
    price_minor: i64,
    currency: String,
    target: String,
    line_state: Option<String>,
    number: Option<i64>,
}

impl Row {
    fn tier(&self) -> Outcome<Tier> {
        Tier::from_code(&self.tier).ok_or_else(|| Failure::broken("offer", "tier", self.id))
    }

    fn target_tier(&self) -> Outcome<Tier> {
        Tier::from_code(&self.target_tier).ok_or_else(|| Failure::broken("offer", "tier", self.target_id))
    }

    fn price(&self) -> Outcome<i64> {
        Ok(tier_change::price(self.tier()?, self.target_tier()?, self.price_minor))
    }

    fn facts(&self, standing: &Standing, zone: &Zone, now: Moment) -> Outcome<TierChangeFacts> {
        let waiting = self.line_state.as_deref() == Some(OrderState::Placed.code());
        Ok(TierChangeFacts {
            member: standing.is_member(),
            has_network: standing.has_network(),
            attained: standing.attained_in(self.target_tier()?, &self.areas),
            anniversary: zone.day_of(Moment(self.anniversary_at)),
            today: zone.day_of(now),
            renewed: self.line_state.is_some() && !waiting,
            waiting,
        })
    }

    fn choice(&self, areas: &ProgrammeNames) -> TierChangeChoice {
        TierChangeChoice {
            holding: HoldingId(self.id),
            offer: self.offer.clone(),
            target: self.target.clone(),
            areas: areas.names(&self.areas),
        }
    }
}

async fn rows(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    language: Language,
) -> Outcome<Vec<Row>> {
    let text = format!("{HOLDINGS} order by h.starts_at, h.id");
    Ok(sql::all::<Row>(connection, &text, [language.tag().into(), organization.0.into()]).await?)
}

/// What can be changed, and what the change that is asked for would do.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages; [`ErrorCode::NotFound`] for a
/// holding that isn't the company's, is over, or has no other level.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &TierChangeQuery,
) -> Outcome<TierChangePage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let now = service.now();
    let found = rows(reader, person.organization, language).await?;
    let areas = ProgrammeNames::of(reader, language).await?;
    let preview = match query.holding {
        Some(wanted) => {
            let row = found.iter().find(|row| row.id == wanted.0).ok_or(ErrorCode::NotFound)?;
            Some(preview(reader, person, language, row, &areas, now).await?)
        }
        None => None,
    };
    let agreement = place::agreement_in_force(reader, now).await?;
    Ok(TierChangePage {
        choices: found.iter().map(|row| row.choice(&areas)).collect(),
        preview,
        agreement: (agreement > 0).then_some(agreement),
        why_not: rights::why_not(reader, person, Action::Purchase, &policies).await?,
    })
}

#[derive(FromQueryResult)]
struct GrantRow {
    id: Uuid,
    name: String,
    category: String,
    unit: String,
    quantity: Option<i64>,
    used: i64,
    /// Whether an individual grant says how much there is, on the old level as on the new one.
    individual: bool,
}

#[derive(FromQueryResult)]
struct HolderRow {
    grant_id: Uuid,
    full_name: String,
}

async fn preview(
    connection: &impl ConnectionTrait,
    person: &Person,
    language: Language,
    row: &Row,
    areas: &ProgrammeNames,
    now: Moment,
) -> Outcome<TierChangePreview> {
    let standing = offers::standing(connection, person.organization).await?;
    let zone = person.zone();
    let facts = row.facts(&standing, &zone, now)?;
    let in_force = catalogue::entitlements(connection).await?;
    let editions = Editions::of(connection, person.organization).await?;
    // The same decision as the one that is made when it is paid: first what others bring as well, then what
    // the new level adds, each benefit with its nearest.
    let staying =
        entitle::staying(connection, now, person.organization, &editions, row.order_line_id).await?;
    let (elsewhere, leaving): (Vec<_>, Vec<_>) = of_holding(connection, row.id, "")
        .await?
        .into_iter()
        .partition(|grant| staying.contains(&grant.id.0));
    // What others have is what they were bought with; the new level has what is in force.
    let mut holdings = editions.held(connection, person.organization, Some(HoldingId(row.id))).await?;
    let beside = granted(&holdings).len();
    let held = catalogue::of_areas(row.target_tier()?, &row.areas, &in_force);
    holdings.push(Edition { catalogue: &in_force, held });
    let coming: Vec<&Entitlement> = granted(&holdings).into_iter().skip(beside).collect();
    let (old, new): (Vec<Benefit>, Vec<Benefit>) = (
        leaving.iter().map(|grant| grant.benefit.clone()).collect(),
        coming
            .iter()
            .map(|of| Benefit { product: of.product, source: of.source, area: of.area.clone() })
            .collect(),
    );
    let pairs: HashMap<usize, usize> = successors(&old, &new).into_iter().collect();
    let text = "select g.id, t.name, g.category, p.unit, po.quantity, po.used + po.used_before as used,
            exists (select 1 from individual_grant i
                join benefit_grant s on s.product_id = i.product_id and s.organization_id = i.organization_id
                where i.organization_id = g.organization_id and i.kind = 'quantity' and i.ended_at is null
                    and s.pool_id = g.pool_id and s.state = 'granted') as individual
        from benefit_grant g join product p on p.id = g.product_id
        join product_text t on t.product_id = p.id and t.language = $2 join pool po on po.id = g.pool_id
        where g.holding_id = $1 and g.state = 'granted'";
    let shown: HashMap<Uuid, GrantRow> =
        sql::all::<GrantRow>(connection, text, [row.id.into(), language.tag().into()])
            .await?
            .into_iter()
            .map(|grant| (grant.id, grant))
            .collect();
    let text = "select s.grant_id, a.full_name from seat s join benefit_grant g on g.id = s.grant_id
        join person p on p.id = s.person_id join account a on a.id = p.account_id
        where g.holding_id = $1 and s.released_at is null order by p.sort_name, p.id";
    let mut holders: HashMap<Uuid, Vec<String>> = HashMap::new();
    for holder in sql::all::<HolderRow>(connection, text, [row.id.into()]).await? {
        holders.entry(holder.grant_id).or_default().push(holder.full_name);
    }
    let (mut goes_on, mut ends) = (Vec::new(), Vec::new());
    for (at, grant) in leaving.iter().enumerate() {
        let broken = |column| Failure::broken("benefit_grant", column, grant.id);
        let row = shown.get(&grant.id.0).ok_or_else(|| broken("product_id"))?;
        let category = Category::from_code(&row.category).ok_or_else(|| broken("category"))?;
        let held = holders.remove(&grant.id.0).unwrap_or_default();
        let limit = |quantity: Option<i64>| quantity.map_or(Amount::Unlimited, Amount::Of);
        match pairs.get(&at).and_then(|to| coming.get(*to)) {
            Some(next) => goes_on.push(GoesOnRow {
                product: row.name.clone(),
                category,
                unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
                before: limit(row.quantity),
                after: limit(if row.individual { row.quantity } else { next.limit() }),
                held: row.used.max(i64::try_from(held.len()).unwrap_or(i64::MAX)),
            }),
            None => ends.push(EndsRow { product: row.name.clone(), category, holders: held }),
        }
    }
    let place = |category: Category| Category::ALL.iter().position(|of| *of == category);
    goes_on.sort_by_key(|row| (place(row.category), row.product.to_lowercase()));
    ends.sort_by_key(|row| (row.holders.is_empty(), place(row.category), row.product.to_lowercase()));
    // The same people who get the mail.
    let told = readers(connection, person.organization).await?;
    Ok(TierChangePreview {
        choice: row.choice(areas),
        price_minor: row.price()?,
        full_price_minor: row.price_minor,
        currency: row.currency.clone(),
        anniversary: Year { purchased: zone.day_of(now) }.anniversary(),
        conditions: tier_change::conditions(&facts),
        waiting_order: row.number.filter(|_| facts.waiting),
        goes_on,
        elsewhere: i64::try_from(elsewhere.len()).unwrap_or(i64::MAX),
        ends,
        told: told.into_iter().take(NAMED).map(|reader| reader.name).collect(),
    })
}

/// Orders the other level of a holding; it is changed when the order is paid. Gives the number of the order.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with [`ErrorCode::AgreementNotAccepted`];
/// [`ErrorCode::NotFound`] for a holding that isn't the company's, is over, or has no other level;
/// [`ErrorCode::Stale`] where another agreement is in force; [`ErrorCode::TierChangeNotPossible`].
pub async fn change(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: ChangeTier,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let operation = Operation::new(operation, "change_tier", &input);
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
    tier_change::check(&holding.facts(&standing, &person.zone(), change.now)?)?;
    let new = NewOrder {
        organization: person.organization,
        by: Some(person.id),
        offer: holding.target_id,
        areas: &holding.areas,
        price_minor: holding.price()?,
        currency: &holding.currency,
        agreement: input.agreement,
        kind: OrderKind::TierChange,
        of: Some(input.holding),
    };
    let number = place::put(&mut change, &new, &holding.target_code).await?;
    change.commit(number).await
}

#[derive(FromQueryResult)]
struct DoneRow {
    line: Uuid,
    holding: Option<Uuid>,
    paid_at: i64,
    time_zone: String,
    started: i64,
}

/// A change of level that was paid, with how many things depend on its benefits; `$1` organization, `$2` number.
/// What went over from the old level was there before its grants.
const DONE: &str = "select l.id as line, h.id as holding, o.paid_at, c.time_zone,
        (select count(*) from seat s join benefit_grant g on g.id = s.grant_id
            where g.holding_id = h.id and s.assigned_at >= g.granted_at)
        + (select count(*) from product_key k join benefit_grant g on g.id = k.grant_id
            where g.holding_id = h.id and k.revealed_at >= g.granted_at)
        + (select count(*) from activation a join benefit_grant g on g.id = a.grant_id
            where g.holding_id = h.id and a.requested_at >= g.granted_at)
        + (select count(*) from balance_entry b join benefit_grant g on g.id = b.grant_id
            where g.holding_id = h.id and b.recorded_at >= g.granted_at)
        + (select count(*) from download d join benefit_grant g on g.id = d.grant_id
            where g.holding_id = h.id and d.downloaded_at >= g.granted_at)
        + (select count(*) from order_line w where w.of_holding_id = h.id and w.state in ('placed', 'active'))
            as started
    from orders o
    join order_line l on l.order_id = o.id and l.kind = 'tier_change'
    join organization c on c.id = o.organization_id
    left join holding h on h.order_line_id = l.id and h.state = 'active' and h.follows_id is not null
    where o.organization_id = $1 and o.number = $2 and o.paid_at is not null";

async fn done_row(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    number: i64,
) -> Outcome<Option<DoneRow>> {
    Ok(sql::one::<DoneRow>(connection, DONE, [organization.0.into(), number.into()]).await?)
}

impl DoneRow {
    fn conditions(&self, now: Moment) -> Vec<(TakeBackCondition, bool)> {
        let zone = Zone::named(&self.time_zone);
        let deadline = refund::deadline(zone.day_of(Moment(self.paid_at)));
        take_back_conditions(zone.day_of(now), deadline, self.started)
    }
}

/// What an order changed, for its page; none for one that changes no level.
pub(super) async fn done(
    connection: &impl ConnectionTrait,
    person: &Person,
    policies: &Policies,
    number: i64,
    now: Moment,
) -> Outcome<Option<TierChangeDone>> {
    let Some(row) = done_row(connection, person.organization, number).await? else { return Ok(None) };
    let text = format!("select count(*) as number {FORMER}");
    let zone = person.zone();
    Ok(Some(TierChangeDone {
        former: sql::number(connection, &text, [person.organization.0.into(), number.into()]).await?,
        take_back: row.holding.map(|_| row.conditions(now)),
        deadline: refund::deadline(zone.day_of(Moment(row.paid_at))),
        why_not: rights::why_not(connection, person, Action::CancelPurchase, policies).await?,
    }))
}

/// Takes a change of level back: the earlier level is in force again, with its holders, and everything that was
/// paid is given back. Gives the number of the order.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::Stale`];
/// [`ErrorCode::WrongState`] where nothing of the order changed a level, or it was taken back before, or is over; [`ErrorCode::TakeBackNotPossible`]
/// with the code of the first condition that isn't met.
pub async fn take_back(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: WantedOrder,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::CancelPurchase, &in_force).await?;
    let operation = Operation::new(operation, "take_back_tier_change", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    rights::check_member(&change.transaction, person).await?;
    // In the order in which an operator who decides its cancellation waits.
    hold_cancellation(&change, person.organization, input.number).await?;
    super::orders::hold(&change, person.organization, input.number).await?;
    people::roles::lock(&change, person.organization).await?;
    let find = || done_row(&change.transaction, person.organization, input.number);
    let text = "select row_version as number from orders where organization_id = $1 and number = $2";
    let values = [person.organization.0.into(), input.number.into()];
    if sql::number(&change.transaction, text, values).await? != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let row = find().await?.ok_or(ErrorCode::WrongState)?;
    withdraw::hold_still(&change, row.line.into()).await?;
    // Once more: what was assigned or revealed a moment ago counts.
    let row = find().await?.ok_or(ErrorCode::WrongState)?;
    if row.holding.is_none() {
        return Err(ErrorCode::WrongState.into());
    }
    if let Some((condition, _)) = row.conditions(change.now).into_iter().find(|(_, met)| !met) {
        return Err(Error::new(ErrorCode::TakeBackNotPossible).with_detail(condition.code()).into());
    }
    let text = "update order_line set row_version = row_version + 1 where id = $1 and state = 'active'";
    if sql::run(&change.transaction, text, [row.line.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    close_cancellation(&mut change, person, row.line).await?;
    withdraw::undo(&mut change, row.line.into()).await?;
    if let Some(new) = row.holding {
        crate::membership::tier_change::tell(&mut change, person.organization, new, "tier_change_taken_back")
            .await?;
    }
    change.record(
        Event::new(person.organization, AuditAction::TierChangeTakenBack, "order", input.number)
            .before(OrderState::Paid.code())
            .after(OrderState::Refunded.code()),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(input.number).await
}

/// Waits for an operator who decides the cancellation of an order.
async fn hold_cancellation(change: &Change<'_>, organization: OrganizationId, number: i64) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select cast(1 as bigint) as number from service_request r
            join order_line l on l.id = r.order_line_id join orders o on o.id = l.order_id
            where o.organization_id = $1 and o.number = $2 and r.kind = 'cancellation' and r.open for update of r";
        sql::number(&change.transaction, text, [organization.0.into(), number.into()]).await?;
    }
    Ok(())
}

/// A request to cancel the same purchase has nothing left to decide.
async fn close_cancellation(change: &mut Change<'_>, person: &Person, line: Uuid) -> Outcome<()> {
    let text =
        "update service_request set state = 'withdrawn', open = false, decided_at = $2, decided_by = $3,
            row_version = row_version + 1
        where order_line_id = $1 and kind = 'cancellation' and open";
    let values = [line.into(), change.now.0.into(), person.account.0.into()];
    if sql::run(&change.transaction, text, values).await? > 0 {
        change.record(Event::new(
            person.organization,
            AuditAction::CancellationTakenBack,
            "order_line",
            line,
        ));
        change.tell(Changed::Queue);
    }
    Ok(())
}

/// Those who lost a seat with a change of level, as a file; that it was taken is recorded.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`].
pub async fn export_former(
    service: &Service,
    request: &Request,
    language: Language,
    number: i64,
) -> Outcome<Vec<FormerHolder>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let rows = former(reader, person, number, language).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    change.record(
        Event::new(person.organization, AuditAction::PeopleExported, "order", number)
            .after(format!("former holders {}", rows.len())),
    );
    change.commit(()).await?;
    Ok(rows)
}
