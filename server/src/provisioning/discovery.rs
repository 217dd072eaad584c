//! What there is: the service's abilities, its kinds of resources and their schemas (RFC 7643, sections
//! 5 to 7).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::Language;
use serde_json::{Value, json};
use service::provisioning::PAGE_MAX;

use super::{MAX_BODY, ROOT, Scim, answer, groups, users};

const CONFIGURATION: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

fn place(scim: &Scim, path: &str) -> String {
    format!("{}{ROOT}{path}", scim.site.service.base_url)
}

/// What the service can do.
pub(super) async fn configuration(State(scim): State<Arc<Scim>>) -> Response {
    let value = json!({
        "schemas": [CONFIGURATION],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": MAX_BODY },
        "filter": { "supported": true, "maxResults": PAGE_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Token of the company",
            "description": "A token that a Global admin makes in Account settings, Provisioning.",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": place(&scim, "/ServiceProviderConfig"),
        },
    });
    answer::body(StatusCode::OK, &value)
}

fn all_types(scim: &Scim) -> Vec<Value> {
    let one = |name: &str, endpoint: &str, about: &str, schema: &str| {
        json!({
            "schemas": [TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "description": about,
            "schema": schema,
            "meta": { "resourceType": "ResourceType", "location": place(scim, &format!("/ResourceTypes/{name}")) },
        })
    };
    vec![
        one("User", "/Users", "A person of the company", users::SCHEMA),
        one("Group", "/Groups", "A group that can give its people a role", groups::SCHEMA),
    ]
}

/// The kinds of resources.
pub(super) async fn types(State(scim): State<Arc<Scim>>) -> Response {
    let types = all_types(&scim);
    answer::list(i64::try_from(types.len()).unwrap_or(0), 1, types)
}

/// One kind of resources.
pub(super) async fn one_type(State(scim): State<Arc<Scim>>, Path(id): Path<String>) -> Response {
    found(all_types(&scim), &id)
}

/// The schemas.
pub(super) async fn schemas(State(scim): State<Arc<Scim>>) -> Response {
    let schemas = all_schemas(&scim);
    answer::list(i64::try_from(schemas.len()).unwrap_or(0), 1, schemas)
}

/// One schema.
pub(super) async fn one_schema(State(scim): State<Arc<Scim>>, Path(id): Path<String>) -> Response {
    found(all_schemas(&scim), &id)
}

fn found(all: Vec<Value>, id: &str) -> Response {
    let is_it = |value: &Value| {
        value.get("id").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(id))
    };
    match all.into_iter().find(is_it) {
        Some(value) => answer::body(StatusCode::OK, &value),
        None => answer::error(StatusCode::NOT_FOUND, None, "There is nothing with this id."),
    }
}

/// An attribute as a schema describes it; `more` says what differs from a plain text.
fn attribute(name: &str, about: &str, more: Value) -> Value {
    let mut value = json!({
        "name": name,
        "type": "string",
        "multiValued": false,
        "description": about,
        "required": false,
        "caseExact": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn all_schemas(scim: &Scim) -> Vec<Value> {
    let one = |id: &str, name: &str, about: &str, attributes: Vec<Value>| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": about,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": place(scim, &format!("/Schemas/{id}")) },
        })
    };
    vec![
        one(users::SCHEMA, "User", "A person of the company", of_user()),
        one(groups::SCHEMA, "Group", "A group that can give its people a role", of_group()),
    ]
}

fn of_user() -> Vec<Value> {
    let languages: Vec<&str> = Language::ALL.iter().map(|language| language.tag()).collect();
    vec![
        attribute(
            "userName",
            "The name that the directory knows the person by",
            json!({ "required": true, "uniqueness": "server" }),
        ),
        attribute(
            "name",
            "Full name in parts",
            json!({
                "type": "complex",
                "subAttributes": [
                    attribute("formatted", "Full name", json!({})),
                    attribute("familyName", "Family name", json!({})),
                    attribute("givenName", "Given name", json!({})),
                ],
            }),
        ),
        attribute("displayName", "Full name as the portal shows it", json!({})),
        attribute(
            "emails",
            "The sign-in address; without one, userName has to be an address",
            json!({
                "type": "complex",
                "multiValued": true,
                "required": true,
                "subAttributes": [
                    attribute("value", "The address", json!({ "required": true })),
                    attribute("type", "The portal keeps one", json!({ "canonicalValues": ["work"] })),
                ],
            }),
        ),
        attribute(
            "active",
            "Whether the person is let in; who isn't keeps or loses the seats as the company chose",
            json!({ "type": "boolean", "required": true }),
        ),
        attribute(
            "preferredLanguage",
            "Language of pages and mail; the portal's own that comes next",
            json!({ "canonicalValues": languages }),
        ),
        attribute(
            "roles",
            "Roles in the portal; groups give them",
            json!({
                "type": "complex",
                "multiValued": true,
                "mutability": "readOnly",
                "subAttributes": [attribute("value", "The role", json!({ "mutability": "readOnly" }))],
            }),
        ),
        attribute(
            "groups",
            "Groups of the person",
            json!({
                "type": "complex",
                "multiValued": true,
                "mutability": "readOnly",
                "subAttributes": [
                    attribute("value", "Id of the group", json!({ "mutability": "readOnly" })),
                    attribute(
                        "$ref",
                        "Address of the group",
                        json!({ "type": "reference", "referenceTypes": ["Group"], "mutability": "readOnly" }),
                    ),
                    attribute("display", "Name of the group", json!({ "mutability": "readOnly" })),
                    attribute("type", "How the person belongs to it", json!({ "mutability": "readOnly" })),
                ],
            }),
        ),
    ]
}

fn of_group() -> Vec<Value> {
    vec![
        attribute("displayName", "Name", json!({ "required": true, "uniqueness": "server" })),
        attribute(
            "members",
            "People of the group",
            json!({
                "type": "complex",
                "multiValued": true,
                "subAttributes": [
                    attribute("value", "Id of the user", json!({ "mutability": "immutable" })),
                    attribute(
                        "$ref",
                        "Address of the user",
                        json!({ "type": "reference", "referenceTypes": ["User"], "mutability": "immutable" }),
                    ),
                    attribute(
                        "type",
                        "Only users can be members",
                        json!({ "mutability": "immutable", "canonicalValues": ["User"] }),
                    ),
                ],
            }),
        ),
    ]
}
