//! What the companies of the large programme asked the operators for, and what came of it.

use domain::benefit::SourceLabel;
use domain::support::AdvisoryDraft;
use domain::view::requests::RequestState;
use domain::{ActivationState, Language, Moment};
use uuid::Uuid;

use super::plan::{About, Asked, HOURS};
use super::write::Writing;
use crate::queue::record_use;
use crate::{Failure, Outcome, sql};

/// Days for which a go-to-market benefit runs.
const ACTIVE_DAYS: i64 = 180;
/// Why operators refuse.
const REFUSED: &str = "It was asked for twice.";

/// What companies ask consultants about.
const SUBJECTS: [&str; 6] = [
    "Moving mail of three sites into one tenant",
    "Review of the network before a second region",
    "Sizing of a database for year-end",
    "Signing in with one account everywhere",
    "Backup of what must not be lost",
    "A first app for the people in the field",
];

/// What a request is bound to.
#[derive(Default)]
struct Bound {
    grant: Option<Uuid>,
    activation: Option<Uuid>,
    line: Option<Uuid>,
    order: Option<Uuid>,
    title: String,
    details: String,
}

/// Writes the company's requests, after everything else.
pub(super) fn write(writing: &mut Writing<'_>) -> Outcome<()> {
    let company = writing.company;
    for asked in &company.requests {
        let bound = match asked.about {
            About::Advisory => advisory(writing, asked)?,
            About::Activation(product) => activation(writing, asked, product)?,
            About::Cancellation => cancellation(writing)?,
            About::Payment(place) => payment(writing, place)?,
        };
        let by = writing.admin()?.person;
        let owner = asked.owner.map(|number| writing.book.agent(number));
        let open = asked.decided_at.is_none();
        writing.tables.service_request.push([
            writing.service.new_id().into(),
            asked.number.into(),
            writing.organization.into(),
            asked.about.kind().code().into(),
            state(asked).code().into(),
            open.into(),
            bound.grant.into(),
            bound.activation.into(),
            bound.line.into(),
            bound.order.into(),
            bound.title.as_str().into(),
            sql::folded(&bound.title).into(),
            bound.details.into(),
            by.into(),
            asked.at.0.into(),
            asked.target_at.0.into(),
            owner.into(),
            asked.decided_at.map(|at| at.0).into(),
            owner.filter(|_| !open).into(),
            asked.refused.then_some(REFUSED).into(),
        ]);
        if open {
            writing.summary.open_requests += 1;
        } else {
            writing.summary.done_requests += 1;
        }
    }
    Ok(())
}

const fn state(asked: &Asked) -> RequestState {
    match (asked.decided_at, asked.refused, asked.owner) {
        (Some(_), true, _) => RequestState::Refused,
        (Some(_), false, _) => RequestState::Completed,
        (None, _, Some(_)) => RequestState::Processing,
        (None, _, None) => RequestState::Requested,
    }
}

/// Hours of a consultant; what was delivered is on record with the number of its request.
fn advisory(writing: &mut Writing<'_>, asked: &Asked) -> Outcome<Bound> {
    let company = writing.company;
    let grant = writing.grant(SourceLabel::core_of(company.tier), "advisory_hours")?.id;
    let subject = usize::try_from(asked.number).unwrap_or(0) % SUBJECTS.len();
    let title = SUBJECTS.get(subject).copied().unwrap_or_default().to_owned();
    let draft = AdvisoryDraft {
        phase: "design".to_owned(),
        environment: "hybrid".to_owned(),
        title: title.clone(),
        description: format!("{title}. We need a second opinion before we decide; mornings suit us best."),
        product: "Visual Studio".to_owned(),
        country: company.country.to_owned(),
        language: company.language.tag().to_owned(),
        phone: "+44 1632 960 017".to_owned(),
        time_zone: company.time_zone.to_owned(),
        working_hours: "08:00–16:00".to_owned(),
        grant: grant.to_string(),
        hours: HOURS.to_string(),
    };
    let details = serde_json::to_string(&draft)
        .map_err(|_| Failure::broken("service_request", "details", &company.domain))?;
    if let Some(delivered) = asked.decided_at.filter(|_| !asked.refused) {
        writing.tables.balance_entry.push([
            writing.service.new_id().into(),
            writing.organization.into(),
            grant.into(),
            "hour".into(),
            HOURS.into(),
            format!("{}by phone", record_use::prefix(asked.number)).into(),
            writing.book.agent(asked.owner.unwrap_or(0)).into(),
            delivered.0.into(),
        ]);
    }
    Ok(Bound { grant: Some(grant), title, details, ..Bound::default() })
}

/// A go-to-market benefit: the activation itself stands in a row of its own.
fn activation(writing: &mut Writing<'_>, asked: &Asked, product: &str) -> Outcome<Bound> {
    let grant = writing.grant(SourceLabel::ActionPack, product)?;
    let title = writing.book.product(grant.product)?.texts.of(Language::English)?.name.clone();
    let id = writing.service.new_id();
    let by = writing.admin()?.person;
    let (state, expires_at) = becomes(writing, asked);
    let begun = asked.decided_at.filter(|_| !asked.refused);
    let agent = writing.book.agent(asked.owner.unwrap_or(0));
    writing.tables.activation.push([
        id.into(),
        writing.organization.into(),
        grant.id.into(),
        state.code().into(),
        by.into(),
        asked.at.0.into(),
        asked.target_at.0.into(),
        asked.decided_at.map(|at| at.0).into(),
        asked.decided_at.map(|_| agent).into(),
        begun.map(|at| writing.zone.start_of(writing.zone.day_of(at)).0).into(),
        expires_at.map(|at| at.0).into(),
        asked.refused.then_some(REFUSED).into(),
    ]);
    Ok(Bound {
        grant: Some(grant.id),
        activation: Some(id),
        title,
        details: "{}".to_owned(),
        ..Bound::default()
    })
}

/// What became of an activation, and until when it runs.
fn becomes(writing: &Writing<'_>, asked: &Asked) -> (ActivationState, Option<Moment>) {
    match (asked.decided_at, asked.refused, asked.owner) {
        (Some(_), true, _) => (ActivationState::Refused, None),
        (Some(at), false, _) => {
            let last = writing.zone.day_of(at).plus_days(ACTIVE_DAYS);
            (ActivationState::Active, Some(writing.zone.end_of(last)))
        }
        (None, _, Some(_)) => (ActivationState::Processing, None),
        (None, _, None) => (ActivationState::Requested, None),
    }
}

/// The state in which a benefit is by what was asked about it, and until when it runs.
pub(super) fn activation_of(
    writing: &Writing<'_>,
    source: SourceLabel,
    product: &str,
) -> (ActivationState, Option<Moment>) {
    let about = |asked: &&Asked| matches!(asked.about, About::Activation(code) if code == product);
    let asked = writing.company.requests.iter().find(about).filter(|_| source == SourceLabel::ActionPack);
    asked.map_or((ActivationState::Available, None), |asked| becomes(writing, asked))
}

/// The highest level is to be cancelled.
fn cancellation(writing: &Writing<'_>) -> Outcome<Bound> {
    let company = writing.company;
    let bought = writing.bought(company.purchases.len().saturating_sub(1))?;
    let details = serde_json::json!({ "reason": "bought_by_mistake", "note": "" });
    Ok(Bound {
        line: Some(bought.line),
        title: writing.book.offer(company.tier)?.name(Language::English),
        details: details.to_string(),
        ..Bound::default()
    })
}

/// The money of a transfer, which was found.
fn payment(writing: &Writing<'_>, place: usize) -> Outcome<Bound> {
    let bought = writing.bought(place)?;
    let number = writing.company.purchases.get(place).map_or(0, |purchase| purchase.order_number);
    Ok(Bound {
        line: Some(bought.line),
        order: Some(bought.order),
        title: number.to_string(),
        details: "{}".to_owned(),
        ..Bound::default()
    })
}
