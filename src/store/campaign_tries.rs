//! Each try of a campaign (C99): claimed once for all nodes with every rule asked in the same transaction, and kept as evidence.

use std::time::Duration;

use super::campaigns::{FACTS, bump, facts, facts_of, leave_out, plan};
use super::db::{Durability, Row, Tx, Val, vals};
use super::people::phone;
use super::{Store, StoreError, new_id};
use crate::domain::{
    CallId, CampaignCall, CampaignKind, CampaignPlan, CampaignSays, CampaignTried, DropOut, Language, PhoneNumber, Timestamp, TryOutcome,
};
use crate::outreach::{self, Load, Next, Rules};

/// Pace is counted over this time.
const MINUTE: Duration = Duration::from_secs(60);
/// When there was no line to spare, and when an order or a complaint is in the way.
const SOON: Duration = Duration::from_secs(60);
const LATER: Duration = Duration::from_secs(3600);
/// Numbers that are left out in a row at one claim; the next claim goes on.
const MOST_LEFT_OUT: usize = 20;

/// What a claim gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// To be called now.
    Call(CampaignCall),
    /// A message is on its way out.
    Message,
    /// Some were left out, or wait for another hour: more may be there.
    Left,
    /// Nothing now: not the hour, the pace is reached, or nobody is due.
    Nothing,
    /// Nobody is left, or its time is over: the campaign is done.
    Done,
}

/// One try, as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignEvidence {
    pub id: String,
    pub phone: PhoneNumber,
    /// Which one of this number.
    pub attempt: i64,
    pub at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// None while it lasts.
    pub outcome: Option<TryOutcome>,
    pub why: String,
    pub keys: String,
    pub call: Option<CallId>,
    /// The prompt, node or text.
    pub said: String,
    pub consent_at: Timestamp,
    pub consent_how: String,
    pub consent_words: String,
    /// Of a message: `sent`, `failed`, …, and the centre's receipt.
    pub message: Option<(String, String)>,
}

impl Store {
    /// The next try of a campaign, for this node: one of all nodes gets it, and nobody is contacted outside the hours, faster than
    /// the pace, too often, or against their will.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_campaign(&self, id: &str, node: &str, rules: &Rules, now: Timestamp) -> Result<Claimed, StoreError> {
        // All claims of one campaign meet at its row.
        const TURN: &str = "update campaigns set turn = turn + 1 where id = $1 and status = 'running' returning plan";
        const TRYING: &str = "select count(*) from campaign_numbers where campaign = $1 and status = 'trying'";
        const PACE: &str = "select count(*) from campaign_tries where campaign = $1 and at > $2";
        const DUE: &str = "select phone, coalesce(customer, ''), name from campaign_numbers where campaign = $1 and status = 'waiting' and next_at <= $2 order by next_at, phone limit 1";
        const LEFT: &str = "select count(*) from campaign_numbers where campaign = $1 and status in ('waiting', 'trying')";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(TURN, vals![id]).await? else {
            tx.undo().await?;
            return Ok(Claimed::Nothing);
        };
        let plan = plan(row.text(0)?)?;
        let local = self.clock.local(now);
        let trying = count(&mut tx, TRYING, vals![id]).await?;
        if rules.is_over(&plan, local) && trying == 0 {
            return self.finish_campaign(tx, id, now).await;
        }
        let load = Load { trying, last_minute: count(&mut tx, PACE, vals![id, now.before(MINUTE).as_millis()]).await? };
        let Some(until) = rules.open_until(&plan, local).filter(|_| Rules::has_room(&plan, load)) else {
            tx.undo().await?;
            return Ok(Claimed::Nothing);
        };
        let until = self.clock.timestamp(local.date().at(0, 0, 0, 0)).after(MINUTE * u32::from(until.minutes()));
        for _ in 0..MOST_LEFT_OUT {
            let Some(row) = tx.row(DUE, vals![id, now.as_millis()]).await? else {
                if count(&mut tx, LEFT, vals![id]).await? == 0 {
                    return self.finish_campaign(tx, id, now).await;
                }
                tx.commit().await?;
                return Ok(Claimed::Nothing);
            };
            let number = phone(row.text(0)?)?;
            let name = row.text(2)?.to_owned();
            if let Some(claimed) = self.claim_number(&mut tx, (id, &plan), (&number, &name), node, rules, until, now).await? {
                self.told(tx).await?;
                return Ok(claimed);
            }
        }
        tx.commit().await?;
        Ok(Claimed::Left)
    }

    /// One number: a try, or it is left out or put off (none).
    #[expect(clippy::too_many_arguments, reason = "the campaign, the number, who, the rules and two moments")]
    async fn claim_number(
        &self,
        tx: &mut Tx,
        (id, plan): (&str, &CampaignPlan),
        (number, name): (&PhoneNumber, &str),
        node: &str,
        rules: &Rules,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Claimed>, StoreError> {
        // Other campaigns that want the same number wait here, and count this one then.
        const MEET: &str = "insert into contact_turns (phone, at) values ($1, $2) on conflict (phone) do update set at = excluded.at";
        const PUT_OFF: &str =
            "update campaign_numbers set next_at = $1, why = $2, changed_at = $3 where campaign = $4 and phone = $5 and status = 'waiting'";
        const TRY: &str = "update campaign_numbers set status = $1, tries = tries + 1, next_at = $2, why = '', claimed_by = $3, changed_at = $4 \
            where campaign = $5 and phone = $6 and status = 'waiting' returning tries";
        const CONSENT: &str = "select at, how, words from contact_wishes where phone = $1 and wish = 'yes'";
        const EVIDENCE: &str = "insert into campaign_tries (id, campaign, phone, try, node, at, answered_at, ended_at, outcome, why, keys, call_id, said, consent_at, consent_how, consent_words) \
            values ($1, $2, $3, $4, $5, $6, null, $7, $8, '', '', null, $9, $10, $11, $12)";
        tx.exec(MEET, vals![number.reveal(), now.as_millis()]).await?;
        let mut args: Vec<Val> = facts_of(rules, id, now);
        args.push(number.reveal().into());
        let sql = format!("select {FACTS} from (select cast($5 as text) as phone) as p");
        let row = tx.row(sqlx::AssertSqlSafe(sql), &args).await?.ok_or(StoreError::Conflict)?;
        match rules.drops_out(plan.kind, &facts(number, &row, 0)?) {
            Some(why) if why.passes() => {
                let args = vals![now.after(LATER).as_millis(), why.name(), now.as_millis(), id, number.reveal()];
                tx.exec(PUT_OFF, args).await?;
                return Ok(None);
            }
            Some(why) => {
                leave_out(tx, id, number.reveal(), why, now).await?;
                return Ok(None);
            }
            None => {}
        }
        let Some(consent) = tx.row(CONSENT, vals![number.reveal()]).await? else { return Ok(None) };
        let is_message = plan.kind == CampaignKind::Message;
        let status = if is_message { "reached" } else { "trying" };
        let args = vals![status, now.after(rules.again).as_millis(), node, now.as_millis(), id, number.reveal()];
        let Some(claimed) = tx.row(TRY, args).await? else { return Ok(None) };
        let try_id = new_id(now);
        let said = match plan.kind {
            CampaignKind::Message => words(plan, name),
            CampaignKind::VoiceFile => plan.prompt.clone(),
            CampaignKind::VoiceFlow => plan.node.clone(),
        };
        let (ended, outcome) = if is_message { (Some(now.as_millis()), TryOutcome::HandedOver.name()) } else { (None, "") };
        let args = vals![
            &try_id,
            id,
            number.reveal(),
            claimed.int(0)?,
            node,
            now.as_millis(),
            ended,
            outcome,
            &said,
            consent.int(0)?,
            consent.text(1)?,
            consent.text(2)?
        ];
        tx.exec(EVIDENCE, args).await?;
        if is_message {
            const MESSAGE: &str = "insert into customer_messages (id, order_id, number, event, phone, text, status, tries, next_at, why, made_at, done_at, until_at) \
                values ($1, $2, '', 'campaign', $3, $4, 'waiting', 0, $5, '', $5, null, $6)";
            tx.exec(MESSAGE, vals![new_id(now), &try_id, number.reveal(), &said, now.as_millis(), until.as_millis()]).await?;
            bump(tx, id, TryOutcome::HandedOver.name(), 1).await?;
            return Ok(Some(Claimed::Message));
        }
        let says = match plan.kind {
            CampaignKind::VoiceFlow => CampaignSays::Flow(plan.node.clone()),
            _ => CampaignSays::File(plan.prompt.clone()),
        };
        let (campaign, phone, line) = (id.to_owned(), number.clone(), plan.line.clone());
        Ok(Some(Claimed::Call(CampaignCall { id: try_id, campaign, phone, line, language: plan.language, says })))
    }

    /// Nobody is left, or its time is over.
    async fn finish_campaign(&self, mut tx: Tx, id: &str, now: Timestamp) -> Result<Claimed, StoreError> {
        const REST: &str = "select phone from campaign_numbers where campaign = $1 and status = 'waiting'";
        const DONE: &str =
            "update campaigns set status = 'done', ended_at = $1, life = life + 1, changed_at = $1 where id = $2 and status = 'running'";
        for row in tx.rows(REST, vals![id]).await? {
            leave_out(&mut tx, id, row.text(0)?, DropOut::Over, now).await?;
        }
        tx.exec(DONE, vals![now.as_millis(), id]).await?;
        super::journal::append(&mut tx, now, "campaign", id, &serde_json::json!({ "status": "done" })).await?;
        self.told(tx).await?;
        Ok(Claimed::Done)
    }

    /// The tries of a campaign as evidence, oldest first, after the one that was read last.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn campaign_evidence(&self, campaign: &str, after: &str, limit: u32) -> Result<Vec<CampaignEvidence>, StoreError> {
        const SQL: &str = "select t.id, t.phone, t.try, t.at, t.answered_at, t.ended_at, t.outcome, t.why, t.keys, t.call_id, t.said, t.consent_at, \
            t.consent_how, t.consent_words, m.status, m.receipt from campaign_tries as t \
            left join customer_messages as m on m.order_id = t.id and m.event = 'campaign' where t.campaign = $1 and t.id > $2 order by t.id limit $3";
        self.pool.rows(SQL, vals![campaign, after, limit]).await?.iter().map(evidence).collect()
    }

    /// Forgets evidence that is older than it has to be kept, and the numbers of campaigns that ended before then; how many tries.
    /// What was counted stays.
    ///
    /// # Errors
    /// When the store cannot write; then it is still to be done.
    pub async fn forget_campaigns(&self, rules: &Rules, now: Timestamp) -> Result<u64, StoreError> {
        const OLD: &str = "select id from campaign_tries where at < $1 and outcome <> '' limit 1";
        let before = now.before(Duration::from_secs(24 * 3600) * rules.keep_days).as_millis();
        const ENDED: &str = "select id from campaigns where status in ('stopped', 'done') and ended_at < $1 and exists (select 1 from campaign_numbers where campaign = campaigns.id)";
        let tries = self.pool.row(OLD, vals![before]).await?.is_some();
        let ended = self.pool.rows(ENDED, vals![before]).await?;
        if !tries && ended.is_empty() {
            return Ok(0);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        let forgotten = tx.exec("delete from campaign_tries where at < $1 and outcome <> ''", vals![before]).await?;
        for sql in [
            "delete from message_parts where message in (select id from customer_messages where event = 'campaign' and made_at < $1 and done_at is not null)",
            "delete from customer_messages where event = 'campaign' and made_at < $1 and done_at is not null",
            "delete from contact_turns where at < $1",
        ] {
            tx.exec(sql, vals![before]).await?;
        }
        for row in &ended {
            tx.exec("delete from campaign_numbers where campaign = $1", vals![row.text(0)?]).await?;
            tx.exec("delete from campaign_listed where campaign = $1", vals![row.text(0)?]).await?;
        }
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// Writes down how a call went; the same again changes nothing.
pub(super) async fn put(tx: &mut Tx, tried: &CampaignTried) -> Result<(), StoreError> {
    const TRIED: &str = "update campaign_tries set outcome = $1, why = $2, keys = $3, call_id = $4, answered_at = $5, ended_at = $6 \
        where id = $7 and outcome = '' returning campaign, phone";
    let args = vals![
        tried.outcome.name(),
        &tried.why,
        &tried.keys,
        tried.call.as_ref().map(CallId::as_str),
        tried.answered_at.map(Timestamp::as_millis),
        tried.ended_at.as_millis(),
        &tried.id
    ];
    let Some(row) = tx.row(TRIED, args).await? else { return Ok(()) };
    over(tx, &tried.id, row.text(0)?, row.text(1)?, tried.outcome, tried.ended_at).await
}

/// The number after a try: over, or once more.
async fn over(tx: &mut Tx, id: &str, campaign: &str, number: &str, outcome: TryOutcome, now: Timestamp) -> Result<(), StoreError> {
    const NUMBER: &str = "select n.tries, c.plan from campaign_numbers as n join campaigns as c on c.id = n.campaign where n.campaign = $1 and n.phone = $2 and n.status = 'trying'";
    const OVER: &str = "update campaign_numbers set status = $1, why = $2, claimed_by = null, changed_at = $3 where campaign = $4 and phone = $5 and status = 'trying'";
    const BACK: &str = "update campaign_numbers set status = 'waiting', tries = tries - 1, next_at = $1, why = $2, claimed_by = null, changed_at = $3 \
        where campaign = $4 and phone = $5 and status = 'trying'";
    let Some(row) = tx.row(NUMBER, vals![campaign, number]).await? else { return Ok(()) };
    let tries = u32::try_from(row.int(0)?).unwrap_or(u32::MAX);
    let status = match outreach::after(outcome, tries, plan(row.text(1)?)?.tries) {
        Next::Over(status) => status,
        // When it is due again was written when it was claimed.
        Next::Again => "waiting",
        Next::Back => {
            tx.exec(BACK, vals![now.after(SOON).as_millis(), outcome.name(), now.as_millis(), campaign, number]).await?;
            return tx.exec("delete from campaign_tries where id = $1", vals![id]).await.map(|_| ());
        }
    };
    tx.exec(OVER, vals![status, outcome.name(), now.as_millis(), campaign, number]).await?;
    bump(tx, campaign, outcome.name(), 1).await
}

/// A node has died in the middle of calls: whom they reached nobody knows, so that nobody of them is called again.
pub(super) async fn cut_off(tx: &mut Tx, node: &str, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "update campaign_tries set outcome = 'cut_off', why = 'node', ended_at = $1 where node = $2 and outcome = '' returning id, campaign, phone";
    let rows = tx.rows(SQL, vals![now.as_millis(), node]).await?;
    for row in &rows {
        over(tx, row.text(0)?, row.text(1)?, row.text(2)?, TryOutcome::CutOff, now).await?;
    }
    Ok(rows.len() as u64)
}

async fn count(tx: &mut Tx, sql: &'static str, args: &[Val]) -> Result<u32, StoreError> {
    let row = tx.row(sql, args).await?;
    row.map_or(Ok(0), |row| row.int(0)).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// The text of a message to somebody of this name.
fn words(plan: &CampaignPlan, name: &str) -> String {
    let text = if plan.language == Language::English && !plan.texts.en.is_empty() { &plan.texts.en } else { &plan.texts.zh };
    text.replace("{name}", name)
}

fn evidence(row: &Row) -> Result<CampaignEvidence, StoreError> {
    let text = |place| row.text(place).map(str::to_owned);
    let time = |place| row.opt_int(place).map(|at| at.map(Timestamp::from_millis));
    Ok(CampaignEvidence {
        id: text(0)?,
        phone: phone(row.text(1)?)?,
        attempt: row.int(2)?,
        at: Timestamp::from_millis(row.int(3)?),
        answered_at: time(4)?,
        ended_at: time(5)?,
        outcome: TryOutcome::from_name(row.text(6)?),
        why: text(7)?,
        keys: text(8)?,
        call: row.opt_text(9)?.map(CallId::new),
        said: text(10)?,
        consent_at: Timestamp::from_millis(row.int(11)?),
        consent_how: text(12)?,
        consent_words: text(13)?,
        message: row.opt_text(14)?.map(|status| Ok::<_, StoreError>((status.to_owned(), text(15)?))).transpose()?,
    })
}
