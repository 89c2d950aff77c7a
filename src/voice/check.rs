//! Finds what has no sound before a caller does: prompts, names of the house, spoken values.

use std::collections::HashSet;

use super::catalogue::Part;
use super::cut::cut;
use super::library::{Library, Origin};
use super::names::Names;
use super::say::{english, mandarin};
use crate::domain::{Catalogue, ClockTime, Finding, Language, Money};

const RECORD: &str = "render it with tools/prompts, or put a recording of that path into the data folder's prompts";

impl Library {
    /// What is missing for these prompts: texts, recordings in either language, files that cannot be read.
    #[must_use]
    pub fn check<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut seen = HashSet::new();
        for id in ids {
            if !seen.insert(id) {
                continue;
            }
            if !self.has(id) {
                findings.push(Finding::new(
                    format!("prompt {id}"),
                    "is not in prompts/catalogue.tsv",
                    "give it a row with its text in both languages, or name another prompt",
                ));
                continue;
            }
            for language in Language::ALL {
                let Some(template) = self.template(id, language) else {
                    findings.push(Finding::new(
                        format!("prompt {id}"),
                        format!("has no text in {}", language.tag()),
                        "write it in prompts/catalogue.tsv",
                    ));
                    continue;
                };
                for part in &template.parts {
                    let Part::Text { text, key } = part else { continue };
                    let path = format!("{}/ui/{key}.wav", language.tag());
                    match self.voice(language).ui.get(key) {
                        Some(entry) if self.sound_of(entry).is_none() => {
                            findings.push(Finding::new(path, "cannot be read as sound", RECORD))
                        }
                        Some(entry) if entry.origin == Origin::Shipped && entry.text != *text => {
                            findings.push(Finding::new(path, format!("speaks «{}» but the text is «{text}»", entry.text), RECORD));
                        }
                        Some(_) => {}
                        None => findings.push(Finding::new(path, format!("no recording of «{text}»"), RECORD)),
                    }
                }
            }
        }
        findings
    }

    /// Names of the house without a clip in their language: dishes and branches are then read by their numbers, the rest
    /// would be left out.
    #[must_use]
    pub fn check_house(&self, house: &Catalogue) -> Vec<Finding> {
        let mut keys: Vec<String> = Vec::new();
        keys.extend(house.dishes.values().filter(|dish| !dish.retired).map(|dish| format!("dish-{}", dish.number)));
        keys.extend(house.categories.iter().map(|category| format!("category-{}", category.id)));
        keys.extend(house.levels.iter().map(|level| format!("level-{}", level.id)));
        keys.extend(house.branches.keys().flat_map(|number| ["", "-address", "-transit"].map(|part| format!("branch-{number}{part}"))));
        keys.extend(house.offers.iter().map(|offer| format!("offer-{}", offer.id)));
        let mut findings = Vec::new();
        for key in keys {
            for language in Language::ALL {
                let name = name_of(house, &key, language).unwrap_or_default();
                if !name.is_empty() && self.name(&key, Some(name), language).is_none() {
                    findings.push(Finding::new(format!("{}/name/{key}.wav", language.tag()), format!("no recording of «{name}»"), RECORD));
                }
            }
        }
        findings
    }

    /// Spoken values that the clips cannot make up: for each kind and language the first one and how many there are.
    #[must_use]
    pub fn check_values(&self) -> Vec<Finding> {
        let amounts = || (1..100).chain((1..300).map(|yuan| yuan * 50)).chain((1..2000).map(|step| step * 997)).map(Money::fen);
        let times = || (0..24 * 60).filter_map(|minute| ClockTime::new(minute / 60, minute % 60));
        let zh: [(&str, Vec<String>); 6] = [
            ("numbers", (0..1000).chain((1..100).map(|step| step * 1009)).map(mandarin::number).collect()),
            ("amounts", amounts().map(mandarin::money).collect()),
            ("portions", (1..=99).map(mandarin::quantity).collect()),
            ("dish numbers", (1..1000).map(mandarin::dish_number).collect()),
            ("times", times().map(mandarin::time).collect()),
            ("minutes", (1..=120).map(mandarin::minutes).collect()),
        ];
        let en: [(&str, Vec<String>); 6] = [
            ("numbers", (0..1000).chain((1..100).map(|step| step * 1009)).map(english::number).collect()),
            ("amounts", amounts().map(english::money).collect()),
            ("portions", (1..=99).map(english::quantity).collect()),
            ("dish numbers", (1..1000).map(english::dish_number).collect()),
            ("times", times().map(english::time).collect()),
            ("minutes", (1..=120).map(english::minutes).collect()),
        ];
        let mut findings = Vec::new();
        for (language, kinds) in [(Language::Mandarin, zh), (Language::English, en)] {
            let say = &self.voice(language).say;
            for (kind, texts) in kinds {
                let lacking: Vec<&String> = texts.iter().filter(|text| cut(text, language, |piece| say.get(piece)).is_none()).collect();
                if let Some(first) = lacking.first() {
                    let found = format!("{} of {} {kind} cannot be spoken, such as «{first}»", lacking.len(), texts.len());
                    findings.push(Finding::new(format!("{}/say", language.tag()), found, RECORD));
                }
            }
        }
        findings
    }
}

/// What the thing behind a name's key is called.
pub(super) fn name_of<'a>(names: &'a dyn Names, key: &str, language: Language) -> Option<&'a str> {
    let (kind, rest) = key.split_once('-')?;
    match kind {
        "dish" => names.dish(rest.parse().ok()?, language),
        "category" => names.category(rest, language),
        "level" => names.level(rest, language),
        "offer" => names.offer(rest, language),
        "branch" => match rest.split_once('-') {
            None => names.branch(rest.parse().ok()?, language),
            Some((number, "address")) => names.branch_address(number.parse().ok()?, language),
            Some((number, _)) => names.branch_transit(number.parse().ok()?, language),
        },
        _ => None,
    }
}
