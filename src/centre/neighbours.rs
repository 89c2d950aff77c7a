//! The other nodes of the house as consoles see them: their agents among ours, their lines beside ours, and whether they are silent.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Centre;
use super::floor::Elsewhere;
use super::io::OtherNode;
use crate::domain::{AgentState, UserId};
use crate::event::{AgentView, What};
use crate::machine::Now;

impl Centre {
    /// The other nodes as they are now: what has changed is shown, and whoever waits here may be sent to them.
    pub(super) fn nodes_are(&mut self, now: Now, nodes: Vec<OtherNode>) {
        self.floor.others.agents = nodes.iter().flat_map(to_be_rung).collect();
        self.show_nodes(now, &nodes);
        self.show_their_agents(now, nodes);
        self.elsewhere_is(now);
    }

    /// Everybody who is signed on at another node and not here.
    pub(super) fn others_signed_on(&self) -> impl Iterator<Item = &AgentView> {
        self.floor.others.shown.values().filter(|agent| self.floor.acd.on_duty(&agent.user).is_none())
    }

    fn show_nodes(&mut self, now: Now, nodes: &[OtherNode]) {
        let views: BTreeMap<_, _> = nodes.iter().map(|node| (node.view.node.clone(), Arc::clone(&node.view))).collect();
        let before = std::mem::replace(&mut self.floor.others.views, views.clone());
        for (name, view) in &views {
            if before.get(name) != Some(view) {
                self.publish(now, What::Node(Arc::clone(view)));
            }
        }
        for node in before.into_keys().filter(|node| !views.contains_key(node)) {
            self.publish(now, What::NodeGone { node });
        }
    }

    /// Somebody who is signed on here is shown as they are here.
    fn show_their_agents(&mut self, now: Now, nodes: Vec<OtherNode>) {
        let there = nodes.into_iter().flat_map(|node| node.agents).filter(|agent| self.floor.acd.on_duty(&agent.user).is_none());
        let there: BTreeMap<UserId, AgentView> = there.map(|agent| (agent.user.clone(), agent)).collect();
        let before = std::mem::replace(&mut self.floor.others.shown, there.clone());
        for (user, agent) in &there {
            if before.get(user) != Some(agent) {
                self.publish(now, What::Agent(agent.clone()));
            }
        }
        for (user, agent) in before {
            if !there.contains_key(&user) && self.floor.acd.on_duty(&user).is_none() {
                self.publish(now, What::Agent(AgentView { state: AgentState::SignedOut, since: now.wall.into(), ..agent }));
            }
        }
    }
}

/// The agents of a node to whom callers can be sent.
fn to_be_rung(node: &OtherNode) -> impl Iterator<Item = Elsewhere> + '_ {
    let agents = node.sip.map(|sip| node.agents.iter().map(move |agent| (sip, agent)));
    agents.into_iter().flatten().map(|(sip, agent)| Elsewhere {
        agent: agent.user.clone(),
        name: agent.name.clone(),
        node: node.view.node.clone(),
        sip,
        is_free: agent.state == AgentState::Ready,
        is_soon_free: matches!(agent.state, AgentState::WrapUp { .. }) && agent.connected,
        since: agent.since,
        queues: agent.queues.clone(),
    })
}
