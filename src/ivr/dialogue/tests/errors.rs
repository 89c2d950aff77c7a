//! Mistakes, silences, blocked numbers, late answers: what the line does when things go wrong.

use super::house::{catalogue, regular};
use super::world::{Call, Setting, easy_store, script_of};
use crate::domain::{BlockLevel, Language};
use crate::ivr::io::{DialogueInput, Hangup};
use crate::ivr::question::{Answer, Card, Message, MessageKind, Question};

#[test]
fn c14_three_wrong_keys_lead_to_a_person() {
    let mut call = Call::known();
    call.listens().keys("7").hears_exactly(&["gen.nomatch1", "main.short"]);
    call.keys("8").hears_exactly(&["gen.nomatch2", "main.menu", "main.more"]);
    call.keys("#").hears_exactly(&["gen.to_agent", "gen.no_agent", "q.busy_message"]);
    call.keys("*").hears_exactly(&["main.menu"]);
}

#[test]
fn c14_wrong_entries_get_their_own_words_and_the_hint() {
    let mut call = Call::known();
    call.listens().keys("112").keys("7777#").hears_exactly(&["order.no_dish", "order.ask_dish"]);
    call.keys("8888#").hears_exactly(&["order.no_dish", "order.ask_dish", "order.ask_dish_help", "gen.entry_hint"]);
    call.keys("9999#").hears_exactly(&["order.no_dish", "gen.to_agent", "gen.no_agent", "q.busy_message"]);
    assert!(call.outcomes.contains(&("order.dish".into(), "no_match".into())));
}

#[test]
fn c14_three_silences_lead_to_a_person_and_say_that_no_key_was_ever_seen() {
    let mut call = Call::known();
    call.listens().wait(5.0);
    call.hears_exactly(&["gen.noinput1", "main.menu", "main.more"]);
    call.listens().wait(5.0);
    call.hears_exactly(&["main.menu", "main.more"]);
    assert!(call.warnings.is_empty());
    call.listens().wait(5.0);
    call.hears_exactly(&["gen.noinput2", "gen.no_agent", "q.busy_message"]);
    assert_eq!(call.warnings.len(), 1);
    assert!(call.warnings[0].starts_with("no digits seen"));
    // Without keys a message can still be left.
    call.wait(60.0);
    call.hears(&["cp.record", "cp.review", "cp.saved", "gen.bye"]);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
    assert!(call.asked.iter().any(|(_, question)| matches!(question, Question::Message(Message { kind: MessageKind::Voicemail, .. }))));
}

#[test]
fn a_silent_line_is_let_go_after_three_empty_messages() {
    let mut call = Call::stranger();
    call.heard_on_record = false;
    call.wait(300.0);
    call.hears(&["cp.record", "cp.short", "cp.record", "cp.short", "cp.record", "cp.short", "gen.bye"]);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
}

#[test]
fn six_mistakes_in_a_call_offer_a_person_at_once() {
    let mut call = Call::known();
    call.listens().keys("7").keys("1").keys("7").keys("1").keys("7").keys("2").keys("7777#").keys("8888#");
    call.keys("18#").keys("7777#").hears_exactly(&["gen.bad_length", "gen.to_agent", "gen.no_agent", "q.busy_message"]);
    call.keys("*").hears_exactly(&["order.dish_qty"]);
}

#[test]
fn while_closed_nobody_is_promised_an_agent() {
    let mut call = Call::begin(Setting { later: 11 * 3600, ..Setting::default() });
    call.listens().keys("8").keys("8").keys("8").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    call.listens().wait(2.1);
    call.hears(&["gen.no_agent", "q.busy_message", "cp.record"]);
    call.never_heard("gen.to_agent");
}

#[test]
fn c16_zero_is_the_agent_everywhere_and_star_comes_back_with_everything() {
    let mut call = Call::known();
    call.listens().keys("0").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    call.keys("*").hears_exactly(&["main.menu"]);
    call.keys("112").keys("18#2#").keys("0#").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    call.keys("*").hears_exactly(&["order.ask_next"]);
    assert_eq!(call.dialogue.snapshot().cart.lines.len(), 1);
    call.keys("0#").wait(60.0);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
    assert!(call.kept_cart().is_some(), "the cart is kept when the dialogue hangs up");
}

#[test]
fn c15_star_clears_then_goes_back() {
    let mut call = Call::known();
    call.listens().keys("112").keys("18*").hears_exactly(&["gen.cleared"]);
    call.keys("61#").hears_exactly(&["order.dish_qty"]);
    call.keys("*").hears(&["order.removed"]);
    call.keys("*").hears_exactly(&["order.cart_menu"]);
}

#[test]
fn c12_a_key_cuts_speech_at_once_but_never_the_notice() {
    let mut call = Call::known();
    call.wait(0.5);
    call.keys("9");
    let ladder = call.ladder();
    assert!(ladder.contains("0.750 -> Hush") && ladder.contains("0.750 -> BargedIn"), "{ladder}");
    assert!(ladder.contains("0.750 -> says greet.recording"), "{ladder}");
    call.keys("5").wait(1.4);
    call.hears(&["cp.menu"][..0]);
    assert!(call.ladder().contains("says cp.menu") || call.ladder().contains("main.menu"));
}

#[test]
fn c89_blocked_numbers_hear_so_and_hold_no_line() {
    let blocked = |level| Setting { card: Card { block: Some(level), ..regular() }, ..Setting::default() };
    let mut call = Call::begin(blocked(BlockLevel::Hard));
    call.keys("1").wait(20.0);
    call.hears_exactly(&[]);
    assert_eq!(call.ended, Some(Hangup::Blocked));
    call.never_heard("main.menu");
    assert!(call.ladder().contains("block.hard"));
    let mut call = Call::begin(blocked(BlockLevel::Soft));
    call.hears(&["block.soft"]);
    call.keys("1").hears(&["cp.record"]);
    let mut call = Call::begin(blocked(BlockLevel::Soft));
    call.keys("0").hears(&["gen.no_agent"]);
    let mut call = Call::begin(blocked(BlockLevel::Soft));
    call.wait(20.0);
    assert_eq!(call.ended, Some(Hangup::Blocked));
}

#[test]
fn c33_the_language_is_asked_once_and_changed_by_star() {
    let card = Card::default();
    let mut call = Call::begin(Setting { card: card.clone(), caller: Some("13900139000"), ..Setting::default() });
    call.listens().hears(&["lang.choose", "lang.choose"]);
    assert_eq!(call.language, Language::English);
    call.keys("2").hears(&["greet.open"]);
    assert_eq!(call.language, Language::English);
    call.listens().hears(&["greet.open", "greet.recording", "main.menu", "main.more"]);
    call.keys("*").hears_exactly(&["lang.choose"]);
    call.keys("1").hears_exactly(&["main.menu"]);
    assert_eq!(call.language, Language::Mandarin);
    // Four seconds of silence: Mandarin.
    let mut call = Call::begin(Setting { card, caller: Some("13900139000"), ..Setting::default() });
    call.listens().wait(4.0);
    call.hears(&["lang.choose", "lang.choose", "greet.open"]);
    assert_eq!(call.language, Language::Mandarin);
}

#[test]
fn a_slow_answer_gets_one_moment_and_a_missing_one_a_person() {
    let mut call = Call::stranger();
    call.store = Box::new(|_| None);
    call.listens().keys("1").keys("102938").wait(0.9);
    call.hears_exactly(&["mem.ask_id"][..0]);
    call.wait(0.2);
    call.hears_exactly(&["gen.wait"]);
    call.wait(4.0);
    call.hears(&["gen.wait", "gen.sys_error", "gen.no_agent"]);
    // An answer that comes after that changes nothing.
    let (question, _) = call.asked[0].clone();
    call.tell(DialogueInput::Answer { question, answer: easy_store(&call.asked[0].1.clone()).unwrap() });
    call.hears_exactly(&["gen.sys_error", "gen.no_agent", "q.busy_message"]);

    let mut call = Call::stranger();
    call.store = Box::new(|_| Some(Answer::Failed));
    call.listens().keys("2").hears(&["gen.sys_error", "gen.no_agent"]);
}

#[test]
fn keys_typed_while_the_store_is_asked_are_used_afterwards() {
    let mut call = Call::stranger();
    call.store = Box::new(|_| None);
    call.listens().keys("1").keys("102938").keys("2");
    let (question, what) = call.asked[0].clone();
    call.tell(DialogueInput::Answer { question, answer: easy_store(&what).unwrap() });
    call.hears_exactly(&["order.ask_dish", "order.ask_dish_help"]);
}

#[test]
fn self_service_lasts_ten_minutes_and_the_call_ends() {
    let mut call = Call::known();
    for _ in 0..200 {
        call.wait(4.0);
        if call.ended.is_some() {
            break;
        }
        call.keys("9");
    }
    assert!(call.ladder().contains("gen.to_agent"), "{}", call.ladder());
    call.wait(400.0);
    assert_eq!(call.ended, Some(Hangup::TooLong));
}

#[test]
fn the_benches_lines_do_what_they_say() {
    let bench = |dialled, caller| {
        let script = script_of(include_str!("../../../../benches/menus.toml"));
        Call::begin(Setting { script, dialled, caller, card: Card::default(), catalogue: catalogue(), later: 0, map_links: [false; 2] })
    };
    let mut call = bench("1000", None);
    call.hears_exactly(&["phone.enter"]);
    call.listens().keys("1234#").hears_exactly(&["gen.bye"]);
    call.listens();
    assert_eq!(call.ended, Some(Hangup::Served));
    let mut call = bench("1000", None);
    call.wait(120.0);
    assert!(call.ended.is_some(), "nobody keys anything: it ends");

    let mut call = bench("2000", None);
    call.wait(1800.0);
    assert!(call.ended.is_none() && call.heard.is_empty());
    call.wait(1801.0);
    assert!(call.ended.is_some());

    let mut call = bench("3000", None);
    call.keys("123").wait(118.0);
    assert!(call.ended.is_none());
    call.wait(3.0);
    assert_eq!(call.ended, Some(Hangup::Served));

    for caller in [None, Some("13800138000")] {
        let mut call = bench("4000", caller);
        call.listens().hears_exactly(&["final.pickup", "final.when_asap", "final.pay_store", "final.confirm"]);
        call.keys("#").hears(&["final.done", "final.eta_pickup"]);
        assert!(call.placed()[0].again);
        call.wait(30.0);
        assert_eq!(call.ended, Some(Hangup::Served));
    }

    let mut call = bench("5000", None);
    for _ in 0..70 {
        call.keys("3").hears_exactly(&["main.menu"]);
        call.wait(1.6);
    }
    assert_eq!(call.keys_shown.len(), 70);
    assert!(call.ended.is_none(), "two minutes and more");
    call.wait(60.0);
    assert!(call.ended.is_some());

    let mut call = bench("0000", None);
    call.wait(10.0);
    call.hears(&["test.short", "gen.bye"]);
}
