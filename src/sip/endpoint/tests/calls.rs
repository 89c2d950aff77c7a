//! Incoming calls from INVITE to BYE, and what goes wrong on the way.

use super::kit::*;
use crate::sip::event::*;

const CALLER: &str = "192.0.2.7:5060";

fn invited(bench: &mut Bench, extra: &str, body: &str) -> Box<Invited> {
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", extra, body));
    match bench.take_events().pop() {
        Some(SipEvent::Invited(invited)) => invited,
        other => panic!("{other:?} {:?}", bench.sent),
    }
}

fn ended(events: &[SipEvent]) -> Vec<&EndCause> {
    events.iter().filter_map(|event| if let SipEvent::Ended { cause, .. } = event { Some(cause) } else { None }).collect()
}

#[test]
fn c1_a_call_from_invite_to_bye() {
    let mut bench = Bench::new(with_trunk());
    let invite = invited(&mut bench, "User-Agent: Carrier 7\r\n", OFFER);
    assert_eq!((invite.trunk.as_str(), invite.caller.as_str(), invite.dialled.as_str()), ("main", "13800001234", "1000"));
    assert_eq!(invite.user_agent, "Carrier 7");
    assert!(invite.offer.is_some());
    assert_eq!(bench.lines(), ["SIP/2.0 100 Trying"]);
    bench.command(SipCommand::Progress { dialog: invite.dialog, status: 180, sdp: None });
    bench.command(SipCommand::Answer { dialog: invite.dialog, sdp: ANSWER.into() });
    let sent = bench.take();
    assert_eq!((status(&sent[0]), status(&sent[1]), sent.len()), (180, 200, 2));
    assert!(sent[1].ends_with(ANSWER));
    assert!(header(&sent[1], "Via").contains("received=192.0.2.7;rport=5060"), "{}", sent[1]);
    assert_eq!(header(&sent[1], "Contact"), "<sip:192.0.2.1:5060>");
    let tag = tag_of(&sent[1]);
    bench.receive(udp(CALLER), request("ACK", 1, &tag, "ack", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Acknowledged { answer: None, .. }]));
    bench.seconds(40);
    assert_eq!(bench.take(), [""; 0], "no repetition after the ACK");
    bench.receive(udp(CALLER), request("BYE", 2, &tag, "bye", "", ""));
    assert_eq!(bench.lines(), ["SIP/2.0 200 OK"]);
    assert_eq!(ended(&bench.take_events()), [&EndCause::PeerBye]);
    assert_eq!(bench.endpoint.open_dialogs(), 0);
    // A repeated BYE is answered from memory, and later everything is gone.
    bench.receive(udp(CALLER), request("BYE", 2, &tag, "bye", "", ""));
    assert_eq!(bench.lines(), ["SIP/2.0 200 OK"]);
    bench.seconds(40);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c1_a_repeated_invite_makes_one_call() {
    let mut bench = Bench::new(with_trunk());
    let first = invited(&mut bench, "", OFFER);
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", "", OFFER));
    assert_eq!(bench.lines(), ["SIP/2.0 100 Trying", "SIP/2.0 100 Trying"]);
    bench.command(SipCommand::Progress { dialog: first.dialog, status: 180, sdp: None });
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", "", OFFER));
    assert_eq!(bench.lines(), ["SIP/2.0 180 Ringing", "SIP/2.0 180 Ringing"]);
    assert!(bench.take_events().is_empty());
    // The same by another way is merged.
    bench.receive(udp(CALLER), request("INVITE", 1, "", "otherway", "", OFFER));
    assert_eq!(bench.lines(), ["SIP/2.0 482 Loop Detected"]);
}

#[test]
fn c1_an_answer_without_ack_is_repeated_and_then_hung_up() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "", OFFER);
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    bench.take();
    let start = bench.now;
    let mut times = Vec::new();
    for _ in 0..3400 {
        bench.millis(10);
        for line in bench.lines() {
            times.push(((bench.now.instant - start.instant).as_millis() / 10 * 10, line));
        }
    }
    let answers: Vec<u128> = times.iter().filter(|(_, line)| line == "SIP/2.0 200 OK").map(|(at, _)| *at).collect();
    assert_eq!(answers, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    let bye = times.iter().find(|(_, line)| line.starts_with("BYE")).unwrap();
    assert_eq!(bye.0, 32000);
    assert!(bye.1.starts_with("BYE sip:13800001234@192.0.2.7:5060 SIP/2.0"));
    assert_eq!(ended(&bench.take_events()), [&EndCause::NoAck]);
    bench.seconds(64);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c1_hanging_up_before_the_ack_waits_for_it() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "", OFFER);
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    bench.command(SipCommand::HangUp { dialog: call.dialog, reason: None });
    assert_eq!(ended(&bench.take_events()), [&EndCause::Local]);
    let sent = bench.take();
    assert!(!sent.iter().any(|text| text.starts_with("BYE")));
    bench.receive(udp(CALLER), request("ACK", 1, &tag_of(sent.last().unwrap()), "ack", "", ""));
    let sent = bench.take();
    assert!(sent[0].starts_with("BYE"));
    let ok = format!(
        "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: one@192.0.2.7\r\nCSeq: {}\r\n\r\n",
        header(&sent[0], "Via"),
        header(&sent[0], "From"),
        header(&sent[0], "To"),
        header(&sent[0], "CSeq")
    );
    bench.receive(udp(CALLER), ok);
    assert_eq!(bench.endpoint.kept().0, 0);
    assert!(bench.take_events().is_empty());
}

#[test]
fn c1_cancel_ends_a_ringing_call() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "", OFFER);
    bench.take();
    bench.receive(udp(CALLER), request("CANCEL", 1, "", "call1", "", ""));
    let sent = bench.take();
    assert_eq!((status(&sent[0]), status(&sent[1])), (200, 487));
    assert_eq!(tag_of(&sent[0]), tag_of(&sent[1]));
    assert_eq!(ended(&bench.take_events()), [&EndCause::Cancelled]);
    bench.millis(600);
    assert_eq!(bench.lines(), ["SIP/2.0 487 Request Terminated"], "timer G");
    bench.receive(udp(CALLER), request("ACK", 1, &tag_of(&sent[1]), "call1", "", ""));
    bench.seconds(6);
    assert_eq!(bench.take(), [""; 0]);
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    assert_eq!(bench.take(), [""; 0], "a late answer is too late");
}

#[test]
fn c1_a_cancel_after_the_answer_changes_nothing() {
    let mut bench = Bench::new(with_trunk());
    let (dialog, tag) = bench.answered_call("");
    bench.receive(udp(CALLER), request("CANCEL", 1, "", "call1", "", ""));
    assert_eq!(bench.lines(), ["SIP/2.0 200 OK"]);
    assert!(bench.take_events().is_empty());
    bench.receive(udp(CALLER), request("CANCEL", 1, "", "unknown", "", ""));
    assert_eq!(bench.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist"]);
    bench.receive(udp(CALLER), request("BYE", 2, &tag, "bye", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog: it, cause: EndCause::PeerBye }] if it == dialog));
}

#[test]
fn c1_a_refusal_is_repeated_until_ack_and_carries_retry_after() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "", OFFER);
    bench.take();
    bench.command(SipCommand::Reject { dialog: call.dialog, status: 503, retry_after: Some(7) });
    let sent = bench.take();
    assert_eq!(status(&sent[0]), 503);
    assert_eq!(header(&sent[0], "Retry-After"), "7");
    assert_eq!(ended(&bench.take_events()), [&EndCause::Local]);
    bench.seconds(40);
    assert_eq!(bench.lines().len(), 10, "timer G until timer H");
    assert_eq!(bench.endpoint.kept(), (0, 0, 0));
}

#[test]
fn c3_an_offerless_call_brings_the_answer_in_the_ack() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "", "");
    assert!(call.offer.is_none());
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    let tag = tag_of(bench.take().last().unwrap());
    bench.receive(udp(CALLER), request("ACK", 1, &tag, "ack", "", OFFER));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Acknowledged { answer: Some(_), .. }]));
}

#[test]
fn c3_hold_resume_and_move_by_reinvite() {
    let mut bench = Bench::new(with_trunk());
    let (dialog, tag) = bench.answered_call("");
    let held = OFFER.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    bench.receive(udp(CALLER), request("INVITE", 2, &tag, "re1", "", &held).replace("@192.0.2.7:5060>", "@192.0.2.7:5099>"));
    let events = bench.take_events();
    let [SipEvent::Reoffer { offer: Some(offer), .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(offer.media[0].direction, crate::sip::sdp::Direction::SendOnly);
    // Another one meanwhile has to wait.
    bench.receive(udp(CALLER), request("INVITE", 3, &tag, "re2", "", OFFER));
    let sent = bench.take();
    assert_eq!((status(&sent[0]), status(&sent[1])), (100, 500));
    assert!(!header(&sent[1], "Retry-After").is_empty());
    bench.command(SipCommand::AnswerReoffer { dialog, answer: Ok(ANSWER.into()) });
    assert_eq!(bench.lines(), ["SIP/2.0 200 OK"]);
    bench.millis(600);
    assert_eq!(bench.lines().iter().filter(|it| *it == "SIP/2.0 200 OK").count(), 1, "repeated until ACK");
    bench.receive(udp(CALLER), request("ACK", 2, &tag, "re1ack", "", ""));
    assert!(bench.take_events().is_empty());
    bench.take();
    bench.command(SipCommand::HangUp { dialog, reason: None });
    let bye = bench.sent.pop().unwrap();
    assert!(bye.1.starts_with("BYE sip:13800001234@192.0.2.7:5099"), "{}", bye.1);
    assert_eq!(bye.0.peer, peer("192.0.2.7:5099"));
}

#[test]
fn c3_a_refused_reoffer_leaves_the_call_as_it_was() {
    let mut bench = Bench::new(with_trunk());
    let (dialog, tag) = bench.answered_call("");
    let video = "v=0\r\no=a 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=video 4000 RTP/AVP 31\r\n";
    bench.receive(udp(CALLER), request("INVITE", 2, &tag, "re1", "", video));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), &header(&refusal, "Warning")[..3]), (488, "304"), "no sound is offered: {refusal}");
    bench.receive(udp(CALLER), request("ACK", 2, &tag, "re1", "", ""));
    bench.receive(udp(CALLER), request("UPDATE", 3, &tag, "up", "", OFFER));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reoffer { .. }]));
    bench.command(SipCommand::AnswerReoffer { dialog, answer: Err(488) });
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), &header(&refusal, "Warning")[..3]), (488, "399"), "{refusal}");
    assert_eq!(bench.endpoint.open_dialogs(), 1);
    bench.receive(udp(CALLER), request("INVITE", 4, &tag, "re3", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reoffer { offer: None, .. }]));
    bench.command(SipCommand::AnswerReoffer { dialog, answer: Ok(ANSWER.into()) });
    bench.receive(udp(CALLER), request("ACK", 4, &tag, "re3ack", "", OFFER));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Acknowledged { answer: Some(_), .. }]));
}

#[test]
fn c5_info_carries_key_presses() {
    let mut bench = Bench::new(with_trunk());
    let (_, tag) = bench.answered_call("");
    let info = |cseq, kind: &str, body: &str| request("INFO", cseq, &tag, &format!("i{cseq}"), &format!("Content-Type: {kind}\r\n"), body);
    bench.receive(udp(CALLER), info(2, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"));
    bench.receive(udp(CALLER), info(2, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"));
    bench.receive(udp(CALLER), info(3, "application/dtmf", "7"));
    bench.receive(udp(CALLER), info(4, "application/media_control+xml", "<x/>"));
    bench.receive(udp(CALLER), request("INFO", 5, &tag, "i5", "", ""));
    let sent = bench.take();
    assert_eq!(sent.iter().map(|text| status(text)).collect::<Vec<_>>(), [200, 200, 200, 415, 200]);
    assert!(header(&sent[3], "Accept").contains("dtmf-relay"));
    let digits: Vec<String> =
        bench.take_events().into_iter().map(|event| if let SipEvent::Info { body, .. } = event { body } else { panic!() }).collect();
    assert_eq!(digits, ["Signal=5\r\nDuration=160\r\n", "7"]);
}

#[test]
fn c1_requests_are_checked_for_order_and_for_their_dialog() {
    let mut bench = Bench::new(with_trunk());
    let (_, tag) = bench.answered_call("");
    bench.receive(udp(CALLER), request("OPTIONS", 5, &tag, "o", "", ""));
    bench.receive(udp(CALLER), request("INFO", 9, &tag, "i", "", ""));
    bench.receive(udp(CALLER), request("INFO", 8, &tag, "late", "", ""));
    for method in ["BYE", "INFO", "UPDATE", "PRACK", "INVITE", "OPTIONS"] {
        bench.receive(udp(CALLER), request(method, 20, "nobody", &format!("x{method}"), "", ""));
    }
    for method in ["REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE"] {
        bench.receive(udp(CALLER), request(method, 21, &tag, &format!("x{method}"), "", ""));
    }
    bench.receive(udp(CALLER), request("DANCE", 22, "", "d", "", ""));
    bench.receive(udp(CALLER), request("ACK", 9, "nobody", "a", "", ""));
    let sent = bench.take();
    let statuses: Vec<u16> = sent.iter().map(|text| status(text)).collect();
    assert_eq!(statuses, [200, 200, 500, 481, 481, 481, 481, 481, 481, 405, 405, 405, 405, 405, 501]);
    assert!(header(&sent[0], "Allow").contains("INVITE") && !header(&sent[0], "Allow").contains("REFER"));
    assert!(header(&sent[0], "Supported").contains("100rel") && header(&sent[0], "Accept").contains("application/sdp"));
    assert!(header(&sent[9], "Allow").contains("INVITE"));
}

#[test]
fn c1_reliable_provisional_answers_wait_for_prack() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "Require: 100rel\r\n", OFFER);
    bench.take();
    bench.command(SipCommand::Progress { dialog: call.dialog, status: 183, sdp: Some(ANSWER.into()) });
    bench.command(SipCommand::Progress { dialog: call.dialog, status: 180, sdp: None });
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    let sent = bench.take();
    assert_eq!((sent.len(), status(&sent[0])), (1, 183));
    assert_eq!(header(&sent[0], "Require"), "100rel");
    let (tag, rseq): (_, u32) = (tag_of(&sent[0]), header(&sent[0], "RSeq").parse().unwrap());
    bench.millis(1600);
    assert_eq!(bench.lines().len(), 2, "repeated at T1 and 3·T1");
    bench.receive(udp(CALLER), request("PRACK", 2, &tag, "p0", &format!("RAck: {} 1 INVITE\r\n", rseq + 5), ""));
    bench.receive(udp(CALLER), request("PRACK", 3, &tag, "p1", &format!("RAck: {rseq} 1 INVITE\r\n"), ""));
    assert_eq!(bench.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist", "SIP/2.0 200 OK", "SIP/2.0 180 Ringing"]);
    bench.receive(udp(CALLER), request("PRACK", 4, &tag, "p2", &format!("RAck: {} 1 INVITE\r\n", rseq + 1), ""));
    let sent = bench.take();
    assert_eq!(sent.iter().map(|it| status(it)).collect::<Vec<_>>(), [200, 200]);
    assert_eq!(header(&sent[1], "CSeq"), "1 INVITE");
}

#[test]
fn c1_a_provisional_answer_that_nobody_acknowledges_ends_the_call() {
    let mut bench = Bench::new(with_trunk());
    let call = invited(&mut bench, "Require: 100rel\r\n", OFFER);
    bench.command(SipCommand::Progress { dialog: call.dialog, status: 180, sdp: None });
    bench.take();
    bench.seconds(33);
    assert!(bench.lines().contains(&"SIP/2.0 504 Server Time-out".to_owned()));
    assert_eq!(ended(&bench.take_events()), [&EndCause::NoAck]);
}

#[test]
fn c1_floods_and_overload_are_refused_without_leaving_anything() {
    let mut bench = Bench::new(SipSettings { max_dialogs: 2, ..with_trunk() });
    let invite = |place: u32| request("INVITE", 1, "", &format!("b{place}"), "", OFFER).replace("one@", &format!("{place}@"));
    for place in 0..100 {
        bench.receive(udp(CALLER), invite(place));
    }
    let lines = bench.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("SIP/2.0 503")).count(), 98);
    assert_eq!((bench.endpoint.open_dialogs(), bench.endpoint.kept().1), (2, 2));
    bench.command(SipCommand::Refuse { retry_after: Some(30) });
    bench.receive(udp(CALLER), invite(0));
    bench.receive(udp(CALLER), invite(500));
    bench.receive(udp(CALLER), request("OPTIONS", 1, "", "o", "", ""));
    let sent = bench.take();
    assert_eq!(sent.iter().map(|it| status(it)).collect::<Vec<_>>(), [100, 503, 200], "what is known goes on");
    assert_eq!(header(&sent[1], "Retry-After"), "30");
    // Strangers: 600 OPTIONS within a second, of which most are not even read.
    bench.take();
    for _ in 0..600 {
        bench.receive(udp("203.0.113.5:5060"), request("OPTIONS", 1, "", "o", "", ""));
    }
    assert_eq!(bench.take().len(), 100);
    bench.receive(udp("203.0.113.6:5060"), request("OPTIONS", 1, "", "o", "", ""));
    assert_eq!(bench.take().len(), 1);
}

#[test]
fn c1_a_source_that_never_takes_up_an_answer_leaves_room_for_others() {
    let mut bench = Bench::new(SipSettings { demo: true, max_dialogs: 800, ..settings() });
    let from = |bench: &mut Bench, host: &str, place: u32| {
        let text = request("INVITE", 1, "", &format!("b{place}"), "", OFFER).replace("one@", &format!("{place}@"));
        bench.receive(udp(&format!("{host}:5060")), text);
        bench.take().last().map(|it| status(it))
    };
    let taken = (0..300).filter(|place| from(&mut bench, "127.0.0.5", *place) == Some(100)).count();
    assert_eq!(taken, 100, "an eighth of the house");
    assert_eq!(from(&mut bench, "127.0.0.6", 400), Some(100), "others are served");
    // A caller who gives up, or is heard of again, makes room.
    bench.receive(udp("127.0.0.5:5060"), request("CANCEL", 1, "", "b0", "", "").replace("one@", "0@"));
    bench.take();
    assert_eq!((from(&mut bench, "127.0.0.5", 401), from(&mut bench, "127.0.0.5", 402)), (Some(100), Some(503)));
}

#[test]
fn c1_the_limits_of_a_trunk_hold() {
    let limited = TrunkSettings { max_calls: Some(3), max_calls_per_second: Some(2), ..trunk("192.0.2.7") };
    let mut bench = Bench::new(SipSettings { trunks: vec![limited], ..settings() });
    let mut last = None;
    for place in 0..8 {
        bench.receive(udp(CALLER), request("INVITE", 1, "", &format!("b{place}"), "", OFFER).replace("one@", &format!("{place}@")));
        if place % 4 == 3 {
            bench.seconds(1);
        }
        if let Some(SipEvent::Invited(it)) = bench.take_events().pop() {
            last = Some(it.dialog);
        }
    }
    let reasons: Vec<&str> = bench.refused.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(reasons, ["trunk_rate", "trunk_rate", "trunk_calls", "trunk_calls", "trunk_calls"]);
    bench.command(SipCommand::Reject { dialog: last.unwrap(), status: 486, retry_after: None });
    bench.seconds(1);
    bench.receive(udp(CALLER), request("INVITE", 1, "", "again", "", OFFER).replace("one@", "again@"));
    assert!(matches!(bench.take_events().last(), Some(SipEvent::Invited(_))));
}

#[test]
fn c1_who_calls_is_read_from_identity_or_from() {
    for (extra, trust, expected) in [
        ("P-Asserted-Identity: <tel:+8613912345678;phone-context=x>\r\n", true, "+8613912345678"),
        ("P-Asserted-Identity: \"B, C\" <sip:02988001234@carrier>, <tel:029>\r\n", true, "02988001234"),
        ("P-Asserted-Identity: <tel:+8613912345678>\r\n", false, "13800001234"),
        ("P-Asserted-Identity: <sip:anonymous@anonymous.invalid>\r\n", true, "anonymous"),
        ("P-Asserted-Identity: <sip:%2B86139@carrier>\r\n", true, "+86139"),
        ("", true, "13800001234"),
    ] {
        let line = TrunkSettings { trust_identity: trust, ..trunk("192.0.2.7") };
        let mut bench = Bench::new(SipSettings { trunks: vec![line], ..settings() });
        assert_eq!(invited(&mut bench, extra, OFFER).caller, expected, "{extra}");
    }
}

#[test]
fn c1_routes_are_kept_and_followed() {
    let mut bench = Bench::new(with_trunk());
    let routes = "Record-Route: <sip:192.0.2.7:5070;lr>, <sip:192.0.2.8;lr>\r\n";
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", routes, OFFER));
    let Some(SipEvent::Invited(call)) = bench.take_events().pop() else { panic!() };
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    let sent = bench.take();
    assert_eq!(sent[1].matches("Record-Route: ").count(), 2);
    bench.receive(udp(CALLER), request("ACK", 1, &tag_of(&sent[1]), "ack", "", ""));
    bench.command(SipCommand::HangUp { dialog: call.dialog, reason: Some("Q.850;cause=16") });
    let (flow, bye) = bench.sent.pop().unwrap();
    assert_eq!(flow.peer, peer("192.0.2.7:5070"));
    assert!(bye.contains("Route: <sip:192.0.2.7:5070;lr>\r\nRoute: <sip:192.0.2.8;lr>\r\n"), "{bye}");
    assert!(bye.contains("Reason: Q.850;cause=16\r\n"));
}

#[test]
fn c1_a_stream_that_closes_ends_what_rings_and_spares_what_talks() {
    let mut bench = Bench::new(with_trunk());
    let flow = tcp("192.0.2.7:40001", 9);
    bench.receive(flow, request("INVITE", 1, "", "call1", "", OFFER).replace("/UDP", "/TCP"));
    let sent = bench.take();
    assert_eq!(status(&sent[0]), 100);
    bench.close(flow);
    assert_eq!(ended(&bench.take_events()), [&EndCause::Transport]);
    assert_eq!(bench.endpoint.kept().0, 0);

    let flow = tcp("192.0.2.7:40001", 10);
    bench.receive(flow, request("INVITE", 1, "", "call2", "", OFFER).replace("/UDP", "/TCP"));
    let Some(SipEvent::Invited(call)) = bench.take_events().pop() else { panic!() };
    bench.command(SipCommand::Answer { dialog: call.dialog, sdp: ANSWER.into() });
    let tag = tag_of(bench.take().last().unwrap());
    bench.receive(flow, request("ACK", 1, &tag, "ack", "", ""));
    bench.close(flow);
    bench.take_events();
    bench.command(SipCommand::HangUp { dialog: call.dialog, reason: None });
    let (flow, bye) = bench.sent.pop().unwrap();
    assert_eq!((flow.connection, flow.peer), (0, peer("192.0.2.7:5060")));
    assert!(bye.contains("Via: SIP/2.0/TCP 192.0.2.1:5060;"));
    bench.close(flow);
    assert_eq!(bench.endpoint.kept().0, 0);
}

#[test]
fn c1_answers_go_to_where_the_request_came_from() {
    let mut bench = Bench::new(SipSettings { demo: true, ..settings() });
    for (via, to) in [
        ("10.0.0.5:5062;rport", "10.0.0.5:41000"),
        ("10.0.0.5:5062", "10.0.0.5:5062"),
        ("10.0.0.5", "10.0.0.5:41000"),
        ("192.168.9.9:5062", "10.0.0.5:41000"),
        ("host.example.com:5062", "10.0.0.5:41000"),
    ] {
        let text = request("OPTIONS", 1, "", "o", "", "").replace("192.0.2.7:5060;rport", via);
        bench.receive(udp("10.0.0.5:41000"), text);
        let (flow, text) = bench.sent.pop().unwrap();
        assert_eq!(flow.peer, peer(to), "{via}: {text}");
    }
}

#[test]
fn c1_a_trace_shows_messages_without_credentials() {
    let mut bench = Bench::new(SipSettings { trace: true, ..with_trunk() });
    bench.receive(udp(CALLER), request("OPTIONS", 1, "", "o", "Authorization: Digest username=\"x\", response=\"secret\"\r\n", ""));
    assert_eq!(bench.traced.len(), 2);
    assert!(bench.traced[0].contains("Authorization: ***\r\n") && !bench.traced[0].contains("secret"));
}

#[test]
fn c98_only_another_node_of_ours_is_believed_about_a_caller_and_needs_no_trunk() {
    const TOLD: &str = "X-Dinetone-Handover: node=b;call=c1\r\n";
    let mut bench = Bench::new(SipSettings { nodes: vec![peer(CALLER)], ..settings() });
    let invite = invited(&mut bench, TOLD, OFFER);
    assert_eq!((invite.trunk.as_str(), invite.handover.as_deref()), ("node", Some("node=b;call=c1")));
    // The same machine, but not that node: a stranger.
    bench.receive(udp("192.0.2.7:5999"), request("INVITE", 1, "", "call2", TOLD, OFFER));
    assert!(bench.take_events().is_empty());
    // A trunk may call; what it says of nodes is nothing.
    let mut bench = Bench::new(with_trunk());
    let invite = invited(&mut bench, TOLD, OFFER);
    assert_eq!((invite.trunk.as_str(), invite.handover), ("main", None));
}

#[test]
fn c3_sound_is_in_the_family_that_the_offer_names_or_refused_with_the_reason() {
    let six = OFFER.replace("IN IP4 192.0.2.7", "IN IP6 2001:db8::7");
    let mut bench = Bench::new(with_trunk());
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", "", &six));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), header(&refusal, "Warning").as_str()), (488, "300 192.0.2.1 \"Incompatible network protocol\""));

    let ours = ["192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"].map(|it| it.parse().unwrap()).to_vec();
    let sound = |offer: &str| {
        let mut bench = Bench::new(SipSettings { sound: ours.clone(), ..with_trunk() });
        invited(&mut bench, "", offer).sound.to_string()
    };
    assert_eq!(sound(&six), "2001:db8::1");
    assert_eq!(sound(&six.replace("2001:db8::7", "::1")), "::1", "on this machine");
    assert_eq!(sound(OFFER), "192.0.2.1");
    assert_eq!(sound(""), "192.0.2.1", "our own offer: the family of the signalling");
    assert_eq!(sound(&six.replace("2001:db8::7", "::")), "192.0.2.1", "on hold: no family is named");

    // A call that stands keeps its port: sound cannot move to the other family.
    let mut bench = Bench::new(SipSettings { sound: ours, ..with_trunk() });
    let (_, tag) = bench.answered_call("");
    bench.receive(udp(CALLER), request("INVITE", 2, &tag, "re1", "", &six));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), &header(&refusal, "Warning")[..3]), (488, "300"));
    assert!(bench.take_events().is_empty(), "the session stays as it was");
}

#[test]
fn c3_what_has_no_codec_of_ours_is_refused_with_the_reason() {
    let mut bench = Bench::new(with_trunk());
    let foreign = OFFER
        .lines()
        .filter(|line| !line.starts_with("a="))
        .map(|line| if line.starts_with("m=") { "m=audio 4000 RTP/AVP 18" } else { line });
    let foreign: String = foreign.map(|line| format!("{line}\r\n")).collect();
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", "", &foreign));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), &header(&refusal, "Warning")[..3]), (488, "305"), "{refusal}");
}

#[test]
fn c1_a_call_to_a_sips_address_is_answered_from_one() {
    let mut bench = Bench::new(with_trunk());
    let invite = request("INVITE", 1, "", "call1", "", OFFER).replacen("INVITE sip:", "INVITE sips:", 1);
    bench.receive(udp(CALLER), invite);
    let Some(SipEvent::Invited(invited)) = bench.take_events().pop() else { panic!("{:?}", bench.sent) };
    bench.command(SipCommand::Answer { dialog: invited.dialog, sdp: ANSWER.into() });
    let answer = bench.take().pop().unwrap();
    assert_eq!(header(&answer, "Contact"), "<sips:192.0.2.1:5060>");
}

#[test]
fn c1_a_packed_body_is_refused_with_what_would_be_taken() {
    let mut bench = Bench::new(with_trunk());
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", "Content-Encoding: gzip\r\n", OFFER));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), header(&refusal, "Accept-Encoding").as_str()), (415, "identity"));
    bench.receive(udp(CALLER), request("INVITE", 1, "", "call2", "Content-Type: text/plain\r\n", "hello"));
    let refusal = bench.take().pop().unwrap();
    assert_eq!((status(&refusal), header(&refusal, "Accept").as_str()), (415, "application/sdp"));
}

#[test]
fn c1_a_description_that_is_for_something_else_is_no_offer() {
    let statuses = |purpose: &str| {
        let mut bench = Bench::new(with_trunk());
        bench.receive(udp(CALLER), request("INVITE", 1, "", "call1", &format!("Content-Disposition: {purpose}\r\n"), OFFER));
        let offered = match bench.take_events().pop() {
            Some(SipEvent::Invited(invited)) => Some(invited.offer.is_some()),
            _ => None,
        };
        (bench.take().last().map_or(0, |text| status(text)), offered)
    };
    for taken in ["session", "Session ; handling=required", "session;handling=optional"] {
        assert_eq!(statuses(taken), (100, Some(true)), "{taken}");
    }
    // Without a word about it, handling is required (RFC 3261 section 20.11).
    for refused in ["early-session;handling=required", "x-unknown; handling=required", "render"] {
        assert_eq!(statuses(refused), (415, None), "{refused}");
    }
    assert_eq!(statuses("x-unknown;handling=optional"), (100, Some(false)), "as if it were not there");
}
