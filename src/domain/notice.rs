//! What customers are told about their orders, outside any call.

/// One text in both languages; an empty one tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeTexts {
    pub zh: String,
    pub en: String,
}
