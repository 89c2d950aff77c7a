//! The timers of RFC 3261 by their letters, and the times they are made of.

use std::time::{Duration, Instant};

/// T1, T2 and T4 (RFC 3261 section 17.1.1.1).
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

impl Timing {
    /// 64·T1, how long anything is waited for.
    #[must_use]
    pub fn long(&self) -> Duration {
        self.t1 * 64
    }

    /// The next interval of a retransmission that is capped at T2.
    #[must_use]
    pub fn doubled(&self, interval: Duration) -> Duration {
        (interval * 2).min(self.t2)
    }
}

/// The timers by their letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    A,
    B,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    L,
    M,
}

/// The two timers that a transaction has at most, without a heap allocation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alarms {
    running: [Option<(Timer, Instant)>; 2],
}

impl Alarms {
    /// Starts or restarts `timer`.
    pub fn start(&mut self, timer: Timer, at: Instant) {
        self.stop(timer);
        if let Some(place) = self.running.iter_mut().find(|place| place.is_none()) {
            *place = Some((timer, at));
        }
    }

    /// Stops `timer` if it runs.
    pub fn stop(&mut self, timer: Timer) {
        for place in &mut self.running {
            if place.is_some_and(|(name, _)| name == timer) {
                *place = None;
            }
        }
    }

    /// Stops both.
    pub fn stop_all(&mut self) {
        self.running = [None; 2];
    }

    /// The earlier deadline.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.running.iter().flatten().map(|(_, at)| *at).min()
    }

    /// Takes out the earlier timer that is due.
    pub fn expire(&mut self, now: Instant) -> Option<Timer> {
        let (timer, _) = self.running.iter().flatten().filter(|(_, at)| *at <= now).min_by_key(|(_, at)| *at).copied()?;
        self.stop(timer);
        Some(timer)
    }
}
