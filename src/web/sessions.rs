//! Notices who is no longer signed in and whether the store answers, and tells the open sockets.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};

use super::Web;
use super::problem::Answer;

/// How often the store is asked what has changed.
const EVERY: Duration = Duration::from_secs(1);
/// A store that answers more slowly counts as away.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Misses in a row until the consoles are told.
const MISSES: u32 = 2;
/// Sessions are looked through, and their use is written down, at least so often.
const ROUND: u32 = 30;

/// Under this name the sockets of the diners' phones are counted; it is no session.
pub(super) const PHONES: &str = "phones";

/// A session that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub session: Arc<str>,
    /// `expired`, `elsewhere`, `forced`
    pub why: &'static str,
}

/// What sockets listen to.
#[derive(Debug)]
pub struct Watch {
    pub ended: broadcast::Sender<Ended>,
    pub store_away: watch::Sender<bool>,
    changed: Notify,
}

impl Default for Watch {
    fn default() -> Self {
        Self { ended: broadcast::channel(1024).0, store_away: watch::channel(false).0, changed: Notify::new() }
    }
}

impl Web {
    /// Ends a session here and on every page of it.
    ///
    /// # Errors
    /// When the store cannot write; then it still holds.
    pub async fn end_session(&self, hash: &str, why: &'static str) -> Answer<()> {
        self.store.end_session(hash).await?;
        self.forget_session(hash);
        let _ = self.desk.watch.ended.send(Ended { session: hash.into(), why });
        Ok(())
    }

    /// Somebody's sessions may have ended: looks through them now instead of within a second.
    pub fn sessions_changed(&self) {
        self.desk.watch.changed.notify_one();
    }

    /// Runs for as long as the program does.
    pub async fn watch_sessions(self) {
        let (mut revision, mut misses, mut round) = (None, 0_u32, 0_u32);
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = self.desk.watch.changed.notified() => revision = None,
            }
            let asked = tokio::time::timeout(PATIENCE, self.store.users_revision()).await;
            let Ok(Ok(now)) = asked else {
                misses += 1;
                if misses >= MISSES {
                    self.tell_store(true);
                }
                continue;
            };
            misses = 0;
            self.tell_store(false);
            round += 1;
            if revision == Some(now) && round < ROUND {
                continue;
            }
            if self.look_through(round >= ROUND).await.is_ok() {
                revision = Some(now);
                round %= ROUND;
            }
        }
    }

    fn tell_store(&self, away: bool) {
        let changed = self.desk.watch.store_away.send_if_modified(|before| std::mem::replace(before, away) != away);
        if changed && away {
            tracing::error!("the store does not answer: consoles show the banner");
        } else if changed {
            tracing::info!("the store answers again");
        }
    }

    /// Compares the sessions of open sockets with those that hold.
    async fn look_through(&self, used: bool) -> Result<(), ()> {
        let open: HashMap<Arc<str>, bool> = self
            .desk
            .sockets
            .iter()
            .filter(|entry| **entry.key() != *PHONES)
            .map(|entry| (Arc::clone(entry.key()), entry.program))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let work = async {
            let people: Vec<String> = open.iter().filter(|(_, program)| !**program).map(|(hash, _)| hash.to_string()).collect();
            if used {
                self.store.touch_sessions(&people, self.life(), self.wall()).await?;
            }
            let hold: HashSet<String> = self.store.sessions_that_hold(self.life(), self.wall()).await?.into_iter().collect();
            let mut gone: Vec<Arc<str>> =
                open.iter().filter(|(hash, program)| !**program && !hold.contains(&***hash)).map(|(hash, _)| Arc::clone(hash)).collect();
            for (hash, _) in open.iter().filter(|(_, program)| **program) {
                if self.store.token(hash).await?.is_none() {
                    gone.push(Arc::clone(hash));
                }
            }
            Ok::<_, crate::store::StoreError>(gone)
        };
        let Ok(Ok(gone)) = tokio::time::timeout(PATIENCE * 2, work).await else { return Err(()) };
        for session in gone {
            let why = if self.outlived(&session) { "expired" } else { "forced" };
            self.forget_session(&session);
            let _ = self.desk.watch.ended.send(Ended { session, why });
        }
        Ok(())
    }
}
