//! What is seen over HTTP: the console's pages and its live socket, the API, health and numbers.
//!
//! A handler is an async function with a `#[utoipa::path]`. Its arguments: `State<Web>`, [`Viewer`] (lets only people and
//! programs in who have signed in; then `viewer.require(&[Role::Agent, …])?`), [`body::Body`] and [`body::Params`] for what
//! the request carries. It gives `Answer<…>`: an error is a [`Problem`] of the closed list in `problem.rs`. What changes
//! something goes through [`Web::once`] (`Idempotency-Key`) and is written down by [`Web::audit`]; telephone numbers go
//! out through [`show_phone`]. Routes are listed with [`routes::Routes`], their descriptions in `openapi.rs`.

mod answers;
pub mod api;
mod assets;
pub mod board;
pub mod body;
mod desk;
mod docs;
mod headers;
mod health;
pub mod live;
mod once;
mod openapi;
mod origin;
pub mod problem;
pub mod routes;
pub mod secret;
mod serve;
mod sessions;
mod sign_in;
mod throttle;
pub mod users;
mod viewer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{mpsc, watch};

use crate::bus::{Events, Query};
use crate::config;
use crate::domain::{Catalogue, QueueId};
use crate::machine::Now;
use crate::store::{News, Store};
use crate::voice::Library;

pub use api::{journal_event, page_entries};
pub use desk::Desk;
pub use problem::{Answer, Problem};
pub use routes::Routes;
pub use serve::serve;
pub use viewer::{Peer, SignedIn, Viewer, show_phone};

/// What consoles are told of the floor's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// Codes of breaks, and how long each may last.
    pub breaks: Vec<(String, Duration)>,
    /// Who hangs up sooner did not wait for us.
    pub short: Duration,
    /// When a number turns amber, and when red.
    pub wall: config::Wall,
}

impl Default for Floor {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let breaks = [("lunch", 45), ("short", 15), ("training", 60), ("meeting", 60)];
        Self {
            breaks: breaks.into_iter().map(|(code, length)| (code.to_owned(), minutes(length))).collect(),
            short: Duration::from_secs(5),
            wall: config::Wall::default(),
        }
    }
}

/// What all handlers share; cheap to clone.
#[derive(Clone)]
pub struct Web {
    pub store: Store,
    pub queries: mpsc::Sender<Query>,
    /// What the brain tells; see [`Events`].
    pub events: Events,
    /// What was written to the journal, on any node.
    pub news: News,
    /// This node's name.
    pub node: Arc<str>,
    pub metrics: PrometheusHandle,
    /// Set when a stop was asked for: a balancer should send no more calls.
    pub stopping: Arc<AtomicBool>,
    /// What the command line shows to prove that it may read the data folder.
    pub token: Arc<str>,
    /// Dishes, branches and offers as they are now.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
    pub settings: Arc<config::Web>,
    /// What desk phones' passwords are kept under.
    pub realm: Arc<str>,
    pub floor: Arc<Floor>,
    /// A demonstration: `/phone` is there.
    pub demo: bool,
    /// The pages are served over HTTPS.
    pub secure: bool,
    /// Reads the clocks.
    pub now: fn() -> Now,
    pub desk: Arc<Desk>,
    pub paper: Arc<Paper>,
    pub plant: Arc<Plant>,
    pub outreach: Arc<Outreach>,
}

/// What campaigns may do.
#[derive(Debug)]
pub struct Outreach {
    pub rules: crate::outreach::Rules,
    /// Messages have a way out.
    pub can_tell: bool,
}

/// The telephone side: what the settings say of it, what is in force, and the voice as callers hear it now.
pub struct Plant {
    pub written: Arc<config::Written>,
    /// Queues and trunks in force.
    pub now: watch::Receiver<Arc<config::Plant>>,
    /// The queues that nodes of `menus.toml` name.
    pub named: watch::Receiver<Arc<BTreeSet<QueueId>>>,
    /// Nodes of `menus.toml` where campaigns may begin, and whether their callers can end all campaigns there.
    pub campaigns: watch::Receiver<Arc<BTreeMap<String, bool>>>,
    pub voice: watch::Receiver<Arc<Library>>,
}

impl Plant {
    /// How long a call rings at one agent, and within which time an answer counts for the service level: by the first queue.
    #[must_use]
    pub fn ring_and_level(&self) -> (Duration, Duration) {
        let usual = Duration::from_secs(20);
        self.now.borrow().queues.first().map_or((usual, usual), |queue| (queue.ring, queue.service_level))
    }
}

/// What printing needs of those who ask for it.
#[derive(Debug)]
pub struct Paper {
    /// Wakes the printing.
    pub wake: Arc<tokio::sync::Notify>,
    /// A slip that did not come out within this is asked about.
    pub stale_after: Duration,
}

impl Default for Paper {
    fn default() -> Self {
        Self { wake: Arc::default(), stale_after: Duration::from_secs(600) }
    }
}

/// Everything that is served, with its list.
#[must_use]
pub fn all_routes() -> Routes {
    [openapi::routes(), docs::routes(), sign_in::routes(), users::routes(), live::routes(), board::routes(), api::routes()]
        .into_iter()
        .fold(health::routes(), Routes::merge)
}

/// All routes, dressed.
pub fn routes(web: Web) -> Router {
    all_routes().into_router().fallback(assets::serve).layer(from_fn_with_state(web.clone(), headers::dress)).with_state(web)
}
