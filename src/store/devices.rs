//! Tablets of branches: tied by a code that is shown once, known from then on by the hash of what their cookie holds.

use super::db::{Durability, Row, vals};
use super::people::branch as branch_number;
use super::{Store, StoreError, new_id};
use crate::domain::{BranchNumber, Timestamp, UserId};

/// One tablet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: String,
    pub branch: BranchNumber,
    pub name: String,
    /// Its code has been keyed in.
    pub tied: bool,
    pub code_until: Timestamp,
    pub created_at: Timestamp,
    pub seen_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, branch, name, secret_hash, code_until, created_at, seen_at";

impl Store {
    /// Makes a place for a tablet; whoever shows the code of this hash until then is it.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn add_device(
        &self,
        (branch, name): (BranchNumber, &str),
        code_hash: &str,
        until: Timestamp,
        made_by: &UserId,
        now: Timestamp,
    ) -> Result<Device, StoreError> {
        const SQL: &str =
            "insert into devices (id, branch, name, code_hash, code_until, made_by, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
        let id = new_id(now);
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![&id, branch.get(), name, code_hash, until.as_millis(), made_by.as_str(), now.as_millis()];
        tx.exec(SQL, args).await?;
        tx.commit().await?;
        Ok(Device { id, branch, name: name.to_owned(), tied: false, code_until: until, created_at: now, seen_at: None })
    }

    /// The tablet that shows this code gets this secret, once. `None` when there is no such code, or it has run out.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn tie_device(&self, code_hash: &str, secret_hash: &str, now: Timestamp) -> Result<Option<Device>, StoreError> {
        let sql = format!(
            "update devices set secret_hash = $2, code_hash = null, seen_at = $3 \
             where code_hash = $1 and code_until > $3 and revoked_at is null returning {COLUMNS}"
        );
        let mut tx = self.pool.begin(Durability::Full).await?;
        let row = tx.row(sqlx::AssertSqlSafe(sql), vals![code_hash, secret_hash, now.as_millis()]).await?;
        let device = row.as_ref().map(device).transpose()?;
        tx.commit().await?;
        Ok(device)
    }

    /// The tablet whose cookie has this hash.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn device(&self, secret_hash: &str) -> Result<Option<Device>, StoreError> {
        let sql = format!("select {COLUMNS} from devices where secret_hash = $1 and revoked_at is null");
        self.pool.row(sqlx::AssertSqlSafe(sql), vals![secret_hash]).await?.as_ref().map(device).transpose()
    }

    /// All that were not taken away, by branch.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let sql = format!("select {COLUMNS} from devices where revoked_at is null order by branch, created_at limit 1000");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(device).collect()
    }

    /// Takes a tablet away: its pages are told within a second. False when it was taken away before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn revoke_device(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let gone = tx.exec("update devices set revoked_at = $2 where id = $1 and revoked_at is null", vals![id, now.as_millis()]).await?;
        self.raise_users_revision(&mut tx).await?;
        tx.commit().await?;
        Ok(gone == 1)
    }
}

fn device(row: &Row) -> Result<Device, StoreError> {
    Ok(Device {
        id: row.text(0)?.to_owned(),
        branch: branch_number(Some(row.int(1)?)).ok_or_else(|| super::db::broken("branch number", row.0.len()))?,
        name: row.text(2)?.to_owned(),
        tied: row.opt_text(3)?.is_some(),
        code_until: Timestamp::from_millis(row.int(4)?),
        created_at: Timestamp::from_millis(row.int(5)?),
        seen_at: row.opt_int(6)?.map(Timestamp::from_millis),
    })
}
