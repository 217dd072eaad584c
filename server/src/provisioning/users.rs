//! `/Users`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path as Place, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ids::PersonId;
use serde_json::{Map, Value, json};
use service::Request;
use service::provisioning::filter::{Attribute, Path};
use service::provisioning::users::{self, User, UserAttributes};
use service::provisioning::{Listed, Refusal};

use super::body::{self, Change, Kind, Question, matches};
use super::{ROOT, Scim, answer};

/// The schema of a user.
pub(super) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Schemas beside it, of which nothing is kept.
const EXTENSIONS: &str = "urn:ietf:params:scim:schemas:extension:";
/// Attributes of RFC 7643 that directories send and the portal has no use for.
const UNKEPT: &[&str] = &[
    "addresses",
    "department",
    "employeenumber",
    "entitlements",
    "ims",
    "locale",
    "manager",
    "nickname",
    "organization",
    "costcenter",
    "division",
    "password",
    "phonenumbers",
    "photos",
    "profileurl",
    "timezone",
    "title",
    "user",
    "usertype",
    "x509certificates",
];

type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;
type Body = Result<Bytes, BytesRejection>;

/// The pairs of a query.
pub(super) fn pairs(query: Asked) -> Result<Vec<(String, String)>, Refusal> {
    query.map(|Query(pairs)| pairs).map_err(|_| Refusal::Value("The query can't be read.".into()))
}

/// The user as JSON.
pub(super) fn shown(scim: &Scim, user: &User) -> Value {
    let base = &scim.site.service.base_url;
    let location = format!("{base}{ROOT}/Users/{}", user.id);
    let attributes = &user.attributes;
    let mut value = json!({
        "schemas": [SCHEMA],
        "id": user.id.to_string(),
        "userName": attributes.user_name,
        "active": attributes.active,
        "emails": [{ "value": attributes.email, "type": "work" }],
        "roles": user.roles.iter().map(|role| json!({ "value": role.code() })).collect::<Vec<_>>(),
        "meta": answer::meta("User", &location, user.created, user.version),
    });
    let mut name = Map::new();
    for (part, text) in [
        ("formatted", &attributes.formatted_name),
        ("givenName", &attributes.given_name),
        ("familyName", &attributes.family_name),
    ] {
        if let Some(text) = text {
            name.insert(part.to_owned(), text.clone().into());
        }
    }
    if !name.is_empty() {
        value["name"] = Value::Object(name);
    }
    for (part, text) in [
        ("externalId", &attributes.external_id),
        ("displayName", &attributes.display_name),
        ("preferredLanguage", &attributes.preferred_language),
    ] {
        if let Some(text) = text {
            value[part] = text.clone().into();
        }
    }
    if !user.groups.is_empty() {
        let groups = user.groups.iter().map(|(id, name)| {
            json!({ "value": id.to_string(), "display": name, "$ref": format!("{base}{ROOT}/Groups/{id}"), "type": "direct" })
        });
        value["groups"] = groups.collect();
    }
    value
}

/// Lists users.
pub(super) async fn list(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    query: Asked,
) -> Response {
    let question = pairs(query).and_then(|pairs| Question::of_query(&pairs));
    answered(&scim, &request, question).await
}

/// Lists users as a body asks.
pub(super) async fn search(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    body: Body,
) -> Response {
    let question = body::object(body).and_then(|object| Question::of_body(&object));
    answered(&scim, &request, question).await
}

async fn answered(scim: &Scim, request: &Request, question: Result<Question, Refusal>) -> Response {
    let listed = match question {
        Ok(question) => {
            let found = users::list(&scim.site.service, request, &question.wanted).await;
            found.map(|listed| (listed, question))
        }
        Err(refusal) => Err(refusal),
    };
    match listed {
        Ok((Listed { total, rows }, question)) => {
            let rows = rows.iter().map(|user| question.projection.apply(shown(scim, user))).collect();
            answer::list(total, question.wanted.start, rows)
        }
        Err(refusal) => answer::refuse(scim, request, refusal).await,
    }
}

async fn one(
    scim: &Scim,
    request: &Request,
    headers: &HeaderMap,
    query: Asked,
    new: bool,
    user: Result<User, Refusal>,
) -> Response {
    let projection = pairs(query).and_then(|pairs| Question::of_query(&pairs));
    match user.and_then(|user| Ok((user, projection?))) {
        Ok((user, question)) => {
            let whole = shown(scim, &user);
            let meta = whole.get("meta").cloned();
            let mut projected = question.projection.apply(whole);
            // The headers say version and address, whatever was asked for.
            let had_meta = projected.get("meta").is_some();
            if let (Some(meta), false) = (meta, had_meta) {
                projected["meta"] = meta;
            }
            answer::resource(headers, new, &projected)
        }
        Err(refusal) => answer::refuse(scim, request, refusal).await,
    }
}

/// Shows a user.
pub(super) async fn get(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
) -> Response {
    let user = match id.parse::<PersonId>() {
        Ok(id) => users::get(&scim.site.service, &request, id).await,
        Err(error) => Err(error.into()),
    };
    one(&scim, &request, &headers, query, false, user).await
}

/// Adds a user.
pub(super) async fn create(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let read = body::object(body).and_then(|object| {
        let mut attributes = UserAttributes { active: true, ..UserAttributes::default() };
        put(&mut attributes, object).map(|()| attributes)
    });
    let user = match read {
        Ok(attributes) => users::create(&scim.site.service, &request, attributes).await,
        Err(refusal) => Err(refusal),
    };
    one(&scim, &request, &headers, query, true, user).await
}

/// Puts other values in the place of a user's.
pub(super) async fn replace(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let edit = body::object(body).map(|object| {
        move |attributes: &mut UserAttributes| {
            // What isn't said has no value any more; only whether somebody is let in stays as it is.
            *attributes = UserAttributes { active: attributes.active, ..UserAttributes::default() };
            put(attributes, object)
        }
    });
    let user = edited(&scim, &request, &id, &headers, edit).await;
    one(&scim, &request, &headers, query, false, user).await
}

/// Changes a user.
pub(super) async fn patch(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let edit = body::object(body).and_then(|object| body::changes(&object)).map(|changes| {
        move |attributes: &mut UserAttributes| {
            changes.into_iter().try_for_each(|change| apply(attributes, change))
        }
    });
    let user = edited(&scim, &request, &id, &headers, edit).await;
    one(&scim, &request, &headers, query, false, user).await
}

async fn edited(
    scim: &Scim,
    request: &Request,
    id: &str,
    headers: &HeaderMap,
    edit: Result<impl FnOnce(&mut UserAttributes) -> Result<(), Refusal> + Send, Refusal>,
) -> Result<User, Refusal> {
    // Who it is comes first: an unknown id answers the same, whatever is sent.
    let id: PersonId = id.parse()?;
    let service = &scim.site.service;
    let edit = match edit {
        Ok(edit) => edit,
        Err(refusal) => {
            users::get(service, request, id).await?;
            return Err(refusal);
        }
    };
    users::change(service, request, id, answer::wanted_version(headers)?, edit).await
}

/// Removes a user.
pub(super) async fn remove(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
) -> Response {
    let removed = async {
        let id: PersonId = id.parse()?;
        let version = answer::wanted_version(&headers)?;
        users::remove(&scim.site.service, &request, id, version).await
    };
    match removed.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => answer::refuse(&scim, &request, refusal).await,
    }
}

/// Reads a whole user.
fn put(attributes: &mut UserAttributes, object: Map<String, Value>) -> Result<(), Refusal> {
    body::check_schema(&object, SCHEMA)?;
    for (name, value) in object {
        let attribute = Attribute { schema: None, name: name.to_ascii_lowercase(), part: None };
        let name = attribute.name.as_str();
        // What a program may not write comes back with what it has read, and counts for nothing here.
        let own = ["schemas", "id", "meta", "groups", "roles"].contains(&name);
        if own || name.starts_with("urn:") || UNKEPT.contains(&name) {
            continue;
        }
        apply(attributes, Change { kind: Kind::Replace, path: Path { attribute, filter: None }, value })?;
    }
    Ok(())
}

/// Makes one change.
fn apply(attributes: &mut UserAttributes, change: Change) -> Result<(), Refusal> {
    let Change { kind, path, value } = change;
    let Path { attribute, filter } = path;
    if let Some(schema) = &attribute.schema {
        if schema.starts_with(EXTENSIONS) {
            return Ok(());
        }
        let itself = format!("{schema}:{}", attribute.name).eq_ignore_ascii_case(SCHEMA);
        if !schema.eq_ignore_ascii_case(SCHEMA) && !itself {
            return Err(Refusal::Path(format!("There is no schema {schema} here")));
        }
        if itself {
            let Value::Object(members) = value else {
                return Err(Refusal::Path("A schema isn't an attribute".into()));
            };
            return members.into_iter().try_for_each(|(name, value)| {
                apply(attributes, Change { kind, path: Path::parse(&name)?, value })
            });
        }
    }
    let removed = kind == Kind::Remove;
    let value = if removed { Value::Null } else { value };
    let name = attribute.name.as_str();
    let part = attribute.part.as_deref();
    match (name, part) {
        ("username", None) => {
            attributes.user_name = body::text("userName", &value)?
                .ok_or_else(|| Refusal::Value("userName is required".into()))?;
        }
        ("externalid", None) => attributes.external_id = body::text("externalId", &value)?,
        ("displayname", None) => attributes.display_name = body::text("displayName", &value)?,
        ("preferredlanguage", None) => {
            attributes.preferred_language = body::text("preferredLanguage", &value)?;
        }
        ("name", None) => match value {
            Value::Null => {
                attributes.formatted_name = None;
                attributes.given_name = None;
                attributes.family_name = None;
            }
            Value::Object(parts) => {
                for (name, slot) in [
                    ("formatted", &mut attributes.formatted_name),
                    ("givenName", &mut attributes.given_name),
                    ("familyName", &mut attributes.family_name),
                ] {
                    if let Some(value) = body::member(&parts, name) {
                        *slot = body::text(name, value)?;
                    }
                }
            }
            _ => return Err(Refusal::Value("name has to be an object".into())),
        },
        ("name", Some("formatted")) => attributes.formatted_name = body::text("formatted", &value)?,
        ("name", Some("givenname")) => attributes.given_name = body::text("givenName", &value)?,
        ("name", Some("familyname")) => attributes.family_name = body::text("familyName", &value)?,
        ("name", Some(_)) => {}
        ("active", None) => {
            if removed {
                return Err(Refusal::Value("active is required".into()));
            }
            attributes.active = body::boolean("active", &value)?;
        }
        ("emails", part) => {
            if let Some(filter) = &filter {
                let email = attributes.email.to_lowercase();
                let own = |part: &str| match part {
                    "value" => Some(email.clone()),
                    "type" => Some("work".to_owned()),
                    "primary" => Some("true".to_owned()),
                    _ => None,
                };
                if !matches(filter, &own) {
                    return Err(Refusal::Target("Only the work address is kept.".into()));
                }
            }
            match part {
                None | Some("value") => attributes.email = email(&value)?,
                // There is one address, and it is the work address.
                Some(_) => {}
            }
        }
        ("id" | "meta" | "schemas" | "groups" | "roles", _) => {
            return Err(Refusal::Mutability(format!("{name} is the portal's to write")));
        }
        _ if UNKEPT.contains(&name) => {}
        _ => return Err(Refusal::Path(format!("There is no attribute {name} here"))),
    }
    Ok(())
}

/// The address among several: the primary one, else that of work, else the first.
fn email(value: &Value) -> Result<String, Refusal> {
    let of = |value: &Value| match value {
        Value::Object(parts) => body::member(parts, "value").and_then(Value::as_str).map(str::to_owned),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let found = match value {
        Value::Null => Some(String::new()),
        Value::Array(values) if values.is_empty() => Some(String::new()),
        Value::Array(values) => {
            let primary = |value: &&Value| {
                let primary = value.as_object().and_then(|parts| body::member(parts, "primary"));
                primary.is_some_and(|primary| body::boolean("primary", primary).is_ok_and(|yes| yes))
            };
            let work = |value: &&Value| {
                let kind = value.as_object().and_then(|parts| body::member(parts, "type"));
                kind.and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
            };
            let chosen = values.iter().find(primary).or_else(|| values.iter().find(work));
            chosen.or(values.first()).and_then(of)
        }
        value => of(value),
    };
    found.ok_or_else(|| Refusal::Value("emails has no value".into()))
}
