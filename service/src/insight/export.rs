//! The figures as files: every product and month of what the page looks at, no more than [`domain::insight::Span`]
//! allows. Taking them away is recorded before anything is read.

use domain::benefit::{Category, Unit};
use domain::ids::OrganizationId;
use domain::insight::{Figures, Month, Span};
use domain::moment::Zone;
use domain::rights::{Action, OperatorAction};
use domain::view::insight::{Completion, LowPool, Money, UnusedOfCompany};
use domain::{AuditAction, Language};

use super::programme::{completions, low, money};
use super::unused;
use super::usage::{Of, facts, latest, names};
use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::request::Request;
use crate::{Outcome, Service, policies, rights};

/// The figures of a product in a month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// Which month.
    pub month: Month,
    /// Category.
    pub category: Category,
    /// Product in the reader's language; none for all products of the unit.
    pub product: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// The figures.
    pub figures: Figures,
}

/// What operators take away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Programme {
    /// The use over all companies.
    pub usage: Vec<Exported>,
    /// How long requests took.
    pub completions: Vec<Completion>,
    /// What came in and went back.
    pub money: Vec<Money>,
    /// Pools that run low.
    pub low: Vec<LowPool>,
    /// What is left and ends first.
    pub unused: Vec<UnusedOfCompany>,
}

/// A company's figures.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn company(
    service: &Service,
    request: &Request,
    language: Language,
    span: Span,
) -> Outcome<Vec<Exported>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    record(service, request, person.organization, span).await?;
    let current = Month::of(person.zone().day_of(service.now()));
    exported(service, Of::Company(person.organization), language, current, span).await
}

/// The figures of the programme.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`].
pub async fn programme(
    service: &Service,
    request: &Request,
    language: Language,
    span: Span,
) -> Outcome<Programme> {
    rights::check_operator(request.operator()?, OperatorAction::ReadEverything)?;
    record(service, request, programme_chain(), span).await?;
    let zone = Zone::named("UTC");
    let current = Month::of(zone.day_of(service.now()));
    let first = current.plus(1 - i64::from(span.months()));
    let reader = service.database.reader();
    Ok(Programme {
        usage: exported(service, Of::Everybody, language, current, span).await?,
        completions: completions(reader, first).await?,
        money: money(reader, first, &zone).await?,
        low: low(reader, language, &zone).await?,
        unused: unused::of_all(reader, language, &zone, service.now(), unused::LOOKED_AT).await?,
    })
}

async fn record(service: &Service, request: &Request, chain: OrganizationId, span: Span) -> Outcome<()> {
    let mut change = Change::begin_unasked(service, request).await?;
    change.record(
        Event::new(chain, AuditAction::InsightExported, "insight", "file")
            .after(format!("months {}", span.months())),
    );
    change.commit(()).await
}

async fn exported(
    service: &Service,
    of: Of,
    language: Language,
    current: Month,
    span: Span,
) -> Outcome<Vec<Exported>> {
    let reader = service.database.reader();
    let latest = latest(reader, of, current).await?;
    let first = latest.plus(1 - i64::from(span.months()));
    let names = names(reader, language).await?;
    Ok(facts(reader, of, first, latest)
        .await?
        .into_iter()
        .map(|fact| Exported {
            month: fact.month,
            category: fact.category,
            product: fact.product.map(|product| names.get(&product).cloned().unwrap_or_default()),
            unit: fact.unit,
            figures: fact.figures,
        })
        .collect())
}
