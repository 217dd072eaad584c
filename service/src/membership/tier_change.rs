//! What a paid change of level does to benefits and their holders, and how it is undone (rules 20, 21).

use domain::benefit::{ActivationState, SourceLabel};
use domain::ids::{GrantId, OrganizationId};
use domain::moment::Zone;
use domain::seat::ReleaseReason;
use domain::tier_change::{Benefit, successors};
use domain::{AuditAction, Day, ErrorCode, Language, Moment};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::carry::{Way, carry};
use crate::activations::withdraw::withdraw;
use crate::assignments::{release, seat_requests};
use crate::audit::Event;
use crate::benefits::{grants, products};
use crate::change::Change;
use crate::failure::Failure;
use crate::individual_grants::quantities;
use crate::insight::unused;
use crate::live::Changed;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::Person;
use crate::sessions::NOTED_EVERY_SECONDS;
use crate::{Outcome, sql};

/// Grants of a holding that don't run out with an activation of their own; `$1` holding.
const GRANTS: &str = "select g.id, g.product_id, g.source, g.area from benefit_grant g
    where g.holding_id = $1 and g.state = 'granted'
        and not (g.category = 'go_to_market' and g.activation_state in ('requested', 'processing', 'active'))";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    product_id: Uuid,
    source: String,
    area: Option<String>,
}

/// A grant in force as the rule sees it.
pub(crate) struct OfHolding {
    pub(crate) id: GrantId,
    pub(crate) benefit: Benefit,
}

/// The grants of a holding that a change of its level is about; `further` narrows them down.
pub(crate) async fn of_holding(
    connection: &impl ConnectionTrait,
    holding: Uuid,
    further: &str,
) -> Outcome<Vec<OfHolding>> {
    let text = format!("{GRANTS} {further} order by g.granted_at, g.id");
    sql::all::<Row>(connection, &text, [holding.into()])
        .await?
        .into_iter()
        .map(|row| {
            Ok(OfHolding {
                id: GrantId(row.id),
                benefit: Benefit {
                    product: row.product_id.into(),
                    source: SourceLabel::from_code(&row.source)
                        .ok_or_else(|| Failure::broken("benefit_grant", "source", row.id))?,
                    area: row.area,
                },
            })
        })
        .collect()
}

/// Hands the benefits of the old level over to the new one, whose grants are there, and ends what has no
/// counterpart: its holders are told, and stay listed as former ones.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a code that isn't known.
pub(crate) async fn hand_over(
    change: &mut Change<'_>,
    organization: OrganizationId,
    old: Uuid,
    new: Uuid,
) -> Outcome<()> {
    let leaving = of_holding(&change.transaction, old, "").await?;
    let coming = of_holding(&change.transaction, new, "and g.follows_id is null").await?;
    let benefits = |of: &[OfHolding]| of.iter().map(|grant| grant.benefit.clone()).collect::<Vec<_>>();
    for (from, to) in successors(&benefits(&leaving), &benefits(&coming)) {
        let (Some(from), Some(to)) = (leaving.get(from), coming.get(to)) else { continue };
        let text = "update benefit_grant set follows_id = $2 where id = $1 and follows_id is null";
        sql::run(&change.transaction, text, [to.id.0.into(), from.id.0.into()]).await?;
    }
    carry(change, Way::On, organization.0).await?;
    let mut ended = 0;
    for leaving in of_holding(&change.transaction, old, "").await? {
        end(change, organization, leaving.id).await?;
        ended += 1;
    }
    // What of a product is left has what an individual grant says about all of it.
    Box::pin(quantities::settle(change, organization)).await?;
    tell(change, organization, new, "tier_changed").await?;
    change.record(
        Event::new(organization, AuditAction::TierChanged, "holding", new)
            .after(format!("benefits {} ended {ended}", coming.len())),
    );
    Ok(())
}

/// Tells whoever looks after the membership of a change of level, or that it was taken back, in their language.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn tell(
    change: &mut Change<'_>,
    organization: OrganizationId,
    new: Uuid,
    kind: &'static str,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Changed {
        language: String,
        offer: String,
        company: String,
        number: i64,
        anniversary_at: i64,
        time_zone: String,
    }
    let text =
        "select t.language, t.name as offer, c.name as company, s.number, h.anniversary_at, c.time_zone
        from holding h join order_line l on l.id = h.order_line_id join orders s on s.id = l.order_id
        join organization c on c.id = h.organization_id join offer_text t on t.offer_id = h.offer_id
        where h.id = $1 and h.organization_id = $2";
    let values = [new.into(), organization.0.into()];
    let changed = sql::all::<Changed>(&change.transaction, text, values).await?;
    let Some(first) = changed.first() else { return Ok(()) };
    let former = format!("select count(*) as number {FORMER}");
    let values = [organization.0.into(), first.number.into()];
    let former = sql::number(&change.transaction, &former, values).await?;
    let ends = Zone::named(&first.time_zone).day_of(Moment(first.anniversary_at));
    for reader in readers(&change.transaction, organization).await? {
        let Some(changed) = changed.iter().find(|row| row.language == reader.language.tag()) else {
            continue;
        };
        change.post(Letter {
            organization: Some(organization),
            account: Some(reader.account),
            recipient: reader.email,
            language: reader.language,
            kind,
            values: vec![
                ("person", reader.name),
                ("offer", changed.offer.clone()),
                ("company", changed.company.clone()),
                ("number", changed.number.to_string()),
                ("ends", format::date(reader.language, ends)),
                ("former", format::number(reader.language, former)),
            ],
            path: format!("/orders/{}", changed.number),
            secret: None,
            dates: Vec::new(),
        });
    }
    Ok(())
}

async fn end(change: &mut Change<'_>, organization: OrganizationId, id: GrantId) -> Outcome<()> {
    grants::hold(change, id).await?;
    let grant = grants::find(&change.transaction, organization, id).await?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    release::end_all(change, &grant, ReleaseReason::TierChanged, &texts).await?;
    seat_requests::refuse_all(change, &grant, ReleaseReason::TierChanged, &texts).await?;
    let waiting = [ActivationState::Requested, ActivationState::Processing];
    withdraw(change, organization, id, &waiting, None).await?;
    let text = "update benefit_grant set state = 'ended', ended_at = $2, row_version = row_version + 1,
            activation_state = case when activation_state in ('requested', 'processing')
                then 'withdrawn' else activation_state end
        where id = $1";
    sql::run(&change.transaction, text, [id.0.into(), change.now.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::GrantEnded, "grant", id)
            .grant(id)
            .before("granted")
            .after("ended"),
    );
    change.tell(Changed::Grant(organization, id));
    Ok(())
}

/// A change of level that is taken back: the holding that is in force again, and the moment of the change in
/// milliseconds.
pub(crate) struct Reopened {
    pub(crate) holding: Uuid,
    pub(crate) changed_at: i64,
}

/// Puts the benefits of a holding that ended with a change of its level in force again.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn reopen(change: &Change<'_>, old: Uuid) -> Outcome<()> {
    // What the clock would have ended meanwhile stays so.
    let text = "update benefit_grant set state = 'granted', ended_at = null, row_version = row_version + 1
        where holding_id = $1 and state = 'ended' and coalesce(expires_at, holding_ends_at + 2592000000) >= $2
            and not exists (select 1 from benefit_grant n where n.follows_id = benefit_grant.id
                and n.state <> 'withdrawn')";
    sql::run(&change.transaction, text, [old.into(), change.now.0.into()]).await?;
    Ok(())
}

/// Gives the holders of benefits that ended with a change of level, and are in force again, new seats with the keys
/// that were bound to the old ones. Pools have what they are to have by then: an individual grant may be over since.
/// Whoever has left the company meanwhile is left out, and so is support, which is set up anew with each assignment.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn give_back(
    change: &mut Change<'_>,
    organization: OrganizationId,
    reopened: &Reopened,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Lost {
        id: Uuid,
        grant_id: Uuid,
        person_id: Uuid,
        account_id: Uuid,
        full_name: String,
        email: String,
        language: String,
        product: String,
    }
    let text = "select s.id, s.grant_id, s.person_id, a.id as account_id, a.full_name, a.email, a.language,
            t.name as product
        from seat s
        join benefit_grant g on g.id = s.grant_id and g.holding_id = $1 and g.state = 'granted'
            and g.category <> 'technical'
        join person p on p.id = s.person_id and p.status in ('active', 'invited')
        join account a on a.id = p.account_id
        join product_text t on t.product_id = g.product_id and t.language = a.language
        where s.release_reason = $2 and s.released_at = $3 and not exists (select 1 from seat o where o.grant_id = s.grant_id
            and o.person_id = s.person_id and o.released_at is null)
        order by s.assigned_at, s.id";
    let values =
        [reopened.holding.into(), ReleaseReason::TierChanged.code().into(), reopened.changed_at.into()];
    for lost in sql::all::<Lost>(&change.transaction, text, values).await? {
        let seat = change.service().new_id();
        // A pool that was over-allocated gives back only what it has: nobody new, and nobody again. Whoever used the
        // old seat is not asked to use the new one.
        let text = format!(
            "insert into seat (id, organization_id, grant_id, pool_id, person_id, alternate_email, assigned_at,
                assigned_by, locked_until, was_used)
            select $2, s.organization_id, s.grant_id, s.pool_id, s.person_id, s.alternate_email, $3,
                s.assigned_by, s.locked_until, s.was_used or coalesce({}, false)
            from seat s join pool l on l.id = s.pool_id join person p on p.id = s.person_id
            join benefit_grant g on g.id = s.grant_id join product pr on pr.id = g.product_id
            where s.id = $1 and (l.quantity is null or l.used + l.used_before < l.quantity)",
            unused::used("$4")
        );
        let pause = NOTED_EVERY_SECONDS * 1000;
        let values: [Value; 4] = [lost.id.into(), seat.into(), change.now.0.into(), pause.into()];
        if sql::run(&change.transaction, &text, values).await? == 0 {
            continue;
        }
        let text = "update product_key set seat_id = $2, state = 'held', row_version = row_version + 1
            where seat_id = $1 and state = 'spent'";
        sql::run(&change.transaction, text, [lost.id.into(), seat.into()]).await?;
        change.record(
            Event::new(organization, AuditAction::SeatAssigned, "seat", seat)
                .grant(lost.grant_id)
                .person(lost.person_id)
                .after("given back"),
        );
        let language = Language::from_tag(&lost.language).unwrap_or_default();
        change.post(Letter {
            organization: Some(organization),
            account: Some(lost.account_id.into()),
            recipient: lost.email,
            language,
            kind: "seat_given_back",
            values: vec![("person", lost.full_name), ("product", lost.product)],
            path: "/my-benefits".to_owned(),
            secret: None,
            dates: Vec::new(),
        });
        change.tell(Changed::Grant(organization, GrantId(lost.grant_id)));
    }
    Ok(())
}

/// Somebody who lost a seat with a change of level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FormerHolder {
    /// The product in the reader's language.
    pub product: String,
    /// The holder.
    pub name: String,
    /// The holder's address.
    pub email: String,
    /// When the seat was assigned.
    pub assigned: Day,
    /// When it ended.
    pub ended: Day,
}

/// Those who lost a seat with the change of level that an order brought; `$1` organization, `$2` number.
pub(crate) const FORMER: &str = "from seat s
    join benefit_grant g on g.id = s.grant_id
    join order_line l on l.of_holding_id = g.holding_id and l.kind = 'tier_change'
        and l.state in ('active', 'refunded')
    join orders o on o.id = l.order_id and o.organization_id = $1 and o.number = $2
    where s.release_reason = 'tier_changed' and s.released_at = o.paid_at";

/// Those who lost a seat, by product and name.
///
/// # Errors
/// [`ErrorCode::NotFound`] for an order that isn't the company's, or changes no level.
pub(crate) async fn former(
    connection: &impl ConnectionTrait,
    person: &Person,
    number: i64,
    language: Language,
) -> Outcome<Vec<FormerHolder>> {
    #[derive(FromQueryResult)]
    struct Former {
        product: String,
        name: String,
        email: String,
        assigned_at: i64,
        released_at: i64,
    }
    let organization = person.organization;
    let text = "select count(*) as number from orders o join order_line l on l.order_id = o.id
        where o.organization_id = $1 and o.number = $2 and l.kind = 'tier_change'";
    if sql::number(connection, text, [organization.0.into(), number.into()]).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    let text = format!(
        "select t.name as product, a.full_name as name, a.email, s.assigned_at, s.released_at
        from (select s.id {FORMER}) f join seat s on s.id = f.id
        join benefit_grant g on g.id = s.grant_id
        join product_text t on t.product_id = g.product_id and t.language = $3
        join person p on p.id = s.person_id join account a on a.id = p.account_id
        order by t.name_key, p.sort_name, s.id"
    );
    let values = [organization.0.into(), number.into(), language.tag().into()];
    let zone = person.zone();
    Ok(sql::all::<Former>(connection, &text, values)
        .await?
        .into_iter()
        .map(|row| FormerHolder {
            product: row.product,
            name: row.name,
            email: row.email,
            assigned: zone.day_of(Moment(row.assigned_at)),
            ended: zone.day_of(Moment(row.released_at)),
        })
        .collect())
}
