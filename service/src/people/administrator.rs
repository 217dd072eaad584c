//! Who looks after a company's people: somebody of the company, or a program with a token.

use domain::ids::{OrganizationId, PersonId, ProvisioningTokenId};
use domain::{ErrorCode, Moment, Role, Roles};
use sea_orm::DatabaseTransaction;

use super::roles::held;
use crate::request::{Person, Token};
use crate::{Outcome, sql};

/// Who looks after a company's people; the same path to each change for both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Administrator<'a> {
    /// Whose people.
    pub(crate) organization: OrganizationId,
    /// As mail names whoever did it.
    pub(crate) name: &'a str,
    who: Who,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Person(PersonId),
    Token(ProvisioningTokenId),
}

impl<'a> From<&'a Person> for Administrator<'a> {
    fn from(person: &'a Person) -> Self {
        Self { organization: person.organization, name: &person.name, who: Who::Person(person.id) }
    }
}

impl<'a> From<&'a Token> for Administrator<'a> {
    fn from(token: &'a Token) -> Self {
        Self { organization: token.organization, name: &token.name, who: Who::Token(token.id) }
    }
}

impl Administrator<'_> {
    /// The person, where it is one.
    pub(crate) const fn person(&self) -> Option<PersonId> {
        match self.who {
            Who::Person(person) => Some(person),
            Who::Token(_) => None,
        }
    }

    /// The roles at this moment: those of the session may be a while old, and the token revoked
    /// meanwhile. A program grants what a User admin can grant, and nothing beyond (rule 3).
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a person who has left; [`ErrorCode::SignInNeeded`] for a token that
    /// is no longer valid.
    pub(crate) async fn roles(&self, transaction: &DatabaseTransaction, now: Moment) -> Outcome<Roles> {
        match self.who {
            Who::Person(person) => Ok(held(transaction, self.organization, person).await?.roles()),
            Who::Token(token) => {
                let text = "select count(*) as number from provisioning_token
                    where id = $1 and organization_id = $2 and revoked_at is null
                        and (expires_at is null or expires_at > $3)";
                let values = [token.0.into(), self.organization.0.into(), now.0.into()];
                if sql::number(transaction, text, values).await? == 0 {
                    return Err(ErrorCode::SignInNeeded.into());
                }
                Ok(Roles::new([Role::UserAdmin]))
            }
        }
    }
}
