//! What has happened on the floor, in the past tense, and what a console must know to draw itself.

use std::sync::Arc;

use crate::command::Supervision;
use crate::domain::{AgentState, CallId, Language, PhoneNumber, Pop, QueueId, Role, Seat, Timestamp, UserId};

/// One fact. `seq` rises by one; a console that sees a gap loads the snapshot again.
#[derive(Debug, Clone)]
pub struct Event {
    pub seq: u64,
    pub at: Timestamp,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "the agent's state is the commonest of all events: no allocation for each")]
pub enum What {
    /// An agent's state changed.
    Agent(AgentView),
    /// A call is offered to this agent: carries the whole card (I9).
    Ring { to: UserId, call: Arc<CallView> },
    /// A call of this agent changed: answered, held, consulted, joined, ended.
    Call { to: UserId, call: Arc<CallView> },
    /// The offer is over: the caller has gone, somebody else answered, it rang too long.
    Withdrawn { to: UserId, call: u64, why: &'static str },
    /// The waiting line, at most once a second.
    Queues(Arc<QueuesView>),
    /// The lines of another node have changed, or it fell silent, or is back. Its agents come as `Agent`.
    Node(Arc<NodeView>),
    /// Another node was stopped in order: nothing of it is shown any more.
    NodeGone { node: String },
    /// The answer to a page's WebRTC offer.
    MediaAnswer { to: UserId, page: u64, sdp: String },
    /// The page's sound came up, went, or is as it was.
    MediaState { to: UserId, page: u64, connected: bool, loss_percent: u8, rtt_ms: u32 },
    /// Another page of the same agent took the leg over.
    TakenOver { to: UserId, page: u64 },
    /// A supervisor said or did something that the agent is told.
    Supervised { to: UserId, by: String, how: Option<Supervision> },
    /// The store went away, or came back.
    Store { away: bool },
    /// The diner's phone in the page.
    Phone { page: u64, state: PhoneState },
}

/// What the diner's phone in the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneState {
    Answer { sdp: String },
    Talking,
    Ended { why: String },
}

/// One agent, as consoles draw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    pub user: UserId,
    /// The other node at which they are signed on; none: at this one.
    pub node: Option<String>,
    /// What colleagues know them by: `8003`.
    pub number: String,
    pub name: String,
    pub role: Role,
    pub state: AgentState,
    pub since: Timestamp,
    /// Why they are not ready, or what they last missed; a code.
    pub reason: Option<String>,
    /// What comes after this call: `available` or a break's code.
    pub next: Option<String>,
    pub seat: Option<Seat>,
    /// Whether sound can reach them now.
    pub connected: bool,
    pub queues: Vec<QueueId>,
    /// The caller they are busy with, masked.
    pub caller: Option<String>,
    pub today: Today,
}

/// An agent's day so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Today {
    pub calls: u32,
    pub missed: u32,
    pub orders: u32,
    pub talk_ms: u64,
    pub wrap_up_ms: u64,
}

/// One call, as the agent who has it sees it.
#[derive(Debug, Clone)]
pub struct CallView {
    pub call: u64,
    pub id: CallId,
    pub state: CallState,
    pub since: Timestamp,
    pub arrived_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub outbound: bool,
    pub queue: Option<QueueId>,
    pub queue_name: String,
    pub language: Language,
    pub caller: Option<PhoneNumber>,
    pub dialled: String,
    /// How long they waited in the queue.
    pub waited_ms: u64,
    /// Until when it rings.
    pub ring_until: Option<Timestamp>,
    /// The nodes they came through.
    pub path: Vec<String>,
    /// Why they ask for a person: `key_0`, `errors`, `complaint`, `large_order`, `callback`, `transfer`.
    pub reason: String,
    /// Why it came to this agent, in one line (C38).
    pub routed: String,
    pub pop: Arc<Pop>,
    pub parties: Vec<PartyView>,
    pub muted: bool,
    pub consult: Option<ConsultView>,
    /// Who passed it on, and with which words.
    pub from: Option<(String, String)>,
    pub notes: Vec<String>,
    /// Orders placed in this call.
    pub orders: Vec<String>,
    pub wrap_up_until: Option<Timestamp>,
    /// What the disposition will be if nobody chooses another.
    pub proposed: Option<u8>,
    /// Something is lost and the call is kept: `media` or `page`, and until when.
    pub lost: Option<(&'static str, Timestamp)>,
    /// How it ended, once it has.
    pub ended: Option<String>,
}

/// Where a call stands for its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    Ringing,
    Talking,
    Held,
    Consulting,
    Conference,
    /// An outgoing call that rings at the other end.
    Dialling,
    WrapUp,
    Closed,
}

impl CallState {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Consulting => "consulting",
            Self::Conference => "conference",
            Self::Dialling => "dialling",
            Self::WrapUp => "wrap_up",
            Self::Closed => "closed",
        }
    }
}

/// Somebody in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyView {
    /// `caller`, `agent`, `consulted`, `supervisor`
    pub kind: &'static str,
    pub name: String,
    /// For supervisors: how they take part.
    pub how: Option<Supervision>,
}

/// A consultation in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultView {
    pub with: String,
    /// `ringing`, `talking`, `failed`
    pub state: &'static str,
}

/// Another node of the house, as far as it has told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    pub node: String,
    /// It has given no sign of life since then: what is shown of it is from before.
    pub silent_since: Option<Timestamp>,
    /// Its agents can be asked for advice, and callers passed on to them.
    pub reachable: bool,
    pub queues: Arc<QueuesView>,
}

/// All waiting lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueuesView {
    pub queues: Vec<QueueView>,
    pub waiting: Vec<WaitingView>,
}

/// One queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    pub queue: QueueId,
    pub name_zh: String,
    pub name_en: String,
    pub waiting: u32,
    pub longest_since: Option<Timestamp>,
    /// Signed in for it, and of these ready now.
    pub agents: u32,
    pub ready: u32,
    pub offered: u32,
    pub answered: u32,
    /// Answered within the service level's seconds.
    pub answered_in_time: u32,
    pub abandoned: u32,
    pub abandoned_short: u32,
}

/// One caller who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingView {
    pub call: u64,
    pub queue: QueueId,
    /// Masked: who answers sees it in full.
    pub caller: Option<String>,
    pub name: String,
    pub level: Option<String>,
    pub since: Timestamp,
    pub place: u32,
    pub priority: i32,
    /// For whom it is kept, while a known agent is about to be free.
    pub kept_for: Option<UserId>,
    pub is_callback: bool,
}

/// Everything a console needs to draw itself anew.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Events after this one follow.
    pub seq: u64,
    pub at: Timestamp,
    pub me: Option<AgentView>,
    pub calls: Vec<Arc<CallView>>,
    pub queues: Arc<QueuesView>,
    /// All agents who are signed on, at whatever node, for transfer and for the floor.
    pub agents: Vec<AgentView>,
    /// This node's name, and the others.
    pub node: String,
    pub nodes: Vec<Arc<NodeView>>,
    pub store_away: bool,
}
