//! What the telephone company sees: who is let in, how calls begin, are held, and end.

use std::time::Duration;

use dinetone::domain::{Party, Reason, StepKind};

use crate::kit::World;
use crate::kit::phone::{KeysBy, Line};

/// C1: a caller who is not from a trunk is refused, whatever they claim to be.
#[test]
fn c1_a_stranger_is_never_let_through() {
    let world = World::open_at("12:00");
    let invite = "INVITE sip:1000@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.7.7.7:5060;branch=z9hG4bKx1;rport\r\nMax-Forwards: 70\r\nFrom: <sip:13800138000@10.0.0.2>;tag=a\r\nTo: <sip:1000@10.0.0.1>\r\nCall-ID: stranger-1\r\nCSeq: 1 INVITE\r\nContact: <sip:x@10.7.7.7>\r\nContent-Length: 0\r\n\r\n";
    world.stranger_sends("10.7.7.7:5060", invite.as_bytes());
    assert_eq!(world.calls_up(), 0);
    assert!(world.ladder().contains("SIP/2.0 403"), "{}", world.ladder());
}

/// Sound is paced: 50 packets a second from the first word on.
#[test]
fn c9_sound_flows_evenly_from_the_acknowledged_answer_on() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136000");
    diner.hears("lang.choose");
    let before = diner.packets();
    diner.says_nothing_for(10);
    let in_ten_seconds = diner.packets() - before;
    assert!((490..=510).contains(&in_ten_seconds), "{in_ten_seconds}");
    diner.hangs_up();
    world.is_quiet();
}

/// C9: a caller who vanished is freed, and the record says why.
#[test]
fn c9_a_caller_who_vanished_is_freed_within_ninety_seconds() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136000");
    diner.hears("lang.choose");
    diner.loses_network();
    world.time_passes(Duration::from_secs(125));
    assert_eq!(world.calls_up(), 0, "{}", world.ladder());
    let (record, steps) = world.records().pop().expect("a record");
    assert_eq!(record.end.as_ref().map(|end| end.reason.clone()), Some(Reason::NoAudio));
    assert!(steps.iter().any(|step| matches!(&step.kind, StepKind::Warning(text) if text.contains("sound"))), "{steps:?}");
}

/// Clock jumps: the path of a call and its length stay true when somebody sets the clock.
#[test]
fn c34_a_calls_path_and_length_are_true_when_the_clock_is_set() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136000");
    diner.hears("lang.choose");
    world.clock_is_set_back(Duration::from_secs(3 * 3600));
    diner.keys("1");
    diner.hears("main.menu");
    diner.keys("4");
    diner.hears("info.menu");
    diner.is_up();
    diner.hangs_up();
    let (record, steps) = world.records().pop().expect("a record");
    let times: Vec<i64> = steps.iter().map(|step| step.at.as_millis() - record.arrived_at.as_millis()).collect();
    assert!(times.is_sorted() && times[0] == 0, "{times:?}");
    let barge = steps.iter().find_map(|step| if let StepKind::BargeIn { after_ms, .. } = step.kind { Some(after_ms) } else { None });
    assert!(barge.is_some_and(|after| (1..60_000).contains(&after)), "{barge:?}");
    let lasted = record.ended_at.unwrap().as_millis() - record.answered_at.unwrap().as_millis();
    assert!((3_000..90_000).contains(&lasted), "{lasted} ms");
    world.is_quiet();
}

/// C7: a call in which no key ever arrived says so, and the caller is not trapped.
#[test]
fn c7_a_telephone_without_keys_is_named_in_the_trace() {
    let world = World::open_at("12:00");
    let mut diner = world.call("13600136000", "1000", KeysBy::Event, None);
    diner.hears("gen.noinput2");
    diner.hangs_up();
    let (record, steps) = world.records().pop().expect("a record");
    assert!(record.no_keys && record.keys == 0);
    assert!(steps.iter().any(|step| matches!(&step.kind, StepKind::Warning(text) if text.contains("no digits seen"))), "{steps:?}");
    world.is_quiet();
}

/// A third party's packets never take over a call: neither its keys nor its sound count.
#[test]
fn c9_a_strangers_packets_are_not_taken() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136000");
    diner.hears("main.menu");
    for sequence in 0..20_u8 {
        // Key 1 by RFC 4733, from somewhere else.
        world.attacker_sends_sound(&diner, &[0x80, 101, 9, sequence, 0, 0, 9, 9, 1, 2, 3, 4, 1, 0x80 | 10, 3, 32]);
        world.time_passes(Duration::from_millis(20));
    }
    diner.says_nothing_for(2);
    diner.is_up();
    diner.hangs_up();
    let (record, _) = world.records().pop().expect("a record");
    assert_eq!((record.keys, record.end.map(|end| end.by)), (0, Some(Party::Caller)));
    world.is_quiet();
}

/// C33: a caller chooses English once; the next call begins in English without asking.
#[test]
fn c33_the_language_is_remembered() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136001");
    diner.hears("lang.choose");
    diner.keys("2");
    let menu = diner.hears("main.menu");
    assert!(menu.contains("To place an order"), "{menu}");
    diner.hangs_up();
    let mut again = world.call_from("13600136001");
    let menu = again.hears("main.menu");
    assert!(menu.contains("To place an order"), "{menu}");
    again.hangs_up();
    world.is_quiet();
}

/// C89: a blocked number hears why, and does not hold the line.
#[test]
fn c89_a_blocked_number_hears_it_and_is_let_go() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13100131999");
    diner.hears("block.hard");
    world.time_passes(Duration::from_secs(20));
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    world.is_quiet();
}

/// C29: who hangs up instead of pressing `#` has left the complaint all the same.
#[test]
fn c29_a_complaint_ended_by_hanging_up_is_kept() {
    let world = World::open_at("12:00");
    let mut diner = world.call_from("13600136009");
    diner.hears("main.menu");
    diner.keys("52");
    diner.hears("cp.record");
    diner.says_nothing_for(6);
    diner.speaks(true);
    diner.says_nothing_for(5);
    diner.hangs_up();
    world.is_quiet();
    assert_eq!(world.messages(), 1);
}

/// C30: at night the caller hears the hours and may order ahead.
#[test]
fn c30_a_closed_house_says_when_it_opens() {
    let world = World::open_at_with_hours("02:00", "10:00-21:30");
    let mut diner = world.call_from("13600136000");
    diner.hears("lang.choose");
    diner.keys("1");
    let closed = diner.hears("closed.head");
    assert!(closed.contains("上午十点") && closed.contains("晚上九点半"), "{closed}");
    diner.hears("closed.menu");
    diner.hangs_up();
    world.is_quiet();
}
