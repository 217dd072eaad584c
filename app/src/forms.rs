//! Forms: one way for every change that a person asks for, with JavaScript and without.
//!
//! A form posts to the address of its own page. With JavaScript the post is caught and goes through
//! the server function [`perform`]; without, the server answers the post with the page itself.
//! Both come to the same use case, by the form's code.

#![allow(missing_docs, reason = "the server function's macro makes a struct of the arguments, without docs")]

mod new_password;
mod post_form;
mod reason;
#[cfg(feature = "ssr")]
pub mod submission;

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod catalogue;
#[cfg(feature = "ssr")]
mod cloud;
#[cfg(feature = "ssr")]
mod directory;
#[cfg(feature = "ssr")]
mod enrolment;
#[cfg(feature = "ssr")]
mod individual_grants;
#[cfg(feature = "ssr")]
mod insight;
#[cfg(feature = "ssr")]
mod key_pools;
#[cfg(feature = "ssr")]
mod mail_templates;
#[cfg(feature = "ssr")]
mod marketing;
#[cfg(feature = "ssr")]
mod seats;
#[cfg(feature = "ssr")]
mod security;
#[cfg(feature = "ssr")]
mod software;
#[cfg(feature = "ssr")]
mod technical;

#[cfg(feature = "ssr")]
mod operator;
#[cfg(feature = "ssr")]
mod operators;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod people;
#[cfg(feature = "ssr")]
mod provisioning;
#[cfg(feature = "ssr")]
mod purchases;
#[cfg(feature = "ssr")]
mod queue;
#[cfg(feature = "ssr")]
mod reminders;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Error;
use domain::view::form::Done;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

pub use new_password::NewPassword;
pub use post_form::{Form, PostForm};
pub use reason::ReasonField;

use crate::refusal::Refusal;

/// A form as it was posted without JavaScript, for the page that answers it.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Code of the form.
    pub form: String,
    /// What it was about, such as a grant's id.
    pub target: String,
    /// What was typed; passwords are not among it.
    pub values: Vec<(String, String)>,
    /// What came of it.
    pub result: Result<Done, Error>,
    /// Whether a form of the page says what came of it.
    pub claimed: Claimed,
}

/// Whether a form of the page says what came of the post. The form may be gone by then, with the seat
/// or the request that it was about; the frame says it instead.
#[derive(Clone, Default, Debug)]
pub struct Claimed(Arc<AtomicBool>);

impl Claimed {
    /// A form of the page says it.
    pub fn claim(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a form said so.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What came of a post whose form the page no longer has.
#[derive(Clone, Debug)]
pub struct Unclaimed(pub Error);

/// Carries out a form that the page sends in the background.
///
/// # Errors
/// What the use case refuses.
#[server(name = Perform, input = Json, output = Json)]
pub async fn perform(form: String) -> Result<Done, Refusal> {
    use crate::server_fns::context;
    let submission = submission::Submission::parse(&form).map_err(Refusal)?;
    let performed = match context::service() {
        Ok(service) => {
            let request = context::request();
            let reader = submission::Reader {
                service: &service,
                request: &request,
                language: crate::i18n::language(),
            };
            if submission::changes_session(submission.code()) {
                // These answer with a cookie and a new page; they are posted, not sent.
                return Err(context::refuse(domain::ErrorCode::NotFound.into()));
            }
            submission::carry_out(&reader, &submission).await
        }
        Err(refusal) => return Err(refusal),
    };
    performed.map(|performed| performed.done).map_err(context::refuse)
}
