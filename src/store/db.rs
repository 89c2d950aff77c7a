//! The two databases behind one small face: typed values in, rows of cells out, the same SQL text for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Column, PgPool, Postgres, Row as _, SqlSafeStr, Sqlite, SqlitePool, Transaction, TypeInfo, ValueRef};

use super::StoreError;

/// One value for a statement. A missing value has a type too: PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Val {
    Int(Option<i64>),
    Text(Option<String>),
}

macro_rules! val_from {
    ($($from:ty => |$value:ident| $val:expr),* $(,)?) => {
        $(impl From<$from> for Val {
            fn from($value: $from) -> Self {
                $val
            }
        })*
    };
}

val_from! {
    i64 => |value| Self::Int(Some(value)),
    Option<i64> => |value| Self::Int(value),
    u8 => |value| Self::Int(Some(i64::from(value))),
    u16 => |value| Self::Int(Some(i64::from(value))),
    u32 => |value| Self::Int(Some(i64::from(value))),
    u64 => |value| Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX))),
    usize => |value| Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX))),
    bool => |value| Self::Int(Some(i64::from(value))),
    &str => |value| Self::Text(Some(value.to_owned())),
    String => |value| Self::Text(Some(value)),
    &String => |value| Self::Text(Some(value.clone())),
    Option<String> => |value| Self::Text(value),
    Option<&str> => |value| Self::Text(value.map(str::to_owned)),
}

/// The values of one statement, in the order of its placeholders.
macro_rules! vals {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Val::from($value)),*] as &[$crate::store::db::Val] };
}
pub(super) use vals;

/// One cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
}

/// One row of an answer, read by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Cell>);

impl Row {
    pub(super) fn int(&self, place: usize) -> Result<i64, StoreError> {
        self.opt_int(place)?.ok_or_else(|| unexpected(place, "a number"))
    }

    pub(super) fn opt_int(&self, place: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(place) {
            Some(Cell::Int(value)) => Ok(Some(*value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(unexpected(place, "a number")),
        }
    }

    pub(super) fn flag(&self, place: usize) -> Result<bool, StoreError> {
        Ok(self.int(place)? != 0)
    }

    pub(super) fn text(&self, place: usize) -> Result<&str, StoreError> {
        self.opt_text(place)?.ok_or_else(|| unexpected(place, "text"))
    }

    pub(super) fn opt_text(&self, place: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(place) {
            Some(Cell::Text(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(unexpected(place, "text")),
        }
    }
}

fn unexpected(place: usize, wanted: &str) -> StoreError {
    StoreError::internal(format!("column {place} does not hold {wanted}"))
}

/// A value in the store that the program cannot have written.
pub(super) fn broken(what: &str, found: impl std::fmt::Display) -> StoreError {
    StoreError::internal(format!("the store holds a {what} that does not exist: {found}"))
}

/// The open pools.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    /// One writer, so that writers queue here in order instead of fighting for the file; readers beside it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        /// Something was written since the last checkpoint.
        written: Arc<AtomicBool>,
    },
    Postgres(PgPool),
}

/// How sure a transaction must be on disk when `commit` returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Survives a power cut: everything that a caller is told about.
    Full,
    /// Survives a killed process; the last moments before a power cut may be lost: call records.
    Relaxed,
}

impl Pool {
    /// A writing transaction.
    pub(super) async fn begin(&self, durability: Durability) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, written, .. } => {
                written.store(true, Ordering::Relaxed);
                // One writer for both kinds: the pragma holds until the next transaction sets its own.
                let begin = match durability {
                    Durability::Full => "pragma synchronous = full; begin immediate",
                    Durability::Relaxed => "pragma synchronous = normal; begin immediate",
                };
                Ok(Tx::Sqlite(writer.begin_with(begin).await?))
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                if durability == Durability::Relaxed {
                    sqlx::query("set local synchronous_commit to off").execute(&mut *tx).await?;
                }
                Ok(Tx::Postgres(tx))
            }
        }
    }

    /// A writing transaction that may take minutes: a restore.
    pub(super) async fn begin_long(&self) -> Result<Tx, StoreError> {
        let mut tx = self.begin(Durability::Full).await?;
        if let Tx::Postgres(tx) = &mut tx {
            sqlx::query("set local statement_timeout to 0").execute(&mut **tx).await?;
        }
        Ok(tx)
    }

    /// A transaction that sees one moment and writes nothing.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with("begin isolation level repeatable read read only").await?),
        })
    }

    /// One reading statement.
    pub(super) async fn rows(&self, sql: impl SqlSafeStr + Send, args: &[Val]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => sqlite_rows(&sqlx::query_with(sql, sqlite_args(args)?).fetch_all(readers).await?),
            Self::Postgres(pool) => postgres_rows(&sqlx::query_with(sql, postgres_args(args)?).fetch_all(pool).await?),
        }
    }

    /// The first row of one reading statement.
    pub(super) async fn row(&self, sql: impl SqlSafeStr + Send, args: &[Val]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }
}

/// One open transaction; dropped without `commit` it is undone.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Runs one statement; how many rows it touched.
    pub(super) async fn exec(&mut self, sql: impl SqlSafeStr + Send, args: &[Val]) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => sqlx::query_with(sql, sqlite_args(args)?).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => sqlx::query_with(sql, postgres_args(args)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs one statement with values that are not needed afterwards.
    pub(super) async fn exec_with(&mut self, sql: impl SqlSafeStr + Send, args: Vec<Val>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => sqlx::query_with(sql, sqlite_args_of(args)?).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => sqlx::query_with(sql, postgres_args(&args)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs one statement and reads its rows.
    pub(super) async fn rows(&mut self, sql: impl SqlSafeStr + Send, args: &[Val]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => sqlite_rows(&sqlx::query_with(sql, sqlite_args(args)?).fetch_all(&mut **tx).await?),
            Self::Postgres(tx) => postgres_rows(&sqlx::query_with(sql, postgres_args(args)?).fetch_all(&mut **tx).await?),
        }
    }

    /// The first row.
    pub(super) async fn row(&mut self, sql: impl SqlSafeStr + Send, args: &[Val]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Makes it true for everybody.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it, and waits until the connection is free again.
    pub(super) async fn undo(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Raises a counter by `by` and returns its new value; the first value is `by`.
    pub(super) async fn count(&mut self, name: &str, by: i64) -> Result<i64, StoreError> {
        const SQL: &str = "insert into counters (name, last) values ($1, $2) \
            on conflict (name) do update set last = counters.last + excluded.last returning last";
        self.row(SQL, vals![name, by]).await?.ok_or_else(|| StoreError::internal("a counter gave nothing".into()))?.int(0)
    }
}

fn sqlite_args(values: &[Val]) -> Result<SqliteArguments, StoreError> {
    sqlite_args_of(values.to_vec())
}

fn sqlite_args_of(values: Vec<Val>) -> Result<SqliteArguments, StoreError> {
    let mut args = SqliteArguments::default();
    Arguments::reserve(&mut args, values.len(), 0);
    for value in values {
        match value {
            Val::Int(value) => args.add(value),
            Val::Text(value) => args.add(value),
        }
        .map_err(|fault| StoreError::Internal(sqlx::Error::Encode(fault)))?;
    }
    Ok(args)
}

fn postgres_args(values: &[Val]) -> Result<PgArguments, StoreError> {
    let mut args = PgArguments::default();
    for value in values {
        match value {
            Val::Int(value) => args.add(*value),
            Val::Text(value) => args.add(value.as_deref()),
        }
        .map_err(|fault| StoreError::Internal(sqlx::Error::Encode(fault)))?;
    }
    Ok(args)
}

pub(super) fn sqlite_rows(rows: &[SqliteRow]) -> Result<Vec<Row>, StoreError> {
    rows.iter().map(sqlite_row).collect()
}

pub(super) fn sqlite_row(row: &SqliteRow) -> Result<Row, StoreError> {
    let mut cells = Vec::with_capacity(row.columns().len());
    for place in 0..row.columns().len() {
        let value = row.try_get_raw(place)?;
        let kind = value.type_info();
        cells.push(match kind.name() {
            _ if value.is_null() => Cell::Null,
            "TEXT" => Cell::Text(row.try_get_unchecked(place)?),
            _ => Cell::Int(row.try_get_unchecked(place)?),
        });
    }
    Ok(Row(cells))
}

pub(super) fn postgres_rows(rows: &[PgRow]) -> Result<Vec<Row>, StoreError> {
    rows.iter().map(postgres_row).collect()
}

pub(super) fn postgres_row(row: &PgRow) -> Result<Row, StoreError> {
    let mut cells = Vec::with_capacity(row.columns().len());
    for (place, column) in row.columns().iter().enumerate() {
        cells.push(match column.type_info().name() {
            _ if row.try_get_raw(place)?.is_null() => Cell::Null,
            "INT8" => Cell::Int(row.try_get(place)?),
            "INT4" => Cell::Int(i64::from(row.try_get::<i32, _>(place)?)),
            _ => Cell::Text(row.try_get(place)?),
        });
    }
    Ok(Row(cells))
}
