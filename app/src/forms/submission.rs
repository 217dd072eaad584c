//! What was posted, and the use case that it comes to.

use domain::operation::OperationId;
use domain::view::form::Done;
use domain::{Error, ErrorCode, Field, FieldError, Language};
use locales::Texts;
use service::{Outcome, Request, Service};

use super::{
    account, catalogue, cloud, directory, enrolment, insight, key_pools, mail_templates, marketing, operator,
    orders, people, provisioning, purchases, queue, reminders, seats, security, software, technical,
};

/// So long may the body of a form be.
pub const MAX_BYTES: usize = 64 * 1024;

/// Fields that are never shown again.
const SECRET_FIELDS: &[&str] =
    &["password", "current_password", "new_password", "repeat_password", "code", "client_secret"];

/// The fields of a form as they were posted.
#[derive(Clone)]
pub struct Submission(Vec<(String, String)>);

/// Who posts, and in which language the answer is.
pub struct Reader<'a> {
    /// The use cases.
    pub service: &'a Service,
    /// Who asks.
    pub request: &'a Request,
    /// Language of the answer.
    pub language: Language,
}

impl Reader<'_> {
    /// Every text in the reader's language.
    #[must_use]
    pub fn texts(&self) -> Texts {
        locales::texts(self.language)
    }
}

/// What a form came to.
#[derive(Debug, Default)]
pub struct Performed {
    /// What the page says and shows.
    pub done: Done,
    /// What happens to the browser's cookies.
    pub cookies: Cookies,
}

/// What happens to the browser's cookies.
#[derive(Debug, Default)]
pub enum Cookies {
    /// Nothing.
    #[default]
    Stay,
    /// A session begins; its token.
    SignedIn(String),
    /// The password was right, and the second factor is asked for; the token that goes on with it.
    SecondFactor(String),
    /// The session ends.
    SignedOut,
    /// The session ends, and the browser goes on to this address of the directory that opened it.
    SignedOutThere(String),
    /// The browser goes to a company's directory.
    AtDirectory {
        /// Where to.
        address: String,
        /// What binds the sign-in to this browser.
        browser: String,
    },
    /// The language of whoever isn't signed in.
    Language(Language),
}

impl From<Done> for Performed {
    fn from(done: Done) -> Self {
        Self { done, cookies: Cookies::Stay }
    }
}

/// An answer with nothing but its message.
#[must_use]
pub fn said(message: impl Into<String>) -> Performed {
    Done { message: message.into(), ..Done::default() }.into()
}

impl Submission {
    /// Reads an `application/x-www-form-urlencoded` body.
    ///
    /// # Errors
    /// [`ErrorCode::TooLarge`]; [`ErrorCode::Invalid`] where it can't be read.
    pub fn parse(body: &str) -> Result<Self, Error> {
        if body.len() > MAX_BYTES {
            return Err(Error::new(ErrorCode::TooLarge));
        }
        serde_html_form::from_str(body).map(Self).map_err(|_| Error::new(ErrorCode::Invalid))
    }

    /// Code of the form.
    #[must_use]
    pub fn code(&self) -> &str {
        self.text("form")
    }

    /// What it is about.
    #[must_use]
    pub fn target(&self) -> &str {
        self.text("target")
    }

    /// A field as it was typed; empty where it is missing.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Fields whose names begin like this, by the rest of their names.
    pub fn beginning_with(&self, start: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(start)?, value.as_str())))
    }

    /// A known field as it was typed.
    #[must_use]
    pub fn field(&self, field: Field) -> &str {
        self.text(field.code())
    }

    /// All values of a field that aren't empty.
    pub fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == field.code() && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// An id in a field; a malformed one answers like one that doesn't exist.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub fn id<T: std::str::FromStr<Err = Error>>(&self, name: &str) -> Result<T, Error> {
        self.text(name).parse()
    }

    /// The row version that the page showed.
    ///
    /// # Errors
    /// [`ErrorCode::Stale`] where it is missing or malformed.
    pub fn version(&self) -> Result<i64, Error> {
        self.text("version").parse().map_err(|_| Error::new(ErrorCode::Stale))
    }

    /// A whole number in a field.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedNumber`] for the field.
    pub fn number(&self, field: Field) -> Result<i64, FieldError> {
        self.field(field).trim().parse().map_err(|_| FieldError {
            field,
            code: ErrorCode::MalformedNumber,
            number: None,
        })
    }

    /// The operation id.
    ///
    /// # Errors
    /// [`ErrorCode::OperationMissing`].
    pub fn operation(&self) -> Result<OperationId, Error> {
        OperationId::parse(self.text("operation"))
    }

    /// What may be shown again: no passwords, and nothing that the page makes itself.
    #[must_use]
    pub fn kept(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !SECRET_FIELDS.contains(&name.as_str())).cloned().collect()
    }
}

/// Forms that change the browser's cookies or lead to a new page of whoever isn't signed in: they are
/// posted, never sent in the background.
#[must_use]
pub fn changes_session(code: &str) -> bool {
    matches!(
        code,
        "sign_in"
            | "second_factor"
            | "forgot_password"
            | "reset_password"
            | "directory_sign_in"
            | "sign_out"
            | "choose_language"
            | "switch_organization"
            | "accept_invitation"
            | "begin_enrolment"
            | "found_by_password"
            | "found_by_directory"
            | "found_by_account"
            | "answer_enrolment"
    )
}

/// Every form; a test posts each as every role, and with another company's ids.
pub const CODES: &[&str] = &[
    "sign_in",
    "second_factor",
    "forgot_password",
    "reset_password",
    "directory_sign_in",
    "sign_out",
    "choose_language",
    "switch_organization",
    "change_password",
    "change_name",
    "choose_mail",
    "set_reminders",
    "end_session",
    "end_other_sessions",
    "begin_second_factor",
    "confirm_second_factor",
    "renew_recovery_codes",
    "turn_off_second_factor",
    "mark_notices_read",
    "mark_notice_read",
    "assign_seats",
    "release_seat",
    "reassign_seat",
    "ask_for_seat",
    "remind_holder",
    "remind_administrators",
    "decide_seat_request",
    "reveal_key",
    "replace_key",
    "record_activations",
    "redeem_key",
    "activate",
    "withdraw_activation",
    "show_support_ids",
    "save_marketing_contact",
    "submit_advisory",
    "ask_global_admin",
    "submit_cancellation",
    "take_back_cancellation",
    "place_order",
    "renew_holding",
    "change_tier",
    "take_back_tier_change",
    "cancel_order",
    "pay_by_card",
    "confirm_card",
    "pay_by_transfer",
    "add_user",
    "set_roles",
    "update_own_agent",
    "invite_again",
    "save_people_import",
    "depart_person",
    "resume_person",
    "take_off_second_factor",
    "accept_invitation",
    "make_provisioning_token",
    "revoke_provisioning_token",
    "save_provisioning",
    "map_provisioned_group",
    "take_request",
    "note_request",
    "message_partner",
    "answer_operators",
    "hand_over_request",
    "work_requests",
    "save_queue_view",
    "remove_queue_view",
    "plan_advisory",
    "choose_shortcuts",
    "complete_activation",
    "record_delivery",
    "complete_advisory",
    "decide_cancellation",
    "decide_global_admin",
    "decide_payment",
    "record_competency",
    "revoke_competency",
    "refuse_request",
    "record_incident",
    "set_key_threshold",
    "cancel_key_import",
    "withdraw_key_batch",
    "send_again",
    "mark_bounced",
    "clear_address",
    "save_template",
    "reset_template",
    "save_policies",
    "begin_catalogue_draft",
    "save_catalogue_quantities",
    "save_catalogue_product",
    "remove_catalogue_product",
    "bring_catalogue_draft_up_to_date",
    "publish_catalogue_draft",
    "withdraw_catalogue_draft",
    "save_directory",
    "remove_directory",
    "test_directory",
    "require_directory",
    "add_mail_domain",
    "verify_mail_domain",
    "remove_mail_domain",
    "decide_identity",
    "begin_enrolment",
    "found_by_password",
    "found_by_directory",
    "found_by_account",
    "start_enrolment",
    "save_legal_profile",
    "change_legal_profile",
    "accept_agreement",
    "ask_contact_again",
    "answer_enrolment",
    "accept_enrolment",
    "return_enrolment",
];

/// Carries out the form; what the rights refuse is recorded.
///
/// # Errors
/// What the use case refuses; [`ErrorCode::NotFound`] for a form that doesn't exist.
pub async fn carry_out(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let performed = dispatch(reader, form).await;
    if let Err(failure) = &performed {
        service::audit::denied(reader.service, reader.request, form.code(), failure).await;
    }
    performed
}

async fn dispatch(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    match form.code() {
        "sign_in" => account::sign_in(reader, form).await,
        "second_factor" => account::second_factor(reader, form).await,
        "forgot_password" => account::forgot_password(reader, form).await,
        "reset_password" => account::reset_password(reader, form).await,
        "directory_sign_in" => directory::sign_in(reader, form).await,
        "sign_out" => account::sign_out(reader, form).await,
        "choose_language" => account::choose_language(reader, form).await,
        "switch_organization" => account::switch_organization(reader, form).await,
        "change_password" => account::change_password(reader, form).await,
        "change_name" => security::change_name(reader, form).await,
        "choose_mail" => security::choose_mail(reader, form).await,
        "set_reminders" => reminders::set(reader, form).await,
        "end_session" => security::end_session(reader, form).await,
        "end_other_sessions" => security::end_other_sessions(reader, form).await,
        "begin_second_factor" => security::begin_second_factor(reader, form).await,
        "confirm_second_factor" => security::confirm_second_factor(reader, form).await,
        "renew_recovery_codes" => security::renew_recovery_codes(reader, form).await,
        "turn_off_second_factor" => security::turn_off_second_factor(reader, form).await,
        "mark_notices_read" => account::mark_notices_read(reader, form).await,
        "mark_notice_read" => account::mark_notice_read(reader, form).await,
        "assign_seats" => seats::assign(reader, form).await,
        "release_seat" => seats::release(reader, form).await,
        "reassign_seat" => seats::reassign(reader, form).await,
        "ask_for_seat" => seats::ask(reader, form).await,
        "remind_holder" | "remind_administrators" => insight::remind(reader, form).await,
        "decide_seat_request" => seats::decide(reader, form).await,
        "reveal_key" => software::reveal(reader, form).await,
        "replace_key" => software::replace(reader, form).await,
        "record_activations" => software::record(reader, form).await,
        "redeem_key" => cloud::redeem(reader, form).await,
        "activate" => technical::activate(reader, form).await,
        "withdraw_activation" => technical::withdraw(reader, form).await,
        "show_support_ids" => technical::show_ids(reader, form).await,
        "save_marketing_contact" => marketing::save_contact(reader, form).await,
        "submit_advisory" => technical::submit_advisory(reader, form).await,
        "ask_global_admin" => technical::ask_global_admin(reader, form).await,
        "submit_cancellation" => purchases::submit_cancellation(reader, form).await,
        "take_back_cancellation" => purchases::take_back_cancellation(reader, form).await,
        "place_order" => orders::place(reader, form).await,
        "renew_holding" => orders::renew(reader, form).await,
        "change_tier" => orders::change_tier(reader, form).await,
        "take_back_tier_change" => orders::take_back_tier_change(reader, form).await,
        "cancel_order" => orders::cancel(reader, form).await,
        "pay_by_card" => orders::pay_by_card(reader, form).await,
        "confirm_card" => orders::confirm_card(reader, form).await,
        "pay_by_transfer" => orders::pay_by_transfer(reader, form).await,
        "decide_payment" => orders::decide_payment(reader, form).await,
        "record_competency" => orders::record_competency(reader, form).await,
        "revoke_competency" => orders::revoke_competency(reader, form).await,
        "add_user" => people::add_user(reader, form).await,
        "set_roles" => people::set_roles(reader, form).await,
        "update_own_agent" => people::update_own_agent(reader, form).await,
        "invite_again" => people::invite_again(reader, form).await,
        "save_people_import" => people::save_import(reader, form).await,
        "depart_person" => people::depart_person(reader, form).await,
        "take_off_second_factor" => people::take_off_second_factor(reader, form).await,
        "resume_person" => people::resume_person(reader, form).await,
        "accept_invitation" => people::accept_invitation(reader, form).await,
        "make_provisioning_token" => provisioning::make_token(reader, form).await,
        "revoke_provisioning_token" => provisioning::revoke_token(reader, form).await,
        "save_provisioning" => provisioning::save(reader, form).await,
        "map_provisioned_group" => provisioning::map_group(reader, form).await,
        "take_request" => operator::take(reader, form).await,
        "note_request" => operator::note(reader, form).await,
        "message_partner" => operator::message(reader, form).await,
        "hand_over_request" => queue::hand_over(reader, form).await,
        "work_requests" => queue::work(reader, form).await,
        "save_queue_view" => queue::save_view(reader, form).await,
        "remove_queue_view" => queue::remove_view(reader, form).await,
        "choose_shortcuts" => queue::choose_shortcuts(reader, form).await,
        "plan_advisory" => queue::plan(reader, form).await,
        "answer_operators" => technical::answer_operators(reader, form).await,
        "complete_activation" => operator::complete_activation(reader, form).await,
        "record_delivery" => operator::record_delivery(reader, form).await,
        "complete_advisory" => operator::complete_advisory(reader, form).await,
        "decide_cancellation" => operator::decide_cancellation(reader, form).await,
        "decide_global_admin" => operator::decide_global_admin(reader, form).await,
        "refuse_request" => operator::refuse_request(reader, form).await,
        "record_incident" => operator::record_incident(reader, form).await,
        "set_key_threshold" => key_pools::set_threshold(reader, form).await,
        "cancel_key_import" => key_pools::cancel_import(reader, form).await,
        "withdraw_key_batch" => key_pools::withdraw(reader, form).await,
        "send_again" => operator::send_again(reader, form).await,
        "mark_bounced" => operator::mark_bounced(reader, form).await,
        "clear_address" => operator::clear_address(reader, form).await,
        "save_template" => mail_templates::save(reader, form).await,
        "reset_template" => mail_templates::reset(reader, form).await,
        "save_policies" => operator::save_policies(reader, form).await,
        "begin_catalogue_draft" => catalogue::begin(reader, form).await,
        "save_catalogue_quantities" => catalogue::save_quantities(reader, form).await,
        "save_catalogue_product" => catalogue::save_product(reader, form).await,
        "remove_catalogue_product" => catalogue::remove_product(reader, form).await,
        "bring_catalogue_draft_up_to_date" => catalogue::bring_up_to_date(reader, form).await,
        "publish_catalogue_draft" => catalogue::publish(reader, form).await,
        "withdraw_catalogue_draft" => catalogue::withdraw(reader, form).await,
        "save_directory" => directory::save(reader, form).await,
        "remove_directory" => directory::remove(reader, form).await,
        "test_directory" => directory::test(reader, form).await,
        "require_directory" => directory::require(reader, form).await,
        "add_mail_domain" => directory::add_domain(reader, form).await,
        "verify_mail_domain" => directory::verify_domain(reader, form).await,
        "remove_mail_domain" => directory::remove_domain(reader, form).await,
        "decide_identity" => directory::decide(reader, form).await,
        "begin_enrolment" => enrolment::begin(reader, form).await,
        "found_by_password" => enrolment::found_by_password(reader, form).await,
        "found_by_directory" => enrolment::found_by_directory(reader, form).await,
        "found_by_account" => enrolment::found_by_account(reader, form).await,
        "start_enrolment" => enrolment::start(reader, form).await,
        "save_legal_profile" => enrolment::save_profile(reader, form).await,
        "change_legal_profile" => enrolment::change_legal_profile(reader, form).await,
        "accept_agreement" => enrolment::accept_agreement(reader, form).await,
        "ask_contact_again" => enrolment::ask_again(reader, form).await,
        "answer_enrolment" => enrolment::answer(reader, form).await,
        "accept_enrolment" => enrolment::accept_enrolment(reader, form).await,
        "return_enrolment" => enrolment::return_enrolment(reader, form).await,
        _ => Err(ErrorCode::NotFound.into()),
    }
}
