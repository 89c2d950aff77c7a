//! Calls of before: in a list, and one with its whole story.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::LOOK;
use super::row_list::Days;
use crate::domain::{CallId, CallPart, CustomerId, QueueId, QueueVisit, Role, Timestamp, UserId, WrapUp};
use crate::store::{CallFilter, CallPeople, StoredCall};
use crate::web::body::Params;
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::{Call, time};

/// Which calls.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Which {
    from: Option<String>,
    to: Option<String>,
    caller: Option<String>,
    customer: Option<String>,
    agent: Option<String>,
    queue: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Calls, latest first. Agents see their own, or those of a customer.
#[utoipa::path(get, path = "/api/calls", tag = "calls",
    params(("from" = Option<String>, Query, description = "YYYY-MM-DD, arrived on or after"), ("to" = Option<String>, Query, description = "YYYY-MM-DD, and on or before"),
        ("caller" = Option<String>, Query, description = "the whole number"), ("customer" = Option<String>, Query), ("agent" = Option<String>, Query),
        ("queue" = Option<String>, Query), ("after" = Option<String>, Query, description = "id of the last one that is known: those behind it"),
        ("limit" = Option<u32>, Query, description = "at most 500; 100")),
    responses((status = 200, description = "a list of calls"), (status = 422, description = "no day, no number, or no such call")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let customer = given(which.customer).map(CustomerId::new);
    let mut agent = given(which.agent).map(UserId::new);
    if viewer.role == Role::Agent && customer.is_none() && !viewer.program {
        agent = Some(viewer.user.clone());
    }
    let (since, until) = Days::around(&web, which.from, which.to)?;
    let caller = given(which.caller).map(|number| super::phone(&number)).transpose()?;
    let after = given(which.after).map(CallId::new);
    if let Some(known) = &after
        && web.store.call(known.as_str()).await?.is_none_or(|call| call.record.id != *known)
    {
        return Err(Problem::invalid("after: there is no such call"));
    }
    let limit = which.limit.unwrap_or(100).clamp(1, 500);
    let queue = given(which.queue).map(QueueId::new);
    let filter = CallFilter { since, until, caller, customer, agent, queue, after, limit, open: false };
    let calls = web.store.calls_with_people(&filter).await?;
    Ok(Json(calls.iter().map(|(stored, people)| show(&viewer, stored, people)).collect()))
}

fn show(viewer: &Viewer, stored: &StoredCall, people: &CallPeople) -> Value {
    let call = &stored.record;
    let lasted = call.answered_at.zip(call.ended_at).map(|(from, to)| to.as_millis().saturating_sub(from.as_millis()));
    json!({
        "id": call.id.as_str(),
        "at": time(call.arrived_at),
        "arrived_at": time(call.arrived_at),
        "answered_at": call.answered_at.map(time),
        "ended_at": call.ended_at.map(time),
        "duration_ms": lasted,
        "caller": call.caller.as_ref().map(|phone| show_phone(viewer, phone)),
        "customer": call.customer.as_ref().map(CustomerId::as_str),
        "name": people.name,
        "dialled": call.dialled,
        "language": call.language.tag(),
        "queue": people.queue.as_ref().map(QueueId::as_str),
        "waited_ms": people.waited_ms,
        "agent": people.agent.as_ref().map(|(id, _)| id.as_str()),
        "agent_name": people.agent.as_ref().map(|(_, name)| name.as_str()),
        "code": people.disposition,
        "abandoned": people.abandoned,
        "order": call.order.as_ref().map(crate::domain::OrderNumber::as_str),
        "ended_by": call.end.as_ref().map(|end| end.by.name()),
        "reason": call.end.as_ref().map(|end| end.reason.name()),
    })
}

/// One call with its path, who spoke with whom, and how it was summed up; `id` is ours or the SIP Call-ID.
#[utoipa::path(get, path = "/api/calls/{id}", tag = "calls", params(("id" = String, Path)),
    responses((status = 200, description = "the whole story"), (status = 404, description = "no such call")))]
pub(in crate::web) async fn one(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let story = web.store.call_story(&id).await?.ok_or_else(|| Problem::not_found("call"))?;
    let call = &story.call.record;
    let mut shown = serde_json::to_value(Call::of(call, &story.call.steps)).unwrap_or_default();
    shown["caller"] = json!(call.caller.as_ref().map(|phone| show_phone(&viewer, phone)));
    if !viewer.calls_customers() {
        hide_keyed_numbers(&mut shown["steps"]);
    }
    shown["customer"] = json!(call.customer.as_ref().map(CustomerId::as_str));
    shown["visits"] = story.visits.iter().map(visit).collect();
    shown["parties"] = story.parts.iter().map(party).collect();
    shown["wrap_ups"] = story.wrap_ups.iter().map(|(wrap_up, at)| summed_up(wrap_up, *at)).collect();
    shown["orders"] = json!(story.orders.iter().map(crate::domain::OrderNumber::as_str).collect::<Vec<_>>());
    Ok(Json(shown))
}

/// So many keys in a row are a number of somebody's, not a choice.
const NUMBER: usize = 7;

/// Whoever does not call customers does not read their numbers key by key either (C98).
fn hide_keyed_numbers(steps: &mut Value) {
    let Some(steps) = steps.as_array_mut() else { return };
    for run in steps.chunk_by_mut(|one, next| one["type"] == "key" && next["type"] == "key") {
        if run.iter().filter(|step| step["key"].as_str().is_some_and(|key| key.starts_with(|letter: char| letter.is_ascii_digit()))).count()
            >= NUMBER
        {
            run.iter_mut().for_each(|step| step["key"] = json!("·"));
        }
    }
}

fn visit(visit: &QueueVisit) -> Value {
    let until = visit.left.map(|(at, _)| at);
    json!({
        "queue": visit.queue.as_str(),
        "from": time(visit.entered_at),
        "until": until.map(time),
        "waited_ms": until.map(|until| until.as_millis().saturating_sub(visit.entered_at.as_millis())),
        "outcome": visit.left.map(|(_, outcome)| outcome.name()),
        "agent": visit.agent.as_ref().map(UserId::as_str),
        "is_callback": visit.is_callback,
    })
}

fn party(part: &CallPart) -> Value {
    json!({
        "kind": part.kind.name(),
        "user": part.agent.as_ref().map(UserId::as_str),
        "name": part.name,
        "queue": part.queue.as_ref().map(QueueId::as_str),
        "from": time(part.from),
        "until": part.until.map(time),
        "began": part.began,
        "ended": part.ended,
        "held_ms": part.held_ms,
        "note": part.note,
    })
}

fn summed_up(wrap_up: &WrapUp, at: Timestamp) -> Value {
    json!({
        "at": time(at),
        "user": wrap_up.agent.as_str(),
        "name": wrap_up.agent_name,
        "code": wrap_up.disposition.map(crate::domain::Disposition::code),
        "note": wrap_up.note,
        "order": wrap_up.order.as_ref().map(crate::domain::OrderNumber::as_str),
        "follow": wrap_up.follow,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn c98_a_number_that_was_keyed_is_hidden_and_choices_are_not() {
        let key = |key: char| json!({ "type": "key", "key": key.to_string() });
        let mut steps: Vec<_> = "1".chars().map(key).collect();
        steps.push(json!({ "type": "node", "node": "order.identify" }));
        steps.extend("13800138000#".chars().map(key));
        steps.push(json!({ "type": "said" }));
        steps.extend("18#2#".chars().map(key));
        let mut shown = json!(steps);
        super::hide_keyed_numbers(&mut shown);
        let keys: String = shown.as_array().unwrap().iter().filter_map(|step| step["key"].as_str()).collect();
        assert_eq!(keys, format!("1{}18#2#", "·".repeat(12)));
        super::hide_keyed_numbers(&mut json!(null));
    }
}
