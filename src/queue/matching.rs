//! One matcher over all queues: in the order of the line, each caller gets an agent who may have them, or nobody could (C37, C38).

use std::collections::BTreeSet;

use super::acd::{Acd, Who};
use super::caller::{Caller, Key, Phase};
use super::places::A;
use super::rule::Wanted;
use super::sticky::Advice;
use super::strategy::{Candidate, Strategy, choose};
use crate::domain::QueueNews;

impl Acd {
    /// Matches what has changed since the last time. Afterwards no caller waits beside a free agent whom they may have.
    pub(super) fn run_matcher(&mut self) {
        // A match may change others (a ring that is taken back, a hold that ends): until all is quiet.
        for _ in 0..64 {
            if self.dirty.is_empty() && self.fresh.is_empty() && self.several.is_empty() {
                return;
            }
            let dirty: BTreeSet<Key> = std::mem::take(&mut self.dirty)
                .into_iter()
                .filter_map(|call| self.callers.get(&call).filter(|caller| caller.phase == Phase::Waiting).and_then(|caller| caller.key))
                .collect();
            let mut fresh = std::mem::take(&mut self.fresh);
            fresh.sort_unstable();
            fresh.dedup();
            fresh.retain(|agent| self.agents[*agent].agent.is_ready());
            self.pass(&dirty, &mut fresh);
            self.top_up();
            if self.dirty.is_empty() && self.fresh.is_empty() {
                return;
            }
        }
    }

    fn pass(&mut self, dirty: &BTreeSet<Key>, fresh: &mut Vec<A>) {
        if fresh.is_empty() {
            for key in dirty {
                self.consider(key.3, None);
            }
            return;
        }
        let mut left = dirty.len();
        let everybody: Vec<Key> = self.line.iter().copied().collect();
        for key in everybody {
            if fresh.is_empty() && left == 0 {
                return;
            }
            let matched = if dirty.contains(&key) {
                left -= 1;
                self.consider(key.3, None)
            } else if fresh.is_empty() {
                false
            } else {
                self.consider(key.3, Some(fresh))
            };
            if matched {
                fresh.retain(|agent| self.agents[*agent].agent.is_ready());
            }
        }
    }

    /// Looks for an agent for one caller: among `only`, or among all who are free.
    fn consider(&mut self, call: u64, only: Option<&[A]>) -> bool {
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.phase == Phase::Waiting) else { return false };
        let mut candidates: Vec<A> = Vec::new();
        if let Some(to) = &caller.facts.to {
            candidates.extend(self.by_user.get(to).copied().filter(|agent| self.agents[*agent].agent.is_ready()));
        } else {
            match only {
                Some(only) => candidates.extend(only.iter().copied().filter(|agent| self.may_have(caller, *agent))),
                None => {
                    for queue in caller.queues() {
                        for agent in self.queues[queue].free.iter().copied() {
                            if !candidates.contains(&agent) && self.may_have(caller, agent) {
                                candidates.push(agent);
                            }
                        }
                    }
                }
            }
        }
        if candidates.is_empty() {
            return only.is_none() && self.borrow(call);
        }
        if caller.facts.to.is_some() {
            self.offer(call, candidates[0], "passed on to this agent".into());
            return true;
        }
        match self.advice(caller, &candidates) {
            Advice::Take(agent, why) => {
                self.offer(call, agent, why);
                true
            }
            Advice::Wait(agent, why) => {
                self.hold_for(call, agent, &why);
                false
            }
            Advice::Any(agents, said) => self.choose_one(call, &agents, &said),
        }
    }

    fn choose_one(&mut self, call: u64, agents: &[A], said: &str) -> bool {
        let Some(caller) = self.callers.get(&call) else { return false };
        let queue = caller.queue;
        let strategy = self.queues[queue].settings.strategy;
        let known: Vec<Candidate> = agents.iter().map(|agent| self.candidate(caller, *agent)).collect();
        let last = self.queues[queue].last.map(|agent| self.order(queue, agent));
        let Some(agent) = choose(strategy, &known, last, &mut self.ids).and_then(|place| agents.get(place).copied()) else { return false };
        let by = format!("{} of {}", strategy.name(), agents.len());
        let routed = if said.is_empty() { by } else { format!("{said}; {by}") };
        self.offer(call, agent, routed);
        if strategy.rings_several()
            && let Some(caller) = self.callers.get_mut(&call)
        {
            if strategy == Strategy::Progressive {
                caller.due.step = Some(self.now.instant + self.queues[queue].settings.step);
            }
            self.several.extend(caller.key);
        }
        true
    }

    fn candidate(&self, caller: &Caller, agent: A) -> Candidate {
        let slot = &self.agents[agent];
        let here = &slot.agent;
        let settings = &self.queues[caller.queue].settings;
        let weight = settings.weights.iter().find(|(number, _)| *number == here.profile.number).map_or(1, |(_, weight)| *weight);
        let language = here.level(spoken(caller));
        let level = caller.facts.skill.as_deref().map_or(language, |skill| language.min(here.level(skill)));
        Candidate {
            order: self.order(caller.queue, agent),
            idle_since: here.idle_since(),
            calls: here.today.calls,
            talk_ms: here.today.talk_ms,
            weight,
            level,
        }
    }

    /// The place of an agent in a queue's order: as the settings list them, then by number.
    fn order(&self, queue: usize, agent: A) -> u32 {
        let slot = &self.agents[agent];
        let listed = &self.queues[queue].settings.order;
        let place = listed.iter().position(|number| *number == slot.agent.profile.number);
        place.and_then(|place| u32::try_from(place).ok()).unwrap_or(100_000 + slot.rank)
    }

    /// Whether this caller and this agent go together now, apart from whether the agent is free.
    fn may_have(&self, caller: &Caller, agent: A) -> bool {
        let slot = &self.agents[agent];
        slot.agent.is_ready() && self.may_ever_have(caller, agent) && self.is_asked(caller, agent)
    }

    /// Serves the queue and is not excluded.
    pub(super) fn may_ever_have(&self, caller: &Caller, agent: A) -> bool {
        let slot = &self.agents[agent];
        caller.queues().any(|queue| slot.queues.contains(&queue)) && !caller.facts.sticky.never.contains(&slot.agent.profile.user)
    }

    /// Has the skill of this moment, and did not send the caller away just now.
    fn is_asked(&self, caller: &Caller, agent: A) -> bool {
        if caller.not_now.iter().any(|(other, until)| *other == agent && *until > self.now.instant) {
            return false;
        }
        let rule = &self.queues[caller.queue].settings.skills;
        if rule.is_any() {
            return true;
        }
        let here = &self.agents[agent].agent;
        rule.allows(self.skill_step(caller), wanted(caller), |skill| here.level(skill))
    }

    /// The step of the skill rule by the wait, skipping steps that nobody who works could meet.
    fn skill_step(&self, caller: &Caller) -> usize {
        let rule = &self.queues[caller.queue].settings.skills;
        let (mut step, _) = rule.step(self.waited(caller.since));
        while step + 1 < rule.steps() && !self.anybody_meets(caller, step) {
            step += 1;
        }
        step
    }

    fn anybody_meets(&self, caller: &Caller, step: usize) -> bool {
        let key = (caller.queue, caller.facts.language, caller.facts.skill.clone(), step);
        if let Some(met) = self.met.borrow().get(&key) {
            return *met;
        }
        let rule = &self.queues[caller.queue].settings.skills;
        let met = self.agents.iter().any(|slot| {
            slot.agent.is_working()
                && slot.queues.contains(&caller.queue)
                && rule.allows(step, wanted(caller), |skill| slot.agent.level(skill))
        });
        let mut known = self.met.borrow_mut();
        // Skills come from menus and settings; should they ever be many, the answers are found anew.
        if known.len() > 4096 {
            known.clear();
        }
        known.insert(key, met);
        met
    }

    // ── waiting for a known agent ────────────────────────────────────────────────────────────────

    fn hold_for(&mut self, call: u64, agent: A, why: &str) {
        let now = self.now.instant;
        let wait = self.settings.sticky_wait;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if caller.hold == Some(agent) {
            return;
        }
        caller.hold = Some(agent);
        let until = *caller.hold_until.get_or_insert(now + wait);
        let left = until.saturating_duration_since(now).as_secs();
        self.held.push(call);
        let user = self.user(agent);
        self.explain(call, format!("kept up to {left} s for {}: {why}", self.named(agent)));
        self.tell(call, QueueNews::KeptFor { agent: user });
        self.touch(Who::Call(call));
    }

    /// Callers who wait for this agent are looked at again when the agent is not about to be free any more.
    pub(super) fn release_holds(&mut self, agent: A) {
        let mut held = std::mem::take(&mut self.held);
        held.retain(|call| self.callers.get(call).is_some_and(|caller| caller.hold.is_some()));
        self.held.clone_from(&held);
        held.retain(|call| self.callers.get(call).is_some_and(|caller| caller.hold == Some(agent)));
        for call in held {
            let Some(caller) = self.callers.get_mut(&call) else { continue };
            let mean = self.queues[caller.queue].handling.mean(self.now.instant).unwrap_or(super::estimate::USUAL);
            if !self.agents[agent].agent.is_soon_free(self.now.instant, mean) {
                caller.hold = None;
                self.mark(call);
                self.touch(Who::Call(call));
            }
        }
    }

    // ── ringing several ──────────────────────────────────────────────────────────────────────────

    /// Ring-all: whoever is left over after every caller has somebody is rung as well.
    fn top_up(&mut self) {
        let ringing: Vec<Key> = self.several.iter().copied().collect();
        for key in ringing {
            let Some(caller) = self.callers.get(&key.3) else { continue };
            if self.queues[caller.queue].settings.strategy == Strategy::RingAll {
                for agent in self.free_for(caller) {
                    self.offer(key.3, agent, "ring-all".into());
                }
            }
        }
    }

    /// Progressive: one more agent.
    pub(super) fn progress(&mut self, call: u64) {
        let Some(caller) = self.callers.get(&call) else { return };
        let queue = caller.queue;
        let next = self.free_for(caller).into_iter().min_by_key(|agent| self.order(queue, *agent));
        if let Some(agent) = next {
            self.offer(call, agent, "progressive: one more".into());
        }
        let again = self.now.instant + self.queues[queue].settings.step;
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.due.step = Some(again);
        }
    }

    fn free_for(&self, caller: &Caller) -> Vec<A> {
        let mut free: Vec<A> = caller.queues().flat_map(|queue| self.queues[queue].free.iter().copied()).collect();
        free.sort_unstable();
        free.dedup();
        free.retain(|agent| self.may_have(caller, *agent));
        free
    }

    /// Nobody is free, but a caller for whom several are rung can spare one.
    fn borrow(&mut self, call: u64) -> bool {
        if self.several.is_empty() {
            return false;
        }
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.facts.to.is_none()) else { return false };
        let spare = self.several.iter().rev().find_map(|key| {
            let rings = self.callers.get(&key.3)?.rings();
            let fits = |agent: &A| self.may_ever_have(caller, *agent) && self.is_asked(caller, *agent);
            (rings.len() > 1).then(|| rings.iter().rev().map(|ring| ring.agent).find(fits)).flatten().map(|agent| (key.3, agent))
        });
        let Some((other, agent)) = spare else { return false };
        self.borrow_ring(other, agent);
        self.choose_one(call, &[agent], "taken from a caller for whom several ring")
    }
}

/// The skill that stands for a language: `zh`, `en`.
fn spoken(caller: &Caller) -> &'static str {
    let tag = caller.facts.language.tag();
    tag.split_once('-').map_or(tag, |(language, _)| language)
}

fn wanted(caller: &Caller) -> Wanted<'_> {
    Wanted { language: spoken(caller), skill: caller.facts.skill.as_deref() }
}

#[cfg(test)]
impl Acd {
    /// Whether this caller could be given to this free agent now.
    pub(super) fn goes_together(&self, call: u64, agent: &crate::domain::UserId) -> bool {
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.phase == Phase::Waiting) else { return false };
        self.by_user.get(agent).is_some_and(|agent| self.may_have(caller, *agent))
    }

    /// The machine's own books agree with one another.
    pub(super) fn sound(&self) {
        for (call, caller) in &self.callers {
            let in_line = matches!(caller.phase, Phase::Waiting | Phase::Ringing(_) | Phase::Virtual);
            assert_eq!(caller.key.is_some(), in_line, "call {call} {:?}", caller.phase);
            assert_eq!(caller.facts.call, *call);
            if let Some(key) = caller.key {
                assert!(self.line.contains(&key) && self.queues[caller.queue].line.contains(&key));
            }
        }
        assert_eq!(self.line.len(), self.callers.values().filter(|caller| caller.key.is_some()).count());
        assert_eq!(self.line.len(), self.queues.iter().map(|queue| queue.line.len()).sum::<usize>());
        assert_eq!(self.backs.len(), self.callers.values().filter(|caller| caller.phase == Phase::Virtual).count());
        assert_eq!(self.backs.len(), self.queues.iter().map(|queue| queue.virtuals).sum::<usize>());
        assert_eq!(self.backs.len(), self.back_ids.len());
        for (place, queue) in self.queues.iter().enumerate() {
            let serving = || self.agents.iter().filter(|slot| slot.queues.contains(&place));
            assert_eq!(queue.working, serving().filter(|slot| slot.agent.is_working()).count());
            assert_eq!(queue.signed_on, serving().filter(|slot| slot.agent.is_signed_on()).count());
            assert_eq!(queue.free.len(), serving().filter(|slot| slot.agent.is_ready()).count());
        }
    }
}
