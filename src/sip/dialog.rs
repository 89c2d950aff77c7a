//! A dialog (RFC 3261 section 12): tags, CSeq, route set and target, the answer that waits for its ACK, the session timer.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::digest::Credentials;
use super::event::{DialogId, Flow};
use super::message::writer::{Echo, Writer, host_text, own_uri, transport_name};
use super::message::{Address, Method, Uri, method_name};
use super::reliable::Unacknowledged;
use super::sdp::Session;
use super::session_timer::{Refresher, SessionTimer, Wish};
use super::transaction::Timing;

/// What we serve.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK";

/// Where a dialog is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// An incoming INVITE without final answer.
    Early,
    /// An outgoing INVITE without final answer.
    Calling,
    /// Answered.
    Confirmed,
    /// The layer above has been told of the end; what the protocol still owes is being done.
    Over,
    /// Nothing is owed any more.
    Gone,
}

/// Whose limits a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Trunk(u16),
    Other,
}

/// An incoming INVITE that waits for its final answer.
#[derive(Debug)]
pub struct Incoming {
    /// Its server transaction.
    pub key: u64,
    pub echo: Echo,
    pub cseq: u32,
    /// Record-Route lines as they go into each answer that makes a dialog.
    pub record_routes: Box<[u8]>,
    pub had_offer: bool,
    /// The peer insists on 100rel.
    pub reliable: bool,
    pub rseq: u32,
    pub unacknowledged: Option<Unacknowledged>,
    /// Provisional answers that wait for the PRACK of the one before.
    pub queued: VecDeque<(u16, Option<String>)>,
    /// The final answer, which waits for the PRACK of a provisional one with a description.
    pub held: Option<String>,
    /// The caller's own limit (Expires).
    pub expires: Option<Instant>,
    pub timer: Option<(u32, Refresher)>,
    pub timer_supported: bool,
    /// The peer's answer to an offer of ours in a reliable provisional answer.
    pub early_answer: Option<Session>,
}

/// A 2xx of ours that is repeated until ACK (RFC 3261 section 13.3.1.4).
#[derive(Debug)]
pub struct Answered {
    pub bytes: Vec<u8>,
    pub cseq: u32,
    pub key: u64,
    pub next: Instant,
    interval: Duration,
    pub ends: Instant,
    /// The INVITE had no offer, so the ACK brings the answer.
    pub offered: bool,
    /// The INVITE that made the dialog, not a later one.
    pub is_first: bool,
}

impl Answered {
    #[must_use]
    pub fn new(now: Instant, timing: &Timing, bytes: Vec<u8>, cseq: u32, key: u64, offered: bool, is_first: bool) -> Self {
        let (interval, ends) = (timing.t1, now + timing.long());
        Self { bytes, cseq, key, next: now + interval, interval, ends, offered, is_first }
    }

    /// It was sent again.
    pub fn repeated(&mut self, now: Instant, timing: &Timing) {
        self.interval = timing.doubled(self.interval);
        self.next = (now + self.interval).min(self.ends);
    }
}

/// A re-INVITE or UPDATE with which the peer wants to change the session, while the layer above decides.
#[derive(Debug)]
pub struct Reoffer {
    pub key: u64,
    pub echo: Echo,
    pub cseq: u32,
    pub is_invite: bool,
    pub had_offer: bool,
    pub wish: Wish,
}

/// What only an outgoing call has.
#[derive(Debug, Default)]
pub struct Calling {
    pub credentials: Option<Credentials>,
    /// Client transaction of the INVITE.
    pub key: u64,
    /// The request to repeat with credentials.
    pub headers: Vec<String>,
    pub challenges: u8,
    pub rings: bool,
    /// The layer above hung up before the answer.
    pub cancel: Option<Option<&'static str>>,
    pub cancelled: bool,
    /// The ACK of the 2xx, for repetitions.
    pub ack: Vec<u8>,
    /// What was asked for, for the Request-URI of a repetition.
    pub uri: Vec<u8>,
    /// The other side may challenge with MD5.
    pub allow_md5: bool,
    /// We made no offer: the peer's comes with its 2xx, and our answer goes with the ACK.
    pub late: bool,
}

/// A re-INVITE of ours with a new description.
#[derive(Debug)]
pub struct Reinvite {
    pub sdp: String,
    /// It is sent then; none while an answer is awaited.
    pub at: Option<Instant>,
    pub attempts: u8,
    /// How often something else was open in the dialog.
    pub looks: u8,
    /// What was sent last: a newer wish may wait behind it.
    pub sent: String,
}

/// One dialog.
#[derive(Debug)]
pub struct Dialog {
    pub id: DialogId,
    pub state: State,
    pub flow: Flow,
    pub origin: Origin,
    pub call_id: Box<[u8]>,
    /// Our From in requests, tag included.
    pub local: Box<[u8]>,
    pub local_tag: Box<str>,
    /// Our To in requests, tag included.
    pub remote: Box<[u8]>,
    pub remote_tag: Box<[u8]>,
    /// Request-URI of our requests: the peer's Contact.
    pub target: Box<[u8]>,
    pub routes: Vec<Box<[u8]>>,
    pub local_cseq: u32,
    pub remote_cseq: Option<u32>,
    /// CSeq of the INVITE of ours that was answered last.
    pub invite_cseq: u32,
    /// The peer's Allow names UPDATE.
    pub peer_updates: bool,
    pub incoming: Option<Box<Incoming>>,
    pub answered: Option<Box<Answered>>,
    pub reoffer: Option<Box<Reoffer>>,
    pub calling: Option<Box<Calling>>,
    pub timer: Option<SessionTimer>,
    /// Client transaction of a refresh of ours.
    pub refresh: Option<u64>,
    /// The refresh is a re-INVITE, so an offer of ours is open.
    pub refresh_offers: bool,
    /// Our latest description, for a refresh by re-INVITE.
    pub sdp: Option<Box<str>>,
    /// Whose count of calls this is in from which nothing was heard after the INVITE.
    pub unproven: Option<IpAddr>,
    /// The BYE that waits until our 2xx is acknowledged.
    pub bye_after_ack: Option<Option<&'static str>>,
    /// The account whose phone this is.
    pub account: Option<Box<str>>,
    /// One of several ways to reach somebody, of which the first that answers becomes the call.
    pub group: Option<DialogId>,
    /// The peer is a registered phone: it is where its requests come from, whatever address it names.
    pub by_flow: bool,
    /// It was begun with a `sips:` address: ours is one, too.
    pub secure: bool,
    /// A call to an outside number, and when it must end.
    pub is_outside: bool,
    pub ends: Option<Instant>,
    pub reinvite: Option<Box<Reinvite>>,
    /// A transfer that the phone asked for and hears about: the CSeq of its REFER.
    pub refer: Option<u32>,
    pub scheduled: Option<Instant>,
}

impl Dialog {
    /// The earliest thing to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let incoming = self.incoming.as_ref();
        [
            self.answered.as_ref().map(|it| it.next),
            incoming.and_then(|it| it.unacknowledged.as_ref()).map(|it| it.next),
            incoming.and_then(|it| it.expires),
            self.timer.map(|it| it.at).filter(|_| self.state == State::Confirmed),
            self.ends.filter(|_| self.state == State::Confirmed),
            self.reinvite.as_ref().and_then(|it| it.at).filter(|_| self.state == State::Confirmed),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Begins the next request of ours in this dialog (RFC 3261 section 12.2.1.1); ACK keeps the number of its INVITE.
    pub fn request(&mut self, method: Method, branch: &str, product: &str) -> Writer {
        let cseq = if method == Method::Ack {
            self.invite_cseq
        } else {
            self.local_cseq += 1;
            self.local_cseq
        };
        let loose = self.routes.first().is_none_or(|route| Address::parse(route).is_some_and(|it| it.uri.param(b"lr").is_some()));
        let strict = self.routes.first().filter(|_| !loose).and_then(|route| Address::parse(route)).map(|it| it.uri.text);
        let mut writer = Writer::request(method_name(method), strict.unwrap_or(&self.target));
        via_line(&mut writer, self.flow, branch);
        writer.line("Max-Forwards", "70");
        for route in self.routes.iter().skip(usize::from(!loose)) {
            writer.line("Route", route);
        }
        if !loose {
            writer.line("Route", [b"<", &*self.target, b">"].concat());
        }
        writer.line("From", &self.local);
        writer.line("To", &self.remote);
        writer.line("Call-ID", &self.call_id);
        writer.format("CSeq", format_args!("{cseq} {}", method_name(method)));
        if matches!(method, Method::Invite | Method::Update | Method::Ack) {
            writer.format("Contact", format_args!("<{}>", self.contact()));
        }
        writer.line("User-Agent", product);
        writer
    }

    /// Our address for the peer's requests (RFC 3261 section 12.1.1).
    #[must_use]
    pub fn contact(&self) -> String {
        let plain = own_uri("", self.flow.local, self.flow.transport);
        if self.secure { format!("sips:{}", plain.trim_start_matches("sip:").trim_end_matches(";transport=tls")) } else { plain }
    }

    /// Where our requests go: by the first route or the target when that is an address, else back to where the peer's came from.
    /// A stream that lives is used for everything.
    #[must_use]
    pub fn next_hop(&self) -> Flow {
        if self.flow.connection != 0 {
            return self.flow;
        }
        let route = self.routes.first().and_then(|route| Address::parse(route)).map(|it| it.uri);
        let uri = route.or_else(|| Uri::parse(&self.target));
        let named = uri.and_then(|uri| Some(SocketAddr::new(uri.address()?, uri.port.unwrap_or(5060))));
        let peer = if self.by_flow && self.routes.is_empty() {
            named.filter(|address| is_seen(*address, self.flow.peer))
        } else {
            named.filter(|address| is_reachable(*address, self.flow.peer))
        };
        Flow { peer: peer.unwrap_or(self.flow.peer), ..self.flow }
    }

    /// The peer's 2xx with its offer waits for our answer, which the ACK brings.
    #[must_use]
    pub fn owes_ack(&self) -> bool {
        self.calling.as_ref().is_some_and(|it| it.late && it.ack.is_empty())
    }

    /// What we serve in this call: a phone of ours may transfer it.
    #[must_use]
    pub const fn allow(&self) -> &'static str {
        if self.account.is_some() { "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER" } else { ALLOW }
    }

    /// Takes the peer's Contact as the new target (RFC 3261 section 12.2.2).
    pub fn retarget(&mut self, contact: Option<&[u8]>) {
        if let Some(contact) = contact.and_then(Address::parse)
            && !matches!(contact.uri.scheme, super::message::Scheme::Other)
        {
            self.target = contact.uri.text.into();
        }
    }
}

/// Whether `named` can be the peer's true address: not when it is a private or empty address named by somebody from outside,
/// which is what a phone behind a translating router writes.
fn is_reachable(named: SocketAddr, source: SocketAddr) -> bool {
    let (name, seen) = (named.ip().to_canonical(), source.ip().to_canonical());
    if name.is_unspecified() || name.is_multicast() || name.is_ipv4() != seen.is_ipv4() || named.port() == 0 {
        return false;
    }
    !is_local(named) || is_local(source)
}

/// Whether a phone that names `named` really is there: its requests come from the same host. Otherwise a translating router stands
/// between us, and only the way that its requests came leads back (RFC 5626 in spirit).
#[must_use]
pub fn is_seen(named: SocketAddr, source: SocketAddr) -> bool {
    named.port() != 0 && named.ip().to_canonical() == source.ip().to_canonical()
}

/// Loopback, private, link-local or unique-local.
#[must_use]
pub fn is_local(address: SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local(),
    }
}

/// Our Via, always asking for `rport`.
pub fn via_line(writer: &mut Writer, flow: Flow, branch: &str) {
    let (host, port) = (host_text(flow.local.ip()), flow.local.port());
    writer.format("Via", format_args!("SIP/2.0/{} {host}:{port};rport;branch={branch}", transport_name(flow.transport)));
}
