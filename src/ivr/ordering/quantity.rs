//! How many portions: `#` alone is one, twenty and more are confirmed, more than fifty are for a person.

use super::super::dialogue::{Dialogue, Entry, Got, Turn};
use super::{Step, go, options};
use crate::domain::{Arg, CartLine, Money, Phrase, Quantity, QueueReason};
use crate::order::cart::{self, Added};

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    let Some(dish) = d.order.dish.and_then(|number| d.catalogue.dish(number)) else { return go(d, Step::Dish) };
    let number = dish.number;
    if step == Step::QuantitySure {
        let portions = d.order.quantity.map_or(1, Quantity::get);
        let sure = Phrase::plain("order.qty_sure").with("dish", Arg::Dish(number)).with("qty", Arg::Quantity(portions));
        d.ask(Turn::menu([sure, Phrase::plain("gen.confirm_keys")], "#"));
        return;
    }
    let price = dish.price_of(d.order.size);
    let phrase = Phrase::plain("order.dish_qty")
        .with("num", Arg::DishNumber(number))
        .with("dish", Arg::Dish(number))
        .with("money", Arg::Money(price));
    d.ask(Turn::entry([phrase], Entry::open(1, 3).or_empty()));
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::QuantitySure, Got::Key(_)) => {
            let quantity = d.order.quantity;
            match quantity {
                Some(quantity) => put_in(d, quantity),
                None => go(d, Step::Quantity),
            }
        }
        (Step::QuantitySure, _) => go(d, if d.order.editing.is_some() { Step::EditQuantity } else { Step::Quantity }),
        (_, Got::Digits(digits)) => keyed(d, &digits),
        (_, Got::Back) => {
            d.outcome("dropped");
            if let Some(dish) = d.order.dish.take() {
                d.tell(Phrase::plain("order.removed").with("dish", Arg::Dish(dish)));
            }
            go(d, Step::Dish);
        }
        _ => d.failed(),
    }
}

/// Takes a keyed number of portions, for a new line or for the one being changed.
pub(super) fn keyed(d: &mut Dialogue, digits: &str) {
    let portions: u16 = if digits.is_empty() { 1 } else { digits.parse().unwrap_or(u16::MAX) };
    if portions > d.script.settings.agent_above {
        return bulk(d);
    }
    let Some(quantity) = Quantity::new(portions) else { return d.no_match(None) };
    if portions >= d.script.settings.confirm_from {
        d.order.quantity = Some(quantity);
        return go(d, Step::QuantitySure);
    }
    put_in(d, quantity);
}

/// Large orders are arranged by a person; the caller can come back and take fewer.
fn bulk(d: &mut Dialogue) {
    d.outcome("bulk");
    d.must_tell(Phrase::plain("order.qty_bulk"));
    d.seek(QueueReason::LargeOrder);
}

fn put_in(d: &mut Dialogue, quantity: Quantity) {
    let Some(dish) = d.order.dish else { return go(d, Step::Dish) };
    let most = d.script.settings.agent_above;
    // All sizes and spices of a dish come from one kitchen.
    let others: u16 = d
        .order
        .cart
        .lines
        .iter()
        .enumerate()
        .filter(|(place, line)| line.dish == dish && Some(*place) != d.order.editing)
        .map(|(_, line)| line.quantity.get())
        .sum();
    if others + quantity.get() > most {
        return bulk(d);
    }
    if let Some(place) = d.order.editing.take() {
        if let Some(line) = d.order.cart.lines.get_mut(place) {
            line.quantity = quantity;
            d.order.changed();
            tell_line(d, place, "order.line_merged");
        }
        d.outcome("changed");
        return go(d, Step::Dish);
    }
    let line = CartLine { dish, quantity, size: d.order.size, spice: d.order.spice };
    match cart::add(&mut d.order.cart, line, most) {
        Added::Line(place) => {
            d.outcome("added");
            tell_line(d, place, "order.line_added");
        }
        Added::Merged(place) => {
            d.outcome("merged");
            tell_line(d, place, "order.line_merged");
        }
        Added::TooMany | Added::Full => return bulk(d),
    }
    d.order.changed();
    d.order.dish = None;
    go(d, Step::Dish);
}

/// Names a line, which confirms the portions together with the next question.
fn tell_line(d: &mut Dialogue, place: usize, prompt: &'static str) {
    let Some(line) = d.order.cart.lines.get(place).cloned() else { return };
    let price = d.catalogue.dish(line.dish).map_or(Money::ZERO, |dish| dish.price_of(line.size));
    d.tell(
        Phrase::plain(prompt)
            .with("dish", Arg::Dish(line.dish))
            .with("qty", Arg::Quantity(line.quantity.get()))
            .with("money", Arg::Money(price.times(line.quantity.get()))),
    );
    for option in options::phrases(line.size, line.spice) {
        d.tell(option);
    }
}
