//! Mistakes and silences: three at one step or six in the call lead to a person, never to a dead line.

use super::{Dialogue, Step, Timer, Wants};
use crate::domain::{Phrase, QueueReason};
use crate::ivr::io::{DialogueOutput, Hangup};
use crate::ivr::script::Kind;

impl Dialogue {
    /// A key or entry that means nothing here. `why` takes the place of the general remark.
    pub(in crate::ivr) fn no_match(&mut self, why: Option<Phrase>) {
        self.drop_keys();
        self.entry.clear();
        self.errors.no_match = self.errors.no_match.saturating_add(1);
        self.put(DialogueOutput::Erred);
        if self.too_many(self.errors.no_match, why.as_ref(), "gen.to_agent", "no_match") {
            return;
        }
        if self.errors.no_match == 1 {
            let again = if self.turn.short.is_empty() { &self.turn.full } else { &self.turn.short };
            let phrases = [why.unwrap_or_else(|| Phrase::plain("gen.nomatch1"))].into_iter().chain(again.iter().cloned()).collect();
            self.say_again(phrases);
        } else {
            let mut phrases = vec![why.unwrap_or_else(|| Phrase::plain("gen.nomatch2"))];
            phrases.extend(self.turn.full.iter().cloned());
            if matches!(self.turn.wants, Wants::Entry(_)) {
                phrases.push(Phrase::plain("gen.entry_hint"));
            }
            self.say_again(phrases);
        }
    }

    /// Nothing was pressed in time.
    pub(super) fn no_input(&mut self) {
        self.errors.no_input = self.errors.no_input.saturating_add(1);
        self.errors.silent = self.errors.silent.saturating_add(1);
        self.put(DialogueOutput::Erred);
        if self.errors.silent >= 3 && !self.errors.any_key && !self.errors.warned {
            self.errors.warned = true;
            self.put(DialogueOutput::Warn("no digits seen: the phone or the carrier sends no key tones".into()));
        }
        if self.too_many(self.errors.no_input, None, "gen.noinput2", "no_input") {
            return;
        }
        let mut phrases = self.turn.full.clone();
        if self.errors.no_input == 1 {
            phrases.insert(0, Phrase::plain("gen.noinput1"));
        }
        if phrases.is_empty() {
            phrases.push(Phrase::plain("gen.noinput1"));
        }
        self.say_again(phrases);
    }

    /// Counts for the whole call, and leaves the step after the last try.
    fn too_many(&mut self, count: u8, why: Option<&Phrase>, farewell: &'static str, outcome: &str) -> bool {
        self.errors.total += 1;
        let settings = &self.script.settings;
        let tries = self.turn.tries.or(self.script.node(self.node).tries).unwrap_or(settings.tries);
        let whole_call = self.errors.total.is_multiple_of(u32::from(settings.errors_in_call)) && !self.in_queue();
        if count < tries && !whole_call {
            return false;
        }
        self.cut();
        self.timers.stop(Timer::Wait);
        self.outcome(outcome);
        if let Some(why) = why {
            self.tell(why.clone());
        }
        if count >= tries
            && let Some(last) = self.turn.last
        {
            self.goto(last);
            return true;
        }
        let otherwise = self.script.node(self.node).otherwise.filter(|_| !self.in_queue()).or(self.script.agent());
        match otherwise {
            Some(node) if self.script.node(node).kind == Kind::Queue && !self.in_queue() => {
                if !self.closed() {
                    self.tell(Phrase::plain(if count < tries { "gen.to_agent" } else { farewell }));
                }
                self.errors.no_match = 0;
                self.errors.no_input = 0;
                let mute = self.errors.silent >= 3 && !self.errors.any_key;
                self.queue.reason = if mute { QueueReason::NoKeys } else { QueueReason::Errors };
                self.seek_person_at(node);
            }
            Some(node) if self.script.node(node).kind != Kind::Queue => self.goto_node(node),
            _ => self.goto(Step::Bye(Hangup::NoAgent)),
        }
        true
    }

    /// A mistake that was told in the step's own words.
    pub(in crate::ivr) fn count_error(&mut self) {
        self.errors.total += 1;
        self.put(DialogueOutput::Erred);
    }

    /// After too many tries: to a person, saying so while somebody may be there.
    pub(in crate::ivr) fn hand_over(&mut self) {
        if !self.closed() {
            self.tell(Phrase::plain("gen.to_agent"));
        }
        self.seek(QueueReason::Errors);
    }

    /// Whether the next mistake here is the last one.
    pub(in crate::ivr) fn last_try(&self) -> bool {
        self.errors.no_match + 1 >= self.turn.tries.unwrap_or(self.script.settings.tries)
    }

    /// A recording in which nothing was heard: once more, and at last to a person.
    pub(in crate::ivr) fn recording_unheard(&mut self, remark: &'static str) {
        self.no_match(Some(Phrase::plain(remark)));
    }

    /// Whether the caller has already left self service: waiting for a person, or speaking a message.
    pub(super) const fn in_queue(&self) -> bool {
        use crate::ivr::message::Step as Message;
        matches!(self.step, Step::Queue(_) | Step::Message(Message::Record | Message::Review | Message::Save))
    }

    fn seek_person_at(&mut self, node: crate::ivr::script::NodeId) {
        self.resume = Some(self.step);
        self.drop_keys();
        self.goto(Step::Node(node));
    }
}
