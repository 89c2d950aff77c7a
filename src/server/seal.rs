//! The key that passwords in the store are sealed with: found, made at the first start, or told when it is not what it has to be.

use std::path::PathBuf;

use crate::config::Config;
use crate::domain::Finding;
use crate::store::{SealKey, Store, StoreError};

/// In the data folder, when the settings name no other.
const FILE: &str = "store.key";

/// Where the key is: as the settings say, else in the data folder of an embedded store. A database server is shared by nodes with
/// folders of their own: without a word in the settings it has none.
#[must_use]
pub fn place(config: &Config) -> Option<PathBuf> {
    let embedded = config.store.url.reveal().strip_prefix("sqlite:").is_some_and(|path| !path.starts_with(':'));
    config.store.key_file.clone().or_else(|| embedded.then(|| config.data_dir.join(FILE)))
}

/// The key; none when there is none yet, or none is wanted. One in the data folder is made when `make` says so.
///
/// # Errors
/// One finding: a file that is no key, or that the settings name and that is not there.
pub fn find(config: &Config, make: bool) -> Result<Option<SealKey>, Finding> {
    let Some(path) = place(config) else { return Ok(None) };
    let shown = path.display();
    let fault = |found: String| Finding::new("store.key_file", format!("{shown} {found}"), "put the key file of this store there again");
    if let Some(key) = SealKey::read(&path).map_err(fault)? {
        return Ok(Some(key));
    }
    if config.store.key_file.is_some() {
        let cure = format!("put the key file of this store there; a new house makes one with: openssl rand -hex 32 > {shown}");
        return Err(Finding::new("store.key_file", format!("{shown} is missing"), cure));
    }
    if !make {
        return Ok(None);
    }
    let made = std::fs::create_dir_all(&config.data_dir).map_err(|error| error.to_string()).and_then(|()| SealKey::make(&path));
    let cure = "make the data folder writable, or name another file";
    let key = made.map_err(|found| Finding::new("store.key_file", format!("{shown}: {found}"), cure))?;
    tracing::info!("{shown} was made: passwords of trunks that are changed by page are sealed with it; keep a copy beside the backups");
    Ok(Some(key))
}

/// What a store says that holds passwords in plain text and has no key to seal them.
///
/// # Errors
/// When the store cannot answer.
pub async fn advice(store: &Store) -> Result<Option<Finding>, StoreError> {
    let plain = store.plain_passwords().await?;
    let cure = "name a key file there, the same at all nodes (openssl rand -hex 32 makes one)";
    let advice =
        || Finding::new("store.key_file", format!("is not set: {plain} password(s) of trunks lie in plain text in the store"), cure);
    Ok((plain > 0).then(advice))
}

/// Seals what lies in plain text, or warns that nothing can.
///
/// # Errors
/// When the store cannot do so.
pub async fn seal(store: &Store) -> Result<(), StoreError> {
    if store.has_key() {
        let sealed = store.seal_passwords().await?;
        if sealed > 0 {
            tracing::info!("{sealed} password(s) of trunks were sealed; older backups hold them in plain text");
        }
    } else if let Some(advice) = advice(store).await? {
        tracing::warn!("{advice}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::read(text, []).unwrap()
    }

    #[test]
    fn c105_a_key_is_made_beside_an_embedded_store_and_named_for_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let data_section = format!("[data]\ndir = {:?}\n", data.display().to_string());
        let embedded = config(&data_section);
        assert!(find(&embedded, false).unwrap().is_none() && !data.exists(), "looking makes nothing");
        let made = find(&embedded, true).unwrap().unwrap();
        assert_eq!(find(&embedded, false).unwrap().unwrap().name(), made.name());
        let shared = format!("{data_section}[store]\nurl = \"postgres://h/d\"\n");
        assert!(find(&config(&shared), true).unwrap().is_none(), "each node would make its own");
        let named = format!("{shared}key_file = {:?}\n", folder.path().join("house.key").display().to_string());
        let missing = find(&config(&named), true).unwrap_err();
        assert!(missing.found.ends_with("house.key is missing") && missing.cure.contains("openssl rand -hex 32"), "{missing}");
        std::fs::copy(data.join(FILE), folder.path().join("house.key")).unwrap();
        assert_eq!(find(&config(&named), true).unwrap().unwrap().name(), made.name());
        std::fs::write(data.join(FILE), "no key").unwrap();
        let wrong = find(&embedded, true).unwrap_err();
        assert!(wrong.place == "store.key_file" && wrong.found.contains("holds no key"), "{wrong}");
        assert_eq!(std::fs::read_to_string(data.join(FILE)).unwrap(), "no key", "it is nobody's to overwrite");
    }
}
