//! The day in numbers, for the wallboard: the formulas are part of the answer.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::made;
use crate::domain::Role;
use crate::store::WallCounts;
use crate::web::{Answer, Viewer, Web};

/// Today and by hour of the restaurant's clock.
#[utoipa::path(get, path = "/api/wall", tag = "calls", responses((status = 200, description = "the day in numbers, with the formulas")))]
pub(in crate::web) async fn wall(State(web): State<Web>, viewer: Viewer) -> Answer<Response> {
    viewer.require(&[Role::Agent, Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator])?;
    let now = web.wall();
    // Two hundred boards ask the store once in two seconds.
    let key = (now.as_millis() / 2000).to_string();
    if let Some(body) = web.desk.shelf.find("wall", &key) {
        return Ok(made(body));
    }
    let (in_time, short) = (web.plant.ring_and_level().1, web.floor.short);
    let wall = web.store.wall(in_time, short, now).await?;
    let hours: Vec<Value> = wall
        .by_hour
        .iter()
        .map(|(hour, counts)| {
            let mut shown = show(counts);
            shown["hour"] = json!(hour);
            shown
        })
        .collect();
    let body = json!({
        "today": show(&wall.today),
        "by_hour": hours,
        "in_time_seconds": in_time.as_secs(),
        "short_seconds": short.as_secs(),
        "formulas": {
            "offered": "calls that entered a queue, each once",
            "in_time_percent": "answered within in_time_seconds / (answered + abandoned after short_seconds)",
            "abandon_percent": "abandoned after short_seconds / (offered - abandoned within short_seconds)",
            "average_wait_ms": "waits of the answered from queue entry / answered",
        },
    })
    .to_string();
    web.desk.shelf.put("wall", key, body.clone());
    Ok(made(body))
}

fn show(counts: &WallCounts) -> Value {
    json!({
        "calls": counts.calls,
        "offered": counts.offered,
        "answered": counts.answered,
        "answered_in_time": counts.in_time,
        "in_time_percent": counts.in_time_percent(),
        "abandoned": counts.abandoned,
        "abandoned_short": counts.abandoned_short,
        "abandon_percent": counts.abandon_percent(),
        "callbacks": counts.call_backs,
        "average_wait_ms": counts.average_wait().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        "orders": counts.orders,
        "orders_by_agent": counts.orders_by_agent,
        "sales_fen": counts.sales_fen,
    })
}
