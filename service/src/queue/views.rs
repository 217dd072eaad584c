//! Saved views of the queue: filters and sorting under a name, for oneself or for all operators.

use domain::ids::QueueViewId;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::text::Line;
use domain::view::operator::SavedView;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Operator, Request};
use crate::{Outcome, Service, rights, sql};

/// The longest name, in characters.
pub const NAME_MAX: usize = 60;
/// So many views has one operator at most.
pub const VIEWS_MAX: i64 = 40;
/// The longest address of a view, in bytes.
const QUERY_MAX: usize = 1000;
/// So many views of colleagues are listed.
const SHOWN: u32 = 100;

/// A view to save, as it was typed.
#[derive(Clone, Debug)]
pub struct SaveView {
    /// Its name; one's own view of that name is replaced.
    pub name: String,
    /// What the address of the queue has behind its `?`.
    pub query: String,
    /// Whether all operators see it.
    pub shared: bool,
}

/// Saves a view.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with the fault of the name;
/// [`ErrorCode::TooManyViews`] on the name where there are too many already.
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SaveView,
) -> Outcome<String> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadQueue)?;
    let operation = Operation::new(operation, "save_queue_view", &input);
    let name: String = Line::parse(Field::Name, &input.name, NAME_MAX).map_err(Error::from)?.into();
    if input.query.len() > QUERY_MAX || input.query.contains('#') || input.query.chars().any(char::is_control)
    {
        return Err(ErrorCode::Invalid.into());
    }
    let key = sql::folded(&name);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // Who took over a colleague's views may have more than one can save, and still changes those that there are.
    let text = "select count(*) as number from queue_view where owner_id = $1 and name_key = $2";
    let values = [operator.account.0.into(), key.as_str().into()];
    let replaces = sql::number(&change.transaction, text, values).await? > 0;
    let text = "insert into queue_view (id, owner_id, name, name_key, shared, query, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (owner_id, name_key) do update
        set name = excluded.name, shared = excluded.shared, query = excluded.query";
    let values = [
        service.new_id().into(),
        operator.account.0.into(),
        name.clone().into(),
        key.into(),
        input.shared.into(),
        input.query.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "select count(*) as number from queue_view where owner_id = $1";
    let count = sql::number(&change.transaction, text, [operator.account.0.into()]).await?;
    if count > VIEWS_MAX && !replaces {
        return Err(Error::field(Field::Name, ErrorCode::TooManyViews).into());
    }
    change.record(
        Event::new(programme_chain(), AuditAction::QueueViewSaved, "queue_view", &name)
            .after(if input.shared { "shared" } else { "private" }),
    );
    change.tell(Changed::Queue);
    change.commit(name).await
}

/// Removes one of one's own views. Gives its name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`], also for a colleague's.
pub async fn remove(
    service: &Service,
    request: &Request,
    operation: OperationId,
    view: QueueViewId,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadQueue)?;
    let operation = Operation::new(operation, "remove_queue_view", &view);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "delete from queue_view where id = $1 and owner_id = $2 returning name";
    let values = [view.0.into(), operator.account.0.into()];
    let row = sql::one::<Row>(&change.transaction, text, values).await?.ok_or(ErrorCode::NotFound)?;
    change.record(Event::new(programme_chain(), AuditAction::QueueViewRemoved, "queue_view", &row.name));
    change.tell(Changed::Queue);
    change.commit(row.name).await
}

/// One's own views, and after them those that colleagues share, by name.
pub(super) async fn listed(
    connection: &impl ConnectionTrait,
    operator: &Operator,
) -> Outcome<Vec<SavedView>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        name: String,
        query: String,
        shared: bool,
        mine: bool,
        owner: String,
    }
    let text = format!(
        "select v.id, v.name, v.query, v.shared, (v.owner_id = $1) as mine, a.full_name as owner
        from queue_view v join account a on a.id = v.owner_id
        where v.owner_id = $1 or v.shared
        order by (v.owner_id = $1) desc, v.name_key, v.id limit {SHOWN}"
    );
    let rows = sql::all::<Row>(connection, &text, [operator.account.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| SavedView {
            id: row.id.into(),
            name: row.name,
            query: row.query,
            shared: row.shared,
            by: (!row.mine).then_some(row.owner),
        })
        .collect())
}
