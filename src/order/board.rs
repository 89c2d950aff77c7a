//! What boards show: an order as a card, a task, a branch; plain values in the words of the wire.

use serde::Serialize;

/// An order as branch and headquarters see it. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    pub id: String,
    pub number: String,
    /// What is spoken: the last four digits.
    pub tail: String,
    pub status: &'static str,
    pub life: i64,
    pub version: u32,
    pub stage: u8,
    pub owner: &'static str,
    pub due_at: Option<i64>,
    /// The branch should hear it.
    pub ring: bool,
    /// Louder than that.
    pub loud: bool,
    pub via: &'static str,
    pub language: String,
    pub branch: u16,
    pub branch_why: String,
    pub refused_by: Vec<u16>,
    pub fulfilment: &'static str,
    pub name: String,
    pub phone: String,
    /// The member's level.
    pub level: Option<String>,
    pub orders_before: u32,
    pub allergies: Vec<String>,
    pub address: String,
    pub address_id: Option<String>,
    /// The spoken address.
    pub recording: Option<String>,
    pub zone: Option<String>,
    /// Somebody let it out of the zone through.
    pub outside: bool,
    pub lines: Vec<CardLine>,
    pub remark: String,
    pub note_recording: Option<String>,
    pub goods_fen: i64,
    pub discounts: Vec<CardDiscount>,
    pub fee_fen: i64,
    pub pay_fen: i64,
    pub placed_at: i64,
    pub promised_at: i64,
    pub wanted_at: Option<i64>,
    pub release_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub seen_at: Option<i64>,
    pub accepted_at: Option<i64>,
    pub cooking_at: Option<i64>,
    pub ready_at: Option<i64>,
    pub out_at: Option<i64>,
    pub done_at: Option<i64>,
    pub rider: Option<CardRider>,
    pub outcome: Option<CardOutcome>,
    /// How often the diner was not reached at the door.
    pub attempts: u8,
    /// Until when the food is kept for its diner.
    pub held_until: Option<i64>,
    /// How often the diner moved it to another time.
    pub rescheduled: u8,
    /// What its branch has run out of, while the diner is to be offered something else (D83); empty when nobody said what.
    pub lacks: Option<Vec<u16>>,
    /// When it is expected, while that is too late (C88).
    pub expected_at: Option<i64>,
    pub pending: Option<CardPending>,
    pub urged_at: Option<i64>,
    pub undo_until: Option<i64>,
    /// Why it was changed or cancelled last.
    pub change_why: String,
    pub agent_name: String,
}

impl Card {
    /// The same for somebody who does not call customers (C98).
    #[must_use]
    pub fn masked(&self) -> Self {
        let phone = crate::domain::PhoneNumber::parse(&self.phone).map_or_else(|| "****".to_owned(), |phone| phone.to_string());
        Self { phone, ..self.clone() }
    }
}

/// One line of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardLine {
    pub dish: u16,
    pub zh: String,
    pub en: String,
    pub quantity: u16,
    pub size: Option<&'static str>,
    pub spice: Option<&'static str>,
    pub note: Option<String>,
    pub price_fen: i64,
    pub amount_fen: i64,
}

/// One thing taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardDiscount {
    pub kind: &'static str,
    pub subject: String,
    pub percent: u8,
    pub count: i64,
    pub amount_fen: i64,
}

/// Who carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardRider {
    pub id: String,
    pub name: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardOutcome {
    pub code: &'static str,
    pub minutes_late: u32,
    pub by: String,
    pub at: i64,
    /// Until when whoever said so may correct it.
    pub until: i64,
}

/// A change that the branch must answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardPending {
    pub kind: &'static str,
    pub why: String,
    pub by: String,
    pub at: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<PendingLine>,
}

/// One line as it should become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingLine {
    pub dish: u16,
    pub quantity: u16,
    pub size: Option<&'static str>,
    pub spice: Option<&'static str>,
    pub note: Option<String>,
}

/// Something that a person at headquarters must look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Task {
    pub id: String,
    pub kind: &'static str,
    pub order: Option<String>,
    pub number: Option<String>,
    pub branch: Option<u16>,
    pub at: i64,
    pub due_at: Option<i64>,
    /// A code and its data; the page words it.
    pub words: serde_json::Value,
    pub taken_by: Option<String>,
    pub taken_name: Option<String>,
    pub done_at: Option<i64>,
    pub done_how: Option<String>,
}

/// A restaurant on the board of headquarters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchCard {
    pub number: u16,
    pub zh: String,
    pub en: String,
    pub phone: String,
    pub open: bool,
    pub closes_at: Option<i64>,
    /// A board of it is open and alive.
    pub online: bool,
    pub silent_since: Option<i64>,
    pub paused: Option<Pause>,
    pub open_orders: u32,
    /// What its kitchen still has to do.
    pub load_minutes: u32,
    /// Of what it can make in this quarter of an hour; `None` without a limit.
    pub capacity_percent: Option<u32>,
    pub sold_out: Vec<Gone>,
    /// Its printer, for whoever prints.
    pub printer: Option<serde_json::Value>,
    pub today: BranchToday,
}

/// Closed for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    pub until: Option<i64>,
    pub reason: String,
    pub by: String,
}

/// A dish that is sold out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gone {
    pub dish: u16,
    pub until: i64,
}

/// A branch's day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BranchToday {
    pub orders: u32,
    pub fen: i64,
    pub late: u32,
    pub refused: u32,
}
