//! Technical benefits: who has which, the advisory request, and balances (rules 14 and 15).

use serde::{Deserialize, Serialize};

use crate::Day;
use crate::benefit::ProductKind;
use crate::error::{Error, ErrorCode, Faults, Field, FieldError, codes};
use crate::ids::GrantId;
pub use crate::membership::Tier;
use crate::text::{Hours, Line, Paragraph, Phone};

/// The longest title of a request, in characters.
pub const TITLE_MAX: usize = 120;
/// The longest description of a request, in characters.
pub const DESCRIPTION_MAX: usize = 4000;
/// The longest answer to the short questions of a request, in characters.
pub const ANSWER_MAX: usize = 80;

codes! {
    /// A kind of support.
    SupportKind {
        /// Something in the cloud is broken or doesn't work as expected.
        BreakFixSignature = "break_fix_signature",
        /// Something on-premises is broken or doesn't work as expected.
        BreakFixIncidents = "break_fix_incidents",
        /// Consultation and advice before a sale and at deployment.
        PresalesDeployment = "presales_deployment",
        /// Hours of a consultant.
        AdvisoryHours = "advisory_hours",
    }
}

impl SupportKind {
    /// The kind of a technical benefit.
    #[must_use]
    pub const fn of(kind: ProductKind) -> Self {
        match kind {
            ProductKind::BreakFixSignature => Self::BreakFixSignature,
            ProductKind::BreakFixIncidents => Self::BreakFixIncidents,
            ProductKind::PresalesDeployment => Self::PresalesDeployment,
            _ => Self::AdvisoryHours,
        }
    }
}

/// The tiers that have a kind of support.
#[must_use]
pub const fn available_to(kind: SupportKind) -> &'static [Tier] {
    match kind {
        SupportKind::BreakFixSignature => &[Tier::Silver, Tier::Gold],
        SupportKind::BreakFixIncidents | SupportKind::PresalesDeployment | SupportKind::AdvisoryHours => {
            &[Tier::ActionPack, Tier::Silver, Tier::Gold]
        }
    }
}

codes! {
    /// What a support request is about.
    SupportArea {
        /// A product on the customer's or the partner's own machines.
        OnPremises = "on_premises",
        /// Azure.
        Azure = "azure",
        /// Dynamics.
        Dynamics = "dynamics",
        /// Another cloud service.
        OtherCloud = "other_cloud",
    }
}

/// Whether the first support request asks for Access ID and Contract ID: on-premises, Azure unless
/// it comes through a reseller, and Dynamics (rule 14).
#[must_use]
pub const fn needs_ids(area: SupportArea, through_reseller: bool) -> bool {
    match area {
        SupportArea::OnPremises | SupportArea::Dynamics => true,
        SupportArea::Azure => !through_reseller,
        SupportArea::OtherCloud => false,
    }
}

/// Whether a product support incident covers a version that many versions behind the current one: the
/// current and the previous are covered (rule 14).
#[must_use]
pub const fn incident_covers(versions_behind: u32) -> bool {
    versions_behind <= 1
}

codes! {
    /// Phase of an engagement.
    Phase {
        /// Before the sale.
        Presales = "presales",
        /// Design.
        Design = "design",
        /// Deployment.
        Deployment = "deployment",
        /// Development of an app.
        AppDevelopment = "app_development",
    }
}

codes! {
    /// Where the solution runs.
    Environment {
        /// In the cloud.
        Cloud = "cloud",
        /// In the cloud and on-premises.
        Hybrid = "hybrid",
    }
}

/// The form for advisory hours and presales assistance, as it was filled in.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct AdvisoryDraft {
    /// Code of a [`Phase`].
    pub phase: String,
    /// Code of an [`Environment`].
    pub environment: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Product.
    pub product: String,
    /// Country or region.
    pub country: String,
    /// Language in which the consultant answers.
    pub language: String,
    /// Phone with country code.
    pub phone: String,
    /// Time zone.
    pub time_zone: String,
    /// Working hours.
    pub working_hours: String,
    /// Id of the grant that is charged.
    pub grant: String,
    /// Hours asked for.
    pub hours: String,
}

/// What is planned for an engagement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EngagementPlan {
    /// Who comes.
    pub consultant: String,
    /// On which day.
    pub day: Day,
    /// For how many hours.
    pub hours: i64,
    /// How and where; can be empty.
    pub note: String,
}

/// A request for advisory hours or presales assistance (rule 15).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdvisoryRequest {
    /// Phase of the engagement.
    pub phase: Phase,
    /// Where the solution runs.
    pub environment: Environment,
    /// Title.
    pub title: Line,
    /// Technical summary, preferred contact time.
    pub description: Paragraph,
    /// Product.
    pub product: Line,
    /// Country or region.
    pub country: Line,
    /// Language in which the consultant answers.
    pub language: Line,
    /// Phone with country code.
    pub phone: Phone,
    /// Time zone.
    pub time_zone: Line,
    /// Working hours.
    pub working_hours: Line,
    /// The grant that is charged when the delivery is recorded.
    pub grant: GrantId,
    /// Hours asked for.
    pub hours: Hours,
}

impl AdvisoryDraft {
    /// The request, or every fault of the form at once.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with the fields to look at again.
    pub fn parse(&self) -> Result<AdvisoryRequest, Error> {
        let mut faults = Faults::default();
        let phase = faults.take(choice(Field::Phase, &self.phase, Phase::from_code));
        let environment = faults.take(choice(Field::Environment, &self.environment, Environment::from_code));
        let title = faults.take(Line::parse(Field::Title, &self.title, TITLE_MAX));
        let description =
            faults.take(Paragraph::parse(Field::Description, &self.description, DESCRIPTION_MAX));
        let product = faults.take(Line::parse(Field::Product, &self.product, ANSWER_MAX));
        let country = faults.take(Line::parse(Field::Country, &self.country, ANSWER_MAX));
        let language = faults.take(Line::parse(Field::Language, &self.language, ANSWER_MAX));
        let phone = faults.take(Phone::parse(Field::Phone, &self.phone));
        let time_zone = faults.take(Line::parse(Field::TimeZone, &self.time_zone, ANSWER_MAX));
        let working_hours = faults.take(Line::parse(Field::WorkingHours, &self.working_hours, ANSWER_MAX));
        let grant = faults.take(choice(Field::Grant, &self.grant, |id| id.parse().ok()));
        let hours = faults.take(Hours::parse(Field::Hours, &self.hours));
        faults.check()?;
        let request = || {
            Some(AdvisoryRequest {
                phase: phase?,
                environment: environment?,
                title: title?,
                description: description?,
                product: product?,
                country: country?,
                language: language?,
                phone: phone?,
                time_zone: time_zone?,
                working_hours: working_hours?,
                grant: grant?,
                hours: hours?,
            })
        };
        request().ok_or(Error::new(ErrorCode::Invalid))
    }
}

fn choice<T>(field: Field, raw: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, FieldError> {
    let raw = raw.trim();
    let code = if raw.is_empty() { ErrorCode::Required } else { ErrorCode::UnknownChoice };
    read(raw).ok_or(FieldError { field, code, number: None })
}

/// What was used, by the entries of the ledger: a use is above zero, a correction that gives back is
/// below. Never below zero.
#[must_use]
pub fn used(entries: impl IntoIterator<Item = i64>) -> i64 {
    entries.into_iter().fold(0_i64, i64::saturating_add).max(0)
}

/// What is left of a balance, never below zero; none where it is unlimited. Entries as in [`used`].
#[must_use]
pub fn left(granted: Option<i64>, entries: impl IntoIterator<Item = i64>) -> Option<i64> {
    granted.map(|granted| granted.saturating_sub(used(entries)).max(0))
}

/// Whether an amount can be charged to what is left; none is unlimited.
///
/// # Errors
/// [`ErrorCode::MalformedNumber`] of [`Field::Quantity`] for an amount below one;
/// [`ErrorCode::BalanceTooLow`] with what is left.
pub fn charge(left: Option<i64>, amount: i64) -> Result<(), Error> {
    if amount < 1 {
        return Err(Error::field(Field::Quantity, ErrorCode::MalformedNumber));
    }
    match left {
        Some(left) if amount > left => Err(Error::new(ErrorCode::BalanceTooLow).with_number(left)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rule_14_kinds_of_support_belong_to_tiers() {
        for (kind, tiers) in [
            (SupportKind::BreakFixSignature, "--yy"),
            (SupportKind::BreakFixIncidents, "-yyy"),
            (SupportKind::PresalesDeployment, "-yyy"),
            (SupportKind::AdvisoryHours, "-yyy"),
        ] {
            for (tier, cell) in Tier::ALL.iter().zip(tiers.chars()) {
                assert_eq!(available_to(kind).contains(tier), cell == 'y', "{kind:?} {tier:?}");
            }
        }
    }

    #[test]
    fn rule_14_ids_are_asked_for_where_they_are_needed() {
        for (area, direct, through_reseller) in [
            (SupportArea::OnPremises, true, true),
            (SupportArea::Azure, true, false),
            (SupportArea::Dynamics, true, true),
            (SupportArea::OtherCloud, false, false),
        ] {
            assert_eq!(needs_ids(area, false), direct, "{area:?}");
            assert_eq!(needs_ids(area, true), through_reseller, "{area:?}");
        }
    }

    #[test]
    fn rule_14_incidents_cover_the_current_and_the_previous_version() {
        assert!(incident_covers(0) && incident_covers(1));
        assert!(!incident_covers(2));
    }

    #[test]
    fn rule_14_a_balance_falls_with_each_use_and_corrections_are_entries() {
        assert_eq!(left(Some(20), []), Some(20));
        assert_eq!(left(Some(20), [5, 3, -2]), Some(14));
        assert_eq!(left(None, [5, 3]), None);
        // The grant was lowered below what is used.
        assert_eq!(left(Some(5), [8]), Some(0));
        assert_eq!(used([8, -9]), 0);
        assert_eq!(used([i64::MAX, i64::MAX]), i64::MAX);
    }

    #[test]
    fn rule_14_nothing_is_charged_beyond_the_balance() {
        assert_eq!(charge(Some(5), 5), Ok(()));
        assert_eq!(charge(None, i64::MAX), Ok(()));
        let error = charge(Some(5), 6).expect_err("too much");
        assert_eq!((error.code, error.number), (ErrorCode::BalanceTooLow, Some(5)));
        for amount in [0, -1, i64::MIN] {
            let error = charge(Some(5), amount).expect_err("no amount");
            assert!(error.of(Field::Quantity).is_some(), "{amount}");
        }
    }

    fn draft() -> AdvisoryDraft {
        AdvisoryDraft {
            phase: "presales".into(),
            environment: "hybrid".into(),
            title: " Migration of a file server ".into(),
            description: "40 users.\r\nCall in the morning.".into(),
            product: "Windows Server".into(),
            country: "Norway".into(),
            language: "English".into(),
            phone: "+47 22 33 44 55".into(),
            time_zone: "Europe/Oslo".into(),
            working_hours: "09:00–16:00".into(),
            grant: "0193e3a0-0000-7000-8000-000000000001".into(),
            hours: "10".into(),
        }
    }

    #[test]
    fn rule_15_a_complete_form_is_a_request() {
        let request = draft().parse().expect("complete");
        assert_eq!(request.phase, Phase::Presales);
        assert_eq!(request.environment, Environment::Hybrid);
        assert_eq!(request.title.as_str(), "Migration of a file server");
        assert_eq!(request.description.as_str(), "40 users.\nCall in the morning.");
        assert_eq!(request.hours.get(), 10);
        assert_eq!(request.grant.to_string(), draft().grant);
    }

    #[test]
    fn rule_15_every_fault_of_the_form_is_told_at_once() {
        let error = AdvisoryDraft::default().parse().expect_err("empty");
        assert_eq!(error.code, ErrorCode::Invalid);
        let fields: Vec<Field> = error.fields.iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            [
                Field::Phase,
                Field::Environment,
                Field::Title,
                Field::Description,
                Field::Product,
                Field::Country,
                Field::Language,
                Field::Phone,
                Field::TimeZone,
                Field::WorkingHours,
                Field::Grant,
                Field::Hours,
            ]
        );
        assert!(error.fields.iter().all(|fault| fault.code == ErrorCode::Required));
    }

    #[test]
    fn rule_15_each_field_has_its_limits() {
        type Edit = fn(&mut AdvisoryDraft);
        let cases: [(Field, ErrorCode, Option<i64>, Edit); 13] = [
            (Field::Phase, ErrorCode::UnknownChoice, None, |draft| draft.phase = "sale".into()),
            (Field::Environment, ErrorCode::UnknownChoice, None, |draft| {
                draft.environment = "on_premises".into();
            }),
            (Field::Title, ErrorCode::TooLong, Some(120), |draft| draft.title = "x".repeat(121)),
            (Field::Description, ErrorCode::TooLong, Some(4000), |draft| {
                draft.description = "x".repeat(4001);
            }),
            (Field::Product, ErrorCode::TooLong, Some(80), |draft| draft.product = "x".repeat(81)),
            (Field::Country, ErrorCode::TooLong, Some(80), |draft| draft.country = "x".repeat(81)),
            (Field::Language, ErrorCode::TooLong, Some(80), |draft| draft.language = "x".repeat(81)),
            (Field::Phone, ErrorCode::MalformedPhone, None, |draft| draft.phone = "22334455".into()),
            (Field::TimeZone, ErrorCode::TooLong, Some(80), |draft| draft.time_zone = "x".repeat(81)),
            (Field::WorkingHours, ErrorCode::TooLong, Some(80), |draft| draft.working_hours = "x".repeat(81)),
            (Field::Grant, ErrorCode::UnknownChoice, None, |draft| draft.grant = "1".into()),
            (Field::Hours, ErrorCode::MalformedNumber, None, |draft| draft.hours = "0".into()),
            (Field::Hours, ErrorCode::EngagementTooLong, Some(25), |draft| draft.hours = "26".into()),
        ];
        for (field, code, number, edit) in cases {
            let mut draft = draft();
            edit(&mut draft);
            let error = draft.parse().expect_err("a fault");
            assert_eq!(error.fields, [FieldError { field, code, number }]);
        }
        let mut longest = draft();
        longest.title = "題".repeat(120);
        longest.description = "x".repeat(4000);
        longest.hours = "25".into();
        assert!(longest.parse().is_ok());
    }

    proptest! {
        #[test]
        fn rule_14_charging_what_is_allowed_never_overdraws(
            granted in 0_i64..100, amounts in proptest::collection::vec(-5_i64..30, 0..30),
        ) {
            let mut entries: Vec<i64> = Vec::new();
            for amount in amounts {
                if charge(left(Some(granted), entries.iter().copied()), amount).is_ok() {
                    entries.push(amount);
                }
            }
            let total = used(entries.iter().copied());
            prop_assert!(total <= granted);
            prop_assert_eq!(left(Some(granted), entries), Some(granted - total));
        }
    }
}
