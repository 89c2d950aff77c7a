//! Looks for tickets whose deadline has passed; the store keeps the deadlines, so that a restart and a second node do too.

use std::time::Duration;

use super::clock;
use crate::domain::Timestamp;
use crate::store::Store;

const OFTEN: Duration = Duration::from_secs(5);

/// Runs for as long as the program does.
pub async fn run(store: Store) {
    loop {
        match store.escalate_tickets(Timestamp::from(clock::now().wall)).await {
            Ok(0) => {}
            Ok(escalated) => {
                metrics::counter!("dinetone_tickets_escalated_total").increment(escalated as u64);
                tracing::warn!("{escalated} ticket(s) were not closed in time");
            }
            Err(error) => {
                metrics::counter!("dinetone_store_errors_total", "verb" => "escalate_tickets").increment(1);
                tracing::debug!("deadlines of tickets wait for the store: {error}");
            }
        }
        tokio::time::sleep(OFTEN).await;
    }
}
