//! Slips for the page's own print, printers of the branches, and slips about which a person decides (C83).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{needed, of_branch, wanted_branch};
use crate::domain::{BranchNumber, OrderId, Role};
use crate::slip::{self, Mark, Slip, Which, Width};
use crate::store::{PrintFilter, PrintJob, Printer};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web};
use crate::wire::time;

/// Who sees what branches do.
const SEE: [Role; 5] = [Role::Branch, Role::Dispatcher, Role::Supervisor, Role::Manager, Role::Administrator];
/// Who prints.
const PRINT: [Role; 4] = [Role::Branch, Role::Dispatcher, Role::Supervisor, Role::Administrator];
const SET_UP: [Role; 2] = [Role::Manager, Role::Administrator];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct How {
    /// Columns: 32 or 48.
    width: Option<i64>,
    /// Which time it is printed again: 0 for the first time.
    copy: Option<u32>,
}

fn which(name: &str) -> Answer<Which> {
    Which::from_name(name).ok_or_else(|| Problem::invalid("slip is kitchen, packing or delivery"))
}

fn shown(slip: &Slip) -> Value {
    let lines: Vec<Value> = slip
        .lines
        .iter()
        .map(|line| json!({ "text": line.text, "big": line.big, "bold": line.bold, "align": line.align.name() }))
        .collect();
    json!({ "width": slip.width.columns(), "lines": lines, "barcode": slip.barcode })
}

/// A slip of an order as lines, for the page's own print; `copy` 1 and more carry 补打.
#[utoipa::path(get, path = "/api/orders/{id}/slip/{slip}", tag = "kitchen",
    params(("id" = String, Path), ("slip" = String, Path, description = "kitchen, packing or delivery"),
        ("width" = Option<i64>, Query, description = "32 or 48 columns; 48 when not given"), ("copy" = Option<u32>, Query)),
    responses((status = 200, description = "width, lines with text, big, bold, align; barcode"), (status = 404, description = "no such order"),
        (status = 422, description = "no such slip or width")))]
pub(in crate::web) async fn slip(
    State(web): State<Web>,
    viewer: Viewer,
    Path((id, slip)): Path<(String, String)>,
    Params(how): Params<How>,
) -> Answer<Json<Value>> {
    viewer.require(&PRINT)?;
    let which = which(&slip)?;
    let width = Width::of(how.width.unwrap_or(48)).ok_or_else(|| Problem::invalid("width is 32 or 48"))?;
    let order = order_for(&web, &viewer, &id).await?;
    let ticket = web.store.ticket(&order).await?.ok_or_else(|| Problem::not_found("order"))?;
    let mark = how.copy.filter(|copy| *copy > 0).map_or(Mark::New, Mark::Again);
    Ok(Json(shown(&slip::laid_out(which, &ticket, &mark, width, web.store.clock().local(web.wall())))))
}

/// The order, when this viewer may have to do with it.
async fn order_for(web: &Web, viewer: &Viewer, id: &str) -> Answer<OrderId> {
    let order = web.store.order(id).await?.ok_or_else(|| Problem::not_found("order"))?;
    of_branch(viewer, order.place.branch())?;
    Ok(order.id)
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Again {
    slip: String,
}

/// Prints a slip on the branch's printer, marked 补打 when it was printed before.
#[utoipa::path(post, path = "/api/orders/{id}/print", tag = "kitchen", request_body = inline(Again), params(("id" = String, Path)),
    responses((status = 202, description = "how many printers will print it"), (status = 404, description = "no such order, or no printer")))]
pub(in crate::web) async fn print(
    State(web): State<Web>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(again): Body<Again>,
) -> Answer<Response> {
    viewer.require(&PRINT)?;
    let again = again?;
    let which = which(&again.slip)?;
    let order = order_for(&web, &viewer, &id).await?;
    let work = async {
        let jobs = web.store.print_again(&order, which, &viewer.name, web.paper.stale_after, web.wall()).await?;
        if jobs == 0 {
            return Err(Problem::not_found("printer for this slip in that branch"));
        }
        web.paper.wake.notify_one();
        Ok((StatusCode::ACCEPTED, json!({ "jobs": jobs })))
    };
    web.once(&viewer, &headers, "POST /api/orders/{id}/print", &(order.as_str(), &again), work).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct OfBranch {
    branch: Option<u16>,
    /// 1: only what waits or is asked about.
    open: Option<u8>,
}

fn printer(printer: &Printer) -> Value {
    json!({
        "id": printer.id,
        "branch": printer.branch.get(),
        "name": printer.name,
        "address": printer.address,
        "width": printer.width.columns(),
        "slips": printer.slips.iter().map(|which| which.name()).collect::<Vec<_>>(),
        "buzzer": printer.buzzer,
        "disabled": printer.disabled,
        "state": printer.state,
        "state_at": time(printer.state_at),
        "waiting": printer.waiting,
    })
}

/// The printers with what they last said of themselves.
#[utoipa::path(get, path = "/api/printers", tag = "kitchen", params(("branch" = Option<u16>, Query)),
    responses((status = 200, description = "a list of printers")))]
pub(in crate::web) async fn printers(State(web): State<Web>, viewer: Viewer, Params(of): Params<OfBranch>) -> Answer<Json<Value>> {
    viewer.require(&SEE)?;
    let printers = web.store.printers(wanted_branch(&viewer, of.branch)?).await?;
    Ok(Json(printers.iter().map(printer).collect()))
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Wanted {
    /// Of a printer that is there already.
    #[serde(default)]
    id: String,
    branch: u16,
    name: String,
    /// `host:port`; 9100 when no port is given.
    address: String,
    width: i64,
    slips: Vec<String>,
    #[serde(default)]
    buzzer: bool,
    #[serde(default)]
    disabled: bool,
}

/// A new printer (without `id`), or a changed one.
#[utoipa::path(put, path = "/api/printers", tag = "kitchen", request_body = inline(Wanted),
    responses((status = 204, description = "kept"), (status = 404, description = "no printer of this id")))]
pub(in crate::web) async fn save(State(web): State<Web>, viewer: Viewer, Body(wanted): Body<Wanted>) -> Answer<StatusCode> {
    viewer.require(&SET_UP)?;
    let wanted = wanted?;
    let branch = BranchNumber::new(wanted.branch).filter(|branch| web.catalogue.borrow().branches.contains_key(branch));
    let mut slips = wanted.slips.iter().map(|name| which(name)).collect::<Answer<Vec<_>>>()?;
    slips.sort_unstable();
    slips.dedup();
    if slips.is_empty() && !wanted.disabled {
        return Err(Problem::invalid("slips says what it prints: kitchen, packing, delivery; at least one of them"));
    }
    let printer = Printer {
        id: wanted.id,
        branch: branch.ok_or_else(|| Problem::invalid("there is no branch of this number"))?,
        name: needed("name", &wanted.name, 40)?,
        address: address(&wanted.address)?,
        width: Width::of(wanted.width).ok_or_else(|| Problem::invalid("width is 32 (58 mm) or 48 (80 mm)"))?,
        slips,
        buzzer: wanted.buzzer,
        disabled: wanted.disabled,
        state: String::new(),
        state_at: web.wall(),
        waiting: 0,
    };
    if !web.store.save_printer(&printer, web.wall()).await? {
        return Err(Problem::not_found("printer"));
    }
    web.audit(&viewer, "printer.saved", &format!("printer:{}", printer.id), &format!("branch {} {}", printer.branch, printer.address))
        .await;
    Ok(StatusCode::NO_CONTENT)
}

fn address(given: &str) -> Answer<String> {
    let wrong = || Problem::invalid("address is a host and a port, such as 192.168.1.50:9100");
    let given = given.trim();
    let (host, port) = match given.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse::<u16>().map_err(|_| wrong())?),
        _ => (given, 9100),
    };
    let named = !host.is_empty() && host.len() <= 120 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-[]:".contains(c));
    if named && port > 0 { Ok(format!("{host}:{port}")) } else { Err(wrong()) }
}

fn job(job: &PrintJob) -> Value {
    json!({
        "id": job.id,
        "printer": job.printer,
        "branch": job.branch.get(),
        "order": job.order.as_str(),
        "number": job.number,
        "slip": job.slip.name(),
        "kind": job.kind,
        "version": job.version,
        "copy": job.copy,
        "status": job.status,
        "tries": job.tries,
        "why": job.why,
        "made_at": time(job.made_at),
        "made_by": job.made_by,
        "done_at": job.done_at.map(time),
        "done_by": job.done_by,
    })
}

/// Slips that are to come out or came out, latest first.
#[utoipa::path(get, path = "/api/print-jobs", tag = "kitchen",
    params(("branch" = Option<u16>, Query), ("open" = Option<u8>, Query, description = "1: only what waits or is asked about")),
    responses((status = 200, description = "at most 200")))]
pub(in crate::web) async fn jobs(State(web): State<Web>, viewer: Viewer, Params(of): Params<OfBranch>) -> Answer<Json<Value>> {
    viewer.require(&SEE)?;
    let filter = PrintFilter { branch: wanted_branch(&viewer, of.branch)?, open: of.open == Some(1), ..PrintFilter::default() };
    Ok(Json(web.store.print_jobs(&filter, 200).await?.iter().map(job).collect()))
}

#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Decision {
    #[serde(rename = "do")]
    what: String,
}

/// Decides about a slip that is too old or in doubt: `print` it after all, or `drop` it.
#[utoipa::path(post, path = "/api/print-jobs/{id}", tag = "kitchen", request_body = inline(Decision), params(("id" = String, Path)),
    responses((status = 204, description = "decided"), (status = 409, description = "it was printed or dropped before")))]
pub(in crate::web) async fn decide(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(decision): Body<Decision>,
) -> Answer<StatusCode> {
    viewer.require(&PRINT)?;
    let decision = decision?;
    let print = match decision.what.as_str() {
        "print" => true,
        "drop" => false,
        _ => return Err(Problem::invalid("do is print or drop")),
    };
    let job = web.store.print_job(&id).await?.ok_or_else(|| Problem::not_found("slip"))?;
    of_branch(&viewer, job.branch)?;
    if !web.store.decide_print_job(&id, print, &viewer.name, web.paper.stale_after, web.wall()).await? {
        return Err(Problem::new("conflict", "this slip was printed or dropped before"));
    }
    web.audit(&viewer, if print { "slip.printed" } else { "slip.dropped" }, &format!("order:{}", job.order), job.slip.name()).await;
    web.paper.wake.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
