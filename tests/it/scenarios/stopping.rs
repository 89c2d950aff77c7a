//! The server is stopped at 18:30 with a full house: nobody who is cut off is forgotten.

use std::time::Duration;

use dinetone::domain::{MissedKind, Reason};
use dinetone::store::{Node, Recovered};

use super::people::caller;
use crate::kit::World;
use crate::kit::phone::Line;

/// C107: who spoke with an agent and who waited are called back, who was choosing dishes is called by a person; who finished during the
/// drain is owed nothing.
#[test]
fn c107_a_restart_at_half_past_six_forgets_nobody() {
    let world = World::open_at("18:30");
    world.with_store(async |store, now| {
        let here = Node {
            name: "t".into(),
            run: "t1".into(),
            place: String::new(),
            sip: "10.0.0.1:5060".into(),
            web: "10.0.0.1:8080".into(),
            started_at: now,
            seen_at: now,
            left_at: None,
            lost_at: None,
        };
        store.node_starts(&here, now).await.unwrap();
    });
    let agent = world.agent("8001");
    agent.logs_in();
    let speaks = caller(&world, "13600136000");
    agent.takes_the_call();
    let waits = caller(&world, "13700137000");
    let mut chooses = world.call_from("13800138000");
    chooses.hears("main.menu");
    chooses.keys("112");
    chooses.keys("18#2#");
    chooses.hears("order.ask_next");
    let mut finishes = world.call_from("13500135000");
    finishes.hears("main.menu");
    // New callers are sent away at once; those who are there may finish.
    world.server_stops_taking_calls();
    let late = world.call_from("13900139000");
    world.time_passes(Duration::from_secs(2));
    assert!(matches!(late.line(), Line::Over(why) if why.contains("503")), "{:?}", late.line());
    finishes.hangs_up();
    // Nobody who is silent for longer is left to the dialogue alone: they would be waiting for a person.
    world.time_passes(Duration::from_secs(6));
    for diner in [&speaks, &waits, &chooses] {
        diner.is_up();
    }
    world.server_ends_all_calls();
    for diner in [&speaks, &waits, &chooses] {
        assert_eq!(diner.line(), Line::Over("hung up on".into()), "{}", world.ladder());
    }
    let records = world.records();
    let cut = records.iter().filter(|(record, _)| record.end.as_ref().is_some_and(|end| end.reason == Reason::RESTARTING)).count();
    assert_eq!((records.len(), cut), (4, 3), "the record says why");
    let (owed, backs, missed) = world.with_store(async |store, now| {
        store.record_calls("t", &[], &records).await.unwrap();
        let left = store.node_leaves("t", "t1", now).await.unwrap();
        (left.conversations, store.open_call_backs().await.unwrap(), store.missed(None, 10).await.unwrap())
    });
    assert_eq!(owed, Recovered { call_backs: 2, missed: 1 });
    assert_eq!(backs.iter().map(|back| back.phone.reveal()).collect::<Vec<_>>(), ["13600136000", "13700137000"], "at their places");
    assert_eq!(missed.iter().map(|one| (one.phone().reveal(), one.caller.kind)).collect::<Vec<_>>(), [("13800138000", MissedKind::CutOff)]);
    // The agent who calls sees the two portions.
    let pop = world.with_store(async |store, now| {
        store.pop(missed[0].caller.customer.as_ref(), Some(missed[0].phone()), dinetone::domain::Identity::Caller, now).await.unwrap()
    });
    assert_eq!(pop.cart.expect("kept while it grew").lines.len(), 1);
}
