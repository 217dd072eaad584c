//! Tells open pages that something changed: ids only, re-read under the reader's own rights.

pub mod servers;

use async_broadcast::RecvError;
use domain::ids::{AccountId, GrantId, OrganizationId};
use futures::Stream;
use servers::ToOthers;

/// What changed. It carries no state: whoever hears it asks again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Something about a grant of an organization.
    Grant(OrganizationId, GrantId),
    /// Something else of an organization: its people, contact, purchases, requests.
    Organization(OrganizationId),
    /// Something in the operators' queue, or of the programme.
    Queue,
    /// Mail was delivered, or was tried to be.
    Mail,
    /// Sessions of an account have ended: what its pages listen to ends as well, and goes on where one is left.
    SignedOut(AccountId),
    /// The same of everybody in an organization, such as with the directory that opened their sessions.
    SignedOutOf(OrganizationId),
}

/// What a listener hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Something changed.
    Changed(Changed),
    /// Too much changed at once, and some of it was missed: it may concern anybody.
    Missed,
}

/// The port for live events, within this process and, where it was joined with them, to the other servers on
/// the same database.
#[derive(Clone, Debug)]
pub struct Live {
    sender: async_broadcast::Sender<Heard>,
    receiver: async_broadcast::InactiveReceiver<Heard>,
    others: Option<ToOthers>,
}

impl Default for Live {
    fn default() -> Self {
        let (mut sender, receiver) = async_broadcast::broadcast(256);
        // Who can't keep up is told that something was missed.
        sender.set_overflow(true);
        sender.set_await_active(false);
        Self { sender, receiver: receiver.deactivate(), others: None }
    }
}

impl Live {
    /// Tells everybody who listens, here and at the other servers.
    pub fn tell(&self, changed: Changed) {
        if let Some(others) = &self.others {
            others.tell(changed.clone());
        }
        self.pass_on(Heard::Changed(changed));
    }

    /// Tells everybody who listens here.
    fn pass_on(&self, heard: Heard) {
        // Nobody listening is no fault.
        let _ = self.sender.try_broadcast(heard);
    }

    /// Listens from now on.
    pub fn listen(&self) -> impl Stream<Item = Heard> + use<> {
        futures::stream::unfold(self.receiver.activate_cloned(), |mut changes| async move {
            match changes.recv().await {
                Ok(heard) => Some((heard, changes)),
                Err(RecvError::Overflowed(_)) => Some((Heard::Missed, changes)),
                Err(RecvError::Closed) => None,
            }
        })
    }
}
