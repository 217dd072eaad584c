//! What tests about holdings and their years ask the stage.

use super::Stage;

impl Stage {
    /// What has to hold whatever became of holdings: seats, keys and activations stand where their grant does.
    pub async fn nothing_left_behind(&self) {
        for (what, text) in [
            (
                "a pool that counts other seats than it has",
                "select count(*) as number from pool p where p.used <> (select count(*) from seat s
                    where s.pool_id = p.id and s.released_at is null)",
            ),
            (
                "a seat in another pool than its grant",
                "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
                where s.released_at is null and s.pool_id <> g.pool_id",
            ),
            (
                "a seat of a grant that isn't in force",
                "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
                where s.released_at is null and g.state <> 'granted'",
            ),
            (
                "a key apart from its seat",
                "select count(*) as number from product_key k join seat s on s.id = k.seat_id
                where s.released_at is null and k.grant_id <> s.grant_id",
            ),
            (
                "a running activation that stayed behind",
                "select count(*) as number from activation a join benefit_grant n on n.follows_id = a.grant_id
                where a.state in ('requested', 'processing', 'active') and n.state <> 'withdrawn'",
            ),
            (
                "an activation that its grant doesn't know of",
                "select count(*) as number from activation a join benefit_grant g on g.id = a.grant_id
                where a.state in ('requested', 'processing', 'active') and a.person_id is null
                    and g.activation_state <> a.state",
            ),
            (
                "the same benefit twice from one source",
                "select count(*) as number from (select g.organization_id, g.product_id, g.source, g.area
                    from benefit_grant g where g.state = 'granted' and g.category <> 'go_to_market'
                    group by g.organization_id, g.product_id, g.source, g.area having count(*) > 1) twice",
            ),
            (
                "a grant in force of a holding that a later one follows",
                "select count(*) as number from benefit_grant g join holding n on n.follows_id = g.holding_id
                where n.state = 'active' and g.state = 'granted' and g.category <> 'go_to_market'",
            ),
        ] {
            assert_eq!(self.count(text).await, 0, "{what}");
        }
        assert!(self.audit_intact().await);
    }
}
