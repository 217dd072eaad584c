//! The programme's policies, changed by programme admins; every change is in the audit trail.

use domain::queue::TARGET_DAYS_MAX;
use domain::rights::OperatorAction;
use domain::view::operator::PoliciesPage;
use domain::{AuditAction, Error, ErrorCode, Field, FieldError, Policies};
use sha2::{Digest, Sha256};

use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// New values, as they were typed.
#[derive(Clone, Debug)]
pub struct SavePolicies {
    /// Names with values; what isn't named stays.
    pub values: Vec<(String, String)>,
    /// Version of the values that the page showed.
    pub version: i64,
}

/// The values in force.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who neither change nor read them.
pub async fn page(service: &Service, request: &Request) -> Outcome<PoliciesPage> {
    let operator = request.operator()?;
    let why_not = domain::rights::operator_may(&operator.roles, OperatorAction::ManagePolicies).err();
    if why_not.is_some() {
        rights::check_operator(operator, OperatorAction::ReadEverything)?;
    }
    let policies = policies::in_force(service.database.reader()).await?;
    Ok(PoliciesPage { version: version(&policies), policies, why_not })
}

/// Changes policies; says how many have another value now.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Stale`]; [`ErrorCode::UnknownChoice`] on the policy for a
/// name or a value that isn't known, with the name as detail.
pub async fn save(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: SavePolicies,
) -> Outcome<usize> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManagePolicies)?;
    let operation = Operation::new(operation, "save_policies", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    if service.database.is_postgres() {
        let text = "select id as number from programme where id = 1 for update";
        sql::number(&change.transaction, text, []).await?;
    }
    let before = policies::in_force(&change.transaction).await?;
    if version(&before) != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let mut after = before.clone();
    for (name, value) in &input.values {
        policies::set(&mut after, name, value.trim()).ok_or_else(|| wrong(name).with_detail(name.clone()))?;
    }
    let mut changed = 0;
    for ((name, old), (_, new)) in policies::entries(&before).into_iter().zip(policies::entries(&after)) {
        if old == new {
            continue;
        }
        let text = "insert into policy (name, value) values ($1, $2)
            on conflict (name) do update set value = excluded.value";
        sql::run(&change.transaction, text, [name.into(), new.clone().into()]).await?;
        change.record(
            Event::new(programme_chain(), AuditAction::PolicyChanged, "policy", name).before(old).after(new),
        );
        changed += 1;
    }
    change.tell(Changed::Queue);
    change.commit(changed).await
}

fn wrong(name: &str) -> Error {
    if name.starts_with(policies::TARGET_DAYS) {
        FieldError {
            field: Field::TargetDays,
            code: ErrorCode::NumberUpTo,
            number: Some(i64::from(TARGET_DAYS_MAX)),
        }
        .into()
    } else {
        Error::field(Field::Policy, ErrorCode::UnknownChoice)
    }
}

/// A number that other values have another of.
fn version(policies: &Policies) -> i64 {
    let mut digest = Sha256::new();
    for (name, value) in policies::entries(policies) {
        digest.update(name);
        digest.update([0]);
        digest.update(value);
        digest.update([0]);
    }
    let digest = digest.finalize();
    digest.iter().take(7).fold(0, |number, byte| number << 8 | i64::from(*byte))
}
