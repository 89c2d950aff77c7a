//! RTCP: reports say what is true, and what peers say is read without trust.

use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;

use super::*;

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    Instant::now()
}

const SENT: Sent = Sent { ssrc: 0x1234_5678, packets: 250, octets: 40_000, timestamp: 77, lately: true };
const HEARD: Heard = Heard { ssrc: 9, fraction_lost: 64, lost: 10, highest: 0x1_0001, jitter: 5 };

fn written(clockwork: &mut Clockwork, now: Instant, sent: &Sent, heard: Option<&Heard>, goodbye: bool) -> Vec<u8> {
    let mut bytes = [0; LARGEST];
    let length = clockwork.write(now, SystemTime::UNIX_EPOCH + Duration::from_millis(1_500), sent, heard, goodbye, &mut bytes);
    bytes[..length].to_vec()
}

fn peers_report(ntp: u64, about: u32, fraction: u8, lost: u32) -> Vec<u8> {
    let block = ReportBlock::builder(about).fraction_lost(fraction).cumulative_lost(lost);
    let mut bytes = [0; 100];
    let length = SenderReport::builder(9).ntp_timestamp(ntp).add_report_block(block).write_into(&mut bytes).unwrap();
    bytes[..length].to_vec()
}

#[test]
fn a_sender_report_says_what_was_sent_and_heard() {
    let origin = origin();
    let mut clockwork = Clockwork::new(origin, 0);
    clockwork.read(origin, &peers_report(0xAAAA_BBBB_CCCC_DDDD, 1, 0, 0), SENT.ssrc);
    let bytes = written(&mut clockwork, origin + Duration::from_millis(500), &SENT, Some(&HEARD), false);
    let mut packets = Compound::parse(&bytes).unwrap();
    let Some(Ok(Packet::Sr(report))) = packets.next() else { panic!("no sender report first") };
    assert_eq!((report.ssrc(), report.packet_count(), report.octet_count(), report.rtp_timestamp()), (0x1234_5678, 250, 40_000, 77));
    assert_eq!(report.ntp_timestamp(), (NTP_EPOCH + 1) << 32 | 0x8000_0000);
    let block = report.report_blocks().next().unwrap();
    assert_eq!((block.ssrc(), block.fraction_lost(), block.cumulative_lost()), (9, 64, 10));
    assert_eq!((block.extended_sequence_number(), block.interarrival_jitter()), (0x1_0001, 5));
    assert_eq!(block.last_sender_report_timestamp(), 0xBBBB_CCCC);
    assert_eq!(block.delay_since_last_sender_report_timestamp(), 32_768);
    assert!(matches!(packets.next(), Some(Ok(Packet::Sdes(_)))), "a canonical name belongs to it");
    assert!(packets.next().is_none());
}

#[test]
fn who_sends_nothing_writes_a_receiver_report_and_says_goodbye() {
    let origin = origin();
    let bytes = written(&mut Clockwork::new(origin, 0), origin, &Sent { lately: false, ..SENT }, None, true);
    let kinds: Vec<bool> =
        Compound::parse(&bytes).unwrap().map(|packet| matches!(packet, Ok(Packet::Rr(_) | Packet::Sdes(_) | Packet::Bye(_)))).collect();
    assert_eq!(kinds, [true; 3]);
}

#[test]
fn reports_are_never_more_than_five_seconds_apart() {
    let origin = origin();
    for spread in [0, 1, 500, 999, u32::MAX] {
        let mut clockwork = Clockwork::new(origin, spread);
        let mut last = origin;
        let mut count = 0;
        for tick in 0..6_000 {
            let now = origin + Duration::from_millis(tick * 20);
            if clockwork.is_due(now, spread.wrapping_mul(tick as u32 + 1)) {
                assert!(now - last <= Duration::from_secs(5));
                last = now;
                count += 1;
            }
        }
        assert!((24..=36).contains(&count), "{count} in two minutes");
    }
}

#[test]
fn the_peers_view_of_our_packets_is_kept_and_other_streams_are_not() {
    let origin = origin();
    let mut clockwork = Clockwork::new(origin, 0);
    clockwork.read(origin, &peers_report(1, 4_711, 200, 999), SENT.ssrc);
    assert_eq!(clockwork.remote_loss(1_000), 0);
    clockwork.read(origin, &peers_report(1, SENT.ssrc, 30, 250), SENT.ssrc);
    assert_eq!(clockwork.remote_loss(1_000), 64);
    clockwork.read(origin, &peers_report(1, SENT.ssrc, 0, 0xFF_FFFF), SENT.ssrc);
    assert_eq!(clockwork.remote_loss(1_000), 0, "minus one");
}

#[test]
fn the_way_there_and_back_is_measured_by_our_report_and_the_answer_to_it() {
    let origin = origin();
    let mut clockwork = Clockwork::new(origin, 0);
    let ours = written(&mut clockwork, origin, &SENT, None, false);
    let Some(Ok(Packet::Sr(report))) = Compound::parse(&ours).unwrap().next() else { panic!("no sender report first") };
    let answer = |last: u32| {
        // Kept for half a second.
        let block = ReportBlock::builder(SENT.ssrc).last_sender_report_timestamp(last).delay_since_last_sender_report_timestamp(32_768);
        let mut bytes = vec![0; 64];
        let length = ReceiverReport::builder(9).add_report_block(block).write_into(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    };
    let last = (report.ntp_timestamp() >> 16) as u32;
    clockwork.read(origin + Duration::from_millis(640), &answer(last.wrapping_add(1)), SENT.ssrc);
    assert_eq!(clockwork.round_trip(), None, "the answer to another report");
    clockwork.read(origin + Duration::from_millis(640), &answer(last), SENT.ssrc);
    assert_eq!(clockwork.round_trip(), Some(Duration::from_millis(140)));
}

proptest! {
    #[test]
    fn no_datagram_makes_the_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), place in 0_usize..60, whole in any::<bool>()
    ) {
        let origin = origin();
        let mut clockwork = Clockwork::new(origin, 0);
        let mut packet = if whole { written(&mut clockwork, origin, &SENT, Some(&HEARD), true) } else { vec![0x81, 200, 0, 12] };
        let end = (place + bytes.len().min(20)).min(packet.len());
        if place < end {
            packet[place..end].copy_from_slice(&bytes[..end - place]);
        }
        clockwork.read(origin, &packet, SENT.ssrc);
        packet.extend_from_slice(&bytes);
        clockwork.read(origin, &packet, SENT.ssrc);
        clockwork.read(origin, &bytes, SENT.ssrc);
    }
}
