//! Between the dialogue and the leg: phrases become sound, the sound's end becomes an input, and both leave a trace.

use std::sync::Arc;
use std::time::Duration;

use super::{Env, Playing, Session, SessionOutput, State};
use crate::call::request::{Reply, StoreRequest};
use crate::domain::{End, Language, Party, Phrase, Reason, RecordingId, StepKind};
use crate::ivr::io::{DialogueInput, DialogueOutput, Hangup};
use crate::ivr::question::{Answer, Placed, Question};
use crate::machine::{Machine, Now};
use crate::media::clip::{Clip, ClipBytes, FRAME, Piece};
use crate::media::g711;
use crate::media::order::{MediaOrder, PlayId, RecordEnd};
use crate::voice::Around;

/// Speech shorter than this is no message: a cough, a click, the key that ended it.
const LEAST_SPEECH: Duration = Duration::from_millis(400);

impl Session {
    pub(super) fn tell_dialogue(&mut self, env: &Env, now: Now, input: DialogueInput) {
        let inner = self.dialogue_now(now);
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.handle(inner, input);
            self.drain_dialogue(env, now);
        }
    }

    pub(super) fn drain_dialogue(&mut self, env: &Env, now: Now) {
        while let Some(output) = self.dialogue.as_mut().and_then(Machine::poll) {
            self.dialogue_wants(env, now, output);
        }
    }

    fn dialogue_wants(&mut self, env: &Env, now: Now, output: DialogueOutput) {
        let call = self.dialog.0;
        match output {
            DialogueOutput::Say { phrases, language } => self.say(env, now, &phrases, language),
            DialogueOutput::Hush => {
                self.playing = None;
                self.media_order(MediaOrder::Stop { leg: self.leg });
            }
            DialogueOutput::PlayRecording(id) => self.play_recording(now, id),
            DialogueOutput::Music => {
                let pieces = sound(env, "hold");
                self.play(pieces, true, Playing::Music);
            }
            DialogueOutput::Record { longest, silence } => {
                let beep = sound(env, "beep");
                self.play(beep, false, Playing::Beep { longest, silence });
            }
            DialogueOutput::StopRecording => self.stop_recording(now),
            DialogueOutput::Collecting(on) => self.media_order(MediaOrder::Collect { leg: self.leg, on }),
            DialogueOutput::Ask { question, what } => {
                if matches!(what, Question::Place(_)) {
                    self.placing = Some(question);
                    self.told_failure = false;
                }
                self.store(StoreRequest::Ask { call, question, what: Box::new(what) });
            }
            DialogueOutput::Tell(notice) => self.store(StoreRequest::Tell(Box::new(notice))),
            DialogueOutput::Entered { node } => {
                self.node.clone_from(&node);
                self.step(now, StepKind::Node(node));
            }
            DialogueOutput::Outcome { node, outcome } => self.step(now, StepKind::Outcome { node, outcome }),
            DialogueOutput::KeyTaken { shown } => self.step(now, StepKind::Key { key: shown, source: self.key_source }),
            DialogueOutput::BargedIn => {
                if let Some((since, prompt)) = self.said.take() {
                    let after_ms = u32::try_from(self.at(now).as_millis() - since.as_millis()).unwrap_or(0);
                    self.step(now, StepKind::BargeIn { prompt, after_ms });
                }
            }
            DialogueOutput::Note(text) => self.step(now, StepKind::Note(text)),
            DialogueOutput::Warn(text) => self.step(now, StepKind::Warning(text)),
            DialogueOutput::Identified { customer, member } => {
                if customer.is_some() {
                    self.record.customer = customer;
                }
                if let Some(member) = member {
                    self.step(now, StepKind::Note(format!("member {}", member.as_str())));
                }
            }
            DialogueOutput::LanguageChosen(language) => {
                self.language = language;
                self.step(now, StepKind::Note(format!("language {}", language.tag())));
            }
            DialogueOutput::Ordered(number) => {
                self.record.order = Some(number.clone());
                self.step(now, StepKind::Ordered(number));
            }
            DialogueOutput::Queue(wish) => self.outputs.push_back(SessionOutput::WantAgent(wish)),
            DialogueOutput::LeaveQueue(leaving) => self.outputs.push_back(SessionOutput::LeaveQueue(leaving)),
            DialogueOutput::Erred => self.record.errors += 1,
            DialogueOutput::HangUp { outcome } => {
                let reason = match outcome {
                    Hangup::Served => Reason::Served,
                    Hangup::Blocked => Reason::Blocked,
                    Hangup::NoAgent => Reason::NoAgent,
                    Hangup::TooLong => Reason::TooLong,
                };
                self.hang_up(env, now, End { by: Party::Us, reason });
            }
        }
    }

    pub(super) fn say(&mut self, env: &Env, now: Now, phrases: &[Phrase], language: Language) {
        self.language = language;
        let recordings = &self.recordings;
        let find = |id: &RecordingId| recordings.iter().find(|(known, _)| known == id).map(|(_, clip)| Arc::clone(clip));
        let rendered = env.library.render(language, phrases, &Around { names: &*env.catalogue, recordings: &find });
        for missing in &rendered.missing {
            self.step(now, StepKind::Warning(format!("prompt missing: {missing}")));
        }
        self.told_failure |= self.placing.is_some() && rendered.prompts.iter().any(|prompt| prompt == "final.fail");
        let at = self.at(now);
        self.said = rendered.prompts.first().map(|prompt| (at, prompt.clone()));
        self.step(now, StepKind::Said { prompts: rendered.prompts, text: rendered.text });
        self.play(rendered.pieces, false, Playing::Words);
    }

    pub(super) fn play(&mut self, pieces: Arc<[Piece]>, repeat: bool, what: Playing) {
        self.play += 1;
        let play = PlayId(self.play);
        self.playing = Some((play, what));
        self.media_order(MediaOrder::Play { leg: self.leg, play, pieces, repeat });
    }

    pub(super) fn played(&mut self, env: &Env, now: Now, play: PlayId) {
        match self.playing {
            Some((current, what)) if current == play => {
                self.playing = None;
                match what {
                    Playing::Words => {
                        self.said = None;
                        self.tell_dialogue(env, now, DialogueInput::Said);
                    }
                    Playing::Beep { longest, silence } => self.media_order(MediaOrder::Record { leg: self.leg, longest, silence }),
                    Playing::Music => {}
                }
            }
            _ => {}
        }
    }

    /// A key that comes during the beep ends a recording that has not begun.
    fn stop_recording(&mut self, now: Now) {
        if matches!(self.playing, Some((_, Playing::Beep { .. }))) {
            self.playing = None;
            self.media_order(MediaOrder::Stop { leg: self.leg });
            self.recorded(now, Vec::new(), RecordEnd::Stopped);
        } else {
            self.media_order(MediaOrder::StopRecording { leg: self.leg });
        }
    }

    pub(super) fn recorded(&mut self, now: Now, audio: Vec<u8>, _by: RecordEnd) {
        self.recordings_made += 1;
        self.saving += 1;
        let id = RecordingId::new(format!("{}-{}", self.record.id, self.recordings_made));
        self.step(now, StepKind::Note(format!("recorded {:.1} s", audio.len() as f64 / 8000.0)));
        let spoken = spoken(&audio);
        if spoken >= LEAST_SPEECH {
            let clip = Arc::new(Clip::new(id.as_str(), ClipBytes::Shared(audio.clone().into())));
            self.recordings.push((id.clone(), clip));
            let of = self.record.id.clone();
            self.store(StoreRequest::SaveRecording { call: self.dialog.0, id, of, audio });
        } else {
            // Nothing to keep: the dialogue asks again.
            let of = self.record.id.clone();
            self.store(StoreRequest::SaveRecording { call: self.dialog.0, id, of, audio: Vec::new() });
        }
    }

    fn play_recording(&mut self, now: Now, id: RecordingId) {
        match self.recordings.iter().find(|(known, _)| *known == id) {
            Some((_, clip)) => {
                let pieces = Arc::from([Piece::Clip(Arc::clone(clip))]);
                self.play(pieces, false, Playing::Words);
            }
            None => {
                self.step(now, StepKind::Note(format!("loading recording {id}")));
                self.wanted_recording = Some(id.clone());
                self.store(StoreRequest::LoadRecording { call: self.dialog.0, id });
            }
        }
    }

    pub(super) fn reply(&mut self, env: &Env, now: Now, reply: Reply) {
        match reply {
            Reply::Started => {
                self.recorded = true;
                self.written = true;
                self.try_answer(env, now);
            }
            Reply::Who(card) => {
                let card = card.unwrap_or_default();
                // Addresses that exist only as the caller's own voice are fetched before they are needed.
                for id in card.addresses.iter().filter(|address| address.clip.is_none()).filter_map(|address| address.recording.clone()) {
                    self.store(StoreRequest::LoadRecording { call: self.dialog.0, id });
                }
                if let (Some(level), Some(phone)) = (card.block, self.record.caller.clone()) {
                    self.store(StoreRequest::BlockHit { phone, level, call: self.record.id.as_str().to_owned() });
                }
                if self.dialogue.is_none() {
                    self.card = Some(card);
                    self.try_begin(env, now);
                }
            }
            Reply::Answer { question, answer } => {
                if let Answer::Known(card) = &answer {
                    for id in card.addresses.iter().filter(|address| address.clip.is_none()).filter_map(|address| address.recording.clone())
                    {
                        self.store(StoreRequest::LoadRecording { call: self.dialog.0, id });
                    }
                }
                if self.placing == Some(question) {
                    self.placing = None;
                    if let Answer::Placed(Placed::Confirmed { id, number, .. }) = &answer
                        && self.told_failure
                        && self.state == State::Ending
                    {
                        // Told that it failed, and gone: nobody waits for this food.
                        self.step(
                            now,
                            StepKind::Warning(format!("order {number} came through after the caller was told it had not: cancelled")),
                        );
                        self.store(StoreRequest::Ask {
                            call: self.dialog.0,
                            question: u32::MAX,
                            what: Box::new(Question::Cancel(id.clone())),
                        });
                        return self.try_finish(now);
                    }
                }
                self.tell_dialogue(env, now, DialogueInput::Answer { question, answer });
                self.try_finish(now);
            }
            Reply::Saved { id, kept } => {
                if !kept {
                    self.recordings.retain(|(known, _)| *known != id);
                }
                self.saving = self.saving.saturating_sub(1);
                self.tell_dialogue(env, now, DialogueInput::Recorded { recording: id, heard: kept });
                self.try_finish(now);
            }
            Reply::Loaded { id, clip } => {
                if let Some(clip) = clip {
                    self.recordings.push((id.clone(), clip));
                }
                if self.wanted_recording.take_if(|wanted| *wanted == id).is_some() {
                    match self.recordings.iter().any(|(known, _)| *known == id) {
                        true => self.play_recording(now, id),
                        false => self.tell_dialogue(env, now, DialogueInput::Said),
                    }
                }
            }
            // An agent's card and call-backs are nothing to the dialogue.
            Reply::Pop(_) | Reply::CallBack { .. } => {}
        }
    }
}

/// A sound that is no speech; a missing one is a short silence, and a finding of `dinetone check`.
pub(super) fn sound(env: &Env, key: &str) -> Arc<[Piece]> {
    Arc::from([env.library.sound(key).map_or(Piece::Gap(10), Piece::Clip)])
}

/// How long somebody spoke: frames louder than −45 dBov.
fn spoken(audio: &[u8]) -> Duration {
    let loud = audio
        .chunks(FRAME)
        .filter(|frame| {
            frame.iter().map(|&byte| i64::from(g711::alaw_to_linear(byte)).pow(2)).sum::<i64>() > 184_i64.pow(2) * frame.len() as i64
        })
        .count();
    Duration::from_millis(20 * loud as u64)
}
