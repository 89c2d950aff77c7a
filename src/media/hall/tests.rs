//! Who hears whom, packet by packet, in virtual time.

use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::machine::Ids;
use crate::media::clip::{Clip, ClipBytes, FRAME, Piece};
use crate::media::dtmf::event::Report;
use crate::media::g711::{self, ALAW_SILENCE, alaw_to_linear, alaw_to_mulaw, linear_to_alaw};
use crate::media::order::{Codec, LegPlan, MediaReport, PlayId};
use crate::media::rtp::{HEADER, PACKET};

const CALLER: LegId = LegId(1);
const AGENT: LegId = LegId(2);
const BOSS: LegId = LegId(3);

#[derive(Debug, Clone)]
struct Heard {
    at: Instant,
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

/// A party's telephone: it says one byte per packet, every 20 ms, at its own moment and from its own first numbers.
struct Party {
    leg: LegId,
    place: u32,
    says: Option<u8>,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    heard: Vec<Heard>,
}

struct World {
    hall: Hall,
    now: Now,
    step: u64,
    parties: Vec<Party>,
    reports: Reports,
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000 + leg.0 as u16 * 2))
}

fn plan(leg: LegId, codec: Codec) -> LegPlan {
    LegPlan { event_type: Some(101), remote: Some(address(leg)), ..LegPlan::of(codec) }
}

fn music() -> Arc<[Piece]> {
    [Piece::Clip(Arc::new(Clip::new("music", ClipBytes::Static(&[0x11; FRAME * 7]))))].into()
}

impl World {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        let now = Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        Self { hall: Hall::default(), now, step: 0, parties: Vec::new(), reports: Reports::new() }
    }

    /// Two parties with A-law.
    fn with_two() -> Self {
        let mut world = Self::new();
        world.open(CALLER, Codec::Pcma);
        world.open(AGENT, Codec::Pcma);
        world
    }

    fn open(&mut self, leg: LegId, codec: Codec) {
        let mut ids = Ids::seeded(u128::from(leg.0));
        let place = self.hall.open(Leg::new(self.now, leg, plan(leg, codec), &mut ids)).unwrap();
        let (sequence, timestamp, ssrc) = (ids.next_u64() as u16, ids.next_u64() as u32, ids.next_u64() as u32);
        self.parties.push(Party {
            leg,
            place,
            says: None,
            payload_type: codec.payload_type(),
            sequence,
            timestamp,
            ssrc,
            heard: Vec::new(),
        });
    }

    fn party(&mut self, leg: LegId) -> &mut Party {
        self.parties.iter_mut().find(|party| party.leg == leg).unwrap()
    }

    fn hear(&mut self, leg: LegId, from: &[LegId]) {
        self.hall.obey(self.now, MediaOrder::Hear { leg, from: from.into() }, &mut self.reports);
    }

    fn talk(&mut self) {
        self.hear(CALLER, &[AGENT]);
        self.hear(AGENT, &[CALLER]);
    }

    fn play(&mut self, leg: LegId, repeat: bool) {
        self.hall.obey(self.now, MediaOrder::Play { leg, play: PlayId(1), pieces: music(), repeat }, &mut self.reports);
    }

    fn delivers(&mut self, act: impl FnOnce(&mut Hall, Now, &mut Reports, &mut Send<'_>)) {
        let mut sent = Vec::new();
        act(&mut self.hall, self.now, &mut self.reports, &mut |place, to, packet| sent.push((place, to, packet.to_vec())));
        for (place, to, packet) in sent {
            let read = rtp::read(&packet).unwrap();
            let party = self.parties.iter_mut().find(|party| party.place == place).unwrap();
            assert_eq!(to, address(party.leg));
            let rtp::Packet { marker, payload_type, sequence, timestamp, ssrc, payload } = read;
            party.heard.push(Heard { at: self.now.instant, marker, payload_type, sequence, timestamp, ssrc, payload: payload.to_vec() });
        }
    }

    /// This party's packet arrives now, from wherever.
    fn arrives(&mut self, leg: LegId, from: SocketAddr, payload_type: u8, payload: &[u8]) {
        let party = self.party(leg);
        let mut packet = vec![0; HEADER];
        rtp::write_header(packet.first_chunk_mut().unwrap(), false, payload_type, party.sequence, party.timestamp, party.ssrc);
        packet.extend_from_slice(payload);
        let place = party.place;
        self.delivers(|hall, now, reports, send| {
            hall.receive(now, place, from, &mut packet, reports, send);
        });
    }

    fn skips(&mut self, leg: LegId) {
        let party = self.party(leg);
        party.sequence = party.sequence.wrapping_add(1);
        party.timestamp = party.timestamp.wrapping_add(160);
    }

    /// Time passes in steps of 5 ms: who speaks sends in his own step of every four, and so are the ticks.
    fn runs(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 5 {
            self.now = self.now.after(Duration::from_millis(5));
            self.step += 1;
            for at in 0..self.parties.len() {
                let (leg, place) = (self.parties[at].leg, self.parties[at].place);
                if (self.step + leg.0).is_multiple_of(4) {
                    self.skips(leg);
                    if let Some(byte) = self.party(leg).says {
                        let payload_type = self.party(leg).payload_type;
                        self.arrives(leg, address(leg), payload_type, &[byte; FRAME]);
                    }
                }
                if (self.step + 3 * leg.0).is_multiple_of(4) {
                    self.delivers(|hall, now, reports, send| hall.tick(now, place, reports, send));
                }
            }
        }
    }

    /// What this party has heard since it was asked last, and how often in a row.
    fn heard(&mut self, leg: LegId) -> Vec<(u8, usize)> {
        let mut runs: Vec<(u8, usize)> = Vec::new();
        for heard in std::mem::take(&mut self.party(leg).heard) {
            assert!(heard.payload.iter().all(|byte| *byte == heard.payload[0]));
            match runs.last_mut() {
                Some((byte, count)) if *byte == heard.payload[0] => *count += 1,
                _ => runs.push((heard.payload[0], 1)),
            }
        }
        runs
    }

    fn bytes(&mut self, leg: LegId) -> Vec<u8> {
        self.heard(leg).into_iter().map(|(byte, _)| byte).collect()
    }
}

/// One stream: the same SSRC, each number the next, each timestamp whole frames further, and never far from real time.
fn assert_one_stream(heard: &[Heard]) {
    for pair in heard.windows(2) {
        let [a, b] = pair else { unreachable!() };
        assert_eq!(b.ssrc, a.ssrc);
        assert_eq!(b.sequence, a.sequence.wrapping_add(1));
        let units = b.timestamp.wrapping_sub(a.timestamp);
        assert!(units > 0 && units < 8_000 && units.is_multiple_of(160), "{units} between {a:?} and {b:?}");
    }
    let (first, last) = (&heard[0], &heard[heard.len() - 1]);
    let real = (last.at - first.at).as_millis() as i64 * 8;
    let told = i64::from(last.timestamp.wrapping_sub(first.timestamp));
    assert!((told - real).abs() <= 480, "{told} units in a time of {real}");
}

#[test]
fn c10_one_stream_from_menu_to_music_to_agent_to_hold_and_back() {
    let mut world = World::with_two();
    world.party(CALLER).says = Some(0x22);
    world.party(AGENT).says = Some(0x33);
    world.play(CALLER, false);
    world.runs(Duration::from_millis(300));
    world.play(CALLER, true);
    world.runs(Duration::from_secs(2));
    // The agent answers.
    world.talk();
    world.hall.obey(world.now, MediaOrder::Stop { leg: CALLER }, &mut world.reports);
    world.runs(Duration::from_secs(3));
    // Hold, and back; ten times.
    for _ in 0..10 {
        world.play(CALLER, true);
        world.hear(CALLER, &[]);
        world.hear(AGENT, &[]);
        world.runs(Duration::from_millis(1_010));
        world.hall.obey(world.now, MediaOrder::Stop { leg: CALLER }, &mut world.reports);
        world.talk();
        world.runs(Duration::from_millis(995));
    }
    let caller = world.party(CALLER).heard.clone();
    assert_one_stream(&caller);
    for pair in caller.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap <= Duration::from_millis(40), "{gap:?} without a packet");
    }
    let talk = caller.iter().position(|heard| heard.payload[0] == 0x33).unwrap();
    assert!(caller[talk].marker, "a talkspurt begins where the agent is first heard");
    assert!(caller[talk + 1..talk + 100].iter().all(|heard| !heard.marker && heard.payload[0] == 0x33));
    assert_one_stream(&world.party(AGENT).heard.clone());
    // On hold the agent hears silence, and silence is silence.
    let agent = world.bytes(AGENT);
    assert!(agent.iter().all(|byte| [ALAW_SILENCE, 0x22].contains(byte)), "{agent:?}");
    assert!(agent.windows(2).filter(|pair| pair == &[0x22, ALAW_SILENCE]).count() >= 10);
}

#[test]
fn c10_a_packet_is_passed_on_within_the_call_that_brings_it() {
    let mut world = World::with_two();
    world.talk();
    for _ in 0..3 {
        world.skips(CALLER);
        world.arrives(CALLER, address(CALLER), 8, &[0x44; FRAME]);
        let heard = world.party(AGENT).heard.pop().expect("it was passed on at once");
        assert_eq!((heard.payload, heard.at), (vec![0x44; FRAME], world.now.instant));
        world.now = world.now.after(Duration::from_millis(20));
    }
}

#[test]
fn c10_the_other_code_is_translated_and_other_lengths_pass() {
    let mut world = World::new();
    world.open(CALLER, Codec::Pcma);
    world.open(AGENT, Codec::Pcmu);
    world.talk();
    world.skips(CALLER);
    world.arrives(CALLER, address(CALLER), 8, &[0x2A; 240]);
    let heard = world.party(AGENT).heard.pop().unwrap();
    assert_eq!((heard.payload_type, heard.payload), (0, vec![alaw_to_mulaw(0x2A); 240]));
    world.skips(CALLER);
    world.arrives(CALLER, address(CALLER), 8, &[0x2A; 1_400]);
    assert!(world.party(AGENT).heard.is_empty(), "nobody sends 175 ms in one packet");
}

#[test]
fn c10_a_source_that_pauses_gives_way_to_silence_and_comes_back() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_secs(1));
    world.party(AGENT).says = None;
    world.runs(Duration::from_secs(5));
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_secs(1));
    let heard = world.party(CALLER).heard.clone();
    assert_one_stream(&heard);
    let silent = heard.iter().filter(|heard| heard.payload[0] == ALAW_SILENCE).count();
    assert!((240..252).contains(&silent), "{silent} packets of silence in five seconds");
    let back = heard.iter().rposition(|heard| heard.payload[0] == ALAW_SILENCE).unwrap() + 1;
    assert!(heard[back].marker);
}

#[test]
fn c10_lost_packets_leave_a_gap_in_time_and_none_in_the_numbers() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_millis(500));
    world.party(CALLER).heard.clear();
    // 60 ms are lost, 20 ms come twice, and one packet comes late.
    world.party(AGENT).says = None;
    world.runs(Duration::from_millis(60));
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_millis(20));
    world.arrives(AGENT, address(AGENT), 8, &[0x34; FRAME]);
    let (sequence, timestamp) = (world.party(AGENT).sequence, world.party(AGENT).timestamp);
    world.party(AGENT).sequence = sequence.wrapping_sub(2);
    world.party(AGENT).timestamp = timestamp.wrapping_sub(320);
    world.arrives(AGENT, address(AGENT), 8, &[0x35; FRAME]);
    world.party(AGENT).sequence = sequence;
    world.party(AGENT).timestamp = timestamp;
    world.runs(Duration::from_millis(200));
    let heard = world.party(CALLER).heard.clone();
    assert_one_stream(&heard);
    assert!(heard.iter().all(|heard| heard.payload[0] == 0x33), "copies and late packets are not passed on");
}

#[test]
fn c10_a_burst_after_a_stall_does_not_make_sound_late_for_good() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_secs(1));
    world.party(AGENT).says = None;
    world.runs(Duration::from_millis(600));
    let place = world.party(AGENT).sequence;
    world.party(AGENT).sequence = place.wrapping_sub(30);
    let timestamp = world.party(AGENT).timestamp;
    world.party(AGENT).timestamp = timestamp.wrapping_sub(30 * 160);
    for _ in 0..30 {
        world.skips(AGENT);
        world.arrives(AGENT, address(AGENT), 8, &[0x33; FRAME]);
    }
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_secs(2));
    let heard = world.party(CALLER).heard.clone();
    for pair in heard.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert!(pair[1].timestamp.wrapping_sub(pair[0].timestamp).cast_signed() > 0);
    }
    let (first, last) = (&heard[0], heard.last().unwrap());
    let ahead = i64::from(last.timestamp.wrapping_sub(first.timestamp)) - (last.at - first.at).as_millis() as i64 * 8;
    assert!(ahead <= 7 * 160, "{ahead} units ahead of real time");
}

#[test]
fn c10_a_wild_clock_of_the_source_never_reaches_the_listener() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    let mut ids = Ids::seeded(9);
    for turn in 0..200 {
        world.runs(Duration::from_millis(40));
        let party = world.party(AGENT);
        party.timestamp = ids.next_u64() as u32;
        if turn % 3 == 0 {
            party.ssrc = ids.next_u64() as u32;
        }
    }
    let heard = world.party(CALLER).heard.clone();
    assert!(heard.len() > 300);
    assert_one_stream(&heard);
}

#[test]
fn c10_a_source_with_a_fast_or_a_slow_clock_is_followed() {
    for (every, units) in [(20, 162_u32), (20, 158)] {
        let mut world = World::with_two();
        world.talk();
        let mut told = Vec::new();
        for _ in 0..3_000 {
            let party = world.party(AGENT);
            party.sequence = party.sequence.wrapping_add(1);
            party.timestamp = party.timestamp.wrapping_add(units);
            world.arrives(AGENT, address(AGENT), 8, &[0x33; FRAME]);
            world.runs_quietly(Duration::from_millis(every));
            told.append(&mut world.party(CALLER).heard);
        }
        let passed = told.iter().filter(|heard| heard.payload[0] == 0x33).count();
        assert!(passed > 2_700, "{passed} of 3000 with {units} units a packet");
        assert!(told.windows(2).all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp).cast_signed() > 0));
    }
}

#[test]
fn c36_what_is_played_wins_over_what_is_heard() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_millis(200));
    world.play(CALLER, false);
    world.runs(Duration::from_millis(400));
    let heard: Vec<u8> = world.bytes(CALLER).into_iter().skip_while(|byte| *byte == ALAW_SILENCE).collect();
    assert_eq!(heard, [0x33, 0x11, 0x33]);
    assert!(matches!(world.reports.pop_front(), Some(MediaReport::Played { leg: CALLER, .. })));
}

#[test]
fn c71_listening_in_whispering_and_three_together_are_sums_without_oneself() {
    let mut world = World::with_two();
    world.open(BOSS, Codec::Pcmu);
    let (caller, agent, boss) = (linear_to_alaw(1_000), linear_to_alaw(2_000), g711::linear_to_mulaw(4_000));
    world.party(CALLER).says = Some(caller);
    world.party(AGENT).says = Some(agent);
    world.party(BOSS).says = Some(boss);
    world.talk();
    // Listens.
    world.hear(BOSS, &[CALLER, AGENT]);
    world.runs(Duration::from_millis(500));
    let (a, b) = (i32::from(alaw_to_linear(caller)), i32::from(alaw_to_linear(agent)));
    let c = i32::from(g711::mulaw_to_linear(boss));
    assert_eq!(*world.bytes(BOSS).last().unwrap(), g711::linear_to_mulaw((a + b) as i16));
    assert_eq!(*world.bytes(CALLER).last().unwrap(), agent, "who is listened to hears nothing of it");
    // Whispers: the agent hears both, the caller the agent alone.
    world.hear(AGENT, &[CALLER, BOSS]);
    world.runs(Duration::from_millis(500));
    assert_eq!(*world.bytes(AGENT).last().unwrap(), linear_to_alaw((a + c) as i16));
    assert_eq!(*world.bytes(CALLER).last().unwrap(), agent);
    // Three together.
    world.hear(CALLER, &[AGENT, BOSS]);
    world.runs(Duration::from_millis(500));
    let (sum, packets) = *world.heard(CALLER).last().unwrap();
    assert_eq!(sum, linear_to_alaw((b + c) as i16));
    assert!(packets >= 22, "{packets} of 25: a gap only at the change");
    for leg in [CALLER, AGENT, BOSS] {
        world.runs(Duration::from_millis(500));
        let heard = world.party(leg).heard.clone();
        assert_one_stream(&heard);
    }
}

#[test]
fn c71_a_mix_that_is_too_loud_is_cut_off_and_lasts_through_jitter_and_loss() {
    let mut world = World::with_two();
    world.open(BOSS, Codec::Pcma);
    let loud = linear_to_alaw(30_000);
    for leg in [CALLER, AGENT] {
        world.party(leg).says = Some(loud);
    }
    world.hear(BOSS, &[CALLER, AGENT]);
    world.runs(Duration::from_secs(1));
    // One of them is late by 40 ms and catches up, and loses one packet.
    world.party(AGENT).says = None;
    world.runs(Duration::from_millis(40));
    world.party(AGENT).sequence = world.party(AGENT).sequence.wrapping_sub(1);
    world.arrives(AGENT, address(AGENT), 8, &[loud; FRAME]);
    world.skips(AGENT);
    world.party(AGENT).says = Some(loud);
    world.runs(Duration::from_secs(1));
    let heard = world.bytes(BOSS);
    let most = linear_to_alaw(i16::MAX);
    assert!(heard.iter().all(|byte| [most, loud, ALAW_SILENCE].contains(byte)), "{heard:?}");
    assert_eq!(*heard.last().unwrap(), most);
    // When one falls silent, the other is heard alone.
    world.party(AGENT).says = None;
    world.runs(Duration::from_millis(500));
    assert_eq!(*world.bytes(BOSS).last().unwrap(), loud);
}

#[test]
fn i1_a_partys_keys_are_told_and_not_passed_on() {
    let mut world = World::with_two();
    world.talk();
    world.party(CALLER).says = Some(0x22);
    world.runs(Duration::from_millis(200));
    world.party(CALLER).says = None;
    world.party(AGENT).heard.clear();
    for step in 1..=8_u16 {
        let report = Report { event: 7, end: step > 5, volume: 10, duration: step.min(6) * 160 };
        let party = world.party(CALLER);
        party.sequence = party.sequence.wrapping_add(1);
        world.arrives(CALLER, address(CALLER), 101, &report.write());
    }
    assert!(world.party(AGENT).heard.is_empty());
    let keys: Vec<char> = world
        .reports
        .drain(..)
        .filter_map(|report| if let MediaReport::Key { leg: CALLER, key, .. } = report { Some(key) } else { None })
        .collect();
    assert_eq!(keys, ['7']);
}

#[test]
fn c9_a_strangers_packets_are_not_heard_by_anybody() {
    let mut world = World::with_two();
    world.talk();
    world.party(CALLER).says = Some(0x22);
    world.runs(Duration::from_secs(1));
    let thief = SocketAddr::from(([203, 0, 113, 66], 4_000));
    for _ in 0..100 {
        world.arrives(CALLER, thief, 8, &[0x66; FRAME]);
        world.runs(Duration::from_millis(20));
    }
    assert!(world.bytes(AGENT).iter().all(|byte| [ALAW_SILENCE, 0x22].contains(byte)));
}

#[test]
fn who_closes_is_heard_by_nobody_and_who_comes_later_is_heard_at_once() {
    let mut world = World::new();
    world.open(CALLER, Codec::Pcma);
    world.hear(CALLER, &[AGENT, CALLER, AGENT]);
    world.open(AGENT, Codec::Pcma);
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_secs(1));
    assert_eq!(world.bytes(CALLER).pop(), Some(0x33));
    let place = world.party(AGENT).place;
    assert!(world.hall.is_heard(place));
    let (_, leg) = world.hall.close(AGENT).unwrap();
    leg.close(world.now, &mut world.reports);
    world.parties.retain(|party| party.leg != AGENT);
    world.runs(Duration::from_secs(1));
    assert_eq!(world.bytes(CALLER).pop(), Some(ALAW_SILENCE));
    // The place is taken by somebody whom nobody asked to hear.
    world.open(BOSS, Codec::Pcma);
    assert_eq!(world.party(BOSS).place, place);
    world.party(BOSS).says = Some(0x44);
    world.runs(Duration::from_secs(1));
    assert_eq!(world.heard(CALLER), [(ALAW_SILENCE, 50)]);
    assert!(!world.hall.is_heard(place));
}

#[test]
fn c68_keys_are_sent_as_events_on_the_legs_own_timeline() {
    let mut world = World::with_two();
    world.talk();
    world.party(AGENT).says = Some(0x33);
    world.runs(Duration::from_millis(500));
    world.party(CALLER).heard.clear();
    world.hall.obey(world.now, MediaOrder::SendKeys { leg: CALLER, keys: "1x#".into() }, &mut world.reports);
    world.runs(Duration::from_secs(1));
    let heard = world.party(CALLER).heard.clone();
    assert!(heard.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let events: Vec<(bool, u32, Report)> = heard
        .iter()
        .filter(|heard| heard.payload_type == 101)
        .map(|heard| (heard.marker, heard.timestamp, Report::read(&heard.payload).unwrap()))
        .collect();
    assert_eq!(events.len(), 14);
    for (events, code) in events.chunks(7).zip([1, 11]) {
        assert!(events.iter().all(|(_, timestamp, report)| *timestamp == events[0].1 && report.event == code));
        assert_eq!(events.iter().map(|(marker, ..)| *marker).collect::<Vec<_>>(), [true, false, false, false, false, false, false]);
        let told: Vec<(u16, bool)> = events.iter().map(|(_, _, report)| (report.duration, report.end)).collect();
        assert_eq!(told, [(160, false), (320, false), (480, false), (640, false), (800, true), (800, true), (800, true)]);
    }
    assert_eq!(events[7].1.wrapping_sub(events[0].1), 1_600, "200 ms from press to press");
    let last = heard.iter().rposition(|heard| heard.payload_type == 101).unwrap();
    let sound: Vec<u8> = heard[last + 1..].iter().map(|heard| heard.payload[0]).collect();
    assert!(sound.ends_with(&[0x33; 20]), "the agent is heard again");
}

#[test]
fn c68_keys_are_sent_as_tones_where_no_events_were_agreed_and_their_queue_is_bounded() {
    let mut world = World::new();
    world.open(CALLER, Codec::Pcmu);
    let plan = LegPlan { event_type: None, ..plan(CALLER, Codec::Pcmu) };
    world.hall.obey(world.now, MediaOrder::Change { leg: CALLER, plan }, &mut world.reports);
    world.hall.obey(world.now, MediaOrder::SendKeys { leg: CALLER, keys: "159D".repeat(1_000) }, &mut world.reports);
    world.runs(Duration::from_secs(20));
    let sound: Vec<u8> = world.party(CALLER).heard.iter().flat_map(|heard| heard.payload.clone()).collect();
    let (mut detector, mut keys) = (crate::media::dtmf::tone::Detector::default(), String::new());
    detector.listen(&sound, g711::mulaw_to_linear, |key| keys.push(key));
    assert_eq!(keys, "159D".repeat(16));
    assert_eq!(world.party(CALLER).heard.len(), 1_000);
    assert_eq!(world.party(CALLER).heard[0].payload.len() + HEADER, PACKET);
}

impl World {
    /// Time passes with ticks alone.
    fn runs_quietly(&mut self, time: Duration) {
        let says: Vec<Option<u8>> = self.parties.iter_mut().map(|party| party.says.take()).collect();
        for party in &mut self.parties {
            party.sequence = party.sequence.wrapping_sub((time.as_millis() / 20) as u16);
            party.timestamp = party.timestamp.wrapping_sub((time.as_millis() / 20) as u32 * 160);
        }
        self.runs(time);
        self.parties.iter_mut().zip(says).for_each(|(party, says)| party.says = says);
    }
}
