//! How the caller is reached: a call that came in, a call that we place, or the diner's phone in a page.

use std::net::IpAddr;
use std::time::Duration;

use super::beginning::RECORD_WAIT;
use super::{Env, Session, SessionOutput, State, Timer};
use crate::call::plan;
use crate::call::request::StoreRequest;
use crate::domain::{BranchCall, CallId, CampaignCall, End, Language, Party, PhoneNumber, Reason, StepKind};
use crate::machine::Now;
use crate::media::order::{LegId, MediaOrder};
use crate::sip::event::{DialogId, Invited, SipCommand};
use crate::sip::sdp;

/// How the caller is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// They called us by SIP.
    Incoming,
    /// They called us by SIP from a browser: keys and addresses come by DTLS and ICE.
    Browser,
    /// We call them by SIP.
    Outgoing(Outgoing),
    /// A browser's page (demonstration): no SIP at all.
    Page,
}

impl Wire {
    /// Whether its sound has a port of its own.
    pub(super) const fn has_port(self) -> bool {
        matches!(self, Self::Incoming | Self::Outgoing(_))
    }
}

/// Why we call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing {
    /// An agent calls a customer.
    Agent,
    /// A customer asked to be called back: a person must press 1 first.
    CallBack,
    /// A branch is told of an order that nobody there has taken.
    Branch,
    /// A campaign contacts a customer.
    Campaign,
}

/// A call of ours that nobody takes ends after this; so does a call-back whose party presses nothing.
const REACH: Duration = Duration::from_secs(45);
const CONFIRM: Duration = Duration::from_secs(20);

/// Whom we call.
#[derive(Debug, Clone)]
pub struct Callee {
    pub dialog: DialogId,
    pub number: PhoneNumber,
    pub why: Outgoing,
    pub language: Language,
    /// Our address as written into the offer.
    pub ip: IpAddr,
    pub port: u16,
    /// What they are to be told.
    pub tell: Option<Tell>,
}

/// What whoever we call is told.
#[derive(Debug, Clone)]
pub enum Tell {
    Branch(Box<BranchCall>),
    Campaign(Box<CampaignCall>),
}

impl Session {
    /// Begins a call that we place; `Place` asks for the INVITE once the port is open.
    #[must_use]
    pub fn place(env: &Env, id: CallId, callee: Callee, now: Now) -> Self {
        let line = if let Some(Tell::Campaign(call)) = &callee.tell { call.line.clone() } else { String::new() };
        let caller = callee.number.clone();
        let mut session = Self::bare(id, callee.dialog, callee.ip, callee.port, Some(callee.number), line, now);
        session.wire = Wire::Outgoing(callee.why);
        session.language = callee.language;
        session.tell = callee.tell;
        session.leg_closed = false;
        // Campaigns are no business of the figures about callers.
        let trunk = if callee.why == Outgoing::Campaign { "campaign" } else { "outgoing" };
        trunk.clone_into(&mut session.record.trunk);
        session.step(now, StepKind::Note("we call".into()));
        session.open_leg(env);
        session.store(StoreRequest::Started { call: session.dialog.0, record: Box::new(session.record.clone()) });
        if callee.why == Outgoing::Campaign {
            // Who they are is known by the time that they pick up.
            session.store(StoreRequest::Who { call: session.dialog.0, caller });
        }
        session.timers.start(Timer::Record, now.instant + RECORD_WAIT);
        session
    }

    /// Begins the call of a diner whose phone is a page: `offer` is its WebRTC offer.
    #[must_use]
    pub fn from_page(
        id: CallId,
        dialog: DialogId,
        ip: IpAddr,
        caller: Option<PhoneNumber>,
        dialled: String,
        offer: String,
        now: Now,
    ) -> Self {
        let mut session = Self::bare(id, dialog, ip, 0, caller.clone(), dialled, now);
        session.wire = Wire::Page;
        "page".clone_into(&mut session.record.trunk);
        session.open_browser(offer, now);
        session
    }

    /// Begins a call that came by SIP from a browser, whose offer is one for WebRTC.
    #[must_use]
    pub fn from_browser(id: CallId, mut invited: Invited, now: Now) -> Self {
        let caller = PhoneNumber::parse(&invited.caller);
        let offer = invited.offer.take().map(|offer| offer.raw.into_string()).unwrap_or_default();
        let mut session = Self::empty(id, invited, 0, plan::nothing_yet(), caller, now);
        session.wire = Wire::Browser;
        session.browser = Some((offer.clone(), String::new()));
        session.open_browser(offer, now);
        session
    }

    /// A browser's leg keeps its connections: hold and resume turn the direction only. What wants more is refused, and nothing ends by
    /// that.
    pub(super) fn browser_again(&mut self, now: Now, offer: Option<&sdp::Session>) {
        let (Some(offer), Some((before, answer))) = (offer, &self.browser) else { return self.answer_reoffer(Err(488)) };
        let Some((body, hears)) = plan::browser_again(before, offer, answer, self.sdp_version) else {
            return self.answer_reoffer(Err(488));
        };
        self.sdp_version += 1;
        if hears == self.is_held {
            self.media_order(MediaOrder::Sends { leg: self.leg, on: hears });
        }
        self.held(now, !hears);
        self.answer_reoffer(Ok(body));
    }

    fn open_browser(&mut self, offer: String, now: Now) {
        self.holds_port = false;
        self.leg_closed = false;
        self.step(now, StepKind::Arrived);
        self.media_order(MediaOrder::OpenBrowser { leg: self.leg, offer, quiet_after: super::NO_AUDIO_NOTE });
        self.store(StoreRequest::Started { call: self.dialog.0, record: Box::new(self.record.clone()) });
        self.timers.start(Timer::Record, now.instant + RECORD_WAIT);
        match self.record.caller.clone() {
            Some(caller) => self.store(StoreRequest::Who { call: self.dialog.0, caller }),
            None => self.card = Some(Box::default()),
        }
    }

    fn bare(id: CallId, dialog: DialogId, ip: IpAddr, port: u16, caller: Option<PhoneNumber>, dialled: String, now: Now) -> Self {
        let flow = crate::sip::event::Flow {
            transport: crate::sip::event::Transport::Udp,
            socket: 0,
            local: (ip, 0).into(),
            peer: (ip, 0).into(),
            connection: 0,
        };
        let invited = Invited {
            dialog,
            call_id: String::new(),
            flow,
            trunk: String::new(),
            caller: String::new(),
            dialled,
            offer: None,
            sound: ip,
            user_agent: String::new(),
            handover: None,
        };
        let mut session = Self::empty(id, invited, port, plan::nothing_yet(), caller, now);
        session.leg = LegId(dialog.0);
        session
    }

    /// The port is open and the record is written, and it is no call that came in.
    pub(super) fn opened_otherwise(&mut self, env: &Env, now: Now) {
        self.timers.stop(Timer::Record);
        self.timers.start(Timer::Longest, now.instant + env.longest_call);
        self.state = State::Answered;
        match self.wire {
            Wire::Incoming | Wire::Browser => {}
            Wire::Outgoing(_) => {
                self.timers.start(Timer::Reach, now.instant + REACH);
                if let Ok((_, sdp)) = plan::answer(None, self.side(), env.srtp.of(self.dialog)) {
                    self.outputs.push_back(SessionOutput::Place { sdp });
                }
            }
            Wire::Page => {
                self.record.answered_at = Some(self.at(now));
                self.record.codec = Some("PCMA".to_owned());
                self.step(now, StepKind::Answered { codec: "PCMA".into(), keys_by: "the page's keypad".into() });
            }
        }
    }

    /// The media thread's answer for the page.
    pub(super) fn page_answered(&mut self, env: &Env, now: Now, sdp: String) {
        match self.wire {
            Wire::Page => self.outputs.push_back(SessionOutput::PageAnswer(sdp)),
            Wire::Browser => {
                if let Some((_, answer)) = &mut self.browser {
                    answer.clone_from(&sdp);
                }
                self.page_answer = Some(sdp);
            }
            Wire::Incoming | Wire::Outgoing(_) => return,
        }
        self.opened = true;
        self.try_answer(env, now);
    }

    /// The page's sound came up, or went.
    pub(super) fn page_state(&mut self, env: &Env, now: Now, connected: bool) {
        if self.wire == Wire::Browser {
            if connected && !self.connected {
                self.connected = true;
                self.try_begin(env, now);
            } else if !connected && !self.connected {
                self.hang_up(env, now, End { by: Party::Unknown, reason: Reason::NoAudio });
            }
            return;
        }
        if self.wire != Wire::Page {
            return;
        }
        if connected {
            // A record that is late does not hold up a page that is ready.
            self.recorded = true;
            self.try_answer(env, now);
            if !self.acknowledged {
                self.outputs.push_back(SessionOutput::PageTalks);
            }
            self.acknowledged(env, now, None);
        } else if self.acknowledged {
            self.sip_ended(env, now, &crate::sip::event::EndCause::PeerBye);
        }
    }

    /// Our call was answered.
    pub(super) fn picked(&mut self, env: &Env, now: Now, answer: Option<&sdp::Session>) {
        let Wire::Outgoing(why) = self.wire else { return };
        if self.state != State::Answered {
            return;
        }
        match answer.map(|answer| plan::agreed(answer, self.side(), env.srtp.of(self.dialog))) {
            Some(Ok(plan)) => {
                self.record.codec = Some(plan::codec_name(&plan).to_owned());
                let keys_by = plan::keys_by(&plan).to_owned();
                self.step(now, StepKind::Answered { codec: plan::codec_name(&plan).to_owned(), keys_by });
                self.change_plan(now, plan);
            }
            _ => return self.hang_up(env, now, End { by: Party::Trunk, reason: Reason::Rejected(488) }),
        }
        self.record.answered_at = Some(self.at(now));
        self.acknowledged = true;
        self.state = State::Talking;
        match why {
            Outgoing::Agent => {
                self.timers.stop(Timer::Reach);
                self.outputs.push_back(SessionOutput::Reached);
            }
            Outgoing::Branch | Outgoing::Campaign => {
                self.timers.stop(Timer::Reach);
                self.tell(env, now);
            }
            Outgoing::CallBack => {
                self.timers.start(Timer::Reach, now.instant + CONFIRM);
                self.media_order(MediaOrder::Collect { leg: self.leg, on: true });
                self.say(env, now, &[crate::domain::Phrase::plain("cb.hello")], self.language);
            }
        }
    }

    /// Nobody took the call, or nobody who can press a key.
    pub(super) fn not_reached(&mut self, env: &Env, now: Now) {
        self.step(now, StepKind::Note("nobody was reached".into()));
        self.hang_up(env, now, End { by: Party::Us, reason: Reason::Abandoned });
    }

    /// Ends the way to the caller: before the answer with `status`, after it with a reason.
    pub(super) fn let_go(&mut self, status: Option<u16>, reason: Option<&'static str>) {
        let dialog = self.dialog;
        let command = match (self.wire, status) {
            (Wire::Page, _) => {
                self.sip_ended = true;
                return;
            }
            (Wire::Outgoing(_), Some(_)) => {
                // Not dialled yet: there is no dialog.
                self.sip_ended = true;
                return;
            }
            (Wire::Incoming | Wire::Browser, Some(status)) => SipCommand::Reject { dialog, status, retry_after: None },
            _ => SipCommand::HangUp { dialog, reason },
        };
        self.outputs.push_back(SessionOutput::Sip(command));
    }
}
