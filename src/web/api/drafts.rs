//! What an agent was typing: kept for a day, theirs alone.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{DESK, text};
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::time;

/// A draft is at most so long.
const LONGEST: usize = 16 * 1024;

/// This agent's drafts, latest first; each as it was saved, with key and time.
#[utoipa::path(get, path = "/api/drafts", tag = "orders", responses((status = 200, description = "a list of drafts")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let drafts = web.store.drafts(&viewer.user, web.wall()).await?;
    let show = |draft: &crate::store::Draft| {
        let mut shown: Map<String, Value> = serde_json::from_str(&draft.body).unwrap_or_default();
        shown.insert("key".into(), json!(draft.key));
        shown.insert("title".into(), json!(draft.title));
        shown.insert("saved_at".into(), json!(time(draft.saved_at)));
        Value::Object(shown)
    };
    Ok(Json(drafts.iter().map(show).collect()))
}

/// Keeps a draft: any JSON object of at most 16 kB, with a `title`.
#[utoipa::path(put, path = "/api/drafts/{key}", tag = "orders", request_body(content_type = "application/json", description = "an object"), params(("key" = String, Path)),
    responses((status = 204, description = "kept"), (status = 422, description = "too long")))]
pub(in crate::web) async fn save(
    State(web): State<Web>,
    viewer: Viewer,
    Path(key): Path<String>,
    Body(draft): Body<Map<String, Value>>,
) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    let draft = draft?;
    if key.is_empty() || key.len() > 100 || !key.is_ascii() {
        return Err(Problem::invalid("a key has 1 to 100 ASCII characters"));
    }
    let title = text("title", draft.get("title").and_then(Value::as_str).unwrap_or_default(), 100)?;
    let body = Value::Object(draft).to_string();
    if body.len() > LONGEST {
        return Err(Problem::new("too-large", format!("a draft has at most {LONGEST} bytes")));
    }
    web.store.save_draft(&viewer.user, &key, &title, &body, web.wall()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ordered, or not needed any more.
#[utoipa::path(delete, path = "/api/drafts/{key}", tag = "orders", params(("key" = String, Path)),
    responses((status = 204, description = "it is not there any more")))]
pub(in crate::web) async fn drop(State(web): State<Web>, viewer: Viewer, Path(key): Path<String>) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    web.store.drop_draft(&viewer.user, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
