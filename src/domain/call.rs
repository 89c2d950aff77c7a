//! What remains of a call: who, how long, which path, which keys, and how it ended.

use std::fmt;

use super::{CallId, CustomerId, Disposition, Language, OrderNumber, PhoneNumber, QueueId, Timestamp, UserId};

/// Whose doing an ending was; reports and alarms group by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    Caller,
    Agent,
    Us,
    Trunk,
    Unknown,
}

impl Party {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::Us => "us",
            Self::Trunk => "trunk",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a call ended. Each has a line in `docs/glossary.md`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Somebody hung up, nothing was left to do.
    Finished,
    /// The dialogue came to its end.
    Served,
    /// Hung up before the answer.
    Abandoned,
    /// Nobody to talk to.
    NoAgent,
    /// Longer than a call may last.
    TooLong,
    /// No sound arrived for longer than the time-out.
    NoAudio,
    /// The answer was never acknowledged.
    NoAck,
    /// The session timer ran out (RFC 4028).
    SessionExpired,
    /// Refused with this status.
    Rejected(u16),
    /// A blocked number.
    Blocked,
    /// The process was killed; found at the next start.
    Interrupted,
    /// A fault or a restart of ours.
    OurFault(&'static str),
}

impl Reason {
    /// How calls end that outlast the time which an orderly stop gives them.
    pub const RESTARTING: Self = Self::OurFault("restarting");

    /// Stable name, with its detail after a colon.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Finished => "finished".into(),
            Self::Served => "served".into(),
            Self::Abandoned => "abandoned".into(),
            Self::NoAgent => "no_agent".into(),
            Self::TooLong => "too_long".into(),
            Self::NoAudio => "no_audio".into(),
            Self::NoAck => "no_ack".into(),
            Self::SessionExpired => "session_expired".into(),
            Self::Rejected(status) => format!("rejected:{status}"),
            Self::Blocked => "blocked".into(),
            Self::Interrupted => "interrupted".into(),
            Self::OurFault(what) => format!("our_fault:{what}"),
        }
    }
}

/// How a call ended: a party and a reason, always both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub by: Party,
    pub reason: Reason,
}

/// How a digit arrived (C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// RFC 4733 telephone-event.
    Event,
    /// SIP INFO.
    Info,
    /// Heard in the sound.
    Tone,
}

impl KeySource {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "rfc4733",
            Self::Info => "info",
            Self::Tone => "in-band",
        }
    }
}

/// A key as it stands in a call's path when the number that it is part of is nobody's to read: a PIN, or what is keyed to a person.
#[must_use]
pub const fn masked(key: char) -> char {
    if matches!(key, '*' | '#') { key } else { '·' }
}

/// One line of a call's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub at: Timestamp,
    pub kind: StepKind,
}

/// What happened at that step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// INVITE came in.
    Arrived,
    Answered {
        codec: String,
        keys_by: String,
    },
    /// A node of the dialogue was entered.
    Node(String),
    /// A node was left, with a named outcome (C34).
    Outcome {
        node: String,
        outcome: String,
    },
    /// Something was said.
    Said {
        prompts: Vec<String>,
        text: String,
    },
    /// A prompt was cut by a key after so many milliseconds.
    BargeIn {
        prompt: String,
        after_ms: u32,
    },
    /// A key; `·` stands for a key of a PIN.
    Key {
        key: char,
        source: KeySource,
    },
    /// A warning that an operator can read, such as "no digits seen".
    Warning(String),
    /// A decision or fact in words.
    Note(String),
    /// An order was confirmed.
    Ordered(OrderNumber),
    Ended(End),
}

/// The one line that remains of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    pub id: CallId,
    pub sip_call_id: String,
    pub trunk: String,
    pub caller: Option<PhoneNumber>,
    pub dialled: String,
    pub customer: Option<CustomerId>,
    pub language: Language,
    pub arrived_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end: Option<End>,
    pub codec: Option<String>,
    pub order: Option<OrderNumber>,
    pub keys: u32,
    pub errors: u32,
    pub packets_in: u64,
    pub packets_lost: u64,
    pub one_way: bool,
    pub no_keys: bool,
    /// Where the caller waited last; none when they never did.
    pub queue: Option<QueueId>,
    /// Who had the caller first.
    pub agent: Option<UserId>,
    /// In all queues together.
    pub waited_ms: u64,
    /// How an agent summed it up, some time after the call.
    pub disposition: Option<Disposition>,
}

impl CallRecord {
    /// Of a call that has just arrived; nothing has come of it yet.
    #[must_use]
    pub fn arrived(id: CallId, sip_call_id: String, arrived_at: Timestamp) -> Self {
        Self {
            id,
            sip_call_id,
            trunk: String::new(),
            caller: None,
            dialled: String::new(),
            customer: None,
            language: Language::default(),
            arrived_at,
            answered_at: None,
            ended_at: None,
            end: None,
            codec: None,
            order: None,
            keys: 0,
            errors: 0,
            packets_in: 0,
            packets_lost: 0,
            one_way: false,
            no_keys: false,
            queue: None,
            agent: None,
            waited_ms: 0,
            disposition: None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.reason.name(), self.by.name())
    }
}
