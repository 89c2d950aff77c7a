//! C4, I1: every press once, under loss, copies and reordering, from well-behaved and from odd senders.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::machine::Ids;
use crate::media::dtmf::{KEYS, event_of};

#[derive(Debug, Clone, Copy)]
struct Wire {
    at: u64,
    press: usize,
    sequence: u16,
    timestamp: u32,
    payload: [u8; 4],
}

/// What a good sender sends: an update every 20 ms, three ends; then the gap.
fn press_packets(presses: &[(char, u64, u64)], first_sequence: u16, first_timestamp: u32) -> Vec<Wire> {
    let mut packets = Vec::new();
    let (mut at, mut sequence) = (0, first_sequence);
    for (press, (key, length, gap)) in presses.iter().enumerate() {
        let timestamp = first_timestamp.wrapping_add(at as u32 * 8);
        let steps = (length / 20).max(1);
        let mut send = |at: u64, duration: u64, end: bool| {
            let report = Report { event: event_of(*key).unwrap(), end, volume: 10, duration: (duration * 8) as u16 };
            packets.push(Wire { at, press, sequence, timestamp, payload: report.write() });
            sequence = sequence.wrapping_add(1);
        };
        for step in 1..=steps {
            send(at + step * 20, step * 20, false);
        }
        for copy in 0..3 {
            send(at + steps * 20 + copy, steps * 20, true);
        }
        at += steps * 20 + gap;
    }
    packets
}

fn keys(packets: &[Wire]) -> String {
    let origin = origin();
    let mut receiver = Receiver::default();
    packets
        .iter()
        .filter_map(|packet| {
            receiver.receive(origin + Duration::from_millis(packet.at), packet.sequence, packet.timestamp, &packet.payload)
        })
        .collect()
}

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    Instant::now()
}

fn simple(presses: &[(char, u64, u64)]) -> Vec<Wire> {
    press_packets(presses, 65_530, u32::MAX - 700)
}

#[test]
fn c4_a_good_sender_is_heard_at_the_first_packet_of_each_press() {
    let packets = simple(&[('1', 100, 60), ('1', 40, 40), ('#', 200, 60), ('D', 60, 60), ('*', 60, 0), ('0', 60, 0)]);
    assert_eq!(keys(&packets), "11#D*0");
    assert_eq!(keys(&packets[..1]), "1");
}

#[test]
fn c4_lost_starts_lost_ends_and_a_single_packet_are_enough() {
    let packets = simple(&[('7', 100, 60), ('7', 100, 60), ('8', 100, 60)]);
    let only = |wanted: fn(usize, &Report) -> bool| {
        let mut place_in_press = 0;
        let mut last = usize::MAX;
        let kept: Vec<Wire> = packets
            .iter()
            .filter(|packet| {
                place_in_press = if last == packet.press { place_in_press + 1 } else { 0 };
                last = packet.press;
                wanted(place_in_press, &Report::read(&packet.payload).unwrap())
            })
            .copied()
            .collect();
        keys(&kept)
    };
    assert_eq!(only(|_, report| report.end), "778", "ends only");
    assert_eq!(only(|_, report| !report.end), "778", "no end at all");
    assert_eq!(only(|place, _| place == 0), "778", "first packets only");
    assert_eq!(only(|place, _| place == 2), "778", "one in the middle");
    assert_eq!(only(|place, _| place == 7), "778", "the last repeated end");
}

#[test]
fn c4_a_long_press_is_one() {
    assert_eq!(keys(&simple(&[('5', 7_900, 60), ('5', 60, 60)])), "55");
}

#[test]
fn c4_a_press_longer_than_the_field_goes_on_in_segments() {
    let mut packets = Vec::new();
    for step in 1..1_000_u64 {
        let samples = step * 160;
        let (segment, within) = (samples / 0xFFFF, samples % 0xFFFF);
        let report = Report { event: 9, end: false, volume: 10, duration: within as u16 };
        packets.push(Wire {
            at: step * 20,
            press: 0,
            sequence: step as u16,
            timestamp: (segment * 0xFFFF) as u32,
            payload: report.write(),
        });
    }
    assert_eq!(keys(&packets), "9");
}

#[test]
fn c4_events_above_fifteen_and_cut_packets_are_no_keys() {
    let mut receiver = Receiver::default();
    for event in 16..=255 {
        assert_eq!(receiver.receive(origin(), 1, u32::from(event), &[event, 0x8A, 3, 0x20]), None);
    }
    assert_eq!(receiver.receive(origin(), 1, 1, &[5, 0x8A, 3]), None);
    assert_eq!(receiver.receive(origin(), 1, 1, &[]), None);
    for event in 0..=15 {
        assert_eq!(receiver.receive(origin(), 1, u32::from(event), &[event, 0x3F, 0, 0]), Some(KEYS[usize::from(event)]));
    }
}

#[test]
fn c4_a_sender_that_never_moves_the_timestamp_is_understood() {
    let mut packets = simple(&[('4', 100, 60), ('4', 100, 60), ('4', 60, 60)]);
    packets.iter_mut().for_each(|packet| packet.timestamp = 9);
    assert_eq!(keys(&packets), "444");
}

#[test]
fn c4_a_sender_that_moves_the_timestamp_with_each_packet_is_understood() {
    let mut packets = simple(&[('4', 100, 60), ('4', 100, 60), ('6', 60, 60)]);
    for (place, packet) in packets.iter_mut().enumerate() {
        packet.timestamp = 160 * place as u32 + 4_000 * packet.press as u32;
    }
    assert_eq!(keys(&packets), "446");
}

#[test]
fn c4_the_same_recorded_press_played_again_later_counts_again() {
    let once = simple(&[('3', 100, 60)]);
    let again: Vec<Wire> = once.iter().map(|packet| Wire { at: packet.at + 1_500, ..*packet }).collect();
    assert_eq!(keys(&[once, again].concat()), "33");
}

/// Loses, repeats and delays; gives the presses of which something arrived, and what arrives in order of arrival.
fn bad_network(packets: &[Wire], ids: &mut Ids, loss: u64) -> (Vec<usize>, Vec<Wire>) {
    let mut arrived = Vec::new();
    for packet in packets {
        if ids.below(100) < loss {
            continue;
        }
        let copies = if ids.below(100) < 15 { 2 } else { 1 };
        for _ in 0..copies {
            let delay = if ids.below(100) < 20 { ids.below(80) } else { ids.below(8) };
            arrived.push(Wire { at: packet.at + 30 + delay, ..*packet });
        }
    }
    arrived.sort_by_key(|packet| packet.at);
    let mut presses: Vec<usize> = Vec::new();
    for packet in &arrived {
        if !presses.contains(&packet.press) {
            presses.push(packet.press);
        }
    }
    (presses, arrived)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn i1_c4_every_press_counts_exactly_once_on_a_bad_network(
        seed in any::<u64>(),
        loss in 0_u64..=30,
        presses in proptest::collection::vec((proptest::sample::select(&KEYS[..12]), 40_u64..=400, 40_u64..=300), 1..25),
        first_sequence in any::<u16>(),
        first_timestamp in any::<u32>(),
    ) {
        let packets = press_packets(&presses, first_sequence, first_timestamp);
        let (arrived, wire) = bad_network(&packets, &mut Ids::seeded(seed.into()), loss);
        let expected: String = arrived.iter().map(|press| presses[*press].0).collect();
        prop_assert_eq!(keys(&wire), expected);
    }

    #[test]
    fn i1_c4_the_same_key_again_and_again_counts_each_time(seed in any::<u64>(), gap in 40_u64..=120, length in 40_u64..=120, count in 1_usize..20) {
        let presses = vec![('1', length, gap); count];
        let (arrived, wire) = bad_network(&press_packets(&presses, 0, 0), &mut Ids::seeded(seed.into()), 30);
        prop_assert_eq!(keys(&wire).len(), arrived.len());
    }

    #[test]
    fn no_payload_makes_it_panic(payloads in proptest::collection::vec((any::<u16>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..9)), 0..60)) {
        let mut receiver = Receiver::default();
        for (sequence, timestamp, payload) in payloads {
            let _ = receiver.receive(origin(), sequence, timestamp, &payload);
        }
    }
}
