//! The words of the trade as types: values and their rules, nothing else.

mod agent;
mod branch;
mod call;
mod catalogue;
mod dish;
mod finding;
mod ids;
mod member;
mod money;
mod offer;
mod order;
mod phone;
mod pop;
mod service;
mod speech;
mod time;
mod user;
mod waiting;

pub use agent::{AgentState, Break, Disposition, Role, Seat, Skill};
pub use branch::{Branch, Hours, Opening};
pub use call::{CallRecord, End, KeySource, Party, Reason, Step, StepKind};
pub use catalogue::{Catalogue, Holidays, SoldOut};
pub use dish::{Category, Dish, DishOption, Size, Spice};
pub use finding::Finding;
pub use ids::{BranchNumber, CallId, CustomerId, MemberNumber, MenuNumber, OrderId, OrderNumber, Quantity, QueueId, RecordingId, UserId};
pub use member::{Address, BlockLevel, Level, Member, POINTS_PER_YUAN, PointsEntry};
pub use money::Money;
pub use offer::{Deal, Offer};
pub use order::{Cart, CartLine, Discount, DiscountReason, Fulfilment, Order, OrderLine, OrderStatus, Place, PlacedVia, When};
pub use phone::PhoneNumber;
pub use pop::{Favourite, Identity, LastAgent, OpenCase, OtherCustomer, PastOrder, Pop};
pub use service::{CallBack, CallBackStatus, CallPart, Fact, MissedCaller, MissedKind, PartKind, QueueOutcome, QueueVisit, WrapUp};
pub use speech::{Arg, DayWord, Language, Phrase};
pub use time::{ClockTime, DateTime, ShopClock, Timestamp};
pub use user::User;
pub use waiting::{Leaving, QueueNews, QueueReason, QueueWish, Wait};
