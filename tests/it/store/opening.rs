//! Opening a store: new, again, by two at once, and the ones that must be refused.

use dinetone::store::{Found, Store, StoreError};

use super::kit::{Database, clock};

pub async fn c108_a_newer_schema_is_refused_and_left_alone(database: Database) {
    let store = database.store().await;
    store.close().await;
    leave_a_later_migration(&database).await;
    let refused = Store::open(&database.url, clock()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 9999, .. }), "{refused}");
    assert!(refused.to_string().contains("9999"), "{refused}");
    let again = Store::open(&database.url, clock()).await.unwrap_err();
    assert!(matches!(again, StoreError::Newer { found: 9999, .. }), "nothing was changed: {again}");
}

/// What `dinetone check` asks of a store that another program may be working on.
pub async fn c108_to_look_at_a_store_makes_and_changes_nothing(database: Database) {
    let look = async || Store::look(&database.url).await.unwrap();
    assert_eq!(look().await, Found::Nothing);
    assert_eq!(look().await, Found::Nothing, "looking has made nothing");
    if database.is_sqlite() {
        assert_eq!(std::fs::read_dir(database.folder.path()).unwrap().count(), 0);
    }
    database.store().await.close().await;
    assert_eq!(look().await, Found::Ours);
    forget_the_last_migration(&database).await;
    assert_eq!(look().await, Found::Older(1));
    assert_eq!(look().await, Found::Older(1), "looking has not brought it up to date");
    leave_a_later_migration(&database).await;
    assert_eq!(look().await, Found::Ours, "which opening refuses");
}

pub async fn two_processes_that_start_at_once_both_work(database: Database) {
    let open = || {
        let url = database.url.clone();
        tokio::spawn(async move { Store::open(&url, clock()).await })
    };
    let starts: Vec<_> = (0..8).map(|_| open()).collect();
    for start in starts {
        let store = start.await.unwrap().unwrap();
        store.ready().await.unwrap();
        store.close().await;
    }
}

/// SQLite refuses the change to write-ahead logging at once, whatever the busy time-out says, while another connection
/// writes: the first start of two processes met that now and then.
#[test]
fn a_file_that_another_process_is_just_creating_is_waited_for() {
    super::run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.db");
        let other = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut other = sqlx::ConnectOptions::connect(&other).await.unwrap();
        sqlx::raw_sql("begin exclusive").execute(&mut other).await.unwrap();
        let url = format!("sqlite:{}", path.display());
        let start = tokio::spawn(async move { Store::open(&url, clock()).await });
        // Real time: SQLite's locks know no other.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(!start.is_finished());
        sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
        start.await.unwrap().unwrap().ready().await.unwrap();
    });
}

pub async fn opening_twice_changes_nothing(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.close().await;
    let again = database.store().await;
    assert_eq!(again.catalogue_version().await.unwrap(), catalogue.version);
    assert_eq!(again.catalogue().await.unwrap().dishes, catalogue.dishes);
}

#[test]
fn c108_a_damaged_file_is_refused_and_left_alone() {
    super::run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.db");
        for damage in [b"this is no database, this is a letter to somebody else, and long enough".repeat(100), {
            let whole = Database::sqlite();
            whole.shop().await.0.close().await;
            let mut bytes = std::fs::read(whole.folder.path().join("house.db")).unwrap();
            let middle = bytes.len() / 2;
            bytes[4096..middle].fill(0xa5);
            bytes
        }] {
            std::fs::write(&path, &damage).unwrap();
            let refused = Store::open(&format!("sqlite:{}", path.display()), clock()).await.unwrap_err();
            assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
            assert_eq!(std::fs::read(&path).unwrap(), damage);
        }
    });
}

#[test]
fn a_url_that_is_neither_is_refused_without_its_password() {
    super::run(async {
        let refused = Store::open("mysql://root:secret@localhost/x", clock()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Url(_)) && !refused.to_string().contains("secret"), "{refused}");
        let refused = Store::open("postgres://nobody:secret@127.0.0.1:1/none", clock()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        let told = refused.to_string();
        assert!(told.contains("refused") && !told.contains("secret"), "the database's own reason: {told}");
    });
}

#[test]
fn a_store_in_memory_works_like_one_on_disk() {
    super::run(async {
        let one = Store::open("sqlite::memory:", clock()).await.unwrap();
        let other = Store::open("sqlite::memory:", clock()).await.unwrap();
        one.import_house(&super::kit::house(super::kit::MENUS), super::kit::saturday()).await.unwrap();
        assert!(!one.catalogue().await.unwrap().dishes.is_empty());
        assert!(other.catalogue().await.unwrap().dishes.is_empty(), "each is its own");
    });
}

/// As if the program had been one migration younger.
async fn forget_the_last_migration(database: &Database) {
    const LAST: &str = "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
    if database.is_sqlite() {
        let pool = sqlx::SqlitePool::connect(&database.url).await.unwrap();
        sqlx::query(LAST).execute(&pool).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
        sqlx::query(LAST).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

/// What a later program would leave behind.
async fn leave_a_later_migration(database: &Database) {
    const COLUMNS: &str =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true,";
    if database.is_sqlite() {
        let pool = sqlx::SqlitePool::connect(&database.url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} x'00', 0)"))).execute(&pool).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} '\\x00'::bytea, 0)"))).execute(&pool).await.unwrap();
        pool.close().await;
    }
}
