//! Individual grants: a company has more or less of a product than its plan gives it, until a day.
//!
//! It hangs on company and product, not on a holding: whatever holdings bring the product meanwhile, the company has
//! so much of it altogether.

use serde::{Deserialize, Serialize};

use crate::entitlement::Amount;
use crate::error::codes;

/// The largest quantity.
pub const QUANTITY_MAX: i64 = 1_000_000;
/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

codes! {
    /// What an individual grant is.
    IndividualKind {
        /// So much of the product instead of what the plan gives of it. As long as the plan gives none, it rests.
        Quantity = "quantity",
        /// A product that the plan didn't give when it was set: a benefit of its own, beside whatever the plan gives
        /// later.
        Product = "product",
    }
}

/// A pool that plan benefits of the product have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanPool {
    /// What the plan gives.
    pub plan: Amount,
    /// What is in use.
    pub in_use: i64,
}

/// An individual grant in force, as the rule sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Individual {
    /// What it is.
    pub kind: IndividualKind,
    /// How much.
    pub amount: Amount,
}

/// What the plan gives of a product altogether; none where it gives none of it.
#[must_use]
pub fn plan_of(pools: &[PlanPool]) -> Option<Amount> {
    pools.iter().map(|pool| pool.plan).reduce(sum)
}

/// What the company has of the product: plan value, individual grant, result.
#[must_use]
pub fn result(plan: Option<Amount>, individual: Option<Individual>) -> Option<Amount> {
    match (plan, individual) {
        (plan, None) => plan,
        (plan, Some(Individual { kind: IndividualKind::Quantity, amount })) => plan.map(|_| amount),
        (None, Some(Individual { kind: IndividualKind::Product, amount })) => Some(amount),
        (Some(plan), Some(Individual { kind: IndividualKind::Product, amount })) => Some(sum(plan, amount)),
    }
}

/// What each pool of the product has, where the company has so much of it instead of what the plan gives. What is in
/// use is covered first, as far as that goes, so that nobody's seat stands outside while another pool has room;
/// then each pool gets up to what the plan gives it, the oldest first, and the oldest has what is left.
#[must_use]
pub fn shares(instead: Amount, pools: &[PlanPool]) -> Vec<Amount> {
    let Amount::Of(mut left) = instead else { return vec![Amount::Unlimited; pools.len()] };
    let mut given = vec![0_i64; pools.len()];
    let mut up_to = |given: &mut [i64], most: fn(&PlanPool) -> i64| {
        for (has, pool) in given.iter_mut().zip(pools) {
            let more = most(pool).saturating_sub(*has).clamp(0, left.max(0));
            *has += more;
            left -= more;
        }
    };
    up_to(&mut given, |pool| pool.in_use.max(0));
    up_to(&mut given, |pool| match pool.plan {
        Amount::Of(plan) => plan,
        Amount::Unlimited => i64::MAX,
    });
    if let Some(first) = given.first_mut() {
        *first = first.saturating_add(left.max(0));
    }
    given.into_iter().map(Amount::Of).collect()
}

/// How many more are in use than there would be (rule 12); 0 where there is enough.
#[must_use]
pub fn beyond(amount: Amount, in_use: i64) -> i64 {
    match amount {
        Amount::Of(amount) => in_use.saturating_sub(amount).max(0),
        Amount::Unlimited => 0,
    }
}

const fn sum(one: Amount, other: Amount) -> Amount {
    match (one, other) {
        (Amount::Of(one), Amount::Of(other)) => Amount::Of(one.saturating_add(other)),
        _ => Amount::Unlimited,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Amount::{Of, Unlimited};
    use super::*;

    const fn pool(plan: Amount, in_use: i64) -> PlanPool {
        PlanPool { plan, in_use }
    }

    const fn instead(amount: Amount) -> Option<Individual> {
        Some(Individual { kind: IndividualKind::Quantity, amount })
    }

    const fn beside(amount: Amount) -> Option<Individual> {
        Some(Individual { kind: IndividualKind::Product, amount })
    }

    #[test]
    fn plan_value_individual_grant_and_result() {
        for (plan, individual, there_is) in [
            (Some(Of(10)), None, Some(Of(10))),
            (None, None, None),
            (Some(Of(10)), instead(Of(25)), Some(Of(25))),
            (Some(Of(10)), instead(Of(4)), Some(Of(4))),
            (Some(Of(10)), instead(Of(0)), Some(Of(0))),
            (Some(Of(10)), instead(Unlimited), Some(Unlimited)),
            (Some(Unlimited), instead(Of(4)), Some(Of(4))),
            // Without a plan there is nothing that it stands for.
            (None, instead(Of(25)), None),
            (None, beside(Of(5)), Some(Of(5))),
            (None, beside(Unlimited), Some(Unlimited)),
            // The plan gives it by now: both count.
            (Some(Of(10)), beside(Of(5)), Some(Of(15))),
            (Some(Unlimited), beside(Of(5)), Some(Unlimited)),
        ] {
            assert_eq!(result(plan, individual), there_is, "{plan:?} {individual:?}");
        }
    }

    #[test]
    fn what_several_sources_give_counts_together() {
        assert_eq!(plan_of(&[]), None);
        assert_eq!(plan_of(&[pool(Of(10), 0), pool(Of(25), 3)]), Some(Of(35)));
        assert_eq!(plan_of(&[pool(Of(10), 0), pool(Unlimited, 3)]), Some(Unlimited));
    }

    #[test]
    fn more_goes_to_the_oldest_and_less_is_taken_from_the_latest() {
        let pools = [pool(Of(10), 0), pool(Of(25), 0)];
        for (amount, each) in [
            (Of(50), [Of(25), Of(25)]),
            (Of(35), [Of(10), Of(25)]),
            (Of(20), [Of(10), Of(10)]),
            (Of(4), [Of(4), Of(0)]),
            (Of(0), [Of(0), Of(0)]),
            (Unlimited, [Unlimited, Unlimited]),
        ] {
            assert_eq!(shares(amount, &pools), each, "{amount:?}");
        }
        assert_eq!(shares(Of(5), &[]), []);
        assert_eq!(shares(Of(5), &[pool(Unlimited, 0), pool(Of(3), 0)]), [Of(5), Of(0)]);
    }

    #[test]
    fn rule_12_what_is_in_use_is_covered_before_anything_else() {
        let pools = [pool(Of(10), 0), pool(Of(25), 18)];
        assert_eq!(shares(Of(20), &pools), [Of(2), Of(18)]);
        assert_eq!(shares(Of(12), &pools), [Of(0), Of(12)]);
        assert_eq!(shares(Of(30), &[pool(Of(5), 20), pool(Of(25), 0)]), [Of(20), Of(10)]);
    }

    #[test]
    fn rule_12_how_many_are_beyond_a_quantity() {
        assert_eq!(
            [beyond(Of(5), 5), beyond(Of(5), 8), beyond(Of(0), 1), beyond(Unlimited, 900)],
            [0, 3, 1, 0]
        );
    }

    proptest! {
        #[test]
        fn the_shares_add_up_and_nobody_is_outside_while_there_is_room(
            amount in 0_i64..200,
            pools in proptest::collection::vec((0_i64..60, 0_i64..60), 1..5),
        ) {
            let pools: Vec<PlanPool> = pools.into_iter().map(|(plan, used)| pool(Of(plan), used)).collect();
            let given = shares(Of(amount), &pools);
            let of = |share: &Amount| match share { Of(share) => *share, Unlimited => i64::MAX };
            prop_assert_eq!(given.iter().map(of).sum::<i64>(), amount);
            let outside: i64 = given.iter().zip(&pools).map(|(share, pool)| beyond(*share, pool.in_use)).sum();
            let in_use = pools.iter().map(|pool| pool.in_use).sum();
            prop_assert_eq!(outside, beyond(Of(amount), in_use));
        }
    }
}
