//! Starts every task by one door: with a name, a count of the living, and a line when one panics.

use std::future::Future;

use tokio::task::JoinHandle;
use tracing::Instrument;

/// Runs `future` in the background. A panic in it is reported and counted, and ends that task only.
#[expect(clippy::disallowed_methods, reason = "this is the file that starts tasks")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<Option<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    metrics::gauge!("dinetone_tasks", "task" => name).increment(1.0);
    tokio::spawn(
        async move {
            let inner = tokio::spawn(future.in_current_span());
            let result = inner.await;
            metrics::gauge!("dinetone_tasks", "task" => name).decrement(1.0);
            match result {
                Ok(output) => Some(output),
                Err(error) => {
                    if error.is_panic() {
                        metrics::counter!("dinetone_task_panics_total", "task" => name).increment(1);
                        tracing::error!(task = name, "a task panicked: {error}");
                    }
                    None
                }
            }
        }
        .in_current_span(),
    )
}
