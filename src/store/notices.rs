//! Messages to customers (C87): made once for each order and event, delivered by a task, written down with how it went.

use std::time::Duration;

use super::db::{Durability, Row, vals};
use super::{Store, StoreError, new_id};
use crate::domain::{BranchNumber, ClockTime, Language, NoticeTexts, OrderId, PhoneNumber, Timestamp};

/// Whoever delivers a message has so long.
const CLAIM: Duration = Duration::from_secs(60);
/// News that is older than this is none.
const FRESH: Duration = Duration::from_secs(3600);

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerMessage {
    pub id: String,
    /// Empty for a link to a map, as its number is.
    pub order: OrderId,
    pub number: String,
    /// `accepted`, `out`, `delivered`, `later:1` for the first new time, `care:RULE`, `map`.
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
    /// `webhook`, `smpp`; empty before the first try.
    pub channel: String,
    /// What is known of its arrival: `delivered`, `failed`; empty while nothing is.
    pub receipt: String,
    pub receipt_at: Option<Timestamp>,
}

/// Which messages are asked for.
#[derive(Debug, Clone, Default)]
pub struct NoticeFilter {
    pub since: Option<Timestamp>,
    /// Not included.
    pub until: Option<Timestamp>,
    /// About orders of this branch.
    pub branch: Option<i64>,
    pub limit: u32,
}

const COLUMNS: &str = "id, order_id, number, event, phone, text, status, tries, why, made_at, done_at, channel, receipt, receipt_at";
/// A receipt for something older is for something else.
const RECEIPTS: Duration = Duration::from_secs(7 * 24 * 3600);

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
        let text = texts.of(language);
        let branch = row.text(if language == Language::Mandarin { 6 } else { 7 })?;
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

    /// Makes the message with the link to a map of a restaurant that this caller has asked for, once a day; one that failed is tried
    /// again. Somebody who wants no messages about orders is sent it too: they have asked. Whether it is on its way or has been.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn make_map_link(
        &self,
        phone: &PhoneNumber,
        branch: BranchNumber,
        language: Language,
        texts: &NoticeTexts,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const BRANCH: &str = "select zh, en, address_zh, address_en from branches where number = $1 and retired = 0";
        const SQL: &str = "insert into customer_messages (id, order_id, number, event, phone, text, status, tries, next_at, why, made_at, done_at, branch, day) \
            values ($1, $1, '', 'map', $2, $3, 'waiting', 0, $4, '', $4, null, $5, $6) \
            on conflict (phone, branch, day) where event = 'map' do update set status = 'waiting', tries = 0, next_at = excluded.next_at, why = '', \
            text = excluded.text, made_at = excluded.made_at, done_at = null where customer_messages.status = 'failed'";
        let text = texts.of(language);
        if text.is_empty() || !phone.is_mobile() {
            return Ok(false);
        }
        let Some(row) = self.pool.row(BRANCH, vals![i64::from(branch.get())]).await? else { return Ok(false) };
        let (name, address) = match language {
            Language::Mandarin => (row.text(0)?, row.text(2)?),
            Language::English => (row.text(1)?, row.text(3)?),
        };
        let words = text
            .replace("{number}", &branch.to_string())
            .replace("{branch_url}", &in_address(name))
            .replace("{address_url}", &in_address(address))
            .replace("{branch}", name)
            .replace("{address}", address);
        let day = self.clock.local(now).date().to_string();
        let args = vals![new_id(now), phone.reveal(), words, now.as_millis(), i64::from(branch.get()), day];
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, args).await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// The next message that is due, for whoever delivers it now by this channel. News that has become old is given up.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_notice(&self, channel: &str, now: Timestamp) -> Result<Option<CustomerMessage>, StoreError> {
        const OLD: &str = "update customer_messages set status = 'failed', why = 'too_late', done_at = $1 where status = 'waiting' and (made_at < $2 or until_at <= $1) and status in ('waiting', 'sending')";
        let sql = format!(
            "update customer_messages set status = 'sending', claimed_until = $1, tries = tries + 1, channel = $3 where id = (select id from customer_messages where status in ('waiting', 'sending') \
             and ((status = 'waiting' and next_at <= $2) or (status = 'sending' and claimed_until <= $2)) order by next_at, id limit 1) \
             and ((status = 'waiting' and next_at <= $2) or (status = 'sending' and claimed_until <= $2)) returning {COLUMNS}"
        );
        // Most of the time there is none: nobody should wait for the writer because of that.
        if self.pool.row("select id from customer_messages where status in ('waiting', 'sending') limit 1", &[]).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(OLD, vals![now.as_millis(), now.before(FRESH).as_millis()]).await?;
        let row = tx.row(sqlx::AssertSqlSafe(sql), vals![now.after(CLAIM).as_millis(), now.as_millis(), channel]).await?;
        tx.commit().await?;
        row.as_ref().map(message).transpose()
    }

    /// How a delivery ended: sent, to be tried again at `next`, or given up. Whoever's claim is over changes nothing.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_done(
        &self,
        message: &CustomerMessage,
        sent: bool,
        why: &str,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update customer_messages set status = $1, why = $2, next_at = coalesce($3, next_at), done_at = $4, claimed_until = null \
            where id = $5 and status = 'sending' and tries = $6";
        let status = match (sent, next) {
            (true, _) => "sent",
            (false, Some(_)) => "waiting",
            (false, None) => "failed",
        };
        let done = if status == "waiting" { None } else { Some(now.as_millis()) };
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![status, why, next.map(Timestamp::as_millis), done, message.id.as_str(), message.tries]).await?;
        tx.commit().await
    }

    /// A claimed message was not tried after all: it is due again, and the try does not count. Whoever's claim is over changes
    /// nothing: somebody else has it.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_back(&self, message: &CustomerMessage, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "update customer_messages set status = 'waiting', tries = tries - 1, next_at = $1, claimed_until = null \
            where id = $2 and status = 'sending' and tries = $3";
        self.write(SQL, vals![now.as_millis(), message.id.as_str(), message.tries]).await
    }

    /// A claimed message is still being delivered, part by part: the claim begins anew.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_held(&self, message: &CustomerMessage, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "update customer_messages set claimed_until = $1 where id = $2 and status = 'sending' and tries = $3";
        self.write(SQL, vals![now.after(CLAIM).as_millis(), message.id.as_str(), message.tries]).await
    }

    /// Which parts of a message the centre has taken already.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn notice_parts(&self, id: &str) -> Result<Vec<u32>, StoreError> {
        let rows = self.pool.rows("select part from message_parts where message = $1", vals![id]).await?;
        rows.iter().map(|row| Ok(u32::try_from(row.int(0)?).unwrap_or(u32::MAX))).collect()
    }

    /// The centre has taken a part, of so many, and calls it `gateway_id` in its receipts.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_part_taken(&self, id: &str, (part, parts): (u32, u32), gateway_id: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into message_parts (message, part, parts, gateway_id, taken_at, state, delivered) values ($1, $2, $5, $3, $4, '', null) \
            on conflict (message, part) do nothing";
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![id, part, gateway_id, now.as_millis(), parts]).await?;
        tx.commit().await
    }

    /// The centre's receipt for a part that it may call by any of these ids, the likeliest first: what reached the customer.
    /// A message has arrived when all its parts have, and has not when one has not. Whether it is ours.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn notice_receipt(&self, ids: &[String], delivered: bool, state: &str, now: Timestamp) -> Result<bool, StoreError> {
        const PART: &str = "update message_parts set state = $1, delivered = $2 where message = $3 and part = $4";
        const WHOLE: &str = "update customer_messages set receipt = case when exists (select 1 from message_parts where message = $1 and delivered = 0) \
            then 'failed' when (select count(*) from message_parts where message = $1 and delivered = 1) = (select max(parts) from message_parts where message = $1) \
            then 'delivered' else '' end, \
            receipt_at = $2 where id = $1";
        let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
        let sql = format!(
            "select message, part from message_parts where taken_at > $1 and gateway_id in ({}) order by case when gateway_id = $2 then 0 else 1 end, taken_at desc limit 1",
            places.join(", ")
        );
        let mut args = vals![now.before(RECEIPTS).as_millis()].to_vec();
        args.extend(ids.iter().map(|id| id.as_str().into()));
        let Some(found) = self.pool.row(sqlx::AssertSqlSafe(sql), &args).await? else { return Ok(false) };
        let (message, part) = (found.text(0)?, found.int(1)?);
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(PART, vals![state, delivered, message, part]).await?;
        tx.exec(WHOLE, vals![message, now.as_millis()]).await?;
        tx.commit().await?;
        Ok(true)
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

    /// Messages of some days with the branch of their order, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn notices_of(&self, filter: &NoticeFilter) -> Result<Vec<(CustomerMessage, Option<i64>)>, StoreError> {
        let columns: Vec<String> = COLUMNS.split(", ").map(|column| format!("m.{column}")).collect();
        let sql = format!(
            "select {}, coalesce(o.branch, m.branch) from customer_messages as m left join orders as o on o.id = m.order_id \
             where m.made_at >= $1 and m.made_at < $2 and ($3 = -1 or coalesce(o.branch, m.branch) = $3) order by m.made_at desc, m.id desc limit $4",
            columns.join(", ")
        );
        let args = vals![
            filter.since.map_or(0, Timestamp::as_millis),
            filter.until.map_or(i64::MAX, Timestamp::as_millis),
            filter.branch.unwrap_or(-1),
            filter.limit
        ];
        let rows = self.pool.rows(sqlx::AssertSqlSafe(sql), args).await?;
        rows.iter().map(|row| Ok((message(row)?, row.opt_int(columns.len())?))).collect()
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

/// As it stands inside a web address (RFC 3986 section 2.1).
fn in_address(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn message(row: &Row) -> Result<CustomerMessage, StoreError> {
    Ok(CustomerMessage {
        id: row.text(0)?.to_owned(),
        order: OrderId::new(if row.text(3)? == "map" { "" } else { row.text(1)? }),
        number: row.text(2)?.to_owned(),
        event: row.text(3)?.to_owned(),
        phone: super::people::phone(row.text(4)?)?,
        text: row.text(5)?.to_owned(),
        status: row.text(6)?.to_owned(),
        tries: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        why: row.text(8)?.to_owned(),
        made_at: Timestamp::from_millis(row.int(9)?),
        done_at: row.opt_int(10)?.map(Timestamp::from_millis),
        channel: row.text(11)?.to_owned(),
        receipt: row.text(12)?.to_owned(),
        receipt_at: row.opt_int(13)?.map(Timestamp::from_millis),
    })
}
