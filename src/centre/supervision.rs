//! What a supervisor may do: listen, whisper, speak, take over; send somebody on a break or home; change the order of callers.

use super::Centre;
use crate::call::conversation::{Part, Watching};
use crate::command::{Refusal, Supervision};
use crate::domain::{Break, QueueId, Role, UserId};
use crate::event::What;
use crate::machine::{Machine, Now};
use crate::queue::AcdInput;

/// Supervisors in one call at most.
const MOST_WATCHERS: usize = 4;

/// Whether this role may act on other people's calls and states.
pub(super) const fn supervises(role: Role) -> Result<(), Refusal> {
    match role {
        Role::Supervisor | Role::Manager | Role::Administrator => Ok(()),
        Role::Agent | Role::Dispatcher | Role::Branch => Err(Refusal::NotAllowed),
    }
}

impl Centre {
    pub(super) fn supervise(&mut self, now: Now, by: &UserId, agent: &UserId, how: Supervision) -> Result<(), Refusal> {
        if by == agent {
            return Err(Refusal::WrongState);
        }
        let call = self.floor.talks.values().find(|talk| talk.is_of(agent)).map(|talk| talk.call).ok_or(Refusal::NoCall)?;
        let leg = self.floor.voice(by).ok_or(Refusal::NoMedia)?;
        if self.floor.call_of(by).is_some() {
            return Err(Refusal::WrongState);
        }
        let elsewhere = self.floor.talks.values().any(|talk| talk.call != call && talk.watchers.iter().any(|w| w.who.user == *by));
        if elsewhere {
            self.stop_watching(now, by);
        }
        let who = self.floor.colleague(by);
        self.explain(now, call, format!("supervisor {}: {}", who.name, how.name()));
        if how == Supervision::TakeOver {
            return self.take_over(now, call, agent, by);
        }
        let at = self.time_in(now, call);
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::CallerGone) };
        let places = talk.watchers.len();
        match talk.watchers.iter_mut().find(|watching| watching.who.user == *by) {
            Some(watching) => watching.how = how,
            None if places >= MOST_WATCHERS => return Err(Refusal::Limit),
            None => talk.watchers.push(Watching { who: who.clone(), leg, how, muted: false, since: at }),
        }
        self.rebridge(now, call);
        self.publish(now, What::Supervised { to: agent.clone(), by: who.name, how: Some(how) });
        Ok(())
    }

    /// The supervisor has the caller from now on; the agent sums up.
    fn take_over(&mut self, now: Now, call: u64, agent: &UserId, by: &UserId) -> Result<(), Refusal> {
        let leg = self.floor.voice(by).ok_or(Refusal::NoMedia)?;
        if self.floor.talks.get(&call).is_some_and(|talk| talk.advice) {
            // The caller is not theirs to be taken.
            return Err(Refusal::WrongState);
        }
        self.end_consult(now, call, true);
        let who = self.floor.colleague(by);
        self.part_over(now, call, agent, "taken_over");
        let at = self.time_in(now, call);
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::CallerGone) };
        talk.watchers.retain(|watching| watching.who.user != *by);
        talk.lost = None;
        talk.agent =
            Some(Part { who: who.clone(), leg, since: at, began: "take_over", muted: false, held: false, held_since: None, held_ms: 0 });
        if !talk.spoke.contains(by) {
            talk.spoke.push(by.clone());
        }
        self.keep_part_begun(call);
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: true });
        self.floor.acd.handle(now, AcdInput::InCall { call, agent: by.clone() });
        self.publish(now, What::Supervised { to: agent.clone(), by: who.name, how: Some(Supervision::TakeOver) });
        self.after_call(now, agent);
        self.free_line(now, agent);
        Ok(())
    }

    pub(super) fn stop_watching(&mut self, now: Now, by: &UserId) {
        let calls: Vec<u64> = self
            .floor
            .talks
            .values()
            .filter(|talk| talk.watchers.iter().any(|watching| watching.who.user == *by))
            .map(|talk| talk.call)
            .collect();
        for call in calls {
            let Some(talk) = self.floor.talks.get_mut(&call) else { continue };
            let Some(place) = talk.watchers.iter().position(|watching| watching.who.user == *by) else { continue };
            let watching = talk.watchers.remove(place);
            self.rebridge(now, call);
            self.explain(now, call, format!("supervisor {} has left", watching.who.name));
            self.watching_over(now, call, &watching);
            if let Some(agent) = self.floor.talks.get(&call).and_then(|talk| talk.agent.as_ref()).map(|part| part.who.user.clone()) {
                self.publish(now, What::Supervised { to: agent, by: watching.who.name, how: None });
            }
        }
    }

    pub(super) fn force_break(&mut self, now: Now, by: &UserId, agent: &UserId, reason: Break) -> Result<(), Refusal> {
        if !self.is_break(&reason) {
            return Err(Refusal::NoTarget);
        }
        let input = AcdInput::ForceBreak { agent: agent.clone(), reason };
        self.on_agent(now, by, agent, input, "sends on a break")
    }

    /// Whether the settings know this break.
    pub(super) fn is_break(&self, reason: &Break) -> bool {
        self.floor.acd.settings().breaks.iter().any(|(known, _)| *known == reason.0)
    }

    pub(super) fn force_sign_out(&mut self, now: Now, by: &UserId, agent: &UserId, reason: String) -> Result<(), Refusal> {
        let input = AcdInput::ForceSignOut { agent: agent.clone(), reason };
        self.on_agent(now, by, agent, input, "signs out")?;
        self.settle(now);
        if self.floor.call_of(agent).is_none() && self.floor.acd.on_duty(agent).is_none() {
            self.leave_desk(now, agent);
        }
        Ok(())
    }

    fn on_agent(&mut self, now: Now, by: &UserId, agent: &UserId, input: AcdInput, what: &str) -> Result<(), Refusal> {
        if self.floor.acd.on_duty(agent).is_none() {
            return Err(Refusal::NoTarget);
        }
        self.floor.acd.check(&input)?;
        let (by, who) = (self.floor.colleague(by), self.floor.colleague(agent));
        self.out.push_back(super::Output::Floor { who: who.number, line: format!("{} {what} {}", by.name, who.name) });
        self.floor.acd.handle(now, input);
        Ok(())
    }

    pub(super) fn prefer(&mut self, now: Now, by: &UserId, call: u64) -> Result<(), Refusal> {
        self.on_caller(now, by, call, AcdInput::Prefer { call }, "puts the caller first")
    }

    pub(super) fn move_to_queue(&mut self, now: Now, by: &UserId, call: u64, queue: QueueId) -> Result<(), Refusal> {
        if !self.floor.acd.settings().queues.iter().any(|known| known.id == queue) {
            return Err(Refusal::NoTarget);
        }
        let what = format!("moves the caller to {queue}");
        self.on_caller(now, by, call, AcdInput::Move { call, queue }, &what)
    }

    fn on_caller(&mut self, now: Now, by: &UserId, call: u64, input: AcdInput, what: &str) -> Result<(), Refusal> {
        if self.floor.acd.waits_in(call).is_none() {
            return Err(if call <= self.newest_call { Refusal::CallerGone } else { Refusal::NoCall });
        }
        self.floor.acd.check(&input)?;
        let by = self.floor.colleague(by).name;
        self.explain(now, call, format!("{by} {what}"));
        self.floor.acd.handle(now, input);
        Ok(())
    }
}
