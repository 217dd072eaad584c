//! A page of the activity, with its open row.

use domain::audit::ActorKind;
use domain::ids::ProductId;
use domain::moment::Zone;
use domain::view::activity::{
    ActivityDetail, ActivityPage, ActivityQuery, ActivityRow, NamedBenefit, PAGE_ROWS,
};
use domain::view::operator::Stamp;
use domain::{ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::Side;
use super::names::Names;
use super::reach::{ORDER, Place, Reach, Wanted, place_of};
use crate::failure::Failure;
use crate::request::Request;
use crate::{Outcome, Service, policies, sql};

/// So many products are offered to filter by.
const PRODUCTS: u32 = 300;

/// An event with the names that go with it, as far as they are still kept.
#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) organization_id: Uuid,
    pub(super) sequence: i64,
    hash: Vec<u8>,
    pub(super) at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    action: String,
    pub(super) object_kind: String,
    pub(super) object_id: String,
    before_state: Option<String>,
    after_state: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    pub(super) person_name: Option<String>,
    pub(super) product_name: Option<String>,
    source: Option<String>,
    source_name: Option<String>,
    organization: Option<String>,
}

/// The page that the query asks for.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::WrongSide`]; [`ErrorCode::NotFound`] for a page that begins
/// after no event, and for an open event that isn't there or isn't the reader's to see.
pub async fn page(
    service: &Service,
    request: &Request,
    side: Side,
    language: Language,
    query: &ActivityQuery,
) -> Outcome<ActivityPage> {
    let reach = Reach::of(service, request, side, language).await?;
    let reader = service.database.reader();
    let retention = policies::in_force(reader).await?.audit_retention;
    let wanted = reach.wanted(reader, query).await?;
    let place = match query.after {
        Some(after) => Some(place_of(reader, &reach, after).await?),
        None => None,
    };
    let first = place.is_none();
    let mut rows = rows(reader, &reach, wanted.clone().after(place), i64::from(PAGE_ROWS) + 1).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let counted = wanted.counted_to();
    let total = if first && !more { rows.len() as i64 } else { wanted.count(reader).await? };
    let open = match query.open {
        Some(open) => {
            let chain = reach.chain_of(open)?;
            // Filters don't hide it: its address always works.
            let wanted = reach.wanted(reader, &ActivityQuery::default()).await?.only(chain, open.sequence);
            Some(self::rows(reader, &reach, wanted, 1).await?.pop().ok_or(ErrorCode::NotFound)?)
        }
        None => None,
    };
    let names = Names::of(reader, language, &rows).await?;
    let open = match open {
        Some(row) => {
            let names = Names::of(reader, language, std::slice::from_ref(&row)).await?;
            Some(Box::new(detail(&reach, &names, row)?))
        }
        None => None,
    };
    let rows = rows.into_iter().map(|row| view(&reach, &names, &row)).collect::<Outcome<Vec<_>>>()?;
    Ok(ActivityPage {
        next: rows.last().filter(|_| more).map(|row| row.key),
        rows,
        total,
        counted,
        open,
        products: products(reader, &reach).await?,
        kinds: reach.kinds(),
        only_own: reach.is_only_own(),
        kept_from: retention.keeps_from(Zone::named("UTC").day_of(service.now())),
        time_zone: reach.time_zone,
    })
}

/// The first so many events of what is wanted, the latest first.
pub(super) async fn rows(
    connection: &impl ConnectionTrait,
    reach: &Reach,
    mut wanted: Wanted,
    limit: i64,
) -> Outcome<Vec<Row>> {
    let keys = wanted.keys(limit);
    let language = wanted.values.place(reach.language.tag());
    let text = format!(
        "select e.organization_id, e.sequence, e.hash, e.at, e.actor_kind, e.actor_id,
            coalesce(a.full_name, k.name) as actor_name,
            e.action, e.object_kind, e.object_id, e.before_state, e.after_state, e.address, e.request_id,
            pa.full_name as person_name, t.name as product_name, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name,
            o.name as organization
        from ({keys}) w
        join audit_event e on e.organization_id = w.organization_id and e.sequence = w.sequence
        left join account a on a.id = e.actor_id
        left join provisioning_token k on k.id = e.actor_id and e.actor_kind = 'token'
        left join person p on p.id = e.person_id left join account pa on pa.id = p.account_id
        left join benefit_grant g on g.id = e.grant_id
        left join product_text t on t.product_id = g.product_id and t.language = {language}
        left join competency_area_text an on an.area = g.area and an.language = {language}
        left join tier_text sn on sn.source = g.source and sn.language = {language}
        left join organization o on o.id = e.organization_id
        order by {ORDER} limit {limit}"
    );
    Ok(sql::all::<Row>(connection, &text, wanted.values.0).await?)
}

/// A row as the reader may see it.
pub(super) fn view(reach: &Reach, names: &Names, row: &Row) -> Outcome<ActivityRow> {
    let actor = ActorKind::from_code(&row.actor_kind)
        .ok_or_else(|| Failure::broken("audit_event", "actor_kind", row.sequence))?;
    let of_company = reach.organization.is_some();
    // Companies learn that an operator did it, not which.
    let actor_name = row.actor_name.clone().filter(|_| !(of_company && actor == ActorKind::Operator));
    // Where a colleague was is nobody's to know who only sees what concerns oneself; where an operator
    // was, no company's.
    let colleague = matches!(actor, ActorKind::Person | ActorKind::Operator | ActorKind::Token)
        && row.actor_id != Some(reach.account);
    let hidden = (colleague && reach.is_only_own()) || (of_company && actor == ActorKind::Operator);
    let address = row.address.clone().filter(|address| !address.is_empty());
    let benefit = row.product_name.clone().map(|name| NamedBenefit {
        name,
        source: row.source.clone().unwrap_or_default(),
        source_name: row.source_name.clone(),
    });
    Ok(ActivityRow {
        key: reach.key(row.organization_id, row.sequence),
        at: Stamp { day: reach.zone.day_of(Moment(row.at)), time: reach.zone.time_of(Moment(row.at)) },
        actor,
        actor_name,
        action: row.action.clone(),
        person: row.person_name.clone(),
        benefit,
        thing: names.thing(row),
        organization: row.organization.clone().filter(|_| !of_company),
        address: address.filter(|_| !hidden),
    })
}

/// All that a row says.
pub(super) fn detail(reach: &Reach, names: &Names, row: Row) -> Outcome<ActivityDetail> {
    use std::fmt::Write;
    let hash = row.hash.iter().fold(String::with_capacity(2 * row.hash.len()), |mut hash, byte| {
        // Writing to a String can't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    Ok(ActivityDetail {
        row: view(reach, names, &row)?,
        before: row.before_state,
        after: row.after_state,
        request_id: row.request_id,
        hash,
    })
}

impl Row {
    /// Where it stands in the list.
    pub(super) const fn place(&self) -> Place {
        Place { at: self.at, organization_id: self.organization_id, sequence: self.sequence }
    }
}

/// Benefits to filter by; none for whoever only sees what concerns oneself.
async fn products(connection: &impl ConnectionTrait, reach: &Reach) -> Outcome<Vec<(ProductId, String)>> {
    #[derive(FromQueryResult)]
    struct Product {
        id: Uuid,
        name: String,
    }
    let language = reach.language.tag();
    let products = match reach.organization {
        _ if reach.is_only_own() => Vec::new(),
        Some(organization) => {
            let text = format!(
                "select distinct t.product_id as id, t.name, t.name_key from benefit_grant g
                join product_text t on t.product_id = g.product_id and t.language = $2
                where g.organization_id = $1 order by t.name_key, t.product_id limit {PRODUCTS}"
            );
            sql::all::<Product>(connection, &text, [organization.into(), language.into()]).await?
        }
        None => {
            let text = format!(
                "select t.product_id as id, t.name from product_text t
                where t.language = $1 order by t.name_key, t.product_id limit {PRODUCTS}"
            );
            sql::all::<Product>(connection, &text, [language.into()]).await?
        }
    };
    Ok(products.into_iter().map(|product| (product.id.into(), product.name)).collect())
}
