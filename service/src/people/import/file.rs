//! The CSV file: which columns it has, in whichever of the three languages their heads are, and how
//! its cells are written so that a spreadsheet program reads them.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use domain::view::people_import::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX, ImportRow};
use domain::{Error, ErrorCode, Field, Language, Role};
use locales::Texts;

use crate::spreadsheet::{MARK, harmless, typed};
use crate::{Failure, Outcome};

/// The columns, in the order of the template.
const COLUMNS: [Field; 4] = [Field::Name, Field::Email, Field::Roles, Field::Language];

/// The address in the template's example, which is nobody's.
const EXAMPLE: &str = "name@company.example";

/// A row as it stands in the file.
pub(super) struct Raw {
    pub(super) line: i64,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) roles: String,
    pub(super) language: String,
    /// Why the row can't be what it seems: it has more cells than heads, or is the template's example.
    pub(super) misread: Option<ErrorCode>,
}

/// The file's text.
///
/// # Errors
/// [`ErrorCode::TooLarge`]; [`ErrorCode::NotText`].
pub(super) fn text(content: &[u8]) -> Result<&str, Error> {
    if content.len() > IMPORT_BYTES_MAX {
        return Err(ErrorCode::TooLarge.into());
    }
    let text = std::str::from_utf8(content).map_err(|_| Error::new(ErrorCode::NotText))?;
    if text.contains('\0') {
        return Err(ErrorCode::NotText.into());
    }
    Ok(text)
}

/// The rows below the heads; lines without any text aren't rows.
///
/// # Errors
/// [`ErrorCode::MissingColumn`] with the column as detail; [`ErrorCode::NoRows`];
/// [`ErrorCode::TooManyRows`] with how many there can be; [`ErrorCode::NotText`] for what isn't CSV.
pub(super) fn rows(text: &str) -> Result<Vec<Raw>, Error> {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let heads = records.next().transpose().map_err(|_| Error::new(ErrorCode::NotText))?.unwrap_or_default();
    let at = |field: Field| heads.iter().position(|head| names(field, head));
    let required = |field: Field| {
        at(field).ok_or_else(|| Error::new(ErrorCode::MissingColumn).with_detail(field.code()))
    };
    let (name, email) = (required(Field::Name)?, required(Field::Email)?);
    let (roles, language) = (at(Field::Roles), at(Field::Language));
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(|_| Error::new(ErrorCode::NotText))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == IMPORT_ROWS_MAX {
            let most = i64::try_from(IMPORT_ROWS_MAX).unwrap_or(i64::MAX);
            return Err(Error::new(ErrorCode::TooManyRows).with_number(most));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Raw {
            line: i64::try_from(line).unwrap_or(i64::MAX),
            name: cell(&record, Some(name)),
            email: cell(&record, Some(email)),
            roles: cell(&record, roles),
            language: cell(&record, language),
            misread: None,
        };
        let surplus: Vec<&str> = record.iter().skip(heads.len()).filter(|cell| !cell.is_empty()).collect();
        if !surplus.is_empty() {
            // A comma without quotes moves every cell behind it: nothing of the row can be trusted.
            row.misread = Some(ErrorCode::SurplusCells);
            row.language =
                std::iter::once(row.language.as_str()).chain(surplus).collect::<Vec<_>>().join(", ");
        } else if row.email == EXAMPLE {
            row.misread = Some(ErrorCode::ExampleRow);
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(ErrorCode::NoRows.into());
    }
    Ok(rows)
}

/// A cell without the spaces around it, and without the apostrophe that keeps a spreadsheet program
/// from taking it for a formula.
fn cell(record: &StringRecord, at: Option<usize>) -> String {
    typed(at.and_then(|at| record.get(at)).unwrap_or_default().trim()).to_owned()
}

/// What stands between cells: whichever the line of heads has most of.
fn delimiter(text: &str) -> u8 {
    let heads = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| heads.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// Whether a head names the field: by its code, or by its name in any language.
fn names(field: Field, head: &str) -> bool {
    let head = head.trim().to_lowercase();
    head == field.code()
        || Language::ALL
            .iter()
            .filter_map(|language| locales::texts(*language).find_field(field.code()).map(str::to_lowercase))
            .any(|name| name == head)
}

/// The role that a word names: by its code, or by its name in any language.
fn role(word: &str) -> Option<Role> {
    let word = word.to_lowercase();
    Role::ALL.iter().copied().find(|role| {
        word == role.code()
            || Language::ALL
                .iter()
                .filter_map(|language| {
                    locales::texts(*language).find_role(role.code()).map(str::to_lowercase)
                })
                .any(|name| name == word)
    })
}

/// The roles of a cell, whichever sign stands between them; Employee where it is empty, none where a
/// word isn't a role.
pub(crate) fn roles(cell: &str) -> Option<Vec<Role>> {
    let words: Vec<&str> = cell
        .split([';', ',', '、', '，', '；', '|', '/'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Some(vec![Role::Employee]);
    }
    words.into_iter().map(role).collect()
}

/// The language of a cell: its tag or its own name; `otherwise` where it is empty.
pub(crate) fn language(cell: &str, otherwise: Language) -> Option<Language> {
    if cell.is_empty() {
        return Some(otherwise);
    }
    Language::ALL
        .into_iter()
        .find(|language| language.own_name().eq_ignore_ascii_case(cell))
        .or_else(|| Language::from_browser_tag(cell))
}

/// The template: the heads and a row that shows how it is meant, in the reader's language.
///
/// # Errors
/// [`Failure::Broken`] if the writer fails, which memory doesn't.
pub fn template(language: Language) -> Outcome<Vec<u8>> {
    let texts = locales::texts(language);
    let role = texts.find_role(Role::Employee.code()).unwrap_or_default().to_owned();
    let example = vec![
        texts.people_import_example_name().to_owned(),
        EXAMPLE.to_owned(),
        role,
        language.own_name().to_owned(),
    ];
    finish(heads(texts), vec![example])
}

/// Rows with a fault, each with what is wrong behind it.
///
/// # Errors
/// [`Failure::Broken`] if the writer fails, which memory doesn't.
pub(super) fn write(language: Language, rows: &[&ImportRow]) -> Outcome<Vec<u8>> {
    let texts = locales::texts(language);
    let mut heads = heads(texts);
    heads.push(texts.people_import_column_problem().to_owned());
    let lines = rows
        .iter()
        .map(|row| {
            let faults: Vec<String> = row.faults.iter().map(|fault| told(texts, fault)).collect();
            [&row.name, &row.email, &row.roles, &row.language]
                .into_iter()
                .map(|text| harmless(text))
                .chain([harmless(&faults.join(" "))])
                .collect()
        })
        .collect();
    finish(heads, lines)
}

/// What is wrong about a cell, with the name of its column.
fn told(texts: Texts, fault: &domain::FieldError) -> String {
    let column = texts.find_field(fault.field.code()).unwrap_or_default();
    texts.people_import_fault(column, locales::field_refusal(texts, fault))
}

fn heads(texts: Texts) -> Vec<String> {
    COLUMNS.iter().map(|field| texts.find_field(field.code()).unwrap_or_default().to_owned()).collect()
}

fn finish(heads: Vec<String>, lines: Vec<Vec<String>>) -> Outcome<Vec<u8>> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(MARK.as_bytes().to_vec());
    for line in std::iter::once(heads).chain(lines) {
        writer.write_record(line).map_err(|_| Failure::broken("csv", "line", "memory"))?;
    }
    writer.into_inner().map_err(|_| Failure::broken("csv", "file", "memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, String)> {
        rows(text)
            .expect("rows")
            .into_iter()
            .map(|row| (row.name, row.email, row.roles, row.language))
            .collect()
    }

    fn four(name: &str, email: &str, roles: &str, language: &str) -> (String, String, String, String) {
        (name.to_owned(), email.to_owned(), roles.to_owned(), language.to_owned())
    }

    #[test]
    fn names_with_commas_quotes_and_chinese_are_read_as_they_stand() {
        let text = "\u{FEFF}Full name,Email address,Roles,Language\r\n\
            \"Vance, Ottoline\",ottoline@a.example,Employee; User admin,English\r\n\
            \"Ada \"\"Countess\"\" Byron\",ada@a.example,,\r\n\
            沈知遥,zhiyao@a.example,员工、用户管理员,简体中文\r\n\r\n\
            \"Two\nlines\",two@a.example,employee,zh-TW\r\n";
        assert_eq!(
            read(text),
            [
                four("Vance, Ottoline", "ottoline@a.example", "Employee; User admin", "English"),
                four("Ada \"Countess\" Byron", "ada@a.example", "", ""),
                four("沈知遥", "zhiyao@a.example", "员工、用户管理员", "简体中文"),
                four("Two\nlines", "two@a.example", "employee", "zh-TW"),
            ]
        );
    }

    #[test]
    fn heads_of_any_language_and_any_of_three_signs_between_cells() {
        for text in [
            "name;email\nA;a@a.example\n",
            "电子邮件地址\t姓名\na@a.example\tA\n",
            "電子郵件地址,姓名\na@a.example,A",
        ] {
            assert_eq!(read(text), [four("A", "a@a.example", "", "")], "{text}");
        }
    }

    #[test]
    fn a_row_with_a_cell_too_many_and_the_example_are_told() {
        let text = "name,email,roles,language\nVance, Ottoline,o@a.example,Employee,English\n\
            A,a@a.example,Employee,English,,\nName,name@company.example,,\nB,b@a.example\n";
        let misread: Vec<_> = rows(text).expect("rows").into_iter().map(|row| row.misread).collect();
        assert_eq!(misread, [Some(ErrorCode::SurplusCells), None, Some(ErrorCode::ExampleRow), None]);
        assert_eq!(rows(text).expect("rows")[0].language, "Employee, English", "nothing is lost");
    }

    #[test]
    fn what_is_no_file_of_people_is_said() {
        let code = |text: &str| rows(text).err().map(|error| error.code);
        assert_eq!(code(""), Some(ErrorCode::MissingColumn));
        assert_eq!(code("name,phone\nA,1\n"), Some(ErrorCode::MissingColumn));
        assert_eq!(code("name,email\n\n,\n"), Some(ErrorCode::NoRows));
        let many = format!("name,email\n{}", "A,a@a.example\n".repeat(IMPORT_ROWS_MAX + 1));
        assert_eq!(code(&many), Some(ErrorCode::TooManyRows));
        assert_eq!(text(b"n\xE4me,email").err().map(|error| error.code), Some(ErrorCode::NotText));
        assert_eq!(
            text(&vec![b'a'; IMPORT_BYTES_MAX + 1]).err().map(|error| error.code),
            Some(ErrorCode::TooLarge)
        );
    }

    #[test]
    fn roles_and_languages_are_known_by_code_and_by_name() {
        assert_eq!(roles(""), Some(vec![Role::Employee]));
        assert_eq!(roles("Global admin / employee"), Some(vec![Role::GlobalAdmin, Role::Employee]));
        assert_eq!(roles("使用者系統管理員，員工"), Some(vec![Role::UserAdmin, Role::Employee]));
        assert_eq!(roles("boss"), None);
        for (cell, expected) in [
            ("", Some(Language::TraditionalChinese)),
            ("english", Some(Language::English)),
            ("简体中文", Some(Language::SimplifiedChinese)),
            ("zh-HK", Some(Language::TraditionalChinese)),
            ("Klingon", None),
        ] {
            assert_eq!(language(cell, Language::TraditionalChinese), expected, "{cell}");
        }
    }

    #[test]
    fn what_is_written_can_be_read_again_and_is_no_formula() {
        let row = ImportRow {
            line: 2,
            name: "=HYPERLINK(\"https://evil.example\")".to_owned(),
            email: "@cmd".to_owned(),
            roles: "boss".to_owned(),
            language: String::new(),
            understood: Vec::new(),
            faults: Vec::new(),
        };
        for language in Language::ALL {
            let file = write(language, &[&row]).expect("a file");
            let text = text(&file).expect("text");
            assert!(text.contains("'=HYPERLINK") && text.contains("'@cmd"), "{text}");
            assert_eq!(read(text), [four(&row.name, "@cmd", "boss", "")]);
            let template = template(language).expect("a file");
            let rows = rows(super::text(&template).expect("text")).expect("rows");
            assert!(roles(&rows[0].roles).is_some_and(|roles| roles == [Role::Employee]));
        }
    }
}
