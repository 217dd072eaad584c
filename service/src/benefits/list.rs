//! The table of a category: searched, filtered, sorted and paged by the database.

use domain::benefit::{ProductKind, RowStatus, Unit};
use domain::ids::{GrantId, OrganizationId};
use domain::moment::Zone;
use domain::rights::Action;
use domain::view::benefits::{
    BenefitRow, BenefitsPage, BenefitsQuery, PAGE_ROWS, SortColumn, SourceChoice, Until,
};
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::failure::Failure;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// What a grant's row is made of; `$1` organization, `$2` language, `$3` now.
///
/// `used` counts what the kind counts: all that the one key opens once it is drawn, else seats,
/// activations and redeemed keys of the whole pool, units taken from the ledgers of the pool; and what
/// of the pool was used in the older portal. `status` is the same decision as
/// [`domain::benefit::row_status`]; a test holds them together. `expires_at` is what a reader counts
/// on: of an active benefit the end of its activation (rules 13 and 16).
pub const ROWS: &str = "
    select r.*,
        case
            when r.portal_state <> 'member' then 'read_only'
            when r.state = 'withdrawn' or r.activation_state = 'withdrawn' then 'withdrawn'
            when r.state = 'ended' or r.activation_state = 'expired'
                or coalesce(r.granted_until, r.holding_ends_at + 2592000000) < $3
                or (r.activation_state = 'available' and r.used <= 0 and r.activate_by < $3) then 'expired'
            when r.activation_state in ('requested', 'processing') then 'processing'
            when r.activation_state = 'refused' then 'refused'
            when r.quantity is not null and r.used > r.quantity then 'over_allocated'
            when r.quantity is not null and r.used = r.quantity
                and r.kind not in ('single_key', 'core_key', 'cloud_license') then 'all_used'
            when r.used > 0 or r.activation_state = 'active' then 'active'
            else 'ready'
        end as status
    from (
        select g.id, g.organization_id, g.category, t.name, t.name_key as sort_name, t.summary, p.kind, p.unit, g.source, g.area,
            coalesce(an.name, g.area, sn.source_name) as source_name,
            po.quantity, g.activate_by, g.expires_at as granted_until,
            case when a.state = 'active' then coalesce(a.expires_at, g.expires_at) else g.expires_at end as expires_at,
            g.holding_ends_at, g.state, g.activation_state, o.portal_state,
            exists (select 1 from benefit_grant n where n.follows_id = g.id and n.state <> 'withdrawn') as followed,
            case when a.state <> 'active' then a.requested_at end as requested_at,
            case when a.state <> 'active' then a.target_at end as target_at,
            case
                when p.kind in ('single_key', 'core_key', 'cloud_license') and exists (select 1 from product_key k
                    where k.grant_id = g.id and k.seat_id is null and k.state in ('held', 'spent'))
                    then coalesce(po.quantity, 1)
                when p.kind in ('single_key', 'core_key', 'cloud_license', 'multiple_activation_key') then po.used
                    + coalesce((select cast(sum(b.amount) as bigint) from balance_entry b
                        join benefit_grant s on s.id = b.grant_id
                        where s.pool_id = g.pool_id and b.kind = 'activation'), 0)
                    + coalesce((select cast(sum(d.seats) as bigint) from redemption d
                        join benefit_grant s on s.id = d.grant_id where s.pool_id = g.pool_id), 0)
                when p.kind in ('break_fix_signature', 'break_fix_incidents', 'presales_deployment', 'advisory_hours')
                    then
                    coalesce((select cast(sum(b.amount) as bigint) from balance_entry b
                        join benefit_grant s on s.id = b.grant_id
                        where s.pool_id = g.pool_id and b.kind in ('hour', 'incident')), 0)
                else po.used
            end + po.used_before as used
        from benefit_grant g
        join product p on p.id = g.product_id
        join product_text t on t.product_id = p.id and t.language = $2
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        join pool po on po.id = g.pool_id
        join organization o on o.id = g.organization_id
        left join activation a on a.grant_id = g.id and a.person_id is null
            and a.state in ('requested', 'processing', 'active')
        where g.organization_id = $1
    ) r";

/// [`ROWS`] of grants of any company; the condition is about `benefit_grant g`, and `$1` is what it makes of it.
pub(crate) fn rows_where(condition: &str) -> String {
    ROWS.replacen(OF_COMPANY, condition, 1)
}

/// Whose rows [`ROWS`] are.
const OF_COMPANY: &str = "g.organization_id = $1";

/// The rows of a table, `$4`; a grant that another one took over from stands there as that one.
const LISTED: &str = "where r.category = $4 and not r.followed";

#[derive(FromQueryResult)]
pub(crate) struct Row {
    id: Uuid,
    pub(crate) category: String,
    name: String,
    summary: String,
    kind: String,
    unit: String,
    source: String,
    source_name: Option<String>,
    quantity: Option<i64>,
    used: i64,
    status: String,
    requested_at: Option<i64>,
    target_at: Option<i64>,
    activate_by: Option<i64>,
    expires_at: Option<i64>,
}

/// So many characters of what is looked for count.
const FIND_MAX: usize = 120;

#[derive(FromQueryResult)]
struct Totals {
    rows: i64,
    quantity: Option<i64>,
    left_over: Option<i64>,
    ending: Option<i64>,
    holders: i64,
}

#[derive(FromQueryResult)]
struct SourceRow {
    source: String,
    area: Option<String>,
    source_name: Option<String>,
}

/// The page that the query asks for, its open row included.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &BenefitsQuery,
) -> Outcome<BenefitsPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let now = service.now();
    let zone = person.zone();
    let category = query.category.code();
    let base = [person.organization.0.into(), language.tag().into(), now.0.into(), category.into()];

    let totals = format!(
        "select count(*) as rows, cast(sum(t.quantity) as bigint) as quantity,
            cast(sum(case when t.quantity > t.used then t.quantity - t.used else 0 end) as bigint) as left_over,
            cast(sum(case when t.expires_at >= $3 and t.expires_at < $3 + 2592000000 then 1 else 0 end) as bigint) as ending,
            (select count(distinct s.person_id) from seat s join benefit_grant g on g.id = s.grant_id
                where g.organization_id = $1 and g.category = $4 and s.released_at is null) as holders
        from ({ROWS} {LISTED}) t"
    );
    let totals = sql::one::<Totals>(reader, &totals, base.clone())
        .await?
        .ok_or_else(|| Failure::broken("benefit_grant", "totals", category))?;
    let text = "select distinct g.source, g.area, coalesce(an.name, g.area, sn.source_name) as source_name
        from benefit_grant g
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        where g.organization_id = $1 and g.category = $3 order by g.source, g.area";
    let values = [base[0].clone(), base[1].clone(), category.into()];
    let sources = sql::all::<SourceRow>(reader, text, values).await?;

    let (filter, values) = filter(query, &zone, now, base.to_vec());
    let total = if filter == NO_FILTER {
        totals.rows
    } else {
        let count = format!("select count(*) as number from ({ROWS} {LISTED}) t where {filter}");
        sql::number(reader, &count, values.clone()).await?
    };
    let pages = u32::try_from(total.max(1)).unwrap_or(u32::MAX).div_ceil(PAGE_ROWS);
    let page = query.page.clamp(1, pages);
    let order = order(query.sort, query.descending);
    let offset = (page - 1) * PAGE_ROWS;
    let text = format!(
        "select * from ({ROWS} {LISTED}) t where {filter}
        order by {order} limit {PAGE_ROWS} offset {offset}"
    );
    let rows = sql::all::<Row>(reader, &text, values).await?;
    let rows = rows.into_iter().map(|row| view(row, &zone, now)).collect::<Outcome<Vec<_>>>()?;
    let open = match query.open {
        Some(grant) => Some(super::detail::detail(service, request, language, grant, query.chosen).await?),
        None => None,
    };
    Ok(BenefitsPage {
        rows,
        total,
        all: totals.rows,
        page,
        quantity: totals.quantity.unwrap_or(0),
        left: totals.left_over.unwrap_or(0),
        holders: totals.holders,
        ending: totals.ending.unwrap_or(0),
        edition: policies.support_edition,
        sources: sources
            .into_iter()
            .map(|SourceRow { source, area, source_name }| SourceChoice {
                value: area.map_or_else(|| source.clone(), |area| format!("{source}:{area}")),
                source,
                source_name,
            })
            .collect(),
        open,
    })
}

/// One row, for whoever opens it.
///
/// # Errors
/// [`domain::ErrorCode::NotFound`] if the organization has no such grant.
pub async fn row(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: GrantId,
    language: Language,
    zone: &Zone,
    now: Moment,
) -> Outcome<BenefitRow> {
    let text = format!("{ROWS} where r.id = $4");
    let values = [organization.0.into(), language.tag().into(), now.0.into(), grant.0.into()];
    let row = sql::one::<Row>(connection, &text, values).await?.ok_or(domain::ErrorCode::NotFound)?;
    view(row, zone, now)
}

/// The condition of a table that shows everything.
const NO_FILTER: &str = "1 = 1";

fn filter(query: &BenefitsQuery, zone: &Zone, now: Moment, mut values: Vec<Value>) -> (String, Vec<Value>) {
    let mut parts = vec![NO_FILTER.to_owned()];
    let mut place = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let find: String = query.find.trim().chars().take(FIND_MAX).collect();
    if !find.is_empty() {
        let at = place(sql::contains_pattern(&find).into());
        parts.push(format!("t.sort_name like {at} escape '\\'"));
    }
    if let Some(source) = &query.source {
        let (source, area) = match source.split_once(':') {
            Some((source, area)) => (source, Some(area)),
            None => (source.as_str(), None),
        };
        parts.push(format!("t.source = {}", place(source.into())));
        if let Some(area) = area {
            parts.push(format!("t.area = {}", place(area.into())));
        }
    }
    if let Some(status) = query.status {
        parts.push(format!("t.status = {}", place(status.code().into())));
    }
    if let Some(until) = query.until {
        let end = |days| zone.end_of(zone.day_of(now).plus_days(days)).0;
        parts.push(match until {
            Until::Week => format!("t.expires_at >= $3 and t.expires_at <= {}", place(end(7).into())),
            Until::Month => format!("t.expires_at >= $3 and t.expires_at <= {}", place(end(30).into())),
            Until::Later => format!("(t.expires_at is null or t.expires_at > {})", place(end(30).into())),
        });
    }
    (parts.join(" and "), values)
}

/// The order of a column; the name and the id keep it the same from page to page. What has no
/// deadline, or no limit, comes last upwards and first downwards, on both databases.
fn order(sort: SortColumn, descending: bool) -> String {
    let way = if descending { "desc" } else { "asc" };
    let column = match sort {
        SortColumn::Name => format!("t.sort_name {way}, t.source {way}"),
        SortColumn::Source => format!("t.source {way}, t.area {way}"),
        SortColumn::Left => {
            format!("case when t.quantity is null then 1 else 0 end {way}, t.quantity - t.used {way}")
        }
        SortColumn::Status => format!("t.status {way}"),
        SortColumn::ActivateBy => {
            format!("case when t.activate_by is null then 1 else 0 end {way}, t.activate_by {way}")
        }
        SortColumn::Expires => {
            format!("case when t.expires_at is null then 1 else 0 end {way}, t.expires_at {way}")
        }
    };
    format!("{column}, t.sort_name, t.source, t.id")
}

pub(crate) fn view(row: Row, zone: &Zone, now: Moment) -> Outcome<BenefitRow> {
    let today = zone.day_of(now);
    let day = |moment: Option<i64>| moment.map(|at| zone.day_of(Moment(at)));
    let broken = |column| Failure::broken("benefit_grant", column, row.id);
    let activate_by = day(row.activate_by);
    let expires = day(row.expires_at);
    Ok(BenefitRow {
        id: GrantId(row.id),
        kind: ProductKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
        status: RowStatus::from_code(&row.status).ok_or_else(|| broken("status"))?,
        name: row.name,
        summary: row.summary,
        source: row.source,
        source_name: row.source_name,
        quantity: row.quantity,
        used: row.used,
        processing: processing(row.requested_at, row.target_at, zone, now),
        activate_by,
        activate_by_days: activate_by.map(|day| today.days_until(day)),
        expires,
        expires_days: expires.map(|day| today.days_until(day)),
    })
}

/// Which working day of how many something is being worked on; it goes on counting past the target.
#[must_use]
pub fn processing(
    requested_at: Option<i64>,
    target_at: Option<i64>,
    zone: &Zone,
    now: Moment,
) -> Option<(i64, i64)> {
    let requested = zone.day_of(Moment(requested_at?));
    let target = zone.day_of(Moment(target_at?));
    let day = requested.working_days_until(zone.day_of(now)) + 1;
    Some((day, requested.working_days_until(target).max(1)))
}
