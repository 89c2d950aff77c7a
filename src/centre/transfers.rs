//! Passing a caller on: at once or after a word, to a colleague, a queue or an outside number; whatever fails comes back.

use super::Centre;
use super::floor::For;
use crate::call::conversation::{Advice, Consult, Handing, Part};
use crate::call::handover::{TAKEN, TOGETHER};
use crate::call::session::SessionInput;
use crate::command::{Refusal, Target, TransferMode};
use crate::domain::{AgentState, End, Party, PhoneNumber, QueueId, QueueNews, QueueReason, QueueWish, Reason, UserId};
use crate::event::What;
use crate::machine::{Machine, Now};
use crate::media::order::LegId;
use crate::queue::AcdInput;
use crate::sip::event::{DialogId, SipCommand};

impl Centre {
    pub(super) fn transfer(
        &mut self,
        now: Now,
        agent: &UserId,
        call: u64,
        to: Target,
        mode: TransferMode,
        note: String,
    ) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let Some(talk) = self.floor.talks.get(&call) else { return Err(Refusal::NoCall) };
        if !talk.reached || talk.consult.as_ref().is_some_and(|consult| consult.state != Advice::Failed) {
            return Err(Refusal::WrongState);
        }
        let to = match to {
            Target::Queue(queue) => {
                if !self.floor.acd.settings().queues.iter().any(|known| known.id == queue) {
                    return Err(Refusal::NoTarget);
                }
                // A caller can wait in a queue; an agent who asks for advice wants somebody who is free now.
                if mode == TransferMode::Consult { Target::Agent(self.free_in(&queue, agent, call)?) } else { Target::Queue(queue) }
            }
            to => to,
        };
        match &to {
            Target::Agent(user) => self.may_take(user, agent)?,
            Target::Number(number) => self.may_dial(number)?,
            Target::Queue(_) => {}
        }
        if !note.is_empty() {
            self.put_note(now, agent, call, note.clone())?;
        }
        self.end_consult(now, call, true);
        let across = if let Target::Agent(user) = &to { self.across(user) } else { None };
        if let Some(there) = across {
            return match mode {
                TransferMode::Blind => self.pass_across(now, agent, call, there, note),
                TransferMode::Consult => self.consult_across(now, agent, call, there, note),
            };
        }
        match (mode, to) {
            (TransferMode::Blind, Target::Agent(user)) => self.pass_on(now, agent, call, Some(user), None, note),
            (TransferMode::Blind, Target::Queue(queue)) => self.pass_on(now, agent, call, None, Some(queue), note),
            (TransferMode::Blind, Target::Number(number)) => return self.hand_over(now, agent, call, &number, note),
            (TransferMode::Consult, Target::Agent(user)) => return self.consult_agent(now, agent, call, &user, note),
            (TransferMode::Consult, Target::Number(number)) => return self.consult_number(now, agent, call, &number, note),
            // Chosen above.
            (TransferMode::Consult, Target::Queue(_)) => return Err(Refusal::WrongState),
        }
        Ok(())
    }

    /// The agent in this queue who has been free longest, at this node if there is one.
    fn free_in(&self, queue: &QueueId, by: &UserId, call: u64) -> Result<UserId, Refusal> {
        let never = self.floor.talks.get(&call).map(|talk| &talk.pop.never);
        let free = self.floor.acd.agents().filter(|view| {
            view.state == AgentState::Ready
                && view.user != *by
                && view.queues.contains(queue)
                && never.is_none_or(|never| !never.contains(&view.user))
        });
        let here = free.min_by_key(|view| view.since).map(|view| view.user);
        let there = self.floor.others.agents.iter().filter(|agent| {
            agent.is_free && agent.queues.contains(queue) && never.is_none_or(|never| !never.contains(&agent.agent)) && agent.agent != *by
        });
        here.or_else(|| there.min_by_key(|agent| agent.since).map(|agent| agent.agent.clone())).ok_or(Refusal::TargetBusy)
    }

    /// A desk phone's own transfer key: to a colleague's number, a queue, or an outside number; or to whom its second call is with.
    pub(super) fn referred(&mut self, now: Now, dialog: DialogId, to: &str, replaces: Option<DialogId>) {
        let what = self.floor.lines.get(&dialog.0).map(|(_, what)| what.clone());
        self.floor.referring = Some(dialog.0);
        let done = match (what, replaces) {
            (Some(For::Seat { agent, call, .. } | For::Own { agent, call, .. }), None) => {
                let target = self.target(to).ok_or(Refusal::NoTarget);
                target.and_then(|to| self.transfer(now, &agent, call, to, TransferMode::Blind, String::new()))
            }
            (Some(For::Seat { agent, call, .. } | For::Own { agent, call, .. }), Some(second)) => {
                self.join_calls(now, &agent, call, second.0)
            }
            // Some phones say it in their second call, about the first.
            (Some(For::Second { agent, call, .. }), Some(_)) => self.join_calls(now, &agent, call, dialog.0),
            _ => Err(Refusal::WrongState),
        };
        // Where the phone's call has ended with it, it was told before.
        if self.floor.referring.take().is_none() {
            return;
        }
        let status = match done {
            Ok(()) => 200,
            Err(Refusal::TargetBusy) => 486,
            Err(Refusal::NoTarget) => 404,
            Err(_) => 603,
        };
        self.command(now, SipCommand::ReferProgress { dialog, status });
    }

    /// Whom digits on a phone's keypad mean.
    pub(super) fn target(&self, to: &str) -> Option<Target> {
        if let Some(person) = self.floor.people.values().find(|person| !person.number.is_empty() && person.number == to) {
            return Some(Target::Agent(person.user.clone()));
        }
        if let Some(queue) = self.floor.acd.settings().queues.iter().find(|queue| queue.id.as_str() == to) {
            return Some(Target::Queue(queue.id.clone()));
        }
        PhoneNumber::parse(to).map(Target::Number)
    }

    /// Whether this colleague can be rung now.
    fn may_take(&self, user: &UserId, by: &UserId) -> Result<(), Refusal> {
        if user == by {
            return Err(Refusal::NoTarget);
        }
        match self.floor.acd.on_duty(user) {
            None => self.may_take_across(user),
            Some(view) if view.state == AgentState::Ready => Ok(()),
            Some(_) => Err(Refusal::TargetBusy),
        }
    }

    /// The caller waits again, for this colleague or in this queue; the agent sums up.
    fn pass_on(&mut self, now: Now, agent: &UserId, call: u64, to: Option<UserId>, queue: Option<QueueId>, note: String) {
        let from = self.floor.colleague(agent);
        let whom = to.as_ref().map(|user| self.floor.colleague(user).name).or(queue.as_ref().map(ToString::to_string));
        self.explain(now, call, format!("{} passes the caller on to {}", from.name, whom.unwrap_or_default()));
        self.leave_call(now, call, agent, "transferred");
        self.wait_again(now, call);
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((from.name, note));
            talk.reason = QueueReason::Transfer.name().to_owned();
        }
        let queue = queue.or_else(|| self.floor.talks.get(&call).and_then(|talk| talk.queue.clone()));
        let mut joining = self.joining(call, queue, QueueReason::Transfer, &QueueWish::default());
        joining.from = Some(agent.clone());
        joining.to = to;
        self.join_with(now, joining);
        self.after_call(now, agent);
    }

    /// The caller has nobody any more and waits: music, by the dialogue if there is one.
    pub(super) fn wait_again(&mut self, now: Now, call: u64) {
        self.with_call(now, call, |session, env| {
            session.handle(env, now, SessionInput::WithAgent(false));
            session.handle(env, now, SessionInput::Queue(QueueNews::WaitingAgain));
        });
    }

    /// The agent has no part in the call any more; the caller is still there.
    pub(super) fn leave_call(&mut self, now: Now, call: u64, agent: &UserId, how: &'static str) {
        self.part_over(now, call, agent, how);
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.agent = None;
            talk.lost = None;
            talk.forget_music();
        }
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: true });
    }

    // ── an outside number ────────────────────────────────────────────────────────────────────────

    fn hand_over(&mut self, now: Now, agent: &UserId, call: u64, number: &PhoneNumber, note: String) -> Result<(), Refusal> {
        let Some(line) = self.open_line(now, For::Hand { call }) else { return Err(Refusal::Unavailable) };
        self.numbers.insert(line, number.clone());
        let by = self.floor.colleague(agent);
        self.explain(now, call, format!("{} passes the caller on to {number}", by.name));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((by.name.clone(), note));
            talk.handing = Some(Handing { line, name: number.to_string(), by });
        }
        self.leave_call(now, call, agent, "transferred");
        self.after_call(now, agent);
        Ok(())
    }

    /// The outside number has answered: the caller is with them.
    pub(super) fn handed_over(&mut self, now: Now, call: u64, leg: LegId) {
        if let Some(talk) = self.floor.talks.get_mut(&call)
            && let Some(handing) = talk.handing.take()
        {
            talk.outside = Some((leg, handing.name));
            self.rebridge(now, call);
        }
    }

    /// The outside number did not take the caller, or has hung up.
    pub(super) fn handing_gone(&mut self, now: Now, call: u64) {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        if talk.outside.take().is_some() {
            let end = End { by: Party::Agent, reason: Reason::Finished };
            return self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
        }
        let Some(handing) = talk.handing.take() else { return };
        talk.forget_music();
        self.explain(now, call, format!("{} does not answer: back to {}", handing.name, handing.by.name));
        self.wait_again(now, call);
        let queue = self.floor.talks.get(&call).and_then(|talk| talk.queue.clone());
        let mut joining = self.joining(call, queue, QueueReason::Transfer, &QueueWish::default());
        joining.to = Some(handing.by.user);
        self.join_with(now, joining);
    }

    // ── after a word with the other side ─────────────────────────────────────────────────────────

    fn consult_agent(&mut self, now: Now, agent: &UserId, call: u64, user: &UserId, note: String) -> Result<(), Refusal> {
        let input = AcdInput::Consult { call, agent: user.clone(), by: agent.clone() };
        self.floor.acd.check(&input)?;
        let (who, by) = (self.floor.colleague(user), self.floor.colleague(agent));
        self.begin_consult(now, agent, call, Some(who.clone()), who.name, None);
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((by.name, note));
        }
        self.floor.acd.handle(now, input);
        Ok(())
    }

    fn consult_number(&mut self, now: Now, agent: &UserId, call: u64, number: &PhoneNumber, note: String) -> Result<(), Refusal> {
        let Some(line) = self.open_line(now, For::Consult { call }) else { return Err(Refusal::Unavailable) };
        self.numbers.insert(line, number.clone());
        let by = self.floor.colleague(agent).name;
        self.begin_consult(now, agent, call, None, number.to_string(), Some(line));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.from = Some((by, note));
        }
        Ok(())
    }

    pub(super) fn begin_consult(
        &mut self,
        now: Now,
        agent: &UserId,
        call: u64,
        who: Option<crate::call::conversation::Colleague>,
        name: String,
        line: Option<u64>,
    ) {
        self.explain(now, call, format!("consults {name}"));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.consult = Some(Consult {
                agent: who,
                name,
                leg: None,
                line,
                by: None,
                state: Advice::Ringing,
                conference: false,
                muted: false,
                since: now.wall.into(),
            });
        }
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::Held { call, agent: agent.clone() });
    }

    /// The consulted side has answered.
    pub(super) fn consulted_up(&mut self, now: Now, call: u64, leg: LegId) {
        let Some(consult) = self.floor.talks.get_mut(&call).and_then(|talk| talk.consult.as_mut()) else { return };
        consult.leg = Some(leg);
        consult.state = Advice::Talking;
        consult.since = now.wall.into();
        let colleague = consult.agent.is_some();
        self.rebridge(now, call);
        if colleague {
            self.beep(leg);
        }
    }

    /// The consulted side did not answer or did not want to: the agent is told, the caller is still on hold.
    pub(super) fn consult_failed(&mut self, now: Now, call: u64, who: Option<&UserId>, why: &str) {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        if let Some(who) = who {
            talk.rung.retain(|rung| rung.who.user != *who);
        }
        let Some(consult) = talk.consult.as_mut() else { return };
        consult.state = Advice::Failed;
        consult.leg = None;
        consult.line = None;
        consult.agent = None;
        let by = consult.by.take();
        let line = format!("{} could not be consulted: {why}", consult.name);
        self.explain(now, call, line);
        self.rebridge(now, call);
        if let Some(second) = by {
            self.hang_up_line(now, second);
        }
    }

    /// The consulted side has hung up, or never answered.
    pub(super) fn consulted_gone(&mut self, now: Now, call: u64) {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        let Some(consult) = talk.consult.as_ref() else { return };
        if consult.state == Advice::Ringing && consult.agent.is_none() {
            return self.consult_failed(now, call, None, "no_answer");
        }
        let (was_conference, by) = (consult.conference, consult.by);
        let colleague = consult.agent.as_ref().map(|who| who.user.clone());
        talk.consult = None;
        if !was_conference && let Some(part) = &mut talk.agent {
            // The caller hears music until the agent takes them back.
            part.held = true;
            part.held_since.get_or_insert(now.instant);
        }
        self.rebridge(now, call);
        if let Some(second) = by {
            self.hang_up_line(now, second);
        }
        if let Some(agent) = colleague {
            self.publish(now, What::Withdrawn { to: agent.clone(), call, why: "left" });
            self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: false });
            self.free_line(now, &agent);
        }
    }

    /// Ends a consultation, if there is one; the agent is back with the caller.
    pub(super) fn end_consult(&mut self, now: Now, call: u64, withdraw: bool) {
        let Some(consult) = self.floor.talks.get_mut(&call).and_then(|talk| talk.consult.take()) else { return };
        for line in [consult.line, consult.by].into_iter().flatten() {
            self.hang_up_line(now, line);
        }
        if let Some(who) = consult.agent.filter(|_| withdraw || consult.state != Advice::Failed) {
            self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: who.user.clone(), wrap_up: false });
            self.settle_floor(now);
            if let Some(talk) = self.floor.talks.get_mut(&call)
                && talk.rung.iter().any(|rung| rung.who.user == who.user)
            {
                self.withdraw(now, call, &who.user, "cancelled");
            }
            if consult.state == Advice::Talking {
                // It goes on, or ends, without them: their page forgets it.
                self.publish(now, What::Withdrawn { to: who.user.clone(), call, why: "left" });
            }
            self.free_line(now, &who.user);
        }
    }

    /// A colleague's desk phone is done with a call that goes on without them.
    pub(super) fn free_line(&mut self, now: Now, agent: &UserId) {
        if let Some(line) = self.floor.desks.get(agent).and_then(|desk| desk.line) {
            self.hang_up_line(now, line);
        }
    }

    pub(super) fn cancel_consult(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        self.own(agent, call)?;
        if self.floor.talks.get(&call).is_none_or(|talk| talk.consult.is_none()) {
            return Err(Refusal::WrongState);
        }
        self.end_consult(now, call, true);
        if let Some(part) = self.floor.talks.get_mut(&call).and_then(|talk| talk.agent.as_mut()) {
            part.takes_back(now.instant);
        }
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::Resumed { call, agent: agent.clone() });
        Ok(())
    }

    pub(super) fn conference(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::NoCall) };
        let Some(consult) = talk.consult.as_mut().filter(|consult| consult.state == Advice::Talking) else {
            return Err(Refusal::WrongState);
        };
        consult.conference = true;
        let line = consult.line;
        if let Some(part) = &mut talk.agent {
            part.takes_back(now.instant);
        }
        self.explain(now, call, "all three talk");
        self.rebridge(now, call);
        if let Some(line) = line {
            self.tell_across(now, line, TOGETHER);
        }
        self.floor.acd.handle(now, AcdInput::Resumed { call, agent: agent.clone() });
        Ok(())
    }

    /// The agent's telephone is put down. In a consultation that passes the caller, who is on hold, on to whom is asked, also while
    /// they are still rung; otherwise it ends the call.
    pub(super) fn phone_down(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        // Where the consultation is a second call of the phone, that one decides.
        let consult = self.floor.talks.get(&call).filter(|talk| talk.is_of(agent) && !talk.advice).and_then(|talk| talk.consult.as_ref());
        let consult = consult.filter(|consult| consult.by.is_none() && !consult.conference);
        match consult.map(|consult| (consult.state, consult.agent.as_ref(), consult.line)) {
            Some((Advice::Talking, ..)) => self.complete_transfer(now, agent, call),
            Some((Advice::Ringing, Some(who), _)) => {
                let to = Target::Agent(who.user.clone());
                self.rung_for_the_caller(now, agent, call, to)
            }
            Some((Advice::Ringing, None, Some(line))) => {
                self.rung_outside(now, agent, call, line);
                Ok(())
            }
            _ => self.hang_up(now, agent, call),
        }
    }

    /// Whom the agent asks and who has not answered yet is rung for the caller instead.
    pub(super) fn rung_for_the_caller(&mut self, now: Now, agent: &UserId, call: u64, to: Target) -> Result<(), Refusal> {
        self.end_consult(now, call, true);
        self.settle_floor(now);
        self.transfer(now, agent, call, to, TransferMode::Blind, String::new())
    }

    /// The outside number that rings goes on ringing, for the caller.
    fn rung_outside(&mut self, now: Now, agent: &UserId, call: u64, line: u64) {
        let by = self.floor.colleague(agent);
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        let Some(consult) = talk.consult.take() else { return };
        let name = consult.name;
        let words = format!("{} passes the caller on to {name}", by.name);
        talk.handing = Some(Handing { line, name, by });
        if let Some((_, what)) = self.floor.lines.get_mut(&line) {
            *what = For::Hand { call };
        }
        self.explain(now, call, words);
        self.leave_call(now, call, agent, "transferred");
        self.after_call(now, agent);
    }

    /// The consulted side has the caller; the agent sums up.
    pub(super) fn complete_transfer(&mut self, now: Now, agent: &UserId, call: u64) -> Result<(), Refusal> {
        self.own(agent, call)?;
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::NoCall) };
        let Some(consult) = talk.consult.take_if(|consult| consult.state == Advice::Talking) else { return Err(Refusal::WrongState) };
        let Some(leg) = consult.leg else { return Err(Refusal::WrongState) };
        self.part_over(now, call, agent, "transferred");
        self.explain(now, call, format!("the caller is passed on to {}", consult.name));
        if let Some(second) = consult.by {
            self.hang_up_line(now, second);
        }
        let at = self.time_in(now, call);
        let Some(talk) = self.floor.talks.get_mut(&call) else { return Err(Refusal::NoCall) };
        talk.lost = None;
        match &consult.agent {
            Some(who) => {
                talk.agent = Some(Part {
                    who: who.clone(),
                    leg,
                    since: at,
                    began: "consult",
                    muted: consult.muted,
                    held: false,
                    held_since: None,
                    held_ms: 0,
                });
                if !talk.spoke.contains(&who.user) {
                    talk.spoke.push(who.user.clone());
                }
            }
            None => {
                talk.agent = None;
                talk.outside = Some((leg, consult.name.clone()));
                if let Some(line) = consult.line {
                    if let Some((_, what)) = self.floor.lines.get_mut(&line) {
                        *what = For::Hand { call };
                    }
                    self.tell_across(now, line, TAKEN);
                }
            }
        }
        self.keep_part_begun(call);
        self.rebridge(now, call);
        self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: true });
        if let Some(who) = consult.agent {
            self.floor.acd.handle(now, AcdInput::InCall { call, agent: who.user });
        }
        self.after_call(now, agent);
        Ok(())
    }
}
