//! A company on its way through the enrolment, by the use cases that its people would use.

use domain::enrolment::{Answers, ProfileDraft};
use domain::{Language, Moment};
use service::enrolment::agreement::{self, Accept};
use service::enrolment::begin::{self, Begin};
use service::enrolment::contact;
use service::enrolment::found::{self, ByPassword};
use service::enrolment::page;
use service::enrolment::profile::{self, SaveProfile};
use service::{Failure, Request};

use super::Stage;

/// The domain of the company that enrols.
pub const DOMAIN: &str = "oakfen.example";
/// Its founder.
pub const FOUNDER: &str = "ida.moen@oakfen.example";
/// Its primary contact.
pub const CONTACT: &str = "aksel.moen@oakfen.example";
/// The founder's password.
pub const PASSWORD: &str = "a heron over the weir 41";

/// A legal profile without a fault.
pub fn profile() -> ProfileDraft {
    let text = |text: &str| text.to_owned();
    ProfileDraft {
        company: text("Oakfen & Sønner AS"),
        street: text("Storgata 1"),
        street_more: String::new(),
        city: text("Oslo"),
        region: String::new(),
        postal_code: text("0155"),
        country: text("NO"),
        registration: text("912 345 678"),
        time_zone: text("Europe/Oslo"),
        contact_name: text("Aksel Moen"),
        contact_email: text(CONTACT),
        contact_phone: text("+47 22 00 00 00"),
        contact_language: text("zh-Hans"),
    }
}

impl Stage {
    /// The token of the last link of a kind that was mailed to an address.
    pub async fn mailed_token(&self, email: &str, kind: &str) -> String {
        let mails = self.mails(email).await;
        let mail = mails.iter().rfind(|mail| mail.kind == kind).expect("a mail");
        let sealed = mail.secret.as_ref().expect("a link that hasn't gone out");
        let link = self.service.vault.open(&format!("mail/{}", mail.id), sealed).expect("opens");
        link.rsplit('/').next().expect("a token").to_owned()
    }

    /// Asks for the link that founds a company.
    pub async fn begin_enrolment(&self, domain: &str, email: &str) -> Result<(), Failure> {
        let input = Begin {
            domain: domain.to_owned(),
            name: "Ida Moen".to_owned(),
            email: email.to_owned(),
            language: Language::English,
        };
        begin::begin(&self.service, &self.nobody(), input).await
    }

    /// Founds the company with a password; gives the founder's request.
    pub async fn founded(&self) -> Request {
        self.begin_enrolment(DOMAIN, FOUNDER).await.expect("a link");
        let token = self.mailed_token(FOUNDER, "enrolment_link").await;
        let input = ByPassword {
            token,
            password: PASSWORD.to_owned(),
            repeat: PASSWORD.to_owned(),
            agent: String::new(),
        };
        found::by_password(&self.service, &self.nobody(), input).await.expect("founded");
        self.person(FOUNDER).await
    }

    /// The version of the company's enrolment.
    pub async fn enrolment_version(&self, founder: &Request) -> i64 {
        match self.enrolment_page(founder).await.reader {
            domain::view::enrolment::EnrolmentReader::Person(company) => company.version,
            other => panic!("{other:?}"),
        }
    }

    /// The wizard as somebody sees it.
    pub async fn enrolment_page(&self, request: &Request) -> domain::view::enrolment::EnrolmentPage {
        page::page(&self.service, request, Language::English).await.expect("the wizard")
    }

    /// Saves a legal profile.
    pub async fn save_profile(&self, founder: &Request, draft: ProfileDraft) -> Result<(), Failure> {
        let input = SaveProfile { version: self.enrolment_version(founder).await, draft };
        profile::save(&self.service, founder, self.operation(), input).await
    }

    /// Accepts the agreement in force.
    pub async fn accept_agreement(&self, founder: &Request) -> Result<(), Failure> {
        // The mails of two questions are told apart by their time.
        self.clock.move_seconds(1);
        let input = Accept {
            version: self.enrolment_version(founder).await,
            agreement: 1,
            name: "Ida Moen".to_owned(),
            authorized: true,
        };
        agreement::accept(&self.service, founder, self.operation(), input).await
    }

    /// The primary contact answers both questions.
    pub async fn answer(&self, signed_up: bool, own_address: bool) {
        let token = self.mailed_token(CONTACT, "enrolment_contact").await;
        let answers = Answers { signed_up, own_address };
        contact::answer(&self.service, &self.nobody(), &token, answers).await.expect("answered");
    }

    /// A company whose enrolment is reviewed; gives the founder's request.
    pub async fn in_review(&self) -> Request {
        let founder = self.founded().await;
        self.save_profile(&founder, profile()).await.expect("saved");
        self.accept_agreement(&founder).await.expect("accepted");
        self.answer(true, true).await;
        self.person(FOUNDER).await
    }

    /// Moves the clock on by days.
    pub fn pass_days(&self, days: i64) {
        let now: Moment = self.service.now();
        self.clock.set(now.plus_days(days));
    }
}
