//! How a call ends: whoever ends it, the leg closes, the dialogue saves what must be saved, and one record remains.

use super::{COUNTERS_WAIT, Env, SETTLE_WAIT, Session, SessionOutput, State, Timer, Wire};
use crate::call::request::StoreRequest;
use crate::domain::{End, Party, Reason, StepKind};
use crate::ivr::io::DialogueInput;
use crate::machine::Now;
use crate::media::order::MediaOrder;
use crate::sip::event::{EndCause, SipCommand};

impl Session {
    /// Before the answer: a final refusal.
    pub(super) fn refuse(&mut self, now: Now, status: u16, retry_after: Option<u32>) {
        if self.end.is_none() {
            self.end = Some(End { by: Party::Us, reason: Reason::Rejected(status) });
            match self.wire {
                Wire::Incoming | Wire::Browser => {
                    self.outputs.push_back(SessionOutput::Sip(SipCommand::Reject { dialog: self.dialog, status, retry_after }));
                }
                Wire::Page | Wire::Outgoing(_) => self.let_go(Some(status), None),
            }
            self.close(now);
            self.try_finish(now);
        }
    }

    /// We end it, at any stage.
    pub(super) fn hang_up(&mut self, env: &Env, now: Now, end: End) {
        if self.state == State::Ending {
            return;
        }
        if matches!(self.state, State::Opening | State::Asking) {
            let status = if matches!(end.reason, Reason::OurFault(_)) { 503 } else { 480 };
            self.end = Some(end);
            self.let_go(Some(status), None);
        } else {
            let reason = match end.reason {
                Reason::NoAudio => Some("Q.850;cause=41;text=\"no sound\""),
                Reason::Rejected(488) => Some("Q.850;cause=88;text=\"no common codec\""),
                Reason::TooLong => Some("Q.850;cause=31;text=\"longest call\""),
                Reason::OurFault(_) => Some("Q.850;cause=41;text=\"service restart\""),
                _ => None,
            };
            self.end = Some(end);
            self.let_go(None, reason);
        }
        self.dialogue_gone(env, now);
        self.close(now);
    }

    /// The SIP dialog is gone, by whomever.
    pub(super) fn sip_ended(&mut self, env: &Env, now: Now, cause: &EndCause) {
        self.sip_ended = true;
        let end = match cause {
            EndCause::PeerBye => End { by: Party::Caller, reason: Reason::Finished },
            EndCause::Cancelled => End { by: Party::Caller, reason: Reason::Abandoned },
            EndCause::Local => End { by: Party::Us, reason: Reason::Served },
            EndCause::NoAck => End { by: Party::Trunk, reason: Reason::NoAck },
            EndCause::SessionExpired => End { by: Party::Trunk, reason: Reason::SessionExpired },
            EndCause::Refused(status) => End { by: Party::Trunk, reason: Reason::Rejected(*status) },
            EndCause::Transport => End { by: Party::Trunk, reason: Reason::OurFault("transport") },
            // Only calls of ours end so: the rules for outside numbers forbid them, or let them last only so long.
            EndCause::Barred(_) => End { by: Party::Us, reason: Reason::Rejected(403) },
            EndCause::TooLong => End { by: Party::Us, reason: Reason::TooLong },
        };
        self.end.get_or_insert(end);
        if self.state != State::Ending {
            self.dialogue_gone(env, now);
            self.close(now);
        }
        self.try_finish(now);
    }

    fn dialogue_gone(&mut self, env: &Env, now: Now) {
        // It stays until the end: an order or a message on its way still has to be settled.
        self.tell_dialogue(env, now, DialogueInput::HungUp);
    }

    fn close(&mut self, now: Now) {
        self.state = State::Ending;
        self.timers.stop_all();
        self.early_keys = Vec::new();
        self.recordings = Vec::new();
        self.timers.start(Timer::Settle, now.instant + SETTLE_WAIT);
        self.timers.start(Timer::Counters, now.instant + COUNTERS_WAIT);
        if !self.leg_closed {
            self.media_order(MediaOrder::Close { leg: self.leg });
        }
    }

    /// When both the dialog and the leg are gone, the record is complete.
    pub(super) fn try_finish(&mut self, now: Now) {
        if !self.sip_ended || !self.leg_closed || self.placing.is_some() || self.saving > 0 || self.record.ended_at.is_some() {
            return;
        }
        let end = self.end.clone().unwrap_or(End { by: Party::Unknown, reason: Reason::Finished });
        let answered = self.record.answered_at.is_some();
        let lasted = self.record.answered_at.map_or(0, |at| self.at(now).as_millis() - at.as_millis());
        if answered && self.counts.nothing_heard && lasted > 3000 {
            self.record.one_way = true;
            self.step(now, StepKind::Warning("one-way audio: nothing was ever heard from the caller".into()));
        } else if answered && self.counts.silent && self.record.keys == 0 && lasted > 10_000 {
            self.step(now, StepKind::Warning("only silence was heard from the caller".into()));
        }
        if answered && self.record.keys == 0 {
            self.record.no_keys = true;
            let why = if self.plan.event_type.is_some() {
                "no digits seen, although telephone-event was negotiated"
            } else {
                "no digits seen: telephone-event was not negotiated, tones in the sound were listened for"
            };
            self.step(now, StepKind::Warning(why.into()));
        }
        if self.keys.echoes() > 0 {
            self.step(now, StepKind::Note(format!("{} key presses came a second way and were not counted again", self.keys.echoes())));
        }
        self.step(now, StepKind::Ended(end.clone()));
        self.record.ended_at = Some(self.at(now));
        self.record.end = Some(end);
        self.record.packets_in = self.counts.packets_in;
        self.record.packets_lost = self.counts.lost;
        self.record.language = self.language;
        self.timers.stop_all();
        let request = StoreRequest::Ended { record: Box::new(self.record.clone()), steps: std::mem::take(&mut self.steps) };
        self.store(request);
        self.outputs.push_back(SessionOutput::Gone);
    }
}
