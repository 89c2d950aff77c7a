//! Who tells whom: outputs of one machine become inputs of the next until all are quiet.
//!
//! ```text
//! sip    Invited       → calls   begin            calls  Sip(…)     → sip
//! sip    Acknowledged  → calls                    calls  Media(…)   → out
//! sip    Ended         → calls                    calls  Store(…)   → out, and its reply back in
//! media  report        → calls                    calls  Happened   → out
//! ```

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Centre, Input, MANY_OPENING, OPENING_LATE, Output};
use crate::call::line::{LineInput, PAGE};
use crate::call::request::{Reply, StoreRequest};
use crate::call::session::{Env, Session, SessionInput, SessionOutput};
use crate::domain::{BlockLevel, CallId, End, Party, Reason, StepKind, Timestamp};
use crate::event::PhoneState;
use crate::machine::{Machine, Now};
use crate::media::order::{LegId, MediaOrder, MediaReport};
use crate::queue::AcdInput;
use crate::sip::event::{DialogId, Invited, NODE_NEWS, SipCommand, SipEvent, SipInput, SipOutput};
use crate::sip::sdp;

/// More hops than this for one input is a mistake of ours.
const MAX_HOPS: usize = 10_000;

impl Centre {
    pub(super) fn take(&mut self, now: Now, input: Input) {
        match input {
            Input::Sip(input) => self.sip.handle(now, input),
            Input::Stale(input) => {
                let was = self.draining;
                self.sip.handle(now, SipInput::Command(SipCommand::Refuse { retry_after: Some(2) }));
                self.sip.handle(now, input);
                if !was {
                    self.sip.handle(now, SipInput::Command(SipCommand::Refuse { retry_after: None }));
                }
                self.out.push_back(Output::Refused { reason: "overload", source: None });
            }
            Input::Media(report) => {
                let key = leg_of(&report);
                if key & super::floor::BROWSER != 0 {
                    self.browser_report(now, LegId(key), report);
                    return self.settle(now);
                }
                if self.is_line(DialogId(key & !PAGE)) {
                    if let MediaReport::Played { .. } = report {
                        self.listener_heard(now, key & !PAGE);
                    }
                    self.with_line(now, key & !PAGE, LineInput::Media(report));
                    return self.settle(now);
                }
                if let MediaReport::Closed { .. } = report
                    && let Some(port) = self.calls.get_mut(&key).and_then(Session::release_port)
                {
                    self.ports.give_back(now.instant, port);
                }
                self.with_call(now, key, |call, env| call.handle(env, now, SessionInput::Media(report)));
            }
            Input::Reply { call, reply: Reply::Pop(pop) } => self.pop_is(now, call, pop),
            Input::Reply { reply: Reply::CallBack { id, granted }, .. } => self.call_back_answer(now, id, granted),
            Input::Reply { call, reply } => self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Reply(reply))),
            Input::Catalogue(catalogue) => {
                self.env.catalogue = Arc::clone(&catalogue);
                for key in self.keys() {
                    let catalogue = Arc::clone(&catalogue);
                    self.with_call(now, key, |call, env| call.handle(env, now, SessionInput::Catalogue(catalogue)));
                }
            }
            Input::Files { script, library } => {
                self.env.script = script;
                self.env.library = library;
            }
            Input::Queues(queues) => self.floor.acd.handle(now, AcdInput::SetUp(queues)),
            Input::People(people) => self.people(now, people),
            Input::CallBacks(kept) => self.call_backs_restored(now, kept),
            Input::Nodes(nodes) => self.nodes_are(now, nodes),
            Input::Barred(list) => self.barred = list.into_iter().map(|barred| (barred.phone.clone(), barred)).collect(),
            Input::CallBranch(tell) => self.call_branch(now, tell),
            Input::BranchSettled(id) => self.branch_settled(now, &id),
            Input::CallFor(call) => self.call_for(now, call),
            Input::Store { away } => self.store_is(now, away),
            Input::Drain { retry_after } => {
                self.draining = true;
                self.sip.handle(now, SipInput::Command(SipCommand::Refuse { retry_after: Some(retry_after) }));
            }
            Input::EndAll => {
                self.ending = true;
                for key in self.keys() {
                    let end = End { by: Party::Us, reason: Reason::RESTARTING };
                    self.with_call(now, key, |call, env| call.handle(env, now, SessionInput::End(end)));
                }
            }
        }
        self.settle(now);
    }

    fn keys(&self) -> Vec<u64> {
        self.calls.keys().copied().collect()
    }

    /// Runs the machines until none has anything more to say.
    pub(super) fn settle(&mut self, now: Now) {
        for _ in 0..MAX_HOPS {
            let Some(output) = self.sip.poll() else {
                // What people want of SIP comes back around.
                let Some(output) = self.floor.acd.poll() else { return };
                self.acd_wants(now, output);
                continue;
            };
            match output {
                SipOutput::Transmit { flow, bytes } => self.out.push_back(Output::Transmit { flow, bytes }),
                SipOutput::Trace { call_id, flow, sent, bytes } => self.out.push_back(Output::Trace { call_id, flow, sent, bytes }),
                SipOutput::Refused { reason, source, .. } => self.out.push_back(Output::Refused { reason, source: Some(source) }),
                SipOutput::Event(event) => self.sip_event(now, event),
            }
        }
        self.out.push_back(Output::Fault { id: CallId::new("-"), what: format!("more than {MAX_HOPS} hops for one input") });
    }

    fn sip_event(&mut self, now: Now, event: SipEvent) {
        let Some(event) = self.line_event(now, event) else { return };
        match event {
            SipEvent::Invited(invited) => self.begin(now, *invited),
            SipEvent::Acknowledged { dialog, answer } => {
                self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::Acknowledged(answer)))
            }
            SipEvent::Reoffer { dialog, offer } => {
                self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::Reoffer(offer)))
            }
            SipEvent::Info { dialog, content_type, body } if content_type == NODE_NEWS => {
                if self.calls.get(&dialog.0).is_some_and(|call| call.handed().is_some()) {
                    self.node_says(now, dialog.0, body.trim());
                }
            }
            SipEvent::Info { dialog, body, .. } => {
                self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::Info { body }))
            }
            SipEvent::Ended { dialog, cause } => {
                self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::SipEnded(cause)))
            }
            SipEvent::Trunk { name, up, why } => self.out.push_back(Output::Trunk { name, up, why }),
            SipEvent::Registered { account, contacts } => {
                self.phone_registered(now, &account, contacts);
                self.out.push_back(Output::Registered { account, contacts });
            }
            SipEvent::Progress { dialog, .. } => self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::Progress)),
            SipEvent::Answered { dialog, sdp, .. } => {
                self.with_call(now, dialog.0, |call, env| call.handle(env, now, SessionInput::Picked(sdp)))
            }
            SipEvent::Reinvited { .. } | SipEvent::Referred { .. } => {}
        }
    }

    fn begin(&mut self, now: Now, invited: Invited) {
        let dialog = invited.dialog;
        if let Some((agent, call, to)) = self.is_second(&invited) {
            return self.second_call(now, invited, agent, call, to);
        }
        if let Some((level, status)) = self.bars(now, &invited) {
            let phone = crate::domain::PhoneNumber::parse(&invited.caller);
            self.out.push_back(Output::Refused { reason: "blocked", source: Some(invited.flow.peer) });
            if let Some(phone) = phone {
                self.out.push_back(Output::Store(StoreRequest::BlockHit { phone, level, call: invited.call_id }));
            }
            return self.sip.handle(now, SipInput::Command(SipCommand::Reject { dialog, status, retry_after: None }));
        }
        let is_full = self.calls.len() >= self.limits.max_calls || self.is_behind(now);
        if !is_full && invited.offer.as_ref().is_some_and(sdp::Session::is_webrtc) {
            let id = self.call_id(now);
            let call = Session::from_browser(id, invited, now);
            return self.take_in(now, dialog.0, call);
        }
        let port = if is_full { None } else { self.ports.lend(now.instant) };
        let Some(port) = port else {
            self.out.push_back(Output::Refused { reason: "no_capacity", source: Some(invited.flow.peer) });
            self.sip.handle(now, SipInput::Command(SipCommand::Reject { dialog, status: 503, retry_after: Some(10) }));
            return;
        };
        let id = self.call_id(now);
        let call = Session::begin(&self.env, id, invited, port, now);
        self.take_in(now, dialog.0, call);
    }

    /// Whether this caller is not even answered, and how the network is told.
    fn bars(&self, now: Now, invited: &Invited) -> Option<(BlockLevel, u16)> {
        if self.barred.is_empty() {
            return None;
        }
        let barred = self.barred.get(&crate::domain::PhoneNumber::parse(&invited.caller)?)?;
        let holds = barred.until.is_none_or(|until| Timestamp::from(now.wall) < until);
        Some((barred.level, barred.level.status()?)).filter(|_| holds)
    }

    /// A new call is among the others from now on.
    pub(super) fn take_in(&mut self, now: Now, key: u64, call: Session) {
        if call.is_opening() {
            self.opening += 1;
            self.openings.push_back((now.instant, key));
        }
        self.newest_call = self.newest_call.max(key);
        self.calls.insert(key, call);
        self.with_call(now, key, |_, _| {});
    }

    /// What belongs to a telephone that we rang; anything else comes back.
    fn line_event(&mut self, now: Now, event: SipEvent) -> Option<SipEvent> {
        let dialog = match &event {
            SipEvent::Acknowledged { dialog, .. }
            | SipEvent::Reoffer { dialog, .. }
            | SipEvent::Info { dialog, .. }
            | SipEvent::Ended { dialog, .. }
            | SipEvent::Progress { dialog, .. }
            | SipEvent::Answered { dialog, .. }
            | SipEvent::Reinvited { dialog, .. }
            | SipEvent::Referred { dialog, .. } => *dialog,
            SipEvent::Invited(_) | SipEvent::Trunk { .. } | SipEvent::Registered { .. } => return Some(event),
        };
        if !self.is_line(dialog) {
            return Some(event);
        }
        let input = match event {
            SipEvent::Acknowledged { answer, .. } => LineInput::Acknowledged(answer),
            SipEvent::Reoffer { offer, .. } => LineInput::Reoffer(offer),
            SipEvent::Info { content_type, .. } if content_type == NODE_NEWS => return None,
            SipEvent::Info { body, .. } => LineInput::Info { body },
            SipEvent::Ended { cause, .. } => LineInput::Ended(cause),
            SipEvent::Progress { status, .. } => LineInput::Progress { status },
            SipEvent::Answered { sdp, wants_answer: true, .. } => LineInput::Offered(sdp),
            SipEvent::Answered { sdp, .. } => LineInput::Answered(sdp),
            SipEvent::Referred { dialog, to, replaces } => {
                self.referred(now, dialog, &to, replaces);
                return None;
            }
            other => return Some(other),
        };
        self.with_line(now, dialog.0, input);
        None
    }

    /// Whether answers come so late that it is kinder to refuse. Not while the store is known to be away: callers are then helped
    /// without it, and their records are written when it is back.
    fn is_behind(&mut self, now: Now) -> bool {
        while let Some((_, key)) = self.openings.front()
            && !self.calls.get(key).is_some_and(Session::is_opening)
        {
            self.openings.pop_front();
        }
        let first = self.openings.front().map(|(begun, _)| now.instant.saturating_duration_since(*begun));
        !self.floor.store_away && self.opening >= MANY_OPENING && first.is_some_and(|waited| waited > OPENING_LATE)
    }

    /// Sortable by time, one per call: milliseconds in base 36, the node, four random letters.
    pub(super) fn call_id(&mut self, now: Now) -> CallId {
        let mut millis = Timestamp::from(now.wall).as_millis().unsigned_abs();
        let mut letters = Vec::new();
        while millis > 0 {
            letters.push(char::from_digit((millis % 36) as u32, 36).unwrap_or('0'));
            millis /= 36;
        }
        let time: String = letters.iter().rev().collect();
        let random = self.ids.text(6);
        CallId::new(format!("{time}{}{random}", self.limits.node))
    }

    /// Does something with one call and carries out what it wants. A panic ends that call alone.
    pub(super) fn with_call(&mut self, now: Now, key: u64, act: impl FnOnce(&mut Session, &Env)) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        let (was_opening, was_ending) = (call.is_opening(), call.is_ending());
        let env = &self.env;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| act(call, env))) {
            self.fault(now, key, said(&*panic));
        }
        if !was_ending && self.calls.get(&key).is_some_and(Session::is_ending) {
            // Rings stop before anything else is done about it (I5).
            self.caller_gone(now, key);
        }
        self.drain_call(now, key);
        if was_opening && !self.calls.get(&key).is_some_and(Session::is_opening) {
            self.opening -= 1;
        }
    }

    fn drain_call(&mut self, now: Now, key: u64) {
        while let Some(call) = self.calls.get_mut(&key) {
            let Some(output) = call.poll() else { break };
            match output {
                SessionOutput::Sip(command) => self.sip.handle(now, SipInput::Command(command)),
                SessionOutput::Media(order) => self.out.push_back(Output::Media(order)),
                SessionOutput::Store(request) => self.out.push_back(Output::Store(request)),
                SessionOutput::Happened(what) => {
                    let (id, caller) = (call.record().id.clone(), call.record().caller.clone());
                    self.out.push_back(Output::Call { id, caller, what });
                }
                SessionOutput::WantAgent(wish) => self.want_agent(now, key, wish),
                SessionOutput::LeaveQueue(why) => self.leave_queue(now, key, why),
                SessionOutput::Place { sdp } => self.dial_out(now, key, sdp),
                SessionOutput::Reached => self.reached(now, key),
                SessionOutput::PageAnswer(sdp) => self.page_says(now, key, PhoneState::Answer { sdp }),
                SessionOutput::PageTalks => self.page_says(now, key, PhoneState::Talking),
                SessionOutput::Key(pressed) => self.key_for_other_node(key, pressed),
                SessionOutput::Ringing | SessionOutput::CallerHolds(_) => {}
                SessionOutput::PortTaken(port) => {
                    self.ports.give_back(now.instant, port);
                    let port = self.ports.lend(now.instant);
                    call.retry_port(&self.env, now, port);
                }
                SessionOutput::Gone => {
                    if let Some(port) = call.release_port() {
                        self.ports.give_back(now.instant, port);
                    }
                    self.calls.remove(&key);
                    self.armed.remove(&key);
                    return;
                }
            }
        }
        self.arm(key);
    }

    fn arm(&mut self, key: u64) {
        let Some(due) = self.calls.get(&key).and_then(Session::next_deadline) else { return };
        if self.armed.get(&key).is_none_or(|armed| due < *armed) {
            self.armed.insert(key, due);
            self.deadlines.push(Reverse((due, key)));
        }
    }

    /// The border of one call: it ends with our fault, its parties get a clean BYE, the others never notice.
    pub(super) fn fault(&mut self, now: Now, key: u64, what: String) {
        // Agents see the call as it was; their part ends.
        let _ = catch_unwind(AssertUnwindSafe(|| self.caller_gone(now, key)));
        let Some(mut call) = self.calls.remove(&key) else {
            return self.out.push_back(Output::Fault { id: CallId::new("-"), what });
        };
        if let Some(port) = call.release_port() {
            self.ports.give_back(now.instant, port);
        }
        self.armed.remove(&key);
        self.out.push_back(Output::Fault { id: call.record().id.clone(), what });
        self.out.push_back(Output::Media(MediaOrder::Close { leg: LegId(key) }));
        let dialog = DialogId(key);
        let command = if call.record().answered_at.is_some() {
            SipCommand::HangUp { dialog, reason: Some("Q.850;cause=41;text=\"internal error\"") }
        } else {
            SipCommand::Reject { dialog, status: 500, retry_after: None }
        };
        self.sip.handle(now, SipInput::Command(command));
        let mut record = call.record().clone();
        let end = End { by: Party::Us, reason: Reason::OurFault("panic") };
        let at = call.at(now);
        record.ended_at = Some(at);
        record.end = Some(end.clone());
        let mut steps = call.steps().to_vec();
        steps.push(crate::domain::Step { at, kind: StepKind::Ended(end) });
        self.out.push_back(Output::Store(StoreRequest::Ended { record: Box::new(record), steps }));
    }
}

/// What a panic said.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn leg_of(report: &MediaReport) -> u64 {
    match report {
        MediaReport::Opened { leg }
        | MediaReport::OpenFailed { leg, .. }
        | MediaReport::Key { leg, .. }
        | MediaReport::Played { leg, .. }
        | MediaReport::Recorded { leg, .. }
        | MediaReport::NoAudio { leg, .. }
        | MediaReport::AudioBack { leg }
        | MediaReport::BrowserOffer { leg, .. }
        | MediaReport::BrowserAnswer { leg, .. }
        | MediaReport::BrowserState { leg, .. }
        | MediaReport::Closed { leg, .. } => leg.0,
    }
}
