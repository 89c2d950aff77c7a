//! Recordings that people upload in place of the shipped voice: every version, and which one callers hear.

use super::catalogue::raise_version;
use super::db::{Durability, Row, broken, vals};
use super::pin::hex;
use super::sticky::Author;
use super::{Store, StoreError, new_id};
use crate::domain::{Language, Timestamp};

/// Versions of one clip that are kept; older ones go, the chosen one never.
const MOST_VERSIONS: u32 = 50;

/// One recording that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptVersion {
    pub id: String,
    pub language: Language,
    /// Path of its file below the language, without `.wav`: `ui/main.menu`, `name/dish-18`.
    pub clip: String,
    pub at: Timestamp,
    pub by_name: String,
    /// Callers hear it.
    pub chosen: bool,
}

const COLUMNS: &str = "id, language, clip, at, by_name, chosen";

fn read(row: &Row) -> Result<PromptVersion, StoreError> {
    let language = row.text(1)?;
    Ok(PromptVersion {
        id: row.text(0)?.to_owned(),
        language: Language::from_tag(language).ok_or_else(|| broken("language", language))?,
        clip: row.text(2)?.to_owned(),
        at: Timestamp::from_millis(row.int(3)?),
        by_name: row.text(4)?.to_owned(),
        chosen: row.int(5)? == 1,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

impl Store {
    /// Keeps a recording (A-law at 8 kHz) and makes it the one that callers hear; its id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn keep_prompt(
        &self,
        language: Language,
        clip: &str,
        sound: &[u8],
        by: &Author,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        const KEEP: &str =
            "insert into prompt_recordings (id, language, clip, at, by_name, sound, chosen) values ($1, $2, $3, $4, $5, $6, 1)";
        const FORGET: &str = "delete from prompt_recordings where language = $1 and clip = $2 and chosen = 0 and id not in \
            (select id from prompt_recordings where language = $1 and clip = $2 order by at desc, id desc limit $3)";
        let id = new_id(now);
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        choose(&mut tx, language, clip, None).await?;
        tx.exec(KEEP, vals![&id, language.tag(), clip, now.as_millis(), &by.name, hex(sound)]).await?;
        tx.exec(FORGET, vals![language.tag(), clip, MOST_VERSIONS]).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Makes an older version the one that callers hear, or with `None` none of them. Whether there is such a version.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn choose_prompt(&self, language: Language, clip: &str, id: Option<&str>) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        if choose(&mut tx, language, clip, id).await? {
            tx.commit().await?;
            return Ok(true);
        }
        tx.undo().await?;
        Ok(false)
    }

    /// The versions of one clip, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn prompt_versions(&self, language: Language, clip: &str) -> Result<Vec<PromptVersion>, StoreError> {
        let sql = format!("select {COLUMNS} from prompt_recordings where language = $1 and clip = $2 order by at desc, id desc");
        self.pool.rows(sqlx::AssertSqlSafe(sql), vals![language.tag(), clip]).await?.iter().map(read).collect()
    }

    /// All recordings that callers hear.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn chosen_prompts(&self) -> Result<Vec<PromptVersion>, StoreError> {
        let sql = format!("select {COLUMNS} from prompt_recordings where chosen = 1 order by language, clip, id");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(read).collect()
    }

    /// The sound of a version of this clip, A-law at 8 kHz.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn prompt_sound(&self, language: Language, clip: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        const SQL: &str = "select sound from prompt_recordings where id = $1 and language = $2 and clip = $3";
        let Some(row) = self.pool.row(SQL, vals![id, language.tag(), clip]).await? else { return Ok(None) };
        unhex(row.text(0)?).map(Some).ok_or_else(|| broken("sound", id))
    }
}

async fn choose(tx: &mut super::db::Tx, language: Language, clip: &str, id: Option<&str>) -> Result<bool, StoreError> {
    const NONE: &str = "update prompt_recordings set chosen = 0 where language = $1 and clip = $2 and chosen = 1";
    const ONE: &str = "update prompt_recordings set chosen = 1 where language = $1 and clip = $2 and id = $3";
    tx.exec(NONE, vals![language.tag(), clip]).await?;
    let Some(id) = id else { return Ok(true) };
    Ok(tx.exec(ONE, vals![language.tag(), clip, id]).await? == 1)
}
