//! Transfers by desk phones: blind, attended, and by those who may not.

use super::kit::*;
use crate::sip::event::*;

const DESK: &str = "198.51.100.4:5060";

/// A call that we placed to the phone of 801, answered; gives its dialog and the INVITE.
fn desk_call(bench: &mut Bench, tag: &str) -> (DialogId, String) {
    let dialog = bench.endpoint.new_dialog_id();
    bench.command(SipCommand::Ring(Box::new(Ring {
        dialog,
        account: "801".into(),
        caller: Shown { number: "13800001234".into(), name: String::new() },
        headers: Vec::new(),
        sdp: OFFER.into(),
        browser: None,
        auto_answer: true,
    })));
    let invite = bench.take().pop().unwrap();
    assert!(invite.contains("answer-after=0"));
    bench.receive(udp(DESK), reply(&invite, "200 OK", tag, "", ANSWER));
    bench.take();
    bench.take_events();
    (dialog, invite)
}

fn desk() -> Bench {
    let mut bench = Bench::new(office());
    registered(&mut bench, udp(DESK), "801", 1, "Contact: <sip:801@198.51.100.4:5060>\r\n");
    bench.take_events();
    bench
}

fn our_tag(invite: &str) -> String {
    header(invite, "From").split(";tag=").nth(1).unwrap().to_owned()
}

fn refer(invite: &str, tag: &str, cseq: u32, refer_to: &str) -> String {
    format!(
        "REFER sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {DESK};rport;branch=z9hG4bKref{cseq}\r\nFrom: <sip:801@192.0.2.1>;tag={tag}\r\n\
         To: {}\r\nCall-ID: {}\r\nCSeq: {cseq} REFER\r\nRefer-To: {refer_to}\r\nContact: <sip:801@198.51.100.4>\r\nContent-Length: 0\r\n\r\n",
        header(invite, "From"),
        header(invite, "Call-ID"),
    )
}

#[test]
fn c62_a_desk_phone_transfers_blindly_and_hears_how_it_goes() {
    let mut bench = desk();
    let (dialog, invite) = desk_call(&mut bench, "d");
    bench.receive(udp(DESK), refer(&invite, "d", 5, "<sip:802@dinetone>"));
    let sent = bench.take();
    assert_eq!(status(&sent[0]), 202);
    assert!(sent[1].starts_with("NOTIFY sip:1000@192.0.2.7:5080") && sent[1].contains("Event: refer;id=5\r\n"), "{}", sent[1]);
    assert!(sent[1].contains("Subscription-State: active") && sent[1].ends_with("SIP/2.0 100 Trying\r\n"));
    let events = bench.take_events();
    assert!(matches!(&events[..], [SipEvent::Referred { dialog: d, to, replaces: None }] if *d == dialog && to == "802"), "{events:?}");
    bench.receive(udp(DESK), refer(&invite, "d", 6, "<sip:803@dinetone>"));
    assert_eq!(status(&bench.take()[0]), 491, "one at a time");
    bench.command(SipCommand::ReferProgress { dialog, status: 180 });
    bench.command(SipCommand::ReferProgress { dialog, status: 200 });
    bench.command(SipCommand::ReferProgress { dialog, status: 200 });
    let sent = bench.take();
    assert_eq!(sent.len(), 2, "the last word is said once");
    assert!(sent[1].contains("Subscription-State: terminated") && sent[1].ends_with("SIP/2.0 200 OK\r\n"));
    // A phone that knows nothing of the subscription keeps its call.
    bench.receive(udp(DESK), reply(&sent[1], "481 No", "", "", ""));
    assert!(bench.take_events().is_empty());
}

#[test]
fn c62_an_attended_transfer_names_the_other_call_of_the_same_phone() {
    let mut bench = desk();
    let (first, invite) = desk_call(&mut bench, "d");
    let (second, other) = desk_call(&mut bench, "e");
    let replaces = format!("{}%3Bto-tag%3D{}%3Bfrom-tag%3De", header(&other, "Call-ID").replace('@', "%40"), our_tag(&other));
    bench.receive(udp(DESK), refer(&invite, "d", 5, &format!("<sip:802@dinetone?Replaces={replaces}&X-Evil=1>")));
    assert_eq!(status(&bench.take()[0]), 202);
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Referred { dialog, replaces: Some(it), .. }] if dialog == first && it == second), "{events:?}");
    bench.command(SipCommand::ReferProgress { dialog: first, status: 603 });
    bench.take();
    for (place, wrong) in
        ["<sip:802@dinetone?Replaces=nothing%3Bto-tag%3Dx%3Bfrom-tag%3Dy>", "<sip:802@dinetone?Replaces=z>", "<http://x>", "<sip:dinetone>"]
            .into_iter()
            .enumerate()
    {
        bench.receive(udp(DESK), refer(&invite, "d", 10 + u32::try_from(place).unwrap(), wrong));
        let sent = bench.take();
        assert!(matches!(status(&sent[0]), 400 | 481), "{wrong}: {sent:?}");
    }
    assert!(!bench.take_events().iter().any(|it| matches!(it, SipEvent::Referred { .. })));
}

#[test]
fn c62_callers_from_outside_transfer_nobody() {
    let mut bench = Bench::new(with_trunk());
    let (_, tag) = bench.answered_call("");
    bench.receive(udp("192.0.2.7:5060"), request("REFER", 2, &tag, "ref", "Refer-To: <sip:0088299@x>\r\n", ""));
    assert_eq!(status(&bench.take()[0]), 405);
    bench.receive(udp("192.0.2.7:5060"), request("REFER", 2, "", "ref2", "Refer-To: <sip:0088299@x>\r\n", ""));
    assert_eq!(status(&bench.take()[0]), 405);
    assert!(bench.take_events().is_empty());
}
