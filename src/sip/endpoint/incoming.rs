//! What arrives: it is counted, read, and given to the transaction, the dialog or the rule that it belongs to.

use crate::machine::Now;
use crate::sip::dialog::ALLOW;
use crate::sip::event::{EndCause, Flow, Transport};
use crate::sip::message::writer::{Echo, Writer};
use crate::sip::message::{Fault, Message, Method, Name, Request, Response, Start, Via, method_of, values};
use crate::sip::transaction::{Kind, Owner, Reaction, Transaction, invite_server, server};

use super::{Endpoint, SUPPORTED, Sender};

impl Endpoint {
    pub(super) fn received(&mut self, now: Now, flow: Flow, mut bytes: Vec<u8>) {
        if flow.peer.port() == 0 || flow.peer.ip().is_unspecified() {
            return;
        }
        let sender = self.sender(flow);
        let is_exempt = match sender {
            Sender::Trunk(_) | Sender::Node => true,
            Sender::Demo => flow.peer.ip().to_canonical().is_loopback(),
            Sender::Stranger => false,
        };
        if !is_exempt && !self.guard.admit(now.instant, flow.peer.ip()) {
            self.refused("source_rate", None, flow.peer);
            return;
        }
        // Keep-alives: empty lines, or a few zero octets.
        if bytes.len() < 16 && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0 | b' ')) {
            return;
        }
        if self.settings.trace {
            self.trace(flow, false, &bytes);
        }
        let message = match Message::read(&mut bytes) {
            Ok(message) => message,
            Err(fault) => {
                self.refused(fault.reason, None, flow.peer);
                return;
            }
        };
        if matches!(message.start, Start::Response { .. }) {
            match Response::check(&message) {
                Ok(response) => self.response(now, flow, &message, &response),
                Err(fault) => self.refused(fault.reason, None, flow.peer),
            }
            return;
        }
        match Request::check(&message) {
            Ok(request) => self.request_in(now, reply_flow(flow, &request.via), &message, &request, sender),
            Err(fault) => self.malformed(flow, &message, fault),
        }
    }

    /// A request that cannot be used is answered by what can be read of it.
    fn malformed(&mut self, flow: Flow, message: &Message<'_>, fault: Fault) {
        let is_ack = matches!(message.start, Start::Request { method: b"ACK", .. });
        let via = message.get(Name::Via);
        if is_ack || via.is_none() {
            self.refused(fault.reason, None, flow.peer);
            return;
        }
        self.refused(fault.reason, Some(fault.status), flow.peer);
        let flow = via.and_then(|line| Via::parse(values(line).next()?)).map_or(flow, |via| reply_flow(flow, &via));
        self.stateless(flow, message, fault.status, |out| {
            if fault.status == 501 {
                out.line("Allow", ALLOW);
            }
            out.format("Warning", format_args!("399 {} \"{}\"", "dinetone", fault.reason));
        });
    }

    /// Answers without remembering anything (RFC 3261 section 8.2.7).
    pub(super) fn stateless(&mut self, flow: Flow, message: &Message<'_>, status: u16, extra: impl FnOnce(&mut Writer)) {
        let bytes = self.reply(flow, message, status, None, extra);
        self.transmit(flow, bytes);
    }

    /// The octets of an answer without body.
    pub(super) fn reply(
        &self,
        flow: Flow,
        message: &Message<'_>,
        status: u16,
        tag: Option<&str>,
        extra: impl FnOnce(&mut Writer),
    ) -> Vec<u8> {
        let echo = Echo::of(message, flow.peer);
        let stateless_tag;
        let tag = match tag {
            Some(tag) => tag,
            None => {
                stateless_tag = self.keys.stateless_tag(message.get(Name::CallId).unwrap_or(b""), message.get(Name::From).unwrap_or(b""));
                &stateless_tag
            }
        };
        let mut out = echo.response(status, Some(tag));
        extra(&mut out);
        out.line("Server", &self.settings.product);
        out.finish(None)
    }

    fn request_in(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>, sender: Sender) {
        let Some(method) = request.method else {
            self.refused("unknown_method", Some(501), flow.peer);
            self.stateless(flow, message, 501, |out| out.line("Allow", ALLOW));
            return;
        };
        let key = self.keys.server(request, method);
        if method != Method::Options && self.repeated(now, key, method) {
            if method == Method::Ack {
                self.acknowledged_by(now, message, request);
            }
            return;
        }
        let is_inside = !request.to.tag().is_empty();
        match method {
            Method::Ack => self.acknowledged_by(now, message, request),
            Method::Cancel => self.cancel(now, flow, message, request),
            // Whoever asks whether a call still lasts must not be told so of one that does not (RFC 3261 section 12.2.2).
            Method::Options if is_inside && self.dialog_of(request).is_none() => {
                self.refused("no_dialog", Some(481), flow.peer);
                self.stateless(flow, message, 481, |_| {});
            }
            Method::Options => self.options(flow, message),
            Method::Register => self.register(now, flow, message, request, key, sender),
            Method::Invite if !is_inside => self.invite(now, flow, message, request, key, sender),
            Method::Refer if !is_inside => {
                self.refused("method", Some(405), flow.peer);
                self.stateless(flow, message, 405, |out| out.line("Allow", ALLOW));
            }
            Method::Invite | Method::Bye | Method::Info | Method::Update | Method::PRack | Method::Refer => {
                self.inside(now, flow, message, request, method, key)
            }
            _ => {
                self.refused("method", Some(405), flow.peer);
                self.stateless(flow, message, 405, |out| out.line("Allow", ALLOW));
            }
        }
    }

    /// Whether the request belongs to a transaction that exists; what it asks for is then done.
    fn repeated(&mut self, now: Now, key: u64, method: Method) -> bool {
        let timing = self.timing;
        let Some(transaction) = self.transactions.get_mut(&key) else { return false };
        let reaction = match &mut transaction.kind {
            Kind::InviteServer(it) => {
                let input = if method == Method::Ack { invite_server::Input::Ack } else { invite_server::Input::Invite };
                it.handle(now.instant, &timing, input)
            }
            Kind::Server(it) => it.handle(now.instant, &timing, server::Input::Request),
            Kind::InviteClient(_) | Kind::Client(_) => return false,
        };
        match reaction {
            Reaction::Send => self.resend(key),
            Reaction::Ended => self.remove_transaction(key),
            _ => {}
        }
        self.schedule_transaction(key);
        true
    }

    /// Answered always, and without leaving anything behind.
    fn options(&mut self, flow: Flow, message: &Message<'_>) {
        let unknown = unsupported(message);
        if !unknown.is_empty() {
            self.refused("extension", Some(420), flow.peer);
            self.stateless(flow, message, 420, |out| out.line("Unsupported", unknown));
            return;
        }
        self.stateless(flow, message, 200, |out| {
            out.line("Allow", ALLOW);
            out.line("Accept", "application/sdp");
            out.line("Accept-Encoding", "identity");
            out.line("Accept-Language", "zh, en");
            out.line("Supported", SUPPORTED);
        });
    }

    /// RFC 3261 section 9.2: 200 to the CANCEL, and 487 to the INVITE if it has no final answer yet.
    fn cancel(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>) {
        let key = self.keys.server(request, Method::Invite);
        let owner = match self.transactions.get(&key) {
            Some(Transaction { kind: Kind::InviteServer(_), owner, .. }) => *owner,
            _ => {
                self.stateless(flow, message, 481, |_| {});
                return;
            }
        };
        let (Owner::Call(id) | Owner::Inside(id)) = owner else { return };
        let tag = self.dialogs.get(&id).map(|dialog| dialog.local_tag.clone());
        let bytes = self.reply(flow, message, 200, tag.as_deref(), |_| {});
        self.transmit(flow, bytes);
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.incoming.as_ref().is_some_and(|it| it.key == key) {
                endpoint.refuse_call(now, dialog, 487, None, EndCause::Cancelled);
            } else if dialog.reoffer.as_ref().is_some_and(|it| it.key == key) {
                endpoint.refuse_reoffer(now, dialog, 487);
            }
        });
    }

    /// A response goes to the request of ours that it answers; one that answers none is dropped silently.
    fn response(&mut self, now: Now, flow: Flow, message: &Message<'_>, response: &Response<'_>) {
        let (Some(branch), Some(method)) = (response.via.branch(), response.method) else { return };
        let key = self.keys.client(branch, method);
        let timing = self.timing;
        let Some(transaction) = self.transactions.get_mut(&key) else { return };
        if transaction.flow.transport != Transport::Udp && transaction.flow.connection == 0 {
            transaction.flow = flow;
            self.streams.insert(flow.connection);
        }
        let owner = transaction.owner;
        let sent_by = transaction.flow;
        let (reaction, request) = match &mut transaction.kind {
            Kind::InviteClient(it) => (it.handle(now.instant, &timing, response.status), it.request().to_vec()),
            Kind::Client(it) => {
                let request = if matches!(owner, Owner::Bye(_)) { it.request().to_vec() } else { Vec::new() };
                (it.handle(now.instant, &timing, response.status), request)
            }
            _ => return,
        };
        self.schedule_transaction(key);
        if matches!(reaction, Reaction::Ack | Reaction::AckAndPassUp) {
            let ack = super::calling::ack_of_failure(&request, message);
            self.transmit(sent_by, ack);
        }
        if !matches!(reaction, Reaction::PassUp | Reaction::AckAndPassUp) {
            return;
        }
        match owner {
            Owner::Nobody => {}
            Owner::Call(id) => self.call_answered(now, flow, id, message, response, key),
            Owner::Bye(id) => self.bye_answered(now, id, message, response),
            Owner::Refresh(id) => self.refresh_answered(now, id, message, response),
            Owner::Inside(id) => self.inside_answered(now, id, response),
            Owner::Reinvite(id) => self.reinvite_answered(now, id, message, response),
            Owner::Phone(number) if response.status >= 200 => self.phone_asked(now, number, true),
            Owner::Phone(_) => {}
            Owner::Registration(place) | Owner::Health(place) => {
                self.trunk_answered(now, flow, usize::from(place), owner, message, response)
            }
            Owner::Leaving(number) => self.leaving_answered(now, number, message, response),
        }
    }
}

/// Where an answer goes: back to where the request came from (RFC 3581, and along the stream). Only a peer without `rport` that
/// names its own address with another port is answered at that port (RFC 3261 section 18.2.2).
fn reply_flow(flow: Flow, via: &Via<'_>) -> Flow {
    let mut flow = flow;
    if flow.transport == Transport::Udp
        && via.param(b"rport").is_none()
        && let Some(port) = via.port.filter(|port| *port != 0)
        && via.address().is_some_and(|address| address.to_canonical() == flow.peer.ip().to_canonical())
    {
        flow.peer.set_port(port);
    }
    flow
}

/// The option tags of Require that we do not know, for Unsupported.
pub(super) fn unsupported(message: &Message<'_>) -> Vec<u8> {
    let unknown: Vec<&[u8]> =
        message.list(Name::Require).filter(|tag| !SUPPORTED.split(", ").any(|known| tag.eq_ignore_ascii_case(known.as_bytes()))).collect();
    unknown.join(&b", "[..])
}

/// Whether the method of a stored request text is the given one.
pub(super) fn is_method(start: Start<'_>, method: Method) -> bool {
    matches!(start, Start::Request { method: text, .. } if method_of(text) == Some(method))
}
