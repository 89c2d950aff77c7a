//! What is kept of a conversation between a caller and people: who spoke with whom, how it was summed up, who is to be called back.

use super::{CallId, CampaignTried, CustomerId, Disposition, Language, OrderNumber, PhoneNumber, QueueId, Timestamp, UserId};

/// One stay of a caller in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueVisit {
    /// Made by the program; the same id again changes the same visit.
    pub id: String,
    pub call: CallId,
    pub queue: QueueId,
    pub phone: Option<PhoneNumber>,
    pub customer: Option<CustomerId>,
    pub language: Language,
    pub entered_at: Timestamp,
    /// When and how it ended; none while they wait.
    pub left: Option<(Timestamp, QueueOutcome)>,
    /// Who answered.
    pub agent: Option<UserId>,
    /// They were called back and wait for nobody on the line.
    pub is_callback: bool,
}

/// How a stay in a queue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueOutcome {
    Answered,
    /// Hung up while waiting.
    Abandoned,
    /// Asked to be called back.
    CallBack,
    /// Left a message.
    Message,
    /// Went back to the menu.
    Menu,
    /// Went on to another queue.
    Moved,
    /// Nobody was there.
    NoAgent,
    /// The process was killed.
    Interrupted,
}

impl QueueOutcome {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Answered, Self::Abandoned, Self::CallBack, Self::Message, Self::Menu, Self::Moved, Self::NoAgent, Self::Interrupted];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::CallBack => "callback",
            Self::Message => "message",
            Self::Menu => "menu",
            Self::Moved => "moved",
            Self::NoAgent => "no_agent",
            Self::Interrupted => "interrupted",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Somebody's part in a call, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPart {
    /// Made by the program; the same id again changes the same part.
    pub id: String,
    pub call: CallId,
    pub kind: PartKind,
    pub agent: Option<UserId>,
    pub name: String,
    pub queue: Option<QueueId>,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    /// `ring`, `transfer`, `consult`, `conference`, `listen`, `whisper`, `barge`, `take_over`, `outbound`.
    pub began: String,
    /// `hang_up`, `caller_gone`, `transferred`, `lost`; empty while it lasts.
    pub ended: String,
    /// How long the caller was on hold.
    pub held_ms: u64,
    pub note: String,
}

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// Speaks with the caller.
    Agent,
    /// Was asked for advice.
    Consult,
    /// An outside number.
    Outside,
    Supervisor,
}

impl PartKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Consult, Self::Outside, Self::Supervisor];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Consult => "consult",
            Self::Outside => "outside",
            Self::Supervisor => "supervisor",
        }
    }
}

/// How an agent sums a call up (C64). Without a disposition it is still being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrapUp {
    pub call: CallId,
    pub agent: UserId,
    pub agent_name: String,
    pub customer: Option<CustomerId>,
    pub phone: Option<PhoneNumber>,
    pub disposition: Option<Disposition>,
    pub note: String,
    pub order: Option<OrderNumber>,
    /// What is still to be done.
    pub follow: String,
}

/// Why somebody is on the list of callers whom nobody spoke with (C69).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MissedKind {
    /// Hung up in the queue.
    Abandoned,
    /// Called when nobody was there.
    Missed,
    /// A call-back that did not reach them.
    CallBackFailed,
    /// Left a message.
    Voicemail,
    /// Their call was cut off because we stopped, or were killed, in the middle of it (C107).
    CutOff,
    /// Nobody missed them: the house thinks of them, and somebody calls (C97).
    Care,
}

impl MissedKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Abandoned, Self::Missed, Self::CallBackFailed, Self::Voicemail, Self::CutOff, Self::Care];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Missed => "missed",
            Self::CallBackFailed => "callback_failed",
            Self::Voicemail => "voicemail",
            Self::CutOff => "cut_off",
            Self::Care => "care",
        }
    }
}

/// Somebody whom nobody spoke with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedCaller {
    pub kind: MissedKind,
    pub call: Option<CallId>,
    pub phone: PhoneNumber,
    pub customer: Option<CustomerId>,
    pub queue: Option<QueueId>,
    pub at: Timestamp,
}

/// A kept wish to be called back (C47).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBack {
    /// Made by the program; the same id again is the same wish.
    pub id: String,
    /// The number to dial.
    pub phone: PhoneNumber,
    pub customer: Option<CustomerId>,
    pub queue: QueueId,
    pub language: Language,
    /// The call that asked.
    pub call: Option<CallId>,
    /// Since when they wait: the place that they keep.
    pub since: Timestamp,
    /// Not dialled before, nor after.
    pub not_before: Timestamp,
    pub not_after: Option<Timestamp>,
    /// How often it was dialled.
    pub tries: u32,
    pub status: CallBackStatus,
}

/// Where a call-back stands. `Wanted → Dialling → Talking → Done`; a try that reaches nobody leads back to `Wanted` or to `Failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallBackStatus {
    Wanted,
    /// Somebody holds the claim.
    Dialling,
    Talking,
    Done,
    /// Two tries reached nobody: a task on the list of missed callers.
    Failed,
    Cancelled,
}

impl CallBackStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Wanted, Self::Dialling, Self::Talking, Self::Done, Self::Failed, Self::Cancelled];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Dialling => "dialling",
            Self::Talking => "talking",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Something about a conversation that is to be kept, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    Visit(QueueVisit),
    Part(CallPart),
    WrapUp(WrapUp),
    /// This agent spoke with them (C39).
    Spoke {
        customer: Option<CustomerId>,
        phone: Option<PhoneNumber>,
        agent: UserId,
        name: String,
        call: CallId,
        at: Timestamp,
    },
    /// So long altogether was this agent in this state on this day, in this run of the program.
    Time {
        day: jiff::civil::Date,
        agent: UserId,
        run: String,
        state: &'static str,
        ms: u64,
    },
    /// A call of a campaign is over (C99).
    Tried(CampaignTried),
    /// This agent was at work for this span, as far as is known, in this run of the program (C67).
    Presence {
        agent: UserId,
        run: String,
        from: Timestamp,
        until: Timestamp,
    },
    /// Nobody spoke with them (C69).
    Missed(MissedCaller),
    /// Somebody spoke with whoever has this number: off the list of missed callers.
    Reached {
        phone: PhoneNumber,
        by: String,
    },
}
