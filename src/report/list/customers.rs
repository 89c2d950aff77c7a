//! Reports about customers: complaints, discounts, members, how well they heard us, and who is blocked.

use crate::report::figures::figure;
use crate::report::shape::{Audience, By, Report, Value};
use crate::report::source::Source;

/// Who calls, what they complain about, and what they cost.
pub(super) const REPORTS: &[Report] = &[
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
