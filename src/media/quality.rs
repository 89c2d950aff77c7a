//! How well the peer is heard: loss and jitter by RFC 3550, and whether anything is heard at all.

use std::time::{Duration, Instant};

use super::g711::{self, Codec};
use super::rtcp::Heard;

/// After so long without a packet the peer is reported as not heard.
pub const NO_AUDIO: Duration = Duration::from_secs(5);
/// A jump of the sequence further than this is a new beginning (RFC 3550 A.1).
const DROPOUT: u16 = 3_000;
const MISORDER: u16 = 100;
const LATE: u16 = MISORDER.wrapping_neg();
/// Mean size of samples above which there is sound: about -50 dBm0, above the noise of a line.
const SOUND: u32 = 64;

/// Where a packet stands in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The next one, after so many that are missing.
    Next { missing: u16 },
    /// Late: newer ones were here before.
    Late,
    /// Seen already, or not believable.
    Repeated,
    /// The stream began anew.
    Restart,
}

/// Counters of the received stream.
#[derive(Debug, Clone)]
pub struct Quality {
    origin: Instant,
    /// None until the first packet.
    ssrc: Option<u32>,
    base: u32,
    /// Highest sequence number with its wraps.
    highest: u32,
    /// Which of the last 64 numbers were seen; bit 0 is `highest`.
    seen: u64,
    received: u32,
    /// Of streams before this one.
    lost_before: u64,
    odd_one: Option<u16>,
    transit: Option<u32>,
    /// Times 16, as in RFC 3550 A.8.
    jitter: u32,
    expected_reported: u32,
    received_reported: u32,
    /// Sound was heard.
    sound: bool,
}

impl Quality {
    /// Nothing received yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            origin: now,
            ssrc: None,
            base: 0,
            highest: 0,
            seen: 0,
            received: 0,
            lost_before: 0,
            odd_one: None,
            transit: None,
            jitter: 0,
            expected_reported: 0,
            received_reported: 0,
            sound: false,
        }
    }

    /// Counts a packet of the peer.
    pub fn arrived(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        if self.ssrc != Some(ssrc) {
            self.begin(ssrc, sequence);
            return Arrival::Restart;
        }
        let ahead = sequence.wrapping_sub(self.highest as u16);
        match ahead {
            1..DROPOUT => {
                self.highest = self.highest.wrapping_add(u32::from(ahead));
                self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
                self.received = self.received.wrapping_add(1);
                Arrival::Next { missing: ahead - 1 }
            }
            // Behind by up to a hundred: late, or a copy.
            0 | LATE.. => {
                let behind = u32::from(ahead.wrapping_neg());
                let bit = 1_u64.checked_shl(behind).unwrap_or(0);
                // What lies before the first packet or beyond the window cannot be told from a copy.
                if bit == 0 || self.seen & bit != 0 || self.highest.wrapping_sub(self.base) < behind {
                    return Arrival::Repeated;
                }
                self.seen |= bit;
                self.received = self.received.wrapping_add(1);
                Arrival::Late
            }
            // One packet may be a stray; two in a row are a sender that began anew.
            _ if self.odd_one == Some(sequence) => {
                self.begin(ssrc, sequence);
                Arrival::Restart
            }
            _ => {
                self.odd_one = Some(sequence.wrapping_add(1));
                Arrival::Repeated
            }
        }
    }

    /// Takes the timing of an audio packet that is not a copy (RFC 3550 A.8).
    pub fn timed(&mut self, now: Instant, timestamp: u32) {
        let transit = self.units(now).wrapping_sub(timestamp);
        if let Some(last) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(last).cast_signed().unsigned_abs();
            // A jump of more than ten seconds is a new timestamp base, not jitter.
            if difference < 80_000 {
                self.jitter = self.jitter + difference - ((self.jitter + 8) >> 4);
            }
        }
    }

    /// Looks whether there is sound in A-law or μ-law bytes, until some was heard.
    pub fn listen(&mut self, payload: &[u8], to_linear: fn(u8) -> i16) {
        // A silent peer repeats one byte for as long as the call lasts: one of them says it all.
        let is_flat = payload.first().is_some_and(|first| payload.iter().all(|byte| byte == first));
        let told = if is_flat { &payload[..1] } else { payload };
        self.sound = self.sound || level(told, to_linear) > SOUND;
    }

    /// Whether anything but silence was heard.
    #[must_use]
    pub fn heard_sound(&self) -> bool {
        self.sound
    }

    /// SSRC of the peer.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// Extended highest sequence number.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// Jitter in timestamp units.
    #[must_use]
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Packets that never came, over all streams of the leg.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost_before + u64::from(self.lost_now())
    }

    /// Packets of the present stream that never came.
    #[must_use]
    pub fn lost_now(&self) -> u32 {
        self.expected().saturating_sub(self.received)
    }

    /// Share lost since the last call of this, in 1/256 (RFC 3550 A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let expected = self.expected().wrapping_sub(self.expected_reported);
        let received = self.received.wrapping_sub(self.received_reported);
        self.expected_reported = self.expected();
        self.received_reported = self.received;
        let lost = expected.saturating_sub(received);
        if expected == 0 { 0 } else { (u64::from(lost) * 256 / u64::from(expected)).min(255) as u8 }
    }

    /// What a report says of the peer's stream since the last report; nothing before its first packet.
    pub fn heard(&mut self) -> Option<Heard> {
        let fraction_lost = self.fraction_lost();
        let ssrc = self.ssrc?;
        Some(Heard { ssrc, fraction_lost, lost: self.lost_now(), highest: self.highest(), jitter: self.jitter() })
    }

    fn expected(&self) -> u32 {
        if self.ssrc.is_some() { self.highest.wrapping_sub(self.base).wrapping_add(1) } else { 0 }
    }

    fn begin(&mut self, ssrc: u32, sequence: u16) {
        self.lost_before = self.lost();
        self.ssrc = Some(ssrc);
        // One cycle up, so that a late packet before a wrap does not go below zero.
        self.base = 0x1_0000 | u32::from(sequence);
        self.highest = self.base;
        self.seen = 1;
        self.received = 1;
        self.odd_one = None;
        self.transit = None;
        self.expected_reported = 0;
        self.received_reported = 0;
    }

    fn units(&self, now: Instant) -> u32 {
        (now.saturating_duration_since(self.origin).as_micros() * 8 / 1_000) as u32
    }
}

/// Mean size of the samples.
#[must_use]
pub fn level(payload: &[u8], to_linear: fn(u8) -> i16) -> u32 {
    let sum: u64 = payload.iter().map(|byte| u64::from(to_linear(*byte).unsigned_abs())).sum();
    (sum / payload.len().max(1) as u64) as u32
}

/// The table for a codec.
#[must_use]
pub fn linear_of(codec: Codec) -> fn(u8) -> i16 {
    match codec {
        Codec::Pcma => g711::alaw_to_linear,
        Codec::Pcmu => g711::mulaw_to_linear,
    }
}

/// Notices that the peer fell silent altogether.
#[derive(Debug, Clone)]
pub struct Watch {
    last: Instant,
    missed: bool,
    limit: Duration,
}

impl Watch {
    /// Begins to wait.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self::after(now, NO_AUDIO)
    }

    /// Begins to wait; silence of so long is too long.
    #[must_use]
    pub fn after(now: Instant, limit: Duration) -> Self {
        Self { last: now, missed: false, limit }
    }

    /// The peer may be silent until now (hold, a new agreement).
    pub fn rest(&mut self, now: Instant) {
        self.last = now;
    }

    /// A packet came; true when the peer had been missed.
    pub fn heard(&mut self, now: Instant) -> bool {
        self.last = now;
        std::mem::take(&mut self.missed)
    }

    /// How long nothing came, once, when it becomes too long.
    pub fn missing(&mut self, now: Instant) -> Option<Duration> {
        let quiet = now.saturating_duration_since(self.last);
        if self.missed || quiet < self.limit {
            return None;
        }
        self.missed = true;
        Some(quiet)
    }
}

#[cfg(test)]
mod tests;
