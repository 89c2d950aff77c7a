//! What the queue machine is told and what it wants done.

use std::time::Duration;

use crate::domain::{
    Break, CustomerId, Language, Leaving, MemberNumber, PhoneNumber, QueueId, QueueNews, QueueReason, Seat, Timestamp, UserId,
};
use crate::event::AgentView;

pub use crate::agent::Profile;

/// What makes a caller come earlier than others (voice-and-console.md 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Urgency {
    /// Urgent complaint.
    pub complaint: bool,
    /// Gold or better.
    pub valued: bool,
    /// Comes from an order that was not finished.
    pub unfinished_order: bool,
    /// Has an order that is late.
    pub late_order: bool,
}

/// With whom this customer belongs, as the store knows it (C39, C40).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sticky {
    pub owner: Option<UserId>,
    pub last: Option<(UserId, Timestamp)>,
    /// The owner's team; the machine knows the teams of those who are signed on.
    pub team: Option<String>,
    /// Agents who are not to speak with this customer.
    pub never: Vec<UserId>,
}

/// A caller who wants a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// Number of the call in this run.
    pub call: u64,
    /// `None`: the first queue of the settings.
    pub queue: Option<QueueId>,
    pub reason: QueueReason,
    pub language: Language,
    /// A skill that the agent must have, beside the language.
    pub skill: Option<String>,
    /// Identity, in the order of trust.
    pub customer: Option<CustomerId>,
    pub member: Option<MemberNumber>,
    pub keyed_phone: Option<PhoneNumber>,
    pub caller: Option<PhoneNumber>,
    /// For the wallboard.
    pub name: String,
    pub level: Option<String>,
    pub urgency: Urgency,
    pub sticky: Sticky,
    /// Passed on by this agent: not offered to them again unless nobody else takes it.
    pub from: Option<UserId>,
    /// For this agent (blind transfer): rung alone; when that fails the caller goes back to `from`, then to the queue.
    pub to: Option<UserId>,
    /// An agent of another node has the caller and asks `to` for advice: no call of the queue's, and nobody spoke with the customer,
    /// until `InCall` says that they are passed on.
    pub advice: bool,
    /// Somebody at another node has spoken with them in this call.
    pub met: bool,
}

impl Joining {
    /// A caller about whom nothing is known.
    #[must_use]
    pub fn new(call: u64) -> Self {
        Self {
            call,
            queue: None,
            reason: QueueReason::Key,
            language: Language::default(),
            skill: None,
            customer: None,
            member: None,
            keyed_phone: None,
            caller: None,
            name: String::new(),
            level: None,
            urgency: Urgency::default(),
            sticky: Sticky::default(),
            from: None,
            to: None,
            advice: false,
            met: false,
        }
    }
}

/// What a leg is doing, for the reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    /// Offered to this agent, not answered.
    Ringing,
    Talking,
    /// The caller hears music, or the agent consults somebody.
    Held,
    /// The agent calls out.
    Outbound,
}

/// A call that really is with an agent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLeg {
    pub agent: UserId,
    pub call: u64,
    pub state: LegState,
}

/// A call-back as it is kept in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBack {
    /// Made by the machine; the store's key.
    pub id: String,
    /// The virtual caller's number: the call that asked, or one given by the centre after a restart.
    pub call: u64,
    pub phone: PhoneNumber,
    pub queue: QueueId,
    pub language: Language,
    pub customer: Option<CustomerId>,
    pub name: String,
    /// Since when they have waited.
    pub since: Timestamp,
    /// Tries that have begun.
    pub tries: u8,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum AcdInput {
    /// The queues are other ones from now on: known ones are changed, new ones come behind, missing ones go. Who waits keeps the
    /// place; who waited in one that goes, waits in the first one.
    SetUp(Vec<super::QueueSettings>),
    // —— shifts ——
    /// What is on record of people: where somebody who is signed on has other queues or skills now, they hold for the next call.
    OnRecord(Vec<Profile>),
    /// Signs on; not ready until the seat works, then ready at once.
    SignOn {
        profile: Box<Profile>,
        seat: Seat,
    },
    /// Signs off: now, or after the present call and its wrap-up.
    SignOff {
        agent: UserId,
    },
    /// The seat works (browser leg connected, phone registered, an outside number always) or does not: `no_phone`,
    /// `no_media`, `reconnecting`.
    SeatUp {
        agent: UserId,
    },
    SeatDown {
        agent: UserId,
        why: &'static str,
    },
    /// Ready now, or after the present call.
    Ready {
        agent: UserId,
    },
    /// Break now, or after the present call.
    Break {
        agent: UserId,
        reason: Break,
    },
    /// By a supervisor; the same rules, logged.
    ForceBreak {
        agent: UserId,
        reason: Break,
    },
    ForceSignOut {
        agent: UserId,
        reason: String,
    },
    ExtendWrapUp {
        agent: UserId,
    },
    /// Saved: ends now.
    WrapUpSaved {
        agent: UserId,
        call: u64,
    },
    /// An order was placed by keyboard.
    Ordered {
        agent: UserId,
    },
    /// Midnight: today's counters begin anew.
    NewDay,

    // —— callers ——
    /// A caller wants a person, again after a time in the menu, or is passed on. The place is kept as long as the call lives.
    Join(Box<Joining>),
    Leave {
        call: u64,
        why: Leaving,
    },
    /// The call is over, whatever it was doing: everything about it is forgotten. Always sent, once.
    CallGone {
        call: u64,
    },
    /// Better facts about a caller who waits (the store was late): identity and sticky facts.
    Known {
        call: u64,
        customer: Option<CustomerId>,
        name: String,
        level: Option<String>,
        valued: bool,
        late_order: bool,
        sticky: Box<Sticky>,
    },
    /// A supervisor puts this caller first.
    Prefer {
        call: u64,
    },
    Move {
        call: u64,
        queue: QueueId,
    },

    // —— offers ——
    Answered {
        call: u64,
        agent: UserId,
    },
    Rejected {
        call: u64,
        agent: UserId,
    },
    /// The phone could not be rung: unreachable, busy, no leg.
    OfferFailed {
        call: u64,
        agent: UserId,
        why: &'static str,
    },

    // —— calls ——
    Held {
        call: u64,
        agent: UserId,
    },
    Resumed {
        call: u64,
        agent: UserId,
    },
    /// Rings this agent for a consultation in a call that another agent has. Reported by `Offer`, then `Connect` or `ConsultFailed`.
    Consult {
        call: u64,
        agent: UserId,
        by: UserId,
    },
    /// The agent's part in a call is over: it ended, was passed on, taken over, or the consultation was cancelled.
    AgentLeft {
        call: u64,
        agent: UserId,
        wrap_up: bool,
    },
    /// The agent's leg was lost for good and the caller still lives: the caller is first again, the agent not ready.
    AgentLost {
        call: u64,
        agent: UserId,
        why: &'static str,
    },
    /// The agent talks in this call without an offer (barged in, took over).
    InCall {
        call: u64,
        agent: UserId,
    },
    /// The agent calls out.
    DialsOut {
        call: u64,
        agent: UserId,
    },
    /// Once a second: all calls that really are with agents. What does not fit is put right (I2).
    LiveLegs(Vec<LiveLeg>),

    // —— call-backs ——
    /// Whether it is a time of day at which customers are called back; it is, until told otherwise.
    CallBackTime {
        open: bool,
    },
    /// Kept by the store from before a restart.
    CallBackRestored(Box<CallBack>),
    /// The customer answered and pressed 1: they are this call now, at the kept place.
    CallBackReached {
        id: String,
        joining: Box<Joining>,
    },
    /// No answer, busy, or no key.
    CallBackFailed {
        id: String,
        why: String,
    },
    /// The customer does not need us any more, or an agent took it off the list.
    CallBackDropped {
        id: String,
        why: String,
    },
}

/// Why an agent is rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferKind {
    /// A caller from a queue.
    Queue,
    /// A blind transfer to this agent.
    Transfer { from: Option<UserId> },
    /// A consultation.
    Consult { by: UserId },
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum AcdOutput {
    /// Ring this agent: `What::Ring` with the pop, and the seat's own way of ringing.
    Offer { call: u64, agent: UserId, kind: OfferKind, queue: QueueId, ring_for: Duration, until: Timestamp, routed: String },
    /// Stop ringing: `caller_gone`, `taken`, `no_answer`, `rejected`, `signed_out`, `seat_down`, `moved`, `failed`.
    Withdraw { call: u64, agent: UserId, why: &'static str },
    /// Join caller and agent now (the answer to `Answered` when the offer still stood). `waited` is their time in the queue.
    Connect { call: u64, agent: UserId, queue: QueueId, waited: Duration, routed: String },
    /// The answer came too late: `caller_gone` or `taken`. Nothing has changed.
    TooLate { call: u64, agent: UserId, why: &'static str },
    /// A consultation came to nothing; `why` as in `Withdraw`.
    ConsultFailed { call: u64, agent: UserId, by: UserId, why: &'static str },
    /// A blind transfer to an agent came to nothing; the caller is back in the line with their place, `from` is asked first.
    TransferFailed { call: u64, to: UserId, from: Option<UserId>, why: &'static str },
    /// An agent's state, next state, seat or counters changed.
    Agent(Box<AgentView>),
    /// For the caller's dialogue.
    Tell { call: u64, news: QueueNews },
    /// For the record of who spoke with whom (sticky routing), by the rule of the settings.
    Spoke { call: u64, agent: UserId, at: Timestamp },
    /// A wrap-up is over without being saved: the proposed disposition stands.
    WrapUpOver { call: u64, agent: UserId },
    /// A caller left the line unanswered: for the list of missed callers, unless short.
    Abandoned { call: u64, queue: QueueId, waited: Duration, short: bool },
    /// Keep this call-back, or keep it with a changed count of tries.
    CallBackKept(Box<CallBack>),
    /// Dial now, play `cb.hello`. Exactly one of `CallBackReached`, `CallBackFailed`, `CallBackDropped` comes back.
    CallBackDial(Box<CallBack>),
    /// Stop dialling: the customer called us meanwhile.
    CallBackStop { id: String },
    /// Done: `reached`, `declined`, `called_in`, `dropped`. The store forgets it.
    CallBackDone { id: String, why: String },
    /// Both tries failed: an agent's task from now on.
    CallBackTask(Box<CallBack>),
    /// One line on the call's path on why something was decided (C38).
    Explain { call: u64, line: String },
    /// Something for the operator's log: forced breaks, automatic breaks, states put right.
    Log { agent: UserId, line: String },
    /// The wallboard's numbers changed: ask `Acd::queues`. At most once a second.
    QueuesChanged,
}
