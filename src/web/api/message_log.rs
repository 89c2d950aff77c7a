//! The list of messages to customers as a report: when, to whom, about which order, how, and what became of it (C87).

use axum::response::Response;

use super::report_form::{KITCHEN, Wanted, own_branch};
use super::row_list::{Column, Days, MOST, RowList};
use crate::report::{Cell, Kind};
use crate::store::{CustomerMessage, NoticeFilter};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};

/// Its name among the reports.
pub(super) const NAME: &str = "messages";

const COLUMNS: [Column; 16] = [
    ("at", "时间", "Time", Kind::Time, "生成消息的时间", "when it was made"),
    ("to", "号码", "To", Kind::Text, "无权外呼的角色看到遮盖号码", "masked for roles that do not call customers"),
    (
        "order",
        "订单",
        "Order",
        Kind::Text,
        "订单号：/api/orders/{number}",
        "the order: /api/orders/{number}; none for a map link or a campaign",
    ),
    ("branch", "门店", "Branch", Kind::Count, "订单所在门店，或地图链接的门店", "the order's branch, or the one of the map link"),
    (
        "event",
        "事件",
        "Event",
        Kind::Text,
        "accepted、out、delivered、map，care:规则，campaign",
        "accepted, out, delivered, map, care:RULE, campaign",
    ),
    ("event_zh", "事件（中文）", "Event (Chinese)", Kind::Text, "接单、出发、送达、地图链接", "the same in Chinese"),
    ("event_en", "事件（英文）", "Event (English)", Kind::Text, "事件的英文说法", "the same in English"),
    ("channel", "通道", "Channel", Kind::Text, "webhook 或 smpp；尚未发送为空", "webhook or smpp; empty before the first try"),
    (
        "state",
        "状态",
        "State",
        Kind::Text,
        "waiting、sending、sent、delivered、undelivered、failed、declined",
        "waiting, sending, sent, delivered, undelivered, failed, declined",
    ),
    (
        "state_zh",
        "状态（中文）",
        "State (Chinese)",
        Kind::Text,
        "有短信中心回执时为“已送达”或“未送达”",
        "by the centre's receipt where there is one, in Chinese",
    ),
    ("state_en", "状态（英文）", "State (English)", Kind::Text, "状态的英文说法", "by the centre's receipt where there is one, in English"),
    ("tries", "尝试次数", "Tries", Kind::Count, "发送过几次", "how often it was tried"),
    ("why", "原因", "Why", Kind::Text, "最后一次没成功的原因", "why the last try did not succeed"),
    ("done_at", "结束时间", "Done", Kind::Time, "发出或放弃的时间", "when it was sent or given up"),
    ("receipt_at", "回执时间", "Receipt", Kind::Time, "短信中心回执的时间", "when the centre's receipt came"),
    ("text", "内容", "Text", Kind::Text, "顾客收到的文字", "what the customer reads"),
];

/// The list, as a report.
pub(super) const LIST: RowList =
    RowList { name: NAME, title: ("消息记录", "Messages to customers"), about: "orders", filters: &["branch"], columns: &COLUMNS };

/// The latest messages of the days; a branch those of its orders.
pub(super) async fn answer(web: &Web, viewer: &Viewer, wanted: &Wanted) -> Answer<Response> {
    viewer.require(&KITCHEN)?;
    if wanted.queue.is_some() || wanted.agent.is_some() {
        return Err(Problem::invalid("a message belongs to no queue and no agent"));
    }
    let days = Days::of(web, wanted)?;
    let filter = NoticeFilter { since: Some(days.since), until: days.until, branch: own_branch(viewer, wanted.branch)?, limit: MOST };
    let messages = web.store.notices_of(&filter).await?;
    let rows = messages.iter().map(|(message, branch)| row(viewer, message, *branch)).collect();
    LIST.send(web, viewer, wanted, &days, rows).await
}

/// The state in both languages: what the receipt says where there is one.
fn state(message: &CustomerMessage) -> (&'static str, &'static str, &'static str) {
    match (message.status.as_str(), message.receipt.as_str()) {
        ("sent", "delivered") => ("delivered", "已送达", "delivered"),
        ("sent", "failed") => ("undelivered", "未送达", "not delivered"),
        ("sent", _) => ("sent", "已发送", "sent"),
        ("sending", _) => ("sending", "发送中", "being sent"),
        ("failed", _) => ("failed", "发送失败", "failed"),
        ("declined", _) => ("declined", "不发送", "not wanted"),
        _ => ("waiting", "等待发送", "waiting"),
    }
}

fn row(viewer: &Viewer, message: &CustomerMessage, branch: Option<i64>) -> Vec<Cell> {
    let (event_zh, event_en) = match message.event.as_str() {
        "accepted" => ("接单", "accepted"),
        "out" => ("出发", "on its way"),
        "map" => ("地图链接", "map link"),
        later if later.starts_with("later:") => ("改时间", "another time"),
        care if care.starts_with("care:") => ("关怀", "care"),
        "campaign" => ("外呼活动", "campaign"),
        _ => ("送达", "delivered"),
    };
    let (state, state_zh, state_en) = state(message);
    let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
    vec![
        Cell::Time(message.made_at),
        Cell::Text(show_phone(viewer, &message.phone)),
        text(&message.number),
        branch.map_or(Cell::Nothing, Cell::Whole),
        text(&message.event),
        text(event_zh),
        text(event_en),
        text(&message.channel),
        text(state),
        text(state_zh),
        text(state_en),
        Cell::Whole(message.tries.into()),
        text(&message.why),
        message.done_at.map_or(Cell::Nothing, Cell::Time),
        message.receipt_at.map_or(Cell::Nothing, Cell::Time),
        Cell::Text(message.text.clone()),
    ]
}
