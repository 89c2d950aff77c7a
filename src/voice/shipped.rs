//! The shipped voice, inside the program (read from disk in debug builds).

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "prompts/"]
#[include = "**/*.wav"]
#[include = "**/*.tsv"]
struct Prompts;

/// One shipped file by its path below `prompts/`, such as `zh-CN/ui/main.menu.wav`.
#[must_use]
pub fn shipped(path: &str) -> Option<Cow<'static, [u8]>> {
    Prompts::get(path).map(|file| file.data)
}

impl super::Sources {
    /// The shipped voice with the operator's own files (paths as in the shipped tree) on top.
    #[must_use]
    pub fn shipped(own: Vec<(String, Vec<u8>)>) -> Self {
        Self {
            shipped: std::sync::Arc::new(shipped),
            own,
            decode: |file| crate::media::wav::read_alaw(file).map_err(|error| error.to_string()),
        }
    }
}
