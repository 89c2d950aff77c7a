//! What a step of the tree may do and ask: where to go on, what to say, what is known of the caller.

use std::time::Duration;

use super::{Dialogue, Step, Timer, Turn, Wants};
use crate::domain::{CustomerId, DateTime, Language, Phrase, QueueReason, Timestamp};
use crate::ivr::io::{DialogueOutput, Hangup};
use crate::ivr::ordering;
use crate::ivr::question::{Card, Notice, Question};
use crate::ivr::script::NodeId;

impl Dialogue {
    /// Goes on to another step.
    pub(in crate::ivr) fn goto(&mut self, step: Step) {
        self.next = Some(step);
    }

    /// Goes to a script node, remembering the way for `*`.
    pub(in crate::ivr) fn goto_node(&mut self, node: NodeId) {
        if self.way.len() < 16 {
            self.way.push(self.node);
        }
        self.goto(Step::Node(node));
    }

    /// Goes one script node back, or to the main menu.
    pub(in crate::ivr) fn leave_back(&mut self) {
        let back = self.way.pop().filter(|node| *node != self.node).unwrap_or_else(|| self.home());
        self.goto(Step::Node(back));
    }

    /// Goes to the main menu.
    pub(in crate::ivr) fn go_home(&mut self) {
        self.way.clear();
        self.goto(Step::Node(self.home()));
    }

    /// The main menu, or the one of closed hours.
    pub(in crate::ivr) fn home(&self) -> NodeId {
        let closed = self.script.nodes().find_map(|(_, node)| node.closed);
        closed.filter(|_| self.closed()).unwrap_or(self.script.home())
    }

    /// Says something before the next question.
    pub(in crate::ivr) fn tell(&mut self, phrase: Phrase) {
        self.lead.push(phrase);
    }

    /// Says something before the next question that must not be skipped: keys typed ahead are dropped.
    pub(in crate::ivr) fn must_tell(&mut self, phrase: Phrase) {
        self.drop_keys();
        self.lead.push(phrase);
    }

    /// Opens a turn: something is said, then something is expected.
    pub(in crate::ivr) fn ask(&mut self, turn: Turn) {
        self.turn = turn;
        self.fresh = true;
    }

    /// Asks the store. The answer comes to the present step as `Got::Answer`, a late one as `Got::Failed`.
    pub(in crate::ivr) fn question(&mut self, what: Question) -> u32 {
        self.questions += 1;
        self.waiting = Some(self.questions);
        self.timers.start(Timer::Notice, self.now.instant + self.script.settings.answer_notice);
        self.timers.start(Timer::Limit, self.now.instant + self.script.settings.answer_limit);
        self.put(DialogueOutput::Ask { question: self.questions, what });
        self.questions
    }

    pub(in crate::ivr) fn put(&mut self, output: DialogueOutput) {
        self.out.push_back(output);
    }

    pub(in crate::ivr) fn notice(&mut self, notice: Notice) {
        self.put(DialogueOutput::Tell(notice));
    }

    /// A named outcome of the present step (C34).
    pub(in crate::ivr) fn outcome(&mut self, outcome: &str) {
        let node = self.step_name(self.step);
        self.put(DialogueOutput::Outcome { node, outcome: outcome.to_owned() });
    }

    /// Ends the call in an orderly way; the cart is kept.
    pub(in crate::ivr) fn hang_up(&mut self, outcome: Hangup) {
        if self.ended {
            return;
        }
        ordering::keep_cart(self);
        self.ended = true;
        self.stop_everything();
        self.put(DialogueOutput::HangUp { outcome });
    }

    /// Whether the present step was entered before in this call.
    pub(in crate::ivr) fn seen(&self) -> bool {
        self.visited.contains(&self.step)
    }

    pub(in crate::ivr) fn timestamp(&self) -> Timestamp {
        Timestamp::from(self.now.wall)
    }

    /// The restaurant's wall clock.
    pub(in crate::ivr) fn local(&self) -> DateTime {
        self.clock.local(self.timestamp())
    }

    /// Whether no restaurant is open.
    pub(in crate::ivr) fn closed(&self) -> bool {
        !self.catalogue.branches.is_empty() && !self.catalogue.any_open(self.local())
    }

    /// The language that the dialled line sets.
    pub(in crate::ivr) fn line_language(&self) -> Option<Language> {
        self.script.line(&self.line).and_then(|line| line.language)
    }

    /// What is known about the person: nothing when they want to be nobody.
    pub(in crate::ivr) fn personal(&self) -> Option<&Card> {
        if self.me.anonymous { None } else { Some(self.me.card.as_deref().unwrap_or(&self.card)) }
    }

    /// Whether the calling number is on the person's record, so that personal things may be read out (rule 15).
    pub(in crate::ivr) fn trusted(&self) -> bool {
        let Some(caller) = self.caller.as_ref().filter(|caller| !caller.is_virtual()) else { return false };
        match &self.me.member {
            Some(member) => member.phones.contains(caller),
            None => self.me.card.is_none() && self.card.customer.is_some() && !self.me.anonymous,
        }
    }

    /// The customer, as far as known.
    pub(in crate::ivr) fn customer(&self) -> Option<CustomerId> {
        match &self.me.member {
            Some(member) => Some(member.customer.clone()),
            None => self.personal().and_then(|card| card.customer.clone()),
        }
    }

    /// The level that discounts go by.
    pub(in crate::ivr) fn level(&self) -> Option<&str> {
        self.me.member.as_ref().map(|member| member.level.as_str())
    }

    /// A regular caller hears short menus.
    pub(in crate::ivr) fn regular(&self) -> bool {
        self.card.finished_orders >= self.script.settings.short_after
    }

    /// Tells that the store could not answer, and goes to a person.
    pub(in crate::ivr) fn failed(&mut self) {
        self.outcome("system_error");
        self.must_tell(Phrase::plain("gen.sys_error"));
        self.seek(QueueReason::SystemError);
    }

    /// Goes to the queue, for this reason.
    pub(in crate::ivr) fn seek(&mut self, reason: QueueReason) {
        self.queue.reason = reason;
        self.seek_person();
    }

    /// Says nothing and waits for what comes from outside; the news of the last step is kept.
    pub(in crate::ivr) fn rest_with(&mut self, wants: Wants) {
        self.turn = Turn { wants, ..Turn::default() };
        self.fresh = false;
    }

    /// Whether something is to be said before the next question.
    pub(in crate::ivr) fn has_news(&self) -> bool {
        !self.lead.is_empty()
    }

    pub(in crate::ivr) fn notice_after(&mut self, wait: Duration) {
        self.timers.start(Timer::Notice, self.now.instant + wait);
    }

    pub(in crate::ivr) fn limit_after(&mut self, wait: Duration) {
        self.timers.start(Timer::Limit, self.now.instant + wait);
    }

    /// The options are told after so long, unless that time runs already.
    pub(in crate::ivr) fn options_after(&mut self, wait: Duration) {
        if self.timers.deadline(Timer::Options).is_none() {
            self.timers.start(Timer::Options, self.now.instant + wait);
        }
    }

    /// Goes to the queue; the caller can come back to the present step.
    pub(in crate::ivr) fn seek_person(&mut self) {
        if !self.in_queue() {
            self.resume = Some(self.step);
        }
        self.drop_keys();
        let own = if let Step::Node(id) = self.step { self.script.node(id).key('0') } else { None };
        match own.or(self.script.agent()) {
            Some(agent) => self.goto(Step::Node(agent)),
            None => self.goto(Step::Bye(Hangup::NoAgent)),
        }
    }
}
