//! The telephone side as it is set up and as it does: queues with who waits, trunks with their health.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::bus::Query;
use crate::domain::Role;
use crate::event::QueueView;
use crate::web::{Answer, Problem, Viewer, Web};

/// Who looks at how the telephone side is set up.
const LOOK: [Role; 3] = [Role::Supervisor, Role::Manager, Role::Administrator];
/// The brain answers in microseconds, or is stuck.
const PATIENCE: Duration = Duration::from_secs(1);

async fn ask<T>(web: &Web, question: impl FnOnce(oneshot::Sender<T>) -> Query) -> Answer<T> {
    let (answer, heard) = oneshot::channel();
    let stuck = || Problem::new("busy", "the call centre did not answer within a second");
    web.queries.send(question(answer)).await.map_err(|_| Problem::new("stopped", "the call centre has stopped"))?;
    tokio::time::timeout(PATIENCE, heard).await.ok().and_then(Result::ok).ok_or_else(stuck)
}

/// Queues as the settings have them, who is assigned to each, and how it goes today. Assignments are changed with the people
/// (`PATCH /api/users/{id}`) and hold at once; everything else is a setting and holds from the next start.
#[utoipa::path(get, path = "/api/queues", tag = "house", responses((status = 200, description = "a list of queues")))]
pub(in crate::web) async fn queues(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let (of, role) = (viewer.user.clone(), viewer.role);
    let now = ask(&web, |answer| Query::Snapshot { of, role, answer }).await?.queues.queues.clone();
    let people = web.store.users().await?;
    let seconds = |time: Duration| time.as_secs();
    let show = |queue: &crate::config::Queue| {
        let live = now.iter().find(|view: &&QueueView| view.queue == queue.id);
        let assigned = people.iter().filter(|user| !user.disabled && user.queues.contains(&queue.id));
        json!({
            "id": queue.id.as_str(), "zh": queue.name_zh, "en": queue.name_en, "strategy": queue.strategy.name(),
            "ring_seconds": seconds(queue.ring), "wrap_up_seconds": seconds(queue.wrap_up), "priority": queue.priority,
            "skills": queue.skills.to_string(), "max_waiting": queue.max_waiting, "longest_wait_seconds": seconds(queue.longest_wait),
            "overflow": queue.overflow.iter().map(|other| other.as_str()).collect::<Value>(),
            "overflow_after_seconds": seconds(queue.overflow_after), "service_level_seconds": seconds(queue.service_level),
            "people": assigned.map(|user| format!("{} {}", user.number, user.name).trim().to_owned()).collect::<Value>(),
            "waiting": live.map(|live| live.waiting), "working": live.map(|live| live.agents), "ready": live.map(|live| live.ready),
            "offered": live.map(|live| live.offered), "answered": live.map(|live| live.answered), "abandoned": live.map(|live| live.abandoned),
        })
    };
    Ok(Json(web.plant.queues.iter().map(show).collect()))
}

/// Trunks as the settings have them, without passwords, and whether they are up. They are settings: a change holds from the next start.
#[utoipa::path(get, path = "/api/trunks", tag = "house", responses((status = 200, description = "a list of trunks")))]
pub(in crate::web) async fn trunks(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let (calls, health) = ask(&web, |answer| Query::Health { answer }).await?;
    let show = |trunk: &crate::config::Trunk| {
        let up = health.iter().find(|(name, _)| *name == trunk.name).map(|(_, up)| *up);
        json!({
            "name": trunk.name, "transport": trunk.transport,
            "targets": trunk.targets.iter().map(ToString::to_string).collect::<Value>(),
            "registers_as": trunk.register.as_ref().map(|register| format!("{}@{}", register.user, register.domain)),
            "options_every_seconds": trunk.options_every.map(|every| every.as_secs()),
            "max_calls": trunk.max_calls, "max_calls_per_second": trunk.max_calls_per_second, "up": up, "calls_of_node": calls,
        })
    };
    Ok(Json(web.plant.trunks.iter().map(show).collect()))
}
