//! Everything once more, then `#`: the order goes to the store once, and nothing is told before it is on disk (I6, I7).

use super::super::dialogue::{Dialogue, Got, Turn};
use super::super::io::DialogueOutput;
use super::super::question::{Answer, OrderRequest, Placed, Question};
use super::{Done, Step, drop_cart, go, keep_cart, key, money, next, place, quote};
use crate::domain::{Arg, ClockTime, DiscountReason, Fulfilment, Money, OrderNumber, Phrase, Place, Timestamp, When};
use crate::order::cart;
use crate::order::pricing::Quote;

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Final => last_question(d),
        Step::Change => d.ask(Turn::menu([Phrase::plain("final.change")], "123")),
        Step::Duplicate => d.ask(Turn::menu([Phrase::plain("final.dup")], "12").commit()),
        _ => send(d),
    }
}

fn last_question(d: &mut Dialogue) {
    let (Some(place), Some(when)) = (d.order.place.clone(), d.order.when) else { return next(d) };
    let quote = quote(d);
    let mut phrases = vec![match &place {
        Place::Pickup { branch } => Phrase::plain("final.pickup").with("store", Arg::Branch(*branch)),
        Place::Recorded { .. } => Phrase::plain("final.delivery").with("addr", place::spoken_recording()),
        Place::Saved { text, .. } => {
            let addr = match &d.order.address {
                Some(address) => place::spoken(address),
                None => Arg::Address { clip: None, recording: None, label: text.clone() },
            };
            Phrase::plain("final.delivery").with("addr", addr)
        }
    }];
    phrases.push(match when {
        When::Now => Phrase::plain("final.when_asap").with("minutes", Arg::Minutes(minutes(d, &place))),
        When::At(at) => {
            let day = d.day_word(at.date());
            Phrase::plain("final.when_at").with("day", Arg::Day(day)).with("time", Arg::Time(ClockTime::of(at)))
        }
    });
    // What was not in the read-back yet: the fee of this place, and points.
    if quote.fee > Money::ZERO {
        phrases.push(money("order.sum_fee", quote.fee));
    }
    for discount in quote.discounts.iter().filter(|discount| matches!(discount.reason, DiscountReason::Points { .. })) {
        phrases.push(super::read_back::discount(discount));
    }
    let pay = if place.fulfilment() == Fulfilment::Delivery { "final.pay_cash" } else { "final.pay_store" };
    phrases.push(money(pay, quote.pay));
    phrases.push(Phrase::plain("final.confirm"));
    d.ask(Turn::menu(phrases, "#").shortly([Phrase::plain("final.confirm")]).commit());
}

fn minutes(d: &Dialogue, place: &Place) -> u32 {
    d.catalogue.branches.get(&place.branch()).map_or(0, |branch| {
        u32::from(if place.fulfilment() == Fulfilment::Delivery { branch.delivery_minutes } else { branch.pickup_minutes })
    })
}

/// Hands the order to the store. From here on a hang-up does not stop it.
fn send(d: &mut Dialogue) {
    let (Some(place), Some(when), Some(phone)) = (d.order.place.clone(), d.order.when, d.order.phone.clone()) else { return next(d) };
    let quote = quote(d);
    let request = OrderRequest {
        key: key(d),
        customer: d.customer(),
        member: d.me.member.as_ref().map(|member| member.number.clone()),
        phone,
        language: d.language(),
        cart: d.order.cart.clone(),
        place,
        when,
        points: d.order.points,
        note: d.order.note.clone(),
        heard: quote.pay,
        again: d.order.again,
    };
    let question = d.question(Question::Place(Box::new(request)));
    d.order.placing = Some(question);
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Final, Got::Key(_)) => {
            d.outcome("submit");
            go(d, Step::Submit);
        }
        (Step::Final, Got::Back) => {
            d.outcome("change");
            go(d, Step::Change);
        }
        (Step::Change, Got::Key(key)) => change(d, key),
        (Step::Change, Got::Back) => go(d, Step::Final),
        (Step::Duplicate, Got::Key('1')) => {
            d.outcome("again");
            d.order.again = true;
            go(d, Step::Submit);
        }
        (Step::Duplicate, _) => {
            d.outcome("not_again");
            drop_cart(d);
            d.order.clear();
            d.tell(Phrase::plain("order.cancelled"));
            d.go_home();
        }
        (Step::Submit, Got::Answer(Answer::Placed(placed))) => {
            d.order.placing = None;
            answered(d, placed);
        }
        // Refused, unanswered, or answered with something else: the dishes are kept and a person takes over.
        (Step::Submit, _) => {
            d.outcome("failed");
            d.order.kept = false;
            keep_cart(d);
            d.must_tell(Phrase::plain("final.fail"));
            d.seek_person();
        }
        _ => d.failed(),
    }
}

fn change(d: &mut Dialogue, key: char) {
    match key {
        '1' => {
            d.outcome("dishes");
            go(d, Step::CartMenu);
        }
        '2' => {
            d.outcome("place");
            d.order.service = None;
            d.order.place = None;
            d.order.address = None;
            d.order.when = None;
            d.order.quoted = None;
            next(d);
        }
        _ => {
            d.outcome("time");
            d.order.when = None;
            next(d);
        }
    }
}

fn answered(d: &mut Dialogue, placed: Placed) {
    match placed {
        Placed::Confirmed { number, promised_at, .. } => {
            d.outcome("confirmed");
            confirmed(d, number, promised_at);
            go(d, Step::Done);
        }
        Placed::Duplicate => {
            d.outcome("duplicate");
            go(d, Step::Duplicate);
        }
        Placed::SoldOut(dishes) => {
            d.outcome("sold_out");
            cart::remove(&mut d.order.cart, &dishes);
            d.order.changed();
            for dish in dishes {
                d.must_tell(Phrase::plain("order.gone").with("dish", Arg::Dish(dish)));
            }
            next(d);
        }
        Placed::PriceChanged { lines, discounts, fee, pay } => {
            d.outcome("price_changed");
            d.must_tell(Phrase::plain("order.changed"));
            d.order.read = false;
            let goods = lines.iter().map(|line| line.amount).sum();
            d.order.quoted = Some(Box::new(Quote { lines, goods, discounts, fee, pay, ..Quote::default() }));
            next(d);
        }
        Placed::Closed => {
            d.outcome("closed");
            // The store knows better than the catalogue here: only a set time is left.
            d.order.when = None;
            d.must_tell(Phrase::plain("order.last_order"));
            go(d, Step::Day);
        }
        Placed::Full => {
            d.outcome("full");
            d.order.when = None;
            d.must_tell(Phrase::plain("order.full"));
            go(d, Step::Day);
        }
        Placed::TooSmall { least } => {
            d.outcome("too_small");
            d.order.read = true;
            if super::service::too_small(d).is_some() {
                go(d, Step::Minimum);
            } else {
                // The catalogue here is older than the store's: the store's amount is told.
                let missing = least.minus(quote(d).goods).max(Money::ZERO);
                d.must_tell(Phrase::plain("order.min").with("money", Arg::Money(least)).with("money2", Arg::Money(missing)));
                d.order.service = None;
                d.order.place = None;
                go(d, Step::Service);
            }
        }
        Placed::NoPoints => {
            d.outcome("no_points");
            d.order.points = 0;
            d.order.quoted = None;
            d.order.read = false;
            d.must_tell(Phrase::plain("order.changed"));
            next(d);
        }
        Placed::Outside => {
            d.outcome("outside");
            d.order.place = None;
            d.order.address = None;
            go(d, Step::Outside);
        }
    }
}

/// The order is on disk: it is noted, and the cart is empty again.
pub(super) fn confirmed(d: &mut Dialogue, number: OrderNumber, promised_at: Timestamp) {
    let fulfilment = d.order.place.as_ref().map_or(Fulfilment::Delivery, Place::fulfilment);
    d.put(DialogueOutput::Ordered(number.clone()));
    drop_cart(d);
    d.order.clear();
    d.order.done = Some(Done { number, promised_at, fulfilment });
    // Points of this order are spent, and the balance known here is old.
    if let Some(card) = d.me.card.as_mut() {
        (card.points, card.credit) = (0, None);
    }
    (d.card.points, d.card.credit) = (0, None);
    d.card.cart = None;
}
