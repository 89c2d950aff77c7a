//! Amounts of money in whole fen.

use std::fmt;

/// An amount in fen (1 yuan = 100 fen). There is no way in from a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many fen.
    #[must_use]
    pub const fn fen(fen: i64) -> Self {
        Self(fen)
    }

    /// So many whole yuan.
    #[must_use]
    pub const fn yuan(yuan: i64) -> Self {
        Self(yuan * 100)
    }

    /// The amount in fen.
    #[must_use]
    pub const fn as_fen(self) -> i64 {
        self.0
    }

    /// The sum; `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times this amount; `None` when it does not fit.
    #[must_use]
    pub fn checked_times(self, count: u16) -> Option<Self> {
        self.0.checked_mul(i64::from(count)).map(Self)
    }

    /// The sum, held at the largest amount when it does not fit.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; below zero is possible and means owed the other way.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times this amount, held at the largest amount when it does not fit.
    #[must_use]
    pub const fn times(self, count: u16) -> Self {
        Self(self.0.saturating_mul(count as i64))
    }

    /// So many per cent of it, rounded down to a whole 角 (10 fen), in the house's favour as on a paper bill.
    #[must_use]
    pub const fn percent(self, percent: u8) -> Self {
        Self(self.0.saturating_mul(percent as i64) / 1000 * 10)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

/// Prints `¥38.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}¥{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn prints_yuan_and_fen() {
        assert_eq!(Money::fen(3800).to_string(), "¥38.00");
        assert_eq!(Money::fen(-5).to_string(), "-¥0.05");
    }

    #[test]
    fn a_percentage_is_cut_to_whole_jiao() {
        assert_eq!(Money::fen(10250).percent(10), Money::fen(1020));
        assert_eq!(Money::fen(99).percent(10), Money::ZERO);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        assert_eq!(Money::fen(i64::MAX).checked_add(Money::fen(1)), None);
    }
}
