//! What the pages of a company say whose record is kept in the older portal (rule 22).

use axum::http::StatusCode;
use domain::Language;
use rstest::rstest;
use service::older_portal::{Wanted, import, on_clock};
use tempfile::TempDir;

use crate::browser::Portal;
use crate::common::Engine;
use crate::scene::GLOBAL_ADMIN;

const FILE: &str = "record,domain,company,account_email,time_zone,language,contact_name,contact_email,tier,began,benefit,used\n\
    company,osprey.example,Osprey <Vane>,office@osprey.example,Europe/Oslo,en,Ida Vane,ida.vane@osprey.example,,,,\n\
    membership,osprey.example,,,,,,,network,2026-03-01,,\n\
    membership,osprey.example,,,,,,,action_pack,2026-03-01,,\n\
    grant,osprey.example,,,,,,,action_pack,,office_365_e3,4\n";
const CONTACT: &str = "ida.vane@osprey.example";
const LINK: &str = "https://membership.northlight.example/sign-in";
const TECHNICAL: &str = "technical-benefits@northlight.example";

async fn take(portal: &Portal, invite: bool) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("members.csv");
    std::fs::write(&path, FILE).expect("written");
    let wanted = Wanted { invite, ..Wanted::default() };
    let report = import(&portal.stage.service, &path, wanted, &mut |_| {}).await.expect("imports");
    assert!(report.written, "{:?}", report.faults);
}

/// Lets the contact sign in with the password of the sample.
async fn with_password(portal: &Portal) {
    let text = "update account set status = 'active',
            password_hash = (select a.password_hash from account a where a.email_key = $2)
        where email_key = $1";
    portal.stage.run(text, [CONTACT.into(), GLOBAL_ADMIN.into()]).await;
}

#[rstest]
#[tokio::test]
async fn rule_22_every_page_says_where_to_go_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    take(&portal, false).await;
    with_password(&portal).await;
    let browser = portal.signed_in(CONTACT).await;
    for language in Language::ALL {
        let form = browser.get("/").await.form("choose_language", None).with("language", language.tag());
        browser.submit("/", &form).await;
        let texts = locales::texts(language);
        for path in ["/", "/benefits/cloud", "/benefits/technical"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            for told in [
                texts.older_portal_not_invited_title(),
                texts.older_portal_not_invited_text(),
                LINK,
                TECHNICAL,
            ] {
                assert!(page.body.contains(told), "{path} says {told}");
            }
            assert!(!page.body.contains(texts.older_portal_invited_title()), "{path}");
        }
    }
    // A member is told nothing of it.
    let page = portal.signed_in(GLOBAL_ADMIN).await.get("/").await;
    assert!(!page.body.contains(LINK) && !page.body.contains("older portal"));
}

#[rstest]
#[tokio::test]
async fn rule_22_the_invited_read_and_after_the_end_only_that_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    take(&portal, true).await;
    with_password(&portal).await;
    let texts = locales::texts(Language::English);
    let browser = portal.signed_in(CONTACT).await;
    let page = browser.get("/benefits/cloud").await;
    assert!(page.body.contains(texts.older_portal_invited_title()) && page.body.contains(LINK));
    // What the older portal had is there to be read.
    assert!(
        page.body.contains("Office 365 E3")
            && page.body.contains(texts.find_status("read_only").expect("a word"))
    );
    portal.stage.clock.move_days(200);
    assert_eq!(on_clock::end_due(&portal.stage.service).await.expect("runs"), 1);
    let browser = portal.signed_in(CONTACT).await;
    for path in ["/", "/benefits/cloud"] {
        let page = browser.get(path).await;
        assert!(page.body.contains(texts.older_portal_expired_title()), "{path}");
        assert!(!page.body.contains(LINK) && !page.body.contains(TECHNICAL), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn the_invitations_link_leads_to_what_can_be_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    take(&portal, true).await;
    let sent = crate::outbox::delivered(&portal).await;
    let mail = sent.iter().find(|mail| mail.recipient == CONTACT).expect("an invitation");
    let link = mail.body.split_whitespace().find(|word| word.contains("/invitation/")).expect("a link");
    let path = &link[link.find("/invitation/").expect("a path")..];
    let browser = portal.browser();
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    let password = "a heron over the weir 41";
    let form = page.form("accept_invitation", None);
    let form = form.with("new_password", password).with("repeat_password", password);
    let answer = browser.submit(path, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/enrol"), "{}", answer.body);
    let texts = locales::texts(Language::English);
    let page = browser.get("/").await;
    assert!(page.body.contains(texts.older_portal_invited_title()));
    // The invitation leads into the enrolment, with what is known filled in.
    let page = browser.get("/enrol").await;
    let answer = browser.submit("/enrol", &page.form("start_enrolment", None)).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/enrol/profile"));
    let page = browser.get("/enrol/profile").await;
    assert!(page.body.contains(r#"value="Osprey &lt;Vane&gt;""#), "{}", page.body);
    assert!(page.body.contains(CONTACT));
}
