//! Enrolment: from Welcome to the operators' review (rules 4 and 19).

use serde::{Deserialize, Serialize};

use crate::country::{is_country, needs_postal_code, needs_region};
use crate::directory::{MailDomain, domain_of};
use crate::error::{Error, ErrorCode, Faults, Field, FieldError, codes};
use crate::language::Language;
use crate::text::{Email, Line, PersonName, Phone};

/// Days for which the link to found a company can be used.
pub const LINK_DAYS: i64 = 3;
/// Days for which the primary contact can answer; the founder can have the questions sent again.
pub const CONTACT_DAYS: i64 = 30;
/// The longest line of a legal profile, in characters.
pub const LINE_MAX: usize = 200;
/// The longest postal code or registration number, in characters.
pub const CODE_MAX: usize = 40;

codes! {
    /// Where an enrolment stands.
    EnrolmentState {
        /// The legal profile and the primary contact are asked for.
        Profile = "profile",
        /// They stand; the agreement waits to be accepted.
        Agreement = "agreement",
        /// The primary contact is asked both questions.
        Contact = "contact",
        /// The primary contact said no to one of them.
        Disputed = "disputed",
        /// The operators review it.
        Review = "review",
        /// The operators asked for changes.
        Changes = "changes",
        /// The company is a member.
        Accepted = "accepted",
        /// The operators turned it down.
        Rejected = "rejected",
    }
}

impl EnrolmentState {
    /// The state once profile and contact are saved: whatever was accepted before was accepted for other
    /// data, so the agreement comes again.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] while the operators review it, and after they have decided.
    pub fn after_profile(self) -> Result<Self, ErrorCode> {
        match self {
            Self::Profile | Self::Agreement | Self::Contact | Self::Disputed | Self::Changes => {
                Ok(Self::Agreement)
            }
            Self::Review | Self::Accepted | Self::Rejected => Err(ErrorCode::WrongState),
        }
    }

    /// The state once the agreement is accepted: the primary contact is asked.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] before there is a profile, and after the agreement was accepted.
    pub fn after_agreement(self) -> Result<Self, ErrorCode> {
        if self == Self::Agreement { Ok(Self::Contact) } else { Err(ErrorCode::WrongState) }
    }

    /// The state once the primary contact has answered: the review begins only with both answers yes
    /// (rule 19).
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] where nobody is asked.
    pub fn after_answers(self, answers: Answers) -> Result<Self, ErrorCode> {
        match self {
            Self::Contact if answers.signed_up && answers.own_address => Ok(Self::Review),
            Self::Contact => Ok(Self::Disputed),
            _ => Err(ErrorCode::WrongState),
        }
    }

    /// The state once an operator has decided.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] unless it is reviewed.
    pub fn after_decision(self, decision: Decision) -> Result<Self, ErrorCode> {
        match (self, decision) {
            (Self::Review, Decision::Accept) => Ok(Self::Accepted),
            (Self::Review, Decision::Changes) => Ok(Self::Changes),
            (Self::Review, Decision::Reject) => Ok(Self::Rejected),
            _ => Err(ErrorCode::WrongState),
        }
    }

    /// The state once a company that was turned down applies again; none for any other.
    #[must_use]
    pub const fn begun_again(self) -> Option<Self> {
        match self {
            Self::Rejected => Some(Self::Profile),
            _ => None,
        }
    }

    /// The step on which whoever enrols goes on.
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Profile | Self::Disputed | Self::Changes => Step::Profile,
            Self::Agreement => Step::Summary,
            Self::Contact | Self::Review | Self::Accepted | Self::Rejected => Step::Status,
        }
    }

    /// Whether profile and contact can still be changed.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.after_profile().is_ok()
    }
}

codes! {
    /// A step of the wizard; each has an address of its own.
    Step {
        /// What to have at hand.
        Welcome = "welcome",
        /// Signing in, or creating a new tenant.
        Account = "account",
        /// Legal profile and primary contact.
        Profile = "profile",
        /// What was said so far, and **Enroll now**.
        Summary = "summary",
        /// The agreement.
        Agreement = "agreement",
        /// What is pending: the contact's answer, the Admin agent, the review.
        Status = "status",
    }
}

impl Step {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Welcome => "/enrol",
            Self::Account => "/enrol/account",
            Self::Profile => "/enrol/profile",
            Self::Summary => "/enrol/summary",
            Self::Agreement => "/enrol/agreement",
            Self::Status => "/enrol/status",
        }
    }
}

codes! {
    /// What an operator says to an enrolment.
    Decision {
        /// The company becomes a member.
        Accept = "accept",
        /// Something has to be mended first.
        Changes = "changes",
        /// The company doesn't become a member.
        Reject = "reject",
    }
}

/// What the primary contact answers (rule 19).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answers {
    /// Did you sign up for the programme?
    pub signed_up: bool,
    /// Does this address belong to the organization?
    pub own_address: bool,
}

/// Providers whose addresses anybody can have: none of them is a company's own domain.
const PUBLIC_MAIL: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "189.cn",
    "aliyun.com",
    "aol.com",
    "foxmail.com",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sina.cn",
    "sina.com",
    "sohu.com",
    "t-online.de",
    "tutanota.com",
    "web.de",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
    "zoho.com",
];

/// Who wants to found a company here, as it was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Founder {
    /// The company's domain.
    pub domain: MailDomain,
    /// Full name.
    pub name: PersonName,
    /// Mail address in that domain.
    pub email: Email,
}

impl Founder {
    /// Reads what was typed: the address has to be in the company's domain, because the link that goes
    /// there proves that whoever enrols belongs to it.
    ///
    /// # Errors
    /// Every fault at once, among them [`ErrorCode::PublicDomain`] on the domain and
    /// [`ErrorCode::OutsideDomain`] on the address.
    pub fn parse(domain: &str, name: &str, email: &str) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let domain = faults.take(MailDomain::parse(Field::CompanyDomain, domain));
        let name = faults.take(PersonName::parse(Field::Name, name));
        let email = faults.take(Email::parse(Field::Email, email));
        if domain.as_ref().is_some_and(is_public) {
            faults.add(Field::CompanyDomain, ErrorCode::PublicDomain);
        }
        if let (Some(domain), Some(email)) = (&domain, &email)
            && domain_of(email.as_str()).as_deref() != Some(domain.as_str())
        {
            faults.add(Field::Email, ErrorCode::OutsideDomain);
        }
        faults.check()?;
        match (domain, name, email) {
            (Some(domain), Some(name), Some(email)) => Ok(Self { domain, name, email }),
            _ => Err(ErrorCode::Invalid.into()),
        }
    }
}

/// Whether anybody can have an address there.
#[must_use]
pub fn is_public(domain: &MailDomain) -> bool {
    PUBLIC_MAIL.binary_search(&domain.as_str()).is_ok()
}

/// The legal profile and the primary contact as they stand in the form.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProfileDraft {
    /// Legal name.
    pub company: String,
    /// Street and number.
    pub street: String,
    /// Building, floor; optional.
    pub street_more: String,
    /// City.
    pub city: String,
    /// State, province or prefecture; where the country needs it.
    pub region: String,
    /// Postal code; where the country has them.
    pub postal_code: String,
    /// Code of the country.
    pub country: String,
    /// Registration number; optional.
    pub registration: String,
    /// Time zone of the company's deadlines, like `Europe/Oslo`.
    pub time_zone: String,
    /// The primary contact's full name.
    pub contact_name: String,
    /// The primary contact's business mail address.
    pub contact_email: String,
    /// The primary contact's phone number.
    pub contact_phone: String,
    /// Tag of the language in which the primary contact reads.
    pub contact_language: String,
}

/// The same, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Legal name.
    pub company: Line,
    /// Street and number.
    pub street: Line,
    /// Building, floor.
    pub street_more: Option<Line>,
    /// City.
    pub city: Line,
    /// State, province or prefecture.
    pub region: Option<Line>,
    /// Postal code.
    pub postal_code: Option<Line>,
    /// Code of the country.
    pub country: String,
    /// Registration number.
    pub registration: Option<Line>,
    /// Name of the time zone; whether there is one is for whoever knows zones.
    pub time_zone: Line,
    /// The primary contact's full name.
    pub contact_name: PersonName,
    /// The primary contact's business mail address.
    pub contact_email: Email,
    /// The primary contact's phone number.
    pub contact_phone: Phone,
    /// The language in which the primary contact reads.
    pub contact_language: Language,
}

impl ProfileDraft {
    /// The address as it stands on an envelope, without the name and without the country.
    #[must_use]
    pub fn postal_lines(&self) -> Vec<String> {
        let town = [self.postal_code.as_str(), &self.city, &self.region];
        let town: Vec<&str> = town.into_iter().filter(|part| !part.is_empty()).collect();
        let lines = [self.street.clone(), self.street_more.clone(), town.join(" ")];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Checks it by the country's rules.
    ///
    /// # Errors
    /// Every fault at once; among them [`ErrorCode::PublicDomain`] on the contact's address, which is a
    /// business one (rule 19).
    pub fn parse(&self) -> Result<Profile, Error> {
        let mut faults = Faults::default();
        let optional = |field, raw: &str, max, needed: bool| -> Result<Option<Line>, FieldError> {
            if raw.trim().is_empty() && !needed { Ok(None) } else { Line::parse(field, raw, max).map(Some) }
        };
        let company = faults.take(Line::parse(Field::Company, &self.company, LINE_MAX));
        let street = faults.take(Line::parse(Field::Street, &self.street, LINE_MAX));
        let street_more = faults.take(optional(Field::StreetMore, &self.street_more, LINE_MAX, false));
        let city = faults.take(Line::parse(Field::City, &self.city, LINE_MAX));
        let country = self.country.trim();
        let known = is_country(country);
        if !known {
            let code = if country.is_empty() { ErrorCode::Required } else { ErrorCode::UnknownChoice };
            faults.add(Field::Country, code);
        }
        let (needs_code, needs_region) =
            (known && needs_postal_code(country), known && needs_region(country));
        let region = faults.take(optional(Field::Region, &self.region, LINE_MAX, needs_region));
        let postal_code = faults.take(optional(Field::PostalCode, &self.postal_code, CODE_MAX, needs_code));
        let registration =
            faults.take(optional(Field::RegistrationNumber, &self.registration, CODE_MAX, false));
        let time_zone = faults.take(Line::parse(Field::TimeZone, &self.time_zone, LINE_MAX));
        let contact_name = faults.take(PersonName::parse(Field::Name, &self.contact_name));
        let contact_email = faults.take(Email::parse(Field::Email, &self.contact_email));
        let contact_phone = faults.take(Phone::parse(Field::Phone, &self.contact_phone));
        let contact_language = Language::from_tag(&self.contact_language);
        if contact_language.is_none() {
            faults.add(Field::Language, ErrorCode::UnknownChoice);
        }
        if let Some(email) = &contact_email
            && let Some(domain) = domain_of(email.as_str())
            && PUBLIC_MAIL.binary_search(&domain.as_str()).is_ok()
        {
            faults.add(Field::Email, ErrorCode::PublicDomain);
        }
        faults.check()?;
        match (
            (company, street, street_more, city),
            (region, postal_code, registration, time_zone),
            (contact_name, contact_email, contact_phone, contact_language),
        ) {
            (
                (Some(company), Some(street), Some(street_more), Some(city)),
                (Some(region), Some(postal_code), Some(registration), Some(time_zone)),
                (Some(contact_name), Some(contact_email), Some(contact_phone), Some(contact_language)),
            ) => Ok(Profile {
                company,
                street,
                street_more,
                city,
                region,
                postal_code,
                country: country.to_owned(),
                registration,
                time_zone,
                contact_name,
                contact_email,
                contact_phone,
                contact_language,
            }),
            _ => Err(ErrorCode::Invalid.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Answers = Answers { signed_up: true, own_address: true };

    #[test]
    fn rule_19_the_steps_come_in_their_order() {
        let profile = EnrolmentState::Profile;
        assert_eq!(profile.after_agreement(), Err(ErrorCode::WrongState));
        assert_eq!(profile.after_answers(YES), Err(ErrorCode::WrongState));
        let agreement = profile.after_profile().unwrap();
        assert_eq!(agreement.after_answers(YES), Err(ErrorCode::WrongState));
        let contact = agreement.after_agreement().unwrap();
        assert_eq!(contact.after_decision(Decision::Accept), Err(ErrorCode::WrongState));
        let review = contact.after_answers(YES).unwrap();
        assert_eq!(review, EnrolmentState::Review);
        assert_eq!(review.after_profile(), Err(ErrorCode::WrongState));
        assert_eq!(review.after_decision(Decision::Accept), Ok(EnrolmentState::Accepted));
        assert_eq!(review.after_decision(Decision::Reject), Ok(EnrolmentState::Rejected));
        assert_eq!(review.after_decision(Decision::Changes), Ok(EnrolmentState::Changes));
    }

    #[test]
    fn rule_19_only_a_company_that_was_turned_down_begins_again() {
        for state in EnrolmentState::ALL {
            let again = (*state == EnrolmentState::Rejected).then_some(EnrolmentState::Profile);
            assert_eq!(state.begun_again(), again, "{state:?}");
        }
    }

    #[test]
    fn rule_19_the_review_begins_only_with_both_answers_yes() {
        for (signed_up, own_address) in [(true, false), (false, true), (false, false)] {
            let answers = Answers { signed_up, own_address };
            assert_eq!(EnrolmentState::Contact.after_answers(answers), Ok(EnrolmentState::Disputed));
        }
    }

    #[test]
    fn rule_19_whoever_changes_the_profile_accepts_the_agreement_again() {
        for state in EnrolmentState::ALL.iter().filter(|state| state.is_open()) {
            assert_eq!(state.after_profile(), Ok(EnrolmentState::Agreement), "{state:?}");
        }
        let closed: Vec<_> = EnrolmentState::ALL.iter().filter(|state| !state.is_open()).collect();
        assert_eq!(closed, [&EnrolmentState::Review, &EnrolmentState::Accepted, &EnrolmentState::Rejected]);
    }

    #[test]
    fn rule_19_a_founder_has_an_address_in_the_companys_own_domain() {
        assert!(PUBLIC_MAIL.is_sorted());
        let founder = Founder::parse(" Oakfen.example ", "Ida Moen", "ida@OAKFEN.example").unwrap();
        assert_eq!(founder.domain.as_str(), "oakfen.example");
        let fault = |domain, email| {
            let error = Founder::parse(domain, "Ida Moen", email).unwrap_err();
            error.fields.first().map(|fault| (fault.field, fault.code))
        };
        assert_eq!(
            fault("oakfen.example", "ida@elsewhere.example"),
            Some((Field::Email, ErrorCode::OutsideDomain))
        );
        assert_eq!(
            fault("oakfen.example", "ida@mail.oakfen.example"),
            Some((Field::Email, ErrorCode::OutsideDomain))
        );
        assert_eq!(
            fault("gmail.com", "ida@gmail.com"),
            Some((Field::CompanyDomain, ErrorCode::PublicDomain))
        );
    }

    fn draft() -> ProfileDraft {
        let text = |text: &str| text.to_owned();
        ProfileDraft {
            company: text("Oakfen AS"),
            street: text("Storgata 1"),
            city: text("Oslo"),
            postal_code: text("0155"),
            country: text("NO"),
            time_zone: text("Europe/Oslo"),
            contact_name: text("Ida Moen"),
            contact_email: text("ida@oakfen.example"),
            contact_phone: text("+47 22 00 00 00"),
            contact_language: text("en"),
            ..ProfileDraft::default()
        }
    }

    #[test]
    fn rule_19_an_address_is_checked_by_its_country() {
        assert!(draft().parse().is_ok());
        let faults = |draft: ProfileDraft| -> Vec<_> {
            let error = draft.parse().unwrap_err();
            error.fields.iter().map(|fault| (fault.field, fault.code)).collect()
        };
        let american = ProfileDraft { country: "US".to_owned(), ..draft() };
        assert_eq!(faults(american.clone()), [(Field::Region, ErrorCode::Required)]);
        assert!(ProfileDraft { region: "Ohio".to_owned(), ..american }.parse().is_ok());
        let empty = ProfileDraft { postal_code: String::new(), ..draft() };
        assert_eq!(faults(empty.clone()), [(Field::PostalCode, ErrorCode::Required)]);
        assert!(ProfileDraft { country: "HK".to_owned(), ..empty }.parse().is_ok());
        assert_eq!(
            faults(ProfileDraft { country: "XX".to_owned(), ..draft() }),
            [(Field::Country, ErrorCode::UnknownChoice)]
        );
        assert_eq!(
            faults(ProfileDraft { contact_email: "ida@gmail.com".to_owned(), ..draft() }),
            [(Field::Email, ErrorCode::PublicDomain)]
        );
    }

    #[test]
    fn an_address_has_the_lines_that_are_filled_in() {
        assert_eq!(draft().postal_lines(), ["Storgata 1", "0155 Oslo"]);
        let more = ProfileDraft { street_more: "3rd floor".to_owned(), region: "Oslo".to_owned(), ..draft() };
        assert_eq!(more.postal_lines(), ["Storgata 1", "3rd floor", "0155 Oslo Oslo"]);
    }

    #[test]
    fn rule_19_every_fault_of_a_profile_is_told_at_once() {
        let error = ProfileDraft::default().parse().unwrap_err();
        assert!(error.fields.len() >= 9, "{:?}", error.fields);
    }
}
