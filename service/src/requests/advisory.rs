//! Presales assistance and advisory hours: one form, a number at once, hours deducted when an
//! operator records the delivery (rule 15).

use domain::benefit::{ProductKind, may_use};
use domain::operation::OperationId;
use domain::rights::{self as domain_rights, Action};
use domain::support::{AdvisoryDraft, AdvisoryRequest, charge, left};
use domain::view::requests::RequestKind;
use domain::view::technical::{AdvisoryPage, ChargeChoice};
use domain::{AuditAction, Error, ErrorCode, Language, Moment};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{NewRequest, list, open, target};
use crate::activations::view::available_to;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// What the form offers: benefits to charge, the company's time zone, requests so far.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`].
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    chosen: Option<String>,
) -> Outcome<AdvisoryPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let choices = choices(service, person, language).await?;
    let chosen = chosen
        .filter(|id| choices.iter().any(|choice| choice.grant == *id && choice.why_closed.is_none()))
        .or_else(|| {
            choices.iter().find(|choice| choice.why_closed.is_none()).map(|choice| choice.grant.clone())
        });
    let of_company = domain_rights::may(&person.roles, Action::OpenBenefits, &policies).is_ok();
    Ok(AdvisoryPage {
        why_not: rights::why_not(reader, person, Action::RequestSupport, &policies).await?,
        grants: choices,
        available_to: available_to(reader, ProductKind::AdvisoryHours, language).await?,
        chosen,
        time_zone: person.time_zone.clone(),
        requests: list::advisory(service, person, language, of_company).await?,
        target_days: policies.target_days.advisory,
    })
}

/// The benefits that can be charged, what ends first on top (rule 12).
async fn choices(service: &Service, person: &Person, language: Language) -> Outcome<Vec<ChargeChoice>> {
    #[derive(FromQueryResult)]
    struct Named {
        product_id: Uuid,
        name: String,
    }
    #[derive(FromQueryResult)]
    struct Used {
        pool_id: Uuid,
        hours: i64,
    }
    let reader = service.database.reader();
    let organization = person.organization;
    let granted = grants::of_kinds(reader, organization, TAKING_REQUESTS).await?;
    let text = "select distinct t.product_id, t.name from product_text t
        join benefit_grant g on g.product_id = t.product_id
        where g.organization_id = $1 and g.category = 'technical' and t.language = $2";
    let names = sql::all::<Named>(reader, text, [organization.0.into(), language.tag().into()]).await?;
    let text = "select g.pool_id, cast(sum(b.amount) as bigint) as hours
        from balance_entry b join benefit_grant g on g.id = b.grant_id
        where g.organization_id = $1 and b.kind = 'hour' group by g.pool_id";
    let used = sql::all::<Used>(reader, text, [organization.0.into()]).await?;
    let programme = ProgrammeNames::of(reader, language).await?;
    granted
        .into_iter()
        .map(|grant| {
            let name = names.iter().find(|named| named.product_id == grant.product.0);
            let used = used.iter().find(|used| used.pool_id == grant.pool.0).map_or(0, |used| used.hours);
            Ok(ChargeChoice {
                grant: grant.id.to_string(),
                name: name
                    .map(|named| named.name.clone())
                    .ok_or_else(|| Failure::broken("product_text", "name", grant.product))?,
                left: left(grant.capacity.quantity, [used]),
                why_closed: closed(&grant, service.now()),
                source_name: programme.of_grant(&grant.source, grant.area.as_deref()),
                source: grant.source,
            })
        })
        .collect()
}

/// Submits a request for presales assistance or advisory hours. Gives its number, which goes to the
/// requester by mail too.
///
/// # Errors
/// Every fault of the form at once; [`ErrorCode::NotFound`] for a grant of somebody else;
/// [`ErrorCode::WrongKind`] for one without hours; [`ErrorCode::BalanceTooLow`] with what is left;
/// [`ErrorCode::ReadOnly`] and those of [`may_use`].
pub async fn submit(
    service: &Service,
    request: &Request,
    operation: OperationId,
    draft: AdvisoryDraft,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::RequestSupport, &policies).await?;
    let asked = draft.parse()?;
    let operation = Operation::new(operation, "submit_advisory", &draft);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let grant = grants::find(&change.transaction, person.organization, asked.grant).await?;
    if !takes_requests(grant.kind) {
        return Err(ErrorCode::WrongKind.into());
    }
    if let Some(error) = closed(&grant, change.now) {
        return Err(error.into());
    }
    charge(hours_left(&change.transaction, &grant).await?, asked.hours.get())?;
    let zone = person.zone();
    let target = target(&change, RequestKind::Advisory, &zone).await?;
    let title = asked.title.as_str().to_owned();
    let new = NewRequest {
        kind: RequestKind::Advisory,
        grant: Some(grant.id),
        activation: None,
        title: title.clone(),
        details: serde_json::to_string(&kept(&asked))
            .map_err(|_| Failure::broken("service_request", "details", grant.id))?,
        target,
    };
    let number = open(&mut change, person, new).await?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    let product = texts.of(person.language)?;
    change.post(Letter {
        organization: Some(person.organization),
        account: Some(person.account),
        recipient: person.email.clone(),
        language: person.language,
        kind: "advisory_submitted",
        values: vec![
            ("person", person.name.clone()),
            ("number", number.to_string()),
            ("title", title),
            ("product", product.name.clone()),
            ("hours", asked.hours.to_string()),
            ("target", format::date(person.language, zone.day_of(target))),
            ("instructions", products::numbered(&product.instructions)),
        ],
        path: "/requests".to_owned(),
        secret: None,
        dates: Vec::new(),
    });
    change.record(
        Event::new(person.organization, AuditAction::AdvisoryRequested, "service_request", number)
            .grant(grant.id)
            .after(format!("grant {} hours {}", grant.id, asked.hours)),
    );
    change.tell(Changed::Grant(person.organization, grant.id));
    change.commit(number).await
}

/// Kinds whose hours are asked for with the form.
const TAKING_REQUESTS: &[ProductKind] = &[ProductKind::AdvisoryHours, ProductKind::PresalesDeployment];

/// Whether hours of the kind are asked for with the form.
#[must_use]
pub(crate) fn takes_requests(kind: ProductKind) -> bool {
    TAKING_REQUESTS.contains(&kind)
}

/// Hours that the ledger leaves; none is unlimited. Grants of one pool draw on the same hours.
pub(crate) async fn hours_left(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<Option<i64>> {
    let text = "select cast(sum(b.amount) as bigint) as number from balance_entry b
        join benefit_grant g on g.id = b.grant_id where g.pool_id = $1 and b.kind = 'hour'";
    let used = sql::number(connection, text, [grant.pool.0.into()]).await?;
    Ok(left(grant.capacity.quantity, [used]))
}

fn closed(grant: &Grant, now: Moment) -> Option<Error> {
    if grant.facts.read_only {
        return Some(ErrorCode::ReadOnly.into());
    }
    may_use(&grant.facts, now).err()
}

/// The form as it was checked, for whoever works on it.
fn kept(asked: &AdvisoryRequest) -> AdvisoryDraft {
    AdvisoryDraft {
        phase: asked.phase.code().to_owned(),
        environment: asked.environment.code().to_owned(),
        title: asked.title.as_str().to_owned(),
        description: asked.description.as_str().to_owned(),
        product: asked.product.as_str().to_owned(),
        country: asked.country.as_str().to_owned(),
        language: asked.language.as_str().to_owned(),
        phone: asked.phone.as_str().to_owned(),
        time_zone: asked.time_zone.as_str().to_owned(),
        working_hours: asked.working_hours.as_str().to_owned(),
        grant: asked.grant.to_string(),
        hours: asked.hours.to_string(),
    }
}
