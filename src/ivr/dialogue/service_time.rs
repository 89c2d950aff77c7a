//! How long self service may last, and what its end brings.

use std::time::Duration;

use super::{Dialogue, Step, Timer};
use crate::domain::{Phrase, QueueReason};
use crate::ivr::io::Hangup;

/// So long after self service has ended, at the latest, the call does.
pub(super) const GRACE: Duration = Duration::from_secs(480);
/// Who comes back from the line has at least this much self service left.
const LEAST_SERVICE: Duration = Duration::from_secs(60);

impl Dialogue {
    /// Waiting for a person and speaking with one is no self service: its time stands still.
    pub(in crate::ivr) fn pause_service(&mut self) {
        let left = self.timers.deadline(Timer::SelfService).map(|at| at.saturating_duration_since(self.now.instant));
        self.queue.service_left = left;
        self.timers.stop(Timer::SelfService);
        self.timers.stop(Timer::Hard);
    }

    /// Self service goes on, for a minute at least.
    pub(in crate::ivr) fn resume_service(&mut self) {
        self.timers.stop(Timer::Options);
        if self.timers.deadline(Timer::Hard).is_some() {
            return;
        }
        let left = self.queue.service_left.take().filter(|_| !self.over).map(|left| left.max(LEAST_SERVICE));
        if let Some(left) = left {
            self.timers.start(Timer::SelfService, self.now.instant + left);
        }
        self.timers.start(Timer::Hard, self.now.instant + left.unwrap_or_default() + GRACE);
    }

    /// Self service has lasted its time: on to a person, or the call ends.
    pub(super) fn self_service_over(&mut self) {
        self.over = true;
        if self.waiting.is_some() && self.waiting == self.order.placing {
            // An order on its way to the disk is told first.
            self.timers.start(Timer::SelfService, self.now.instant + self.script.settings.answer_limit);
            return;
        }
        if self.in_queue() || matches!(self.step, Step::Bye(_)) {
            return;
        }
        self.outcome("too_long");
        self.cut();
        self.timers.stop(Timer::Wait);
        self.waiting = None;
        match self.script.agent() {
            Some(_) => {
                self.must_tell(Phrase::plain("gen.to_agent"));
                self.seek(QueueReason::TooLong);
            }
            None => self.goto(Step::Bye(Hangup::TooLong)),
        }
    }
}
