//! What the house offers right now: one snapshot that the dialogue and the pricing read without waiting.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};

use super::{Branch, BranchNumber, Category, DateTime, Dish, Level, MenuNumber, Money, Offer, Opening, Place, Times, Timestamp, Zone};

/// Dishes, branches, levels and offers as the store had them at one moment.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Rises with every change in the store.
    pub version: u64,
    pub levels: Vec<Level>,
    pub categories: Vec<Category>,
    pub dishes: BTreeMap<MenuNumber, Dish>,
    pub branches: BTreeMap<BranchNumber, Branch>,
    pub offers: Vec<Offer>,
    pub holidays: Holidays,
    pub sold_out: Vec<SoldOut>,
    /// Where the branches deliver to; the most precise rules decide first.
    pub zones: Vec<Zone>,
}

/// 沽清: a dish that cannot be had for a while, in one branch or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldOut {
    pub dish: MenuNumber,
    pub branch: Option<BranchNumber>,
    pub until: Timestamp,
}

/// Public holidays and 调休 make-up days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    /// First and last day, in one branch or in all.
    pub closed: Vec<(Date, Date, Option<BranchNumber>)>,
    /// This date follows the hours of that weekday.
    pub make_up: BTreeMap<Date, Weekday>,
}

impl Holidays {
    /// Whether `branch` is on holiday on `date`.
    #[must_use]
    pub fn closed(&self, date: Date, branch: BranchNumber) -> bool {
        self.closed.iter().any(|(from, to, only)| *from <= date && date <= *to && only.is_none_or(|only| only == branch))
    }

    /// The holiday of the whole house that covers `date`: first and last day.
    #[must_use]
    pub fn holiday(&self, date: Date) -> Option<(Date, Date)> {
        self.closed.iter().find(|(from, to, only)| *from <= date && date <= *to && only.is_none()).map(|(from, to, _)| (*from, *to))
    }

    /// The weekday whose hours hold on `date`.
    #[must_use]
    pub fn weekday_of(&self, date: Date) -> Weekday {
        self.make_up.get(&date).copied().unwrap_or_else(|| date.weekday())
    }
}

impl Catalogue {
    /// A dish on the menu (not a retired number).
    #[must_use]
    pub fn dish(&self, number: MenuNumber) -> Option<&Dish> {
        self.dishes.get(&number).filter(|dish| !dish.retired)
    }

    /// Whether `dish` is sold out at `at`, at `branch` or, when that is not yet known, everywhere.
    #[must_use]
    pub fn is_sold_out(&self, dish: MenuNumber, branch: Option<BranchNumber>, at: Timestamp) -> bool {
        self.sold_out.iter().any(|gone| gone.dish == dish && at < gone.until && (gone.branch.is_none() || gone.branch == branch))
    }

    /// The zone of `branch` in which an address lies.
    #[must_use]
    pub fn zone_of(&self, branch: BranchNumber, address: &str) -> Option<&Zone> {
        let mine = self.zones.iter().filter(|zone| zone.branch == branch);
        if address.is_empty() { None } else { mine.filter(|zone| zone.covers(address)).min_by_key(|zone| zone.precision()) }
    }

    /// Whether an address that was typed lies outside of all zones of its branch. A branch without zones delivers where people say;
    /// a saved address belongs to its branch because a person looked at it.
    #[must_use]
    pub fn is_outside(&self, place: &Place) -> bool {
        let Place::Saved { address, text, branch } = place else { return false };
        address.is_empty() && self.zones.iter().any(|zone| zone.branch == *branch) && self.zone_of(*branch, text).is_none()
    }

    /// What `branch` needs for an order, in a zone of its own time or anywhere.
    #[must_use]
    pub fn times(&self, branch: BranchNumber, zone: Option<&Zone>) -> Times {
        let Some(known) = self.branches.get(&branch) else { return Times { cook: 15, travel: 20 } };
        let cook = known.kitchen.cook_minutes;
        Times { cook, travel: zone.and_then(|zone| zone.minutes).unwrap_or(known.delivery_minutes).saturating_sub(cook) }
    }

    /// What delivery to `place` costs, and from how much on: the zone's own, else the branch's.
    #[must_use]
    pub fn delivery_terms(&self, place: &Place) -> (Money, Money) {
        let Some(branch) = self.branches.get(&place.branch()) else { return (Money::ZERO, Money::ZERO) };
        let zone = match place {
            Place::Saved { text, branch, .. } => self.zone_of(*branch, text),
            Place::Recorded { .. } | Place::Pickup { .. } => None,
        };
        let fee = zone.and_then(|zone| zone.fee).unwrap_or(branch.delivery_fee);
        (fee, zone.and_then(|zone| zone.least).unwrap_or(branch.min_delivery))
    }

    /// The level with this id.
    #[must_use]
    pub fn level(&self, id: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }

    /// Whether any branch is open at `at`.
    #[must_use]
    pub fn any_open(&self, at: DateTime) -> bool {
        self.branches.values().any(|branch| matches!(branch.opening(at, &self.holidays), Opening::Open { .. }))
    }
}
