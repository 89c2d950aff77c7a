//! Members brought in and out as a table; their points are a ledger and stay as they are.

use super::db::{Durability, Tx, vals};
use super::people::{member_number, new_customer, phone};
use super::sticky::{Author, Change, note_change};
use super::{Store, StoreError, journal};
use crate::domain::{CustomerId, MemberNumber, PhoneNumber, Timestamp};

/// A member as a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    pub number: MemberNumber,
    pub level: String,
    pub name: String,
    /// Sorted.
    pub phones: Vec<PhoneNumber>,
}

const MEMBERS: &str = "select m.number, m.level, c.name, p.phone from members as m join customers as c on c.id = m.customer \
    left join customer_phones as p on p.customer = m.customer order by m.number, p.phone";

fn members(rows: &[super::db::Row]) -> Result<Vec<MemberRow>, StoreError> {
    let mut all: Vec<MemberRow> = Vec::new();
    for row in rows {
        let number = member_number(row.text(0)?)?;
        if all.last().is_none_or(|last| last.number != number) {
            all.push(MemberRow { number, level: row.text(1)?.to_owned(), name: row.text(2)?.to_owned(), phones: Vec::new() });
        }
        if let (Some(last), Some(found)) = (all.last_mut(), row.opt_text(3)?) {
            last.phones.push(phone(found)?);
        }
    }
    Ok(all)
}

impl Store {
    /// All members by number.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn member_rows(&self) -> Result<Vec<MemberRow>, StoreError> {
        members(&self.pool.rows(MEMBERS, &[]).await?)
    }

    /// Makes members as the rows say, all or none: new ones, or another level, name and set of numbers. `still` looks at all
    /// members as they are in the transaction and says whether the rows still mean what was shown.
    ///
    /// # Errors
    /// `Conflict` when they do not; then nothing has changed.
    pub async fn put_members(
        &self,
        rows: &[MemberRow],
        still: impl FnOnce(&[MemberRow]) -> bool + Send,
        by: &Author,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first: two people who bring members in take turns.
        tx.exec("update shop set catalogue_version = catalogue_version where id = 1", &[]).await?;
        if !still(&members(&tx.rows(MEMBERS, &[]).await?)?) {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        for row in rows {
            put(&mut tx, row, by, now).await?;
            let data = serde_json::json!({ "level": row.level, "by": by.name });
            journal::append(&mut tx, now, "member_changed", row.number.as_str(), &data).await?;
        }
        self.told(tx).await
    }
}

async fn put(tx: &mut Tx, row: &MemberRow, by: &Author, now: Timestamp) -> Result<(), StoreError> {
    const CHANGE: &str = "update members set level = $2, revision = revision + 1 where number = $1 returning customer";
    let (customer, new) = match tx.row(CHANGE, vals![row.number.as_str(), &row.level]).await? {
        Some(found) => (CustomerId::new(found.text(0)?), false),
        None => {
            let customer = match caller(tx, row).await? {
                Some(customer) => customer,
                None => new_customer(tx, &[], now).await?,
            };
            let member = vals![row.number.as_str(), customer.as_str(), &row.level];
            tx.exec("insert into members (number, customer, level) values ($1, $2, $3)", member).await?;
            (customer, true)
        }
    };
    let id = vals![customer.as_str()];
    let known = tx.row("select name from customers where id = $1", id).await?;
    let name = known.map_or(Ok(String::new()), |known| known.text(0).map(str::to_owned))?;
    // A table that makes somebody we know a member does not take away what we know.
    if row.name != name && !(new && row.name.is_empty()) {
        tx.exec("update customers set name = $1 where id = $2", vals![&row.name, customer.as_str()]).await?;
        note_change(tx, &customer, &Change { kind: "name", before: &name, after: &row.name, reason: "" }, by, now).await?;
    }
    let mut phones: Vec<String> = Vec::new();
    for found in tx.rows("select phone from customer_phones where customer = $1 order by phone", id).await? {
        phones.push(found.text(0)?.to_owned());
    }
    let mut after: Vec<String> = row.phones.iter().map(|phone| phone.reveal().to_owned()).collect();
    if new {
        after.extend(phones.iter().cloned());
    }
    after.sort();
    after.dedup();
    if after != phones {
        tx.exec("delete from customer_phones where customer = $1", id).await?;
        for phone in &after {
            tx.exec("insert into customer_phones (phone, customer) values ($1, $2)", vals![phone, customer.as_str()]).await?;
        }
        let change = Change {
            kind: "phones",
            before: &phones.join(
                "
",
            ),
            after: &after.join(
                "
",
            ),
            reason: "",
        };
        note_change(tx, &customer, &change, by, now).await?;
    }
    Ok(())
}

/// The one customer who calls from these numbers and is no member yet: the membership is theirs, with what is known of them.
async fn caller(tx: &mut Tx, row: &MemberRow) -> Result<Option<CustomerId>, StoreError> {
    const SQL: &str = "select distinct p.customer from customer_phones as p where p.phone = $1 \
        and not exists (select 1 from members as m where m.customer = p.customer)";
    let mut found: Vec<String> = Vec::new();
    for number in &row.phones {
        for customer in tx.rows(SQL, vals![number.reveal()]).await? {
            found.push(customer.text(0)?.to_owned());
        }
    }
    found.sort();
    found.dedup();
    Ok(match found.as_slice() {
        [one] => Some(CustomerId::new(one.clone())),
        _ => None,
    })
}
