//! Calls to outside numbers: which trunk, fail-over, limits, and the guard against toll fraud; re-INVITEs of ours.

use std::time::Duration;

use super::kit::*;
use crate::sip::digest::Credentials;
use crate::sip::event::*;
use crate::sip::outbound::{Barred, Rules};

const FIRST: &str = "198.51.100.10:5060";
const SECOND: &str = "198.51.100.20:5060";

fn line(name: &str, target: &str) -> TrunkSettings {
    TrunkSettings { name: name.into(), targets: vec![target.parse().unwrap()], ..trunk(target.split(':').next().unwrap()) }
}

fn two_lines() -> SipSettings {
    let outbound = Rules { on: true, longest: Duration::from_secs(600), ..Rules::default() };
    SipSettings { trunks: vec![line("first", FIRST), line("second", SECOND)], outbound, ..settings() }
}

fn dial(bench: &mut Bench, trunk: Option<&str>, number: &str) -> DialogId {
    let dialog = bench.endpoint.new_dialog_id();
    bench.command(SipCommand::Dial(Box::new(Dial {
        dialog,
        trunk: trunk.map(str::to_owned),
        number: number.into(),
        from: "02161234567".into(),
        sdp: OFFER.into(),
    })));
    dialog
}

fn ended(bench: &mut Bench) -> EndCause {
    match bench.take_events().pop() {
        Some(SipEvent::Ended { cause, .. }) => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn c10_an_outside_call_with_the_trunks_credentials_until_its_longest() {
    let mut settings = two_lines();
    settings.trunks[0].registration = Some(TrunkRegistration {
        aor: "sip:hotline@isp.example".into(),
        registrar: "sip:isp.example".into(),
        credentials: Credentials { user: "hotline".into(), password: "p".into() },
        expires: Duration::from_secs(600),
        allow_md5: true,
    });
    let mut bench = Bench::new(settings);
    bench.millis(1);
    let register = bench.take().remove(0);
    bench.receive(udp(FIRST), reply(&register, "200 OK", "t", "", ""));
    bench.take_events();
    let dialog = dial(&mut bench, None, "138 0000 1234");
    let invite = bench.take().remove(0);
    assert!(invite.starts_with("INVITE sip:13800001234@198.51.100.10:5060 SIP/2.0"), "{invite}");
    assert!(invite.contains("From: <sip:02161234567@isp.example>;tag="));
    bench.receive(udp(FIRST), reply(&invite, "407 Proxy", "t", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", ""));
    let again = bench.take().pop().unwrap();
    assert!(again.contains("Proxy-Authorization: Digest username=\"hotline\""));
    bench.receive(udp(FIRST), reply(&again, "183 Session Progress", "t", "", ANSWER));
    bench.receive(udp(FIRST), reply(&again, "200 OK", "t", "", ANSWER));
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::Progress { status: 183, sdp: Some(_), .. }, SipEvent::Answered { dialog: d, .. }] if d == dialog)
    );
    bench.take();
    bench.seconds(601);
    assert!(bench.take_events().iter().any(|it| matches!(it, SipEvent::Ended { cause: EndCause::TooLong, .. })));
    assert!(bench.lines().iter().any(|it| it.starts_with("BYE")));
}

#[test]
fn c10_the_next_trunk_is_tried_within_four_seconds_of_silence_and_at_once_after_a_failure() {
    let mut bench = Bench::new(two_lines());
    dial(&mut bench, None, "13800001234");
    bench.take();
    bench.millis(3400);
    assert!(bench.sent.iter().all(|(flow, _)| flow.peer == peer(FIRST)));
    bench.millis(200);
    let (flow, invite) = bench.sent.pop().unwrap();
    assert_eq!(flow.peer, peer(SECOND));
    bench.receive(udp(SECOND), reply(&invite, "486 Busy Here", "t", "", ""));
    assert_eq!(ended(&mut bench), EndCause::Refused(486));

    let mut bench = Bench::new(two_lines());
    dial(&mut bench, None, "13800001234");
    let invite = bench.take().remove(0);
    bench.receive(udp(FIRST), reply(&invite, "503 Service Unavailable", "t", "Retry-After: 60\r\n", ""));
    let (flow, invite) = bench.sent.pop().unwrap();
    assert_eq!(flow.peer, peer(SECOND));
    bench.receive(udp(SECOND), reply(&invite, "500 No", "t", "", ""));
    assert_eq!(ended(&mut bench), EndCause::Refused(503));
    bench.take();
    dial(&mut bench, None, "13800001234");
    assert_eq!(bench.sent[0].0.peer, peer(SECOND), "Retry-After is respected");
    // The named trunk and no other.
    dial(&mut bench, Some("first"), "13800001234");
    assert_eq!(ended(&mut bench), EndCause::Refused(503));
    bench.seconds(61);
    bench.sent.clear();
    dial(&mut bench, Some("first"), "13800001234");
    assert_eq!(bench.sent[0].0.peer, peer(FIRST));
}

#[test]
fn c10_a_full_trunk_is_passed_over() {
    let mut settings = two_lines();
    settings.trunks[0].max_calls = Some(1);
    settings.trunks[1].max_calls = Some(1);
    let mut bench = Bench::new(settings);
    let first = dial(&mut bench, None, "13800000001");
    dial(&mut bench, None, "13800000002");
    let peers: Vec<_> = bench.sent.iter().map(|(flow, _)| flow.peer).collect();
    assert_eq!(peers, [peer(FIRST), peer(SECOND)]);
    dial(&mut bench, None, "13800000003");
    assert_eq!(ended(&mut bench), EndCause::Refused(503));
    bench.sent.clear();
    bench.command(SipCommand::HangUp { dialog: first, reason: None });
    dial(&mut bench, None, "13800000004");
    assert_eq!(bench.sent[0].0.peer, peer(FIRST), "the line is free again");
}

#[test]
fn c98_toll_fraud_is_barred_before_anything_is_sent() {
    let mut settings = two_lines();
    settings.outbound.most = 1;
    let mut bench = Bench::new(settings);
    for (number, why) in [("+442079460000", Barred::International), ("1;ext=9", Barred::BadNumber)] {
        dial(&mut bench, None, number);
        assert_eq!(ended(&mut bench), EndCause::Barred(why));
    }
    dial(&mut bench, Some("nowhere"), "13800001234");
    assert_eq!(ended(&mut bench), EndCause::Barred(Barred::NoTrunk));
    assert!(bench.sent.is_empty());
    dial(&mut bench, None, "13800001234");
    dial(&mut bench, None, "13800001234");
    assert_eq!(ended(&mut bench), EndCause::Barred(Barred::TooMany));
    let mut bench = Bench::new(SipSettings { outbound: Rules::default(), ..two_lines() });
    dial(&mut bench, None, "13800001234");
    assert_eq!(ended(&mut bench), EndCause::Barred(Barred::Off));
}

#[test]
fn c3_a_session_of_ours_is_changed_and_glare_is_waited_out() {
    let mut bench = Bench::new(with_trunk());
    let (dialog, tag) = bench.answered_call("");
    let changed = ANSWER.replace("20000", "20500");
    bench.command(SipCommand::Reinvite { dialog, sdp: changed.clone() });
    let invite = bench.take().remove(0);
    assert!(invite.starts_with("INVITE sip:13800001234@192.0.2.7:5060") && invite.contains("m=audio 20500"));
    bench.receive(udp("192.0.2.7:5060"), request("INVITE", 2, &tag, "glare", "", OFFER));
    assert_eq!(status(bench.take().last().unwrap()), 491, "theirs, while ours is open");
    bench.receive(udp("192.0.2.7:5060"), reply(&invite, "491 Request Pending", "caller", "", ""));
    assert!(bench.lines()[0].starts_with("ACK"));
    bench.millis(2100);
    let again = bench.take().into_iter().find(|it| it.starts_with("INVITE")).unwrap();
    bench.receive(udp("192.0.2.7:5060"), reply(&again, "200 OK", "caller", "", OFFER));
    assert!(bench.lines()[0].starts_with("ACK"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { dialog: d, answer: Ok(_) }] if d == dialog));
    bench.command(SipCommand::Reinvite { dialog, sdp: changed.clone() });
    let invite = bench.take().remove(0);
    bench.receive(udp("192.0.2.7:5060"), reply(&invite, "488 Not Acceptable Here", "caller", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { answer: Err(488), .. }]), "the call goes on");
    bench.take();
    bench.command(SipCommand::Reinvite { dialog, sdp: changed });
    bench.seconds(33);
    assert!(bench.take_events().iter().any(|it| matches!(it, SipEvent::Ended { .. })), "nobody there any more");
}
