//! What time brings: alarms are kept in one heap and looked at again when they ring, so that stopping one costs nothing.

use std::cmp::Reverse;
use std::time::Duration;

use crate::machine::Now;
use crate::sip::dialog::{Dialog, State};
use crate::sip::event::{DialogId, EndCause};
use crate::sip::reliable::Due;
use crate::sip::transaction::{Kind, Owner, Reaction};

use super::{Alarm, Endpoint};

/// The registrar looks at all its phones at most so often.
const REGISTRAR_PAUSE: Duration = Duration::from_millis(200);

impl Endpoint {
    /// Acts on the earliest alarm that still means something.
    pub(super) fn fire(&mut self, now: Now) {
        while let Some(Reverse((at, _))) = self.alarms.peek()
            && *at <= now.instant
        {
            let Some(Reverse((at, alarm))) = self.alarms.pop() else { return };
            let acted = match alarm {
                Alarm::Transaction(key) => self.fire_transaction(now, at, key),
                Alarm::Dialog(id) => self.fire_dialog(now, at, id),
                Alarm::Trunk(place) => self.fire_trunk(now, at, usize::from(place)),
                Alarm::Registrar => self.fire_registrar(now, at),
                Alarm::Group(id) => self.fire_group(now, at, id),
            };
            if acted {
                return;
            }
        }
    }

    fn fire_transaction(&mut self, now: Now, at: std::time::Instant, key: u64) -> bool {
        let timing = self.timing;
        let Some(transaction) = self.transactions.get_mut(&key).filter(|it| it.scheduled == Some(at)) else { return false };
        transaction.scheduled = None;
        let is_due = transaction.deadline().is_some_and(|deadline| deadline <= now.instant);
        let reaction = if is_due { transaction.fire(now.instant, &timing) } else { Reaction::Nothing };
        match reaction {
            Reaction::Send => self.resend(key),
            Reaction::Ended => self.remove_transaction(key),
            Reaction::TimedOut => {
                let owner = transaction.owner;
                let is_client = matches!(transaction.kind, Kind::Client(_) | Kind::InviteClient(_));
                self.remove_transaction(key);
                if is_client {
                    self.request_failed(now, owner, EndCause::Refused(408));
                }
            }
            _ => {}
        }
        self.schedule_transaction(key);
        is_due
    }

    fn fire_dialog(&mut self, now: Now, at: std::time::Instant, id: DialogId) -> bool {
        if self.dialogs.get(&id).is_none_or(|dialog| dialog.scheduled != Some(at)) {
            return false;
        }
        self.with_dialog(id, |endpoint, dialog| {
            dialog.scheduled = None;
            let is_due = dialog.deadline().is_some_and(|deadline| deadline <= now.instant);
            if is_due {
                endpoint.dialog_due(now, dialog);
            }
            is_due
        })
        .unwrap_or(false)
    }

    fn dialog_due(&mut self, now: Now, dialog: &mut Dialog) {
        let instant = now.instant;
        if let Some(answered) = dialog.answered.as_mut().filter(|it| it.next <= instant) {
            if instant >= answered.ends {
                // Nobody acknowledged our answer: the dialog stands, so BYE ends it (RFC 3261 section 13.3.1.4).
                dialog.answered = None;
                let reason = dialog.bye_after_ack.take().unwrap_or(None);
                self.end(dialog, EndCause::NoAck);
                self.send_bye(now, dialog, reason);
            } else {
                answered.repeated(instant, &self.timing);
                let bytes = answered.bytes.clone();
                self.transmit(dialog.flow, bytes);
            }
        } else if let Some(unacknowledged) =
            dialog.incoming.as_mut().and_then(|it| it.unacknowledged.as_mut()).filter(|it| it.next <= instant)
        {
            match unacknowledged.due(instant) {
                Due::Repeat => {
                    let bytes = unacknowledged.bytes.clone();
                    self.transmit(dialog.flow, bytes);
                }
                Due::GiveUp => self.refuse_call(now, dialog, 504, None, EndCause::NoAck),
                Due::Nothing => {}
            }
        } else if dialog.incoming.as_ref().and_then(|it| it.expires).is_some_and(|at| at <= instant) {
            self.refuse_call(now, dialog, 487, None, EndCause::Cancelled);
        } else if dialog.ends.is_some_and(|at| at <= instant) && dialog.state == State::Confirmed {
            self.end(dialog, EndCause::TooLong);
            if dialog.owes_ack() {
                self.send_ack(dialog, None, None);
            }
            self.send_bye(now, dialog, Some("SIP;cause=487;text=\"Longest call\""));
        } else if dialog.reinvite.as_ref().and_then(|it| it.at).is_some_and(|at| at <= instant) && dialog.state == State::Confirmed {
            self.send_reinvite(now, dialog);
        } else if let Some(timer) = dialog.timer.filter(|it| it.at <= instant && dialog.state == State::Confirmed) {
            if instant < timer.ends && timer.we_refresh && dialog.refresh.is_none() {
                self.send_refresh(now, dialog);
            } else {
                self.end(dialog, EndCause::SessionExpired);
                self.send_bye(now, dialog, Some("SIP;cause=408;text=\"Session expired\""));
            }
        }
    }

    fn fire_registrar(&mut self, now: Now, at: std::time::Instant) -> bool {
        if self.registrar_scheduled != Some(at) {
            return false;
        }
        self.registrar_scheduled = None;
        let changed = self.registrar.sweep(now.instant);
        self.registered(changed);
        self.ask_phones(now);
        // Not for each of thousands of phones alone.
        let next = self.registrar.deadline().map(|at| at.max(now.instant + REGISTRAR_PAUSE));
        self.schedule_registrar(next);
        true
    }

    pub(super) fn schedule_registrar(&mut self, at: Option<std::time::Instant>) {
        if let Some(at) = at
            && self.registrar_scheduled.is_none_or(|scheduled| at < scheduled)
        {
            self.registrar_scheduled = Some(at);
            self.alarms.push(Reverse((at, Alarm::Registrar)));
        }
    }

    /// A request of ours has no answer, or the stream it went by is gone.
    pub(super) fn request_failed(&mut self, now: Now, owner: Owner, cause: EndCause) {
        match owner {
            Owner::Nobody => {}
            Owner::Registration(place) | Owner::Health(place) => {
                self.trunk_failed(now, usize::from(place), owner, "no answer", None, false)
            }
            Owner::Bye(id) => {
                self.with_dialog(id, |_, dialog| dialog.state = State::Gone);
            }
            Owner::Inside(_) => {}
            Owner::Leaving(number) => drop(self.left(number)),
            Owner::Phone(number) => self.phone_asked(now, number, false),
            Owner::Reinvite(id) => self.reinvite_failed(now, id, 408),
            Owner::Call(id) => {
                self.with_dialog(id, |endpoint, dialog| {
                    endpoint.end(dialog, cause);
                    dialog.state = State::Gone;
                });
            }
            Owner::Refresh(id) => {
                self.with_dialog(id, |endpoint, dialog| {
                    dialog.refresh = None;
                    endpoint.end(dialog, EndCause::SessionExpired);
                    endpoint.send_bye(now, dialog, Some("SIP;cause=408;text=\"Session expired\""));
                });
            }
        }
    }

    /// A number of milliseconds from the range, chosen at random.
    pub(super) fn some_millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.ids.below(to - from + 1))
    }
}
