//! The screen pop as JSON: everything about the customer, for the agent who has the call.

use serde::Serialize;

use super::time;
use crate::domain::{BlockLevel, Cart, Pop, Size, Spice};

/// Stable name of a size.
#[must_use]
pub const fn size_name(size: Size) -> &'static str {
    size.name()
}

/// Stable name of how hot.
#[must_use]
pub const fn spice_name(spice: Spice) -> &'static str {
    spice.name()
}

/// A size by its stable name.
#[must_use]
pub fn size_of(name: &str) -> Option<Size> {
    [Size::Large, Size::Medium, Size::Small].into_iter().find(|size| size_name(*size) == name)
}

/// How hot, by its stable name.
#[must_use]
pub fn spice_of(name: &str) -> Option<Spice> {
    [Spice::None, Spice::Mild, Spice::Medium, Spice::Hot].into_iter().find(|spice| spice_name(*spice) == name)
}

/// `Pop` of `docs/api.md`.
#[derive(Debug, Serialize)]
pub struct PopOut<'a> {
    customer: Option<&'a str>,
    identity: &'static str,
    others: Vec<OtherOut<'a>>,
    name: &'a str,
    language: &'static str,
    member_number: Option<&'a str>,
    level: Option<&'a str>,
    points: Option<i64>,
    points_entries: Vec<PointsOut<'a>>,
    phones: Vec<&'a str>,
    addresses: Vec<AddressOut<'a>>,
    tastes: &'a [String],
    allergies: &'a [String],
    tags: &'a [String],
    note: &'a str,
    orders: Vec<PastOut<'a>>,
    order_count: u32,
    spent_fen: i64,
    average_fen: i64,
    favourites: Vec<FavouriteOut>,
    cases: Vec<CaseOut<'a>>,
    block: Option<&'static str>,
    vip: bool,
    last_agent: Option<LastAgentOut<'a>>,
    owner: Option<&'a str>,
    never: Vec<&'a str>,
    cart: Option<CartOut>,
}

#[derive(Debug, Serialize)]
struct OtherOut<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct PointsOut<'a> {
    at: String,
    points: i64,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct AddressOut<'a> {
    id: &'a str,
    label: &'a str,
    text: &'a str,
    branch: Option<u16>,
    unchecked: bool,
    recording: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PastOut<'a> {
    id: &'a str,
    number: &'a str,
    placed_at: String,
    status: &'static str,
    branch: u16,
    pay_fen: i64,
    lines: Vec<LineOut<'a>>,
}

#[derive(Debug, Serialize)]
struct LineOut<'a> {
    dish: u16,
    zh: &'a str,
    en: &'a str,
    quantity: u16,
    size: Option<&'static str>,
    spice: Option<&'static str>,
    note: Option<&'a str>,
    price_fen: i64,
}

#[derive(Debug, Serialize)]
struct FavouriteOut {
    dish: u16,
    portions: u16,
    times: u32,
}

#[derive(Debug, Serialize)]
struct CaseOut<'a> {
    number: &'a str,
    kind: &'a str,
    at: String,
}

#[derive(Debug, Serialize)]
struct LastAgentOut<'a> {
    user: &'a str,
    name: &'a str,
    at: String,
}

#[derive(Debug, Serialize)]
struct CartOut {
    lines: Vec<CartLineOut>,
}

#[derive(Debug, Serialize)]
struct CartLineOut {
    dish: u16,
    quantity: u16,
    size: Option<&'static str>,
    spice: Option<&'static str>,
}

impl CartOut {
    fn of(cart: &Cart) -> Self {
        let lines = cart.lines.iter().map(|line| CartLineOut {
            dish: line.dish.get(),
            quantity: line.quantity.get(),
            size: line.size.map(size_name),
            spice: line.spice.map(spice_name),
        });
        Self { lines: lines.collect() }
    }
}

impl<'a> PopOut<'a> {
    /// The card, with numbers in full: it goes to people who talk with this customer.
    #[must_use]
    pub fn of(pop: &'a Pop) -> Self {
        Self {
            customer: pop.customer.as_ref().map(|id| id.as_str()),
            identity: pop.identity.name(),
            others: pop.others.iter().map(|other| OtherOut { id: other.id.as_str(), name: &other.name }).collect(),
            name: &pop.name,
            language: pop.language.tag(),
            member_number: pop.member.as_ref().map(|member| member.as_str()),
            level: pop.level.as_deref(),
            points: pop.points,
            points_entries: pop
                .points_entries
                .iter()
                .map(|entry| PointsOut { at: time(entry.at), points: entry.points, why: &entry.why })
                .collect(),
            phones: pop.phones.iter().map(|phone| phone.reveal()).collect(),
            addresses: pop
                .addresses
                .iter()
                .map(|address| AddressOut {
                    id: &address.id,
                    label: &address.label,
                    text: &address.text,
                    branch: address.branch.map(|branch| branch.get()),
                    unchecked: address.unchecked,
                    recording: address.recording.as_ref().map(|recording| recording.as_str()),
                })
                .collect(),
            tastes: &pop.tastes,
            allergies: &pop.allergies,
            tags: &pop.tags,
            note: &pop.note,
            orders: pop
                .orders
                .iter()
                .map(|order| PastOut {
                    id: order.id.as_str(),
                    number: order.number.as_str(),
                    placed_at: time(order.placed_at),
                    status: order.status.name(),
                    branch: order.branch.get(),
                    pay_fen: order.pay.as_fen(),
                    lines: order
                        .lines
                        .iter()
                        .map(|line| LineOut {
                            dish: line.dish.get(),
                            zh: &line.zh,
                            en: &line.en,
                            quantity: line.quantity.get(),
                            size: line.size.map(size_name),
                            spice: line.spice.map(spice_name),
                            note: line.note.as_deref(),
                            price_fen: line.price.as_fen(),
                        })
                        .collect(),
                })
                .collect(),
            order_count: pop.order_count,
            spent_fen: pop.spent.as_fen(),
            average_fen: pop.average.as_fen(),
            favourites: pop
                .favourites
                .iter()
                .map(|one| FavouriteOut { dish: one.dish.get(), portions: one.portions.get(), times: one.times })
                .collect(),
            cases: pop.cases.iter().map(|case| CaseOut { number: &case.number, kind: &case.kind, at: time(case.at) }).collect(),
            block: pop.block.map(BlockLevel::name),
            vip: pop.vip,
            last_agent: pop.last_agent.as_ref().map(|last| LastAgentOut { user: last.agent.as_str(), name: &last.name, at: time(last.at) }),
            owner: pop.owner.as_ref().map(|owner| owner.as_str()),
            never: pop.never.iter().map(|user| user.as_str()).collect(),
            cart: pop.cart.as_ref().map(CartOut::of),
        }
    }
}
