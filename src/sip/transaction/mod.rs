//! The four kinds of transaction (RFC 3261 section 17, RFC 6026): one request and all its answers, with retransmission.
//!
//! Each kind is a small machine that is told of messages and time and says what to do; `table` keeps them and finds them.

pub mod client;
pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod server;
pub mod timing;

#[cfg(test)]
mod tests;

use std::time::Instant;

use super::event::{DialogId, Flow};

pub use client::Client;
pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use key::Keys;
pub use server::Server;
pub use timing::{Alarms, Timer, Timing};

/// What a transaction wants done after it was told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    Nothing,
    /// Transmit the message that the transaction holds.
    Send,
    /// Tell the user of the transaction what came in.
    PassUp,
    /// Client: acknowledge a final answer other than 2xx again.
    Ack,
    /// Client: acknowledge it, and tell the user.
    AckAndPassUp,
    /// Nobody answered, or nobody acknowledged.
    TimedOut,
    /// It is over.
    Ended,
}

/// Whom a client transaction tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The first INVITE of a dialog, or a CANCEL of it.
    Call(DialogId),
    /// Our BYE.
    Bye(DialogId),
    /// Our re-INVITE or UPDATE that keeps the session alive.
    Refresh(DialogId),
    /// Our re-INVITE with a new description.
    Reinvite(DialogId),
    /// Another request inside the dialog.
    Inside(DialogId),
    /// OPTIONS to a registered phone, by the number of its binding.
    Phone(u64),
    /// REGISTER of a trunk, by its place in the settings.
    Registration(u16),
    /// OPTIONS to a trunk.
    Health(u16),
    /// REGISTER that takes back the registration of a trunk that is no more, by its number.
    Leaving(u64),
    /// Nobody cares.
    Nobody,
}

/// Any of the four.
#[derive(Debug)]
pub enum Kind {
    InviteServer(InviteServer),
    Server(Server),
    InviteClient(InviteClient),
    Client(Client),
}

/// One transaction as it is kept.
#[derive(Debug)]
pub struct Transaction {
    pub kind: Kind,
    pub flow: Flow,
    pub owner: Owner,
    /// For an INVITE that may be merged: under which key it stands.
    pub merged: Option<u64>,
    /// The alarm that stands for it in the endpoint's queue.
    pub scheduled: Option<Instant>,
}

impl Transaction {
    /// The earliest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.kind {
            Kind::InviteServer(it) => it.alarms.next(),
            Kind::Server(it) => it.alarms.next(),
            Kind::InviteClient(it) => it.alarms.next(),
            Kind::Client(it) => it.alarms.next(),
        }
    }

    /// Fires the earliest timer that is due.
    pub fn fire(&mut self, now: Instant, timing: &Timing) -> Reaction {
        match &mut self.kind {
            Kind::InviteServer(it) => it.fire(now, timing),
            Kind::Server(it) => it.fire(now),
            Kind::InviteClient(it) => it.fire(now, timing),
            Kind::Client(it) => it.fire(now, timing),
        }
    }

    /// The message to (re)transmit.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.kind {
            Kind::InviteServer(it) => it.last(),
            Kind::Server(it) => it.last(),
            Kind::InviteClient(it) => it.request(),
            Kind::Client(it) => it.request(),
        }
    }
}
