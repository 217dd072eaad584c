//! The page about provisioning: tokens, what the company chose, groups with their roles.

use serde::{Deserialize, Serialize};

use super::operator::Stamp;
use crate::ids::{ProvisionedGroupId, ProvisioningTokenId};
use crate::{Day, Error, Role};

/// So many tokens a company has at once.
pub const TOKENS_MAX: i64 = 10;
/// Characters of a token's name.
pub const TOKEN_NAME_MAX: usize = 80;
/// Days that a token can be made for.
pub const LIFETIMES: &[i64] = &[90, 365];
/// The roles that a program can give: those that a User admin can (rule 3).
pub const GROUP_ROLES: &[Role] = &[Role::UserAdmin, Role::AdminAgent, Role::Employee];
/// So many tokens and groups the page shows.
pub const SHOWN_MAX: usize = 200;

/// The page **Provisioning**. Whoever may not set it up sees why and nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProvisioningPage {
    /// Address that the program is given.
    pub endpoint: String,
    /// Tokens, the latest first.
    pub tokens: Vec<TokenRow>,
    /// Whether who is deactivated keeps the seats.
    pub keep_seats: bool,
    /// Roles of who is new.
    pub roles: Vec<Role>,
    /// Version of what the company chose.
    pub version: i64,
    /// Groups by name.
    pub groups: Vec<GroupRow>,
    /// Why the reader may not set it up.
    pub why_not: Option<Error>,
}

/// A token, without what it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenRow {
    /// The token.
    pub id: ProvisioningTokenId,
    /// What it is called.
    pub name: String,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub made: Day,
    /// When it was last used.
    pub last_used: Option<Stamp>,
    /// Its last day.
    pub expires: Option<Day>,
    /// Whether it still opens anything.
    pub state: TokenState,
}

/// How a token stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TokenState {
    /// It opens the way.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// A group that the program keeps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupRow {
    /// The group.
    pub id: ProvisionedGroupId,
    /// Name.
    pub name: String,
    /// How many people it has.
    pub members: i64,
    /// The role that it gives.
    pub role: Option<Role>,
    /// Version of the row.
    pub version: i64,
}
