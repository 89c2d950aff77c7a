//! Once a second: what agents are doing is held against the legs that really live, and put right (I2, C54).

use std::collections::HashMap;

use super::acd::Acd;
use super::caller::Phase;
use super::io::{AcdOutput, LegState, LiveLeg};
use super::places::A;
use crate::domain::AgentState;

impl Acd {
    pub(super) fn reconcile(&mut self, legs: &[LiveLeg]) {
        let mut real: HashMap<A, Vec<(u64, LegState)>> = HashMap::new();
        for leg in legs {
            if let Some(agent) = self.signed_on(&leg.agent) {
                real.entry(agent).or_default().push((leg.call, leg.state));
            } else if leg.state == LegState::Ringing {
                self.put(AcdOutput::Withdraw { call: leg.call, agent: leg.agent.clone(), why: "signed_out" });
            }
        }
        for agent in 0..self.agents.len() {
            if self.agents[agent].agent.is_signed_on() {
                let legs = real.remove(&agent).unwrap_or_default();
                self.put_right(agent, &legs);
            }
        }
        self.lost_callers();
    }

    fn put_right(&mut self, agent: A, legs: &[(u64, LegState)]) {
        let state = self.agents[agent].agent.state().clone();
        let now = self.now;
        let mine = state.call().and_then(|call| legs.iter().find(|leg| leg.0 == call));
        match (&state, mine) {
            (AgentState::Ringing { call, .. }, None) => {
                let call = *call;
                self.note(agent, "rang without a leg: not ready until the phone works");
                let user = self.user(agent);
                self.offer_failed(call, &user, "no_leg");
            }
            (AgentState::Talking { call } | AgentState::Hold { call } | AgentState::Outbound { call }, None) => {
                let call = *call;
                self.note(agent, "was in a call without a leg: to wrap-up");
                let user = self.user(agent);
                self.agent_left(call, &user, true);
            }
            (AgentState::Talking { call }, Some((_, LegState::Held))) => {
                self.agents[agent].agent.holds(now, *call);
                self.agent_changed(agent);
            }
            (AgentState::Hold { call }, Some((_, LegState::Talking))) => {
                self.agents[agent].agent.resumes(now, *call);
                self.agent_changed(agent);
            }
            (AgentState::Ready | AgentState::Break { .. } | AgentState::NotResponding | AgentState::NotReady { .. }, _) => {
                if let Some((call, _)) = legs.iter().find(|leg| leg.1 != LegState::Ringing) {
                    self.note(agent, "has a live call and did not show it: on the call");
                    let user = self.user(agent);
                    self.in_call(*call, &user);
                }
            }
            _ => {}
        }
        // A phone that rings for nothing stops.
        let after = self.agents[agent].agent.state().call();
        for (call, _) in legs.iter().filter(|leg| leg.1 == LegState::Ringing && Some(leg.0) != after) {
            let user = self.user(agent);
            self.put(AcdOutput::Withdraw { call: *call, agent: user, why: "failed" });
        }
    }

    /// Callers who are said to be with an agent who is not in their call are with nobody.
    fn lost_callers(&mut self) {
        let lost: Vec<u64> = self
            .callers
            .iter()
            .filter(|(call, caller)| match caller.phase {
                Phase::With(agent) => {
                    let here = &self.agents[agent].agent;
                    !here.is_in_call() || here.state().call() != Some(**call)
                }
                _ => false,
            })
            .map(|(call, _)| *call)
            .collect();
        for call in lost {
            if let Some(caller) = self.callers.get_mut(&call) {
                caller.phase = Phase::Away;
            }
        }
    }

    fn note(&mut self, agent: A, line: &str) {
        let user = self.user(agent);
        self.put(AcdOutput::Log { agent: user, line: line.to_owned() });
    }
}
