//! How many people a day will need, by Erlang C from the last four same weekdays.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::report_form::{FLOOR, day};
use crate::report::staffing::{Goal, Span, plan};
use crate::web::body::Params;
use crate::web::{Answer, Problem, Viewer, Web};

/// So many same weekdays are looked at.
const WEEKS: i32 = 4;

/// What is to be planned.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Wanted {
    date: Option<String>,
    queue: Option<String>,
    /// Per cent.
    target: Option<u8>,
    seconds: Option<u16>,
    /// Per cent.
    shrinkage: Option<u8>,
}

/// The plan of a day; without a date, of tomorrow.
#[utoipa::path(get, path = "/api/staffing", tag = "reports",
    params(("date" = Option<String>, Query, description = "YYYY-MM-DD"), ("queue" = Option<String>, Query),
        ("target" = Option<u8>, Query, description = "per cent answered in time; 80"), ("seconds" = Option<u16>, Query, description = "in time; 20"),
        ("shrinkage" = Option<u8>, Query, description = "per cent of paid time that is breaks, training and illness; 30")),
    responses((status = 200, description = "agents by half hour, with the formulas"), (status = 422, description = "out of range")))]
pub(in crate::web) async fn plan_of(State(web): State<Web>, viewer: Viewer, Params(wanted): Params<Wanted>) -> Answer<Json<Value>> {
    viewer.require(&FLOOR)?;
    let today = web.store.clock().local(web.wall()).date();
    let date = match wanted.date.as_deref() {
        Some(text) => day(text)?,
        None => today.tomorrow().unwrap_or(today),
    };
    let (target, seconds, shrinkage) = (wanted.target.unwrap_or(80), wanted.seconds.unwrap_or(20), wanted.shrinkage.unwrap_or(30));
    if !(1..=99).contains(&target) || !(1..=600).contains(&seconds) || shrinkage > 80 {
        return Err(Problem::invalid("target is 1 to 99 per cent, seconds 1 to 600, shrinkage 0 to 80 per cent"));
    }
    let goal = Goal { target: f64::from(target) / 100.0, within_s: f64::from(seconds), shrinkage: f64::from(shrinkage) / 100.0 };
    let past = web.store.past_days(date, wanted.queue.as_deref(), WEEKS).await?;
    let plan = plan(&past, goal);
    Ok(Json(json!({
        "date": date.to_string(),
        "queue": wanted.queue,
        "target_percent": target,
        "seconds": seconds,
        "shrinkage_percent": shrinkage,
        // Nothing when nobody was spoken with on those days: then there is nothing to plan from.
        "based_on": plan.as_ref().map_or_else(Vec::new, |plan| plan.based_on.iter().map(ToString::to_string).collect()),
        "handling_seconds": plan.as_ref().map(|plan| round(plan.handling_s)),
        "rows": plan.as_ref().map_or_else(Vec::new, |plan| plan.spans.iter().filter(|span| span.calls > 0.0).map(row).collect()),
        "lines": plan.as_ref().map(|plan| json!({ "erlangs": round(plan.line_erlangs), "lines": plan.lines })),
        "formula": [
            { "key": "erlangs", "zh": "来电 × 平均处理时长 ÷ 1800秒", "en": "calls × handling time ÷ 1800 s" },
            { "key": "agents", "zh": "达到目标的最少座席(Erlang C)：1 − Pw·e^(−(N−A)·T÷AHT)；假设无人放弃，仅供参考",
              "en": "the fewest agents that reach the goal (Erlang C): 1 − Pw·e^(−(N−A)·T÷AHT); assumes that nobody gives up, so it is a guide" },
            { "key": "rostered", "zh": "座席 ÷ (1 − 损耗)", "en": "agents ÷ (1 − shrinkage)" },
            { "key": "lines", "zh": "最忙一刻钟的话务量下，阻塞率低于1%的线路数(Erlang B)", "en": "lines with less than 1 % refused in the busiest quarter of an hour (Erlang B)" },
        ],
    })))
}

fn row(span: &Span) -> Value {
    json!({
        "time": format!("{:02}:{:02}", span.minute / 60, span.minute % 60),
        "calls": round(span.calls),
        "erlangs": round(span.erlangs),
        "agents": span.service.map(|service| service.agents),
        "in_time_percent": span.service.map(|service| round(service.in_time * 100.0)),
        "average_wait_seconds": span.service.map(|service| round(service.average_wait_s)),
        "occupancy_percent": span.service.map(|service| round(service.occupancy * 100.0)),
        "rostered": span.rostered,
    })
}

/// To a tenth.
fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
