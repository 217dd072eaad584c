//! Forms about offers, orders and payments.

use domain::Field;
use domain::order::PaymentState;
use domain::view::form::Done;
use service::Outcome;
use service::purchases::card::{self, PayByCard};
use service::purchases::competencies::{self, Competency};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::renew::{self, RenewHolding};
use service::purchases::tier_change::{self, ChangeTier};
use service::purchases::transfer;
use service::queue::{Wanted, complete};

use super::operator::refuse_request;
use super::submission::{Performed, Reader, Submission, said};

fn wanted(form: &Submission) -> Outcome<WantedOrder> {
    let number = form.text("target").parse().map_err(|_| domain::ErrorCode::NotFound)?;
    Ok(WantedOrder { number, version: form.version()? })
}

fn on_order(message: impl Into<String>, number: i64) -> Performed {
    Done { message: message.into(), go: Some(format!("/orders/{number}")), ..Done::default() }.into()
}

pub(super) async fn place(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = PlaceOrder {
        // An offer is ordered once for each area: both make the target of its form.
        offer: form.text("target").split(':').next().unwrap_or_default().to_owned(),
        area: form.field(Field::Area).to_owned(),
        agreement: form.version()?,
        accepted: form.field(Field::Accept) == "true",
    };
    let number = place::place(reader.service, reader.request, form.operation()?, input).await?;
    Ok(on_order(reader.texts().orders_done_placed(number), number))
}

pub(super) async fn renew(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = RenewHolding {
        holding: form.id("target")?,
        agreement: form.version()?,
        accepted: form.field(Field::Accept) == "true",
    };
    let number = renew::renew(reader.service, reader.request, form.operation()?, input).await?;
    Ok(on_order(reader.texts().orders_done_placed(number), number))
}

pub(super) async fn change_tier(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ChangeTier {
        holding: form.id("target")?,
        agreement: form.version()?,
        accepted: form.field(Field::Accept) == "true",
    };
    let number = tier_change::change(reader.service, reader.request, form.operation()?, input).await?;
    Ok(on_order(reader.texts().orders_done_placed(number), number))
}

pub(super) async fn take_back_tier_change(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let operation = form.operation()?;
    let number = tier_change::take_back(reader.service, reader.request, operation, wanted(form)?).await?;
    Ok(said(reader.texts().tier_change_done_taken_back(number)))
}

pub(super) async fn cancel(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = place::cancel(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().orders_done_cancelled(number)))
}

fn after(reader: &Reader<'_>, state: PaymentState, number: i64) -> Performed {
    let texts = reader.texts();
    said(match state {
        PaymentState::Paid => texts.orders_done_paid(number),
        PaymentState::Confirmation => texts.orders_done_confirmation().to_owned(),
        PaymentState::Started | PaymentState::Unknown => texts.orders_done_unknown().to_owned(),
        PaymentState::Declined | PaymentState::Cancelled => texts.orders_done_declined().to_owned(),
    })
}

pub(super) async fn pay_by_card(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let order = wanted(form)?;
    let input = PayByCard { order, card: form.field(Field::Card).to_owned() };
    let state = card::pay(reader.service, reader.request, form.operation()?, input).await?;
    Ok(after(reader, state, order.number))
}

pub(super) async fn confirm_card(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = form.text("target").parse().map_err(|_| domain::ErrorCode::NotFound)?;
    let confirmed = form.text("decision") == "confirmed";
    let state = card::confirm(reader.service, reader.request, form.operation()?, number, confirmed).await?;
    Ok(after(reader, state, number))
}

pub(super) async fn pay_by_transfer(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = transfer::choose(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().orders_done_transfer(number)))
}

pub(super) async fn decide_payment(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    if form.text("decision") == "refused" {
        return refuse_request(reader, form).await;
    }
    let wanted = Wanted { request: form.id("target")?, version: form.version()? };
    let number = complete::payment(reader.service, reader.request, form.operation()?, wanted).await?;
    Ok(said(reader.texts().operator_done_completed(number)))
}

fn competency(form: &Submission) -> Competency {
    Competency {
        domain: form.field(Field::Company).to_owned(),
        tier: form.field(Field::Offer).to_owned(),
        area: form.field(Field::Area).to_owned(),
    }
}

pub(super) async fn record_competency(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let operation = form.operation()?;
    let company = competencies::record(reader.service, reader.request, operation, competency(form)).await?;
    Ok(said(reader.texts().competencies_done_recorded(company)))
}

pub(super) async fn revoke_competency(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let operation = form.operation()?;
    let company = competencies::revoke(reader.service, reader.request, operation, competency(form)).await?;
    Ok(said(reader.texts().competencies_done_revoked(company)))
}
