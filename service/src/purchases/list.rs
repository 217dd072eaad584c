//! What a company bought, and which conditions of a refund are met.

use std::collections::HashSet;

use domain::ids::{OrderLineId, OrganizationId};
use domain::membership::{RENEWAL_WINDOW_DAYS, Tier};
use domain::moment::Zone;
use domain::refund::{self, RefundCondition, RefundFacts};
use domain::rights::Action;
use domain::view::purchases::{
    EarlierCancellation, PurchaseLine, PurchasesPage, SoftwareUse, UseKind, WaitingCancellation,
};
use domain::view::requests::RequestState;
use domain::{ErrorCode, Language, Moment, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::failure::Failure;
use crate::membership::catalogue::Editions;
use crate::membership::entitle;
use crate::names::ProgrammeNames;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// So many uses are named for a purchase.
const NAMED_USES: usize = 3;
/// So many earlier cancellations are listed.
const EARLIER: u32 = 50;

/// An order line with what the rule asks of it; `$1` language. A key that went over from the year before was
/// revealed before the grant was there, and doesn't count.
const LINES: &str = "select l.id, l.row_version, l.policies, l.state, l.price_minor, l.areas, l.organization_id,
        o.number, o.currency, coalesce(o.paid_at, o.ordered_at) as ordered_at, t.name as offer, f.tier, a.full_name as bought_by,
        c.tier as company_tier, c.time_zone, h.anniversary_at, h.state as holding_state,
        coalesce(f.tier = 'network' and h.state = 'active' and (exists (select 1 from holding x
                join offer y on y.id = x.offer_id and y.tier <> 'network'
                where x.organization_id = l.organization_id and x.state in ('active', 'coming'))
            or exists (select 1 from order_line x join offer y on y.id = x.offer_id and y.tier <> 'network'
                where x.organization_id = l.organization_id and x.state = 'placed'))
            and not exists (select 1 from holding x join offer y on y.id = x.offer_id and y.tier = 'network'
                where x.organization_id = l.organization_id and x.state = 'active' and x.id <> h.id), false) as needed,
        (select e.anniversary_at from holding e where e.id = h.follows_id and e.state = 'ended') as earlier_until,
        (select count(*) from order_line w where w.of_holding_id = h.id and w.state = 'placed') as awaiting,
        (select count(*) from benefit_grant g where g.order_line_id = l.id and g.state = 'granted') as benefits,
        (select count(*) from benefit_grant g where g.order_line_id = l.id and g.category = 'software') as software,
        (select count(distinct s.person_id) from seat s join benefit_grant g on g.id = s.grant_id
            where g.order_line_id = l.id and s.released_at is null) as holders,
        (select coalesce(cast(sum(b.amount) as bigint), 0) from balance_entry b
            join benefit_grant g on g.id = b.grant_id
            where g.order_line_id = l.id and g.category = 'software' and b.kind = 'activation')
        + (select coalesce(cast(sum(g.used_before) as bigint), 0) from benefit_grant g
            where g.order_line_id = l.id and g.category = 'software') as activated,
        (select count(*) from download d join benefit_grant g on g.id = d.grant_id
            where g.order_line_id = l.id and g.category = 'software') as downloaded,
        (select count(*) from product_key k join benefit_grant g on g.id = k.grant_id
            where g.order_line_id = l.id and g.category = 'software' and k.revealed_at >= g.granted_at) as revealed
    from order_line l
    join orders o on o.id = l.order_id
    join organization c on c.id = l.organization_id
    join offer f on f.id = l.offer_id
    join offer_text t on t.offer_id = f.id and t.language = $1
    left join person p on p.id = o.ordered_by left join account a on a.id = p.account_id
    left join holding h on h.order_line_id = l.id";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    policies: String,
    state: String,
    price_minor: i64,
    areas: String,
    organization_id: Uuid,
    number: i64,
    currency: String,
    ordered_at: i64,
    offer: String,
    tier: String,
    bought_by: Option<String>,
    company_tier: String,
    time_zone: String,
    anniversary_at: Option<i64>,
    holding_state: Option<String>,
    needed: bool,
    earlier_until: Option<i64>,
    awaiting: i64,
    benefits: i64,
    software: i64,
    holders: i64,
    activated: i64,
    downloaded: i64,
    revealed: i64,
}

impl Row {
    /// Whether its refund puts in force again what it renewed or replaced: as long as that could still be used.
    fn brings_back(&self, now: Moment) -> bool {
        let zone = Zone::named(&self.time_zone);
        self.earlier_until.is_some_and(|until| {
            zone.day_of(now) <= zone.day_of(Moment(until)).plus_days(RENEWAL_WINDOW_DAYS)
        })
    }

    /// What an order renews or replaces stays until that order is decided: it was priced for it.
    fn is_over(&self) -> bool {
        self.holding_state.as_deref() == Some("ended") || self.awaiting > 0
    }
}

#[derive(FromQueryResult)]
struct UseRow {
    kind: String,
    name: String,
    happened_at: i64,
    by_name: Option<String>,
}

#[derive(FromQueryResult)]
struct WaitingRow {
    id: Uuid,
    row_version: i64,
    number: i64,
    requested_at: i64,
    full_name: String,
}

#[derive(FromQueryResult)]
struct EarlierRow {
    number: i64,
    offer: String,
    requested_at: i64,
    state: String,
    reason: Option<String>,
}

/// A purchase as the rule sees it.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    pub(crate) id: OrderLineId,
    pub(crate) version: i64,
    pub(crate) organization: OrganizationId,
    pub(crate) offer: String,
    pub(crate) refunded: bool,
    /// Whether what it gave is over, replaced, or what an order builds on that waits for its payment.
    pub(crate) over: bool,
    /// Whether others of the company's memberships need it (rule 18).
    pub(crate) needed: bool,
    /// The policies frozen on it.
    pub(crate) policies: Policies,
    pub(crate) zone: Zone,
    facts: RefundFacts,
}

impl Purchase {
    /// Whether a refund asked for at the moment is possible, by the uses on record now.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] if it was refunded, or what it gave is over; [`ErrorCode::NetworkNeeded`];
    /// those of [`refund::check`].
    pub(crate) fn check(&self, asked: Moment) -> Outcome<()> {
        if self.refunded || self.over {
            return Err(ErrorCode::WrongState.into());
        }
        if self.needed {
            return Err(ErrorCode::NetworkNeeded.into());
        }
        let facts = RefundFacts { today: self.zone.day_of(asked), ..self.facts };
        Ok(refund::check(&facts, &self.policies)?)
    }
}

/// The company's purchases with their conditions.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn page(service: &Service, request: &Request, language: Language) -> Outcome<PurchasesPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &in_force).await?;
    let now = service.now();
    let text = format!(
        "{LINES} where l.organization_id = $2 and l.state in ('active', 'refunded') order by o.ordered_at desc, l.id"
    );
    let values = [language.tag().into(), person.organization.0.into()];
    let editions = Editions::of(reader, person.organization).await?;
    let areas = ProgrammeNames::of(reader, language).await?;
    let mut lines = Vec::new();
    for row in sql::all::<Row>(reader, &text, values).await? {
        lines.push(view(reader, row, &editions, &areas, language, now, now).await?);
    }
    let zone = person.zone();
    let text = format!(
        "select r.number, t.name as offer, r.requested_at, r.state, r.reason
        from service_request r
        join order_line l on l.id = r.order_line_id
        join offer_text t on t.offer_id = l.offer_id and t.language = $1
        where r.organization_id = $2 and r.kind = 'cancellation' and not r.open
        order by r.requested_at desc, r.number desc limit {EARLIER}"
    );
    let values = [language.tag().into(), person.organization.0.into()];
    let earlier = sql::all::<EarlierRow>(reader, &text, values)
        .await?
        .into_iter()
        .map(|row| {
            Ok(EarlierCancellation {
                number: row.number,
                offer: row.offer,
                asked: zone.day_of(Moment(row.requested_at)),
                state: RequestState::from_code(&row.state)
                    .ok_or_else(|| Failure::broken("service_request", "state", row.number))?,
                reason: row.reason,
            })
        })
        .collect::<Outcome<_>>()?;
    Ok(PurchasesPage {
        lines,
        why_not: rights::why_not(reader, person, Action::CancelPurchase, &in_force).await?,
        time_zone: person.time_zone.clone(),
        earlier,
    })
}

/// One purchase as its page shows it, with the conditions of a refund as of the moment at which it was asked for.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(crate) async fn one(
    connection: &impl ConnectionTrait,
    line: OrderLineId,
    language: Language,
    at: Moment,
    now: Moment,
) -> Outcome<PurchaseLine> {
    let row = row(connection, line, language).await?;
    let editions = Editions::of(connection, OrganizationId(row.organization_id)).await?;
    let areas = ProgrammeNames::of(connection, language).await?;
    view(connection, row, &editions, &areas, language, at, now).await
}

/// A purchase for a decision; the offer's name is English.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    line: OrderLineId,
    now: Moment,
) -> Outcome<Purchase> {
    let row = row(connection, line, Language::English).await?;
    let zone = Zone::named(&row.time_zone);
    Ok(Purchase {
        id: OrderLineId(row.id),
        version: row.row_version,
        organization: OrganizationId(row.organization_id),
        refunded: row.state == "refunded",
        over: row.is_over(),
        needed: row.needed && !row.brings_back(now),
        policies: frozen(&row)?,
        facts: facts(&row, &zone, Moment(row.ordered_at)),
        offer: row.offer,
        zone,
    })
}

async fn row(connection: &impl ConnectionTrait, line: OrderLineId, language: Language) -> Outcome<Row> {
    let text = format!("{LINES} where l.id = $2");
    let values = [language.tag().into(), line.0.into()];
    Ok(sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// The policies that were in force at the purchase.
fn frozen(row: &Row) -> Outcome<Policies> {
    let broken = || Failure::broken("order_line", "policies", row.id);
    let entries: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&row.policies).map_err(|_| broken())?;
    let mut frozen = Policies::default();
    for (name, value) in entries {
        policies::set(&mut frozen, &name, &value).ok_or_else(broken)?;
    }
    Ok(frozen)
}

fn facts(row: &Row, zone: &Zone, now: Moment) -> RefundFacts {
    RefundFacts {
        activated: row.activated,
        downloaded: row.downloaded,
        revealed: row.revealed,
        ..RefundFacts::at(Moment(row.ordered_at), now, zone)
    }
}

/// What a refund would take away.
struct Ending {
    /// Benefits that end.
    benefits: i64,
    /// People who lose a seat.
    holders: i64,
    /// Benefits that go on with their holders: back with what the purchase took the place of, or with another
    /// holding that brings them as well.
    going_on: i64,
}

async fn ending(
    connection: &impl ConnectionTrait,
    row: &Row,
    editions: &Editions,
    now: Moment,
) -> Outcome<Ending> {
    #[derive(FromQueryResult)]
    struct Held {
        id: Uuid,
        goes_back: bool,
        person_id: Option<Uuid>,
    }
    if row.benefits == 0 || row.state != "active" || row.is_over() {
        return Ok(Ending { benefits: row.benefits, holders: row.holders, going_on: 0 });
    }
    let organization = OrganizationId(row.organization_id);
    let brings_back = row.brings_back(now);
    let staying = entitle::staying(connection, now, organization, editions, row.id).await?;
    let text = "select g.id, (f.state is not null and f.state = 'ended') as goes_back, s.person_id
        from benefit_grant g left join benefit_grant f on f.id = g.follows_id
        left join seat s on s.grant_id = g.id and s.released_at is null
        where g.order_line_id = $1 and g.state = 'granted'";
    let (mut ends, mut goes_on, mut people) = (HashSet::new(), HashSet::new(), HashSet::new());
    for held in sql::all::<Held>(connection, text, [row.id.into()]).await? {
        if held.goes_back && brings_back || staying.contains(&held.id) {
            goes_on.insert(held.id);
        } else {
            ends.insert(held.id);
            people.extend(held.person_id);
        }
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Ending { benefits: count(ends.len()), holders: count(people.len()), going_on: count(goes_on.len()) })
}

async fn view(
    connection: &impl ConnectionTrait,
    row: Row,
    editions: &Editions,
    areas: &ProgrammeNames,
    language: Language,
    at: Moment,
    now: Moment,
) -> Outcome<PurchaseLine> {
    let zone = Zone::named(&row.time_zone);
    let over = row.is_over();
    let policies = frozen(&row)?;
    let facts = facts(&row, &zone, at);
    let met = |wanted| refund::conditions(&facts, &policies).iter().any(|(of, met)| *of == wanted && *met);
    let mut uses = uses(connection, row.id, language, &zone, &policies).await?;
    let more_uses = i64::try_from(uses.len().saturating_sub(NAMED_USES)).unwrap_or(0);
    uses.truncate(NAMED_USES);
    let brings_back = row.brings_back(now);
    let tier_after =
        tier_without(connection, OrganizationId(row.organization_id), OrderLineId(row.id), brings_back)
            .await?;
    let tier_changes =
        row.state == "active" && row.tier == row.company_tier && tier_after.code() != row.company_tier;
    let mut line = PurchaseLine {
        id: OrderLineId(row.id),
        version: row.row_version,
        order: row.number,
        areas: areas.names(&row.areas),
        price_minor: row.price_minor,
        currency: row.currency.clone(),
        bought: facts.purchased,
        bought_by: row.bought_by.clone(),
        refunded: row.state == "refunded",
        over,
        deadline: facts.deadline,
        days_left: facts.today.days_until(facts.deadline),
        day: facts.purchased.days_until(facts.today),
        in_time: met(RefundCondition::WithinThirtyDays),
        untouched: met(RefundCondition::NothingActivated),
        software: row.software,
        uses,
        more_uses,
        reveal_counts: policies.reveal_counts_as_activation,
        waiting: waiting(connection, row.id, &zone).await?,
        benefits: row.benefits,
        holders: row.holders,
        going_on: 0,
        needed: row.needed && !brings_back,
        tier_after: tier_changes.then(|| areas.tier(tier_after.code())),
        ends: row.anniversary_at.map(|end| zone.day_of(Moment(end))),
        offer: row.offer.clone(),
    };
    // Nothing is said of what would end where nothing can.
    if line.refundable() || line.waiting.is_some() {
        let ending = ending(connection, &row, editions, now).await?;
        (line.benefits, line.holders, line.going_on) = (ending.benefits, ending.holders, ending.going_on);
    }
    Ok(line)
}

/// What of the purchase's software was put to use, as far as it counts, the earliest first.
async fn uses(
    connection: &impl ConnectionTrait,
    line: Uuid,
    language: Language,
    zone: &Zone,
    policies: &Policies,
) -> Outcome<Vec<SoftwareUse>> {
    const OF_LINE: &str = "join product_text t on t.product_id = g.product_id and t.language = $2
        where g.order_line_id = $1 and g.category = 'software'";
    let revealed = if policies.reveal_counts_as_activation {
        format!(
            "union all
            select 'revealed' as kind, t.name, k.revealed_at as happened_at, a.full_name as by_name
            from product_key k left join person p on p.id = k.revealed_by
            left join account a on a.id = p.account_id
            join benefit_grant g on g.id = k.grant_id {OF_LINE} and k.revealed_at >= g.granted_at"
        )
    } else {
        String::new()
    };
    let text = format!(
        "select * from (
            select 'activated' as kind, t.name, b.recorded_at as happened_at, a.full_name as by_name
            from balance_entry b left join account a on a.id = b.recorded_by
            join benefit_grant g on g.id = b.grant_id {OF_LINE} and b.kind = 'activation' and b.amount > 0
            union all
            select 'downloaded' as kind, t.name, d.downloaded_at as happened_at, a.full_name as by_name
            from download d left join person p on p.id = d.person_id left join account a on a.id = p.account_id
            join benefit_grant g on g.id = d.grant_id {OF_LINE}
            union all
            select 'used_before' as kind, t.name, g.granted_at as happened_at, cast(null as text) as by_name
            from benefit_grant g {OF_LINE} and g.used_before > 0
            {revealed}
        ) u order by u.happened_at, u.kind, u.name"
    );
    let rows = sql::all::<UseRow>(connection, &text, [line.into(), language.tag().into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(SoftwareUse {
                kind: UseKind::from_code(&row.kind)
                    .ok_or_else(|| Failure::broken("order_line", "use", line))?,
                product: row.name,
                day: zone.day_of(Moment(row.happened_at)),
                by: row.by_name,
            })
        })
        .collect()
}

async fn waiting(
    connection: &impl ConnectionTrait,
    line: Uuid,
    zone: &Zone,
) -> Outcome<Option<WaitingCancellation>> {
    let text = "select r.id, r.row_version, r.number, r.requested_at, a.full_name from service_request r
        join person p on p.id = r.requested_by join account a on a.id = p.account_id
        where r.order_line_id = $1 and r.kind = 'cancellation' and r.open";
    let row = sql::one::<WaitingRow>(connection, text, [line.into()]).await?;
    Ok(row.map(|row| WaitingCancellation {
        id: row.id.into(),
        version: row.row_version,
        number: row.number,
        asked: zone.day_of(Moment(row.requested_at)),
        asked_by: row.full_name,
    }))
}

/// The tier that the organization has without a purchase; `brings_back` says whether what it renewed or replaced
/// comes back with its refund.
pub(crate) async fn tier_without(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    line: OrderLineId,
    brings_back: bool,
) -> Outcome<Tier> {
    #[derive(FromQueryResult)]
    struct Held {
        tier: String,
    }
    // What a renewal or a change of level took the place of comes back with its refund.
    let text = "select distinct f.tier from holding h join offer f on f.id = h.offer_id
        where h.organization_id = $1 and (h.state = 'active' and h.order_line_id <> $2
            or $3 and h.state = 'ended' and h.id = (select n.follows_id from holding n where n.order_line_id = $2
                and n.state = 'active'))";
    let held = sql::all::<Held>(connection, text, [organization.0.into(), line.0.into(), brings_back.into()])
        .await?;
    let rank = |tier: &Tier| Tier::ALL.iter().position(|of| of == tier);
    Ok(held.iter().filter_map(|held| Tier::from_code(&held.tier)).max_by_key(rank).unwrap_or(Tier::Network))
}
