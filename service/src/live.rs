//! Tells open pages that something changed: ids only, re-read under the reader's own rights.

use async_broadcast::RecvError;
use domain::ids::{GrantId, OrganizationId};
use futures::Stream;

/// What changed. It carries no state: whoever hears it asks again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Something about a grant of an organization.
    Grant(OrganizationId, GrantId),
    /// Something else of an organization: its people, contact, purchases, requests.
    Organization(OrganizationId),
    /// Something in the operators' queue or outbox.
    Queue,
}

/// What a listener hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Something changed.
    Changed(Changed),
    /// Too much changed at once, and some of it was missed: it may concern anybody.
    Missed,
}

/// The port for live events, within this process.
#[derive(Clone, Debug)]
pub struct Live {
    sender: async_broadcast::Sender<Changed>,
    receiver: async_broadcast::InactiveReceiver<Changed>,
}

impl Default for Live {
    fn default() -> Self {
        let (mut sender, receiver) = async_broadcast::broadcast(256);
        // Who can't keep up is told that something was missed.
        sender.set_overflow(true);
        sender.set_await_active(false);
        Self { sender, receiver: receiver.deactivate() }
    }
}

impl Live {
    /// Tells everybody who listens.
    pub fn tell(&self, changed: Changed) {
        // Nobody listening is no fault.
        let _ = self.sender.try_broadcast(changed);
    }

    /// Listens from now on.
    pub fn listen(&self) -> impl Stream<Item = Heard> + use<> {
        futures::stream::unfold(self.receiver.activate_cloned(), |mut changes| async move {
            match changes.recv().await {
                Ok(changed) => Some((Heard::Changed(changed), changes)),
                Err(RecvError::Overflowed(_)) => Some((Heard::Missed, changes)),
                Err(RecvError::Closed) => None,
            }
        })
    }
}
