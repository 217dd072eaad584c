//! Records from the older portal: read from a file, checked, written once, read-only here, over at
//! their end (rule 22).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::path::PathBuf;

use common::{Engine, Stage, stage};
use domain::benefit::Category;
use domain::entitlement::Amount;
use domain::ids::ProductId;
use domain::moment::Zone;
use domain::older_portal::{PortalState, RecordColumn, RecordFault};
use domain::view::benefits::{BenefitsQuery, SortColumn};
use domain::view::individual_grants::CompanyGrantsQuery;
use domain::view::portal::Reader;
use domain::{ErrorCode, Language};
use rstest::rstest;
use service::individual_grants::company;
use service::individual_grants::end::{EndIndividualGrant, end};
use service::individual_grants::set::{SetIndividualGrant, set};
use service::older_portal::on_clock::end_due;
use service::older_portal::{Place, Report, Wanted, import, set_place};
use service::{Failure, benefits, dashboard, membership};
use tempfile::TempDir;

const HEADS: &str = "record,domain,company,account_email,time_zone,language,contact_name,contact_email,roles,\
    tier,areas,began,benefit,quantity,used\n";

/// Two companies: one with everything, one with the network membership alone.
const FILE: &str = "\
    company,osprey.example,\"Osprey, Vane & Co\",office@osprey.example,Europe/Oslo,en,Ida Vane,ida.vane@osprey.example,,,,,,,\n\
    contact,osprey.example,,,,,Per Osprey,per@osprey.example,User admin; Employee,,,,,,\n\
    membership,osprey.example,,,,,,,,network,,2026-03-01,,,\n\
    membership,osprey.example,,,,,,,,gold,devops; security,2026-05-10,,,\n\
    grant,osprey.example,,,,,,,,gold,,,office_365_e3,,40\n\
    grant,osprey.example,,,,,,,,gold,,,office_professional_plus,100,7\n\
    grant,osprey.example,,,,,,,,gold,devops,,visual_studio_enterprise,20,3\n\
    company,linxi.example,林溪科技,office@linxi.example,Asia/Shanghai,简体中文,沈知遥,zhiyao@linxi.example,,,,,,,\n\
    membership,linxi.example,,,,,,,,network,,2026-11-01,,,\n";
const ROWS: usize = 9;

struct Written {
    _folder: TempDir,
    path: PathBuf,
}

fn written(rows: &str) -> Written {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("members.csv");
    std::fs::write(&path, format!("\u{FEFF}{HEADS}{rows}")).expect("written");
    Written { _folder: folder, path }
}

async fn take(stage: &Stage, rows: &str, wanted: Wanted) -> Result<Report, Failure> {
    let file = written(rows);
    import(&stage.service, &file.path, wanted, &mut |_| {}).await
}

async fn taken(stage: &Stage, rows: &str) -> Report {
    let report = take(stage, rows, Wanted::default()).await.expect("imports");
    assert_eq!(report.faults, [], "no faults");
    assert!(report.written);
    report
}

fn counts(report: &Report) -> [usize; 4] {
    [report.added, report.updated, report.unchanged, report.view_only]
}

async fn state(stage: &Stage, domain: &str) -> Option<PortalState> {
    for state in PortalState::ALL {
        let text = format!(
            "select count(*) as number from organization where domain = '{domain}' and portal_state = '{}'",
            state.code()
        );
        if stage.count(&text).await == 1 {
            return Some(*state);
        }
    }
    None
}

/// Every row of the tables that an import writes.
async fn everything(stage: &Stage) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "account",
        "organization",
        "person",
        "person_role",
        "orders",
        "order_line",
        "holding",
        "pool",
        "benefit_grant",
        "older_record",
        "mail",
        "notice",
        "invitation",
        "audit_event",
    ] {
        counts.push(stage.count(&format!("select count(*) as number from {table}")).await);
    }
    counts
}

#[rstest]
#[tokio::test]
async fn a_file_is_taken_over_and_again_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let report = taken(&stage, FILE).await;
    assert_eq!((report.rows, report.companies, counts(&report)), (ROWS, 2, [ROWS, 0, 0, 0]));
    assert_eq!(state(&stage, "osprey.example").await, Some(PortalState::NotInvited));
    for (query, expected) in [
        ("organization where domain = 'osprey.example' and tier = 'gold' and name = 'Osprey, Vane & Co'", 1),
        ("organization where domain = 'linxi.example' and tier = 'network' and language = 'zh-Hans'", 1),
        ("holding h join organization o on o.id = h.organization_id where o.domain = 'osprey.example'", 2),
        ("holding where areas = 'devops,security'", 1),
        // Two products share one pool.
        ("pool where used_before = 47 and quantity = 100", 1),
        ("pool where used_before = 3 and quantity = 20", 1),
        ("benefit_grant where used_before = 3 and source = 'select_competency' and area = 'devops'", 1),
        ("mail where kind like 'member%'", 0),
        ("audit_event where action = 'member_imported'", 2),
    ] {
        let found = stage.count(&format!("select count(*) as number from {query}")).await;
        assert_eq!(found, expected, "{query}");
    }
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
    let before = everything(&stage).await;
    stage.clock.move_days(1);
    let again = taken(&stage, FILE).await;
    assert_eq!(counts(&again), [0, 0, ROWS, 0]);
    assert_eq!(everything(&stage).await, before);
}

#[rstest]
#[tokio::test]
async fn a_tier_is_known_by_its_code_and_by_what_the_programme_calls_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let renamed = FILE.replace(",gold,", ",白金級,");
    let report = take(&stage, &renamed, Wanted::default()).await.expect("read");
    assert!(!report.written);
    assert!(report.faults.iter().any(|fault| fault.fault == RecordFault::UnknownTier), "{:?}", report.faults);
    let text = "update tier_text set name = '白金級' where tier = 'gold' and language = 'zh-Hant'";
    assert_eq!(stage.run(text, []).await, 1);
    assert_eq!(taken(&stage, &renamed).await.added, ROWS);
    let text =
        "select count(*) as number from organization where domain = 'osprey.example' and tier = 'gold'";
    assert_eq!(stage.count(text).await, 1);
    taken(&stage, FILE).await;
}

#[rstest]
#[tokio::test]
async fn what_is_held_in_an_area_that_the_programme_took_away_is_still_updated(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    taken(&stage, FILE).await;
    // As a version does that removes it: its name stays.
    stage.run("delete from competency_area where code = 'security'", []).await;
    let report = taken(&stage, &FILE.replace("office_365_e3,,40", "office_365_e3,,41")).await;
    assert_eq!(counts(&report), [0, 1, ROWS - 1, 0]);
}

#[rstest]
#[tokio::test]
async fn a_changed_row_updates_what_the_older_portal_owns(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    taken(&stage, FILE).await;
    let before = everything(&stage).await;
    let changed = FILE
        .replace("office_365_e3,,40", "office_365_e3,,41")
        .replace("Osprey, Vane & Co", "Osprey & Vane")
        .replace("gold,devops; security,2026-05-10", "gold,devops; security,2026-06-10")
        .replace("User admin; Employee", "Employee");
    let report = taken(&stage, &changed).await;
    assert_eq!(counts(&report), [0, 4, ROWS - 4, 0]);
    for query in [
        "organization where name = 'Osprey & Vane'",
        "pool where used_before = 48",
        "benefit_grant where used_before = 41 and row_version > 1",
        // 2026-06-10 and a year, to its end in Oslo.
        "holding where areas = 'devops,security' and anniversary_at = 1812664799999",
    ] {
        let found = stage.count(&format!("select count(*) as number from {query}")).await;
        assert_eq!(found, 1, "{query}");
    }
    let mut expected = before;
    // One event more, one role less, nothing else.
    expected[13] += 1;
    expected[3] -= 1;
    assert_eq!(everything(&stage).await, expected);

    // Another primary contact: the one before leaves, unless the file still has them.
    let handed = changed.replace("Ida Vane,ida.vane@", "Una Vane,una.vane@");
    let report = taken(&stage, &handed).await;
    assert_eq!(counts(&report), [0, 1, ROWS - 1, 0]);
    let left = "select count(*) as number from person p join account a on a.id = p.account_id
        where a.email_key = 'ida.vane@osprey.example' and p.status = 'left'";
    assert_eq!(stage.count(left).await, 1);
    assert_eq!(counts(&taken(&stage, &handed).await), [0, 0, ROWS, 0]);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn every_row_says_what_is_wrong_and_nothing_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use RecordColumn as C;
    use RecordFault as F;
    let stage = stage(engine).await;
    let before = everything(&stage).await;
    let good = "company,a.example,A,office@a.example,,,Ann,ann@a.example,,,,,,,\n\
        membership,a.example,,,,,,,,network,,2026-03-01,,,\n\
        membership,a.example,,,,,,,,action_pack,,2026-03-01,,,\n";
    let row = |rest: &str| format!("{good}{rest}\n");
    for (text, expected) in [
        (
            row("membership,a.example,,,,,,,,platinum,,2026-03-01,,,"),
            vec![(5, C::Tier, F::UnknownTier, None)],
        ),
        (row("membership,a.example,,,,,,,,silver,,2026-03-01,,,"), vec![(5, C::Areas, F::Required, None)]),
        (
            row("membership,a.example,,,,,,,,silver,astrology,2026-03-01,,,"),
            vec![(5, C::Areas, F::UnknownArea, None)],
        ),
        (
            row("membership,a.example,,,,,,,,silver,devops,01.03.2026,,,"),
            vec![(5, C::Began, F::MalformedDate, None)],
        ),
        (
            row("membership,a.example,,,,,,,,silver,devops,2026-02-30,,,"),
            vec![(5, C::Began, F::MalformedDate, None)],
        ),
        (
            row("membership,a.example,,,,,,,,silver,devops,2026-11-22,,,"),
            vec![(5, C::Began, F::FutureDate, None)],
        ),
        (
            row("membership,a.example,,,,,,,,network,,2026-03-01,,,"),
            vec![(5, C::Tier, F::DuplicateRow, Some(3))],
        ),
        (
            row("contact,a.example,,,,,Ben,ben at a,,,,,,,"),
            vec![(5, C::ContactEmail, F::MalformedEmail, None)],
        ),
        (
            row("contact,a.example,,,,,Ben,ANN@a.example,,,,,,,"),
            vec![(5, C::ContactEmail, F::DuplicateRow, Some(2))],
        ),
        (
            row("contact,a.example,,,,,Ben,ben@a.example,boss,,,,,,"),
            vec![(5, C::Roles, F::UnknownRole, None)],
        ),
        (
            row("contact,a.example,,,,,Roz,rosalind.ekwueme@northlight.example,,,,,,,"),
            vec![(5, C::ContactEmail, F::OperatorAddress, None)],
        ),
        (
            row("company,a.example,A,office@a.example,,,Ann,ann@a.example,,,,,,,"),
            vec![(5, C::Domain, F::DuplicateRow, Some(2))],
        ),
        (
            row("grant,a.example,,,,,,,,action_pack,,,office_365_e3,6,"),
            vec![(5, C::Quantity, F::AbovePlan, Some(5))],
        ),
        (
            row("grant,a.example,,,,,,,,action_pack,,,office_365_e3,4,5"),
            vec![(5, C::Used, F::UsedAboveQuantity, Some(4))],
        ),
        (
            row("grant,a.example,,,,,,,,action_pack,,,office_365_e3,-1,many"),
            vec![(5, C::Quantity, F::MalformedNumber, None), (5, C::Used, F::MalformedNumber, None)],
        ),
        (
            row("grant,a.example,,,,,,,,action_pack,,,office_999,,"),
            vec![(5, C::Benefit, F::UnknownBenefit, None)],
        ),
        (row("grant,a.example,,,,,,,,network,,,office_365_e3,,"), vec![(5, C::Benefit, F::NotInPlan, None)]),
        (
            row("grant,a.example,,,,,,,,gold,,,office_365_e3,,"),
            vec![(5, C::Tier, F::MembershipMissing, None)],
        ),
        (
            row(
                "grant,a.example,,,,,,,,action_pack,,,advisory_hours,5,3\ngrant,a.example,,,,,,,,action_pack,,,technical_presales_deployment,5,3",
            ),
            vec![(6, C::Used, F::UsedAboveQuantity, Some(5))],
        ),
        (
            row(
                "grant,a.example,,,,,,,,action_pack,,,intune,,\ngrant,a.example,,,,,,,,action_pack,,,intune,,",
            ),
            vec![(6, C::Benefit, F::DuplicateRow, Some(5))],
        ),
        (row("visit,a.example,,,,,,,,,,,,,"), vec![(5, C::Record, F::UnknownRecord, None)]),
        (row("contact,not a domain,,,,,,,,,,,,,"), vec![(5, C::Domain, F::MalformedDomain, None)]),
        (
            row("contact,b.example,,,,,Ben,ben@b.example,,,,,,,"),
            vec![(5, C::Domain, F::CompanyMissing, None)],
        ),
        (
            row("company,b.example,B,office@b.example,,,Ben,ben@b.example,,,,,,,"),
            vec![(5, C::Tier, F::NetworkMissing, None)],
        ),
        (
            row(
                "company,b.example,B,nobody,Mars/Olympus,Klingon,,ben@b.example,,,,,,,\nmembership,b.example,,,,,,,,network,,2026-03-01,,,",
            ),
            vec![
                (5, C::AccountEmail, F::MalformedEmail, None),
                (5, C::TimeZone, F::UnknownTimeZone, None),
                (5, C::Language, F::UnknownLanguage, None),
                (5, C::ContactName, F::Required, None),
                (6, C::Domain, F::CompanyFaulty, Some(5)),
            ],
        ),
        (
            row(
                "company,fernhollow.example,F,office@f.example,,,Ben,ben@f.example,,,,,,,\nmembership,fernhollow.example,,,,,,,,network,,2026-03-01,,,",
            ),
            vec![(5, C::Domain, F::AlreadyMember, None), (6, C::Domain, F::CompanyFaulty, Some(5))],
        ),
    ] {
        let report = take(&stage, &text, Wanted::default()).await.expect("a report");
        let found: Vec<_> =
            report.faults.iter().map(|fault| (fault.line, fault.column, fault.fault, fault.number)).collect();
        assert_eq!(found, expected, "{text}");
        assert!(!report.written && report.faulty >= 1);
    }
    assert_eq!(everything(&stage).await, before);
    let code = |refused: Result<Report, Failure>| refused.expect_err("no records").told().code;
    assert_eq!(code(take(&stage, "", Wanted::default()).await), ErrorCode::NoRows);
}

#[rstest]
#[tokio::test]
async fn the_rows_without_a_fault_are_written_where_asked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let faulty = FILE
        .replace("office_365_e3,,40", "office_365_e3,,400")
        .replace("沈知遥,zhiyao@linxi.example", "沈知遥,zhiyao");
    let report = take(&stage, &faulty, Wanted::default()).await.expect("a report");
    assert!(!report.written && report.faulty == 3, "{report:?}");
    assert_eq!(state(&stage, "osprey.example").await, None);
    let wanted = Wanted { valid_rows: true, ..Wanted::default() };
    let report = take(&stage, &faulty, wanted).await.expect("a report");
    assert!(report.written);
    assert_eq!((report.faulty, counts(&report)), (3, [ROWS - 3, 0, 0, 0]));
    assert_eq!(state(&stage, "linxi.example").await, None);
    // Put right, only what was missing comes.
    assert_eq!(counts(&taken(&stage, FILE).await), [3, 0, ROWS - 3, 0]);
    let shared = "select count(*) as number from pool where used_before = 47 and quantity = 100";
    assert_eq!(stage.count(shared).await, 1);
}

#[rstest]
#[tokio::test]
async fn rule_22_who_is_invited_gets_one_mail_and_reads_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let link = "https://older.example/sign-in".to_owned();
    let place = Place { sign_in_link: Some(link.clone()), technical_contact: None };
    set_place(&stage.service, place).await.expect("set");
    let place = Place { sign_in_link: None, technical_contact: Some("+47 22 00 00 00".to_owned()) };
    set_place(&stage.service, place).await.expect("set");
    let place = Place { sign_in_link: Some("javascript:alert(1)".to_owned()), technical_contact: None };
    assert!(
        set_place(&stage.service, place).await.is_err_and(|refused| refused.is(ErrorCode::MalformedAddress))
    );
    taken(&stage, FILE).await;
    let ida = stage.person("ida.vane@osprey.example").await;
    let shown = async |state: PortalState| {
        let frame = dashboard::frame::frame(&stage.service, &ida, Language::English).await.expect("a frame");
        let Reader::Person(reader) = frame.reader else { panic!("a person") };
        let older = reader.older_portal.expect("told");
        assert_eq!((older.state, older.sign_in_link.as_ref()), (state, Some(&link)));
        assert_eq!(older.technical_contact.as_deref(), Some("+47 22 00 00 00"));
    };
    shown(PortalState::NotInvited).await;
    let wanted = Wanted { invite: true, ..Wanted::default() };
    let report = take(&stage, FILE, wanted).await.expect("invites");
    assert_eq!((report.invited, counts(&report)), (2, [0, 0, ROWS, 0]));
    shown(PortalState::Invited).await;
    let again = take(&stage, FILE, wanted).await.expect("nothing to do");
    assert_eq!((again.invited, counts(&again)), (0, [0, 0, ROWS, 0]));
    // A link that ran out before anybody opened it is sent once more, and only then.
    let now = stage.service.now();
    stage.clock.set(now.plus_days(service::people::add::INVITATION_DAYS + 1));
    assert_eq!(take(&stage, FILE, wanted).await.expect("invites").invited, 2);
    assert_eq!(take(&stage, FILE, wanted).await.expect("nothing to do").invited, 0);
    assert_eq!(stage.mails("ida.vane@osprey.example").await.len(), 2);
    stage.run("delete from mail where created_at > $1", [now.0.into()]).await;
    stage.clock.set(now);
    let mails = stage.mails("ida.vane@osprey.example").await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].secret.is_some() && mails[0].body.contains("{link}"), "{:?}", mails[0].body);
    let mails = stage.mails("zhiyao@linxi.example").await;
    assert_eq!((mails.len(), mails[0].language.as_str()), (1, "zh-Hans"));

    let query = BenefitsQuery {
        category: Category::Cloud,
        find: String::new(),
        source: None,
        status: None,
        until: None,
        sort: SortColumn::Name,
        descending: false,
        page: 1,
        open: None,
        chosen: None,
    };
    let page = benefits::list::page(&stage.service, &ida, Language::English, &query).await.expect("rows");
    // Nobody is added to what the older portal owns.
    let somebody = service::people::add::AddUser {
        email: "new@osprey.example".to_owned(),
        name: "New".to_owned(),
        roles: vec![domain::Role::Employee],
        language: "en".to_owned(),
    };
    let refused = service::people::add::add_user(&stage.service, &ida, stage.operation(), somebody).await;
    assert!(refused.is_err_and(|refused| refused.is(ErrorCode::ReadOnly)));
    let row = page.rows.first().expect("a row");
    assert_eq!((row.used, row.quantity, row.status.code()), (47, Some(100), "read_only"));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_22_at_its_end_the_record_is_view_only_for_good(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    taken(&stage, FILE).await;
    // The gold year began on 2026-05-10: 365 days and 30 more, the last of them to its end.
    let zone = domain::moment::Zone::named("Europe/Oslo");
    let last = zone.end_of(domain::Day::parse("2027-06-09").expect("a day"));
    stage.clock.set(last);
    assert_eq!(end_due(&stage.service).await.expect("runs"), 0);
    stage.clock.set(last.plus_seconds(1));
    // Two servers at the same moment do it once.
    let (one, other) = tokio::join!(end_due(&stage.service), end_due(&stage.service));
    assert_eq!(one.expect("runs") + other.expect("runs"), 1);
    assert_eq!(end_due(&stage.service).await.expect("runs"), 0);
    assert_eq!(state(&stage, "osprey.example").await, Some(PortalState::Expired));
    assert_eq!(state(&stage, "linxi.example").await, Some(PortalState::NotInvited));
    let changed = FILE.replace("office_365_e3,,40", "office_365_e3,,41");
    let wanted = Wanted { invite: true, ..Wanted::default() };
    let report = take(&stage, &changed, wanted).await.expect("imports");
    assert_eq!((report.invited, counts(&report)), (1, [0, 0, 2, 7]));
    assert_eq!(state(&stage, "osprey.example").await, Some(PortalState::Expired));
    let kept = "select count(*) as number from benefit_grant where used_before = 41";
    assert_eq!(stage.count(kept).await, 0);
    let events = "select count(*) as number from audit_event where action = 'older_record_ended'";
    assert_eq!(stage.count(events).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_12_what_was_used_before_takes_no_new_seat(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let rows = FILE.replace("visual_studio_enterprise,20,3", "visual_studio_enterprise,4,3");
    taken(&stage, &rows).await;
    stage.run("update organization set portal_state = 'member' where domain = 'osprey.example'", []).await;
    let grant = stage.grant_in_area("osprey.example", "visual_studio_enterprise", "devops").await;
    let row = stage.grant_row(grant).await;
    for (email, fits) in [("ida.vane@osprey.example", true), ("per@osprey.example", false)] {
        let person = stage.person_id(email, "osprey.example").await;
        let transaction = stage.service.database.begin().await.expect("a transaction");
        let text =
            "insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by)
            values ($1, $2, $3, $4, $5, 1, $5)";
        let values = [
            stage.service.new_id().into(),
            row.organization_id.into(),
            grant.0.into(),
            row.pool_id.into(),
            person.0.into(),
        ];
        let seated = service::sql::run(&transaction, text, values).await;
        assert_eq!(seated.is_ok(), fits, "{email}");
        if fits {
            transaction.commit().await.expect("committed");
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_the_file_gives_is_the_plan_value_that_counts_again_after_an_individual_grant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    taken(&stage, FILE).await;
    // A later file of the same company brings another one.
    taken(&stage, &FILE.replace("visual_studio_enterprise,20,3", "visual_studio_enterprise,24,3")).await;
    stage.run("update organization set portal_state = 'member' where domain = 'osprey.example'", []).await;
    let product = "select id from product where code = 'visual_studio_enterprise'";
    let product = ProductId(stage.id(product, []).await);
    let admin = stage.operator("rosalind.ekwueme@northlight.example").await;
    let shown = async || {
        let query = CompanyGrantsQuery { company: "osprey.example".to_owned(), product: Some(product) };
        let page = company::page(&stage.service, &admin, Language::English, &query).await.expect("a page");
        let row = page.chosen.expect("the product");
        (row.plan, row.result)
    };
    assert_eq!(shown().await, (Some(Amount::Of(24)), Some(Amount::Of(24))));
    let ends = stage.service.now().plus_days(30);
    let wanted = service::individual_grants::Wanted {
        quantity: "50".to_owned(),
        unlimited: false,
        ends: Zone::named("Europe/Oslo").day_of(ends).to_string(),
        reason: "A pilot".to_owned(),
        accepted: None,
    };
    let organization = stage.organization("osprey.example").await;
    let input = SetIndividualGrant { organization, product: product.to_string(), wanted };
    let id = set(&stage.service, &admin, stage.operation(), input).await.expect("set");
    assert_eq!(shown().await, (Some(Amount::Of(24)), Some(Amount::Of(50))));
    let input = EndIndividualGrant { id, version: 1, accepted: None };
    end(&stage.service, &admin, stage.operation(), input).await.expect("ended");
    assert_eq!(shown().await, (Some(Amount::Of(24)), Some(Amount::Of(24))));
    let text = "select count(*) as number from pool p join organization o on o.id = p.organization_id
        where o.domain = 'osprey.example' and p.quantity = 24";
    assert_eq!(stage.count(text).await, 1, "not without limit");
}

#[rstest]
#[tokio::test]
async fn one_contact_of_two_companies_is_one_account(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let shared = FILE
        .replace("zhiyao@linxi.example", "Maren.Tolvik@fernhollow.example")
        .replace("per@osprey.example", "maren.tolvik@fernhollow.example");
    let accounts = stage.count("select count(*) as number from account").await;
    taken(&stage, &shared).await;
    assert_eq!(stage.count("select count(*) as number from account").await, accounts + 1);
    assert_eq!(counts(&taken(&stage, &shared).await), [0, 0, ROWS, 0]);
    let report = take(&stage, &shared, Wanted { invite: true, ..Wanted::default() }).await.expect("invites");
    assert_eq!(report.invited, 2);
    // She has a password already: a link to the portal is enough.
    let mails = stage.mails("maren.tolvik@fernhollow.example").await;
    let mail = mails.iter().find(|mail| mail.kind == "member_invited_known").expect("a mail");
    assert!(mail.secret.is_none() && mail.body.contains("https://benefits.example/"));
}

#[rstest]
#[tokio::test]
async fn rule_22_a_year_renewed_in_the_older_portal_goes_on_here(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let rows = FILE.replace("network,,2026-03-01", "network,,2026-11-01");
    taken(&stage, &rows).await;
    let zone = domain::moment::Zone::named("Europe/Oslo");
    stage.clock.set(zone.start_of(domain::Day::parse("2027-06-11").expect("a day")));
    benefits::on_clock::end_due(&stage.service).await.expect("runs");
    let ours =
        "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = 'osprey.example' and g.state = ";
    assert_eq!(stage.count(&format!("{ours}'ended'")).await, 3);
    assert_eq!(end_due(&stage.service).await.expect("runs"), 0, "the network membership goes on");
    // What the older portal keeps is ended by that one; the same file is the same again.
    membership::on_clock::end_due(&stage.service).await.expect("runs");
    assert_eq!(counts(&taken(&stage, &rows).await), [0, 0, ROWS, 0]);
    let renewed = rows.replace("security,2026-05-10", "security,2027-05-10");
    assert_eq!(counts(&taken(&stage, &renewed).await), [0, 1, ROWS - 1, 0]);
    assert_eq!(stage.count(&format!("{ours}'granted'")).await, 3);
}

#[rstest]
#[tokio::test]
async fn a_membership_has_what_its_version_says_until_the_older_portal_renews_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    taken(&stage, FILE).await;
    // The next version gives Office no more, and fewer studios.
    let office = "select id from product where code = 'office_professional_plus'";
    let text = format!(
        "update entitlement set until_version = 2 where source = 'gold_core' and product_id = ({office})"
    );
    assert_eq!(stage.run(&text, []).await, 1);
    stage.run("update programme set catalogue_version = 2", []).await;
    assert_eq!(counts(&taken(&stage, FILE).await), [0, 0, ROWS, 0]);
    let more = FILE.replace("office_professional_plus,100,7", "office_professional_plus,100,8");
    assert_eq!(counts(&taken(&stage, &more).await), [0, 1, ROWS - 1, 0]);
    let versions = |version: i64| {
        format!(
            "select count(*) as number from holding h join organization o on o.id = h.organization_id
            where o.domain = 'osprey.example' and h.catalogue_version = {version}"
        )
    };
    assert_eq!(stage.count(&versions(1)).await, 2);

    // A new company, and a year that is new, have what is in force.
    let other = more.replace("osprey.example", "kingfisher.example");
    for rows in [other, more.replace("security,2026-05-10", "security,2026-06-10")] {
        let report = take(&stage, &rows, Wanted::default()).await.expect("read");
        let faults: Vec<RecordFault> = report.faults.iter().map(|fault| fault.fault).collect();
        assert_eq!(faults, [RecordFault::NotInPlan], "{rows}");
    }
    let without: Vec<&str> = more.lines().filter(|line| !line.contains("office_professional_plus")).collect();
    let renewed = without.join("\n").replace("security,2026-05-10", "security,2026-06-10");
    assert_eq!(counts(&taken(&stage, &renewed).await), [0, 1, ROWS - 2, 0]);
    assert_eq!((stage.count(&versions(1)).await, stage.count(&versions(2)).await), (1, 1));
}
