//! People who order: members, their levels, points and addresses.

use super::{BranchNumber, CustomerId, MemberNumber, Money, PhoneNumber, RecordingId, Timestamp};

/// A membership level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub id: String,
    pub zh: String,
    pub en: String,
    /// Off every dish.
    pub discount_percent: u8,
}

/// One membership, valid in all branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub number: MemberNumber,
    pub customer: CustomerId,
    /// Id of its level.
    pub level: String,
    /// Numbers on the member's record: a call from one of them needs no PIN to hear points.
    pub phones: Vec<PhoneNumber>,
    pub has_pin: bool,
}

/// Where somebody has food brought to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub id: String,
    /// Short name: 家, 公司.
    pub label: String,
    /// As written on the slip; empty while only a recording exists.
    pub text: String,
    /// Name of a prompt clip that speaks it, such as `address-caoxi`.
    pub clip: Option<String>,
    /// The caller's own voice.
    pub recording: Option<RecordingId>,
    /// The branch that covers it; none means outside or not yet checked.
    pub branch: Option<BranchNumber>,
    /// Nobody has yet checked it (recorded by phone).
    pub unchecked: bool,
}

/// One entry of the append-only points ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsEntry {
    pub at: Timestamp,
    /// Above zero earned, below zero spent or expired.
    pub points: i64,
    /// When the points of an earning end.
    pub expires: Option<Timestamp>,
    pub why: String,
}

/// What is done with calls from a blocked number (C89).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockLevel {
    /// Refused before anything is said (603).
    Decline,
    /// Hears the busy tone (486).
    Busy,
    /// `block.hard`, then hang up.
    Hard,
    /// May leave a message, and no more.
    Message,
    /// `block.soft`: a person or a message, no self-service.
    Soft,
    /// A person only.
    Agent,
    /// Self service, but no delivery that is paid at the door.
    NoCash,
}

impl BlockLevel {
    /// All of them, the strictest first.
    pub const ALL: [Self; 7] = [Self::Decline, Self::Busy, Self::Hard, Self::Message, Self::Soft, Self::Agent, Self::NoCash];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::Busy => "busy",
            Self::Hard => "hard",
            Self::Message => "message",
            Self::Soft => "soft",
            Self::Agent => "agent",
            Self::NoCash => "no_cash",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Whether the caller gets through to anything at all.
    #[must_use]
    pub const fn gets_through(self) -> bool {
        matches!(self, Self::Message | Self::Soft | Self::Agent | Self::NoCash)
    }

    /// The status by which the telephone network is told, for those who are not even answered.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Decline => Some(603),
            Self::Busy => Some(486),
            _ => None,
        }
    }

    /// The strictest of these names; nothing when one of them is `allow`.
    #[must_use]
    pub fn strictest<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        if names.clone().any(|name| name == "allow") {
            return None;
        }
        Self::ALL.into_iter().find(|level| names.clone().any(|name| name == level.name()))
    }
}

/// A number whose calls are not even answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    pub phone: PhoneNumber,
    pub level: BlockLevel,
    pub until: Option<Timestamp>,
}

/// 100 points are worth one yuan.
pub const POINTS_PER_YUAN: i64 = 100;

impl Member {
    /// What `points` are worth.
    #[must_use]
    pub const fn worth(points: i64) -> Money {
        Money::fen(points / POINTS_PER_YUAN * 100)
    }
}
