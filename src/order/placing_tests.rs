//! When an order may be confirmed, and what stands in its way.

use jiff::civil::date;

use super::{Placeable, Refusal, Wish, check};
use crate::domain::{BranchNumber, Cart, Catalogue, ClockTime, DateTime, MenuNumber, Money, Place, PlacedVia, ShopClock, SoldOut, When};
use crate::order::pricing::tests::{cart, catalogue};

fn shop() -> ShopClock {
    ShopClock::named("Asia/Shanghai").unwrap()
}

fn one() -> BranchNumber {
    BranchNumber::new(1).unwrap()
}

fn dish(number: u16) -> MenuNumber {
    MenuNumber::new(number).unwrap()
}

fn saturday(hour: i8, minute: i8) -> DateTime {
    date(2026, 11, 21).at(hour, minute, 0, 0)
}

fn home() -> Place {
    Place::Saved { address: "home".into(), text: String::new(), branch: one() }
}

fn ask(catalogue: &Catalogue, lines: &[(u16, u16)], place: &Place, when: When, now: DateTime) -> Result<Placeable, Refusal> {
    ask_for(catalogue, &cart(lines), place, when, now, (0, 0), PlacedVia::Keypad)
}

fn ask_for(
    catalogue: &Catalogue,
    cart: &Cart,
    place: &Place,
    when: When,
    now: DateTime,
    (points, balance): (i64, i64),
    via: PlacedVia,
) -> Result<Placeable, Refusal> {
    let wish = Wish { cart, place, when, level: Some("gold"), points, balance, credit: None, via, let_through: false };
    check(catalogue, &wish, shop().timestamp(now), &shop())
}

#[test]
fn i7_an_order_in_opening_hours_is_promised_by_the_branchs_times() {
    let now = saturday(18, 0);
    let delivery = ask(&catalogue(), &[(18, 2), (61, 1)], &home(), When::Now, now).unwrap();
    assert_eq!(shop().local(delivery.promised_at), saturday(18, 45));
    assert_eq!(delivery.quote.pay, Money::fen(9250));
    let pickup = ask(&catalogue(), &[(18, 2)], &Place::Pickup { branch: one() }, When::Now, now).unwrap();
    assert_eq!(shop().local(pickup.promised_at), saturday(18, 20));
    let later = ask(&catalogue(), &[(18, 2)], &home(), When::At(saturday(20, 30)), now).unwrap();
    assert_eq!(shop().local(later.promised_at), saturday(20, 30));
    let soon = ask(&catalogue(), &[(18, 2)], &home(), When::At(saturday(18, 10)), now).unwrap();
    assert_eq!(shop().local(soon.promised_at), saturday(18, 45), "a promise is never earlier than the branch can keep it");
}

#[test]
fn i7_a_closed_branch_takes_no_order() {
    let at = |hour, minute| ask(&catalogue(), &[(18, 2)], &home(), When::Now, saturday(hour, minute));
    assert_eq!(at(9, 59), Err(Refusal::Closed { opens: Some(saturday(10, 0)) }));
    assert!(at(10, 0).is_ok());
    assert!(at(21, 10).is_ok(), "the last minute");
    let tomorrow = date(2026, 11, 22).at(10, 0, 0, 0);
    assert_eq!(at(21, 11), Err(Refusal::Closed { opens: Some(tomorrow) }), "after the last order");
    assert!(matches!(at(21, 30), Err(Refusal::Closed { .. })));
    let mut paused = catalogue();
    paused.branches.get_mut(&one()).unwrap().paused = true;
    assert!(matches!(ask(&paused, &[(18, 2)], &home(), When::Now, saturday(12, 0)), Err(Refusal::Closed { .. })));
}

#[test]
fn i7_a_holiday_takes_no_order_and_a_set_time_is_checked_for_its_own_day() {
    let mut catalogue = catalogue();
    let tomorrow = date(2026, 11, 22);
    catalogue.holidays.closed.push((tomorrow, tomorrow, None));
    let at = |when| ask(&catalogue, &[(18, 2)], &home(), When::At(when), saturday(22, 0));
    assert!(matches!(at(tomorrow.at(12, 0, 0, 0)), Err(Refusal::Closed { .. })));
    assert!(at(date(2026, 11, 23).at(12, 0, 0, 0)).is_ok(), "ordered at night for the day after");
    assert!(matches!(at(date(2026, 11, 23).at(22, 0, 0, 0)), Err(Refusal::Closed { .. })));
    assert_eq!(at(saturday(21, 0)), Err(Refusal::Past));
    assert_eq!(at(date(2026, 12, 24).at(12, 0, 0, 0)), Err(Refusal::TooFar));
}

#[test]
fn i7_what_is_sold_out_or_not_served_cannot_be_confirmed() {
    let mut catalogue = catalogue();
    catalogue.dishes.get_mut(&dish(60)).unwrap().served = Some((ClockTime::new(6, 30).unwrap(), ClockTime::new(10, 30).unwrap()));
    let until = shop().timestamp(date(2026, 11, 22).at(0, 0, 0, 0));
    catalogue.sold_out.push(SoldOut { dish: dish(61), branch: Some(one()), until });
    let now = saturday(18, 0);
    let refused = ask(&catalogue, &[(18, 2), (61, 1), (60, 1), (99, 1), (61, 1)], &home(), When::Now, now);
    assert_eq!(refused, Err(Refusal::SoldOut(vec![dish(61), dish(60), dish(99)])));
    let tomorrow = When::At(date(2026, 11, 22).at(10, 15, 0, 0));
    assert!(ask(&catalogue, &[(18, 2), (61, 1), (60, 1)], &home(), tomorrow, now).is_ok(), "both can be had tomorrow morning");
}

#[test]
fn i7_a_small_delivery_a_strange_branch_and_an_empty_cart_are_refused() {
    let now = saturday(18, 0);
    assert_eq!(ask(&catalogue(), &[(18, 1)], &home(), When::Now, now), Err(Refusal::TooSmall { least: Money::yuan(50) }));
    assert!(ask(&catalogue(), &[(18, 1)], &Place::Pickup { branch: one() }, When::Now, now).is_ok());
    let nowhere = BranchNumber::new(9).unwrap();
    assert_eq!(ask(&catalogue(), &[(18, 2)], &Place::Pickup { branch: nowhere }, When::Now, now), Err(Refusal::NoBranch(nowhere)));
    assert_eq!(ask(&catalogue(), &[], &home(), When::Now, now), Err(Refusal::Empty));
}

#[test]
fn i7_a_large_order_needs_a_person() {
    let now = saturday(18, 0);
    assert!(ask(&catalogue(), &[(60, 50)], &home(), When::Now, now).is_ok());
    assert_eq!(ask(&catalogue(), &[(60, 26), (18, 1), (60, 25)], &home(), When::Now, now), Err(Refusal::Bulk(dish(60))));
    assert!(ask_for(&catalogue(), &cart(&[(60, 60)]), &home(), When::Now, now, (0, 0), PlacedVia::Agent).is_ok());
}

#[test]
fn i7_points_that_are_not_there_cannot_be_spent() {
    let spend = |points, balance| {
        ask_for(&catalogue(), &cart(&[(18, 2)]), &home(), When::Now, saturday(18, 0), (points, balance), PlacedVia::Keypad)
    };
    assert_eq!(spend(500, 499), Err(Refusal::NoPoints));
    assert_eq!(spend(-100, 500), Err(Refusal::NoPoints));
    assert_eq!(spend(500, 500).unwrap().quote.points_spent(), 500);
}
