//! As the head office I hear a recording on a telephone, before callers do (C32).

use std::f64::consts::TAU;
use std::time::Duration;

use dinetone::command::{ListenAt, Refusal};
use dinetone::domain::PhoneNumber;
use dinetone::media::g711::linear_to_alaw;

use crate::kit::World;
use crate::kit::phone::Line;

const TONE: f64 = 1000.0;

/// Three seconds of a tone are to be heard there.
fn listen(world: &World, at: ListenAt) -> Result<u64, Refusal> {
    let sound = (0..24_000).map(|n| linear_to_alaw(((f64::from(n) * TONE * TAU / 8000.0).sin() * 9000.0) as i16)).collect();
    let mut inner = world.inner();
    let now = inner.now;
    let line = inner.centre.listen(now, at, sound);
    inner.drain();
    line
}

fn at_desk() -> ListenAt {
    ListenAt::Phone { account: "8001".into() }
}

#[test]
fn c32_a_desk_phone_rings_hears_the_recording_and_is_hung_up_on() {
    let world = World::open_at("12:00");
    assert_eq!(listen(&world, at_desk()), Err(Refusal::NoTarget), "no telephone has registered");
    let desk = world.desk_phone("8001");
    listen(&world, at_desk()).unwrap();
    desk.rings();
    desk.picks_up();
    world.time_passes(Duration::from_secs(1));
    assert!(desk.hears_tone(TONE));
    world.time_passes(Duration::from_secs(5));
    assert_eq!(desk.line(), Line::Over("hung up on".into()));
}

#[test]
fn c32_an_outside_number_is_rung_by_the_rules_and_given_up_when_nobody_is_there() {
    let world = World::open_at("12:00");
    let telephone = world.outside_phone();
    listen(&world, ListenAt::Number { number: PhoneNumber::parse("13800138000").unwrap() }).unwrap();
    telephone.rings();
    world.time_passes(Duration::from_secs(50));
    assert!(matches!(telephone.line(), Line::Over(_)), "{:?}", telephone.line());
}
