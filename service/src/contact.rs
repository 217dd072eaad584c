//! The marketing contact: whom go-to-market mail goes to (rules 16, 17).

pub mod save;
pub mod view;

use domain::Field;
use domain::ids::OrganizationId;
use domain::text::Email;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::failure::Failure;
use crate::{Outcome, sql};

/// The company's account address, from which an alternate one differs (rule 17).
pub(crate) async fn account_email(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Email> {
    #[derive(FromQueryResult)]
    struct Row {
        account_email: String,
    }
    let broken = || Failure::broken("organization", "account_email", organization);
    let text = "select account_email from organization where id = $1";
    let row = sql::one::<Row>(connection, text, [organization.0.into()]).await?.ok_or_else(broken)?;
    Email::parse(Field::Email, &row.account_email).map_err(|_| broken())
}
