//! What was posted, and the use case that it comes to.

use std::future::Future;
use std::pin::Pin;

use domain::operation::OperationId;
use domain::view::form::Done;
use domain::{Error, ErrorCode, Field, FieldError, Language};
use locales::Texts;
use service::{Outcome, Request, Service};

use super::{
    account, catalogue, cloud, directory, enrolment, individual_grants, insight, key_pools, mail_templates,
    marketing, operator, operators, orders, people, provisioning, purchases, queue, reminders, seats,
    security, software, technical,
};

/// So long may the body of a form be: a product's longest texts in each language, nine bytes for a character, fit.
pub const MAX_BYTES: usize = 256 * 1024;

/// Fields that are never shown again.
const SECRET_FIELDS: &[&str] = &[
    "password",
    "current_password",
    "new_password",
    "repeat_password",
    "code",
    "client_secret",
    "product_key",
];

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
        self.named(name).unwrap_or_default()
    }

    /// A field as it was typed, also where nothing was; none where it is missing.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
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
    "remind_company",
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
    "add_operator",
    "invite_operator_again",
    "set_operator_roles",
    "take_off_operator_factor",
    "remove_operator",
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
    "find_key",
    "inspect_key",
    "set_individual_grant",
    "change_individual_grant",
    "end_individual_grant",
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
    "save_catalogue_offer",
    "remove_catalogue_offer",
    "name_catalogue_tier",
    "save_catalogue_area",
    "add_catalogue_area",
    "name_catalogue_area",
    "remove_catalogue_area",
    "save_catalogue_programme",
    "save_catalogue_policies",
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

/// A use case under way.
type Carrying<'a> = Pin<Box<dyn Future<Output = Outcome<Performed>> + Send + 'a>>;

/// The use case of a form. Each is a future of its own on the heap: one that had them all would be as large as all of
/// them together, and fill the stack of a thread.
fn dispatch<'a>(reader: &'a Reader<'a>, form: &'a Submission) -> Carrying<'a> {
    match form.code() {
        "sign_in" => Box::pin(account::sign_in(reader, form)),
        "second_factor" => Box::pin(account::second_factor(reader, form)),
        "forgot_password" => Box::pin(account::forgot_password(reader, form)),
        "reset_password" => Box::pin(account::reset_password(reader, form)),
        "directory_sign_in" => Box::pin(directory::sign_in(reader, form)),
        "sign_out" => Box::pin(account::sign_out(reader, form)),
        "choose_language" => Box::pin(account::choose_language(reader, form)),
        "switch_organization" => Box::pin(account::switch_organization(reader, form)),
        "change_password" => Box::pin(account::change_password(reader, form)),
        "change_name" => Box::pin(security::change_name(reader, form)),
        "choose_mail" => Box::pin(security::choose_mail(reader, form)),
        "set_reminders" => Box::pin(reminders::set(reader, form)),
        "end_session" => Box::pin(security::end_session(reader, form)),
        "end_other_sessions" => Box::pin(security::end_other_sessions(reader, form)),
        "begin_second_factor" => Box::pin(security::begin_second_factor(reader, form)),
        "confirm_second_factor" => Box::pin(security::confirm_second_factor(reader, form)),
        "renew_recovery_codes" => Box::pin(security::renew_recovery_codes(reader, form)),
        "turn_off_second_factor" => Box::pin(security::turn_off_second_factor(reader, form)),
        "mark_notices_read" => Box::pin(account::mark_notices_read(reader, form)),
        "mark_notice_read" => Box::pin(account::mark_notice_read(reader, form)),
        "assign_seats" => Box::pin(seats::assign(reader, form)),
        "release_seat" => Box::pin(seats::release(reader, form)),
        "reassign_seat" => Box::pin(seats::reassign(reader, form)),
        "ask_for_seat" => Box::pin(seats::ask(reader, form)),
        "decide_seat_request" => Box::pin(seats::decide(reader, form)),
        "reveal_key" => Box::pin(software::reveal(reader, form)),
        "replace_key" => Box::pin(software::replace(reader, form)),
        "record_activations" => Box::pin(software::record(reader, form)),
        "redeem_key" => Box::pin(cloud::redeem(reader, form)),
        "activate" => Box::pin(technical::activate(reader, form)),
        "withdraw_activation" => Box::pin(technical::withdraw(reader, form)),
        "show_support_ids" => Box::pin(technical::show_ids(reader, form)),
        "save_marketing_contact" => Box::pin(marketing::save_contact(reader, form)),
        "submit_advisory" => Box::pin(technical::submit_advisory(reader, form)),
        "ask_global_admin" => Box::pin(technical::ask_global_admin(reader, form)),
        "submit_cancellation" => Box::pin(purchases::submit_cancellation(reader, form)),
        "take_back_cancellation" => Box::pin(purchases::take_back_cancellation(reader, form)),
        "place_order" => Box::pin(orders::place(reader, form)),
        "renew_holding" => Box::pin(orders::renew(reader, form)),
        "change_tier" => Box::pin(orders::change_tier(reader, form)),
        "take_back_tier_change" => Box::pin(orders::take_back_tier_change(reader, form)),
        "cancel_order" => Box::pin(orders::cancel(reader, form)),
        "pay_by_card" => Box::pin(orders::pay_by_card(reader, form)),
        "confirm_card" => Box::pin(orders::confirm_card(reader, form)),
        "pay_by_transfer" => Box::pin(orders::pay_by_transfer(reader, form)),
        "decide_payment" => Box::pin(orders::decide_payment(reader, form)),
        "record_competency" => Box::pin(orders::record_competency(reader, form)),
        "revoke_competency" => Box::pin(orders::revoke_competency(reader, form)),
        "add_user" => Box::pin(people::add_user(reader, form)),
        "set_roles" => Box::pin(people::set_roles(reader, form)),
        "update_own_agent" => Box::pin(people::update_own_agent(reader, form)),
        "invite_again" => Box::pin(people::invite_again(reader, form)),
        "save_people_import" => Box::pin(people::save_import(reader, form)),
        "depart_person" => Box::pin(people::depart_person(reader, form)),
        "take_off_second_factor" => Box::pin(people::take_off_second_factor(reader, form)),
        "resume_person" => Box::pin(people::resume_person(reader, form)),
        "accept_invitation" => Box::pin(people::accept_invitation(reader, form)),
        "make_provisioning_token" => Box::pin(provisioning::make_token(reader, form)),
        "revoke_provisioning_token" => Box::pin(provisioning::revoke_token(reader, form)),
        "save_provisioning" => Box::pin(provisioning::save(reader, form)),
        "map_provisioned_group" => Box::pin(provisioning::map_group(reader, form)),
        "add_operator" => Box::pin(operators::add(reader, form)),
        "invite_operator_again" => Box::pin(operators::invite_again(reader, form)),
        "set_operator_roles" => Box::pin(operators::set_roles(reader, form)),
        "take_off_operator_factor" => Box::pin(operators::take_off_factor(reader, form)),
        "remove_operator" => Box::pin(operators::remove(reader, form)),
        "take_request" => Box::pin(operator::take(reader, form)),
        "note_request" => Box::pin(operator::note(reader, form)),
        "message_partner" => Box::pin(operator::message(reader, form)),
        "hand_over_request" => Box::pin(queue::hand_over(reader, form)),
        "work_requests" => Box::pin(queue::work(reader, form)),
        "save_queue_view" => Box::pin(queue::save_view(reader, form)),
        "remove_queue_view" => Box::pin(queue::remove_view(reader, form)),
        "choose_shortcuts" => Box::pin(queue::choose_shortcuts(reader, form)),
        "plan_advisory" => Box::pin(queue::plan(reader, form)),
        "answer_operators" => Box::pin(technical::answer_operators(reader, form)),
        "complete_activation" => Box::pin(operator::complete_activation(reader, form)),
        "record_delivery" => Box::pin(operator::record_delivery(reader, form)),
        "complete_advisory" => Box::pin(operator::complete_advisory(reader, form)),
        "decide_cancellation" => Box::pin(operator::decide_cancellation(reader, form)),
        "decide_global_admin" => Box::pin(operator::decide_global_admin(reader, form)),
        "refuse_request" => Box::pin(operator::refuse_request(reader, form)),
        "record_incident" => Box::pin(operator::record_incident(reader, form)),
        "set_key_threshold" => Box::pin(key_pools::set_threshold(reader, form)),
        "cancel_key_import" => Box::pin(key_pools::cancel_import(reader, form)),
        "withdraw_key_batch" => Box::pin(key_pools::withdraw(reader, form)),
        "find_key" => Box::pin(key_pools::find(reader, form)),
        "inspect_key" => Box::pin(key_pools::inspect(reader, form)),
        "send_again" => Box::pin(operator::send_again(reader, form)),
        "mark_bounced" => Box::pin(operator::mark_bounced(reader, form)),
        "clear_address" => Box::pin(operator::clear_address(reader, form)),
        "save_template" => Box::pin(mail_templates::save(reader, form)),
        "reset_template" => Box::pin(mail_templates::reset(reader, form)),
        "save_policies" => Box::pin(operator::save_policies(reader, form)),
        "begin_catalogue_draft" => Box::pin(catalogue::begin(reader, form)),
        "save_catalogue_quantities" => Box::pin(catalogue::save_quantities(reader, form)),
        "save_catalogue_product" => Box::pin(catalogue::save_product(reader, form)),
        "remove_catalogue_product" => Box::pin(catalogue::remove_product(reader, form)),
        "save_catalogue_offer" => Box::pin(catalogue::save_offer(reader, form)),
        "remove_catalogue_offer" => Box::pin(catalogue::remove_offer(reader, form)),
        "name_catalogue_tier" => Box::pin(catalogue::name_tier(reader, form)),
        "save_catalogue_area" => Box::pin(catalogue::save_area(reader, form)),
        "add_catalogue_area" => Box::pin(catalogue::add_area(reader, form)),
        "name_catalogue_area" => Box::pin(catalogue::name_area(reader, form)),
        "remove_catalogue_area" => Box::pin(catalogue::remove_area(reader, form)),
        "save_catalogue_programme" => Box::pin(catalogue::save_programme(reader, form)),
        "save_catalogue_policies" => Box::pin(catalogue::save_policies(reader, form)),
        "bring_catalogue_draft_up_to_date" => Box::pin(catalogue::bring_up_to_date(reader, form)),
        "publish_catalogue_draft" => Box::pin(catalogue::publish(reader, form)),
        "withdraw_catalogue_draft" => Box::pin(catalogue::withdraw(reader, form)),
        "save_directory" => Box::pin(directory::save(reader, form)),
        "remove_directory" => Box::pin(directory::remove(reader, form)),
        "test_directory" => Box::pin(directory::test(reader, form)),
        "require_directory" => Box::pin(directory::require(reader, form)),
        "add_mail_domain" => Box::pin(directory::add_domain(reader, form)),
        "verify_mail_domain" => Box::pin(directory::verify_domain(reader, form)),
        "remove_mail_domain" => Box::pin(directory::remove_domain(reader, form)),
        "decide_identity" => Box::pin(directory::decide(reader, form)),
        "begin_enrolment" => Box::pin(enrolment::begin(reader, form)),
        "found_by_password" => Box::pin(enrolment::found_by_password(reader, form)),
        "found_by_directory" => Box::pin(enrolment::found_by_directory(reader, form)),
        "found_by_account" => Box::pin(enrolment::found_by_account(reader, form)),
        "start_enrolment" => Box::pin(enrolment::start(reader, form)),
        "save_legal_profile" => Box::pin(enrolment::save_profile(reader, form)),
        "change_legal_profile" => Box::pin(enrolment::change_legal_profile(reader, form)),
        "accept_agreement" => Box::pin(enrolment::accept_agreement(reader, form)),
        "ask_contact_again" => Box::pin(enrolment::ask_again(reader, form)),
        "answer_enrolment" => Box::pin(enrolment::answer(reader, form)),
        "accept_enrolment" => Box::pin(enrolment::accept_enrolment(reader, form)),
        "return_enrolment" => Box::pin(enrolment::return_enrolment(reader, form)),
        "set_individual_grant" => Box::pin(individual_grants::set(reader, form)),
        "change_individual_grant" => Box::pin(individual_grants::change(reader, form)),
        "end_individual_grant" => Box::pin(individual_grants::end(reader, form)),
        "remind_holder" | "remind_administrators" | "remind_company" => {
            Box::pin(insight::remind(reader, form))
        }
        _ => Box::pin(std::future::ready(Err(ErrorCode::NotFound.into()))),
    }
}
