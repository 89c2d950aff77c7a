//! Sample members, addresses and orders for `serve --demo`: somebody to be when one rings for the first time.

use std::time::Duration;

use super::db::{Durability, Tx, vals};
use super::journal::Entries;
use super::people::{new_customer, put_address};
use super::{Store, StoreError, catalogue as shelf, lines, new_id, points};
use crate::domain::{
    Address, BlockLevel, BranchNumber, Cart, CartLine, Catalogue, CustomerId, Language, MemberNumber, MenuNumber, OrderStatus, PhoneNumber,
    Place, PointsEntry, Quantity, Timestamp,
};
use crate::order::life::{Actor, ActorKind, Delivered, Life, Outcome, Owner, Start};
use crate::order::pricing::quote;

/// What was put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DemoFilled {
    pub members: u32,
    pub orders: u32,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Number, level, phone, PIN.
const MEMBERS: [(&str, &str, &str, Option<&str>); 4] = [
    ("102938", "gold", "13800138000", Some("1234")),
    ("200001", "regular", "13900139000", Some("2580")),
    ("300002", "silver", "13700137000", None),
    ("400003", "diamond", "13700137000", None),
];

/// Name, tastes, allergies, tags and note of each member: what an agent sees of them.
const CARDS: [(&str, &str, &str, &str, &str); 4] = [
    ("王晓梅", "少辣\n不要葱", "花生", "", "喜欢早一点送"),
    ("李建国", "", "", "", ""),
    ("陈静", "微辣", "", "常点外送", ""),
    ("陈浩", "", "海鲜", "VIP", ""),
];

/// Member, label, text, clip, branch.
const ADDRESSES: [(&str, &str, &str, &str, u16); 4] = [
    ("102938", "家", "漕溪北路八十八号", "address-caoxi", 1),
    ("102938", "公司", "南京西路一千零三十八号", "address-nanjing", 2),
    ("200001", "家", "莘松路一百二十号", "address-xinsong", 3),
    ("300002", "家", "漕溪北路八十八号", "address-caoxi", 1),
];

/// Riders of branch 1, with the numbers from which they report.
const RIDERS: [(&str, &str); 2] = [("老周", "13500135001"), ("小陈", "13500135002")];

struct DemoOrder {
    member: usize,
    /// Dishes and portions; a hundred and forty yuan of the first are 126 for a gold member.
    lines: &'static [(u16, u16)],
    /// Before now.
    placed: Duration,
    status: OrderStatus,
    delivery: bool,
}

const ORDERS: [DemoOrder; 5] = [
    DemoOrder {
        member: 0,
        lines: &[(18, 2), (21, 1), (3, 1)],
        placed: Duration::from_secs(7 * 24 * 3600),
        status: OrderStatus::Done,
        delivery: true,
    },
    DemoOrder {
        member: 1,
        lines: &[(61, 2), (50, 2)],
        placed: Duration::from_secs(3 * 24 * 3600),
        status: OrderStatus::Done,
        delivery: true,
    },
    DemoOrder {
        member: 2,
        lines: &[(63, 1), (81, 1)],
        placed: Duration::from_secs(5 * 24 * 3600),
        status: OrderStatus::Cancelled,
        delivery: false,
    },
    DemoOrder {
        member: 2,
        lines: &[(26, 1), (60, 2), (25, 1)],
        placed: Duration::from_secs(40 * 60),
        status: OrderStatus::Out,
        delivery: true,
    },
    DemoOrder { member: 2, lines: &[(70, 2)], placed: Duration::from_secs(5 * 60), status: OrderStatus::New, delivery: false },
];

impl Store {
    /// Fills a store that has no members, after the house was imported; another one is left as it is.
    ///
    /// # Errors
    /// When the store cannot write; then nothing was put in.
    pub async fn fill_demo(&self, now: Timestamp) -> Result<DemoFilled, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first; it also makes everybody load what is sold out.
        shelf::raise_version(&mut tx).await?;
        if tx.row("select number from members limit 1", &[]).await?.is_some() {
            tx.undo().await?;
            return Ok(DemoFilled::default());
        }
        let catalogue = shelf::catalogue_in(&mut tx).await?;
        let mut customers = Vec::new();
        const CARD: &str = "update customers set name = $1, tastes = $2, allergies = $3, tags = $4, note = $5 where id = $6";
        for ((number, level, phone, _), (name, tastes, allergies, tags, note)) in MEMBERS.into_iter().zip(CARDS) {
            let customer = new_customer(&mut tx, &[known(phone)], now).await?;
            tx.exec(CARD, vals![name, tastes, allergies, tags, note, customer.as_str()]).await?;
            tx.exec("insert into members (number, customer, level) values ($1, $2, $3)", vals![number, customer.as_str(), level]).await?;
            customers.push(customer);
        }
        let addresses = put_addresses(&mut tx, &customers, now).await?;
        let mut filled = DemoFilled { members: 4, orders: 0 };
        for order in &ORDERS {
            if self.put_order(&mut tx, &catalogue, order, &customers[order.member], &addresses, now).await? {
                filled.orders += 1;
            }
        }
        const RIDER: &str =
            "insert into riders (id, branch, name, phone, in_at, owed_fen, retired, changed_at) values ($1, 1, $2, $3, $4, 0, 0, $4)";
        for (name, phone) in RIDERS {
            tx.exec(RIDER, vals![new_id(now), name, phone, now.as_millis()]).await?;
        }
        let new_year = |years: i16| {
            let year = self.clock.local(now).year().saturating_add(years);
            self.clock.timestamp(jiff::civil::date(year, 1, 1).at(0, 0, 0, 0))
        };
        for (member, earned, expires) in [("102938", 60, new_year(2)), ("200001", 450, new_year(1)), ("200001", 2000, new_year(2))] {
            let entry = PointsEntry { at: now.before(3 * DAY), points: earned, expires: Some(expires), why: "order done".into() };
            points::append(&mut tx, &member_number(member), &entry, None).await?;
        }
        let gone = vals!["212:*", 212_i64, Option::<i64>::None, now.after(365 * DAY).as_millis()];
        tx.exec("insert into sold_out (id, dish, branch, until_at) values ($1, $2, $3, $4) on conflict (id) do nothing", gone).await?;
        tx.commit().await?;
        for (number, _, phone, pin) in MEMBERS {
            if pin.is_some() {
                self.set_pin(&member_number(number), pin, now).await?;
            }
            // Regular guests chose their language long ago.
            self.remember_language(&known(phone), Language::Mandarin, now).await?;
        }
        self.block(&known("13100131000"), BlockLevel::Soft, None, "demonstration", now).await?;
        self.block(&known("13100131999"), BlockLevel::Hard, None, "demonstration", now).await?;
        Ok(filled)
    }

    async fn put_order(
        &self,
        tx: &mut Tx,
        catalogue: &Catalogue,
        order: &DemoOrder,
        customer: &CustomerId,
        addresses: &[(usize, Address)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "insert into orders (id, key, number, customer, member, phone, language, via, status, fulfilment, branch, address_id, \
            address_text, goods_fen, fee_fen, pay_fen, points, fingerprint, placed_at, promised_at, out_at, done_at, changed_at) \
            values ($1, $1, $2, $3, $4, $5, 'zh-CN', 'keypad', $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16, $17, $18, $15)";
        let address = addresses.iter().find(|(member, _)| order.delivery && *member == order.member).map(|(_, address)| address);
        let branch = address.and_then(|address| address.branch).or_else(|| BranchNumber::new(1));
        let Some(branch) = branch else { return Ok(false) };
        let place = match address {
            Some(address) => Place::Saved { address: address.id.clone(), text: address.text.clone(), branch },
            None => Place::Pickup { branch },
        };
        let line = |&(dish, quantity): &(u16, u16)| {
            Some(CartLine { dish: MenuNumber::new(dish)?, quantity: Quantity::new(quantity)?, size: None, spice: None })
        };
        let cart = Cart { lines: order.lines.iter().filter_map(line).collect() };
        let placed_at = now.before(order.placed);
        let (number, level, phone, _) = MEMBERS[order.member];
        let quote = quote(catalogue, &cart, Some(level), self.clock.local(placed_at), Some(&place), 0);
        if !quote.missing.is_empty() || !catalogue.branches.contains_key(&branch) {
            return Ok(false);
        }
        let (out_at, done_at) = match order.status {
            OrderStatus::Done => (Some(placed_at.after(25 * MINUTE)), Some(placed_at.after(41 * MINUTE))),
            OrderStatus::Out => (Some(now.before(12 * MINUTE)), None),
            _ => (None, None),
        };
        let day = self.clock.local(placed_at).date().strftime("%y%m%d").to_string();
        let spoken = format!("{day}{:04}", tx.count(&format!("orders:{day}"), 1).await?);
        let id = new_id(placed_at);
        let args = vals![
            &id,
            &spoken,
            customer.as_str(),
            number,
            phone,
            order.status.name(),
            lines::fulfilment_name(place.fulfilment()),
            branch.get(),
            address.map(|address| address.id.as_str()),
            address.map_or("", |address| &address.text),
            quote.goods.as_fen(),
            quote.fee.as_fen(),
            quote.pay.as_fen(),
            lines::fingerprint(&cart),
            placed_at.as_millis(),
            placed_at.after(45 * MINUTE).as_millis(),
            out_at.map(Timestamp::as_millis),
            done_at.map(Timestamp::as_millis),
        ];
        tx.exec(SQL, args).await?;
        lines::put(tx, &id, &quote.lines, &quote.discounts).await?;
        let promised_at = placed_at.after(45 * MINUTE);
        let times = catalogue.times(branch, None);
        let start =
            Start { branch, why: "address", fulfilment: place.fulfilment(), times, promised_at, spoken_address: false, later: false };
        let mut life = Life::begin(&start, now, &self.rules);
        (life.status, life.out_at, life.done_at) = (order.status, out_at, done_at);
        if order.status != OrderStatus::New {
            life.owner = if order.status.is_open() { Owner::Branch } else { Owner::Nobody };
            (life.sent_at, life.seen_at, life.accepted_at) = (Some(placed_at), Some(placed_at), Some(placed_at));
            life.due_at = order.status.is_open().then(|| promised_at.after(10 * MINUTE));
        }
        if let Some(at) = done_at {
            life.outcome = Some(Delivered { code: Outcome::OnTime, minutes_late: 0, by: String::new(), at, until: at });
        }
        let mut entries = Entries::default();
        super::life::begin(tx, (&id, &spoken), &life, &Actor::new(ActorKind::Caller, "", ""), &[], placed_at, &mut entries).await?;
        entries.write(tx, now).await?;
        Ok(true)
    }
}

async fn put_addresses(tx: &mut Tx, customers: &[CustomerId], now: Timestamp) -> Result<Vec<(usize, Address)>, StoreError> {
    let mut put = Vec::new();
    for (place, (number, label, text, clip, branch)) in ADDRESSES.into_iter().enumerate() {
        let Some(member) = MEMBERS.iter().position(|member| member.0 == number) else { continue };
        // Used at different moments, so that they are offered in this order.
        let used = now.before(MINUTE * u32::try_from(place).unwrap_or(0));
        let address = Address {
            id: new_id(used),
            label: label.into(),
            text: text.into(),
            clip: Some(clip.into()),
            recording: None,
            branch: BranchNumber::new(branch),
            unchecked: false,
        };
        put_address(tx, Some(&customers[member]), &address, used).await?;
        put.push((member, address));
    }
    Ok(put)
}

fn known(phone: &str) -> PhoneNumber {
    PhoneNumber::parse(phone).expect("the sample numbers are numbers")
}

fn member_number(number: &str) -> MemberNumber {
    MemberNumber::parse(number).expect("the sample member numbers have six digits")
}

#[cfg(test)]
mod tests {
    #[test]
    fn c22_what_is_written_of_an_address_is_what_its_recording_says() {
        let spoken = include_str!("../../prompts/zh-CN/index.tsv");
        for (_, _, text, clip, _) in super::ADDRESSES {
            let row = spoken.lines().find(|row| row.split('\t').nth(2) == Some(clip)).expect(clip);
            assert_eq!(row.split('\t').nth(3), Some(text), "{clip}");
        }
    }
}
