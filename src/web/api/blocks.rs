//! The block list: who is on it, why, until when, who put them there; effective on the next call.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DESK, LEAD, LOOK, author, needed, phone};
use crate::domain::{PhoneNumber, Timestamp};
use crate::order::life::TaskKind;
use crate::store::{BlockEntry, BlockWish};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::time;

/// The degrees, the strictest first, and the white list.
pub(super) const LEVELS: &str = "level is decline, busy, hard, message, soft, agent, no_cash or allow";

/// What holds now, latest first.
#[utoipa::path(get, path = "/api/blocks", tag = "customers", responses((status = 200, description = "a list of numbers")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let entries = web.store.block_entries(web.wall()).await?;
    let show = |entry: &BlockEntry| {
        json!({
            "id": entry.id,
            "phone": show_phone(&viewer, &entry.phone),
            "level": entry.level,
            "reason": entry.reason,
            "until": entry.until.map(time),
            "at": time(entry.at),
            "by": entry.by,
            "hits": entry.hits,
        })
    };
    Ok(Json(entries.iter().map(show).collect()))
}

/// A number, what to do with its calls, why, and until when.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewBlock {
    phone: String,
    level: String,
    reason: String,
    /// RFC 3339; for good when none.
    #[serde(default)]
    until: Option<String>,
}

/// Puts a number on the list: `decline` and `busy` (not answered), `hard` (a word and hang up), `message`, `soft` (a person or
/// a message), `agent` (a person), `no_cash` (no delivery that is paid at the door), `allow` (never blocked; supervisors and managers).
/// The first three, by an agent or dispatcher, hold at once and are laid before a supervisor as a proposal (`reviewed`).
#[utoipa::path(post, path = "/api/blocks", tag = "customers", request_body = inline(NewBlock),
    responses((status = 201, description = "effective on the next call"), (status = 422, description = "no number, level or reason")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(new): Body<NewBlock>) -> Answer<Response> {
    viewer.require(&DESK)?;
    let new = new?;
    let number: PhoneNumber = phone(&new.phone)?;
    let wish = BlockWish::parse(&new.level).ok_or_else(|| Problem::invalid(LEVELS))?;
    if wish == BlockWish::Allow {
        viewer.require(&LEAD)?;
    }
    let reason = needed("reason", &new.reason, 200)?;
    let now = web.wall();
    let until = new.until.as_deref().filter(|until| !until.is_empty()).map(moment).transpose()?;
    if until.is_some_and(|until| until <= now) {
        return Err(Problem::invalid("until lies in the past"));
    }
    // Who may not take an entry off may not put another in its place either.
    if !LEAD.contains(&viewer.role)
        && let Some(entry) = web
            .store
            .block_entries(now)
            .await?
            .into_iter()
            .find(|entry| entry.phone == number && entry.level != BlockWish::Allow.name() && entry.by != viewer.name)
    {
        let said = format!("this number is on the list already, by {}: a supervisor or manager changes that", entry.by);
        return Err(Problem::new("not-allowed", said));
    }
    // It holds at once all the same: a prankster rings again in a minute (C68).
    let reviewed = !LEAD.contains(&viewer.role) && matches!(wish, BlockWish::Block(level) if !level.gets_through());
    let work = async {
        let by = author(&viewer);
        let id = if reviewed {
            web.store.block_for_review(&number, wish, until, &reason, &by, now).await?
        } else {
            web.store.set_block(&number, wish, until, &reason, &by, now).await?
        };
        web.audit(&viewer, "block.added", &format!("block:{id}"), &format!("{} {number}: {reason}", wish.name())).await;
        Ok((StatusCode::CREATED, json!({ "id": id, "reviewed": reviewed })))
    };
    web.once(&viewer, &headers, "POST /api/blocks", &new, work).await
}

fn moment(text: &str) -> Answer<Timestamp> {
    let at: jiff::Timestamp = text.parse().map_err(|_| Problem::invalid("until is a time as in 2026-11-22T18:30:00Z"))?;
    Ok(Timestamp::from_millis(at.as_millisecond()))
}

/// Takes an entry off the list: supervisors and managers, and whoever put it there.
#[utoipa::path(delete, path = "/api/blocks/{id}", tag = "customers", params(("id" = String, Path)),
    responses((status = 204, description = "off the list"), (status = 404, description = "it is not on the list")))]
pub(in crate::web) async fn lift(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&LOOK)?;
    let entry = web.store.block_entries(web.wall()).await?.into_iter().find(|entry| entry.id == id);
    let entry = entry.ok_or_else(|| Problem::not_found("entry"))?;
    if entry.by != viewer.name {
        viewer.require(&LEAD)?;
    }
    let lifted = web.store.lift_block(&id, "", &author(&viewer), web.wall()).await?;
    let number = lifted.ok_or_else(|| Problem::not_found("entry"))?;
    if let Some(proposal) = web.store.review_is_settled(&number, &author(&viewer), web.wall()).await? {
        web.store.close_tasks(TaskKind::Blacklist, &proposal, "dismiss", web.wall()).await?;
    }
    web.audit(&viewer, "block.lifted", &format!("block:{id}"), &number.to_string()).await;
    Ok(StatusCode::NO_CONTENT)
}
