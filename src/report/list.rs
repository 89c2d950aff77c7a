//! The reports that there are: name, columns and figures, each told in both languages.

use super::figures::{
    ABANDON_RATE, ABANDONED, ABANDONED_SHORT, ACW, AHT, ANSWERED, ASA, ATT, AVAILABLE, AVERAGE_ORDER, AVERAGE_WAIT, AWAY, BACK_TO_MENU,
    BREAKS, CALL_BACKS, CANCEL_RATE, CANCELLED, CUT_OFF, DELIVERIES, DISCOUNTS, FEES, GOODS, HANDLED, HOLD, IN_CALL, IN_TIME, LONGEST,
    MESSAGES, MOVED, NO_AGENT, OCCUPANCY, OFFERED, ORDERS, PASSED_ON, RINGING, SALES, SERVICE_LEVEL, SERVICE_LEVEL_ANSWERED,
    SERVICE_LEVEL_TWO, SIGNED_IN, UTILISATION, WRAP_UP, figure,
};
use super::shape::{Audience, By, Figure, Report, Value};
use super::source::Source;
use super::table::Kind;

impl Report {
    /// The report of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        REPORTS.iter().find(|report| report.name == name)
    }
}

/// All of them, in the order of the page's index.
pub const REPORTS: &[Report] = &[
    Report {
        name: "service-level",
        zh: "服务水平",
        en: "Service level",
        audience: Audience::Floor,
        by: By::Time,
        sources: &[Source::Queues],
        figures: &[
            OFFERED,
            ANSWERED,
            IN_TIME,
            SERVICE_LEVEL,
            SERVICE_LEVEL_ANSWERED,
            SERVICE_LEVEL_TWO,
            ABANDONED,
            ABANDONED_SHORT,
            ABANDON_RATE,
            ASA,
            LONGEST,
        ],
        chart: Some(("line", &["offered", "answered", "abandoned"])),
    },
    Report {
        name: "queues",
        zh: "队列",
        en: "Queues",
        audience: Audience::Floor,
        by: By::Column("queue"),
        sources: &[Source::Queues],
        figures: &[
            OFFERED,
            ANSWERED,
            SERVICE_LEVEL,
            ABANDONED,
            ABANDONED_SHORT,
            ABANDON_RATE,
            CALL_BACKS,
            MESSAGES,
            BACK_TO_MENU,
            NO_AGENT,
            CUT_OFF,
            MOVED,
            ASA,
            LONGEST,
        ],
        chart: Some(("bar", &["offered", "answered", "abandoned"])),
    },
    Report {
        name: "abandonment",
        zh: "放弃与回电",
        en: "Abandonment",
        audience: Audience::Floor,
        by: By::Time,
        sources: &[Source::Queues],
        figures: &[OFFERED, ABANDONED, ABANDONED_SHORT, ABANDON_RATE, CALL_BACKS, MESSAGES, BACK_TO_MENU, NO_AGENT, CUT_OFF],
        chart: Some(("line", &["abandon_rate"])),
    },
    Report {
        name: "waits",
        zh: "等待时间",
        en: "Waits",
        audience: Audience::Floor,
        by: By::Time,
        sources: &[Source::Queues],
        figures: &[
            OFFERED,
            ANSWERED,
            ASA,
            AVERAGE_WAIT,
            LONGEST,
            figure!(
                "within_10",
                "10秒内",
                "Within 10 s",
                Percent,
                Value::Share(&["wait_10"], &["answered"]),
                "10秒内接通 ÷ 接通",
                "answered within 10 s ÷ answered"
            ),
            figure!(
                "within_20",
                "20秒内",
                "Within 20 s",
                Percent,
                Value::Share(&["wait_20"], &["answered"]),
                "20秒内接通 ÷ 接通",
                "answered within 20 s ÷ answered"
            ),
            figure!(
                "within_30",
                "30秒内",
                "Within 30 s",
                Percent,
                Value::Share(&["wait_30"], &["answered"]),
                "30秒内接通 ÷ 接通",
                "answered within 30 s ÷ answered"
            ),
            figure!(
                "within_60",
                "60秒内",
                "Within 60 s",
                Percent,
                Value::Share(&["wait_60"], &["answered"]),
                "60秒内接通 ÷ 接通",
                "answered within 60 s ÷ answered"
            ),
            figure!(
                "within_120",
                "120秒内",
                "Within 120 s",
                Percent,
                Value::Share(&["wait_120"], &["answered"]),
                "120秒内接通 ÷ 接通",
                "answered within 120 s ÷ answered"
            ),
        ],
        chart: Some(("line", &["asa", "average_wait"])),
    },
    Report {
        name: "handling",
        zh: "处理时长",
        en: "Handling",
        audience: Audience::Floor,
        by: By::Column("queue"),
        sources: &[Source::Agents],
        figures: &[HANDLED, AHT, ATT, HOLD, ACW, PASSED_ON],
        chart: Some(("bar", &["aht"])),
    },
    Report {
        name: "agents",
        zh: "座席绩效",
        en: "Agents",
        audience: Audience::Floor,
        by: By::Column("agent"),
        sources: &[Source::Agents, Source::Shifts],
        figures: &[HANDLED, AHT, ATT, HOLD, ACW, PASSED_ON, OCCUPANCY, UTILISATION, SIGNED_IN],
        chart: Some(("bar", &["handled"])),
    },
    Report {
        name: "occupancy",
        zh: "座席状态时长",
        en: "Agents' time",
        audience: Audience::Floor,
        by: By::Column("agent"),
        sources: &[Source::Shifts],
        figures: &[SIGNED_IN, AVAILABLE, RINGING, IN_CALL, WRAP_UP, BREAKS, AWAY, OCCUPANCY, UTILISATION],
        chart: Some(("bar", &["occupancy"])),
    },
    Report {
        name: "dispositions",
        zh: "通话小结",
        en: "Dispositions",
        audience: Audience::Floor,
        by: By::Column("code"),
        sources: &[Source::Codes],
        figures: &[figure!(
            "summed_up",
            "次数",
            "Times",
            Count,
            Value::Sum("summed_up"),
            "保存的小结，按保存时间",
            "wrap-ups that were saved, by the time of saving"
        )],
        chart: Some(("bar", &["summed_up"])),
    },
    Report {
        name: "ivr",
        zh: "IVR 节点与结果",
        en: "IVR nodes and outcomes",
        audience: Audience::Floor,
        by: By::Two("node", "outcome"),
        sources: &[Source::Nodes],
        figures: &[
            figure!(
                "in_calls",
                "来电",
                "Calls",
                Count,
                Value::Sum("in_calls"),
                "走到该节点并以该结果离开的来电",
                "calls that left the node with this outcome"
            ),
            figure!(
                "times",
                "次数",
                "Times",
                Count,
                Value::Sum("times"),
                "该结果出现的次数；与按键无关，改键不影响报表",
                "how often; by meaning, so that another key changes nothing"
            ),
        ],
        chart: None,
    },
    Report {
        name: "ivr-funnel",
        zh: "自助订餐漏斗",
        en: "Ordering by keypad, step by step",
        audience: Audience::Floor,
        by: By::Column("stage"),
        sources: &[Source::Funnel],
        figures: &[figure!(
            "came",
            "来电",
            "Calls",
            Count,
            Value::Sum("came"),
            "到达该步骤的来电；提交 = 未经座席的已确认订单",
            "calls that came so far; submitted is a confirmed order without an agent"
        )],
        chart: Some(("funnel", &["came"])),
    },
    Report {
        name: "peaks",
        zh: "15分钟峰值",
        en: "Peaks by 15 minutes",
        audience: Audience::Floor,
        by: By::QuarterOfDay,
        sources: &[Source::Lines, Source::Queues, Source::OrderTimes],
        figures: &[
            figure!(
                "calls",
                "来电",
                "Calls",
                Count,
                Value::Sum("calls"),
                "该时段的来电，全部日期相加",
                "calls that arrived in this quarter of an hour, all days together"
            ),
            OFFERED,
            ABANDONED,
            SERVICE_LEVEL,
            figure!(
                "placed",
                "订单",
                "Orders",
                Count,
                Value::Sum("placed"),
                "该时段确认且未取消的订单",
                "orders placed in this quarter of an hour and not cancelled"
            ),
        ],
        chart: Some(("heat", &["calls"])),
    },
    Report {
        name: "peaks-by-weekday",
        zh: "一周热力图",
        en: "Peaks of the week",
        audience: Audience::Floor,
        by: By::HourOfWeek,
        sources: &[Source::Lines, Source::Queues, Source::OrderTimes],
        figures: &[
            figure!(
                "calls",
                "来电",
                "Calls",
                Count,
                Value::Sum("calls"),
                "该星期几该小时的来电，全部日期相加",
                "calls that arrived in this hour of this weekday, all weeks together"
            ),
            OFFERED,
            ABANDONED,
            SERVICE_LEVEL,
            figure!(
                "placed",
                "订单",
                "Orders",
                Count,
                Value::Sum("placed"),
                "该星期几该小时确认且未取消的订单",
                "orders placed in this hour of this weekday and not cancelled"
            ),
        ],
        chart: Some(("grid", &["calls"])),
    },
    Report {
        name: "first-contact",
        zh: "一次解决率",
        en: "First contact resolution",
        audience: Audience::Floor,
        by: By::Time,
        sources: &[Source::Contacts],
        figures: &[
            figure!(
                "contacts",
                "来电",
                "Contacts",
                Count,
                Value::Sum("contacts"),
                "有主叫号码并已应答的来电；骑手的来电和系统打出的电话不计",
                "calls with a number that were taken; riders and calls of ours are left out"
            ),
            figure!(
                "returned",
                "再次来电",
                "Rang again",
                Count,
                Value::Sum("returned"),
                "同一号码24小时内打来过，这次又没有下新单；计入再次来电的那一天",
                "the same number had rung within 24 h, and this call brought no new order; counted on the day of the second call"
            ),
            figure!(
                "fcr",
                "一次解决率",
                "First contact resolution",
                Percent,
                Value::Unless(&["returned"], &["contacts"]),
                "(来电 − 再次来电) ÷ 来电",
                "(contacts − rang again) ÷ contacts"
            ),
        ],
        chart: Some(("line", &["contacts", "returned"])),
    },
    Report {
        name: "lines",
        zh: "中继与来电",
        en: "Trunks and calls",
        audience: Audience::Floor,
        by: By::Column("trunk"),
        sources: &[Source::Lines],
        figures: &[
            figure!("calls", "来电", "Calls", Count, Value::Sum("calls"), "到达本系统的来电", "calls that reached us"),
            figure!("taken", "应答", "Taken", Count, Value::Sum("taken"), "系统应答的来电", "calls that were taken"),
            figure!(
                "refused",
                "拒绝",
                "Refused",
                Count,
                Value::Sum("refused"),
                "因线路或容量不足被拒绝",
                "refused for lack of lines or room"
            ),
            figure!(
                "blocking",
                "阻塞率",
                "Blocking",
                Percent,
                Value::Share(&["refused"], &["calls"]),
                "拒绝 ÷ 来电；应有线路数按 Erlang B",
                "refused ÷ calls; Erlang B says how many lines there should be"
            ),
            figure!("blocked", "黑名单", "Blocked numbers", Count, Value::Sum("blocked"), "被黑名单拦下的来电", "ended by the block list"),
            figure!(
                "broken",
                "异常结束",
                "Broken off",
                Count,
                Value::Sum("broken"),
                "无声、超时、系统故障或重启",
                "no sound, time-outs, faults and restarts of ours"
            ),
            figure!(
                "ordered",
                "下单来电",
                "With an order",
                Count,
                Value::Sum("ordered"),
                "含有已确认订单的来电",
                "calls with a confirmed order"
            ),
            figure!(
                "conversion",
                "下单率",
                "Order conversion",
                Percent,
                Value::Share(&["ordered"], &["taken"]),
                "下单来电 ÷ 应答",
                "calls with an order ÷ taken"
            ),
            figure!(
                "self_served",
                "自助完成",
                "Self-served",
                Count,
                Value::Sum("self_served"),
                "未经座席而办成：订单已提交，或自助走到结束；在菜单中挂断不算",
                "done without an agent: an order was submitted or the dialogue came to its end; hanging up in a menu is not"
            ),
            figure!(
                "containment",
                "自助率",
                "Containment",
                Percent,
                Value::Share(&["self_served"], &["taken"]),
                "自助完成 ÷ 应答",
                "self-served ÷ taken"
            ),
            figure!(
                "line_time",
                "占线时长",
                "Line time",
                Seconds,
                Value::Seconds("busy_ms"),
                "应答到结束的时间之和",
                "from answer to end, together"
            ),
        ],
        chart: Some(("bar", &["calls", "refused"])),
    },
    Report {
        name: "orders",
        zh: "订单(按日)",
        en: "Orders by day",
        audience: Audience::Kitchen,
        by: By::Time,
        sources: &[Source::OrderTimes],
        figures: &[
            figure!(
                "placed",
                "订单",
                "Orders",
                Count,
                Value::Sum("placed"),
                "已确认且未取消的订单，按下单时间",
                "confirmed and not cancelled, by the time of placing"
            ),
            figure!("placed_fen", "金额", "Sales", Fen, Value::Sum("placed_fen"), "应付金额之和", "sum of what is to be paid"),
            figure!("average_order", "客单价", "Average order", Fen, Value::Each("placed_fen", "placed"), "金额 ÷ 订单", "sales ÷ orders"),
        ],
        chart: Some(("line", &["placed"])),
    },
    Report {
        name: "orders-by-branch",
        zh: "订单(按门店)",
        en: "Orders by branch",
        audience: Audience::Kitchen,
        by: By::Column("branch"),
        sources: &[Source::Orders],
        figures: &[ORDERS, SALES, AVERAGE_ORDER, GOODS, DISCOUNTS, FEES, CANCELLED, CANCEL_RATE],
        chart: Some(("bar", &["sales"])),
    },
    Report {
        name: "orders-by-hour",
        zh: "订单(按时段)",
        en: "Orders by hour",
        audience: Audience::Kitchen,
        by: By::HourOfDay,
        sources: &[Source::OrderTimes],
        figures: &[
            figure!(
                "placed",
                "订单",
                "Orders",
                Count,
                Value::Sum("placed"),
                "该小时确认且未取消的订单，全部日期相加",
                "placed in this hour and not cancelled, all days together"
            ),
            figure!("placed_fen", "金额", "Sales", Fen, Value::Sum("placed_fen"), "应付金额之和", "sum of what is to be paid"),
            figure!("average_order", "客单价", "Average order", Fen, Value::Each("placed_fen", "placed"), "金额 ÷ 订单", "sales ÷ orders"),
        ],
        chart: Some(("bar", &["placed"])),
    },
    Report {
        name: "orders-by-channel",
        zh: "订单(按渠道)",
        en: "Orders by channel",
        audience: Audience::Kitchen,
        by: By::Two("via", "fulfilment"),
        sources: &[Source::Orders],
        figures: &[ORDERS, SALES, AVERAGE_ORDER, GOODS, DISCOUNTS, FEES, CANCELLED, CANCEL_RATE],
        chart: Some(("bar", &["orders"])),
    },
    Report {
        name: "dishes",
        zh: "菜品销量",
        en: "Dishes",
        audience: Audience::Kitchen,
        by: By::Column("dish"),
        sources: &[Source::Dishes],
        figures: &[
            figure!(
                "portions",
                "份数",
                "Portions",
                Count,
                Value::Sum("portions"),
                "未取消订单中的份数",
                "portions in orders that were not cancelled"
            ),
            figure!("lines", "订单行", "Order lines", Count, Value::Sum("lines"), "含有该菜的订单行", "lines of orders with this dish"),
            figure!("amount", "金额", "Amount", Fen, Value::Sum("amount_fen"), "份数 × 单价，折扣前", "portions × price, before discounts"),
        ],
        chart: Some(("bar", &["portions"])),
    },
    Report {
        name: "deliveries-by-branch",
        zh: "送餐准时(按门店)",
        en: "Deliveries by branch",
        audience: Audience::Kitchen,
        by: By::Column("branch"),
        sources: &[Source::Deliveries],
        figures: DELIVERIES,
        chart: Some(("bar", &["on_time"])),
    },
    Report {
        name: "deliveries-by-zone",
        zh: "送餐准时(按配送区)",
        en: "Deliveries by zone",
        audience: Audience::Kitchen,
        by: By::Column("zone"),
        sources: &[Source::Deliveries],
        figures: DELIVERIES,
        chart: Some(("bar", &["on_time"])),
    },
    Report {
        name: "deliveries-by-rider",
        zh: "送餐准时(按骑手)",
        en: "Deliveries by rider",
        audience: Audience::Kitchen,
        by: By::Column("rider"),
        sources: &[Source::Deliveries],
        figures: DELIVERIES,
        chart: Some(("bar", &["on_time"])),
    },
    Report {
        name: "deliveries-by-hour",
        zh: "送餐准时(按时段)",
        en: "Deliveries by hour",
        audience: Audience::Kitchen,
        by: By::HourOfDay,
        sources: &[Source::DeliveryTimes],
        figures: &[
            figure!(
                "brought",
                "送达",
                "Delivered",
                Count,
                Value::Sum("brought"),
                "该小时下单且已送达的外送订单",
                "placed in this hour and delivered"
            ),
            figure!(
                "brought_on_time",
                "准时率",
                "On time",
                Percent,
                Value::Share(&["brought_on_time"], &["brought"]),
                "承诺时间后10分钟内送达 ÷ 送达",
                "delivered at most 10 minutes after the promise ÷ delivered"
            ),
            figure!(
                "brought_late_60",
                "晚1小时",
                "An hour late",
                Count,
                Value::Sum("brought_late_60"),
                "晚到1小时以上",
                "an hour late or more"
            ),
            figure!(
                "delay",
                "平均迟到",
                "Average delay",
                Seconds,
                Value::Mean(&["brought_late_ms"], &["brought"]),
                "迟到时间之和 ÷ 送达",
                "delays together ÷ delivered"
            ),
        ],
        chart: Some(("bar", &["brought_on_time"])),
    },
    Report {
        name: "outcomes",
        zh: "送餐反馈",
        en: "Outcomes of orders",
        audience: Audience::Kitchen,
        by: By::Column("result"),
        sources: &[Source::Outcomes],
        figures: &[figure!(
            "became",
            "订单",
            "Orders",
            Count,
            Value::Sum("became"),
            "以该代码结束的订单，按下单日",
            "orders that ended with this code, by the day of the order"
        )],
        chart: Some(("bar", &["became"])),
    },
    Report {
        name: "branch-acceptance",
        zh: "门店接单",
        en: "How branches accept",
        audience: Audience::Kitchen,
        by: By::Column("branch"),
        sources: &[Source::Kitchens],
        figures: &[
            figure!("sent", "派单", "Sent", Count, Value::Sum("sent"), "派到门店的订单", "orders that were sent to the branch"),
            figure!("accepted", "接单", "Accepted", Count, Value::Sum("accepted"), "门店接受的订单", "orders that the branch accepted"),
            figure!(
                "accept_time",
                "平均接单时长",
                "Average time to accept",
                Seconds,
                Value::Mean(&["accept_ms"], &["accepted"]),
                "接单时间 − 派单时间",
                "accepted − sent"
            ),
            figure!(
                "refusals",
                "拒单次数",
                "Refusals",
                Count,
                Value::Sum("refusals"),
                "其他门店对这些订单的拒单次数",
                "how often these orders were refused on their way here"
            ),
            figure!(
                "moved_on",
                "改派率",
                "Re-dispatched",
                Percent,
                Value::Share(&["moved_on"], &["sent"]),
                "经改派的订单 ÷ 派单",
                "orders that came from another branch ÷ sent"
            ),
        ],
        chart: Some(("bar", &["accept_time"])),
    },
    Report {
        name: "unserved",
        zh: "未满足的需求",
        en: "Unserved demand",
        audience: Audience::Kitchen,
        by: By::Two("zone", "why"),
        sources: &[Source::Unserved],
        figures: &[figure!(
            "unserved",
            "次数",
            "Times",
            Count,
            Value::Sum("unserved"),
            "想要而未得到：未送、拒单后取消、来电小结 70/71；用于判断在哪里开配餐点",
            "wanted and not had: not sent, cancelled after refusals, calls summed up as 70 or 71; says where a branch is missing"
        )],
        chart: Some(("bar", &["unserved"])),
    },
    Report {
        name: "complaints",
        zh: "投诉与留言",
        en: "Complaints and messages",
        audience: Audience::Kitchen,
        by: By::Column("topic"),
        sources: &[Source::Tickets],
        figures: &[
            figure!(
                "opened",
                "新增",
                "Opened",
                Count,
                Value::Sum("opened"),
                "这段时间新建的工单",
                "tickets that were opened in these days"
            ),
            figure!("closed", "已结", "Closed", Count, Value::Sum("closed"), "其中已经结案的", "those of them that are closed"),
            figure!(
                "overdue",
                "超期",
                "Overdue",
                Percent,
                Value::Share(&["overdue"], &["opened"]),
                "曾经超过处理期限 ÷ 新增",
                "whose deadline passed at least once ÷ opened"
            ),
            figure!(
                "time_to_close",
                "平均结案时长",
                "Average time to close",
                Seconds,
                Value::Mean(&["close_ms"], &["closed"]),
                "结案时间 − 新建时间，已结工单平均",
                "closed − opened, of those that are closed"
            ),
            figure!(
                "untold",
                "未告知客户",
                "Customer not told",
                Count,
                Value::Sum("untold"),
                "结案时没有告知客户的",
                "closed without the customer hearing of it"
            ),
        ],
        chart: Some(("bar", &["opened", "closed"])),
    },
    Report {
        name: "discounts",
        zh: "优惠",
        en: "Discounts",
        audience: Audience::Kitchen,
        by: By::Two("discount", "subject"),
        sources: &[Source::Offers],
        figures: &[
            figure!(
                "used",
                "订单",
                "Orders",
                Count,
                Value::Sum("used"),
                "享受该优惠且未取消的订单",
                "orders with it that were not cancelled"
            ),
            figure!("off", "优惠金额", "Taken off", Fen, Value::Sum("off_fen"), "该优惠减去的金额之和", "what it took off, together"),
            figure!("off_each", "每单优惠", "Each", Fen, Value::Each("off_fen", "used"), "优惠金额 ÷ 订单", "taken off ÷ orders"),
        ],
        chart: Some(("bar", &["off"])),
    },
    Report {
        name: "customers",
        zh: "客户与会员",
        en: "Customers and members",
        audience: Audience::Kitchen,
        by: By::Time,
        sources: &[Source::Guests],
        figures: &[
            figure!(
                "guest_orders",
                "订单",
                "Orders",
                Count,
                Value::Sum("guest_orders"),
                "已确认且未取消的订单，按下单时间",
                "confirmed and not cancelled, by the time of placing"
            ),
            figure!(
                "first_orders",
                "新客订单",
                "First orders",
                Count,
                Value::Sum("first_orders"),
                "该号码以前没有下过单",
                "the number had never ordered before"
            ),
            figure!(
                "regulars",
                "回头率",
                "Regulars",
                Percent,
                Value::Unless(&["first_orders"], &["guest_orders"]),
                "(订单 − 新客订单) ÷ 订单",
                "(orders − first orders) ÷ orders"
            ),
            figure!(
                "member_orders",
                "会员订单",
                "Members' orders",
                Count,
                Value::Sum("member_orders"),
                "记在会员名下的订单",
                "orders of members"
            ),
            figure!(
                "member_share",
                "会员占比",
                "Members' share",
                Percent,
                Value::Share(&["member_fen"], &["guest_fen"]),
                "会员订单金额 ÷ 全部金额",
                "sales to members ÷ all sales"
            ),
        ],
        chart: Some(("line", &["guest_orders", "first_orders", "member_orders"])),
    },
    Report {
        name: "quality",
        zh: "通话质量",
        en: "Quality of lines",
        audience: Audience::Floor,
        by: By::Column("trunk"),
        sources: &[Source::Quality],
        figures: &[
            figure!("spoken", "应答来电", "Calls taken", Count, Value::Sum("spoken"), "已应答的通话", "calls that were taken"),
            figure!(
                "one_way",
                "单通",
                "One-way sound",
                Count,
                Value::Sum("one_way"),
                "只有一个方向有声音的通话",
                "calls with sound in one direction only"
            ),
            figure!(
                "no_keys",
                "收不到按键",
                "No keys heard",
                Count,
                Value::Sum("no_keys"),
                "没有协商电话事件、也没有收到按键的通话",
                "calls without negotiated key events in which no key was heard"
            ),
            figure!(
                "lossy",
                "丢包通话",
                "Lossy calls",
                Percent,
                Value::Share(&["lossy"], &["spoken"]),
                "丢包超过1%的通话 ÷ 应答来电",
                "calls that lost more than 1 % of their packets ÷ calls taken"
            ),
            figure!(
                "loss",
                "丢包率",
                "Packets lost",
                Percent,
                Value::Share(&["packets_lost"], &["packets_in", "packets_lost"]),
                "丢失的包 ÷ (收到 + 丢失)",
                "lost ÷ (received + lost)"
            ),
        ],
        chart: Some(("bar", &["spoken"])),
    },
    Report {
        name: "blocked",
        zh: "黑名单命中",
        en: "Hits of the block list",
        audience: Audience::Floor,
        by: By::Column("caller"),
        sources: &[Source::Blocked],
        figures: &[figure!(
            "hits",
            "次数",
            "Hits",
            Count,
            Value::Sum("hits"),
            "命中黑名单的来电，号码已遮盖",
            "calls that met the block list, whatever was done with them; numbers are masked"
        )],
        chart: None,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{By, REPORTS, Value};

    #[test]
    fn c102_every_figure_has_its_formula_in_both_languages_and_is_made_of_sums_that_exist() {
        let mut names = BTreeSet::new();
        for report in REPORTS {
            assert!(names.insert(report.name), "{} is there twice", report.name);
            let sums: Vec<&str> = report.sources.iter().flat_map(|source| source.sums()).copied().collect();
            let mut keys = BTreeSet::new();
            for figure in report.figures {
                assert!(keys.insert(figure.key), "{}: {} is there twice", report.name, figure.key);
                assert!(!figure.formula.0.is_empty() && !figure.formula.1.is_empty(), "{}: {}", report.name, figure.key);
                assert!(figure.formula.0.chars().any(|c| c > '\u{3000}'), "{}: {} in Chinese", report.name, figure.key);
                let used: Vec<&str> = match figure.value {
                    Value::Sum(one) | Value::Seconds(one) => vec![one],
                    Value::Share(some, all) | Value::Unless(some, all) | Value::Mean(some, all) => [some, all].concat(),
                    Value::Each(sum, count) => vec![sum, count],
                };
                for sum in used {
                    assert_eq!(sums.iter().filter(|known| **known == sum).count(), 1, "{}: {sum}", report.name);
                }
            }
            for drawn in report.chart.iter().flat_map(|chart| chart.1) {
                assert!(keys.contains(drawn), "{}: {drawn} is drawn", report.name);
            }
            let columns = match report.by {
                By::Time | By::HourOfDay | By::QuarterOfDay | By::HourOfWeek => vec!["slot"],
                By::Column(column) => vec![column],
                By::Two(one, other) => vec![one, other],
            };
            for column in columns {
                assert!(report.filters_by(column), "{}: {column}", report.name);
            }
        }
        assert!(names.len() > 15);
    }
}
