//! What was ordered, line by line, with every amount taken off and why; nothing goes on without `#` (C18).

use super::super::dialogue::{Dialogue, Got, Turn};
use super::{Step, go, money, next, options, quote};
use crate::domain::{Arg, Discount, DiscountReason, Money, Phrase};
use crate::order::pricing::Quote;

/// How many dishes, then each line in the order of entry.
pub(super) fn lines(quote: &Quote) -> Vec<Phrase> {
    let mut phrases = vec![Phrase::plain("order.sum_head").with("n", Arg::Number(quote.lines.len() as u64))];
    for line in &quote.lines {
        phrases.push(
            Phrase::plain("order.sum_line")
                .with("dish", Arg::Dish(line.dish))
                .with("qty", Arg::Quantity(line.quantity.get()))
                .with("money", Arg::Money(line.amount)),
        );
        phrases.extend(options::phrases(line.size, line.spice));
    }
    phrases
}

/// One amount taken off, with its reason.
pub(super) fn discount(discount: &Discount) -> Phrase {
    match &discount.reason {
        DiscountReason::Level { .. } => money("order.sum_discount", discount.amount),
        DiscountReason::Quantity { portions, .. } => money("order.sum_break", discount.amount).with("qty", Arg::Quantity(*portions)),
        DiscountReason::Offer { offer } => money("order.sum_offer", discount.amount).with("promo", Arg::Offer(offer.clone())),
        DiscountReason::Points { .. } => money("order.sum_points", discount.amount),
        DiscountReason::Credit { .. } => money("order.sum_credit", discount.amount),
    }
}

/// Discounts that take something off.
pub(super) fn discounts(quote: &Quote) -> impl Iterator<Item = Phrase> {
    quote.discounts.iter().filter(|discount| discount.amount > Money::ZERO).map(discount)
}

pub(super) fn enter(d: &mut Dialogue) {
    let quote = quote(d);
    if quote.lines.is_empty() {
        d.tell(Phrase::plain("order.empty"));
        return go(d, Step::Dish);
    }
    let mut phrases = lines(&quote);
    phrases.push(money("order.sum_total", quote.goods));
    phrases.extend(discounts(&quote));
    if quote.fee > Money::ZERO {
        phrases.push(money("order.sum_fee", quote.fee));
    }
    phrases.push(money("order.sum_pay", quote.pay));
    phrases.push(Phrase::plain("order.sum_keys"));
    d.ask(Turn::menu(phrases, "#").shortly([Phrase::plain("order.sum_keys")]));
}

pub(super) fn got(d: &mut Dialogue, got: Got) {
    match got {
        Got::Key(_) => {
            d.outcome("confirmed");
            d.order.read = true;
            next(d);
        }
        Got::Back => {
            d.outcome("change");
            go(d, Step::CartMenu);
        }
        _ => d.failed(),
    }
}
