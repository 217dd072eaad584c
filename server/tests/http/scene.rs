//! Every form filled in, every page and every server function, each with the right that it takes.
//!
//! The tests of rights and of tenants are generated over these tables; a form code, a page or a
//! server function without its row fails them.

use domain::departure::Departure;
use domain::rights::{Action, OperatorAction, may, operator_may};
use domain::view::activity::ActivityQuery;
use domain::view::benefits::{BenefitsQuery, SortColumn};
use domain::view::dashboard::NoticesQuery;
use domain::view::individual_grants::IndividualGrantsQuery;
use domain::view::insight::{After, InsightQuery, ProgrammeInsightQuery};
use domain::view::key_pools::KeyPoolQuery;
use domain::view::mail_template::TemplatesQuery;
use domain::view::operator::{OutboxQuery, QueueQuery};
use domain::view::operators::OperatorsQuery;
use domain::view::people::{DepartureQuery, PeopleQuery};
use domain::view::people_import::ImportQuery;
use domain::view::requests::RequestsQuery;
use domain::{Error, ErrorCode, OperatorRole, Policies, Role, Roles};
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};
use service::catalogue::drafts::{self, BeginDraft, WantedDraft};
use service::catalogue::edit::{Amount, Edit};
use service::entity::mail;
use service::{keys, sql};
use uuid::Uuid;

use crate::browser::{NOTHING, fields};
use crate::common::{Stage, enrolment};

/// The company whose people and ids the tables are about.
pub const COMPANY: &str = "fernhollow.example";
/// Its Global admin.
pub const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
/// Its partner admin.
pub const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
/// Its user admin.
pub const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
/// An employee.
pub const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
/// An employee who reads Simplified Chinese.
pub const CHINESE_EMPLOYEE: &str = "zhiyao.shen@fernhollow.example";
/// Another company.
pub const OTHER_COMPANY: &str = "kestrelash.example";
/// Its Global admin.
pub const OTHER_ADMIN: &str = "piet.zanderling@kestrelash.example";
/// A programme admin.
pub const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
/// A fulfilment agent.
pub const AGENT: &str = "marisa.talvinen@northlight.example";
/// An auditor.
pub const AUDITOR: &str = "bartholomew.okonreed@northlight.example";

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// Nobody is signed in.
    Nobody,
    /// A person with exactly this role.
    Person(&'static str, Role),
    /// An operator with exactly this role.
    Operator(&'static str, OperatorRole),
}

/// One for each column of the tables.
pub const EVERYBODY: &[Who] = &[
    Who::Nobody,
    Who::Person(GLOBAL_ADMIN, Role::GlobalAdmin),
    Who::Person(PARTNER_ADMIN, Role::PartnerAdmin),
    Who::Person(USER_ADMIN, Role::UserAdmin),
    Who::Person("kofi.anselmsen@fernhollow.example", Role::AdminAgent),
    Who::Person(EMPLOYEE, Role::Employee),
    Who::Operator(PROGRAMME_ADMIN, OperatorRole::ProgrammeAdmin),
    Who::Operator("henrik.solvang@northlight.example", OperatorRole::CatalogueManager),
    Who::Operator(AGENT, OperatorRole::FulfilmentAgent),
    Who::Operator(AUDITOR, OperatorRole::Auditor),
];

impl Who {
    /// The address to sign in with.
    pub fn email(self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::Person(email, _) | Self::Operator(email, _) => Some(email),
        }
    }
}

/// The right that a form, a page or a server function takes.
#[derive(Clone, Copy, Debug)]
pub enum Right {
    /// None.
    Anybody,
    /// To be signed in, on either side.
    SignedIn,
    /// To be a person of a company.
    AnyPerson,
    /// To be a person who may do it.
    Person(Action),
    /// To be an operator who may do all of it.
    Operator(&'static [OperatorAction]),
}

impl Right {
    /// The refusal that `domain` has for them, if any; colleagues are not among it.
    pub fn refusal(self, who: Who, policies: &Policies) -> Option<Error> {
        match (self, who) {
            (Self::Anybody, _) => None,
            (_, Who::Nobody) => Some(ErrorCode::SignInNeeded.into()),
            (Self::SignedIn, _) | (Self::AnyPerson, Who::Person(..)) => None,
            (Self::Person(action), Who::Person(_, role)) => may(&Roles::new([role]), action, policies).err(),
            (Self::Operator(actions), Who::Operator(_, role)) => {
                actions.iter().find_map(|action| operator_may(&[role], *action).err())
            }
            (Self::AnyPerson | Self::Person(_), Who::Operator(..)) | (Self::Operator(_), Who::Person(..)) => {
                Some(ErrorCode::WrongSide.into())
            }
        }
    }
}

/// What comes of a form for whoever may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// It is carried out.
    Done,
    /// It is carried out and its secret stands in the answer.
    Shown,
    /// Another rule refuses it, whoever asks.
    Rule(ErrorCode),
}

/// A form, filled in so that only the right decides.
pub struct FormRow {
    /// Its code, and behind a slash what else distinguishes the row.
    pub key: &'static str,
    /// The page that has it.
    pub page: &'static str,
    /// The right that it takes.
    pub right: Right,
    /// What comes of it.
    pub then: Then,
}

impl FormRow {
    /// The form's code.
    pub fn code(&self) -> &'static str {
        self.key.split('/').next().unwrap_or_default()
    }
}

const fn form(key: &'static str, page: &'static str, right: Right, then: Then) -> FormRow {
    FormRow { key, page, right, then }
}

const ENROL: Right = Right::Person(Action::Enrol);
const BUY: Right = Right::Person(Action::Purchase);
const WORK: Right = Right::Operator(&[OperatorAction::WorkQueue]);
const CONFIGURE: Right = Right::Person(Action::ConfigureSignIn);
const PROVISIONING: Right = Right::Person(Action::ConfigureSignIn);
const READ_CATALOGUE: Right = Right::Operator(&[OperatorAction::ReadCatalogue]);
const DRAFTS: Right = Right::Operator(&[OperatorAction::DraftCatalogue]);
const IMPORT: Right = Right::Operator(&[OperatorAction::ImportKeys]);
const POOLS: Right = Right::Operator(&[OperatorAction::ReadKeyPools]);
const MAIL: Right = Right::Operator(&[OperatorAction::ReadMail, OperatorAction::WorkQueue]);
const INDIVIDUAL: Right = Right::Operator(&[OperatorAction::SetIndividualGrants]);
const READ_INDIVIDUAL: Right = Right::Operator(&[OperatorAction::ReadIndividualGrants]);
const POLICIES: Right = Right::Operator(&[OperatorAction::ManagePolicies]);
const REFUNDS: Right = Right::Operator(&[OperatorAction::DecideRefunds]);
const OPERATORS: Right = Right::Operator(&[OperatorAction::ManageOperators]);

/// Every form. The order matters: each row finds its scene as the rows before have left it.
pub const FORMS: &[FormRow] = &[
    form("sign_in", "/sign-in", Right::Anybody, Then::Rule(ErrorCode::SignInFailed)),
    form("second_factor", "/sign-in/second-factor", Right::Anybody, Then::Rule(ErrorCode::SecondFactorEnded)),
    form("forgot_password", "/forgotten-password", Right::Anybody, Then::Done),
    form("reset_password", "/reset-password/none", Right::Anybody, Then::Rule(ErrorCode::ResetEnded)),
    form("directory_sign_in", "/sign-in", Right::Anybody, Then::Rule(ErrorCode::DirectoryUnknown)),
    form("choose_language", "/account", Right::Anybody, Then::Done),
    form("accept_invitation", "/invitation/none", Right::Anybody, Then::Rule(ErrorCode::InvitationEnded)),
    form("begin_enrolment", "/enrol/account", Right::Anybody, Then::Done),
    form("found_by_password", "/enrol/link/none", Right::Anybody, Then::Rule(ErrorCode::EnrolmentEnded)),
    form("found_by_directory", "/enrol/link/none", Right::Anybody, Then::Rule(ErrorCode::EnrolmentEnded)),
    form("found_by_account", "/enrol/profile", Right::AnyPerson, Then::Rule(ErrorCode::EnrolmentEnded)),
    form("answer_enrolment", "/enrol/contact/none", Right::Anybody, Then::Rule(ErrorCode::EnrolmentEnded)),
    // The company is a member: what an enrolment does has tests of its own.
    form("start_enrolment", "/enrol/profile", ENROL, Then::Rule(ErrorCode::WrongState)),
    form("save_legal_profile", "/enrol/profile", ENROL, Then::Rule(ErrorCode::NotFound)),
    form("change_legal_profile", "/membership/profile", ENROL, Then::Done),
    form("accept_agreement", "/enrol/agreement", ENROL, Then::Rule(ErrorCode::NotFound)),
    form("ask_contact_again", "/enrol/status", ENROL, Then::Rule(ErrorCode::NotFound)),
    form("switch_organization", "/account", Right::SignedIn, Then::Done),
    form("change_password", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::Invalid)),
    form("change_name", "/account", Right::SignedIn, Then::Done),
    form("choose_mail", "/account", Right::SignedIn, Then::Done),
    form("set_reminders", "/membership", Right::Person(Action::SetReminders), Then::Done),
    form("end_session", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::NotFound)),
    form("end_other_sessions", "/account/security", Right::SignedIn, Then::Done),
    form("begin_second_factor", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::Invalid)),
    form("confirm_second_factor", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::WrongState)),
    form("renew_recovery_codes", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::Invalid)),
    form("turn_off_second_factor", "/account/security", Right::SignedIn, Then::Rule(ErrorCode::Invalid)),
    form("mark_notices_read", "/notices", Right::SignedIn, Then::Done),
    form("mark_notice_read", "/notices", Right::SignedIn, Then::Rule(ErrorCode::NotFound)),
    form("remind_holder", "/insight", Right::Person(Action::SetReminders), Then::Done),
    form("remind_administrators", "/insight", Right::Person(Action::SetReminders), Then::Done),
    form("remind_company", "/operator/insight", WORK, Then::Done),
    form("assign_seats", "/benefits/visual-studio", Right::Person(Action::AssignUser), Then::Done),
    form("release_seat", "/benefits/visual-studio", Right::Person(Action::AssignUser), Then::Done),
    form("reassign_seat", "/benefits/visual-studio", Right::Person(Action::AssignUser), Then::Done),
    form("ask_for_seat", "/my-benefits", Right::Person(Action::RequestSeat), Then::Done),
    form("decide_seat_request", "/requests", Right::Person(Action::AssignUser), Then::Done),
    form("reveal_key", "/benefits/software", Right::Person(Action::GetKeys), Then::Shown),
    form("replace_key", "/benefits/software", Right::Person(Action::GetKeys), Then::Shown),
    form("record_activations", "/benefits/software", Right::Person(Action::RecordActivations), Then::Done),
    form("redeem_key", "/benefits/cloud", Right::Person(Action::GetKeys), Then::Done),
    form("activate", "/benefits/technical", Right::Person(Action::ActivateTechnical), Then::Done),
    form(
        "activate/go_to_market",
        "/benefits/go-to-market",
        Right::Person(Action::ActivateGoToMarket),
        Then::Done,
    ),
    form(
        "withdraw_activation",
        "/benefits/go-to-market",
        Right::Person(Action::ActivateGoToMarket),
        Then::Done,
    ),
    form("show_support_ids", "/my-benefits", Right::Person(Action::ViewSupportIds), Then::Shown),
    form(
        "save_marketing_contact",
        "/benefits/go-to-market",
        Right::Person(Action::ManageMarketingContact),
        Then::Done,
    ),
    form("submit_advisory", "/technical-request", Right::Person(Action::RequestSupport), Then::Done),
    form(
        "ask_global_admin",
        "/become-global-admin",
        Right::Person(Action::RequestGlobalAdmin),
        Then::Rule(ErrorCode::WrongState),
    ),
    form("submit_cancellation", "/benefits/cancel", Right::Person(Action::CancelPurchase), Then::Done),
    form("take_back_cancellation", "/benefits/cancel", Right::Person(Action::CancelPurchase), Then::Done),
    form("place_order", "/offers", BUY, Then::Done),
    form("renew_holding", "/membership", BUY, Then::Done),
    form("change_tier", "/membership/change", BUY, Then::Done),
    form(
        "take_back_tier_change",
        "/orders",
        Right::Person(Action::CancelPurchase),
        // The oldest order changed no level; what one that did comes to has tests of its own.
        Then::Rule(ErrorCode::WrongState),
    ),
    form("cancel_order", "/orders", BUY, Then::Done),
    form("pay_by_card", "/orders", BUY, Then::Done),
    form("confirm_card", "/orders", BUY, Then::Done),
    form("pay_by_transfer", "/orders", BUY, Then::Done),
    form("add_user", "/account/users/add", Right::Person(Action::AddUser), Then::Done),
    form("set_roles", "/account/users", Right::Person(Action::SetRoles), Then::Done),
    form("update_own_agent", "/account", Right::AnyPerson, Then::Rule(ErrorCode::NotFound)),
    form("invite_again", "/account/users", Right::Person(Action::AddUser), Then::Done),
    form(
        "save_people_import",
        "/account/users/import",
        Right::Person(Action::AddUser),
        Then::Rule(ErrorCode::NotFound),
    ),
    form("depart_person", "/account/users/departure", Right::Person(Action::SetRoles), Then::Done),
    form(
        "take_off_second_factor",
        "/account/users",
        Right::Person(Action::SetRoles),
        Then::Rule(ErrorCode::WrongState),
    ),
    form("resume_person", "/account/users", Right::Person(Action::SetRoles), Then::Done),
    form("make_provisioning_token", "/account/provisioning", PROVISIONING, Then::Shown),
    form("revoke_provisioning_token", "/account/provisioning", PROVISIONING, Then::Done),
    form("save_provisioning", "/account/provisioning", PROVISIONING, Then::Done),
    form("map_provisioned_group", "/account/provisioning", PROVISIONING, Then::Done),
    form("take_request", "/operator/queue", WORK, Then::Done),
    form("take_request/cancellation", "/operator/queue", REFUNDS, Then::Done),
    form("note_request", "/operator/queue", WORK, Then::Done),
    form("message_partner", "/operator/queue", WORK, Then::Done),
    form("hand_over_request", "/operator/queue", WORK, Then::Done),
    form("work_requests", "/operator/queue", WORK, Then::Done),
    form("save_queue_view", "/operator/queue", Right::Operator(&[OperatorAction::ReadQueue]), Then::Done),
    form(
        "remove_queue_view",
        "/operator/queue",
        Right::Operator(&[OperatorAction::ReadQueue]),
        // Everybody has views of their own only.
        Then::Rule(ErrorCode::NotFound),
    ),
    form("plan_advisory", "/operator/queue", WORK, Then::Done),
    form("choose_shortcuts", "/operator/queue", Right::Operator(&[OperatorAction::ReadQueue]), Then::Done),
    form("answer_operators", "/requests", Right::Person(Action::OpenBenefits), Then::Done),
    form("complete_activation", "/operator/queue", WORK, Then::Done),
    form("record_delivery", "/operator/queue", WORK, Then::Done),
    form("complete_advisory", "/operator/queue", WORK, Then::Done),
    form("decide_cancellation", "/operator/queue", REFUNDS, Then::Done),
    form("decide_global_admin", "/operator/queue", WORK, Then::Done),
    form("decide_payment", "/operator/queue", WORK, Then::Done),
    form("accept_enrolment", "/operator/queue", WORK, Then::Done),
    form("return_enrolment", "/operator/queue", WORK, Then::Done),
    form("record_competency", "/operator/competencies", WORK, Then::Done),
    form("revoke_competency", "/operator/competencies", WORK, Then::Done),
    form("refuse_request", "/operator/queue", WORK, Then::Done),
    form("refuse_request/cancellation", "/operator/queue", REFUNDS, Then::Done),
    form("record_incident", "/operator/queue", WORK, Then::Done),
    form("set_key_threshold", "/operator/keys/windows_enterprise", IMPORT, Then::Done),
    form("cancel_key_import", "/operator/keys/windows_enterprise", IMPORT, Then::Done),
    form(
        "withdraw_key_batch",
        "/operator/keys/windows_enterprise",
        Right::Operator(&[OperatorAction::WithdrawKeys]),
        Then::Done,
    ),
    form("find_key", "/operator/keys", POOLS, Then::Done),
    form(
        "inspect_key",
        "/operator/keys/windows_enterprise",
        Right::Operator(&[OperatorAction::RevealKeyAsOperator]),
        Then::Shown,
    ),
    form("set_individual_grant", "/operator/grants", INDIVIDUAL, Then::Done),
    form("change_individual_grant", "/operator/grants", INDIVIDUAL, Then::Done),
    form("end_individual_grant", "/operator/grants", INDIVIDUAL, Then::Done),
    form("add_operator", "/operator/operators", OPERATORS, Then::Done),
    form("invite_operator_again", "/operator/operators", OPERATORS, Then::Done),
    form("set_operator_roles", "/operator/operators", OPERATORS, Then::Done),
    form("take_off_operator_factor", "/operator/operators", OPERATORS, Then::Done),
    form("remove_operator", "/operator/operators", OPERATORS, Then::Done),
    form("send_again", "/operator/outbox", MAIL, Then::Done),
    form("mark_bounced", "/operator/outbox", MAIL, Then::Done),
    form("clear_address", "/operator/outbox", MAIL, Then::Done),
    form("save_template", "/operator/templates", POLICIES, Then::Done),
    form("reset_template", "/operator/templates", POLICIES, Then::Done),
    form(
        "save_policies",
        "/operator/policies",
        Right::Operator(&[OperatorAction::ManagePolicies]),
        Then::Done,
    ),
    form("begin_catalogue_draft", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_quantities", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_product", "/operator/catalogue", DRAFTS, Then::Done),
    form("remove_catalogue_product", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_offer", "/operator/catalogue", DRAFTS, Then::Done),
    form("remove_catalogue_offer", "/operator/catalogue", DRAFTS, Then::Done),
    form("name_catalogue_tier", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_area", "/operator/catalogue", DRAFTS, Then::Done),
    form("add_catalogue_area", "/operator/catalogue", DRAFTS, Then::Done),
    form("name_catalogue_area", "/operator/catalogue", DRAFTS, Then::Done),
    form("remove_catalogue_area", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_programme", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_catalogue_policies", "/operator/catalogue", DRAFTS, Then::Done),
    form("bring_catalogue_draft_up_to_date", "/operator/catalogue", DRAFTS, Then::Done),
    form(
        "publish_catalogue_draft",
        "/operator/catalogue",
        Right::Operator(&[OperatorAction::PublishCatalogue]),
        Then::Done,
    ),
    form("withdraw_catalogue_draft", "/operator/catalogue", DRAFTS, Then::Done),
    form("save_directory", "/account/directory", CONFIGURE, Then::Done),
    // Nobody answers outside: what a directory and the name system say has tests of its own.
    form("test_directory", "/account/directory", CONFIGURE, Then::Rule(ErrorCode::DirectoryUnreachable)),
    form("require_directory", "/account/directory", CONFIGURE, Then::Done),
    form("add_mail_domain", "/account/directory", CONFIGURE, Then::Done),
    form("verify_mail_domain", "/account/directory", CONFIGURE, Then::Rule(ErrorCode::DomainNotProven)),
    form("remove_mail_domain", "/account/directory", CONFIGURE, Then::Done),
    form("decide_identity", "/account/directory", CONFIGURE, Then::Done),
    form("remove_directory", "/account/directory", CONFIGURE, Then::Done),
    form("sign_out", "/account", Right::Anybody, Then::Done),
];

/// What signs in, out or on: no operation id, and never sent in the background.
pub fn changes_session(code: &str) -> bool {
    app::forms::submission::changes_session(code)
}

/// Finds ids of the scene.
impl Stage {
    /// The version of a row.
    pub async fn version(&self, table: &str, id: Uuid) -> i64 {
        let text = format!("select row_version as number from {table} where id = $1");
        sql::number(self.service.database.reader(), &text, [id.into()]).await.expect("a version")
    }

    async fn seat_of(&self, email: &str) -> (String, String) {
        let text = "select s.id from seat s join person p on p.id = s.person_id
            join account a on a.id = p.account_id
            join benefit_grant g on g.id = s.grant_id and g.source = 'gold_core'
            join product d on d.id = g.product_id and d.code = 'visual_studio_enterprise'
            where a.email_key = $1 order by s.released_at is not null, s.id limit 1";
        let id = self.id(text, [email.into()]).await;
        (id.to_string(), self.version("seat", id).await.to_string())
    }

    /// An open request of a kind, made where there is none.
    async fn request(&self, kind: &str) -> (String, String) {
        let text = "select count(*) as number from service_request where kind = $1 and open";
        let open = sql::number(self.service.database.reader(), text, [kind.into()]).await.expect("a number");
        if open == 0 {
            match kind {
                "cancellation" => self.ask_for_cancellation().await,
                "global_admin" => self.ask_to_become_global_admin().await,
                "enrolment" => self.ask_for_review().await,
                _ => panic!("no open {kind}"),
            }
        }
        let text = "select r.id from service_request r left join benefit_grant g on g.id = r.grant_id
            where r.kind = $1 and r.open order by g.category desc, r.owner_id is null, r.number limit 1";
        let id = self.id(text, [kind.into()]).await;
        (id.to_string(), self.version("service_request", id).await.to_string())
    }

    /// An open request of somebody of the company.
    pub async fn service_request_of(&self, email: &str) -> Uuid {
        let text = "select r.id from service_request r join person p on p.id = r.requested_by
            join account a on a.id = p.account_id
            where a.email_key = $1 and r.open order by r.number limit 1";
        self.id(text, [email.into()]).await
    }

    /// A session of somebody in a browser that the test doesn't have: nobody's form ends it but their own.
    async fn session_of(&self, email: &str) -> String {
        let id = self.service.new_id();
        let text = "insert into session (token_hash, id, account_id, created_at, last_seen_at, expires_at,
                address, agent)
            select $1, $2, id, $3, $3, $4, '192.0.2.9', 'curl/8' from account where email_key = $5";
        let now = self.service.now();
        let hash = id.as_bytes().to_vec();
        let until = now.plus_days(1).0;
        self.run(text, [hash.into(), id.into(), now.0.into(), until.into(), email.into()]).await;
        id.to_string()
    }

    /// Puts a competency of the company on record.
    async fn attain(&self, area: &str) {
        let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
            select o.id, 'gold', $2, (select account_id from operator_role limit 1), 1
            from organization o where o.domain = $1
            on conflict (organization_id, tier, area) do nothing";
        self.run(text, [COMPANY.into(), area.into()]).await;
    }

    /// The fields that name an order of a competency that waits for its payment; placed where there is none.
    async fn waiting_order(&self, area: &str) -> Vec<(String, String)> {
        use service::purchases::place::{PlaceOrder, place};
        let text = "select coalesce(max(o.number), 0) as number from orders o
            join order_line l on l.order_id = o.id where l.areas = $1 and l.state = 'placed'";
        let reader = self.service.database.reader();
        let mut number = sql::number(reader, text, [area.into()]).await.expect("a number");
        if number == 0 {
            self.attain(area).await;
            let buyer = self.person(GLOBAL_ADMIN).await;
            let (offer, area) = ("gold".to_owned(), area.to_owned());
            let text = "select max(version) as number from purchase_agreement";
            let agreement = sql::number(reader, text, []).await.expect("an agreement");
            let input = PlaceOrder { offer, area, agreement, accepted: true };
            number = place(&self.service, &buyer, self.operation(), input).await.expect("placed");
        }
        let text = "select row_version as number from orders where number = $1";
        let version = sql::number(reader, text, [number.into()]).await.expect("a version");
        fields(&[("target", &number.to_string()), ("version", &version.to_string())])
    }

    /// Begins to pay an order, unless that was begun: with a card, or by transfer where none is named.
    async fn begin_to_pay(&self, order: &[(String, String)], card: &str) {
        use service::purchases::card::{PayByCard, pay};
        use service::purchases::place::WantedOrder;
        use service::purchases::transfer;
        let value = |name: &str| {
            let found = order.iter().find(|(of, _)| of == name).map(|(_, value)| value.parse());
            found.expect("the field").expect("a number")
        };
        let order = WantedOrder { number: value("target"), version: value("version") };
        let text = "select count(*) as number from payment y join orders o on o.id = y.order_id
            where o.number = $1 and y.state in ('started', 'confirmation')";
        let reader = self.service.database.reader();
        if sql::number(reader, text, [order.number.into()]).await.expect("a number") > 0 {
            return;
        }
        let buyer = self.person(GLOBAL_ADMIN).await;
        if card.is_empty() {
            transfer::choose(&self.service, &buyer, self.operation(), order).await.expect("a transfer");
        } else {
            let input = PayByCard { order, card: card.to_owned() };
            pay(&self.service, &buyer, self.operation(), input).await.expect("begun");
        }
    }

    /// Number of the invoice of an order that the company has paid by card.
    pub async fn paid_invoice(&self) -> i64 {
        let order = self.waiting_order("communications").await;
        self.begin_to_pay(&order, "pays").await;
        let text = "select max(i.number) as number from invoice i
            join organization o on o.id = i.organization_id where o.domain = 'fernhollow.example'";
        self.count(text).await
    }

    /// What the company has of an offer.
    async fn holding(&self, offer: &str) -> Uuid {
        let text = "select h.id from holding h join offer f on f.id = h.offer_id
            join organization o on o.id = h.organization_id
            where o.domain = $1 and f.code = $2 and h.state = 'active' order by h.starts_at, h.id limit 1";
        self.id(text, [COMPANY.into(), offer.into()]).await
    }

    async fn refundable_line(&self) -> Uuid {
        let text = "select l.id from order_line l join offer f on f.id = l.offer_id
            join organization o on o.id = l.organization_id
            where o.domain = $1 and f.code = 'isv_co_sell'";
        self.id(text, [COMPANY.into()]).await
    }

    async fn ask_for_cancellation(&self) {
        use service::purchases::cancel::{CancelPurchase, submit};
        let line = self.refundable_line().await;
        let input = CancelPurchase {
            line: line.into(),
            version: self.version("order_line", line).await,
            reason: "bought_by_mistake".to_owned(),
            note: String::new(),
            accepted: true,
        };
        submit(&self.service, &self.person(GLOBAL_ADMIN).await, self.operation(), input).await.expect("asks");
    }

    /// A company whose enrolment is reviewed: the one that was accepted or sent back before, if there is one.
    async fn ask_for_review(&self) {
        let text =
            format!("select count(*) as number from organization where domain = '{}'", enrolment::DOMAIN);
        if self.count(&text).await == 0 {
            self.in_review().await;
            return;
        }
        let text = "update enrolment set state = 'review'";
        self.run(text, []).await;
        let text = "update service_request set open = true, state = 'requested' where kind = 'enrolment'";
        self.run(text, []).await;
    }

    async fn ask_to_become_global_admin(&self) {
        let admin = self.person_id(OTHER_ADMIN, OTHER_COMPANY).await;
        let text = "delete from person_role where person_id = $1 and role = 'global_admin'";
        self.run(text, [admin.0.into()]).await;
        let asker = self.person("ulla.brennmark@kestrelash.example").await;
        service::requests::global_admin::ask(&self.service, &asker, self.operation()).await.expect("asks");
        let text = "insert into person_role (person_id, organization_id, role)
            select id, organization_id, 'global_admin' from person where id = $1";
        self.run(text, [admin.0.into()]).await;
    }

    /// How many rows there are of what a change leaves behind.
    pub async fn traces(&self) -> Vec<(&'static str, i64)> {
        let mut traces = Vec::new();
        for table in [
            "operation",
            "audit_event",
            "mail",
            "notice",
            "seat",
            "seat_request",
            "service_request",
            "activation",
            "balance_entry",
            "redemption",
            "subscription",
            "person",
            "person_role",
            "account",
            "operator_role",
            "invitation",
            "enrolment",
            "legal_profile",
            "directory",
            "mail_domain",
            "directory_identity",
            "directory_sign_in",
            "provisioning_token",
            "provisioning_setting",
            "provisioned_person",
            "provisioned_group",
            "provisioned_group_member",
        ] {
            // A denied attempt leaves that it was denied, and nothing else: see `denied`.
            let apart = if table == "audit_event" { " where action <> 'denied'" } else { "" };
            let text = format!("select count(*) as number from {table}{apart}");
            traces.push((table, self.count(&text).await));
        }
        traces
    }

    /// How many denied attempts are recorded.
    pub async fn denied(&self) -> i64 {
        self.count("select count(*) as number from audit_event where action = 'denied'").await
    }

    /// A directory of the company.
    pub async fn company_directory(&self) -> Uuid {
        let text = "insert into directory (id, organization_id, name, issuer, client_id, scopes, enabled,
                just_in_time, authoritative, signs_out, role_claim, created_at)
            select $1, o.id, 'Fernhollow ID', 'https://login.fernhollow.example', 'benefits', 'openid', true,
                false, false, false, '', 1
            from organization o where o.domain = $2 and not exists
                (select 1 from directory d where d.organization_id = o.id)";
        self.run(text, [self.service.new_id().into(), COMPANY.into()]).await;
        let text = "select d.id from directory d join organization o on o.id = d.organization_id
            where o.domain = $1";
        self.id(text, [COMPANY.into()]).await
    }

    /// A mail domain of the company that waits for its record.
    async fn pending_domain(&self) -> Uuid {
        let text = "insert into mail_domain (id, organization_id, domain, state, token, created_at)
            select $1, o.id, 'waiting.example', 'pending', 'token', 1
            from organization o where o.domain = $2 and not exists
                (select 1 from mail_domain m where m.domain = 'waiting.example')";
        self.run(text, [self.service.new_id().into(), COMPANY.into()]).await;
        self.id("select id from mail_domain where domain = 'waiting.example'", []).await
    }

    /// An entry of the company's directory that asks to stand for an account.
    async fn offered_identity(&self) -> Uuid {
        let directory = self.company_directory().await;
        let account = self.id("select id from account where email_key = $1", [EMPLOYEE.into()]).await;
        let text = "insert into directory_identity
                (id, directory_id, subject, account_id, state, created_at, last_used_at)
            select $1, $2, 'another', $3, 'waiting', 1, 1
            where not exists (select 1 from directory_identity where subject = 'another')";
        self.run(text, [self.service.new_id().into(), directory.into(), account.into()]).await;
        self.id("select id from directory_identity where subject = 'another'", []).await
    }

    /// A mail that waits.
    pub async fn waiting_mail(&self) -> Uuid {
        self.failed_mail("somebody@fernhollow.example").await
    }

    /// Version of the English wording of a kind of mail; 0 for the product's.
    async fn template_version(&self, kind: &str) -> i64 {
        let text = "select row_version as number from mail_template where kind = $1 and language = 'en'";
        sql::number(self.service.database.reader(), text, [kind.into()]).await.expect("a version")
    }

    /// A mail that came back, whose address is marked.
    async fn marked_mail(&self) -> Uuid {
        let address = format!("gone.{}@fernhollow.example", self.service.new_id().simple());
        let id = self.failed_mail(&address).await;
        let text =
            "insert into bouncing_address (address_key, mail_id, reason, since) values ($1, $2, 'Gone', 1)";
        assert_eq!(self.run(text, [address.into(), id.into()]).await, 1);
        id
    }

    /// A mail to that address that was given up.
    async fn failed_mail(&self, recipient: &str) -> Uuid {
        let id = self.service.new_id();
        let row = mail::ActiveModel {
            id: Set(id),
            organization_id: Set(None),
            account_id: Set(None),
            kind: Set("seat_requested".to_owned()),
            subject: Set("Waits".to_owned()),
            subject_key: Set("waits".to_owned()),
            recipient: Set(recipient.to_owned()),
            language: Set("en".to_owned()),
            body: Set("Waits.\n".to_owned()),
            secret: Set(None),
            calendar: Set(None),
            state: Set("failed".to_owned()),
            attempts: Set(12),
            next_attempt_at: Set(0),
            last_error: Set(Some("nobody answers".to_owned())),
            created_at: Set(self.service.now().0),
            sent_at: Set(None),
            recipient_key: Set(recipient.to_owned()),
            bounced_at: Set(None),
            bounce_reason: Set(None),
        };
        let transaction = self.service.database.begin().await.expect("begins");
        mail::Entity::insert(row).exec_without_returning(&transaction).await.expect("inserts");
        transaction.commit().await.expect("commits");
        id
    }

    /// A form's fields, with its own operation id.
    pub async fn filled(&self, key: &str) -> Vec<(String, String)> {
        let (code, variant) = key.split_once('/').unwrap_or((key, ""));
        let operation = self.operation().to_string();
        let mut filled = fields(&[("form", code), ("operation", &operation)]);
        filled.extend(self.own_fields(code, variant).await);
        filled
    }

    async fn own_fields(&self, code: &str, variant: &str) -> Vec<(String, String)> {
        let person = async |email: &str| self.person_id(email, COMPANY).await.to_string();
        let grant = async |product: &str, source: &str| self.grant(COMPANY, product, source).await;
        match (code, variant) {
            ("sign_in", _) => {
                fields(&[("email", "nobody@fernhollow.example"), ("password", "not the password")])
            }
            ("second_factor", _) => fields(&[("target", ""), ("then", ""), ("code", "123456")]),
            ("forgot_password", _) => fields(&[("target", ""), ("email", "nobody@fernhollow.example")]),
            ("reset_password", _) => fields(&[
                ("target", &"0".repeat(64)),
                ("new_password", "a quiet lamp over the harbour"),
                ("repeat_password", "a quiet lamp over the harbour"),
            ]),
            ("change_name", _) => fields(&[("target", ""), ("name", "Maren Tolvik-Lund")]),
            ("choose_mail", _) => {
                fields(&[("target", ""), ("mail_topics", "seats"), ("reminders", "weekly")])
            }
            // What a company has at first: 30 days, and 90 and 30.
            ("set_reminders", _) => fields(&[
                ("target", ""),
                ("version", "30000090030"),
                ("ending_first", "60"),
                ("unused_first", ""),
            ]),
            ("end_session", _) => fields(&[("target", &self.session_of(CHINESE_EMPLOYEE).await)]),
            ("end_other_sessions", _) => fields(&[("target", "")]),
            ("begin_second_factor" | "renew_recovery_codes", _) => {
                fields(&[("target", ""), ("current_password", "not the password")])
            }
            ("confirm_second_factor", _) => fields(&[("target", ""), ("code", "123456")]),
            ("turn_off_second_factor", _) => {
                fields(&[("target", ""), ("current_password", "not the password"), ("code", "123456")])
            }
            ("directory_sign_in", _) => fields(&[("target", ""), ("email", "nobody@nowhere.example")]),
            ("save_directory", _) => {
                let id = self.company_directory().await;
                let version = self.version("directory", id).await.to_string();
                fields(&[
                    ("target", &id.to_string()),
                    ("version", &version),
                    ("directory_name", "Fernhollow ID"),
                    ("issuer", "https://login.fernhollow.example"),
                    ("client_id", "benefits"),
                    ("client_secret", "a secret of the directory"),
                    ("enabled", "true"),
                    ("roles", "employee"),
                ])
            }
            ("test_directory" | "remove_directory", _) => {
                fields(&[("target", &self.company_directory().await.to_string())])
            }
            ("require_directory", _) => {
                self.company_directory().await;
                self.break_glass(GLOBAL_ADMIN).await;
                fields(&[("target", ""), ("required", "true")])
            }
            ("add_mail_domain", _) => {
                let id = self.company_directory().await.to_string();
                let domain = format!("{}.mail-of-fernhollow.example", self.operation());
                fields(&[("target", ""), ("mail_domain", &domain), ("directory", &id)])
            }
            ("verify_mail_domain" | "remove_mail_domain", _) => {
                fields(&[("target", &self.pending_domain().await.to_string())])
            }
            ("decide_identity", _) => {
                let id = self.offered_identity().await.to_string();
                fields(&[("target", &id), ("decision", "dismissed")])
            }
            ("choose_language", _) => fields(&[("target", "account"), ("language", "en")]),
            ("sign_out", _) => fields(&[("target", "account")]),
            ("begin_enrolment", _) => {
                let domain = format!("{}.example", self.operation().to_string().to_lowercase());
                fields(&[
                    ("target", ""),
                    ("company_domain", &domain),
                    ("name", "Ida Moen"),
                    ("email", &format!("ida@{domain}")),
                ])
            }
            ("found_by_password", _) => fields(&[
                ("target", &"0".repeat(64)),
                ("new_password", "a quiet lamp over the harbour"),
                ("repeat_password", "a quiet lamp over the harbour"),
            ]),
            ("found_by_directory", _) => fields(&[
                ("target", &"0".repeat(64)),
                ("issuer", "https://login.oakfen.example"),
                ("client_id", "benefits"),
                ("client_secret", "a secret of the directory"),
            ]),
            ("found_by_account", _) => fields(&[("target", &"0".repeat(64))]),
            ("answer_enrolment", _) => {
                fields(&[("target", &"0".repeat(64)), ("signed_up", "yes"), ("own_address", "yes")])
            }
            ("start_enrolment" | "ask_contact_again", _) => fields(&[("target", "")]),
            ("save_legal_profile" | "change_legal_profile", _) => {
                let version = if code == "change_legal_profile" { "0" } else { "1" };
                let profile = enrolment::profile();
                fields(&[
                    ("target", ""),
                    ("version", version),
                    ("company", &profile.company),
                    ("street", &profile.street),
                    ("city", &profile.city),
                    ("postal_code", &profile.postal_code),
                    ("country", &profile.country),
                    ("time_zone", &profile.time_zone),
                    ("name", &profile.contact_name),
                    ("email", &profile.contact_email),
                    ("phone", &profile.contact_phone),
                    ("language", &profile.contact_language),
                ])
            }
            ("accept_agreement", _) => fields(&[
                ("target", ""),
                ("version", "1"),
                ("agreement", "1"),
                ("name", "Maren Tolvik"),
                ("accept", "true"),
            ]),
            ("accept_invitation", _) => fields(&[
                ("target", &"0".repeat(64)),
                ("new_password", "a quiet lamp over the harbour"),
                ("repeat_password", "a quiet lamp over the harbour"),
            ]),
            ("switch_organization", _) => {
                fields(&[("target", &self.organization(COMPANY).await.to_string())])
            }
            ("change_password", _) => fields(&[
                ("current_password", "not the password"),
                ("new_password", "a quiet lamp over the harbour"),
                ("repeat_password", "a quiet lamp over the harbour"),
            ]),
            ("mark_notices_read", _) => fields(&[("target", "")]),
            ("mark_notice_read", _) => fields(&[("target", &self.service.new_id().to_string())]),
            ("assign_seats", _) => fields(&[
                ("target", &grant("visual_studio_enterprise", "gold_core").await.to_string()),
                ("people", &person("priyanka.oyelaran@fernhollow.example").await),
            ]),
            ("remind_holder", _) => {
                let (seat, _) = self.seat_of("yunhee.paikova@fernhollow.example").await;
                // One who got it long ago and never came.
                let long_ago = self.service.now().plus_days(-30).0;
                let id: Uuid = seat.parse().expect("an id");
                let text = "update seat set assigned_at = $2 where id = $1 and released_at is null";
                self.run(text, [id.into(), long_ago.into()]).await;
                let text = "update person set last_seen_at = 0
                    where id = (select person_id from seat where id = $1)";
                self.run(text, [id.into()]).await;
                fields(&[("target", &seat)])
            }
            ("remind_administrators", _) => {
                let grant = grant("visual_studio_enterprise", "gold_core").await;
                fields(&[("target", &grant.to_string())])
            }
            ("remind_company", _) => {
                let grant = grant("visual_studio_enterprise", "gold_core").await;
                // As if the company hadn't been reminded of it before.
                let text = "delete from idle_reminder where grant_id = $1 and seat_id is null";
                self.run(text, [grant.0.into()]).await;
                fields(&[("target", &grant.to_string())])
            }
            ("release_seat", _) => {
                let (seat, version) = self.seat_of("yunhee.paikova@fernhollow.example").await;
                fields(&[("target", &seat), ("version", &version)])
            }
            ("reassign_seat", _) => {
                let (seat, version) = self.seat_of("alexandrina.wolfeschlegel@fernhollow.example").await;
                let next = person("casimir.dunleavy@fernhollow.example").await;
                fields(&[("target", &seat), ("version", &version), ("person", &next)])
            }
            ("ask_for_seat", _) => {
                let grant = self.grant_in_area(COMPANY, "visual_studio_enterprise", "cloud_platform").await;
                fields(&[("target", &grant.to_string()), ("description", "For the test environment.")])
            }
            ("decide_seat_request", _) => {
                let text = "select r.id from seat_request r join organization o on o.id = r.organization_id
                    where o.domain = $1 order by r.state <> 'requested', r.id limit 1";
                let request = self.id(text, [COMPANY.into()]).await.to_string();
                fields(&[("target", &request), ("decision", "refused"), ("reason", "Not this quarter.")])
            }
            ("reveal_key", _) => {
                let grant = grant("windows_enterprise", "action_pack").await.to_string();
                fields(&[("target", &grant), ("accept", "true")])
            }
            ("record_activations", _) => {
                let grant = self.key_with_activations().await.to_string();
                fields(&[("target", &grant), ("quantity", "1"), ("reason", "Laptops of the new team")])
            }
            ("redeem_key", _) => {
                let grant = grant("enterprise_mobility_suite", "action_pack").await.to_string();
                fields(&[("target", &grant), ("subscription", "new_subscription")])
            }
            ("activate", "go_to_market") => self.versioned(grant("case_study", "gold_core").await.0).await,
            ("activate", _) => {
                self.versioned(grant("technical_presales_deployment", "gold_core").await.0).await
            }
            ("withdraw_activation", _) => {
                self.versioned(grant("partner_go_to_market_toolbox", "gold_core").await.0).await
            }
            ("show_support_ids", _) => {
                let grant = grant("product_support_incidents", "gold_core").await.to_string();
                fields(&[("target", &grant)])
            }
            ("save_marketing_contact", _) => {
                let text = "select c.row_version as number from marketing_contact c
                    join organization o on o.id = c.organization_id where o.domain = $1";
                let version = sql::number(self.service.database.reader(), text, [COMPANY.into()]).await;
                fields(&[
                    ("target", ""),
                    ("version", &version.expect("a version").to_string()),
                    ("person", &person(PARTNER_ADMIN).await),
                    ("alternate_email", "press@fernhollow.example"),
                    ("phone", "+47 21 00 00 43"),
                    ("language", "en"),
                ])
            }
            ("submit_advisory", _) => fields(&[
                ("target", ""),
                ("phase", "design"),
                ("environment", "hybrid"),
                ("title", "Landing zone"),
                ("description", "Three sites."),
                ("product", "Azure"),
                ("country", "Norway"),
                ("language", "English"),
                ("phone", "+47 22 33 44 55"),
                ("time_zone", "Europe/Oslo"),
                ("working_hours", "09:00–16:00"),
                ("grant", &grant("advisory_hours", "gold_core").await.to_string()),
                ("hours", "2"),
            ]),
            ("ask_global_admin", _) | ("update_own_agent", _) => {
                fields(&[("target", ""), ("roles", "admin_agent")])
            }
            ("submit_cancellation", _) => {
                let line = self.refundable_line().await;
                let version = self.version("order_line", line).await.to_string();
                fields(&[
                    ("target", &line.to_string()),
                    ("version", &version),
                    ("reason", "bought_by_mistake"),
                    ("description", ""),
                    ("accept", "true"),
                ])
            }
            ("take_back_cancellation", _) => {
                let text = "select count(*) as number from service_request r
                    join organization o on o.id = r.organization_id
                    where r.kind = 'cancellation' and r.open and o.domain = 'fernhollow.example'";
                if self.count(text).await == 0 {
                    self.ask_for_cancellation().await;
                }
                let text =
                    "select r.id from service_request r join organization o on o.id = r.organization_id
                    where r.kind = 'cancellation' and r.open and o.domain = $1 limit 1";
                let id = self.id(text, [COMPANY.into()]).await;
                let version = self.version("service_request", id).await.to_string();
                fields(&[("target", &id.to_string()), ("version", &version)])
            }
            ("place_order", _) => {
                self.attain("messaging").await;
                let (agreement, area) = ("1", "messaging");
                fields(&[
                    ("target", "gold:messaging"),
                    ("version", agreement),
                    ("area", area),
                    ("accept", "true"),
                ])
            }
            ("renew_holding", _) => {
                let id = self.holding("network").await.to_string();
                fields(&[("target", &id), ("version", "1"), ("accept", "true")])
            }
            ("change_tier", _) => {
                let id = self.holding("gold").await.to_string();
                fields(&[("target", &id), ("version", "1"), ("accept", "true")])
            }
            ("take_back_tier_change", _) => {
                let text = format!("select row_version as number from orders where number = {ORDER}");
                let version = self.count(&text).await.to_string();
                fields(&[("target", &ORDER.to_string()), ("version", &version)])
            }
            ("cancel_order" | "pay_by_transfer", _) => {
                self.waiting_order(if code == "cancel_order" { "datacenter" } else { "devops" }).await
            }
            ("pay_by_card", _) => {
                let mut filled = self.waiting_order("communications").await;
                filled.extend(fields(&[("card", "pays")]));
                filled
            }
            ("confirm_card", _) => {
                let mut filled = self.waiting_order("security").await;
                self.begin_to_pay(&filled, "confirmation").await;
                filled.retain(|(name, _)| name != "version");
                filled.extend(fields(&[("decision", "confirmed")]));
                filled
            }
            ("decide_payment", _) => {
                let filled = self.waiting_order("data_platform").await;
                self.begin_to_pay(&filled, "").await;
                let text = "select id from service_request where kind = 'payment' and open limit 1";
                let id = self.id(text, []).await;
                let version = self.version("service_request", id).await.to_string();
                fields(&[("target", &id.to_string()), ("version", &version), ("decision", "approved")])
            }
            ("work_requests", _) => {
                let (target, version) = self.request("advisory").await;
                fields(&[("target", ""), ("decision", "take"), ("requests", &format!("{target}:{version}"))])
            }
            ("choose_shortcuts", _) => fields(&[("target", ""), ("on", "false")]),
            ("save_queue_view", _) => {
                fields(&[("target", ""), ("name", "Late ones"), ("query", "target=late")])
            }
            ("remove_queue_view", _) => fields(&[("target", NOTHING)]),
            ("answer_operators", _) => {
                let id = self.service_request_of(GLOBAL_ADMIN).await;
                fields(&[("target", &id.to_string()), ("message", "The tenant is fernhollow.")])
            }
            ("record_competency" | "revoke_competency", _) => fields(&[
                ("target", ""),
                ("company", COMPANY),
                ("offer", "silver"),
                ("area", "windows_and_devices"),
            ]),
            ("add_user", _) => fields(&[
                ("target", ""),
                ("then", ""),
                ("email", "new.colleague@fernhollow.example"),
                ("name", "New Colleague"),
                ("language", "en"),
                ("roles", "employee"),
            ]),
            ("set_roles", _) => {
                let id = self.person_id("solveig.aurdalen@fernhollow.example", COMPANY).await;
                let version = self.version("person", id.0).await.to_string();
                fields(&[
                    ("target", &id.to_string()),
                    ("version", &version),
                    ("roles", "employee"),
                    ("roles", "admin_agent"),
                ])
            }
            ("invite_again", _) => {
                fields(&[("target", &person("eirik.tveitanger@fernhollow.example").await)])
            }
            ("save_people_import", _) => fields(&[("target", NOTHING)]),
            ("depart_person", _) => {
                let mut filled = self.an_employee("active").await;
                filled.extend(fields(&[("departure", "suspend")]));
                filled
            }
            ("take_off_second_factor", _) => self.an_employee("active").await,
            ("resume_person", _) => self.an_employee("suspended").await,
            ("make_provisioning_token", _) => {
                fields(&[("target", ""), ("name", "The company's directory"), ("expires", "90")])
            }
            ("revoke_provisioning_token", _) => {
                fields(&[("target", &self.provisioning_token(COMPANY).await.0.to_string())])
            }
            ("save_provisioning", _) => {
                let text = "select s.row_version as number from provisioning_setting s
                    join organization o on o.id = s.organization_id where o.domain = $1";
                let version = sql::number(self.service.database.reader(), text, [COMPANY.into()]).await;
                let version = version.expect("a version").to_string();
                fields(&[("target", ""), ("version", &version), ("seats", "keep"), ("roles", "employee")])
            }
            ("map_provisioned_group", _) => {
                let group = self.provisioned_group(COMPANY).await;
                let version = self.version("provisioned_group", group).await.to_string();
                fields(&[("target", &group.to_string()), ("version", &version), ("roles", "admin_agent")])
            }
            ("record_incident", _) => fields(&[
                ("target", ""),
                ("grant", &grant("product_support_incidents", "gold_core").await.to_string()),
                ("quantity", "1"),
                ("description", "A server that doesn't start"),
            ]),
            ("replace_key", _) => {
                let grant = self.key_with_activations().await;
                // As if none had been replaced before: once is tested elsewhere.
                let text = "update product_key set replacement = null where grant_id = $1";
                self.run(text, [grant.into()]).await;
                fields(&[("target", &grant.to_string()), ("reason", "It is refused.")])
            }
            ("set_key_threshold", _) => {
                let text = "select k.row_version as number from key_pool k
                    join product p on p.id = k.product_id where p.code = $1";
                let version = sql::number(self.service.database.reader(), text, [PRODUCT.into()]).await;
                let version = version.expect("a version").to_string();
                fields(&[("target", PRODUCT), ("version", &version), ("threshold", "12")])
            }
            ("cancel_key_import" | "withdraw_key_batch", _) => {
                let input = keys::import::ImportKeys {
                    product: PRODUCT.to_owned(),
                    source: "A test".to_owned(),
                    batch: "A test".to_owned(),
                    content: b"not a key",
                    chunk: keys::import::CHUNK,
                };
                let staged = keys::import::import_by_command(&self.service, input).await.expect("staged");
                fields(&[("target", &staged.batch.to_string()), ("reason", "It leaked."), ("accept", "true")])
            }
            ("find_key", _) => {
                let content = "FOUND-AAAAA-BBBBB-CCCCC-00001";
                let input = keys::import::ImportKeys {
                    product: PRODUCT.to_owned(),
                    source: "A test".to_owned(),
                    batch: "A test".to_owned(),
                    content: content.as_bytes(),
                    chunk: keys::import::CHUNK,
                };
                keys::import::import_by_command(&self.service, input).await.expect("staged");
                while keys::take_over::take_next(&self.service).await.expect("taken over") {}
                fields(&[("target", ""), ("product_key", content)])
            }
            ("inspect_key", _) => {
                let grant = self.key_with_activations().await;
                let text = "select id from product_key where grant_id = $1 order by id desc limit 1";
                let key = self.id(text, [grant.into()]).await;
                fields(&[("target", &key.to_string()), ("reason", "The partner says that it is refused.")])
            }
            ("set_individual_grant", _) => {
                // As if there had been none before.
                let text = "update individual_grant set ended_at = set_at where ended_at is null";
                self.run(text, []).await;
                let product = self.grant_row(grant("visual_studio_enterprise", "gold_core").await).await;
                fields(&[
                    ("target", &self.organization(COMPANY).await.to_string()),
                    ("product", &product.product_id.to_string()),
                    ("quantity", "500"),
                    ("expires", "2027-06-30"),
                    ("reason", "A pilot"),
                ])
            }
            ("change_individual_grant" | "end_individual_grant", _) => {
                let id = self.individual_grant().await;
                fields(&[
                    ("target", &id.to_string()),
                    ("version", &self.version("individual_grant", id).await.to_string()),
                    ("quantity", "400"),
                    ("expires", "2027-07-31"),
                    ("reason", "A longer pilot"),
                    ("accept", "1000000"),
                ])
            }
            ("add_operator", _) => fields(&[
                ("target", ""),
                ("email", "new.colleague@northlight.example"),
                ("name", "New Colleague"),
                ("language", "en"),
                ("roles", "auditor"),
            ]),
            ("invite_operator_again", _) => {
                fields(&[("target", &self.colleague("invited").await.to_string())])
            }
            ("set_operator_roles", _) => {
                let id = self.colleague("active").await;
                let version = self.version("account", id).await.to_string();
                fields(&[
                    ("target", &id.to_string()),
                    ("version", &version),
                    ("roles", "auditor"),
                    ("roles", "fulfilment_agent"),
                ])
            }
            ("take_off_operator_factor" | "remove_operator", _) => {
                let id = self.colleague("active").await;
                let version = self.version("account", id).await.to_string();
                fields(&[("target", &id.to_string()), ("version", &version)])
            }
            ("send_again", _) => fields(&[("target", &self.waiting_mail().await.to_string())]),
            ("save_template", _) => {
                let version = self.template_version("seat_removed").await.to_string();
                fields(&[
                    ("target", "seat_removed:en"),
                    ("version", &version),
                    ("mail_subject", "No seat: {product}"),
                    ("mail_body", "{person}: {link}"),
                    ("step", "save"),
                ])
            }
            ("reset_template", _) => {
                let text = "insert into mail_template
                        (kind, language, subject, body, row_version, changed_at, changed_by)
                    select 'seat_ended', 'en', 'Ended', '{link}', 7, 7, id from account where email_key = $1
                    on conflict (kind, language) do nothing";
                self.run(text, [PROGRAMME_ADMIN.into()]).await;
                let version = self.template_version("seat_ended").await.to_string();
                fields(&[("target", "seat_ended:en"), ("version", &version)])
            }
            ("mark_bounced", _) => fields(&[
                ("target", &self.waiting_mail().await.to_string()),
                ("reason", "There is no such mailbox"),
            ]),
            ("clear_address", _) => fields(&[("target", &self.marked_mail().await.to_string())]),
            ("save_policies", _) => {
                let admin = self.operator(PROGRAMME_ADMIN).await;
                let page = service::queue::policies_edit::page(&self.service, &admin).await.expect("a page");
                fields(&[("target", ""), ("version", &page.version.to_string()), ("reassign_lock_days", "7")])
            }
            (of_catalogue, _) if of_catalogue.contains("catalogue") => self.fields_about_a_draft(code).await,
            _ => self.fields_about_a_request(code, variant).await,
        }
    }

    /// A fresh operator of that status, with a second factor, beside those who sign in.
    async fn colleague(&self, status: &str) -> Uuid {
        let id = self.service.new_id();
        let address = format!("colleague.{}@northlight.example", id.simple());
        let text =
            "insert into account (id, email, email_key, full_name, name_key, language, status, created_at, row_version)
            values ($1, $2, $2, 'Ida Colleague', 'ida colleague', 'en', $3, 1, 1)";
        assert_eq!(self.run(text, [id.into(), address.into(), status.into()]).await, 1);
        let text = "insert into operator_role (account_id, role) values ($1, 'auditor')";
        assert_eq!(self.run(text, [id.into()]).await, 1);
        let text =
            "insert into second_factor (account_id, secret, begun_at, confirmed_at) values ($1, $2, 1, 1)";
        assert_eq!(self.run(text, [id.into(), vec![0_u8].into()]).await, 1);
        id
    }

    /// A fresh draft of the catalogue; with a change where it is to be published.
    async fn draft(&self, changed: bool) -> WantedDraft {
        let admin = self.operator(PROGRAMME_ADMIN).await;
        let input = BeginDraft { title: "Spring".to_owned(), file: None };
        let draft = drafts::begin(&self.service, &admin, self.operation(), input).await.expect("a draft");
        let mut wanted = WantedDraft { draft, version: 1 };
        if changed {
            let version = service::catalogue::read::version(self.service.database.reader()).await;
            let amount = Amount::Of(100 + version.expect("a version"));
            let key = ("visual_studio_enterprise".to_owned(), "gold_core".to_owned());
            let edit = Edit::Core(domain::Category::VisualStudio, [(key, amount)].into(), [].into());
            let change = drafts::change(&self.service, &admin, self.operation(), wanted, edit).await;
            change.expect("changed");
            wanted.version = 2;
        }
        wanted
    }

    /// An individual grant in force of the company.
    async fn individual_grant(&self) -> Uuid {
        let id = self.service.new_id();
        self.run("update individual_grant set ended_at = set_at where ended_at is null", []).await;
        let text = "insert into individual_grant (id, organization_id, product_id, kind, quantity, reason,
                starts_at, ends_on, ends_at, set_by, set_at)
            select $1, o.id, p.id, 'quantity', 500, 'A pilot', 1, '2027-06-30', 1814400000000, r.account_id, 1
            from organization o join product p on p.code = 'visual_studio_enterprise'
            cross join (select account_id from operator_role order by account_id limit 1) r
            where o.domain = $2";
        assert_eq!(self.run(text, [id.into(), COMPANY.into()]).await, 1);
        id
    }

    /// Makes a draft whose id is [`DRAFT`], for the pages.
    pub async fn draft_for_pages(&self) {
        let wanted = self.draft(true).await;
        let text = "delete from catalogue_editor where catalogue_draft_id = $1";
        self.run(text, [wanted.draft.0.into()]).await;
        let text = "update catalogue_draft set id = $1 where id = $2";
        assert_eq!(self.run(text, [DRAFT.into(), wanted.draft.0.into()]).await, 1);
    }

    async fn fields_about_a_draft(&self, code: &str) -> Vec<(String, String)> {
        if code == "begin_catalogue_draft" {
            return fields(&[("target", ""), ("title", "Spring")]);
        }
        let WantedDraft { draft, version } = self.draft(code == "publish_catalogue_draft").await;
        let version = version.to_string();
        match code {
            "save_catalogue_quantities" => fields(&[
                ("target", &format!("{draft}:visual_studio")),
                ("version", &version),
                ("category", "visual_studio"),
                ("quantity:visual_studio_enterprise:gold_core", "11"),
            ]),
            "remove_catalogue_product" => fields(&[
                ("target", &format!("{draft}:intune")),
                ("version", &version),
                ("product_code", "intune"),
            ]),
            "save_catalogue_product" => {
                let texts = ["name", "summary", "instructions"]
                    .into_iter()
                    .flat_map(|name| ["en", "zh-Hans", "zh-Hant"].map(|tag| format!("{name}.{tag}")));
                let mut filled = fields(&[
                    ("target", &format!("{draft}:")),
                    ("version", &version),
                    ("product_code", "studio_2030"),
                    ("kind", "subscription"),
                    ("unit", "seat"),
                ]);
                filled.extend(texts.map(|name| (name, "A text".to_owned())));
                filled
            }
            "save_catalogue_offer" => {
                let texts = ["name", "description"]
                    .into_iter()
                    .flat_map(|name| ["en", "zh-Hans", "zh-Hant"].map(|tag| format!("{name}.{tag}")));
                let mut filled = fields(&[
                    ("target", &format!("{draft}:")),
                    ("version", &version),
                    ("offer_code", "isv_2030"),
                    ("tier", "isv"),
                    ("price", "99.00"),
                    ("currency", "USD"),
                ]);
                filled.extend(texts.map(|name| (name, "A text".to_owned())));
                filled
            }
            "remove_catalogue_offer" => {
                fields(&[("target", &format!("{draft}:isv_co_sell")), ("version", &version)])
            }
            "name_catalogue_tier" => fields(&[
                ("target", &format!("{draft}:gold")),
                ("version", &version),
                ("name.en", "Platinum"),
                ("name.zh-Hans", "铂金级"),
                ("name.zh-Hant", "白金級"),
                ("source_name.en", "Platinum Core"),
                ("source_name.zh-Hans", "铂金级核心"),
                ("source_name.zh-Hant", "白金級核心"),
            ]),
            "save_catalogue_area" => fields(&[
                ("target", &format!("{draft}:devops:visual_studio")),
                ("version", &version),
                ("category", "visual_studio"),
                ("quantity:visual_studio_enterprise:silver", "6"),
                ("per_area:visual_studio_enterprise:silver", "true"),
            ]),
            "add_catalogue_area" => fields(&[
                ("target", &format!("{draft}:")),
                ("version", &version),
                ("area_code", "robotics"),
                ("name.en", "Robotics"),
                ("name.zh-Hans", "机器人"),
                ("name.zh-Hant", "機器人"),
            ]),
            "name_catalogue_area" => fields(&[
                ("target", &format!("{draft}:devops")),
                ("version", &version),
                ("name.en", "Development and operations"),
                ("name.zh-Hans", "开发与运维"),
                ("name.zh-Hant", "開發與維運"),
            ]),
            "remove_catalogue_area" => {
                fields(&[("target", &format!("{draft}:datacenter")), ("version", &version)])
            }
            "save_catalogue_programme" => fields(&[
                ("target", &format!("{draft}:programme")),
                ("version", &version),
                ("name.en", "Another programme"),
                ("name.zh-Hans", "另一个计划"),
                ("name.zh-Hant", "另一個計畫"),
            ]),
            "save_catalogue_policies" => fields(&[
                ("target", &format!("{draft}:policies")),
                ("version", &version),
                ("policy:reassign_lock_days", "13"),
            ]),
            "publish_catalogue_draft" => {
                fields(&[("target", &draft.to_string()), ("version", &version), ("reach", "new")])
            }
            _ => fields(&[("target", &draft.to_string()), ("version", &version)]),
        }
    }

    /// A token of a company that isn't revoked: its id and what a program sends.
    pub async fn provisioning_token(&self, company: &str) -> (Uuid, String) {
        let id = self.service.new_id();
        let token = format!("bcp_{}", id.simple());
        let text =
            "insert into provisioning_token (id, organization_id, name, token_hash, created_at, created_by)
            select $1, o.id, 'Directory', $2, 1, p.id from organization o
            join person p on p.organization_id = o.id where o.domain = $3 order by p.id limit 1";
        let values = [id.into(), service::vault::hash_token(&token).into(), company.into()];
        assert_eq!(self.run(text, values).await, 1);
        (id, token)
    }

    /// A group of a company, without members.
    async fn provisioned_group(&self, company: &str) -> Uuid {
        let id = self.service.new_id();
        let name = format!("Group {}", id.simple());
        let text =
            "insert into provisioned_group (id, organization_id, display_name, display_name_key, created_at)
            select $1, o.id, $2, lower(cast($2 as text)), 1 from organization o where o.domain = $3";
        assert_eq!(self.run(text, [id.into(), name.into(), company.into()]).await, 1);
        id
    }

    /// Somebody of the company with that status, who is nothing but an employee and holds nothing.
    async fn an_employee(&self, status: &str) -> Vec<(String, String)> {
        let text = "select p.id from person p join organization o on o.id = p.organization_id
            join account a on a.id = p.account_id and a.status = 'active'
            where o.domain = $1 and p.status = $2
                and not exists (select 1 from seat s where s.person_id = p.id and s.released_at is null)
                and not exists (select 1 from person_role r where r.person_id = p.id and r.role <> 'employee')
            order by a.email_key desc limit 1";
        let id = self.id(text, [COMPANY.into(), status.into()]).await;
        let version = self.version("person", id).await.to_string();
        fields(&[("target", &id.to_string()), ("version", &version)])
    }

    async fn fields_about_a_request(&self, code: &str, variant: &str) -> Vec<(String, String)> {
        let kind = match (code, variant) {
            (_, "cancellation") | ("decide_cancellation", _) => "cancellation",
            ("decide_global_admin", _) => "global_admin",
            ("accept_enrolment" | "return_enrolment", _) => "enrolment",
            (
                "record_delivery" | "complete_advisory" | "refuse_request" | "message_partner"
                | "plan_advisory",
                _,
            ) => "advisory",
            ("take_request" | "complete_activation" | "note_request" | "hand_over_request", _) => {
                "activation"
            }
            _ => panic!("fill in the form {code}/{variant}"),
        };
        let (target, version) = self.request(kind).await;
        let mut filled = fields(&[("target", &target)]);
        // What is written about a request goes with any version of it.
        if !matches!(code, "note_request" | "message_partner") {
            filled.extend(fields(&[("version", &version)]));
        }
        filled.extend(match code {
            "complete_activation" => fields(&[
                ("access_id", "482 016 357"),
                ("contract_id", "730915264"),
                ("starts", "2026-11-20"),
                ("expires", "2027-02-20"),
            ]),
            "hand_over_request" => {
                let account = self
                    .id(
                        "select account_id as id from operator_role where role = 'fulfilment_agent'
                    order by account_id limit 1",
                        [],
                    )
                    .await;
                fields(&[("decision", "assign"), ("owner", &account.to_string())])
            }
            "plan_advisory" => fields(&[
                ("consultant", "Ingeborg Vale"),
                ("day", "2026-11-30"),
                ("planned_hours", "2"),
                ("place", ""),
            ]),
            "note_request" => fields(&[("note", "Asked the team for hospitals.")]),
            "message_partner" => fields(&[("message", "Which tenant is it for?")]),
            "record_delivery" => fields(&[("hours", "1"), ("description", "First call")]),
            "decide_cancellation" | "decide_global_admin" => {
                fields(&[("decision", "refused"), ("reason", "Not now.")])
            }
            "refuse_request" | "return_enrolment" => fields(&[("reason", "Not now.")]),
            _ => Vec::new(),
        });
        filled
    }

    async fn versioned(&self, grant: Uuid) -> Vec<(String, String)> {
        let version = self.version("benefit_grant", grant).await.to_string();
        fields(&[("target", &grant.to_string()), ("version", &version)])
    }

    /// A multiple-activation key that is revealed and may be used.
    async fn key_with_activations(&self) -> Uuid {
        let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
            join product p on p.id = g.product_id and p.kind = 'multiple_activation_key'
            where o.domain = $1 and g.source = 'gold_core' order by p.code, g.id limit 1";
        let id = self.id(text, [COMPANY.into()]).await;
        let text = "select count(*) as number from product_key where grant_id = $1";
        let known = sql::number(self.service.database.reader(), text, [id.into()]).await.expect("a number");
        if known == 0 {
            let input = keys::reveal::RevealKey {
                of: keys::reveal::KeyOf::Grant(id.into()),
                consequence_accepted: true,
            };
            let admin = self.person(GLOBAL_ADMIN).await;
            keys::reveal::reveal(&self.service, &admin, self.operation(), input).await.expect("reveals");
        }
        id
    }
}

/// A page with the right that it takes.
pub struct PageRow {
    /// As in `app::routes::ADDRESSES`.
    pub address: &'static str,
    /// The right that it takes.
    pub right: Right,
}

/// A product with keys.
pub const PRODUCT: &str = "windows_enterprise";
/// An order of the company: the oldest of all.
pub const ORDER: i64 = 10_001;

/// The draft of the catalogue whose pages are looked at, see [`Stage::draft_for_pages`].
pub const DRAFT: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_d7af);

/// The address of a page that takes a token, which isn't one, or a number.
pub fn address(page: &PageRow) -> String {
    page.address
        .replace(":token", &"0".repeat(64))
        .replace(":number", &ORDER.to_string())
        .replace(":draft", &DRAFT.to_string())
        .replace(":tier", "gold")
        .replace(":product", PRODUCT)
        .replace(":company", COMPANY)
}

const fn page(address: &'static str, right: Right) -> PageRow {
    PageRow { address, right }
}

/// Every page that shows itself to whoever may.
pub const PAGES: &[PageRow] = &[
    page("/", Right::AnyPerson),
    page("/sign-in", Right::Anybody),
    page("/sign-in/second-factor", Right::Anybody),
    page("/forgotten-password", Right::Anybody),
    page("/reset-password/:token", Right::Anybody),
    page("/sign-in/directory", Right::Anybody),
    page("/invitation/:token", Right::Anybody),
    page("/enrol", Right::Anybody),
    page("/enrol/account", Right::Anybody),
    page("/enrol/link/:token", Right::Anybody),
    page("/enrol/contact/:token", Right::Anybody),
    page("/enrol/profile", Right::SignedIn),
    page("/enrol/summary", Right::SignedIn),
    page("/enrol/agreement", Right::SignedIn),
    page("/enrol/status", Right::SignedIn),
    page("/benefits/software", Right::Person(Action::OpenBenefits)),
    page("/benefits/cloud", Right::Person(Action::OpenBenefits)),
    page("/benefits/visual-studio", Right::Person(Action::OpenBenefits)),
    page("/benefits/technical", Right::Person(Action::OpenBenefits)),
    page("/benefits/go-to-market", Right::Person(Action::OpenBenefits)),
    page("/benefits/cancel", Right::Person(Action::OpenBenefits)),
    page("/my-benefits", Right::Person(Action::ViewOwnBenefits)),
    page("/insight", Right::Person(Action::OpenBenefits)),
    page("/requests", Right::AnyPerson),
    page("/technical-request", Right::AnyPerson),
    page("/become-global-admin", Right::AnyPerson),
    page("/membership", Right::Person(Action::OpenBenefits)),
    page("/membership/change", Right::Person(Action::OpenBenefits)),
    page("/membership/profile", Right::Person(Action::OpenBenefits)),
    page("/offers", Right::Person(Action::OpenBenefits)),
    page("/orders", BUY),
    page("/orders/:number", BUY),
    page("/notices", Right::SignedIn),
    page("/account", Right::SignedIn),
    page("/account/access", Right::AnyPerson),
    page("/account/activity", Right::Person(Action::ViewActivity)),
    page("/account/security", Right::SignedIn),
    page("/account/provisioning", Right::AnyPerson),
    page("/account/users", Right::Person(Action::OpenBenefits)),
    page("/account/users/add", Right::AnyPerson),
    page("/account/users/import", Right::Person(Action::OpenBenefits)),
    page("/account/users/departure", Right::Person(Action::OpenBenefits)),
    page("/account/directory", Right::AnyPerson),
    page("/operator/queue", Right::Operator(&[OperatorAction::ReadQueue])),
    page("/operator/outbox", Right::Operator(&[OperatorAction::ReadMail])),
    page("/operator/templates", Right::Operator(&[OperatorAction::ReadMail])),
    page("/operator/policies", Right::Operator(&[OperatorAction::ReadEverything])),
    page("/operator/operators", Right::Operator(&[OperatorAction::ReadEverything])),
    page("/operator/competencies", Right::Operator(&[OperatorAction::ReadQueue])),
    page("/operator/catalogue", READ_CATALOGUE),
    page("/operator/catalogue/:draft", READ_CATALOGUE),
    page("/operator/catalogue/:draft/product", READ_CATALOGUE),
    page("/operator/catalogue/:draft/tiers/:tier", READ_CATALOGUE),
    page("/operator/catalogue/:draft/offer", READ_CATALOGUE),
    page("/operator/catalogue/:draft/area", READ_CATALOGUE),
    page("/operator/catalogue/:draft/programme", READ_CATALOGUE),
    page("/operator/keys", POOLS),
    page("/operator/keys/:product", POOLS),
    page("/operator/grants", READ_INDIVIDUAL),
    page("/operator/organizations/:company/grants", READ_INDIVIDUAL),
    page("/operator/activity", Right::Operator(&[OperatorAction::ReadEverything])),
    page("/operator/insight", Right::Operator(&[OperatorAction::ReadEverything])),
];

/// A server function with the right that it takes; `perform` is every form.
pub struct FunctionRow {
    /// Its path.
    pub path: &'static str,
    /// The right that it takes.
    pub right: Right,
}

const fn function(path: &'static str, right: Right) -> FunctionRow {
    FunctionRow { path, right }
}

/// Every server function that reads.
pub const FUNCTIONS: &[FunctionRow] = &[
    function("/api/portal", Right::Anybody),
    function("/api/door", Right::Anybody),
    function("/api/dashboard", Right::AnyPerson),
    function("/api/own_benefits", Right::Person(Action::ViewOwnBenefits)),
    function("/api/notices", Right::SignedIn),
    function("/api/benefits", Right::Person(Action::OpenBenefits)),
    function("/api/marketing_contact", Right::Person(Action::OpenBenefits)),
    function("/api/membership", Right::Person(Action::OpenBenefits)),
    function("/api/tier_change", Right::Person(Action::OpenBenefits)),
    function("/api/legal_profile", Right::Person(Action::OpenBenefits)),
    function("/api/purchases", Right::Person(Action::OpenBenefits)),
    function("/api/offers", Right::Person(Action::OpenBenefits)),
    function("/api/orders", BUY),
    function("/api/order", BUY),
    function("/api/competencies", Right::Operator(&[OperatorAction::ReadQueue])),
    function("/api/requests", Right::AnyPerson),
    function("/api/advisory", Right::AnyPerson),
    function("/api/global_admins", Right::AnyPerson),
    function("/api/access", Right::AnyPerson),
    function("/api/provisioning", Right::AnyPerson),
    function("/api/activity", Right::Person(Action::ViewActivity)),
    function("/api/people", Right::Person(Action::OpenBenefits)),
    function("/api/add_user_page", Right::AnyPerson),
    function("/api/people_import", Right::Person(Action::OpenBenefits)),
    function("/api/departure_page", Right::Person(Action::OpenBenefits)),
    function("/api/search_people", Right::Person(Action::AssignUser)),
    function("/api/invited", Right::Anybody),
    function("/api/enrolment", Right::Anybody),
    function("/api/founding", Right::Anybody),
    function("/api/contact_questions", Right::Anybody),
    function("/api/profile", Right::SignedIn),
    function("/api/security", Right::SignedIn),
    function("/api/resetting", Right::Anybody),
    function("/api/directory_page", Right::AnyPerson),
    function("/api/directory_choices", Right::Anybody),
    function("/api/queue", Right::Operator(&[OperatorAction::ReadQueue])),
    function("/api/outbox", Right::Operator(&[OperatorAction::ReadMail])),
    function("/api/templates", Right::Operator(&[OperatorAction::ReadMail])),
    function("/api/policies", Right::Operator(&[OperatorAction::ReadEverything])),
    function("/api/operators", Right::Operator(&[OperatorAction::ReadEverything])),
    function("/api/catalogue", READ_CATALOGUE),
    function("/api/catalogue_draft", READ_CATALOGUE),
    function("/api/catalogue_product", READ_CATALOGUE),
    function("/api/catalogue_tier", READ_CATALOGUE),
    function("/api/catalogue_offer", READ_CATALOGUE),
    function("/api/catalogue_area", READ_CATALOGUE),
    function("/api/catalogue_programme", READ_CATALOGUE),
    function("/api/key_pools", POOLS),
    function("/api/key_pool", POOLS),
    function("/api/individual_grants", READ_INDIVIDUAL),
    function("/api/company_grants", READ_INDIVIDUAL),
    function("/api/programme_activity", Right::Operator(&[OperatorAction::ReadEverything])),
    function("/api/insight", Right::Person(Action::OpenBenefits)),
    function("/api/programme_insight", Right::Operator(&[OperatorAction::ReadEverything])),
];

/// A table of a category with a row open.
pub fn benefits_query(category: domain::benefit::Category, open: Option<Uuid>) -> Value {
    let query = BenefitsQuery {
        category,
        find: String::new(),
        source: None,
        status: None,
        until: None,
        sort: SortColumn::Name,
        descending: false,
        page: 1,
        open: open.map(Into::into),
        chosen: None,
    };
    serde_json::to_value(query).expect("a query")
}

impl Stage {
    /// Arguments of a server function, about the company's own rows.
    pub async fn arguments(&self, path: &str) -> Value {
        let vs = self.grant(COMPANY, "visual_studio_enterprise", "gold_core").await;
        match path {
            "/api/own_benefits" => {
                let (seat, _) = self.seat_of(EMPLOYEE).await;
                json!({ "open": seat })
            }
            "/api/notices" => json!({ "query": NoticesQuery::default() }),
            "/api/benefits" => {
                json!({ "query": benefits_query(domain::benefit::Category::VisualStudio, Some(vs.0)) })
            }
            "/api/marketing_contact" => json!({ "chosen": self.person_id(EMPLOYEE, COMPANY).await }),
            "/api/requests" => {
                let open = self.service_request_of(GLOBAL_ADMIN).await;
                json!({ "query": RequestsQuery { page: 1, open: Some(open.into()) } })
            }
            "/api/advisory" => {
                json!({ "grant": self.grant(COMPANY, "advisory_hours", "gold_core").await.to_string() })
            }
            "/api/activity" => {
                let product = self.grant_row(vs).await.product_id;
                json!({ "query": ActivityQuery { product: Some(product.into()), ..ActivityQuery::default() } })
            }
            "/api/programme_activity" => json!({ "query": ActivityQuery::default() }),
            "/api/insight" => {
                let after = Some(After { ends: 0, id: vs.0 });
                let query =
                    InsightQuery { benefits_after: after, seats_after: after, ..InsightQuery::default() };
                json!({ "query": query })
            }
            "/api/programme_insight" => json!({ "query": ProgrammeInsightQuery::default() }),
            "/api/people" => {
                let open = self.person_id(EMPLOYEE, COMPANY).await;
                json!({ "query": PeopleQuery { open: Some(open), after: Some(open), ..PeopleQuery::default() } })
            }
            "/api/tier_change" => json!({ "query": { "holding": self.holding("gold").await.to_string() } }),
            "/api/orders" => json!({ "query": { "before": null } }),
            "/api/order" => json!({ "number": ORDER }),
            "/api/competencies" => json!({ "query": { "find": "" } }),
            "/api/people_import" => json!({ "query": ImportQuery::default() }),
            "/api/departure_page" => {
                let person = self.person_id(EMPLOYEE, COMPANY).await;
                json!({ "query": DepartureQuery { person: Some(person), departure: Some(Departure::Remove) } })
            }
            "/api/search_people" => json!({ "grant": vs.to_string(), "typed": "pri" }),
            "/api/resetting" => json!({ "token": "0".repeat(64) }),
            "/api/founding" | "/api/contact_questions" => json!({ "token": "0".repeat(64) }),
            "/api/invited" => json!({ "token": "0".repeat(64) }),
            "/api/directory_choices" => json!({ "email": "nobody@nowhere.example" }),
            "/api/queue" => json!({ "query": QueueQuery::default() }),
            "/api/key_pool" => {
                json!({ "query": KeyPoolQuery { product: PRODUCT.to_owned(), ..KeyPoolQuery::default() } })
            }
            "/api/individual_grants" => json!({ "query": IndividualGrantsQuery::default() }),
            "/api/company_grants" => {
                let product = self.grant_row(vs).await.product_id;
                json!({ "query": { "company": COMPANY, "product": product } })
            }
            "/api/outbox" => json!({ "query": OutboxQuery::default() }),
            "/api/operators" => json!({ "query": OperatorsQuery::default() }),
            "/api/catalogue_draft" => json!({ "query": { "draft": DRAFT, "category": "software" } }),
            "/api/catalogue_product" => json!({ "query": { "draft": DRAFT, "product": "intune" } }),
            "/api/catalogue_area" => {
                json!({ "query": { "draft": DRAFT, "area": "devops", "category": "visual_studio" } })
            }
            "/api/catalogue_programme" => json!({ "query": { "draft": DRAFT } }),
            "/api/catalogue_tier" => json!({ "query": { "draft": DRAFT, "tier": "gold" } }),
            "/api/catalogue_offer" => json!({ "query": { "draft": DRAFT, "offer": "gold" } }),
            "/api/templates" => json!({ "query": TemplatesQuery::default() }),
            _ => json!({}),
        }
    }
}
