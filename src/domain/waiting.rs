//! Waiting for a person: why somebody wants one, what the caller is told meanwhile, and how the wait ends early.

use super::{PhoneNumber, QueueId, UserId};

/// Why a caller asks for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QueueReason {
    /// Pressed 0, or a key that the menu gives to a person.
    #[default]
    Key,
    /// Three mistakes or silences at one step, or too many in the call.
    Errors,
    /// No key was ever received from this phone.
    NoKeys,
    /// 0 in the complaints menu: urgent.
    Complaint,
    /// More portions than self service takes.
    LargeOrder,
    /// The system could not answer.
    SystemError,
    /// Self service has lasted its time.
    TooLong,
    /// A blocked number that may speak with a person only.
    Blocked,
    /// Passed on by an agent.
    Transfer,
    /// We called back.
    CallBack,
    /// The agent's phone or page was lost in the call.
    AgentLost,
}

impl QueueReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Key,
        Self::Errors,
        Self::NoKeys,
        Self::Complaint,
        Self::LargeOrder,
        Self::SystemError,
        Self::TooLong,
        Self::Blocked,
        Self::Transfer,
        Self::CallBack,
        Self::AgentLost,
    ];

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key_0",
            Self::Errors => "errors",
            Self::NoKeys => "no_keys",
            Self::Complaint => "complaint",
            Self::LargeOrder => "large_order",
            Self::SystemError => "system_error",
            Self::TooLong => "too_long",
            Self::Blocked => "blocked",
            Self::Transfer => "transfer",
            Self::CallBack => "callback",
            Self::AgentLost => "agent_lost",
        }
    }
}

/// What the dialogue says about a caller who wants a person; who they are is in its snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueWish {
    /// The queue that the script names; otherwise the first queue of the settings.
    pub queue: Option<QueueId>,
    pub reason: QueueReason,
    /// A telephone number that the caller keyed in this call.
    pub keyed_phone: Option<PhoneNumber>,
    /// There is a cart that was not ordered.
    pub unfinished_order: bool,
}

/// The expected wait, as it may be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// Under a minute.
    Short,
    /// 1, 2, 3, 5, 8 or 10.
    Minutes(u8),
    /// More than ten.
    Long,
}

/// What a waiting caller's dialogue is told. What is to be spoken is decided already: it only has to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueNews {
    /// Their place, said on entry and when it is better than the one said before.
    Place {
        /// Callers before them; `None` when nothing new is to be said about it.
        ahead: Option<u32>,
        /// `None` while it is not known well, and never longer than said before.
        wait: Option<Wait>,
        /// So long that a call-back is to be offered at once.
        offer_callback: bool,
    },
    /// Nothing new for a while: a word that they are not forgotten.
    Comfort,
    /// An agent is being rung; the caller hears nothing of it.
    Ringing { agent: UserId },
    /// Nobody rings any more; the place is kept.
    RingEnded,
    /// They wait for an agent whom they know; silently.
    KeptFor { agent: UserId },
    /// An agent has answered: whatever is being said stops at once (I4).
    Connected {
        /// The agent's number, as colleagues and callers know it.
        number: String,
    },
    /// The agent is gone from the call (passed on, or lost): music again, the place is kept.
    WaitingAgain,
    /// Nobody is signed on, or nobody any more.
    NobodyThere,
    /// The line is as long as it may be.
    Full,
    /// They have waited as long as anybody may.
    TooLong,
    /// The call-back is on the list.
    CallBackKept,
}

/// How a caller stops waiting before an agent has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    /// Hung up.
    Gone,
    /// Back to self service: the place is kept while the call lasts.
    Menu,
    /// Leaves a message instead.
    Message,
    /// Wants to be called back at this number; a virtual caller keeps the place.
    CallBack { phone: PhoneNumber },
}

impl Leaving {
    /// Stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Gone => "caller_gone",
            Self::Menu => "menu",
            Self::Message => "message",
            Self::CallBack { .. } => "callback",
        }
    }
}
