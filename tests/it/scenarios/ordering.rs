//! A regular guest orders dinner by keypad, from INVITE to an order on disk.
//! Keys, prompts and sums are those of the worked call.

use dinetone::domain::{Fulfilment, Money, OrderStatus};
use dinetone::order::dispatch::{Asked, choose};

use crate::kit::World;
use crate::kit::network::Weather;
use crate::kit::phone::{KeysBy, Line};

/// The worked call of `voice-and-console.md` 2.5, 14 entries, 19 key presses.
fn worked_call(world: &World, keys_by: KeysBy) {
    let mut diner = world.call("13800138000", "1000", keys_by, Some(()));
    diner.hears("main.menu");
    diner.keys("1");
    diner.hears("mem.caller_known");
    diner.keys("1");
    let offer = diner.hears("order.repeat_offer");
    assert!(offer.contains("一百二十六元"), "{offer}");
    diner.keys("2");
    diner.hears("order.ask_dish");
    diner.keys("18#");
    let dish = diner.hears("order.dish_qty");
    assert!(dish.contains("宫保鸡丁") && dish.contains("三十八元"), "{dish}");
    diner.keys("2#");
    let line = diner.hears("order.line_added");
    assert!(line.contains("两份") && line.contains("七十六元"), "{line}");
    diner.keys("61#");
    let dish = diner.hears("order.dish_qty");
    assert!(dish.contains("二十六元五角"), "{dish}");
    diner.keys("#");
    diner.hears("order.ask_next");
    diner.keys("#");
    let bill = diner.hears("order.sum_pay");
    for sum in ["两道菜", "一百零二元五角", "十元", "九十二元五角"] {
        assert!(bill.contains(sum), "{sum} in {bill}");
    }
    diner.keys("#");
    diner.hears("ful.ask");
    diner.keys("1");
    let place = diner.hears("addr.pick");
    assert!(place.contains("漕溪北路八十八号"), "{place}");
    diner.keys("1");
    diner.hears("time.ask");
    diner.keys("1");
    let phone = diner.hears("phone.confirm");
    assert!(phone.contains("八零零零"), "{phone}");
    diner.keys("#");
    let all = diner.hears("final.confirm");
    assert!(all.contains("九十二元五角"), "{all}");
    // The last question is deaf for 0.7 s, so that no key typed ahead commits.
    diner.says_nothing_for(1);
    diner.keys("#");
    let done = diner.hears("final.done");
    diner.hangs_up();

    let order = &world.orders()[0];
    assert_eq!(
        (order.pay, order.goods, order.status, order.place.fulfilment()),
        (Money::fen(9250), Money::fen(10_250), OrderStatus::New, Fulfilment::Delivery)
    );
    assert_eq!(order.lines.iter().map(|line| (line.dish.get(), line.quantity.get())).collect::<Vec<_>>(), [(18, 2), (61, 1)]);
    let spoken: String =
        order.number.last4().chars().map(|digit| "零幺二三四五六七八九".chars().nth(digit as usize - '0' as usize).unwrap()).collect();
    assert!(done.contains(&spoken), "{spoken} in {done}");
    let (record, _) = world.records().pop().expect("the call has a record");
    assert_eq!((record.keys, record.order.as_ref(), record.errors), (19, Some(&order.number), 0));
}

#[test]
fn c17_a_member_orders_two_dishes_with_nineteen_presses() {
    let world = World::open_at("18:00");
    worked_call(&world, KeysBy::Event);
    world.is_quiet();
}

#[test]
fn c5_the_same_with_keys_by_sip_info() {
    let world = World::open_at("18:00");
    worked_call(&world, KeysBy::Info);
    world.is_quiet();
}

/// Loss 15 %, duplication 5 %, reordering 10 %, both ways: every key once, the same order at the end.
#[test]
fn i1_the_same_on_a_bad_network() {
    for seed in 1..=3 {
        let world = World::open("18:00", Weather::BAD, seed);
        worked_call(&world, KeysBy::Event);
        world.weather(Weather::FAIR);
        world.is_quiet();
    }
}

#[test]
fn c13_a_trained_caller_types_ahead_without_listening() {
    let world = World::open_at("18:00");
    let mut diner = world.call_from("13800138000");
    diner.waits_for_answer();
    diner.keys("11218#2##");
    let bill = diner.hears("order.sum_pay");
    assert!(bill.contains("七十六元"), "{bill}");
    diner.hangs_up();
    world.is_quiet();
}

/// C23: the branch that a keyed order goes to is the one that an agent's page proposes for that address.
#[test]
fn c23_keypad_and_console_know_the_same_branch_for_an_address() {
    let world = World::open_at("18:00");
    let mut diner = world.call_from("13800138000");
    diner.waits_for_answer();
    diner.keys("11218#2##");
    diner.hears("order.sum_pay");
    diner.keys("#");
    diner.hears("ful.ask");
    diner.keys("1");
    let places = diner.hears("addr.pick");
    assert!(places.contains("南京西路"), "{places}");
    diner.keys("2");
    diner.hears("time.ask");
    diner.keys("1");
    diner.hears("phone.confirm");
    diner.keys("#");
    diner.hears("final.confirm");
    diner.says_nothing_for(1);
    diner.keys("#");
    diner.hears("final.done");
    diner.hangs_up();
    let order = &world.orders()[0];
    let dinetone::domain::Place::Saved { text, branch, .. } = &order.place else { panic!("{:?}", order.place) };
    let asked = Asked { address: text, dishes: &[order.lines[0].dish] };
    let proposed = world
        .with_store(async |store, now| choose(asked, &store.catalogue().await.unwrap(), &store.loads().await.unwrap(), now, store.clock()));
    assert_eq!((branch.get(), proposed.branch), (2, Some(*branch)), "{proposed:?}");
    world.is_quiet();
}

/// Hung up before the last `#`: nothing is cooked, and the next call finds the cart.
#[test]
fn a_cart_that_was_left_is_offered_to_the_next_call() {
    let world = World::open_at("18:00");
    let before = world.orders().len();
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.keys("112");
    diner.hears("order.ask_dish");
    diner.keys("18#2#");
    diner.hears("order.line_added");
    diner.hangs_up();
    assert_eq!(world.orders().len(), before, "nothing was confirmed");

    let mut again = world.call_from("13800138000");
    again.hears("main.menu");
    again.keys("1");
    let resume = again.hears("order.resume");
    assert!(resume.contains("一道菜"), "{resume}");
    again.keys("1");
    again.hangs_up();
    world.is_quiet();
}

/// I6: while the disk does not answer, nobody hears that an order is placed; the dishes are kept.
#[test]
fn i6_no_order_is_confirmed_while_the_store_is_away() {
    let world = World::open_at("18:00");
    let before = world.orders().len();
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.keys("11218#2##");
    diner.hears("order.sum_keys");
    diner.keys("#1");
    diner.hears("addr.pick");
    diner.keys("11#");
    diner.hears("final.confirm");
    diner.says_nothing_for(1);
    world.store_is_away(true);
    diner.keys("#");
    diner.hears("gen.wait");
    diner.hears("final.fail");
    diner.hangs_up();
    assert_eq!(world.orders().len(), before);
    // It comes through after all, too late: nobody waits for this food, so it is not cooked.
    world.store_is_away(false);
    world.is_quiet();
    assert_eq!(world.orders()[0].status, OrderStatus::Cancelled);
}

/// I7: what sold out between the read-back and the last `#` is named and left out; nothing is changed in silence.
#[test]
fn i7_a_dish_that_sells_out_meanwhile_cannot_be_ordered() {
    let world = World::open_at("18:00");
    let before = world.orders().len();
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.keys("11218#2#61#1##");
    diner.hears("order.sum_keys");
    diner.keys("#1");
    diner.hears("addr.pick");
    diner.keys("11#");
    diner.hears("final.confirm");
    diner.says_nothing_for(1);
    world.dish_is_sold_out(61);
    diner.keys("#");
    let gone = diner.hears("order.gone");
    assert!(gone.contains("扬州炒饭"), "{gone}");
    assert_eq!(world.orders().len(), before);
    diner.hangs_up();
    world.is_quiet();
}

/// Rule 16: who hangs up after the last `#` has ordered, even when the disk takes its time.
#[test]
fn i6_hanging_up_after_the_last_key_still_orders() {
    let world = World::open_at("18:00");
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.keys("11218#2##");
    diner.hears("order.sum_keys");
    diner.keys("#1");
    diner.hears("addr.pick");
    diner.keys("11#");
    diner.hears("final.confirm");
    diner.says_nothing_for(1);
    world.store_is_away(true);
    diner.keys("#");
    diner.hangs_up();
    world.store_is_away(false);
    world.is_quiet();
    let order = &world.orders()[0];
    assert_eq!((order.status, order.lines.len()), (OrderStatus::New, 1));
    let (record, _) = world.records().pop().expect("a record");
    assert_eq!(record.order.as_ref(), Some(&order.number));
}

#[test]
fn c21_the_last_order_again_by_one_key() {
    let world = World::open_at("18:00");
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.keys("111");
    let bill = diner.hears("order.sum_pay");
    assert!(bill.contains("一百二十六元"), "{bill}");
    diner.hangs_up();
    world.is_quiet();
}

#[test]
fn c27_an_order_on_its_way_is_told_by_phone() {
    let world = World::open_at("18:00");
    let mut diner = world.call_from("13700137000");
    diner.hears("main.menu");
    diner.keys("2");
    diner.hears("st.head");
    diner.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up".into()));
    world.is_quiet();
}
