//! What arrives on a call's RTP port, put on one line of time and recognised.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::meter::{Meter, Sound};
use crate::media::clip::FRAME;
use crate::media::rtp;
use crate::voice::{Heard, Recogniser, SoundBook};

/// Jumps of the timestamp beyond this begin a new line of time (frames: ten seconds).
const JUMP: i64 = 500;

/// The hearing side of one call.
pub struct Ear {
    recogniser: Recogniser,
    meter: Meter,
    source: Option<Source>,
    /// Packets that were taken.
    pub packets: u64,
}

struct Source {
    ssrc: u32,
    timestamp: u32,
    /// Frame of that timestamp.
    frame: i64,
    seen: Instant,
    /// When a known clip was last heard.
    voice: Option<Instant>,
}

impl Ear {
    /// For sound in A-law or μ-law.
    #[must_use]
    pub fn new(book: Arc<SoundBook>, mulaw: bool) -> Self {
        Self { recogniser: Recogniser::new(book, mulaw), meter: Meter::default(), source: None, packets: 0 }
    }

    /// Takes a datagram. True when a clip has just been recognised.
    pub fn packet(&mut self, now: Instant, datagram: &[u8]) -> bool {
        if rtp::is_rtcp(datagram) {
            return false;
        }
        let Some(packet) = rtp::read(datagram) else { return false };
        if !matches!(packet.payload_type, 0 | 8) {
            return false;
        }
        self.packets += 1;
        self.meter.push(packet.payload, packet.payload_type == 0);
        let frame = self.place(now, packet.ssrc, packet.timestamp);
        let before = self.latest();
        let new = self.recogniser.frame(frame, packet.payload);
        if (new || self.latest() != before)
            && let Some(source) = &mut self.source
        {
            source.voice = Some(now);
        }
        new
    }

    fn latest(&self) -> i64 {
        self.recogniser.heard().iter().rev().take(4).map(|heard| heard.until).max().unwrap_or(i64::MIN)
    }

    /// The frame of a timestamp; a new source or a jump goes on where the clock stands.
    fn place(&mut self, now: Instant, ssrc: u32, timestamp: u32) -> i64 {
        let clock = self.clock(now);
        let Some(source) = self.source.as_mut() else {
            self.source = Some(Source { ssrc, timestamp, frame: 0, seen: now, voice: None });
            return 0;
        };
        let step = i64::from(timestamp.wrapping_sub(source.timestamp).cast_signed()) / FRAME as i64;
        if source.ssrc != ssrc || step.abs() > JUMP {
            *source = Source { ssrc, timestamp, frame: clock + 1, seen: now, voice: source.voice };
            return source.frame;
        }
        let frame = source.frame + step;
        if step > 0 {
            (source.timestamp, source.frame, source.seen) = (timestamp, frame, now);
        }
        frame
    }

    /// The frame that is due now.
    #[must_use]
    pub fn clock(&self, now: Instant) -> i64 {
        self.source.as_ref().map_or(0, |source| {
            let frames = now.saturating_duration_since(source.seen).as_millis() / 20;
            source.frame + i64::try_from(frames).unwrap_or(i64::MAX / 2)
        })
    }

    /// What the last tenth of a second was like; none when less than that has come since the last look.
    pub fn sound(&mut self) -> Option<Sound> {
        self.meter.take()
    }

    /// How long no known clip was heard; `None` when none was ever heard.
    #[must_use]
    pub fn quiet(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.source.as_ref()?.voice?))
    }

    /// The clips that began at `frame` or later, in the order of their starts.
    #[must_use]
    pub fn since(&self, frame: i64) -> Vec<Heard> {
        self.recogniser.since(frame)
    }

    /// All clips there are.
    #[must_use]
    pub const fn book(&self) -> &Arc<SoundBook> {
        self.recogniser.book()
    }
}
