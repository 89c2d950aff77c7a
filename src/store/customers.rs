//! Customers as agents work with them: found, made, changed with a trace, and their timeline.

use super::db::{Durability, Row, Tx, vals};
use super::people::{branch, new_customer, phone as stored_phone, put_address};
use super::sticky::{Author, Change, note_change};
use super::{Store, StoreError, new_id};
use crate::domain::{Address, BranchNumber, CustomerId, MemberNumber, PhoneNumber, Timestamp};

/// Found at most so many.
const MOST_FOUND: u32 = 20;

/// One customer that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCustomer {
    pub id: CustomerId,
    pub name: String,
    pub member: Option<String>,
    pub level: Option<String>,
    pub phones: Vec<PhoneNumber>,
    pub last_order_at: Option<Timestamp>,
}

/// What is to be changed of a customer; none leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerEdit {
    pub name: Option<String>,
    pub tastes: Option<Vec<String>>,
    pub allergies: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    pub note: Option<String>,
    pub team: Option<String>,
    /// `MM-DD`; empty when it is not known.
    pub birthday: Option<String>,
}

/// One thing that happened with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    pub at: Timestamp,
    /// `call`, `order`, `case`, `change`, `block`.
    pub kind: String,
    /// Id of the call, number of the order or case, field that was changed, level of the block.
    pub subject: String,
    /// How a call ended, status of an order or case, who changed something.
    pub state: String,
    /// Agent of the call, or who did it.
    pub by: String,
    /// Note of the wrap-up, reason of the change.
    pub text: String,
    /// What was there before, and after it.
    pub before: String,
    pub after: String,
    /// Disposition of a call, sum of an order in fen, end of a block.
    pub number: Option<i64>,
}

impl Store {
    /// Customers by telephone number or its last digits (four or more), member number, or part of the name.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn search_customers(&self, query: &str) -> Result<Vec<FoundCustomer>, StoreError> {
        let query = query.trim();
        let digits: String = query.chars().filter(char::is_ascii_digit).collect();
        let is_number = !digits.is_empty() && query.chars().all(|c| c.is_ascii_digit() || " -+()".contains(c));
        let mut ids: Vec<String> = Vec::new();
        let mut add = |rows: Vec<Row>| -> Result<(), StoreError> {
            for row in rows {
                let id = row.text(0)?.to_owned();
                if !ids.contains(&id) && ids.len() < MOST_FOUND as usize {
                    ids.push(id);
                }
            }
            Ok(())
        };
        if is_number {
            const MEMBER: &str = "select customer from members where number = $1";
            const EXACT: &str = "select customer from customer_phones where phone = $1 limit 20";
            const TAIL: &str =
                "select customer from customer_phones where substr(phone, length(phone) - 3) = $1 and phone like $2 limit 20";
            add(self.pool.rows(MEMBER, vals![&digits]).await?)?;
            if let Some(phone) = PhoneNumber::parse(query) {
                add(self.pool.rows(EXACT, vals![phone.reveal()]).await?)?;
            }
            if digits.len() >= 4 {
                add(self.pool.rows(TAIL, vals![&digits[digits.len() - 4..], format!("%{digits}")]).await?)?;
            }
        } else if !query.is_empty() {
            const BEGINS: &str = "select id from customers where name like $1 escape '\\' order by name, id limit 20";
            const HAS: &str = "select id from customers where lower(name) like lower($1) escape '\\' order by name, id limit 20";
            let plain = query.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            add(self.pool.rows(BEGINS, vals![format!("{plain}%")]).await?)?;
            add(self.pool.rows(HAS, vals![format!("%{plain}%")]).await?)?;
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.found(&id).await?);
        }
        Ok(found)
    }

    async fn found(&self, id: &str) -> Result<Option<FoundCustomer>, StoreError> {
        const SQL: &str = "select 'self', name, null, (select max(placed_at) from orders where customer = $1) from customers where id = $1 \
            union all select * from (select 'member', number, level, cast(null as bigint) from members where customer = $1 order by number limit 1) as m \
            union all select 'phone', phone, null, null from customer_phones where customer = $1";
        let mut found = FoundCustomer {
            id: CustomerId::new(id),
            name: String::new(),
            member: None,
            level: None,
            phones: Vec::new(),
            last_order_at: None,
        };
        let mut exists = false;
        for row in self.pool.rows(SQL, vals![id]).await? {
            match row.text(0)? {
                "self" => {
                    exists = true;
                    found.name = row.text(1)?.to_owned();
                    found.last_order_at = row.opt_int(3)?.map(Timestamp::from_millis);
                }
                "member" => {
                    (found.member, found.level) = (Some(row.text(1)?.to_owned()), row.opt_text(2)?.map(str::to_owned));
                }
                _ => found.phones.push(stored_phone(row.text(1)?)?),
            }
        }
        found.phones.sort();
        Ok(exists.then_some(found))
    }

    /// A new customer with a name and a number.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn create_customer(&self, name: &str, phones: &[PhoneNumber], by: &Author, now: Timestamp) -> Result<CustomerId, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let customer = new_customer(&mut tx, phones, now).await?;
        tx.exec("update customers set name = $1 where id = $2", vals![name, customer.as_str()]).await?;
        note_change(&mut tx, &customer, &Change { kind: "name", before: "", after: name, reason: "created" }, by, now).await?;
        tx.commit().await?;
        Ok(customer)
    }

    /// Changes what is given, and writes down what was there before.
    ///
    /// # Errors
    /// `Conflict` when there is no such customer.
    pub async fn edit_customer(
        &self,
        customer: &CustomerId,
        edit: &CustomerEdit,
        reason: &str,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const KINDS: [&str; 7] = ["name", "tastes", "allergies", "tags", "note", "team", "birthday"];
        let lines = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.join("\n"));
        let lists = [lines(&edit.tastes), lines(&edit.allergies), lines(&edit.tags)];
        let [tastes, allergies, tags] = lists;
        let wanted = [edit.name.clone(), tastes, allergies, tags, edit.note.clone(), edit.team.clone(), edit.birthday.clone()];
        let mut tx = self.pool.begin(Durability::Full).await?;
        lock(&mut tx, customer).await?;
        const NOW: &str = "select name, tastes, allergies, tags, note, coalesce(team, ''), birthday from customers where id = $1";
        let row = tx.row(NOW, vals![customer.as_str()]).await?.ok_or(StoreError::Conflict)?;
        for (place, (kind, after)) in KINDS.into_iter().zip(&wanted).enumerate() {
            let Some(after) = after.as_deref().filter(|after| row.text(place).is_ok_and(|before| before != *after)) else { continue };
            // The names come from the list above.
            let sql = format!("update customers set {kind} = $1 where id = $2");
            tx.exec(sqlx::AssertSqlSafe(sql), vals![after, customer.as_str()]).await?;
            note_change(&mut tx, customer, &Change { kind, before: row.text(place)?, after, reason }, by, now).await?;
        }
        tx.commit().await
    }

    /// `MM-DD`, when it is known.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn birthday(&self, customer: &CustomerId) -> Result<Option<String>, StoreError> {
        let row = self.pool.row("select birthday from customers where id = $1 and birthday <> ''", vals![customer.as_str()]).await?;
        row.map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// These numbers, and no others, are this customer's.
    ///
    /// # Errors
    /// `Conflict` when there is no such customer.
    pub async fn set_phones(&self, customer: &CustomerId, phones: &[PhoneNumber], by: &Author, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        lock(&mut tx, customer).await?;
        let before = tx.rows("select phone from customer_phones where customer = $1 order by phone", vals![customer.as_str()]).await?;
        let before: Vec<&str> = before.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        tx.exec("delete from customer_phones where customer = $1", vals![customer.as_str()]).await?;
        for phone in phones {
            const SQL: &str = "insert into customer_phones (phone, customer) values ($1, $2) on conflict (phone, customer) do nothing";
            tx.exec(SQL, vals![phone.reveal(), customer.as_str()]).await?;
        }
        let after: Vec<&str> = phones.iter().map(PhoneNumber::reveal).collect();
        let change = Change { kind: "phones", before: &before.join("\n"), after: &after.join("\n"), reason: "" };
        note_change(&mut tx, customer, &change, by, now).await?;
        tx.commit().await
    }

    /// A new address; unchecked while nobody has said which branch covers it.
    ///
    /// # Errors
    /// `Conflict` when there is no such customer.
    pub async fn add_address(
        &self,
        customer: &CustomerId,
        label: &str,
        text: &str,
        branch: Option<BranchNumber>,
        by: &Author,
        now: Timestamp,
    ) -> Result<Address, StoreError> {
        let (label, text) = (label.to_owned(), text.to_owned());
        let address = Address { id: new_id(now), label, text, clip: None, recording: None, branch, unchecked: branch.is_none() };
        let mut tx = self.pool.begin(Durability::Full).await?;
        lock(&mut tx, customer).await?;
        put_address(&mut tx, Some(customer), &address, now).await?;
        let change = Change { kind: "address", before: "", after: &address.text, reason: "" };
        note_change(&mut tx, customer, &change, by, now).await?;
        tx.commit().await?;
        Ok(address)
    }

    /// One address, with the customer whose it is.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn address(&self, id: &str) -> Result<Option<(Option<CustomerId>, Address)>, StoreError> {
        let sql = format!("select {}, customer from addresses where id = $1", super::people::ADDRESS);
        let row = self.pool.row(sqlx::AssertSqlSafe(sql), vals![id]).await?;
        row.map(|row| Ok((row.opt_text(7)?.map(CustomerId::new), super::people::address(&row)?))).transpose()
    }

    /// The membership that counts: the one that is named, when it is this customer's; else the customer's first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn membership(
        &self,
        named: Option<&MemberNumber>,
        customer: Option<&CustomerId>,
    ) -> Result<Option<(MemberNumber, String)>, StoreError> {
        const SQL: &str =
            "select number, level from members where ($1 = '' or number = $1) and ($2 = '' or customer = $2) order by number limit 1";
        let (number, owner) = (named.map_or("", MemberNumber::as_str), customer.map_or("", CustomerId::as_str));
        if number.is_empty() && owner.is_empty() {
            return Ok(None);
        }
        let row = self.pool.row(SQL, vals![number, owner]).await?;
        row.map(|row| Ok((super::people::member_number(row.text(0)?)?, row.text(1)?.to_owned()))).transpose()
    }

    /// Where the last delivery to this customer came from.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn last_branch(&self, customer: &CustomerId) -> Result<Option<BranchNumber>, StoreError> {
        const SQL: &str = "select branch from orders where customer = $1 order by placed_at desc, number desc limit 1";
        let row = self.pool.row(SQL, vals![customer.as_str()]).await?;
        Ok(row.and_then(|row| branch(row.opt_int(0).ok().flatten())))
    }

    /// What happened with a customer, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn timeline(&self, customer: &CustomerId, limit: u32) -> Result<Vec<Happened>, StoreError> {
        // at, kind, subject, state, by, text, before, after, number; each part is short by itself.
        const SQL: &str = "select * from (select c.arrived_at, 'call', c.id, coalesce(c.end_reason, ''), coalesce(w.agent_name, ''), \
            coalesce(w.note, ''), '', '', w.disposition from calls as c left join wrap_ups as w on w.call_id = c.id and w.disposition is not null \
            where c.customer = $1 order by c.arrived_at desc limit $2) as calls \
            union all select * from (select placed_at, 'order', number, status, coalesce(agent_name, ''), coalesce(remark, ''), '', '', pay_fen \
            from orders where customer = $1 order by placed_at desc limit $2) as orders_of \
            union all select * from (select at, 'case', number, status, '', kind, '', '', cast(null as bigint) \
            from messages where customer = $1 order by at desc limit $2) as cases \
            union all select * from (select at, 'change', kind, '', by_name, reason, before, after, cast(null as bigint) \
            from customer_changes where customer = $1 order by at desc limit $2) as changes \
            union all select * from (select b.at, 'block', b.level, '', b.by_name, b.reason, '', '', b.until_at from block_changes as b \
            where b.phone in (select phone from customer_phones where customer = $1) order by b.at desc limit $2) as blocks";
        let mut all = Vec::new();
        for row in self.pool.rows(SQL, vals![customer.as_str(), limit]).await? {
            let text = |place| row.text(place).map(str::to_owned);
            all.push(Happened {
                at: Timestamp::from_millis(row.int(0)?),
                kind: text(1)?,
                subject: text(2)?,
                state: text(3)?,
                by: text(4)?,
                text: text(5)?,
                before: text(6)?,
                after: text(7)?,
                number: row.opt_int(8)?,
            });
        }
        all.sort_by_key(|happened| std::cmp::Reverse(happened.at));
        all.truncate(limit as usize);
        Ok(all)
    }
}

/// Two who change the same customer meet at its row.
async fn lock(tx: &mut Tx, customer: &CustomerId) -> Result<(), StoreError> {
    match tx.exec("update customers set note = note where id = $1", vals![customer.as_str()]).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}
