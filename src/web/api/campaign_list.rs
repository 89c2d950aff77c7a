//! The list of campaigns as a report: when, whom, and what came of it (C99).

use axum::response::Response;

use super::campaigns::MAY;
use super::report_form::Wanted;
use super::row_list::{Column, Days, RowList};
use crate::report::{Cell, Kind};
use crate::store::Campaign;
use crate::web::{Answer, Problem, Viewer, Web};

/// Its name among the reports.
pub(super) const NAME: &str = "campaigns";

const COLUMNS: [Column; 14] = [
    ("at", "建立时间", "Made", Kind::Time, "活动建立的时间", "when it was made"),
    ("name", "活动", "Campaign", Kind::Text, "活动名称", "its name"),
    ("kind", "方式", "Kind", Kind::Text, "message 短信、voice_file 语音、voice_flow 语音流程", "message, voice_file, voice_flow"),
    (
        "status",
        "状态",
        "State",
        Kind::Text,
        "draft、approved、running、paused、stopped、done",
        "draft, approved, running, paused, stopped, done",
    ),
    ("approved_by", "批准人", "Approved by", Kind::Text, "批准名单的人", "who said yes to the list"),
    ("listed", "名单", "Listed", Kind::Count, "符合条件的号码数", "numbers that were meant"),
    ("left_out", "剔除", "Left out", Kind::Count, "未同意、拒绝、黑名单、超频等被剔除的号码数", "numbers left out, for whatever reason"),
    (
        "answered",
        "接通",
        "Answered",
        Kind::Count,
        "有人接听的次数，含按 9 拒绝的",
        "tries that somebody picked up, those who refused with them",
    ),
    ("handed_over", "已发短信", "Messages", Kind::Count, "交给短信通道的条数", "messages handed to the gateway"),
    ("refused", "退订", "Refused", Kind::Count, "按 9 退订的人数", "who pressed 9"),
    ("no_answer", "无人接听", "No answer", Kind::Count, "振铃无人接听的次数", "tries that nobody picked up"),
    ("busy", "占线", "Busy", Kind::Count, "占线或拒接的次数", "tries that met a busy or declining telephone"),
    (
        "failed",
        "失败",
        "Failed",
        Kind::Count,
        "未能接通、空号、禁呼或中断的次数",
        "tries that could not be put through, met no such number, a forbidden one, or were cut off",
    ),
    ("waiting", "待呼", "Waiting", Kind::Count, "还没轮到的号码数", "numbers whose turn is to come"),
];

/// The list, as a report.
pub(super) const LIST: RowList =
    RowList { name: NAME, title: ("外呼活动", "Campaigns"), about: "calls", filters: &[], columns: &COLUMNS };

/// Campaigns that were made in the days.
pub(super) async fn answer(web: &Web, viewer: &Viewer, wanted: &Wanted) -> Answer<Response> {
    viewer.require(&MAY)?;
    if wanted.queue.is_some() || wanted.agent.is_some() || wanted.branch.is_some() {
        return Err(Problem::invalid("a campaign belongs to no queue, agent or branch"));
    }
    let days = Days::of(web, wanted)?;
    let all = web.store.campaigns(super::row_list::MOST).await?;
    let within = |one: &&Campaign| one.made_at >= days.since && days.until.is_none_or(|until| one.made_at < until);
    LIST.send(web, viewer, wanted, &days, all.iter().filter(within).map(row).collect()).await
}

fn row(one: &Campaign) -> Vec<Cell> {
    let sum = |names: &[&str]| Cell::Whole(names.iter().filter_map(|name| one.counts.get(*name)).sum());
    let left_out = one.counts.iter().filter(|(what, _)| what.starts_with("out:")).map(|(_, count)| count).sum();
    vec![
        Cell::Time(one.made_at),
        Cell::Text(one.plan.name.clone()),
        Cell::Text(one.plan.kind.name().into()),
        Cell::Text(one.status.name().into()),
        one.approved_by.clone().map_or(Cell::Nothing, Cell::Text),
        sum(&["listed"]),
        Cell::Whole(left_out),
        sum(&["answered", "refused"]),
        sum(&["handed_over"]),
        sum(&["refused"]),
        sum(&["no_answer"]),
        sum(&["busy"]),
        sum(&["failed", "no_such_number", "barred", "cut_off"]),
        sum(&["waiting", "trying"]),
    ]
}
