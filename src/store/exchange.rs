//! Tables that go out and come in again (C105): how things are, what a table would change, and storing exactly that.
//!
//! Nothing is kept between looking and storing: who says yes names the digest of what they saw, and the table is read once
//! more. Any node may store what another showed, and so may the command line.

use sha2::{Digest, Sha256};

use super::admin::{HousePart, HouseValue};
use super::members::MemberRow;
use super::pin::hex;
use super::{Author, Store, StoreError};
use crate::domain::{Catalogue, MemberNumber, PhoneNumber, Timestamp};
use crate::exchange::{self, Change, Fault, Held, Known, What};
use crate::report::{Cell, Head, Kind, Table};

/// What a table would change as things are now, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct TablePlan {
    pub what: What,
    pub changes: Vec<Change>,
    /// With one of them nothing can be stored.
    pub faults: Vec<Fault>,
    rows: Vec<Vec<String>>,
}

impl TablePlan {
    /// What stands for exactly these changes, seen by this person; the same on every node.
    #[must_use]
    pub fn digest(&self, seen_by: &str) -> String {
        let mut hash = Sha256::new();
        let mut put = |text: &str| {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        };
        put(seen_by);
        put(self.what.name());
        for change in &self.changes {
            put(&change.row.to_string());
            put(&change.subject);
            for (column, before, after) in &change.columns {
                put(column);
                put(before);
                put(after);
            }
        }
        hex(&hash.finalize())
    }
}

impl Store {
    /// A whole list as a table that can be brought in again, by number.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn table(&self, what: What) -> Result<Table, StoreError> {
        let mut rows: Vec<Vec<String>> = self.known(what).await?.into_values().collect();
        rows.sort_by_key(|row| row.first().and_then(|key| key.parse::<u64>().ok()));
        let head =
            |column: &exchange::Column| Head { key: column.key.into(), zh: column.zh.into(), en: column.en.into(), kind: Kind::Text };
        Ok(Table {
            heads: what.columns().iter().map(head).collect(),
            rows: rows.into_iter().map(|row| row.into_iter().map(Cell::Text).collect()).collect(),
            total: None,
            previous: None,
            chart: None,
        })
    }

    /// What these rows (the first names the columns) would change. Nothing is stored.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn plan_table(&self, what: What, rows: Vec<Vec<String>>) -> Result<TablePlan, StoreError> {
        let (known, catalogue) = (self.known(what).await?, self.catalogue().await?);
        let read = move || {
            let (changes, faults) = exchange::read(what, &rows, &known, &catalogue);
            TablePlan { what, changes, faults, rows }
        };
        // A long table takes a while, and others wait for this thread.
        tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Corrupt("a table could not be read".into()))
    }

    /// Stores what the plan says, all or nothing, when it still means the same.
    ///
    /// # Errors
    /// `Conflict` when somebody changed something since, or the plan has faults; then nothing has changed.
    pub async fn store_table(&self, plan: &TablePlan, by: &Author, now: Timestamp) -> Result<(), StoreError> {
        if !plan.faults.is_empty() {
            return Err(StoreError::Conflict);
        }
        let unchanged = |known: &Known, catalogue: &Catalogue| {
            let (changes, faults) = exchange::read(plan.what, &plan.rows, known, catalogue);
            faults.is_empty() && changes == plan.changes
        };
        match plan.what {
            What::Members => {
                let catalogue = self.catalogue().await?;
                let before = self.known(plan.what).await?;
                let rows = plan.changes.iter().map(|change| member(change, &before).ok_or(StoreError::Conflict));
                let rows = rows.collect::<Result<Vec<_>, _>>()?;
                self.put_members(&rows, |now| unchanged(&of_members(now), &catalogue), by, now).await
            }
            What::Dishes | What::Branches => {
                let part = if plan.what == What::Dishes { HousePart::Dish } else { HousePart::Branch };
                let rows: Vec<_> = plan.changes.iter().map(|change| (change.subject.clone(), values(change))).collect();
                self.edit_house_all(part, &rows, |now| unchanged(&of_house(plan.what, now), now), by, now).await.map(|_| ())
            }
        }
    }

    async fn known(&self, what: What) -> Result<Known, StoreError> {
        Ok(match what {
            What::Dishes | What::Branches => of_house(what, &self.catalogue().await?),
            What::Members => of_members(&self.member_rows().await?),
        })
    }
}

fn of_house(what: What, catalogue: &Catalogue) -> Known {
    if what == What::Branches { exchange::branches(catalogue) } else { exchange::dishes(catalogue) }
}

fn of_members(rows: &[MemberRow]) -> Known {
    let cells = |row: &MemberRow| {
        let phones: Vec<&str> = row.phones.iter().map(PhoneNumber::reveal).collect();
        (row.number.as_str().to_owned(), vec![row.number.as_str().to_owned(), row.level.clone(), row.name.clone(), phones.join(" ")])
    };
    rows.iter().map(cells).collect()
}

fn values(change: &Change) -> Vec<(&'static str, HouseValue)> {
    let value = |held: &Held| match held {
        Held::Text(text) => HouseValue::Text(text.clone()),
        Held::Number(number) => HouseValue::Number(*number),
    };
    change.set.iter().map(|(column, held)| (*column, value(held))).collect()
}

/// The member that a row makes: what the row leaves out stays.
fn member(change: &Change, known: &Known) -> Option<MemberRow> {
    let before = known.get(&change.subject);
    let cell = |column: &str| {
        let changed = change.columns.iter().find(|(name, ..)| *name == column).map(|(_, _, after)| after.clone());
        let place = What::Members.columns().iter().position(|known| known.key == column);
        changed.or_else(|| before?.get(place?).cloned()).unwrap_or_default()
    };
    Some(MemberRow {
        number: MemberNumber::parse(&change.subject)?,
        level: cell("level"),
        name: cell("name"),
        phones: cell("phones").split(' ').filter_map(PhoneNumber::parse).collect(),
    })
}
