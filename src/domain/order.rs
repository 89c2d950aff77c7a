//! What is being chosen, and what was confirmed.

use super::{
    BranchNumber, CustomerId, DateTime, MemberNumber, MenuNumber, Money, OrderId, OrderNumber, PhoneNumber, Quantity, RecordingId, Size,
    Spice, Timestamp,
};

/// One line of a cart: same dish with other options is another line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartLine {
    pub dish: MenuNumber,
    pub quantity: Quantity,
    pub size: Option<Size>,
    pub spice: Option<Spice>,
}

/// What a caller has chosen so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cart {
    /// In the order of entry.
    pub lines: Vec<CartLine>,
}

/// How the food reaches the diner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fulfilment {
    Delivery,
    Pickup,
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A saved address.
    Saved { address: String, text: String, branch: BranchNumber },
    /// Spoken in this call, to be checked by a person; the branch is the one proposed.
    Recorded { recording: RecordingId, branch: BranchNumber },
    /// Fetched at the branch.
    Pickup { branch: BranchNumber },
}

impl Place {
    /// The branch that cooks.
    #[must_use]
    pub const fn branch(&self) -> BranchNumber {
        match self {
            Self::Saved { branch, .. } | Self::Recorded { branch, .. } | Self::Pickup { branch } => *branch,
        }
    }

    /// Delivery or pickup.
    #[must_use]
    pub const fn fulfilment(&self) -> Fulfilment {
        match self {
            Self::Pickup { .. } => Fulfilment::Pickup,
            Self::Saved { .. } | Self::Recorded { .. } => Fulfilment::Delivery,
        }
    }
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as possible.
    Now,
    /// At this time on the restaurant's clock.
    At(DateTime),
}

/// Who took the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacedVia {
    Keypad,
    Agent,
    Api,
}

/// Why something comes off the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscountReason {
    /// By membership level.
    Level { level: String, percent: u8 },
    /// 5 or 10 portions of one dish (C90).
    Quantity { dish: MenuNumber, portions: u16, percent: u8 },
    /// An offer.
    Offer { offer: String },
    /// Points spent.
    Points { points: i64 },
    /// What was owed to the customer for an earlier order.
    Credit { credit: String },
}

impl DiscountReason {
    /// Stable name of its kind, as stored.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Level { .. } => "level",
            Self::Quantity { .. } => "quantity",
            Self::Offer { .. } => "offer",
            Self::Points { .. } => "points",
            Self::Credit { .. } => "credit",
        }
    }
}

/// Something off a customer's next order, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    pub id: String,
    pub amount: Money,
    pub until: Timestamp,
}

/// One thing taken off, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    pub reason: DiscountReason,
    pub amount: Money,
}

/// A line as sold: name and price of that moment stay with the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub dish: MenuNumber,
    pub zh: String,
    pub en: String,
    pub quantity: Quantity,
    pub size: Option<Size>,
    pub spice: Option<Spice>,
    /// One portion.
    pub price: Money,
    /// Price times quantity, before discounts.
    pub amount: Money,
    /// A wish for the kitchen, typed by an agent.
    pub note: Option<String>,
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Confirmed by the diner, on disk.
    New,
    /// A recorded address waits for a person.
    AddressCheck,
    Accepted,
    Cooking,
    Ready,
    Out,
    Done,
    Cancelled,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::New, Self::AddressCheck, Self::Accepted, Self::Cooking, Self::Ready, Self::Out, Self::Done, Self::Cancelled];

    /// Stable name, as stored and shown by `orders --json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::AddressCheck => "address_check",
            Self::Accepted => "accepted",
            Self::Cooking => "cooking",
            Self::Ready => "ready",
            Self::Out => "out",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether something is still to happen.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Cancelled)
    }

    /// Whether the diner may still cancel by keypad: nobody has begun to cook.
    #[must_use]
    pub const fn can_cancel(self) -> bool {
        matches!(self, Self::New | Self::AddressCheck | Self::Accepted)
    }
}

/// A confirmed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub number: OrderNumber,
    pub customer: Option<CustomerId>,
    pub member: Option<MemberNumber>,
    /// Contact number.
    pub phone: PhoneNumber,
    pub via: PlacedVia,
    pub status: OrderStatus,
    pub place: Place,
    pub when: When,
    pub lines: Vec<OrderLine>,
    pub goods: Money,
    pub discounts: Vec<Discount>,
    pub fee: Money,
    /// What is to be paid.
    pub pay: Money,
    pub note: Option<RecordingId>,
    pub placed_at: Timestamp,
    /// Promised to the diner.
    pub promised_at: Timestamp,
    /// When the rider left, when it arrived.
    pub out_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
}
