//! Requests inside a dialog: ACK, BYE, re-INVITE, UPDATE, INFO, PRACK.

use crate::machine::Now;
use crate::sip::dialog::{Dialog, Reoffer, State};
use crate::sip::event::{DialogId, EndCause, Flow, NODE_NEWS, SipEvent, Transport};
use crate::sip::message::name::trim;
use crate::sip::message::uri::cut;
use crate::sip::message::writer::{Echo, Writer};
use crate::sip::message::{Message, Method, Name, Request, session_body};
use crate::sip::reliable;
use crate::sip::sdp::Session;
use crate::sip::session_timer::{Refresher, SessionTimer, Wish};
use crate::sip::transaction::{InviteServer, Kind, Owner, Server};

use super::Endpoint;
use super::incoming::unsupported;
use super::invite::refreshes_target;

/// Octets of an INFO body that are passed on.
const LONGEST_INFO: usize = 4096;

impl Endpoint {
    pub(super) fn dialog_of(&self, request: &Request<'_>) -> Option<DialogId> {
        let id = *self.by_tag.get(&self.keys.dialog(request.call_id, request.to.tag()))?;
        let dialog = self.dialogs.get(&id)?;
        // A tag that we have not learnt yet (outgoing call before its answer) is no obstacle.
        let fits = *dialog.remote_tag == *request.from.tag() || dialog.remote_tag.is_empty() && dialog.state == State::Calling;
        (fits && *dialog.call_id == *request.call_id).then_some(id)
    }

    pub(super) fn inside(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>, method: Method, key: u64) {
        let Some(id) = self.dialog_of(request) else {
            self.refused("no_dialog", Some(481), flow.peer);
            self.stateless(flow, message, 481, |_| {});
            return;
        };
        self.with_dialog(id, |endpoint, dialog| {
            endpoint.proven(dialog);
            if dialog.remote_cseq.is_some_and(|last| request.cseq < last) {
                // Out of order (RFC 3261 section 12.2.2).
                endpoint.respond_inside(now, flow, message, dialog, key, 500, |_| {});
                return;
            }
            dialog.remote_cseq = Some(request.cseq);
            // A phone behind a translating router may have moved; its stream certainly has when this one is new.
            dialog.flow = flow;
            if flow.connection != 0 {
                endpoint.streams.insert(flow.connection);
            }
            if message.all(Name::Allow).next().is_some() {
                dialog.peer_updates = message.lists(Name::Allow, b"UPDATE");
            }
            let unknown = unsupported(message);
            if !unknown.is_empty() && method != Method::Bye {
                endpoint.respond_inside(now, flow, message, dialog, key, 420, |out| out.line("Unsupported", unknown));
                return;
            }
            match method {
                Method::Bye => endpoint.bye(now, flow, message, dialog, key),
                _ if matches!(dialog.state, State::Over | State::Gone) => {
                    endpoint.respond_inside(now, flow, message, dialog, key, 481, |_| {})
                }
                Method::Info => endpoint.info(now, flow, message, dialog, key),
                Method::PRack => endpoint.prack(now, flow, message, dialog, key),
                Method::Refer => endpoint.refer(now, flow, message, request, dialog, key),
                _ => endpoint.reoffered(now, flow, message, request, dialog, method, key),
            }
        });
    }

    /// An answer without body by a transaction of its own.
    #[expect(clippy::too_many_arguments, reason = "everything that an answer is made of")]
    pub(super) fn respond_inside(
        &mut self,
        now: Now,
        flow: Flow,
        message: &Message<'_>,
        dialog: &Dialog,
        key: u64,
        status: u16,
        extra: impl FnOnce(&mut Writer),
    ) {
        let bytes = self.reply(flow, message, status, Some(&dialog.local_tag), extra);
        if super::incoming::is_method(message.start, Method::Invite) {
            self.add_transaction(
                key,
                flow,
                Kind::InviteServer(InviteServer::new(flow.transport != Transport::Udp)),
                Owner::Inside(dialog.id),
            );
            self.respond_invite(now, key, status, bytes);
        } else {
            self.respond_once(now, key, flow, status, bytes);
        }
    }

    /// An ACK of a 2xx ends its repetition.
    pub(super) fn acknowledged_by(&mut self, now: Now, message: &Message<'_>, request: &Request<'_>) {
        let Some(id) = self.dialog_of(request) else { return };
        self.with_dialog(id, |endpoint, dialog| {
            let Some(answered) = dialog.answered.take_if(|it| it.cseq == request.cseq) else { return };
            endpoint.proven(dialog);
            if let Some(reason) = dialog.bye_after_ack.take() {
                endpoint.send_bye(now, dialog, reason);
                return;
            }
            let answer =
                if answered.offered { session_body(message).ok().flatten().and_then(|body| Session::parse(body).ok()) } else { None };
            endpoint.tell_acknowledged(dialog, &answered, answer);
        });
    }

    /// The first ACK is always told, a later one when it brings an answer.
    fn tell_acknowledged(&mut self, dialog: &Dialog, answered: &crate::sip::dialog::Answered, answer: Option<Session>) {
        if dialog.state == State::Confirmed && (answered.is_first || answered.offered) {
            self.event(SipEvent::Acknowledged { dialog: dialog.id, answer });
        }
    }

    fn bye(&mut self, now: Now, flow: Flow, message: &Message<'_>, dialog: &mut Dialog, key: u64) {
        self.respond_inside(now, flow, message, dialog, key, 200, |_| {});
        match dialog.state {
            // Legal, though rare: the caller ends an early dialog with BYE.
            State::Early => self.refuse_call(now, dialog, 487, None, EndCause::PeerBye),
            State::Gone => {}
            State::Calling | State::Confirmed | State::Over => {
                if dialog.reoffer.is_some() {
                    self.refuse_reoffer(now, dialog, 487);
                }
                self.end(dialog, EndCause::PeerBye);
                dialog.state = State::Gone;
            }
        }
    }

    /// Key presses by INFO (application/dtmf-relay, application/dtmf, or bare text), or another node's word; an empty INFO is a sign of
    /// life.
    fn info(&mut self, now: Now, flow: Flow, message: &Message<'_>, dialog: &mut Dialog, key: u64) {
        if message.body.is_empty() {
            self.respond_inside(now, flow, message, dialog, key, 200, |_| {});
            return;
        }
        let kind = message.get(Name::ContentType).map_or(&b""[..], |value| trim(cut(value, b';').0));
        let known = [&b"application/dtmf-relay"[..], b"application/dtmf", b"text/plain", NODE_NEWS.as_bytes()]
            .iter()
            .any(|it| kind.eq_ignore_ascii_case(it))
            || kind.is_empty();
        if !known || message.body.len() > LONGEST_INFO {
            self.respond_inside(now, flow, message, dialog, key, 415, |out| out.line("Accept", "application/dtmf-relay, application/dtmf"));
            return;
        }
        self.respond_inside(now, flow, message, dialog, key, 200, |_| {});
        self.event(SipEvent::Info {
            dialog: dialog.id,
            content_type: String::from_utf8_lossy(kind).to_ascii_lowercase(),
            body: String::from_utf8_lossy(message.body).into_owned(),
        });
    }

    fn prack(&mut self, now: Now, flow: Flow, message: &Message<'_>, dialog: &mut Dialog, key: u64) {
        let rack = message.all(Name::RAck).next().and_then(reliable::rack);
        let invite_cseq = dialog.incoming.as_ref().map_or(0, |it| it.cseq);
        let matches =
            dialog.incoming.as_mut().and_then(|it| it.unacknowledged.take_if(|waiting| rack == Some((waiting.rseq, invite_cseq))));
        let Some(acknowledged) = matches else {
            self.respond_inside(now, flow, message, dialog, key, 481, |_| {});
            return;
        };
        self.respond_inside(now, flow, message, dialog, key, 200, |_| {});
        if let Some(incoming) = &mut dialog.incoming {
            if acknowledged.has_sdp && !incoming.had_offer {
                incoming.early_answer = session_body(message).ok().flatten().and_then(|body| Session::parse(body).ok());
            }
            if let Some((status, sdp)) = incoming.queued.pop_front() {
                self.send_progress(now, dialog, status, sdp);
            } else if let Some(sdp) = incoming.held.take() {
                self.send_answer(now, dialog, sdp);
            }
        }
    }

    /// re-INVITE and UPDATE.
    #[expect(clippy::too_many_arguments, reason = "everything that a request is made of")]
    fn reoffered(
        &mut self,
        now: Now,
        flow: Flow,
        message: &Message<'_>,
        request: &Request<'_>,
        dialog: &mut Dialog,
        method: Method,
        key: u64,
    ) {
        let is_invite = method == Method::Invite;
        let wait = self.some_millis(0, 10_000).as_secs().to_string();
        if dialog.reoffer.is_some() || is_invite && dialog.state != State::Confirmed {
            // One at a time (RFC 3261 section 14.2).
            self.respond_inside(now, flow, message, dialog, key, 500, |out| out.line("Retry-After", wait));
            return;
        }
        let asked = self.examine(message).and_then(|asked| {
            // The port that it has stays where it is: sound of the other family would not reach it.
            let theirs = asked.offer.as_ref().and_then(Session::sound_at);
            let ours = dialog.sdp.as_deref().and_then(|sdp| Session::parse(sdp.as_bytes()).ok()).and_then(|sdp| sdp.sound_at());
            let fits = theirs.zip(ours).is_none_or(|(theirs, ours)| theirs.is_ipv4() == ours.is_ipv4());
            if fits { Ok(asked) } else { Err(super::invite::other_family(flow)) }
        });
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => {
                self.refused(refusal.reason, Some(refusal.status), flow.peer);
                self.respond_inside(now, flow, message, dialog, key, refusal.status, |out| {
                    if let Some((name, value)) = refusal.header {
                        out.line(name, value);
                    }
                });
                return;
            }
        };
        let changes_session = is_invite || asked.offer.is_some();
        if changes_session && (dialog.refresh_offers || dialog.answered.as_ref().is_some_and(|it| it.offered)) {
            // An offer of ours is open: glare (RFC 3261 section 14.1).
            self.respond_inside(now, flow, message, dialog, key, 491, |_| {});
            return;
        }
        if changes_session && dialog.state != State::Confirmed {
            // RFC 3311 section 5.2: our answer to the first offer is still to come.
            self.respond_inside(now, flow, message, dialog, key, 500, |out| out.line("Retry-After", wait));
            return;
        }
        if refreshes_target(method) {
            dialog.retarget(message.list(Name::Contact).next());
        }
        let wish = Wish::of(message);
        if !changes_session {
            self.restart_timer(now, dialog, asked.timer);
            let contact = dialog.contact();
            self.respond_inside(now, flow, message, dialog, key, 200, |out| {
                out.format("Contact", format_args!("<{contact}>"));
                write_timer(out, asked.timer, wish.supported);
            });
            return;
        }
        // A new INVITE says that the peer has our 2xx, even if its ACK was lost.
        if is_invite && let Some(answered) = dialog.answered.take() {
            self.tell_acknowledged(dialog, &answered, None);
        }
        let echo = Echo::of(message, flow.peer);
        if is_invite {
            self.add_transaction(
                key,
                flow,
                Kind::InviteServer(InviteServer::new(flow.transport != Transport::Udp)),
                Owner::Inside(dialog.id),
            );
            let trying = echo.response(100, None).finish(None);
            self.respond_invite(now, key, 100, trying);
        } else {
            self.add_transaction(key, flow, Kind::Server(Server::new(flow.transport != Transport::Udp)), Owner::Nobody);
        }
        dialog.reoffer = Some(Box::new(Reoffer { key, echo, cseq: request.cseq, is_invite, had_offer: asked.offer.is_some(), wish }));
        self.event(SipEvent::Reoffer { dialog: dialog.id, offer: asked.offer });
    }

    /// After a refresh by the peer: with what was agreed now, or as before.
    pub(super) fn restart_timer(&mut self, now: Now, dialog: &mut Dialog, timer: Option<(u32, Refresher)>) {
        dialog.timer = match timer {
            Some((seconds, refresher)) => {
                Some(SessionTimer::start(now.instant, std::time::Duration::from_secs(u64::from(seconds)), refresher == Refresher::Uas))
            }
            None => dialog.timer.map(|it| it.again(now.instant)),
        };
    }
}

/// Session-Expires of a 2xx of ours; the peer is told to support it when it is the one who refreshes.
pub(super) fn write_timer(out: &mut Writer, timer: Option<(u32, Refresher)>, supported: bool) {
    if let Some((seconds, refresher)) = timer {
        out.format("Session-Expires", format_args!("{seconds};refresher={}", refresher.name()));
        if supported && refresher == Refresher::Uac {
            out.line("Require", "timer");
        }
    }
}
