//! What remains of people's work: who spoke with whom, wrap-ups, callers whom nobody spoke with, call-backs.

use std::time::Duration;

use super::Centre;
use crate::call::conversation::Watching;
use crate::domain::{Disposition, QueueId, Timestamp, UserId};
use crate::event::CallView;
use crate::machine::Now;
use crate::queue::CallBack;

impl Centre {
    #[expect(clippy::too_many_arguments, reason = "the parts of one line of the record")]
    pub(super) fn keep_part(
        &mut self,
        _call: u64,
        _agent: &UserId,
        _began: &'static str,
        _from: Timestamp,
        _until: Timestamp,
        _ended: &'static str,
        _held_ms: u64,
    ) {
    }

    pub(super) fn keep_wrap_up(&mut self, _agent: &UserId, _view: &CallView, _disposition: Disposition, _note: String) {}

    pub(super) fn keep_watching(&mut self, _now: Now, _call: u64, _watching: &Watching) {}

    pub(super) fn spoke(&mut self, _call: u64, _agent: &UserId, _at: Timestamp) {}

    pub(super) fn abandoned(&mut self, _now: Now, _call: u64, _queue: QueueId, _waited: Duration, _short: bool) {}

    pub(super) fn call_back_kept(&mut self, _now: Now, _kept: CallBack) {}

    pub(super) fn keep_call_back_dialling(&mut self, _kept: &CallBack) {}

    pub(super) fn call_back_done(&mut self, _id: &str, _why: &str) {}

    pub(super) fn call_back_task(&mut self, _now: Now, _kept: CallBack) {}
}
