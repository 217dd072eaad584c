//! Why a command of the build stopped: one sentence for the person at the terminal.

use std::fmt;

/// A sentence that says what went wrong and, where there is one, the command that mends it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What every part of the build returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Puts what was attempted in front of an error from below.
pub trait While<T> {
    /// `attempt` completes the sentence "could not …".
    fn could_not(self, attempt: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn could_not(self, attempt: impl FnOnce() -> String) -> Outcome<T> {
        // The alternate form shows the whole chain of causes where the error keeps one.
        self.map_err(|error| Failure(format!("could not {}: {error:#}", attempt())))
    }
}
