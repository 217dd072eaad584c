//! What one company has of each product: plan value, individual grant, result, in use.

use std::collections::HashMap;

use domain::Language;
use domain::benefit::{Category, Unit};
use domain::ids::ProductId;
use domain::individual_grant::IndividualKind;
use domain::moment::Zone;
use domain::rights::{OperatorAction, operator_may};
use domain::view::individual_grants::{
    CompanyGrantRow, CompanyGrantsPage, CompanyGrantsQuery, IndividualGrantRow,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::list::{LISTED, Listed, company};
use super::quantities::Pools;
use crate::failure::Failure;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

#[derive(FromQueryResult)]
struct Product {
    id: Uuid,
    name: String,
    category: String,
    unit: String,
    listed: bool,
}

/// The page of a company.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`]; [`domain::ErrorCode::NotFound`] if there is no such member.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &CompanyGrantsQuery,
) -> Outcome<CompanyGrantsPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadIndividualGrants)?;
    let reader = service.database.reader();
    let (company, zone) = company(reader, language, &query.company).await?;
    let organization = company.id;
    let pools = Pools::of(reader, organization, service.now()).await?;
    let text = format!("{LISTED} where i.organization_id = $2 and i.ended_at is null");
    let listed = sql::all::<Listed>(reader, &text, [language.tag().into(), organization.0.into()]).await?;
    let mut individual: HashMap<Uuid, IndividualGrantRow> = HashMap::new();
    for row in listed {
        individual.insert(row.product_id, row.try_into()?);
    }
    let products = products(reader, language).await?;
    let has = pools.products();
    // Products that share a pool have one individual grant together.
    let of = |product: Uuid| {
        let instead = |row: &&IndividualGrantRow| row.individual.kind == IndividualKind::Quantity;
        let sharing = || {
            let mut others = pools.sharing(ProductId(product)).into_iter();
            others.find_map(|other| individual.get(&other.0).filter(instead))
        };
        individual.get(&product).or_else(sharing)
    };
    let row = |product: &Product| -> Outcome<CompanyGrantRow> {
        let id = ProductId(product.id);
        let broken = |column| Failure::broken("product", column, product.id);
        Ok(CompanyGrantRow {
            product: id,
            name: product.name.clone(),
            category: Category::from_code(&product.category).ok_or_else(|| broken("category"))?,
            unit: Unit::from_code(&product.unit).ok_or_else(|| broken("unit"))?,
            plan: pools.plan_value(id),
            result: pools.there_is(id),
            in_use: pools.in_use(id),
            individual: of(product.id).cloned(),
        })
    };
    let listed =
        |product: &&Product| has.contains(&ProductId(product.id)) || individual.contains_key(&product.id);
    let rows = products.iter().filter(listed).map(row).collect::<Outcome<Vec<_>>>()?;
    let chosen = query.product.map(|chosen| of(chosen.0).map_or(chosen, |row| row.product));
    let chosen = chosen.and_then(|chosen| products.iter().find(|product| product.id == chosen.0));
    let chosen = chosen.filter(|product| product.listed || listed(product)).map(row).transpose()?;
    Ok(CompanyGrantsPage {
        chosen,
        products: products
            .iter()
            .filter(|product| (product.listed || listed(product)) && of(product.id).is_none())
            .map(|product| (ProductId(product.id), product.name.clone()))
            .collect(),
        rows,
        earliest: Zone::named(&zone).day_of(service.now()),
        company,
        zone,
        why_not: operator_may(&operator.roles, OperatorAction::SetIndividualGrants).err(),
    })
}

async fn products(connection: &impl ConnectionTrait, language: Language) -> Outcome<Vec<Product>> {
    let text = "select p.id, t.name, p.category, p.unit, p.listed from product p
        join product_text t on t.product_id = p.id and t.language = $1 order by t.name_key, p.code";
    Ok(sql::all::<Product>(connection, text, [language.tag().into()]).await?)
}
