//! Reports over HTTP: the list with its formulas, and each as JSON, CSV or XLSX.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{call_list, message_log};
use crate::domain::{Language, Role};
use crate::report::list::REPORTS;
use crate::report::{Audience, Cell, Filter, Formula, Grain, Report, Table};
use crate::sheet;
use crate::web::body::Params;
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::time;

/// Who reads figures about calls and agents.
pub(super) const FLOOR: [Role; 3] = [Role::Supervisor, Role::Manager, Role::Administrator];
/// Who reads figures about orders; a branch its own only.
pub(super) const KITCHEN: [Role; 5] = [Role::Dispatcher, Role::Branch, Role::Supervisor, Role::Manager, Role::Administrator];

/// What is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Wanted {
    pub from: Option<String>,
    pub to: Option<String>,
    pub branch: Option<i64>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub grain: Option<String>,
    pub format: Option<String>,
    pub lang: Option<String>,
}

fn audience(audience: Audience) -> &'static [Role] {
    match audience {
        Audience::Floor => &FLOOR,
        Audience::Kitchen => &KITCHEN,
    }
}

/// The reports that this viewer may read, each with the formulas of its figures.
#[utoipa::path(get, path = "/api/reports", tag = "reports", responses((status = 200, description = "a list of reports with their formulas")))]
pub(in crate::web) async fn list(viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&KITCHEN)?;
    let mine = REPORTS.iter().filter(|report| audience(report.audience).contains(&viewer.role));
    let mut all: Vec<Value> = mine.map(describe).collect();
    all.push(message_log::describe());
    if FLOOR.contains(&viewer.role) {
        all.push(call_list::describe());
    }
    Ok(Json(all.into()))
}

fn describe(report: &Report) -> Value {
    let filters: Vec<&str> = ["branch", "queue", "agent"].into_iter().filter(|column| report.filters_by(column)).collect();
    json!({
        "name": report.name,
        "title": { "zh": report.zh, "en": report.en },
        "about": if report.audience == Audience::Floor { "calls" } else { "orders" },
        "filters": filters,
        "grains": if report.by == crate::report::shape::By::Time { json!(grains(report)) } else { json!([]) },
        "formula": formulas(&report.formulas()),
    })
}

fn grains(report: &Report) -> &'static [&'static str] {
    if report.filters_by("slot") { &["15m", "hour", "day"] } else { &["day"] }
}

fn formulas(formulas: &[Formula]) -> Value {
    formulas.iter().map(|formula| json!({ "key": formula.key, "zh": formula.zh, "en": formula.en })).collect()
}

/// One report over days of the restaurant's calendar, both included; without days, today.
#[utoipa::path(get, path = "/api/reports/{name}", tag = "reports",
    params(("name" = String, Path), ("from" = Option<String>, Query, description = "YYYY-MM-DD"), ("to" = Option<String>, Query),
        ("branch" = Option<i64>, Query), ("queue" = Option<String>, Query), ("agent" = Option<String>, Query),
        ("grain" = Option<String>, Query, description = "15m, hour or day"),
        ("format" = Option<String>, Query, description = "json, csv or xlsx"), ("lang" = Option<String>, Query, description = "zh or en")),
    responses((status = 200, description = "the figures with their formulas"), (status = 422, description = "the days, the grain or the filter do not fit")))]
pub(in crate::web) async fn one(
    State(web): State<Web>,
    viewer: Viewer,
    Path(name): Path<String>,
    Params(wanted): Params<Wanted>,
) -> Answer<Response> {
    viewer.require(&KITCHEN)?;
    if name == call_list::NAME {
        return call_list::answer(&web, &viewer, &wanted).await;
    }
    if name == message_log::NAME {
        return message_log::answer(&web, &viewer, &wanted).await;
    }
    let report = Report::named(&name).ok_or_else(|| Problem::not_found("report"))?;
    viewer.require(audience(report.audience))?;
    let today = web.store.clock().local(web.wall()).date();
    let (from, to) = days(&wanted, today)?;
    let grain = wanted.grain.as_deref().map_or(Some(Grain::Day), Grain::parse);
    let grain = grain.ok_or_else(|| Problem::invalid("grain is 15m, hour or day"))?;
    let length = (to - from).get_days() + 1;
    if length > grain.most_days() {
        let most = grain.most_days();
        return Err(Problem::invalid(format!(
            "this grain is told for at most {most} days, and these are {length}; ask for fewer, or for day"
        )));
    }
    let filter = filter(&viewer, report, &wanted)?;
    let started = web.now;
    let begin = started().instant;
    let table = web.store.report(report, grain, from, to, &filter).await?;
    metrics::histogram!("dinetone_report_seconds").record((started().instant - begin).as_secs_f64());
    let language = language(&viewer, &wanted)?;
    let about = About { name: report.name, zh: report.zh, en: report.en, formulas: report.formulas() };
    send(&web, &viewer, &about, &table, (from, to), language, wanted.format.as_deref()).await
}

/// What a table is called, and how its figures are counted.
pub(super) struct About {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub formulas: Vec<Formula>,
}

/// A table in the form that was asked for; files that leave the house are written down.
pub(super) async fn send(
    web: &Web,
    viewer: &Viewer,
    about: &About,
    table: &Table,
    (from, to): (Date, Date),
    language: Language,
    format: Option<&str>,
) -> Answer<Response> {
    let words = sheet::Words { language, clock: web.store.clock() };
    let name = about.name;
    let file = |kind: &str| format!("attachment; filename=\"{name}_{from}_{to}.{kind}\"");
    let (kind, end, bytes) = match format {
        None | Some("json") => return Ok(Json(show(about, table, from, to)).into_response()),
        Some("csv") => ("text/csv; charset=utf-8", "csv", sheet::csv(table, words)),
        Some("xlsx") => {
            let title = if language == Language::English { about.en } else { about.zh };
            let book = sheet::xlsx(title, table, &about.formulas, words).map_err(Problem::invalid)?;
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", book)
        }
        Some(_) => return Err(Problem::invalid("format is json, csv or xlsx")),
    };
    web.audit(viewer, "report.exported", &format!("report:{name}"), &format!("{from} to {to}, {end}")).await;
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, file(end))], bytes).into_response())
}

/// The words of a request, or those of whoever asks.
pub(super) fn language(viewer: &Viewer, wanted: &Wanted) -> Answer<Language> {
    match wanted.lang.as_deref() {
        None => Ok(viewer.language),
        Some("zh") => Ok(Language::Mandarin),
        Some("en") => Ok(Language::English),
        Some(_) => Err(Problem::invalid("lang is zh or en")),
    }
}

/// The days of a request: both, or one of them, or today.
pub(super) fn days(wanted: &Wanted, today: Date) -> Answer<(Date, Date)> {
    let day = |text: &Option<String>| text.as_deref().map(day).transpose();
    let (from, to) = match (day(&wanted.from)?, day(&wanted.to)?) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.max(today)),
        (None, Some(to)) => (to, to),
        (None, None) => (today, today),
    };
    if from > to { Err(Problem::invalid("from is later than to")) } else { Ok((from, to)) }
}

/// A day as it is written in requests.
pub(super) fn day(text: &str) -> Answer<Date> {
    let fits = text.len() == 10 && (2000..2200).contains(&text[..4].parse().unwrap_or(0));
    let day = if fits { text.parse::<Date>().ok() } else { None };
    day.ok_or_else(|| Problem::invalid("days are written YYYY-MM-DD"))
}

/// The branch that is asked for; people of a branch get their own, whatever they ask for.
pub(super) fn own_branch(viewer: &Viewer, asked: Option<i64>) -> Answer<Option<i64>> {
    if viewer.role != Role::Branch {
        return Ok(asked);
    }
    let own = viewer.branch.ok_or_else(|| Problem::new("not-allowed", "this account belongs to no branch"))?;
    let own = i64::from(own.get());
    if asked.is_some_and(|asked| asked != own) {
        return Err(Problem::new("not-allowed", "a branch reads its own figures"));
    }
    Ok(Some(own))
}

/// What only is asked for. A branch gets its own figures, whatever it asks for.
fn filter(viewer: &Viewer, report: &Report, wanted: &Wanted) -> Answer<Filter> {
    let mut filter = Filter { branch: wanted.branch, queue: wanted.queue.clone(), agent: wanted.agent.clone() };
    filter.branch = own_branch(viewer, filter.branch)?;
    for (column, asked) in [("branch", filter.branch.is_some()), ("queue", filter.queue.is_some()), ("agent", filter.agent.is_some())] {
        if asked && !report.filters_by(column) {
            return Err(Problem::invalid(format!("this report cannot be asked for one {column}")));
        }
    }
    Ok(filter)
}

fn show(about: &About, table: &Table, from: Date, to: Date) -> Value {
    let heads: Vec<Value> =
        table.heads.iter().map(|head| json!({ "key": head.key, "zh": head.zh, "en": head.en, "kind": head.kind.name() })).collect();
    let row = |cells: &Vec<Cell>| cells.iter().map(cell).collect::<Value>();
    json!({
        "name": about.name,
        "title": { "zh": about.zh, "en": about.en },
        "from": from.to_string(),
        "to": to.to_string(),
        "formula": formulas(&about.formulas),
        "columns": heads,
        "rows": table.rows.iter().map(row).collect::<Value>(),
        "total": table.total.as_ref().map(row),
        "previous": table.previous.as_ref().map(|total| json!({ "total": row(total) })),
        "chart": table.chart.as_ref().map(|chart| json!({ "kind": chart.kind, "x": chart.x, "series": chart.series })),
    })
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Whole(number) => json!(number),
        Cell::Tenths(tenths) => json!(*tenths as f64 / 10.0),
        Cell::Text(text) => json!(text),
        Cell::Time(at) => json!(time(*at)),
    }
}
