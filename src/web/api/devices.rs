//! Tablets of branches over HTTP: made with a code that is shown once, tied by keying it in, taken away.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kitchen::branch_number;
use super::needed;
use crate::domain::Role;
use crate::store::{Device, secret_hash};
use crate::web::body::Body;
use crate::web::sign_in::{Origin, set_cookie, turn_to_try};
use crate::web::{Answer, Problem, Viewer, Web, secret};

/// Who may tie tablets to branches.
const MAY: [Role; 4] = [Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator];
/// How long a code may be keyed in.
const CODE: Duration = Duration::from_secs(600);
/// A tablet stays signed in for a year.
const YEAR: u64 = 365 * 24 * 3600;

fn show(device: &Device) -> Value {
    json!({
        "id": device.id, "branch": device.branch.get(), "name": device.name, "tied": device.tied,
        "code_until": if device.tied { None } else { Some(device.code_until.as_millis()) },
        "created_at": device.created_at.as_millis(), "seen_at": device.seen_at.map(crate::domain::Timestamp::as_millis),
    })
}

/// A tablet to be.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct New {
    branch: u16,
    name: String,
}

/// Makes a place for a tablet; the code of eight digits is shown once and holds for ten minutes.
#[utoipa::path(post, path = "/api/devices", tag = "kitchen", request_body = inline(New),
    responses((status = 201, description = "id and code"), (status = 422, description = "no such branch, or no name")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(new): Body<New>) -> Answer<Response> {
    viewer.require(&MAY)?;
    let new = new?;
    let branch = branch_number(Some(new.branch))?;
    if !web.catalogue.borrow().branches.contains_key(&branch) {
        return Err(Problem::invalid("there is no such branch"));
    }
    let name = needed("name", &new.name, 40)?;
    let work = async {
        let code = secret::digits();
        let now = web.wall();
        let device = web.store.add_device((branch, &name), &secret_hash(&code), now.after(CODE), &viewer.user, now).await?;
        web.audit(&viewer, "device.added", &format!("branch:{branch}"), &name).await;
        Ok((StatusCode::CREATED, json!({ "id": device.id, "code": code, "until": device.code_until.as_millis() })))
    };
    web.once(&viewer, &headers, "POST /api/devices", &new, work).await
}

/// All tablets.
#[utoipa::path(get, path = "/api/devices", tag = "kitchen", responses((status = 200, description = "a list of tablets")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    Ok(Json(web.store.devices().await?.iter().map(show).collect()))
}

/// Takes a tablet away; its page is told within a second.
#[utoipa::path(delete, path = "/api/devices/{id}", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 204, description = "it is nobody's any more"), (status = 404, description = "no such tablet")))]
pub(in crate::web) async fn revoke(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&MAY)?;
    if !web.store.revoke_device(&id, web.wall()).await? {
        return Err(Problem::not_found("tablet"));
    }
    web.sessions_changed();
    web.audit(&viewer, "device.revoked", &format!("device:{id}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// What is keyed into a tablet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Code {
    code: String,
}

/// Ties this browser to its branch: a cookie for a year.
#[utoipa::path(post, path = "/api/device-session", tag = "kitchen", request_body = inline(Code),
    responses((status = 200, description = "branch and name; the cookie is set"), (status = 401, description = "`wrong-password`: no such code, or it has run out"),
        (status = 429, description = "`slow-down`: too many wrong codes from here")))]
pub(in crate::web) async fn tie(State(web): State<Web>, from: Origin, Body(given): Body<Code>) -> Answer<Response> {
    let given = given?;
    const NAME: &str = "a tablet";
    let code: String = given.code.chars().filter(char::is_ascii_digit).take(9).collect();
    let one = turn_to_try(&web, from.address(), NAME).await?;
    tokio::time::sleep(one.wait).await;
    let new = secret::text();
    let Some(device) = web.store.tie_device(&secret_hash(&code), &secret_hash(&new), web.wall()).await? else {
        return Err(Problem::new("wrong-password", "there is no such code, or it has run out"));
    };
    one.right();
    tracing::info!(branch = %device.branch, "the tablet {} was tied to branch {}", device.name, device.branch);
    let mut response = Json(json!({ "id": device.id, "branch": device.branch.get(), "name": device.name })).into_response();
    set_cookie(&web, from.headers(), &mut response, &new, YEAR);
    Ok(response)
}
