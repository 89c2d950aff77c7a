//! The other nodes of the house: their agents are on the floor among ours, and callers are passed on to them where they can be reached.

use std::sync::Arc;
use std::time::Duration;

use dinetone::centre::OtherNode;
use dinetone::command::{Command, Refusal, Target, TransferMode};
use dinetone::domain::{AgentState, QueueId, Role, UserId};
use dinetone::event::{AgentView, CallState, NodeView, QueuesView, Today, What};

use super::caller;
use crate::kit::World;

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

/// C60, C66: a colleague whose node is no peer, or who is busy there, is refused with a reason and nothing changes; a node that is silent
/// gives the caller back.
#[test]
fn c60_c66_a_colleague_at_a_node_that_does_not_answer_costs_nothing() {
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
