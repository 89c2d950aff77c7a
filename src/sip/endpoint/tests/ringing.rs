//! Desk phones: all phones of an account ring, the first that answers has the call, and nothing goes on ringing (I5).

use super::kit::*;
use crate::sip::event::*;

const DESK: &str = "198.51.100.4:5060";
const HOME: &str = "203.0.113.9:40001";

fn ring(bench: &mut Bench, account: &str) -> DialogId {
    ring_with(bench, account, None)
}

fn ring_with(bench: &mut Bench, account: &str, browser: Option<&str>) -> DialogId {
    let dialog = bench.endpoint.new_dialog_id();
    bench.command(SipCommand::Ring(Box::new(Ring {
        dialog,
        account: account.into(),
        caller: Shown { number: "13800001234".into(), name: "Li \"VIP\"\r\nX: y".into() },
        headers: vec!["X-Call: 7".into()],
        sdp: OFFER.into(),
        browser: browser.map(str::to_owned),
        auto_answer: false,
    })));
    dialog
}

/// Two phones of 801 that ring: one with its own address, one behind a router.
fn two_phones() -> (Bench, DialogId, Vec<(Flow, String)>) {
    let mut bench = Bench::new(office());
    registered(&mut bench, udp(DESK), "801", 1, "Contact: <sip:801@198.51.100.4:5070>\r\n");
    registered(&mut bench, udp(HOME), "801", 1, "Contact: <sip:801@10.0.0.5:5060>\r\n");
    bench.take_events();
    let dialog = ring(&mut bench, "801");
    let sent = std::mem::take(&mut bench.sent);
    assert_eq!(sent.len(), 2);
    (bench, dialog, sent)
}

#[test]
fn c10_all_phones_of_an_account_ring_where_they_can_be_reached() {
    let (_, _, sent) = two_phones();
    assert!(sent[0].1.starts_with("INVITE sip:801@198.51.100.4:5070 SIP/2.0\r\n"));
    assert_eq!(sent[0].0.peer, peer("198.51.100.4:5070"), "its own address and the port that it listens on");
    assert!(sent[1].1.starts_with("INVITE sip:801@10.0.0.5:5060 SIP/2.0\r\n"));
    assert_eq!(sent[1].0.peer, peer(HOME), "back through its router");
    for (_, invite) in &sent {
        assert!(invite.contains("From: \"Li VIPX: y\" <sip:13800001234@192.0.2.1>;tag="), "{invite}");
        assert!(invite.contains("X-Call: 7\r\n") && invite.contains("m=audio 40000") && header(invite, "Allow").contains("REFER"));
    }
    assert_ne!(header(&sent[0].1, "Call-ID"), header(&sent[1].1, "Call-ID"));
}

#[test]
fn i5_the_first_answer_wins_and_the_other_phone_stops_at_once() {
    let (mut bench, dialog, sent) = two_phones();
    bench.receive(sent[0].0, reply(&sent[0].1, "180 Ringing", "a", "", ""));
    bench.receive(sent[1].0, reply(&sent[1].1, "180 Ringing", "b", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Progress { dialog: d, status: 180, sdp: None }] if d == dialog), "told once");
    bench.receive(sent[1].0, reply(&sent[1].1, "200 OK", "b", "", ANSWER));
    let lines = std::mem::take(&mut bench.sent);
    let cancel = &lines.iter().find(|(_, text)| text.starts_with("CANCEL")).unwrap().1;
    assert!(cancel.starts_with("CANCEL sip:801@198.51.100.4:5070") && cancel.contains("Call completed elsewhere"), "{lines:?}");
    assert!(lines.iter().any(|(flow, text)| text.starts_with("ACK") && flow.peer == peer(HOME)), "{lines:?}");
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { dialog: d, sdp: Some(_), wants_answer: false }] if d == dialog));
    bench.receive(sent[0].0, reply(cancel, "200 OK", "a", "", ""));
    bench.receive(sent[0].0, reply(&sent[0].1, "487 Request Terminated", "a", "", ""));
    bench.take();
    assert!(bench.take_events().is_empty());
    // From now on it is a dialog like any other.
    let tag = header(&sent[1].1, "From").split(";tag=").nth(1).unwrap().to_owned();
    let bye = format!(
        "BYE sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9hG4bKbye\r\nFrom: <sip:801@192.0.2.1>;tag=b\r\n\
         To: <sip:13800001234@192.0.2.1>;tag={tag}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
        header(&sent[1].1, "Call-ID")
    );
    bench.receive(sent[1].0, bye);
    assert_eq!(status(&bench.take()[0]), 200);
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: d, cause: EndCause::PeerBye }] if d == dialog));
    bench.seconds(40);
    assert_eq!((bench.endpoint.kept().0, bench.endpoint.open_dialogs()), (0, 0));
}

#[test]
fn i5_answers_that_cross_leave_one_call() {
    let (mut bench, _, sent) = two_phones();
    for (place, (flow, invite)) in sent.iter().enumerate() {
        bench.receive(*flow, reply(invite, "180 Ringing", &format!("t{place}"), "", ""));
    }
    bench.receive(sent[0].0, reply(&sent[0].1, "200 OK", "t0", "", ANSWER));
    bench.take();
    bench.receive(sent[1].0, reply(&sent[1].1, "200 OK", "t1", "", ANSWER));
    let lines = bench.lines();
    assert!(lines[0].starts_with("ACK") && lines[1].starts_with("BYE"), "{lines:?}");
    let answered = bench.take_events().iter().filter(|it| matches!(it, SipEvent::Answered { .. })).count();
    assert_eq!(answered, 1);
}

#[test]
fn i5_hanging_up_stops_every_phone_in_the_same_moment() {
    let (mut bench, dialog, sent) = two_phones();
    for (flow, invite) in &sent {
        bench.receive(*flow, reply(invite, "180 Ringing", "t", "", ""));
    }
    bench.take_events();
    bench.command(SipCommand::HangUp { dialog, reason: None });
    let lines = bench.lines();
    assert_eq!(lines.iter().filter(|it| it.starts_with("CANCEL")).count(), 2, "{lines:?}");
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: d, cause: EndCause::Local }] if d == dialog));
    // A phone that answers neither the CANCEL nor its INVITE is not kept for ever.
    bench.seconds(70);
    assert_eq!(bench.endpoint.kept().0, 0);
    assert!(bench.take_events().iter().all(|it| !matches!(it, SipEvent::Ended { .. })), "ended once");
}

#[test]
fn i5_a_phone_that_heard_the_invite_only_late_is_cancelled_then() {
    let (mut bench, dialog, sent) = two_phones();
    bench.command(SipCommand::HangUp { dialog, reason: None });
    assert!(bench.lines().is_empty(), "CANCEL waits for a provisional answer");
    bench.millis(600);
    bench.take();
    bench.receive(sent[0].0, reply(&sent[0].1, "180 Ringing", "t", "", ""));
    assert!(bench.lines()[0].starts_with("CANCEL"));
    bench.receive(sent[1].0, reply(&sent[1].1, "200 OK", "t", "", ANSWER));
    let lines = bench.lines();
    assert!(lines[0].starts_with("ACK") && lines[1].starts_with("BYE"), "{lines:?}");
}

#[test]
fn c10_refusals_wait_for_the_other_phones_but_a_decline_speaks_for_all() {
    let (mut bench, dialog, sent) = two_phones();
    bench.receive(sent[0].0, reply(&sent[0].1, "486 Busy Here", "a", "", ""));
    assert!(bench.take_events().is_empty());
    bench.receive(sent[1].0, reply(&sent[1].1, "480 Temporarily Unavailable", "b", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: d, cause: EndCause::Refused(486) }] if d == dialog));

    let (mut bench, _, sent) = two_phones();
    bench.receive(sent[0].0, reply(&sent[0].1, "180 Ringing", "a", "", ""));
    bench.take_events();
    bench.receive(sent[1].0, reply(&sent[1].1, "603 Decline", "b", "", ""));
    assert!(bench.lines().iter().any(|it| it.starts_with("CANCEL")));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { cause: EndCause::Refused(603), .. }]));
}

#[test]
fn c10_no_phone_is_told_at_once_and_silent_phones_in_the_end() {
    let mut bench = Bench::new(office());
    let dialog = ring(&mut bench, "801");
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: d, cause: EndCause::Refused(480) }] if d == dialog));
    let (mut bench, _, _) = two_phones();
    bench.seconds(33);
    let ended: Vec<_> = bench.take_events().into_iter().filter(|it| matches!(it, SipEvent::Ended { .. })).collect();
    assert!(matches!(ended[..], [SipEvent::Ended { cause: EndCause::Refused(408), .. }]), "{ended:?}");
}

#[test]
fn c10_a_dead_phone_is_noticed_and_one_that_comes_back_as_well() {
    let mut bench = Bench::new(office());
    registered(&mut bench, udp(DESK), "801", 1, "Contact: <sip:801@198.51.100.4:5060>\r\n");
    bench.take_events();
    bench.seconds(26);
    let options = bench.take().remove(0);
    assert!(options.starts_with("OPTIONS sip:801@198.51.100.4:5060"));
    bench.receive(udp(DESK), reply(&options, "200 OK", "p", "", ""));
    bench.seconds(40);
    assert!(matches!(&bench.take_events()[..], [SipEvent::Registered { account, contacts: 0 }] if account == "801"));
    let dialog = ring(&mut bench, "801");
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: d, cause: EndCause::Refused(480) }] if d == dialog));
    bench.seconds(22);
    let options = bench.take().into_iter().rev().find(|it| it.starts_with("OPTIONS")).unwrap();
    bench.receive(udp(DESK), reply(&options, "405 Method Not Allowed", "p", "", ""));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Registered { contacts: 1, .. }]));
}

#[test]
fn c10_a_registration_survives_its_stream_and_so_does_the_call() {
    let mut bench = Bench::new(office());
    let ws = |connection| Flow { transport: Transport::Ws, ..tcp("198.51.100.4:51000", connection) };
    let contact = "Contact: <sip:x@abc.invalid;transport=ws>;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n";
    registered(&mut bench, ws(1), "801", 1, contact);
    bench.take_events();
    ring(&mut bench, "801");
    let (flow, invite) = bench.sent.pop().unwrap();
    assert_eq!(flow.connection, 1);
    assert!(!invite.contains("v=0"), "where we have no offer for browsers, the phone makes one");
    bench.receive(flow, reply(&invite, "200 OK", "w", "", ANSWER));
    let [SipEvent::Answered { dialog, wants_answer: true, sdp: Some(_) }] = bench.take_events()[..] else { panic!() };
    assert!(bench.take().is_empty(), "the ACK waits for our answer");
    bench.receive(flow, reply(&invite, "200 OK", "w", "", ANSWER));
    bench.command(SipCommand::Acknowledge { dialog, sdp: ANSWER.into() });
    let acks = bench.take();
    assert!(acks.len() == 1 && acks[0].starts_with("ACK") && acks[0].contains("m=audio 20000"), "{acks:?}");
    bench.close(ws(1));
    assert!(matches!(bench.take_events()[..], [SipEvent::Registered { contacts: 0, .. }]));
    let answer = registered(&mut bench, ws(2), "801", 2, &contact.replace("sip:x@", "sip:y@"));
    assert_eq!(answer.matches("Contact:").count(), 1, "the same phone, not a second one: {answer}");
    assert!(matches!(bench.take_events()[..], [SipEvent::Registered { contacts: 1, .. }]));
    bench.command(SipCommand::HangUp { dialog, reason: None });
    let (flow, bye) = bench.sent.pop().unwrap();
    assert!(bye.starts_with("BYE") && flow.connection == 2);
}

/// A desk phone and a softphone in a browser of the same person: each is offered what it understands, and one of them has the call.
#[test]
fn c10_softphones_in_browsers_are_rung_with_an_offer_of_their_own_kind() {
    let mut bench = Bench::new(office());
    let ws = Flow { transport: Transport::Ws, ..tcp("198.51.100.4:51000", 1) };
    registered(&mut bench, udp(DESK), "801", 1, "Contact: <sip:801@198.51.100.4:5070>\r\n");
    registered(&mut bench, ws, "801", 1, "Contact: <sip:x@abc.invalid;transport=ws>\r\n");
    bench.take_events();
    let browser = OFFER.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF");
    let dialog = ring_with(&mut bench, "801", Some(&browser));
    let sent = std::mem::take(&mut bench.sent);
    assert_eq!(sent.len(), 2);
    for (flow, invite) in &sent {
        assert_eq!(invite.contains("SAVPF"), flow.transport.is_websocket(), "{invite}");
    }
    let (browsers, desks): (Vec<_>, Vec<_>) = sent.into_iter().partition(|(flow, _)| flow.transport.is_websocket());
    bench.receive(udp(DESK), reply(&desks[0].1, "180 Ringing", "d", "", ""));
    bench.take_events();
    let (flow, invite) = browsers[0].clone();
    bench.receive(flow, reply(&invite, "200 OK", "w", "", &ANSWER.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF")));
    let [SipEvent::Answered { dialog: answered, wants_answer: false, sdp: Some(sdp) }] = &bench.take_events()[..] else { panic!() };
    assert!(*answered == dialog && sdp.is_webrtc());
    let sent = bench.take();
    assert!(sent.iter().any(|it| it.starts_with("ACK")) && sent.iter().any(|it| it.starts_with("CANCEL")), "{sent:?}");
}

#[test]
fn c10_accounts_change_at_run_time_without_dropping_others() {
    let mut bench = Bench::new(SipSettings { accounts: vec![account("801")], ..settings() });
    bench.command(SipCommand::Accounts(vec![account("802"), account("803")]));
    for user in ["801", "802", "803"] {
        assert_eq!(status(&registered(&mut bench, udp(DESK), user, 1, "Contact: <sip:a@198.51.100.4>\r\n")), 200);
    }
    bench.take_events();
    bench.command(SipCommand::Accounts(vec![account("803"), account("804")]));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Registered { account, contacts: 0 }] if account == "802"));
    assert_eq!(bench.endpoint.contacts_of("803").count() + bench.endpoint.contacts_of("801").count(), 2);
    bench.command(SipCommand::Accounts(vec![Account { ha1_md5: "0".into(), ..account("803") }]));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Registered { account, contacts: 0 }] if account == "803"), "another password");
}

#[test]
fn c10_a_registered_phone_is_heard_while_somebody_behind_the_same_router_guesses() {
    let mut bench = Bench::new(office());
    registered(&mut bench, udp(DESK), "801", 1, "Contact: <sip:801@198.51.100.4>\r\n");
    let guesser = udp("198.51.100.4:7777");
    for place in 0..60 {
        bench.receive(guesser, request("REGISTER", place, "", &format!("g{place}"), "", ""));
        let nonce = crate::sip::digest::Challenge::parse(header(&bench.take()[0], "WWW-Authenticate").as_bytes());
        let Some(challenge) = nonce else { continue };
        let wrong = crate::sip::digest::Credentials { user: "801".into(), password: format!("g{place}") };
        let value = challenge.answer(&wrong, "REGISTER", "sip:1000@192.0.2.1", 1, &mut crate::machine::Ids::seeded(9));
        bench.receive(guesser, request("REGISTER", place + 100, "", &format!("h{place}"), &format!("Authorization: {value}\r\n"), ""));
        bench.millis(500);
    }
    assert!(bench.refused.iter().any(|(reason, _)| *reason == "guessing"));
    bench.take();
    assert_eq!(status(&registered(&mut bench, udp(DESK), "801", 2, "Contact: <sip:801@198.51.100.4>\r\n")), 200);
}
