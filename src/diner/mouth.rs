//! What a diner sends: silence, speech-like sound and keys, one packet each 20 ms.

use std::collections::VecDeque;
use std::time::Duration;

use crate::media::clip::FRAME;
use crate::media::dtmf::event::Report;
use crate::media::dtmf::event_of;
use crate::media::order::Codec;
use crate::media::{g711, rtp};

/// How long a key is held, and the pause after it (frames of 20 ms).
const HELD: u32 = 5;
const PAUSE: u32 = 4;
/// Frequencies of rows and columns on the keypad.
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYPAD: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// How keys are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeysBy {
    /// RFC 4733 named events.
    #[default]
    Events,
    /// SIP INFO, `application/dtmf-relay`.
    Info,
    /// Tones in the sound.
    Tones,
}

/// What goes out at one tick.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// An RTP packet.
    Packet(Vec<u8>),
    /// A SIP INFO with this body.
    Info(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Key { key: char, frames: u32 },
    Pause(u32),
    Speech(u32),
}

/// The sending side of one call.
#[derive(Debug)]
pub struct Mouth {
    codec: Codec,
    event_type: Option<u8>,
    by: KeysBy,
    acts: VecDeque<Act>,
    /// Frames of the first act that are done.
    done: u32,
    sequence: u16,
    timestamp: u32,
    /// Timestamp at which the running key began.
    pressed: u32,
    ssrc: u32,
    started: bool,
    /// Hums this tone (hertz) whenever it has nothing else to say, as a test of the line.
    hum: Option<u16>,
    /// Samples of the hum so far.
    hummed: u32,
}

impl Mouth {
    /// Speaks `codec`; keys as events need the payload type that was agreed, else they become tones.
    #[must_use]
    pub fn new(codec: Codec, event_type: Option<u8>, by: KeysBy, seed: u64) -> Self {
        let by = if by == KeysBy::Events && event_type.is_none() { KeysBy::Tones } else { by };
        let (ssrc, timestamp, sequence) = (seed as u32, (seed >> 32) as u32, (seed >> 16) as u16);
        Self {
            codec,
            event_type,
            by,
            acts: VecDeque::new(),
            done: 0,
            sequence,
            timestamp,
            pressed: 0,
            ssrc,
            started: false,
            hum: None,
            hummed: 0,
        }
    }

    /// How keys are really sent.
    #[must_use]
    pub const fn keys_by(&self) -> KeysBy {
        self.by
    }

    /// Presses these keys after what is under way; each held for `hold`, 100 ms when not said.
    pub fn press(&mut self, keys: &str, hold: Option<Duration>) {
        let frames = hold.map_or(HELD, frames).max(2);
        for key in keys.chars() {
            self.acts.push_back(Act::Key { key, frames });
            self.acts.push_back(Act::Pause(PAUSE));
        }
    }

    /// Makes sound for so long.
    pub fn speak(&mut self, long: Duration) {
        self.acts.push_back(Act::Speech(frames(long)));
    }

    /// Hums this tone whenever it has nothing else to say; nothing: silence.
    pub fn hum(&mut self, hz: Option<u16>) {
        self.hum = hz;
    }

    /// Whether nothing is left to send but silence or the hum.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.acts.is_empty()
    }

    /// What goes out in this frame of 20 ms.
    pub fn tick(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        let silence = if self.codec == Codec::Pcma { g711::ALAW_SILENCE } else { g711::MULAW_SILENCE };
        match self.acts.front().copied() {
            None => match self.hum {
                Some(hz) => {
                    let start = self.hummed;
                    self.hummed = (start + FRAME as u32) % 8000;
                    let samples = std::array::from_fn(|place| sine(hz, start + place as u32));
                    self.sound(&self.encode(samples), &mut sent);
                }
                None => self.sound(&[silence; FRAME], &mut sent),
            },
            Some(act @ Act::Pause(frames)) => {
                self.sound(&[silence; FRAME], &mut sent);
                self.step(act, frames);
            }
            Some(act @ Act::Speech(frames)) => {
                let samples = std::array::from_fn(|place| speech(self.done * FRAME as u32 + place as u32));
                self.sound(&self.encode(samples), &mut sent);
                self.step(act, frames);
            }
            Some(act @ Act::Key { key, frames }) => {
                match self.by {
                    KeysBy::Events => self.event(key, frames, &mut sent),
                    KeysBy::Tones => {
                        let samples = std::array::from_fn(|place| tone(key, self.done * FRAME as u32 + place as u32));
                        self.sound(&self.encode(samples), &mut sent);
                    }
                    KeysBy::Info => {
                        if self.done == 0 {
                            sent.push(Sent::Info(format!("Signal={key}\r\nDuration={}\r\n", frames * 20)));
                        }
                        self.sound(&[silence; FRAME], &mut sent);
                    }
                }
                self.step(act, frames);
            }
        }
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        sent
    }

    fn step(&mut self, act: Act, frames: u32) {
        self.done += 1;
        if self.done >= frames {
            self.done = 0;
            if self.acts.front() == Some(&act) {
                self.acts.pop_front();
            }
        }
    }

    fn encode(&self, samples: [i16; FRAME]) -> [u8; FRAME] {
        samples.map(|sample| if self.codec == Codec::Pcma { g711::linear_to_alaw(sample) } else { g711::linear_to_mulaw(sample) })
    }

    fn sound(&mut self, payload: &[u8; FRAME], sent: &mut Vec<Sent>) {
        let payload_type = if self.codec == Codec::Pcma { 8 } else { 0 };
        let marker = !std::mem::replace(&mut self.started, true);
        self.packet(marker, payload_type, self.timestamp, payload, sent);
    }

    /// One packet of a named event; the last one three times (RFC 4733 section 2.5.1.4).
    fn event(&mut self, key: char, frames: u32, sent: &mut Vec<Sent>) {
        let (Some(event), Some(payload_type)) = (event_of(key), self.event_type) else { return };
        if self.done == 0 {
            self.pressed = self.timestamp;
        }
        let end = self.done + 1 >= frames;
        let duration = u16::try_from((self.done + 1) * FRAME as u32).unwrap_or(u16::MAX);
        let report = Report { event, end, volume: 10, duration }.write();
        for _ in 0..if end { 3 } else { 1 } {
            self.packet(self.done == 0, payload_type, self.pressed, &report, sent);
        }
    }

    fn packet(&mut self, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8], sent: &mut Vec<Sent>) {
        let mut header = [0; rtp::HEADER];
        rtp::write_header(&mut header, marker, payload_type, self.sequence, timestamp, self.ssrc);
        self.sequence = self.sequence.wrapping_add(1);
        sent.push(Sent::Packet([&header, payload].concat()));
    }
}

fn frames(long: Duration) -> u32 {
    u32::try_from(long.as_millis() / 20).unwrap_or(u32::MAX).max(1)
}

/// Both tones of a key at −10 dBm0 each.
fn tone(key: char, sample: u32) -> i16 {
    let place = KEYPAD.iter().enumerate().find_map(|(row, keys)| keys.iter().position(|known| *known == key).map(|column| (row, column)));
    let Some((row, column)) = place else { return 0 };
    let at = sample as f32 / 8000.0 * std::f32::consts::TAU;
    ((ROWS[row] * at).sin().mul_add(7000.0, (COLUMNS[column] * at).sin() * 7000.0)) as i16
}

/// A steady tone at −12 dBov.
fn sine(hz: u16, sample: u32) -> i16 {
    // Whole seconds are whole swings, so that the angle stays small and exact.
    let swings = f64::from(hz) * f64::from(sample) / 8000.0;
    ((swings.fract() * std::f64::consts::TAU).sin() * 11_600.0) as i16
}

/// Sound with the rhythm of speech that is no key: 440 Hz and a little 1000 Hz, four swells a second.
fn speech(sample: u32) -> i16 {
    let at = sample as f32 / 8000.0 * std::f32::consts::TAU;
    let swell = (4.0 * at).sin().mul_add(0.4, 0.6);
    ((440.0 * at).sin().mul_add(6000.0, (1000.0 * at).sin() * 2000.0) * swell) as i16
}

#[cfg(test)]
mod tests {
    use super::{KeysBy, Mouth, Sent};
    use crate::media::dtmf::event::Report;
    use crate::media::order::Codec;
    use crate::media::rtp;

    /// Payload type, marker, timestamp, payload.
    type Packet = (u8, bool, u32, Vec<u8>);

    /// Everything that is sent until the mouth is idle: packets and the bodies of INFO messages.
    fn say(mouth: &mut Mouth) -> (Vec<Packet>, Vec<String>) {
        let (mut packets, mut infos) = (Vec::new(), Vec::new());
        while !mouth.is_idle() {
            for sent in mouth.tick() {
                match sent {
                    Sent::Packet(bytes) => {
                        let packet = rtp::read(&bytes).expect("is RTP");
                        packets.push((packet.payload_type, packet.marker, packet.timestamp, packet.payload.to_vec()));
                    }
                    Sent::Info(body) => infos.push(body),
                }
            }
        }
        (packets, infos)
    }

    #[test]
    fn c4_a_key_is_an_event_with_three_ends_and_one_timestamp() {
        let mut mouth = Mouth::new(Codec::Pcma, Some(101), KeysBy::Events, 7);
        mouth.press("5#", None);
        let (packets, _) = say(&mut mouth);
        let events: Vec<_> = packets.iter().filter(|packet| packet.0 == 101).collect();
        assert_eq!(events.len(), 14);
        let report = |place: usize| Report::read(&events[place].3).expect("a report");
        assert_eq!((report(0).event, report(0).end, report(0).duration, events[0].1), (5, false, 160, true));
        assert!((4..7).all(|place| report(place).end && report(place).duration == 800 && events[place].2 == events[0].2));
        assert_eq!((report(7).event, events[7].2), (11, events[0].2 + 9 * 160));
    }

    #[test]
    fn c6_without_events_keys_become_tones() {
        let mut mouth = Mouth::new(Codec::Pcmu, None, KeysBy::Events, 7);
        mouth.press("1", None);
        assert_eq!(mouth.keys_by(), KeysBy::Tones);
        let (packets, _) = say(&mut mouth);
        assert!(packets.iter().all(|packet| packet.0 == 0 && packet.3.len() == 160));
        assert!(packets[0].3.iter().any(|byte| *byte != 0xff));
    }

    #[test]
    fn c5_by_info_each_key_is_one_message() {
        let mut mouth = Mouth::new(Codec::Pcma, Some(101), KeysBy::Info, 7);
        mouth.press("1*", None);
        let (packets, infos) = say(&mut mouth);
        assert_eq!(infos, ["Signal=1\r\nDuration=100\r\n", "Signal=*\r\nDuration=100\r\n"]);
        assert_eq!((packets.len(), packets[0].1, packets[1].1), (18, true, false));
    }
}
