//! `[outreach]`: whom campaigns may contact, when and how often (C99).

use super::read::Section;
use crate::domain::ClockTime;
use crate::outreach::{Rules, WIDEST};

/// Reads `[outreach]`.
pub(super) fn outreach(mut s: Section<'_>) -> Rules {
    let usual = Rules::default();
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let hours = |text: &str| {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (ClockTime::parse(from.trim())?, ClockTime::parse(until.trim())?);
        (from < until).then_some((from, until))
    };
    let widest = (ClockTime::new(WIDEST.0, 0), ClockTime::new(WIDEST.1, 0));
    let legal = |text: &str| hours(text).filter(|(from, until)| Some(*from) >= widest.0 && Some(*until) <= widest.1);
    let rest = |text: &str| if text.is_empty() { Some(None) } else { hours(text).map(Some) };
    let rules = Rules {
        on: s.flag("on", usual.on),
        window: s
            .parse("hours", legal, "write such as \"09:00-20:00\", within 08:00 and 21:00 of the restaurant's time")
            .unwrap_or(usual.window),
        rest: s.parse("rest", rest, "write such as \"12:00-14:00\", or \"\" for none").unwrap_or(usual.rest),
        most: count(s.number("most", u64::from(usual.most), 1..=10)),
        within_days: count(s.number("within_days", u64::from(usual.within_days), 1..=365)),
        spoke: s.duration("spoke", usual.spoke),
        again: s.duration("again", usual.again),
        keep_days: count(s.number("keep_days", u64::from(usual.keep_days), 30..=3650)),
        free_lines: count(s.number("free_lines", u64::from(usual.free_lines), 0..=100_000)),
    };
    if rules.within_days > rules.keep_days {
        s.fault("within_days", "is more than outreach.keep_days", "what is forgotten cannot be counted: keep the evidence as long");
    }
    if rules.again.as_secs() < 3600 {
        s.fault("again", "is shorter than an hour", "who did not answer wants some peace: write \"4h\"");
    }
    s.finish();
    rules
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn c99_the_hours_may_be_narrower_than_the_law_s_and_never_wider() {
        let config = Config::read("[outreach]\non = true\nhours = \"10:00-19:00\"\nrest = \"\"\nkeep_days = 60", []).unwrap();
        assert_eq!((config.outreach.window.0.to_string(), config.outreach.rest, config.outreach.keep_days), ("10:00".to_owned(), None, 60));
        assert!(!Config::read("", []).unwrap().outreach.on, "nobody is called unless somebody says so");
        let text = "[outreach]\nhours = \"07:00-22:00\"\nkeep_days = 7\nagain = \"5m\"\nmost = 0\nwithin_days = 31";
        let faults = Config::read(text, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        for place in ["outreach.hours", "outreach.keep_days", "outreach.again", "outreach.most", "outreach.within_days"] {
            assert!(places.contains(&place), "{place}: {places:?}");
        }
    }
}
