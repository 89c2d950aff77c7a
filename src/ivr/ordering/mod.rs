//! The order from member number to order number: one file for each question, in the order in which they are asked.

mod cart_menu;
mod dish;
mod done;
mod identify;
mod last_order;
mod note;
mod options;
mod phone;
mod place;
mod points;
mod quantity;
mod read_back;
mod service;
mod start;
mod submit;
mod time;

pub(super) use dish::want;
pub(super) use identify::identify;

use super::dialogue::{Dialogue, Got, Step as Any};
use super::question::{Answer, Notice, Placed};
use crate::domain::{
    Address, BranchNumber, Cart, DateTime, Fulfilment, MenuNumber, Money, OrderNumber, PhoneNumber, Phrase, Place, Quantity, RecordingId,
    Size, Spice, Timestamp, When,
};
use crate::order::pricing::{self, Quote};

/// Every question of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Start,
    /// Take up an unfinished cart?
    Resume,
    /// The caller's number belongs to one member.
    Known,
    /// It belongs to several.
    Several,
    /// Member number, or a telephone number.
    Member,
    /// The same as last time?
    LastOrder,
    Dish,
    /// Something like what is sold out.
    Alternative,
    Size,
    Spice,
    Quantity,
    QuantitySure,
    CartMenu,
    EditAsk,
    EditQuantity,
    CancelSure,
    ReadBack,
    Service,
    /// Too little for delivery.
    Minimum,
    Address,
    AddressRecord,
    AddressReview,
    Outside,
    Store,
    StoreNumber,
    Time,
    Day,
    Clock,
    TimeSure,
    Phone,
    PhoneEnter,
    PhoneSure,
    Points,
    Pin,
    Note,
    NoteRecord,
    /// Everything once more; `#` submits.
    Final,
    /// What is to be changed.
    Change,
    /// Waits for the store.
    Submit,
    Duplicate,
    Done,
    /// Whatever is still open.
    Next,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "order.start",
            Self::Resume => "order.resume",
            Self::Known => "mem.caller_known",
            Self::Several => "mem.choose",
            Self::Member => "mem.ask_id",
            Self::LastOrder => "order.repeat_offer",
            Self::Dish => "order.dish",
            Self::Alternative => "order.alternative",
            Self::Size => "order.size",
            Self::Spice => "order.spice",
            Self::Quantity => "order.quantity",
            Self::QuantitySure => "order.quantity_sure",
            Self::CartMenu => "order.cart_menu",
            Self::EditAsk => "order.edit",
            Self::EditQuantity => "order.edit_quantity",
            Self::CancelSure => "order.cancel_sure",
            Self::ReadBack => "order.read_back",
            Self::Service => "order.service",
            Self::Minimum => "order.minimum",
            Self::Address => "order.address",
            Self::AddressRecord => "order.address_record",
            Self::AddressReview => "order.address_review",
            Self::Outside => "order.outside",
            Self::Store => "order.store",
            Self::StoreNumber => "order.store_number",
            Self::Time => "order.time",
            Self::Day => "order.day",
            Self::Clock => "order.clock",
            Self::TimeSure => "order.time_sure",
            Self::Phone => "order.phone",
            Self::PhoneEnter => "order.phone_enter",
            Self::PhoneSure => "order.phone_sure",
            Self::Points => "order.points",
            Self::Pin => "order.pin",
            Self::Note => "order.note",
            Self::NoteRecord => "order.note_record",
            Self::Final => "order.final",
            Self::Change => "order.change",
            Self::Submit => "order.submit",
            Self::Duplicate => "order.duplicate",
            Self::Done => "order.done",
            Self::Next => "order.next",
        }
    }
}

/// Everything chosen so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// An order is being made.
    pub active: bool,
    pub cart: Cart,
    /// Counts the carts of this call: part of the idempotency key.
    carts: u32,
    /// Comes from a node with presets: nothing of it is kept.
    preset: bool,
    /// The kept cart was offered.
    resume_offered: bool,
    /// Only for a set time: closed, or past the last order.
    ahead: bool,
    /// Told when the order began.
    opening_told: bool,
    wanted: Option<MenuNumber>,
    dish: Option<MenuNumber>,
    alternative: Option<MenuNumber>,
    size: Option<Size>,
    spice: Option<Spice>,
    quantity: Option<Quantity>,
    /// The line whose quantity is being changed.
    editing: Option<usize>,
    /// The read-back of this cart was confirmed.
    read: bool,
    service: Option<Fulfilment>,
    place: Option<Place>,
    address: Option<Address>,
    stores: Vec<BranchNumber>,
    recording: Option<RecordingId>,
    day: Option<jiff::civil::Date>,
    at: Option<DateTime>,
    when: Option<When>,
    keyed: Option<PhoneNumber>,
    phone: Option<PhoneNumber>,
    points: i64,
    points_settled: bool,
    note: Option<RecordingId>,
    note_settled: bool,
    again: bool,
    /// What the store said that it costs, when that differs from our own sum.
    quoted: Option<Box<Quote>>,
    /// The `Place` question that has not been answered.
    pub placing: Option<u32>,
    /// The cart as last kept needs no keeping again.
    kept: bool,
    draft: Draft,
    done: Option<Done>,
}

/// What the store has of the cart while it is being filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Draft {
    #[default]
    Nothing,
    /// The cart before its last change.
    Old,
    Current,
}

/// A confirmed order, to be told.
#[derive(Debug, Clone)]
struct Done {
    number: OrderNumber,
    promised_at: Timestamp,
    fulfilment: Fulfilment,
}

impl State {
    /// The cart is another now: what was heard about it no longer holds.
    fn changed(&mut self) {
        self.read = false;
        self.quoted = None;
        self.points = 0;
        self.points_settled = false;
        self.again = false;
        self.kept = false;
        if self.draft == Draft::Current {
            self.draft = Draft::Old;
        }
    }

    /// A new order begins; the identity stays.
    fn clear(&mut self) {
        *self = Self { carts: self.carts + 1, resume_offered: true, ..Self::default() };
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    keep_draft(d);
    match step {
        Step::Start | Step::Resume => start::enter(d, step),
        Step::Known | Step::Several | Step::Member => identify::enter(d, step),
        Step::LastOrder => last_order::enter(d),
        Step::Dish | Step::Alternative => dish::enter(d, step),
        Step::Size | Step::Spice => options::enter(d, step),
        Step::Quantity | Step::QuantitySure => quantity::enter(d, step),
        Step::CartMenu | Step::EditAsk | Step::EditQuantity | Step::CancelSure => cart_menu::enter(d, step),
        Step::ReadBack => read_back::enter(d),
        Step::Service | Step::Minimum => service::enter(d, step),
        Step::Address | Step::AddressRecord | Step::AddressReview | Step::Outside | Step::Store | Step::StoreNumber => {
            place::enter(d, step)
        }
        Step::Time | Step::Day | Step::Clock | Step::TimeSure => time::enter(d, step),
        Step::Phone | Step::PhoneEnter | Step::PhoneSure => phone::enter(d, step),
        Step::Points | Step::Pin => points::enter(d, step),
        Step::Note | Step::NoteRecord => note::enter(d, step),
        Step::Final | Step::Change | Step::Submit | Step::Duplicate => submit::enter(d, step),
        Step::Done => done::enter(d),
        Step::Next => next(d),
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match step {
        Step::Start | Step::Resume => start::got(d, got),
        Step::Known | Step::Several | Step::Member => identify::got(d, step, got),
        Step::LastOrder => last_order::got(d, got),
        Step::Dish | Step::Alternative => dish::got(d, step, got),
        Step::Size | Step::Spice => options::got(d, step, got),
        Step::Quantity | Step::QuantitySure => quantity::got(d, step, got),
        Step::CartMenu | Step::EditAsk | Step::EditQuantity | Step::CancelSure => cart_menu::got(d, step, got),
        Step::ReadBack => read_back::got(d, got),
        Step::Service | Step::Minimum => service::got(d, step, got),
        Step::Address | Step::AddressRecord | Step::AddressReview | Step::Outside | Step::Store | Step::StoreNumber => {
            place::got(d, step, got);
        }
        Step::Time | Step::Day | Step::Clock | Step::TimeSure => time::got(d, step, got),
        Step::Phone | Step::PhoneEnter | Step::PhoneSure => phone::got(d, step, got),
        Step::Points | Step::Pin => points::got(d, step, got),
        Step::Note | Step::NoteRecord => note::got(d, step, got),
        Step::Final | Step::Change | Step::Submit | Step::Duplicate => submit::got(d, step, got),
        Step::Done => done::got(d, got),
        Step::Next => d.failed(),
    }
}

/// Goes to one question.
fn go(d: &mut Dialogue, step: Step) {
    d.goto(Any::Order(step));
}

/// Goes to the first question that is still open.
fn next(d: &mut Dialogue) {
    let order = &d.order;
    let step = if order.cart.lines.is_empty() {
        d.tell(Phrase::plain("order.empty"));
        Step::Dish
    } else if !order.read {
        Step::ReadBack
    } else if order.service.is_none() {
        Step::Service
    } else if order.place.is_none() {
        if order.service == Some(Fulfilment::Delivery) { Step::Address } else { Step::Store }
    } else if service::too_small(d).is_some() {
        Step::Minimum
    } else if d.order.when.is_none() {
        Step::Time
    } else if d.order.phone.is_none() {
        Step::Phone
    } else if !d.order.points_settled && points::usable(d) > 0 {
        Step::Points
    } else if !d.order.note_settled && d.script.settings.kitchen_note {
        Step::Note
    } else {
        Step::Final
    };
    go(d, step);
}

/// What the cart costs: the store's last word, else by today's catalogue.
fn quote(d: &Dialogue) -> Quote {
    match &d.order.quoted {
        Some(quoted) => (**quoted).clone(),
        None => quote_with(d, d.order.points),
    }
}

fn quote_with(d: &Dialogue, points: i64) -> Quote {
    let now = d.timestamp();
    let credit = d.personal().and_then(|card| card.credit.as_ref()).filter(|credit| now < credit.until);
    pricing::quote_owed(&d.catalogue, &d.order.cart, d.level(), d.local(), d.order.place.as_ref(), points, credit)
}

/// The idempotency key of the present cart.
fn key(d: &Dialogue) -> String {
    format!("{}-{}", d.key, d.order.carts)
}

/// Keeps every change of the cart before the next question: whoever hears a dish confirmed finds it again after a power cut.
fn keep_draft(d: &mut Dialogue) {
    match (d.order.cart.lines.is_empty(), d.order.draft) {
        (true, Draft::Nothing) | (_, Draft::Current) => {}
        (true, Draft::Old) => {
            d.order.draft = Draft::Nothing;
            drop_cart(d);
        }
        (false, _) => {
            d.order.draft = Draft::Current;
            save_cart(d);
        }
    }
}

/// Keeps what was chosen for half an hour from the end of the call on, once for each state of the cart.
pub(super) fn keep_cart(d: &mut Dialogue) {
    if !d.order.kept {
        d.order.kept = save_cart(d);
    }
}

/// Writes the cart to the store; nothing to write, or nobody to keep it for, is `false`.
fn save_cart(d: &mut Dialogue) -> bool {
    if d.order.cart.lines.is_empty() || d.order.preset {
        return false;
    }
    let (customer, phone) = (d.customer(), d.caller.clone());
    if customer.is_none() && phone.is_none() {
        return false;
    }
    let step = d.step_name(d.resume.filter(|_| !matches!(d.step, Any::Order(_))).unwrap_or(d.step));
    let notice = Notice::SaveCart { key: key(d), customer, phone, cart: d.order.cart.clone(), step };
    d.notice(notice);
    true
}

/// The kept cart is not needed any more.
fn drop_cart(d: &mut Dialogue) {
    let (customer, phone) = (d.customer(), d.caller.clone());
    if (customer.is_some() || phone.is_some()) && !d.order.preset {
        d.notice(Notice::DropCart { customer, phone });
    }
}

/// The answer to an order request that nobody waits for any more: after a hang-up, or after the time for it was over.
pub(super) fn late(d: &mut Dialogue, answer: Answer, listening: bool) {
    d.order.placing = None;
    match answer {
        Answer::Placed(Placed::Confirmed { number, promised_at, .. }) => {
            submit::confirmed(d, number, promised_at);
            if listening {
                d.must_tell(Phrase::plain("gen.wait"));
                go(d, Step::Done);
            }
        }
        _ if !listening => keep_cart(d),
        _ => {}
    }
}

/// A phrase with one amount.
fn money(prompt: &'static str, amount: Money) -> Phrase {
    Phrase::plain(prompt).with("money", crate::domain::Arg::Money(amount))
}
