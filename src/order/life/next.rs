//! The steps themselves: from one life to the next, or why not.

use super::{
    Actor, ActorKind, Change, EditLine, Effect, LATE, Life, Outcome, Owner, Pending, PendingKind, RefuseReason, Refused, Rider, Rules,
    Step, TaskKind, Times, Undo, minutes,
};
use crate::domain::{BranchNumber, Fulfilment, OrderStatus, Timestamp};

use OrderStatus::{Accepted, AddressCheck, Cancelled, Cooking, Done, New, Out, Ready};

/// What a change of branch settles.
const HOMELESS: &[TaskKind] = &[TaskKind::Refused, TaskKind::Unheard, TaskKind::NoBranch, TaskKind::Late, TaskKind::Undelivered];
/// What the acceptance by a branch settles.
const HEARD: &[TaskKind] = &[TaskKind::Refused, TaskKind::Unheard, TaskKind::NoBranch];

/// Takes a step, or says why it cannot be taken.
///
/// # Errors
/// The reason; nothing has changed.
pub fn next(before: &Life, step: &Step, by: &Actor, now: Timestamp, rules: &Rules) -> Result<Change, Refused> {
    may(before, step, by)?;
    let mut taken = Taken { life: before.clone(), effects: Vec::new(), before, by, now, rules };
    taken.life.undo = None;
    taken.take(step)?;
    let Taken { mut life, effects, .. } = taken;
    life.life = before.life + 1;
    Ok(Change { life, effects })
}

/// Whether this person may take this step at all.
fn may(life: &Life, step: &Step, by: &Actor) -> Result<(), Refused> {
    use ActorKind::{Agent, Branch, Caller, Headquarters, Program, Rider, System, Telephone};
    let allowed = match step {
        Step::Seen
        | Step::Accept { .. }
        | Step::Refuse { .. }
        | Step::Cook
        | Step::Ready
        | Step::HandOver { .. }
        | Step::Undo
        | Step::Grant
        | Step::Decline { .. }
        | Step::Rider { .. } => matches!(by.kind, Branch | Telephone | Headquarters | Program | System),
        Step::Deliver { .. } | Step::Correct { .. } | Step::Reschedule { .. } | Step::RunOut { .. } => {
            matches!(by.kind, Branch | Telephone | Headquarters | Rider | Program | System)
        }
        Step::Send | Step::Reassign { .. } => matches!(by.kind, Headquarters | Program | System),
        Step::Address { .. } => matches!(by.kind, Headquarters | Agent | Program | System),
        Step::Nudge | Step::Cancel { .. } | Step::AskCancel { .. } | Step::AskEdit { .. } => {
            matches!(by.kind, Headquarters | Agent | Caller | Program | System)
        }
        Step::Overdue { .. } => by.kind == System,
    };
    if !allowed {
        return Err(Refused::NotAllowed);
    }
    match by.kind {
        Branch | Telephone if by.branch != Some(life.branch) => Err(Refused::NotYours),
        Rider if life.rider.as_ref().is_none_or(|rider| rider.id != by.id) => Err(Refused::NotYours),
        _ => Ok(()),
    }
}

/// A step being taken.
pub(super) struct Taken<'a> {
    pub life: Life,
    pub effects: Vec<Effect>,
    before: &'a Life,
    pub by: &'a Actor,
    pub now: Timestamp,
    pub rules: &'a Rules,
}

impl Taken<'_> {
    fn take(&mut self, step: &Step) -> Result<(), Refused> {
        match step {
            Step::Seen => self.seen(),
            Step::Accept { minutes } => self.accept(*minutes),
            Step::Refuse { reason, dishes, note } => self.refuse(*reason, dishes, note),
            Step::Cook => self.cook(),
            Step::Ready => self.ready(),
            Step::HandOver { rider } => self.hand_over(rider.as_ref()),
            Step::Deliver { code, note, minutes_late } => self.deliver(*code, note, *minutes_late),
            Step::Correct { code, note } => self.correct(*code, note),
            Step::Reschedule { later, note } => self.reschedule(*later, note),
            Step::RunOut { dishes, note } => self.run_out(dishes, note),
            Step::Undo => self.undo(),
            Step::Send => self.send(),
            Step::Reassign { branch, why, times } => self.reassign(*branch, why, *times),
            Step::Nudge => self.nudge(),
            Step::Cancel { why } => self.cancel(why),
            Step::AskCancel { why } => self.ask(PendingKind::Cancel, &[], why),
            Step::AskEdit { lines, why } => self.ask(PendingKind::Edit, lines, why),
            Step::Grant => self.grant(),
            Step::Decline { why } => self.decline(why),
            Step::Address { text, branch, times } => self.address(text, *branch, *times),
            Step::Rider { rider } => self.rider(rider),
            Step::Overdue { next, silent } => self.overdue(*next, *silent),
        }
    }

    pub(super) fn due(&mut self) {
        self.life.due_at = self.life.due(self.rules);
    }

    /// Into that state, with nothing escalated yet, and back again for a few seconds.
    pub(super) fn enter(&mut self, status: OrderStatus) {
        self.undoable();
        self.life.status = status;
        self.life.owner = Owner::Branch;
        self.life.stage = 0;
        self.due();
    }

    /// A tap of the branch can be taken back for a few seconds.
    pub(super) fn undoable(&mut self) {
        if matches!(self.by.kind, ActorKind::Branch | ActorKind::Headquarters) {
            let before = Box::new(Life { undo: None, ..self.before.clone() });
            self.life.undo = Some(Undo { until: self.now.after(self.rules.undo), before });
        }
    }

    fn heard(&mut self) {
        self.life.seen_at.get_or_insert(self.now);
        self.life.accepted_at.get_or_insert(self.now);
        self.effects.push(Effect::Close(HEARD));
    }

    /// At its branch: sent, and not past these states.
    pub(super) fn at_branch(&self, from: &[OrderStatus]) -> Result<(), Refused> {
        if from.contains(&self.life.status) && self.life.sent_at.is_some() { Ok(()) } else { Err(Refused::Impossible) }
    }

    fn seen(&mut self) -> Result<(), Refused> {
        self.at_branch(&[New])?;
        if self.life.seen_at.is_some() {
            return Err(Refused::Already);
        }
        self.life.seen_at = Some(self.now);
        Ok(())
    }

    fn accept(&mut self, promise: Option<u16>) -> Result<(), Refused> {
        self.at_branch(&[New])?;
        if let Some(given) = promise {
            if !(1..=480).contains(&given) {
                return Err(Refused::Field("minutes are 1 to 480"));
            }
            self.life.promised_at = self.now.after(minutes(given));
        }
        self.enter(Accepted);
        self.heard();
        Ok(())
    }

    fn refuse(&mut self, reason: RefuseReason, dishes: &[crate::domain::MenuNumber], note: &str) -> Result<(), Refused> {
        self.at_branch(&[New, Accepted])?;
        if reason == RefuseReason::Other && note.trim().is_empty() {
            return Err(Refused::Field("another reason needs a note"));
        }
        self.enter(New);
        let life = &mut self.life;
        if !life.refused_by.contains(&life.branch) {
            life.refused_by.push(life.branch);
        }
        life.owner = Owner::Headquarters;
        life.stage = LATE;
        (life.sent_at, life.seen_at, life.accepted_at) = (None, None, None);
        (life.attempts, life.held_until) = (0, None);
        // The next branch is tried when the refusal cannot be taken back any more.
        life.due_at = Some(self.now.after(self.rules.undo));
        self.effects.push(Effect::Open(TaskKind::Refused, reason.name()));
        self.effects.push(Effect::Close(&[TaskKind::Unheard, TaskKind::Late]));
        if reason == RefuseReason::SoldOut && !dishes.is_empty() {
            self.effects.push(Effect::SoldOut(dishes.to_vec()));
        }
        Ok(())
    }

    fn cook(&mut self) -> Result<(), Refused> {
        self.at_branch(&[New, Accepted])?;
        self.enter(Cooking);
        self.life.cooking_at = Some(self.now);
        self.heard();
        self.goes_on();
        Ok(())
    }

    fn ready(&mut self) -> Result<(), Refused> {
        self.at_branch(&[New, Accepted, Cooking])?;
        self.enter(Ready);
        self.life.ready_at = Some(self.now);
        self.heard();
        self.goes_on();
        Ok(())
    }

    /// The branch is at work on it: it has whatever it lacked, and headquarters has nothing to find for it any more.
    fn goes_on(&mut self) {
        self.life.lacks = None;
        self.effects.push(Effect::Close(&[TaskKind::Late, TaskKind::Undelivered]));
    }

    fn hand_over(&mut self, rider: Option<&Rider>) -> Result<(), Refused> {
        self.at_branch(&[Cooking, Ready])?;
        if self.life.fulfilment == Fulfilment::Pickup {
            self.life.ready_at.get_or_insert(self.now);
            return self.result(Outcome::OnTime, 0);
        }
        self.enter(Out);
        self.life.lacks = None;
        self.life.ready_at.get_or_insert(self.now);
        self.life.out_at = Some(self.now);
        self.life.rider = rider.cloned().or_else(|| self.life.rider.take());
        self.life.owner = if self.life.rider.is_some() { Owner::Rider } else { Owner::Branch };
        // Another way to the door has its own two attempts.
        (self.life.attempts, self.life.held_until) = (0, None);
        self.due();
        self.effects.push(Effect::Close(&[TaskKind::Late, TaskKind::Unreachable, TaskKind::Undelivered]));
        Ok(())
    }

    fn undo(&mut self) -> Result<(), Refused> {
        let Some(undo) = self.before.undo.clone() else { return Err(Refused::Impossible) };
        if self.now > undo.until {
            return Err(Refused::TooLate);
        }
        let was_done = self.life.status == Done;
        let version = self.life.version;
        self.life = *undo.before;
        self.life.version = version;
        self.effects.push(Effect::Close(&[]));
        let refused = self.before.owner == Owner::Headquarters && self.before.sent_at.is_none() && self.life.sent_at.is_some();
        if refused || self.before.lacks.is_some() && self.life.lacks.is_none() {
            self.effects.push(Effect::BackOnMenu);
        }
        if self.at_headquarters() {
            let code = if self.life.lacks.is_some() { Outcome::SoldOut } else { Outcome::NoRider };
            self.effects.push(Effect::Open(TaskKind::Undelivered, code.name()));
        } else if self.life.status == New && self.life.stage >= LATE {
            self.effects.push(Effect::Open(TaskKind::Unheard, "undone"));
        } else if self.life.stage >= LATE {
            self.effects.push(Effect::Open(TaskKind::Late, "undone"));
        }
        if self.life.pending.as_ref().is_some_and(|pending| pending.alarmed) {
            self.effects.push(Effect::Open(TaskKind::ChangeDeclined, "unanswered"));
        }
        if was_done {
            self.effects.extend([Effect::Withdraw, Effect::Points]);
        }
        self.due();
        Ok(())
    }

    fn send(&mut self) -> Result<(), Refused> {
        if self.life.status != New || self.life.sent_at.is_some() {
            return Err(Refused::Impossible);
        }
        self.life.send(self.now);
        self.effects.push(Effect::Close(HOMELESS));
        self.due();
        Ok(())
    }

    fn reassign(&mut self, branch: BranchNumber, why: &str, times: Option<Times>) -> Result<(), Refused> {
        if !matches!(self.life.status, New | Accepted | Cooking | Ready) {
            return Err(Refused::Impossible);
        }
        let refused = self.life.status == New && self.life.owner == Owner::Headquarters;
        if branch == self.life.branch && !refused {
            return Err(Refused::Already);
        }
        self.give_to(branch, why, times);
        Ok(())
    }

    /// Another branch cooks it: now, or when its time has come there.
    fn give_to(&mut self, branch: BranchNumber, why: &str, times: Option<Times>) {
        let waits = self.life.owner == Owner::Clock;
        self.life.branch = branch;
        self.life.branch_why = why.to_owned();
        self.life.times = times.unwrap_or(self.life.times);
        self.life.rider = None;
        self.life.undo = None;
        if waits {
            self.release();
        } else {
            self.life.send(self.now);
        }
        self.effects.push(Effect::Close(HOMELESS));
        self.due();
    }

    /// Kept until its branch must begin.
    fn release(&mut self) {
        let Times { cook, travel } = self.life.times;
        let ahead = cook + if self.life.fulfilment == Fulfilment::Delivery { travel } else { 0 };
        // What was wanted at once stays so.
        let at = self.life.release_at.unwrap_or(self.now).max(self.life.promised_at.before(minutes(ahead)));
        if at <= self.now {
            self.life.send(self.now);
        } else {
            self.life.owner = Owner::Clock;
            self.life.status = New;
            self.life.release_at = Some(at);
            self.life.stage = 0;
        }
    }

    fn nudge(&mut self) -> Result<(), Refused> {
        if !self.life.status.is_open() {
            return Err(Refused::Impossible);
        }
        if self.life.urged_at.is_some_and(|last| last > self.now.before(self.rules.nudge_again)) {
            return Err(Refused::TooSoon);
        }
        self.life.urged_at = Some(self.now);
        Ok(())
    }

    fn cancel(&mut self, why: &str) -> Result<(), Refused> {
        let free = self.life.status.can_cancel();
        let may = free || self.by.kind == ActorKind::Headquarters && self.life.status.is_open();
        if !may {
            return Err(Refused::TooLate);
        }
        if !free && why.trim().is_empty() {
            return Err(Refused::Field("an order that is being cooked is cancelled with a reason"));
        }
        self.call_off(why);
        Ok(())
    }

    fn call_off(&mut self, why: &str) {
        let life = &mut self.life;
        life.version += u32::from(life.sent_at.is_some());
        life.status = Cancelled;
        life.owner = Owner::Nobody;
        (life.pending, life.held_until) = (None, None);
        life.due_at = None;
        life.change_why = why.to_owned();
        self.effects.push(Effect::Close(&[]));
        self.effects.push(Effect::Points);
    }

    fn ask(&mut self, kind: PendingKind, lines: &[EditLine], why: &str) -> Result<(), Refused> {
        let open = match kind {
            PendingKind::Cancel => self.life.status.is_open(),
            PendingKind::Edit => matches!(self.life.status, New | AddressCheck | Accepted | Cooking),
        };
        if !open {
            return Err(Refused::TooLate);
        }
        if kind == PendingKind::Edit && lines.is_empty() {
            return Err(Refused::Field("an order without lines is a cancelled one"));
        }
        let gone = self.life.lacks.as_deref().unwrap_or_default();
        if lines.iter().any(|wanted| gone.contains(&wanted.line.dish)) {
            return Err(Refused::Field("the branch has run out of a dish that is still in it"));
        }
        if self.life.pending.is_some() {
            return Err(Refused::Waiting);
        }
        // Nobody at a branch has it yet: nobody has to be asked.
        if self.life.sent_at.is_none() {
            match kind {
                PendingKind::Cancel => self.call_off(why),
                PendingKind::Edit => self.change(lines, why),
            }
            return Ok(());
        }
        let by = self.by.name.clone();
        self.life.pending = Some(Pending { kind, why: why.to_owned(), by, at: self.now, lines: lines.to_vec(), alarmed: false });
        self.due();
        Ok(())
    }

    fn change(&mut self, lines: &[EditLine], why: &str) {
        self.life.version += 1;
        self.life.change_why = why.to_owned();
        self.effects.push(Effect::Lines(lines.to_vec()));
    }

    fn grant(&mut self) -> Result<(), Refused> {
        let Some(pending) = self.life.pending.take() else { return Err(Refused::NothingAsked) };
        self.effects.push(Effect::Close(&[TaskKind::ChangeDeclined]));
        match pending.kind {
            PendingKind::Cancel => self.call_off(&pending.why),
            PendingKind::Edit => {
                self.change(&pending.lines, &pending.why);
                if self.life.lacks.take().is_some() && self.at_headquarters() {
                    // Something else is cooked: it is the branch's again.
                    (self.life.owner, self.life.stage) = (Owner::Branch, 0);
                    self.effects.push(Effect::Close(&[TaskKind::Undelivered]));
                }
                self.due();
            }
        }
        Ok(())
    }

    fn decline(&mut self, why: &str) -> Result<(), Refused> {
        if self.life.pending.take().is_none() {
            return Err(Refused::NothingAsked);
        }
        self.life.change_why = why.to_owned();
        self.effects.push(Effect::Open(TaskKind::ChangeDeclined, "declined"));
        self.due();
        Ok(())
    }

    fn address(&mut self, text: &str, branch: BranchNumber, times: Option<Times>) -> Result<(), Refused> {
        if self.life.status != AddressCheck {
            return Err(Refused::Impossible);
        }
        if branch != self.life.branch {
            self.life.branch = branch;
            "address".clone_into(&mut self.life.branch_why);
        }
        self.life.times = times.unwrap_or(self.life.times);
        self.release();
        if !text.trim().is_empty() {
            self.effects.push(Effect::Address(text.trim().to_owned()));
        }
        self.effects.push(Effect::Close(&[TaskKind::Address]));
        self.due();
        Ok(())
    }

    fn rider(&mut self, rider: &Rider) -> Result<(), Refused> {
        self.at_branch(&[Accepted, Cooking, Ready, Out])?;
        if self.life.fulfilment == Fulfilment::Pickup {
            return Err(Refused::Impossible);
        }
        if self.life.rider.as_ref() == Some(rider) {
            return Err(Refused::Already);
        }
        self.life.rider = Some(rider.clone());
        if self.life.status == Out {
            self.life.owner = Owner::Rider;
        } else if self.at_headquarters() && self.life.lacks.is_none() {
            // A rider is what it lacked (D81).
            (self.life.owner, self.life.stage) = (Owner::Branch, 0);
            self.due();
            self.effects.push(Effect::Close(&[TaskKind::Undelivered]));
        }
        Ok(())
    }

    /// What was due has come: one step of the escalation.
    fn overdue(&mut self, next: Option<(BranchNumber, Times)>, silent: bool) -> Result<(), Refused> {
        if self.life.due_at.is_none_or(|due| due > self.now) {
            return Err(Refused::NotDue);
        }
        // The step that can be taken back is not forgotten by a clock.
        self.life.undo.clone_from(&self.before.undo);
        if let Some(pending) =
            self.life.pending.as_mut().filter(|pending| !pending.alarmed && pending.at.after(self.rules.task_after) <= self.now)
        {
            pending.alarmed = true;
            self.effects.push(Effect::Open(TaskKind::ChangeDeclined, "unanswered"));
            self.due();
            return Ok(());
        }
        match (self.life.status, self.life.sent_at) {
            (New, None) if self.life.owner == Owner::Clock => return self.send(),
            (New, None) => match next {
                Some((branch, times)) => self.give_to(branch, "refused", Some(times)),
                None => {
                    self.homeless(TaskKind::Refused, "refused");
                    self.life.due_at = Some(self.now.after(self.rules.next_branch_after));
                }
            },
            (New, Some(sent)) => self.unheard(sent, next, silent),
            (AddressCheck, _) => {
                self.life.stage = LATE;
                self.life.due_at = None;
                self.effects.push(Effect::Open(TaskKind::Address, "overdue"));
            }
            // Nobody came for it, or let anybody in.
            (Accepted | Cooking | Ready | Out, _) if self.life.held_until.is_some() => {
                self.life.undo = None;
                return self.result(Outcome::Unreachable, 0);
            }
            (Accepted | Cooking | Ready | Out, _) => {
                self.life.stage = LATE;
                self.effects.push(Effect::Open(TaskKind::Late, self.life.status.name()));
                self.due();
            }
            (Done | Cancelled, _) => self.life.due_at = None,
        }
        Ok(())
    }

    /// No other branch covers the address and can make it in time: one task says so, in place of the one before.
    fn homeless(&mut self, before: TaskKind, why: &'static str) {
        self.effects.push(Effect::Open(TaskKind::NoBranch, why));
        self.effects.push(Effect::Close(match before {
            TaskKind::Refused => &[TaskKind::Refused],
            _ => &[TaskKind::Unheard],
        }));
    }

    /// Nobody at the branch has answered (C81, C82).
    fn unheard(&mut self, sent: Timestamp, next: Option<(BranchNumber, Times)>, silent: bool) {
        let silent = silent && self.life.seen_at.is_none() && sent.after(self.rules.telephone_silent_after) <= self.now;
        match self.life.stage {
            0 | 1 if silent => {
                self.life.stage = 3;
                self.effects.push(Effect::Open(TaskKind::Unheard, "silent"));
                self.effects.push(Effect::Telephone { again: false });
            }
            0 => self.life.stage = 1,
            1 => {
                self.life.stage = LATE;
                self.effects.push(Effect::Open(TaskKind::Unheard, "waiting"));
            }
            2 => {
                self.life.stage = 3;
                self.effects.push(Effect::Telephone { again: false });
            }
            _ => {
                if let Some((branch, times)) = next {
                    if !self.life.refused_by.contains(&self.life.branch) {
                        self.life.refused_by.push(self.life.branch);
                    }
                    return self.give_to(branch, "unheard", Some(times));
                }
                // It stays with the branch, and becomes headquarters' own: the telephone goes on ringing there.
                self.life.owner = Owner::Headquarters;
                self.homeless(TaskKind::Unheard, "unheard");
                self.effects.push(Effect::Telephone { again: true });
                self.life.due_at = Some(self.now.after(self.rules.next_branch_after));
                return;
            }
        }
        self.due();
    }
}
