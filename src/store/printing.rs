//! Printers of the branches, and the slips that are to come out of them (C83): each is made once, printed once, or asked about.

mod slots;
mod ticket;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::db::{Durability, Row, Tx, broken, vals};
use super::people::cooked_by;
use super::{Store, StoreError, journal, lines, new_id};
use crate::domain::{BranchNumber, DateTime, Money, OrderId, Timestamp};
use crate::slip::{self, Ticket, Which, Width};
use slots::{NewJob, put, slots};
use ticket::{discount_words, dish, ticket_of};

/// Whoever prints a slip has so long; then it is in doubt whether it came out.
const CLAIM: Duration = Duration::from_secs(60);
/// Slips of one order that are looked at.
const MOST_JOBS: u32 = 500;

/// One printer of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    pub id: String,
    pub branch: BranchNumber,
    pub name: String,
    /// `host:port`.
    pub address: String,
    pub width: Width,
    pub slips: Vec<Which>,
    pub buzzer: bool,
    pub disabled: bool,
    /// `none`, `ok`, `away`, `paper`.
    pub state: String,
    pub state_at: Timestamp,
    /// Slips that wait, or are asked about.
    pub waiting: u64,
}

/// One slip that is to be printed, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintJob {
    pub id: String,
    pub printer: String,
    pub branch: BranchNumber,
    pub order: OrderId,
    pub number: String,
    pub slip: Which,
    /// `new`, `again`, `change`, `cancel`.
    pub kind: String,
    pub version: u32,
    pub copy: u32,
    pub ticket: Ticket,
    /// What the slip before said, for a change.
    pub earlier: Option<Ticket>,
    /// `waiting`, `printing`, `printed`, `asked`, `dropped`.
    pub status: String,
    pub tries: u32,
    pub why: String,
    pub made_at: Timestamp,
    pub made_by: String,
    pub done_at: Option<Timestamp>,
    pub done_by: String,
}

impl PrintJob {
    /// The slip as it comes out at `printed`; nothing when a change says nothing new.
    #[must_use]
    pub fn slip(&self, width: Width, printed: DateTime) -> Option<slip::Slip> {
        let mark = match (self.kind.as_str(), &self.earlier) {
            ("change", Some(earlier)) => return slip::changed(self.slip, earlier, &self.ticket, width, printed),
            ("again", _) => slip::Mark::Again(self.copy),
            ("cancel", _) => slip::Mark::Cancelled,
            _ => slip::Mark::New,
        };
        Some(slip::laid_out(self.slip, &self.ticket, &mark, width, printed))
    }
}

/// Which jobs are wanted.
#[derive(Debug, Clone, Default)]
pub struct PrintFilter {
    pub branch: Option<BranchNumber>,
    pub order: Option<OrderId>,
    /// Only what waits or is asked about.
    pub open: bool,
}

// What is due is looked for every second: each of those statements names the partial index's own condition, word for word,
// because SQLite takes the index for no other.
const JOB: &str = "id, printer, branch, order_id, number, slip, kind, version, copy, ticket, earlier, status, tries, why, made_at, made_by, \
    done_at, done_by";

impl Store {
    /// The printers, of one branch or of all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn printers(&self, branch: Option<BranchNumber>) -> Result<Vec<Printer>, StoreError> {
        const SQL: &str = "select p.id, p.branch, p.name, p.address, p.width, p.slips, p.buzzer, p.disabled, p.state, p.state_at, \
            (select cast(count(*) as bigint) from print_jobs as j where j.printer = p.id and j.status in ('waiting', 'printing', 'asked')) \
            from printers as p where $1 = 0 or p.branch = $1 order by p.branch, p.name, p.id";
        let branch = branch.map_or(0, |branch| i64::from(branch.get()));
        self.pool.rows(SQL, vals![branch]).await?.iter().map(printer).collect()
    }

    /// A new printer, or a changed one: found by its id. False when there is none of this id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn save_printer(&self, printer: &Printer, now: Timestamp) -> Result<bool, StoreError> {
        const NEW: &str = "insert into printers (id, branch, name, address, width, slips, buzzer, disabled, state, state_at, changed_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, 'none', $9, $9)";
        const CHANGE: &str = "update printers set branch = $2, name = $3, address = $4, width = $5, slips = $6, buzzer = $7, disabled = $8, \
            changed_at = $9 where id = $1";
        let slips = printer.slips.iter().map(|which| which.name()).collect::<Vec<_>>().join(",");
        let id = if printer.id.is_empty() { new_id(now) } else { printer.id.clone() };
        let args = vals![
            id,
            printer.branch.get(),
            &printer.name,
            &printer.address,
            printer.width.columns(),
            slips,
            printer.buzzer,
            printer.disabled,
            now.as_millis()
        ];
        let mut tx = self.pool.begin(Durability::Full).await?;
        let done = tx.exec(if printer.id.is_empty() { NEW } else { CHANGE }, args).await?;
        tx.commit().await?;
        Ok(done == 1)
    }

    /// What a printer said of itself; whether that is news.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn printer_is(&self, id: &str, state: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update printers set state = $1, state_at = $2 where id = $3 and state <> $1 returning branch";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let news = tx.row(SQL, vals![state, now.as_millis(), id]).await?;
        if let Some(row) = &news {
            journal::append(&mut tx, now, "printer_changed", id, &json!({ "branch": row.int(0)?, "state": state })).await?;
        }
        tx.commit().await?;
        Ok(news.is_some())
    }

    /// An order as its slips tell it now.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ticket(&self, order: &OrderId) -> Result<Option<Ticket>, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        Ok(self.slip_of(&mut tx, order).await?.map(|found| found.ticket))
    }

    async fn slip_of(&self, tx: &mut Tx, order: &OrderId) -> Result<Option<Found>, StoreError> {
        const SQL: &str = "select o.number, o.version, o.branch, b.zh, b.phone, o.fulfilment, o.placed_at, o.promised_at, o.wanted_at, \
            coalesce(o.contact, ''), o.phone, o.address_text, o.recording, coalesce(o.remark, ''), o.note, o.goods_fen, o.fee_fen, o.pay_fen, \
            o.status, o.change_why, coalesce(c.allergies, ''), coalesce(c.name, '') \
            from orders as o left join branches as b on b.number = o.branch left join customers as c on c.id = o.customer where o.id = $1";
        let Some(row) = tx.row(SQL, vals![order.as_str()]).await? else { return Ok(None) };
        let lines = tx.rows(lines::OF_ORDER, vals![order.as_str()]).await?;
        let discounts = tx.rows(lines::DISCOUNTS_OF_ORDER, vals![order.as_str()]).await?;
        let text = |place| row.opt_text(place).map(|text| text.unwrap_or_default().to_owned());
        let local = |place| row.int(place).map(|at| self.clock.local(Timestamp::from_millis(at)));
        let delivery = row.text(5)? == "delivery";
        let (contact, known) = (text(9)?, text(21)?);
        let ticket = Ticket {
            number: text(0)?,
            version: u32::try_from(row.int(1)?).unwrap_or(1),
            branch: text(3)?,
            branch_phone: text(4)?,
            delivery,
            placed: local(6)?,
            promised: local(7)?,
            wanted: row.opt_text(8)?.is_some(),
            name: if contact.is_empty() { known } else { contact },
            phone: text(10)?,
            address: if delivery { text(11)? } else { String::new() },
            spoken: row.opt_text(12)?.is_some(),
            remark: text(13)?,
            recorded: row.opt_text(14)?.is_some(),
            allergies: text(20)?.lines().map(str::to_owned).collect(),
            lines: lines.iter().map(|row| lines::line(row).map(dish)).collect::<Result<_, _>>()?,
            goods: Money::fen(row.int(15)?),
            discounts: discounts
                .iter()
                .map(|row| lines::discount(row).map(|discount| (discount_words(&discount.reason), discount.amount)))
                .collect::<Result<_, _>>()?,
            fee: Money::fen(row.int(16)?),
            pay: Money::fen(row.int(17)?),
            off: text(19)?,
        };
        Ok(Some(Found { ticket, status: text(18)?, branch: row.int(2)? }))
    }

    /// Makes the slips that this order needs now and does not have: the first ones when the branch has accepted, changes
    /// when its version has risen, cancellations where it is cooked no more. Asking again makes nothing twice.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn make_slips(&self, order: &OrderId, fresh: Duration, now: Timestamp) -> Result<u32, StoreError> {
        // Most houses of one branch have no printer at all.
        if self.pool.row("select id from printers limit 1", &[]).await?.is_none() {
            return Ok(0);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first, and where two who notice the same thing meet.
        tx.exec("update orders set changed_at = changed_at where id = $1", vals![order.as_str()]).await?;
        let Some(found) = self.slip_of(&mut tx, order).await? else { return Ok(0) };
        let mut made = 0;
        for (printer, slip, last) in slots(&mut tx, order, found.branch).await? {
            let here = printer.branch == found.branch && !printer.disabled;
            let live = here && matches!(found.status.as_str(), "accepted" | "cooking" | "ready" | "out");
            let gone = found.status == "cancelled" || printer.branch != found.branch;
            let make = match &last {
                None if live => Some(("new", None)),
                // It was taken away from this branch and has come back.
                Some(last) if live && last.kind == "cancel" => Some(("new", None)),
                Some(last) if live && last.kind != "cancel" && last.version < found.ticket.version => {
                    Some(("change", Some(last.ticket.clone())))
                }
                Some(last) if gone && last.kind != "cancel" => {
                    // Nobody has seen this one: there is nothing to take back.
                    let dropped = "update print_jobs set status = 'dropped', why = 'cancelled', done_at = $1 \
                        where id = $2 and status = 'waiting' and kind = 'new' and tries = 0";
                    match tx.exec(dropped, vals![now.as_millis(), &last.id]).await? {
                        0 => Some(("cancel", None)),
                        _ => None,
                    }
                }
                _ => None,
            };
            let Some((kind, earlier)) = make else { continue };
            let says_nothing = earlier
                .as_ref()
                .is_some_and(|earlier: &Ticket| slip::changed(slip, earlier, &found.ticket, Width::Wide, self.clock.local(now)).is_none());
            let copy = if kind == "change" { 0 } else { last.as_ref().map_or(0, |last| last.rounds) };
            let new = NewJob { printer: &printer, order, slip, kind, copy, ticket: &found.ticket, earlier: earlier.as_ref(), by: "" };
            if put(&mut tx, &new, says_nothing, fresh, now).await? && !says_nothing {
                made += 1;
            }
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Prints a slip once more, marked so, on the branch's printers for such slips. How many.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn print_again(&self, order: &OrderId, slip: Which, by: &str, fresh: Duration, now: Timestamp) -> Result<u32, StoreError> {
        const BEFORE: &str =
            "select cast(coalesce(max(copy), 0) as bigint) from print_jobs where order_id = $1 and printer = $2 and slip = $3";
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec("update orders set changed_at = changed_at where id = $1", vals![order.as_str()]).await?;
        let Some(found) = self.slip_of(&mut tx, order).await? else { return Ok(0) };
        let mut made = 0;
        for (printer, which, last) in slots(&mut tx, order, found.branch).await? {
            if which != slip || printer.branch != found.branch || printer.disabled {
                continue;
            }
            let copies = tx.row(BEFORE, vals![order.as_str(), &printer.id, slip.name()]).await?.map_or(Ok(0), |row| row.int(0))?;
            let copy = u32::try_from(copies).unwrap_or(0) + 1;
            let (kind, copy) = if last.is_some() { ("again", copy) } else { ("new", 0) };
            let new = NewJob { printer: &printer, order, slip, kind, copy, ticket: &found.ticket, earlier: None, by };
            made += u32::from(put(&mut tx, &new, false, fresh, now).await?);
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Printers for which something is due.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn printers_due(&self, now: Timestamp) -> Result<Vec<Printer>, StoreError> {
        const SQL: &str = "select p.id, p.branch, p.name, p.address, p.width, p.slips, p.buzzer, p.disabled, p.state, p.state_at, 0 \
            from printers as p where p.disabled = 0 and p.id in (select printer from print_jobs where \
            status in ('waiting', 'printing', 'asked') and ((status = 'waiting' and (next_at <= $1 or fresh_until <= $1)) or (status = 'printing' and claimed_until <= $1)))";
        self.pool.rows(SQL, vals![now.as_millis()]).await?.iter().map(printer).collect()
    }

    /// Asks about slips that have become too old, and about those of which nobody knows whether they came out; how many.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn doubt_print_jobs(&self, printer: &str, now: Timestamp) -> Result<u64, StoreError> {
        const STALE: &str = "update print_jobs set status = 'asked', why = 'stale' where printer = $1 and status = 'waiting' and fresh_until <= $2 \
            and status in ('waiting', 'printing', 'asked')";
        const DOUBT: &str = "update print_jobs set status = 'asked', why = 'in_doubt' where printer = $1 and status = 'printing' and claimed_until <= $2 \
            and status in ('waiting', 'printing', 'asked')";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let asked = tx.exec(STALE, vals![printer, now.as_millis()]).await? + tx.exec(DOUBT, vals![printer, now.as_millis()]).await?;
        tx.commit().await?;
        Ok(asked)
    }

    /// The oldest slip that waits for this printer, for whoever prints it now. None while another one is being printed.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_print_job(&self, printer: &str, now: Timestamp) -> Result<Option<PrintJob>, StoreError> {
        let sql = format!(
            "update print_jobs set status = 'printing', claimed_until = $1, tries = tries + 1 where id = (select id from print_jobs \
             where printer = $2 and status = 'waiting' and status in ('waiting', 'printing', 'asked') order by made_at, case slip when 'kitchen' then 0 when 'packing' then 1 else 2 end, id limit 1) and status = 'waiting' and next_at <= $3 \
             and not exists (select 1 from print_jobs as other where other.printer = $2 and other.status = 'printing' \
             and other.status in ('waiting', 'printing', 'asked')) returning {JOB}"
        );
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![now.after(CLAIM).as_millis(), printer, now.as_millis()];
        let row = tx.row(sqlx::AssertSqlSafe(sql), args).await?;
        tx.commit().await?;
        row.as_ref().map(job).transpose()
    }

    /// It came out.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn print_job_done(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str =
            "update print_jobs set status = 'printed', done_at = $1, claimed_until = null where id = $2 and status = 'printing'";
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![now.as_millis(), id]).await?;
        tx.commit().await
    }

    /// It did not come out for sure: it is tried again at `next`. In doubt (no `next`), a person is asked.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn print_job_failed(&self, id: &str, why: &str, next: Option<Timestamp>) -> Result<(), StoreError> {
        const AGAIN: &str =
            "update print_jobs set status = 'waiting', why = $1, next_at = $2, claimed_until = null where id = $3 and status = 'printing'";
        const ASK: &str = "update print_jobs set status = 'asked', why = $1, claimed_until = null where id = $2 and status = 'printing'";
        let mut tx = self.pool.begin(Durability::Full).await?;
        match next {
            Some(next) => tx.exec(AGAIN, vals![why, next.as_millis(), id]).await?,
            None => tx.exec(ASK, vals![why, id]).await?,
        };
        tx.commit().await
    }

    /// A person decides about a slip: print it now after all, or not. False when it was printed or dropped before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn decide_print_job(&self, id: &str, print: bool, by: &str, fresh: Duration, now: Timestamp) -> Result<bool, StoreError> {
        const PRINT: &str = "update print_jobs set status = 'waiting', next_at = $1, fresh_until = $2, done_by = $3 \
            where id = $4 and status in ('asked', 'waiting')";
        const DROP: &str =
            "update print_jobs set status = 'dropped', done_at = $1, done_by = $2 where id = $3 and status in ('asked', 'waiting')";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let done = if print {
            tx.exec(PRINT, vals![now.as_millis(), now.after(fresh).as_millis(), by, id]).await?
        } else {
            tx.exec(DROP, vals![now.as_millis(), by, id]).await?
        };
        tx.commit().await?;
        Ok(done == 1)
    }

    /// Slips, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn print_jobs(&self, filter: &PrintFilter, limit: u32) -> Result<Vec<PrintJob>, StoreError> {
        let sql = format!(
            "select {JOB} from print_jobs where ($1 = 0 or branch = $1) and ($2 = '' or order_id = $2) \
             and ($3 = 0 or status in ('waiting', 'printing', 'asked')) order by made_at desc, id desc limit $4"
        );
        let branch = filter.branch.map_or(0, |branch| i64::from(branch.get()));
        let order = filter.order.as_ref().map_or("", OrderId::as_str);
        self.pool.rows(sqlx::AssertSqlSafe(sql), vals![branch, order, filter.open, limit]).await?.iter().map(job).collect()
    }

    /// One slip.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn print_job(&self, id: &str) -> Result<Option<PrintJob>, StoreError> {
        let sql = format!("select {JOB} from print_jobs where id = $1");
        self.pool.row(sqlx::AssertSqlSafe(sql), vals![id]).await?.as_ref().map(job).transpose()
    }
}

/// The printers of each branch in one: the worst state of them, and how many slips wait.
pub(super) async fn states(tx: &mut Tx) -> Result<HashMap<i64, Value>, StoreError> {
    const SQL: &str = "select p.branch, p.state, (select cast(count(*) as bigint) from print_jobs as j where j.printer = p.id \
        and j.status in ('waiting', 'printing', 'asked')) from printers as p where p.disabled = 0";
    let mut states: HashMap<i64, (u8, i64)> = HashMap::new();
    for row in tx.rows(SQL, &[]).await? {
        let bad = match row.text(1)? {
            "paper" => 2,
            "away" => 1,
            _ => 0,
        };
        let known = states.entry(row.int(0)?).or_default();
        *known = (known.0.max(bad), known.1 + row.int(2)?);
    }
    let words = ["ok", "away", "paper"];
    Ok(states
        .into_iter()
        .map(|(branch, (bad, waiting))| (branch, json!({ "state": words[usize::from(bad)], "waiting": waiting })))
        .collect())
}

struct Found {
    ticket: Ticket,
    status: String,
    branch: i64,
}

fn printer(row: &Row) -> Result<Printer, StoreError> {
    Ok(Printer {
        id: row.text(0)?.to_owned(),
        branch: cooked_by(row.int(1)?)?,
        name: row.text(2)?.to_owned(),
        address: row.text(3)?.to_owned(),
        width: Width::of(row.int(4)?).ok_or_else(|| broken("width of paper", row.0.len()))?,
        slips: row.text(5)?.split(',').filter_map(Which::from_name).collect(),
        buzzer: row.flag(6)?,
        disabled: row.flag(7)?,
        state: row.text(8)?.to_owned(),
        state_at: Timestamp::from_millis(row.int(9)?),
        waiting: u64::try_from(row.int(10)?).unwrap_or(0),
    })
}

fn job(row: &Row) -> Result<PrintJob, StoreError> {
    let count = |place| row.int(place).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Ok(PrintJob {
        id: row.text(0)?.to_owned(),
        printer: row.text(1)?.to_owned(),
        branch: cooked_by(row.int(2)?)?,
        order: OrderId::new(row.text(3)?),
        number: row.text(4)?.to_owned(),
        slip: Which::from_name(row.text(5)?).ok_or_else(|| broken("slip", row.0.len()))?,
        kind: row.text(6)?.to_owned(),
        version: count(7)?,
        copy: count(8)?,
        ticket: ticket_of(row.text(9)?)?,
        earlier: row.opt_text(10)?.map(ticket_of).transpose()?,
        status: row.text(11)?.to_owned(),
        tries: count(12)?,
        why: row.text(13)?.to_owned(),
        made_at: Timestamp::from_millis(row.int(14)?),
        made_by: row.text(15)?.to_owned(),
        done_at: row.opt_int(16)?.map(Timestamp::from_millis),
        done_by: row.text(17)?.to_owned(),
    })
}
