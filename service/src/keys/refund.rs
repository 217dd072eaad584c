//! What a first software benefit put to use costs: the refund of its purchase (rule 20).

use domain::benefit::Category;
use domain::moment::Zone;
use domain::refund::{RefundFacts, check};
use domain::view::software::RefundEnds;
use domain::{Day, Language, Moment, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::benefits::grants::Grant;
use crate::failure::Failure;
use crate::{Outcome, policies, sql};

/// A refund that is possible as long as no software benefit of the purchase is put to use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtStake {
    /// Its last day.
    pub(crate) until: Day,
    /// What was bought.
    pub(crate) offer: Uuid,
    /// Whether a revealed key ends it, by the policy that is frozen on the purchase.
    pub(crate) by_reveal: bool,
}

#[derive(FromQueryResult)]
struct Row {
    policies: String,
    offer_id: Uuid,
    ordered_at: i64,
    activated: i64,
    downloaded: i64,
    revealed: i64,
}

/// The refund that the grant's first use ends; none where there is none any more, or where the grant
/// isn't software or came without a purchase.
pub(crate) async fn at_stake(
    connection: &impl ConnectionTrait,
    grant: &Grant,
    zone: &Zone,
    now: Moment,
) -> Outcome<Option<AtStake>> {
    let Some(line) = grant.order_line.filter(|_| grant.category == Category::Software) else {
        return Ok(None);
    };
    let text = "select l.policies, l.offer_id, coalesce(o.paid_at, o.ordered_at) as ordered_at,
            coalesce((select cast(sum(b.amount) as bigint) from balance_entry b
                join benefit_grant g on g.id = b.grant_id
                where g.order_line_id = l.id and g.category = 'software' and b.kind = 'activation'), 0)
            + coalesce((select cast(sum(g.used_before) as bigint) from benefit_grant g
                where g.order_line_id = l.id and g.category = 'software'), 0) as activated,
            (select count(*) from download d join benefit_grant g on g.id = d.grant_id
                where g.order_line_id = l.id and g.category = 'software') as downloaded,
            (select count(*) from product_key k join benefit_grant g on g.id = k.grant_id
                where g.order_line_id = l.id and g.category = 'software' and k.revealed_at >= g.granted_at) as revealed
        from order_line l join orders o on o.id = l.order_id
        where l.id = $1 and l.organization_id = $2 and l.state = 'active'";
    let values = [line.into(), grant.organization.0.into()];
    let Some(row) = sql::one::<Row>(connection, text, values).await? else { return Ok(None) };
    let frozen = frozen(&row.policies).ok_or_else(|| Failure::broken("order_line", "policies", line))?;
    let facts = RefundFacts {
        activated: row.activated,
        downloaded: row.downloaded,
        revealed: row.revealed,
        ..RefundFacts::at(Moment(row.ordered_at), now, zone)
    };
    Ok(check(&facts, &frozen).is_ok().then_some(AtStake {
        until: facts.deadline,
        offer: row.offer_id,
        by_reveal: frozen.reveal_counts_as_activation,
    }))
}

/// The policies as they were on the day of purchase: an object of names and values.
fn frozen(text: &str) -> Option<Policies> {
    let entries: std::collections::BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let mut frozen = Policies::default();
    for (name, value) in entries {
        policies::set(&mut frozen, &name, &value)?;
    }
    Some(frozen)
}

/// The same in words.
pub(crate) async fn told(
    connection: &impl ConnectionTrait,
    stake: &AtStake,
    language: Language,
) -> Outcome<RefundEnds> {
    #[derive(FromQueryResult)]
    struct Name {
        name: String,
    }
    let text = "select name from offer_text where offer_id = $1 and language = $2";
    let name = sql::one::<Name>(connection, text, [stake.offer.into(), language.tag().into()])
        .await?
        .ok_or_else(|| Failure::broken("offer_text", "language", stake.offer))?;
    Ok(RefundEnds { offer: name.name, until: stake.until })
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::frozen;

    #[test]
    fn frozen_policies_are_read_whole_or_not_at_all() {
        let policies = frozen(r#"{"reveal_counts_as_activation":"false","reassign_lock_days":"90"}"#);
        let policies = policies.expect("known names");
        assert!(!policies.reveal_counts_as_activation);
        assert_eq!(policies.reassign_lock_days, 90);
        assert!(frozen("{}").is_some_and(|policies| policies.reveal_counts_as_activation));
        for text in ["", "[]", r#"{"unknown":"1"}"#, r#"{"reveal_counts_as_activation":"perhaps"}"#] {
            assert!(frozen(text).is_none(), "{text}");
        }
    }
}
