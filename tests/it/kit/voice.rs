//! A mouth and an ear: says a pure tone, and tells which tones it hears.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dinetone::machine::{Ids, Now};
use dinetone::media::g711;

/// What is judged: the last 0.4 s.
const WINDOW: usize = 3200;

/// What somebody hears.
#[derive(Default)]
pub struct Ear {
    heard: VecDeque<i16>,
    pub packets: u64,
    /// SSRCs and sequence numbers as they came, to see that one stream goes on.
    pub streams: Vec<u32>,
    last_sequence: Option<u16>,
    pub jumps: u32,
}

impl Ear {
    /// Takes one RTP packet.
    pub fn hear(&mut self, packet: &[u8]) {
        if packet.len() < 13 || !matches!(packet[1] & 0x7f, 0 | 8) {
            return;
        }
        self.packets += 1;
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        if self.streams.last() != Some(&ssrc) {
            self.streams.push(ssrc);
        } else if self.last_sequence.is_some_and(|last| sequence != last.wrapping_add(1)) {
            self.jumps += 1;
        }
        self.last_sequence = Some(sequence);
        let decode = if packet[1] & 0x7f == 8 { g711::alaw_to_linear } else { g711::mulaw_to_linear };
        for byte in &packet[12..] {
            if self.heard.len() == WINDOW {
                self.heard.pop_front();
            }
            self.heard.push_back(decode(*byte));
        }
    }

    pub fn forget(&mut self) {
        self.heard.clear();
    }

    /// Root mean square of what was heard last.
    pub fn loudness(&self) -> f64 {
        let power: f64 = self.heard.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (power / self.heard.len().max(1) as f64).sqrt()
    }

    /// Which part of the power heard is this tone (Goertzel): 1.0 is nothing else.
    pub fn share(&self, tone: f64) -> f64 {
        let length = self.heard.len();
        if length < WINDOW / 2 || self.loudness() < 30.0 {
            return 0.0;
        }
        let turn = 2.0 * (std::f64::consts::TAU * tone / 8000.0).cos();
        let (mut a, mut b) = (0.0, 0.0);
        for &sample in &self.heard {
            (a, b) = (f64::from(sample) + turn * a - b, a);
        }
        let power = a * a + b * b - turn * a * b;
        let total: f64 = self.heard.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (2.0 * power / (length as f64 * total)).min(1.0)
    }
}

/// 20 ms of a tone in A-law, from this sample on.
pub fn tone(frequency: f64, from: u32) -> Vec<u8> {
    (0..160_u32)
        .map(|n| {
            let at = f64::from(from.wrapping_add(n) % 8_000_000) / 8000.0;
            g711::linear_to_alaw((6000.0 * (std::f64::consts::TAU * frequency * at).sin()) as i16)
        })
        .collect()
}

/// A browser's headset: speaks and hears plain RTP.
pub struct Headset {
    pub address: SocketAddr,
    pub to: Option<SocketAddr>,
    pub tone: Option<f64>,
    pub ear: Ear,
    next: Option<Instant>,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
}

impl Headset {
    pub fn new(address: SocketAddr, tone: f64, ids: &mut Ids) -> Self {
        Self {
            address,
            to: None,
            tone: Some(tone),
            ear: Ear::default(),
            next: None,
            sequence: ids.next_u64() as u16,
            timestamp: ids.next_u64() as u32,
            ssrc: ids.next_u64() as u32,
        }
    }

    pub fn connect(&mut self, now: Now, to: SocketAddr) {
        self.to = Some(to);
        self.next = Some(now.instant);
    }

    pub fn disconnect(&mut self) {
        self.next = None;
    }

    pub fn next_packet(&self) -> Option<Instant> {
        self.next
    }

    pub fn packet(&mut self, now: Now) -> Option<(SocketAddr, Vec<u8>)> {
        self.next = Some(now.instant + Duration::from_millis(20));
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        let mut bytes = vec![0x80, 8];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(self.tone.map_or_else(|| vec![0xd5; 160], |frequency| tone(frequency, self.timestamp)));
        Some((self.to?, bytes))
    }
}
