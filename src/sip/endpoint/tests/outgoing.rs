//! Outgoing calls: challenges, CANCEL and its races, forks, refusals.

use super::kit::*;
use crate::sip::digest::Credentials;
use crate::sip::event::*;

const DINER: &str = "192.0.2.7:5060";

fn placed(headers: &[&str]) -> (Bench, DialogId, String) {
    let mut bench = Bench::new(settings());
    let dialog = bench.endpoint.new_dialog_id();
    let call = PlaceCall {
        dialog,
        flow: udp(DINER),
        to: "sip:1000@192.0.2.7:5060".into(),
        from_user: "13800001234".into(),
        headers: headers.iter().map(|line| (*line).to_owned()).collect(),
        sdp: Some(OFFER.into()),
        credentials: Some(Credentials { user: "801".into(), password: "secret".into() }),
    };
    bench.command(SipCommand::Place(Box::new(call)));
    let invite = bench.take().remove(0);
    (bench, dialog, invite)
}

#[test]
fn c1_an_outgoing_call_from_ringing_to_bye() {
    let (mut bench, dialog, invite) = placed(&["P-Asserted-Identity: <tel:+86138>", "X: a\r\nInjected: b"]);
    assert!(invite.starts_with("INVITE sip:1000@192.0.2.7:5060 SIP/2.0\r\n"));
    assert!(invite.contains("P-Asserted-Identity: <tel:+86138>\r\n") && !invite.contains("\nInjected"));
    bench.millis(600);
    assert_eq!(bench.take(), std::slice::from_ref(&invite), "timer A");
    bench.receive(udp(DINER), reply(&invite, "180 Ringing", "callee", "", ""));
    bench.receive(
        udp(DINER),
        reply(&invite, "200 OK", "callee", "Record-Route: <sip:192.0.2.9;lr>\r\nRecord-Route: <sip:192.0.2.7;lr>\r\n", ANSWER),
    );
    assert!(matches!(bench.take_events()[..], [SipEvent::Progress { status: 180, .. }, SipEvent::Answered { sdp: Some(_), .. }]));
    let acks = bench.take();
    assert!(acks[0].starts_with("ACK sip:1000@192.0.2.7:5080 SIP/2.0"), "{acks:?}");
    assert!(acks[0].contains("Route: <sip:192.0.2.7;lr>\r\nRoute: <sip:192.0.2.9;lr>\r\n"));
    assert_eq!(header(&acks[0], "CSeq").split(' ').next(), header(&invite, "CSeq").split(' ').next());
    bench.receive(udp(DINER), reply(&invite, "200 OK", "callee", "", ANSWER));
    assert_eq!(bench.take(), acks, "the same ACK again");
    // A second phone picked up too.
    bench.receive(udp(DINER), reply(&invite, "200 OK", "fork", "", ANSWER));
    let sent = bench.take();
    assert!(sent[0].starts_with("ACK") && sent[1].starts_with("BYE") && sent[1].contains(";tag=fork"));
    bench.command(SipCommand::HangUp { dialog, reason: None });
    let bye = bench.take().remove(0);
    assert!(bye.starts_with("BYE") && bye.contains(";tag=callee"));
    bench.receive(udp(DINER), reply(&bye, "401 Unauthorized", "", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", ""));
    let bye = bench.take().remove(0);
    assert!(bye.contains("Authorization: Digest username=\"801\""));
    bench.receive(udp(DINER), reply(&bye, "200 OK", "", "", ""));
    bench.seconds(70);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c1_a_challenge_is_answered_with_the_stronger_hash_once() {
    let (mut bench, _, invite) = placed(&[]);
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\", algorithm=MD5, qop=\"auth\"\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"b\", algorithm=SHA-256, qop=\"auth,auth-int\"\r\n";
    bench.receive(udp(DINER), reply(&invite, "401 Unauthorized", "x", challenge, ""));
    let sent = bench.take();
    assert!(sent[0].starts_with("ACK"));
    let again = &sent[1];
    assert!(header(again, "Authorization").contains("algorithm=SHA-256, qop=auth, nc=00000001"));
    assert_ne!(header(again, "CSeq"), header(&invite, "CSeq"));
    // Stale is answered again, a plain second challenge is not.
    bench.receive(udp(DINER), reply(again, "401 Unauthorized", "x", &challenge.replace("qop", "stale=true, qop"), ""));
    let sent = bench.take();
    assert!(sent[1].starts_with("INVITE"));
    bench.receive(udp(DINER), reply(&sent[1], "401 Unauthorized", "x", challenge, ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::Refused(401), .. }]));
}

#[test]
fn c1_hanging_up_while_it_rings_cancels() {
    let (mut bench, dialog, invite) = placed(&[]);
    bench.command(SipCommand::HangUp { dialog, reason: None });
    assert_eq!(bench.take(), [""; 0], "CANCEL waits for a provisional answer");
    bench.receive(udp(DINER), reply(&invite, "100 Trying", "", "", ""));
    let cancel = bench.take().remove(0);
    assert!(cancel.starts_with("CANCEL"));
    assert_eq!(header(&cancel, "Via"), header(&invite, "Via"));
    bench.receive(udp(DINER), reply(&cancel, "200 OK", "c", "", ""));
    bench.receive(udp(DINER), reply(&invite, "487 Request Terminated", "c", "", ""));
    assert!(bench.lines()[0].starts_with("ACK"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::Local, .. }]));
    bench.seconds(40);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c1_a_cancel_that_crosses_the_answer_becomes_a_bye() {
    let (mut bench, dialog, invite) = placed(&[]);
    bench.receive(udp(DINER), reply(&invite, "180 Ringing", "c", "", ""));
    bench.command(SipCommand::HangUp { dialog, reason: None });
    bench.take();
    bench.receive(udp(DINER), reply(&invite, "200 OK", "c", "", ANSWER));
    let sent = bench.lines();
    assert!(sent[0].starts_with("ACK") && sent[1].starts_with("BYE"), "{sent:?}");
    bench.seconds(70);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c1_refusals_and_silence_end_the_call() {
    let (mut bench, _, invite) = placed(&[]);
    bench.receive(udp(DINER), reply(&invite, "486 Busy Here", "c", "", ""));
    assert!(bench.lines()[0].starts_with("ACK sip:1000@192.0.2.7:5060"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::Refused(486), .. }]));
    bench.receive(udp(DINER), reply(&invite, "486 Busy Here", "c", "", ""));
    assert!(bench.lines()[0].starts_with("ACK"), "timer D");

    let (mut bench, _, _) = placed(&[]);
    bench.seconds(33);
    assert_eq!(bench.take().len(), 6, "timer A doubles until timer B");
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::Refused(408), .. }]));
    assert_eq!(bench.endpoint.kept().0, 0);
}
