//! What signing in with a directory needs of the world outside: its answers over HTTPS, and records
//! of the name system. Ports, so that tests can be the world.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Moment;

use super::provider::Known;

/// A request to a directory.
pub type WebRequest = openidconnect::http::Request<Vec<u8>>;
/// What it answers.
pub type WebResponse = openidconnect::http::Response<Vec<u8>>;
/// Something that is under way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unreachable>> + Send + 'a>>;

/// Why nothing was learned.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreachable {
    /// The address is one of the server's own network, which isn't asked.
    #[error("an address of the server's own network")]
    Private,
    /// Nobody answered in time, or not understandably; the text is for the log.
    #[error("{0}")]
    Away(String),
}

/// Asks directories. An adapter follows no redirects, waits five seconds at most, reads
/// [`ANSWER_BYTES`] at most, and asks no address of its own network unless it is configured to.
pub trait Web: Send + Sync {
    /// Sends the request and reads the answer to its end.
    fn send(&self, request: WebRequest) -> Asking<'_, WebResponse>;
}

/// So long may the answer of a directory be.
pub const ANSWER_BYTES: usize = 512 * 1024;

/// Asks the name system.
pub trait Names: Send + Sync {
    /// The TXT records of a name; none where the name doesn't exist.
    fn texts<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<String>>;
}

/// The world outside, and what is remembered of it.
#[derive(Clone)]
pub struct Outside {
    web: Arc<dyn Web>,
    names: Arc<dyn Names>,
    /// Whether a directory on the loopback interface may be asked by plain HTTP.
    pub http_on_loopback: bool,
    known: Arc<Mutex<HashMap<String, Arc<Known>>>>,
}

/// So many directories are remembered.
const REMEMBERED: usize = 256;

impl Outside {
    /// The world by its adapters.
    #[must_use]
    pub fn new(web: Arc<dyn Web>, names: Arc<dyn Names>, http_on_loopback: bool) -> Self {
        Self { web, names, http_on_loopback, known: Arc::default() }
    }

    pub(super) fn web(&self) -> &dyn Web {
        &*self.web
    }

    pub(super) fn names(&self) -> &dyn Names {
        &*self.names
    }

    /// What is known of a directory, if it was learned after the moment.
    pub(super) fn remembered(&self, issuer: &str, after: Moment) -> Option<Arc<Known>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(issuer).filter(|known| known.at > after).cloned()
    }

    /// Remembers a directory; the one that was learned first makes room.
    pub(super) fn remember(&self, issuer: &str, found: Arc<Known>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED
            && !known.contains_key(issuer)
            && let Some(oldest) = known.iter().min_by_key(|(_, known)| known.at).map(|(name, _)| name.clone())
        {
            known.remove(&oldest);
        }
        known.insert(issuer.to_owned(), found);
    }
}

/// A world in which nobody answers: commands that ask nobody, and tests of everything else.
impl Default for Outside {
    fn default() -> Self {
        Self::new(Arc::new(Nobody), Arc::new(Nobody), false)
    }
}

struct Nobody;

impl Web for Nobody {
    fn send(&self, _request: WebRequest) -> Asking<'_, WebResponse> {
        Box::pin(async { Err(Unreachable::Away("there is no way out".to_owned())) })
    }
}

impl Names for Nobody {
    fn texts<'a>(&'a self, _name: &'a str) -> Asking<'a, Vec<String>> {
        Box::pin(async { Err(Unreachable::Away("there is no way out".to_owned())) })
    }
}
