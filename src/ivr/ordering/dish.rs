//! Which dish: by its number, with an alternative for what is sold out, and never another dish under an old number (C17).

use super::super::dialogue::{Dialogue, Entry, Got, Turn};
use super::super::info;
use super::{Step, go, next, options};
use crate::domain::{Arg, ClockTime, Dish, MenuNumber, Phrase};

/// A dish was chosen while the menu was heard: it goes into the order, which may have to be begun.
pub(in crate::ivr) fn want(d: &mut Dialogue, dish: MenuNumber) {
    if d.order.active && d.me.settled {
        take(d, dish);
        return;
    }
    d.order.wanted = Some(dish);
    match d.script.order() {
        Some(node) => d.goto_node(node),
        None => {
            d.tell(Phrase::plain("gen.info_sorry"));
            d.go_home();
        }
    }
}

/// A dish chosen before the order began, now that it has.
pub(super) fn chosen(d: &mut Dialogue, dish: MenuNumber) {
    take(d, dish);
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    if step == Step::Alternative {
        let Some(dish) = d.order.alternative.and_then(|number| d.catalogue.dish(number)) else { return go(d, Step::Dish) };
        let phrase = Phrase::plain("order.alt")
            .with("num", Arg::DishNumber(dish.number))
            .with("dish", Arg::Dish(dish.number))
            .with("money", Arg::Money(dish.price));
        d.ask(Turn::menu([phrase], "12"));
        return;
    }
    d.order.active = true;
    let entry = Entry::open(1, 4).or_empty();
    if !d.order.cart.lines.is_empty() {
        d.ask(Turn::entry([Phrase::plain("order.ask_next")], entry));
        return;
    }
    let ask = Phrase::plain("order.ask_dish");
    // Whoever has heard the help once does not need it again.
    let full = if d.seen() || d.regular() { vec![ask.clone()] } else { vec![ask.clone(), Phrase::plain("order.ask_dish_help")] };
    d.ask(Turn::entry(full, entry).shortly([ask]));
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Alternative, Got::Key('1')) => match d.order.alternative {
            Some(dish) => {
                d.outcome("taken");
                take(d, dish);
            }
            None => go(d, Step::Dish),
        },
        (Step::Alternative, _) => {
            d.outcome("declined");
            go(d, Step::Dish);
        }
        (_, Got::Digits(digits)) if digits.is_empty() => {
            if d.order.cart.lines.is_empty() {
                d.no_match(Some(Phrase::plain("order.empty")));
            } else {
                d.outcome("finished");
                d.order.read = false;
                next(d);
            }
        }
        (_, Got::Digits(digits)) => keyed(d, &digits),
        (_, Got::Back) => {
            d.outcome("cart_menu");
            go(d, Step::CartMenu);
        }
        _ => d.failed(),
    }
}

fn keyed(d: &mut Dialogue, digits: &str) {
    let Ok(number) = digits.parse::<MenuNumber>() else {
        return d.no_match(Some(Phrase::plain("gen.bad_length")));
    };
    match d.catalogue.dishes.get(&number) {
        Some(dish) if !dish.retired => take(d, number),
        // A number of last season stays reserved: something near is offered by name, never put in silently.
        Some(retired) => {
            let near = retired.alternative.filter(|near| available(d, *near));
            d.outcome("retired");
            match near {
                Some(near) => {
                    d.must_tell(info::no_dish(digits));
                    d.order.alternative = Some(near);
                    go(d, Step::Alternative);
                }
                None => d.no_match(Some(info::no_dish(digits))),
            }
        }
        None => d.no_match(Some(info::no_dish(digits))),
    }
}

/// Whether a dish can be had now.
fn available(d: &Dialogue, number: MenuNumber) -> bool {
    d.catalogue.dish(number).is_some_and(|dish| served(d, dish)) && !sold_out(d, number)
}

fn sold_out(d: &Dialogue, number: MenuNumber) -> bool {
    let branch = d.order.place.as_ref().map(crate::domain::Place::branch);
    d.catalogue.is_sold_out(number, branch, d.timestamp())
}

/// Orders for a set time are checked against that time.
fn served(d: &Dialogue, dish: &Dish) -> bool {
    d.order.ahead || dish.served_at(ClockTime::of(d.local()))
}

fn take(d: &mut Dialogue, number: MenuNumber) {
    let Some(dish) = d.catalogue.dish(number).cloned() else { return go(d, Step::Dish) };
    if sold_out(d, number) {
        d.outcome("sold_out");
        d.must_tell(Phrase::plain("order.sold_out").with("num", Arg::DishNumber(number)).with("dish", Arg::Dish(number)));
        d.order.alternative = dish.alternative.filter(|near| *near != number && available(d, *near));
        return go(d, if d.order.alternative.is_some() { Step::Alternative } else { Step::Dish });
    }
    if !served(d, &dish)
        && let Some((from, to)) = dish.served
    {
        d.outcome("not_now");
        d.must_tell(Phrase::plain("order.not_now").with("dish", Arg::Dish(number)).with("t1", Arg::Time(from)).with("t2", Arg::Time(to)));
        return go(d, Step::Dish);
    }
    d.outcome("dish");
    d.order.dish = Some(number);
    d.order.size = None;
    d.order.spice = None;
    d.order.editing = None;
    options::next(d);
}
