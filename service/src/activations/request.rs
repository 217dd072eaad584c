//! Asking for an activation, and taking the request back; completing it is never the partner's
//! (rules 13, 16).

use domain::benefit::{ActivationState, ActivationStep, By, Category, may_start};
use domain::ids::{GrantId, OrganizationId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::view::requests::RequestKind;
use domain::{AuditAction, ErrorCode, Language, Policies};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use uuid::Uuid;

use super::{latest, move_to, settle_grant, state_or_available};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products::{self, ProductTexts};
use crate::change::{Begun, Change};
use crate::entity::activation;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::requests::{self, NewRequest};
use crate::{Outcome, Service, policies, rights, sql};

/// What to activate.
#[derive(Clone, Debug)]
pub struct ActivateGrant {
    /// The grant.
    pub grant: GrantId,
    /// Its version as the page showed it.
    pub version: i64,
}

/// Asks for the activation of a technical benefit (edition C) or of a go-to-market benefit. Gives
/// the number of the service request that operators complete.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::WrongKind`] where it isn't activated for the company;
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::ContactMissing`] for go-to-market without a marketing
/// contact; [`ErrorCode::WrongState`] where it runs already or is over; [`ErrorCode::Stale`];
/// [`ErrorCode::NothingGranted`]; those of [`may_start`].
pub async fn activate(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: ActivateGrant,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let grant = grants::find(reader, person.organization, input.grant).await?;
    rights::check(reader, person, right(&grant, &policies)?, &policies).await?;
    let operation = Operation::new(operation, "activate", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    grants::hold(&change, input.grant).await?;
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    may_start(&grant.facts, change.now)?;
    grant.capacity.check_any()?;
    let before = latest(&change.transaction, grant.id).await?;
    let state = state_or_available(before.as_ref())?;
    let state = state.step(first_step(state), By::Partner)?;
    if grant.version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    if grant.category == Category::GoToMarket
        && !has_contact(&change.transaction, person.organization).await?
    {
        return Err(ErrorCode::ContactMissing.into());
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    let number = start(&mut change, person, &grant, state, None, &texts).await?;
    change.commit(number).await
}

/// Takes a request back that no operator has completed yet. Gives its number.
///
/// # Errors
/// As [`activate`]; [`ErrorCode::WrongState`] where there is nothing to take back.
pub async fn withdraw(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: ActivateGrant,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let grant = grants::find(reader, person.organization, input.grant).await?;
    rights::check(reader, person, right(&grant, &policies)?, &policies).await?;
    let operation = Operation::new(operation, "withdraw_activation", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    if grant.facts.read_only {
        return Err(ErrorCode::ReadOnly.into());
    }
    let activation = latest(&change.transaction, grant.id).await?.ok_or(ErrorCode::WrongState)?;
    let state = super::state_of(&activation)?;
    if !state.is_open() {
        return Err(ErrorCode::WrongState.into());
    }
    let next = state.step(ActivationStep::Withdraw, By::Partner)?;
    if grant.version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    move_to(&change, &activation, next).await?;
    let now = change.now.0;
    requests::close_for_activation(&change.transaction, activation.id, now, Some(person.account.0)).await?;
    settle_grant(&change.transaction, grant.id).await?;
    let text = "select number from service_request where activation_id = $1";
    let number = sql::number(&change.transaction, text, [activation.id.into()]).await?;
    change.record(
        Event::new(person.organization, AuditAction::ActivationWithdrawn, "activation", activation.id)
            .grant(grant.id)
            .before(state.code())
            .after(next.code()),
    );
    change.tell(Changed::Grant(person.organization, grant.id));
    change.tell(Changed::Queue);
    change.commit(number).await
}

/// The right that activating the grant takes.
pub(super) fn right(grant: &Grant, policies: &Policies) -> Outcome<Action> {
    if !grant.kind.is_activated(policies) {
        return Err(ErrorCode::WrongKind.into());
    }
    Ok(if grant.category == Category::GoToMarket {
        Action::ActivateGoToMarket
    } else {
        Action::ActivateTechnical
    })
}

/// The step with which a partner begins: asking, or asking once more.
pub(super) const fn first_step(state: ActivationState) -> ActivationStep {
    match state {
        ActivationState::Refused | ActivationState::Withdrawn => ActivationStep::TryAgain,
        _ => ActivationStep::Request,
    }
}

/// Whether the company has a marketing contact (rule 16).
pub(super) async fn has_contact(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<bool> {
    let text = "select count(*) as number from marketing_contact where organization_id = $1";
    Ok(sql::number(connection, text, [organization.0.into()]).await? > 0)
}

/// Whose activation it is, in editions A and B.
pub(super) struct Holder<'a> {
    pub(super) person: Uuid,
    pub(super) alternate_email: Option<&'a str>,
}

/// Writes an activation with the service request that operators see; the one place where an
/// activation begins.
pub(super) async fn start(
    change: &mut Change<'_>,
    person: &Person,
    grant: &Grant,
    state: ActivationState,
    holder: Option<Holder<'_>>,
    texts: &ProductTexts,
) -> Outcome<i64> {
    let id = change.service().new_id();
    let target = requests::target(change, RequestKind::Activation, &person.zone()).await?;
    let row = activation::ActiveModel {
        id: Set(id),
        organization_id: Set(grant.organization.0),
        grant_id: Set(grant.id.0),
        person_id: Set(holder.as_ref().map(|holder| holder.person)),
        alternate_email: Set(holder.as_ref().and_then(|holder| holder.alternate_email).map(str::to_owned)),
        state: Set(state.code().to_owned()),
        requested_by: Set(person.id.0),
        requested_at: Set(change.now.0),
        target_at: Set(target.0),
        completed_at: Set(None),
        completed_by: Set(None),
        access_id: Set(None),
        contract_id: Set(None),
        starts_at: Set(None),
        expires_at: Set(None),
        reminded_at: Set(None),
        reason: Set(None),
        row_version: Set(1),
    };
    activation::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    let new = NewRequest {
        kind: RequestKind::Activation,
        grant: Some(grant.id),
        activation: Some(id),
        title: texts.of(Language::English)?.name.clone(),
        details: "{}".to_owned(),
        target,
    };
    let number = requests::open(change, person, new).await?;
    settle_grant(&change.transaction, grant.id).await?;
    change.record(
        Event::new(grant.organization, AuditAction::ActivationRequested, "activation", id)
            .grant(grant.id)
            .after(format!("grant {} number {number}", grant.id)),
    );
    change.tell(Changed::Grant(grant.organization, grant.id));
    Ok(number)
}
