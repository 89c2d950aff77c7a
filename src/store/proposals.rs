//! What deliveries say about customers, and numbers that somebody should decide about (C89).

use serde_json::json;

use super::db::{Durability, Row, Tx, vals};
use super::journal::Entries;
use super::sticky::Author;
use super::tasks::{NewTask, open_in};
use super::{BlockWish, Store, StoreError, new_id};
use crate::domain::{OrderId, PhoneNumber, Timestamp};
use crate::order::life::{Outcome, TaskKind};

/// So many refusals at the door within so many days make a proposal.
const REFUSALS: i64 = 3;
const REFUSALS_WITHIN: std::time::Duration = std::time::Duration::from_secs(90 * 24 * 3600);

/// The code of the wrap-up that proposes a number.
const NUISANCE: &str = "62";

/// An agent has blocked the number so that nobody gets through: it holds, and somebody who leads looks at it (C68).
const REVIEW: &str = "block";

/// A number that should perhaps be on the block list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: String,
    pub phone: PhoneNumber,
    pub order: Option<OrderId>,
    pub number: String,
    /// `D90`, `D72`, `62`, `block`.
    pub why: String,
    pub note: String,
    pub at: Timestamp,
    pub by: String,
    /// `open`, `confirmed`, `dismissed`.
    pub status: String,
    pub level: String,
    pub done_at: Option<Timestamp>,
    pub done_by: String,
}

impl Store {
    /// What an order's outcome says about its customer: a prank proposes the number for the block list at once, a refusal at
    /// the door counts, and several of them propose it too. Asking again changes nothing.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn mark_customer(&self, order: &OrderId, now: Timestamp) -> Result<(), StoreError> {
        const ORDER: &str = "select phone, customer, coalesce(outcome, ''), number, coalesce(outcome_by, '') from orders where id = $1";
        const MARK: &str = "insert into customer_marks (order_id, code, phone, customer, at) values ($1, $2, $3, $4, $5) on conflict (order_id, code) do nothing";
        // What was corrected does not count any more.
        const CORRECTED: &str = "delete from customer_marks where order_id = $1 and code <> $2";
        const WITHDRAWN: &str = "update block_proposals set status = 'dismissed', done_at = $1, done_by = 'corrected' \
            where order_id = $2 and status = 'open' and why in ('D72', 'D90') and why <> $3";
        const COUNT: &str = "select cast(count(*) as bigint) from customer_marks where phone = $1 and code = 'D72' and at > $2";
        let Some(row) = self.pool.row(ORDER, vals![order.as_str()]).await? else { return Ok(()) };
        let (phone, code) = (row.text(0)?, row.text(2)?);
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(CORRECTED, vals![order.as_str(), code]).await?;
        tx.exec(WITHDRAWN, vals![now.as_millis(), order.as_str(), code]).await?;
        let propose = match Outcome::from_name(code) {
            Some(Outcome::Prank) => tx.exec(MARK, vals![order.as_str(), code, phone, row.opt_text(1)?, now.as_millis()]).await? == 1,
            Some(Outcome::Rejected) => {
                let new = tx.exec(MARK, vals![order.as_str(), code, phone, row.opt_text(1)?, now.as_millis()]).await? == 1;
                let since = now.before(REFUSALS_WITHIN).as_millis();
                let times = tx.row(COUNT, vals![phone, since]).await?.map_or(Ok(0), |row| row.int(0))?;
                new && times >= REFUSALS
            }
            _ => false,
        };
        if propose {
            const PROPOSE: &str = "insert into block_proposals (id, phone, order_id, number, why, note, at, proposed_by, status) \
                values ($1, $2, $3, $4, $5, '', $6, $7, 'open') on conflict (phone) where status = 'open' do nothing";
            let args = vals![new_id(now), phone, order.as_str(), row.text(3)?, code, now.as_millis(), row.text(4)?];
            tx.exec(PROPOSE, args).await?;
        }
        tx.commit().await
    }

    /// Proposals, open ones first and oldest first, then those decided, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn block_proposals(&self, open: bool, limit: u32) -> Result<Vec<Proposal>, StoreError> {
        const SQL: &str = "select id, phone, order_id, number, why, note, at, proposed_by, status, level, done_at, done_by from block_proposals \
            where $1 = 0 or status = 'open' order by case status when 'open' then 0 else 1 end, coalesce(-done_at, at), id limit $2";
        self.pool.rows(SQL, vals![open, limit]).await?.iter().map(proposal).collect()
    }

    /// Blocks a number from the next call on, as [`Store::set_block`], and lays it before whoever leads; the id of the entry.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn block_for_review(
        &self,
        phone: &PhoneNumber,
        wish: BlockWish,
        until: Option<Timestamp>,
        reason: &str,
        by: &Author,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        const PROPOSE: &str = "insert into block_proposals (id, phone, order_id, number, why, note, at, proposed_by, status) \
            values ($1, $2, null, '', $3, $4, $5, $6, 'open') on conflict (phone) where status = 'open' do nothing";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let entry = super::block::put(&mut tx, phone, wish, until, reason, by, now).await?;
        let id = new_id(now);
        let mut entries = Entries::default();
        if tx.exec(PROPOSE, vals![&id, phone.reveal(), REVIEW, reason, now.as_millis(), &by.name]).await? == 1 {
            open_in(&mut tx, &look_at(id, REVIEW, reason, &by.name), now, &mut entries).await?;
        }
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(entry)
    }

    /// The entry is off the list: nothing is left to look at. The proposal that ends with it, if there was one.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn review_is_settled(&self, phone: &PhoneNumber, by: &Author, now: Timestamp) -> Result<Option<String>, StoreError> {
        const SQL: &str = "update block_proposals set status = 'dismissed', done_at = $1, done_by = $2 \
            where phone = $3 and why = $4 and status = 'open' returning id";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let row = tx.row(SQL, vals![now.as_millis(), &by.name, phone.reveal(), REVIEW]).await?;
        let id = row.map(|row| row.text(0).map(str::to_owned)).transpose()?;
        tx.commit().await?;
        Ok(id)
    }

    /// A supervisor decides: a level until a moment, or nothing at all, and what an agent had blocked is undone. False when it was
    /// decided before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn decide_proposal(
        &self,
        id: &str,
        confirm: Option<(BlockWish, Option<Timestamp>)>,
        by: &Author,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const DECIDE: &str = "update block_proposals set status = $1, level = $2, done_at = $3, done_by = $4 where id = $5 and status = 'open' \
            returning phone, why, note, proposed_by";
        let status = if confirm.is_some() { "confirmed" } else { "dismissed" };
        let level = confirm.map(|(wish, _)| wish.name());
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(DECIDE, vals![status, level, now.as_millis(), &by.name, id]).await? else {
            tx.undo().await?;
            return Ok(false);
        };
        let phone = super::people::phone(row.text(0)?)?;
        let (why, note, proposed_by) = (row.text(1)?, row.text(2)?, row.text(3)?);
        if let Some((wish, until)) = confirm {
            super::block::put(&mut tx, &phone, wish, until, if why == REVIEW { note } else { why }, by, now).await?;
        } else if why == REVIEW {
            super::block::undo(&mut tx, &phone, proposed_by, by, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// An agent summed a call up as a nuisance: the number is proposed once, headquarters has a task until somebody decides. A number
/// that is on the list already is not proposed again.
pub(super) async fn by_agent(tx: &mut Tx, phone: &PhoneNumber, note: &str, agent: &str, now: Timestamp) -> Result<(), StoreError> {
    const PROPOSE: &str = "insert into block_proposals (id, phone, order_id, number, why, note, at, proposed_by, status) \
        select $1, $2, null, '', $3, $4, $5, $6, 'open' \
        where not exists (select 1 from block_list where phone = $2 and (until_at is null or until_at > $5)) \
        on conflict (phone) where status = 'open' do nothing";
    let id = new_id(now);
    if tx.exec(PROPOSE, vals![&id, phone.reveal(), NUISANCE, note, now.as_millis(), agent]).await? == 0 {
        return Ok(());
    }
    let mut entries = Entries::default();
    open_in(tx, &look_at(id, NUISANCE, note, agent), now, &mut entries).await?;
    entries.write(tx, now).await
}

fn look_at(proposal: String, code: &str, note: &str, by: &str) -> NewTask {
    let words = json!({ "code": code, "note": note, "by": by });
    NewTask { kind: TaskKind::Blacklist, subject: proposal, order: None, number: None, branch: None, due_at: None, words }
}

fn proposal(row: &Row) -> Result<Proposal, StoreError> {
    let text = |place| row.opt_text(place).map(|text| text.unwrap_or_default().to_owned());
    Ok(Proposal {
        id: text(0)?,
        phone: super::people::phone(row.text(1)?)?,
        order: row.opt_text(2)?.map(OrderId::new),
        number: text(3)?,
        why: text(4)?,
        note: text(5)?,
        at: Timestamp::from_millis(row.int(6)?),
        by: text(7)?,
        status: text(8)?,
        level: text(9)?,
        done_at: row.opt_int(10)?.map(Timestamp::from_millis),
        done_by: text(11)?,
    })
}
