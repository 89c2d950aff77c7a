//! `[acd]` and `[[queue]]`: queues, agents, sticky routing, call-backs.

use std::time::Duration;

use toml::{Table, Value};

use super::read::{Section, duration, duration_text};
use crate::domain::QueueId;
use crate::queue::rule::Rule;
use crate::queue::{JoinRule, LastRule, QueueSettings, Settings, Strategy};

/// Reads `[acd]`; the queues are put in by the caller.
pub(super) fn acd(mut s: Section<'_>) -> Settings {
    let usual = Settings::default();
    let breaks = s.list("breaks").map(|list| list.iter().map(|text| (text.clone(), a_break(text))).collect::<Vec<_>>());
    let breaks = match breaks {
        None => usual.breaks.clone(),
        Some(list) => {
            for (text, _) in list.iter().filter(|(_, read)| read.is_none()) {
                s.fault("breaks", format!("{text:?}"), "write NAME:TIME, such as \"lunch:30m\"");
            }
            list.into_iter().filter_map(|(_, read)| read).collect()
        }
    };
    let settings = Settings {
        breaks,
        wrap_up_extension: s.duration("wrap_up_extension", usual.wrap_up_extension),
        wrap_up_extensions: small(s.number("wrap_up_extensions", u64::from(usual.wrap_up_extensions), 0..=10)),
        missed_until_break: small(s.number("missed_until_break", u64::from(usual.missed_until_break), 1..=20)),
        reject_pause: s.duration("reject_pause", usual.reject_pause),
        sticky: s.flag("sticky", usual.sticky),
        sticky_wait: s.duration("sticky_wait", usual.sticky_wait),
        sticky_days: u32::try_from(s.number("sticky_days", u64::from(usual.sticky_days), 0..=3650)).unwrap_or(usual.sticky_days),
        sticky_last: s
            .parse("sticky_last", LastRule::parse, "write \"finished\" (who ended the call) or \"first\" (who took it first)")
            .unwrap_or(usual.sticky_last),
        ageing: s.duration("ageing", usual.ageing),
        valued_levels: s.list("valued_levels").unwrap_or(usual.valued_levels),
        short_abandon: s.duration("short_abandon", usual.short_abandon),
        announce_every: s.duration("announce_every", usual.announce_every),
        announce_latest: s.duration("announce_latest", usual.announce_latest),
        callback_tries: small(s.number("callback_tries", u64::from(usual.callback_tries), 1..=10)),
        callback_pause: s.duration("callback_pause", usual.callback_pause),
        callback_limit: usize::try_from(s.number("callback_limit", 200, 0..=10_000)).unwrap_or(usual.callback_limit),
        callback_hours: s
            .parse("callback_hours", hours, "write such as \"08:00-22:00\", in the restaurant's time")
            .unwrap_or(usual.callback_hours),
        queues: Vec::new(),
    };
    for (key, time) in [("ageing", settings.ageing), ("announce_every", settings.announce_every)] {
        if time < Duration::from_secs(1) {
            s.fault(key, "is shorter than a second", "write at least \"1s\"");
        }
    }
    s.finish();
    settings
}

/// Reads one `[[queue]]`.
pub(super) fn queue(place: usize, mut s: Section<'_>) -> QueueSettings {
    let id = s.text("id", &format!("queue-{}", place + 1));
    let usual = QueueSettings::named(&id, "", "");
    if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') || id.is_empty() || id.len() > 40 {
        s.fault("id", format!("{id:?}"), "write letters, digits and dashes, such as \"order\"");
    }
    let name_zh = s.text("zh", &id);
    let name_en = s.text("en", &id);
    let names: Vec<&str> = Strategy::ALL.map(Strategy::name).to_vec();
    let strategy = s.parse("strategy", Strategy::parse, &format!("write one of {}", names.join(", "))).unwrap_or_default();
    let skills = s.optional_text("skills").map_or_else(Rule::default, |text| {
        Rule::parse(&text).unwrap_or_else(|why| {
            s.fault("skills", format!("{text:?}: {why}"), "write such as \"WT<20 & language>50; WT<60 & language>0; any\"");
            Rule::default()
        })
    });
    let weights = s.list("weights").unwrap_or_default();
    let read: Vec<(String, u32)> = weights.iter().filter_map(|text| weight(text)).collect();
    if read.len() < weights.len() {
        s.fault("weights", format!("{weights:?}"), "write NUMBER:WEIGHT for each agent, such as [\"8001:3\"]");
    }
    let settings = QueueSettings {
        id: QueueId::new(id),
        name_zh,
        name_en,
        strategy,
        ring: s.duration("ring", usual.ring),
        wrap_up: s.duration("wrap_up", usual.wrap_up),
        priority: small(s.number("priority", 0, 0..=9)),
        skills,
        max_waiting: usize::try_from(s.number("max_waiting", 200, 1..=100_000)).unwrap_or(200),
        longest_wait: s.duration("longest_wait", usual.longest_wait),
        overflow: s.list("overflow").unwrap_or_default().into_iter().map(QueueId::new).collect(),
        overflow_after: s.duration("overflow_after", usual.overflow_after),
        overflow_depth: usize::try_from(s.number("overflow_depth", 0, 0..=100_000)).unwrap_or(0),
        join: s.parse("join", JoinRule::parse, "write \"signed-on\", \"working\" or \"always\"").unwrap_or_default(),
        leave_after: s.duration("leave_after", usual.leave_after),
        step: s.duration("step", usual.step),
        order: s.list("order").unwrap_or_default(),
        weights: read,
        service_level: s.duration("service_level", usual.service_level),
    };
    for (key, time) in [("ring", settings.ring), ("step", settings.step), ("longest_wait", settings.longest_wait)] {
        if time < Duration::from_secs(1) {
            s.fault(key, "is shorter than a second", "write at least \"1s\"");
        }
    }
    s.finish();
    settings
}

/// What no queue can see by itself: names that are there twice, chains that lead nowhere.
pub(super) fn together(settings: &Settings) -> Vec<(usize, &'static str, String, &'static str)> {
    let mut faults = Vec::new();
    for (place, queue) in settings.queues.iter().enumerate() {
        if settings.queues[..place].iter().any(|other| other.id == queue.id) {
            faults.push((place, "id", format!("\"{}\" is there twice", queue.id), "give each queue its own id"));
        }
        for next in &queue.overflow {
            if *next == queue.id || !settings.queues.iter().any(|other| other.id == *next) {
                faults.push((place, "overflow", format!("\"{next}\" is no other queue"), "name the id of another [[queue]]"));
            }
        }
    }
    faults
}

/// The queue in the words of the file, every key but the id.
pub(super) fn words(queue: &QueueSettings) -> Table {
    let texts = |list: Vec<String>| Value::Array(list.into_iter().map(Value::String).collect());
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key.to_owned(), value));
    put("zh", Value::String(queue.name_zh.clone()));
    put("en", Value::String(queue.name_en.clone()));
    put("strategy", Value::String(queue.strategy.name().to_owned()));
    put("skills", Value::String(queue.skills.to_string()));
    let times = [
        ("ring", queue.ring),
        ("wrap_up", queue.wrap_up),
        ("longest_wait", queue.longest_wait),
        ("overflow_after", queue.overflow_after),
        ("leave_after", queue.leave_after),
        ("step", queue.step),
        ("service_level", queue.service_level),
    ];
    for (key, time) in times {
        put(key, Value::String(duration_text(time)));
    }
    let numbers = [("priority", usize::from(queue.priority)), ("max_waiting", queue.max_waiting), ("overflow_depth", queue.overflow_depth)];
    for (key, number) in numbers {
        put(key, Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)));
    }
    put("overflow", texts(queue.overflow.iter().map(ToString::to_string).collect()));
    put("join", Value::String(queue.join.name().to_owned()));
    put("order", texts(queue.order.clone()));
    put("weights", texts(queue.weights.iter().map(|(number, weight)| format!("{number}:{weight}")).collect()));
    table
}

fn small(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// `lunch:30m`
fn a_break(text: &str) -> Option<(String, Duration)> {
    let (name, time) = text.split_once(':')?;
    let good = !name.is_empty() && name.len() <= 20 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    // Ours: they are written by the machine and would be mistaken for a choice.
    let ours = matches!(name, "missed" | "forced");
    Some((name.to_owned(), duration(time.trim())?)).filter(|_| good && !ours)
}

/// `08:00-22:00`, in minutes of the day.
fn hours(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let minutes = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && minutes <= 24 * 60).then_some(minutes)
    };
    let (from, until) = text.split_once('-')?;
    Some((minute(from)?, minute(until)?)).filter(|(from, until)| from != until)
}

/// `8001:3`
fn weight(text: &str) -> Option<(String, u32)> {
    let (number, weight) = text.split_once(':')?;
    let weight = weight.trim().parse().ok().filter(|weight| *weight <= 1000)?;
    Some((number.trim().to_owned(), weight))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::queue::{Settings, Strategy};
    use std::time::Duration;

    #[test]
    fn without_a_word_there_are_two_queues() {
        assert_eq!(Config::read("", []).expect("empty settings are right").queues, Settings::default());
    }

    #[test]
    fn a_queue_is_read_with_its_rule_and_its_chain() {
        let text = r#"
            [acd]
            breaks = ["tea:5m"]
            sticky_wait = "12s"
            sticky_last = "first"
            callback_hours = "09:30-21:00"
            [[queue]]
            id = "vip"
            strategy = "round-robin"
            skills = "WT<20 & language>50; any"
            overflow = ["all"]
            weights = ["8001:3"]
            [[queue]]
            id = "all"
            zh = "全部"
            join = "always"
        "#;
        let queues = Config::read(text, []).expect("right").queues;
        assert_eq!(queues.breaks, [("tea".to_owned(), Duration::from_secs(300))]);
        assert_eq!(queues.queues.len(), 2);
        assert_eq!(queues.queues[0].strategy, Strategy::RoundRobin);
        assert_eq!(queues.queues[0].weights, [("8001".to_owned(), 3)]);
        assert_eq!(queues.queues[1].name_zh, "全部");
        assert_eq!(queues.sticky_wait, Duration::from_secs(12));
        assert_eq!([569, 570, 1259, 1260].map(|minute| queues.may_call_back(minute)), [false, true, true, false]);
    }

    #[test]
    fn all_faults_of_queues_come_at_once() {
        let text = r#"
            [acd]
            breaks = ["lunch"]
            sticky_last = "me"
            callback_hours = "8-22"
            [[queue]]
            id = "a b"
            strategy = "rrmemory"
            skills = "WT<20 & zh>1"
            ring = "0s"
            overflow = ["nowhere"]
            [[queue]]
            id = "c"
            rings = 3
            weights = ["8001"]
            [[queue]]
            id = "c"
        "#;
        let error = Config::read(text, []).expect_err("eleven faults");
        let shown = error.to_string();
        for part in [
            "acd.breaks",
            "acd.sticky_last",
            "acd.callback_hours",
            "queue[0].id",
            "queue[0].strategy",
            "queue[0].skills",
            "nobody could answer",
            "queue[0].ring",
            "queue[0].overflow",
            "queue[1].rings",
            "queue[1].weights",
            "queue[2].id",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert_eq!(error.0.len(), 11, "{shown}");
    }
}
