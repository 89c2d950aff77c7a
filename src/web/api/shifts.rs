//! Planned shifts: who is to be at work when, by page, API or table.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::exchange::File;
use super::report_form::{FLOOR, day};
use crate::domain::{ClockTime, Role, User, UserId};
use crate::sheet;
use crate::store::PlannedDay;
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web};

/// Spans of one day and agent.
const MOST_SPANS: usize = 6;
/// Days that are shown at once, and rows of a table.
const MOST_DAYS: i32 = 92;
const MOST_ROWS: usize = 5_000;
/// What a table's columns may be called: the agent's number, the day, the spans.
const HEADS: [[&str; 3]; 3] = [["number", "工号", "Number"], ["day", "日期", "Day"], ["spans", "班次", "Shifts"]];

/// Which days.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Which {
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
}

/// One agent's day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewDay {
    /// The agent's number.
    number: String,
    /// YYYY-MM-DD
    day: String,
    /// Such as `09:00-12:00`, in order; an end before its begin is on the next day.
    spans: Vec<String>,
}

/// Other spans of a day that is planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct OtherSpans {
    spans: Vec<String>,
}

/// What is planned, by day; without dates from a week ago to two weeks from now. Agents see their own.
#[utoipa::path(get, path = "/api/shifts", tag = "users",
    params(("from" = Option<String>, Query, description = "YYYY-MM-DD"), ("to" = Option<String>, Query), ("format" = Option<String>, Query, description = "json or csv")),
    responses((status = 200, description = "a list of planned days")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Response> {
    let own = viewer.role == Role::Agent;
    if !own {
        viewer.require(&FLOOR)?;
    }
    let today = web.store.clock().local(web.wall()).date();
    let near = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap_or(today);
    let from = which.from.as_deref().map_or(Ok(near(-7)), day)?;
    let to = which.to.as_deref().map_or(Ok(near(14)), day)?;
    if (to - from).get_days() >= MOST_DAYS {
        return Err(Problem::invalid(format!("at most {MOST_DAYS} days are told at once")));
    }
    let people = people(&web).await?;
    let planned = web.store.planned(from, to, own.then_some(&viewer.user)).await?;
    let rows = planned.iter().filter_map(|planned| people.get(planned.agent.as_str()).map(|user| (planned, user)));
    match which.format.as_deref() {
        None | Some("json") => Ok(Json(rows.map(|(planned, user)| shown(planned, user)).collect::<Vec<_>>()).into_response()),
        Some("csv") => {
            let column = usize::from(viewer.language == crate::domain::Language::English) + 1;
            let mut lines = vec![HEADS.iter().map(|names| names[column].to_owned()).collect::<Vec<_>>()];
            lines.extend(rows.map(|(planned, user)| vec![user.number.clone(), planned.day.to_string(), spans_of(planned).join(" ")]));
            let head =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"shifts.csv\"")];
            Ok((head, sheet::lines_as_csv(&lines)).into_response())
        }
        Some(_) => Err(Problem::invalid("format is json or csv")),
    }
}

/// Plans one agent's day, in the place of what was planned for it.
#[utoipa::path(post, path = "/api/shifts", tag = "users", request_body = NewDay,
    responses((status = 201, description = "the planned day"), (status = 422, description = "no such agent, or these are no spans")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, Body(body): Body<NewDay>) -> Answer<(StatusCode, Json<Value>)> {
    viewer.require(&FLOOR)?;
    let body = body?;
    let people = people(&web).await?;
    let user = by_number(&people, &body.number)?;
    let planned = PlannedDay { agent: user.id.clone(), day: day(&body.day)?, spans: spans(&body.spans)? };
    if planned.spans.is_empty() {
        return Err(Problem::invalid("spans are missing"));
    }
    keep(&web, &viewer, std::slice::from_ref(&planned), &people).await?;
    Ok((StatusCode::CREATED, Json(shown(&planned, user))))
}

/// Other spans for a day that is planned.
#[utoipa::path(put, path = "/api/shifts/{id}", tag = "users", params(("id" = String, Path)), request_body = OtherSpans,
    responses((status = 200, description = "the planned day"), (status = 404, description = "nothing is planned there")))]
pub(in crate::web) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(body): Body<OtherSpans>,
) -> Answer<Json<Value>> {
    viewer.require(&FLOOR)?;
    let spans = spans(&body?.spans)?;
    if spans.is_empty() {
        return Err(Problem::invalid("spans are missing"));
    }
    let people = people(&web).await?;
    let planned = PlannedDay { spans, ..known(&web, &id).await? };
    let user = people.get(planned.agent.as_str()).ok_or_else(|| Problem::not_found("planned day"))?;
    keep(&web, &viewer, std::slice::from_ref(&planned), &people).await?;
    Ok(Json(shown(&planned, user)))
}

/// Nothing is planned for that day any more.
#[utoipa::path(delete, path = "/api/shifts/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 204, description = "it is not planned any more"), (status = 404, description = "nothing is planned there")))]
pub(in crate::web) async fn drop(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&FLOOR)?;
    let planned = PlannedDay { spans: Vec::new(), ..known(&web, &id).await? };
    keep(&web, &viewer, &[planned], &people(&web).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A table of planned days, `number`, `day` and `spans`: each takes the place of what was planned for that agent and day. All or nothing.
#[utoipa::path(post, path = "/api/shifts/table", tag = "users",
    request_body(content_type = "text/csv", description = "CSV (UTF-8 or GB18030) or XLSX; the first row names the columns number, day, spans"),
    responses((status = 200, description = "how many days were planned"), (status = 422, description = "what is wrong, by row; nothing was stored")))]
pub(in crate::web) async fn table(State(web): State<Web>, viewer: Viewer, File(bytes): File) -> Answer<Json<Value>> {
    viewer.require(&FLOOR)?;
    let broke = |_| Problem::new("fault", "the table could not be read");
    let rows = tokio::task::spawn_blocking(move || sheet::read(&bytes)).await.map_err(broke)?.map_err(Problem::invalid)?;
    let people = people(&web).await?;
    let days = read(&rows, &people)?;
    keep(&web, &viewer, &days, &people).await?;
    Ok(Json(json!({ "days": days.len() })))
}

/// The rows of a table as plans; several rows of one agent and day belong together.
fn read(rows: &[Vec<String>], people: &People) -> Answer<Vec<PlannedDay>> {
    let (heads, rows) = rows.split_first().ok_or_else(|| Problem::invalid("the table is empty"))?;
    if rows.len() > MOST_ROWS {
        return Err(Problem::invalid(format!("a table has at most {MOST_ROWS} rows")));
    }
    let mut places = [0; 3];
    for (place, names) in places.iter_mut().zip(HEADS) {
        let is = |head: &String| names.iter().any(|name| head.trim().eq_ignore_ascii_case(name));
        *place = heads.iter().position(is).ok_or_else(|| Problem::invalid(format!("the first row must name the column {}", names[0])))?;
    }
    let mut days: BTreeMap<(Date, UserId), Vec<String>> = BTreeMap::new();
    let at = |row: usize, problem: Problem| Problem::invalid(format!("row {}: {}", row + 2, problem.detail()));
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty())) {
        let cell = |column: usize| row.get(places[column]).map_or("", |cell| cell.trim());
        let user = by_number(people, cell(0)).map_err(|problem| at(place, problem))?;
        let day = day(cell(1)).map_err(|problem| at(place, problem))?;
        let words = cell(2).split([',', '，', ' ', ';']).filter(|word| !word.is_empty()).map(str::to_owned);
        let spans_here = days.entry((day, user.id.clone())).or_default();
        spans_here.extend(words);
        spans(spans_here).map_err(|problem| at(place, problem))?;
    }
    days.into_iter().map(|((day, agent), words)| Ok(PlannedDay { agent, day, spans: spans(&words)? })).collect()
}

type People = BTreeMap<String, User>;

async fn people(web: &Web) -> Answer<People> {
    Ok(web.store.users().await?.into_iter().map(|user| (user.id.to_string(), user)).collect())
}

fn by_number<'a>(people: &'a People, number: &str) -> Answer<&'a User> {
    let found = people.values().find(|user| !user.number.is_empty() && user.number == number.trim());
    found.ok_or_else(|| Problem::invalid(format!("nobody has the number {number:?}")))
}

/// `09:00-12:00`, in order.
fn spans(words: &[String]) -> Answer<Vec<(ClockTime, ClockTime)>> {
    let wrong = || Problem::invalid("write the day's shifts in order, such as 09:00-12:00 13:00-17:30, at most six");
    let read = |word: &String| {
        let (from, until) = word.trim().split_once('-')?;
        Some((ClockTime::parse(from)?, ClockTime::parse(until)?)).filter(|(from, until)| from != until && from.hour() < 24)
    };
    let spans: Vec<(ClockTime, ClockTime)> = words.iter().map(read).collect::<Option<_>>().ok_or_else(wrong)?;
    // Only the last may run over midnight.
    let ordered = spans.windows(2).all(|pair| pair[0].0 < pair[0].1 && pair[0].1 <= pair[1].0);
    if ordered && spans.len() <= MOST_SPANS { Ok(spans) } else { Err(wrong()) }
}

fn spans_of(planned: &PlannedDay) -> Vec<String> {
    planned.spans.iter().map(|(from, until)| format!("{from}-{until}")).collect()
}

/// `AGENT.DAY`
async fn known(web: &Web, id: &str) -> Answer<PlannedDay> {
    let none = || Problem::not_found("planned day");
    let (agent, date) = id.rsplit_once('.').ok_or_else(none)?;
    let date = day(date).map_err(|_| none())?;
    web.store.planned(date, date, Some(&UserId::new(agent))).await?.pop().ok_or_else(none)
}

async fn keep(web: &Web, viewer: &Viewer, days: &[PlannedDay], people: &People) -> Answer<()> {
    web.store.plan(days).await?;
    for planned in days {
        let number = people.get(planned.agent.as_str()).map_or("", |user| user.number.as_str());
        web.audit(viewer, "shift.planned", number, &format!("{}: {}", planned.day, spans_of(planned).join(" "))).await;
    }
    Ok(())
}

fn shown(planned: &PlannedDay, user: &User) -> Value {
    json!({
        "id": format!("{}.{}", planned.agent, planned.day),
        "agent": planned.agent.as_str(),
        "number": user.number,
        "name": user.name,
        "day": planned.day.to_string(),
        "spans": spans_of(planned),
    })
}
