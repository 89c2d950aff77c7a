//! What a report is: who may read it, what its rows are, and how its figures are made of sums.

use super::source::{Group, Source};
use super::table::{Formula, Kind};

/// Who may read a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// About calls and agents: supervisors and the head office.
    Floor,
    /// About orders: also dispatchers, and each branch what is its own.
    Kitchen,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Spans of the grain that was asked for.
    Time,
    HourOfDay,
    QuarterOfDay,
    /// Hours of each day of the week, Monday first.
    HourOfWeek,
    Column(&'static str),
    Two(&'static str, &'static str),
}

/// How a figure is made of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// The sum itself.
    Sum(&'static str),
    /// The first together ÷ the second together, in per cent.
    Share(&'static [&'static str], &'static [&'static str]),
    /// What is left of the second together without the first, ÷ the second, in per cent.
    Unless(&'static [&'static str], &'static [&'static str]),
    /// Milliseconds ÷ a count, in seconds.
    Mean(&'static [&'static str], &'static [&'static str]),
    /// Milliseconds as seconds.
    Seconds(&'static str),
    /// So many per cent of the second were not longer: counts by upper bounds in seconds, even within each span; in seconds.
    Within(u8, &'static [(i64, &'static str)], &'static str),
    /// Fen ÷ a count.
    Each(&'static str, &'static str),
}

/// One figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub kind: Kind,
    pub value: Value,
    /// How it is counted, in both languages.
    pub formula: (&'static str, &'static str),
}

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub audience: Audience,
    pub by: By,
    pub sources: &'static [Source],
    pub figures: &'static [Figure],
    /// `line`, `bar`, `heat`, `grid` or `funnel`, and the figures that are drawn.
    pub chart: Option<(&'static str, &'static [&'static str])>,
}

impl Report {
    /// All formulas, in the order of the columns.
    #[must_use]
    pub fn formulas(&self) -> Vec<Formula> {
        self.figures.iter().map(|figure| Formula { key: figure.key, zh: figure.formula.0, en: figure.formula.1 }).collect()
    }

    /// Whether all of its sources know this column, so that it can be asked for one value of it.
    #[must_use]
    pub fn filters_by(&self, column: &str) -> bool {
        self.sources.iter().all(|source| source.columns().contains(&column))
    }

    /// Columns that a source is grouped by for it, with the finer grain `quarter` or `hour`.
    #[must_use]
    pub fn groups(&self, grain: Grain) -> Vec<Group> {
        match (self.by, grain) {
            (By::Time, Grain::Day) => vec![Group::Day],
            (By::Time, Grain::Hour) => vec![Group::Day, Group::Hour],
            (By::Time, Grain::Quarter) => vec![Group::Day, Group::Quarter],
            (By::HourOfDay, _) => vec![Group::Hour],
            (By::QuarterOfDay, _) => vec![Group::Quarter],
            // Days of the calendar are folded into those of the week when the table is built.
            (By::HourOfWeek, _) => vec![Group::Day, Group::Hour],
            (By::Column(column), _) => vec![Group::Column(column)],
            (By::Two(one, other), _) => vec![Group::Column(one), Group::Column(other)],
        }
    }
}

/// How long a span of a report over time is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grain {
    Quarter,
    Hour,
    #[default]
    Day,
}

impl Grain {
    /// By its name in a request: `15m`, `hour`, `day`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "15m" => Some(Self::Quarter),
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            _ => None,
        }
    }

    /// The longest span that is told in it.
    #[must_use]
    pub const fn most_days(self) -> i32 {
        match self {
            Self::Quarter => 31,
            Self::Hour => 92,
            Self::Day => 400,
        }
    }
}
