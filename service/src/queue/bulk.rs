//! Several requests at once: each is an operation of its own, and the answer says what came of each.

use domain::ids::{AccountId, ServiceRequestId};
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::view::operator::PAGE_ROWS;
use domain::view::requests::RequestKind;
use domain::{Error, ErrorCode, Field};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::assign::{Handover, hand_over};
use super::refuse::{Refuse, reason, refuse};
use super::take::take;
use super::{Wanted, complete};
use crate::request::Request;
use crate::{Failure, Outcome, Service, audit, rights, sql};

/// What is done with each of them.
#[derive(Clone, Debug)]
pub enum Together {
    /// Taken.
    Take,
    /// Given to a colleague.
    Assign(AccountId),
    /// Given back.
    Release,
    /// Marked as worked on.
    Process,
    /// Completed, where that asks for nothing.
    Complete,
    /// Refused, with a reason.
    Refuse(String),
}

/// What came of one of them.
#[derive(Clone, Debug)]
pub struct Worked {
    /// Its number; none for a request that doesn't exist.
    pub number: Option<i64>,
    /// Why it didn't happen.
    pub refused: Option<Error>,
    /// Who has it, where that is somebody else.
    pub with: Option<String>,
}

#[derive(FromQueryResult)]
struct Now {
    id: Uuid,
    number: i64,
    kind: String,
    owner_id: Option<Uuid>,
    owner: Option<String>,
}

/// Does the same with several requests; says what came of each, in the order in which they were chosen.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Required`] where none is chosen; [`ErrorCode::TooManyChosen`];
/// [`ErrorCode::ReasonNeeded`] on the reason; [`Failure::Database`]. What one request alone says no to
/// stands in its own outcome.
pub async fn work(
    service: &Service,
    request: &Request,
    operation: &OperationId,
    chosen: &[Wanted],
    together: &Together,
) -> Outcome<Vec<Worked>> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    if chosen.is_empty() {
        return Err(Error::field(Field::Requests, ErrorCode::Required).into());
    }
    if chosen.len() > PAGE_ROWS as usize {
        return Err(Error::field(Field::Requests, ErrorCode::TooManyChosen).into());
    }
    if let Together::Refuse(typed) = together {
        reason(typed)?;
    }
    let before = now(service, chosen).await?;
    let mut failures: Vec<Option<Error>> = Vec::with_capacity(chosen.len());
    for wanted in chosen {
        let kind = before
            .iter()
            .find(|row| row.id == wanted.request.0)
            .and_then(|row| RequestKind::from_code(&row.kind));
        let own = OperationId::parse(&format!("{operation}:{}", wanted.request.0.simple()))?;
        match one(service, request, own, *wanted, kind, together).await {
            Ok(_) => failures.push(None),
            Err(failure @ Failure::Refused(_)) => {
                audit::denied(service, request, "work_requests", &failure).await;
                failures.push(Some(failure.told()));
            }
            Err(failure) => return Err(failure),
        }
    }
    let after = now(service, chosen).await?;
    Ok(chosen
        .iter()
        .zip(failures)
        .map(|(wanted, refused)| {
            let row = after.iter().find(|row| row.id == wanted.request.0);
            let theirs = row.filter(|row| row.owner_id != Some(operator.account.0));
            Worked {
                number: row.map(|row| row.number),
                with: theirs.and_then(|row| row.owner.clone()),
                refused,
            }
        })
        .collect())
}

async fn one(
    service: &Service,
    request: &Request,
    operation: OperationId,
    wanted: Wanted,
    kind: Option<RequestKind>,
    together: &Together,
) -> Outcome<i64> {
    match together {
        Together::Take => take(service, request, operation, wanted).await,
        Together::Assign(colleague) => {
            hand_over(service, request, operation, wanted, Handover::To(*colleague)).await
        }
        Together::Release => hand_over(service, request, operation, wanted, Handover::Nobody).await,
        Together::Process => hand_over(service, request, operation, wanted, Handover::Processing).await,
        Together::Refuse(reason) => {
            refuse(service, request, operation, Refuse { wanted, reason: reason.clone() }).await
        }
        Together::Complete => match kind {
            Some(RequestKind::Advisory) => complete::advisory(service, request, operation, wanted).await,
            // What these need is asked for by their own forms; that money is here is looked at for each payment.
            Some(
                RequestKind::Activation
                | RequestKind::Payment
                | RequestKind::Cancellation
                | RequestKind::GlobalAdmin
                | RequestKind::Enrolment,
            ) => Err(ErrorCode::WrongKind.into()),
            None => Err(ErrorCode::NotFound.into()),
        },
    }
}

/// The chosen requests as they stand.
async fn now(service: &Service, chosen: &[Wanted]) -> Outcome<Vec<Now>> {
    let places: Vec<String> = (1..=chosen.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select r.id, r.number, r.kind, r.owner_id, w.full_name as owner
        from service_request r left join account w on w.id = r.owner_id where r.id in ({})",
        places.join(", ")
    );
    let values: Vec<Value> = chosen.iter().map(|wanted: &Wanted| id(wanted.request)).collect();
    Ok(sql::all::<Now>(service.database.reader(), &text, values).await?)
}

fn id(request: ServiceRequestId) -> Value {
    request.0.into()
}
