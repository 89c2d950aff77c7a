//! A caller is put on hold, transferred, or speaks with two; what fails gives the caller back.

use std::time::Duration;

use dinetone::command::{Command, Refusal, Target, TransferMode};
use dinetone::event::CallState;

use super::{caller, first_talks};
use crate::kit::World;
use crate::kit::phone::Line;

/// C62: hold is silence for the agent and music for the caller; both are back afterwards.
#[test]
fn c62_hold_is_silent_and_the_caller_hears_music() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    agent.holds();
    agent.is("hold");
    agent.sees(CallState::Held);
    assert!(agent.hears_nothing(), "hold is silence\n{}", world.ladder());
    assert!(diner.hears_sound() && !diner.hears_tone(agent.tone()), "music, not the agent");
    agent.resumes();
    agent.hears(&diner);
    assert!(diner.hears_tone(agent.tone()));
    agent.is("on_call");
    // Mute shuts one microphone only.
    let call = agent.call().call;
    agent.wish(Command::Mute { call, on: true }).unwrap();
    assert!(!diner.hears_tone(agent.tone()) && !diner.hears_sound());
    agent.hears(&diner);
    agent.wish(Command::Mute { call, on: false }).unwrap();
    assert!(diner.hears_tone(agent.tone()));
    // The caller's stream went on from the menu to the hold to the agent.
    assert_eq!(diner.streams(), 1, "one SSRC for the caller, from the first word to the last");
    assert_eq!(diner.jumps(), 0);
    diner.hangs_up();
    world.is_quiet();
}

/// C60: after a blind transfer the second agent has the same card and the note.
#[test]
fn c60_a_blind_transfer_keeps_card_and_notes() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    let card = first.call();
    first.notes("wants the window table");
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Blind, "a complaint");
    first.is("wrap_up");
    let view = second.takes_the_call();
    assert_eq!(view.pop.customer, card.pop.customer);
    assert_eq!(view.id, card.id, "the conversation's id travels");
    assert_eq!(view.from.as_ref().map(|from| from.1.as_str()), Some("a complaint"));
    assert!(view.notes.iter().any(|note| note == "wants the window table"), "{:?}", view.notes);
    diner.says_nothing_for(4);
    second.hears(&diner);
    assert!(diner.hears_tone(second.tone()) && !diner.hears_tone(first.tone()));
    assert!(first.hears_nothing());
    diner.hangs_up();
    world.is_quiet();
}

/// C62: a blind transfer that nobody takes comes back.
#[test]
fn c62_a_failed_blind_transfer_comes_back() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Blind, "");
    second.sees_pop();
    first.wraps_up(50);
    world.time_passes(Duration::from_secs(21));
    second.is("not_responding");
    first.takes_the_call();
    first.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C62: attended transfer: the caller hears music while two consult, then the second has caller and card.
#[test]
fn c62_an_attended_transfer_keeps_the_card() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    let card = first.call();
    diner.says_nothing_for(4);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "do you know this one?");
    let asked = second.takes_the_call();
    assert_eq!(asked.pop.customer, card.pop.customer);
    first.sees(CallState::Consulting);
    assert!(second.hears_tone(first.tone()) && first.hears_tone(second.tone()));
    assert!(!second.hears_tone(diner.tone()), "a held caller is not heard");
    assert!(diner.hears_sound() && !diner.hears_tone(first.tone()));
    let call = first.call().call;
    first.wish(Command::CompleteTransfer { call }).unwrap();
    first.is("wrap_up");
    second.is("on_call");
    second.hears(&diner);
    assert!(diner.hears_tone(second.tone()) && !diner.hears_tone(first.tone()));
    assert_eq!(second.call().pop.customer, card.pop.customer);
    second.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    second.is("wrap_up");
    world.is_quiet();
}

/// C62: three in one call, and the agent may leave the other two.
#[test]
fn c62_three_talk_with_each_other() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    diner.says_nothing_for(4);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    second.takes_the_call();
    let call = first.call().call;
    first.wish(Command::Conference { call }).unwrap();
    first.sees(CallState::Conference);
    assert!(diner.hears_tone(first.tone()) && diner.hears_tone(second.tone()), "the caller hears both");
    assert!(second.hears_tone(diner.tone()) && second.hears_tone(first.tone()));
    assert!(first.hears_tone(diner.tone()) && first.hears_tone(second.tone()));
    first.hangs_up();
    second.hears(&diner);
    second.is("on_call");
    diner.hangs_up();
    world.is_quiet();
}

/// C62: of three, whoever was asked shuts their own microphone, and it stays shut when the caller becomes theirs.
#[test]
fn c62_whoever_is_asked_can_mute_themselves() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
    diner.says_nothing_for(4);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    let call = first.call().call;
    assert_eq!(second.wish(Command::Mute { call, on: true }), Err(Refusal::NotYours), "rung only");
    second.takes_the_call();
    first.wish(Command::Conference { call }).unwrap();
    second.wish(Command::Mute { call, on: true }).unwrap();
    assert!(second.call().muted && !first.call().muted);
    assert!(!diner.hears_tone(second.tone()) && !first.hears_tone(second.tone()));
    assert!(diner.hears_tone(first.tone()) && second.hears_tone(diner.tone()));
    first.hangs_up();
    assert!(second.call().muted && !diner.hears_tone(second.tone()));
    second.wish(Command::Mute { call, on: false }).unwrap();
    second.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C62: whoever was asked hangs up before the caller is passed on: the caller still hears music, nobody is lost, and comes back by a click.
#[test]
fn c62_a_caller_is_not_passed_on_to_somebody_who_has_hung_up() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
    diner.says_nothing_for(4);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    second.takes_the_call();
    let call = first.call().call;
    second.hangs_up();
    for late in [Command::CompleteTransfer { call }, Command::Conference { call }, Command::CancelConsult { call }] {
        assert_eq!(first.wish(late), Err(Refusal::WrongState));
    }
    first.sees(CallState::Held);
    assert!(diner.hears_sound());
    first.resumes();
    first.hears(&diner);
    assert!(diner.hears_tone(first.tone()));
    second.is_ready();
    diner.hangs_up();
    world.is_quiet();
}

/// A consultation that nobody answers leaves the agent with the caller.
#[test]
fn c62_a_failed_consultation_returns() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    diner.says_nothing_for(4);
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    second.sees_pop();
    second.rejects();
    assert_eq!(first.call().consult.as_ref().map(|consult| consult.state), Some("failed"));
    let call = first.call().call;
    first.wish(Command::CancelConsult { call }).unwrap();
    first.hears(&diner);
    first.sees(CallState::Talking);
    diner.hangs_up();
    world.is_quiet();
}

/// C39, C62: whoever was only asked for advice has nothing to sum up and is not the customer's last agent, even when all three talked.
#[test]
fn c39_c62_who_only_gave_advice_is_not_the_last_agent() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
    diner.says_nothing_for(4);
    let call = first.call().call;
    for conference in [false, true] {
        first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
        second.takes_the_call();
        if conference {
            first.wish(Command::Conference { call }).unwrap();
            second.hangs_up();
        } else {
            first.wish(Command::CancelConsult { call }).unwrap();
        }
        second.is_ready();
        assert!(second.snapshot().calls.is_empty(), "nothing to sum up");
    }
    diner.hangs_up();
    first.wraps_up(20);
    assert_eq!(super::last_agent(&world, "13800138000"), Some(first.user.clone()));
    world.is_quiet();
}
