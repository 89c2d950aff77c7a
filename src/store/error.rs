//! What can go wrong with the store, in the kinds that somebody acts on.

/// Why a verb of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody was first: load again.
    #[error("another change to this record came first")]
    Conflict,
    /// Away, busy, full or read-only: may work again by itself.
    #[error("the database cannot be reached or cannot write now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Anything else.
    #[error("the database refused the statement: {0}")]
    Internal(#[source] sqlx::Error),
    /// Written by a newer version of the program.
    #[error("the store has schema version {found}, this program knows up to {known}; use the newer program or another store")]
    Newer { found: i64, known: i64 },
    /// Damaged, not a database, or half a migration; nothing was changed.
    #[error("the store is damaged or is not one of ours ({0}); move it away and restore a backup")]
    Corrupt(String),
    /// `store.url` cannot be used.
    #[error("store.url cannot be used: {0}")]
    Url(String),
    /// A backup that cannot be taken in; the store is as it was.
    #[error("this backup cannot be restored: {0}")]
    Backup(String),
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(String, #[source] std::io::Error),
}

/// What keeps SQLite from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Another program has locked it.
    Held,
    /// There is no room on the disk.
    Full,
}

impl StoreError {
    /// What keeps SQLite from its file, as far as it says so (<https://sqlite.org/rescode.html>).
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        let code = match self {
            // SQLite waits for a lock as long as we wait for a connection.
            Self::Unavailable(sqlx::Error::PoolTimedOut) => 5,
            Self::Unavailable(sqlx::Error::Database(database)) => database.code()?.parse::<i64>().ok()? & 0xff,
            _ => return None,
        };
        match code {
            5 | 6 => Some(Obstacle::Held),
            13 => Some(Obstacle::Full),
            _ => None,
        }
    }

    /// A broken promise of our own, with a sentence.
    pub(super) fn internal(what: String) -> Self {
        Self::Internal(sqlx::Error::Protocol(what))
    }

    /// Whether trying again later may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Conflict | Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(fault: sqlx::Error) -> Self {
        match &fault {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(fault)
            }
            sqlx::Error::Database(database) => {
                if database.is_unique_violation() {
                    return Self::Conflict;
                }
                let code = database.code().unwrap_or_default().into_owned();
                match kind_of(&code) {
                    Kind::Passing => Self::Unavailable(fault),
                    Kind::Damaged => Self::Corrupt(database.message().to_owned()),
                    Kind::Other => Self::Internal(fault),
                }
            }
            _ => Self::Internal(fault),
        }
    }
}

enum Kind {
    Passing,
    Damaged,
    Other,
}

/// SQLite gives result codes as numbers, PostgreSQL gives five letters (SQLSTATE).
fn kind_of(code: &str) -> Kind {
    if code.len() == 5 {
        // Connection, resources, operator intervention; serialisation, deadlock; lock time-out; read-only; disk.
        let passing = ["08", "53", "57", "40", "58"].contains(&&code[..2]) || ["55P03", "25006"].contains(&code);
        return if passing { Kind::Passing } else { Kind::Other };
    }
    match code.parse::<i64>().map(|code| code & 0xff) {
        // Busy, locked, read-only, I/O, full, cannot open, protocol.
        Ok(5 | 6 | 8 | 10 | 13 | 14 | 15) => Kind::Passing,
        Ok(11 | 26) => Kind::Damaged,
        _ => Kind::Other,
    }
}
