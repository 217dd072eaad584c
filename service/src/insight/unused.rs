//! What lies idle in a company, what ends first at the top: benefits of which something is left, and seats whose
//! holders don't use them, as far as the portal sees.

use domain::benefit::{Category, ProductKind, Unit};
use domain::ids::{OrganizationId, SeatId};
use domain::insight::{goes_on, remind_again};
use domain::moment::Zone;
use domain::view::insight::{After, IDLE_DAYS, IDLE_ROWS, IdleSeat, UnusedBenefit, UnusedOfCompany};
use domain::{Day, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::benefits::list::{ROWS, rows_where};
use crate::bulk::places;
use crate::failure::Failure;
use crate::sessions::NOTED_EVERY_SECONDS;
use crate::{Outcome, Service, sql};

/// What has no end comes last.
const NEVER: i64 = i64::MAX;
/// A list begins after it.
const FIRST: After = After { ends: i64::MIN, id: Uuid::nil() };

#[derive(FromQueryResult)]
struct BenefitRow {
    id: Uuid,
    category: String,
    name: String,
    source: String,
    source_name: Option<String>,
    unit: String,
    quantity: i64,
    used: i64,
    ends_at: i64,
    reminded_at: Option<i64>,
}

/// Rows of a page and where the next one begins.
pub(super) type Page<T> = (Vec<T>, Option<After>);

/// Benefits of which something is left; a go-to-market benefit that runs is used, whatever it counts. One ends here with
/// the last moment at which what is left can be used: of what somebody would have to be assigned to, or begin, that is
/// before the window after the holding's year (rule 21).
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn benefits(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    language: Language,
    zone: &Zone,
    now: Moment,
    after: Option<After>,
) -> Outcome<Page<UnusedBenefit>> {
    let text = format!(
        "select u.* from ({}) u
        where u.ends_at >= $3 and (u.ends_at > $4 or u.ends_at = $4 and u.id > $5)
        order by u.ends_at, u.id limit {}",
        left_over(ROWS),
        IDLE_ROWS + 1
    );
    let values = place(organization, language, now, after);
    let mut rows = sql::all::<BenefitRow>(connection, &text, values).await?;
    let more = rows.len() > IDLE_ROWS as usize;
    rows.truncate(IDLE_ROWS as usize);
    let rows = rows.into_iter().map(|row| benefit(row, zone, now)).collect::<Outcome<Vec<_>>>()?;
    let next = rows.last().filter(|_| more).map(|row| row.place);
    Ok((rows, next))
}

/// The kinds that go on once they were begun, for SQL.
fn going_kinds() -> String {
    let going: Vec<String> = ProductKind::ALL
        .iter()
        .filter(|kind| goes_on(**kind))
        .map(|kind| format!("'{}'", kind.code()))
        .collect();
    going.join(", ")
}

/// Of rows of benefits those of which something is left, with their ends.
fn left_over(rows: &str) -> String {
    let going = going_kinds();
    format!(
        "select t.id, t.organization_id, t.category, t.name, t.source, t.source_name, t.unit, t.quantity, t.used,
            case when t.status = 'active' and t.kind in ({going})
                    or coalesce(t.begin_by, {NEVER}) > coalesce(t.expires_at, {NEVER})
                then coalesce(t.expires_at, t.holding_ends_at, {NEVER})
                else coalesce(t.begin_by, {NEVER}) end as ends_at,
            (select max(m.sent_at) from idle_reminder m where m.grant_id = t.id and m.seat_id is null)
                as reminded_at
        from (select b.*, case when b.activate_by < b.holding_ends_at or b.holding_ends_at is null
                then b.activate_by else b.holding_ends_at end as begin_by
            from ({rows} where not r.followed) b) t
        where t.quantity > t.used and t.kind <> 'license_only' and t.status in ('ready', 'active')
            and not (t.category = 'go_to_market' and t.status = 'active')"
    )
}

/// So many benefits that end first are looked at for the operators, however many companies there are.
pub(super) const LOOKED_AT: u32 = 500;

/// The benefits of all companies that end first, as far as something can be left of them: what the date that is shown can
/// be is looked for date by date, each in the order of its index. Where the day to begin or the year is past, only what
/// was begun goes on: nothing is left of the others, though they stand until the window after the year ends.
fn first_to_end() -> String {
    let going = going_kinds();
    let left = format!(
        "d.state = 'granted' and d.activation_state in ('available', 'active')
        and not (d.category = 'go_to_market' and d.activation_state = 'active')
        and exists (select 1 from organization c where c.id = d.organization_id and c.portal_state = 'member')
        and exists (select 1 from product k where k.id = d.product_id and k.kind <> 'license_only'
            and (coalesce(d.activate_by, $1) >= $1 and coalesce(d.holding_ends_at, $1) >= $1
                or k.kind in ({going}) and (d.activation_state = 'active'
                    or exists (select 1 from pool w where w.id = d.pool_id and w.used + w.used_before > 0)
                    or exists (select 1 from balance_entry b join benefit_grant s on s.id = b.grant_id
                        where s.pool_id = d.pool_id and b.kind in ('hour', 'incident')))))
        and not exists (select 1 from benefit_grant n where n.follows_id = d.id and n.state <> 'withdrawn')
        and exists (select 1 from pool q where q.id = d.pool_id and q.quantity > q.used + q.used_before)"
    );
    let activations = "activation a join benefit_grant d on d.id = a.grant_id and a.state = 'active'
        and a.person_id is null";
    let dates = [
        ("d.activate_by", "benefit_grant d"),
        ("d.holding_ends_at", "benefit_grant d"),
        ("d.expires_at", "benefit_grant d"),
        ("a.expires_at", activations),
    ]
    .map(|(date, rows)| {
        format!(
            "select * from (select d.id, {date} as ends_at from {rows} where {left} and {date} >= $1
                order by {date}, d.id limit {LOOKED_AT}) s"
        )
    });
    format!(
        "g.id in (select e.id from (select u.id from ({}) u group by u.id
            order by min(u.ends_at), u.id limit {LOOKED_AT}) e)",
        dates.join(" union all ")
    )
}

/// Of the benefits of all companies that end first, the first so many of which something is left.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn of_all(
    connection: &impl ConnectionTrait,
    language: Language,
    zone: &Zone,
    now: Moment,
    limit: u32,
) -> Outcome<Vec<UnusedOfCompany>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        name: String,
        source: String,
        source_name: Option<String>,
        unit: String,
        quantity: i64,
        used: i64,
        ends_at: i64,
        reminded_at: Option<i64>,
        organization: String,
        domain: String,
    }
    let text = format!(
        "select u.id, u.name, u.source, u.source_name, u.unit, u.quantity, u.used, u.ends_at, u.reminded_at,
            o.name as organization, o.domain
        from ({}) u join organization o on o.id = u.organization_id
        where u.ends_at >= $3 and u.ends_at < {NEVER} order by u.ends_at, o.name, u.name, u.id limit {limit}",
        left_over(&rows_where(&first_to_end()))
    );
    let values = [now.0.into(), language.tag().into(), now.0.into()];
    let rows = sql::all::<Row>(connection, &text, values).await?;
    rows.into_iter()
        .map(|row| {
            let (ends, days_left) = end(row.ends_at, zone, now);
            let reminded = row.reminded_at.map(Moment);
            Ok(UnusedOfCompany {
                grant: row.id.into(),
                unit: Unit::from_code(&row.unit)
                    .ok_or_else(|| Failure::broken("product", "unit", &row.name))?,
                organization: row.organization,
                domain: row.domain,
                name: row.name,
                source: row.source,
                source_name: row.source_name,
                quantity: row.quantity,
                used: row.used.max(0),
                ends,
                days_left,
                reminded: reminded.map(|at| zone.day_of(at)),
                remind_again: remind_again(reminded, now).map(|at| zone.day_of(at)),
            })
        })
        .collect()
}

fn place(organization: OrganizationId, language: Language, now: Moment, after: Option<After>) -> Vec<Value> {
    let after = after.unwrap_or(FIRST);
    vec![organization.0.into(), language.tag().into(), now.0.into(), after.ends.into(), after.id.into()]
}

/// The day of an end, and the days until then.
fn end(ends_at: i64, zone: &Zone, now: Moment) -> (Option<Day>, Option<i64>) {
    let day = (ends_at != NEVER).then(|| zone.day_of(Moment(ends_at)));
    (day, day.map(|day| zone.day_of(now).days_until(day)))
}

fn benefit(row: BenefitRow, zone: &Zone, now: Moment) -> Outcome<UnusedBenefit> {
    let broken = |column| Failure::broken("benefit_grant", column, row.id);
    let reminded = row.reminded_at.map(Moment);
    let (ends, days_left) = end(row.ends_at, zone, now);
    Ok(UnusedBenefit {
        grant: row.id.into(),
        category: Category::from_code(&row.category).ok_or_else(|| broken("category"))?,
        name: row.name,
        source: row.source,
        source_name: row.source_name,
        unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
        quantity: row.quantity,
        used: row.used.max(0),
        ends,
        days_left,
        reminded: reminded.map(|at| zone.day_of(at)),
        remind_again: remind_again(reminded, now).map(|at| zone.day_of(at)),
        place: After { ends: row.ends_at, id: row.id },
    })
}

#[derive(FromQueryResult)]
struct SeatRow {
    id: Uuid,
    row_version: i64,
    full_name: String,
    email: String,
    product: String,
    source: String,
    source_name: Option<String>,
    assigned_at: i64,
    without_key: bool,
    locked_until: Option<i64>,
    ends_at: i64,
    reminded_at: Option<i64>,
}

/// Whether a seat `s` was used: where its product has a key for each holder that was shown once, else the holder was in
/// the portal since. Who is in the portal is noted every few minutes, so who was there just before counts as there:
/// `pause` is the place of that time. What somebody does in a vendor's own portal isn't known here. What was used once
/// stays so. `p` is the holder, `pr` the product.
pub(crate) fn used(pause: &str) -> String {
    format!(
        "case when pr.kind = 'single_key'
            then exists (select 1 from product_key k where k.seat_id = s.id)
            else p.last_seen_at >= s.assigned_at - {pause} end"
    )
}

/// A seat counts as idle a week after it was assigned, which is `$2` or earlier, while it isn't used. Those of which
/// that is known aren't looked at; `$3` is the pause of [`used`].
fn idle_seats() -> String {
    format!(
        "select s.id, coalesce(g.expires_at, g.holding_ends_at, {NEVER}) as ends_at
        from benefit_grant g
        join organization o on o.id = g.organization_id and o.portal_state = 'member'
        join product pr on pr.id = g.product_id
        join seat s on s.grant_id = g.id and s.released_at is null and not s.was_used
        join person p on p.id = s.person_id
        where g.organization_id = $1 and g.state = 'granted' and s.assigned_at <= $2 and not ({})",
        used("$3")
    )
}

/// The seats of a company that were used since such were marked last; looked up outside of the transaction that marks
/// them, because those that nobody uses are looked at each time.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn used_meanwhile(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<SeatId>> {
    #[derive(FromQueryResult)]
    struct Used {
        id: Uuid,
    }
    let text = format!(
        "select s.id from benefit_grant g join product pr on pr.id = g.product_id
        join seat s on s.grant_id = g.id and s.released_at is null and not s.was_used
        join person p on p.id = s.person_id
        where g.organization_id = $1 and g.state = 'granted' and {} order by s.id",
        used("$2")
    );
    let values = [organization.0.into(), (NOTED_EVERY_SECONDS * 1000).into()];
    let seats = sql::all::<Used>(connection, &text, values).await?;
    Ok(seats.into_iter().map(|seat| seat.id.into()).collect())
}

/// Marks seats as used, so that the list of idle ones looks at the others only, however many seats there are.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn mark_used(
    service: &Service,
    connection: &impl ConnectionTrait,
    seats: &[SeatId],
) -> Outcome<()> {
    // One that somebody is taking back at this moment isn't waited for.
    let skip = if service.database.is_postgres() { "for no key update of s skip locked" } else { "" };
    let text = format!(
        "update seat set was_used = true where id in (select s.id from seat s
            where s.id in ({}) and s.released_at is null and not s.was_used {skip})",
        places(seats.len())
    );
    sql::run(connection, &text, seats.iter().map(|seat| Value::from(seat.0))).await?;
    Ok(())
}

fn of_seats(organization: OrganizationId, now: Moment) -> Vec<Value> {
    vec![organization.0.into(), now.plus_days(-IDLE_DAYS).0.into(), (NOTED_EVERY_SECONDS * 1000).into()]
}

/// Whether a seat isn't used.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn is_idle(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    seat: SeatId,
    now: Moment,
) -> Outcome<bool> {
    let text = format!("select count(*) as number from ({} and s.id = $4) u", idle_seats());
    let mut values = of_seats(organization, now);
    values.push(seat.0.into());
    Ok(sql::number(connection, &text, values).await? > 0)
}

/// Seats that aren't used. Those that were marked as used aren't read, and only those of the page are looked at any
/// closer.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn seats(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    language: Language,
    zone: &Zone,
    now: Moment,
    after: Option<After>,
) -> Outcome<Page<IdleSeat>> {
    let text = format!(
        "select s.id, s.row_version, a.full_name, a.email, t.name as product, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name, s.assigned_at,
            (pr.kind = 'single_key') as without_key, s.locked_until, u.ends_at,
            (select max(m.sent_at) from idle_reminder m where m.seat_id = s.id) as reminded_at
        from (select i.id, i.ends_at from ({}) i
            where i.ends_at >= $4 and (i.ends_at > $5 or i.ends_at = $5 and i.id > $6)
            order by i.ends_at, i.id limit {}) u
        join seat s on s.id = u.id
        join benefit_grant g on g.id = s.grant_id
        join product pr on pr.id = g.product_id
        join product_text t on t.product_id = pr.id and t.language = $7
        left join competency_area_text an on an.area = g.area and an.language = $7
        left join tier_text sn on sn.source = g.source and sn.language = $7
        join person p on p.id = s.person_id
        join account a on a.id = p.account_id
        order by u.ends_at, u.id",
        idle_seats(),
        IDLE_ROWS + 1
    );
    let after = after.unwrap_or(FIRST);
    let mut values = of_seats(organization, now);
    values.extend([now.0.into(), after.ends.into(), after.id.into(), language.tag().into()]);
    let mut rows = sql::all::<SeatRow>(connection, &text, values).await?;
    let more = rows.len() > IDLE_ROWS as usize;
    rows.truncate(IDLE_ROWS as usize);
    let rows: Vec<IdleSeat> = rows.into_iter().map(|row| seat(row, zone, now)).collect();
    let next = rows.last().filter(|_| more).map(|row| row.place);
    Ok((rows, next))
}

fn seat(row: SeatRow, zone: &Zone, now: Moment) -> IdleSeat {
    let reminded = row.reminded_at.map(Moment);
    let (ends, days_left) = end(row.ends_at, zone, now);
    IdleSeat {
        seat: row.id.into(),
        version: row.row_version,
        name: row.full_name,
        email: row.email,
        product: row.product,
        source: row.source,
        source_name: row.source_name,
        since: zone.day_of(Moment(row.assigned_at)),
        without_key: row.without_key,
        locked_until: row
            .locked_until
            .map(Moment)
            .filter(|until| *until > now)
            .map(|until| zone.day_of(until)),
        ends,
        days_left,
        reminded: reminded.map(|at| zone.day_of(at)),
        remind_again: remind_again(reminded, now).map(|at| zone.day_of(at)),
        place: After { ends: row.ends_at, id: row.id },
    }
}
