//! How the keys of all products look, to know one wherever it stands.

use domain::key_format::KeyFormat;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Outcome, sql};

/// The formats of keys that there are: the common one, those of products, and those that they had when keys came.
///
/// # Errors
/// [`Failure::Database`](crate::Failure::Database).
pub async fn of_all(connection: &impl ConnectionTrait) -> Outcome<Vec<KeyFormat>> {
    #[derive(FromQueryResult)]
    struct Pattern {
        key_format: String,
    }
    let text = "select key_format from product where key_format is not null
        union select key_format from key_batch where key_format is not null";
    let patterns = sql::all::<Pattern>(connection, text, []).await?;
    let own = patterns.iter().filter_map(|row| KeyFormat::parse(&row.key_format));
    Ok(std::iter::once(KeyFormat::default()).chain(own).collect())
}
