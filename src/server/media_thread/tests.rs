//! On the wire: one media thread, real sockets on the loopback address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;
use crate::machine::Now;
use crate::media::clip::{Clip, ClipBytes, Piece};
use crate::media::dtmf::tone::Detector;
use crate::media::g711::alaw_to_linear;
use crate::media::order::{Codec, LegPlan, PlayId};
use crate::media::quality::NO_AUDIO;
use crate::media::rtp;
use crate::media::srtp::{Context, Crypto, MasterKey, Suite};
use crate::media::webrtc::page::{Page, Post};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(10);

fn started() -> (MediaThreads, Receiver<MediaReport>) {
    let (sender, reports) = channel();
    let sink: ReportSink = Arc::new(move |report| sender.send(report).map_err(|error| error.0));
    (MediaThreads::start(&MediaSettings::for_testing(), sink).unwrap(), reports)
}

fn peer() -> UdpSocket {
    let socket = UdpSocket::bind((HOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// An even port that was free just now, with its neighbour.
fn free_port() -> u16 {
    loop {
        let port = peer().local_addr().unwrap().port() & !1;
        if port > 1_024 && [port, port + 1].iter().all(|port| UdpSocket::bind((HOST, *port)).is_ok()) {
            return port;
        }
    }
}

fn plan(peer: &UdpSocket) -> LegPlan {
    LegPlan { event_type: Some(101), remote: peer.local_addr().ok(), ..LegPlan::of(Codec::Pcma) }
}

fn packet(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; rtp::HEADER];
    rtp::write_header(packet.first_chunk_mut().unwrap(), false, payload_type, sequence, u32::from(sequence) * 160, 5);
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn a_leg_opens_plays_hears_keys_and_closes() {
    let (media, reports) = started();
    let (caller, thief, port, leg) = (peer(), peer(), free_port(), LegId(1));
    media.send(MediaOrder::Open { leg, ip: HOST, port, plan: plan(&caller) }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Opened { leg: LegId(1) }));
    assert_eq!(media.legs(), 1);
    let clip = Arc::new(Clip::new("x", ClipBytes::Static(&[0x11; 1_600])));
    media.send(MediaOrder::Play { leg, play: PlayId(9), pieces: [Piece::Clip(clip)].into(), repeat: false }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Played { play: PlayId(9), .. }));

    let ours = SocketAddr::new(HOST, port);
    caller.send_to(&packet(8, 1, &[0xD5; 160]), ours).unwrap();
    let (mut bytes, mut played, mut last) = ([0; 400], 0, None);
    while played < 10 {
        let (length, from) = caller.recv_from(&mut bytes).unwrap();
        let packet = rtp::read(&bytes[..length]).unwrap();
        assert_eq!((from, packet.payload.len()), (ours, 160));
        assert!(last.is_none_or(|last: u16| packet.sequence == last.wrapping_add(1)));
        last = Some(packet.sequence);
        played += usize::from(packet.payload[0] == 0x11);
    }
    for sequence in 2..20 {
        thief.send_to(&packet(101, sequence, &[9, 0x8A, 0, 160]), ours).unwrap();
    }
    caller.send_to(&packet(101, 2, &[5, 0x0A, 0, 160]), ours).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Key { key: '5', tone: false, .. }));

    media.send(MediaOrder::Close { leg }).unwrap();
    let MediaReport::Closed { counts, .. } = reports.recv_timeout(PATIENCE).unwrap() else { panic!("not closed") };
    assert_eq!(counts.packets_in, 2);
    assert!(counts.packets_out >= 10);
    assert_eq!(media.legs(), 0);
    thief.set_nonblocking(true).unwrap();
    assert!(thief.recv_from(&mut bytes).is_err(), "a third party is sent nothing");
    UdpSocket::bind(ours).expect("the port is free again");
}

#[test]
fn a_taken_port_is_told_and_unknown_legs_are_ignored() {
    let (media, reports) = started();
    let caller = peer();
    let taken = caller.local_addr().unwrap().port();
    media.send(MediaOrder::Stop { leg: LegId(4) }).unwrap();
    media.send(MediaOrder::Close { leg: LegId(4) }).unwrap();
    media.send(MediaOrder::Open { leg: LegId(5), ip: HOST, port: taken, plan: plan(&caller) }).unwrap();
    assert!(matches!(
        reports.recv_timeout(PATIENCE).unwrap(),
        MediaReport::OpenFailed { leg: LegId(5), why: "the port is taken by another program" }
    ));
    drop(media);
    assert!(reports.recv().is_err(), "the thread is gone, with its sink");
}

#[test]
fn a_full_sink_gets_its_reports_later_and_in_order() {
    let (sender, reports) = channel();
    let asked = AtomicUsize::new(0);
    let sink: ReportSink =
        Arc::new(
            move |report| {
                if asked.fetch_add(1, Ordering::Relaxed) % 3 < 2 { Err(report) } else { sender.send(report).map_err(|error| error.0) }
            },
        );
    let media = MediaThreads::start(&MediaSettings::for_testing(), sink).unwrap();
    let caller = peer();
    for leg in 0..6 {
        media.send(MediaOrder::Open { leg: LegId(leg), ip: HOST, port: free_port(), plan: plan(&caller) }).unwrap();
    }
    for leg in 0..6 {
        let report = reports.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(report, MediaReport::Opened { leg: told } | MediaReport::OpenFailed { leg: told, .. } if told == LegId(leg)));
    }
}

#[test]
fn recordings_have_a_common_bound() {
    let (sender, reports) = channel();
    let sink: ReportSink = Arc::new(move |report| sender.send(report).map_err(|error| error.0));
    let settings = MediaSettings { recordings: 20_000, ..MediaSettings::for_testing() };
    let media = MediaThreads::start(&settings, sink).unwrap();
    let caller = peer();
    let record = |leg| MediaOrder::Record { leg, longest: Duration::from_secs(2), silence: Duration::from_secs(1) };
    for leg in [LegId(1), LegId(2)] {
        media.send(MediaOrder::Open { leg, ip: HOST, port: free_port(), plan: plan(&caller) }).unwrap();
        assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Opened { .. }));
        media.send(record(leg)).unwrap();
    }
    let next = reports.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(&next, MediaReport::Recorded { leg: LegId(2), audio, .. } if audio.is_empty()), "{next:?}");
    media.send(MediaOrder::Close { leg: LegId(1) }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Recorded { leg: LegId(1), .. }));
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Closed { .. }));
    media.send(record(LegId(2))).unwrap();
    media.send(MediaOrder::StopRecording { leg: LegId(2) }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Recorded { leg: LegId(2), .. }));
}

fn open_all(media: &MediaThreads, reports: &Receiver<MediaReport>, legs: &[(LegId, &UdpSocket, u16)]) {
    for (leg, peer, port) in legs {
        media.send(MediaOrder::Open { leg: *leg, ip: HOST, port: *port, plan: plan(peer) }).unwrap();
        assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Opened { .. }));
    }
}

/// Waits for one packet, whatever its sound.
fn next(peer: &UdpSocket) {
    peer.recv_from(&mut [0; 400]).unwrap();
}

/// Reads until a packet with this sound comes.
#[track_caller]
fn hears(peer: &UdpSocket, byte: u8) -> Instant {
    heard_within(peer, byte, PATIENCE).unwrap_or_else(|| panic!("{byte:#x} was not heard"))
}

fn heard_within(peer: &UdpSocket, byte: u8, limit: Duration) -> Option<Instant> {
    let end = now().instant + limit;
    let mut bytes = [0; 400];
    while now().instant < end {
        let (length, _) = peer.recv_from(&mut bytes).unwrap();
        if rtp::read(&bytes[..length]).is_some_and(|packet| packet.payload.contains(&byte)) {
            return Some(now().instant);
        }
    }
    None
}

#[expect(clippy::disallowed_methods, reason = "the real clock of a test on the wire")]
fn now() -> Now {
    Now { instant: Instant::now(), wall: std::time::SystemTime::now() }
}

#[test]
fn c10_two_legs_hear_each_other_within_a_phase() {
    let (media, reports) = started();
    let (caller, agent, ports) = (peer(), peer(), [free_port(), free_port()]);
    open_all(&media, &reports, &[(LegId(1), &caller, ports[0]), (LegId(2), &agent, ports[1])]);
    media.send(MediaOrder::Hear { leg: LegId(1), from: [LegId(2)].into() }).unwrap();
    media.send(MediaOrder::Hear { leg: LegId(2), from: [LegId(1)].into() }).unwrap();
    let (mut times, mut sequence) = (Vec::new(), 0);
    for byte in 0x40..0x59 {
        // After a stop of the machine a packet may be held back like those of a flood: then it is said again.
        let took = (0..20).find_map(|_| {
            let sent = now().instant;
            sequence += 1;
            caller.send_to(&packet(8, sequence, &[byte; 160]), (HOST, ports[0])).unwrap();
            Some(heard_within(&agent, byte, Duration::from_millis(500))? - sent)
        });
        times.push(took.expect("it is heard"));
        // The media thread's own packets set the pace: a flood would be held back.
        next(&caller);
    }
    times.sort();
    assert!(times[12] < Duration::from_millis(15), "half of the packets are there at once, even on a busy machine: {times:?}");
    agent.send_to(&packet(8, 1, &[0x31; 160]), (HOST, ports[1])).unwrap();
    hears(&caller, 0x31);
    // When one leg closes, the other hears silence.
    media.send(MediaOrder::Close { leg: LegId(2) }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Closed { leg: LegId(2), .. }));
    hears(&caller, crate::media::g711::ALAW_SILENCE);
}

/// A page on a socket of its own; time is real.
struct RealPage {
    page: Page,
    socket: UdpSocket,
}

impl RealPage {
    /// Opens, or renews, the leg of a page.
    fn open(media: &MediaThreads, reports: &Receiver<MediaReport>, leg: LegId) -> Self {
        let socket = peer();
        socket.set_nonblocking(true).unwrap();
        let (mut page, offer) = Page::new(now(), socket.local_addr().unwrap());
        media.send(MediaOrder::OpenBrowser { leg, offer, quiet_after: NO_AUDIO }).unwrap();
        let answer = loop {
            match reports.recv_timeout(PATIENCE).unwrap() {
                MediaReport::BrowserAnswer { sdp, .. } => break sdp,
                MediaReport::OpenFailed { why, .. } => panic!("{why}"),
                _ => {}
            }
        };
        page.accept(&answer);
        Self { page, socket }
    }

    /// Carries what is due, for as long as `until` does not hold.
    fn carry(&mut self, mut every_20_ms: impl FnMut(&mut Page, &mut Post), until: impl Fn(&Page) -> bool) {
        let (end, mut due, mut bytes) = (now().instant + PATIENCE, now().instant, [0; 2_000]);
        while !until(&self.page) {
            let mut post = Post::new();
            while let Ok((length, from)) = self.socket.recv_from(&mut bytes) {
                self.page.receive(now(), from, &bytes[..length], &mut post);
            }
            self.page.passes(now(), &mut post);
            if due <= now().instant {
                due += Duration::from_millis(20);
                every_20_ms(&mut self.page, &mut post);
            }
            for (to, bytes) in post {
                let _ = self.socket.send_to(&bytes, to);
            }
            assert!(now().instant < end, "it takes too long");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn with_browsers() -> (MediaThreads, Receiver<MediaReport>) {
    let (sender, reports) = channel();
    let sink: ReportSink = Arc::new(move |report| sender.send(report).map_err(|error| error.0));
    let settings = MediaSettings { browsers: entries(0, None), ..MediaSettings::for_testing() };
    (MediaThreads::start(&settings, sink).unwrap(), reports)
}

/// A tone of whole periods in a packet.
fn tone(hertz: f32) -> Vec<u8> {
    (0..160)
        .map(|place| crate::media::g711::linear_to_alaw((8_000.0 * (std::f32::consts::TAU * hertz * place as f32 / 8_000.0).sin()) as i16))
        .collect()
}

/// Strength of a tone in A-law, by Goertzel, as a share of all.
fn share(sound: &[u8], hertz: f32) -> f32 {
    let samples: Vec<f32> = sound.iter().map(|byte| f32::from(alaw_to_linear(*byte))).collect();
    let (mut one, mut two, turn) = (0.0, 0.0, 2.0 * (std::f32::consts::TAU * hertz / 8_000.0).cos());
    for sample in &samples {
        (two, one) = (one, sample + turn * one - two);
    }
    let power: f32 = samples.iter().map(|sample| sample * sample).sum();
    2.0 * (one * one + two * two - turn * one * two) / (power * samples.len() as f32)
}

#[test]
fn c10_a_page_and_a_telephone_hear_each_others_tones_and_a_reload_goes_on() {
    let (media, reports) = with_browsers();
    let (caller, port, leg) = (peer(), free_port(), LegId(7));
    open_all(&media, &reports, &[(LegId(1), &caller, port)]);
    caller.set_nonblocking(true).unwrap();
    media.send(MediaOrder::Hear { leg: LegId(1), from: [leg].into() }).unwrap();
    let mut sequence = 0;
    for round in 0..2 {
        let mut page = RealPage::open(&media, &reports, leg);
        if round == 0 {
            media.send(MediaOrder::Hear { leg, from: [LegId(1)].into() }).unwrap();
        }
        page.carry(|_, _| {}, |page| page.up);
        let (high, low) = (tone(1_000.0), tone(500.0));
        page.carry(
            |page, post| {
                page.timestamp += 160;
                page.says(now(), 8, &high, post);
                sequence += 1;
                caller.send_to(&packet(8, sequence, &low), (HOST, port)).unwrap();
            },
            |page| page.heard.iter().filter(|(.., sound)| share(sound, 500.0) > 0.9).count() >= 50,
        );
        let (mut bytes, mut good) = ([0; 400], 0);
        while let Ok((length, _)) = caller.recv_from(&mut bytes) {
            let packet = rtp::read(&bytes[..length]).unwrap();
            good += usize::from(share(packet.payload, 1_000.0) > 0.9);
        }
        assert!(good >= 25, "the telephone heard {good} packets of the page in round {round}");
        page.carry(|page, post| page.says(now(), crate::media::webrtc::page::KEYS, &[5, 0x8A, 3, 32], post), {
            let heard = page.page.heard.len();
            move |page| page.heard.len() >= heard + 5
        });
        let key = reports.try_iter().find(|report| matches!(report, MediaReport::Key { leg: LegId(7), key: '5', .. }));
        assert!(key.is_some(), "the page's key is told");
    }
}

#[test]
fn a_bad_offer_and_a_port_without_browsers_are_told_with_a_reason() {
    let (media, reports) = with_browsers();
    media.send(MediaOrder::OpenBrowser { leg: LegId(1), offer: "hello".into(), quiet_after: NO_AUDIO }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::OpenFailed { leg: LegId(1), why: "the offer cannot be read" }));
    media.send(MediaOrder::Candidate { leg: LegId(1), candidate: "x".into() }).unwrap();
    let (media, reports) = started();
    let (_, offer) = Page::new(now(), peer().local_addr().unwrap());
    media.send(MediaOrder::OpenBrowser { leg: LegId(1), offer, quiet_after: NO_AUDIO }).unwrap();
    assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::OpenFailed { leg: LegId(1), .. }));
}

#[test]
fn strangers_at_the_browsers_port_are_counted_and_nothing_else() {
    let entry = Entry { bind: SocketAddr::new(HOST, free_port()), told: SocketAddr::new(HOST, 0) };
    let (sender, reports) = channel();
    let sink: ReportSink = Arc::new(move |report| sender.send(report).map_err(|error| error.0));
    let settings = MediaSettings { browsers: vec![entry], ..MediaSettings::for_testing() };
    let media = MediaThreads::start(&settings, sink).unwrap();
    let mut page = RealPage::open(&media, &reports, LegId(3));
    let stranger = peer();
    let mut ids = Ids::seeded(5);
    let mut junk = || {
        let first = [0, 1, 20, 22, 64, 128, 144, 200][ids.below(8) as usize];
        let mut bytes: Vec<u8> = (0..ids.below(300)).map(|_| ids.next_u64() as u8).collect();
        bytes.insert(0, first);
        let _ = stranger.send_to(&bytes, entry.bind);
    };
    page.carry(|_, _| (0..200).for_each(|_| junk()), |page| page.up);
    let byte = |page: &Page| page.heard.len() > 20;
    page.carry(|_, _| (0..200).for_each(|_| junk()), byte);
    media.send(MediaOrder::Close { leg: LegId(3) }).unwrap();
    let closed = std::iter::from_fn(|| reports.recv_timeout(PATIENCE).ok()).find(|report| matches!(report, MediaReport::Closed { .. }));
    let Some(MediaReport::Closed { counts, .. }) = closed else { panic!("not closed") };
    assert!(counts.packets_out > 20 && counts.packets_in == 0, "{counts:?}");
}

#[test]
fn c2_an_encrypted_telephone_is_heard_and_clear_packets_are_not_taken() {
    let (media, reports) = started();
    let (phone, other, ports) = (peer(), peer(), [free_port(), free_port()]);
    let (ours, theirs) = (MasterKey::Counter([1; 30]), MasterKey::Counter([2; 30]));
    let crypto = Crypto { suite: Suite::Aes128Sha1Tag32, local: ours, remote: theirs };
    let sealed = LegPlan { crypto: Some(Box::new(crypto)), ..plan(&phone) };
    media.send(MediaOrder::Open { leg: LegId(1), ip: HOST, port: ports[0], plan: sealed }).unwrap();
    media.send(MediaOrder::Open { leg: LegId(2), ip: HOST, port: ports[1], plan: plan(&other) }).unwrap();
    media.send(MediaOrder::Hear { leg: LegId(1), from: [LegId(2)].into() }).unwrap();
    media.send(MediaOrder::Hear { leg: LegId(2), from: [LegId(1)].into() }).unwrap();
    for _ in 0..2 {
        assert!(matches!(reports.recv_timeout(PATIENCE).unwrap(), MediaReport::Opened { .. }));
    }
    let suite = Suite::Aes128Sha1Tag32;
    let (mut seals, mut opens) = (Context::new(suite, &theirs).unwrap(), Context::new(suite, &ours).unwrap());
    for sequence in 1..20 {
        phone.send_to(&packet(8, sequence + 100, &[0x66; 160]), (HOST, ports[0])).unwrap();
        let mut bytes = packet(8, sequence, &[0x55; 160]);
        bytes.resize(rtp::PACKET + 14, 0);
        let length = seals.seal(&mut bytes, rtp::PACKET).unwrap();
        phone.send_to(&bytes[..length], (HOST, ports[0])).unwrap();
        other.send_to(&packet(8, sequence, &[0x44; 160]), (HOST, ports[1])).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    hears(&other, 0x55);
    let mut bytes = [0; 400];
    loop {
        let (length, _) = phone.recv_from(&mut bytes).unwrap();
        assert_eq!(length, rtp::PACKET + 4);
        let length = opens.open(&mut bytes[..length]).expect("everything proves to be ours");
        if rtp::read(&bytes[..length]).unwrap().payload == [0x44; 160] {
            break;
        }
    }
    media.send(MediaOrder::Close { leg: LegId(1) }).unwrap();
    let MediaReport::Closed { counts, .. } = reports.recv_timeout(PATIENCE).unwrap() else { panic!("not closed") };
    assert!(counts.packets_in <= 19 && counts.foreign >= 1, "{counts:?}");
}

/// The talk-off score: keys heard in all the speech and music that is shipped. It is here because it reads files.
#[test]
fn c6_the_shipped_prompts_give_no_key() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts"))];
    let (mut files, mut found) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|name| name == "wav")
                && let Ok(alaw) = crate::media::wav::read_alaw(&std::fs::read(&path).unwrap())
            {
                let mut detector = Detector::default();
                detector.listen(&alaw, alaw_to_linear, |key| found.push((path.clone(), key)));
                files += 1;
            }
        }
    }
    assert!(found.is_empty(), "{found:?} in {files} files");
}
