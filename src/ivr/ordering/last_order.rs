//! The same as last time, by one key; what cannot be had today is left out and named (C21).

use super::super::dialogue::{Dialogue, Got, Turn};
use super::super::question::LastOrder;
use super::{Step, go, start};
use crate::domain::{Arg, Phrase};

/// The last order, when at least one of its dishes is still on the menu.
pub(super) fn available(d: &Dialogue) -> Option<&LastOrder> {
    let last = d.personal()?.last_order.as_ref()?;
    last.cart.lines.iter().any(|line| d.catalogue.dish(line.dish).is_some()).then_some(last)
}

pub(super) fn enter(d: &mut Dialogue) {
    let Some(last) = available(d) else { return go(d, Step::Dish) };
    let dishes = last.cart.lines.iter().map(|line| line.dish).collect();
    let phrase = Phrase::plain("order.repeat_offer").with("dish_list", Arg::Dishes(dishes)).with("money", Arg::Money(last.paid));
    d.ask(Turn::menu([phrase], "12"));
}

pub(super) fn got(d: &mut Dialogue, got: Got) {
    match got {
        Got::Key('1') => {
            d.outcome("repeat");
            if let Some(last) = available(d) {
                d.order.cart = last.cart.clone();
                d.order.changed();
                start::leave_out(d);
            }
            go(d, Step::Next);
        }
        Got::Key(_) => {
            d.outcome("new");
            go(d, Step::Dish);
        }
        _ => {
            d.tell(Phrase::plain("gen.back"));
            d.me.settled = false;
            super::identify(d);
        }
    }
}
