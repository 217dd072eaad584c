//! Becoming a Global admin where a company has none: an operator decides, on the pages of both (rule 5).

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::{PASSWORD, Portal};
use crate::common::Engine;
use crate::scene::{COMPANY, EMPLOYEE};

const AGENT: &str = "marisa.talvinen@northlight.example";

/// The company as one whose Global admins have all left by ways that the portal doesn't have.
async fn without_global_admins(portal: &Portal) {
    let text = "delete from person_role where role = 'global_admin' and organization_id =
        (select id from organization where domain = $1)";
    assert!(portal.stage.run(text, [COMPANY.into()]).await > 0);
}

#[rstest]
#[tokio::test]
async fn rule_05_where_there_is_none_an_operator_decides_who_becomes_global_admin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for (decision, becomes) in [("approved", true), ("refused", false)] {
        let portal = Portal::open(engine).await;
        let employee = portal.signed_in(EMPLOYEE).await;
        // Where there is one the page names whom to ask, and has no form.
        let page = employee.get("/become-global-admin").await;
        assert!(page.body.contains("Maren Tolvik") && page.find_form("ask_global_admin", None).is_none());
        without_global_admins(&portal).await;

        let access = employee.get("/account/access").await;
        assert!(access.body.contains("/become-global-admin"), "{}", access.body);
        let page = employee.get("/become-global-admin").await;
        let form = page.form("ask_global_admin", None);
        let answer = employee.submit("/become-global-admin", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        // Once is enough.
        let again = employee.get("/become-global-admin").await;
        assert!(again.find_form("ask_global_admin", None).is_none(), "{}", again.body);

        let agent = portal.signed_in(AGENT).await;
        let text = "select id from service_request where kind = 'global_admin'";
        let request = portal.stage.id(text, []).await;
        let path = format!("/operator/queue?open={request}");
        let item = agent.get(&path).await;
        assert!(item.body.contains("Teodor Wrzosek"), "{}", item.body);
        let form = item.form("decide_global_admin", Some(&request.to_string()));
        let form = form.with("decision", decision).with("reason", "As the contract says.");
        let answer = agent.submit(&path, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);

        let roles = portal.stage.roles(EMPLOYEE).await;
        assert_eq!(roles.contains(&"global_admin".to_owned()), becomes, "{roles:?}");
        let kind = if becomes { "global_admin_granted" } else { "global_admin_refused" };
        assert!(portal.stage.mails(EMPLOYEE).await.iter().any(|mail| mail.kind == kind));
        let browser = portal.browser();
        browser.sign_in(EMPLOYEE, PASSWORD).await;
        let settings = browser.get("/account/directory").await;
        assert_eq!(settings.find_form("save_directory", None).is_some(), becomes, "{}", settings.body);
    }
}
