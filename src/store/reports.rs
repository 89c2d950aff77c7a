//! Reports: figures of many days from sums of each day, and from the records where a day has no sums that are true now.
//!
//! A day's sums are a copy. `report_days` says whether they are fresh; [`changed`] and [`order_changed`] take that away in
//! the transaction of every change, so that what is shown is true after a kill at any moment. [`Store::roll_reports`] adds
//! days up: it reads without holding anything up, and writes only when nothing has changed since.

mod path;
mod raw;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use sqlx::AssertSqlSafe;

use super::db::{Cell as Stored, Durability, Row, Tx, Val, vals};
use super::many::insert_many;
use super::{Store, StoreError};
use crate::domain::Timestamp;
use crate::report::source::{Filter, Group, Key, Row as SumRow, Source, Sums, add};
use crate::report::staffing::PastDay;
use crate::report::{Ask, Given, Grain, Report, Table, Words, build, worded_columns};

/// A day is added up when it has been over, and known to all writers, for so long.
const SETTLED: Duration = Duration::from_secs(60);

impl Store {
    /// A report over days of the restaurant's calendar, both included, with the total of as many days before.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn report(&self, report: &Report, grain: Grain, from: Date, to: Date, filter: &Filter) -> Result<Table, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let first = first_day(&mut tx).await?.map(|at| self.clock.local(at).date());
        let mut given = Given::default();
        let length = (to - from).get_days() + 1;
        let earlier = from.checked_sub(jiff::Span::new().days(length)).ok().zip(from.yesterday().ok());
        for source in report.sources {
            let ask = Ask { source: *source, by: report.groups(grain), from, to, filter: filter.clone() };
            given.now.push(self.sums_in(&mut tx, &ask, first).await?);
            if let Some((from, to)) = earlier {
                let ask = Ask { by: Vec::new(), from, to, ..ask };
                given.before.push(self.sums_in(&mut tx, &ask, first).await?);
            }
        }
        given.words = words(&mut tx, &worded_columns(report.by)).await?;
        tx.undo().await?;
        Ok(build(report, grain, from, to, &given))
    }

    /// What the same weekday was like, up to so many times before `day`, latest first; days without a caller are left out.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn past_days(&self, day: Date, queue: Option<&str>, weeks: i32) -> Result<Vec<PastDay>, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let first = first_day(&mut tx).await?.map(|at| self.clock.local(at).date());
        let filter = Filter { queue: queue.map(str::to_owned), ..Filter::default() };
        let mut past = Vec::new();
        for week in 1..=weeks {
            let Ok(day) = day.checked_sub(jiff::Span::new().weeks(week)) else { continue };
            let ask = |source, by| Ask { source, by, from: day, to: day, filter: filter.clone() };
            let queues = self.sums_in(&mut tx, &ask(Source::Queues, vec![Group::Quarter]), first).await?;
            if queues.is_empty() {
                continue;
            }
            let agents = self.sums_in(&mut tx, &ask(Source::Agents, Vec::new()), first).await?;
            let lines = self.sums_in(&mut tx, &ask(Source::Lines, vec![Group::Quarter]), first).await?;
            past.push(PastDay::of(day, &queues, &agents, &lines));
        }
        tx.undo().await?;
        Ok(past)
    }

    async fn sums_in(&self, tx: &mut Tx, ask: &Ask, first: Option<Date>) -> Result<Sums, StoreError> {
        let mut sums = Sums::new();
        if let (true, Some(_)) = (ask.source.is_direct(), raw::records(ask.source)) {
            for (key, row) in self.recorded(tx, ask, ask.from, ask.to).await? {
                add(ask.source, &mut sums, key, &row);
            }
            return Ok(sums);
        }
        for (key, row) in rolled(tx, ask).await? {
            add(ask.source, &mut sums, key, &row);
        }
        if ask.source.is_direct() {
            return Ok(sums);
        }
        let fresh: BTreeSet<String> = tx
            .rows(
                "select day from report_days where fresh = 1 and day >= $1 and day <= $2",
                vals![ask.from.to_string(), ask.to.to_string()],
            )
            .await?
            .iter()
            .map(|row| row.text(0).map(str::to_owned))
            .collect::<Result<_, _>>()?;
        // Before the first record there is nothing to add up.
        let Some(first) = first else { return Ok(sums) };
        let days = std::iter::successors(Some(ask.from.max(first)), |day| day.tomorrow().ok()).take_while(|day| *day <= ask.to);
        for day in days.filter(|day| !fresh.contains(&day.to_string())) {
            for (key, row) in self.recorded(tx, ask, day, day).await? {
                add(ask.source, &mut sums, key, &row);
            }
        }
        Ok(sums)
    }

    /// The sums of one day, or of some together, from their records.
    async fn recorded(&self, tx: &mut Tx, ask: &Ask, day: Date, last: Date) -> Result<Vec<SumRow>, StoreError> {
        let (start, mut end) = (self.span(day).0, self.span(last).1);
        if let (Source::Plans, Some(now)) = (ask.source, ask.filter.now) {
            end = end.min(now).max(start);
        }
        let Some(records) = raw::records(ask.source) else { return Ok(path::walk(tx, start, end).await?.sums(ask, day)) };
        let (filter, values) = conditions(ask, 3, false);
        let mut args = vals![start.as_millis(), end.as_millis()].to_vec();
        args.extend(values);
        let groups = group_columns(&ask.by, &format!("'{day}'"));
        let sql = select(ask.source, &groups, &format!("({records}) as r where 1 = 1{filter}"));
        read(&tx.rows(AssertSqlSafe(sql), &args).await?, ask)
    }

    /// From midnight to midnight on the restaurant's clock.
    fn span(&self, day: Date) -> (Timestamp, Timestamp) {
        let next = day.tomorrow().unwrap_or(day);
        (self.clock.timestamp(day.at(0, 0, 0, 0)), self.clock.timestamp(next.at(0, 0, 0, 0)))
    }

    /// Adds up days that are over and have no true sums, latest first, at most so many; how many were added up. A day that
    /// changes meanwhile is left for the next time.
    ///
    /// # Errors
    /// When the store cannot answer or write.
    pub async fn roll_reports(&self, most: usize, now: Timestamp) -> Result<usize, StoreError> {
        let Some(first) = self.first_record().await? else { return Ok(0) };
        let today = self.clock.local(now.before(SETTLED)).date();
        let known = self.pool.rows("select day, fresh, life, made_at from report_days", &[]).await?;
        let mut unknown = Vec::new();
        let mut stale = Vec::new();
        let known: std::collections::BTreeMap<&str, &Row> =
            known.iter().map(|row| Ok((row.text(0)?, row))).collect::<Result<_, StoreError>>()?;
        let mut day = self.clock.local(first).date();
        while day < today {
            match known.get(day.to_string().as_str()) {
                None => unknown.push(day),
                Some(row) if !row.flag(1)? && row.int(3)? <= now.before(SETTLED).as_millis() => stale.push((day, row.int(2)?)),
                Some(_) => {}
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        if !unknown.is_empty() {
            self.open_days(&unknown, now).await?;
        }
        let mut done = 0;
        for (day, life) in stale.into_iter().rev().take(most) {
            done += usize::from(self.roll_day(day, life).await?);
        }
        Ok(done)
    }

    async fn first_record(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let first = first_day(&mut tx).await?;
        tx.undo().await?;
        Ok(first)
    }

    /// From now on changes in these days are noticed.
    async fn open_days(&self, days: &[Date], now: Timestamp) -> Result<(), StoreError> {
        let rows = days.iter().map(|day| {
            let (start, end) = self.span(*day);
            vals![start.as_millis(), end.as_millis(), day.to_string(), 0_i64, 0_i64, now.as_millis()].to_vec()
        });
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let columns = ["start_at", "end_at", "day", "life", "fresh", "made_at"];
        insert_many(&mut tx, "report_days", &columns, rows.collect(), "on conflict (start_at) do nothing").await?;
        tx.commit().await
    }

    async fn roll_day(&self, day: Date, life: i64) -> Result<bool, StoreError> {
        let mut reading = self.pool.snapshot().await?;
        let (start, end) = self.span(day);
        let paths = path::walk(&mut reading, start, end).await?;
        let mut all = Vec::new();
        for source in Source::ALL.into_iter().filter(|source| !source.is_direct()) {
            let by = source.columns().iter().map(|column| Group::Column(column)).collect();
            let ask = Ask { source, by, from: day, to: day, filter: Filter::default() };
            let sums = match raw::records(source) {
                Some(_) => self.recorded(&mut reading, &ask, day, day).await?,
                None => paths.sums(&ask, day),
            };
            all.push((source, sums));
        }
        reading.undo().await?;
        const FRESH: &str = "update report_days set fresh = 1 where day = $1 and life = $2 and fresh = 0";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        if tx.exec(FRESH, vals![day.to_string(), life]).await? == 0 {
            tx.undo().await?;
            return Ok(false);
        }
        for (source, sums) in all {
            // Sums of branches lie branch by branch: without their numbers, those of all days would be looked through.
            let branches = if source.has_all_branches() { " and branch in (select number from branches union all select 0)" } else { "" };
            let delete = format!("delete from {} where day = $1{branches}", source.table());
            tx.exec(AssertSqlSafe(delete), vals![day.to_string()]).await?;
            put(&mut tx, source, &day.to_string(), sums).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// A change of records from the one to the other moment: the sums of their days are not true any more.
pub(super) async fn changed(tx: &mut Tx, from: i64, until: i64) -> Result<(), StoreError> {
    const SQL: &str = "update report_days set life = life + 1, fresh = 0 where start_at <= $2 and end_at > $1";
    tx.exec(SQL, vals![from, until]).await.map(|_| ())
}

/// A change of this order.
pub(super) async fn order_changed(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    const SQL: &str = "update report_days set life = life + 1, fresh = 0 \
        where start_at <= (select placed_at from orders where id = $1) and end_at > (select placed_at from orders where id = $1)";
    tx.exec(SQL, vals![id]).await.map(|_| ())
}

/// Every sum is thrown away: the records were replaced.
pub(super) async fn forget(tx: &mut Tx) -> Result<(), StoreError> {
    tx.exec("delete from report_days", &[]).await.map(|_| ())
}

async fn put(tx: &mut Tx, source: Source, day: &str, sums: Vec<SumRow>) -> Result<(), StoreError> {
    let mut columns = vec!["day"];
    columns.extend(source.columns());
    columns.extend(source.sums());
    let mut rows: Vec<SumRow> = Vec::new();
    if source.has_all_branches() {
        let mut together = Sums::new();
        for (key, sums) in &sums {
            let mut key = key.clone();
            key[0] = Key::Int(0);
            add(source, &mut together, key, sums);
        }
        rows.extend(together);
    }
    rows.extend(sums);
    let values = rows.into_iter().map(|(key, sums)| {
        let mut row = vec![Val::from(day)];
        row.extend(key.into_iter().map(|key| match key {
            Key::Int(number) => Val::from(number),
            Key::Text(text) => Val::from(text),
        }));
        row.extend(sums.into_iter().map(Val::from));
        row
    });
    insert_many(tx, source.table(), &columns, values.collect(), "").await
}

/// When the first record was made.
async fn first_day(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "select min(at) from (select min(arrived_at) as at from calls union all select min(placed_at) from orders \
        union all select min(entered_at) from queue_visits union all select min(from_at) from call_parts) as f";
    tx.row(SQL, &[]).await?.map_or(Ok(None), |row| Ok(row.opt_int(0)?.map(Timestamp::from_millis)))
}

/// From the days that are added up.
async fn rolled(tx: &mut Tx, ask: &Ask) -> Result<Vec<SumRow>, StoreError> {
    let (filter, values) = conditions(ask, 3, true);
    let mut args = vals![ask.from.to_string(), ask.to.to_string()].to_vec();
    args.extend(values);
    let from = if ask.source == Source::Shifts {
        format!("({}) as r where day >= $1 and day <= $2{filter}", raw::SHIFTS)
    } else {
        let table = ask.source.table();
        format!("{table} where day >= $1 and day <= $2 and day in (select day from report_days where fresh = 1){filter}")
    };
    let sql = select(ask.source, &group_columns(&ask.by, "day"), &from);
    read(&tx.rows(AssertSqlSafe(sql), &args).await?, ask)
}

fn select(source: Source, groups: &[String], from: &str) -> String {
    let sums = source.sums().iter().map(|sum| {
        let how = if Source::is_largest(sum) { "max" } else { "sum" };
        format!("cast(coalesce({how}({sum}), 0) as bigint)")
    });
    let columns: Vec<String> = groups.iter().cloned().chain(sums).collect();
    let by: Vec<String> = (1..=groups.len()).map(|place| place.to_string()).collect();
    let by = if by.is_empty() { String::new() } else { format!(" group by {}", by.join(", ")) };
    format!("select {} from {from}{by}", columns.join(", "))
}

fn group_columns(by: &[Group], day: &str) -> Vec<String> {
    let column = |group: &Group| match group {
        Group::Day => format!("cast({day} as text)"),
        Group::Hour => "slot / 4".to_owned(),
        Group::Quarter => "slot".to_owned(),
        Group::Column(name) => (*name).to_owned(),
    };
    by.iter().map(column).collect()
}

/// What the filter says, with its values from this placeholder on.
fn conditions(ask: &Ask, first: usize, rolled: bool) -> (String, Vec<Val>) {
    let mut values: Vec<Val> = Vec::new();
    let mut sql = String::new();
    let columns = ask.source.columns();
    let mut only = |column: &str, value: Val| {
        if columns.contains(&column) {
            values.push(value);
            sql.push_str(&format!(" and {column} = ${}", first + values.len() - 1));
        }
    };
    match ask.filter.branch {
        Some(branch) => only("branch", Val::from(branch)),
        None if rolled && ask.source.has_all_branches() => only("branch", Val::from(0_i64)),
        None => {}
    }
    if let Some(queue) = &ask.filter.queue {
        only("queue", Val::from(queue));
    }
    if let Some(agent) = &ask.filter.agent {
        only("agent", Val::from(agent));
    }
    (sql, values)
}

fn read(rows: &[Row], ask: &Ask) -> Result<Vec<SumRow>, StoreError> {
    let keys = ask.by.len();
    let key = |cell: &Stored| match cell {
        Stored::Int(number) => Key::Int(*number),
        Stored::Text(text) => Key::Text(text.clone()),
        Stored::Null => Key::Text(String::new()),
    };
    rows.iter()
        .map(|row| {
            let sums = (keys..keys + ask.source.sums().len()).map(|place| row.int(place)).collect::<Result<Vec<_>, _>>()?;
            Ok((row.0[..keys].iter().map(key).collect(), sums))
        })
        .collect()
}

/// Names of agents, branches and dishes.
async fn words(tx: &mut Tx, columns: &[&'static str]) -> Result<Words, StoreError> {
    let mut words = Words::new();
    for column in columns {
        let sql = match *column {
            "agent" => "select id, name, name from users",
            "branch" => "select cast(number as text), zh, en from branches",
            "dish" => "select cast(number as text), zh, en from dishes",
            _ => continue,
        };
        for row in tx.rows(sql, &[]).await? {
            words.insert((column, row.text(0)?.to_owned()), (row.text(1)?.to_owned(), row.text(2)?.to_owned()));
        }
    }
    Ok(words)
}
