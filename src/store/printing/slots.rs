//! Which slips an order has on which printers, and one more of them.

use std::time::Duration;

use super::MOST_JOBS;
use super::ticket::{ticket_of, ticket_text};
use crate::domain::{OrderId, Timestamp};
use crate::slip::{Ticket, Which};
use crate::store::db::{Tx, vals};
use crate::store::{StoreError, new_id};

/// A printer as far as slips are made for it.
pub(super) struct Slot {
    pub id: String,
    pub branch: i64,
    pub disabled: bool,
}

/// The last slip of an order on one printer.
pub(super) struct Last {
    pub id: String,
    pub kind: String,
    pub version: u32,
    pub ticket: Ticket,
    /// How often it was cancelled there before.
    pub rounds: u32,
}

/// Printers of this branch, and others that had slips of this order, each with its kinds of slips and the last of each.
pub(super) async fn slots(tx: &mut Tx, order: &OrderId, branch: i64) -> Result<Vec<(Slot, Which, Option<Last>)>, StoreError> {
    const PRINTERS: &str = "select id, branch, slips, disabled from printers where branch = $1 \
        or id in (select printer from print_jobs where order_id = $2) order by branch, id";
    const JOBS: &str = "select printer, slip, id, kind, version, ticket from print_jobs where order_id = $1 and kind <> 'again' \
        order by made_at, id limit $2";
    let jobs = tx.rows(JOBS, vals![order.as_str(), MOST_JOBS]).await?;
    let mut slots = Vec::new();
    for row in tx.rows(PRINTERS, vals![branch, order.as_str()]).await? {
        for which in Which::ALL {
            let named = row.text(2)?.split(',').any(|name| name == which.name());
            let mut last: Option<Last> = None;
            for job in &jobs {
                if job.text(0)? == row.text(0)? && job.text(1)? == which.name() {
                    let rounds = last.as_ref().map_or(0, |before| before.rounds + u32::from(before.kind == "cancel"));
                    last = Some(Last {
                        id: job.text(2)?.to_owned(),
                        kind: job.text(3)?.to_owned(),
                        version: u32::try_from(job.int(4)?).unwrap_or(1),
                        ticket: ticket_of(job.text(5)?)?,
                        rounds,
                    });
                }
            }
            if named || last.is_some() {
                slots.push((Slot { id: row.text(0)?.to_owned(), branch: row.int(1)?, disabled: row.flag(3)? }, which, last));
            }
        }
    }
    Ok(slots)
}

pub(super) struct NewJob<'a> {
    pub printer: &'a Slot,
    pub order: &'a OrderId,
    pub slip: Which,
    pub kind: &'a str,
    pub copy: u32,
    pub ticket: &'a Ticket,
    pub earlier: Option<&'a Ticket>,
    pub by: &'a str,
}

pub(super) async fn put(tx: &mut Tx, new: &NewJob<'_>, says_nothing: bool, fresh: Duration, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "insert into print_jobs (id, printer, branch, order_id, number, slip, kind, version, copy, ticket, earlier, status, tries, \
        next_at, fresh_until, why, made_at, made_by, done_at, done_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $13, $16, $17, '') \
        on conflict (printer, order_id, slip, kind, version, copy) do nothing";
    let (status, why) = if says_nothing { ("dropped", "says the same") } else { ("waiting", "") };
    let args = vals![
        new_id(now),
        &new.printer.id,
        new.printer.branch,
        new.order.as_str(),
        &new.ticket.number,
        new.slip.name(),
        new.kind,
        new.ticket.version,
        new.copy,
        ticket_text(new.ticket),
        new.earlier.map(ticket_text),
        status,
        now.as_millis(),
        now.after(fresh).as_millis(),
        why,
        new.by,
        says_nothing.then_some(now.as_millis()),
    ];
    Ok(tx.exec(SQL, args).await? == 1)
}
