//! Tickets over HTTP, and the recordings that belong to them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LOOK, author, needed, phone, text};
use crate::domain::{BranchNumber, CallId, CustomerId, NewTicket, RecordingId, Role, TicketKind};
use crate::media::wav;
use crate::store::{Ticket, TicketFilter, TicketNote, TicketStep};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::time;

/// Who sees tickets: whoever talks with customers, the head office, and a branch what is its own.
const SEE: [Role; 5] = [Role::Agent, Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Branch];

/// Which ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Which {
    /// 1: also closed ones.
    #[serde(default)]
    all: u8,
    customer: Option<String>,
    branch: Option<u16>,
}

/// Open tickets, the next deadline first; or all, latest first.
#[utoipa::path(get, path = "/api/tickets", tag = "tickets",
    params(("all" = Option<u8>, Query, description = "1: also closed ones"), ("customer" = Option<String>, Query), ("branch" = Option<u16>, Query)),
    responses((status = 200, description = "a list of tickets")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&SEE)?;
    let branch = match viewer.role {
        Role::Branch => Some(viewer.branch.ok_or_else(|| Problem::new("not-allowed", "this account belongs to no branch"))?),
        _ => which.branch.map(|number| BranchNumber::new(number).ok_or_else(|| Problem::not_found("branch"))).transpose()?,
    };
    let filter = TicketFilter { all: which.all == 1, branch, customer: which.customer.map(CustomerId::new), limit: 500 };
    let tickets = web.store.tickets(&filter).await?;
    Ok(Json(tickets.iter().map(|ticket| show(&viewer, ticket)).collect()))
}

fn show(viewer: &Viewer, ticket: &Ticket) -> Value {
    let closed = ticket.closed.as_ref();
    json!({
        "id": ticket.id,
        "number": ticket.number,
        "kind": ticket.kind.name(),
        "severity": ticket.severity,
        "status": ticket.status,
        "customer": ticket.customer.as_ref().map(CustomerId::as_str),
        "name": ticket.name,
        "phone": ticket.phone.as_ref().map(|phone| show_phone(viewer, phone)),
        "order": ticket.order.as_ref().map(|(id, number)| json!({ "id": id.as_str(), "number": number.as_str() })),
        "branch": ticket.branch.map(BranchNumber::get),
        "call": ticket.call.as_ref().map(CallId::as_str),
        "recording": ticket.recording.as_ref().map(RecordingId::as_str),
        "words": ticket.words,
        "owner": ticket.owner.as_ref().map(|owner| json!({ "id": owner.user.as_str(), "name": owner.name })),
        "at": time(ticket.at),
        "due_at": time(ticket.due_at),
        "escalated": ticket.escalated,
        "closed": closed.map(|(at, by, outcome, told)| json!({ "at": time(*at), "by": by, "outcome": outcome, "told": told })),
        "revision": ticket.revision,
    })
}

fn note(note: &TicketNote) -> Value {
    json!({ "at": time(note.at), "by": note.by, "kind": note.kind, "text": note.text })
}

/// One ticket with all that was done about it.
#[utoipa::path(get, path = "/api/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, description = "the ticket with its notes"), (status = 404, description = "no such ticket")))]
pub(in crate::web) async fn one(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    let (ticket, notes) = seen(&web, &viewer, &id).await?;
    Ok(Json(whole(&viewer, &ticket, &notes)))
}

fn whole(viewer: &Viewer, ticket: &Ticket, notes: &[TicketNote]) -> Value {
    let mut shown = show(viewer, ticket);
    shown["notes"] = notes.iter().map(note).collect();
    shown
}

/// A ticket that this viewer may see.
async fn seen(web: &Web, viewer: &Viewer, id: &str) -> Answer<(Ticket, Vec<TicketNote>)> {
    viewer.require(&SEE)?;
    let found = web.store.ticket_story(id).await?.ok_or_else(|| Problem::not_found("ticket"))?;
    if viewer.role == Role::Branch && found.0.branch != viewer.branch {
        return Err(Problem::not_found("ticket"));
    }
    Ok(found)
}

/// What is to be opened.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Wish {
    kind: String,
    severity: Option<u8>,
    #[serde(default)]
    words: String,
    customer: Option<String>,
    phone: Option<String>,
    /// Id or number.
    order: Option<String>,
    call: Option<String>,
}

/// Opens a ticket.
#[utoipa::path(post, path = "/api/tickets", tag = "tickets", request_body = inline(Wish),
    responses((status = 201, description = "its id and number"), (status = 422, description = "a field does not fit")))]
pub(in crate::web) async fn open(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(wish): Body<Wish>) -> Answer<Response> {
    viewer.require(&LOOK)?;
    let wish = wish?;
    web.once(&viewer, &headers, "open ticket", &wish, async {
        let kind = TicketKind::parse(&wish.kind).ok_or_else(|| Problem::invalid("there is no such kind of ticket"))?;
        let order = match &wish.order {
            Some(order) => Some(web.store.order(order).await?.ok_or_else(|| Problem::invalid("there is no such order"))?),
            None => None,
        };
        let ticket = NewTicket {
            kind,
            severity: wish.severity.map(severity).transpose()?,
            customer: wish.customer.clone().map(CustomerId::new).or_else(|| order.as_ref().and_then(|order| order.customer.clone())),
            phone: wish.phone.as_deref().map(phone).transpose()?.or_else(|| order.as_ref().map(|order| order.phone.clone())),
            order: order.map(|order| order.id),
            call: wish.call.clone().map(CallId::new),
            recording: None,
            words: needed("words", &wish.words, 2000)?,
            by: viewer.name.clone(),
        };
        let (id, number) = web.store.open_ticket(&ticket, web.wall()).await?;
        web.audit(&viewer, "ticket.opened", &format!("ticket:{id}"), &wish.kind).await;
        Ok((StatusCode::CREATED, json!({ "id": id, "number": number })))
    })
    .await
}

fn severity(given: u8) -> Answer<u8> {
    if (1..=3).contains(&given) { Ok(given) } else { Err(Problem::invalid("severity is 1 (the worst), 2 or 3")) }
}

/// One step; `revision` is what the console saw.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Change {
    revision: i64,
    /// `take`, `give_back`, `note`, `severity`, `close`.
    #[serde(rename = "do")]
    what: String,
    #[serde(default)]
    text: String,
    severity: Option<u8>,
    /// To close: how the customer heard: `called`, `message`, `nobody`.
    told: Option<String>,
}

/// Takes a ticket, gives it back, adds a note, or closes it with what came of it.
#[utoipa::path(patch, path = "/api/tickets/{id}", tag = "tickets", request_body = inline(Change), params(("id" = String, Path)),
    responses((status = 200, description = "the ticket as it is now"), (status = 409, description = "somebody changed it since, or it is closed")))]
pub(in crate::web) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Answer<Json<Value>> {
    let (ticket, _) = seen(&web, &viewer, &id).await?;
    let change = change?;
    let step = match change.what.as_str() {
        "take" => TicketStep::Take,
        "give_back" => TicketStep::GiveBack,
        "note" => TicketStep::Note(needed("text", &change.text, 2000)?),
        "severity" => TicketStep::Severity(severity(change.severity.unwrap_or(0))?),
        "close" => {
            let told = match change.told.as_deref() {
                Some("called") => "called",
                Some("message") => "message",
                Some("nobody") => "nobody",
                _ => return Err(Problem::invalid("told says how the customer heard: called, message or nobody")),
            };
            // A ticket is closed only with what came of it.
            TicketStep::Close { outcome: needed("text", &change.text, 2000)?, told }
        }
        _ => return Err(Problem::invalid("do is take, give_back, note, severity or close")),
    };
    if viewer.role == Role::Branch && !matches!(step, TicketStep::Note(_)) {
        return Err(Problem::new("not-allowed", "a branch adds notes; the head office decides"));
    }
    web.store.ticket_step(&ticket.id, change.revision, &step, &author(&viewer), web.wall()).await?;
    web.audit(&viewer, "ticket.changed", &format!("ticket:{}", ticket.id), &change.what).await;
    let (ticket, notes) = seen(&web, &viewer, &ticket.id).await?;
    Ok(Json(whole(&viewer, &ticket, &notes)))
}

/// The sound of a recording: messages, spoken addresses, notes for the kitchen.
#[utoipa::path(get, path = "/api/recordings/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, description = "audio/wav"), (status = 404, description = "no such recording, or its sound is gone")))]
pub(in crate::web) async fn recording(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Response> {
    viewer.require(&SEE)?;
    // Ids are made by us; anything else is no name of a file.
    let id = text("id", &id, 64)?;
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return Err(Problem::not_found("recording"));
    }
    let recording = RecordingId::new(&id);
    if web.store.recording(&recording).await?.is_none() {
        return Err(Problem::not_found("recording"));
    }
    if viewer.role == Role::Branch {
        let own = viewer.branch.ok_or_else(|| Problem::not_found("recording"))?;
        if !web.store.recording_is_of(&recording, own).await? {
            return Err(Problem::not_found("recording"));
        }
    }
    let path = web.settings.recordings.join(format!("{id}.wav"));
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(path)).await.ok().and_then(Result::ok);
    let sound = bytes.and_then(|bytes| wav::read_alaw(&bytes).ok()).ok_or_else(|| Problem::not_found("recording"))?;
    web.audit(&viewer, "recording.played", &format!("recording:{id}"), "").await;
    web.store.ticket_played(&recording, &viewer.name, web.wall()).await?;
    // Plain samples: every browser plays them.
    Ok(([(header::CONTENT_TYPE, "audio/wav"), (header::CACHE_CONTROL, "no-store")], wav::write_pcm(&sound)).into_response())
}
