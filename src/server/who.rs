//! Who calls: asked of the store for a group of callers at once. What comes within a moment goes together.

use std::time::Duration;

use tokio::sync::mpsc;

use super::clock;
use crate::call::request::{Reply, StoreRequest};
use crate::centre::Input;
use crate::domain::PhoneNumber;
use crate::store::Store;

/// Callers that wait; beyond that a call begins without knowing who calls.
pub const QUEUE: usize = 4096;
/// Callers of one group.
const GROUP: usize = crate::store::MOST_PHONES;
/// How long a group waits for more: each way to the store and back costs more than the look itself.
const GATHER: Duration = Duration::from_millis(3);
/// A call begins without an answer long before that.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks up until the last sender has gone. Strangers, most callers of a busy line, are done with one statement for the group;
/// whoever is known gets a look of their own, by `look`.
pub async fn run(
    store: Store,
    inbox: mpsc::Sender<Input>,
    look: impl Fn(StoreRequest) + Send,
    mut callers: mpsc::Receiver<(u64, PhoneNumber)>,
) {
    let mut group = Vec::new();
    while callers.recv_many(&mut group, GROUP).await > 0 {
        tokio::time::sleep(GATHER).await;
        while group.len() < GROUP
            && let Ok(caller) = callers.try_recv()
        {
            group.push(caller);
        }
        let phones: Vec<&PhoneNumber> = group.iter().map(|(_, phone)| phone).collect();
        let started = clock::now().instant;
        let known = match tokio::time::timeout(PATIENCE, store.known_phones(&phones)).await {
            Ok(Ok(known)) => Some(known),
            Ok(Err(error)) => {
                tracing::error!(verb = "who", "the store could not tell who calls: {error}");
                None
            }
            Err(_) => None,
        };
        metrics::histogram!("dinetone_store_seconds", "verb" => "who")
            .record(clock::now().instant.saturating_duration_since(started).as_secs_f64());
        if known.is_none() {
            metrics::counter!("dinetone_store_errors_total", "verb" => "who").increment(1);
        }
        for (call, caller) in group.drain(..) {
            let reply = match &known {
                Some(known) if known.contains(caller.reveal()) => {
                    look(StoreRequest::Who { call, caller });
                    continue;
                }
                Some(_) => Reply::Who(Some(Box::default())),
                None => Reply::Who(None),
            };
            let _ = inbox.send(Input::Reply { call, reply }).await;
        }
    }
}
