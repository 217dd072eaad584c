//! `/Groups`, and the search over both kinds of resources.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path as Place, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ids::{PersonId, ProvisionedGroupId};
use serde_json::{Map, Value, json};
use service::Request;
use service::provisioning::filter::{Attribute, Path};
use service::provisioning::groups::{self, Group, GroupAttributes};
use service::provisioning::{Listed, Refusal, Wanted, users};

use super::body::{self, Change, Kind, Question, matches};
use super::users::pairs;
use super::{ROOT, Scim, answer};

/// The schema of a group.
pub(super) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;
type Body = Result<Bytes, BytesRejection>;

fn shown(scim: &Scim, group: &Group) -> Value {
    let base = &scim.site.service.base_url;
    let location = format!("{base}{ROOT}/Groups/{}", group.id);
    let mut value = json!({
        "schemas": [SCHEMA],
        "id": group.id.to_string(),
        "displayName": group.attributes.display_name,
        "meta": answer::meta("Group", &location, group.created, group.version),
    });
    if let Some(external_id) = &group.attributes.external_id {
        value["externalId"] = external_id.clone().into();
    }
    if !group.attributes.members.is_empty() {
        let members = group.attributes.members.iter().map(|id| {
            json!({ "value": id.to_string(), "$ref": format!("{base}{ROOT}/Users/{id}"), "type": "User" })
        });
        value["members"] = members.collect();
    }
    value
}

/// Lists groups.
pub(super) async fn list(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    query: Asked,
) -> Response {
    let question = pairs(query).and_then(|pairs| Question::of_query(&pairs));
    answered(&scim, &request, question).await
}

/// Lists groups as a body asks.
pub(super) async fn search(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    body: Body,
) -> Response {
    let question = body::object(body).and_then(|object| Question::of_body(&object));
    answered(&scim, &request, question).await
}

async fn answered(scim: &Scim, request: &Request, question: Result<Question, Refusal>) -> Response {
    let found = match question {
        Ok(question) => {
            found(scim, request, &question, &question.wanted).await.map(|found| (found, question))
        }
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(((total, rows), question)) => answer::list(total, question.wanted.start, rows),
        Err(refusal) => answer::refuse(scim, request, refusal).await,
    }
}

async fn found(
    scim: &Scim,
    request: &Request,
    question: &Question,
    wanted: &Wanted,
) -> Result<(i64, Vec<Value>), Refusal> {
    let with_members = question.projection.has("members");
    let Listed { total, rows } = groups::list(&scim.site.service, request, wanted, with_members).await?;
    Ok((total, rows.iter().map(|group| question.projection.apply(shown(scim, group))).collect()))
}

/// Lists users and groups as a body asks: users first, then groups. A filter about what one of the two
/// lacks finds none of them.
pub(super) async fn search_everything(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    body: Body,
) -> Response {
    let everything = async {
        let question = Question::of_body(&body::object(body)?)?;
        let wanted = &question.wanted;
        let people = users::list(&scim.site.service, &request, wanted).await;
        let known = people.is_ok();
        let Listed { total, rows } = match people {
            Err(Refusal::Filter(_)) => Listed { total: 0, rows: Vec::new() },
            people => people?,
        };
        let taken = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let rest = Wanted {
            filter: wanted.filter.clone(),
            start: (wanted.start - total).max(1),
            count: wanted.count - taken,
        };
        let mut rows: Vec<Value> =
            rows.iter().map(|user| question.projection.apply(super::users::shown(&scim, user))).collect();
        let (others, more) = match found(&scim, &request, &question, &rest).await {
            Err(Refusal::Filter(_)) if known => (0, Vec::new()),
            found => found?,
        };
        rows.extend(more);
        Ok((total + others, wanted.start, rows))
    };
    match everything.await {
        Ok((total, start, rows)) => answer::list(total, start, rows),
        Err(refusal) => answer::refuse(&scim, &request, refusal).await,
    }
}

async fn one(
    scim: &Scim,
    request: &Request,
    headers: &HeaderMap,
    query: Asked,
    new: bool,
    group: Result<Group, Refusal>,
) -> Response {
    let question = pairs(query).and_then(|pairs| Question::of_query(&pairs));
    match group.and_then(|group| Ok((group, question?))) {
        Ok((group, question)) => {
            let whole = shown(scim, &group);
            let meta = whole.get("meta").cloned();
            let mut projected = question.projection.apply(whole);
            // The headers say version and address, whatever was asked for.
            if let (Some(meta), None) = (meta, projected.get("meta")) {
                projected["meta"] = meta;
            }
            answer::resource(headers, new, &projected)
        }
        Err(refusal) => answer::refuse(scim, request, refusal).await,
    }
}

/// Shows a group.
pub(super) async fn get(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
) -> Response {
    let group = match id.parse::<ProvisionedGroupId>() {
        Ok(id) => groups::get(&scim.site.service, &request, id).await,
        Err(error) => Err(error.into()),
    };
    one(&scim, &request, &headers, query, false, group).await
}

/// Adds a group.
pub(super) async fn create(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let read = body::object(body).and_then(|object| {
        let mut attributes = GroupAttributes::default();
        put(&mut attributes, object).map(|()| attributes)
    });
    let group = match read {
        Ok(attributes) => groups::create(&scim.site.service, &request, attributes).await,
        Err(refusal) => Err(refusal),
    };
    one(&scim, &request, &headers, query, true, group).await
}

/// Puts other values in the place of a group's.
pub(super) async fn replace(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let edit = body::object(body).map(|object| {
        move |attributes: &mut GroupAttributes| {
            *attributes = GroupAttributes::default();
            put(attributes, object)
        }
    });
    let group = edited(&scim, &request, &id, &headers, edit).await;
    one(&scim, &request, &headers, query, false, group).await
}

/// Changes a group.
pub(super) async fn patch(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
    query: Asked,
    body: Body,
) -> Response {
    let edit = body::object(body).and_then(|object| body::changes(&object)).map(|changes| {
        move |attributes: &mut GroupAttributes| {
            changes.into_iter().try_for_each(|change| apply(attributes, change))
        }
    });
    let group = edited(&scim, &request, &id, &headers, edit).await;
    one(&scim, &request, &headers, query, false, group).await
}

async fn edited(
    scim: &Scim,
    request: &Request,
    id: &str,
    headers: &HeaderMap,
    edit: Result<impl FnOnce(&mut GroupAttributes) -> Result<(), Refusal> + Send, Refusal>,
) -> Result<Group, Refusal> {
    // Which one comes first: an unknown id answers the same, whatever is sent.
    let id: ProvisionedGroupId = id.parse()?;
    let service = &scim.site.service;
    let edit = match edit {
        Ok(edit) => edit,
        Err(refusal) => {
            groups::get(service, request, id).await?;
            return Err(refusal);
        }
    };
    groups::change(service, request, id, answer::wanted_version(headers)?, edit).await
}

/// Removes a group.
pub(super) async fn remove(
    State(scim): State<Arc<Scim>>,
    Extension(request): Extension<Request>,
    Place(id): Place<String>,
    headers: HeaderMap,
) -> Response {
    let removed = async {
        let id: ProvisionedGroupId = id.parse()?;
        let version = answer::wanted_version(&headers)?;
        groups::remove(&scim.site.service, &request, id, version).await
    };
    match removed.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => answer::refuse(&scim, &request, refusal).await,
    }
}

/// Reads a whole group.
fn put(attributes: &mut GroupAttributes, object: Map<String, Value>) -> Result<(), Refusal> {
    body::check_schema(&object, SCHEMA)?;
    for (name, value) in object {
        let attribute = Attribute { schema: None, name: name.to_ascii_lowercase(), part: None };
        if ["displayname", "externalid", "members"].contains(&attribute.name.as_str()) {
            apply(attributes, Change { kind: Kind::Replace, path: Path { attribute, filter: None }, value })?;
        }
    }
    Ok(())
}

/// Makes one change.
fn apply(attributes: &mut GroupAttributes, change: Change) -> Result<(), Refusal> {
    let Change { kind, path, value } = change;
    let Path { attribute, filter } = path;
    if attribute.schema.as_deref().is_some_and(|schema| !schema.eq_ignore_ascii_case(SCHEMA)) {
        return Err(Refusal::Path("There is no such schema here".into()));
    }
    let removed = kind == Kind::Remove;
    match (attribute.name.as_str(), attribute.part.as_deref()) {
        ("displayname", None) => {
            let value = if removed { Value::Null } else { value };
            attributes.display_name = body::text("displayName", &value)?
                .ok_or_else(|| Refusal::Value("displayName is required".into()))?;
        }
        ("externalid", None) => {
            let value = if removed { Value::Null } else { value };
            attributes.external_id = body::text("externalId", &value)?;
        }
        ("members", None) => match (kind, filter) {
            (Kind::Remove, Some(filter)) => {
                let before = attributes.members.len();
                attributes.members.retain(|id| !matches(&filter, &|part| part_of(*id, part)));
                if attributes.members.len() == before {
                    return Err(Refusal::Target("No member matches.".into()));
                }
            }
            // Entra names those that go in the value.
            (Kind::Remove, None) if !value.is_null() => {
                for member in members(&value)? {
                    attributes.members.remove(&member);
                }
            }
            (Kind::Remove, None) => attributes.members.clear(),
            (Kind::Add, None) => attributes.members.extend(members(&value)?),
            (Kind::Replace, None) => attributes.members = members(&value)?.into_iter().collect(),
            (Kind::Add | Kind::Replace, Some(_)) => {
                return Err(Refusal::Path("Members are added and removed, not changed".into()));
            }
        },
        ("id" | "meta" | "schemas", _) => {
            return Err(Refusal::Mutability(format!("{} is the portal's to write", attribute.name)));
        }
        _ => return Err(Refusal::Path(format!("There is no attribute {} here", attribute.name))),
    }
    Ok(())
}

fn part_of(id: PersonId, part: &str) -> Option<String> {
    match part {
        "value" => Some(id.to_string()),
        "type" => Some("user".to_owned()),
        _ => None,
    }
}

/// The ids of members; one alone counts as a list of one.
fn members(value: &Value) -> Result<Vec<PersonId>, Refusal> {
    let unknown = || Refusal::Value("A member isn't a user of the organization.".into());
    let one = |value: &Value| -> Result<PersonId, Refusal> {
        let text = match value {
            Value::String(text) => Some(text.as_str()),
            Value::Object(parts) => {
                let text = |name| body::member(parts, name).and_then(Value::as_str);
                if text("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
                    return Err(Refusal::Value("Only users can be members.".into()));
                }
                text("value").or_else(|| text("$ref").and_then(|link| link.rsplit('/').next()))
            }
            _ => None,
        };
        text.ok_or_else(unknown)?.parse().map_err(|_| unknown())
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(one).collect(),
        value => one(value).map(|member| vec![member]),
    }
}
