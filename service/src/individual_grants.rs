//! Individual grants: a company has more or less of a product than its plan gives it, with a reason and a last day.
//!
//! What each pool then has is computed in one place, [`quantities`].

pub mod change;
pub mod company;
pub mod end;
mod letters;
pub mod list;
pub mod on_clock;
pub(crate) mod quantities;
pub mod set;
pub mod shown;
pub(crate) mod zone;

use domain::entitlement::Amount;
use domain::ids::{IndividualGrantId, OrganizationId, ProductId};
use domain::individual_grant::{Individual, IndividualKind, QUANTITY_MAX, REASON_MAX};
use domain::moment::Zone;
use domain::text::{Paragraph, whole_number};
use domain::{Day, Error, ErrorCode, Field, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::change::Change;
use crate::failure::Failure;
use crate::{Outcome, sql};

/// What a company is to have of a product, as it was typed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How much.
    pub quantity: String,
    /// Whether without limit, whatever the quantity says.
    pub unlimited: bool,
    /// Until the end of which day, in the company's time zone.
    pub ends: String,
    /// Why, as operators read it.
    pub reason: String,
    /// How many more in use than there will be were accepted, as the page said it.
    pub accepted: Option<i64>,
}

/// The same, checked.
struct Checked {
    amount: Amount,
    ends: Day,
    reason: Paragraph,
}

impl Wanted {
    fn checked(&self) -> Result<Checked, Error> {
        let mut faults = domain::error::Faults::default();
        let amount = if self.unlimited {
            Some(Amount::Unlimited)
        } else {
            faults.take(whole_number(Field::Quantity, &self.quantity, 0..=QUANTITY_MAX)).map(Amount::Of)
        };
        let ends = Day::parse(&self.ends);
        if ends.is_none() {
            let code =
                if self.ends.trim().is_empty() { ErrorCode::Required } else { ErrorCode::MalformedDate };
            faults.add(Field::Expires, code);
        }
        let reason = faults.take(Paragraph::parse(Field::Reason, &self.reason, REASON_MAX));
        faults.check()?;
        match (amount, ends, reason) {
            (Some(amount), Some(ends), Some(reason)) => Ok(Checked { amount, ends, reason }),
            _ => Err(ErrorCode::Invalid.into()),
        }
    }
}

/// How much, as a column has it.
const fn column(amount: Amount) -> Option<i64> {
    match amount {
        Amount::Of(amount) => Some(amount),
        Amount::Unlimited => None,
    }
}

/// How much, from a column.
fn amount(column: Option<i64>) -> Amount {
    column.map_or(Amount::Unlimited, Amount::Of)
}

/// How much, as the audit trail has it.
fn noted(amount: Option<Amount>) -> String {
    match amount {
        None => "none".to_owned(),
        Some(Amount::Of(amount)) => amount.to_string(),
        Some(Amount::Unlimited) => "unlimited".to_owned(),
    }
}

/// The last moment of a day in a zone; not one that is over.
fn last_moment(zone: &Zone, day: Day, now: Moment) -> Result<Moment, Error> {
    let end = zone.end_of(day);
    if end <= now { Err(Error::field(Field::Expires, ErrorCode::DateOrder)) } else { Ok(end) }
}

/// Refuses what leaves more in use than there is, unless as many were accepted (rule 12).
fn check_beyond(beyond: i64, accepted: Option<i64>) -> Result<(), Error> {
    if beyond == 0 || accepted.is_some_and(|accepted| beyond <= accepted) {
        return Ok(());
    }
    let fault = domain::FieldError { field: Field::Accept, code: ErrorCode::BelowUse, number: Some(beyond) };
    Err(fault.into())
}

/// A company whose individual grants change.
#[derive(FromQueryResult)]
struct Company {
    time_zone: String,
    portal_state: String,
}

impl Company {
    /// The company, locked: orders, renewals and whatever else decides about all of it wait, and so do those who
    /// would use more of it.
    async fn locked(change: &Change<'_>, organization: OrganizationId) -> Outcome<Self> {
        crate::people::roles::lock(change, organization).await?;
        quantities::hold_still(change, organization).await?;
        let text = "select time_zone, portal_state from organization where id = $1";
        let company = sql::one::<Self>(&change.transaction, text, [organization.0.into()]).await?;
        Ok(company.ok_or(ErrorCode::NotFound)?)
    }

    fn zone(&self) -> Zone {
        Zone::named(&self.time_zone)
    }
}

/// An individual grant, as its table has it.
#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    organization_id: Uuid,
    product_id: Uuid,
    kind: String,
    quantity: Option<i64>,
    ends_on: String,
    grant_id: Option<Uuid>,
    ended_at: Option<i64>,
    row_version: i64,
}

const COLUMNS: &str = "select id, organization_id, product_id, kind, quantity, ends_on, grant_id, ended_at, \
                       row_version from individual_grant";

impl Row {
    const fn id(&self) -> IndividualGrantId {
        IndividualGrantId(self.id)
    }

    const fn organization(&self) -> OrganizationId {
        OrganizationId(self.organization_id)
    }

    const fn product(&self) -> ProductId {
        ProductId(self.product_id)
    }

    fn individual(&self) -> Outcome<Individual> {
        let kind = IndividualKind::from_code(&self.kind)
            .ok_or_else(|| Failure::broken("individual_grant", "kind", self.id))?;
        Ok(Individual { kind, amount: amount(self.quantity) })
    }

    fn ends(&self) -> Outcome<Day> {
        Day::parse(&self.ends_on).ok_or_else(|| Failure::broken("individual_grant", "ends_on", self.id))
    }
}

async fn find(connection: &impl ConnectionTrait, id: IndividualGrantId) -> Outcome<Row> {
    let text = format!("{COLUMNS} where id = $1");
    let row = sql::one::<Row>(connection, &text, [id.0.into()]).await?;
    Ok(row.ok_or(ErrorCode::NotFound)?)
}

/// The individual grant with its company locked, as the page showed it. Of two operators at once the second one is
/// told that it has changed.
async fn claim(change: &Change<'_>, id: IndividualGrantId, version: i64) -> Outcome<(Row, Company)> {
    let organization = find(&change.transaction, id).await?.organization();
    let company = Company::locked(change, organization).await?;
    let row = find(&change.transaction, id).await?;
    if row.row_version != version {
        return Err(ErrorCode::Stale.into());
    }
    if row.ended_at.is_some() {
        return Err(ErrorCode::WrongState.into());
    }
    Ok((row, company))
}
