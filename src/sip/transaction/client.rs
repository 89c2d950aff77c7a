//! Non-INVITE client transaction (RFC 3261 figure 6).

use std::time::{Duration, Instant};

use super::{Alarms, Reaction, Timer, Timing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct Client {
    state: State,
    pub alarms: Alarms,
    reliable: bool,
    resend_after: Duration,
    request: Box<[u8]>,
}

impl Client {
    /// Begins in Trying; the request is to be transmitted by the caller of this. `patience` is timer F, 64·T1 as a rule.
    #[must_use]
    pub fn new(now: Instant, timing: &Timing, reliable: bool, patience: Duration, request: Vec<u8>) -> Self {
        let mut alarms = Alarms::default();
        if !reliable {
            alarms.start(Timer::E, now + timing.t1);
        }
        alarms.start(Timer::F, now + patience);
        Self { state: State::Trying, alarms, reliable, resend_after: timing.t1, request: request.into_boxed_slice() }
    }

    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether a final answer is still awaited.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
    }

    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes the status of a response.
    pub fn handle(&mut self, now: Instant, timing: &Timing, status: u16) -> Reaction {
        use State::*;
        match (self.state, status) {
            (Trying | Proceeding, 100..=199) => {
                self.state = Proceeding;
                Reaction::PassUp
            }
            (Trying | Proceeding, _) => {
                self.state = Completed;
                self.request = Box::default();
                self.alarms.stop_all();
                self.alarms.start(Timer::K, if self.reliable { now } else { now + timing.t4 });
                Reaction::PassUp
            }
            _ => Reaction::Nothing,
        }
    }

    /// Fires the earliest timer that is due.
    pub fn fire(&mut self, now: Instant, timing: &Timing) -> Reaction {
        match self.alarms.expire(now) {
            Some(Timer::E) => {
                // In Proceeding the interval is T2 at once (RFC 3261 section 17.1.2.2).
                self.resend_after = if self.state == State::Proceeding { timing.t2 } else { timing.doubled(self.resend_after) };
                self.alarms.start(Timer::E, now + self.resend_after);
                Reaction::Send
            }
            Some(Timer::F) => {
                self.alarms.stop_all();
                self.state = State::Terminated;
                Reaction::TimedOut
            }
            Some(_) => {
                self.state = State::Terminated;
                Reaction::Ended
            }
            None => Reaction::Nothing,
        }
    }
}
