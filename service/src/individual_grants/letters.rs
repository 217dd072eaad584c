//! Mail about individual grants: to those who look after the company's benefits. The reason isn't in it.

use std::collections::HashMap;

use domain::entitlement::Amount;
use domain::ids::{OrganizationId, ProductId};
use domain::individual_grant::{Individual, IndividualKind};
use domain::{Day, Language};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::quantities::{self, Pools};
use crate::change::Change;
use crate::outbox::Letter;
use crate::reminders::readers::{Reader, readers};
use crate::{Outcome, sql};

/// Says how much there is from now on, and until when.
pub(super) async fn set(
    change: &mut Change<'_>,
    organization: OrganizationId,
    product: ProductId,
    pools: &Pools,
    individual: Individual,
    ends: Day,
) -> Outcome<()> {
    if individual.kind == IndividualKind::Product {
        return post(change, organization, product, pools, "individual_product_set", |language| {
            vec![
                ("quantity", words(language, Some(individual.amount))),
                ("day", format::date(language, ends)),
            ]
        })
        .await;
    }
    let (plan, result) = (pools.plan_value(product), quantities::result(pools, product, Some(individual)));
    post(change, organization, product, pools, "individual_grant_set", |language| {
        vec![
            ("plan", words(language, plan)),
            ("quantity", words(language, result)),
            ("day", format::date(language, ends)),
        ]
    })
    .await
}

/// Says that what the plan gives counts again, or that what was beside it has ended.
pub(super) async fn ended(
    change: &mut Change<'_>,
    organization: OrganizationId,
    product: ProductId,
    pools: &Pools,
    kind: IndividualKind,
) -> Outcome<()> {
    if kind == IndividualKind::Product {
        return post(change, organization, product, pools, "individual_product_ended", |_| Vec::new()).await;
    }
    let plan = pools.plan_value(product);
    post(change, organization, product, pools, "individual_grant_ended", |language| {
        vec![("plan", words(language, plan))]
    })
    .await
}

/// How much, in a mail.
fn words(language: Language, amount: Option<Amount>) -> String {
    let texts = locales::texts(language);
    match amount {
        None => texts.individual_grants_not_in_plan().to_owned(),
        Some(Amount::Unlimited) => texts.common_unlimited().to_owned(),
        Some(Amount::Of(amount)) => format::number(language, amount),
    }
}

async fn post(
    change: &mut Change<'_>,
    organization: OrganizationId,
    product: ProductId,
    pools: &Pools,
    kind: &'static str,
    values: impl Fn(Language) -> Vec<(&'static str, String)>,
) -> Outcome<()> {
    let names = names(&change.transaction, product).await?;
    // Where nothing of it is left, the page of what it was.
    let category = names.values().next().map(|name| name.category.replace('_', "-")).unwrap_or_default();
    let of = pools.all(product).find(|row| row.is_individual()).or_else(|| pools.all(product).next());
    let path = of.map_or_else(|| format!("/benefits/{category}"), quantities::Pooled::path);
    for Reader { account, name, email, language } in readers(&change.transaction, organization).await? {
        let mut values = values(language);
        values.push(("person", name));
        values.push(("product", names.get(language.tag()).map(|name| name.name.clone()).unwrap_or_default()));
        change.post(Letter {
            organization: Some(organization),
            account: Some(account),
            recipient: email,
            language,
            kind,
            values,
            path: path.clone(),
            secret: None,
            dates: Vec::new(),
        });
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Name {
    language: String,
    name: String,
    category: String,
}

/// The product's name in each language.
async fn names(connection: &impl ConnectionTrait, product: ProductId) -> Outcome<HashMap<String, Name>> {
    let text =
        "select t.language, t.name, p.category from product_text t join product p on p.id = t.product_id
        where t.product_id = $1";
    let rows = sql::all::<Name>(connection, text, [product.0.into()]).await?;
    Ok(rows.into_iter().map(|row| (row.language.clone(), row)).collect())
}
