//! The rules of a partner programme's benefits, without I/O.
//!
//! Rule numbers in comments and test names are those of the design. Time and randomness come in as
//! parameters; nothing here reads a clock, a file or a database. The crate builds for the browser
//! and for the server, so that a page can say before the click what the server will decide after it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod agent;
pub mod audit;
pub mod benefit;
pub mod catalogue;
pub mod cloud;
pub mod contact;
pub mod country;
pub mod departure;
pub mod directory;
pub mod enrolment;
pub mod entitlement;
pub mod error;
pub mod ids;
pub mod individual_grant;
pub mod insight;
pub mod key_format;
pub mod key_import;
pub mod key_replacement;
pub mod language;
pub mod mail_kind;
pub mod mail_template;
pub mod mail_topic;
pub mod membership;
pub mod moment;
pub mod money;
pub mod older_portal;
pub mod operation;
pub mod order;
pub mod password;
pub mod policy;
pub mod queue;
pub mod refund;
pub mod reminder;
pub mod renewal;
pub mod rights;
pub mod role;
pub mod seat;
pub mod second_factor;
pub mod support;
pub mod text;
pub mod tier_change;
pub mod view;

pub use audit::AuditAction;
pub use benefit::{ActivationState, Category, GrantFacts, ProductKind, RowStatus};
pub use error::{Error, ErrorCode, Field, FieldError};
pub use language::Language;
pub use membership::Tier;
pub use moment::{Day, Moment};
pub use operation::OperationId;
pub use password::NewPassword;
pub use policy::Policies;
pub use rights::{Action, OperatorAction};
pub use role::{OperatorRole, Role, Roles};
pub use seat::Capacity;
pub use text::{Email, PersonName};

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    /// A code is the same in a form, in a row and over the wire, and leads back to its value.
    fn agree<T: Copy + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned>(
        all: &[T],
        code: fn(T) -> &'static str,
        from_code: fn(&str) -> Option<T>,
    ) {
        for value in all {
            let text = format!("\"{}\"", code(*value));
            assert_eq!(serde_json::to_string(value).expect("json"), text);
            assert_eq!(serde_json::from_str::<T>(&text).expect("json"), *value);
            assert_eq!(from_code(code(*value)), Some(*value));
        }
        assert_eq!(from_code("no such code"), None);
    }

    macro_rules! agree {
        ($($codes:path),+ $(,)?) => {$({
            type Codes = $codes;
            agree(Codes::ALL, Codes::code, Codes::from_code);
        })+};
    }

    #[test]
    fn codes_are_the_same_everywhere() {
        agree!(
            crate::audit::ActivityKind,
            crate::audit::ActorKind,
            crate::audit::AuditAction,
            crate::benefit::ActivationState,
            crate::benefit::ActivationStep,
            crate::benefit::By,
            crate::benefit::Category,
            crate::benefit::GrantState,
            crate::benefit::ProductKind,
            crate::benefit::RowStatus,
            crate::benefit::SourceLabel,
            crate::benefit::Tone,
            crate::benefit::Unit,
            crate::cloud::KeyUse,
            crate::departure::Departure,
            crate::departure::SeatFate,
            crate::error::ErrorCode,
            crate::error::Field,
            crate::individual_grant::IndividualKind,
            crate::insight::Span,
            crate::mail_topic::MailTopic,
            crate::membership::Tier,
            crate::membership::YearPhase,
            crate::older_portal::PortalState,
            crate::older_portal::RecordColumn,
            crate::older_portal::RecordFault,
            crate::older_portal::RecordKind,
            crate::policy::AssignRoles,
            crate::policy::DoubleHolding,
            crate::policy::SupportEdition,
            crate::queue::MessageDirection,
            crate::queue::NextStep,
            crate::refund::RefundCondition,
            crate::reminder::ReminderCadence,
            crate::reminder::ReminderKind,
            crate::reminder::ReminderTurn,
            crate::renewal::RenewalCondition,
            crate::rights::Action,
            crate::rights::ActivityScope,
            crate::rights::OperatorAction,
            crate::role::OperatorRole,
            crate::role::Role,
            crate::seat::ReleaseReason,
            crate::seat::Shortage,
            crate::support::Environment,
            crate::support::Phase,
            crate::support::SupportArea,
            crate::support::SupportKind,
            crate::tier_change::TakeBackCondition,
            crate::tier_change::TierChangeCondition,
            crate::view::key_pools::BatchState,
            crate::view::key_pools::LineFault,
            crate::view::people::PeopleSort,
            crate::view::people::PersonStatus,
            crate::view::people_import::ImportState,
        );
    }
}
