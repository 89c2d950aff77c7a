//! Adds up days that are over, so that reports over a year stay quick; one at a time with pauses, so that calls do not notice.

use std::time::Duration;

use super::clock;
use crate::domain::Timestamp;
use crate::store::Store;

/// Between two looks when no day waits.
const REST: Duration = Duration::from_secs(60);
/// After a day at least.
const BREATH: Duration = Duration::from_millis(20);

/// Runs for as long as the program does.
pub async fn run(store: Store) {
    loop {
        let begin = clock::now();
        let done = match store.roll_reports(1, Timestamp::from(begin.wall)).await {
            Ok(done) => done,
            Err(error) => {
                metrics::counter!("dinetone_store_errors_total", "verb" => "roll_reports").increment(1);
                tracing::warn!("days were not added up for reports, which are slower until they are: {error}");
                0
            }
        };
        let took = clock::now().instant - begin.instant;
        if done > 0 {
            metrics::counter!("dinetone_report_days_total").increment(done as u64);
            tracing::debug!("a day was added up in {} ms", took.as_millis());
        }
        // As long as it took: half of one disk and one core at most.
        tokio::time::sleep(if done > 0 { took.max(BREATH) } else { REST }).await;
    }
}
