//! What happens to a call, and what a call wants done.

use std::sync::Arc;

use crate::call::request::{Reply, StoreRequest};
use crate::domain::{Catalogue, CustomerId, End, Leaving, QueueId, QueueNews, QueueWish, StepKind, UserId};
use crate::media::order::{MediaOrder, MediaReport};
use crate::sip::event::{EndCause, SipCommand};
use crate::sip::sdp;

/// What happens to a call.
#[derive(Debug)]
pub enum SessionInput {
    Media(MediaReport),
    Reply(Reply),
    Acknowledged(Option<sdp::Session>),
    Reoffer(Option<sdp::Session>),
    Info {
        body: String,
    },
    /// The dialog is gone.
    SipEnded(EndCause),
    /// A restart or an operator ends it.
    End(End),
    /// Fresh sold-out lists, prices, branches.
    Catalogue(Arc<Catalogue>),
    /// An outgoing call: a provisional answer.
    Progress,
    /// An outgoing call was answered.
    Picked(Option<sdp::Session>),
    /// News of the queue, for the dialogue.
    Queue(QueueNews),
    /// A person has the caller from now on, or has no more; the dialogue rests meanwhile.
    WithAgent(bool),
    /// Hold music, or none.
    Music(bool),
    /// Back to self service: the main menu, with cart and identity kept.
    ToMenu,
    /// The agent sends keys to the caller.
    SendKeys(String),
    /// A decision or fact for the call's path.
    Note(String),
    /// The same, worth a warning.
    Warn(String),
    /// The agent said who this is.
    Identified(CustomerId),
    /// An agent took an order by keyboard.
    Ordered(String),
    /// Where they waited, who took them, how long this wait was: for the record.
    Served {
        queue: Option<QueueId>,
        agent: Option<UserId>,
        waited_ms: u64,
    },
}

/// What a call wants done.
#[derive(Debug)]
pub enum SessionOutput {
    Sip(SipCommand),
    Media(MediaOrder),
    Store(StoreRequest),
    /// A fact for the log and the counters, as it happens.
    Happened(StepKind),
    /// The first port was taken: lend another.
    PortTaken(u16),
    /// The caller wants a person.
    WantAgent(Box<QueueWish>),
    /// The caller stops waiting for one.
    LeaveQueue(Leaving),
    /// A key while an agent has the caller.
    Key(char),
    /// An outgoing call: its port is open, dial with this offer.
    Place {
        sdp: String,
    },
    /// An outgoing call: it rings there.
    Ringing,
    /// An outgoing call was answered by a person (who pressed 1 when a call-back asked for it).
    Reached,
    /// The answer for the page in which the diner's phone is.
    PageAnswer(String),
    /// That page's sound flows: the dialogue begins.
    PageTalks,
    /// The caller does not want to hear us, or does again.
    CallerHolds(bool),
    /// The last word: nothing more comes from this call.
    Gone,
}
