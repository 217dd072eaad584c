//! Which attributes an answer has: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::{Map, Value};
use service::provisioning::Refusal;
use service::provisioning::filter::Path;

/// Attributes that are always there.
const ALWAYS: &[&str] = &["id", "schemas"];
/// So many attributes can be named.
const NAMED_MAX: usize = 100;

/// Which attributes are asked for.
#[derive(Default)]
pub(super) struct Projection {
    only: Vec<(String, Option<String>)>,
    without: Vec<(String, Option<String>)>,
}

impl Projection {
    /// Reads both lists; the first one counts where both are there.
    ///
    /// # Errors
    /// [`Refusal::Value`] for what isn't the name of an attribute.
    pub(super) fn read<'a>(
        only: impl IntoIterator<Item = &'a str>,
        without: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Refusal> {
        Ok(Self { only: names(only)?, without: names(without)? })
    }

    /// Whether an attribute will be there.
    pub(super) fn has(&self, name: &str) -> bool {
        if self.only.is_empty() {
            !self.without.iter().any(|(without, part)| without == name && part.is_none())
        } else {
            self.only.iter().any(|(only, _)| only == name)
        }
    }

    /// The resource with what is asked for.
    pub(super) fn apply(&self, resource: Value) -> Value {
        let Value::Object(attributes) = resource else { return resource };
        let mut kept = Map::new();
        for (name, value) in attributes {
            let lower = name.to_ascii_lowercase();
            if ALWAYS.contains(&&*lower) {
                kept.insert(name, value);
            } else if self.only.is_empty() {
                if self.has(&lower) {
                    let parts: Vec<&str> = parts(&self.without, &lower).collect();
                    kept.insert(name, filtered(value, &|part| !parts.contains(&part)));
                }
            } else if self.has(&lower) {
                let whole = self.only.iter().any(|(only, part)| *only == lower && part.is_none());
                let parts: Vec<&str> = parts(&self.only, &lower).collect();
                kept.insert(name, filtered(value, &|part| whole || parts.contains(&part)));
            }
        }
        Value::Object(kept)
    }
}

fn parts<'a>(named: &'a [(String, Option<String>)], name: &str) -> impl Iterator<Item = &'a str> {
    named.iter().filter(move |(of, _)| of == name).filter_map(|(_, part)| part.as_deref())
}

fn filtered(value: Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(|value| filtered(value, keep)).collect(),
        Value::Object(parts) => {
            let kept = parts.into_iter().filter(|(part, _)| keep(&part.to_ascii_lowercase()));
            Value::Object(kept.collect())
        }
        value => value,
    }
}

fn names<'a>(listed: impl IntoIterator<Item = &'a str>) -> Result<Vec<(String, Option<String>)>, Refusal> {
    let mut names = Vec::new();
    for name in listed.into_iter().flat_map(|names| names.split(',')).map(str::trim) {
        if name.is_empty() {
            continue;
        }
        if names.len() >= NAMED_MAX {
            return Err(Refusal::Value("Too many attributes are named".into()));
        }
        let path =
            Path::parse(name).map_err(|_| Refusal::Value("That isn't the name of an attribute".into()))?;
        names.push((path.attribute.name, path.attribute.part));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Projection;

    #[test]
    fn only_what_is_asked_for_and_never_without_the_id() {
        let resource = json!({
            "schemas": ["s"], "id": "1", "userName": "a",
            "name": { "givenName": "b", "familyName": "c" },
            "emails": [{ "value": "d", "type": "work" }],
        });
        let apply = |only: &[&str], without: &[&str]| {
            let projection = Projection::read(only.iter().copied(), without.iter().copied());
            projection.expect("names").apply(resource.clone())
        };
        assert_eq!(apply(&[], &[]), resource);
        assert_eq!(
            apply(&["USERNAME,name.givenName"], &[]),
            json!({ "schemas": ["s"], "id": "1", "userName": "a", "name": { "givenName": "b" } })
        );
        assert_eq!(
            apply(&["urn:ietf:params:scim:schemas:core:2.0:User:emails.value"], &[]),
            json!({ "schemas": ["s"], "id": "1", "emails": [{ "value": "d" }] })
        );
        assert_eq!(
            apply(&[], &["id,userName,name,emails.type"]),
            json!({ "schemas": ["s"], "id": "1", "emails": [{ "value": "d" }] })
        );
        assert!(Projection::read(["a b"], []).is_err());
    }
}
