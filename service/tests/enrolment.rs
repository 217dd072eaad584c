//! Enrolment, from the link to the founder to the operators' decision (rules 4, 18, 19, 22).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::enrolment::{CONTACT, DOMAIN, FOUNDER, PASSWORD, profile};
use common::{Engine, Stage, stage};
use domain::enrolment::{Answers, CONTACT_DAYS, EnrolmentState, LINK_DAYS, ProfileDraft};
use domain::ids::ServiceRequestId;
use domain::view::enrolment::{EnrolmentCompany, EnrolmentReader};
use domain::view::operator::{ItemFacts, QueueQuery};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::accounts::sign_in::{SignIn, sign_in};
use service::enrolment::agreement::{self, Accept};
use service::enrolment::found::{self, ByPassword};
use service::enrolment::{contact, profile as profiles, sweep};
use service::purchases::place::{PlaceOrder, place};
use service::queue::enrolment as review;
use service::queue::refuse::{Refuse, refuse};
use service::queue::{Wanted, list};
use service::{Failure, Request, people};

const AGENT: &str = "marisa.talvinen@northlight.example";
const GOLD: &str = "fernhollow.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const OPERATOR: &str = "rosalind.ekwueme@northlight.example";

fn code(failure: &Failure) -> ErrorCode {
    match failure {
        Failure::Refused(error) => error.code,
        other => panic!("{other}"),
    }
}

fn refused<T>(result: Result<T, Failure>) -> ErrorCode {
    code(&result.err().expect("a refusal"))
}

async fn company(stage: &Stage, request: &Request) -> EnrolmentCompany {
    match stage.enrolment_page(request).await.reader {
        EnrolmentReader::Person(company) => *company,
        other => panic!("{other:?}"),
    }
}

async fn waiting(stage: &Stage) -> Wanted {
    let id = stage.id("select id from service_request where kind = 'enrolment' and open", []).await;
    let text = "select row_version as number from service_request where kind = 'enrolment' and open";
    Wanted { request: ServiceRequestId(id), version: stage.count(text).await }
}

async fn portal_state(stage: &Stage) -> String {
    for state in ["enrolling", "member", "invited", "expired", "not_invited"] {
        let text = format!(
            "select count(*) as number from organization where domain = '{DOMAIN}' and portal_state = '{state}'"
        );
        if stage.count(&text).await == 1 {
            return state.to_owned();
        }
    }
    "none".to_owned()
}

async fn kinds(stage: &Stage, email: &str) -> Vec<String> {
    stage.mails(email).await.into_iter().map(|mail| mail.kind).collect()
}

#[rstest]
#[tokio::test]
async fn rule_19_a_company_enrols_and_becomes_a_member(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.founded().await;
    assert_eq!(stage.roles(FOUNDER).await, ["employee", "global_admin"]);
    assert_eq!(portal_state(&stage).await, "enrolling");
    let first = company(&stage, &founder).await;
    assert_eq!(first.state, Some(EnrolmentState::Profile));
    // What is known is filled in.
    assert_eq!(first.profile.contact_email, FOUNDER);
    assert_eq!(first.profile.contact_name, "Ida Moen");
    assert!(first.profile.company.is_empty() && first.why_not.is_none());
    stage.save_profile(&founder, profile()).await.expect("saved");
    let saved = company(&stage, &founder).await;
    assert_eq!((saved.state, &saved.profile), (Some(EnrolmentState::Agreement), &profile()));
    assert_eq!(saved.name, "Oakfen & Sønner AS");
    assert_eq!(stage.mails(CONTACT).await.len(), 0);
    stage.accept_agreement(&founder).await.expect("accepted");
    // The review starts only after the primary contact has answered.
    assert_eq!(
        stage.count("select count(*) as number from service_request where kind = 'enrolment'").await,
        0
    );
    let asked = company(&stage, &founder).await;
    assert_eq!(asked.state, Some(EnrolmentState::Contact));
    assert_eq!(asked.pending.accepted.as_ref().map(|(name, _)| name.as_str()), Some("Ida Moen"));
    assert!(!asked.pending.admin_agent && asked.pending.answered.is_none());
    let mails = stage.mails(CONTACT).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].language, "zh-Hans");
    let token = stage.mailed_token(CONTACT, "enrolment_contact").await;
    let question = contact::open(&stage.service, Language::English, &token).await.expect("questions");
    assert_eq!(
        (question.organization.as_str(), question.founder.as_str()),
        ("Oakfen & Sønner AS", "Ida Moen")
    );
    stage.answer(true, true).await;
    let reviewed = company(&stage, &founder).await;
    assert_eq!(reviewed.state, Some(EnrolmentState::Review));
    let number = reviewed.pending.review.expect("a request").0;
    let agent = stage.operator(AGENT).await;
    let wanted = waiting(&stage).await;
    let query = QueueQuery { open: Some(wanted.request), ..QueueQuery::default() };
    let queue = list::page(&stage.service, &agent, Language::English, &query).await.expect("a queue");
    let item = queue.item.expect("the open row");
    let ItemFacts::Enrolment(facts) = item.facts else { panic!("another kind") };
    assert_eq!((facts.profile, facts.domain.as_str(), facts.imported), (profile(), DOMAIN, false));
    assert_eq!((facts.agreement, facts.accepted_name.as_str()), (1, "Ida Moen"));
    let accepted = review::accept(&stage.service, &agent, stage.operation(), wanted).await.expect("accepted");
    assert_eq!(accepted, number);
    assert_eq!(portal_state(&stage).await, "member");
    let text = format!(
        "select count(*) as number from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id
        where o.domain = '{DOMAIN}' and f.tier = 'network' and h.state = 'active'"
    );
    assert_eq!(stage.count(&text).await, 1);
    assert!(kinds(&stage, FOUNDER).await.contains(&"enrolment_accepted".to_owned()));
    let mut told = kinds(&stage, CONTACT).await;
    told.sort();
    assert_eq!(told, ["enrolment_accepted", "enrolment_contact"]);
    // Decided once.
    assert_eq!(
        refused(review::accept(&stage.service, &agent, stage.operation(), wanted).await),
        ErrorCode::AlreadyDecided
    );
    // The founder signs in as anybody else, and a member can buy.
    let entry = SignIn {
        email: FOUNDER.to_owned(),
        password: PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    sign_in(&stage.service, &stage.nobody(), entry).await.expect("signs in");
    let input =
        PlaceOrder { offer: "action_pack".to_owned(), area: String::new(), agreement: 1, accepted: true };
    place(&stage.service, &founder, stage.operation(), input).await.expect("orders");
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_18_before_the_review_nothing_can_be_bought_and_nobody_added(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.in_review().await;
    let input =
        PlaceOrder { offer: "action_pack".to_owned(), area: String::new(), agreement: 1, accepted: true };
    let answer = place(&stage.service, &founder, stage.operation(), input).await;
    assert_eq!(refused(answer), ErrorCode::OfferNotPossible);
    let user = people::add::AddUser {
        email: "new@oakfen.example".to_owned(),
        name: "New".to_owned(),
        roles: vec![domain::Role::Employee],
        language: "en".to_owned(),
    };
    let answer = people::add::add_user(&stage.service, &founder, stage.operation(), user).await;
    assert_eq!(refused(answer), ErrorCode::ReadOnly);
}

#[rstest]
#[tokio::test]
async fn rule_4_the_founder_ticks_admin_agent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let founder = stage.in_review().await;
    assert!(!company(&stage, &founder).await.pending.admin_agent);
    let own = people::roles::OwnAgent { admin_agent: true };
    people::roles::update_own_agent(&stage.service, &founder, stage.operation(), own).await.expect("ticked");
    assert!(company(&stage, &founder).await.pending.admin_agent);
    assert_eq!(stage.roles(FOUNDER).await, ["admin_agent", "employee", "global_admin"]);
}

#[rstest]
#[tokio::test]
async fn rule_19_a_company_that_is_here_is_led_to_its_administrators(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = stage.count("select count(*) as number from organization").await;
    stage.begin_enrolment(GOLD, "somebody.new@fernhollow.example").await.expect("the same answer");
    let mails = stage.mails("somebody.new@fernhollow.example").await;
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].kind.as_str(), mails[0].secret.is_some()), ("enrolment_known", false));
    assert!(mails[0].body.contains(MAREN), "{}", mails[0].body);
    // Two links to one domain: whoever comes second is told who was first.
    stage.begin_enrolment(DOMAIN, FOUNDER).await.expect("a link");
    stage.begin_enrolment(DOMAIN, "late@oakfen.example").await.expect("another link");
    let password = |token| ByPassword {
        token,
        password: PASSWORD.to_owned(),
        repeat: PASSWORD.to_owned(),
        agent: String::new(),
    };
    let first = stage.mailed_token(FOUNDER, "enrolment_link").await;
    found::by_password(&stage.service, &stage.nobody(), password(first.clone())).await.expect("founded");
    let late = stage.mailed_token("late@oakfen.example", "enrolment_link").await;
    let answer = found::by_password(&stage.service, &stage.nobody(), password(late)).await;
    let Err(Failure::Refused(error)) = answer else { panic!("founded twice") };
    assert_eq!((error.code, error.colleagues), (ErrorCode::AlreadyEnrolled, vec!["Ida Moen".to_owned()]));
    assert_eq!(
        refused(found::by_password(&stage.service, &stage.nobody(), password(first)).await),
        ErrorCode::EnrolmentEnded
    );
    assert_eq!(stage.count("select count(*) as number from organization").await, before + 1);
}

#[rstest]
#[tokio::test]
async fn rule_19_a_link_ends_with_its_days(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    stage.begin_enrolment(DOMAIN, FOUNDER).await.expect("a link");
    let token = stage.mailed_token(FOUNDER, "enrolment_link").await;
    assert!(found::open(&stage.service, &stage.nobody(), &token).await.is_ok());
    for wrong in ["", "none", &"0".repeat(64)] {
        let answer = found::open(&stage.service, &stage.nobody(), wrong).await;
        assert_eq!(refused(answer), ErrorCode::EnrolmentEnded);
    }
    stage.pass_days(LINK_DAYS);
    assert_eq!(
        refused(found::open(&stage.service, &stage.nobody(), &token).await),
        ErrorCode::EnrolmentEnded
    );
    assert_eq!(sweep(&stage.service).await.expect("swept"), 1);
    assert_eq!(sweep(&stage.service).await.expect("swept"), 0);
}

#[rstest]
#[tokio::test]
async fn rule_19_an_address_with_an_account_signs_in_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    // A consultant of another company whose own company enrols.
    let text = "update account set email = $2, email_key = $2 where email_key = $1";
    stage.run(text, [EMPLOYEE.into(), FOUNDER.into()]).await;
    stage.begin_enrolment(DOMAIN, FOUNDER).await.expect("a link");
    let token = stage.mailed_token(FOUNDER, "enrolment_link").await;
    let page = found::open(&stage.service, &stage.nobody(), &token).await.expect("a page");
    assert!(page.has_account && !page.is_reader);
    let input = ByPassword {
        token: token.clone(),
        password: PASSWORD.to_owned(),
        repeat: PASSWORD.to_owned(),
        agent: String::new(),
    };
    assert_eq!(
        refused(found::by_password(&stage.service, &stage.nobody(), input).await),
        ErrorCode::AccountExists
    );
    let other = stage.person(MAREN).await;
    assert_eq!(
        refused(found::by_account(&stage.service, &other, &token, "").await),
        ErrorCode::AccountExists
    );
    assert_eq!(portal_state(&stage).await, "none");
    let own = SignIn {
        email: FOUNDER.to_owned(),
        password: service::sample_programme::DEMO_PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    let entry = sign_in(&stage.service, &stage.nobody(), own).await.expect("signs in");
    let service::accounts::sign_in::Entry::Session(session) = entry else { panic!("a second step") };
    let founder = stage.person(FOUNDER).await;
    found::by_account(&stage.service, &founder, &token, &session).await.expect("founded");
    assert_eq!(portal_state(&stage).await, "enrolling");
    let founder = stage.person_in(FOUNDER, DOMAIN).await;
    assert_eq!(company(&stage, &founder).await.state, Some(EnrolmentState::Profile));
    // An operator founds no company, and nobody learns who is one.
    stage.begin_enrolment("northlight.example", OPERATOR).await.expect("the same answer");
    assert_eq!(stage.mails(OPERATOR).await.len(), 0);
}

#[rstest]
#[case(false, true)]
#[case(true, false)]
#[tokio::test]
async fn rule_19_a_no_of_the_primary_contact_stops_it(
    #[case] signed_up: bool,
    #[case] own_address: bool,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.founded().await;
    stage.save_profile(&founder, profile()).await.expect("saved");
    stage.accept_agreement(&founder).await.expect("accepted");
    let token = stage.mailed_token(CONTACT, "enrolment_contact").await;
    stage.answer(signed_up, own_address).await;
    assert_eq!(company(&stage, &founder).await.state, Some(EnrolmentState::Disputed));
    assert_eq!(
        stage.count("select count(*) as number from service_request where kind = 'enrolment'").await,
        0
    );
    assert!(kinds(&stage, FOUNDER).await.contains(&"enrolment_disputed".to_owned()));
    // Answered once.
    let again = Answers { signed_up: true, own_address: true };
    assert_eq!(
        refused(contact::answer(&stage.service, &stage.nobody(), &token, again).await),
        ErrorCode::EnrolmentEnded
    );
    // Somebody else is named, the agreement accepted again, and it goes on.
    let other = ProfileDraft { contact_email: FOUNDER.to_owned(), ..profile() };
    stage.save_profile(&founder, other).await.expect("saved");
    stage.accept_agreement(&founder).await.expect("accepted");
    let token = stage.mailed_token(FOUNDER, "enrolment_contact").await;
    contact::answer(&stage.service, &stage.nobody(), &token, again).await.expect("answered");
    assert_eq!(company(&stage, &founder).await.state, Some(EnrolmentState::Review));
}

#[rstest]
#[tokio::test]
async fn rule_19_the_questions_can_be_sent_again_and_only_the_last_link_counts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.founded().await;
    stage.save_profile(&founder, profile()).await.expect("saved");
    stage.accept_agreement(&founder).await.expect("accepted");
    let first = stage.mailed_token(CONTACT, "enrolment_contact").await;
    stage.pass_days(CONTACT_DAYS);
    assert_eq!(
        refused(contact::open(&stage.service, Language::English, &first).await),
        ErrorCode::EnrolmentEnded
    );
    agreement::ask_again(&stage.service, &founder, stage.operation()).await.expect("sent");
    let second = stage.mailed_token(CONTACT, "enrolment_contact").await;
    assert_ne!(first, second);
    assert!(contact::open(&stage.service, Language::English, &second).await.is_ok());
    // A changed profile takes the question back.
    stage.save_profile(&founder, profile()).await.expect("saved");
    assert_eq!(
        refused(contact::open(&stage.service, Language::English, &second).await),
        ErrorCode::EnrolmentEnded
    );
    assert_eq!(
        refused(agreement::ask_again(&stage.service, &founder, stage.operation()).await),
        ErrorCode::WrongState
    );
}

#[rstest]
#[tokio::test]
async fn rule_19_operators_ask_for_changes_or_turn_a_company_down(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.in_review().await;
    let agent = stage.operator(AGENT).await;
    // Under review nothing is changed.
    assert_eq!(refused(stage.save_profile(&founder, profile()).await), ErrorCode::WrongState);
    let wanted = waiting(&stage).await;
    let empty = Refuse { wanted, reason: " ".to_owned() };
    let answer = review::ask_for_changes(&stage.service, &agent, stage.operation(), empty).await;
    assert_eq!(refused(answer), ErrorCode::Invalid);
    let reason = "The registration number is another company's.";
    let changes = Refuse { wanted, reason: reason.to_owned() };
    review::ask_for_changes(&stage.service, &agent, stage.operation(), changes).await.expect("sent back");
    let back = company(&stage, &founder).await;
    assert_eq!((back.state, back.pending.reason.as_deref()), (Some(EnrolmentState::Changes), Some(reason)));
    stage.save_profile(&founder, profile()).await.expect("saved");
    stage.accept_agreement(&founder).await.expect("accepted");
    stage.answer(true, true).await;
    let wanted = waiting(&stage).await;
    let no = Refuse { wanted, reason: "Not a partner.".to_owned() };
    refuse(&stage.service, &agent, stage.operation(), no).await.expect("refused");
    assert_eq!(company(&stage, &founder).await.state, Some(EnrolmentState::Rejected));
    assert_eq!(portal_state(&stage).await, "enrolling");
    assert_eq!(refused(stage.save_profile(&founder, profile()).await), ErrorCode::WrongState);
    let told = kinds(&stage, FOUNDER).await;
    assert!(
        told.contains(&"enrolment_changes".to_owned()) && told.contains(&"enrolment_rejected".to_owned())
    );
    // It can apply again.
    profiles::start(&stage.service, &founder, stage.operation()).await.expect("begun again");
    assert_eq!(company(&stage, &founder).await.state, Some(EnrolmentState::Profile));
    stage.save_profile(&founder, profile()).await.expect("saved");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_19_the_agreement_is_accepted_as_it_was_shown_and_with_authority(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founder = stage.founded().await;
    assert_eq!(refused(stage.accept_agreement(&founder).await), ErrorCode::WrongState);
    stage.save_profile(&founder, profile()).await.expect("saved");
    let version = stage.enrolment_version(&founder).await;
    let accept = |version, agreement, name: &str, authorized| Accept {
        version,
        agreement,
        name: name.to_owned(),
        authorized,
    };
    for (input, expected) in [
        (accept(version, 1, "Ida Moen", false), ErrorCode::Invalid),
        (accept(version, 1, " ", true), ErrorCode::Invalid),
        (accept(version, 2, "Ida Moen", true), ErrorCode::Stale),
        (accept(version - 1, 1, "Ida Moen", true), ErrorCode::Stale),
    ] {
        let answer = agreement::accept(&stage.service, &founder, stage.operation(), input).await;
        assert_eq!(refused(answer), expected);
    }
    assert_eq!(stage.mails(CONTACT).await.len(), 0);
    let unknown = ProfileDraft { time_zone: "Europe/Nowhere".to_owned(), ..profile() };
    let Err(Failure::Refused(error)) = stage.save_profile(&founder, unknown).await else { panic!("saved") };
    assert_eq!(error.fields[0].field, Field::TimeZone);
}

#[rstest]
#[tokio::test]
async fn rule_22_an_invited_company_enrols_with_its_data_filled_in_and_keeps_what_it_has(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let file = "record,domain,company,account_email,time_zone,language,contact_name,contact_email,tier,areas,began,benefit,used\n\
        company,oakfen.example,Oakfen AS,office@oakfen.example,Europe/Oslo,en,Ida Moen,ida.moen@oakfen.example,,,,,\n\
        membership,oakfen.example,,,,,,,network,,2026-03-01,,\n\
        membership,oakfen.example,,,,,,,action_pack,,2026-03-01,,\n\
        membership,oakfen.example,,,,,,,silver,devops,2026-03-01,,\n\
        grant,oakfen.example,,,,,,,action_pack,,,office_365_e3,4\n";
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("members.csv");
    std::fs::write(&path, file).expect("written");
    let take = async |invite| {
        let wanted = service::older_portal::Wanted { invite, ..Default::default() };
        service::older_portal::import(&stage.service, &path, wanted, &mut |_| {}).await.expect("imports");
    };
    take(false).await;
    let activate = "update account set status = 'active' where email_key = $1";
    stage.run(activate, [FOUNDER.into()]).await;
    let founder = stage.person(FOUNDER).await;
    // Not invited yet: it goes on in the older portal.
    let start = async |request: &Request| profiles::start(&stage.service, request, stage.operation()).await;
    assert_eq!(refused(start(&founder).await), ErrorCode::WrongState);
    assert!(!company(&stage, &founder).await.can_begin);
    take(true).await;
    assert!(company(&stage, &founder).await.can_begin);
    start(&founder).await.expect("begun");
    start(&founder).await.expect("begun once");
    let filled = company(&stage, &founder).await;
    assert_eq!(filled.profile.company, "Oakfen AS");
    assert_eq!(filled.profile.contact_email, FOUNDER);
    assert_eq!(filled.profile.time_zone, "Europe/Oslo");
    assert!(!filled.pending.admin_agent, "rule 4: the set-up begins with the enrolment");
    let draft = ProfileDraft { contact_email: FOUNDER.to_owned(), ..profile() };
    stage.save_profile(&founder, draft).await.expect("saved");
    stage.accept_agreement(&founder).await.expect("accepted");
    let token = stage.mailed_token(FOUNDER, "enrolment_contact").await;
    let yes = Answers { signed_up: true, own_address: true };
    contact::answer(&stage.service, &stage.nobody(), &token, yes).await.expect("answered");
    assert_eq!(portal_state(&stage).await, "invited");
    // What the older portal says meanwhile is not what was agreed.
    take(false).await;
    // Nor does a version take it away.
    stage.run("delete from competency_area where code = 'devops'", []).await;
    let agent = stage.operator(AGENT).await;
    let wanted = waiting(&stage).await;
    review::accept(&stage.service, &agent, stage.operation(), wanted).await.expect("accepted");
    assert_eq!(portal_state(&stage).await, "member");
    let named = "select count(*) as number from organization where name = 'Oakfen & Sønner AS'";
    assert_eq!(stage.count(named).await, 1);
    let of = "from holding h join organization o on o.id = h.organization_id
        where o.domain = 'oakfen.example' and h.state = 'active'";
    // The network membership that it had is the one that it has.
    assert_eq!(stage.count(&format!("select count(*) as number {of}")).await, 3);
    // Its competency was attained there: it can be renewed here.
    let attained =
        "select count(*) as number from attained_area a join organization o on o.id = a.organization_id
        where o.domain = 'oakfen.example' and a.tier = 'silver' and a.area = 'devops'";
    assert_eq!(stage.count(attained).await, 1);
    let used = "select cast(sum(p.used_before) as bigint) as number from pool p
        join organization o on o.id = p.organization_id where o.domain = 'oakfen.example'";
    assert_eq!(stage.count(used).await, 4);
}

#[rstest]
#[tokio::test]
async fn rule_7_somebody_else_enrols_nothing_of_the_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage.in_review().await;
    let member = stage.person(MAREN).await;
    let page = company(&stage, &member).await;
    assert!(page.member && page.state.is_none());
    assert_eq!(refused(stage.save_profile(&member, profile()).await), ErrorCode::NotFound);
    let employee = stage.person(EMPLOYEE).await;
    assert_eq!(refused(stage.save_profile(&employee, profile()).await), ErrorCode::RoleNeeded);
}

#[rstest]
#[tokio::test]
async fn rule_19_two_founders_of_one_domain_found_one_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let founders: Vec<String> = (0..4).map(|number| format!("founder{number}@oakfen.example")).collect();
    let mut tokens = Vec::new();
    for founder in &founders {
        stage.begin_enrolment(DOMAIN, founder).await.expect("a link");
        tokens.push(stage.mailed_token(founder, "enrolment_link").await);
    }
    let attempts = tokens.into_iter().map(|token| {
        let (service, nobody) = (stage.service.clone(), stage.nobody());
        tokio::spawn(async move {
            let input = ByPassword {
                token,
                password: PASSWORD.to_owned(),
                repeat: PASSWORD.to_owned(),
                agent: String::new(),
            };
            found::by_password(&service, &nobody, input).await.map_err(|failure| code(&failure))
        })
    });
    let mut founded = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Ok(_) => founded += 1,
            Err(code) => assert_eq!(code, ErrorCode::AlreadyEnrolled),
        }
    }
    assert_eq!(founded, 1);
    let admins =
        "select count(*) as number from person_role r join organization o on o.id = r.organization_id
        where o.domain = 'oakfen.example' and r.role = 'global_admin'";
    assert_eq!(stage.count(admins).await, 1);
    assert!(stage.audit_intact().await);
}
