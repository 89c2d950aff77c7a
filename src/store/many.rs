//! Many rows with few statements: the fastest way into both databases.

use sqlx::AssertSqlSafe;

use super::StoreError;
use super::db::{Tx, Val};

/// Rows in one statement: a few sizes, so that a few prepared statements serve every batch.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// Inserts rows with as few statements as possible.
pub(super) async fn insert_many(tx: &mut Tx, table: &str, columns: &[&str], rows: Vec<Vec<Val>>, conflict: &str) -> Result<(), StoreError> {
    let mut rest = rows.into_iter();
    for size in SIZES {
        if rest.len() < size {
            continue;
        }
        let sql = insert_sql(table, columns, size, conflict, matches!(tx, Tx::Sqlite(_)));
        while rest.len() >= size {
            let args: Vec<Val> = rest.by_ref().take(size).flatten().collect();
            tx.exec_with(AssertSqlSafe(sql.as_str()), args).await?;
        }
    }
    Ok(())
}

/// Numbered placeholders are names to SQLite, which it looks up one after the other: a thousand of them cost more than the
/// insert itself. There the nameless `?` is used, in this one generated statement.
fn insert_sql(table: &str, columns: &[&str], rows: usize, conflict: &str, nameless: bool) -> String {
    let row = |row: usize| {
        let place = |place: usize| if nameless { "?".to_owned() } else { format!("${}", row * columns.len() + place) };
        let places: Vec<String> = (1..=columns.len()).map(place).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("insert into {table} ({}) values {} {conflict}", columns.join(", "), rows.join(", "))
}
