//! Orders that will be late are told to headquarters while there is time to ring the diner, once for each (C88).

use serde_json::json;

use super::db::{Durability, Row, Tx, vals};
use super::journal::Entries;
use super::people::cooked_by;
use super::tasks::{NewTask, close_in, open_in};
use super::{Store, StoreError};
use crate::domain::{OrderId, OrderStatus, Timestamp};
use crate::order::foresee::{Open, expected, is_late};
use crate::order::life::{TaskKind, Times};

/// A change of less than this is none that boards are told.
const WORTH_TELLING: i64 = 3 * 60_000;

/// An order with what was told of it.
struct Told {
    id: OrderId,
    number: String,
    open: Open,
    /// When it is expected, as boards show it.
    shown: Option<Timestamp>,
    /// Headquarters had its task.
    foretold: bool,
}

impl Store {
    /// Looks at all orders that branches have: marks those that will be late, takes the mark off those that will not. How many
    /// marks changed.
    ///
    /// # Errors
    /// When the store cannot answer or write; what was told is told, the rest comes with the next look.
    pub async fn foresee(&self, now: Timestamp) -> Result<usize, StoreError> {
        const SQL: &str = "select id, number, branch, status, fulfilment, cook_minutes, travel_minutes, promised_at, cooking_at, out_at, \
            expected_at, foretold_at from orders where status in ('new', 'accepted', 'cooking', 'ready', 'out') \
            and sent_at is not null and held_until is null order by placed_at, id";
        let rows = self.pool.rows(SQL, &[]).await?;
        let told: Vec<Told> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let open: Vec<Open> = told.iter().map(|one| one.open).collect();
        let mut changed = 0;
        for (one, at) in told.iter().zip(expected(&open, now)) {
            let late = is_late(at, one.open.promised_at, self.rules.foresee, one.shown.is_some());
            let wanted = late.then_some(at);
            let same = match (one.shown, wanted) {
                (Some(shown), Some(at)) => (shown.as_millis() - at.as_millis()).abs() < WORTH_TELLING,
                (None, None) => true,
                _ => false,
            };
            if !same {
                changed += usize::from(self.foretell(one, wanted, now).await?);
            }
        }
        Ok(changed)
    }

    /// Marks one order, unless somebody has moved it, or another node has said so.
    async fn foretell(&self, one: &Told, wanted: Option<Timestamp>, now: Timestamp) -> Result<bool, StoreError> {
        const MARK: &str = "update orders set expected_at = $2, foretold_at = coalesce(foretold_at, $3) where id = $1 and status = $4 \
            and coalesce(expected_at, 0) = $5 and held_until is null returning foretold_at";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let at = wanted.map(Timestamp::as_millis);
        let first = wanted.map(|_| now.as_millis());
        let args = vals![one.id.as_str(), at, first, one.open.status.name(), one.shown.map_or(0, Timestamp::as_millis)];
        if tx.row(MARK, args).await?.is_none() {
            tx.undo().await?;
            return Ok(false);
        }
        let mut entries = Entries::default();
        let data = json!({ "number": one.number, "branch": one.open.branch.get(), "expected_at": at });
        entries.add("order_foreseen", one.id.as_str(), data);
        match wanted {
            Some(expected) if !one.foretold => self.open_foreseen(&mut tx, one, expected, now, &mut entries).await?,
            Some(_) => {}
            None => close_in(&mut tx, one.id.as_str(), &[TaskKind::Foreseen], "in_time", now, &mut entries).await?,
        }
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(true)
    }

    async fn open_foreseen(
        &self,
        tx: &mut Tx,
        one: &Told,
        expected: Timestamp,
        now: Timestamp,
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        let promised = one.open.promised_at;
        let late = crate::order::life::late(promised, expected);
        let words =
            json!({ "code": "foreseen", "expected_at": expected.as_millis(), "promised_at": promised.as_millis(), "minutes_late": late });
        let task = NewTask {
            kind: TaskKind::Foreseen,
            subject: one.id.as_str().to_owned(),
            order: Some(one.id.clone()),
            number: Some(one.number.clone()),
            branch: Some(one.open.branch),
            // Whoever rings after the promise has not rung before the diner.
            due_at: Some(promised.max(now.after(self.rules.task_after))),
            words,
        };
        open_in(tx, &task, now, entries).await.map(|_| ())
    }
}

fn read(row: &Row) -> Result<Told, StoreError> {
    let time = |place| row.opt_int(place).map(|at| at.map(Timestamp::from_millis));
    let status = row.text(3)?;
    let small = |place| row.int(place).map(|minutes| u16::try_from(minutes).unwrap_or(0));
    Ok(Told {
        id: OrderId::new(row.text(0)?),
        number: row.text(1)?.to_owned(),
        open: Open {
            branch: cooked_by(row.int(2)?)?,
            status: OrderStatus::from_name(status).ok_or_else(|| super::db::broken("status", status))?,
            delivery: row.text(4)? == "delivery",
            times: Times { cook: small(5)?, travel: small(6)? },
            promised_at: Timestamp::from_millis(row.int(7)?),
            cooking_at: time(8)?,
            out_at: time(9)?,
        },
        shown: time(10)?,
        foretold: row.opt_int(11)?.is_some(),
    })
}
