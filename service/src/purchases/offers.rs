//! What the company can join or buy, with each condition, met or not (rules 2, 18).

use std::collections::BTreeSet;

use domain::ids::OrganizationId;
use domain::membership::Tier;
use domain::order::{self, OfferFacts};
use domain::rights::Action;
use domain::view::orders::{Agreement, OfferCard, OfferChoice, OffersPage, Point};
use domain::{ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::renew;
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// An offer that can be bought.
#[derive(FromQueryResult, Clone, Debug)]
pub(super) struct Offer {
    pub(super) id: Uuid,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) description: String,
    tier: String,
    pub(super) price_minor: i64,
    pub(super) currency: String,
}

impl Offer {
    fn tier(&self) -> Outcome<Tier> {
        Tier::from_code(&self.tier).ok_or_else(|| Failure::broken("offer", "tier", self.id))
    }

    fn needs_area(&self) -> Outcome<bool> {
        Ok(matches!(self.tier()?, Tier::Silver | Tier::Gold))
    }
}

/// Offers that are a tier, in a language; the others come with a contract, not with an order.
const OFFERS: &str = "select f.id, f.code, t.name, t.description, f.tier, f.price_minor, f.currency
    from offer f join offer_text t on t.offer_id = f.id and t.language = $1
    where f.tier in ('network', 'action_pack', 'silver', 'gold') and f.listed";

#[derive(FromQueryResult)]
struct HeldRow {
    tier: String,
    areas: String,
}

#[derive(FromQueryResult)]
struct AttainedRow {
    tier: String,
    area: String,
}

#[derive(FromQueryResult)]
struct WaitingRow {
    offer_id: Uuid,
    tier: String,
    areas: String,
    number: i64,
}

/// What a company has that decides about offers.
pub(super) struct Standing {
    member: bool,
    held: Vec<(Tier, String)>,
    attained: Vec<(Tier, String)>,
    waiting: Vec<(Uuid, Tier, String, i64)>,
}

impl Standing {
    /// The facts about an offer in an area.
    pub(super) fn facts(&self, offer: &Offer, area: Option<&str>) -> Outcome<OfferFacts> {
        let tier = offer.tier()?;
        let in_area = |held: &str| area.is_none_or(|area| held.split(',').any(|of| of == area));
        // An area is held at one level: Silver or Gold.
        let is_level = |of: Tier| matches!(of, Tier::Silver | Tier::Gold);
        let needs_area = offer.needs_area()?;
        let decided = !needs_area || area.is_some();
        let has = |fits: &dyn Fn(Tier) -> bool| {
            decided && self.held.iter().any(|(of, areas)| fits(*of) && in_area(areas))
        };
        let waits = |of: Tier, areas: &str| {
            (of == tier || is_level(of) && is_level(tier))
                && area.map_or(areas.is_empty(), |area| areas.split(',').any(|of| of == area))
        };
        Ok(OfferFacts {
            tier,
            needs_area,
            member: self.member,
            has_network: self.has_network(),
            attained: area.is_some_and(|area| self.attained_in(tier, area)),
            held: has(&|of| of == tier),
            other_level: needs_area && has(&|of| of != tier && is_level(of)),
            waiting: decided && self.waiting.iter().any(|(_, of, areas, _)| waits(*of, areas)),
        })
    }

    /// Whether the company's own record is here.
    pub(super) const fn is_member(&self) -> bool {
        self.member
    }

    /// Whether the company has the network membership.
    pub(super) fn has_network(&self) -> bool {
        self.held.iter().any(|(of, _)| *of == Tier::Network)
    }

    /// Whether each of these areas, separated by commas, is recorded as attained at the tier or a higher one.
    pub(super) fn attained_in(&self, tier: Tier, areas: &str) -> bool {
        let attained = |area: &str| {
            self.attained.iter().any(|(of, at)| at == area && (*of == tier || *of == Tier::Gold))
        };
        areas.split(',').filter(|area| !area.is_empty()).all(attained)
    }

    fn waiting_order(&self, offer: &Offer, area: Option<&str>) -> Option<i64> {
        let area = area.unwrap_or_default();
        self.waiting
            .iter()
            .find(|(of, _, areas, _)| *of == offer.id && areas == area)
            .map(|(.., number)| *number)
    }

    /// The areas in which an offer is shown by themselves: those attained at its level, as far as the programme still
    /// has them, and those held.
    fn areas(&self, tier: Tier, there: &[String]) -> BTreeSet<&str> {
        let attained = self.attained.iter().filter(|(of, _)| *of == tier || *of == Tier::Gold);
        let attained = attained.filter(|(_, area)| there.contains(area));
        let held = self.held.iter().filter(|(of, _)| *of == tier).flat_map(|(_, areas)| areas.split(','));
        attained.map(|(_, area)| area.as_str()).chain(held.filter(|area| !area.is_empty())).collect()
    }
}

/// Reads it.
pub(super) async fn standing(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Standing> {
    let id = || [organization.0.into()];
    let tier = |code: &str| Tier::from_code(code);
    let text = "select count(*) as number from organization where id = $1 and portal_state = 'member'";
    let member = sql::number(connection, text, id()).await? > 0;
    let text = "select f.tier, h.areas from holding h join offer f on f.id = h.offer_id
        where h.organization_id = $1 and h.state = 'active'";
    let held = sql::all::<HeldRow>(connection, text, id()).await?;
    let text = "select tier, area from attained_area where organization_id = $1";
    let attained = sql::all::<AttainedRow>(connection, text, id()).await?;
    let text = "select l.offer_id, f.tier, l.areas, o.number from order_line l
        join orders o on o.id = l.order_id join offer f on f.id = l.offer_id
        where l.organization_id = $1 and l.state = 'placed'";
    let waiting = sql::all::<WaitingRow>(connection, text, id()).await?;
    Ok(Standing {
        member,
        held: held.into_iter().filter_map(|row| Some((tier(&row.tier)?, row.areas))).collect(),
        attained: attained.into_iter().filter_map(|row| Some((tier(&row.tier)?, row.area))).collect(),
        waiting: waiting
            .into_iter()
            .filter_map(|row| Some((row.offer_id, tier(&row.tier)?, row.areas, row.number)))
            .collect(),
    })
}

/// An offer by its code.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn find(connection: &impl ConnectionTrait, code: &str) -> Outcome<Offer> {
    let text = format!("{OFFERS} and f.code = $2");
    let values = [Language::English.tag().into(), code.into()];
    Ok(sql::one::<Offer>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// The page **Offers**.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn page(service: &Service, request: &Request, language: Language) -> Outcome<OffersPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let standing = standing(reader, person.organization).await?;
    let renewals = renew::rows(reader, person, language, service.now()).await?;
    let all_areas = all_areas(reader).await?;
    let names = ProgrammeNames::of(reader, language).await?;
    let text = format!("{OFFERS} order by f.price_minor, f.code");
    let mut offers = Vec::new();
    for offer in sql::all::<Offer>(reader, &text, [language.tag().into()]).await? {
        let tier = offer.tier()?;
        let mut areas: Vec<Option<String>> = Vec::new();
        let mut others = Vec::new();
        if offer.needs_area()? {
            let own = standing.areas(tier, &all_areas);
            others.extend(all_areas.iter().filter(|area| !own.contains(area.as_str())).cloned());
            areas.extend(own.into_iter().map(|area| Some(area.to_owned())));
            areas.sort_by_cached_key(|area| area.as_ref().map(|area| names.name(area)));
        }
        if areas.is_empty() || !others.is_empty() {
            areas.push(None);
        }
        let mut choices = Vec::new();
        for area in areas {
            let facts = standing.facts(&offer, area.as_deref())?;
            choices.push(OfferChoice {
                conditions: order::conditions(&facts),
                waiting_order: standing.waiting_order(&offer, area.as_deref()),
                renewal: renewals
                    .values()
                    .find(|row| {
                        row.offer_code == offer.code
                            // What is held for several areas is renewed once, beside the first of them.
                            && area.as_ref().is_none_or(|area| {
                                row.areas.first().is_some_and(|of| of.code == *area)
                            })
                    })
                    .cloned(),
                others: if area.is_none() {
                    others.iter().map(|area| names.name(area)).collect()
                } else {
                    Vec::new()
                },
                area: area.map(|area| names.named(&area)),
            });
        }
        offers.push(OfferCard {
            needs_area: offer.needs_area()?,
            code: offer.code,
            tier,
            name: offer.name,
            description: offer.description,
            price_minor: offer.price_minor,
            currency: offer.currency,
            choices,
        });
    }
    Ok(OffersPage {
        points: if standing.held.is_empty() { points(reader, language).await? } else { Vec::new() },
        offers,
        agreement: agreement(reader, language, service.now()).await?,
        why_not: rights::why_not(reader, person, Action::Purchase, &policies).await?,
    })
}

/// Codes of the programme's competency areas.
async fn all_areas(connection: &impl ConnectionTrait) -> Outcome<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Area {
        code: String,
    }
    let areas = sql::all::<Area>(connection, "select code from competency_area order by code", []).await?;
    Ok(areas.into_iter().map(|area| area.code).collect())
}

/// What can be held, as the programme describes it, the least first.
pub(crate) async fn tiers(connection: &impl ConnectionTrait, language: Language) -> Outcome<Vec<Point>> {
    let text = format!("{OFFERS} order by f.price_minor, f.code");
    let offers = sql::all::<Offer>(connection, &text, [language.tag().into()]).await?;
    Ok(offers.into_iter().map(|offer| Point { title: offer.name, text: offer.description }).collect())
}

/// Why to join, as the programme says it.
pub(crate) async fn points(connection: &impl ConnectionTrait, language: Language) -> Outcome<Vec<Point>> {
    #[derive(FromQueryResult)]
    struct Row {
        title: String,
        text: String,
    }
    let text = "select title, text from programme_point where language = $1 order by position";
    let rows = sql::all::<Row>(connection, text, [language.tag().into()]).await?;
    Ok(rows.into_iter().map(|row| Point { title: row.title, text: row.text }).collect())
}

/// The agreement in force, in a language.
pub(super) async fn agreement(
    connection: &impl ConnectionTrait,
    language: Language,
    now: Moment,
) -> Outcome<Option<Agreement>> {
    #[derive(FromQueryResult)]
    struct Row {
        version: i64,
        text: String,
    }
    let text = "select version, text from purchase_agreement
        where language = $1 and in_force_at <= $2 order by version desc limit 1";
    let row = sql::one::<Row>(connection, text, [language.tag().into(), now.0.into()]).await?;
    Ok(row.map(|row| Agreement { version: row.version, text: row.text }))
}
