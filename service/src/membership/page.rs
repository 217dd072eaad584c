//! What the page **Membership** shows.

use std::collections::{BTreeMap, HashMap};

use domain::benefit::{Category, Unit};
use domain::entitlement::{Difference, Edition, Entitlement, differences, joined};
use domain::ids::OrganizationId;
use domain::individual_grant::result;
use domain::membership::{REMINDER_DAYS, RENEWAL_WINDOW_DAYS, Tier, YearPhase};
use domain::rights::Action;
use domain::view::membership::{
    DifferenceRow, HoldingRow, HoldingState, MembershipPage, NextTier, SourceRow, YearDay,
};
use domain::view::renewal::RenewalRow;
use domain::{Day, ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::catalogue::{self, Editions};
use crate::enrolment;
use crate::failure::Failure;
use crate::individual_grants::shown;
use crate::names::ProgrammeNames;
use crate::purchases::{place, renew};
use crate::reminders::settings;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// So many holdings are listed, the latest first.
const HOLDINGS: u32 = 100;

/// The page.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn page(service: &Service, request: &Request, language: Language) -> Outcome<MembershipPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let today = person.zone().day_of(service.now());
    let in_force = catalogue::entitlements(reader).await?;
    let editions = Editions::of(reader, person.organization).await?;
    let held = editions.held(reader, person.organization, None).await?;
    let (organization, tier, member) = company(reader, person).await?;
    let pending = enrolment::pending_of(reader, person.organization).await?.filter(|_| !member);
    let mut renewals = renew::rows(reader, person, language, service.now()).await?;
    let agreement = place::agreement_in_force(reader, service.now()).await?;
    Ok(MembershipPage {
        organization,
        member,
        enrolment: pending.as_ref().map(|(state, _)| *state),
        contact: pending.and_then(|(_, contact)| contact),
        today,
        tier,
        agreement: (agreement > 0).then_some(agreement),
        why_not: rights::why_not(reader, person, Action::Purchase, &policies).await?,
        holdings: holdings(reader, person, language, today, &mut renewals).await?,
        sources: sources(reader, person, language).await?,
        next: next(reader, person.organization, language, &in_force, &held).await?,
        reminders: settings::times(reader, person.organization).await?,
        why_not_reminders: if member {
            rights::why_not(reader, person, Action::SetReminders, &policies).await?
        } else {
            Some(ErrorCode::ReadOnly.into())
        },
    })
}

/// The company's name and tier, and whether it is a member.
async fn company(connection: &impl ConnectionTrait, person: &Person) -> Outcome<(String, Tier, bool)> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
        tier: String,
        member: bool,
    }
    let text = "select name, tier, portal_state = 'member' as member from organization where id = $1";
    let row = sql::one::<Row>(connection, text, [person.organization.0.into()]).await?;
    let row = row.ok_or(ErrorCode::NotFound)?;
    let tier = Tier::from_code(&row.tier)
        .ok_or_else(|| Failure::broken("organization", "tier", person.organization))?;
    Ok((row.name, tier, row.member))
}

#[derive(FromQueryResult)]
struct Holding {
    id: Uuid,
    offer: String,
    tier: String,
    areas: String,
    state: String,
    starts_at: i64,
    anniversary_at: i64,
    number: i64,
    ordered_by: Option<String>,
    benefits: i64,
}

async fn holdings(
    connection: &impl ConnectionTrait,
    person: &Person,
    language: Language,
    today: Day,
    renewals: &mut HashMap<Uuid, RenewalRow>,
) -> Outcome<Vec<HoldingRow>> {
    let text = format!(
        "select h.id, t.name as offer, f.tier, h.areas, h.state, h.starts_at, h.anniversary_at, o.number,
            a.full_name as ordered_by,
            (select count(*) from benefit_grant g where g.holding_id = h.id and g.state = 'granted') as benefits
        from holding h
        join offer f on f.id = h.offer_id
        join offer_text t on t.offer_id = f.id and t.language = $2
        join order_line l on l.id = h.order_line_id
        join orders o on o.id = l.order_id
        left join person p on p.id = o.ordered_by left join account a on a.id = p.account_id
        where h.organization_id = $1 and h.state <> 'coming'
        order by case when h.state = 'active' then 0 else 1 end, h.anniversary_at desc, h.id limit {HOLDINGS}"
    );
    let areas = ProgrammeNames::of(connection, language).await?;
    let values = [person.organization.0.into(), language.tag().into()];
    let zone = person.zone();
    sql::all::<Holding>(connection, &text, values)
        .await?
        .into_iter()
        .map(|row| {
            let state = HoldingState::from_code(&row.state)
                .ok_or_else(|| Failure::broken("holding", "state", row.id))?;
            let anniversary = zone.day_of(Moment(row.anniversary_at));
            let last_use = anniversary.plus_days(RENEWAL_WINDOW_DAYS);
            let [first, second] = REMINDER_DAYS.map(|days| anniversary.plus_days(days));
            let phase = match state {
                HoldingState::Active if today <= anniversary => YearPhase::Current,
                HoldingState::Active if today <= last_use => YearPhase::RenewalWindow,
                _ => YearPhase::Ended,
            };
            let renewable = Tier::from_code(&row.tier).is_some();
            Ok(HoldingRow {
                id: format!("holding-{}", row.id),
                offer: row.offer,
                tier: row.tier,
                areas: areas.names(&row.areas),
                state,
                phase,
                days: vec![
                    (YearDay::Began, zone.day_of(Moment(row.starts_at))),
                    (YearDay::FirstReminder, first),
                    (YearDay::Anniversary, anniversary),
                    (YearDay::SecondReminder, second),
                    (YearDay::LastUse, last_use),
                ]
                .into_iter()
                // Nobody is reminded to renew what can't be renewed here.
                .filter(|(day, _)| {
                    renewable || !matches!(day, YearDay::FirstReminder | YearDay::SecondReminder)
                })
                .collect(),
                days_left: today.days_until(anniversary),
                order: row.number,
                ordered_by: row.ordered_by,
                benefits: row.benefits,
                renewal: renewals.remove(&row.id),
            })
        })
        .collect()
}

async fn sources(
    connection: &impl ConnectionTrait,
    person: &Person,
    language: Language,
) -> Outcome<Vec<SourceRow>> {
    #[derive(FromQueryResult)]
    struct Row {
        source: String,
        area: Option<String>,
        source_name: Option<String>,
        category: String,
        number: i64,
    }
    let text =
        "select g.source, g.area, coalesce(an.name, g.area, sn.source_name) as source_name, g.category,
            count(*) as number
        from benefit_grant g left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        where g.organization_id = $1 and g.state = 'granted'
        group by g.source, g.area, an.name, sn.source_name, g.category";
    let mut found: BTreeMap<_, Vec<(Category, i64)>> = BTreeMap::new();
    let values = [person.organization.0.into(), language.tag().into()];
    for row in sql::all::<Row>(connection, text, values).await? {
        let category = Category::from_code(&row.category)
            .ok_or_else(|| Failure::broken("benefit_grant", "category", person.organization))?;
        found.entry((row.source, row.area, row.source_name)).or_default().push((category, row.number));
    }
    let place = |category: &Category| Category::ALL.iter().position(|other| other == category);
    Ok(found
        .into_iter()
        .map(|((source, _, source_name), mut benefits)| {
            benefits.sort_by_key(|(category, _)| place(category));
            SourceRow { source, source_name, benefits }
        })
        .collect())
}

#[derive(FromQueryResult)]
struct Offer {
    tier: String,
    name: String,
    price_minor: i64,
    currency: String,
}

#[derive(FromQueryResult)]
struct Product {
    id: Uuid,
    name: String,
    category: String,
    unit: String,
}

/// The tiers that aren't held, with what each would change. Silver is nothing to go on to for whoever
/// has Gold. What the company holds counts by its own catalogue, what it would get by the one in force, and what
/// individual grants say on top of both.
async fn next(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    language: Language,
    in_force: &[Entitlement],
    held: &[Edition<'_>],
) -> Outcome<Vec<NextTier>> {
    let text = "select f.tier, t.name, f.price_minor, f.currency from offer f
        join offer_text t on t.offer_id = f.id and t.language = $1 where f.listed order by f.price_minor, f.id";
    let offers = sql::all::<Offer>(connection, text, [language.tag().into()]).await?;
    let text = "select p.id, t.name, p.category, p.unit from product p
        join product_text t on t.product_id = p.id and t.language = $1";
    let products: HashMap<Uuid, Product> = sql::all::<Product>(connection, text, [language.tag().into()])
        .await?
        .into_iter()
        .map(|product| (product.id, product))
        .collect();
    let individual = shown::of_products(connection, organization).await?;
    let has = |tier: Tier| held.iter().flat_map(|of| &of.held).any(|holding| holding.tier == tier);
    let mut next = Vec::new();
    for offer in offers {
        let Some(tier) = Tier::from_code(&offer.tier) else { continue };
        if has(tier) || (tier == Tier::Silver && has(Tier::Gold)) {
            continue;
        }
        let mut rows = Vec::new();
        for plan in differences(held, &joined(held, tier, in_force)) {
            let instead = individual.get(&plan.product.0).copied();
            let (before, after) = (result(plan.before, instead), result(plan.after, instead));
            let difference = Difference { before, after, ..plan };
            if before == after {
                continue;
            }
            let product = products
                .get(&difference.product.0)
                .ok_or_else(|| Failure::broken("product_text", "name", difference.product))?;
            rows.push(DifferenceRow {
                product: product.name.clone(),
                category: Category::from_code(&product.category)
                    .ok_or_else(|| Failure::broken("product", "category", product.id))?,
                unit: Unit::from_code(&product.unit)
                    .ok_or_else(|| Failure::broken("product", "unit", product.id))?,
                kind: difference.kind(),
                before: difference.before,
                after: difference.after,
            });
        }
        rows.sort_by_key(|row| {
            (
                row.kind,
                Category::ALL.iter().position(|other| *other == row.category),
                row.product.to_lowercase(),
            )
        });
        next.push(NextTier {
            tier,
            offer: offer.name,
            price_minor: offer.price_minor,
            currency: offer.currency,
            replaces_silver: tier == Tier::Gold && has(Tier::Silver),
            differences: rows,
        });
    }
    Ok(next)
}
