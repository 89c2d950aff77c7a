//! A bench with one endpoint on it: text in, text out, time by hand.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use crate::machine::{Ids, Machine as _, Now};
use crate::sip::endpoint::Endpoint;
use crate::sip::event::*;

pub const OFFER: &str = "v=0\r\no=caller 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
pub const ANSWER: &str = "v=0\r\no=dinetone 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 101\r\n";

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
pub fn origin() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000) }
}

pub fn settings() -> SipSettings {
    SipSettings { product: "dinetone/test".into(), ..SipSettings::without_peers([7; 32]) }
}

pub fn trunk(address: &str) -> TrunkSettings {
    TrunkSettings {
        name: "main".into(),
        addresses: vec![address.parse().unwrap()],
        targets: Vec::new(),
        transport: Transport::Udp,
        socket: 0,
        local: "192.0.2.1:5060".parse().unwrap(),
        registration: None,
        options_every: None,
        trust_identity: true,
        max_calls: None,
        max_calls_per_second: None,
    }
}

/// Settings with one trunk at 192.0.2.7.
pub fn with_trunk() -> SipSettings {
    SipSettings { trunks: vec![trunk("192.0.2.7")], ..settings() }
}

pub fn udp(peer: &str) -> Flow {
    Flow { transport: Transport::Udp, socket: 0, local: "192.0.2.1:5060".parse().unwrap(), peer: peer.parse().unwrap(), connection: 0 }
}

pub fn tcp(peer: &str, connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection, ..udp(peer) }
}

pub struct Bench {
    pub endpoint: Endpoint,
    pub now: Now,
    pub sent: Vec<(Flow, String)>,
    pub events: Vec<SipEvent>,
    pub refused: Vec<(&'static str, Option<u16>)>,
    pub traced: Vec<String>,
    /// Phones answer the question whether they are there.
    pub phones_answer: bool,
}

impl Bench {
    pub fn new(settings: SipSettings) -> Self {
        let now = origin();
        let endpoint = Endpoint::new(settings, Ids::seeded(1), now);
        Self { endpoint, now, sent: Vec::new(), events: Vec::new(), refused: Vec::new(), traced: Vec::new(), phones_answer: false }
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                SipOutput::Transmit { flow, bytes } => self.sent.push((flow, String::from_utf8_lossy(&bytes).into_owned())),
                SipOutput::Event(event) => self.events.push(event),
                SipOutput::Refused { reason, status, .. } => self.refused.push((reason, status)),
                SipOutput::Trace { bytes, .. } => self.traced.push(String::from_utf8_lossy(&bytes).into_owned()),
            }
        }
    }

    pub fn receive(&mut self, flow: Flow, bytes: impl AsRef<[u8]>) {
        self.endpoint.handle(self.now, SipInput::Received { flow, bytes: bytes.as_ref().to_vec() });
        self.drain();
    }

    pub fn command(&mut self, command: SipCommand) {
        self.endpoint.handle(self.now, SipInput::Command(command));
        self.drain();
    }

    pub fn close(&mut self, flow: Flow) {
        self.endpoint.handle(self.now, SipInput::FlowClosed { flow });
        self.drain();
    }

    /// Lets time pass, deadline by deadline.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        let mut at_once = 0;
        while let Some(at) = self.endpoint.next_deadline().filter(|at| *at <= end.instant) {
            let step = at.saturating_duration_since(self.now.instant);
            at_once = if step.is_zero() { at_once + 1 } else { 0 };
            assert!(at_once < 1000, "time does not move on");
            self.now = self.now.after(step);
            self.endpoint.handle_timeout(self.now);
            let before = self.sent.len();
            self.drain();
            if self.phones_answer {
                let asked: Vec<_> = self.sent.drain(before..).collect();
                for (flow, text) in asked {
                    if text.starts_with("OPTIONS ") {
                        self.receive(flow, reply(&text, "200 OK", "phone", "", ""));
                    } else {
                        self.sent.push((flow, text));
                    }
                }
            }
        }
        self.now = end;
    }

    pub fn millis(&mut self, millis: u64) {
        self.pass(Duration::from_millis(millis));
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// What was sent since the last look.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent).into_iter().map(|(_, text)| text).collect()
    }

    /// First lines of what was sent since the last look.
    pub fn lines(&mut self) -> Vec<String> {
        self.take().iter().map(|text| text.lines().next().unwrap_or("").to_owned()).collect()
    }

    pub fn take_events(&mut self) -> Vec<SipEvent> {
        std::mem::take(&mut self.events)
    }

    /// An INVITE from the trunk, answered; gives the dialog and our tag.
    pub fn answered_call(&mut self, extra: &str) -> (DialogId, String) {
        self.receive(udp("192.0.2.7:5060"), request("INVITE", 1, "", "call1", extra, OFFER));
        let Some(SipEvent::Invited(invited)) = self.take_events().pop() else { panic!("not invited: {:?}", self.sent) };
        self.command(SipCommand::Answer { dialog: invited.dialog, sdp: ANSWER.into() });
        let sent = self.take();
        let tag = tag_of(sent.last().unwrap());
        self.receive(udp("192.0.2.7:5060"), request("ACK", 1, &tag, "call1-ack", "", ""));
        assert!(matches!(self.take_events()[..], [SipEvent::Acknowledged { answer: None, .. }]));
        (invited.dialog, tag)
    }
}

/// A request of the caller at 192.0.2.7; `tag` is ours, `branch` names the transaction.
pub fn request(method: &str, cseq: u32, tag: &str, branch: &str, extra: &str, body: &str) -> String {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let kind = if body.starts_with("v=0") { "Content-Type: application/sdp\r\n" } else { "" };
    format!(
        "{method} sip:1000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: \"A\" <sip:13800001234@192.0.2.7>;tag=caller\r\nTo: <sip:1000@192.0.2.1>{tag}\r\nCall-ID: one@192.0.2.7\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:13800001234@192.0.2.7:5060>\r\n{kind}{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The To tag of a response.
pub fn tag_of(text: &str) -> String {
    let line = header(text, "To");
    line.split(";tag=").nth(1).unwrap_or("").to_owned()
}

pub fn header(text: &str, name: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or("").to_owned()
}

pub fn status(text: &str) -> u16 {
    text.strip_prefix("SIP/2.0 ").and_then(|rest| rest[..3].parse().ok()).unwrap_or(0)
}

pub fn peer(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A response to a request of ours.
pub fn reply(request: &str, status: &str, tag: &str, extra: &str, body: &str) -> String {
    let line = |name: &str| format!("{name}: {}\r\n", header(request, name));
    let to = header(request, "To");
    let to = if to.contains(";tag=") || tag.is_empty() { to } else { format!("{to};tag={tag}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status}\r\n{}{}To: {to}\r\n{}{}Contact: <sip:1000@192.0.2.7:5080>\r\n{extra}{kind}Content-Length: {}\r\n\r\n{body}",
        line("Via"),
        line("From"),
        line("Call-ID"),
        line("CSeq"),
        body.len()
    )
}

/// Settings with the accounts 801 and 802, both with the password `secret`.
pub fn office() -> SipSettings {
    SipSettings { accounts: vec![account("801"), account("802")], ..settings() }
}

pub fn account(user: &str) -> Account {
    use crate::sip::digest::{Algorithm, ha1};
    Account {
        user: user.into(),
        ha1_md5: ha1(Algorithm::Md5, user, "dinetone", "secret"),
        ha1_sha256: ha1(Algorithm::Sha256, user, "dinetone", "secret"),
    }
}

/// A REGISTER for `user` by `flow`, challenged and answered; gives the last answer.
pub fn registered(bench: &mut Bench, flow: Flow, user: &str, cseq: u32, contact: &str) -> String {
    let text = |authorization: &str| {
        format!(
            "REGISTER sip:dinetone SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK{cseq}{}{}\r\n\
             From: <sip:{user}@dinetone>;tag=r\r\nTo: <sip:{user}@dinetone>\r\nCall-ID: reg-{user}-{}\r\nCSeq: {cseq} REGISTER\r\n\
             {authorization}{contact}Content-Length: 0\r\n\r\n",
            authorization.len(),
            flow.peer.port(),
            flow.peer.ip()
        )
    };
    bench.receive(flow, text(""));
    let refusal = bench.take().pop().unwrap();
    assert_eq!(status(&refusal), 401, "{refusal}");
    let challenge = crate::sip::digest::Challenge::parse(header(&refusal, "WWW-Authenticate").as_bytes()).unwrap();
    let credentials = crate::sip::digest::Credentials { user: user.into(), password: "secret".into() };
    let value = challenge.answer(&credentials, "REGISTER", "sip:dinetone", 1, &mut Ids::seeded(u128::from(cseq)));
    bench.receive(flow, text(&format!("Authorization: {value}\r\n")));
    bench.take().pop().unwrap()
}
