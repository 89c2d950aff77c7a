//! On the wire: one media thread, real sockets on the loopback address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;
use crate::media::clip::{Clip, ClipBytes, Piece};
use crate::media::dtmf::tone::Detector;
use crate::media::g711::alaw_to_linear;
use crate::media::order::{Codec, LegPlan, PlayId};
use crate::media::rtp;

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
    LegPlan { codec: Codec::Pcma, event_type: Some(101), remote: peer.local_addr().ok(), send: true, receive: true, crypto: None }
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
