//! Waiting for a person: what is heard, which keys count, and that nothing is lost (C43–C49, I3, I4).

use super::world::{Call, Setting, script, script_of};
use crate::domain::{BlockLevel, Leaving, PhoneNumber, QueueId, QueueNews, QueueReason, UserId, Wait};
use crate::ivr::io::{DialogueInput, Hangup};
use crate::ivr::question::Card;

fn place(ahead: u32, wait: Option<Wait>) -> QueueNews {
    QueueNews::Place { ahead: Some(ahead), wait, offer_callback: false }
}

fn connected() -> QueueNews {
    QueueNews::Connected { number: "8003".into() }
}

/// A known caller who has pressed 0 and stands in the line behind two others.
fn waiting() -> Call {
    let mut call = Call::known();
    call.agents = true;
    call.listens().keys("0");
    call.news(place(2, Some(Wait::Minutes(3))));
    call
}

#[test]
fn c43_place_and_wait_are_told_and_music_follows() {
    let mut call = waiting();
    assert_eq!(call.wishes.len(), 1);
    assert_eq!(call.wishes[0].reason, QueueReason::Key);
    call.hears_exactly(&["q.connecting", "q.pos", "q.wait"]);
    call.listens();
    assert!(call.music);
    assert_eq!(call.dialogue.snapshot().node, "queue");
    call.news(place(0, Some(Wait::Short))).hears_exactly(&["q.next", "q.wait_short"]);
    call.listens();
    assert!(call.music);
}

#[test]
fn c46_the_options_come_after_half_a_minute_and_not_before() {
    let mut call = waiting();
    call.listens().keys("1").wait(20.0);
    call.never_heard("q.options");
    assert_eq!(call.dialogue.snapshot().node, "queue", "1 means nothing yet");
    call.wait(10.0);
    call.hears(&["q.options"]);
    call.listens();
    assert!(call.music);
    call.keys("1").hears_exactly(&["q.cb_num"]);
}

#[test]
fn c46_a_long_wait_brings_the_options_at_once() {
    let mut call = Call::known();
    call.agents = true;
    call.listens().keys("0").news(QueueNews::Place { ahead: Some(9), wait: Some(Wait::Long), offer_callback: true });
    call.hears_exactly(&["q.connecting", "q.pos", "q.wait_long", "q.options"]);
    call.wait(60.0);
    assert_eq!(call.log.iter().filter(|line| line.contains("q.options")).count(), 1, "once is enough");
}

#[test]
fn i4_an_answer_cuts_whatever_is_being_said() {
    let mut call = waiting();
    call.wait(0.1);
    call.news(connected());
    assert!(call.log.iter().rev().take(6).any(|line| line.ends_with("-> Hush")), "{}", call.ladder());
    assert_eq!(call.dialogue.snapshot().node, "agent");
    call.keys("1234*#0").wait(3000.0);
    call.hears_exactly(&[]);
    assert_eq!(call.ended, None, "a talk is no self service: no clock runs");
    assert_eq!(crate::machine::Machine::next_deadline(&call.dialogue), None);
}

#[test]
fn c47_a_callback_to_the_number_they_are_on() {
    let mut call = waiting();
    call.wait(40.0);
    call.keys("1").listens().keys("#");
    assert_eq!(call.left, [Leaving::CallBack { phone: PhoneNumber::parse("13800138000").unwrap() }]);
    call.news(QueueNews::CallBackKept).hears_exactly(&["q.cb_done", "gen.bye"]);
    call.wait(20.0);
    assert_eq!(call.ended, Some(Hangup::Served));
}

#[test]
fn c47_a_callback_to_another_number_is_read_back() {
    let mut call = waiting();
    call.wait(40.0);
    call.keys("1").keys("*").hears_exactly(&["phone.enter"]);
    call.keys("12345678901#").hears(&["gen.bad_length"]);
    call.keys("02164380001#").hears_exactly(&["phone.readback", "gen.confirm_keys"]);
    call.keys("*").keys("13900139000#").keys("#");
    assert_eq!(call.left, [Leaving::CallBack { phone: PhoneNumber::parse("13900139000").unwrap() }]);
}

#[test]
fn c47_a_callback_that_is_not_kept_becomes_a_message() {
    let mut call = waiting();
    call.wait(40.0);
    call.keys("1").keys("#").wait(5.1);
    call.hears(&["gen.info_sorry", "cp.record"]);
}

#[test]
fn i3_the_question_on_the_number_costs_no_place_and_no_answer() {
    let mut call = waiting();
    call.wait(40.0);
    call.keys("1").listens().wait(5.1);
    assert_eq!(call.dialogue.snapshot().node, "queue", "silence leads back to the line");
    assert!(call.left.is_empty(), "they never left it");
    call.keys("1").news(connected());
    assert_eq!(call.dialogue.snapshot().node, "agent");
}

#[test]
fn c46_star_goes_back_to_self_service_with_cart_and_place() {
    let mut call = Call::known();
    call.agents = true;
    call.listens().keys("112").keys("18#2#").keys("0#").news(place(1, None));
    assert!(call.wishes[0].unfinished_order);
    call.keys("*").hears_exactly(&["order.ask_next"]);
    assert_eq!(call.left, [Leaving::Menu]);
    assert_eq!(call.dialogue.snapshot().cart.lines.len(), 1);
    call.news(connected());
    assert_eq!(call.dialogue.snapshot().node, "order.dish", "stale news changes nothing");
    call.keys("0#").news(place(0, None)).hears_exactly(&["q.connecting", "q.next"]);
    assert_eq!(call.wishes.len(), 2);
}

#[test]
fn c46_two_leaves_a_message() {
    let mut call = waiting();
    call.keys("2").hears_exactly(&["cp.record"]);
    assert_eq!(call.left, [Leaving::Message]);
    call.wait(60.0);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
}

#[test]
fn c49_nobody_there_full_and_too_long_each_lead_to_a_message() {
    let mut call = Call::known();
    call.listens().keys("0").hears_exactly(&["gen.no_agent", "q.busy_message"]);
    for news in [QueueNews::Full, QueueNews::TooLong] {
        let mut call = waiting();
        call.news(news).hears_exactly(&["gen.info_sorry", "cp.record"]);
    }
    let mut call = waiting();
    call.news(QueueNews::NobodyThere).hears_exactly(&["gen.no_agent", "q.busy_message"]);
}

#[test]
fn c49_late_news_are_bridged_with_connecting_and_music() {
    let mut call = Call::known();
    call.agents = true;
    call.listens().keys("0").wait(0.2);
    call.hears_exactly(&[]);
    call.wait(0.2);
    call.hears_exactly(&["q.connecting"]);
    call.listens();
    assert!(call.music);
    call.news(QueueNews::NobodyThere).hears_exactly(&["gen.no_agent", "q.busy_message"]);
}

#[test]
fn c60_after_a_transfer_or_a_lost_agent_there_is_music_and_the_line() {
    let mut call = waiting();
    call.news(connected());
    call.news(QueueNews::WaitingAgain);
    assert!(call.music);
    assert_eq!(call.dialogue.snapshot().node, "queue");
    call.news(place(0, None)).hears_exactly(&["q.next"]);
    call.news(connected());
    call.news(QueueNews::Ringing { agent: UserId::new("u") });
    assert_eq!(call.dialogue.snapshot().node, "queue");
}

#[test]
fn an_agent_hands_the_caller_back_to_self_service() {
    let mut call = waiting();
    call.news(connected());
    call.tell(DialogueInput::ToMenu);
    call.listens();
    assert_eq!(call.dialogue.snapshot().node, "main");
    call.wait(900.0);
    assert!(call.wishes.len() > 1, "silence leads to a person again, and the clock of self service runs");
}

#[test]
fn c89_a_soft_blocked_caller_reaches_a_person_and_nothing_else() {
    let card = Card { block: Some(BlockLevel::Soft), ..Card::default() };
    let mut call = Call::begin(Setting { card, ..Setting::default() });
    call.agents = true;
    call.listens().keys("0").news(place(0, None));
    assert_eq!(call.wishes[0].reason, QueueReason::Blocked);
    call.keys("*").hears_exactly(&["block.soft"]);
}

#[test]
fn c38_why_a_person_is_wanted_is_told() {
    let reason = |call: &mut Call, keys: &str| {
        call.agents = true;
        call.listens().keys(keys);
        call.wishes.last().map(|wish| wish.reason)
    };
    assert_eq!(reason(&mut Call::known(), "50"), Some(QueueReason::Complaint));
    assert_eq!(reason(&mut Call::known(), "787"), Some(QueueReason::Errors));
    assert_eq!(reason(&mut Call::known(), "11218#51#"), Some(QueueReason::LargeOrder));
    let mut silent = Call::known();
    silent.agents = true;
    silent.wait(60.0);
    assert_eq!(silent.wishes.last().map(|wish| wish.reason), Some(QueueReason::NoKeys));
    let mut keyed = Call::stranger();
    keyed.agents = true;
    keyed.listens().keys("1").keys("13800138000#").keys("0#");
    assert_eq!(keyed.wishes[0].keyed_phone, PhoneNumber::parse("13800138000"));
}

#[test]
fn c11_a_queue_node_may_name_its_queue_and_no_other_node_may() {
    let text = include_str!("../../../../menus.toml");
    let named = text.replace("[node.agent]\nkind = \"queue\"", "[node.agent]\nkind = \"queue\"\nqueue = \"complaint\"");
    assert_ne!(text, named);
    let mut call = Call::begin(Setting { script: script_of(&named), ..Setting::default() });
    call.agents = true;
    call.listens().keys("0");
    assert_eq!(call.wishes[0].queue, Some(QueueId::new("complaint")));
    let wrong = text.replace("[node.message]\nkind = \"record\"", "[node.message]\nkind = \"record\"\nqueue = \"complaint\"");
    let (_, findings) = crate::ivr::Script::read(&wrong.parse().expect("it is TOML"), &|_| true, &[]);
    assert!(findings.iter().any(|finding| finding.place == "node message.queue"), "{findings:#?}");
    assert!(script().nodes().all(|(_, node)| node.queue.is_none()));
}

#[test]
fn whatever_is_pressed_in_the_line_the_caller_is_never_hung_up_on_and_never_in_silence() {
    let mut ids = crate::machine::Ids::seeded(5);
    for _ in 0..300 {
        let mut call = waiting();
        for _ in 0..40 {
            match ids.below(12) {
                0 => drop(call.news(place(ids.below(4) as u32, Some(Wait::Minutes(2))))),
                1 => drop(call.news(QueueNews::Comfort)),
                2 => drop(call.news(QueueNews::RingEnded)),
                3 => call.wait(ids.below(40) as f64),
                4 if ids.below(4) == 0 => drop(call.news(connected())),
                5 if ids.below(2) == 0 => drop(call.news(QueueNews::WaitingAgain)),
                6 if ids.below(3) == 0 => call.tell(DialogueInput::ToMenu),
                _ => {
                    let key = char::from(b"0123456789*#"[ids.below(12) as usize]);
                    call.keys(&key.to_string());
                }
            }
            let node = call.dialogue.snapshot().node;
            if call.ended.is_some() {
                // Only a message, a call-back or self service ends by itself; the line and a talk never do.
                let last = call.log.iter().rev().find(|line| line.contains("Entered")).cloned().unwrap_or_default();
                assert!(!last.contains("\"queue\"") && !last.contains("\"agent\""), "{}", call.ladder());
                break;
            }
            if node == "queue" {
                call.listens();
                call.wait(0.4);
                call.listens();
                let speaks = call.dialogue.snapshot().node != "queue" || call.music || call.ended.is_some() || call.is_speaking();
                assert!(speaks, "silence in the line\n{}", call.ladder());
            }
        }
        assert!(call.warnings.iter().all(|warning| !warning.contains("went round")));
    }
}
