//! What the web side keeps in memory: sessions seen lately, commands in progress.

use std::net::IpAddr;
use std::time::Duration;

use dashmap::DashMap;

use super::Web;
use super::once::InProgress;
use super::problem::Answer;
use super::viewer::Viewer;
use crate::domain::{Timestamp, UserId};
use crate::store::{AuditEntry, Session, SessionLife, StoreError};

/// Sessions that are remembered; beyond that all are forgotten and read again.
const MOST_SESSIONS: usize = 8192;
/// How long an audit entry may wait for the store.
const PATIENCE: Duration = Duration::from_secs(2);

/// Memory of the web side, bounded.
#[derive(Debug, Default)]
pub struct Desk {
    pub(super) in_progress: InProgress,
    /// Answers that many consoles ask for.
    pub(super) shelf: super::api::Shelf,
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

    /// Writes down what this viewer did: `action` is dotted and in the past (`customer.changed`), `object` is on what
    /// (`customer:ID`), `detail` a few words without secrets and without full numbers.
    pub async fn audit(&self, viewer: &Viewer, action: &str, object: &str, detail: &str) {
        self.audit_as(&viewer.user, &viewer.name, viewer.address, action, object, detail).await;
    }

    /// The same for somebody who is not signed in.
    pub(super) async fn audit_as(&self, who: &UserId, name: &str, address: IpAddr, action: &str, object: &str, detail: &str) {
        tracing::info!(user = %who, action, object, "{name} from {address}: {action} {object} {detail}");
        let entry = AuditEntry {
            seq: 0,
            at: self.wall(),
            who: who.clone(),
            name: name.to_owned(),
            address: address.to_string(),
            action: action.to_owned(),
            object: object.to_owned(),
            detail: detail.to_owned(),
        };
        match tokio::time::timeout(PATIENCE, self.store.record_audit(&entry)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => lost(action, &error.to_string()),
            Err(_) => lost(action, "the store is slow"),
        }
    }
}

/// The log has it, the journal has not.
fn lost(action: &str, why: &str) {
    metrics::counter!("dinetone_audit_lost_total").increment(1);
    tracing::error!("{action} is missing in the audit journal: {why}");
}
