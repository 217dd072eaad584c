//! What a payment processor sends by itself: signed, and heard once however often it is delivered.
//!
//! A notice says which payment to look at, never what became of it: that is asked of the processor.

use domain::{Error, ErrorCode};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use uuid::Uuid;

use super::card;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// A signature is good for so many seconds around its own time.
const TOLERANCE: i64 = 300;

#[derive(Deserialize)]
struct Notice {
    /// The processor's own id of the notice.
    id: String,
    /// Our id of the payment.
    reference: Uuid,
}

/// Hears a notice. `signature` is `t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a full stop and the
/// body, under the secret that portal and processor share.
///
/// # Errors
/// [`ErrorCode::NotFound`] for another processor, or where none sends notices;
/// [`ErrorCode::ForeignOrigin`] for a signature that isn't right or too old; [`ErrorCode::Invalid`] for a
/// body that can't be read; [`ErrorCode::Unavailable`] where the processor doesn't answer: it sends the
/// notice again.
pub async fn hear(
    service: &Service,
    request: &Request,
    processor: &str,
    signature: &str,
    body: &[u8],
) -> Outcome<()> {
    let card = service.payments.card.as_deref().filter(|card| card.name() == processor);
    let (Some(card), Some(secret)) = (card, service.payments.notice_secret.as_deref()) else {
        return Err(ErrorCode::NotFound.into());
    };
    if !is_signed(secret, signature, body, service.now().0 / 1000) {
        return Err(ErrorCode::ForeignOrigin.into());
    }
    let notice: Notice = serde_json::from_slice(body).map_err(|_| Error::new(ErrorCode::Invalid))?;
    let text = "select count(*) as number from payment_notice where processor = $1 and notice_id = $2";
    let key = || [processor.into(), notice.id.clone().into()];
    if sql::number(service.database.reader(), text, key()).await? > 0 {
        return Ok(());
    }
    let told = card.look_up(notice.reference).await.map_err(|failure| {
        tracing::warn!(cause = %failure, "a payment could not be looked up after its notice");
        Error::new(ErrorCode::Unavailable)
    })?;
    if let Some(told) = told {
        card::apply(service, request, notice.reference, told).await?;
    }
    // Noted only now: what fails before is sent again, and applying it twice changes nothing.
    let transaction = service.database.begin().await?;
    let text = "insert into payment_notice (processor, notice_id, received_at) values ($1, $2, $3)
        on conflict (processor, notice_id) do nothing";
    let values = [processor.into(), notice.id.into(), service.now().0.into()];
    sql::run(&transaction, text, values).await?;
    transaction.commit().await?;
    Ok(())
}

fn is_signed(secret: &str, signature: &str, body: &[u8], now: i64) -> bool {
    let part =
        |name: &str| signature.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let (Some(time), Some(hex)) = (part("t"), part("v1")) else { return false };
    let Ok(seconds) = time.parse::<i64>() else { return false };
    if seconds.abs_diff(now) > TOLERANCE.unsigned_abs() {
        return false;
    }
    let Some(given) = decode(hex) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&given).is_ok()
}

fn decode(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// The signature of a body, as a processor makes it.
#[must_use]
pub fn sign(secret: &str, body: &[u8], seconds: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::{is_signed, sign};

    #[test]
    fn a_signature_is_good_for_its_body_its_time_and_its_secret() {
        let signature = sign("secret", b"{}", 1_000_000);
        assert!(is_signed("secret", &signature, b"{}", 1_000_000));
        assert!(is_signed("secret", &signature, b"{}", 1_000_300));
        assert!(is_signed("secret", &signature, b"{}", 999_700));
        assert!(!is_signed("secret", &signature, b"{}", 1_000_301), "too old");
        assert!(!is_signed("secret", &signature, b"{}", 999_699), "from the future");
        assert!(!is_signed("secret", &signature, b"{ }", 1_000_000), "another body");
        assert!(!is_signed("Secret", &signature, b"{}", 1_000_000), "another secret");
        let later = signature.replace("t=1000000", "t=1000001");
        assert!(!is_signed("secret", &later, b"{}", 1_000_000), "another time");
        for malformed in ["", "t=1000000", "v1=00", "t=x,v1=00", "t=1000000,v1=zz", "t=1000000,v1=é"] {
            assert!(!is_signed("secret", malformed, b"{}", 1_000_000), "{malformed}");
        }
    }
}
