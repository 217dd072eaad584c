//! The wording of a kind of mail: subject and body with named places. A programme can write its own, within
//! what keeps the mail useful: no place that the mail doesn't have, none missing that it exists for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Faults, Field};
use crate::text::{Line, Paragraph};

/// The longest subject, in characters.
pub const SUBJECT_MAX: usize = 200;
/// The longest body, in characters.
pub const BODY_MAX: usize = 5_000;

/// Places whose values can have several lines, or are known only once the subject is written.
const BODY_ONLY: &[&str] = &[
    "administrators",
    "benefits",
    "details",
    "instructions",
    "link",
    "message",
    "note",
    "reason",
    "reminders",
];

/// Places that a mail exists for: whoever reads it without them can't do what it asks, or doesn't learn why.
const NEEDED: &[&str] =
    &["administrators", "benefits", "details", "instructions", "link", "message", "reason", "reminders"];

/// Subject and body with places such as `{person}`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Wording {
    /// Subject.
    pub subject: String,
    /// Body, without what stands under every mail.
    pub body: String,
}

impl Wording {
    /// The places of the mail, by name.
    #[must_use]
    pub fn places(&self) -> BTreeSet<&str> {
        let subject = places(&self.subject).unwrap_or_default();
        subject.into_iter().chain(places(&self.body).unwrap_or_default()).collect()
    }

    /// The places that its subject can have.
    #[must_use]
    pub fn subject_places(&self) -> BTreeSet<&str> {
        self.places().into_iter().filter(|place| !BODY_ONLY.contains(place)).collect()
    }

    /// The places that its body can't do without.
    #[must_use]
    pub fn needed(&self) -> BTreeSet<&str> {
        let body = places(&self.body).unwrap_or_default();
        body.into_iter().filter(|place| NEEDED.contains(place)).collect()
    }

    /// Another wording of the mail that this is the product's wording of.
    ///
    /// # Errors
    /// What is wrong about [`Field::MailSubject`] and [`Field::MailBody`]: as [`Line`] and [`Paragraph`] say,
    /// [`ErrorCode::UnknownPlace`], [`ErrorCode::PlaceMissing`].
    pub fn another(&self, subject: &str, body: &str) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let subject = faults.take(Line::parse(Field::MailSubject, subject, SUBJECT_MAX));
        let body = faults.take(Paragraph::parse(Field::MailBody, body, BODY_MAX));
        let (subject, body) =
            (subject.map(String::from).unwrap_or_default(), body.map(String::from).unwrap_or_default());
        let known = |text: &str, allowed: &BTreeSet<&str>| {
            places(text).is_some_and(|found| found.iter().all(|place| allowed.contains(place)))
        };
        if !known(&subject, &self.subject_places()) {
            faults.add(Field::MailSubject, ErrorCode::UnknownPlace);
        }
        if !known(&body, &self.places()) {
            faults.add(Field::MailBody, ErrorCode::UnknownPlace);
        } else if !body.is_empty() {
            let found = places(&body).unwrap_or_default();
            if !self.needed().iter().all(|place| found.contains(place)) {
                faults.add(Field::MailBody, ErrorCode::PlaceMissing);
            }
        }
        faults.check()?;
        Ok(Self { subject, body })
    }
}

/// The places of a text; none where a brace belongs to no place.
fn places(text: &str) -> Option<BTreeSet<&str>> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{')?;
        let (name, after) = inside.split_once('}')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !is_name {
            return None;
        }
        found.insert(name);
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product() -> Wording {
        Wording {
            subject: "Refused: {product}".to_owned(),
            body: "Hello {person},\n\nno.\n\nReason: {reason}\n\n{link}".to_owned(),
        }
    }

    fn faults(subject: &str, body: &str) -> Vec<(Field, ErrorCode)> {
        let error = product().another(subject, body).expect_err("refused");
        error.fields.iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn a_wording_has_the_places_of_its_mail_and_those_it_exists_for() {
        let product = product();
        assert_eq!(product.places().into_iter().collect::<Vec<_>>(), ["link", "person", "product", "reason"]);
        assert_eq!(product.subject_places().into_iter().collect::<Vec<_>>(), ["person", "product"]);
        assert_eq!(product.needed().into_iter().collect::<Vec<_>>(), ["link", "reason"]);
        let own = product.another(" {person}: no {product} ", "{reason}\r\n{link}{link}").expect("a wording");
        assert_eq!(own.subject, "{person}: no {product}");
        assert_eq!(own.body, "{reason}\n{link}{link}");
    }

    #[test]
    fn what_would_leave_a_reader_without_is_refused() {
        use ErrorCode::{ControlCharacters, PlaceMissing, Required, TooLong, UnknownPlace};
        let fine = "{reason} {link}";
        assert_eq!(faults("{offer}", fine), [(Field::MailSubject, UnknownPlace)]);
        assert_eq!(faults("{link}", fine), [(Field::MailSubject, UnknownPlace)], "known too late");
        assert_eq!(faults("{reason}", fine), [(Field::MailSubject, UnknownPlace)], "several lines");
        assert_eq!(faults("No", "{reason}"), [(Field::MailBody, PlaceMissing)]);
        assert_eq!(faults("No", "{link}"), [(Field::MailBody, PlaceMissing)]);
        for stray in
            ["{reason} {link} {", "} {reason} {link}", "{ reason } {link} {reason}", "{} {link} {reason}"]
        {
            assert_eq!(faults("No", stray), [(Field::MailBody, UnknownPlace)], "{stray}");
        }
        assert_eq!(faults(" ", " "), [(Field::MailSubject, Required), (Field::MailBody, Required)]);
        assert_eq!(faults("a\nb", fine), [(Field::MailSubject, ControlCharacters)]);
        let long = faults(&"a".repeat(SUBJECT_MAX + 1), &format!("{fine}{}", "a".repeat(BODY_MAX)));
        assert_eq!(long.iter().map(|(_, code)| *code).collect::<Vec<_>>(), [TooLong, TooLong]);
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_known_places_only(subject in ".{0,80}", body in "[{}a-z \n]{0,80}") {
            let product = product();
            if let Ok(own) = product.another(&subject, &format!("{body}{{reason}}{{link}}")) {
                prop_assert!(own.places().is_subset(&product.places()));
                prop_assert!(product.needed().is_subset(&own.places()));
            }
        }
    }
}
