//! Outgoing calls (the simulated diner; later desk phones): INVITE, its answers, CANCEL, and the ACKs.

use crate::machine::Now;
use crate::sip::dialog::{Calling, Dialog, Origin, State};
use crate::sip::digest::{Challenge, Credentials};
use crate::sip::event::{DialogId, EndCause, Flow, PlaceCall, SipEvent};
use crate::sip::message::writer::{Writer, host_text};
use crate::sip::message::{Message, Method, Name, Response, Start, session_body};
use crate::sip::sdp::{self, Codec, Local, Session};
use crate::sip::session_timer::{Refresher, SessionTimer, Wish};
use crate::sip::transaction::{Kind, Owner, Transaction};

use super::Endpoint;

/// Answers to challenges for one call.
const MOST_CHALLENGES: u8 = 3;

/// Everything that a new outgoing call is made of.
pub(super) struct NewCall {
    pub id: DialogId,
    pub flow: Flow,
    /// Request-URI.
    pub target: Vec<u8>,
    /// From and To without tags.
    pub from: String,
    pub to: String,
    pub routes: Vec<Box<[u8]>>,
    /// Extra lines.
    pub headers: Vec<String>,
    pub sdp: Option<String>,
    pub credentials: Option<Credentials>,
    pub allow_md5: bool,
    /// The peer's offer is wanted, and the layer above answers it.
    pub late: bool,
    pub origin: Origin,
    pub account: Option<Box<str>>,
    pub group: Option<DialogId>,
    pub is_outside: bool,
}

/// Nothing that was handed in may break out of its line.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

impl Endpoint {
    pub(super) fn place(&mut self, now: Now, call: PlaceCall) {
        let PlaceCall { dialog: id, flow, to, from_user, headers, sdp, credentials } = call;
        let (to, from_user) = (clean(&to), clean(&from_user));
        self.call(
            now,
            NewCall {
                id,
                flow,
                from: format!("<sip:{from_user}@{}>", host_text(flow.local.ip())),
                target: to.clone().into_bytes(),
                to: format!("<{to}>"),
                routes: Vec::new(),
                headers: headers.iter().map(|line| clean(line)).collect(),
                sdp,
                credentials,
                allow_md5: true,
                late: false,
                origin: Origin::Other,
                account: None,
                group: None,
                is_outside: false,
            },
        );
    }

    /// Begins an outgoing call.
    pub(super) fn call(&mut self, now: Now, call: NewCall) {
        let NewCall { id, flow, target, from, to, routes, headers, sdp, credentials, allow_md5, late, origin, account, group, is_outside } =
            call;
        let local_tag = self.ids.text(12).into_boxed_str();
        let call_id = format!("{}@{}", self.ids.text(20), host_text(flow.local.ip()));
        let mut dialog = Box::new(Dialog {
            id,
            state: State::Calling,
            flow,
            origin,
            call_id: call_id.into_bytes().into_boxed_slice(),
            local: format!("{from};tag={local_tag}").into_bytes().into_boxed_slice(),
            local_tag,
            remote: to.into_bytes().into_boxed_slice(),
            remote_tag: Box::default(),
            target: target.clone().into_boxed_slice(),
            routes,
            local_cseq: u32::try_from(self.ids.below(1000)).unwrap_or(1),
            remote_cseq: None,
            invite_cseq: 0,
            peer_updates: false,
            incoming: None,
            answered: None,
            reoffer: None,
            calling: Some(Box::new(Calling { credentials, headers, uri: target, allow_md5, late, ..Calling::default() })),
            timer: None,
            refresh: None,
            refresh_offers: false,
            sdp: sdp.map(String::into_boxed_str),
            bye_after_ack: None,
            unproven: None,
            by_flow: account.is_some(),
            secure: false,
            account,
            group,
            is_outside,
            ends: None,
            reinvite: None,
            refer: None,
            scheduled: None,
        });
        if is_outside {
            self.outside += 1;
        }
        self.send_invite(now, &mut dialog, None);
        self.add_dialog(dialog);
    }

    fn send_invite(&mut self, now: Now, dialog: &mut Dialog, authorization: Option<(&'static str, String)>) {
        let branch = self.branch();
        let mut out = dialog.request(Method::Invite, &branch, &self.settings.product);
        dialog.invite_cseq = dialog.local_cseq;
        out.line("Allow", dialog.allow());
        out.line("Supported", "timer");
        if let Some((name, value)) = authorization {
            out.line(name, value);
        }
        for line in dialog.calling.iter().flat_map(|it| &it.headers) {
            out.raw(line.as_bytes());
            out.raw(b"\r\n");
        }
        let bytes = out.finish(dialog.sdp.as_ref().map(|sdp| ("application/sdp", sdp.as_bytes())));
        let key = self.request_invite(now, dialog.flow, &branch, Owner::Call(dialog.id), bytes);
        if let Some(calling) = &mut dialog.calling {
            calling.key = key;
        }
    }

    /// A response to the INVITE of an outgoing call.
    pub(super) fn call_answered(&mut self, now: Now, flow: Flow, id: DialogId, message: &Message<'_>, response: &Response<'_>, key: u64) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.flow.connection == 0 && flow.connection != 0 {
                dialog.flow = flow;
                endpoint.streams.insert(flow.connection);
            }
            match response.status {
                100..=199 => endpoint.call_progressed(now, dialog, message, response),
                200..=299 => endpoint.call_accepted(now, dialog, message, response),
                _ => endpoint.call_refused(now, dialog, message, response, key),
            }
        });
    }

    fn call_progressed(&mut self, now: Now, dialog: &mut Dialog, message: &Message<'_>, response: &Response<'_>) {
        let Some(calling) = dialog.calling.as_mut().filter(|_| dialog.state != State::Confirmed) else { return };
        calling.rings = true;
        let is_given_up = calling.cancel.is_some();
        if let Some(group) = dialog.group.filter(|_| !is_given_up) {
            self.group_heard(group);
        }
        let Some(calling) = dialog.calling.as_mut() else { return };
        if calling.cancel.is_some() {
            self.send_cancel(now, dialog);
        } else if response.status > 100 && dialog.state == State::Calling {
            let sdp = session_body(message).ok().flatten().and_then(|body| Session::parse(body).ok());
            match dialog.group {
                Some(group) => self.group_rings(group, response.status, sdp),
                None => self.event(SipEvent::Progress { dialog: dialog.id, status: response.status, sdp }),
            }
        }
    }

    fn call_accepted(&mut self, now: Now, dialog: &mut Dialog, message: &Message<'_>, response: &Response<'_>) {
        let tag = response.to.tag();
        if dialog.state == State::Confirmed || dialog.state == State::Over && !dialog.remote_tag.is_empty() {
            if *dialog.remote_tag == *tag {
                // The 2xx again: so is the ACK.
                let ack = dialog.calling.as_ref().map(|it| it.ack.clone()).unwrap_or_default();
                if !ack.is_empty() {
                    self.transmit(dialog.next_hop(), ack);
                }
            } else {
                self.dismiss_fork(now, dialog, message);
            }
            return;
        }
        learn(dialog, message, tag);
        let offer = session_body(message).ok().flatten().and_then(|body| Session::parse(body).ok());
        let is_wanted = dialog.calling.as_ref().is_some_and(|it| it.cancel.is_none());
        let wants_answer = is_wanted && offer.is_some() && dialog.calling.as_ref().is_some_and(|it| it.late);
        if !wants_answer {
            self.send_ack(dialog, offer.as_ref(), None);
        }
        if dialog.calling.as_ref().is_some_and(|it| it.cancel.is_some()) {
            // The CANCEL came too late.
            let reason = dialog.calling.as_mut().and_then(|it| it.cancel.take()).flatten();
            self.send_bye(now, dialog, reason);
            return;
        }
        dialog.state = State::Confirmed;
        if let Some(group) = dialog.group.take() {
            self.group_won(now, group, dialog);
        }
        if dialog.is_outside {
            dialog.ends = Some(now.instant + self.settings.outbound.longest);
        }
        let wish = Wish::of(message);
        if let Some(seconds) = wish.expires {
            let interval = std::time::Duration::from_secs(u64::from(seconds.max(1)));
            dialog.timer = Some(SessionTimer::start(now.instant, interval, wish.refresher != Some(Refresher::Uas)));
        }
        self.event(SipEvent::Answered { dialog: dialog.id, sdp: offer, wants_answer });
    }

    /// The answer to the offer of a 2xx, with its ACK.
    pub(super) fn acknowledge(&mut self, id: DialogId, sdp: String) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.state == State::Confirmed && dialog.owes_ack() {
                dialog.sdp = Some(sdp.clone().into_boxed_str());
                endpoint.send_ack(dialog, None, Some(&sdp));
            }
        });
    }

    pub(super) fn send_ack(&mut self, dialog: &mut Dialog, peers: Option<&Session>, ours: Option<&str>) {
        let branch = self.branch();
        let out = dialog.request(Method::Ack, &branch, &self.settings.product);
        // An offer in the 2xx, because ours was none, needs its answer here; whoever calls so only wants the call to stand.
        let answer = peers.filter(|_| dialog.sdp.is_none()).and_then(|offer| {
            let local = Local { address: dialog.flow.local.ip(), port: 9, session_id: dialog.id.0, version: 1, codecs: &Codec::PREFERENCE };
            sdp::answer(offer, &local).ok()
        });
        let answer = ours.or(answer.as_ref().map(|(sdp, _)| sdp.as_str()));
        let ack = out.finish(answer.map(|sdp| ("application/sdp", sdp.as_bytes())));
        self.transmit(dialog.next_hop(), ack.clone());
        if let Some(calling) = &mut dialog.calling {
            calling.ack = ack;
        }
    }

    /// A second phone picked up as well: it is acknowledged and hung up (RFC 3261 section 13.2.2.4).
    fn dismiss_fork(&mut self, now: Now, dialog: &mut Dialog, message: &Message<'_>) {
        let (remote, tag, target, routes) =
            (dialog.remote.clone(), dialog.remote_tag.clone(), dialog.target.clone(), dialog.routes.clone());
        let cseq = dialog.local_cseq;
        let other = message.get(Name::To).and_then(crate::sip::message::Address::parse).map(|it| it.tag().to_vec()).unwrap_or_default();
        learn(dialog, message, &other);
        let branch = self.branch();
        let ack = dialog.request(Method::Ack, &branch, &self.settings.product).finish(None);
        self.transmit(dialog.next_hop(), ack);
        let branch = self.branch();
        let bye = dialog.request(Method::Bye, &branch, &self.settings.product).finish(None);
        let (flow, patience) = (dialog.next_hop(), self.timing.long());
        self.request(now, flow, &branch, Method::Bye, Owner::Nobody, patience, bye);
        (dialog.remote, dialog.remote_tag, dialog.target, dialog.routes) = (remote, tag, target, routes);
        dialog.local_cseq = cseq;
    }

    fn call_refused(&mut self, now: Now, dialog: &mut Dialog, message: &Message<'_>, response: &Response<'_>, key: u64) {
        if dialog.calling.as_ref().is_none_or(|it| it.key != key) {
            return;
        }
        if matches!(response.status, 401 | 407)
            && dialog.state == State::Calling
            && let Some(authorization) = self.authorization(dialog, message, response.status, Method::Invite)
        {
            self.send_invite(now, dialog, Some(authorization));
            return;
        }
        if let Some(group) = dialog.group {
            self.group_told(now, group, dialog, message);
        }
        self.end(dialog, EndCause::Refused(response.status));
        dialog.state = State::Gone;
    }

    /// The header that answers a challenge, unless it was answered before or there is no password.
    fn authorization(&mut self, dialog: &mut Dialog, message: &Message<'_>, status: u16, method: Method) -> Option<(&'static str, String)> {
        let (asks, answers) =
            if status == 401 { (Name::WwwAuthenticate, "Authorization") } else { (Name::ProxyAuthenticate, "Proxy-Authorization") };
        let uri = String::from_utf8_lossy(&dialog.target).into_owned();
        let calling = dialog.calling.as_mut()?;
        let challenge = Challenge::strongest(message.all(asks), calling.allow_md5)?;
        let credentials = calling.credentials.as_ref()?;
        if calling.challenges >= MOST_CHALLENGES || calling.challenges > 0 && !challenge.stale && method == Method::Invite {
            return None;
        }
        calling.challenges += 1;
        let value = challenge.answer(credentials, crate::sip::message::method_name(method), &uri, 1, &mut self.ids);
        Some((answers, value))
    }

    /// BYE once more, with credentials.
    pub(super) fn repeat_bye(&mut self, now: Now, dialog: &mut Dialog, message: &Message<'_>, status: u16) -> bool {
        let Some((name, value)) = self.authorization(dialog, message, status, Method::Bye) else { return false };
        let branch = self.branch();
        let mut out = dialog.request(Method::Bye, &branch, &self.settings.product);
        out.line(name, value);
        let (flow, patience) = (dialog.next_hop(), self.timing.long());
        self.request(now, flow, &branch, Method::Bye, Owner::Bye(dialog.id), patience, out.finish(None));
        true
    }

    /// Hanging up before the answer: CANCEL as soon as there is a provisional answer (RFC 3261 section 9.1).
    pub(super) fn give_up(&mut self, now: Now, dialog: &mut Dialog, reason: Option<&'static str>) {
        let Some(calling) = dialog.calling.as_mut() else { return };
        calling.cancel = Some(reason);
        let rings = calling.rings;
        self.end(dialog, EndCause::Local);
        if rings {
            self.send_cancel(now, dialog);
        }
    }

    fn send_cancel(&mut self, now: Now, dialog: &mut Dialog) {
        let timing = self.timing;
        let Some(calling) = dialog.calling.as_mut().filter(|it| !it.cancelled) else { return };
        calling.cancelled = true;
        let (key, reason) = (calling.key, calling.cancel.flatten());
        let Some(Transaction { kind: Kind::InviteClient(it), flow, .. }) = self.transactions.get_mut(&key) else { return };
        it.give_up_after(now.instant, &timing);
        let (flow, mut invite) = (*flow, it.request().to_vec());
        self.schedule_transaction(key);
        let Some((branch, cancel)) = cancel_of(&mut invite, reason) else { return };
        self.request(now, flow, &branch, Method::Cancel, Owner::Nobody, timing.long(), cancel);
    }
}

/// What an answer tells about the peer: tag, target, routes, methods.
fn learn(dialog: &mut Dialog, message: &Message<'_>, tag: &[u8]) {
    dialog.remote = message.get(Name::To).unwrap_or(&dialog.remote).into();
    dialog.remote_tag = tag.into();
    dialog.routes = message.list(Name::RecordRoute).map(Into::into).collect();
    dialog.routes.reverse();
    dialog.peer_updates = message.lists(Name::Allow, b"UPDATE");
    dialog.retarget(message.list(Name::Contact).next());
}

/// The lines of a request of ours that ACK and CANCEL repeat.
fn repeat_lines(out: &mut Writer, invite: &Message<'_>, to: &[u8], method: &str) {
    out.line("Via", invite.get(Name::Via).unwrap_or(b""));
    out.line("Max-Forwards", "70");
    for route in invite.all(Name::Route) {
        out.line("Route", route);
    }
    out.line("From", invite.get(Name::From).unwrap_or(b""));
    out.line("To", to);
    out.line("Call-ID", invite.get(Name::CallId).unwrap_or(b""));
    let cseq = invite.get(Name::CSeq).and_then(|it| it.split(|byte| *byte == b' ').next()).unwrap_or(b"1");
    out.line("CSeq", [cseq, b" ", method.as_bytes()].concat());
}

/// ACK for a final answer other than 2xx (RFC 3261 section 17.1.1.3).
pub(super) fn ack_of_failure(invite: &[u8], response: &Message<'_>) -> Vec<u8> {
    let mut copy = invite.to_vec();
    let Ok(message) = Message::read(&mut copy) else { return Vec::new() };
    let Start::Request { uri, .. } = message.start else { return Vec::new() };
    let mut out = Writer::request("ACK", uri);
    repeat_lines(&mut out, &message, response.get(Name::To).unwrap_or(b""), "ACK");
    out.finish(None)
}

/// CANCEL of an INVITE, and its branch, which is the same.
fn cancel_of(invite: &mut [u8], reason: Option<&str>) -> Option<(String, Vec<u8>)> {
    let message = Message::read(invite).ok()?;
    let Start::Request { uri, .. } = message.start else { return None };
    let via = crate::sip::message::Via::parse(message.get(Name::Via)?)?;
    let branch = String::from_utf8_lossy(via.branch()?).into_owned();
    let mut out = Writer::request("CANCEL", uri);
    repeat_lines(&mut out, &message, message.get(Name::To).unwrap_or(b""), "CANCEL");
    if let Some(reason) = reason {
        out.line("Reason", reason);
    }
    Some((branch, out.finish(None)))
}
