//! Tells open pages that something changed: ids only, re-read under the reader's own rights.

use domain::ids::{GrantId, OrganizationId};

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

/// The port for live events, within this process.
#[derive(Clone, Debug)]
pub struct Live {
    sender: async_broadcast::Sender<Changed>,
    receiver: async_broadcast::InactiveReceiver<Changed>,
}

impl Default for Live {
    fn default() -> Self {
        let (mut sender, receiver) = async_broadcast::broadcast(256);
        // A page that can't keep up misses events and asks again anyway.
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
    #[must_use]
    pub fn listen(&self) -> async_broadcast::Receiver<Changed> {
        self.receiver.activate_cloned()
    }
}
