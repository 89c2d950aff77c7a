//! Opening the store that the settings name, and saying in an operator's words why it does not open.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::config::Config;
use crate::domain::Finding;
use crate::store::{Found, Obstacle, Store, StoreError};

const SEE: &str = "see docs/operations.md, section \"the store does not open\"";

/// The file of the embedded store; none for a server or one that lives in memory.
#[must_use]
pub fn store_file(config: &Config) -> Option<PathBuf> {
    let path = config.store.url.reveal().strip_prefix("sqlite:")?;
    let path = path.split('?').next().unwrap_or(path).trim_start_matches("//");
    (!path.is_empty() && !path.starts_with(':')).then(|| path.into())
}

/// Opens the store that the settings name.
///
/// # Errors
/// One finding with the cause.
pub async fn open_store(config: &Config) -> Result<Store, Finding> {
    let file = store_file(config);
    if let Some(folder) = file.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            Finding::new("store.url", format!("{}: {error}", folder.display()), "make the folder writable, or write another path")
        })?;
    }
    let opened = Store::open(config.store.url.reveal(), config.shop.clock.clone()).await;
    opened.map(|store| store.with_rules(config.dispatch)).map_err(|error| fault(file.as_deref(), &error))
}

/// What the settings' store is now; nothing is made or changed.
///
/// # Errors
/// One finding: what cannot be looked at, or a folder in which none could be made.
pub async fn look_at_store(config: &Config) -> Result<Found, Finding> {
    let file = store_file(config);
    let found = Store::look(config.store.url.reveal()).await.map_err(|error| fault(file.as_deref(), &error))?;
    if found == Found::Nothing
        && let Some(folder) = file.as_deref().and_then(standing)
        && let Err(why) = access(folder, Access::WRITE_OK | Access::EXEC_OK)
    {
        let found = format!("no store can be made in {}: {}", folder.display(), std::io::Error::from(why));
        return Err(Finding::new("store.url", found, "make the folder writable for the user that runs dinetone, or write another path"));
    }
    Ok(found)
}

/// The nearest of the folders above a file that is there.
fn standing(file: &Path) -> Option<&Path> {
    let folders = file.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    folders.into_iter().find(|folder| folder.exists())
}

/// What stands in the way, and what to do about it.
fn fault(file: Option<&Path>, error: &StoreError) -> Finding {
    let finding = |found: String, cure: String| Finding::new("store.url", found, cure);
    if let (Some(file), StoreError::File(_, why)) = (file, error)
        && why.kind() == std::io::ErrorKind::PermissionDenied
    {
        return finding(format!("{} cannot be looked at: {why}", file.display()), whose(file.parent().unwrap_or(file)));
    }
    let (file, StoreError::Unavailable(_)) = (file, error) else { return finding(error.to_string(), SEE.into()) };
    let Some(file) = file else { return finding(error.to_string(), "start the database, or mend store.url".into()) };
    if let Some((path, why)) = unwritable(file) {
        let found = format!("{} cannot be written: {why}", path.display());
        return finding(
            found,
            match why.kind() {
                std::io::ErrorKind::PermissionDenied => whose(path),
                _ => "mount it for writing, or write another path".into(),
            },
        );
    }
    match error.obstacle() {
        Some(Obstacle::Held) => finding(
            format!("{} is held by another program", file.display()),
            format!("end that program (`fuser {}` tells which), then try again", file.display()),
        ),
        Some(Obstacle::Full) => finding(format!("the disk of {} is full", file.display()), "make room, then try again".into()),
        None => finding(error.to_string(), SEE.into()),
    }
}

/// What helps somebody who may not read or write what is another user's.
#[must_use]
pub fn whose(path: &Path) -> String {
    format!("run this as the user that the server runs as (`ls -ld {}` tells who), or give it to whoever runs dinetone", path.display())
}

/// The file, or the folder in which its log is kept, when it cannot be written.
fn unwritable(file: &Path) -> Option<(&Path, std::io::Error)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    [file, folder].into_iter().filter(|path| path.exists()).find_map(|path| Some((path, access(path, Access::WRITE_OK).err()?.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c108_a_store_of_another_user_is_not_taken_for_none() {
        let denied = StoreError::File("x".into(), std::io::ErrorKind::PermissionDenied.into());
        let told = fault(Some(Path::new("/srv/dinetone/data/store.db")), &denied).to_string();
        assert!(told.contains("/srv/dinetone/data/store.db cannot be looked at") && told.contains("`ls -ld /srv/dinetone/data`"), "{told}");
    }
}
