//! Reports over HTTP: the list with its formulas, and each as JSON, CSV or XLSX.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::report_form::{About, FLOOR, KITCHEN, Wanted, days, formulas, language, own_branch, send};
use super::{call_list, campaign_list, campaigns, message_log};
use crate::domain::Role;
use crate::report::{Audience, Filter, Grain, Report, list};
use crate::web::body::Params;
use crate::web::{Answer, Problem, Viewer, Web};

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
    let mine = list::all().filter(|report| audience(report.audience).contains(&viewer.role));
    let mut all: Vec<Value> = mine.map(describe).collect();
    all.push(message_log::LIST.describe());
    if FLOOR.contains(&viewer.role) {
        all.push(call_list::LIST.describe());
    }
    if campaigns::MAY.contains(&viewer.role) {
        all.push(campaign_list::LIST.describe());
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
    if name == campaign_list::NAME {
        return campaign_list::answer(&web, &viewer, &wanted).await;
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
    let filter = Filter { now: Some(web.wall()), ..filter(&viewer, report, &wanted)? };
    let started = web.now;
    let begin = started().instant;
    let table = web.store.report(report, grain, from, to, &filter).await?;
    metrics::histogram!("dinetone_report_seconds").record((started().instant - begin).as_secs_f64());
    let language = language(&viewer, &wanted)?;
    let about = About { name: report.name, zh: report.zh, en: report.en, formulas: report.formulas() };
    send(&web, &viewer, &about, &table, (from, to), language, wanted.format.as_deref()).await
}

/// What only is asked for. A branch gets its own figures, whatever it asks for.
fn filter(viewer: &Viewer, report: &Report, wanted: &Wanted) -> Answer<Filter> {
    let mut filter = Filter { branch: wanted.branch, queue: wanted.queue.clone(), agent: wanted.agent.clone(), now: None };
    filter.branch = own_branch(viewer, filter.branch)?;
    for (column, asked) in [("branch", filter.branch.is_some()), ("queue", filter.queue.is_some()), ("agent", filter.agent.is_some())] {
        if asked && !report.filters_by(column) {
            return Err(Problem::invalid(format!("this report cannot be asked for one {column}")));
        }
    }
    Ok(filter)
}
