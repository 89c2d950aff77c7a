//! The figures that several reports show, each with its formula.

use super::shape::{Figure, Value};

macro_rules! figure {
    ($key:literal, $zh:literal, $en:literal, $kind:ident, $value:expr, $how_zh:literal, $how_en:literal) => {
        $crate::report::shape::Figure {
            key: $key,
            zh: $zh,
            en: $en,
            kind: $crate::report::table::Kind::$kind,
            value: $value,
            formula: ($how_zh, $how_en),
        }
    };
}
pub(super) use figure;

// ── queues ───────────────────────────────────────────────────────────────────────────────────────

pub(super) const OFFERED: Figure = figure!(
    "offered",
    "呼入排队量",
    "Offered",
    Count,
    Value::Sum("offered"),
    "进入人工队列的来电；只用自助的来电不计；转到别的队列时计入最后那个队列",
    "calls that entered a queue; self service is not counted; a caller who was moved on counts in the last queue"
);
pub(super) const ANSWERED: Figure =
    figure!("answered", "接通量", "Answered", Count, Value::Sum("answered"), "与座席接通的来电", "calls that were connected to an agent");
pub(super) const IN_TIME: Figure = figure!(
    "in_time",
    "20秒内接通",
    "Answered within 20 s",
    Count,
    Value::Sum("in_time"),
    "进入队列后20秒内接通",
    "answered at most 20 s after entering the queue"
);
pub(super) const SERVICE_LEVEL: Figure = figure!(
    "service_level",
    "服务水平(80/20)",
    "Service level (80/20)",
    Percent,
    Value::Share(&["in_time"], &["answered", "abandoned"]),
    "20秒内接通 ÷ (接通 + 等待5秒以上放弃)",
    "answered within 20 s ÷ (answered + abandoned after 5 s)"
);
pub(super) const SERVICE_LEVEL_ANSWERED: Figure = figure!(
    "service_level_answered",
    "服务水平(只计接通)",
    "Service level (answered only)",
    Percent,
    Value::Share(&["in_time"], &["answered"]),
    "20秒内接通 ÷ 接通",
    "answered within 20 s ÷ answered"
);
pub(super) const SERVICE_LEVEL_TWO: Figure = figure!(
    "service_level_2",
    "服务水平(计入快速放弃)",
    "Service level 2",
    Percent,
    Value::Share(&["in_time", "abandoned_in_time"], &["answered", "abandoned", "abandoned_short"]),
    "(20秒内接通 + 20秒内放弃) ÷ (接通 + 全部放弃)",
    "(answered within 20 s + abandoned within 20 s) ÷ (answered + all abandoned)"
);
pub(super) const ABANDONED: Figure = figure!(
    "abandoned",
    "放弃量",
    "Abandoned",
    Count,
    Value::Sum("abandoned"),
    "排队超过5秒后挂断；要求回电或留言的不算放弃",
    "hung up in the queue after more than 5 s; who asks for a call-back or leaves a message has not abandoned"
);
pub(super) const ABANDONED_SHORT: Figure = figure!(
    "abandoned_short",
    "短时放弃",
    "Short abandons",
    Count,
    Value::Sum("abandoned_short"),
    "排队5秒以内挂断，另计",
    "hung up within 5 s, counted apart"
);
pub(super) const ABANDON_RATE: Figure = figure!(
    "abandon_rate",
    "放弃率",
    "Abandon rate",
    Percent,
    Value::Share(&["abandoned"], &["answered", "abandoned", "call_backs", "messages", "back_to_menu", "no_agent", "cut_off"]),
    "放弃 ÷ (呼入排队量 − 短时放弃 − 仍在等待)",
    "abandoned ÷ (offered − short abandons − still waiting)"
);
pub(super) const CALL_BACKS: Figure = figure!(
    "call_backs",
    "要求回电",
    "Asked for a call-back",
    Count,
    Value::Sum("call_backs"),
    "排队时选择回电",
    "chose to be called back instead of waiting"
);
pub(super) const MESSAGES: Figure = figure!(
    "messages",
    "留言",
    "Left a message",
    Count,
    Value::Sum("messages"),
    "排队时选择留言",
    "chose to leave a message instead of waiting"
);
pub(super) const BACK_TO_MENU: Figure = figure!(
    "back_to_menu",
    "返回自助",
    "Back to the menu",
    Count,
    Value::Sum("back_to_menu"),
    "排队时返回菜单",
    "went back to self service"
);
pub(super) const NO_AGENT: Figure = figure!(
    "no_agent",
    "无人值守",
    "Nobody there",
    Count,
    Value::Sum("no_agent"),
    "没有座席签入，或队列已满",
    "no agent was signed in, or the queue was full"
);
pub(super) const CUT_OFF: Figure = figure!(
    "cut_off",
    "系统中断",
    "Cut off by us",
    Count,
    Value::Sum("cut_off"),
    "服务器重启时仍在排队，已自动安排回电",
    "waited when the server stopped; they are called back"
);
pub(super) const MOVED: Figure = figure!(
    "moved",
    "转到其他队列",
    "Moved on",
    Count,
    Value::Sum("moved"),
    "转到另一个队列，不计入呼入排队量",
    "went on to another queue; not part of offered"
);
pub(super) const ASA: Figure = figure!(
    "asa",
    "平均应答速度",
    "Average speed of answer",
    Seconds,
    Value::Mean(&["wait_ms"], &["answered"]),
    "接通来电的等待时间之和 ÷ 接通；等待从进入队列算起",
    "waits of the answered ÷ answered; a wait begins when the queue is entered"
);
pub(super) const AVERAGE_WAIT: Figure = figure!(
    "average_wait",
    "平均等待",
    "Average wait",
    Seconds,
    Value::Mean(&["all_wait_ms"], &["offered"]),
    "全部排队来电的等待时间之和 ÷ 呼入排队量",
    "waits of all offered ÷ offered"
);
pub(super) const LONGEST: Figure =
    figure!("longest", "最长等待", "Longest wait", Seconds, Value::Seconds("longest_ms"), "最长的一次等待", "the longest single wait");

// ── agents ───────────────────────────────────────────────────────────────────────────────────────

pub(super) const HANDLED: Figure = figure!(
    "handled",
    "处理量",
    "Handled",
    Count,
    Value::Sum("handled"),
    "座席与来电者的通话次数；转接给另一座席时两人各计一次",
    "conversations of agents with callers; after a transfer each of the two has one"
);
pub(super) const AHT: Figure = figure!(
    "aht",
    "平均处理时长",
    "Average handling time",
    Seconds,
    Value::Mean(&["talk_ms", "after_ms"], &["handled"]),
    "(通话 + 保持 + 话后整理) ÷ 处理量",
    "(talk + hold + wrap-up) ÷ handled"
);
pub(super) const ATT: Figure = figure!(
    "att",
    "平均通话时长",
    "Average talk time",
    Seconds,
    Value::Mean(&["talk_ms"], &["handled"]),
    "通话(含保持) ÷ 处理量",
    "talk including hold ÷ handled"
);
pub(super) const HOLD: Figure = figure!(
    "hold",
    "平均保持时长",
    "Average hold",
    Seconds,
    Value::Mean(&["hold_ms"], &["handled"]),
    "保持时间 ÷ 处理量",
    "hold ÷ handled"
);
pub(super) const ACW: Figure = figure!(
    "acw",
    "平均话后整理",
    "Average wrap-up",
    Seconds,
    Value::Mean(&["after_ms"], &["handled"]),
    "从挂断到保存小结的时间 ÷ 处理量",
    "from the end of the conversation to the saved wrap-up ÷ handled"
);
pub(super) const PASSED_ON: Figure = figure!(
    "passed_on",
    "转接率",
    "Transfer rate",
    Percent,
    Value::Share(&["passed_on"], &["handled"]),
    "转接 ÷ 处理量",
    "passed on ÷ handled"
);
pub(super) const OCCUPANCY: Figure = figure!(
    "occupancy",
    "占有率",
    "Occupancy",
    Percent,
    Value::Share(&["ring_ms", "busy_in_call_ms", "wrap_up_ms"], &["ring_ms", "busy_in_call_ms", "wrap_up_ms", "available_ms"]),
    "(振铃 + 通话 + 保持 + 话后整理) ÷ (前者 + 空闲)；75–85% 为宜",
    "(ring + talk + hold + wrap-up) ÷ (that + available); 75–85 % is healthy"
);
pub(super) const UTILISATION: Figure = figure!(
    "utilisation",
    "利用率",
    "Utilisation",
    Percent,
    Value::Share(&["ring_ms", "busy_in_call_ms", "wrap_up_ms"], &["signed_in_ms"]),
    "(振铃 + 通话 + 保持 + 话后整理) ÷ 签入时间",
    "(ring + talk + hold + wrap-up) ÷ signed in"
);
pub(super) const ADHERENCE: Figure = figure!(
    "adherence",
    "遵时率",
    "Adherence",
    Percent,
    Value::Share(&["in_plan_ms"], &["planned_ms"]),
    "计划内在岗时间 ÷ 计划时间",
    "at work within the plan ÷ planned"
);
pub(super) const PLANNED: Figure = figure!(
    "planned",
    "计划时间",
    "Planned",
    Seconds,
    Value::Seconds("planned_ms"),
    "排定的班次，今天只算到现在",
    "planned shifts; of today up to now"
);
pub(super) const IN_PLAN: Figure = figure!(
    "in_plan",
    "计划内在岗",
    "At work within the plan",
    Seconds,
    Value::Seconds("in_plan_ms"),
    "班次之内已签入、未小休、话机或麦克风正常的时间",
    "signed on within planned shifts, neither on a break nor without a phone"
);
pub(super) const SIGNED_IN: Figure =
    figure!("signed_in", "签入时长", "Signed in", Seconds, Value::Seconds("signed_in_ms"), "从签入到签出", "from sign-on to sign-off");
pub(super) const AVAILABLE: Figure = figure!(
    "available",
    "空闲时长",
    "Available",
    Seconds,
    Value::Seconds("available_ms"),
    "可以接听而没有来电",
    "could be rung and was not"
);
pub(super) const RINGING: Figure = figure!("ringing", "振铃时长", "Ringing", Seconds, Value::Seconds("ring_ms"), "振铃", "was being rung");
pub(super) const IN_CALL: Figure =
    figure!("in_call", "通话时长", "In calls", Seconds, Value::Seconds("busy_in_call_ms"), "通话、保持、外呼", "talk, hold and outbound");
pub(super) const WRAP_UP: Figure =
    figure!("wrap_up", "整理时长", "Wrap-up", Seconds, Value::Seconds("wrap_up_ms"), "话后整理状态", "state wrap-up");
pub(super) const BREAKS: Figure =
    figure!("breaks", "小休时长", "Breaks", Seconds, Value::Seconds("break_ms"), "示忙与小休", "breaks of every kind");
pub(super) const AWAY: Figure = figure!(
    "away",
    "不可接听",
    "Not to be reached",
    Seconds,
    Value::Seconds("away_ms"),
    "话机或麦克风不可用、未应答",
    "phone or microphone missing, or did not answer"
);

// ── orders ───────────────────────────────────────────────────────────────────────────────────────

pub(super) const ORDERS: Figure = figure!(
    "orders",
    "订单",
    "Orders",
    Count,
    Value::Sum("orders"),
    "已确认且未取消的订单，按下单时间",
    "confirmed and not cancelled, by the time of placing"
);
pub(super) const CANCELLED: Figure =
    figure!("cancelled", "取消", "Cancelled", Count, Value::Sum("cancelled"), "已取消的订单", "orders that were cancelled");
pub(super) const CANCEL_RATE: Figure = figure!(
    "cancel_rate",
    "取消率",
    "Cancelled share",
    Percent,
    Value::Share(&["cancelled"], &["orders", "cancelled"]),
    "取消 ÷ (订单 + 取消)",
    "cancelled ÷ (orders + cancelled)"
);
pub(super) const GOODS: Figure =
    figure!("goods", "菜品金额", "Goods", Fen, Value::Sum("goods_fen"), "折扣前的菜品金额", "dishes before discounts");
pub(super) const DISCOUNTS: Figure =
    figure!("discounts", "优惠", "Discounts", Fen, Value::Sum("discount_fen"), "全部折扣与积分抵扣", "all discounts, points included");
pub(super) const FEES: Figure = figure!("fees", "配送费", "Delivery fees", Fen, Value::Sum("fee_fen"), "配送费", "delivery fees");
pub(super) const SALES: Figure = figure!(
    "sales",
    "金额",
    "Sales",
    Fen,
    Value::Sum("pay_fen"),
    "应付金额之和：菜品 − 优惠 + 配送费",
    "sum of what is to be paid: goods − discounts + fees"
);
pub(super) const AVERAGE_ORDER: Figure =
    figure!("average_order", "客单价", "Average order", Fen, Value::Each("pay_fen", "orders"), "金额 ÷ 订单", "sales ÷ orders");

// ── deliveries ───────────────────────────────────────────────────────────────────────────────────

pub(super) const DELIVERED: Figure = figure!(
    "delivered",
    "送达",
    "Delivered",
    Count,
    Value::Sum("delivered"),
    "反馈为 D00、D10、D30、D60 的外送订单，按下单日",
    "deliveries reported as D00, D10, D30 or D60, by the day of the order"
);
pub(super) const ON_TIME: Figure = figure!(
    "on_time",
    "准时率",
    "On time",
    Percent,
    Value::Share(&["on_time"], &["delivered"]),
    "承诺时间后10分钟内送达 ÷ 送达",
    "delivered at most 10 minutes after the promise ÷ delivered"
);
pub(super) const LATE_10: Figure =
    figure!("late_10", "晚10分钟", "10 minutes late", Count, Value::Sum("late_10"), "晚到10至30分钟", "10 to 30 minutes late");
pub(super) const LATE_30: Figure =
    figure!("late_30", "晚30分钟", "30 minutes late", Count, Value::Sum("late_30"), "晚到30至60分钟", "30 to 60 minutes late");
pub(super) const LATE_60: Figure =
    figure!("late_60", "晚1小时", "An hour late", Count, Value::Sum("late_60"), "晚到1小时以上", "an hour late or more");
pub(super) const AVERAGE_LATE: Figure = figure!(
    "average_late",
    "迟到平均时长",
    "Average delay of the late",
    Seconds,
    Value::Mean(&["late_ms"], &["late_10", "late_30", "late_60"]),
    "迟到时间之和 ÷ 迟到订单",
    "delays together ÷ late orders"
);
pub(super) const UNDELIVERED: Figure = figure!(
    "undelivered",
    "未送达",
    "Not delivered",
    Count,
    Value::Sum("undelivered"),
    "其他反馈代码的外送订单",
    "deliveries with any other outcome"
);
pub(super) const DELIVERIES: &[Figure] = &[DELIVERED, ON_TIME, LATE_10, LATE_30, LATE_60, AVERAGE_LATE, UNDELIVERED];
