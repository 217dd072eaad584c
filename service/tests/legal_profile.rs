//! A member keeps its legal profile and its primary contact up to date; invoices follow. On both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::enrolment::ProfileDraft;
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::enrolment::legal_profile;
use service::enrolment::profile::SaveProfile;
use service::membership::page;
use service::{Failure, Request};

const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const CONTACT: &str = "solveig.aamodt@fernhollow.example";

fn draft() -> ProfileDraft {
    ProfileDraft {
        company: "Fernhollow Systems AS".to_owned(),
        street: "Havnegata 7".to_owned(),
        postal_code: "7010".to_owned(),
        city: "Trondheim".to_owned(),
        country: "NO".to_owned(),
        registration: "914 777 321".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        contact_name: "Solveig Aamodt".to_owned(),
        contact_email: CONTACT.to_owned(),
        contact_phone: "+47 73 50 00 00".to_owned(),
        contact_language: "en".to_owned(),
        ..ProfileDraft::default()
    }
}

async fn change(stage: &Stage, who: &Request, version: i64, draft: ProfileDraft) -> Result<(), Failure> {
    let input = SaveProfile { version, draft };
    legal_profile::change(&stage.service, who, stage.operation(), input).await
}

async fn named(stage: &Stage) -> usize {
    stage.mails(CONTACT).await.iter().filter(|mail| mail.kind == "primary_contact_named").count()
}

#[rstest]
#[tokio::test]
async fn a_member_keeps_its_profile_up_to_date(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let shown = async |who: &Request| legal_profile::page(&stage.service, who).await.expect("the page");
    let before = shown(&admin).await;
    assert_eq!((before.version, before.saved.clone()), (0, None));
    assert_eq!(before.profile.company, "Fernhollow Systems");
    assert!(before.why_not.is_none() && before.profile.street.is_empty());

    change(&stage, &admin, 0, draft()).await.expect("saved");
    let after = shown(&admin).await;
    assert_eq!((after.profile.clone(), after.version), (draft(), 1));
    assert_eq!(after.saved.map(|(by, _)| by), Some("Maren Tolvik".to_owned()));
    let name = page::page(&stage.service, &admin, Language::English).await.expect("the page").organization;
    assert_eq!(name, "Fernhollow Systems AS");
    let told = stage.mails(PARTNER_ADMIN).await;
    assert!(
        told.iter().any(|mail| mail.kind == "legal_profile_changed" && mail.body.contains("Maren Tolvik"))
    );
    assert_eq!(named(&stage).await, 1);

    // Another address, the same contact: the contact hears nothing.
    change(&stage, &admin, 1, ProfileDraft { street: "Havnegata 9".to_owned(), ..draft() })
        .await
        .expect("moved");
    assert_eq!((named(&stage).await, shown(&admin).await.profile.street), (1, "Havnegata 9".to_owned()));
    let stale = change(&stage, &admin, 1, draft()).await.expect_err("stale");
    assert_eq!(stale.told().code, ErrorCode::Stale);
    let wrong = ProfileDraft { time_zone: "Europe/Trondheim".to_owned(), ..draft() };
    let wrong = change(&stage, &admin, 2, wrong).await.expect_err("no zone").told();
    assert_eq!(wrong.of(Field::TimeZone).map(|fault| fault.code), Some(ErrorCode::UnknownTimeZone));
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_06_only_global_admins_change_the_profile_and_only_of_members(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let partner = stage.person(PARTNER_ADMIN).await;
    let seen = legal_profile::page(&stage.service, &partner).await.expect("reads");
    assert!(seen.why_not.is_some());
    let refused = change(&stage, &partner, 0, draft()).await.expect_err("no right").told();
    assert_eq!((refused.code, refused.colleagues.is_empty()), (ErrorCode::RoleNeeded, false));
    let employee = stage.person(EMPLOYEE).await;
    let hidden = legal_profile::page(&stage.service, &employee).await.expect_err("no right").told();
    assert_eq!(hidden.code, ErrorCode::RoleNeeded);

    stage
        .run("update organization set portal_state = 'not_invited' where domain = 'fernhollow.example'", [])
        .await;
    let admin = stage.person(ADMIN).await;
    let gone = legal_profile::page(&stage.service, &admin).await.expect_err("no member").told();
    assert_eq!(gone.code, ErrorCode::NotFound);
    let refused = change(&stage, &admin, 0, draft()).await.expect_err("read-only").told();
    assert_eq!(refused.code, ErrorCode::ReadOnly);
}
