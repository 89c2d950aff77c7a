//! Bad networks and a slow store, in numbers: nothing leaks, and whoever is let in is answered soon.

use std::time::Duration;

use crate::kit::World;
use crate::kit::network::Weather;
use crate::kit::phone::Line;

#[test]
fn at_thirty_per_cent_loss_every_call_ends_and_nothing_is_left() {
    let weather = Weather { loss: 30, repeats: 5, reordering: 10, delay: Duration::from_millis(40) };
    let world = World::open("12:00", weather, 9);
    let diners: Vec<_> = (0..10).map(|n| world.call_from(&format!("1360013600{n}"))).collect();
    world.time_passes(Duration::from_secs(45));
    for diner in &diners {
        diner.hangs_up();
    }
    world.time_passes(Duration::from_secs(120));
    assert_eq!(world.calls_up(), 0, "{}", world.ladder());
    assert_eq!(world.records().len(), diners.len(), "every call has one record");
    world.is_quiet();
}

#[test]
fn while_the_store_cannot_keep_up_further_callers_are_refused_at_once() {
    let world = World::open_at("12:00");
    world.store_is_away(true);
    let let_in: Vec<_> = (0..128).map(|n| world.call_from(&format!("136001{n:05}"))).collect();
    world.time_passes(Duration::from_millis(160));
    let late = world.call_from("13700137000");
    world.time_passes(Duration::from_millis(15));
    assert!(matches!(late.line(), Line::Over(why) if why.contains("503")), "{}", world.ladder());
    world.time_passes(Duration::from_millis(200));
    for diner in &let_in {
        diner.is_up();
    }
    // Once it is known that the store is away, callers are helped without it.
    world.store_is_known_to_be_away(true);
    let next = world.call_from("13700137001");
    next.waits_for_answer();
    next.is_up();
    for diner in let_in.iter().chain([&next]) {
        diner.hangs_up();
    }
    world.store_is_away(false);
    world.store_is_known_to_be_away(false);
    world.time_passes(Duration::from_secs(2));
    assert_eq!(world.records().len(), 129, "nobody was let in without a record");
}
