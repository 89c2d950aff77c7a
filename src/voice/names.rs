//! What dishes, branches, levels and offers are called, so that a clip is only played for the name it speaks.

use crate::domain::{BranchNumber, Catalogue, Language, MenuNumber};

/// The names of the house in both languages.
pub trait Names {
    /// Name of a dish, also of one that is off the menu.
    fn dish(&self, number: MenuNumber, language: Language) -> Option<&str>;
    /// Name of a branch.
    fn branch(&self, number: BranchNumber, language: Language) -> Option<&str>;
    /// Its address.
    fn branch_address(&self, number: BranchNumber, language: Language) -> Option<&str>;
    /// How to get there.
    fn branch_transit(&self, number: BranchNumber, language: Language) -> Option<&str>;
    /// Name of a category by its id.
    fn category(&self, id: &str, language: Language) -> Option<&str>;
    /// Name of a level by its id.
    fn level(&self, id: &str, language: Language) -> Option<&str>;
    /// Text of an offer by its id.
    fn offer(&self, id: &str, language: Language) -> Option<&str>;
}

const fn of<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Mandarin => zh,
        Language::English => en,
    }
}

/// What the name clip with this key speaks: `dish-18`, `branch-3`, `branch-3-address`, `category-hot`; none when the house has nothing
/// of this name.
#[must_use]
pub fn named<'a>(names: &'a impl Names, key: &str, language: Language) -> Option<&'a str> {
    let (kind, id) = key.split_once('-')?;
    let number = |id: &str| id.parse::<u16>().ok();
    match kind {
        "dish" => names.dish(MenuNumber::new(number(id)?)?, language),
        "branch" => match id.split_once('-') {
            None => names.branch(BranchNumber::new(number(id)?)?, language),
            Some((id, "address")) => names.branch_address(BranchNumber::new(number(id)?)?, language),
            Some((id, "transit")) => names.branch_transit(BranchNumber::new(number(id)?)?, language),
            Some(_) => None,
        },
        "category" => names.category(id, language),
        "level" => names.level(id, language),
        "offer" => names.offer(id, language),
        _ => None,
    }
}

impl Names for Catalogue {
    fn dish(&self, number: MenuNumber, language: Language) -> Option<&str> {
        self.dishes.get(&number).map(|dish| dish.name(language))
    }

    fn branch(&self, number: BranchNumber, language: Language) -> Option<&str> {
        self.branches.get(&number).map(|branch| branch.name(language))
    }

    fn branch_address(&self, number: BranchNumber, language: Language) -> Option<&str> {
        self.branches.get(&number).map(|branch| of(language, &branch.address_zh, &branch.address_en))
    }

    fn branch_transit(&self, number: BranchNumber, language: Language) -> Option<&str> {
        self.branches.get(&number).map(|branch| of(language, &branch.transit_zh, &branch.transit_en))
    }

    fn category(&self, id: &str, language: Language) -> Option<&str> {
        self.categories.iter().find(|category| category.id == id).map(|category| of(language, &category.zh, &category.en))
    }

    fn level(&self, id: &str, language: Language) -> Option<&str> {
        self.levels.iter().find(|level| level.id == id).map(|level| of(language, &level.zh, &level.en))
    }

    fn offer(&self, id: &str, language: Language) -> Option<&str> {
        self.offers.iter().find(|offer| offer.id == id).map(|offer| of(language, &offer.zh, &offer.en))
    }
}
