//! Laptops that vanish, phones that do not ring, calls that reach nobody: the caller is never left in silence, nobody gets stuck.

use std::time::Duration;

use dinetone::command::{Command, DialReason, Supervision, Target, TransferMode};
use dinetone::domain::PhoneNumber;
use dinetone::event::{CallState, What};

use super::people::{caller, first_talks, ms};
use crate::kit::World;
use crate::kit::phone::Line;

/// C63: nothing says that the laptop is gone; the caller hears music within a second, and the agent again when it is back.
#[test]
fn c63_a_laptop_that_vanishes_gives_the_caller_music_within_a_second() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    agent.vanishes();
    world.time_passes(ms(1000));
    assert!(diner.hears_sound() && !diner.hears_tone(agent.tone()), "music within a second\n{}", world.ladder());
    assert!(agent.call().lost.is_some(), "the page is told, should it still be there");
    agent.reappears();
    world.time_passes(ms(300));
    assert!(diner.hears_tone(agent.tone()), "{}", world.ladder());
    agent.hears(&diner);
    agent.is("on_call");
    assert!(agent.call().lost.is_none());
    diner.hangs_up();
    world.is_quiet();
}

/// C63: it stays away: 20 s after the last packet the caller is first in the queue, and the page gets nobody new.
#[test]
fn c63_a_laptop_that_stays_away_gives_the_caller_back() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    let card = first.takes_the_call();
    first.vanishes();
    second.logs_in();
    world.time_passes(Duration::from_secs(19));
    assert!(!second.was_rung(), "the grace is kept");
    let view = second.takes_the_call();
    assert_eq!(view.pop.customer, card.pop.customer);
    second.hears(&diner);
    first.is("not_ready");
    let another = caller(&world, "13600136000");
    world.time_passes(Duration::from_secs(5));
    assert!(!first.was_rung() || first.state().name() == "not_ready", "nobody is sent to a page from which nothing comes");
    another.hangs_up();
    first.reappears();
    world.time_passes(ms(500));
    first.is_ready();
    diner.hangs_up();
    world.is_quiet();
}

/// C62, C63: a consulted colleague whose laptop is gone for good is taken out; the agent and the caller go on.
#[test]
fn c63_a_consulted_colleague_who_vanishes_is_taken_out() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    second.takes_the_call();
    let call = first.call().call;
    second.loses_page();
    world.time_passes(Duration::from_secs(21));
    let told = world.events().into_iter().any(|what| matches!(what, What::Withdrawn { to, why: "left", .. } if to == second.user));
    assert!(told, "{}", world.ladder());
    second.is("offline");
    assert!(first.call().consult.is_none());
    first.wish(Command::Resume { call }).unwrap();
    first.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C52, C54: a phone that could not be rung once is tried again a second later, and the console says what went wrong; one that fails
/// again is given a rest.
#[test]
fn c54_a_phone_that_failed_one_ring_is_ready_again_and_says_why() {
    let world = World::open_at("12:00");
    let (agent, phone) = (world.agent("8001"), world.desk_phone("801"));
    agent.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    let before = world.now();
    phone.fails(500);
    phone.rings();
    assert!(world.now() - before <= ms(1100), "tried again within a second");
    let ready_because =
        |what: &What| matches!(what, What::Agent(view) if view.state.name() == "available" && view.reason.as_deref() == Some("phone"));
    assert!(world.events().iter().any(ready_because), "{}", world.ladder());
    phone.fails(500);
    world.time_passes(ms(1100));
    agent.is("break");
    diner.hangs_up();
    world.is_quiet();
}

/// C9: the plug of a desk phone is pulled in a call: within half a minute the caller is first in the queue, and a colleague has them.
#[test]
fn c9_a_desk_phone_that_vanishes_gives_its_caller_to_a_colleague() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    let phone = world.desk_phone("801");
    first.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    phone.picks_up();
    second.logs_in();
    diner.says_nothing_for(4);
    phone.vanishes();
    world.time_passes(Duration::from_secs(8));
    first.is("on_call");
    world.time_passes(Duration::from_secs(24));
    second.takes_the_call();
    first.is("not_ready");
    diner.says_nothing_for(4);
    second.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C64: nobody picked up: the wrap-up proposes 80.
#[test]
fn c64_an_outgoing_call_that_reached_nobody_proposes_80() {
    let world = World::open_at("12:00");
    let (agent, customer) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let number = PhoneNumber::parse("13800138000").unwrap();
    agent.wish(Command::Dial { number, because: DialReason::Customer { customer: String::new() } }).unwrap();
    customer.rings();
    customer.rejects();
    agent.is("wrap_up");
    assert_eq!(agent.call().proposed, Some(80));
    agent.wraps_up(80);
    agent.is_ready();
    world.is_quiet();
}

/// C71: a supervisor who took a call over sums it up like everybody else, and the page is free again when the time is over.
#[test]
fn c71_a_supervisor_who_took_over_sums_up() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    chief.connects_headset();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    chief.supervises(&agent, Supervision::TakeOver);
    world.time_passes(ms(500));
    diner.hangs_up();
    let view = chief.call();
    assert_eq!((view.state, view.proposed), (CallState::WrapUp, Some(20)));
    assert!(view.wrap_up_until.is_some(), "a deadline");
    world.time_passes(Duration::from_secs(31));
    assert!(chief.snapshot().calls.is_empty());
    assert_eq!(chief.last_view().map(|view| view.state), Some(CallState::Closed));
    world.is_quiet();
}

/// C63, C71: a supervisor who took over and vanishes does not take the caller along.
#[test]
fn c71_a_caller_whose_supervisor_vanishes_is_first_again() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    chief.connects_headset();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    chief.supervises(&agent, Supervision::TakeOver);
    agent.wraps_up(50);
    world.time_passes(ms(500));
    chief.loses_page();
    world.time_passes(ms(1000));
    assert!(diner.hears_sound() && !diner.hears_tone(chief.tone()));
    world.time_passes(Duration::from_secs(18));
    let view = agent.takes_the_call();
    assert_eq!(view.reason, "agent_lost");
    agent.hears(&diner);
    agent.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    world.is_quiet();
}
