//! Writes call records in groups: what comes within a moment, and while the last group was written, goes together.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;

use super::alarm::{Alarm, held};
use super::clock;
use crate::call::request::Reply;
use crate::centre::Input;
use crate::domain::{CallRecord, Step};
use crate::store::Store;

/// Records that wait for the store; at five thousand calls a second this bridges some seconds.
pub const QUEUE: usize = 32_768;
/// Records of one group.
const GROUP: usize = 512;
/// How long a group waits for more: a transaction costs as much as twenty rows. A call is answered so much later.
const GATHER: Duration = Duration::from_millis(4);
/// Between two tries while the store is away.
const PAUSE: Duration = Duration::from_millis(500);

static NOT_BEGUN: Alarm = Alarm::new();

/// One thing to write.
#[derive(Debug)]
pub enum Entry {
    /// Answered by `Reply::Started`.
    Started(u64, Box<CallRecord>),
    Ended(Box<CallRecord>, Vec<Step>),
}

/// Writes until the last sender has gone and all is written.
pub async fn run(store: Store, node: String, inbox: mpsc::Sender<Input>, mut entries: mpsc::Receiver<Entry>) {
    let mut group = Vec::new();
    while entries.recv_many(&mut group, GROUP).await > 0 {
        if group.len() < GROUP {
            tokio::time::sleep(GATHER).await;
        }
        while group.len() < GROUP
            && let Ok(entry) = entries.try_recv()
        {
            group.push(entry);
        }
        let (mut started, mut calls, mut ended) = (HashMap::new(), Vec::new(), Vec::new());
        for entry in group.drain(..) {
            match entry {
                Entry::Started(call, record) => {
                    calls.push(call);
                    started.insert(record.id.clone(), *record);
                }
                Entry::Ended(record, steps) => {
                    // Begun and ended within one group: one write tells both.
                    started.remove(&record.id);
                    ended.push((*record, steps));
                }
            }
        }
        let started: Vec<CallRecord> = started.into_values().collect();
        let mut outcome = store.record_calls(&node, &started, &ended).await;
        for call in calls {
            let _ = inbox.send(Input::Reply { call, reply: Reply::Started }).await;
        }
        if let Err(error) = &outcome
            && !started.is_empty()
        {
            // Those calls go on; their records are written whole when they end.
            if let Some(more) = NOT_BEGUN.due(clock::now().instant) {
                tracing::warn!("{} begun call(s) could not be written: {error}{}", started.len(), held(more));
            }
            metrics::counter!("dinetone_store_errors_total", "verb" => "calls_started").increment(1);
        }
        let mut warned = false;
        while let Err(error) = &outcome
            && !ended.is_empty()
        {
            metrics::counter!("dinetone_store_errors_total", "verb" => "calls_ended").increment(1);
            if !std::mem::replace(&mut warned, true) {
                tracing::error!("{} call record(s) wait for the store: {error}", ended.len());
            }
            if entries.is_closed() {
                tracing::error!("{} call record(s) were lost at the end", ended.len());
                break;
            }
            tokio::time::sleep(PAUSE).await;
            outcome = store.record_calls(&node, &[], &ended).await;
        }
    }
}
