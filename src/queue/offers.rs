//! Ringing agents: answers, rejections, rings that nobody takes, and calls that agents have.

use super::acd::{Acd, Consult, Who};
use super::caller::{Phase, Ring};
use super::io::{AcdOutput, OfferKind};
use super::places::A;
use super::settings::LastRule;
use crate::domain::{AgentState, QueueNews, QueueReason, Timestamp, UserId};

impl Acd {
    /// Rings one agent for a caller.
    pub(super) fn offer(&mut self, call: u64, agent: A, routed: String) {
        let now = self.now;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let queue = caller.queue;
        let ring_for = self.queues[queue].settings.ring;
        let until = Timestamp::from(now.wall).after(ring_for);
        let ring = Ring { agent, until: now.instant + ring_for };
        let first = !matches!(caller.phase, Phase::Ringing(_));
        match &mut caller.phase {
            Phase::Ringing(rings) => rings.push(ring),
            phase => *phase = Phase::Ringing(vec![ring]),
        }
        caller.hold = None;
        caller.offers += 1;
        caller.routed.clone_from(&routed);
        let kind = match &caller.facts.to {
            Some(_) => OfferKind::Transfer { from: caller.facts.from.clone() },
            None => OfferKind::Queue,
        };
        let phone = caller.facts.caller.clone();
        self.queues[queue].last = Some(agent);
        self.agents[agent].agent.ring(now, call, until, phone);
        self.agent_changed(agent);
        let (user, id) = (self.user(agent), self.queue_id(queue));
        self.explain(call, format!("offered to {}: {routed}", self.named(agent)));
        self.put(AcdOutput::Offer { call, agent: user.clone(), kind, queue: id, ring_for, until, routed });
        if first {
            self.tell(call, QueueNews::Ringing { agent: user });
        }
        self.touch(Who::Call(call));
    }

    /// Takes one ring off a caller; what the agent does then is up to the one who asks for it.
    fn take_ring(&mut self, call: u64, agent: A, why: &'static str) -> bool {
        let Some(caller) = self.callers.get_mut(&call) else { return false };
        let Phase::Ringing(rings) = &mut caller.phase else { return false };
        let Some(place) = rings.iter().position(|ring| ring.agent == agent) else { return false };
        rings.remove(place);
        let silent = rings.is_empty();
        let unheard = caller.heard.at.is_none();
        if silent {
            caller.phase = Phase::Waiting;
            caller.due.step = None;
            if let Some(key) = caller.key {
                self.several.remove(&key);
            }
        }
        let user = self.user(agent);
        self.put(AcdOutput::Withdraw { call, agent: user, why });
        if silent {
            self.tell(call, QueueNews::RingEnded);
            self.mark(call);
            if unheard {
                self.entered.push(call);
            }
        }
        self.touch(Who::Call(call));
        true
    }

    /// No ring is left: a call meant for one agent goes back to who passed it on, and then to the line.
    fn after_ring(&mut self, call: u64, agent: A, why: &'static str) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if caller.phase != Phase::Waiting {
            return;
        }
        let Some(to) = caller.facts.to.take() else { return };
        let from = caller.facts.from.clone();
        caller.not_now.push((agent, self.now.instant + self.settings.reject_pause));
        caller.first = from.as_ref().and_then(|user| self.by_user.get(user).copied());
        let back = caller.first;
        caller.not_now.retain(|(agent, _)| Some(*agent) != back);
        self.put(AcdOutput::TransferFailed { call, to, from, why });
        self.explain(call, format!("the transfer came to nothing ({why}): back in the line, the place is kept"));
    }

    /// A transfer to an agent who is not free fails before it begins.
    pub(super) fn direct(&mut self, call: u64) {
        let Some(to) = self.callers.get(&call).and_then(|caller| caller.facts.to.clone()) else { return };
        match self.by_user.get(&to).copied() {
            Some(agent) if self.agents[agent].agent.is_ready() => {}
            _ => {
                let Some(caller) = self.callers.get_mut(&call) else { return };
                caller.facts.to = None;
                let from = caller.facts.from.clone();
                caller.first = from.as_ref().and_then(|user| self.by_user.get(user).copied());
                let back = caller.first;
                caller.not_now.retain(|(agent, _)| Some(*agent) != back);
                self.put(AcdOutput::TransferFailed { call, to, from, why: "not_free" });
            }
        }
    }

    /// Stops all rings of a caller; the agents keep their place among the idle.
    pub(super) fn withdraw_all(&mut self, call: u64, why: &'static str) {
        let rings: Vec<A> =
            self.callers.get(&call).map(|caller| caller.rings().iter().map(|ring| ring.agent).collect()).unwrap_or_default();
        for agent in rings {
            if self.take_ring(call, agent, why) {
                self.agents[agent].agent.ring_withdrawn(self.now);
                self.agent_changed(agent);
            }
        }
    }

    /// Takes one agent off a ring for the sake of another caller.
    pub(super) fn borrow_ring(&mut self, call: u64, agent: A) {
        if self.take_ring(call, agent, "moved") {
            self.agents[agent].agent.ring_withdrawn(self.now);
            self.agent_changed(agent);
        }
    }

    /// Stops whatever rings at an agent: the caller is offered to others at once. The agent's own state is up to the one who asks.
    pub(super) fn stop_ringing(&mut self, agent: A, why: &'static str) {
        if self.agents[agent].consult.is_some() {
            self.consult_over(agent, why);
            return;
        }
        if let AgentState::Ringing { call, .. } = *self.agents[agent].agent.state()
            && self.take_ring(call, agent, why)
        {
            self.agents[agent].agent.ring_withdrawn(self.now);
            // Not free for the next caller: what stops the ring also takes the agent out.
            self.after_ring(call, agent, why);
        }
    }

    pub(super) fn not_answered(&mut self, call: u64, agent: A) {
        if self.take_ring(call, agent, "no_answer") {
            let most = self.settings.missed_until_break;
            self.agents[agent].agent.missed(self.now, most);
            if let AgentState::Break { .. } = self.agents[agent].agent.state() {
                let user = self.user(agent);
                self.put(AcdOutput::Log { agent: user, line: format!("{most} rings in a row were not answered: on a break") });
            }
            self.agent_changed(agent);
            self.after_ring(call, agent, "no_answer");
        }
    }

    pub(super) fn rejected(&mut self, call: u64, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        if self.agents[agent].consult.is_some_and(|consult| consult.call == call) {
            self.consult_over(agent, "rejected");
        } else if self.take_ring(call, agent, "rejected") {
            self.pause(call, agent);
            self.agents[agent].agent.rejected(self.now);
            self.agent_changed(agent);
            self.after_ring(call, agent, "rejected");
        }
    }

    pub(super) fn offer_failed(&mut self, call: u64, user: &UserId, why: &'static str) {
        let Some(agent) = self.signed_on(user) else { return };
        if self.agents[agent].consult.is_some_and(|consult| consult.call == call) {
            self.consult_over(agent, "failed");
        } else if self.take_ring(call, agent, "failed") {
            let most = self.settings.missed_until_break;
            self.agents[agent].agent.unreached(self.now, why, most);
            self.agent_changed(agent);
            self.after_ring(call, agent, "failed");
        }
    }

    /// This agent is not asked again for this caller for a while.
    pub(super) fn pause(&mut self, call: u64, agent: A) {
        let until = self.now.instant + self.settings.reject_pause;
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.not_now.push((agent, until));
        }
    }

    pub(super) fn answered(&mut self, call: u64, user: &UserId) {
        let Some(agent) = self.by_user.get(user).copied() else { return };
        let now = self.now;
        if let Some(consult) = self.agents[agent].consult.filter(|consult| consult.call == call) {
            self.agents[agent].consult = None;
            self.agents[agent].agent.talks(now, consult.call, None);
            self.agent_changed(agent);
            let queue = self.callers.get(&call).map_or(0, |caller| caller.queue);
            let connect = AcdOutput::Connect {
                call,
                agent: user.clone(),
                queue: self.queue_id(queue),
                waited: std::time::Duration::ZERO,
                routed: "consultation".into(),
            };
            self.put(connect);
            return;
        }
        let stands = self.callers.get(&call).is_some_and(|caller| caller.rings().iter().any(|ring| ring.agent == agent));
        if !stands {
            let taken = self.callers.get(&call).is_some_and(|caller| matches!(caller.phase, Phase::With(_) | Phase::Ringing(_)));
            self.put(AcdOutput::TooLate { call, agent: user.clone(), why: if taken { "taken" } else { "caller_gone" } });
            return;
        }
        if let Some(Phase::Ringing(rings)) = self.callers.get_mut(&call).map(|caller| &mut caller.phase) {
            let others: Vec<A> = rings.iter().map(|ring| ring.agent).filter(|other| *other != agent).collect();
            rings.retain(|ring| ring.agent == agent);
            for other in others {
                let user = self.user(other);
                self.put(AcdOutput::Withdraw { call, agent: user, why: "taken" });
                self.agents[other].agent.ring_withdrawn(now);
                self.agent_changed(other);
            }
        }
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let (queue, phone) = (caller.queue, caller.facts.caller.clone());
        let routed = caller.routed.clone();
        caller.facts.to = None;
        caller.first = None;
        caller.preferred = false;
        let since = caller.since;
        let waited = self.millis() - since;
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.frozen = Some(waited);
            caller.counted = false;
        }
        self.step_out(call, Phase::With(agent));
        let Some(caller) = self.callers.get(&call) else { return };
        let stay = self.stay(caller);
        let advice = caller.facts.advice;
        let settings = &self.queues[queue].settings;
        let in_time = stay <= settings.service_level;
        let counters = &mut self.queues[queue].counters;
        counters.answered += u32::from(!advice);
        counters.in_time += u32::from(in_time && !advice);
        self.agents[agent].agent.talks(now, call, phone);
        self.agents[agent].call_queue = Some(queue);
        self.agent_changed(agent);
        let number = self.agents[agent].agent.profile.number.clone();
        self.put(AcdOutput::Connect { call, agent: user.clone(), queue: self.queue_id(queue), waited: stay, routed });
        self.tell(call, QueueNews::Connected { number });
        if !advice {
            self.spoke(call, agent);
        }
    }

    /// Remembers who spoke with this customer, by the rule of the settings: told at the answer, so that a crash loses nothing.
    fn spoke(&mut self, call: u64, agent: A) {
        let rule = self.settings.sticky_last;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if std::mem::replace(&mut caller.spoke, true) && rule == LastRule::First {
            return;
        }
        let at = Timestamp::from(self.now.wall);
        let user = self.user(agent);
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.facts.sticky.last = Some((user.clone(), at));
        }
        self.put(AcdOutput::Spoke { call, agent: user, at });
    }

    pub(super) fn held(&mut self, call: u64, user: &UserId, on: bool) {
        let Some(agent) = self.signed_on(user) else { return };
        let here = &mut self.agents[agent].agent;
        if on {
            here.holds(self.now, call);
        } else {
            here.resumes(self.now, call);
        }
        self.agent_changed(agent);
    }

    // ── consultations ────────────────────────────────────────────────────────────────────────────

    pub(super) fn consult(&mut self, call: u64, user: &UserId, by: &UserId) {
        let now = self.now;
        let Some(asking) = self.by_user.get(by).copied() else { return };
        let Some(agent) = self.signed_on(user).filter(|agent| self.agents[*agent].agent.is_ready()) else {
            self.put(AcdOutput::ConsultFailed { call, agent: user.clone(), by: by.clone(), why: "not_free" });
            return;
        };
        let queue = self.callers.get(&call).map_or(0, |caller| caller.queue);
        let ring_for = self.queues[queue].settings.ring;
        let until = Timestamp::from(now.wall).after(ring_for);
        let phone = self.callers.get(&call).and_then(|caller| caller.facts.caller.clone());
        let slot = &mut self.agents[agent];
        slot.consult = Some(Consult { call, by: asking, until: now.instant + ring_for });
        slot.agent.ring(now, call, until, phone);
        self.agent_changed(agent);
        let kind = OfferKind::Consult { by: by.clone() };
        let routed = format!("consulted by {}", self.named(asking));
        let queue = self.queue_id(queue);
        self.put(AcdOutput::Offer { call, agent: user.clone(), kind, queue, ring_for, until, routed });
    }

    /// A consultation that rang is over without an answer.
    pub(super) fn consult_over(&mut self, agent: A, why: &'static str) {
        let Some(consult) = self.agents[agent].consult.take() else { return };
        let (user, by) = (self.user(agent), self.user(consult.by));
        self.put(AcdOutput::Withdraw { call: consult.call, agent: user.clone(), why });
        let most = self.settings.missed_until_break;
        let here = &mut self.agents[agent].agent;
        match why {
            "no_answer" => here.missed(self.now, most),
            "rejected" => here.rejected(self.now),
            "failed" => here.unreached(self.now, "phone", most),
            _ => here.ring_withdrawn(self.now),
        }
        self.agent_changed(agent);
        self.put(AcdOutput::ConsultFailed { call: consult.call, agent: user, by, why });
    }

    /// All consultations about a call.
    pub(super) fn stop_consults(&mut self, call: u64, why: &'static str) {
        let ringing: Vec<A> =
            (0..self.agents.len()).filter(|agent| self.agents[*agent].consult.is_some_and(|consult| consult.call == call)).collect();
        for agent in ringing {
            self.consult_over(agent, why);
        }
    }

    // ── agents in calls ──────────────────────────────────────────────────────────────────────────

    pub(super) fn agent_left(&mut self, call: u64, user: &UserId, wrap_up: bool) {
        let Some(agent) = self.signed_on(user) else { return };
        if self.agents[agent].consult.is_some_and(|consult| consult.call == call) {
            self.consult_over(agent, "cancelled");
            return;
        }
        let here = &self.agents[agent].agent;
        if !here.is_in_call() || here.state().call() != Some(call) {
            return;
        }
        let queue = self.callers.get(&call).map(|caller| caller.queue).or(self.agents[agent].call_queue).unwrap_or(0);
        let length = self.queues[queue].settings.wrap_up;
        self.agents[agent].agent.leaves(self.now, wrap_up.then_some(length));
        self.agent_changed(agent);
        self.pass_on(call, agent);
    }

    /// The caller is with whoever is left in the call.
    fn pass_on(&mut self, call: u64, from: A) {
        if self.callers.get(&call).is_none_or(|caller| caller.phase != Phase::With(from)) {
            return;
        }
        let with = |agent: &A| {
            let here = &self.agents[*agent].agent;
            here.is_in_call() && here.state().call() == Some(call)
        };
        let left = (0..self.agents.len()).find(with);
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.phase = left.map_or(Phase::Away, Phase::With);
        }
        if let Some(agent) = left {
            self.agents[agent].call_queue = self.callers.get(&call).map(|caller| caller.queue);
            self.spoke(call, agent);
        }
    }

    pub(super) fn agent_lost(&mut self, call: u64, user: &UserId, why: &'static str) {
        let Some(agent) = self.signed_on(user) else { return };
        if self.agents[agent].agent.state().call() == Some(call) && self.agents[agent].agent.is_in_call() {
            self.agents[agent].agent.lost(self.now, why);
            self.agent_changed(agent);
        }
        self.pass_on(call, agent);
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if caller.phase != Phase::Away || caller.key.is_some() {
            return;
        }
        caller.preferred = true;
        caller.first = Some(agent);
        let mut facts = caller.facts.clone();
        facts.reason = QueueReason::AgentLost;
        (facts.from, facts.to) = (None, None);
        self.explain(call, format!("{} was lost ({why}): the caller is first again", self.named(agent)));
        self.join(facts);
        self.tell(call, QueueNews::WaitingAgain);
    }

    pub(super) fn in_call(&mut self, call: u64, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        self.stop_ringing(agent, "moved");
        self.withdraw_all(call, "taken");
        let phone = self.callers.get(&call).and_then(|caller| caller.facts.caller.clone());
        self.agents[agent].agent.talks(self.now, call, phone);
        self.agents[agent].call_queue = self.callers.get(&call).map(|caller| caller.queue);
        self.agent_changed(agent);
        let millis = self.millis();
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.frozen = caller.frozen.or(Some(millis - caller.since));
            self.step_out(call, Phase::With(agent));
            self.spoke(call, agent);
        }
    }

    pub(super) fn dials_out(&mut self, call: u64, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        self.stop_ringing(agent, "moved");
        self.agents[agent].agent.calls_out(self.now, call);
        self.agents[agent].call_queue = None;
        self.agent_changed(agent);
    }
}
