//! Campaigns (C99): planned, looked at, approved, begun and ended by people; whom they are about is a list that is made before the yes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::db::{Durability, Row, Tx, Val, broken, vals};
use super::many::insert_many;
use super::people::phone;
use super::{Store, StoreError, contact_wishes, journal, new_id};
use crate::domain::{CampaignPlan, CampaignStatus, ContactWish, DropOut, ListedNumber, PhoneNumber, Timestamp};
use crate::outreach::{Facts, Rules};

/// A campaign is about so many at most.
pub const MOST_NUMBERS: usize = 20_000;
/// Rows of one transaction: callers who order meanwhile do not wait for the whole list.
const GROUP: usize = 512;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One campaign with how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    pub id: String,
    pub plan: CampaignPlan,
    pub status: CampaignStatus,
    pub life: i64,
    /// When its list was made; none before, and after every change of the plan.
    pub listed_at: Option<Timestamp>,
    pub made_by: String,
    pub made_at: Timestamp,
    pub approved_by: Option<String>,
    pub approved_at: Option<Timestamp>,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// `listed`, `out:WHY` and outcomes of tries; what is `waiting` and `trying` now.
    pub counts: BTreeMap<String, i64>,
}

/// What a person does with a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignStep {
    Approve,
    Start,
    Pause,
    Stop,
}

impl CampaignStep {
    /// By its name in the API.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "approve" => Self::Approve,
            "start" => Self::Start,
            "pause" => Self::Pause,
            "stop" => Self::Stop,
            _ => return None,
        })
    }
}

const COLUMNS: &str = "id, plan, status, life, listed_at, made_by, made_at, approved_by, approved_at, began_at, ended_at";

/// What decides about `p.phone` now: $1 now, $2 spoke since, $3 campaigns since, $4 the campaign itself.
pub(super) const FACTS: &str = "\
    case when exists (select 1 from contact_wishes as w where w.phone = p.phone and w.wish = 'no') \
        or exists (select 1 from message_refusals as r where r.phone = p.phone) then 1 else 0 end, \
    case when exists (select 1 from block_list as b where b.phone = p.phone and b.level <> 'allow' and (b.until_at is null or b.until_at > $1)) then 1 else 0 end, \
    case when exists (select 1 from contact_wishes as w where w.phone = p.phone and w.wish = 'yes') then 1 else 0 end, \
    (select count(distinct t.campaign) from campaign_tries as t where t.phone = p.phone and t.at > $3 and t.campaign <> $4), \
    case when exists (select 1 from tickets as k where k.phone = p.phone and k.status <> 'closed') then 1 else 0 end, \
    case when exists (select 1 from orders as u where u.phone = p.phone and u.status not in ('done', 'cancelled')) then 1 else 0 end, \
    case when exists (select 1 from calls as a where a.caller = p.phone and a.arrived_at > $2 and a.answered_at is not null) then 1 else 0 end";

/// The arguments of [`FACTS`].
pub(super) fn facts_of(rules: &Rules, campaign: &str, now: Timestamp) -> Vec<Val> {
    let since = now.before(DAY * rules.within_days);
    vals![now.as_millis(), now.before(rules.spoke).as_millis(), since.as_millis(), campaign].to_vec()
}

/// Reads [`FACTS`] from this place of a row on.
pub(super) fn facts(phone: &PhoneNumber, row: &Row, from: usize) -> Result<Facts, StoreError> {
    let flag = |place: usize| row.flag(from + place);
    // Numbers of companies ring where nobody has agreed to anything.
    let company = ["400", "800"].iter().any(|range| phone.reveal().starts_with(range));
    Ok(Facts {
        usable: phone.is_complete() && !phone.is_virtual() && !company,
        mobile: phone.is_mobile(),
        refused: flag(0)?,
        blocked: flag(1)?,
        consent: flag(2)?,
        campaigns: u32::try_from(row.int(from + 3)?).unwrap_or(u32::MAX),
        open_ticket: flag(4)?,
        open_order: flag(5)?,
        spoke_lately: flag(6)?,
    })
}

impl Store {
    /// A new campaign, which does nothing yet; its id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn add_campaign(&self, plan: &CampaignPlan, by: &str, now: Timestamp) -> Result<String, StoreError> {
        const SQL: &str = "insert into campaigns (id, name, kind, status, plan, life, turn, made_by, made_at, changed_at) values ($1, $2, $3, 'draft', $4, 0, 0, $5, $6, $6)";
        let id = new_id(now);
        self.write(SQL, vals![&id, &plan.name, plan.kind.name(), plan.to_json().to_string(), by, now.as_millis()]).await?;
        Ok(id)
    }

    /// Another plan for a draft: its list is to be made anew. False when it is no draft any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn change_campaign(&self, id: &str, plan: &CampaignPlan, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update campaigns set name = $1, kind = $2, plan = $3, life = life + 1, listed_at = null, changed_at = $4 where id = $5 and status = 'draft'";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![&plan.name, plan.kind.name(), plan.to_json().to_string(), now.as_millis(), id];
        let changed = tx.exec(SQL, args).await? == 1;
        tx.commit().await?;
        Ok(changed)
    }

    /// The imported list of a draft, in place of the one before. Who agreed by it is written down, unless they have said something
    /// themselves. False when it is no draft any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn set_campaign_list(&self, id: &str, list: &[ListedNumber], by: &str, now: Timestamp) -> Result<bool, StoreError> {
        const DRAFT: &str = "update campaigns set life = life + 1, listed_at = null, changed_at = $1 where id = $2 and status = 'draft'";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(DRAFT, vals![now.as_millis(), id]).await? == 0 {
            tx.undo().await?;
            return Ok(false);
        }
        tx.exec("delete from campaign_listed where campaign = $1", vals![id]).await?;
        let rows = list.iter().map(|one| vals![id, one.phone.reveal(), &one.name, &one.consent].to_vec()).collect();
        insert_many(&mut tx, "campaign_listed", &["campaign", "phone", "name", "consent"], rows, "on conflict do nothing").await?;
        let agreed = list.iter().filter(|one| !one.consent.is_empty());
        let rows = agreed.map(|one| vals![one.phone.reveal(), "yes", now.as_millis(), "import", &one.consent, by].to_vec()).collect();
        let columns = ["phone", "wish", "at", "how", "words", "by_name"];
        insert_many(&mut tx, "contact_wishes", &columns, rows, "on conflict do nothing").await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes the list of a draft: who is meant, and who of them is left out and why. `None` when it is no draft.
    ///
    /// # Errors
    /// When the store cannot write; a conflict when somebody changed the campaign meanwhile.
    pub async fn list_campaign(&self, id: &str, rules: &Rules, now: Timestamp) -> Result<Option<Campaign>, StoreError> {
        const DRAFT: &str =
            "update campaigns set life = life + 1, listed_at = null where id = $1 and status = 'draft' returning life, plan";
        const SAME: &str = "update campaigns set turn = turn + 1 where id = $1 and status = 'draft' and life = $2";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(DRAFT, vals![id]).await? else {
            tx.undo().await?;
            return Ok(None);
        };
        let (life, plan) = (row.int(0)?, plan(row.text(1)?)?);
        tx.exec("delete from campaign_numbers where campaign = $1", vals![id]).await?;
        tx.exec("delete from campaign_counts where campaign = $1", vals![id]).await?;
        tx.commit().await?;
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let mut rows = Vec::new();
        let mut known = std::collections::HashSet::new();
        for row in self.meant(id, &plan, rules, now).await? {
            let number = phone(row.text(0)?)?;
            if known.len() >= MOST_NUMBERS || !known.insert(number.clone()) {
                continue;
            }
            // What passes is looked at again when their turn comes.
            let out = rules.drops_out(plan.kind, &facts(&number, &row, 3)?);
            let (status, why) = match out {
                Some(why) if !why.passes() => ("out", why.name()),
                Some(why) => ("waiting", why.name()),
                None => ("waiting", ""),
            };
            *counts.entry("listed".into()).or_default() += 1;
            if let Some(why) = out {
                *counts.entry(format!("{}:{}", if status == "out" { "out" } else { "later" }, why.name())).or_default() += 1;
            }
            rows.push(vals![id, number.reveal(), row.opt_text(1)?, row.text(2)?, status, why, 0_i64, 0_i64, now.as_millis()].to_vec());
        }
        let columns = ["campaign", "phone", "customer", "name", "status", "why", "tries", "next_at", "changed_at"];
        while !rows.is_empty() {
            let group = rows.split_off(rows.len().saturating_sub(GROUP));
            let mut tx = self.pool.begin(Durability::Relaxed).await?;
            if tx.exec(SAME, vals![id, life]).await? == 0 {
                tx.undo().await?;
                return Err(StoreError::Conflict);
            }
            insert_many(&mut tx, "campaign_numbers", &columns, group, "").await?;
            tx.commit().await?;
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        let done = "update campaigns set listed_at = $1, changed_at = $1 where id = $2 and status = 'draft' and life = $3";
        if tx.exec(done, vals![now.as_millis(), id, life]).await? == 0 {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        for (what, count) in &counts {
            bump(&mut tx, id, what, *count).await?;
        }
        tx.commit().await?;
        self.campaign(id).await
    }

    /// Everybody who is meant, with the facts about each; a few more than a campaign may have.
    async fn meant(&self, id: &str, plan: &CampaignPlan, rules: &Rules, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let mut args = facts_of(rules, id, now);
        let limit = MOST_NUMBERS + 1000;
        if plan.listed {
            let sql = format!(
                "select p.phone, cast(null as text), p.name, {FACTS} from campaign_listed as p where p.campaign = $4 order by p.phone limit {limit}"
            );
            return self.pool.rows(sqlx::AssertSqlSafe(sql), &args).await;
        }
        let segment = &plan.segment;
        let mut conditions = String::new();
        let mut also = |condition: &str, value: Val| {
            args.push(value);
            conditions.push_str(&format!(" and {}", condition.replace('?', &format!("${}", args.len()))));
        };
        // By the index of order times, where days say so.
        let before = |days: u32| now.before(DAY * days).as_millis();
        also("o.placed_at >= ?", segment.ordered_days.map_or(0, before).into());
        also("o.placed_at < ?", segment.silent_days.map_or(i64::MAX, before).into());
        if let Some(branch) = segment.branch {
            also("o.branch = ?", branch.get().into());
        }
        if let Some(zone) = &segment.zone {
            also("o.zone = ?", zone.into());
        }
        if let Some(month) = segment.birthday_month {
            also("substr(c.birthday, 1, 2) = ?", format!("{month:02}").into());
        }
        if let Some(level) = &segment.level {
            also("exists (select 1 from members as m where m.customer = c.id and m.level = ?)", level.into());
        }
        let sql = format!(
            "select p.phone, p.customer, p.name, {FACTS} from (select o.phone, o.customer, c.name from orders as o join customers as c on c.id = o.customer \
             where o.status <> 'cancelled'{conditions} and not exists (select 1 from orders as n where n.customer = o.customer and n.status <> 'cancelled' \
             and (n.placed_at > o.placed_at or n.placed_at = o.placed_at and n.id > o.id)) order by o.placed_at desc, o.id limit {limit}) as p"
        );
        self.pool.rows(sqlx::AssertSqlSafe(sql), &args).await
    }

    /// A person says yes, begins, pauses or ends it. A yes holds for the list that was looked at: `life` is the one that was seen.
    /// False when it is in no state for that.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn campaign_step(&self, id: &str, step: CampaignStep, life: i64, by: &str, now: Timestamp) -> Result<bool, StoreError> {
        const APPROVE: &str = "update campaigns set status = 'approved', approved_by = $1, approved_at = $2, life = life + 1, changed_at = $2 \
            where id = $3 and status = 'draft' and listed_at is not null and life = $4 returning status";
        const START: &str = "update campaigns set status = 'running', began_at = coalesce(began_at, $2), life = life + 1, changed_at = $2 \
            where $1 <> '' and id = $3 and status in ('approved', 'paused') and life = $4 returning status";
        const PAUSE: &str = "update campaigns set status = 'paused', life = life + 1, changed_at = $2 where $1 <> '' and id = $3 and status = 'running' and life = $4 returning status";
        const STOP: &str = "update campaigns set status = 'stopped', ended_at = $2, life = life + 1, changed_at = $2 \
            where $1 <> '' and id = $3 and status in ('draft', 'approved', 'running', 'paused') and life = $4 returning status";
        let sql = match step {
            CampaignStep::Approve => APPROVE,
            CampaignStep::Start => START,
            CampaignStep::Pause => PAUSE,
            CampaignStep::Stop => STOP,
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(sql, vals![by, now.as_millis(), id, life]).await? else {
            tx.undo().await?;
            return Ok(false);
        };
        journal::append(&mut tx, now, "campaign", id, &json!({ "status": row.text(0)? })).await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// One campaign.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn campaign(&self, id: &str) -> Result<Option<Campaign>, StoreError> {
        let sql = format!("select {COLUMNS} from campaigns where id = $1");
        let Some(row) = self.pool.row(sqlx::AssertSqlSafe(sql), vals![id]).await? else { return Ok(None) };
        self.with_counts(campaign(&row)?).await.map(Some)
    }

    /// All campaigns, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn campaigns(&self, limit: u32) -> Result<Vec<Campaign>, StoreError> {
        let sql = format!("select {COLUMNS} from campaigns order by made_at desc, id desc limit $1");
        let mut all = Vec::new();
        for row in self.pool.rows(sqlx::AssertSqlSafe(sql), vals![limit]).await? {
            all.push(self.with_counts(campaign(&row)?).await?);
        }
        Ok(all)
    }

    /// Those that run, with their plans.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn running_campaigns(&self) -> Result<Vec<(String, CampaignPlan)>, StoreError> {
        const SQL: &str = "select id, plan from campaigns where status = 'running' order by id";
        self.pool.rows(SQL, &[]).await?.iter().map(|row| Ok((row.text(0)?.to_owned(), plan(row.text(1)?)?))).collect()
    }

    async fn with_counts(&self, mut campaign: Campaign) -> Result<Campaign, StoreError> {
        const COUNTS: &str = "select what, count from campaign_counts where campaign = $1";
        const LIVE: &str =
            "select status, count(*) from campaign_numbers where campaign = $1 and status in ('waiting', 'trying') group by status";
        for sql in [COUNTS, LIVE] {
            for row in self.pool.rows(sql, vals![&campaign.id]).await? {
                campaign.counts.insert(row.text(0)?.to_owned(), row.int(1)?);
            }
        }
        Ok(campaign)
    }

    /// A customer says, by key or by a message, that they want to hear nothing of campaigns.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn refuse_contact(&self, number: &PhoneNumber, how: &str, words: &str, now: Timestamp) -> Result<(), StoreError> {
        let wish = ContactWish { phone: number.clone(), agrees: false, how: how.into(), words: words.into(), by: String::new() };
        let mut tx = self.pool.begin(Durability::Full).await?;
        contact_wishes::put(&mut tx, &wish, now).await?;
        tx.commit().await
    }
}

/// Adds to what stays of a campaign.
pub(super) async fn bump(tx: &mut Tx, campaign: &str, what: &str, by: i64) -> Result<(), StoreError> {
    const SQL: &str = "insert into campaign_counts (campaign, what, count) values ($1, $2, $3) \
        on conflict (campaign, what) do update set count = campaign_counts.count + excluded.count";
    tx.exec(SQL, vals![campaign, what, by]).await.map(|_| ())
}

/// Leaves somebody out for good.
pub(super) async fn leave_out(tx: &mut Tx, campaign: &str, number: &str, why: DropOut, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str =
        "update campaign_numbers set status = 'out', why = $1, changed_at = $2 where campaign = $3 and phone = $4 and status = 'waiting'";
    if tx.exec(SQL, vals![why.name(), now.as_millis(), campaign, number]).await? == 1 {
        bump(tx, campaign, &format!("out:{}", why.name()), 1).await?;
    }
    Ok(())
}

pub(super) fn plan(text: &str) -> Result<CampaignPlan, StoreError> {
    let value = serde_json::from_str(text).map_err(|_| broken("plan of a campaign", text))?;
    CampaignPlan::from_json(&value).map_err(|why| broken("plan of a campaign", &why))
}

fn campaign(row: &Row) -> Result<Campaign, StoreError> {
    let time = |place| row.opt_int(place).map(|at| at.map(Timestamp::from_millis));
    let status = row.text(2)?;
    Ok(Campaign {
        id: row.text(0)?.to_owned(),
        plan: plan(row.text(1)?)?,
        status: CampaignStatus::from_name(status).ok_or_else(|| broken("status of a campaign", status))?,
        life: row.int(3)?,
        listed_at: time(4)?,
        made_by: row.text(5)?.to_owned(),
        made_at: Timestamp::from_millis(row.int(6)?),
        approved_by: row.opt_text(7)?.map(str::to_owned),
        approved_at: time(8)?,
        began_at: time(9)?,
        ended_at: time(10)?,
        counts: BTreeMap::new(),
    })
}
