//! Passwords that the store keeps for others to be told (trunks made by page): sealed with a key that lies outside of the store.
//!
//! A sealed password is `sealed:1:KEY:HEX`: the name of its key, then nonce, ciphertext and tag of AES-256-GCM
//! (NIST SP 800-38D). It is bound to its trunk's name. In history and backups it stays sealed.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::admin::HousePart;
use super::catalogue::raise_version;
use super::db::{Durability, vals};
use super::pin::hex;
use super::{Store, StoreError};

/// What a sealed password begins with.
const MARK: &str = "sealed:1:";
/// Bytes of a nonce (RFC 5116 section 5.2).
const NONCE: usize = 12;
/// Bytes of a key.
const KEY: usize = 32;

/// The key of a store.
pub struct SealKey {
    key: RandomizedNonceKey,
    name: String,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.name)
    }
}

impl SealKey {
    /// Reads a key file: 64 hexadecimal digits. `None` when there is no such file.
    ///
    /// # Errors
    /// What is wrong with the file, in a few words.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_text(&text).map(Some).ok_or_else(|| "holds no key: a key is 64 hexadecimal digits".into()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err("holds no key: a key is 64 hexadecimal digits".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Writes a new key to a file that only its owner can read, unless another program was quicker; then its key holds.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub fn make(path: &Path) -> Result<Self, String> {
        let mut bytes = [0; KEY];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "this system gives no random numbers".to_owned())?;
        // The file appears under its name when it is whole, and never in the place of another one.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let written = write_private(&part, &format!("{}\n", hex(&bytes))).and_then(|()| std::fs::hard_link(&part, path));
        let _ = std::fs::remove_file(&part);
        match written {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.to_string()),
            _ => {}
        }
        Self::read(path)?.ok_or_else(|| "was there a moment ago, and is gone".into())
    }

    fn from_text(text: &str) -> Option<Self> {
        let bytes = unhex(text.trim()).filter(|bytes| bytes.len() == KEY)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok()?;
        Some(Self { key, name: hex(&Sha256::digest(&bytes)[..4]) })
    }

    /// Eight letters by which findings tell keys apart.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn seal(&self, trunk: &str, password: &str) -> Result<String, StoreError> {
        let mut bytes = password.as_bytes().to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(trunk.as_bytes()), &mut bytes);
        let nonce = nonce.map_err(|_| StoreError::internal("a password could not be sealed".into()))?;
        Ok(format!("{MARK}{}:{}{}", self.name, hex(nonce.as_ref()), hex(&bytes)))
    }

    fn open(&self, trunk: &str, sealed: &str) -> Option<String> {
        let mut bytes = unhex(sealed)?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let open = self.key.open_in_place(nonce, Aad::from(trunk.as_bytes()), text).ok()?;
        String::from_utf8(open.to_vec()).ok()
    }
}

impl Store {
    /// The same store, whose passwords are sealed with this key.
    #[must_use]
    pub fn with_key(self, key: Option<SealKey>) -> Self {
        Self { key: key.map(Arc::new), ..self }
    }

    /// Whether passwords are sealed here.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// A password as it is to be written.
    pub(super) fn sealed(&self, trunk: &str, password: &str) -> Result<String, StoreError> {
        self.key.as_ref().map_or_else(|| Ok(password.to_owned()), |key| key.seal(trunk, password))
    }

    /// A trunk's password out of what is kept of it.
    ///
    /// # Errors
    /// Why it cannot be read, as a finding says it.
    pub(super) fn unsealed(&self, trunk: &str, kept: &str) -> Result<String, String> {
        let Some(rest) = kept.strip_prefix(MARK) else { return Ok(kept.to_owned()) };
        let (name, sealed) = rest.split_once(':').unwrap_or_default();
        match &self.key {
            None => Err(format!("is sealed with key {name}, and there is no key file")),
            Some(key) if key.name != name => Err(format!("is sealed with key {name}; the key file holds another one, {}", key.name)),
            Some(key) => key.open(trunk, sealed).ok_or_else(|| "was changed in the store: its seal is broken".to_owned()),
        }
    }

    /// How many passwords of trunks lie in plain text.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn plain_passwords(&self) -> Result<u64, StoreError> {
        let rows = self.pool.rows("select password from page_trunks where password is not null", &[]).await?;
        let plain = |row: &super::db::Row| Ok::<_, StoreError>(!row.text(0)?.starts_with(MARK));
        let plain = rows.iter().map(plain).collect::<Result<Vec<bool>, _>>()?;
        Ok(plain.into_iter().filter(|plain| *plain).count() as u64)
    }

    /// Seals what lies in plain text from before there was a key, in the history of changes, too. Says how many passwords.
    ///
    /// # Errors
    /// When the store cannot do so; then nothing has changed.
    pub async fn seal_passwords(&self) -> Result<usize, StoreError> {
        let Some(key) = &self.key else { return Ok(0) };
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first: nobody changes a trunk meanwhile.
        raise_version(&mut tx).await?;
        // The same password of the same trunk is the same text everywhere: an old change can still be taken back.
        let mut known: HashMap<(String, String), String> = HashMap::new();
        let mut seal = |trunk: &str, password: &str| -> Result<Option<String>, StoreError> {
            if password.starts_with(MARK) {
                return Ok(None);
            }
            let place = (trunk.to_owned(), password.to_owned());
            if let Some(sealed) = known.get(&place) {
                return Ok(Some(sealed.clone()));
            }
            let sealed = key.seal(trunk, password)?;
            known.insert(place, sealed.clone());
            Ok(Some(sealed))
        };
        for row in tx.rows("select id, password from page_trunks where password is not null", &[]).await? {
            if let Some(sealed) = seal(row.text(0)?, row.text(1)?)? {
                tx.exec("update page_trunks set password = $1 where id = $2", vals![sealed, row.text(0)?]).await?;
            }
        }
        let changes = "select id, subject, before, after from admin_changes where kind = $1";
        for row in tx.rows(changes, vals![HousePart::Trunk.name()]).await? {
            let mut states =
                [row.opt_text(2)?, row.opt_text(3)?].map(|text| text.and_then(|text| serde_json::from_str::<Value>(text).ok()));
            let mut changed = false;
            for state in states.iter_mut().flatten() {
                if let Some(sealed) = state["password"].as_str().map(|password| seal(row.text(1)?, password)).transpose()?.flatten() {
                    state["password"] = Value::String(sealed);
                    changed = true;
                }
            }
            if changed {
                let [before, after] = states.map(|state| state.map(|state| state.to_string()));
                tx.exec("update admin_changes set before = $1, after = $2 where id = $3", vals![before, after, row.text(0)?]).await?;
            }
        }
        if known.is_empty() {
            tx.undo().await?;
        } else {
            self.told(tx).await?;
        }
        Ok(known.len())
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|place| u8::from_str_radix(&text[place..place + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c105_a_sealed_password_opens_with_its_key_for_its_trunk_only() {
        let [key, other] = ["11", "22"].map(|byte| SealKey::from_text(&format!("{}\n", byte.repeat(KEY))).unwrap());
        let sealed = key.seal("telecom", "密码 1").unwrap();
        assert_ne!(sealed, key.seal("telecom", "密码 1").unwrap(), "never the same twice");
        let text = sealed.strip_prefix(&format!("{MARK}{}:", key.name())).unwrap();
        assert_eq!(key.open("telecom", text).as_deref(), Some("密码 1"));
        assert_eq!((key.open("mobile", text), other.open("telecom", text)), (None, None));
        let broken = text.replace(&text[30..32], if &text[30..32] == "00" { "01" } else { "00" });
        assert_eq!((key.open("telecom", &broken), key.open("telecom", "zz"), key.open("telecom", "")), (None, None, None));
        assert!(!format!("{key:?}").contains("1111"));
        for wrong in ["", "1", &"1".repeat(63), &"x".repeat(64), &"密".repeat(32)] {
            assert!(SealKey::from_text(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn c105_a_key_file_is_made_once_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        assert!(SealKey::read(&path).unwrap().is_none());
        let made = SealKey::make(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(SealKey::make(&path).unwrap().name(), made.name(), "what is there stays");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::write(&path, "nonsense").unwrap();
        assert!(SealKey::read(&path).unwrap_err().contains("64 hexadecimal digits"));
    }
}
