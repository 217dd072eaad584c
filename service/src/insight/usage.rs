//! Reading the facts that were counted, of a company or of all of them.

use std::collections::HashMap;

use domain::Language;
use domain::benefit::{Category, Unit};
use domain::ids::OrganizationId;
use domain::insight::{Figures, Idle, Month, Span, latest_of_all};
use domain::moment::Zone;
use domain::view::insight::{IdleValue, MonthFigures, Overview, ProductUse, UnitUse, Usage};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::failure::Failure;
use crate::queue::item::stamp;
use crate::{Outcome, sql};

/// Whose facts are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    /// One company's.
    Company(OrganizationId),
    /// The sum of all companies.
    Everybody,
}

#[derive(FromQueryResult)]
struct Row {
    month: i64,
    category: String,
    unit: String,
    product_id: Uuid,
    granted: i64,
    used: i64,
    unused: i64,
    peak: i64,
    begun: i64,
    unlimited: i64,
}

/// Figures of a month, of a product or of all products of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) month: Month,
    pub(super) category: Category,
    pub(super) unit: Unit,
    pub(super) product: Option<Uuid>,
    pub(super) figures: Figures,
}

/// The latest month that is shown: a company's is the one up to which it was counted, that of all companies one that
/// none of them lacks. Just after a month began it isn't counted everywhere yet.
pub(super) async fn latest(connection: &impl ConnectionTrait, of: Of, current: Month) -> Outcome<Month> {
    #[derive(FromQueryResult)]
    struct Counted {
        month: Option<i64>,
    }
    let (filter, values) = match of {
        Of::Company(organization) => (" where organization_id = $1", vec![organization.0.into()]),
        Of::Everybody => ("", Vec::new()),
    };
    let text = format!("select min(month) as month from usage_count{filter}");
    let counted = sql::one::<Counted>(connection, &text, values).await?.and_then(|row| row.month);
    let counted = counted.and_then(Month::from_number);
    Ok(match of {
        Of::Company(_) => counted.unwrap_or(current).min(current),
        Of::Everybody => latest_of_all(counted, current),
    })
}

/// The facts of some months, by category, unit, product and month. There are as many as months and products,
/// however many companies and seats there are.
pub(super) async fn facts(
    connection: &impl ConnectionTrait,
    of: Of,
    first: Month,
    last: Month,
) -> Outcome<Vec<Fact>> {
    let mut values: Vec<Value> = vec![first.number().into(), last.number().into()];
    let from = match of {
        Of::Company(organization) => {
            values.push(organization.0.into());
            "usage_month where organization_id = $3 and month between $1 and $2"
        }
        Of::Everybody => "usage_total where month between $1 and $2",
    };
    let text = format!(
        "select month, category, unit, product_id, granted, used, unused, peak, begun, unlimited from {from}
        order by category, unit, product_id, month"
    );
    sql::all::<Row>(connection, &text, values).await?.into_iter().map(read).collect()
}

fn read(row: Row) -> Outcome<Fact> {
    let broken = |column| Failure::broken("usage_month", column, row.product_id);
    Ok(Fact {
        month: Month::from_number(row.month).ok_or_else(|| broken("month"))?,
        category: Category::from_code(&row.category).ok_or_else(|| broken("category"))?,
        unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
        product: (!row.product_id.is_nil()).then_some(row.product_id),
        figures: Figures {
            granted: row.granted,
            used: row.used,
            unused: row.unused,
            peak: row.peak,
            begun: row.begun,
            unlimited: row.unlimited,
        },
    })
}

/// Products' names in a language.
pub(super) async fn names(
    connection: &impl ConnectionTrait,
    language: Language,
) -> Outcome<HashMap<Uuid, String>> {
    #[derive(FromQueryResult)]
    struct Named {
        product_id: Uuid,
        name: String,
    }
    let text = "select product_id, name from product_text where language = $1";
    let rows = sql::all::<Named>(connection, text, [language.tag().into()]).await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.name)).collect())
}

/// What both pages show of the use.
pub(super) async fn usage(
    connection: &impl ConnectionTrait,
    of: Of,
    language: Language,
    zone: &Zone,
    current: Month,
    (category, span): (Option<Category>, Span),
) -> Outcome<Usage> {
    let latest = latest(connection, of, current).await?;
    let months = latest.latest(span.months());
    let first = months.first().copied().unwrap_or(latest);
    let facts = facts(connection, of, first, latest).await?;
    let overview = overview(&facts, latest);
    let category =
        category.or_else(|| overview.first().map(|one| one.category)).unwrap_or(Category::VisualStudio);
    let drawn: Vec<&Fact> = facts.iter().filter(|fact| fact.category == category).collect();
    let names = names(connection, language).await?;
    Ok(Usage {
        units: units(&drawn, &months),
        products: products(&drawn, &names, latest),
        values: values(connection, of).await?,
        counted: counted(connection, of, zone).await?,
        months,
        overview,
        category,
    })
}

/// The latest month of every unit that has figures in the months that are looked at: what is over stands there with
/// nothing granted, not with what it was.
fn overview(facts: &[Fact], latest: Month) -> Vec<Overview> {
    let mut overview: Vec<Overview> = Vec::new();
    for fact in facts.iter().filter(|fact| fact.product.is_none()) {
        let figures = if fact.month == latest { fact.figures } else { Figures::default() };
        // The rows of a unit follow each other, the latest month last.
        match overview.last_mut() {
            Some(one) if (one.category, one.unit) == (fact.category, fact.unit) => one.figures = figures,
            _ => overview.push(Overview { category: fact.category, unit: fact.unit, figures }),
        }
    }
    overview.sort_by_key(|one| Category::ALL.iter().position(|category| *category == one.category));
    overview
}

fn units(facts: &[&Fact], months: &[Month]) -> Vec<UnitUse> {
    let mut units: Vec<UnitUse> = Vec::new();
    for fact in facts.iter().filter(|fact| fact.product.is_none()) {
        let at = units.iter().position(|one| one.unit == fact.unit).unwrap_or_else(|| {
            let none = |month: &Month| MonthFigures { month: *month, figures: Figures::default() };
            units.push(UnitUse { unit: fact.unit, months: months.iter().map(none).collect() });
            units.len() - 1
        });
        let of_month =
            units.get_mut(at).and_then(|one| one.months.iter_mut().find(|month| month.month == fact.month));
        if let Some(of_month) = of_month {
            of_month.figures = fact.figures;
        }
    }
    units
}

fn products(facts: &[&Fact], names: &HashMap<Uuid, String>, latest: Month) -> Vec<ProductUse> {
    let mut products: Vec<(Uuid, ProductUse)> = Vec::new();
    for fact in facts {
        let Some(product) = fact.product else { continue };
        let at = products
            .iter()
            .position(|(id, one)| *id == product && one.unit == fact.unit)
            .unwrap_or_else(|| {
                let one = ProductUse {
                    name: names.get(&product).cloned().unwrap_or_default(),
                    unit: fact.unit,
                    figures: Figures::default(),
                    peak: 0,
                    peak_in: fact.month,
                };
                products.push((product, one));
                products.len() - 1
            });
        let Some((_, one)) = products.get_mut(at) else { continue };
        if fact.figures.peak > one.peak {
            (one.peak, one.peak_in) = (fact.figures.peak, fact.month);
        }
        if fact.month == latest {
            one.figures = fact.figures;
        }
    }
    let mut products: Vec<ProductUse> = products.into_iter().map(|(_, one)| one).collect();
    products.sort_by(|one, other| one.name.cmp(&other.name));
    products
}

async fn values(connection: &impl ConnectionTrait, of: Of) -> Outcome<Vec<IdleValue>> {
    #[derive(FromQueryResult)]
    struct Worth {
        category: String,
        currency: String,
        paid: i64,
        unused: i64,
    }
    let (filter, values) = match of {
        Of::Company(organization) => ("where organization_id = $1 ", vec![organization.0.into()]),
        Of::Everybody => ("", Vec::new()),
    };
    let text = format!(
        "select category, currency, cast(sum(paid_minor) as bigint) as paid,
            cast(sum(unused_minor) as bigint) as unused
        from usage_value {filter}group by category, currency order by category, currency"
    );
    let rows = sql::all::<Worth>(connection, &text, values).await?;
    rows.into_iter()
        .map(|row| {
            Ok(IdleValue {
                category: Category::from_code(&row.category)
                    .ok_or_else(|| Failure::broken("usage_value", "category", &row.category))?,
                currency: row.currency,
                idle: Idle { paid: row.paid, unused: row.unused },
            })
        })
        .collect()
}

async fn counted(
    connection: &impl ConnectionTrait,
    of: Of,
    zone: &Zone,
) -> Outcome<Option<domain::view::operator::Stamp>> {
    let (filter, values) = match of {
        Of::Company(organization) => (" where organization_id = $1", vec![organization.0.into()]),
        Of::Everybody => ("", Vec::new()),
    };
    let text = format!("select max(counted_at) as number from usage_count{filter}");
    let at = sql::number(connection, &text, values).await?;
    Ok((at > 0).then(|| stamp(zone, at)))
}
