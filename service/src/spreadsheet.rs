//! What a table must heed for spreadsheet programs: that they know it for UTF-8, and that no cell
//! becomes a formula on the desk of whoever opens it.

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
    use super::{harmless, typed};

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
