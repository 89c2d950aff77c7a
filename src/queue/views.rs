//! What consoles show of queues and agents, and whether a wish makes sense now.

use super::acd::Acd;
use super::caller::Phase;
use super::io::{AcdInput, OfferKind};
use super::places::A;
use crate::command::Refusal;
use crate::domain::{AgentState, QueueId, UserId};
use crate::event::{AgentView, QueueView, QueuesView, WaitingView};
use crate::machine::Now;

impl Acd {
    /// One agent, as consoles draw them; `None` for somebody who was never signed on in this run.
    #[must_use]
    pub fn agent(&self, agent: &UserId) -> Option<AgentView> {
        self.by_user.get(agent).map(|agent| self.agent_view(*agent))
    }

    /// The agent, while signed on.
    #[must_use]
    pub fn on_duty(&self, agent: &UserId) -> Option<AgentView> {
        self.signed_on(agent).map(|agent| self.agent_view(agent))
    }

    /// All agents who are signed on.
    pub fn agents(&self) -> impl Iterator<Item = AgentView> + '_ {
        (0..self.agents.len()).filter(|agent| self.agents[*agent].agent.is_signed_on()).map(|agent| self.agent_view(agent))
    }

    pub(super) fn agent_view(&self, agent: A) -> AgentView {
        let slot = &self.agents[agent];
        slot.agent.view(slot.queues.iter().map(|queue| self.queue_id(*queue)).collect())
    }

    /// The queue in which this call waits (rung or not).
    #[must_use]
    pub fn waits_in(&self, call: u64) -> Option<&QueueId> {
        let caller = self.callers.get(&call).filter(|caller| caller.is_waiting())?;
        Some(&self.queues[caller.queue].settings.id)
    }

    /// For whom this agent is rung, and why.
    #[must_use]
    pub fn offered_to(&self, agent: &UserId) -> Option<(u64, OfferKind)> {
        let slot = &self.agents[*self.by_user.get(agent)?];
        let AgentState::Ringing { call, .. } = *slot.agent.state() else { return None };
        let kind = match slot.consult {
            Some(consult) => OfferKind::Consult { by: self.user(consult.by) },
            None => match self.callers.get(&call) {
                Some(caller) if caller.facts.to.is_some() => OfferKind::Transfer { from: caller.facts.from.clone() },
                _ => OfferKind::Queue,
            },
        };
        Some((call, kind))
    }

    pub(super) fn queues_view(&self, _now: Now) -> QueuesView {
        let queues = self
            .queues
            .iter()
            .filter(|queue| !queue.gone)
            .map(|queue| {
                let live = || queue.line.iter().filter_map(|key| self.callers.get(&key.3)).filter(|caller| caller.is_waiting());
                QueueView {
                    queue: queue.settings.id.clone(),
                    name_zh: queue.settings.name_zh.clone(),
                    name_en: queue.settings.name_en.clone(),
                    waiting: count(live().count()),
                    longest_since: live().map(|caller| caller.since).min().map(|since| self.wall_of(since)),
                    agents: count(queue.signed_on),
                    ready: count(queue.free.len()),
                    offered: queue.counters.offered,
                    answered: queue.counters.answered,
                    answered_in_time: queue.counters.in_time,
                    abandoned: queue.counters.abandoned,
                    abandoned_short: queue.counters.short,
                }
            })
            .collect();
        let mut places = vec![0_u32; self.queues.len()];
        let waiting = self
            .line
            .iter()
            .filter_map(|key| self.callers.get(&key.3))
            .map(|caller| {
                places[caller.queue] += 1;
                let phone = caller.back.as_ref().map(|back| &back.phone).or(caller.facts.caller.as_ref());
                WaitingView {
                    call: caller.facts.call,
                    queue: self.queue_id(caller.queue),
                    caller: phone.map(ToString::to_string),
                    name: caller.facts.name.clone(),
                    level: caller.facts.level.clone(),
                    since: self.wall_of(caller.since),
                    place: places[caller.queue],
                    priority: caller.class(),
                    kept_for: caller.hold.map(|agent| self.user(agent)),
                    is_callback: caller.is_callback,
                }
            })
            .collect();
        QueuesView { queues, waiting }
    }

    /// Whether this input makes sense now; otherwise why not. Wishes of people are checked before they are handed in.
    ///
    /// # Errors
    /// The reason, when `handle` would change nothing of what was meant.
    pub fn check(&self, input: &AcdInput) -> Result<(), Refusal> {
        use AcdInput as In;
        let on = |user: &UserId, refusal| self.signed_on(user).map(|agent| &self.agents[agent]).ok_or(refusal);
        let me = |user| on(user, Refusal::NotSignedOn);
        let other = |user| on(user, Refusal::NoTarget);
        match input {
            In::SignOff { agent } => me(agent).map(drop),
            In::Ready { agent } => {
                let slot = me(agent)?;
                let away = matches!(slot.agent.state(), AgentState::NotReady { why: "no_media" | "no_phone" | "reconnecting" });
                if away && !matches!(slot.agent.seat(), crate::domain::Seat::Outside { .. }) { Err(Refusal::NoMedia) } else { Ok(()) }
            }
            In::Break { agent, reason } => {
                me(agent)?;
                if self.settings.is_break(&reason.0) { Ok(()) } else { Err(Refusal::WrongState) }
            }
            In::ForceBreak { agent, .. } | In::ForceSignOut { agent, .. } => other(agent).map(drop),
            In::ExtendWrapUp { agent } => match me(agent)?.agent.state() {
                AgentState::WrapUp { extended, .. } if *extended < self.settings.wrap_up_extensions => Ok(()),
                AgentState::WrapUp { .. } => Err(Refusal::Limit),
                _ => Err(Refusal::WrongState),
            },
            In::WrapUpSaved { agent, call } => match me(agent)?.agent.state() {
                AgentState::WrapUp { call: mine, .. } if mine == call => Ok(()),
                _ => Err(Refusal::WrongState),
            },
            In::Answered { call, agent } | In::Rejected { call, agent } => {
                let slot = me(agent)?;
                match slot.agent.state() {
                    AgentState::Ringing { call: mine, .. } if mine == call => Ok(()),
                    state if state.call() == Some(*call) => Err(Refusal::WrongState),
                    _ => Err(match self.callers.get(call).map(|caller| &caller.phase) {
                        Some(Phase::With(_) | Phase::Ringing(_)) => Refusal::TakenByAnother,
                        _ => Refusal::CallerGone,
                    }),
                }
            }
            In::Consult { agent, by, .. } => {
                me(by)?;
                let slot = other(agent)?;
                if agent == by {
                    Err(Refusal::NoTarget)
                } else if slot.agent.is_ready() {
                    Ok(())
                } else {
                    Err(Refusal::TargetBusy)
                }
            }
            In::Join(joining) => match &joining.to {
                Some(to) if !other(to)?.agent.is_ready() => Err(Refusal::TargetBusy),
                _ => match &joining.queue {
                    Some(queue) if self.queue_named(queue).is_none() => Err(Refusal::NoTarget),
                    _ => Ok(()),
                },
            },
            In::DialsOut { agent, .. } => {
                let slot = me(agent)?;
                if slot.agent.is_in_call() || matches!(slot.agent.state(), AgentState::Ringing { .. }) {
                    Err(Refusal::WrongState)
                } else if slot.agent.is_connected() {
                    Ok(())
                } else {
                    Err(Refusal::NoMedia)
                }
            }
            In::Prefer { call } | In::Move { call, .. } => {
                if self.callers.get(call).is_none_or(|caller| caller.key.is_none()) {
                    return Err(Refusal::NoCall);
                }
                match input {
                    In::Move { queue, .. } if self.queue_named(queue).is_none() => Err(Refusal::NoTarget),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
