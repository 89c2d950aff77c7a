//! A caller passed on to an agent at another node, or that agent asked for advice: an ordinary call between the nodes, which the
//! other one answers when its agent does.

use std::time::Duration;

use super::Centre;
use super::floor::{Across, Alarm, Elsewhere, For};
use crate::call::conversation::Handing;
use crate::call::handover::{TAKEN, TOGETHER};
use crate::call::session::{Session, SessionInput};
use crate::command::Refusal;
use crate::domain::{End, Leaving, Party, QueueReason, QueueWish, Reason, UserId};
use crate::event::What;
use crate::machine::{Machine, Now};
use crate::queue::AcdInput;
use crate::sip::event::{DialogId, NODE_NEWS, SipCommand};

/// A node that lives says within this that it rings its agent.
const PATIENCE: Duration = Duration::from_secs(4);
/// An agent there who did not take a caller is not counted on for one who waits here before this.
const TURNED_DOWN: Duration = Duration::from_secs(30);

impl Centre {
    // ── the node that asks ───────────────────────────────────────────────────────────────────────

    /// This colleague, when they are signed on at another node and not here.
    pub(super) fn across(&self, user: &UserId) -> Option<Elsewhere> {
        if self.floor.acd.on_duty(user).is_some() {
            return None;
        }
        self.floor.others.agents.iter().find(|agent| agent.agent == *user).cloned()
    }

    /// Whether somebody who is not signed on here can be rung at another node.
    pub(super) fn may_take_across(&self, user: &UserId) -> Result<(), Refusal> {
        match self.across(user) {
            Some(there) if there.is_free => Ok(()),
            Some(_) => Err(Refusal::TargetBusy),
            // Shown, but no peer of this node, or silent.
            None if self.floor.others.shown.contains_key(user) => Err(Refusal::Unavailable),
            None => Err(Refusal::NoTarget),
        }
    }

    /// The caller goes to this agent's node; who passes them on sums up, and is asked first when it fails.
    pub(super) fn pass_across(&mut self, now: Now, agent: &UserId, call: u64, to: Elsewhere, note: String) -> Result<(), Refusal> {
        let by = self.floor.colleague(agent);
        let (name, node) = (to.name.clone(), to.node.clone());
        let line = self.open_across(now, For::Hand { call }, to)?;
        self.explain(now, call, format!("{} passes the caller on to {name} at node {node}", by.name));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((by.name.clone(), note));
            QueueReason::Transfer.name().clone_into(&mut talk.reason);
            talk.handing = Some(Handing { line, name, by });
        }
        self.leave_call(now, call, agent, "transferred");
        self.after_call(now, agent);
        Ok(())
    }

    /// The agent at the other node is asked for advice while the caller hears music.
    pub(super) fn consult_across(&mut self, now: Now, agent: &UserId, call: u64, to: Elsewhere, note: String) -> Result<(), Refusal> {
        let (by, name) = (self.floor.colleague(agent).name, to.name.clone());
        let line = self.open_across(now, For::Consult { call }, to)?;
        self.begin_consult(now, agent, call, None, name, Some(line));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((by, note));
        }
        Ok(())
    }

    fn open_across(&mut self, now: Now, what: For, to: Elsewhere) -> Result<u64, Refusal> {
        let line = self.open_line(now, what).ok_or(Refusal::Unavailable)?;
        self.floor.others.across.insert(line, Across { to, rings: false, taken: false });
        self.floor.alarm(now.instant + PATIENCE, Alarm::Across(line));
        Ok(line)
    }

    /// The port of such a line is open: the other node is called. None: it is no such line.
    pub(super) fn ring_across(&self, id: u64, call: u64, sdp: &str) -> Option<SipCommand> {
        let to = &self.floor.others.across.get(&id)?.to;
        self.tell_node(id, call, to.sip, None, Some(&to.agent), sdp.to_owned())
    }

    pub(super) fn rings_across(&mut self, id: u64) {
        if let Some(across) = self.floor.others.across.get_mut(&id) {
            across.rings = true;
        }
    }

    pub(super) fn taken_across(&mut self, id: u64) {
        if let Some(across) = self.floor.others.across.get_mut(&id) {
            across.taken = true;
        }
    }

    /// Whom this line asked for advice has the caller now ([`TAKEN`]), or speaks with them, too ([`TOGETHER`]): their node is told.
    pub(super) fn tell_across(&mut self, now: Now, id: u64, news: &'static str) {
        if self.floor.others.across.contains_key(&id) {
            let dialog = DialogId(id);
            self.command(now, SipCommand::Info { dialog, content_type: NODE_NEWS, body: news.into() });
        }
    }

    /// The line is gone: who did not take it is not sent the same caller by the queue in the next moment.
    pub(super) fn across_gone(&mut self, now: Now, id: u64) {
        if let Some(across) = self.floor.others.across.remove(&id).filter(|across| !across.taken) {
            self.floor.others.promised.insert(across.to.agent, now.instant + TURNED_DOWN);
        }
    }

    /// The other node is silent: it is not waited for any longer.
    pub(super) fn across_late(&mut self, now: Now, id: u64) {
        if self.floor.others.across.get(&id).is_some_and(|across| !across.rings) {
            self.hang_up_line(now, id);
        }
    }

    // ── the node that is asked ───────────────────────────────────────────────────────────────────

    /// Whether this call came for one of our agents alone and has not been answered.
    pub(super) fn is_for_one(&self, call: u64) -> bool {
        self.calls.get(&call).is_some_and(|session| session.only_for().is_some() && session.record().answered_at.is_none())
    }

    /// A caller whom another node has for one of our agents: they are rung, nobody else, and the call is answered when they are
    /// there. No visit is kept of it: the caller waits at that node.
    pub(super) fn join_for_one(&mut self, now: Now, call: u64, wish: &QueueWish) {
        let Some(to) = self.calls.get(&call).and_then(Session::only_for).cloned() else { return };
        let mut joining = self.joining(call, wish.queue.clone(), wish.reason, wish);
        joining.to = Some(to);
        joining.met = true;
        joining.advice = self.floor.talks.get(&call).is_some_and(|talk| talk.advice);
        let input = AcdInput::Join(Box::new(joining));
        match self.floor.acd.check(&input) {
            Ok(()) => self.floor.acd.handle(now, input),
            Err(refusal) => self.not_for_one(now, call, &refusal.to_string()),
        }
    }

    /// The agent does not take it: the caller goes back to the node that has them.
    pub(super) fn not_for_one(&mut self, now: Now, call: u64, why: &str) {
        self.explain(now, call, format!("back to the node that sent the call: {why}"));
        let end = End { by: Party::Agent, reason: Reason::NoAgent };
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
    }

    /// What the node that sent this call says of it later; what is unknown is of a later version.
    pub(super) fn node_says(&mut self, now: Now, call: u64, news: &str) {
        match news {
            TAKEN => self.caller_is_ours(now, call),
            TOGETHER => {
                if let Some(talk) = self.floor.talks.get_mut(&call).filter(|talk| talk.advice) {
                    talk.together = true;
                    self.show(now, call);
                }
            }
            _ => {}
        }
    }

    /// The node that asked our agent for advice has passed the caller on to them: they have spoken with the customer, and will sum up.
    fn caller_is_ours(&mut self, now: Now, call: u64) {
        let at = self.time_in(now, call);
        let Some(talk) = self.floor.talks.get_mut(&call).filter(|talk| talk.advice) else { return };
        let Some(part) = &mut talk.agent else { return };
        talk.advice = false;
        (part.since, part.began) = (at, "consult");
        let agent = part.who.user.clone();
        self.explain(now, call, "the caller is passed on to whom was asked for advice");
        self.keep_part_begun(call);
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::InCall { call, agent });
    }

    /// Whoever was only asked for advice is free again, with nothing to sum up.
    pub(super) fn advice_over(&mut self, now: Now, call: u64) {
        let Some(talk) = self.floor.talks.get_mut(&call).filter(|talk| talk.advice) else { return };
        let Some(part) = talk.agent.take() else { return };
        let agent = part.who.user;
        self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: false });
        self.publish(now, What::Withdrawn { to: agent.clone(), call, why: "left" });
        self.free_line(now, &agent);
    }

    /// Such a call is over before its agent took it: nobody gave up waiting here.
    pub(super) fn leave_for_one(&mut self, now: Now, call: u64) {
        if self.is_for_one(call) {
            self.floor.acd.handle(now, AcdInput::Leave { call, why: Leaving::Menu });
        }
    }
}
