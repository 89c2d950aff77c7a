//! What the web side keeps in memory: sessions seen lately, commands in progress, open sockets.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::mpsc;

use super::Web;
use super::live::{Memory, Open};
use super::once::InProgress;
use super::problem::Answer;
use super::sessions::Watch;
use super::sign_in::Turns;
use super::throttle::Throttle;
use super::viewer::Viewer;

use crate::domain::{Timestamp, UserId};
use crate::store::{AuditEntry, Session, SessionLife, StoreError};

/// Sessions that are remembered; beyond that all are forgotten and read again.
const MOST_SESSIONS: usize = 8192;
/// Audit entries of sockets that may wait.
const AUDITS: usize = 1024;
const LONGEST_DETAIL: usize = 1000;
/// How long an audit entry may wait for the store.
const PATIENCE: Duration = Duration::from_secs(2);

/// Memory of the web side, bounded.
#[derive(Debug, Default)]
pub struct Desk {
    pub(super) in_progress: InProgress,
    /// Answers that many consoles ask for.
    pub(super) shelf: super::api::Shelf,
    pub(super) turns: Turns,
    pub(super) throttle: Throttle,
    pub(super) watch: Watch,
    pub(super) board: super::board::Board,
    pub(super) memory: Memory,
    /// Open sockets by session.
    pub(super) sockets: DashMap<Arc<str>, Open>,
    /// Audit entries of sockets, on their way to the store.
    audit_sender: OnceLock<mpsc::Sender<AuditEntry>>,
    /// By hash: what holds while the store is away, so that a console finds back to its call.
    sessions: DashMap<String, Session>,
}

impl Web {
    /// The time of day.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        Timestamp::from((self.now)().wall)
    }

    /// How long sessions last.
    #[must_use]
    pub fn life(&self) -> SessionLife {
        SessionLife { idle: self.settings.session_idle, longest: self.settings.session_longest }
    }

    /// The session of this hash. While the store is away, one that was seen before still holds: an agent who reloads the
    /// page keeps the call.
    ///
    /// # Errors
    /// When the store cannot answer and the session was not seen lately.
    pub async fn session(&self, hash: &str) -> Answer<Option<Session>> {
        let now = self.wall();
        match self.store.session(hash, self.life(), now).await {
            Ok(Some(session)) => {
                if self.desk.sessions.len() >= MOST_SESSIONS {
                    self.desk.sessions.clear();
                }
                self.desk.sessions.insert(hash.to_owned(), session.clone());
                self.used(&session, now).await;
                Ok(Some(session))
            }
            Ok(None) => {
                self.desk.sessions.remove(hash);
                Ok(None)
            }
            Err(error @ StoreError::Unavailable(_)) => match self.desk.sessions.get(hash) {
                Some(session) if session.created_at > now.before(self.settings.session_longest) => Ok(Some(session.clone())),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the end of an idle session off; written down once a minute, and not waited for when the store is slow.
    async fn used(&self, session: &Session, now: Timestamp) {
        let often = (self.settings.session_idle / 4).min(Duration::from_secs(60));
        if session.seen_at < now.before(often) {
            let hashes = [session.hash.clone()];
            let written = self.store.touch_sessions(&hashes, self.life(), now);
            if !matches!(tokio::time::timeout(Duration::from_millis(500), written).await, Ok(Ok(()))) {
                tracing::warn!("the use of a session could not be written down: the store is slow or away");
            }
        }
    }

    /// Whether a session that was seen has reached its longest time.
    pub(super) fn outlived(&self, hash: &str) -> bool {
        let oldest = self.wall().before(self.settings.session_longest);
        self.desk.sessions.get(hash).is_some_and(|session| session.created_at <= oldest)
    }

    /// Forgets a session that has ended.
    pub(super) fn forget_session(&self, hash: &str) {
        self.desk.sessions.remove(hash);
        self.desk.memory.forget(hash);
    }

    /// Writes down what this viewer did: `action` is dotted (`customer.changed`), `object` is on what (`customer:ID`),
    /// `detail` a few words without secrets and without full numbers.
    pub async fn audit(&self, viewer: &Viewer, action: &str, object: &str, detail: &str) {
        self.audit_as(&viewer.user, &viewer.name, viewer.address, action, object, detail).await;
    }

    /// The same for somebody who is not signed in yet.
    pub(super) async fn audit_as(&self, who: &UserId, name: &str, address: IpAddr, action: &str, object: &str, detail: &str) {
        self.keep_audit(self.audit_entry(who, name, address, action, object, detail)).await;
    }

    /// The same for a socket, which does not wait for the store: a full queue is told in the log.
    pub(super) fn audit_later(&self, viewer: &Viewer, action: &str, object: &str, detail: &str) {
        let entry = self.audit_entry(&viewer.user, &viewer.name, viewer.address, action, object, detail);
        let room = self.desk.audit_sender.get().and_then(|sender| sender.try_reserve().ok());
        match room {
            Some(room) => room.send(entry),
            None => lost(action, "too many wait for the store"),
        }
    }

    /// Keeps what sockets write down; runs for as long as the program does.
    pub async fn keep_audits(self) {
        let (sender, mut entries) = mpsc::channel(AUDITS);
        let _ = self.desk.audit_sender.set(sender);
        while let Some(entry) = entries.recv().await {
            self.keep_audit(entry).await;
        }
    }

    fn audit_entry(&self, who: &UserId, name: &str, address: IpAddr, action: &str, object: &str, detail: &str) -> AuditEntry {
        tracing::info!(user = %who, action, object, "{name} from {address}: {action} {object} {detail}");
        AuditEntry {
            seq: 0,
            at: self.wall(),
            who: who.clone(),
            name: name.to_owned(),
            address: address.to_string(),
            action: action.to_owned(),
            object: object.to_owned(),
            detail: detail.chars().take(LONGEST_DETAIL).collect(),
        }
    }

    async fn keep_audit(&self, entry: AuditEntry) {
        match tokio::time::timeout(PATIENCE, self.store.record_audit(&entry)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => lost(&entry.action, &error.to_string()),
            Err(_) => lost(&entry.action, "the store is slow"),
        }
    }
}

/// The log has it, the journal has not.
fn lost(action: &str, why: &str) {
    metrics::counter!("dinetone_audit_lost_total").increment(1);
    tracing::error!("{action} is missing in the audit journal: {why}");
}
