//! Logs and metrics: structured lines with one span per call, and numbers that an operator can read.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait for whoever reads standard error; a reader that stops costs lines, never calls.
const WAITING_LINES: usize = 16_384;

/// Starts logging to standard error, by a thread of its own. The guard writes what is left when it is dropped.
///
/// # Errors
/// When the filter cannot be read, with what is wrong in it.
pub fn start_logging(level: &str, json: bool) -> Result<WorkerGuard, String> {
    // What the database's driver says of itself, again and again while the database is away, we say once.
    let directives = if level.contains("sqlx") || level == "off" { level.to_owned() } else { format!("{level},sqlx=error") };
    let filter =
        EnvFilter::try_new(&directives).map_err(|error| format!("log.level {level:?}: {error}; write a filter such as \"info\""))?;
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES).finish(std::io::stderr());
    let base =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(std::io::stderr().is_terminal()).with_target(false);
    let result = if json { base.json().flatten_event(true).with_current_span(true).try_init() } else { base.compact().try_init() };
    // A second start in one process (tests) keeps the first.
    drop(result);
    Ok(guard)
}

/// Starts counting; the handle prints what was counted for `/metrics`.
///
/// # Errors
/// When another recorder is installed already.
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".into()),
            &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0],
        )
        .map_err(|error| error.to_string())?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
    describe();
    Ok(handle)
}

/// One line for each number, shown by `/metrics`.
fn describe() {
    for (name, what) in [
        ("dinetone_calls_total", "Calls that ended, by party and reason"),
        ("dinetone_calls", "Calls that are up"),
        ("dinetone_keys_total", "Key presses, by source"),
        ("dinetone_prompts_total", "Utterances begun"),
        ("dinetone_prompts_missing_total", "Prompts that were asked for and not there"),
        ("dinetone_orders_total", "Orders confirmed by keypad"),
        ("dinetone_refused_total", "SIP messages refused or dropped, by reason"),
        ("dinetone_task_panics_total", "Background tasks that panicked"),
        ("dinetone_call_faults_total", "Calls ended by a fault of ours"),
        ("dinetone_replies_lost_total", "Inputs that found the brain's queue full"),
    ] {
        if name.ends_with("_total") {
            metrics::describe_counter!(name, what);
        } else {
            metrics::describe_gauge!(name, what);
        }
    }
    for (name, what) in [
        ("dinetone_store_seconds", "Time of one store request, by verb"),
        ("dinetone_sip_turn_seconds", "Time the brain needed for one round of inputs"),
    ] {
        metrics::describe_histogram!(name, metrics::Unit::Seconds, what);
    }
    metrics::describe_gauge!("dinetone_trunk_up", "1 while a trunk is up");
    metrics::describe_gauge!("dinetone_tasks", "Background tasks that live, by name");
}
