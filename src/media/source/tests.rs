//! Learning: the SDP's address first, a stranger only where nobody else speaks, and nobody after that.

use std::time::{Duration, Instant};

use super::*;

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

struct World {
    source: Source,
    now: Instant,
}

impl World {
    fn new(named: Option<&str>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        let now = Instant::now();
        Self { source: Source::new(now, named.map(at)), now }
    }

    fn later(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn gets(&mut self, from: &str, ssrc: u32, sequence: u16) -> bool {
        self.source.judge(self.now, at(from), ssrc, sequence, true) == Verdict::Peer
    }

    /// A stream of packets 20 ms apart: how many were taken.
    fn stream(&mut self, from: &str, ssrc: u32, sequences: std::ops::Range<u16>) -> usize {
        sequences
            .filter(|sequence| {
                self.later(20);
                self.gets(from, ssrc, *sequence)
            })
            .count()
    }
}

const NAMED: &str = "192.0.2.1:4000";
const NAT: &str = "198.51.100.7:61000";
const THIEF: &str = "203.0.113.66:4000";

#[test]
fn the_address_of_the_sdp_is_taken_at_its_first_packet_and_locked() {
    let mut world = World::new(Some(NAMED));
    assert_eq!(world.source.destination(), Some(at(NAMED)));
    assert!(world.gets(NAMED, 1, 100));
    assert_eq!(world.stream(THIEF, 1, 101..2_000), 0);
    assert_eq!(world.source.destination(), Some(at(NAMED)));
}

#[test]
fn a_thief_who_speaks_before_and_while_the_peer_speaks_gets_nothing() {
    let mut world = World::new(Some(NAMED));
    assert_eq!(world.stream(THIEF, 9, 0..8), 0);
    assert!(world.gets(NAMED, 1, 0));
    for sequence in 1..3_000 {
        world.later(20);
        assert!(!world.gets(THIEF, 9, sequence + 8));
        assert!(world.gets(NAMED, 1, sequence));
        assert_eq!(world.source.fixed(world.now), Some(at(NAMED)));
    }
}

#[test]
fn a_peer_behind_a_nat_is_learnt_once() {
    let mut world = World::new(Some("10.0.0.5:4000"));
    assert!(world.stream(NAT, 1, 0..30) > 15);
    assert_eq!(world.source.destination(), Some(at(NAT)));
    assert_eq!(world.stream(THIEF, 2, 0..300), 0);
    assert!(world.gets(NAT, 1, 31));
}

#[test]
fn the_address_of_the_sdp_claims_its_place_back_from_a_quick_thief() {
    let mut world = World::new(Some(NAMED));
    assert!(world.stream(THIEF, 9, 0..30) > 0);
    assert!(world.gets(NAMED, 1, 0), "the peer was only late");
    assert_eq!(world.stream(THIEF, 9, 30..500), 0);
    assert_eq!(world.source.destination(), Some(at(NAMED)));
}

#[test]
fn nobody_is_learnt_after_the_window() {
    let mut world = World::new(Some(NAMED));
    world.later(6_001);
    assert_eq!(world.stream(THIEF, 9, 0..500), 0);
    assert!(world.gets(NAMED, 1, 0));
}

#[test]
fn stray_packets_do_not_make_a_stream() {
    let mut world = World::new(None);
    for round in 0..100_u16 {
        world.later(20);
        assert!(!world.gets(THIEF, u32::from(round), 5), "another SSRC each time");
    }
    for round in 0..100_u16 {
        world.later(20);
        assert!(!world.gets(THIEF, 1, round * 50), "no row of sequence numbers");
    }
    assert!(!world.gets(NAT, 1, 5));
}

#[test]
fn when_the_sdp_names_nobody_the_first_stream_is_the_peer() {
    for named in [None, Some("0.0.0.0:4000"), Some("192.0.2.1:0")] {
        let mut world = World::new(named);
        assert_eq!(world.source.destination(), None);
        assert_eq!(world.stream(NAT, 1, 0..10), 8);
        assert_eq!(world.stream(THIEF, 2, 0..100), 0);
    }
}

#[test]
fn after_silence_only_the_same_stream_may_come_from_another_port() {
    const MOVED: &str = "192.0.2.1:61000";
    let mut world = World::new(Some(NAMED));
    assert_eq!(world.stream(NAMED, 0xABCD, 0..100), 100);
    assert_eq!(world.stream(MOVED, 0xABCD, 100..150), 0, "not while the peer speaks");
    world.later(10_000);
    assert_eq!(world.source.fixed(world.now), None, "the socket is freed to hear it");
    assert_eq!(world.stream(MOVED, 7, 100..600), 0, "another stream");
    assert_eq!(world.stream(MOVED, 0xABCD, 0..90), 0, "an old recording of it");
    assert_eq!(world.stream(THIEF, 0xABCD, 100..600), 0, "another host");
    assert!(world.stream(MOVED, 0xABCD, 700..800) > 90, "a NAT has moved the peer");
    assert_eq!(world.source.destination(), Some(at(MOVED)));
    assert_eq!(world.stream(NAMED, 5, 0..100), 0);
}

#[test]
fn reports_are_taken_from_the_peer_alone() {
    let mut world = World::new(Some(NAMED));
    assert!(world.gets(NAMED, 1, 0));
    assert!(world.source.is_peer_rtcp(at("192.0.2.1:4001")));
    assert!(world.source.is_peer_rtcp(at(NAMED)));
    assert!(!world.source.is_peer_rtcp(at("192.0.2.1:4002")));
    assert!(!world.source.is_peer_rtcp(at("203.0.113.66:4001")));
}

#[test]
fn an_address_is_the_same_on_a_dual_stack_socket() {
    let mut world = World::new(Some(NAMED));
    assert!(world.gets("[::ffff:192.0.2.1]:4000", 1, 0));
}
