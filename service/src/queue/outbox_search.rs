//! Finding mail by what somebody typed, however much of it there is.

use domain::view::operator::SUBJECTS_LOOKED_AT;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::search::{Meant, among};
use crate::{Outcome, sql};

/// Addresses without an account are looked up, so many of them.
const OTHERS: usize = 1_000;

/// What was found of what was typed.
pub(super) struct Search {
    meant: Meant,
    /// Addresses of whoever has no account.
    others: Vec<String>,
}

impl Search {
    /// Looks for it; none where nothing was typed.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(super) async fn of(connection: &impl ConnectionTrait, typed: &str) -> Outcome<Option<Self>> {
        #[derive(FromQueryResult)]
        struct Address {
            address: String,
        }
        let Some(meant) = Meant::by(connection, typed).await? else { return Ok(None) };
        let text = format!(
            "select distinct m.recipient_key as address from mail m
            where m.account_id is null and m.recipient_key like $1 escape '\\' limit {}",
            OTHERS + 1
        );
        let others = sql::all::<Address>(connection, &text, [meant.pattern.as_str().into()]).await?;
        Ok(Some(Self { meant, others: others.into_iter().map(|row| row.address).collect() }))
    }

    /// Whether there is so much that it is looked for down the list.
    pub(super) fn finds_many(&self) -> bool {
        self.meant.are_many() || self.others.len() > OTHERS
    }

    /// What holds for mail `m` of company `o` that was meant. Of subjects the latest are looked through, unless there
    /// is much to find already.
    pub(super) fn condition(&self, values: &mut Vec<Value>) -> String {
        values.push(self.meant.pattern.as_str().into());
        let like = format!("like ${} escape '\\'", values.len());
        if self.finds_many() {
            return format!(
                "(m.recipient_key {like} or o.name_key {like} or m.subject_key {like}
                    or exists (select 1 from account a where a.id = m.account_id and a.name_key {like}))"
            );
        }
        let mut lists = vec![format!(
            "select l.id from (select id, subject_key from mail order by id desc limit {SUBJECTS_LOOKED_AT}) l
                where l.subject_key {like}"
        )];
        lists.extend(self.lists(values));
        format!("m.id in ({})", lists.join(" union all "))
    }

    /// What holds for some of much mail, quick to count.
    pub(super) fn some(&self, values: &mut Vec<Value>) -> String {
        format!("m.id in ({})", self.lists(values).join(" union all "))
    }

    /// The ids of the mail of what was found.
    fn lists(&self, values: &mut Vec<Value>) -> Vec<String> {
        let mut lists = Vec::new();
        let people = self.meant.people.iter().map(|one| one.address.as_str());
        let addresses: Vec<Value> =
            people.chain(self.others.iter().map(String::as_str)).map(Value::from).collect();
        if !addresses.is_empty() {
            lists.push(format!("select id from mail where recipient_key in ({})", among(values, addresses)));
        }
        if !self.meant.companies.is_empty() {
            let companies = self.meant.companies.iter().map(|company| (*company).into());
            lists
                .push(format!("select id from mail where organization_id in ({})", among(values, companies)));
        }
        lists
    }
}
