//! Rules that watch what happens for what happens too often, or must never happen: an early warning, not a report (C101).

use std::time::Duration;

/// A share that is too high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// A warning from so many per cent on; 0: never.
    pub percent: u32,
    /// Fewer than so many cases say nothing.
    pub least: u32,
    /// Of what happened within so long.
    pub within: Duration,
}

impl Rate {
    /// Whether so many of so many are a warning. One that is open ends at four fifths of the limit, so that it does not come and go.
    #[must_use]
    pub fn warns(&self, part: u32, whole: u32, open: bool) -> bool {
        let limit = u64::from(self.percent) * if open { 8 } else { 10 };
        self.percent > 0 && whole >= self.least.max(1) && u64::from(part) * 1000 >= limit * u64::from(whole)
    }
}

/// `[quality]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Late deliveries of a branch: those that were, and those on their way past their promise.
    pub late: Rate,
    /// Callers of a queue who gave up.
    pub abandoned: Rate,
    /// Words in tickets, notes of calls and remarks that somebody must read at once.
    pub words: Vec<String>,
}

/// What may be a matter of food safety.
const WORDS: &[&str] = &[
    "中毒",
    "拉肚子",
    "腹泻",
    "呕吐",
    "上吐下泻",
    "异物",
    "虫子",
    "蟑螂",
    "苍蝇",
    "头发丝",
    "玻璃渣",
    "碎玻璃",
    "变质",
    "发霉",
    "馊了",
    "没熟",
    "过敏反应",
    "food poisoning",
    "poisoned",
    "vomit",
    "diarrhoea",
    "diarrhea",
    "cockroach",
    "foreign object",
    "glass in",
    "spoiled",
    "mouldy",
    "undercooked",
    "allergic reaction",
];

impl Default for Rules {
    fn default() -> Self {
        Self {
            late: Rate { percent: 30, least: 8, within: Duration::from_secs(2 * 3600) },
            abandoned: Rate { percent: 15, least: 20, within: Duration::from_secs(1800) },
            words: WORDS.iter().map(|word| (*word).to_owned()).collect(),
        }
    }
}

impl Rules {
    /// The first of the words in a text, whatever its case.
    #[must_use]
    pub fn word_in(&self, text: &str) -> Option<&str> {
        let text = text.to_lowercase();
        self.words.iter().map(String::as_str).find(|word| !word.is_empty() && text.contains(&word.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c101_a_share_of_few_says_nothing_and_an_open_warning_does_not_flicker() {
        let rate = Rate { percent: 30, least: 8, within: Duration::from_secs(7200) };
        assert!(!rate.warns(7, 7, false), "seven deliveries are too few");
        assert!(rate.warns(3, 10, false) && !rate.warns(29, 100, false));
        assert!(rate.warns(24, 100, true) && !rate.warns(23, 100, true), "it ends below 24 per cent");
        assert!(!Rate { percent: 0, ..rate }.warns(10, 10, false), "switched off");
    }

    #[test]
    fn c101_words_are_found_in_both_languages() {
        let rules = Rules::default();
        assert_eq!(rules.word_in("客人说吃完拉肚子,要退款"), Some("拉肚子"));
        assert_eq!(rules.word_in("Food Poisoning, two children"), Some("food poisoning"));
        assert_eq!(rules.word_in("少放辣,不要葱"), None);
    }
}
