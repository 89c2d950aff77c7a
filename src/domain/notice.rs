//! What customers are told outside any call: about their orders, and how to find a restaurant.

use super::Language;

/// One text in both languages; an empty one tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeTexts {
    pub zh: String,
    pub en: String,
}

impl NoticeTexts {
    /// The text in this language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Mandarin => &self.zh,
            Language::English => &self.en,
        }
    }
}
