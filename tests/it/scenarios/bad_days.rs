//! Bad networks, in numbers: at 30 % loss nothing leaks, whoever gets through and whoever does not.

use std::time::Duration;

use crate::kit::World;
use crate::kit::network::Weather;

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
