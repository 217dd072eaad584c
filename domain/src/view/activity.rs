//! The activity: who did what to what, and when.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::operator::Stamp;
use crate::audit::{ActivityKind, ActorKind};
use crate::ids::{OrganizationId, ProductId};
use crate::{AuditAction, Day, Error, ErrorCode};

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;
/// Above so many, events aren't counted: a page must not read a trail of millions.
pub const COUNTED: i64 = 10_000;
/// The same where it is looked for among what very many people or companies have.
pub const COUNTED_OF_MANY: i64 = 1_000;

/// An event: its number in a chain. A company's own pages leave out whose chain it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct EventKey {
    /// Whose chain, on operators' pages; the nil id is the programme's own.
    pub organization: Option<OrganizationId>,
    /// Number in the chain, from 1.
    pub sequence: i64,
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.organization {
            Some(organization) => write!(f, "{organization}.{}", self.sequence),
            None => write!(f, "{}", self.sequence),
        }
    }
}

impl FromStr for EventKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::new(ErrorCode::NotFound);
        let (organization, sequence) = match text.split_once('.') {
            Some((organization, sequence)) => {
                let id = Uuid::try_parse(organization).map_err(|_| unknown())?;
                (Some(OrganizationId(id)), sequence)
            }
            None => (None, text),
        };
        let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0).ok_or_else(unknown)?;
        Ok(Self { organization, sequence })
    }
}

/// What the address of the page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ActivityQuery {
    /// Part of a person's name or address; for operators also of a company's name.
    pub find: String,
    /// Only what concerns a benefit.
    pub product: Option<ProductId>,
    /// Only one kind.
    pub kind: Option<ActivityKind>,
    /// Only one action of that kind.
    pub action: Option<AuditAction>,
    /// From this day on.
    pub from: Option<Day>,
    /// Up to and with this day.
    pub to: Option<Day>,
    /// The event after which the page begins.
    pub after: Option<EventKey>,
    /// The row that is open.
    pub open: Option<EventKey>,
}

impl ActivityQuery {
    /// The same filters, without page and open row.
    #[must_use]
    pub fn filters(&self) -> Self {
        Self { after: None, open: None, ..self.clone() }
    }

    /// Whether anything is filtered.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.filters() != Self::default()
    }

    /// The query as it stands in an address.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.find.is_empty() {
            pairs.push(("find", self.find.clone()));
        }
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        put("benefit", self.product.map(|product| product.to_string()));
        put("kind", self.kind.map(|kind| kind.code().to_owned()));
        put("action", self.action.map(|action| action.code().to_owned()));
        put("from", self.from.map(|day| day.to_string()));
        put("to", self.to.map(|day| day.to_string()));
        put("after", self.after.map(|after| after.to_string()));
        put("open", self.open.map(|open| open.to_string()));
        pairs
    }

    /// The query that an address has; what it doesn't understand filters nothing.
    #[must_use]
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let kind = get("kind").and_then(|kind| ActivityKind::from_code(&kind));
        let action = get("action").and_then(|action| AuditAction::from_code(&action));
        Self {
            find: get("find").unwrap_or_default().chars().take(100).collect(),
            product: get("benefit").and_then(|product| product.parse().ok()),
            kind,
            // Of another kind it was chosen before the kind was.
            action: action.filter(|action| kind == Some(action.kind())),
            from: get("from").and_then(|day| Day::parse(&day)),
            to: get("to").and_then(|day| Day::parse(&day)),
            after: get("after").and_then(|after| after.parse().ok()),
            open: get("open").and_then(|open| open.parse().ok()),
        }
    }
}

/// A benefit by its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NamedBenefit {
    /// The product in the reader's language.
    pub name: String,
    /// Code of its source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
}

/// What something was done to, as far as it has a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Thing {
    /// What the row names beside: its person, its benefit.
    Beside,
    /// A request, by its number.
    Request(i64),
    /// A purchase, by its offer in the reader's language.
    Purchase(String),
    /// A policy, by its code.
    Policy(String),
    /// A form or a page, by its code.
    Form(String),
    /// Somebody's account.
    Account(String),
    /// An address from which somebody came.
    Address(String),
    /// The company itself.
    Company,
    /// Nothing that has a name.
    Unnamed,
}

/// An event in the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivityRow {
    /// Which one.
    pub key: EventKey,
    /// When, in the zone of the page.
    pub at: Stamp,
    /// Who acts.
    pub actor: ActorKind,
    /// The name, where the reader may know it and it is still kept.
    pub actor_name: Option<String>,
    /// Code of the action.
    pub action: String,
    /// The person it concerns.
    pub person: Option<String>,
    /// The benefit it concerns.
    pub benefit: Option<NamedBenefit>,
    /// What it was done to.
    pub thing: Thing,
    /// Whose chain it stands in, on operators' pages; none there is the programme's own.
    pub organization: Option<String>,
    /// From where; none where it came from nowhere, or isn't the reader's to know.
    pub address: Option<String>,
}

/// What an open row shows beside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivityDetail {
    /// The row itself, which may stand on another page.
    pub row: ActivityRow,
    /// The state before, as it was recorded.
    pub before: Option<String>,
    /// The state after, as it was recorded.
    pub after: Option<String>,
    /// Id of the request, for the log.
    pub request_id: Option<String>,
    /// The hash that ties the event to the one before, in hexadecimal.
    pub hash: String,
}

/// The activity with its open row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivityPage {
    /// Rows of this page, the latest first.
    pub rows: Vec<ActivityRow>,
    /// Events that the filters leave; above `counted` it says only that there are more.
    pub total: i64,
    /// Up to where they are counted: [`COUNTED`] or [`COUNTED_OF_MANY`].
    pub counted: i64,
    /// The event after which the next page begins.
    pub next: Option<EventKey>,
    /// The open row.
    pub open: Option<Box<ActivityDetail>>,
    /// Benefits to filter by.
    pub products: Vec<(ProductId, String)>,
    /// Kinds to filter by.
    pub kinds: Vec<ActivityKind>,
    /// Whether only what the reader did, and what concerns the reader, is here.
    pub only_own: bool,
    /// Name of the time zone of days and times.
    pub time_zone: String,
    /// The day before which events were removed; none where the trail is kept for ever.
    pub kept_from: Option<Day>,
}

#[cfg(test)]
mod tests {
    use super::{ActivityQuery, EventKey};
    use crate::Day;
    use crate::audit::ActivityKind;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for text in ["7".to_owned(), format!("{id}.9000000000")] {
            assert_eq!(text.parse::<EventKey>().map(|key| key.to_string()), Ok(text));
        }
        for text in ["", "0", "-1", "x", id, ".3", "7.7", &format!("{id}."), &format!("{id}.0")] {
            assert!(text.parse::<EventKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let query = ActivityQuery {
            find: "Ünal & 云".to_owned(),
            product: "01890a5d-ac96-774b-bcce-b302099a8057".parse().ok(),
            kind: Some(ActivityKind::Keys),
            action: ActivityKind::Keys.actions().next(),
            from: Day::parse("2026-11-01"),
            to: Day::parse("2026-11-21"),
            after: "12".parse().ok(),
            open: "7".parse().ok(),
        };
        let pairs = query.pairs();
        let get = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        assert_eq!(ActivityQuery::read(get), query);
        assert!(
            query.is_filtered() && !ActivityQuery { open: query.open, ..Default::default() }.is_filtered()
        );
        assert_eq!(ActivityQuery::read(|_| Some("?".to_owned())).pairs(), [("find", "?".to_owned())]);
    }
}
