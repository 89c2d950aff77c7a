//! Non-INVITE server transaction (RFC 3261 figure 8).

use std::time::Instant;

use super::{Alarms, Reaction, Timer, Timing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// What it is told.
#[derive(Debug)]
pub enum Input {
    /// The request came again.
    Request,
    /// An answer from above, with its status.
    Respond(u16, Vec<u8>),
}

/// The machine.
#[derive(Debug)]
pub struct Server {
    state: State,
    pub alarms: Alarms,
    reliable: bool,
    last: Box<[u8]>,
}

impl Server {
    #[must_use]
    pub fn new(reliable: bool) -> Self {
        Self { state: State::Trying, alarms: Alarms::default(), reliable, last: Box::default() }
    }

    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The latest answer.
    #[must_use]
    pub fn last(&self) -> &[u8] {
        &self.last
    }

    /// The complete reaction table.
    pub fn handle(&mut self, now: Instant, timing: &Timing, input: Input) -> Reaction {
        use {Input::*, State::*};
        match (self.state, input) {
            (Proceeding | Completed, Request) => Reaction::Send,
            (Trying | Proceeding, Respond(100..=199, bytes)) => {
                self.state = Proceeding;
                self.last = bytes.into_boxed_slice();
                Reaction::Send
            }
            (Trying | Proceeding, Respond(_, bytes)) => {
                self.last = bytes.into_boxed_slice();
                self.state = Completed;
                // On a stream the answer cannot be asked for again; a moment later the transaction is gone (timer J is zero).
                self.alarms.start(Timer::J, if self.reliable { now } else { now + timing.long() });
                Reaction::Send
            }
            _ => Reaction::Nothing,
        }
    }

    /// Fires the earliest timer that is due.
    pub fn fire(&mut self, now: Instant) -> Reaction {
        match self.alarms.expire(now) {
            Some(_) => {
                self.state = State::Terminated;
                Reaction::Ended
            }
            None => Reaction::Nothing,
        }
    }
}
