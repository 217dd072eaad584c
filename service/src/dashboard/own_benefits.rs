//! One's own benefits: seats with their instructions, support that is active, what can be asked for.

use domain::benefit::{Category, ProductKind};
use domain::ids::{GrantId, SeatId};
use domain::moment::Zone;
use domain::rights::Action;
use domain::view::own::{Askable, OwnBenefits, OwnEarlierSeat, OwnRequest, OwnSeat, OwnSupport};
use domain::{Language, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::benefits::grants;
use crate::benefits::list::processing;
use crate::benefits::products::steps;
use crate::request::Request;
use crate::{Failure, Outcome, Service, keys, policies, rights, sql};

#[derive(FromQueryResult)]
struct SeatRow {
    id: Uuid,
    grant_id: Uuid,
    name: String,
    summary: String,
    source: String,
    source_name: Option<String>,
    kind: String,
    category: String,
    assigned_at: i64,
    assigned_by: String,
    expires_at: Option<i64>,
    instructions: String,
    portal_url: Option<String>,
    requested_at: Option<i64>,
    target_at: Option<i64>,
    has_key: bool,
}

#[derive(FromQueryResult)]
struct EarlierRow {
    id: Uuid,
    name: String,
    assigned_at: i64,
    released_at: i64,
    release_reason: String,
}

#[derive(FromQueryResult)]
struct SupportRow {
    id: Uuid,
    name: String,
    source: String,
    source_name: Option<String>,
    expires_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct AskableRow {
    id: Uuid,
    name: String,
    summary: String,
    source: String,
    source_name: Option<String>,
    left_over: Option<i64>,
}

#[derive(FromQueryResult)]
struct RequestRow {
    name: String,
    state: String,
    requested_at: i64,
    reason: Option<String>,
}

/// The benefits of whoever asks, in a constant number of queries; the key's state of one open seat.
///
/// # Errors
/// [`domain::ErrorCode::WrongSide`] for operators.
pub async fn own_benefits(
    service: &Service,
    request: &Request,
    language: Language,
    open: Option<SeatId>,
) -> Outcome<OwnBenefits> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ViewOwnBenefits, &policies).await?;
    let now = service.now();
    let zone = person.zone();
    let mine = || [person.id.0.into(), language.tag().into()];
    let text = "select s.id, s.grant_id, t.name, t.summary, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name, p.kind, g.category, s.assigned_at,
            b.full_name as assigned_by, g.expires_at, t.instructions, p.portal_url, v.requested_at, v.target_at,
            (g.category = 'software' and exists (select 1 from key_pool k where k.product_id = p.id)) as has_key
        from seat s
        join benefit_grant g on g.id = s.grant_id
        join product p on p.id = g.product_id
        join product_text t on t.product_id = p.id and t.language = $2
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        join person bp on bp.id = s.assigned_by join account b on b.id = bp.account_id
        left join activation v on v.grant_id = s.grant_id and v.person_id = s.person_id
            and v.state in ('requested', 'processing')
        where s.person_id = $1 and s.released_at is null order by t.name_key, g.source, s.id";
    let seats = sql::all::<SeatRow>(reader, text, mine()).await?;
    let text = "select s.id, t.name, s.assigned_at, s.released_at, s.release_reason
        from seat s join benefit_grant g on g.id = s.grant_id
        join product_text t on t.product_id = g.product_id and t.language = $2
        where s.person_id = $1 and s.released_at is not null order by s.released_at desc, s.id limit 50";
    let earlier = sql::all::<EarlierRow>(reader, text, mine()).await?;
    let organization = || [person.organization.0.into(), language.tag().into()];
    // The company's, with numbers to show: in editions A and B support is a person's own.
    let text = "select g.id, t.name, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name, v.expires_at
        from benefit_grant g
        join activation v on v.grant_id = g.id and v.person_id is null and v.state = 'active'
            and v.access_id is not null and (v.expires_at is null or v.expires_at >= $3)
        join product_text t on t.product_id = g.product_id and t.language = $2
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        where g.organization_id = $1 and g.category = 'technical' and g.state = 'granted'
            and (g.expires_at is null or g.expires_at >= $3)
        order by t.name_key, g.source, g.id";
    let values = organization().into_iter().chain([now.0.into()]);
    let support = sql::all::<SupportRow>(reader, text, values).await?;
    let text = "select g.id, t.name, t.summary, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name,
            case when po.quantity is null then null else po.quantity - po.used end as left_over
        from benefit_grant g
        join product p on p.id = g.product_id
        join product_text t on t.product_id = p.id and t.language = $2
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        join pool po on po.id = g.pool_id
        join organization o on o.id = g.organization_id and o.portal_state = 'member'
        where g.organization_id = $1 and g.state = 'granted'
            and (g.category = 'visual_studio' or p.kind = 'cloud_usage'
                or (p.kind = 'single_key' and p.unit = 'seat'))
            and (g.holding_ends_at is null or g.holding_ends_at >= $4)
            and not exists (select 1 from seat s where s.grant_id = g.id and s.person_id = $3 and s.released_at is null)
            and not exists (select 1 from seat_request r where r.grant_id = g.id and r.person_id = $3
                and r.state = 'requested')
        order by t.name_key, g.source, g.id";
    let values = [person.organization.0.into(), language.tag().into(), person.id.0.into(), now.0.into()];
    let available = sql::all::<AskableRow>(reader, text, values).await?;
    let text = "select t.name, r.state, r.requested_at, r.reason
        from seat_request r join benefit_grant g on g.id = r.grant_id
        join product_text t on t.product_id = g.product_id and t.language = $2
        where r.person_id = $1 and r.state in ('requested', 'refused') order by r.requested_at desc, r.id limit 20";
    let requests = sql::all::<RequestRow>(reader, text, mine()).await?;
    let day = |at: i64| zone.day_of(Moment(at));
    let mut seats = seats.into_iter().map(|row| own_seat(row, &zone, now)).collect::<Outcome<Vec<_>>>()?;
    if let Some(seat) = seats.iter_mut().find(|seat| seat.has_key && Some(seat.seat) == open) {
        let grant = grants::find(reader, person.organization, seat.grant).await?;
        seat.key = keys::view::own_key(service, person, &grant, seat.seat, &policies, language).await?;
    }
    Ok(OwnBenefits {
        seats,
        earlier: earlier
            .into_iter()
            .map(|row| OwnEarlierSeat {
                seat: row.id.into(),
                name: row.name,
                since: day(row.assigned_at),
                until: day(row.released_at),
                reason: row.release_reason,
            })
            .collect(),
        support: support
            .into_iter()
            .map(|row| OwnSupport {
                grant: GrantId(row.id),
                name: row.name,
                source: row.source,
                source_name: row.source_name,
                expires: row.expires_at.map(day),
            })
            .collect(),
        available: available
            .into_iter()
            .map(|row| Askable {
                grant: GrantId(row.id),
                name: row.name,
                summary: row.summary,
                source: row.source,
                source_name: row.source_name,
                left: row.left_over.map(|left| left.max(0)),
            })
            .collect(),
        requests: requests
            .into_iter()
            .map(|row| OwnRequest {
                name: row.name,
                state: row.state,
                asked: day(row.requested_at),
                reason: row.reason,
            })
            .collect(),
    })
}

fn own_seat(row: SeatRow, zone: &Zone, now: Moment) -> Outcome<OwnSeat> {
    let broken = |column| Failure::broken("seat", column, row.id);
    let expires = row.expires_at.map(|at| zone.day_of(Moment(at)));
    Ok(OwnSeat {
        kind: ProductKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        category: Category::from_code(&row.category).ok_or_else(|| broken("category"))?,
        seat: row.id.into(),
        grant: GrantId(row.grant_id),
        name: row.name,
        summary: row.summary,
        source: row.source,
        source_name: row.source_name,
        since: zone.day_of(Moment(row.assigned_at)),
        assigned_by: row.assigned_by,
        expires,
        expires_days: expires.map(|day| zone.day_of(now).days_until(day)),
        instructions: steps(&row.instructions),
        portal_url: row.portal_url,
        processing: processing(row.requested_at, row.target_at, zone, now),
        has_key: row.has_key,
        key: None,
    })
}
