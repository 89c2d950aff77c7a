//! The one key grammar: `#` ends, `*` clears or goes back, 0 is the agent, 9 repeats, digits typed ahead are kept.

use super::{Dialogue, Entry, Got, MOST_KEYS, Step, Timer, Wants};
use crate::domain::{Phrase, QueueReason, masked};
use crate::ivr::io::DialogueOutput;

impl Dialogue {
    /// A key arrives from the telephone.
    pub(super) fn key(&mut self, key: char) {
        if !matches!(key, '0'..='9' | '*' | '#') {
            return;
        }
        self.errors.any_key = true;
        self.errors.silent = 0;
        let now = self.now.instant;
        if self.deaf_until.is_some_and(|until| now < until) {
            self.show(key, self.awaits_secret());
            self.put(DialogueOutput::Note("a key too early for this question was left out".into()));
            return;
        }
        if key == '#' && self.swallow_until.take().is_some_and(|until| now <= until) {
            self.show(key, false);
            return;
        }
        self.swallow_until = None;
        if self.keys.len() >= MOST_KEYS {
            self.show(key, self.awaits_secret());
            return;
        }
        self.keys.push_back(key);
    }

    /// Takes one key that waits; false when there is none or none can be taken now.
    pub(super) fn take_key(&mut self) -> bool {
        if self.keys.is_empty() || self.waiting.is_some() {
            return false;
        }
        if self.turn.wants == Wants::Loop && self.turn.uncut {
            self.drop_keys();
            return false;
        }
        if let Some((false, _)) = self.saying {
            return false;
        }
        match self.turn.wants.clone() {
            Wants::Nothing => {
                // The key belongs to what comes next; parts that may not be cut are still said.
                if self.saying.is_some() {
                    self.cut_to_uncut();
                    if self.saying.is_some() {
                        return true;
                    }
                }
                self.give(Got::Done);
            }
            Wants::Hold => self.drop_keys(),
            Wants::Queue => {
                let Some(key) = self.pop_key(false) else { return false };
                self.give(Got::Key(key));
            }
            Wants::Loop => {
                self.pop_key(false);
                self.barge_in();
                let phrases = self.turn.full.clone();
                self.say_again(phrases);
            }
            Wants::Record(_) => self.key_at_recording(),
            Wants::Keys(keys) => {
                let Some(key) = self.pop_key(false) else { return false };
                self.timers.stop(Timer::Wait);
                self.barge_in();
                self.choose(keys, key);
            }
            Wants::Entry(entry) => {
                let Some(key) = self.pop_key(entry.secret) else { return false };
                self.timers.stop(Timer::Wait);
                self.barge_in();
                self.enter_key(entry, key);
            }
        }
        true
    }

    /// Cuts what may be cut and goes on with the next part that may not.
    fn cut_to_uncut(&mut self) {
        let mut rest = std::mem::take(&mut self.speech);
        rest.retain(|segment| !segment.barge);
        self.barge_in();
        if let Some(first) = rest.pop_front() {
            self.speech = rest;
            self.say(first);
        }
    }

    fn pop_key(&mut self, secret: bool) -> Option<char> {
        let key = self.keys.pop_front()?;
        self.show(key, secret);
        Some(key)
    }

    fn show(&mut self, key: char, secret: bool) {
        let shown = if secret { masked(key) } else { key };
        self.put(DialogueOutput::KeyTaken { shown });
    }

    /// Forgets the keys typed ahead. Where a PIN may be among them, they are not shown.
    pub(in crate::ivr) fn drop_keys(&mut self) {
        let hidden = self.awaits_secret();
        while self.pop_key(hidden).is_some() {}
    }

    /// Whether a key that is not taken here may be part of a PIN.
    fn awaits_secret(&self) -> bool {
        matches!(self.step, Step::Points(_) | Step::Order(crate::ivr::ordering::Step::Pin | crate::ivr::ordering::Step::Points))
    }

    fn key_at_recording(&mut self) {
        let Some(key) = self.pop_key(false) else { return };
        match key {
            // `Recorded` still comes.
            '#' if self.recording => self.put(DialogueOutput::StopRecording),
            '*' if self.recording => {
                self.outcome("again");
                self.stop_recording();
                self.timers.stop(Timer::Limit);
                let phrases = self.turn.full.clone();
                self.say_again(phrases);
            }
            // The instructions are known: straight to the beep.
            '#' => {
                self.barge_in();
                self.spoken();
            }
            '*' => {
                self.barge_in();
                self.give(Got::Back);
            }
            // Voices are taken for keys now and then; only `#` and `*` mean something here.
            _ => {}
        }
    }

    fn choose(&mut self, keys: &str, key: char) {
        match key {
            _ if keys.contains(key) => self.give(Got::Key(key)),
            // Where 9 ends all campaigns it does not repeat.
            '9' if matches!(self.step, Step::Node(id) if self.script.node(id).key('9').is_some()) => self.give(Got::Key(key)),
            '9' => {
                self.outcome("repeat");
                self.repeat();
            }
            '0' if !self.turn.no_agent && self.script.agent().is_some() => {
                self.outcome("agent");
                // Who is used to `0#` presses both: the `#` is nothing that is said to the queue.
                self.swallow_until = Some(self.now.instant + self.script.settings.swallow);
                let complaint = matches!(self.step, Step::Message(crate::ivr::message::Step::Menu));
                self.seek(if complaint { QueueReason::Complaint } else { QueueReason::Key });
            }
            '*' => self.give(Got::Back),
            _ => self.no_match(None),
        }
    }

    fn enter_key(&mut self, entry: Entry, key: char) {
        self.timers.stop(Timer::Between);
        match key {
            '*' if self.entry.is_empty() => self.give(Got::Back),
            '*' => {
                self.entry.clear();
                self.say_again(vec![Phrase::plain("gen.cleared")]);
            }
            '#' if self.entry == "0" && self.script.agent().is_some() => {
                self.entry.clear();
                self.outcome("agent");
                self.seek_person();
            }
            '#' => self.finish_entry(entry),
            digit => {
                if self.entry.len() < 24 {
                    self.entry.push(digit);
                }
                if entry.fixed && self.entry.len() == usize::from(entry.most) && !(entry.phone && self.begins_like_a_phone()) {
                    if self.keys.front() == Some(&'#') {
                        self.pop_key(false);
                    } else {
                        self.swallow_until = Some(self.now.instant + self.script.settings.swallow);
                    }
                    self.finish_entry(entry);
                } else {
                    let settings = &self.script.settings;
                    let pause = if self.entry.len() >= 4 { settings.between_long } else { settings.between_digits };
                    self.timers.start(Timer::Between, self.now.instant + pause);
                }
            }
        }
    }

    /// Mobile numbers begin with 13 to 19, others with an area code.
    fn begins_like_a_phone(&self) -> bool {
        let digits = self.entry.as_bytes();
        digits.first() == Some(&b'0') || digits.first() == Some(&b'1') && digits.get(1).is_some_and(|second| (b'3'..=b'9').contains(second))
    }

    pub(super) fn entry_timed_out(&mut self) {
        if let Wants::Entry(entry) = self.turn.wants {
            self.finish_entry(entry);
        }
    }

    fn finish_entry(&mut self, entry: Entry) {
        let digits = std::mem::take(&mut self.entry);
        self.timers.stop(Timer::Between);
        let length = digits.len();
        let right = (usize::from(entry.least)..=usize::from(entry.most)).contains(&length) || entry.phone && (7..=13).contains(&length);
        if right || (length == 0 && entry.empty) {
            self.give(Got::Digits(digits));
        } else if length == 0 {
            self.no_match(None);
        } else {
            self.no_match(Some(Phrase::plain("gen.bad_length")));
        }
    }
}
