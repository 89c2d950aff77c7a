//! What a slip says, as it lies in its job: made of an order's lines, written and read back.

use serde_json::{Value, json};

use crate::domain::{DiscountReason, Money, OrderLine, Size, Spice};
use crate::slip::{Dish, Ticket};
use crate::store::StoreError;
use crate::store::db::broken;

pub(super) fn dish(line: OrderLine) -> Dish {
    let size = |size: Size| ["大份", "中份", "小份"].get(usize::from(size.key()).wrapping_sub(1)).copied();
    let spice = |spice: Spice| ["不辣", "微辣", "中辣", "特辣"].get(usize::from(spice.key()).wrapping_sub(1)).copied();
    let options = [line.size.and_then(size), line.spice.and_then(spice)];
    Dish {
        number: line.dish.get(),
        name: line.zh,
        quantity: line.quantity.get(),
        options: options.into_iter().flatten().map(str::to_owned).collect(),
        note: line.note.unwrap_or_default(),
        amount: line.amount,
    }
}

pub(super) fn discount_words(reason: &DiscountReason) -> String {
    match reason {
        DiscountReason::Level { .. } => "会员优惠".to_owned(),
        DiscountReason::Quantity { portions, .. } => format!("满{portions}份优惠"),
        DiscountReason::Offer { .. } => "活动优惠".to_owned(),
        DiscountReason::Points { points } => format!("{points}积分抵扣"),
        DiscountReason::Credit { .. } => "补偿抵扣".to_owned(),
    }
}

pub(super) fn ticket_text(ticket: &Ticket) -> String {
    let lines: Vec<Value> = ticket
        .lines
        .iter()
        .map(|dish| json!([dish.number, dish.name, dish.quantity, dish.options, dish.note, dish.amount.as_fen()]))
        .collect();
    let discounts: Vec<Value> = ticket.discounts.iter().map(|(words, amount)| json!([words, amount.as_fen()])).collect();
    json!({
        "number": ticket.number,
        "version": ticket.version,
        "branch": ticket.branch,
        "branch_phone": ticket.branch_phone,
        "delivery": ticket.delivery,
        "placed": ticket.placed.to_string(),
        "promised": ticket.promised.to_string(),
        "wanted": ticket.wanted,
        "name": ticket.name,
        "phone": ticket.phone,
        "address": ticket.address,
        "spoken": ticket.spoken,
        "lines": lines,
        "remark": ticket.remark,
        "recorded": ticket.recorded,
        "allergies": ticket.allergies,
        "goods": ticket.goods.as_fen(),
        "discounts": discounts,
        "fee": ticket.fee.as_fen(),
        "pay": ticket.pay.as_fen(),
        "off": ticket.off,
    })
    .to_string()
}

pub(super) fn ticket_of(text: &str) -> Result<Ticket, StoreError> {
    let value: Value = serde_json::from_str(text).map_err(|_| broken("slip", "its text is no JSON"))?;
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let fen = |value: &Value| Money::fen(value.as_i64().unwrap_or(0));
    let moment = |key: &str| value[key].as_str().and_then(|at| at.parse().ok()).ok_or_else(|| broken("slip", key));
    let small = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok()).unwrap_or(0);
    Ok(Ticket {
        number: words(&value["number"]),
        version: value["version"].as_u64().and_then(|version| u32::try_from(version).ok()).unwrap_or(1),
        branch: words(&value["branch"]),
        branch_phone: words(&value["branch_phone"]),
        delivery: value["delivery"].as_bool().unwrap_or(false),
        placed: moment("placed")?,
        promised: moment("promised")?,
        wanted: value["wanted"].as_bool().unwrap_or(false),
        name: words(&value["name"]),
        phone: words(&value["phone"]),
        address: words(&value["address"]),
        spoken: value["spoken"].as_bool().unwrap_or(false),
        lines: list(&value["lines"])
            .iter()
            .map(|line| Dish {
                number: small(&line[0]),
                name: words(&line[1]),
                quantity: small(&line[2]),
                options: list(&line[3]).iter().map(words).collect(),
                note: words(&line[4]),
                amount: fen(&line[5]),
            })
            .collect(),
        remark: words(&value["remark"]),
        recorded: value["recorded"].as_bool().unwrap_or(false),
        allergies: list(&value["allergies"]).iter().map(words).collect(),
        goods: fen(&value["goods"]),
        discounts: list(&value["discounts"]).iter().map(|discount| (words(&discount[0]), fen(&discount[1]))).collect(),
        fee: fen(&value["fee"]),
        pay: fen(&value["pay"]),
        off: words(&value["off"]),
    })
}
