//! Riders: who they are, what they carry and owe, and the page by which they report without signing in (C84, C85).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{needed, of_branch, phone, text, wanted_branch};
use crate::domain::{Money, Order, OrderStatus, Place, Role, Timestamp};
use crate::order::life::{Outcome, Report as Said};
use crate::store::{HandedIn, RiderWish, StoreError, StoredRider};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, secret};
use crate::wire::time;

const SEE: [Role; 5] = [Role::Branch, Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator];
const KEEP: [Role; 5] = SEE;
/// Who sends riders on their way.
const SEND: [Role; 3] = [Role::Branch, Role::Dispatcher, Role::Supervisor];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct OfBranch {
    branch: Option<u16>,
}

fn shown(viewer: &Viewer, rider: &StoredRider) -> Value {
    // Their branch rings them up.
    let full = viewer.role == Role::Branch || viewer.calls_customers();
    let phone = rider.phone.as_ref().map(|phone| if full { phone.reveal().to_owned() } else { phone.to_string() });
    json!({
        "id": rider.id,
        "branch": rider.branch.get(),
        "name": rider.name,
        "phone": phone.unwrap_or_default(),
        "state": if rider.out { "out" } else { "in" },
        "out_with": rider.out_with.iter().map(|order| order.as_str()).collect::<Vec<_>>(),
        "due_fen": rider.due.as_fen(),
        "since": time(rider.since),
    })
}

/// The riders, with what they carry and what cash is due.
#[utoipa::path(get, path = "/api/riders", tag = "kitchen", params(("branch" = Option<u16>, Query)),
    responses((status = 200, description = "a list of riders")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(of): Params<OfBranch>) -> Answer<Json<Value>> {
    viewer.require(&SEE)?;
    let riders = web.store.riders(wanted_branch(&viewer, of.branch)?).await?;
    Ok(Json(riders.iter().map(|rider| shown(&viewer, rider)).collect()))
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewRider {
    #[serde(default)]
    branch: Option<u16>,
    name: String,
    #[serde(default)]
    phone: String,
}

/// A new rider; from this number they report by telephone without more ado.
#[utoipa::path(post, path = "/api/riders", tag = "kitchen", request_body = inline(NewRider),
    responses((status = 201, description = "the rider's id"), (status = 409, description = "another rider has this number")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(new): Body<NewRider>) -> Answer<Response> {
    viewer.require(&KEEP)?;
    let new = new?;
    let branch = wanted_branch(&viewer, new.branch)?.filter(|branch| web.catalogue.borrow().branches.contains_key(branch));
    let branch = branch.ok_or_else(|| Problem::invalid("branch is missing, or there is none of this number"))?;
    let name = needed("name", &new.name, 40)?;
    let number = if new.phone.trim().is_empty() { None } else { Some(phone(&new.phone)?) };
    let work = async {
        let id = web.store.add_rider(branch, &name, number.as_ref(), web.wall()).await.map_err(taken)?;
        web.audit(&viewer, "rider.added", &format!("rider:{id}"), &name).await;
        Ok((StatusCode::CREATED, json!({ "id": id })))
    };
    web.once(&viewer, &headers, "POST /api/riders", &new, work).await
}

fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict => Problem::new("conflict", "another rider has this number"),
        other => other.into(),
    }
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Changed {
    name: Option<String>,
    phone: Option<String>,
    retired: Option<bool>,
}

/// Another name or number; `retired` takes a rider off the list.
#[utoipa::path(patch, path = "/api/riders/{id}", tag = "kitchen", request_body = inline(Changed), params(("id" = String, Path)),
    responses((status = 204, description = "changed"), (status = 404, description = "no such rider")))]
pub(in crate::web) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(changed): Body<Changed>,
) -> Answer<StatusCode> {
    viewer.require(&KEEP)?;
    let changed = changed?;
    let rider = rider_for(&web, &viewer, &id).await?;
    let number = match changed.phone.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(given) => Some(Some(phone(given)?)),
    };
    let name = changed.name.as_deref().map(|name| needed("name", name, 40)).transpose()?;
    let wish = RiderWish { name, phone: number, retired: changed.retired };
    web.store.change_rider(&rider.id, &wish, web.wall()).await.map_err(taken)?;
    web.audit(&viewer, "rider.changed", &format!("rider:{id}"), &rider.name).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn rider_for(web: &Web, viewer: &Viewer, id: &str) -> Answer<StoredRider> {
    let rider = web.store.rider(id).await?.ok_or_else(|| Problem::not_found("rider"))?;
    of_branch(viewer, rider.branch)?;
    Ok(rider)
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Back {
    cash_fen: i64,
}

/// A rider is back and hands in cash; what is still owed is told.
#[utoipa::path(post, path = "/api/riders/{id}/in", tag = "kitchen", request_body = inline(Back), params(("id" = String, Path)),
    responses((status = 200, description = "left_fen: still owed"), (status = 409, description = "more than is owed: due_fen, and out: orders still on the way"),
        (status = 404, description = "no such rider")))]
pub(in crate::web) async fn back(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(back): Body<Back>,
) -> Answer<Response> {
    viewer.require(&SEND)?;
    let back = back?;
    let rider = rider_for(&web, &viewer, &id).await?;
    if !(0..=100_000_000).contains(&back.cash_fen) {
        return Err(Problem::invalid("cash_fen is an amount in fen, not below zero"));
    }
    let work = async {
        let handed = web.store.rider_in(&rider.id, Money::fen(back.cash_fen), &viewer.name, web.wall()).await?;
        let left = match handed.ok_or_else(|| Problem::not_found("rider"))? {
            HandedIn::Taken { left } => left,
            HandedIn::TooMuch { due, out } => {
                let said = format!("{due} is owed, and more is not taken; what was delivered is reported first");
                return Err(Problem::new("too-much-cash", said).with("due_fen", json!(due.as_fen())).with("out", json!(out)));
            }
        };
        web.audit(&viewer, "rider.cash", &format!("rider:{id}"), &format!("{} fen, {} fen left", back.cash_fen, left.as_fen())).await;
        Ok((StatusCode::OK, json!({ "left_fen": left.as_fen() })))
    };
    web.once(&viewer, &headers, "POST /api/riders/{id}/in", &(&id, &back), work).await
}

/// A page for the rider of one order, which nobody has to sign in for: whoever has the address may report.
#[utoipa::path(post, path = "/api/orders/{id}/link", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 201, description = "path of the page"), (status = 404, description = "no such order")))]
pub(in crate::web) async fn link(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<(StatusCode, Json<Value>)> {
    viewer.require(&SEND)?;
    let order = web.store.order(&id).await?.ok_or_else(|| Problem::not_found("order"))?;
    of_branch(&viewer, order.place.branch())?;
    let word = secret::text();
    web.store.add_rider_link(&order.id, &word, &viewer.name, web.wall()).await?;
    web.audit(&viewer, "order.linked", &format!("order:{}", order.id), "").await;
    Ok((StatusCode::CREATED, Json(json!({ "path": format!("/r/{word}") }))))
}

/// What a rider may say, in the order of the page.
const CODES: [Outcome; 9] = [
    Outcome::OnTime,
    Outcome::WrongAddress,
    Outcome::Unreachable,
    Outcome::Rejected,
    Outcome::Rescheduled,
    Outcome::NoRider,
    Outcome::Damaged,
    Outcome::SoldOut,
    Outcome::Prank,
];

/// The order behind a rider's page.
#[utoipa::path(get, path = "/api/r/{secret}", tag = "kitchen", params(("secret" = String, Path)), security(()),
    responses((status = 200, description = "where to, what, how much, what was reported"), (status = 404, description = "no such page, or its time is over")))]
pub(in crate::web) async fn page(State(web): State<Web>, Path(word): Path<String>) -> Answer<Json<Value>> {
    let order = order_of(&web, &word).await?;
    Ok(Json(of_rider(&web, &order).await?))
}

async fn order_of(web: &Web, word: &str) -> Answer<Order> {
    let gone = || Problem::not_found("page");
    let id = web.store.rider_link(word).await?.ok_or_else(gone)?;
    web.store.order(id.as_str()).await?.ok_or_else(gone)
}

async fn of_rider(web: &Web, order: &Order) -> Answer<Value> {
    let card = web.store.card(order.id.as_str()).await?.ok_or_else(|| Problem::not_found("page"))?;
    let over = match (&card.outcome, order.status) {
        (Some(said), _) => said.until < web.wall().as_millis(),
        (None, status) => !status.is_open(),
    };
    if over {
        return Err(Problem::not_found("page"));
    }
    let address = match &order.place {
        Place::Saved { text, .. } => text.clone(),
        Place::Recorded { .. } | Place::Pickup { .. } => String::new(),
    };
    let ticket = web.store.ticket(&order.id).await?.unwrap_or_default();
    Ok(json!({
        "number": order.number.as_str(),
        "tail": order.number.last4(),
        "status": order.status.name(),
        "out": order.status == OrderStatus::Out,
        "attempts": card.attempts,
        "held_until": card.held_until.map(|at| time(Timestamp::from_millis(at))),
        "name": ticket.name,
        "phone": order.phone.reveal(),
        "address": address,
        "spoken": ticket.spoken,
        "remark": ticket.remark,
        "lines": order.lines.iter().map(|line| json!({ "zh": line.zh, "en": line.en, "quantity": line.quantity.get() })).collect::<Vec<_>>(),
        "pay_fen": order.pay.as_fen(),
        "promised_at": time(order.promised_at),
        "branch": ticket.branch,
        "branch_phone": ticket.branch_phone,
        "rider": card.rider.as_ref().map(|rider| rider.name.clone()),
        "outcome": card.outcome.as_ref().map(|said| json!({ "code": said.code, "minutes_late": said.minutes_late, "until": time(Timestamp::from_millis(said.until)) })),
        "codes": CODES.map(Outcome::name),
    }))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Report {
    code: String,
    #[serde(default)]
    note: String,
    /// To D73: when, in milliseconds since 1970 or in minutes from now, and whether it is fetched.
    at: Option<i64>,
    minutes: Option<u16>,
    #[serde(default)]
    pickup: bool,
}

/// What became of the order, in the rider's name; the time decides how late "delivered" is.
#[utoipa::path(post, path = "/api/r/{secret}", tag = "kitchen", request_body = inline(Report), params(("secret" = String, Path)), security(()),
    responses((status = 200, description = "the order as it is now"), (status = 404, description = "no such page, or its time is over"),
        (status = 409, description = "the order is not where this can be said of it")))]
pub(in crate::web) async fn report(State(web): State<Web>, Path(word): Path<String>, Body(report): Body<Report>) -> Answer<Json<Value>> {
    let report = report?;
    let order = order_of(&web, &word).await?;
    of_rider(&web, &order).await?;
    let code = if report.code == "auto" { Some(Outcome::OnTime) } else { Outcome::from_name(&report.code) };
    let code = code.filter(|code| *code != Outcome::CalledOff).ok_or_else(|| Problem::invalid("code is one of D00 to D90"))?;
    let note = text("note", &report.note, 200)?;
    let now = web.wall();
    let later = match code {
        Outcome::Rescheduled => Some(super::kitchen::later(report.at, report.minutes, report.pickup, now)?),
        _ => None,
    };
    if !web.store.delivered(&order.id, Said { code, later }, &note, None, "link", now).await? {
        return Err(Problem::new("conflict", "this cannot be said of the order now"));
    }
    let order = order_of(&web, &word).await?;
    Ok(Json(of_rider(&web, &order).await?))
}
