//! The list of messages to customers as a report: when, to whom, about which order, how, and what became of it (C87).

use axum::response::Response;
use serde_json::{Value, json};

use super::reports::{About, KITCHEN, Wanted, days, language, own_branch, send};
use crate::report::{Cell, Formula, Head, Kind, Table};
use crate::store::{CustomerMessage, NoticeFilter};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};

/// Its name among the reports.
pub(super) const NAME: &str = "messages";
const TITLE: (&str, &str) = ("消息记录", "Messages to customers");
/// The latest so many.
const MOST: u32 = 2000;

/// Key, Chinese, English, kind, and what it says.
const COLUMNS: [(&str, &str, &str, Kind, &str, &str); 16] = [
    ("at", "时间", "Time", Kind::Time, "生成消息的时间", "when it was made"),
    ("to", "号码", "To", Kind::Text, "无权外呼的角色看到遮盖号码", "masked for roles that do not call customers"),
    ("order", "订单", "Order", Kind::Text, "订单号：/api/orders/{number}", "the order: /api/orders/{number}"),
    ("branch", "门店", "Branch", Kind::Count, "订单所在门店", "the order's branch"),
    ("event", "事件", "Event", Kind::Text, "accepted、out、delivered", "accepted, out, delivered"),
    ("event_zh", "事件（中文）", "Event (Chinese)", Kind::Text, "接单、出发、送达", "the same in Chinese"),
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

/// As the other reports are described.
pub(super) fn describe() -> Value {
    json!({
        "name": NAME,
        "title": { "zh": TITLE.0, "en": TITLE.1 },
        "about": "orders",
        "filters": ["branch"],
        "grains": [],
        "formula": formulas().iter().map(|one| json!({ "key": one.key, "zh": one.zh, "en": one.en })).collect::<Value>(),
    })
}

fn formulas() -> Vec<Formula> {
    COLUMNS.iter().map(|(key, _, _, _, zh, en)| Formula { key, zh, en }).collect()
}

/// The latest messages of the days; a branch those of its orders.
pub(super) async fn answer(web: &Web, viewer: &Viewer, wanted: &Wanted) -> Answer<Response> {
    viewer.require(&KITCHEN)?;
    if wanted.queue.is_some() || wanted.agent.is_some() {
        return Err(Problem::invalid("a message belongs to no queue and no agent"));
    }
    let clock = web.store.clock();
    let (from, to) = days(wanted, clock.local(web.wall()).date())?;
    let filter = NoticeFilter {
        since: Some(clock.timestamp(from.at(0, 0, 0, 0))),
        until: to.tomorrow().ok().map(|next| clock.timestamp(next.at(0, 0, 0, 0))),
        branch: own_branch(viewer, wanted.branch)?,
        limit: MOST,
    };
    let messages = web.store.notices_of(&filter).await?;
    let heads = COLUMNS.iter().map(|(key, zh, en, kind, ..)| Head {
        key: (*key).to_owned(),
        zh: (*zh).to_owned(),
        en: (*en).to_owned(),
        kind: *kind,
    });
    let table = Table {
        heads: heads.collect(),
        rows: messages.iter().map(|(message, branch)| row(viewer, message, *branch)).collect(),
        total: None,
        previous: None,
        chart: None,
    };
    let about = About { name: NAME, zh: TITLE.0, en: TITLE.1, formulas: formulas() };
    send(web, viewer, &about, &table, (from, to), language(viewer, wanted)?, wanted.format.as_deref()).await
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
        _ => ("送达", "delivered"),
    };
    let (state, state_zh, state_en) = state(message);
    let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
    vec![
        Cell::Time(message.made_at),
        Cell::Text(show_phone(viewer, &message.phone)),
        Cell::Text(message.number.clone()),
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
