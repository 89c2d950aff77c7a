//! A diner's telephone: a SIP user agent with sound and keys, as the carrier's side of a trunk.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dinetone::machine::{Ids, Now};
use dinetone::sip::endpoint::Endpoint;
use dinetone::sip::event::DialogId;

use super::voice::{Ear, tone};

/// How this telephone sends its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysBy {
    Event,
    Info,
}

/// Where its call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A telephone that is called, not one that calls.
    Idle,
    Ringing,
    Calling,
    Up,
    Over(String),
}

/// One telephone.
pub struct Phone {
    pub sip: Endpoint,
    pub dialog: DialogId,
    pub address: SocketAddr,
    pub sound: SocketAddr,
    pub peer_sound: Option<SocketAddr>,
    pub line: Line,
    pub keys_by: KeysBy,
    pub event_type: Option<u8>,
    pub heard_packets: u64,
    pub silent: bool,
    pub speaks: bool,
    /// The tone that it says while it speaks; every telephone has its own.
    pub tone: f64,
    pub ear: Ear,
    /// It calls us; the others are called.
    pub calls: bool,
    /// The SIP that it was told and that it said, newest last.
    pub told: Vec<String>,
    pub said: Vec<String>,
    /// What the caller of a ringing telephone offers.
    pub offered: Option<dinetone::sip::sdp::Session>,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    /// RTP events that are to be sent: the frames of one press, 20 ms apart.
    events: VecDeque<Vec<u8>>,
    next_packet: Option<Instant>,
}

impl Phone {
    pub fn new(sip: Endpoint, dialog: DialogId, address: SocketAddr, sound: SocketAddr, keys_by: KeysBy, ids: &mut Ids) -> Self {
        Self {
            sip,
            dialog,
            address,
            sound,
            peer_sound: None,
            line: Line::Calling,
            keys_by,
            event_type: None,
            heard_packets: 0,
            silent: false,
            speaks: false,
            tone: 400.0,
            ear: Ear::default(),
            calls: true,
            told: Vec::new(),
            said: Vec::new(),
            offered: None,
            sequence: ids.next_u64() as u16,
            timestamp: ids.next_u64() as u32,
            ssrc: ids.next_u64() as u32,
            events: VecDeque::new(),
            next_packet: None,
        }
    }

    /// Sound begins to flow.
    pub fn connected(&mut self, now: Now, peer: Option<SocketAddr>, event_type: Option<u8>) {
        self.peer_sound = peer;
        self.event_type = event_type;
        self.next_packet = Some(now.instant);
    }

    pub fn next_packet(&self) -> Option<Instant> {
        self.next_packet.filter(|_| self.line == Line::Up && !self.silent)
    }

    /// One press by RFC 4733: 100 ms, three end packets, then 60 ms of pause.
    pub fn press(&mut self, key: char) {
        let event = match key {
            '*' => 10,
            '#' => 11,
            digit => digit as u8 - b'0',
        };
        for frame in 1..=8_u16 {
            let (end, length) = if frame <= 5 { (0, frame * 160) } else { (0x80, 800) };
            let mut payload = vec![event, end | 10];
            payload.extend(length.to_be_bytes());
            payload.push(u8::from(frame == 1));
            self.events.push_back(payload);
        }
        for _ in 0..3 {
            self.events.push_back(Vec::new());
        }
    }

    pub fn pressing(&self) -> bool {
        !self.events.is_empty()
    }

    /// The packet of this 20 ms.
    pub fn packet(&mut self, now: Now) -> Option<(SocketAddr, Vec<u8>)> {
        self.next_packet = Some(now.instant + Duration::from_millis(20));
        let to = self.peer_sound?;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        let event = self.events.pop_front().filter(|payload| !payload.is_empty());
        let (payload_type, timestamp, payload) = match (event, self.event_type) {
            (Some(mut payload), Some(event_type)) => {
                payload.pop();
                let length = u16::from_be_bytes([payload[2], payload[3]]);
                // All packets of one press carry the timestamp of its beginning; end packets do not move it on.
                let back = if payload[1] & 0x80 == 0 { u32::from(length) } else { self.press_age() };
                (event_type, self.timestamp.wrapping_sub(back), payload)
            }
            _ if self.speaks => (8, self.timestamp, tone(self.tone, self.timestamp)),
            _ => (8, self.timestamp, vec![0xd5; 160]),
        };
        let mut bytes = vec![0x80, payload_type];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(payload);
        Some((to, bytes))
    }

    /// How long ago the press began whose end packets are being sent: 5 frames, and one more for each end packet sent.
    fn press_age(&self) -> u32 {
        let ends_left = self.events.iter().take_while(|payload| !payload.is_empty()).count() as u32;
        160 * (8 - ends_left)
    }
}
