//! People of an organization: adding them, their roles, and the programme's first admin.

pub mod add;
pub mod create_admin;
pub mod list;
pub mod roles;
