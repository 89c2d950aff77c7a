//! 熟客路由: the agent whom the customer knows, when that is sensible (C39, C40).

use std::time::Duration;

use super::acd::Acd;
use super::caller::Caller;
use super::places::A;
use crate::agent::Next;
use crate::domain::{AgentState, CustomerId, MemberNumber, PhoneNumber, Timestamp};

/// By what a customer is known again: member number, then the phone they keyed, then the one they call from.
/// The same person at the office phone is the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Customer(CustomerId),
    Member(MemberNumber),
    Phone(PhoneNumber),
}

impl Key {
    /// The best key there is; numbers that stand for somebody else tomorrow are none.
    #[must_use]
    pub fn of(
        customer: Option<&CustomerId>,
        member: Option<&MemberNumber>,
        keyed: Option<&PhoneNumber>,
        caller: Option<&PhoneNumber>,
    ) -> Option<Self> {
        let phone = || [keyed, caller].into_iter().flatten().find(|phone| !phone.is_virtual()).cloned().map(Self::Phone);
        customer.cloned().map(Self::Customer).or_else(|| member.cloned().map(Self::Member)).or_else(phone)
    }
}

/// What sticky routing says about a caller for whom some agents are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Advice {
    /// This one, with the reason.
    Take(A, String),
    /// Wait for this one.
    Wait(A, String),
    /// One of these by the queue's strategy; with what there was to say about known agents.
    Any(Vec<A>, String),
}

impl Acd {
    pub(super) fn advice(&self, caller: &Caller, candidates: &[A]) -> Advice {
        let mut said: Vec<String> = Vec::new();
        let known = self.known_agents(caller);
        for (agent, what) in &known {
            if candidates.contains(agent) {
                return Advice::Take(*agent, format!("{what} is ready"));
            }
        }
        for (agent, what) in &known {
            match self.waits_for(caller, *agent) {
                Ok(why) => return Advice::Wait(*agent, format!("{what} is {why}")),
                Err(why) => said.push(format!("{what} ({}) {why}", self.agents[*agent].agent.profile.number)),
            }
        }
        let team = caller
            .facts
            .sticky
            .team
            .clone()
            .or_else(|| known.first().and_then(|(agent, _)| self.agents[*agent].agent.profile.team.clone()));
        if let Some(team) = team.filter(|_| self.settings.sticky) {
            let mates: Vec<A> =
                candidates.iter().copied().filter(|agent| self.agents[*agent].agent.profile.team.as_deref() == Some(&*team)).collect();
            if !mates.is_empty() {
                said.push(format!("team {team}"));
                return Advice::Any(mates, said.join(", "));
            }
        }
        Advice::Any(candidates.to_vec(), said.join(", "))
    }

    /// Agents whom this caller knows, in order, as far as they may have the call.
    fn known_agents(&self, caller: &Caller) -> Vec<(A, &'static str)> {
        let sticky = &caller.facts.sticky;
        let first = caller.first.map(|agent| (agent, "the agent of before"));
        let mut known: Vec<(A, &'static str)> = first.into_iter().collect();
        if self.settings.sticky {
            let days = Duration::from_secs(u64::from(self.settings.sticky_days) * 86_400);
            let oldest = Timestamp::from(self.now.wall).before(days);
            let last = sticky.last.as_ref().filter(|(_, at)| *at >= oldest).map(|(user, _)| (user, "the last agent"));
            for (user, what) in sticky.owner.as_ref().map(|user| (user, "the owner")).into_iter().chain(last) {
                if let Some(agent) = self.by_user.get(user).copied().filter(|agent| known.iter().all(|(other, _)| other != agent)) {
                    known.push((agent, what));
                }
            }
        }
        known.retain(|(agent, _)| self.may_ever_have(caller, *agent));
        known
    }

    /// Whether it is worth waiting for this agent, and why or why not.
    fn waits_for(&self, caller: &Caller, agent: A) -> Result<String, &'static str> {
        let here = &self.agents[agent].agent;
        if let AgentState::SignedOut = here.state() {
            return Err("is signed off");
        }
        if *here.next() != Next::Ready || !here.is_connected() {
            return Err("is not ready after the present call");
        }
        let mean = self.mean(caller.queue);
        if !here.is_soon_free(self.now.instant, mean) {
            return Err(match here.state() {
                AgentState::Break { .. } => "is on a break",
                AgentState::Talking { .. } | AgentState::Hold { .. } | AgentState::Outbound { .. } => "is in a long call",
                _ => "is not about to be free",
            });
        }
        if caller.not_now.iter().any(|(other, _)| *other == agent) {
            return Err("did not take the call");
        }
        match caller.hold_until {
            Some(until) if until <= self.now.instant => Err("was not free in time"),
            _ if matches!(here.state(), AgentState::WrapUp { .. }) => Ok("in wrap-up".into()),
            _ => Ok("in a short call".into()),
        }
    }
}
