//! Callers and members: who is behind a number, and what is remembered of them.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::db::{Row, Tx, Val, broken, vals};
use super::{Store, StoreError, lines, new_id, points};
use crate::domain::{Address, BlockLevel, BranchNumber, CustomerId, Language, Member, MemberNumber, PhoneNumber, RecordingId, Timestamp};
use crate::ivr::question::{Card, LastOrder};

/// A cart that was left is offered for so long.
pub(super) const CART_KEPT: Duration = Duration::from_secs(30 * 60);
/// Offers heard longer ago than any `repeat_days` are not told.
const OFFERS_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// Numbers that are looked up at once.
pub const MOST_PHONES: usize = 64;
/// Groups of a few sizes, filled up with their last number, so that a few prepared statements serve all.
const SIZES: [usize; 4] = [1, 4, 16, MOST_PHONES];

impl Store {
    /// Those of the first `MOST_PHONES` numbers about which anything is known at all, as `reveal` shows them.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn known_phones(&self, phones: &[&PhoneNumber]) -> Result<HashSet<String>, StoreError> {
        const TABLES: [&str; 7] = ["customer_phones", "languages", "block_list", "offers_heard", "carts", "orders", "riders"];
        let Some(last) = phones.last() else { return Ok(HashSet::new()) };
        let size = SIZES.into_iter().find(|size| phones.len() <= *size).unwrap_or(MOST_PHONES);
        let list: Vec<String> = (1..=size).map(|place| format!("${place}")).collect();
        let list = list.join(", ");
        let parts: Vec<String> = TABLES.iter().map(|table| format!("select phone from {table} where phone in ({list})")).collect();
        let args: Vec<Val> = (0..size).map(|place| Val::from(phones.get(place).unwrap_or(last).reveal())).collect();
        let rows = self.pool.rows(AssertSqlSafe(parts.join(" union ")), &args).await?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// Everything known about who calls from `phone`. One customer behind the number: all about them. Several: their
    /// members, so that the caller can choose; nothing personal.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn card_by_phone(&self, phone: &PhoneNumber, now: Timestamp) -> Result<Card, StoreError> {
        let number = phone.reveal();
        // Most callers of a busy line are strangers: one statement finds that out.
        const KNOWN: &str = "select 'customer', customer from customer_phones where phone = $1 \
            union all select 'language', language from languages where phone = $1 \
            union all select coalesce(degree, level), cast(until_at as text) from block_list where phone = $1 \
            union all select 'heard', offer from offers_heard where phone = $1 \
            union all select 'cart', id from carts where phone = $1 \
            union all select 'rider', id from riders where phone = $1 and retired = 0 \
            union all select 'order', null from (select id from orders where phone = $1 limit 1) as some_order";
        let known = self.pool.rows(KNOWN, vals![number]).await?;
        let mut card = Card::default();
        let (mut customers, mut blocks, mut more) = (Vec::new(), Vec::new(), false);
        for row in &known {
            match row.text(0)? {
                "customer" => customers.push(CustomerId::new(row.text(1)?)),
                "rider" => card.rider = Some(row.text(1)?.to_owned()),
                "language" => card.language = Language::from_tag(row.text(1)?),
                kind if kind == "allow" || BlockLevel::from_name(kind).is_some() => {
                    let over = row.opt_text(1)?.and_then(|until| until.parse().ok()).is_some_and(|until: i64| until <= now.as_millis());
                    if !over {
                        blocks.push(kind.to_owned());
                    }
                }
                _ => more = true,
            }
        }
        card.block = BlockLevel::strictest(blocks.iter().map(String::as_str));
        card.customer = match customers.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        };
        for customer in &customers {
            card.members.extend(self.members_of(customer).await?);
        }
        card.members.sort_by(|one, other| one.number.cmp(&other.number));
        if more {
            const HEARD: &str = "select offer, at from offers_heard where phone = $1 and at > $2";
            for row in self.pool.rows(HEARD, vals![number, now.before(OFFERS_KEPT).as_millis()]).await? {
                card.offers_heard.push((row.text(0)?.to_owned(), Timestamp::from_millis(row.int(1)?)));
            }
        }
        if more || card.customer.is_some() {
            let customer = card.customer.clone();
            self.history(&mut card, customer.as_ref(), Some(phone), now).await?;
        }
        Ok(card)
    }

    /// Everything known about this member; a card without members when there is no such number.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn card_by_member(&self, number: &MemberNumber, now: Timestamp) -> Result<Card, StoreError> {
        let mut card = Card::default();
        let Some(row) = self.pool.row("select customer from members where number = $1", vals![number.as_str()]).await? else {
            return Ok(card);
        };
        let customer = CustomerId::new(row.text(0)?);
        card.members = self.members_of(&customer).await?;
        card.members.retain(|member| member.number == *number);
        self.history(&mut card, Some(&customer), None, now).await?;
        card.customer = Some(customer);
        Ok(card)
    }

    /// Addresses, branches, cart, last order, points: of a customer, or (when there is none) of a number.
    async fn history(
        &self,
        card: &mut Card,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (by, who) = match (customer, phone) {
            (Some(customer), _) => (Who::Customer, customer.as_str()),
            (None, Some(phone)) => (Who::Phone, phone.reveal()),
            (None, None) => return Ok(()),
        };
        if by == Who::Customer {
            const SQL: &str = "select id, label, text, clip, recording, branch, unchecked from addresses where customer = $1 \
                order by used_at desc, created_at, id limit 20";
            card.addresses = self.pool.rows(SQL, vals![who]).await?.iter().map(address).collect::<Result<_, _>>()?;
        }
        let sql = match by {
            Who::Customer => "select cast(count(*) as bigint) from orders where customer = $1 and status = 'done' and via = 'keypad'",
            Who::Phone => "select cast(count(*) as bigint) from orders where phone = $1 and status = 'done' and via = 'keypad'",
        };
        let finished = self.pool.row(sql, vals![who]).await?.map_or(Ok(0), |row| row.int(0))?;
        card.finished_orders = u32::try_from(finished).unwrap_or(u32::MAX);
        let sql = match by {
            Who::Customer => {
                "select branch from orders where customer = $1 and fulfilment = 'pickup' group by branch order by max(placed_at) desc limit 3"
            }
            Who::Phone => {
                "select branch from orders where phone = $1 and fulfilment = 'pickup' group by branch order by max(placed_at) desc limit 3"
            }
        };
        for row in self.pool.rows(sql, vals![who]).await? {
            card.branches.extend(branch(row.opt_int(0)?));
        }
        card.cart = self.kept_cart(customer, phone, now).await?;
        let sql = match by {
            Who::Customer => {
                "select id, pay_fen, fulfilment from orders where customer = $1 and status <> 'cancelled' order by placed_at desc, number desc limit 1"
            }
            Who::Phone => {
                "select id, pay_fen, fulfilment from orders where phone = $1 and status <> 'cancelled' order by placed_at desc, number desc limit 1"
            }
        };
        if let Some(row) = self.pool.row(sql, vals![who]).await? {
            let cart = lines::cart_of(&self.pool.rows(lines::OF_ORDER, vals![row.text(0)?]).await?)?;
            let paid = crate::domain::Money::fen(row.int(1)?);
            card.last_order = Some(LastOrder { cart, paid, fulfilment: lines::fulfilment(row.text(2)?)? });
        }
        if let Some(customer) = customer {
            card.credit = self.credit_of(customer, now).await?;
        }
        if let [member] = card.members.as_slice() {
            card.points = points::balance(&self.ledger(&member.number).await?, now);
        }
        Ok(())
    }

    pub(super) async fn members_of(&self, customer: &CustomerId) -> Result<Vec<Member>, StoreError> {
        const SQL: &str =
            "select number, level, case when pin_hash is null then 0 else 1 end from members where customer = $1 order by number";
        let rows = self.pool.rows(SQL, vals![customer.as_str()]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let phones =
            self.pool.rows("select phone from customer_phones where customer = $1 order by phone", vals![customer.as_str()]).await?;
        let phones = phones.iter().map(|row| phone(row.text(0)?)).collect::<Result<Vec<_>, _>>()?;
        rows.iter()
            .map(|row| {
                Ok(Member {
                    number: member_number(row.text(0)?)?,
                    customer: customer.clone(),
                    level: row.text(1)?.to_owned(),
                    phones: phones.clone(),
                    has_pin: row.flag(2)?,
                })
            })
            .collect()
    }

    /// A new customer with these numbers.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_customer(&self, phones: &[PhoneNumber], now: Timestamp) -> Result<CustomerId, StoreError> {
        let mut tx = self.pool.begin(super::db::Durability::Full).await?;
        let customer = new_customer(&mut tx, phones, now).await?;
        tx.commit().await?;
        Ok(customer)
    }

    /// One more number of a customer.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_phone(&self, customer: &CustomerId, phone: &PhoneNumber) -> Result<(), StoreError> {
        self.write(
            "insert into customer_phones (phone, customer) values ($1, $2) on conflict (phone, customer) do nothing",
            vals![phone.reveal(), customer.as_str()],
        )
        .await
    }

    /// A new or changed address of a customer, found again by its id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_address(&self, customer: Option<&CustomerId>, address: &Address, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(super::db::Durability::Full).await?;
        put_address(&mut tx, customer, address, now).await?;
        tx.commit().await
    }

    /// A new or changed member; the PIN is set by `set_pin`.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_member(&self, number: &MemberNumber, customer: &CustomerId, level: &str) -> Result<(), StoreError> {
        const SQL: &str = "insert into members (number, customer, level) values ($1, $2, $3) \
            on conflict (number) do update set customer = excluded.customer, level = excluded.level";
        self.write(SQL, vals![number.as_str(), customer.as_str(), level]).await
    }

    /// The language that a caller chose.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_language(&self, phone: &PhoneNumber, language: Language, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into languages (phone, language, at) values ($1, $2, $3) \
            on conflict (phone) do update set language = excluded.language, at = excluded.at";
        self.write(SQL, vals![phone.reveal(), language.tag(), now.as_millis()]).await
    }

    /// The caller heard this offer.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn remember_offer_heard(&self, phone: &PhoneNumber, offer: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into offers_heard (phone, offer, at) values ($1, $2, $3) \
            on conflict (phone, offer) do update set at = excluded.at";
        self.write(SQL, vals![phone.reveal(), offer, now.as_millis()]).await
    }

    /// One writing statement in its own transaction, where the last moments before a power cut may be lost.
    pub(super) async fn write(&self, sql: &'static str, args: &[Val]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(super::db::Durability::Relaxed).await?;
        tx.exec(sql, args).await?;
        tx.commit().await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Customer,
    Phone,
}

/// Columns of an address, read by [`address`].
pub(super) const ADDRESS: &str = "id, label, text, clip, recording, branch, unchecked";

pub(super) async fn new_customer(tx: &mut Tx, phones: &[PhoneNumber], now: Timestamp) -> Result<CustomerId, StoreError> {
    let id = new_id(now);
    tx.exec("insert into customers (id, created_at) values ($1, $2)", vals![&id, now.as_millis()]).await?;
    for phone in phones {
        tx.exec("insert into customer_phones (phone, customer) values ($1, $2)", vals![phone.reveal(), &id]).await?;
    }
    Ok(CustomerId::new(id))
}

pub(super) async fn put_address(tx: &mut Tx, customer: Option<&CustomerId>, address: &Address, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "insert into addresses (id, customer, label, text, clip, recording, branch, unchecked, created_at, used_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (id) do update set customer = excluded.customer, label = excluded.label, \
        text = excluded.text, clip = excluded.clip, recording = excluded.recording, branch = excluded.branch, unchecked = excluded.unchecked";
    let recording = address.recording.as_ref().map(RecordingId::as_str);
    let branch = address.branch.map(|branch| i64::from(branch.get()));
    let customer = customer.map(CustomerId::as_str);
    let args = vals![
        &address.id,
        customer,
        &address.label,
        &address.text,
        address.clip.as_deref(),
        recording,
        branch,
        address.unchecked,
        now.as_millis()
    ];
    tx.exec(SQL, args).await.map(|_| ())
}

/// An address from the columns that [`ADDRESS`] names.
pub(super) fn address(row: &Row) -> Result<Address, StoreError> {
    Ok(Address {
        id: row.text(0)?.to_owned(),
        label: row.text(1)?.to_owned(),
        text: row.text(2)?.to_owned(),
        clip: row.opt_text(3)?.map(str::to_owned),
        recording: row.opt_text(4)?.map(RecordingId::new),
        branch: branch(row.opt_int(5)?),
        unchecked: row.flag(6)?,
    })
}

/// A branch number from a column; none when there is none or it is no branch number.
pub(super) fn branch(number: Option<i64>) -> Option<BranchNumber> {
    number.and_then(|number| u16::try_from(number).ok()).and_then(BranchNumber::new)
}

pub(super) fn phone(text: &str) -> Result<PhoneNumber, StoreError> {
    PhoneNumber::parse(text).ok_or_else(|| broken("telephone number", "****"))
}

pub(super) fn member_number(text: &str) -> Result<MemberNumber, StoreError> {
    MemberNumber::parse(text).ok_or_else(|| broken("member number", text))
}

/// The branch that an order's row names.
pub(super) fn cooked_by(number: i64) -> Result<BranchNumber, StoreError> {
    branch(Some(number)).ok_or_else(|| broken("branch number", number))
}
