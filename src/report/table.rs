//! A report that is ready to be shown: the same cells for the page, for CSV and for XLSX.

use crate::domain::Timestamp;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Count,
    /// Money in fen.
    Fen,
    /// Per cent with one decimal place.
    Percent,
    /// Seconds with one decimal place.
    Seconds,
    Text,
    /// A point in time.
    Time,
}

impl Kind {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Fen => "fen",
            Self::Percent => "percent",
            Self::Seconds => "seconds",
            Self::Text => "text",
            Self::Time => "time",
        }
    }
}

/// One value. Nothing is a division by nothing, or a cell of a total that has no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Nothing,
    Whole(i64),
    /// Tenths of what the column is counted in.
    Tenths(i64),
    Text(String),
    Time(Timestamp),
}

/// A column as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub key: String,
    pub zh: String,
    pub en: String,
    pub kind: Kind,
}

/// How a page may draw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// `line`, `bar`, `heat`, `grid`, `funnel`.
    pub kind: &'static str,
    /// Key of the column along the bottom.
    pub x: &'static str,
    pub series: Vec<String>,
}

/// The formula of a figure, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub heads: Vec<Head>,
    pub rows: Vec<Vec<Cell>>,
    /// All rows together.
    pub total: Option<Vec<Cell>>,
    /// The total of the span of equal length before.
    pub previous: Option<Vec<Cell>>,
    pub chart: Option<Chart>,
}

impl Table {
    /// The cell of a row in the column of this key.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a [Cell], key: &str) -> Option<&'a Cell> {
        row.get(self.heads.iter().position(|head| head.key == key)?)
    }
}

/// `part` of `whole` in tenths of a per cent, rounded to the nearest.
#[must_use]
pub fn permille(part: i64, whole: i64) -> Cell {
    if whole <= 0 { Cell::Nothing } else { Cell::Tenths((part * 2000 + whole) / (whole * 2)) }
}

/// Milliseconds as seconds with one decimal place, shared among `among`.
#[must_use]
pub fn mean_seconds(millis: i64, among: i64) -> Cell {
    if among <= 0 { Cell::Nothing } else { Cell::Tenths((millis * 2 + among * 100) / (among * 200)) }
}

/// By when so many per cent of `among` were done, in seconds with one decimal place: `spans` count what ended by each bound and not by
/// the one before, and are taken as even inside. What took longer than the last bound is told as the bound.
#[must_use]
pub fn within(percent: u8, spans: &[(i64, i64)], among: i64) -> Cell {
    if among <= 0 {
        return Cell::Nothing;
    }
    // Hundredths of a case.
    let wanted = among * i64::from(percent);
    let (mut from, mut before) = (0, 0);
    for &(bound, count) in spans {
        let count = count * 100;
        if count > 0 && before + count >= wanted {
            return Cell::Tenths(from * 10 + ((bound - from) * 10 * (wanted - before) + count / 2) / count);
        }
        (from, before) = (bound, before + count);
    }
    Cell::Tenths(from * 10)
}

#[cfg(test)]
mod tests {
    use super::{Cell, mean_seconds, permille, within};

    #[test]
    fn c102_a_median_is_told_from_counts_by_span() {
        let spans = [(5, 0), (10, 4), (20, 4), (30, 2)];
        assert_eq!(within(50, &spans, 10), Cell::Tenths(125), "the fifth of ten: a quarter into 10 to 20 s");
        assert_eq!(within(95, &spans, 10), Cell::Tenths(275));
        assert_eq!(within(100, &spans, 10), Cell::Tenths(300));
        assert_eq!(within(95, &spans, 20), Cell::Tenths(300), "half took longer than the last bound");
        assert_eq!(within(50, &spans, 0), Cell::Nothing);
    }

    #[test]
    fn shares_and_means_are_rounded_to_a_tenth_and_nothing_is_not_zero() {
        assert_eq!(permille(1, 3), Cell::Tenths(333));
        assert_eq!(permille(2, 3), Cell::Tenths(667));
        assert_eq!((permille(0, 5), permille(5, 5), permille(0, 0)), (Cell::Tenths(0), Cell::Tenths(1000), Cell::Nothing));
        assert_eq!(mean_seconds(12_345, 1), Cell::Tenths(123));
        assert_eq!(mean_seconds(12_350, 1), Cell::Tenths(124));
        assert_eq!((mean_seconds(30_000, 4), mean_seconds(1, 0)), (Cell::Tenths(75), Cell::Nothing));
    }
}
