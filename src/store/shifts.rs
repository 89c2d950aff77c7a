//! Who is to be at work when, and when they were: the ground of adherence (C67).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::db::{Durability, Tx, vals};
use super::{Store, StoreError};
use crate::domain::{ClockTime, Timestamp, UserId};

/// The plan of one agent for one day; what runs over midnight belongs to the day on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDay {
    pub agent: UserId,
    pub day: Date,
    /// In order, without overlap; an end that is not after its begin is on the next day.
    pub spans: Vec<(ClockTime, ClockTime)>,
}

impl Store {
    /// What is planned for these days, both included, by day; of one agent or of all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn planned(&self, from: Date, to: Date, agent: Option<&UserId>) -> Result<Vec<PlannedDay>, StoreError> {
        const SQL: &str =
            "select agent, day, from_at, until_at from planned_shifts where day >= $1 and day <= $2 order by day, agent, from_at";
        let mut days: BTreeMap<(Date, String), Vec<(ClockTime, ClockTime)>> = BTreeMap::new();
        for row in self.pool.rows(SQL, vals![from.to_string(), to.to_string()]).await? {
            let who = row.text(0)?;
            if agent.is_some_and(|agent| agent.as_str() != who) {
                continue;
            }
            let day = row.text(1)?.parse().map_err(|_| StoreError::Corrupt("a planned shift has no day".into()))?;
            let at = |column| Ok::<_, StoreError>(ClockTime::of(self.clock.local(Timestamp::from_millis(row.int(column)?))));
            days.entry((day, who.to_owned())).or_default().push((at(2)?, at(3)?));
        }
        Ok(days.into_iter().map(|((day, agent), spans)| PlannedDay { agent: UserId::new(agent), day, spans }).collect())
    }

    /// Puts these plans in the place of what was planned for their agents and days; without spans nothing is planned any more.
    ///
    /// # Errors
    /// When the store cannot write; then nothing has changed.
    pub async fn plan(&self, days: &[PlannedDay]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        for planned in days {
            self.plan_day(&mut tx, planned).await?;
        }
        tx.commit().await
    }

    async fn plan_day(&self, tx: &mut Tx, planned: &PlannedDay) -> Result<(), StoreError> {
        let (agent, day) = (planned.agent.as_str(), planned.day.to_string());
        tx.exec("delete from planned_shifts where agent = $1 and day = $2", vals![agent, day.clone()]).await?;
        for (from, until) in &planned.spans {
            let last = if until > from { planned.day } else { planned.day.tomorrow().unwrap_or(planned.day) };
            const SQL: &str = "insert into planned_shifts (agent, day, from_at, until_at) values ($1, $2, $3, $4) \
                on conflict (agent, from_at) do update set day = excluded.day, until_at = excluded.until_at";
            let (from, until) = (self.moment(planned.day, *from), self.moment(last, *until));
            tx.exec(SQL, vals![agent, day.clone(), from.as_millis(), until.as_millis()]).await?;
        }
        Ok(())
    }

    /// This time of a day of the restaurant; 24:00 is the next day's midnight.
    fn moment(&self, day: Date, at: ClockTime) -> Timestamp {
        match i8::try_from(at.hour()).ok().filter(|hour| *hour < 24) {
            Some(hour) => self.clock.timestamp(day.at(hour, at.minute() as i8, 0, 0)),
            None => self.clock.timestamp(day.tomorrow().unwrap_or(day).at(0, 0, 0, 0)),
        }
    }
}

/// An agent was at work for this span, as far as is known; told again, it is longer.
pub(super) async fn put_presence(tx: &mut Tx, agent: &UserId, run: &str, from: Timestamp, until: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "insert into agent_presence (agent, run, from_at, until_at) values ($1, $2, $3, $4) \
        on conflict (agent, run, from_at) do update set until_at = excluded.until_at";
    tx.exec(SQL, vals![agent.as_str(), run, from.as_millis(), until.as_millis()]).await.map(|_| ())
}
