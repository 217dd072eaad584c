//! Activating technical and go-to-market benefits: asked for by the partner, completed by an
//! operator, ended by the clock (rules 13, 16).

pub mod by_assignment;
pub mod complete;
pub mod ids;
pub mod on_clock;
pub mod request;
pub mod view;
pub(crate) mod withdraw;

use domain::benefit::ActivationState;
use domain::ids::GrantId;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::change::Change;
use crate::entity::activation::Model as Activation;
use crate::failure::Failure;
use crate::{Outcome, sql};

/// The company's latest activation of a grant; people's own ones (editions A and B) aside.
pub(crate) async fn latest(connection: &impl ConnectionTrait, grant: GrantId) -> Outcome<Option<Activation>> {
    let text = "select * from activation where grant_id = $1 and person_id is null
        order by requested_at desc, id desc limit 1";
    Ok(sql::one::<Activation>(connection, text, [grant.0.into()]).await?)
}

fn state_of(activation: &Activation) -> Outcome<ActivationState> {
    ActivationState::from_code(&activation.state)
        .ok_or_else(|| Failure::broken("activation", "state", activation.id))
}

/// Where the company's activation stands; available before the first.
fn state_or_available(activation: Option<&Activation>) -> Outcome<ActivationState> {
    activation.map_or(Ok(ActivationState::Available), state_of)
}

/// Brings the grant's own state in line with its activations, after any of them moved.
///
/// The company's own activation counts first; where there is none on its way, people's activations
/// of editions A and B make the grant active or processing.
async fn settle_grant(connection: &impl ConnectionTrait, grant: GrantId) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Counts {
        active: i64,
        open: i64,
    }
    let latest = state_or_available(latest(connection, grant).await?.as_ref())?;
    let text = "select
            (select count(*) from activation where grant_id = $1 and person_id is not null and state = 'active')
                as active,
            (select count(*) from activation where grant_id = $1 and person_id is not null
                and state in ('requested', 'processing')) as open";
    let people = sql::one::<Counts>(connection, text, [grant.0.into()])
        .await?
        .ok_or_else(|| Failure::broken("activation", "count", grant))?;
    let state = if latest.is_open() || latest == ActivationState::Active {
        latest
    } else if people.active > 0 {
        ActivationState::Active
    } else if people.open > 0 {
        ActivationState::Processing
    } else {
        latest
    };
    let text = "update benefit_grant set activation_state = $2, row_version = row_version + 1 where id = $1";
    sql::run(connection, text, [grant.0.into(), state.code().into()]).await?;
    Ok(())
}

/// Writes an activation's new state; refuses if somebody else moved it since it was read.
async fn move_to(change: &Change<'_>, activation: &Activation, state: ActivationState) -> Outcome<()> {
    let text = "update activation set state = $2, row_version = row_version + 1
        where id = $1 and row_version = $3";
    let values = [activation.id.into(), state.code().into(), activation.row_version.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(domain::ErrorCode::Stale.into());
    }
    Ok(())
}
