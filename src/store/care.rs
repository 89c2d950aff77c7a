//! Care reminders (C97): whom a rule is about now, each once; a call that somebody is to make, or a message.

use std::time::Duration;

use super::db::{Durability, Row, vals};
use super::people::phone;
use super::{Store, StoreError, new_id};
use crate::domain::{CARE_LATE_DAYS, CareRule, CareWhen, ClockTime, MissedKind, NoticeTexts, OrderId, Timestamp};

/// So many at one look; the others come with the next.
const GROUP: u32 = 200;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What became of the reminders of one look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cared {
    /// Calls that somebody is to make.
    pub tasks: u64,
    pub messages: u64,
    /// Customers who want no messages, are blocked, or have no number that can be used.
    pub skipped: u64,
}

/// Somebody whom a rule is about.
struct Whom {
    customer: String,
    name: String,
    phone: String,
    order: String,
    anchor: String,
}

/// Of a customer's orders, those that count.
const NEW: &str = "status <> 'cancelled'";

impl Store {
    /// Thinks of everybody whom this rule is about now, when it is its hour: once each, on one of all nodes.
    ///
    /// # Errors
    /// When the store cannot write; who was not thought of yet comes with the next look.
    pub async fn care(&self, rule: &CareRule, now: Timestamp) -> Result<Cared, StoreError> {
        let mut cared = Cared::default();
        if !rule.is_time(ClockTime::of(self.clock.local(now))) {
            return Ok(cared);
        }
        for whom in self.whom(rule, now).await? {
            match self.remind(rule, &whom, now).await? {
                Some("task") => cared.tasks += 1,
                Some("message") => cared.messages += 1,
                Some(_) => cared.skipped += 1,
                None => {}
            }
        }
        Ok(cared)
    }

    async fn whom(&self, rule: &CareRule, now: Timestamp) -> Result<Vec<Whom>, StoreError> {
        let known = "not exists (select 1 from care_reminders as r where r.rule = $1 and r.customer = o.customer and r.anchor = ";
        // Over a span of days, so that its index is used and what a stopped server missed is made up for.
        let span = |days: u32| (now.before((days + CARE_LATE_DAYS) * DAY).as_millis(), now.before(days * DAY).as_millis());
        let orders = |others: &str| {
            format!(
                "select o.customer, c.name, o.phone, o.id, o.id from orders as o join customers as c on c.id = o.customer \
                where o.placed_at >= $2 and o.placed_at < $3 and o.status = 'done' and o.outcome in ('D00', 'D10', 'D30', 'D60') \
                and not exists (select 1 from orders as p where p.customer = o.customer and p.id <> o.id and p.{NEW}{others}) \
                and {known}o.id) order by o.placed_at, o.id limit $4"
            )
        };
        let rows = match rule.when {
            CareWhen::FirstOrder { days } => {
                let (from, until) = span(days);
                self.pool.rows(sqlx::AssertSqlSafe(orders("")), vals![&rule.name, from, until, GROUP]).await?
            }
            CareWhen::Silent { days } => {
                let (from, until) = span(days);
                let sql = orders(" and p.placed_at >= o.placed_at");
                self.pool.rows(sqlx::AssertSqlSafe(sql), vals![&rule.name, from, until, GROUP]).await?
            }
            CareWhen::Birthday => {
                let today = self.clock.local(now).date();
                let (day, year) = (today.strftime("%m-%d").to_string(), today.year().to_string());
                let other = if day == "02-28" && !today.in_leap_year() { "02-29".to_owned() } else { day.clone() };
                let sql = format!(
                    "select o.customer, c.name, o.phone, o.id, $5 from customers as c join orders as o on o.id = (select p.id from orders as p \
                    where p.customer = c.id and p.{NEW} order by p.placed_at desc limit 1) where c.birthday in ($2, $3) and {known}$5) order by c.id limit $4"
                );
                self.pool.rows(sqlx::AssertSqlSafe(sql), vals![&rule.name, day, other, GROUP, year]).await?
            }
        };
        let whom = |row: &Row| {
            let text = |place| row.text(place).map(str::to_owned);
            Ok(Whom { customer: text(0)?, name: text(1)?, phone: text(2)?, order: text(3)?, anchor: text(4)? })
        };
        rows.iter().map(whom).collect()
    }

    /// How somebody was thought of; none when another node was first.
    async fn remind(&self, rule: &CareRule, whom: &Whom, now: Timestamp) -> Result<Option<&'static str>, StoreError> {
        const UNWANTED: &str = "select phone from message_refusals where phone = $1 union select phone from block_list where phone = $1 \
            and level <> 'allow' and (until_at is null or until_at > $2)";
        const ONCE: &str =
            "insert into care_reminders (rule, customer, anchor, at, how) values ($1, $2, $3, $4, $5) on conflict do nothing";
        // Somebody who is on the list already is called anyway.
        const TASK: &str = "insert into missed (id, kind, call_id, phone, customer, queue, at, times, note) values ($1, $2, null, $3, $4, null, $5, 1, $6) \
            on conflict do nothing";
        let number = phone(&whom.phone)?;
        let unwanted = self.pool.row(UNWANTED, vals![&whom.phone, now.as_millis()]).await?.is_some();
        let named = |text: &str| text.replace("{name}", &whom.name);
        let texts = NoticeTexts { zh: named(&rule.texts.zh), en: named(&rule.texts.en) };
        let how = match rule.message {
            _ if unwanted || !number.is_complete() || number.is_virtual() => "skipped",
            // Once for each order and event, whoever makes it.
            true => match self.make_notice(&OrderId::new(&whom.order), &event(rule, whom), &texts, now).await? {
                true => "message",
                false => "skipped",
            },
            false => "task",
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(ONCE, vals![&rule.name, &whom.customer, &whom.anchor, now.as_millis(), how]).await? == 0 {
            tx.undo().await?;
            return Ok(None);
        }
        if how == "task" {
            let args = vals![new_id(now), MissedKind::Care.name(), &whom.phone, &whom.customer, now.as_millis(), &texts.zh];
            tx.exec(TASK, args).await?;
        }
        tx.commit().await?;
        Ok(Some(how))
    }
}

/// A birthday comes again with the same last order.
fn event(rule: &CareRule, whom: &Whom) -> String {
    match rule.when {
        CareWhen::Birthday => format!("care:{}:{}", rule.name, whom.anchor),
        CareWhen::FirstOrder { .. } | CareWhen::Silent { .. } => format!("care:{}", rule.name),
    }
}
