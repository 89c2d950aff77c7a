//! A line with softphones in browsers: rung together with a desk phone (whichever answers stays, the other leg is closed), and ringing us.

use std::time::SystemTime;

use super::*;
use crate::sip::sdp::{Policy, Session, crypto};

const DIALOG: DialogId = DialogId(7);
const PLAIN: LegId = LegId(7);
const BROWSER: LegId = LegId(7 | PAGE);
const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 0 101\r\na=mid:x\r\na=sendrecv\r\na=setup:actpass\r\n";
const DESK: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    let instant = Instant::now();
    Now { instant, wall: SystemTime::UNIX_EPOCH }
}

fn said(line: &mut Line) -> Vec<String> {
    std::iter::from_fn(|| line.poll())
        .map(|output| match output {
            LineOutput::Media(MediaOrder::Close { leg }) => format!("close {}", leg == BROWSER),
            LineOutput::Media(MediaOrder::AcceptBrowser { leg, .. }) => format!("accept {}", leg == BROWSER),
            LineOutput::Media(MediaOrder::OfferBrowser { leg }) => format!("ask {}", leg == BROWSER),
            LineOutput::Media(MediaOrder::Sends { on, .. }) => format!("sends {on}"),
            LineOutput::Media(MediaOrder::Open { .. }) => "open".into(),
            LineOutput::Media(MediaOrder::Change { .. }) => "change".into(),
            LineOutput::Place { browser, .. } => format!("place {}", browser.is_some()),
            LineOutput::Sip(SipCommand::AnswerReoffer { answer: Ok(sdp), .. }) => {
                format!("again {}", sdp.contains("a=recvonly") && sdp.contains("a=setup:passive"))
            }
            LineOutput::Sip(SipCommand::HangUp { .. }) => "hang up".into(),
            LineOutput::Gone { port, .. } => format!("gone {}", port.is_some()),
            LineOutput::Media(MediaOrder::OpenBrowser { leg, .. }) => format!("open browser {}", leg == BROWSER),
            LineOutput::Sip(SipCommand::Answer { sdp, .. }) => format!("answer {}", sdp.contains("a=setup:passive")),
            LineOutput::Sip(SipCommand::Reject { status, .. }) => format!("reject {status}"),
            other => format!("{other:?}").to_lowercase(),
        })
        .collect()
}

/// It has asked for a browser's leg.
fn opened() -> (Now, Line) {
    let secure = Secure { policy: Policy::Off, key: crypto::Secret([3; 32]).key(7) };
    let (now, ip) = (now(), "192.0.2.1".parse().unwrap());
    let mut line = Line::open(DIALOG, ip, ip, 20_000, secure, now);
    line.rings_browsers();
    line.handle(now, LineInput::Media(MediaReport::Opened { leg: PLAIN }));
    assert_eq!(said(&mut line), ["open", "ask true"]);
    (now, line)
}

fn ringing() -> (Now, Line) {
    let (now, mut line) = opened();
    line.handle(now, LineInput::Media(MediaReport::BrowserOffer { leg: BROWSER, sdp: OFFER.into() }));
    assert_eq!(said(&mut line), ["place true"]);
    (now, line)
}

fn answered(now: Now, line: &mut Line, sdp: &str) {
    line.handle(now, LineInput::Answered(Some(Session::parse(sdp.as_bytes()).unwrap())));
}

#[test]
fn c10_the_desk_phone_answers_and_the_browsers_leg_is_closed() {
    let (now, mut line) = ringing();
    answered(now, &mut line, DESK);
    assert_eq!(said(&mut line), ["close true", "change", "up"]);
    assert_eq!(line.leg(), PLAIN);
}

#[test]
fn c10_the_browser_answers_holds_and_the_plain_leg_is_closed() {
    let (now, mut line) = ringing();
    let theirs = OFFER.replace("actpass", "active");
    answered(now, &mut line, &theirs);
    assert_eq!(said(&mut line), ["close false", "accept true"]);
    assert!(line.leg() == BROWSER && !line.is_up());
    let state = |connected| LineInput::Media(MediaReport::BrowserState { leg: BROWSER, connected, loss_percent: 0, rtt_ms: 0 });
    line.handle(now, state(true));
    assert_eq!(said(&mut line), ["up"]);
    let hold = Session::parse(OFFER.replace("sendrecv", "sendonly").as_bytes()).unwrap();
    line.handle(now, LineInput::Reoffer(Some(hold)));
    assert_eq!(said(&mut line), ["sends false", "held(true)", "again true"]);
    line.handle(now, state(false));
    assert_eq!(said(&mut line), ["hang up", "close true"]);
    line.handle(now, LineInput::Media(MediaReport::Closed { leg: BROWSER, counts: Default::default() }));
    assert_eq!(said(&mut line), ["gone true"]);
}

#[test]
fn c10_an_answer_whose_sound_never_comes_ends_the_line() {
    let (now, mut line) = ringing();
    answered(now, &mut line, &OFFER.replace("actpass", "active"));
    said(&mut line);
    line.handle(now, LineInput::Media(MediaReport::BrowserState { leg: BROWSER, connected: false, loss_percent: 0, rtt_ms: 0 }));
    assert_eq!(said(&mut line), ["hang up", "close true"]);
}

#[test]
fn i5_whoever_gives_up_before_the_offer_is_there_leaves_no_leg_open() {
    let (now, mut line) = opened();
    line.handle(now, LineInput::HangUp { reason: None });
    assert_eq!(said(&mut line), ["close true", "close false"]);
    line.handle(now, LineInput::Media(MediaReport::BrowserOffer { leg: BROWSER, sdp: OFFER.into() }));
    line.handle(now, LineInput::Media(MediaReport::Closed { leg: BROWSER, counts: Default::default() }));
    assert_eq!(said(&mut line), [""; 0]);
    line.handle(now, LineInput::Media(MediaReport::Closed { leg: PLAIN, counts: Default::default() }));
    assert_eq!(said(&mut line), ["gone true"]);
}

#[test]
fn c10_without_a_port_for_browsers_they_are_rung_without_an_offer() {
    let (now, mut line) = opened();
    line.handle(now, LineInput::Media(MediaReport::OpenFailed { leg: BROWSER, why: "browsers have no port here (media.browser_port)" }));
    assert_eq!(said(&mut line), ["place false"]);
    answered(now, &mut line, DESK);
    assert_eq!(said(&mut line), ["change", "up"], "no leg of a browser to close");
}

/// An agent's softphone in a browser rings us a second time.
fn rung() -> (Now, Line) {
    let secure = Secure { policy: Policy::Off, key: crypto::Secret([3; 32]).key(7) };
    let (now, ip) = (now(), "192.0.2.1".parse().unwrap());
    let offer = Session::parse(OFFER.as_bytes()).unwrap();
    let mut line = Line::take(DIALOG, Some(offer), ip, ip, 20_000, secure, now).unwrap();
    assert_eq!(said(&mut line), ["open browser true"]);
    (now, line)
}

#[test]
fn c62_a_softphone_in_a_browser_rings_us_a_second_time() {
    let (now, mut line) = rung();
    let sdp = OFFER.replace("actpass", "passive");
    line.handle(now, LineInput::Media(MediaReport::BrowserAnswer { leg: BROWSER, sdp }));
    assert_eq!(said(&mut line), ["answer true"]);
    assert!(!line.is_up(), "its sound is not there yet");
    line.handle(now, LineInput::Acknowledged(None));
    let state = |connected| LineInput::Media(MediaReport::BrowserState { leg: BROWSER, connected, loss_percent: 0, rtt_ms: 0 });
    line.handle(now, state(true));
    assert_eq!(said(&mut line), ["up"]);
    assert_eq!(line.leg(), BROWSER);
    line.handle(now, LineInput::Ended(EndCause::PeerBye));
    line.handle(now, LineInput::Media(MediaReport::Closed { leg: BROWSER, counts: Default::default() }));
    assert_eq!(said(&mut line), ["close true", "gone true"]);
}

#[test]
fn c62_without_a_port_for_browsers_its_call_is_refused() {
    let (now, mut line) = rung();
    line.handle(now, LineInput::Media(MediaReport::OpenFailed { leg: BROWSER, why: "browsers have no port here (media.browser_port)" }));
    assert_eq!(said(&mut line), ["reject 488", "gone true"]);
}
