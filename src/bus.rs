//! The handle on the running centre: what pages and the shell may ask it, and what it tells them.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::{broadcast, oneshot};

use crate::call::live::LiveCall;
use crate::command::{ListenAt, Refusal, Wish};
use crate::domain::{Role, UserId};
use crate::event::{Event, Snapshot};

/// A question to the running brain.
#[derive(Debug)]
pub enum Query {
    /// What is up; with the path of one call.
    Live { only: Option<String>, answer: oneshot::Sender<Vec<LiveCall>> },
    /// How many calls are up, and each trunk's health.
    Health { answer: oneshot::Sender<(usize, Vec<(String, bool)>)> },
    /// How many more calls of campaigns may begin.
    Spare { answer: oneshot::Sender<usize> },
    /// A person's wish; refused with a reason, and then nothing has changed.
    Wish { wish: Box<Wish>, answer: oneshot::Sender<Result<(), Refusal>> },
    /// Rings this telephone and plays it a sound (A-law at 8 kHz); answered when it rings, or with why it does not.
    Listen { at: ListenAt, sound: Vec<u8>, answer: oneshot::Sender<Result<&'static str, String>> },
    /// Everything that this person's console shows, with the number of the last event.
    Snapshot { of: UserId, role: Role, answer: oneshot::Sender<Box<Snapshot>> },
    /// Nothing more is to be done.
    Stop,
}

/// What the brain tells everybody who listens.
///
/// The brain keeps this sender and tells by `events.send(Published::new(event, clock::now().instant))`; an error only
/// means that nobody listens. It never waits: a listener that falls more than [`EVENTS_KEPT`] events behind loses the
/// oldest and is told so (its console loads a snapshot again). Make it with `broadcast::channel(EVENTS_KEPT)`.
pub type Events = broadcast::Sender<Arc<Published>>;

/// Events that wait for the slowest listener.
pub const EVENTS_KEPT: usize = 4096;

/// One event on its way to all consoles: turned into text once, not once for each of them.
#[derive(Debug)]
pub struct Published {
    pub event: Event,
    /// When the brain told it, for the time that a pop takes.
    pub told: Instant,
    full: OnceLock<Arc<str>>,
    brief: OnceLock<Arc<str>>,
}

impl Published {
    /// An event to be sent now.
    #[must_use]
    pub fn new(event: Event, told: Instant) -> Arc<Self> {
        Arc::new(Self { event, told, full: OnceLock::new(), brief: OnceLock::new() })
    }

    /// Its text for those who may see all of it, written by the first who asks.
    pub fn full(&self, write: impl FnOnce(&Event) -> Arc<str>) -> &Arc<str> {
        self.full.get_or_init(|| write(&self.event))
    }

    /// Its text for colleagues, written by the first who asks.
    pub fn brief(&self, write: impl FnOnce(&Event) -> Arc<str>) -> &Arc<str> {
        self.brief.get_or_init(|| write(&self.event))
    }
}
