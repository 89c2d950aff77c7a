//! What agents do: sign on and off, breaks, wrap-up, and what follows when one of them changes.

use super::acd::{Acd, Queue, Slot, Who};
use super::io::{AcdOutput, Profile};
use super::places::{A, Q};
use super::settings::QueueSettings;
use crate::agent::{Agent, Why};
use crate::domain::{AgentState, Break, Role, Seat, UserId};

impl Acd {
    pub(super) fn sign_on(&mut self, profile: Profile, seat: Seat) {
        let now = self.now;
        let served = self.served_by(&profile);
        if profile.queues.iter().any(|queue| self.queue_named(queue).is_none()) {
            let line = "has queues on record that the settings do not name; with none left, an agent serves all".to_owned();
            self.put(AcdOutput::Log { agent: profile.user.clone(), line });
        }
        let agent = match self.by_user.get(&profile.user).copied() {
            Some(agent) => agent,
            None => {
                self.by_user.insert(profile.user.clone(), self.agents.len());
                self.agents.push(Slot {
                    agent: Agent::new(profile.clone(), seat.clone(), now),
                    queues: Vec::new(),
                    rank: 0,
                    consult: None,
                    call_queue: None,
                    was_ready: false,
                    was_working: false,
                    was_on: false,
                });
                self.agents.len() - 1
            }
        };
        self.forget_places(agent);
        let moved_seat = self.agents[agent].agent.is_signed_on() && *self.agents[agent].agent.seat() != seat;
        if moved_seat {
            self.stop_ringing(agent, "seat_down");
        }
        let slot = &mut self.agents[agent];
        slot.queues = served;
        slot.agent.sign_on(now, profile, seat);
        self.others_may_fit(agent);
    }

    /// What is on record of somebody who is signed on; a call in progress, and one that rings, stay with them.
    pub(super) fn profile_is(&mut self, profile: Profile) {
        let Some(agent) = self.signed_on(&profile.user) else { return };
        let known = &self.agents[agent].agent.profile;
        // What they did today is known better here.
        let profile = Profile { today: known.today, ..profile };
        if profile == *known {
            return;
        }
        let served = self.served_by(&profile);
        self.forget_places(agent);
        let slot = &mut self.agents[agent];
        slot.queues = served;
        slot.agent.profile = profile;
        self.others_may_fit(agent);
    }

    /// Other skills, queues or a team: for whom this agent is the right one may have changed for anybody.
    fn others_may_fit(&mut self, agent: A) {
        self.rank_agents();
        self.agent_changed(agent);
        self.dirty.extend(self.line.iter().map(|key| key.3));
    }

    /// The queues whose calls come to somebody.
    fn served_by(&self, profile: &Profile) -> Vec<Q> {
        let served: Vec<Q> = profile.queues.iter().filter_map(|queue| self.queue_named(queue)).collect();
        // Supervisors sign on to listen: calls come to them only from queues that they are given by name.
        if served.is_empty() && profile.role == Role::Agent {
            return (0..self.queues.len()).filter(|queue| !self.queues[*queue].gone).collect();
        }
        served
    }

    /// The queues are other ones from now on. Who waits keeps the place, and calls in progress stay.
    pub(super) fn set_up(&mut self, wanted: Vec<QueueSettings>) {
        if wanted.is_empty() {
            return;
        }
        for queue in &mut self.queues {
            queue.gone = !wanted.iter().any(|new| new.id == queue.settings.id);
        }
        for new in &wanted {
            match self.queue_named(&new.id) {
                Some(known) => self.queues[known].settings = new.clone(),
                None => self.queues.push(Queue::new(new.clone())),
            }
        }
        let first = wanted[0].id.clone();
        self.settings.queues = wanted;
        // A step of a rule that was met may be another one now, and so may be who serves whom.
        self.met.borrow_mut().clear();
        for agent in 0..self.agents.len() {
            let served = self.served_by(&self.agents[agent].agent.profile);
            if served != self.agents[agent].queues {
                self.forget_places(agent);
                self.agents[agent].queues = served;
                if self.agents[agent].agent.is_signed_on() {
                    self.agent_changed(agent);
                }
            }
        }
        let left: Vec<u64> = self.queues.iter().filter(|queue| queue.gone).flat_map(|queue| queue.line.iter().map(|key| key.3)).collect();
        for call in left {
            self.explain(call, "the queue is there no more");
            self.move_to(call, &first);
        }
        let all: Vec<Q> = (0..self.queues.len()).collect();
        self.duty_changed(&all, true);
        self.dirty.extend(self.line.iter().map(|key| key.3));
        self.count();
    }

    /// Takes an agent out of the queues' numbers before their queues change.
    fn forget_places(&mut self, agent: A) {
        let slot = &mut self.agents[agent];
        let (on, working) = (std::mem::take(&mut slot.was_on), std::mem::take(&mut slot.was_working));
        slot.was_ready = false;
        for queue in slot.queues.clone() {
            let queue = &mut self.queues[queue];
            queue.free.remove(&agent);
            queue.signed_on -= usize::from(on);
            queue.working -= usize::from(working);
        }
        self.met.borrow_mut().clear();
    }

    /// The order of agents by their number, for strategies that go by an order.
    fn rank_agents(&mut self) {
        let mut order: Vec<A> = (0..self.agents.len()).collect();
        order.sort_by(|a, b| {
            let key = |agent: &A| {
                let profile = &self.agents[*agent].agent.profile;
                (profile.number.len(), profile.number.clone(), profile.user.clone())
            };
            key(a).cmp(&key(b))
        });
        for (rank, agent) in (0..).zip(order) {
            self.agents[agent].rank = rank;
        }
    }

    pub(super) fn sign_off(&mut self, user: &UserId, forced: bool, reason: Option<String>) {
        let Some(agent) = self.signed_on(user) else { return };
        if forced {
            self.put(AcdOutput::Log {
                agent: user.clone(),
                line: format!("signed out by a supervisor: {}", reason.as_deref().unwrap_or("-")),
            });
        }
        self.stop_ringing(agent, "signed_out");
        let now = self.now;
        let wrapped = self.wrapped_call(agent);
        self.agents[agent].agent.sign_off(now, forced, reason);
        if let Some(call) = wrapped.filter(|_| self.wrapped_call(agent).is_none()) {
            self.put(AcdOutput::WrapUpOver { call, agent: user.clone() });
        }
        self.agent_changed(agent);
    }

    fn wrapped_call(&self, agent: A) -> Option<u64> {
        if let AgentState::WrapUp { call, .. } = self.agents[agent].agent.state() { Some(*call) } else { None }
    }

    pub(super) fn seat_up(&mut self, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        self.agents[agent].agent.seat_up(self.now);
        self.agent_changed(agent);
    }

    pub(super) fn seat_down(&mut self, user: &UserId, why: &'static str) {
        let Some(agent) = self.signed_on(user) else { return };
        self.stop_ringing(agent, "seat_down");
        self.agents[agent].agent.seat_down(self.now, why);
        self.agent_changed(agent);
    }

    pub(super) fn ready(&mut self, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        self.agents[agent].agent.ready(self.now);
        self.agent_changed(agent);
    }

    pub(super) fn take_break(&mut self, user: &UserId, reason: Break, why: Why) {
        let Some(agent) = self.signed_on(user) else { return };
        if why == Why::Forced {
            self.put(AcdOutput::Log { agent: user.clone(), line: format!("sent on a break by a supervisor: {}", reason.0) });
            self.stop_ringing(agent, "signed_out");
        }
        self.agents[agent].agent.take_break(self.now, reason, why);
        self.agent_changed(agent);
    }

    pub(super) fn extend_wrap_up(&mut self, user: &UserId) {
        let Some(agent) = self.signed_on(user) else { return };
        let (more, most) = (self.settings.wrap_up_extension, self.settings.wrap_up_extensions);
        if self.agents[agent].agent.extends(more, most) {
            self.agent_changed(agent);
        }
    }

    pub(super) fn wrap_up_saved(&mut self, user: &UserId, call: u64) {
        let Some(agent) = self.signed_on(user) else { return };
        if self.wrapped_call(agent) == Some(call) {
            self.end_wrap_up(agent);
        }
    }

    fn end_wrap_up(&mut self, agent: A) {
        let now = self.now;
        let slot = &mut self.agents[agent];
        let Some(took) = slot.agent.wrap_up_over(now) else { return };
        if let Some(queue) = slot.call_queue.take() {
            self.queues[queue].handling.add(now.instant, took);
        }
        self.agent_changed(agent);
    }

    pub(super) fn ordered(&mut self, user: &UserId) {
        if let Some(agent) = self.signed_on(user) {
            self.agents[agent].agent.today.orders += 1;
            self.agent_changed(agent);
        }
    }

    pub(super) fn new_day(&mut self) {
        for agent in 0..self.agents.len() {
            self.agents[agent].agent.today = crate::event::Today::default();
            if self.agents[agent].agent.is_signed_on() {
                self.agent_changed(agent);
            }
        }
        for queue in &mut self.queues {
            queue.counters = super::acd::Counters::default();
        }
        self.count();
    }

    pub(super) fn agent_due(&mut self, agent: A) {
        let now = self.now.instant;
        if self.agents[agent].consult.is_some_and(|consult| consult.until <= now) {
            self.consult_over(agent, "no_answer");
        } else if self.agents[agent].agent.wrap_up_end().is_some_and(|end| end <= now) {
            if let Some(call) = self.wrapped_call(agent) {
                let user = self.user(agent);
                self.put(AcdOutput::WrapUpOver { call, agent: user });
            }
            self.end_wrap_up(agent);
        }
    }

    /// The agent, if signed on.
    pub(super) fn signed_on(&self, user: &UserId) -> Option<A> {
        self.by_user.get(user).copied().filter(|agent| self.agents[*agent].agent.is_signed_on())
    }

    /// What follows from a change of an agent: who may be matched, what the queues count, what consoles show.
    pub(super) fn agent_changed(&mut self, agent: A) {
        let slot = &mut self.agents[agent];
        let (ready, working, on) = (slot.agent.is_ready(), slot.agent.is_working(), slot.agent.is_signed_on());
        let before = (slot.was_ready, slot.was_working, slot.was_on);
        (slot.was_ready, slot.was_working, slot.was_on) = (ready, working, on);
        let served = slot.queues.clone();
        for queue in served.iter().copied() {
            let queue = &mut self.queues[queue];
            if ready {
                queue.free.insert(agent);
            } else {
                queue.free.remove(&agent);
            }
            queue.working = queue.working + usize::from(working) - usize::from(before.1);
            queue.signed_on = queue.signed_on + usize::from(on) - usize::from(before.2);
        }
        if ready && !before.0 {
            self.fresh.push(agent);
        }
        if (working, on) != (before.1, before.2) {
            self.met.borrow_mut().clear();
            self.duty_changed(&served, before.1 && !working);
        }
        // Free now, or no longer about to be: who was kept for them is looked at again.
        self.release_holds(agent);
        let view = self.agent_view(agent);
        self.put(AcdOutput::Agent(Box::new(view)));
        self.touch(Who::Agent(agent));
        self.count();
    }
}
