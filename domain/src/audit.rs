//! What the audit trail records, and who of a company sees it.

use serde::{Deserialize, Serialize};

use crate::error::codes;
use crate::rights::ActivityScope;

codes! {
    /// What was done. The codes stand in the trail for ever: none is renamed or used for anything else.
    AuditAction {
        /// Signed in.
        SignedIn = "signed_in",
        /// Tried to sign in with a wrong password or an unknown account.
        SignInFailed = "sign_in_failed",
        /// Signed out.
        SignedOut = "signed_out",
        /// Went on in another company that the account serves.
        OrganizationEntered = "organization_entered",
        /// Chose a password behind an invitation.
        InvitationAccepted = "invitation_accepted",
        /// Changed one's own password.
        PasswordChanged = "password_changed",
        /// Asked for a new password without being signed in.
        PasswordResetAsked = "password_reset_asked",
        /// Was sent a link for a new password.
        PasswordResetSent = "password_reset_sent",
        /// Chose a new password behind such a link.
        PasswordReset = "password_reset",
        /// Began to set up a second factor.
        SecondFactorBegun = "second_factor_begun",
        /// Turned the second factor on.
        SecondFactorOn = "second_factor_on",
        /// Turned it off, or took it off a colleague who lost it.
        SecondFactorOff = "second_factor_off",
        /// Gave a wrong code.
        SecondFactorFailed = "second_factor_failed",
        /// Signed in with a recovery code.
        RecoveryCodeUsed = "recovery_code_used",
        /// Made new recovery codes.
        RecoveryCodesRenewed = "recovery_codes_renewed",
        /// Ended a session of one's own.
        SessionEnded = "session_ended",
        /// Ended all of one's other sessions.
        OtherSessionsEnded = "other_sessions_ended",
        /// Changed one's own name.
        NameChanged = "name_changed",
        /// Chose which mail one gets.
        MailChosen = "mail_chosen",
        /// Added a directory to sign in with.
        DirectoryAdded = "directory_added",
        /// Changed it.
        DirectoryChanged = "directory_changed",
        /// Removed it.
        DirectoryRemoved = "directory_removed",
        /// Tested the connection to it.
        DirectoryTested = "directory_tested",
        /// Made it the only way in for everybody but Global admins.
        DirectoryRequired = "directory_required",
        /// No longer did.
        DirectoryNotRequired = "directory_not_required",
        /// Added a mail domain.
        MailDomainAdded = "mail_domain_added",
        /// Verified it.
        MailDomainVerified = "mail_domain_verified",
        /// Removed it.
        MailDomainRemoved = "mail_domain_removed",
        /// An entry of the directory stands for the account.
        DirectoryLinked = "directory_linked",
        /// Dismissed what the directory offered.
        DirectoryOfferDismissed = "directory_offer_dismissed",
        /// Gave the account the address that the directory has.
        DirectoryAddressTaken = "directory_address_taken",
        /// The directory has another address than the account.
        DirectoryAddressDiffers = "directory_address_differs",
        /// Was refused after signing in at the directory.
        DirectorySignInRefused = "directory_sign_in_refused",
        /// Got the roles that the directory says.
        RolesSetByDirectory = "roles_set_by_directory",
        /// Stayed Global admin as the last one, whatever the directory says.
        LastGlobalAdminKept = "last_global_admin_kept",
        /// Added a person.
        UserAdded = "user_added",
        /// Sent an invitation once more.
        UserInvitedAgain = "user_invited_again",
        /// Set a person's roles.
        RolesSet = "roles_set",
        /// Suspended a person.
        PersonSuspended = "person_suspended",
        /// Let a suspended person in again.
        PersonResumed = "person_resumed",
        /// Removed a person, or withdrew an invitation.
        PersonRemoved = "person_removed",
        /// Added several people from a file.
        PeopleImported = "people_imported",
        /// Took the list of people away as a file.
        PeopleExported = "people_exported",
        /// Changed what a directory says about a person.
        PersonUpdated = "person_updated",
        /// Made a token for provisioning.
        ProvisioningTokenMade = "provisioning_token_made",
        /// Revoked one.
        ProvisioningTokenRevoked = "provisioning_token_revoked",
        /// Changed what provisioning does.
        ProvisioningChanged = "provisioning_changed",
        /// Added a group.
        GroupAdded = "group_added",
        /// Changed a group, its people or the role that it gives.
        GroupChanged = "group_changed",
        /// Removed a group.
        GroupRemoved = "group_removed",
        /// Finished the company's set-up.
        SetupFinished = "setup_finished",
        /// Asked to become a Global admin.
        GlobalAdminRequested = "global_admin_requested",
        /// Took such a request.
        GlobalAdminRequestTaken = "global_admin_request_taken",
        /// Made somebody Global admin.
        GlobalAdminGranted = "global_admin_granted",
        /// Refused to.
        GlobalAdminRefused = "global_admin_refused",
        /// Assigned a seat.
        SeatAssigned = "seat_assigned",
        /// Released a seat.
        SeatReleased = "seat_released",
        /// Asked for a seat.
        SeatRequested = "seat_requested",
        /// Granted a request for a seat.
        SeatRequestGranted = "seat_request_granted",
        /// Refused a request for a seat.
        SeatRequestRefused = "seat_request_refused",
        /// Had a key shown.
        KeyRevealed = "key_revealed",
        /// Had a key that doesn't work replaced.
        KeyReplaced = "key_replaced",
        /// Downloaded a package.
        PackageDownloaded = "package_downloaded",
        /// Recorded activations of a key.
        ActivationsRecorded = "activations_recorded",
        /// Took recorded activations back.
        ActivationsCorrected = "activations_corrected",
        /// Began a draft of the catalogue.
        CatalogueDrafted = "catalogue_drafted",
        /// Changed one.
        CatalogueDraftChanged = "catalogue_draft_changed",
        /// Withdrew one, or took its publication back.
        CatalogueDraftWithdrawn = "catalogue_draft_withdrawn",
        /// Published one.
        CataloguePublished = "catalogue_published",
        /// A version of the catalogue came into force.
        CatalogueInForce = "catalogue_in_force",
        /// Redeemed a cloud key.
        CloudKeyRedeemed = "cloud_key_redeemed",
        /// Asked for an activation.
        ActivationRequested = "activation_requested",
        /// Withdrew an activation.
        ActivationWithdrawn = "activation_withdrawn",
        /// Completed an activation.
        ActivationCompleted = "activation_completed",
        /// Refused an activation.
        ActivationRefused = "activation_refused",
        /// An activation ended.
        ActivationExpired = "activation_expired",
        /// The contact was reminded that an activation ends soon.
        ActivationReminded = "activation_reminded",
        /// Had Access ID and Contract ID shown.
        SupportIdsShown = "support_ids_shown",
        /// Saved the marketing contact.
        MarketingContactSaved = "marketing_contact_saved",
        /// Asked for advisory hours.
        AdvisoryRequested = "advisory_requested",
        /// Recorded hours or incidents.
        UseRecorded = "use_recorded",
        /// Took a request.
        RequestTaken = "request_taken",
        /// Gave a request back: it is with nobody.
        RequestReleased = "request_released",
        /// Gave a request to a colleague.
        RequestAssigned = "request_assigned",
        /// Wrote to whoever made a request.
        RequestMessageSent = "request_message_sent",
        /// Answered the operators about a request.
        RequestAnswered = "request_answered",
        /// Wrote a note about a request that operators alone read.
        RequestNoted = "request_noted",
        /// Planned an engagement: who, when, how many hours.
        AdvisoryPlanned = "advisory_planned",
        /// Completed a request.
        RequestCompleted = "request_completed",
        /// Refused a request.
        RequestRefused = "request_refused",
        /// A benefit ended.
        GrantEnded = "grant_ended",
        /// A benefit was withdrawn.
        GrantWithdrawn = "grant_withdrawn",
        /// Asked to cancel a purchase.
        CancellationRequested = "cancellation_requested",
        /// Took that back.
        CancellationTakenBack = "cancellation_taken_back",
        /// Approved it.
        CancellationApproved = "cancellation_approved",
        /// A purchase was refunded.
        PurchaseRefunded = "purchase_refunded",
        /// Placed an order.
        OrderPlaced = "order_placed",
        /// Took an order back before it was paid.
        OrderCancelled = "order_cancelled",
        /// Nobody paid an order in time.
        OrderExpired = "order_expired",
        /// Began to pay an order, or chose another way to.
        PaymentBegun = "payment_begun",
        /// A payment was declined or confirmed to have failed.
        PaymentDeclined = "payment_declined",
        /// An order was paid, or is free.
        OrderPaid = "order_paid",
        /// Gave a proof of a bank transfer.
        ProofGiven = "proof_given",
        /// Benefits came with holdings.
        BenefitsGranted = "benefits_granted",
        /// Recorded a competency as attained.
        CompetencyAttained = "competency_attained",
        /// Took that back.
        CompetencyRevoked = "competency_revoked",
        /// Changed a policy of the programme.
        PolicyChanged = "policy_changed",
        /// Saved filters of the queue under a name.
        QueueViewSaved = "queue_view_saved",
        /// Removed them.
        QueueViewRemoved = "queue_view_removed",
        /// Put a mail up for delivery again.
        MailSentAgain = "mail_sent_again",
        /// Said that a mail came back: no more mail goes to its address.
        MailBounced = "mail_bounced",
        /// Said that mail reaches an address again.
        AddressCleared = "address_cleared",
        /// Gave a kind of mail the programme's own wording.
        WordingChanged = "wording_changed",
        /// Went back to the product's wording of a kind of mail.
        WordingReset = "wording_reset",
        /// Made a programme admin.
        ProgrammeAdminCreated = "programme_admin_created",
        /// Made somebody an operator.
        OperatorAdded = "operator_added",
        /// Sent the link for a new operator again.
        OperatorInvitedAgain = "operator_invited_again",
        /// Changed an operator's roles.
        OperatorRolesSet = "operator_roles_set",
        /// Took all roles off an operator.
        OperatorRemoved = "operator_removed",
        /// Loaded the sample programme.
        SampleProgrammeLoaded = "sample_programme_loaded",
        /// Took a company's record from the older portal, or brought it up to date.
        MemberImported = "member_imported",
        /// Invited the company to enrol.
        MemberInvited = "member_invited",
        /// Said where the older portal is.
        OlderPortalSet = "older_portal_set",
        /// The record from the older portal is over.
        OlderRecordEnded = "older_record_ended",
        /// Made a new key for what is sealed, or sealed everything under it.
        KeysRotated = "keys_rotated",
        /// Brought a batch of keys, which are taken over one after the other.
        KeyImportBegun = "key_import_begun",
        /// All keys of a batch were taken over.
        KeysImported = "keys_imported",
        /// Stopped the import of a batch.
        KeyImportCancelled = "key_import_cancelled",
        /// Withdrew a batch of keys.
        KeyBatchWithdrawn = "key_batch_withdrawn",
        /// A key that the company holds was withdrawn, and its holders were told.
        KeyWithdrawn = "key_withdrawn",
        /// Said below how many free keys a pool runs low.
        KeyThresholdSet = "key_threshold_set",
        /// A pool ran low, and the operators were told.
        KeyPoolLow = "key_pool_low",
        /// Took away as a file who had which key of a batch shown.
        SeenKeysExported = "seen_keys_exported",
        /// Took the activity away as a file.
        ActivityExported = "activity_exported",
        /// Took the figures of insight away as a file.
        InsightExported = "insight_exported",
        /// Told a company that the year of a holding, or its last days, end soon.
        MembershipReminded = "membership_reminded",
        /// A company was told that a benefit ends or was never used.
        BenefitReminded = "benefit_reminded",
        /// The holder of a seat was told that it isn't used.
        SeatReminded = "seat_reminded",
        /// How long before their last day a company is reminded of its benefits.
        RemindersSet = "reminders_set",
        /// The next year of a holding began, and its seats went over.
        HoldingRenewed = "holding_renewed",
        /// A level of a competency took the place of another one.
        TierChanged = "tier_changed",
        /// Took that back.
        TierChangeTakenBack = "tier_change_taken_back",
        /// A holding ended with the window after its year.
        HoldingEnded = "holding_ended",
        /// Gave a company more or less of a product than its plan does.
        IndividualGrantSet = "individual_grant_set",
        /// Changed that.
        IndividualGrantChanged = "individual_grant_changed",
        /// It ended, on its day or earlier.
        IndividualGrantEnded = "individual_grant_ended",
        /// Removed events that were older than the programme keeps them.
        AuditRemoved = "audit_removed",
        /// Asked for a link to found a company.
        EnrolmentAsked = "enrolment_asked",
        /// Founded a company behind such a link.
        OrganizationFounded = "organization_founded",
        /// Began to enrol a company from the older portal.
        EnrolmentBegun = "enrolment_begun",
        /// Saved legal profile and primary contact.
        LegalProfileSaved = "legal_profile_saved",
        /// Accepted the agreement in the company's name.
        AgreementAccepted = "agreement_accepted",
        /// Had the primary contact asked both questions.
        PrimaryContactAsked = "primary_contact_asked",
        /// The primary contact answered.
        PrimaryContactAnswered = "primary_contact_answered",
        /// Made the company a member.
        EnrolmentAccepted = "enrolment_accepted",
        /// Asked the company for changes.
        EnrolmentSentBack = "enrolment_sent_back",
        /// Turned the company down.
        EnrolmentRejected = "enrolment_rejected",
        /// Tried what the rights don't allow.
        Denied = "denied",
    }
}

codes! {
    /// What an action is about; a filter of the activity.
    ActivityKind {
        /// Signing in and out.
        SignIn = "sign_in",
        /// People, their roles and invitations.
        People = "people",
        /// Seats and requests for them.
        Seats = "seats",
        /// Keys and downloads.
        Keys = "keys",
        /// Activations and what goes with them.
        Activations = "activations",
        /// Requests to the programme's operators.
        Requests = "requests",
        /// Purchases and their benefits.
        Purchases = "purchases",
        /// The programme and its installation.
        Programme = "programme",
        /// Exports and denied attempts.
        Evidence = "evidence",
    }
}

codes! {
    /// Who acts.
    ActorKind {
        /// Somebody of a company.
        Person = "person",
        /// Somebody who runs the programme.
        Operator = "operator",
        /// A program with a token.
        Token = "token",
        /// The portal itself, on the clock or by a command.
        Worker = "worker",
        /// Nobody was signed in.
        Nobody = "nobody",
    }
}

impl AuditAction {
    /// What it is about.
    #[must_use]
    pub const fn kind(self) -> ActivityKind {
        match self {
            Self::SignedIn
            | Self::SignInFailed
            | Self::SignedOut
            | Self::OrganizationEntered
            | Self::PasswordResetAsked
            | Self::PasswordResetSent
            | Self::PasswordReset
            | Self::SecondFactorBegun
            | Self::SecondFactorOn
            | Self::SecondFactorOff
            | Self::SecondFactorFailed
            | Self::RecoveryCodeUsed
            | Self::RecoveryCodesRenewed
            | Self::SessionEnded
            | Self::OtherSessionsEnded
            | Self::DirectoryAdded
            | Self::DirectoryChanged
            | Self::DirectoryRemoved
            | Self::DirectoryTested
            | Self::DirectoryRequired
            | Self::DirectoryNotRequired
            | Self::MailDomainAdded
            | Self::MailDomainVerified
            | Self::MailDomainRemoved
            | Self::DirectoryLinked
            | Self::DirectoryOfferDismissed
            | Self::DirectoryAddressTaken
            | Self::DirectoryAddressDiffers
            | Self::DirectorySignInRefused => ActivityKind::SignIn,
            Self::InvitationAccepted
            | Self::PasswordChanged
            | Self::NameChanged
            | Self::MailChosen
            | Self::UserAdded
            | Self::UserInvitedAgain
            | Self::RolesSet
            | Self::RolesSetByDirectory
            | Self::LastGlobalAdminKept
            | Self::PersonSuspended
            | Self::PersonResumed
            | Self::PersonRemoved
            | Self::PeopleImported
            | Self::PeopleExported
            | Self::PersonUpdated
            | Self::ProvisioningTokenMade
            | Self::ProvisioningTokenRevoked
            | Self::ProvisioningChanged
            | Self::GroupAdded
            | Self::GroupChanged
            | Self::GroupRemoved
            | Self::SetupFinished
            | Self::GlobalAdminRequested
            | Self::GlobalAdminRequestTaken
            | Self::GlobalAdminGranted
            | Self::GlobalAdminRefused => ActivityKind::People,
            Self::SeatAssigned
            | Self::SeatReleased
            | Self::SeatReminded
            | Self::SeatRequested
            | Self::SeatRequestGranted
            | Self::SeatRequestRefused => ActivityKind::Seats,
            Self::KeyRevealed
            | Self::KeyReplaced
            | Self::KeyWithdrawn
            | Self::PackageDownloaded
            | Self::ActivationsRecorded
            | Self::ActivationsCorrected
            | Self::CloudKeyRedeemed => ActivityKind::Keys,
            Self::ActivationRequested
            | Self::ActivationWithdrawn
            | Self::ActivationCompleted
            | Self::ActivationRefused
            | Self::ActivationExpired
            | Self::ActivationReminded
            | Self::SupportIdsShown
            | Self::MarketingContactSaved => ActivityKind::Activations,
            Self::AdvisoryRequested
            | Self::UseRecorded
            | Self::RequestTaken
            | Self::RequestReleased
            | Self::RequestAssigned
            | Self::RequestMessageSent
            | Self::RequestAnswered
            | Self::RequestNoted
            | Self::AdvisoryPlanned
            | Self::RequestCompleted
            | Self::RequestRefused => ActivityKind::Requests,
            Self::GrantEnded
            | Self::GrantWithdrawn
            | Self::CancellationRequested
            | Self::CancellationTakenBack
            | Self::CancellationApproved
            | Self::PurchaseRefunded
            | Self::OrderPlaced
            | Self::OrderCancelled
            | Self::OrderExpired
            | Self::PaymentBegun
            | Self::PaymentDeclined
            | Self::OrderPaid
            | Self::ProofGiven
            | Self::BenefitsGranted
            | Self::CompetencyAttained
            | Self::CompetencyRevoked
            | Self::MembershipReminded
            | Self::BenefitReminded
            | Self::RemindersSet
            | Self::HoldingRenewed
            | Self::TierChanged
            | Self::TierChangeTakenBack
            | Self::CatalogueInForce
            | Self::IndividualGrantSet
            | Self::IndividualGrantChanged
            | Self::IndividualGrantEnded
            | Self::HoldingEnded => ActivityKind::Purchases,
            Self::PolicyChanged
            | Self::CatalogueDrafted
            | Self::CatalogueDraftChanged
            | Self::CatalogueDraftWithdrawn
            | Self::CataloguePublished
            | Self::QueueViewSaved
            | Self::QueueViewRemoved
            | Self::MailSentAgain
            | Self::MailBounced
            | Self::AddressCleared
            | Self::WordingChanged
            | Self::WordingReset
            | Self::ProgrammeAdminCreated
            | Self::OperatorAdded
            | Self::OperatorInvitedAgain
            | Self::OperatorRolesSet
            | Self::OperatorRemoved
            | Self::SampleProgrammeLoaded
            | Self::MemberImported
            | Self::MemberInvited
            | Self::OlderPortalSet
            | Self::OlderRecordEnded
            | Self::KeysRotated
            | Self::KeyImportBegun
            | Self::KeysImported
            | Self::KeyImportCancelled
            | Self::KeyBatchWithdrawn
            | Self::KeyThresholdSet
            | Self::KeyPoolLow
            | Self::EnrolmentAsked
            | Self::OrganizationFounded
            | Self::EnrolmentBegun
            | Self::LegalProfileSaved
            | Self::AgreementAccepted
            | Self::PrimaryContactAsked
            | Self::PrimaryContactAnswered
            | Self::EnrolmentAccepted
            | Self::EnrolmentSentBack
            | Self::EnrolmentRejected => ActivityKind::Programme,
            Self::SeenKeysExported
            | Self::ActivityExported
            | Self::InsightExported
            | Self::AuditRemoved
            | Self::Denied => ActivityKind::Evidence,
        }
    }
}

impl ActivityKind {
    /// The part of the activity that it belongs to: whoever may see that part sees it, whoever may
    /// see everything sees it, and everybody sees what concerns oneself.
    #[must_use]
    pub const fn scope(self) -> ActivityScope {
        match self {
            Self::SignIn | Self::People => ActivityScope::People,
            Self::Seats | Self::Keys | Self::Activations | Self::Requests | Self::Purchases => {
                ActivityScope::Benefits
            }
            Self::Programme | Self::Evidence => ActivityScope::Everything,
        }
    }

    /// The actions of the kind.
    pub fn actions(self) -> impl Iterator<Item = AuditAction> {
        AuditAction::ALL.iter().copied().filter(move |action| action.kind() == self)
    }
}

/// The actions that whoever has these parts of the activity sees whomever they concern; none stands
/// for all of them.
#[must_use]
pub fn actions_within(scopes: &[ActivityScope]) -> Option<Vec<AuditAction>> {
    if scopes.contains(&ActivityScope::Everything) {
        return None;
    }
    let seen = AuditAction::ALL.iter().copied().filter(|action| scopes.contains(&action.kind().scope()));
    Some(seen.collect())
}

#[cfg(test)]
mod tests {
    use super::{ActivityKind, AuditAction, actions_within};
    use crate::rights::ActivityScope;

    #[test]
    fn every_kind_has_actions_and_a_part_of_the_activity() {
        for kind in ActivityKind::ALL {
            assert!(kind.actions().count() > 0, "{kind:?}");
            assert_ne!(kind.scope(), ActivityScope::Own, "{kind:?} is nobody's own");
        }
        let all: usize = ActivityKind::ALL.iter().map(|kind| kind.actions().count()).sum();
        assert_eq!(all, AuditAction::ALL.len());
    }

    #[test]
    fn what_is_seen_follows_the_parts() {
        use ActivityScope::{Benefits, Everything, Own, People};
        assert_eq!(actions_within(&[Everything]), None);
        assert_eq!(actions_within(&[Own]), Some(Vec::new()));
        let benefits = actions_within(&[Benefits, Own]).expect("a part");
        let people = actions_within(&[People, Own]).expect("a part");
        assert!(benefits.contains(&AuditAction::KeyRevealed) && !benefits.contains(&AuditAction::RolesSet));
        assert!(people.contains(&AuditAction::RolesSet) && people.contains(&AuditAction::SignInFailed));
        assert!(!people.contains(&AuditAction::KeyRevealed));
        for hidden in [AuditAction::Denied, AuditAction::ActivityExported, AuditAction::PolicyChanged] {
            assert!(!benefits.contains(&hidden) && !people.contains(&hidden), "{hidden:?}");
        }
        assert!(benefits.iter().all(|action| !people.contains(action)));
    }
}
