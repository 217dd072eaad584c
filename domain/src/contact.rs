//! Alternate addresses of people and of the marketing contact.

use crate::error::{ErrorCode, Field, FieldError};
use crate::text::Email;

/// An alternate address differs from the person's own and from the company's account address,
/// compared without case (rule 17). Addresses are trimmed when they are parsed.
///
/// # Errors
/// [`ErrorCode::AlternateEqualsOwn`] or [`ErrorCode::AlternateEqualsCompany`], of
/// [`Field::AlternateEmail`].
pub fn check_alternate(alternate: &Email, own: &Email, company: &Email) -> Result<(), FieldError> {
    let key = alternate.key();
    let code = if key == own.key() {
        ErrorCode::AlternateEqualsOwn
    } else if key == company.key() {
        ErrorCode::AlternateEqualsCompany
    } else {
        return Ok(());
    };
    Err(FieldError { field: Field::AlternateEmail, code, number: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_17_an_alternate_address_differs_from_the_persons_and_the_companys() {
        let email = |raw: &str| Email::parse(Field::AlternateEmail, raw).expect("an address");
        let own = email("Anna@fjord.example");
        let company = email("office@Fjord.example");
        let check = |raw| check_alternate(&email(raw), &own, &company).map_err(|error| error.code);
        assert_eq!(check("anna.private@home.example"), Ok(()));
        assert_eq!(check("Anna@fjord.example"), Err(ErrorCode::AlternateEqualsOwn));
        assert_eq!(check("  ANNA@FJORD.EXAMPLE\t"), Err(ErrorCode::AlternateEqualsOwn));
        assert_eq!(check("office@Fjord.example"), Err(ErrorCode::AlternateEqualsCompany));
        assert_eq!(check(" Office@FJORD.example "), Err(ErrorCode::AlternateEqualsCompany));
        let error = check_alternate(&own, &own, &own).expect_err("refused");
        assert_eq!(error.field, Field::AlternateEmail);
    }
}
