//! What a slip knows of an order, and what has changed between two versions of it.

use crate::domain::{DateTime, Money};

/// Which of the three slips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// 厨房单: what to cook.
    Kitchen,
    /// 打包单: what goes into the bag.
    Packing,
    /// 配送单: where to, and what is to be paid.
    Delivery,
}

impl Which {
    /// All of them, in the order in which a restaurant needs them.
    pub const ALL: [Self; 3] = [Self::Kitchen, Self::Packing, Self::Delivery];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kitchen => "kitchen",
            Self::Packing => "packing",
            Self::Delivery => "delivery",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.name() == name)
    }

    /// As the slip is headed.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kitchen => "厨房单",
            Self::Packing => "打包单",
            Self::Delivery => "配送单",
        }
    }
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dish {
    pub number: u16,
    pub name: String,
    pub quantity: u16,
    /// 大份, 特辣.
    pub options: Vec<String>,
    pub note: String,
    pub amount: Money,
}

impl Dish {
    /// Same dish, made the same way.
    fn is_like(&self, other: &Self) -> bool {
        self.number == other.number && self.options == other.options && self.note == other.note
    }
}

/// An order as its slips tell it; times are the restaurant's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ticket {
    pub number: String,
    pub version: u32,
    pub branch: String,
    pub branch_phone: String,
    pub delivery: bool,
    pub placed: DateTime,
    pub promised: DateTime,
    /// The diner chose the time.
    pub wanted: bool,
    pub name: String,
    pub phone: String,
    /// Empty for pickup, and for an address that was only spoken.
    pub address: String,
    /// The address is a recording at headquarters.
    pub spoken: bool,
    pub lines: Vec<Dish>,
    pub remark: String,
    /// A wish was recorded.
    pub recorded: bool,
    pub allergies: Vec<String>,
    pub goods: Money,
    /// Words and amount.
    pub discounts: Vec<(String, Money)>,
    pub fee: Money,
    pub pay: Money,
    /// Why it is off.
    pub off: String,
}

/// A line that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub(super) dish: &'a Dish,
    pub(super) before: u16,
    pub(super) now: u16,
}

impl Ticket {
    /// The four digits that everybody speaks of.
    #[must_use]
    pub fn tail(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or(&self.number)
    }

    /// All portions.
    #[must_use]
    pub fn portions(&self) -> u32 {
        self.lines.iter().map(|line| u32::from(line.quantity)).sum()
    }

    /// What is more, less or other than in `before`: first what goes, then what comes.
    pub(super) fn changes<'a>(&'a self, before: &'a Self) -> Vec<Change<'a>> {
        let sum = |ticket: &Self, dish: &Dish| ticket.lines.iter().filter(|line| line.is_like(dish)).map(|line| line.quantity).sum::<u16>();
        let mut changes: Vec<Change<'a>> = Vec::new();
        for dish in before.lines.iter().chain(&self.lines) {
            let (was, is) = (sum(before, dish), sum(self, dish));
            if was != is && !changes.iter().any(|known| known.dish.is_like(dish)) {
                changes.push(Change { dish, before: was, now: is });
            }
        }
        changes.sort_by_key(|change| change.now > change.before);
        changes
    }
}
