//! Publishing a draft: at once, or from a day on.

use domain::catalogue::{Publication, differences, rebase};
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::{AuditAction, Day, Error, ErrorCode, Field, Moment};

use super::drafts::{Draft, WantedDraft, claim, event, publish_refusal};
use super::{apply, drafts, file, on_clock, read};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// The zone in which a version's day begins: the programme has none of its own.
pub const ZONE: &str = "UTC";

/// How a draft is to be published.
#[derive(Clone, Copy, Debug)]
pub struct Publish {
    /// Which one.
    pub wanted: WantedDraft,
    /// The day from whose beginning on it is in force; none is at once.
    pub from: Option<Day>,
    /// Whether what companies hold already changes with it; otherwise at their renewal.
    pub existing: bool,
}

/// Publishes a draft. Gives its version if it is in force at once.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`], [`ErrorCode::WrongState`];
/// [`ErrorCode::CatalogueMoved`], [`ErrorCode::CatalogueFaulty`], [`ErrorCode::CatalogueUnchanged`],
/// [`ErrorCode::SecondPersonNeeded`], [`ErrorCode::VersionWaits`]; [`ErrorCode::DateOrder`] for a day that is over.
pub async fn publish(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Publish,
) -> Outcome<Option<i64>> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::PublishCatalogue)?;
    let operation = Operation::new(operation, "publish_catalogue_draft", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let zone = Zone::named(ZONE);
    if input.from.is_some_and(|day| day < zone.day_of(change.now)) {
        return Err(Error::field(Field::Starts, ErrorCode::DateOrder).into());
    }
    // First of all: whoever publishes or takes back at this moment waits.
    lock(&change).await?;
    let draft = claim(&change, input.wanted, "draft").await?;
    let publication = policies::in_force(&change.transaction).await?.catalogue_publication;
    if publication == Publication::SecondPerson
        && drafts::is_editor(&change.transaction, draft.id, operator.account.0).await?
    {
        return Err(ErrorCode::SecondPersonNeeded.into());
    }
    check(&change, &draft).await?;
    let waits = "select count(*) as number from catalogue_draft where state = 'published'";
    if sql::number(&change.transaction, waits, []).await? > 0 {
        return Err(ErrorCode::VersionWaits.into());
    }
    let from = input.from.map_or(change.now, |day| zone.start_of(day));
    let from = Moment(from.0.max(change.now.0));
    let text =
        "update catalogue_draft set state = 'published', in_force_on = $2, in_force_at = $3, reach = $4,
            published_by = $5, published_at = $6, row_version = row_version + 1
        where id = $1";
    let reach = if input.existing { "existing" } else { "new" };
    let values = [
        draft.id.0.into(),
        input.from.map(|day| day.to_string()).into(),
        from.0.into(),
        reach.into(),
        operator.account.0.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change.record(
        event(AuditAction::CataloguePublished, draft.id).after(format!("{reach} {}", zone.day_of(from))),
    );
    let version = if from <= change.now {
        Some(put_into_force(&mut change, &Draft { existing: input.existing, ..draft }).await?)
    } else {
        None
    };
    change.tell(Changed::Queue);
    let version = change.commit(version).await?;
    if version.is_some() && input.existing {
        // The worker goes on where this ends, or fails.
        if let Err(failure) = on_clock::entitle_some(service).await {
            tracing::error!(cause = %failure, "what a version brings could not be granted");
        }
    }
    Ok(version)
}

/// Holds the programme still until the end of the change.
pub(super) async fn lock(change: &Change<'_>) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id as number from programme where id = 1 for update";
        sql::number(&change.transaction, text, []).await?;
    }
    Ok(())
}

/// Keeps the version in force as it is until the end of the change: whoever publishes waits.
pub(super) async fn keep(change: &Change<'_>) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id as number from programme where id = 1 for share";
        sql::number(&change.transaction, text, []).await?;
    }
    Ok(())
}

async fn check(change: &Change<'_>, draft: &Draft) -> Outcome<()> {
    if draft.base_version != read::version(&change.transaction).await? {
        return Err(ErrorCode::CatalogueMoved.into());
    }
    let known = read::known(&change.transaction).await?;
    let (faults, _) = file::faults_after(&draft.base, &draft.catalogue, &known);
    if let Some(first) = faults.first() {
        return Err(publish_refusal(&faults, first));
    }
    if differences(&draft.base, &draft.catalogue).is_empty() {
        return Err(ErrorCode::CatalogueUnchanged.into());
    }
    Ok(())
}

/// Puts a published draft into force as the next version, the one before is replaced.
pub(super) async fn put_into_force(change: &mut Change<'_>, draft: &Draft) -> Outcome<i64> {
    // Policies may have been changed on their own page since.
    let in_force = read::in_force(&change.transaction).await?;
    let catalogue = rebase(&draft.base, &draft.catalogue, &in_force);
    let version = apply::apply(change, &catalogue).await?;
    let text = "update catalogue_draft set state = 'replaced', row_version = row_version + 1
        where state = 'in_force'";
    sql::run(&change.transaction, text, []).await?;
    let text = "update catalogue_draft set state = 'in_force', version = $2, row_version = row_version + 1
        where id = $1 and state = 'published'";
    if sql::run(&change.transaction, text, [draft.id.0.into(), version.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    change.record(event(AuditAction::CatalogueInForce, draft.id).after(format!("catalogue {version}")));
    change.tell(Changed::Queue);
    Ok(version)
}
