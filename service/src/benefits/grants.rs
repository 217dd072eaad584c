//! Finding a grant: always within the organization that asks (rule 7).

use domain::benefit::{Category, GrantFacts, GrantState, ProductKind, Unit};
use domain::ids::{GrantId, OrganizationId, PoolId, ProductId};
use domain::seat::{Capacity, draw_first};
use domain::{ErrorCode, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::change::Change;
use crate::failure::Failure;
use crate::{Outcome, sql};

/// A grant with what the rules ask about it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The product.
    pub product: ProductId,
    /// Category of the product.
    pub category: Category,
    /// Kind of the product.
    pub kind: ProductKind,
    /// What its quantity counts.
    pub unit: Unit,
    /// The limit it shares or has.
    pub pool: PoolId,
    /// What the pool has and what is used of it.
    pub capacity: Capacity,
    /// What the rules about time and state ask.
    pub facts: GrantFacts,
    /// Code of its activation state.
    pub activation_state: String,
    /// Code of the source.
    pub source: String,
    /// Code of the competency area.
    pub area: Option<String>,
    /// The order line that it came with.
    pub order_line: Option<Uuid>,
    /// Since when.
    pub granted_at: Moment,
    /// The vendor's portal.
    pub portal_url: Option<String>,
    /// Activations of a multiple-activation key.
    pub activation_limit: Option<i64>,
    /// Activations of the key that was drawn for it, where the batch said how many; none else.
    pub key_activations: Option<i64>,
    /// Row version.
    pub version: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    product_id: Uuid,
    category: String,
    kind: String,
    unit: String,
    pool_id: Uuid,
    quantity: Option<i64>,
    used: i64,
    state: String,
    expires_at: Option<i64>,
    activate_by: Option<i64>,
    holding_ends_at: Option<i64>,
    portal_state: String,
    without_network: bool,
    activation_state: String,
    source: String,
    area: Option<String>,
    order_line_id: Option<Uuid>,
    granted_at: i64,
    portal_url: Option<String>,
    activation_limit: Option<i64>,
    row_version: i64,
    key_activations: Option<i64>,
}

/// A grant with what the rules ask of its product, pool and organization.
const GRANTS: &str = "select g.id, g.product_id, g.category, p.kind, p.unit, g.pool_id, po.quantity,
        po.used + po.used_before as used, g.state,
        g.expires_at, g.activate_by, g.holding_ends_at, o.portal_state, g.activation_state,
        not exists (select 1 from holding h join offer f on f.id = h.offer_id and f.tier = 'network'
            where h.organization_id = o.id and h.state = 'active') as without_network, g.source, g.area,
        g.order_line_id, g.granted_at, p.portal_url, p.activation_limit, g.row_version,
        (select k.activations from product_key k where k.grant_id = g.id and k.seat_id is null
            and k.state in ('held', 'spent')) as key_activations
    from benefit_grant g
    join product p on p.id = g.product_id
    join pool po on po.id = g.pool_id
    join organization o on o.id = g.organization_id";

/// The organization's grant.
///
/// # Errors
/// [`ErrorCode::NotFound`] if there is none, also where it is somebody else's.
pub async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: GrantId,
) -> Outcome<Grant> {
    let text = format!("{GRANTS} where g.id = $1 and g.organization_id = $2");
    let row = sql::one::<Row>(connection, &text, [grant.0.into(), organization.0.into()])
        .await?
        .ok_or(ErrorCode::NotFound)?;
    read(row, organization)
}

/// The organization's grants among these.
///
/// # Errors
/// [`Failure::Database`].
pub async fn of_ids(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grants: &[GrantId],
) -> Outcome<Vec<Grant>> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![organization.0.into()];
    let places: Vec<String> = grants
        .iter()
        .map(|grant| {
            values.push(grant.0.into());
            format!("${}", values.len())
        })
        .collect();
    let text = format!("{GRANTS} where g.organization_id = $1 and g.id in ({})", places.join(", "));
    let rows = sql::all::<Row>(connection, &text, values).await?;
    rows.into_iter().map(|row| read(row, organization)).collect()
}

/// Makes the uses of a grant wait for each other and for its withdrawal: what is read of it afterwards
/// stays so until the commit. Called before the grant is read. SQLite has one writer anyway.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn hold(change: &Change<'_>, grant: GrantId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from benefit_grant where id = $1 for no key update";
        sql::run(&change.transaction, text, [grant.0.into()]).await?;
    }
    Ok(())
}

/// The organization's grants of products of these kinds, in the order in which they are drawn
/// (rule 12), without those that another one took over from.
///
/// # Errors
/// [`Failure::Database`].
pub async fn of_kinds(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    kinds: &[ProductKind],
) -> Outcome<Vec<Grant>> {
    let mut values: Vec<Value> = vec![organization.0.into()];
    let places: Vec<String> = kinds
        .iter()
        .map(|kind| {
            values.push(kind.code().into());
            format!("${}", values.len())
        })
        .collect();
    let places = places.join(", ");
    let text =
        format!("{GRANTS} where g.organization_id = $1 and p.kind in ({places}) and not exists (select 1
            from benefit_grant n where n.follows_id = g.id and n.state <> 'withdrawn') order by g.granted_at, g.id");
    let rows = sql::all::<Row>(connection, &text, values).await?;
    let mut grants = rows
        .into_iter()
        .map(|row| read(row, organization).map(|grant| (grant.facts.expires_at, grant)))
        .collect::<Outcome<Vec<_>>>()?;
    draw_first(&mut grants);
    Ok(grants.into_iter().map(|(_, grant)| grant).collect())
}

fn read(row: Row, organization: OrganizationId) -> Outcome<Grant> {
    let broken = |column| Failure::broken("benefit_grant", column, row.id);
    Ok(Grant {
        id: GrantId(row.id),
        organization,
        product: ProductId(row.product_id),
        category: Category::from_code(&row.category).ok_or_else(|| broken("category"))?,
        kind: ProductKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
        pool: PoolId(row.pool_id),
        capacity: Capacity { quantity: row.quantity, used: row.used },
        facts: GrantFacts {
            state: GrantState::from_code(&row.state).ok_or_else(|| broken("state"))?,
            expires_at: row.expires_at.map(Moment),
            activate_by: row.activate_by.map(Moment),
            holding_ends_at: row.holding_ends_at.map(Moment),
            read_only: row.portal_state != "member",
            without_network: row.without_network,
        },
        activation_state: row.activation_state,
        source: row.source,
        area: row.area,
        order_line: row.order_line_id,
        granted_at: Moment(row.granted_at),
        portal_url: row.portal_url,
        activation_limit: row.activation_limit,
        key_activations: row.key_activations,
        version: row.row_version,
    })
}
