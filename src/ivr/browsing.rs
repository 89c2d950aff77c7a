//! Hearing the menu: categories, then one dish after another, each of which can be ordered by a key.

use std::time::Duration;

use super::dialogue::{Dialogue, Got, Step as Any, Turn};
use super::{info, ordering};
use crate::domain::{Arg, MenuNumber, Phrase};

/// After a dish, so long for a key; then the next one is read.
const PAUSE: Duration = Duration::from_secs(2);
/// Categories in one menu.
const PAGE: usize = 5;

/// Steps of hearing the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Choose a category.
    Categories,
    /// One dish of the list.
    Item,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Categories => "menu.categories",
            Self::Item => "menu.dish",
        }
    }
}

/// What is being listened to.
#[derive(Debug, Default)]
pub(super) struct State {
    list: Vec<MenuNumber>,
    at: usize,
    page: usize,
    from: From,
}

/// Where the list came from, and where `*` leads.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum From {
    /// A category.
    #[default]
    Category,
    /// The new dishes.
    New,
    /// One dish, by its number.
    Price,
}

/// Reads one dish with its price, then asks for the next number.
pub(super) fn price_of(d: &mut Dialogue, dish: MenuNumber) {
    d.browse.list = vec![dish];
    d.browse.at = 0;
    d.browse.from = From::Price;
    d.goto(Any::Browse(Step::Item));
}

/// Reads the new dishes one by one.
pub(super) fn new_dishes(d: &mut Dialogue) {
    let today = d.local().date();
    let new = |dish: &&crate::domain::Dish| !dish.retired && dish.new_until.is_some_and(|until| today <= until);
    d.browse.list = d.catalogue.dishes.values().filter(new).map(|dish| dish.number).collect();
    d.browse.at = 0;
    d.browse.from = From::New;
    if d.browse.list.is_empty() {
        d.tell(Phrase::plain("info.no_new"));
        d.goto(Any::Info(info::Step::Menu));
        return;
    }
    let count = d.browse.list.len() as u64;
    d.tell(Phrase::plain("info.new_head").with("n", Arg::Number(count)));
    d.goto(Any::Browse(Step::Item));
}

/// Starts with the categories; `ordering` tells where `*` leads.
pub(super) fn menu(d: &mut Dialogue) {
    d.browse.page = 0;
    d.tell(Phrase::plain("order.list_head"));
    d.goto(Any::Browse(Step::Categories));
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Categories => categories(d),
        Step::Item => item(d),
    }
}

/// Categories that have a dish to offer.
fn offered(d: &Dialogue) -> Vec<String> {
    let has = |id: &str| d.catalogue.dishes.values().any(|dish| !dish.retired && dish.category == id);
    d.catalogue.categories.iter().filter(|category| has(&category.id)).map(|category| category.id.clone()).collect()
}

fn categories(d: &mut Dialogue) {
    let offered = offered(d);
    if offered.is_empty() {
        d.tell(Phrase::plain("gen.info_sorry"));
        back(d);
        return;
    }
    let first = (d.browse.page * PAGE).min(offered.len() - 1);
    let page = &offered[first..offered.len().min(first + PAGE)];
    let phrases: Vec<Phrase> = page
        .iter()
        .zip(1..)
        .map(|(id, key)| Phrase::plain("info.cat_item").with("category", Arg::Category(id.clone())).with("key", Arg::Key(key)))
        .collect();
    let turn = Turn::menu(phrases, super::dialogue::first_keys(page.len()));
    let more = first + PAGE < offered.len();
    d.ask(if more { turn.or_silence(PAUSE) } else { turn });
}

fn item(d: &mut Dialogue) {
    let Some(dish) = d.browse.list.get(d.browse.at).and_then(|number| d.catalogue.dish(*number)).cloned() else {
        list_end(d);
        return;
    };
    let gone = d.catalogue.is_sold_out(dish.number, None, d.timestamp());
    let number = Arg::DishNumber(dish.number);
    let mut phrases = vec![if gone {
        Phrase::plain("order.sold_out").with("num", number).with("dish", Arg::Dish(dish.number))
    } else {
        Phrase::plain("info.item").with("num", number).with("dish", Arg::Dish(dish.number)).with("money", Arg::Money(dish.price))
    }];
    if !d.seen() || d.browse.from == From::Price {
        phrases.push(Phrase::plain("info.item_keys"));
    }
    let turn = Turn::menu(phrases, "12");
    d.ask(if d.browse.from == From::Price { turn } else { turn.or_silence(PAUSE) });
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Categories, Got::Key(key)) => {
            let place = d.browse.page * PAGE + (key as usize - '1' as usize);
            let Some(category) = offered(d).into_iter().nth(place) else {
                d.no_match(None);
                return;
            };
            d.outcome(&category);
            let inside = |dish: &&crate::domain::Dish| !dish.retired && dish.category == category;
            d.browse.list = d.catalogue.dishes.values().filter(inside).map(|dish| dish.number).collect();
            d.browse.at = 0;
            d.browse.from = From::Category;
            d.goto(Any::Browse(Step::Item));
        }
        (Step::Categories, Got::Silent) => {
            d.browse.page += 1;
            d.goto(Any::Browse(Step::Categories));
        }
        (Step::Categories, _) => {
            d.tell(Phrase::plain("gen.back"));
            back(d);
        }
        (Step::Item, Got::Key('1')) => match d.browse.list.get(d.browse.at).copied() {
            Some(dish) => {
                d.outcome("order");
                ordering::want(d, dish);
            }
            None => list_end(d),
        },
        (Step::Item, Got::Key(_) | Got::Silent) => {
            d.browse.at += 1;
            match d.browse.from {
                From::Price => d.goto(Any::Info(info::Step::Price)),
                _ if d.browse.at < d.browse.list.len() => d.goto(Any::Browse(Step::Item)),
                _ => list_end(d),
            }
        }
        (Step::Item, _) => {
            d.tell(Phrase::plain("gen.back"));
            up(d);
        }
    }
}

fn list_end(d: &mut Dialogue) {
    d.tell(Phrase::plain("info.list_end"));
    up(d);
}

/// From a dish to where its list came from.
fn up(d: &mut Dialogue) {
    match d.browse.from {
        From::Category => {
            d.browse.page = 0;
            d.goto(Any::Browse(Step::Categories));
        }
        From::New | From::Price => d.goto(Any::Info(info::Step::Menu)),
    }
}

/// From the categories to the cart menu, where they were asked for while an order is made, or to the information menu.
fn back(d: &mut Dialogue) {
    if d.order.active {
        d.goto(Any::Order(ordering::Step::CartMenu));
    } else {
        d.goto(Any::Info(info::Step::Menu));
    }
}
