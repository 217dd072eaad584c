//! What waits for somebody: requests in the operators' queue, requests for a seat.

use domain::Language;
use domain::support::AdvisoryDraft;
use uuid::Uuid;

use super::calendar::At;
use super::files::{Advisory, Cancellation, Company, Request, SeatWish, broken};
use super::in_use::{InUse, Waiting, grant_and_pool};
use super::rows::Rows;
use crate::entity::{seat_request, service_request};
use crate::{Outcome, sql};

/// Working days within which a consultant answers.
const ADVISORY_TARGET: u16 = 2;
/// Working days within which a cancellation is decided.
const CANCELLATION_TARGET: u16 = 10;

impl InUse<'_> {
    /// Writes the request with which an activation waits in the queue; operators read its title.
    pub(super) fn activation_waits(&self, product: &str, waiting: Waiting, rows: &mut Rows) -> Outcome<()> {
        let title = self.catalogue.item(product)?.file.name.of(Language::English).clone();
        rows.service_request.push(service_request::Model {
            state: waiting.state.code().to_owned(),
            grant_id: Some(waiting.grant),
            activation_id: Some(waiting.activation),
            title_key: sql::folded(&title),
            title,
            requested_at: waiting.requested_at,
            target_at: waiting.target_at,
            owner_id: waiting.owner,
            ..self.open_request("activation", waiting.requested_by)
        });
        Ok(())
    }

    /// Writes a request of the file.
    pub(super) fn request(&self, company: &Company, file: &Request, rows: &mut Rows) -> Outcome<()> {
        match file {
            Request::Advisory(advisory) => self.advisory(company, advisory, rows),
            Request::Seat(wish) => self.seat_wish(wish, rows),
            Request::Cancellation(cancellation) => self.cancellation(cancellation, rows),
        }
    }

    fn advisory(&self, company: &Company, file: &Advisory, rows: &mut Rows) -> Outcome<()> {
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, _) = grant_and_pool(rows, place)?;
        let subject = self.catalogue.item(&file.subject_product)?;
        let draft = AdvisoryDraft {
            phase: file.phase.clone(),
            environment: file.environment.clone(),
            title: file.title.clone(),
            description: file.description.clone(),
            product: subject.file.name.of(company.language).clone(),
            country: file.country.clone(),
            language: file.language.tag().to_owned(),
            phone: file.phone.clone(),
            time_zone: file.time_zone.clone(),
            working_hours: file.working_hours.clone(),
            grant: grant_id.to_string(),
            hours: file.hours.to_string(),
        };
        let fault = |what: String| broken("companies.toml", format!("request {}: {what}", file.title));
        // The sample asks for nothing that the form would refuse.
        draft.parse().map_err(|error| fault(format!("{:?}", error.fields)))?;
        rows.service_request.push(service_request::Model {
            state: if file.taken_by.is_some() { "processing" } else { "requested" }.to_owned(),
            grant_id: Some(grant_id),
            title: file.title.clone(),
            title_key: sql::folded(&file.title),
            details: serde_json::to_string(&draft).map_err(|error| fault(error.to_string()))?,
            requested_at: self.calendar.ago(file.days_ago, At::Asked).0,
            target_at: self.calendar.target(file.days_ago, ADVISORY_TARGET).0,
            owner_id: file.taken_by.as_deref().map(|email| self.staff.operator(email)).transpose()?,
            ..self.open_request("advisory", self.staff.member(&file.by)?.person)
        });
        Ok(())
    }

    fn cancellation(&self, file: &Cancellation, rows: &mut Rows) -> Outcome<()> {
        let (_, offer) = self.catalogue.offer(&file.offer)?;
        let details = serde_json::json!({
            "reason": file.reason.code(),
            "note": file.note.as_deref().unwrap_or_default(),
        });
        rows.service_request.push(service_request::Model {
            order_line_id: Some(self.membership.line(&file.offer)?),
            title: offer.name.of(Language::English).clone(),
            title_key: sql::folded(offer.name.of(Language::English)),
            details: details.to_string(),
            requested_at: self.calendar.ago(file.days_ago, At::Asked).0,
            target_at: self.calendar.target(file.days_ago, CANCELLATION_TARGET).0,
            ..self.open_request("cancellation", self.staff.member(&file.by)?.person)
        });
        Ok(())
    }

    fn seat_wish(&self, file: &SeatWish, rows: &mut Rows) -> Outcome<()> {
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, _) = grant_and_pool(rows, place)?;
        rows.seat_request.push(seat_request::Model {
            id: self.service.new_id(),
            organization_id: self.staff.organization,
            grant_id,
            person_id: self.staff.member(&file.by)?.person,
            note: file.note.clone().unwrap_or_default(),
            state: "requested".to_owned(),
            requested_at: self.calendar.ago(file.days_ago, At::Asked).0,
            decided_at: None,
            decided_by: None,
            reason: None,
        });
        Ok(())
    }

    /// An open request about nothing in particular yet.
    fn open_request(&self, kind: &str, requested_by: Uuid) -> service_request::Model {
        service_request::Model {
            id: self.service.new_id(),
            // Given out by age once every company's requests are there.
            number: 0,
            organization_id: self.staff.organization,
            kind: kind.to_owned(),
            state: "requested".to_owned(),
            open: true,
            grant_id: None,
            activation_id: None,
            order_line_id: None,
            title: String::new(),
            title_key: String::new(),
            details: "{}".to_owned(),
            requested_by,
            requested_at: 0,
            target_at: 0,
            owner_id: None,
            decided_at: None,
            decided_by: None,
            reason: None,
            row_version: 1,
        }
    }
}
