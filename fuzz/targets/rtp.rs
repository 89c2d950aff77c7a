//! Any packets at a leg's two ports, from its peer and from others: no panic, counters that add up, recordings within bounds.
#![no_main]

use std::time::Duration;

use dinetone_fuzz::machine::Ids;
use dinetone_fuzz::media::leg::{Leg, ROOM, Reports};
use dinetone_fuzz::media::order::{Codec, LegId, LegPlan, MediaReport};
use dinetone_fuzz::origin;
use libfuzzer_sys::fuzz_target;

// Packets stand behind a head of two octets: their length, and flags for who sends them and to where.
fuzz_target!(|data: &[u8]| {
    let Some((first, mut rest)) = data.split_first() else { return };
    let mut now = origin();
    let mut reports = Reports::new();
    let plan = LegPlan {
        event_type: (first & 2 == 0).then_some(101),
        remote: Some(([192, 0, 2, 7], 40_000).into()),
        ..LegPlan::of(if first & 1 == 0 { Codec::Pcma } else { Codec::Pcmu })
    };
    let mut leg = Leg::new(now, LegId(1), plan, &mut Ids::seeded(1));
    leg.collect(true);
    leg.record(now, Duration::from_secs(5), Duration::from_secs(2), &mut reports);
    let (mut packets, mut keys) = (0_u64, 0_u64);
    let mut out = [0; ROOM];
    let mut report = [0; 512];
    while let Some(([length, how], more)) = rest.split_first_chunk::<2>() {
        let (packet, after) = more.split_at(usize::from(*length).min(more.len()));
        rest = after;
        packets += 1;
        let host = if how & 1 == 0 { 7 } else { 66 };
        if how & 2 == 0 {
            leg.receive(now, ([192, 0, 2, host], 40_000).into(), &mut packet.to_vec(), &mut reports);
        } else {
            leg.receive_rtcp(now, ([192, 0, 2, host], 40_001).into(), &mut packet.to_vec());
        }
        if how & 4 == 0 {
            now = now.after(Duration::from_millis(20));
            leg.tick(now, &mut out, &mut reports);
            leg.report(now, &mut report);
        }
        if how & 8 != 0 {
            now = now.after(Duration::from_millis(u64::from(*how)));
        }
        keys += reports.drain(..).filter(|it| matches!(it, MediaReport::Key { .. })).count() as u64;
    }
    assert!(keys <= packets, "more presses than packets");
    let counts = leg.counts(now);
    assert!(counts.packets_in + counts.foreign <= packets);
    leg.close(now, &mut reports);
});
