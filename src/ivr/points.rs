//! Points by telephone: balance, expiry, the last entries, what they buy; personal, so by known number or PIN (C24).

use super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn};
use super::question::{Answer, PinCheck, PointsView, Question};
use super::{info, message, ordering};
use crate::domain::{Arg, Phrase};

/// Steps of asking about points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Who is it?
    Start,
    /// The member is known, or there is none.
    Member,
    Pin,
    /// Waits for the balance.
    Balance,
    Menu,
    /// Not a member: become one?
    Join,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "pt.start",
            Self::Member => "pt.member",
            Self::Pin => "mem.pin",
            Self::Balance => "pt.balance",
            Self::Menu => "pt.menu",
            Self::Join => "pt.join",
        }
    }
}

/// What the store told.
#[derive(Debug, Default)]
pub(super) struct State {
    view: PointsView,
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Start => {
            d.order.active = false;
            if d.me.settled && d.me.member.is_some() {
                d.goto(Any::Points(Step::Member));
            } else {
                ordering::identify(d);
            }
        }
        Step::Member => {
            let next = match &d.me.member {
                None => Step::Join,
                Some(_) if d.trusted() || d.me.pin => Step::Balance,
                Some(member) if member.has_pin => Step::Pin,
                Some(_) => {
                    d.must_tell(Phrase::plain("pt.pin_none"));
                    return d.go_home();
                }
            };
            d.goto(Any::Points(next));
        }
        Step::Pin => d.ask(Turn::entry([Phrase::plain("mem.ask_pin")], Entry::fixed(4).secret())),
        Step::Balance => {
            let Some(member) = &d.me.member else { return d.goto(Any::Points(Step::Join)) };
            let number = member.number.clone();
            d.question(Question::Points(number));
        }
        Step::Menu => menu(d),
        Step::Join => d.ask(Turn::menu([Phrase::plain("pt.none"), Phrase::plain("pt.join")], "1")),
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Pin, Got::Digits(pin)) => {
            let Some(member) = &d.me.member else { return d.go_home() };
            let member = member.number.clone();
            d.question(Question::Pin { member, pin });
        }
        (Step::Pin, Got::Answer(Answer::Pin(check))) => match check {
            PinCheck::Right => {
                d.outcome("right");
                d.me.pin = true;
                d.goto(Any::Points(Step::Balance));
            }
            PinCheck::Wrong => d.no_match(Some(Phrase::plain("mem.bad_pin"))),
            PinCheck::Locked => {
                d.outcome("locked");
                d.must_tell(Phrase::plain("mem.locked"));
                d.go_home();
            }
            PinCheck::None => {
                d.outcome("no_pin");
                d.must_tell(Phrase::plain("pt.pin_none"));
                d.go_home();
            }
        },
        (Step::Balance, Got::Answer(Answer::Points(view))) => {
            d.points.view = view;
            d.outcome("told");
            tell_balance(d);
            d.goto(Any::Points(Step::Menu));
        }
        (Step::Menu, Got::Key(key)) => {
            d.outcome(match key {
                '1' => "entries",
                '2' => "redeem",
                _ => "offers",
            });
            match key {
                '1' => tell_entries(d),
                '2' => tell_redeemable(d),
                _ => info::tell_offers(d),
            }
            d.goto(Any::Points(Step::Menu));
        }
        (Step::Join, Got::Key(_)) => {
            d.outcome("join");
            d.message.begin_join();
            d.goto(Any::Message(message::Step::Record));
        }
        (Step::Pin | Step::Menu | Step::Join, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
        _ => d.failed(),
    }
}

fn menu(d: &mut Dialogue) {
    d.ask(Turn::menu([Phrase::plain("pt.menu")], "123"));
}

fn tell_balance(d: &mut Dialogue) {
    let level = d.level().unwrap_or_default().to_owned();
    let balance = d.points.view.balance.max(0).unsigned_abs();
    d.tell(Phrase::plain("pt.balance").with("level", Arg::Level(level)).with("points", Arg::Number(balance)));
    if let Some((points, day)) = d.points.view.expiring
        && points > 0
    {
        d.tell(Phrase::plain("pt.expire").with("points", Arg::Number(points.unsigned_abs())).with("date", Arg::Day(day)));
    }
}

fn tell_entries(d: &mut Dialogue) {
    let recent = d.points.view.recent.clone();
    if recent.is_empty() {
        d.tell(Phrase::plain("pt.none"));
    }
    for (day, points) in recent.into_iter().take(5) {
        let prompt = if points >= 0 { "pt.earned" } else { "pt.spent" };
        d.tell(Phrase::plain(prompt).with("date", Arg::Day(day)).with("points", Arg::Number(points.unsigned_abs())));
    }
}

/// Dishes that can be had for points, cheapest first; five are enough for an ear.
fn tell_redeemable(d: &mut Dialogue) {
    let mut dishes: Vec<_> =
        d.catalogue.dishes.values().filter(|dish| !dish.retired).filter_map(|dish| Some((dish.points?, dish.number))).collect();
    dishes.sort_unstable();
    if dishes.is_empty() {
        d.tell(Phrase::plain("gen.info_sorry"));
    }
    for (points, number) in dishes.into_iter().take(5) {
        let phrase = Phrase::plain("pt.redeem").with("num", Arg::DishNumber(number)).with("dish", Arg::Dish(number));
        d.tell(phrase.with("points", Arg::Number(u64::from(points))));
    }
}
