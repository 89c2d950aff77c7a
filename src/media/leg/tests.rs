//! One leg in virtual time: pace and continuity, keys, recordings, strangers, silence and true reports.

use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::media::clip::{Clip, ClipBytes};
use crate::media::dtmf::event::Report;
use crate::media::dtmf::{event_of, tone};
use crate::media::g711::{ALAW_SILENCE, MULAW_SILENCE};
use crate::media::rtp::PACKET;

const PEER: &str = "192.0.2.1:4000";
const THIEF: &str = "203.0.113.66:4000";

/// A leg and its peer.
struct World {
    leg: Leg,
    now: Now,
    reports: Reports,
    sequence: u16,
    timestamp: u32,
}

#[derive(Debug, PartialEq, Eq)]
struct Sent {
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    first: u8,
}

fn plan(event_type: Option<u8>) -> LegPlan {
    LegPlan { event_type, remote: Some(PEER.parse().unwrap()), ..LegPlan::of(Codec::Pcma) }
}

fn clip(byte: u8, frames: usize) -> Piece {
    Piece::Clip(Arc::new(Clip::new("test", ClipBytes::Shared(vec![byte; frames * FRAME].into()))))
}

fn voice(byte: u8) -> Vec<u8> {
    vec![byte; FRAME]
}

impl World {
    fn new(plan: LegPlan) -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        let now = Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        let leg = Leg::new(now, LegId(7), plan, &mut Ids::seeded(3));
        Self { leg, now, reports: Reports::new(), sequence: 60_000, timestamp: 1_000 }
    }

    /// 20 ms pass.
    fn tick(&mut self) -> Option<Sent> {
        self.now = self.now.after(Duration::from_millis(20));
        let mut packet = [0; ROOM];
        let (length, _) = self.leg.tick(self.now, &mut packet, &mut self.reports)?;
        let read = rtp::read(&packet[..length]).unwrap();
        assert_eq!(read.payload.len(), FRAME);
        assert!(read.payload.iter().all(|byte| *byte == read.payload[0]));
        let rtp::Packet { marker, payload_type, sequence, timestamp, ssrc, payload } = read;
        Some(Sent { marker, payload_type, sequence, timestamp, ssrc, first: payload[0] })
    }

    fn ticks(&mut self, count: usize) -> Vec<Sent> {
        (0..count).filter_map(|_| self.tick()).collect()
    }

    fn packet(&mut self, payload_type: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; HEADER];
        let header = packet.first_chunk_mut::<HEADER>().unwrap();
        rtp::write_header(header, false, payload_type, self.sequence, self.timestamp, 99);
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    fn receives(&mut self, from: &str, packet: &[u8]) -> bool {
        self.leg.receive(self.now, from.parse().unwrap(), &mut packet.to_vec(), &mut self.reports).ours
    }

    /// The peer sends this sound, packet by packet, while time passes.
    fn says(&mut self, sound: &[u8]) {
        for payload in sound.chunks(FRAME) {
            self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
            let packet = self.packet(8, payload);
            self.receives(PEER, &packet);
            self.tick();
        }
    }

    fn presses(&mut self, key: char, from: &str) {
        self.timestamp = self.timestamp.wrapping_add(1_600);
        for step in 1..=8_u16 {
            let report = Report { event: event_of(key).unwrap(), end: step > 5, volume: 10, duration: step.min(6) * 160 };
            let packet = self.packet(101, &report.write());
            self.receives(from, &packet);
        }
    }

    fn keys(&mut self) -> String {
        self.reports.drain(..).filter_map(|report| if let MediaReport::Key { key, .. } = report { Some(key) } else { None }).collect()
    }
}

fn summary(sent: &[Sent]) -> Vec<(u8, usize)> {
    let mut runs: Vec<(u8, usize)> = Vec::new();
    for packet in sent {
        match runs.last_mut() {
            Some((byte, count)) if *byte == packet.first => *count += 1,
            _ => runs.push((packet.first, 1)),
        }
    }
    runs
}

fn assert_continuous(sent: &[Sent]) {
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

#[test]
fn c3_one_stream_across_silences_and_plays() {
    let mut world = World::new(plan(None));
    let mut sent = world.ticks(3);
    world.leg.play(PlayId(1), [clip(1, 3), Piece::Gap(2), clip(2, 1)].into(), false);
    sent.extend(world.ticks(7));
    assert!(matches!(world.reports.pop_front(), Some(MediaReport::Played { play: PlayId(1), .. })));
    world.leg.play(PlayId(2), [clip(3, 100)].into(), false);
    sent.extend(world.ticks(2));
    world.leg.play(PlayId(3), [clip(4, 100)].into(), false);
    sent.extend(world.ticks(2));
    world.leg.stop();
    sent.extend(world.ticks(2));
    assert!(world.reports.is_empty(), "nothing is reported for what was cut");
    assert_continuous(&sent);
    let s = ALAW_SILENCE;
    assert_eq!(summary(&sent), [(s, 3), (1, 3), (s, 2), (2, 1), (s, 1), (3, 2), (4, 2), (s, 2)]);
    let marked: Vec<usize> = sent.iter().enumerate().filter(|(_, packet)| packet.marker).map(|(place, _)| place).collect();
    assert_eq!(marked, [0, 3, 10], "the beginning, and each play after silence");
    assert!(sent.iter().all(|packet| packet.payload_type == 8));
}

#[test]
fn a_repeated_play_goes_on_and_an_empty_one_is_over_at_once() {
    let mut world = World::new(plan(None));
    world.leg.play(PlayId(1), [clip(1, 1), Piece::Gap(0), clip(2, 1)].into(), true);
    let sent = world.ticks(5);
    assert_eq!(summary(&sent), [(1, 1), (2, 1), (1, 1), (2, 1), (1, 1)]);
    for (play, pieces, repeat) in [(2, vec![], false), (3, vec![Piece::Gap(0)], true), (4, vec![], true)] {
        world.leg.play(PlayId(play), pieces.into(), repeat);
        world.tick();
        assert!(matches!(world.reports.pop_front(), Some(MediaReport::Played { play: over, .. }) if over == PlayId(play)));
    }
}

#[test]
fn c3_mulaw_legs_get_mulaw() {
    let mut world = World::new(LegPlan { codec: Codec::Pcmu, payload_type: 0, ..plan(None) });
    world.leg.play(PlayId(1), [clip(0x2A, 1)].into(), false);
    let sent = world.ticks(2);
    assert_eq!((sent[0].first, sent[1].first), (g711::alaw_to_mulaw(0x2A), MULAW_SILENCE));
    assert!(sent.iter().all(|packet| packet.payload_type == 0));
}

#[test]
fn c3_hold_pauses_what_is_played_and_resume_goes_on_with_the_same_stream() {
    let mut world = World::new(plan(None));
    world.leg.play(PlayId(1), [clip(1, 10)].into(), false);
    let before = world.ticks(4);
    world.leg.change(world.now, LegPlan { send: false, receive: false, ..plan(None) });
    assert!(world.ticks(1_000).is_empty());
    assert!(world.reports.is_empty(), "neither played nor missing while held");
    world.leg.change(world.now, plan(None));
    let after = world.ticks(7);
    assert_eq!(summary(&after), [(1, 6), (ALAW_SILENCE, 1)]);
    assert!(after[0].marker);
    assert_eq!(after[0].sequence, before[3].sequence.wrapping_add(1));
    assert_eq!(after[0].timestamp, before[3].timestamp.wrapping_add(160 * 1_001));
    assert_eq!(after[0].ssrc, before[3].ssrc);
}

#[test]
fn nothing_is_sent_before_an_address_is_known() {
    let mut world = World::new(LegPlan { remote: None, ..plan(None) });
    assert_eq!(world.tick(), None);
    for _ in 0..4 {
        let packet = world.packet(8, &voice(1));
        world.receives(PEER, &packet);
    }
    assert!(world.tick().is_some());
}

#[test]
fn i1_c4_keys_are_told_once_and_a_strangers_never() {
    let mut world = World::new(plan(Some(101)));
    world.says(&voice(ALAW_SILENCE));
    for key in "18#1100".chars() {
        world.presses(key, PEER);
        world.presses('9', THIEF);
    }
    assert_eq!(world.keys(), "18#1100");
    assert_eq!(world.leg.counts(world.now).foreign, 7 * 8);
}

#[test]
fn c4_events_that_were_not_agreed_are_no_keys() {
    let mut world = World::new(plan(None));
    world.says(&voice(ALAW_SILENCE));
    world.presses('1', PEER);
    assert_eq!(world.keys(), "");
}

#[test]
fn c6_tones_are_heard_only_while_collecting_and_without_events() {
    let sound = |key| -> Vec<u8> {
        let tone = tone::sound_of(key, 800, 4_000.0);
        tone.into_iter().chain([0; 800]).map(g711::linear_to_alaw).collect()
    };
    let mut world = World::new(plan(None));
    world.says(&sound('1'));
    world.leg.collect(true);
    world.says(&sound('2'));
    world.says(&sound('2'));
    world.leg.collect(false);
    world.says(&sound('3'));
    assert_eq!(world.keys(), "22");
    let mut world = World::new(plan(Some(101)));
    world.leg.collect(true);
    world.says(&sound('2'));
    world.presses('5', PEER);
    assert_eq!(world.keys(), "5", "events were agreed: the sound is not searched");
}

#[test]
fn c6_a_key_held_down_across_two_nodes_is_one() {
    let mut world = World::new(plan(None));
    let tone: Vec<u8> = tone::sound_of('7', 1_600, 4_000.0).into_iter().map(g711::linear_to_alaw).collect();
    world.leg.collect(true);
    world.says(&tone[..800]);
    world.leg.collect(false);
    world.leg.collect(true);
    world.says(&tone[800..]);
    assert_eq!(world.keys(), "7");
}

#[test]
fn c9_missing_sound_is_told_once_and_again_when_it_is_back() {
    let mut world = World::new(plan(None));
    world.ticks(1_000);
    assert!(matches!(world.reports.pop_front(), Some(MediaReport::NoAudio { for_ms: 5_000, .. })));
    assert!(world.reports.is_empty());
    assert!(world.leg.counts(world.now).nothing_heard);
    world.says(&voice(ALAW_SILENCE));
    assert!(matches!(world.reports.pop_front(), Some(MediaReport::AudioBack { .. })));
    let counts = world.leg.counts(world.now);
    assert!(counts.silent && !counts.nothing_heard);
    world.says(&voice(0x20));
    assert!(!world.leg.counts(world.now).silent);
    world.ticks(250);
    assert!(matches!(world.reports.pop_front(), Some(MediaReport::NoAudio { .. })), "armed again");
}

#[test]
fn c9_a_third_party_is_neither_taken_nor_answered() {
    let mut world = World::new(plan(Some(101)));
    world.says(&voice(0x20));
    for _ in 0..500 {
        let theirs = world.packet(8, &voice(0x21));
        world.sequence = world.sequence.wrapping_sub(1);
        assert!(!world.receives(THIEF, &theirs));
        assert!(!world.leg.receive_rtcp(world.now, THIEF.parse().unwrap(), &mut [0x80, 203, 0, 0]));
        world.says(&voice(0x20));
        let mut packet = [0; ROOM];
        assert_eq!(world.leg.tick(world.now, &mut packet, &mut world.reports), Some((PACKET, PEER.parse().unwrap())));
    }
    assert_eq!(world.leg.counts(world.now).packets_in, 501);
    assert_eq!(world.leg.counts(world.now).lost, 0);
}

#[test]
fn c3_a_new_agreement_moves_the_stream_to_the_new_address() {
    let mut world = World::new(plan(None));
    world.says(&voice(0x20));
    world.leg.change(world.now, LegPlan { remote: Some(THIEF.parse().unwrap()), ..plan(None) });
    let packet = world.packet(8, &voice(1));
    assert!(!world.receives(PEER, &packet), "the old address is a stranger now");
    assert!(world.receives(THIEF, &packet));
    let mut packet = [0; ROOM];
    assert_eq!(world.leg.tick(world.now, &mut packet, &mut world.reports), Some((PACKET, THIEF.parse().unwrap())));
}

#[test]
fn a_recording_is_handed_over_once_however_it_ends() {
    let mut world = World::new(plan(None));
    world.leg.record(world.now, Duration::from_secs(60), Duration::from_secs(1), &mut world.reports);
    for step in 0..3_200_i32 {
        let loud = g711::linear_to_alaw((step % 40 * 100 - 2_000) as i16);
        world.says(&voice(loud)[..if step < 20 { FRAME } else { 0 }]);
    }
    world.ticks(60);
    let ends: Vec<(usize, RecordEnd)> = world
        .reports
        .drain(..)
        .filter_map(|report| if let MediaReport::Recorded { audio, by, .. } = report { Some((audio.len(), by)) } else { None })
        .collect();
    assert_eq!(ends, [(20 * FRAME, RecordEnd::Silence)]);
    world.leg.record(world.now, Duration::from_secs(60), Duration::from_secs(1), &mut world.reports);
    assert!(world.leg.recording_most() > 0);
    let World { leg, now, mut reports, .. } = world;
    leg.close(now, &mut reports);
    assert!(matches!(reports.pop_front(), Some(MediaReport::Recorded { by: RecordEnd::Stopped, .. })));
    assert!(matches!(reports.pop_front(), Some(MediaReport::Closed { leg: LegId(7), .. })), "the last word");
    assert!(reports.is_empty());
}

#[test]
fn c45_what_gives_way_ends_for_whoever_speaks_and_what_does_not_goes_on() {
    const QUIET: i16 = 300;
    const LOUD: i16 = -3_000;
    let relayed = |gives_way: bool, from: &[LegId], linear: i16| {
        let mut world = World::new(plan(None));
        world.leg.hears(from);
        world.leg.play(PlayId(1), [clip(1, 500)].into(), false);
        if gives_way {
            world.leg.give_way(PlayId(1));
        }
        let payload = voice(g711::linear_to_alaw(linear));
        let mut first = None;
        for at in 0..20_u32 {
            let sound =
                Sound { from: from[0], codec: Codec::Pcma, payload: &payload, ssrc: 9, timestamp: at * 160, marker: false, missing: 0 };
            let passed = world.leg.overhear(&sound, &mut [0; ROOM]).is_some();
            let mixed = world.tick().is_some_and(|sent| sent.first == payload[0]);
            first = first.or((passed || mixed).then_some(at));
        }
        (first, world.reports.iter().any(|report| matches!(report, MediaReport::Played { play: PlayId(1), .. })))
    };
    let (alone, others) = ([LegId(9)], [LegId(9), LegId(11)]);
    assert_eq!(relayed(true, &alone, LOUD), (Some(5), true), "heard after a tenth of a second of speech");
    assert!(matches!(relayed(true, &others, LOUD), (Some(..10), true)), "among several, too");
    assert_eq!(relayed(true, &alone, QUIET), (None, false), "a quiet room is no speech");
    assert_eq!(relayed(false, &alone, LOUD), (None, false), "music goes on");
}

#[test]
fn reports_go_to_the_port_above_at_least_every_five_seconds_and_are_true() {
    use rtcp_types::{Compound, Packet};
    let mut world = World::new(plan(None));
    let mut last = world.now.instant;
    let mut reports = 0;
    for step in 0..3_000 {
        if step % 4 == 3 {
            world.sequence = world.sequence.wrapping_add(1);
        }
        world.says(&voice(0x20));
        let mut bytes = [0; crate::media::rtcp::LARGEST];
        let Some((length, to)) = world.leg.report(world.now, &mut bytes) else { continue };
        assert_eq!(to, "192.0.2.1:4001".parse().unwrap());
        assert!(world.now.instant - last <= Duration::from_secs(5));
        last = world.now.instant;
        reports += 1;
        let Some(Ok(Packet::Sr(report))) = Compound::parse(&bytes[..length]).unwrap().next() else { panic!("no sender report") };
        assert_eq!(u64::from(report.packet_count()), world.leg.counts(world.now).packets_out);
        assert_eq!(report.octet_count(), report.packet_count() * 160);
        let block = report.report_blocks().next().unwrap();
        assert_eq!(u64::from(block.cumulative_lost()), world.leg.counts(world.now).lost);
        assert!((45..=58).contains(&block.fraction_lost()), "one in five: {}", block.fraction_lost());
    }
    assert!(reports >= 12);
}

#[test]
fn garbage_is_not_the_peers_sound() {
    let mut world = World::new(plan(Some(101)));
    world.says(&voice(0x20));
    for garbage in [&[][..], &[0x80], &[0; 12], &[0x80, 8, 0], &[0xFF; 40], &[0x80, 200, 0, 0], &[0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99]] {
        world.receives(PEER, garbage);
        world.receives(THIEF, garbage);
    }
    assert_eq!(world.leg.counts(world.now).packets_in, 1);
    assert!(size_of::<Leg>() <= 2_048, "{}", size_of::<Leg>());
}

proptest::proptest! {
    #[test]
    fn no_datagram_makes_a_leg_panic_or_grow(
        datagrams in proptest::collection::vec((0_u8..4, proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)), 0..40)
    ) {
        let mut world = World::new(plan(None));
        world.leg.collect(true);
        world.leg.record(world.now, Duration::from_secs(1), Duration::from_secs(1), &mut Reports::new());
        for (kind, mut bytes) in datagrams {
            if let (true, [first, second, ..]) = (kind > 0, bytes.as_mut_slice()) {
                *first = 0x80 | *first & 0x1F;
                *second = [*second, 8, 0, 200][usize::from(kind)];
            }
            world.receives(PEER, &bytes);
            world.leg.receive_rtcp(world.now, PEER.parse().unwrap(), &mut bytes);
            world.tick();
        }
        proptest::prop_assert!(world.leg.recording_most() <= 8_000);
        proptest::prop_assert!(world.reports.len() < 400);
    }
}

#[test]
fn sound_under_a_dynamic_number_goes_both_ways_and_keys_under_either_number() {
    let dynamic = LegPlan { codec: Codec::Pcmu, payload_type: 97, event_type: Some(96), event_in: Some(101), ..plan(None) };
    let mut world = World::new(dynamic);
    world.leg.play(PlayId(1), [clip(0x2A, 3)].into(), false);
    assert!(world.ticks(5).iter().all(|packet| packet.payload_type == 97));
    world.leg.record(world.now, Duration::from_secs(60), Duration::from_secs(4), &mut world.reports);
    for payload_type in [97, 97, 96, 33] {
        world.timestamp = world.timestamp.wrapping_add(FRAME as u32);
        let packet = world.packet(payload_type, &voice(0x55));
        assert!(world.receives(PEER, &packet));
        world.tick();
    }
    world.leg.stop_recording(&mut world.reports);
    let audio =
        world.reports.drain(..).find_map(|report| if let MediaReport::Recorded { audio, .. } = report { Some(audio) } else { None });
    assert_eq!(audio.unwrap(), vec![g711::mulaw_to_alaw(0x55); 2 * FRAME], "as μ-law, whatever its number");
    world.presses('5', PEER);
    assert_eq!(world.keys(), "5", "under the number of our offer");
}
