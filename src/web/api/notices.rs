//! What customers were told, and who wants to be told nothing (C87).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DESK, LOOK, phone};
use crate::domain::OrderId;
use crate::web::body::{Body, Params};
use crate::web::{Answer, Viewer, Web, show_phone};
use crate::wire::time;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Which {
    order: Option<String>,
}

/// Messages to customers with how they went, latest first.
#[utoipa::path(get, path = "/api/messages-log", tag = "customers", params(("order" = Option<String>, Query)),
    responses((status = 200, description = "at most 200")))]
pub(in crate::web) async fn log(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let order = which.order.map(OrderId::new);
    let messages = web.store.notices(order.as_ref(), 200).await?;
    let shown = messages.iter().map(|one| {
        json!({
            "id": one.id,
            "order": one.order.as_str(),
            "number": one.number,
            "event": one.event,
            "phone": show_phone(&viewer, &one.phone),
            "text": one.text,
            "status": one.status,
            "tries": one.tries,
            "why": one.why,
            "made_at": time(one.made_at),
            "done_at": one.done_at.map(time),
            "channel": one.channel,
            "receipt": one.receipt,
            "receipt_at": one.receipt_at.map(time),
        })
    });
    Ok(Json(shown.collect()))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Refusal {
    phone: String,
    refuses: bool,
}

/// A customer wants no messages to this number, or wants them again.
#[utoipa::path(put, path = "/api/message-refusals", tag = "customers", request_body = inline(Refusal), responses((status = 204, description = "from the next message on")))]
pub(in crate::web) async fn refuse(State(web): State<Web>, viewer: Viewer, Body(refusal): Body<Refusal>) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    let refusal = refusal?;
    let number = phone(&refusal.phone)?;
    web.store.refuse_notices(&number, refusal.refuses, &viewer.name, web.wall()).await?;
    web.audit(&viewer, if refusal.refuses { "messages.refused" } else { "messages.wanted" }, "phone", &number.to_string()).await;
    Ok(StatusCode::NO_CONTENT)
}
