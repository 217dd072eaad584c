//! The audit trail: append-only, one hash chain an organization, people by id only.

mod anchor;
mod denied;
mod retention;
mod verify;

use std::collections::HashMap;

use domain::audit::ActorKind;
use domain::ids::{AccountId, GrantId, OrganizationId, PersonId};
use domain::{AuditAction, Moment};
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, EntityTrait, FromQueryResult, Set};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entity::{audit_event, audit_head};
use crate::failure::Failure;
use crate::request::{Actor, Request};
use crate::{Service, sql};

pub use anchor::{Adrift, Anchor, Anchored, adrift, heads};
pub use denied::{DENIED_AN_HOUR, denied};
pub use retention::remove_due;
pub use verify::{Chain, first_broken, verify};

/// Something that happened, without secrets and without names.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose chain it belongs to.
    pub organization: OrganizationId,
    /// What was done.
    pub action: AuditAction,
    /// The kind of thing it was done to.
    pub object_kind: &'static str,
    /// Which one.
    pub object: String,
    /// Its state before, as far as it matters.
    pub before: Option<String>,
    /// Its state after.
    pub after: Option<String>,
    /// Who did it, where that isn't whoever asks: nobody is signed in before signing in.
    pub actor: Option<(ActorKind, AccountId)>,
    /// The person it concerns, who sees it among the own activity.
    pub person: Option<Uuid>,
    /// The benefit it concerns.
    pub grant: Option<Uuid>,
}

impl Event {
    /// Something that happened to a thing.
    #[must_use]
    pub fn new(
        organization: OrganizationId,
        action: AuditAction,
        object_kind: &'static str,
        object: impl ToString,
    ) -> Self {
        Self {
            organization,
            action,
            object_kind,
            object: object.to_string(),
            before: None,
            after: None,
            actor: None,
            person: None,
            grant: None,
        }
    }

    /// The same event, done by an account that wasn't signed in yet.
    #[must_use]
    pub fn by(mut self, kind: ActorKind, account: AccountId) -> Self {
        self.actor = Some((kind, account));
        self
    }

    /// The same event with the person it concerns.
    #[must_use]
    pub fn person(mut self, person: impl Into<PersonId>) -> Self {
        self.person = Some(person.into().0);
        self
    }

    /// The same event with the benefit it concerns.
    #[must_use]
    pub fn grant(mut self, grant: impl Into<GrantId>) -> Self {
        self.grant = Some(grant.into().0);
        self
    }

    /// The same event with the state before.
    #[must_use]
    pub fn before(mut self, state: impl ToString) -> Self {
        self.before = Some(state.to_string());
        self
    }

    /// The same event with the state after.
    #[must_use]
    pub fn after(mut self, state: impl ToString) -> Self {
        self.after = Some(state.to_string());
        self
    }
}

#[derive(FromQueryResult)]
struct Head {
    sequence: i64,
    hash: Vec<u8>,
}

/// Appends the events to their chains.
pub(crate) async fn write(
    service: &Service,
    transaction: &DatabaseTransaction,
    request: &Request,
    mut events: Vec<Event>,
    now: Moment,
) -> Result<(), Failure> {
    events.sort_by_key(|event| event.organization);
    let asking = asking(request);
    let mut rows = Vec::with_capacity(events.len());
    let mut events = events.into_iter().peekable();
    while let Some(first) = events.next() {
        let organization = first.organization;
        let mut head = lock_head(service, transaction, organization.0).await?;
        let mut next = Some(first);
        while let Some(event) = next {
            let row = following(event, head, asking, request, now);
            let hash = link(&row);
            head = Head { sequence: row.sequence, hash: hash.clone() };
            rows.push(active(audit_event::Model { hash, ..row }));
            next = events.next_if(|event| event.organization == organization);
        }
        let text = "update audit_head set sequence = $2, hash = $3 where organization_id = $1";
        sql::run(transaction, text, [organization.0.into(), head.sequence.into(), head.hash.into()]).await?;
    }
    if !rows.is_empty() {
        audit_event::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Appends the events of many organizations, with few statements however many they are.
pub(crate) async fn write_many(
    service: &Service,
    transaction: &DatabaseTransaction,
    request: &Request,
    events: Vec<Event>,
    now: Moment,
) -> Result<(), Failure> {
    write_past(service, transaction, request, events.into_iter().map(|event| (now, event)).collect()).await
}

/// Appends events that happened earlier, each organization's in the order in which they did.
pub(crate) async fn write_past(
    service: &Service,
    transaction: &DatabaseTransaction,
    request: &Request,
    mut events: Vec<(Moment, Event)>,
) -> Result<(), Failure> {
    // Within one organization they keep their order.
    events.sort_by_key(|(_, event)| event.organization);
    let asking = asking(request);
    let mut organizations: Vec<Uuid> = events.iter().map(|(_, event)| event.organization.0).collect();
    organizations.dedup();
    let mut heads = HashMap::new();
    for some in organizations.chunks(AT_ONCE) {
        heads.extend(lock_heads(service, transaction, some).await?);
    }
    let mut rows = Vec::with_capacity(events.len());
    for (at, event) in events {
        let organization = event.organization.0;
        let head = heads.remove(&organization).unwrap_or(Head { sequence: 0, hash: vec![0; 32] });
        let row = following(event, head, asking, request, at);
        let hash = link(&row);
        heads.insert(organization, Head { sequence: row.sequence, hash: hash.clone() });
        rows.push(active(audit_event::Model { hash, ..row }));
    }
    let heads = organizations.iter().filter_map(|id| {
        let head = heads.remove(id)?;
        Some(audit_head::ActiveModel {
            organization_id: Set(*id),
            sequence: Set(head.sequence),
            hash: Set(head.hash),
            // Of a chain that is there already both stay: only what is new is replaced.
            removed_sequence: Set(0),
            removed_hash: Set(None),
        })
    });
    let heads: Vec<_> = heads.collect();
    let replaced = OnConflict::column(audit_head::Column::OrganizationId)
        .update_columns([audit_head::Column::Sequence, audit_head::Column::Hash])
        .to_owned();
    for some in heads.chunks(AT_ONCE) {
        let insert = audit_head::Entity::insert_many(some.to_vec()).on_conflict(replaced.clone());
        insert.exec_without_returning(transaction).await?;
    }
    for some in rows.chunks(AT_ONCE) {
        audit_event::Entity::insert_many(some.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// So many rows are read or written with one statement.
const AT_ONCE: usize = 500;

/// The heads of chains that there are already.
async fn lock_heads(
    service: &Service,
    transaction: &DatabaseTransaction,
    organizations: &[Uuid],
) -> Result<HashMap<Uuid, Head>, Failure> {
    #[derive(FromQueryResult)]
    struct Row {
        organization_id: Uuid,
        sequence: i64,
        hash: Vec<u8>,
    }
    let places: Vec<String> = (1..=organizations.len()).map(|place| format!("${place}")).collect();
    let lock = if service.database.is_postgres() { " for update" } else { "" };
    let text = format!(
        "select organization_id, sequence, hash from audit_head where organization_id in ({})
        order by organization_id{lock}",
        places.join(", ")
    );
    let values = organizations.iter().map(|id| (*id).into());
    let rows = sql::all::<Row>(transaction, &text, values).await?;
    let head = |row: Row| (row.organization_id, Head { sequence: row.sequence, hash: row.hash });
    Ok(rows.into_iter().map(head).collect())
}

/// Who asks, as an event names them.
fn asking(request: &Request) -> (ActorKind, Option<Uuid>) {
    match &request.actor {
        Actor::Nobody => (ActorKind::Nobody, None),
        Actor::Person(person) => (ActorKind::Person, Some(person.account.0)),
        Actor::Operator(operator) => (ActorKind::Operator, Some(operator.account.0)),
        Actor::Token(token) => (ActorKind::Token, Some(token.id.0)),
        Actor::Worker => (ActorKind::Worker, None),
    }
}

/// The event behind the head of its chain, still without a hash.
fn following(
    event: Event,
    head: Head,
    asking: (ActorKind, Option<Uuid>),
    request: &Request,
    now: Moment,
) -> audit_event::Model {
    let (actor_kind, actor_id) = event.actor.map_or(asking, |(kind, account)| (kind, Some(account.0)));
    audit_event::Model {
        organization_id: event.organization.0,
        sequence: head.sequence + 1,
        previous_hash: head.hash,
        hash: Vec::new(),
        at: now.0,
        actor_kind: actor_kind.code().to_owned(),
        actor_id,
        action: event.action.code().to_owned(),
        object_kind: event.object_kind.to_owned(),
        object_id: event.object,
        before_state: event.before,
        after_state: event.after,
        address: Some(request.address.clone()),
        request_id: Some(request.id.clone()),
        person_id: event.person,
        grant_id: event.grant,
    }
}

async fn lock_head(
    service: &Service,
    transaction: &DatabaseTransaction,
    organization: Uuid,
) -> Result<Head, Failure> {
    let text = if service.database.is_postgres() {
        "select sequence, hash from audit_head where organization_id = $1 for update"
    } else {
        "select sequence, hash from audit_head where organization_id = $1"
    };
    if let Some(head) = sql::one::<Head>(transaction, text, [organization.into()]).await? {
        return Ok(head);
    }
    let begin =
        "insert into audit_head (organization_id, sequence, hash) values ($1, 0, $2) on conflict do nothing";
    sql::run(transaction, begin, [organization.into(), vec![0_u8; 32].into()]).await?;
    sql::one::<Head>(transaction, text, [organization.into()])
        .await?
        .ok_or_else(|| Failure::broken("audit_head", "organization_id", organization))
}

/// Bytes as anchors and removals write them.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of an event: over everything it says and the hash before it, each part with its length,
/// so that nothing can move from one field to the next.
#[must_use]
pub fn link(event: &audit_event::Model) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut part = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => {
            digest.update((bytes.len() as u64 + 1).to_be_bytes());
            digest.update(bytes);
        }
        None => digest.update(0_u64.to_be_bytes()),
    };
    part(Some(&event.previous_hash));
    part(Some(event.organization_id.as_bytes()));
    part(Some(&event.sequence.to_be_bytes()));
    part(Some(&event.at.to_be_bytes()));
    part(Some(event.actor_kind.as_bytes()));
    part(event.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
    part(Some(event.action.as_bytes()));
    part(Some(event.object_kind.as_bytes()));
    part(Some(event.object_id.as_bytes()));
    part(event.before_state.as_deref().map(str::as_bytes));
    part(event.after_state.as_deref().map(str::as_bytes));
    part(event.address.as_deref().map(str::as_bytes));
    part(event.request_id.as_deref().map(str::as_bytes));
    // Events from before these columns hash as they did: nothing follows there.
    if event.person_id.is_some() || event.grant_id.is_some() {
        part(event.person_id.as_ref().map(|id| id.as_bytes().as_slice()));
        part(event.grant_id.as_ref().map(|id| id.as_bytes().as_slice()));
    }
    digest.finalize().to_vec()
}

fn active(event: audit_event::Model) -> audit_event::ActiveModel {
    audit_event::ActiveModel {
        organization_id: Set(event.organization_id),
        sequence: Set(event.sequence),
        previous_hash: Set(event.previous_hash),
        hash: Set(event.hash),
        at: Set(event.at),
        actor_kind: Set(event.actor_kind),
        actor_id: Set(event.actor_id),
        action: Set(event.action),
        object_kind: Set(event.object_kind),
        object_id: Set(event.object_id),
        before_state: Set(event.before_state),
        after_state: Set(event.after_state),
        address: Set(event.address),
        request_id: Set(event.request_id),
        person_id: Set(event.person_id),
        grant_id: Set(event.grant_id),
    }
}
