//! The programme's policies: read for every decision, changed by programme admins only.

use domain::Policies;
use domain::catalogue::Publication;
use domain::policy::{AssignRoles, AuditRetention, DoubleHolding, SupportEdition};
use domain::view::requests::RequestKind;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::failure::Failure;
use crate::{Outcome, sql};

/// Name of the policy that says which edition of technical benefits is in force.
pub const SUPPORT_EDITION: &str = "support_edition";

#[derive(FromQueryResult)]
struct Row {
    name: String,
    value: String,
}

/// The values in force; the default where the programme says nothing.
///
/// # Errors
/// [`Failure::Broken`] for a value that no policy has.
pub async fn in_force(connection: &impl ConnectionTrait) -> Outcome<Policies> {
    let mut policies = Policies::default();
    for Row { name, value } in sql::all::<Row>(connection, "select name, value from policy", []).await? {
        set(&mut policies, &name, &value).ok_or_else(|| Failure::broken("policy", "value", name))?;
    }
    Ok(policies)
}

/// With this and the code of a kind of request begins the name of a policy that says its working days.
pub const TARGET_DAYS: &str = "target_days_";

/// Sets one policy by its name; none for a name or a value that isn't known.
#[must_use]
pub fn set(policies: &mut Policies, name: &str, value: &str) -> Option<()> {
    if let Some(kind) = name.strip_prefix(TARGET_DAYS) {
        return policies.target_days.set(RequestKind::from_code(kind)?, value.parse().ok()?);
    }
    match name {
        "assign_roles" => policies.assign_roles = AssignRoles::from_code(value)?,
        "reassign_lock_days" => {
            policies.reassign_lock_days = value.parse().ok().filter(|days| *days <= 365)?;
        }
        "double_holding" => policies.double_holding = DoubleHolding::from_code(value)?,
        SUPPORT_EDITION => policies.support_edition = SupportEdition::from_code(value)?,
        "reveal_counts_as_activation" => policies.reveal_counts_as_activation = value.parse().ok()?,
        "audit_retention" => policies.audit_retention = AuditRetention::from_code(value)?,
        "catalogue_publication" => policies.catalogue_publication = Publication::from_code(value)?,
        _ => return None,
    }
    Some(())
}

/// Names and values, as they stand in rows.
#[must_use]
pub fn entries(policies: &Policies) -> Vec<(&'static str, String)> {
    let targets = RequestKind::ALL
        .iter()
        .map(|kind| (target_days_of(*kind), policies.target_days.of(*kind).to_string()));
    of_purchase(policies).into_iter().chain(targets).collect()
}

/// Name of the policy that says the working days of a kind of request.
#[must_use]
pub const fn target_days_of(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Activation => "target_days_activation",
        RequestKind::Advisory => "target_days_advisory",
        RequestKind::Cancellation => "target_days_cancellation",
        RequestKind::GlobalAdmin => "target_days_global_admin",
        RequestKind::Payment => "target_days_payment",
        RequestKind::Enrolment => "target_days_enrolment",
    }
}

/// Names and values of those that a purchase keeps as they were.
#[must_use]
pub fn of_purchase(policies: &Policies) -> [(&'static str, String); 7] {
    [
        ("assign_roles", policies.assign_roles.code().to_owned()),
        ("reassign_lock_days", policies.reassign_lock_days.to_string()),
        ("double_holding", policies.double_holding.code().to_owned()),
        (SUPPORT_EDITION, policies.support_edition.code().to_owned()),
        ("reveal_counts_as_activation", policies.reveal_counts_as_activation.to_string()),
        ("audit_retention", policies.audit_retention.code().to_owned()),
        ("catalogue_publication", policies.catalogue_publication.code().to_owned()),
    ]
}

/// The policies as they stand on an order line, frozen.
#[must_use]
pub fn frozen(policies: &Policies) -> String {
    let entries: serde_json::Map<String, serde_json::Value> =
        of_purchase(policies).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    serde_json::Value::Object(entries).to_string()
}
