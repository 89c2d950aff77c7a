//! Changes of a session that we want: re-INVITE with a new description, with patience when the peer wants one at the same time.

use std::time::Duration;

use crate::machine::Now;
use crate::sip::dialog::{Dialog, Reinvite, State};
use crate::sip::event::{DialogId, EndCause, SipEvent};
use crate::sip::message::{Message, Method, Name, Response, session_body};
use crate::sip::sdp::Session;
use crate::sip::session_timer::{Refresher, SessionTimer, Wish};
use crate::sip::transaction::Owner;

use super::{Endpoint, SUPPORTED};

/// Attempts before the change is given up.
const MOST_ATTEMPTS: u8 = 4;
/// While something else is open in the dialog, it is looked at again so often.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// … and so many times.
const MOST_LOOKS: u8 = 100;

impl Endpoint {
    /// A newer wish replaces one that waits.
    pub(super) fn reinvite(&mut self, now: Now, id: DialogId, sdp: String) {
        let known = self.with_dialog(id, |endpoint, dialog| {
            if dialog.state != State::Confirmed {
                return false;
            }
            if let Some(waiting) = dialog.reinvite.as_mut() {
                // One that is on its way is answered first; its answer is then no longer the last word.
                waiting.sdp = sdp;
                waiting.attempts = 0;
                return true;
            }
            dialog.reinvite = Some(Box::new(Reinvite { sdp, at: None, attempts: 0, looks: 0, sent: String::new() }));
            endpoint.send_reinvite(now, dialog);
            true
        });
        if known != Some(true) {
            self.event(SipEvent::Reinvited { dialog: id, answer: Err(481) });
        }
    }

    pub(super) fn send_reinvite(&mut self, now: Now, dialog: &mut Dialog) {
        let is_open = dialog.reoffer.is_some() || dialog.answered.is_some() || dialog.refresh.is_some() || dialog.owes_ack();
        let Some(waiting) = dialog.reinvite.as_mut() else { return };
        if is_open {
            waiting.looks += 1;
            if waiting.looks > MOST_LOOKS {
                return self.reinvite_over(dialog, Err(491));
            }
            waiting.at = Some(now.instant + LOOK_AGAIN);
            return;
        }
        waiting.at = None;
        waiting.attempts += 1;
        waiting.sent.clone_from(&waiting.sdp);
        let sdp = waiting.sdp.clone();
        let branch = self.branch();
        let mut out = dialog.request(Method::Invite, &branch, &self.settings.product);
        dialog.invite_cseq = dialog.local_cseq;
        dialog.refresh_offers = true;
        out.line("Allow", dialog.allow());
        out.line("Supported", SUPPORTED);
        if let Some(timer) = dialog.timer {
            let refresher = if timer.we_refresh { "uac" } else { "uas" };
            out.format("Session-Expires", format_args!("{};refresher={refresher}", timer.interval.as_secs()));
        }
        let bytes = out.finish(Some(("application/sdp", sdp.as_bytes())));
        self.request_invite(now, dialog.next_hop(), &branch, Owner::Reinvite(dialog.id), bytes);
    }

    pub(super) fn reinvite_answered(&mut self, now: Now, id: DialogId, message: &Message<'_>, response: &Response<'_>) {
        if response.status < 200 {
            return;
        }
        // Whoever owns the Call-ID waits longer (RFC 3261 section 14.1).
        let (long, short) = (self.some_millis(2100, 4000), self.some_millis(0, 2000));
        self.with_dialog(id, |endpoint, dialog| {
            if response.status < 300 {
                let branch = endpoint.branch();
                let ack = dialog.request(Method::Ack, &branch, &endpoint.settings.product).finish(None);
                endpoint.transmit(dialog.next_hop(), ack);
            }
            let is_ours = dialog.calling.is_some();
            let Some(waiting) = dialog.reinvite.as_mut().filter(|it| it.at.is_none()) else { return };
            dialog.refresh_offers = false;
            if dialog.state != State::Confirmed {
                dialog.reinvite = None;
                return;
            }
            match response.status {
                200..=299 => {
                    dialog.sdp = Some(waiting.sent.clone().into_boxed_str());
                    let wish = Wish::of(message);
                    if let (Some(seconds), Some(_)) = (wish.expires, dialog.timer) {
                        let interval = Duration::from_secs(u64::from(seconds.max(1)));
                        dialog.timer = Some(SessionTimer::start(now.instant, interval, wish.refresher != Some(Refresher::Uas)));
                    }
                    if waiting.sdp != waiting.sent {
                        waiting.at = Some(now.instant);
                        return;
                    }
                    dialog.retarget(message.list(Name::Contact).next());
                    let answer = session_body(message).ok().flatten().and_then(|body| Session::parse(body).ok());
                    endpoint.reinvite_over(dialog, answer.ok_or(488));
                }
                491 | 500 if waiting.attempts < MOST_ATTEMPTS => {
                    waiting.at = Some(now.instant + if is_ours { long } else { short });
                }
                408 | 481 => endpoint.reinvite_lost(now, dialog),
                status => endpoint.reinvite_over(dialog, Err(status)),
            }
        });
    }

    pub(super) fn reinvite_failed(&mut self, now: Now, id: DialogId, _status: u16) {
        self.with_dialog(id, |endpoint, dialog| endpoint.reinvite_lost(now, dialog));
    }

    /// Nobody there any more (RFC 3261 section 12.2.1.2): the call is over.
    fn reinvite_lost(&mut self, now: Now, dialog: &mut Dialog) {
        dialog.reinvite = None;
        dialog.refresh_offers = false;
        if dialog.state == State::Confirmed {
            self.end(dialog, EndCause::SessionExpired);
            self.send_bye(now, dialog, Some("SIP;cause=408;text=\"No answer\""));
        }
    }

    fn reinvite_over(&mut self, dialog: &mut Dialog, answer: Result<Session, u16>) {
        dialog.reinvite = None;
        self.event(SipEvent::Reinvited { dialog: dialog.id, answer });
    }
}
