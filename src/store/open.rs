//! Opening a store: which database, brought to this program's schema, or a clear refusal.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr, SqliteConnection, SqlitePool};

use super::db::{Pool, vals};
use super::{Store, StoreError};
use crate::domain::ShopClock;

/// How long a verb waits for a connection or a lock before it says that the store is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages of the write-ahead log after which a writer empties it by itself: only when nobody does so beside it.
const LONGEST_LOG: &str = "16000";
/// Memory for pages, in KiB with SQLite's minus sign: each of the five connections takes as much as it needs up to this.
const CACHE: &str = "-32768";
/// A file up to this size is checked page by page when it is opened; a larger one would delay the first call.
const CHECKED_PAGES: i64 = 8192;

/// The files of `migrations/`, in order.
pub(super) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "house", include_str!("../../migrations/0001_house.sql")),
    (2, "people", include_str!("../../migrations/0002_people.sql")),
    (3, "orders", include_str!("../../migrations/0003_orders.sql")),
    (4, "calls", include_str!("../../migrations/0004_calls.sql")),
    (5, "users", include_str!("../../migrations/0005_users.sql")),
    (6, "people", include_str!("../../migrations/0006_people.sql")),
    (7, "kitchen", include_str!("../../migrations/0007_kitchen.sql")),
    (8, "telephone", include_str!("../../migrations/0008_telephone.sql")),
    (9, "reports", include_str!("../../migrations/0009_reports.sql")),
    (10, "floor", include_str!("../../migrations/0010_floor.sql")),
    (11, "outward", include_str!("../../migrations/0011_outward.sql")),
    (12, "deliveries", include_str!("../../migrations/0012_deliveries.sql")),
    (13, "cluster", include_str!("../../migrations/0013_cluster.sql")),
    (14, "elsewhere", include_str!("../../migrations/0014_elsewhere.sql")),
    (15, "plant", include_str!("../../migrations/0015_plant.sql")),
    (16, "texts", include_str!("../../migrations/0016_texts.sql")),
    (17, "prompts", include_str!("../../migrations/0017_prompts.sql")),
    (18, "open_parts", include_str!("../../migrations/0018_open_parts.sql")),
    (21, "contacts", include_str!("../../migrations/0021_contacts.sql")),
    (22, "more_reports", include_str!("../../migrations/0022_more_reports.sql")),
    (23, "map_links", include_str!("../../migrations/0023_map_links.sql")),
    (24, "shifts", include_str!("../../migrations/0024_shifts.sql")),
    (25, "feedback", include_str!("../../migrations/0025_feedback.sql")),
    (26, "notes_by_time", include_str!("../../migrations/0026_notes_by_time.sql")),
    (28, "invoices", include_str!("../../migrations/0028_invoices.sql")),
    (29, "cut_off", include_str!("../../migrations/0029_cut_off.sql")),
    (30, "care", include_str!("../../migrations/0030_care.sql")),
    (31, "in_the_kitchen", include_str!("../../migrations/0031_in_the_kitchen.sql")),
    (32, "outreach", include_str!("../../migrations/0032_outreach.sql")),
];

/// What a store is before anything is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// None, or an empty one: opening makes it.
    Nothing,
    /// Of an older program: opening makes so many changes to its form.
    Older(usize),
    /// As this program wants it, or as it will say that it does not.
    Ours,
}

/// The newest schema that this program knows.
pub(super) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

fn migrator() -> Migrator {
    let files = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, AssertSqlSafe(*sql).into_sql_str(), false)
        })
        .collect::<Vec<_>>();
    Migrator::with_migrations(files)
}

impl Store {
    /// Opens `sqlite:path`, `sqlite::memory:` or `postgres://…`, creates what is missing and brings the schema up to date.
    ///
    /// # Errors
    /// `Url` when it is none of these, `Newer` and `Corrupt` for a database that must not be touched, `Unavailable`
    /// when it cannot be reached.
    pub async fn open(url: &str, clock: ShopClock) -> Result<Self, StoreError> {
        let clock = Arc::new(clock);
        let pool = if url.starts_with("sqlite:") {
            open_sqlite(url).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await?
        } else {
            return Err(StoreError::Url(format!("{:?} is neither sqlite:path nor postgres://…", scheme(url))));
        };
        Ok(Self { pool, clock, rules: Arc::default(), key: None, news: tokio::sync::watch::Sender::new(()), unwritten: Arc::default() })
    }

    /// What is at `url`, which is left as it is: no file, table or column is made.
    ///
    /// # Errors
    /// As `open`; what only opening finds is not found here.
    pub async fn look(url: &str) -> Result<Found, StoreError> {
        const VERSIONS: &str = "select version from _sqlx_migrations";
        let applied: Vec<i64> = if url.starts_with("sqlite:") {
            if url.contains(":memory:") || url.contains("mode=memory") {
                return Ok(Found::Ours);
            }
            let options = SqliteConnectOptions::from_str(url).map_err(|fault| StoreError::Url(fault.to_string()))?;
            let file = options.get_filename();
            if !file.try_exists().map_err(|error| StoreError::File(file.display().to_string(), error))? {
                return Ok(Found::Nothing);
            }
            let mut connection = options.create_if_missing(false).busy_timeout(PATIENCE).connect().await?;
            let tables: i64 =
                sqlx::query_scalar("select count(*) from sqlite_master where name = '_sqlx_migrations'").fetch_one(&mut connection).await?;
            let applied = match tables {
                0 => Vec::new(),
                _ => sqlx::query_scalar(VERSIONS).fetch_all(&mut connection).await?,
            };
            connection.close().await?;
            applied
        } else {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| StoreError::Url(format!("{:?} is neither sqlite:path nor postgres://…", scheme(url))))?;
            let mut connection = tokio::time::timeout(PATIENCE, options.connect()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
            let known: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut connection).await?;
            let applied = if known { sqlx::query_scalar(VERSIONS).fetch_all(&mut connection).await? } else { Vec::new() };
            connection.close().await?;
            applied
        };
        let missing = MIGRATIONS.iter().filter(|(version, ..)| !applied.contains(version)).count();
        Ok(match missing {
            _ if applied.is_empty() => Found::Nothing,
            0 => Found::Ours,
            // One that is newer, or none of ours: opening refuses it before it changes anything.
            _ if applied.iter().any(|version| !MIGRATIONS.iter().any(|(known, ..)| known == version)) => Found::Ours,
            missing => Found::Older(missing),
        })
    }

    /// Whether it answers and can write at all; for `/readyz`.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.pool.row("select catalogue_version from shop where id = $1", vals![1_i64]).await.map(|_| ())
    }

    /// Moves what was written from SQLite's write-ahead log into its file, beside the writer: done by the writer itself, its
    /// caller would wait for the disk (<https://sqlite.org/wal.html>, section 3.3). PostgreSQL does so by itself.
    ///
    /// # Errors
    /// When the file cannot be written; the log keeps what is there.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Pool::Sqlite { readers, written, .. } = &self.pool
            && written.swap(false, Ordering::Relaxed)
        {
            sqlx::query("pragma wal_checkpoint(passive)").execute(readers).await?;
        }
        Ok(())
    }

    /// Whether it is a file of this machine; otherwise a server that several machines reach.
    #[must_use]
    pub const fn is_a_file(&self) -> bool {
        matches!(self.pool, Pool::Sqlite { .. })
    }

    /// How long somebody who looks for news every `look` may rest while this process has told none: only people at the command
    /// line write beside it with SQLite; with PostgreSQL other nodes do.
    #[must_use]
    pub fn rest(&self, look: Duration) -> Duration {
        match &self.pool {
            Pool::Sqlite { .. } => look.max(Duration::from_secs(2)),
            Pool::Postgres(_) => look,
        }
    }

    /// Finishes what runs and closes all connections.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// The schema version of this program.
    #[must_use]
    pub const fn schema_version() -> i64 {
        SCHEMA
    }
}

/// What may be shown of a wrong URL: never a password.
fn scheme(url: &str) -> &str {
    url.split_once("://").map_or_else(|| url.split(':').next().unwrap_or(""), |(scheme, _)| scheme)
}

async fn open_sqlite(url: &str) -> Result<Pool, StoreError> {
    let memory = url.contains(":memory:") || url.contains("mode=memory");
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|fault| StoreError::Url(fault.to_string()))?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(200)
        // Pages of a year of orders are read again and again by reports and boards; 2 MB, SQLite's own measure, hold none of them.
        .pragma("cache_size", CACHE);
    let options = if memory { options } else { options.journal_mode(SqliteJournalMode::Wal).pragma("wal_autocheckpoint", LONGEST_LOG) };
    // One connection that never rests: an in-memory database lives as long as its connection.
    let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    let pool = if memory { pool } else { pool.before_acquire(|connection, _| Box::pin(std::future::ready(Ok(usable(connection))))) };
    let writer = pool.clone().max_connections(1).min_connections(1);
    // Two processes that start at once meet here: the one that came second sees what the first has done. SQLite does not
    // wait by itself for the change to write-ahead logging (https://sqlite.org/wal.html section 7), so the whole is repeated.
    let mut wait = Duration::from_millis(10);
    let writer = loop {
        match prepared(&writer, &options).await {
            Err(Refused { fault, may_pass: true }) if wait < PATIENCE => {
                tracing::debug!(%fault, "another process opens the same store; trying again");
                tokio::time::sleep(wait).await;
                wait *= 3;
            }
            Err(Refused { fault, .. }) => return Err(fault),
            Ok(writer) => break writer,
        }
    };
    if memory {
        return Ok(Pool::Sqlite { readers: writer.clone(), writer, written: Arc::default() });
    }
    Ok(Pool::Sqlite { writer, readers: pool.max_connections(4).connect_with(options).await?, written: Arc::default() })
}

/// Why a file could not be prepared, and whether another process that prepares it now may be the reason.
struct Refused {
    fault: StoreError,
    may_pass: bool,
}

impl From<StoreError> for Refused {
    fn from(fault: StoreError) -> Self {
        let code = match &fault {
            StoreError::Unavailable(sqlx::Error::Database(database)) => database.code().and_then(|code| code.parse::<i64>().ok()),
            _ => None,
        };
        // SQLITE_BUSY and SQLITE_LOCKED, in all their extended forms.
        let may_pass = code.is_some_and(|code| matches!(code & 0xff, 5 | 6));
        Self { fault, may_pass }
    }
}

/// The writer's connection to a file that is whole and has this program's schema.
async fn prepared(pool: &SqlitePoolOptions, options: &SqliteConnectOptions) -> Result<SqlitePool, Refused> {
    let writer = pool.clone().connect_with(options.clone()).await.map_err(StoreError::from)?;
    whole(&writer).await?;
    match migrator().run(&writer).await {
        Ok(()) => Ok(writer),
        // A table that another process has created in this moment is there when we look again.
        Err(fault) => {
            let may_pass = matches!(fault, MigrateError::Execute(_) | MigrateError::ExecuteMigration(..));
            Err(Refused { fault: migration_fault(fault), may_pass })
        }
    }
}

/// Whether a connection may be used again. On a full disk SQLite undoes a transaction by itself; the connection's own
/// count of open transactions then never comes down, and it would refuse every later one. Such a connection is replaced.
fn usable(connection: &mut SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Refuses a damaged file before anything is written to it.
async fn whole(pool: &SqlitePool) -> Result<(), StoreError> {
    let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(pool).await?;
    if pages > CHECKED_PAGES {
        return Ok(());
    }
    let verdict: String = sqlx::query_scalar("pragma quick_check(1)").fetch_one(pool).await?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt(verdict)) }
}

async fn open_postgres(url: &str) -> Result<Pool, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|fault| StoreError::Url(fault.to_string()))?
        .application_name("dinetone")
        .statement_cache_capacity(200)
        .options([("statement_timeout", "10000"), ("lock_timeout", "5000"), ("idle_in_transaction_session_timeout", "15000")]);
    let pool = match PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE).connect_with(options.clone()).await {
        // It tried again and again, and does not say what happened each time.
        Err(fault @ sqlx::Error::PoolTimedOut) => {
            let again = tokio::time::timeout(PATIENCE, options.connect()).await;
            return Err(again.ok().and_then(Result::err).unwrap_or(fault).into());
        }
        other => other?,
    };
    migrator().run(&pool).await.map_err(migration_fault)?;
    Ok(Pool::Postgres(pool))
}

/// Why the schema could not be brought up to date.
fn migration_fault(fault: MigrateError) -> StoreError {
    match fault {
        MigrateError::VersionMissing(found) if found > SCHEMA => StoreError::Newer { found, known: SCHEMA },
        MigrateError::Dirty(version) => StoreError::Corrupt(format!("migration {version} stopped half-way")),
        MigrateError::VersionMismatch(version) => StoreError::Corrupt(format!("migration {version} was applied in another form")),
        MigrateError::VersionMissing(version) => StoreError::Corrupt(format!("migration {version} is unknown")),
        MigrateError::Execute(fault) => StoreError::from(fault),
        MigrateError::ExecuteMigration(fault, version) => match StoreError::from(fault) {
            StoreError::Internal(fault) => StoreError::Corrupt(format!("migration {version} cannot be applied: {fault}")),
            other => other,
        },
        other => StoreError::Corrupt(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Store;
    use crate::domain::{CallId, RecordingId, ShopClock, Timestamp};
    use crate::store::StoreError;
    use crate::store::db::Pool;

    #[tokio::test]
    async fn the_store_works_again_when_a_full_disk_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("house.db").display());
        let store = Store::open(&url, ShopClock::named("Asia/Shanghai").unwrap()).await.unwrap();
        let Pool::Sqlite { writer, .. } = &store.pool else { unreachable!() };
        let pages = |pages: u32| sqlx::AssertSqlSafe(format!("pragma max_page_count = {pages}"));
        sqlx::query(pages(1)).fetch_all(writer).await.unwrap();
        let (call, kind, now) = (CallId::new("c"), "x".repeat(3000), Timestamp::from_millis(0));
        let mut full = false;
        for number in 0..20 {
            match store.record_recording(&RecordingId::new(format!("r{number}")), &call, &kind, 1, now).await {
                Ok(()) => {}
                Err(StoreError::Unavailable(_)) => full = true,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(full);
        sqlx::query(pages(1_000_000)).fetch_all(writer).await.unwrap();
        store.record_recording(&RecordingId::new("room"), &call, &kind, 1, now).await.unwrap();
        assert!(store.recording(&RecordingId::new("room")).await.unwrap().is_some());
    }
}
