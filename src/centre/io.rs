//! What reaches the brain and what leaves it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::call::request::{Reply, StoreRequest};
use crate::domain::{Barred, BranchCall, CallBack, CallId, CampaignCall, Catalogue, PhoneNumber, StepKind};
use crate::event::{AgentView, Event, NodeView};
use crate::ivr::script::Script;
use crate::media::order::{MediaOrder, MediaReport};
use crate::queue::{Profile, QueueSettings};
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
    /// The queues are other ones from now on.
    Queues(Vec<QueueSettings>),
    /// The people who may sign on, whenever they have changed.
    People(Vec<Profile>),
    /// Call-backs that the store kept from before a restart.
    CallBacks(Vec<CallBack>),
    /// The other nodes as they have told of themselves, twice a second.
    Nodes(Vec<OtherNode>),
    /// All numbers whose calls are not even answered, whenever the list has changed.
    Barred(Vec<Barred>),
    /// A branch is to be told of an order by telephone; this node has claimed the call.
    CallBranch(Box<BranchCall>),
    /// The order of this call to a branch needs none any more.
    BranchSettled(String),
    /// A campaign contacts a customer; this node has claimed the try.
    CallFor(Box<CampaignCall>),
    /// Whether the store answers.
    Store {
        away: bool,
    },
}

/// Another node, and who is signed on there.
#[derive(Debug, Clone)]
pub struct OtherNode {
    pub view: Arc<NodeView>,
    /// Where callers may be sent; none: it is not named among the peers, or silent.
    pub sip: Option<SocketAddr>,
    pub agents: Vec<AgentView>,
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
    /// A fact for all consoles that may see it.
    Publish(Box<Event>),
    /// Somebody signs on whom we do not know: read the people again.
    WantPeople,
    /// How long a customer's card took.
    PopTook(Duration),
    /// A line for the operator's log about somebody on the floor.
    Floor {
        who: String,
        line: String,
    },
    /// How it goes with a telephone that is to hear a recording: `ringing`, `answered`, or why not.
    Listener {
        line: u64,
        how: Result<&'static str, String>,
    },
    /// A call panicked and was ended alone.
    Fault {
        id: CallId,
        what: String,
    },
}
