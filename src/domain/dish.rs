//! What can be ordered.

use super::{ClockTime, Language, MenuNumber, Money};

/// A group of dishes, as read out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub id: String,
    pub zh: String,
    pub en: String,
}

/// A choice that is asked before the portions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DishOption {
    Size,
    Spice,
}

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Size {
    Large,
    Medium,
    Small,
}

/// How hot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spice {
    None,
    Mild,
    Medium,
    Hot,
}

impl Size {
    /// Stable name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Medium => "medium",
            Self::Small => "small",
        }
    }

    /// By the key of `order.opt_size`.
    #[must_use]
    pub const fn by_key(key: u8) -> Option<Self> {
        match key {
            1 => Some(Self::Large),
            2 => Some(Self::Medium),
            3 => Some(Self::Small),
            _ => None,
        }
    }

    /// The key of `order.opt_size`, also its number in the store.
    #[must_use]
    pub const fn key(self) -> u8 {
        match self {
            Self::Large => 1,
            Self::Medium => 2,
            Self::Small => 3,
        }
    }
}

impl Spice {
    /// Stable name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mild => "mild",
            Self::Medium => "medium",
            Self::Hot => "hot",
        }
    }

    /// By the key of `order.opt_spice`.
    #[must_use]
    pub const fn by_key(key: u8) -> Option<Self> {
        match key {
            1 => Some(Self::None),
            2 => Some(Self::Mild),
            3 => Some(Self::Medium),
            4 => Some(Self::Hot),
            _ => None,
        }
    }

    /// The key of `order.opt_spice`, also its number in the store.
    #[must_use]
    pub const fn key(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Mild => 2,
            Self::Medium => 3,
            Self::Hot => 4,
        }
    }
}

/// One dish of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dish {
    pub number: MenuNumber,
    pub zh: String,
    pub en: String,
    /// Pinyin with tone digits, where the name would be read wrongly.
    pub reading: Option<String>,
    /// For one portion. The same for all sizes unless `size_price` says otherwise.
    pub price: Money,
    /// Price by size: large, medium, small.
    pub size_price: Option<[Money; 3]>,
    pub category: String,
    pub options: Vec<DishOption>,
    /// When it is served; always when `None`.
    pub served: Option<(ClockTime, ClockTime)>,
    /// Announced as new until this day.
    pub new_until: Option<jiff::civil::Date>,
    /// What to offer when it is sold out.
    pub alternative: Option<MenuNumber>,
    /// Points for one portion, when it can be redeemed.
    pub points: Option<u32>,
    /// Off the menu, the number kept reserved.
    pub retired: bool,
}

impl Dish {
    /// Its name in `language`.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Mandarin => &self.zh,
            Language::English => &self.en,
        }
    }

    /// Price of one portion in that size.
    #[must_use]
    pub fn price_of(&self, size: Option<Size>) -> Money {
        match (self.size_price, size) {
            (Some(prices), Some(size)) => prices[usize::from(size.key() - 1)],
            _ => self.price,
        }
    }

    /// Whether it is served at this time of day.
    #[must_use]
    pub fn served_at(&self, time: ClockTime) -> bool {
        self.served.is_none_or(|(from, to)| from <= time && time < to)
    }
}

/// Whether this is pinyin with tone digits, one syllable for each character: `min3 hang2 dian4`.
#[must_use]
pub fn is_reading(text: &str) -> bool {
    let syllable = |syllable: &str| {
        let Some((last, letters)) = syllable.as_bytes().split_last() else { return false };
        (b'1'..=b'5').contains(last)
            && !letters.is_empty()
            && letters.len() <= 8
            && letters.iter().all(|b| b.is_ascii_lowercase() || *b == b':')
    };
    !text.is_empty() && text.len() <= 300 && text.split(' ').all(|part| syllable(&part.replace('ü', "v")))
}
