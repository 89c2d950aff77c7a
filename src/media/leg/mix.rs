//! Several parties in one ear: a short queue for each, and their sum with limits at every tick.

use crate::media::clip::FRAME;
use crate::media::g711;
use crate::media::order::{Codec, LegId};

/// Sound that may wait (60 ms); more is left out from its oldest end, so that nobody is heard late for good.
const LONGEST: usize = 3 * FRAME;
/// Sound that waits before it is used (40 ms), at the beginning and after it ran out.
const CUSHION: usize = 2 * FRAME;
const ROOM: usize = 2 * LONGEST;
/// Missing packets that are replaced by silence; after more it begins anew.
const PATCHED: u16 = 2;

/// What one party said and was not heard yet.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) from: LegId,
    codec: Codec,
    /// Sound in the party's own code, from the front on.
    waiting: Box<[u8; ROOM]>,
    length: usize,
    flowing: bool,
}

impl Channel {
    pub(super) fn new(from: LegId) -> Self {
        Self { from, codec: Codec::Pcma, waiting: Box::new([0; ROOM]), length: 0, flowing: false }
    }

    /// Takes a packet's sound, and silence for those that were lost before it.
    pub(super) fn push(&mut self, codec: Codec, payload: &[u8], missing: u16) {
        if codec != self.codec {
            self.codec = codec;
            self.length = 0;
        }
        if self.flowing {
            for _ in 0..missing.min(PATCHED) {
                self.append(None, payload.len());
            }
        }
        self.append(Some(payload), payload.len());
    }

    /// Adds the next 20 ms to the sum; false when there is nothing.
    pub(super) fn add_to(&mut self, sum: &mut [i32; FRAME]) -> bool {
        self.flowing = self.length >= if self.flowing { FRAME } else { CUSHION };
        if !self.flowing {
            return false;
        }
        let linear = match self.codec {
            Codec::Pcma => g711::alaw_to_linear,
            Codec::Pcmu => g711::mulaw_to_linear,
        };
        for (sum, byte) in sum.iter_mut().zip(self.waiting.iter()) {
            *sum += i32::from(linear(*byte));
        }
        self.drop_front(FRAME);
        true
    }

    fn append(&mut self, sound: Option<&[u8]>, length: usize) {
        let length = length.min(LONGEST);
        if self.length + length > LONGEST {
            self.drop_front(self.length + length - LONGEST);
        }
        let into = &mut self.waiting[self.length..self.length + length];
        match sound {
            Some(sound) => into.copy_from_slice(&sound[..length]),
            None => into.fill(g711::silence(self.codec)),
        }
        self.length += length;
    }

    fn drop_front(&mut self, count: usize) {
        let count = count.min(self.length);
        self.waiting.copy_within(count..self.length, 0);
        self.length -= count;
    }
}

/// Writes a sum in the listener's code, cut off where it is too loud.
pub(super) fn write(sum: &[i32; FRAME], codec: Codec, into: &mut [u8]) {
    let code = match codec {
        Codec::Pcma => g711::linear_to_alaw,
        Codec::Pcmu => g711::linear_to_mulaw,
    };
    for (byte, sample) in into.iter_mut().zip(sum) {
        *byte = code((*sample).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16);
    }
}
