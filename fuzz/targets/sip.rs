//! Any datagrams from a trunk and from a stranger: no panic, nothing kept beyond the bounds, and time ends all of it.
#![no_main]

use std::time::Duration;

use dinetone_fuzz::machine::{Ids, Machine as _};
use dinetone_fuzz::origin;
use dinetone_fuzz::sip::endpoint::Endpoint;
use dinetone_fuzz::sip::event::{Flow, SipCommand, SipEvent, SipInput, SipOutput, SipSettings, Transport, TrunkSettings};
use dinetone_fuzz::sip::message::Message;
use libfuzzer_sys::fuzz_target;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\n";

fn settings() -> SipSettings {
    let trunk = TrunkSettings {
        name: "main".into(),
        addresses: vec![[192, 0, 2, 7].into()],
        targets: Vec::new(),
        transport: Transport::Udp,
        socket: 0,
        local: ([192, 0, 2, 1], 5060).into(),
        registration: None,
        options_every: None,
        trust_identity: true,
        max_calls: None,
        max_calls_per_second: None,
    };
    SipSettings { trunks: vec![trunk], max_dialogs: 4, trace: true, ..SipSettings::without_peers([7; 32]) }
}

// Several datagrams in one run, apart by a zero octet: the first octet of each says who sends it and whether we answer.
fuzz_target!(|data: &[u8]| {
    let mut now = origin();
    let mut endpoint = Endpoint::new(settings(), Ids::seeded(1), now);
    let mut invited = Vec::new();
    for part in data.split(|byte| *byte == 0).take(16) {
        let (how, bytes) =
            part.split_first().map_or((b'I', part), |(how, rest)| if how.is_ascii_uppercase() { (*how, part) } else { (*how, rest) });
        let host = if how & 1 == 0 { 66 } else { 7 };
        let transport = if how & 2 == 0 { Transport::Udp } else { Transport::Tcp };
        let connection = u64::from(transport == Transport::Tcp);
        let flow = Flow { transport, socket: 0, local: ([192, 0, 2, 1], 5060).into(), peer: ([192, 0, 2, host], 5060).into(), connection };
        endpoint.handle(now, SipInput::Received { flow, bytes: bytes.to_vec() });
        let mut outputs = 0;
        while let Some(output) = endpoint.poll() {
            outputs += 1;
            assert!(outputs < 100, "one datagram causes a flood");
            match output {
                SipOutput::Event(SipEvent::Invited(call)) => invited.push(call.dialog),
                SipOutput::Event(SipEvent::Reoffer { dialog, .. }) if how & 4 == 0 => {
                    endpoint.handle(now, SipInput::Command(SipCommand::AnswerReoffer { dialog, answer: Err(488) }));
                }
                SipOutput::Transmit { bytes, .. } => {
                    // What we write, we can read.
                    let mut copy = bytes.clone();
                    assert!(Message::read(&mut copy).is_ok(), "{}", String::from_utf8_lossy(&bytes));
                }
                _ => {}
            }
        }
        if let (Some(dialog), true) = (invited.last().copied(), how & 8 != 0) {
            endpoint.handle(now, SipInput::Command(SipCommand::Answer { dialog, sdp: SDP.into() }));
        }
        now = now.after(Duration::from_millis(50));
    }
    // Once we have hung up everywhere, time ends all the rest.
    for dialog in invited {
        endpoint.handle(now, SipInput::Command(SipCommand::Reject { dialog, status: 480, retry_after: None }));
        endpoint.handle(now, SipInput::Command(SipCommand::HangUp { dialog, reason: None }));
    }
    while endpoint.poll().is_some() {}
    let mut fired = 0;
    while let Some(due) = endpoint.next_deadline() {
        now = now.after(due.saturating_duration_since(now.instant));
        endpoint.handle_timeout(now);
        while endpoint.poll().is_some() {}
        fired += 1;
        assert!(fired < 100_000, "timers that never end");
    }
    assert_eq!(endpoint.kept(), (0, 0, 0), "dialogs, transactions, alarms");
});
