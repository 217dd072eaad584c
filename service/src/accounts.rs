//! Accounts: signing in, passwords, invitations, sessions, the second factor, name, language, mail.

pub mod invitation;
pub mod language;
pub mod limits;
pub mod mail_choices;
pub mod own_sessions;
pub mod password;
pub mod profile;
pub mod reset;
pub mod second_factor;
pub mod sign_in;
pub mod two_steps;

use domain::ids::{AccountId, OrganizationId};
use domain::moment::Zone;
use domain::view::operator::Stamp;
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::change::programme_chain;
use crate::outbox::Letter;
use crate::request::{Actor, Request};
use crate::{Failure, Outcome, Service, passwords, sql};

/// What checks and mail about an account need.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Own {
    /// Full name.
    pub full_name: String,
    /// Address to sign in with.
    pub email: String,
    /// Tag of the language.
    pub language: String,
    /// PHC string of the password; none where it signs in elsewhere.
    pub password_hash: Option<String>,
    /// A company that it serves.
    pub company: Option<String>,
}

impl Own {
    /// The account with the id.
    pub(crate) async fn find(connection: &impl ConnectionTrait, account: AccountId) -> Outcome<Self> {
        let text = "select a.full_name, a.email, a.language, a.password_hash,
                (select min(o.name) from person p join organization o on o.id = p.organization_id
                    where p.account_id = a.id and p.status <> 'left') as company
            from account a where a.id = $1";
        sql::one::<Self>(connection, text, [account.0.into()])
            .await?
            .ok_or_else(|| Failure::broken("session", "account_id", account))
    }

    /// Words that a password of the account may not be made of.
    pub(crate) fn words(&self) -> Vec<&str> {
        vec![&self.full_name, &self.email, self.company.as_deref().unwrap_or_default()]
    }

    /// Whether it is the account's password; attempts are counted like those to sign in.
    pub(crate) async fn has_password(
        &self,
        service: &Service,
        request: &Request,
        typed: &str,
    ) -> Outcome<bool> {
        service.sign_in_limits.check(service, &request.address, &self.email.to_lowercase()).await?;
        let typed = if typed.len() > 1024 { "" } else { typed };
        passwords::verify(typed, self.password_hash.as_deref()).await
    }

    /// A mail that tells the owner what was changed about signing in.
    pub(crate) fn letter(&self, account: AccountId, kind: &'static str) -> Letter {
        Letter {
            organization: None,
            account: Some(account),
            recipient: self.email.clone(),
            language: Language::from_tag(&self.language).unwrap_or_default(),
            kind,
            values: vec![("person", self.full_name.clone())],
            path: "/account/security".to_owned(),
            secret: None,
            dates: Vec::new(),
        }
    }
}

/// The chain for what somebody does to their own account.
pub(crate) fn chain(request: &Request) -> OrganizationId {
    match &request.actor {
        Actor::Person(person) => person.organization,
        _ => programme_chain(),
    }
}

/// The zone in which whoever asks reads times.
fn zone(request: &Request) -> (Zone, String) {
    match &request.actor {
        Actor::Person(person) => (person.zone(), person.time_zone.clone()),
        _ => (Zone::named("UTC"), "UTC".to_owned()),
    }
}

fn stamp(zone: &Zone, at: i64) -> Stamp {
    Stamp { day: zone.day_of(Moment(at)), time: zone.time_of(Moment(at)) }
}
