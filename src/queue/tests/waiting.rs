//! Callers who wait: place, announcements, overflow, nobody there.

use super::*;
use crate::domain::{Leaving, QueueReason, Wait};
use crate::queue::settings::JoinRule;

fn place(ahead: u32) -> QueueNews {
    QueueNews::Place { ahead: Some(ahead), wait: None, offer_callback: false }
}

/// 8001 is busy with call 9.
fn busy() -> Floor {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(9);
    floor.answers(9, "8001");
    floor.out.clear();
    floor
}

#[test]
fn c43_the_place_is_told_on_entry_and_then_only_when_it_is_better() {
    let mut floor = busy();
    floor.joins(1);
    floor.joins(2);
    floor.joins(3);
    assert_eq!(floor.news(3), [place(2)]);
    floor.out.clear();
    floor.wait(45.0);
    assert_eq!(floor.news(3), []);
    floor.tell(AcdInput::CallGone { call: 1 });
    floor.wait(45.0);
    assert_eq!(floor.news(3), [place(1)]);
    floor.out.clear();
    floor.wait(90.0);
    assert_eq!(floor.news(3), [QueueNews::Comfort]);
}

#[test]
fn c43_who_is_rung_for_at_once_hears_no_place() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    assert_eq!(floor.news(1), [QueueNews::Ringing { agent: user("8001") }]);
    floor.out.clear();
    floor.wait(20.0);
    assert_eq!(floor.news(1), [QueueNews::RingEnded, place(0)]);
}

#[test]
fn c44_the_wait_is_told_once_calls_are_known() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    for call in 1..=3 {
        floor.joins(call);
        floor.serves(call, "8001", 100.0);
    }
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins(11);
    floor.joins(12);
    let news = |wait, callback| QueueNews::Place { ahead: Some(u32::from(callback)), wait: Some(wait), offer_callback: callback };
    assert_eq!(floor.news(11), [news(Wait::Minutes(2), false)]);
    assert_eq!(floor.news(12), [news(Wait::Minutes(5), true)]);
}

#[test]
fn i3_listening_to_the_menu_costs_no_place() {
    let mut floor = busy();
    floor.joins(1);
    floor.wait(1.0);
    floor.joins(2);
    floor.tell(AcdInput::Leave { call: 1, why: Leaving::Menu });
    assert_eq!(floor.acd.waits_in(1), None);
    floor.wait(60.0);
    floor.joins(1);
    let waiting: Vec<u64> = floor.acd.queues(floor.now).waiting.iter().map(|caller| caller.call).collect();
    assert_eq!(waiting, [1, 2]);
    assert_eq!(floor.acd.queues(floor.now).queues[0].offered, 3, "one wish is counted once");
}

#[test]
fn i3_a_talk_is_no_waiting_and_the_wait_before_it_counts() {
    let mut floor = busy();
    floor.joins(1);
    floor.wait(40.0);
    floor.leaves(9, "8001");
    floor.saves(9, "8001");
    floor.answers(1, "8001");
    floor.wait(100.0);
    floor.joins(2);
    floor.wait(30.0);
    floor.joins(3);
    floor.tell(AcdInput::AgentLeft { call: 1, agent: user("8001"), wrap_up: true });
    floor.joins_with(1, |joining| joining.reason = QueueReason::Transfer);
    let waiting: Vec<u64> = floor.acd.queues(floor.now).waiting.iter().map(|caller| caller.call).collect();
    assert_eq!(waiting, [1, 2, 3], "40 s, 30 s, 0 s");
}

#[test]
fn c49_nobody_signed_on_is_said_at_once() {
    let mut floor = Floor::new(one_queue(Strategy::LongestIdle));
    floor.joins(1);
    assert_eq!(floor.news(1), [QueueNews::NobodyThere]);
    assert!(floor.acd.queues(floor.now).waiting.is_empty());
}

#[test]
fn c49_agents_on_a_break_are_waited_for_unless_the_rule_says_otherwise() {
    for (join, waits) in [(JoinRule::SignedOn, true), (JoinRule::Working, false), (JoinRule::Always, true)] {
        let mut settings = one_queue(Strategy::LongestIdle);
        settings.queues[0].join = join;
        let mut floor = Floor::new(settings);
        floor.on(profile("8001"));
        floor.tell(AcdInput::Break { agent: user("8001"), reason: crate::domain::Break("lunch".into()) });
        floor.out.clear();
        floor.joins(1);
        assert_eq!(floor.acd.waits_in(1).is_some(), waits, "{join:?}");
    }
}

#[test]
fn c49_when_the_last_agent_signs_off_the_line_is_told_after_a_while() {
    let mut floor = busy();
    floor.joins(1);
    floor.leaves(9, "8001");
    floor.tell(AcdInput::ForceSignOut { agent: user("8001"), reason: "-".into() });
    floor.out.clear();
    floor.wait(19.0);
    assert_eq!(floor.news(1), []);
    floor.wait(1.0);
    assert_eq!(floor.news(1), [QueueNews::NobodyThere]);
    assert_eq!(floor.acd.waits_in(1), None);
}

#[test]
fn c49_the_line_is_not_sent_away_when_somebody_comes_back_in_time() {
    let mut floor = busy();
    floor.joins(1);
    floor.leaves(9, "8001");
    floor.tell(AcdInput::ForceSignOut { agent: user("8001"), reason: "-".into() });
    floor.wait(10.0);
    floor.out.clear();
    floor.on(profile("8002"));
    floor.offered(1, "8002");
}

#[test]
fn c48_the_chain_is_asked_after_the_set_wait_and_each_step_is_named() {
    let mut settings = Settings::default();
    settings.queues[0].overflow = vec![queue("complaint")];
    settings.queues[0].overflow_after = Duration::from_secs(30);
    let mut floor = Floor::new(settings);
    floor.on(Profile { queues: vec![queue("order")], ..profile("8001") });
    floor.on(Profile { queues: vec![queue("complaint")], ..profile("8002") });
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins(1);
    floor.out.clear();
    floor.wait(29.0);
    floor.not_offered();
    floor.wait(1.0);
    assert!(floor.lines(1).contains("complaint is asked as well"), "{}", floor.lines(1));
    floor.offered(1, "8002");
}

#[test]
fn c48_a_queue_with_nobody_overflows_at_once() {
    let mut settings = Settings::default();
    settings.queues[1].overflow = vec![queue("order")];
    let mut floor = Floor::new(settings);
    floor.on(Profile { queues: vec![queue("order")], ..profile("8001") });
    floor.joins_with(1, |joining| joining.queue = Some(queue("complaint")));
    floor.offered(1, "8001");
}

#[test]
fn c48_a_full_queue_and_a_wait_without_end_are_said() {
    let mut settings = one_queue(Strategy::LongestIdle);
    settings.queues[0].max_waiting = 1;
    settings.queues[0].longest_wait = Duration::from_secs(120);
    let mut floor = Floor::new(settings);
    floor.on(profile("8001"));
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins(1);
    floor.joins(2);
    assert_eq!(floor.news(2), [QueueNews::Full]);
    floor.out.clear();
    floor.wait(120.0);
    assert!(floor.news(1).contains(&QueueNews::TooLong));
    assert_eq!(floor.acd.waits_in(1), None);
}

#[test]
fn c71_a_supervisor_puts_a_caller_first_or_into_another_queue() {
    let mut floor = Floor::new(Settings::default());
    floor.on(profile("8001"));
    floor.joins(9);
    floor.answers(9, "8001");
    for call in 1..=3 {
        floor.joins(call);
    }
    floor.tell(AcdInput::Move { call: 2, queue: queue("complaint") });
    floor.tell(AcdInput::Prefer { call: 3 });
    let view = floor.acd.queues(floor.now);
    let order: Vec<(u64, &str)> = view.waiting.iter().map(|caller| (caller.call, caller.queue.as_str())).collect();
    assert_eq!(order, [(3, "order"), (1, "order"), (2, "complaint")]);
}

#[test]
fn c102_service_level_counts_answers_in_time_and_short_abandons_apart() {
    let mut floor = busy();
    floor.joins(1);
    floor.wait(3.0);
    floor.tell(AcdInput::CallGone { call: 1 });
    floor.joins(2);
    floor.wait(30.0);
    floor.tell(AcdInput::CallGone { call: 2 });
    floor.joins(3);
    floor.wait(21.0);
    floor.leaves(9, "8001");
    floor.saves(9, "8001");
    floor.answers(3, "8001");
    let queue = &floor.acd.queues(floor.now).queues[0];
    assert_eq!((queue.offered, queue.answered, queue.answered_in_time, queue.abandoned, queue.abandoned_short), (4, 2, 1, 1, 1));
    let abandoned = floor.out.iter().filter(|output| matches!(output, AcdOutput::Abandoned { short: false, .. })).count();
    assert_eq!(abandoned, 1);
}

#[test]
fn c70_the_wallboard_is_told_at_most_once_a_second() {
    let mut floor = busy();
    for call in 1..=20 {
        floor.joins(call);
        floor.wait(0.1);
    }
    let told = floor.out.iter().filter(|output| matches!(output, AcdOutput::QueuesChanged)).count();
    assert!((2..=3).contains(&told), "{told}");
}

#[test]
fn c39_facts_that_come_late_still_count() {
    let mut floor = busy();
    floor.joins(1);
    floor.joins(2);
    floor.tell(AcdInput::Known {
        call: 2,
        customer: None,
        name: "王晓梅".into(),
        level: Some("gold".into()),
        valued: true,
        late_order: false,
        sticky: Box::default(),
    });
    let view = floor.acd.queues(floor.now);
    assert_eq!((view.waiting[0].call, view.waiting[0].priority, view.waiting[0].name.as_str()), (2, 2, "王晓梅"));
}

#[test]
fn c36_an_agent_whose_queues_were_renamed_still_gets_calls_and_it_is_logged() {
    let mut floor = Floor::new(Settings::default());
    floor.on(Profile { queues: vec![queue("order-zh")], ..profile("8001") });
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::Log { .. })));
    floor.out.clear();
    floor.joins(1);
    floor.offered(1, "8001");
}
