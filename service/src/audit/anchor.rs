//! Anchors: the heads of the chains as they once were, kept outside the database. Whoever owns the
//! database can rewrite a chain with its head; what was anchored before tells.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::ids::OrganizationId;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::hexadecimal;
use crate::{Database, Outcome, sql};

/// So many anchors of a chain are looked up at once.
const STEP: usize = 500;

/// The last event of a chain at some time, as a line says it: organization, number, hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// Whose chain; the nil id is the programme's own.
    pub organization: OrganizationId,
    /// Number of the event.
    pub sequence: i64,
    /// Its hash, over all events before it.
    pub hash: Vec<u8>,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.organization, self.sequence, hexadecimal(&self.hash))
    }
}

impl FromStr for Anchor {
    type Err = ();

    /// Reads the last three words of a line: what stands before them says when.
    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line.split_whitespace().rev();
        let mut word = || words.next().ok_or(());
        let (hash, sequence, organization) = (word()?, word()?, word()?);
        if hash.len() != 64 || !hash.is_ascii() {
            return Err(());
        }
        let byte = |at: usize| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).map_err(|_| ());
        Ok(Self {
            organization: OrganizationId(Uuid::try_parse(organization).map_err(|_| ())?),
            sequence: sequence.parse().ok().filter(|sequence| *sequence > 0).ok_or(())?,
            hash: (0..32).map(byte).collect::<Result<_, _>>()?,
        })
    }
}

/// A chain's head, ready to be anchored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchored {
    /// What to keep.
    pub anchor: Anchor,
    /// Name of the company; none is the programme, or a company that is gone.
    pub name: Option<String>,
    /// Whether the head is the last event that is there. Where it isn't, nothing should be anchored.
    pub fits: bool,
}

/// The heads of all chains that have events, in one state of the database.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn heads(database: &Database) -> Outcome<Vec<Anchored>> {
    #[derive(FromQueryResult)]
    struct Row {
        organization_id: Uuid,
        name: Option<String>,
        sequence: i64,
        hash: Vec<u8>,
        last: Option<i64>,
        last_hash: Option<Vec<u8>>,
    }
    let text = "select h.organization_id, o.name, h.sequence, h.hash,
            (select max(e.sequence) from audit_event e where e.organization_id = h.organization_id) as last,
            (select e.hash from audit_event e
                where e.organization_id = h.organization_id and e.sequence = h.sequence) as last_hash
        from audit_head h left join organization o on o.id = h.organization_id
        where h.sequence > 0
        order by o.name, h.organization_id";
    let snapshot = database.snapshot().await?;
    let rows = sql::all::<Row>(&snapshot, text, []).await?;
    Ok(rows
        .into_iter()
        .map(|row| Anchored {
            fits: row.last == Some(row.sequence) && row.last_hash.as_ref() == Some(&row.hash),
            name: row.name,
            anchor: Anchor {
                organization: OrganizationId(row.organization_id),
                sequence: row.sequence,
                hash: row.hash,
            },
        })
        .collect())
}

/// An anchor whose event is missing or isn't the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adrift {
    /// The anchor.
    pub anchor: Anchor,
    /// Name of the company, if there still is one.
    pub name: Option<String>,
}

/// The anchors that the trail no longer holds: the first of each chain. What retention has removed can't
/// be compared any more, except for its last event, whose hash the head keeps.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn adrift(database: &Database, anchors: &[Anchor]) -> Outcome<Vec<Adrift>> {
    #[derive(FromQueryResult)]
    struct Event {
        sequence: i64,
        hash: Vec<u8>,
    }
    #[derive(FromQueryResult)]
    struct Removed {
        removed_sequence: i64,
        removed_hash: Option<Vec<u8>>,
    }
    #[derive(FromQueryResult)]
    struct Named {
        name: String,
    }
    let mut chains: BTreeMap<OrganizationId, BTreeMap<i64, Vec<&Anchor>>> = BTreeMap::new();
    for anchor in anchors {
        chains.entry(anchor.organization).or_default().entry(anchor.sequence).or_default().push(anchor);
    }
    let snapshot = database.snapshot().await?;
    let mut found = Vec::new();
    'chains: for (organization, anchors) in chains {
        let text = "select removed_sequence, removed_hash from audit_head where organization_id = $1";
        let removed = sql::one::<Removed>(&snapshot, text, [organization.0.into()]).await?;
        let removed = removed.unwrap_or(Removed { removed_sequence: 0, removed_hash: None });
        let holds = |events: &BTreeMap<i64, Vec<u8>>, anchor: &Anchor| {
            let hash = match anchor.sequence.cmp(&removed.removed_sequence) {
                Ordering::Less => return true,
                Ordering::Equal => removed.removed_hash.as_ref(),
                Ordering::Greater => events.get(&anchor.sequence),
            };
            hash == Some(&anchor.hash)
        };
        let sequences: Vec<i64> = anchors.keys().copied().collect();
        for step in sequences.chunks(STEP) {
            let places: Vec<String> = (2..2 + step.len()).map(|at| format!("${at}")).collect();
            let text = format!(
                "select sequence, hash from audit_event where organization_id = $1 and sequence in ({})",
                places.join(", ")
            );
            let values =
                std::iter::once(Value::from(organization.0)).chain(step.iter().map(|at| (*at).into()));
            let events: BTreeMap<i64, Vec<u8>> = sql::all::<Event>(&snapshot, &text, values)
                .await?
                .into_iter()
                .map(|event| (event.sequence, event.hash))
                .collect();
            let lost =
                step.iter().filter_map(|at| anchors.get(at)).flatten().find(|anchor| !holds(&events, anchor));
            if let Some(anchor) = lost {
                let text = "select name from organization where id = $1";
                let name = sql::one::<Named>(&snapshot, text, [organization.0.into()]).await?;
                found.push(Adrift { anchor: (*anchor).clone(), name: name.map(|named| named.name) });
                continue 'chains;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Anchor;

    #[test]
    fn an_anchor_is_read_as_it_is_written() {
        let anchor =
            Anchor { organization: uuid::Uuid::from_u128(7).into(), sequence: 41, hash: (0..32).collect() };
        assert_eq!(anchor.to_string().parse(), Ok(anchor.clone()));
        assert_eq!(format!("2026-11-21T18:03:51+00:00 {anchor}").parse(), Ok(anchor.clone()));
        let line = anchor.to_string();
        for wrong in [
            "",
            "x",
            &line[1..],
            &line[..line.len() - 1],
            &line.replace(" 41 ", " 0 "),
            &line.replace("1f", "1g"),
        ] {
            assert_eq!(wrong.parse::<Anchor>(), Err(()), "{wrong}");
        }
    }
}
