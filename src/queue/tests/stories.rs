//! Agents: who is rung, who does not answer, what they do after a call, and states that cannot stick.

use super::*;
use crate::command::Refusal;
use crate::domain::{Break, Skill};
use crate::queue::rule::Rule;
use crate::queue::{LegState, LiveLeg, OfferKind};

fn brk(reason: &str) -> Break {
    Break(reason.into())
}

#[test]
fn c36_the_longest_idle_agent_is_rung_and_connected() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.offered(1, "8001");
    assert!(matches!(floor.state("8001"), AgentState::Ringing { call: 1, .. }));
    floor.answers(1, "8001");
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::Connect { call: 1, .. })));
    assert_eq!(floor.news(1), [QueueNews::Connected { number: "8001".into() }]);
    floor.wait(60.0);
    floor.out.clear();
    floor.joins(2);
    floor.offered(2, "8002");
}

#[test]
fn c36_each_strategy_rings_whom_it_says() {
    for (strategy, expected) in [
        (Strategy::RoundRobin, ["8001", "8002", "8003", "8001"]),
        (Strategy::Linear, ["8001", "8001", "8001", "8001"]),
        (Strategy::FewestCalls, ["8001", "8002", "8003", "8001"]),
        (Strategy::LongestIdle, ["8001", "8002", "8003", "8001"]),
        (Strategy::LeastTalkTime, ["8001", "8002", "8003", "8003"]),
    ] {
        let mut floor = Floor::with(strategy, &["8001", "8002", "8003"]);
        for (call, number) in (1..).zip(expected) {
            floor.joins(call);
            assert_eq!(floor.offers(), [(call, number.to_owned())], "{}", strategy.name());
            floor.serves(call, number, if number == "8003" { 5.0 } else { 20.0 });
            floor.wait(1.0);
        }
    }
}

#[test]
fn c36_ring_all_rings_all_and_the_first_to_answer_has_it() {
    let mut floor = Floor::with(Strategy::RingAll, &["8001", "8002", "8003"]);
    floor.joins(1);
    assert_eq!(floor.offers().len(), 3);
    floor.answers(1, "8002");
    assert_eq!(floor.withdrawn(), [(1, "8001".into(), "taken"), (1, "8003".into(), "taken")]);
    floor.answers(1, "8003");
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::TooLate { call: 1, why: "taken", .. })));
    assert_eq!(floor.state("8003"), AgentState::Ready);
}

#[test]
fn c37_a_second_caller_gets_one_of_those_who_are_rung_for_the_first() {
    let mut floor = Floor::with(Strategy::RingAll, &["8001", "8002"]);
    floor.joins(1);
    floor.out.clear();
    floor.joins(2);
    assert_eq!(floor.withdrawn(), [(1, "8002".into(), "moved")]);
    floor.offered(2, "8002");
    assert!(matches!(floor.state("8001"), AgentState::Ringing { call: 1, .. }));
}

#[test]
fn c36_progressive_adds_one_more_after_each_step() {
    let mut floor = Floor::with(Strategy::Progressive, &["8001", "8002", "8003"]);
    floor.joins(1);
    floor.offered(1, "8001");
    floor.wait(5.0);
    floor.offered(1, "8002");
    floor.wait(5.0);
    floor.offered(1, "8003");
}

#[test]
fn c36_skill_takes_the_one_who_speaks_the_language_best() {
    let mut floor = Floor::new(one_queue(Strategy::Skill));
    for (number, level) in [("8001", 40), ("8002", 90), ("8003", 60)] {
        floor.on(Profile { skills: vec![Skill { name: "zh".into(), level }], ..profile(number) });
    }
    floor.out.clear();
    floor.joins(1);
    floor.offered(1, "8002");
}

#[test]
fn c37_a_caller_whom_nobody_may_have_holds_up_nobody() {
    let mut settings = Settings::default();
    settings.queues[0].skills = Rule::parse("any").expect("right");
    let mut floor = Floor::new(settings);
    floor.on(Profile { queues: vec![queue("order")], ..profile("8001") });
    floor.on(Profile { queues: vec![queue("complaint")], ..profile("8002") });
    floor.tell(AcdInput::Break { agent: user("8002"), reason: brk("lunch") });
    floor.out.clear();
    floor.joins_with(1, |joining| joining.queue = Some(queue("complaint")));
    floor.not_offered();
    floor.joins_with(2, |joining| joining.queue = Some(queue("order")));
    floor.offered(2, "8001");
}

#[test]
fn c38_one_order_over_all_queues_by_urgency_and_wait() {
    let mut floor = Floor::new(Settings::default());
    floor.on(profile("8001"));
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins_with(1, |joining| joining.queue = Some(queue("order")));
    floor.wait(30.0);
    floor.joins_with(2, |joining| joining.queue = Some(queue("complaint")));
    floor.joins_with(3, |joining| joining.urgency.valued = true);
    floor.joins_with(4, |joining| joining.urgency.complaint = true);
    floor.out.clear();
    let mut order = Vec::new();
    let mut busy_with = 9;
    for _ in 0..4 {
        floor.leaves(busy_with, "8001");
        floor.saves(busy_with, "8001");
        let (call, _) = floor.offers()[0];
        floor.answers(call, "8001");
        order.push(call);
        busy_with = call;
    }
    assert_eq!(order, [4, 3, 1, 2]);
}

#[test]
fn c42_ageing_lets_nobody_starve() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(9);
    floor.answers(9, "8001");
    floor.joins(1);
    floor.wait(271.0);
    floor.joins_with(2, |joining| joining.urgency.complaint = true);
    floor.out.clear();
    floor.leaves(9, "8001");
    floor.saves(9, "8001");
    floor.offered(1, "8001");
}

#[test]
fn c41_skills_widen_with_the_wait_and_at_once_when_nobody_there_has_them() {
    let mut settings = one_queue(Strategy::LongestIdle);
    settings.queues[0].skills = Rule::parse("WT<20 & language>50; WT<60 & language>0; any").expect("right");
    let mut floor = Floor::new(settings.clone());
    floor.on(Profile { skills: vec![Skill { name: "zh".into(), level: 90 }], ..profile("8001") });
    floor.on(Profile { skills: vec![Skill { name: "zh".into(), level: 10 }], ..profile("8002") });
    floor.joins(1);
    floor.offered(1, "8001");
    floor.answers(1, "8001");
    floor.joins(2);
    floor.wait(19.0);
    floor.not_offered();
    floor.wait(1.0);
    floor.offered(2, "8002");

    let mut alone = Floor::new(settings);
    alone.on(Profile { skills: vec![Skill { name: "en".into(), level: 90 }], ..profile("8003") });
    alone.joins(1);
    alone.offered(1, "8003");
}

#[test]
fn c52_who_lets_it_ring_is_not_responding_and_after_two_on_a_break() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.out.clear();
    floor.wait(20.0);
    assert_eq!(floor.withdrawn(), [(1, "8001".into(), "no_answer")]);
    floor.offered(1, "8002");
    assert_eq!(floor.state("8001"), AgentState::NotResponding);
    assert_eq!(floor.reason("8001").as_deref(), Some("missed"));
    floor.answers(1, "8002");
    floor.tell(AcdInput::Ready { agent: user("8001") });
    floor.joins(2);
    floor.wait(20.0);
    assert_eq!(floor.state("8001"), AgentState::Break { reason: brk("missed") });
    assert_eq!(floor.reason("8001").as_deref(), Some("missed"));
    assert_eq!(floor.acd.agent(&user("8001")).expect("there").today.missed, 2);
    floor.out.clear();
    floor.leaves(1, "8002");
    floor.saves(1, "8002");
    floor.offered(2, "8002");
}

#[test]
fn c53_a_reject_goes_to_the_next_agent_at_once_and_the_place_is_kept() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.out.clear();
    floor.rejects(1, "8001");
    floor.offered(1, "8002");
    floor.rejects(1, "8002");
    floor.not_offered();
    assert_eq!(floor.acd.queues(floor.now).waiting[0].place, 1);
    floor.wait(16.0);
    assert_eq!(floor.offers().len(), 1, "after the pause it is asked again");
}

#[test]
fn i5_a_caller_who_hangs_up_stops_every_ring_at_once() {
    let mut floor = Floor::with(Strategy::RingAll, &["8001", "8002", "8003"]);
    floor.joins(1);
    floor.out.clear();
    floor.tell(AcdInput::CallGone { call: 1 });
    assert_eq!(floor.withdrawn().len(), 3);
    assert!(floor.withdrawn().iter().all(|(_, _, why)| *why == "caller_gone"));
    for number in ["8001", "8002", "8003"] {
        assert_eq!(floor.state(number), AgentState::Ready);
    }
    floor.answers(1, "8001");
    assert!(matches!(floor.out.last(), Some(AcdOutput::TooLate { why: "caller_gone", .. })));
}

#[test]
fn c52_a_lost_phone_gives_the_caller_to_the_next() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.out.clear();
    floor.tell(AcdInput::SeatDown { agent: user("8001"), why: "no_phone" });
    assert_eq!(floor.withdrawn(), [(1, "8001".into(), "seat_down")]);
    floor.offered(1, "8002");
    assert_eq!(floor.state("8001"), AgentState::NotReady { why: "no_phone" });
    assert_eq!(floor.acd.check(&AcdInput::Ready { agent: user("8001") }), Err(Refusal::NoMedia));
    floor.tell(AcdInput::SeatUp { agent: user("8001") });
    assert_eq!(floor.state("8001"), AgentState::Ready);
}

#[test]
fn c50_wrap_up_is_an_absolute_deadline_that_can_be_made_longer_twice() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.leaves(1, "8001");
    assert!(matches!(floor.state("8001"), AgentState::WrapUp { call: 1, extended: 0, .. }));
    floor.wait(10.0);
    let more = AcdInput::ExtendWrapUp { agent: user("8001") };
    for _ in 0..2 {
        assert_eq!(floor.acd.check(&more), Ok(()));
        floor.tell(more.clone());
    }
    assert_eq!(floor.acd.check(&more), Err(Refusal::Limit));
    floor.tell(more);
    floor.wait(79.0);
    assert!(matches!(floor.state("8001"), AgentState::WrapUp { extended: 2, .. }));
    floor.out.clear();
    floor.wait(1.0);
    assert_eq!(floor.state("8001"), AgentState::Ready);
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::WrapUpOver { call: 1, .. })));
    assert_eq!(floor.acd.agent(&user("8001")).expect("there").today.wrap_up_ms, 90_000);
}

#[test]
fn c67_a_break_asked_for_in_a_call_comes_after_it() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::Break { agent: user("8001"), reason: brk("lunch") });
    assert_eq!(floor.state("8001"), AgentState::Talking { call: 1 });
    assert_eq!(floor.acd.agent(&user("8001")).expect("there").next.as_deref(), Some("lunch"));
    floor.leaves(1, "8001");
    floor.saves(1, "8001");
    assert_eq!(floor.state("8001"), AgentState::Break { reason: brk("lunch") });
    assert_eq!(floor.reason("8001").as_deref(), Some("lunch"));
    floor.joins(2);
    floor.out.clear();
    floor.tell(AcdInput::Ready { agent: user("8001") });
    floor.offered(2, "8001");
}

#[test]
fn c71_forced_break_and_sign_out_give_the_caller_to_the_next_and_say_why() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.out.clear();
    floor.tell(AcdInput::ForceBreak { agent: user("8001"), reason: brk("meeting") });
    assert_eq!(floor.reason("8001").as_deref(), Some("forced"));
    floor.offered(1, "8002");
    floor.tell(AcdInput::ForceSignOut { agent: user("8002"), reason: "went home".into() });
    assert_eq!(floor.state("8002"), AgentState::SignedOut);
    assert_eq!(floor.reason("8002").as_deref(), Some("went home"));
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::Log { .. })));
}

#[test]
fn i2_a_call_state_without_a_leg_is_put_right_at_the_next_look() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002", "8003"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.joins(2);
    floor.answers(2, "8002");
    floor.tell(AcdInput::Held { call: 2, agent: user("8002") });
    floor.joins(3);
    floor.out.clear();
    let leg = |number: &str, call, state| LiveLeg { agent: user(number), call, state };
    floor.tell(AcdInput::LiveLegs(vec![
        leg("8001", 1, LegState::Talking),
        leg("8002", 2, LegState::Held),
        leg("8003", 3, LegState::Ringing),
    ]));
    assert!(floor.out.is_empty(), "nothing to put right: {:?}", floor.out);
    floor.tell(AcdInput::LiveLegs(vec![leg("8002", 2, LegState::Talking)]));
    assert!(matches!(floor.state("8001"), AgentState::WrapUp { call: 1, .. }));
    assert_eq!(floor.state("8002"), AgentState::Talking { call: 2 });
    assert_eq!(floor.state("8003"), AgentState::NotReady { why: "no_leg" });
    assert_eq!(floor.withdrawn(), [(3, "8003".into(), "failed")]);
    floor.tell(AcdInput::Ready { agent: user("8003") });
    floor.offered(3, "8003");
}

#[test]
fn i5_a_phone_that_rings_for_nothing_is_stopped() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    let leg = LiveLeg { agent: user("8001"), call: 7, state: LegState::Ringing };
    floor.tell(AcdInput::LiveLegs(vec![leg]));
    assert_eq!(floor.withdrawn(), [(7, "8001".into(), "failed")]);
    assert_eq!(floor.state("8001"), AgentState::Ready);
}

#[test]
fn c54_whoever_is_not_ready_has_a_reason() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    let reasons = |floor: &Floor| floor.acd.agents().filter(|agent| agent.state != AgentState::Ready).all(|agent| agent.reason.is_some());
    floor.tell(AcdInput::SignOn { profile: Box::new(profile("8002")), seat: Seat::Phone { account: "8002".into() } });
    assert_eq!(floor.reason("8002").as_deref(), Some("no_phone"));
    floor.tell(AcdInput::Break { agent: user("8001"), reason: brk("short") });
    assert!(reasons(&floor));
    floor.tell(AcdInput::Ready { agent: user("8001") });
    floor.joins(1);
    floor.answers(1, "8001");
    floor.leaves(1, "8001");
    assert!(reasons(&floor));
}

#[test]
fn c62_a_consultation_rings_the_other_and_completes_without_losing_the_caller() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::Held { call: 1, agent: user("8001") });
    let consult = AcdInput::Consult { call: 1, agent: user("8002"), by: user("8001") };
    assert_eq!(floor.acd.check(&consult), Ok(()));
    floor.out.clear();
    floor.tell(consult.clone());
    assert_eq!(floor.acd.offered_to(&user("8002")), Some((1, OfferKind::Consult { by: user("8001") })));
    assert_eq!(floor.acd.check(&consult), Err(Refusal::TargetBusy));
    floor.answers(1, "8002");
    floor.tell(AcdInput::AgentLeft { call: 1, agent: user("8001"), wrap_up: true });
    assert_eq!(floor.state("8002"), AgentState::Talking { call: 1 });
    assert!(matches!(floor.state("8001"), AgentState::WrapUp { call: 1, .. }));
    let spoke: Vec<_> =
        floor.out.iter().filter(|output| matches!(output, AcdOutput::Spoke { agent, .. } if *agent == user("8002"))).collect();
    assert_eq!(spoke.len(), 1, "who finishes the call counts as the last agent");
    floor.tell(AcdInput::CallGone { call: 1 });
    assert!(matches!(floor.state("8002"), AgentState::WrapUp { call: 1, .. }));
}

#[test]
fn c62_a_consultation_that_nobody_answers_is_told_to_who_asked() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::Consult { call: 1, agent: user("8002"), by: user("8001") });
    floor.wait(20.0);
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::ConsultFailed { why: "no_answer", .. })));
    assert_eq!(floor.state("8002"), AgentState::NotResponding);
    assert_eq!(floor.state("8001"), AgentState::Talking { call: 1 });
}

#[test]
fn c62_a_blind_transfer_that_fails_comes_back_to_who_passed_it_on() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002", "8003"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::AgentLeft { call: 1, agent: user("8001"), wrap_up: true });
    floor.out.clear();
    floor.joins_with(1, |joining| {
        joining.reason = crate::domain::QueueReason::Transfer;
        joining.from = Some(user("8001"));
        joining.to = Some(user("8003"));
    });
    floor.offered(1, "8003");
    floor.rejects(1, "8003");
    assert!(floor.out.iter().any(|output| matches!(output, AcdOutput::TransferFailed { why: "rejected", .. })));
    floor.not_offered();
    floor.saves(1, "8001");
    floor.offered(1, "8001");
}

#[test]
fn c62_a_transfer_to_somebody_busy_is_refused_before_it_begins() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001", "8002"]);
    floor.tell(AcdInput::Break { agent: user("8002"), reason: brk("lunch") });
    let mut joining = Joining::new(1);
    joining.to = Some(user("8002"));
    assert_eq!(floor.acd.check(&AcdInput::Join(Box::new(joining.clone()))), Err(Refusal::TargetBusy));
    joining.to = Some(user("9999"));
    assert_eq!(floor.acd.check(&AcdInput::Join(Box::new(joining))), Err(Refusal::NoTarget));
}

#[test]
fn c62_a_transfer_to_a_queue_is_not_offered_to_who_passed_it_on() {
    let mut floor = Floor::with(Strategy::Linear, &["8001", "8002"]);
    floor.joins(1);
    floor.wait(4.0);
    floor.answers(1, "8001");
    floor.wait(100.0);
    floor.tell(AcdInput::AgentLeft { call: 1, agent: user("8001"), wrap_up: false });
    floor.out.clear();
    floor.joins_with(1, |joining| {
        joining.reason = crate::domain::QueueReason::Transfer;
        joining.from = Some(user("8001"));
    });
    floor.offered(1, "8002");
}

#[test]
fn c63_a_lost_agent_leaves_the_caller_first_in_line() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.joins(2);
    floor.wait(60.0);
    floor.out.clear();
    floor.tell(AcdInput::AgentLost { call: 1, agent: user("8001"), why: "reconnecting" });
    assert_eq!(floor.state("8001"), AgentState::NotReady { why: "reconnecting" });
    assert!(floor.news(1).contains(&QueueNews::WaitingAgain));
    assert_eq!(floor.acd.queues(floor.now).waiting[0].call, 1);
    floor.out.clear();
    floor.tell(AcdInput::SeatUp { agent: user("8001") });
    floor.offered(1, "8001");
}

#[test]
fn c67_todays_numbers_are_counted() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::Ordered { agent: user("8001") });
    floor.wait(30.0);
    floor.leaves(1, "8001");
    floor.wait(30.0);
    let today = floor.acd.agent(&user("8001")).expect("there").today;
    assert_eq!(today, Today { calls: 1, missed: 0, orders: 1, talk_ms: 30_000, wrap_up_ms: 30_000 });
    floor.tell(AcdInput::NewDay);
    assert_eq!(floor.acd.agent(&user("8001")).expect("there").today, Today::default());
}

#[test]
fn c54_signing_off_in_a_call_comes_after_the_wrap_up() {
    let mut floor = Floor::with(Strategy::LongestIdle, &["8001"]);
    floor.joins(1);
    floor.answers(1, "8001");
    floor.tell(AcdInput::SignOff { agent: user("8001") });
    assert_eq!(floor.state("8001"), AgentState::Talking { call: 1 });
    floor.leaves(1, "8001");
    assert!(matches!(floor.state("8001"), AgentState::WrapUp { .. }));
    floor.saves(1, "8001");
    assert_eq!(floor.state("8001"), AgentState::SignedOut);
    assert_eq!(floor.acd.agents().count(), 0);
}

#[test]
fn c71_a_supervisor_who_signs_on_to_listen_is_rung_for_no_caller_and_makes_no_queue_attended() {
    let mut floor = Floor::with(Strategy::LongestIdle, &[]);
    floor.on(Profile { role: Role::Supervisor, ..profile("8100") });
    assert_eq!(floor.acd.queues(floor.now).queues[0].agents, 0);
    floor.on(profile("8001"));
    floor.wait(60.0);
    floor.on(Profile { role: Role::Supervisor, queues: vec![QueueId::new("order")], ..profile("8101") });
    floor.joins(1);
    floor.offered(1, "8001");
    floor.joins(2);
    floor.offered(2, "8101");
}
