//! Queues, and who serves them, that are set up otherwise while callers wait and agents work (C105).

use super::*;

fn named(id: &str) -> QueueSettings {
    QueueSettings::named(id, id, id)
}

fn two() -> Vec<QueueSettings> {
    vec![named("order"), named("vip")]
}

#[test]
fn c105_the_next_caller_meets_the_new_settings_and_who_waits_keeps_the_place() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    for call in 1..=2 {
        floor.joins(call);
        let taken = floor.offers()[0].1.clone();
        floor.answers(call, &taken);
    }
    floor.joins(3);
    floor.wait(5.0);
    floor.joins(4);
    floor.tell(AcdInput::SetUp(vec![QueueSettings { ring: Duration::from_secs(7), max_waiting: 2, ..named("order") }]));
    floor.out.clear();
    floor.joins(5);
    assert_eq!(floor.news(5), [QueueNews::Full], "the new limit holds for the next caller");
    floor.out.clear();
    floor.leaves(1, "8001");
    floor.saves(1, "8001");
    floor.offered(3, "8001");
    floor.wait(8.0);
    assert_eq!(floor.withdrawn(), [(3, "8001".to_owned(), "no_answer")], "rung for seven seconds now");
}

#[test]
fn c105_a_new_queue_is_served_at_once_and_one_that_goes_leaves_its_callers_in_the_first() {
    let mut floor = Floor::new(one_queue(Strategy::LongestIdle));
    floor.on(Profile { queues: vec![queue("order"), queue("vip")], ..profile("8001") });
    floor.tell(AcdInput::SetUp(two()));
    floor.joins_with(1, |joining| joining.queue = Some(queue("vip")));
    assert_eq!(floor.acd.agent(&user("8001")).unwrap().queues, [queue("order"), queue("vip")]);
    floor.answers(1, "8001");
    floor.joins_with(2, |joining| joining.queue = Some(queue("vip")));
    floor.wait(30.0);
    floor.joins(3);
    floor.tell(AcdInput::SetUp(vec![named("order")]));
    assert!(floor.lines(2).contains("moved to order; the place is kept"), "{}", floor.lines(2));
    let shown: Vec<(String, u32)> = floor.acd.queues(floor.now).queues.iter().map(|view| (view.queue.to_string(), view.waiting)).collect();
    assert_eq!(shown, [("order".to_owned(), 2)]);
    floor.out.clear();
    floor.leaves(1, "8001");
    floor.saves(1, "8001");
    floor.offered(2, "8001");
    // Whoever asks for it by name still gets somebody; and it may come back in its old place.
    floor.joins_with(4, |joining| joining.queue = Some(queue("vip")));
    assert!(floor.lines(4).contains("there is no queue vip: the first one takes the call"));
    floor.tell(AcdInput::SetUp(two()));
    floor.joins_with(5, |joining| joining.queue = Some(queue("vip")));
    assert_eq!(floor.acd.waits_in(5), Some(&queue("vip")));
}

#[test]
fn c105_an_agent_who_is_moved_to_another_queue_serves_it_from_the_next_call_on() {
    let mut floor = Floor::new(one_queue(Strategy::LongestIdle));
    floor.tell(AcdInput::SetUp(two()));
    floor.on(Profile { queues: vec![queue("order")], ..profile("8001") });
    floor.joins(1);
    floor.answers(1, "8001");
    floor.joins(3);
    floor.tell(AcdInput::OnRecord(vec![Profile { queues: vec![queue("vip")], ..profile("8001") }, profile("8002")]));
    assert_eq!(floor.acd.agent(&user("8001")).unwrap().queues, [queue("vip")]);
    assert!(floor.acd.agent(&user("8002")).is_none(), "who is not signed on is not signed on by it");
    floor.joins_with(2, |joining| joining.queue = Some(queue("vip")));
    floor.out.clear();
    floor.leaves(1, "8001");
    floor.saves(1, "8001");
    floor.offered(2, "8001");
    assert_eq!(floor.acd.waits_in(3), Some(&queue("order")), "the caller in the old queue waits for somebody else");
}
