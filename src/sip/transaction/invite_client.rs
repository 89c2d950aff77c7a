//! INVITE client transaction (RFC 3261 figure 5, with the Accepted state of RFC 6026 figure 6).

use std::time::{Duration, Instant};

use super::{Alarms, Reaction, Timer, Timing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct InviteClient {
    state: State,
    pub alarms: Alarms,
    reliable: bool,
    resend_after: Duration,
    request: Box<[u8]>,
}

impl InviteClient {
    /// Begins in Calling; the request is to be transmitted by the caller of this.
    #[must_use]
    pub fn new(now: Instant, timing: &Timing, reliable: bool, request: Vec<u8>) -> Self {
        let mut alarms = Alarms::default();
        if !reliable {
            alarms.start(Timer::A, now + timing.t1);
        }
        alarms.start(Timer::B, now + timing.long());
        Self { state: State::Calling, alarms, reliable, resend_after: timing.t1, request: request.into_boxed_slice() }
    }

    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether a final answer is still awaited.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    /// The INVITE itself, from which ACK and CANCEL are made.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes the status of a response.
    pub fn handle(&mut self, now: Instant, timing: &Timing, status: u16) -> Reaction {
        use State::*;
        match (self.state, status) {
            (Calling | Proceeding, 100..=199) => {
                self.enter(Proceeding, now, timing);
                Reaction::PassUp
            }
            (Calling | Proceeding, 200..=299) => {
                self.enter(Accepted, now, timing);
                Reaction::PassUp
            }
            (Calling | Proceeding, _) => {
                self.enter(Completed, now, timing);
                Reaction::AckAndPassUp
            }
            (Completed, 300..) => Reaction::Ack,
            (Accepted, 200..=299) => Reaction::PassUp,
            _ => Reaction::Nothing,
        }
    }

    /// A CANCEL was sent: the wait for an answer begins anew, but ends (RFC 3261 section 9.1).
    pub fn give_up_after(&mut self, now: Instant, timing: &Timing) {
        if self.state == State::Proceeding {
            self.alarms.start(Timer::B, now + timing.long());
        }
    }

    /// Fires the earliest timer that is due.
    pub fn fire(&mut self, now: Instant, timing: &Timing) -> Reaction {
        match self.alarms.expire(now) {
            Some(Timer::A) => {
                self.resend_after *= 2;
                self.alarms.start(Timer::A, now + self.resend_after);
                Reaction::Send
            }
            Some(Timer::B) => {
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

    fn enter(&mut self, state: State, now: Instant, timing: &Timing) {
        if self.state == state {
            return;
        }
        self.alarms.stop_all();
        self.state = state;
        match state {
            State::Calling | State::Proceeding | State::Terminated => {}
            // On a stream timer D is zero, which fires at once.
            State::Completed => self.alarms.start(Timer::D, if self.reliable { now } else { now + timing.long() }),
            State::Accepted => self.alarms.start(Timer::M, now + timing.long()),
        }
    }
}
