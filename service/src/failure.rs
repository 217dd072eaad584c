//! Why a use case did not happen: refused by a rule, or failed below.

use domain::{Error, ErrorCode, FieldError};
use sea_orm::DbErr;

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A rule says no; the reader learns why.
    #[error("refused: {0}")]
    Refused(#[from] Error),
    /// The database said no or did not answer; the log has the cause.
    #[error("database: {0}")]
    Database(DbErr),
    /// A row or a secret that can't be: `table`, `column` and row of it.
    #[error("broken {table}.{column} at {row}")]
    Broken {
        /// Table, or part of the program.
        table: &'static str,
        /// Column, or step.
        column: &'static str,
        /// Which row.
        row: String,
    },
}

impl Failure {
    /// A row that can't be.
    #[must_use]
    pub fn broken(table: &'static str, column: &'static str, row: impl ToString) -> Self {
        Self::Broken { table, column, row: row.to_string() }
    }

    /// What is told to whoever asked. Causes from below become one code: the log has the rest.
    #[must_use]
    pub fn told(&self) -> Error {
        match self {
            Self::Refused(error) => error.clone(),
            Self::Database(error) if is_away(error) => Error::new(ErrorCode::Unavailable),
            Self::Database(_) | Self::Broken { .. } => Error::new(ErrorCode::Internal),
        }
    }

    /// Whether it was refused with the code.
    #[must_use]
    pub fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Refused(error) if error.code == code)
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(Error::new(code))
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self::Refused(error.into())
    }
}

/// What the constraints of the schema mean to a person.
const CONSTRAINTS: &[(&[&str], ErrorCode)] = &[
    (&["pool_full"], ErrorCode::NoSeatLeft),
    (&["grant_is_over"], ErrorCode::GrantWithdrawn),
    (&["seat_one_active", "seat.grant_id, seat.person_id"], ErrorCode::AlreadyHolds),
    (
        &["seat_request_one_open", "seat_request.grant_id, seat_request.person_id"],
        ErrorCode::AlreadyRequested,
    ),
    (
        &["activation_one_running_a_person", "activation.grant_id, activation.person_id"],
        ErrorCode::AlreadyRequested,
    ),
    (&["activation_one_running", "activation.grant_id"], ErrorCode::AlreadyRequested),
    (&["service_request_one_cancellation", "service_request.order_line_id"], ErrorCode::AlreadyRequested),
    (&["service_request_one_global_admin", "service_request.requested_by"], ErrorCode::AlreadyRequested),
    (
        &["person_organization_id_account_id", "person.organization_id, person.account_id"],
        ErrorCode::AlreadyInOrganization,
    ),
    (&["directory_once", "directory.organization_id, directory.issuer"], ErrorCode::DirectoryExists),
    (
        &["mail_domain_once", "mail_domain_verified", "UNIQUE constraint failed: mail_domain."],
        ErrorCode::DomainTaken,
    ),
    (
        &[
            "provisioned_person_user_name",
            "provisioned_person.organization_id, provisioned_person.user_name_key",
        ],
        ErrorCode::AlreadyInOrganization,
    ),
    (
        &[
            "provisioned_person_external_id",
            "provisioned_person.organization_id, provisioned_person.external_id",
        ],
        ErrorCode::AlreadyInOrganization,
    ),
    (
        &["provisioned_group_name", "provisioned_group.organization_id, provisioned_group.display_name_key"],
        ErrorCode::AlreadyInOrganization,
    ),
    (
        &[
            "provisioned_group_external_id",
            "provisioned_group.organization_id, provisioned_group.external_id",
        ],
        ErrorCode::AlreadyInOrganization,
    ),
    (&["redemption_pkey", "redemption.product_key_id"], ErrorCode::KeyRedeemed),
];

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        for (names, code) in CONSTRAINTS {
            if names.iter().any(|name| text.contains(name)) {
                return Self::from(*code);
            }
        }
        Self::Database(error)
    }
}

/// Whether the database is busy or away, so that trying again later makes sense.
fn is_away(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || {
        let text = error.to_string();
        [
            "database is locked",
            "database or disk is full",
            "pool timed out",
            "Connection refused",
            "terminating connection",
            "deadlock detected",
        ]
        .iter()
        .any(|cause| text.contains(cause))
    }
}
