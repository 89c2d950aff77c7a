//! 熟客路由: the agent whom the customer knows (C39, C40).

use super::*;
use crate::domain::{Break, CustomerId, MemberNumber, Timestamp};
use crate::queue::sticky::Key;

fn knows(joining: &mut Joining, last: &str, now: Now) {
    joining.sticky.last = Some((user(last), Timestamp::from(now.wall).before(Duration::from_secs(3600))));
}

/// 8002 has been idle for the shortest time and knows the customer.
fn floor() -> Floor {
    Floor::with(Strategy::LongestIdle, &["8001", "8003", "8002"])
}

#[test]
fn c39_the_last_agent_is_rung_although_another_has_been_idle_longer() {
    let mut floor = floor();
    let now = floor.now;
    floor.joins_with(1, |joining| knows(joining, "8002", now));
    assert!(floor.lines(1).contains("the last agent is ready"), "{}", floor.lines(1));
    floor.offered(1, "8002");
}

#[test]
fn c39_the_second_call_of_the_same_customer_reaches_the_same_agent() {
    let mut floor = floor();
    floor.joins(1);
    floor.offered(1, "8001");
    floor.answers(1, "8001");
    let spoke = floor.out.iter().find_map(|output| match output {
        AcdOutput::Spoke { agent, at, .. } => Some((agent.clone(), *at)),
        _ => None,
    });
    floor.leaves(1, "8001");
    floor.saves(1, "8001");
    floor.out.clear();
    floor.joins_with(2, |joining| joining.sticky.last = spoke);
    floor.offered(2, "8001");
}

#[test]
fn c39_owner_comes_before_last_agent_and_both_before_the_team() {
    let mut floor = Floor::new(one_queue(Strategy::LongestIdle));
    for (number, team) in [("8001", "red"), ("8002", "blue"), ("8003", "blue"), ("8004", "red")] {
        floor.on(Profile { team: Some(team.into()), ..profile(number) });
    }
    let now = floor.now;
    let wishes = |joining: &mut Joining| {
        knows(joining, "8003", now);
        joining.sticky.owner = Some(user("8002"));
    };
    let out = |floor: &mut Floor, number: &str| floor.tell(AcdInput::Break { agent: user(number), reason: Break("lunch".into()) });
    floor.out.clear();
    floor.joins_with(1, wishes);
    floor.offered(1, "8002");
    floor.tell(AcdInput::CallGone { call: 1 });
    out(&mut floor, "8002");
    floor.out.clear();
    floor.joins_with(2, wishes);
    floor.offered(2, "8003");
    floor.tell(AcdInput::CallGone { call: 2 });
    out(&mut floor, "8003");
    floor.on(Profile { team: Some("blue".into()), ..profile("8005") });
    floor.out.clear();
    floor.joins_with(3, wishes);
    assert!(floor.lines(3).contains("is on a break") || floor.lines(3).contains("team blue"), "{}", floor.lines(3));
    floor.offered(3, "8005");
    floor.tell(AcdInput::CallGone { call: 3 });
    out(&mut floor, "8005");
    floor.out.clear();
    floor.joins_with(4, wishes);
    floor.offered(4, "8001");
}

#[test]
fn c39_waits_at_most_the_set_time_for_somebody_in_wrap_up() {
    let mut floor = floor();
    floor.joins_with(9, |joining| joining.sticky.owner = Some(user("8002")));
    floor.answers(9, "8002");
    floor.wait(10.0);
    floor.leaves(9, "8002");
    floor.out.clear();
    let now = floor.now;
    floor.joins_with(1, |joining| knows(joining, "8002", now));
    assert!(floor.news(1).contains(&QueueNews::KeptFor { agent: user("8002") }));
    assert!(floor.lines(1).contains("kept up to 20 s for 8002"), "{}", floor.lines(1));
    assert_eq!(floor.acd.queues(floor.now).waiting[0].kept_for, Some(user("8002")));
    floor.not_offered();
    floor.joins(2);
    floor.offered(2, "8001");
    floor.wait(19.9);
    floor.not_offered();
    floor.wait(0.2);
    floor.offered(1, "8003");
}

#[test]
fn c39_the_known_agent_who_comes_free_in_time_gets_the_caller() {
    let mut floor = floor();
    floor.joins_with(9, |joining| joining.sticky.owner = Some(user("8002")));
    floor.answers(9, "8002");
    let now = floor.now;
    floor.joins_with(1, |joining| knows(joining, "8002", now));
    floor.out.clear();
    floor.wait(5.0);
    floor.leaves(9, "8002");
    floor.not_offered();
    floor.saves(9, "8002");
    floor.offered(1, "8002");
}

#[test]
fn c39_never_waits_for_somebody_offline_on_a_break_or_in_a_long_call() {
    let mut floor = floor();
    let now = floor.now;
    floor.tell(AcdInput::Break { agent: user("8002"), reason: Break("lunch".into()) });
    floor.out.clear();
    floor.joins_with(1, |joining| knows(joining, "8002", now));
    assert!(floor.lines(1).contains("is on a break"), "{}", floor.lines(1));
    floor.offered(1, "8001");
    floor.tell(AcdInput::SignOff { agent: user("8002") });
    floor.out.clear();
    floor.joins_with(2, |joining| knows(joining, "8002", now));
    assert!(floor.lines(2).contains("is signed off"), "{}", floor.lines(2));
    floor.offered(2, "8003");
    floor.answers(2, "8003");
    floor.answers(1, "8001");
    floor.wait(181.0);
    floor.on(profile("8004"));
    floor.out.clear();
    floor.joins_with(3, |joining| knows(joining, "8001", now));
    assert!(floor.lines(3).contains("is in a long call"), "{}", floor.lines(3));
    floor.offered(3, "8004");
}

#[test]
fn c39_a_wait_ends_at_once_when_the_known_agent_goes_on_a_break() {
    let mut floor = floor();
    floor.joins_with(9, |joining| joining.sticky.owner = Some(user("8002")));
    floor.answers(9, "8002");
    let now = floor.now;
    floor.joins_with(1, |joining| knows(joining, "8002", now));
    floor.wait(3.0);
    floor.out.clear();
    floor.tell(AcdInput::Break { agent: user("8002"), reason: Break("lunch".into()) });
    floor.offered(1, "8001");
}

#[test]
fn c39_a_talk_of_long_ago_counts_no_more() {
    let mut floor = floor();
    let long_ago = Timestamp::from(floor.now.wall).before(Duration::from_secs(31 * 86_400));
    floor.joins_with(1, |joining| joining.sticky.last = Some((user("8002"), long_ago)));
    floor.offered(1, "8001");
}

#[test]
fn c40_an_excluded_agent_never_has_the_customer() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    let now = floor.now;
    floor.joins_with(1, |joining| {
        knows(joining, "8001", now);
        joining.sticky.never = vec![user("8001")];
    });
    floor.offered(1, "8002");
    floor.rejects(1, "8002");
    floor.wait(10.0);
    floor.not_offered();
    assert_eq!(floor.state("8001"), AgentState::Ready);
}

#[test]
fn c39_who_counts_as_last_after_a_transfer_is_a_rule() {
    for (rule, expected) in [(crate::queue::LastRule::Finished, vec!["8001", "8002"]), (crate::queue::LastRule::First, vec!["8001"])] {
        let mut settings = one_queue(Strategy::Linear);
        settings.sticky_last = rule;
        let mut floor = Floor::new(settings);
        floor.on(profile("8001"));
        floor.on(profile("8002"));
        floor.joins(1);
        floor.answers(1, "8001");
        floor.tell(AcdInput::AgentLeft { call: 1, agent: user("8001"), wrap_up: true });
        floor.joins_with(1, |joining| joining.from = Some(user("8001")));
        floor.answers(1, "8002");
        let spoke: Vec<&str> = floor
            .out
            .iter()
            .filter_map(|output| match output {
                AcdOutput::Spoke { agent, .. } => Some(&agent.as_str()[1..]),
                _ => None,
            })
            .collect();
        assert_eq!(spoke, expected);
    }
}

#[test]
fn c39_the_same_person_at_another_phone_has_the_same_key() {
    let (customer, member) = (CustomerId::new("c1"), MemberNumber::parse("102938").expect("six digits"));
    let (office, mobile) = (phone("02164380001"), phone("13800138000"));
    assert_eq!(Key::of(Some(&customer), Some(&member), None, Some(&office)), Key::of(Some(&customer), None, None, Some(&mobile)));
    assert_eq!(Key::of(None, Some(&member), None, Some(&office)), Some(Key::Member(member)));
    assert_eq!(Key::of(None, None, Some(&mobile), Some(&office)), Some(Key::Phone(mobile)));
    assert_eq!(Key::of(None, None, None, Some(&phone("17012345678"))), None, "a privacy number is nobody");
}
