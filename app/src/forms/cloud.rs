//! Forms about cloud keys.

use domain::cloud::KeyUse;
use domain::ids::SubscriptionId;
use domain::{Error, ErrorCode, Field};
use locales::format;
use service::Outcome;
use service::cloud::redeem::{self, RedeemKey};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn redeem(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (used_for, subscription) = choice(form.field(Field::Subscription))?;
    let input = RedeemKey { grant: form.id("target")?, used_for, subscription };
    let after = redeem::redeem(reader.service, reader.request, form.operation()?, input).await?;
    let ends = format::date(reader.language, after.ends);
    let seats = format::number(reader.language, i64::from(after.seats));
    Ok(said(reader.texts().cloud_done_redeemed(ends, seats)))
}

/// The choice as the radio has it: `new_subscription`, or use, subscription and its version.
fn choice(value: &str) -> Result<(KeyUse, Option<(SubscriptionId, i64)>), Error> {
    let fault = |code| Error::field(Field::Subscription, code);
    let mut parts = value.split(':');
    let used_for = match parts.next() {
        None | Some("") => return Err(fault(ErrorCode::Required)),
        Some(code) => KeyUse::from_code(code).ok_or_else(|| fault(ErrorCode::UnknownChoice))?,
    };
    match (used_for, parts.next(), parts.next(), parts.next()) {
        (KeyUse::NewSubscription, None, None, None) => Ok((used_for, None)),
        (KeyUse::MoreSeats | KeyUse::LaterEnd, Some(id), Some(version), None) => {
            let version = version.parse().map_err(|_| Error::new(ErrorCode::Stale))?;
            Ok((used_for, Some((id.parse()?, version))))
        }
        _ => Err(fault(ErrorCode::UnknownChoice)),
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use domain::ErrorCode;
    use domain::cloud::KeyUse;

    use super::choice;

    #[test]
    fn a_choice_is_read_whole_or_refused() {
        let id = "018f3f5e-0000-7000-8000-000000000001";
        assert_eq!(choice("new_subscription"), Ok((KeyUse::NewSubscription, None)));
        let (used_for, subscription) = choice(&format!("later_end:{id}:7")).expect("a choice");
        assert_eq!(used_for, KeyUse::LaterEnd);
        assert_eq!(subscription.map(|(id, version)| (id.to_string(), version)), Some((id.to_owned(), 7)));
        for (value, code) in [
            ("", ErrorCode::Invalid),
            ("later_end", ErrorCode::Invalid),
            ("nothing", ErrorCode::Invalid),
            ("new_subscription:1", ErrorCode::Invalid),
            ("more_seats:nobody:1", ErrorCode::NotFound),
        ] {
            assert_eq!(choice(value).expect_err(value).code, code, "{value}");
        }
        assert_eq!(choice(&format!("more_seats:{id}:x")).expect_err("no version").code, ErrorCode::Stale);
    }
}
