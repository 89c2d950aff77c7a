//! Customers whom campaigns call (C99): beside those who call us, never instead of them.

use super::{Centre, Output};
use crate::call::request::StoreRequest;
use crate::call::session::{Outgoing, Tell};
use crate::domain::{CampaignCall, CampaignTried, End, Fact, Party, Reason, StepKind, TryOutcome};
use crate::machine::Now;
use crate::outreach;

/// Keys that are kept as evidence.
const MOST_KEYS: usize = 64;

impl Centre {
    /// How many more calls of campaigns may begin now.
    #[must_use]
    pub fn spare_lines(&self, now: Now) -> usize {
        if self.draining {
            return 0;
        }
        let waiting = self.floor.acd.queues(now).queues.iter().map(|queue| queue.waiting as usize).sum();
        let (rules, trunks) = self.sip.spare_outside();
        let house = outreach::spare(self.limits.max_calls, self.calls.len(), self.limits.free_lines, waiting);
        house.min(rules).min(outreach::spare(trunks, 0, self.limits.free_lines, waiting))
    }

    /// Calls a customer; whatever comes of it is written down.
    pub(super) fn call_for(&mut self, now: Now, call: Box<CampaignCall>) {
        let has_line = self.spare_lines(now) > 0;
        let dialog = self.sip.new_dialog_id();
        let key = dialog.0;
        self.newest_call = self.newest_call.max(key);
        self.campaign_calls.insert(key, call.id.clone());
        let (phone, language) = (call.phone.clone(), call.language);
        if !has_line || !self.place_session(now, dialog, phone, Outgoing::Campaign, language, Some(Tell::Campaign(call))) {
            self.campaign_call_gone(now, key);
        }
    }

    /// A campaign's call has ended, or could not begin.
    pub(super) fn campaign_call_gone(&mut self, now: Now, key: u64) {
        let Some(id) = self.campaign_calls.remove(&key) else { return };
        let ended_at = now.wall.into();
        let nothing = CampaignTried {
            id,
            outcome: TryOutcome::NoLine,
            why: "no_line".into(),
            keys: String::new(),
            call: None,
            answered_at: None,
            ended_at,
        };
        let tried = match self.calls.get(&key) {
            None => nothing,
            Some(call) => {
                let keys =
                    call.steps().iter().filter_map(|step| if let StepKind::Key { key, .. } = &step.kind { Some(*key) } else { None });
                let refused =
                    call.steps().iter().any(|step| matches!(&step.kind, StepKind::Outcome { outcome, .. } if outcome == "unsubscribed"));
                let answered_at = call.record().answered_at;
                let outcome = outcome(call.end(), answered_at.is_some(), refused);
                CampaignTried {
                    outcome,
                    why: call.end().map_or_else(|| "gone".to_owned(), |end| end.reason.name()),
                    keys: keys.take(MOST_KEYS).collect(),
                    call: Some(call.record().id.clone()),
                    answered_at,
                    ..nothing
                }
            }
        };
        self.out.push_back(Output::Store(StoreRequest::Keep(Box::new(Fact::Tried(tried)))));
    }
}

/// What the end of a call says about the try.
fn outcome(end: Option<&End>, answered: bool, refused: bool) -> TryOutcome {
    let Some(end) = end else { return TryOutcome::Failed };
    match &end.reason {
        _ if refused => TryOutcome::Refused,
        _ if answered => TryOutcome::Answered,
        Reason::Rejected(403) if end.by == Party::Us => TryOutcome::Barred,
        Reason::Rejected(404 | 410 | 484 | 604) => TryOutcome::NoNumber,
        Reason::Rejected(486 | 600 | 603) => TryOutcome::Busy,
        Reason::Rejected(408 | 480 | 487) | Reason::Abandoned | Reason::Finished => TryOutcome::NoAnswer,
        // Nobody was rung.
        Reason::Rejected(503) => TryOutcome::NoLine,
        _ => TryOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c99_the_network_s_word_becomes_the_outcome_of_the_try() {
        let of = |by, reason, answered, refused| outcome(Some(&End { by, reason }), answered, refused);
        assert_eq!(of(Party::Trunk, Reason::Rejected(486), false, false), TryOutcome::Busy);
        assert_eq!(of(Party::Us, Reason::Abandoned, false, false), TryOutcome::NoAnswer);
        assert_eq!(of(Party::Trunk, Reason::Rejected(404), false, false), TryOutcome::NoNumber);
        assert_eq!(of(Party::Us, Reason::Rejected(403), false, false), TryOutcome::Barred);
        assert_eq!(of(Party::Trunk, Reason::Rejected(403), false, false), TryOutcome::Failed);
        assert_eq!(of(Party::Caller, Reason::Finished, true, false), TryOutcome::Answered);
        assert_eq!(of(Party::Us, Reason::Served, true, true), TryOutcome::Refused);
        assert_eq!(of(Party::Us, Reason::RESTARTING, false, false), TryOutcome::Failed);
    }
}
