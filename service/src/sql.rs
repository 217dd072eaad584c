//! Queries that the entity API would only obscure: SQL text with numbered values, read into structs.
//!
//! The text is the same for both databases: `$1` binds on either.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

/// All rows.
///
/// # Errors
/// The driver's error, or a column that doesn't fit the struct.
pub async fn all<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(statement(connection, text, values)).all(connection).await
}

/// The first row, if there is any.
///
/// # Errors
/// As for [`all`].
pub async fn one<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<T>, DbErr> {
    T::find_by_statement(statement(connection, text, values)).one(connection).await
}

/// Runs a change and says how many rows it touched.
///
/// # Errors
/// The driver's error.
pub async fn run(
    connection: &impl ConnectionTrait,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    Ok(connection.execute_raw(statement(connection, text, values)).await?.rows_affected())
}

/// One number of one row, 0 where there is no row.
///
/// # Errors
/// As for [`all`]; the column's name must be `number`.
pub async fn number(
    connection: &impl ConnectionTrait,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        number: Option<i64>,
    }
    Ok(one::<Row>(connection, text, values).await?.and_then(|row| row.number).unwrap_or(0))
}

/// Places for the rows of an `insert`: `($1, $2), ($3, $4)` for four values of rows of two.
#[must_use]
pub fn rows_of_places(values: usize, width: usize) -> String {
    let mut text = String::with_capacity(values * 5);
    for place in 0..values {
        let opens = match (place, place.is_multiple_of(width.max(1))) {
            (0, _) => "($",
            (_, true) => "), ($",
            (_, false) => ", $",
        };
        text.push_str(opens);
        text.push_str(&(place + 1).to_string());
    }
    text.push(')');
    text
}

fn statement(
    connection: &impl ConnectionTrait,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let values = values.into_iter().map(without_nul);
    Statement::from_sql_and_values(connection.get_database_backend(), text, values)
}

/// PostgreSQL has no NUL in a text and fails the query; whoever sends one means nothing by it.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(Some(text)) if text.contains('\0') => Value::from(text.replace('\0', "")),
        value => value,
    }
}

/// The form in which names are found and sorted: without case. Neither database folds every letter, so what is written
/// beside a name is folded here, too.
#[must_use]
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Makes `%` and `_` of what somebody typed match themselves in a folded text; the query says `escape '\'`.
#[must_use]
pub fn contains_pattern(typed: &str) -> String {
    let mut pattern = String::with_capacity(typed.len() + 2);
    pattern.push('%');
    for character in folded(typed).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::rows_of_places;

    #[test]
    fn rows_of_places_are_counted_from_one() {
        assert_eq!(rows_of_places(4, 2), "($1, $2), ($3, $4)");
        assert_eq!(rows_of_places(1, 1), "($1)");
    }
}
