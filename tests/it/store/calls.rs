//! Call records: their path, their end, and many at a time.

use std::time::Duration;

use dinetone::domain::{
    CallId, CallRecord, Disposition, End, KeySource, OrderNumber, Party, QueueId, Reason, Step, StepKind, Timestamp, UserId, WrapUp,
};
use dinetone::store::CallFilter;

use super::kit::{Database, node, phone, saturday};

/// A call by the main line that has just arrived.
pub fn call(id: &str, arrived_at: Timestamp) -> CallRecord {
    CallRecord {
        trunk: "main".into(),
        caller: Some(phone("13800138000")),
        dialled: "1000".into(),
        ..CallRecord::arrived(CallId::new(id), format!("{id}@trunk"), arrived_at)
    }
}

pub fn ended(mut record: CallRecord) -> CallRecord {
    record.answered_at = Some(record.arrived_at.after(Duration::from_millis(20)));
    record.ended_at = Some(record.arrived_at.after(Duration::from_secs(30)));
    record.end = Some(End { by: Party::Caller, reason: Reason::Finished });
    (record.codec, record.order, record.keys, record.packets_in) = (Some("PCMA".into()), Some(OrderNumber::new("2611210001")), 19, 1500);
    (record.queue, record.agent, record.waited_ms) = (Some(QueueId::new("order")), Some(UserId::new("u1")), 7000);
    record
}

pub async fn a_call_keeps_its_path_and_how_it_ended(database: Database) {
    let store = database.store().await;
    let begun = call("c1", saturday());
    store.record_calls("n1", std::slice::from_ref(&begun), &[]).await.unwrap();
    let open = store.call("c1").await.unwrap().unwrap();
    assert_eq!((&open.record, open.steps.len(), open.node.as_str()), (&begun, 0, "n1"));
    let steps = vec![
        Step { at: saturday(), kind: StepKind::Arrived },
        Step { at: saturday().after(Duration::from_secs(2)), kind: StepKind::Key { key: '·', source: KeySource::Event } },
        Step { at: saturday().after(Duration::from_secs(30)), kind: StepKind::Ended(End { by: Party::Caller, reason: Reason::Finished }) },
    ];
    let done = ended(begun);
    store.record_calls("n1", &[], &[(done.clone(), steps.clone())]).await.unwrap();
    let by_sip = store.call("c1@trunk").await.unwrap().unwrap();
    assert_eq!((by_sip.record, by_sip.steps), (done.clone(), steps));
    assert_eq!(store.call_story("c1").await.unwrap().unwrap().orders, [OrderNumber::new("2611210001")], "the order that was keyed in it");
    // How it was summed up comes later, and stays when the end is written once more.
    let summed_up = WrapUp {
        call: done.id.clone(),
        agent: UserId::new("u1"),
        agent_name: "李娜".into(),
        customer: None,
        phone: None,
        disposition: Disposition::new(10),
        note: String::new(),
        order: None,
        follow: String::new(),
    };
    store.record_wrap_up(&summed_up, saturday().after(Duration::from_secs(60))).await.unwrap();
    store.record_calls("n1", &[], &[(done.clone(), Vec::new())]).await.unwrap();
    let record = store.call("c1").await.unwrap().unwrap().record;
    assert_eq!((record.disposition, record.queue, record.waited_ms), (Disposition::new(10), done.queue.clone(), 7000));
    // A start that is written late does not open it again.
    store.record_calls("n1", &[call("c1", saturday())], &[]).await.unwrap();
    assert!(store.calls(&CallFilter { open: true, ..CallFilter::default() }).await.unwrap().is_empty());
    assert!(store.call("nobody").await.unwrap().is_none());
}

pub async fn calls_left_open_are_closed_with_their_true_start(database: Database) {
    let store = database.store().await;
    store.record_calls("n1", &[call("a", saturday()), call("b", saturday())], &[]).await.unwrap();
    store.record_calls("n2", &[call("c", saturday())], &[]).await.unwrap();
    store.record_calls("n1", &[], &[(ended(call("b", saturday())), Vec::new())]).await.unwrap();
    let later = saturday().after(Duration::from_secs(600));
    assert_eq!(store.node_starts(&node("n1", "second"), later).await.unwrap().calls, 1);
    assert_eq!(store.node_starts(&node("n1", "third"), later).await.unwrap().calls, 0);
    let closed = store.call("a").await.unwrap().unwrap().record;
    assert_eq!(
        (closed.arrived_at, closed.ended_at, closed.end.map(|end| end.reason)),
        (saturday(), Some(later), Some(Reason::Interrupted))
    );
    assert_eq!(store.calls(&CallFilter { open: true, ..CallFilter::default() }).await.unwrap().len(), 1, "another node's call is its own");
}

pub async fn thousands_of_short_calls_in_one_batch(database: Database) {
    let store = database.store().await;
    let records: Vec<CallRecord> =
        (0..1111).map(|place| call(&format!("c{place:04}"), saturday().after(Duration::from_millis(place)))).collect();
    store.record_calls("n1", &records, &[]).await.unwrap();
    let done: Vec<_> = records.into_iter().map(|record| (ended(record), vec![Step { at: saturday(), kind: StepKind::Arrived }])).collect();
    store.record_calls("n1", &[], &done).await.unwrap();
    let latest = store.calls(&CallFilter { limit: 2000, ..CallFilter::default() }).await.unwrap();
    assert_eq!((latest.len(), latest[0].record.id.as_str()), (1111, "c1110"));
    let since = CallFilter { since: Some(saturday().after(Duration::from_millis(1100))), ..CallFilter::default() };
    assert_eq!(store.calls(&since).await.unwrap().len(), 11);
    store.record_calls("n1", &[], &[]).await.unwrap();
}

/// Calls of one millisecond have an order, too: none is told twice, none left out.
pub async fn c103_a_list_of_calls_goes_on_behind_the_last_one_that_is_known(database: Database) {
    let store = database.store().await;
    let records: Vec<CallRecord> =
        (0..7).map(|place| call(&format!("c{place}"), saturday().after(Duration::from_millis(place / 3)))).collect();
    store.record_calls("n1", &records, &[]).await.unwrap();
    let (mut told, mut after) = (Vec::new(), None);
    loop {
        let page = store.calls(&CallFilter { limit: 2, after: after.take(), ..CallFilter::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.record.id.clone());
        told.extend(page.into_iter().map(|call| call.record.id.to_string()));
    }
    assert_eq!(told, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
    let until = CallFilter { until: Some(saturday().after(Duration::from_millis(1))), ..CallFilter::default() };
    assert_eq!(store.calls(&until).await.unwrap().len(), 3);
    let unknown = CallFilter { after: Some(CallId::new("c9")), ..CallFilter::default() };
    assert!(store.calls(&unknown).await.unwrap().is_empty());
}
