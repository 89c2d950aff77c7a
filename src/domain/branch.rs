//! Restaurants of the chain and when they are open.

use super::{BranchNumber, ClockTime, DateTime, Holidays, Language, Money, Point};

/// Opening hours of one week day: spans in order, none when closed.
pub type Hours = Vec<(ClockTime, ClockTime)>;

/// One restaurant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub number: BranchNumber,
    pub zh: String,
    pub en: String,
    pub reading: Option<String>,
    pub address_zh: String,
    pub address_en: String,
    pub transit_zh: String,
    pub transit_en: String,
    /// Where it is, when somebody has written it down.
    pub location: Option<Point>,
    /// As dialled.
    pub phone: String,
    /// Monday first.
    pub week: [Hours; 7],
    /// No orders for now this long before closing, in minutes.
    pub last_order_minutes: u16,
    pub delivery_minutes: u16,
    pub pickup_minutes: u16,
    pub min_delivery: Money,
    pub delivery_fee: Money,
    /// Delivered free from this amount.
    pub free_delivery_from: Option<Money>,
    /// The "closed now" switch.
    pub paused: bool,
    pub kitchen: Kitchen,
}

/// What a kitchen can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kitchen {
    /// From the first pan to the packed bag.
    pub cook_minutes: u16,
    /// At most so many portions promised for one quarter of an hour.
    pub capacity_items: Option<u32>,
    /// At most so much money.
    pub capacity: Option<Money>,
}

impl Default for Kitchen {
    fn default() -> Self {
        Self { cook_minutes: 15, capacity_items: None, capacity: None }
    }
}

/// What a branch needs for an order, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub cook: u16,
    pub travel: u16,
}

/// Whether a branch can take an order at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Until `closes`; orders for now until `last_order`.
    Open { closes: DateTime, last_order: DateTime },
    /// Until `opens`, when that is known within two weeks.
    Closed { opens: Option<DateTime> },
}

impl Branch {
    /// Its name in `language`.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Mandarin => &self.zh,
            Language::English => &self.en,
        }
    }

    /// The spans of `date`: holidays close, make-up days follow another weekday's hours.
    fn spans(&self, date: jiff::civil::Date, holidays: &Holidays) -> &[(ClockTime, ClockTime)] {
        if holidays.closed(date, self.number) {
            return &[];
        }
        let weekday = holidays.weekday_of(date);
        &self.week[usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)]
    }

    /// Whether it is open at `at`, and until when, or when it opens again. Spans that end at 24:00 go on at 00:00.
    #[must_use]
    pub fn opening(&self, at: DateTime, holidays: &Holidays) -> Opening {
        let today = at.date();
        if !self.paused {
            for (from, to) in self.spans(today, holidays) {
                let (opens, mut closes) = (moment(today, *from), moment(today, *to));
                if opens <= at && at < closes {
                    // A house that is open round the clock does not close at midnight.
                    for _ in 0..7 {
                        let next = self.spans(closes.date(), holidays).first();
                        let Some((_, to)) = next.filter(|(from, _)| moment(closes.date(), *from) == closes) else { break };
                        closes = moment(closes.date(), *to);
                    }
                    let last_order = closes.saturating_sub(jiff::Span::new().minutes(i64::from(self.last_order_minutes)));
                    return Opening::Open { closes, last_order };
                }
            }
        }
        let opens = (0..14)
            .filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok())
            .flat_map(|day| self.spans(day, holidays).iter().map(move |(from, _)| moment(day, *from)))
            .find(|opens| *opens > at);
        Opening::Closed { opens }
    }

    /// The hours of that day from first opening to last closing, for `closed.head` and `time.closed`.
    #[must_use]
    pub fn hours_on(&self, date: jiff::civil::Date, holidays: &Holidays) -> Option<(ClockTime, ClockTime)> {
        let spans = self.spans(date, holidays);
        Some((spans.first()?.0, spans.last()?.1))
    }
}

/// `time` on `date`; 24:00 is midnight of the next day.
fn moment(date: jiff::civil::Date, time: ClockTime) -> DateTime {
    if time.hour() == 24 {
        let next = date.checked_add(jiff::Span::new().days(1)).unwrap_or(date);
        return next.at(0, 0, 0, 0);
    }
    date.at(i8::try_from(time.hour()).unwrap_or(0), i8::try_from(time.minute()).unwrap_or(0), 0, 0)
}

#[cfg(test)]
mod tests {
    use super::{Branch, Opening};
    use crate::domain::{BranchNumber, ClockTime, Holidays, Money};
    use jiff::civil::date;

    fn branch() -> Branch {
        let span = vec![(ClockTime::new(10, 0).unwrap(), ClockTime::new(21, 30).unwrap())];
        let mut week: [super::Hours; 7] = std::array::from_fn(|_| span.clone());
        week[6] = Vec::new();
        Branch {
            number: BranchNumber::new(1).unwrap(),
            zh: String::new(),
            en: String::new(),
            reading: None,
            address_zh: String::new(),
            address_en: String::new(),
            transit_zh: String::new(),
            transit_en: String::new(),
            phone: String::new(),
            week,
            last_order_minutes: 20,
            delivery_minutes: 45,
            pickup_minutes: 20,
            min_delivery: Money::ZERO,
            delivery_fee: Money::ZERO,
            free_delivery_from: None,
            paused: false,
            location: None,
            kitchen: super::Kitchen::default(),
        }
    }

    #[test]
    fn the_last_order_is_before_closing() {
        let open = branch().opening(date(2026, 11, 20).at(21, 5, 0, 0), &Holidays::default());
        let Opening::Open { closes, last_order } = open else { panic!("{open:?}") };
        assert_eq!((closes.hour(), closes.minute(), last_order.hour(), last_order.minute()), (21, 30, 21, 10));
    }

    #[test]
    fn a_house_that_is_open_round_the_clock_takes_orders_at_midnight() {
        let mut branch = branch();
        for day in &mut branch.week {
            *day = vec![(ClockTime::new(0, 0).unwrap(), ClockTime::new(24, 0).unwrap())];
        }
        let at = date(2026, 11, 20).at(23, 55, 0, 0);
        assert!(matches!(branch.opening(at, &Holidays::default()), Opening::Open { last_order, .. } if last_order > at));
        // Before a day of rest it does close.
        branch.week[5] = Vec::new();
        assert!(matches!(branch.opening(at, &Holidays::default()), Opening::Open { last_order, .. } if last_order < at));
    }

    #[test]
    fn c30_a_holiday_closes_and_a_make_up_day_opens_a_sunday() {
        let sunday = date(2026, 11, 22);
        let mut holidays = Holidays::default();
        assert!(
            matches!(branch().opening(sunday.at(12, 0, 0, 0), &holidays), Opening::Closed { opens: Some(opens) } if opens.date() == date(2026, 11, 23))
        );
        holidays.make_up.insert(sunday, jiff::civil::Weekday::Monday);
        assert!(matches!(branch().opening(sunday.at(12, 0, 0, 0), &holidays), Opening::Open { .. }));
        holidays.closed.push((sunday, sunday, None));
        assert!(matches!(branch().opening(sunday.at(12, 0, 0, 0), &holidays), Opening::Closed { .. }));
    }
}
