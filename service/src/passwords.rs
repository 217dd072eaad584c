//! Passwords: what may be chosen, and argon2id, on threads of their own.

mod strength;
mod threads;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use domain::error::{Faults, Field, FieldError};
use domain::password::NewPassword;

use crate::failure::Failure;
use crate::{Outcome, Service};

/// A hash that no password has: an unknown account takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGZvciBub2JvZHk$\
    rVQXQ4dE9S1hJ2iQfrG4Y1mXUzR7yqIFq9Xk1mJ4kTg";

/// A password that somebody chooses, or none with its fault noted: what `domain` refuses, and what would
/// be guessed too soon. `own` is what guessers know of the owner: name, address, company.
///
/// # Errors
/// [`Failure::Broken`] without a thread; [`domain::ErrorCode::TooManyAttempts`] if too many wait.
pub async fn choose(
    faults: &mut Faults,
    field: Field,
    raw: &str,
    address: &str,
    own: &[&str],
) -> Outcome<Option<NewPassword>> {
    let Some(password) = faults.take(NewPassword::parse(field, raw, address)) else { return Ok(None) };
    let own = strength::own_words(own);
    let (password, fault) = threads::run(move || {
        let fault = strength::fault(password.as_str(), &own);
        (password, fault)
    })
    .await?;
    let checked = fault.map_or(Ok(password), |code| Err(FieldError { field, code, number: None }));
    Ok(faults.take(checked))
}

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

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Argon2, Params};

    use super::NOBODY;

    #[test]
    fn an_unknown_account_takes_as_long_as_a_known_one() {
        // The time of a hash is that of its parameters.
        let nobody = PasswordHash::new(NOBODY).expect("a hash");
        let parameters = Params::try_from(&nobody).expect("parameters");
        let usual = Argon2::default();
        let usual = usual.params();
        let cost = |of: &Params| (of.m_cost(), of.t_cost(), of.p_cost());
        assert_eq!(cost(&parameters), cost(usual));
        assert_eq!(nobody.algorithm.as_str(), "argon2id");
        let length = nobody.hash.expect("a digest").len();
        assert_eq!(length, usual.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN));
    }
}
