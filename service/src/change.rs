//! One transaction for one use case: the change, its audit events, its mail and its notices are
//! written together or not at all, and open pages hear of it only after the commit.

use domain::Moment;
use domain::ids::OrganizationId;
use sea_orm::{DatabaseTransaction, EntityTrait, Set};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::{self, Event};
use crate::entity::notice;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::{self, Letter};
use crate::request::Request;
use crate::wording::Wordings;
use crate::{Outcome, Service};

/// A transaction under way, with what is to be written beside it.
pub struct Change<'a> {
    /// Where the use case reads and writes.
    pub transaction: DatabaseTransaction,
    /// The moment at which it happens.
    pub now: Moment,
    service: &'a Service,
    request: &'a Request,
    operation: Option<Operation>,
    events: Vec<Event>,
    letters: Vec<Letter>,
    changed: Vec<Changed>,
}

/// A fresh transaction, or the outcome that the same operation had before.
pub enum Begun<'a, T> {
    /// Nothing happened yet.
    New(Box<Change<'a>>),
    /// The operation was carried out before, with this outcome.
    Before(T),
}

impl<'a> Change<'a> {
    /// Begins a use case that a form or a call asks for.
    ///
    /// # Errors
    /// [`Failure::Database`] where the database is away, or as [`Operation::earlier`].
    pub async fn begin<T: DeserializeOwned>(
        service: &'a Service,
        request: &'a Request,
        operation: Operation,
    ) -> Outcome<Begun<'a, T>> {
        let account = request.account()?;
        let transaction = service.database.begin().await?;
        if service.database.is_postgres() {
            operation.wait_for_its_like(&transaction).await?;
        }
        if let Some(outcome) = operation.earlier(&transaction, account).await? {
            return Ok(Begun::Before(outcome));
        }
        let mut change = Self::over(service, request, transaction);
        change.operation = Some(operation);
        Ok(Begun::New(Box::new(change)))
    }

    /// Begins a change that no form asks for: the worker, a command, a sign-in.
    ///
    /// # Errors
    /// [`Failure::Database`] where the database is away.
    pub async fn begin_unasked(service: &'a Service, request: &'a Request) -> Outcome<Self> {
        Ok(Self::over(service, request, service.database.begin().await?))
    }

    fn over(service: &'a Service, request: &'a Request, transaction: DatabaseTransaction) -> Self {
        Self {
            transaction,
            now: service.now(),
            service,
            request,
            operation: None,
            events: Vec::new(),
            letters: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// Adds an audit event; it is written by the commit, or nothing is.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Adds a mail, and the notice in the portal that goes with it for people who have an account.
    pub fn post(&mut self, letter: impl Into<Option<Letter>>) {
        self.letters.extend(letter.into());
    }

    /// Says what open pages have to read again.
    pub fn tell(&mut self, changed: Changed) {
        if !self.changed.contains(&changed) {
            self.changed.push(changed);
        }
    }

    /// The service that the change belongs to.
    #[must_use]
    pub const fn service(&self) -> &'a Service {
        self.service
    }

    /// Who asks.
    #[must_use]
    pub const fn request(&self) -> &'a Request {
        self.request
    }

    /// Writes events, mail, notices and the operation's outcome, commits, and tells open pages.
    ///
    /// # Errors
    /// [`Failure::Database`]; nothing of the change has happened then.
    pub async fn commit<T: Serialize>(self, outcome: T) -> Outcome<T> {
        let Self { transaction, now, service, request, operation, events, letters, changed } = self;
        if !letters.is_empty() {
            let wordings = Wordings::of(&transaction, letters.iter().map(|letter| letter.kind)).await?;
            let notices = notices(service, &letters, &wordings, now);
            outbox::write(service, &transaction, letters, &wordings, now).await?;
            if !notices.is_empty() {
                notice::Entity::insert_many(notices).exec_without_returning(&transaction).await?;
            }
        }
        if let Some(operation) = operation {
            operation.note(&transaction, request.account()?, &outcome, now.0).await?;
        }
        let actions: Vec<_> = events.iter().map(|event| event.action).collect();
        // Last, because it is the row on which changes of one organization wait for each other.
        audit::write(service, &transaction, request, events, now).await?;
        transaction.commit().await?;
        service.counts.recorded(&actions);
        for changed in changed {
            service.live.tell(changed);
        }
        Ok(outcome)
    }
}

/// The notices in the portal that stand beside letters to people who have an account.
fn notices(
    service: &Service,
    letters: &[Letter],
    wordings: &Wordings,
    now: Moment,
) -> Vec<notice::ActiveModel> {
    let of = |letter: &Letter| {
        let (account, title, link) = letter.notice(wordings)?;
        Some(notice::ActiveModel {
            id: Set(service.new_id()),
            organization_id: Set(letter.organization.map(|id| id.0)),
            account_id: Set(account.0),
            title: Set(title),
            link: Set(link),
            created_at: Set(now.0),
            read_at: Set(None),
            kind: Set(letter.kind.to_owned()),
            due_on: Set(letter.dates.iter().map(|date| date.day).min().map(|day| day.to_string())),
        })
    };
    letters.iter().filter_map(of).collect()
}

/// The chain that programme-wide events belong to: no organization has this id.
#[must_use]
pub const fn programme_chain() -> OrganizationId {
    OrganizationId(uuid::Uuid::nil())
}
