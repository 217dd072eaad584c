//! Requests in numbers.

use super::Stage;

impl Stage {
    /// So many open advisory requests more, of several companies: some with the same target, some asked for at the
    /// same moment.
    pub async fn add_requests(&self, count: usize) {
        let now = self.service.now().0;
        let mut text = String::new();
        for at in 0..count {
            let id = self.literal(self.service.new_id());
            let moment = i64::try_from(at).expect("few");
            text.push_str(&format!(
                "insert into service_request (id, number, organization_id, kind, state, open, title, title_key, details,
                        requested_by, requested_at, target_at)
                    select {id}, {number}, p.organization_id, 'advisory', 'requested', true, 'Wanted {at}', 'wanted {at}',
                        '{{}}', p.id, {asked}, {target} from person p order by p.id limit 1 offset {whose};",
                number = 700_000 + at,
                asked = now - moment / 3 * 60_000,
                target = now + moment % 5 * 86_400_000,
                whose = at * 7 % 20,
            ));
        }
        self.sql(&text).await;
    }
}
