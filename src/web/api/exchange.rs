//! Dishes, branches and members as tables over HTTP: out as CSV or XLSX, in with a preview that tells every fault first.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::author;
use super::house::MAY;
use crate::domain::{Catalogue, Language, MemberNumber, PhoneNumber, Role, Timestamp, UserId};
use crate::exchange::{self, Change, Fault, Held, Known, What};
use crate::report::{Cell, Head, Kind, Table};
use crate::sheet;
use crate::store::{HousePart, HouseValue, MemberRow};
use crate::web::body::{Params, whole};
use crate::web::{Answer, Problem, Viewer, Web, secret};

/// A file is at most so long.
const LONGEST: usize = 8 * 1024 * 1024;
/// A preview waits so long for its yes.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// Previews that wait, one of a person at a time.
const MOST: usize = 8;
/// Changes that are shown one by one; all of them are counted.
const SHOWN: usize = 300;

/// Previews that wait for a yes.
#[derive(Debug, Default)]
pub struct Previews(Mutex<Vec<Preview>>);

#[derive(Debug)]
struct Preview {
    token: String,
    what: What,
    by: UserId,
    at: Timestamp,
    rows: Vec<Vec<String>>,
    changes: Vec<Change>,
}

impl Previews {
    fn keep(&self, preview: Preview) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = preview.at.before(WAITS);
        held.retain(|kept| kept.at > oldest && kept.by != preview.by);
        if held.len() >= MOST {
            held.remove(0);
        }
        held.push(preview);
    }

    fn take(&self, token: &str, what: What, by: &UserId, now: Timestamp) -> Option<Preview> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |kept: &Preview| kept.token == token && kept.what == what && kept.by == *by && kept.at > now.before(WAITS);
        held.iter().position(fits).map(|place| held.remove(place))
    }
}

/// Members are personal: administrators only.
fn may(viewer: &Viewer, what: What) -> Answer<()> {
    match what {
        What::Members => viewer.require(&[Role::Administrator]),
        What::Dishes | What::Branches => viewer.require(&MAY),
    }
}

fn of_house(what: What, catalogue: &Catalogue) -> Known {
    if what == What::Branches { exchange::branches(catalogue) } else { exchange::dishes(catalogue) }
}

fn of_members(rows: &[MemberRow]) -> Known {
    let cells = |row: &MemberRow| {
        let phones: Vec<&str> = row.phones.iter().map(PhoneNumber::reveal).collect();
        (row.number.as_str().to_owned(), vec![row.number.as_str().to_owned(), row.level.clone(), row.name.clone(), phones.join(" ")])
    };
    rows.iter().map(cells).collect()
}

async fn known(web: &Web, what: What) -> Answer<Known> {
    Ok(match what {
        What::Dishes | What::Branches => of_house(what, &web.store.catalogue().await?),
        What::Members => of_members(&web.store.member_rows().await?),
    })
}

/// Which words the first row has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
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
    let mut rows: Vec<Vec<String>> = known(&web, what).await?.into_values().collect();
    rows.sort_by_key(|row| row.first().and_then(|key| key.parse::<u64>().ok()));
    let count = rows.len();
    let head = |column: &exchange::Column| Head { key: column.key.into(), zh: column.zh.into(), en: column.en.into(), kind: Kind::Text };
    let table = Table {
        heads: what.columns().iter().map(head).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Cell::Text).collect()).collect(),
        total: None,
        previous: None,
        chart: None,
    };
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
pub(in crate::web) struct File(Vec<u8>);

impl FromRequest<Web> for File {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Web) -> Answer<Self> {
        let words = || format!("a table's file has at most {} MiB; bring it in by parts", LONGEST >> 20);
        Ok(Self(whole(request, LONGEST, words).await?.to_vec()))
    }
}

/// Whether it is only looked at, or which preview is to be done.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct How {
    #[serde(default)]
    preview: u8,
    token: Option<String>,
}

/// First with `preview=1` and the file as the body: every fault with row, column, finding and cure, and what would change. Without a
/// fault it gives a token; the same address with `token` (and no file) does exactly what was shown, all of it or nothing. Nothing is
/// stored before that.
#[utoipa::path(post, path = "/api/import/{what}", tag = "house",
    params(("what" = String, Path, description = "dishes, branches or members"), ("preview" = Option<u8>, Query), ("token" = Option<String>, Query)),
    request_body(content_type = "text/csv", description = "CSV (UTF-8 or GB18030) or XLSX (its first sheet); the first row names the columns"),
    responses((status = 200, description = "findings, changes and a token; or how many rows were changed"),
        (status = 409, description = "no such preview, it is too old, or somebody changed something since"),
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
    match how.token {
        Some(token) => store(&web, &viewer, what, &token).await,
        None if how.preview == 1 => preview(&web, &viewer, what, bytes).await,
        None => Err(Problem::invalid("ask with preview=1 and a file first, then with the token that it gives")),
    }
}

async fn preview(web: &Web, viewer: &Viewer, what: What, bytes: Vec<u8>) -> Answer<Json<Value>> {
    let broke = |_| Problem::new("fault", "the table could not be read");
    let rows = tokio::task::spawn_blocking(move || sheet::read(&bytes)).await.map_err(broke)?.map_err(Problem::invalid)?;
    let (known, catalogue) = (known(web, what).await?, web.store.catalogue().await?);
    let read = move || (exchange::read(what, &rows, &known, &catalogue), rows);
    let ((changes, faults), rows) = tokio::task::spawn_blocking(read).await.map_err(broke)?;
    let title = |key: &str| {
        let column = what.columns().iter().find(|column| column.key == key);
        column.map_or(key, |column| if viewer.language == Language::English { column.en } else { column.zh }).to_owned()
    };
    let fault = |fault: &Fault| {
        let (found, cure) = (fault.found.to(viewer.language), fault.cure.to(viewer.language));
        json!({ "row": fault.row, "column": fault.column, "title": title(&fault.column), "found": found, "cure": cure })
    };
    let change = |change: &Change| {
        let columns = change.columns.iter();
        let columns =
            columns.map(|(column, before, after)| json!({ "column": column, "title": title(column), "before": before, "after": after }));
        json!({ "row": change.row, "subject": change.subject, "new": change.new, "columns": columns.collect::<Value>() })
    };
    let mut shown = json!({
        "findings": faults.iter().map(fault).collect::<Value>(),
        "changes": changes.iter().take(SHOWN).map(change).collect::<Value>(),
        "changes_total": changes.len(),
        "token": null,
    });
    // With one fault nothing is stored: half a table is worse than none.
    if faults.is_empty() && !changes.is_empty() {
        let token = secret::text();
        shown["token"] = json!(token);
        web.desk.previews.keep(Preview { token, what, by: viewer.user.clone(), at: web.wall(), rows, changes });
    }
    Ok(Json(shown))
}

/// Does what a preview showed, when it still means the same.
async fn store(web: &Web, viewer: &Viewer, what: What, token: &str) -> Answer<Json<Value>> {
    let gone = || {
        Problem::new(
            "conflict",
            "this preview does not hold any more: somebody changed something, or it waited too long; choose the file again",
        )
    };
    let kept = web.desk.previews.take(token, what, &viewer.user, web.wall()).ok_or_else(gone)?;
    let by = author(viewer);
    let unchanged = |known: &Known, catalogue: &Catalogue| {
        let (changes, faults) = exchange::read(what, &kept.rows, known, catalogue);
        faults.is_empty() && changes == kept.changes
    };
    let stored = match what {
        What::Members => {
            let catalogue = web.store.catalogue().await?;
            let before = known(web, what).await?;
            let rows = kept.changes.iter().map(|change| member(change, &before)).collect::<Answer<Vec<_>>>()?;
            web.store.put_members(&rows, |now| unchanged(&of_members(now), &catalogue), &by, web.wall()).await
        }
        What::Dishes | What::Branches => {
            let part = if what == What::Dishes { HousePart::Dish } else { HousePart::Branch };
            let rows: Vec<_> = kept.changes.iter().map(|change| (change.subject.clone(), values(change))).collect();
            web.store.edit_house_all(part, &rows, |now| unchanged(&of_house(what, now), now), &by, web.wall()).await
        }
    };
    stored.map_err(|error| if matches!(error, crate::store::StoreError::Conflict) { gone() } else { error.into() })?;
    web.audit(viewer, "table.imported", what.name(), &format!("{} row(s)", kept.changes.len())).await;
    Ok(Json(json!({ "changed": kept.changes.len() })))
}

fn values(change: &Change) -> Vec<(&'static str, HouseValue)> {
    let value = |held: &Held| match held {
        Held::Text(text) => HouseValue::Text(text.clone()),
        Held::Number(number) => HouseValue::Number(*number),
    };
    change.set.iter().map(|(column, held)| (*column, value(held))).collect()
}

/// The member that a row makes: what the row leaves out stays.
fn member(change: &Change, known: &Known) -> Answer<MemberRow> {
    let before = known.get(&change.subject);
    let cell = |column: &str| {
        let changed = change.columns.iter().find(|(name, ..)| *name == column).map(|(_, _, after)| after.clone());
        let place = What::Members.columns().iter().position(|known| known.key == column);
        changed.or_else(|| before?.get(place?).cloned()).unwrap_or_default()
    };
    Ok(MemberRow {
        number: MemberNumber::parse(&change.subject).ok_or_else(|| Problem::invalid("a member number has six digits"))?,
        level: cell("level"),
        name: cell("name"),
        phones: cell("phones").split(' ').filter_map(PhoneNumber::parse).collect(),
    })
}
