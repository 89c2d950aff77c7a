//! What balancers, Prometheus and the command line of this machine ask: health, numbers, live calls.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;

use super::problem::{Answer, Problem};
use super::routes::Routes;
use super::{Web, viewer};
use crate::bus::Query;
use crate::wire;

/// Their routes.
pub fn routes() -> Routes {
    Routes::default()
        .get("/healthz", healthz)
        .get("/readyz", ready)
        .get("/metrics", metrics)
        .get("/api/live/calls", live_calls)
        .get("/api/live/calls/{id}", live_call)
}

/// The process lives; `X-Dinetone-Node` says which.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "it lives", body = String)))]
pub(super) async fn healthz(State(web): State<Web>) -> Response {
    ([("x-dinetone-node", web.node.to_string())], "ok\n").into_response()
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "Prometheus text", body = String)))]
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], web.metrics.render()).into_response()
}

/// Ready: the store answers within a second and can be written, and no stop was asked for.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "calls are taken"), (status = 503, description = "why not, as a problem")))]
pub(super) async fn ready(State(web): State<Web>) -> Answer<Response> {
    if web.stopping.load(Ordering::Relaxed) {
        return Err(Problem::new("stopping", "the server is finishing its calls and takes no new ones"));
    }
    let nodes = match tokio::time::timeout(Duration::from_secs(1), web.store.nodes()).await {
        Ok(Ok(nodes)) => nodes.into_iter().map(|node| wire::Node { up: node.is_up(), name: node.name }).collect(),
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => return Err(Problem::new("store-slow", "the store did not answer within a second")),
    };
    if !web.store.can_write() {
        return Err(Problem::new("store-away", "the store can be read but not written: no order can be kept"));
    }
    let (answer, health) = oneshot::channel();
    if web.queries.send(Query::Health { answer }).await.is_err() {
        return Err(Problem::new("stopped", "the call centre has stopped"));
    }
    match tokio::time::timeout(Duration::from_secs(1), health).await {
        Ok(Ok((calls, trunks))) => {
            let trunks = trunks.into_iter().map(|(name, up)| wire::Trunk { name, up }).collect();
            Ok(Json(wire::Ready { ready: true, node: web.node.to_string(), nodes, calls, trunks }).into_response())
        }
        _ => Err(Problem::new("busy", "the call centre did not answer within a second")),
    }
}

/// The calls that are up, for the command line of this machine.
#[utoipa::path(get, path = "/api/live/calls", tag = "health", security(("machine" = [])),
    responses((status = 200, description = "a list of calls"), (status = 401, description = "the token of data/running is missing")))]
pub(super) async fn live_calls(State(web): State<Web>, headers: HeaderMap) -> Answer<Response> {
    live(web, &headers, None).await
}

/// One call that is up, with its path.
#[utoipa::path(get, path = "/api/live/calls/{id}", tag = "health", security(("machine" = [])),
    params(("id" = String, Path, description = "ours, or the SIP Call-ID")),
    responses((status = 200, description = "the call"), (status = 404, description = "it is not up")))]
pub(super) async fn live_call(State(web): State<Web>, headers: HeaderMap, Path(id): Path<String>) -> Answer<Response> {
    live(web, &headers, Some(id)).await
}

async fn live(web: Web, headers: &HeaderMap, only: Option<String>) -> Answer<Response> {
    if !viewer::bearer(headers).is_some_and(|shown| same(shown.as_bytes(), web.token.as_bytes())) {
        return Err(Problem::new("sign-in", "show the token that lies in the data folder"));
    }
    let (answer, live) = oneshot::channel();
    let one = only.is_some();
    let stopped = || Problem::new("stopped", "the call centre has stopped");
    web.queries.send(Query::Live { only, answer }).await.map_err(|_| stopped())?;
    let live = live.await.map_err(|_| stopped())?;
    let calls: Vec<wire::Call> = live.iter().map(|call| wire::Call::live(&call.record, &call.node, &call.steps)).collect();
    match (one, calls.into_iter().next()) {
        (true, Some(call)) => Ok(Json(call).into_response()),
        (true, None) => Err(Problem::not_found("live call")),
        (false, _) => {
            let calls: Vec<_> = live.iter().map(|call| wire::Call::live(&call.record, &call.node, &[])).collect();
            Ok(Json(calls).into_response())
        }
    }
}

/// Compares in the same time wherever the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
