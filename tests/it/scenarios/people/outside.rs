//! Calls that go out: a caller is passed on or an outside number is asked, agents dial, call-backs are made.

use std::time::Duration;

use dinetone::command::{Command, Target, TransferMode};
use dinetone::event::CallState;

use super::{caller, ms};
use crate::kit::World;
use crate::kit::phone::Line;

/// C62: a blind transfer to an outside number: the caller hears music, then the other side; the agent is free.
#[test]
fn c62_a_caller_is_passed_on_to_an_outside_number() {
    let world = World::open_at("12:00");
    let (agent, branch) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    let number = dinetone::domain::PhoneNumber::parse("02161234567").unwrap();
    agent.passes_on(Target::Number(number), TransferMode::Blind, "");
    agent.is("wrap_up");
    branch.rings();
    assert!(diner.hears_sound());
    branch.picks_up();
    assert!(branch.hears_tone(diner.tone()) && diner.hears_tone(branch.tone()), "{}", world.ladder());
    branch.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    world.is_quiet();
}

/// C62: an outside number that does not answer gives the caller back.
#[test]
fn c62_an_outside_number_that_refuses_gives_the_caller_back() {
    let world = World::open_at("12:00");
    let (agent, branch) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    let number = dinetone::domain::PhoneNumber::parse("02161234567").unwrap();
    agent.passes_on(Target::Number(number), TransferMode::Blind, "");
    agent.wraps_up(50);
    branch.rings();
    branch.rejects();
    agent.takes_the_call();
    agent.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C62: an outside number is consulted and joins.
#[test]
fn c62_an_outside_number_is_consulted() {
    let world = World::open_at("12:00");
    let (agent, branch) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    let number = dinetone::domain::PhoneNumber::parse("02161234567").unwrap();
    agent.passes_on(Target::Number(number), TransferMode::Consult, "");
    branch.rings();
    branch.picks_up();
    assert!(branch.hears_tone(agent.tone()) && !branch.hears_tone(diner.tone()));
    let call = agent.call().call;
    agent.wish(Command::Conference { call }).unwrap();
    assert!(branch.hears_tone(diner.tone()) && diner.hears_tone(branch.tone()) && diner.hears_tone(agent.tone()));
    branch.hangs_up();
    agent.hears(&diner);
    agent.sees(CallState::Talking);
    diner.hangs_up();
    world.is_quiet();
}

/// C69: an agent calls a missed caller back.
#[test]
fn c69_an_agent_calls_out() {
    let world = World::open_at("12:00");
    let (agent, customer) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let number = dinetone::domain::PhoneNumber::parse("13800138000").unwrap();
    let because = dinetone::command::DialReason::Customer { customer: String::new() };
    agent.wish(Command::Dial { number, because }).unwrap();
    agent.is("outbound");
    agent.sees(CallState::Dialling);
    customer.rings();
    customer.picks_up();
    agent.sees(CallState::Talking);
    assert!(agent.hears_tone(customer.tone()) && customer.hears_tone(agent.tone()), "{}", world.ladder());
    assert!(agent.call().pop.customer.is_some(), "the card of whoever was called");
    customer.hangs_up();
    agent.is("wrap_up");
    agent.wraps_up(20);
    agent.is_ready();
    world.is_quiet();
}

/// C47, I8: a caller asks to be called back; they are called once, press 1 and talk at their place.
#[test]
fn i8_a_call_back_is_dialled_once() {
    let world = World::open_at("12:00");
    let (agent, customer) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let first = caller(&world, "13600136000");
    agent.takes_the_call();
    let mut second = caller(&world, "13800138000");
    second.asks_to_be_called_back();
    world.time_passes(Duration::from_secs(20));
    first.hangs_up();
    agent.wraps_up(20);
    customer.rings();
    agent.is_ready();
    customer.picks_up();
    customer.hears_tone(1.0);
    world.time_passes(ms(1000));
    customer.presses('1');
    let view = agent.takes_the_call();
    assert_eq!(view.reason, "callback");
    assert!(view.pop.customer.is_some());
    assert!(agent.hears_tone(customer.tone()));
    agent.hangs_up();
    agent.wraps_up(20);
    world.time_passes(Duration::from_secs(700));
    assert_eq!(world.inner().ladder_count("phone 100   rings"), 1, "once\n{}", world.ladder());
    world.is_quiet();
}
