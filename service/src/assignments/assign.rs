//! Assigning seats: one person or several, never a silent part (rule 12).

use domain::benefit::may_start;
use domain::ids::{GrantId, OrganizationId, PersonId};
use domain::rights::Action;
use domain::seat::{AssignFacts, Shortage, allocate, check_assign, lock_until};
use domain::view::seats::AssignResult;
use domain::{AuditAction, Error, ErrorCode, Field, Language, Policies};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set, Value};
use uuid::Uuid;

use super::letters::{self, Holder};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products::{self, ProductTexts};
use crate::change::{Begun, Change};
use crate::entity::seat;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Failure, Outcome, Service, activations, policies, rights, sql};

/// So many people can be chosen at once.
pub const AT_ONCE: usize = 200;

/// Whom to give a seat of what.
#[derive(Clone, Debug)]
pub struct AssignSeats {
    /// The grant.
    pub grant: GrantId,
    /// The people, in the order in which they were chosen.
    pub people: Vec<PersonId>,
    /// What happens when the seats are too few; asked only then.
    pub shortage: Option<Shortage>,
    /// Support by assignment: the person's other address (rules 13, 17).
    pub alternate_email: Option<String>,
}

/// A person as the rules about seats see them.
#[derive(Clone, PartialEq, Eq, Debug, FromQueryResult)]
pub(crate) struct Candidate {
    pub(crate) id: Uuid,
    pub(crate) account_id: Uuid,
    pub(crate) full_name: String,
    pub(crate) sort_name: String,
    pub(crate) email: String,
    pub(crate) language: String,
    pub(crate) belongs: bool,
    pub(crate) invited: bool,
    pub(crate) holds_grant: bool,
    pub(crate) holds_product: bool,
}

impl Candidate {
    /// What the rules ask.
    pub(crate) const fn facts(&self) -> AssignFacts {
        AssignFacts {
            person_belongs: self.belongs,
            person_invited: self.invited,
            holds_this_grant: self.holds_grant,
            holds_same_product: self.holds_product,
        }
    }

    /// The reader's language.
    pub(crate) fn language(&self) -> Language {
        Language::from_tag(&self.language).unwrap_or_default()
    }
}

/// Columns of a [`Candidate`]; `$1` organization, `$2` grant, `$3` product.
pub(crate) const CANDIDATE: &str = "select p.id, p.account_id, a.full_name, p.sort_name, a.email, a.language,
        (p.status in ('active', 'invited') and a.status in ('active', 'invited')) as belongs,
        (p.status = 'invited' or a.status = 'invited') as invited,
        exists (select 1 from seat s where s.person_id = p.id and s.grant_id = $2 and s.released_at is null)
            as holds_grant,
        exists (select 1 from seat s join benefit_grant g on g.id = s.grant_id
            where s.person_id = p.id and g.product_id = $3 and g.id <> $2 and s.released_at is null) as holds_product
    from person p join account a on a.id = p.account_id
    where p.organization_id = $1";

/// Assigns seats, tells each holder by mail, and answers a request that was waiting.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a grant or a person of somebody else;
/// [`ErrorCode::NoSeatLeft`] with what is left, unless the chooser said "the first n";
/// [`ErrorCode::AlreadyHolds`] and the others of [`check_assign`] and [`may_start`].
pub async fn assign(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: AssignSeats,
) -> Outcome<AssignResult> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AssignUser, &policies).await?;
    check_size(&input)?;
    let operation = Operation::new(operation, "assign_seats", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    if !grant.kind.takes_seats(grant.unit, &policies) {
        return Err(ErrorCode::WrongKind.into());
    }
    may_start(&grant.facts, change.now)?;
    let people = candidates(&change.transaction, person.organization, &grant, &input.people).await?;
    for candidate in &people {
        check_assign(&candidate.facts(), &policies)
            .map_err(|error| error.with_detail(candidate.full_name.clone()))?;
    }
    let (assigned, left_out) = allocate(grant.capacity, people, input.shortage)?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    give(&mut change, person, &grant, &policies, &assigned, input.alternate_email.as_deref(), &texts).await?;
    let names = |people: Vec<Candidate>| people.into_iter().map(|person| person.full_name).collect();
    change.commit(AssignResult { assigned: names(assigned), left_out: names(left_out) }).await
}

fn check_size(input: &AssignSeats) -> Result<(), Error> {
    match input.people.len() {
        0 => Err(Error::field(Field::People, ErrorCode::Required)),
        count if count > AT_ONCE => Err(Error::field(Field::People, ErrorCode::TooLong)),
        _ => Ok(()),
    }
}

/// The people, in the order asked for, each once.
pub(crate) async fn candidates(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: &Grant,
    people: &[PersonId],
) -> Outcome<Vec<Candidate>> {
    let mut wanted: Vec<PersonId> = Vec::with_capacity(people.len());
    for person in people {
        if !wanted.contains(person) {
            wanted.push(*person);
        }
    }
    let mut values: Vec<Value> = vec![organization.0.into(), grant.id.0.into(), grant.product.0.into()];
    let places: Vec<String> = wanted
        .iter()
        .map(|person| {
            values.push(person.0.into());
            format!("${}", values.len())
        })
        .collect();
    let text = format!("{CANDIDATE} and p.id in ({})", places.join(", "));
    let mut found = sql::all::<Candidate>(connection, &text, values).await?;
    if found.len() != wanted.len() {
        return Err(ErrorCode::NotFound.into());
    }
    found.sort_by_key(|candidate| wanted.iter().position(|person| person.0 == candidate.id));
    Ok(found)
}

/// Writes the seats with all that goes with them; the one place where a seat comes into being.
pub(crate) async fn give(
    change: &mut Change<'_>,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    people: &[Candidate],
    alternate_email: Option<&str>,
    texts: &ProductTexts,
) -> Outcome<()> {
    let service = change.service();
    let now = change.now;
    let by_support = grant.category == domain::benefit::Category::Technical;
    let alternate = if by_support {
        Some(
            activations::by_assignment::alternate_email(&change.transaction, person, people, alternate_email)
                .await?,
        )
    } else {
        None
    };
    let locked_until = lock_until(now, policies).map(|moment| moment.0);
    let mut seats = Vec::with_capacity(people.len());
    for candidate in people {
        let id = service.new_id();
        seats.push(seat::ActiveModel {
            id: Set(id),
            organization_id: Set(grant.organization.0),
            grant_id: Set(grant.id.0),
            pool_id: Set(grant.pool.0),
            person_id: Set(candidate.id),
            alternate_email: Set(alternate.clone()),
            assigned_at: Set(now.0),
            assigned_by: Set(person.id.0),
            locked_until: Set(locked_until),
            released_at: Set(None),
            released_by: Set(None),
            release_reason: Set(None),
            row_version: Set(1),
        });
        change.record(
            Event::new(grant.organization, AuditAction::SeatAssigned, "seat", id)
                .grant(grant.id)
                .person(candidate.id)
                .after(format!("grant {} person {}", grant.id, candidate.id)),
        );
        if !by_support {
            change.post(welcome(grant, candidate, &person.name, texts)?);
        }
    }
    seat::Entity::insert_many(seats).exec_without_returning(&change.transaction).await?;
    if by_support {
        for candidate in people {
            activations::by_assignment::request(
                change,
                person,
                grant,
                candidate,
                alternate.as_deref(),
                texts,
            )
            .await?;
        }
    }
    answer_requests(change, person, grant, people).await?;
    change.tell(Changed::Grant(grant.organization, grant.id));
    Ok(())
}

/// A request that waits is answered by the seat, whoever gave it.
async fn answer_requests(
    change: &Change<'_>,
    person: &Person,
    grant: &Grant,
    people: &[Candidate],
) -> Result<(), Failure> {
    let mut values: Vec<Value> = vec![grant.id.0.into(), change.now.0.into(), person.id.0.into()];
    let places: Vec<String> = people
        .iter()
        .map(|candidate| {
            values.push(candidate.id.into());
            format!("${}", values.len())
        })
        .collect();
    let text = format!(
        "update seat_request set state = 'granted', decided_at = $2, decided_by = $3
        where grant_id = $1 and state = 'requested' and person_id in ({})",
        places.join(", ")
    );
    sql::run(&change.transaction, &text, values).await?;
    Ok(())
}

fn welcome(grant: &Grant, candidate: &Candidate, by: &str, texts: &ProductTexts) -> Outcome<Letter> {
    let holder = Holder {
        organization: grant.organization,
        account: candidate.account_id.into(),
        name: &candidate.full_name,
        email: &candidate.email,
        language: candidate.language(),
    };
    let product = texts.of(holder.language)?;
    Ok(letters::assigned(&holder, product, grant.kind.has_key(), grant.portal_url.as_deref(), by))
}
