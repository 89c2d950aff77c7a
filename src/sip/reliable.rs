//! Reliable provisional answers (RFC 3262): repeated until PRACK, one at a time.

use std::time::{Duration, Instant};

use super::message::name::is_space;
use super::message::uri::number;
use super::transaction::Timing;

/// A provisional answer that waits for its PRACK.
#[derive(Debug)]
pub struct Unacknowledged {
    pub rseq: u32,
    pub bytes: Vec<u8>,
    pub has_sdp: bool,
    interval: Duration,
    pub next: Instant,
    ends: Instant,
}

/// What time brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// Send it again.
    Repeat,
    /// Nobody acknowledged it within 64·T1: the call is to be refused.
    GiveUp,
}

impl Unacknowledged {
    #[must_use]
    pub fn new(now: Instant, timing: &Timing, rseq: u32, bytes: Vec<u8>, has_sdp: bool) -> Self {
        Self { rseq, bytes, has_sdp, interval: timing.t1, next: now + timing.t1, ends: now + timing.long() }
    }

    /// Unlike elsewhere, the interval doubles without limit (RFC 3262 section 3).
    pub fn due(&mut self, now: Instant) -> Due {
        if now < self.next {
            return Due::Nothing;
        }
        if now >= self.ends {
            return Due::GiveUp;
        }
        self.interval *= 2;
        self.next = (now + self.interval).min(self.ends);
        Due::Repeat
    }
}

/// RAck: RSeq and CSeq number of the provisional answer that is acknowledged.
#[must_use]
pub fn rack(value: &[u8]) -> Option<(u32, u32)> {
    let mut words = value.split(|byte| is_space(*byte)).filter(|word| !word.is_empty());
    let rseq = number(words.next()?)?;
    let cseq = number(words.next()?)?;
    (words.next()? == b"INVITE" && words.next().is_none()).then_some((rseq, cseq))
}
