//! The part of a call that a person takes: the dialogue rests, keys go to the agent, hold has its music.

use super::dialogue::sound;
use super::{Env, Playing, Session, SessionOutput, State, Timer};
use crate::domain::{Arg, End, Party, Phrase, QueueId, QueueNews, Reason, UserId};
use crate::ivr::io::DialogueInput;
use crate::machine::Now;
use crate::media::order::{MediaOrder, PlayId};

impl Session {
    /// The dialogue's time stands still while the caller holds us or speaks with a person.
    pub(super) fn rest(&mut self, now: Now) {
        let rests = self.is_held || self.with_agent;
        match self.held_since {
            None if rests => self.held_since = Some(now.instant),
            Some(since) if !rests => {
                self.held_total += now.instant.saturating_duration_since(since);
                self.held_since = None;
            }
            _ => {}
        }
    }

    /// An agent has the caller, or has no more.
    pub(super) fn with_agent(&mut self, env: &Env, now: Now, with: bool) {
        if self.state == State::Ending {
            return;
        }
        if self.state == State::Asking && with {
            self.answer(env, now);
        }
        self.hush();
        if with != self.with_agent {
            self.with_agent = with;
            self.rest(now);
            self.media_order(MediaOrder::Collect { leg: self.leg, on: !with });
        }
        if !with {
            self.drain_dialogue(env, now);
        }
    }

    /// News of the queue: for the dialogue, which knows what to say; a call that we placed has none.
    pub(super) fn queue_news(&mut self, env: &Env, now: Now, news: QueueNews) {
        if self.dialogue.is_some() {
            self.tell_dialogue(env, now, DialogueInput::Queue(news.clone()));
            if let QueueNews::Connected { number } = news {
                self.tell_number(env, now, number);
            }
            return;
        }
        match news {
            QueueNews::Connected { number } => self.tell_number(env, now, number),
            QueueNews::WaitingAgain => self.music(env, true),
            QueueNews::NobodyThere | QueueNews::Full | QueueNews::TooLong => {
                self.hang_up(env, now, End { by: Party::Us, reason: Reason::NoAgent });
            }
            _ => {}
        }
    }

    /// The caller hears who takes the call; whoever has no number is not named.
    fn tell_number(&mut self, env: &Env, now: Now, number: String) {
        if self.with_agent && !number.is_empty() && self.state == State::Talking {
            self.say(env, now, &[Phrase::plain("q.agent").with("digits", Arg::Digits(number))], self.language);
            // No announcement keeps a caller from an agent who speaks (C45).
            self.media_order(MediaOrder::GiveWay { leg: self.leg, play: PlayId(self.play) });
        }
    }

    /// Hold music, or none.
    pub(super) fn music(&mut self, env: &Env, on: bool) {
        if self.state != State::Talking {
            return;
        }
        if on {
            self.play(sound(env, "hold"), true, Playing::Music);
        } else if matches!(self.playing, Some((_, Playing::Music))) {
            self.hush();
        }
    }

    /// Back to self service.
    pub(super) fn back_to_menu(&mut self, env: &Env, now: Now) {
        self.with_agent(env, now, false);
        if self.dialogue.is_some() {
            self.tell_dialogue(env, now, DialogueInput::ToMenu);
        } else {
            self.hang_up(env, now, End { by: Party::Agent, reason: Reason::Finished });
        }
    }

    /// A key while a person has the caller, or in the question of a call-back.
    pub(super) fn person_key(&mut self, env: &Env, now: Now, key: char) {
        if self.with_agent {
            self.outputs.push_back(SessionOutput::Key(key));
        } else if self.timers.deadline(Timer::Reach).is_some() {
            match key {
                '1' => {
                    self.timers.stop(Timer::Reach);
                    self.hush();
                    self.outputs.push_back(SessionOutput::Reached);
                }
                '2' => self.hang_up(env, now, End { by: Party::Caller, reason: Reason::Served }),
                _ => {}
            }
        }
    }

    /// For the record: the last queue, who took the caller first, all waits together.
    pub(super) fn served(&mut self, queue: Option<QueueId>, agent: Option<UserId>, waited_ms: u64) {
        self.record.queue = queue.or(self.record.queue.take());
        self.record.agent = self.record.agent.take().or(agent);
        self.record.waited_ms += waited_ms;
    }

    fn hush(&mut self) {
        if self.playing.take().is_some() {
            self.media_order(MediaOrder::Stop { leg: self.leg });
        }
    }
}
