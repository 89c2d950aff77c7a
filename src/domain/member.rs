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
    /// `block.hard`, then hang up.
    Hard,
    /// `block.soft`: a person or a message, no self-service.
    Soft,
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
