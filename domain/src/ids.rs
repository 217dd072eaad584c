//! Identifiers: one type for each kind of row, so that a grant's id can't be passed for a seat's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, ErrorCode};

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// A malformed id answers like one that does not exist (rule 7).
            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::try_parse(text).map(Self).map_err(|_| Error::new(ErrorCode::NotFound))
            }
        }
    )+};
}

id! {
    /// A partner company, the tenant.
    OrganizationId,
    /// A sign-in identity.
    AccountId,
    /// An account in an organization.
    PersonId,
    /// A file of people that was read and waits to be saved.
    PeopleImportId,
    /// The way in of a program that keeps a company's people.
    ProvisioningTokenId,
    /// A group that such a program keeps.
    ProvisionedGroupId,
    /// A draft of the catalogue, later one of its versions.
    CatalogueDraftId,
    /// A catalogue entry.
    ProductId,
    /// A row of the benefits table: product, organization and source.
    GrantId,
    /// The limit that one or several grants share.
    PoolId,
    /// What one company has of a product instead of its plan.
    IndividualGrantId,
    /// One unit of a pool held by a person.
    SeatId,
    /// An employee's request for a seat.
    SeatRequestId,
    /// An offer that can be joined or bought.
    OfferId,
    /// An offer that an organization has.
    HoldingId,
    /// A purchase.
    OrderId,
    /// One offer within a purchase.
    OrderLineId,
    /// Product keys that came together.
    KeyBatchId,
    /// An imported secret of a key pool.
    ProductKeyId,
    /// The way of a grant from requested to active.
    ActivationId,
    /// A cancellation, an advisory request and the like.
    ServiceRequestId,
    /// A cloud subscription opened with a key.
    SubscriptionId,
    /// Filters of the queue under a name.
    QueueViewId,
    /// A message in the outbox.
    MailId,
    /// A notice in the portal.
    NoticeId,
    /// A browser that somebody has signed in with.
    SessionId,
    /// A directory that people of a company sign in with.
    DirectoryId,
    /// A mail domain of a company.
    MailDomainId,
    /// An entry of a directory that stands for an account.
    DirectoryIdentityId,
}
