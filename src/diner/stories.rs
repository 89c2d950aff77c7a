//! Stories that come with the program: `dinetone call --story NAME`.

/// Name and script of each.
pub const STORIES: &[(&str, &str)] = &[
    ("worked-call", include_str!("../../tests/stories/worked-call.dine")),
    ("guest-pickup", include_str!("../../tests/stories/guest-pickup.dine")),
    ("english-menu", include_str!("../../tests/stories/english-menu.dine")),
    ("type-ahead", include_str!("../../tests/stories/type-ahead.dine")),
    ("silent-caller", include_str!("../../tests/stories/silent-caller.dine")),
];

/// The script of a story.
#[must_use]
pub fn story(name: &str) -> Option<&'static str> {
    STORIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
