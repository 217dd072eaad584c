//! Who may do what (rule 1), over HTTP: every form, page and server function for every role, with
//! the answer that `domain::rights` has.

use std::collections::BTreeSet;

use app::refusal::status;
use axum::http::StatusCode;
use domain::rights::{Action, OperatorAction};
use domain::{Error, ErrorCode, Policies};
use rstest::rstest;
use service::audit::DENIED_AN_HOUR;
use service::policies;

use crate::browser::{Answer, NOTHING, Portal};
use crate::common::Engine;
use crate::scene::{
    COMPANY, EVERYBODY, FORMS, FUNCTIONS, GLOBAL_ADMIN, PAGES, PRODUCT, Right, Then, Who, address,
    changes_session,
};

#[test]
fn rule_01_every_form_has_its_row() {
    let codes: BTreeSet<_> = app::forms::submission::CODES.iter().copied().collect();
    let rows: BTreeSet<_> = FORMS.iter().map(|row| row.code()).collect();
    assert_eq!(codes, rows);
    for action in domain::rights::OperatorAction::ALL {
        let text = format!("{action:?}");
        let named = |right: &dyn std::fmt::Debug| format!("{right:?}").contains(&text);
        let used = FORMS.iter().any(|row| named(&row.right)) || PAGES.iter().any(|row| named(&row.right));
        assert!(used, "{text}");
    }
}

#[test]
fn rule_01_every_page_has_its_row() {
    let addresses: BTreeSet<_> = app::routes::ADDRESSES.iter().copied().collect();
    assert_eq!(addresses, PAGES.iter().map(|row| row.address).collect());
}

#[test]
fn rule_01_every_server_function_has_its_row() {
    let paths: BTreeSet<_> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let rows: BTreeSet<_> = FUNCTIONS.iter().map(|row| row.path).chain(["/api/perform"]).collect();
    assert_eq!(paths, rows);
}

/// The refusal without the colleagues that are named beside the roles.
fn rule(answer: &Answer) -> Error {
    Error { colleagues: Vec::new(), detail: None, ..answer.refusal() }
}

async fn in_force(portal: &Portal) -> Policies {
    policies::in_force(portal.stage.service.database.reader()).await.expect("policies")
}

#[rstest]
#[tokio::test]
async fn rule_01_every_form_for_every_role(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    for who in EVERYBODY {
        let portal = Portal::open(engine).await;
        let browser = match who.email() {
            Some(email) => portal.signed_in(email).await,
            None => portal.browser(),
        };
        for row in FORMS {
            let about = format!("{who:?}: {}", row.key);
            let filled = portal.stage.filled(row.key).await;
            let sent = |answer: Answer| (answer.status, answer.body);
            let Some(refusal) = row.right.refusal(*who, &in_force(&portal).await) else {
                let answer = browser.post(row.page, &filled).await;
                let expected = match (row.then, row.code(), who) {
                    // Operators serve no company.
                    (_, "switch_organization", Who::Operator(..)) => StatusCode::NOT_FOUND,
                    // The founder's own step in the set-up (rule 4).
                    (_, "update_own_agent", Who::Person(GLOBAL_ADMIN, _)) => StatusCode::SEE_OTHER,
                    (Then::Done, ..) => StatusCode::SEE_OTHER,
                    (Then::Shown, ..) => StatusCode::OK,
                    (Then::Rule(code), ..) => status(code),
                };
                assert_eq!(answer.status, expected, "{about}: {}", answer.body);
                if !changes_session(row.code()) && !matches!(row.then, Then::Rule(_)) {
                    let again = browser.perform(&filled).await;
                    assert_eq!(again.status, StatusCode::OK, "{about}, sent again: {}", again.body);
                }
                continue;
            };
            let before = portal.stage.traces().await;
            let denied = portal.stage.denied().await;
            let answer = browser.post(row.page, &filled).await;
            if matches!(who, Who::Nobody) {
                assert_eq!(
                    (answer.status, answer.location()),
                    (StatusCode::SEE_OTHER, "/sign-in"),
                    "{about}"
                );
                // A public page takes the post, and the use case refuses it.
                let answer = browser.post("/sign-in", &filled).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{about}");
            } else {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{about}: {}", answer.body);
            }
            let answer = browser.perform(&filled).await;
            if changes_session(row.code()) {
                assert_eq!(sent(answer).0, StatusCode::NOT_FOUND, "{about}, in the background");
            } else {
                assert_eq!(answer.status, status(refusal.code), "{about}: {}", answer.body);
                assert_eq!(rule(&answer), refusal, "{about}");
            }
            assert_eq!(portal.stage.traces().await, before, "{about} left something behind");
            // Only that it was denied, of whoever is signed in, as often as an hour allows.
            let attempts = match who {
                Who::Nobody => 0,
                _ if changes_session(row.code()) => 1,
                _ => 2,
            };
            let expected = (denied + attempts).min(DENIED_AN_HOUR);
            assert_eq!(portal.stage.denied().await, expected, "{about}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn forms_that_change_cookies_are_never_carried_out_in_the_background(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    for who in EVERYBODY {
        let browser = match who.email() {
            Some(email) => portal.signed_in(email).await,
            None => portal.browser(),
        };
        for row in FORMS.iter().filter(|row| changes_session(row.code())) {
            let answer = browser.perform(&portal.stage.filled(row.key).await).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{who:?}: {}", row.key);
            assert!(answer.cookies().is_empty(), "{who:?}: {}", row.key);
        }
    }
}

#[rstest]
#[tokio::test]
async fn rule_01_every_page_for_every_role(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    portal.stage.draft_for_pages().await;
    let policies = in_force(&portal).await;
    for who in EVERYBODY {
        let browser = match who.email() {
            Some(email) => portal.signed_in(email).await,
            None => portal.browser(),
        };
        for row in PAGES {
            let about = format!("{who:?}: {}", row.address);
            let path = address(row);
            let answer = browser.get(&path).await;
            match (row.address, who) {
                (
                    "/sign-in" | "/sign-in/directory" | "/sign-in/second-factor",
                    Who::Person(..) | Who::Operator(..),
                ) => {
                    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{about}");
                    continue;
                }
                ("/", Who::Operator(..)) => {
                    // Signing in leads here; an operator's first page is the queue.
                    let expected = (StatusCode::SEE_OTHER, "/operator/queue");
                    assert_eq!((answer.status, answer.location()), expected, "{about}");
                    continue;
                }
                ("/invitation/:token", _) => {
                    assert_eq!(answer.status, status(ErrorCode::InvitationEnded), "{about}");
                    continue;
                }
                ("/enrol/link/:token" | "/enrol/contact/:token", _) => {
                    assert_eq!(answer.status, status(ErrorCode::EnrolmentEnded), "{about}");
                    continue;
                }
                ("/reset-password/:token", _) => {
                    assert_eq!(answer.status, status(ErrorCode::ResetEnded), "{about}");
                    continue;
                }
                _ => {}
            }
            match row.right.refusal(*who, &policies) {
                None => assert_eq!(answer.status, StatusCode::OK, "{about}: {}", answer.body),
                Some(Error { code: ErrorCode::SignInNeeded, .. }) => {
                    let sign_in = if path == "/" {
                        "/sign-in".to_owned()
                    } else {
                        let then = path.replace('/', "%2F").replace('-', "%2D").replace('_', "%5F");
                        let then = then.replace('.', "%2E");
                        format!("/sign-in?then={then}")
                    };
                    assert_eq!(
                        (answer.status, answer.location()),
                        (StatusCode::SEE_OTHER, &*sign_in),
                        "{about}"
                    );
                }
                Some(refusal) => {
                    assert_eq!(answer.status, status(refusal.code), "{about}: {}", answer.body);
                    // Rule 6: it says who could.
                    let texts = locales::texts(domain::Language::English);
                    for role in &refusal.roles {
                        let name =
                            texts.find("role", role.code()).unwrap_or_else(|| panic!("a name for {role:?}"));
                        assert!(answer.body.contains(name), "{about} doesn't name {name}");
                    }
                }
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn rule_01_every_server_function_for_every_role(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.draft_for_pages().await;
    let policies = in_force(&portal).await;
    for who in EVERYBODY {
        let browser = match who.email() {
            Some(email) => portal.signed_in(email).await,
            None => portal.browser(),
        };
        for row in FUNCTIONS {
            let about = format!("{who:?}: {}", row.path);
            let answer = browser.call(row.path, &portal.stage.arguments(row.path).await).await;
            let ended = match row.path {
                "/api/invited" => Some(ErrorCode::InvitationEnded),
                "/api/resetting" => Some(ErrorCode::ResetEnded),
                "/api/founding" | "/api/contact_questions" => Some(ErrorCode::EnrolmentEnded),
                _ => None,
            };
            if let Some(code) = ended {
                assert_eq!(answer.refusal().code, code, "{about}");
                assert_eq!(answer.status, status(code), "{about}");
                continue;
            }
            match row.right.refusal(*who, &policies) {
                None => assert_eq!(answer.status, StatusCode::OK, "{about}: {}", answer.body),
                Some(refusal) => {
                    assert_eq!(answer.status, status(refusal.code), "{about}: {}", answer.body);
                    assert_eq!(rule(&answer), refusal, "{about}");
                }
            }
        }
    }
}

/// What the router has beside pages, forms and server functions, with the right that it takes; a new
/// route fails here until it has its row, and its own test of what it gives away.
const ROUTES: &[(&str, Right)] = &[
    ("/live", Right::SignedIn),
    ("/downloads/{grant}/{download}", Right::Person(Action::GetKeys)),
    ("/account/users.csv", Right::Person(Action::OpenBenefits)),
    ("/account/users/import/file", Right::Person(Action::AddUser)),
    ("/account/users/import/template.csv", Right::AnyPerson),
    ("/account/users/import/{import}/faulty.csv", Right::Person(Action::AddUser)),
    ("/orders/{number}/proof", Right::Person(Action::Purchase)),
    ("/operator/keys/{product}/file", Right::Operator(&[OperatorAction::ImportKeys])),
    ("/operator/keys/batches/{batch}/seen.csv", Right::Operator(&[OperatorAction::ReadKeyPools])),
    ("/orders/{number}/former-holders.csv", Right::Person(Action::Purchase)),
    ("/payment-proofs/{proof}", Right::Person(Action::Purchase)),
    ("/operator/payment-proofs/{proof}", Right::Operator(&[OperatorAction::ReadQueue])),
    ("/invoices/{number}", Right::Person(Action::Purchase)),
    // A program comes with a signature; nobody looks at it with a browser.
    ("/payment-notices/{processor}", Right::Anybody),
    ("/account/activity.csv", Right::Person(Action::ViewActivity)),
    ("/operator/activity.csv", Right::Operator(&[OperatorAction::ReadEverything])),
    ("/operator/catalogue.toml", Right::Operator(&[OperatorAction::ReadCatalogue])),
    ("/insight.csv", Right::Person(Action::OpenBenefits)),
    ("/insight.xlsx", Right::Person(Action::OpenBenefits)),
    ("/operator/insight.csv", Right::Operator(&[OperatorAction::ReadEverything])),
    ("/operator/insight.xlsx", Right::Operator(&[OperatorAction::ReadEverything])),
    // Whoever comes back from a directory; without what a directory gives along nobody comes in.
    ("/sign-in/directory/callback", Right::Anybody),
];

#[rstest]
#[tokio::test]
async fn rule_01_every_other_route_for_every_role(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let known: BTreeSet<_> = server::router::ROUTES.iter().copied().collect();
    assert_eq!(known, ROUTES.iter().map(|(path, _)| *path).collect());
    let portal = Portal::open(engine).await;
    let policies = in_force(&portal).await;
    let grant = portal.stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    let download = portal.stage.id(text, ["windows_enterprise".into()]).await;
    let text = "select distinct key_batch_id as id from product_key order by key_batch_id limit 1";
    let batch = portal.stage.id(text, []).await;
    for who in EVERYBODY {
        let browser = match who.email() {
            Some(email) => portal.signed_in(email).await,
            None => portal.browser(),
        };
        for (path, right) in ROUTES {
            let path =
                path.replace("{grant}", &grant.to_string()).replace("{download}", &download.to_string());
            let expected = match right.refusal(*who, &policies) {
                // It takes a file; without one it leads back to where one is chosen.
                None if path.ends_with("/file") || path.ends_with("/proof") => StatusCode::SEE_OTHER,
                // A file is its reader's own, and nobody has this one.
                None if path.contains("{import}") || path.contains("{proof}") => StatusCode::NOT_FOUND,
                // Nor has an invoice the number of an order.
                None if path.starts_with("/invoices/") => StatusCode::NOT_FOUND,
                // The oldest order changes no level.
                None if path.contains("former-holders") => StatusCode::NOT_FOUND,
                None if path.contains("{processor}") => StatusCode::METHOD_NOT_ALLOWED,
                None if path.ends_with("/callback") => status(ErrorCode::DirectoryEnded),
                None => StatusCode::OK,
                Some(refusal) => status(refusal.code),
            };
            let path = path
                .replace("{import}", NOTHING)
                .replace("{proof}", NOTHING)
                .replace("{number}", "10001")
                .replace("{batch}", &batch.to_string())
                .replace("{product}", PRODUCT);
            let found = if path.ends_with("/file") || path.ends_with("/proof") {
                browser.post_file(&path, "people.csv", "name,email\n").await.status
            } else {
                browser.status_of(&path).await
            };
            assert_eq!(found, expected, "{who:?}: {path}");
        }
    }
}
