//! `[wall]`: when a number on the wallboard and the floor page turns amber, and when red.

use std::time::Duration;

use super::read::Section;

/// `[wall]`: amber first, then red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// Callers who wait.
    pub waiting: (u64, u64),
    /// How long the first of them has waited.
    pub longest: (Duration, Duration),
    /// Per cent answered in time; lower is worse.
    pub in_time: (u64, u64),
    /// Per cent who gave up.
    pub abandoned: (u64, u64),
    /// A call of this length is marked.
    pub long_call: Duration,
}

impl Default for Wall {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { waiting: (3, 6), longest: (seconds(60), seconds(90)), in_time: (85, 75), abandoned: (5, 8), long_call: seconds(300) }
    }
}

pub(super) fn wall(mut s: Section<'_>) -> Wall {
    let usual = Wall::default();
    let wall = Wall {
        waiting: (s.number("waiting_amber", usual.waiting.0, 1..=10_000), s.number("waiting_red", usual.waiting.1, 1..=10_000)),
        longest: (s.duration("longest_amber", usual.longest.0), s.duration("longest_red", usual.longest.1)),
        in_time: (s.number("in_time_amber", usual.in_time.0, 0..=100), s.number("in_time_red", usual.in_time.1, 0..=100)),
        abandoned: (s.number("abandoned_amber", usual.abandoned.0, 0..=100), s.number("abandoned_red", usual.abandoned.1, 0..=100)),
        long_call: s.duration("long_call", usual.long_call),
    };
    let wrong = [
        ("waiting_red", wall.waiting.1 < wall.waiting.0, "less than wall.waiting_amber", "make it at least as many"),
        ("longest_red", wall.longest.1 < wall.longest.0, "shorter than wall.longest_amber", "make it at least as long"),
        ("in_time_red", wall.in_time.1 > wall.in_time.0, "more than wall.in_time_amber", "make it at most as much: lower is worse"),
        ("abandoned_red", wall.abandoned.1 < wall.abandoned.0, "less than wall.abandoned_amber", "make it at least as much"),
    ];
    for (key, _, found, cure) in wrong.into_iter().filter(|(_, wrong, ..)| *wrong) {
        s.fault(key, format!("is {found}"), cure);
    }
    s.finish();
    wall
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::config::Config;

    #[test]
    fn c70_red_lies_beyond_amber() {
        let text = "[wall]\nwaiting_amber = 10\nwaiting_red = 20\nlongest_red = \"3m\"\nin_time_amber = 90\nlong_call = \"10m\"\n";
        let wall = Config::read(text, []).expect("right").wall;
        assert_eq!((wall.waiting, wall.in_time, wall.abandoned), ((10, 20), (90, 75), (5, 8)));
        assert_eq!((wall.longest.1, wall.long_call), (Duration::from_secs(180), Duration::from_secs(600)));
        let text = "[wall]\nwaiting_red = 2\nlongest_red = \"30s\"\nin_time_red = 95\nabandoned_red = 1\nabandoned_amber = 101\nlong = 1\n";
        let faults = Config::read(text, []).expect_err("six faults");
        let places: Vec<&str> = faults.0.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places.len(), 6, "{places:?}");
        for place in ["wall.waiting_red", "wall.longest_red", "wall.in_time_red", "wall.abandoned_red", "wall.abandoned_amber", "wall.long"]
        {
            assert!(places.contains(&place), "{place} in {places:?}");
        }
    }
}
