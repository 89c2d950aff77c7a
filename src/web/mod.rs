//! What is seen over HTTP: health, metrics, and the live calls for the command line on this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::bus::Query;
use crate::store::Store;
use crate::wire;

/// What the pages read.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub queries: mpsc::Sender<Query>,
    pub metrics: PrometheusHandle,
    /// Set when a stop was asked for: a balancer should send no more calls.
    pub stopping: Arc<AtomicBool>,
    /// What the command line shows to prove that it may read the data folder.
    pub token: Arc<str>,
}

/// Problem details (RFC 9457).
#[derive(Debug, Serialize)]
struct Problem {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
}

/// One problem as an answer; its name is listed in `docs/api.md`.
fn problem(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Response {
    let body = Problem { r#type: format!("/problems/{}", title.replace(' ', "-")), title, status: status.as_u16(), detail: detail.into() };
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(body)).into_response()
}

/// All routes.
pub fn routes(web: Web) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(async |State(web): State<Web>| web.metrics.render()))
        .route("/api/live/calls", get(live_calls))
        .route("/api/live/calls/{id}", get(live_call))
        .fallback(async || problem(StatusCode::NOT_FOUND, "not found", "there is nothing at this address"))
        .layer(from_fn(headers))
        .with_state(web)
}

/// The usual headers: nothing is framed, sniffed or cached.
async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

async fn front() -> &'static str {
    "Dinetone is running.\n\n/healthz  the process lives\n/readyz   calls are taken: store, media and SIP are there\n/metrics  numbers for Prometheus\n"
}

/// Ready: the store answers within a second and no stop was asked for.
async fn ready(State(web): State<Web>) -> Response {
    if web.stopping.load(Ordering::Relaxed) {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is finishing its calls and takes no new ones");
    }
    match tokio::time::timeout(Duration::from_secs(1), web.store.ready()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return problem(StatusCode::SERVICE_UNAVAILABLE, "store away", error.to_string()),
        Err(_) => return problem(StatusCode::SERVICE_UNAVAILABLE, "store slow", "the store did not answer within a second"),
    }
    let (answer, health) = oneshot::channel();
    if web.queries.send(Query::Health { answer }).await.is_err() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the call centre has stopped");
    }
    match tokio::time::timeout(Duration::from_secs(1), health).await {
        Ok(Ok((calls, trunks))) => {
            Json(wire::Ready { ready: true, calls, trunks: trunks.into_iter().map(|(name, up)| wire::Trunk { name, up }).collect() })
                .into_response()
        }
        _ => problem(StatusCode::SERVICE_UNAVAILABLE, "busy", "the call centre did not answer within a second"),
    }
}

async fn live_calls(State(web): State<Web>, headers: HeaderMap) -> Response {
    live(web, &headers, None).await
}

async fn live_call(State(web): State<Web>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    live(web, &headers, Some(id)).await
}

async fn live(web: Web, headers: &HeaderMap, only: Option<String>) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    if !shown.is_some_and(|shown| same(shown.as_bytes(), web.token.as_bytes())) {
        return problem(StatusCode::UNAUTHORIZED, "sign in", "show the token that lies in the data folder");
    }
    let (answer, live) = oneshot::channel();
    let one = only.is_some();
    if web.queries.send(Query::Live { only, answer }).await.is_err() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the call centre has stopped");
    }
    let Ok(live) = live.await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the call centre has stopped");
    };
    let calls: Vec<wire::Call> = live.iter().map(|call| wire::Call::live(&call.record, &call.node, &call.steps)).collect();
    match (one, calls.into_iter().next()) {
        (true, Some(call)) => Json(call).into_response(),
        (true, None) => problem(StatusCode::NOT_FOUND, "not found", "no live call has this id"),
        (false, _) => Json(live.iter().map(|call| wire::Call::live(&call.record, &call.node, &[])).collect::<Vec<_>>()).into_response(),
    }
}

/// Compares in the same time wherever the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
