//! A recording of what the party says: A-law by timestamp, bounded, ended by silence.

use std::time::{Duration, Instant};

use super::g711::{self, Codec};
use super::order::RecordEnd;
use super::quality;

/// No recording is longer, whatever is ordered.
pub const LONGEST: Duration = Duration::from_secs(600);
/// Nothing said at all ends a recording after this at the earliest.
const PATIENCE: Duration = Duration::from_secs(5);
/// A timestamp that leaps further is a new time base, not lost sound.
const LEAP: usize = 2 * 8_000;
/// Speech is louder than this mean size of samples in a quiet room, and never needs more than that.
const QUIETEST: f32 = 100.0;
const LOUDEST: f32 = 1_200.0;
/// Speech lasts; a click does not.
const SPEECH: Duration = Duration::from_millis(60);

/// Sound that is being collected.
#[derive(Debug)]
pub struct Recording {
    audio: Vec<u8>,
    most: usize,
    began: Instant,
    longest: Duration,
    silence: Duration,
    /// Timestamp of the first sample.
    base: Option<u32>,
    /// Slowly rising mean of the quietest frames.
    floor: f32,
    /// Since when it is loud without a break.
    loud_since: Option<Instant>,
    speech: Option<Instant>,
}

impl Recording {
    /// Begins now.
    #[must_use]
    pub fn new(now: Instant, longest: Duration, silence: Duration) -> Self {
        let longest = longest.min(LONGEST);
        Self {
            audio: Vec::new(),
            most: most(longest),
            began: now,
            longest,
            silence,
            base: None,
            floor: QUIETEST,
            loud_since: None,
            speech: None,
        }
    }

    /// Bytes that it may come to.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// Takes an audio packet that is not a copy; late ones find their place.
    pub fn take(&mut self, now: Instant, timestamp: u32, payload: &[u8], codec: Codec) {
        let to_linear = quality::linear_of(codec);
        let base = *self.base.get_or_insert(timestamp);
        let place = timestamp.wrapping_sub(base).cast_signed();
        let end = self.audio.len();
        let place = match usize::try_from(place) {
            Ok(place) if place <= end + LEAP && place + LEAP >= end => place,
            // Before the beginning by a little: reordered at the start.
            Err(_) if place > -(LEAP as i32) => return,
            _ => {
                self.base = Some(timestamp.wrapping_sub(end as u32));
                end
            }
        };
        let last = (place + payload.len()).min(self.most);
        if place >= last {
            return;
        }
        if last > end {
            self.audio.resize(last, g711::ALAW_SILENCE);
        }
        for (into, byte) in self.audio[place..last].iter_mut().zip(payload) {
            *into = if codec == Codec::Pcmu { g711::mulaw_to_alaw(*byte) } else { *byte };
        }
        self.judge(now, quality::level(payload, to_linear) as f32);
    }

    /// Whether it is over.
    #[must_use]
    pub fn ended(&self, now: Instant) -> Option<RecordEnd> {
        let since = |from: Instant| now.saturating_duration_since(from);
        if self.audio.len() >= self.most || since(self.began) >= self.longest {
            return Some(RecordEnd::Full);
        }
        let quiet = match self.speech {
            Some(last) => since(last) >= self.silence,
            None => since(self.began) >= (self.silence * 2).max(PATIENCE),
        };
        quiet.then_some(RecordEnd::Silence)
    }

    /// The sound.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.audio
    }

    fn judge(&mut self, now: Instant, level: f32) {
        let loud = level > (self.floor * 3.0).clamp(QUIETEST, LOUDEST);
        // Down at once, up slowly: a room's noise counts as silence after some seconds, speech with its pauses does not.
        self.floor = if level < self.floor { level } else { self.floor + (level - self.floor) * 0.002 };
        if !loud {
            self.loud_since = None;
            return;
        }
        let since = *self.loud_since.get_or_insert(now);
        if self.speech.is_some() || now.saturating_duration_since(since) >= SPEECH {
            self.speech = Some(now);
        }
    }
}

/// Bytes of a recording of this length.
#[must_use]
pub fn most(longest: Duration) -> usize {
    longest.min(LONGEST).as_millis() as usize * 8
}

#[cfg(test)]
mod tests;
