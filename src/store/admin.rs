//! Changes of the house and its telephone side by people: dishes, branches, zones, levels, offers, days off, queues and trunks, each with
//! who did it and how it was; taken back by another change.

use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;

use super::catalogue::{catalogue_in, raise_version};
use super::db::{Cell, Durability, Tx, Val, vals};
use super::sticky::Author;
use super::{Store, StoreError, columns, journal, new_id};
use crate::domain::{Catalogue, Timestamp};

/// What can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HousePart {
    Dish,
    Branch,
    Zone,
    Level,
    Offer,
    Holiday,
    /// A day that follows another weekday's hours.
    MakeUp,
    /// A queue, laid over that of the settings file.
    Queue,
    /// A trunk, laid over that of the settings file.
    Trunk,
}

impl HousePart {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Dish, Self::Branch, Self::Zone, Self::Level, Self::Offer, Self::Holiday, Self::MakeUp, Self::Queue, Self::Trunk];

    /// Stable name, as stored and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dish => "dish",
            Self::Branch => "branch",
            Self::Zone => "zone",
            Self::Level => "level",
            Self::Offer => "offer",
            Self::Holiday => "holiday",
            Self::MakeUp => "make_up_day",
            Self::Queue => "queue",
            Self::Trunk => "trunk",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Whether it belongs to the telephone side, which administrators look after.
    #[must_use]
    pub const fn is_plant(self) -> bool {
        matches!(self, Self::Queue | Self::Trunk)
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Dish => "dishes",
            Self::Branch => "branches",
            Self::Zone => "zones",
            Self::Level => "levels",
            Self::Offer => "offers",
            Self::Holiday => "holidays",
            Self::MakeUp => "make_up_days",
            Self::Queue => "page_queues",
            Self::Trunk => "page_trunks",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Dish | Self::Branch => "number",
            Self::Zone | Self::Level | Self::Offer | Self::Holiday | Self::Queue | Self::Trunk => "id",
            Self::MakeUp => "day",
        }
    }

    /// What people may change; nothing else is written.
    fn columns(self) -> Vec<&'static str> {
        let own = match self {
            Self::Dish => columns::DISH,
            Self::Branch => columns::BRANCH,
            Self::Zone => columns::ZONE,
            Self::Level => columns::LEVEL,
            Self::Offer => columns::OFFER,
            Self::Holiday => columns::HOLIDAY,
            Self::MakeUp => columns::MAKE_UP,
            Self::Queue => columns::PAGE_QUEUE,
            Self::Trunk => columns::PAGE_TRUNK,
        };
        let mut all = own.to_vec();
        if !all.contains(&columns::RETIRED) {
            all.push(columns::RETIRED);
        }
        all
    }

    fn key_value(self, subject: &str) -> Option<Val> {
        match self {
            Self::Dish | Self::Branch => subject.parse::<i64>().ok().map(Val::from),
            _ => Some(Val::from(subject)),
        }
    }
}

/// One value of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HouseValue {
    Number(Option<i64>),
    Text(Option<String>),
}

impl HouseValue {
    fn val(&self) -> Val {
        match self {
            Self::Number(number) => Val::from(*number),
            Self::Text(text) => Val::from(text.clone()),
        }
    }

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self::Number(number.as_i64())),
            Value::String(text) => Some(Self::Text(Some(text.clone()))),
            _ => None,
        }
    }
}

/// A queue or a trunk as a person wrote it by page.
#[derive(Clone, PartialEq, Eq)]
pub struct PageEntry {
    pub part: HousePart,
    /// A queue's id, a trunk's name.
    pub name: String,
    /// JSON in the words of the settings file.
    pub settings: String,
    pub password: Option<String>,
    /// Why there is none although one is kept: it is sealed with another key, or changed.
    pub unread: Option<String>,
}

impl std::fmt::Debug for PageEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PageEntry({} {}, {})", self.part.name(), self.name, self.settings)
    }
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct HouseEdit {
    pub id: String,
    pub part: HousePart,
    pub subject: String,
    pub at: Timestamp,
    pub by_name: String,
    /// How it was; null when it was not there.
    pub before: Value,
    pub after: Value,
    /// The change that it took back.
    pub undoes: Option<String>,
}

impl Store {
    /// Changes some columns of one thing of the house, or makes it with them. The row is a person's from then on: menus.toml does not
    /// change it any more.
    ///
    /// # Errors
    /// `Conflict` when it is not there and a column that it needs is missing.
    pub async fn edit_house(
        &self,
        part: HousePart,
        subject: &str,
        set: &[(&'static str, HouseValue)],
        by: &Author,
        now: Timestamp,
    ) -> Result<HouseEdit, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first: two people who change the house take turns.
        raise_version(&mut tx).await?;
        let before = state(&mut tx, part, subject).await?;
        let set: Vec<(&str, Val)> = set.iter().map(|(column, value)| (*column, value.val())).collect();
        let edit = write(&mut tx, part, subject, &set, before, None, by, now).await?;
        self.told(tx).await?;
        Ok(edit)
    }

    /// Many changes of one kind, all of them or none: `still` looks at the house as it is in the transaction and says whether the
    /// changes still mean what was shown to the person who wants them.
    ///
    /// # Errors
    /// `Conflict` when they do not, or when one of them cannot be; then nothing has changed.
    pub async fn edit_house_all(
        &self,
        part: HousePart,
        rows: &[(String, Vec<(&'static str, HouseValue)>)],
        still: impl FnOnce(&Catalogue) -> bool + Send,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        if !still(&catalogue_in(&mut tx).await?) {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        for (subject, set) in rows {
            let before = state(&mut tx, part, subject).await?;
            let set: Vec<(&str, Val)> = set.iter().map(|(column, value)| (*column, value.val())).collect();
            write(&mut tx, part, subject, &set, before, None, by, now).await?;
        }
        self.told(tx).await
    }

    /// What people wrote of queues and trunks that is in force, by name.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn page_entries(&self) -> Result<Vec<PageEntry>, StoreError> {
        const SQL: &str = "select 'queue', id, settings, cast(null as text) from page_queues where retired = 0 \
            union all select 'trunk', id, settings, password from page_trunks where retired = 0 order by 1, 2";
        let read = |row: &super::db::Row| {
            let part = if row.text(0)? == "queue" { HousePart::Queue } else { HousePart::Trunk };
            Ok(self.page_entry(part, row.text(1)?, row.text(2)?, row.opt_text(3)?))
        };
        self.pool.rows(SQL, &[]).await?.iter().map(read).collect()
    }

    /// An entry out of what is kept of it, or was at some time: its password is unsealed.
    #[must_use]
    pub fn page_entry(&self, part: HousePart, name: &str, settings: &str, password: Option<&str>) -> PageEntry {
        let (password, unread) = match password.map(|kept| self.unsealed(name, kept)) {
            None => (None, None),
            Some(Ok(password)) => (Some(password), None),
            Some(Err(why)) => (None, Some(why)),
        };
        PageEntry { part, name: name.to_owned(), settings: settings.to_owned(), password, unread }
    }

    /// Changes a queue or a trunk, as long as it is still as the author has `seen` it (its settings; none: not there by page). A
    /// password is sealed, here and in the change that is returned.
    ///
    /// # Errors
    /// `Conflict` when somebody else has changed it.
    pub async fn edit_page_entry(
        &self,
        part: HousePart,
        name: &str,
        set: &[(&'static str, HouseValue)],
        seen: Option<&str>,
        by: &Author,
        now: Timestamp,
    ) -> Result<HouseEdit, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        let before = state(&mut tx, part, name).await?;
        let there = before["settings"].as_str().filter(|_| before[columns::RETIRED] == 0);
        if there != seen {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        let seal = |(column, value): &(&'static str, HouseValue)| match value {
            HouseValue::Text(Some(password)) if *column == "password" => Ok((*column, Val::from(self.sealed(name, password)?))),
            _ => Ok((*column, value.val())),
        };
        let set = set.iter().map(seal).collect::<Result<Vec<(&str, Val)>, StoreError>>()?;
        let edit = write(&mut tx, part, name, &set, before, None, by, now).await?;
        self.told(tx).await?;
        Ok(edit)
    }

    /// One change.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn house_edit(&self, id: &str) -> Result<Option<HouseEdit>, StoreError> {
        let sql = format!("select {CHANGE} from admin_changes where id = $1");
        self.pool.row(AssertSqlSafe(sql), vals![id]).await?.as_ref().map(edit).transpose()
    }

    /// Takes a change back, when nothing has happened to its subject since. `None` when there is no such change.
    ///
    /// # Errors
    /// `Conflict` when it was changed again.
    pub async fn undo_house_edit(&self, id: &str, by: &Author, now: Timestamp) -> Result<Option<HouseEdit>, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        let sql = format!("select {CHANGE} from admin_changes where id = $1");
        let Some(row) = tx.row(AssertSqlSafe(sql), vals![id]).await? else {
            tx.undo().await?;
            return Ok(None);
        };
        let change = edit(&row)?;
        let present = state(&mut tx, change.part, &change.subject).await?;
        if present != change.after {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        let mut set: Vec<(&str, Val)> = Vec::new();
        for column in change.part.columns() {
            match change.before.get(column) {
                Some(value) if *value == change.after[column] => {}
                Some(value) => {
                    set.push((column, HouseValue::read(value).map_or_else(|| none_like(&change.after[column]), |value| value.val())))
                }
                // It was not there: now it is off the menu, its number kept.
                None if column == columns::RETIRED => set.push((column, Val::from(1_i64))),
                None => {}
            }
        }
        let done = write(&mut tx, change.part, &change.subject, &set, present, Some(id), by, now).await?;
        self.told(tx).await?;
        Ok(Some(done))
    }

    /// What people changed, latest first: of one subject, of one kind, or all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn house_edits(&self, part: Option<HousePart>, subject: &str, limit: u32) -> Result<Vec<HouseEdit>, StoreError> {
        let sql = format!(
            "select {CHANGE} from admin_changes where ($1 = '' or kind = $1) and ($2 = '' or subject = $2) order by at desc, id desc limit $3"
        );
        let args = vals![part.map_or("", HousePart::name), subject, limit];
        self.pool.rows(AssertSqlSafe(sql), args).await?.iter().map(edit).collect()
    }
}

const CHANGE: &str = "id, kind, subject, at, by_name, before, after, undoes";

fn edit(row: &super::db::Row) -> Result<HouseEdit, StoreError> {
    let json = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let kind = row.text(1)?;
    Ok(HouseEdit {
        id: row.text(0)?.to_owned(),
        part: HousePart::from_name(kind).ok_or_else(|| super::db::broken("part of the house", kind))?,
        subject: row.text(2)?.to_owned(),
        at: Timestamp::from_millis(row.int(3)?),
        by_name: row.text(4)?.to_owned(),
        before: json(row.opt_text(5)?),
        after: json(row.opt_text(6)?),
        undoes: row.opt_text(7)?.map(str::to_owned),
    })
}

/// A missing value of the kind that stands there now: PostgreSQL wants to know.
fn none_like(present: &Value) -> Val {
    if present.is_number() { Val::from(None::<i64>) } else { Val::from(None::<&str>) }
}

/// The row as it is; null when there is none.
async fn state(tx: &mut Tx, part: HousePart, subject: &str) -> Result<Value, StoreError> {
    let Some(key) = part.key_value(subject) else { return Err(StoreError::Conflict) };
    let sql = format!("select {} from {} where {} = $1", part.columns().join(", "), part.table(), part.key());
    let Some(row) = tx.row(AssertSqlSafe(sql), &[key]).await? else { return Ok(Value::Null) };
    let mut state = Map::new();
    for (column, cell) in part.columns().into_iter().zip(&row.0) {
        let value = match cell {
            Cell::Null => Value::Null,
            Cell::Int(number) => json!(number),
            Cell::Text(text) => json!(text),
        };
        state.insert(column.to_owned(), value);
    }
    Ok(Value::Object(state))
}

#[expect(clippy::too_many_arguments, reason = "one change of one row, with its author and its history")]
async fn write(
    tx: &mut Tx,
    part: HousePart,
    subject: &str,
    set: &[(&str, Val)],
    before: Value,
    undoes: Option<&str>,
    by: &Author,
    now: Timestamp,
) -> Result<HouseEdit, StoreError> {
    let Some(key) = part.key_value(subject) else { return Err(StoreError::Conflict) };
    let mut args = vec![key];
    args.extend(set.iter().map(|(_, value)| value.clone()));
    if before.is_null() {
        let columns: Vec<&str> = set.iter().map(|(column, _)| *column).collect();
        let places: Vec<String> = (1..=args.len()).map(|place| format!("${place}")).collect();
        let sql = format!("insert into {} ({}, {}) values ({})", part.table(), part.key(), columns.join(", "), places.join(", "));
        tx.exec(AssertSqlSafe(sql), &args).await?;
    } else if !set.is_empty() {
        let columns: Vec<String> = set.iter().enumerate().map(|(place, (column, _))| format!("{column} = ${}", place + 2)).collect();
        let hash = if part.is_plant() { "" } else { ", file_hash = null" };
        let sql = format!("update {} set {}{hash} where {} = $1", part.table(), columns.join(", "), part.key());
        tx.exec(AssertSqlSafe(sql), &args).await?;
    }
    let after = state(tx, part, subject).await?;
    const SQL: &str = "insert into admin_changes (id, kind, subject, at, by_user, by_name, before, after, undoes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let id = new_id(now);
    let was = (!before.is_null()).then(|| before.to_string());
    let args = vals![&id, part.name(), subject, now.as_millis(), by.user.as_str(), &by.name, was, after.to_string(), undoes];
    tx.exec(SQL, args).await?;
    journal::append(tx, now, "house_changed", &format!("{} {subject}", part.name()), &json!({ "by": by.name })).await?;
    Ok(HouseEdit {
        id,
        part,
        subject: subject.to_owned(),
        at: now,
        by_name: by.name.clone(),
        before,
        after,
        undoes: undoes.map(str::to_owned),
    })
}
