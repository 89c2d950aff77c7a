//! Carts, order lines and discounts as they are written down and read back.

use serde_json::{Value, json};

use super::StoreError;
use super::db::{Row, Tx, broken, vals};
use crate::domain::{
    Cart, CartLine, Discount, DiscountReason, Fulfilment, MenuNumber, Money, OrderLine, OrderStatus, Quantity, Size, Spice,
};

/// The lines of the order in `$1`.
pub(super) const OF_ORDER: &str =
    "select dish, zh, en, quantity, size, spice, price_fen, amount_fen, note from order_lines where order_id = $1 order by place";

/// The discounts of the order in `$1`.
pub(super) const DISCOUNTS_OF_ORDER: &str =
    "select kind, subject, percent, count, amount_fen from order_discounts where order_id = $1 order by place";

/// A kept cart: `[[dish, quantity, size, spice], …]`.
pub(super) fn cart_text(cart: &Cart) -> String {
    let line = |line: &CartLine| json!([line.dish.get(), line.quantity.get(), line.size.map(Size::key), line.spice.map(Spice::key)]);
    Value::Array(cart.lines.iter().map(line).collect()).to_string()
}

/// Reads a kept cart; lines that say nothing are left out.
pub(super) fn cart_from_text(text: &str) -> Cart {
    let lines = serde_json::from_str::<Vec<(u16, u16, Option<u8>, Option<u8>)>>(text).unwrap_or_default();
    let lines = lines.into_iter().filter_map(|(dish, quantity, size, spice)| {
        Some(CartLine {
            dish: MenuNumber::new(dish)?,
            quantity: Quantity::new(quantity)?,
            size: size.and_then(Size::by_key),
            spice: spice.and_then(Spice::by_key),
        })
    });
    Cart { lines: lines.collect() }
}

/// The cart that an order came from.
pub(super) fn cart_of(rows: &[Row]) -> Result<Cart, StoreError> {
    let lines = rows.iter().map(|row| {
        let line = line(row)?;
        Ok(CartLine { dish: line.dish, quantity: line.quantity, size: line.size, spice: line.spice })
    });
    Ok(Cart { lines: lines.collect::<Result<_, StoreError>>()? })
}

/// The same dishes in any order of entry give the same text.
pub(super) fn fingerprint(cart: &Cart) -> String {
    let mut sums: std::collections::BTreeMap<(u16, u8, u8), u32> = std::collections::BTreeMap::new();
    for line in &cart.lines {
        let key = (line.dish.get(), line.size.map_or(0, Size::key), line.spice.map_or(0, Spice::key));
        *sums.entry(key).or_default() += u32::from(line.quantity.get());
    }
    sums.iter().map(|((dish, size, spice), quantity)| format!("{dish}.{size}.{spice}x{quantity}")).collect::<Vec<_>>().join(" ")
}

pub(super) fn line(row: &Row) -> Result<OrderLine, StoreError> {
    let small = |place| row.opt_int(place).map(|key| key.and_then(|key| u8::try_from(key).ok()));
    Ok(OrderLine {
        dish: dish(row.int(0)?)?,
        zh: row.text(1)?.to_owned(),
        en: row.text(2)?.to_owned(),
        quantity: u16::try_from(row.int(3)?).ok().and_then(Quantity::new).ok_or_else(|| broken("quantity", row.0.len()))?,
        size: small(4)?.and_then(Size::by_key),
        spice: small(5)?.and_then(Spice::by_key),
        price: Money::fen(row.int(6)?),
        amount: Money::fen(row.int(7)?),
        note: row.opt_text(8)?.map(str::to_owned),
    })
}

pub(super) fn dish(number: i64) -> Result<MenuNumber, StoreError> {
    u16::try_from(number).ok().and_then(MenuNumber::new).ok_or_else(|| broken("dish number", number))
}

pub(super) fn discount(row: &Row) -> Result<Discount, StoreError> {
    let subject = row.text(1)?.to_owned();
    let percent = u8::try_from(row.int(2)?).unwrap_or(100);
    let count = row.int(3)?;
    let reason = match row.text(0)? {
        "level" => DiscountReason::Level { level: subject, percent },
        "quantity" => DiscountReason::Quantity {
            dish: dish(subject.parse().unwrap_or(0))?,
            portions: u16::try_from(count).unwrap_or(u16::MAX),
            percent,
        },
        "offer" => DiscountReason::Offer { offer: subject },
        "points" => DiscountReason::Points { points: count },
        "credit" => DiscountReason::Credit { credit: subject },
        other => return Err(broken("discount", other)),
    };
    Ok(Discount { reason, amount: Money::fen(row.int(4)?) })
}

pub(super) fn status(name: &str) -> Result<OrderStatus, StoreError> {
    OrderStatus::from_name(name).ok_or_else(|| broken("status", name))
}

pub(super) fn fulfilment(name: &str) -> Result<Fulfilment, StoreError> {
    match name {
        "delivery" => Ok(Fulfilment::Delivery),
        "pickup" => Ok(Fulfilment::Pickup),
        other => Err(broken("way of fulfilment", other)),
    }
}

pub(super) const fn fulfilment_name(fulfilment: Fulfilment) -> &'static str {
    match fulfilment {
        Fulfilment::Delivery => "delivery",
        Fulfilment::Pickup => "pickup",
    }
}

/// Writes the lines and discounts of a new order.
pub(super) async fn put(tx: &mut Tx, order: &str, lines: &[OrderLine], discounts: &[Discount]) -> Result<(), StoreError> {
    const LINE: &str = "insert into order_lines (order_id, place, dish, zh, en, quantity, size, spice, price_fen, amount_fen, note) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    const OFF: &str =
        "insert into order_discounts (order_id, place, kind, subject, percent, count, amount_fen) values ($1, $2, $3, $4, $5, $6, $7)";
    for (place, line) in lines.iter().enumerate() {
        let (size, spice) = (line.size.map(|size| i64::from(size.key())), line.spice.map(|spice| i64::from(spice.key())));
        let args = vals![
            order,
            place,
            line.dish.get(),
            &line.zh,
            &line.en,
            line.quantity.get(),
            size,
            spice,
            line.price.as_fen(),
            line.amount.as_fen(),
            line.note.as_deref(),
        ];
        tx.exec(LINE, args).await?;
    }
    for (place, discount) in discounts.iter().enumerate() {
        let (subject, percent, count) = match &discount.reason {
            DiscountReason::Level { level, percent } => (level.clone(), *percent, 0),
            DiscountReason::Quantity { dish, portions, percent } => (dish.get().to_string(), *percent, i64::from(*portions)),
            DiscountReason::Offer { offer } => (offer.clone(), 0, 0),
            DiscountReason::Points { points } => (String::new(), 0, *points),
            DiscountReason::Credit { credit } => (credit.clone(), 0, 0),
        };
        tx.exec(OFF, vals![order, place, discount.reason.name(), subject, percent, count, discount.amount.as_fen()]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{cart_from_text, cart_text, fingerprint};
    use crate::domain::{Cart, CartLine, MenuNumber, Quantity, Size, Spice};

    fn line(dish: u16, quantity: u16, size: Option<Size>, spice: Option<Spice>) -> CartLine {
        CartLine { dish: MenuNumber::new(dish).unwrap(), quantity: Quantity::new(quantity).unwrap(), size, spice }
    }

    #[test]
    fn a_cart_comes_back_as_it_was_kept() {
        let cart = Cart { lines: vec![line(22, 2, Some(Size::Large), Some(Spice::Hot)), line(18, 1, None, None)] };
        assert_eq!(cart_from_text(&cart_text(&cart)), cart);
        assert_eq!(cart_from_text("nonsense"), Cart::default());
    }

    #[test]
    fn the_same_order_is_known_in_any_order_of_entry() {
        let one = Cart { lines: vec![line(18, 1, None, None), line(61, 1, None, None), line(18, 1, None, None)] };
        let two = Cart { lines: vec![line(61, 1, None, None), line(18, 2, None, None)] };
        let three = Cart { lines: vec![line(61, 1, None, None), line(18, 2, Some(Size::Small), None)] };
        assert_eq!(fingerprint(&one), fingerprint(&two));
        assert_ne!(fingerprint(&two), fingerprint(&three));
    }
}
