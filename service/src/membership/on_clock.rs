//! What the clock does to holdings: the company is reminded of the end of a year, the next one begins where it
//! was bought ahead, and the holding ends with the window after the year (rule 21).

use domain::ids::{HoldingId, OrderLineId, OrganizationId};
use domain::membership::{RENEWAL_WINDOW_DAYS, YearReminder, reminder_due};
use domain::moment::Zone;
use domain::{AuditAction, Day, Moment};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{entitle, renewal};
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::outbox::Letter;
use crate::people::add::organization_name;
use crate::people::roles;
use crate::purchases::list::tier_without;
use crate::reminders::calendar::Date;
use crate::reminders::readers::{Reader, readers};
use crate::request::Request;
use crate::wording::Wordings;
use crate::{Outcome, Service, sql};

/// So many holdings are looked at in a round.
const ROUND: u32 = 1000;
/// Where a mail leads.
const PAGE: &str = "/membership";

#[derive(FromQueryResult)]
struct Holding {
    id: Uuid,
    organization_id: Uuid,
    offer_id: Uuid,
    order_line_id: Uuid,
    anniversary_at: i64,
    time_zone: String,
}

impl Holding {
    const COLUMNS: &'static str = "h.id, h.organization_id, h.offer_id, h.order_line_id, h.anniversary_at,
        o.time_zone
        from holding h join organization o on o.id = h.organization_id";

    fn organization(&self) -> OrganizationId {
        OrganizationId(self.organization_id)
    }

    fn anniversary(&self) -> Day {
        Zone::named(&self.time_zone).day_of(Moment(self.anniversary_at))
    }

    fn last_use(&self) -> Day {
        self.anniversary().plus_days(RENEWAL_WINDOW_DAYS)
    }
}

/// Sends each reminder of a year that is due, once, to whoever renews; what can't be renewed here isn't told of.
/// Says how many holdings were reminded of.
///
/// # Errors
/// [`crate::Failure::Database`]; what was sent before stays sent.
pub async fn remind_due(service: &Service) -> Outcome<usize> {
    let now = service.now();
    // A day more at each end than in any zone; the zone decides.
    let text = format!(
        "select {} where h.state = 'active' and o.portal_state = 'member'
        and exists (select 1 from offer f where f.id = h.offer_id
            and f.tier in ('network', 'action_pack', 'silver', 'gold'))
        and not exists (select 1 from holding n where n.follows_id = h.id and n.state = 'coming') and (
            h.anniversary_at >= $1 and h.anniversary_at <= $2 and not exists (select 1
                from membership_reminder r where r.holding_id = h.id and r.kind = 'before_anniversary')
            or h.anniversary_at >= $3 and h.anniversary_at <= $4 and not exists (select 1
                from membership_reminder r where r.holding_id = h.id and r.kind = 'before_end'))
        order by h.anniversary_at, h.id limit {ROUND}",
        Holding::COLUMNS
    );
    let days = [-1, 16, -32, -22].map(|days| now.plus_days(days).0.into());
    let mut reminded = 0;
    for holding in sql::all::<Holding>(service.database.reader(), &text, days).await? {
        let today = Zone::named(&holding.time_zone).day_of(now);
        if let Some(reminder) = reminder_due(holding.anniversary(), today) {
            match remind(service, &holding, reminder).await {
                Ok(done) => reminded += usize::from(done),
                // The others don't wait for it.
                Err(failure) => {
                    tracing::error!(holding = %holding.id, cause = %failure, "nobody could be reminded of a holding");
                }
            }
        }
    }
    Ok(reminded)
}

async fn remind(service: &Service, holding: &Holding, reminder: YearReminder) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let text = "insert into membership_reminder (holding_id, kind, sent_at) values ($1, $2, $3)
        on conflict (holding_id, kind) do nothing";
    let values = [holding.id.into(), reminder.code().into(), change.now.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        // Sent before, or by another server at this moment.
        return Ok(false);
    }
    let (kind, date) = match reminder {
        YearReminder::BeforeAnniversary => ("membership_renew", holding.anniversary()),
        YearReminder::BeforeEnd => ("membership_last_days", holding.last_use()),
    };
    let wordings = Wordings::of(&change.transaction, [kind]).await?;
    for mut letter in letters(&change, holding, kind).await? {
        let date = Date {
            id: format!("{}-{}", holding.id, reminder.code()),
            day: date,
            title: letter.subject(&wordings),
            link: format!("{}{PAGE}", service.base_url),
        };
        letter.dates.push(date);
        change.post(letter);
    }
    change.record(
        Event::new(
            holding.organization(),
            AuditAction::MembershipReminded,
            "order_line",
            holding.order_line_id,
        )
        .after(reminder.code()),
    );
    change.commit(true).await
}

/// A letter to each who is told, in their language.
async fn letters(change: &Change<'_>, holding: &Holding, kind: &'static str) -> Outcome<Vec<Letter>> {
    #[derive(FromQueryResult)]
    struct Named {
        language: String,
        name: String,
    }
    let organization = holding.organization();
    let text = "select language, name from offer_text where offer_id = $1";
    let names = sql::all::<Named>(&change.transaction, text, [holding.offer_id.into()]).await?;
    let company = organization_name(&change.transaction, organization).await?;
    let letter = |reader: Reader| {
        let language = reader.language;
        let offer = names.iter().find(|named| named.language == language.tag());
        Letter {
            organization: Some(organization),
            account: Some(reader.account),
            recipient: reader.email,
            language,
            kind,
            values: vec![
                ("person", reader.name),
                ("offer", offer.map(|named| named.name.clone()).unwrap_or_default()),
                ("company", company.clone()),
                ("anniversary", format::date(language, holding.anniversary())),
                ("last_use", format::date(language, holding.last_use())),
            ],
            path: PAGE.to_owned(),
            secret: None,
            dates: Vec::new(),
        }
    };
    Ok(readers(&change.transaction, organization).await?.into_iter().map(letter).collect())
}

/// Begins the years that were bought ahead and whose day has come: the seats of the year before go over. Says
/// how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what began before stays so.
pub async fn begin_due(service: &Service) -> Outcome<usize> {
    let text = format!(
        "select {} where h.state = 'coming' and h.starts_at <= $1 order by h.starts_at, h.id limit {ROUND}",
        Holding::COLUMNS
    );
    let mut begun = 0;
    for holding in sql::all::<Holding>(service.database.reader(), &text, [service.now().0.into()]).await? {
        match begin(service, &holding).await {
            Ok(done) => begun += usize::from(done),
            // The others don't wait for it.
            Err(failure) => {
                tracing::error!(holding = %holding.id, cause = %failure, "a year could not begin");
            }
        }
    }
    Ok(begun)
}

async fn begin(service: &Service, holding: &Holding) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let organization = holding.organization();
    roles::lock(&change, organization).await?;
    if !renewal::begin(&mut change, organization, HoldingId(holding.id)).await? {
        return Ok(false);
    }
    settle_tier(&change.transaction, organization).await?;
    entitle::entitle(&mut change, organization).await?;
    change.tell(Changed::Organization(organization));
    change.commit(true).await
}

/// Ends the holdings whose last day, the renewal window included, is over; the company's tier follows
/// from what it still holds. What is still kept in the older portal is left to that one (rule 22). Says how many
/// there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was ended before stays ended.
pub async fn end_due(service: &Service) -> Outcome<usize> {
    let now = service.now();
    let text = format!(
        "select {} where h.state = 'active' and h.anniversary_at <= $1 and o.portal_state = 'member'
        and not exists (select 1 from holding n where n.follows_id = h.id and n.state = 'coming')
        order by h.anniversary_at, h.id limit {ROUND}",
        Holding::COLUMNS
    );
    let before = now.plus_days(1 - RENEWAL_WINDOW_DAYS);
    let mut ended = 0;
    for holding in sql::all::<Holding>(service.database.reader(), &text, [before.0.into()]).await? {
        if Zone::named(&holding.time_zone).day_of(now) > holding.last_use() {
            match end(service, &holding).await {
                Ok(done) => ended += usize::from(done),
                // The others don't wait for it.
                Err(failure) => {
                    tracing::error!(holding = %holding.id, cause = %failure, "a holding could not be ended");
                }
            }
        }
    }
    Ok(ended)
}

async fn end(service: &Service, holding: &Holding) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let organization = holding.organization();
    roles::lock(&change, organization).await?;
    let text = "update holding set state = 'ended', row_version = row_version + 1
        where id = $1 and state = 'active' and anniversary_at = $2";
    let values = [holding.id.into(), holding.anniversary_at.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Ok(false);
    }
    settle_tier(&change.transaction, organization).await?;
    // What several holdings bring comes once, with the oldest of them; now with one that is left.
    entitle::entitle(&mut change, organization).await?;
    for letter in letters(&change, holding, "membership_ended").await? {
        change.post(letter);
    }
    change.record(
        Event::new(organization, AuditAction::HoldingEnded, "order_line", holding.order_line_id)
            .before("active")
            .after("ended"),
    );
    change.tell(Changed::Organization(organization));
    change.commit(true).await
}

/// The tier is the highest that is still held.
pub(crate) async fn settle_tier(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<()> {
    let none = OrderLineId(Uuid::nil());
    let tier = tier_without(connection, organization, none, false).await?;
    let text =
        "update organization set tier = $2, row_version = row_version + 1 where id = $1 and tier <> $2";
    sql::run(connection, text, [organization.0.into(), tier.code().into()]).await?;
    Ok(())
}
