//! What an agent does in a call: hold, mute, keys, notes, hanging up, and the wrap-up after it.

use std::sync::Arc;
use std::time::Duration;

use super::floor::{Alarm, Wrap};
use super::{Centre, Output};
use crate::call::conversation::Advice;
use crate::call::request::StoreRequest;
use crate::call::session::SessionInput;
use crate::command::Refusal;
use crate::domain::{AgentState, CustomerId, Disposition, End, Identity, Party, Reason, Timestamp, UserId};
use crate::event::{CallState, What};
use crate::machine::{Machine, Now};
use crate::queue::AcdInput;

/// Letters of one note at most.
const LONGEST_NOTE: usize = 2000;
/// Keys sent at once at most.
const MOST_KEYS: usize = 32;
/// Dispositions that follow from what happened (domain.md 2.4): an order, a complaint, a question, nobody picked up.
const ORDERED: u8 = 10;
const COMPLAINT: u8 = 32;
const ASKED: u8 = 20;
const NOT_REACHED: u8 = 80;

impl Centre {
    /// The call, when this agent has it.
    pub(super) fn own(&self, agent: &UserId, call: u64) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get(&call) else { return Err(self.no_call(agent, call)) };
        if talk.is_of(agent) && !talk.advice { Ok(()) } else { Err(Refusal::NotYours) }
    }

    /// Why there is no such call: it was theirs and the caller has gone, or it never was.
    pub(super) fn no_call(&self, agent: &UserId, call: u64) -> Refusal {
        let wrapped = self.floor.desks.get(agent).is_some_and(|desk| desk.wraps.iter().any(|wrap| wrap.view.call == call));
        if wrapped || call <= self.newest_call { Refusal::CallerGone } else { Refusal::NoCall }
    }

    pub(super) fn answer(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get(&call) else { return Err(self.no_call(agent, call)) };
        if talk.is_of(agent) || talk.consults(agent) && talk.consult.as_ref().is_some_and(|consult| consult.state == Advice::Talking) {
            return Ok(());
        }
        if !talk.rung.iter().any(|rung| rung.who.user == *agent) {
            return Err(if talk.agent.is_some() { Refusal::TakenByAnother } else { Refusal::NotYours });
        }
        let desk = self.floor.desks.get(agent).ok_or(Refusal::NotSignedOn)?;
        if !matches!(desk.seat, Some(crate::domain::Seat::Browser)) {
            // A desk phone is answered by its own handset.
            return Err(Refusal::NoMedia);
        }
        if self.floor.voice(agent).is_none() {
            return Err(Refusal::NoMedia);
        }
        let input = AcdInput::Answered { call, agent: agent.clone() };
        self.floor.acd.check(&input)?;
        self.floor.acd.handle(now, input);
        Ok(())
    }

    pub(super) fn reject(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get(&call) else { return Err(self.no_call(agent, call)) };
        if !talk.rung.iter().any(|rung| rung.who.user == *agent) {
            return Err(Refusal::WrongState);
        }
        let input = AcdInput::Rejected { call, agent: agent.clone() };
        self.floor.acd.check(&input)?;
        self.floor.acd.handle(now, input);
        Ok(())
    }

    /// The agent's part ends, and the call with it; a consulted colleague only leaves; of three, two go on.
    pub(super) fn hang_up(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get(&call) else { return Err(self.no_call(agent, call)) };
        if talk.consults(agent) {
            self.consulted_gone(now, call);
            return Ok(());
        }
        if talk.rung.iter().any(|rung| rung.who.user == *agent) && !talk.is_of(agent) {
            return self.reject(now, agent, call);
        }
        if !(talk.advice && talk.is_of(agent)) {
            self.own(agent, call)?;
        }
        if self.floor.talks.get(&call).and_then(|talk| talk.consult.as_ref()).is_some_and(|consult| consult.conference) {
            return self.complete_transfer(now, agent, call);
        }
        let end = End { by: Party::Agent, reason: Reason::Finished };
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
        Ok(())
    }

    pub(super) fn hold(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::NoCall) };
        if !talk.reached || talk.consult.is_some() {
            return Err(Refusal::WrongState);
        }
        let Some(part) = &mut talk.agent else { return Err(Refusal::NoCall) };
        if std::mem::replace(&mut part.held, true) {
            return Ok(());
        }
        part.held_since = Some(now.instant);
        self.explain(now, call, "on hold");
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::Held { call, agent: agent.clone() });
        Ok(())
    }

    pub(super) fn resume(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let failed = self.floor.talks.get(&call).and_then(|talk| talk.consult.as_ref()).map(|consult| consult.state == Advice::Failed);
        match failed {
            Some(true) => self.end_consult(now, call, true),
            Some(false) => return Err(Refusal::WrongState),
            None => {}
        }
        let Some(part) = self.floor.talks.get_mut(&call).and_then(|talk| talk.agent.as_mut()) else { return Err(Refusal::NoCall) };
        if !part.takes_back(now.instant) {
            return Ok(());
        }
        self.explain(now, call, "off hold");
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::Resumed { call, agent: agent.clone() });
        Ok(())
    }

    pub(super) fn mute(&mut self, now: Now, agent: &UserId, call: u64, on: bool) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(self.no_call(agent, call)) };
        if let Some(watching) = talk.watchers.iter_mut().find(|watching| watching.who.user == *agent) {
            watching.muted = on;
        } else if let Some(part) = talk.agent.as_mut().filter(|part| part.who.user == *agent) {
            part.muted = on;
        } else if let Some(consult) = talk
            .consult
            .as_mut()
            .filter(|consult| consult.state == Advice::Talking && consult.agent.as_ref().is_some_and(|who| who.user == *agent))
        {
            consult.muted = on;
        } else {
            return Err(Refusal::NotYours);
        }
        self.rebridge(now, call);
        Ok(())
    }

    pub(super) fn send_keys(&mut self, now: Now, agent: &UserId, call: u64, keys: String) -> Result<(), Refusal> {
        self.own(agent, call)?;
        if keys.len() > MOST_KEYS || !keys.bytes().all(|key| key.is_ascii_digit() || matches!(key, b'*' | b'#')) {
            return Err(Refusal::Limit);
        }
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::SendKeys(keys)));
        Ok(())
    }

    pub(super) fn put_note(&mut self, now: Now, agent: &UserId, call: u64, text: String) -> Result<(), Refusal> {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(self.no_call(agent, call)) };
        if !talk.is_of(agent) && !talk.consults(agent) {
            return Err(Refusal::NotYours);
        }
        if text.len() > LONGEST_NOTE || !talk.note(text) {
            return Err(Refusal::Limit);
        }
        self.show(now, call);
        Ok(())
    }

    /// An order was placed by keyboard, in the call or in its wrap-up.
    pub(super) fn ordered(&mut self, now: Now, agent: &UserId, call: u64, number: String) -> Result<(), Refusal> {
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            if talk.orders.len() < 20 && !talk.orders.contains(&number) {
                talk.orders.push(number.clone());
            }
            self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Ordered(number)));
            self.show(now, call);
        } else if let Some(wrap) = self.wrap_mut(agent, call) {
            wrap.view.orders.push(number);
            wrap.view.proposed = Some(ORDERED);
            let view = Arc::new(wrap.view.clone());
            self.publish(now, What::Call { to: agent.clone(), call: view });
        }
        self.floor.acd.handle(now, AcdInput::Ordered { agent: agent.clone() });
        Ok(())
    }

    pub(super) fn identify(&mut self, now: Now, agent: &UserId, call: u64, customer: String) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let customer = CustomerId::new(customer);
        let Some(session) = self.calls.get(&call) else { return Err(Refusal::CallerGone) };
        let phone = session.record().caller.clone();
        let id = customer.clone();
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Identified(id)));
        self.out.push_back(Output::Store(StoreRequest::Pop { call, customer: Some(customer), phone, identity: Identity::Member }));
        Ok(())
    }

    // ── after the call ───────────────────────────────────────────────────────────────────────────

    /// The agent's part is over: what they see of it stays for the wrap-up.
    pub(super) fn part_over(&mut self, now: Now, call: u64, agent: &UserId, how: &'static str) {
        let Some(mut view) = self.view(call, agent, now) else { return };
        let Some(part) = self.floor.talks.get(&call).and_then(|talk| talk.agent.as_ref()) else { return };
        let held = part.held_since.map_or(0, |since| millis(now.instant.saturating_duration_since(since)));
        let part = part.clone();
        view.state = CallState::WrapUp;
        view.since = now.wall.into();
        // Who hung up, where the call is over; otherwise what became of this agent's part.
        let by = self.calls.get(&call).and_then(crate::call::session::Session::end).map(|end| end.by.name());
        view.ended = Some(by.filter(|_| how == "caller_gone").unwrap_or(how).to_owned());
        view.lost = None;
        let reached = self.floor.talks.get(&call).is_none_or(|talk| talk.reached);
        view.proposed = Some(propose(&view.orders, &view.reason, reached));
        self.keep_part(call, &part, self.time_in(now, call), how, part.held_ms + held);
        self.keep_wrap(agent, Wrap { view, saved: false });
    }

    /// The queue machine has put the agent into wrap-up (or not): their console sees the call as it ended.
    pub(super) fn after_call(&mut self, now: Now, agent: &UserId) {
        self.settle_floor(now);
        let state = self.floor.acd.on_duty(agent).map(|view| view.state);
        let Some(desk) = self.floor.desks.get_mut(agent) else { return };
        let Some(wrap) = desk.wraps.last_mut().filter(|wrap| !wrap.saved) else { return };
        match state {
            Some(AgentState::WrapUp { call, until, .. }) if call == wrap.view.call => wrap.view.wrap_up_until = Some(until),
            // A supervisor who took a call over without being signed on: the same time to sum up, kept here.
            None if wrap.view.wrap_up_until.is_none() => {
                let queues = &self.floor.acd.settings().queues;
                let queue = queues.iter().find(|queue| Some(&queue.id) == wrap.view.queue.as_ref()).or(queues.first());
                let length = queue.map_or(Duration::ZERO, |queue| queue.wrap_up);
                wrap.view.wrap_up_until = Some(Timestamp::from(now.wall).after(length));
                let alarm = Alarm::Wrap(wrap.view.call, agent.clone());
                self.floor.alarm(now.instant + length, alarm);
            }
            _ => {}
        }
        let Some(wrap) = self.floor.desks.get(agent).and_then(|desk| desk.wraps.last()) else { return };
        let view = Arc::new(wrap.view.clone());
        self.publish(now, What::Call { to: agent.clone(), call: view });
        if let Some(line) = self.floor.desks.get(agent).and_then(|desk| desk.line) {
            self.hang_up_line(now, line);
        }
    }

    fn wrap_mut(&mut self, agent: &UserId, call: u64) -> Option<&mut Wrap> {
        self.floor.desks.get_mut(agent)?.wraps.iter_mut().find(|wrap| wrap.view.call == call)
    }

    pub(super) fn wrap_up(&mut self, now: Now, agent: &UserId, call: u64, disposition: Disposition, note: String) -> Result<(), Refusal> {
        if disposition.needs_note() && note.trim().is_empty() {
            return Err(Refusal::NoteMissing);
        }
        if note.len() > LONGEST_NOTE {
            return Err(Refusal::Limit);
        }
        let Some(wrap) = self.wrap_mut(agent, call) else {
            return Err(if self.floor.talks.contains_key(&call) { Refusal::WrongState } else { Refusal::NoCall });
        };
        wrap.saved = true;
        wrap.view.state = CallState::Closed;
        wrap.view.wrap_up_until = None;
        let view = wrap.view.clone();
        self.keep_wrap_up(agent, &view, disposition, note);
        self.publish(now, What::Call { to: agent.clone(), call: Arc::new(view) });
        self.floor.acd.handle(now, AcdInput::WrapUpSaved { agent: agent.clone(), call });
        Ok(())
    }

    pub(super) fn extend_wrap_up(&mut self, now: Now, agent: &UserId) -> Result<(), Refusal> {
        let input = AcdInput::ExtendWrapUp { agent: agent.clone() };
        self.floor.acd.check(&input)?;
        self.floor.acd.handle(now, input);
        self.after_call(now, agent);
        Ok(())
    }

    /// Its time is over: the disposition that follows from what happened stands.
    pub(super) fn wrap_up_over(&mut self, now: Now, call: u64, agent: &UserId) {
        let Some(wrap) = self.wrap_mut(agent, call) else { return };
        if std::mem::replace(&mut wrap.saved, true) {
            return;
        }
        wrap.view.state = CallState::Closed;
        wrap.view.wrap_up_until = None;
        let view = wrap.view.clone();
        if let Some(disposition) = view.proposed.and_then(Disposition::new) {
            self.keep_wrap_up(agent, &view, disposition, String::new());
        }
        self.publish(now, What::Call { to: agent.clone(), call: Arc::new(view) });
    }
}

/// What the agent most probably will choose.
fn propose(orders: &[String], reason: &str, reached: bool) -> u8 {
    match (orders.is_empty(), reason) {
        (false, _) => ORDERED,
        (true, _) if !reached => NOT_REACHED,
        (true, "complaint") => COMPLAINT,
        (true, _) => ASKED,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
