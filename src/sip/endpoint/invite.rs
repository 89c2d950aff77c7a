//! New calls: who may call, what is refused at the door, and how a dialog begins.

use std::net::IpAddr;

use crate::machine::Now;
use crate::sip::dialog::{Dialog, Incoming, Origin, State};
use crate::sip::event::{DialogId, Flow, Invited, SipEvent, Transport};
use crate::sip::message::name::trim;
use crate::sip::message::uri::cut;
use crate::sip::message::writer::{Echo, Writer, host_text};
use crate::sip::message::{Address, CODED, Message, Method, Name, Request, Scheme, session_body, uri};
use crate::sip::sdp::Session;
use crate::sip::session_timer::{Refresher, Wish, negotiate};
use crate::sip::transaction::{InviteServer, Kind, Owner};

use super::incoming::unsupported;
use super::{Endpoint, RETRY_AFTER, Sender, TRANSACTIONS_PER_DIALOG, UNPROVEN, UNPROVEN_PART};

/// Octets of a User-Agent that are kept.
const LONGEST_PRODUCT: usize = 128;
/// Octets of a caller's or dialled number that are kept.
const LONGEST_NUMBER: usize = 128;

/// A refusal at the door: status, reason for counting, a header that goes with it.
pub(super) struct Refusal {
    pub status: u16,
    pub reason: &'static str,
    pub header: Option<(&'static str, Vec<u8>)>,
}

impl Refusal {
    const fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason, header: None }
    }

    fn with(self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        Self { header: Some((name, value.into())), ..self }
    }
}

/// A call that was let in.
struct Admitted {
    id: DialogId,
    origin: Origin,
    account: Option<Box<str>>,
    had_offer: bool,
    timer: Option<(u32, Refresher)>,
    unproven: Option<IpAddr>,
}

/// What an acceptable INVITE or UPDATE carries.
pub(super) struct Asked {
    pub offer: Option<Session>,
    pub timer: Option<(u32, Refresher)>,
}

impl Endpoint {
    pub(super) fn refuse_statelessly(&mut self, flow: Flow, message: &Message<'_>, refusal: Refusal) {
        self.refused(refusal.reason, Some(refusal.status), flow.peer);
        self.stateless(flow, message, refusal.status, |out| {
            if let Some((name, value)) = refusal.header {
                out.line(name, value);
            }
        });
    }

    pub(super) fn invite(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>, key: u64, sender: Sender) {
        // Overload first: the cheapest answer for what would cost most.
        if let Some(wait) = self.refuse.or_else(|| self.is_full().then_some(RETRY_AFTER)) {
            self.refuse_statelessly(flow, message, Refusal::new(503, "overload").with("Retry-After", wait.to_string()));
            return;
        }
        let merged = self.keys.merged(request);
        if self.merged.contains_key(&merged) {
            self.refuse_statelessly(flow, message, Refusal::new(482, "merged"));
            return;
        }
        let sender = match sender {
            // A phone that has signed on signs its calls, too: its second call is its agent's, not a guest's.
            Sender::Demo if self.registrar.knows(&request.from.uri.user_text(), flow) => Sender::Stranger,
            other => other,
        };
        let (line, account) = match sender {
            Sender::Trunk(place) => (self.trunks[usize::from(place)].settings.name.clone(), None),
            Sender::Node => (String::from("node"), None),
            Sender::Demo => (String::from("demo"), None),
            Sender::Stranger if self.accounts.is_empty() => {
                self.refuse_statelessly(flow, message, Refusal::new(403, "stranger"));
                return;
            }
            Sender::Stranger => match self.authenticate(now, flow, message, request, None) {
                Some(user) => (format!("account:{user}"), Some(user)),
                None => return,
            },
        };
        // Who rings and rings and never takes up the answer must not fill the house. A trunk has its own limits, a WebSocket many phones.
        let unproven = matches!(sender, Sender::Demo | Sender::Stranger) && !flow.transport.is_websocket();
        let unproven = unproven.then(|| flow.peer.ip().to_canonical());
        let most = UNPROVEN.max(self.settings.max_dialogs / UNPROVEN_PART);
        if unproven.and_then(|source| self.unproven.get(&source)).is_some_and(|calls| *calls >= most) {
            self.refuse_statelessly(flow, message, Refusal::new(503, "unacknowledged").with("Retry-After", RETRY_AFTER.to_string()));
            return;
        }
        let asked = match self.examine(message) {
            Ok(asked) => asked,
            Err(refusal) => {
                self.refuse_statelessly(flow, message, refusal);
                return;
            }
        };
        let Some(sound) = self.sound_for(flow, asked.offer.as_ref()) else {
            self.refuse_statelessly(flow, message, other_family(flow));
            return;
        };
        let origin = match sender {
            Sender::Trunk(place) => {
                if let Err(reason) = self.trunks[usize::from(place)].admit(now.instant) {
                    self.refuse_statelessly(flow, message, Refusal::new(503, reason).with("Retry-After", RETRY_AFTER.to_string()));
                    return;
                }
                Origin::Trunk(place)
            }
            Sender::Node | Sender::Demo | Sender::Stranger => Origin::Other,
        };
        let trusts_identity = match sender {
            Sender::Trunk(place) => self.trunks[usize::from(place)].settings.trust_identity,
            Sender::Demo | Sender::Node => true,
            Sender::Stranger => false,
        };
        let of = account.as_deref().map(Into::into);
        let caller = account.unwrap_or_else(|| caller_of(message, request, trusts_identity));
        let handover = message.get(Name::Handover).filter(|_| matches!(sender, Sender::Node));
        let handover = handover.map(|text| String::from_utf8_lossy(text).into_owned());
        let id = self.new_dialog_id();
        let admitted = Admitted { id, origin, account: of, had_offer: asked.offer.is_some(), timer: asked.timer, unproven };
        self.begin(now, flow, message, request, key, merged, admitted);
        self.event(SipEvent::Invited(Box::new(Invited {
            dialog: id,
            call_id: String::from_utf8_lossy(request.call_id).into_owned(),
            flow,
            trunk: line,
            caller,
            dialled: shortened(request.uri.user_text(), LONGEST_NUMBER),
            offer: asked.offer,
            sound,
            user_agent: message
                .get(Name::UserAgent)
                .map_or_else(String::new, |it| shortened(String::from_utf8_lossy(it).into_owned(), LONGEST_PRODUCT)),
            handover,
        })));
    }

    /// Our address for the sound of an offer: of the family that it names, IPv4 or IPv6, whatever carried the offer.
    fn sound_for(&self, flow: Flow, offer: Option<&Session>) -> Option<IpAddr> {
        let reached = flow.local.ip();
        let Some(theirs) = offer.and_then(Session::sound_at).filter(|theirs| theirs.is_ipv4() != reached.is_ipv4()) else {
            return Some(reached);
        };
        let fits = |ours: &&IpAddr| ours.is_ipv4() == theirs.is_ipv4();
        let near = |ours: &&IpAddr| ours.is_loopback() == theirs.is_loopback();
        self.settings.sound.iter().filter(fits).find(near).or_else(|| self.settings.sound.iter().find(fits)).copied()
    }

    pub(super) fn is_full(&self) -> bool {
        self.dialogs.len() >= self.settings.max_dialogs
            || self.transactions.len() >= self.settings.max_dialogs.saturating_mul(TRANSACTIONS_PER_DIALOG)
    }

    /// What RFC 3261 section 8.2 wants to be looked at in an INVITE or UPDATE, in its order.
    pub(super) fn examine(&self, message: &Message<'_>) -> Result<Asked, Refusal> {
        let unknown = unsupported(message);
        if !unknown.is_empty() {
            return Err(Refusal::new(420, "extension").with("Unsupported", unknown));
        }
        let body = session_body(message).map_err(|fault| {
            // RFC 3261 section 8.2.3: what we would take instead.
            let refusal = Refusal::new(fault.status, fault.reason);
            if fault.reason == CODED { refusal.with("Accept-Encoding", "identity") } else { refusal.with("Accept", "application/sdp") }
        })?;
        if message.all(Name::Accept).next().is_some() && !accepts_sdp(message) {
            return Err(Refusal::new(406, "accept"));
        }
        let offer = match body {
            None => None,
            Some(body) => {
                let offer = Session::parse(body).map_err(|_| Refusal::new(400, "bad_sdp"))?;
                if !offer.is_acceptable() {
                    // RFC 3261 section 20.43.
                    return Err(Refusal::new(488, "no_common_media").with("Warning", media_warning(&offer)));
                }
                Some(offer)
            }
        };
        let timer = negotiate(Wish::of(message), self.settings.session_expires, self.settings.min_se)
            .map_err(|least| Refusal::new(422, "session_interval").with("Min-SE", least.to_string()))?;
        Ok(Asked { offer, timer })
    }

    /// Transaction, 100 Trying and dialog of a call that was let in.
    #[expect(clippy::too_many_arguments, reason = "one place that ties everything of a new call together")]
    fn begin(
        &mut self,
        now: Now,
        flow: Flow,
        message: &Message<'_>,
        request: &Request<'_>,
        key: u64,
        merged: u64,
        Admitted { id, origin, account, had_offer, timer, unproven }: Admitted,
    ) {
        let echo = Echo::of(message, flow.peer);
        self.add_transaction(key, flow, Kind::InviteServer(InviteServer::new(flow.transport != Transport::Udp)), Owner::Call(id));
        if let Some(transaction) = self.transactions.get_mut(&key) {
            transaction.merged = Some(merged);
            self.merged.insert(merged, key);
        }
        let trying = echo.response(100, None).finish(None);
        self.respond_invite(now, key, 100, trying);

        let local_tag = self.ids.text(12).into_boxed_str();
        let to = message.get(Name::To).unwrap_or(b"");
        let mut record_routes = Vec::new();
        let mut routes = Vec::new();
        for route in message.list(Name::RecordRoute) {
            record_routes.extend_from_slice(b"Record-Route: ");
            record_routes.extend_from_slice(route);
            record_routes.extend_from_slice(b"\r\n");
            routes.push(route.into());
        }
        let wish = Wish::of(message);
        let expires = message.get(Name::Expires).and_then(uri::number).filter(|seconds| (1..=3600).contains(seconds));
        let mut dialog = Box::new(Dialog {
            id,
            state: State::Early,
            flow,
            origin,
            call_id: request.call_id.into(),
            local: [to, b";tag=", local_tag.as_bytes()].concat().into_boxed_slice(),
            local_tag,
            remote: message.get(Name::From).unwrap_or(b"").into(),
            remote_tag: request.from.tag().into(),
            target: format!("sip:{}", flow.peer).into_bytes().into_boxed_slice(),
            routes,
            local_cseq: 0,
            remote_cseq: Some(request.cseq),
            invite_cseq: 0,
            peer_updates: message.lists(Name::Allow, b"UPDATE"),
            incoming: Some(Box::new(Incoming {
                key,
                echo,
                cseq: request.cseq,
                record_routes: record_routes.into_boxed_slice(),
                had_offer,
                reliable: message.lists(Name::Require, b"100rel"),
                rseq: 0,
                unacknowledged: None,
                queued: std::collections::VecDeque::new(),
                held: None,
                expires: expires.map(|seconds| now.instant + std::time::Duration::from_secs(u64::from(seconds))),
                timer,
                timer_supported: wish.supported,
                early_answer: None,
            })),
            answered: None,
            reoffer: None,
            calling: None,
            timer: None,
            refresh: None,
            refresh_offers: false,
            sdp: None,
            bye_after_ack: None,
            unproven,
            by_flow: account.is_some(),
            secure: request.uri.scheme == Scheme::Sips,
            account,
            group: None,
            is_outside: false,
            ends: None,
            reinvite: None,
            refer: None,
            scheduled: None,
        });
        if let Some(source) = unproven {
            *self.unproven.entry(source).or_insert(0) += 1;
        }
        dialog.retarget(message.list(Name::Contact).next());
        self.add_dialog(dialog);
    }
}

/// The sound of an offer is of a family, IPv4 or IPv6, of which we have no address (RFC 3261 section 20.43).
pub(super) fn other_family(flow: Flow) -> Refusal {
    let warning = format!("300 {} \"Incompatible network protocol\"", host_text(flow.local.ip()));
    Refusal::new(488, "no_common_network").with("Warning", warning)
}

/// What an offer lacks of which no medium can be taken (RFC 3261 section 20.43): sound at all, or a format that we speak.
fn media_warning(offer: &Session) -> &'static str {
    if offer.media.iter().any(|media| media.kind == "audio" && media.port != 0) {
        "305 dinetone \"Incompatible media format\""
    } else {
        "304 dinetone \"Media type not available\""
    }
}

/// Why a description was refused by whoever was to answer it: keys for the sound that are required or not wanted, other connections of a
/// browser (RFC 3261 section 20.43).
pub(super) fn warn_of(out: &mut Writer, status: u16) {
    if status == 488 {
        out.line("Warning", "399 dinetone \"Session description not acceptable\"");
    }
}

/// Whether Accept lets us answer with a session description.
fn accepts_sdp(message: &Message<'_>) -> bool {
    message
        .list(Name::Accept)
        .map(|range| trim(cut(range, b';').0))
        .any(|range| [b"application/sdp".as_slice(), b"application/*", b"*/*"].iter().any(|known| range.eq_ignore_ascii_case(known)))
}

/// The caller: P-Asserted-Identity (RFC 3325) if it is trusted and there, else From.
fn caller_of(message: &Message<'_>, request: &Request<'_>, trusts_identity: bool) -> String {
    let asserted = trusts_identity
        .then(|| message.list(Name::Identity).filter_map(Address::parse).find(|it| it.uri.scheme != Scheme::Other))
        .flatten();
    let address = asserted.unwrap_or(request.from);
    let user = address.uri.user_text();
    let is_anonymous =
        user.is_empty() || user.eq_ignore_ascii_case("anonymous") || address.uri.host.eq_ignore_ascii_case(b"anonymous.invalid");
    if is_anonymous { String::from("anonymous") } else { shortened(user, LONGEST_NUMBER) }
}

/// Without control characters, and not longer than that.
fn shortened(text: String, longest: usize) -> String {
    if text.len() <= longest && !text.chars().any(char::is_control) {
        return text;
    }
    text.chars().filter(|letter| !letter.is_control()).take(longest).collect()
}

/// The methods whose Contact moves the target of a dialog.
pub(super) const fn refreshes_target(method: Method) -> bool {
    matches!(method, Method::Invite | Method::Update)
}
