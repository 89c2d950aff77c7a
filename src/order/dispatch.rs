//! Which branch cooks an order: who delivers to the address, is open, has every dish, and can be there in time (C77, C81).

use std::collections::BTreeMap;

use super::life::Times;
use crate::domain::{BranchNumber, Catalogue, ClockTime, MenuNumber, Opening, Point, ShopClock, Timestamp};

/// What each order ahead adds to a kitchen's time, in minutes.
pub const MINUTES_AHEAD: u32 = 3;
/// This much after the promise still counts as kept.
const GRACE: u32 = 10;

/// Orders that each kitchen still has to cook.
pub type Loads = BTreeMap<BranchNumber, u32>;

/// What is to be cooked and brought.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// As written; empty when nobody knows it.
    pub address: &'a str,
    pub dishes: &'a [MenuNumber],
}

/// A branch, and what speaks for and against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub branch: BranchNumber,
    /// The zone in which the address lies.
    pub zone: Option<String>,
    pub open: bool,
    /// What it cannot cook now.
    pub missing: Vec<MenuNumber>,
    pub load_minutes: u32,
    /// The straight way to the address, where both places are known.
    pub metres: Option<u32>,
    /// Until the food is at the door.
    pub expected_minutes: u32,
    pub times: Times,
    rank: u8,
}

/// A rider makes so many metres a minute: what stands for a distance that nobody knows.
const METRES_A_MINUTE: u32 = 250;

impl Candidate {
    /// How far it is, in metres: measured, or by the minutes of the way.
    #[must_use]
    pub fn far(&self) -> u32 {
        self.metres.unwrap_or(u32::from(self.times.travel) * METRES_A_MINUTE)
    }

    /// Whether nothing speaks against it.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.zone.is_some() && self.open && self.missing.is_empty()
    }
}

/// What was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// None when nobody delivers there now.
    pub branch: Option<BranchNumber>,
    /// `zone:NAME`, or `outside`.
    pub why: String,
    /// All branches, the best first.
    pub candidates: Vec<Candidate>,
}

/// All branches, the best first: who delivers there, is open, has everything; then the more precise zone; then the sooner.
#[must_use]
pub fn candidates(asked: Asked<'_>, catalogue: &Catalogue, loads: &Loads, now: Timestamp, clock: &ShopClock) -> Vec<Candidate> {
    let local = clock.local(now);
    let door = Point::of_address(asked.address);
    let mut found: Vec<Candidate> = catalogue
        .branches
        .values()
        .map(|branch| {
            let zone = catalogue
                .zones
                .iter()
                .filter(|zone| zone.branch == branch.number && zone.covers(asked.address))
                .min_by_key(|zone| zone.precision());
            let times = catalogue.times(branch.number, zone);
            let load_minutes = loads.get(&branch.number).copied().unwrap_or(0) * MINUTES_AHEAD;
            let lacks = |dish: &MenuNumber| {
                !catalogue.dish(*dish).is_some_and(|known| known.served_at(ClockTime::of(local)))
                    || catalogue.is_sold_out(*dish, Some(branch.number), now)
            };
            Candidate {
                branch: branch.number,
                zone: zone.map(|zone| zone.name.clone()),
                open: matches!(branch.opening(local, &catalogue.holidays), Opening::Open { .. }),
                missing: asked.dishes.iter().copied().filter(lacks).collect(),
                load_minutes,
                metres: door.zip(branch.location).map(|(door, kitchen)| door.metres_to(kitchen)),
                expected_minutes: u32::from(times.cook) + load_minutes + u32::from(times.travel),
                times,
                rank: zone.map_or(u8::MAX, crate::domain::Zone::precision),
            }
        })
        .collect();
    found.sort_by_key(|one| (one.zone.is_none(), !one.open, one.missing.len(), one.rank, one.expected_minutes, one.branch));
    found
}

/// The same for a person who moves an order («改派»): who may and can, then the nearer, then the sooner.
#[must_use]
pub fn suggestions(asked: Asked<'_>, catalogue: &Catalogue, loads: &Loads, now: Timestamp, clock: &ShopClock) -> Vec<Candidate> {
    let mut found = candidates(asked, catalogue, loads, now, clock);
    found.sort_by_key(|one| (one.zone.is_none(), !one.open, one.missing.len(), one.far(), one.expected_minutes, one.branch));
    found
}

/// The branch that an address belongs to, with the reason.
#[must_use]
pub fn choose(asked: Asked<'_>, catalogue: &Catalogue, loads: &Loads, now: Timestamp, clock: &ShopClock) -> Choice {
    let candidates = candidates(asked, catalogue, loads, now, clock);
    // A branch that covers it is named even when it is closed: then that is what stands in the way, and is said.
    let best = candidates.first().filter(|best| best.zone.is_some());
    let why = best.and_then(|best| best.zone.as_ref()).map_or_else(|| "outside".to_owned(), |zone| format!("zone:{zone}"));
    Choice { branch: best.map(|best| best.branch), why, candidates }
}

/// The next branch for an order that others would not or did not take: only one that covers it and can keep the promise.
#[must_use]
pub fn next_branch(
    asked: Asked<'_>,
    not: &[BranchNumber],
    promised: Timestamp,
    catalogue: &Catalogue,
    loads: &Loads,
    now: Timestamp,
    clock: &ShopClock,
) -> Option<(BranchNumber, Times)> {
    let left = (promised.as_millis() - now.as_millis()) / 60_000;
    let in_time = |one: &Candidate| i64::from(one.expected_minutes) <= left + i64::from(GRACE);
    candidates(asked, catalogue, loads, now, clock)
        .into_iter()
        .find(|one| one.fits() && !not.contains(&one.branch) && in_time(one))
        .map(|one| (one.branch, one.times))
}

/// What a kitchen may still promise for one quarter of an hour (C78).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    pub items: u32,
    pub fen: i64,
}

/// Whether so much more fits into a branch's quarter of an hour, besides what it has promised for it. A single order that is
/// larger than a whole empty quarter is taken into an empty one: nobody else is kept waiting by it.
#[must_use]
pub fn has_room(promised: Room, more: Room, limits: (Option<u32>, Option<i64>)) -> bool {
    if promised == Room::default() {
        return true;
    }
    limits.0.is_none_or(|limit| promised.items + more.items <= limit) && limits.1.is_none_or(|limit| promised.fen + more.fen <= limit)
}
