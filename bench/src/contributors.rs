//! What the browser's module is made of: code by the crate that it comes from.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::Outcome;

/// What the bindings need while they are made, and take out.
const OF_BINDINGS: &str = "__wbindgen_describe";

/// A crate, its functions and their share of all code, before compression.
#[derive(Clone, PartialEq, Debug)]
pub struct Contributor {
    /// The crate.
    pub name: String,
    /// How many functions of it there are, each for its types.
    pub functions: usize,
    /// Share of all code, from 0 to 1.
    pub share: f64,
}

/// The crates of a module that still has its names, the largest first.
///
/// # Errors
/// The module can't be read.
pub fn contributors(module: &Path) -> Outcome<Vec<Contributor>> {
    let module = std::fs::read(module)?;
    let mut imported = 0_u32;
    let mut bodies = Vec::new();
    let mut names = HashMap::new();
    for payload in Parser::new(0).parse_all(&module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(parts) = section.as_known() else { continue };
                for part in parts {
                    let Name::Function(functions) = part? else { continue };
                    for function in functions {
                        let function = function?;
                        names.insert(function.index, function.name);
                    }
                }
            }
            _ => {}
        }
    }
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut all = 0;
    for (index, size) in (imported..).zip(bodies) {
        let name = names.get(&index).copied().unwrap_or_default();
        if name.starts_with(OF_BINDINGS) {
            continue;
        }
        let (functions, bytes) = found.entry(crate_of(&demangled(name)).to_owned()).or_default();
        *functions += 1;
        *bytes += size;
        all += size;
    }
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(name, (functions, bytes))| Contributor { name, functions, share: bytes as f64 / all as f64 })
        .collect();
    found.sort_by(|one, other| other.share.total_cmp(&one.share));
    Ok(found)
}

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// The crate that a path begins with; of `<A as B>` that of `A`, or of `B` where `A` is anything.
fn crate_of(path: &str) -> &str {
    let path = path.trim_start_matches(['<', '&', '*', '(', '[']);
    let path =
        ["mut ", "const ", "dyn ", "impl "].iter().fold(path, |path, word| path.trim_start_matches(word));
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(path.len());
    let (first, rest) = path.split_at(end);
    if rest.starts_with("::") {
        return first;
    }
    match rest.split_once(" as ") {
        Some((_, of)) => crate_of(of),
        None => "others",
    }
}

#[cfg(test)]
mod tests {
    use super::{crate_of, demangled};

    #[test]
    fn a_function_belongs_to_the_crate_that_it_was_written_in() {
        for (path, name) in [
            ("app::load::Contents::new::{{closure}}", "app"),
            ("<T as tachys::view::any_view::IntoAny>::into_any", "tachys"),
            ("<alloc::vec::Vec<T> as core::clone::Clone>::clone", "alloc"),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize",
                "serde_json",
            ),
            ("memcpy", "others"),
            ("", "others"),
        ] {
            assert_eq!(crate_of(path), name, "{path}");
        }
    }

    #[test]
    fn either_way_of_naming_is_read() {
        assert_eq!(demangled("_ZN3app4load8Contents3new17h0123456789abcdefE"), "app::load::Contents::new");
        assert_eq!(demangled("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
    }
}
