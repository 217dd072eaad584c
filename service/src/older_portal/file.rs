//! The file: rows of cells from CSV or a workbook, one at a time, whichever order the columns have and
//! in whichever of the three languages their heads are.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use calamine::{DataRef, Reader as _, Xlsx};
use csv::{ReaderBuilder, Terminator, WriterBuilder};
use domain::older_portal::{RECORD_ROWS_MAX, RecordColumn};
use domain::{Error, ErrorCode, Language};
use rust_xlsxwriter::Workbook;

use super::broken;
use crate::Outcome;
use crate::spreadsheet::{MARK, typed};

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Cells with a comma, a semicolon or a tabulator between them, in UTF-8.
    Csv,
    /// A workbook; its first sheet counts.
    Workbook,
}

impl Format {
    /// The format that a file's name says.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let ends = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if ends.eq_ignore_ascii_case("xlsx") || ends.eq_ignore_ascii_case("xlsm") {
            Self::Workbook
        } else {
            Self::Csv
        }
    }
}

const WIDTH: usize = RecordColumn::ALL.len();

/// A row as it stands in the file; the same one is filled again for the next.
#[derive(Default)]
pub(super) struct Raw {
    /// Its line; the heads are line 1.
    pub(super) line: u32,
    cells: [String; WIDTH],
}

impl Raw {
    /// A cell without the spaces around it, and without the apostrophe that keeps a spreadsheet program
    /// from taking it for a formula.
    pub(super) fn cell(&self, column: RecordColumn) -> &str {
        typed(self.cells.get(place(column)).map_or("", |cell| cell.trim()))
    }

    fn clear(&mut self) {
        self.cells.iter_mut().for_each(String::clear);
    }

    fn put(&mut self, at: &[Option<RecordColumn>], number: usize, text: &str) {
        let cell = at.get(number).copied().flatten().and_then(|column| self.cells.get_mut(place(column)));
        if let Some(cell) = cell {
            cell.push_str(text);
        }
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

fn place(column: RecordColumn) -> usize {
    RecordColumn::ALL.iter().position(|one| *one == column).unwrap_or_default()
}

/// The column that a head names: by its code, or by its name in any language.
fn column(head: &str) -> Option<RecordColumn> {
    let head = head.trim().to_lowercase();
    RecordColumn::ALL.iter().copied().find(|column| {
        head == column.code()
            || Language::ALL.iter().any(|language| {
                locales::texts(*language)
                    .find("record_column", column.code())
                    .is_some_and(|name| name.to_lowercase() == head)
            })
    })
}

/// Which cell of a row belongs to which column.
fn heads<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Vec<Option<RecordColumn>>, Error> {
    let at: Vec<Option<RecordColumn>> = cells.map(column).collect();
    match RecordColumn::ALL.iter().find(|column| column.is_needed() && !at.contains(&Some(**column))) {
        Some(column) => Err(Error::new(ErrorCode::MissingColumn).with_detail(column.code())),
        None => Ok(at),
    }
}

type Each<'a> = dyn FnMut(&Raw) -> Result<(), Error> + 'a;

/// Reads a file, row by row; lines without any text aren't rows.
///
/// # Errors
/// [`ErrorCode::NotText`], [`ErrorCode::MissingColumn`], [`ErrorCode::TooManyRows`];
/// [`crate::Failure::Broken`] for a file that can't be opened.
pub(super) fn read(path: &Path, each: &mut Each<'_>) -> Outcome<()> {
    let file = File::open(path).map_err(|error| broken("file", error))?;
    match Format::of(path) {
        Format::Csv => csv(BufReader::new(file), each)?,
        Format::Workbook => workbook(BufReader::new(file), each)?,
    }
    Ok(())
}

/// Counts rows up to the most that a file can have.
struct Counted<'a, 'b> {
    rows: usize,
    each: &'a mut Each<'b>,
}

impl Counted<'_, '_> {
    fn take(&mut self, raw: &Raw) -> Result<(), Error> {
        if raw.is_blank() {
            return Ok(());
        }
        if self.rows == RECORD_ROWS_MAX {
            let most = i64::try_from(RECORD_ROWS_MAX).unwrap_or(i64::MAX);
            return Err(Error::new(ErrorCode::TooManyRows).with_number(most));
        }
        self.rows += 1;
        (self.each)(raw)
    }
}

fn csv(mut source: impl BufRead, each: &mut Each<'_>) -> Result<(), Error> {
    let not_text = |_| Error::new(ErrorCode::NotText);
    let mut first = Vec::new();
    // The heads are looked at before they are read: they say what stands between cells.
    source
        .by_ref()
        .take(64 * 1024)
        .read_until(b'\n', &mut first)
        .map_err(|_| Error::new(ErrorCode::NotText))?;
    let between = delimiter(&first);
    let begins = first.strip_prefix(MARK.as_bytes()).unwrap_or(&first).to_vec();
    let mut reader = ReaderBuilder::new()
        .delimiter(between)
        .has_headers(false)
        .flexible(true)
        .from_reader(OneLineEnd(begins.as_slice().chain(source).chain(&b"\n"[..])));
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(not_text)?;
    let at = heads(record.iter())?;
    let mut raw = Raw::default();
    let mut counted = Counted { rows: 0, each };
    while reader.read_record(&mut record).map_err(not_text)? {
        raw.clear();
        // Where the reader stands, behind the row's end: empty lines before it don't count then.
        let ends = reader.position().line();
        let within = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count();
        let begins = ends.saturating_sub(1).saturating_sub(u64::try_from(within).unwrap_or(u64::MAX));
        raw.line = u32::try_from(begins).unwrap_or(u32::MAX);
        for (number, cell) in record.iter().enumerate() {
            raw.put(&at, number, cell);
        }
        counted.take(&raw)?;
    }
    Ok(())
}

/// Lines end with a line feed alone, so that they can be counted.
struct OneLineEnd<R>(R);

impl<R: Read> Read for OneLineEnd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.0.read(buffer)?;
            let mut kept = 0;
            for at in 0..count {
                if buffer[at] != b'\r' {
                    buffer[kept] = buffer[at];
                    kept += 1;
                }
            }
            // Nothing would be taken for the end.
            if kept > 0 || count == 0 {
                return Ok(kept);
            }
        }
    }
}

/// What stands between cells: whichever the line of heads has most of.
fn delimiter(heads: &[u8]) -> u8 {
    let count = |delimiter: u8| heads.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn workbook(source: BufReader<File>, each: &mut Each<'_>) -> Result<(), Error> {
    let not_text = || Error::new(ErrorCode::NotText);
    let mut book: Xlsx<_> = Xlsx::new(source).map_err(|_| not_text())?;
    let sheet = book.sheet_names().first().cloned().ok_or_else(not_text)?;
    // Cell by cell: a whole sheet as a table would take many times the file's size.
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_| not_text())?;
    let mut at: Option<Vec<Option<RecordColumn>>> = None;
    let mut names: Vec<String> = Vec::new();
    let mut raw = Raw::default();
    let mut row = 0;
    let mut counted = Counted { rows: 0, each };
    while let Some(cell) = cells.next_cell().map_err(|_| not_text())? {
        let (line, number) = cell.get_position();
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if line != row {
            if at.is_some() {
                counted.take(&raw)?;
            } else if !names.is_empty() {
                at = Some(heads(names.iter().map(String::as_str))?);
            }
            raw.clear();
            row = line;
        }
        raw.line = line.saturating_add(1);
        let text = written(cell.get_value());
        match &at {
            Some(at) => raw.put(at, number, &text),
            // A sheet has 16,384 columns at most.
            None if number < 16_384 => {
                if names.len() <= number {
                    names.resize(number + 1, String::new());
                }
                if let Some(name) = names.get_mut(number) {
                    *name = text;
                }
            }
            None => {}
        }
    }
    match &at {
        Some(_) => counted.take(&raw),
        None => heads(names.iter().map(String::as_str)).map(|_| ()),
    }
}

/// A cell as it would stand in CSV: whole numbers without a point, days as `2026-11-21`.
fn written(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text
            .split('T')
            .next()
            .filter(|day| day.len() == 10 && matches!(cell, DataRef::DateTimeIso(_)))
            .unwrap_or(text)
            .to_owned(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // Written without a point where it has no part after it.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
    }
}

/// The template: the heads in a language, and no row that could be taken for one of a company.
///
/// # Errors
/// [`crate::Failure::Broken`] if the writer fails, which memory doesn't.
pub fn template(format: Format, language: Language) -> Outcome<Vec<u8>> {
    let texts = locales::texts(language);
    let names = RecordColumn::ALL
        .iter()
        .map(|column| texts.find("record_column", column.code()).unwrap_or(column.code()));
    match format {
        Format::Csv => {
            let mut writer =
                WriterBuilder::new().terminator(Terminator::CRLF).from_writer(MARK.as_bytes().to_vec());
            writer.write_record(names).map_err(|error| broken("template", error))?;
            writer.into_inner().map_err(|error| broken("template", error))
        }
        Format::Workbook => {
            let mut book = Workbook::new();
            book.add_worksheet().write_row(0, 0, names).map_err(|error| broken("template", error))?;
            book.save_to_buffer().map_err(|error| broken("template", error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u32, String, String, String)>, ErrorCode> {
        let mut rows = Vec::new();
        csv(text.as_bytes(), &mut |raw| {
            let cell = |column| raw.cell(column).to_owned();
            rows.push((
                raw.line,
                cell(RecordColumn::Record),
                cell(RecordColumn::Domain),
                cell(RecordColumn::Company),
            ));
            Ok(())
        })
        .map(|()| rows)
        .map_err(|error| error.code)
    }

    fn row(line: u32, record: &str, domain: &str, company: &str) -> (u32, String, String, String) {
        (line, record.to_owned(), domain.to_owned(), company.to_owned())
    }

    #[test]
    fn cells_with_commas_quotes_and_chinese_are_read_as_they_stand() {
        let text = "\u{FEFF}record,domain,company\r\n\
            company,a.example,\"Vance, \"\"Ott\"\" & Co\"\r\n\r\n\
            company,b.example,澄湖科技\r\n\
            company,c.example,\"Two\nlines\"\r\ncompany,d.example,'=1+1\r\n";
        assert_eq!(
            rows(text),
            Ok(vec![
                row(2, "company", "a.example", "Vance, \"Ott\" & Co"),
                row(4, "company", "b.example", "澄湖科技"),
                row(5, "company", "c.example", "Two\nlines"),
                row(7, "company", "d.example", "=1+1"),
            ])
        );
    }

    #[test]
    fn heads_of_any_language_and_any_of_three_signs_between_cells() {
        let chinese = |language, column: RecordColumn| {
            locales::texts(language).find("record_column", column.code()).expect("a name").to_owned()
        };
        for language in Language::ALL {
            for sign in [",", ";", "\t"] {
                let heads = [RecordColumn::Company, RecordColumn::Domain, RecordColumn::Record]
                    .map(|column| chinese(language, column));
                let text = format!("{}\nA{sign}a.example{sign}company", heads.join(sign));
                assert_eq!(rows(&text), Ok(vec![row(2, "company", "a.example", "A")]), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_file_of_records_is_said() {
        assert_eq!(rows(""), Err(ErrorCode::MissingColumn));
        assert_eq!(rows("record,company\ncompany,A\n"), Err(ErrorCode::MissingColumn));
        assert_eq!(
            csv(&b"record,domain\ncompany,\xE4.example"[..], &mut |_| Ok(())).err().map(|error| error.code),
            Some(ErrorCode::NotText)
        );
    }

    #[test]
    fn a_template_has_heads_and_nothing_to_import() {
        for language in Language::ALL {
            let file = template(Format::Csv, language).expect("a file");
            assert_eq!(rows(std::str::from_utf8(&file).expect("text")), Ok(Vec::new()));
            let folder = tempfile::TempDir::new().expect("a folder");
            let path = folder.path().join("template.xlsx");
            std::fs::write(&path, template(Format::Workbook, language).expect("a file")).expect("written");
            let mut count = 0;
            read(&path, &mut |_| {
                count += 1;
                Ok(())
            })
            .expect("heads");
            assert_eq!(count, 0);
        }
    }

    #[test]
    fn a_workbook_is_read_like_the_same_rows_in_csv() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("members.XLSX");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_row(0, 0, ["Record", "domain", "began", "quantity", "used"]).expect("heads");
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 3, 1).expect("a day");
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_row(1, 0, ["membership", "澄湖.example"]).expect("a row");
        sheet.write_datetime_with_format(1, 2, &day, &format).expect("a cell");
        sheet.write_number(3, 3, 25).expect("a cell");
        sheet.write_string(3, 1, "b.example").expect("a cell");
        book.save(&path).expect("written");
        let mut rows = Vec::new();
        read(&path, &mut |raw| {
            rows.push((
                raw.line,
                [RecordColumn::Domain, RecordColumn::Began, RecordColumn::Quantity]
                    .map(|column| raw.cell(column).to_owned()),
            ));
            Ok(())
        })
        .expect("rows");
        let cells = |cells: [&str; 3]| cells.map(str::to_owned);
        assert_eq!(
            rows,
            [(2, cells(["澄湖.example", "2026-03-01", ""])), (4, cells(["b.example", "", "25"]))]
        );
        std::fs::write(&path, "no workbook").expect("written");
        assert!(read(&path, &mut |_| Ok(())).is_err_and(|failure| failure.is(ErrorCode::NotText)));
    }
}
