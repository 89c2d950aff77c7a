//! The key that passwords in the store are sealed with: found, made at the first start, or told when it is not what it has to be.

use std::path::{Path, PathBuf};

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
        for_its_owner_only(&path, make)?;
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

/// A key that others can read seals nothing. Where `mend` says so it is taken from them; a file of somebody else's that a group may
/// read, as secrets are often handed to programs, is left to those who gave it.
#[cfg(unix)]
fn for_its_owner_only(path: &Path, mend: bool) -> Result<(), Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    if mend && std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).is_ok() {
        tracing::warn!(
            "{shown} could be read by others (mode {mode:03o}) and is its owner's only now (600); whoever had it can open the sealed passwords"
        );
        return Ok(());
    }
    if mend && mode & 0o007 == 0 {
        return Ok(());
    }
    let found = format!("{shown} can be read by others (mode {mode:03o})");
    Err(Finding::new("store.key_file", found, format!("chmod 600 {shown}; the next start of the server does it where it may")))
}

#[cfg(not(unix))]
fn for_its_owner_only(_: &Path, _: bool) -> Result<(), Finding> {
    Ok(())
}

/// Seals the passwords of a backup from before there was a key, the moment it was restored. What is to be said about it.
///
/// # Errors
/// When the store cannot do so.
pub async fn seal_restored(store: &Store) -> Result<Option<String>, StoreError> {
    if !store.has_key() {
        return Ok(advice(store).await?.map(|advice| advice.to_string()));
    }
    let sealed = store.seal_passwords().await?;
    let said = format!(
        "{sealed} password(s) of trunks lay in plain text in the backup and were sealed; the file holds them still: keep it as you keep a key"
    );
    Ok((sealed > 0).then_some(said))
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

    #[test]
    #[cfg(unix)]
    fn c105_a_key_that_others_can_read_is_a_finding_and_mended_at_the_start() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.key");
        SealKey::make(&path).unwrap();
        let named = config(&format!("[store]\nurl = \"postgres://h/d\"\nkey_file = {:?}\n", path.display().to_string()));
        for mode in [0o644, 0o640, 0o604, 0o666] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let open = find(&named, false).unwrap_err();
            assert_eq!(open.place, "store.key_file");
            assert!(open.found.contains(&format!("mode {mode:03o}")) && open.cure.starts_with("chmod 600"), "{open}");
            assert!(find(&named, true).unwrap().is_some());
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(find(&named, false).is_ok());
        }
    }
}
