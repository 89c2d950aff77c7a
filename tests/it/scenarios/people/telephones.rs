//! Agents whose phone is not their page: a desk phone, an outside telephone, none at all.

use dinetone::command::{Command, Refusal};
use dinetone::domain::{PhoneNumber, Seat};
use dinetone::sip::outbound::Rules;

use super::{caller, ms};
use crate::kit::World;
use crate::kit::phone::Line;

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

/// C10, C98: an outside telephone that may not be called is refused at sign-on, with the reason; the shift goes on as it was.
#[test]
fn c10_c98_an_outside_telephone_that_may_not_be_called_is_refused_at_sign_on() {
    let sits = |world: &World, number: &str| {
        let agent = world.agent("8001");
        agent.opens_page();
        agent.wish(Command::StartShift { seat: Seat::Outside { number: PhoneNumber::parse(number).unwrap() } })
    };
    let only = |rules: Rules| World::open_with_outbound("12:00", rules);
    assert_eq!(sits(&only(Rules::default()), "13900139111"), Err(Refusal::OutboundOff));
    let on = || Rules { on: true, ..Rules::default() };
    assert_eq!(sits(&only(on()), "+442079460000"), Err(Refusal::Abroad));
    let shanghai = only(Rules { prefixes: vec!["021".into()], ..on() });
    assert_eq!(sits(&shanghai, "13900139111"), Err(Refusal::Barred));
    assert_eq!(sits(&shanghai, "02161234567"), Ok(()));
    let no_trunk = only(on());
    no_trunk.trunks_go();
    assert_eq!(sits(&no_trunk, "13900139111"), Err(Refusal::NoTrunk));
    // In the middle of a shift the seat stays the one that works.
    let agent = shanghai.agent("8002");
    agent.logs_in();
    let seat = Seat::Outside { number: PhoneNumber::parse("13900139111").unwrap() };
    assert_eq!(agent.wish(Command::StartShift { seat }), Err(Refusal::Barred));
    agent.is_ready();
    assert_eq!(agent.snapshot().me.and_then(|me| me.seat), Some(Seat::Browser));
}
