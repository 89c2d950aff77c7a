//! Who spoke with whom last, whose customer somebody is, and who is not to speak with them (C39, C40): true on every node.

use super::db::{Durability, Tx, vals};
use super::{Store, StoreError, new_id};
use crate::domain::{CallId, CustomerId, LastAgent, PhoneNumber, Timestamp, UserId};

/// Who changed something, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub user: UserId,
    pub name: String,
}

impl Store {
    /// This agent spoke with this customer, or (while nobody knows whose it is) with whoever calls from that number. An
    /// earlier conversation never takes the place of a later one. A privacy number stands for somebody else tomorrow:
    /// alone it is not remembered.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_last_agent(
        &self,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        agent: &UserId,
        name: &str,
        call: Option<&CallId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(who) = key(customer, phone) else { return Ok(()) };
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        remember_in(&mut tx, &who, agent, name, call, at).await?;
        tx.commit().await
    }

    /// Who spoke with them last: with the customer, else with whoever called from the number.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn last_agent(&self, customer: Option<&CustomerId>, phone: Option<&PhoneNumber>) -> Result<Option<LastAgent>, StoreError> {
        const SQL: &str = "select agent, name, at from last_agents where who in ($1, $2) order by who limit 1";
        // "customer:…" comes before "phone:…".
        let customer = customer.map_or_else(String::new, |customer| format!("customer:{customer}"));
        let phone = phone.map_or_else(String::new, |phone| format!("phone:{}", phone.reveal()));
        let row = self.pool.row(SQL, vals![customer, phone]).await?;
        row.map(|row| {
            Ok(LastAgent { agent: UserId::new(row.text(0)?), name: row.text(1)?.to_owned(), at: Timestamp::from_millis(row.int(2)?) })
        })
        .transpose()
    }

    /// One customer has one owner; every change has a reason (I12). `from` is the owner whom the person who changes it saw.
    ///
    /// # Errors
    /// `Conflict` when there is no such customer or somebody else was faster.
    pub async fn set_owner(
        &self,
        customer: &CustomerId,
        from: Option<&UserId>,
        to: Option<&UserId>,
        reason: &str,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update customers set owner = $1 where id = $2 and coalesce(owner, '') = $3";
        let text = |user: Option<&UserId>| user.map_or_else(String::new, ToString::to_string);
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![to.map(UserId::as_str), customer.as_str(), text(from)]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        let change = Change { kind: "owner", before: &text(from), after: &text(to), reason };
        note_change(&mut tx, customer, &change, by, now).await?;
        tx.commit().await
    }

    /// These agents, and no others, are not to speak with this customer.
    ///
    /// # Errors
    /// `Conflict` when there is no such customer.
    pub async fn set_never(
        &self,
        customer: &CustomerId,
        agents: &[UserId],
        reason: &str,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        // Two who change the same list meet at the customer's row.
        if tx.exec("update customers set note = note where id = $1", vals![customer.as_str()]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        let before = tx.rows("select agent from customer_never where customer = $1 order by agent", vals![customer.as_str()]).await?;
        let before: Vec<&str> = before.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        tx.exec("delete from customer_never where customer = $1", vals![customer.as_str()]).await?;
        for agent in agents {
            const SQL: &str = "insert into customer_never (customer, agent) values ($1, $2) on conflict (customer, agent) do nothing";
            tx.exec(SQL, vals![customer.as_str(), agent.as_str()]).await?;
        }
        let after: Vec<&str> = agents.iter().map(UserId::as_str).collect();
        let change = Change { kind: "never", before: &before.join("\n"), after: &after.join("\n"), reason };
        note_change(&mut tx, customer, &change, by, now).await?;
        tx.commit().await
    }
}

/// The key of a conversation: the customer, else the number that called, unless it stands for somebody else tomorrow.
pub(super) fn key(customer: Option<&CustomerId>, phone: Option<&PhoneNumber>) -> Option<String> {
    match (customer, phone) {
        (Some(customer), _) => Some(format!("customer:{customer}")),
        (None, Some(phone)) if !phone.is_virtual() => Some(format!("phone:{}", phone.reveal())),
        _ => None,
    }
}

pub(super) async fn remember_in(
    tx: &mut Tx,
    who: &str,
    agent: &UserId,
    name: &str,
    call: Option<&CallId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "insert into last_agents (who, agent, name, call_id, at) values ($1, $2, $3, $4, $5) \
        on conflict (who) do update set agent = excluded.agent, name = excluded.name, call_id = excluded.call_id, at = excluded.at \
        where last_agents.at <= excluded.at";
    tx.exec(SQL, vals![who, agent.as_str(), name, call.map(CallId::as_str), at.as_millis()]).await.map(|_| ())
}

/// What was changed of a customer.
pub(super) struct Change<'a> {
    pub(super) kind: &'a str,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) reason: &'a str,
}

/// Writes a change down, in the transaction that makes it.
pub(super) async fn note_change(
    tx: &mut Tx,
    customer: &CustomerId,
    change: &Change<'_>,
    by: &Author,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "insert into customer_changes (id, customer, at, by_user, by_name, kind, before, after, reason) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Change { kind, before, after, reason } = *change;
    let args = vals![new_id(now), customer.as_str(), now.as_millis(), by.user.as_str(), &by.name, kind, before, after, reason];
    tx.exec(SQL, args).await.map(|_| ())
}
