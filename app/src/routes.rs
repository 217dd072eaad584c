//! Addresses and their pages.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::{ToastRegion, Toasts};
use crate::frame::Frame;
use crate::load::Reload;
use crate::pages;

/// Every page, by its address; a test visits each in every language, width and theme.
pub const ADDRESSES: &[&str] = &[
    "/",
    "/sign-in",
    "/sign-in/second-factor",
    "/forgotten-password",
    "/reset-password/:token",
    "/sign-in/directory",
    "/invitation/:token",
    "/enrol",
    "/enrol/account",
    "/enrol/profile",
    "/enrol/summary",
    "/enrol/agreement",
    "/enrol/status",
    "/enrol/link/:token",
    "/enrol/contact/:token",
    "/benefits/software",
    "/benefits/cloud",
    "/benefits/visual-studio",
    "/benefits/technical",
    "/benefits/go-to-market",
    "/benefits/cancel",
    "/my-benefits",
    "/insight",
    "/requests",
    "/technical-request",
    "/become-global-admin",
    "/membership",
    "/membership/change",
    "/membership/profile",
    "/offers",
    "/orders",
    "/orders/:number",
    "/notices",
    "/account",
    "/account/access",
    "/account/activity",
    "/account/security",
    "/account/provisioning",
    "/account/users",
    "/account/users/add",
    "/account/users/departure",
    "/account/users/import",
    "/account/directory",
    "/operator/queue",
    "/operator/outbox",
    "/operator/templates",
    "/operator/policies",
    "/operator/operators",
    "/operator/activity",
    "/operator/insight",
    "/operator/competencies",
    "/operator/catalogue",
    "/operator/catalogue/:draft",
    "/operator/catalogue/:draft/product",
    "/operator/catalogue/:draft/tiers/:tier",
    "/operator/catalogue/:draft/offer",
    "/operator/catalogue/:draft/area",
    "/operator/catalogue/:draft/programme",
    "/operator/keys",
    "/operator/keys/:product",
    "/operator/grants",
    "/operator/organizations/:company/grants",
];

/// The title of a page for the place that it goes to: the library writes it into the head of the document as it is, a
/// browser takes it as text.
fn title(text: String) -> String {
    if cfg!(feature = "ssr") { escaped(&text) } else { text }
}

/// What a browser reads as this text, where a document is written by hand.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The portal.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let reload = Reload(RwSignal::new(0));
    provide_context(reload);
    let toasts = Toasts::new();
    provide_context(toasts);
    Effect::new(|_| {
        // Says that the browser has taken the page over.
        if let Some(root) = document().document_element() {
            // A page that can't be marked works all the same.
            let _ = root.set_attribute("data-hydrated", "");
        }
    });
    view! {
        <Title formatter=title/>
        <Router>
            <Frame/>
            <Routes fallback=|| view! { <pages::not_found::NotFound/> }>
                <Route path=path!("/") view=pages::dashboard::Dashboard/>
                <Route path=path!("/sign-in") view=pages::sign_in::SignIn/>
                <Route path=path!("/sign-in/second-factor") view=pages::second_step::SecondStep/>
                <Route path=path!("/forgotten-password") view=pages::forgotten_password::ForgottenPassword/>
                <Route path=path!("/reset-password/:token") view=pages::reset_password::ResetPassword/>
                <Route path=path!("/sign-in/directory") view=pages::directory::Choose/>
                // Where a directory sends people back to: the page that says why nobody came in.
                <Route path=path!("/sign-in/directory/callback") view=pages::sign_in::SignIn/>
                <Route path=path!("/invitation/:token") view=pages::invitation::Invitation/>
                <Route path=path!("/enrol") view=pages::enrol::Welcome/>
                <Route path=path!("/enrol/account") view=pages::enrol::Account/>
                <Route path=path!("/enrol/profile") view=pages::enrol::Profile/>
                <Route path=path!("/enrol/summary") view=pages::enrol::Summary/>
                <Route path=path!("/enrol/agreement") view=pages::enrol::Agreement/>
                <Route path=path!("/enrol/status") view=pages::enrol::Status/>
                <Route path=path!("/enrol/link/:token") view=pages::enrol::Found/>
                <Route path=path!("/enrol/contact/:token") view=pages::enrol::Contact/>
                <Route path=path!("/benefits/software") view=pages::benefits::Software/>
                <Route path=path!("/benefits/cloud") view=pages::benefits::Cloud/>
                <Route path=path!("/benefits/visual-studio") view=pages::benefits::VisualStudio/>
                <Route path=path!("/benefits/technical") view=pages::benefits::Technical/>
                <Route path=path!("/benefits/go-to-market") view=pages::benefits::GoToMarket/>
                <Route path=path!("/benefits/cancel") view=pages::cancel::Cancel/>
                <Route path=path!("/my-benefits") view=pages::my_benefits::MyBenefits/>
                <Route path=path!("/insight") view=pages::insight::Insight/>
                <Route path=path!("/requests") view=pages::requests::Requests/>
                <Route path=path!("/technical-request") view=pages::advisory::Advisory/>
                <Route path=path!("/become-global-admin") view=pages::global_admin::BecomeGlobalAdmin/>
                <Route path=path!("/membership") view=pages::membership::Membership/>
                <Route path=path!("/membership/change") view=pages::tier_change::TierChange/>
                <Route path=path!("/membership/profile") view=pages::legal_profile::LegalProfile/>
                <Route path=path!("/offers") view=pages::offers::Offers/>
                <Route path=path!("/orders") view=pages::orders::Orders/>
                <Route path=path!("/orders/:number") view=pages::orders::Order/>
                <Route path=path!("/notices") view=pages::notices::Notices/>
                <Route path=path!("/account") view=pages::account::Account/>
                <Route path=path!("/account/access") view=pages::access::Access/>
                <Route path=path!("/account/activity") view=pages::activity::Activity/>
                <Route path=path!("/account/security") view=pages::security::Security/>
                <Route path=path!("/account/provisioning") view=pages::provisioning::Provisioning/>
                <Route path=path!("/account/users") view=pages::people::People/>
                <Route path=path!("/account/users/add") view=pages::people::AddUser/>
                <Route path=path!("/account/users/import") view=pages::people::Import/>
                <Route path=path!("/account/users/departure") view=pages::people::Departure/>
                <Route path=path!("/account/directory") view=pages::directory::Settings/>
                <Route path=path!("/operator/queue") view=pages::operator::queue::Queue/>
                <Route path=path!("/operator/outbox") view=pages::operator::outbox::Outbox/>
                <Route path=path!("/operator/templates") view=pages::operator::templates::Templates/>
                <Route path=path!("/operator/policies") view=pages::operator::policies::Policies/>
                <Route path=path!("/operator/operators") view=pages::operator::operators::Operators/>
                <Route path=path!("/operator/competencies") view=pages::operator::competencies::Competencies/>
                <Route path=path!("/operator/catalogue") view=pages::operator::catalogue::Catalogue/>
                <Route path=path!("/operator/catalogue/:draft") view=pages::operator::catalogue::Draft/>
                <Route path=path!("/operator/catalogue/:draft/product") view=pages::operator::catalogue::Product/>
                <Route path=path!("/operator/catalogue/:draft/tiers/:tier") view=pages::operator::catalogue::Tier/>
                <Route path=path!("/operator/catalogue/:draft/offer") view=pages::operator::catalogue::Offer/>
                <Route path=path!("/operator/catalogue/:draft/area") view=pages::operator::catalogue::Area/>
                <Route path=path!("/operator/catalogue/:draft/programme") view=pages::operator::catalogue::Programme/>
                <Route path=path!("/operator/keys") view=pages::operator::keys::Keys/>
                <Route path=path!("/operator/keys/:product") view=pages::operator::key_pool::KeyPool/>
                <Route path=path!("/operator/grants") view=pages::operator::individual_grants::IndividualGrants/>
                <Route path=path!("/operator/organizations/:company/grants") view=pages::operator::company_grants::CompanyGrants/>
                <Route path=path!("/operator/insight") view=pages::operator::insight::ProgrammeInsight/>
                <Route path=path!("/operator/activity") view=pages::activity::ProgrammeActivity/>
            </Routes>
            <ToastRegion toasts=toasts/>
        </Router>
    }
}
