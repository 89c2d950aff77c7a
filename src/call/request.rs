//! What a call wants from the shell's slow side (store, files), and what comes back.

use std::sync::Arc;

use crate::domain::{BlockLevel, CallBack, CallId, CallRecord, CustomerId, Fact, Identity, PhoneNumber, Pop, RecordingId, Step, Timestamp};
use crate::ivr::question::{Answer, Card, Notice, Question};
use crate::media::clip::Clip;

/// One wish. Those with a `call` are answered by a [`Reply`] to that call.
#[derive(Debug)]
pub enum StoreRequest {
    /// Everything known about this number.
    Who {
        call: u64,
        caller: PhoneNumber,
    },
    /// A call is about to be answered: its record must be there if we are killed.
    Started {
        call: u64,
        record: Box<CallRecord>,
    },
    Ask {
        call: u64,
        question: u32,
        what: Box<Question>,
    },
    Tell(Box<Notice>),
    /// Keeps a recording (A-law) under this id.
    SaveRecording {
        call: u64,
        id: RecordingId,
        of: CallId,
        audio: Vec<u8>,
    },
    /// A recording of an earlier call is to be played.
    LoadRecording {
        call: u64,
        id: RecordingId,
    },
    /// Everything that an agent sees of this customer, or of whoever has this number.
    Pop {
        call: u64,
        customer: Option<CustomerId>,
        phone: Option<PhoneNumber>,
        identity: Identity,
    },
    /// Something about a conversation is to be kept: in order, and again until the store has it.
    Keep(Box<Fact>),
    /// A step of a call-back, once for all nodes; answered by `Reply::CallBack`.
    CallBack {
        call: u64,
        step: Box<CallBackStep>,
    },
    /// A call met the block list.
    BlockHit {
        phone: PhoneNumber,
        level: BlockLevel,
        call: String,
    },
    /// A branch that we called has said nothing about its order.
    BranchUnanswered {
        id: String,
        why: String,
    },
    /// The call is over.
    Ended {
        record: Box<CallRecord>,
        steps: Vec<Step>,
    },
}

/// What is to happen with a wish to be called back (I8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallBackStep {
    /// Keep this wish, or the changed count and window of one that is kept.
    Keep(CallBack),
    /// Dial it now: nobody else may until then.
    Claim { id: String, until: Timestamp },
    /// They answered and want to speak.
    Reached { id: String },
    /// Done with: `reached`, `declined`, `called_in`, `dropped`.
    Finish { id: String, why: String },
    /// The tries reached nobody: a person's task.
    Fail { id: String },
}

impl CallBackStep {
    /// Which wish.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Keep(wish) => &wish.id,
            Self::Claim { id, .. } | Self::Reached { id } | Self::Finish { id, .. } | Self::Fail { id } => id,
        }
    }
}

/// What a call is answered.
#[derive(Debug)]
pub enum Reply {
    /// To `Who`; `None` when the store could not tell.
    Who(Option<Box<Card>>),
    /// To `Started`.
    Started,
    /// To `Ask`.
    Answer { question: u32, answer: Answer },
    /// To `SaveRecording`: whether it is safely kept.
    Saved { id: RecordingId, kept: bool },
    /// To `LoadRecording`.
    Loaded { id: RecordingId, clip: Option<Arc<Clip>> },
    /// To `Pop`; `None` when the store could not tell.
    Pop(Option<Box<Pop>>),
    /// To `CallBack`: whether this step was ours to take. False when somebody else was faster, it is done with, or this
    /// number has an open wish already; `None` when the store could not tell.
    CallBack { id: String, granted: Option<bool> },
}
