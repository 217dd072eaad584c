//! Amounts of an earlier version, which read those of all currencies but two in hundredths: where a currency has other
//! digits, they say something else since.

use domain::ids::CatalogueDraftId;
use domain::money;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::catalogue::drafts;
use crate::{Outcome, sql};

/// A migration of the version that reads them otherwise.
const SINCE: &str = "m0036_links_formats_ends";
/// Seconds in which a new installation has run through all migrations.
const NEW: i64 = 3_600;

/// What is from before.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Earlier {
    /// Offers whose price is still that of before, such as `gold (VND)`.
    pub offers: Vec<String>,
    /// Orders with a price.
    pub orders: i64,
    /// Invoices and credit notes.
    pub invoices: i64,
}

#[derive(FromQueryResult)]
struct OfferRow {
    code: String,
    currency: String,
    price_minor: i64,
}

#[derive(FromQueryResult)]
struct VersionRow {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct CountRow {
    currency: String,
    number: i64,
}

/// Looks for it; there is nothing in an installation that began with this version or a later one.
///
/// # Errors
/// [`Failure::Database`](crate::Failure::Database).
pub async fn earlier(connection: &impl ConnectionTrait) -> Outcome<Earlier> {
    let text = "select applied_at as number from seaql_migrations where version = $1";
    let since = sql::number(connection, text, [SINCE.into()]).await?;
    let text = "select min(applied_at) as number from seaql_migrations";
    if since - sql::number(connection, text, []).await? < NEW {
        return Ok(Earlier::default());
    }
    let since = since.saturating_mul(1_000);
    let text = "select id from catalogue_draft where version is not null and published_at >= $1
        order by version limit 1";
    // What the first version since began from has the prices of before; without one they are those of now.
    let before = match sql::one::<VersionRow>(connection, text, [since.into()]).await? {
        Some(first) => Some(drafts::find(connection, CatalogueDraftId(first.id)).await?.base.offers),
        None => None,
    };
    let text = "select code, currency, price_minor from offer where listed and price_minor > 0 order by code";
    let offers = sql::all::<OfferRow>(connection, text, []).await?;
    let is_as_before = |offer: &OfferRow| {
        before.as_ref().is_none_or(|before| {
            before.iter().any(|was| {
                (&was.code, &was.currency, was.price_minor)
                    == (&offer.code, &offer.currency, offer.price_minor)
            })
        })
    };
    let orders = "select o.currency, count(*) as number from orders o where o.ordered_at < $1
            and exists (select 1 from order_line l where l.order_id = o.id and l.price_minor > 0)
        group by o.currency";
    let invoices =
        "select currency, count(*) as number from invoice where issued_at < $1 and amount_minor > 0
        group by currency";
    Ok(Earlier {
        offers: offers
            .into_iter()
            .filter(|offer| money::was_in_hundredths(&offer.currency) && is_as_before(offer))
            .map(|OfferRow { code, currency, .. }| format!("{code} ({currency})"))
            .collect(),
        orders: count(connection, orders, since).await?,
        invoices: count(connection, invoices, since).await?,
    })
}

async fn count(connection: &impl ConnectionTrait, text: &str, since: i64) -> Outcome<i64> {
    let rows = sql::all::<CountRow>(connection, text, [since.into()]).await?;
    Ok(rows.iter().filter(|row| money::was_in_hundredths(&row.currency)).map(|row| row.number).sum())
}
