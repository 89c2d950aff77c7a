//! Thinks of customers whom a rule of `[[care]]` is about (C97); the store knows who was thought of, so that a restart and a second node
//! do not think of anybody twice.

use std::time::Duration;

use super::clock;
use crate::domain::{CareRule, Timestamp};
use crate::store::{Cared, Store};

/// Days are waited for: a look now and then is often enough.
const OFTEN: Duration = Duration::from_secs(300);

/// Runs for as long as the program does.
pub async fn run(store: Store, rules: Vec<CareRule>) {
    loop {
        for rule in &rules {
            match store.care(rule, Timestamp::from(clock::now().wall)).await {
                Ok(cared) if cared == Cared::default() => {}
                Ok(cared) => {
                    for (how, count) in [("task", cared.tasks), ("message", cared.messages), ("skipped", cared.skipped)] {
                        metrics::counter!("dinetone_care_total", "rule" => rule.name.clone(), "how" => how).increment(count);
                    }
                    tracing::info!(
                        rule = rule.name,
                        "{} customer(s) are to be called, {} were sent a message, {} want neither",
                        cared.tasks,
                        cared.messages,
                        cared.skipped
                    );
                }
                Err(error) => {
                    metrics::counter!("dinetone_store_errors_total", "verb" => "care").increment(1);
                    tracing::debug!("care waits for the store: {error}");
                }
            }
        }
        tokio::time::sleep(OFTEN).await;
    }
}
