//! Orders as boards show them: read for a branch or for all, with who ordered and what is known of them.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::db::{Row, Tx, Val, vals};
use super::life::{Cells, life};
use super::{Store, StoreError, lines, orders};
use crate::domain::{BranchNumber, DateTime, DiscountReason, Size, Spice, Timestamp};
use crate::order::board::{Card, CardDiscount, CardLine, CardOutcome, CardPending, CardRider, PendingLine};
use crate::order::life::Life;

/// Which orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CardFilter {
    /// Only of this branch.
    pub branch: Option<BranchNumber>,
    /// Besides the open ones: all placed since then.
    pub since: Option<Timestamp>,
}

/// Columns of [`super::life::COLUMNS`] come first.
const MORE: &str = "o.id, o.number, o.via, o.language, coalesce(nullif(o.contact, ''), c.name, ''), o.phone, m.level, c.allergies, \
    o.address_text, o.address_id, o.recording, o.zone, o.override_by, o.remark, o.note, o.goods_fen, o.fee_fen, o.pay_fen, o.placed_at, \
    o.wanted_at, o.agent_name, o.expected_at, \
    (select cast(count(*) as bigint) from orders b where b.customer = o.customer and b.placed_at < o.placed_at)";
const FROM: &str = "from orders o left join customers c on c.id = o.customer left join members m on m.number = o.member";
const OPEN: &str = "'new', 'address_check', 'accepted', 'cooking', 'ready', 'out'";

impl Store {
    /// One order as a card.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn card(&self, id: &str) -> Result<Option<Card>, StoreError> {
        Ok(self.some_cards("select $1", vals![id]).await?.pop())
    }

    /// Orders as cards, oldest first: all open ones, and those of the filter.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn cards(&self, filter: &CardFilter) -> Result<Vec<Card>, StoreError> {
        let since = filter.since.map_or(i64::MAX, Timestamp::as_millis);
        let branch = filter.branch.map_or(0, |branch| i64::from(branch.get()));
        // Two indexes, one after the other.
        let which = format!(
            "select id from orders where status in ({OPEN}) and ($2 = 0 or branch = $2) \
             union select id from orders where placed_at >= $1 and ($2 = 0 or branch = $2)"
        );
        self.some_cards(&which, vals![since, branch]).await
    }

    /// The cards of the ids that this statement selects: three statements of one moment, whatever their number.
    async fn some_cards(&self, which: &str, args: &[Val]) -> Result<Vec<Card>, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let cards = self.cards_in(&mut tx, which, args).await;
        tx.undo().await?;
        cards
    }

    async fn cards_in(&self, tx: &mut Tx, which: &str, args: &[Val]) -> Result<Vec<Card>, StoreError> {
        let columns = super::life::COLUMNS.split(", ").map(|column| format!("o.{column}")).collect::<Vec<_>>().join(", ");
        let sql = format!("select {columns}, {MORE} {FROM} where o.id in ({which}) order by o.placed_at, o.number");
        let rows = tx.rows(AssertSqlSafe(sql), args).await?;
        let sql = format!(
            "select dish, zh, en, quantity, size, spice, price_fen, amount_fen, note, order_id from order_lines where order_id in ({which}) order by order_id, place"
        );
        let mut sold: HashMap<String, Vec<CardLine>> = HashMap::new();
        for row in tx.rows(AssertSqlSafe(sql), args).await? {
            sold.entry(row.text(9)?.to_owned()).or_default().push(line(&row)?);
        }
        let sql = format!(
            "select kind, subject, percent, count, amount_fen, order_id from order_discounts where order_id in ({which}) order by order_id, place"
        );
        let mut off: HashMap<String, Vec<CardDiscount>> = HashMap::new();
        for row in tx.rows(AssertSqlSafe(sql), args).await? {
            off.entry(row.text(5)?.to_owned()).or_default().push(discount(&row)?);
        }
        let mut cards = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut card = self.read_card(row)?;
            card.lines = sold.remove(&card.id).unwrap_or_default();
            card.discounts = off.remove(&card.id).unwrap_or_default();
            cards.push(card);
        }
        Ok(cards)
    }

    fn read_card(&self, row: &Row) -> Result<Card, StoreError> {
        let mut cells = Cells::new(row);
        let life = life(&mut cells)?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut card = Card { id: cells.text()?.to_owned(), ..of_life(&life) };
        card.number = cells.text()?.to_owned();
        card.tail = card.number[card.number.len().saturating_sub(4)..].to_owned();
        card.via = super::placing::via_name(orders::via(cells.text()?)?);
        card.language = cells.text()?.to_owned();
        card.name = cells.text()?.to_owned();
        card.phone = cells.text()?.to_owned();
        card.level = owned(cells.opt_text()?);
        card.allergies = cells.opt_text()?.unwrap_or_default().lines().map(str::to_owned).collect();
        card.address = cells.text()?.to_owned();
        card.address_id = owned(cells.opt_text()?);
        card.recording = owned(cells.opt_text()?);
        card.zone = owned(cells.opt_text()?);
        card.outside = cells.opt_text()?.is_some();
        card.remark = cells.opt_text()?.unwrap_or_default().to_owned();
        card.note_recording = owned(cells.opt_text()?);
        card.goods_fen = cells.int()?;
        card.fee_fen = cells.int()?;
        card.pay_fen = cells.int()?;
        card.placed_at = cells.int()?;
        card.wanted_at = cells.opt_text()?.and_then(|at| at.parse::<DateTime>().ok()).map(|at| self.clock.timestamp(at).as_millis());
        card.agent_name = cells.opt_text()?.unwrap_or_default().to_owned();
        card.expected_at = cells.opt_int()?;
        card.orders_before = u32::try_from(cells.int()?).unwrap_or(0);
        Ok(card)
    }
}

/// What the life of an order says of its card; the rest is empty.
fn of_life(life: &Life) -> Card {
    let time = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    let pending = life.pending.as_ref().map(|pending| CardPending {
        kind: pending.kind.name(),
        why: pending.why.clone(),
        by: pending.by.clone(),
        at: pending.at.as_millis(),
        lines: pending
            .lines
            .iter()
            .map(|wanted| PendingLine {
                dish: wanted.line.dish.get(),
                quantity: wanted.line.quantity.get(),
                size: wanted.line.size.map(Size::name),
                spice: wanted.line.spice.map(Spice::name),
                note: wanted.note.clone(),
            })
            .collect(),
    });
    Card {
        id: String::new(),
        number: String::new(),
        tail: String::new(),
        status: life.status.name(),
        life: life.life,
        version: life.version,
        stage: life.stage,
        owner: life.owner.name(),
        due_at: time(life.due_at),
        ring: life.rings(),
        loud: life.rings() && life.stage > 0,
        via: "",
        language: String::new(),
        branch: life.branch.get(),
        branch_why: life.branch_why.clone(),
        refused_by: life.refused_by.iter().map(|branch| branch.get()).collect(),
        fulfilment: lines::fulfilment_name(life.fulfilment),
        name: String::new(),
        phone: String::new(),
        level: None,
        orders_before: 0,
        allergies: Vec::new(),
        address: String::new(),
        address_id: None,
        recording: None,
        zone: None,
        outside: false,
        lines: Vec::new(),
        remark: String::new(),
        note_recording: None,
        goods_fen: 0,
        discounts: Vec::new(),
        fee_fen: 0,
        pay_fen: 0,
        placed_at: 0,
        promised_at: life.promised_at.as_millis(),
        wanted_at: None,
        release_at: time(life.release_at),
        sent_at: time(life.sent_at),
        seen_at: time(life.seen_at),
        accepted_at: time(life.accepted_at),
        cooking_at: time(life.cooking_at),
        ready_at: time(life.ready_at),
        out_at: time(life.out_at),
        done_at: time(life.done_at),
        rider: life.rider.as_ref().map(|rider| CardRider { id: rider.id.clone(), name: rider.name.clone() }),
        outcome: life.outcome.as_ref().map(|said| CardOutcome {
            code: said.code.name(),
            minutes_late: said.minutes_late,
            by: said.by.clone(),
            at: said.at.as_millis(),
            until: said.until.as_millis(),
        }),
        attempts: life.attempts,
        held_until: time(life.held_until),
        rescheduled: life.rescheduled,
        lacks: life.lacks.as_ref().map(|gone| gone.iter().map(|dish| dish.get()).collect()),
        expected_at: None,
        pending,
        urged_at: time(life.urged_at),
        undo_until: life.undo.as_ref().map(|undo| undo.until.as_millis()),
        change_why: life.change_why.clone(),
        agent_name: String::new(),
    }
}

fn line(row: &Row) -> Result<CardLine, StoreError> {
    let line = lines::line(row)?;
    Ok(CardLine {
        dish: line.dish.get(),
        zh: line.zh,
        en: line.en,
        quantity: line.quantity.get(),
        size: line.size.map(Size::name),
        spice: line.spice.map(Spice::name),
        note: line.note,
        price_fen: line.price.as_fen(),
        amount_fen: line.amount.as_fen(),
    })
}

fn discount(row: &Row) -> Result<CardDiscount, StoreError> {
    let off = lines::discount(row)?;
    let (subject, percent, count) = match &off.reason {
        DiscountReason::Level { level, percent } => (level.clone(), *percent, 0),
        DiscountReason::Quantity { dish, portions, percent } => (dish.to_string(), *percent, i64::from(*portions)),
        DiscountReason::Offer { offer } => (offer.clone(), 0, 0),
        DiscountReason::Points { points } => (String::new(), 0, *points),
        DiscountReason::Credit { .. } => (String::new(), 0, 0),
    };
    Ok(CardDiscount { kind: off.reason.name(), subject, percent, count, amount_fen: off.amount.as_fen() })
}
