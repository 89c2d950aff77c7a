//! The handle on the running centre: what pages and the shell may ask it.

use tokio::sync::oneshot;

use crate::call::live::LiveCall;
use crate::command::{Refusal, Wish};
use crate::domain::{Role, UserId};
use crate::event::Snapshot;

/// A question to the running brain.
#[derive(Debug)]
pub enum Query {
    /// What is up; with the path of one call.
    Live { only: Option<String>, answer: oneshot::Sender<Vec<LiveCall>> },
    /// How many calls are up, and each trunk's health.
    Health { answer: oneshot::Sender<(usize, Vec<(String, bool)>)> },
    /// A person's wish; refused with a reason, and then nothing has changed.
    Wish { wish: Box<Wish>, answer: oneshot::Sender<Result<(), Refusal>> },
    /// Everything that this person's console shows, with the number of the last event.
    Snapshot { of: UserId, role: Role, answer: oneshot::Sender<Box<Snapshot>> },
    /// Nothing more is to be done.
    Stop,
}
