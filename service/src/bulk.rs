//! Many rows of a table with few statements.

use sea_orm::{ConnectionTrait, Value};

use crate::{Outcome, sql};

/// Rows of one statement: the same text again and again is prepared once.
const ROWS_AT_ONCE: usize = 200;

/// Rows that wait to be written.
pub(crate) struct Bulk {
    table: &'static str,
    columns: &'static [&'static str],
    /// What follows the values, such as `on conflict …`.
    then: &'static str,
    values: Vec<Value>,
}

impl Bulk {
    /// No rows yet.
    pub(crate) const fn new(
        table: &'static str,
        columns: &'static [&'static str],
        then: &'static str,
    ) -> Self {
        Self { table, columns, then, values: Vec::new() }
    }

    /// One more row.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        self.values.extend(row);
    }

    /// Writes them and is empty again.
    pub(crate) async fn write(&mut self, connection: &impl ConnectionTrait) -> Outcome<()> {
        let width = self.columns.len().max(1);
        let mut values = std::mem::take(&mut self.values).into_iter();
        loop {
            let some: Vec<Value> = values.by_ref().take(ROWS_AT_ONCE * width).collect();
            if some.is_empty() {
                return Ok(());
            }
            let mut text = format!("insert into {} ({}) values ", self.table, self.columns.join(", "));
            for place in 0..some.len() {
                let opens = if place == 0 { "($" } else { "), ($" };
                text.push_str(if place.is_multiple_of(width) { opens } else { ", $" });
                text.push_str(&(place + 1).to_string());
            }
            text.push_str(") ");
            text.push_str(self.then);
            sql::run(connection, &text, some).await?;
        }
    }
}

/// Places for so many values, beginning with `$1`.
pub(crate) fn places(count: usize) -> String {
    (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_are_counted_from_one() {
        assert_eq!(places(3), "$1, $2, $3");
        assert_eq!(places(0), "");
    }
}
