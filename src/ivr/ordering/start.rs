//! An order begins: an unfinished cart is offered, closing time is told before anybody takes trouble.

use super::super::dialogue::{Dialogue, Got, Step as Any, Turn};
use super::super::greeting;
use super::super::script::Preset;
use super::{Step, drop_cart, go, next};
use crate::domain::{Arg, ClockTime, Fulfilment, Opening, Phrase, Place, When};
use crate::order::cart;

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Start => start(d),
        _ => {
            let lines = d.personal().and_then(|card| card.cart.as_ref()).map_or(0, |cart| cart.lines.len());
            d.ask(Turn::menu([Phrase::plain("order.resume").with("n", Arg::Number(lines as u64))], "12"));
        }
    }
}

fn start(d: &mut Dialogue) {
    d.order.active = true;
    let script = d.script.clone();
    if let Some(preset) = &script.node(d.node).preset {
        return fill_in(d, preset);
    }
    if !d.order.opening_told {
        d.order.opening_told = true;
        tell_opening(d);
    }
    if kept_cart_waits(d) {
        return go(d, Step::Resume);
    }
    onward(d);
}

fn kept_cart_waits(d: &Dialogue) -> bool {
    d.order.cart.lines.is_empty()
        && !d.order.resume_offered
        && d.personal().and_then(|card| card.cart.as_ref()).is_some_and(|cart| !cart.lines.is_empty())
}

fn onward(d: &mut Dialogue) {
    if d.me.settled { identified(d) } else { super::identify(d) }
}

/// Who orders is settled: on to the first question about food.
pub(super) fn identified(d: &mut Dialogue) {
    if kept_cart_waits(d) {
        return go(d, Step::Resume);
    }
    if let Some(dish) = d.order.wanted.take() {
        super::dish::chosen(d, dish);
    } else if d.order.cart.lines.is_empty() && super::last_order::available(d).is_some() {
        go(d, Step::LastOrder);
    } else {
        go(d, Step::Dish);
    }
}

pub(super) fn got(d: &mut Dialogue, got: Got) {
    d.order.resume_offered = true;
    match got {
        Got::Key('1') => {
            d.outcome("kept");
            if let Some(kept) = d.personal().and_then(|card| card.cart.clone()) {
                d.order.cart = kept;
                d.order.changed();
                leave_out(d);
                // It is already on disk as it stands.
                d.order.kept = false;
            }
            onward(d);
        }
        Got::Key(_) => {
            d.outcome("new");
            drop_cart(d);
            onward(d);
        }
        _ => {
            d.order.resume_offered = false;
            d.order.active = false;
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
    }
}

/// Takes out what cannot be had today and names it.
pub(super) fn leave_out(d: &mut Dialogue) {
    let (now, local) = (d.timestamp(), d.local());
    let time = (!d.order.ahead).then(|| ClockTime::of(local));
    let gone = cart::leave_out_gone(&mut d.order.cart, &d.catalogue, None, now, time);
    for dish in gone {
        d.must_tell(Phrase::plain("order.repeat_gone").with("dish", Arg::Dish(dish)));
    }
}

/// Closed, past the last order, or soon: said before the first dish.
fn tell_opening(d: &mut Dialogue) {
    let now = d.local();
    d.order.ahead = false;
    if d.catalogue.branches.is_empty() {
        return;
    }
    if d.closed() {
        d.order.ahead = true;
        let script = d.script.clone();
        let told_at_greeting = script.nodes().any(|(_, node)| node.closed.is_some());
        if !told_at_greeting {
            greeting::tell_closed(d);
        }
        return;
    }
    let openings = d.catalogue.branches.values().filter_map(|branch| match branch.opening(now, &d.catalogue.holidays) {
        Opening::Open { last_order, .. } => Some((last_order, branch.number)),
        Opening::Closed { .. } => None,
    });
    let Some((last_order, branch)) = openings.max() else { return };
    if now > last_order {
        d.order.ahead = true;
        d.must_tell(Phrase::plain("order.last_order"));
    } else {
        let notice = i64::try_from(d.script.settings.closing_notice.as_secs()).unwrap_or(0);
        let soon = now.saturating_add(jiff::Span::new().seconds(notice)) >= last_order;
        if soon {
            let time = Arg::Time(ClockTime::of(last_order));
            d.tell(Phrase::plain("order.closing").with("store", Arg::Branch(branch)).with("time", time));
        }
    }
}

/// Everything but the confirmation is known from the node.
fn fill_in(d: &mut Dialogue, preset: &Preset) {
    d.order.clear();
    d.order.active = true;
    d.order.preset = true;
    d.me.settled = true;
    d.me.anonymous = true;
    d.order.cart.lines = vec![crate::domain::CartLine { dish: preset.dish, quantity: preset.quantity, size: None, spice: None }];
    d.order.service = Some(Fulfilment::Pickup);
    d.order.place = Some(Place::Pickup { branch: preset.branch });
    d.order.when = Some(When::Now);
    d.order.phone = d.caller.clone().or_else(|| preset.phone.clone());
    d.order.read = true;
    d.order.points_settled = true;
    d.order.note_settled = true;
    d.order.again = preset.again;
    if d.catalogue.dish(preset.dish).is_none() || !d.catalogue.branches.contains_key(&preset.branch) {
        d.tell(Phrase::plain("gen.info_sorry"));
        return d.goto(Any::Bye(super::super::io::Hangup::Served));
    }
    next(d);
}
