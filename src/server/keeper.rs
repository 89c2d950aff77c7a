//! Writes down conversations with people, in order and in groups; while the store is away they wait.

use std::time::Duration;

use tokio::sync::mpsc;

use super::clock;
use crate::domain::{Fact, Timestamp};
use crate::store::{Store, StoreError};

/// Facts that wait for the store: hours of a busy floor.
pub const QUEUE: usize = 65_536;
/// Facts of one group.
const GROUP: usize = 64;
/// Between two tries while the store is away.
const PAUSE: Duration = Duration::from_millis(500);
/// How long facts are tried once nobody needs us any more.
const LAST_TRIES: u32 = 10;

/// Writes until the last sender has gone and all is written.
pub async fn run(store: Store, node: String, mut facts: mpsc::Receiver<Fact>) {
    let mut group = Vec::new();
    while facts.recv_many(&mut group, GROUP).await > 0 {
        let (mut warned, mut last_tries) = (false, 0);
        while !group.is_empty() {
            let Err(error) = store.keep(&node, &group, Timestamp::from(clock::now().wall)).await else {
                group.clear();
                break;
            };
            metrics::counter!("dinetone_store_errors_total", "verb" => "keep").increment(1);
            if !matches!(error, StoreError::Unavailable(_)) {
                one_by_one(&store, &node, &mut group).await;
                continue;
            }
            if !std::mem::replace(&mut warned, true) {
                tracing::error!("{} fact(s) about conversations wait for the store: {error}", group.len());
            }
            if facts.is_closed() {
                last_tries += 1;
                if last_tries > LAST_TRIES {
                    tracing::error!("{} fact(s) about conversations were lost at the end", group.len());
                    group.clear();
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// One fact that the store refuses must not take the others with it. What is left waits for the store.
async fn one_by_one(store: &Store, node: &str, group: &mut Vec<Fact>) {
    let mut rest = std::mem::take(group).into_iter();
    for fact in rest.by_ref() {
        match store.keep(node, std::slice::from_ref(&fact), Timestamp::from(clock::now().wall)).await {
            Ok(()) => {}
            Err(StoreError::Unavailable(_)) => {
                group.push(fact);
                break;
            }
            Err(error) => tracing::error!("a fact about a conversation was refused: {error}"),
        }
    }
    group.extend(rest);
}
