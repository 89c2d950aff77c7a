//! The telephone side as it is set up and as it does: queues with who waits, trunks with their health; both changed by page.
//!
//! A change lies over the settings file's entry of that name, is checked by the functions that check the file, and holds at every
//! node within two seconds. Passwords go in and never come out.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::{author, told};
use crate::bus::Query;
use crate::config::{Entry, Kind, Plant, Secret};
use crate::domain::{Finding, QueueId, Role};
use crate::event::QueueView;
use crate::store::{HouseEdit, HousePart, HouseValue, PageEntry, Store, StoreError};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};

/// Who looks at how the telephone side is set up.
const LOOK: [Role; 3] = [Role::Supervisor, Role::Manager, Role::Administrator];
/// Who may change it.
const MAY: [Role; 1] = [Role::Administrator];
/// The brain answers in microseconds, or is stuck.
const PATIENCE: Duration = Duration::from_secs(1);

async fn ask<T>(web: &Web, question: impl FnOnce(oneshot::Sender<T>) -> Query) -> Answer<T> {
    let (answer, heard) = oneshot::channel();
    let stuck = || Problem::new("busy", "the call centre did not answer within a second");
    web.queries.send(question(answer)).await.map_err(|_| Problem::new("stopped", "the call centre has stopped"))?;
    tokio::time::timeout(PATIENCE, heard).await.ok().and_then(Result::ok).ok_or_else(stuck)
}

/// Queues and trunks as people have written them.
///
/// # Errors
/// When the store cannot answer.
pub async fn page_entries(store: &Store) -> Result<Vec<Entry>, StoreError> {
    Ok(store.page_entries().await?.iter().map(entry).collect())
}

const fn kind(part: HousePart) -> Kind {
    if matches!(part, HousePart::Queue) { Kind::Queue } else { Kind::Trunk }
}

const fn part(kind: Kind) -> HousePart {
    match kind {
        Kind::Queue => HousePart::Queue,
        Kind::Trunk => HousePart::Trunk,
    }
}

fn entry(row: &PageEntry) -> Entry {
    let table = serde_json::from_str(&row.settings).unwrap_or_default();
    Entry {
        kind: kind(row.part),
        name: row.name.clone(),
        table,
        password: row.password.clone().map(Secret::new),
        unread: row.unread.clone(),
    }
}

/// What people have written, and what is in force by it.
async fn in_force(web: &Web) -> Answer<(Vec<Entry>, Plant)> {
    let entries = page_entries(&web.store).await?;
    let plant = web.plant.written.with(&entries);
    Ok((entries, plant))
}

/// One entry in the words of the settings file, where it comes from, and what the file says differently.
fn show(web: &Web, entries: &[Entry], plant: &Plant, kind: Kind, name: &str) -> Map<String, Value> {
    let words = plant.words(kind, name).unwrap_or_default();
    let file = web.plant.written.words(kind, name);
    let other: Map<String, Value> =
        file.into_iter().flatten().filter(|(key, value)| words.get(key) != Some(value)).map(|(key, value)| (key, json!(value))).collect();
    let mut shown: Map<String, Value> = words.into_iter().map(|(key, value)| (key, json!(value))).collect();
    shown.insert("source".into(), json!(web.plant.written.source(entries, kind, name).name()));
    shown.insert("file".into(), json!(other));
    shown
}

/// Queues in the words of the settings file and where each comes from, who is assigned to it, and how it goes today. Assignments are
/// changed with the people (`PATCH /api/users/{id}`).
#[utoipa::path(get, path = "/api/queues", tag = "house", responses((status = 200, description = "a list of queues")))]
pub(in crate::web) async fn queues(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let (of, role) = (viewer.user.clone(), viewer.role);
    let now = ask(&web, |answer| Query::Snapshot { of, role, answer }).await?.queues.queues.clone();
    let people = web.store.users().await?;
    let (entries, plant) = in_force(&web).await?;
    let seconds = |time: Duration| time.as_secs();
    let one = |queue: &crate::config::Queue| {
        let live = now.iter().find(|view: &&QueueView| view.queue == queue.id);
        let assigned = people.iter().filter(|user| !user.disabled && user.queues.contains(&queue.id));
        let mut shown = show(&web, &entries, &plant, Kind::Queue, queue.id.as_str());
        let more = json!({
            "id": queue.id.as_str(), "ring_seconds": seconds(queue.ring), "wrap_up_seconds": seconds(queue.wrap_up),
            "longest_wait_seconds": seconds(queue.longest_wait), "overflow_after_seconds": seconds(queue.overflow_after),
            "service_level_seconds": seconds(queue.service_level),
            "people": assigned.map(|user| format!("{} {}", user.number, user.name).trim().to_owned()).collect::<Value>(),
            "waiting": live.map(|live| live.waiting), "working": live.map(|live| live.agents), "ready": live.map(|live| live.ready),
            "offered": live.map(|live| live.offered), "answered": live.map(|live| live.answered), "abandoned": live.map(|live| live.abandoned),
        });
        shown.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(shown)
    };
    Ok(Json(plant.queues.iter().map(one).collect()))
}

/// Trunks in the words of the settings file, without passwords, where each comes from, and whether it is up at this node.
#[utoipa::path(get, path = "/api/trunks", tag = "house", responses((status = 200, description = "a list of trunks")))]
pub(in crate::web) async fn trunks(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let (calls, health) = ask(&web, |answer| Query::Health { answer }).await?;
    let (entries, plant) = in_force(&web).await?;
    let one = |trunk: &crate::config::Trunk| {
        let up = health.iter().find(|(name, _)| *name == trunk.name).map(|(_, up)| *up);
        let mut shown = show(&web, &entries, &plant, Kind::Trunk, &trunk.name);
        let more = json!({
            "name": trunk.name, "up": up, "calls_of_node": calls, "password_set": trunk.register.is_some(),
            "registers_as": trunk.register.as_ref().map(|register| format!("{}@{}", register.user, register.domain)),
            "options_every_seconds": trunk.options_every.map(|every| every.as_secs()),
        });
        shown.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(shown)
    };
    Ok(Json(plant.trunks.iter().map(one).collect()))
}

/// Changes a queue, or makes a new one (behind the others). Keys and values are those of `[[queue]]`; what is missing stays, null
/// takes the usual value. Holds for the next caller at every node; who waits keeps the place.
#[utoipa::path(put, path = "/api/queues/{id}", tag = "house", request_body(content_type = "application/json", description = "an object"), params(("id" = String, Path)),
    responses((status = 200, description = "the change, with how it was and how it is"), (status = 409, description = "somebody else changed it first"),
        (status = 422, description = "`findings`: everything that is wrong, each with place, found and cure")))]
pub(in crate::web) async fn put_queue(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(put): Body<Map<String, Value>>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let put = put?;
    let work = async { Ok((StatusCode::OK, change(&web, &viewer, Kind::Queue, &id, put.clone()).await?)) };
    web.once(&viewer, &headers, &format!("PUT /api/queues/{id}"), &put, work).await
}

/// Changes a trunk, or makes a new one. Keys and values are those of `[[trunk]]`; what is missing stays, null takes the usual value,
/// and an empty `password` keeps the old one. It is registered and asked for its health anew; calls in progress stay.
#[utoipa::path(put, path = "/api/trunks/{name}", tag = "house", request_body(content_type = "application/json", description = "an object"), params(("name" = String, Path)),
    responses((status = 200, description = "the change, with how it was and how it is"), (status = 409, description = "somebody else changed it first"),
        (status = 422, description = "`findings`: everything that is wrong, each with place, found and cure")))]
pub(in crate::web) async fn put_trunk(
    State(web): State<Web>,
    viewer: Viewer,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(put): Body<Map<String, Value>>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let put = put?;
    let work = async { Ok((StatusCode::OK, change(&web, &viewer, Kind::Trunk, &name, put.clone()).await?)) };
    web.once(&viewer, &headers, &format!("PUT /api/trunks/{name}"), &put, work).await
}

/// Back to the settings file's queue; one that the file does not have is gone, and who waits in it waits in the first one.
#[utoipa::path(delete, path = "/api/queues/{id}", tag = "house", params(("id" = String, Path)),
    responses((status = 204, description = "as the file says"), (status = 404, description = "nothing was changed by page"), (status = 422, description = "something names it")))]
pub(in crate::web) async fn drop_queue(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    take_away(&web, &viewer, Kind::Queue, &id).await
}

/// Back to the settings file's trunk; one that the file does not have takes no calls any more. Calls in progress stay.
#[utoipa::path(delete, path = "/api/trunks/{name}", tag = "house", params(("name" = String, Path)),
    responses((status = 204, description = "as the file says"), (status = 404, description = "nothing was changed by page"), (status = 422, description = "it does not fit")))]
pub(in crate::web) async fn drop_trunk(State(web): State<Web>, viewer: Viewer, Path(name): Path<String>) -> Answer<StatusCode> {
    take_away(&web, &viewer, Kind::Trunk, &name).await
}

async fn change(web: &Web, viewer: &Viewer, kind: Kind, name: &str, mut put: Map<String, Value>) -> Answer<Value> {
    let rows = web.store.page_entries().await?;
    let before: Vec<Entry> = rows.iter().map(entry).collect();
    let own = rows.iter().find(|row| row.part == part(kind) && row.name == name);
    let mut table = web.plant.written.with(&before).words(kind, name).unwrap_or_default();
    let password = match put.remove("password") {
        Some(Value::String(password)) if kind == Kind::Trunk && password.is_empty() => None,
        Some(Value::String(password)) if kind == Kind::Trunk => Some(password),
        Some(Value::Null) | None => None,
        Some(_) => return Err(Problem::invalid("password is a text of a trunk")),
    };
    for (key, value) in put {
        if value.is_null() {
            table.remove(&key);
        } else {
            let value = serde_json::from_value(value).map_err(|_| Problem::invalid(format!("{key} is no value of the settings")))?;
            table.insert(key, value);
        }
    }
    let settings = serde_json::to_string(&table).map_err(|_| Problem::invalid("these are no settings"))?;
    if own.is_some_and(|own| own.settings == settings) && password.is_none() {
        return Err(Problem::invalid("nothing is to be changed"));
    }
    let kept = own.and_then(|own| own.password.clone());
    let unread = own.and_then(|own| own.unread.clone()).filter(|_| password.is_none());
    let new = Entry { kind, name: name.to_owned(), table, password: password.clone().or(kept).map(Secret::new), unread };
    let mut after: Vec<Entry> = before.iter().filter(|entry| entry.kind != kind || entry.name != name).cloned().collect();
    after.push(new);
    fits(web, &before, &after, kind, name)?;
    let mut set = vec![("settings", HouseValue::Text(Some(settings))), ("retired", HouseValue::Number(Some(0)))];
    if let Some(password) = password {
        set.push(("password", HouseValue::Text(Some(password))));
    }
    written_down(web, viewer, kind, name, &set, own).await
}

async fn take_away(web: &Web, viewer: &Viewer, kind: Kind, name: &str) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    let rows = web.store.page_entries().await?;
    let own = rows.iter().find(|row| row.part == part(kind) && row.name == name);
    let own = own.ok_or_else(|| Problem::not_found("change by page"))?;
    let before: Vec<Entry> = rows.iter().map(entry).collect();
    let after: Vec<Entry> = before.iter().filter(|entry| entry.kind != kind || entry.name != name).cloned().collect();
    fits(web, &before, &after, kind, name)?;
    let mut set = vec![("retired", HouseValue::Number(Some(1)))];
    if kind == Kind::Trunk {
        // Who writes it again later must know the password again.
        set.push(("password", HouseValue::Text(None)));
    }
    written_down(web, viewer, kind, name, &set, Some(own)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn written_down(
    web: &Web,
    viewer: &Viewer,
    kind: Kind,
    name: &str,
    set: &[(&'static str, HouseValue)],
    seen: Option<&PageEntry>,
) -> Answer<Value> {
    let seen = seen.map(|seen| seen.settings.as_str());
    let edit = web.store.edit_page_entry(part(kind), name, set, seen, &author(viewer), web.wall()).await?;
    web.audit(viewer, "house.changed", &format!("{}:{name}", kind.name()), "").await;
    Ok(told::show(&edit))
}

/// Whether what people will have written fits together; otherwise everything that is wrong, at once.
fn fits(web: &Web, before: &[Entry], after: &[Entry], kind: Kind, name: &str) -> Answer<()> {
    let mut findings = web.plant.written.check(before, after, kind, name);
    let plant = web.plant.written.with(after);
    let named = web.plant.named.borrow();
    if kind == Kind::Queue && named.contains(&QueueId::new(name)) && plant.queues.iter().all(|queue| queue.id.as_str() != name) {
        let cure = "name another queue there first, or leave this one";
        findings.push(Finding::new(format!("queue {name}.id"), "is named by a node of menus.toml", cure));
    }
    if findings.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let list = findings.iter().map(|finding| json!({ "place": finding.place, "found": finding.found, "cure": finding.cure }));
    Err(Problem::invalid(told.join(" · ")).with("findings", list.collect()))
}

/// Whether this change of the telephone side can be taken back by this person without a fault.
pub(super) async fn may_undo(web: &Web, viewer: &Viewer, edit: &HouseEdit) -> Answer<()> {
    viewer.require(&MAY)?;
    let before = page_entries(&web.store).await?;
    let kind = kind(edit.part);
    let mut after: Vec<Entry> = before.iter().filter(|entry| entry.kind != kind || entry.name != edit.subject).cloned().collect();
    if let Some(settings) = edit.before["settings"].as_str().filter(|_| edit.before["retired"] == 0) {
        after.push(entry(&web.store.page_entry(edit.part, &edit.subject, settings, edit.before["password"].as_str())));
    }
    fits(web, &before, &after, kind, &edit.subject)
}
