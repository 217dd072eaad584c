//! Errors as codes with fields. The words for them stand in `locales/`.

use serde::{Deserialize, Serialize};

use crate::catalogue::Fault;
use crate::role::{OperatorRole, Role};

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every value, for the test that each has its words.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The key under which `locales/` has the words.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value of a code, as it stands in a form or a row.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// What went wrong, for the whole request or for one field.
    ErrorCode {
        /// Nothing under that id for this organization (rule 7).
        NotFound = "not_found",
        /// Not signed in, or the session has ended.
        SignInNeeded = "sign_in_needed",
        /// The roles of the actor don't allow it (rule 6); `roles` says which would.
        RoleNeeded = "role_needed",
        /// Operators don't act as partners, partners not as operators (rule 1).
        WrongSide = "wrong_side",
        /// Unknown account or wrong password; never says which.
        SignInFailed = "sign_in_failed",
        /// Too many attempts; `seconds` says when to try again.
        TooManyAttempts = "too_many_attempts",
        /// Some fields need another look; `fields` has them.
        Invalid = "invalid",
        /// A field that must be filled in.
        Required = "required",
        /// A text above its limit; `limit` has the number of characters.
        TooLong = "too_long",
        /// A text below its limit; `limit` has the number of characters.
        TooShort = "too_short",
        /// Not a mail address.
        MalformedEmail = "malformed_email",
        /// Not a phone number with country code.
        MalformedPhone = "malformed_phone",
        /// Not a date.
        MalformedDate = "malformed_date",
        /// Not a number, or outside its range.
        MalformedNumber = "malformed_number",
        /// The company has no network membership, which comes first (rule 18), or others of its memberships need it.
        NetworkNeeded = "network_needed",
        /// Not a whole number from 1 to `number`.
        NumberUpTo = "number_up_to",
        /// A second reminder that isn't after the first one.
        SecondReminderLater = "second_reminder_later",
        /// Not one of the choices.
        UnknownChoice = "unknown_choice",
        /// Not nine digits; `have` has how many there are.
        NineDigits = "nine_digits",
        /// Control characters in a line of text.
        ControlCharacters = "control_characters",
        /// The end lies before the beginning, or in the past.
        DateOrder = "date_order",
        /// The alternate address equals the person's own (rule 17).
        AlternateEqualsOwn = "alternate_equals_own",
        /// The alternate address equals the company's (rule 17).
        AlternateEqualsCompany = "alternate_equals_company",
        /// The new password is on the list of common ones, or is the address.
        PasswordCommon = "password_common",
        /// The new password is a pattern: keys side by side, a date, a repetition.
        PasswordPattern = "password_pattern",
        /// The new password is little more than words or names, one's own among them.
        PasswordWords = "password_words",
        /// The two passwords differ.
        PasswordsDiffer = "passwords_differ",
        /// The present password is wrong.
        PasswordWrong = "password_wrong",
        /// Not the code that the app shows, one that was used, or no recovery code.
        CodeWrong = "code_wrong",
        /// Too long between password and code, or no password before.
        SecondFactorEnded = "second_factor_ended",
        /// A link for a new password that was used, was followed by a newer one or has expired.
        ResetEnded = "reset_ended",
        /// An invitation that was used, withdrawn or has expired.
        InvitationEnded = "invitation_ended",
        /// The address belongs to somebody in the organization already.
        AlreadyInOrganization = "already_in_organization",
        /// The last Global admin can't be removed, demoted or suspended (rule 3).
        LastGlobalAdmin = "last_global_admin",
        /// The last programme admin keeps the role.
        LastProgrammeAdmin = "last_programme_admin",
        /// The address belongs to an operator already.
        AlreadyOperator = "already_operator",
        /// The address stands in an earlier row of the file too; `number` is its line.
        DuplicateRow = "duplicate_row",
        /// A file that isn't text in UTF-8, or not a table of cells.
        NotText = "not_text",
        /// A file without a column that is needed; `detail` is the field's code.
        MissingColumn = "missing_column",
        /// A file without a row that could be used.
        NoRows = "no_rows",
        /// A file with more rows than allowed; `number` says how many there can be.
        TooManyRows = "too_many_rows",
        /// The account serves other companies, or the programme, too.
        ServesOthers = "serves_others",
        /// Nobody suspends or removes themselves.
        OwnPerson = "own_person",
        /// A role that the actor can't grant (rule 3).
        RoleNotGrantable = "role_not_grantable",
        /// The grant has expired, or its holding ended (rule 21).
        GrantEnded = "grant_ended",
        /// In the renewal window: existing use goes on, nothing new starts (rule 21).
        RenewalWindow = "renewal_window",
        /// The grant was withdrawn.
        GrantWithdrawn = "grant_withdrawn",
        /// The day by which the benefit had to be put to use is over.
        ActivateByPassed = "activate_by_passed",
        /// The company's data is read-only (rule 22).
        ReadOnly = "read_only",
        /// No seat left (rule 12); `left` and `wanted` have the numbers.
        NoSeatLeft = "no_seat_left",
        /// The person has a seat of this grant already (rule 12).
        AlreadyHolds = "already_holds",
        /// The person holds a seat of the same product from another source (rule 12, policy).
        HoldsSameProduct = "holds_same_product",
        /// The person isn't active: suspended or gone, and for a contact invited too (rule 11).
        PersonNotActive = "person_not_active",
        /// The benefit itself ends before that day.
        AfterGrantEnd = "after_grant_end",
        /// An activation begins at once, not on a later day.
        StartsLater = "starts_later",
        /// The person is invited and hasn't signed in yet: to be known, not refused (rule 11).
        PersonInvited = "person_invited",
        /// The seat can't be reassigned before its lock date (rule 10).
        SeatLocked = "seat_locked",
        /// The seat was released already.
        SeatReleased = "seat_released",
        /// The request was decided already.
        AlreadyDecided = "already_decided",
        /// There is an open request of this kind already.
        AlreadyRequested = "already_requested",
        /// The key pool has no free key; operators have to import some.
        NoKeyLeft = "no_key_left",
        /// A key of the grant or seat was replaced before.
        AlreadyReplaced = "already_replaced",
        /// The days in which a key can be replaced are over; `detail` has the last one.
        ReplacementOver = "replacement_over",
        /// The consequence has to be accepted before the key is shown (rule 20).
        ConsequenceNotAccepted = "consequence_not_accepted",
        /// That version, language and operating system don't exist together (rule 8).
        NoSuchDownload = "no_such_download",
        /// More activations than the key has; `left` has what is left (rule 8).
        ActivationsExceeded = "activations_exceeded",
        /// An extension above three times the seats (rule 9).
        ExtensionTooLarge = "extension_too_large",
        /// No subscription that a key could add to (rule 9).
        NoSubscription = "no_subscription",
        /// The key was redeemed already.
        KeyRedeemed = "key_redeemed",
        /// The benefit isn't of the kind that this action is for.
        WrongKind = "wrong_kind",
        /// From this state the step isn't possible.
        WrongState = "wrong_state",
        /// No marketing contact yet (rule 16).
        ContactMissing = "contact_missing",
        /// The balance doesn't cover it; `left` has what is left (rule 14).
        BalanceTooLow = "balance_too_low",
        /// At most 25 hours an engagement.
        EngagementTooLong = "engagement_too_long",
        /// The refund isn't possible any more (rule 20).
        RefundNotPossible = "refund_not_possible",
        /// A condition of an offer isn't met; `detail` has its code (rule 18).
        OfferNotPossible = "offer_not_possible",
        /// A condition of a renewal isn't met; `detail` has its code (rule 21).
        RenewalNotPossible = "renewal_not_possible",
        /// A condition of a change of level isn't met; `detail` has its code (rule 21).
        TierChangeNotPossible = "tier_change_not_possible",
        /// A change of level can't be taken back any more; `detail` has the code of what stands against it.
        TakeBackNotPossible = "take_back_not_possible",
        /// The order waits for its payment no longer.
        OrderSettled = "order_settled",
        /// A payment of the order is under way; what became of it will be known soon.
        PaymentUnderWay = "payment_under_way",
        /// The programme doesn't take this way of payment.
        MethodNotOffered = "method_not_offered",
        /// The file is neither PDF, PNG nor JPEG, or it isn't whole.
        ProofNotReadable = "proof_not_readable",
        /// More are chosen than are worked on at once.
        TooManyChosen = "too_many_chosen",
        /// Nobody keeps more views of the queue.
        TooManyViews = "too_many_views",
        /// As many proofs are there as an order takes.
        TooManyProofs = "too_many_proofs",
        /// The agreement has to be accepted.
        AgreementNotAccepted = "agreement_not_accepted",
        /// A reason has to be given.
        ReasonNeeded = "reason_needed",
        /// Somebody else changed it meanwhile; the page has to be looked at again.
        Stale = "stale",
        /// The operation id was used for something else.
        OperationReused = "operation_reused",
        /// The form misses its operation id, or it is malformed.
        OperationMissing = "operation_missing",
        /// The body is larger than allowed.
        TooLarge = "too_large",
        /// No company with this mail domain signs in with a directory.
        DirectoryUnknown = "directory_unknown",
        /// The company's directory doesn't answer; `detail` has its name.
        DirectoryUnreachable = "directory_unreachable",
        /// The sign-in took too long, was used already, or began in another browser.
        DirectoryEnded = "directory_ended",
        /// What the directory answered can't be trusted: signature, nonce, issuer, audience or time.
        DirectoryAnswer = "directory_answer",
        /// The directory itself refused, or the person stopped there.
        DirectoryDeclined = "directory_declined",
        /// The directory knows the person, the company doesn't let the person in.
        DirectoryNotAllowed = "directory_not_allowed",
        /// The directory doesn't say that the address is the person's own.
        DirectoryAddressUnproven = "directory_address_unproven",
        /// The address belongs to no mail domain of the company.
        DirectoryAddressForeign = "directory_address_foreign",
        /// The account is linked with another entry of the directory; an administrator decides.
        DirectoryOtherSubject = "directory_other_subject",
        /// The company lets only its Global admins sign in with a password.
        DirectoryRequired = "directory_required",
        /// A session of a company's directory opens that company only.
        DirectorySession = "directory_session",
        /// The company has this directory already.
        DirectoryExists = "directory_exists",
        /// There is no directory in use that people could sign in with.
        DirectoryMissing = "directory_missing",
        /// The company requires its directory, and none that is in use speaks for the address.
        OutsideDirectory = "outside_directory",
        /// Only a Global admin with a second factor, who comes in without it, can require a directory.
        BreakGlassMissing = "break_glass_missing",
        /// The last Global admin who gets in without the directory keeps the second factor.
        BreakGlassNeeded = "break_glass_needed",
        /// One's own second factor is turned off on the page Security, with a code of it.
        OwnSecondFactor = "own_second_factor",
        /// A row of a file has more cells than there are heads.
        SurplusCells = "surplus_cells",
        /// A row of a file is the template's example.
        ExampleRow = "example_row",
        /// Not the address of a directory: https, a host, nothing behind `?` or `#`.
        MalformedAddress = "malformed_address",
        /// An address within the server's own network, which isn't asked.
        PrivateAddress = "private_address",
        /// Not a mail domain.
        MalformedDomain = "malformed_domain",
        /// The mail domain belongs to another company, or is on the list already.
        DomainTaken = "domain_taken",
        /// The record that proves a mail domain isn't there; `detail` has the domain.
        DomainNotProven = "domain_not_proven",
        /// A request from a page that isn't ours.
        ForeignOrigin = "foreign_origin",
        /// The database is busy or away; nothing was changed.
        Unavailable = "unavailable",
        /// Something failed on our side; nothing was changed.
        Internal = "internal",
        /// A domain in which anybody can have an address.
        PublicDomain = "public_domain",
        /// An address outside the company's domain.
        OutsideDomain = "outside_domain",
        /// A link of an enrolment that was used, has expired or never was.
        EnrolmentEnded = "enrolment_ended",
        /// The company is here already (rule 19); `colleagues` has its administrators.
        AlreadyEnrolled = "already_enrolled",
        /// The address has an account: its owner signs in first.
        AccountExists = "account_exists",
        /// Not the name of a time zone.
        UnknownTimeZone = "unknown_time_zone",
        /// Keys were pasted and a file was chosen; one of the two can be taken.
        EitherFileOrPasted = "either_file_or_pasted",
        /// Product keys stand where everybody reads them.
        KeysInTheWrongField = "keys_in_the_wrong_field",
        /// Not a product key: five groups of five letters and digits.
        MalformedKey = "malformed_key",
        /// No pool has this product key.
        UnknownKey = "unknown_key",
        /// Not a catalogue's file: `number` is the line, `detail` what the format says about it.
        CatalogueUnreadable = "catalogue_unreadable",
        /// The catalogue has faults, which its page lists; `number` says how many, `detail` has the first one.
        CatalogueFaulty = "catalogue_faulty",
        /// Another version came into force since the draft was begun; it has to be brought up to date.
        CatalogueMoved = "catalogue_moved",
        /// The draft changes nothing.
        CatalogueUnchanged = "catalogue_unchanged",
        /// The programme asks for a second person, who didn't change the draft.
        SecondPersonNeeded = "second_person_needed",
        /// Another version waits for its day already.
        VersionWaits = "version_waits",
        /// A new product with the code of one that the draft has.
        ProductCodeTaken = "product_code_taken",
        /// Mail to the address comes back; somebody clears it first.
        AddressBounces = "address_bounces",
        /// A place in a mail's wording that its kind of mail doesn't have, or a brace without one.
        UnknownPlace = "unknown_place",
        /// A place is missing that the mail exists for.
        PlaceMissing = "place_missing",
        /// The company has an individual grant of the product, or of one that shares its pool.
        IndividualGrantExists = "individual_grant_exists",
        /// More is in use than there would be; the number says how many more.
        BelowUse = "below_use",
        /// Somebody was reminded of the same a few days ago; the detail says from when on it can be done again.
        RemindedAlready = "reminded_already",
        /// There is none of it at all: an individual grant says so.
        NothingGranted = "nothing_granted",
        /// A product of which there has to be a number: each of its keys is for so many.
        LimitNeeded = "limit_needed",
        /// The one key of it was redeemed and has taken all that there was: more takes another individual grant.
        MoreNeedsKey = "more_needs_key",
    }
}

codes! {
    /// A field of a form, as its name stands in the page.
    Field {
        /// Mail address of an account.
        Email = "email",
        /// Password, at sign-in.
        Password = "password",
        /// The present password.
        CurrentPassword = "current_password",
        /// A new password.
        NewPassword = "new_password",
        /// The new password again.
        RepeatPassword = "repeat_password",
        /// A code of the second factor.
        Code = "code",
        /// What one gets by mail.
        MailTopics = "mail_topics",
        /// A person's full name.
        Name = "name",
        /// Roles of a person.
        Roles = "roles",
        /// People chosen for something.
        People = "people",
        /// One person.
        Person = "person",
        /// Language.
        Language = "language",
        /// Operating system.
        OperatingSystem = "operating_system",
        /// Another address of a person.
        AlternateEmail = "alternate_email",
        /// Phone with country code.
        Phone = "phone",
        /// How many.
        Quantity = "quantity",
        /// How many seats.
        Seats = "seats",
        /// Date of beginning.
        Starts = "starts",
        /// Date of end.
        Expires = "expires",
        /// Access ID.
        AccessId = "access_id",
        /// Contract ID.
        ContractId = "contract_id",
        /// Why.
        Reason = "reason",
        /// What shortage means: none, or the first n.
        Shortage = "shortage",
        /// A tick that accepts a consequence.
        Accept = "accept",
        /// Phase of an engagement.
        Phase = "phase",
        /// Cloud or hybrid.
        Environment = "environment",
        /// Title of a request.
        Title = "title",
        /// Description of a request.
        Description = "description",
        /// A message about a request.
        Message = "message",
        /// Requests that were ticked.
        Requests = "requests",
        /// With whom a request is.
        Owner = "owner",
        /// A consultant.
        Consultant = "consultant",
        /// A day.
        Day = "day",
        /// Hours that are planned.
        PlannedHours = "planned_hours",
        /// How and where an engagement takes place.
        Place = "place",
        /// Working days within which a kind of request is answered.
        TargetDays = "target_days",
        /// A note about a request, for operators alone.
        Note = "note",
        /// Product that a request is about.
        Product = "product",
        /// Country or region.
        Country = "country",
        /// Time zone.
        TimeZone = "time_zone",
        /// Working hours.
        WorkingHours = "working_hours",
        /// The benefit that is charged.
        Grant = "grant",
        /// Hours.
        Hours = "hours",
        /// Subscription.
        Subscription = "subscription",
        /// A policy's value.
        Policy = "policy",
        /// What is looked for.
        Find = "find",
        /// What a company's directory is called on the sign-in page.
        DirectoryName = "directory_name",
        /// A directory of a company.
        Directory = "directory",
        /// Address of a directory, as its tokens name it.
        Issuer = "issuer",
        /// What the portal is called in the directory.
        ClientId = "client_id",
        /// The portal's secret in the directory.
        ClientSecret = "client_secret",
        /// What is asked of the directory.
        Scopes = "scopes",
        /// The claim that says to which groups or roles somebody belongs.
        RoleClaim = "role_claim",
        /// Values of that claim, for a role.
        RoleValues = "role_values",
        /// A mail domain.
        MailDomain = "mail_domain",
        /// A competency area.
        Area = "area",
        /// An offer.
        Offer = "offer",
        /// A way of payment.
        Method = "method",
        /// A card.
        Card = "card",
        /// A partner company.
        Company = "company",
        /// A file that proves a transfer.
        Proof = "proof",
        /// The domain of a company.
        CompanyDomain = "company_domain",
        /// Street and number.
        Street = "street",
        /// Building, floor.
        StreetMore = "street_more",
        /// City.
        City = "city",
        /// State, province or prefecture.
        Region = "region",
        /// Postal code.
        PostalCode = "postal_code",
        /// Name of a batch of keys.
        Batch = "batch",
        /// Where a batch of keys came from.
        KeySource = "key_source",
        /// Product keys.
        ProductKeys = "product_keys",
        /// Whether a message needs an answer.
        Asks = "asks",
        /// One product key.
        ProductKey = "product_key",
        /// Below how many free keys a pool runs low.
        Threshold = "threshold",
        /// Registration number of a company.
        RegistrationNumber = "registration_number",
        /// The primary contact's answer: did you sign up?
        SignedUp = "signed_up",
        /// The primary contact's answer: does the address belong to the organization?
        OwnAddress = "own_address",
        /// Days before a benefit in use ends at which the company is told first.
        EndingFirst = "ending_first",
        /// The same, the second time.
        EndingSecond = "ending_second",
        /// Days before an unused benefit can't be begun any more at which the company is told first.
        UnusedFirst = "unused_first",
        /// The same, the second time.
        UnusedSecond = "unused_second",
        /// Whether reminders come one by one.
        Reminders = "reminders",
        /// Subject of a mail's wording.
        MailSubject = "mail_subject",
        /// Body of a mail's wording.
        MailBody = "mail_body",
        /// Without limit.
        Unlimited = "unlimited",
    }
}

/// One field with what is wrong about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    /// Which field.
    pub field: Field,
    /// What is wrong.
    pub code: ErrorCode,
    /// The number that the words name: a limit, or how many there are.
    #[serde(default)]
    pub number: Option<i64>,
}

/// A refusal: a code, the fields it is about and the facts that its words name.
///
/// It is shown to people, so it never carries a secret or a text from below.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{}", code.code())]
pub struct Error {
    /// What went wrong.
    pub code: ErrorCode,
    /// Fields to look at again.
    #[serde(default)]
    pub fields: Vec<FieldError>,
    /// Roles that would be allowed (rule 6).
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Operators' roles that would be allowed.
    #[serde(default)]
    pub operator_roles: Vec<OperatorRole>,
    /// Names of colleagues who could do it (rule 6).
    #[serde(default)]
    pub colleagues: Vec<String>,
    /// The number that the words name: seats left, seconds to wait.
    #[serde(default)]
    pub number: Option<i64>,
    /// The name or date that the words name.
    #[serde(default)]
    pub detail: Option<String>,
    /// Faults of a catalogue with their places, the first ones.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

impl Error {
    /// A refusal with nothing but its code.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self {
            code,
            fields: Vec::new(),
            roles: Vec::new(),
            operator_roles: Vec::new(),
            colleagues: Vec::new(),
            number: None,
            detail: None,
            faults: Vec::new(),
        }
    }

    /// A refusal of one field.
    #[must_use]
    pub fn field(field: Field, code: ErrorCode) -> Self {
        Self::fields(vec![FieldError { field, code, number: None }])
    }

    /// A refusal of several fields.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        Self { fields, ..Self::new(ErrorCode::Invalid) }
    }

    /// The same refusal with the number that its words name.
    #[must_use]
    pub fn with_number(mut self, number: i64) -> Self {
        self.number = Some(number);
        self
    }

    /// The same refusal with the name or date that its words name.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What is wrong about a field, if anything is.
    #[must_use]
    pub fn of(&self, field: Field) -> Option<&FieldError> {
        self.fields.iter().find(|error| error.field == field)
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::fields(vec![error])
    }
}

/// Gathers the faults of a form, so that all are shown at once.
#[derive(Default, Debug)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// The value, or none with its fault noted.
    pub fn take<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(error);
                None
            }
        }
    }

    /// Notes a fault.
    pub fn add(&mut self, field: Field, code: ErrorCode) {
        self.0.push(FieldError { field, code, number: None });
    }

    /// Nothing, or the refusal with all faults.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with every fault that was noted.
    pub fn check(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::fields(self.0)) }
    }
}
