//! What became of a delivery, and what follows from it: the codes of the trade, corrections, another time, nobody there (C85).

use super::next::Taken;
use super::{ActorKind, Delivered, Effect, LATE, Later, Outcome, Owner, Refused, TaskKind, minutes};
use crate::domain::{Fulfilment, MenuNumber, OrderStatus, Timestamp};

use OrderStatus::{Accepted, Cooking, Done, Out, Ready};

/// What another word about the delivery settles.
const RESULTS: &[TaskKind] = &[
    TaskKind::Undelivered,
    TaskKind::CareCall,
    TaskKind::WrongAddress,
    TaskKind::Capacity,
    TaskKind::Blacklist,
    TaskKind::Late,
    TaskKind::Unreachable,
];

/// So often a diner is looked for before the food is kept.
const ATTEMPTS: u8 = 2;
/// A diner may move an order by so many minutes at most: what is wanted tomorrow is another order.
const LATER: u16 = 480;
const NEEDS_TIME: Refused = Refused::Field("another time (D73) needs when: within the next eight hours, with reschedule");

/// How late a delivery at `at` is, in whole minutes.
#[must_use]
pub fn late(promised: Timestamp, at: Timestamp) -> u32 {
    u32::try_from((at.as_millis() - promised.as_millis()).max(0) / 60_000).unwrap_or(u32::MAX)
}

impl Taken<'_> {
    pub(super) fn deliver(&mut self, code: Option<Outcome>, note: &str, told: Option<u32>) -> Result<(), Refused> {
        let millis = self.now.as_millis() - self.life.promised_at.as_millis();
        let code = code.unwrap_or_else(|| Outcome::of_lateness(millis));
        match code {
            Outcome::Unreachable => return self.unreached(note),
            Outcome::Rescheduled => return Err(NEEDS_TIME),
            // Said again, it is the end.
            Outcome::NoRider
                if self.life.fulfilment == Fulfilment::Delivery
                    && (self.life.owner != Owner::Headquarters || self.life.lacks.is_some()) =>
            {
                return self.stranded(note);
            }
            Outcome::SoldOut => return self.run_out(&[], note),
            _ => {}
        }
        let from: &[OrderStatus] = if code.is_delivered() { &[Ready, Out] } else { &[Accepted, Cooking, Ready, Out] };
        self.at_branch(from)?;
        self.life.change_why = note.to_owned();
        let late = if code.is_delivered() { told.unwrap_or_else(|| late(self.life.promised_at, self.now)) } else { told.unwrap_or(0) };
        self.result(code, late)
    }

    /// Nobody was reached (D71): the first time the diner is tried once more, the second time the food is kept for a while, and
    /// when that is over, or the branch says so a third time, the order ends with this code.
    fn unreached(&mut self, note: &str) -> Result<(), Refused> {
        self.at_branch(&[Accepted, Cooking, Ready, Out])?;
        if self.life.attempts >= ATTEMPTS {
            if !matches!(self.by.kind, ActorKind::Branch | ActorKind::Headquarters | ActorKind::Program) {
                return Err(Refused::Already);
            }
            note.clone_into(&mut self.life.change_why);
            return self.result(Outcome::Unreachable, 0);
        }
        self.undoable();
        note.clone_into(&mut self.life.change_why);
        self.life.attempts += 1;
        if self.life.attempts == ATTEMPTS {
            self.back_to_branch();
            self.life.held_until = Some(self.now.after(self.rules.hold));
            self.life.stage = 0;
            self.due();
        }
        self.effects.push(Effect::Open(TaskKind::Unreachable, Outcome::Unreachable.name()));
        Ok(())
    }

    /// Nobody can bring it (D81): it lies at the branch, and headquarters sends it from somewhere else, finds a rider, or calls it off.
    fn stranded(&mut self, note: &str) -> Result<(), Refused> {
        self.at_branch(&[Accepted, Cooking, Ready, Out])?;
        self.undoable();
        note.clone_into(&mut self.life.change_why);
        self.back_to_branch();
        self.life.rider = None;
        self.life.owner = Owner::Headquarters;
        // Its task is open already: no other alarm is needed.
        self.life.stage = LATE;
        self.due();
        self.effects.push(Effect::Open(TaskKind::Undelivered, Outcome::NoRider.name()));
        Ok(())
    }

    /// The branch has run out of something after it had accepted (D83). While something else can be cooked, headquarters offers the
    /// diner something else, and it goes on when the branch agrees to the change; later, or said again, it is the end.
    pub(super) fn run_out(&mut self, dishes: &[MenuNumber], note: &str) -> Result<(), Refused> {
        self.at_branch(&[Accepted, Cooking, Ready, Out])?;
        if !dishes.is_empty() {
            self.effects.push(Effect::SoldOut(dishes.to_vec()));
        }
        if self.life.lacks.is_some() || matches!(self.life.status, Ready | Out) {
            note.clone_into(&mut self.life.change_why);
            return self.result(Outcome::SoldOut, 0);
        }
        self.undoable();
        note.clone_into(&mut self.life.change_why);
        self.life.lacks = Some(dishes.to_vec());
        self.life.owner = Owner::Headquarters;
        // Its task is open already: no other alarm is needed.
        self.life.stage = LATE;
        self.due();
        self.effects.push(Effect::Open(TaskKind::Undelivered, Outcome::SoldOut.name()));
        Ok(())
    }

    /// Accepted, and headquarters has to find something for it: a rider (D81), or another dish (D83).
    pub(super) fn at_headquarters(&self) -> bool {
        self.life.owner == Owner::Headquarters && matches!(self.life.status, Accepted | Cooking | Ready)
    }

    /// What was on its way lies at the branch again, with nobody to carry it.
    fn back_to_branch(&mut self) {
        if self.life.status == Out {
            (self.life.status, self.life.owner) = (Ready, Owner::Branch);
            (self.life.rider, self.life.out_at) = (None, None);
        }
    }

    /// The diner wants it later, or comes for it (D73). The rider waits with it when that takes less than bringing it back and
    /// out again. What was reported too soon is open again.
    pub(super) fn reschedule(&mut self, Later { at, pickup }: Later, note: &str) -> Result<(), Refused> {
        match &self.life.outcome {
            Some(said) if self.now > said.until && !self.by.lead => return Err(Refused::TooLate),
            Some(_) if self.life.status == Done => {}
            _ => self.at_branch(&[Accepted, Cooking, Ready, Out])?,
        }
        if at <= self.now || at > self.now.after(minutes(LATER)) {
            return Err(NEEDS_TIME);
        }
        if self.life.status == Done {
            (self.life.status, self.life.done_at, self.life.outcome) = (Ready, None, None);
            (self.life.out_at, self.life.rider) = (None, None);
            self.life.owner = Owner::Branch;
            self.life.ready_at.get_or_insert(self.now);
            self.effects.extend([Effect::Close(RESULTS), Effect::Withdraw, Effect::Points]);
        }
        if pickup || at > self.now.after(minutes(self.life.times.travel) * 2) {
            self.back_to_branch();
        }
        let life = &mut self.life;
        if pickup {
            (life.fulfilment, life.rider) = (Fulfilment::Pickup, None);
        }
        life.promised_at = at;
        // Slips say the new time.
        life.version += 1;
        life.rescheduled = life.rescheduled.saturating_add(1);
        (life.stage, life.attempts, life.held_until) = (0, 0, None);
        note.clone_into(&mut life.change_why);
        self.due();
        self.effects.push(Effect::Close(&[TaskKind::Late, TaskKind::Unreachable, TaskKind::Foreseen]));
        Ok(())
    }

    /// It is over, with this result.
    pub(super) fn result(&mut self, code: Outcome, minutes_late: u32) -> Result<(), Refused> {
        self.enter(Done);
        self.life.owner = Owner::Nobody;
        self.life.pending = None;
        self.life.held_until = None;
        self.life.lacks = None;
        self.life.done_at = Some(self.now);
        self.effects.push(Effect::Close(&[]));
        self.say(code, minutes_late, self.now.after(self.rules.correct));
        Ok(())
    }

    fn say(&mut self, code: Outcome, minutes_late: u32, until: Timestamp) {
        let minutes_late = minutes_late.max(code.least_minutes());
        self.life.outcome = Some(Delivered { code, minutes_late, by: self.by.name.clone(), at: self.now, until });
        self.effects.push(Effect::Points);
        if code == Outcome::Damaged {
            self.effects.push(Effect::Ticket);
        }
        let task = match code {
            Outcome::OnTime | Outcome::Late10 | Outcome::Late30 | Outcome::CalledOff => return,
            Outcome::Late60 => TaskKind::CareCall,
            Outcome::WrongAddress => {
                self.effects.push(Effect::FlagAddress);
                TaskKind::WrongAddress
            }
            Outcome::Unreachable | Outcome::Rejected | Outcome::Rescheduled | Outcome::NoRider | Outcome::SoldOut => TaskKind::Undelivered,
            Outcome::NotSent => TaskKind::Capacity,
            // Its ticket is what somebody works on.
            Outcome::Damaged => return,
            Outcome::Prank => TaskKind::Blacklist,
        };
        self.effects.push(Effect::Open(task, code.name()));
    }

    pub(super) fn correct(&mut self, code: Outcome, note: &str) -> Result<(), Refused> {
        let Some(said) = self.life.outcome.clone().filter(|_| self.life.status == Done) else { return Err(Refused::Impossible) };
        if said.code == code {
            return Err(Refused::Already);
        }
        if code == Outcome::Rescheduled {
            return Err(NEEDS_TIME);
        }
        if self.now > said.until && !self.by.lead {
            return Err(Refused::TooLate);
        }
        self.life.change_why = note.to_owned();
        let minutes_late = if code.is_delivered() { late(self.life.promised_at, self.life.done_at.unwrap_or(self.now)) } else { 0 };
        self.effects.extend([Effect::Close(RESULTS), Effect::Withdraw]);
        self.say(code, minutes_late, said.until);
        Ok(())
    }
}
