//! What mail says: the programme's own wording where there is one, else the product's. Mail that goes out and
//! previews come from the same function.

use std::collections::HashMap;

use domain::Language;
use domain::mail_template::Wording;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::{Outcome, sql};

/// The programme's own wordings of some kinds of mail.
#[derive(Debug, Default)]
pub(crate) struct Wordings(HashMap<(String, Language), Wording>);

#[derive(FromQueryResult)]
struct Row {
    kind: String,
    language: String,
    subject: String,
    body: String,
}

impl Wordings {
    /// Those of these kinds.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(crate) async fn of<'a>(
        connection: &impl ConnectionTrait,
        kinds: impl IntoIterator<Item = &'a str>,
    ) -> Outcome<Self> {
        let mut kinds: Vec<&str> = kinds.into_iter().collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.is_empty() {
            return Ok(Self::default());
        }
        let places: Vec<String> = (1..=kinds.len()).map(|place| format!("${place}")).collect();
        let text = format!(
            "select kind, language, subject, body from mail_template where kind in ({})",
            places.join(", ")
        );
        let values: Vec<Value> = kinds.into_iter().map(Value::from).collect();
        let rows = sql::all::<Row>(connection, &text, values).await?;
        let own = |row: Row| {
            let language = Language::from_tag(&row.language)?;
            Some(((row.kind, language), Wording { subject: row.subject, body: row.body }))
        };
        Ok(Self(rows.into_iter().filter_map(own).collect()))
    }

    /// The wording in force.
    pub(crate) fn in_force(&self, kind: &str, language: Language) -> Wording {
        self.0.get(&(kind.to_owned(), language)).cloned().unwrap_or_else(|| of_product(kind, language))
    }
}

/// The product's wording.
pub(crate) fn of_product(kind: &str, language: Language) -> Wording {
    let text = |part: &str| {
        let key = format!("{kind}_{part}");
        locales::texts(language).find("mail", &key).unwrap_or_default().to_owned()
    };
    Wording { subject: text("subject"), body: text("body") }
}

/// A subject as its reader gets it.
pub(crate) fn subject(wording: &Wording, values: &[(&str, &str)]) -> String {
    locales::fill(&wording.subject, values)
}

/// A text as its reader gets it, with what stands under every mail. A link that is sealed until the mail leaves
/// stays open.
pub(crate) fn text(
    wording: &Wording,
    language: Language,
    values: &[(&str, &str)],
    link: Option<&str>,
) -> String {
    // All at once: what somebody wrote has no places.
    let values: Vec<(&str, &str)> = values.iter().copied().chain(link.map(|link| ("link", link))).collect();
    let body = locales::fill(&wording.body, &values);
    let signature = locales::texts(language).find("mail", "signature").unwrap_or_default();
    format!("{}\n\n{signature}\n", body.trim_end())
}
