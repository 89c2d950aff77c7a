//! The timestamps of what a leg is sent: one line without a step back, whatever is played, relayed or mixed into it.

use crate::media::clip::FRAME;
use crate::media::order::LegId;

const STEP: u32 = FRAME as u32;
/// A source's timestamp that jumps further than this (120 ms), or back, is a new beginning: a pause, another talkspurt.
const JUMP: u32 = 6 * STEP;
/// Further ahead of our own clock than this (120 ms), packets of a burst are left out: they would only make sound late for good.
const AHEAD: i32 = 6 * STEP.cast_signed();
/// Nothing relayed for so long (80 ms, more than the usual jitter), and silence is sent instead.
const DRY: i32 = 4 * STEP.cast_signed();
/// How far a source may lead or lag before our clock follows it, by one unit a packet: two crystals are never alike.
const LEAD: i32 = STEP.cast_signed();
const LAG: i32 = 3 * STEP.cast_signed();

/// The clock of one outgoing stream.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// Moves on with every tick, whether anything is sent or not.
    clock: u32,
    /// Timestamp of the last packet.
    sent: u32,
    /// What stands between a source's timestamps and ours while it is relayed.
    mapping: Option<Mapping>,
    /// Something was relayed since the last packet of our own: the clock is not in step with what was sent.
    loose: bool,
}

#[derive(Debug, Clone, Copy)]
struct Mapping {
    from: LegId,
    ssrc: u32,
    offset: u32,
    last: u32,
}

impl Timeline {
    pub(super) fn new(first: u32) -> Self {
        Self { clock: first, sent: first, mapping: None, loose: false }
    }

    /// 20 ms have passed.
    pub(super) fn tick(&mut self) {
        self.clock = self.clock.wrapping_add(STEP);
    }

    /// The present moment in timestamp units.
    pub(super) fn clock(&self) -> u32 {
        self.clock
    }

    /// Timestamp for a packet that is made at this tick; none when what was relayed has run ahead: the next tick will do.
    pub(super) fn at_tick(&mut self) -> Option<u32> {
        self.mapping = None;
        if self.loose {
            if self.ahead_of_sent() < LEAD / 2 {
                return None;
            }
            self.clock = self.next();
            self.loose = false;
        }
        self.sent = self.clock;
        Some(self.clock)
    }

    /// Whether a relayed source is running, so that this tick needs no packet.
    pub(super) fn is_fed(&self) -> bool {
        self.mapping.is_some() && self.ahead_of_sent() <= DRY
    }

    /// Our timestamp for a source's packet, and whether a talkspurt begins with it; none when it is to be left out.
    pub(super) fn relay(&mut self, from: LegId, ssrc: u32, timestamp: u32) -> Option<(u32, bool)> {
        let running = self
            .mapping
            .filter(|it| it.from == from && it.ssrc == ssrc && (1..=JUMP).contains(&timestamp.wrapping_sub(it.last)))
            .map(|it| it.offset.wrapping_add(timestamp));
        let out = running.unwrap_or_else(|| self.next());
        let lead = out.wrapping_sub(self.clock).cast_signed();
        if lead > AHEAD {
            return None;
        }
        if lead > LEAD {
            self.clock = self.clock.wrapping_add(1);
        } else if lead < -LAG {
            self.clock = self.clock.wrapping_sub(1);
        }
        self.mapping = Some(Mapping { from, ssrc, offset: out.wrapping_sub(timestamp), last: timestamp });
        self.sent = out;
        self.loose = true;
        Some((out, running.is_none()))
    }

    /// The first free timestamp, a whole number of frames behind the last one.
    fn next(&self) -> u32 {
        let frames = (self.ahead_of_sent() + LEAD / 2).div_euclid(LEAD).max(1);
        self.sent.wrapping_add(frames.cast_unsigned() * STEP)
    }

    fn ahead_of_sent(&self) -> i32 {
        self.clock.wrapping_sub(self.sent).cast_signed()
    }
}
