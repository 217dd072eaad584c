//! Reads the texts' files and finds what would leave a reader without a text.

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, io, path::Path};

/// The folders, in the order of every array of texts; the first is the measure for the others.
pub const TAGS: [&str; 3] = ["en", "zh-Hans", "zh-Hant"];

/// Word in the first line of an English file whose texts are also found by code.
const LOOKUP: &str = "lookup";
/// Word in the first line of an English file whose texts no page shows: browsers don't load them.
const SERVER: &str = "server";

/// Names that Rust keeps for itself and that can't be arguments.
const KEYWORDS: [&str; 40] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "true", "type", "use",
    "where", "while",
];

/// A language's files: area name to content.
pub type Files = BTreeMap<String, String>;

/// One file name, in all languages.
pub struct Area {
    /// File name without its ending.
    pub name: String,
    /// Whether its texts are found by code.
    pub lookup: bool,
    /// Whether no page shows its texts.
    pub server: bool,
    /// Texts by key.
    pub entries: BTreeMap<String, Entry>,
}

/// One text in all languages.
pub struct Entry {
    /// Names of its places for values; with `count` where it has a plural.
    pub placeholders: BTreeSet<String>,
    /// Whether `count` chooses the form.
    pub plural: bool,
    /// The forms in the order of [`TAGS`].
    pub texts: [Forms; 3],
}

/// A text for one and for any other count; the same where there is no plural.
#[derive(Clone)]
pub struct Forms {
    /// For a count of one.
    pub one: String,
    /// For every other count.
    pub other: String,
}

impl Entry {
    /// Name of the method that gives the text.
    pub fn method(area: &str, key: &str) -> String {
        format!("{area}_{key}")
    }
}

impl Area {
    /// Every form of every text, in the order in which they are numbered: of a plural first that for
    /// one.
    pub fn forms(&self) -> impl Iterator<Item = [&str; 3]> {
        self.entries.values().flat_map(|entry| {
            let one = entry.plural.then(|| entry.texts.each_ref().map(|forms| forms.one.as_str()));
            one.into_iter().chain([entry.texts.each_ref().map(|forms| forms.other.as_str())])
        })
    }
}

/// What stands between two texts in what browsers load; no text has it.
pub const BETWEEN: char = '\0';

/// What browsers load: the texts of all pages in the languages of [`TAGS`].
pub fn packed(areas: &[Area]) -> [String; 3] {
    let mut packed = [const { String::new() }; 3];
    for (number, forms) in areas.iter().filter(|area| !area.server).flat_map(Area::forms).enumerate() {
        for (text, form) in packed.iter_mut().zip(forms) {
            if number > 0 {
                text.push(BETWEEN);
            }
            text.push_str(form);
        }
    }
    packed
}

/// Reads the files of all languages under a folder.
pub fn read(root: &Path) -> io::Result<[Files; 3]> {
    let mut languages: [Files; 3] = Default::default();
    for (files, tag) in languages.iter_mut().zip(TAGS) {
        for entry in fs::read_dir(root.join(tag))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "toml")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                files.insert(name.to_owned(), fs::read_to_string(&path)?);
            }
        }
    }
    Ok(languages)
}

/// The texts of all areas, or a sentence for each fault.
pub fn check(languages: &[Files; 3]) -> Result<Vec<Area>, Vec<String>> {
    let mut faults = Vec::new();
    let mut areas = Vec::new();
    let names: BTreeSet<&String> = languages.iter().flat_map(BTreeMap::keys).collect();
    for name in names {
        if !is_snake_case(name) {
            faults.push(format!("locales/{}/{name}.toml: the file name isn't snake_case.", TAGS[0]));
        }
        let mut parsed = Vec::new();
        for (files, tag) in languages.iter().zip(TAGS) {
            match files.get(name) {
                None => faults.push(format!("locales/{tag}/{name}.toml: the file is missing.")),
                Some(content) => match content.parse::<toml::Table>() {
                    Ok(table) => parsed.push(forms(table, tag, name, &mut faults)),
                    Err(error) => faults.push(format!(
                        "locales/{tag}/{name}.toml: not TOML, {}.",
                        error.to_string().lines().collect::<Vec<_>>().join(" ")
                    )),
                },
            }
        }
        let Ok(parsed) = <[_; 3]>::try_from(parsed) else { continue };
        let first = languages[0][name].lines().next().unwrap_or_default();
        let marked = |word| first.starts_with('#') && first.split_whitespace().any(|said| said == word);
        areas.push(Area {
            name: name.clone(),
            lookup: marked(LOOKUP),
            server: marked(SERVER),
            entries: join(name, parsed, &mut faults),
        });
    }
    // Their numbers are places in one list, of which browsers load the beginning.
    areas.sort_by_key(|area| area.server);
    methods(&areas, &mut faults);
    if faults.is_empty() { Ok(areas) } else { Err(faults) }
}

type Parsed = BTreeMap<String, (bool, Forms)>;

/// The keys of one file, each with whether it has a plural.
fn forms(table: toml::Table, tag: &str, area: &str, faults: &mut Vec<String>) -> Parsed {
    let mut parsed = Parsed::new();
    for (key, value) in table {
        let at = format!("locales/{tag}/{area}.toml: `{key}`");
        if !is_snake_case(&key) {
            faults.push(format!("{at} isn't snake_case."));
        }
        let (plural, forms) = match value {
            toml::Value::String(text) => (false, Forms { one: text.clone(), other: text }),
            toml::Value::Table(forms) => {
                let text = |form| forms.get(form).and_then(toml::Value::as_str).map(str::to_owned);
                match (forms.len(), text("one"), text("other")) {
                    (2, Some(one), Some(other)) => (true, Forms { one, other }),
                    _ => {
                        faults.push(format!("{at} needs the forms `one` and `other`, and no more."));
                        continue;
                    }
                }
            }
            _ => {
                faults.push(format!("{at} isn't a text."));
                continue;
            }
        };
        if forms.one.trim().is_empty() || forms.other.trim().is_empty() {
            faults.push(format!("{at} is empty."));
        }
        parsed.insert(key, (plural, forms));
    }
    parsed
}

/// Puts the languages of one file side by side.
fn join(area: &str, languages: [Parsed; 3], faults: &mut Vec<String>) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    let keys: BTreeSet<&String> = languages.iter().flat_map(BTreeMap::keys).collect();
    for key in keys {
        let Some((plural, measure)) = languages[0].get(key) else {
            for (parsed, tag) in languages.iter().zip(TAGS) {
                if parsed.contains_key(key) {
                    faults.push(format!(
                        "locales/{tag}/{area}.toml: `{key}` is extra, English doesn't have it."
                    ));
                }
            }
            continue;
        };
        let expected = placeholders(&measure.other).unwrap_or_default();
        let mut texts = Vec::new();
        for (parsed, tag) in languages.iter().zip(TAGS) {
            let at = format!("locales/{tag}/{area}.toml: `{key}`");
            let Some((has_forms, forms)) = parsed.get(key) else {
                faults.push(format!("{at} is missing."));
                continue;
            };
            if *has_forms && !plural {
                faults.push(format!("{at} has a plural, English has none."));
            }
            for (form, text) in [("other", &forms.other), ("one", &forms.one)] {
                match placeholders(text) {
                    Err(fault) => faults.push(format!("{at} {fault}.")),
                    // "One seat" may do without its figure.
                    Ok(mut names) => {
                        if form == "one" && *has_forms && expected.contains("count") {
                            names.insert("count".to_owned());
                        }
                        if names != expected {
                            faults.push(format!(
                                "{at} has the placeholders {}, English has {}.",
                                listed(&names),
                                listed(&expected)
                            ));
                        }
                    }
                }
                if !has_forms {
                    break;
                }
            }
            texts.push(forms.clone());
        }
        let Ok(texts) = <[Forms; 3]>::try_from(texts) else { continue };
        let mut placeholders = expected;
        if *plural {
            placeholders.insert("count".to_owned());
        }
        entries.insert(key.clone(), Entry { placeholders, plural: *plural, texts });
    }
    entries
}

/// Two texts whose methods would have one name, and plurals where a code is looked up.
fn methods(areas: &[Area], faults: &mut Vec<String>) {
    let mut taken: BTreeMap<String, String> = areas
        .iter()
        .filter(|area| area.lookup)
        .map(|area| (format!("find_{}", area.name), "the look-up".to_owned()))
        .collect();
    for area in areas {
        for (key, entry) in &area.entries {
            let at = format!("locales/{}/{}.toml: `{key}`", TAGS[0], area.name);
            if area.lookup && entry.plural {
                faults.push(format!(
                    "{at} has a plural, which a look-up can't choose; use two keys, \
                     `{key}_one` and `{key}_other`."
                ));
            }
            let method = Entry::method(&area.name, key);
            if let Some(other) = taken.insert(method.clone(), at.clone()) {
                faults.push(format!("{at} would be the method `{method}`, as {other} is."));
            }
        }
    }
}

/// The names in braces, or what is wrong with the braces.
pub fn placeholders(text: &str) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let name = rest[at..]
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'))
            .filter(|(name, _)| is_snake_case(name) && !KEYWORDS.contains(name));
        let Some((name, after)) = name else {
            return Err("has a brace that isn't a placeholder".to_owned());
        };
        names.insert(name.to_owned());
        rest = after;
    }
    Ok(names)
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn listed(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
}
