//! An agent's page is reloaded or lost in the middle of things.

use std::time::Duration;

use dinetone::event::CallState;

use super::{caller, ms};
use crate::kit::World;

/// C63: a page reloaded in a call: the caller hears music, then the same agent again.
#[test]
fn c63_a_reload_in_a_call_keeps_the_call() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    let call = agent.takes_the_call().call;
    diner.says_nothing_for(4);
    agent.loses_page();
    world.time_passes(ms(1000));
    assert!(diner.hears_sound() && !diner.hears_tone(agent.tone()), "music within a second");
    assert!(agent.snapshot().calls[0].lost.is_some());
    agent.opens_page();
    agent.connects_headset();
    assert_eq!(agent.call().call, call);
    agent.sees(CallState::Talking);
    agent.hears(&diner);
    assert!(diner.hears_tone(agent.tone()));
    agent.is("on_call");
    diner.hangs_up();
    world.is_quiet();
}

/// C63: a page that does not come back: the caller is first in the queue again, the card goes with them.
#[test]
fn c63_a_page_that_is_gone_for_good_gives_the_caller_back() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    let card = first.takes_the_call();
    first.loses_page();
    second.logs_in();
    world.time_passes(Duration::from_secs(19));
    assert!(!second.was_rung(), "the grace is kept");
    let view = second.takes_the_call();
    assert_eq!(view.pop.customer, card.pop.customer);
    second.hears(&diner);
    first.is("offline");
    diner.hangs_up();
    world.is_quiet();
}

/// C50: wrap-up is a deadline of the server: a reload does not make it longer.
#[test]
fn c50_wrap_up_survives_a_reload_and_ends_by_itself() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.hangs_up();
    let until = agent.call().wrap_up_until.expect("a deadline");
    agent.reloads_page(ms(1500));
    agent.is("wrap_up");
    assert_eq!(agent.call().wrap_up_until, Some(until));
    world.time_passes(Duration::from_secs(31));
    agent.is_ready();
    assert!(agent.snapshot().calls.is_empty());
    world.is_quiet();
}
