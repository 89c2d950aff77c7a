//! A caller presses 0: they wait, an agent sees the whole customer, answers, talks, sums up; and all that may go wrong.

mod holding;
mod nodes;
mod outside;
mod reloading;
mod telephones;

use std::time::Duration;

use dinetone::command::{Command, Refusal, Supervision};
use dinetone::domain::{AgentState, Party, Reason, StepKind};
use dinetone::event::{CallState, What};

use crate::kit::World;
use crate::kit::agent::Agent;
use crate::kit::phone::{KeysBy, Line};
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

/// Agent 8001 talks with a member, and 8002 has just come and is free.
pub fn first_talks(world: &World) -> (Agent, Agent, Diner) {
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    let diner = caller(world, "13800138000");
    first.takes_the_call();
    second.logs_in();
    (first, second, diner)
}

/// Who spoke last with the customer of this number.
pub fn last_agent(world: &World, number: &str) -> Option<dinetone::domain::UserId> {
    let phone = dinetone::domain::PhoneNumber::parse(number).unwrap();
    world.with_store(async |store, now| {
        let customer = store.card_by_phone(&phone, now).await.unwrap().customer;
        store.last_agent(customer.as_ref(), Some(&phone)).await.unwrap().map(|last| last.agent)
    })
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

/// What a caller keys to a person, such as a card's number, stands nowhere; what they keyed to us does.
#[test]
fn c73_keys_pressed_while_an_agent_has_the_caller_are_not_kept() {
    for keys_by in [KeysBy::Event, KeysBy::Info] {
        let world = World::open_at("12:00");
        let agent = world.agent("8001");
        agent.logs_in();
        let mut diner = world.call("13800138000", "1000", keys_by, Some(()));
        diner.hears("main.menu");
        diner.keys("0");
        agent.takes_the_call();
        diner.says_nothing_for(2);
        diner.keys("6222*020#");
        diner.says_nothing_for(1);
        agent.hangs_up();
        let (record, steps) = world.records().pop().expect("a record");
        let keys: String =
            steps.iter().filter_map(|step| if let StepKind::Key { key, .. } = step.kind { Some(key) } else { None }).collect();
        assert_eq!((keys.as_str(), record.keys), ("0····*···#", 10), "{steps:?}");
        assert!(!world.ladder().contains("Signal=6"), "{}", world.ladder());
        agent.wraps_up(20);
        world.is_quiet();
    }
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

/// C57: a member who calls from somewhere else and keys the number on their card is that member to the agent.
#[test]
fn c57_whoever_keys_their_member_number_is_known_from_any_telephone() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let mut diner = world.call_from("02164385555");
    diner.hears("lang.choose");
    diner.keys("1");
    diner.hears("main.menu");
    diner.keys("1");
    diner.hears("mem.ask_id");
    diner.keys("102938");
    let hello = diner.hears("order.repeat_offer");
    assert!(hello.contains("金卡会员"), "{hello}");
    diner.keys("0");
    let pop = agent.sees_pop().pop.clone();
    assert_eq!((pop.identity.name(), pop.name.as_str(), pop.addresses.len()), ("member", "王晓梅", 2));
    assert_eq!(pop.member.as_ref().map(dinetone::domain::MemberNumber::as_str), Some("102938"));
    diner.hangs_up();
    world.is_quiet();
}

/// C51: who sums up is seen doing so on the floor, since when and until when, and the time counts in their day.
#[test]
fn c51_wrap_up_is_seen_on_the_floor_with_its_seconds() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    let over = world.now();
    diner.hangs_up();
    agent.is("wrap_up");
    let seen = || {
        let events = world.events();
        let mut views = events.iter().filter_map(|what| if let What::Agent(view) = what { Some(view) } else { None });
        views.rfind(|view| view.number == "8001").cloned().expect("the floor was told")
    };
    let view = seen();
    let AgentState::WrapUp { until, .. } = view.state else { panic!("{view:?}") };
    assert_eq!(until.as_millis() - view.since.as_millis(), 30_000);
    world.time_passes(ms(12_000));
    agent.wraps_up(20);
    agent.is_ready();
    let view = seen();
    assert_eq!(view.state.name(), "available");
    let longest = (world.now() - over).as_millis() as u64;
    assert!((12_000..=longest).contains(&view.today.wrap_up_ms), "{:?} of {longest}", view.today);
    world.is_quiet();
}

/// I5: the caller hangs up, and the ring stops at once.
#[test]
fn c8_i5_the_ring_stops_when_the_caller_has_gone() {
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

/// C39: the second call reaches the agent who spoke with the customer, although another has been idle longer.
#[test]
fn c39_the_second_call_reaches_the_same_agent() {
    let world = World::open_at("12:00");
    let (first, second, diner) = first_talks(&world);
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
