//! What people changed in the house, and taking a change back.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;

use super::house::MAY;
use super::told::show;
use super::{author, plant, text};
use crate::store::HousePart;
use crate::web::body::Params;
use crate::web::{Answer, Problem, Viewer, Web};

/// Which changes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Which {
    kind: String,
    subject: String,
}

/// What people changed, latest first.
#[utoipa::path(get, path = "/api/admin-changes", tag = "house",
    params(("kind" = Option<String>, Query, description = "dish, branch, zone, level, offer, holiday, make_up_day, queue or trunk"), ("subject" = Option<String>, Query)),
    responses((status = 200, description = "changes with how it was and how it became")))]
pub(in crate::web) async fn changes(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let part = match which.kind.as_str() {
        "" => None,
        name => Some(
            HousePart::from_name(name)
                .ok_or_else(|| Problem::invalid(format!("kind is one of {}", HousePart::ALL.map(HousePart::name).join(", "))))?,
        ),
    };
    let subject = text("subject", &which.subject, 60)?;
    Ok(Json(web.store.house_edits(part, &subject, 500).await?.iter().map(show).collect()))
}

/// Takes a change back, when nothing has happened to its subject since.
#[utoipa::path(post, path = "/api/admin-changes/{id}/undo", tag = "house", params(("id" = String, Path)),
    responses((status = 200, description = "the change that took it back"), (status = 404, description = "no such change"), (status = 409, description = "it was changed again since")))]
pub(in crate::web) async fn undo(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    if let Some(edit) = web.store.house_edit(&id).await?.filter(|edit| edit.part.is_plant()) {
        plant::may_undo(&web, &viewer, &edit).await?;
    }
    let edit = web.store.undo_house_edit(&id, &author(&viewer), web.wall()).await?.ok_or_else(|| Problem::not_found("change"))?;
    web.audit(&viewer, "house.undone", &format!("{}:{}", edit.part.name(), edit.subject), "").await;
    Ok(Json(show(&edit)))
}
