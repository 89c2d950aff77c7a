//! An order of which a branch is told by telephone, because nobody there has answered its screen (C82).

use super::{BranchNumber, MenuNumber, OrderId, OrderNumber, PhoneNumber, Timestamp};

/// What is said of it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchCall {
    /// The call's own id: one for each round of tries.
    pub id: String,
    pub order: OrderId,
    pub number: OrderNumber,
    pub branch: BranchNumber,
    pub phone: PhoneNumber,
    pub delivery: bool,
    pub promised_at: Timestamp,
    /// Dishes and portions, in the order of the ticket.
    pub lines: Vec<(MenuNumber, u16)>,
    /// Somebody must not eat something.
    pub allergies: bool,
    /// A remark is on the ticket.
    pub remark: bool,
}
