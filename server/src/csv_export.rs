//! Lists as CSV files: a batch of rows at a time, fit for spreadsheet programs.
//!
//! Whatever somebody typed as a name stays a text on the desk of whoever opens the file.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use service::spreadsheet::{Batches, Cell, MARK};

/// A row's cells, as many as the head has.
pub type Cells = Vec<String>;

/// Answers with a file of that name: a head, then the rows as they are read, each with the cells that it is written
/// in. No more than a batch is in memory, however long the list is.
pub fn answer<B: Batches, C: Into<Cell>>(
    name: &str,
    head: Cells,
    batches: B,
    cells: impl Fn(B::Row) -> Vec<C> + Send + 'static,
) -> Response {
    let first = Some([MARK.as_bytes(), &lines(&[line(head)])].concat());
    let body = stream::try_unfold((first, batches, cells), |(first, mut batches, cells)| async move {
        if let Some(first) = first {
            return Ok(Some((Bytes::from(first), (None, batches, cells))));
        }
        match batches.next().await {
            Ok(rows) if rows.is_empty() => Ok(None),
            Ok(rows) => {
                let rows: Vec<Cells> = rows.into_iter().map(|row| line(cells(row))).collect();
                Ok(Some((Bytes::from(lines(&rows)), (None, batches, cells))))
            }
            Err(cause) => {
                tracing::error!(%cause, "an export could not be read to its end");
                Err(std::io::Error::other("the list could not be read to its end"))
            }
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// A row as its line has it.
fn line<C: Into<Cell>>(row: Vec<C>) -> Cells {
    row.into_iter().map(|cell| cell.into().line()).collect()
}

/// The rows as lines.
fn lines(rows: &[Cells]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing to memory can't fail, and every row is as long as the head.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use service::spreadsheet::{Batches, Cell, Whole};
    use service::{Failure, Outcome};

    use super::{Cells, answer};

    /// Three batches of two rows, or a failure in the place of the third.
    struct Rows(usize, bool);

    impl Batches for Rows {
        type Row = Cells;

        async fn next(&mut self) -> Outcome<Vec<Cells>> {
            self.0 += 1;
            match self.0 {
                3 if self.1 => Err(Failure::broken("list", "row", "gone")),
                1..=3 => Ok((0..2)
                    .map(|at| vec![format!("{}.{at}", self.0), "陳,\"予\"\n安".to_owned()])
                    .collect()),
                _ => Ok(Vec::new()),
            }
        }
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_end_and_back() {
        let answer =
            answer("list.csv", vec!["No".to_owned(), "姓名".to_owned()], Rows(0, false), |row| row);
        assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"list.csv\"");
        let body = to_bytes(answer.into_body(), 10_000).await.expect("a body");
        let text = body.strip_prefix(b"\xef\xbb\xbf").expect("the mark of UTF-8");
        let mut reader = csv::Reader::from_reader(text);
        assert_eq!(reader.headers().expect("a head"), vec!["No", "姓名"]);
        let rows: Vec<Vec<String>> = reader.deserialize().collect::<Result<_, _>>().expect("rows");
        assert_eq!(rows.len(), 6);
        assert_eq!(rows[5], ["3.1", "陳,\"予\"\n安"]);
    }

    #[tokio::test]
    async fn a_number_below_zero_is_one_and_a_text_like_it_is_not() {
        let row = vec![Cell::Text("-3".to_owned()), Cell::Number(-3), Cell::money(-1250, "EUR")];
        let answer = answer(
            "list.csv",
            ["A", "B", "C"].map(str::to_owned).to_vec(),
            Whole(vec![row]),
            |row: Vec<Cell>| row,
        );
        let body = to_bytes(answer.into_body(), 10_000).await.expect("a body");
        assert_eq!(body.strip_prefix(b"\xef\xbb\xbf"), Some(&b"A,B,C\r\n'-3,-3,-12.50\r\n"[..]));
    }

    #[tokio::test]
    async fn a_list_that_ends_early_is_no_whole_file() {
        let answer = answer("list.csv", vec!["No".to_owned(), "Name".to_owned()], Rows(0, true), |row| row);
        assert!(to_bytes(answer.into_body(), 10_000).await.is_err());
    }
}
