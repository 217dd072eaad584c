//! Turns the texts' files into methods, and fails where a reader would miss a text.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[allow(dead_code)]
#[path = "build/texts.rs"]
mod texts;

use texts::{Area, Entry, TAGS};

fn main() {
    for tag in TAGS {
        println!("cargo::rerun-if-changed={tag}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/texts.rs");
    if let Err(faults) = build() {
        for fault in faults {
            println!("cargo::error={fault}");
        }
    }
}

fn build() -> Result<(), Vec<String>> {
    let folder = |name: &str| env::var(name).map_err(|error| vec![format!("{name}: {error}.")]);
    let files = texts::read(Path::new(&folder("CARGO_MANIFEST_DIR")?))
        .map_err(|error| vec![format!("The folders of locales can't be read: {error}.")])?;
    let code = code(&texts::check(&files)?)
        .map_err(|error| vec![format!("The code of locales can't be written: {error}.")])?;
    let path = Path::new(&folder("OUT_DIR")?).join("texts.rs");
    fs::write(&path, code).map_err(|error| vec![format!("{}: {error}.", path.display())])
}

/// The code: one method a text, the sorted keys of each area that is looked up, and, except in the
/// browser, the texts themselves.
fn code(areas: &[Area]) -> Result<String, std::fmt::Error> {
    let mut code = String::from("impl super::Texts {\n");
    let mut number = 0;
    for area in areas {
        if area.lookup {
            let (name, keys) = (&area.name, area.name.to_uppercase());
            writeln!(
                code,
                "/// The text of a code in `{name}.toml`, with its placeholders.\n\
                 #[must_use]\n\
                 pub fn find_{name}(self, key: &str) -> Option<&'static str> {{ \
                 self.find_in(&{keys}, {number}, key) }}"
            )?;
        }
        for (key, entry) in &area.entries {
            method(&mut code, &area.name, key, entry, number)?;
            number += if entry.plural { 2 } else { 1 };
        }
    }
    let lookups: Vec<&Area> = areas.iter().filter(|area| area.lookup).collect();
    writeln!(
        code,
        "/// The text of a code, with its placeholders, in an area whose file says `# lookup` in its first line.\n\
         #[must_use]\n\
         pub fn find(self, area: &str, key: &str) -> Option<&'static str> {{ match area {{"
    )?;
    for area in &lookups {
        writeln!(code, "{:?} => self.find_{}(key),", area.name, area.name)?;
    }
    code.push_str("_ => None,\n}\n}\n}\n");
    for area in &lookups {
        writeln!(code, "static {}: [&str; {}] = [", area.name.to_uppercase(), area.entries.len())?;
        for key in area.entries.keys() {
            writeln!(code, "{key:?},")?;
        }
        code.push_str("];\n");
    }
    writeln!(
        code,
        "/// Every text by its number, in each language.\n\
         #[cfg(not(target_family = \"wasm\"))]\n\
         pub(super) static ALL: [[&str; 3]; {number}] = ["
    )?;
    for forms in areas.iter().flat_map(Area::forms) {
        writeln!(code, "{forms:?},")?;
    }
    code.push_str("];\n");
    Ok(code)
}

fn method(code: &mut String, area: &str, key: &str, entry: &Entry, number: usize) -> std::fmt::Result {
    let english = entry.texts[0].other.split_whitespace().collect::<Vec<_>>().join(" ");
    writeln!(code, "#[doc = {:?}]\n#[must_use]", format!("`{}`", english.replace('`', "'")))?;
    write!(code, "pub fn {}(self", Entry::method(area, key))?;
    let is_count = |name: &str| entry.plural && name == "count";
    for name in &entry.placeholders {
        let kind = if is_count(name) { "i64" } else { "impl std::fmt::Display" };
        write!(code, ", {name}: {kind}")?;
    }
    if entry.placeholders.is_empty() {
        return writeln!(code, ") -> &'static str {{ self.at({number}) }}");
    }
    write!(code, ") -> String {{ crate::fill(self.at(")?;
    if entry.plural {
        write!(code, "if count.unsigned_abs() == 1 {{ {number} }} else {{ {} }}", number + 1)?;
    } else {
        write!(code, "{number}")?;
    }
    code.push_str("), &[");
    for name in &entry.placeholders {
        if is_count(name) {
            code.push_str("(\"count\", &crate::format::number(self.language(), count)), ");
        } else {
            write!(code, "({name:?}, &{name}.to_string()), ")?;
        }
    }
    code.push_str("]) }\n");
    Ok(())
}
