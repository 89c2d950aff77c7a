//! Session timers (RFC 4028) in virtual time.

use super::kit::*;
use crate::sip::event::*;

const CALLER: &str = "192.0.2.7:5060";

fn reply(request: &str, status: &str, extra: &str) -> String {
    let line = |name: &str| format!("{name}: {}\r\n", header(request, name));
    format!("SIP/2.0 {status}\r\n{}{}{}{}{}{extra}\r\n", line("Via"), line("From"), line("To"), line("Call-ID"), line("CSeq"))
}

#[test]
fn c1_too_short_an_interval_is_refused_with_min_se() {
    let mut bench = Bench::new(with_trunk());
    bench.receive(udp(CALLER), request("INVITE", 1, "", "c", "Supported: timer\r\nSession-Expires: 60\r\n", OFFER));
    let sent = bench.take();
    assert_eq!(status(&sent[0]), 422);
    assert_eq!(header(&sent[0], "Min-SE"), "90");
}

#[test]
fn c1_a_peer_that_does_not_refresh_is_hung_up() {
    let mut bench = Bench::new(with_trunk());
    let (_, tag) = bench.answered_call("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
    bench.seconds(50);
    bench.receive(udp(CALLER), request("UPDATE", 2, &tag, "u", "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", ""));
    let sent = bench.take();
    assert_eq!((status(&sent[0]), header(&sent[0], "Session-Expires")), (200, "90;refresher=uac".into()));
    bench.seconds(59);
    assert_eq!(bench.take(), [""; 0]);
    bench.seconds(2);
    assert!(bench.lines()[0].starts_with("BYE"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::SessionExpired, .. }]));
}

#[test]
fn c1_we_refresh_at_half_by_update_or_by_reinvite() {
    for (allow, method) in [("Allow: INVITE, UPDATE\r\n", "UPDATE"), ("", "INVITE")] {
        let mut bench = Bench::new(with_trunk());
        let (dialog, _) = bench.answered_call(&format!("{allow}Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n"));
        for _ in 0..5 {
            bench.seconds(44);
            assert_eq!(bench.take(), [""; 0]);
            bench.seconds(1);
            let sent = bench.take();
            assert!(sent[0].starts_with(method), "{}", sent[0]);
            assert_eq!(header(&sent[0], "Session-Expires"), "90;refresher=uac");
            assert_eq!(sent[0].ends_with(ANSWER), method == "INVITE");
            bench.receive(udp(CALLER), reply(&sent[0], "200 OK", "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\n"));
            if method == "INVITE" {
                assert!(bench.lines()[0].starts_with("ACK"));
            }
        }
        // Nobody answers any more.
        bench.seconds(100);
        assert!(bench.lines().iter().any(|line| line.starts_with("BYE")));
        let events = bench.take_events();
        assert!(matches!(events[..], [SipEvent::Ended { dialog: it, cause: EndCause::SessionExpired }] if it == dialog), "{events:?}");
    }
}

#[test]
fn c1_an_update_that_is_not_known_is_tried_as_reinvite_and_glare_is_retried() {
    let mut bench = Bench::new(with_trunk());
    let (_, tag) = bench.answered_call("Allow: UPDATE\r\nSupported: timer\r\nSession-Expires: 90;refresher=uas\r\n");
    bench.seconds(45);
    let update = bench.take().remove(0);
    bench.receive(udp(CALLER), reply(&update, "501 Not Implemented", ""));
    bench.millis(20);
    let invite = bench.take().remove(0);
    assert!(invite.starts_with("INVITE"));
    // The peer's re-INVITE crosses ours.
    bench.receive(udp(CALLER), request("INVITE", 2, &tag, "re", "", OFFER));
    assert_eq!(bench.lines(), ["SIP/2.0 491 Request Pending"]);
    bench.receive(udp(CALLER), reply(&invite, "491 Request Pending", ""));
    assert!(bench.lines()[0].starts_with("ACK"));
    bench.seconds(5);
    assert!(bench.lines().iter().any(|line| line.starts_with("INVITE")));
    assert_eq!(bench.endpoint.open_dialogs(), 1);
}
