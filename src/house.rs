//! The house as the file tells it: levels, categories, dishes, branches, offers and holidays of `menus.toml`, checked.
//!
//! Only the tables of the house are read here; the dialogue's own tables are read by `ivr`. Every fault is told with its
//! place, what was found and what to write; an entry with a fault is left out, so that one look shows all of them.

mod entry;

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use sha2::{Digest, Sha256};

use crate::domain::{
    Branch, BranchNumber, Catalogue, Category, ClockTime, Deal, Dish, DishOption, Finding, Hours, Kitchen, Level, MenuNumber, Money, Offer,
    PhoneNumber, Point, Zone, ZoneRule,
};
use entry::Entry;

/// The tables of `menus.toml` that belong to the house.
pub const TABLES: [&str; 8] = ["level", "category", "dish", "branch", "offer", "holiday", "make_up", "zone"];

/// One entry of the file with its fingerprint: it is imported again only when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    /// Of what the entry says, and of its place where the order of the file matters.
    pub hash: String,
}

/// Days on which the house, or one branch, is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    pub from: Date,
    pub until: Date,
    pub branch: Option<BranchNumber>,
}

/// 调休: this date follows the hours of that weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakeUp {
    pub date: Date,
    pub follows: Weekday,
}

/// Everything the file says about the house.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct House {
    pub levels: Vec<Sourced<Level>>,
    pub categories: Vec<Sourced<Category>>,
    pub dishes: Vec<Sourced<Dish>>,
    pub branches: Vec<Sourced<Branch>>,
    pub offers: Vec<Sourced<Offer>>,
    pub holidays: Vec<Sourced<Holiday>>,
    pub make_up: Vec<Sourced<MakeUp>>,
    pub zones: Vec<Sourced<Zone>>,
}

impl House {
    /// Reads the tables of the house out of `table` and leaves the others alone. With no finding, the house is what the
    /// file says; with findings, it lacks the entries that they name.
    #[must_use]
    pub fn read(table: &toml::Table) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let house = Self {
            levels: list(table, "level", &mut findings, level),
            categories: list(table, "category", &mut findings, category),
            dishes: list(table, "dish", &mut findings, dish),
            branches: list(table, "branch", &mut findings, branch),
            offers: list(table, "offer", &mut findings, offer),
            holidays: list(table, "holiday", &mut findings, holiday),
            make_up: list(table, "make_up", &mut findings, make_up),
            zones: list(table, "zone", &mut findings, zone),
        };
        house.twice(&mut findings);
        house.whole(table, &mut findings);
        (house, findings)
    }

    /// The same as a snapshot for the dialogue, for checks without a store.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue {
            levels: values(&self.levels),
            categories: values(&self.categories),
            dishes: self.dishes.iter().map(|dish| (dish.value.number, dish.value.clone())).collect(),
            branches: self.branches.iter().map(|branch| (branch.value.number, branch.value.clone())).collect(),
            offers: values(&self.offers),
            zones: values(&self.zones),
            ..Catalogue::default()
        };
        catalogue.holidays.closed = self.holidays.iter().map(|day| (day.value.from, day.value.until, day.value.branch)).collect();
        catalogue.holidays.make_up = self.make_up.iter().map(|day| (day.value.date, day.value.follows)).collect();
        catalogue
    }

    /// The same number or name given twice.
    fn twice(&self, findings: &mut Vec<Finding>) {
        let lists: [(&str, &str, Vec<String>); 7] = [
            ("level", "id", self.levels.iter().map(|level| level.value.id.clone()).collect()),
            ("category", "id", self.categories.iter().map(|category| category.value.id.clone()).collect()),
            ("dish", "number", self.dishes.iter().map(|dish| dish.value.number.to_string()).collect()),
            ("branch", "number", self.branches.iter().map(|branch| branch.value.number.to_string()).collect()),
            ("offer", "id", self.offers.iter().map(|offer| offer.value.id.clone()).collect()),
            ("zone", "id", self.zones.iter().map(|zone| zone.value.id.clone()).collect()),
            ("make_up", "date", self.make_up.iter().map(|day| day.value.date.to_string()).collect()),
        ];
        for (table, key, names) in lists {
            let mut seen = BTreeSet::new();
            for name in names {
                if !seen.insert(name.clone()) {
                    findings.push(Finding::new(format!("{table} {name}.{key}"), "is given twice", "give each its own"));
                }
            }
        }
    }

    /// What one entry says about another must be true.
    fn whole(&self, table: &toml::Table, findings: &mut Vec<Finding>) {
        // An entry that is left out for a fault of its own is not missing as well.
        let named = |list: &str, key: &str| -> BTreeSet<String> {
            let entries = table.get(list).and_then(toml::Value::as_array).into_iter().flatten();
            entries
                .filter_map(|entry| entry.get(key))
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect()
        };
        let (categories, dishes, branches) = (named("category", "id"), named("dish", "number"), named("branch", "number"));
        let retired: BTreeSet<MenuNumber> = self.dishes.iter().filter(|dish| dish.value.retired).map(|dish| dish.value.number).collect();
        for Sourced { value: dish, .. } in &self.dishes {
            if !categories.contains(&dish.category) {
                let found = format!("category {:?} does not exist", dish.category);
                findings.push(Finding::new(format!("dish {}.category", dish.number), found, "write the id of a [[category]]"));
            }
            if let Some(other) = dish.alternative {
                let fault = if other == dish.number {
                    Some("is the dish itself")
                } else if !dishes.contains(&other.to_string()) {
                    Some("does not exist")
                } else if retired.contains(&other) {
                    Some("is retired")
                } else {
                    None
                };
                if let Some(fault) = fault {
                    let place = format!("dish {}.alternative", dish.number);
                    findings.push(Finding::new(place, format!("dish {other} {fault}"), "write the number of another dish on the menu"));
                }
            }
        }
        for Sourced { value: offer, .. } in &self.offers {
            if let Deal::PercentOff { category, .. } = &offer.deal
                && !categories.contains(category)
            {
                let found = format!("category {category:?} does not exist");
                findings.push(Finding::new(format!("offer {}.category", offer.id), found, "write the id of a [[category]]"));
            }
        }
        for Sourced { value: zone, .. } in &self.zones {
            if !branches.contains(&zone.branch.to_string()) {
                let found = format!("branch {} does not exist", zone.branch);
                findings.push(Finding::new(format!("zone {}.branch", zone.id), found, "write the number of a [[branch]]"));
            }
        }
        for Sourced { value: day, .. } in &self.holidays {
            if let Some(branch) = day.branch
                && !branches.contains(&branch.to_string())
            {
                let place = format!("holiday {}.branch", day.from);
                findings.push(Finding::new(
                    place,
                    format!("branch {branch} does not exist"),
                    "write the number of a [[branch]], or leave it out for all",
                ));
            }
        }
    }
}

fn values<T: Clone>(list: &[Sourced<T>]) -> Vec<T> {
    list.iter().map(|entry| entry.value.clone()).collect()
}

/// More entries of one kind than this are a mistake of the file.
const MOST_ENTRIES: usize = 10_000;

/// Reads `[[name]]`; `named` says how an entry is called in findings.
fn list<T>(table: &toml::Table, name: &str, findings: &mut Vec<Finding>, read: impl Fn(&mut Entry<'_>) -> Option<T>) -> Vec<Sourced<T>> {
    let Some(value) = table.get(name) else { return Vec::new() };
    let cure = format!("write [[{name}]] before each");
    let Some(entries) = value.as_array() else {
        findings.push(Finding::new(name, "is not a list of entries", cure));
        return Vec::new();
    };
    if entries.len() > MOST_ENTRIES {
        findings.push(Finding::new(name, format!("has {} entries", entries.len()), format!("keep it below {MOST_ENTRIES}")));
        return Vec::new();
    }
    let mut values = Vec::new();
    for (place, value) in entries.iter().enumerate() {
        let Some(fields) = value.as_table() else {
            findings.push(Finding::new(format!("{name} #{}", place + 1), "is not an entry", cure.clone()));
            continue;
        };
        let before = findings.len();
        let mut entry = Entry::new(name, place, fields, findings);
        let value = read(&mut entry);
        entry.finish();
        if let Some(value) = value
            && findings.len() == before
        {
            values.push(Sourced { value, hash: fingerprint(name, place, fields) });
        }
    }
    values
}

fn fingerprint(name: &str, place: usize, fields: &toml::Table) -> String {
    let mut hash = Sha256::new();
    // These are told in the order of the file; the others are found by number or date, wherever they stand.
    if matches!(name, "level" | "category" | "offer") {
        hash.update(place.to_string());
    }
    hash.update(fields.to_string());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn level(entry: &mut Entry<'_>) -> Option<Level> {
    let id = entry.id("id");
    let (zh, en) = (entry.text("zh"), entry.text("en"));
    let discount_percent = entry.number_or("discount_percent", 0, 0..=100);
    Some(Level { id: id?, zh: zh?, en: en?, discount_percent: u8::try_from(discount_percent?).ok()? })
}

fn category(entry: &mut Entry<'_>) -> Option<Category> {
    let id = entry.id("id");
    let (zh, en) = (entry.text("zh"), entry.text("en"));
    Some(Category { id: id?, zh: zh?, en: en? })
}

fn dish(entry: &mut Entry<'_>) -> Option<Dish> {
    let number = entry.number("number", 1..=9999);
    let (zh, en, reading) = (entry.text("zh"), entry.text("en"), entry.reading("reading"));
    let price = entry.money("price_fen");
    let size_price = entry.three_prices("size_price_fen");
    let category = entry.text("category");
    let options = entry.words("options", &["size", "spice"]);
    let served = entry.optional("served", Entry::span);
    let new_until = entry.optional("new_until", Entry::date);
    let alternative = entry.optional("alternative", |entry, key| entry.number(key, 1..=9999));
    let points = entry.optional("points", |entry, key| entry.number(key, 1..=10_000_000));
    let retired = entry.flag("retired");
    let mut options: Vec<DishOption> =
        options.iter().map(|name| if name == "size" { DishOption::Size } else { DishOption::Spice }).collect();
    options.dedup();
    if size_price.is_some() && !options.contains(&DishOption::Size) {
        entry.fault("size_price_fen", "gives prices by size, but size is not asked", "add \"size\" to options, or leave it out");
    }
    Some(Dish {
        number: MenuNumber::new(u16::try_from(number?).ok()?)?,
        zh: zh?,
        en: en?,
        reading,
        price: price?,
        size_price,
        category: category?,
        options,
        served,
        new_until,
        alternative: alternative.and_then(|number| MenuNumber::new(u16::try_from(number).ok()?)),
        points: points.and_then(|points| u32::try_from(points).ok()),
        retired,
    })
}

fn branch(entry: &mut Entry<'_>) -> Option<Branch> {
    let number = entry.number("number", 1..=9999);
    let (zh, en, reading) = (entry.text("zh"), entry.text("en"), entry.reading("reading"));
    let (address_zh, address_en) = (entry.text("address_zh"), entry.text("address_en"));
    let (transit_zh, transit_en) = (entry.text_or("transit_zh"), entry.text_or("transit_en"));
    let location = match entry.optional("location", Entry::text) {
        None => Some(None),
        Some(text) => match Point::parse(&text) {
            Some(at) => Some(Some(at)),
            None => {
                entry.fault("location", format!("{text:?} is no place"), "write longitude,latitude such as \"121.437,31.188\"");
                None
            }
        },
    };
    let phone = entry.text("phone");
    let week = entry.week("hours");
    let last_order = entry.minutes_or("last_order", 20);
    let delivery_minutes = entry.number_or("delivery_minutes", 45, 1..=600);
    let pickup_minutes = entry.number_or("pickup_minutes", 20, 1..=600);
    let min_delivery = entry.money_or("min_delivery_fen");
    let delivery_fee = entry.money_or("delivery_fee_fen");
    let free_delivery_from = entry.optional("free_delivery_from_fen", Entry::money);
    let paused = entry.flag("paused");
    let cook_minutes = entry.number_or("cook_minutes", 15, 1..=240);
    let capacity_items = entry.optional("capacity_items", |entry, key| entry.number(key, 1..=100_000));
    let capacity_yuan = entry.optional("capacity_yuan", |entry, key| entry.number(key, 1..=1_000_000));
    if let Some(phone) = &phone
        && PhoneNumber::parse(phone).is_none()
    {
        entry.fault("phone", format!("{phone:?} is no telephone number"), "write it as dialled, such as \"021-64380001\"");
    }
    Some(Branch {
        number: BranchNumber::new(u16::try_from(number?).ok()?)?,
        zh: zh?,
        en: en?,
        reading,
        address_zh: address_zh?,
        address_en: address_en?,
        transit_zh: transit_zh?,
        transit_en: transit_en?,
        location: location?,
        phone: phone?,
        week: week?,
        last_order_minutes: last_order?,
        delivery_minutes: u16::try_from(delivery_minutes?).ok()?,
        pickup_minutes: u16::try_from(pickup_minutes?).ok()?,
        min_delivery: min_delivery?,
        delivery_fee: delivery_fee?,
        free_delivery_from,
        paused,
        kitchen: Kitchen {
            cook_minutes: u16::try_from(cook_minutes?).ok()?,
            capacity_items: capacity_items.and_then(|items| u32::try_from(items).ok()),
            capacity: capacity_yuan.map(Money::yuan),
        },
    })
}

fn offer(entry: &mut Entry<'_>) -> Option<Offer> {
    let id = entry.id("id");
    let (zh, en) = (entry.text("zh"), entry.text("en"));
    let (from, until) = (entry.date("from"), entry.date("until"));
    entry.in_order("until", from, until);
    let days = entry.weekdays("days");
    let between = entry.optional("between", Entry::span);
    let category = entry.optional("category", Entry::text);
    let percent = entry.optional("percent_off", |entry, key| entry.number(key, 1..=100));
    let least = entry.optional("from_fen", Entry::money);
    let off = entry.optional("off_fen", Entry::money);
    let repeat_days = entry.number_or("repeat_days", 7, 0..=365);
    let deal = match (category, percent, least, off) {
        (None, None, None, None) => Deal::News,
        (Some(category), Some(percent), None, None) => Deal::PercentOff { category, percent: u8::try_from(percent).ok()? },
        (None, None, Some(from), Some(off)) if off <= from => Deal::AmountOff { from, off },
        (None, None, Some(_), Some(_)) => {
            entry.fault("off_fen", "is more than from_fen", "take off less than what it takes");
            return None;
        }
        _ => {
            entry.fault(
                "",
                "is neither per cent nor an amount off",
                "write category and percent_off, or from_fen and off_fen, or none of them for news",
            );
            return None;
        }
    };
    Some(Offer {
        id: id?,
        zh: zh?,
        en: en?,
        from: from?,
        until: until?,
        days,
        between,
        deal,
        repeat_days: u16::try_from(repeat_days?).ok()?,
    })
}

/// Where a branch delivers to: exactly one of `polygon`, `streets` and `keywords`.
fn zone(entry: &mut Entry<'_>) -> Option<Zone> {
    let id = entry.id("id");
    let branch = entry.number("branch", 1..=9999);
    let name = entry.text("name");
    let fee = entry.optional("fee_fen", Entry::money);
    let least = entry.optional("min_fen", Entry::money);
    let minutes = entry.optional("minutes", |entry, key| entry.number(key, 1..=600));
    let mut rules = Vec::new();
    for kind in ["polygon", "streets", "keywords"] {
        if let Some(lines) = entry.optional(kind, Entry::lines) {
            rules.push((kind, lines));
        }
    }
    let [(kind, lines)] = rules.as_slice() else {
        entry.fault("", "says not in one way where it is", "write one of polygon, streets and keywords, each a list of texts");
        return None;
    };
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let rule = match ZoneRule::written(kind, &lines) {
        Ok(rule) => rule,
        Err(fault) => {
            entry.fault(kind, fault, "see docs/menus.md, section on zones");
            return None;
        }
    };
    Some(Zone {
        id: id?,
        branch: BranchNumber::new(u16::try_from(branch?).ok()?)?,
        name: name?,
        rule,
        fee,
        least,
        minutes: minutes.and_then(|minutes| u16::try_from(minutes).ok()),
    })
}

fn holiday(entry: &mut Entry<'_>) -> Option<Holiday> {
    let from = entry.date("from");
    let until = entry.optional("until", Entry::date).or(from);
    entry.in_order("until", from, until);
    let branch = entry.optional("branch", |entry, key| entry.number(key, 1..=9999));
    entry.optional("name", Entry::text);
    Some(Holiday { from: from?, until: until?, branch: branch.and_then(|number| BranchNumber::new(u16::try_from(number).ok()?)) })
}

fn make_up(entry: &mut Entry<'_>) -> Option<MakeUp> {
    let date = entry.date("date");
    let follows = entry.weekday("follows");
    entry.optional("name", Entry::text);
    Some(MakeUp { date: date?, follows: follows? })
}

/// A span of hours within a day.
type Span = (ClockTime, ClockTime);

/// All days alike.
fn every_day(hours: &Hours) -> [Hours; 7] {
    std::array::from_fn(|_| hours.clone())
}

#[cfg(test)]
mod tests;
