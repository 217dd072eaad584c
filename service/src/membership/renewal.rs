//! What a paid line makes of a holding: its next year, bought ahead or in the window and begun at the anniversary,
//! or another level of it; and what a refund gives back of it (rule 21).

use domain::ids::{HoldingId, OrganizationId};
use domain::membership::{RENEWAL_WINDOW_DAYS, Year};
use domain::moment::Zone;
use domain::order::OrderKind;
use domain::renewal::next_year;
use domain::{AuditAction, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::carry::{Way, carry};
use super::entitle;
use super::tier_change::{self, Reopened};
use crate::audit::Event;
use crate::change::Change;
use crate::{Outcome, sql};

/// An order line that was just paid.
#[derive(FromQueryResult)]
pub(crate) struct PaidLine {
    pub(crate) id: Uuid,
    pub(crate) offer_id: Uuid,
    pub(crate) areas: String,
    pub(crate) kind: String,
    pub(crate) of_holding_id: Option<Uuid>,
    pub(crate) time_zone: String,
}

/// The year that a paid line gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaidYear {
    /// Its first moment.
    pub(crate) starts: Moment,
    /// Its last one.
    pub(crate) ends: Moment,
    /// Whether it follows a year that goes on until then, or went on until a moment ago.
    pub(crate) follows: bool,
    /// The holdings before and after a change of level.
    pub(crate) changed: Option<(Uuid, Uuid)>,
}

#[derive(FromQueryResult)]
struct Earlier {
    id: Uuid,
    order_line_id: Uuid,
    first_id: Option<Uuid>,
    anniversary_at: i64,
}

/// Writes the holding of a paid line. The next year of a holding begins where that one's ends; it waits until
/// then, and begins at once where that is over. Whoever pays for it only after the old one has ended had
/// nothing meanwhile, and gets a year from the payment.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn open(
    change: &mut Change<'_>,
    organization: OrganizationId,
    line: &PaidLine,
) -> Outcome<PaidYear> {
    let zone = Zone::named(&line.time_zone);
    let earlier = match line.of_holding_id {
        Some(id) => {
            let text = "select id, order_line_id, first_id, anniversary_at from holding
                where id = $1 and organization_id = $2 and state = 'active'";
            sql::one::<Earlier>(&change.transaction, text, [id.into(), organization.0.into()]).await?
        }
        None => None,
    };
    let renewed = earlier.as_ref().filter(|_| line.kind == OrderKind::Renewal.code());
    let (starts, ends) = match renewed {
        Some(earlier) => next_year(Moment(earlier.anniversary_at), &zone),
        None => (change.now, Year::from_purchase(change.now, &zone).ends_at(&zone)),
    };
    let follows = renewed.is_some();
    let id = change.service().new_id();
    let text = "insert into holding (id, organization_id, offer_id, order_line_id, areas, state, starts_at,
            anniversary_at, follows_id, first_id, catalogue_version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (select catalogue_version from programme))";
    let values = [
        id.into(),
        organization.0.into(),
        line.offer_id.into(),
        line.id.into(),
        line.areas.clone().into(),
        if follows { "coming" } else { "active" }.into(),
        starts.0.into(),
        ends.0.into(),
        earlier.as_ref().map(|earlier| earlier.id).into(),
        renewed.map(|earlier| earlier.first_id.unwrap_or(earlier.id)).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    if follows && starts <= change.now {
        begin(change, organization, HoldingId(id)).await?;
    }
    let changed = match earlier.filter(|_| line.kind == OrderKind::TierChange.code()) {
        Some(earlier) => {
            // What something else brings as well goes on with that one.
            entitle::hand_on(change, organization, earlier.order_line_id).await?;
            let text = "update holding set state = 'ended', row_version = row_version + 1 where id = $1";
            sql::run(&change.transaction, text, [earlier.id.into()]).await?;
            Some((earlier.id, id))
        }
        None => None,
    };
    Ok(PaidYear { starts, ends, follows, changed })
}

/// Begins a year that was bought ahead and ends the one before. Its benefits come with
/// [`super::entitle::entitle`], which the caller asks for. Says whether it was this call that did.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn begin(
    change: &mut Change<'_>,
    organization: OrganizationId,
    holding: HoldingId,
) -> Outcome<bool> {
    let text = "update holding set state = 'active', row_version = row_version + 1
        where id = $1 and organization_id = $2 and state = 'coming'";
    if sql::run(&change.transaction, text, [holding.0.into(), organization.0.into()]).await? == 0 {
        return Ok(false);
    }
    let text = "update holding set state = 'ended', row_version = row_version + 1
        where id = (select follows_id from holding where id = $1) and state = 'active'";
    sql::run(&change.transaction, text, [holding.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::HoldingRenewed, "holding", holding)
            .before("coming")
            .after("active"),
    );
    Ok(true)
}

#[derive(FromQueryResult)]
struct Taken {
    follows_id: Uuid,
    anniversary_at: i64,
    time_zone: String,
    kind: String,
    paid_at: Option<i64>,
}

/// Ends the holding of an order line that is refunded. Where it followed another one that would still be of
/// use, that one is in force again, with everything that had gone over: a refund takes away what was bought,
/// and nothing else. Gives the change of level that is taken back with it: its holders get their seats back with
/// [`tier_change::give_back`], once the pools are settled without what was bought.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn take_back(change: &Change<'_>, line: Uuid) -> Outcome<Option<Reopened>> {
    let text = "select e.id as follows_id, e.anniversary_at, o.time_zone, l.kind, s.paid_at
        from holding h join holding e on e.id = h.follows_id and e.state = 'ended'
        join order_line l on l.id = h.order_line_id join orders s on s.id = l.order_id
        join organization o on o.id = h.organization_id
        where h.order_line_id = $1 and h.state = 'active'";
    let earlier = sql::one::<Taken>(&change.transaction, text, [line.into()]).await?;
    let text = "update holding set state = 'cancelled', row_version = row_version + 1
        where order_line_id = $1 and state in ('active', 'coming')";
    sql::run(&change.transaction, text, [line.into()]).await?;
    let Some(earlier) = earlier else { return Ok(None) };
    let zone = Zone::named(&earlier.time_zone);
    let last_use = zone.day_of(Moment(earlier.anniversary_at)).plus_days(RENEWAL_WINDOW_DAYS);
    if zone.day_of(change.now) > last_use {
        return Ok(None);
    }
    carry(change, Way::Back, line).await?;
    let text = "update holding set state = 'active', row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [earlier.follows_id.into()]).await?;
    // Versions that were to reach what is held have passed it over: the clock brings the company to them again.
    let text =
        "update organization set entitled_version = (select catalogue_version from holding where id = $1)
        where id = (select organization_id from holding where id = $1)
            and entitled_version > (select catalogue_version from holding where id = $1)";
    sql::run(&change.transaction, text, [earlier.follows_id.into()]).await?;
    let Some(changed_at) = earlier.paid_at.filter(|_| earlier.kind == OrderKind::TierChange.code()) else {
        return Ok(None);
    };
    tier_change::reopen(change, earlier.follows_id).await?;
    Ok(Some(Reopened { holding: earlier.follows_id, changed_at }))
}
