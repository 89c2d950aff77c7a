//! `[[care]]`: whom the house thinks of without being asked (C97).

use super::read::Section;
use crate::domain::{CareRule, CareWhen, ClockTime, NoticeTexts};

/// Without a word people are called after breakfast and before they rest.
const HOURS: (ClockTime, ClockTime) = match (ClockTime::new(10, 0), ClockTime::new(20, 0)) {
    (Some(from), Some(until)) => (from, until),
    _ => unreachable!(),
};

/// Reads one rule.
pub(super) fn care(mut s: Section<'_>) -> CareRule {
    let name = |text: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ((1..=30).contains(&text.len()) && text.chars().all(plain)).then(|| text.to_owned())
    };
    let name = s.parse("name", name, "write a name of small letters, digits and dashes, such as \"first-order\"");
    if name.is_none() {
        s.fault("name", "is missing", "give each rule a name of its own: it is remembered who was thought of");
    }
    let when = s.text("when", "");
    let usual = if when == "first_order" { 3 } else { 270 };
    let days = u32::try_from(s.number("days", usual, 1..=3650)).unwrap_or(1);
    let when = match when.as_str() {
        "first_order" => CareWhen::FirstOrder { days },
        "silent" => CareWhen::Silent { days },
        "birthday" => CareWhen::Birthday,
        other => {
            s.fault("when", format!("{other:?}"), "write \"first_order\", \"silent\" or \"birthday\"");
            CareWhen::Birthday
        }
    };
    let message = match s.text("do", "task").as_str() {
        "task" => false,
        "message" => true,
        other => {
            s.fault("do", format!("{other:?}"), "write \"task\" (somebody calls) or \"message\"");
            false
        }
    };
    let texts = NoticeTexts { zh: s.text("text_zh", ""), en: s.text("text_en", "") };
    if texts.zh.trim().is_empty() {
        s.fault("text_zh", "is missing", "write the message, or what whoever calls is to ask; slots as in [messages], and {name}");
    }
    // Nobody is disturbed in the morning or at night, whatever is written: the hours that operators of text messages keep.
    let (earliest, latest) = (ClockTime::new(8, 0), ClockTime::new(21, 0));
    let hours = |text: &str| {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (ClockTime::parse(from.trim())?, ClockTime::parse(until.trim())?);
        (from < until && Some(from) >= earliest && Some(until) <= latest).then_some((from, until))
    };
    let cure = "write such as \"10:00-20:00\", within 08:00 and 21:00 of the restaurant's time";
    let hours = s.parse("hours", hours, cure);
    s.finish();
    CareRule { name: name.unwrap_or_default(), when, message, texts, hours: hours.unwrap_or(HOURS) }
}

/// What does not fit between the rules, and the way that messages take: place, key, finding and cure.
pub(super) fn together(rules: &[CareRule], can_tell: bool) -> Vec<(usize, &'static str, String, &'static str)> {
    let mut faults = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        if !rule.name.is_empty() && rules[..place].iter().any(|other| other.name == rule.name) {
            faults.push((place, "name", format!("{:?} is there already", rule.name), "give each rule a name of its own"));
        }
        if rule.message && !can_tell {
            faults.push((
                place,
                "do",
                "is \"message\", and no way is written that messages take".into(),
                "write [messages] url or [smpp] address, or \"task\"",
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::domain::CareWhen;

    #[test]
    fn c97_rules_are_read_with_their_usual_days_and_hours() {
        let text = "[[care]]\nname = \"first-order\"\nwhen = \"first_order\"\ntext_zh = \"问问菜怎么样\"\n[[care]]\nname = \"silent\"\nwhen = \"silent\"\n\
                    text_zh = \"好久不见\"\nhours = \"09:30-12:00\"";
        let config = Config::read(text, []).unwrap();
        let rules = &config.care;
        assert_eq!((rules[0].when, rules[1].when), (CareWhen::FirstOrder { days: 3 }, CareWhen::Silent { days: 270 }));
        assert_eq!(rules[0].hours.0.to_string(), "10:00");
        assert!(!rules[1].message && rules[1].is_time(crate::domain::ClockTime::parse("11:59").unwrap()));
        assert!(!rules[1].is_time(crate::domain::ClockTime::parse("12:00").unwrap()));
    }

    #[test]
    fn c97_every_fault_of_a_rule_is_named() {
        let text = "[[care]]\nname = \"A\"\nwhen = \"monday\"\ndo = \"visit\"\nhours = \"07:00-22:00\"\n[[care]]\nname = \"x\"\nwhen = \"birthday\"\ndo = \"message\"\n\
                    text_zh = \"生日快乐\"\n[[care]]\nname = \"x\"\nwhen = \"silent\"\ndays = 0\ntext_zh = \"好\"\nday = 3";
        let faults = Config::read(text, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        for place in [
            "care[0].name",
            "care[0].when",
            "care[0].do",
            "care[0].text_zh",
            "care[0].hours",
            "care[1].do",
            "care[2].name",
            "care[2].days",
            "care[2].day",
        ] {
            assert!(places.contains(&place), "{place}: {places:?}");
        }
    }
}
