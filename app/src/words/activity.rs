//! The activity in words, for the page and for the file alike.

use domain::view::activity::{ActivityRow, NamedBenefit, Thing};
use locales::Texts;

/// What was done; an action that this version doesn't know keeps its code.
#[must_use]
pub fn what(texts: Texts, action: &str) -> &str {
    texts.find_activity_action(action).unwrap_or(action)
}

/// Who did it.
#[must_use]
pub fn who(texts: Texts, row: &ActivityRow) -> String {
    let kind = || texts.find_actor(row.actor.code()).unwrap_or_default().to_owned();
    row.actor_name.clone().unwrap_or_else(kind)
}

/// The source of a benefit.
#[must_use]
pub fn source(texts: Texts, benefit: &NamedBenefit) -> String {
    locales::source(texts, &benefit.source, benefit.source_name.as_deref())
}

/// The company in whose trail it stands, on operators' pages.
#[must_use]
pub fn company(texts: Texts, row: &ActivityRow) -> String {
    row.organization.clone().unwrap_or_else(|| texts.activity_programme().to_owned())
}

/// What it was done to, beside the person and the benefit.
#[must_use]
pub fn thing(texts: Texts, row: &ActivityRow) -> Option<String> {
    match &row.thing {
        Thing::Request(number) => Some(texts.activity_thing_request(number)),
        Thing::Form(code) => Some(texts.find_attempt(code).unwrap_or(code).to_owned()),
        Thing::Purchase(text) | Thing::Policy(text) | Thing::Account(text) | Thing::Address(text) => {
            Some(text.clone())
        }
        Thing::Company => Some(texts.activity_thing_company().to_owned()),
        Thing::Beside | Thing::Unnamed => None,
    }
}

/// All that it was done to, a line each.
#[must_use]
pub fn things(texts: Texts, row: &ActivityRow) -> Vec<String> {
    let benefit = row
        .benefit
        .as_ref()
        .map(|benefit| texts.activity_thing_benefit(&benefit.name, source(texts, benefit)));
    thing(texts, row).into_iter().chain(row.person.clone()).chain(benefit).collect()
}
