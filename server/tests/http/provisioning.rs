//! SCIM 2.0 over HTTP: the shapes that Microsoft Entra sends, rights, tenants, errors, limits.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ETAG, IF_MATCH, LOCATION, RETRY_AFTER};
use axum::http::{Method, Request, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::browser::{Answer, NOTHING, Portal};
use crate::common::Engine;
use crate::scene::{COMPANY, EMPLOYEE, EVERYBODY, GLOBAL_ADMIN, OTHER_COMPANY, PARTNER_ADMIN, USER_ADMIN};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Every route with what it takes; a route without its row fails below.
const ROUTES: &[(&str, &[Method])] = &[
    ("/ServiceProviderConfig", &[Method::GET]),
    ("/ResourceTypes", &[Method::GET]),
    ("/ResourceTypes/{id}", &[Method::GET]),
    ("/Schemas", &[Method::GET]),
    ("/Schemas/{id}", &[Method::GET]),
    ("/Users", &[Method::GET, Method::POST]),
    ("/Users/.search", &[Method::POST]),
    ("/Users/{id}", &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE]),
    ("/Groups", &[Method::GET, Method::POST]),
    ("/Groups/.search", &[Method::POST]),
    ("/Groups/{id}", &[Method::GET, Method::PUT, Method::PATCH, Method::DELETE]),
    ("/.search", &[Method::POST]),
];

/// A provisioning program with a token.
struct Program<'a> {
    portal: &'a Portal,
    token: String,
}

fn request(method: &Method, path: &str, token: &str, body: &Value) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(format!("/scim/v2{path}"))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/scim+json")
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
        .expect("a request")
}

impl<'a> Program<'a> {
    async fn of(portal: &'a Portal, company: &str) -> Self {
        let (_, token) = portal.stage.provisioning_token(company).await;
        Self { portal, token }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.portal.answer(request(&method, path, &self.token, &body)).await;
        if answer.status != StatusCode::NO_CONTENT {
            assert_eq!(answer.header(CONTENT_TYPE), "application/scim+json", "{}", answer.body);
        }
        (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {value}");
        value
    }

    async fn add(&self, user: Value) -> Value {
        let (status, value) = self.call(Method::POST, "/Users", user).await;
        assert_eq!(status, StatusCode::CREATED, "{value}");
        value
    }

    async fn change(&self, id: &Value, operations: Value) -> (StatusCode, Value) {
        let path = format!("/Users/{}", id.as_str().expect("an id"));
        self.call(Method::PATCH, &path, json!({ "schemas": [PATCH], "Operations": operations })).await
    }
}

/// As Entra adds somebody, with its default mapping.
fn entra_user(name: &str) -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": format!("{name}-in-entra"),
        "userName": format!("{name}@fernhollow.example"),
        "active": true,
        "addresses": [{ "primary": false, "type": "work", "country": "NO", "formatted": "x", "locality": "Oslo" }],
        "displayName": "Åse Ødegård",
        "emails": [{ "primary": true, "type": "work", "value": format!("{name}@fernhollow.example") }],
        "meta": { "resourceType": "User" },
        "name": { "familyName": "Ødegård", "formatted": "Åse Ødegård", "givenName": "Åse" },
        "phoneNumbers": [{ "primary": true, "type": "work", "value": "+47 22 00 00 00" }],
        "preferredLanguage": "zh-TW",
        "title": "Engineer",
        ENTERPRISE: { "department": "R&D", "manager": "x" },
    })
}

#[rstest]
#[tokio::test]
async fn entra_adds_finds_changes_and_lets_somebody_go(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let entra = Program::of(&portal, COMPANY).await;
    // Test connection asks for somebody who can't be there.
    let none = entra.get("/Users?filter=userName+eq+%22018f3f5e-0000-7000-8000-00000000dead%22").await;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));

    let added = entra.add(entra_user("ase.odegard")).await;
    let id = added["id"].clone();
    assert_eq!(added["meta"]["version"], "W/\"1\"");
    assert_eq!(added["roles"], json!([{ "value": "employee" }]));
    let path = format!("/Users/{}", id.as_str().expect("an id"));
    let found = entra.get("/Users?filter=externalId+eq+%22ase.odegard-in-entra%22").await;
    assert_eq!(found["Resources"][0]["id"], id);
    let found = entra.get("/Users?filter=userName%20eq%20%22ASE.odegard@fernhollow.example%22").await;
    assert_eq!(found["totalResults"], 1);
    assert_eq!(portal.stage.mails("ase.odegard@fernhollow.example").await.len(), 1, "an invitation");

    // Somebody with that name is there already.
    let (status, error) = entra.call(Method::POST, "/Users", entra_user("ase.odegard")).await;
    assert_eq!((status, &error["scimType"]), (StatusCode::CONFLICT, &json!("uniqueness")));
    assert_eq!(error["status"], "409");

    // Capitals, paths with filters, an operation without a path, a key with a path in it.
    let (status, changed) = entra
        .change(
            &id,
            json!([
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ase@fernhollow.example" },
                { "op": "Add", "path": "name.givenName", "value": "Aase" },
                { "op": "Replace", "path": "addresses[type eq \"work\"].locality", "value": "Bergen" },
                { "op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "Sales" },
                { "op": "Replace", "value": { "displayName": "Aase Ødegård", "name.familyName": "Oe",
                    format!("{ENTERPRISE}:costCenter"): "4711" } },
                { "op": "Remove", "path": "preferredLanguage" },
            ]),
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["emails"][0]["value"], "ase@fernhollow.example");
    assert_eq!(changed["name"]["givenName"], "Aase");
    assert_eq!(changed["name"]["familyName"], "Oe");
    assert_eq!(changed["displayName"], "Aase Ødegård");
    assert_eq!(changed["preferredLanguage"], Value::Null);
    assert_eq!(changed["userName"], "ase.odegard@fernhollow.example");
    let name = "select count(*) as number from account where full_name = 'Aase Ødegård'
        and email_key = 'ase@fernhollow.example'";
    assert_eq!(portal.stage.count(name).await, 1, "the account follows");
    // The invitation went out anew, to the new address.
    assert_eq!(portal.stage.mails("ase@fernhollow.example").await.len(), 1);

    // `active` as a text.
    let (status, out) =
        entra.change(&id, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
    assert_eq!((status, &out["active"]), (StatusCode::OK, &json!(false)), "{out}");
    let found = entra.get("/Users?filter=active+eq+false+and+userName+sw+%22ase%22").await;
    assert_eq!(found["totalResults"], 1);
    let (status, back) = entra.change(&id, json!([{ "op": "replace", "value": { "active": "True" } }])).await;
    assert_eq!((status, &back["active"]), (StatusCode::OK, &json!(true)), "{back}");

    let (status, _) = entra.call(Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, error) = entra.call(Method::GET, &path, Value::Null).await;
    assert_eq!((status, &error["status"]), (StatusCode::NOT_FOUND, &json!("404")));
    // The name is free again, and the same person comes back.
    let again = entra.add(entra_user("ase")).await;
    assert_eq!(again["id"], id);
    assert!(portal.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn entra_keeps_a_group_and_its_role_follows_the_members(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let entra = Program::of(&portal, COMPANY).await;
    let one = entra.add(entra_user("one")).await["id"].clone();
    let two = entra.add(entra_user("two")).await["id"].clone();
    let group = json!({ "schemas": [GROUP], "displayName": "Portal agents", "externalId": "g-1" });
    let (status, made) = entra.call(Method::POST, "/Groups", group.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(entra.call(Method::POST, "/Groups", group).await.0, StatusCode::CONFLICT);
    let id = made["id"].as_str().expect("an id").to_owned();
    let found =
        entra.get("/Groups?excludedAttributes=members&filter=displayName+eq+%22portal%20AGENTS%22").await;
    assert_eq!(found["Resources"][0]["id"], made["id"]);

    // A Global admin says which role it gives, on the page.
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = admin
        .get("/account/provisioning")
        .await
        .form("map_provisioned_group", Some(&id))
        .with("roles", "admin_agent");
    assert_eq!(admin.submit("/account/provisioning", &form).await.status, StatusCode::SEE_OTHER);

    let path = format!("/Groups/{id}");
    let patch = async |operations: Value| {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        entra.call(Method::PATCH, &path, body).await
    };
    let roles = async |id: &Value| {
        let user = entra.get(&format!("/Users/{}", id.as_str().expect("an id"))).await;
        user["roles"].as_array().expect("roles").iter().map(|role| role["value"].clone()).collect::<Vec<_>>()
    };
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "value": one }, { "value": two }] }]);
    let (status, value) = patch(add).await;
    assert_eq!((status, value["members"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{value}");
    assert_eq!(roles(&one).await, ["admin_agent", "employee"]);
    let one_id = one.as_str().expect("an id");
    let member = entra.get(&format!("/Groups?filter=members+eq+%22{one_id}%22")).await;
    assert_eq!(member["totalResults"], 1);
    assert_eq!(entra.get(&format!("/Users?filter=groups+eq+%22{id}%22")).await["totalResults"], 2);

    // Entra names those who go in the value; others name them in the path.
    let (status, value) =
        patch(json!([{ "op": "Remove", "path": "members", "value": [{ "value": one }] }])).await;
    assert_eq!((status, value["members"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{value}");
    assert_eq!(roles(&one).await, ["employee"]);
    let two_path = format!("members[value eq {two}]");
    assert_eq!(patch(json!([{ "op": "Remove", "path": two_path }])).await.0, StatusCode::OK);
    assert_eq!(roles(&two).await, ["employee"]);
    let (status, error) = patch(json!([{ "op": "Remove", "path": two_path }])).await;
    assert_eq!((status, &error["scimType"]), (StatusCode::BAD_REQUEST, &json!("noTarget")));

    // Nobody becomes more by a group than by people, and Global admins keep what they have (rule 3).
    let admin_id = portal.stage.person_id(GLOBAL_ADMIN, COMPANY).await.to_string();
    let before = roles(&json!(admin_id)).await;
    assert_eq!(
        patch(json!([{ "op": "add", "path": "members", "value": [{ "value": admin_id }] }])).await.0,
        StatusCode::OK
    );
    assert_eq!(roles(&json!(admin_id)).await, before);
    assert_eq!(entra.call(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(roles(&json!(admin_id)).await, before);
    assert!(portal.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_03_a_program_touches_no_global_admin_and_no_partner_admin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let program = Program::of(&portal, COMPANY).await;
    for email in [GLOBAL_ADMIN, PARTNER_ADMIN] {
        let id = portal.stage.person_id(email, COMPANY).await.to_string();
        let before = program.get(&format!("/Users/{id}")).await;
        let denied = portal.stage.denied().await;
        for operation in [
            json!([{ "op": "Replace", "path": "active", "value": "False" }]),
            json!([{ "op": "Replace", "path": "displayName", "value": "Somebody else" }]),
            json!([{ "op": "Replace", "path": "emails", "value": [{ "value": "mine@elsewhere.example" }] }]),
        ] {
            let (status, error) = program.change(&json!(id), operation).await;
            assert_eq!(
                (status, &error["status"]),
                (StatusCode::FORBIDDEN, &json!("403")),
                "{email}: {error}"
            );
        }
        let (status, _) = program.call(Method::DELETE, &format!("/Users/{id}"), Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(program.get(&format!("/Users/{id}")).await, before);
        assert_eq!(portal.stage.denied().await, denied + 4, "each attempt is in the trail");
        // What changes nothing is no attempt.
        let (status, _) =
            program.change(&json!(id), json!([{ "op": "Replace", "path": "active", "value": true }])).await;
        assert_eq!(status, StatusCode::OK);
    }
    let id = portal.stage.person_id(USER_ADMIN, COMPANY).await.to_string();
    let out = json!([{ "op": "Replace", "path": "active", "value": false }]);
    assert_eq!(program.change(&json!(id), out).await.0, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn seats_of_who_is_deactivated_go_as_the_company_chose(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for (chosen, left) in [(None, false), (Some("keep"), true), (Some("release"), false)] {
        let portal = Portal::open(engine).await;
        let program = Program::of(&portal, COMPANY).await;
        if let Some(chosen) = chosen {
            let admin = portal.signed_in(GLOBAL_ADMIN).await;
            let form = admin
                .get("/account/provisioning")
                .await
                .form("save_provisioning", None)
                .with("seats", chosen);
            assert_eq!(admin.submit("/account/provisioning", &form).await.status, StatusCode::SEE_OTHER);
        }
        let id = portal.stage.person_id(EMPLOYEE, COMPANY).await;
        let literal = portal.stage.literal(id.0);
        let held = format!(
            "select count(*) as number from seat where released_at is null and person_id = {literal}"
        );
        let before = portal.stage.count(&held).await;
        assert!(before > 0);
        let out = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
        assert_eq!(program.change(&json!(id.to_string()), out).await.0, StatusCode::OK);
        assert_eq!(portal.stage.count(&held).await, if left { before } else { 0 }, "{chosen:?}");
        // Who is removed keeps nothing.
        let path = format!("/Users/{id}");
        assert_eq!(program.call(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(portal.stage.count(&held).await, 0);
    }
}

/// Every call with an id, filled in so that only whose it is decides.
fn calls_with_ids(user: &str, group: &str) -> Vec<(Method, String, Value)> {
    let mut calls = Vec::new();
    for (path, methods) in ROUTES.iter().filter(|(path, _)| path.ends_with("s/{id}")) {
        let (id, schema) = match *path {
            "/Users/{id}" => (user, USER),
            "/Groups/{id}" => (group, GROUP),
            _ => continue,
        };
        for method in *methods {
            let body = match *method {
                Method::PUT => {
                    json!({ "schemas": [schema], "userName": "x@fernhollow.example", "displayName": "X" })
                }
                Method::PATCH => json!({ "schemas": [PATCH], "Operations": [
                    { "op": "replace", "path": "displayName", "value": "X" } ] }),
                _ => Value::Null,
            };
            calls.push((method.clone(), path.replace("{id}", id), body));
        }
    }
    for name in ["id", "members", "groups"] {
        for (kind, value) in [("Users", group), ("Groups", user), ("Users", user), ("Groups", group)] {
            let path = format!("/{kind}?filter={name}+eq+%22{value}%22");
            calls.push((Method::GET, path, Value::Null));
        }
    }
    let member =
        json!({ "schemas": [GROUP], "displayName": "With a stranger", "members": [{ "value": user }] });
    calls.push((Method::POST, "/Groups".to_owned(), member));
    calls
}

#[rstest]
#[tokio::test]
async fn rule_07_another_companys_ids_answer_like_unknown_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let own = Program::of(&portal, COMPANY).await;
    let stranger = Program::of(&portal, OTHER_COMPANY).await;
    let user = portal.stage.person_id(EMPLOYEE, COMPANY).await.to_string();
    let body = json!({ "schemas": [GROUP], "displayName": "Ours", "members": [{ "value": user }] });
    let (status, group) = own.call(Method::POST, "/Groups", body).await;
    assert_eq!(status, StatusCode::CREATED);
    let group = group["id"].as_str().expect("an id").to_owned();
    let before = portal.stage.traces().await;
    let theirs = calls_with_ids(&user, &group);
    let nowhere = calls_with_ids(NOTHING, NOTHING);
    assert!(theirs.len() > 20);
    for ((method, path, body), (_, missing, missing_body)) in theirs.into_iter().zip(nowhere) {
        let found = stranger.call(method.clone(), &path, body).await;
        let none = stranger.call(method.clone(), &missing, missing_body).await;
        assert_eq!(found, none, "{method} {path}");
        let total = found.1.get("totalResults").and_then(Value::as_i64);
        assert!(found.0.is_client_error() || total == Some(0), "{method} {path}: {found:?}");
    }
    assert_eq!(portal.stage.traces().await, before);
    let everybody = stranger.get("/Users").await.to_string();
    assert!(!everybody.contains("fernhollow"), "{everybody}");
}

#[rstest]
#[tokio::test]
async fn rule_01_only_a_token_opens_anything_whoever_is_signed_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let known: BTreeSet<_> = server::provisioning::ROUTES.iter().copied().collect();
    assert_eq!(known, ROUTES.iter().map(|(path, _)| *path).collect());
    let portal = Portal::open(engine).await;
    let (id, token) = portal.stage.provisioning_token(COMPANY).await;
    let (expired_id, expired) = portal.stage.provisioning_token(COMPANY).await;
    portal.stage.run("update provisioning_token set expires_at = 1 where id = $1", [expired_id.into()]).await;
    let mut tokens = vec![String::new(), "x".to_owned(), format!("bcp_{}", "0".repeat(64)), expired];
    let unauthorized = |answer: &Answer, about: &str| {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{about}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{about}");
    };
    assert_eq!(
        portal.answer(request(&Method::GET, "/Users", &token, &Value::Null)).await.status,
        StatusCode::OK
    );
    portal.stage.run("update provisioning_token set revoked_at = 1 where id = $1", [id.into()]).await;
    tokens.push(token);
    for (path, methods) in ROUTES {
        for method in *methods {
            let path = path.replace("{id}", NOTHING);
            for token in &tokens {
                let answer = portal.answer(request(method, &path, token, &Value::Null)).await;
                unauthorized(&answer, &format!("{method} {path} {token}"));
            }
        }
    }
    for who in EVERYBODY {
        let Some(email) = who.email() else { continue };
        let browser = portal.signed_in(email).await;
        for (path, methods) in ROUTES {
            for method in *methods {
                let call = Request::builder()
                    .method(method)
                    .uri(format!("/scim/v2{}", path.replace("{id}", NOTHING)))
                    .header(COOKIE, browser.cookie_header())
                    .body(Body::empty());
                unauthorized(&portal.answer(call.expect("a request")).await, &format!("{who:?} {path}"));
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_is_refused_in_the_protocols_own_words(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let program = Program::of(&portal, COMPANY).await;
    let id = program.add(entra_user("somebody")).await["id"].clone();
    let before = portal.stage.traces().await;
    for (filter, kind) in [
        ("userName", "invalidFilter"),
        ("shoeSize eq 42", "invalidFilter"),
        ("userName eq", "invalidFilter"),
        ("active gt true", "invalidFilter"),
        ("name pr", "invalidFilter"),
        ("emails[emails[type pr]]", "invalidFilter"),
    ] {
        let filter = filter.replace(' ', "%20");
        let (status, error) =
            program.call(Method::GET, &format!("/Users?filter={filter}"), Value::Null).await;
        assert_eq!(
            (status, &error["scimType"]),
            (StatusCode::BAD_REQUEST, &json!(kind)),
            "{filter}: {error}"
        );
        assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    }
    for (operation, kind) in [
        (json!({ "op": "replace", "path": "shoeSize", "value": 42 }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[", "value": "x" }), "invalidPath"),
        (json!({ "op": "replace", "path": "id", "value": NOTHING }), "mutability"),
        (json!({ "op": "add", "path": "roles", "value": [{ "value": "global_admin" }] }), "mutability"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "remove", "path": "userName" }), "invalidValue"),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), "invalidValue"),
        (
            json!({ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x@y.example" }),
            "noTarget",
        ),
        (json!({ "op": "replace", "path": "emails", "value": "not an address" }), "invalidValue"),
        (json!({ "op": "replace", "path": "displayName", "value": "x".repeat(300) }), "invalidValue"),
        (json!({ "op": "explode", "path": "displayName", "value": "x" }), "invalidSyntax"),
    ] {
        let (status, error) = program.change(&id, json!([operation.clone()])).await;
        assert_eq!(
            (status, &error["scimType"]),
            (StatusCode::BAD_REQUEST, &json!(kind)),
            "{operation}: {error}"
        );
    }
    for body in [json!([]), json!({}), json!({ "schemas": [GROUP], "userName": "a@b.example" })] {
        let (status, error) = program.call(Method::POST, "/Users", body.clone()).await;
        assert_eq!(
            (status, &error["scimType"]),
            (StatusCode::BAD_REQUEST, &json!("invalidSyntax")),
            "{body}"
        );
    }
    let large = json!({ "schemas": [USER], "userName": "x".repeat(600 * 1024) });
    let (status, error) = program.call(Method::POST, "/Users", large).await;
    assert_eq!((status, &error["status"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("413")));
    assert_eq!(program.call(Method::GET, "/Nothing", Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(program.call(Method::POST, "/Schemas", json!({})).await.0, StatusCode::METHOD_NOT_ALLOWED);
    // An operator isn't a company's to keep (rule 1).
    let operator = json!({ "schemas": [USER], "userName": crate::scene::PROGRAMME_ADMIN });
    assert_eq!(program.call(Method::POST, "/Users", operator).await.0, StatusCode::FORBIDDEN);
    let after = portal.stage.traces().await;
    let but_the_trail = |traces: Vec<(&'static str, i64)>| {
        traces.into_iter().filter(|(table, _)| *table != "audit_event").collect::<Vec<_>>()
    };
    assert_eq!(but_the_trail(after), but_the_trail(before));
}

#[rstest]
#[tokio::test]
async fn versions_pages_and_parts_of_resources(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let program = Program::of(&portal, COMPANY).await;
    let id = program.add(entra_user("versioned")).await["id"].as_str().expect("an id").to_owned();
    let path = format!("/Users/{id}");
    let with = |method: &Method, tag: &str, body: &Value| {
        let mut call = request(method, &path, &program.token, body);
        call.headers_mut().insert(IF_MATCH, tag.parse().expect("a tag"));
        call
    };
    let rename = |name: &str| json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "displayName", "value": name }] });
    let changed = portal.answer(with(&Method::PATCH, "W/\"1\"", &rename("New"))).await;
    assert_eq!((changed.status, changed.header(ETAG)), (StatusCode::OK, "W/\"2\""), "{}", changed.body);
    for (method, body) in [(Method::PATCH, rename("Other")), (Method::DELETE, Value::Null)] {
        let stale = portal.answer(with(&method, "W/\"1\"", &body)).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{method}");
    }
    assert_eq!(program.get(&path).await["displayName"], "New");
    let only = program.get(&format!("{path}?attributes=userName,name.givenName")).await;
    assert_eq!(only["name"], json!({ "givenName": "Åse" }));
    assert!(only.get("emails").is_none() && only.get("id").is_some());

    let all = program.get("/Users").await;
    let total = all["totalResults"].as_i64().expect("a number");
    assert!(total > 10);
    let mut seen = BTreeSet::new();
    let mut start = 1;
    while start <= total {
        let page = program.get(&format!("/Users?startIndex={start}&count=7")).await;
        assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(total), &json!(start)));
        let rows = page["Resources"].as_array().expect("rows");
        assert_eq!(page["itemsPerPage"], rows.len());
        seen.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        start += 7;
    }
    assert_eq!(i64::try_from(seen.len()).expect("few"), total);
    assert_eq!(program.get("/Users?count=0").await["Resources"], json!([]));
    let body = json!({ "filter": "userName sw \"versioned\"", "attributes": ["userName"] });
    for path in ["/Users/.search", "/.search"] {
        let (status, found) = program.call(Method::POST, path, body.clone()).await;
        assert_eq!((status, &found["totalResults"]), (StatusCode::OK, &json!(1)), "{path}: {found}");
    }
    let made = portal.answer(request(&Method::POST, "/Users", &program.token, &entra_user("located"))).await;
    let location = made.header(LOCATION).to_owned();
    assert!(location.contains("/scim/v2/Users/"), "{location}");
    // The directory's texts are compared as texts, whatever stands in them.
    for (filter, total) in [
        ("displayName eq \"ÅSE ØDEGÅRD\" or userName co \"%\"", None),
        ("displayName eq \"Åse Ødegård\"", Some(1)),
        ("userName ew \"LOCATED@fernhollow.example\"", Some(1)),
        ("not (userName pr)", Some(0)),
        ("emails[type eq \"work\" and value sw \"located@\"]", Some(1)),
        ("emails[type eq \"work\"].value eq \"located@fernhollow.example\"", Some(1)),
        ("userName eq \"' or 1=1 --\"", Some(0)),
        ("externalId eq \"LOCATED-in-entra\"", Some(0)),
    ] {
        let (status, found) = program.call(Method::POST, "/Users/.search", json!({ "filter": filter })).await;
        assert_eq!(status, StatusCode::OK, "{filter}: {found}");
        if let Some(total) = total {
            assert_eq!(found["totalResults"], total, "{filter}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn too_many_calls_wait_and_other_companies_go_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let program = Program::of(&portal, COMPANY).await;
    let mut refused = None;
    for _ in 0..5_000 {
        let answer = portal
            .answer(request(&Method::GET, "/ServiceProviderConfig", &program.token, &Value::Null))
            .await;
        if answer.status != StatusCode::OK {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header(RETRY_AFTER).parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    let other = Program::of(&portal, OTHER_COMPANY).await;
    assert_eq!(other.call(Method::GET, "/ServiceProviderConfig", Value::Null).await.0, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn a_token_is_shown_once_works_and_is_revoked_on_the_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let page = admin.get("/account/provisioning").await;
    assert!(page.body.contains("https://benefits.example/scim/v2"), "the address to copy");
    let form = page.form("make_provisioning_token", None).with("name", "Our directory");
    let made = admin.submit("/account/provisioning", &form).await;
    assert_eq!(made.status, StatusCode::OK);
    let at = made.body.find("bcp_").expect("the token");
    let token = made.body[at..at + 68].to_owned();
    let program = Program { portal: &portal, token: token.clone() };
    let added = program.add(entra_user("by.token")).await;
    // Mail names the program, and the activity does.
    assert!(admin.get("/account/activity").await.body.contains("Our directory"));
    let page = admin.get("/account/provisioning").await;
    assert!(page.body.contains("Our directory") && !page.body.contains(&token));
    let again = admin.submit("/account/provisioning", &form).await;
    assert!(!again.body.contains("bcp_"), "it is kept nowhere");
    let stored = "select count(*) as number from operation where outcome like '%bcp\\_%' escape '\\'";
    assert_eq!(portal.stage.count(stored).await, 0);

    let form = page.form("revoke_provisioning_token", None);
    assert_eq!(admin.submit("/account/provisioning", &form).await.status, StatusCode::SEE_OTHER);
    let id = added["id"].as_str().expect("an id");
    let (status, _) = program.call(Method::GET, &format!("/Users/{id}"), Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let employee = portal.signed_in(EMPLOYEE).await.get("/account/provisioning").await;
    assert!(employee.body.contains("Maren") && !employee.body.contains("Our directory"), "who could");
}
