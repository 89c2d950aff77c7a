//! Confirming an order: everything is checked again, priced again, numbered and written in one transaction (I6, I7).

use std::time::Duration;

use serde_json::json;

use super::db::{Durability, Tx, vals};
use super::journal::Entries;
use super::life;
use super::people::{branch, new_customer, put_address};
use super::{Store, StoreError, catalogue as shelf, credits, lines, new_id, points};
use crate::domain::{
    Address, CallId, Catalogue, CustomerId, DiscountReason, InvoiceRequest, Money, OrderId, OrderNumber, OrderStatus, Place, PlacedVia,
    PointsEntry, RecordingId, Timestamp, UserId, When,
};
use crate::ivr::question::{OrderRequest, Placed};
use crate::order::life::{Actor, ActorKind, Life, Start, TaskKind};
use crate::order::placing::{Placeable, Refusal, Wish, check, fits, needs};
use crate::order::pricing::Quote;

/// The same lines from the same number within this time are asked about first.
const SAME_AGAIN: Duration = Duration::from_secs(10 * 60);

/// What a person who takes an order down adds to it (C61).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenDown {
    /// Who took it down: a person, or a program with a token.
    pub agent: Option<UserId>,
    pub agent_name: String,
    pub call: Option<CallId>,
    /// Whom to ask for.
    pub contact: String,
    pub remark: String,
    /// Wishes for the kitchen, by the place of the line in the cart.
    pub notes: Vec<Option<String>>,
    /// The address was typed now, and has no id yet: `Place::Saved` holds its text and branch. True when a person chose the
    /// branch; otherwise the branch is a proposal and the address is checked before anybody cooks.
    pub typed: Option<bool>,
    /// Somebody lets an order out of the zone through: who, and why.
    pub outside: Option<(String, String)>,
    /// The guest wants an invoice, made out so (C91).
    pub invoice: Option<InvoiceRequest>,
}

impl Store {
    /// Confirms an order, or says why not. Ready when the order is on disk. The same key always gets the same answer, so
    /// that a submit whose outcome is unknown is simply repeated. `catalogue` is used when the store has not moved on.
    ///
    /// # Errors
    /// When the store cannot answer or cannot write; then nothing was written, or (the connection broke during the commit)
    /// the next try with the same key tells.
    pub async fn place_order(
        &self,
        request: &OrderRequest,
        via: PlacedVia,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Placed, StoreError> {
        self.place_order_by(request, via, &TakenDown::default(), now, catalogue).await
    }

    /// The same for an order that a person took down: the same checks, the same prices, the same promise.
    ///
    /// # Errors
    /// As `place_order`.
    pub async fn place_order_by(
        &self,
        request: &OrderRequest,
        via: PlacedVia,
        taken: &TakenDown,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Placed, StoreError> {
        match self.try_to_place(request, via, taken, now, catalogue).await {
            // Somebody wrote the same key or number at the same moment, or PostgreSQL gave our place to another: once more.
            Err(fault) if fault.may_pass() && matches!(self.pool, super::db::Pool::Postgres(_)) => {
                tracing::debug!(%fault, "placing an order once more");
                self.try_to_place(request, via, taken, now, catalogue).await
            }
            done => done,
        }
    }

    async fn try_to_place(
        &self,
        request: &OrderRequest,
        via: PlacedVia,
        taken: &TakenDown,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Placed, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let outcome = self.place_in(&mut tx, request, via, taken, now, catalogue).await?;
        match outcome {
            Outcome::Written(placed) => {
                self.told(tx).await?;
                Ok(placed)
            }
            Outcome::Told(placed) => {
                tx.undo().await?;
                Ok(placed)
            }
        }
    }

    async fn place_in(
        &self,
        tx: &mut Tx,
        request: &OrderRequest,
        via: PlacedVia,
        taken: &TakenDown,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Outcome, StoreError> {
        // The write that comes first: the day's counter. Whoever places an order at the same moment waits here; when
        // nothing comes of this order, the number is given back with everything else.
        let day = self.clock.local(now).date().strftime("%y%m%d").to_string();
        let number = format!("{day}{:04}", tx.count(&format!("orders:{day}"), 1).await?);
        if let Some(placed) = confirmed_before(tx, &request.key).await? {
            return Ok(Outcome::Told(placed));
        }
        let fingerprint = lines::fingerprint(&request.cart);
        let same = self.same_again(tx, request, &fingerprint, now).await?;
        if !request.again && same.is_some() {
            return Ok(Outcome::Told(Placed::Duplicate));
        }
        let fresh;
        let catalogue = if shelf::version_in(tx).await? == catalogue.version {
            catalogue
        } else {
            fresh = shelf::catalogue_in(tx).await?;
            &fresh
        };
        let let_through = taken.typed.is_some() || taken.outside.is_some();
        if !let_through && !covered(tx, &request.place, request.customer.as_ref()).await? {
            return Ok(Outcome::Told(Placed::Outside));
        }
        // An address that a person still looks at is in no zone yet.
        let open = taken.outside.is_some() || taken.typed == Some(false);
        let Placeable { mut quote, promised_at } = match self.check_in(tx, request, via, open, now, catalogue).await? {
            Ok(placeable) => placeable,
            Err(refusal) => return Ok(Outcome::Told(told(refusal))),
        };
        // Whoever promises the same quarter of an hour at this moment waits at the day's counter above.
        let promised = super::boards::promised_in(tx, request.place.branch(), super::boards::slot_of(promised_at)).await?;
        if let Err(refusal) = fits(catalogue, &request.place, promised, &quote) {
            return Ok(Outcome::Told(told(refusal)));
        }
        if quote.pay != request.heard {
            return Ok(Outcome::Told(Placed::PriceChanged {
                lines: quote.lines,
                discounts: quote.discounts,
                fee: quote.fee,
                pay: quote.pay,
            }));
        }
        let id = new_id(now);
        let customer = self.customer_in(tx, request, now).await?;
        if let (Some(customer), false) = (&customer, taken.contact.is_empty()) {
            // Typing the name of an unknown caller saves it.
            const NAME: &str = "update customers set name = $1 where id = $2 and name = ''";
            tx.exec(NAME, vals![&taken.contact, customer.as_str()]).await?;
        }
        let (status, address) = match taken.typed {
            Some(checked) => typed_in(tx, request, checked, customer.as_ref(), now).await?,
            None => place_in(tx, request, customer.as_ref(), now).await?,
        };
        // Nothing was left out of the cart when all is well: line and note have the same place.
        for (line, note) in quote.lines.iter_mut().zip(&taken.notes) {
            line.note.clone_from(note);
        }
        const SQL: &str = "insert into orders (id, key, number, customer, member, phone, language, via, status, fulfilment, branch, address_id, \
            address_text, recording, wanted_at, goods_fen, fee_fen, pay_fen, points, note, fingerprint, placed_at, promised_at, changed_at, \
            agent, agent_name, call_id, contact, remark, override_by, override_why) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $22, \
            $24, $25, $26, $27, $28, $29, $30)";
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let spent = quote.points_spent();
        let args = vals![
            &id,
            &request.key,
            &number,
            customer.as_ref().map(CustomerId::as_str),
            request.member.as_ref().map(crate::domain::MemberNumber::as_str),
            request.phone.reveal(),
            request.language.tag(),
            via_name(via),
            status.name(),
            lines::fulfilment_name(request.place.fulfilment()),
            request.place.branch().get(),
            address.id,
            address.text,
            address.recording.as_deref(),
            wanted(request.when),
            quote.goods.as_fen(),
            quote.fee.as_fen(),
            quote.pay.as_fen(),
            spent,
            request.note.as_ref().map(RecordingId::as_str),
            fingerprint,
            now.as_millis(),
            promised_at.as_millis(),
            taken.agent.as_ref().map(UserId::as_str),
            given(&taken.agent_name),
            taken.call.as_ref().map(CallId::as_str),
            given(&taken.contact),
            given(&taken.remark),
            taken.outside.as_ref().map(|(who, _)| who.as_str()),
            taken.outside.as_ref().map(|(_, why)| why.as_str()),
        ];
        tx.exec(SQL, args).await?;
        lines::put(tx, &id, &quote.lines, &quote.discounts).await?;
        for discount in &quote.discounts {
            if let DiscountReason::Credit { credit } = &discount.reason {
                credits::take(tx, credit, &id).await?;
            }
        }
        if let (Some(member), true) = (&request.member, spent > 0) {
            let entry = PointsEntry { at: now, points: -spent, expires: None, why: "order".into() };
            points::append(tx, member, &entry, Some(&id)).await?;
        }
        let owner = customer.as_ref().map(CustomerId::as_str);
        tx.exec("delete from carts where id = $1 or phone = $2 or customer = $3", vals![&request.key, request.phone.reveal(), owner])
            .await?;
        super::missed::close(tx, request.phone.reveal(), "ordered", &taken.agent_name, now).await?;
        super::callbacks::ordered(tx, request.phone.reveal(), now).await?;
        let (life, zone) = self.first_life(request, taken, status, promised_at, catalogue, now);
        let by = match (&taken.agent, via) {
            (Some(agent), PlacedVia::Api) => Actor::new(ActorKind::Program, agent.as_str(), &taken.agent_name),
            (Some(agent), _) => Actor::new(ActorKind::Agent, agent.as_str(), &taken.agent_name),
            (None, _) => Actor::new(ActorKind::Caller, "", ""),
        };
        let mut tasks = self.doubts(&quote, same, via);
        if status == OrderStatus::AddressCheck {
            tasks.push((TaskKind::Address, json!({ "code": if address.recording.is_some() { "spoken" } else { "typed" } })));
        }
        if let Some((who, why)) = &taken.outside {
            tasks.push((TaskKind::Outside, json!({ "code": "let_through", "by": who, "why": why })));
        }
        if let Some(zone) = zone {
            tx.exec("update orders set zone = $2 where id = $1", vals![&id, zone]).await?;
        }
        let mut entries = Entries::default();
        let data = json!({
            "number": number, "pay_fen": quote.pay.as_fen(), "branch": request.place.branch().get(), "status": status.name(),
            "owner": life.owner.name(), "life": life.life, "version": life.version,
        });
        entries.add("order_placed", &id, data);
        if let Some(wanted) = &taken.invoice {
            super::invoices::put_in(tx, &id, wanted, &taken.agent_name, now, &mut entries).await?;
        }
        life::begin(tx, (&id, &number), &life, &by, &tasks, now, &mut entries).await?;
        entries.write(tx, now).await?;
        Ok(Outcome::Written(Placed::Confirmed { id: OrderId::new(id), number: OrderNumber::new(number), promised_at, pay: quote.pay }))
    }

    /// How its life begins: at its branch at once, kept for its release, or with a person who looks at its address. And its zone.
    fn first_life(
        &self,
        request: &OrderRequest,
        taken: &TakenDown,
        status: OrderStatus,
        promised_at: Timestamp,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> (Life, Option<String>) {
        let branch = request.place.branch();
        let zone = match &request.place {
            Place::Saved { text, branch, .. } => catalogue.zone_of(*branch, text),
            Place::Recorded { .. } | Place::Pickup { .. } => None,
        };
        let why = match (&request.place, zone) {
            (Place::Pickup { .. }, _) => "chosen".to_owned(),
            (Place::Recorded { .. }, _) => "proposed".to_owned(),
            _ if taken.outside.is_some() => "outside".to_owned(),
            (Place::Saved { .. }, Some(zone)) => format!("zone:{}", zone.name),
            (Place::Saved { .. }, None) => "address".to_owned(),
        };
        let start = Start {
            branch,
            why: &why,
            fulfilment: request.place.fulfilment(),
            times: catalogue.times(branch, zone),
            promised_at,
            spoken_address: status == OrderStatus::AddressCheck,
            later: request.when != When::Now,
        };
        (Life::begin(&start, now, &self.rules), zone.map(|zone| zone.name.clone()))
    }

    /// The number of the order by which this number, or this customer, ordered the same a moment ago.
    async fn same_again(
        &self,
        tx: &mut Tx,
        request: &OrderRequest,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        const SQL: &str = "select number from orders where placed_at > $2 and (phone = $1 or customer = $4) and fingerprint = $3 \
            and status <> 'cancelled' order by placed_at desc limit 1";
        let customer = request.customer.as_ref().map_or("", CustomerId::as_str);
        let args = vals![request.phone.reveal(), now.before(SAME_AGAIN).as_millis(), fingerprint, customer];
        tx.row(SQL, args).await?.map(|row| Ok(row.text(0)?.to_owned())).transpose()
    }

    /// What somebody at headquarters should look at, although the order is confirmed. Whoever took an order down has spoken
    /// with the diner and decided.
    fn doubts(&self, quote: &Quote, same: Option<String>, via: PlacedVia) -> Vec<(TaskKind, serde_json::Value)> {
        let mut tasks = Vec::new();
        if via == PlacedVia::Agent {
            return tasks;
        }
        let portions = needs(quote).items;
        if portions >= self.rules.large_portions || quote.goods >= self.rules.large {
            tasks.push((TaskKind::Large, json!({ "code": "large", "portions": portions, "goods_fen": quote.goods.as_fen() })));
        }
        if let Some(number) = same {
            tasks.push((TaskKind::Duplicate, json!({ "code": "same_again", "other": number })));
        }
        tasks
    }

    async fn check_in(
        &self,
        tx: &mut Tx,
        request: &OrderRequest,
        via: PlacedVia,
        let_through: bool,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Result<Placeable, Refusal>, StoreError> {
        let mut level = None;
        let mut balance = 0;
        if let Some(member) = &request.member {
            // Two orders that spend the same points meet at this row.
            let row =
                tx.row("update members set revision = revision + 1 where number = $1 returning level", vals![member.as_str()]).await?;
            level = row.map(|row| row.text(0).map(str::to_owned)).transpose()?;
            if request.points > 0 {
                balance = points::balance(&points::ledger_in(tx, member.as_str()).await?, now);
            }
        }
        let credit = match &request.customer {
            Some(customer) => credits::of(tx, customer, now).await?,
            None => None,
        };
        let wish = Wish {
            cart: &request.cart,
            place: &request.place,
            when: request.when,
            level: level.as_deref(),
            points: request.points,
            balance,
            credit: credit.as_ref(),
            via,
            let_through,
        };
        Ok(check(catalogue, &wish, now, &self.clock))
    }

    /// Whose order it is: the one who was named; else the only customer with that number; else, for a number that
    /// belongs to one person, a new customer. A privacy number makes nobody known.
    async fn customer_in(&self, tx: &mut Tx, request: &OrderRequest, now: Timestamp) -> Result<Option<CustomerId>, StoreError> {
        if request.customer.is_some() {
            return Ok(request.customer.clone());
        }
        let known = tx.rows("select customer from customer_phones where phone = $1 limit 2", vals![request.phone.reveal()]).await?;
        Ok(match known.as_slice() {
            [] if !request.phone.is_virtual() => Some(new_customer(tx, std::slice::from_ref(&request.phone), now).await?),
            [one] => Some(CustomerId::new(one.text(0)?)),
            _ => None,
        })
    }
}

enum Outcome {
    Written(Placed),
    /// Nothing was written.
    Told(Placed),
}

/// The order of this key, if there is one.
async fn confirmed_before(tx: &mut Tx, key: &str) -> Result<Option<Placed>, StoreError> {
    let row = tx.row("select id, number, promised_at, pay_fen from orders where key = $1", vals![key]).await?;
    row.map(|row| {
        Ok(Placed::Confirmed {
            id: OrderId::new(row.text(0)?),
            number: OrderNumber::new(row.text(1)?),
            promised_at: Timestamp::from_millis(row.int(2)?),
            pay: Money::fen(row.int(3)?),
        })
    })
    .transpose()
}

/// Whether a saved address still is this customer's, checked, and covered by the branch that was said.
async fn covered(tx: &mut Tx, place: &Place, customer: Option<&CustomerId>) -> Result<bool, StoreError> {
    let Place::Saved { address, branch: said, .. } = place else { return Ok(true) };
    let row = tx.row("select customer, branch from addresses where id = $1", vals![address]).await?;
    let Some(row) = row else { return Ok(false) };
    let owner = row.opt_text(0)?;
    let mine = owner.is_none() || customer.is_none() || owner == customer.map(CustomerId::as_str);
    Ok(mine && branch(row.opt_int(1)?) == Some(*said))
}

struct Where {
    id: Option<String>,
    text: String,
    recording: Option<String>,
}

/// The order's place as written down; a spoken address becomes an unchecked one that a person looks at.
async fn place_in(
    tx: &mut Tx,
    request: &OrderRequest,
    customer: Option<&CustomerId>,
    now: Timestamp,
) -> Result<(OrderStatus, Where), StoreError> {
    Ok(match &request.place {
        Place::Pickup { .. } => (OrderStatus::New, Where { id: None, text: String::new(), recording: None }),
        Place::Saved { address, text, .. } => {
            tx.exec("update addresses set used_at = $1 where id = $2", vals![now.as_millis(), address]).await?;
            (OrderStatus::New, Where { id: Some(address.clone()), text: text.clone(), recording: None })
        }
        Place::Recorded { recording, .. } => {
            let id = new_id(now);
            let address = Address {
                id: id.clone(),
                label: String::new(),
                text: String::new(),
                clip: None,
                recording: Some(recording.clone()),
                branch: None,
                unchecked: true,
            };
            put_address(tx, customer, &address, now).await?;
            (OrderStatus::AddressCheck, Where { id: Some(id), text: String::new(), recording: Some(recording.as_str().to_owned()) })
        }
    })
}

/// An address that was typed with this order: it becomes one of the customer's.
async fn typed_in(
    tx: &mut Tx,
    request: &OrderRequest,
    checked: bool,
    customer: Option<&CustomerId>,
    now: Timestamp,
) -> Result<(OrderStatus, Where), StoreError> {
    let Place::Saved { text, branch, address: known } = &request.place else { return place_in(tx, request, customer, now).await };
    let status = if checked { OrderStatus::New } else { OrderStatus::AddressCheck };
    if !known.is_empty() {
        // A saved one that nobody had checked: whoever chose its branch now has.
        const CHECK: &str = "update addresses set used_at = $1, branch = case when $2 = 1 then $3 else branch end, \
            unchecked = case when $2 = 1 then 0 else unchecked end where id = $4";
        tx.exec(CHECK, vals![now.as_millis(), checked, branch.get(), known]).await?;
        return Ok((status, Where { id: Some(known.clone()), text: text.clone(), recording: None }));
    }
    let address = Address {
        id: new_id(now),
        label: String::new(),
        text: text.clone(),
        clip: None,
        recording: None,
        branch: checked.then_some(*branch),
        unchecked: !checked,
    };
    put_address(tx, customer, &address, now).await?;
    Ok((status, Where { id: Some(address.id), text: text.clone(), recording: None }))
}

/// What the diner is told when an order cannot be confirmed.
fn told(refusal: Refusal) -> Placed {
    match refusal {
        Refusal::SoldOut(dishes) => Placed::SoldOut(dishes),
        Refusal::TooSmall { least } => Placed::TooSmall { least },
        Refusal::NoPoints => Placed::NoPoints,
        Refusal::NoBranch(_) | Refusal::Outside => Placed::Outside,
        Refusal::Full => Placed::Full,
        Refusal::Empty | Refusal::Closed { .. } | Refusal::Past | Refusal::TooFar | Refusal::Bulk(_) => Placed::Closed,
    }
}

pub(super) const fn via_name(via: PlacedVia) -> &'static str {
    match via {
        PlacedVia::Keypad => "keypad",
        PlacedVia::Agent => "agent",
        PlacedVia::Api => "api",
    }
}

fn wanted(when: When) -> Option<String> {
    match when {
        When::Now => None,
        When::At(at) => Some(at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
    }
}
