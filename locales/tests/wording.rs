//! How the texts of all areas are written: no text left untranslated, each script in itself.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::PathBuf;

#[allow(dead_code)]
#[path = "../build/texts.rs"]
mod texts;

/// From OpenCC's character tables (Apache-2.0): characters that only one of the scripts has.
const SIMPLIFIED_ONLY: &str = include_str!("simplified_only.txt");
const TRADITIONAL_ONLY: &str = include_str!("traditional_only.txt");

/// Whole English texts that Chinese leaves as they are: names of products.
const SAME_IN_CHINESE: &str = include_str!("same_in_chinese.txt");

struct Line {
    at: String,
    english: String,
    text: String,
}

/// The folder of the texts, asked for when the test runs: built tests may come from another checkout
/// of the same sources.
fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
}

/// Every form of every text of a language (its place in `TAGS`), with the English beside it.
fn lines(language: usize) -> Vec<Line> {
    let files = texts::read(&folder()).expect("the files are there");
    let areas = texts::check(&files).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    let mut lines = Vec::new();
    for area in &areas {
        for (key, entry) in &area.entries {
            let (forms, english) = (&entry.texts[language], &entry.texts[0]);
            for (text, english) in [(&forms.other, &english.other), (&forms.one, &english.one)] {
                lines.push(Line {
                    at: format!("locales/{}/{}.toml: `{key}`", texts::TAGS[language], area.name),
                    english: english.clone(),
                    text: text.clone(),
                });
            }
        }
    }
    assert!(lines.len() > 400, "only {} texts were read", lines.len());
    let own = lines.len();
    for file in ["products.toml", "offers.toml", "operators.toml"] {
        let path = folder().join("../service/sample_programme").join(file);
        let table: toml::Table =
            std::fs::read_to_string(&path).expect("the file is there").parse().expect("it is TOML");
        of_sample(&toml::Value::Table(table), language, file, &mut lines);
    }
    assert!(lines.len() > own + 200, "only {} texts of the sample programme were read", lines.len() - own);
    lines
}

/// Texts of the sample programme: whatever stands there in the three languages.
fn of_sample(value: &toml::Value, language: usize, at: &str, lines: &mut Vec<Line>) {
    let texts = |value: &toml::Value| -> Vec<String> {
        match value {
            toml::Value::String(text) => vec![text.clone()],
            toml::Value::Array(all) => {
                all.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    };
    match value {
        toml::Value::Array(all) => {
            for value in all {
                of_sample(value, language, at, lines);
            }
        }
        toml::Value::Table(table) => {
            if let Some(english) = table.get("en").filter(|_| !table.contains_key("language")) {
                let own = table.get(texts::TAGS[language]).unwrap_or_else(|| panic!("{at}: {english:?}"));
                let (english, own) = (texts(english), texts(own));
                assert_eq!(english.len(), own.len(), "{at}: {english:?}");
                lines.extend(english.into_iter().zip(own).map(|(english, text)| Line {
                    at: format!("service/sample_programme/{at}"),
                    english,
                    text,
                }));
                return;
            }
            for value in table.values() {
                of_sample(value, language, at, lines);
            }
        }
        _ => {}
    }
}

fn assert_none(language: usize, fault: impl Fn(&Line) -> Option<String>) {
    let faults: BTreeSet<String> = lines(language)
        .iter()
        .filter_map(|line| fault(line).map(|fault| format!("{} {fault}: {}", line.at, line.text)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The first character of a text that the list has.
fn first_of(text: &str, list: &str) -> Option<char> {
    text.chars().find(|c| !c.is_whitespace() && list.contains(*c))
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// A text without what stands in braces.
fn without_places(text: &str) -> String {
    text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect()
}

fn untranslated(line: &Line) -> Option<String> {
    let words = without_places(&line.english);
    let translated = line.text.chars().any(is_han) && line.text != line.english;
    let same =
        !words.contains(char::is_alphabetic) || SAME_IN_CHINESE.lines().any(|name| name == line.english);
    (!translated && !same).then(|| "isn't translated (or add it to same_in_chinese.txt)".to_owned())
}

fn half_width(line: &Line) -> Option<String> {
    let mut before = ' ';
    line.text.chars().find_map(|c| {
        let fault = is_han(before) && matches!(c, ',' | ';' | ':' | '?' | '!' | '.');
        before = c;
        fault.then(|| format!("has a half-width {c}"))
    })
}

#[test]
fn chinese_texts_are_translated() {
    for language in [1, 2] {
        assert_none(language, untranslated);
        assert_none(language, half_width);
    }
}

#[test]
fn simplified_texts_are_simplified() {
    assert_none(1, |line| first_of(&line.text, TRADITIONAL_ONLY).map(|c| format!("has the traditional {c}")));
    assert_none(1, |line| line.text.contains('您').then(|| "says 您 instead of 你".to_owned()));
}

#[test]
fn traditional_texts_are_traditional() {
    assert_none(2, |line| first_of(&line.text, SIMPLIFIED_ONLY).map(|c| format!("has the simplified {c}")));
    assert_none(2, |line| line.text.contains('你').then(|| "says 你 instead of 您".to_owned()));
}

#[test]
fn english_texts_keep_the_register() {
    assert_none(0, |line| {
        let text = without_places(&line.text).to_lowercase();
        ["please", "successfully", "oops", "!"]
            .into_iter()
            .find(|word| text.contains(word))
            .map(|word| format!("says {word:?}"))
    });
}

#[test]
fn the_lists_tell_the_scripts_apart() {
    assert_eq!(first_of("权益中心", SIMPLIFIED_ONLY), Some('权'));
    assert_eq!(first_of("權益中心", TRADITIONAL_ONLY), Some('權'));
    // Characters that both scripts have.
    for text in ["台北", "床", "群", "只", "秘密", "后", "里程", "著名"] {
        assert_eq!(first_of(text, SIMPLIFIED_ONLY), None, "{text}");
    }
    let both: String =
        SIMPLIFIED_ONLY.chars().filter(|c| *c != '\n' && TRADITIONAL_ONLY.contains(*c)).collect();
    assert_eq!(both, "");
}
