//! People who work at the hotline: their roles, where their voice is, what they are doing, and how they sum up a call.

use super::{PhoneNumber, Timestamp};

/// What somebody may do. Each role sees what it needs and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Agent,
    Dispatcher,
    Branch,
    Supervisor,
    Manager,
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Agent, Self::Dispatcher, Self::Branch, Self::Supervisor, Self::Manager, Self::Administrator];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Dispatcher => "dispatcher",
            Self::Branch => "branch",
            Self::Supervisor => "supervisor",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Where an agent's voice is during a shift (C10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// The console's own softphone: one WebRTC leg for the whole shift.
    Browser,
    /// A desk phone or softphone registered with us under this account.
    Phone { account: String },
    /// Any telephone, called through a trunk.
    Outside { number: PhoneNumber },
}

impl Seat {
    /// Stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Phone { .. } => "phone",
            Self::Outside { .. } => "outside",
        }
    }
}

/// Why somebody takes a break: a code of the settings (`lunch`, `short`, `training`, `meeting`), or one of ours
/// (`missed` after unanswered rings, `forced` by a supervisor).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Break(pub String);

/// What an agent is doing (domain.md 2.2). Derived from live legs, so that it cannot stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentState {
    SignedOut,
    /// Signed in but not to be rung, with the reason that is shown: `no_phone`, `no_media`, `reconnecting`.
    NotReady {
        why: &'static str,
    },
    Ready,
    Ringing {
        call: u64,
        until: Timestamp,
    },
    Talking {
        call: u64,
    },
    /// The caller hears music; a consultation counts as hold.
    Hold {
        call: u64,
    },
    /// Ends at `until`, whatever happens to the page.
    WrapUp {
        call: u64,
        until: Timestamp,
        /// How often it was made longer.
        extended: u8,
    },
    Break {
        reason: Break,
    },
    /// Let it ring: one click brings them back.
    NotResponding,
    /// Calls out: a call-back or a missed caller.
    Outbound {
        call: u64,
    },
}

impl AgentState {
    /// Stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SignedOut => "offline",
            Self::NotReady { .. } => "not_ready",
            Self::Ready => "available",
            Self::Ringing { .. } => "ringing",
            Self::Talking { .. } => "on_call",
            Self::Hold { .. } => "hold",
            Self::WrapUp { .. } => "wrap_up",
            Self::Break { .. } => "break",
            Self::NotResponding => "not_responding",
            Self::Outbound { .. } => "outbound",
        }
    }

    /// The call that they are busy with.
    #[must_use]
    pub const fn call(&self) -> Option<u64> {
        match self {
            Self::Ringing { call, .. }
            | Self::Talking { call }
            | Self::Hold { call }
            | Self::WrapUp { call, .. }
            | Self::Outbound { call } => Some(*call),
            Self::SignedOut | Self::NotReady { .. } | Self::Ready | Self::Break { .. } | Self::NotResponding => None,
        }
    }
}

/// A skill and how well somebody has it (0 to 100).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    pub name: String,
    pub level: u8,
}

/// How an agent sums up a call: a two-digit code of domain.md 2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disposition(u8);

impl Disposition {
    /// 骚扰: the number is proposed for the block list.
    pub const NUISANCE: Self = Self(62);

    /// The codes of domain.md 2.4: others would be counted and explained by nobody.
    const KNOWN: [u8; 22] = [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33, 34, 40, 41, 50, 60, 61, 62, 70, 71, 80];

    /// One of the known codes.
    #[must_use]
    pub fn new(code: u8) -> Option<Self> {
        Self::KNOWN.contains(&code).then_some(Self(code))
    }

    /// The two digits.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// Harassment, food safety and lost orders mean nothing without a word on what happened (domain.md 2.4).
    #[must_use]
    pub const fn needs_note(self) -> bool {
        matches!(self.0, 33 | 62 | 71)
    }
}
