//! Access ID and Contract ID: shown on request to everybody of the organization (rule 13).

use domain::ErrorCode;
use domain::benefit::{ActivationState, Category, may_use};
use domain::ids::{GrantId, OrganizationId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::text::NineDigits;
use domain::{AuditAction, Field, Moment};
use sea_orm::ConnectionTrait;

use super::complete::place;
use super::{latest, state_of};
use crate::audit::Event;
use crate::benefits::grants;
use crate::change::{Begun, Change};
use crate::entity::activation::Model as Activation;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights};

/// The numbers that one enters with a support request.
#[derive(Clone, Debug)]
pub struct SupportIds {
    /// Access ID.
    pub access_id: NineDigits,
    /// Contract ID.
    pub contract_id: NineDigits,
}

/// Shows Access ID and Contract ID of an active benefit and records who saw them.
///
/// The same operation shows them again and records nothing more; neither its stored outcome nor the
/// event has a number.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::RoleNeeded`]; [`ErrorCode::WrongKind`];
/// [`ErrorCode::WrongState`] where it isn't active, or was activated without numbers; those of
/// [`may_use`].
pub async fn reveal(
    service: &Service,
    request: &Request,
    operation: OperationId,
    grant: GrantId,
) -> Outcome<SupportIds> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ViewSupportIds, &policies).await?;
    let operation = Operation::new(operation, "show_support_ids", &grant);
    let mut change = match Change::begin::<()>(service, request, operation).await? {
        Begun::Before(()) => {
            return active_ids(service, reader, person.organization, grant).await.map(|(_, ids)| ids);
        }
        Begun::New(change) => change,
    };
    let (activation, ids) = active_ids(service, &change.transaction, person.organization, grant).await?;
    change.record(
        Event::new(person.organization, AuditAction::SupportIdsShown, "activation", activation.id)
            .grant(grant),
    );
    change.commit(()).await?;
    Ok(ids)
}

/// Whether the activation has numbers to show at the moment.
pub(super) fn can_show(activation: &Activation, now: Moment) -> Outcome<bool> {
    Ok(state_of(activation)? == ActivationState::Active
        && activation.expires_at.is_none_or(|last| now.0 <= last)
        && activation.access_id.is_some()
        && activation.contract_id.is_some())
}

async fn active_ids(
    service: &Service,
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: GrantId,
) -> Outcome<(Activation, SupportIds)> {
    let grant = grants::find(connection, organization, grant).await?;
    if grant.category != Category::Technical {
        return Err(ErrorCode::WrongKind.into());
    }
    may_use(&grant.facts, service.now())?;
    let activation = latest(connection, grant.id).await?.ok_or(ErrorCode::WrongState)?;
    if !can_show(&activation, service.now())? {
        return Err(ErrorCode::WrongState.into());
    }
    let open = |sealed: &Option<Vec<u8>>, name: &'static str, field: Field| {
        let broken = || Failure::broken("activation", name, activation.id);
        let sealed = sealed.as_deref().ok_or_else(broken)?;
        let number = service.vault.open(&place(activation.id, name), sealed)?;
        NineDigits::parse(field, &number).map_err(|_| broken())
    };
    let ids = SupportIds {
        access_id: open(&activation.access_id, "access_id", Field::AccessId)?,
        contract_id: open(&activation.contract_id, "contract_id", Field::ContractId)?,
    };
    Ok((activation, ids))
}
