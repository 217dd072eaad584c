//! Codes turned into words.

pub mod activity;

use domain::benefit::{Category, Unit};
use domain::view::requests::RequestKind;
use domain::{Error, ErrorCode};
use locales::{Texts, format};

use crate::refusal::is_passing;

pub use locales::{field_refusal as field, refusal};

/// The id of the request under which the operators find the cause, where there is one to find.
#[must_use]
pub fn request_id(texts: Texts, error: &Error) -> Option<String> {
    let id = error.detail.as_ref().filter(|id| is_passing(error) && !id.is_empty())?;
    Some(texts.common_request_id(id))
}

/// What to know about somebody before a seat is given, or why they can't get one; empty where there is
/// nothing.
#[must_use]
pub fn seat_note(texts: Texts, note: Option<ErrorCode>) -> &'static str {
    match note {
        Some(ErrorCode::AlreadyHolds) => texts.seats_has_seat(),
        Some(ErrorCode::HoldsSameProduct) => texts.seats_has_product(),
        Some(ErrorCode::PersonInvited) => texts.seats_invited(),
        _ => "",
    }
}

/// A category of benefits.
#[must_use]
pub fn category(texts: Texts, category: Category) -> &'static str {
    match category {
        Category::Software => texts.navigation_software(),
        Category::Cloud => texts.navigation_cloud(),
        Category::VisualStudio => texts.navigation_visual_studio(),
        Category::Technical => texts.navigation_technical(),
        Category::GoToMarket => texts.navigation_go_to_market_benefits(),
    }
}

/// A kind of request.
#[must_use]
pub fn request_kind(texts: Texts, kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Activation => texts.requests_kind_activation(),
        RequestKind::Advisory => texts.requests_kind_advisory(),
        RequestKind::Cancellation => texts.requests_kind_cancellation(),
        RequestKind::GlobalAdmin => texts.requests_kind_global_admin(),
        RequestKind::Payment => texts.requests_kind_payment(),
        RequestKind::Enrolment => texts.requests_kind_enrolment(),
    }
}

/// How much of something there is: "5 licenses", or a credit in dollars.
#[must_use]
pub fn amount(texts: Texts, unit: Unit, number: i64) -> String {
    if unit == Unit::UsDollarMonth {
        let amount = format::money(texts.language(), number.saturating_mul(100), "USD");
        return locales::fill(
            texts.find_unit("credit_monthly").unwrap_or("{amount}"),
            &[("amount", &amount)],
        );
    }
    let form = if number == 1 { "one" } else { "other" };
    let text = texts.find_unit(&format!("{}_{form}", unit.code())).unwrap_or("{count}");
    locales::fill(text, &[("count", &format::number(texts.language(), number))])
}

/// Makes a text fit for the value of a query parameter.
#[must_use]
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
