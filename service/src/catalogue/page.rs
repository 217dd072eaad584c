//! What the operators' pages of the catalogue show.

use std::collections::HashMap;

use domain::benefit::SourceLabel;
use domain::catalogue::{
    Area, Catalogue, Difference, Entitlement, Offer, OfferTier, Product, Quantity, Subject, Translated,
    Value, differences,
};
use domain::ids::CatalogueDraftId;
use domain::membership::Tier;
use domain::moment::Zone;
use domain::rights::{OperatorAction, operator_may};
use domain::view::catalogue::{
    AreaQuantityRow, CataloguePage, DifferenceRow, DraftAreaPage, DraftAreaQuery, DraftAreaRow,
    DraftOfferPage, DraftOfferQuery, DraftOfferRow, DraftPage, DraftProductPage, DraftProductQuery,
    DraftProgrammePage, DraftProgrammeQuery, DraftQuery, DraftRow, DraftState, DraftTierPage, DraftTierQuery,
    DraftTierRow, LEVELS, OfferForm, OfferWords, OverAllocatedRow, Part, PolicyRow, ProductForm,
    ProductWords, ProgrammeWords, QuantityRow, ROWS, SOURCES, TierWords,
};
use domain::view::operator::Stamp;
use domain::{Error, ErrorCode, Language, Moment, Policies, money};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::drafts::Draft;
use super::edit::{area_amount, core_share};
use super::publish::ZONE;
use super::{drafts, effect, file, read};
use crate::failure::Failure;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// Differences and faults that a page shows; the numbers count all.
const SHOWN: usize = 200;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    title: String,
    state: String,
    version: Option<i64>,
    in_force_at: Option<i64>,
    reach: String,
    changed_by: String,
    changed_at: i64,
}

const COLUMNS: &str = "select d.id, d.title, d.state, d.version, d.in_force_at, d.reach,
    a.full_name as changed_by, d.changed_at from catalogue_draft d join account a on a.id = d.changed_by";

fn stamp(moment: Moment) -> Stamp {
    let zone = Zone::named(ZONE);
    Stamp { day: zone.day_of(moment), time: zone.time_of(moment) }
}

impl TryFrom<Row> for DraftRow {
    type Error = Failure;

    fn try_from(row: Row) -> Outcome<Self> {
        Ok(Self {
            id: row.id.into(),
            state: DraftState::from_code(&row.state)
                .ok_or_else(|| Failure::broken("catalogue_draft", "state", row.id))?,
            title: row.title,
            version: row.version,
            from: row.in_force_at.map(|at| Zone::named(ZONE).day_of(Moment(at))),
            existing: row.reach == "existing",
            changed_by: row.changed_by,
            changed: stamp(Moment(row.changed_at)),
        })
    }
}

/// The versions and drafts.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read the catalogue.
pub async fn list(service: &Service, request: &Request) -> Outcome<CataloguePage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadCatalogue)?;
    let reader = service.database.reader();
    let text = format!("{COLUMNS} order by d.changed_at desc, d.id desc limit {ROWS}");
    let rows = sql::all::<Row>(reader, &text, []).await?;
    Ok(CataloguePage {
        version: read::version(reader).await?,
        products: sql::number(reader, "select count(*) as number from product where listed", []).await?,
        rows: rows.into_iter().map(DraftRow::try_from).collect::<Outcome<_>>()?,
        why_not: operator_may(&operator.roles, OperatorAction::DraftCatalogue).err(),
    })
}

async fn row(service: &Service, draft: Option<CatalogueDraftId>) -> Outcome<(DraftRow, Draft)> {
    let id = draft.ok_or(ErrorCode::NotFound)?;
    let reader = service.database.reader();
    let row = sql::one::<Row>(reader, &format!("{COLUMNS} where d.id = $1"), [id.0.into()]).await?;
    Ok((row.ok_or(ErrorCode::NotFound)?.try_into()?, drafts::find(reader, id).await?))
}

/// A draft: what it changes, what is wrong with it, whom it reaches, and the quantities of a category.
///
/// # Errors
/// As [`list`]; [`ErrorCode::NotFound`].
pub async fn draft(
    service: &Service,
    request: &Request,
    language: Language,
    query: &DraftQuery,
) -> Outcome<DraftPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadCatalogue)?;
    let reader = service.database.reader();
    let (row, draft) = row(service, query.draft).await?;
    let (mut faults, mut earlier_faults) = if row.state == DraftState::Draft {
        file::faults_after(&draft.base, &draft.catalogue, &read::known(reader).await?)
    } else {
        (Vec::new(), Vec::new())
    };
    faults.truncate(SHOWN);
    earlier_faults.truncate(SHOWN);
    let found = differences(&draft.base, &draft.catalogue);
    let open = matches!(row.state, DraftState::Draft | DraftState::Published);
    let effect = if open {
        effect::of(reader, &draft.catalogue, &found, language).await?
    } else {
        effect::Effect::default()
    };
    let names = Names::of(&draft, language);
    let right = |action| operator_may(&operator.roles, action).err();
    let closed = (row.state != DraftState::Draft).then(|| Error::new(ErrorCode::WrongState));
    Ok(DraftPage {
        row_version: draft.row_version,
        base_version: draft.base_version,
        in_force: read::version(reader).await?,
        today: Zone::named(ZONE).day_of(service.now()),
        faults,
        earlier_faults,
        difference_count: i64::try_from(found.len()).unwrap_or(i64::MAX),
        differences: found.iter().take(SHOWN).map(|difference| names.difference(difference)).collect(),
        over_allocated: effect.named.into_iter().map(|row| over_allocated(row, &names)).collect(),
        over_allocated_companies: effect.companies,
        over_allocated_seats: effect.seats,
        category: query.category,
        quantities: quantities(&draft.catalogue, query, language),
        tiers: tiers(&draft.catalogue, language),
        offers: draft.catalogue.offers.iter().map(|offer| offer_row(offer, language)).collect(),
        areas: areas(&draft.catalogue, language),
        publication: policies::in_force(reader).await?.catalogue_publication,
        mine: drafts::is_editor(reader, draft.id, operator.account.0).await?,
        why_not: right(OperatorAction::DraftCatalogue).or(closed.clone()),
        why_not_publish: right(OperatorAction::PublishCatalogue).or(closed),
        row,
    })
}

fn over_allocated(row: effect::OverAllocated, names: &Names) -> OverAllocatedRow {
    OverAllocatedRow {
        anniversary: Zone::named(ZONE).day_of(row.anniversary()),
        source: match &row.area {
            Some(area) => names.area(area),
            None => names.source(&row.source),
        },
        organization: row.organization,
        product: row.product,
        used: row.used,
        quantity: row.quantity,
    }
}

/// Every tier by its names in a language; a file can leave one out, or a name of it.
fn tiers(catalogue: &Catalogue, language: Language) -> Vec<DraftTierRow> {
    let said = |texts: Option<&Translated<String>>, code: &str| {
        let text = texts.map_or("", |texts| texts.of(language).trim());
        let text = if text.is_empty() { code } else { text };
        text.to_owned()
    };
    let row = |code: &OfferTier| {
        let tier = catalogue.tiers.iter().find(|tier| tier.code == *code);
        DraftTierRow {
            code: *code,
            name: said(tier.map(|tier| &tier.name), code.code()),
            source_name: said(tier.map(|tier| &tier.source_name), code.source().code()),
        }
    };
    OfferTier::ALL.iter().map(row).collect()
}

fn offer_row(offer: &Offer, language: Language) -> DraftOfferRow {
    DraftOfferRow {
        code: offer.code.clone(),
        name: offer.name.of(language).clone(),
        tier: offer.tier,
        price_minor: offer.price_minor,
        currency: offer.currency.clone(),
    }
}

fn areas(catalogue: &Catalogue, language: Language) -> Vec<DraftAreaRow> {
    let count = |code: &String| {
        let rows = catalogue.entitlements.iter().filter(|row| row.areas.contains(code)).count();
        i64::try_from(rows).unwrap_or(i64::MAX)
    };
    let row = |area: &Area| DraftAreaRow {
        quantities: count(&area.code),
        code: area.code.clone(),
        name: area.name.of(language).clone(),
    };
    let mut rows: Vec<DraftAreaRow> = catalogue.areas.iter().map(row).collect();
    rows.sort_by(|a, b| (&a.name, &a.code).cmp(&(&b.name, &b.code)));
    rows
}

fn quantities(catalogue: &Catalogue, query: &DraftQuery, language: Language) -> Vec<QuantityRow> {
    let mut core: HashMap<(&str, SourceLabel), &Entitlement> = HashMap::new();
    for row in catalogue.entitlements.iter().filter(|row| row.areas.is_empty()) {
        core.insert((row.product.as_str(), row.source), row);
    }
    let of_category = |product: &&Product| product.kind.category() == query.category;
    catalogue
        .products
        .iter()
        .filter(of_category)
        .map(|product| QuantityRow {
            product: product.code.clone(),
            name: product.name.of(language).clone(),
            unit: product.unit,
            amounts: SOURCES
                .iter()
                .map(|source| core.get(&(product.code.as_str(), *source)).map(|row| row.quantity))
                .collect(),
            shares: SOURCES
                .iter()
                .map(|source| core.get(&(product.code.as_str(), *source)).map(|row| core_share(row)))
                .collect(),
        })
        .collect()
}

/// Names of what a draft has or had.
struct Names {
    tiers: Vec<DraftTierRow>,
    areas: HashMap<String, String>,
    products: HashMap<String, String>,
    offers: HashMap<String, String>,
}

impl Names {
    fn of(draft: &Draft, language: Language) -> Self {
        let (mut areas, mut products, mut offers) = (HashMap::new(), HashMap::new(), HashMap::new());
        for catalogue in [&draft.base, &draft.catalogue] {
            for area in &catalogue.areas {
                areas.insert(area.code.clone(), area.name.of(language).clone());
            }
            for product in &catalogue.products {
                products.insert(product.code.clone(), product.name.of(language).clone());
            }
            for offer in &catalogue.offers {
                offers.insert(offer.code.clone(), offer.name.of(language).clone());
            }
        }
        Self { tiers: tiers(&draft.catalogue, language), areas, products, offers }
    }

    /// A tier by its code.
    fn tier(&self, code: &str) -> String {
        let tier = self.tiers.iter().find(|tier| tier.code.code() == code);
        tier.map_or(code, |tier| tier.name.as_str()).to_owned()
    }

    /// An area by its code.
    fn area(&self, code: &str) -> String {
        self.areas.get(code).map_or(code, String::as_str).to_owned()
    }

    /// A core source by its code.
    fn source(&self, code: &str) -> String {
        let tier = self.tiers.iter().find(|tier| tier.code.source().code() == code);
        tier.map_or(code, |tier| tier.source_name.as_str()).to_owned()
    }

    fn difference(&self, difference: &Difference) -> DifferenceRow {
        let product = |code: &String| self.products.get(code).unwrap_or(code).clone();
        let mut source = None;
        let (part, name) = match &difference.subject {
            Subject::Programme => (Part::Programme, String::new()),
            Subject::Policy(name) => (Part::Policy, name.clone()),
            Subject::Tier(code) => (Part::Tier, self.tier(code)),
            Subject::Area(code) => (Part::Area, self.area(code)),
            Subject::Offer(code) => (Part::Offer, self.offers.get(code).unwrap_or(code).clone()),
            Subject::Product(code) => (Part::Product, product(code)),
            Subject::Quantity(Quantity { product: code, source: of, level, area }) => {
                source = Some(match (level, area) {
                    (Some(level), Some(area)) => format!("{}, {}", self.tier(level), self.area(area)),
                    _ => self.source(of),
                });
                (Part::Quantity, product(code))
            }
        };
        let values = difference.values.iter().map(|value| self.value(value)).collect();
        DifferenceRow { kind: difference.kind, part, name, source, values }
    }

    fn value(&self, value: &Value) -> Value {
        if value.field != "tier" {
            return value.clone();
        }
        let named = |code: &Option<String>| code.as_deref().map(|code| self.tier(code));
        Value { field: value.field.clone(), before: named(&value.before), after: named(&value.after) }
    }
}

/// A draft for one of its forms, with why the reader can't change it.
async fn for_form(
    service: &Service,
    request: &Request,
    draft: Option<CatalogueDraftId>,
) -> Outcome<(DraftRow, Draft, Option<Error>)> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadCatalogue)?;
    let (row, draft) = row(service, draft).await?;
    let closed = (row.state != DraftState::Draft).then(|| Error::new(ErrorCode::WrongState));
    let why_not = operator_may(&operator.roles, OperatorAction::DraftCatalogue).err().or(closed);
    Ok((row, draft, why_not))
}

/// A product of a draft, or the form for a new one.
///
/// # Errors
/// As [`draft`].
pub async fn product(
    service: &Service,
    request: &Request,
    query: &DraftProductQuery,
) -> Outcome<DraftProductPage> {
    let (row, draft, why_not) = for_form(service, request, query.draft).await?;
    let product = if query.product.is_empty() {
        None
    } else {
        let found = draft.catalogue.products.iter().find(|product| product.code == query.product);
        Some(form_of(found.ok_or(ErrorCode::NotFound)?))
    };
    Ok(DraftProductPage { row, row_version: draft.row_version, product, why_not })
}

/// An offer of a draft, or the form for a new one.
///
/// # Errors
/// As [`draft`].
pub async fn offer(
    service: &Service,
    request: &Request,
    language: Language,
    query: &DraftOfferQuery,
) -> Outcome<DraftOfferPage> {
    let (row, draft, why_not) = for_form(service, request, query.draft).await?;
    let offer = if query.offer.is_empty() {
        None
    } else {
        let found = draft.catalogue.offers.iter().find(|offer| offer.code == query.offer);
        Some(offer_form(found.ok_or(ErrorCode::NotFound)?))
    };
    let tiers = tiers(&draft.catalogue, language);
    Ok(DraftOfferPage { row, row_version: draft.row_version, offer, tiers, why_not })
}

fn offer_form(offer: &Offer) -> OfferForm {
    let words = |language: Language| OfferWords {
        name: offer.name.of(language).clone(),
        description: offer.description.of(language).clone(),
    };
    OfferForm {
        code: offer.code.clone(),
        tier: offer.tier,
        price: money::typed(offer.price_minor, &offer.currency),
        currency: offer.currency.clone(),
        words: Language::ALL.map(words),
    }
}

fn form_of(product: &Product) -> ProductForm {
    let words = |language: Language| ProductWords {
        name: product.name.of(language).clone(),
        summary: product.summary.of(language).clone(),
        instructions: product.instructions.of(language).join("\n"),
        guidance: product.guidance.as_ref().map_or_else(String::new, |of| of.of(language).clone()),
    };
    let downloads: Vec<String> = product
        .downloads
        .iter()
        .map(|of| {
            let bytes = of.bytes.to_string();
            let mut cells = vec![&*of.version, &*of.language, &*of.operating_system, &*of.file, &*bytes];
            cells.extend(of.url.as_deref());
            cells.join("; ")
        })
        .collect();
    ProductForm {
        code: product.code.clone(),
        kind: product.kind,
        unit: product.unit,
        activations: product.activations.map(|number| number.to_string()).unwrap_or_default(),
        key_format: product.key_format.clone().unwrap_or_default(),
        portal_url: product.portal_url.clone().unwrap_or_default(),
        words: Language::ALL.map(words),
        downloads: downloads.join("\n"),
    }
}

/// What a draft calls a tier.
///
/// # Errors
/// As [`draft`].
pub async fn tier(
    service: &Service,
    request: &Request,
    language: Language,
    query: &DraftTierQuery,
) -> Outcome<DraftTierPage> {
    let (row, draft, why_not) = for_form(service, request, query.draft).await?;
    let wanted = query.tier.ok_or(ErrorCode::NotFound)?;
    let tier = tiers(&draft.catalogue, language).into_iter().find(|tier| tier.code == wanted);
    let said = draft.catalogue.tiers.iter().find(|tier| tier.code == wanted);
    let words = |language: Language| {
        said.map(|tier| TierWords {
            name: tier.name.of(language).clone(),
            source_name: tier.source_name.of(language).clone(),
        })
        .unwrap_or_default()
    };
    Ok(DraftTierPage {
        row,
        row_version: draft.row_version,
        tier: tier.ok_or(ErrorCode::NotFound)?,
        words: Language::ALL.map(words),
        why_not,
    })
}

/// A competency area of a draft with what it adds of a category, or the form for a new one.
///
/// # Errors
/// As [`draft`].
pub async fn area(
    service: &Service,
    request: &Request,
    language: Language,
    query: &DraftAreaQuery,
) -> Outcome<DraftAreaPage> {
    let (row, draft, why_not) = for_form(service, request, query.draft).await?;
    let catalogue = &draft.catalogue;
    let found = catalogue.areas.iter().find(|area| area.code == query.area);
    let known = found.is_some();
    if !known && !query.area.is_empty() {
        return Err(ErrorCode::NotFound.into());
    }
    let shown = |product: &&Product| known && product.kind.category() == query.category;
    let rows = catalogue.products.iter().filter(shown);
    let rows = rows.map(|product| area_row(catalogue, product, &query.area, language)).collect();
    let name = |language: Language| found.map(|area| area.name.of(language).clone()).unwrap_or_default();
    let names = Language::ALL.map(name);
    let named = tiers(catalogue, language);
    let level = |level: &Tier| {
        let tier = named.iter().find(|tier| tier.code.code() == level.code());
        tier.map_or_else(|| level.code().to_owned(), |tier| tier.name.clone())
    };
    let levels = LEVELS.iter().map(level).collect();
    let (area, category) = (query.area.clone(), query.category);
    Ok(DraftAreaPage { row, row_version: draft.row_version, area, names, levels, category, rows, why_not })
}

fn area_row(catalogue: &Catalogue, product: &Product, area: &str, language: Language) -> AreaQuantityRow {
    let of_level = |level: &Tier| {
        let of_cell = |row: &&Entitlement| {
            let here = row.areas.iter().any(|of| of == area);
            here && row.product == product.code && row.level == Some(*level)
        };
        catalogue.entitlements.iter().find(of_cell).map(area_amount)
    };
    AreaQuantityRow {
        product: product.code.clone(),
        name: product.name.of(language).clone(),
        unit: product.unit,
        amounts: LEVELS.iter().map(of_level).collect(),
    }
}

/// What a draft says about the programme itself.
///
/// # Errors
/// As [`draft`].
pub async fn programme(
    service: &Service,
    request: &Request,
    query: &DraftProgrammeQuery,
) -> Outcome<DraftProgrammePage> {
    let (row, draft, why_not) = for_form(service, request, query.draft).await?;
    let programme = &draft.catalogue.programme;
    let details = programme.bank_details.as_ref();
    let words = |language: Language| ProgrammeWords {
        name: programme.name.of(language).clone(),
        bank_details: details.map_or_else(String::new, |details| details.of(language).join("\n")),
    };
    let policies = policies::entries(&Policies::default());
    let policy =
        |name: &str| PolicyRow { value: draft.catalogue.policies.get(name).cloned(), name: name.to_owned() };
    Ok(DraftProgrammePage {
        row,
        row_version: draft.row_version,
        words: Language::ALL.map(words),
        policies: policies.iter().map(|(name, _)| policy(name)).collect(),
        why_not,
    })
}

/// The catalogue in force as a file, or a draft.
///
/// # Errors
/// As [`draft`].
pub async fn export(service: &Service, request: &Request, draft: Option<&str>) -> Outcome<String> {
    rights::check_operator(request.operator()?, OperatorAction::ReadCatalogue)?;
    match draft {
        Some(draft) => file::write(&drafts::find(service.database.reader(), draft.parse()?).await?.catalogue),
        None => file::write(&read::at_one_moment(&service.database).await?.1),
    }
}
