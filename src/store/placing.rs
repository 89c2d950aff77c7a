//! Confirming an order: everything is checked again, priced again, numbered and written in one transaction (I6, I7).

use std::time::Duration;

use serde_json::json;

use super::db::{Durability, Tx, vals};
use super::people::{branch, new_customer, put_address};
use super::{Store, StoreError, catalogue as shelf, journal, lines, new_id, points};
use crate::domain::{
    Address, BranchNumber, Catalogue, CustomerId, Money, OrderId, OrderNumber, OrderStatus, Place, PlacedVia, PointsEntry, RecordingId,
    Timestamp, When,
};
use crate::ivr::question::{OrderRequest, Placed};
use crate::order::placing::{Placeable, Refusal, Wish, check};

/// The same lines from the same number within this time are asked about first.
const SAME_AGAIN: Duration = Duration::from_secs(10 * 60);

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
        match self.try_to_place(request, via, now, catalogue).await {
            // Somebody wrote the same key or number at the same moment, or PostgreSQL gave our place to another: once more.
            Err(fault) if fault.may_pass() && matches!(self.pool, super::db::Pool::Postgres(_)) => {
                tracing::debug!(%fault, "placing an order once more");
                self.try_to_place(request, via, now, catalogue).await
            }
            done => done,
        }
    }

    async fn try_to_place(
        &self,
        request: &OrderRequest,
        via: PlacedVia,
        now: Timestamp,
        catalogue: &Catalogue,
    ) -> Result<Placed, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let outcome = self.place_in(&mut tx, request, via, now, catalogue).await?;
        match outcome {
            Outcome::Written(placed) => {
                tx.commit().await?;
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
        if !request.again && self.same_again(tx, request, &fingerprint, now).await? {
            return Ok(Outcome::Told(Placed::Duplicate));
        }
        let fresh;
        let catalogue = if shelf::version_in(tx).await? == catalogue.version {
            catalogue
        } else {
            fresh = shelf::catalogue_in(tx).await?;
            &fresh
        };
        if !covered(tx, &request.place, request.customer.as_ref()).await? {
            return Ok(Outcome::Told(Placed::Outside));
        }
        let Placeable { quote, promised_at } = match self.check_in(tx, request, via, now, catalogue).await? {
            Ok(placeable) => placeable,
            Err(refusal) => return Ok(Outcome::Told(told(refusal))),
        };
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
        let (status, address) = place_in(tx, request, customer.as_ref(), now).await?;
        const SQL: &str = "insert into orders (id, key, number, customer, member, phone, language, via, status, fulfilment, branch, address_id, \
            address_text, recording, wanted_at, goods_fen, fee_fen, pay_fen, points, note, fingerprint, placed_at, promised_at, changed_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $22)";
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
            address.recording,
            wanted(request.when),
            quote.goods.as_fen(),
            quote.fee.as_fen(),
            quote.pay.as_fen(),
            spent,
            request.note.as_ref().map(RecordingId::as_str),
            fingerprint,
            now.as_millis(),
            promised_at.as_millis(),
        ];
        tx.exec(SQL, args).await?;
        lines::put(tx, &id, &quote.lines, &quote.discounts).await?;
        if let (Some(member), true) = (&request.member, spent > 0) {
            let entry = PointsEntry { at: now, points: -spent, expires: None, why: "order".into() };
            points::append(tx, member, &entry, Some(&id)).await?;
        }
        let owner = customer.as_ref().map(CustomerId::as_str);
        tx.exec("delete from carts where id = $1 or phone = $2 or customer = $3", vals![&request.key, request.phone.reveal(), owner])
            .await?;
        let data =
            json!({ "number": number, "pay_fen": quote.pay.as_fen(), "branch": request.place.branch().get(), "status": status.name() });
        journal::append(tx, now, "order_placed", &id, &data).await?;
        Ok(Outcome::Written(Placed::Confirmed { id: OrderId::new(id), number: OrderNumber::new(number), promised_at, pay: quote.pay }))
    }

    async fn same_again(&self, tx: &mut Tx, request: &OrderRequest, fingerprint: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str =
            "select id from orders where phone = $1 and placed_at > $2 and fingerprint = $3 and status <> 'cancelled' limit 1";
        Ok(tx.row(SQL, vals![request.phone.reveal(), now.before(SAME_AGAIN).as_millis(), fingerprint]).await?.is_some())
    }

    async fn check_in(
        &self,
        tx: &mut Tx,
        request: &OrderRequest,
        via: PlacedVia,
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
        let wish = Wish {
            cart: &request.cart,
            place: &request.place,
            when: request.when,
            level: level.as_deref(),
            points: request.points,
            balance,
            via,
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

/// What the diner is told when an order cannot be confirmed.
fn told(refusal: Refusal) -> Placed {
    match refusal {
        Refusal::SoldOut(dishes) => Placed::SoldOut(dishes),
        Refusal::TooSmall { least } => Placed::TooSmall { least },
        Refusal::NoPoints => Placed::NoPoints,
        Refusal::NoBranch(_) => Placed::Outside,
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

/// The branch that an order's row names.
pub(super) fn cooked_by(number: i64) -> Result<BranchNumber, StoreError> {
    branch(Some(number)).ok_or_else(|| super::db::broken("branch number", number))
}
