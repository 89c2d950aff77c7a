//! Messages to customers (C87): made once for each order and event, delivered by a task, written down with how it went.

use std::time::Duration;

use super::db::{Durability, Row, vals};
use super::{Store, StoreError, new_id};
use crate::domain::{ClockTime, Language, NoticeTexts, OrderId, PhoneNumber, Timestamp};

/// Whoever delivers a message has so long.
const CLAIM: Duration = Duration::from_secs(60);
/// News that is older than this is none.
const FRESH: Duration = Duration::from_secs(3600);

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerMessage {
    pub id: String,
    pub order: OrderId,
    pub number: String,
    /// `accepted`, `out`, `delivered`.
    pub event: String,
    pub phone: PhoneNumber,
    pub text: String,
    /// `waiting`, `sending`, `sent`, `failed`, `declined`.
    pub status: String,
    pub tries: u32,
    /// How the last try ended.
    pub why: String,
    pub made_at: Timestamp,
    pub done_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, order_id, number, event, phone, text, status, tries, why, made_at, done_at";

impl Store {
    /// Makes the message about this event of an order, once. Who wants none, or has no mobile telephone, gets none; that is
    /// written down too. Whether something is to be sent.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn make_notice(&self, order: &OrderId, event: &str, texts: &NoticeTexts, now: Timestamp) -> Result<bool, StoreError> {
        const ORDER: &str = "select o.number, o.phone, o.language, o.promised_at, o.done_at, o.pay_fen, coalesce(b.zh, ''), coalesce(b.en, ''), \
            coalesce(o.rider_name, '') from orders as o left join branches as b on b.number = o.branch where o.id = $1";
        const SQL: &str = "insert into customer_messages (id, order_id, number, event, phone, text, status, tries, next_at, why, made_at, done_at) \
            select $1, $2, $3, $4, $5, $6, case when $7 = 1 or exists (select 1 from message_refusals where phone = $5) then 'declined' else 'waiting' end, \
            0, $8, case when $7 = 1 then 'no_mobile' else '' end, $8, null where 1 = 1 on conflict (order_id, event) do nothing returning status";
        let Some(row) = self.pool.row(ORDER, vals![order.as_str()]).await? else { return Ok(false) };
        let language = Language::from_tag(row.text(2)?).unwrap_or_default();
        let (text, branch) = match language {
            Language::Mandarin => (&texts.zh, row.text(6)?),
            Language::English => (&texts.en, row.text(7)?),
        };
        if text.is_empty() {
            return Ok(false);
        }
        let phone = super::people::phone(row.text(1)?)?;
        let clock = |at: i64| ClockTime::of(self.clock.local(Timestamp::from_millis(at))).to_string();
        let number = row.text(0)?;
        let fen = row.int(5)?;
        let words = text
            .replace("{tail}", number.get(number.len().saturating_sub(4)..).unwrap_or(number))
            .replace("{branch}", branch)
            .replace("{time}", &clock(row.opt_int(4)?.unwrap_or(row.int(3)?)))
            .replace("{money}", &format!("{}.{:02}", fen / 100, fen % 100))
            .replace("{rider}", row.text(8)?);
        let args = vals![new_id(now), order.as_str(), number, event, phone.reveal(), words, !phone.is_mobile(), now.as_millis()];
        let mut tx = self.pool.begin(Durability::Full).await?;
        let made = tx.row(SQL, args).await?;
        self.told(tx).await?;
        Ok(made.is_some_and(|row| row.text(0).is_ok_and(|status| status == "waiting")))
    }

    /// The next message that is due, for whoever delivers it now. News that has become old is given up.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_notice(&self, now: Timestamp) -> Result<Option<CustomerMessage>, StoreError> {
        const OLD: &str = "update customer_messages set status = 'failed', why = 'too_late', done_at = $1 where status = 'waiting' and made_at < $2 and status in ('waiting', 'sending')";
        let sql = format!(
            "update customer_messages set status = 'sending', claimed_until = $1, tries = tries + 1 where id = (select id from customer_messages where status in ('waiting', 'sending') \
             and ((status = 'waiting' and next_at <= $2) or (status = 'sending' and claimed_until <= $2)) order by next_at, id limit 1) \
             and ((status = 'waiting' and next_at <= $2) or (status = 'sending' and claimed_until <= $2)) returning {COLUMNS}"
        );
        // Most of the time there is none: nobody should wait for the writer because of that.
        if self.pool.row("select id from customer_messages where status in ('waiting', 'sending') limit 1", &[]).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(OLD, vals![now.as_millis(), now.before(FRESH).as_millis()]).await?;
        let row = tx.row(sqlx::AssertSqlSafe(sql), vals![now.after(CLAIM).as_millis(), now.as_millis()]).await?;
        tx.commit().await?;
        row.as_ref().map(message).transpose()
    }

    /// How a delivery ended: sent, to be tried again at `next`, or given up.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_done(&self, id: &str, sent: bool, why: &str, next: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "update customer_messages set status = $1, why = $2, next_at = coalesce($3, next_at), done_at = $4, claimed_until = null \
            where id = $5 and status = 'sending'";
        let status = match (sent, next) {
            (true, _) => "sent",
            (false, Some(_)) => "waiting",
            (false, None) => "failed",
        };
        let done = if status == "waiting" { None } else { Some(now.as_millis()) };
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![status, why, next.map(Timestamp::as_millis), done, id]).await?;
        tx.commit().await
    }

    /// The message log, latest first; of one order, or of all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn notices(&self, order: Option<&OrderId>, limit: u32) -> Result<Vec<CustomerMessage>, StoreError> {
        let sql = format!("select {COLUMNS} from customer_messages where $1 = '' or order_id = $1 order by made_at desc, id desc limit $2");
        let order = order.map_or("", OrderId::as_str);
        self.pool.rows(sqlx::AssertSqlSafe(sql), vals![order, limit]).await?.iter().map(message).collect()
    }

    /// This number wants no messages, or does again.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn refuse_notices(&self, phone: &PhoneNumber, refuses: bool, by: &str, now: Timestamp) -> Result<(), StoreError> {
        const REFUSE: &str = "insert into message_refusals (phone, at, by_name) values ($1, $2, $3) on conflict (phone) do nothing";
        if refuses {
            self.write(REFUSE, vals![phone.reveal(), now.as_millis(), by]).await
        } else {
            self.write("delete from message_refusals where phone = $1", vals![phone.reveal()]).await
        }
    }
}

fn message(row: &Row) -> Result<CustomerMessage, StoreError> {
    Ok(CustomerMessage {
        id: row.text(0)?.to_owned(),
        order: OrderId::new(row.text(1)?),
        number: row.text(2)?.to_owned(),
        event: row.text(3)?.to_owned(),
        phone: super::people::phone(row.text(4)?)?,
        text: row.text(5)?.to_owned(),
        status: row.text(6)?.to_owned(),
        tries: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        why: row.text(8)?.to_owned(),
        made_at: Timestamp::from_millis(row.int(9)?),
        done_at: row.opt_int(10)?.map(Timestamp::from_millis),
    })
}
