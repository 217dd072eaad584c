//! What can be changed about a draft in one step.

use std::collections::{BTreeMap, HashMap};

use domain::benefit::{Category, SourceLabel};
use domain::catalogue::{
    Area, Catalogue, Entitlement, Fault, FaultCode, Known, Offer, Product, Programme, TierName, Translated,
};
use domain::view::catalogue::{AreaAmount, CoreShare};
use domain::{Error, ErrorCode, Field, Language, Tier};

/// How much a source's core grants of a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Nothing of it.
    Nothing,
    /// So much.
    Of(i64),
    /// Without limit.
    Unlimited,
}

/// A change to a draft.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Quantities of core sources for the products of a category, by product and source, and what they say of people and
    /// of shared pools; what isn't named stays.
    Core(Category, BTreeMap<(String, String), Amount>, BTreeMap<(String, String), CoreShare>),
    /// A new product: none has its code.
    NewProduct(Box<Product>),
    /// A product, changed: the one of the same code.
    Product(Box<Product>),
    /// A product no longer listed, with its quantities.
    RemoveProduct(String),
    /// A new offer.
    AddOffer(Box<Offer>),
    /// What a form says about the offer of a code; what it gives stays.
    Offer(Box<Offer>),
    /// An offer that can't be joined or bought any more.
    RemoveOffer(String),
    /// What a form says about the names of a tier.
    Tier(Box<TierName>),
    /// A new competency area.
    AddArea(Area),
    /// What a form says about the name of the area of a code.
    Area(Area),
    /// A competency area that there isn't any more, with its quantities.
    RemoveArea(String),
    /// What an area adds of the products of a category, by product and level; none is nothing, what isn't named stays.
    AreaQuantities(String, Category, BTreeMap<(String, Tier), Option<AreaAmount>>),
    /// Values of policies; none leaves a policy as it is.
    Policies(BTreeMap<String, Option<String>>),
    /// What a form says about the programme's own texts.
    Programme(Box<Programme>),
    /// All of it, from a file.
    Whole(Box<Catalogue>),
}

impl Edit {
    /// What stands against it, whatever it says, in a draft that began from a base.
    ///
    /// # Errors
    /// [`ErrorCode::ProductCodeTaken`] for a new product that would take the place of another one;
    /// [`ErrorCode::NotFound`] for what the draft doesn't have; [`ErrorCode::CatalogueFaulty`] for a code that something
    /// had which isn't listed any more, and for a pool that would get several limits.
    pub fn check(&self, draft: &Catalogue, base: &Catalogue, known: &Known) -> Result<(), Error> {
        match self {
            Self::NewProduct(product) => {
                let has = |of: &Catalogue| of.products.iter().any(|there| there.code == product.code);
                if has(draft) {
                    return Err(Error::field(Field::Code, ErrorCode::ProductCodeTaken));
                }
                if !has(base) && known.products.contains_key(&product.code) {
                    return Err(faulty(FaultCode::CodeUsed, format!("product {}", product.code)));
                }
                Ok(())
            }
            Self::AddOffer(offer) => {
                let has = |of: &Catalogue| of.offers.iter().any(|there| there.code == offer.code);
                if !has(draft) && !has(base) && known.offers.contains_key(&offer.code) {
                    return Err(faulty(FaultCode::CodeUsed, format!("offer {}", offer.code)));
                }
                Ok(())
            }
            Self::Offer(offer) => found(draft.offers.iter().any(|there| there.code == offer.code)),
            Self::Area(Area { code, .. }) => found(draft.areas.iter().any(|there| there.code == *code)),
            Self::Core(_, amounts, shares) => {
                check_pools(amounts.iter().filter_map(|((product, source), amount)| {
                    let rows = &draft.entitlements;
                    let row =
                        rows.iter().find(|row| row.product == *product && row.source.code() == source)?;
                    let quantity = match amount {
                        Amount::Nothing => return None,
                        Amount::Of(quantity) => Some(*quantity),
                        Amount::Unlimited => None,
                    };
                    let share = shares.get(&(product.clone(), source.clone()));
                    if share.is_some_and(|share| share.pool != row.pool) {
                        return None;
                    }
                    let seats = share.map_or(row.seats, |share| share.seats);
                    ((row.quantity, row.seats) != (quantity, seats)).then_some((row, seats.or(quantity)))
                }))
            }
            Self::AreaQuantities(area, _, amounts) => {
                found(draft.areas.iter().any(|there| there.code == *area))?;
                check_pools(amounts.iter().filter_map(|((product, level), amount)| {
                    let row = draft.entitlements.iter().find(|row| is_cell(row, area, product, *level))?;
                    let amount = (*amount)?;
                    let limit = amount.seats.or(amount.quantity);
                    (area_amount(row) != amount).then_some((row, limit))
                }))
            }
            _ => Ok(()),
        }
    }

    /// Changes the catalogue.
    pub fn apply(self, catalogue: &mut Catalogue) {
        match self {
            Self::Core(category, amounts, shares) => {
                let before = catalogue.entitlements.clone();
                set_quantities(catalogue, category, &amounts);
                set_shares(catalogue, category, &before, &shares);
            }
            Self::NewProduct(product) | Self::Product(product) => {
                match catalogue.products.iter_mut().find(|of| of.code == product.code) {
                    Some(of) => *of = *product,
                    None => catalogue.products.push(*product),
                }
            }
            Self::RemoveProduct(code) => {
                catalogue.products.retain(|product| product.code != code);
                catalogue.entitlements.retain(|row| row.product != code);
            }
            // One of the same code is a fault, not changed.
            Self::AddOffer(offer) => catalogue.offers.push(*offer),
            Self::Offer(offer) => {
                if let Some(of) = catalogue.offers.iter_mut().find(|of| of.code == offer.code) {
                    of.price_minor = offer.price_minor;
                    of.currency.clone_from(&offer.currency);
                    take_over(&mut of.name, &offer.name, line);
                    take_over(&mut of.description, &offer.description, paragraph);
                }
            }
            Self::RemoveOffer(code) => catalogue.offers.retain(|offer| offer.code != code),
            Self::Tier(tier) => name_tier(catalogue, *tier),
            // One of the same code is a fault.
            Self::AddArea(area) => catalogue.areas.push(area),
            Self::Area(area) => {
                if let Some(of) = catalogue.areas.iter_mut().find(|of| of.code == area.code) {
                    take_over(&mut of.name, &area.name, line);
                }
            }
            Self::RemoveArea(code) => {
                catalogue.areas.retain(|area| area.code != code);
                catalogue.entitlements.retain_mut(|row| without_area(row, &code));
            }
            Self::AreaQuantities(area, category, amounts) => {
                set_area_quantities(catalogue, &area, category, &amounts);
            }
            Self::Policies(values) => {
                for (name, value) in values {
                    match value {
                        Some(value) => catalogue.policies.insert(name, value),
                        None => catalogue.policies.remove(&name),
                    };
                }
            }
            Self::Programme(programme) => {
                take_over(&mut catalogue.programme.name, &programme.name, line);
                take_over_lines(&mut catalogue.programme.bank_details, programme.bank_details);
            }
            Self::Whole(whole) => *catalogue = *whole,
        }
        catalogue.sort();
    }
}

fn found(there: bool) -> Result<(), Error> {
    if there { Ok(()) } else { Err(ErrorCode::NotFound.into()) }
}

fn faulty(code: FaultCode, place: String) -> Error {
    let faults = vec![Fault { code, place: place.clone() }];
    Error { number: Some(1), faults, ..Error::new(ErrorCode::CatalogueFaulty) }.with_detail(place)
}

/// Rows that share a pool follow one that is set; set to different limits they can't.
fn check_pools<'c>(set: impl Iterator<Item = (&'c Entitlement, Option<i64>)>) -> Result<(), Error> {
    let mut limits: HashMap<(SourceLabel, Option<Tier>, &str), Option<i64>> = HashMap::new();
    for (row, limit) in set {
        let Some(pool) = row.pool.as_deref() else { continue };
        if *limits.entry((row.source, row.level, pool)).or_insert(limit) != limit {
            let place = format!("entitlement {} {}, pool {pool}", row.source.code(), row.product);
            return Err(faulty(FaultCode::PoolLimits, place));
        }
    }
    Ok(())
}

/// Whether a row is the one of an area's cell, for a product and a level.
fn is_cell(row: &Entitlement, area: &str, product: &str, level: Tier) -> bool {
    row.source == SourceLabel::SelectCompetency
        && row.level == Some(level)
        && row.product == product
        && row.areas.iter().any(|of| of == area)
}

/// A text as a field of one line shows it.
fn line(text: &str) -> String {
    text.replace(['\r', '\n'], "").trim().to_owned()
}

/// A text as a field of several lines shows it.
fn paragraph(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// A tier that a file left out comes with its names.
fn name_tier(catalogue: &mut Catalogue, tier: TierName) {
    match catalogue.tiers.iter_mut().find(|of| of.code == tier.code) {
        Some(of) => {
            take_over(&mut of.name, &tier.name, line);
            take_over(&mut of.source_name, &tier.source_name, line);
        }
        None => catalogue.tiers.push(tier),
    }
}

/// Takes over the languages in which a field says something else than it showed.
fn take_over(said: &mut Translated<String>, typed: &Translated<String>, shown: impl Fn(&str) -> String) {
    for language in Language::ALL {
        let typed = shown(typed.of(language));
        if shown(said.of(language)) != typed {
            *said.of_mut(language) = typed;
        }
    }
}

/// The same for lines; without any in any language there are none.
fn take_over_lines(said: &mut Option<Translated<Vec<String>>>, typed: Option<Translated<Vec<String>>>) {
    let Some(typed) = typed else {
        *said = None;
        return;
    };
    let said = said.get_or_insert_default();
    let shown = |lines: &[String]| -> Vec<String> {
        let lines = lines.iter().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    for language in Language::ALL {
        let typed = shown(typed.of(language));
        if shown(said.of(language)) != typed {
            *said.of_mut(language) = typed;
        }
    }
}

/// Codes of the products of a category.
fn products_of(catalogue: &Catalogue, category: Category) -> Vec<String> {
    let of_category = |product: &&Product| product.kind.category() == category;
    catalogue.products.iter().filter(of_category).map(|product| product.code.clone()).collect()
}

/// Takes an area out of a row; whether anything is left of it.
fn without_area(row: &mut Entitlement, area: &str) -> bool {
    if !row.areas.iter().any(|of| of == area) {
        return true;
    }
    row.areas.retain(|of| of != area);
    !row.areas.is_empty()
}

fn set_area_quantities(
    catalogue: &mut Catalogue,
    area: &str,
    category: Category,
    amounts: &BTreeMap<(String, Tier), Option<AreaAmount>>,
) {
    let of_category = products_of(catalogue, category);
    // Only what somebody changed, as with the core sources.
    let before = catalogue.entitlements.clone();
    for ((product, level), amount) in amounts {
        let of_cell = |row: &Entitlement| is_cell(row, area, product, *level);
        let said = before.iter().find(|row| of_cell(row));
        if !of_category.contains(product) || said.map(area_amount) == *amount {
            continue;
        }
        catalogue.entitlements.retain_mut(|row| !of_cell(row) || without_area(row, area));
        let Some(AreaAmount { quantity, seats, per_area }) = *amount else { continue };
        // Figures of a row that somebody sets are no longer chosen ones.
        let same = |row: &Entitlement| row.quantity == quantity && row.seats == seats;
        let row = Entitlement {
            source: SourceLabel::SelectCompetency,
            product: product.clone(),
            quantity,
            seats,
            pool: said.and_then(|row| row.pool.clone()),
            level: Some(*level),
            areas: vec![area.to_owned()],
            per_area,
            illustrative: said.is_some_and(|row| row.illustrative && same(row)),
        };
        if row.pool.is_some() {
            catalogue.entitlements.iter_mut().for_each(|other| share_limit(other, &row));
        }
        catalogue.entitlements.push(row);
    }
}

/// What a row says about each of its areas.
#[must_use]
pub fn area_amount(row: &Entitlement) -> AreaAmount {
    AreaAmount { quantity: row.quantity, seats: row.seats, per_area: row.per_area }
}

/// What a core row says of people and of its pool.
#[must_use]
pub fn core_share(row: &Entitlement) -> CoreShare {
    CoreShare { seats: row.seats, pool: row.pool.clone() }
}

/// Rows of a level that share a pool have one limit.
fn share_limit(other: &mut Entitlement, row: &Entitlement) {
    if (other.source, other.level, &other.pool) != (row.source, row.level, &row.pool) {
        return;
    }
    match row.limit() {
        None => (other.quantity, other.seats) = (None, None),
        limit if other.seats.is_some() => other.seats = limit,
        limit => other.quantity = limit,
    }
}

/// Only what somebody changed, of rows that were there before and still are.
fn set_shares(
    catalogue: &mut Catalogue,
    category: Category,
    before: &[Entitlement],
    shares: &BTreeMap<(String, String), CoreShare>,
) {
    let of_category = products_of(catalogue, category);
    for ((product, source), share) in shares {
        let Some(source) = SourceLabel::from_code(source).filter(|source| !source.has_area()) else {
            continue;
        };
        let of_cell = |row: &Entitlement| row.source == source && row.product == *product;
        let said = before.iter().find(|row| of_cell(row)).map(core_share);
        let changed = said.is_some_and(|said| said != *share) && of_category.contains(product);
        let at = catalogue.entitlements.iter().position(of_cell).filter(|_| changed);
        let Some(row) = at.and_then(|at| catalogue.entitlements.get_mut(at)) else { continue };
        let stays = row.pool == share.pool;
        // Figures of a row that somebody sets are no longer chosen ones.
        row.illustrative &= row.seats == share.seats;
        row.seats = share.seats;
        row.pool.clone_from(&share.pool);
        // Whoever puts a row into a pool makes it fit there.
        if stays && row.pool.is_some() {
            let row = row.clone();
            catalogue.entitlements.iter_mut().for_each(|other| share_limit(other, &row));
        }
    }
}

fn set_quantities(
    catalogue: &mut Catalogue,
    category: Category,
    amounts: &BTreeMap<(String, String), Amount>,
) {
    let of_category = products_of(catalogue, category);
    // Only what somebody changed: the other fields of the page say what the draft says, and one that shares its pool
    // with a changed one would set it back.
    let before = catalogue.entitlements.clone();
    let said = |source: SourceLabel, product: &String| {
        before
            .iter()
            .find(|row| row.source == source && row.product == *product)
            .map_or(Amount::Nothing, |row| row.quantity.map_or(Amount::Unlimited, Amount::Of))
    };
    for ((product, source), amount) in amounts {
        let Some(source) = SourceLabel::from_code(source).filter(|source| !source.has_area()) else {
            continue;
        };
        if !of_category.contains(product) || said(source, product) == *amount {
            continue;
        }
        let at =
            catalogue.entitlements.iter().position(|row| row.source == source && row.product == *product);
        let quantity = match amount {
            Amount::Nothing => {
                at.map(|at| catalogue.entitlements.remove(at));
                continue;
            }
            Amount::Of(quantity) => Some(*quantity),
            Amount::Unlimited => None,
        };
        match at.and_then(|at| catalogue.entitlements.get_mut(at)) {
            Some(row) => {
                // Figures of a row that somebody sets are no longer chosen ones; the same figure changes nothing.
                if row.quantity != quantity {
                    row.illustrative = false;
                    // People are counted apart from what the quantity counts.
                    row.quantity = quantity;
                    let (source, pool) = (row.source, row.pool.clone());
                    if pool.is_some() {
                        let shared = |of: &&mut Entitlement| of.source == source && of.pool == pool;
                        catalogue
                            .entitlements
                            .iter_mut()
                            .filter(shared)
                            .for_each(|of| of.quantity = quantity);
                    }
                }
            }
            None => catalogue.entitlements.push(Entitlement {
                source,
                product: product.clone(),
                quantity,
                // As with the other sources, where the quantity counts something else than people.
                seats: before.iter().filter(|row| row.product == *product).find_map(|row| row.seats),
                pool: None,
                level: None,
                areas: Vec::new(),
                per_area: false,
                illustrative: false,
            }),
        }
    }
}
