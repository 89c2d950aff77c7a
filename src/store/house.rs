//! Taking in what the file says about the house, without undoing what people changed since.

use std::collections::BTreeMap;

use serde_json::json;

use super::catalogue::{option_name, raise_version, span_text, week_text};
use super::db::{Durability, Tx, Val, vals};
use super::{Store, StoreError, columns, journal};
use crate::domain::{Branch, Deal, Dish, Offer, Timestamp, Zone, weekday_name};
use crate::house::House;

/// What an import changed, by name (`dish 18`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HouseChange {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    /// No longer in the file: off the menu, the number kept reserved.
    pub retired: Vec<String>,
}

impl HouseChange {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.retired.is_empty()
    }
}

/// The hash of a row whose entry has left the file: taken in again when it comes back.
const GONE: &str = "gone";

/// One table of the house with the entries of the file.
struct Shelf {
    table: &'static str,
    name: &'static str,
    key: &'static str,
    columns: Vec<&'static str>,
    entries: Vec<Item>,
}

struct Item {
    key: Val,
    hash: String,
    values: Vec<Val>,
}

impl Store {
    /// Takes in the file's entries that are new or changed since they were last taken in; an entry that left the file is
    /// retired if it came from the file. What people changed in the store stays as long as the file's entry stays.
    ///
    /// # Errors
    /// When the store cannot write; then nothing was taken in.
    pub async fn import_house(&self, house: &House, now: Timestamp) -> Result<HouseChange, StoreError> {
        let mut change = HouseChange::default();
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first: two servers that start at once take turns.
        tx.exec("update shop set catalogue_version = catalogue_version where id = 1", &[]).await?;
        for shelf in shelves(house) {
            take_in(&mut tx, &shelf, &mut change).await?;
        }
        if change.is_empty() {
            tx.undo().await?;
            return Ok(change);
        }
        raise_version(&mut tx).await?;
        let data = json!({ "added": change.added.len(), "changed": change.changed.len(), "retired": change.retired.len() });
        journal::append(&mut tx, now, "house_changed", "menus.toml", &data).await?;
        tx.commit().await?;
        Ok(change)
    }
}

async fn take_in(tx: &mut Tx, shelf: &Shelf, change: &mut HouseChange) -> Result<(), StoreError> {
    let Shelf { table, key, .. } = shelf;
    let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
    let sql = format!("select cast({key} as text), file_hash from {table}");
    for row in tx.rows(sqlx::AssertSqlSafe(sql), &[]).await? {
        known.insert(row.text(0)?.to_owned(), row.opt_text(1)?.map(str::to_owned));
    }
    let put = put_sql(shelf);
    for item in &shelf.entries {
        let name = shown(&item.key);
        let before = known.remove(&name);
        if before.as_ref().is_some_and(|hash| hash.as_deref() == Some(item.hash.as_str())) {
            continue;
        }
        // A person has changed or made it: what they say stays.
        if before == Some(None) {
            continue;
        }
        let mut args = vec![item.key.clone()];
        args.extend(item.values.iter().cloned());
        args.push(Val::from(item.hash.as_str()));
        tx.exec(sqlx::AssertSqlSafe(put.as_str()), &args).await?;
        let list = if before.is_some() { &mut change.changed } else { &mut change.added };
        list.push(format!("{} {name}", shelf.name));
    }
    for (name, hash) in known {
        if hash.is_some_and(|hash| hash != GONE) {
            let sql = format!("update {table} set retired = 1, file_hash = $1 where cast({key} as text) = $2");
            tx.exec(sqlx::AssertSqlSafe(sql), vals![GONE, &name]).await?;
            change.retired.push(format!("{} {name}", shelf.name));
        }
    }
    Ok(())
}

fn put_sql(shelf: &Shelf) -> String {
    let places: Vec<String> = (1..=shelf.columns.len() + 2).map(|place| format!("${place}")).collect();
    // A branch that a person has closed stays closed until the file says so itself.
    let set: Vec<String> = shelf
        .columns
        .iter()
        .map(|column| match *column {
            columns::PAUSED => "paused = case when excluded.paused = 1 then 1 else branches.paused end".to_owned(),
            column => format!("{column} = excluded.{column}"),
        })
        .collect();
    let retired = if shelf.columns.contains(&columns::RETIRED) { String::new() } else { ", retired = 0".to_owned() };
    format!(
        "insert into {} ({}, {}, file_hash) values ({}) on conflict ({}) do update set {}, file_hash = excluded.file_hash{retired}",
        shelf.table,
        shelf.key,
        shelf.columns.join(", "),
        places.join(", "),
        shelf.key,
        set.join(", "),
    )
}

fn shown(key: &Val) -> String {
    match key {
        Val::Int(number) => number.unwrap_or(0).to_string(),
        Val::Text(text) => text.clone().unwrap_or_default(),
    }
}

fn shelves(house: &House) -> [Shelf; 8] {
    let mut holidays: BTreeMap<String, Item> = BTreeMap::new();
    for day in &house.holidays {
        let branch = day.value.branch.map(|branch| i64::from(branch.get()));
        let id = format!("{}:{}:{}", day.value.from, day.value.until, branch.map_or_else(|| "*".to_owned(), |branch| branch.to_string()));
        let values = vals![day.value.from.to_string(), day.value.until.to_string(), branch].to_vec();
        holidays.insert(id.clone(), Item { key: Val::from(id), hash: "file".into(), values });
    }
    [
        Shelf {
            table: "levels",
            name: "level",
            key: "id",
            columns: columns::LEVEL.to_vec(),
            entries: items(&house.levels, |place, level| {
                (Val::from(&level.id), vals![&level.zh, &level.en, level.discount_percent, place].to_vec())
            }),
        },
        Shelf {
            table: "categories",
            name: "category",
            key: "id",
            columns: columns::CATEGORY.to_vec(),
            entries: items(&house.categories, |place, category| {
                (Val::from(&category.id), vals![&category.zh, &category.en, place].to_vec())
            }),
        },
        Shelf {
            table: "dishes",
            name: "dish",
            key: "number",
            columns: columns::DISH.to_vec(),
            entries: items(&house.dishes, |_, dish| (Val::from(dish.number.get()), dish_values(dish))),
        },
        Shelf {
            table: "branches",
            name: "branch",
            key: "number",
            columns: [columns::BRANCH, &[columns::PAUSED]].concat(),
            entries: items(&house.branches, |_, branch| (Val::from(branch.number.get()), branch_values(branch))),
        },
        Shelf {
            table: "offers",
            name: "offer",
            key: "id",
            columns: columns::OFFER.to_vec(),
            entries: items(&house.offers, |place, offer| (Val::from(&offer.id), offer_values(place, offer))),
        },
        Shelf {
            table: "holidays",
            name: "holiday",
            key: "id",
            columns: columns::HOLIDAY.to_vec(),
            entries: holidays.into_values().collect(),
        },
        Shelf {
            table: "zones",
            name: "zone",
            key: "id",
            columns: columns::ZONE.to_vec(),
            entries: items(&house.zones, |_, zone| (Val::from(&zone.id), zone_values(zone))),
        },
        Shelf {
            table: "make_up_days",
            name: "make_up",
            key: "day",
            columns: columns::MAKE_UP.to_vec(),
            entries: items(&house.make_up, |_, day| (Val::from(day.date.to_string()), vals![weekday_name(day.follows)].to_vec())),
        },
    ]
}

fn items<T>(list: &[crate::house::Sourced<T>], values: impl Fn(usize, &T) -> (Val, Vec<Val>)) -> Vec<Item> {
    let item = |(place, entry): (usize, &crate::house::Sourced<T>)| {
        let (key, values) = values(place, &entry.value);
        Item { key, hash: entry.hash.clone(), values }
    };
    list.iter().enumerate().map(item).collect()
}

fn dish_values(dish: &Dish) -> Vec<Val> {
    let sizes = dish.size_price.map(|prices| prices.map(|price| price.as_fen().to_string()).join(","));
    let options: Vec<&str> = dish.options.iter().map(|option| option_name(*option)).collect();
    vals![
        &dish.zh,
        &dish.en,
        dish.reading.as_deref(),
        dish.price.as_fen(),
        sizes,
        &dish.category,
        options.join(","),
        dish.served.map(span_text),
        dish.new_until.map(|day| day.to_string()),
        dish.alternative.map(|other| i64::from(other.get())),
        dish.points.map(i64::from),
        dish.retired,
    ]
    .to_vec()
}

fn branch_values(branch: &Branch) -> Vec<Val> {
    vals![
        &branch.zh,
        &branch.en,
        branch.reading.as_deref(),
        &branch.address_zh,
        &branch.address_en,
        &branch.transit_zh,
        &branch.transit_en,
        &branch.phone,
        week_text(&branch.week),
        branch.last_order_minutes,
        branch.delivery_minutes,
        branch.pickup_minutes,
        branch.min_delivery.as_fen(),
        branch.delivery_fee.as_fen(),
        branch.free_delivery_from.map(crate::domain::Money::as_fen),
        branch.kitchen.cook_minutes,
        branch.kitchen.capacity_items.map(i64::from),
        branch.kitchen.capacity.map(crate::domain::Money::as_fen),
        branch.location.map(|at| at.to_string()),
        branch.paused,
    ]
    .to_vec()
}

fn zone_values(zone: &Zone) -> Vec<Val> {
    vals![
        zone.branch.get(),
        &zone.name,
        zone.rule.kind(),
        zone.rule.lines().join("\n"),
        zone.fee.map(crate::domain::Money::as_fen),
        zone.least.map(crate::domain::Money::as_fen),
        zone.minutes.map(i64::from),
    ]
    .to_vec()
}

fn offer_values(place: usize, offer: &Offer) -> Vec<Val> {
    let (kind, category, percent, from, off) = match &offer.deal {
        Deal::News => ("news", None, None, None, None),
        Deal::PercentOff { category, percent } => ("percent", Some(category.as_str()), Some(i64::from(*percent)), None, None),
        Deal::AmountOff { from, off } => ("amount", None, None, Some(from.as_fen()), Some(off.as_fen())),
    };
    let days: Vec<&str> = offer.days.iter().map(|day| weekday_name(*day)).collect();
    vals![
        &offer.zh,
        &offer.en,
        offer.from.to_string(),
        offer.until.to_string(),
        days.join(","),
        offer.between.map(span_text),
        kind,
        category,
        percent,
        from,
        off,
        offer.repeat_days,
        place,
    ]
    .to_vec()
}
