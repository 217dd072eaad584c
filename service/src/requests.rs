//! Service requests: what waits for the operators, and what became of it.

pub mod advisory;
pub mod global_admin;
pub mod list;
pub mod messages;

use domain::Moment;
use domain::ids::{GrantId, OrganizationId, PersonId};
use domain::moment::Zone;
use domain::view::requests::{RequestKind, RequestState};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use uuid::Uuid;

use crate::change::Change;
use crate::entity::service_request;
use crate::live::Changed;
use crate::request::Person;
use crate::{Outcome, policies, sql};

/// A request that begins.
pub(crate) struct NewRequest {
    pub(crate) kind: RequestKind,
    /// Which benefit it is about, or charged to.
    pub(crate) grant: Option<GrantId>,
    pub(crate) activation: Option<Uuid>,
    /// What operators read in their queue.
    pub(crate) title: String,
    /// What belongs to the kind, as JSON.
    pub(crate) details: String,
    /// The last moment at which it is on time.
    pub(crate) target: Moment,
}

/// Writes a request into the queue and gives its number.
pub(crate) async fn open(change: &mut Change<'_>, person: &Person, new: NewRequest) -> Outcome<i64> {
    open_for(change, person.organization, person.id, new).await
}

/// Writes a request of somebody who isn't there into the queue and gives its number.
pub(crate) async fn open_for(
    change: &mut Change<'_>,
    organization: OrganizationId,
    person: PersonId,
    new: NewRequest,
) -> Outcome<i64> {
    let number = next_number(&change.transaction).await?;
    let row = service_request::ActiveModel {
        id: Set(change.service().new_id()),
        number: Set(number),
        organization_id: Set(organization.0),
        kind: Set(new.kind.code().to_owned()),
        state: Set(RequestState::Requested.code().to_owned()),
        open: Set(true),
        grant_id: Set(new.grant.map(|grant| grant.0)),
        activation_id: Set(new.activation),
        order_line_id: Set(None),
        title_key: Set(sql::folded(&new.title)),
        title: Set(new.title),
        details: Set(new.details),
        requested_by: Set(person.0),
        requested_at: Set(change.now.0),
        target_at: Set(new.target.0),
        owner_id: Set(None),
        decided_at: Set(None),
        decided_by: Set(None),
        reason: Set(None),
        row_version: Set(1),
    };
    service_request::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.tell(Changed::Organization(organization));
    change.tell(Changed::Queue);
    Ok(number)
}

/// The last moment at which a request of that kind, made now, is on time.
pub(crate) async fn target(change: &Change<'_>, kind: RequestKind, zone: &Zone) -> Outcome<Moment> {
    let policies = policies::in_force(&change.transaction).await?;
    Ok(policies.target_days.target(kind, change.now, zone))
}

/// The next number of a service request, over all companies; never given twice.
pub(crate) async fn next_number(connection: &impl ConnectionTrait) -> Outcome<i64> {
    let text = "insert into number_sequence (name, value) values ('service_request', 20001)
        on conflict (name) do update set value = number_sequence.value + 1 returning value as number";
    Ok(sql::number(connection, text, []).await?)
}

/// Closes the request of an activation that was taken back before an operator completed it.
pub(crate) async fn close_for_activation(
    connection: &impl ConnectionTrait,
    activation: Uuid,
    at: i64,
    by: Option<Uuid>,
) -> Outcome<()> {
    let text =
        "update service_request set state = 'withdrawn', open = false, decided_at = $2, decided_by = $3,
            row_version = row_version + 1
        where activation_id = $1 and open";
    sql::run(connection, text, [activation.into(), at.into(), by.into()]).await?;
    Ok(())
}
