//! What this process has done since it started, counted for whoever watches it: no names, no ids.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::AuditAction;

/// Counts since the start.
#[derive(Default, Debug)]
pub struct Counts {
    actions: Mutex<BTreeMap<&'static str, u64>>,
    held_back: AtomicU64,
}

impl Counts {
    /// Counts what a committed change recorded in the audit trail.
    pub(crate) fn recorded(&self, actions: &[AuditAction]) {
        if actions.is_empty() {
            return;
        }
        let mut counted = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        for action in actions {
            *counted.entry(action.code()).or_default() += 1;
        }
    }

    /// Counts an attempt that a limit held back.
    pub(crate) fn hold_back(&self) {
        self.held_back.fetch_add(1, Ordering::Relaxed);
    }

    /// How often each action was recorded, by its code.
    #[must_use]
    pub fn actions(&self) -> BTreeMap<&'static str, u64> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Attempts to sign in, or to ask for a link, that a limit held back.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.held_back.load(Ordering::Relaxed)
    }
}
