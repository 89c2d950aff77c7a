//! How far somebody has worked through the journal, so that a restart neither skips an entry nor begins anew.

use super::db::vals;
use super::{Store, StoreError};

impl Store {
    /// The last entry that `name` has dealt with. Whoever comes for the first time begins at the end of what there is.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn followed(&self, name: &str) -> Result<i64, StoreError> {
        const NEW: &str =
            "insert into followers (name, seq) select $1, coalesce(max(seq), 0) from journal where 1 = 1 on conflict (name) do nothing";
        if let Some(row) = self.pool.row("select seq from followers where name = $1", vals![name]).await? {
            return row.int(0);
        }
        self.write(NEW, vals![name]).await?;
        self.pool.row("select seq from followers where name = $1", vals![name]).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// Everything up to `seq` has been dealt with.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn follow_to(&self, name: &str, seq: i64) -> Result<(), StoreError> {
        self.write("update followers set seq = $1 where name = $2 and seq < $1", vals![seq, name]).await
    }
}
