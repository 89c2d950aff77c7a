//! Numbers that deliveries proposed for the block list: a supervisor decides (C89).

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{LEAD, LOOK, author};
use crate::order::life::TaskKind;
use crate::store::BlockWish;
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::time;

/// Proposals: open ones first.
#[utoipa::path(get, path = "/api/block-proposals", tag = "customers", responses((status = 200, description = "at most 200")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let proposals = web.store.block_proposals(false, 200).await?;
    let shown = proposals.iter().map(|one| {
        json!({
            "id": one.id,
            "phone": show_phone(&viewer, &one.phone),
            "order": one.order.as_ref().map(|order| order.as_str()),
            "number": one.number,
            "why": one.why,
            "note": one.note,
            "at": time(one.at),
            "by": one.by,
            "status": one.status,
            "level": one.level,
            "done_at": one.done_at.map(time),
            "done_by": one.done_by,
        })
    });
    Ok(Json(shown.collect()))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Decision {
    #[serde(rename = "do")]
    what: String,
    level: Option<String>,
    /// For good when none.
    days: Option<u16>,
}

/// `confirm` with a level, for some days or for good, or `dismiss`: supervisors and managers.
#[utoipa::path(post, path = "/api/block-proposals/{id}", tag = "customers", request_body = inline(Decision), params(("id" = String, Path)),
    responses((status = 204, description = "decided, effective on the next call"), (status = 409, description = "decided before")))]
pub(in crate::web) async fn decide(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(decision): Body<Decision>,
) -> Answer<StatusCode> {
    viewer.require(&LEAD)?;
    let decision = decision?;
    let now = web.wall();
    let confirm = match decision.what.as_str() {
        "dismiss" => None,
        "confirm" => {
            let level = decision.level.as_deref().and_then(BlockWish::parse).filter(|wish| *wish != BlockWish::Allow);
            let level = level.ok_or_else(|| Problem::invalid(super::blocks::LEVELS))?;
            let until = decision.days.filter(|days| *days > 0).map(|days| now.after(Duration::from_secs(u64::from(days) * 86_400)));
            Some((level, until))
        }
        _ => return Err(Problem::invalid("do is confirm or dismiss")),
    };
    if !web.store.decide_proposal(&id, confirm, &author(&viewer), now).await? {
        return Err(Problem::new("conflict", "this was decided before"));
    }
    // The alarm that came with it is settled too: that of the order, or that of the agent's wrap-up.
    web.store.close_tasks(TaskKind::Blacklist, &id, &decision.what, now).await?;
    if let Some(order) = web.store.block_proposals(false, 200).await?.into_iter().find(|one| one.id == id).and_then(|one| one.order) {
        web.store.close_tasks(TaskKind::Blacklist, order.as_str(), &decision.what, now).await?;
    }
    web.audit(&viewer, "block.decided", &format!("proposal:{id}"), &decision.what).await;
    Ok(StatusCode::NO_CONTENT)
}
