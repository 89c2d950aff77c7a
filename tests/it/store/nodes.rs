//! Several programs on one store: each lives under its own name, and what a dead one left is put right once.

use std::time::Duration;

use dinetone::domain::{CallBack, CallBackStatus, CallId, Language, QueueId};
use dinetone::store::{LeftBehind, Sign};

use super::calls::call;
use super::kit::{DAY, Database, MINUTE, branch, confirmed, node, phone, place, request, saturday};

const SECOND: Duration = Duration::from_secs(1);

pub async fn a_dead_nodes_work_is_taken_over_once_and_a_sleeper_finds_out(database: Database) {
    let (one, _) = database.shop().await;
    let other = database.store().await;
    assert_eq!(one.node_starts(&node("a", "a1"), saturday()).await.unwrap(), LeftBehind::default());
    other.node_starts(&node("b", "b1"), saturday()).await.unwrap();
    one.record_calls("a", &[call("c1", saturday())], &[]).await.unwrap();
    other.record_calls("b", &[call("c2", saturday())], &[]).await.unwrap();
    // Somebody is being called back by the node that dies.
    let wish = CallBack {
        id: "w1".into(),
        phone: phone("13811118888"),
        customer: None,
        queue: QueueId::new("order"),
        language: Language::Mandarin,
        call: Some(CallId::new("c0")),
        since: saturday(),
        not_before: saturday(),
        not_after: None,
        tries: 0,
        status: CallBackStatus::Wanted,
    };
    one.keep_call_back(&wish, "asked", saturday()).await.unwrap();
    assert!(one.claim_call_back("w1", "a", saturday().after(90 * SECOND), saturday()).await.unwrap());
    let seen = one.nodes().await.unwrap();
    assert_eq!(seen.iter().map(|node| (node.name.as_str(), node.is_up())).collect::<Vec<_>>(), [("a", true), ("b", true)]);
    // A sign that came meanwhile: nobody takes anything over.
    let now = saturday().after(10 * SECOND);
    assert_eq!(one.node_lives("a", "a1", now).await.unwrap(), Sign::Given);
    assert_eq!(other.node_lost(&seen[0], now).await.unwrap(), None);
    // Silence; two nodes notice it at once, one of them acts.
    let seen = other.nodes().await.unwrap();
    let now = saturday().after(MINUTE);
    let third = database.store().await;
    let (first, second) = tokio::join!(other.node_lost(&seen[0], now), third.node_lost(&seen[0], now));
    let taken: Vec<LeftBehind> = [first.unwrap(), second.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].calls, taken[0].conversations.call_backs), (1, 1));
    assert!(one.call("c1").await.unwrap().unwrap().record.end.is_some());
    assert!(one.call("c2").await.unwrap().unwrap().record.end.is_none(), "the living node's own");
    assert!(!other.nodes().await.unwrap()[0].is_up());
    // It was only asleep: what it had claimed is not its own any more.
    assert!(!one.call_back_reached("w1", "a", now).await.unwrap());
    assert!(other.claim_call_back("w1", "b", now.after(90 * SECOND), now).await.unwrap());
    assert_eq!(one.node_lives("a", "a1", now).await.unwrap(), Sign::WasLost);
    assert_eq!(one.node_lives("a", "a1", now).await.unwrap(), Sign::Given);
    // Another process under the same name: the older one has to go.
    assert_eq!(third.node_starts(&node("a", "a2"), now).await.unwrap(), LeftBehind::default());
    assert_eq!(one.node_lives("a", "a1", now).await.unwrap(), Sign::Taken);
    // Stopped in order is not lost.
    third.node_leaves("a", "a2", now).await.unwrap();
    let seen = other.nodes().await.unwrap();
    assert!(!seen[0].is_up());
    assert_eq!(other.node_lost(&seen[0], now.after(DAY)).await.unwrap(), None);
}

pub async fn c82_a_branch_that_a_dead_node_was_calling_is_rung_at_once_by_another(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.node_starts(&node("a", "a1"), saturday()).await.unwrap();
    let (order, _) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    assert!(store.want_branch_call(&order, saturday()).await.unwrap());
    assert_eq!(store.claim_branch_calls("a", saturday()).await.unwrap().len(), 1);
    let now = saturday().after(20 * SECOND);
    assert!(store.claim_branch_calls("b", now).await.unwrap().is_empty(), "the other one rings them");
    let seen = store.nodes().await.unwrap();
    let left = store.node_lost(&seen[0], now).await.unwrap().expect("nobody else was there");
    assert_eq!(left.branch_calls, 1);
    let again = store.claim_branch_calls("b", now).await.unwrap();
    assert_eq!((again.len(), again[0].branch), (1, branch(1)));
    // What the dead one would still say, had it only slept, changes an order that is still open, and nothing twice.
    assert!(store.branch_answers(&again[0].id, &order, branch(1), true, now).await.unwrap());
    assert!(!store.branch_answers(&again[0].id, &order, branch(1), true, now.after(SECOND)).await.unwrap());
}
