//! What a packet costs in memory once its call is up: nothing.

use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::machine::Ids;
use crate::media::clip::{Clip, ClipBytes, FRAME, Piece};
use crate::media::g711::ALAW_SILENCE;
use crate::media::order::{Codec, LegPlan, PlayId};
use crate::media::rtp::{HEADER, PACKET};

const CALLER: LegId = LegId(1);
const AGENT: LegId = LegId(2);
const BOSS: LegId = LegId(3);
const EVENTS: u8 = 101;

struct World {
    hall: Hall,
    now: Now,
    reports: Reports,
    sequence: u16,
    sent: u64,
    keys: u64,
}

impl World {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        let now = Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        let mut world = Self { hall: Hall::default(), now, reports: Reports::with_capacity(64), sequence: 0, sent: 0, keys: 0 };
        let mut ids = Ids::seeded(9);
        for (leg, codec) in [(CALLER, Codec::Pcma), (AGENT, Codec::Pcma), (BOSS, Codec::Pcmu)] {
            let plan = LegPlan { event_type: Some(EVENTS), remote: Some(address(leg)), ..LegPlan::of(codec) };
            world.hall.open(Leg::new(now, leg, plan, &mut ids)).unwrap();
        }
        world
    }

    fn does(&mut self, order: MediaOrder) {
        self.hall.obey(self.now, order, &mut self.reports);
    }

    /// Each party says one packet and hears one in every 20 ms; the caller presses a key in every quarter of a second.
    fn runs(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 20 {
            self.now = self.now.after(Duration::from_millis(20));
            self.sequence = self.sequence.wrapping_add(1);
            for (leg, payload_type) in [(CALLER, 8), (AGENT, 8), (BOSS, 0)] {
                let mut packet = [ALAW_SILENCE; PACKET];
                let mut length = PACKET;
                let pressed = leg == CALLER && self.sequence.is_multiple_of(12);
                if pressed {
                    packet[HEADER..HEADER + 4].copy_from_slice(&[5, 0x8A, 0, 160]);
                    length = HEADER + 4;
                }
                let (kind, timestamp) = (if pressed { EVENTS } else { payload_type }, u32::from(self.sequence) * 160);
                rtp::write_header(packet.first_chunk_mut().unwrap(), false, kind, self.sequence, timestamp, leg.0 as u32);
                let (place, sent) = (self.hall.place(leg).unwrap(), &mut self.sent);
                self.hall.receive(self.now, place, address(leg), &mut packet[..length], &mut self.reports, &mut |_, _, _| *sent += 1);
                self.hall.tick(self.now, place, &mut self.reports, &mut |_, _, _| *sent += 1);
                self.keys += self.reports.len() as u64;
                self.reports.clear();
            }
        }
    }

    /// How often memory was asked for in ten seconds, after one second in which each party has become known; and that they were full
    /// of packets and keys.
    #[track_caller]
    fn asks_for_memory(&mut self) -> u64 {
        self.runs(Duration::from_secs(1));
        (self.sent, self.keys) = (0, 0);
        let asked = allocation_counter::measure(|| self.runs(Duration::from_secs(10))).count_total;
        assert!(self.sent >= 500 && self.keys >= 40, "{} packets, {} keys", self.sent, self.keys);
        asked
    }
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000 + leg.0 as u16 * 2))
}

/// C9: a call in the menu, a call with an agent, and three who talk with each other cost no memory by the packet.
#[test]
fn c9_no_packet_asks_for_memory() {
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(Box::new(1_u64)))).count_total, 1, "what is asked for is counted");
    let mut world = World::new();
    let music: Arc<[Piece]> = [Piece::Clip(Arc::new(Clip::new("music", ClipBytes::Static(&[0x11; FRAME * 7]))))].into();
    world.does(MediaOrder::Play { leg: CALLER, play: PlayId(1), pieces: music, repeat: true });
    assert_eq!(world.asks_for_memory(), 0, "in the menu");
    world.does(MediaOrder::Stop { leg: CALLER });
    world.does(MediaOrder::Hear { leg: CALLER, from: [AGENT].into() });
    world.does(MediaOrder::Hear { leg: AGENT, from: [CALLER].into() });
    assert_eq!(world.asks_for_memory(), 0, "with an agent");
    for (leg, others) in [(CALLER, [AGENT, BOSS]), (AGENT, [CALLER, BOSS]), (BOSS, [CALLER, AGENT])] {
        world.does(MediaOrder::Hear { leg, from: others.into() });
    }
    assert_eq!(world.asks_for_memory(), 0, "three with each other");
}
