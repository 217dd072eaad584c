//! Policies in words: what each is called, and which values it has.

use domain::catalogue::Publication;
use domain::policy::{AssignRoles, AuditRetention, DoubleHolding, SupportEdition};
use domain::view::requests::RequestKind;
use locales::Texts;

use crate::components::Choice;
use crate::words;

/// The kind of request whose working days a policy says.
fn target_of(policy: &str) -> Option<RequestKind> {
    policy.strip_prefix("target_days_").and_then(RequestKind::from_code)
}

/// What a policy is called; its name in the document where it isn't known.
pub(super) fn label(texts: Texts, policy: &str) -> String {
    if let Some(kind) = target_of(policy) {
        return texts.catalogue_value(texts.queue_policy_target(), words::request_kind(texts, kind));
    }
    let known = match policy {
        "assign_roles" => texts.operator_policy_assign_roles(),
        "reassign_lock_days" => texts.operator_policy_lock(),
        "double_holding" => texts.operator_policy_double(),
        "support_edition" => texts.operator_policy_edition(),
        "reveal_counts_as_activation" => texts.operator_policy_reveal(),
        "audit_retention" => texts.operator_policy_audit(),
        "catalogue_publication" => texts.operator_policy_publication(),
        other => other,
    };
    known.to_owned()
}

/// What to know about it.
pub(super) fn help(texts: Texts, policy: &str) -> Option<&'static str> {
    match policy {
        "reassign_lock_days" => Some(texts.operator_policy_lock_help()),
        "reveal_counts_as_activation" => Some(texts.operator_policy_reveal_help()),
        "audit_retention" => Some(texts.operator_policy_audit_help()),
        _ => target_of(policy).map(|_| texts.queue_policy_target_help()),
    }
}

/// Its values; none for a policy that is a number.
pub(super) fn choices(texts: Texts, policy: &str) -> Vec<Choice> {
    match policy {
        "assign_roles" => AssignRoles::ALL.iter().map(|value| assign_roles(texts, *value)).collect(),
        "double_holding" => DoubleHolding::ALL.iter().map(|value| double_holding(texts, *value)).collect(),
        "support_edition" => SupportEdition::ALL.iter().map(|value| edition(texts, *value)).collect(),
        "reveal_counts_as_activation" => {
            vec![Choice::new("true", texts.common_yes()), Choice::new("false", texts.common_no())]
        }
        "audit_retention" => AuditRetention::ALL.iter().map(|value| retention(texts, *value)).collect(),
        "catalogue_publication" => Publication::ALL.iter().map(|value| publication(texts, *value)).collect(),
        _ => Vec::new(),
    }
}

/// A value as its choice has it; a number as it is.
pub(super) fn value(texts: Texts, policy: &str, value: &str) -> String {
    let choice = choices(texts, policy).into_iter().find(|choice| choice.value == value);
    choice.map_or_else(|| value.to_owned(), |choice| choice.text)
}

fn assign_roles(texts: Texts, value: AssignRoles) -> Choice {
    let text = match value {
        AssignRoles::GlobalAdmin => texts.operator_policy_assign_roles_global_admin(),
        AssignRoles::PartnerAdmin => texts.operator_policy_assign_roles_partner_admin(),
    };
    Choice::new(value.code(), text)
}

fn double_holding(texts: Texts, value: DoubleHolding) -> Choice {
    let text = match value {
        DoubleHolding::Warn => texts.operator_policy_double_warn(),
        DoubleHolding::Allow => texts.operator_policy_double_allow(),
        DoubleHolding::Refuse => texts.operator_policy_double_refuse(),
    };
    Choice::new(value.code(), text)
}

fn edition(texts: Texts, value: SupportEdition) -> Choice {
    let text = match value {
        SupportEdition::A => texts.operator_policy_edition_a(),
        SupportEdition::B => texts.operator_policy_edition_b(),
        SupportEdition::C => texts.operator_policy_edition_c(),
    };
    Choice::new(value.code(), text)
}

fn retention(texts: Texts, value: AuditRetention) -> Choice {
    let text = match value {
        AuditRetention::Forever => texts.operator_policy_audit_forever(),
        AuditRetention::TenYears => texts.operator_policy_audit_10_years(),
        AuditRetention::SevenYears => texts.operator_policy_audit_7_years(),
        AuditRetention::ThreeYears => texts.operator_policy_audit_3_years(),
        AuditRetention::OneYear => texts.operator_policy_audit_1_year(),
    };
    Choice::new(value.code(), text)
}

fn publication(texts: Texts, value: Publication) -> Choice {
    let text = match value {
        Publication::OnePerson => texts.operator_policy_publication_one_person(),
        Publication::SecondPerson => texts.operator_policy_publication_second_person(),
    };
    Choice::new(value.code(), text)
}
