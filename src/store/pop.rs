//! The screen pop (C56–C60): everything an agent sees of a customer, in one or two statements.

use std::sync::LazyLock;

use sqlx::AssertSqlSafe;

use super::carts::LEFT;
use super::db::{Row, vals};
use super::people::cooked_by;
use super::people::{CART_KEPT, branch, member_number, phone as stored_phone};
use super::{Store, StoreError, lines, points};
use crate::domain::{
    Address, BlockLevel, CustomerId, Favourite, Identity, Language, LastAgent, Money, OpenCase, OrderId, OrderNumber, OtherCustomer,
    PastOrder, PhoneNumber, PointsEntry, Pop, Quantity, RecordingId, Timestamp, UserId,
};

/// Customers on one number that an agent may choose from.
const OTHERS: u32 = 10;
/// Text and number columns of the one big statement.
const TEXTS: usize = 7;
const NUMBERS: usize = 7;

/// One kind of row of the big statement: its name, what fills the text columns, what fills the numbers, and from where.
fn part(kind: &str, texts: &[&str], numbers: &[&str], from: &str) -> String {
    let fill = |given: &[&str], width: usize, kind: &str| {
        let missing = format!("cast(null as {kind})");
        (0..width)
            .map(|place| given.get(place).map_or_else(|| missing.clone(), |column| (*column).to_owned()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("select '{kind}' as kind, {}, {} {from}", fill(texts, TEXTS, "text"), fill(numbers, NUMBERS, "bigint"))
}

/// `$1` the customer, `$2` the number that calls, `$3` carts saved after that, `$4` and `$5` the keys of who spoke with them last.
static EVERYTHING: LazyLock<String> = LazyLock::new(|| {
    const LAST_FIVE: &str = "(select * from orders where customer = $1 order by placed_at desc, number desc limit 5) as o";
    const PHONES: &str = "(select phone from customer_phones where customer = $1 union select cast($2 as text))";
    [
        part("self", &["name", "tastes", "allergies", "tags", "note", "owner", "team"], &[], "from customers where id = $1"),
        part("phone", &["phone"], &[], "from customer_phones where customer = $1"),
        part("never", &["agent"], &[], "from customer_never where customer = $1"),
        part(
            "address",
            &["id", "label", "text", "clip", "recording"],
            &["branch", "unchecked", "used_at"],
            "from (select * from addresses where customer = $1 order by used_at desc, created_at, id limit 20) as a",
        ),
        part("member", &["number", "level"], &[], "from members where customer = $1"),
        part(
            "points",
            &["p.member", "p.why"],
            &["p.at", "p.seq", "p.points", "p.expires"],
            "from members as m join points as p on p.member = m.number where m.customer = $1",
        ),
        part("order", &["o.id", "o.number", "o.status"], &["o.placed_at", "o.branch", "o.pay_fen"], &format!("from {LAST_FIVE}")),
        part(
            "line",
            &["l.order_id", "l.zh", "l.en", "l.note"],
            &["l.place", "l.dish", "l.quantity", "l.size", "l.spice", "l.price_fen", "l.amount_fen"],
            &format!("from {LAST_FIVE} join order_lines as l on l.order_id = o.id"),
        ),
        part(
            "sum",
            &[],
            &["cast(count(*) as bigint)", "cast(coalesce(sum(pay_fen), 0) as bigint)"],
            "from orders where customer = $1 and status <> 'cancelled'",
        ),
        part(
            "favourite",
            &[],
            &["f.dish", "f.portions", "f.times"],
            "from (select l.dish as dish, cast(sum(l.quantity) as bigint) as portions, cast(count(distinct l.order_id) as bigint) as times \
             from (select id from orders where customer = $1 and status <> 'cancelled' order by placed_at desc limit 50) as o \
             join order_lines as l on l.order_id = o.id group by l.dish order by 3 desc, 2 desc, 1 limit 5) as f",
        ),
        part(
            "case",
            &["number", "kind"],
            &["at"],
            "from (select number, kind, at from messages where (customer = $1 or (customer is null and phone = $2)) and status <> 'closed' \
             order by at desc limit 10) as c",
        ),
        part("block", &["phone", "coalesce(degree, level)"], &["until_at"], &format!("from block_list where phone in {PHONES}")),
        part("language", &["phone", "language"], &["at"], &format!("from languages where phone in {PHONES}")),
        part("agent", &["who", "agent", "name"], &["at"], "from last_agents where who in ($4, $5)"),
        part("cart", &["lines"], &["saved_at"], &format!("from carts where (customer = $1 or phone = $2) and saved_at > $3 and {LEFT}")),
    ]
    .join(" union all ")
});

impl Store {
    /// Everything about the customer who is named, or else about who calls from `phone`. Several customers on one number:
    /// their names to choose from, and nothing personal. `identity` says how they became known; it falls to unknown when
    /// nobody is.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn pop(
        &self,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        identity: Identity,
        now: Timestamp,
    ) -> Result<Pop, StoreError> {
        let mut pop = Pop { customer: customer.cloned(), identity, ..Pop::default() };
        if let (None, Some(phone)) = (customer, phone) {
            let mut found = self.customers_of(phone).await?;
            if let [one] = found.as_mut_slice() {
                pop.customer = Some(one.id.clone());
            } else {
                pop.others = found;
            }
        }
        if pop.customer.is_none() {
            pop.identity = Identity::Unknown;
        }
        let id = pop.customer.as_ref().map_or("", CustomerId::as_str).to_owned();
        let calling = phone.map_or("", PhoneNumber::reveal);
        let (by_customer, by_phone) = (format!("customer:{id}"), format!("phone:{calling}"));
        let args = vals![&id, calling, now.before(CART_KEPT).as_millis(), &by_customer, &by_phone];
        let rows = self.pool.rows(AssertSqlSafe(EVERYTHING.as_str()), args).await?;
        Found::default().read(&rows, calling, &by_customer, now)?.into_pop(pop, now)
    }

    /// The customers who have this number.
    pub(super) async fn customers_of(&self, phone: &PhoneNumber) -> Result<Vec<OtherCustomer>, StoreError> {
        const SQL: &str = "select c.id, c.name from customer_phones as p join customers as c on c.id = p.customer where p.phone = $1 \
            order by c.name, c.id limit $2";
        let rows = self.pool.rows(SQL, vals![phone.reveal(), OTHERS]).await?;
        rows.iter().map(|row| Ok(OtherCustomer { id: CustomerId::new(row.text(0)?), name: row.text(1)?.to_owned() })).collect()
    }
}

/// What the rows said, before it is put in order.
#[derive(Default)]
struct Found {
    pop: Pop,
    exists: bool,
    ledger: Vec<(i64, i64, PointsEntry)>,
    lines: Vec<(String, i64, crate::domain::OrderLine)>,
    addresses: Vec<(i64, Address)>,
    count: i64,
    cart_at: i64,
    language_at: Option<(bool, i64)>,
    /// Of the number that calls, and of the customer's other numbers.
    blocks: [Vec<String>; 2],
    agent_is_the_customers: bool,
}

/// Columns: the kind, then texts, then numbers.
fn text(row: &Row, place: usize) -> Result<String, StoreError> {
    row.text(1 + place).map(str::to_owned)
}

fn opt(row: &Row, place: usize) -> Result<Option<String>, StoreError> {
    Ok(row.opt_text(1 + place)?.map(str::to_owned))
}

fn number(row: &Row, place: usize) -> Result<i64, StoreError> {
    row.int(1 + TEXTS + place)
}

fn opt_number(row: &Row, place: usize) -> Result<Option<i64>, StoreError> {
    row.opt_int(1 + TEXTS + place)
}

/// A list that is kept one entry a line.
pub(super) fn list(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

impl Found {
    fn read(mut self, rows: &[Row], calling: &str, by_customer: &str, now: Timestamp) -> Result<Self, StoreError> {
        for row in rows {
            match row.text(0)? {
                "self" => self.myself(row)?,
                "phone" => self.pop.phones.push(stored_phone(row.text(1)?)?),
                "never" => self.pop.never.push(UserId::new(text(row, 0)?)),
                "address" => self.address(row)?,
                "member" if self.pop.member.is_none() => {
                    self.pop.member = Some(member_number(row.text(1)?)?);
                    self.pop.level = Some(text(row, 1)?);
                }
                "points" => {
                    let entry = PointsEntry {
                        at: Timestamp::from_millis(number(row, 0)?),
                        points: number(row, 2)?,
                        expires: opt_number(row, 3)?.map(Timestamp::from_millis),
                        why: text(row, 1)?,
                    };
                    self.ledger.push((number(row, 0)?, number(row, 1)?, entry));
                }
                "order" => self.pop.orders.push(PastOrder {
                    id: OrderId::new(text(row, 0)?),
                    number: OrderNumber::new(text(row, 1)?),
                    placed_at: Timestamp::from_millis(number(row, 0)?),
                    status: lines::status(row.text(3)?)?,
                    branch: cooked_by(number(row, 1)?)?,
                    pay: Money::fen(number(row, 2)?),
                    lines: Vec::new(),
                }),
                "line" => self.line(row)?,
                "sum" => (self.count, self.pop.spent) = (number(row, 0)?, Money::fen(number(row, 1)?)),
                "favourite" => self.favourite(row)?,
                "case" => {
                    let at = Timestamp::from_millis(number(row, 0)?);
                    self.pop.cases.push(OpenCase { number: text(row, 0)?, kind: text(row, 1)?, at });
                }
                "block" if opt_number(row, 0)?.is_none_or(|until| until > now.as_millis()) => {
                    self.blocks[usize::from(row.text(1)? != calling)].push(text(row, 1)?);
                }
                "language" => {
                    // What was chosen at this telephone counts before what was chosen elsewhere.
                    let rank = Some((row.text(1)? == calling, number(row, 0)?));
                    if rank > self.language_at {
                        self.language_at = rank;
                        self.pop.language = Language::from_tag(row.text(2)?).unwrap_or_default();
                    }
                }
                "agent" => {
                    let the_customers = row.text(1)? == by_customer;
                    if the_customers || !self.agent_is_the_customers {
                        self.agent_is_the_customers = the_customers;
                        let at = Timestamp::from_millis(number(row, 0)?);
                        self.pop.last_agent = Some(LastAgent { agent: UserId::new(text(row, 1)?), name: text(row, 2)?, at });
                    }
                }
                "cart" if number(row, 0)? >= self.cart_at => {
                    self.cart_at = number(row, 0)?;
                    self.pop.cart = Some(lines::cart_from_text(row.text(1)?)).filter(|cart| !cart.lines.is_empty());
                }
                _ => {}
            }
        }
        Ok(self)
    }

    fn myself(&mut self, row: &Row) -> Result<(), StoreError> {
        let pop = &mut self.pop;
        self.exists = true;
        (pop.name, pop.note) = (text(row, 0)?, text(row, 4)?);
        (pop.tastes, pop.allergies, pop.tags) = (list(row.text(2)?), list(row.text(3)?), list(row.text(4)?));
        pop.vip = pop.tags.iter().any(|tag| tag.eq_ignore_ascii_case("vip") || tag == "贵宾");
        (pop.owner, pop.team) = (opt(row, 5)?.map(UserId::new), opt(row, 6)?);
        Ok(())
    }

    fn address(&mut self, row: &Row) -> Result<(), StoreError> {
        let address = Address {
            id: text(row, 0)?,
            label: text(row, 1)?,
            text: text(row, 2)?,
            clip: opt(row, 3)?,
            recording: opt(row, 4)?.map(RecordingId::new),
            branch: branch(opt_number(row, 0)?),
            unchecked: number(row, 1)? != 0,
        };
        self.addresses.push((number(row, 2)?, address));
        Ok(())
    }

    fn line(&mut self, row: &Row) -> Result<(), StoreError> {
        use super::db::Cell;
        let cell = |place: usize| row.0.get(place).cloned().unwrap_or(Cell::Null);
        let n = |place: usize| cell(1 + TEXTS + place);
        let line = lines::line(&Row(vec![n(1), cell(2), cell(3), n(2), n(3), n(4), n(5), n(6), cell(4)]))?;
        self.lines.push((text(row, 0)?, number(row, 0)?, line));
        Ok(())
    }

    fn favourite(&mut self, row: &Row) -> Result<(), StoreError> {
        let times = number(row, 2)?.max(1);
        let portions = ((number(row, 1)? + times / 2) / times).clamp(1, 99);
        if let Some(portions) = u16::try_from(portions).ok().and_then(Quantity::new) {
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            self.pop.favourites.push(Favourite { dish: lines::dish(number(row, 0)?)?, portions, times });
        }
        Ok(())
    }

    fn into_pop(mut self, asked: Pop, now: Timestamp) -> Result<Pop, StoreError> {
        let mut pop = std::mem::take(&mut self.pop);
        // A customer who was named and is not there is nobody.
        if self.exists {
            (pop.customer, pop.identity) = (asked.customer, asked.identity);
        }
        pop.others = asked.others;
        self.ledger.sort_by_key(|(at, seq, _)| (*at, *seq));
        let ledger: Vec<PointsEntry> = self.ledger.into_iter().map(|(_, _, entry)| entry).collect();
        if pop.member.is_some() {
            pop.points = Some(points::balance(&ledger, now));
            pop.points_entries = ledger.into_iter().rev().take(5).collect();
        }
        self.addresses.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        pop.addresses = self.addresses.into_iter().map(|(_, address)| address).collect();
        pop.phones.sort();
        pop.never.sort();
        pop.orders.sort_by(|one, other| (other.placed_at, &other.number).cmp(&(one.placed_at, &one.number)));
        self.lines.sort_by_key(|(_, place, _)| *place);
        for (order, _, line) in self.lines {
            if let Some(of) = pop.orders.iter_mut().find(|past| past.id.as_str() == order) {
                of.lines.push(line);
            }
        }
        pop.favourites.sort_by_key(|favourite| (std::cmp::Reverse(favourite.times), favourite.dish));
        pop.order_count = u32::try_from(self.count).unwrap_or(u32::MAX);
        pop.average = Money::fen(pop.spent.as_fen() / self.count.max(1));
        pop.block = self
            .blocks
            .iter()
            .find(|levels| !levels.is_empty())
            .and_then(|levels| BlockLevel::strictest(levels.iter().map(String::as_str)));
        Ok(pop)
    }
}
