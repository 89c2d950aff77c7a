//! What reaches the brain and what leaves it.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::call::request::{Reply, StoreRequest};
use crate::domain::{CallId, Catalogue, PhoneNumber, StepKind};
use crate::ivr::script::Script;
use crate::media::order::{MediaOrder, MediaReport};
use crate::sip::event::{Flow, SipInput};
use crate::voice::Library;

/// What happens.
pub enum Input {
    Sip(SipInput),
    /// A new INVITE that waited too long unread: refused at once.
    Stale(SipInput),
    Media(MediaReport),
    Reply {
        call: u64,
        reply: Reply,
    },
    /// The store has changed: new prices, sold-out lists, branches. Calls in progress see it.
    Catalogue(Arc<Catalogue>),
    /// A changed file passed its check: new calls follow it.
    Files {
        script: Arc<Script>,
        library: Arc<Library>,
    },
    /// No new calls from now on.
    Drain {
        retry_after: u32,
    },
    /// The calls that are still up end now, with a reason.
    EndAll,
}

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    Transmit {
        flow: Flow,
        bytes: Vec<u8>,
    },
    Media(MediaOrder),
    Store(StoreRequest),
    /// For `--trace-sip`.
    Trace {
        call_id: String,
        flow: Flow,
        sent: bool,
        bytes: Vec<u8>,
    },
    /// A fact of one call, for the log.
    Call {
        id: CallId,
        caller: Option<PhoneNumber>,
        what: StepKind,
    },
    /// Something was refused; counted by its stable name.
    Refused {
        reason: &'static str,
        source: Option<SocketAddr>,
    },
    /// A trunk went up or down.
    Trunk {
        name: String,
        up: bool,
        why: String,
    },
    /// A phone registered or went.
    Registered {
        account: String,
        contacts: usize,
    },
    /// A call panicked and was ended alone.
    Fault {
        id: CallId,
        what: String,
    },
}
