//! Every prompt that the code can say is in the catalogue, with exactly the slots that its text has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::domain::Phrase;

const CATALOGUE: &str = include_str!("../../../../prompts/catalogue.tsv");

/// Prompt id and its slots.
fn catalogue() -> &'static BTreeMap<&'static str, BTreeSet<&'static str>> {
    static CACHE: OnceLock<BTreeMap<&'static str, BTreeSet<&'static str>>> = OnceLock::new();
    CACHE.get_or_init(|| {
        CATALOGUE
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split('\t');
                let (id, text) = (cells.next()?, cells.next()?);
                let slots = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
                Some((id, slots))
            })
            .collect()
    })
}

/// A phrase about to be said must be one that exists, with its slots filled.
#[track_caller]
pub(super) fn check(phrase: &Phrase) {
    let slots = catalogue().get(phrase.prompt.as_ref()).unwrap_or_else(|| panic!("no prompt {}", phrase.prompt));
    let filled: BTreeSet<&str> = phrase.args.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(*slots, filled, "slots of {}", phrase.prompt);
}

#[test]
fn c32_every_prompt_in_the_code_is_in_the_catalogue() {
    let groups: BTreeSet<&str> = catalogue().keys().filter_map(|id| id.split('.').next()).collect();
    let mut found = 0;
    for source in [
        include_str!("../errors.rs"),
        include_str!("../entry.rs"),
        include_str!("../node.rs"),
        include_str!("../../dialogue.rs"),
        include_str!("../../browsing.rs"),
        include_str!("../../greeting.rs"),
        include_str!("../../info.rs"),
        include_str!("../../message.rs"),
        include_str!("../../points.rs"),
        include_str!("../../queue.rs"),
        include_str!("../../status.rs"),
        include_str!("../../script/heard.rs"),
        include_str!("../../ordering/mod.rs"),
        include_str!("../../ordering/start.rs"),
        include_str!("../../ordering/identify.rs"),
        include_str!("../../ordering/last_order.rs"),
        include_str!("../../ordering/dish.rs"),
        include_str!("../../ordering/options.rs"),
        include_str!("../../ordering/quantity.rs"),
        include_str!("../../ordering/cart_menu.rs"),
        include_str!("../../ordering/read_back.rs"),
        include_str!("../../ordering/service.rs"),
        include_str!("../../ordering/place.rs"),
        include_str!("../../ordering/time.rs"),
        include_str!("../../ordering/phone.rs"),
        include_str!("../../ordering/points.rs"),
        include_str!("../../ordering/note.rs"),
        include_str!("../../ordering/submit.rs"),
        include_str!("../../ordering/done.rs"),
    ] {
        // Names of steps look like prompts; they stand behind `Self::`.
        for line in source.lines().filter(|line| !line.contains("Self::")) {
            for literal in line.split('"').skip(1).step_by(2) {
                let looks_like_one = literal.split_once('.').is_some_and(|(group, rest)| {
                    groups.contains(group)
                        && !rest.is_empty()
                        && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.')
                });
                if looks_like_one {
                    assert!(catalogue().contains_key(literal), "{literal} is not in the catalogue");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 150, "only {found} found: the search is broken");
}
