//! INVITE server transaction (RFC 3261 figure 7, with the Accepted state of RFC 6026 figure 5).

use std::time::{Duration, Instant};

use super::{Alarms, Reaction, Timer, Timing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Proceeding,
    Completed,
    Accepted,
    Confirmed,
    Terminated,
}

/// What it is told.
#[derive(Debug)]
pub enum Input {
    /// The INVITE came again.
    Invite,
    /// An ACK that matches the transaction.
    Ack,
    /// An answer from above, with its status.
    Respond(u16, Vec<u8>),
}

/// The machine.
#[derive(Debug)]
pub struct InviteServer {
    state: State,
    pub alarms: Alarms,
    reliable: bool,
    resend_after: Duration,
    last: Box<[u8]>,
}

impl InviteServer {
    /// Begins in Proceeding; `reliable` is a stream, where nothing is repeated.
    #[must_use]
    pub fn new(reliable: bool) -> Self {
        Self { state: State::Proceeding, alarms: Alarms::default(), reliable, resend_after: Duration::ZERO, last: Box::default() }
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
            (Proceeding | Completed, Invite) if !self.last.is_empty() => Reaction::Send,
            (Proceeding, Respond(100..=199, bytes)) => self.send(bytes),
            (Proceeding, Respond(200..=299, bytes)) => {
                // Repetitions of a 2xx are the dialog's business, so it is not kept here (RFC 6026 section 7.1).
                self.enter(Accepted, now, timing);
                self.last = bytes.into_boxed_slice();
                Reaction::Send
            }
            (Proceeding, Respond(_, bytes)) => {
                self.enter(Completed, now, timing);
                self.send(bytes)
            }
            (Completed, Ack) => {
                self.enter(Confirmed, now, timing);
                if self.state == Terminated { Reaction::Ended } else { Reaction::Nothing }
            }
            (Accepted, Ack) => Reaction::PassUp,
            _ => Reaction::Nothing,
        }
    }

    /// Lets go of the answer once it is no longer needed.
    pub fn forget(&mut self) {
        if self.state == State::Accepted {
            self.last = Box::default();
        }
    }

    /// Fires the earliest timer that is due.
    pub fn fire(&mut self, now: Instant, timing: &Timing) -> Reaction {
        match self.alarms.expire(now) {
            Some(Timer::G) => {
                self.resend_after = timing.doubled(self.resend_after);
                self.alarms.start(Timer::G, now + self.resend_after);
                Reaction::Send
            }
            Some(Timer::H) => {
                self.enter(State::Terminated, now, timing);
                Reaction::TimedOut
            }
            Some(_) => {
                self.enter(State::Terminated, now, timing);
                Reaction::Ended
            }
            None => Reaction::Nothing,
        }
    }

    fn send(&mut self, bytes: Vec<u8>) -> Reaction {
        self.last = bytes.into_boxed_slice();
        Reaction::Send
    }

    fn enter(&mut self, state: State, now: Instant, timing: &Timing) {
        self.alarms.stop_all();
        self.state = state;
        match state {
            State::Proceeding | State::Terminated => {}
            State::Completed => {
                self.resend_after = timing.t1;
                if !self.reliable {
                    self.alarms.start(Timer::G, now + timing.t1);
                }
                self.alarms.start(Timer::H, now + timing.long());
            }
            State::Accepted => self.alarms.start(Timer::L, now + timing.long()),
            State::Confirmed => {
                self.last = Box::default();
                if self.reliable {
                    self.state = State::Terminated;
                } else {
                    self.alarms.start(Timer::I, now + timing.t4);
                }
            }
        }
    }
}
