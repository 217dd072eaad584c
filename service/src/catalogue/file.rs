//! A catalogue as a readable file (TOML).

use domain::Policies;
use domain::catalogue::{Catalogue, Fault, faults};
use domain::{Error, ErrorCode};

use crate::{Failure, Outcome, policies};

/// Bytes that a file can have.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// Writes it, in the order in which catalogues are compared.
///
/// # Errors
/// [`Failure::Broken`] where it can't be written.
pub fn write(catalogue: &Catalogue) -> Outcome<String> {
    let mut catalogue = catalogue.clone();
    catalogue.sort();
    toml::to_string(&catalogue).map_err(|error| Failure::broken("catalogue", "document", error))
}

/// Reads one.
///
/// # Errors
/// [`ErrorCode::CatalogueUnreadable`] with the line as number and what is wrong there as detail, in the words
/// of the format; [`ErrorCode::TooLarge`].
pub fn read(text: &str) -> Result<Catalogue, Error> {
    if text.len() > LARGEST {
        return Err(ErrorCode::TooLarge.into());
    }
    let mut catalogue: Catalogue = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = i64::try_from(before.lines().count().max(1)).unwrap_or(i64::MAX);
        let what = error.message().chars().take(200).collect::<String>();
        Error { number: Some(line), ..Error::new(ErrorCode::CatalogueUnreadable) }.with_detail(what)
    })?;
    catalogue.sort();
    Ok(catalogue)
}

/// What is wrong with it by itself; policies are known by the code.
#[must_use]
pub fn faults_of(catalogue: &Catalogue) -> Vec<Fault> {
    faults(catalogue, |name, value| policies::set(&mut Policies::default(), name, value).is_some())
}
