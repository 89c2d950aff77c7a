//! What a cart costs: one pure function that explains every amount it takes off (C90).
//!
//! The order of application, which is also the order in which discounts are read out:
//!
//! 1. **Portions**: 5 portions of one dish −5 %, 10 portions −10 % of that dish, counted over all its lines
//!    (sizes and spices together). Cut down to whole 角.
//! 2. **Offers on a category**, each on what is left of that category after step 1. Two offers on one category:
//!    the larger one only. Cut down to whole 角.
//! 3. **Membership** on what is left of all goods, cut down to whole yuan (抹零: 10 % of 102.50 is ten yuan), **or**
//!    the best "from so much, so much off" offer whose threshold that sum reaches, whichever takes more off; never
//!    both (会员折扣与满减不同享). Equal: membership.
//! 4. **Delivery fee**, free from an amount of *goods before discounts*: what a diner has chosen decides, not
//!    which discounts happen to hold. The least amount for delivery is measured on the same sum.
//! 5. **What the customer is owed** for an earlier order, once and at most what is left of all goods: never the fee, so that it is the
//!    same wherever the food goes. What is left of it lapses.
//! 6. **Points**, 100 for one yuan, never more than there is to pay, fee included.

use std::collections::BTreeMap;

use crate::domain::{
    Cart, Catalogue, Credit, DateTime, Deal, Discount, DiscountReason, Fulfilment, Member, MenuNumber, Money, OrderLine, POINTS_PER_YUAN,
    Place,
};

/// What a cart costs, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quote {
    /// In the order of entry, at today's names and prices.
    pub lines: Vec<OrderLine>,
    /// Numbers in the cart that are not on the menu (any more): they are in no line and no sum.
    pub missing: Vec<MenuNumber>,
    /// Sum of the lines.
    pub goods: Money,
    /// Each with its reason; together never more than goods and fee.
    pub discounts: Vec<Discount>,
    /// Delivery; zero when the place is not known yet or the food is fetched.
    pub fee: Money,
    /// Goods minus discounts plus fee.
    pub pay: Money,
}

impl Quote {
    /// Everything that is taken off, points included.
    #[must_use]
    pub fn taken_off(&self) -> Money {
        self.discounts.iter().map(|discount| discount.amount).sum()
    }

    /// The points that this quote really spends.
    #[must_use]
    pub fn points_spent(&self) -> i64 {
        self.discounts.iter().map(|discount| if let DiscountReason::Points { points } = discount.reason { points } else { 0 }).sum()
    }
}

/// So many portions of one dish give so many per cent, best first.
const PORTION_BREAKS: [(u16, u8); 2] = [(10, 10), (5, 5)];

/// Prices `cart` for a member of `level` at `at` (the restaurant's time of ordering), brought to `place`, spending
/// up to `points`.
#[must_use]
pub fn quote(catalogue: &Catalogue, cart: &Cart, level: Option<&str>, at: DateTime, place: Option<&Place>, points: i64) -> Quote {
    quote_owed(catalogue, cart, level, at, place, points, None)
}

/// The same for a customer who is owed something.
#[must_use]
pub fn quote_owed(
    catalogue: &Catalogue,
    cart: &Cart,
    level: Option<&str>,
    at: DateTime,
    place: Option<&Place>,
    points: i64,
    credit: Option<&Credit>,
) -> Quote {
    let mut quote = Quote::default();
    for line in &cart.lines {
        let Some(dish) = catalogue.dish(line.dish) else {
            if !quote.missing.contains(&line.dish) {
                quote.missing.push(line.dish);
            }
            continue;
        };
        let price = dish.price_of(line.size);
        let amount = price.times(line.quantity.get());
        let (zh, en) = (dish.zh.clone(), dish.en.clone());
        let (quantity, size, spice) = (line.quantity, line.size, line.spice);
        quote.lines.push(OrderLine { dish: line.dish, zh, en, quantity, size, spice, price, amount, note: None });
    }
    quote.goods = quote.lines.iter().map(|line| line.amount).sum();
    let mut bill = Bill { left: Vec::new(), discounts: Vec::new() };
    bill.portions(&quote.lines);
    bill.categories(catalogue, at);
    bill.level_or_amount(catalogue, level, at);
    if let Some(credit) = credit {
        let left = quote.goods.minus(bill.discounts.iter().map(|discount| discount.amount).sum());
        bill.take(DiscountReason::Credit { credit: credit.id.clone() }, credit.amount.min(left));
    }
    quote.discounts = bill.discounts;
    quote.fee = fee(catalogue, place, quote.goods);
    quote.pay = quote.goods.minus(quote.taken_off()).plus(quote.fee);
    let spent = usable_points(points, quote.pay);
    if spent > 0 {
        quote.discounts.push(Discount { reason: DiscountReason::Points { points: spent }, amount: Member::worth(spent) });
        quote.pay = quote.pay.minus(Member::worth(spent));
    }
    quote
}

/// The points out of `points` that can be spent on `pay`: whole yuan, never more than there is to pay.
#[must_use]
pub fn usable_points(points: i64, pay: Money) -> i64 {
    let yuan = (pay.as_fen() / 100).min(points / POINTS_PER_YUAN);
    yuan.max(0).saturating_mul(POINTS_PER_YUAN)
}

/// What delivery to `place` costs for that much goods.
fn fee(catalogue: &Catalogue, place: Option<&Place>, goods: Money) -> Money {
    let Some(place) = place.filter(|place| place.fulfilment() == Fulfilment::Delivery) else { return Money::ZERO };
    let Some(branch) = catalogue.branches.get(&place.branch()) else { return Money::ZERO };
    if goods == Money::ZERO || branch.free_delivery_from.is_some_and(|free| goods >= free) {
        Money::ZERO
    } else {
        catalogue.delivery_terms(place).0
    }
}

/// A bill while discounts are being taken off.
struct Bill {
    /// What is left to pay for each dish.
    left: Vec<(MenuNumber, Money)>,
    discounts: Vec<Discount>,
}

impl Bill {
    fn take(&mut self, reason: DiscountReason, amount: Money) {
        if amount > Money::ZERO {
            self.discounts.push(Discount { reason, amount });
        }
    }

    fn sum(&self) -> Money {
        self.left.iter().map(|(_, left)| *left).sum()
    }

    fn portions(&mut self, lines: &[OrderLine]) {
        let mut dishes: Vec<(MenuNumber, u16, Money)> = Vec::new();
        let mut places: BTreeMap<MenuNumber, usize> = BTreeMap::new();
        for line in lines {
            let place = *places.entry(line.dish).or_insert_with(|| {
                dishes.push((line.dish, 0, Money::ZERO));
                dishes.len() - 1
            });
            dishes[place].1 = dishes[place].1.saturating_add(line.quantity.get());
            dishes[place].2 = dishes[place].2.plus(line.amount);
        }
        for (dish, portions, amount) in dishes {
            let percent = PORTION_BREAKS.iter().find(|(from, _)| portions >= *from).map_or(0, |(_, percent)| *percent);
            let off = amount.percent(percent);
            self.left.push((dish, amount.minus(off)));
            self.take(DiscountReason::Quantity { dish, portions, percent }, off);
        }
    }

    fn categories(&mut self, catalogue: &Catalogue, at: DateTime) {
        let mut best: Vec<(&str, &str, u8)> = Vec::new();
        for offer in catalogue.offers.iter().filter(|offer| offer.holds_at(at)) {
            let Deal::PercentOff { category, percent } = &offer.deal else { continue };
            let percent = (*percent).min(100);
            match best.iter_mut().find(|(_, known, _)| known == category) {
                Some(held) if held.2 < percent => *held = (&offer.id, category, percent),
                Some(_) => {}
                None => best.push((&offer.id, category, percent)),
            }
        }
        for (offer, category, percent) in best {
            let inside = |dish: MenuNumber| catalogue.dish(dish).is_some_and(|dish| dish.category == category);
            let mut off = Money::ZERO;
            for (_, left) in self.left.iter_mut().filter(|(dish, _)| inside(*dish)) {
                let part = left.percent(percent);
                *left = left.minus(part);
                off = off.plus(part);
            }
            self.take(DiscountReason::Offer { offer: offer.to_owned() }, off);
        }
    }

    fn level_or_amount(&mut self, catalogue: &Catalogue, level: Option<&str>, at: DateTime) {
        let sum = self.sum();
        let level = level.and_then(|id| catalogue.level(id));
        let by_level = level.map_or(Money::ZERO, |level| percent_to_yuan(sum, level.discount_percent));
        let mut best: Option<(&str, Money)> = None;
        for offer in catalogue.offers.iter().filter(|offer| offer.holds_at(at)) {
            let Deal::AmountOff { from, off } = offer.deal else { continue };
            let off = off.min(sum);
            if sum >= from && best.is_none_or(|(_, held)| held < off) {
                best = Some((&offer.id, off));
            }
        }
        match (best, level) {
            (Some((offer, off)), _) if off > by_level => self.take(DiscountReason::Offer { offer: offer.to_owned() }, off),
            (_, Some(level)) => {
                self.take(DiscountReason::Level { level: level.id.clone(), percent: level.discount_percent }, by_level);
            }
            _ => {}
        }
    }
}

/// So many per cent, cut down to whole yuan.
fn percent_to_yuan(amount: Money, percent: u8) -> Money {
    Money::yuan(amount.as_fen().saturating_mul(i64::from(percent.min(100))) / 100 / 100)
}

#[cfg(test)]
#[path = "pricing_tests.rs"]
pub(super) mod tests;
