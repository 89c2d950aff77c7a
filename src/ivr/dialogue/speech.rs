//! Speaking and listening: segments one after another, cut by a key, followed by the time for the first key.

use super::turn::Spoken;
use super::{Dialogue, Got, Segment, Timer, Wants};
use crate::domain::{Language, Phrase};
use crate::ivr::io::DialogueOutput;
use crate::ivr::question::Notice;

impl Dialogue {
    /// Begins the turn that was asked for: says it, unless keys typed ahead answer it already.
    pub(super) fn begin_turn(&mut self) {
        let mut segments = std::mem::take(&mut self.turn.before);
        let mut phrases = std::mem::take(&mut self.lead);
        phrases.extend(self.turn.full.iter().cloned());
        if !phrases.is_empty() {
            segments.push(Segment { barge: !self.turn.uncut, ..Segment::of(phrases) });
        }
        self.add_both(&mut segments);
        if self.turn.commit {
            self.drop_keys();
            self.deaf_until = Some(self.now.instant + self.script.settings.deaf);
        }
        if matches!(self.turn.wants, Wants::Hold | Wants::Loop)
            && let Some(lasts) = self.script.node(self.node).lasts
        {
            self.timers.start(Timer::Lasts, self.now.instant + lasts);
        }
        if !self.keys.is_empty() && !matches!(self.turn.wants, Wants::Record(_)) {
            segments.retain(|segment| !segment.barge);
        }
        self.speech = segments.into();
        self.speak_on();
    }

    /// Says phrases in this turn, then waits for keys again.
    pub(in crate::ivr) fn say_again(&mut self, phrases: Vec<Phrase>) {
        self.cut();
        let mut segments = vec![Segment { barge: !self.turn.uncut, ..Segment::of(phrases) }];
        self.add_both(&mut segments);
        self.speech = segments.into();
        self.speak_on();
    }

    /// Says this after what is being said; false when nothing is.
    pub(in crate::ivr) fn say_also(&mut self, segment: Segment) -> bool {
        if self.saying.is_some() {
            self.speech.push_back(segment);
        }
        self.saying.is_some()
    }

    fn add_both(&self, segments: &mut Vec<Segment>) {
        if !self.turn.both.is_empty() {
            segments.push(Segment { language: Some(self.language.other()), ..Segment::of(self.turn.both.clone()) });
        }
    }

    /// Says one phrase while an answer is awaited.
    pub(super) fn say_aside(&mut self, phrase: Phrase) {
        self.speech.clear();
        self.say(Segment::of([phrase]));
    }

    /// The question once more (9).
    pub(super) fn repeat(&mut self) {
        let phrases = self.turn.full.clone();
        if phrases.is_empty() {
            self.start_wait();
        } else {
            self.say_again(phrases);
        }
    }

    pub(super) fn say(&mut self, segment: Segment) {
        self.timers.stop(Timer::Wait);
        self.saying = Some((segment.barge, segment.offer));
        match segment.what {
            Spoken::Phrases(phrases) => {
                let language = segment.language.unwrap_or(self.language);
                self.put(DialogueOutput::Say { phrases, language });
            }
            Spoken::Recording(recording) => self.put(DialogueOutput::PlayRecording(recording)),
        }
    }

    /// The next segment, or what follows the last one.
    fn speak_on(&mut self) {
        match self.speech.pop_front() {
            Some(segment) => self.say(segment),
            None => self.spoken(),
        }
    }

    /// All has been said.
    pub(super) fn spoken(&mut self) {
        self.saying = None;
        if self.waiting.is_some() {
            return;
        }
        match self.turn.wants {
            // Keys typed ahead go on to the next turn: `take_key` decides when some are there.
            Wants::Nothing => self.give(Got::Done),
            Wants::Keys(_) | Wants::Entry(_) => {
                if self.entry.is_empty() && self.keys.is_empty() {
                    self.start_wait();
                }
            }
            Wants::Record(longest) => {
                self.drop_keys();
                let silence = self.script.settings.record_silence;
                self.recording = true;
                self.timers.start(Timer::Limit, self.now.instant + longest + silence + std::time::Duration::from_secs(10));
                self.put(DialogueOutput::Record { longest, silence });
            }
            Wants::Loop => {
                let phrases = self.turn.full.clone();
                self.say(Segment { barge: !self.turn.uncut, ..Segment::of(phrases) });
            }
            Wants::Hold => {}
            Wants::Queue => self.put(DialogueOutput::Music),
        }
    }

    /// The shell has said everything.
    pub(super) fn said(&mut self) {
        let Some((_, offer)) = self.saying.take() else { return };
        if let (Some(offer), Some(phone)) = (offer, self.caller.clone()) {
            self.notice(Notice::OfferHeard { phone, offer });
        }
        self.speak_on();
    }

    /// Time for the first key after what was said.
    pub(super) fn start_wait(&mut self) {
        let settings = &self.script.settings;
        let wait = self.turn.wait.unwrap_or(match self.turn.wants {
            Wants::Entry(_) => settings.entry_wait,
            _ => settings.menu_wait,
        });
        self.timers.start(Timer::Wait, self.now.instant + wait);
    }

    /// Stops what is being said.
    pub(in crate::ivr) fn cut(&mut self) {
        self.speech.clear();
        if self.saying.take().is_some() {
            self.put(DialogueOutput::Hush);
        }
    }

    /// Stops it because of a key: that is told apart.
    pub(in crate::ivr) fn barge_in(&mut self) {
        if self.saying.is_some() {
            self.cut();
            self.put(DialogueOutput::BargedIn);
        }
        self.speech.clear();
    }

    /// Throws a running recording away; the report about it will come and count for nothing.
    pub(super) fn stop_recording(&mut self) {
        if std::mem::take(&mut self.recording) {
            self.stale_recordings = self.stale_recordings.saturating_add(1);
            self.put(DialogueOutput::StopRecording);
        }
    }

    /// Takes this language from now on.
    pub(in crate::ivr) fn speak_in(&mut self, language: Language) {
        self.language = language;
        self.put(DialogueOutput::LanguageChosen(language));
        if let Some(phone) = self.caller.clone() {
            self.notice(Notice::Language { phone, language });
        }
    }
}
