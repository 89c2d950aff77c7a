//! The words of the trade as types: values and their rules, nothing else.

mod agent;
mod branch;
mod branch_call;
mod call;
mod campaign;
mod care;
mod catalogue;
mod dish;
mod finding;
mod ids;
mod invoice;
mod member;
mod money;
mod notice;
mod offer;
mod order;
mod phone;
mod pop;
mod service;
mod speech;
mod ticket;
mod time;
mod user;
mod waiting;
mod zone;

pub use agent::{AgentState, Break, Disposition, Role, Seat, Skill};
pub use branch::{Branch, Hours, Kitchen, Opening, Times};
pub use branch_call::BranchCall;
pub use call::{CallRecord, End, KeySource, Party, Reason, Step, StepKind, masked};
pub use campaign::{
    CampaignCall, CampaignKind, CampaignPlan, CampaignSays, CampaignStatus, CampaignTried, ContactWish, DropOut, ListedNumber, Segment,
    TryOutcome,
};
pub use care::{CARE_LATE_DAYS, CareRule, CareWhen, birthday};
pub use catalogue::{Catalogue, Holidays, SoldOut};
pub use dish::{Category, Dish, DishOption, Size, Spice, is_reading};
pub use finding::Finding;
pub use ids::{BranchNumber, CallId, CustomerId, MemberNumber, MenuNumber, OrderId, OrderNumber, Quantity, QueueId, RecordingId, UserId};
pub use invoice::{InvoiceFault, InvoiceRequest, InvoiceStatus, TaxNumber};
pub use member::{Address, Barred, BlockLevel, Level, Member, POINTS_PER_YUAN, PointsEntry};
pub use money::Money;
pub use notice::NoticeTexts;
pub use offer::{Deal, Offer};
pub use order::{Cart, CartLine, Credit, Discount, DiscountReason, Fulfilment, Order, OrderLine, OrderStatus, Place, PlacedVia, When};
pub use phone::PhoneNumber;
pub use pop::{Favourite, Identity, LastAgent, OpenCase, OtherCustomer, PastOrder, Pop};
pub use service::{CallBack, CallBackStatus, CallPart, Fact, MissedCaller, MissedKind, PartKind, QueueOutcome, QueueVisit, WrapUp};
pub use speech::{Arg, DayWord, Language, Phrase};
pub use ticket::{NewTicket, TicketKind, ticket_time};
pub use time::{ClockTime, DateTime, ShopClock, Timestamp, WEEKDAYS, weekday, weekday_name};
pub use user::User;
pub use waiting::{Leaving, QueueNews, QueueReason, QueueWish, Wait};
pub use zone::{Point, Street, Zone, ZoneRule};
