//! Verifying a password and nothing else, again and again.

use std::time::{Duration, Instant};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;

use crate::Outcome;

/// How many times a second a password is verified against its hash, on one thread.
///
/// # Errors
/// The hash can't be read, or isn't of this password.
pub fn per_second(hash: &str, password: &str, lasting: Duration) -> Outcome<f64> {
    let hash = PasswordHash::new(hash).map_err(|error| error.to_string())?;
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < lasting {
        Argon2::default().verify_password(password.as_bytes(), &hash).map_err(|error| error.to_string())?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
