//! How large and how hot: asked before the portions, only of dishes that have the choice.

use super::super::dialogue::{Dialogue, Got, Turn};
use super::{Step, go};
use crate::domain::{Arg, DishOption, Phrase, Size, Spice};

/// The first choice that is still open, then the portions.
pub(super) fn next(d: &mut Dialogue) {
    let Some(dish) = d.order.dish.and_then(|number| d.catalogue.dish(number)) else { return go(d, Step::Dish) };
    let step = if dish.options.contains(&DishOption::Size) && d.order.size.is_none() {
        Step::Size
    } else if dish.options.contains(&DishOption::Spice) && d.order.spice.is_none() {
        Step::Spice
    } else {
        Step::Quantity
    };
    go(d, step);
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    d.ask(match step {
        Step::Size => Turn::menu([Phrase::plain("order.opt_size")], "123"),
        _ => Turn::menu([Phrase::plain("order.opt_spice")], "1234"),
    });
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Size, Got::Key(key)) => d.order.size = key.to_digit(10).and_then(|key| Size::by_key(key as u8)),
        (_, Got::Key(key)) => d.order.spice = key.to_digit(10).and_then(|key| Spice::by_key(key as u8)),
        // The dish is dropped, as at the portions.
        _ => {
            if let Some(dish) = d.order.dish.take() {
                d.tell(Phrase::plain("order.removed").with("dish", Arg::Dish(dish)));
            }
            return go(d, Step::Dish);
        }
    }
    next(d);
}

/// Names of the choices of a line, to be said after it.
pub(super) fn phrases(size: Option<Size>, spice: Option<Spice>) -> impl Iterator<Item = Phrase> {
    let size = size.map(|size| match size {
        Size::Large => "order.opt.size1",
        Size::Medium => "order.opt.size2",
        Size::Small => "order.opt.size3",
    });
    let spice = spice.map(|spice| match spice {
        Spice::None => "order.opt.spice1",
        Spice::Mild => "order.opt.spice2",
        Spice::Medium => "order.opt.spice3",
        Spice::Hot => "order.opt.spice4",
    });
    size.into_iter().chain(spice).map(Phrase::plain)
}
