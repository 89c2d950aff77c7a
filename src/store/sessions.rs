//! Who is signed in: sessions of people and tokens of programs, kept as hashes only.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::db::{Durability, broken, vals};
use super::pin::hex;
use super::users::{columns_of, read_user};
use super::{Store, StoreError, new_id};
use crate::domain::{Role, Timestamp, User, UserId};

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    /// Without being used.
    pub idle: Duration,
    /// At all.
    pub longest: Duration,
}

/// A session that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the secret: names the session inside the program.
    pub hash: String,
    pub user: User,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

/// A program's right to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub made_by: UserId,
    pub created_at: Timestamp,
}

/// What is kept of a secret of 256 random bits: they need no salt and no slow hash.
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

impl Store {
    /// Opens a session for somebody who has shown their password.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn open_session(&self, secret: &str, user: &UserId, address: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into sessions (hash, user_id, created_at, seen_at, address) values ($1, $2, $3, $3, $4)";
        self.write(SQL, vals![secret_hash(secret), user.as_str(), now.as_millis(), address]).await
    }

    /// The session of this hash, if it holds at `now`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn session(&self, hash: &str, life: SessionLife, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let sql = format!(
            "select {}, s.created_at, s.seen_at from sessions s join users u on u.id = s.user_id \
             where s.hash = $1 and s.seen_at > $2 and s.created_at > $3 and u.disabled = 0",
            columns_of("u")
        );
        let args = vals![hash, now.before(life.idle).as_millis(), now.before(life.longest).as_millis()];
        let row = self.pool.row(AssertSqlSafe(sql), args).await?;
        row.map(|row| {
            Ok(Session {
                hash: hash.to_owned(),
                user: read_user(&row)?,
                created_at: Timestamp::from_millis(row.int(12)?),
                seen_at: Timestamp::from_millis(row.int(13)?),
            })
        })
        .transpose()
    }

    /// The hashes of all sessions that hold at `now`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn sessions_that_hold(&self, life: SessionLife, now: Timestamp) -> Result<Vec<String>, StoreError> {
        // Tablets of branches stay signed in until they are taken away.
        const SQL: &str = "select s.hash from sessions s join users u on u.id = s.user_id \
            where s.seen_at > $1 and s.created_at > $2 and u.disabled = 0 \
            union all select secret_hash from devices where secret_hash is not null and revoked_at is null limit 100000";
        let args = vals![now.before(life.idle).as_millis(), now.before(life.longest).as_millis()];
        self.pool.rows(SQL, args).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// These sessions were used; old ones are swept out.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn touch_sessions(&self, hashes: &[String], life: SessionLife, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let gone = vals![now.before(life.idle).as_millis(), now.before(life.longest).as_millis()];
        for hash in hashes {
            tx.exec("update sessions set seen_at = $2 where hash = $1", vals![hash, now.as_millis()]).await?;
        }
        tx.exec("delete from sessions where seen_at <= $1 or created_at <= $2", gone).await?;
        tx.commit().await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec("delete from sessions where hash = $1", vals![hash]).await?;
        self.raise_users_revision(&mut tx).await?;
        tx.commit().await
    }

    /// Makes a token; its secret is known to the caller only.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn add_token(&self, secret: &str, name: &str, role: Role, made_by: &UserId, now: Timestamp) -> Result<Token, StoreError> {
        const SQL: &str = "insert into tokens (id, name, hash, role, made_by, created_at) values ($1, $2, $3, $4, $5, $6)";
        let token = Token { id: new_id(now), name: name.to_owned(), role, made_by: made_by.clone(), created_at: now };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![&token.id, name, secret_hash(secret), role.name(), made_by.as_str(), now.as_millis()];
        tx.exec(SQL, args).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The token of this hash, unless it was revoked.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn token(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        const SQL: &str = "select id, name, role, made_by, created_at from tokens where hash = $1 and revoked_at is null";
        self.pool.row(SQL, vals![hash]).await?.as_ref().map(read_token).transpose()
    }

    /// The tokens that hold.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        const SQL: &str = "select id, name, role, made_by, created_at from tokens where revoked_at is null order by created_at limit 1000";
        self.pool.rows(SQL, &[]).await?.iter().map(read_token).collect()
    }

    /// Revokes a token; `false` when there is none of this id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn revoke_token(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let rows = tx.exec("update tokens set revoked_at = $2 where id = $1 and revoked_at is null", vals![id, now.as_millis()]).await?;
        self.raise_users_revision(&mut tx).await?;
        tx.commit().await?;
        Ok(rows > 0)
    }
}

fn read_token(row: &super::db::Row) -> Result<Token, StoreError> {
    let role = row.text(2)?;
    Ok(Token {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        role: Role::parse(role).ok_or_else(|| broken("role", role))?,
        made_by: UserId::new(row.text(3)?),
        created_at: Timestamp::from_millis(row.int(4)?),
    })
}
