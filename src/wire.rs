//! What leaves the program as JSON: separate types, so that a renamed field inside breaks no reader outside.

pub mod command;
pub mod floor;
pub mod live;
pub mod pop;
pub mod table;

use serde::Serialize;

use crate::domain::{CallRecord, Order, Place, Step, StepKind, Timestamp, When};

/// `/readyz`
#[derive(Debug, Serialize)]
pub struct Ready {
    pub ready: bool,
    /// The node that answers, and all that serve this store.
    pub node: String,
    pub nodes: Vec<Node>,
    pub calls: usize,
    pub trunks: Vec<Trunk>,
}

/// A node, and whether it lives.
#[derive(Debug, Serialize)]
pub struct Node {
    pub name: String,
    pub up: bool,
}

/// A trunk's health.
#[derive(Debug, Serialize)]
pub struct Trunk {
    pub name: String,
    pub up: bool,
}

/// One call: of the record or live. Times are RFC 3339, UTC.
#[derive(Debug, Serialize)]
pub struct Call {
    pub id: String,
    pub sip_call_id: String,
    pub trunk: String,
    /// Masked.
    pub caller: Option<String>,
    pub dialled: String,
    pub language: &'static str,
    pub arrived_at: String,
    pub answered_at: Option<String>,
    pub ended_at: Option<String>,
    pub ended_by: Option<&'static str>,
    pub reason: Option<String>,
    pub codec: Option<String>,
    pub order: Option<String>,
    pub keys: u32,
    pub errors: u32,
    pub packets_in: u64,
    pub packets_lost: u64,
    pub one_way: bool,
    pub no_keys: bool,
    pub queue: Option<String>,
    /// The person's id.
    pub agent: Option<String>,
    pub waited_ms: u64,
    /// Two digits.
    pub code: Option<u8>,
    /// Only while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PathStep>,
}

/// One step of a call's path.
#[derive(Debug, Serialize)]
pub struct PathStep {
    pub at: String,
    /// Seconds since the call arrived.
    pub after: f64,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    Arrived,
    Answered { codec: String, keys_by: String },
    Node { node: String },
    Outcome { node: String, outcome: String },
    Said { prompts: Vec<String>, text: String },
    BargeIn { prompt: String, after_ms: u32 },
    Key { key: char, source: &'static str },
    Warning { text: String },
    Note { text: String },
    Ordered { number: String },
    Ended { by: &'static str, reason: String },
}

impl Call {
    /// A finished call, or one of the record.
    #[must_use]
    pub fn of(record: &CallRecord, steps: &[Step]) -> Self {
        Self {
            id: record.id.to_string(),
            sip_call_id: record.sip_call_id.clone(),
            trunk: record.trunk.clone(),
            caller: record.caller.as_ref().map(ToString::to_string),
            dialled: record.dialled.clone(),
            language: record.language.tag(),
            arrived_at: time(record.arrived_at),
            answered_at: record.answered_at.map(time),
            ended_at: record.ended_at.map(time),
            ended_by: record.end.as_ref().map(|end| end.by.name()),
            reason: record.end.as_ref().map(|end| end.reason.name()),
            codec: record.codec.clone(),
            order: record.order.as_ref().map(ToString::to_string),
            keys: record.keys,
            errors: record.errors,
            packets_in: record.packets_in,
            packets_lost: record.packets_lost,
            one_way: record.one_way,
            no_keys: record.no_keys,
            queue: record.queue.as_ref().map(ToString::to_string),
            agent: record.agent.as_ref().map(ToString::to_string),
            waited_ms: record.waited_ms,
            code: record.disposition.map(crate::domain::Disposition::code),
            node: None,
            steps: steps.iter().map(|step| PathStep::of(step, record.arrived_at)).collect(),
        }
    }

    /// A call that is up.
    #[must_use]
    pub fn live(record: &CallRecord, node: &str, steps: &[Step]) -> Self {
        Self { node: Some(node.to_owned()), ..Self::of(record, steps) }
    }
}

impl PathStep {
    fn of(step: &Step, start: Timestamp) -> Self {
        let what = match &step.kind {
            StepKind::Arrived => What::Arrived,
            StepKind::Answered { codec, keys_by } => What::Answered { codec: codec.clone(), keys_by: keys_by.clone() },
            StepKind::Node(node) => What::Node { node: node.clone() },
            StepKind::Outcome { node, outcome } => What::Outcome { node: node.clone(), outcome: outcome.clone() },
            StepKind::Said { prompts, text } => What::Said { prompts: prompts.clone(), text: text.clone() },
            StepKind::BargeIn { prompt, after_ms } => What::BargeIn { prompt: prompt.clone(), after_ms: *after_ms },
            StepKind::Key { key, source } => What::Key { key: *key, source: source.name() },
            StepKind::Warning(text) => What::Warning { text: text.clone() },
            StepKind::Note(text) => What::Note { text: text.clone() },
            StepKind::Ordered(number) => What::Ordered { number: number.to_string() },
            StepKind::Ended(end) => What::Ended { by: end.by.name(), reason: end.reason.name() },
        };
        Self { at: time(step.at), after: (step.at.as_millis() - start.as_millis()) as f64 / 1000.0, what }
    }
}

/// One order. Money is whole fen.
#[derive(Debug, Serialize)]
pub struct OrderOut {
    pub id: String,
    pub number: String,
    pub status: &'static str,
    pub member: Option<String>,
    /// Masked.
    pub phone: String,
    pub fulfilment: &'static str,
    pub branch: u16,
    pub address: Option<String>,
    /// When a time was set, on the restaurant's clock.
    pub wanted_at: Option<String>,
    pub lines: Vec<LineOut>,
    pub goods_fen: i64,
    pub discounts: Vec<DiscountOut>,
    pub fee_fen: i64,
    pub pay_fen: i64,
    pub placed_at: String,
    pub promised_at: String,
}

/// One line as sold.
#[derive(Debug, Serialize)]
pub struct LineOut {
    pub dish: u16,
    pub zh: String,
    pub en: String,
    pub quantity: u16,
    pub size: Option<u8>,
    pub spice: Option<u8>,
    pub price_fen: i64,
    pub amount_fen: i64,
}

/// One thing taken off.
#[derive(Debug, Serialize)]
pub struct DiscountOut {
    pub reason: &'static str,
    pub amount_fen: i64,
}

impl OrderOut {
    /// An order as listed.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        Self {
            id: order.id.to_string(),
            number: order.number.to_string(),
            status: order.status.name(),
            member: order.member.as_ref().map(|member| member.as_str().to_owned()),
            phone: order.phone.to_string(),
            fulfilment: match order.place.fulfilment() {
                crate::domain::Fulfilment::Delivery => "delivery",
                crate::domain::Fulfilment::Pickup => "pickup",
            },
            branch: order.place.branch().get(),
            address: match &order.place {
                Place::Saved { text, .. } => Some(text.clone()),
                Place::Recorded { recording, .. } => Some(format!("recording {recording}")),
                Place::Pickup { .. } => None,
            },
            wanted_at: match order.when {
                When::Now => None,
                When::At(at) => Some(at.to_string()),
            },
            lines: order
                .lines
                .iter()
                .map(|line| LineOut {
                    dish: line.dish.get(),
                    zh: line.zh.clone(),
                    en: line.en.clone(),
                    quantity: line.quantity.get(),
                    size: line.size.map(crate::domain::Size::key),
                    spice: line.spice.map(crate::domain::Spice::key),
                    price_fen: line.price.as_fen(),
                    amount_fen: line.amount.as_fen(),
                })
                .collect(),
            goods_fen: order.goods.as_fen(),
            discounts: order
                .discounts
                .iter()
                .map(|discount| DiscountOut { reason: discount.reason.name(), amount_fen: discount.amount.as_fen() })
                .collect(),
            fee_fen: order.fee.as_fen(),
            pay_fen: order.pay.as_fen(),
            placed_at: time(order.placed_at),
            promised_at: time(order.promised_at),
        }
    }
}

/// RFC 3339, UTC, milliseconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(|_| at.as_millis().to_string(), |at| format!("{at:.3}"))
}
