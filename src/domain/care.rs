//! Care reminders (C97): whom the house thinks of, when, and in which words.

use super::{ClockTime, NoticeTexts};

/// A reminder that came late by more days than this is none.
pub const CARE_LATE_DAYS: u32 = 3;

/// What a rule waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CareWhen {
    /// So many days after a first order that arrived, when no other followed.
    FirstOrder { days: u32 },
    /// So many days without an order.
    Silent { days: u32 },
    /// The day itself; the 29th of February is the 28th in other years.
    Birthday,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareRule {
    /// Also names the message's event: lower case, digits and dashes.
    pub name: String,
    pub when: CareWhen,
    /// A message to the customer, else a call that somebody is to make.
    pub message: bool,
    /// The message, or what whoever calls is to ask.
    pub texts: NoticeTexts,
    /// Of the restaurant's clock, in which somebody is thought of; the end is not in it.
    pub hours: (ClockTime, ClockTime),
}

impl CareRule {
    /// Whether it is the hour for it.
    #[must_use]
    pub fn is_time(&self, at: ClockTime) -> bool {
        self.hours.0 <= at && at < self.hours.1
    }
}

/// Reads a birthday as it is kept: `MM-DD`, also from `M-D`, `M.D`, `M/D` and `M月D日`.
#[must_use]
pub fn birthday(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('日').replace('月', "-").replace(['.', '/'], "-");
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.trim().parse::<i8>().ok()?, day.trim().parse::<i8>().ok()?);
    // 2024 has all days that any year has.
    jiff::civil::Date::new(2024, month, day).ok().map(|date| date.strftime("%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::birthday;

    #[test]
    fn c97_a_birthday_is_read_as_people_say_it() {
        for (typed, kept) in [("3-8", "03-08"), ("03-08", "03-08"), ("12.31", "12-31"), ("2/29", "02-29"), ("3月8日", "03-08")] {
            assert_eq!(birthday(typed).as_deref(), Some(kept), "{typed}");
        }
        for wrong in ["", "8", "13-1", "2-30", "0-1", "1985-03-08", "三月"] {
            assert_eq!(birthday(wrong), None, "{wrong}");
        }
    }
}
