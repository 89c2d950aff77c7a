//! `[quality]`: from when on what happens too often is a warning at headquarters.

use super::read::Section;
use crate::order::quality::{Rate, Rules};

/// Reads `[quality]`.
pub(super) fn quality(mut s: Section<'_>) -> Rules {
    let usual = Rules::default();
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let rules = Rules {
        late: Rate {
            percent: count(s.number("late_percent", u64::from(usual.late.percent), 0..=100)),
            least: count(s.number("late_least", u64::from(usual.late.least), 1..=100_000)),
            within: s.duration("late_within", usual.late.within),
        },
        abandoned: Rate {
            percent: count(s.number("abandoned_percent", u64::from(usual.abandoned.percent), 0..=100)),
            least: count(s.number("abandoned_least", u64::from(usual.abandoned.least), 1..=100_000)),
            within: s.duration("abandoned_within", usual.abandoned.within),
        },
        words: s.list("words").unwrap_or(usual.words),
    };
    for (key, within) in [("late_within", rules.late.within), ("abandoned_within", rules.abandoned.within)] {
        if !(60..=86_400).contains(&within.as_secs()) {
            s.fault(key, "is no time of a minute to a day", "write a time such as \"2h\"");
        }
    }
    if rules.words.iter().any(|word| word.trim().is_empty()) {
        s.fault("words", "an empty word is in every text", "leave it out; an empty list looks for no words");
    }
    s.finish();
    rules
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn c101_the_limits_of_warnings_are_settings() {
        let config = Config::read("[quality]\nlate_percent = 0\nabandoned_within = \"10m\"\nwords = [\"虫\"]\n", []).expect("right");
        assert_eq!((config.quality.late.percent, config.quality.abandoned.within.as_secs()), (0, 600));
        assert_eq!(config.quality.words, ["虫"]);
        let error = Config::read("[quality]\nlate_percent = 200\nlate_within = \"2s\"\nwords = [\" \"]\n", []).expect_err("three faults");
        assert_eq!(error.0.len(), 3, "{error}");
    }
}
