//! What callers ask about: new dishes, a price, the menu, restaurants and how to get there, offers (C25, C26, C28).

use super::browsing;
use super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn};
use super::question::{Answer, Question};
use crate::domain::{Arg, Branch, MenuNumber, Phrase};

/// Steps of the information menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Menu,
    /// Price by dish number.
    Price,
    /// One restaurant of the list, by its place.
    Store(u16),
    /// Its link to a map is being sent.
    Link(u16),
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Menu => "info.menu",
            Self::Price => "info.price",
            Self::Store(_) => "info.store",
            Self::Link(_) => "info.link",
        }
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Menu => {
            d.order.active = false;
            d.ask(Turn::menu([Phrase::plain("info.menu")], "12345"));
        }
        Step::Price => d.ask(Turn::entry([Phrase::plain("info.price_ask")], Entry::open(1, 4))),
        Step::Store(place) => store(d, place),
        Step::Link(place) => link(d, place),
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Menu, Got::Key(key)) => {
            let name = match key {
                '1' => "new",
                '2' => "price",
                '3' => "menu",
                '4' => "stores",
                _ => "offers",
            };
            d.outcome(name);
            match key {
                '1' => browsing::new_dishes(d),
                '2' => d.goto(Any::Info(Step::Price)),
                '3' => browsing::menu(d),
                '4' if !d.catalogue.branches.is_empty() => d.goto(Any::Info(Step::Store(0))),
                '4' => {
                    d.tell(Phrase::plain("gen.info_sorry"));
                    d.goto(Any::Info(Step::Menu));
                }
                _ => {
                    tell_offers(d);
                    d.goto(Any::Info(Step::Menu));
                }
            }
        }
        (Step::Price, Got::Digits(digits)) => {
            match digits.parse::<MenuNumber>().ok().filter(|number| d.catalogue.dish(*number).is_some()) {
                Some(dish) => {
                    d.outcome("found");
                    browsing::price_of(d, dish);
                }
                None => d.no_match(Some(no_dish(&digits))),
            }
        }
        (Step::Store(place), Got::Key('1')) => {
            d.outcome("phone");
            if let Some(branch) = branch_at(d, place) {
                let phrase = Phrase::plain("info.store_tel").with("digits", Arg::Digits(digits_of(&branch.phone)));
                d.tell(phrase);
            }
            d.goto(Any::Info(Step::Store(place)));
        }
        (Step::Store(place), Got::Key('3')) => d.goto(Any::Info(Step::Link(place))),
        // What was asked for is written down before the caller hears that it comes.
        (Step::Link(place), got) => {
            let sent = matches!(got, Got::Answer(Answer::Done(true)));
            d.outcome(if sent { "sent" } else { "not_sent" });
            d.tell(Phrase::plain(if sent { "info.link_sent" } else { "gen.info_sorry" }));
            d.goto(Any::Info(Step::Store(place)));
        }
        (Step::Store(place), Got::Key(_)) => {
            if usize::from(place) + 1 < d.catalogue.branches.len() {
                d.goto(Any::Info(Step::Store(place + 1)));
            } else {
                d.tell(Phrase::plain("info.list_end"));
                d.goto(Any::Info(Step::Menu));
            }
        }
        (Step::Menu, _) => {
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
        (Step::Price | Step::Store(_), _) => {
            d.tell(Phrase::plain("gen.back"));
            d.goto(Any::Info(Step::Menu));
        }
    }
}

/// 没有…号菜, as far as the digits are a dish number at all.
pub(super) fn no_dish(digits: &str) -> Phrase {
    match digits.parse::<MenuNumber>() {
        Ok(number) => Phrase::plain("order.no_dish").with("num", Arg::DishNumber(number)),
        Err(()) => Phrase::plain("gen.bad_length"),
    }
}

/// The offers of today, or that there are none.
pub(super) fn tell_offers(d: &mut Dialogue) {
    let today = d.local().date();
    let offers: Vec<String> =
        d.catalogue.offers.iter().filter(|offer| offer.announced_on(today)).take(5).map(|offer| offer.id.clone()).collect();
    if offers.is_empty() {
        d.tell(Phrase::plain("info.promo_none"));
    }
    for offer in offers {
        d.tell(Phrase::plain("info.promo_item").with("promo", Arg::Offer(offer)));
    }
}

fn branch_at(d: &Dialogue, place: u16) -> Option<&Branch> {
    d.catalogue.branches.values().nth(usize::from(place))
}

/// A restaurant with its address, today's hours and the way there.
pub(super) fn describe(d: &Dialogue, branch: &Branch) -> Vec<Phrase> {
    let today = d.local().date();
    let hours = (0..7)
        .filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok())
        .find_map(|day| branch.hours_on(day, &d.catalogue.holidays));
    let Some((from, to)) = hours else {
        return vec![Phrase::plain("gen.info_sorry")];
    };
    vec![
        Phrase::plain("info.store_item")
            .with("store", Arg::Branch(branch.number))
            .with("num", Arg::Number(u64::from(branch.number.get())))
            .with("addr", Arg::BranchAddress(branch.number))
            .with("t1", Arg::Time(from))
            .with("t2", Arg::Time(to)),
    ]
}

fn store(d: &mut Dialogue, place: u16) {
    let Some(branch) = branch_at(d, place) else {
        d.goto(Any::Info(Step::Menu));
        return;
    };
    let number = branch.number;
    let transit = !branch.transit_zh.is_empty() || !branch.transit_en.is_empty();
    let mut phrases = describe(d, branch);
    if transit {
        phrases.push(Phrase::plain("info.store_way").with("transit", Arg::BranchTransit(number)));
    }
    // What cannot be done is not offered.
    let (prompt, keys) = if d.map_link_to().is_some() { ("info.store_keys_link", "123") } else { ("info.store_keys", "12") };
    phrases.push(Phrase::plain(prompt));
    d.ask(Turn::menu(phrases, keys));
}

fn link(d: &mut Dialogue, place: u16) {
    match (branch_at(d, place).map(|branch| branch.number), d.map_link_to().cloned()) {
        (Some(branch), Some(phone)) => {
            d.question(Question::MapLink { branch, phone, language: d.language });
        }
        _ => d.goto(Any::Info(Step::Store(place))),
    }
}

/// The digits of a number as dialled, without dashes.
fn digits_of(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
