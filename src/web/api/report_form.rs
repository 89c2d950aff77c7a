//! What a report can be asked for, and the form in which it goes out: JSON, CSV or XLSX.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Language, Role};
use crate::report::{Cell, Formula, Table};
use crate::sheet;
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::time;

/// Who reads figures about calls and agents.
pub(super) const FLOOR: [Role; 3] = [Role::Supervisor, Role::Manager, Role::Administrator];
/// Who reads figures about orders; a branch its own only.
pub(super) const KITCHEN: [Role; 5] = [Role::Dispatcher, Role::Branch, Role::Supervisor, Role::Manager, Role::Administrator];

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// How the figures are counted, as it is told.
pub(super) fn formulas(formulas: &[Formula]) -> Value {
    formulas.iter().map(|formula| json!({ "key": formula.key, "zh": formula.zh, "en": formula.en })).collect()
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
    let day = text.parse::<Date>().ok().filter(|day| text.len() == 10 && (2000..2200).contains(&day.year()));
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

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_day_is_written_in_one_way() {
        assert!(day("2026-11-22").is_ok());
        for text in
            ["", "2026-1-2", "2026-13-01", "2026-02-30", "1999-12-31", "9999-12-31", "20261122", "中中中1", "2026-11-22T10", "é026-11-2"]
        {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
