//! Drafts of the catalogue: begun from the one in force or from a file, changed, brought up to date, withdrawn.

use std::collections::{BTreeMap, HashSet};

use domain::catalogue::{Catalogue, Fault, differences, faults_against, rebase, rebase_policies};
use domain::ids::CatalogueDraftId;
use domain::rights::OperatorAction;
use domain::text::Line;
use domain::{AuditAction, ErrorCode, Field, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::edit::Edit;
use super::{file, publish, read, second_person};
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// Characters of a draft's title.
pub const TITLE: usize = 100;

/// A new draft, as it was typed.
#[derive(Clone, Debug)]
pub struct BeginDraft {
    /// What it is called.
    pub title: String,
    /// The file that it is; none begins from the catalogue in force.
    pub file: Option<String>,
}

/// The draft that is meant, as the page showed it.
#[derive(Clone, Copy, Debug)]
pub struct WantedDraft {
    /// Which one.
    pub draft: CatalogueDraftId,
    /// Its version when it was shown.
    pub version: i64,
}

/// A draft as it is kept.
pub struct Draft {
    /// Its id.
    pub id: CatalogueDraftId,
    /// What it is called.
    pub title: String,
    /// Code of its state.
    pub state: String,
    /// What it says.
    pub catalogue: Catalogue,
    /// What it began from; while it isn't in force, with the policies of now, which change without another version.
    pub base: Catalogue,
    /// The policies when it was kept last.
    pub base_policies: BTreeMap<String, String>,
    /// The version that it began from.
    pub base_version: i64,
    /// When it comes into force, or came.
    pub in_force_at: Option<Moment>,
    /// Whether it reaches what is held already.
    pub existing: bool,
    /// Its row's version.
    pub row_version: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    title: String,
    state: String,
    document: String,
    base: String,
    base_version: i64,
    in_force_at: Option<i64>,
    reach: String,
    row_version: i64,
}

const COLUMNS: &str = "select id, title, state, document, base, base_version, in_force_at, reach,
    row_version from catalogue_draft";

impl TryFrom<Row> for Draft {
    type Error = Failure;

    fn try_from(row: Row) -> Outcome<Self> {
        let broken = |_| Failure::broken("catalogue_draft", "document", row.id);
        let base = file::read_kept(&row.base).map_err(broken)?;
        Ok(Self {
            id: CatalogueDraftId(row.id),
            catalogue: file::read_kept(&row.document).map_err(broken)?,
            base_policies: base.policies.clone(),
            base,
            title: row.title,
            state: row.state,
            base_version: row.base_version,
            in_force_at: row.in_force_at.map(Moment),
            existing: row.reach == "existing",
            row_version: row.row_version,
        })
    }
}

/// A draft.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub async fn find(connection: &impl ConnectionTrait, draft: CatalogueDraftId) -> Outcome<Draft> {
    let row = sql::one::<Row>(connection, &format!("{COLUMNS} where id = $1"), [draft.0.into()]).await?;
    read_row(connection, row.ok_or(ErrorCode::NotFound)?).await
}

/// A draft with names for its tiers and areas: one that was kept before they had any is read, too. What it doesn't
/// change about policies is as it is now.
async fn read_row(connection: &impl ConnectionTrait, row: Row) -> Outcome<Draft> {
    let mut draft = Draft::try_from(row)?;
    read::name_unnamed(connection, [&mut draft.catalogue, &mut draft.base]).await?;
    if draft.state == "draft" || draft.state == "published" {
        let now = read::policies(connection).await?;
        draft.catalogue.policies = rebase_policies(&draft.base_policies, &draft.catalogue.policies, &now);
        draft.base.policies = now;
    }
    Ok(draft)
}

/// The published version whose day has come, if there is one.
pub(super) async fn due(connection: &impl ConnectionTrait, now: Moment) -> Outcome<Option<Draft>> {
    let text = format!("{COLUMNS} where state = 'published' and in_force_at <= $1");
    match sql::one::<Row>(connection, &text, [now.0.into()]).await? {
        Some(row) => Ok(Some(read_row(connection, row).await?)),
        None => Ok(None),
    }
}

/// The draft for a change, if it is as the page showed it and in that state.
pub(super) async fn claim(change: &Change<'_>, wanted: WantedDraft, state: &str) -> Outcome<Draft> {
    if change.service().database.is_postgres() {
        let text = "select row_version as number from catalogue_draft where id = $1 for update";
        sql::number(&change.transaction, text, [wanted.draft.0.into()]).await?;
    }
    let draft = find(&change.transaction, wanted.draft).await?;
    if draft.row_version != wanted.version {
        return Err(ErrorCode::Stale.into());
    }
    if draft.state != state {
        return Err(ErrorCode::WrongState.into());
    }
    Ok(draft)
}

/// Begins a draft.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; what [`file::read`] refuses; [`ErrorCode::TooLarge`]; the title's field.
pub async fn begin(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: BeginDraft,
) -> Outcome<CatalogueDraftId> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::DraftCatalogue)?;
    let title = String::from(Line::parse(Field::Title, &input.title, TITLE)?);
    let from_file = input.file.as_deref().map(file::read).transpose()?;
    let operation = Operation::new(operation, "begin_catalogue_draft", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    publish::keep(&change).await?;
    let in_force = read::in_force(&change.transaction).await?;
    let version = read::version(&change.transaction).await?;
    let base = file::write(&in_force)?;
    let is_file = from_file.is_some();
    let document = match from_file {
        Some(mut catalogue) => {
            read::name_unnamed(&change.transaction, [&mut catalogue]).await?;
            file::write(&catalogue)?
        }
        None => base.clone(),
    };
    // Read back, both are bound by what a file can have; as it is written here, a file may be longer.
    if document.len().max(base.len()) > file::LARGEST {
        return Err(ErrorCode::TooLarge.into());
    }
    let id = CatalogueDraftId(service.new_id());
    let text = "insert into catalogue_draft (id, title, state, document, base, base_version, drafted_by,
            drafted_at, changed_by, changed_at)
        values ($1, $2, 'draft', $3, $4, $5, $6, $7, $6, $7)";
    let values = [
        id.0.into(),
        title.clone().into(),
        document.into(),
        base.into(),
        version.into(),
        operator.account.0.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    if is_file {
        remember_editor(&mut change, id, &title, operator.account.0).await?;
    }
    change.record(event(AuditAction::CatalogueDrafted, id).after(title));
    change.tell(Changed::Queue);
    change.commit(id).await
}

/// Changes a draft; says how much it changes about the catalogue in force then.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`], [`ErrorCode::WrongState`] once it
/// is published; [`ErrorCode::CatalogueFaulty`] where the change itself brings a fault, and what [`Edit::check`] says.
pub async fn change(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: WantedDraft,
    edit: Edit,
) -> Outcome<usize> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::DraftCatalogue)?;
    let operation = Operation::new(operation, "change_catalogue_draft", &(wanted, &edit));
    let change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let draft = claim(&change, wanted, "draft").await?;
    let known = read::known(&change.transaction).await?;
    edit.check(&draft.catalogue, &draft.base, &known)?;
    let mut catalogue = draft.catalogue.clone();
    edit.apply(&mut catalogue);
    let faults = |of: &Catalogue| file::faults_of(of).into_iter().chain(faults_against(of, &known));
    let before: HashSet<Fault> = faults(&draft.catalogue).collect();
    let fresh: Vec<Fault> = faults(&catalogue).filter(|fault| !before.contains(fault)).collect();
    if let Some(first) = fresh.first() {
        return Err(publish_refusal(&fresh, first));
    }
    save(*change, &draft, &catalogue, operator.account.0).await
}

/// Whether somebody may change drafts at all.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], and as for every operator's use case.
pub fn may_change(request: &Request) -> Outcome<()> {
    rights::check_operator(request.operator()?, OperatorAction::DraftCatalogue)
}

/// Puts a file into the place of what a draft says; says how much it changes about the catalogue in force then.
/// Faults of the file stand on the draft's page, to be corrected, as with a draft that began from a file.
///
/// # Errors
/// As [`change`], but for the faults; what [`file::read`] refuses.
pub async fn replace(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: WantedDraft,
    text: &str,
) -> Outcome<usize> {
    may_change(request)?;
    let account = request.operator()?.account.0;
    let mut catalogue = file::read(text)?;
    let operation = Operation::new(operation, "replace_catalogue_draft", &(wanted, text));
    let change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let draft = claim(&change, wanted, "draft").await?;
    read::name_unnamed(&change.transaction, [&mut catalogue]).await?;
    // The file may be older than what somebody changed about policies.
    catalogue.policies = rebase_policies(&draft.base_policies, &catalogue.policies, &draft.base.policies);
    save(*change, &draft, &catalogue, account).await
}

/// Keeps what a draft says now, with whose hand was in it; how much that changes about what it began from.
async fn save(mut change: Change<'_>, draft: &Draft, catalogue: &Catalogue, account: Uuid) -> Outcome<usize> {
    let found = differences(&draft.base, catalogue).len();
    if draft.catalogue == *catalogue {
        return change.commit(found).await;
    }
    let changed = differences(&draft.catalogue, catalogue);
    let changed = changed.iter().map(|of| format!("{} {:?}", of.kind.code(), of.subject));
    // That a policy isn't named any more is no difference to the catalogue in force, but one to the draft.
    let unnamed = draft.catalogue.policies.keys().filter(|name| !catalogue.policies.contains_key(*name));
    let unnamed = unnamed.map(|name| format!("unnamed Policy({name:?})"));
    // A name of a faulty file can be longer than anybody reads, and this is kept for ever.
    let cut = |step: String| step.chars().take(200).collect::<String>();
    let mut steps: Vec<String> = changed.chain(unnamed).map(cut).take(20).collect();
    if steps.is_empty() {
        // Only what stood there twice, or was written otherwise.
        steps.push("document".to_owned());
    }
    // Also what it began from: policies may be others now, and tiers and areas have names.
    write(&change, draft.id, catalogue, (&draft.base, draft.base_version), account).await?;
    remember_editor(&mut change, draft.id, &draft.title, account).await?;
    change.record(event(AuditAction::CatalogueDraftChanged, draft.id).after(steps.join(", ")));
    change.tell(Changed::Queue);
    change.commit(found).await
}

/// Faults that a refusal names one by one.
const NAMED: usize = 20;

/// How faults are refused.
pub(super) fn publish_refusal(
    faults: &[domain::catalogue::Fault],
    first: &domain::catalogue::Fault,
) -> Failure {
    let error = domain::Error::new(ErrorCode::CatalogueFaulty);
    let number = i64::try_from(faults.len()).ok();
    let named = faults.iter().take(NAMED).cloned().collect();
    domain::Error { number, faults: named, ..error }.with_detail(first.place.clone()).into()
}

/// Brings a draft up to date with the catalogue in force: its own changes stay, the others come along.
///
/// # Errors
/// As [`change`].
pub async fn bring_up_to_date(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: WantedDraft,
) -> Outcome<usize> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::DraftCatalogue)?;
    let operation = Operation::new(operation, "bring_catalogue_draft_up_to_date", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // Before the draft, as with whoever publishes.
    publish::keep(&change).await?;
    let draft = claim(&change, wanted, "draft").await?;
    let in_force = read::in_force(&change.transaction).await?;
    let version = read::version(&change.transaction).await?;
    let catalogue = rebase(&draft.base, &draft.catalogue, &in_force);
    let found = differences(&in_force, &catalogue).len();
    write(&change, wanted.draft, &catalogue, (&in_force, version), operator.account.0).await?;
    change.record(
        event(AuditAction::CatalogueDraftChanged, wanted.draft).after(format!("up to date with {version}")),
    );
    change.tell(Changed::Queue);
    change.commit(found).await
}

/// Withdraws a draft, or a published version before its day.
///
/// # Errors
/// As [`change`]; for a published one the right to publish is needed.
pub async fn withdraw(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: WantedDraft,
) -> Outcome<()> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::DraftCatalogue)?;
    let operation = Operation::new(operation, "withdraw_catalogue_draft", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // A version whose day has come doesn't come into force while it is taken back.
    publish::lock(&change).await?;
    let state = find(&change.transaction, wanted.draft).await?.state;
    let state = if state == "published" { "published" } else { "draft" };
    if state == "published" {
        rights::check_operator(operator, OperatorAction::PublishCatalogue)?;
    }
    claim(&change, wanted, state).await?;
    let text =
        "update catalogue_draft set state = 'withdrawn', changed_at = $2, row_version = row_version + 1
        where id = $1";
    sql::run(&change.transaction, text, [wanted.draft.0.into(), change.now.0.into()]).await?;
    change.record(event(AuditAction::CatalogueDraftWithdrawn, wanted.draft).before(state));
    change.tell(Changed::Queue);
    change.commit(()).await
}

/// Whether somebody has had a hand in what a draft says: where a second person publishes, it is none of them.
pub(super) async fn is_editor(
    connection: &impl ConnectionTrait,
    draft: CatalogueDraftId,
    account: Uuid,
) -> Outcome<bool> {
    let text =
        "select count(*) as number from catalogue_editor where catalogue_draft_id = $1 and account_id = $2";
    Ok(sql::number(connection, text, [draft.0.into(), account.into()]).await? > 0)
}

/// Keeps whose hand was in a draft; those who could publish it hear that it waits for one of them.
async fn remember_editor(
    change: &mut Change<'_>,
    draft: CatalogueDraftId,
    title: &str,
    account: Uuid,
) -> Outcome<()> {
    second_person::tell(change, draft, title, account).await?;
    let text = "insert into catalogue_editor (catalogue_draft_id, account_id) values ($1, $2)
        on conflict (catalogue_draft_id, account_id) do nothing";
    sql::run(&change.transaction, text, [draft.0.into(), account.into()]).await?;
    Ok(())
}

/// What happened to a draft, in the programme's own chain.
pub(super) fn event(action: AuditAction, draft: CatalogueDraftId) -> Event {
    Event::new(programme_chain(), action, "catalogue_draft", draft)
}

async fn write(
    change: &Change<'_>,
    draft: CatalogueDraftId,
    catalogue: &Catalogue,
    (base, version): (&Catalogue, i64),
    account: Uuid,
) -> Outcome<()> {
    let (document, base) = (file::write(catalogue)?, file::write(base)?);
    if document.len().max(base.len()) > file::LARGEST {
        return Err(ErrorCode::TooLarge.into());
    }
    let text = "update catalogue_draft set document = $2, base = $3, base_version = $4, changed_by = $5,
            changed_at = $6, row_version = row_version + 1
        where id = $1";
    let values =
        [draft.0.into(), document.into(), base.into(), version.into(), account.into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}
