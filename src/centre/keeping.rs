//! What remains of people's work: who waited, who spoke with whom, wrap-ups, callers whom nobody spoke with, call-backs.

use std::time::Duration;

use super::{Centre, Output};
use crate::call::conversation::{Part, Watching};
use crate::call::request::{CallBackStep, StoreRequest};
use crate::call::session::SessionInput;
use crate::domain::{
    CallBackStatus, CallPart, Disposition, Fact, Leaving, MissedCaller, MissedKind, OrderNumber, PartKind, QueueId, QueueOutcome,
    QueueVisit, Timestamp, UserId, WrapUp,
};
use crate::event::CallView;
use crate::machine::{Machine, Now};
use crate::queue::{AcdInput, CallBack};

/// A dialled call-back that nobody reports on may be dialled again after this, also by another node.
const CLAIM: Duration = Duration::from_secs(90);

impl Centre {
    fn keep(&mut self, fact: Fact) {
        // Nobody gave up waiting, and nobody hung up: we cut them off, and the store sees to it (C107).
        let cut = match &fact {
            Fact::Visit(visit) => visit.left.is_some(),
            Fact::Part(part) => part.until.is_some(),
            Fact::Missed(_) => true,
            _ => false,
        };
        if self.ending && cut {
            return;
        }
        self.out.push_back(Output::Store(StoreRequest::Keep(Box::new(fact))));
    }

    /// How agents spend their time (C102).
    pub(super) fn keep_time(&mut self, now: Now, agent: &UserId, state: &'static str) {
        for fact in self.timesheet.note(agent, state, now, &self.limits.node, &self.env.clock) {
            self.keep(fact);
        }
    }

    /// The time as this call counts it: waits and talks last as long as they lasted, also when somebody sets the clock meanwhile.
    pub(super) fn time_in(&self, now: Now, call: u64) -> Timestamp {
        self.calls.get(&call).map_or_else(|| now.wall.into(), |session| session.at(now))
    }

    // ── waiting ──────────────────────────────────────────────────────────────────────────────────

    /// The caller waits from now on: if we are killed, they are called back (I11).
    pub(super) fn visit_begins(&mut self, now: Now, call: u64, queue: &QueueId, is_callback: bool) {
        let Some(session) = self.calls.get(&call) else { return };
        let record = session.record();
        let (id, phone, language, at) = (record.id.clone(), record.caller.clone(), session.language(), session.at(now));
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        if talk.visit.as_ref().is_some_and(|visit| visit.queue == *queue) {
            return;
        }
        let moved = talk.visit.take();
        talk.visits += 1;
        let visit = QueueVisit {
            id: format!("{id}-{}", talk.visits),
            call: id,
            queue: queue.clone(),
            phone,
            customer: talk.pop.customer.clone(),
            language,
            entered_at: at,
            left: None,
            agent: None,
            is_callback,
        };
        talk.visit = Some(visit.clone());
        if let Some(mut moved) = moved {
            moved.left = Some((at, QueueOutcome::Moved));
            let waited_ms = waited(&moved);
            self.keep(Fact::Visit(moved));
            self.served(now, call, None, None, waited_ms);
        }
        let queue = Some(visit.queue.clone());
        self.keep(Fact::Visit(visit));
        self.served(now, call, queue, None, 0);
    }

    /// What of this stands in the call's record.
    pub(super) fn served(&mut self, now: Now, call: u64, queue: Option<QueueId>, agent: Option<UserId>, waited_ms: u64) {
        let served = SessionInput::Served { queue, agent, waited_ms };
        self.with_call(now, call, |session, env| session.handle(env, now, served));
    }

    /// The wait is over, in this way.
    pub(super) fn visit_ends(&mut self, now: Now, call: u64, how: QueueOutcome, agent: Option<&UserId>) {
        let at = self.time_in(now, call);
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        talk.unserved = how == QueueOutcome::NoAgent || talk.unserved && how != QueueOutcome::Answered;
        let Some(mut visit) = talk.visit.take() else { return };
        visit.left = Some((at, how));
        visit.agent = agent.cloned();
        visit.customer = talk.pop.customer.clone().or(visit.customer);
        let waited_ms = waited(&visit);
        self.keep(Fact::Visit(visit));
        self.served(now, call, None, agent.cloned(), waited_ms);
    }

    pub(super) fn visit_left(&mut self, now: Now, call: u64, why: &Leaving) {
        let how = match why {
            Leaving::Gone => QueueOutcome::Abandoned,
            Leaving::Menu => QueueOutcome::Menu,
            Leaving::Message => QueueOutcome::Message,
            Leaving::CallBack { .. } => QueueOutcome::CallBack,
        };
        self.visit_ends(now, call, how, None);
    }

    /// Nobody spoke with this caller, and nobody was there: for the list of missed callers.
    pub(super) fn missed_when_gone(&mut self, now: Now, call: u64) {
        let Some(talk) = self.floor.talks.get(&call) else { return };
        if talk.unserved && talk.spoke.is_empty() {
            self.missed(now, call, MissedKind::Missed, talk.queue.clone());
        }
    }

    fn missed(&mut self, now: Now, call: u64, kind: MissedKind, queue: Option<QueueId>) {
        let Some(session) = self.calls.get(&call) else { return };
        let record = session.record();
        let Some(phone) = record.caller.clone() else { return };
        let customer = self.floor.talks.get(&call).and_then(|talk| talk.pop.customer.clone()).or_else(|| record.customer.clone());
        let caller = MissedCaller { kind, call: Some(record.id.clone()), phone, customer, queue, at: now.wall.into() };
        self.keep(Fact::Missed(caller));
    }

    pub(super) fn abandoned(&mut self, now: Now, call: u64, queue: QueueId, waited: Duration, short: bool) {
        self.explain(now, call, format!("gave up in {queue} after {} s", waited.as_secs()));
        if !short {
            self.missed(now, call, MissedKind::Abandoned, Some(queue));
        }
    }

    // ── talking ──────────────────────────────────────────────────────────────────────────────────

    /// The agent's part begins: if we are killed, it is known who was cut off.
    pub(super) fn keep_part_begun(&mut self, call: u64) {
        let Some(part) = self.floor.talks.get(&call).and_then(|talk| talk.agent.clone()) else { return };
        if let Some(kept) = self.part(call, &part) {
            self.keep(Fact::Part(kept));
        }
    }

    pub(super) fn keep_part(&mut self, call: u64, part: &Part, until: Timestamp, ended: &'static str, held_ms: u64) {
        if let Some(mut kept) = self.part(call, part) {
            kept.until = Some(until);
            ended.clone_into(&mut kept.ended);
            kept.held_ms = held_ms;
            self.keep(Fact::Part(kept));
        }
    }

    fn part(&self, call: u64, part: &Part) -> Option<CallPart> {
        let id = self.calls.get(&call)?.record().id.clone();
        Some(CallPart {
            id: format!("{id}-{}-{}", part.who.user, part.since.as_millis()),
            call: id,
            kind: PartKind::Agent,
            agent: Some(part.who.user.clone()),
            name: part.who.name.clone(),
            queue: self.floor.talks.get(&call)?.queue.clone(),
            from: part.since,
            until: None,
            began: part.began.to_owned(),
            ended: String::new(),
            held_ms: 0,
            note: String::new(),
        })
    }

    /// A supervisor's part (C71).
    pub(super) fn keep_watching(&mut self, now: Now, call: u64, watching: &Watching) {
        let Some(id) = self.calls.get(&call).map(|session| session.record().id.clone()) else { return };
        let at = self.time_in(now, call);
        let part = CallPart {
            id: format!("{id}-{}-{}", watching.who.user, watching.since.as_millis()),
            call: id,
            kind: PartKind::Supervisor,
            agent: Some(watching.who.user.clone()),
            name: watching.who.name.clone(),
            queue: None,
            from: watching.since,
            until: Some(at),
            began: watching.how.name().to_owned(),
            ended: "hang_up".to_owned(),
            held_ms: 0,
            note: String::new(),
        };
        self.keep(Fact::Part(part));
    }

    pub(super) fn keep_wrap_up(&mut self, agent: &UserId, view: &CallView, disposition: Disposition, note: String) {
        let wrap_up = WrapUp {
            call: view.id.clone(),
            agent: agent.clone(),
            agent_name: self.floor.colleague(agent).name,
            customer: view.pop.customer.clone(),
            phone: view.caller.clone(),
            disposition: Some(disposition),
            note,
            order: view.orders.last().map(|number| OrderNumber::new(number.clone())),
            follow: String::new(),
        };
        self.keep(Fact::WrapUp(wrap_up));
    }

    /// For sticky routing: this agent spoke with this customer (C39).
    pub(super) fn spoke(&mut self, call: u64, agent: &UserId, at: Timestamp) {
        let Some(session) = self.calls.get(&call) else { return };
        let record = session.record();
        let (id, caller) = (record.id.clone(), record.caller.clone());
        let pop = self.floor.talks.get(&call).map(|talk| std::sync::Arc::clone(&talk.pop));
        let customer = pop.as_ref().and_then(|pop| pop.customer.clone()).or_else(|| record.customer.clone());
        let keyed = self.floor.talks.get(&call).and_then(|talk| talk.keyed.clone());
        let name = self.floor.colleague(agent).name;
        if let Some(phone) = caller.clone() {
            self.keep(Fact::Reached { phone, by: name.clone() });
        }
        self.keep(Fact::Spoke { customer, phone: keyed.or(caller), agent: agent.clone(), name, call: id, at });
    }

    // ── call-backs ───────────────────────────────────────────────────────────────────────────────

    fn call_back_step(&mut self, step: CallBackStep) {
        if self.ending {
            return;
        }
        self.out.push_back(Output::Store(StoreRequest::CallBack { call: 0, step: Box::new(step) }));
    }

    /// From before a restart.
    pub(super) fn call_backs_restored(&mut self, now: Now, kept: Vec<crate::domain::CallBack>) {
        for kept in kept {
            let call = self.sip.new_dialog_id().0;
            let back = CallBack {
                id: kept.id,
                call,
                phone: kept.phone,
                queue: kept.queue,
                language: kept.language,
                customer: kept.customer,
                name: String::new(),
                since: kept.since,
                tries: u8::try_from(kept.tries).unwrap_or(u8::MAX),
            };
            self.floor.acd.handle(now, AcdInput::CallBackRestored(Box::new(back)));
        }
    }

    pub(super) fn call_back_kept(&mut self, now: Now, kept: CallBack) {
        if kept.tries > 0 {
            // A try that begins is counted by its claim.
            return;
        }
        let call = self.calls.get(&kept.call).map(|session| session.record().id.clone());
        self.floor.keeping.insert(kept.id.clone());
        self.call_back_step(CallBackStep::Keep(crate::domain::CallBack {
            id: kept.id,
            phone: kept.phone,
            customer: kept.customer,
            queue: kept.queue,
            language: kept.language,
            call,
            since: kept.since,
            not_before: now.wall.into(),
            not_after: None,
            tries: 0,
            status: CallBackStatus::Wanted,
        }));
    }

    /// Its turn is near: claimed first, so that of all nodes one dials (I8).
    pub(super) fn call_back_due(&mut self, now: Now, kept: CallBack) {
        if self.draining {
            // Another node dials it, or this one after its restart.
            return;
        }
        let id = kept.id.clone();
        let waits = self.floor.keeping.contains(&id);
        self.floor.claiming.insert(id.clone(), kept);
        if !waits {
            self.claim(now, id);
        }
    }

    fn claim(&mut self, now: Now, id: String) {
        self.call_back_step(CallBackStep::Claim { id, until: Timestamp::from(now.wall).after(CLAIM) });
    }

    /// What the store says to a step.
    pub(super) fn call_back_answer(&mut self, now: Now, id: String, granted: Option<bool>) {
        if self.floor.keeping.remove(&id) {
            if granted == Some(false) {
                self.floor.claiming.remove(&id);
                self.floor.acd.handle(now, AcdInput::CallBackDropped { id, why: "doubled".into() });
            } else if self.floor.claiming.contains_key(&id) {
                self.claim(now, id);
            }
            return;
        }
        let Some(kept) = self.floor.claiming.remove(&id) else { return };
        match granted {
            Some(true) => self.call_back_dial(now, kept),
            Some(false) => self.floor.acd.handle(now, AcdInput::CallBackDropped { id, why: "elsewhere".into() }),
            None => self.floor.acd.handle(now, AcdInput::CallBackFailed { id, why: "store_away".into() }),
        }
    }

    pub(super) fn call_back_done(&mut self, id: &str, why: &str) {
        self.floor.claiming.remove(id);
        let id = id.to_owned();
        match why {
            "reached" => self.call_back_step(CallBackStep::Reached { id }),
            // Written by `call_back_task`, or it is another node's.
            "task" | "elsewhere" | "doubled" => {}
            _ => self.call_back_step(CallBackStep::Finish { id, why: why.to_owned() }),
        }
    }

    /// Both tries failed: an agent's task.
    pub(super) fn call_back_task(&mut self, kept: CallBack) {
        self.call_back_step(CallBackStep::Fail { id: kept.id });
    }

    /// The call of a customer who was called back is over: done when somebody spoke with them.
    pub(super) fn call_back_talk_over(&mut self, call: u64) {
        let Some((id, spoke)) = self.floor.talks.get_mut(&call).and_then(|talk| Some((talk.call_back.take()?, !talk.spoke.is_empty())))
        else {
            return;
        };
        let step = if spoke { CallBackStep::Finish { id, why: "reached".into() } } else { CallBackStep::Fail { id } };
        self.call_back_step(step);
    }
}

/// How long a stay in a queue was, in milliseconds.
fn waited(visit: &QueueVisit) -> u64 {
    visit.left.map_or(0, |(at, _)| u64::try_from(at.as_millis() - visit.entered_at.as_millis()).unwrap_or(0))
}
