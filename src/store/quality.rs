//! The streams that warnings of quality are made of, and the warnings: one task while it lasts (C101).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::db::vals;
use super::people::branch as branch_number;
use super::{NewTask, Store, StoreError};
use crate::domain::Timestamp;
use crate::order::life::TaskKind;
use crate::order::quality::{Rate, Rules};

/// Orders of deliveries that ended within the window were placed at most so much before it.
const BEFORE: i64 = 12 * 3_600_000;
/// Words are looked for in what was written within this; what was found is not found again within a day.
const READ_AGAIN: i64 = 2 * 3_600_000;
const KNOWN: i64 = 24 * 3_600_000;
/// Texts that are read at one look.
const MOST: u32 = 5000;

impl Store {
    /// Holds what happened lately against the rules: opens a task for what has begun, ends that of what has passed.
    ///
    /// # Errors
    /// When the store cannot answer or write.
    pub async fn watch_quality(&self, rules: &Rules, now: Timestamp) -> Result<(), StoreError> {
        let open: BTreeMap<String, Value> = self
            .pool
            .rows("select subject, words from tasks where kind = $1 and done_at is null", vals![TaskKind::Quality.name()])
            .await?
            .iter()
            .map(|row| Ok((row.text(0)?.to_owned(), serde_json::from_str(row.text(1)?).unwrap_or_default())))
            .collect::<Result<_, StoreError>>()?;
        let late = self.late_by_branch(&rules.late, now).await?;
        let abandoned = self.abandoned_by_queue(&rules.abandoned, now).await?;
        self.judge("late", &rules.late, &late, &open, now).await?;
        self.judge("abandoned", &rules.abandoned, &abandoned, &open, now).await?;
        self.read_for_words(rules, now).await?;
        self.settled_tickets(&open, now).await
    }

    /// Late ones, and all, by number of the branch: delivered within the window, or on their way ten minutes past the promise.
    async fn late_by_branch(&self, rate: &Rate, now: Timestamp) -> Result<BTreeMap<String, (u32, u32)>, StoreError> {
        const SQL: &str = "select branch + 0, cast(sum(case when outcome in ('D10', 'D30', 'D60') or status <> 'done' then 1 else 0 end) as bigint), \
            cast(count(*) as bigint) from orders where placed_at >= $1 and fulfilment = 'delivery' and ( \
            (status = 'done' and done_at >= $2 and outcome in ('D00', 'D10', 'D30', 'D60')) \
            or (status in ('accepted', 'cooking', 'ready', 'out') and promised_at < $3)) group by branch + 0";
        let since = now.before(rate.within).as_millis();
        self.shares(SQL, vals![since - BEFORE, since, now.as_millis() - 600_000]).await
    }

    /// Callers who gave up, and all who left, by queue; as the report of service levels counts them.
    async fn abandoned_by_queue(&self, rate: &Rate, now: Timestamp) -> Result<BTreeMap<String, (u32, u32)>, StoreError> {
        const SQL: &str = "select queue, cast(sum(case when outcome = 'abandoned' then 1 else 0 end) as bigint), cast(count(*) as bigint) \
            from queue_visits where entered_at >= $1 and is_callback = 0 and left_at is not null and outcome <> 'moved' \
            and (outcome <> 'abandoned' or left_at - entered_at > 5000) group by queue";
        self.shares(SQL, vals![now.before(rate.within).as_millis()]).await
    }

    async fn shares(&self, sql: &'static str, args: &[super::db::Val]) -> Result<BTreeMap<String, (u32, u32)>, StoreError> {
        let count = |number: i64| u32::try_from(number).unwrap_or(0);
        let mut shares = BTreeMap::new();
        for row in self.pool.rows(sql, args).await? {
            let name = row.text(0).map(str::to_owned).or_else(|_| row.int(0).map(|number| number.to_string()))?;
            shares.insert(name, (count(row.int(1)?), count(row.int(2)?)));
        }
        Ok(shares)
    }

    async fn judge(
        &self,
        what: &'static str,
        rate: &Rate,
        shares: &BTreeMap<String, (u32, u32)>,
        open: &BTreeMap<String, Value>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let prefix = format!("{what}:");
        for (name, &(part, whole)) in shares {
            let subject = format!("{prefix}{name}");
            if rate.warns(part, whole, open.contains_key(&subject)) && !open.contains_key(&subject) {
                let words = json!({
                    "code": what, "name": name, "part": part, "whole": whole, "percent": u64::from(part) * 100 / u64::from(whole),
                    "minutes": rate.within.as_secs() / 60,
                });
                let branch = if what == "late" { branch_number(name.parse().ok()) } else { None };
                self.warn(subject, branch, words, now).await?;
            }
        }
        for subject in open.keys().filter(|subject| subject.starts_with(&prefix)) {
            let (part, whole) = shares.get(&subject[prefix.len()..]).copied().unwrap_or((0, 0));
            if !rate.warns(part, whole, true) {
                self.close_tasks(TaskKind::Quality, subject, "passed", now).await?;
            }
        }
        Ok(())
    }

    /// Tickets, notes of calls and remarks on orders that name what must be read at once: each once.
    async fn read_for_words(&self, rules: &Rules, now: Timestamp) -> Result<(), StoreError> {
        const KNOWN_ONES: &str = "select subject from tasks where kind = $1 and at >= $2";
        const TEXTS: &str = "select 'ticket:' || id, words, number, coalesce(order_id, '') from tickets where at >= $1 and words <> '' \
            union all select 'note:' || n.ticket || '/' || n.place, n.text, t.number, coalesce(t.order_id, '') from ticket_notes as n \
            join tickets as t on t.id = n.ticket where n.at >= $1 and n.kind = 'note' and t.closed_at is null \
            union all select 'call:' || call_id || '/' || agent, note, coalesce(order_number, ''), '' from wrap_ups \
            where saved_at >= $1 and note <> '' and disposition is not null \
            union all select 'order:' || id, remark, number, id from orders where placed_at >= $1 and remark <> '' \
            limit $2";
        if rules.words.is_empty() {
            return Ok(());
        }
        let known = self.pool.rows(KNOWN_ONES, vals![TaskKind::Quality.name(), now.as_millis() - KNOWN]).await?;
        let known: Vec<&str> = known.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        for row in self.pool.rows(TEXTS, vals![now.as_millis() - READ_AGAIN, MOST]).await? {
            let (subject, text) = (row.text(0)?, row.text(1)?);
            let Some(word) = rules.word_in(text).filter(|_| !known.contains(&subject)) else { continue };
            let short: String = text.chars().take(120).collect();
            let words = json!({ "code": "words", "word": word, "text": short, "number": row.text(2)?, "order": row.text(3)? });
            self.warn(subject.to_owned(), None, words, now).await?;
        }
        Ok(())
    }

    /// What was written in a ticket that is closed has been dealt with.
    async fn settled_tickets(&self, open: &BTreeMap<String, Value>, now: Timestamp) -> Result<(), StoreError> {
        for subject in open.keys() {
            let ticket = match subject.split_once(':') {
                Some(("ticket", id)) => id,
                Some(("note", id)) => id.split('/').next().unwrap_or_default(),
                _ => continue,
            };
            let closed = self.pool.row("select 1 from tickets where id = $1 and closed_at is not null", vals![ticket]).await?;
            if closed.is_some() {
                self.close_tasks(TaskKind::Quality, subject, "closed", now).await?;
            }
        }
        Ok(())
    }

    async fn warn(
        &self,
        subject: String,
        branch: Option<crate::domain::BranchNumber>,
        words: Value,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(subject, %words, "early warning of quality: {subject}");
        let task = NewTask { kind: TaskKind::Quality, subject, order: None, number: None, branch, due_at: None, words };
        self.open_task(&task, now).await.map(|_| ())
    }
}
