//! One entry of the file being read: typed fields out, findings for everything else.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};
use toml::Value;

use super::{Span, every_day};
use crate::domain::{ClockTime, Finding, Hours, Money, is_reading, weekday};

/// Longest text that can be spoken in one go.
const LONGEST: usize = 300;
/// Dearest dish: a hundred thousand yuan.
const DEAREST: i64 = 10_000_000;

pub(super) struct Entry<'a> {
    /// How it is called in findings: `dish 18`, or `dish #3` when it has no name.
    name: String,
    fields: &'a toml::Table,
    used: RefCell<BTreeSet<String>>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(table: &str, place: usize, fields: &'a toml::Table, findings: &'a mut Vec<Finding>) -> Self {
        let own = ["number", "id", "date", "from"].iter().find_map(|key| fields.get(*key));
        let name = match own {
            Some(Value::String(text)) if text.len() <= 40 => format!("{table} {text}"),
            Some(value @ (Value::Integer(_) | Value::Datetime(_))) => format!("{table} {value}"),
            _ => format!("{table} #{}", place + 1),
        };
        Self { name, fields, used: RefCell::default(), findings }
    }

    pub(super) fn fault(&mut self, key: &str, found: impl Into<String>, cure: impl Into<String>) {
        let place = if key.is_empty() { self.name.clone() } else { format!("{}.{key}", self.name) };
        self.findings.push(Finding::new(place, found, cure));
    }

    /// Tells the keys that nobody asked for.
    pub(super) fn finish(mut self) {
        let used = self.used.take();
        for key in self.fields.keys().filter(|key| !used.contains(*key)) {
            let mut known: Vec<&str> = used.iter().map(String::as_str).collect();
            known.sort_unstable();
            self.fault(key, "is not known", format!("write one of {}", known.join(", ")));
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.used.borrow_mut().insert(key.to_owned());
        self.fields.get(key)
    }

    fn wanted<T>(&mut self, key: &str, cure: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let Some(value) = self.get(key) else {
            self.fault(key, "is missing", cure);
            return None;
        };
        let read = read(value);
        if read.is_none() {
            self.fault(key, shown(value), cure);
        }
        read
    }

    /// A field that may be left out.
    pub(super) fn optional<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<T> {
        self.get(key)?;
        read(self, key)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.wanted(key, "write a text of one line", |value| {
            let text = value.as_str()?.trim();
            let good = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
            good.then(|| text.to_owned())
        })
    }

    /// A text that is empty when left out.
    pub(super) fn text_or(&mut self, key: &str) -> Option<String> {
        if self.get(key).is_none() { Some(String::new()) } else { self.text(key) }
    }

    /// A short name of small letters, digits and dashes.
    pub(super) fn id(&mut self, key: &str) -> Option<String> {
        self.wanted(key, "write a short name of small letters, digits, - and _", |value| {
            let text = value.as_str()?;
            let good = (1..=40).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
            good.then(|| text.to_owned())
        })
    }

    /// Pinyin with tone digits, one syllable for each character.
    pub(super) fn reading(&mut self, key: &str) -> Option<String> {
        self.get(key)?;
        self.wanted(key, "write pinyin with tone digits, such as \"min3 hang2 dian4\"", |value| {
            let text = value.as_str()?;
            is_reading(text).then(|| text.to_owned())
        })
    }

    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let cure = format!("write a number from {} to {}", range.start(), range.end());
        self.wanted(key, &cure, |value| value.as_integer().filter(|number| range.contains(number)))
    }

    pub(super) fn number_or(&mut self, key: &str, default: i64, range: RangeInclusive<i64>) -> Option<i64> {
        if self.get(key).is_none() { Some(default) } else { self.number(key, range) }
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.optional(key, |entry, key| entry.wanted(key, "write true or false", Value::as_bool)).unwrap_or(false)
    }

    pub(super) fn money(&mut self, key: &str) -> Option<Money> {
        self.wanted(key, "write whole fen, such as 3800 for 38 yuan", |value| {
            value.as_integer().filter(|fen| (0..=DEAREST).contains(fen)).map(Money::fen)
        })
    }

    /// Nothing when left out.
    pub(super) fn money_or(&mut self, key: &str) -> Option<Money> {
        if self.get(key).is_none() { Some(Money::ZERO) } else { self.money(key) }
    }

    pub(super) fn three_prices(&mut self, key: &str) -> Option<[Money; 3]> {
        self.get(key)?;
        self.wanted(key, "write three prices in fen: large, medium, small", |value| {
            let prices: Vec<Money> =
                value.as_array()?.iter().filter_map(Value::as_integer).filter(|fen| (0..=DEAREST).contains(fen)).map(Money::fen).collect();
            if value.as_array()?.len() == 3 { prices.try_into().ok() } else { None }
        })
    }

    pub(super) fn words(&mut self, key: &str, known: &[&str]) -> Vec<String> {
        let cure = format!("write a list of {}", known.join(", "));
        let read = |value: &Value| {
            let words: Option<Vec<String>> = value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            words.filter(|words| words.iter().all(|word| known.contains(&word.as_str())))
        };
        self.optional(key, |entry, key| entry.wanted(key, &cure, read)).unwrap_or_default()
    }

    /// A list of short texts.
    pub(super) fn lines(&mut self, key: &str) -> Option<Vec<String>> {
        self.wanted(key, "write a list of texts of one line", |value| {
            let lines: Vec<String> = value.as_array()?.iter().map(|line| line.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            let good =
                (1..=500).contains(&lines.len()) && lines.iter().all(|line| line.len() <= LONGEST && !line.chars().any(char::is_control));
            good.then_some(lines)
        })
    }

    pub(super) fn date(&mut self, key: &str) -> Option<Date> {
        self.wanted(key, "write a date, such as \"2026-12-31\"", |value| match value {
            Value::String(text) => text.parse().ok().filter(|_| text.len() == 10),
            Value::Datetime(at) if at.time.is_none() => at.to_string().parse().ok(),
            _ => None,
        })
    }

    /// Tells when an end is before its start.
    pub(super) fn in_order(&mut self, key: &str, from: Option<Date>, until: Option<Date>) {
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            self.fault(key, format!("{until} is before {from}"), "end on or after the first day");
        }
    }

    pub(super) fn span(&mut self, key: &str) -> Option<Span> {
        self.wanted(key, SPAN_CURE, |value| span(value.as_str()?))
    }

    pub(super) fn minutes_or(&mut self, key: &str, default: u16) -> Option<u16> {
        if self.get(key).is_none() {
            return Some(default);
        }
        self.wanted(key, "write a time before closing, such as \"20m\" or \"1h\"", |value| {
            let text = value.as_str()?;
            let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let count: u16 = count.parse().ok().filter(|_| count.bytes().all(|b| b.is_ascii_digit()))?;
            let minutes = match unit {
                "m" => count,
                "h" => count.checked_mul(60)?,
                _ => return None,
            };
            (minutes <= 720).then_some(minutes)
        })
    }

    /// A list for every day, or a table by weekday; days that are left out are closed.
    pub(super) fn week(&mut self, key: &str) -> Option<[Hours; 7]> {
        let Some(value) = self.get(key) else {
            self.fault(key, "is missing", "write spans for every day, such as [\"10:00-21:30\"], or a table by weekday");
            return None;
        };
        match value {
            Value::Array(_) => Some(every_day(&self.hours(key, value)?)),
            Value::Table(days) => {
                let mut week = every_day(&Vec::new());
                let mut good = true;
                for (name, value) in days {
                    let place = format!("{key}.{name}");
                    let Some(day) = weekday(name) else {
                        self.fault(&place, "is no weekday", "write mon, tue, wed, thu, fri, sat or sun");
                        good = false;
                        continue;
                    };
                    match self.hours(&place, value) {
                        Some(hours) => week[usize::try_from(day.to_monday_zero_offset()).ok()?] = hours,
                        None => good = false,
                    }
                }
                good.then_some(week)
            }
            other => {
                self.fault(key, shown(other), "write spans for every day, such as [\"10:00-21:30\"], or a table by weekday");
                None
            }
        }
    }

    fn hours(&mut self, place: &str, value: &Value) -> Option<Hours> {
        let spans: Option<Hours> = value.as_array().and_then(|spans| spans.iter().map(|text| span(text.as_str()?)).collect());
        let Some(spans) = spans else {
            self.fault(place, shown(value), format!("{SPAN_CURE}; hours past midnight are 24:00, and 00:00-… on the next day"));
            return None;
        };
        if spans.windows(2).any(|pair| pair[1].0 < pair[0].1) {
            self.fault(place, shown(value), "write the spans in order, without overlap");
            return None;
        }
        Some(spans)
    }

    /// `"mon-fri"`, `"sat,sun"`, or a list of names; every day when left out.
    pub(super) fn weekdays(&mut self, key: &str) -> Vec<Weekday> {
        let read = |value: &Value| {
            let parts: Vec<&str> = match value {
                Value::String(text) => text.split(',').map(str::trim).collect(),
                Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>()?,
                _ => return None,
            };
            let mut days = Vec::new();
            for part in parts {
                let (from, to) = part.split_once('-').unwrap_or((part, part));
                let (from, to) = (weekday(from)?, weekday(to)?);
                let mut day = from;
                loop {
                    if !days.contains(&day) {
                        days.push(day);
                    }
                    if day == to {
                        break;
                    }
                    day = day.next();
                }
            }
            Some(days)
        };
        self.optional(key, |entry, key| entry.wanted(key, "write weekdays, such as \"mon-fri\" or \"sat,sun\"", read)).unwrap_or_default()
    }

    pub(super) fn weekday(&mut self, key: &str) -> Option<Weekday> {
        self.wanted(key, "write mon, tue, wed, thu, fri, sat or sun", |value| weekday(value.as_str()?))
    }
}

const SPAN_CURE: &str = "write a span within one day, such as \"10:00-21:30\"";

fn span(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (ClockTime::parse(from)?, ClockTime::parse(to)?);
    (from < to).then_some((from, to))
}

/// What was found, short enough for one line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}… cannot be used") } else { format!("{short} cannot be used") }
}
