//! Requests for invoices (C91): one for each order, given to the provider after delivery, and what became of them.

use serde_json::json;

use super::db::{Durability, Row, Tx, broken, vals};
use super::journal::Entries;
use super::people::phone;
use super::{Store, StoreError};
use crate::domain::{CustomerId, InvoiceRequest, InvoiceStatus, Money, OrderId, OrderNumber, OrderStatus, PhoneNumber, Timestamp};

/// A customer's titles of before that are offered again.
const MOST_TITLES: usize = 5;
/// Requests that one export gives to the provider, at most: those that wait longest.
const MOST_EXPORTED: u32 = 5_000;

/// A request with its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    pub order: OrderId,
    pub number: OrderNumber,
    pub request: InvoiceRequest,
    pub status: InvoiceStatus,
    pub asked_at: Timestamp,
    pub asked_by: String,
    pub batch: Option<String>,
    /// What the guest paid for the order: as it was when the provider got it, before that as it is now.
    pub amount: Money,
    /// The invoice's own number, or why there is none.
    pub told: String,
    pub changed_at: Timestamp,
    pub order_status: OrderStatus,
    /// The guest has the food: the provider may have the request.
    pub delivered: bool,
    /// Something of it was missing, wrong or spilled (D82): what the guest is to pay may change, and a person says when it goes out.
    pub in_doubt: bool,
}

/// What came of giving out a request that is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anyway {
    /// The name of its batch.
    Given(String),
    /// No request waits: none was asked for, or the provider has it.
    NotAsked,
    /// The guest does not have the food.
    NotDelivered,
}

/// Which requests; none leaves all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvoiceFilter {
    pub status: Option<InvoiceStatus>,
    pub batch: Option<String>,
    /// Asked for in this span; the end is not in it.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub limit: u32,
}

/// What the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceResult {
    /// With the invoice's own number.
    Issued(String),
    /// With the reason.
    Failed(String),
}

const COLUMNS: &str = "i.order_id, i.number, i.kind, i.title, i.tax_number, i.email, i.phone, i.status, i.asked_at, i.asked_by, i.batch, \
    coalesce(i.amount_fen, o.pay_fen), i.told, i.changed_at, o.status, case when o.status = 'done' and o.outcome in ('D00', 'D10', 'D30', 'D60') \
    then 1 else 0 end, case when o.status = 'done' and o.outcome = 'D82' then 1 else 0 end";

impl Store {
    /// Asks for an invoice, or changes what was asked for while the provider does not have it.
    ///
    /// # Errors
    /// `Conflict` when the provider has it, or there is no such order.
    pub async fn ask_invoice(&self, order: &OrderId, wanted: &InvoiceRequest, by: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let mut entries = Entries::default();
        if !put_in(&mut tx, order.as_str(), wanted, by, now, &mut entries).await? {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        entries.write(&mut tx, now).await?;
        self.told(tx).await
    }

    /// The guest wants none any more. False when there is none that can be withdrawn: the provider has it.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn withdraw_invoice(&self, order: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update invoices set status = 'withdrawn', changed_at = $1 where order_id = $2 and status in ('asked', 'failed')";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![now.as_millis(), order.as_str()]).await? == 0 {
            tx.undo().await?;
            return Ok(false);
        }
        let mut entries = Entries::default();
        changed(&mut entries, order.as_str(), InvoiceStatus::Withdrawn);
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// The request of an order, also a withdrawn one.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn invoice(&self, order: &OrderId) -> Result<Option<Invoice>, StoreError> {
        let sql = format!("select {COLUMNS} from invoices as i join orders as o on o.id = i.order_id where i.order_id = $1");
        self.pool.row(sqlx::AssertSqlSafe(sql), vals![order.as_str()]).await?.as_ref().map(invoice).transpose()
    }

    /// Requests, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn invoices(&self, filter: &InvoiceFilter) -> Result<Vec<Invoice>, StoreError> {
        // Written out, so that their indexes are used.
        let batch = if filter.batch.is_some() { "i.batch = $4" } else { "$4 = ''" };
        let sql = format!(
            "select {COLUMNS} from invoices as i join orders as o on o.id = i.order_id where i.asked_at >= $1 and i.asked_at < $2 \
            and ($3 = '' or i.status = $3) and {batch} order by i.asked_at, i.order_id limit $5"
        );
        let args = vals![
            filter.since.map_or(i64::MIN, Timestamp::as_millis),
            filter.until.map_or(i64::MAX, Timestamp::as_millis),
            filter.status.map_or("", InvoiceStatus::name),
            filter.batch.as_deref().unwrap_or_default(),
            filter.limit,
        ];
        self.pool.rows(sqlx::AssertSqlSafe(sql), args).await?.iter().map(invoice).collect()
    }

    /// What this customer's invoices were made out to, the latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn invoice_titles(&self, customer: &CustomerId) -> Result<Vec<InvoiceRequest>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from invoices as i join orders as o on o.id = i.order_id where i.customer = $1 \
            order by i.asked_at desc, i.order_id limit 50"
        );
        let mut titles: Vec<InvoiceRequest> = Vec::new();
        for row in self.pool.rows(sqlx::AssertSqlSafe(sql), vals![customer.as_str()]).await? {
            let request = invoice(&row)?.request;
            let known = titles.iter().any(|title| title.title == request.title && title.tax_number == request.tax_number);
            if !known && titles.len() < MOST_TITLES {
                titles.push(request);
            }
        }
        Ok(titles)
    }

    /// Gives one request to the provider whose order was spilled or incomplete, because somebody says so: in a batch of its own. One of an
    /// order that is delivered without doubt goes the same way.
    ///
    /// # Errors
    /// When the store cannot write; then nothing was given.
    pub async fn export_invoice_anyway(&self, order: &OrderId, now: Timestamp) -> Result<Anyway, StoreError> {
        const SQL: &str = "update invoices set status = 'exported', batch = $1, changed_at = $2, \
            amount_fen = (select pay_fen from orders where orders.id = invoices.order_id) where order_id = $3 and status = 'asked'";
        let Some(asked) = self.invoice(order).await?.filter(|asked| asked.status == InvoiceStatus::Asked) else {
            return Ok(Anyway::NotAsked);
        };
        if !asked.delivered && !asked.in_doubt {
            return Ok(Anyway::NotDelivered);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        let batch = self.next_batch(&mut tx, now).await?;
        if tx.exec(SQL, vals![&batch, now.as_millis(), order.as_str()]).await? == 0 {
            tx.undo().await?;
            return Ok(Anyway::NotAsked);
        }
        let mut entries = Entries::default();
        changed(&mut entries, order.as_str(), InvoiceStatus::Exported);
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(Anyway::Given(batch))
    }

    /// The name of the day's next batch; two who give at the same moment meet here.
    async fn next_batch(&self, tx: &mut Tx, now: Timestamp) -> Result<String, StoreError> {
        let day = self.clock.local(now).date().strftime("%y%m%d").to_string();
        Ok(format!("{day}-{}", tx.count(&format!("invoices:{day}"), 1).await?))
    }

    /// Gives the requests of delivered orders to the provider, each once: the name of the batch and how many are in it. `None` when
    /// nothing waits.
    ///
    /// # Errors
    /// When the store cannot write; then nothing was given.
    pub async fn export_invoices(&self, now: Timestamp) -> Result<Option<(String, u64)>, StoreError> {
        const SQL: &str = "update invoices set status = 'exported', batch = $1, changed_at = $2, \
            amount_fen = (select pay_fen from orders where orders.id = invoices.order_id) \
            where order_id in (select i.order_id from invoices as i join orders as o on o.id = i.order_id where i.status = 'asked' \
            and o.status = 'done' and o.outcome in ('D00', 'D10', 'D30', 'D60') order by i.asked_at, i.order_id limit $3) \
            and status = 'asked' returning order_id";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let batch = self.next_batch(&mut tx, now).await?;
        let given = tx.rows(SQL, vals![&batch, now.as_millis(), MOST_EXPORTED]).await?;
        if given.is_empty() {
            tx.undo().await?;
            return Ok(None);
        }
        let mut entries = Entries::default();
        for row in &given {
            changed(&mut entries, row.text(0)?, InvoiceStatus::Exported);
        }
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(Some((batch, given.len() as u64)))
    }

    /// What the provider says about the request of this order (id or number). The same word again changes nothing; an invoice that was
    /// issued stays issued. False when there is no request that the provider has.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn invoice_told(&self, order: &str, result: &InvoiceResult, now: Timestamp) -> Result<bool, StoreError> {
        const SAME: &str = "select order_id from invoices where (order_id = $1 or number = $1) and status = $2 and told = $3";
        const SQL: &str = "update invoices set status = $2, told = $3, changed_at = $4 where (order_id = $1 or number = $1) \
            and (status = 'exported' or (status = 'failed' and batch is not null)) returning order_id";
        let (status, told) = match result {
            InvoiceResult::Issued(number) => (InvoiceStatus::Issued, number),
            InvoiceResult::Failed(why) => (InvoiceStatus::Failed, why),
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(SQL, vals![order, status.name(), told, now.as_millis()]).await? else {
            let same = tx.row(SAME, vals![order, status.name(), told]).await?.is_some();
            tx.undo().await?;
            return Ok(same);
        };
        let mut entries = Entries::default();
        changed(&mut entries, row.text(0)?, status);
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(true)
    }
}

/// Keeps a request; false when the provider has the one before it, or there is no such order.
pub(super) async fn put_in(
    tx: &mut Tx,
    order: &str,
    wanted: &InvoiceRequest,
    by: &str,
    now: Timestamp,
    entries: &mut Entries,
) -> Result<bool, StoreError> {
    const SQL: &str = "insert into invoices (order_id, number, customer, kind, title, tax_number, email, phone, status, asked_at, asked_by, told, \
        changed_at) select id, number, customer, $2, $3, $4, $5, $6, 'asked', $7, $8, '', $7 from orders where id = $1 \
        on conflict (order_id) do update set kind = excluded.kind, title = excluded.title, tax_number = excluded.tax_number, \
        email = excluded.email, phone = excluded.phone, status = 'asked', asked_at = excluded.asked_at, asked_by = excluded.asked_by, batch = null, \
        amount_fen = null, told = '', changed_at = excluded.changed_at where invoices.status in ('asked', 'failed', 'withdrawn')";
    let args = vals![
        order,
        wanted.kind(),
        &wanted.title,
        wanted.tax_number.as_ref().map(crate::domain::TaxNumber::as_str),
        wanted.email.as_deref(),
        wanted.phone.as_ref().map(PhoneNumber::reveal),
        now.as_millis(),
        by,
    ];
    if tx.exec(SQL, args).await? == 0 {
        return Ok(false);
    }
    // Who it is made out to is nobody's who follows the journal.
    entries.add("invoice_asked", order, json!({ "kind": wanted.kind() }));
    Ok(true)
}

fn changed(entries: &mut Entries, order: &str, status: InvoiceStatus) {
    entries.add("invoice_changed", order, json!({ "status": status.name() }));
}

fn invoice(row: &Row) -> Result<Invoice, StoreError> {
    let status = row.text(7)?;
    let request = InvoiceRequest {
        title: row.text(3)?.to_owned(),
        // It was checked when it was taken down; rules may have changed since.
        tax_number: row.opt_text(4)?.map(crate::domain::TaxNumber::kept),
        email: row.opt_text(5)?.map(str::to_owned),
        phone: row.opt_text(6)?.map(phone).transpose()?,
    };
    Ok(Invoice {
        order: OrderId::new(row.text(0)?),
        number: OrderNumber::new(row.text(1)?),
        request,
        status: InvoiceStatus::from_name(status).ok_or_else(|| broken("state of an invoice", status))?,
        asked_at: Timestamp::from_millis(row.int(8)?),
        asked_by: row.text(9)?.to_owned(),
        batch: row.opt_text(10)?.map(str::to_owned),
        amount: Money::fen(row.int(11)?),
        told: row.text(12)?.to_owned(),
        changed_at: Timestamp::from_millis(row.int(13)?),
        order_status: super::lines::status(row.text(14)?)?,
        delivered: row.flag(15)?,
        in_doubt: row.flag(16)?,
    })
}
