//! What goes into the SIP endpoint and what comes out of it: the whole contract with the layer above.

use std::net::SocketAddr;
use std::time::Duration;

use super::sdp::Session;

/// The transport a message came by or goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    /// SIP over WebSocket (RFC 7118).
    Ws,
    /// The same behind TLS.
    Wss,
}

impl Transport {
    /// Whether it is a WebSocket: only the peer can open one, so it is reached by its flow or not at all.
    #[must_use]
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }
}

/// One way between us and a peer: the socket (by its place in the settings), and for a stream its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    pub transport: Transport,
    /// Index of our listening socket (UDP) or, for a stream, of the listener it was accepted on or dialled from.
    pub socket: u16,
    /// Our side, as written into Via and Contact.
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// Number of the stream connection, never reused in a run; 0 for UDP and for a stream that is still to be dialled.
    pub connection: u64,
}

/// Content type of what one node of ours tells another by INFO inside a call.
pub const NODE_NEWS: &str = "application/x-dinetone";

/// One SIP dialog, as named between the endpoint and the calls above it. Never reused in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId(pub u64);

/// What happens to the endpoint.
#[derive(Debug)]
pub enum SipInput {
    /// A whole datagram, or one whole message framed out of a stream (`message::Framer`).
    Received { flow: Flow, bytes: Vec<u8> },
    /// A stream has ended or could not be dialled: its transactions fail, its registrations by that flow end.
    FlowClosed { flow: Flow },
    /// The layer above wants something.
    Command(SipCommand),
}

/// What the layer above wants.
#[derive(Debug)]
pub enum SipCommand {
    /// 180 or 183 (with early media) to an incoming call; sent reliably when the caller requires 100rel (RFC 3262).
    Progress { dialog: DialogId, status: u16, sdp: Option<String> },
    /// 200 with our answer (or our offer when the INVITE had none).
    Answer { dialog: DialogId, sdp: String },
    /// A final refusal; `retry_after` in seconds goes with 503.
    Reject { dialog: DialogId, status: u16, retry_after: Option<u32> },
    /// Answer to `SipEvent::Reoffer`: 200 with this SDP, or a refusal (488, 491, 500).
    AnswerReoffer { dialog: DialogId, answer: Result<String, u16> },
    /// Ends an answered call with BYE, an outgoing one that rings with CANCEL; `reason` becomes a Reason header.
    HangUp { dialog: DialogId, reason: Option<&'static str> },
    /// A new outgoing call to a known address (the simulated diner).
    Place(Box<PlaceCall>),
    /// Rings all phones of an account; the first that answers has the call. `Progress`, `Answered` and `Ended` come under this
    /// command's dialog. No phone there: `Ended { Refused(480) }` at once.
    Ring(Box<Ring>),
    /// Calls an outside number through a trunk, another one when it fails.
    Dial(Box<Dial>),
    /// Our answer to a phone that answered with an offer (`Answered { wants_answer: true }`): goes with the ACK.
    Acknowledge { dialog: DialogId, sdp: String },
    /// A new description in an answered call (another media address, hold); answered by `Reinvited`.
    Reinvite { dialog: DialogId, sdp: String },
    /// How a transfer that `Referred` asked for is going: NOTIFY with this status (RFC 3515); 200 and above is the last word.
    ReferProgress { dialog: DialogId, status: u16 },
    /// From now on these phones may register and call, besides those of the settings. What unchanged accounts have registered
    /// stays.
    Accounts(Vec<Account>),
    /// The trunks are other ones from now on: what is unchanged stays registered, what changed is registered and asked anew,
    /// what is missing takes no calls any more. Calls in progress stay.
    Trunks(Vec<TrunkSettings>),
    /// The program ends: registrations at trunks are taken back (RFC 3261 section 10.2.2).
    SignOff,
    /// An INFO inside a call (to another node of ours; the simulated diner).
    Info { dialog: DialogId, content_type: &'static str, body: String },
    /// From now on every INVITE outside a dialog gets 503 with this Retry-After (overload, drain); `None` ends it.
    Refuse { retry_after: Option<u32> },
}

/// An outgoing call.
#[derive(Debug, Clone)]
pub struct PlaceCall {
    /// Chosen by the caller of this command, out of `Endpoint::new_dialog_id`.
    pub dialog: DialogId,
    pub flow: Flow,
    /// Request-URI and To, such as `sip:1000@127.0.0.1:5060`.
    pub to: String,
    /// From user, which is the caller's number.
    pub from_user: String,
    /// Extra header lines (`P-Asserted-Identity: …`), without line ends.
    pub headers: Vec<String>,
    pub sdp: Option<String>,
    pub credentials: Option<super::digest::Credentials>,
}

/// A call to all phones of an account.
#[derive(Debug, Clone)]
pub struct Ring {
    /// Chosen by the caller of this command, out of `Endpoint::new_dialog_id`.
    pub dialog: DialogId,
    pub account: String,
    pub caller: Shown,
    /// Extra header lines, without line ends.
    pub headers: Vec<String>,
    /// Our offer.
    pub sdp: String,
    /// Our offer for phones on a WebSocket, which are softphones in browsers (WebRTC). Without one they get none and make theirs, and
    /// [`SipEvent::Answered`] wants an answer.
    pub browser: Option<String>,
    /// Asks the phone to pick up by itself.
    pub auto_answer: bool,
}

/// What the display of a rung phone shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The number; empty for a caller who hides it.
    pub number: String,
    pub name: String,
}

/// A call to an outside number.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Chosen by the caller of this command, out of `Endpoint::new_dialog_id`.
    pub dialog: DialogId,
    /// Name in the settings; any healthy one without.
    pub trunk: Option<String>,
    pub number: String,
    /// The number of ours that is shown; empty: the trunk's user.
    pub from: String,
    pub sdp: String,
}

/// What the endpoint wants the shell or the layer above to do or know.
#[derive(Debug)]
pub enum SipOutput {
    /// Send these bytes. For a stream with `connection == 0` the shell dials `flow.peer` first.
    Transmit { flow: Flow, bytes: Vec<u8> },
    /// Something for the layer above.
    Event(SipEvent),
    /// For ladders and `--trace-sip`: a message that belongs to this Call-ID. Produced only when tracing is on.
    Trace { call_id: String, flow: Flow, sent: bool, bytes: Vec<u8> },
    /// A message was refused or dropped; counted by reason (a stable name), the source for the token bucket.
    Refused { reason: &'static str, status: Option<u16>, source: SocketAddr },
}

/// What has happened to dialogs, trunks and registrations.
#[derive(Debug)]
pub enum SipEvent {
    /// A new call, from a trunk or an authenticated account. 100 Trying has been sent.
    Invited(Box<Invited>),
    /// The answer was acknowledged; carries the peer's answer when the INVITE had no offer.
    Acknowledged { dialog: DialogId, answer: Option<Session> },
    /// The peer wants to change the session (re-INVITE or UPDATE). `None`: it asks us for an offer.
    Reoffer { dialog: DialogId, offer: Option<Session> },
    /// INFO inside the call; 200 has been sent when the type is known for key presses or is `NODE_NEWS`, 415 otherwise.
    Info { dialog: DialogId, content_type: String, body: String },
    /// The dialog is gone. Always the last event of a dialog, exactly once, whoever ended it.
    Ended { dialog: DialogId, cause: EndCause },
    /// Outgoing call: a provisional answer.
    Progress { dialog: DialogId, status: u16, sdp: Option<Session> },
    /// Outgoing call: answered. The ACK was sent, unless `wants_answer`: then `sdp` is the peer's offer (to a call of ours without
    /// one), and `Acknowledge` must follow.
    Answered { dialog: DialogId, sdp: Option<Session>, wants_answer: bool },
    /// What the peer said to `Reinvite`: its answer, or the status with which it refused; the session is then as before.
    Reinvited { dialog: DialogId, answer: Result<Session, u16> },
    /// A phone of ours asks to transfer its call to `to` (the user part of Refer-To), or to join this call with the other one that
    /// `replaces` names (attended). 202 has been sent; `ReferProgress` tells the phone how it goes.
    Referred { dialog: DialogId, to: String, replaces: Option<DialogId> },
    /// A trunk's health, by OPTIONS or registration; the name is that of the settings.
    Trunk { name: String, up: bool, why: String },
    /// An account's phone has registered or gone.
    Registered { account: String, contacts: usize },
}

/// A new call, as far as SIP tells.
#[derive(Debug, Clone)]
pub struct Invited {
    pub dialog: DialogId,
    /// The SIP Call-ID.
    pub call_id: String,
    pub flow: Flow,
    /// Name of the trunk in the settings, or `account:NAME`, `demo`, or `node` for a call from another node.
    pub trunk: String,
    /// The caller as the trunk's setting says (P-Asserted-Identity or From); raw user part or tel number, may be `anonymous`.
    pub caller: String,
    /// User part of the Request-URI: the number that was dialled.
    pub dialled: String,
    /// The peer's offer; none when the INVITE had no body.
    pub offer: Option<Session>,
    /// Our address for its sound: the one that the signalling reached, or one of the family that the offer names (RFC 3264 section 6).
    pub sound: std::net::IpAddr,
    /// The peer's User-Agent, for the trunk report.
    pub user_agent: String,
    /// What another node of ours tells about a caller whom it sends here; believed from its address only.
    pub handover: Option<String>,
}

/// Why a dialog ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndCause {
    /// The peer sent BYE.
    PeerBye,
    /// The caller cancelled before our answer.
    Cancelled,
    /// We hung up or rejected.
    Local,
    /// Our 200 was never acknowledged; BYE was sent (64·T1).
    NoAck,
    /// The session timer ran out (RFC 4028); BYE was sent.
    SessionExpired,
    /// Outgoing call refused with this status, or 408 when nobody answered.
    Refused(u16),
    /// The transport failed.
    Transport,
    /// Outgoing call that the rules for outside numbers forbid.
    Barred(super::outbound::Barred),
    /// Outgoing call through a trunk that lasted as long as one may.
    TooLong,
}

/// Who may call us and how we behave: made by the settings, checked there.
#[derive(Debug, Clone)]
pub struct SipSettings {
    /// Our realm in challenges.
    pub realm: String,
    /// `Server`/`User-Agent` header.
    pub product: String,
    pub trunks: Vec<TrunkSettings>,
    /// Addresses of our other nodes: their calls are let in, and believed.
    pub nodes: Vec<SocketAddr>,
    /// Those of the settings; `SipCommand::Accounts` adds others.
    pub accounts: Vec<Account>,
    /// Addresses of ours where sound can be had, for offers of another family than their signalling; the first that fits is taken.
    pub sound: Vec<std::net::IpAddr>,
    /// Which outside numbers may be called.
    pub outbound: super::outbound::Rules,
    /// Demonstration: callers from loopback and private addresses come in without a trunk.
    pub demo: bool,
    /// T1 and T2 of RFC 3261, 500 ms and 4 s; shorter in tests.
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
    /// Session-Expires that we ask for, and the least that we accept (RFC 4028).
    pub session_expires: Duration,
    pub min_se: Duration,
    /// Messages a second from one source before they are dropped unread; trunks are exempt.
    pub source_rate: u32,
    /// Open dialogs and pending transactions at most; beyond that 503.
    pub max_dialogs: usize,
    pub trace: bool,
    /// Key for nonces, random at each start.
    pub nonce_key: [u8; 32],
    /// What phones may prove their password with: one challenge each, in this order.
    pub digests: Vec<super::digest::Algorithm>,
}

impl SipSettings {
    /// Nobody to talk to yet, and the timers that RFC 3261 and RFC 4028 recommend. The key must be random where strangers call.
    #[must_use]
    pub fn without_peers(nonce_key: [u8; 32]) -> Self {
        Self {
            realm: "dinetone".into(),
            product: "Dinetone".into(),
            trunks: Vec::new(),
            nodes: Vec::new(),
            accounts: Vec::new(),
            sound: Vec::new(),
            outbound: super::outbound::Rules::default(),
            demo: false,
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            session_expires: Duration::from_secs(1800),
            min_se: Duration::from_secs(90),
            source_rate: 100,
            max_dialogs: 1000,
            trace: false,
            nonce_key,
            digests: vec![super::digest::Algorithm::Sha256, super::digest::Algorithm::Md5],
        }
    }
}

/// One line to the telephone company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkSettings {
    pub name: String,
    /// Source addresses that are this trunk; may also be used as a target when `registrar` is none.
    pub addresses: Vec<std::net::IpAddr>,
    /// Where REGISTER and OPTIONS go: several for fail-over, tried in order.
    pub targets: Vec<SocketAddr>,
    pub transport: Transport,
    /// Index of our socket that talks to it.
    pub socket: u16,
    /// Our address as written into Via and Contact towards it.
    pub local: SocketAddr,
    /// Register with these credentials.
    pub registration: Option<TrunkRegistration>,
    /// OPTIONS this often; none switches the health check off.
    pub options_every: Option<Duration>,
    /// Caller from P-Asserted-Identity, else From; or From alone.
    pub trust_identity: bool,
    pub max_calls: Option<u32>,
    pub max_calls_per_second: Option<u32>,
}

/// How we register at a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkRegistration {
    /// Address of record, `sip:user@domain`.
    pub aor: String,
    /// `sip:domain`
    pub registrar: String,
    pub credentials: super::digest::Credentials,
    pub expires: Duration,
    /// The least algorithm that we answer: MD5 allowed or SHA-256 only.
    pub allow_md5: bool,
}

/// A phone that may register and call with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    /// HA1 = H(user:realm:password), never the password.
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}
