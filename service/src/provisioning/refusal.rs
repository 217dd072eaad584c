//! Why a call of a provisioning program is refused, in the terms of RFC 7644, section 3.12.

use domain::{Error, ErrorCode};
use sea_orm::DbErr;

use crate::failure::Failure;

/// Why a call is refused. The texts are for whoever reads the program's log; they carry no secret and
/// nothing of another company.
#[derive(Debug)]
pub enum Refusal {
    /// The filter can't be read, or asks about what the resource lacks.
    Filter(String),
    /// Something else has that value already.
    Uniqueness(String),
    /// The body isn't what the protocol asks for.
    Syntax(String),
    /// The path of a change can't be read, or leads nowhere.
    Path(String),
    /// The path of a change matches nothing.
    Target(String),
    /// An attribute that no program writes.
    Mutability(String),
    /// A value that can't be.
    Value(String),
    /// What this program may not change.
    Forbidden(String),
    /// It changed since the version that was named.
    Stale,
    /// A rule or something below says no.
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let Failure::Refused(error) = &failure else { return Self::Failure(failure) };
        let known = |code| error.code == code || error.fields.iter().any(|fault| fault.code == code);
        if known(ErrorCode::AlreadyInOrganization) {
            return Self::Uniqueness(
                "Somebody of the organization, or another group, has this already.".into(),
            );
        }
        match error.code {
            ErrorCode::Stale => Self::Stale,
            ErrorCode::RoleNotGrantable | ErrorCode::LastGlobalAdmin => Self::Forbidden(PROTECTED.into()),
            _ if known(ErrorCode::WrongSide) && !error.fields.is_empty() => {
                Self::Forbidden("This address belongs to the programme's operators.".into())
            }
            ErrorCode::Invalid => {
                let faults: Vec<String> = error
                    .fields
                    .iter()
                    .map(|fault| format!("{}: {}", fault.field.code(), fault.code.code()))
                    .collect();
                Self::Value(faults.join(", "))
            }
            _ => Self::Failure(failure),
        }
    }
}

/// Why some people aren't a program's to change.
pub(super) const PROTECTED: &str =
    "Global admins and MPN partner admins are looked after by people, in the portal.";

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Failure::from(error).into()
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Failure::from(code).into()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
