//! Call-backs: the place is kept, one call at a time, nobody is passed over (C47, I8).

use super::*;
use crate::domain::{Leaving, QueueReason};
use crate::queue::CallBack;

fn asks(floor: &mut Floor, call: u64, number: &str) {
    floor.tell(AcdInput::Leave { call, why: Leaving::CallBack { phone: phone(number) } });
    floor.tell(AcdInput::CallGone { call });
}

fn dials(floor: &mut Floor) -> Vec<CallBack> {
    let found = floor
        .out
        .iter()
        .filter_map(|output| match output {
            AcdOutput::CallBackDial(back) => Some((**back).clone()),
            _ => None,
        })
        .collect();
    floor.out.clear();
    found
}

fn reached(floor: &mut Floor, id: &str, call: u64) {
    let mut joining = Joining::new(call);
    joining.reason = QueueReason::CallBack;
    floor.tell(AcdInput::CallBackReached { id: id.to_owned(), joining: Box::new(joining) });
}

/// 8001 is busy with call 9, and call 1 is ahead.
fn busy() -> Floor {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins(1);
    floor.wait(1.0);
    floor
}

#[test]
fn c47_a_callback_keeps_the_place_and_is_dialled_before_it_is_due() {
    let mut floor = busy();
    floor.joins(2);
    floor.wait(1.0);
    asks(&mut floor, 2, "13800138000");
    assert!(floor.news(2).contains(&QueueNews::CallBackKept));
    floor.joins(3);
    assert!(dials(&mut floor).is_empty(), "somebody is ahead");
    floor.leaves(9, "8001");
    floor.saves(9, "8001");
    floor.answers(1, "8001");
    let dialled = dials(&mut floor);
    assert_eq!(dialled.len(), 1);
    assert_eq!((dialled[0].call, dialled[0].tries), (2, 1));
    reached(&mut floor, &dialled[0].id, 20);
    floor.leaves(1, "8001");
    floor.out.clear();
    floor.saves(1, "8001");
    floor.offered(20, "8001");
}

#[test]
fn c47_a_callback_never_jumps_the_queue_and_never_holds_it_up() {
    let mut floor = busy();
    floor.joins(2);
    asks(&mut floor, 2, "13800138000");
    floor.leaves(9, "8001");
    floor.out.clear();
    floor.saves(9, "8001");
    let offered: Vec<u64> = floor.offers().iter().map(|(call, _)| *call).collect();
    assert_eq!(offered, [1], "who is ahead comes first");
    floor.answers(1, "8001");
    let id = dials(&mut floor)[0].id.clone();
    floor.joins(3);
    floor.leaves(1, "8001");
    floor.out.clear();
    floor.saves(1, "8001");
    floor.offered(3, "8001");
    reached(&mut floor, &id, 20);
    floor.not_offered();
    assert_eq!(floor.acd.waits_in(20), Some(&queue("order")));
}

#[test]
fn i8_two_wishes_from_one_phone_are_one_callback() {
    let mut floor = busy();
    floor.joins(2);
    asks(&mut floor, 2, "13800138000");
    floor.joins(3);
    asks(&mut floor, 3, "+86 138 0013 8000");
    assert!(floor.news(3).contains(&QueueNews::CallBackKept));
    assert_eq!(floor.acd.queues(floor.now).waiting.iter().filter(|caller| caller.is_callback).count(), 1);
    floor.leaves(9, "8001");
    floor.saves(9, "8001");
    floor.answers(1, "8001");
    floor.wait(600.0);
    assert_eq!(dials(&mut floor).len(), 1, "one live call-back call until somebody says what became of it");
}

#[test]
fn i8_who_calls_in_takes_the_place_and_is_not_dialled() {
    let mut floor = busy();
    floor.joins(2);
    asks(&mut floor, 2, "13800138000");
    floor.wait(5.0);
    floor.joins(3);
    floor.joins_with(4, |joining| joining.caller = Some(phone("13800138000")));
    let order: Vec<u64> = floor.acd.queues(floor.now).waiting.iter().map(|caller| caller.call).collect();
    assert_eq!(order, [1, 4, 3]);
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::CallBackDone { why, .. } if why == "called_in")));
    floor.tell(AcdInput::CallGone { call: 1 });
    floor.wait(30.0);
    assert!(dials(&mut floor).is_empty());
}

#[test]
fn i8_a_dial_under_way_is_stopped_when_the_customer_calls_in() {
    let mut floor = busy();
    floor.joins(2);
    asks(&mut floor, 2, "13800138000");
    floor.tell(AcdInput::CallGone { call: 1 });
    let id = dials(&mut floor)[0].id.clone();
    floor.joins_with(4, |joining| joining.caller = Some(phone("13800138000")));
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::CallBackStop { id: stopped } if *stopped == id)));
    floor.out.clear();
    reached(&mut floor, &id, 20);
    assert_eq!(floor.acd.waits_in(20), None, "too late: they are in the line already");
}

#[test]
fn c47_two_tries_five_minutes_apart_and_then_a_task() {
    let mut floor = busy();
    floor.joins(2);
    asks(&mut floor, 2, "13800138000");
    floor.tell(AcdInput::CallGone { call: 1 });
    let first = dials(&mut floor);
    let failed = |floor: &mut Floor| floor.tell(AcdInput::CallBackFailed { id: first[0].id.clone(), why: "busy".into() });
    failed(&mut floor);
    floor.wait(299.0);
    assert!(dials(&mut floor).is_empty());
    floor.wait(1.0);
    let second = dials(&mut floor);
    assert_eq!((second[0].tries, &second[0].id), (2, &first[0].id));
    failed(&mut floor);
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::CallBackTask(task) if task.tries == 2)));
    floor.wait(1000.0);
    assert!(dials(&mut floor).is_empty());
    assert!(floor.acd.queues(floor.now).waiting.is_empty());
}

#[test]
fn c47_nobody_is_dialled_while_nobody_works() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.tell(AcdInput::Break { agent: user("8001"), reason: crate::domain::Break("lunch".into()) });
    floor.joins(1);
    asks(&mut floor, 1, "13800138000");
    floor.wait(60.0);
    assert!(dials(&mut floor).is_empty());
    floor.on(profile("8002"));
    assert_eq!(dials(&mut floor).len(), 1);
}

#[test]
fn i11_callbacks_from_before_a_restart_keep_their_order() {
    let mut floor = Floor::new(one_queue(Strategy::LongestIdle));
    let at = crate::domain::Timestamp::from(floor.now.wall);
    for (call, number, minutes) in [(101, "13800138001", 5), (102, "13800138002", 20)] {
        let back = CallBack {
            id: format!("id{call}"),
            call,
            phone: phone(number),
            queue: queue("order"),
            language: Default::default(),
            customer: None,
            name: String::new(),
            since: at.before(Duration::from_secs(minutes * 60)),
            tries: 0,
        };
        floor.tell(AcdInput::CallBackRestored(Box::new(back.clone())));
        floor.tell(AcdInput::CallBackRestored(Box::new(CallBack { call: call + 10, ..back })));
    }
    let waiting = floor.acd.queues(floor.now).waiting;
    assert_eq!(waiting.iter().map(|caller| caller.call).collect::<Vec<_>>(), [102, 101]);
    assert_eq!(waiting[0].since, at.before(Duration::from_secs(1200)));
    floor.on(profile("8001"));
    assert_eq!(dials(&mut floor).iter().map(|back| back.call).collect::<Vec<_>>(), [102], "one agent is free: one is dialled");
}

#[test]
fn c47_a_callback_over_the_limit_is_a_task_at_once() {
    let mut settings = one_queue(Strategy::LongestIdle);
    settings.callback_limit = 1;
    let mut floor = Floor::new(settings);
    floor.on(profile("8001"));
    floor.joins(9);
    floor.answers(9, "8001");
    for (call, number) in [(1, "13800138001"), (2, "13800138002")] {
        floor.joins(call);
        asks(&mut floor, call, number);
    }
    let tasks = floor.out.iter().filter(|output| matches!(output, AcdOutput::CallBackTask(task) if task.call == 2)).count();
    assert_eq!(tasks, 1);
    assert!(floor.news(2).contains(&QueueNews::CallBackKept));
}
