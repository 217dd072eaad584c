//! The product's statements, as somebody would write them by hand.

use std::sync::LazyLock;

/// Who holds a session; `$1` digest of the token, `$2` now.
pub const SESSION: &str =
    "select s.account_id, s.organization_id, s.created_at, s.last_seen_at, a.email, a.full_name, a.language,
            p.id as person_id, o.time_zone,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles,
            (select string_agg(r.role, ',') from operator_role r where r.account_id = a.id) as operator_roles
        from session s
        join account a on a.id = s.account_id and a.status = 'active'
        left join organization o on o.id = s.organization_id
        left join person p on p.account_id = a.id and p.organization_id = o.id and p.status = 'active'
            and case when s.directory_id is null then not o.directory_required or exists (select 1
                    from person_role r join second_factor f on f.account_id = p.account_id
                        and f.confirmed_at is not null
                    where r.person_id = p.id and r.role = 'global_admin')
                else exists (select 1 from directory d
                    where d.id = s.directory_id and d.organization_id = o.id and d.enabled) end
        where s.token_hash = $1 and s.expires_at > $2
            and (s.directory_id is null or p.id is not null)";

/// The policies in force.
pub const POLICIES: &str = "select name, value from policy";

/// The rows of a category; `$1` organization, `$2` language, `$3` now, `$4` category.
pub static LIST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select * from ({} where r.category = $4) t
        order by t.sort_name asc, t.source asc, t.sort_name, t.source, t.id limit 50 offset 0",
        service::benefits::list::ROWS
    )
});

/// On PostgreSQL two posts of one operation wait for each other; `$1` operation.
pub const WAIT: &str = "select pg_advisory_xact_lock(hashtextextended($1, 0))";

/// What an operation came to before; `$1` operation.
pub const EARLIER: &str = "select account_id, digest, outcome from operation where id = $1";

/// A grant; `$1` its id, `$2` organization.
pub const GRANT: &str = "select g.id, g.product_id, g.category, p.kind, p.unit, g.pool_id, po.quantity,
        po.used + po.used_before as used, g.state,
        g.expires_at, g.activate_by, g.holding_ends_at, o.portal_state, g.activation_state,
        not exists (select 1 from holding h join offer f on f.id = h.offer_id and f.tier = 'network'
            where h.organization_id = o.id and h.state = 'active') as without_network, g.source, g.area,
        g.order_line_id, g.granted_at, p.portal_url, p.activation_limit, g.row_version,
        (select k.activations from product_key k where k.grant_id = g.id and k.seat_id is null
            and k.state in ('held', 'spent')) as key_activations
    from benefit_grant g
    join product p on p.id = g.product_id
    join pool po on po.id = g.pool_id
    join organization o on o.id = g.organization_id
    where g.id = $1 and g.organization_id = $2";

/// Whoever is to have a seat; `$1` organization, `$2` grant, `$3` product, `$4` person.
pub const CANDIDATE: &str = "select p.id, p.account_id, a.full_name, p.sort_name, a.email, a.language,
        (p.status in ('active', 'invited') and a.status in ('active', 'invited')) as belongs,
        (p.status = 'invited' or a.status = 'invited') as invited,
        exists (select 1 from seat s where s.person_id = p.id and s.grant_id = $2 and s.released_at is null)
            as holds_grant,
        exists (select 1 from seat s join benefit_grant g on g.id = s.grant_id
            where s.person_id = p.id and g.product_id = $3 and g.id <> $2 and s.released_at is null) as holds_product
    from person p join account a on a.id = p.account_id
    where p.organization_id = $1 and p.id in ($4)";

/// A product's texts; `$1` product.
pub const TEXTS: &str = "select product_id, language, name, summary, instructions, guidance from product_text where product_id = $1";

/// A seat; `$1` id, `$2` organization, `$3` grant, `$4` pool, `$5` person, `$6` now, `$7` by whom.
pub const SEAT: &str = "insert into seat (id, organization_id, grant_id, pool_id, person_id, alternate_email,
        assigned_at, assigned_by, locked_until, released_at, released_by, release_reason, row_version)
    values ($1, $2, $3, $4, $5, null, $6, $7, null, null, null, null, 1)";

/// Answers a request that waits; `$1` grant, `$2` now, `$3` by whom, `$4` person.
pub const ANSWER: &str = "update seat_request set state = 'granted', decided_at = $2, decided_by = $3
    where grant_id = $1 and state = 'requested' and person_id in ($4)";

/// Whether the holder wants no mail about it; `$1` account.
pub const MAIL_CHOICE: &str =
    "select account_id, topic from mail_choice where account_id in ($1) and not by_mail";

/// The programme's own wording of a kind of mail; `$1` kind.
pub const WORDING: &str = "select kind, language, subject, body from mail_template where kind in ($1)";

/// A mail; `$1` id, `$2` organization, `$3` account, `$4` subject, `$5` recipient, `$6` body, `$7` now, `$8` recipient in small letters, `$9` subject in small letters.
pub const MAIL: &str =
    "insert into mail (id, organization_id, account_id, kind, recipient, language, subject, subject_key,
        body, secret, calendar, state, attempts, next_attempt_at, last_error, created_at, sent_at, recipient_key,
        bounced_at, bounce_reason)
    values ($1, $2, $3, 'seat_assigned', $5, 'en', $4, $9, $6, null, null, 'waiting', 0, $7, null, $7, null, $8,
        null, null)";

/// A notice; `$1` id, `$2` organization, `$3` account, `$4` title, `$5` now.
pub const NOTICE: &str =
    "insert into notice (id, organization_id, account_id, title, link, created_at, read_at, kind, due_on)
    values ($1, $2, $3, $4, '/my-benefits', $5, null, 'seat_assigned', null)";

/// An operation's outcome; `$1` id, `$2` account, `$3` digest, `$4` outcome, `$5` now.
pub const OPERATION: &str =
    "insert into operation (id, account_id, digest, outcome, at) values ($1, $2, $3, $4, $5)";

/// The head of an audit chain on SQLite; `$1` organization.
pub const HEAD: &str = "select sequence, hash from audit_head where organization_id = $1";

/// The same on PostgreSQL, held until the commit.
pub const HEAD_HELD: &str = "select sequence, hash from audit_head where organization_id = $1 for update";

/// Moves the head; `$1` organization, `$2` sequence, `$3` hash.
pub const MOVE_HEAD: &str = "update audit_head set sequence = $2, hash = $3 where organization_id = $1";

/// An audit event; `$1` organization, `$2` sequence, `$3` hash before, `$4` hash, `$5` now, `$6` account,
/// `$7` seat, `$8` state after, `$9` request, `$10` person, `$11` grant.
pub const EVENT: &str =
    "insert into audit_event (organization_id, sequence, previous_hash, hash, at, actor_kind,
        actor_id, action, object_kind, object_id, before_state, after_state, address, request_id,
        person_id, grant_id)
    values ($1, $2, $3, $4, $5, 'person', $6, 'seat_assigned', 'seat', $7, null, $8, '127.0.0.1', $9, $10, $11)";

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use domain::ids::{GrantId, PersonId};
    use domain::operation::OperationId;
    use service::assignments::assign::{AssignSeats, assign};
    use service::{Database, Request, Service, SystemClock, SystemRandom, Vault, sample_programme, sessions};

    use super::*;
    use crate::client::{new_operation, open_session};
    use crate::database::{Engine, Stage};
    use crate::scene;

    /// What a statement does, whoever wrote it: an insert by its table and columns, the rest as a whole.
    fn shape(text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").replace('"', "").to_lowercase();
        match text.split_once(" values") {
            Some((insert, _)) if text.starts_with("insert") => insert.trim().to_owned(),
            _ => text,
        }
    }

    #[tokio::test]
    async fn what_is_done_by_hand_is_what_the_product_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("statements.db").display());
        let mut database = Database::connect(&url).await.expect("a database");
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hearing = heard.clone();
        database.observe(move |info| hearing.lock().expect("not poisoned").push(shape(&info.statement.sql)));
        let service = Service {
            database,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            vault: Arc::new(Vault::new(1, &[7; 32])),
            sign_in_limits: Arc::default(),
            counts: Arc::default(),
            outside: service::directories::outside::Outside::default(),
            live: service::live::Live::default(),
            payments: service::purchases::payment::Payments::default(),
            base_url: Arc::from("https://benefits.example"),
        };
        service.database.migrate().await.expect("the schema");
        sample_programme::load(&service).await.expect("the sample programme");
        let stage = Stage { engine: Engine::Sqlite, database: service.database.clone() };
        let grant = scene::grants(&stage, scene::VISUAL_STUDIO, 1, 10).await.expect("a grant")[0];
        let person = scene::people(&stage, 1).await.expect("a person")[0];
        let cookie = open_session(&stage, scene::ADMIN).await.expect("a session");
        let token = cookie.strip_prefix("session=").expect("a token");

        heard.lock().expect("not poisoned").clear();
        let actor = sessions::actor(&service, token).await.expect("somebody");
        let request = Request { actor, address: "127.0.0.1".to_owned(), id: "request".to_owned() };
        let input = AssignSeats {
            grant: GrantId(grant),
            people: vec![PersonId(person)],
            shortage: None,
            alternate_email: None,
        };
        let operation = OperationId::parse(&new_operation()).expect("an operation");
        assign(&service, &request, operation, input).await.expect("assigns");

        let mut by_hand = [
            SESSION,
            POLICIES,
            EARLIER,
            GRANT,
            CANDIDATE,
            TEXTS,
            SEAT,
            ANSWER,
            MAIL_CHOICE,
            WORDING,
            MAIL,
            NOTICE,
            OPERATION,
            HEAD,
            MOVE_HEAD,
            EVENT,
        ]
        .map(shape);
        let mut ours = heard.lock().expect("not poisoned").clone();
        by_hand.sort();
        ours.sort();
        assert_eq!(ours, by_hand);
    }
}
