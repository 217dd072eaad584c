//! What a table must heed for spreadsheet programs: that they know it for UTF-8, and that no cell
//! becomes a formula on the desk of whoever opens it.

use std::future::Future;

use domain::money;
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::{Failure, Outcome};

/// The rows of a list that goes out as a file, a batch at a time: no more than a batch is in memory, however long the
/// list is.
pub trait Batches: Send + 'static {
    /// A row.
    type Row: Send;

    /// The next rows; none after the last.
    ///
    /// # Errors
    /// What keeps the rest from being read: the file ends there, and isn't whole.
    fn next(&mut self) -> impl Future<Output = Outcome<Vec<Self::Row>>> + Send;
}

/// Rows that are all there: those of a list that can't be long.
pub struct Whole<R>(pub Vec<R>);

impl<R: Send + 'static> Batches for Whole<R> {
    type Row = R;

    async fn next(&mut self) -> Outcome<Vec<R>> {
        Ok(std::mem::take(&mut self.0))
    }
}

/// A cell of a table that goes out as a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// A text, never a formula.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An amount of money.
    Amount {
        /// In the smallest unit of the currency.
        minor: i64,
        /// The currency's code.
        currency: String,
    },
}

impl Cell {
    /// An amount in the smallest unit of its currency (ISO 4217).
    #[must_use]
    pub fn money(minor: i64, currency: &str) -> Self {
        Self::Amount { minor, currency: currency.to_owned() }
    }

    /// The cell as a line of a CSV file has it: a text that could be taken for a formula stays a text, and a number
    /// below zero stays a number.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Text(text) => harmless(text),
            Self::Number(number) => number.to_string(),
            Self::Amount { minor, currency } => money::typed(*minor, currency),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A table that goes out as a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// What its tab says, at most 31 characters.
    pub name: String,
    /// Heads.
    pub head: Vec<String>,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<Cell>>,
}

/// The tables as a workbook (XLSX). Texts are written as texts, which no program evaluates.
///
/// # Errors
/// [`Failure::Broken`] for a table that a workbook can't have: more rows than a sheet, a name that is too long.
pub fn workbook(sheets: &[Sheet]) -> Outcome<Vec<u8>> {
    write(sheets).map_err(|error| Failure::broken("workbook", "sheet", error))
}

fn write(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    for Sheet { name, head, rows } in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        for (column, text) in (0_u16..).zip(head) {
            sheet.write_string(0, column, text)?;
        }
        for (at, row) in (1_u32..).zip(rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) => sheet.write_string(at, column, text)?,
                    Cell::Number(number) => sheet.write_number(at, column, *number as f64)?,
                    Cell::Amount { minor, currency } => {
                        let amount = *minor as f64 / money::minor_units(currency) as f64;
                        sheet.write_number(at, column, amount)?
                    }
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
    }
    workbook.save_to_buffer()
}

/// The first character of a file says that it is UTF-8, without which Chinese arrives as noise.
pub const MARK: &str = "\u{FEFF}";

/// What a spreadsheet program takes for the beginning of a formula.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The cell as a text that no spreadsheet program takes for a formula.
#[must_use]
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was before [`harmless`].
#[must_use]
pub fn typed(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::{Cell, Sheet, harmless, typed, workbook};

    #[test]
    fn a_workbook_has_what_was_written_and_no_formula() {
        let sheet = |name: &str| Sheet {
            name: name.to_owned(),
            head: vec!["权益".to_owned(), "Used".to_owned(), "Paid".to_owned()],
            rows: vec![vec![Cell::Text("=1+1".to_owned()), Cell::Number(-7), Cell::money(475_005, "USD")]],
        };
        let file = workbook(&[sheet("Usage"), sheet("收入和退款")]).expect("a file");
        let mut read: Xlsx<_> = Xlsx::new(Cursor::new(file)).expect("a workbook");
        assert_eq!(read.sheet_names(), ["Usage", "收入和退款"]);
        let range = read.worksheet_range("收入和退款").expect("a sheet");
        assert_eq!(range.get_value((0, 0)), Some(&Data::String("权益".to_owned())));
        assert_eq!(range.get_value((1, 0)), Some(&Data::String("=1+1".to_owned())));
        assert_eq!(range.get_value((1, 1)), Some(&Data::Float(-7.0)));
        assert_eq!(range.get_value((1, 2)), Some(&Data::Float(4750.05)));
        assert!(read.worksheet_formula("收入和退款").expect("a sheet").is_empty());
        let long = Sheet { name: "x".repeat(32), ..sheet("") };
        assert!(workbook(&[long]).is_err());
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let text = |minor, currency| Cell::money(minor, currency).line();
        assert_eq!([text(5, "USD"), text(-1_250, "EUR"), text(1_250, "JPY")], ["0.05", "-12.50", "1250"]);
        assert_eq!([text(1_250, "VND"), text(1_250, "KWD")], ["1250", "1.250"]);
    }

    #[test]
    fn no_cell_is_a_formula_and_none_is_lost() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
            assert_eq!(typed(&harmless(cell)), cell);
        }
        for cell in ["", "a=1", "2026-11-21", "'quoted'", "沈知遥"] {
            assert_eq!(harmless(cell), cell);
            assert_eq!(typed(cell), cell);
        }
    }
}
