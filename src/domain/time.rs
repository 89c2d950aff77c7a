//! Points in time and the restaurant's own clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil;
use jiff::tz::TimeZone;

/// The days of the week by the names that files, the store and requests use.
pub const WEEKDAYS: [(&str, civil::Weekday); 7] = [
    ("mon", civil::Weekday::Monday),
    ("tue", civil::Weekday::Tuesday),
    ("wed", civil::Weekday::Wednesday),
    ("thu", civil::Weekday::Thursday),
    ("fri", civil::Weekday::Friday),
    ("sat", civil::Weekday::Saturday),
    ("sun", civil::Weekday::Sunday),
];

/// The day of this name; `None` when there is none.
#[must_use]
pub fn weekday(name: &str) -> Option<civil::Weekday> {
    WEEKDAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
}

/// The name of a day.
#[must_use]
pub fn weekday_name(day: civil::Weekday) -> &'static str {
    WEEKDAYS[usize::from(day.to_monday_zero_offset().unsigned_abs()) % 7].0
}

/// Date and time on the restaurant's wall clock.
pub type DateTime = civil::DateTime;

/// Hour and minute of a day on the restaurant's wall clock; 24:00 is allowed as an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime {
    minutes: u16,
}

impl ClockTime {
    /// `None` outside 00:00–24:00.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 || hour == 24 && minute == 0 { Some(Self { minutes: hour * 60 + minute }) } else { None }
    }

    /// Reads `HH:MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        if minute.len() != 2 || hour.is_empty() || hour.len() > 2 {
            return None;
        }
        Self::new(hour.parse().ok()?, minute.parse().ok()?)
    }

    /// The time of day of `at`.
    #[must_use]
    pub fn of(at: DateTime) -> Self {
        Self { minutes: at.hour() as u16 * 60 + at.minute() as u16 }
    }

    /// 0 to 24.
    #[must_use]
    pub const fn hour(self) -> u16 {
        self.minutes / 60
    }

    /// 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u16 {
        self.minutes % 60
    }

    /// Minutes since midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.minutes
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// Milliseconds since 1970, UTC. Made from `Now::wall`, never from a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This much later.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This much earlier.
    #[must_use]
    pub fn before(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(wall: SystemTime) -> Self {
        match wall.duration_since(UNIX_EPOCH) {
            Ok(since) => Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Self(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms)),
        }
    }
}

/// Turns points in time into the restaurant's wall clock and back.
#[derive(Debug, Clone)]
pub struct ShopClock {
    zone: TimeZone,
}

impl ShopClock {
    /// By IANA name, such as `Asia/Shanghai`; `None` when there is no such zone.
    #[must_use]
    pub fn named(zone: &str) -> Option<Self> {
        TimeZone::get(zone).ok().map(|zone| Self { zone })
    }

    /// What the wall clock shows at `at`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(at)
    }

    /// When the wall clock shows `local` (the earlier one when it does so twice).
    #[must_use]
    pub fn timestamp(&self, local: DateTime) -> Timestamp {
        self.zone.to_ambiguous_timestamp(local).compatible().map_or(Timestamp(0), |at| Timestamp(at.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockTime, ShopClock, Timestamp};

    #[test]
    fn a_clock_time_refuses_what_no_clock_shows() {
        assert_eq!(ClockTime::parse("18:30").map(|t| t.to_string()).as_deref(), Some("18:30"));
        assert!(ClockTime::parse("24:00").is_some());
        for bad in ["24:01", "18:60", "1830", "18:3", ":30", "-1:30"] {
            assert!(ClockTime::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_shop_clock_goes_there_and_back() {
        let clock = ShopClock::named("Asia/Shanghai").expect("China's zone is bundled");
        let noon = Timestamp::from_millis(1_795_233_600_000);
        assert_eq!(clock.timestamp(clock.local(noon)), noon);
        assert!(ShopClock::named("Asia/Nowhere").is_none());
    }
}
