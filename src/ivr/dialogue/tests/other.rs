//! Everything besides ordering: existing orders, points, information, complaints.

use super::house::{member, regular};
use super::world::{Call, Setting, easy_store};
use crate::domain::{DayWord, Fulfilment, Language, Money, OrderId, OrderNumber, OrderStatus, Timestamp};
use crate::ivr::io::Hangup;
use crate::ivr::question::{Answer, Card, MessageKind, OrderView, PinCheck, PointsView, Question};

fn view(status: OrderStatus) -> OrderView {
    OrderView {
        id: OrderId::new("o1"),
        number: OrderNumber::new("2611203072"),
        status,
        fulfilment: Fulfilment::Delivery,
        pay: Money::fen(9250),
        placed_at: Timestamp::from_millis(1_795_143_000_000),
        promised_at: Timestamp::from_millis(1_795_146_000_000),
        out_at: None,
        done_at: None,
        urged_at: None,
        outcome: None,
    }
}

fn with_orders(orders: Vec<OrderView>) -> Call {
    let mut call = Call::known();
    call.store = Box::new(move |question| match question {
        Question::Orders { .. } => Some(Answer::Orders(orders.clone())),
        Question::FindOrder { last4, phone4 } if last4 == "3072" && phone4 == "8000" => Some(Answer::Orders(orders.clone())),
        other => easy_store(other),
    });
    call.listens();
    call
}

#[test]
fn c27_an_open_order_is_told_hurried_once_and_cancelled() {
    let mut call = with_orders(vec![view(OrderStatus::Accepted), view(OrderStatus::Out)]);
    call.keys("2").hears_exactly(&["st.head", "st.accepted", "st.eta", "st.menu"]);
    call.keys("1").hears(&["st.urged", "st.head"]);
    call.keys("1").hears(&["st.urge_wait", "st.head"]);
    call.keys("3").hears_exactly(&["st.head", "st.out", "st.eta", "st.menu"]);
    call.keys("2").hears(&["st.cancel_no"]);
    call.keys("3").hears_exactly(&["info.list_end", "st.head", "st.accepted", "st.eta", "st.menu"]);
    call.keys("2").hears_exactly(&["st.cancel_sure"]);
    call.keys("1").hears_exactly(&[]);
    call.wait(1.0);
    call.keys("1").hears_exactly(&["st.cancel_done", "st.head", "st.cancelled", "st.menu"]);
    call.keys("*").hears_exactly(&["gen.back", "main.menu"]);
}

#[test]
fn c27_without_an_open_order_number_and_phone_are_asked() {
    let mut call = Call::stranger();
    call.listens().keys("2").hears_exactly(&["st.none", "st.ask_no"]);
    call.keys("3072").hears_exactly(&["st.ask_phone"]);
    call.wait(0.3);
    call.keys("#8000").hears(&["st.not_found", "st.ask_no"]);
    let card = Card { language: Some(Language::Mandarin), ..Card::default() };
    let mut call = Call::begin(Setting { caller: None, card, ..Setting::default() });
    call.store = Box::new(|question| match question {
        Question::FindOrder { .. } => Some(Answer::Orders(vec![view(OrderStatus::Cooking)])),
        other => easy_store(other),
    });
    call.listens().keys("2").hears_exactly(&["st.ask_no"]);
    call.keys("3072#8000#").hears(&["st.head", "st.cooking", "st.eta", "st.menu"]);
}

#[test]
fn c24_a_known_number_hears_the_balance_without_a_pin() {
    let mut call = Call::known();
    call.store = Box::new(|question| match question {
        Question::Points(_) => Some(Answer::Points(PointsView {
            balance: 2450,
            expiring: Some((200, DayWord::Date { month: 12, day: 31 })),
            recent: vec![(DayWord::Today, 38), (DayWord::Today, -100)],
        })),
        other => easy_store(other),
    });
    call.listens().keys("3").keys("1").hears_exactly(&["pt.balance", "pt.expire", "pt.menu"]);
    call.keys("1").hears_exactly(&["pt.earned", "pt.spent", "pt.menu"]);
    call.keys("2").hears_exactly(&["pt.redeem", "pt.menu"]);
    call.keys("3").hears_exactly(&["info.promo_none", "pt.menu"]);
    call.keys("*").hears_exactly(&["gen.back", "main.menu"]);
}

#[test]
fn c24_from_another_number_the_pin_is_asked_and_locks() {
    let mut call = Call::stranger();
    call.listens().keys("3").keys("102938").hears_exactly(&["mem.readback", "mem.hello", "mem.ask_pin"]);
    call.wait(2.0);
    call.keys("1111").hears_exactly(&["mem.bad_pin", "mem.ask_pin"]);
    call.wait(2.0);
    call.keys("4321").hears(&["pt.balance", "pt.menu"]);
    assert!(call.keys_shown.ends_with("········"), "{}", call.keys_shown);

    let mut call = Call::stranger();
    call.store = Box::new(|question| match question {
        Question::Pin { .. } => Some(Answer::Pin(PinCheck::Locked)),
        other => easy_store(other),
    });
    call.listens().keys("3").keys("102938").wait(2.0);
    call.keys("1111").hears(&["mem.locked", "main.menu"]);

    let mut call = Call::stranger();
    call.store = Box::new(|question| match question {
        Question::Member(_) => {
            let nobody = crate::domain::Member { has_pin: false, ..member("102938") };
            Some(Answer::Known(Box::new(Card { members: vec![nobody], ..regular() })))
        }
        other => easy_store(other),
    });
    call.listens().keys("3").keys("102938").hears(&["pt.pin_none", "main.menu"]);
}

#[test]
fn c24_who_is_no_member_can_leave_a_name() {
    let mut call = Call::stranger();
    call.listens().keys("3").keys("#").hears(&["mem.guest", "pt.none", "pt.join"]);
    call.keys("1").hears_exactly(&["pt.join_rec"]);
    call.listens().keys("#").hears(&["cp.saved", "gen.bye"]);
    assert!(call.asked.iter().any(|(_, question)| matches!(question, Question::Message(message) if message.kind == MessageKind::Join)));
    call.listens();
    assert_eq!(call.ended, Some(Hangup::Served));
}

#[test]
fn c25_c26_c28_new_dishes_prices_restaurants_with_the_way_there_and_offers_can_be_heard() {
    let mut call = Call::known();
    call.listens().keys("4").hears_exactly(&["info.menu"]);
    call.keys("1").hears_exactly(&["info.new_head", "info.item", "info.item_keys"]);
    call.keys("2").hears_exactly(&["info.list_end", "info.menu"]);
    call.keys("2").hears_exactly(&["info.price_ask"]);
    call.keys("61#").hears_exactly(&["info.item", "info.item_keys"]);
    call.keys("2").hears_exactly(&["info.price_ask"]);
    call.keys("55#").hears_exactly(&["order.no_dish", "info.price_ask"]);
    call.keys("*").hears_exactly(&["gen.back", "info.menu"]);
    call.keys("4").hears_exactly(&["info.store_item", "info.store_way", "info.store_keys"]);
    call.keys("1").hears(&["info.store_tel", "info.store_item"]);
    call.keys("222").keys("2").hears_exactly(&["info.list_end", "info.menu"]);
    call.keys("5").hears_exactly(&["info.promo_none", "info.menu"]);
    call.keys("3").hears(&["order.list_head", "info.cat_item"]);
    call.keys("*").hears_exactly(&["gen.back", "info.menu"]);
    call.keys("*").hears_exactly(&["gen.back", "main.menu"]);
}

#[test]
fn c16_who_keys_0_and_pound_in_a_menu_gets_a_person_and_no_recording() {
    let mut call = Call::known();
    call.listens().burst("0#").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    call.keys("#").hears(&["cp.record"]);
}

#[test]
fn c28_the_way_to_a_restaurant_is_sent_to_a_mobile_that_asks_for_it() {
    let setting = |caller| Setting { caller, map_links: [true, false], ..Setting::default() };
    let mut call = Call::begin(setting(Some("13800138000")));
    call.listens().keys("4").keys("4").hears_exactly(&["info.store_item", "info.store_way", "info.store_keys_link"]);
    call.keys("2").keys("3").hears(&["info.link_sent", "info.store_item", "info.store_keys_link"]);
    let Some((_, Question::MapLink { branch, phone, .. })) = call.asked.last() else { panic!("{:?}", call.asked) };
    assert_eq!((branch.get(), phone.reveal()), (2, "13800138000"), "the restaurant that was heard last");
    // The store cannot: the caller hears so, and stays.
    call.store = Box::new(|question| match question {
        Question::MapLink { .. } => Some(Answer::Failed),
        other => panic!("{other:?}"),
    });
    call.keys("3").hears(&["gen.info_sorry", "info.store_item", "info.store_keys_link"]);

    // A telephone that takes no messages, no number at all, and a language without a text are not offered it.
    for caller in [Some("02164380001"), None] {
        let mut call = Call::begin(setting(caller));
        call.listens().keys("4").keys("4").hears(&["info.store_item", "info.store_keys"]);
        call.keys("3").hears(&["gen.nomatch1"]);
        assert!(!call.asked.iter().any(|(_, question)| matches!(question, Question::MapLink { .. })));
    }
    let card = Card { language: Some(Language::English), ..regular() };
    let mut call = Call::begin(Setting { card, ..setting(Some("13800138000")) });
    call.listens().keys("4").keys("4").hears(&["info.store_item", "info.store_keys"]);
}

#[test]
fn c26_a_dish_heard_can_be_ordered_by_a_key() {
    let mut call = Call::known();
    call.listens().keys("42").keys("61#").keys("1").hears_exactly(&["mem.caller_known"]);
    call.keys("1").hears_exactly(&["order.dish_qty"]);
    call.keys("#").hears(&["order.line_added", "order.ask_next"]);
}

#[test]
fn c29_a_complaint_belongs_to_an_order_and_gets_a_number() {
    let mut call = with_orders(vec![view(OrderStatus::Done), view(OrderStatus::Done)]);
    call.keys("5").hears_exactly(&["cp.menu"]);
    call.keys("1").hears_exactly(&["cp.pick", "cp.pick", "cp.other"]);
    call.keys("1").hears_exactly(&["cp.record"]);
    call.listens().hears(&["cp.record", "cp.review"]);
    call.keys("1").hears(&["(recording)"]);
    call.keys("2").hears_exactly(&["cp.record"]);
    call.listens().keys("#").hears(&["cp.saved", "gen.bye"]);
    let Some((_, Question::Message(message))) = call.asked.last() else { panic!() };
    assert_eq!((message.kind, message.order.clone()), (MessageKind::Complaint, Some(OrderId::new("o1"))));
    call.listens();
    assert_eq!(call.ended, Some(Hangup::Served));

    let mut call = with_orders(Vec::new());
    call.keys("51").hears_exactly(&["cp.record"]);
    call.keys("*").hears(&["gen.back"]);
    let mut call = with_orders(Vec::new());
    call.keys("50").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    call.keys("*").hears_exactly(&["cp.menu"]);
    call.keys("2").hears_exactly(&["cp.record"]);
}

#[test]
fn a_recording_ends_with_hash_and_is_thrown_away_with_star() {
    let mut call = with_orders(Vec::new());
    call.keys("52").listens_then("");
    let mut call = with_orders(Vec::new());
    call.keys("52").wait(1.6);
    call.keys("*").hears_exactly(&["cp.record"]);
    call.wait(1.6);
    call.keys("5").keys("#").wait(0.1);
    call.hears_exactly(&["cp.review"]);
}

#[test]
fn a_regular_caller_hears_the_short_menu() {
    let card = Card { finished_orders: 3, ..regular() };
    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.listens().hears(&["main.short"]);
    call.never_heard("main.menu");
}
