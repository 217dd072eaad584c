//! Kinds of mail. The texts of each stand in `locales/`, area `mail`.

use serde::{Deserialize, Serialize};

use crate::error::codes;

codes! {
    /// What a mail is about.
    MailKind {
        /// Cloud key redeemed.
        CloudKeyRedeemed = "cloud_key_redeemed",
        /// Seat assigned.
        SeatAssigned = "seat_assigned",
        /// Seat with a key assigned.
        KeySeatAssigned = "key_seat_assigned",
        /// Seat removed.
        SeatRemoved = "seat_removed",
        /// Seat withdrawn with its benefit.
        SeatWithdrawn = "seat_withdrawn",
        /// Seat ended with its benefit.
        SeatEnded = "seat_ended",
        /// Seat ended with a change of level.
        SeatTierChanged = "seat_tier_changed",
        /// Seat asked for.
        SeatRequested = "seat_requested",
        /// Request for a seat refused.
        SeatRequestRefused = "seat_request_refused",
        /// Technical benefit active.
        TechnicalActive = "technical_active",
        /// Support active.
        SupportActive = "support_active",
        /// Go-to-market benefit active.
        MarketingActive = "marketing_active",
        /// Go-to-market benefit ends soon.
        MarketingExpiring = "marketing_expiring",
        /// Go-to-market benefit expired.
        MarketingExpired = "marketing_expired",
        /// Marketing contact saved.
        MarketingContactChanged = "marketing_contact_changed",
        /// Activation refused.
        ActivationRefused = "activation_refused",
        /// Advisory request received.
        AdvisorySubmitted = "advisory_submitted",
        /// Invitation with a link.
        Invitation = "invitation",
        /// Invitation to sign in with the directory.
        InvitationByDirectory = "invitation_by_directory",
        /// Added to another company.
        PersonAdded = "person_added",
        /// Company invited from the older portal.
        MemberInvited = "member_invited",
        /// Company invited, contact has an account.
        MemberInvitedKnown = "member_invited_known",
        /// Roles updated.
        RolesChanged = "roles_changed",
        /// Person suspended.
        PersonSuspended = "person_suspended",
        /// Person let in again.
        PersonResumed = "person_resumed",
        /// Person removed.
        PersonRemoved = "person_removed",
        /// Cancellation received.
        CancellationRequested = "cancellation_requested",
        /// Refund approved.
        CancellationApproved = "cancellation_approved",
        /// Refund refused.
        CancellationRefused = "cancellation_refused",
        /// Order placed.
        OrderPlaced = "order_placed",
        /// Order settled.
        OrderPaid = "order_paid",
        /// Renewal settled.
        OrderRenewed = "order_renewed",
        /// Level changed.
        TierChanged = "tier_changed",
        /// Seat given back.
        SeatGivenBack = "seat_given_back",
        /// Change of level taken back.
        TierChangeTakenBack = "tier_change_taken_back",
        /// Details for a bank transfer.
        OrderTransfer = "order_transfer",
        /// Card payment not made.
        PaymentDeclined = "payment_declined",
        /// Order expired.
        OrderExpired = "order_expired",
        /// Bank transfer not found.
        TransferRefused = "transfer_refused",
        /// Advisory hours recorded.
        HoursRecorded = "hours_recorded",
        /// Advisory request completed.
        AdvisoryCompleted = "advisory_completed",
        /// Advisory request refused.
        AdvisoryRefused = "advisory_refused",
        /// Global admin granted.
        GlobalAdminGranted = "global_admin_granted",
        /// Global admin refused.
        GlobalAdminRefused = "global_admin_refused",
        /// Link to a new password.
        PasswordReset = "password_reset",
        /// New password asked for before the invitation.
        PasswordResetInvited = "password_reset_invited",
        /// Password changed.
        PasswordChanged = "password_changed",
        /// Second factor on.
        SecondFactorOn = "second_factor_on",
        /// Second factor off.
        SecondFactorOff = "second_factor_off",
        /// Recovery code used.
        RecoveryCodeUsed = "recovery_code_used",
        /// Membership to renew.
        MembershipRenew = "membership_renew",
        /// Last days of a membership.
        MembershipLastDays = "membership_last_days",
        /// Membership ended.
        MembershipEnded = "membership_ended",
        /// A benefit ends.
        BenefitEnding = "benefit_ending",
        /// Several benefits end.
        BenefitsEnding = "benefits_ending",
        /// A benefit was never used.
        BenefitUnused = "benefit_unused",
        /// Several benefits were never used.
        BenefitsUnused = "benefits_unused",
        /// Reminders together.
        RemindersCollected = "reminders_collected",
        /// Refund on its way.
        RefundSent = "refund_sent",
        /// Link to a new tenant.
        EnrolmentLink = "enrolment_link",
        /// Company is here already.
        EnrolmentKnown = "enrolment_known",
        /// Company is here, without administrators.
        EnrolmentKnownNobody = "enrolment_known_nobody",
        /// Questions to the primary contact.
        EnrolmentContact = "enrolment_contact",
        /// Enrolment under review.
        EnrolmentInReview = "enrolment_in_review",
        /// Enrolment not confirmed.
        EnrolmentDisputed = "enrolment_disputed",
        /// Enrolment accepted.
        EnrolmentAccepted = "enrolment_accepted",
        /// Enrolment needs changes.
        EnrolmentChanges = "enrolment_changes",
        /// Enrolment not accepted.
        EnrolmentRejected = "enrolment_rejected",
        /// Legal profile changed.
        LegalProfileChanged = "legal_profile_changed",
        /// Primary contact named.
        PrimaryContactNamed = "primary_contact_named",
        /// The operators write about a request.
        RequestMessage = "request_message",
        /// The company answered about a request.
        RequestAnswered = "request_answered",
        /// An engagement is planned.
        AdvisoryPlanned = "advisory_planned",
        /// A key pool runs low.
        KeyPoolLow = "key_pool_low",
        /// A draft of the catalogue waits for a second person.
        CatalogueDraftWaits = "catalogue_draft_waits",
        /// A key was replaced.
        KeyReplaced = "key_replaced",
        /// A key was withdrawn.
        KeyWithdrawn = "key_withdrawn",
        /// An individual grant was set or changed.
        IndividualGrantSet = "individual_grant_set",
        /// An individual grant ended.
        IndividualGrantEnded = "individual_grant_ended",
        /// A product beside the plan was set or changed.
        IndividualProductSet = "individual_product_set",
        /// A product beside the plan ended.
        IndividualProductEnded = "individual_product_ended",
        /// A seat isn't used, to its holder.
        SeatIdle = "seat_idle",
        /// Something of a benefit is left, to the administrators.
        BenefitLeft = "benefit_left",
        /// Made an operator, with a link to choose a password.
        OperatorInvited = "operator_invited",
        /// Made an operator who has a password already.
        OperatorAdded = "operator_added",
        /// Roles of an operator updated.
        OperatorRolesChanged = "operator_roles_changed",
        /// No operator any more.
        OperatorRemoved = "operator_removed",
    }
}
