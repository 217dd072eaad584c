//! What holders are told of their seats, whoever assigns and removes them.

use domain::Language;
use domain::ids::{AccountId, OrganizationId};
use domain::seat::ReleaseReason;

use crate::benefits::products::{self, ProductText};
use crate::outbox::Letter;

/// Where holders find what they have.
const PATH: &str = "/my-benefits";

/// Who is told.
pub(crate) struct Holder<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) account: AccountId,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) language: Language,
}

impl Holder<'_> {
    fn letter(&self, kind: &'static str, values: Vec<(&'static str, String)>) -> Letter {
        Letter {
            organization: Some(self.organization),
            account: Some(self.account),
            recipient: self.email.to_owned(),
            language: self.language,
            kind,
            values,
            path: PATH.to_owned(),
            secret: None,
            dates: Vec::new(),
        }
    }
}

/// A seat was assigned. Software has no portal of the vendor's, but a key of the holder's own.
pub(crate) fn assigned(
    holder: &Holder<'_>,
    product: &ProductText,
    has_key: bool,
    portal: Option<&str>,
    by: &str,
) -> Letter {
    let kind = if has_key { "key_seat_assigned" } else { "seat_assigned" };
    holder.letter(
        kind,
        vec![
            ("person", holder.name.to_owned()),
            ("product", product.name.clone()),
            ("by", by.to_owned()),
            ("portal", portal.unwrap_or_default().to_owned()),
            ("instructions", products::numbered(&product.instructions)),
        ],
    )
}

/// A seat has ended.
pub(crate) fn ended(holder: &Holder<'_>, product: &ProductText, reason: ReleaseReason) -> Letter {
    let kind = match reason {
        ReleaseReason::GrantWithdrawn => "seat_withdrawn",
        ReleaseReason::GrantEnded => "seat_ended",
        ReleaseReason::TierChanged => "seat_tier_changed",
        ReleaseReason::Removed | ReleaseReason::Reassigned | ReleaseReason::PersonLeft => "seat_removed",
    };
    holder.letter(kind, vec![("person", holder.name.to_owned()), ("product", product.name.clone())])
}
