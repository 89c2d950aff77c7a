//! Orders from the greeting to the order number, and what can come between.

use super::house::{address, catalogue, line, member, number, offer, regular, store_number};
use super::world::{Call, Setting, easy_store};
use crate::domain::{Cart, CustomerId, Discount, DiscountReason, Money, OrderNumber, Place, SoldOut, Spice, Timestamp, When};
use crate::ivr::io::{DialogueInput, Hangup};
use crate::ivr::question::{Answer, Card, Notice, Placed, Question};

#[test]
fn the_worked_call_key_for_key() {
    let mut call = Call::known();
    call.listens().hears(&["greet.open", "greet.member", "greet.recording", "main.menu", "main.more"]);
    call.keys("1").hears_exactly(&["mem.caller_known"]);
    call.keys("1").hears_exactly(&["order.repeat_offer"]);
    call.keys("2").hears_exactly(&["order.ask_dish", "order.ask_dish_help"]);
    call.keys("18#").hears_exactly(&["order.dish_qty"]);
    call.keys("2#").hears_exactly(&["order.line_added", "order.ask_next"]);
    call.keys("61#").hears_exactly(&["order.dish_qty"]);
    call.keys("#").hears_exactly(&["order.line_added", "order.ask_next"]);
    call.keys("#").hears_exactly(&[
        "order.sum_head",
        "order.sum_line",
        "order.sum_line",
        "order.sum_total",
        "order.sum_discount",
        "order.sum_pay",
        "order.sum_keys",
    ]);
    call.keys("#").hears_exactly(&["ful.ask"]);
    call.keys("1").hears_exactly(&["addr.pick", "addr.new"]);
    call.keys("1").hears_exactly(&["time.ask"]);
    call.keys("1").hears_exactly(&["phone.confirm"]);
    call.keys("#").hears_exactly(&["final.delivery", "final.when_asap", "final.pay_cash", "final.confirm"]);
    call.wait(1.0);
    call.keys("#").hears_exactly(&["final.done", "final.eta_delivery", "final.after"]);
    assert_eq!(call.keys_shown, "11218#2#61####111##");
    let placed = call.placed();
    let [request] = placed.as_slice() else { panic!("{placed:?}") };
    assert_eq!(request.heard, Money::fen(9250));
    assert_eq!(request.cart.lines, [line(18, 2), line(61, 1)]);
    assert_eq!(request.member.as_ref().map(|member| member.as_str()), Some("102938"));
    assert!(matches!(&request.place, Place::Saved { branch, .. } if *branch == store_number(1)));
    assert_eq!(request.when, When::Now);
    assert_eq!(call.ordered, [OrderNumber::new("2611203072")]);
    call.hangs_up();
    assert_eq!(call.kept_cart(), None, "an order that is on disk leaves no cart");
}

#[test]
fn c13_a_regular_keys_the_whole_order_in_one_burst() {
    let mut call = Call::known();
    call.burst("11218#2#61####111#");
    call.wait(4.0);
    call.hears(&["greet.recording", "final.confirm"]);
    call.never_heard("order.dish_qty");
    call.wait(1.0);
    call.keys("#").hears(&["final.done"]);
    assert_eq!(call.placed().len(), 1);
}

#[test]
fn c13_the_hash_typed_ahead_never_submits() {
    let mut call = Call::known();
    call.burst("11218#2#61####111######");
    call.wait(5.0);
    assert!(call.placed().is_empty(), "{}", call.ladder());
    call.listens();
    call.keys("#").hears(&["final.done"]);
}

#[test]
fn c13_a_second_hash_does_not_cut_the_order_number() {
    let mut call = to_final();
    call.wait(1.0);
    call.burst("##");
    call.hears_exactly(&["final.done", "final.eta_delivery", "final.after"]);
    call.never_heard("gen.nomatch1");
}

#[test]
fn c13_a_committing_question_is_deaf_for_a_moment() {
    let mut call = to_final();
    call.keys("#");
    assert!(call.placed().is_empty());
    call.wait(1.0);
    call.keys("#");
    assert_eq!(call.placed().len(), 1);
}

/// A known caller with two portions of dish 18 and one of 61, just asked to confirm.
fn to_final() -> Call {
    let mut call = Call::known();
    call.listens().keys("1").keys("1").keys("2").keys("18#2#61####111#");
    call.hears(&["final.confirm"]);
    call
}

#[test]
fn i6_a_hang_up_after_the_confirming_key_still_orders_and_one_before_keeps_the_cart() {
    let mut call = to_final();
    call.store = Box::new(|_| None);
    call.wait(1.0);
    call.keys("#");
    let drafts = call.saved_carts();
    call.hangs_up();
    assert_eq!(call.saved_carts(), drafts, "what is being placed is not kept anew");
    let (question, _) = call.asked.last().cloned().unwrap();
    let answer = easy_store(&call.asked.last().unwrap().1).unwrap();
    call.tell(DialogueInput::Answer { question, answer });
    assert_eq!(call.ordered.len(), 1);
    assert_eq!(call.kept_cart(), None);

    let mut call = to_final();
    call.hangs_up();
    assert!(call.placed().is_empty());
    let Some(Notice::SaveCart { cart, step, key, .. }) = call.notices.last() else { panic!("{:?}", call.notices) };
    assert_eq!((cart.lines.len(), step.as_str(), key.as_str()), (2, "order.final", "call-0"));
}

/// C55: what a power cut leaves of an order is what the caller has heard confirmed.
#[test]
fn c55_every_change_of_the_cart_is_kept_before_the_next_question() {
    let mut call = stranger_at_dish();
    assert_eq!(call.kept_cart(), None);
    call.keys("18#2#").hears(&["order.line_added"]);
    assert_eq!(call.kept_cart().map(|cart| cart.lines.clone()), Some(vec![line(18, 2)]));
    call.keys("61##").hears(&["order.line_added"]);
    assert_eq!(call.kept_cart().map(|cart| cart.lines.clone()), Some(vec![line(18, 2), line(61, 1)]));
    let saved = call.saved_carts();
    call.keys("*2").hears(&["order.sum_head"]);
    assert_eq!(call.saved_carts(), saved, "only changes are written");
    call.keys("318#").keys("*").hears(&["order.removed"]);
    call.keys("*361#").keys("*").hears(&["order.removed"]);
    assert_eq!(call.kept_cart(), None, "an emptied cart is not offered again\n{}", call.ladder());
}

#[test]
fn i6_a_hang_up_whose_order_was_refused_keeps_the_cart() {
    let mut call = to_final();
    call.store = Box::new(|_| None);
    call.wait(1.0);
    call.keys("#");
    call.hangs_up();
    let (question, _) = call.asked.last().cloned().unwrap();
    call.tell(DialogueInput::Answer { question, answer: Answer::Placed(Placed::SoldOut(vec![number(18)])) });
    assert!(call.ordered.is_empty());
    assert!(call.kept_cart().is_some());
}

#[test]
fn i6_no_answer_in_five_seconds_is_told_and_the_dishes_are_kept() {
    let mut call = to_final();
    call.store = Box::new(|_| None);
    call.wait(1.0);
    call.keys("#").wait(1.1);
    call.hears_exactly(&["gen.wait"]);
    call.wait(4.0);
    call.hears(&["gen.wait", "final.fail", "gen.no_agent"]);
    assert!(call.kept_cart().is_some());
    // The answer comes after all: nobody is left with a false "did not go through".
    let (question, what) = call.asked.last().cloned().unwrap();
    call.tell(DialogueInput::Answer { question, answer: easy_store(&what).unwrap() });
    call.hears(&["final.done"]);
    assert_eq!(call.ordered.len(), 1);
}

#[test]
fn i6_the_same_cart_keeps_its_key_when_it_is_submitted_again() {
    let mut call = to_final();
    call.store = Box::new(|question| match question {
        Question::Place(_) => Some(Answer::Failed),
        other => easy_store(other),
    });
    call.wait(1.0);
    call.keys("#").hears(&["final.fail"]);
    call.listens_then("*").hears(&["gen.wait"][..0]);
    call.store = Box::new(easy_store);
    call.wait(6.0);
    call.keys("#");
    let keys: Vec<&str> = call.placed().iter().map(|request| request.key.as_str()).collect();
    assert!(keys.iter().all(|key| *key == "call-0"), "{keys:?}\n{}", call.ladder());
}

#[test]
fn i7_what_sold_out_meanwhile_is_named_and_read_back_again() {
    let mut call = to_final();
    let mut first = true;
    call.store = Box::new(move |question| match question {
        Question::Place(_) if std::mem::take(&mut first) => Some(Answer::Placed(Placed::SoldOut(vec![number(18)]))),
        other => easy_store(other),
    });
    call.wait(1.0);
    call.keys("#").hears_exactly(&[
        "order.gone",
        "order.sum_head",
        "order.sum_line",
        "order.sum_total",
        "order.sum_discount",
        "order.sum_fee",
        "order.sum_pay",
        "order.sum_keys",
    ]);
    // One fried rice is below the least amount for delivery.
    call.keys("#").hears_exactly(&["order.min"]);
    call.keys("2").hears(&["store.pick", "store.pick", "store.pick", "store.other"]);
    call.keys("1").hears(&["time.ask"]);
    call.keys("1").hears(&["final.pickup", "final.when_asap", "final.pay_store", "final.confirm"]);
    call.wait(1.0);
    call.keys("#").hears(&["final.done", "final.eta_pickup"]);
    // The restaurant last used comes first.
    assert!(matches!(call.placed()[1].place, Place::Pickup { branch } if branch == store_number(3)));
}

#[test]
fn i7_another_price_is_read_again_before_it_counts() {
    let mut call = to_final();
    let mut first = true;
    call.store = Box::new(move |question| match question {
        Question::Place(request) if std::mem::take(&mut first) => Some(Answer::Placed(Placed::PriceChanged {
            lines: Vec::from([crate::domain::OrderLine {
                dish: request.cart.lines[0].dish,
                zh: "x".into(),
                en: "x".into(),
                quantity: request.cart.lines[0].quantity,
                size: None,
                spice: None,
                price: Money::yuan(50),
                amount: Money::yuan(100),
                note: None,
            }]),
            discounts: vec![Discount {
                reason: DiscountReason::Quantity { dish: number(18), portions: 5, percent: 5 },
                amount: Money::yuan(5),
            }],
            fee: Money::ZERO,
            pay: Money::yuan(95),
        })),
        other => easy_store(other),
    });
    call.wait(1.0);
    call.keys("#").hears(&["order.changed", "order.sum_line", "order.sum_total", "order.sum_break", "order.sum_pay"]);
    call.keys("#").hears(&["final.delivery", "final.confirm"]);
    call.wait(1.0);
    call.keys("#").hears(&["final.done"]);
    assert_eq!(call.placed()[1].heard, Money::yuan(95));
}

#[test]
fn i6_the_same_order_twice_is_asked_about() {
    let mut call = to_final();
    let store = |question: &Question| match question {
        Question::Place(request) if !request.again => Some(Answer::Placed(Placed::Duplicate)),
        other => easy_store(other),
    };
    call.store = Box::new(store);
    call.wait(1.0);
    call.keys("#").hears_exactly(&["final.dup"]);
    call.keys("1").hears_exactly(&["final.dup"][..0]);
    call.wait(1.0);
    call.keys("1").hears(&["final.done"]);
    assert!(call.placed()[1].again);

    let mut call = to_final();
    call.store = Box::new(store);
    call.wait(1.0);
    call.keys("#").wait(1.0);
    call.keys("2").hears(&["order.cancelled", "main.menu"]);
}

/// A stranger who has skipped the member number and is asked for a dish.
fn stranger_at_dish() -> Call {
    let mut call = Call::stranger();
    call.listens().keys("1").hears(&["mem.ask_id"]);
    call.keys("#").hears(&["mem.guest", "order.ask_dish"]);
    call
}

#[test]
fn c17_the_dish_is_named_and_equal_lines_are_put_together() {
    let mut call = stranger_at_dish();
    call.keys("18#").hears(&["order.dish_qty"]);
    call.keys("*").hears_exactly(&["order.removed", "order.ask_dish"]);
    call.keys("18#2#").hears(&["order.line_added"]);
    call.keys("018#1#").hears(&["order.line_merged", "order.ask_next"]);
    call.keys("7777#").hears_exactly(&["order.no_dish", "order.ask_next"]);
    call.keys("12345#").hears(&["gen.bad_length"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(18, 3)]);
}

#[test]
fn c17_a_dish_number_ends_by_itself_after_a_pause() {
    let mut call = stranger_at_dish();
    call.keys("18").wait(3.9);
    call.hears_exactly(&[]);
    call.wait(0.2);
    call.hears_exactly(&["order.dish_qty"]);
}

#[test]
fn c17_options_come_before_the_portions() {
    let mut call = stranger_at_dish();
    call.keys("22#").hears_exactly(&["order.opt_size"]);
    call.keys("2").hears_exactly(&["order.opt_spice"]);
    call.keys("4").hears_exactly(&["order.dish_qty"]);
    call.keys("#").hears_exactly(&["order.line_added", "order.opt.size2", "order.opt.spice4", "order.ask_next"]);
    call.keys("22#24#").hears(&["order.line_merged"]);
    call.keys("22#11#").hears(&["order.line_added"]);
    assert_eq!(call.dialogue.snapshot().cart.lines[1].spice, Some(Spice::None));
}

#[test]
fn c17_many_portions_are_confirmed_and_more_than_fifty_are_for_a_person() {
    let mut call = stranger_at_dish();
    call.keys("18#20#").hears_exactly(&["order.qty_sure", "gen.confirm_keys"]);
    call.keys("*").hears_exactly(&["order.dish_qty"]);
    call.keys("20#").keys("#").hears(&["order.line_added"]);
    call.keys("18#31#").keys("#").hears(&["order.qty_bulk", "gen.no_agent", "q.busy_message"]);
    call.keys("*").hears(&["order.qty_sure"]);
    call.keys("*").keys("51#").hears(&["order.qty_bulk"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(18, 20)]);
}

#[test]
fn c17_sold_out_offers_what_is_near_and_a_retired_number_is_never_another_dish() {
    let mut catalogue = catalogue();
    catalogue.sold_out.push(SoldOut { dish: number(18), branch: None, until: Timestamp::from_millis(i64::MAX) });
    let card = Card { language: Some(crate::domain::Language::Mandarin), ..Card::default() };
    let mut call = Call::begin(Setting { catalogue, card, caller: Some("13900139000"), ..Setting::default() });
    call.listens().keys("1#").keys("18#").hears_exactly(&["order.sold_out", "order.alt"]);
    call.keys("1").hears(&["order.dish_qty"]);
    call.keys("#").keys("99#").hears_exactly(&["order.no_dish", "order.alt"]);
    call.keys("2").hears_exactly(&["order.ask_next"]);
    call.keys("71#").hears_exactly(&["order.not_now", "order.ask_next"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(19, 1)]);
}

#[test]
fn c19_a_line_is_changed_or_taken_out_and_an_order_cancelled() {
    let mut call = stranger_at_dish();
    call.keys("*").hears_exactly(&["order.cart_menu"]);
    call.keys("2").hears_exactly(&["order.empty", "order.cart_menu"]);
    call.keys("#18#2#61##").hears(&["order.line_added"]);
    call.keys("*2").hears(&["order.sum_head", "order.sum_line", "order.sum_line", "order.sum_total", "order.cart_menu"]);
    call.keys("3").hears_exactly(&["order.edit_ask"]);
    call.keys("19#").hears(&["order.no_dish"]);
    call.keys("18#").hears_exactly(&["order.edit_qty"]);
    call.keys("4#").hears(&["order.line_merged"]);
    call.keys("*361#").hears(&["order.edit_qty"]);
    call.keys("*").hears(&["order.removed"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(18, 4)]);
    call.keys("*4").hears(&["order.cancel_sure"]);
    call.wait(1.0);
    call.keys("2").hears(&["order.ask_next"]);
    call.keys("*4").wait(1.0);
    call.keys("1").hears(&["order.cancelled", "main.menu"]);
    assert!(call.dialogue.snapshot().cart.lines.is_empty());
}

#[test]
fn c26_the_menu_is_heard_by_category_and_a_dish_taken_from_it() {
    let mut call = stranger_at_dish();
    call.keys("*1").hears_exactly(&["order.list_head", "info.cat_item", "info.cat_item"]);
    call.keys("1").hears_exactly(&["info.item", "info.item_keys"]);
    call.listens().wait(2.1);
    call.hears(&["info.item", "info.item_keys", "info.item"]);
    call.keys("1").hears_exactly(&["order.dish_qty"]);
    call.keys("#").hears(&["order.line_added"]);
}

#[test]
fn c26_star_leads_from_the_dishes_to_the_categories_and_from_there_to_the_cart_menu() {
    let mut call = stranger_at_dish();
    call.keys("*1").hears(&["order.list_head", "info.cat_item"]);
    call.keys("1").hears(&["info.item"]);
    call.keys("*").hears_exactly(&["gen.back", "info.cat_item", "info.cat_item"]);
    call.keys("*").hears_exactly(&["gen.back", "order.cart_menu"]);
    call.keys("*").hears(&["order.ask_dish"]);
}

#[test]
fn c18_the_read_back_can_be_heard_again_and_changed() {
    let mut call = stranger_at_dish();
    call.keys("18#5##").hears(&["order.sum_head", "order.sum_break", "order.sum_pay", "order.sum_keys"]);
    call.keys("9").hears(&["order.sum_head", "order.sum_keys"]);
    call.keys("*").hears_exactly(&["order.cart_menu"]);
    call.keys("#").hears_exactly(&["order.ask_next"]);
    call.keys("#").hears(&["order.sum_head"]);
}

#[test]
fn c20_a_member_number_beats_the_calling_number_and_personal_things_stay_personal() {
    let mut call = Call::stranger();
    call.listens().keys("1").keys("102938").hears(&["mem.readback", "mem.hello", "order.repeat_offer"]);
    call.wait(0.3);
    call.keys("#").hears_exactly(&[]);
    call.keys("2").hears(&["order.ask_dish"]);
    // The calling number is not on the member's record: no saved address is read out.
    call.keys("18#3###1").hears_exactly(&["addr.record"]);
    call.listens().hears(&["addr.review"]);
    call.keys("1").hears(&["(recording)"]);
    call.keys("#").hears(&["addr.check", "time.ask"]);
    call.keys("1#").hears(&["final.delivery", "final.when_asap", "final.pay_cash"]);
    call.wait(1.0);
    call.keys("#");
    let placed = call.placed();
    assert!(matches!(placed[0].place, Place::Recorded { .. }));
    assert_eq!(placed[0].heard, Money::yuan(103), "114 less gold's eleven");
    assert_eq!(placed[0].customer, Some(CustomerId::new("customer-102938")));
}

#[test]
fn c20_a_keyed_phone_finds_the_member_and_nobody_found_three_times_goes_on_as_guest() {
    let mut call = Call::stranger();
    call.store = Box::new(|question| match question {
        Question::Phone(phone) if phone.reveal() == "13800138000" => Some(Answer::Known(Box::new(regular()))),
        other => easy_store(other),
    });
    call.listens().keys("1").keys("13800138000#").hears(&["mem.readback", "mem.hello"]);
    let mut call = Call::stranger();
    call.listens().keys("1").keys("111111").hears_exactly(&["mem.not_found", "mem.ask_id"]);
    call.keys("#").hears_exactly(&[]);
    call.keys("222222").hears_exactly(&["mem.not_found", "mem.ask_id", "gen.entry_hint"]);
    call.wait(2.0);
    call.keys("101111#").hears(&["mem.not_found", "mem.guest", "order.ask_dish"]);
}

#[test]
fn c20_several_members_on_one_number_choose_by_their_last_digits() {
    let card = Card { members: vec![member("102938"), member("204512")], ..regular() };
    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens();
    call.never_heard("greet.member");
    call.keys("1").hears_exactly(&["info.cat_item", "info.cat_item"]);
    call.keys("1").hears(&["mem.readback", "mem.hello"]);
}

#[test]
fn c20_a_guest_by_choice_is_nobody() {
    let mut call = Call::known();
    call.listens().keys("1").keys("3").hears_exactly(&["mem.guest", "order.ask_dish", "order.ask_dish_help"]);
    call.keys("18#3###1").hears_exactly(&["addr.record"]);
}

#[test]
fn c21_the_last_order_again_by_one_key_without_what_is_gone() {
    let mut catalogue = catalogue();
    catalogue.sold_out.push(SoldOut { dish: number(61), branch: None, until: Timestamp::from_millis(i64::MAX) });
    let mut call = Call::begin(Setting { catalogue, ..Setting::default() });
    call.listens().keys("1").keys("1").keys("1");
    call.hears(&["order.repeat_gone", "order.sum_head", "order.sum_line", "order.sum_line", "order.sum_pay"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(18, 1), line(19, 1)]);
}

#[test]
fn an_unfinished_cart_is_offered_and_taken_up_or_dropped() {
    let kept = Cart { lines: vec![line(18, 2), line(99, 1)] };
    let card = Card { cart: Some(kept), ..regular() };
    let mut call = Call::begin(Setting { card: card.clone(), ..Setting::default() });
    call.listens().keys("1").hears_exactly(&["order.resume"]);
    call.keys("1").hears_exactly(&["order.repeat_gone", "mem.caller_known"]);
    call.keys("1").hears_exactly(&["order.ask_next"]);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(18, 2)]);
    call.hangs_up();
    assert!(call.kept_cart().is_some());

    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens().keys("1").keys("2").hears_exactly(&["mem.caller_known"]);
    assert!(call.notices.iter().any(|notice| matches!(notice, Notice::DropCart { .. })));
    call.keys("1").hears(&["order.repeat_offer"]);
}

#[test]
fn c22_up_to_three_addresses_and_one_outside_the_area() {
    let addresses = vec![address("a", Some(1)), address("b", None), address("c", Some(2)), address("d", Some(2))];
    let card = Card { addresses, ..regular() };
    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens().keys("11218#3###1").hears_exactly(&["addr.pick", "addr.pick", "addr.pick", "addr.new"]);
    call.keys("2").hears_exactly(&["addr.outside"]);
    call.keys("1").hears(&["store.pick", "store.pick", "store.pick", "store.other"]);
    call.keys("4").hears_exactly(&["store.ask_no"]);
    call.keys("9#").hears_exactly(&["store.none", "store.ask_no"]);
    call.keys("*").hears(&["info.store_item", "info.store_item", "info.store_item", "info.store_item", "store.ask_no"]);
    call.keys("4#").hears(&["time.ask"]);
}

#[test]
fn delivery_has_a_least_amount() {
    let mut call = stranger_at_dish();
    call.keys("61####1").hears(&["order.min"]);
    call.keys("1").hears(&["order.ask_next"]);
    call.keys("61#1###").hears(&["ful.ask"][..0]);
    call.wait(0.1);
    assert_eq!(call.dialogue.snapshot().cart.lines, [line(61, 2)]);
}

#[test]
fn the_fee_is_told_before_the_last_key() {
    let mut call = Call::known();
    call.listens().keys("11218#2###111#").hears(&["final.delivery", "order.sum_fee", "final.pay_cash"]);
    call.wait(1.0);
    call.keys("#");
    assert_eq!(call.placed()[0].heard, Money::fen(7400), "76 less seven, and five for delivery");
}

#[test]
fn a_set_time_is_checked_against_the_clock_and_the_hours() {
    let mut call = stranger_at_dish();
    call.keys("18####21").hears(&["time.ask"]);
    call.keys("2").hears_exactly(&["time.day"]);
    call.keys("*").hears_exactly(&["gen.back", "time.ask"]);
    call.keys("2").hears_exactly(&["time.day"]);
    call.keys("1").hears_exactly(&["time.enter"]);
    call.keys("2575").hears(&["time.bad"]);
    call.wait(2.0);
    call.keys("1100").hears(&["time.past"]);
    call.wait(2.0);
    call.keys("*").hears(&["time.day"]);
    call.keys("1").keys("2200").hears(&["time.closed"]);
    call.wait(2.0);
    call.keys("2115").hears(&["order.closing"]);
    call.wait(2.0);
    call.keys("*1").keys("1830").hears_exactly(&["time.readback", "gen.confirm_keys"]);
    call.wait(2.0);
    call.keys("#").hears(&["phone.confirm"]);
    call.keys("#").hears(&["final.pickup", "final.when_at", "final.pay_store"]);
    call.wait(1.0);
    call.keys("#");
    assert!(matches!(call.placed()[0].when, When::At(at) if (at.hour(), at.minute()) == (18, 30)));
}

#[test]
fn without_a_number_the_contact_number_is_asked_and_read_back() {
    let card = Card { language: Some(crate::domain::Language::Mandarin), ..Card::default() };
    let mut call = Call::begin(Setting { caller: None, card, ..Setting::default() });
    call.listens().keys("1").keys("#18####211").hears_exactly(&["phone.enter"]);
    call.keys("12345678901#").hears(&["gen.bad_length"]);
    call.keys("13700137000#").hears_exactly(&["phone.readback", "gen.confirm_keys"]);
    call.keys("*").hears(&["phone.enter"]);
    call.keys("02164380001#").keys("#").hears(&["final.confirm"]);
    call.wait(1.0);
    call.keys("#");
    assert_eq!(call.placed()[0].phone.reveal(), "02164380001");
}

#[test]
fn c24_a_pin_keyed_before_the_question_is_not_shown_either() {
    let card = Card { points: 2450, ..regular() };
    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens().keys("11218#3###111#").hears_exactly(&["pts.offer"]);
    let before = call.keys_shown.chars().count();
    call.burst("14321");
    assert_eq!(call.keys_shown.chars().skip(before).collect::<String>(), "·····", "too early, and left out");
}

#[test]
fn c85_what_the_caller_is_owed_is_told_with_its_line_and_counts() {
    let noon = 1_795_145_400_000;
    let mut paid = Vec::new();
    for (until, told) in [(noon - 1, false), (noon + 86_400_000, true)] {
        let credit = Some(crate::domain::Credit { id: "c1".into(), amount: Money::yuan(20), until: Timestamp::from_millis(until) });
        let mut call = Call::begin(Setting { card: Card { credit, ..regular() }, ..Setting::default() });
        call.listens().keys("11218#2#61##").keys("#").hears(&["order.sum_total", "order.sum_discount", "order.sum_pay"]);
        if told {
            call.hears(&["order.sum_discount", "order.sum_credit", "order.sum_pay"]);
        } else {
            call.never_heard("order.sum_credit");
        }
        call.keys("#").keys("1").keys("1").keys("1").keys("#").wait(2.0);
        call.keys("#").hears(&["final.done"]);
        paid.push(call.placed()[0].heard);
    }
    assert_eq!(paid[0].minus(paid[1]), Money::yuan(20), "one that is over counts for nothing");
}

#[test]
fn c24_points_are_spent_only_with_the_pin_which_is_never_shown() {
    let card = Card { points: 2450, ..regular() };
    let mut call = Call::begin(Setting { card: card.clone(), ..Setting::default() });
    call.listens().keys("11218#3###111#").hears_exactly(&["pts.offer"]);
    call.wait(1.0);
    call.keys("1").hears_exactly(&["pts.pin"]);
    call.keys("9999").hears_exactly(&["mem.bad_pin", "pts.pin"]);
    call.wait(2.0);
    call.keys("4321").hears(&["final.delivery", "order.sum_points", "final.pay_cash"]);
    assert!(call.keys_shown.ends_with("········"), "{}", call.keys_shown);
    call.wait(2.0);
    call.keys("#");
    assert_eq!((call.placed()[0].points, call.placed()[0].heard), (2400, Money::yuan(79)));

    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens().keys("11218#3###111#").wait(1.0);
    call.keys("2").hears(&["final.delivery"]);
}

#[test]
fn c25_an_offer_is_told_once_in_its_days_and_only_when_heard() {
    let setting = |heard: Vec<(String, Timestamp)>| {
        let mut catalogue = catalogue();
        catalogue.offers.push(offer());
        Setting { catalogue, card: Card { offers_heard: heard, ..regular() }, ..Setting::default() }
    };
    let mut call = Call::begin(setting(Vec::new()));
    call.listens().hears(&["greet.recording", "info.promo_item", "main.menu"]);
    assert!(call.notices.iter().any(|notice| matches!(notice, Notice::OfferHeard { .. })));
    let mut call = Call::begin(setting(vec![("soup".into(), Timestamp::from_millis(1_795_145_400_000 - 3_600_000))]));
    call.listens();
    call.never_heard("info.promo_item");
    // Cut off is not heard.
    let mut call = Call::begin(setting(Vec::new()));
    call.wait(5.0);
    call.keys("4").wait(3.0);
    assert!(!call.notices.iter().any(|notice| matches!(notice, Notice::OfferHeard { .. })), "{}", call.ladder());
}

#[test]
fn c30_closed_hours_take_orders_for_a_set_time_only() {
    let mut call = Call::begin(Setting { later: 11 * 3600, ..Setting::default() });
    call.listens().hears(&["greet.recording", "closed.head", "closed.menu"]);
    call.keys("1").keys("1").keys("2").keys("71#").hears(&["order.dish_qty"]);
    call.keys("#18#2###1").hears(&["addr.pick"]);
    call.keys("1").hears_exactly(&["store.closed", "time.day"]);
    call.keys("*").hears_exactly(&["gen.back", "ful.ask"]);
    call.keys("1").keys("1").hears(&["store.closed", "time.day"]);
    call.keys("2").keys("1200").hears(&["order.not_now"]);
    call.wait(2.0);
    call.keys("*2").keys("1015").hears(&["time.readback"]);
}

#[test]
fn c30_the_last_order_is_told_before_the_first_dish() {
    // 21:00: takes orders until 21:10.
    let mut call = Call::begin(Setting { later: 34_200, ..Setting::default() });
    call.listens().keys("1").hears_exactly(&["order.closing", "mem.caller_known"]);
    // 21:15: only for later.
    let mut call = Call::begin(Setting { later: 35_100, ..Setting::default() });
    call.listens().keys("1").hears_exactly(&["order.last_order", "mem.caller_known"]);
    call.keys("1").keys("1").keys("#").hears(&["ful.ask"]);
    call.keys("1").keys("1").hears_exactly(&["order.last_order", "time.day"]);
}

#[test]
fn the_end_can_be_heard_again_and_goes_quietly() {
    let mut call = to_final();
    call.wait(1.0);
    call.keys("#").listens();
    call.keys("9").hears_exactly(&["final.done", "final.eta_delivery", "final.after"]);
    call.keys("*").hears(&["main.menu"]);
    call.never_heard("gen.nomatch");
    let mut call = to_final();
    call.wait(1.0);
    call.keys("#").wait(30.0);
    assert_eq!(call.ended, Some(Hangup::Served), "{}", call.ladder());
}

#[test]
fn a_second_order_in_one_call_has_another_key() {
    let mut call = to_final();
    call.wait(1.0);
    call.keys("#").listens();
    call.keys("*").keys("1").keys("1").keys("#111#");
    call.wait(1.0);
    call.keys("#");
    let keys: Vec<&str> = call.placed().iter().map(|request| request.key.as_str()).collect();
    assert_eq!(keys, ["call-0", "call-1"], "{}", call.ladder());
}

#[test]
fn what_is_to_be_changed_can_be_chosen_at_the_end() {
    let mut call = to_final();
    call.wait(1.0);
    call.keys("*").hears_exactly(&["final.change"]);
    call.keys("2").hears_exactly(&["ful.ask"]);
    call.keys("2").hears(&["store.pick"]);
    call.keys("1").keys("1").hears(&["final.pickup"]);
    call.wait(1.0);
    call.keys("*3").hears(&["time.ask"]);
    call.keys("1").wait(1.0);
    call.keys("*1").hears(&["order.cart_menu"]);
    call.keys("#19###").hears(&["order.sum_head", "order.sum_line", "order.sum_line", "order.sum_line"]);
    call.keys("#").hears(&["final.pickup"]);
    let snapshot = call.dialogue.snapshot();
    assert_eq!((snapshot.node.as_str(), snapshot.cart.lines.len()), ("order.final", 3));
    assert_eq!(snapshot.member.map(|member| member.as_str().to_owned()).as_deref(), Some("102938"));
}

#[test]
fn place_is_refused_for_closing_or_size_or_points_and_the_caller_goes_on() {
    for (placed, next) in [
        (Placed::Closed, "time.day"),
        (Placed::Full, "order.full"),
        (Placed::TooSmall { least: Money::yuan(500) }, "order.min"),
        (Placed::NoPoints, "order.changed"),
        (Placed::Outside, "addr.outside"),
    ] {
        let mut call = to_final();
        let answer = placed.clone();
        call.store = Box::new(move |question| match question {
            Question::Place(_) => Some(Answer::Placed(answer.clone())),
            other => easy_store(other),
        });
        call.wait(1.0);
        call.keys("#").hears(&[next]);
        assert!(call.ordered.is_empty());
    }
}
