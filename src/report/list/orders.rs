//! Reports about orders: what was sold, where it was cooked, how it was brought, and what nobody could be sold.

use crate::report::figures::{AVERAGE_ORDER, CANCEL_RATE, CANCELLED, DELIVERIES, DISCOUNTS, FEES, GOODS, ORDERS, SALES, figure};
use crate::report::shape::{Audience, By, Report, Value};
use crate::report::source::Source;

/// Acceptances by how long they took, in seconds.
const TOOK: &[(i64, &str)] = &[
    (5, "took_5"),
    (10, "took_10"),
    (15, "took_15"),
    (20, "took_20"),
    (30, "took_30"),
    (45, "took_45"),
    (60, "took_60"),
    (90, "took_90"),
    (120, "took_120"),
    (180, "took_180"),
    (240, "took_240"),
    (300, "took_300"),
    (600, "took_600"),
    (1800, "took_1800"),
];

/// Orders, dishes and deliveries.
pub(super) const REPORTS: &[Report] = &[
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
            "以该代码结束的订单，按下单日；D73 是客户改过时间的订单，各计一次，另计其结果",
            "orders that ended with this code, by the day of the order; D73: orders that were moved to another time, once each, besides their end"
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
                "accept_p50",
                "接单时长中位数",
                "Median time to accept",
                Seconds,
                Value::Within(50, TOOK, "accepted"),
                "一半的订单在此时间内接单；按时段(5、10、15、20、30、45秒，1、1.5、2、3、4、5、10、30分钟)计数，时段内按均匀估算",
                "half of the accepted were accepted within it; from counts by span (5, 10, 15, 20, 30, 45 s, 1, 1.5, 2, 3, 4, 5, 10, 30 min), even inside a span"
            ),
            figure!(
                "accept_p95",
                "接单时长95分位",
                "95 % accepted within",
                Seconds,
                Value::Within(95, TOOK, "accepted"),
                "95%的订单在此时间内接单；算法同上，超过30分钟的显示为30分钟",
                "95 % of the accepted were accepted within it, reckoned likewise; above 30 minutes it is told as 30"
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
];
