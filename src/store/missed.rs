//! Callers whom nobody spoke with, and who returns their call (C69): one open entry for each number.

use super::db::{Durability, Row, Tx, broken, vals};
use super::people::phone as stored_phone;
use super::{Author, Store, StoreError, new_id};
use crate::domain::{CallId, CallRecord, CustomerId, MissedCaller, MissedKind, PhoneNumber, QueueId, Timestamp, UserId};

/// Somebody who took an entry and did nothing for so long has forgotten it: others may take it.
const HELD: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMissed {
    pub id: String,
    /// The last time.
    pub caller: MissedCaller,
    /// Of the customer, when there is one; else empty.
    pub name: String,
    /// How often since the entry was opened.
    pub times: u32,
    /// What whoever calls is to ask (C97); else empty.
    pub note: String,
    pub taken_by: Option<Author>,
    /// When and how it was closed, and by whom.
    pub done: Option<(Timestamp, String, String)>,
}

impl Store {
    /// Puts somebody on the list, or notes that they called in vain once more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_missed(&self, caller: &MissedCaller) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        put(&mut tx, caller).await?;
        tx.commit().await
    }

    /// Open entries, oldest first; with `closed`, those closed since then follow, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn missed(&self, closed: Option<Timestamp>, limit: u32) -> Result<Vec<StoredMissed>, StoreError> {
        const WHAT: &str = "select m.id, m.kind, m.call_id, m.phone, m.customer, m.queue, m.at, coalesce(c.name, ''), m.times, m.taken_by, \
            m.taken_name, m.done_at, m.done_how, m.done_by, m.note from missed as m left join customers as c on c.id = m.customer";
        let open = format!("{WHAT} where m.done_at is null order by m.at, m.id limit $1");
        let mut all: Vec<StoredMissed> =
            self.pool.rows(sqlx::AssertSqlSafe(open), vals![limit]).await?.iter().map(entry).collect::<Result<_, _>>()?;
        if let Some(since) = closed {
            let done = format!("{WHAT} where m.done_at >= $1 order by m.done_at desc, m.id limit $2");
            for row in self.pool.rows(sqlx::AssertSqlSafe(done), vals![since.as_millis(), limit]).await? {
                all.push(entry(&row)?);
            }
        }
        Ok(all)
    }

    /// This person returns the call.
    ///
    /// # Errors
    /// `Conflict` when somebody else does, or it is done.
    pub async fn take_missed(&self, id: &str, by: &Author, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "update missed set taken_by = $1, taken_name = $2, taken_at = $3 \
            where id = $4 and done_at is null and (taken_by is null or taken_by = $1 or taken_at < $5)";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![by.user.as_str(), &by.name, now.as_millis(), id, now.before(HELD).as_millis()];
        if tx.exec(SQL, args).await? == 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }

    /// Done with: spoken with, no answer, not needed.
    ///
    /// # Errors
    /// `Conflict` when there is no such open entry.
    pub async fn close_missed(&self, id: &str, how: &str, by: &Author, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "update missed set done_at = $1, done_by = $2, done_how = $3 where id = $4 and done_at is null";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![now.as_millis(), &by.name, how, id]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }
}

pub(super) async fn put(tx: &mut Tx, caller: &MissedCaller) -> Result<(), StoreError> {
    // The same call told twice counts once.
    const SQL: &str = "insert into missed (id, kind, call_id, phone, customer, queue, at, times) values ($1, $2, $3, $4, $5, $6, $7, 1) \
        on conflict (phone) where done_at is null do update set kind = excluded.kind, call_id = excluded.call_id, queue = excluded.queue, \
        note = '', customer = coalesce(excluded.customer, missed.customer), at = excluded.at, times = missed.times + 1 \
        where missed.call_id is null or excluded.call_id is null or missed.call_id <> excluded.call_id";
    let args = vals![
        new_id(caller.at),
        caller.kind.name(),
        caller.call.as_ref().map(CallId::as_str),
        caller.phone.reveal(),
        caller.customer.as_ref().map(CustomerId::as_str),
        caller.queue.as_ref().map(QueueId::as_str),
        caller.at.as_millis(),
    ];
    tx.exec(SQL, args).await.map(|_| ())
}

/// Whoever has this number needs no call any more.
pub(super) async fn close(tx: &mut Tx, phone: &str, how: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "update missed set done_at = $1, done_how = $2, done_by = $3 where phone = $4 and done_at is null and at <= $1";
    tx.exec(SQL, vals![now.as_millis(), how, by, phone]).await.map(|_| ())
}

/// Callers of before who call again are taken off the list. Most of the time nobody is on it.
pub(super) async fn called_again(tx: &mut Tx, calls: impl Iterator<Item = &CallRecord>) -> Result<(), StoreError> {
    const SQL: &str =
        "update missed set done_at = $1, done_how = 'called again', done_by = '' where phone = $2 and done_at is null and at < $1";
    let calls: Vec<(&str, Timestamp)> = calls.filter_map(|call| Some((call.caller.as_ref()?.reveal(), call.arrived_at))).collect();
    if calls.is_empty() || tx.row("select id from missed where done_at is null limit 1", &[]).await?.is_none() {
        return Ok(());
    }
    for (phone, at) in calls {
        tx.exec(SQL, vals![at.as_millis(), phone]).await?;
    }
    Ok(())
}

fn entry(row: &Row) -> Result<StoredMissed, StoreError> {
    let kind = row.text(1)?;
    let text = |place| row.opt_text(place).map(|text| text.unwrap_or_default().to_owned());
    let taken_by = match row.opt_text(9)? {
        Some(user) => Some(Author { user: UserId::new(user), name: text(10)? }),
        None => None,
    };
    let done = match row.opt_int(11)? {
        Some(at) => Some((Timestamp::from_millis(at), text(12)?, text(13)?)),
        None => None,
    };
    Ok(StoredMissed {
        id: row.text(0)?.to_owned(),
        caller: MissedCaller {
            kind: MissedKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(|| broken("kind of missed caller", kind))?,
            call: row.opt_text(2)?.map(CallId::new),
            phone: stored_phone(row.text(3)?)?,
            customer: row.opt_text(4)?.map(CustomerId::new),
            queue: row.opt_text(5)?.map(QueueId::new),
            at: Timestamp::from_millis(row.int(6)?),
        },
        name: text(7)?,
        note: text(14)?,
        times: u32::try_from(row.int(8)?).unwrap_or(u32::MAX),
        taken_by,
        done,
    })
}

/// The number of a missed caller, to be shown or dialled.
impl StoredMissed {
    /// Whom to call.
    #[must_use]
    pub const fn phone(&self) -> &PhoneNumber {
        &self.caller.phone
    }
}
