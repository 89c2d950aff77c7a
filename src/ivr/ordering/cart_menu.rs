//! What can be done with what is in the cart: hear the menu, hear the cart, change a line, cancel (C19).

use super::super::browsing;
use super::super::dialogue::{Dialogue, Entry, Got, Turn};
use super::super::info;
use super::{Step, drop_cart, go, quantity, quote, read_back};
use crate::domain::{Arg, MenuNumber, Phrase};

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::CartMenu => d.ask(Turn::menu([Phrase::plain("order.cart_menu")], "1234#")),
        Step::EditAsk => d.ask(Turn::entry([Phrase::plain("order.edit_ask")], Entry::open(1, 4).or_empty())),
        Step::CancelSure => d.ask(Turn::menu([Phrase::plain("order.cancel_sure")], "12").commit()),
        _ => {
            let Some(line) = d.order.editing.and_then(|place| d.order.cart.lines.get(place)) else { return go(d, Step::CartMenu) };
            let phrase = Phrase::plain("order.edit_qty").with("dish", Arg::Dish(line.dish)).with("qty", Arg::Quantity(line.quantity.get()));
            d.ask(Turn::entry([phrase], Entry::open(1, 3).or_empty()));
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::CartMenu, Got::Key(key)) => chosen(d, key),
        (Step::CartMenu, _) => go(d, Step::Dish),
        (Step::EditAsk, Got::Digits(digits)) if digits.is_empty() => go(d, Step::CartMenu),
        (Step::EditAsk, Got::Digits(digits)) => {
            let number = digits.parse::<MenuNumber>().ok();
            let place = d.order.cart.lines.iter().rposition(|line| Some(line.dish) == number);
            match place {
                Some(place) => {
                    d.order.editing = Some(place);
                    d.order.dish = number;
                    go(d, Step::EditQuantity);
                }
                None => d.no_match(Some(info::no_dish(&digits))),
            }
        }
        (Step::EditQuantity, Got::Digits(digits)) if digits.is_empty() => {
            d.order.editing = None;
            go(d, Step::CartMenu);
        }
        (Step::EditQuantity, Got::Digits(digits)) => quantity::keyed(d, &digits),
        (Step::EditQuantity, Got::Back) => remove(d),
        (Step::CancelSure, Got::Key('1')) => {
            d.outcome("cancelled");
            drop_cart(d);
            d.order.clear();
            d.tell(Phrase::plain("order.cancelled"));
            d.go_home();
        }
        (Step::CancelSure, _) => {
            d.outcome("kept");
            go(d, Step::Dish);
        }
        _ => {
            d.tell(Phrase::plain("gen.back"));
            go(d, Step::CartMenu);
        }
    }
}

fn chosen(d: &mut Dialogue, key: char) {
    let empty = d.order.cart.lines.is_empty();
    match key {
        '1' => {
            d.outcome("menu");
            browsing::menu(d);
        }
        '2' | '3' if empty => {
            d.tell(Phrase::plain("order.empty"));
            go(d, Step::CartMenu);
        }
        '2' => {
            d.outcome("heard");
            let quote = quote(d);
            for phrase in read_back::lines(&quote) {
                d.tell(phrase);
            }
            d.tell(super::money("order.sum_total", quote.goods));
            go(d, Step::CartMenu);
        }
        '3' => {
            d.outcome("edit");
            go(d, Step::EditAsk);
        }
        '4' => go(d, Step::CancelSure),
        _ => {
            d.outcome("go_on");
            go(d, Step::Dish);
        }
    }
}

fn remove(d: &mut Dialogue) {
    if let Some(place) = d.order.editing.take()
        && place < d.order.cart.lines.len()
    {
        let line = d.order.cart.lines.remove(place);
        d.order.changed();
        d.outcome("removed");
        d.tell(Phrase::plain("order.removed").with("dish", Arg::Dish(line.dish)));
    }
    go(d, Step::Dish);
}
