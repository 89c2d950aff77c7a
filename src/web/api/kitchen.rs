//! The kitchen over HTTP: steps of orders, their timelines, tasks of headquarters, pauses and sold-out lists of branches.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{needed, text};
use crate::domain::{BranchNumber, CartLine, MenuNumber, OrderId, Quantity, Role, Timestamp};
use crate::order::board::Card;
use crate::order::dispatch::{self, Candidate, suggestions};
use crate::order::life::{Actor, ActorKind, EditLine, Later, Outcome, RefuseReason, Refused, Rider, Step};
use crate::store::Stepped;
use crate::web::board::HEADQUARTERS;
use crate::web::body::Body;
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::pop::{size_of, spice_of};

/// Longest pause that a branch may take by itself.
const LONGEST_PAUSE: u32 = 12 * 60;
/// How long a dish may be sold out.
const LONGEST_SOLD_OUT: Duration = Duration::from_secs(2 * 366 * 24 * 3600);

/// Who does it, as the order's timeline will say.
pub(in crate::web) fn actor(viewer: &Viewer) -> Answer<Actor> {
    let kind = match viewer.role {
        Role::Branch => ActorKind::Branch,
        Role::Agent => ActorKind::Agent,
        _ if viewer.program => ActorKind::Program,
        Role::Dispatcher | Role::Supervisor | Role::Manager | Role::Administrator => ActorKind::Headquarters,
    };
    let mut actor = Actor::new(kind, viewer.user.as_str(), &viewer.name);
    if kind == ActorKind::Branch {
        actor.branch = Some(viewer.branch.ok_or_else(|| Problem::new("not-allowed", "this account belongs to no branch"))?);
    }
    actor.lead = matches!(viewer.role, Role::Supervisor | Role::Manager | Role::Administrator);
    Ok(actor)
}

/// A card as this viewer may see it (C98): branches deliver, so they see the number.
pub(in crate::web) fn show(viewer: &Viewer, card: &Card) -> Value {
    let whole = viewer.calls_customers() || viewer.role == Role::Branch;
    let shown = if whole { serde_json::to_value(card) } else { serde_json::to_value(card.masked()) };
    shown.unwrap_or_default()
}

/// A step in an order's life; which fields it needs is said in `docs/kitchen.md`.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Asked {
    step: String,
    /// What the card said: the step is taken only when nobody has done anything since.
    life: Option<i64>,
    minutes: Option<u16>,
    reason: String,
    dishes: Vec<u16>,
    note: String,
    rider: Option<String>,
    rider_name: String,
    code: String,
    minutes_late: Option<u32>,
    /// Another time: milliseconds since 1970, or `minutes` from now; and whether it is fetched.
    at: Option<i64>,
    pickup: bool,
    /// To a change of what the branch has run out of (D83): the diner has said yes to it.
    agreed: bool,
    branch: Option<u16>,
    why: String,
    #[schema(inline)]
    lines: Vec<Line>,
    text: String,
}

/// One line of a changed order.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Line {
    dish: u16,
    quantity: u16,
    size: Option<String>,
    spice: Option<String>,
    note: Option<String>,
}

/// Takes a step in an order's life.
#[utoipa::path(post, path = "/api/orders/{id}/steps", tag = "kitchen", request_body = inline(Asked), params(("id" = String, Path)),
    responses((status = 200, description = "the card, as it now is"), (status = 403, description = "the order or the step is not yours"),
        (status = 404, description = "no such order"), (status = 409, description = "`order-moved`: somebody was first; `cannot`: it does not lead on from there; both with the card"),
        (status = 422, description = "a field does not fit")))]
pub(in crate::web) async fn step(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Answer<Response> {
    let by = actor(&viewer)?;
    let asked = asked?;
    let mut step = read(&asked, web.wall())?;
    if let Step::HandOver { rider: Some(rider) } | Step::Rider { rider } = &mut step {
        // Whose cash it will be: somebody who is there, by the name on record.
        let card = seen(&web, &viewer, &id).await?;
        let known = web.store.rider(&rider.id).await?.filter(|known| !known.retired && known.branch.get() == card.branch);
        rider.name = known.ok_or_else(|| Problem::invalid("this branch has no such rider"))?.name;
    }
    if let Step::AskEdit { why, .. } = &mut step {
        let lacks = web.store.card(&id).await?.is_some_and(|card| card.lacks.is_some());
        if lacks && !asked.agreed {
            return Err(Problem::invalid("the branch has run out of something: say agreed when the diner takes the other dish"));
        }
        if lacks && why.is_empty() {
            "agreed".clone_into(why);
        }
    }
    let what = format!("POST /api/orders/{id}/steps");
    let work = async {
        let stepped = web.store.order_step(&OrderId::new(&id), asked.life, &step, &by, web.wall()).await?;
        let card = web.store.card(&id).await?;
        let shown = card.as_ref().map_or(Value::Null, |card| show(&viewer, card));
        let number = card.as_ref().map_or("", |card| card.number.as_str());
        let result = match &stepped {
            Stepped::Done(_) => "done",
            Stepped::Moved => "moved",
            Stepped::NoOrder => "no_order",
            Stepped::Refused(refused) => refused.name(),
        };
        metrics::counter!("dinetone_order_steps_total", "step" => step.name(), "result" => result).increment(1);
        match stepped {
            Stepped::Done(_) => {
                web.audit(&viewer, &format!("order.{}", step.name()), &format!("order:{number}"), &asked.why).await;
                Ok((StatusCode::OK, shown))
            }
            Stepped::NoOrder => Err(Problem::not_found("order")),
            Stepped::Moved => {
                Err(Problem::new("order-moved", "somebody else was first: look at the order as it now is").with("card", shown))
            }
            Stepped::Refused(Refused::Field(words)) => Err(Problem::invalid(words)),
            Stepped::Refused(refused @ (Refused::NotYours | Refused::NotAllowed)) => Err(Problem::new("not-allowed", refused.words())),
            Stepped::Refused(refused) => {
                Err(Problem::new("cannot", refused.words()).with("why", json!(refused.name())).with("card", shown))
            }
        }
    };
    web.once(&viewer, &headers, &what, &asked, work).await
}

/// Another time than was promised: a moment, or so many minutes from now.
pub(in crate::web) fn later(at: Option<i64>, minutes: Option<u16>, pickup: bool, now: Timestamp) -> Answer<Later> {
    let soon = |minutes: u16| now.after(Duration::from_secs(u64::from(minutes) * 60));
    let at = at.map(Timestamp::from_millis).or_else(|| minutes.map(soon));
    let at = at.ok_or_else(|| Problem::invalid("D73 needs the new time: at, or minutes; with pickup when it is fetched"))?;
    Ok(Later { at, pickup })
}

fn read(asked: &Asked, now: Timestamp) -> Answer<Step> {
    let why = text("why", &asked.why, 200)?;
    let note = text("note", &asked.note, 200)?;
    let rider = || -> Answer<Option<Rider>> {
        let Some(id) = asked.rider.as_deref().filter(|id| !id.is_empty()) else { return Ok(None) };
        Ok(Some(Rider { id: text("rider", id, 60)?, name: text("rider_name", &asked.rider_name, 40)? }))
    };
    let code = |given: &str| Outcome::from_name(given).ok_or_else(|| Problem::invalid("code is auto or one of D00 … D99"));
    Ok(match asked.step.as_str() {
        "seen" => Step::Seen,
        "accept" => Step::Accept { minutes: asked.minutes },
        "refuse" => Step::Refuse {
            reason: RefuseReason::from_name(&asked.reason)
                .ok_or_else(|| Problem::invalid("reason is sold_out, busy, equipment, out_of_reach or other"))?,
            dishes: asked.dishes.iter().map(|dish| dish_number(*dish)).collect::<Answer<_>>()?,
            note,
        },
        "cook" => Step::Cook,
        "ready" => Step::Ready,
        "hand_over" => Step::HandOver { rider: rider()? },
        "reschedule" => Step::Reschedule { later: later(asked.at, asked.minutes, asked.pickup, now)?, note },
        "deliver" | "correct" if asked.code == Outcome::Rescheduled.name() => {
            Step::Reschedule { later: later(asked.at, asked.minutes, asked.pickup, now)?, note }
        }
        "deliver" if asked.code == Outcome::SoldOut.name() => {
            Step::RunOut { dishes: asked.dishes.iter().map(|dish| dish_number(*dish)).collect::<Answer<_>>()?, note }
        }
        "deliver" => Step::Deliver {
            code: if asked.code.is_empty() || asked.code == "auto" { None } else { Some(code(&asked.code)?) },
            note,
            minutes_late: asked.minutes_late.map(|minutes| minutes.min(24 * 60)),
        },
        "correct" => Step::Correct { code: code(&asked.code)?, note },
        "undo" => Step::Undo,
        "send" => Step::Send,
        "reassign" => Step::Reassign {
            branch: branch_number(asked.branch)?,
            why: if why.is_empty() { "headquarters".into() } else { why },
            times: None,
        },
        "nudge" => Step::Nudge,
        "cancel" => Step::Cancel { why },
        "ask_cancel" => Step::AskCancel { why },
        "ask_edit" => Step::AskEdit { lines: asked.lines.iter().map(edit_line).collect::<Answer<_>>()?, why },
        "grant" => Step::Grant,
        "decline" => Step::Decline { why },
        "address" => Step::Address { text: text("text", &asked.text, 200)?, branch: branch_number(asked.branch)?, times: None },
        "rider" => Step::Rider { rider: rider()?.ok_or_else(|| Problem::invalid("rider is missing"))? },
        other => return Err(Problem::invalid(format!("there is no step {other:?}"))),
    })
}

fn dish_number(number: u16) -> Answer<MenuNumber> {
    MenuNumber::new(number).ok_or_else(|| Problem::invalid("a dish number is 1 to 9999"))
}

pub(in crate::web) fn branch_number(number: Option<u16>) -> Answer<BranchNumber> {
    number.and_then(BranchNumber::new).ok_or_else(|| Problem::invalid("branch is a number from 1 to 9999"))
}

fn edit_line(line: &Line) -> Answer<EditLine> {
    let size =
        line.size.as_deref().map(|name| size_of(name).ok_or_else(|| Problem::invalid("size is large, medium or small"))).transpose()?;
    let spice = line
        .spice
        .as_deref()
        .map(|name| spice_of(name).ok_or_else(|| Problem::invalid("spice is none, mild, medium or hot")))
        .transpose()?;
    let quantity = Quantity::new(line.quantity).ok_or_else(|| Problem::invalid("quantity is 1 to 99"))?;
    let note = line.note.as_deref().map(|note| text("note", note, 60)).transpose()?.filter(|note| !note.is_empty());
    Ok(EditLine { line: CartLine { dish: dish_number(line.dish)?, quantity, size, spice }, note })
}

/// The card of an order that this viewer may see.
async fn seen(web: &Web, viewer: &Viewer, id: &str) -> Answer<Card> {
    let card = web.store.card(id).await?.ok_or_else(|| Problem::not_found("order"))?;
    if viewer.role == Role::Branch && viewer.branch.map(BranchNumber::get) != Some(card.branch) {
        return Err(Problem::not_found("order"));
    }
    Ok(card)
}

/// Everything that happened to an order: who, when, what.
#[utoipa::path(get, path = "/api/orders/{id}/timeline", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 200, description = "events, oldest first; `at` in milliseconds since 1970"), (status = 404, description = "no such order")))]
pub(in crate::web) async fn timeline(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    seen(&web, &viewer, &id).await?;
    let events = web.store.order_timeline(&OrderId::new(&id)).await?;
    let show = |event: &crate::store::OrderEvent| json!({ "at": event.at.as_millis(), "kind": event.kind, "by": event.by_name, "by_kind": event.by_kind, "data": event.data });
    Ok(Json(json!({ "events": events.iter().map(show).collect::<Vec<_>>() })))
}

/// Which branches could cook an order: who delivers there, is open, has every dish, and how soon.
#[utoipa::path(get, path = "/api/orders/{id}/branches", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 200, description = "all branches, the best first"), (status = 404, description = "no such order")))]
pub(in crate::web) async fn branches(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&HEADQUARTERS)?;
    let card = seen(&web, &viewer, &id).await?;
    let catalogue = web.store.catalogue().await?;
    let dishes: Vec<MenuNumber> = card.lines.iter().filter_map(|line| MenuNumber::new(line.dish)).collect();
    let asked = dispatch::Asked { address: &card.address, dishes: &dishes };
    let found = suggestions(asked, &catalogue, &web.store.loads().await?, web.wall(), web.store.clock());
    let best = found.iter().find(|one| one.branch.get() != card.branch && !card.refused_by.contains(&one.branch.get()) && one.fits());
    let best = best.map(|one| one.branch);
    let show = |one: &Candidate| {
        json!({
            "branch": one.branch.get(),
            // Nobody wrote zones down for the branch that has it already.
            "covers": one.zone.is_some() || card.fulfilment == "pickup" || one.branch.get() == card.branch,
            "zone": one.zone, "open": one.open, "load_minutes": one.load_minutes, "expected_minutes": one.expected_minutes,
            "missing": one.missing.iter().map(|dish| dish.get()).collect::<Vec<_>>(), "distance_m": one.metres,
            "best": best == Some(one.branch),
        })
    };
    Ok(Json(found.iter().map(show).collect()))
}

/// This person looks after a task.
#[utoipa::path(post, path = "/api/tasks/{id}/take", tag = "kitchen", params(("id" = String, Path)),
    responses((status = 200, description = "the task"), (status = 404, description = "no such task"), (status = 409, description = "somebody else has it, or it is done")))]
pub(in crate::web) async fn take_task(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&HEADQUARTERS)?;
    let taken = web.store.take_task(&id, &viewer.user, &viewer.name, web.wall()).await?;
    changed_task(&web, &viewer, &id, taken, "task.taken", "").await
}

/// How a task was settled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Settled {
    how: String,
}

/// A task is settled, in a few words.
#[utoipa::path(post, path = "/api/tasks/{id}/done", tag = "kitchen", request_body = inline(Settled), params(("id" = String, Path)),
    responses((status = 200, description = "the task"), (status = 404, description = "no such task"), (status = 409, description = "it was done before")))]
pub(in crate::web) async fn finish_task(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(settled): Body<Settled>,
) -> Answer<Json<Value>> {
    viewer.require(&HEADQUARTERS)?;
    let settled = settled?;
    let how = needed("how", &settled.how, 200)?;
    let done = web.store.finish_task(&id, &viewer.name, &how, web.wall()).await?;
    changed_task(&web, &viewer, &id, done, "task.done", &how).await
}

async fn changed_task(web: &Web, viewer: &Viewer, id: &str, changed: bool, action: &str, detail: &str) -> Answer<Json<Value>> {
    let task = web.store.task(id).await?.ok_or_else(|| Problem::not_found("task"))?;
    if !changed {
        return Err(Problem::new("conflict", "somebody else has it, or it is done"));
    }
    web.audit(viewer, action, &format!("task:{}", task.kind), detail).await;
    Ok(Json(serde_json::to_value(&task).unwrap_or_default()))
}

/// A branch's own people, and headquarters.
fn may_run(viewer: &Viewer, branch: u16) -> Answer<BranchNumber> {
    let own = viewer.role == Role::Branch && viewer.branch.map(BranchNumber::get) == Some(branch);
    if !own {
        viewer.require(&HEADQUARTERS)?;
    }
    branch_number(Some(branch))
}

/// How long a branch takes no orders, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PauseFor {
    /// Until somebody opens it again when missing.
    minutes: Option<u32>,
    reason: String,
}

/// A branch takes no orders for a while: heard by callers and seen by consoles within two seconds.
#[utoipa::path(put, path = "/api/branches/{n}/pause", tag = "kitchen", request_body = inline(PauseFor), params(("n" = u16, Path)),
    responses((status = 204, description = "paused"), (status = 404, description = "no such branch"), (status = 422, description = "a reason is missing")))]
pub(in crate::web) async fn pause(
    State(web): State<Web>,
    viewer: Viewer,
    Path(number): Path<u16>,
    Body(pause): Body<PauseFor>,
) -> Answer<StatusCode> {
    let branch = may_run(&viewer, number)?;
    let pause = pause?;
    let reason = needed("reason", &pause.reason, 100)?;
    let now = web.wall();
    let until = match pause.minutes {
        Some(minutes) if !(1..=LONGEST_PAUSE).contains(&minutes) => return Err(Problem::invalid("minutes are 1 to 720")),
        Some(minutes) => Some(now.after(Duration::from_secs(u64::from(minutes) * 60))),
        None => None,
    };
    known(&web, branch).await?;
    web.store.pause_branch(branch, Some((until, &reason)), &viewer.name, now).await?;
    web.audit(&viewer, "branch.paused", &format!("branch:{branch}"), &reason).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A branch takes orders again.
#[utoipa::path(delete, path = "/api/branches/{n}/pause", tag = "kitchen", params(("n" = u16, Path)),
    responses((status = 204, description = "open again"), (status = 404, description = "no such branch")))]
pub(in crate::web) async fn resume(State(web): State<Web>, viewer: Viewer, Path(number): Path<u16>) -> Answer<StatusCode> {
    let branch = may_run(&viewer, number)?;
    known(&web, branch).await?;
    web.store.pause_branch(branch, None, &viewer.name, web.wall()).await?;
    web.audit(&viewer, "branch.resumed", &format!("branch:{branch}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

async fn known(web: &Web, branch: BranchNumber) -> Answer<()> {
    let there = web.store.catalogue().await?.branches.contains_key(&branch);
    if there { Ok(()) } else { Err(Problem::not_found("branch")) }
}

/// Until when a dish is sold out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct GoneFor {
    /// `closing` (also when missing), or milliseconds since 1970.
    until: Value,
}

/// 沽清: a branch has run out of a dish.
#[utoipa::path(put, path = "/api/branches/{n}/sold-out/{dish}", tag = "kitchen", request_body = inline(GoneFor), params(("n" = u16, Path), ("dish" = u16, Path)),
    responses((status = 200, description = "until when, in milliseconds since 1970"), (status = 404, description = "no such branch or dish")))]
pub(in crate::web) async fn sold_out(
    State(web): State<Web>,
    viewer: Viewer,
    Path((number, dish)): Path<(u16, u16)>,
    Body(gone): Body<GoneFor>,
) -> Answer<Json<Value>> {
    let branch = may_run(&viewer, number)?;
    let gone = gone?;
    let dish = dish_number(dish)?;
    let until = match &gone.until {
        Value::Null => None,
        Value::String(word) if word == "closing" => None,
        Value::Number(at) => {
            let now = web.wall();
            let at = at.as_i64().map(Timestamp::from_millis).filter(|at| *at > now && *at <= now.after(LONGEST_SOLD_OUT));
            Some(at.ok_or_else(|| Problem::invalid("until lies in the future, within two years; what is gone for good is retired"))?)
        }
        _ => return Err(Problem::invalid("until is closing or milliseconds since 1970")),
    };
    known(&web, branch).await?;
    if web.store.catalogue().await?.dish(dish).is_none() {
        return Err(Problem::not_found("dish"));
    }
    let until = web.store.branch_sold_out(branch, dish, until, &viewer.name, web.wall()).await?;
    web.audit(&viewer, "dish.sold_out", &format!("branch:{branch}"), &dish.to_string()).await;
    Ok(Json(json!({ "dish": dish.get(), "until": until.as_millis() })))
}

/// A branch has a dish again.
#[utoipa::path(delete, path = "/api/branches/{n}/sold-out/{dish}", tag = "kitchen", params(("n" = u16, Path), ("dish" = u16, Path)),
    responses((status = 204, description = "it can be ordered"), (status = 404, description = "no such branch")))]
pub(in crate::web) async fn has_again(
    State(web): State<Web>,
    viewer: Viewer,
    Path((number, dish)): Path<(u16, u16)>,
) -> Answer<StatusCode> {
    let branch = may_run(&viewer, number)?;
    let dish = dish_number(dish)?;
    known(&web, branch).await?;
    web.store.branch_has_again(branch, dish, &viewer.name, web.wall()).await?;
    web.audit(&viewer, "dish.back", &format!("branch:{branch}"), &dish.to_string()).await;
    Ok(StatusCode::NO_CONTENT)
}
