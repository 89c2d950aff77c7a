//! Follows the journal: what any node writes reaches this node's boards, printers, webhooks and telephones, once and in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::nats::Wire;
use crate::store::{News, Store};

/// How often other nodes' entries are looked for when nobody tells of them; this node's own are told at once.
const LOOK: Duration = Duration::from_millis(500);
/// Entries that are read at once.
const PAGE: u32 = 500;

/// Between two looks at least.
const BREATH: Duration = Duration::from_millis(50);

/// Rests until this process has written something; until it is time to look for what others wrote, and for what is due by the
/// clock, when it has not.
pub(super) async fn rest(store: &Store, written: &mut watch::Receiver<()>, look: Duration) {
    tokio::time::sleep(BREATH).await;
    let _ = tokio::time::timeout(store.rest(look), written.changed()).await;
}

/// Tells every entry that is written from now on; the other nodes are told that there is something.
pub async fn follow(store: Store, news: News, wire: Wire) {
    let mut committed = store.news();
    let mut last = loop {
        match store.journal_last().await {
            Ok(last) => break last,
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    };
    loop {
        tokio::select! {
            _ = committed.changed() => wire.tell.notify_one(),
            () = wire.heard.notified() => {}
            () = tokio::time::sleep(store.rest(LOOK)) => {}
        }
        // While the store is away nothing is lost: it is read from here on when it is back.
        while let Ok(entries) = store.journal_after(last, PAGE).await {
            let more = entries.len() == PAGE as usize;
            for entry in entries {
                last = entry.seq;
                metrics::counter!("dinetone_journal_entries_total", "kind" => entry.kind.clone()).increment(1);
                let _ = news.send(Arc::new(entry));
            }
            if !more {
                break;
            }
        }
    }
}
