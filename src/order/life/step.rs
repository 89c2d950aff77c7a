//! The steps of an order, who takes them, and the closed lists of names in them.

use crate::domain::{BranchNumber, CartLine, MenuNumber, Times, Timestamp};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$inner])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its stable name, as stored and on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// By its stable name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

names!(
    /// Who must act next.
    Owner {
        /// Nobody before its time: a pre-order waits for its release.
        Clock = "clock",
        Branch = "branch",
        /// Refused, unheard, or an address that a person must look at: a task is open.
        Headquarters = "headquarters",
        Rider = "rider",
        /// Nothing is to be done any more.
        Nobody = "nobody",
    }
);

names!(
    /// Who did a step.
    ActorKind {
        Branch = "branch",
        Headquarters = "headquarters",
        Agent = "agent",
        Rider = "rider",
        Caller = "caller",
        System = "system",
        /// The branch, by the telephone that we rang.
        Telephone = "telephone",
        Program = "program",
    }
);

names!(
    /// What became of an order.
    Outcome {
        OnTime = "D00",
        Late10 = "D10",
        Late30 = "D30",
        Late60 = "D60",
        WrongAddress = "D70",
        Unreachable = "D71",
        Rejected = "D72",
        Rescheduled = "D73",
        NotSent = "D80",
        NoRider = "D81",
        Damaged = "D82",
        SoldOut = "D83",
        Prank = "D90",
        CalledOff = "D99",
    }
);

impl Outcome {
    /// Whether the diner has the food.
    #[must_use]
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::OnTime | Self::Late10 | Self::Late30 | Self::Late60 | Self::Damaged)
    }

    /// What a delivery that much after its promise is. Ten minutes are within the promise.
    #[must_use]
    pub const fn of_lateness(millis: i64) -> Self {
        match millis {
            3_600_000.. => Self::Late60,
            1_800_000.. => Self::Late30,
            600_001.. => Self::Late10,
            _ => Self::OnTime,
        }
    }

    /// So many minutes late it is at least, by its name: "an hour late" is never zero minutes, whatever the clock says.
    #[must_use]
    pub const fn least_minutes(self) -> u32 {
        match self {
            Self::Late60 => 60,
            Self::Late30 => 30,
            Self::Late10 => 10,
            _ => 0,
        }
    }
}

names!(
    /// Why a branch does not take an order.
    RefuseReason { SoldOut = "sold_out", Busy = "busy", Equipment = "equipment", OutOfReach = "out_of_reach", Other = "other" }
);

names!(
    /// What a person at headquarters has to look at.
    TaskKind {
        Refused = "refused",
        Unheard = "unheard",
        Address = "address",
        Outside = "outside",
        Large = "large",
        Duplicate = "duplicate",
        Late = "late",
        Printer = "printer",
        BranchAway = "branch_away",
        Undelivered = "undelivered",
        ChangeDeclined = "change_declined",
        CareCall = "care_call",
        WrongAddress = "wrong_address",
        Capacity = "capacity",
        Blacklist = "blacklist",
        Complaint = "complaint",
        NoBranch = "no_branch",
        /// Nobody opened the door: somebody rings the diner while the food is still warm (D71).
        Unreachable = "unreachable",
        /// Will be late by what the kitchen has before it: the diner is rung up before they ring (C88).
        Foreseen = "foreseen",
        /// Something goes wrong more often than it may (C101).
        Quality = "quality",
    }
);

/// Who does a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: String,
    pub name: String,
    /// Whose people they are: for branches, their telephone and their riders.
    pub branch: Option<BranchNumber>,
    /// Supervisors and managers: may correct an outcome after its window.
    pub lead: bool,
}

impl Actor {
    /// Somebody of that kind.
    #[must_use]
    pub fn new(kind: ActorKind, id: &str, name: &str) -> Self {
        Self { kind, id: id.to_owned(), name: name.to_owned(), branch: None, lead: false }
    }

    /// The same, of that branch.
    #[must_use]
    pub const fn of(mut self, branch: BranchNumber) -> Self {
        self.branch = Some(branch);
        self
    }

    /// The program itself.
    #[must_use]
    pub fn system() -> Self {
        Self::new(ActorKind::System, "system", "")
    }
}

/// Another time than was promised (D73).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    pub at: Timestamp,
    /// It is fetched from the branch.
    pub pickup: bool,
}

/// What somebody says of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub code: Outcome,
    /// To `Rescheduled`: when.
    pub later: Option<Later>,
}

impl From<Outcome> for Report {
    fn from(code: Outcome) -> Self {
        Self { code, later: None }
    }
}

/// Who carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rider {
    pub id: String,
    pub name: String,
}

/// One line of a changed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditLine {
    pub line: CartLine,
    pub note: Option<String>,
}

/// One step of an order's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody at the branch has touched the card.
    Seen,
    /// The branch takes it; with minutes it sets the promise.
    Accept {
        minutes: Option<u16>,
    },
    Refuse {
        reason: RefuseReason,
        dishes: Vec<MenuNumber>,
        note: String,
    },
    Cook,
    Ready,
    /// To the rider, or across the counter.
    HandOver {
        rider: Option<Rider>,
    },
    /// What became of it; `None` works the code out from the promise.
    Deliver {
        code: Option<Outcome>,
        note: String,
        minutes_late: Option<u32>,
    },
    Correct {
        code: Outcome,
        note: String,
    },
    /// The diner wants it at another time, or comes for it (D73): the order has a new promise.
    Reschedule {
        later: Later,
        note: String,
    },
    /// The branch has run out of dishes of an order that it had accepted (D83): the diner is offered something else.
    RunOut {
        dishes: Vec<MenuNumber>,
        note: String,
    },
    /// Takes the branch's last step back.
    Undo,
    /// Releases it to its branch now.
    Send,
    /// `times` are the new branch's; the store puts them in.
    Reassign {
        branch: BranchNumber,
        why: String,
        times: Option<Times>,
    },
    /// Tells the branch to hurry.
    Nudge,
    Cancel {
        why: String,
    },
    AskCancel {
        why: String,
    },
    AskEdit {
        lines: Vec<EditLine>,
        why: String,
    },
    Grant,
    Decline {
        why: String,
    },
    /// Somebody wrote a spoken address down.
    Address {
        text: String,
        branch: BranchNumber,
        times: Option<Times>,
    },
    Rider {
        rider: Rider,
    },
    /// What was due has come. `next` would take it over; `silent`: no board of its branch is open.
    Overdue {
        next: Option<(BranchNumber, Times)>,
        silent: bool,
    },
}

impl Step {
    /// Its stable name, as stored and on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Accept { .. } => "accept",
            Self::Refuse { .. } => "refuse",
            Self::Cook => "cook",
            Self::Ready => "ready",
            Self::HandOver { .. } => "hand_over",
            Self::Deliver { .. } => "deliver",
            Self::Correct { .. } => "correct",
            Self::Reschedule { .. } => "reschedule",
            Self::RunOut { .. } => "run_out",
            Self::Undo => "undo",
            Self::Send => "send",
            Self::Reassign { .. } => "reassign",
            Self::Nudge => "nudge",
            Self::Cancel { .. } => "cancel",
            Self::AskCancel { .. } => "ask_cancel",
            Self::AskEdit { .. } => "ask_edit",
            Self::Grant => "grant",
            Self::Decline { .. } => "decline",
            Self::Address { .. } => "address",
            Self::Rider { .. } => "rider",
            Self::Overdue { .. } => "overdue",
        }
    }
}

names!(
    /// What the branch is asked to agree to.
    PendingKind { Cancel = "cancel", Edit = "edit" }
);
