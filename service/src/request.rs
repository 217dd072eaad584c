//! Who asks, and from where.

use domain::ids::{AccountId, OrganizationId, PersonId, ProvisioningTokenId};
use domain::{Error, ErrorCode, Language, OperatorRole, Roles, moment::Zone};

use crate::Service;
use crate::failure::Failure;

/// One request: who asks, and what its evidence names.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// Address of the client, for the audit trail and the limits.
    pub address: String,
    /// Id of the request, for the log.
    pub id: String,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// Somebody of a partner company.
    Person(Person),
    /// Somebody who runs the programme.
    Operator(Operator),
    /// A program that keeps a company's people.
    Token(Token),
    /// The worker inside the binary, on the clock.
    Worker,
}

/// A person, in the organization that the session is about.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub id: PersonId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Roles there.
    pub roles: Roles,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// Language of the account.
    pub language: Language,
    /// The organization's time zone.
    pub time_zone: String,
}

impl Person {
    /// The organization's time zone, for deadlines.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::named(&self.time_zone)
    }
}

/// An operator.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The account.
    pub account: AccountId,
    /// Roles in the programme.
    pub roles: Vec<OperatorRole>,
    /// Full name.
    pub name: String,
    /// Language of the account.
    pub language: Language,
}

/// A program with a token: it acts for one company, and only on its people.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub id: ProvisioningTokenId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What the company calls it; mail names it as whoever did it.
    pub name: String,
}

impl Request {
    /// What the worker does on the clock, each time under an id of its own.
    #[must_use]
    pub fn of_worker(service: &Service) -> Self {
        Self { actor: Actor::Worker, address: String::new(), id: service.new_id().simple().to_string() }
    }

    /// The person who asks.
    ///
    /// # Errors
    /// [`ErrorCode::SignInNeeded`] for nobody, [`ErrorCode::WrongSide`] for operators (rule 1).
    pub fn person(&self) -> Result<&Person, Failure> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Nobody => Err(ErrorCode::SignInNeeded.into()),
            Actor::Operator(_) | Actor::Token(_) | Actor::Worker => Err(ErrorCode::WrongSide.into()),
        }
    }

    /// The operator who asks.
    ///
    /// # Errors
    /// [`ErrorCode::SignInNeeded`] for nobody, [`ErrorCode::WrongSide`] for partners (rule 1).
    pub fn operator(&self) -> Result<&Operator, Failure> {
        match &self.actor {
            Actor::Operator(operator) => Ok(operator),
            Actor::Nobody => Err(ErrorCode::SignInNeeded.into()),
            Actor::Person(_) | Actor::Token(_) | Actor::Worker => Err(ErrorCode::WrongSide.into()),
        }
    }

    /// The account that asks, on either side.
    ///
    /// # Errors
    /// [`ErrorCode::SignInNeeded`] for nobody.
    pub fn account(&self) -> Result<AccountId, Failure> {
        match &self.actor {
            Actor::Person(person) => Ok(person.account),
            Actor::Operator(operator) => Ok(operator.account),
            Actor::Nobody | Actor::Token(_) | Actor::Worker => {
                Err(Error::new(ErrorCode::SignInNeeded).into())
            }
        }
    }

    /// The program that asks.
    ///
    /// # Errors
    /// [`ErrorCode::SignInNeeded`] for nobody, [`ErrorCode::WrongSide`] for people.
    pub fn token(&self) -> Result<&Token, Failure> {
        match &self.actor {
            Actor::Token(token) => Ok(token),
            Actor::Nobody => Err(ErrorCode::SignInNeeded.into()),
            Actor::Person(_) | Actor::Operator(_) | Actor::Worker => Err(ErrorCode::WrongSide.into()),
        }
    }
}
