//! Orders: priced while they are typed, placed once, looked up again.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::quoting::{Draft, Priced, priced};
use super::report_form::own_branch;
use super::row_list::Days;
use super::{DESK, LOOK};
use crate::bus::Query;
use crate::command::{Command, Wish};
use crate::domain::{BranchNumber, CallId, CustomerId, Fulfilment, Order, OrderId, OrderStatus, Place, PlacedVia, Role, When};
use crate::store::{OrderFilter, Placed, TakenDown};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::pop::{size_name, spice_name};
use crate::wire::time;

/// How long the centre is asked which call this is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Price, promise and what stands in the way of an order, by the same functions as the keypad line.
#[utoipa::path(post, path = "/api/orders/quote", tag = "orders", request_body = inline(Draft),
    responses((status = 200, description = "the quote, with problems when there are any"), (status = 422, description = "it cannot be understood")))]
pub(in crate::web) async fn quote(State(web): State<Web>, viewer: Viewer, Body(asked): Body<Asked>) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let Asked(draft) = asked?;
    let catalogue = web.catalogue.borrow().clone();
    Ok(Json(priced(&web, &viewer, &draft, &catalogue).await?.show(&catalogue)))
}

/// Who may let an order out of the zone through: `[{name, role}]`, for the form that names them.
#[utoipa::path(get, path = "/api/orders/overriders", tag = "orders", responses((status = 200, description = "name and role of each")))]
pub(in crate::web) async fn overriders(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let users = super::quoting::may_let_out(&web).await?;
    Ok(Json(users.iter().map(|user| json!({ "name": user.name, "role": user.role.name() })).collect()))
}

/// An order to be placed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::web) struct NewOrder {
    #[serde(flatten)]
    draft: Draft,
    #[serde(flatten)]
    #[schema(inline)]
    terms: Terms,
}

/// How an order is placed: what its draft does not say.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
struct Terms {
    /// Made when the draft was opened: the same key is the same order.
    key: String,
    /// The call in which it is taken down.
    #[serde(default)]
    call: Option<u64>,
    /// The sum that the caller heard; another one is told first.
    #[serde(default)]
    pay_fen: Option<i64>,
    /// The same lines were ordered from this number minutes ago, and that is meant.
    #[serde(default)]
    again: bool,
}

impl<'de> Deserialize<'de> for NewOrder {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (draft, terms) = apart(serde_json::Map::deserialize(from)?).map_err(D::Error::custom)?;
        Ok(Self { draft, terms: serde_json::from_value(terms).map_err(D::Error::custom)? })
    }
}

/// A draft to be priced. It may say already how it is to be placed: the same body then serves for both.
pub(in crate::web) struct Asked(Draft);

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(apart(serde_json::Map::deserialize(from)?).map_err(D::Error::custom)?.0))
    }
}

/// The draft, and what belongs to [`Terms`]. By hand, because `flatten` lets misspelt names through.
fn apart(mut given: serde_json::Map<String, Value>) -> Result<(Draft, Value), serde_json::Error> {
    let terms = ["key", "call", "pay_fen", "again"].into_iter().filter_map(|name| given.remove_entry(name)).collect();
    Ok((serde_json::from_value(Value::Object(given))?, Value::Object(terms)))
}

/// Places an order once; with what stands in its way it is refused, and the quote says why.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = inline(NewOrder),
    responses((status = 201, description = "id, number, pay_fen, promised_at"),
        (status = 409, description = "refused, or another price: with the quote"), (status = 422, description = "it cannot be understood")))]
pub(in crate::web) async fn place(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Body(new): Body<NewOrder>,
) -> Answer<Response> {
    viewer.require(&DESK)?;
    let new = new?;
    if !(8..=100).contains(&new.terms.key.len()) || !new.terms.key.is_ascii() {
        return Err(Problem::invalid("key has 8 to 100 ASCII characters and is made once for each order"));
    }
    let work = async { place_once(&web, &viewer, &new).await };
    web.once(&viewer, &headers, "POST /api/orders", &new, work).await
}

async fn place_once(web: &Web, viewer: &Viewer, new: &NewOrder) -> Answer<(StatusCode, Value)> {
    let catalogue = web.catalogue.borrow().clone();
    let mut order = priced(web, viewer, &new.draft, &catalogue).await?;
    order.request.key = format!("{}:{}", viewer.user, new.terms.key);
    // An order that is there already is the answer, whatever has changed since.
    if let Some(before) = web.store.order_of_key(&order.request.key).await? {
        return Ok((StatusCode::CREATED, placed(&before)));
    }
    if !order.is_fine() {
        return Err(refused(&order, viewer, &catalogue));
    }
    if new.terms.pay_fen.is_some_and(|heard| heard != order.request.heard.as_fen()) {
        return Err(Problem::new("price-changed", "the sum is another than the one that was told").with("quote", order.show(&catalogue)));
    }
    order.request.again = new.terms.again;
    if let Some(call) = new.terms.call {
        order.taken.call = id_of(web, viewer, call).await;
    }
    let via = if viewer.program { PlacedVia::Api } else { PlacedVia::Agent };
    let outcome = web.store.place_order_by(&order.request, via, &order.taken, web.wall(), &catalogue).await?;
    match outcome {
        Placed::Confirmed { id, number, promised_at, pay } => {
            if order.taken.invoice.is_some() {
                metrics::counter!("dinetone_invoices_total", "state" => "asked").increment(1);
            }
            web.audit(viewer, "order.placed", &format!("order:{number}"), &order.request.phone.to_string()).await;
            if let Some(call) = new.terms.call {
                tell_floor(web, viewer, call, number.as_str()).await;
            }
            let body = json!({ "id": id.as_str(), "number": number.as_str(), "pay_fen": pay.as_fen(), "promised_at": time(promised_at) });
            Ok((StatusCode::CREATED, body))
        }
        Placed::Duplicate => {
            let said = "the same was ordered from this number within ten minutes; say again: true when that is meant";
            Err(Problem::new("order-refused", said).with("quote", order.show(&catalogue)).with("duplicate", json!(true)))
        }
        // The store has moved on since it was priced: look again.
        _ => {
            let fresh = web.store.catalogue().await?;
            let fresh_price = priced(web, viewer, &new.draft, &fresh).await?;
            if fresh_price.is_fine() {
                return Err(Problem::new("price-changed", "prices have changed meanwhile").with("quote", fresh_price.show(&fresh)));
            }
            Err(refused(&fresh_price, viewer, &fresh))
        }
    }
}

fn refused(order: &Priced, viewer: &Viewer, catalogue: &crate::domain::Catalogue) -> Problem {
    Problem::new("order-refused", order.first_obstacle(viewer.language)).with("quote", order.show(catalogue))
}

fn placed(order: &Order) -> Value {
    json!({
        "id": order.id.as_str(), "number": order.number.as_str(),
        "pay_fen": order.pay.as_fen(), "promised_at": time(order.promised_at),
    })
}

/// The record's id of a call of this run, if this person has it.
async fn id_of(web: &Web, viewer: &Viewer, call: u64) -> Option<CallId> {
    let (answer, snapshot) = oneshot::channel();
    let query = Query::Snapshot { of: viewer.user.clone(), role: viewer.role, answer };
    web.queries.try_send(query).ok()?;
    let snapshot = tokio::time::timeout(PATIENCE, snapshot).await.ok()?.ok()?;
    snapshot.calls.iter().find(|view| view.call == call).map(|view| view.id.clone())
}

/// The call knows of its order: the wrap-up proposes itself, the supervisor counts it.
async fn tell_floor(web: &Web, viewer: &Viewer, call: u64, number: &str) {
    let (answer, done) = oneshot::channel();
    let what = Command::Ordered { call, number: number.to_owned() };
    let wish = Box::new(Wish { by: viewer.user.clone(), role: viewer.role, page: 0, what });
    if web.queries.try_send(Query::Wish { wish, answer }).is_err() {
        return;
    }
    if !matches!(tokio::time::timeout(PATIENCE, done).await, Ok(Ok(Ok(())))) {
        tracing::debug!(call, "the call of an order has gone");
    }
}

/// Which orders.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Which {
    from: Option<String>,
    to: Option<String>,
    status: Option<String>,
    open: u8,
    branch: Option<u16>,
    phone: Option<String>,
    customer: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Orders, latest first; people of a branch see its own.
#[utoipa::path(get, path = "/api/orders", tag = "orders",
    params(("from" = Option<String>, Query, description = "YYYY-MM-DD, placed on or after"), ("to" = Option<String>, Query, description = "YYYY-MM-DD, and on or before"),
        ("status" = Option<String>, Query), ("open" = Option<u8>, Query, description = "1: not yet done or cancelled"), ("branch" = Option<u16>, Query),
        ("phone" = Option<String>, Query, description = "the whole contact number"), ("customer" = Option<String>, Query),
        ("after" = Option<String>, Query, description = "id or number of the last one that is known: those behind it"),
        ("limit" = Option<u32>, Query, description = "at most 500; 100")),
    responses((status = 200, description = "a list of orders"), (status = 422, description = "no day, no number, no such status or order")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&[&LOOK[..], &[Role::Branch]].concat())?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (since, until) = Days::around(&web, which.from, which.to)?;
    let status = given(which.status);
    let status = status.map(|name| OrderStatus::from_name(&name).ok_or_else(|| Problem::invalid(statuses()))).transpose()?;
    // Before the limit: other branches' orders take no place.
    let branch = own_branch(&viewer, which.branch.map(i64::from))?;
    let branch =
        branch.map(|number| u16::try_from(number).ok().and_then(BranchNumber::new).ok_or_else(|| Problem::invalid("branch: 1 to 99")));
    let after = given(which.after).map(OrderId::new);
    if let Some(known) = &after
        && web.store.order(known.as_str()).await?.is_none_or(|order| !may_see(&viewer, &order))
    {
        return Err(Problem::invalid("after: there is no such order"));
    }
    let filter = OrderFilter {
        since,
        until,
        status,
        open: which.open == 1,
        phone: given(which.phone).map(|number| super::phone(&number)).transpose()?,
        customer: given(which.customer).map(CustomerId::new),
        branch: branch.transpose()?,
        after,
        limit: which.limit.unwrap_or(100).clamp(1, 500),
    };
    let mut shown = Vec::new();
    for order in web.store.orders(&filter).await? {
        if may_see(&viewer, &order) {
            shown.push(whole(&web, &viewer, &order).await?);
        }
    }
    Ok(Json(Value::Array(shown)))
}

fn statuses() -> String {
    format!("status: {}", OrderStatus::ALL.map(OrderStatus::name).join(", "))
}

fn may_see(viewer: &Viewer, order: &Order) -> bool {
    viewer.role != Role::Branch || viewer.branch == Some(order.place.branch())
}

/// One order, by id or number.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, description = "the order"), (status = 404, description = "no such order")))]
pub(in crate::web) async fn one(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&[&LOOK[..], &[Role::Branch]].concat())?;
    let order = web.store.order(&id).await?.filter(|order| may_see(&viewer, order)).ok_or_else(|| Problem::not_found("order"))?;
    whole(&web, &viewer, &order).await.map(Json)
}

/// With what a person added; who an invoice is made out to is told to those who take it down or hand it on (C91).
async fn whole(web: &Web, viewer: &Viewer, order: &Order) -> Answer<Value> {
    let mut shown = show(viewer, order, &web.store.order_taken(&order.id).await?);
    if LOOK.contains(&viewer.role) {
        let asked = web.store.invoice(&order.id).await?;
        shown["invoice"] = asked.map_or(Value::Null, |asked| super::invoices::show(viewer, &asked));
    }
    Ok(shown)
}

fn show(viewer: &Viewer, order: &Order, taken: &TakenDown) -> Value {
    let lines = order.lines.iter().map(|line| {
        json!({
            "dish": line.dish.get(), "zh": line.zh, "en": line.en, "quantity": line.quantity.get(),
            "size": line.size.map(size_name), "spice": line.spice.map(spice_name), "note": line.note,
            "price_fen": line.price.as_fen(), "amount_fen": line.amount.as_fen(),
        })
    });
    let discounts = order.discounts.iter().map(|off| json!({ "why": off.reason.name(), "off_fen": off.amount.as_fen() }));
    json!({
        "id": order.id.as_str(),
        "number": order.number.as_str(),
        "status": order.status.name(),
        "placed_at": time(order.placed_at),
        "promised_at": time(order.promised_at),
        "customer": order.customer.as_ref().map(CustomerId::as_str),
        "member_number": order.member.as_ref().map(crate::domain::MemberNumber::as_str),
        "phone": show_phone(viewer, &order.phone),
        "contact": taken.contact,
        "service": if order.place.fulfilment() == Fulfilment::Delivery { "delivery" } else { "pickup" },
        "branch": order.place.branch().get(),
        "address": match &order.place {
            Place::Saved { text, .. } => Some(text.as_str()),
            Place::Recorded { .. } | Place::Pickup { .. } => None,
        },
        "wanted_at": match order.when {
            When::Now => None,
            When::At(at) => Some(at.to_string()),
        },
        "lines": lines.collect::<Vec<_>>(),
        "goods_fen": order.goods.as_fen(),
        "discounts": discounts.collect::<Vec<_>>(),
        "fee_fen": order.fee.as_fen(),
        "pay_fen": order.pay.as_fen(),
        "note": taken.remark,
        "via": match order.via {
            PlacedVia::Keypad => "keypad",
            PlacedVia::Agent => "agent",
            PlacedVia::Api => "api",
        },
        "agent_name": taken.agent_name,
        "call": taken.call.as_ref().map(CallId::as_str),
        "override": taken.outside.as_ref().map(|(who, why)| json!({ "who": who, "why": why })),
    })
}
