//! What the dialogue asks the world and what it is told: every answer may come late, or never.

use crate::domain::{
    Address, BlockLevel, BranchNumber, Cart, Credit, CustomerId, DateTime, DayWord, Discount, Fulfilment, Language, Member, MemberNumber,
    MenuNumber, Money, OrderId, OrderLine, OrderNumber, OrderStatus, PhoneNumber, Place, RecordingId, Timestamp, When,
};
use crate::order::life::Outcome;

/// What the dialogue needs from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A member number was keyed.
    Member(MemberNumber),
    /// A number was keyed that may be on a member's record (phone or caller): everything known about it.
    Phone(PhoneNumber),
    /// Is this the PIN? Three wrong ones lock the member for the day.
    Pin { member: MemberNumber, pin: String },
    /// Balance, next expiry and the last five entries.
    Points(MemberNumber),
    /// Save this order if everything still holds.
    Place(Box<OrderRequest>),
    /// Orders of this caller: by customer, else by phone. `open`: only those not yet done, else the last three.
    Orders { customer: Option<CustomerId>, phone: Option<PhoneNumber>, open: bool },
    /// The order with these last four digits whose contact number ends so; today's and yesterday's.
    FindOrder { last4: String, phone4: String },
    /// Hurry it up.
    Urge(OrderId),
    /// Cancel it, when nobody has begun to cook.
    Cancel(OrderId),
    /// The order with these last four digits that a rider may report on; `caller` may be a rider's number.
    RiderOrder { last4: String, caller: Option<PhoneNumber> },
    /// What became of it.
    RiderReport {
        order: OrderId,
        code: Outcome,
        /// Another time on the restaurant's clock, and whether it is fetched then.
        later: Option<(DateTime, bool)>,
        caller: Option<PhoneNumber>,
    },
    /// A branch accepts or refuses an order by telephone.
    BranchAnswer { id: String, order: OrderId, branch: BranchNumber, accept: bool },
    /// This number wants to hear nothing of campaigns any more.
    Unsubscribe(PhoneNumber),
    /// Keep a recording with what it belongs to; the answer is its case number.
    Message(Message),
    /// Send the link to a map of this restaurant to the caller's telephone.
    MapLink { branch: BranchNumber, phone: PhoneNumber, language: Language },
}

/// What the dialogue tells the world, without waiting for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Keep this cart for 30 minutes for whoever calls from here or as this customer.
    SaveCart { key: String, customer: Option<CustomerId>, phone: Option<PhoneNumber>, cart: Cart, step: String },
    /// The kept cart was taken up, ordered or dropped.
    DropCart { customer: Option<CustomerId>, phone: Option<PhoneNumber> },
    /// The caller chose this language.
    Language { phone: PhoneNumber, language: Language },
    /// The caller heard this offer.
    OfferHeard { phone: PhoneNumber, offer: String },
}

/// An order as the diner confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// Made when the cart was opened; the same key never makes two orders.
    pub key: String,
    pub customer: Option<CustomerId>,
    pub member: Option<MemberNumber>,
    pub phone: PhoneNumber,
    pub language: Language,
    pub cart: Cart,
    pub place: Place,
    pub when: When,
    /// Points to spend, with the PIN already checked.
    pub points: i64,
    pub note: Option<RecordingId>,
    /// What the diner heard; another amount at submit is read again first.
    pub heard: Money,
    /// The diner was told of the same order some minutes ago and wants it again.
    pub again: bool,
}

/// A message left by voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: MessageKind,
    pub recording: RecordingId,
    pub customer: Option<CustomerId>,
    pub phone: Option<PhoneNumber>,
    /// The order that it is about.
    pub order: Option<OrderId>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    Complaint,
    Suggestion,
    Voicemail,
    /// Somebody wants to become a member.
    Join,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `Member` and `Phone`.
    Known(Box<Card>),
    /// To `Pin`.
    Pin(PinCheck),
    Points(PointsView),
    /// To `Place`.
    Placed(Placed),
    Orders(Vec<OrderView>),
    /// To `Urge`, `Cancel`, `RiderReport`, `BranchAnswer`, `Unsubscribe` and `MapLink`: whether it was done.
    Done(bool),
    /// Case number of a message.
    Case(String),
    /// The store could not answer.
    Failed,
}

/// Everything the dialogue may know about a caller or a member.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Card {
    pub customer: Option<CustomerId>,
    /// Members on this number, or the one member that was asked for; empty when there is none.
    pub members: Vec<Member>,
    pub language: Option<Language>,
    pub block: Option<BlockLevel>,
    /// Finished self-service orders: from three on the short menu.
    pub finished_orders: u32,
    pub addresses: Vec<Address>,
    /// Pickup branches last used, latest first.
    pub branches: Vec<BranchNumber>,
    /// A cart that was left within the last 30 minutes.
    pub cart: Option<Cart>,
    pub last_order: Option<LastOrder>,
    /// Offers that this caller has heard, and when.
    pub offers_heard: Vec<(String, Timestamp)>,
    /// Points balance, for `pts.offer`.
    pub points: i64,
    /// What is taken off the next order.
    pub credit: Option<Credit>,
    /// The number is this rider's.
    pub rider: Option<String>,
}

/// The last order, for "the same again".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOrder {
    pub cart: Cart,
    pub paid: Money,
    pub fulfilment: Fulfilment,
}

/// What a PIN check gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinCheck {
    Right,
    Wrong,
    /// No more tries today.
    Locked,
    /// This member has none.
    None,
}

/// Points of a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PointsView {
    pub balance: i64,
    /// So many of them end on that day.
    pub expiring: Option<(i64, DayWord)>,
    /// Latest first, at most five.
    pub recent: Vec<(DayWord, i64)>,
}

/// What became of an order request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// On disk.
    Confirmed { id: OrderId, number: OrderNumber, promised_at: Timestamp, pay: Money },
    /// The same lines were ordered from this number within the last ten minutes.
    Duplicate,
    /// These dishes have sold out since.
    SoldOut(Vec<MenuNumber>),
    /// The sum is another now.
    PriceChanged { lines: Vec<OrderLine>, discounts: Vec<Discount>, fee: Money, pay: Money },
    /// The branch is closed at that time.
    Closed,
    /// The kitchen has promised all it can make for that quarter of an hour.
    Full,
    /// Delivery below the least amount.
    TooSmall { least: Money },
    /// Not enough points any more.
    NoPoints,
    /// The address is not covered.
    Outside,
}

/// An order as the status line tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    pub id: OrderId,
    pub number: OrderNumber,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub pay: Money,
    pub placed_at: Timestamp,
    pub promised_at: Timestamp,
    pub out_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    /// When it was last hurried.
    pub urged_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}
