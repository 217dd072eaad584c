//! What fails the build: each fault names file and key.

#![allow(clippy::panic)]

#[allow(dead_code)]
#[path = "../build/texts.rs"]
mod texts;

use texts::{Files, check};

fn file(content: &str) -> Files {
    Files::from([("parts".to_owned(), content.to_owned())])
}

fn faults(english: &str, simplified: &str, traditional: &str) -> Vec<String> {
    check(&[file(english), file(simplified), file(traditional)]).err().unwrap_or_default()
}

#[test]
fn equal_files_pass() {
    let files = [
        file("# lookup\nsave = \"Save\"\nused = \"{used} of {all}\""),
        file("save = \"保存\"\nused = \"{all} 中的 {used}\""),
        file("save = \"儲存\"\nused = \"{all} 中的 {used}\""),
    ];
    let areas = check(&files).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    assert_eq!(areas.len(), 1);
    assert!(areas[0].lookup);
    let names: Vec<&String> = areas[0].entries["used"].placeholders.iter().collect();
    assert_eq!(names, ["all", "used"]);
}

#[test]
fn a_missing_or_extra_key_is_named() {
    assert_eq!(
        faults("a = \"A\"\nb = \"B\"", "a = \"甲\"\nb = \"乙\"", "a = \"甲\"\nc = \"丙\""),
        [
            "locales/zh-Hant/parts.toml: `b` is missing.",
            "locales/zh-Hant/parts.toml: `c` is extra, English doesn't have it.",
        ]
    );
}

#[test]
fn a_missing_file_is_named() {
    let found = check(&[file("a = \"A\""), Files::new(), file("a = \"甲\"")]).err();
    assert_eq!(found.unwrap_or_default(), ["locales/zh-Hans/parts.toml: the file is missing."]);
}

#[test]
fn empty_and_foreign_values_are_named() {
    assert_eq!(
        faults("a = \"A\"\nb = \"B\"", "a = \" \"\nb = \"乙\"", "a = \"甲\"\nb = 2"),
        [
            "locales/zh-Hans/parts.toml: `a` is empty.",
            "locales/zh-Hant/parts.toml: `b` isn't a text.",
            "locales/zh-Hant/parts.toml: `b` is missing.",
        ]
    );
}

#[test]
fn placeholders_agree() {
    assert_eq!(
        faults("a = \"{x} of {y}\"", "a = \"{x}\"", "a = \"{x} {y} {z}\""),
        [
            "locales/zh-Hans/parts.toml: `a` has the placeholders {x}, English has {x} {y}.",
            "locales/zh-Hant/parts.toml: `a` has the placeholders {x} {y} {z}, English has {x} {y}.",
        ]
    );
    for text in ["{", "}", "{x", "{}", "{X}", "{type}", "{{x}}"] {
        let same = format!("a = \"{text}\"");
        let found = faults(&same, &same, &same);
        assert_eq!(found.len(), 3, "{text}: {found:?}");
        assert_eq!(found[0], "locales/en/parts.toml: `a` has a brace that isn't a placeholder.", "{text}");
    }
}

#[test]
fn plurals_have_two_forms() {
    let chinese = "a = \"{count} 个\"";
    let forms = |forms: &str| faults(&format!("a = {{ {forms} }}"), chinese, chinese);
    assert_eq!(forms("one = \"{count} seat\", other = \"{count} seats\""), [""; 0]);
    assert_eq!(forms("one = \"One seat\", other = \"{count} seats\""), [""; 0]);
    assert_eq!(
        forms("one = \"{n} seat\", other = \"{count} seats\""),
        ["locales/en/parts.toml: `a` has the placeholders {count} {n}, English has {count}."]
    );
    let incomplete = forms("other = \"{count} seats\"");
    assert_eq!(
        incomplete.first().map(String::as_str),
        Some("locales/en/parts.toml: `a` needs the forms `one` and `other`, and no more.")
    );
    let plural = "a = { one = \"{count} 个\", other = \"{count} 个\" }";
    assert_eq!(
        faults("a = \"{count} seats\"", chinese, plural),
        ["locales/zh-Hant/parts.toml: `a` has a plural, English has none."]
    );
    let lookup = "# lookup\na = { one = \"{count} seat\", other = \"{count} seats\" }";
    assert_eq!(
        faults(lookup, chinese, chinese),
        ["locales/en/parts.toml: `a` has a plural, which a look-up can't choose; use two keys, \
          `a_one` and `a_other`."]
    );
}

#[test]
fn two_texts_never_share_a_method() {
    let files =
        Files::from([("a".to_owned(), "b_c = \"X\"".to_owned()), ("a_b".to_owned(), "c = \"Y\"".to_owned())]);
    assert_eq!(
        check(&[files.clone(), files.clone(), files]).err().unwrap_or_default(),
        ["locales/en/a_b.toml: `c` would be the method `a_b_c`, as locales/en/a.toml: `b_c` is."]
    );
}

#[test]
fn what_is_not_toml_is_named() {
    let found = faults("a = \"A\"", "a = 甲", "a = \"甲\"\na = \"乙\"");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("locales/zh-Hans/parts.toml: not TOML, "), "{found:?}");
    assert!(found[1].starts_with("locales/zh-Hant/parts.toml: not TOML, "), "{found:?}");
}
