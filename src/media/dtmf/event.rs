//! Key presses as named events (RFC 4733): each press counts once, at the first of its packets that arrives.

use std::time::{Duration, Instant};

/// What the four bytes of a telephone-event payload say (RFC 4733 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub event: u8,
    pub end: bool,
    /// Power in -dBm0, 0 to 63.
    pub volume: u8,
    /// In timestamp units (1/8000 s).
    pub duration: u16,
}

impl Report {
    /// Reads a payload; none when it is cut short. Further reports in one payload are not ours to expect.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [event, flags, high, low, ..] = *payload else { return None };
        Some(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3F, duration: u16::from_be_bytes([high, low]) })
    }

    /// The payload.
    #[must_use]
    pub fn write(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume & 0x3F, high, low]
    }
}

/// A press whose end was never seen is over after so long without a packet.
const OPEN: Duration = Duration::from_millis(120);
/// How long after its last packet a press is remembered, so that late copies do not count. Longer would make keys that are
/// played from a recording, always with the same timestamp, count once.
const FORGET: Duration = Duration::from_secs(1);
const REMEMBERED: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Press {
    timestamp: u32,
    /// Of the newest packet by sequence number.
    sequence: u16,
    duration: u16,
    event: u8,
    ended: bool,
    seen: Instant,
}

/// The receiving side of one leg.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    presses: [Option<Press>; REMEMBERED],
    /// Place of the latest one.
    latest: usize,
}

impl Receiver {
    /// Takes a packet; gives the key when it is the first packet of a press.
    ///
    /// Neither the marker bit nor the volume nor the order of arrival matters; events above 15 are not keys.
    pub fn receive(&mut self, now: Instant, sequence: u16, timestamp: u32, payload: &[u8]) -> Option<char> {
        let report = Report::read(payload)?;
        let key = super::key_of(report.event)?;
        let packet = Press { timestamp, sequence, duration: report.duration, event: report.event, ended: report.end, seen: now };
        if let Some(known) = self.presses.iter_mut().flatten().find(|press| press.is_of(&packet)) {
            if known.restarts_with(&packet) {
                *known = packet;
                return Some(key);
            }
            known.update(&packet);
            return None;
        }
        let goes_on = self.presses[self.latest].is_some_and(|latest| latest.goes_on_with(&packet));
        self.latest = (self.latest + 1) % REMEMBERED;
        self.presses[self.latest] = Some(packet);
        (!goes_on).then_some(key)
    }
}

impl Press {
    /// The timestamp is that of the press's beginning in all of its packets, so together with the event it names the press.
    fn is_of(&self, packet: &Self) -> bool {
        self.timestamp == packet.timestamp && self.event == packet.event && packet.seen.saturating_duration_since(self.seen) <= FORGET
    }

    fn is_older_than(&self, packet: &Self) -> bool {
        packet.sequence.wrapping_sub(self.sequence).cast_signed() > 0
    }

    /// Within one press a newer packet never has a shorter duration; where it has, the sender forgot to move the timestamp.
    fn restarts_with(&self, packet: &Self) -> bool {
        self.is_older_than(packet) && !packet.ended && packet.duration < self.duration
    }

    fn update(&mut self, packet: &Self) {
        self.seen = packet.seen;
        self.ended |= packet.ended;
        if self.is_older_than(packet) {
            self.sequence = packet.sequence;
            self.duration = packet.duration;
        }
    }

    /// Whether a packet with another timestamp is still of this press.
    fn goes_on_with(&self, packet: &Self) -> bool {
        let offset = packet.timestamp.wrapping_sub(self.timestamp);
        let quiet = packet.seen.saturating_duration_since(self.seen);
        if self.event != packet.event || quiet > FORGET {
            return false;
        }
        // A press longer than the duration field can say goes on in a new segment (RFC 4733 section 2.5.1.3).
        if !self.ended && offset == 0xFFFF && self.duration > 0xFFFF - 8_000 {
            return true;
        }
        if quiet > OPEN || offset == 0 || offset > u32::from(self.duration) {
            return false;
        }
        // A second press cannot begin before the first is over: this sender moves the timestamp with each packet.
        match (self.ended, packet.ended) {
            (true, false) => false,
            (true, true) => offset < u32::from(self.duration),
            (false, _) => offset < u32::from(self.duration) || packet.duration > self.duration,
        }
    }
}

#[cfg(test)]
mod tests;
