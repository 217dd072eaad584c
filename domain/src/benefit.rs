//! Kinds of benefits, the way of an activation, and what the dates of a grant allow.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::membership::{RENEWAL_WINDOW_DAYS, Tier};
use crate::moment::Moment;
use crate::policy::Policies;

codes! {
    /// A page of the benefits table.
    Category {
        /// Software keys and downloads.
        Software = "software",
        /// Cloud services, by usage or by license.
        Cloud = "cloud",
        /// Developer subscriptions.
        VisualStudio = "visual_studio",
        /// Technical support and advice; called Support in edition A.
        Technical = "technical",
        /// Go-to-market offers.
        GoToMarket = "go_to_market",
    }
}

codes! {
    /// What a product is, and with that how it is put to use.
    ProductKind {
        /// Software with one key.
        SingleKey = "single_key",
        /// Software with a key for a finite count of activations.
        MultipleActivationKey = "multiple_activation_key",
        /// Software that is counted by cores, with one key.
        CoreKey = "core_key",
        /// A license without anything to download, such as client access.
        LicenseOnly = "license_only",
        /// Cloud by usage: a person is assigned (rule 9).
        CloudUsage = "cloud_usage",
        /// Cloud by license: a key opens or changes a subscription (rule 9).
        CloudLicense = "cloud_license",
        /// A developer subscription: a person is assigned (rule 10).
        Subscription = "subscription",
        /// Signature cloud support (rule 14).
        BreakFixSignature = "break_fix_signature",
        /// Product support incidents, on-premises (rule 14).
        BreakFixIncidents = "break_fix_incidents",
        /// Technical presales and deployment (rule 14).
        PresalesDeployment = "presales_deployment",
        /// Advisory hours (rule 15).
        AdvisoryHours = "advisory_hours",
        /// A go-to-market offer (rule 16).
        Marketing = "marketing",
    }
}

impl ProductKind {
    /// The page on which products of this kind stand.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::SingleKey | Self::MultipleActivationKey | Self::CoreKey | Self::LicenseOnly => {
                Category::Software
            }
            Self::CloudUsage | Self::CloudLicense => Category::Cloud,
            Self::Subscription => Category::VisualStudio,
            Self::BreakFixSignature
            | Self::BreakFixIncidents
            | Self::PresalesDeployment
            | Self::AdvisoryHours => Category::Technical,
            Self::Marketing => Category::GoToMarket,
        }
    }

    /// Whether there is a key to reveal (rules 8 and 9).
    #[must_use]
    pub const fn has_key(self) -> bool {
        matches!(self, Self::SingleKey | Self::MultipleActivationKey | Self::CoreKey | Self::CloudLicense)
    }

    /// Whether there is one key for all that is granted: once it is drawn, all of it is in use.
    #[must_use]
    pub const fn is_one_key(self) -> bool {
        matches!(self, Self::SingleKey | Self::CoreKey | Self::CloudLicense)
    }

    /// Whether there can be something to download (rule 8).
    #[must_use]
    pub const fn has_download(self) -> bool {
        matches!(self, Self::SingleKey | Self::MultipleActivationKey | Self::CoreKey)
    }

    /// Whether people are assigned to it (rules 9, 10, and 13 in editions A and B): also to software
    /// that is counted in seats, where each holder has a key of their own.
    #[must_use]
    pub const fn takes_seats(self, unit: Unit, policies: &Policies) -> bool {
        match self.category() {
            Category::VisualStudio => true,
            Category::Cloud => matches!(self, Self::CloudUsage),
            Category::Technical => policies.support_by_assignment(),
            Category::Software => matches!((self, unit), (Self::SingleKey, Unit::Seat)),
            Category::GoToMarket => false,
        }
    }

    /// Whether it is put to use by **Activate** for the whole company (rule 16, and 13 in edition C).
    #[must_use]
    pub const fn is_activated(self, policies: &Policies) -> bool {
        match self.category() {
            Category::GoToMarket => true,
            Category::Technical => !policies.support_by_assignment(),
            Category::Software | Category::Cloud | Category::VisualStudio => false,
        }
    }
}

codes! {
    /// What a quantity counts.
    Unit {
        /// Seats of people.
        Seat = "seat",
        /// Product keys.
        Key = "key",
        /// Licenses.
        License = "license",
        /// Processor cores.
        Core = "core",
        /// Activations of a key.
        Activation = "activation",
        /// Support incidents.
        Incident = "incident",
        /// Hours of advice.
        Hour = "hour",
        /// US dollars of credit a month.
        UsDollarMonth = "us_dollar_month",
        /// Anything else that is counted.
        Item = "item",
    }
}

codes! {
    /// Where a grant comes from, as it is named beside the benefit.
    SourceLabel {
        /// The network membership.
        NetworkCore = "network_core",
        /// The Action Pack.
        ActionPack = "action_pack",
        /// Any silver competency; once, however many areas.
        SilverCore = "silver_core",
        /// Any gold competency; once, however many areas.
        GoldCore = "gold_core",
        /// A select competency, which adds its own; the area stands beside it.
        SelectCompetency = "select_competency",
        /// The ISV co-sell offer.
        IsvCoSell = "isv_co_sell",
        /// Granted to this company alone.
        IndividualGrant = "individual_grant",
    }
}

impl SourceLabel {
    /// The label of a tier's core grants.
    #[must_use]
    pub const fn core_of(tier: Tier) -> Self {
        match tier {
            Tier::Network => Self::NetworkCore,
            Tier::ActionPack => Self::ActionPack,
            Tier::Silver => Self::SilverCore,
            Tier::Gold => Self::GoldCore,
        }
    }

    /// Whether a competency area stands beside it.
    #[must_use]
    pub const fn has_area(self) -> bool {
        matches!(self, Self::SelectCompetency)
    }
}

codes! {
    /// Whether a grant stands.
    #[derive(Default)]
    GrantState {
        /// It stands, as far as its dates allow.
        #[default]
        Granted = "granted",
        /// An operator took it back.
        Withdrawn = "withdrawn",
        /// It ended with its holding, or at its own date.
        Ended = "ended",
    }
}

codes! {
    /// Where an activation stands.
    #[derive(Default)]
    ActivationState {
        /// Not asked for yet.
        #[default]
        Available = "available",
        /// Asked for.
        Requested = "requested",
        /// Being set up.
        Processing = "processing",
        /// Usable.
        Active = "active",
        /// Over.
        Expired = "expired",
        /// Refused, with a reason.
        Refused = "refused",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// A step on the way of an activation.
    ActivationStep {
        /// The partner asks for it.
        Request = "request",
        /// It is taken up.
        Accept = "accept",
        /// It is set up.
        Complete = "complete",
        /// It is refused, with a reason.
        Refuse = "refuse",
        /// Its time is over.
        Expire = "expire",
        /// It is taken back.
        Withdraw = "withdraw",
        /// The partner asks once more.
        TryAgain = "try_again",
    }
}

codes! {
    /// Who makes a step.
    By {
        /// Somebody of the organization.
        Partner = "partner",
        /// Somebody who runs the programme.
        Operator = "operator",
        /// The worker, when the time has come.
        Clock = "clock",
    }
}

impl ActivationState {
    /// The state after a step.
    ///
    /// Partners ask, take back what is not active yet, and ask again. Nothing becomes active by
    /// their own request: an operator or the clock completes it (rule 13).
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] where the step doesn't start here; [`ErrorCode::WrongSide`] where
    /// it is somebody else's.
    pub fn step(self, step: ActivationStep, by: By) -> Result<Self, Error> {
        use ActivationStep::{Accept, Complete, Expire, Refuse, Request, TryAgain, Withdraw};
        let next = match (self, step) {
            (Self::Available, Request) | (Self::Refused | Self::Withdrawn, TryAgain) => Self::Requested,
            (Self::Requested, Accept) => Self::Processing,
            (Self::Processing, Complete) => Self::Active,
            (Self::Requested | Self::Processing, Refuse) => Self::Refused,
            (Self::Active, Expire) => Self::Expired,
            (Self::Requested | Self::Processing | Self::Active, Withdraw) => Self::Withdrawn,
            _ => return Err(ErrorCode::WrongState.into()),
        };
        let allowed = match step {
            Request | TryAgain => by == By::Partner,
            Accept => true,
            Refuse => by == By::Operator,
            Complete | Expire => by != By::Partner,
            Withdraw => by != By::Partner || self != Self::Active,
        };
        if allowed { Ok(next) } else { Err(ErrorCode::WrongSide.into()) }
    }

    /// Whether somebody is at work on it, or it waits for that.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Processing)
    }
}

/// What the rules about time and state ask of a grant.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct GrantFacts {
    /// Whether it stands.
    pub state: GrantState,
    /// The last moment of its use, where the grant says one; it goes before the holding's end
    /// (rule 21: "unless the grant says otherwise").
    pub expires_at: Option<Moment>,
    /// The last moment at which it can be put to use for the first time.
    pub activate_by: Option<Moment>,
    /// The last moment of its holding's year, the anniversary; none where it hangs on no holding.
    pub holding_ends_at: Option<Moment>,
    /// Whether the company's data is read-only (rule 22).
    pub read_only: bool,
    /// Whether the company's network membership is missing, which comes before activating anything (rule 18).
    pub without_network: bool,
}

impl GrantFacts {
    /// The last moment of use: its own expiry, else the end of the window after the anniversary.
    #[must_use]
    pub fn usable_until(&self) -> Option<Moment> {
        self.expires_at.or_else(|| self.window_ends_at())
    }

    fn window_ends_at(&self) -> Option<Moment> {
        self.holding_ends_at.map(|end| end.plus_days(RENEWAL_WINDOW_DAYS))
    }
}

/// Whether something new can start: an assignment, a reveal, an activation.
///
/// # Errors
/// [`ErrorCode::ReadOnly`] (rule 22), [`ErrorCode::GrantWithdrawn`], [`ErrorCode::GrantEnded`],
/// [`ErrorCode::RenewalWindow`] in the 30 days after the anniversary (rule 21),
/// [`ErrorCode::ActivateByPassed`], [`ErrorCode::NetworkNeeded`] (rule 18).
pub fn may_start(facts: &GrantFacts, now: Moment) -> Result<(), Error> {
    if facts.read_only {
        return Err(ErrorCode::ReadOnly.into());
    }
    may_use(facts, now)?;
    if facts.holding_ends_at.is_some_and(|end| now > end) {
        let in_window = facts.window_ends_at().is_some_and(|end| now <= end);
        let code = if in_window { ErrorCode::RenewalWindow } else { ErrorCode::GrantEnded };
        return Err(code.into());
    }
    if facts.activate_by.is_some_and(|last| now > last) {
        return Err(ErrorCode::ActivateByPassed.into());
    }
    if facts.without_network {
        return Err(ErrorCode::NetworkNeeded.into());
    }
    Ok(())
}

/// Whether what was started before can go on. It does so in the renewal window (rule 21), after the
/// day by which it had to be started, and where the data is read-only.
///
/// # Errors
/// [`ErrorCode::GrantWithdrawn`], [`ErrorCode::GrantEnded`].
pub fn may_use(facts: &GrantFacts, now: Moment) -> Result<(), Error> {
    match facts.state {
        GrantState::Withdrawn => Err(ErrorCode::GrantWithdrawn.into()),
        GrantState::Ended => Err(ErrorCode::GrantEnded.into()),
        GrantState::Granted if facts.usable_until().is_some_and(|last| now > last) => {
            Err(ErrorCode::GrantEnded.into())
        }
        GrantState::Granted => Ok(()),
    }
}

codes! {
    /// Status of a row of the benefits table.
    RowStatus {
        /// Nothing of it is used yet.
        Ready = "ready",
        /// Some of it is used, or it is activated.
        Active = "active",
        /// Being set up.
        Processing = "processing",
        /// All of it is used.
        AllUsed = "all_used",
        /// Its time is over.
        Expired = "expired",
        /// The activation was refused.
        Refused = "refused",
        /// Taken back.
        Withdrawn = "withdrawn",
        /// The company's data is read-only (rule 22).
        ReadOnly = "read_only",
        /// More is used than granted (rule 12).
        OverAllocated = "over_allocated",
    }
}

/// The status of a row; `quantity` none is unlimited. The first that applies: read-only, withdrawn,
/// expired, processing, refused, over-allocated, all used, active, ready. What nobody started before
/// its day passed is expired too. A key that was drawn is in use: nothing of it is used up.
#[must_use]
pub fn row_status(
    facts: &GrantFacts,
    kind: ProductKind,
    quantity: Option<i64>,
    used: i64,
    activation: ActivationState,
    now: Moment,
) -> RowStatus {
    if facts.read_only {
        return RowStatus::ReadOnly;
    }
    if facts.state == GrantState::Withdrawn || activation == ActivationState::Withdrawn {
        return RowStatus::Withdrawn;
    }
    let untouched = activation == ActivationState::Available && used <= 0;
    let missed = untouched && facts.activate_by.is_some_and(|last| now > last);
    if missed || activation == ActivationState::Expired || may_use(facts, now).is_err() {
        return RowStatus::Expired;
    }
    match (activation, quantity) {
        (ActivationState::Requested | ActivationState::Processing, _) => RowStatus::Processing,
        (ActivationState::Refused, _) => RowStatus::Refused,
        (_, Some(quantity)) if used > quantity => RowStatus::OverAllocated,
        (_, Some(quantity)) if used == quantity && !kind.is_one_key() => RowStatus::AllUsed,
        (ActivationState::Active, _) => RowStatus::Active,
        _ if used > 0 => RowStatus::Active,
        _ => RowStatus::Ready,
    }
}

codes! {
    /// How loudly a deadline is shown.
    Tone {
        /// More than 30 days left.
        Plain = "plain",
        /// 30 days or less.
        Near = "near",
        /// 7 days or less.
        Late = "late",
        /// Over.
        Over = "over",
    }
}

/// The tone of a deadline; 0 days left is its last day.
#[must_use]
pub const fn deadline_tone(days_left: i64) -> Tone {
    match days_left {
        ..0 => Tone::Over,
        0..=7 => Tone::Late,
        8..=30 => Tone::Near,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::SupportEdition;

    const NOW: Moment = Moment(1_795_000_000_000);
    const PAST: Moment = Moment(NOW.0 - 1);

    fn policies(support_edition: SupportEdition) -> Policies {
        Policies { support_edition, ..Policies::default() }
    }

    fn refused(result: Result<(), Error>) -> Option<ErrorCode> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn rules_08_to_10_kinds_are_put_to_use_in_their_way() {
        let c = policies(SupportEdition::C);
        let with = |test: &dyn Fn(ProductKind) -> bool| -> Vec<&str> {
            ProductKind::ALL.iter().filter(|kind| test(**kind)).map(|kind| kind.code()).collect()
        };
        assert_eq!(
            with(&ProductKind::has_key),
            ["single_key", "multiple_activation_key", "core_key", "cloud_license"]
        );
        assert_eq!(with(&ProductKind::has_download), ["single_key", "multiple_activation_key", "core_key"]);
        assert_eq!(with(&|kind| kind.takes_seats(Unit::Key, &c)), ["cloud_usage", "subscription"]);
        // Software that is counted in seats has a key for each holder.
        assert_eq!(
            with(&|kind| kind.takes_seats(Unit::Seat, &c)),
            ["single_key", "cloud_usage", "subscription"]
        );
    }

    #[test]
    fn rule_13_the_edition_decides_how_support_is_put_to_use() {
        for edition in SupportEdition::ALL {
            let policies = policies(*edition);
            for kind in ProductKind::ALL {
                if kind.category() == Category::Technical {
                    let by_person = *edition != SupportEdition::C;
                    assert_eq!(kind.takes_seats(Unit::Item, &policies), by_person, "{kind:?} {edition:?}");
                    assert_eq!(kind.is_activated(&policies), !by_person, "{kind:?} {edition:?}");
                } else {
                    assert_eq!(kind.is_activated(&policies), *kind == ProductKind::Marketing);
                }
            }
        }
    }

    #[test]
    fn rule_13_activations_go_their_way_and_no_other() {
        use ActivationState::{Active, Available, Expired, Processing, Refused, Requested, Withdrawn};
        use ActivationStep::{Accept, Complete, Expire, Refuse, Request, TryAgain, Withdraw};
        use By::{Clock, Operator, Partner};
        let way: &[(ActivationState, ActivationStep, ActivationState, &[By])] = &[
            (Available, Request, Requested, &[Partner]),
            (Requested, Accept, Processing, &[Partner, Operator, Clock]),
            (Requested, Refuse, Refused, &[Operator]),
            (Requested, Withdraw, Withdrawn, &[Partner, Operator, Clock]),
            (Processing, Complete, Active, &[Operator, Clock]),
            (Processing, Refuse, Refused, &[Operator]),
            (Processing, Withdraw, Withdrawn, &[Partner, Operator, Clock]),
            (Active, Expire, Expired, &[Operator, Clock]),
            (Active, Withdraw, Withdrawn, &[Operator, Clock]),
            (Refused, TryAgain, Requested, &[Partner]),
            (Withdrawn, TryAgain, Requested, &[Partner]),
        ];
        for from in ActivationState::ALL {
            for step in ActivationStep::ALL {
                for by in By::ALL {
                    let expected = match way.iter().find(|(f, s, ..)| f == from && s == step) {
                        None => Err(ErrorCode::WrongState),
                        Some((.., who)) if !who.contains(by) => Err(ErrorCode::WrongSide),
                        Some((_, _, to, _)) => Ok(*to),
                    };
                    let result = from.step(*step, *by).map_err(|error| error.code);
                    assert_eq!(result, expected, "{from:?} {step:?} {by:?}");
                }
            }
        }
    }

    #[test]
    fn rule_13_partners_never_complete_an_activation() {
        for state in ActivationState::ALL {
            for step in ActivationStep::ALL {
                let after = state.step(*step, By::Partner);
                assert_ne!(after, Ok(ActivationState::Active), "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn rule_21_in_the_window_use_goes_on_and_nothing_new_starts() {
        let end = NOW;
        let facts = GrantFacts { holding_ends_at: Some(end), ..GrantFacts::default() };
        let after = |days: i64, millis: i64| Moment(end.plus_days(days).0 + millis);
        for (now, start, usable) in [
            (after(-1, 0), None, true),
            (after(0, 0), None, true),
            (after(0, 1), Some(ErrorCode::RenewalWindow), true),
            (after(30, 0), Some(ErrorCode::RenewalWindow), true),
            (after(30, 1), Some(ErrorCode::GrantEnded), false),
        ] {
            assert_eq!(refused(may_start(&facts, now)), start, "{now:?}");
            assert_eq!(may_use(&facts, now).is_ok(), usable, "{now:?}");
        }
    }

    #[test]
    fn rule_21_a_grant_can_say_its_own_end() {
        let facts = |expires_at, holding_ends_at| GrantFacts {
            expires_at: Some(expires_at),
            holding_ends_at,
            ..GrantFacts::default()
        };
        // Its own end before the anniversary, without a window.
        let early = facts(PAST, Some(NOW.plus_days(100)));
        assert_eq!(refused(may_start(&early, NOW)), Some(ErrorCode::GrantEnded));
        assert_eq!(refused(may_use(&early, NOW)), Some(ErrorCode::GrantEnded));
        // The last moment itself counts.
        assert_eq!(may_start(&facts(NOW, None), NOW), Ok(()));
        // It outlives its holding: use goes on, nothing starts.
        let outlives = facts(NOW.plus_days(1), Some(NOW.plus_days(-60)));
        assert_eq!(may_use(&outlives, NOW), Ok(()));
        assert_eq!(refused(may_start(&outlives, NOW)), Some(ErrorCode::GrantEnded));
        assert_eq!(outlives.usable_until(), Some(NOW.plus_days(1)));
    }

    #[test]
    fn rule_21_withdrawn_and_ended_grants_are_of_no_use() {
        for (state, code) in
            [(GrantState::Withdrawn, ErrorCode::GrantWithdrawn), (GrantState::Ended, ErrorCode::GrantEnded)]
        {
            let facts = GrantFacts { state, ..GrantFacts::default() };
            assert_eq!(refused(may_start(&facts, NOW)), Some(code));
            assert_eq!(refused(may_use(&facts, NOW)), Some(code));
        }
        assert_eq!(may_start(&GrantFacts::default(), NOW), Ok(()));
    }

    #[test]
    fn rule_22_read_only_data_starts_nothing() {
        let facts = GrantFacts { read_only: true, ..GrantFacts::default() };
        assert_eq!(refused(may_start(&facts, NOW)), Some(ErrorCode::ReadOnly));
        assert_eq!(may_use(&facts, NOW), Ok(()));
    }

    #[test]
    fn rule_18_the_network_membership_comes_before_anything_new() {
        let facts = GrantFacts { without_network: true, ..GrantFacts::default() };
        assert_eq!(may_start(&facts, NOW), Err(ErrorCode::NetworkNeeded.into()));
        assert_eq!(may_use(&facts, NOW), Ok(()), "what was started goes on");
        let ended = GrantFacts { state: GrantState::Ended, ..facts };
        assert_eq!(may_start(&ended, NOW), Err(ErrorCode::GrantEnded.into()), "nothing would help here");
    }

    #[test]
    fn what_was_started_in_time_goes_on_after_activate_by() {
        let facts = GrantFacts { activate_by: Some(PAST), ..GrantFacts::default() };
        assert_eq!(refused(may_start(&facts, NOW)), Some(ErrorCode::ActivateByPassed));
        assert_eq!(may_use(&facts, NOW), Ok(()));
        let facts = GrantFacts { activate_by: Some(NOW), ..GrantFacts::default() };
        assert_eq!(may_start(&facts, NOW), Ok(()));
    }

    #[test]
    fn rows_show_the_first_status_that_applies() {
        use ActivationState::{Active, Available, Expired, Processing, Refused, Requested, Withdrawn};
        let fine = GrantFacts::default();
        let over = GrantFacts { expires_at: Some(PAST), ..fine };
        let missed = GrantFacts { activate_by: Some(PAST), ..fine };
        let withdrawn = GrantFacts { state: GrantState::Withdrawn, ..over };
        let ended = GrantFacts { state: GrantState::Ended, ..fine };
        let window = GrantFacts { holding_ends_at: Some(PAST), ..fine };
        let read_only = GrantFacts { read_only: true, ..withdrawn };
        for (facts, quantity, used, activation, status) in [
            (fine, Some(10), 0, Available, RowStatus::Ready),
            (fine, None, 0, Available, RowStatus::Ready),
            (fine, Some(10), 3, Available, RowStatus::Active),
            (fine, None, 3, Available, RowStatus::Active),
            (fine, None, 0, Active, RowStatus::Active),
            (fine, Some(10), 10, Available, RowStatus::AllUsed),
            (fine, Some(10), 10, Active, RowStatus::AllUsed),
            (fine, Some(0), 0, Available, RowStatus::AllUsed),
            (fine, Some(10), 11, Available, RowStatus::OverAllocated),
            (fine, Some(10), 0, Requested, RowStatus::Processing),
            (fine, Some(10), 11, Processing, RowStatus::Processing),
            (fine, Some(10), 0, Refused, RowStatus::Refused),
            (fine, Some(10), 0, Withdrawn, RowStatus::Withdrawn),
            (fine, Some(10), 0, Expired, RowStatus::Expired),
            (over, Some(10), 11, Processing, RowStatus::Expired),
            (missed, Some(10), 0, Available, RowStatus::Expired),
            (missed, Some(10), 1, Available, RowStatus::Active),
            (missed, None, 0, Active, RowStatus::Active),
            (ended, None, 0, Available, RowStatus::Expired),
            (window, Some(10), 3, Available, RowStatus::Active),
            (withdrawn, Some(10), 3, Available, RowStatus::Withdrawn),
            (read_only, Some(10), 11, Expired, RowStatus::ReadOnly),
        ] {
            assert_eq!(
                row_status(&facts, ProductKind::Subscription, quantity, used, activation, NOW),
                status,
                "{facts:?} {quantity:?} {used} {activation:?}"
            );
        }
    }

    #[test]
    fn rule_08_a_key_that_was_drawn_is_in_use_not_used_up() {
        let fine = GrantFacts::default();
        for kind in ProductKind::ALL {
            let status = row_status(&fine, *kind, Some(10), 10, ActivationState::Available, NOW);
            let expected = if kind.is_one_key() { RowStatus::Active } else { RowStatus::AllUsed };
            assert_eq!(status, expected, "{kind:?}");
        }
        assert!(ProductKind::SingleKey.is_one_key() && !ProductKind::MultipleActivationKey.is_one_key());
    }

    #[test]
    fn deadlines_grow_louder() {
        for (days, tone) in [
            (i64::MIN, Tone::Over),
            (-1, Tone::Over),
            (0, Tone::Late),
            (7, Tone::Late),
            (8, Tone::Near),
            (30, Tone::Near),
            (31, Tone::Plain),
            (i64::MAX, Tone::Plain),
        ] {
            assert_eq!(deadline_tone(days), tone, "{days}");
        }
    }
}
