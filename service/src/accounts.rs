//! Accounts: signing in, passwords, invitations, language.

pub mod invitation;
pub mod language;
pub mod limits;
pub mod password;
pub mod sign_in;
