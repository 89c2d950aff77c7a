//! Dishes, branches and members as tables over HTTP: out as CSV or XLSX, in with a preview that tells every fault first.

use axum::Json;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::author;
use super::house::MAY;
use crate::domain::{Language, Role};
use crate::exchange::What;
use crate::sheet;
use crate::store::StoreError;
use crate::web::body::{Params, whole};
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::table::preview;

/// A file is at most so long.
const LONGEST: usize = 8 * 1024 * 1024;

/// Members are personal: administrators only.
fn may(viewer: &Viewer, what: What) -> Answer<()> {
    match what {
        What::Members => viewer.require(&[Role::Administrator]),
        What::Dishes | What::Branches => viewer.require(&MAY),
    }
}

/// Which words the first row has.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Spoken {
    lang: Option<String>,
}

/// A whole list as a file that can be brought in again: `dishes`, `branches` or `members`, as `.csv` or `.xlsx`.
#[utoipa::path(get, path = "/api/export/{file}", tag = "house",
    params(("file" = String, Path, description = "dishes.csv, branches.xlsx, members.csv …"), ("lang" = Option<String>, Query, description = "zh or en")),
    responses((status = 200, description = "a table, UTF-8 with a byte order mark, or a workbook"), (status = 404, description = "no such table")))]
pub(in crate::web) async fn export(
    State(web): State<Web>,
    viewer: Viewer,
    Path(file): Path<String>,
    Params(spoken): Params<Spoken>,
) -> Answer<Response> {
    let (name, end) = file.split_once('.').unwrap_or((&file, ""));
    let what = What::parse(name).filter(|_| matches!(end, "csv" | "xlsx")).ok_or_else(|| Problem::not_found("table"))?;
    may(&viewer, what)?;
    let language = match spoken.lang.as_deref() {
        None => viewer.language,
        Some("zh") => Language::Mandarin,
        Some("en") => Language::English,
        Some(_) => return Err(Problem::invalid("lang is zh or en")),
    };
    let table = web.store.table(what).await?;
    let count = table.rows.len();
    web.audit(&viewer, "table.exported", name, &format!("{count} row(s), {end}")).await;
    let words = sheet::Words { language, clock: web.store.clock() };
    let (kind, bytes) = match end {
        "csv" => ("text/csv; charset=utf-8", sheet::csv(&table, words)),
        _ => {
            let book = sheet::xlsx(name, &table, &[], words).map_err(Problem::invalid)?;
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", book)
        }
    };
    let place = format!("attachment; filename=\"{file}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, place)], bytes).into_response())
}

/// The bytes of a file.
pub(in crate::web) struct File(pub Vec<u8>);

impl FromRequest<Web> for File {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Answer<Self> {
        let words = || format!("a table's file has at most {} MiB; bring it in by parts", LONGEST >> 20);
        Ok(Self(whole(request, LONGEST, words).await?.to_vec()))
    }
}

/// Whether it is only looked at, or which preview is to be done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct How {
    #[serde(default)]
    preview: u8,
    token: Option<String>,
}

/// First with `preview=1` and the file as the body: every fault with row, column, finding and cure, and what would change. Without a
/// fault it gives a token; the same address and file with `token` does exactly what was shown, all of it or nothing. Nothing is kept
/// between the two: any node may be asked.
#[utoipa::path(post, path = "/api/import/{what}", tag = "house",
    params(("what" = String, Path, description = "dishes, branches or members"), ("preview" = Option<u8>, Query), ("token" = Option<String>, Query)),
    request_body(content_type = "text/csv", description = "CSV (UTF-8 or GB18030) or XLSX (its first sheet); the first row names the columns"),
    responses((status = 200, description = "findings, changes and a token; or how many rows were changed"),
        (status = 409, description = "this file would do something else than the preview showed: another file, or somebody changed something since"),
        (status = 413, description = "the file is too long"), (status = 422, description = "the file is no table")))]
pub(in crate::web) async fn import(
    State(web): State<Web>,
    viewer: Viewer,
    Path(name): Path<String>,
    Params(how): Params<How>,
    File(bytes): File,
) -> Answer<Json<Value>> {
    let what = What::parse(&name).ok_or_else(|| Problem::not_found("table"))?;
    may(&viewer, what)?;
    if how.token.is_none() && how.preview != 1 {
        return Err(Problem::invalid("ask with preview=1 and a file first, then with the token that it gives and the file again"));
    }
    let broke = |_| Problem::new("fault", "the table could not be read");
    let rows = tokio::task::spawn_blocking(move || sheet::read(&bytes)).await.map_err(broke)?.map_err(Problem::invalid)?;
    let plan = web.store.plan_table(what, rows).await?;
    let digest = plan.digest(viewer.user.as_str());
    let Some(token) = how.token else {
        let mut shown = preview(what, &plan.changes, &plan.faults, viewer.language);
        // With one fault nothing is stored: half a table is worse than none.
        shown["token"] = json!((plan.faults.is_empty() && !plan.changes.is_empty()).then_some(digest));
        return Ok(Json(shown));
    };
    let other = || {
        let said = "this is not what the preview showed: somebody changed something, or the file is another one; choose the file again";
        Problem::new("conflict", said)
    };
    if token != digest {
        return Err(other());
    }
    let stored = web.store.store_table(&plan, &author(&viewer), web.wall()).await;
    stored.map_err(|error| if matches!(error, StoreError::Conflict) { other() } else { error.into() })?;
    web.audit(&viewer, "table.imported", what.name(), &format!("{} row(s)", plan.changes.len())).await;
    Ok(Json(json!({ "changed": plan.changes.len() })))
}
