//! The members' PINs: hashed, compared without telling how, three wrong tries a day.

use argon2::{Algorithm, Argon2, Params, Version};

use super::db::{Durability, vals};
use super::{Store, StoreError};
use crate::domain::{MemberNumber, Timestamp};
use crate::ivr::question::PinCheck;

/// Wrong tries after which a member is locked until the next shop day.
const TRIES: i64 = 3;
/// 4 MiB and two rounds: some milliseconds here, and nobody can try ten thousand PINs over the telephone anyway;
/// what the hash protects is a stolen file.
const COST: (u32, u32, u32) = (4096, 2, 1);

impl Store {
    /// Gives a member a PIN, or takes it away.
    ///
    /// # Errors
    /// `Conflict` when there is no such member.
    pub async fn set_pin(&self, member: &MemberNumber, pin: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        let hash = match pin {
            Some(pin) => Some(hashed(pin.to_owned(), salt(now)).await?),
            None => None,
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let rows = tx
            .exec("update members set pin_hash = $1, pin_wrong = 0, pin_day = '' where number = $2", vals![hash, member.as_str()])
            .await?;
        if rows == 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }

    /// Compares a PIN. A try is counted before it is compared, so that many tries at once do not get past the limit;
    /// the third wrong one answers `Locked`. A right one clears the day's count.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn check_pin(&self, member: &MemberNumber, pin: &str, now: Timestamp) -> Result<PinCheck, StoreError> {
        const TRY: &str = "update members set pin_wrong = case when pin_day = $1 then pin_wrong + 1 else 1 end, pin_day = $1 \
            where number = $2 and pin_hash is not null and (pin_day <> $1 or pin_wrong < $3) returning pin_hash, pin_wrong";
        let day = self.clock.local(now).date().to_string();
        let mut tx = self.pool.begin(Durability::Full).await?;
        let tried = tx.row(TRY, vals![&day, member.as_str(), TRIES]).await?;
        let Some(tried) = tried else {
            let row = tx.row("select pin_hash from members where number = $1", vals![member.as_str()]).await?;
            tx.undo().await?;
            let has_pin = row.is_some_and(|row| row.opt_text(0).is_ok_and(|hash| hash.is_some()));
            return Ok(if has_pin { PinCheck::Locked } else { PinCheck::None });
        };
        tx.commit().await?;
        let (hash, wrong) = (tried.text(0)?.to_owned(), tried.int(1)?);
        if matches(pin.to_owned(), hash).await? {
            self.write("update members set pin_wrong = 0 where number = $1 and pin_day = $2", vals![member.as_str(), &day]).await?;
            return Ok(PinCheck::Right);
        }
        Ok(if wrong >= TRIES { PinCheck::Locked } else { PinCheck::Wrong })
    }
}

/// Sixteen bytes that are not used twice.
fn salt(now: Timestamp) -> [u8; 16] {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, 0)).into_bytes()
}

async fn hashed(pin: String, salt: [u8; 16]) -> Result<String, StoreError> {
    hashed_with(pin, salt, COST).await
}

/// `argon2id:memory,rounds,lanes:salt:hash`, in hexadecimal; `cost` is memory in KiB, rounds and lanes.
pub(super) async fn hashed_with(secret: String, salt: [u8; 16], cost: (u32, u32, u32)) -> Result<String, StoreError> {
    off_thread(move || {
        let hash = digest(&secret, &salt, cost)?;
        Some(format!("argon2id:{},{},{}:{}:{}", cost.0, cost.1, cost.2, hex(&salt), hex(&hash)))
    })
    .await
}

/// Whether this secret made this hash; takes the time of the hash's own cost.
pub(super) async fn matches(pin: String, stored: String) -> Result<bool, StoreError> {
    off_thread(move || {
        let mut parts = stored.split(':').skip(1);
        let mut costs = parts.next()?.split(',').map(str::parse::<u32>);
        let cost = (costs.next()?.ok()?, costs.next()?.ok()?, costs.next()?.ok()?);
        let (salt, hash) = (unhex(parts.next()?)?, unhex(parts.next()?)?);
        let found = digest(&pin, &salt, cost)?;
        // In the same time whatever differs.
        Some(found.len() == hash.len() && found.iter().zip(&hash).fold(0_u8, |differs, (a, b)| differs | (a ^ b)) == 0)
    })
    .await
}

/// Hashing takes a processor for some milliseconds: not on the threads that carry everything else.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Option<T> + Send + 'static) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.ok().flatten().ok_or_else(|| StoreError::internal("a PIN could not be hashed".into()))
}

fn digest(pin: &str, salt: &[u8], cost: (u32, u32, u32)) -> Option<[u8; 32]> {
    let params = Params::new(cost.0, cost.1, cost.2, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(pin.as_bytes(), salt, &mut hash).ok()?;
    Some(hash)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|place| u8::from_str_radix(text.get(place..place + 2)?, 16).ok()).collect()
}
