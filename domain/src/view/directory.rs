//! Signing in with a company's own directory: its settings, and the choice on the sign-in page.

use serde::{Deserialize, Serialize};

use crate::ids::{DirectoryId, DirectoryIdentityId, MailDomainId};
use crate::{Day, Error, Role};

/// The settings of a company. Whoever may not change them learns who could, and nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DirectoryPage {
    /// Why the reader can't change anything; then the rest is empty.
    pub why_not: Option<Error>,
    /// Where a directory sends people back to.
    pub redirect_uri: String,
    /// Where a directory sends people after signing out there.
    pub sign_out_uri: String,
    /// Directories.
    pub providers: Vec<Provider>,
    /// Mail domains.
    pub domains: Vec<DomainRow>,
    /// Whether everybody but Global admins has to sign in with a directory.
    pub required: bool,
    /// What the directories say otherwise than the portal has it.
    pub offers: Vec<Offer>,
}

/// A directory as its form shows it. The client secret is never among it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Provider {
    /// The directory.
    pub id: DirectoryId,
    /// Version of the row.
    pub version: i64,
    /// What it is called on the sign-in page.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What the portal is called there.
    pub client_id: String,
    /// Whether a client secret is kept.
    pub has_secret: bool,
    /// What is asked of it, with spaces between.
    pub scopes: String,
    /// Whether people can sign in with it.
    pub enabled: bool,
    /// Whether whoever has no account yet gets one.
    pub just_in_time: bool,
    /// Whether its addresses count as verified without saying so.
    pub authoritative: bool,
    /// Whether signing out here signs out there.
    pub signs_out: bool,
    /// Roles of whoever comes in for the first time.
    pub default_roles: Vec<Role>,
    /// The claim that roles follow from; empty where they don't.
    pub role_claim: String,
    /// Values of the claim, for each role that has some.
    pub values: Vec<(Role, Vec<String>)>,
}

/// A mail domain of a company.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DomainRow {
    /// The domain's row; none for the company's own domain, which its enrolment has checked.
    pub id: Option<MailDomainId>,
    /// The domain.
    pub domain: String,
    /// Since when it is verified; none while it waits for its record. The company's own has no day.
    pub verified: Option<Day>,
    /// The TXT record that proves it, while it waits.
    pub record: Option<String>,
    /// Name of the one directory that it leads to; any of them where there is none.
    pub directory: Option<String>,
}

/// What a directory says otherwise than the portal has it; a Global admin decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// The entry of the directory.
    pub id: DirectoryIdentityId,
    /// Name of the person.
    pub name: String,
    /// Address of the account.
    pub email: String,
    /// Name of the directory.
    pub directory: String,
    /// The address that the directory has; none where another entry asks to stand for the account.
    pub address: Option<String>,
}

/// A directory on the sign-in page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DirectoryChoice {
    /// The directory.
    pub id: DirectoryId,
    /// What it is called.
    pub name: String,
}
