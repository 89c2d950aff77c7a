//! Campaigns over HTTP (C99): planned, listed, approved, begun, ended and proved by managers; and what customers say about being contacted.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::report_form::{About, Wanted, language, send};
use super::row_list::{Column, formulas_of, heads_of};
use super::{DESK, needed, phone, text};
use crate::domain::{CampaignKind, CampaignPlan, ContactWish, ListedNumber, Role};
use crate::outreach::is_refusal;
use crate::report::{Cell, Kind, Table};
use crate::store::{Campaign, CampaignEvidence, CampaignStep, MOST_NUMBERS};
use crate::web::body::{self, Body, Params};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};
use crate::wire::time;

/// Who plans campaigns, says yes to them and reads their evidence.
pub(super) const MAY: [Role; 2] = [Role::Manager, Role::Administrator];
/// An imported list is at most so long.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// Tries that are read from the store at once.
const AT_ONCE: u32 = 5_000;

/// What a campaign is to be; the rest of its fields are told in `docs/api.md`.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Plan {
    name: String,
    /// `message`, `voice_file` or `voice_flow`.
    kind: String,
    line: Option<String>,
    prompt: Option<String>,
    node: Option<String>,
    text_zh: Option<String>,
    text_en: Option<String>,
    language: Option<String>,
    from: String,
    until: String,
    hours: String,
    at_once: Option<u32>,
    per_minute: Option<u32>,
    tries: Option<u32>,
    listed: Option<bool>,
    #[schema(inline)]
    segment: Option<SegmentIn>,
}

/// Who is meant; all conditions together.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SegmentIn {
    level: Option<String>,
    silent_days: Option<u32>,
    ordered_days: Option<u32>,
    branch: Option<u16>,
    zone: Option<String>,
    birthday_month: Option<u8>,
}

impl Plan {
    /// The plan, when it can be carried out in this house.
    fn read(&self, web: &Web) -> Answer<CampaignPlan> {
        for (what, given) in [
            ("name", Some(&self.name)),
            ("text_zh", self.text_zh.as_ref()),
            ("text_en", self.text_en.as_ref()),
            ("line", self.line.as_ref()),
        ] {
            text(what, given.map_or("", String::as_str), 300)?;
        }
        let value = serde_json::to_value(self).map_err(|error| Problem::invalid(error.to_string()))?;
        let plan = CampaignPlan::from_json(&value).map_err(Problem::invalid)?;
        match plan.kind {
            CampaignKind::Message if !web.outreach.can_tell => {
                Err(Problem::invalid("kind: no way is written that messages take, [messages] url or [smpp] address"))
            }
            CampaignKind::Message => Ok(plan),
            CampaignKind::VoiceFile => {
                let voice = web.plant.voice.borrow().clone();
                let mut pieces = voice.pieces(&plan.prompt).into_iter().filter(|piece| piece.language == plan.language).peekable();
                if pieces.peek().is_none() || !voice.slots(&plan.prompt).is_empty() || pieces.any(|piece| piece.origin.is_none()) {
                    return Err(Problem::invalid("prompt names no recording in this language; upload it at /admin, Prompts"));
                }
                Ok(plan)
            }
            CampaignKind::VoiceFlow => match web.plant.campaigns.borrow().get(&plan.node) {
                Some(true) => Ok(plan),
                Some(false) => {
                    Err(Problem::invalid("node leads by no key to a node of kind unsubscribe: whoever is called must be able to end it"))
                }
                None => Err(Problem::invalid("node names none of menus.toml with campaign = true")),
            },
        }
    }
}

/// A campaign as it is told.
fn show(campaign: &Campaign) -> Value {
    json!({
        "id": campaign.id,
        "plan": campaign.plan.to_json(),
        "status": campaign.status.name(),
        "life": campaign.life,
        "listed_at": campaign.listed_at.map(time),
        "made_by": campaign.made_by,
        "made_at": time(campaign.made_at),
        "approved_by": campaign.approved_by,
        "approved_at": campaign.approved_at.map(time),
        "began_at": campaign.began_at.map(time),
        "ended_at": campaign.ended_at.map(time),
        "counts": campaign.counts,
    })
}

async fn found(web: &Web, id: &str) -> Answer<Campaign> {
    web.store.campaign(id).await?.ok_or_else(|| Problem::not_found("campaign"))
}

/// What was asked for needs a campaign in another state.
fn not_now(campaign: &Campaign) -> Problem {
    Problem::new("cannot", format!("the campaign is {} and was changed since, or cannot do that from there", campaign.status.name()))
        .with("status_now", json!(campaign.status.name()))
        .with("life", json!(campaign.life))
}

/// All campaigns, latest first, with what is counted; the house's rules; and the nodes of the dialogue where they may begin.
#[utoipa::path(get, path = "/api/campaigns", tag = "campaigns", responses((status = 200, description = "campaigns, rules and nodes")))]
pub(in crate::web) async fn list(State(web): State<Web>, viewer: Viewer) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let campaigns: Vec<Value> = web.store.campaigns(200).await?.iter().map(show).collect();
    let rules = &web.outreach.rules;
    let hours = |(from, until): (crate::domain::ClockTime, crate::domain::ClockTime)| format!("{from}-{until}");
    Ok(Json(json!({
        "campaigns": campaigns,
        "rules": {
            "on": rules.on, "hours": hours(rules.window), "rest": rules.rest.map(hours), "most": rules.most, "within_days": rules.within_days,
            "keep_days": rules.keep_days, "messages": web.outreach.can_tell,
        },
        "nodes": web.plant.campaigns.borrow().iter().map(|(name, good)| json!({ "name": name, "unsubscribe": good })).collect::<Value>(),
    })))
}

/// One campaign.
#[utoipa::path(get, path = "/api/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, description = "plan, state and counts"), (status = 404, description = "no such campaign")))]
pub(in crate::web) async fn one(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    Ok(Json(show(&found(&web, &id).await?)))
}

/// A new one; it does nothing until it is listed, approved and started.
#[utoipa::path(post, path = "/api/campaigns", tag = "campaigns", request_body = inline(Plan),
    responses((status = 201, description = "the campaign"), (status = 422, description = "it cannot be carried out")))]
pub(in crate::web) async fn add(State(web): State<Web>, viewer: Viewer, headers: HeaderMap, Body(plan): Body<Plan>) -> Answer<Response> {
    viewer.require(&MAY)?;
    let plan = plan?;
    let work = async {
        let read = plan.read(&web)?;
        let id = web.store.add_campaign(&read, &viewer.name, web.wall()).await?;
        web.audit(&viewer, "campaign.made", &format!("campaign:{id}"), &read.name).await;
        Ok((StatusCode::CREATED, show(&found(&web, &id).await?)))
    };
    web.once(&viewer, &headers, "add campaign", &plan, work).await
}

/// Another plan for a draft; its list is to be made anew.
#[utoipa::path(put, path = "/api/campaigns/{id}", tag = "campaigns", request_body = inline(Plan), params(("id" = String, Path)),
    responses((status = 200, description = "the campaign"), (status = 409, description = "it is no draft any more")))]
pub(in crate::web) async fn change(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(plan): Body<Plan>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let plan = plan?.read(&web)?;
    let before = found(&web, &id).await?;
    if !web.store.change_campaign(&id, &plan, web.wall()).await? {
        return Err(not_now(&before));
    }
    web.audit(&viewer, "campaign.changed", &format!("campaign:{id}"), &plan.name).await;
    Ok(Json(show(&found(&web, &id).await?)))
}

/// An imported list.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Numbers {
    #[schema(inline)]
    numbers: Vec<NumberIn>,
}

/// One number of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NumberIn {
    phone: String,
    #[serde(default)]
    name: String,
    /// How and when they agreed to be contacted; kept as evidence.
    #[serde(default)]
    consent: String,
}

/// The list of numbers of a draft, in place of the one before.
#[utoipa::path(put, path = "/api/campaigns/{id}/numbers", tag = "campaigns", request_body = inline(Numbers), params(("id" = String, Path)),
    responses((status = 200, description = "how many were taken, and which lines are no numbers"), (status = 409, description = "it is no draft any more")))]
pub(in crate::web) async fn numbers(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Request,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let bytes = body::whole(request, LONGEST_LIST, || format!("a list has at most {LONGEST_LIST} bytes")).await?;
    let given: Numbers = body::read(&bytes)?;
    if given.numbers.len() > MOST_NUMBERS {
        return Err(Problem::invalid(format!("a list has at most {MOST_NUMBERS} numbers")));
    }
    let before = found(&web, &id).await?;
    let (mut list, mut wrong) = (Vec::new(), Vec::new());
    for (line, one) in (1..).zip(&given.numbers) {
        match crate::domain::PhoneNumber::parse(&one.phone) {
            Some(phone) => {
                list.push(ListedNumber { phone, name: text("name", &one.name, 60)?, consent: text("consent", &one.consent, 200)? })
            }
            None => wrong.push(line),
        }
    }
    if !web.store.set_campaign_list(&id, &list, &viewer.name, web.wall()).await? {
        return Err(not_now(&before));
    }
    web.audit(&viewer, "campaign.numbers", &format!("campaign:{id}"), &format!("{} numbers", list.len())).await;
    Ok(Json(json!({ "taken": list.len(), "wrong_lines": wrong })))
}

/// Makes the list of a draft: how many are meant, and who is left out and why. A yes holds for this list.
#[utoipa::path(post, path = "/api/campaigns/{id}/list", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, description = "the campaign; counts: listed, out:WHY, later:WHY"), (status = 409, description = "it is no draft any more")))]
pub(in crate::web) async fn preview(State(web): State<Web>, viewer: Viewer, Path(id): Path<String>) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let before = found(&web, &id).await?;
    let campaign = web.store.list_campaign(&id, &web.outreach.rules, web.wall()).await?.ok_or_else(|| not_now(&before))?;
    Ok(Json(show(&campaign)))
}

/// What is done with it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct StepIn {
    /// `approve`, `start`, `pause` or `stop`.
    step: String,
    /// The campaign's `life` as it was seen: what somebody says yes to is what happens.
    life: i64,
}

/// Says yes to the list that was seen, begins, pauses, goes on or ends it for good.
#[utoipa::path(post, path = "/api/campaigns/{id}/steps", tag = "campaigns", request_body = inline(StepIn), params(("id" = String, Path)),
    responses((status = 200, description = "the campaign"), (status = 409, description = "not from this state, or it was changed since")))]
pub(in crate::web) async fn step(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Body(given): Body<StepIn>,
) -> Answer<Json<Value>> {
    viewer.require(&MAY)?;
    let given = given?;
    let step = CampaignStep::from_name(&given.step).ok_or_else(|| Problem::invalid("step is approve, start, pause or stop"))?;
    let before = found(&web, &id).await?;
    if matches!(step, CampaignStep::Approve | CampaignStep::Start) && !web.outreach.rules.on {
        return Err(Problem::new("cannot", "campaigns are switched off: outreach.on"));
    }
    if !web.store.campaign_step(&id, step, given.life, &viewer.name, web.wall()).await? {
        return Err(not_now(&found(&web, &id).await?));
    }
    web.audit(&viewer, &format!("campaign.{}", given.step), &format!("campaign:{id}"), &before.plan.name).await;
    Ok(Json(show(&found(&web, &id).await?)))
}

const COLUMNS: [Column; 15] = [
    ("at", "时间", "Time", Kind::Time, "开始呼叫或发送的时间", "when the try began"),
    ("phone", "号码", "Number", Kind::Text, "文件中为完整号码", "in full in files"),
    ("try", "第几次", "Try", Kind::Count, "对该号码的第几次尝试", "which one of this number"),
    ("outcome", "结果", "Outcome", Kind::Text, "answered、refused、no_answer、busy…", "answered, refused, no_answer, busy …"),
    ("answered_at", "接听时间", "Answered", Kind::Time, "接起电话的时间", "when somebody picked up"),
    ("ended_at", "结束时间", "Ended", Kind::Time, "这次尝试结束的时间", "when the try was over"),
    ("keys", "按键", "Keys", Kind::Text, "客户按下的键", "what was pressed"),
    ("said", "内容", "Said", Kind::Text, "录音、节点或短信文字", "the recording, node or text"),
    ("consent_at", "同意时间", "Agreed", Kind::Time, "客户同意的时间", "when they agreed"),
    ("consent_how", "同意方式", "Agreed by", Kind::Text, "agent、import", "agent, import"),
    ("consent_words", "同意内容", "Agreed in words", Kind::Text, "当时登记的说明", "what was written down then"),
    ("call", "通话编号", "Call", Kind::Text, "可在 /api/calls/{id} 查路径", "the path: /api/calls/{id}"),
    ("why", "原因", "Why", Kind::Text, "通话结束的原因", "the reason why the call ended"),
    ("message", "短信状态", "Message", Kind::Text, "waiting、sent、failed…", "waiting, sent, failed …"),
    ("receipt", "短信回执", "Receipt", Kind::Text, "delivered 或 failed", "delivered or failed"),
];

/// Every try of a campaign, with the consent that it rests on: as JSON, CSV or XLSX. Kept for `outreach.keep_days`.
#[utoipa::path(get, path = "/api/campaigns/{id}/evidence", tag = "campaigns",
    params(("id" = String, Path), ("format" = Option<String>, Query, description = "json, csv or xlsx"), ("lang" = Option<String>, Query)),
    responses((status = 200, description = "one row a try"), (status = 404, description = "no such campaign")))]
pub(in crate::web) async fn evidence(
    State(web): State<Web>,
    viewer: Viewer,
    Path(id): Path<String>,
    Params(wanted): Params<Wanted>,
) -> Answer<Response> {
    viewer.require(&MAY)?;
    let campaign = found(&web, &id).await?;
    let in_full = wanted.format.as_deref().is_some_and(|format| format != "json");
    // All of them: proof with a hole is none.
    let mut tries = Vec::new();
    loop {
        let after = tries.last().map_or_else(String::new, |last: &CampaignEvidence| last.id.clone());
        let some = web.store.campaign_evidence(&id, &after, AT_ONCE).await?;
        let over = some.len() < AT_ONCE as usize;
        tries.extend(some);
        if over {
            break;
        }
    }
    let rows = tries.iter().map(|one| row(&viewer, one, in_full)).collect();
    let table = Table { heads: heads_of(&COLUMNS), rows, total: None, previous: None, chart: None };
    let about = About { name: "campaign", zh: "外呼证据", en: "Campaign evidence", formulas: formulas_of(&COLUMNS) };
    if in_full {
        web.audit(&viewer, "campaign.evidence", &format!("campaign:{id}"), &format!("{} tries in full", tries.len())).await;
    }
    send(&web, &viewer, &about, &table, campaign.plan.days, language(&viewer, &wanted)?, wanted.format.as_deref()).await
}

fn row(viewer: &Viewer, one: &CampaignEvidence, in_full: bool) -> Vec<Cell> {
    let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
    let (message, receipt) = one.message.as_ref().map_or(("", ""), |(status, receipt)| (status, receipt));
    vec![
        Cell::Time(one.at),
        Cell::Text(if in_full { one.phone.reveal().to_owned() } else { show_phone(viewer, &one.phone) }),
        Cell::Whole(one.attempt),
        text(one.outcome.map_or("", crate::domain::TryOutcome::name)),
        one.answered_at.map_or(Cell::Nothing, Cell::Time),
        one.ended_at.map_or(Cell::Nothing, Cell::Time),
        text(&one.keys),
        text(&one.said),
        Cell::Time(one.consent_at),
        text(&one.consent_how),
        text(&one.consent_words),
        one.call.as_ref().map_or(Cell::Nothing, |call| Cell::Text(call.as_str().to_owned())),
        text(&one.why),
        text(message),
        text(receipt),
    ]
}

/// What a customer says about being contacted by campaigns.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct WishIn {
    phone: String,
    /// True: they agree; false: they want to hear nothing.
    agrees: bool,
    /// Their words, or where they signed; needed for a yes.
    #[serde(default)]
    words: String,
}

/// A customer agrees, or wants to hear nothing, from the next try on. The last word counts.
#[utoipa::path(put, path = "/api/contact-wishes", tag = "campaigns", request_body = inline(WishIn),
    responses((status = 204, description = "written down"), (status = 422, description = "a yes without words")))]
pub(in crate::web) async fn wish(State(web): State<Web>, viewer: Viewer, Body(wish): Body<WishIn>) -> Answer<StatusCode> {
    viewer.require(&[DESK.as_slice(), &MAY].concat())?;
    let wish = wish?;
    let number = phone(&wish.phone)?;
    let words = if wish.agrees { needed("words", &wish.words, 200)? } else { text("words", &wish.words, 200)? };
    let kept = ContactWish { phone: number.clone(), agrees: wish.agrees, how: "agent".into(), words, by: viewer.name.clone() };
    web.store.set_contact_wish(&kept, web.wall()).await?;
    web.audit(&viewer, if wish.agrees { "contact.agreed" } else { "contact.refused" }, "phone", &number.to_string()).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A number that is asked about.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Which {
    phone: String,
}

/// The last word of a number about being contacted, and the evidence of it.
#[utoipa::path(post, path = "/api/contact-wishes/find", tag = "campaigns", request_body = inline(Which), responses((status = 200, description = "agrees: true, false or null")))]
pub(in crate::web) async fn find_wish(State(web): State<Web>, viewer: Viewer, Body(which): Body<Which>) -> Answer<Json<Value>> {
    viewer.require(&[DESK.as_slice(), &MAY].concat())?;
    let number = phone(&which?.phone)?;
    let found = web.store.contact_wish(&number).await?;
    Ok(Json(found.map_or_else(
        || json!({ "agrees": null }),
        |(wish, at)| json!({ "agrees": wish.agrees, "at": time(at), "how": wish.how, "words": wish.words, "by": wish.by }),
    )))
}

/// What a customer has answered to a message.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Reply {
    phone: String,
    text: String,
}

/// The gateway that sends our messages hands on what customers answer: TD, T, N, 退订 and the like end all campaigns for this number at once.
#[utoipa::path(post, path = "/api/message-replies", tag = "campaigns", request_body = inline(Reply), responses((status = 200, description = "refused: whether it was a refusal")))]
pub(in crate::web) async fn reply(State(web): State<Web>, viewer: Viewer, Body(reply): Body<Reply>) -> Answer<Json<Value>> {
    viewer.require(&[DESK.as_slice(), &MAY].concat())?;
    let reply = reply?;
    let number = phone(&reply.phone)?;
    let refused = is_refusal(&reply.text);
    if refused {
        web.store.refuse_contact(&number, "reply", &text("text", &reply.text, 200)?, web.wall()).await?;
        metrics::counter!("dinetone_campaign_refusals_total", "how" => "reply").increment(1);
        web.audit(&viewer, "contact.refused", "phone", &number.to_string()).await;
    }
    Ok(Json(json!({ "refused": refused })))
}
