//! Offers with dates: what is spoken, and what comes off the bill.

use jiff::civil::{Date, Weekday};

use super::{ClockTime, DateTime, Money};

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub id: String,
    pub zh: String,
    pub en: String,
    /// First and last day.
    pub from: Date,
    pub until: Date,
    /// Only on these week days; every day when empty.
    pub days: Vec<Weekday>,
    /// Only in this part of the day.
    pub between: Option<(ClockTime, ClockTime)>,
    pub deal: Deal,
    /// Spoken at most once per caller in so many days.
    pub repeat_days: u16,
}

/// What an offer takes off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deal {
    /// Only an announcement.
    News,
    /// So many per cent off a category.
    PercentOff { category: String, percent: u8 },
    /// From so much, so much off.
    AmountOff { from: Money, off: Money },
}

impl Offer {
    /// Whether it holds at `at`.
    #[must_use]
    pub fn holds_at(&self, at: DateTime) -> bool {
        let time = ClockTime::of(at);
        self.from <= at.date()
            && at.date() <= self.until
            && (self.days.is_empty() || self.days.contains(&at.date().weekday()))
            && self.between.is_none_or(|(from, to)| from <= time && time < to)
    }

    /// Whether it may be announced on that day.
    #[must_use]
    pub fn announced_on(&self, date: Date) -> bool {
        self.from <= date && date <= self.until
    }
}
