//! Whether an order may be confirmed: one pure check for keypad, console and API, run inside the transaction that saves it (I7).

use std::time::Duration;

use super::dispatch::{Room, has_room};
use super::pricing::{Quote, quote_owed};
use crate::domain::{
    BranchNumber, Cart, Catalogue, ClockTime, Credit, DateTime, Fulfilment, MenuNumber, Money, Opening, Place, PlacedVia, ShopClock,
    Timestamp, When,
};

/// More portions of one dish than this need a person.
pub const MOST_PORTIONS: u32 = 50;
/// An order for later is taken at most so many days ahead.
pub const MOST_DAYS_AHEAD: i64 = 14;

/// What somebody wants to order.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub cart: &'a Cart,
    pub place: &'a Place,
    pub when: When,
    /// The member's level, when a member orders.
    pub level: Option<&'a str>,
    /// Points to spend.
    pub points: i64,
    /// Points that can be spent.
    pub balance: i64,
    /// What the customer is owed.
    pub credit: Option<&'a Credit>,
    pub via: PlacedVia,
    /// Somebody lets it out of the zone through, by name.
    pub let_through: bool,
}

/// An order that may be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeable {
    pub quote: Quote,
    /// What the diner is promised.
    pub promised_at: Timestamp,
}

/// Why an order cannot be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is in the cart.
    Empty,
    /// Not on the menu, sold out there, or not served at that time.
    SoldOut(Vec<MenuNumber>),
    /// No such branch.
    NoBranch(BranchNumber),
    /// Closed or past the last order at that time; opens again then.
    Closed { opens: Option<DateTime> },
    /// The wanted time has passed.
    Past,
    /// Further ahead than orders are taken.
    TooFar,
    /// Delivery below the least amount.
    TooSmall { least: Money },
    /// More portions of one dish than the keypad may order.
    Bulk(MenuNumber),
    /// More points than there are.
    NoPoints,
    /// No zone of this branch has the address.
    Outside,
    /// The kitchen has promised all it can for that quarter of an hour.
    Full,
}

/// Checks everything that must hold when the order is confirmed at `now`.
///
/// For a set time the branch must be open at that time, dishes must be served and not be sold out then; the promise
/// is that time, or as soon as the branch can do it when that is later. A promise "as soon as possible" is the
/// branch's delivery or pickup time from now.
///
/// # Errors
/// The first thing that does not hold, in the order in which a diner can do something about it.
pub fn check(catalogue: &Catalogue, wish: &Wish<'_>, now: Timestamp, clock: &ShopClock) -> Result<Placeable, Refusal> {
    let local = clock.local(now);
    if wish.cart.lines.is_empty() {
        return Err(Refusal::Empty);
    }
    let number = wish.place.branch();
    let branch = catalogue.branches.get(&number).ok_or(Refusal::NoBranch(number))?;
    let at = wanted(wish.when, local, now, clock)?;
    match branch.opening(at, &catalogue.holidays) {
        Opening::Closed { opens } => return Err(Refusal::Closed { opens }),
        Opening::Open { closes, last_order } if wish.when == When::Now && at > last_order => {
            let opens = match branch.opening(closes, &catalogue.holidays) {
                Opening::Closed { opens } => opens,
                Opening::Open { .. } => Some(closes),
            };
            return Err(Refusal::Closed { opens });
        }
        Opening::Open { .. } => {}
    }
    if !wish.let_through && catalogue.is_outside(wish.place) {
        return Err(Refusal::Outside);
    }
    dishes(catalogue, wish, number, at, clock)?;
    let quote = quote_owed(catalogue, wish.cart, wish.level, local, Some(wish.place), wish.points, wish.credit);
    let least = catalogue.delivery_terms(wish.place).1;
    if wish.place.fulfilment() == Fulfilment::Delivery && quote.goods < least {
        return Err(Refusal::TooSmall { least });
    }
    if wish.points < 0 || quote.points_spent() > wish.balance || wish.points > wish.balance {
        return Err(Refusal::NoPoints);
    }
    let minutes = match wish.place.fulfilment() {
        Fulfilment::Delivery => zone_minutes(catalogue, wish.place).unwrap_or(branch.delivery_minutes),
        Fulfilment::Pickup => branch.pickup_minutes,
    };
    let soonest = now.after(Duration::from_secs(u64::from(minutes) * 60));
    let promised_at = match wish.when {
        When::Now => soonest,
        When::At(at) => clock.timestamp(at).max(soonest),
    };
    Ok(Placeable { quote, promised_at })
}

/// The time of the zone in which a written address lies.
fn zone_minutes(catalogue: &Catalogue, place: &Place) -> Option<u16> {
    let Place::Saved { text, branch, .. } = place else { return None };
    catalogue.zone_of(*branch, text)?.minutes
}

/// What an order adds to its quarter of an hour.
#[must_use]
pub fn needs(quote: &Quote) -> Room {
    let items = quote.lines.iter().map(|line| u32::from(line.quantity.get())).sum();
    Room { items, fen: quote.goods.as_fen() }
}

/// Whether the kitchen can still promise that for its quarter of an hour, in which it has promised so much (C78).
///
/// # Errors
/// `Full` when it cannot.
pub fn fits(catalogue: &Catalogue, place: &Place, promised: Room, quote: &Quote) -> Result<(), Refusal> {
    let Some(branch) = catalogue.branches.get(&place.branch()) else { return Ok(()) };
    let limits = (branch.kitchen.capacity_items, branch.kitchen.capacity.map(Money::as_fen));
    if has_room(promised, needs(quote), limits) { Ok(()) } else { Err(Refusal::Full) }
}

/// The moment that the order is for.
fn wanted(when: When, local: DateTime, now: Timestamp, clock: &ShopClock) -> Result<DateTime, Refusal> {
    let When::At(at) = when else { return Ok(local) };
    // The minute in which the diner keyed the time still counts.
    if clock.timestamp(at).after(Duration::from_secs(60)) <= now {
        return Err(Refusal::Past);
    }
    let last = local.saturating_add(jiff::Span::new().days(MOST_DAYS_AHEAD));
    if at > last { Err(Refusal::TooFar) } else { Ok(at) }
}

/// Every dish must be on the menu, to be had at that branch, served at that time, and in a quantity a keypad may order.
fn dishes(catalogue: &Catalogue, wish: &Wish<'_>, branch: BranchNumber, at: DateTime, clock: &ShopClock) -> Result<(), Refusal> {
    let moment = clock.timestamp(at);
    let mut gone: Vec<MenuNumber> = Vec::new();
    for line in &wish.cart.lines {
        let served = catalogue.dish(line.dish).is_some_and(|dish| dish.served_at(ClockTime::of(at)));
        if (!served || catalogue.is_sold_out(line.dish, Some(branch), moment)) && !gone.contains(&line.dish) {
            gone.push(line.dish);
        }
    }
    if !gone.is_empty() {
        return Err(Refusal::SoldOut(gone));
    }
    if wish.via == PlacedVia::Keypad {
        for line in &wish.cart.lines {
            let portions: u32 =
                wish.cart.lines.iter().filter(|other| other.dish == line.dish).map(|other| u32::from(other.quantity.get())).sum();
            if portions > MOST_PORTIONS {
                return Err(Refusal::Bulk(line.dish));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "placing_tests.rs"]
mod tests;
