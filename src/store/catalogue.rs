//! The house as callers hear it: dishes, branches, levels, offers, and what is sold out.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::db::{Durability, Row, Tx, broken, vals};
use super::people::branch;
use super::{Store, StoreError, columns, lines};
use crate::domain::{
    Branch, BranchNumber, Catalogue, Category, ClockTime, Deal, Dish, DishOption, Holidays, Hours, Kitchen, Level, MenuNumber, Money,
    Offer, Point, SoldOut, Timestamp, Zone, ZoneRule, weekday,
};

impl Store {
    /// All of it, of one moment.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let catalogue = catalogue_in(&mut tx).await?;
        tx.undo().await?;
        Ok(catalogue)
    }

    /// Rises with every change; cheap enough to ask every second.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn catalogue_version(&self) -> Result<u64, StoreError> {
        version_of(self.pool.row(VERSION, &[]).await?.as_ref())
    }

    /// 沽清: a dish is sold out in one branch or in all, until a moment.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn set_sold_out(&self, dish: MenuNumber, branch: Option<BranchNumber>, until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        put_sold_out(&mut tx, dish, branch, until).await?;
        tx.commit().await
    }

    /// It can be had again.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn clear_sold_out(&self, dish: MenuNumber, branch: Option<BranchNumber>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        drop_sold_out(&mut tx, dish, branch).await?;
        tx.commit().await
    }

    /// Branches that are closed for good: a person closed them, or they left the file.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn closed_branches(&self) -> Result<Vec<Branch>, StoreError> {
        let branches = [columns::BRANCH, &[columns::PAUSED]].concat();
        let sql = read("number", &branches, "branches where retired = 1 order by number");
        self.pool.rows(sql, &[]).await?.iter().map(restaurant).collect()
    }

    /// The "closed now" switch of a branch.
    ///
    /// # Errors
    /// `Conflict` when there is no such branch.
    pub async fn set_paused(&self, branch: BranchNumber, paused: bool) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        raise_version(&mut tx).await?;
        if tx.exec("update branches set paused = $1 where number = $2", vals![paused, branch.get()]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }
}

const VERSION: &str = "select catalogue_version from shop where id = 1";

fn sold_out_id(dish: MenuNumber, branch: Option<BranchNumber>) -> String {
    format!("{dish}:{}", branch.map_or_else(|| "*".to_owned(), |branch| branch.to_string()))
}

fn version_of(row: Option<&Row>) -> Result<u64, StoreError> {
    let version = row.ok_or_else(|| broken("shop", "no row"))?.int(0)?;
    Ok(u64::try_from(version).unwrap_or(0))
}

pub(super) async fn version_in(tx: &mut Tx) -> Result<u64, StoreError> {
    version_of(tx.row(VERSION, &[]).await?.as_ref())
}

/// The first statement of everything that changes the catalogue.
pub(super) async fn raise_version(tx: &mut Tx) -> Result<(), StoreError> {
    tx.exec("update shop set catalogue_version = catalogue_version + 1 where id = 1", &[]).await.map(|_| ())
}

pub(super) async fn put_sold_out(tx: &mut Tx, dish: MenuNumber, branch: Option<BranchNumber>, until: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "insert into sold_out (id, dish, branch, until_at) values ($1, $2, $3, $4) on conflict (id) do update set until_at = excluded.until_at";
    let args = vals![sold_out_id(dish, branch), dish.get(), branch.map(|branch| i64::from(branch.get())), until.as_millis()];
    tx.exec(SQL, args).await.map(|_| ())
}

pub(super) async fn drop_sold_out(tx: &mut Tx, dish: MenuNumber, branch: Option<BranchNumber>) -> Result<(), StoreError> {
    tx.exec("delete from sold_out where id = $1", vals![sold_out_id(dish, branch)]).await.map(|_| ())
}

/// A statement that reads these columns of a table after its key.
fn read(key: &str, columns: &[&str], rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("select {key}, {} from {rest}", columns.join(", ")))
}

pub(super) async fn catalogue_in(tx: &mut Tx) -> Result<Catalogue, StoreError> {
    let mut catalogue = Catalogue { version: version_in(tx).await?, ..Catalogue::default() };
    for row in tx.rows(read("id", columns::LEVEL, "levels where retired = 0 order by place, id"), &[]).await? {
        let discount_percent = u8::try_from(row.int(3)?).unwrap_or(0).min(100);
        catalogue.levels.push(Level { id: row.text(0)?.into(), zh: row.text(1)?.into(), en: row.text(2)?.into(), discount_percent });
    }
    for row in tx.rows(read("id", columns::CATEGORY, "categories where retired = 0 order by place, id"), &[]).await? {
        catalogue.categories.push(Category { id: row.text(0)?.into(), zh: row.text(1)?.into(), en: row.text(2)?.into() });
    }
    for row in tx.rows(read("number", columns::DISH, "dishes"), &[]).await? {
        let dish = dish(&row)?;
        catalogue.dishes.insert(dish.number, dish);
    }
    let branches = [columns::BRANCH, &[columns::PAUSED]].concat();
    for row in tx.rows(read("number", &branches, "branches where retired = 0"), &[]).await? {
        let branch = restaurant(&row)?;
        catalogue.branches.insert(branch.number, branch);
    }
    for row in tx.rows(read("id", columns::OFFER, "offers where retired = 0 order by place, id"), &[]).await? {
        catalogue.offers.push(offer(&row)?);
    }
    catalogue.holidays = holidays(tx).await?;
    for row in tx.rows("select dish, branch, until_at from sold_out order by id", &[]).await? {
        catalogue.sold_out.push(SoldOut {
            dish: lines::dish(row.int(0)?)?,
            branch: branch(row.opt_int(1)?),
            until: Timestamp::from_millis(row.int(2)?),
        });
    }
    for row in tx.rows(read("id", columns::ZONE, "zones where retired = 0 order by id"), &[]).await? {
        if let Some(zone) = zone(&row)? {
            catalogue.zones.push(zone);
        }
    }
    Ok(catalogue)
}

/// A zone; one whose branch has gone is no zone.
fn zone(row: &Row) -> Result<Option<Zone>, StoreError> {
    let lines: Vec<&str> = row.text(4)?.lines().collect();
    let rule = ZoneRule::parse(row.text(3)?, &lines).map_err(|fault| broken("zone", fault))?;
    let Some(branch) = branch(row.opt_int(1)?) else { return Ok(None) };
    Ok(Some(Zone {
        id: row.text(0)?.into(),
        branch,
        name: row.text(2)?.into(),
        rule,
        fee: row.opt_int(5)?.map(Money::fen),
        least: row.opt_int(6)?.map(Money::fen),
        minutes: row.opt_int(7)?.and_then(|minutes| u16::try_from(minutes).ok()),
    }))
}

async fn holidays(tx: &mut Tx) -> Result<Holidays, StoreError> {
    let mut holidays = Holidays { closed: Vec::new(), make_up: BTreeMap::new() };
    for row in tx.rows("select first_day, last_day, branch from holidays where retired = 0 order by first_day, id", &[]).await? {
        holidays.closed.push((day(row.text(0)?)?, day(row.text(1)?)?, branch(row.opt_int(2)?)));
    }
    for row in tx.rows("select day, weekday from make_up_days where retired = 0", &[]).await? {
        holidays.make_up.insert(day(row.text(0)?)?, weekday(row.text(1)?).ok_or_else(|| broken("weekday", row.text(1).unwrap_or("")))?);
    }
    Ok(holidays)
}

fn dish(row: &Row) -> Result<Dish, StoreError> {
    let size_price = match row.opt_text(5)? {
        None => None,
        Some(text) => {
            let prices: Vec<Money> = text.split(',').filter_map(|fen| fen.parse().ok()).map(Money::fen).collect();
            Some(<[Money; 3]>::try_from(prices).map_err(|_| broken("price by size", text))?)
        }
    };
    let options = row.text(7)?.split(',').filter_map(option).collect();
    Ok(Dish {
        number: lines::dish(row.int(0)?)?,
        zh: row.text(1)?.into(),
        en: row.text(2)?.into(),
        reading: row.opt_text(3)?.map(str::to_owned),
        price: Money::fen(row.int(4)?),
        size_price,
        category: row.text(6)?.into(),
        options,
        served: row.opt_text(8)?.map(span).transpose()?,
        new_until: row.opt_text(9)?.map(day).transpose()?,
        alternative: row.opt_int(10)?.map(lines::dish).transpose()?,
        points: row.opt_int(11)?.and_then(|points| u32::try_from(points).ok()),
        retired: row.flag(12)?,
    })
}

fn restaurant(row: &Row) -> Result<Branch, StoreError> {
    let minutes = |place| row.int(place).map(|minutes| u16::try_from(minutes).unwrap_or(u16::MAX));
    let days: Vec<Hours> = row.text(9)?.split(';').map(hours).collect::<Result<_, _>>()?;
    Ok(Branch {
        number: branch(Some(row.int(0)?)).ok_or_else(|| broken("branch number", row.0.len()))?,
        zh: row.text(1)?.into(),
        en: row.text(2)?.into(),
        reading: row.opt_text(3)?.map(str::to_owned),
        address_zh: row.text(4)?.into(),
        address_en: row.text(5)?.into(),
        transit_zh: row.text(6)?.into(),
        transit_en: row.text(7)?.into(),
        phone: row.text(8)?.into(),
        week: <[Hours; 7]>::try_from(days).map_err(|_| broken("week", row.text(9).unwrap_or("")))?,
        last_order_minutes: minutes(10)?,
        delivery_minutes: minutes(11)?,
        pickup_minutes: minutes(12)?,
        min_delivery: Money::fen(row.int(13)?),
        delivery_fee: Money::fen(row.int(14)?),
        free_delivery_from: row.opt_int(15)?.map(Money::fen),
        kitchen: Kitchen {
            cook_minutes: minutes(16)?,
            capacity_items: row.opt_int(17)?.and_then(|items| u32::try_from(items).ok()),
            capacity: row.opt_int(18)?.map(Money::fen),
        },
        location: row.opt_text(19)?.and_then(Point::parse),
        paused: row.flag(20)?,
    })
}

fn offer(row: &Row) -> Result<Offer, StoreError> {
    let deal = match row.text(7)? {
        "percent" => Deal::PercentOff { category: row.text(8)?.into(), percent: u8::try_from(row.int(9)?).unwrap_or(0).min(100) },
        "amount" => Deal::AmountOff { from: Money::fen(row.int(10)?), off: Money::fen(row.int(11)?) },
        _ => Deal::News,
    };
    Ok(Offer {
        id: row.text(0)?.into(),
        zh: row.text(1)?.into(),
        en: row.text(2)?.into(),
        from: day(row.text(3)?)?,
        until: day(row.text(4)?)?,
        days: row.text(5)?.split(',').filter_map(weekday).collect(),
        between: row.opt_text(6)?.map(span).transpose()?,
        deal,
        repeat_days: u16::try_from(row.int(12)?).unwrap_or(u16::MAX),
    })
}

pub(super) fn week_text(week: &[Hours; 7]) -> String {
    let day = |hours: &Hours| hours.iter().map(|span| span_text(*span)).collect::<Vec<_>>().join(",");
    week.iter().map(day).collect::<Vec<_>>().join(";")
}

pub(super) fn span_text((from, to): (ClockTime, ClockTime)) -> String {
    format!("{from}-{to}")
}

fn hours(text: &str) -> Result<Hours, StoreError> {
    text.split(',').filter(|span| !span.is_empty()).map(span).collect()
}

fn span(text: &str) -> Result<(ClockTime, ClockTime), StoreError> {
    let read = || text.split_once('-').and_then(|(from, to)| Some((ClockTime::parse(from)?, ClockTime::parse(to)?)));
    read().ok_or_else(|| broken("span of hours", text))
}

fn day(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| broken("date", text))
}

fn option(name: &str) -> Option<DishOption> {
    match name {
        "size" => Some(DishOption::Size),
        "spice" => Some(DishOption::Spice),
        _ => None,
    }
}

pub(super) const fn option_name(option: DishOption) -> &'static str {
    match option {
        DishOption::Size => "size",
        DishOption::Spice => "spice",
    }
}
