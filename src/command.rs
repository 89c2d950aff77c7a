//! What a person at a console may ask of the running hotline: a closed list, in the imperative.

use crate::domain::{Break, Disposition, PhoneNumber, QueueId, Role, Seat, UserId};

/// Who asks, and for what. The web has checked who they are; the centre checks whether they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub by: UserId,
    pub role: Role,
    /// The console page that asks (its socket): one leg per agent, a second page takes over.
    pub page: u64,
    pub what: Command,
}

/// What is wanted. `call` is the number under which events name a call of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    // —— the shift ——
    /// Signs on with this seat; not ready until the seat works.
    StartShift {
        seat: Seat,
    },
    EndShift,
    Ready,
    /// Now, or after the present call when busy.
    TakeBreak {
        reason: Break,
    },
    /// The page's WebRTC offer (SDP); answered by `What::MediaAnswer`. Again after a reload: the same call goes on.
    MediaOffer {
        sdp: String,
    },
    MediaCandidate {
        candidate: String,
    },
    /// The page is gone without a word (its socket closed): grace begins.
    PageGone,

    // —— a call ——
    Answer {
        call: u64,
    },
    Reject {
        call: u64,
    },
    HangUp {
        call: u64,
    },
    Hold {
        call: u64,
    },
    Resume {
        call: u64,
    },
    Mute {
        call: u64,
        on: bool,
    },
    /// RFC 4733 towards the caller.
    Keys {
        call: u64,
        keys: String,
    },
    Transfer {
        call: u64,
        to: Target,
        mode: TransferMode,
        note: String,
    },
    /// The consulted side takes the caller.
    CompleteTransfer {
        call: u64,
    },
    CancelConsult {
        call: u64,
    },
    /// All three hear each other.
    Conference {
        call: u64,
    },
    /// Puts a note on the call, seen by the next agent.
    Note {
        call: u64,
        text: String,
    },
    /// An order was placed by keyboard in this call (told by the web after the store kept it).
    Ordered {
        call: u64,
        number: String,
    },
    /// The agent says who this is.
    Identify {
        call: u64,
        customer: String,
    },
    /// Saves the wrap-up and ends it.
    WrapUp {
        call: u64,
        disposition: Disposition,
        note: String,
    },
    /// Thirty seconds more, twice at most.
    ExtendWrapUp,
    /// Calls somebody back, as an outgoing call of this agent.
    Dial {
        number: PhoneNumber,
        because: DialReason,
    },

    // —— the floor ——
    Supervise {
        agent: UserId,
        how: Supervision,
    },
    StopSupervising,
    ForceBreak {
        agent: UserId,
        reason: Break,
    },
    ForceSignOut {
        agent: UserId,
        reason: String,
    },
    /// Moves a waiting caller to the head, or to another queue.
    Prefer {
        call: u64,
    },
    MoveToQueue {
        call: u64,
        queue: QueueId,
    },

    // —— the diner's phone in the page (demonstration only) ——
    PhoneDial {
        number: String,
        caller: String,
        sdp: String,
    },
    PhoneKey {
        key: char,
    },
    PhoneHangUp,
}

/// Where a call is passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Agent(UserId),
    Queue(QueueId),
    Number(PhoneNumber),
}

/// How it is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferMode {
    /// At once; comes back when nobody takes it.
    Blind,
    /// After speaking with the other side.
    Consult,
}

/// How a supervisor takes part (C71). The microphone is shut until asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Supervision {
    /// Hears both.
    Listen,
    /// Speaks to the agent only.
    Whisper,
    /// Speaks to both.
    Barge,
    /// Takes the caller; the agent goes to wrap-up.
    TakeOver,
}

impl Supervision {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
            Self::TakeOver => "take_over",
        }
    }
}

/// Why an agent calls out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialReason {
    /// Task on the list of missed callers.
    Missed { id: String },
    /// A customer of theirs.
    Customer { customer: String },
    /// Somebody without a customer's page, from whom they had this call.
    Call { call: u64 },
}

/// The telephone at which a recording is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAt {
    /// The desk phone of this account.
    Phone { account: String },
    /// An outside number, by the rules for such calls.
    Number { number: PhoneNumber },
}

/// Why a wish was not granted: a clear answer that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the caller has gone")]
    CallerGone,
    #[error("another agent was faster")]
    TakenByAnother,
    #[error("there is no such call")]
    NoCall,
    #[error("this is not your call")]
    NotYours,
    #[error("your role may not do this")]
    NotAllowed,
    #[error("that does not fit what you are doing now")]
    WrongState,
    #[error("that person is not free")]
    TargetBusy,
    #[error("there is no person, queue, number or break of that name")]
    NoTarget,
    #[error("your phone or microphone is not connected")]
    NoMedia,
    #[error("this needs a note")]
    NoteMissing,
    #[error("you are not signed on")]
    NotSignedOn,
    #[error("that is more than allowed")]
    Limit,
    #[error("that number may not be called: see prefixes of [outbound] in the settings")]
    Barred,
    #[error("calls to outside numbers are switched off: see on of [outbound] in the settings")]
    OutboundOff,
    #[error("numbers abroad may not be called: see international of [outbound] in the settings")]
    Abroad,
    #[error("there is no trunk to call outside by: see [[trunk]] in the settings")]
    NoTrunk,
    #[error("the call centre cannot do this now")]
    Unavailable,
}

impl Refusal {
    /// Stable name, listed in `docs/api.md`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallerGone => "caller-gone",
            Self::TakenByAnother => "taken-by-another",
            Self::NoCall => "no-call",
            Self::NotYours => "not-yours",
            Self::NotAllowed => "not-allowed",
            Self::WrongState => "wrong-state",
            Self::TargetBusy => "target-busy",
            Self::NoTarget => "no-target",
            Self::NoMedia => "no-media",
            Self::NoteMissing => "note-missing",
            Self::NotSignedOn => "not-signed-on",
            Self::Limit => "limit",
            Self::Barred => "barred",
            Self::OutboundOff => "outbound-off",
            Self::Abroad => "abroad",
            Self::NoTrunk => "no-trunk",
            Self::Unavailable => "unavailable",
        }
    }
}
