//! What the layer above wants with calls: progress, answers, refusals, hanging up, and the refresh of sessions.

use crate::machine::Now;
use crate::sip::dialog::{Answered, Dialog, State};
use crate::sip::event::{DialogId, EndCause};
use crate::sip::message::writer::Writer;
use crate::sip::message::{Message, Method, Name, Response};
use crate::sip::reliable::Unacknowledged;
use crate::sip::session_timer::{Refresher, SessionTimer, Wish, negotiate};
use crate::sip::transaction::Owner;

use super::inside::write_timer;
use super::invite::warn_of;
use super::{Endpoint, SUPPORTED};

/// Provisional answers that wait for a PRACK at most.
const MOST_QUEUED: usize = 8;

impl Endpoint {
    pub(super) fn progress(&mut self, now: Now, id: DialogId, status: u16, sdp: Option<String>) {
        self.with_dialog(id, |endpoint, dialog| {
            let Some(incoming) = dialog.incoming.as_mut().filter(|_| dialog.state == State::Early) else { return };
            if !(101..=199).contains(&status) || incoming.held.is_some() {
                return;
            }
            if incoming.reliable && incoming.unacknowledged.is_some() {
                if incoming.queued.len() < MOST_QUEUED {
                    incoming.queued.push_back((status, sdp));
                }
                return;
            }
            endpoint.send_progress(now, dialog, status, sdp);
        });
    }

    pub(super) fn send_progress(&mut self, now: Now, dialog: &mut Dialog, status: u16, sdp: Option<String>) {
        let (contact, allow) = (dialog.contact(), dialog.allow());
        let Some(incoming) = dialog.incoming.as_mut() else { return };
        let mut out = incoming.echo.response(status, Some(&dialog.local_tag));
        out.raw(&incoming.record_routes);
        out.format("Contact", format_args!("<{contact}>"));
        out.line("Allow", allow);
        if incoming.reliable {
            // The first number is random below 2^31 (RFC 3262 section 3).
            incoming.rseq = if incoming.rseq == 0 { u32::try_from(self.ids.below(1 << 30)).unwrap_or(0) + 1 } else { incoming.rseq + 1 };
            out.line("Require", "100rel");
            out.format("RSeq", format_args!("{}", incoming.rseq));
        }
        out.line("Server", &self.settings.product);
        let bytes = out.finish(sdp.as_ref().map(|sdp| ("application/sdp", sdp.as_bytes())));
        if incoming.reliable {
            incoming.unacknowledged = Some(Unacknowledged::new(now.instant, &self.timing, incoming.rseq, bytes.clone(), sdp.is_some()));
        }
        let key = incoming.key;
        self.respond_invite(now, key, status, bytes);
    }

    pub(super) fn answer(&mut self, now: Now, id: DialogId, sdp: String) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.state != State::Early {
                return;
            }
            let Some(incoming) = dialog.incoming.as_mut() else { return };
            // A reliable provisional answer with a description comes first (RFC 3262 section 3).
            if incoming.unacknowledged.as_ref().is_some_and(|it| it.has_sdp) || !incoming.queued.is_empty() {
                incoming.held = Some(sdp);
                return;
            }
            endpoint.send_answer(now, dialog, sdp);
        });
    }

    pub(super) fn send_answer(&mut self, now: Now, dialog: &mut Dialog, sdp: String) {
        let Some(incoming) = dialog.incoming.take() else { return };
        let mut out = incoming.echo.response(200, Some(&dialog.local_tag));
        out.raw(&incoming.record_routes);
        self.write_success(&mut out, dialog, incoming.timer, incoming.timer_supported);
        let bytes = out.finish(Some(("application/sdp", sdp.as_bytes())));
        self.respond_invite(now, incoming.key, 200, bytes.clone());
        dialog.answered =
            Some(Box::new(Answered::new(now.instant, &self.timing, bytes, incoming.cseq, incoming.key, !incoming.had_offer, true)));
        dialog.state = State::Confirmed;
        dialog.sdp = Some(sdp.into_boxed_str());
        self.restart_timer(now, dialog, incoming.timer);
    }

    fn write_success(&self, out: &mut Writer, dialog: &Dialog, timer: Option<(u32, Refresher)>, supported: bool) {
        out.format("Contact", format_args!("<{}>", dialog.contact()));
        out.line("Allow", dialog.allow());
        out.line("Supported", SUPPORTED);
        write_timer(out, timer, supported);
        out.line("Server", &self.settings.product);
    }

    pub(super) fn reject(&mut self, now: Now, id: DialogId, status: u16, retry_after: Option<u32>) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.state == State::Early {
                endpoint.refuse_call(now, dialog, status.clamp(300, 699), retry_after, EndCause::Local);
            }
        });
    }

    /// Ends an incoming call that was not answered.
    pub(super) fn refuse_call(&mut self, now: Now, dialog: &mut Dialog, status: u16, retry_after: Option<u32>, cause: EndCause) {
        let Some(incoming) = dialog.incoming.take() else { return };
        let mut out = incoming.echo.response(status, Some(&dialog.local_tag));
        if let Some(seconds) = retry_after {
            out.format("Retry-After", format_args!("{seconds}"));
        }
        warn_of(&mut out, status);
        out.line("Server", &self.settings.product);
        self.respond_invite(now, incoming.key, status, out.finish(None));
        self.end(dialog, cause);
        dialog.state = State::Gone;
    }

    pub(super) fn answer_reoffer(&mut self, now: Now, id: DialogId, answer: Result<String, u16>) {
        self.with_dialog(id, |endpoint, dialog| {
            let sdp = match answer {
                Ok(sdp) => sdp,
                Err(status) => {
                    endpoint.refuse_reoffer(now, dialog, status.clamp(300, 699));
                    return;
                }
            };
            let Some(reoffer) = dialog.reoffer.take() else { return };
            let timer = negotiate(reoffer.wish, endpoint.settings.session_expires, endpoint.settings.min_se).unwrap_or(None);
            let mut out = reoffer.echo.response(200, Some(&dialog.local_tag));
            endpoint.write_success(&mut out, dialog, timer, reoffer.wish.supported);
            let bytes = out.finish(Some(("application/sdp", sdp.as_bytes())));
            if reoffer.is_invite {
                endpoint.respond_invite(now, reoffer.key, 200, bytes.clone());
                let answered = Answered::new(now.instant, &endpoint.timing, bytes, reoffer.cseq, reoffer.key, !reoffer.had_offer, false);
                dialog.answered = Some(Box::new(answered));
            } else {
                endpoint.respond_once(now, reoffer.key, dialog.flow, 200, bytes);
            }
            dialog.sdp = Some(sdp.into_boxed_str());
            endpoint.restart_timer(now, dialog, timer);
        });
    }

    /// The session stays as it was.
    pub(super) fn refuse_reoffer(&mut self, now: Now, dialog: &mut Dialog, status: u16) {
        let Some(reoffer) = dialog.reoffer.take() else { return };
        let mut out = reoffer.echo.response(status, Some(&dialog.local_tag));
        if status == 500 {
            out.line("Retry-After", "2");
        }
        warn_of(&mut out, status);
        out.line("Server", &self.settings.product);
        let bytes = out.finish(None);
        if reoffer.is_invite {
            self.respond_invite(now, reoffer.key, status, bytes);
        } else {
            self.respond_once(now, reoffer.key, dialog.flow, status, bytes);
        }
    }

    pub(super) fn hang_up(&mut self, now: Now, id: DialogId, reason: Option<&'static str>) {
        if self.hang_up_group(now, id, reason) {
            return;
        }
        self.with_dialog(id, |endpoint, dialog| match dialog.state {
            State::Early => endpoint.refuse_call(now, dialog, 480, None, EndCause::Local),
            State::Calling => endpoint.give_up(now, dialog, reason),
            State::Confirmed => {
                if dialog.reoffer.is_some() {
                    endpoint.refuse_reoffer(now, dialog, 487);
                }
                endpoint.end(dialog, EndCause::Local);
                if dialog.owes_ack() {
                    endpoint.send_ack(dialog, None, None);
                }
                if dialog.answered.as_ref().is_some_and(|it| it.is_first) {
                    // BYE must wait for the ACK (RFC 3261 section 15).
                    dialog.bye_after_ack = Some(reason);
                } else {
                    endpoint.send_bye(now, dialog, reason);
                }
            }
            State::Over | State::Gone => {}
        });
    }

    /// BYE; the dialog stays until it is answered, so that a BYE of the peer's that crosses ours is answered as well.
    pub(super) fn send_bye(&mut self, now: Now, dialog: &mut Dialog, reason: Option<&'static str>) {
        dialog.answered = None;
        dialog.timer = None;
        let branch = self.branch();
        let mut out = dialog.request(Method::Bye, &branch, &self.settings.product);
        if let Some(reason) = reason {
            out.line("Reason", reason);
        }
        let (flow, patience) = (dialog.next_hop(), self.timing.long());
        self.request(now, flow, &branch, Method::Bye, Owner::Bye(dialog.id), patience, out.finish(None));
    }

    pub(super) fn bye_answered(&mut self, now: Now, id: DialogId, message: &Message<'_>, response: &Response<'_>) {
        if response.status < 200 {
            return;
        }
        self.with_dialog(id, |endpoint, dialog| {
            if matches!(response.status, 401 | 407) && endpoint.repeat_bye(now, dialog, message, response.status) {
                return;
            }
            dialog.state = State::Gone;
        });
    }

    /// A sign of life of ours: UPDATE when the peer knows it, else a re-INVITE with the same description (RFC 4028 section 7.4).
    pub(super) fn send_refresh(&mut self, now: Now, dialog: &mut Dialog) {
        let Some(timer) = dialog.timer.as_mut() else { return };
        timer.at = timer.ends;
        let seconds = timer.interval.as_secs();
        let method = if dialog.peer_updates { Method::Update } else { Method::Invite };
        if method == Method::Invite && (dialog.reoffer.is_some() || dialog.answered.is_some()) {
            // An INVITE of the peer's is open; that is a sign of life as well.
            timer.at = now.instant + std::time::Duration::from_secs(2);
            return;
        }
        let branch = self.branch();
        let mut out = dialog.request(method, &branch, &self.settings.product);
        out.line("Supported", SUPPORTED);
        out.format("Session-Expires", format_args!("{seconds};refresher=uac"));
        let (flow, owner, patience) = (dialog.next_hop(), Owner::Refresh(dialog.id), self.timing.long());
        let key = if method == Method::Update {
            self.request(now, flow, &branch, method, owner, patience, out.finish(None))
        } else {
            dialog.invite_cseq = dialog.local_cseq;
            dialog.refresh_offers = true;
            out.line("Allow", dialog.allow());
            let sdp = dialog.sdp.as_ref().map(|sdp| ("application/sdp", sdp.as_bytes()));
            self.request_invite(now, flow, &branch, owner, out.finish(sdp))
        };
        dialog.refresh = Some(key);
    }

    pub(super) fn refresh_answered(&mut self, now: Now, id: DialogId, message: &Message<'_>, response: &Response<'_>) {
        if response.status < 200 {
            return;
        }
        let collision = self.some_millis(2100, 4000);
        self.with_dialog(id, |endpoint, dialog| {
            let is_invite = response.method == Some(Method::Invite);
            if is_invite && response.status < 300 {
                let branch = endpoint.branch();
                let ack = dialog.request(Method::Ack, &branch, &endpoint.settings.product).finish(None);
                endpoint.transmit(dialog.next_hop(), ack);
            }
            if dialog.refresh.take().is_none() {
                return;
            }
            dialog.refresh_offers = false;
            let Some(timer) = dialog.timer.as_mut().filter(|_| dialog.state == State::Confirmed) else { return };
            match response.status {
                200..=299 => {
                    let wish = Wish::of(message);
                    let seconds = wish.expires.map_or(timer.interval, |it| std::time::Duration::from_secs(u64::from(it.max(1))));
                    let we_refresh = wish.refresher != Some(Refresher::Uas);
                    *timer = SessionTimer::start(now.instant, seconds, we_refresh);
                    dialog.retarget(message.list(Name::Contact).next());
                }
                422 => {
                    let least = Wish::of(message).min.unwrap_or(1800);
                    timer.interval = timer.interval.max(std::time::Duration::from_secs(u64::from(least)));
                    timer.at = now.instant + std::time::Duration::from_millis(10);
                }
                491 => timer.at = now.instant + collision,
                408 | 481 => {
                    endpoint.end(dialog, EndCause::SessionExpired);
                    endpoint.send_bye(now, dialog, Some("SIP;cause=408;text=\"Session expired\""));
                }
                // The peer does not know UPDATE after all: try the other way, unless that was it.
                _ if !is_invite => {
                    dialog.peer_updates = false;
                    timer.at = now.instant + std::time::Duration::from_millis(10);
                }
                _ => {}
            }
        });
    }

    pub(super) fn send_info(&mut self, now: Now, id: DialogId, content_type: &'static str, body: &str) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.state != State::Confirmed {
                return;
            }
            let branch = endpoint.branch();
            let out = dialog.request(Method::Info, &branch, &endpoint.settings.product);
            let (flow, patience) = (dialog.next_hop(), endpoint.timing.long());
            let bytes = out.finish(Some((content_type, body.as_bytes())));
            endpoint.request(now, flow, &branch, Method::Info, Owner::Inside(id), patience, bytes);
        });
    }

    pub(super) fn inside_answered(&mut self, now: Now, id: DialogId, response: &Response<'_>) {
        if response.status == 481 {
            // The peer no longer knows the call (RFC 5057 section 5.1).
            self.with_dialog(id, |endpoint, dialog| {
                if dialog.state == State::Confirmed {
                    endpoint.end(dialog, EndCause::PeerBye);
                    endpoint.send_bye(now, dialog, None);
                }
            });
        }
    }
}
