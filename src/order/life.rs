//! An order's life (C76): who owns it, by when somebody must have done something, and the closed set of steps.
//!
//! The eight names of [`OrderStatus`] say where an order is; the rest of [`Life`] says whose it is. [`next`] is the only way
//! from one life to the next: pure, with the time handed in. What it cannot do itself (open a task, telephone a branch, give
//! points back) it asks for by [`Effect`]s, which the store carries out in the transaction that writes the step.

mod feedback;
mod next;
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use feedback::late;
pub use next::next;
pub use step::{Actor, ActorKind, EditLine, Later, Outcome, Owner, PendingKind, RefuseReason, Report, Rider, Step, TaskKind};

pub use crate::domain::Times;

use crate::domain::{BranchNumber, Fulfilment, MenuNumber, Money, OrderStatus, Timestamp};

/// A change after dispatch that the branch has not answered yet (C86).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub kind: PendingKind,
    pub why: String,
    pub by: String,
    pub at: Timestamp,
    pub lines: Vec<EditLine>,
    /// Headquarters has been told that nobody answers.
    pub alarmed: bool,
}

/// What was said of the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    pub code: Outcome,
    pub minutes_late: u32,
    pub by: String,
    pub at: Timestamp,
    /// Until when it may be corrected by whoever said it.
    pub until: Timestamp,
}

/// What the branch's last step changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    pub until: Timestamp,
    pub before: Box<Life>,
}

/// Everything of an order that decides what may happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub status: OrderStatus,
    pub owner: Owner,
    pub fulfilment: Fulfilment,
    pub branch: BranchNumber,
    /// Why this branch: `zone`, `address`, `chosen`, `nearest`, `refused`, `unheard`, or a dispatcher's words.
    pub branch_why: String,
    /// Branches that would not or did not take it.
    pub refused_by: Vec<BranchNumber>,
    pub times: Times,
    pub due_at: Option<Timestamp>,
    pub stage: u8,
    pub version: u32,
    pub life: i64,
    pub promised_at: Timestamp,
    pub release_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub seen_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub cooking_at: Option<Timestamp>,
    pub ready_at: Option<Timestamp>,
    pub out_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    pub urged_at: Option<Timestamp>,
    pub outcome: Option<Delivered>,
    /// How often the diner has been looked for at the door and not been reached.
    pub attempts: u8,
    /// Until when food that nobody took is kept for its diner.
    pub held_until: Option<Timestamp>,
    /// How often the diner moved it to another time.
    pub rescheduled: u8,
    /// Its branch has run out of these, or of something that nobody named: the diner is offered something else (D83).
    pub lacks: Option<Vec<MenuNumber>>,
    pub rider: Option<Rider>,
    pub pending: Option<Pending>,
    pub undo: Option<Undo>,
    /// Why it was changed or cancelled last.
    pub change_why: String,
}

/// How an order begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start<'a> {
    pub branch: BranchNumber,
    /// Why this one.
    pub why: &'a str,
    pub fulfilment: Fulfilment,
    pub times: Times,
    pub promised_at: Timestamp,
    /// The address is a recording that somebody must write down first.
    pub spoken_address: bool,
    /// For a set time.
    pub later: bool,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How the order is afterwards; `life` is one more than before.
    pub life: Life,
    /// What the store does with it, in this order.
    pub effects: Vec<Effect>,
}

/// What comes with a step, in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Opens a task, or leaves the open one of its kind as it is.
    Open(TaskKind, &'static str),
    /// Ends all open tasks of the order of these kinds; all kinds when empty.
    Close(&'static [TaskKind]),
    /// Rings the branch's telephone.
    Telephone { again: bool },
    /// These cannot be had at the branch until it closes.
    SoldOut(Vec<MenuNumber>),
    /// What the last step had said to be sold out can be had again.
    BackOnMenu,
    /// The address must be looked at before it is used again.
    FlagAddress,
    /// A spoken address was written down.
    Address(String),
    /// A complaint that nobody had to make: something was missing, wrong or spilled.
    Ticket,
    /// What followed by rule from the result before is taken back: its ticket, the mark on the address.
    Withdraw,
    /// Points earned and spent are brought to what the order now is.
    Points,
    /// Other lines, priced anew.
    Lines(Vec<EditLine>),
}

/// Why a step cannot be taken; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Not from where the order is.
    Impossible,
    /// It is another branch's order, or another rider's.
    NotYours,
    /// Not for this kind of person.
    NotAllowed,
    /// The time for it is over.
    TooLate,
    /// It is so already.
    Already,
    /// The branch was told to hurry a moment ago.
    TooSoon,
    /// Another change waits for the branch's answer.
    Waiting,
    /// The branch is not asked anything.
    NothingAsked,
    /// Nothing is due yet.
    NotDue,
    /// A field does not fit: it says which.
    Field(&'static str),
}

impl Refused {
    /// Its stable name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::NotYours => "not_yours",
            Self::NotAllowed => "not_allowed",
            Self::TooLate => "too_late",
            Self::Already => "already",
            Self::TooSoon => "too_soon",
            Self::Waiting => "change_waits",
            Self::NothingAsked => "nothing_asked",
            Self::NotDue => "not_due",
            Self::Field(_) => "field",
        }
    }

    /// A sentence for people and logs.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Impossible => "this step does not lead on from where the order is",
            Self::NotYours => "this order belongs to somebody else",
            Self::NotAllowed => "this step is not for you",
            Self::TooLate => "the time for this step is over",
            Self::Already => "that is done already",
            Self::TooSoon => "the branch was told to hurry a moment ago",
            Self::Waiting => "another change waits for the branch's answer",
            Self::NothingAsked => "no change waits for an answer",
            Self::NotDue => "nothing is due yet",
            Self::Field(what) => what,
        }
    }
}

/// The times of dispatch: `[dispatch]` of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// From the release until the board is loud.
    pub loud_after: Duration,
    /// … until headquarters has a task.
    pub task_after: Duration,
    /// … until the server telephones the branch.
    pub telephone_after: Duration,
    /// The same where no board of the branch is open: at the first of these times that is not before this one.
    pub telephone_silent_after: Duration,
    /// … until another branch gets it, when one can make the promise; the telephone rings again as often.
    pub next_branch_after: Duration,
    /// A spoken address that nobody wrote down.
    pub address_after: Duration,
    /// The branch may take its last step back for so long.
    pub undo: Duration,
    /// An outcome may be corrected by whoever said it.
    pub correct: Duration,
    /// Between two hurries.
    pub nudge_again: Duration,
    /// Food that nobody took after two attempts is kept for so long.
    pub hold: Duration,
    /// An order that is expected so much after its promise will be late (C88).
    pub foresee: Duration,
    /// An order that nobody took down is unusually large from so many portions, or from this value on: somebody rings the diner.
    pub large_portions: u32,
    pub large: Money,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            loud_after: Duration::from_secs(60),
            task_after: Duration::from_secs(120),
            telephone_after: Duration::from_secs(180),
            telephone_silent_after: Duration::from_secs(60),
            next_branch_after: Duration::from_secs(300),
            address_after: Duration::from_secs(300),
            undo: Duration::from_secs(10),
            correct: Duration::from_secs(1800),
            nudge_again: Duration::from_secs(600),
            hold: Duration::from_secs(1800),
            foresee: Duration::from_secs(600),
            large_portions: 40,
            large: Money::yuan(1000),
        }
    }
}

impl Life {
    /// A new order of a branch: sent at once, or kept for its release. A spoken address waits for a person first.
    #[must_use]
    pub fn begin(start: &Start<'_>, now: Timestamp, rules: &Rules) -> Self {
        let Start { branch, why, fulfilment, times, promised_at, spoken_address, later } = *start;
        let ahead = minutes(times.cook + if fulfilment == Fulfilment::Delivery { times.travel } else { 0 });
        let release_at = if later { promised_at.before(ahead).max(now) } else { now };
        let mut life = Self {
            status: if spoken_address { OrderStatus::AddressCheck } else { OrderStatus::New },
            owner: if spoken_address { Owner::Headquarters } else { Owner::Clock },
            fulfilment,
            branch,
            branch_why: why.to_owned(),
            refused_by: Vec::new(),
            times,
            due_at: None,
            stage: 0,
            version: 1,
            life: 1,
            promised_at,
            release_at: Some(release_at),
            sent_at: None,
            seen_at: None,
            accepted_at: None,
            cooking_at: None,
            ready_at: None,
            out_at: None,
            done_at: None,
            urged_at: None,
            outcome: None,
            attempts: 0,
            held_until: None,
            rescheduled: 0,
            lacks: None,
            rider: None,
            pending: None,
            undo: None,
            change_why: String::new(),
        };
        if !spoken_address && release_at <= now {
            life.send(now);
        }
        life.due_at = if spoken_address { Some(now.after(rules.address_after)) } else { life.due(rules) };
        life
    }

    /// Whether its branch should hear it now.
    #[must_use]
    pub const fn rings(&self) -> bool {
        matches!(self.status, OrderStatus::New) && self.sent_at.is_some() && self.seen_at.is_none()
    }

    /// To its branch.
    pub(super) fn send(&mut self, now: Timestamp) {
        self.status = OrderStatus::New;
        self.owner = Owner::Branch;
        self.sent_at = Some(now);
        (self.seen_at, self.accepted_at, self.cooking_at, self.ready_at, self.out_at) = (None, None, None, None, None);
        (self.attempts, self.held_until) = (0, None);
        self.lacks = None;
        self.stage = 0;
    }

    /// When this state becomes somebody's alarm. `None`: the alarm has been raised, or nothing is to be done any more.
    pub(super) fn due(&self, rules: &Rules) -> Option<Timestamp> {
        use OrderStatus::{Accepted, AddressCheck, Cancelled, Cooking, Done, New, Out, Ready};
        let delivered = self.fulfilment == Fulfilment::Delivery;
        let leaves = if delivered { self.promised_at.before(minutes(self.times.travel)) } else { self.promised_at };
        let state = match (self.status, self.sent_at) {
            (Done | Cancelled, _) => return None,
            (AddressCheck, _) => None,
            _ if self.held_until.is_some() => self.held_until,
            (New, None) if self.owner == Owner::Clock => self.release_at,
            (New, None) => None,
            (New, Some(sent)) => Some(sent.after(match self.stage {
                0 => rules.loud_after,
                1 => rules.task_after,
                2 => rules.telephone_after,
                _ => rules.next_branch_after,
            })),
            (Accepted | Cooking | Ready | Out, _) if self.stage >= LATE => None,
            // Half of the cooking has to be begun by then.
            (Accepted, _) => Some(leaves.before(minutes(self.times.cook / 2))),
            (Cooking, _) => Some(leaves),
            (Ready, _) if delivered => Some(self.promised_at),
            // Diners fetch late: an hour is theirs.
            (Ready, _) => Some(self.promised_at.after(minutes(60))),
            (Out, _) => Some(self.promised_at.after(minutes(10))),
        };
        let asked = self.pending.as_ref().filter(|pending| !pending.alarmed).map(|pending| pending.at.after(rules.task_after));
        match (state, asked) {
            (Some(state), Some(asked)) => Some(state.min(asked)),
            (state, asked) => state.or(asked),
        }
    }
}

/// The stage at which headquarters knows.
const LATE: u8 = 2;

fn minutes(minutes: u16) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}
