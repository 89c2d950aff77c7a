//! Backup and restore while running: one file of JSON lines for both databases, so that it also moves a house from one to
//! the other.
//!
//! The first line says what it is and how many rows follow; each table opens with a line of its own and has one line for
//! each row; the last line holds the SHA-256 of everything before it. Recordings of callers are not in it: they are
//! files of the data folder. What people uploaded in place of the shipped voice is.

mod tables;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::db::{Cell, Row, Tx, Val, vals};
use super::many::insert_many;
use super::open::SCHEMA;
use super::pin::hex;
use super::{Store, StoreError};
use crate::domain::Timestamp;
use tables::{Kind, Table, tables};

/// Rows that are read or written at a time.
const PAGE: usize = 1024;
/// A longer line is no row of ours.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// What a backup or restore moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    /// Table and rows, in order.
    pub tables: Vec<(String, u64)>,
}

impl Store {
    /// Writes everything, as it is at one moment, to a file that only its owner can read. The file appears under its name
    /// when it is complete. `progress` is told rows done and rows in all.
    ///
    /// # Errors
    /// When the store cannot answer or the file cannot be written; a file that was there before stays.
    pub async fn backup(&self, to: &Path, mut progress: impl FnMut(u64, u64) + Send) -> Result<Summary, StoreError> {
        let part = to.with_extension("part");
        let file = |fault| StoreError::File(format!("cannot write {}", part.display()), fault);
        let mut out = Out { writer: BufWriter::new(private(&part).map_err(file)?), hash: Sha256::new() };
        let mut tx = self.pool.snapshot().await?;
        let mut summary = Summary::default();
        for table in tables() {
            let sql = format!("select cast(count(*) as bigint) from {}", table.name);
            let rows = tx.row(AssertSqlSafe(sql), &[]).await?.map_or(Ok(0), |row| row.int(0))?;
            summary.tables.push((table.name.to_owned(), u64::try_from(rows).unwrap_or(0)));
        }
        summary.rows = summary.tables.iter().map(|(_, rows)| rows).sum();
        let sums: Map<String, Value> = summary.tables.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
        out.line(&json!({ "dinetone": "backup", "format": 1, "schema": SCHEMA, "rows": summary.rows, "tables": sums })).map_err(file)?;
        let mut done = 0;
        for table in tables() {
            let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
            out.line(&json!({ "table": table.name, "columns": columns })).map_err(file)?;
            let mut last: Option<Row> = None;
            loop {
                let page = page(&mut tx, table, last.as_ref()).await?;
                for row in &page {
                    out.line(&Value::Array(row.0.iter().map(to_json).collect())).map_err(file)?;
                }
                done += page.len() as u64;
                progress(done, summary.rows);
                if page.len() < page_of(table) {
                    break;
                }
                last = page.into_iter().next_back();
            }
        }
        tx.undo().await?;
        out.finish().map_err(file)?;
        std::fs::rename(&part, to).map_err(|fault| StoreError::File(format!("cannot write {}", to.display()), fault))?;
        Ok(summary)
    }

    /// Puts the content of a backup in the place of everything that is here, in one transaction: a running server keeps
    /// working and sees the other data from one moment to the next. The whole file is checked before anything is changed.
    ///
    /// # Errors
    /// `Backup` for a file that is damaged, newer than this program or not a backup; the store is then as it was.
    pub async fn restore(&self, from: &Path, now: Timestamp, mut progress: impl FnMut(u64, u64) + Send) -> Result<Summary, StoreError> {
        let total = verify(from)?;
        let mut tx = self.pool.begin_long().await?;
        let version =
            tx.row("update shop set catalogue_version = catalogue_version + 1 where id = 1 returning catalogue_version", &[]).await?;
        let version = version.map_or(Ok(0), |row| row.int(0))?;
        for table in tables().rev() {
            tx.exec(AssertSqlSafe(format!("delete from {}", table.name)), &[]).await?;
        }
        super::reports::forget(&mut tx).await?;
        let mut summary = Summary { rows: total, tables: Vec::new() };
        let mut lines = Lines::open(from)?;
        lines.next()?;
        let (mut into, mut rows, mut done): (Option<Into<'_>>, Vec<Vec<Val>>, u64) = (None, Vec::new(), 0);
        while let Some(line) = lines.next()? {
            if let Value::Array(cells) = &line {
                let target = into.as_ref().ok_or_else(|| StoreError::Backup("a row comes before its table".into()))?;
                rows.push(target.values(cells)?);
            }
            let table_ends = !line.is_array();
            if let Some(target) = into.as_ref().filter(|into| rows.len() >= page_of(into.table) || table_ends) {
                let moved = rows.len() as u64;
                insert_many(&mut tx, target.table.name, &target.columns(), std::mem::take(&mut rows), "").await?;
                done += moved;
                if let Some((_, sum)) = summary.tables.last_mut() {
                    *sum += moved;
                }
                progress(done, total);
            }
            if table_ends && line.get("table").is_some() {
                let target = Into::read(&line)?;
                summary.tables.push((target.table.name.to_owned(), 0));
                into = Some(target);
            }
        }
        // Higher than what the running server knows, and than what the backup says: everybody loads the house again.
        const RAISE: &str =
            "update shop set catalogue_version = case when catalogue_version > $1 then catalogue_version else $1 end + 1 where id = 1";
        if tx.exec(RAISE, vals![version]).await? == 0 {
            return Err(StoreError::Backup("it holds no house".into()));
        }
        // Calls that were up when the backup was made are not up now.
        const CLOSE: &str = "update calls set ended_at = $1, end_by = 'us', end_reason = 'interrupted' where ended_at is null";
        tx.exec(CLOSE, vals![now.as_millis()]).await?;
        tx.commit().await?;
        Ok(summary)
    }
}

/// Rows of a table that are moved at once: sound is long.
fn page_of(table: &Table) -> usize {
    if table.name == "prompt_recordings" { PAGE / 64 } else { PAGE }
}

/// The next rows of a table in the order of its key.
async fn page(tx: &mut Tx, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, StoreError> {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let key = &columns[..table.key];
    let mut args: Vec<Val> = Vec::new();
    let mut rest = String::new();
    if let Some(after) = after {
        let places: Vec<String> = (1..=table.key).map(|place| format!("${place}")).collect();
        rest = format!("where ({}) > ({})", key.join(", "), places.join(", "));
        for cell in &after.0[..table.key] {
            args.push(match cell {
                Cell::Int(number) => Val::Int(Some(*number)),
                Cell::Text(text) => Val::Text(Some(text.clone())),
                Cell::Null => Val::Int(None),
            });
        }
    }
    let sql = format!("select {} from {} {rest} order by {} limit {}", columns.join(", "), table.name, key.join(", "), page_of(table));
    tx.rows(AssertSqlSafe(sql), &args).await
}

fn to_json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => json!(number),
        Cell::Text(text) => json!(text),
    }
}

/// A new file for its owner's eyes only: a backup holds everybody's telephone numbers.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

struct Out {
    writer: BufWriter<File>,
    hash: Sha256,
}

impl Out {
    fn line(&mut self, value: &Value) -> std::io::Result<()> {
        let mut line = value.to_string();
        line.push('\n');
        self.hash.update(line.as_bytes());
        self.writer.write_all(line.as_bytes())
    }

    fn finish(mut self) -> std::io::Result<()> {
        let sum = hex(&self.hash.finalize());
        writeln!(self.writer, "{}", json!({ "sha256": sum }))?;
        self.writer.flush()?;
        self.writer.get_ref().sync_all()
    }
}

struct Lines {
    reader: BufReader<File>,
    hash: Sha256,
    /// Sum of everything before the last line read.
    before: Sha256,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|fault| StoreError::File(format!("cannot read {}", path.display()), fault))?;
        Ok(Self { reader: BufReader::new(file), hash: Sha256::new(), before: Sha256::new() })
    }

    fn next(&mut self) -> Result<Option<Value>, StoreError> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|fault| StoreError::File("cannot read the backup".into(), fault))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(StoreError::Backup("it ends in the middle of a line".into()));
        }
        self.before = self.hash.clone();
        self.hash.update(&line);
        let value = serde_json::from_slice(&line).map_err(|fault| StoreError::Backup(format!("a line is no JSON ({fault})")))?;
        Ok(Some(value))
    }
}

/// Reads the whole file once: its kind, its schema, its rows and its sum. Returns the number of rows.
fn verify(path: &Path) -> Result<u64, StoreError> {
    let mut lines = Lines::open(path)?;
    let head = lines.next().ok().flatten().filter(|head| head.get("dinetone").and_then(Value::as_str) == Some("backup"));
    let head = head.ok_or_else(|| StoreError::Backup("it is not a backup of Dinetone".into()))?;
    let schema = head.get("schema").and_then(Value::as_i64).unwrap_or(i64::MAX);
    if schema > SCHEMA || head.get("format").and_then(Value::as_i64) != Some(1) {
        return Err(StoreError::Backup(format!(
            "it was written by a newer program (schema {schema}, this one knows up to {SCHEMA}); restore it with that program"
        )));
    }
    let wanted = head.get("rows").and_then(Value::as_u64).unwrap_or(0);
    let (mut rows, mut into, mut complete) = (0, None, false);
    while let Some(line) = lines.next()? {
        if complete {
            return Err(StoreError::Backup("something follows its end".into()));
        }
        if let Value::Array(cells) = &line {
            let target: &Into<'_> = into.as_ref().ok_or_else(|| StoreError::Backup("a row comes before its table".into()))?;
            target.values(cells)?;
            rows += 1;
        } else if line.get("table").is_some() {
            into = Some(Into::read(&line)?);
        } else {
            let sum = line.get("sha256").and_then(Value::as_str);
            if sum != Some(hex(&lines.before.clone().finalize()).as_str()) {
                return Err(StoreError::Backup("its checksum is wrong: it was changed or cut".into()));
            }
            complete = true;
        }
    }
    if !complete {
        return Err(StoreError::Backup(format!("it is cut: its last line is missing, after {rows} of {wanted} rows")));
    }
    if rows != wanted {
        return Err(StoreError::Backup(format!("it is cut: {rows} of {wanted} rows")));
    }
    Ok(rows)
}

/// The table that rows go into, and which of its columns they fill: an older backup may have fewer.
struct Into<'a> {
    table: &'a Table,
    kinds: Vec<(&'a str, Kind)>,
}

impl Into<'static> {
    fn read(line: &Value) -> Result<Self, StoreError> {
        let name = line.get("table").and_then(Value::as_str).unwrap_or_default();
        let table = tables().find(|table| table.name == name);
        let table = table.ok_or_else(|| StoreError::Backup(format!("it has a table {name:?} that does not exist")))?;
        let columns = line.get("columns").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let kind = |column: &Value| table.columns.iter().find(|(name, _)| Some(*name) == column.as_str()).copied();
        let kinds: Option<Vec<(&str, Kind)>> = columns.iter().map(kind).collect();
        match kinds {
            Some(kinds) if !kinds.is_empty() => Ok(Self { table, kinds }),
            _ => Err(StoreError::Backup(format!("table {name} has a column that does not exist"))),
        }
    }
}

impl Into<'_> {
    fn columns(&self) -> Vec<&str> {
        self.kinds.iter().map(|(name, _)| *name).collect()
    }

    fn values(&self, cells: &[Value]) -> Result<Vec<Val>, StoreError> {
        let wrong = || StoreError::Backup(format!("a row of table {} has other columns", self.table.name));
        if cells.len() != self.kinds.len() {
            return Err(wrong());
        }
        let value = |(cell, (_, kind)): (&Value, &(&str, Kind))| match (kind, cell) {
            (Kind::Int, Value::Null) => Ok(Val::Int(None)),
            (Kind::Text, Value::Null) => Ok(Val::Text(None)),
            (Kind::Int, Value::Number(number)) => number.as_i64().map(|number| Val::Int(Some(number))).ok_or_else(wrong),
            (Kind::Text, Value::String(text)) => Ok(Val::Text(Some(text.clone()))),
            _ => Err(wrong()),
        };
        cells.iter().zip(&self.kinds).map(value).collect()
    }
}
