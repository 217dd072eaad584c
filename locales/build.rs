//! Turns the texts' files into methods, and fails where a reader would miss a text.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "build/texts.rs"]
mod texts;

use texts::{Area, Entry, Forms, TAGS};

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

/// The code: one method a text, and a sorted table for each area that is looked up.
fn code(areas: &[Area]) -> Result<String, std::fmt::Error> {
    let mut code = String::from("impl super::Texts {\n");
    for area in areas {
        for (key, entry) in &area.entries {
            method(&mut code, &area.name, key, entry)?;
        }
    }
    let lookups: Vec<&Area> = areas.iter().filter(|area| area.lookup).collect();
    for area in &lookups {
        let (name, table) = (&area.name, area.name.to_uppercase());
        writeln!(
            code,
            "/// The text of a code in `{name}.toml`, with its placeholders.\n\
             #[must_use]\n\
             pub fn find_{name}(self, key: &str) -> Option<&'static str> {{ \
             self.find_in(&{table}, key) }}"
        )?;
    }
    writeln!(
        code,
        "/// The text of a code, with its placeholders, in an area whose file begins with `# lookup`.\n\
         ///\n\
         /// Pages that know the area use `find_…`, so that the browser loads no other area for it.\n\
         #[must_use]\n\
         pub fn find(self, area: &str, key: &str) -> Option<&'static str> {{ match area {{"
    )?;
    for area in &lookups {
        writeln!(code, "{:?} => self.find_{}(key),", area.name, area.name)?;
    }
    code.push_str("_ => None,\n}\n}\n}\n");
    for area in &lookups {
        let table = area.name.to_uppercase();
        writeln!(code, "static {table}: [(&str, [&str; 3]); {}] = [", area.entries.len())?;
        for (key, entry) in &area.entries {
            writeln!(code, "({key:?}, {}),", array(entry, |forms| &forms.other))?;
        }
        code.push_str("];\n");
    }
    Ok(code)
}

fn method(code: &mut String, area: &str, key: &str, entry: &Entry) -> std::fmt::Result {
    let english = entry.texts[0].other.split_whitespace().collect::<Vec<_>>().join(" ");
    writeln!(code, "#[doc = {:?}]\n#[must_use]", format!("`{}`", english.replace('`', "'")))?;
    write!(code, "pub fn {}(self", Entry::method(area, key))?;
    let is_count = |name: &str| entry.plural && name == "count";
    for name in &entry.placeholders {
        let kind = if is_count(name) { "i64" } else { "impl std::fmt::Display" };
        write!(code, ", {name}: {kind}")?;
    }
    let other = array(entry, |forms| &forms.other);
    if entry.placeholders.is_empty() {
        return writeln!(code, ") -> &'static str {{ self.pick(&{other}) }}");
    }
    write!(code, ") -> String {{ crate::fill(self.pick(")?;
    if entry.plural {
        let one = array(entry, |forms| &forms.one);
        write!(code, "if count.unsigned_abs() == 1 {{ &{one} }} else {{ &{other} }}")?;
    } else {
        write!(code, "&{other}")?;
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

fn array(entry: &Entry, form: impl Fn(&Forms) -> &String) -> String {
    format!("{:?}", entry.texts.each_ref().map(form))
}
