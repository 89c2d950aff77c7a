//! Keys towards the party: RFC 4733 events on the leg's own timeline, or tones in the sound.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use crate::media::clip::FRAME;
use crate::media::dtmf::event::Report;
use crate::media::dtmf::{event_of, tone};

/// Keys that may wait; more are left out.
pub(super) const MOST: usize = 64;
/// A key sounds for five frames of 20 ms and rests for five.
const SOUNDS: u8 = 5;
const WHOLE: u8 = 10;
/// The end of an event is said three times (RFC 4733 section 2.5.1.4).
const COPIES: u8 = 3;
/// -10 dBm0.
const VOLUME: u8 = 10;
/// Each of the two tones, about -9 dBm0.
const LOUD: f32 = 8_000.0;

/// What one tick carries of a key.
pub(super) enum Part {
    /// A packet of an event, which began at this timestamp.
    Event { payload: [u8; 4], begins: bool, timestamp: u32 },
    /// Sound instead: a part of the tone, by key and place.
    Tone(char, u8),
    /// The rest between two keys.
    Rest,
}

/// Keys that wait, and the one that is being sent.
#[derive(Debug, Default)]
pub(super) struct Sender {
    waiting: VecDeque<char>,
    /// The key, the tick it has reached, and the timestamp of its beginning.
    sending: Option<(char, u8, u32)>,
}

impl Sender {
    /// Adds keys; gives how many found no place or are none.
    pub(super) fn add(&mut self, keys: &str) -> usize {
        let mut left_out = 0;
        for key in keys.chars() {
            if event_of(key).is_some() && self.waiting.len() < MOST {
                self.waiting.push_back(key.to_ascii_uppercase());
            } else {
                left_out += 1;
            }
        }
        left_out
    }

    pub(super) fn is_busy(&self) -> bool {
        self.sending.is_some() || !self.waiting.is_empty()
    }

    /// The next tick's part; none when all was sent.
    pub(super) fn next(&mut self, by_event: bool, timestamp: u32) -> Option<Part> {
        if self.sending.is_none() {
            self.sending = Some((self.waiting.pop_front()?, 0, timestamp));
        }
        let (key, tick, began) = self.sending.as_mut()?;
        let at = *tick;
        let part = if !by_event && at < SOUNDS {
            Part::Tone(*key, at)
        } else if by_event && at < SOUNDS + COPIES - 1 {
            let duration = u16::from(at.min(SOUNDS - 1) + 1) * FRAME as u16;
            let report = Report { event: event_of(*key)?, end: at >= SOUNDS - 1, volume: VOLUME, duration };
            Part::Event { payload: report.write(), begins: at == 0, timestamp: *began }
        } else {
            Part::Rest
        };
        *tick += 1;
        if *tick == WHOLE {
            self.sending = None;
        }
        Some(part)
    }
}

/// One frame of a key's tone.
pub(super) fn sound(key: char, part: u8) -> [i32; FRAME] {
    let [row, column] = tone::pair(key).unwrap_or([0.0, 0.0]);
    let from = usize::from(part) * FRAME;
    std::array::from_fn(|place| {
        let time = (from + place) as f32 / 8_000.0;
        (LOUD * ((TAU * row * time).sin() + (TAU * column * time).sin())) as i32
    })
}
