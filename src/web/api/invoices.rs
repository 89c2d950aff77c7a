//! Invoices over HTTP (C91): asked for with an order or later, given to the provider who issues them, and what became of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::quoting::InvoiceIn;
use super::report_form::{About, Wanted, language, send};
use super::row_list::{Column, Days, formulas_of, heads_of};
use super::{DESK, LEAD, LOOK, text};
use crate::domain::{CustomerId, InvoiceRequest, InvoiceStatus, Order, PhoneNumber, TaxNumber};
use crate::report::{Cell, Kind, Table};
use crate::store::{Anyway, Invoice, InvoiceFilter, InvoiceResult, StoreError};
use crate::web::body::{Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::time;

/// A list has at most so many.
const MOST: u32 = 5_000;
/// Results that are told at once.
const MOST_RESULTS: usize = 1_000;

/// A request as this viewer may see it.
pub(super) fn show(viewer: &Viewer, invoice: &Invoice) -> Value {
    let mut shown = title(viewer, &invoice.request);
    shown["order"] = json!(invoice.order.as_str());
    shown["number"] = json!(invoice.number.as_str());
    shown["status"] = json!(invoice.status.name());
    shown["asked_at"] = json!(time(invoice.asked_at));
    shown["asked_by"] = json!(invoice.asked_by);
    shown["amount_fen"] = json!(invoice.amount.as_fen());
    shown["batch"] = json!(invoice.batch);
    shown["told"] = json!(invoice.told);
    shown["changed_at"] = json!(time(invoice.changed_at));
    shown["order_status"] = json!(invoice.order_status.name());
    shown["delivered"] = json!(invoice.delivered);
    shown["in_doubt"] = json!(invoice.in_doubt);
    shown
}

fn title(viewer: &Viewer, request: &InvoiceRequest) -> Value {
    let phone = |phone: &PhoneNumber| if viewer.program { phone.reveal().to_owned() } else { show_phone(viewer, phone) };
    json!({
        "kind": request.kind(),
        "title": request.title,
        "tax_number": request.tax_number.as_ref().map(TaxNumber::as_str),
        "email": request.email,
        "phone": request.phone.as_ref().map(phone),
    })
}

/// The order, by id or number.
async fn order_of(web: &Web, id: &str) -> Answer<Order> {
    web.store.order(id).await?.ok_or_else(|| Problem::not_found("order"))
}

/// The invoice that an order's guest asked for.
#[utoipa::path(get, path = "/api/orders/{id}/invoice", tag = "invoices", params(("id" = String, Path)),
    responses((status = 200, description = "who it is made out to, and how far it is"), (status = 404, description = "no such order, or none was asked for")))]
pub(in crate::web) async fn of_order(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&LOOK)?;
    let order = order_of(&web, &id).await?;
    let invoice = web.store.invoice(&order.id).await?.ok_or_else(|| Problem::not_found("invoice"))?;
    Ok(Json(show(&viewer, &invoice)))
}

/// Asks for an invoice, or changes what was asked for, until the provider has it. The same again changes nothing.
#[utoipa::path(put, path = "/api/orders/{id}/invoice", tag = "invoices", request_body = inline(InvoiceIn), params(("id" = String, Path)),
    responses((status = 200, description = "the request"), (status = 404, description = "no such order"),
        (status = 409, description = "the provider has it already"), (status = 422, description = "title, tax number, e-mail or number do not fit")))]
pub(in crate::web) async fn ask(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(wanted): Body<InvoiceIn>,
) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let wanted = wanted?.checked().map_err(|fault| {
        let (zh, en) = fault.words();
        Problem::invalid(en).with("zh", json!(zh))
    })?;
    let order = order_of(&web, &id).await?;
    let before = web.store.invoice(&order.id).await?;
    let same =
        |before: &Invoice| before.request == wanted && before.status != InvoiceStatus::Withdrawn && before.status != InvoiceStatus::Failed;
    if let Some(before) = before.filter(same) {
        return Ok(Json(show(&viewer, &before)));
    }
    web.store.ask_invoice(&order.id, &wanted, &viewer.name, web.wall()).await.map_err(out_of_hand)?;
    web.audit(&viewer, "invoice.asked", &format!("order:{}", order.number), wanted.kind()).await;
    metrics::counter!("dinetone_invoices_total", "state" => "asked").increment(1);
    let invoice = web.store.invoice(&order.id).await?.ok_or_else(|| Problem::not_found("invoice"))?;
    Ok(Json(show(&viewer, &invoice)))
}

fn out_of_hand(error: StoreError) -> Problem {
    match error {
        StoreError::Conflict => Problem::new("conflict", "the provider has this request already: ask the provider to change it"),
        other => other.into(),
    }
}

/// The guest wants none any more; not once the provider has it.
#[utoipa::path(delete, path = "/api/orders/{id}/invoice", tag = "invoices", params(("id" = String, Path)),
    responses((status = 204, description = "withdrawn"), (status = 404, description = "no such order"),
        (status = 409, description = "none waits: the provider has it, or none was asked for")))]
pub(in crate::web) async fn withdraw(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<StatusCode> {
    viewer.require(&DESK)?;
    let order = order_of(&web, &id).await?;
    if !web.store.withdraw_invoice(&order.id, web.wall()).await? {
        return Err(Problem::new("conflict", "no request of this order waits: the provider has it, or none was asked for"));
    }
    web.audit(&viewer, "invoice.withdrawn", &format!("order:{}", order.number), "").await;
    Ok(StatusCode::NO_CONTENT)
}

/// What this customer's invoices were made out to before, the latest first.
#[utoipa::path(get, path = "/api/customers/{id}/invoice-titles", tag = "invoices", params(("id" = String, Path)),
    responses((status = 200, description = "at most five")))]
pub(in crate::web) async fn titles(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&DESK)?;
    let titles = web.store.invoice_titles(&CustomerId::new(id)).await?;
    Ok(Json(titles.iter().map(|request| title(&viewer, request)).collect()))
}

/// Which requests, and in which form.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Which {
    status: Option<String>,
    batch: Option<String>,
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
    lang: Option<String>,
}

/// What the provider reads: the columns of the file.
const COLUMNS: [Column; 12] = [
    ("number", "订单号", "Order", Kind::Text, "订单号", "the order's number"),
    ("asked_at", "申请时间", "Asked", Kind::Time, "最后一次登记的时间", "when it was taken down last"),
    ("kind_zh", "类型", "Kind (Chinese)", Kind::Text, "个人或公司", "person or company, in Chinese"),
    ("kind", "类型代码", "Kind", Kind::Text, "person 或 company", "person or company"),
    ("title", "发票抬头", "Title", Kind::Text, "开给谁", "who it is made out to"),
    ("tax_number", "税号", "Tax number", Kind::Text, "18 位的已核对校验位", "18 characters: the check character is right"),
    ("amount", "金额", "Amount", Kind::Fen, "客人实付，交给开票方时的金额", "what the guest paid, as it was when the provider got it"),
    ("email", "邮箱", "E-mail", Kind::Text, "电子发票发到这里", "where it is sent"),
    ("phone", "手机", "Mobile", Kind::Text, "电子发票发到这里", "where it is sent"),
    ("status", "状态", "State", Kind::Text, "asked、exported、issued、failed、withdrawn", "asked, exported, issued, failed, withdrawn"),
    ("batch", "批次", "Batch", Kind::Text, "一起交给开票方的一批", "what was given to the provider together"),
    ("told", "发票号码/原因", "Invoice or reason", Kind::Text, "开票方的答复", "what the provider said"),
];

/// Requests, oldest first; with `batch` those that were given to the provider together. As JSON, CSV or XLSX: the file has full numbers,
/// and who took it out is written down.
#[utoipa::path(get, path = "/api/invoices", tag = "invoices",
    params(("status" = Option<String>, Query, description = "asked, exported, issued, failed or withdrawn"), ("batch" = Option<String>, Query),
        ("from" = Option<String>, Query, description = "YYYY-MM-DD, asked for on or after"), ("to" = Option<String>, Query),
        ("format" = Option<String>, Query, description = "json, csv or xlsx"), ("lang" = Option<String>, Query, description = "zh or en")),
    responses((status = 200, description = "at most 5000"), (status = 422, description = "no such state, day or format")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer, Params(which): Params<Which>) -> Answer<Response> {
    viewer.require(&LEAD)?;
    let status = which.status.as_deref().filter(|status| !status.is_empty());
    let status = status.map(|name| InvoiceStatus::from_name(name).ok_or_else(|| Problem::invalid("there is no such state"))).transpose()?;
    let spanned = which.from.is_some() || which.to.is_some();
    let (from, to) = (which.from, which.to);
    let wanted = Wanted { from, to, format: which.format, lang: which.lang, ..Wanted::default() };
    let days = Days::of(&web, &wanted)?;
    let filter = InvoiceFilter {
        status,
        batch: which.batch.filter(|batch| !batch.is_empty()),
        since: spanned.then_some(days.since),
        until: days.until.filter(|_| spanned),
        limit: MOST,
    };
    let invoices = web.store.invoices(&filter).await?;
    if matches!(wanted.format.as_deref(), None | Some("json")) {
        let shown: Vec<Value> = invoices.iter().map(|invoice| show(&viewer, invoice)).collect();
        return Ok(Json(shown).into_response());
    }
    let table = Table { heads: heads_of(&COLUMNS), rows: invoices.iter().map(row).collect(), total: None, previous: None, chart: None };
    let about = About { name: "invoices", zh: "发票申请", en: "Requests for invoices", formulas: formulas_of(&COLUMNS) };
    send(&web, &viewer, &about, &table, days.days, language(&viewer, &wanted)?, wanted.format.as_deref()).await
}

fn row(invoice: &Invoice) -> Vec<Cell> {
    let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
    let request = &invoice.request;
    vec![
        text(invoice.number.as_str()),
        Cell::Time(invoice.asked_at),
        text(if request.tax_number.is_some() { "公司" } else { "个人" }),
        text(request.kind()),
        text(&request.title),
        text(request.tax_number.as_ref().map_or("", TaxNumber::as_str)),
        Cell::Whole(invoice.amount.as_fen()),
        text(request.email.as_deref().unwrap_or_default()),
        text(request.phone.as_ref().map_or("", PhoneNumber::reveal)),
        text(invoice.status.name()),
        text(invoice.batch.as_deref().unwrap_or_default()),
        text(&invoice.told),
    ]
}

/// Gives what waits to the provider: the requests of delivered orders, each once. The answer names the batch, whose list and files can be
/// read any number of times: `GET /api/invoices?batch=…&format=csv`.
#[utoipa::path(post, path = "/api/invoices/export", tag = "invoices",
    responses((status = 200, description = "batch (null when nothing waits) and count")))]
pub(in crate::web) async fn export(State(web): State<Web>, viewer: Viewer, headers: HeaderMap) -> Answer<Response> {
    viewer.require(&LEAD)?;
    let work = async {
        let given = web.store.export_invoices(web.wall()).await?;
        let (batch, count) = given.map_or((None, 0), |(batch, count)| (Some(batch), count));
        if let Some(batch) = &batch {
            web.audit(&viewer, "invoice.exported", &format!("batch:{batch}"), &format!("{count} request(s)")).await;
            metrics::counter!("dinetone_invoices_total", "state" => "exported").increment(count);
            tracing::info!("{count} request(s) for invoices given to the provider as batch {batch}");
        }
        Ok((StatusCode::OK, json!({ "batch": batch, "count": count })))
    };
    web.once(&viewer, &headers, "POST /api/invoices/export", &(), work).await
}

/// Why a request goes out although its order was in doubt.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct AnywayIn {
    why: String,
}

/// Gives one request to the provider whose order was spilled or incomplete (D82): the export leaves it out until somebody says what the guest
/// pays after all.
#[utoipa::path(post, path = "/api/orders/{id}/invoice/export", tag = "invoices", request_body = inline(AnywayIn), params(("id" = String, Path)),
    responses((status = 200, description = "batch"), (status = 404, description = "no such order"),
        (status = 409, description = "no request waits, or the guest does not have the food"), (status = 422, description = "why is missing")))]
pub(in crate::web) async fn export_anyway(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<AnywayIn>,
) -> Answer<Response> {
    viewer.require(&LEAD)?;
    let asked = asked?;
    let why = super::needed("why", &asked.why, 200)?;
    let order = order_of(&web, &id).await?;
    let work = async {
        match web.store.export_invoice_anyway(&order.id, web.wall()).await? {
            Anyway::Given(batch) => {
                web.audit(&viewer, "invoice.exported", &format!("order:{}", order.number), &why).await;
                metrics::counter!("dinetone_invoices_total", "state" => "exported").increment(1);
                Ok((StatusCode::OK, json!({ "batch": batch })))
            }
            Anyway::NotAsked => Err(Problem::new("conflict", "no request of this order waits: the provider has it, or none was asked for")),
            Anyway::NotDelivered => {
                Err(Problem::new("conflict", "the guest does not have the food: there is nothing to make an invoice out for"))
            }
        }
    };
    web.once(&viewer, &headers, &format!("POST /api/orders/{id}/invoice/export"), &asked, work).await
}

/// What the provider says about each.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Results {
    #[schema(inline)]
    results: Vec<Told>,
}

/// One of them.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Told {
    /// Id or number.
    order: String,
    /// `issued` or `failed`.
    status: String,
    /// The invoice's own number, or why there is none.
    told: String,
}

/// What became of requests that the provider has: `issued` with the invoice's number, or `failed` with a reason, after which it may be asked
/// for again. The same results again change nothing.
#[utoipa::path(post, path = "/api/invoices/results", tag = "invoices", request_body = inline(Results),
    responses((status = 200, description = "changed: how many hold; unknown: orders whose request the provider does not have"),
        (status = 422, description = "more than 1000 at once, or a result without its number or reason")))]
pub(in crate::web) async fn results(State(web): State<Web>, viewer: Viewer, Body(told): Body<Results>) -> Answer<Json<Value>> {
    viewer.require(&LEAD)?;
    let told = told?.results;
    if told.len() > MOST_RESULTS {
        return Err(Problem::invalid(format!("at most {MOST_RESULTS} results at once")));
    }
    let read = |one: &Told| {
        let said = super::needed("told", &one.told, 200)?;
        let order = text("order", &one.order, 60)?;
        match one.status.as_str() {
            "issued" => Ok((order, InvoiceResult::Issued(said))),
            "failed" => Ok((order, InvoiceResult::Failed(said))),
            _ => Err(Problem::invalid("status is issued or failed")),
        }
    };
    // All of them are read before the first is kept.
    let results = told.iter().map(read).collect::<Answer<Vec<_>>>()?;
    let (mut changed, mut unknown) = (0_u64, Vec::new());
    for (order, result) in results {
        if web.store.invoice_told(&order, &result, web.wall()).await? {
            let state = if matches!(result, InvoiceResult::Issued(_)) { "issued" } else { "failed" };
            metrics::counter!("dinetone_invoices_total", "state" => state).increment(1);
            changed += 1;
        } else {
            unknown.push(order);
        }
    }
    web.audit(&viewer, "invoice.results", "invoices", &format!("{changed} kept, {} unknown", unknown.len())).await;
    Ok(Json(json!({ "changed": changed, "unknown": unknown })))
}
