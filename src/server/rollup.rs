//! Adds up days that are over, so that reports over a year stay quick; a few at a time, so that calls do not notice.

use std::time::Duration;

use super::clock;
use crate::domain::Timestamp;
use crate::store::Store;

/// Days of one turn.
const DAYS: usize = 4;
/// Between two turns when more days wait, and when none does.
const NEXT: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_secs(60);

/// Runs for as long as the program does.
pub async fn run(store: Store) {
    loop {
        let begin = clock::now();
        let done = match store.roll_reports(DAYS, Timestamp::from(begin.wall)).await {
            Ok(done) => done,
            Err(error) => {
                metrics::counter!("dinetone_store_errors_total", "verb" => "roll_reports").increment(1);
                tracing::warn!("days were not added up for reports, which are slower until they are: {error}");
                0
            }
        };
        if done > 0 {
            metrics::counter!("dinetone_report_days_total").increment(done as u64);
            tracing::debug!("{done} day(s) were added up in {} ms", (clock::now().instant - begin.instant).as_millis());
        }
        tokio::time::sleep(if done == DAYS { NEXT } else { REST }).await;
    }
}
