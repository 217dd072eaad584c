//! Products in the reader's language.

use std::collections::HashMap;

use domain::Language;
use domain::ids::ProductId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{Outcome, sql};

/// A product's texts in one language.
#[derive(Clone, Debug)]
pub struct ProductText {
    /// Language.
    pub language: Language,
    /// Name.
    pub name: String,
    /// Line under the name.
    pub summary: String,
    /// Special instructions, a step each.
    pub instructions: Vec<String>,
    /// What it is for, and for whom.
    pub guidance: String,
}

#[derive(FromQueryResult)]
struct Row {
    product_id: Uuid,
    language: String,
    name: String,
    summary: String,
    instructions: String,
    guidance: String,
}

/// A product's texts in every language: its mail may go to people of several.
pub struct ProductTexts(Vec<ProductText>);

impl ProductTexts {
    /// The texts in a language.
    ///
    /// # Errors
    /// [`Failure::Broken`] if the catalogue lacks it, which its load forbids.
    pub fn of(&self, language: Language) -> Outcome<&ProductText> {
        self.0
            .iter()
            .find(|text| text.language == language)
            .ok_or_else(|| Failure::broken("product_text", "language", language.tag()))
    }
}

/// A product's texts.
///
/// # Errors
/// [`Failure::Database`].
pub async fn texts(connection: &impl ConnectionTrait, product: ProductId) -> Outcome<ProductTexts> {
    let text = format!("{TEXTS} where product_id = $1");
    let rows = sql::all::<Row>(connection, &text, [product.0.into()]).await?;
    Ok(ProductTexts(rows.into_iter().map(ProductText::from).collect()))
}

/// The texts of every product.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn texts_of_all(connection: &impl ConnectionTrait) -> Outcome<HashMap<Uuid, ProductTexts>> {
    let mut texts: HashMap<Uuid, ProductTexts> = HashMap::new();
    for row in sql::all::<Row>(connection, TEXTS, []).await? {
        let product = texts.entry(row.product_id).or_insert_with(|| ProductTexts(Vec::new()));
        product.0.push(row.into());
    }
    Ok(texts)
}

const TEXTS: &str = "select product_id, language, name, summary, instructions, guidance from product_text";

impl From<Row> for ProductText {
    fn from(row: Row) -> Self {
        Self {
            language: Language::from_tag(&row.language).unwrap_or_default(),
            name: row.name,
            summary: row.summary,
            instructions: steps(&row.instructions),
            guidance: row.guidance,
        }
    }
}

/// The steps of instructions: a line each.
#[must_use]
pub fn steps(instructions: &str) -> Vec<String> {
    instructions.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Instructions as they stand in a mail: numbered lines.
#[must_use]
pub fn numbered(steps: &[String]) -> String {
    steps.iter().enumerate().map(|(at, step)| format!("{}. {step}\n", at + 1)).collect()
}
