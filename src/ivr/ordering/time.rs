//! When: as soon as possible, or a set time that the restaurant's hours allow.

use super::super::dialogue::{Dialogue, Entry, Got, Turn};
use super::{Step, go, next};
use crate::domain::{Arg, Branch, ClockTime, DateTime, Opening, Phrase, When};

fn branch(d: &Dialogue) -> Option<&Branch> {
    d.catalogue.branches.get(&d.order.place.as_ref()?.branch())
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Time => ask(d),
        Step::Day => d.ask(Turn::menu([Phrase::plain("time.day")], "123")),
        Step::Clock => d.ask(Turn::entry([Phrase::plain("time.enter")], Entry::fixed(4))),
        _ => {
            let Some(at) = d.order.at else { return go(d, Step::Day) };
            let day = d.day_word(at.date());
            let phrase = Phrase::plain("time.readback").with("day", Arg::Day(day)).with("time", Arg::Time(ClockTime::of(at)));
            d.ask(Turn::menu([phrase, Phrase::plain("gen.confirm_keys")], "#"));
        }
    }
}

/// "Now" is offered only while the restaurant takes orders for now and everything is served.
fn ask(d: &mut Dialogue) {
    if branch(d).is_none() {
        return go(d, Step::Next);
    }
    match for_now(d) {
        Ok(()) => d.ask(Turn::menu([Phrase::plain("time.ask")], "12")),
        Err(why) => {
            if let Some(phrase) = why {
                d.must_tell(phrase);
            }
            go(d, Step::Day);
        }
    }
}

/// Whether the order can be made now; else why not, as far as there are words for it.
fn for_now(d: &Dialogue) -> Result<(), Option<Phrase>> {
    let now = d.local();
    let Some(branch) = branch(d) else { return Err(None) };
    match branch.opening(now, &d.catalogue.holidays) {
        Opening::Closed { opens } => Err(opens.map(|opens| {
            Phrase::plain("store.closed").with("store", Arg::Branch(branch.number)).with("time", Arg::Time(ClockTime::of(opens)))
        })),
        Opening::Open { last_order, .. } if now > last_order => Err(Some(Phrase::plain("order.last_order"))),
        Opening::Open { .. } => not_served(d, ClockTime::of(now)).map_or(Ok(()), |phrase| Err(Some(phrase))),
    }
}

/// The first dish of the cart that is not served at `time`, in words.
fn not_served(d: &Dialogue, time: ClockTime) -> Option<Phrase> {
    let dish = d.order.cart.lines.iter().filter_map(|line| d.catalogue.dish(line.dish)).find(|dish| !dish.served_at(time))?;
    let (from, to) = dish.served?;
    Some(Phrase::plain("order.not_now").with("dish", Arg::Dish(dish.number)).with("t1", Arg::Time(from)).with("t2", Arg::Time(to)))
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Time, Got::Key('1')) => {
            d.outcome("now");
            d.order.when = Some(When::Now);
            next(d);
        }
        (Step::Time, Got::Key(_)) => {
            d.outcome("set_time");
            go(d, Step::Day);
        }
        (Step::Day, Got::Key(key)) => {
            let days = i64::from(key.to_digit(10).unwrap_or(1)) - 1;
            d.order.day = d.local().date().checked_add(jiff::Span::new().days(days)).ok();
            d.outcome("day");
            go(d, Step::Clock);
        }
        (Step::Clock, Got::Digits(digits)) => keyed(d, &digits),
        (Step::Clock, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            go(d, Step::Day);
        }
        // Where there is no choice between now and later, the step before is the way of getting the food.
        (Step::Day, Got::Back) if for_now(d).is_ok() => {
            d.tell(Phrase::plain("gen.back"));
            go(d, Step::Time);
        }
        (Step::TimeSure, Got::Key(_)) => match d.order.at {
            Some(at) => {
                d.outcome("confirmed");
                d.order.when = Some(When::At(at));
                next(d);
            }
            None => go(d, Step::Day),
        },
        (Step::TimeSure, Got::Back) => {
            d.outcome("again");
            go(d, Step::Clock);
        }
        (_, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.order.place = None;
            d.order.address = None;
            d.order.service = None;
            go(d, Step::Service);
        }
        _ => d.failed(),
    }
}

fn keyed(d: &mut Dialogue, digits: &str) {
    let number: u16 = digits.parse().unwrap_or(u16::MAX);
    let time = ClockTime::new(number / 100, number % 100).filter(|time| time.hour() < 24);
    let (Some(time), Some(day)) = (time, d.order.day) else {
        return d.no_match(Some(Phrase::plain("time.bad")));
    };
    let at = day.at(time.hour() as i8, time.minute() as i8, 0, 0);
    match objection(d, at) {
        Some(phrase) => {
            d.outcome("refused");
            d.no_match(Some(phrase));
        }
        None => {
            d.order.at = Some(at);
            go(d, Step::TimeSure);
        }
    }
}

/// Why the food cannot be had at that time.
fn objection(d: &Dialogue, at: DateTime) -> Option<Phrase> {
    if at <= d.local() {
        return Some(Phrase::plain("time.past"));
    }
    let branch = branch(d)?;
    let holidays = &d.catalogue.holidays;
    match branch.opening(at, holidays) {
        Opening::Closed { opens } => Some(match (branch.hours_on(at.date(), holidays), holidays.holiday(at.date()), opens) {
            (Some((from, to)), _, _) => Phrase::plain("time.closed").with("t1", Arg::Time(from)).with("t2", Arg::Time(to)),
            (None, Some((from, to)), _) => {
                let (from, to) = (d.day_word(from), d.day_word(to));
                Phrase::plain("closed.holiday").with("date", Arg::Day(from)).with("date2", Arg::Day(to))
            }
            (None, None, Some(opens)) => {
                let time = Arg::Time(ClockTime::of(opens));
                Phrase::plain("store.closed").with("store", Arg::Branch(branch.number)).with("time", time)
            }
            (None, None, None) => Phrase::plain("time.bad"),
        }),
        Opening::Open { last_order, .. } if at > last_order => {
            let time = Arg::Time(ClockTime::of(last_order));
            Some(Phrase::plain("order.closing").with("store", Arg::Branch(branch.number)).with("time", time))
        }
        Opening::Open { .. } => not_served(d, ClockTime::of(at)),
    }
}
