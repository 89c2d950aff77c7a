//! Follows what changes while calls go on: the store's dishes and branches, `menus.toml`, the operator's prompts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::files::Places;
use super::uploads::Uploads;
use super::{clock, plant};
use crate::centre::Input;
use crate::config::{self, Plant};
use crate::domain::{Catalogue, QueueId, Timestamp};
use crate::ivr::script::Script;
use crate::store::Store;
use crate::voice::Library;

/// How often the store and the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Hands the brain a fresh catalogue, and changed queues and trunks, whenever the store's version rises.
pub async fn follow_store(store: Store, latest: watch::Sender<Arc<Catalogue>>, plant: plant::Follower, inbox: mpsc::Sender<Input>) {
    let mut version = latest.borrow().version;
    let mut away = false;
    // What was changed at another node while this one started.
    let _ = plant.look(&store).await;
    loop {
        tokio::time::sleep(LOOK).await;
        let version_now = store.catalogue_version().await.map_err(|error| error.to_string());
        // What can be read only cannot keep an order either.
        let looked = if store.can_write() { version_now } else { version_now.and(Err("it can be read but not written".to_owned())) };
        match looked {
            Ok(current) if current != version => {
                if let (Ok(catalogue), Ok(())) = (store.catalogue().await, plant.look(&store).await) {
                    version = catalogue.version;
                    let catalogue = Arc::new(catalogue);
                    latest.send_replace(Arc::clone(&catalogue));
                    if inbox.send(Input::Catalogue(catalogue)).await.is_err() {
                        return;
                    }
                }
            }
            Ok(_) if away => {
                away = false;
                tracing::info!("the store is back");
                let _ = inbox.send(Input::Store { away }).await;
            }
            Ok(_) => {}
            Err(error) if !away => {
                away = true;
                tracing::error!("the store is away: {error}");
                let _ = inbox.send(Input::Store { away }).await;
            }
            Err(_) => {}
        }
        metrics::gauge!("dinetone_store_up").set(if away { 0.0 } else { 1.0 });
    }
}

/// What is taken over from files, for those who look at it.
pub struct Taken {
    pub voices: watch::Sender<Arc<Library>>,
    /// The queues that nodes of `menus.toml` name.
    pub named: watch::Sender<Arc<BTreeSet<QueueId>>>,
    pub campaigns: watch::Sender<Arc<BTreeMap<String, bool>>>,
    /// Queues and trunks in force.
    pub plant: watch::Receiver<Arc<Plant>>,
    /// The store's version rises with every upload.
    pub catalogue: watch::Receiver<Arc<Catalogue>>,
    /// The dialogue that was taken over last.
    pub script: Arc<Script>,
    pub uploads: Uploads,
}

/// Takes over changed files when they are right; otherwise says what is wrong and keeps the old ones. What people uploaded is taken
/// over with them, and by itself.
pub async fn follow_files(mut places: Places, store: Store, mut taken: Taken, inbox: mpsc::Sender<Input>) {
    let mut seen = places.stamp();
    let mut version = None;
    // There is an upload that is not taken over yet.
    let mut uploaded = false;
    // Dishes and branches of a file whose dialogue is in force already: the store was away.
    let mut unwritten = None;
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(house) = &unwritten
            && store.import_house(house, Timestamp::from(clock::now().wall)).await.is_ok()
        {
            tracing::info!("the dishes of the changed files were taken over, too");
            unwritten = None;
        }
        places.queues = taken.plant.borrow().queue_ids();
        let current = taken.catalogue.borrow().version;
        // Every upload raises the store's version.
        if version != Some(current)
            && let Ok(changed) = taken.uploads.look(&store).await
        {
            version = Some(current);
            if changed {
                uploaded = true;
                places.uploads = taken.uploads.files();
            }
        }
        let stamp = places.stamp();
        if stamp == seen {
            if std::mem::take(&mut uploaded) && !taken.voice(&places, &inbox).await {
                return;
            }
            continue;
        }
        // A file that is still being written is read when it has come to rest.
        tokio::time::sleep(LOOK / 4).await;
        if places.stamp() != stamp {
            continue;
        }
        seen = stamp;
        let reading = places.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || reading.read()).await else { continue };
        match read {
            Ok(files) => {
                let imported = store.import_house(&files.house, Timestamp::from(clock::now().wall)).await;
                match &imported {
                    Ok(changes) => tracing::info!(
                        "changed files were taken over: calls in progress keep the old dialogue; {} dish(es) and branches new, {} changed, {} gone",
                        changes.added.len(),
                        changes.changed.len(),
                        changes.retired.len()
                    ),
                    Err(error) => tracing::error!("the dialogue was taken over, the dishes follow when the store is back: {error}"),
                }
                metrics::counter!("dinetone_reloads_total", "result" => "taken").increment(1);
                uploaded = false;
                taken.script = Arc::clone(&files.script);
                taken.voices.send_replace(Arc::clone(&files.library));
                taken.named.send_replace(Arc::new(files.named_queues()));
                taken.campaigns.send_replace(Arc::new(files.campaign_nodes()));
                unwritten = imported.is_err().then_some(files.house);
                if inbox.send(Input::Files { script: files.script, library: files.library }).await.is_err() {
                    return;
                }
            }
            Err(findings) => {
                metrics::counter!("dinetone_reloads_total", "result" => "refused").increment(1);
                tracing::error!("changed files were refused, the old ones stay: {}", config::list("the changed files", &findings));
                if std::mem::take(&mut uploaded) && !taken.voice(&places, &inbox).await {
                    return;
                }
            }
        }
    }
}

impl Taken {
    /// Only the voice is another one: what was uploaded is heard, whatever stands in the files. Whether the brain still listens.
    async fn voice(&self, places: &Places, inbox: &mpsc::Sender<Input>) -> bool {
        let reading = places.clone();
        let Ok((library, findings)) = tokio::task::spawn_blocking(move || reading.library()).await else { return true };
        for finding in findings {
            tracing::warn!("{finding}");
        }
        tracing::info!("recordings that were uploaded, or put back, are taken over");
        let library = Arc::new(library);
        self.voices.send_replace(Arc::clone(&library));
        inbox.send(Input::Files { script: Arc::clone(&self.script), library }).await.is_ok()
    }
}
