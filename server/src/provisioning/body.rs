//! What is sent: JSON with names that have no case, lists of changes, questions.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use serde_json::{Map, Value};
use service::provisioning::filter::{Attribute, Filter, Literal, Operator, Path};
use service::provisioning::{PAGE_MAX, Refusal, Wanted};

use super::projection::Projection;

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// So many changes one call makes.
const OPERATIONS_MAX: usize = 1_000;

/// The object of a body.
///
/// # Errors
/// [`Refusal::Syntax`]; [`Refusal::Failure`] with `too_large`.
pub(super) fn object(body: Result<Bytes, BytesRejection>) -> Result<Map<String, Value>, Refusal> {
    let bytes = body.map_err(|_| Refusal::from(domain::ErrorCode::TooLarge))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::Syntax("The body isn't a JSON object.".into())),
        Err(error) => Err(Refusal::Syntax(format!("The body isn't JSON: line {}.", error.line()))),
    }
}

/// A member of an object; names have no case.
pub(super) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Checks that the schema is among those that a body names.
///
/// # Errors
/// [`Refusal::Syntax`].
pub(super) fn check_schema(object: &Map<String, Value>, schema: &str) -> Result<(), Refusal> {
    let named = member(object, "schemas").and_then(Value::as_array);
    let is_it = |value: &Value| value.as_str().is_some_and(|named| named.eq_ignore_ascii_case(schema));
    if named.is_some_and(|schemas| schemas.iter().any(is_it)) {
        return Ok(());
    }
    Err(Refusal::Syntax(format!("schemas has to name {schema}.")))
}

/// A text, or none for null.
///
/// # Errors
/// [`Refusal::Value`].
pub(super) fn text(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(Refusal::Value(format!("{name} has to be a text"))),
    }
}

/// True or false; Entra writes them as texts.
///
/// # Errors
/// [`Refusal::Value`].
pub(super) fn boolean(name: &str, value: &Value) -> Result<bool, Refusal> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        // Some programs wrap a single value in a list.
        Value::Array(values) if values.len() == 1 => boolean(name, &values[0]),
        _ => Err(Refusal::Value(format!("{name} has to be true or false"))),
    }
}

/// What a change does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Adds.
    Add,
    /// Puts in the place of what is there.
    Replace,
    /// Takes away.
    Remove,
}

/// One change at one place.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What it does.
    pub(super) kind: Kind,
    /// Where.
    pub(super) path: Path,
    /// With what.
    pub(super) value: Value,
}

/// The changes of a PATCH (RFC 7644, section 3.5.2), each at its own path: an operation without a path
/// is one for each member of its value.
///
/// # Errors
/// [`Refusal::Syntax`], [`Refusal::Path`], [`Refusal::Target`], [`Refusal::Value`].
pub(super) fn changes(object: &Map<String, Value>) -> Result<Vec<Change>, Refusal> {
    check_schema(object, PATCH)?;
    let operations = member(object, "Operations")
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| Refusal::Syntax("Operations is missing.".into()))?;
    let mut changes = Vec::with_capacity(operations.len());
    for operation in operations {
        let Value::Object(operation) = operation else {
            return Err(Refusal::Syntax("An operation isn't an object.".into()));
        };
        let named = member(operation, "op").and_then(Value::as_str).unwrap_or_default();
        let kind = match named.to_ascii_lowercase().as_str() {
            "add" => Kind::Add,
            "replace" => Kind::Replace,
            "remove" => Kind::Remove,
            _ => return Err(Refusal::Syntax("op has to be add, replace or remove.".into())),
        };
        let value = member(operation, "value").cloned().unwrap_or(Value::Null);
        let path = member(operation, "path").and_then(Value::as_str).filter(|path| !path.is_empty());
        match (path, value) {
            (Some(path), value) => changes.push(Change { kind, path: Path::parse(path)?, value }),
            (None, _) if kind == Kind::Remove => {
                return Err(Refusal::Target("remove needs a path.".into()));
            }
            (None, Value::Object(members)) => {
                for (name, value) in members {
                    // What the resource says about itself comes back with some programs' changes.
                    if ["schemas", "id", "meta"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
                        continue;
                    }
                    changes.push(Change { kind, path: Path::parse(&name)?, value });
                }
            }
            (None, _) => return Err(Refusal::Value("Without a path the value has to be an object.".into())),
        }
        if changes.len() > OPERATIONS_MAX {
            return Err(Refusal::Value(format!("More than {OPERATIONS_MAX} changes at once")));
        }
    }
    Ok(changes)
}

/// Whether one value of a list matches a path's filter. `part` finds a part of the value in lower case.
pub(super) fn matches(filter: &Filter, part: &dyn Fn(&str) -> Option<String>) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(|filter| matches(filter, part)),
        Filter::Or(filters) => filters.iter().any(|filter| matches(filter, part)),
        Filter::Not(filter) => !matches(filter, part),
        Filter::Present(Attribute { name, .. }) => part(name).is_some(),
        Filter::Within(..) => false,
        Filter::Compare(Attribute { name, .. }, operator, literal) => {
            let wanted = match literal {
                Literal::Text(text) | Literal::Number(text) => text.to_lowercase(),
                Literal::Boolean(value) => value.to_string(),
                Literal::Null => return part(name).is_none() == (*operator == Operator::Equal),
            };
            let Some(found) = part(name) else { return *operator == Operator::NotEqual };
            match operator {
                Operator::Equal => found == wanted,
                Operator::NotEqual => found != wanted,
                Operator::Contains => found.contains(&wanted),
                Operator::StartsWith => found.starts_with(&wanted),
                Operator::EndsWith => found.ends_with(&wanted),
                Operator::Greater => found > wanted,
                Operator::GreaterOrEqual => found >= wanted,
                Operator::Less => found < wanted,
                Operator::LessOrEqual => found <= wanted,
            }
        }
    }
}

/// A question: which resources, and what of them.
pub(super) struct Question {
    /// Which part of the list.
    pub(super) wanted: Wanted,
    /// What of each resource.
    pub(super) projection: Projection,
}

impl Question {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// [`Refusal::Filter`], [`Refusal::Value`].
    pub(super) fn of_query(query: &[(String, String)]) -> Result<Self, Refusal> {
        let text = |name: &str| {
            query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let number = |name: &str, otherwise| match text(name) {
            None | Some("") => Ok(otherwise),
            Some(text) => text.parse().map_err(|_| Refusal::Value(format!("{name} isn't a number"))),
        };
        Self::new(
            text("filter"),
            number("startIndex", 1)?,
            number("count", PAGE_MAX)?,
            Projection::read(text("attributes"), text("excludedAttributes"))?,
        )
    }

    /// Reads the body of a search.
    ///
    /// # Errors
    /// As [`Self::of_query`].
    pub(super) fn of_body(object: &Map<String, Value>) -> Result<Self, Refusal> {
        let names = |name| -> Vec<&str> {
            match member(object, name) {
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(names)) => vec![names],
                _ => Vec::new(),
            }
        };
        let number = |name: &str, otherwise| match member(object, name) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(value) => value.as_i64().ok_or_else(|| Refusal::Value(format!("{name} isn't a number"))),
        };
        Self::new(
            member(object, "filter").and_then(Value::as_str),
            number("startIndex", 1)?,
            number("count", PAGE_MAX)?,
            Projection::read(names("attributes"), names("excludedAttributes"))?,
        )
    }

    fn new(filter: Option<&str>, start: i64, count: i64, projection: Projection) -> Result<Self, Refusal> {
        let filter = filter.filter(|filter| !filter.is_empty()).map(Filter::parse).transpose()?;
        let wanted = Wanted { filter, start: start.max(1), count: count.clamp(0, PAGE_MAX) };
        Ok(Self { wanted, projection })
    }
}
