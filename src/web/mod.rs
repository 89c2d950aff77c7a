//! What is seen over HTTP: the console's pages and its live socket, the API, health and numbers.
//!
//! A handler is an async function with a `#[utoipa::path]`. Its arguments: `State<Web>`, [`Viewer`] (lets only people and
//! programs in who have signed in; then `viewer.require(&[Role::Agent, …])?`), [`body::Body`] and [`body::Params`] for what
//! the request carries. It gives `Answer<…>`: an error is a [`Problem`] of the closed list in `problem.rs`. What changes
//! something goes through [`Web::once`] (`Idempotency-Key`) and is written down by [`Web::audit`]; telephone numbers go
//! out through [`show_phone`]. Routes are listed with [`routes::Routes`], their descriptions in `openapi.rs`.

pub mod api;
pub mod body;
mod desk;
mod headers;
mod health;
mod once;
mod openapi;
mod origin;
pub mod problem;
pub mod routes;
mod viewer;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{mpsc, watch};

use crate::bus::{Events, Query};
use crate::config;
use crate::domain::Catalogue;
use crate::machine::Now;
use crate::store::Store;

pub use desk::Desk;
pub use problem::{Answer, Problem};
pub use routes::Routes;
pub use viewer::{Peer, SignedIn, Viewer, show_phone};

/// What all handlers share; cheap to clone.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub queries: mpsc::Sender<Query>,
    /// What the brain tells; see [`Events`].
    pub events: Events,
    pub metrics: PrometheusHandle,
    /// Set when a stop was asked for: a balancer should send no more calls.
    pub stopping: Arc<AtomicBool>,
    /// What the command line shows to prove that it may read the data folder.
    pub token: Arc<str>,
    /// Dishes, branches and offers as they are now.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
    pub settings: Arc<config::Web>,
    /// A demonstration: `/phone` is there.
    pub demo: bool,
    /// The pages are served over HTTPS.
    pub secure: bool,
    /// Reads the clocks.
    pub now: fn() -> Now,
    pub desk: Arc<Desk>,
}

/// Everything that is served, with its list.
#[must_use]
pub fn all_routes() -> Routes {
    Routes::default().merge(health::routes()).merge(openapi::routes()).merge(api::routes())
}

/// All routes, dressed.
pub fn routes(web: Web) -> Router {
    all_routes()
        .into_router()
        .route("/", axum::routing::get(front))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn_with_state(web.clone(), headers::dress))
        .with_state(web)
}

async fn front() -> &'static str {
    "Dinetone is running.\n\n/healthz  the process lives\n/readyz   calls are taken: store, media and SIP are there\n/metrics  numbers for Prometheus\n"
}
