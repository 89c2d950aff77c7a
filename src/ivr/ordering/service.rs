//! Delivery or pickup, and whether there is enough for delivery.

use super::super::dialogue::{Dialogue, Got, Turn};
use super::{Step, go, next, quote};
use crate::domain::{Arg, BlockLevel, Fulfilment, Money, Phrase, Place, QueueReason};

/// The least amount for delivery when the cart is below it: of the chosen place, else the smallest that could apply.
pub(super) fn too_small(d: &Dialogue) -> Option<Money> {
    if d.order.service != Some(Fulfilment::Delivery) {
        return None;
    }
    let least = match &d.order.place {
        Some(Place::Pickup { .. }) => return None,
        Some(place) => d.catalogue.branches.get(&place.branch())?.min_delivery,
        None => d.catalogue.branches.values().map(|branch| branch.min_delivery).min()?,
    };
    (quote(d).goods < least).then_some(least)
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    if step == Step::Service {
        d.ask(Turn::menu([Phrase::plain("ful.ask")], "12"));
        return;
    }
    let Some(least) = too_small(d) else { return next(d) };
    let missing = least.minus(quote(d).goods);
    let phrase = Phrase::plain("order.min").with("money", Arg::Money(least)).with("money2", Arg::Money(missing));
    d.ask(Turn::menu([phrase], "12"));
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        // Nobody pays at the door who refused to before: a person may arrange it.
        (Step::Service, Got::Key('1')) if d.card.block == Some(BlockLevel::NoCash) => {
            d.outcome("no_cash");
            d.tell(Phrase::plain("gen.to_agent"));
            d.seek(QueueReason::Blocked);
        }
        (Step::Service, Got::Key('1')) => {
            d.outcome("delivery");
            d.order.service = Some(Fulfilment::Delivery);
            if too_small(d).is_some() { go(d, Step::Minimum) } else { next(d) }
        }
        (Step::Minimum, Got::Key('1')) => {
            d.outcome("add");
            go(d, Step::Dish);
        }
        (_, Got::Key(_)) => {
            d.outcome("pickup");
            d.order.service = Some(Fulfilment::Pickup);
            d.order.place = None;
            d.order.address = None;
            d.order.quoted = None;
            next(d);
        }
        (Step::Service, _) => {
            d.tell(Phrase::plain("gen.back"));
            go(d, Step::ReadBack);
        }
        _ => {
            d.tell(Phrase::plain("gen.back"));
            d.order.service = None;
            d.order.place = None;
            go(d, Step::Service);
        }
    }
}
