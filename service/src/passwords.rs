//! Passwords: argon2id, on threads of their own.

mod threads;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::failure::Failure;
use crate::{Outcome, Service};

/// A hash that no password has: an unknown account takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGZvciBub2JvZHk$\
    rVQXQ4dE9S1hJ2iQfrG4Y1mXUzR7yqIFq9Xk1mJ4kTg";

/// The PHC string of a new password.
///
/// # Errors
/// [`Failure::Broken`] if argon2 refuses; [`domain::ErrorCode::TooManyAttempts`] if too many wait.
pub async fn hash(service: &Service, password: &str) -> Outcome<String> {
    let mut salt = [0; 16];
    service.random.fill(&mut salt);
    let password = password.to_owned();
    threads::run(move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| Failure::broken("account", "password_hash", error))
    })
    .await?
}

/// Whether the password fits; always takes the time of one hash.
///
/// # Errors
/// [`Failure::Broken`] if the stored hash can't be read; [`domain::ErrorCode::TooManyAttempts`] if too
/// many wait.
pub async fn verify(password: &str, stored: Option<&str>) -> Outcome<bool> {
    let known = stored.is_some();
    let stored = stored.unwrap_or(NOBODY).to_owned();
    let password = password.to_owned();
    let fits = threads::run(move || {
        let hash =
            PasswordHash::new(&stored).map_err(|error| Failure::broken("account", "password_hash", error))?;
        Ok::<_, Failure>(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await??;
    Ok(fits && known)
}
