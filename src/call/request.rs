//! What a call wants from the shell's slow side (store, files), and what comes back.

use std::sync::Arc;

use crate::domain::{CallId, CallRecord, PhoneNumber, RecordingId, Step};
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
    /// The call is over.
    Ended {
        record: Box<CallRecord>,
        steps: Vec<Step>,
    },
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
}
