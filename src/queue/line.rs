//! Callers in the line: joining, leaving with or without the place, moving, and what falls due while they wait.

use std::time::Duration;

use super::acd::{Acd, Who};
use super::caller::{Caller, Phase};
use super::estimate::{self, Announcement};
use super::io::{AcdOutput, Joining};
use super::places::Q;
use super::settings::JoinRule;
use crate::domain::{Leaving, QueueId, QueueNews, QueueReason};

impl Acd {
    /// A caller wants a person: new, back from the menu, or passed on.
    pub(super) fn join(&mut self, facts: Joining) {
        let call = facts.call;
        self.take_over_callback(&facts);
        let wanted = facts.queue.as_ref();
        let found = wanted.and_then(|queue| self.queue_named(queue));
        if let Some(unknown) = wanted.filter(|_| found.is_none()) {
            self.explain(call, format!("there is no queue {unknown}: the first one takes the call"));
        }
        let queue = found.unwrap_or(0);
        let mut caller = match self.callers.remove(&call) {
            Some(mut known) => {
                if matches!(known.phase, Phase::Ringing(_)) {
                    self.callers.insert(call, known);
                    self.withdraw_all(call, "moved");
                    let Some(again) = self.callers.remove(&call) else { return };
                    known = again;
                }
                self.out_of_line(&mut known);
                known.stop_waiting();
                if let Phase::With(agent) = known.phase {
                    // The time of the talk is no waiting: the wait before it counts.
                    let queue = known.queue;
                    if self.agents[agent].agent.is_in_call() && self.agents[agent].agent.state().call() == Some(call) {
                        let wrap_up = self.queues[queue].settings.wrap_up;
                        self.agents[agent].agent.leaves(self.now, Some(wrap_up));
                        self.agent_changed(agent);
                    }
                }
                if let Some(waited) = known.frozen.take() {
                    known.since = self.millis() - waited;
                }
                known.queue = queue;
                known.facts = facts;
                known
            }
            None => {
                self.arrivals += 1;
                Caller::new(facts, queue, self.millis(), self.arrivals, self.now.instant)
            }
        };
        caller.phase = Phase::Away;
        caller.joined = self.now.instant;
        if let Some(from) = caller.facts.from.clone().and_then(|user| self.by_user.get(&user).copied()) {
            caller.not_now.push((from, self.now.instant + self.settings.reject_pause));
        }
        self.callers.insert(call, caller);
        self.direct(call);
        self.stand_in_line(call);
    }

    /// Finds the line for a caller and puts them in, or says why not.
    fn stand_in_line(&mut self, call: u64) {
        let Some(caller) = self.callers.get(&call) else { return };
        let (queue, directed) = (caller.queue, caller.facts.to.is_some());
        let kept = caller.is_callback || matches!(caller.facts.reason, QueueReason::AgentLost | QueueReason::Transfer);
        let chain = self.chain(queue);
        let mut also: Vec<Q> = Vec::new();
        if !directed && !kept {
            let depth = self.queues[queue].settings.overflow_depth;
            let long = depth > 0 && self.queues[queue].line.len() >= depth;
            if long || !self.is_attended(queue) {
                also = chain.iter().copied().filter(|other| self.is_attended(*other)).collect();
                if let Some(first) = also.first().copied().filter(|_| !long) {
                    also = vec![first];
                }
            }
            if !self.is_attended(queue) && also.is_empty() {
                self.explain(call, format!("nobody is signed on for {}", self.queue_id(queue)));
                self.tell(call, QueueNews::NobodyThere);
                return;
            }
            if self.queues[queue].line.len() >= self.queues[queue].settings.max_waiting {
                let room =
                    |other: &Q| self.is_attended(*other) && self.queues[*other].line.len() < self.queues[*other].settings.max_waiting;
                let Some(other) = chain.iter().copied().find(room) else {
                    self.explain(call, format!("{} is full", self.queue_id(queue)));
                    self.tell(call, QueueNews::Full);
                    return;
                };
                self.explain(call, format!("{} is full: {} takes the call", self.queue_id(queue), self.queue_id(other)));
                also.clear();
                if let Some(caller) = self.callers.get_mut(&call) {
                    caller.queue = other;
                }
            }
        }
        for other in &also {
            self.explain(call, format!("{} helps {} at once", self.queue_id(*other), self.queue_id(queue)));
        }
        let now = self.now.instant;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let settings = &self.queues[caller.queue].settings;
        caller.phase = Phase::Waiting;
        caller.due.too_long = Some(now + settings.longest_wait);
        caller.due.announce = Some(now + self.settings.announce_every);
        let left = settings.overflow.iter().any(|_| also.len() < settings.overflow.len());
        caller.due.overflow = left.then_some(now + settings.overflow_after);
        caller.also = also;
        let (queue, after) = (caller.queue, settings.leave_after);
        if !std::mem::replace(&mut caller.counted, true) {
            self.queues[queue].counters.offered += 1;
        }
        self.put_on_notice(call, after);
        self.enter_line(call);
        self.widen_later(call);
        self.entered.push(call);
        self.mark(call);
        self.touch(Who::Call(call));
    }

    /// The queues that are asked after this one, in order.
    fn chain(&self, queue: Q) -> Vec<Q> {
        self.queues[queue].settings.overflow.iter().filter_map(|next| self.queue_named(next)).filter(|next| *next != queue).collect()
    }

    /// Whether callers may wait here.
    pub(super) fn is_attended(&self, queue: Q) -> bool {
        let queue = &self.queues[queue];
        match queue.settings.join {
            JoinRule::Always => true,
            JoinRule::SignedOn => queue.signed_on > 0,
            JoinRule::Working => queue.working > 0,
        }
    }

    /// Puts a caller into the lines at their place.
    pub(super) fn enter_line(&mut self, call: u64) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let key = caller.place(self.queues[caller.queue].settings.priority, self.settings.ageing);
        caller.key = Some(key);
        self.line.insert(key);
        self.queues[caller.queue].line.insert(key);
        self.count();
    }

    pub(super) fn out_of_line(&mut self, caller: &mut Caller) {
        if let Some(key) = caller.key.take() {
            self.line.remove(&key);
            self.several.remove(&key);
            self.queues[caller.queue].line.remove(&key);
            self.count();
        }
    }

    /// Takes a caller out of the line; place and facts stay known while the call lasts.
    pub(super) fn step_out(&mut self, call: u64, phase: Phase) {
        let Some(mut caller) = self.callers.remove(&call) else { return };
        self.out_of_line(&mut caller);
        caller.stop_waiting();
        caller.phase = phase;
        self.callers.insert(call, caller);
        self.touch(Who::Call(call));
    }

    pub(super) fn leave(&mut self, call: u64, why: Leaving) {
        let Some(caller) = self.callers.get(&call) else { return };
        if !caller.is_waiting() {
            if why == Leaving::Gone {
                self.call_gone(call);
            } else if let Leaving::CallBack { phone } = why {
                // Not in the line (nobody was there): the wish counts all the same.
                self.ask_callback(call, phone);
            }
            return;
        }
        self.withdraw_all(call, if why == Leaving::Gone { "caller_gone" } else { "caller_left" });
        match why {
            Leaving::Gone => self.call_gone(call),
            Leaving::Menu | Leaving::Message => self.step_out(call, Phase::Away),
            Leaving::CallBack { phone } => self.ask_callback(call, phone),
        }
    }

    /// The call is over: rings stop at once, agents in it go to wrap-up, everything about it is forgotten.
    pub(super) fn call_gone(&mut self, call: u64) {
        self.withdraw_all(call, "caller_gone");
        self.stop_consults(call, "caller_gone");
        let Some(mut caller) = self.callers.remove(&call) else {
            self.free_agents_of(call, 0);
            return;
        };
        if caller.phase == Phase::Virtual {
            // The call-back stays; from now on it may be dialled.
            if let Some(back) = &mut caller.back {
                back.live = false;
            }
            self.callers.insert(call, caller);
            return;
        }
        if caller.is_waiting() {
            let waited = self.now.instant.saturating_duration_since(caller.joined);
            let short = waited <= self.settings.short_abandon;
            let counters = &mut self.queues[caller.queue].counters;
            if short {
                counters.short += 1;
            } else {
                counters.abandoned += 1;
            }
            let queue = self.queue_id(caller.queue);
            self.put(AcdOutput::Abandoned { call, queue, waited, short });
        }
        self.out_of_line(&mut caller);
        self.free_agents_of(call, caller.queue);
        self.touch(Who::Call(call));
    }

    fn free_agents_of(&mut self, call: u64, queue: Q) {
        let wrap_up = self.queues[queue].settings.wrap_up;
        for agent in 0..self.agents.len() {
            let here = &mut self.agents[agent].agent;
            if here.is_in_call() && here.state().call() == Some(call) {
                here.leaves(self.now, Some(wrap_up));
                self.agent_changed(agent);
            }
        }
    }

    /// Better facts about a caller.
    pub(super) fn known(&mut self, call: u64, change: impl FnOnce(&mut Joining)) {
        let Some(mut caller) = self.callers.remove(&call) else { return };
        let placed = caller.key.is_some();
        let several = caller.key.is_some_and(|key| self.several.contains(&key));
        self.out_of_line(&mut caller);
        change(&mut caller.facts);
        self.callers.insert(call, caller);
        if placed {
            self.enter_line(call);
            if let Some(key) = self.callers.get(&call).and_then(|caller| caller.key).filter(|_| several) {
                self.several.insert(key);
            }
            self.mark(call);
        }
    }

    pub(super) fn prefer(&mut self, call: u64) {
        let Some(caller) = self.callers.get_mut(&call).filter(|caller| caller.key.is_some()) else { return };
        caller.preferred = true;
        self.known(call, |_| {});
        self.explain(call, "put first by a supervisor");
    }

    pub(super) fn move_to(&mut self, call: u64, queue: &QueueId) {
        let Some(target) = self.queue_named(queue) else { return };
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.key.is_some() && caller.queue != target) else { return };
        let is_virtual = caller.phase == Phase::Virtual;
        self.withdraw_all(call, "moved");
        let Some(mut caller) = self.callers.remove(&call) else { return };
        self.out_of_line(&mut caller);
        if is_virtual {
            self.queues[caller.queue].virtuals -= 1;
            self.queues[target].virtuals += 1;
        }
        caller.also.clear();
        caller.due.overflow = None;
        caller.queue = target;
        caller.facts.queue = Some(queue.clone());
        self.callers.insert(call, caller);
        self.enter_line(call);
        self.widen_later(call);
        self.explain(call, format!("moved to {queue}; the place is kept"));
        self.mark(call);
        self.touch(Who::Call(call));
    }

    // ── what falls due ───────────────────────────────────────────────────────────────────────────

    /// One thing that is due for a caller.
    pub(super) fn caller_due(&mut self, call: u64) {
        let now = self.now.instant;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if let Some(ring) = caller.rings().iter().find(|ring| ring.until <= now).copied() {
            self.not_answered(call, ring.agent);
            return;
        }
        let passed = |at: &mut Option<std::time::Instant>| at.take_if(|at| *at <= now).is_some();
        if passed(&mut caller.due.too_long) {
            self.give_up(call, QueueNews::TooLong, "has waited as long as anybody may");
        } else if passed(&mut caller.due.empty) {
            self.give_up(call, QueueNews::NobodyThere, "the last agent has signed off");
        } else if passed(&mut caller.due.overflow) {
            self.overflow(call);
        } else if passed(&mut caller.due.widen) {
            self.widen_later(call);
            self.mark(call);
        } else if passed(&mut caller.due.step) {
            self.progress(call);
        } else if passed(&mut caller.due.retry) {
        } else if caller.hold.is_some() && passed(&mut caller.hold_until) {
            // The set time is over: `hold_until` in the past says so from now on.
            caller.hold = None;
            caller.hold_until = Some(now);
            self.explain(call, "the known agent is not free in time: anybody may take the call");
            self.mark(call);
        } else if let Some(place) = caller.not_now.iter().position(|(_, until)| *until <= now) {
            caller.not_now.swap_remove(place);
            self.mark(call);
        } else if passed(&mut caller.due.announce) {
            caller.due.announce = Some(now + self.settings.announce_every);
            self.announce(call);
        }
    }

    fn give_up(&mut self, call: u64, news: QueueNews, why: &str) {
        self.withdraw_all(call, "caller_left");
        self.step_out(call, Phase::Away);
        self.explain(call, why);
        self.tell(call, news);
    }

    /// The next queue of the chain is asked as well.
    fn overflow(&mut self, call: u64) {
        let Some(caller) = self.callers.get(&call) else { return };
        let chain = self.chain(caller.queue);
        let mut left = chain.iter().copied().filter(|other| !caller.also.contains(other));
        let (next, more) = (left.next(), left.next().is_some());
        let (queue, after) = (caller.queue, self.queues[caller.queue].settings.overflow_after);
        let Some(next) = next else { return };
        let due = more.then_some(self.now.instant + after);
        let line = format!("waited {} s in {}: {} is asked as well", after.as_secs(), self.queue_id(queue), self.queue_id(next));
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.also.push(next);
            caller.due.overflow = due;
        }
        self.explain(call, line);
        self.mark(call);
    }

    /// When the skill rule widens next for this caller.
    fn widen_later(&mut self, call: u64) {
        let Some(caller) = self.callers.get(&call) else { return };
        let waited = self.waited(caller.since);
        let (_, next) = self.queues[caller.queue].settings.skills.step(waited);
        let at = next.map(|next| self.now.instant + next.saturating_sub(waited));
        if let Some(caller) = self.callers.get_mut(&call).filter(|caller| caller.phase != Phase::Virtual) {
            caller.due.widen = at;
        }
    }

    /// Agents came or went: callers without anybody are on notice, and skill rules may widen.
    pub(super) fn duty_changed(&mut self, queues: &[Q], fewer: bool) {
        let calls: Vec<u64> = queues
            .iter()
            .flat_map(|queue| self.queues[*queue].line.iter().map(|key| key.3))
            .chain(self.line.iter().map(|key| key.3).filter(|call| self.callers.get(call).is_some_and(|caller| !caller.also.is_empty())))
            .collect();
        for call in calls {
            let Some(caller) = self.callers.get(&call).filter(|caller| caller.is_waiting()) else { continue };
            let after = self.queues[caller.queue].settings.leave_after;
            self.put_on_notice(call, after);
            if fewer {
                self.mark(call);
            }
        }
    }

    /// A caller whom nobody serves any more leaves after a while; not when somebody comes.
    pub(super) fn put_on_notice(&mut self, call: u64, after: Duration) {
        let Some(caller) = self.callers.get(&call) else { return };
        let attended = caller.queues().any(|queue| self.is_attended(queue));
        let at = if attended { None } else { caller.due.empty.or(Some(self.now.instant + after)) };
        if let Some(caller) = self.callers.get_mut(&call).filter(|caller| caller.due.empty != at) {
            caller.due.empty = at;
            self.touch(Who::Call(call));
        }
    }

    // ── what callers are told ────────────────────────────────────────────────────────────────────

    /// The first announcement, unless somebody is being rung already.
    pub(super) fn announce_entry(&mut self, call: u64) {
        if self.callers.get(&call).is_some_and(|caller| caller.phase == Phase::Waiting && caller.facts.to.is_none()) {
            self.announce(call);
        }
    }

    pub(super) fn announce(&mut self, call: u64) {
        let now = self.now.instant;
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.phase == Phase::Waiting) else { return };
        let Some(key) = caller.key else { return };
        let queue = &self.queues[caller.queue];
        let ahead = u32::try_from(queue.line.range(..key).count()).unwrap_or(u32::MAX);
        let expected = estimate::expected(ahead, queue.handling.mean(now), queue.working);
        let offer_callback = expected.is_some_and(|expected| expected > estimate::LONG_WAIT);
        let latest = self.settings.announce_latest;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        match caller.heard.decide(now, ahead, expected, latest) {
            Some(Announcement::Place { ahead, wait }) => self.tell(call, QueueNews::Place { ahead, wait, offer_callback }),
            Some(Announcement::Comfort) => self.tell(call, QueueNews::Comfort),
            None => {}
        }
    }

    /// The wait that counts for service level and pop: of this stay.
    pub(super) fn stay(&self, caller: &Caller) -> Duration {
        self.now.instant.saturating_duration_since(caller.joined)
    }
}
