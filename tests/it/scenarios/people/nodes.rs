//! The other nodes of the house: their agents are on the floor among ours, and callers are passed on to them where they can be reached.

use std::sync::Arc;
use std::time::Duration;

use dinetone::call::handover::{Handover, TAKEN, TOGETHER};
use dinetone::centre::OtherNode;
use dinetone::command::{Command, Refusal, Target, TransferMode};
use dinetone::domain::{AgentState, CallId, Language, QueueId, QueueReason, Role, UserId};
use dinetone::event::{AgentView, CallState, NodeView, QueuesView, Today, What};
use dinetone::sip::event::NODE_NEWS;

use super::{caller, last_agent};
use crate::kit::World;
use crate::kit::agent::Agent;
use crate::kit::phone::Line;
use crate::kit::world::OTHER_NODE;

/// Node b with this agent in this state; `sip`: where it is reached.
fn node_b(world: &World, number: &str, state: AgentState, sip: Option<&str>) -> OtherNode {
    let since = world.inner().now.wall.into();
    let agent = AgentView {
        user: UserId::new(format!("u{number}")),
        node: Some("b".into()),
        number: number.into(),
        name: "远方".into(),
        role: Role::Agent,
        state,
        since,
        reason: None,
        next: None,
        seat: None,
        connected: true,
        queues: vec![QueueId::new("order")],
        caller: None,
        today: Today::default(),
    };
    let queues = Arc::new(QueuesView::default());
    let view = Arc::new(NodeView { node: "b".into(), silent_since: None, reachable: sip.is_some(), queues });
    OtherNode { view, sip: sip.map(|sip| sip.parse().unwrap()), agents: vec![agent] }
}

/// C70: who is signed on at another node is on the floor, once, and goes when that node goes.
#[test]
fn c70_agents_of_another_node_are_on_the_floor() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    let on_floor = || -> Vec<(String, Option<String>)> {
        let agents = chief.snapshot().agents;
        agents.into_iter().filter(|one| one.role == Role::Agent).map(|one| (one.number, one.node)).collect()
    };
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Ready, None)]);
    assert_eq!(on_floor(), [("8001".into(), None), ("8055".into(), Some("b".into()))]);
    assert_eq!(chief.snapshot().nodes.len(), 1);
    let told = |number: &str| world.events().iter().filter(|what| matches!(what, What::Agent(view) if view.number == number)).count();
    let so_far = told("8055");
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Ready, None)]);
    assert_eq!(told("8055"), so_far, "what has not changed is not told again");
    // Somebody who is signed on here is shown as they are here, whatever another node says.
    world.other_nodes(vec![node_b(&world, "8001", AgentState::NotResponding, None)]);
    assert_eq!(on_floor(), [("8001".into(), None)]);
    agent.is_ready();
    world.other_nodes(Vec::new());
    assert!(chief.snapshot().nodes.is_empty());
    assert!(world.events().iter().any(|what| matches!(what, What::NodeGone { node } if node == "b")));
}

/// C60, C62: a colleague whose node is no peer, or who is busy there, is refused with a reason and nothing changes; a node that is silent
/// gives the caller back.
#[test]
fn c60_c62_a_colleague_at_a_node_that_does_not_answer_costs_nothing() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    let call = agent.call().call;
    let to = || Target::Agent(UserId::new("u8055"));
    let ask = |mode| agent.wish(Command::Transfer { call, to: to(), mode, note: String::new() });
    assert_eq!(ask(TransferMode::Blind), Err(Refusal::NoTarget));
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Ready, None)]);
    assert_eq!(ask(TransferMode::Consult), Err(Refusal::Unavailable));
    // Nobody answers at this address.
    let silent = Some("10.0.0.77:5060");
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Talking { call: 7 }, silent)]);
    assert_eq!(ask(TransferMode::Blind), Err(Refusal::TargetBusy));
    agent.sees(CallState::Talking);
    agent.hears(&diner);
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Ready, silent)]);
    ask(TransferMode::Consult).unwrap();
    assert!(diner.hears_sound(), "music while the colleague is rung");
    world.time_passes(Duration::from_secs(5));
    assert_eq!(agent.call().consult.as_ref().map(|consult| consult.state), Some("failed"));
    agent.wish(Command::CancelConsult { call }).unwrap();
    agent.hears(&diner);
    ask(TransferMode::Blind).unwrap();
    agent.wraps_up(20);
    world.time_passes(Duration::from_secs(5));
    agent.takes_the_call();
    agent.hears(&diner);
    diner.hangs_up();
    agent.is("wrap_up");
    world.is_quiet();
}

/// What node b tells of a caller whom one of its agents has, for this agent of ours.
fn told_by_node_b(to: &Agent, advice: bool) -> Handover {
    Handover {
        node: "b".into(),
        call: CallId::new("mh2xq8ztb1b2c3"),
        language: Language::default(),
        reason: QueueReason::Transfer,
        queue: None,
        customer: None,
        keyed: None,
        path: vec!["main".into()],
        to: Some(to.user.clone()),
        advice,
        from: "李娜".into(),
        note: "熟客".into(),
        notes: Vec::new(),
    }
}

/// C39, C62: whoever was only asked for advice by a colleague of another node has nothing to sum up and is not the customer's last agent.
#[test]
fn c39_c62_advice_to_another_node_is_no_talk_with_the_customer() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = world.other_node_calls("13800138000", &told_by_node_b(&agent, true));
    diner.speaks(true);
    agent.takes_the_call();
    agent.sees(CallState::Consulting);
    agent.hears(&diner);
    let call = agent.call().call;
    assert_eq!(agent.wish(Command::Hold { call }), Err(Refusal::NotYours));
    diner.hangs_up();
    agent.is_ready();
    assert!(agent.snapshot().calls.is_empty(), "nothing to sum up");
    assert!(world.events().iter().any(|what| matches!(what, What::Withdrawn { to, why: "left", .. } if *to == agent.user)));
    assert_eq!(last_agent(&world, "13800138000"), None);
    let queues = agent.snapshot().queues.queues.iter().map(|queue| queue.answered).sum::<u32>();
    assert_eq!(queues, 0, "nobody of a queue was answered");
}

/// C62: whoever was asked hangs up, or their page is lost for good: the call between the nodes ends, and nobody waits here for it.
#[test]
fn c62_advice_to_another_node_ends_with_whoever_gave_it() {
    for lost in [false, true] {
        let world = World::open_at("12:00");
        let agent = world.agent("8001");
        agent.logs_in();
        let asking = world.other_node_calls("13800138000", &told_by_node_b(&agent, true));
        agent.takes_the_call();
        if lost {
            agent.loses_page();
            world.time_passes(Duration::from_secs(25));
        } else {
            agent.hangs_up();
            agent.is_ready();
        }
        assert_eq!(asking.line(), Line::Over("hung up on".into()), "{}", world.ladder());
        world.is_quiet();
    }
}

/// C39, C62: who was asked and then has the caller sums up and is the last agent; so is whoever is handed a caller at once.
#[test]
fn c39_c62_who_takes_the_caller_over_from_another_node_is_the_last_agent() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = world.other_node_calls("13800138000", &told_by_node_b(&agent, true));
    agent.takes_the_call();
    // Said by a caller, it would be a key at most.
    diner.informs("text/plain", TAKEN);
    agent.sees(CallState::Consulting);
    diner.informs(NODE_NEWS, TAKEN);
    agent.sees(CallState::Talking);
    agent.is("on_call");
    assert_eq!(last_agent(&world, "13800138000"), Some(agent.user.clone()));
    diner.hangs_up();
    agent.is("wrap_up");
    agent.wraps_up(20);
    world.is_quiet();
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = world.other_node_calls("13800138000", &told_by_node_b(&agent, false));
    agent.takes_the_call();
    agent.sees(CallState::Talking);
    diner.hangs_up();
    agent.wraps_up(20);
    assert_eq!(last_agent(&world, "13800138000"), Some(agent.user.clone()));
    world.is_quiet();
}

/// C62: when all three talk, whoever was asked sees so.
#[test]
fn c62_three_in_one_conversation_over_two_nodes_is_seen_at_both() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = world.other_node_calls("13800138000", &told_by_node_b(&agent, true));
    agent.takes_the_call();
    agent.sees(CallState::Consulting);
    diner.informs(NODE_NEWS, "of a later version");
    agent.sees(CallState::Consulting);
    diner.informs(NODE_NEWS, TOGETHER);
    agent.sees(CallState::Conference);
    diner.informs(NODE_NEWS, TAKEN);
    agent.sees(CallState::Talking);
    diner.hangs_up();
    agent.wraps_up(20);
    world.is_quiet();
}

/// C62: the node that asks says that it is for advice, and says when the caller is passed on.
#[test]
fn c62_the_other_node_is_told_whether_it_is_asked_or_has_the_caller() {
    let world = World::open_at("12:00");
    let (agent, there) = (world.agent("8001"), world.other_node());
    agent.logs_in();
    world.other_nodes(vec![node_b(&world, "8055", AgentState::Ready, Some(OTHER_NODE))]);
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    agent.passes_on(Target::Agent(UserId::new("u8055")), TransferMode::Consult, "");
    there.rings();
    assert!(there.was_told("INVITE").is_some_and(|invite| invite.contains(";advice=1;") || invite.contains(";advice=1\r")));
    there.picks_up();
    assert_eq!(there.was_told("INFO"), None);
    let call = agent.call().call;
    agent.wish(Command::Conference { call }).unwrap();
    world.time_passes(Duration::from_secs(1));
    let info = there.was_told("INFO").expect("it is told");
    assert!(info.contains(NODE_NEWS) && info.ends_with(TOGETHER), "{info}");
    agent.wish(Command::CompleteTransfer { call }).unwrap();
    world.time_passes(Duration::from_secs(1));
    let info = there.was_told("INFO").expect("it is told");
    assert!(info.contains(NODE_NEWS) && info.ends_with(TAKEN), "{info}");
    assert!(there.hears_tone(diner.tone()) && diner.hears_tone(there.tone()));
    diner.hangs_up();
    agent.wraps_up(20);
    world.is_quiet();
}
