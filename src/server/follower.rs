//! Follows the journal: what any node writes reaches this node's boards, printers, webhooks and telephones, once and in order.

use std::sync::Arc;
use std::time::Duration;

use crate::store::{News, Store};

/// How often other nodes' entries are looked for; this node's own are told at once.
const LOOK: Duration = Duration::from_millis(500);
/// Entries that are read at once.
const PAGE: u32 = 500;

/// Tells every entry that is written from now on.
pub async fn follow(store: Store, news: News) {
    let committed = store.news();
    let mut last = loop {
        match store.journal_last().await {
            Ok(last) => break last,
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    };
    loop {
        tokio::select! {
            () = committed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
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
