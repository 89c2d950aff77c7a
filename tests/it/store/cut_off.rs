//! Callers whom a stop or a crash cut off: what each is owed, once.

use std::time::Duration;

use dinetone::domain::{
    CallId, CallPart, CallRecord, End, Fact, Language, MissedKind, PartKind, Party, QueueId, QueueOutcome, QueueVisit, Reason, Timestamp,
    UserId,
};
use dinetone::store::{LeftBehind, Recovered, Store, TakenDown};

use super::calls::call;
use super::kit::{Database, MINUTE, cart, confirmed, node, phone, request, saturday};

const SECOND: Duration = Duration::from_secs(1);

/// A call from this number that has just arrived.
fn ringing(id: &str, number: &str, at: Timestamp) -> CallRecord {
    CallRecord { caller: Some(phone(number)), answered_at: Some(at), ..call(id, at) }
}

/// They speak with an agent since then.
fn talking(id: &str, queue: Option<&str>, from: Timestamp) -> Fact {
    Fact::Part(CallPart {
        id: format!("{id}-p"),
        call: CallId::new(id),
        kind: PartKind::Agent,
        agent: Some(UserId::new("u-lina")),
        name: "李娜".into(),
        queue: queue.map(QueueId::new),
        from,
        until: None,
        began: "ring".into(),
        ended: String::new(),
        held_ms: 0,
        note: String::new(),
    })
}

/// They wait for one since then.
fn waiting(id: &str, number: &str, at: Timestamp) -> QueueVisit {
    QueueVisit {
        id: format!("{id}-1"),
        call: CallId::new(id),
        queue: QueueId::new("order"),
        phone: Some(phone(number)),
        customer: None,
        language: Language::Mandarin,
        entered_at: at,
        left: None,
        agent: None,
        is_callback: false,
    }
}

/// Numbers that are to be called back, in the order of their places, and those on the list of missed callers with the reason.
async fn owed(store: &Store) -> (Vec<String>, Vec<(String, MissedKind)>) {
    let backs = store.open_call_backs().await.unwrap().iter().map(|wish| wish.phone.reveal().to_owned()).collect();
    let missed = store.missed(None, 50).await.unwrap();
    (backs, missed.iter().map(|one| (one.phone().reveal().to_owned(), one.caller.kind)).collect())
}

pub async fn c107_who_is_cut_off_by_a_crash_is_called_back_once_or_by_a_person(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.node_starts(&node("a", "a1"), saturday()).await.unwrap();
    let at = |seconds: u32| saturday().after(seconds * SECOND);
    let calls = [
        ringing("talks", "13811110001", at(0)),
        ringing("waits", "13811110002", at(1)),
        ringing("chooses", "13811110003", at(2)),
        ringing("listens", "13811110004", at(3)),
        ringing("ordered", "13811110005", at(4)),
        ringing("called", "13811110006", at(5)),
        // Passed on to another agent: in the queue again while the first part is not written yet.
        ringing("both", "13811110007", at(6)),
    ];
    store.record_calls("a", &calls, &[]).await.unwrap();
    let facts = [
        talking("talks", Some("order"), at(20)),
        Fact::Visit(waiting("waits", "13811110002", at(30))),
        talking("ordered", Some("order"), at(25)),
        // We had called them: no queue.
        talking("called", None, at(26)),
        talking("both", Some("order"), at(27)),
        Fact::Visit(waiting("both", "13811110007", at(40))),
    ];
    store.keep("a", &facts, at(41)).await.unwrap();
    let chosen = cart(&[(18, 2)]);
    store.save_cart("chooses-0", None, Some(&phone("13811110003")), &chosen, "order.next", at(35)).await.unwrap();
    let taken = TakenDown { agent: Some(UserId::new("u-lina")), call: Some(CallId::new("ordered")), ..TakenDown::default() };
    let order = request("k1", "13811110005");
    confirmed(store.place_order_by(&order, dinetone::domain::PlacedVia::Agent, &taken, at(36), &catalogue).await.unwrap());
    // The power goes, and is back a minute later.
    let back = at(100);
    let left = store.node_starts(&node("a", "a2"), back).await.unwrap();
    assert_eq!((left.calls, left.conversations), (7, Recovered { call_backs: 3, missed: 3 }));
    let (backs, missed) = owed(&store).await;
    assert_eq!(backs, ["13811110001", "13811110002", "13811110007"], "who spoke longest is first");
    let cut = |number: &str| (number.to_owned(), MissedKind::CutOff);
    let mut people = missed.clone();
    people.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(people, [cut("13811110003"), cut("13811110005"), cut("13811110006")], "a person calls");
    // The agent who calls sees what was chosen.
    let pop = store.pop(None, Some(&phone("13811110003")), dinetone::domain::Identity::Caller, back).await.unwrap();
    assert_eq!(pop.cart, Some(chosen));
    assert_eq!(store.node_starts(&node("a", "a3"), back.after(SECOND)).await.unwrap(), LeftBehind::default(), "once");
    assert_eq!(owed(&store).await, (backs, missed));
    // Whoever rings again and orders is owed nothing any more.
    for number in ["13811110001", "13811110003"] {
        let mut again = request(number, number);
        again.key = format!("again-{number}");
        confirmed(store.place_order(&again, dinetone::domain::PlacedVia::Keypad, back, &catalogue).await.unwrap());
    }
    let (backs, missed) = owed(&store).await;
    assert_eq!((backs, missed.len()), (vec!["13811110002".to_owned(), "13811110007".to_owned()], 2));
}

pub async fn c107_nobody_is_called_who_has_rung_again_or_is_on_the_line(database: Database) {
    let store = database.store().await;
    store.node_starts(&node("a", "a1"), saturday()).await.unwrap();
    store.node_starts(&node("b", "b1"), saturday()).await.unwrap();
    let at = |seconds: u32| saturday().after(seconds * SECOND);
    // The second one came from node B, which still has them; the third rang B when the line had gone dead.
    store.record_calls("b", &[ringing("first", "13811110002", at(0))], &[]).await.unwrap();
    let calls = [
        ringing("talks", "13811110001", at(1)),
        ringing("handed", "13811110002", at(2)),
        ringing("gone", "13811110003", at(3)),
        ringing("queued", "13811110004", at(4)),
    ];
    store.record_calls("a", &calls, &[]).await.unwrap();
    let facts = [
        talking("talks", Some("order"), at(20)),
        talking("handed", Some("order"), at(21)),
        talking("gone", Some("order"), at(22)),
        Fact::Visit(waiting("queued", "13811110004", at(23))),
    ];
    store.keep("a", &facts, at(23)).await.unwrap();
    let mut over = ringing("again", "13811110003", at(30));
    over.ended_at = Some(at(35));
    over.end = Some(End { by: Party::Caller, reason: Reason::Finished });
    store.record_calls("b", &[], &[(over, Vec::new())]).await.unwrap();
    store.record_calls("b", &[ringing("still", "13811110004", at(31))], &[]).await.unwrap();
    let dead = store.nodes().await.unwrap().remove(0);
    let left = store.node_lost(&dead, at(40)).await.unwrap().expect("nobody else was there");
    assert_eq!(left.conversations, Recovered { call_backs: 1, missed: 0 });
    assert_eq!(owed(&store).await, (vec!["13811110001".to_owned()], Vec::new()));
}

pub async fn c107_a_stop_in_order_owes_the_same_and_a_long_night_calls_nobody_by_surprise(database: Database) {
    let store = database.store().await;
    store.node_starts(&node("a", "a1"), saturday()).await.unwrap();
    let at = |seconds: u32| saturday().after(seconds * SECOND);
    let mut calls = vec![
        ringing("talks", "13811110001", at(0)),
        ringing("waits", "13811110002", at(1)),
        ringing("chooses", "13811110003", at(2)),
        ringing("before", "13811110004", at(3)),
    ];
    store.record_calls("a", &calls, &[]).await.unwrap();
    store
        .keep("a", &[talking("talks", Some("order"), at(20)), Fact::Visit(waiting("waits", "13811110002", at(30)))], at(31))
        .await
        .unwrap();
    for number in ["13811110003", "13811110004"] {
        store.save_cart(&format!("{number}-0"), None, Some(&phone(number)), &cart(&[(18, 2)]), "order.next", at(35)).await.unwrap();
    }
    // All calls are ended at the end of the drain; one caller had hung up before.
    for record in &mut calls {
        let by_us = record.id.as_str() != "before";
        record.ended_at = Some(at(60));
        record.end = Some(if by_us {
            End { by: Party::Us, reason: Reason::RESTARTING }
        } else {
            End { by: Party::Caller, reason: Reason::Finished }
        });
    }
    let ended: Vec<_> = calls.into_iter().map(|record| (record, Vec::new())).collect();
    store.record_calls("a", &[], &ended).await.unwrap();
    let left = store.node_leaves("a", "a1", at(62)).await.unwrap();
    assert_eq!((left.calls, left.conversations), (0, Recovered { call_backs: 2, missed: 1 }));
    let (backs, missed) = owed(&store).await;
    assert_eq!(backs, ["13811110001", "13811110002"]);
    assert_eq!(missed, [("13811110003".to_owned(), MissedKind::CutOff)]);
    let story = store.call_story("waits").await.unwrap().unwrap();
    assert_eq!(story.visits[0].left, Some((at(62), QueueOutcome::Interrupted)), "nobody gave up");
    assert_eq!(store.node_leaves("a", "a1", at(63)).await.unwrap(), LeftBehind::default(), "once");
    assert_eq!(store.node_starts(&node("a", "a2"), at(70)).await.unwrap(), LeftBehind::default(), "nothing is left for the start");
    assert_eq!(store.node_leaves("a", "a2", at(75)).await.unwrap(), LeftBehind::default(), "a second stop owes nothing for the first");
    store.node_starts(&node("a", "a3"), at(78)).await.unwrap();
    // A night later nobody is rung up about a talk of yesterday: a person calls.
    store.record_calls("a", &[ringing("late", "13811110009", at(80))], &[]).await.unwrap();
    store.keep("a", &[talking("late", Some("order"), at(90))], at(90)).await.unwrap();
    let left = store.node_starts(&node("a", "a4"), at(80).after(600 * MINUTE)).await.unwrap();
    assert_eq!(left.conversations, Recovered { call_backs: 0, missed: 1 });
}

/// Another node calls back whom a stop in order cut off: at once and by itself, not when it is started again.
pub async fn c107_another_node_dials_whom_a_stop_in_order_cut_off(database: Database) {
    let store = database.store().await;
    let now = || Timestamp::from(dinetone::server::clock::now().wall);
    store.node_starts(&node("a", "a1"), now()).await.unwrap();
    let mut call = ringing("talks", "13811110001", now());
    store.record_calls("a", std::slice::from_ref(&call), &[]).await.unwrap();
    store.keep("a", &[talking("talks", Some("order"), now())], now()).await.unwrap();
    let (inbox, mut dialled) = tokio::sync::mpsc::channel(16);
    let other = node("b", "b1");
    store.node_starts(&other, now()).await.unwrap();
    let member = dinetone::server::cluster::Member {
        store: store.clone(),
        node: other,
        lost_after: 5 * SECOND,
        inbox,
        taken: std::sync::Arc::default(),
    };
    let life = tokio::spawn(dinetone::server::cluster::run(member));
    // It has given two signs, and looked round between them: it has seen the other alive.
    let sign = async || store.nodes().await.unwrap().into_iter().find(|node| node.name == "b").unwrap().seen_at;
    let mut last = sign().await;
    for _ in 0..2 {
        tokio::time::timeout(20 * SECOND, async {
            while sign().await == last {
                tokio::time::sleep(SECOND / 20).await;
            }
        })
        .await
        .unwrap();
        last = sign().await;
    }
    assert!(dialled.try_recv().is_err(), "nobody is owed a call yet");
    call.ended_at = Some(now());
    call.end = Some(End { by: Party::Us, reason: Reason::RESTARTING });
    store.record_calls("a", &[], &[(call, Vec::new())]).await.unwrap();
    assert_eq!(store.node_leaves("a", "a1", now()).await.unwrap().conversations.call_backs, 1);
    let input = tokio::time::timeout(10 * SECOND, dialled.recv()).await.unwrap().unwrap();
    let dinetone::centre::Input::CallBacks(owed) = input else { panic!("something else was wanted") };
    assert_eq!(owed.iter().map(|wish| wish.phone.reveal()).collect::<Vec<_>>(), ["13811110001"]);
    // Said once: two more signs of life, and nothing is dialled again.
    tokio::time::sleep(5 * SECOND / 2).await;
    assert!(dialled.try_recv().is_err(), "once");
    life.abort();
}
