//! What a cart costs: the worked call, each rule, and what always holds.

use jiff::civil::date;
use proptest::prelude::*;

use super::{quote, usable_points};
use crate::domain::{
    Branch, BranchNumber, Cart, CartLine, Catalogue, ClockTime, Credit, DateTime, Deal, Discount, DiscountReason, Dish, DishOption, Hours,
    Level, Member, MenuNumber, Money, Offer, Place, Quantity, Size,
};

/// A Saturday evening: no lunch offer.
fn evening() -> DateTime {
    date(2026, 11, 21).at(18, 0, 0, 0)
}

fn noon() -> DateTime {
    date(2026, 11, 23).at(12, 0, 0, 0)
}

fn number(dish: u16) -> MenuNumber {
    MenuNumber::new(dish).unwrap()
}

fn dish(dish: u16, fen: i64, category: &str) -> Dish {
    Dish {
        number: number(dish),
        zh: format!("菜{dish}"),
        en: format!("dish {dish}"),
        reading: None,
        price: Money::fen(fen),
        size_price: None,
        category: category.into(),
        options: Vec::new(),
        served: None,
        new_until: None,
        alternative: None,
        points: None,
        retired: false,
    }
}

pub(in crate::order) fn branch() -> Branch {
    let hours: Hours = vec![(ClockTime::new(10, 0).unwrap(), ClockTime::new(21, 30).unwrap())];
    Branch {
        number: BranchNumber::new(1).unwrap(),
        zh: String::new(),
        en: String::new(),
        reading: None,
        address_zh: String::new(),
        address_en: String::new(),
        transit_zh: String::new(),
        transit_en: String::new(),
        phone: String::new(),
        week: std::array::from_fn(|_| hours.clone()),
        last_order_minutes: 20,
        delivery_minutes: 45,
        pickup_minutes: 20,
        min_delivery: Money::yuan(50),
        delivery_fee: Money::yuan(5),
        free_delivery_from: Some(Money::yuan(80)),
        paused: false,
        location: None,
        kitchen: crate::domain::Kitchen::default(),
    }
}

fn level(id: &str, discount_percent: u8) -> Level {
    Level { id: id.into(), zh: String::new(), en: String::new(), discount_percent }
}

fn offer(id: &str, deal: Deal) -> Offer {
    let span = (ClockTime::new(10, 0).unwrap(), ClockTime::new(14, 0).unwrap());
    Offer {
        id: id.into(),
        zh: String::new(),
        en: String::new(),
        from: date(2026, 1, 1),
        until: date(2026, 12, 31),
        days: Vec::new(),
        between: matches!(deal, Deal::AmountOff { .. }).then_some(span),
        deal,
        repeat_days: 7,
    }
}

pub(in crate::order) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue { levels: vec![level("regular", 0), level("silver", 5), level("gold", 10)], ..Catalogue::default() };
    for dish in [dish(18, 3800, "hot"), dish(61, 2650, "staple"), dish(50, 1800, "soup"), dish(60, 200, "staple")] {
        catalogue.dishes.insert(dish.number, dish);
    }
    let mut sized = dish(22, 6800, "hot");
    sized.options = vec![DishOption::Size];
    sized.size_price = Some([Money::yuan(88), Money::yuan(68), Money::yuan(48)]);
    catalogue.dishes.insert(sized.number, sized);
    let mut old = dish(99, 100, "hot");
    old.retired = true;
    catalogue.dishes.insert(old.number, old);
    catalogue.branches.insert(BranchNumber::new(1).unwrap(), branch());
    catalogue.offers = vec![
        offer("soup", Deal::PercentOff { category: "soup".into(), percent: 20 }),
        offer("lunch", Deal::AmountOff { from: Money::yuan(100), off: Money::yuan(10) }),
    ];
    catalogue
}

pub(in crate::order) fn cart(lines: &[(u16, u16)]) -> Cart {
    let line = |&(dish, quantity): &(u16, u16)| CartLine {
        dish: number(dish),
        quantity: Quantity::new(quantity).unwrap(),
        size: None,
        spice: None,
    };
    Cart { lines: lines.iter().map(line).collect() }
}

fn delivery() -> Place {
    Place::Saved { address: "home".into(), text: String::new(), branch: BranchNumber::new(1).unwrap() }
}

#[test]
fn c90_the_worked_call_pays_ninety_two_fifty() {
    let quote = quote(&catalogue(), &cart(&[(18, 2), (61, 1)]), Some("gold"), evening(), Some(&delivery()), 0);
    assert_eq!(quote.goods, Money::fen(10_250));
    assert_eq!(
        quote.discounts,
        [Discount { reason: DiscountReason::Level { level: "gold".into(), percent: 10 }, amount: Money::yuan(10) }]
    );
    assert_eq!((quote.fee, quote.pay), (Money::ZERO, Money::fen(9250)));
}

#[test]
fn c90_five_and_ten_portions_of_a_dish_cost_less() {
    for (portions, off) in [(4, 0), (5, 950), (9, 1710), (10, 3800), (20, 7600)] {
        let quote = quote(&catalogue(), &cart(&[(18, portions)]), None, evening(), None, 0);
        let reason = DiscountReason::Quantity { dish: number(18), portions, percent: if portions < 10 { 5 } else { 10 } };
        let wanted = if off == 0 { vec![] } else { vec![Discount { reason, amount: Money::fen(off) }] };
        assert_eq!(quote.discounts, wanted, "{portions} portions");
    }
}

#[test]
fn c90_portions_are_counted_over_all_lines_of_a_dish() {
    let mut order = cart(&[(22, 2), (18, 1), (22, 3)]);
    order.lines[0].size = Some(Size::Large);
    let quote = quote(&catalogue(), &order, None, evening(), None, 0);
    assert_eq!(quote.goods, Money::yuan(2 * 88 + 38 + 3 * 68));
    assert_eq!(quote.discounts[0].reason, DiscountReason::Quantity { dish: number(22), portions: 5, percent: 5 });
    assert_eq!(quote.discounts[0].amount, Money::yuan(19));
}

#[test]
fn c25_an_offer_takes_its_share_off_its_category_only() {
    let quote = quote(&catalogue(), &cart(&[(50, 2), (18, 1)]), Some("silver"), evening(), None, 0);
    let soup = Discount { reason: DiscountReason::Offer { offer: "soup".into() }, amount: Money::fen(720) };
    // 5 % of 38 + 28.80, cut to whole yuan.
    let silver = Discount { reason: DiscountReason::Level { level: "silver".into(), percent: 5 }, amount: Money::yuan(3) };
    assert_eq!(quote.discounts, [soup, silver]);
    assert_eq!(quote.pay, Money::fen(7400 - 720 - 300));
}

#[test]
fn c25_membership_and_an_amount_off_are_not_added_up() {
    let catalogue = catalogue();
    let off = |level, lines: &[(u16, u16)]| quote(&catalogue, &cart(lines), level, noon(), None, 0).discounts;
    assert_eq!(off(None, &[(18, 3)])[0].reason, DiscountReason::Offer { offer: "lunch".into() });
    assert_eq!(off(Some("silver"), &[(18, 3)])[0].reason, DiscountReason::Offer { offer: "lunch".into() }, "ten yuan are more than five");
    assert!(matches!(off(Some("gold"), &[(18, 2), (61, 1)])[0].reason, DiscountReason::Level { .. }), "equal: membership");
    assert_eq!(off(Some("gold"), &[(18, 3)]).len(), 1);
    assert!(off(None, &[(18, 2)]).is_empty(), "below the threshold");
}

#[test]
fn delivery_is_free_from_an_amount_of_goods_before_discounts() {
    let fee = |lines: &[(u16, u16)], place: Option<&Place>| quote(&catalogue(), &cart(lines), Some("gold"), evening(), place, 0).fee;
    assert_eq!(fee(&[(61, 2)], Some(&delivery())), Money::yuan(5));
    assert_eq!(fee(&[(18, 2), (60, 2)], Some(&delivery())), Money::ZERO, "eighty before discounts");
    assert_eq!(fee(&[(61, 2)], Some(&Place::Pickup { branch: BranchNumber::new(1).unwrap() })), Money::ZERO);
    assert_eq!(fee(&[(61, 2)], None), Money::ZERO);
}

#[test]
fn c24_points_pay_whole_yuan_and_never_more_than_there_is_to_pay() {
    let pay = |points| quote(&catalogue(), &cart(&[(61, 1)]), None, evening(), None, points);
    assert_eq!((pay(199).points_spent(), pay(199).pay), (100, Money::fen(2550)));
    assert_eq!((pay(1_000_000).points_spent(), pay(1_000_000).pay), (2600, Money::fen(50)));
    assert_eq!(usable_points(i64::MAX, Money::fen(i64::MAX)) % 100, 0);
    assert_eq!(usable_points(-5, Money::yuan(10)), 0);
    assert_eq!(Member::worth(100), Money::yuan(1));
}

#[test]
fn numbers_that_are_not_on_the_menu_are_told() {
    let quote = quote(&catalogue(), &cart(&[(18, 1), (99, 1), (7, 2), (99, 1)]), None, evening(), None, 0);
    assert_eq!(quote.missing, [number(99), number(7)]);
    assert_eq!((quote.lines.len(), quote.pay), (1, Money::yuan(38)));
}

fn carts() -> impl Strategy<Value = Vec<(u16, u16)>> {
    prop::collection::vec((prop::sample::select(vec![18_u16, 61, 50, 60, 22, 99, 7]), 1_u16..=99), 0..8)
}

proptest! {
    #[test]
    fn the_sums_of_a_quote_agree(lines in carts(), gold in any::<bool>(), hour in 10_i8..21, points in 0_i64..100_000, brought in any::<bool>()) {
        let (catalogue, place) = (catalogue(), delivery());
        let at = date(2026, 11, 23).at(hour, 0, 0, 0);
        let quote = quote(&catalogue, &cart(&lines), gold.then_some("gold"), at, brought.then_some(&place), points);
        prop_assert_eq!(quote.goods, quote.lines.iter().map(|line| line.price.times(line.quantity.get())).sum());
        prop_assert_eq!(quote.pay, quote.goods.minus(quote.taken_off()).plus(quote.fee));
        prop_assert!(quote.pay >= Money::ZERO);
        prop_assert!(quote.discounts.iter().all(|discount| discount.amount > Money::ZERO));
        prop_assert!(quote.points_spent() <= points);
    }

    #[test]
    fn another_portion_never_makes_an_order_cheaper(lines in carts(), gold in any::<bool>(), more in prop::sample::select(vec![18_u16, 61, 50, 60])) {
        // Without offers that begin at an amount: reaching one is meant to make an order cheaper.
        let mut catalogue = catalogue();
        catalogue.offers.retain(|offer| matches!(offer.deal, Deal::PercentOff { .. }));
        let pay = |lines: &[(u16, u16)]| quote(&catalogue, &cart(lines), gold.then_some("gold"), evening(), None, 0);
        let mut longer = lines.clone();
        longer.push((more, 1));
        let (one, other) = (pay(&lines), pay(&longer));
        prop_assert!(other.goods > one.goods);
        // Reaching ten portions takes a twentieth off all of them, and that may be more than one of them costs.
        let breaks = |quote: &super::Quote| quote.discounts.iter().filter(|off| matches!(off.reason, DiscountReason::Quantity { .. })).count();
        let same_percent = {
            let percents = |quote: &super::Quote| quote.discounts.iter().filter_map(|off| match off.reason {
                DiscountReason::Quantity { dish, percent, .. } => Some((dish, percent)),
                _ => None,
            }).collect::<Vec<_>>();
            percents(&one) == percents(&other)
        };
        if breaks(&one) == breaks(&other) && same_percent {
            prop_assert!(other.pay >= one.pay, "{:?} {:?}", one.pay, other.pay);
        }
    }

    #[test]
    fn more_points_and_a_higher_level_never_make_an_order_dearer(lines in carts(), points in 0_i64..50_000, more in 0_i64..50_000) {
        let catalogue = catalogue();
        let pay = |level, points| quote(&catalogue, &cart(&lines), level, noon(), None, points).pay;
        prop_assert!(pay(None, points + more) <= pay(None, points));
        prop_assert!(pay(Some("gold"), 0) <= pay(Some("silver"), 0));
        prop_assert!(pay(Some("silver"), 0) <= pay(None, 0));
    }
}

#[test]
fn c85_what_a_customer_is_owed_comes_off_the_food_once_and_before_points() {
    use super::quote_owed;
    let credit = |fen: i64| Credit { id: "c".into(), amount: Money::fen(fen), until: crate::domain::Timestamp::from_millis(0) };
    let (catalogue, place) = (catalogue(), delivery());
    let owed = |lines: &[(u16, u16)], fen: i64, points: i64| {
        quote_owed(&catalogue, &cart(lines), None, evening(), Some(&place), points, Some(&credit(fen)))
    };
    let plain = quote(&catalogue, &cart(&[(18, 1)]), None, evening(), Some(&place), 0);
    let with = owed(&[(18, 1)], 1000, 0);
    assert_eq!(with.pay, plain.pay.minus(Money::yuan(10)));
    assert_eq!((with.goods, with.fee), (plain.goods, plain.fee), "what counts for the least amount and the fee is what was chosen");
    let all = owed(&[(18, 1)], 1_000_000, 0);
    assert_eq!(all.pay, plain.fee, "it pays for food, not for the way");
    let points = owed(&[(18, 1)], 1000, 1_000_000);
    let kinds: Vec<&str> = points.discounts.iter().map(|off| off.reason.name()).collect();
    assert_eq!(kinds.iter().rev().take(2).collect::<Vec<_>>(), [&"points", &"credit"], "points are the last to be spent");
    assert_eq!(owed(&[], 1000, 0).discounts, []);
}
