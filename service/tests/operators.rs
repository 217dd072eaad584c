//! Operators: adding, roles, removing, the second factor; the last programme admin stays.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::AccountId;
use domain::role::operator_roles;
use domain::view::operators::{OperatorsQuery, PAGE_ROWS};
use domain::view::people::PersonStatus;
use domain::{ErrorCode, Field, OperatorRole, Role};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::accounts::invitation::{self, Accept};
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::operators::add::{AddOperator, Added, add, invite_again};
use service::operators::list;
use service::operators::remove::{RemoveOperator, remove};
use service::operators::roles::{SetOperatorRoles, set};
use service::operators::second_factor::{TakeOffOperator, take_off};
use service::people::add::{AddUser, INVITATION_DAYS, add_user};
use service::queue::Wanted;
use service::queue::take::take;
use service::{Actor, Failure, Request, sample_programme, sessions, sql};

const ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const PARTNER: &str = "maren.tolvik@fernhollow.example";
const NEW: &str = "new.colleague@northlight.example";
const PASSWORD: &str = "a quiet lamp over the harbour";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

fn fault(failure: &Failure, field: Field) -> Option<ErrorCode> {
    failure.told().of(field).map(|fault| fault.code)
}

async fn account(stage: &Stage, email: &str) -> AccountId {
    AccountId(stage.id("select id from account where email_key = $1", [email.into()]).await)
}

async fn version(stage: &Stage, account: AccountId) -> i64 {
    let text = "select row_version as number from account where id = $1";
    sql::number(stage.service.database.reader(), text, [account.0.into()]).await.expect("a version")
}

async fn make(stage: &Stage, who: &Request, email: &str, roles: &[OperatorRole]) -> Result<Added, Failure> {
    let input = AddOperator {
        email: email.to_owned(),
        name: "Ásta Lindqvist".to_owned(),
        language: "zh-Hant".to_owned(),
        roles: roles.to_vec(),
    };
    add(&stage.service, who, stage.operation(), input).await
}

async fn give(stage: &Stage, who: &Request, email: &str, roles: &[OperatorRole]) -> Result<String, Failure> {
    let account = account(stage, email).await;
    let input = SetOperatorRoles { account, version: version(stage, account).await, roles: roles.to_vec() };
    set(&stage.service, who, stage.operation(), input).await
}

async fn take_away(stage: &Stage, who: &Request, email: &str) -> Result<String, Failure> {
    let account = account(stage, email).await;
    let input = RemoveOperator { account, version: version(stage, account).await };
    remove(&stage.service, who, stage.operation(), input).await
}

async fn factor_off(stage: &Stage, who: &Request, email: &str) -> Result<String, Failure> {
    let account = account(stage, email).await;
    let input = TakeOffOperator { account, version: version(stage, account).await };
    take_off(&stage.service, who, stage.operation(), input).await
}

async fn roles_of(stage: &Stage, email: &str) -> Vec<String> {
    #[derive(FromQueryResult)]
    struct Row {
        role: String,
    }
    let text = "select r.role from operator_role r join account a on a.id = r.account_id
        where a.email_key = $1 order by r.role";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, [email.into()]).await;
    rows.expect("reads").into_iter().map(|row| row.role).collect()
}

async fn programme_admins(stage: &Stage) -> i64 {
    stage.count("select count(*) as number from operator_role where role = 'programme_admin'").await
}

async fn events(stage: &Stage, action: &str) -> i64 {
    stage.count(&format!("select count(*) as number from audit_event where action = '{action}'")).await
}

/// Kinds of the mails to an operator about being one, the oldest first.
async fn kinds(stage: &Stage, email: &str) -> Vec<String> {
    let about = |kind: &str| kind.starts_with("operator_") || kind.starts_with("second_factor_");
    stage.mails(email).await.into_iter().map(|mail| mail.kind).filter(|kind| about(kind)).collect()
}

/// The token in the latest link to an operator.
async fn token(stage: &Stage, email: &str) -> String {
    let link = stage.invitation_link(email).await;
    link.strip_prefix("/invitation/").expect("a path").to_owned()
}

async fn accept(stage: &Stage, token: &str) -> Result<String, Failure> {
    let input = Accept {
        token: token.to_owned(),
        password: PASSWORD.to_owned(),
        repeat: PASSWORD.to_owned(),
        agent: "A browser".to_owned(),
    };
    invitation::accept(&stage.service, &stage.nobody(), input).await.map(|accepted| accepted.token)
}

async fn sign_in_as(stage: &Stage, email: &str, password: &str) -> Result<String, Failure> {
    let input = SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
        agent: "A browser".to_owned(),
        earlier: None,
    };
    match sign_in(&stage.service, &stage.nobody(), input).await? {
        Entry::Session(token) => Ok(token),
        Entry::SecondFactor(_) => panic!("the second factor is on"),
    }
}

async fn with_second_factor(stage: &Stage, email: &str) {
    let text = "insert into second_factor (account_id, secret, begun_at, confirmed_at)
        select id, $2, 1, 1 from account where email_key = $1";
    assert_eq!(stage.run(text, [email.into(), vec![1_u8, 2, 3].into()]).await, 1);
}

/// A second programme admin who can sign in.
async fn second_admin(stage: &Stage) -> Request {
    let admin = stage.operator(ADMIN).await;
    give(stage, &admin, AUDITOR, &[OperatorRole::ProgrammeAdmin]).await.expect("another admin");
    stage.operator(AUDITOR).await
}

#[rstest]
#[tokio::test]
async fn a_new_operator_chooses_a_password_behind_a_link_that_works_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    let roles = [OperatorRole::Auditor, OperatorRole::FulfilmentAgent, OperatorRole::Auditor];
    let added = make(&stage, &admin, NEW, &roles).await.expect("added");
    assert_eq!((added.name.as_str(), added.email.as_str()), ("Ásta Lindqvist", NEW));
    assert_eq!(roles_of(&stage, NEW).await, ["auditor", "fulfilment_agent"]);
    assert_eq!(kinds(&stage, NEW).await, ["operator_invited"]);
    let first = token(&stage, NEW).await;
    let shown = invitation::open(&stage.service, &first).await.expect("opens");
    assert_eq!(shown.organization, "北光合作夥伴計畫");

    // Another link ends the one before; each ends after its days.
    invite_again(&stage.service, &admin, stage.operation(), added.account).await.expect("sent again");
    assert_eq!(code(&accept(&stage, &first).await.expect_err("replaced")), ErrorCode::InvitationEnded);
    stage.clock.move_days(INVITATION_DAYS + 1);
    let late = token(&stage, NEW).await;
    assert_eq!(code(&accept(&stage, &late).await.expect_err("too late")), ErrorCode::InvitationEnded);
    invite_again(&stage.service, &admin, stage.operation(), added.account).await.expect("sent again");
    let last = token(&stage, NEW).await;
    let session = accept(&stage, &last).await.expect("accepted");
    assert_eq!(code(&accept(&stage, &last).await.expect_err("used")), ErrorCode::InvitationEnded);
    let actor = sessions::actor(&stage.service, &session).await.expect("reads");
    let Actor::Operator(operator) = actor else { panic!("{actor:?}") };
    let roles = operator_roles(operator.roles);
    assert_eq!(roles, [OperatorRole::FulfilmentAgent, OperatorRole::Auditor]);

    let query = OperatorsQuery { open: Some(added.account), ..OperatorsQuery::default() };
    let page = list::page(&stage.service, &admin, &query).await.expect("a page");
    let row = page.open.expect("the row");
    assert_eq!((row.status, row.last_sign_in.is_some()), (PersonStatus::Active, true));
    let again = invite_again(&stage.service, &admin, stage.operation(), added.account).await;
    assert_eq!(code(&again.expect_err("has a password")), ErrorCode::WrongState);
    assert_eq!(events(&stage, "operator_added").await, 1);
    assert_eq!(events(&stage, "operator_invited_again").await, 2);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_01_whoever_is_of_a_company_becomes_no_operator_and_the_reverse(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    let roles = [OperatorRole::Auditor];
    let refused = make(&stage, &admin, PARTNER, &roles).await.expect_err("of a company");
    assert_eq!(fault(&refused, Field::Email), Some(ErrorCode::WrongSide));
    // Also whoever has left: the company could take them back.
    let left = "update person set status = 'left' where account_id = $1";
    stage.run(left, [account(&stage, PARTNER).await.0.into()]).await;
    let refused = make(&stage, &admin, PARTNER, &roles).await.expect_err("was of a company");
    assert_eq!(fault(&refused, Field::Email), Some(ErrorCode::WrongSide));
    let refused = make(&stage, &admin, AGENT, &roles).await.expect_err("is one");
    assert_eq!(fault(&refused, Field::Email), Some(ErrorCode::AlreadyOperator));
    assert_eq!(roles_of(&stage, PARTNER).await, Vec::<String>::new());

    make(&stage, &admin, NEW, &roles).await.expect("added");
    let partner = stage.person("ingrid.vaszary@fernhollow.example").await;
    let input = AddUser {
        email: NEW.to_owned(),
        name: "Ásta Lindqvist".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    let refused =
        add_user(&stage.service, &partner, stage.operation(), input).await.expect_err("an operator");
    assert_eq!(fault(&refused, Field::Email), Some(ErrorCode::WrongSide));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_01_an_address_added_on_both_sides_at_once_is_on_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (admin, partner) = (stage.operator(ADMIN).await, stage.person(PARTNER).await);
    for number in 0..10 {
        let email = format!("both{number}@northlight.example");
        let as_operator = AddOperator {
            email: email.clone(),
            name: "Ida Both".to_owned(),
            language: "en".to_owned(),
            roles: vec![OperatorRole::Auditor],
        };
        let as_user = AddUser {
            email,
            name: "Ida Both".to_owned(),
            roles: vec![Role::Employee],
            language: "en".to_owned(),
        };
        let (operator, user) = tokio::join!(
            add(&stage.service, &admin, stage.operation(), as_operator),
            add_user(&stage.service, &partner, stage.operation(), as_user)
        );
        assert!(operator.is_ok() != user.is_ok(), "{operator:?} {user:?}");
    }
    let both = "select count(*) as number from operator_role r join person p on p.account_id = r.account_id";
    assert_eq!(stage.count(both).await, 0);
}

#[rstest]
#[tokio::test]
async fn rule_03_the_last_programme_admin_stays_by_every_path(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    let demoted = give(&stage, &admin, ADMIN, &[OperatorRole::Auditor]).await.expect_err("the last");
    assert_eq!(code(&demoted), ErrorCode::LastProgrammeAdmin);
    let removed = take_away(&stage, &admin, ADMIN).await.expect_err("the last");
    assert_eq!(code(&removed), ErrorCode::LastProgrammeAdmin);
    let without = give(&stage, &admin, ADMIN, &[]).await.expect_err("no role at all");
    assert_eq!(fault(&without, Field::Roles), Some(ErrorCode::Required));
    // Somebody who can't sign in is no programme admin to count on.
    make(&stage, &admin, NEW, &[OperatorRole::ProgrammeAdmin]).await.expect("added");
    let removed = take_away(&stage, &admin, ADMIN).await.expect_err("still the last");
    assert_eq!(code(&removed), ErrorCode::LastProgrammeAdmin);
    accept(&stage, &token(&stage, NEW).await).await.expect("accepted");
    give(&stage, &admin, ADMIN, &[OperatorRole::Auditor]).await.expect("another remains now");
    // A request that still says programme admin changes nothing any more.
    let stale = give(&stage, &admin, NEW, &[OperatorRole::Auditor]).await.expect_err("demoted before");
    assert_eq!(code(&stale), ErrorCode::RoleNeeded);
    assert_eq!(programme_admins(&stage).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_03_two_programme_admins_who_remove_each_other_leave_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let requests = [stage.operator(ADMIN).await, second_admin(&stage).await];
    let accounts = [account(&stage, ADMIN).await, account(&stage, AUDITOR).await];
    let versions = [version(&stage, accounts[0]).await, version(&stage, accounts[1]).await];
    let mut running = tokio::task::JoinSet::new();
    for number in 0..60 {
        let (service, operation) = (stage.service.clone(), stage.operation());
        // Each removes or demotes themselves or the other one.
        let request = requests[number % 2].clone();
        let target = (number / 2) % 2;
        let (account, version) = (accounts[target], versions[target]);
        running.spawn(async move {
            if number % 3 == 0 {
                let roles = vec![OperatorRole::Auditor];
                set(&service, &request, operation, SetOperatorRoles { account, version, roles }).await
            } else {
                remove(&service, &request, operation, RemoveOperator { account, version }).await
            }
        });
    }
    let mut done = 0;
    while let Some(result) = running.join_next().await {
        match result.expect("no panic") {
            Ok(_) => done += 1,
            Err(failure) => assert!(
                [ErrorCode::LastProgrammeAdmin, ErrorCode::Stale, ErrorCode::RoleNeeded, ErrorCode::NotFound]
                    .contains(&code(&failure)),
                "{failure}"
            ),
        }
    }
    assert!(done >= 1);
    assert_eq!(programme_admins(&stage).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn roles_are_changed_by_programme_admins_only_and_the_operator_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    for email in [CATALOGUE_MANAGER, AGENT, AUDITOR] {
        let who = stage.operator(email).await;
        let refused = give(&stage, &who, AGENT, &[OperatorRole::Auditor]).await.expect_err("no right");
        assert_eq!(refused.told().operator_roles, [OperatorRole::ProgrammeAdmin], "{email}");
        assert_eq!(code(&take_away(&stage, &who, AGENT).await.expect_err("no right")), ErrorCode::RoleNeeded);
        let added = make(&stage, &who, NEW, &[OperatorRole::Auditor]).await;
        assert_eq!(code(&added.expect_err("no right")), ErrorCode::RoleNeeded);
    }
    let partner = stage.person(PARTNER).await;
    assert_eq!(code(&take_away(&stage, &partner, AGENT).await.expect_err("rule 1")), ErrorCode::WrongSide);

    let agent = account(&stage, AGENT).await;
    let text = "update service_request set owner_id = $1, state = 'processing' where open";
    assert!(stage.run(text, [agent.0.into()]).await > 0);
    let roles = [OperatorRole::FulfilmentAgent, OperatorRole::CatalogueManager];
    give(&stage, &admin, AGENT, &roles).await.expect("both");
    assert_eq!(roles_of(&stage, AGENT).await, ["catalogue_manager", "fulfilment_agent"]);
    let own = "select count(*) as number from service_request where open and owner_id is not null";
    let cancellations = "select count(*) as number from service_request
        where open and owner_id is not null and kind = 'cancellation'";
    assert_eq!(stage.count(cancellations).await, 0, "those were never the agent's to decide");
    assert!(stage.count(own).await > 0, "the queue stays");
    give(&stage, &admin, AGENT, &[OperatorRole::Auditor]).await.expect("reads only");
    assert_eq!(stage.count(own).await, 0, "whoever looks next takes them");
    assert_eq!(kinds(&stage, AGENT).await, ["operator_roles_changed", "operator_roles_changed"]);
    // The same once more changes nothing, and an older page is told so.
    give(&stage, &admin, AGENT, &[OperatorRole::Auditor]).await.expect("nothing to do");
    assert_eq!(events(&stage, "operator_roles_set").await, 2);
    let input = SetOperatorRoles { account: agent, version: 1, roles: vec![OperatorRole::Auditor] };
    let stale = set(&stage.service, &admin, stage.operation(), input).await.expect_err("an older page");
    assert_eq!(code(&stale), ErrorCode::Stale);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn whoever_is_removed_is_out_at_once_and_can_come_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    let session = sign_in_as(&stage, AGENT, sample_programme::DEMO_PASSWORD).await.expect("signs in");
    let agent = account(&stage, AGENT).await;
    stage.run("update service_request set owner_id = $1 where open", [agent.0.into()]).await;
    for (name, shared) in [("Late ones", true), ("Mine", false)] {
        let text = "insert into queue_view (id, owner_id, name, name_key, shared, query, created_at)
            values ($1, $2, $3, $3, $4, '', 1)";
        let id = stage.service.new_id();
        stage.run(text, [id.into(), agent.0.into(), name.into(), shared.into()]).await;
    }
    take_away(&stage, &admin, AGENT).await.expect("removed");
    assert!(matches!(sessions::actor(&stage.service, &session).await.expect("reads"), Actor::Nobody));
    let refused = sign_in_as(&stage, AGENT, sample_programme::DEMO_PASSWORD).await.expect_err("nobody");
    assert_eq!(code(&refused), ErrorCode::SignInFailed);
    let owned = "select count(*) as number from service_request where open and owner_id is not null";
    assert_eq!(stage.count(owned).await, 0);
    let shared = "select count(*) as number from queue_view v join account a on a.id = v.owner_id
        where v.shared and a.email_key = 'rosalind.ekwueme@northlight.example'";
    assert_eq!(stage.count(shared).await, 1, "colleagues keep what was shared");
    assert_eq!(stage.count("select count(*) as number from queue_view").await, 1);
    assert_eq!(kinds(&stage, AGENT).await, ["operator_removed"]);
    assert_eq!(events(&stage, "operator_removed").await, 1);
    let gone = take_away(&stage, &admin, AGENT).await.expect_err("is none any more");
    assert_eq!(code(&gone), ErrorCode::NotFound);

    make(&stage, &admin, AGENT, &[OperatorRole::Auditor]).await.expect("comes back");
    assert_eq!(kinds(&stage, AGENT).await, ["operator_removed", "operator_added"]);
    sign_in_as(&stage, AGENT, sample_programme::DEMO_PASSWORD).await.expect("with the password from then");

    // The link of somebody who is removed before it was used opens nothing.
    make(&stage, &admin, NEW, &[OperatorRole::Auditor]).await.expect("added");
    let link = token(&stage, NEW).await;
    take_away(&stage, &admin, NEW).await.expect("withdrawn");
    assert_eq!(code(&accept(&stage, &link).await.expect_err("withdrawn")), ErrorCode::InvitationEnded);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_programme_admin_lets_in_an_operator_who_lost_the_second_factor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    let session = sign_in_as(&stage, AGENT, sample_programme::DEMO_PASSWORD).await.expect("signs in");
    assert_eq!(code(&factor_off(&stage, &admin, AGENT).await.expect_err("none")), ErrorCode::WrongState);
    with_second_factor(&stage, AGENT).await;
    with_second_factor(&stage, ADMIN).await;
    let auditor = stage.operator(AUDITOR).await;
    assert_eq!(
        code(&factor_off(&stage, &auditor, AGENT).await.expect_err("no right")),
        ErrorCode::RoleNeeded
    );
    let own = factor_off(&stage, &admin, ADMIN).await.expect_err("one's own");
    assert_eq!(code(&own), ErrorCode::OwnSecondFactor);
    factor_off(&stage, &admin, AGENT).await.expect("taken off");
    assert!(matches!(sessions::actor(&stage.service, &session).await.expect("reads"), Actor::Nobody));
    sign_in_as(&stage, AGENT, sample_programme::DEMO_PASSWORD).await.expect("the password suffices");
    assert_eq!(kinds(&stage, AGENT).await, ["second_factor_off"]);
    assert_eq!(events(&stage, "second_factor_off").await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn the_list_is_searched_and_read_page_by_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let auditor = stage.operator(AUDITOR).await;
    let read = async |query: OperatorsQuery| list::page(&stage.service, &auditor, &query).await;
    let page = read(OperatorsQuery::default()).await.expect("a page");
    assert_eq!((page.total, page.rows.len(), page.next), (5, 5, None));
    assert_eq!(page.why_not.expect("an auditor reads").operator_roles, [OperatorRole::ProgrammeAdmin]);
    let query = OperatorsQuery { find: "TALVINEN@".to_owned(), ..OperatorsQuery::default() };
    let found = read(query).await.expect("a page");
    assert_eq!(found.rows.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(), [AGENT]);
    let role = Some(OperatorRole::FulfilmentAgent);
    assert_eq!(read(OperatorsQuery { role, ..OperatorsQuery::default() }).await.expect("a page").total, 2);
    for email in [CATALOGUE_MANAGER, AGENT] {
        let who = stage.operator(email).await;
        let refused = list::page(&stage.service, &who, &OperatorsQuery::default()).await;
        assert_eq!(code(&refused.expect_err("no right")), ErrorCode::RoleNeeded, "{email}");
    }
    let open = Some(account(&stage, PARTNER).await);
    let page = read(OperatorsQuery { open, ..OperatorsQuery::default() }).await.expect("a page");
    assert_eq!(page.open, None, "who is of a company is none of them");

    let more = i64::from(PAGE_ROWS) + 10;
    for number in 0..more {
        let (id, email) = (stage.service.new_id(), format!("more{number}@northlight.example"));
        let text =
            "insert into account (id, email, email_key, full_name, name_key, language, status, created_at, row_version)
            values ($1, $2, $2, 'Same Name', 'same name', 'en', 'invited', 1, 1)";
        stage.run(text, [id.into(), email.into()]).await;
        let text = "insert into operator_role (account_id, role) values ($1, 'auditor')";
        stage.run(text, [id.into()]).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = read(OperatorsQuery { after, ..OperatorsQuery::default() }).await.expect("a page");
        assert_eq!(page.total, more + 5);
        seen.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((count as i64, seen.len()), (more + 5, count));
}

#[rstest]
#[tokio::test]
async fn who_was_removed_meanwhile_takes_no_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(ADMIN).await;
    // Let in before, and at work after it.
    let agent = stage.operator(AGENT).await;
    take_away(&stage, &admin, AGENT).await.expect("removed");
    let text = "select id from service_request where open and owner_id is null and kind <> 'cancellation'
        order by id limit 1";
    let request = stage.id(text, []).await;
    let text = "select row_version as number from service_request where id = $1";
    let version =
        sql::number(stage.service.database.reader(), text, [request.into()]).await.expect("a version");
    let wanted = Wanted { request: request.into(), version };
    let refused = take(&stage.service, &agent, stage.operation(), wanted).await.expect_err("no operator");
    assert_eq!(code(&refused), ErrorCode::RoleNeeded);
    let left = "select count(*) as number from service_request r where r.open and r.owner_id is not null
        and not exists (select 1 from operator_role o where o.account_id = r.owner_id)";
    assert_eq!(stage.count(left).await, 0);
    assert!(stage.audit_intact().await);
    take(&stage.service, &admin, stage.operation(), wanted).await.expect("somebody else does");
}
