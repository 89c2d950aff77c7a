//! Agents at other nodes: a caller whose agent is signed on there, or for whom nobody is free here but somebody there, is sent
//! to that node by ordinary SIP. Until it has taken them, they keep their place here.

use std::net::SocketAddr;
use std::time::Duration;

use super::Centre;
use super::floor::{Alarm, Bound, Elsewhere, For};
use crate::call::handover::{HEADER, Handover};
use crate::call::session::SessionInput;
use crate::domain::{AgentState, End, Leaving, Party, QueueId, QueueOutcome, QueueReason, QueueWish, Reason, StepKind, Timestamp, UserId};
use crate::machine::{Machine, Now};
use crate::media::order::{LegId, MediaOrder};
use crate::queue::AcdInput;
use crate::sip::event::{DialogId, Flow, PlaceCall, SipCommand, Transport};

/// The line that calls from other nodes come by.
pub const LINE: &str = "node";
/// A node that lives answers at once; after this the caller joins the line here while it is still asked.
const PATIENCE: Duration = Duration::from_millis(1500);
/// An agent there is not counted on for another caller before we must have heard of it.
const PROMISED: Duration = Duration::from_secs(3);
/// A node that did not take a caller is not asked again before this.
const SHUT: Duration = Duration::from_secs(10);

impl Centre {
    /// Whoever waits here for want of somebody at another node is sent there, in the order of their coming.
    pub(super) fn elsewhere_is(&mut self, now: Now) {
        self.floor.others.promised.retain(|_, until| *until > now.instant);
        self.floor.others.shut.retain(|_, until| *until > now.instant);
        if self.floor.others.agents.is_empty() {
            return;
        }
        let waits = |talk: &&crate::call::conversation::Conversation| {
            talk.visit.as_ref().is_some_and(|visit| !visit.is_callback)
                && talk.agent.is_none()
                && talk.rung.is_empty()
                && talk.outside.is_none()
        };
        let mut waiting: Vec<(Option<Timestamp>, u64)> =
            self.floor.talks.values().filter(waits).map(|talk| (talk.joined_at, talk.call)).collect();
        waiting.sort_unstable();
        for (_, call) in waiting {
            self.send_elsewhere(now, call, None);
        }
    }

    /// Asks another node to take this caller, when that is better than waiting here. `wish`: they are not in the line yet.
    pub(super) fn send_elsewhere(&mut self, now: Now, call: u64, wish: Option<&QueueWish>) -> bool {
        if self.floor.others.agents.is_empty() || self.draining || self.floor.others.bound.contains_key(&call) {
            return false;
        }
        // Whom another node has sent stays here, or they would be sent back and forth.
        if self.calls.get(&call).is_none_or(|session| session.record().trunk == LINE || !session.is_talking()) {
            return false;
        }
        let queue = wish.and_then(|wish| wish.queue.clone());
        let Some((to, why)) = self.better_elsewhere(now, call, queue) else { return false };
        let Some(line) = self.open_line(now, For::Node { call }) else { return false };
        self.explain(now, call, format!("{why} at node {}: the caller is sent there", to.node));
        self.floor.others.promised.insert(to.agent, now.instant + PROMISED);
        let wish = wish.cloned().map(Box::new);
        self.floor.others.bound.insert(call, Bound { line, node: to.node, address: to.sip, wish });
        self.floor.alarm(now.instant + PATIENCE, Alarm::Bound(call));
        true
    }

    /// Who at another node should have this caller, and why.
    fn better_elsewhere(&self, now: Now, call: u64, queue: Option<QueueId>) -> Option<(Elsewhere, &'static str)> {
        let talk = self.floor.talks.get(&call)?;
        let (pop, settings, others) = (&talk.pop, self.floor.acd.settings(), &self.floor.others);
        let open = |agent: &&Elsewhere| !others.shut.contains_key(&agent.node) && !pop.never.contains(&agent.agent);
        if settings.sticky {
            let oldest = Timestamp::from(now.wall).before(Duration::from_secs(u64::from(settings.sticky_days) * 86_400));
            let last = pop.last_agent.as_ref().filter(|last| last.at >= oldest).map(|last| (&last.agent, "the last agent is"));
            for (user, what) in pop.owner.as_ref().map(|owner| (owner, "the owner is")).into_iter().chain(last) {
                if self.floor.acd.on_duty(user).is_some() {
                    return None;
                }
                let found = others.agents.iter().filter(open).find(|agent| agent.agent == *user && (agent.is_free || agent.is_soon_free));
                if let Some(found) = found {
                    return Some((found.clone(), what));
                }
            }
        }
        let queue = queue.or_else(|| talk.visit.as_ref().map(|visit| visit.queue.clone()));
        let queue = queue.or_else(|| settings.queues.first().map(|queue| queue.id.clone()))?;
        if self.floor.acd.agents().any(|agent| agent.state == AgentState::Ready && agent.queues.contains(&queue)) {
            return None;
        }
        let free = |agent: &&Elsewhere| agent.is_free && agent.queues.contains(&queue) && !others.promised.contains_key(&agent.agent);
        let longest = others.agents.iter().filter(open).filter(free).min_by_key(|agent| agent.since)?;
        Some((longest.clone(), "nobody is free here, but somebody"))
    }

    /// The port of the line is open: the other node is called.
    pub(super) fn ring_node(&mut self, id: u64, call: u64, sdp: String) -> Option<SipCommand> {
        let bound = self.floor.others.bound.get(&call).filter(|bound| bound.line == id)?;
        self.tell_node(id, call, bound.address, bound.wish.as_deref(), None, sdp)
    }

    /// A call to another node about this caller, with what it needs for the card; `to`: for this agent there alone.
    pub(super) fn tell_node(
        &self,
        id: u64,
        call: u64,
        address: SocketAddr,
        wish: Option<&QueueWish>,
        to: Option<&UserId>,
        sdp: String,
    ) -> Option<SipCommand> {
        let (session, talk) = (self.calls.get(&call)?, self.floor.talks.get(&call)?);
        let record = session.record();
        let path = session.steps().iter().filter_map(|step| match &step.kind {
            StepKind::Node(node) => Some(node.clone()),
            _ => None,
        });
        let wished = wish.map(|wish| (wish.queue.clone(), wish.reason));
        let (queue, reason) = wished.unwrap_or_else(|| {
            let queue = talk.visit.as_ref().map(|visit| visit.queue.clone()).or_else(|| talk.queue.clone());
            (queue, QueueReason::from_name(&talk.reason).unwrap_or_default())
        });
        let (from, note) = talk.from.clone().unwrap_or_default();
        let told = Handover {
            node: self.limits.node.clone(),
            call: record.id.clone(),
            language: session.language(),
            reason,
            queue,
            customer: talk.pop.customer.clone().or_else(|| record.customer.clone()),
            keyed: talk.keyed.clone(),
            path: path.collect(),
            to: to.cloned(),
            advice: to.is_some() && talk.consult.as_ref().is_some_and(|consult| consult.line == Some(id)),
            from,
            note,
            notes: talk.notes.clone(),
        };
        let flow = Flow { transport: Transport::Udp, socket: 0, local: self.limits.sip, peer: address, connection: 0 };
        Some(SipCommand::Place(Box::new(PlaceCall {
            dialog: DialogId(id),
            flow,
            to: format!("sip:{}@{address}", record.dialled),
            from_user: record.caller.as_ref().map_or_else(|| "anonymous".to_owned(), |caller| caller.reveal().to_owned()),
            headers: vec![format!("{HEADER}: {}", told.text())],
            sdp: Some(sdp),
            credentials: None,
        })))
    }

    /// The other node has not answered soon: the caller waits here meanwhile.
    pub(super) fn bound_late(&mut self, now: Now, call: u64) {
        let wish = self.floor.others.bound.get_mut(&call).and_then(|bound| bound.wish.take());
        if let Some(wish) = wish {
            self.join_here(now, call, &wish);
        }
    }

    /// The caller is at the other node from now on; here their sound only passes through.
    pub(super) fn at_other_node(&mut self, now: Now, call: u64, leg: LegId) {
        let Some(bound) = self.floor.others.bound.remove(&call) else { return self.hang_up_line(now, leg.0) };
        let taken = self.floor.talks.get(&call).is_none_or(|talk| talk.agent.is_some() || !talk.rung.is_empty());
        if taken {
            return self.hang_up_line(now, leg.0);
        }
        if bound.wish.is_none() {
            self.visit_ends(now, call, QueueOutcome::Moved, None);
            self.floor.acd.handle(now, AcdInput::Leave { call, why: Leaving::Menu });
        }
        self.explain(now, call, format!("node {} has the caller", bound.node));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.outside = Some((leg, format!("node {}", bound.node)));
            talk.forget_music();
        }
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::WithAgent(true)));
        self.rebridge(now, call);
    }

    /// The other node did not take the caller, or is done with them.
    pub(super) fn other_node_gone(&mut self, now: Now, id: u64, call: u64) {
        let with_them = self.floor.talks.get(&call).is_some_and(|talk| talk.outside.as_ref().is_some_and(|(leg, _)| leg.0 == id));
        if with_them {
            if let Some(talk) = self.floor.talks.get_mut(&call) {
                talk.outside = None;
            }
            let end = End { by: Party::Agent, reason: Reason::Finished };
            return self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
        }
        if self.floor.others.bound.get(&call).is_none_or(|bound| bound.line != id) {
            return;
        }
        let Some(bound) = self.floor.others.bound.remove(&call) else { return };
        self.explain(now, call, format!("node {} did not take the caller, who waits here", bound.node));
        self.floor.others.shut.insert(bound.node, now.instant + SHUT);
        if let Some(wish) = bound.wish {
            self.join_here(now, call, &wish);
        }
    }

    /// The caller does not wait any more: no other node is asked for them.
    pub(super) fn not_bound(&mut self, now: Now, call: u64) {
        if let Some(bound) = self.floor.others.bound.remove(&call) {
            self.hang_up_line(now, bound.line);
        }
    }

    /// A key of a caller who is at another node: it is pressed there.
    pub(super) fn key_for_other_node(&mut self, call: u64, key: char) {
        let leg = self.floor.talks.get(&call).and_then(|talk| talk.outside.as_ref()).map(|(leg, _)| *leg);
        if let Some(leg) = leg.filter(|leg| self.floor.lines.get(&leg.0).is_some_and(|(_, what)| matches!(what, For::Node { .. }))) {
            self.out.push_back(super::Output::Media(MediaOrder::SendKeys { leg, keys: key.to_string() }));
        }
    }
}
