//! Callers who press anything at any time: nothing panics, nothing hangs, every call ends.

use proptest::prelude::*;

use super::house::{address, catalogue, line, member, offer, regular};
use super::world::{Call, Setting, easy_store, script_of};
use crate::domain::{Cart, MenuNumber, OrderStatus, SoldOut, Timestamp};
use crate::ivr::question::{Answer, Card, PinCheck, Placed, Question};
use crate::machine::Machine;

/// A store with moods: quick, failing, silent, refusing.
fn moody(mut mood: u64) -> impl FnMut(&Question) -> Option<Answer> {
    move |question| {
        mood = mood.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = (mood >> 33) % 16;
        match (dice, question) {
            (0, _) => None,
            (1, _) => Some(Answer::Failed),
            (2, Question::Place(_)) => Some(Answer::Placed(Placed::Duplicate)),
            (3, Question::Place(request)) => Some(Answer::Placed(Placed::SoldOut(vec![request.cart.lines[0].dish]))),
            (4, Question::Place(_)) => Some(Answer::Placed(Placed::Closed)),
            (5, Question::Place(_)) => Some(Answer::Placed(Placed::Outside)),
            (6, Question::Place(request)) => Some(Answer::Placed(Placed::TooSmall { least: request.heard.plus(request.heard) })),
            (7, Question::Place(_)) => Some(Answer::Placed(Placed::NoPoints)),
            (8, Question::Place(request)) => {
                let pay = request.heard.plus(request.heard);
                Some(Answer::Placed(Placed::PriceChanged { lines: Vec::new(), discounts: Vec::new(), fee: pay, pay }))
            }
            (0..=8, Question::Orders { .. } | Question::FindOrder { .. }) => Some(Answer::Orders(
                OrderStatus::ALL
                    .into_iter()
                    .map(|status| crate::ivr::question::OrderView {
                        id: crate::domain::OrderId::new("o"),
                        number: crate::domain::OrderNumber::new("2611203072"),
                        status,
                        fulfilment: crate::domain::Fulfilment::Pickup,
                        pay: crate::domain::Money::yuan(5),
                        placed_at: Timestamp::from_millis(1_795_143_000_000),
                        promised_at: Timestamp::from_millis(1_795_146_000_000),
                        out_at: None,
                        done_at: None,
                        urged_at: None,
                        outcome: None,
                    })
                    .collect(),
            )),
            (0..=5, Question::Pin { .. }) => Some(Answer::Pin([PinCheck::Right, PinCheck::Locked, PinCheck::None][dice as usize % 3])),
            (0..=5, Question::Member(_)) => Some(Answer::Known(Box::new(regular()))),
            (6..=9, Question::Member(_) | Question::Phone(_)) => {
                Some(Answer::Known(Box::new(Card { members: vec![member("102938"), member("204512")], ..regular() })))
            }
            (10, _) => Some(Answer::Done(false)),
            _ => easy_store(question),
        }
    }
}

fn caller(kind: u8) -> Setting {
    let mut catalogue = catalogue();
    catalogue.offers.push(offer());
    let gone = |dish| SoldOut { dish: MenuNumber::new(dish).unwrap(), branch: None, until: Timestamp::from_millis(i64::MAX) };
    let setting = Setting::default();
    match kind % 8 {
        0 => Setting { catalogue, ..setting },
        1 => Setting { card: Card::default(), caller: None, ..setting },
        2 => Setting { card: Card { points: 5000, addresses: vec![address("a", None), address("b", Some(1))], ..regular() }, ..setting },
        3 => Setting { later: 11 * 3600, ..setting },
        4 => {
            catalogue.sold_out.push(gone(18));
            Setting { catalogue, card: Card { cart: Some(Cart { lines: vec![line(18, 3), line(61, 2)] }), ..regular() }, ..setting }
        }
        5 => Setting { later: 35_100, card: Card { members: vec![member("102938"), member("204512")], ..regular() }, ..setting },
        6 => Setting { card: Card { block: Some(crate::domain::BlockLevel::Soft), ..regular() }, ..setting },
        _ => {
            let text = include_str!("../../../../menus.toml").replace("kitchen_note = false", "kitchen_note = true");
            Setting { script: script_of(&text), ..setting }
        }
    }
}

/// Words of the trade between the noise, so that the mashing comes deep into the order.
fn presses() -> impl Strategy<Value = Vec<(String, f64)>> {
    let key = prop_oneof![
        4 => "[0-9*#]",
        2 => prop::sample::select(vec!["18#", "61#", "2#", "22#", "20#", "#", "1", "1", "2", "102938#", "4321", "1830", "#", "#", "*", "0#", "13800138000#", "51#", "99#"]).prop_map(str::to_owned),
    ];
    let pause = prop_oneof![5 => 0.0..0.9, 3 => 0.9..6.0, 1 => 6.0..30.0];
    prop::collection::vec((key, pause), 1..120)
}

/// How far callers come before they begin to mash: from the greeting to the last question and beyond.
const SO_FAR: &[&str] = &[
    "",
    "",
    "1",
    "11218#3#",
    "11218#3##",
    "11218#3###",
    "11218#3###1",
    "11218#3###11",
    "11218#3###112",
    "11218#3###1121",
    "11218#3###1121183 #",
    "11218#3###111",
    "11218#3###111*",
    "11218#3###111#",
    "11218#3###111# #",
    "11218#3###111# 1",
    "11218#3###111# *",
    "11218#3###2",
    "11218#3###24",
    "11218#3###211#",
    "11218#3###211# #",
    "11218#25##",
    "112*3",
    "112*318#",
    "1#18#3###1",
    "1#18#3###2",
    "3",
    "31",
    "4",
    "42",
    "44",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c14_whatever_is_pressed_the_call_lives_and_ends(kind in 0_u8..8, so_far in prop::sample::select(SO_FAR), mood: u64, presses in presses(), hangs_up: bool) {
        let mut call = Call::begin(caller(kind));
        call.store = Box::new(moody(mood));
        call.heard_on_record = mood % 3 != 0;
        let mut pressed = so_far.len();
        call.wait(8.0);
        for part in so_far.split(' ') {
            call.burst(part);
            call.wait(1.0);
        }
        for (keys, pause) in &presses {
            if call.ended.is_some() {
                break;
            }
            pressed += keys.len();
            call.burst(keys);
            call.wait(*pause);
        }
        if hangs_up {
            call.hangs_up();
            prop_assert_eq!(call.dialogue.next_deadline(), None);
            let carts = call.saved_carts();
            call.hangs_up();
            prop_assert_eq!(call.saved_carts(), carts, "once is enough");
        } else {
            // Silence from here on leads to an end.
            call.wait(1800.0);
            prop_assert!(call.ended.is_some(), "{}", call.ladder());
            prop_assert!(call.longest_quiet.as_secs_f64() <= 8.001, "{:?}\n{}", call.longest_quiet, call.ladder());
            prop_assert!(call.keys_shown.chars().count() <= pressed, "one press is one key (I1)");
        }
        prop_assert!(call.warnings.iter().all(|warning| !warning.contains("went round")), "{}", call.ladder());
        prop_assert!(call.placed().iter().all(|request| !request.cart.lines.is_empty()));
    }
}

#[test]
fn a_dialogue_is_small() {
    assert!(size_of::<crate::ivr::Dialogue>() <= 2048, "{} bytes", size_of::<crate::ivr::Dialogue>());
}
