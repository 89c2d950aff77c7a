//! The machine over all queues and agents.

use std::collections::VecDeque;
use std::time::Instant;

use super::io::{AcdInput, AcdOutput};
use super::settings::Settings;
use crate::command::Refusal;
use crate::domain::{QueueId, UserId};
use crate::event::{AgentView, QueuesView};
use crate::machine::{Ids, Machine, Now};

/// All queues and all agents.
#[derive(Debug)]
pub struct Acd {
    settings: Settings,
    out: VecDeque<AcdOutput>,
}

impl Acd {
    /// Empty queues, nobody signed on.
    #[must_use]
    pub fn new(settings: Settings, _ids: Ids, _now: Now) -> Self {
        Self { settings, out: VecDeque::new() }
    }

    /// Whether this input makes sense now; otherwise why not. Wishes of people are checked before they are handed in.
    ///
    /// # Errors
    /// The reason, when `handle` would change nothing.
    pub fn check(&self, _input: &AcdInput) -> Result<(), Refusal> {
        Ok(())
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// One agent, as consoles draw them; `None` when not signed on.
    #[must_use]
    pub fn agent(&self, _agent: &UserId) -> Option<AgentView> {
        None
    }

    /// All agents who are signed on.
    pub fn agents(&self) -> impl Iterator<Item = AgentView> + '_ {
        std::iter::empty()
    }

    /// The waiting lines.
    #[must_use]
    pub fn queues(&self, _now: Now) -> QueuesView {
        QueuesView::default()
    }

    /// The queue in which this call waits (offered or not).
    #[must_use]
    pub fn waits_in(&self, _call: u64) -> Option<&QueueId> {
        None
    }
}

impl Machine for Acd {
    type Input = AcdInput;
    type Output = AcdOutput;

    fn handle(&mut self, _now: Now, _input: AcdInput) {}

    fn handle_timeout(&mut self, _now: Now) {}

    fn poll(&mut self) -> Option<AcdOutput> {
        self.out.pop_front()
    }

    fn next_deadline(&self) -> Option<Instant> {
        None
    }
}
