//! Queues and trunks in force: the settings file, and over it what people wrote by page; followed while calls go on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::sockets::trunk_settings;
use crate::centre::Input;
use crate::config::{Plant, Written};
use crate::sip::event::{SipCommand, SipInput};
use crate::store::{Store, StoreError};
use crate::web;

/// Hands the brain what people change.
pub struct Follower {
    pub written: Arc<Written>,
    /// What is in force, for pages and for the check of `menus.toml`.
    pub latest: watch::Sender<Arc<Plant>>,
    /// Our UDP sockets, as opened.
    pub bound: Vec<SocketAddr>,
    pub advertise: Option<IpAddr>,
    pub inbox: mpsc::Sender<Input>,
}

/// What is in force by the store as it is now.
///
/// # Errors
/// When the store cannot answer.
pub async fn read(store: &Store, written: &Written) -> Result<Plant, StoreError> {
    Ok(written.with(&web::page_entries(store).await?))
}

/// Says what people wrote that does not fit any more.
pub fn warn(plant: &Plant) {
    for finding in &plant.misfits {
        tracing::warn!("what was changed by page does not fit: {finding}");
    }
    metrics::gauge!("dinetone_page_misfits").set(plant.misfits.len() as f64);
}

impl Follower {
    /// Looks at the store, and takes over what is different.
    ///
    /// # Errors
    /// When the store cannot answer: it is looked at again.
    pub async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let plant = read(store, &self.written).await?;
        let before = Arc::clone(&self.latest.borrow());
        if plant == *before {
            return Ok(());
        }
        warn(&plant);
        if plant.queues != before.queues {
            tracing::info!("queues were changed by page: {}", names(plant.queues.iter().map(|queue| queue.id.as_str())));
            let _ = self.inbox.send(Input::Queues(plant.queues.clone())).await;
        }
        if plant.trunks != before.trunks {
            tracing::info!("trunks were changed by page: {}", names(plant.trunks.iter().map(|trunk| trunk.name.as_str())));
            let trunks = trunk_settings(&plant.trunks, &self.bound, self.advertise);
            let _ = self.inbox.send(Input::Sip(SipInput::Command(SipCommand::Trunks(trunks)))).await;
            // A trunk that is no more is neither up nor down: no alarm waits for it.
            for gone in before.trunks.iter().filter(|old| plant.trunks.iter().all(|new| new.name != old.name)) {
                metrics::gauge!("dinetone_trunk_up", "trunk" => gone.name.clone()).set(f64::NAN);
            }
        }
        self.latest.send_replace(Arc::new(plant));
        Ok(())
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
