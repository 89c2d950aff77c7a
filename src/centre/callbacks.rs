//! Calls that we place: customers who asked to be called back, and those whom an agent calls.

use super::floor::{For, Then};
use super::{Centre, Output};
use crate::call::conversation::{Conversation, Part};
use crate::call::request::StoreRequest;
use crate::call::session::{Callee, Outgoing, Session, SessionInput, Tell};
use crate::command::{DialReason, Refusal};
use crate::domain::{AgentState, Identity, PhoneNumber, QueueReason, QueueWish, Reason, Seat, UserId};
use crate::machine::{Machine, Now};
use crate::media::order::LegId;
use crate::queue::{AcdInput, CallBack};
use crate::sip::event::{Dial, DialogId, SipCommand};

impl Centre {
    /// An agent calls a customer.
    pub(super) fn dial(&mut self, now: Now, agent: &UserId, number: PhoneNumber, because: &DialReason) -> Result<(), Refusal> {
        let state = self.floor.acd.on_duty(agent).ok_or(Refusal::NotSignedOn)?.state;
        let idle = matches!(state, AgentState::Ready | AgentState::NotResponding | AgentState::Break { .. } | AgentState::WrapUp { .. });
        if !idle || self.floor.call_of(agent).is_some() {
            return Err(Refusal::WrongState);
        }
        let missed = match because {
            DialReason::Missed { id } => Some(id.clone()),
            DialReason::Customer { .. } | DialReason::Call { .. } => None,
        };
        let seat = self.floor.desks.get(agent).and_then(|desk| desk.seat.clone()).ok_or(Refusal::NotSignedOn)?;
        self.may_dial(&number)?;
        let call = self.sip.new_dialog_id().0;
        self.newest_call = self.newest_call.max(call);
        let input = AcdInput::DialsOut { call, agent: agent.clone() };
        self.floor.acd.check(&input)?;
        match seat {
            Seat::Browser => {
                let leg = self.floor.voice(agent).ok_or(Refusal::NoMedia)?;
                self.floor.acd.handle(now, input);
                if !self.place(now, agent, call, leg, number, missed) {
                    self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: false });
                    return Err(Refusal::Unavailable);
                }
            }
            Seat::Phone { .. } | Seat::Outside { .. } => {
                let confirm = matches!(seat, Seat::Outside { .. });
                let then = Then::Dial { number, missed };
                self.floor.acd.handle(now, input);
                if self.open_line(now, For::Own { agent: agent.clone(), call, confirm, then }).is_none() {
                    self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: false });
                    return Err(Refusal::Unavailable);
                }
            }
        }
        Ok(())
    }

    /// The agent's own phone is up: now the customer is called.
    pub(super) fn own_leg_up(&mut self, now: Now, agent: &UserId, call: u64, then: Then) {
        let Then::Dial { number, missed } = then;
        let Some(leg) = self.floor.voice(agent) else { return };
        if !self.place(now, agent, call, leg, number, missed) {
            self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: false });
            self.free_line(now, agent);
        }
    }

    fn place(&mut self, now: Now, agent: &UserId, call: u64, leg: LegId, number: PhoneNumber, missed: Option<String>) -> bool {
        let who = self.floor.colleague(agent);
        if !self.place_session(now, DialogId(call), number.clone(), Outgoing::Agent, crate::domain::Language::default(), None) {
            return false;
        }
        let mut talk = Conversation::new(call, LegId(call));
        talk.outbound = true;
        talk.reached = false;
        "outbound".clone_into(&mut talk.reason);
        talk.agent = Some(Part {
            who,
            leg,
            since: self.time_in(now, call),
            began: "outbound",
            muted: false,
            held: false,
            held_since: None,
            held_ms: 0,
        });
        talk.spoke.push(agent.clone());
        self.floor.talks.insert(call, talk);
        if let Some(missed) = missed {
            self.floor.missed.insert(call, missed);
        }
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::WithAgent(true)));
        self.served(now, call, None, Some(agent.clone()), 0);
        self.out.push_back(Output::Store(StoreRequest::Pop { call, customer: None, phone: Some(number), identity: Identity::Caller }));
        self.rebridge(now, call);
        true
    }

    pub(super) fn place_session(
        &mut self,
        now: Now,
        dialog: DialogId,
        number: PhoneNumber,
        why: Outgoing,
        language: crate::domain::Language,
        tell: Option<Tell>,
    ) -> bool {
        if self.draining || self.calls.len() >= self.limits.max_calls {
            return false;
        }
        let Some(port) = self.ports.lend(now.instant) else { return false };
        let id = self.call_id(now);
        let ip = self.outside_address();
        let session = Session::place(&self.env, id, Callee { dialog, number, why, language, ip, port, tell }, now);
        self.take_in(now, dialog.0, session);
        true
    }

    /// The port of a call of ours is open: the INVITE goes out.
    pub(super) fn dial_out(&mut self, now: Now, call: u64, sdp: String) {
        let Some(number) = self.calls.get(&call).and_then(|session| session.record().caller.clone()) else { return };
        let dial = Dial { dialog: DialogId(call), trunk: None, number: number.reveal().to_owned(), from: String::new(), sdp };
        self.command(now, SipCommand::Dial(Box::new(dial)));
    }

    /// Whom we called speaks with us now.
    pub(super) fn reached(&mut self, now: Now, call: u64) {
        if let Some(id) = self.floor.dialled.get(&call).cloned() {
            let wish = QueueWish { reason: QueueReason::CallBack, ..QueueWish::default() };
            self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Music(true)));
            let joining = self.joining(call, None, QueueReason::CallBack, &wish);
            if let Some(talk) = self.floor.talks.get_mut(&call) {
                talk.reached = true;
                talk.joined_at = Some(now.wall.into());
                talk.call_back = Some(id.clone());
            }
            self.floor.dialled.remove(&call);
            if let Some(queue) = self.floor.talks.get(&call).and_then(|talk| talk.queue.clone()) {
                self.visit_begins(now, call, &queue, true);
            }
            self.floor.acd.handle(now, AcdInput::CallBackReached { id, joining: Box::new(joining) });
            return;
        }
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.reached = true;
            self.explain(now, call, "answered");
            self.rebridge(now, call);
        }
    }

    // ── call-backs ───────────────────────────────────────────────────────────────────────────────

    pub(super) fn call_back_dial(&mut self, now: Now, kept: CallBack) {
        let dialog = self.sip.new_dialog_id();
        let call = dialog.0;
        self.newest_call = self.newest_call.max(call);
        if !self.place_session(now, dialog, kept.phone.clone(), Outgoing::CallBack, kept.language, None) {
            return self.floor.acd.handle(now, AcdInput::CallBackFailed { id: kept.id, why: "no_line".into() });
        }
        let mut talk = Conversation::new(call, LegId(call));
        talk.reached = false;
        talk.queue = Some(kept.queue.clone());
        QueueReason::CallBack.name().clone_into(&mut talk.reason);
        self.floor.talks.insert(call, talk);
        self.floor.dialled.insert(call, kept.id.clone());
        self.explain(now, call, format!("call-back {} (try {})", kept.id, kept.tries));
        let (customer, phone) = (kept.customer, Some(kept.phone));
        self.out.push_back(Output::Store(StoreRequest::Pop { call, customer, phone, identity: Identity::Caller }));
    }

    /// The customer called us meanwhile.
    pub(super) fn call_back_stop(&mut self, now: Now, id: &str) {
        let call = self.floor.dialled.iter().find(|(_, known)| *known == id).map(|(call, _)| *call);
        if let Some(call) = call {
            self.floor.dialled.remove(&call);
            let end = crate::domain::End { by: crate::domain::Party::Us, reason: Reason::Served };
            self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
            self.floor.acd.handle(now, AcdInput::CallBackDropped { id: id.to_owned(), why: "called_in".into() });
        }
    }

    /// A call-back's call has ended before a person pressed 1.
    pub(super) fn call_back_gone(&mut self, now: Now, call: u64) {
        let Some(id) = self.floor.dialled.remove(&call) else { return };
        let end = self.calls.get(&call).and_then(Session::end).cloned();
        let declined = end.as_ref().is_some_and(|end| end.reason == Reason::Served);
        let input = if declined {
            AcdInput::CallBackDropped { id, why: "declined".into() }
        } else {
            let why = end.map_or_else(|| "gone".to_owned(), |end| end.reason.name());
            AcdInput::CallBackFailed { id, why }
        };
        self.floor.acd.handle(now, input);
    }
}
