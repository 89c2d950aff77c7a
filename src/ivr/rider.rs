//! A rider reports by telephone: the order's last four digits, a code of two, and both are read back (C84, C85). Another time (D73)
//! is asked for: brought or fetched, and when.

use super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn};
use super::io::Hangup;
use super::question::{Answer, OrderView, Question};
use crate::domain::{Arg, ClockTime, DateTime, Phrase};
use crate::order::life::Outcome;

/// Orders not found until the call ends.
const MOST_MISSES: u8 = 3;
/// A diner may move an order by so many hours at most.
const LATER: i64 = 8;

/// Steps of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Last four digits of the order number.
    Tail,
    /// What became of it.
    Code,
    /// Brought later, or fetched.
    How,
    /// At what time.
    Clock,
    /// Both read back.
    Confirm,
    /// Waits until it is written down.
    Save,
    /// Another one, or goodbye.
    Next,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tail => "rd.tail",
            Self::Code => "rd.code",
            Self::How => "rd.how",
            Self::Clock => "rd.clock",
            Self::Confirm => "rd.confirm",
            Self::Save => "rd.save",
            Self::Next => "rd.next",
        }
    }
}

/// The report being made.
#[derive(Debug, Default)]
pub(super) struct State {
    order: Option<OrderView>,
    code: Option<Outcome>,
    pickup: bool,
    at: Option<DateTime>,
    /// Orders not found in this call.
    misses: u8,
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    let quiet = |turn: Turn| Turn { no_agent: true, ..turn };
    match step {
        Step::Tail => {
            d.rider = State { misses: d.rider.misses, ..State::default() };
            d.ask(quiet(Turn::entry([Phrase::plain("st.ask_no")], Entry::fixed(4)).at_last(Any::Bye(Hangup::NoAgent))));
        }
        Step::Code => d.ask(quiet(Turn::entry([Phrase::plain("rd.ask_code")], Entry::fixed(2)).at_last(Any::Bye(Hangup::NoAgent)))),
        Step::How => d.ask(quiet(Turn::menu([Phrase::plain("ful.ask")], "12").at_last(Any::Bye(Hangup::NoAgent)))),
        Step::Clock => d.ask(quiet(Turn::entry([Phrase::plain("time.enter")], Entry::fixed(4)).at_last(Any::Bye(Hangup::NoAgent)))),
        Step::Confirm => {
            let (Some(order), Some(code)) = (&d.rider.order, d.rider.code) else { return d.goto(Any::Rider(Step::Tail)) };
            let mut phrases =
                vec![Phrase::plain("br.order").with("last4", Arg::Digits(order.number.last4().to_owned())), Phrase::plain(words(code))];
            if let Some(at) = d.rider.at {
                let day = Arg::Day(d.day_word(at.date()));
                phrases.push(Phrase::plain("time.readback").with("day", day).with("time", Arg::Time(ClockTime::of(at))));
            }
            phrases.push(Phrase::plain("gen.confirm_keys"));
            d.ask(quiet(Turn::menu(phrases, "#").at_last(Any::Bye(Hangup::NoAgent))));
        }
        Step::Save => {
            let (Some(order), Some(code)) = (&d.rider.order, d.rider.code) else { return d.goto(Any::Rider(Step::Tail)) };
            let later = d.rider.at.map(|at| (at, d.rider.pickup));
            let what = Question::RiderReport { order: order.id.clone(), code, later, caller: d.caller.clone() };
            d.question(what);
        }
        Step::Next => {
            let wait = d.script.settings.menu_wait;
            d.ask(quiet(Turn::menu([Phrase::plain("rd.next")], "1").or_silence(wait)));
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Tail, Got::Digits(last4)) => {
            let caller = d.caller.clone();
            d.question(Question::RiderOrder { last4, caller });
        }
        (Step::Tail, Got::Answer(Answer::Orders(orders))) => match orders.into_iter().next() {
            Some(order) => {
                d.outcome("found");
                d.rider.order = Some(order);
                d.goto(Any::Rider(Step::Code));
            }
            None => {
                d.outcome("not_found");
                d.rider.misses += 1;
                d.must_tell(Phrase::plain("st.not_found"));
                d.count_error();
                // Whoever guesses gets no further.
                d.goto(if d.rider.misses < MOST_MISSES { Any::Rider(Step::Tail) } else { Any::Bye(Hangup::NoAgent) });
            }
        },
        // A rider may be hungry too.
        (Step::Tail, Got::Back) => d.leave_riders(),
        (Step::Code, Got::Digits(digits)) => match Outcome::from_name(&format!("D{digits}")).filter(|code| *code != Outcome::CalledOff) {
            Some(code) => {
                (d.rider.code, d.rider.at) = (Some(code), None);
                d.goto(Any::Rider(if code == Outcome::Rescheduled { Step::How } else { Step::Confirm }));
            }
            None => d.no_match(Some(Phrase::plain("rd.no_code"))),
        },
        (Step::Code, Got::Back) => d.goto(Any::Rider(Step::Tail)),
        (Step::How, Got::Key(key)) => {
            d.rider.pickup = key == '2';
            d.goto(Any::Rider(Step::Clock));
        }
        (Step::How, Got::Back) => d.goto(Any::Rider(Step::Code)),
        (Step::Clock, Got::Digits(digits)) => match soon(d.local(), &digits) {
            Ok(at) => {
                d.rider.at = Some(at);
                d.goto(Any::Rider(Step::Confirm));
            }
            Err(objection) => d.no_match(Some(Phrase::plain(objection))),
        },
        (Step::Clock, Got::Back) => d.goto(Any::Rider(Step::How)),
        (Step::Confirm, Got::Key(_)) => d.goto(Any::Rider(Step::Save)),
        (Step::Confirm, Got::Back) => d.goto(Any::Rider(Step::Code)),
        (Step::Save, Got::Answer(Answer::Done(done))) => {
            d.outcome(if done { "reported" } else { "too_late" });
            d.must_tell(Phrase::plain(if done { "rd.done" } else { "rd.fixed" }));
            d.goto(Any::Rider(Step::Next));
        }
        (Step::Next, Got::Key(_)) => d.goto(Any::Rider(Step::Tail)),
        (Step::Next, Got::Silent) => d.goto(Any::Bye(Hangup::Served)),
        (Step::Next, Got::Back) => d.leave_riders(),
        // An answer of another kind is a fault of the store.
        _ => d.failed(),
    }
}

/// That time on the clock, within the next hours; else what is wrong with it.
fn soon(now: DateTime, digits: &str) -> Result<DateTime, &'static str> {
    let number: u16 = digits.parse().unwrap_or(u16::MAX);
    let time = ClockTime::new(number / 100, number % 100).filter(|time| time.hour() < 24).ok_or("time.bad")?;
    let on = |date: jiff::civil::Date| date.at(time.hour() as i8, time.minute() as i8, 0, 0);
    let last = now.saturating_add(jiff::Span::new().hours(LATER));
    // Late in the evening, half past midnight is tomorrow.
    let today = on(now.date());
    let tomorrow = now.date().tomorrow().map(on).ok().filter(|at| *at <= last);
    match (today > now, tomorrow) {
        (true, _) if today <= last => Ok(today),
        (true, _) => Err("time.bad"),
        (false, Some(tomorrow)) => Ok(tomorrow),
        (false, None) => Err("time.past"),
    }
}

/// How a code is read back.
const fn words(code: Outcome) -> &'static str {
    match code {
        Outcome::OnTime | Outcome::CalledOff => "rd.d00",
        Outcome::Late10 => "rd.d10",
        Outcome::Late30 => "rd.d30",
        Outcome::Late60 => "rd.d60",
        Outcome::WrongAddress => "rd.d70",
        Outcome::Unreachable => "rd.d71",
        Outcome::Rejected => "rd.d72",
        Outcome::Rescheduled => "rd.d73",
        Outcome::NotSent => "rd.d80",
        Outcome::NoRider => "rd.d81",
        Outcome::Damaged => "rd.d82",
        Outcome::SoldOut => "rd.d83",
        Outcome::Prank => "rd.d90",
    }
}
