//! The audit trail: append-only, one hash chain an organization, people by id only.

mod verify;

use domain::Moment;
use domain::ids::OrganizationId;
use sea_orm::{DatabaseTransaction, EntityTrait, FromQueryResult, Set};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::entity::audit_event;
use crate::failure::Failure;
use crate::request::{Actor, Request};
use crate::{Service, sql};

pub use verify::{Chain, first_broken, verify};

/// Something that happened, without secrets and without names.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose chain it belongs to.
    pub organization: OrganizationId,
    /// What was done, such as `seat_assigned`.
    pub action: &'static str,
    /// The kind of thing it was done to.
    pub object_kind: &'static str,
    /// Which one.
    pub object: String,
    /// Its state before, as far as it matters.
    pub before: Option<String>,
    /// Its state after.
    pub after: Option<String>,
}

impl Event {
    /// Something that happened to a thing.
    #[must_use]
    pub fn new(
        organization: OrganizationId,
        action: &'static str,
        object_kind: &'static str,
        object: impl ToString,
    ) -> Self {
        Self { organization, action, object_kind, object: object.to_string(), before: None, after: None }
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
    let (actor_kind, actor_id) = match &request.actor {
        Actor::Nobody => ("nobody", None),
        Actor::Person(person) => ("person", Some(person.account.0)),
        Actor::Operator(operator) => ("operator", Some(operator.account.0)),
        Actor::Worker => ("worker", None),
    };
    let mut rows = Vec::with_capacity(events.len());
    let mut events = events.into_iter().peekable();
    while let Some(first) = events.next() {
        let organization = first.organization;
        let mut head = lock_head(service, transaction, organization.0).await?;
        let mut next = Some(first);
        while let Some(event) = next {
            let row = audit_event::Model {
                organization_id: organization.0,
                sequence: head.sequence + 1,
                previous_hash: head.hash,
                hash: Vec::new(),
                at: now.0,
                actor_kind: actor_kind.to_owned(),
                actor_id,
                action: event.action.to_owned(),
                object_kind: event.object_kind.to_owned(),
                object_id: event.object,
                before_state: event.before,
                after_state: event.after,
                address: Some(request.address.clone()),
                request_id: Some(request.id.clone()),
            };
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
    }
}
