//! People of an organization: adding them, their roles, and the programme's first admin.

pub mod access;
pub mod add;
pub(crate) mod administrator;
pub mod create_admin;
pub mod departure;
pub mod export;
pub mod import;
pub mod list;
pub mod roles;
pub mod second_factor;
