//! Callers whom nobody spoke with, and who returns their call.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DESK, LOOK, author, text};
use crate::store::StoredMissed;
use crate::web::body::{Body, Params};
use crate::web::{Answer, Viewer, Web, show_phone};
use crate::wire::time;

/// What is to be listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Which {
    /// 1: also those closed within a day.
    #[serde(default)]
    all: u8,
}

/// Open entries, oldest first.
#[utoipa::path(get, path = "/api/missed", tag = "calls", params(("all" = Option<u8>, Query, description = "1: also those closed within a day")),
    responses((status = 200, description = "a list of missed callers")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let closed = (which.all == 1).then(|| web.wall().before(Duration::from_secs(24 * 3600)));
    let missed = web.store.missed(closed, 500).await?;
    let show = |one: &StoredMissed| {
        let done = one.done.as_ref().map(|(at, how, by)| json!({ "at": time(*at), "how": how, "by": by }));
        json!({
            "id": one.id,
            "at": time(one.caller.at),
            "phone": show_phone(&viewer, &one.caller.phone),
            "name": one.name,
            "customer": one.caller.customer.as_ref().map(crate::domain::CustomerId::as_str),
            "kind": one.caller.kind.name(),
            "queue": one.caller.queue.as_ref().map(crate::domain::QueueId::as_str),
            "call": one.caller.call.as_ref().map(crate::domain::CallId::as_str),
            "times": one.times,
            "note": one.note,
            "taken_by": one.taken_by.as_ref().map(|by| by.user.as_str()),
            "taken_by_name": one.taken_by.as_ref().map(|by| by.name.as_str()),
            "done": done,
        })
    };
    Ok(Json(missed.iter().map(show).collect()))
}

/// This person returns the call.
#[utoipa::path(post, path = "/api/missed/{id}/take", tag = "calls", params(("id" = String, Path)),
    responses((status = 204, description = "it is yours"), (status = 409, description = "somebody else has it, or it is done")))]
pub(in crate::web) async fn take(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    web.store.take_missed(&id, &author(&viewer), web.wall()).await?;
    web.audit(&viewer, "missed.taken", &format!("missed:{id}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// How it was done with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Done {
    #[serde(default)]
    how: String,
}

/// Done with: `spoken`, `no_answer`, `not_needed`, or in words.
#[utoipa::path(post, path = "/api/missed/{id}/done", tag = "calls", request_body = inline(Done), params(("id" = String, Path)),
    responses((status = 204, description = "off the list"), (status = 409, description = "it was done with before")))]
pub(in crate::web) async fn done(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(done): Body<Done>,
) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    let done = done?;
    let how = text("how", &done.how, 200)?;
    web.store.close_missed(&id, if how.is_empty() { "done" } else { &how }, &author(&viewer), web.wall()).await?;
    web.audit(&viewer, "missed.done", &format!("missed:{id}"), &how).await;
    Ok(StatusCode::NO_CONTENT)
}
