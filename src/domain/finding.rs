//! What is wrong with something an operator wrote: where, what was found, and what to write instead.

/// One fault in a file of the house, told so that it can be cured without reading the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where: `dish 18.price_fen`, `node main.keys.3`.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What to write.
    pub cure: String,
}

impl Finding {
    /// One finding.
    #[must_use]
    pub fn new(place: impl Into<String>, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { place: place.into(), found: found.into(), cure: cure.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.found, self.cure)
    }
}
