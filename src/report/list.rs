//! The reports that there are: name, columns and formulas, each told in both languages.

use super::source::{Group, Source};
use super::table::{Formula, Kind};

/// Answered within so long is in time: the promise of the service level, 80/20.
pub const IN_TIME_MS: i64 = 20_000;
/// Who hangs up sooner did not wait for us.
pub const SHORT_MS: i64 = 5_000;

/// How far an order by keypad comes, step by step: code and words.
pub const STAGES: [(&str, &str, &str); 5] = [
    ("answered", "进入", "Answered"),
    ("order_begun", "开始点餐", "Began to order"),
    ("dish_chosen", "选菜", "Chose a dish"),
    ("read_back", "核对订单", "Heard the read-back"),
    ("submitted", "提交", "Submitted"),
];

/// The dispositions of calls, as the trade knows them.
pub const CODES: [(&str, &str, &str); 22] = [
    ("10", "下单-外送", "Order, delivery"),
    ("11", "下单-自取", "Order, pickup"),
    ("12", "改单", "Order changed"),
    ("13", "取消订单", "Order cancelled"),
    ("20", "咨询-菜单价格", "Menu and prices"),
    ("21", "咨询-门店/营业时间", "Restaurants and hours"),
    ("22", "催单", "Where is my order"),
    ("23", "预订/包间", "Reservation"),
    ("30", "投诉-送餐", "Complaint, delivery"),
    ("31", "投诉-菜品质量", "Complaint, quality"),
    ("32", "投诉-服务", "Complaint, service"),
    ("33", "食品安全", "Food safety"),
    ("34", "表扬/建议", "Praise, suggestion"),
    ("40", "会员/积分", "Membership, points"),
    ("41", "发票", "Invoice"),
    ("50", "转接部门", "Passed to a department"),
    ("60", "无声/掉线", "Silent or cut off"),
    ("61", "打错", "Wrong number"),
    ("62", "骚扰", "Harassment"),
    ("70", "超出配送范围", "Out of the zone"),
    ("71", "无运力/已打烊", "Closed or full"),
    ("80", "回拨未接", "Call-back not answered"),
];

/// What becomes of orders (送餐反馈).
pub const RESULTS: [(&str, &str, &str); 14] = [
    ("D00", "正常送到", "On time"),
    ("D10", "晚到10分钟", "10 minutes late"),
    ("D30", "晚到30分钟", "30 minutes late"),
    ("D60", "晚到1小时", "An hour late"),
    ("D70", "客户地址有误", "Wrong address"),
    ("D71", "联系不上客户", "Not to be reached"),
    ("D72", "客户拒收", "Refused at the door"),
    ("D73", "客户改时间/改自取", "Rescheduled or fetched"),
    ("D80", "客户太多未送", "Not sent, too many orders"),
    ("D81", "无骑手/车辆故障/天气", "No rider, breakdown, weather"),
    ("D82", "漏餐/错餐/洒餐", "Missing, wrong or spilled"),
    ("D83", "沽清无法出餐", "Sold out"),
    ("D90", "恶意订单", "Prank"),
    ("D99", "取消", "Cancelled"),
];

/// Why somebody did not get what they wanted.
pub const LOST: [(&str, &str, &str); 6] = [
    ("D80", "客户太多未送", "Not sent, too many orders"),
    ("D81", "无骑手/车辆故障/天气", "No rider, breakdown, weather"),
    ("D83", "沽清无法出餐", "Sold out"),
    ("refused", "门店拒单后取消", "Refused by branches, then cancelled"),
    ("70", "来电：超出配送范围", "By telephone: out of the zone"),
    ("71", "来电：无运力/已打烊", "By telephone: closed or full"),
];

/// Who may read a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// About calls and agents: supervisors and the head office.
    Floor,
    /// About orders: also dispatchers, and each branch what is its own.
    Kitchen,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Spans of the grain that was asked for.
    Time,
    HourOfDay,
    QuarterOfDay,
    Column(&'static str),
    Two(&'static str, &'static str),
}

/// How a figure is made of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// The sum itself.
    Sum(&'static str),
    /// The first together ÷ the second together, in per cent.
    Share(&'static [&'static str], &'static [&'static str]),
    /// Milliseconds ÷ a count, in seconds.
    Mean(&'static [&'static str], &'static [&'static str]),
    /// Milliseconds as seconds.
    Seconds(&'static str),
    /// Fen ÷ a count.
    Each(&'static str, &'static str),
}

/// One figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub kind: Kind,
    pub value: Value,
    /// How it is counted, in both languages.
    pub formula: (&'static str, &'static str),
}

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub audience: Audience,
    pub by: By,
    pub sources: &'static [Source],
    pub figures: &'static [Figure],
    /// `line`, `bar`, `heat` or `funnel`, and the figures that are drawn.
    pub chart: Option<(&'static str, &'static [&'static str])>,
}

impl Report {
    /// The report of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        REPORTS.iter().find(|report| report.name == name)
    }

    /// All formulas, in the order of the columns.
    #[must_use]
    pub fn formulas(&self) -> Vec<Formula> {
        self.figures.iter().map(|figure| Formula { key: figure.key, zh: figure.formula.0, en: figure.formula.1 }).collect()
    }

    /// Whether all of its sources know this column, so that it can be asked for one value of it.
    #[must_use]
    pub fn filters_by(&self, column: &str) -> bool {
        self.sources.iter().all(|source| source.columns().contains(&column))
    }

    /// Columns that a source is grouped by for it, with the finer grain `quarter` or `hour`.
    #[must_use]
    pub fn groups(&self, grain: Grain) -> Vec<Group> {
        match (self.by, grain) {
            (By::Time, Grain::Day) => vec![Group::Day],
            (By::Time, Grain::Hour) => vec![Group::Day, Group::Hour],
            (By::Time, Grain::Quarter) => vec![Group::Day, Group::Quarter],
            (By::HourOfDay, _) => vec![Group::Hour],
            (By::QuarterOfDay, _) => vec![Group::Quarter],
            (By::Column(column), _) => vec![Group::Column(column)],
            (By::Two(one, other), _) => vec![Group::Column(one), Group::Column(other)],
        }
    }
}

/// How long a span of a report over time is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grain {
    Quarter,
    Hour,
    #[default]
    Day,
}

impl Grain {
    /// By its name in a request: `15m`, `hour`, `day`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "15m" => Some(Self::Quarter),
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            _ => None,
        }
    }

    /// The longest span that is told in it.
    #[must_use]
    pub const fn most_days(self) -> i32 {
        match self {
            Self::Quarter => 31,
            Self::Hour => 92,
            Self::Day => 400,
        }
    }
}

macro_rules! figure {
    ($key:literal, $zh:literal, $en:literal, $kind:ident, $value:expr, $how_zh:literal, $how_en:literal) => {
        Figure { key: $key, zh: $zh, en: $en, kind: Kind::$kind, value: $value, formula: ($how_zh, $how_en) }
    };
}

// ── queues ───────────────────────────────────────────────────────────────────────────────────────

const OFFERED: Figure = figure!(
    "offered",
    "呼入排队量",
    "Offered",
    Count,
    Value::Sum("offered"),
    "进入人工队列的来电；只用自助的来电不计；转到别的队列时计入最后那个队列",
    "calls that entered a queue; self service is not counted; a caller who was moved on counts in the last queue"
);
const ANSWERED: Figure =
    figure!("answered", "接通量", "Answered", Count, Value::Sum("answered"), "与座席接通的来电", "calls that were connected to an agent");
const IN_TIME: Figure = figure!(
    "in_time",
    "20秒内接通",
    "Answered within 20 s",
    Count,
    Value::Sum("in_time"),
    "进入队列后20秒内接通",
    "answered at most 20 s after entering the queue"
);
const SERVICE_LEVEL: Figure = figure!(
    "service_level",
    "服务水平(80/20)",
    "Service level (80/20)",
    Percent,
    Value::Share(&["in_time"], &["answered", "abandoned"]),
    "20秒内接通 ÷ (接通 + 等待5秒以上放弃)",
    "answered within 20 s ÷ (answered + abandoned after 5 s)"
);
const SERVICE_LEVEL_ANSWERED: Figure = figure!(
    "service_level_answered",
    "服务水平(只计接通)",
    "Service level (answered only)",
    Percent,
    Value::Share(&["in_time"], &["answered"]),
    "20秒内接通 ÷ 接通",
    "answered within 20 s ÷ answered"
);
const SERVICE_LEVEL_TWO: Figure = figure!(
    "service_level_2",
    "服务水平(计入快速放弃)",
    "Service level 2",
    Percent,
    Value::Share(&["in_time", "abandoned_in_time"], &["answered", "abandoned", "abandoned_short"]),
    "(20秒内接通 + 20秒内放弃) ÷ (接通 + 全部放弃)",
    "(answered within 20 s + abandoned within 20 s) ÷ (answered + all abandoned)"
);
const ABANDONED: Figure = figure!(
    "abandoned",
    "放弃量",
    "Abandoned",
    Count,
    Value::Sum("abandoned"),
    "排队超过5秒后挂断；要求回电或留言的不算放弃",
    "hung up in the queue after more than 5 s; who asks for a call-back or leaves a message has not abandoned"
);
const ABANDONED_SHORT: Figure = figure!(
    "abandoned_short",
    "短时放弃",
    "Short abandons",
    Count,
    Value::Sum("abandoned_short"),
    "排队5秒以内挂断，另计",
    "hung up within 5 s, counted apart"
);
const ABANDON_RATE: Figure = figure!(
    "abandon_rate",
    "放弃率",
    "Abandon rate",
    Percent,
    Value::Share(&["abandoned"], &["answered", "abandoned", "call_backs", "messages", "back_to_menu", "no_agent", "cut_off"]),
    "放弃 ÷ (呼入排队量 − 短时放弃 − 仍在等待)",
    "abandoned ÷ (offered − short abandons − still waiting)"
);
const CALL_BACKS: Figure = figure!(
    "call_backs",
    "要求回电",
    "Asked for a call-back",
    Count,
    Value::Sum("call_backs"),
    "排队时选择回电",
    "chose to be called back instead of waiting"
);
const MESSAGES: Figure = figure!(
    "messages",
    "留言",
    "Left a message",
    Count,
    Value::Sum("messages"),
    "排队时选择留言",
    "chose to leave a message instead of waiting"
);
const BACK_TO_MENU: Figure = figure!(
    "back_to_menu",
    "返回自助",
    "Back to the menu",
    Count,
    Value::Sum("back_to_menu"),
    "排队时返回菜单",
    "went back to self service"
);
const NO_AGENT: Figure = figure!(
    "no_agent",
    "无人值守",
    "Nobody there",
    Count,
    Value::Sum("no_agent"),
    "没有座席签入，或队列已满",
    "no agent was signed in, or the queue was full"
);
const CUT_OFF: Figure = figure!(
    "cut_off",
    "系统中断",
    "Cut off by us",
    Count,
    Value::Sum("cut_off"),
    "服务器重启时仍在排队，已自动安排回电",
    "waited when the server stopped; they are called back"
);
const MOVED: Figure = figure!(
    "moved",
    "转到其他队列",
    "Moved on",
    Count,
    Value::Sum("moved"),
    "转到另一个队列，不计入呼入排队量",
    "went on to another queue; not part of offered"
);
const ASA: Figure = figure!(
    "asa",
    "平均应答速度",
    "Average speed of answer",
    Seconds,
    Value::Mean(&["wait_ms"], &["answered"]),
    "接通来电的等待时间之和 ÷ 接通；等待从进入队列算起",
    "waits of the answered ÷ answered; a wait begins when the queue is entered"
);
const AVERAGE_WAIT: Figure = figure!(
    "average_wait",
    "平均等待",
    "Average wait",
    Seconds,
    Value::Mean(&["all_wait_ms"], &["offered"]),
    "全部排队来电的等待时间之和 ÷ 呼入排队量",
    "waits of all offered ÷ offered"
);
const LONGEST: Figure =
    figure!("longest", "最长等待", "Longest wait", Seconds, Value::Seconds("longest_ms"), "最长的一次等待", "the longest single wait");

// ── agents ───────────────────────────────────────────────────────────────────────────────────────

const HANDLED: Figure = figure!(
    "handled",
    "处理量",
    "Handled",
    Count,
    Value::Sum("handled"),
    "座席与来电者的通话次数；转接给另一座席时两人各计一次",
    "conversations of agents with callers; after a transfer each of the two has one"
);
const AHT: Figure = figure!(
    "aht",
    "平均处理时长",
    "Average handling time",
    Seconds,
    Value::Mean(&["talk_ms", "after_ms"], &["handled"]),
    "(通话 + 保持 + 话后整理) ÷ 处理量",
    "(talk + hold + wrap-up) ÷ handled"
);
const ATT: Figure = figure!(
    "att",
    "平均通话时长",
    "Average talk time",
    Seconds,
    Value::Mean(&["talk_ms"], &["handled"]),
    "通话(含保持) ÷ 处理量",
    "talk including hold ÷ handled"
);
const HOLD: Figure = figure!(
    "hold",
    "平均保持时长",
    "Average hold",
    Seconds,
    Value::Mean(&["hold_ms"], &["handled"]),
    "保持时间 ÷ 处理量",
    "hold ÷ handled"
);
const ACW: Figure = figure!(
    "acw",
    "平均话后整理",
    "Average wrap-up",
    Seconds,
    Value::Mean(&["after_ms"], &["handled"]),
    "从挂断到保存小结的时间 ÷ 处理量",
    "from the end of the conversation to the saved wrap-up ÷ handled"
);
const PASSED_ON: Figure = figure!(
    "passed_on",
    "转接率",
    "Transfer rate",
    Percent,
    Value::Share(&["passed_on"], &["handled"]),
    "转接 ÷ 处理量",
    "passed on ÷ handled"
);
const OCCUPANCY: Figure = figure!(
    "occupancy",
    "占有率",
    "Occupancy",
    Percent,
    Value::Share(&["ring_ms", "busy_in_call_ms", "wrap_up_ms"], &["ring_ms", "busy_in_call_ms", "wrap_up_ms", "available_ms"]),
    "(振铃 + 通话 + 保持 + 话后整理) ÷ (前者 + 空闲)；75–85% 为宜",
    "(ring + talk + hold + wrap-up) ÷ (that + available); 75–85 % is healthy"
);
const UTILISATION: Figure = figure!(
    "utilisation",
    "利用率",
    "Utilisation",
    Percent,
    Value::Share(&["ring_ms", "busy_in_call_ms", "wrap_up_ms"], &["signed_in_ms"]),
    "(振铃 + 通话 + 保持 + 话后整理) ÷ 签入时间",
    "(ring + talk + hold + wrap-up) ÷ signed in"
);
const SIGNED_IN: Figure =
    figure!("signed_in", "签入时长", "Signed in", Seconds, Value::Seconds("signed_in_ms"), "从签入到签出", "from sign-on to sign-off");
const AVAILABLE: Figure = figure!(
    "available",
    "空闲时长",
    "Available",
    Seconds,
    Value::Seconds("available_ms"),
    "可以接听而没有来电",
    "could be rung and was not"
);
const RINGING: Figure = figure!("ringing", "振铃时长", "Ringing", Seconds, Value::Seconds("ring_ms"), "振铃", "was being rung");
const IN_CALL: Figure =
    figure!("in_call", "通话时长", "In calls", Seconds, Value::Seconds("busy_in_call_ms"), "通话、保持、外呼", "talk, hold and outbound");
const WRAP_UP: Figure = figure!("wrap_up", "整理时长", "Wrap-up", Seconds, Value::Seconds("wrap_up_ms"), "话后整理状态", "state wrap-up");
const BREAKS: Figure = figure!("breaks", "小休时长", "Breaks", Seconds, Value::Seconds("break_ms"), "示忙与小休", "breaks of every kind");
const AWAY: Figure = figure!(
    "away",
    "不可接听",
    "Not to be reached",
    Seconds,
    Value::Seconds("away_ms"),
    "话机或麦克风不可用、未应答",
    "phone or microphone missing, or did not answer"
);

// ── orders ───────────────────────────────────────────────────────────────────────────────────────

const ORDERS: Figure = figure!(
    "orders",
    "订单",
    "Orders",
    Count,
    Value::Sum("orders"),
    "已确认且未取消的订单，按下单时间",
    "confirmed and not cancelled, by the time of placing"
);
const CANCELLED: Figure =
    figure!("cancelled", "取消", "Cancelled", Count, Value::Sum("cancelled"), "已取消的订单", "orders that were cancelled");
const CANCEL_RATE: Figure = figure!(
    "cancel_rate",
    "取消率",
    "Cancelled share",
    Percent,
    Value::Share(&["cancelled"], &["orders", "cancelled"]),
    "取消 ÷ (订单 + 取消)",
    "cancelled ÷ (orders + cancelled)"
);
const GOODS: Figure = figure!("goods", "菜品金额", "Goods", Fen, Value::Sum("goods_fen"), "折扣前的菜品金额", "dishes before discounts");
const DISCOUNTS: Figure =
    figure!("discounts", "优惠", "Discounts", Fen, Value::Sum("discount_fen"), "全部折扣与积分抵扣", "all discounts, points included");
const FEES: Figure = figure!("fees", "配送费", "Delivery fees", Fen, Value::Sum("fee_fen"), "配送费", "delivery fees");
const SALES: Figure = figure!(
    "sales",
    "金额",
    "Sales",
    Fen,
    Value::Sum("pay_fen"),
    "应付金额之和：菜品 − 优惠 + 配送费",
    "sum of what is to be paid: goods − discounts + fees"
);
const AVERAGE_ORDER: Figure =
    figure!("average_order", "客单价", "Average order", Fen, Value::Each("pay_fen", "orders"), "金额 ÷ 订单", "sales ÷ orders");

// ── deliveries ───────────────────────────────────────────────────────────────────────────────────

const DELIVERED: Figure = figure!(
    "delivered",
    "送达",
    "Delivered",
    Count,
    Value::Sum("delivered"),
    "反馈为 D00、D10、D30、D60 的外送订单，按下单日",
    "deliveries reported as D00, D10, D30 or D60, by the day of the order"
);
const ON_TIME: Figure = figure!(
    "on_time",
    "准时率",
    "On time",
    Percent,
    Value::Share(&["on_time"], &["delivered"]),
    "承诺时间后10分钟内送达 ÷ 送达",
    "delivered at most 10 minutes after the promise ÷ delivered"
);
const LATE_10: Figure =
    figure!("late_10", "晚10分钟", "10 minutes late", Count, Value::Sum("late_10"), "晚到10至30分钟", "10 to 30 minutes late");
const LATE_30: Figure =
    figure!("late_30", "晚30分钟", "30 minutes late", Count, Value::Sum("late_30"), "晚到30至60分钟", "30 to 60 minutes late");
const LATE_60: Figure =
    figure!("late_60", "晚1小时", "An hour late", Count, Value::Sum("late_60"), "晚到1小时以上", "an hour late or more");
const AVERAGE_LATE: Figure = figure!(
    "average_late",
    "迟到平均时长",
    "Average delay of the late",
    Seconds,
    Value::Mean(&["late_ms"], &["late_10", "late_30", "late_60"]),
    "迟到时间之和 ÷ 迟到订单",
    "delays together ÷ late orders"
);
const UNDELIVERED: Figure = figure!(
    "undelivered",
    "未送达",
    "Not delivered",
    Count,
    Value::Sum("undelivered"),
    "其他反馈代码的外送订单",
    "deliveries with any other outcome"
);
const DELIVERIES: &[Figure] = &[DELIVERED, ON_TIME, LATE_10, LATE_30, LATE_60, AVERAGE_LATE, UNDELIVERED];

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
                    Value::Share(some, all) | Value::Mean(some, all) => [some, all].concat(),
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
                By::Time | By::HourOfDay | By::QuarterOfDay => vec!["slot"],
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
