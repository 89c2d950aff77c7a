//! Numbers, money, times and digits as they are spoken in English.

use crate::domain::{ClockTime, DayWord, Money};

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

const fn ones(value: u64) -> &'static str {
    ONES[(value % 20) as usize]
}

/// A number, with "and" after hundred and before a small rest.
#[must_use]
pub fn number(value: u64) -> String {
    match value {
        0..20 => ones(value).into(),
        20..100 => {
            let tens = TENS[(value / 10 - 2) as usize];
            if value.is_multiple_of(10) { tens.into() } else { format!("{tens} {}", ones(value % 10)) }
        }
        100..1000 => {
            let head = format!("{} hundred", ones(value / 100));
            if value.is_multiple_of(100) { head } else { format!("{head} and {}", number(value % 100)) }
        }
        1000..1_000_000 => scaled(value, 1000, "thousand"),
        1_000_000..1_000_000_000 => scaled(value, 1_000_000, "million"),
        _ => scaled(value, 1_000_000_000, "billion"),
    }
}

fn scaled(value: u64, size: u64, name: &str) -> String {
    let (head, rest) = (format!("{} {name}", number(value / size)), value % size);
    match rest {
        0 => head,
        1..100 => format!("{head} and {}", number(rest)),
        _ => format!("{head} {}", number(rest)),
    }
}

fn counted(value: u64, one: &str, more: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { more })
}

/// An amount: "two hundred and five yuan fifty", "fifty fen". Below zero the amount alone is spoken.
#[must_use]
pub fn money(amount: Money) -> String {
    let fen = amount.as_fen().unsigned_abs();
    let (yuan, rest) = (fen / 100, fen % 100);
    match (yuan, rest) {
        (_, 0) => number(yuan) + " yuan",
        (0, _) => number(rest) + " fen",
        (_, 1..10) => format!("{} yuan oh {}", number(yuan), number(rest)),
        _ => format!("{} yuan {}", number(yuan), number(rest)),
    }
}

/// "two portions"
#[must_use]
pub fn quantity(portions: u16) -> String {
    counted(portions.into(), "portion", "portions")
}

/// A dish by its number: "number eighteen", from 100 on digit by digit with "oh".
#[must_use]
pub fn dish_number(value: u16) -> String {
    format!("number {}", name_number(value))
}

/// A number that is a name, without the word "number".
#[must_use]
pub fn name_number(value: u16) -> String {
    if value < 100 {
        return number(value.into());
    }
    value
        .to_string()
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(|d| if d == 0 { "oh" } else { ones(d.into()) })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Digit by digit; what is no digit is left out.
#[must_use]
pub fn digits(text: &str) -> String {
    text.chars().filter_map(|c| c.to_digit(10)).map(|d| ones(d.into())).collect::<Vec<_>>().join(" ")
}

/// The groups of a telephone number with commas between.
#[must_use]
pub fn phone(text: &str) -> String {
    super::groups(text).iter().map(|group| digits(group)).collect::<Vec<_>>().join(", ")
}

/// A time of day: "six thirty p.m.", "twelve oh five p.m.".
#[must_use]
pub fn time(at: ClockTime) -> String {
    let hour = at.hour() % 24;
    let spoken = number(u64::from((hour + 11) % 12 + 1));
    let half = if hour < 12 { "a.m." } else { "p.m." };
    match at.minute() {
        0 => format!("{spoken} {half}"),
        minute @ 1..10 => format!("{spoken} oh {} {half}", ones(minute.into())),
        minute => format!("{spoken} {} {half}", number(minute.into())),
    }
}

/// "forty five minutes"
#[must_use]
pub fn minutes(count: u32) -> String {
    counted(count.into(), "minute", "minutes")
}

/// A duration in seconds: "two minutes", "one and a half minutes", "one minute twenty seconds".
#[must_use]
pub fn duration(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (0, rest) => counted(rest.into(), "second", "seconds"),
        (whole, 0) => minutes(whole),
        (whole, 30) => format!("{} and a half minutes", number(whole.into())),
        (whole, rest) => format!("{} {}", minutes(whole), counted(rest.into(), "second", "seconds")),
    }
}

fn ordinal(value: u8) -> String {
    match value {
        1..20 => ORDINALS[usize::from(value) - 1].into(),
        20 => "twentieth".into(),
        30 => "thirtieth".into(),
        _ => format!("{} {}", if value < 30 { "twenty" } else { "thirty" }, ORDINALS[usize::from((value % 10).max(1)) - 1]),
    }
}

/// "November the twenty first"
#[must_use]
pub fn month_day(month: u8, day: u8) -> String {
    format!("{} the {}", MONTHS[usize::from(month.clamp(1, 12)) - 1], ordinal(day.clamp(1, 31)))
}

/// "today", "tomorrow", "the day after", "November the twenty first"
#[must_use]
pub fn day(day: DayWord) -> String {
    match day {
        DayWord::Today => "today".into(),
        DayWord::Tomorrow => "tomorrow".into(),
        DayWord::DayAfter => "the day after".into(),
        DayWord::Date { month, day } => month_day(month, day),
    }
}

/// "Saturday, November the twenty first, twenty twenty six"
#[must_use]
pub fn date(date: jiff::civil::Date) -> String {
    let weekday = WEEKDAYS[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
    let year = u64::from(date.year().unsigned_abs());
    let year = match (year / 100, year % 100) {
        (1000.., _) | (_, 0) => number(year),
        (century, rest) if century.is_multiple_of(10) && rest < 10 => number(year),
        (century, rest @ 1..10) => format!("{} oh {}", number(century), number(rest)),
        (century, rest) => format!("{} {}", number(century), number(rest)),
    };
    format!("{weekday}, {}, {year}", month_day(date.month().unsigned_abs(), date.day().unsigned_abs()))
}

/// "the second floor"
#[must_use]
pub fn floor(value: u16) -> String {
    match u8::try_from(value) {
        Ok(small @ 1..32) => format!("the {} floor", ordinal(small)),
        _ => format!("floor {}", number(value.into())),
    }
}

/// A room, digit by digit: "room two oh two".
#[must_use]
pub fn room(text: &str) -> String {
    format!("room {}", digits(text).replace("zero", "oh"))
}

/// A discount as printed in China, the share of the price that remains: `8.8` and `88` → "twelve percent off".
#[must_use]
pub fn discount(printed: &str) -> String {
    let figures: String = printed.chars().filter(char::is_ascii_digit).take(2).collect();
    let remains = figures.parse::<u64>().unwrap_or(100) * if figures.len() == 1 { 10 } else { 1 };
    format!("{} percent off", number(100_u64.saturating_sub(remains)))
}

/// "two thousand three hundred and fifty points"
#[must_use]
pub fn points(value: u64) -> String {
    counted(value, "point", "points")
}

/// What a waiting caller hears at `position` (1 is next).
#[must_use]
pub fn queue_position(position: u32) -> String {
    match position {
        0 | 1 => "You are next".into(),
        2 => "There is one caller ahead of you".into(),
        ahead => format!("There are {} callers ahead of you", number(u64::from(ahead) - 1)),
    }
}
