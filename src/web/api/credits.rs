//! Something off the next order for a diner who was let down (D60): granted and taken back by those who lead.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{LEAD, needed};
use crate::domain::{Money, Order};
use crate::store::{GivenCredit, Granted};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};

/// More than this is no gesture any more: in fen.
const MOST_FEN: i64 = 20_000;
const MOST_DAYS: u16 = 366;
/// What people expect to find on a voucher.
const USUAL_DAYS: u16 = 30;

fn show(given: &GivenCredit) -> Value {
    json!({
        "amount_fen": given.credit.amount.as_fen(), "until": given.credit.until.as_millis(), "why": given.why, "at": given.at.as_millis(),
        "by": given.by, "used_by": given.used_by, "withdrawn": given.withdrawn,
    })
}

async fn order_of(web: &Web, id: &str) -> Answer<Order> {
    web.store.order(id).await?.ok_or_else(|| Problem::not_found("order"))
}

/// What an order was made good with.
#[utoipa::path(get, path = "/api/orders/{id}/credit", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 200, description = "the credit, with the order that it was taken off; null when there is none"), (status = 404, description = "no such order")))]
pub(in crate::web) async fn of_order(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&LEAD)?;
    let order = order_of(&web, &id).await?;
    Ok(Json(web.store.credit_for(&order.id).await?.as_ref().map_or(Value::Null, show)))
}

/// So much off the customer's next order.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CreditIn {
    amount_fen: i64,
    /// For so many days; 30 when left out.
    days: Option<u16>,
    why: String,
}

/// Grants the order's customer something off the next order, once for each order.
#[utoipa::path(put, path = "/api/orders/{id}/credit", tag = "kitchen", request_body = inline(CreditIn), params(("id" = String, Path)),
    responses((status = 200, description = "the credit"), (status = 404, description = "no such order"),
        (status = 409, description = "it has one already, or nobody is known behind the order"), (status = 422, description = "a field does not fit")))]
pub(in crate::web) async fn grant(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(wanted): Body<CreditIn>,
) -> Answer<Json<Value>> {
    viewer.require(&LEAD)?;
    let wanted = wanted?;
    let why = needed("why", &wanted.why, 200)?;
    if !(100..=MOST_FEN).contains(&wanted.amount_fen) {
        return Err(Problem::invalid(format!("amount_fen is 100 to {MOST_FEN}")));
    }
    let days = wanted.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::invalid(format!("days is 1 to {MOST_DAYS}")));
    }
    let order = order_of(&web, &id).await?;
    let now = web.wall();
    let until = now.after(Duration::from_secs(u64::from(days) * 24 * 3600));
    match web.store.grant_credit(&order.id, Money::fen(wanted.amount_fen), until, &why, &viewer.name, now).await? {
        Granted::Done(given) => {
            let detail = format!("{} fen for {days} days: {why}", wanted.amount_fen);
            web.audit(&viewer, "credit.granted", &format!("order:{}", order.number), &detail).await;
            Ok(Json(show(&given)))
        }
        Granted::NoOrder => Err(Problem::not_found("order")),
        Granted::NoCustomer => Err(Problem::new("cannot", "nobody is known behind this order: there is no next one to take it off")),
        Granted::Already => Err(Problem::new("cannot", "this order has been made good already")),
    }
}

/// Takes a credit back that has not been used.
#[utoipa::path(delete, path = "/api/orders/{id}/credit", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 204, description = "taken back"), (status = 404, description = "no such order"), (status = 409, description = "there is none, or it has been used")))]
pub(in crate::web) async fn withdraw(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&LEAD)?;
    let order = order_of(&web, &id).await?;
    if !web.store.withdraw_credit(&order.id, web.wall()).await? {
        return Err(Problem::new("cannot", "this order has no credit, or it has been used"));
    }
    web.audit(&viewer, "credit.withdrawn", &format!("order:{}", order.number), "").await;
    Ok(StatusCode::NO_CONTENT)
}
