//! A caller presses 0: they wait, an agent sees the whole customer, answers, talks, passes on, sums up; and all that may go wrong.

use std::time::Duration;

use dinetone::command::{Command, Refusal, Supervision, Target, TransferMode};
use dinetone::domain::{AgentState, Party, Reason, StepKind};
use dinetone::event::{CallState, What};

use crate::kit::World;
use crate::kit::phone::Line;
use crate::kit::world::Diner;

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A caller who has pressed 0 in the main menu.
pub fn caller(world: &World, number: &str) -> Diner {
    let mut diner = world.call_from(number);
    diner.hears("main.menu");
    diner.keys("0");
    diner.speaks(true);
    diner
}

/// The thinnest way through all of it.
#[test]
fn c56_a_caller_presses_0_and_talks_with_an_agent_who_sees_the_card_first() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    let view = agent.sees_pop();
    assert_eq!(view.state, CallState::Ringing);
    assert_eq!(view.reason, "key_0");
    assert!(!view.pop.name.is_empty() || view.pop.customer.is_some(), "the card is there before the answer: {view:?}");
    assert!(view.path.iter().any(|node| node == "main"), "{:?}", view.path);
    agent.picks_up();
    agent.sees(CallState::Talking);
    agent.is("on_call");
    diner.says_nothing_for(4);
    agent.hears(&diner);
    assert!(diner.hears_tone(agent.tone()), "the caller hears the agent\n{}", world.ladder());
    agent.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    agent.is("wrap_up");
    agent.sees(CallState::WrapUp);
    agent.wraps_up(20);
    agent.is_ready();
    let (record, steps) = world.records().pop().expect("a record");
    assert_eq!(record.end.map(|end| (end.by, end.reason)), Some((Party::Agent, Reason::Finished)));
    assert!(steps.iter().any(|step| matches!(&step.kind, StepKind::Note(text) if text.contains("offered to 8001"))), "{steps:?}");
    world.is_quiet();
}

/// I9: the card is told before anything else about the call.
#[test]
fn i9_the_card_comes_with_the_ring() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.sees_pop();
    let events = world.events();
    let ring = events.iter().position(|what| matches!(what, What::Ring { .. })).expect("it rang");
    let What::Ring { call, .. } = &events[ring] else { unreachable!() };
    assert!(call.pop.customer.is_some() && call.ring_until.is_some());
    diner.hangs_up();
    world.is_quiet();
}

/// I5: the caller hangs up, and the ring stops at once.
#[test]
fn i5_the_ring_stops_when_the_caller_has_gone() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    let call = agent.sees_pop().call;
    let before = world.now();
    diner.hangs_up();
    let at = world.time_of(|what| matches!(what, What::Withdrawn { why: "caller_gone", .. })).expect("it was withdrawn");
    assert!(at - before <= ms(200), "{:?}", at - before);
    agent.is_ready();
    // Too late: a clear answer, and nothing has changed.
    assert_eq!(agent.wish(Command::Answer { call }), Err(Refusal::CallerGone));
    agent.is_ready();
    world.is_quiet();
}

/// C52: whoever lets it ring is asked no more, and the caller keeps the place.
#[test]
fn c52_a_ring_that_nobody_takes_goes_on_to_the_next() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.sees_pop();
    second.logs_in();
    let view = second.sees_pop();
    first.is("not_responding");
    assert!(view.waited_ms >= 19_000, "{}", view.waited_ms);
    second.picks_up();
    second.hears(&diner);
    diner.hangs_up();
    second.is("wrap_up");
    world.is_quiet();
}

/// C53: a reject is no wait for the caller.
#[test]
fn c53_a_reject_goes_to_the_next_agent_at_once() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    world.time_passes(ms(1000));
    second.logs_in();
    let diner = caller(&world, "13800138000");
    first.sees_pop();
    let before = world.now();
    first.rejects();
    second.takes_the_call();
    assert!(world.now() - before <= ms(400));
    second.hears(&diner);
    first.is_ready();
    diner.hangs_up();
    world.is_quiet();
}

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
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    let card = first.takes_the_call();
    second.logs_in();
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
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
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
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    let card = first.takes_the_call();
    second.logs_in();
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
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
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

/// A consultation that nobody answers leaves the agent with the caller.
#[test]
fn c62_a_failed_consultation_returns() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
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

/// C39: the second call reaches the agent who spoke with the customer, although another has been idle longer.
#[test]
fn c39_the_second_call_reaches_the_same_agent() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    second.logs_in();
    diner.hangs_up();
    first.wraps_up(20);
    world.time_passes(Duration::from_secs(60));
    // Now 8002 has been idle longer than 8001.
    let again = caller(&world, "13800138000");
    let view = first.sees_pop();
    assert!(!second.was_rung(), "{}", world.ladder());
    assert_eq!(view.pop.last_agent.as_ref().map(|last| last.agent.clone()), Some(first.user.clone()));
    assert!(!view.routed.is_empty());
    first.picks_up();
    again.hangs_up();
    world.is_quiet();
}

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

/// C71: listen, whisper, barge, take over; nobody hears a supervisor who only listens.
#[test]
fn c71_a_supervisor_listens_whispers_speaks_and_takes_over() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    chief.connects_headset();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    diner.says_nothing_for(4);
    assert_eq!(
        agent.wish(Command::Supervise { agent: chief.user.clone(), how: Supervision::Listen }),
        Err(Refusal::NotAllowed),
        "agents do not listen to others"
    );
    chief.supervises(&agent, Supervision::Listen);
    assert!(chief.hears_tone(diner.tone()) && chief.hears_tone(agent.tone()));
    assert!(!diner.hears_tone(chief.tone()) && !agent.hears_tone(chief.tone()));
    chief.supervises(&agent, Supervision::Whisper);
    assert!(agent.hears_tone(chief.tone()) && !diner.hears_tone(chief.tone()));
    chief.supervises(&agent, Supervision::Barge);
    assert!(agent.hears_tone(chief.tone()) && diner.hears_tone(chief.tone()));
    chief.supervises(&agent, Supervision::TakeOver);
    agent.is("wrap_up");
    assert!(diner.hears_tone(chief.tone()) && !diner.hears_tone(agent.tone()));
    chief.hears(&diner);
    let told: Vec<_> = world.events().into_iter().filter(|what| matches!(what, What::Supervised { .. })).collect();
    assert_eq!(told.len(), 4);
    chief.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    let (_, steps) = world.records().pop().expect("a record");
    assert!(steps.iter().any(|step| matches!(&step.kind, StepKind::Note(text) if text.contains("whisper"))), "it is on the path");
    world.is_quiet();
}

/// A store that is away does not keep a caller from a person.
#[test]
fn a_store_that_is_away_does_not_stop_routing() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let mut diner = world.call_from("13800138000");
    diner.hears("main.menu");
    diner.speaks(true);
    world.store_is_away(true);
    let before = world.now();
    diner.keys("0");
    let view = agent.sees_pop();
    assert!(world.now() - before <= ms(1500), "{:?}", world.now() - before);
    assert!(view.pop.customer.is_none());
    // The card comes when the store is back.
    world.store_is_away(false);
    world.time_passes(ms(100));
    assert!(agent.last_view().is_some_and(|view| view.pop.customer.is_some()), "the card came late");
    agent.picks_up();
    agent.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C49: nobody is signed in: the caller is told and may leave a message.
#[test]
fn c49_nobody_signed_in_is_said_and_a_message_offered() {
    let world = World::open_at("12:00");
    let mut diner = caller(&world, "13800138000");
    diner.hears("gen.no_agent");
    diner.hangs_up();
    world.is_quiet();
}

/// The state of an agent is never that of a call that is not there (I2).
#[test]
fn i2_an_agent_is_free_again_after_every_end() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    for _ in 0..3 {
        let diner = caller(&world, "13800138000");
        agent.takes_the_call();
        diner.hangs_up();
        agent.wraps_up(20);
        assert_eq!(agent.state(), AgentState::Ready);
    }
    world.is_quiet();
}

/// Bad network: the story is the same.
#[test]
fn a_bad_network_changes_nothing_in_the_story() {
    let world = World::open("12:00", crate::kit::network::Weather::BAD, 7);
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    agent.is("on_call");
    diner.says_nothing_for(5);
    agent.hangs_up();
    agent.is("wrap_up");
    agent.wraps_up(20);
    world.is_quiet();
}

/// C10: a registered desk phone rings, talks and hangs up like a headset; the card comes on the console all the same.
#[test]
fn c10_an_agent_at_a_desk_phone() {
    let world = World::open_at("12:00");
    let (agent, phone) = (world.agent("8001"), world.desk_phone("801"));
    agent.logs_in_at("801");
    agent.is_ready();
    let diner = caller(&world, "13800138000");
    let view = agent.sees_pop();
    assert!(view.pop.customer.is_some());
    phone.rings();
    let call = view.call;
    assert_eq!(agent.wish(Command::Answer { call }), Err(Refusal::NoMedia), "a desk phone is answered by its own handset");
    phone.picks_up();
    agent.is("on_call");
    diner.says_nothing_for(4);
    assert!(phone.hears_tone(diner.tone()), "{}", world.ladder());
    assert!(diner.hears_tone(phone.tone()));
    agent.holds();
    assert!(!phone.hears_tone(diner.tone()) && diner.hears_sound());
    agent.resumes();
    assert!(phone.hears_tone(diner.tone()));
    phone.hangs_up();
    assert_eq!(diner.line(), Line::Over("hung up on".into()));
    agent.is("wrap_up");
    agent.wraps_up(20);
    agent.is_ready();
    world.is_quiet();
}

/// I5 for desk phones: CANCEL goes out when the caller has gone.
#[test]
fn i5_a_desk_phone_stops_ringing_when_the_caller_has_gone() {
    let world = World::open_at("12:00");
    let (agent, phone) = (world.agent("8001"), world.desk_phone("801"));
    agent.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    let before = world.now();
    diner.hangs_up();
    let place = phone.place;
    let stopped = world.inner().ladder_time(&format!("phone {place}   over")).expect("it stopped");
    assert!(stopped - before <= ms(200), "{:?}", stopped - before);
    assert!(!phone.is_ringing());
    agent.is_ready();
    world.is_quiet();
}

/// A desk phone that is gone takes nobody's call: no registration, not ready, and it says why.
#[test]
fn c54_an_agent_without_a_phone_is_not_ready_and_sees_why() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in_at("801");
    agent.is("not_ready");
    assert_eq!(agent.snapshot().me.and_then(|me| me.reason).as_deref(), Some("no_phone"));
    let _phone = world.desk_phone("801");
    agent.is_ready();
    world.is_quiet();
}

/// C10: an outside telephone must press 1, so that a mailbox never takes a call.
#[test]
fn c10_an_agent_at_an_outside_telephone_confirms_with_1() {
    let world = World::open_at("12:00");
    let (agent, mobile) = (world.agent("8001"), world.outside_phone());
    agent.logs_in_outside("13900139111");
    agent.is_ready();
    let diner = caller(&world, "13800138000");
    mobile.rings();
    mobile.picks_up();
    world.time_passes(ms(2000));
    agent.is("ringing");
    assert!(!mobile.hears_tone(diner.tone()), "nobody is connected to a mailbox");
    mobile.presses('1');
    agent.is("on_call");
    diner.says_nothing_for(4);
    assert!(mobile.hears_tone(diner.tone()) && diner.hears_tone(mobile.tone()), "{}", world.ladder());
    diner.hangs_up();
    agent.is("wrap_up");
    assert!(matches!(mobile.line(), Line::Over(_)));
    world.is_quiet();
}

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

/// The diner's phone in a page is a caller like any other.
#[test]
fn a_diners_phone_in_a_page_rings_the_hotline() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let page = world.agent("page");
    page.opens_page();
    page.dials_from_page("13800138000");
    world.time_passes(Duration::from_secs(8));
    page.wish(Command::PhoneKey { key: '0' }).unwrap();
    let view = agent.takes_the_call();
    assert!(view.pop.customer.is_some());
    world.time_passes(Duration::from_secs(4));
    assert!(agent.hears_tone(page.tone()) && page.hears_tone(agent.tone()), "{}", world.ladder());
    agent.hangs_up();
    let ended = world.events().into_iter().any(|what| matches!(what, What::Phone { state: dinetone::event::PhoneState::Ended { .. }, .. }));
    assert!(ended);
    agent.wraps_up(20);
    world.is_quiet();
}
