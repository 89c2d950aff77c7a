//! Recordings that people uploaded, out of the store and into the library, at this node.

use std::collections::HashMap;

use super::files::Own;
use crate::media::wav;
use crate::store::{PromptVersion, Store, StoreError};

/// What is known of them; sound is read once.
#[derive(Debug, Default)]
pub struct Uploads {
    sounds: HashMap<String, (PromptVersion, Vec<u8>)>,
}

impl Uploads {
    /// Looks at the store; whether callers are to hear something else than before.
    ///
    /// # Errors
    /// When the store cannot answer: what is known stays.
    pub async fn look(&mut self, store: &Store) -> Result<bool, StoreError> {
        let chosen = store.chosen_prompts().await?;
        let mut new = Vec::new();
        for version in chosen.iter().filter(|version| !self.sounds.contains_key(&version.id)) {
            if let Some(sound) = store.prompt_sound(version.language, &version.clip, &version.id).await? {
                new.push((version.clone(), wav::write_alaw(&sound)));
            }
        }
        let before = self.sounds.len();
        self.sounds.retain(|id, _| chosen.iter().any(|version| version.id == *id));
        let changed = !new.is_empty() || self.sounds.len() < before;
        self.sounds.extend(new.into_iter().map(|(version, file)| (version.id.clone(), (version, file))));
        Ok(changed)
    }

    /// As files of the library.
    #[must_use]
    pub fn files(&self) -> Own {
        let file = |(version, file): &(PromptVersion, Vec<u8>)| (format!("{}/{}.wav", version.language.tag(), version.clip), file.clone());
        self.sounds.values().map(file).collect::<Vec<_>>().into()
    }
}

/// All that callers are to hear of it, once.
///
/// # Errors
/// When the store cannot answer.
pub async fn uploaded(store: &Store) -> Result<Own, StoreError> {
    let mut uploads = Uploads::default();
    uploads.look(store).await?;
    Ok(uploads.files())
}
