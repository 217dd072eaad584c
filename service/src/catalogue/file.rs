//! A catalogue as a readable file (TOML).

use std::collections::HashSet;

use domain::Policies;
use domain::catalogue::{Catalogue, Fault, FaultCode, Known, faults, faults_against};
use domain::{Error, ErrorCode, Language};

use crate::{Failure, Outcome, policies};

/// Bytes that a file can have.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// Writes it, in the order in which catalogues are compared.
///
/// # Errors
/// [`Failure::Broken`] where it can't be written.
pub fn write(catalogue: &Catalogue) -> Outcome<String> {
    let mut catalogue = catalogue.clone();
    catalogue.sort();
    toml::to_string(&catalogue).map_err(|error| Failure::broken("catalogue", "document", error))
}

/// Products that a file can have.
const PRODUCTS: usize = 2_000;
/// Offers, areas, and names of tiers.
const OFFERS_OR_AREAS: usize = 500;
/// Quantities, each area's by itself.
const QUANTITIES: usize = 40_000;
/// Bytes of a code, or a policy's name or value; one that is longer than it may be is a fault to be corrected.
const CODE: usize = 200;
/// Bytes of a name.
const NAME: usize = 10_000;

/// Reads one that somebody brings.
///
/// # Errors
/// [`ErrorCode::CatalogueUnreadable`] with the line as number and what is wrong there as detail, in the words
/// of the format; [`ErrorCode::TooLarge`], also for more of something than pages can show.
pub fn read(text: &str) -> Result<Catalogue, Error> {
    let catalogue = read_kept(text)?;
    if is_too_large(&catalogue) { Err(ErrorCode::TooLarge.into()) } else { Ok(catalogue) }
}

fn is_too_large(catalogue: &Catalogue) -> bool {
    let rows = &catalogue.entitlements;
    let mut codes = catalogue
        .areas
        .iter()
        .map(|area| &area.code)
        .chain(catalogue.offers.iter().flat_map(|offer| [&offer.code, &offer.currency]))
        .chain(catalogue.products.iter().map(|product| &product.code))
        .chain(catalogue.policies.iter().flat_map(|(name, value)| [name, value]))
        .chain(rows.iter().flat_map(|row| row.areas.iter().chain(&row.pool).chain([&row.product])));
    let mut names = catalogue
        .areas
        .iter()
        .map(|area| &area.name)
        .chain(catalogue.tiers.iter().flat_map(|tier| [&tier.name, &tier.source_name]))
        .chain(catalogue.offers.iter().map(|offer| &offer.name))
        .chain(catalogue.products.iter().map(|product| &product.name));
    catalogue.products.len() > PRODUCTS
        || [catalogue.offers.len(), catalogue.areas.len(), catalogue.tiers.len()]
            .iter()
            .any(|n| *n > OFFERS_OR_AREAS)
        || rows.iter().map(|row| row.areas.len().max(1)).sum::<usize>() > QUANTITIES
        || codes.any(|code| code.len() > CODE)
        || names.any(|name| Language::ALL.iter().any(|language| name.of(*language).len() > NAME))
}

/// Reads one that is kept already.
///
/// # Errors
/// As [`read`].
pub(super) fn read_kept(text: &str) -> Result<Catalogue, Error> {
    if text.len() > LARGEST {
        return Err(ErrorCode::TooLarge.into());
    }
    let mut catalogue: Catalogue = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = i64::try_from(before.lines().count().max(1)).unwrap_or(i64::MAX);
        let what = error.message().chars().take(200).collect::<String>();
        Error { number: Some(line), ..Error::new(ErrorCode::CatalogueUnreadable) }.with_detail(what)
    })?;
    catalogue.sort();
    Ok(catalogue)
}

/// What is wrong with it by itself; policies are known by the code.
#[must_use]
pub fn faults_of(catalogue: &Catalogue) -> Vec<Fault> {
    faults(catalogue, |name, value| policies::set(&mut Policies::default(), name, value).is_some())
}

/// What is wrong with a catalogue that is to follow the one in force, where the database knows so much: what stands
/// against publishing it, and apart from that what the one in force has as well. That was right when it was published,
/// and whoever changes something else needn't mend it first.
#[must_use]
pub fn faults_after(in_force: &Catalogue, catalogue: &Catalogue, known: &Known) -> (Vec<Fault>, Vec<Fault>) {
    let earlier: HashSet<Fault> = faults_of(in_force).into_iter().collect();
    // But addresses are mended first: another wrong one would have the same place, and pages lead there.
    let (as_before, mut against): (Vec<Fault>, Vec<Fault>) = faults_of(catalogue)
        .into_iter()
        .partition(|fault| earlier.contains(fault) && fault.code != FaultCode::MalformedLink);
    against.extend(faults_against(catalogue, known));
    (against, as_before)
}
