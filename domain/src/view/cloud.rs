//! A licence-based cloud product: its key, and what the key can be used for (rule 9).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::software::KeyState;
use crate::cloud::{KeyUse, Subscription};
use crate::ids::SubscriptionId;
use crate::{Day, Error};

/// A licence-based cloud product. The key itself is never part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CloudKeyDetail {
    /// The key.
    pub key: KeyState,
    /// Seats that the key brings; none where the benefit has no number, and no key can be redeemed.
    pub seats: Option<u32>,
    /// What a new subscription would be.
    pub new: Option<Subscription>,
    /// The company's subscriptions of this product, the latest end first, each with what the key
    /// would do to it.
    pub subscriptions: Vec<SubscriptionRow>,
    /// What the key was used for; none while it can still be redeemed.
    pub redeemed: Option<Redeemed>,
    /// Why the reader can't redeem the key.
    pub why_not_redeem: WhyNot,
}

/// A subscription with what the key would do to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubscriptionRow {
    /// The subscription.
    pub id: SubscriptionId,
    /// Its version.
    pub version: i64,
    /// When it was opened.
    pub opened: Day,
    /// What it is now.
    pub now: Subscription,
    /// What it would be with more seats, or why that can't be; none once the key is redeemed.
    pub more_seats: Option<Result<Subscription, Error>>,
    /// What it would be with a later end, or why that can't be; none once the key is redeemed.
    pub later_end: Option<Result<Subscription, Error>>,
}

/// What a key was used for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Redeemed {
    /// What for.
    pub used_for: KeyUse,
    /// The subscription that it opened or changed.
    pub subscription: SubscriptionId,
    /// Who.
    pub by: String,
    /// When.
    pub day: Day,
}
