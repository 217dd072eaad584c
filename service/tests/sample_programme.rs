//! The sample programme as it is loaded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{BEGINNING, Engine, Stage, empty_stage, stage};
use domain::moment::Zone;
use domain::{ErrorCode, Moment};
use rstest::rstest;
use sea_orm::{ConnectionTrait, FromQueryResult};
use service::sample_programme::{DEMO_PASSWORD, demo_accounts, is_loaded, load};
use service::{passwords, sql};
use toml::Table;
use uuid::Uuid;

const COMPANIES: &str = include_str!("../sample_programme/companies.toml");
const PRODUCTS: &str = include_str!("../sample_programme/products.toml");
const TIERS: &str = include_str!("../sample_programme/tiers.toml");
const OFFERS: &str = include_str!("../sample_programme/offers.toml");

fn list(text: &str, name: &str) -> Vec<Table> {
    let table: Table = text.parse().expect("a file of the sample programme");
    of(&table, name)
}

/// The tables under a name; none where the name is missing.
fn of(table: &Table, name: &str) -> Vec<Table> {
    let entries = table.get(name).and_then(|value| value.as_array());
    entries.into_iter().flatten().map(|entry| entry.as_table().expect("a table").clone()).collect()
}

fn text<'a>(table: &'a Table, name: &str) -> &'a str {
    table.get(name).and_then(|value| value.as_str()).unwrap_or_default()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("a small number")
}

#[rstest]
#[tokio::test]
async fn an_empty_database_is_loaded_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = empty_stage(engine).await;
    assert!(!is_loaded(&stage.service).await.expect("answers"));
    let summary = load(&stage.service).await.expect("loads");
    assert!(is_loaded(&stage.service).await.expect("answers"));
    assert_eq!(
        summary.to_string(),
        "The sample programme was loaded: 4 companies, 117 people, 5 operators, 50 products, 179 grants, \
         42 seats, 733 keys, 13 open requests."
    );

    let grants = stage.count("select count(*) as number from benefit_grant").await;
    let again = load(&stage.service).await.expect_err("there is a programme already");
    assert!(again.is(ErrorCode::WrongState), "{again}");
    assert_eq!(stage.count("select count(*) as number from benefit_grant").await, grants);
    assert_eq!(stage.count("select count(*) as number from programme where demo").await, 1);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn the_rows_are_those_of_the_files(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let companies = list(COMPANIES, "company");
    let products = list(PRODUCTS, "product");
    let tiers = list(TIERS, "entitlement");
    let offers = list(OFFERS, "offer");
    let all = |name: &str| companies.iter().map(|company| of(company, name).len()).sum::<usize>();
    let keyed = |product: &&Table| {
        ["single_key", "core_key", "multiple_activation_key", "cloud_license"]
            .contains(&text(product, "kind"))
    };
    let seats = |released: bool| -> usize {
        let seats = companies.iter().flat_map(|company| of(company, "seat"));
        let wanted = seats.filter(|seat| seat.contains_key("released_days_ago") == released);
        wanted.map(|seat| seat["emails"].as_array().expect("addresses").len()).sum()
    };
    let requests = |kind: &str| {
        let all = companies.iter().flat_map(|company| of(company, "request"));
        all.filter(|request| text(request, "kind") == kind).count()
    };
    let open_activations = companies
        .iter()
        .flat_map(|company| of(company, "activation"))
        .filter(|activation| ["requested", "processing"].contains(&text(activation, "state")));
    let free = products.iter().filter(keyed).count() * 40;
    // Core grants come once for each holding; these are what the select areas add: for Gold in
    // application development and cloud platform two times Visual Studio, Signature support and a
    // credit, for Silver in cloud productivity Visual Studio and Signature support.
    let core: usize = companies
        .iter()
        .flat_map(|company| of(company, "holding"))
        .map(|holding| {
            let offer =
                offers.iter().find(|offer| text(offer, "code") == text(&holding, "offer")).expect("an offer");
            tiers.iter().filter(|row| text(row, "source") == text(offer, "source")).count()
        })
        .sum();
    for (query, expected) in [
        ("organization", companies.len()),
        ("person", all("person")),
        ("product", products.len()),
        ("product_text", products.len() * 3),
        ("product_download", products.iter().map(|product| of(product, "download").len()).sum()),
        ("offer_text", offers.len() * 3),
        ("competency_area_text", 19 * 3),
        ("orders", all("holding")),
        ("order_line", all("holding")),
        ("holding where state = 'active'", all("holding")),
        ("benefit_grant where source <> 'select_competency'", core),
        ("benefit_grant where source = 'select_competency'", 4 + 2),
        ("seat where released_at is null", seats(false)),
        ("seat where released_at is not null", seats(true)),
        ("seat_request where state = 'requested'", requests("seat")),
        ("product_key where state = 'free'", free),
        ("product_key where state <> 'free'", all("revealed")),
        ("activation", all("activation")),
        ("balance_entry where kind <> 'activation'", all("use")),
        ("service_request where kind = 'activation' and open", open_activations.count()),
        ("service_request where kind = 'advisory' and open", requests("advisory")),
        ("service_request where kind = 'cancellation' and open", requests("cancellation")),
        ("marketing_contact", companies.iter().filter(|row| row.contains_key("marketing_contact")).count()),
        ("audit_event where action = 'sample_programme_loaded'", companies.len()),
    ] {
        let found = stage.count(&format!("select count(*) as number from {query}")).await;
        assert_eq!(found, number(expected), "{query}");
    }
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_pool_has_what_its_entitlement_says_and_counts_its_seats(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let other_quantity = "select count(*) as number from benefit_grant g
        join pool po on po.id = g.pool_id join holding h on h.id = g.holding_id join offer f on f.id = h.offer_id
        where not exists (select 1 from entitlement e where e.product_id = g.product_id and e.source = g.source
            and (e.level is null or e.level = f.tier) and (e.area is null or e.area = g.area)
            and coalesce(e.seats, e.quantity, -1) = coalesce(po.quantity, -1))";
    assert_eq!(stage.count(other_quantity).await, 0);
    let other_count = "select count(*) as number from pool po where po.used <>
        (select count(*) from seat s where s.pool_id = po.id and s.released_at is null)";
    assert_eq!(stage.count(other_count).await, 0);
    assert!(stage.count("select cast(sum(used) as bigint) as number from pool").await > 0);

    let gold = stage.grant("fernhollow.example", "office_365_e3", "gold_core").await;
    let shared = stage.grant("fernhollow.example", "office_professional_plus", "gold_core").await;
    let pools = "select count(distinct pool_id) as number from benefit_grant where id in ($1, $2)";
    let reader = stage.service.database.reader();
    assert_eq!(sql::number(reader, pools, [gold.0.into(), shared.0.into()]).await.expect("pools"), 1);
    // Five pools are shared by two grants each: Office of Gold and of Silver, hours of three Action Packs.
    let grants = stage.count("select count(*) as number from benefit_grant").await;
    assert_eq!(stage.count("select count(*) as number from pool").await, grants - 5);

    let app = stage
        .grant_in_area("fernhollow.example", "visual_studio_enterprise", "application_development")
        .await;
    let cloud = stage.grant_in_area("fernhollow.example", "visual_studio_enterprise", "cloud_platform").await;
    assert_eq!(sql::number(reader, pools, [app.0.into(), cloud.0.into()]).await.expect("pools"), 2);
}

#[rstest]
#[tokio::test]
async fn nothing_is_older_than_its_holding_or_later_than_now(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let now = BEGINNING.0;
    for (table, column) in [
        ("seat", "assigned_at"),
        ("seat", "coalesce(x.released_at, x.assigned_at)"),
        ("seat_request", "requested_at"),
        ("product_key", "revealed_at"),
        ("redemption", "redeemed_at"),
        ("activation", "requested_at"),
        ("activation", "coalesce(x.completed_at, x.requested_at)"),
        ("balance_entry", "recorded_at"),
    ] {
        let column = if column.contains('.') { column.to_owned() } else { format!("x.{column}") };
        let query = format!(
            "select count(*) as number from {table} x join benefit_grant g on g.id = x.grant_id
            where {column} < g.granted_at or {column} > {now}"
        );
        assert_eq!(stage.count(&query).await, 0, "{table} {column}");
    }
    for (what, query) in [
        ("released before assigned", "seat where released_at < assigned_at"),
        ("completed before asked", "activation where completed_at < requested_at"),
        (
            "redeemed before revealed",
            "redemption r join product_key k on k.id = r.product_key_id
            where r.redeemed_at < k.revealed_at",
        ),
        (
            "a seat of a person elsewhere",
            "seat s join person p on p.id = s.person_id
            where p.organization_id <> s.organization_id",
        ),
        (
            "a numbering that doesn't follow time",
            "orders a join orders b on b.number > a.number
            where b.ordered_at < a.ordered_at",
        ),
        (
            "a grant whose state isn't its activation's",
            "benefit_grant g where g.activation_state <>
            coalesce((select a.state from activation a where a.grant_id = g.id), 'available')",
        ),
        (
            "a waiting activation without a request",
            "activation a where a.state in ('requested', 'processing')
            and not exists (select 1 from service_request r where r.activation_id = a.id and r.open
                and r.state = a.state and r.target_at = a.target_at)",
        ),
        (
            "a go-to-market end without activation",
            "benefit_grant g where g.category = 'go_to_market'
            and (g.activate_by is not null or (g.expires_at is not null) <>
                (g.activation_state in ('active', 'expired')))",
        ),
    ] {
        assert_eq!(stage.count(&format!("select count(*) as number from {query}")).await, 0, "{what}");
    }
    let first = stage.count("select min(number) as number from orders").await;
    let last = stage.count("select max(number) as number from orders").await;
    assert_eq!((first, last), (10_001, 10_010));
    let next = "select value as number from number_sequence where name =";
    assert_eq!(stage.count(&format!("{next} 'order'")).await, last);
    let last = stage.count("select max(number) as number from service_request").await;
    assert_eq!(stage.count(&format!("{next} 'service_request'")).await, last);
    assert_eq!(stage.count("select min(number) as number from service_request").await, 20_401);
}

#[rstest]
#[tokio::test]
async fn the_year_of_a_holding_ends_with_its_day_in_the_company_s_zone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        time_zone: String,
        offer: String,
        starts_at: i64,
        anniversary_at: i64,
        activate_by: Option<i64>,
        holding_ends_at: Option<i64>,
        expires_at: Option<i64>,
    }
    let stage = stage(engine).await;
    let text = "select o.time_zone, f.code as offer, h.starts_at, h.anniversary_at, g.activate_by,
            g.holding_ends_at, g.expires_at
        from holding h join organization o on o.id = h.organization_id join offer f on f.id = h.offer_id
        join benefit_grant g on g.holding_id = h.id where g.category <> 'go_to_market'";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, []).await.expect("holdings");
    assert!(rows.len() > 100);
    for row in rows {
        let zone = Zone::named(&row.time_zone);
        let anniversary = zone.day_of(Moment(row.starts_at)).plus_days(365);
        let end = zone.end_of(anniversary).0;
        assert_eq!(row.anniversary_at, end, "{}", row.offer);
        assert_eq!(row.activate_by, Some(end), "{}", row.offer);
        assert_eq!(row.holding_ends_at, Some(end), "{}", row.offer);
        assert_eq!(row.expires_at, Some(zone.end_of(anniversary.plus_days(30)).0), "{}", row.offer);
    }
}

#[rstest]
#[tokio::test]
async fn no_secret_stands_in_plain_text(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    #[derive(FromQueryResult)]
    struct Sealed {
        id: Uuid,
        ciphertext: Vec<u8>,
        key_hash: Vec<u8>,
    }
    #[derive(FromQueryResult)]
    struct Ids {
        id: Uuid,
        access_id: Vec<u8>,
        contract_id: Vec<u8>,
    }
    let stage = stage(engine).await;
    let reader = stage.service.database.reader();
    let vault = &stage.service.vault;
    let everything = everything_stored(&stage, engine).await;
    // What is written in the open is found: the search can fail.
    assert!(contains(&everything, b"Fernhollow Systems"));

    let text = "select id, ciphertext, key_hash from product_key";
    let mut keys = Vec::new();
    for row in sql::all::<Sealed>(reader, text, []).await.expect("keys") {
        let key = vault.open(&format!("product_key/{}", row.id), &row.ciphertext).expect("its place");
        assert_eq!(vault.hash(&key), row.key_hash);
        let shaped = domain::key_format::KeyText::parse(&key, &domain::key_format::KeyFormat::default())
            .expect("the shape of a key");
        assert_eq!(shaped.as_str(), key);
        keys.push(key);
    }
    keys.sort();
    keys.dedup();
    assert_eq!(number(keys.len()), stage.count("select count(*) as number from product_key").await);
    for key in keys.iter().step_by(25) {
        let letters = key.replace('-', "");
        for secret in [key.clone(), letters] {
            assert!(!contains(&everything, secret.as_bytes()));
            assert!(!contains(&everything, hex(secret.as_bytes()).as_bytes()));
        }
    }

    let text = "select id, access_id, contract_id from activation where access_id is not null";
    let ids = sql::all::<Ids>(reader, text, []).await.expect("activations");
    assert!(!ids.is_empty());
    for row in ids {
        for (part, sealed) in [("access_id", row.access_id), ("contract_id", row.contract_id)] {
            let number = vault.open(&format!("activation/{}/{part}", row.id), &sealed).expect("its place");
            assert!(number.len() == 9 && number.bytes().all(|digit| digit.is_ascii_digit()));
            assert!(!contains(&sealed, number.as_bytes()));
        }
    }
    assert!(!contains(&everything, DEMO_PASSWORD.as_bytes()));
}

/// All that the database keeps: the file's bytes, or every row as text.
async fn everything_stored(stage: &Stage, engine: Engine) -> Vec<u8> {
    #[derive(FromQueryResult)]
    struct Text {
        text: String,
    }
    let reader = stage.service.database.reader();
    match engine {
        Engine::Sqlite => {
            let folder = tempfile::TempDir::new().expect("a folder");
            let copy = folder.path().join("copy.db");
            reader.execute_unprepared(&format!("vacuum into '{}'", copy.display())).await.expect("a copy");
            std::fs::read(copy).expect("the copy")
        }
        Engine::Postgres => {
            let tables = "select cast(table_name as text) as text from information_schema.tables
                where table_schema = 'public' and table_type = 'BASE TABLE'";
            let mut everything = Vec::new();
            for table in sql::all::<Text>(reader, tables, []).await.expect("tables") {
                let rows = format!("select cast(t as text) as text from {} t", table.text);
                for row in sql::all::<Text>(reader, &rows, []).await.expect("rows") {
                    everything.extend_from_slice(row.text.as_bytes());
                    everything.push(b'\n');
                }
            }
            everything
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return true };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return true;
        }
        from += at + 1;
    }
    false
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[rstest]
#[tokio::test]
async fn everybody_who_is_listed_can_sign_in_and_nobody_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        password_hash: Option<String>,
        status: String,
    }
    let stage = stage(engine).await;
    let reader = stage.service.database.reader();
    let text = "select password_hash, status from account where email_key = $1";
    let mut hashes = Vec::new();
    for account in demo_accounts() {
        let row =
            sql::one::<Row>(reader, text, [account.email.to_lowercase().into()]).await.expect("accounts");
        let row = row.expect("an account");
        assert_eq!(row.status, "active", "{}", account.email);
        hashes.push(row.password_hash.expect("a password"));
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1, "one hash for all");
    assert!(passwords::verify(DEMO_PASSWORD, Some(&hashes[0])).await.expect("verified"));
    assert!(!passwords::verify("benefits-demo-2021", Some(&hashes[0])).await.expect("verified"));
    for (status, expected) in [("invited", 3), ("suspended", 0)] {
        let query = format!("select count(*) as number from account where status = '{status}'");
        assert_eq!(stage.count(&query).await, expected, "{status}");
    }
    assert_eq!(stage.count("select count(*) as number from person where status = 'suspended'").await, 1);
    let passwordless =
        "select count(*) as number from account where (status = 'invited') <> (password_hash is null)";
    assert_eq!(stage.count(passwordless).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_guest_has_one_account_and_a_person_in_each_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let guest = "noor.castellane@tarnbridge.example";
    let at_home = stage.person(guest).await;
    let there = stage.person_in(guest, "kestrelash.example").await;
    let (at_home, there) = (at_home.person().expect("a person"), there.person().expect("a person"));
    assert_eq!(at_home.account, there.account);
    assert_eq!(at_home.organization, stage.organization("fernhollow.example").await);
    assert_eq!(there.organization, stage.organization("kestrelash.example").await);
    assert!(!at_home.roles.has(domain::Role::AdminAgent));
    assert!(there.roles.has(domain::Role::AdminAgent) && there.roles.has(domain::Role::Employee));
    assert_eq!(there.id, stage.person_id(guest, "kestrelash.example").await);

    #[derive(FromQueryResult)]
    struct Row {
        domain: String,
        tier: String,
        setup_finished: bool,
        founder: String,
    }
    let text = "select o.domain, o.tier, o.setup_finished, a.full_name as founder from organization o
        join person p on p.id = o.founder_person_id join account a on a.id = p.account_id order by o.domain";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, []).await.expect("companies");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.domain.as_str(), row.tier.as_str(), row.setup_finished, row.founder.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("chenghu.example", "silver", true, "顾言初"),
            ("chienyuan.example", "network", false, "葉昀庭"),
            ("fernhollow.example", "gold", true, "Maren Tolvik"),
            ("kestrelash.example", "action_pack", true, "Piet Zanderling"),
        ]
    );
}
