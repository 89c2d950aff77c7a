//! Subscriptions of other systems, and the journal that they follow (C105).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{author, needed};
use crate::domain::Role;
use crate::store::{JournalEntry, Webhook, WebhookChange};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, secret};
use crate::wire::time;

/// Who lets other systems listen.
const HEADS: [Role; 1] = [Role::Administrator];
/// Who, and which programs, may read what has happened.
const READ: [Role; 2] = [Role::Manager, Role::Administrator];
const MOST_HOOKS: usize = 50;

/// What a subscription is to be.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Wish {
    name: Option<String>,
    url: Option<String>,
    /// Kinds of events; empty: all.
    kinds: Option<Vec<String>>,
    active: Option<bool>,
    /// From just after this entry of the journal.
    after: Option<i64>,
}

impl Wish {
    fn check(&self, web: &Web) -> Answer<WebhookChange> {
        let kind = |kind: &String| {
            let fits = (1..=40).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if fits { Ok(kind.clone()) } else { Err(Problem::invalid("kinds are names such as order_moved")) }
        };
        if self.kinds.as_ref().is_some_and(|kinds| kinds.len() > 40) {
            return Err(Problem::invalid("at most 40 kinds; none means all"));
        }
        if let Some(url) = &self.url {
            web.settings.outward.target(url).map_err(Problem::invalid)?;
        }
        if self.after.is_some_and(|after| after < 0) {
            return Err(Problem::invalid("after is the number of an entry, or 0"));
        }
        Ok(WebhookChange {
            name: self.name.as_deref().map(|name| needed("name", name, 60)).transpose()?,
            url: self.url.as_deref().map(|url| needed("url", url, 500)).transpose()?,
            kinds: self.kinds.as_ref().map(|kinds| kinds.iter().map(kind).collect()).transpose()?,
            active: self.active,
            after: self.after,
        })
    }
}

/// All subscriptions, and how far each has got.
#[utoipa::path(get, path = "/api/webhooks", tag = "other systems", responses((status = 200, description = "a list of subscriptions")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&HEADS)?;
    let end = web.store.journal_end().await?;
    Ok(Json(web.store.webhooks().await?.iter().map(|hook| show(hook, end)).collect()))
}

fn show(hook: &Webhook, end: i64) -> Value {
    json!({
        "id": hook.id,
        "name": hook.name,
        "url": hook.url,
        "kinds": hook.kinds,
        "active": hook.active,
        "after": hook.after,
        "behind": (end - hook.after).max(0),
        "failures": hook.failures,
        "next_at": (hook.failures > 0).then(|| time(hook.next_at)),
        "last": hook.told_at.map(|at| json!({ "at": time(at), "told": hook.told })),
        "made_by": hook.made_by,
        "created_at": time(hook.created_at),
    })
}

/// A new one; the secret of its signatures is told this once.
#[utoipa::path(post, path = "/api/webhooks", request_body = inline(Wish), tag = "other systems",
    responses((status = 201, description = "its id and secret"), (status = 422, description = "the address may not be called")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(wish): Body<Wish>) -> Answer<Response> {
    viewer.require(&HEADS)?;
    let wish = wish?;
    web.once(&viewer, &headers, "add webhook", &wish, async {
        let change = wish.check(&web)?;
        let (Some(name), Some(url)) = (&change.name, &change.url) else {
            return Err(Problem::invalid("name and url are needed"));
        };
        if web.store.webhooks().await?.len() >= MOST_HOOKS {
            return Err(Problem::invalid(format!("there are {MOST_HOOKS} already; drop one")));
        }
        let secret = secret::text();
        let id = web.store.add_webhook(&change, &secret, &author(&viewer), web.wall()).await?;
        web.audit(&viewer, "webhook.added", &format!("webhook:{id}"), &format!("{name}: {url}")).await;
        Ok((StatusCode::CREATED, json!({ "id": id, "secret": secret })))
    })
    .await
}

/// Another address, other kinds, a rest, or back to an earlier entry: everything after it is sent again.
#[utoipa::path(patch, path = "/api/webhooks/{id}", request_body = inline(Wish), tag = "other systems", params(("id" = String, Path)),
    responses((status = 204, description = "changed"), (status = 404, description = "no such subscription")))]
pub(in crate::web) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(wish): Body<Wish>,
) -> Answer<StatusCode> {
    viewer.require(&HEADS)?;
    let wish = wish?;
    let change = wish.check(&web)?;
    if !web.store.change_webhook(&id, &change, web.wall()).await? {
        return Err(Problem::not_found("subscription"));
    }
    let told = serde_json::to_string(&wish).unwrap_or_default();
    web.audit(&viewer, "webhook.changed", &format!("webhook:{id}"), &told).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing more is sent.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "other systems", params(("id" = String, Path)),
    responses((status = 204, description = "dropped"), (status = 404, description = "no such subscription")))]
pub(in crate::web) async fn drop(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&HEADS)?;
    if !web.store.drop_webhook(&id).await? {
        return Err(Problem::not_found("subscription"));
    }
    web.audit(&viewer, "webhook.dropped", &format!("webhook:{id}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// From where in the journal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct From {
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
}

/// What has happened after an entry, in order: for systems that ask instead of being told, and after a loss of theirs.
#[utoipa::path(get, path = "/api/events", tag = "other systems",
    params(("after" = Option<i64>, Query, description = "number of the last entry that is known"), ("limit" = Option<u32>, Query, description = "at most 500")),
    responses((status = 200, description = "events, and the number to ask with next")))]
pub(in crate::web) async fn events(State(web): State<Web>, viewer: Viewer, Params(from): Params<From>) -> Answer<Json<Value>> {
    viewer.require(&READ)?;
    let entries = web.store.journal_after(from.after.max(0), from.limit.unwrap_or(100).clamp(1, 500)).await?;
    let last = entries.last().map_or(from.after.max(0), |entry| entry.seq);
    Ok(Json(json!({ "events": entries.iter().map(journal_event).collect::<Value>(), "after": last })))
}

/// An entry of the journal as other systems get it.
#[must_use]
pub fn journal_event(entry: &JournalEntry) -> Value {
    json!({
        "seq": entry.seq,
        "at": time(entry.at),
        "kind": entry.kind,
        "subject": entry.subject,
        "data": serde_json::from_str::<Value>(&entry.data).unwrap_or(Value::Null),
    })
}
