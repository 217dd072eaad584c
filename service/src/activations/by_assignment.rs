//! Support by assignment, editions A and B: a person with another address, then an operator
//! (rules 13, 17).

use domain::benefit::{ActivationState, ActivationStep, By};
use domain::contact::check_alternate;
use domain::ids::GrantId;
use domain::text::Email;
use domain::{Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::request::{Holder, start};
use super::{settle_grant, state_of};
use crate::assignments::assign::Candidate;
use crate::benefits::grants::Grant;
use crate::benefits::products::ProductTexts;
use crate::change::Change;
use crate::contact::account_email;
use crate::entity::activation::Model as Activation;
use crate::failure::Failure;
use crate::request::Person;
use crate::{Outcome, requests, sql};

/// The other address of the one person who is assigned, checked against the person's own and the
/// company's (rule 17). Each person has an address of their own, so one is assigned at a time.
///
/// # Errors
/// [`ErrorCode::UnknownChoice`] of the people where they are several; [`ErrorCode::Required`] and
/// the others of an address; those of [`check_alternate`].
pub(crate) async fn alternate_email(
    connection: &impl ConnectionTrait,
    person: &Person,
    people: &[Candidate],
    alternate: Option<&str>,
) -> Outcome<String> {
    let [candidate] = people else {
        return Err(Error::field(Field::People, ErrorCode::UnknownChoice).into());
    };
    let alternate = Email::parse(Field::AlternateEmail, alternate.unwrap_or_default())?;
    let own = Email::parse(Field::Email, &candidate.email)
        .map_err(|_| Failure::broken("account", "email", candidate.account_id))?;
    let company = account_email(connection, person.organization).await?;
    check_alternate(&alternate, &own, &company)?;
    Ok(alternate.into())
}

/// Asks the operators to set support up for a person who was just assigned.
pub(crate) async fn request(
    change: &mut Change<'_>,
    person: &Person,
    grant: &Grant,
    candidate: &Candidate,
    alternate: Option<&str>,
    texts: &ProductTexts,
) -> Outcome<()> {
    let state = ActivationState::Available.step(ActivationStep::Request, By::Partner)?;
    let holder = Holder { person: candidate.id, alternate_email: alternate };
    start(change, person, grant, state, Some(holder), texts).await?;
    Ok(())
}

/// Takes back what runs for the holder of a seat that has just been released.
pub(crate) async fn withdraw_for_seat(
    connection: &impl ConnectionTrait,
    grant: GrantId,
    seat: Uuid,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Released {
        person_id: Uuid,
        released_at: i64,
        released_by: Option<Uuid>,
    }
    let text = "select person_id, released_at, released_by from seat
        where id = $1 and grant_id = $2 and released_at is not null";
    let values = [seat.into(), grant.0.into()];
    let Some(released) = sql::one::<Released>(connection, text, values).await? else { return Ok(()) };
    let text = "select * from activation where grant_id = $1 and person_id = $2
        and state in ('requested', 'processing', 'active')";
    let values = [grant.0.into(), released.person_id.into()];
    let Some(running) = sql::one::<Activation>(connection, text, values).await? else { return Ok(()) };
    // The portal ends it with the seat, whoever released that: partners alone can't end an active one.
    let state = state_of(&running)?.step(ActivationStep::Withdraw, By::Clock)?;
    let text = "update activation set state = $2, row_version = row_version + 1 where id = $1";
    sql::run(connection, text, [running.id.into(), state.code().into()]).await?;
    requests::close_for_activation(connection, running.id, released.released_at, released.released_by)
        .await?;
    settle_grant(connection, grant).await
}
