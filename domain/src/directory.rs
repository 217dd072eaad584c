//! Signing in with a company's own directory: who comes in, and which roles follow from what the
//! directory says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, Field, FieldError};
use crate::role::{Role, Roles};

/// The longest address of a directory, in characters.
pub const ISSUER_MAX: usize = 300;
/// The longest mail domain, in characters: as the name system has it.
pub const DOMAIN_MAX: usize = 253;
/// So many values of a claim are read; a directory that says more says too much.
pub const VALUES_MAX: usize = 500;

const fn fault(field: Field, code: ErrorCode) -> FieldError {
    FieldError { field, code, number: None }
}

/// The address of a directory, exactly as its tokens name it: a slash at its end belongs to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Issuer(String);

impl Issuer {
    /// Reads an address. Plain HTTP is taken on the loopback interface only, and only where the
    /// server allows it: for trying out and for tests.
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::TooLong`], [`ErrorCode::MalformedAddress`].
    pub fn parse(field: Field, raw: &str, http_on_loopback: bool) -> Result<Self, FieldError> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(fault(field, ErrorCode::Required));
        }
        if text.chars().count() > ISSUER_MAX {
            return Err(FieldError {
                field,
                code: ErrorCode::TooLong,
                number: i64::try_from(ISSUER_MAX).ok(),
            });
        }
        if is_web_address(text, http_on_loopback) {
            Ok(Self(text.to_owned()))
        } else {
            Err(fault(field, ErrorCode::MalformedAddress))
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is an address that a browser or this server may be sent to: https with a host,
/// neither a user nor a fragment; plain HTTP on the loopback interface where that is allowed.
#[must_use]
pub fn is_web_address(text: &str, http_on_loopback: bool) -> bool {
    let (rest, plain) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => return false,
    };
    let printable = rest.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || rest.contains(['#', '\\', '"', '<', '>']) {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':').or(port.is_empty().then_some(""))),
            None => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    let port_fits =
        port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0));
    if host.is_empty() || host.contains('@') || !port_fits {
        return false;
    }
    !plain || (http_on_loopback && matches!(host, "localhost" | "127.0.0.1" | "::1"))
}

/// A mail domain in small letters: what stands behind the `@` of an address.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailDomain(String);

impl MailDomain {
    /// Reads a domain; an address's part before the `@` is no part of it. Names in other scripts are
    /// written as the name system has them (`xn--`).
    ///
    /// # Errors
    /// [`ErrorCode::Required`], [`ErrorCode::MalformedDomain`].
    pub fn parse(field: Field, raw: &str) -> Result<Self, FieldError> {
        let text = raw.trim().trim_start_matches('@').trim_end_matches('.').to_ascii_lowercase();
        if text.is_empty() {
            return Err(fault(field, ErrorCode::Required));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let top_is_a_name =
            text.rsplit('.').next().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()));
        if text.len() > DOMAIN_MAX || !text.contains('.') || !top_is_a_name || !text.split('.').all(label) {
            return Err(fault(field, ErrorCode::MalformedDomain));
        }
        Ok(Self(text))
    }

    /// The domain.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The domain of a mail address in small letters; none without an `@`.
#[must_use]
pub fn domain_of(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    (!local.is_empty() && !domain.is_empty()).then(|| domain.to_ascii_lowercase())
}

/// How an account stands towards the company whose directory speaks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// An active person of the company.
    Active,
    /// A person of the company who hasn't chosen a password yet.
    Invited,
    /// A suspended account or person.
    Suspended,
    /// A person who has left the company.
    Left,
    /// An account that is no person of the company.
    Elsewhere,
    /// An operator's account.
    Operator,
}

/// What is known of the address that the directory names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address {
    /// Verified, and in a mail domain of the company.
    Own,
    /// Verified, and in a mail domain that isn't the company's.
    Foreign,
    /// Missing, or not verified.
    Unproven,
}

/// How somebody comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entrance {
    /// The entry of the directory stands for the account already.
    Known,
    /// The entry is linked with the person who has its address.
    Link,
    /// The account of the address becomes a person of the company.
    Join,
    /// An account is made.
    Create,
}

/// What is known of whoever comes from the directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The account that the entry of the directory stands for, if any.
    pub linked: Option<Standing>,
    /// What is known of the address.
    pub address: Address,
    /// The account of the address, if any.
    pub by_address: Option<Standing>,
    /// Whether that account is linked with another entry of the same directory.
    pub linked_otherwise: bool,
    /// Whether the company takes in whoever its directory knows.
    pub just_in_time: bool,
}

/// Decides who comes in. The entry of the directory decides before the address: whoever changes the
/// address stays who they are, and whoever gets somebody's old address doesn't become them.
///
/// # Errors
/// [`ErrorCode::DirectoryNotAllowed`] for whoever is suspended, has left, or has no account where
/// the company takes nobody in; [`ErrorCode::DirectoryAddressUnproven`];
/// [`ErrorCode::DirectoryAddressForeign`]; [`ErrorCode::DirectoryOtherSubject`];
/// [`ErrorCode::WrongSide`] for an operator's address (rule 1).
pub fn entrance(arrival: Arrival) -> Result<Entrance, ErrorCode> {
    if let Some(standing) = arrival.linked {
        return match standing {
            Standing::Active | Standing::Invited => Ok(Entrance::Known),
            _ => Err(ErrorCode::DirectoryNotAllowed),
        };
    }
    match arrival.address {
        Address::Own => {}
        Address::Foreign => return Err(ErrorCode::DirectoryAddressForeign),
        Address::Unproven => return Err(ErrorCode::DirectoryAddressUnproven),
    }
    let taken_in = |how| if arrival.just_in_time { Ok(how) } else { Err(ErrorCode::DirectoryNotAllowed) };
    match arrival.by_address {
        None => taken_in(Entrance::Create),
        Some(Standing::Elsewhere) => taken_in(Entrance::Join),
        Some(Standing::Active | Standing::Invited) if arrival.linked_otherwise => {
            Err(ErrorCode::DirectoryOtherSubject)
        }
        Some(Standing::Active | Standing::Invited) => Ok(Entrance::Link),
        Some(Standing::Suspended | Standing::Left) => Err(ErrorCode::DirectoryNotAllowed),
        Some(Standing::Operator) => Err(ErrorCode::WrongSide),
    }
}

/// Which roles follow from which values of the directory's claim. A Global admin made the table, so
/// it may hold any role (rule 3).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Mapping(Vec<(String, Role)>);

impl Mapping {
    /// A table of values and roles.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (String, Role)>) -> Self {
        Self(rows.into_iter().collect())
    }

    /// The roles of a person after the directory has spoken.
    ///
    /// Roles that the table names come and go with the claim; all others stay. `values` is none where
    /// nothing is known of them: the directory said that there are too many to name. Whoever would be
    /// left without any role keeps `otherwise`.
    #[must_use]
    pub fn roles_after(&self, before: &Roles, values: Option<&[String]>, otherwise: &Roles) -> Roles {
        let Some(values) = values.filter(|_| !self.0.is_empty()) else {
            return if before.is_empty() { otherwise.clone() } else { before.clone() };
        };
        let managed = |role: Role| self.0.iter().any(|(_, mapped)| *mapped == role);
        let granted = self.0.iter().filter(|(value, _)| values.contains(value)).map(|(_, role)| *role);
        let after = Roles::new(before.iter().filter(|role| !managed(*role)).chain(granted));
        if after.is_empty() { otherwise.clone() } else { after }
    }
}

/// Whether roles may be given to whoever comes in for the first time: at least one, and never Global
/// admin, which only the claim itself can give.
///
/// # Errors
/// [`ErrorCode::Required`], [`ErrorCode::UnknownChoice`].
pub fn check_default_roles(field: Field, roles: &Roles) -> Result<(), FieldError> {
    if roles.is_empty() {
        return Err(fault(field, ErrorCode::Required));
    }
    if roles.has(Role::GlobalAdmin) {
        return Err(fault(field, ErrorCode::UnknownChoice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(linked: Option<Standing>, address: Address, by_address: Option<Standing>) -> Arrival {
        Arrival { linked, address, by_address, linked_otherwise: false, just_in_time: true }
    }

    const STANDINGS: [Standing; 6] = [
        Standing::Active,
        Standing::Invited,
        Standing::Suspended,
        Standing::Left,
        Standing::Elsewhere,
        Standing::Operator,
    ];

    #[test]
    fn the_entry_decides_before_the_address() {
        for address in [Address::Own, Address::Foreign, Address::Unproven] {
            for by_address in [None, Some(Standing::Active), Some(Standing::Suspended)] {
                for linked in STANDINGS {
                    let comes_in = matches!(linked, Standing::Active | Standing::Invited);
                    let expected =
                        if comes_in { Ok(Entrance::Known) } else { Err(ErrorCode::DirectoryNotAllowed) };
                    assert_eq!(entrance(arrival(Some(linked), address, by_address)), expected, "{linked:?}");
                }
            }
        }
    }

    #[test]
    fn an_address_counts_only_when_proven_and_the_companys_own() {
        for by_address in [None, Some(Standing::Active), Some(Standing::Elsewhere)] {
            let of = |address| entrance(arrival(None, address, by_address));
            assert_eq!(of(Address::Foreign), Err(ErrorCode::DirectoryAddressForeign));
            assert_eq!(of(Address::Unproven), Err(ErrorCode::DirectoryAddressUnproven));
        }
        let of = |by_address| entrance(arrival(None, Address::Own, by_address));
        assert_eq!(of(None), Ok(Entrance::Create));
        assert_eq!(of(Some(Standing::Active)), Ok(Entrance::Link));
        assert_eq!(of(Some(Standing::Invited)), Ok(Entrance::Link));
        assert_eq!(of(Some(Standing::Elsewhere)), Ok(Entrance::Join));
        assert_eq!(of(Some(Standing::Suspended)), Err(ErrorCode::DirectoryNotAllowed));
        assert_eq!(of(Some(Standing::Left)), Err(ErrorCode::DirectoryNotAllowed));
        assert_eq!(of(Some(Standing::Operator)), Err(ErrorCode::WrongSide));
    }

    #[test]
    fn nobody_new_comes_in_unless_the_company_takes_them_in() {
        for by_address in [None, Some(Standing::Elsewhere)] {
            let arrival = Arrival { just_in_time: false, ..arrival(None, Address::Own, by_address) };
            assert_eq!(entrance(arrival), Err(ErrorCode::DirectoryNotAllowed));
        }
        let known = Arrival { just_in_time: false, ..arrival(None, Address::Own, Some(Standing::Active)) };
        assert_eq!(entrance(known), Ok(Entrance::Link));
    }

    #[test]
    fn whoever_gets_an_old_address_does_not_become_its_owner() {
        let arrival =
            Arrival { linked_otherwise: true, ..arrival(None, Address::Own, Some(Standing::Active)) };
        assert_eq!(entrance(arrival), Err(ErrorCode::DirectoryOtherSubject));
    }

    #[test]
    fn roles_of_the_table_come_and_go_and_others_stay() {
        let mapping = Mapping::new([
            ("admins".to_owned(), Role::GlobalAdmin),
            ("benefits".to_owned(), Role::PartnerAdmin),
            ("benefits".to_owned(), Role::UserAdmin),
        ]);
        let employee = Roles::new([Role::Employee]);
        let said = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let after = |before: &[Role], values: &[&str]| {
            let before = Roles::new(before.iter().copied());
            mapping.roles_after(&before, Some(&said(values)), &employee)
        };
        assert_eq!(
            after(&[Role::AdminAgent], &["admins"]),
            Roles::new([Role::GlobalAdmin, Role::AdminAgent])
        );
        assert_eq!(after(&[Role::GlobalAdmin, Role::AdminAgent], &[]), Roles::new([Role::AdminAgent]));
        assert_eq!(after(&[], &["benefits"]), Roles::new([Role::PartnerAdmin, Role::UserAdmin]));
        assert_eq!(after(&[Role::GlobalAdmin], &["Admins"]), employee, "values are compared as they are");
        assert_eq!(after(&[], &["unknown"]), employee);
    }

    #[test]
    fn without_a_table_or_without_knowing_roles_stay() {
        let employee = Roles::new([Role::Employee]);
        let admin = Roles::new([Role::GlobalAdmin]);
        let none = Mapping::default();
        assert_eq!(none.roles_after(&admin, Some(&["admins".to_owned()]), &employee), admin);
        assert_eq!(none.roles_after(&Roles::default(), Some(&[]), &employee), employee);
        let mapping = Mapping::new([("admins".to_owned(), Role::GlobalAdmin)]);
        assert_eq!(mapping.roles_after(&admin, None, &employee), admin);
    }

    #[test]
    fn nobody_is_global_admin_by_default() {
        let of = |roles: &[Role]| check_default_roles(Field::Roles, &Roles::new(roles.iter().copied()));
        assert_eq!(of(&[Role::Employee, Role::UserAdmin]), Ok(()));
        assert_eq!(of(&[]).expect_err("none").code, ErrorCode::Required);
        let refused = of(&[Role::GlobalAdmin, Role::Employee]).expect_err("refused");
        assert_eq!(refused.code, ErrorCode::UnknownChoice);
    }

    #[test]
    fn an_issuer_is_https_or_at_home() {
        for address in [
            "https://login.example.com",
            "https://login.example.com/tenant/v2.0/",
            "https://login.example.com:8443/a",
            "https://[2001:db8::1]/a",
        ] {
            assert_eq!(
                Issuer::parse(Field::Issuer, address, false).map(|i| i.to_string()),
                Ok(address.to_owned())
            );
        }
        for address in ["http://127.0.0.1:4000", "http://localhost/a", "http://[::1]:4000"] {
            assert!(Issuer::parse(Field::Issuer, address, true).is_ok(), "{address}");
            assert!(Issuer::parse(Field::Issuer, address, false).is_err(), "{address}");
        }
        for address in [
            "http://login.example.com",
            "http://127.0.0.1.evil.example",
            "https://",
            "https:///path",
            "https://user@login.example.com",
            "https://login.example.com#a",
            "https://login.example.com/\u{202e}",
            "https://login.example.com:0",
            "https://login.example.com:99999",
            "https://[::1",
            "ftp://login.example.com",
            "login.example.com",
            "javascript:alert(1)",
        ] {
            assert!(Issuer::parse(Field::Issuer, address, true).is_err(), "{address}");
        }
        assert_eq!(Issuer::parse(Field::Issuer, " ", false).expect_err("empty").code, ErrorCode::Required);
        let long = format!("https://{}", "a".repeat(ISSUER_MAX));
        assert_eq!(Issuer::parse(Field::Issuer, &long, false).expect_err("long").code, ErrorCode::TooLong);
    }

    #[test]
    fn a_mail_domain_is_a_name_of_several_parts() {
        let parse = |raw: &str| MailDomain::parse(Field::MailDomain, raw);
        assert_eq!(
            parse(" @Mail.Fernhollow.Example. ").map(|domain| domain.as_str().to_owned()),
            Ok("mail.fernhollow.example".to_owned())
        );
        for raw in [
            "",
            "localhost",
            "a..b",
            "-a.example",
            "a-.example",
            "a b.example",
            "192.0.2.1",
            "沈.example",
            "a_b.example",
        ] {
            assert!(parse(raw).is_err(), "{raw}");
        }
        assert!(parse(&format!("{}.example", "a".repeat(64))).is_err());
        assert_eq!(domain_of("Anna@Mail.Example").as_deref(), Some("mail.example"));
        assert_eq!(domain_of("\"a@b\"@c.example").as_deref(), Some("c.example"));
        assert_eq!(domain_of("anna"), None);
        assert_eq!(domain_of("@c.example"), None);
    }
}
