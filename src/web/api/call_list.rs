//! The list of calls as a report: each row leads on to the call with its path and to its order.

use axum::response::Response;

use super::report_form::{FLOOR, Wanted};
use super::row_list::{Column, Days, MOST, RowList};
use crate::domain::{QueueId, UserId};
use crate::report::{Cell, Kind};
use crate::store::{CallFilter, CallPeople, StoredCall};
use crate::web::{Answer, Problem, Viewer, Web, show_phone};

/// Its name among the reports.
pub(super) const NAME: &str = "calls";

const COLUMNS: [Column; 13] = [
    ("id", "编号", "Id", Kind::Text, "单通详情：/api/calls/{id}", "its story: /api/calls/{id}"),
    ("at", "时间", "Time", Kind::Time, "到达时间", "when it arrived"),
    ("caller", "来电号码", "Caller", Kind::Text, "无权外呼的角色看到遮盖号码", "masked for roles that do not call customers"),
    ("name", "客户", "Customer", Kind::Text, "已识别的客户", "the customer, when known"),
    ("dialled", "被叫", "Dialled", Kind::Text, "所拨号码", "the number that was dialled"),
    ("queue", "队列", "Queue", Kind::Text, "最后所在的队列", "the last queue"),
    ("waited", "等待", "Waited", Kind::Seconds, "所有队列的等待之和", "in all queues together"),
    ("agent", "座席", "Agent", Kind::Text, "最先接听的座席", "who spoke with the caller first"),
    ("duration", "时长", "Duration", Kind::Seconds, "应答到结束", "from answer to end"),
    ("code", "小结", "Disposition", Kind::Text, "小结代码", "the code of the wrap-up"),
    ("order", "订单", "Order", Kind::Text, "自助下单的订单号：/api/orders/{number}", "the order by keypad: /api/orders/{number}"),
    ("ended_by", "结束方", "Ended by", Kind::Text, "谁结束了通话", "who ended it"),
    ("reason", "原因", "Reason", Kind::Text, "结束原因", "why it ended"),
];

/// The list, as a report.
pub(super) const LIST: RowList =
    RowList { name: NAME, title: ("通话清单", "Calls"), about: "calls", filters: &["queue", "agent"], columns: &COLUMNS };

/// The latest calls of the days.
pub(super) async fn answer(web: &Web, viewer: &Viewer, wanted: &Wanted) -> Answer<Response> {
    viewer.require(&FLOOR)?;
    if wanted.branch.is_some() {
        return Err(Problem::invalid("a call belongs to no branch"));
    }
    let days = Days::of(web, wanted)?;
    let filter = CallFilter {
        since: Some(days.since),
        until: days.until,
        queue: wanted.queue.as_deref().map(QueueId::new),
        agent: wanted.agent.as_deref().map(UserId::new),
        limit: MOST,
        ..CallFilter::default()
    };
    let calls = web.store.calls_with_people(&filter).await?;
    let rows = calls.iter().map(|(stored, people)| row(viewer, stored, people)).collect();
    LIST.send(web, viewer, wanted, &days, rows).await
}

fn row(viewer: &Viewer, stored: &StoredCall, people: &CallPeople) -> Vec<Cell> {
    let call = &stored.record;
    let text = |text: Option<String>| text.map_or(Cell::Nothing, Cell::Text);
    let lasted = call.answered_at.zip(call.ended_at).map(|(from, to)| to.as_millis() - from.as_millis());
    vec![
        Cell::Text(call.id.as_str().to_owned()),
        Cell::Time(call.arrived_at),
        text(call.caller.as_ref().map(|phone| show_phone(viewer, phone))),
        Cell::Text(people.name.clone()),
        Cell::Text(call.dialled.clone()),
        text(people.queue.as_ref().map(|queue| queue.as_str().to_owned())),
        if people.queue.is_some() { Cell::Tenths(i64::try_from(people.waited_ms / 100).unwrap_or(0)) } else { Cell::Nothing },
        text(people.agent.as_ref().map(|(_, name)| name.clone())),
        lasted.map_or(Cell::Nothing, |ms| Cell::Tenths(ms / 100)),
        text(people.disposition.map(|code| code.to_string())),
        text(call.order.as_ref().map(|order| order.as_str().to_owned())),
        text(call.end.as_ref().map(|end| end.by.name().to_owned())),
        text(call.end.as_ref().map(|end| end.reason.name())),
    ]
}
