//! What an agent sees of a customer before answering: the screen pop (C56–C60).

use super::{
    Address, BlockLevel, BranchNumber, Cart, CustomerId, Language, MemberNumber, MenuNumber, Money, OrderId, OrderLine, OrderNumber,
    OrderStatus, PhoneNumber, PointsEntry, Quantity, Timestamp, UserId,
};

/// How we know who calls: the order of trust of C20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Identity {
    #[default]
    Unknown,
    /// The caller's number is on one customer's record.
    Caller,
    /// They keyed their phone number.
    KeyedPhone,
    /// They keyed their member number.
    Member,
}

impl Identity {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Caller => "caller_id",
            Self::KeyedPhone => "keyed_phone",
            Self::Member => "member",
        }
    }
}

/// Everything about the customer, as the store knew it when the call began to ring.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pop {
    pub customer: Option<CustomerId>,
    pub identity: Identity,
    /// More than one customer has this number: the agent chooses.
    pub others: Vec<OtherCustomer>,
    pub name: String,
    pub language: Language,
    pub member: Option<MemberNumber>,
    /// Id of the level.
    pub level: Option<String>,
    pub points: Option<i64>,
    pub points_entries: Vec<PointsEntry>,
    pub phones: Vec<PhoneNumber>,
    pub addresses: Vec<Address>,
    pub tastes: Vec<String>,
    pub allergies: Vec<String>,
    pub tags: Vec<String>,
    /// Free words that agents leave for one another.
    pub note: String,
    /// The last five, newest first.
    pub orders: Vec<PastOrder>,
    pub order_count: u32,
    pub spent: Money,
    pub average: Money,
    pub favourites: Vec<Favourite>,
    pub cases: Vec<OpenCase>,
    pub block: Option<BlockLevel>,
    pub vip: bool,
    pub last_agent: Option<LastAgent>,
    pub owner: Option<UserId>,
    /// The team behind the owner.
    pub team: Option<String>,
    /// Agents who are not to speak with this customer (C40).
    pub never: Vec<UserId>,
    /// The cart that was not ordered.
    pub cart: Option<Cart>,
}

/// One of several customers on one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCustomer {
    pub id: CustomerId,
    pub name: String,
}

/// An order of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOrder {
    pub id: OrderId,
    pub number: OrderNumber,
    pub placed_at: Timestamp,
    pub status: OrderStatus,
    pub branch: BranchNumber,
    pub pay: Money,
    pub lines: Vec<OrderLine>,
}

/// A dish that this customer orders often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Favourite {
    pub dish: MenuNumber,
    pub portions: Quantity,
    pub times: u32,
}

/// A complaint that nobody has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    pub number: String,
    pub kind: String,
    pub at: Timestamp,
}

/// Who spoke with this customer last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAgent {
    pub agent: UserId,
    pub name: String,
    pub at: Timestamp,
}
