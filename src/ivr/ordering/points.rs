//! Points at the end of an order: offered from a hundred, spent only with the PIN.

use super::super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn};
use super::super::question::{Answer, PinCheck, Question};
use super::{Step, go, next, quote_with};
use crate::domain::{Arg, Member, Phrase};
use crate::order::pricing;

/// Points that this order can use; zero when none are offered.
pub(super) fn usable(d: &Dialogue) -> i64 {
    let balance = balance(d);
    if d.me.member.is_none() || balance < d.script.settings.points_from {
        return 0;
    }
    pricing::usable_points(balance, quote_with(d, 0).pay)
}

fn balance(d: &Dialogue) -> i64 {
    d.personal().map_or(0, |card| card.points)
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    if step == Step::Pin {
        let turn = Turn::entry([Phrase::plain("pts.pin")], Entry::fixed(4).secret());
        // Without the PIN the order goes on, only the points stay.
        d.ask(turn.at_last(Any::Order(Step::Next)));
        return;
    }
    let usable = usable(d);
    if usable == 0 {
        d.order.points_settled = true;
        return next(d);
    }
    let phrase =
        Phrase::plain("pts.offer").with("points", Arg::Number(balance(d).unsigned_abs())).with("money", Arg::Money(Member::worth(usable)));
    d.ask(Turn::menu([phrase], "12").commit());
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Points, Got::Key('1')) => {
            d.outcome("use");
            d.order.points_settled = true;
            let has_pin = d.me.member.as_ref().is_some_and(|member| member.has_pin);
            if d.me.pin {
                spend(d);
            } else if has_pin {
                go(d, Step::Pin);
            } else {
                d.must_tell(Phrase::plain("pt.pin_none"));
                next(d);
            }
        }
        (Step::Points, _) => {
            d.outcome("keep");
            d.order.points_settled = true;
            next(d);
        }
        (Step::Pin, Got::Digits(pin)) => {
            let Some(member) = d.me.member.as_ref().map(|member| member.number.clone()) else { return next(d) };
            d.question(Question::Pin { member, pin });
        }
        (Step::Pin, Got::Answer(Answer::Pin(check))) => match check {
            PinCheck::Right => {
                d.outcome("right");
                d.me.pin = true;
                spend(d);
            }
            PinCheck::Wrong => d.no_match(Some(Phrase::plain("mem.bad_pin"))),
            PinCheck::Locked => {
                d.outcome("locked");
                d.must_tell(Phrase::plain("mem.locked"));
                next(d);
            }
            PinCheck::None => {
                d.outcome("no_pin");
                d.must_tell(Phrase::plain("pt.pin_none"));
                next(d);
            }
        },
        (Step::Pin, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.order.points_settled = false;
            go(d, Step::Points);
        }
        _ => d.failed(),
    }
}

fn spend(d: &mut Dialogue) {
    d.order.quoted = None;
    d.order.points = usable(d);
    next(d);
}
